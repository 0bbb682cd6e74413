/* rest_run.h: how long a chain waits, and where. */
#include <string.h>

#include "drift/source/rest_run.h"

/* ---- how long ---- */

int64_t
rest_cap_s(const struct rest_run *r)
{
	return r->pack->retry != NULL && r->pack->retry->cap_s > 0 ? r->pack->retry->cap_s
								   : REST_CAP_S;
}

/* Full jitter: up to twice as long each time (no two runs ask again together). */
int64_t
rest_jitter_ms(const struct rest_run *r, uint32_t attempt)
{
	uint64_t dice;
	int64_t  most = (int64_t)1000 << (attempt < 10 ? attempt : 10);
	int64_t  cap = rest_cap_s(r) * 1000;

	rand_fill(r->env->rand, &dice, sizeof dice);
	return 50 + (int64_t)(dice % (uint64_t)(most < cap ? most : cap));
}

uint32_t
rest_attempts_most(const struct rest_run *r)
{
	return r->pack->retry != NULL && r->pack->retry->attempts > 0
		   ? (uint32_t)r->pack->retry->attempts
		   : REST_ATTEMPTS;
}

/* Until it is asked again: as the answer says, else with jitter.  `l` NULL: of no bucket. */
int64_t
rest_wait_ms(const struct rest_run *r, const struct source_limit *l, const struct source_answer *a,
    uint32_t attempt)
{
	const char *value;
	int64_t     s, wait;

	if (a->retry_after_s >= 0)
		return a->retry_after_s * 1000 + rest_jitter_ms(r, 0) / 4;
	if (l != NULL && l->reset_header != NULL) {
		value = rest_answer_header(a, l->reset_header->name);
		if (value != NULL && str_to_i64(str_of(value), &s) && s > 0 && s < 1LL << 40) {
			wait = strcmp(l->reset_header->as, "epoch") == 0
				   ? s * 1000 - clock_ms(r->env->clock)
				   : s * 1000;
			return wait < 0 ? rest_jitter_ms(r, 0) : wait + rest_jitter_ms(r, 0);
		}
	}
	return rest_jitter_ms(r, attempt);
}

struct lane *
rest_lane(struct rest_run *r, const struct chain *c)
{
	const struct source_limit *l = r->pack->collections[c->collection].limit;

	return &r->lanes[l == NULL ? r->pack->limits_n : (size_t)(l - r->pack->limits)];
}

void
rest_line_up(struct rest_run *r, struct chain *c)
{
	struct lane *lane = rest_lane(r, c);

	c->next = NULL;
	if (lane->last == NULL)
		lane->first = c;
	else
		lane->last->next = c;
	lane->last = c;
}

bool
rest_lane_is_free(const struct rest_run *r, uint32_t collection)
{
	const struct source_limit *l = r->pack->collections[collection].limit;

	return r->lanes[l == NULL ? r->pack->limits_n : (size_t)(l - r->pack->limits)].first ==
	       NULL;
}

void
rest_delay(struct rest_run *r, struct chain *c, int64_t for_ms)
{
	c->not_before_ms = r->now_ms + for_ms;
	c->next = r->delayed;
	r->delayed = c;
}

void
rest_wake(struct rest_run *r)
{
	struct chain **at = &r->delayed, *c;

	while (*at != NULL) {
		c = *at;
		if (c->not_before_ms > r->now_ms && rest_lane(r, c)->closed == NULL) {
			at = &c->next;
			continue;
		}
		*at = c->next;
		rest_line_up(r, c);
	}
}

struct chain *
rest_take_ready(struct rest_run *r)
{
	for (size_t i = 0; i <= r->pack->limits_n; i++) {
		struct lane  *lane = &r->lanes[i];
		struct chain *c = lane->first;

		if (c == NULL || (lane->held_ms > r->now_ms && lane->closed == NULL))
			continue;
		lane->first = c->next;
		if (lane->first == NULL)
			lane->last = NULL;
		return c;
	}
	return NULL;
}

bool
rest_all_asked(const struct rest_run *r)
{
	for (size_t i = 0; i <= r->pack->limits_n; i++)
		if (r->lanes[i].first != NULL)
			return false;
	return r->delayed == NULL;
}

/* The next time at which something may be asked; 0: there is none. */
int64_t
rest_next_time(const struct rest_run *r)
{
	int64_t at = 0;

	for (const struct chain *c = r->delayed; c != NULL; c = c->next)
		if (at == 0 || c->not_before_ms < at)
			at = c->not_before_ms;
	for (size_t i = 0; i <= r->pack->limits_n; i++)
		if (r->lanes[i].first != NULL && r->lanes[i].held_ms > r->now_ms &&
		    (at == 0 || r->lanes[i].held_ms < at))
			at = r->lanes[i].held_ms;
	return at;
}
