#include "drift/run/completeness.h"

#include <stdio.h>
#include <string.h>

#include "core/store/drift/schedule.h"
#include "drift/alert/condition.h"
#include "drift/snapshot/loss.h"

/* ---- counting ---- */

static void
count_runs(struct plan *p)
{
	p->after.incomplete_runs = p->complete ? 0 : p->before.incomplete_runs + 1;
}

void
completeness_same(struct plan *p)
{
	count_runs(p);
}

/* ---- what is gone at once ---- */

static bool
is_suspicious(const struct ingest *in, const struct plan *p, const struct loss *l)
{
	const struct collection *c =
	    collection_of_category(p->collections, p->collections_n, l->category);

	return c != NULL && c->how == COLLECTION_COMPLETE &&
	       loss_is_suspicious(&in->spec->limits, l);
}

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
note_loss(struct plan *p, const struct loss *l, struct buf *report, struct buf *names)
{
	loss_hold(l->category, p->diff, p->findings->hold);
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
	struct places_held was, is;
	struct losses      losses;
	struct buf         report, names;

	buf_make(&report, p);
	buf_make(&names, p);
	if (!places_were(p, current, n, &was, e) || !places_are(p, in->snapshot, &is, e) ||
	    !losses_find(p, &was, &is, &losses, e))
		return false;
	for (size_t i = 0; i < losses.n; i++)
		if (is_suspicious(in, p, &losses.of[i]))
			note_loss(p, &losses.of[i], &report, &names);
	talloc_free(was.at);
	talloc_free(is.at);
	if (report.n == 0)
		return true;
	buf_putc(&report, ']');
	buf_putc(&names, ']');
	p->report.held.text = report.p;
	p->after.held = names.p;
	return buf_ok(&report) && buf_ok(&names) ? true : err_memory(e);
}

/* Between two snapshots what waits goes on waiting. */
static bool
completeness_again(struct plan *p, struct err *e)
{
	const struct json *names;

	if (p->before.held == NULL)
		return true;
	names = json_parse(p, str_of(p->before.held), e);
	if (names == NULL)
		return err_note(e, "reading what is held");
	for (uint32_t i = 0; p->findings != NULL && i < names->n; i++)
		loss_hold(names->items[i].text, p->diff, p->findings->hold);
	if (p->findings != NULL)
		p->findings->go_on = true;
	return true;
}

bool
completeness_plan(const struct ingest *in, struct plan *p, const struct held *current,
    size_t current_n, struct err *e)
{
	if (p->kind == PLAN_AGAIN)
		return completeness_again(p, e);
	if (p->kind != PLAN_NEXT)
		return true;
	count_runs(p);
	p->after.held = NULL;
	if (p->findings == NULL)
		return true;
	if (!find_losses(in, p, current, current_n, e))
		return false;
	/* An incomplete snapshot neither confirms nor denies. */
	if (p->after.held == NULL && p->before.held != NULL && !p->complete)
		p->after.held = p->before.held;
	if (p->after.held != NULL)
		p->findings->go_on = true;
	return true;
}

/* ---- telling ---- */

static bool
write_blind(
    const struct ingest *in, const struct plan *p, const struct alert_scope *a, struct err *e)
{
	int64_t after = in->spec->limits.blind_after;
	char    text[128];

	/* it may have become blind under another threshold */
	if (p->complete && p->before.incomplete_runs > 0)
		return condition_close(a, CONDITION_BLIND, "A complete snapshot has come.", e);
	if (p->after.incomplete_runs < after)
		return true;
	snprintf(text, sizeof(text), "blind, collections were not read in %lld snapshot%s in a row",
	    (long long)after, after == 1 ? "" : "s");
	return condition_open(a, CONDITION_BLIND, text, e);
}

static bool
write_suspicious(const struct plan *p, const struct alert_scope *a, struct err *e)
{
	if (p->kind == PLAN_SAME)
		return true;
	if (p->report.held.text != NULL)
		return condition_open(a, CONDITION_SUSPICIOUS,
		    "much of a collection is gone at once; the next snapshot decides", e);
	if (p->before.held != NULL && p->after.held == NULL)
		return condition_close(
		    a, CONDITION_SUSPICIOUS, "The next snapshot has decided.", e);
	return true;
}

bool
completeness_write(struct db *db, const struct ingest *in, struct plan *p,
    const struct alert_scope *a, struct err *e)
{
	if (p->kind == PLAN_LATE)
		return true;
	if (p->kind == PLAN_AGAIN)
		return true;
	if (!write_blind(in, p, a, e) || !write_suspicious(p, a, e))
		return false;
	if (in->spec->expect_every_s == 0 || !p->complete)
		return true;
	return schedule_set(db, SCHEDULE_BEAT, &in->config->id,
	    in->spec->expect_every_s * in->spec->limits.blind_after, e);
}
