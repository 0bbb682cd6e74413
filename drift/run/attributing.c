#include "drift/run/attributing.h"

#include "core/store/drift/schedule.h"
#include "drift/run/raising.h"
#include "drift/source/rest.h"

#define AHEAD_MS INT64_C(60000) /* by so much the clock of a log may be ahead of ours */

/* The changes that are asked about, and where what is known of them goes. */
struct attributing {
	struct plan               *p;
	const struct ingest       *in;
	struct attribution_change *changes;
	size_t                    *at;    /* parallel: their rows */
	struct finding_seen      **fresh; /* parallel: their findings */
	size_t                     n;
	struct err                *e;
};

/* ---- which ---- */

/* Since the last reading that had its collection, as far as it is known: to a minute. */
static instant
since(const struct attributing *a, struct str category, int64_t skew_s)
{
	const struct plan_collection *c = collections_find(&a->p->collections, category);
	instant                       at = a->in->received_at;

	if (c != NULL && c->was.complete_at.ms != 0)
		at = c->was.complete_at;
	at.ms -= 60000 + skew_s * 1000;
	return at;
}

static void
ask_about(struct attributing *a, size_t i, int64_t skew_s)
{
	const struct change      *c = &a->p->diff->changes[i];
	const struct change_text *v = &a->p->values[i];

	a->at[a->n] = i;
	a->changes[a->n++] = (struct attribution_change) {
		.category = c->category,
		.key = c->key,
		.path = c->path,
		.canonical_path = c->canonical_path,
		.op = c->op,
		.old_text = v->old_text,
		.new_text = v->new_text,
		.cut = v->old_truncated || v->new_truncated || c->shortened,
		.since = since(a, c->category, skew_s),
		.until = { a->in->received_at.ms + AHEAD_MS },
	};
}

/* Findings that are new to the config stand in the order of their changes. */
static bool
choose(struct attributing *a, int64_t skew_s)
{
	struct plan_findings *l = a->p->findings;
	const size_t          most = ATTRIBUTION_CHANGES_MAX;

	a->changes = talloc_zero_array(a->p, struct attribution_change, ATTRIBUTION_CHANGES_MAX);
	a->at = talloc_zero_array(a->p, size_t, ATTRIBUTION_CHANGES_MAX);
	a->fresh = talloc_zero_array(a->p, struct finding_seen *, ATTRIBUTION_CHANGES_MAX);
	if (a->changes == NULL || a->at == NULL || a->fresh == NULL)
		return err_memory(a->e);
	for (size_t i = 0, k = 0; i < a->p->seen.n && k < l->fresh_n && a->n < most; i++) {
		if (!l->is_fresh[i])
			continue;
		a->fresh[a->n] = &l->fresh[k++];
		ask_about(a, i, skew_s);
	}
	return true;
}

/* ---- what is known ---- */

static bool
ask(struct attributing *a)
{
	const struct ingest        *in = a->in;
	struct attribution_log      log;
	struct work                 own; /* a reading is not refused for who made its changes */
	const struct attribution_by by = { &log, in->spec->compare, &own };
	bool                        spent = false;

	if (!in->who->entries(in->who->arg, a->p, a->changes, a->n, &log, a->e))
		return false;
	work_begin(&own, WORK_TASK, in->d->env->clock);
	for (size_t i = 0; i < a->n; i++) {
		struct attribution found = { .confidence = CONFIDENCE_NONE };
		const char        *text;

		if (!spent && !attribution_match(a->p, &by, &a->changes[i], &found, a->e)) {
			if (!err_take(a->e, ERR_TOO_COSTLY))
				return false;
			spent = true;
		}
		if (!attribution_print(a->p, &found, &text, a->e))
			return false;
		a->p->changes[a->at[i]].attribution.text = text;
		a->p->values[a->at[i]].attribution = text;
		a->fresh[i]->attribution.text = text;
		/* at once, for it was judged without */
		if (a->p->findings->hold[a->at[i]] == HOLD_AWAITED ||
		    (found.confidence >= CONFIDENCE_OBJECT &&
			raising_may(in, &a->p->diff->changes[a->at[i]])))
			finding_recheck(a->p->findings, in->received_at);
	}
	return true;
}

/* Its own row says it when it is known: until then its finding does. */
static bool
await(struct attributing *a, const struct source_attribution *s)
{
	const char     *pending = attribution_bare(CONFIDENCE_PENDING);
	struct awaited *rows = talloc_zero_array(a->p, struct awaited, (unsigned)a->n + 1);

	if (rows == NULL)
		return err_memory(a->e);
	for (size_t i = 0; i < a->n; i++) {
		rows[i] = (struct awaited) {
			.change_id = a->p->changes[a->at[i]].id,
			.config_id = a->in->config->id,
			.since = a->changes[i].since,
			.until = a->changes[i].until,
			.ends_at = { a->in->received_at.ms + s->window_s * 1000 },
		};
		a->fresh[i]->attribution.text = pending;
		a->p->values[a->at[i]].attribution = pending;
	}
	a->p->awaited = rows;
	a->p->awaited_n = a->n;
	return true;
}

/* Of what is pushed nobody knows more than the push says. */
void
attributing_ask(struct trip *trip, const struct ingest *in, struct plan *p)
{
	if (in->spec->source.ops->trail || rest_attribution(&in->spec->source) != NULL)
		awaited_makers_ask(trip, &in->config->id, &p->makers);
}

void
attributing_know(struct plan *p)
{
	for (size_t i = 0; p->diff != NULL && p->makers.n > 0 && i < p->diff->n; i++)
		p->values[i].attribution = awaited_maker(
		    &p->makers, p->diff->changes[i].fingerprint, p->diff->changes[i].value_hash);
}

bool
attributing_plan(struct plan *p, const struct ingest *in, struct err *e)
{
	const struct source_attribution *s =
	    in->run == NULL ? NULL : rest_attribution(&in->spec->source);
	struct attributing a = { .p = p, .in = in, .e = e };

	if (p->kind != PLAN_NEXT || p->findings == NULL || p->findings->fresh_n == 0 ||
	    (s == NULL && in->who == NULL))
		return true;
	if (!choose(&a, s == NULL ? 0 : s->skew_s))
		return false;
	if (a.n == 0)
		return true;
	return s != NULL ? await(&a, s) : ask(&a);
}

bool
attributing_write(struct db *db, const struct ingest *in, const struct plan *p, struct err *e)
{
	if (p->awaited_n == 0)
		return true;
	return awaited_add(db, p->awaited, p->awaited_n, e) &&
	       schedule_set(db, SCHEDULE_ATTRIBUTION, &in->config->id, 0, e);
}
