/*
 * digest.h - what a digest says beside analytics.h: configs that are blind, and how much is told to nobody, by why.
 *
 * Errors: those of db.h.
 */
#ifndef BSX_STORE_ALERT_DIGEST_H
#define BSX_STORE_ALERT_DIGEST_H

#include "core/store/tenant/tenant_db.h"

#define DIGEST_ROWS 1000

/* Names of configs with an open alert of kind "blind"; at most DIGEST_ROWS. */
struct digest_config {
	char *name;
};
MUST_USE bool digest_blind(
    struct tenant_db *t, TALLOC_CTX *mem, struct digest_config **rows, size_t *n, struct err *e);

/* Changes of the newest reports that are covered, by what: "silence", "maintenance". */
struct digest_quiet {
	char   *why;
	int64_t n;
};
MUST_USE bool digest_quiet(
    struct tenant_db *t, TALLOC_CTX *mem, struct digest_quiet **rows, size_t *n, struct err *e);

/* Fewer than `most` other channels have a digest; whoever asks at the same time waits for this transaction. */
MUST_USE bool digest_has_room(
    struct db *db, const struct uuid *channel, int64_t most, bool *room, struct err *e);

#endif
