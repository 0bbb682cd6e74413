/*
 * canary.h - what has come of the changes of a config whose source is a canary (drift/self/canary.h): when each was there,
 * when it was found, and when each channel that was to be told had it.
 *
 * Nothing is kept for it: it is read from the config's snapshots, its alerts and the attempts at their messages, and goes
 * with them.
 */
#ifndef BSX_STORE_ALERT_CANARY_H
#define BSX_STORE_ALERT_CANARY_H

#include "core/store/tenant/tenant_db.h"

#define CANARY_CHANGES 200   /* the newest that are looked at */
#define CANARY_ROWS    2000 /* with a row for each channel: where these are many, fewer changes are looked at */

/* An alert's opening on one channel. */
struct canary_row {
	struct uuid alert_id;
	instant     changed_at; /* 0: its snapshot is gone */
	instant     detected_at;
	struct uuid channel_id; /* nil: no channel was to be told */
	instant     arrived_at; /* 0: it has not */
};
/* The newest config with such a source; nil: there is none. */
MUST_USE bool canary_newest(
    struct tenant_db *t, TALLOC_CTX *mem, struct uuid *config, struct err *e);
/* The newest change first. */
MUST_USE bool canary_list(struct tenant_db *t, TALLOC_CTX *mem, const struct uuid *config,
    struct canary_row **rows, size_t *n, struct err *e);

#endif
