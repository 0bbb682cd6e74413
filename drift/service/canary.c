#include "drift/service/canary.h"

#include <stdlib.h>
#include <string.h>

#include "core/store/drift/config.h"

/* ---- summing ---- */

static int
by_value(const void *a, const void *b)
{
	const int64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* Sorts `ms`; NULL where there are none, or no memory, which *e says. */
static struct canary_times *
times_of(TALLOC_CTX *mem, int64_t *ms, size_t n, struct err *e)
{
	struct canary_times *t;

	if (n == 0)
		return NULL;
	t = talloc(mem, struct canary_times);
	if (t == NULL) {
		(void)err_memory(e);
		return NULL;
	}
	qsort(ms, n, sizeof(ms[0]), by_value);
	*t = (struct canary_times) { (int64_t)n, ms[(n - 1) / 2], ms[(n * 99 + 99) / 100 - 1],
		ms[n - 1] };
	return t;
}

/* What is on its way for less than it may take is no miss yet. */
static bool
is_missed(const struct canary_row *r, instant now, int64_t within_s)
{
	const instant end = r->arrived_at.ms != 0 ? r->arrived_at : now;

	return end.ms - r->detected_at.ms > within_s * 1000;
}

static int64_t
since_change(const struct canary_row *r, instant at)
{
	const int64_t ms = at.ms - (r->changed_at.ms != 0 ? r->changed_at : r->detected_at).ms;

	return ms < 0 ? 0 : ms;
}

struct summing {
	TALLOC_CTX              *mem;
	const struct canary_row *rows;
	size_t                   n;
	instant                  now;
	int64_t                 *ms; /* of `n` */
	struct canary_report    *out;
};

static bool
is_first(const struct summing *s, size_t at,
    bool (*same)(const struct canary_row *, const struct canary_row *))
{
	for (size_t i = 0; i < at; i++)
		if (same(&s->rows[i], &s->rows[at]))
			return false;
	return true;
}

static bool
same_alert(const struct canary_row *a, const struct canary_row *b)
{
	return uuid_eq(&a->alert_id, &b->alert_id);
}

static bool
same_channel(const struct canary_row *a, const struct canary_row *b)
{
	return uuid_eq(&a->channel_id, &b->channel_id);
}

static bool
sum_channel(struct summing *s, const struct uuid *id, struct canary_channel *out, struct err *e)
{
	size_t n = 0;

	*out = (struct canary_channel) { .channel_id = *id };
	for (size_t i = 0; i < s->n; i++) {
		const struct canary_row *r = &s->rows[i];

		if (!uuid_eq(&r->channel_id, id))
			continue;
		out->missed += is_missed(r, s->now, s->out->within_s);
		if (r->arrived_at.ms == 0)
			continue;
		s->ms[n++] = since_change(r, r->arrived_at);
		if (r->arrived_at.ms > out->last_at.ms)
			out->last_at = r->arrived_at;
	}
	out->arrived = times_of(s->mem, s->ms, n, e);
	return e->code == ERR_OK;
}

static bool
sum_channels(struct summing *s, struct err *e)
{
	struct canary_channel *all =
	    talloc_zero_array(s->mem, struct canary_channel, (unsigned)s->n + 1);
	size_t n = 0;

	if (all == NULL)
		return err_memory(e);
	for (size_t i = 0; i < s->n; i++)
		if (!uuid_is_nil(&s->rows[i].channel_id) && is_first(s, i, same_channel) &&
		    !sum_channel(s, &s->rows[i].channel_id, &all[n++], e))
			return false;
	s->out->channels = (struct items) { all, n };
	return true;
}

static bool
misses(const struct summing *s, size_t at)
{
	for (size_t i = at; i < s->n; i++)
		if (same_alert(&s->rows[i], &s->rows[at]) &&
		    is_missed(&s->rows[i], s->now, s->out->within_s))
			return true;
	return false;
}

static bool
sum_changes(struct summing *s, struct err *e)
{
	size_t n = 0;

	for (size_t i = 0; i < s->n; i++) {
		const struct canary_row *r = &s->rows[i];

		if (!is_first(s, i, same_alert))
			continue;
		s->ms[n++] = since_change(r, r->detected_at);
		s->out->missed += misses(s, i);
		if (r->changed_at.ms > s->out->changed_at.ms)
			s->out->changed_at = r->changed_at;
	}
	s->out->changes = (int64_t)n;
	s->out->detected = times_of(s->mem, s->ms, n, e);
	return e->code == ERR_OK;
}

bool
canary_sum(TALLOC_CTX *mem, const struct canary_row *rows, size_t n, instant now,
    struct canary_report *out, struct err *e)
{
	struct summing s = { mem, rows, n, now, talloc_array(mem, int64_t, (unsigned)n + 1), out };

	return s.ms == NULL ? err_memory(e) : sum_changes(&s, e) && sum_channels(&s, e);
}

/* ---- seeing ---- */

static bool
is_canary(const struct acting *a, const struct uuid *id, struct err *e)
{
	struct drift_config      c;
	const struct drift_spec *spec;

	if (!config_by_id(a->by.t, a->by.mem, id, &c, e))
		return false;
	spec = acting_spec(a, &c, e);
	return spec != NULL &&
	       (spec->source.ops->canary ||
		   err_set(e, ERR_CONFLICT, 0, "The config's source is no canary.", "no canary"));
}

static bool
find(const struct acting *a, const struct uuid *wanted, struct uuid *id, struct err *e)
{
	*id = *wanted;
	return uuid_is_nil(wanted) ? canary_newest(a->by.t, a->by.mem, id, e) : is_canary(a, id, e);
}

bool
canary_see(
    const struct acting *a, const struct canary_wish *in, struct canary_report *out, struct err *e)
{
	struct canary_row *rows;
	size_t             n;

	*out = (struct canary_report) {
		.within_s = in->within_s == 0 ? CANARY_WITHIN_S : in->within_s,
	};
	return find(a, &in->config_id, &out->config_id, e) &&
	       canary_list(a->by.t, a->by.mem, &out->config_id, &rows, &n, e) &&
	       canary_sum(a->by.mem, rows, n, acting_now(a), out, e);
}
