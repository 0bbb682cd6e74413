#include "drift/run/watch.h"

#include <string.h>

#include "core/store/schedule.h"
#include "drift/alert/condition.h"

/* ---- counting ---- */

static void
count_runs(struct plan *p)
{
	p->after.incomplete_runs = p->complete ? 0 : p->before.incomplete_runs + 1;
}

void
watch_same(struct plan *p)
{
	count_runs(p);
}

/* ---- what is gone at once ---- */

struct loss {
	struct str category;
	int64_t    removed, of;
};

static bool
is_there(const struct snap *s, size_t *at, const struct held *h)
{
	int c = 1;

	while (*at < s->n && (c = snap_place_cmp(s->items[*at].r.category, s->items[*at].r.key,
				  str_of(h->category), str_of(h->key))) < 0)
		(*at)++;
	return *at < s->n && c == 0;
}

static bool
is_suspicious(const struct ingest *in, const struct plan *p, const struct loss *l)
{
	const struct collection *c =
	    collection_of_category(p->collections, p->collections_n, l->category);

	return c != NULL && c->how == COLLECTION_COMPLETE && l->removed >= SUSPICIOUS_LEAST &&
	       l->removed * 100 > l->of * in->spec->max_removed_percent;
}

/* The changes that are the loss itself wait. */
static void
hold_changes(struct plan *p, struct str category)
{
	for (size_t i = 0; p->life != NULL && i < p->diff->n; i++) {
		const struct change *c = &p->diff->changes[i];

		if (c->op == CHANGE_DELETED && c->path.n == 0 &&
		    str_cmp(c->category, category) == 0 && p->life->hold[i] == HOLD_NONE)
			p->life->hold[i] = HOLD_COLLECTION;
	}
}

static void
note_loss(const struct ingest *in, struct plan *p, const struct loss *l, struct buf *report,
    struct buf *names)
{
	if (l->removed == 0 || !is_suspicious(in, p, l))
		return;
	hold_changes(p, l->category);
	buf_puts(report, report->n == 0 ? "[{\"category\":" : ",{\"category\":");
	buf_json(report, l->category);
	buf_printf(
	    report, ",\"removed\":%lld,\"of\":%lld}", (long long)l->removed, (long long)l->of);
	buf_puts(names, names->n == 0 ? "[" : ",");
	buf_json(names, l->category);
}

static bool
find_losses(
    const struct ingest *in, struct plan *p, const struct held *current, size_t n, struct err *e)
{
	struct buf  report, names;
	struct loss l = { 0 };
	size_t      at = 0;

	buf_make(&report, p);
	buf_make(&names, p);
	for (size_t i = 0; i < n; i++) {
		if (l.of > 0 && !str_eqz(l.category, current[i].category)) {
			note_loss(in, p, &l, &report, &names);
			l = (struct loss) { 0 };
		}
		l.category = str_of(current[i].category);
		l.of++;
		l.removed += !is_there(in->snap, &at, &current[i]);
	}
	note_loss(in, p, &l, &report, &names);
	if (report.n == 0)
		return true;
	buf_putc(&report, ']');
	buf_putc(&names, ']');
	p->report.held.text = report.p;
	p->after.held = names.p;
	return buf_ok(&report) && buf_ok(&names) ? true : err_memory(e);
}

bool
watch_plan(const struct ingest *in, struct plan *p, const struct held *current, size_t current_n,
    struct err *e)
{
	if (p->kind != PLAN_NEXT)
		return true;
	count_runs(p);
	p->after.held = NULL;
	if (p->life == NULL)
		return true;
	if (!find_losses(in, p, current, current_n, e))
		return false;
	/* An incomplete snapshot neither confirms nor denies. */
	if (p->after.held == NULL && p->before.held != NULL && !p->complete)
		p->after.held = p->before.held;
	if (p->after.held != NULL)
		p->life->recheck_at = in->received_at;
	return true;
}

/* ---- telling ---- */

static bool
write_blind(
    struct db *db, const struct plan *p, TALLOC_CTX *mem, const struct alerting *a, struct err *e)
{
	if (p->complete && p->before.incomplete_runs >= BLIND_AFTER)
		return condition_close(
		    db, mem, a, CONDITION_BLIND, "A complete snapshot has come.", e);
	if (p->after.incomplete_runs < BLIND_AFTER)
		return true;
	return condition_open(db, mem, a, CONDITION_BLIND,
	    "blind, collections were not read in three or more snapshots in a row", e);
}

static bool
write_suspicious(
    struct db *db, const struct plan *p, TALLOC_CTX *mem, const struct alerting *a, struct err *e)
{
	if (p->kind == PLAN_SAME)
		return true;
	if (p->report.held.text != NULL)
		return condition_open(db, mem, a, CONDITION_SUSPICIOUS,
		    "much of a collection is gone at once; the next snapshot decides", e);
	if (p->before.held != NULL && p->after.held == NULL)
		return condition_close(
		    db, mem, a, CONDITION_SUSPICIOUS, "The next snapshot has decided.", e);
	return true;
}

bool
watch_write(
    struct db *db, const struct ingest *in, struct plan *p, const struct alerting *a, struct err *e)
{
	if (p->kind == PLAN_LATE)
		return true;
	if (!write_blind(db, p, p, a, e) || !write_suspicious(db, p, p, a, e))
		return false;
	if (in->spec->expect_every_s == 0 || !p->complete)
		return true;
	return schedule_set(
	    db, SCHEDULE_BEAT, &in->config->id, in->spec->expect_every_s * BLIND_AFTER, e);
}
