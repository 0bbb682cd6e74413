/*
 * canary.h - how soon who is told hears of a change, and what did not arrive: of a config whose source is a canary
 * (drift/self/canary.h), over its newest CANARY_CHANGES changes.
 *
 * Errors: ERR_MISSING (no such config), ERR_CONFLICT (it is none of a canary), and those of db.h.
 */
#ifndef BSX_DRIFT_SERVICE_CANARY_H
#define BSX_DRIFT_SERVICE_CANARY_H

#include "core/store/alert/canary.h"
#include "drift/service/acting.h"

#define CANARY_WITHIN_S 60

/* Of what has been measured; ms. */
struct canary_times {
	int64_t n, p50_ms, p99_ms, worst_ms;
};
/* Of one channel. */
struct canary_channel {
	struct uuid          channel_id;
	struct canary_times *arrived; /* from the change; NULL: nothing has */
	int64_t              missed;  /* came too late, or not at all by then */
	instant              last_at; /* 0: nothing arrived */
};
struct canary_report {
	struct uuid          config_id; /* nil: there is none */
	int64_t              within_s, changes, missed; /* of changes: told to nobody, or missed by any channel */
	instant              changed_at;                /* the newest; 0: there was none */
	struct canary_times *detected;                  /* from the change; NULL: nothing was */
	struct items         channels;                  /* struct canary_channel */
};

struct canary_wish {
	struct uuid config_id; /* nil: the newest; where there is none, nothing is known */
	int64_t     within_s; /* 0: CANARY_WITHIN_S */
};
MUST_USE bool canary_see(const struct acting *a, const struct canary_wish *in,
    struct canary_report *out, struct err *e);

/* Pure: what these rows say as of `now`.  `out` has its within_s. */
MUST_USE bool canary_sum(TALLOC_CTX *mem, const struct canary_row *rows, size_t n, instant now,
    struct canary_report *out, struct err *e);

#endif
