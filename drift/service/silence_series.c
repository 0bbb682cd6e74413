#include "drift/service/silence_series.h"

#include <string.h>

#include "core/auth/audit_details.h"
#include "core/store/drift/schedule.h"
#include "drift/service/second.h"

#define AHEAD_MS (366LL * 86400 * 1000)

/* ---- reading ---- */

/* One that is over has none to come, whatever its rule says. */
static bool
see(const struct acting *a, const struct silence_series *s, struct series_seen *out, struct err *e)
{
	const instant      now = acting_now(a);
	struct series_plan plan;

	*out = (struct series_seen) { .row = *s, .state = series_state(s, now) };
	if (strcmp(out->state, "over") == 0)
		return true;
	if (!series_read(s, &plan, e))
		return false;
	out->next_n = series_next(&plan, now, out->next);
	return true;
}

bool
silence_series_see(
    const struct acting *a, const struct uuid *id, struct series_seen *out, struct err *e)
{
	struct silence_series s;

	return series_by_id(a->by.t->db, a->by.mem, id, &s, e) && see(a, &s, out, e);
}

bool
silence_series_page(
    const struct acting *a, const struct series_filter *filter, struct page *p, struct err *e)
{
	struct series_filter   f = *filter;
	struct silence_series *rows;
	struct series_seen    *seen;

	f.now = acting_now(a);
	if (!series_list(a->by.t, a->by.mem, &f, p, e))
		return false;
	rows = p->rows;
	seen = talloc_zero_size(a->by.mem, (p->n + 1) * sizeof(seen[0]));
	if (seen == NULL)
		return err_memory(e);
	p->rows = seen;
	for (size_t i = 0; i < p->n; i++)
		if (!see(a, &rows[i], &seen[i], e))
			return false;
	return true;
}

/* ---- what is asked ---- */

static char *
copy_or(const struct acting *a, const char *wish, char *was)
{
	return wish == NULL ? was : acting_copy(a, wish);
}

static bool
copy_matcher(
    const struct acting *a, const struct series_wish *in, struct silence_series *s, struct err *e)
{
	struct buf b;

	if (in->matcher == NULL)
		return true;
	if (!silence_check(a->by.mem, in->matcher, e))
		return false;
	buf_make(&b, a->by.mem);
	json_print(&b, in->matcher_text);
	s->matcher.text = b.p;
	return buf_ok(&b) || err_memory(e);
}

/* *s as it was becomes as it is wished to be. */
static bool
copy_wish(
    const struct acting *a, const struct series_wish *in, struct silence_series *s, struct err *e)
{
	s->reason = copy_or(a, in->reason, s->reason);
	s->rule = copy_or(a, in->rule, s->rule);
	s->timezone = copy_or(a, in->timezone, s->timezone);
	if (in->starts_at.ms != 0)
		s->starts_at.ms = in->starts_at.ms - in->starts_at.ms % 1000;
	if (in->duration_s != 0)
		s->duration_s = in->duration_s;
	if (s->rule == NULL || s->timezone == NULL)
		return err_memory(e);
	return copy_matcher(a, in, s, e);
}

static bool
check(const struct acting *a, struct silence_series *s, struct series_plan *plan, struct err *e)
{
	const instant now = acting_now(a);
	const int64_t most_s = a->drift->env->conf->silence_maintenance_max_s;

	if (s->starts_at.ms - now.ms > AHEAD_MS)
		return err_fault(e, a->by.mem, "/starts_at", "is more than 366 days ahead");
	if (s->duration_s > most_s)
		return err_fault(e, a->by.mem, "/duration_s", "makes the window longer than %lld s",
		    (long long)most_s);
	if (!series_compile(a->by.mem, s, now, plan, e))
		return false;
	s->ends_at = plan->ends_at;
	return true;
}

/* ---- making ---- */

static bool
new_series(
    const struct acting *a, const struct series_wish *in, struct silence_series *s, struct err *e)
{
	const instant now = acting_now(a);

	*s = (struct silence_series) {
		.id = acting_id(a),
		.owner = acting_copy(a, a->name),
		.timezone = acting_copy(a, "UTC"),
		.starts_at = { now.ms - now.ms % 1000 },
		.created_at = now,
		.updated_at = now,
	};
	if (s->owner == NULL || s->timezone == NULL)
		return err_memory(e);
	return copy_wish(a, in, s, e);
}

bool
silence_series_try(
    const struct acting *a, const struct series_wish *in, struct series_seen *out, struct err *e)
{
	struct silence_series s;
	struct series_plan    plan;

	return new_series(a, in, &s, e) && check(a, &s, &plan, e) && see(a, &s, out, e);
}

