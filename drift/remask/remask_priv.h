/*
 * remask_priv.h - one walk over a config's stored values: for remask.c and remask_told.c only.
 */
#ifndef BSX_DRIFT_REMASK_PRIV_H
#define BSX_DRIFT_REMASK_PRIV_H

#include "core/store/drift/history.h"
#include "core/store/drift/remask.h"
#include "drift/engine/mask_set.h"
#include "drift/remask/remask.h"

#define REMASK_PAGE 200 /* rows in one transaction */

struct remasking {
	const struct remask       *x;
	const struct compare_spec *masks; /* of the config and its packs, and nothing else of them */
	struct remask_at           at;
	struct mask_set           *seen;  /* what is masked in what snapshots held */
	TALLOC_CTX                *page;
	size_t                     read;  /* rows of the last page */
	bool                       told;  /* something in a change or message was in clear */
	struct manifest_ref       *old;   /* clear contents of this page, held by the config */
	size_t                     old_n;
};

/* One page each, in a transaction of its own; w->read == 0: that was all. */
typedef bool remask_fn(struct db *db, struct remasking *w, struct err *e);
/* remask_told.c: changes, and what is told of alerts. */
remask_fn remask_changes_page, remask_messages_page;
/* remask_text.c: what alerts are called, and what reports say. */
remask_fn remask_alerts_page, remask_reports_page;

/* All strings and names in it, as they are for people. */
MUST_USE bool remask_words(TALLOC_CTX *mem, struct json *v, bool *other, struct err *e);

#endif
