/*
 * masking.h - how many masked values a snapshot has set, counted for the credential that pushed it.
 *
 * A push has to tell that a masked value has changed, and so who may push finds one by guessing.
 * More than MASKED_CHANGES_TOLD values of one place in a day are told of, once.  A snapshot costs
 * one statement for all its places and one that asks; of very many places the MASKING_PLACES_MAX
 * with most changes are counted each for itself, the others together, as many changes as one of
 * them has.
 */
#ifndef BSX_DRIFT_RUN_MASKING_H
#define BSX_DRIFT_RUN_MASKING_H

#include "core/store/drift/masked_changes.h"
#include "drift/run/ingest.h"

#define MASKING_PLACES_MAX 32

struct plan;
struct ingest;

/* Inside the transaction; p->masking_due has what is to be told of. */
MUST_USE bool masking_write(struct db *db, const struct ingest *in, struct plan *p, struct err *e);

#endif