struct series_deed {
	const struct acting      *a;
	struct silence_series     s;
	struct series_plan        plan;
	instant                   now;
	const struct series_wish *in;
	struct audit_entry        entry;
};

static bool
make_ahead(struct db *db, struct series_deed *d, struct err *e)
{
	const struct series_making m = { d->a->drift->env, d->a->by.mem, &d->s, &d->plan, d->now };

	return series_make_ahead(db, &m, e);
}

static bool
make_body(struct db *db, void *arg, struct err *e)
{
	struct series_deed *d = arg;
	int64_t             n;

	if (!series_count(db, d->a->by.mem, d->now, &n, e))
		return false;
	if (n >= SERIES_MAX)
		return err_set(e, ERR_CONFLICT, 0,
		    "There are 50 series already; end one that is not needed any more.",
		    "series are as many as may be");
	/* What would be over by now is not made. */
	d->s.made_until.ms = d->now.ms - d->s.duration_s * 1000 - 1;
	return make_ahead(db, d, e) && series_add(db, &d->s, e);
}

bool
silence_series_make(
    const struct acting *a, const struct series_wish *in, struct series_seen *out, struct err *e)
{
	struct series_deed d = { .a = a, .now = acting_now(a) };
	struct audit_entry entry = { .action = AUDIT_SERIES_CREATE };

	if (!new_series(a, in, &d.s, e) || !check(a, &d.s, &d.plan, e))
		return false;
	entry.target_id = d.s.id;
	return second_left(a, make_body, &d, &entry, d.s.reason, e) && see(a, &d.s, out, e);
}

/* ---- changing ---- */

static bool
is_over(const struct silence_series *s, instant now)
{
	return strcmp(series_state(s, now), "over") == 0;
}

static bool
alter_body(struct db *db, void *arg, struct err *e)
{
	struct series_deed *d = arg;
	struct uuid         id = d->s.id;

	if (!series_hold(db, d->a->by.mem, &id, &d->s, e))
		return false;
	if (is_over(&d->s, d->now))
		return err_set(
		    e, ERR_CONFLICT, 0, "This series is over: make another one.", "series is over");
	d->s.updated_at = d->now;
	if (!copy_wish(d->a, d->in, &d->s, e) || !check(d->a, &d->s, &d->plan, e) ||
	    !series_drop_ahead(db, &id, d->now, e))
		return false;
	d->s.made_until = d->now;
	return make_ahead(db, d, e) && series_set(db, &d->s, e);
}

/* It is found before its transaction, so that what is told has its reason. */
bool
silence_series_alter(const struct acting *a, const struct uuid *id, const struct series_wish *in,
    struct series_seen *out, struct err *e)
{
	struct series_deed d = { .a = a, .now = acting_now(a), .in = in };
	const char        *name = in->reason;

	if (!series_by_id(a->by.t->db, a->by.mem, id, &d.s, e))
		return false;
	if (name == NULL)
		name = d.s.reason;
	return second_left(a, alter_body, &d,
		   &(struct audit_entry) { .action = AUDIT_SERIES_UPDATE, .target_id = *id }, name,
		   e) &&
	       see(a, &d.s, out, e);
}

/* ---- ending ---- */

static bool
stop_body(struct db *db, void *arg, struct err *e)
{
	struct series_deed *d = arg;
	struct uuid         id = d->s.id;

	if (!series_hold(db, d->a->by.mem, &id, &d->s, e))
		return false;
	if (is_over(&d->s, d->now))
		return err_set(e, ERR_MISSING, 0, "This series is over already.", "series is over");
	d->s.updated_at = d->s.ended_at = d->s.ends_at = d->now;
	d->s.ended_by = acting_copy(d->a, d->a->name);
	if (d->s.ended_by == NULL)
		return err_memory(e);
	return series_drop_ahead(db, &id, d->now, e) && series_set(db, &d->s, e) &&
	       schedule_set(db, SCHEDULE_WINDOW, &id, -1, e);
}

bool
silence_series_stop(const struct acting *a, const struct uuid *id, struct err *e)
{
	struct series_deed d = { .a = a, .now = acting_now(a) };

	if (!series_by_id(a->by.t->db, a->by.mem, id, &d.s, e))
		return false;
	return acting_deed(a, stop_body, &d,
	    &(struct audit_entry) { .action = AUDIT_SERIES_DELETE, .target_id = *id }, d.s.reason,
	    e);
}
