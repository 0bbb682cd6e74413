#include "drift/run/completeness.h"

#include <stdio.h>
#include <string.h>

#include "core/store/drift/schedule.h"
#include "drift/alert/condition.h"
#include "drift/run/hushing.h"
#include "drift/snapshot/collections.h"
#include "drift/snapshot/loss.h"
#include "drift/source/rest.h"

/* ---- what is gone at once ---- */

static bool
places_were(
    TALLOC_CTX *mem, const struct held *current, size_t n, struct places_held *out, struct err *e)
{
	if (!places_held_make(mem, n, out, e))
		return false;
	for (size_t i = 0; i < n; i++)
		out->at[i] = (struct place) { str_of(current[i].category), str_of(current[i].key) };
	return true;
}

static bool
places_are(TALLOC_CTX *mem, const struct normal_snapshot *s, struct places_held *out, struct err *e)
{
	if (!places_held_make(mem, s->n, out, e))
		return false;
	for (size_t i = 0; i < s->n; i++)
		out->at[i] = (struct place) { s->items[i].r.category, s->items[i].r.key };
	return true;
}

static void
note_loss(const struct ingest *in, struct plan *p, const struct loss *l, struct buf *report)
{
	struct plan_collection *c = collections_find(&p->collections, l->category);

	if (c == NULL || !c->read || !loss_is_suspicious(&in->spec->limits, l))
		return;
	c->row.held = true;
	buf_puts(report, report->n == 0 ? "[{\"category\":" : ",{\"category\":");
	buf_json(report, l->category);
	buf_printf(
	    report, ",\"removed\":%lld,\"of\":%lld}", (long long)l->removed, (long long)l->of);
}

static bool
find_losses(
    const struct ingest *in, struct plan *p, const struct held *current, size_t n, struct err *e)
{
	struct places_held was, is;
	struct losses      losses;
	struct buf         report;

	buf_make(&report, p);
	if (!places_were(p, current, n, &was, e) || !places_are(p, in->snapshot, &is, e) ||
	    !losses_find(p, &was, &is, &losses, e))
		return false;
	for (size_t i = 0; i < losses.n; i++)
		note_loss(in, p, &losses.of[i], &report);
	talloc_free(was.at);
	talloc_free(is.at);
	if (report.n == 0)
		return true;
	buf_putc(&report, ']');
	p->report.held.text = report.p;
	return buf_ok(&report) ? true : err_memory(e);
}

/* Each that waits goes on waiting until it is read completely again. */
static void
hold_all(struct plan *p)
{
	for (size_t i = 0; i < p->collections.n; i++) {
		const struct plan_collection *c = &p->collections.of[i];

		if (!c->row.held)
			continue;
		loss_hold(c->category, p->diff, p->findings->hold);
		p->findings->go_on = true;
	}
}

bool
completeness_plan(const struct ingest *in, struct plan *p, const struct held *current,
    size_t current_n, struct err *e)
{
	if (p->kind == PLAN_LATE)
		return true;
	for (size_t i = 0; p->kind == PLAN_NEXT && i < p->collections.n; i++)
		if (p->collections.of[i].read)
			p->collections.of[i].row.held = false;
	if (p->findings == NULL)
		return true;
	if (p->kind == PLAN_NEXT && !find_losses(in, p, current, current_n, e))
		return false;
	hold_all(p);
	return true;
}

/* ---- telling ---- */

/* Those that are blind: of them those that may not be read any more, or the others. */
static bool
list_blind(TALLOC_CTX *mem, const struct plan_collections *all, bool lost, struct blind_list *out,
    struct err *e)
{
	*out = (struct blind_list) { talloc_zero_size(mem, (all->n + 1) * sizeof(out->of[0])), 0 };
	if (out->of == NULL)
		return err_memory(e);
	for (size_t i = 0; i < all->n; i++)
		if (collection_is_blind(&all->of[i]) && collection_is_lost(&all->of[i]) == lost)
			out->of[out->n++] =
			    (struct blind_one) { all->of[i].category, all->of[i].row.complete_at };
	return true;
}

/* What the source pack asks the administrator for. */
static const char *
permission_of(const struct ingest *in, struct str category)
{
	const struct rest        *r = in->spec->source.rest;
	const struct source_pack *pack = r == NULL ? NULL : r->pack;

	for (uint32_t i = 0; pack != NULL && i < pack->collections_n; i++)
		if (str_eq(pack->collections[i].category, category))
			return pack->collections[i].permission;
	return NULL;
}

/* Each permission once: what is read over another needs the same. */
static void
put_permissions(const struct ingest *in, struct buf *b, const struct blind_list *l)
{
	const char *told[BLIND_TOLD], *one;
	size_t      n = 0, known;

	for (size_t i = 0; i < l->n && n < BLIND_TOLD; i++) {
		one = permission_of(in, l->of[i].category);
		for (known = 0; one != NULL && known < n; known++)
			if (strcmp(told[known], one) == 0)
				break;
		if (one == NULL || known < n)
			continue;
		told[n++] = one;
		buf_puts(b, n == 1 ? " (missing: " : ", ");
		buf_printf(b, "%.100s", one);
	}
	buf_puts(b, n > 0 ? ")" : "");
}

static void
put_lost(const struct ingest *in, struct buf *b, const struct blind_list *l)
{
	if (l->n == 0)
		return;
	blind_names(b, l);
	buf_puts(b, " may not be read any more");
	put_permissions(in, b, l);
	buf_printf(b,
	    "; changes of %s are not told, and what was told stays open, until it is permitted "
	    "again",
	    l->n == 1 ? "it" : "them");
	blind_last(b, l);
}

