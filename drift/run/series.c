#include "drift/run/series.h"

#include <string.h>

#include "core/store/drift/silence.h"
#include "drift/run/silencing.h"

#define DAY_S 86400

/* ---- what a series says ---- */

static bool
is_bad(TALLOC_CTX *mem, const char *pointer, const char *why, struct err *e)
{
	return err_fault(e, mem, pointer, "%s", why);
}

/* *why: what is wrong with the rule; "": nothing. */
static bool
parse(const struct silence_series *s, struct series_plan *out, char why[static RECUR_WHY_MAX],
    struct err *e)
{
	why[0] = 0;
	*out = (struct series_plan) { .duration_s = s->duration_s, .starts_at = s->starts_at };
	if (!recur_parse(str_of(s->rule), &out->rule, why))
		return true;
	out->zone = zone_shared(str_of(s->timezone), e);
	return out->zone != NULL;
}

static instant
seconds(int64_t s)
{
	return (instant) { s * 1000 };
}

struct shape {
	bool any, cut; /* it has a window; it goes on for too long */
	bool meets;    /* a window is not over when the next begins */
};

/* Up to its last window. */
static struct shape
look_along(struct series_plan *p)
{
	struct shape      s = { .any = false };
	struct recur_walk w;
	int64_t           at, last = 0;

	recur_begin(&p->rule, p->zone, p->starts_at.ms / 1000, &w);
	while (recur_next(&w, &at)) {
		s.meets = s.meets || (s.any && at <= last + p->duration_s);
		s.any = true;
		last = at;
	}
	s.cut = w.cut;
	p->ends_at = seconds(last + p->duration_s);
	return s;
}

bool
series_compile(TALLOC_CTX *mem, const struct silence_series *s, instant now,
    struct series_plan *out, struct err *e)
{
	char         why[RECUR_WHY_MAX];
	struct err   unknown = { 0 };
	struct shape shape;

	if (!parse(s, out, why, &unknown)) {
		if (unknown.code == ERR_INVALID)
			return is_bad(mem, "/timezone", unknown.pub, e);
		*e = unknown;
		return false;
	}
	if (why[0] != 0)
		return is_bad(mem, "/rule", why, e);
	if (!recur_ends(&out->rule))
		return is_bad(mem, "/rule",
		    "must end, by COUNT or UNTIL, at most 1096 days after its start: a series "
		    "ends, and "
		    "is made anew by somebody who still wants it",
		    e);
	shape = look_along(out);
	if (!shape.any)
		return is_bad(mem, "/rule", "names no day at or after starts_at", e);
	if (shape.cut)
		return is_bad(mem, "/rule",
		    "goes on for more than 1096 days after starts_at; it can be prolonged later",
		    e);
	if (shape.meets)
		return is_bad(mem, "/duration_s",
		    "is longer than the rule leaves: a window must be over before the next begins, "
		    "clocks set forward counted in",
		    e);
	return out->ends_at.ms > now.ms ||
	       is_bad(mem, "/rule", "has no window that is still to come", e);
}

bool
series_read(const struct silence_series *s, struct series_plan *out, struct err *e)
{
	char why[RECUR_WHY_MAX];

	if (!parse(s, out, why, e))
		return false;
	if (why[0] != 0)
		return err_set(e, ERR_INTERNAL, 0, "internal error",
		    "a stored series does not parse: %s", why);
	out->ends_at = s->ends_at;
	return true;
}

size_t
series_next(const struct series_plan *p, instant now, struct window out[static SERIES_SHOWN])
{
	struct recur_walk w;
	int64_t           at;
	size_t            n = 0;

	recur_begin(&p->rule, p->zone, p->starts_at.ms / 1000, &w);
	while (n < SERIES_SHOWN && recur_next(&w, &at)) {
		out[n] = (struct window) { seconds(at), seconds(at + p->duration_s) };
		n += out[n].expires_at.ms > now.ms;
	}
	return n;
}

/* ---- made ahead ---- */

static bool
make_one(struct db *db, const struct series_making *m, const struct window *x, struct err *e)
{
	const struct silence_series *s = m->s;
	const struct silence         row = {
			.id = uuid_make(m->env->clock, m->env->rand),
			.kind = talloc_strdup(m->mem, SILENCE_MAINTENANCE),
			.matcher = s->matcher,
			.reason = s->reason,
			.owner = s->owner,
			.starts_at = x->starts_at,
			.expires_at = x->expires_at,
			.created_at = m->now,
			.series_id = s->id,
	};

	return row.kind == NULL ? err_memory(e) : silence_add(db, &row, e);
}

/* What it may cover is held against it when it begins: the first of those that were made; each is
 * seen with the one before. */
static bool
wake(struct db *db, const struct series_making *m, instant at, struct err *e)
{
	struct silence_matcher matcher;
	struct json           *tree = json_parse(m->mem, str_of(m->s->matcher.text), e);

	return tree != NULL && schema_decode(m->mem, &silence_matcher_schema, tree, &matcher, e) &&
	       silence_wake(db, m->mem, &matcher.config, at, m->now, e);
}

bool
series_make_ahead(struct db *db, const struct series_making *m, struct err *e)
{
	const instant     until = { m->now.ms + SERIES_AHEAD_S * 1000LL };
	struct recur_walk w;
	instant           first = { 0 };
	int64_t           at;
	bool              more = false;

	recur_begin(&m->plan->rule, m->plan->zone, m->plan->starts_at.ms / 1000, &w);
	while (!more && recur_next(&w, &at)) {
		const struct window x = { seconds(at), seconds(at + m->plan->duration_s) };

		more = x.starts_at.ms > until.ms;
		if (more || x.starts_at.ms <= m->s->made_until.ms || x.expires_at.ms <= m->now.ms)
			continue;
		if (!make_one(db, m, &x, e))
			return false;
		if (first.ms == 0)
			first = x.starts_at;
	}
	if (until.ms > m->s->made_until.ms)
		m->s->made_until = until;
	if (first.ms != 0 && !wake(db, m, first.ms > m->now.ms ? first : m->now, e))
		return false;
	return schedule_set(db, SCHEDULE_WINDOW, &m->s->id, more ? DAY_S : -1, e);
}

static bool
go_on(struct db *db, const struct recheck *r, struct silence_series *s, struct err *e)
{
	struct series_plan         plan;
	const struct series_making m = { r->d->env, r->mem, s, &plan,
		{ clock_ms(r->d->env->clock) } };

	return series_read(s, &plan, e) && series_make_ahead(db, &m, e) && series_set(db, s, e);
}

bool
series_due(struct db *db, const struct recheck *r, struct err *e)
{
	struct silence_series s;

	if (!series_hold(db, r->mem, &r->claim->ref, &s, e))
		return err_take(e, ERR_MISSING) && schedule_done(db, r->claim, e);
	/* Its claim ends first: what is due then is set anew. */
	return schedule_done(db, r->claim, e) && (s.ended_at.ms != 0 || go_on(db, r, &s, e));
}
