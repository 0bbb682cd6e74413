#include "drift/run/pushers.h"

#include <stdio.h>

#include "drift/alert/condition.h"
#include "drift/config/spec.h"
#include "drift/run/plan.h"
#include "drift/source/push.h"

/* ---- what a push does ---- */

static void
count_late(const struct ingest *in, struct pusher_row *row)
{
	int64_t by = (in->received_at.ms - in->collected_at.ms) / 1000;
	int64_t moved = by > row->late_by_s ? by - row->late_by_s : row->late_by_s - by;

	row->late_runs =
	    row->late_runs > 0 && moved * 1000 <= PUSH_AHEAD_MS ? row->late_runs + 1 : 1;
	if (row->late_runs == 1)
		row->late_by_s = by;
}

static bool
know(const struct ingest *in, struct plan *p, struct err *e)
{
	struct plan_pushers *all = &p->pushers;

	if (in->read == NULL)
		return pusher_list(in->t->db, p, &in->config->id, &all->rows, &all->n, e);
	all->rows = in->read->pushers;
	all->n = in->read->pushers_n;
	return true;
}

/* Who was crowded out of the list begins anew. */
static bool
whose(const struct ingest *in, struct plan *p, struct err *e)
{
	struct plan_pushers *all = &p->pushers;

	for (size_t i = 0; i < all->n; i++)
		if (uuid_eq(&all->rows[i].pusher, &in->pusher))
			all->was = all->rows[i];
	all->row = all->was;
	all->row.config_id = in->config->id;
	all->row.pusher = in->pusher;
	all->row.name = talloc_strdup(p, in->pushed_by);
	all->row.seen_at = in->received_at;
	return all->row.name != NULL || err_memory(e);
}

bool
pushers_plan(const struct ingest *in, struct plan *p, struct err *e)
{
	struct pusher_row *row = &p->pushers.row;

	if (!know(in, p, e) || !whose(in, p, e))
		return false;
	row->refused_runs = 0;
	if (p->kind != PLAN_LATE)
		row->late_runs = 0;
	else if (in->dated)
		count_late(in, row);
	if (p->kind != PLAN_LATE)
		p->after.pusher = in->pusher;
	p->pushers.held =
	    row->late_runs != p->pushers.was.late_runs || p->pushers.was.refused_runs != 0;
	return true;
}

int64_t
pushers_setback(const struct plan *p)
{
	const struct pusher_row *row = &p->pushers.row;

	return p->kind == PLAN_LATE && row->late_runs >= SETBACK_RUNS ? row->late_by_s : 0;
}

/* ---- telling ---- */

/* With how many of them something is wrong. */
struct wrong {
	size_t clocks, refused;
};

static void
count_wrong(const struct ingest *in, const struct pusher_row *row, struct wrong *n)
{
	n->clocks += row->late_runs >= SETBACK_RUNS;
	n->refused += row->refused_runs >= in->spec->limits.blind_after;
}

static bool
is_silent(const struct ingest *in, const struct pusher_row *row)
{
	return (row->late_runs > 0 || row->refused_runs > 0) &&
	       row->seen_at.ms + PUSHER_SILENT_S * 1000 < in->received_at.ms;
}

/* Of those who are gone, what was wrong is over. */
static bool
end_silent(
    struct db *db, const struct ingest *in, const struct plan *p, struct wrong *now, struct err *e)
{
	for (size_t i = 0; i < p->pushers.n; i++) {
		struct pusher_row row = p->pushers.rows[i];

		if (uuid_eq(&row.pusher, &in->pusher))
			continue;
		if (!is_silent(in, &row)) {
			count_wrong(in, &row, now);
			continue;
		}
		row.late_runs = row.refused_runs = 0;
		if (!pusher_put(db, &row, 1, e))
			return false;
	}
	count_wrong(in, &p->pushers.row, now);
	return true;
}

static bool
tell_clocks(
    const struct plan *p, const struct alert_scope *a, size_t before, size_t now, struct err *e)
{
	const struct pusher_row *row = &p->pushers.row;
	char                     text[256];

	if (now == before)
		return true;
	if (now == 0)
		return condition_close(a, CONDITION_CLOCK, "Its clock is right again.", e);
	if (now < before)
		return true; /* the others' are not, and that was told */
	snprintf(text, sizeof(text),
	    "the clock of its collector was set back, by %lld s: its snapshots are history, and "
	    "nothing is compared with them (%.*s%s)",
	    (long long)row->late_by_s, (int)str_head(str_of(row->name), 60).n, row->name,
	    now > 1 ? ", and others before it" : "");
	return before == 0 ? condition_open(a, CONDITION_CLOCK, text, e)
			   : condition_update(a, CONDITION_CLOCK, text, 0, e);
}

bool
pushers_write(
    const struct ingest *in, const struct plan *p, const struct alert_scope *a, struct err *e)
{
	struct wrong before = { 0 }, now = { 0 };

	if (p->kind == PLAN_AGAIN || (p->pushers.n == 0 && !p->pushers.held))
		return true;
	for (size_t i = 0; i < p->pushers.n; i++)
		count_wrong(in, &p->pushers.rows[i], &before);
	if (!end_silent(in->t->db, in, p, &now, e) ||
	    (p->pushers.held && !pusher_put(in->t->db, &p->pushers.row, 1, e)) ||
	    !tell_clocks(p, a, before.clocks, now.clocks, e))
		return false;
	return before.refused == 0 || now.refused > 0 ||
	       condition_close(a, CONDITION_REFUSED, "A push was taken again.", e);
}