static const char *
say_blind(const struct ingest *in, const struct plan *p, struct err *e)
{
	long long         after = (long long)in->spec->limits.blind_after;
	struct blind_list l, lost;
	struct buf        b;

	if (!list_blind(in->mem, &p->collections, false, &l, e) ||
	    !list_blind(in->mem, &p->collections, true, &lost, e))
		return NULL;
	buf_make(&b, in->mem);
	buf_puts(&b, "blind, ");
	put_lost(in, &b, &lost);
	if (l.n > 0) {
		buf_puts(&b, lost.n > 0 ? "; " : "");
		blind_names(&b, &l);
		buf_printf(&b, " %s not read in %lld snapshot%s in a row",
		    l.n == 1 ? "was" : "were", after, after == 1 ? "" : "s");
		blind_last(&b, &l);
	}
	return buf_text(&b, e);
}

static bool
list_all_blind(
    TALLOC_CTX *mem, const struct plan_collections *all, struct blind_list *out, struct err *e)
{
	*out = (struct blind_list) { talloc_zero_size(mem, (all->n + 1) * sizeof(out->of[0])), 0 };
	if (out->of == NULL)
		return err_memory(e);
	for (size_t i = 0; i < all->n; i++)
		if (collection_is_blind(&all->of[i]))
			out->of[out->n++] =
			    (struct blind_one) { all->of[i].category, all->of[i].row.complete_at };
	return true;
}

static bool
was_blind(const struct plan_collection *c)
{
	return c->was.blind_since.ms != 0;
}

/* Which collections are blind now, against those before. */
struct blindness {
	size_t before, now;
	bool   same;
};

static struct blindness
blindness_of(const struct plan_collections *all)
{
	struct blindness b = { .same = true };

	for (size_t i = 0; i < all->n; i++) {
		const struct plan_collection *c = &all->of[i];

		b.before += was_blind(c);
		b.now += collection_is_blind(c);
		b.same = b.same && was_blind(c) == collection_is_blind(c);
	}
	return b;
}

static bool
write_blind(struct db *db, const struct ingest *in, const struct plan *p,
    const struct alert_scope *a, struct err *e)
{
	const struct blindness b = blindness_of(&p->collections);
	struct windows         windows;
	struct blind_list      all;
	const char            *text;

	/* it may have become blind by silence alone, or under another threshold */
	if (b.now == 0)
		return (b.before == 0 && (p->before.incomplete_runs == 0 || !p->collections.any)) ||
		       condition_close(a, CONDITION_BLIND,
			   p->collections.complete && p->kind != PLAN_AGAIN
			       ? "A complete snapshot has come."
			       : "Nothing that is awaited is blind any more.",
			   e);
	text = say_blind(in, p, e);
	if (text == NULL)
		return false;
	if (!list_all_blind(in->mem, &p->collections, &all, e) ||
	    !hush_read(db, in->mem, in->received_at, &windows, e))
		return false;
	return hush_blind(db, a, &windows, &all, text, !b.same && b.before > 0, e);
}

static bool
write_suspicious(
    const struct ingest *in, const struct plan *p, const struct alert_scope *a, struct err *e)
{
	bool before = false, now = false;

	for (size_t i = 0; i < p->collections.n; i++) {
		before = before || p->collections.of[i].was.held;
		now = now || p->collections.of[i].row.held;
	}
	if (p->kind == PLAN_SAME || (!before && !now))
		return true;
	/* a source that is asked again in a minute anyway is not told of before */
	if (now)
		return p->kind == PLAN_AGAIN || p->report.held.text == NULL ||
		       in->spec->limits.deleted_runs > 1 ||
		       condition_open(a, CONDITION_SUSPICIOUS,
			   "much of a collection is gone at once; the next snapshot decides", e);
	return condition_close(a, CONDITION_SUSPICIOUS,
	    p->collections.let_go != NULL ? p->collections.let_go
					  : "The next snapshot has decided.",
	    e);
}

/* Until when the first of those that are awaited has to come; a reading sets it anew. */
static bool
await(struct db *db, const struct ingest *in, const struct plan *p, struct err *e)
{
	int64_t allowed_s = in->spec->expect_every_s * in->spec->limits.blind_after;
	int64_t first = 0;

	for (size_t i = 0; i < p->collections.n; i++) {
		const struct plan_collection *c = &p->collections.of[i];
		int64_t                       at = c->row.complete_at.ms;

		if (at != 0 && !c->spared && c->row.blind_since.ms == 0 &&
		    (first == 0 || at < first))
			first = at;
	}
	if (first == 0 && p->collections.complete)
		first = in->received_at.ms;
	if (first == 0)
		return true;
	first = allowed_s - (in->received_at.ms - first) / 1000;
	return schedule_set(db, SCHEDULE_BEAT, &in->config->id, first > 0 ? first : 0, e);
}

bool
completeness_write(struct db *db, const struct ingest *in, struct plan *p,
    const struct alert_scope *a, struct err *e)
{
	if (p->kind == PLAN_LATE || (p->kind == PLAN_AGAIN && !p->collections.released))
		return true;
	if (!write_blind(db, in, p, a, e) || !write_suspicious(in, p, a, e))
		return false;
	return in->spec->expect_every_s == 0 || !p->collections.any || p->kind == PLAN_AGAIN ||
	       await(db, in, p, e);
}
