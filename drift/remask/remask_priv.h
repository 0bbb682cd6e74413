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
/* remask_told.c: the values of changes, and of what is told of alerts. */
remask_fn remask_changes_page, remask_messages_page;

#endif
