#include "core/auth/oidc/oidc_ask.h"

#include <string.h>

#include "core/base/hash.h"
#include "core/shm/pause.h"

#define LANE_WAIT_MS 1000
#define TIMES        4 /* of what it took nothing is asked: with it, a fifth */
#define REST_MIN_MS  50

_Static_assert(OIDC_TIMEOUT_MS <= FETCH_TIMEOUT_MAX, "the deadline is kept as it is");

static uint64_t
owner_of(const struct uuid *tenant)
{
	uint8_t  hash[HASH_LEN];
	uint64_t key;

	hash_sha256(tenant->b, sizeof(tenant->b), hash);
	memcpy(&key, hash, sizeof(key));
	return key;
}

/* Whose long answers would hold up all others has no credit. */
static int64_t
credit(const struct auth *a)
{
	return a->permits == NULL || permit_places(a->permits, LANE_PROVIDER) > 1 ? OIDC_BORROW_MS
										  : 0;
}

static bool
check_pause(struct auth *a, uint64_t owner, struct err *e)
{
	int64_t left = a->env->segment == NULL
			   ? 0
			   : pause_left(a->env->segment, owner, clock_ms(a->env->clock));

	left -= credit(a);
	if (left <= 0)
		return true;
	err_set(e, ERR_BUSY, 0, "The identity provider is slow; try again in a moment.",
	    "its tenant waits for another %lld ms", (long long)left);
	e->retry_s = (int)((left + 999) / 1000);
	return false;
}

bool
oidc_ask_admit(struct auth *a, struct oidc_ask *ask, struct err *e)
{
	uint64_t owner;

	if (ask->admitted)
		return true;
	if (ask->tenant != NULL) {
		owner = owner_of(ask->tenant);
		if (!check_pause(a, owner, e) ||
		    (a->permits != NULL &&
			!permit_await_for(a->permits, LANE_PROVIDER, owner, LANE_WAIT_MS, e)) ||
		    !check_pause(a, owner, e)) /* it may have begun meanwhile */
			return false;
	}
	ask->admitted = true;
	return true;
}

static int64_t
rest_ms(const struct auth *a, const struct oidc_ask *ask)
{
	int64_t ms = a->env->conf->outbound_timeout_s * 1000;

	return (ms > 0 && ms < OIDC_TIMEOUT_MS ? ms : OIDC_TIMEOUT_MS) - ask->took_ms;
}

bool
oidc_ask_run(struct auth *a, TALLOC_CTX *mem, struct oidc_ask *ask, struct fetch_request *q,
    struct fetch_answer *answer, struct err *e)
{
	struct fetch *f = auth_fetch(a, e);
	bool          ok;

	*answer = (struct fetch_answer) { .retry_after_s = -1 };
	if (f == NULL || !oidc_ask_admit(a, ask, e))
		return false;
	q->timeout_ms = rest_ms(a, ask);
	if (q->timeout_ms < REST_MIN_MS)
		return err_set(e, ERR_UNAVAILABLE, 0, "The identity provider cannot be asked now.",
		    "no time was left of the %d ms of one sign-in", OIDC_TIMEOUT_MS);
	ok = fetch_run(f, mem, q, answer, e);
	ask->failed = ask->failed || !ok;
	ask->took_ms += answer->took_ms;
	if (answer->took_ms > ask->longest_ms)
		ask->longest_ms = answer->took_ms;
	return ok;
}

void
oidc_ask_end(struct auth *a, const struct oidc_ask *ask)
{
	bool    late = ask->failed || ask->longest_ms > OIDC_LATE_MS;
	int64_t debt = TIMES * ask->took_ms;

	if (ask->longest_ms <= OIDC_SLOW_MS || ask->tenant == NULL || a->env->segment == NULL)
		return;
	/* what was owed before has become less by that time, in which nobody waited */
	pause_add(a->env->segment, owner_of(ask->tenant), clock_ms(a->env->clock),
	    late ? credit(a) : 0, late ? debt : debt + ask->took_ms);
}
