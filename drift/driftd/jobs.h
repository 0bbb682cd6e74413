/*
 * jobs.h - what driftd does by itself, again and again: one row each in jobs.c.
 *
 * A sender walks the table in its order.  Several senders and several daemons walk it at the same time, so a job
 * takes what it works on by a claim or by a conditional statement, and loses nothing when it is killed in between.
 */
#ifndef BSX_DRIFT_DRIFTD_JOBS_H
#define BSX_DRIFT_DRIFTD_JOBS_H

#include "core/auth/tenant/tenant_rekey.h"
#include "drift/config/drift.h"
#include "drift/deliver/deliver.h"

#define JOBS_MAX 24

/* A sender at work. */
struct worker {
	struct deliver *deliver; /* its database, identity and outbound side */
	struct drift   *drift;
	bool (*stop)(void *arg); /* between two deeds: true ends the round */
	void           *stop_arg;
	bool            once;              /* one round, with all that there is to do now */
	bool            more;              /* the round has left messages or operations that are due */
	int64_t         deliver_until_ms, operate_until_ms;
	struct uuid     operated_of;       /* the tenant whose operation had the last turn; nil: none */
	int64_t         due_ms[JOBS_MAX];  /* monotonic, by row; 0: now */
	/* how far the walks over all tenants have come, for ending API keys, roles that have ended, old rows, old history, what is stored, messages that are not in the index and configs of an earlier edition; nil: it begins */
	struct uuid     keys_after, roles_after, forget_after, history_after, count_after, due_after, edition_after;
	/* of configs of an earlier edition: a round ends then, and has left some */
	int64_t         walk_until_ms, taking_until_ms;
	bool            taking_more;
	struct rekey_turn rekey; /* of tenants that have got another data key */
};

struct job {
	const char *name;
	int64_t     every_ms;   /* 0: in every round */
	bool        first_only; /* by the first sender of a daemon */
	/* *wait_ms is every_ms and may be changed; 0: there is more to do already. */
	bool (*run)(struct worker *w, int64_t *wait_ms, struct err *e);
};
extern const struct job jobs[]; /* ended by name == NULL */

/*
 * Runs what is due.  A job that fails does not keep the others from their turn, unless the database is away
 * (ERR_UNAVAILABLE); false: one has failed, with the first error.
 */
MUST_USE bool jobs_round(struct worker *w, struct err *e);

#endif
