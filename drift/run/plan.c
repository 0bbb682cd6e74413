#include "drift/run/plan.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/chunks.h"
#include "core/store/drift/golden.h"
#include "drift/run/attributing.h"
#include "drift/run/completeness.h"
#include "drift/run/first_look.h"
#include "drift/run/plan_sides.h"
#include "drift/run/rule_hits.h"
#include "drift/run/settle.h"
#include "drift/run/silencing.h"
#include "drift/snapshot/baseline.h"

/* ---- which kind ---- */

bool
plan_same_content(const struct blob *b, const uint8_t *digest)
{
	return b->n == HASH_LEN && memcmp(b->p, digest, HASH_LEN) == 0;
}

/*
 * The same report stands when resources, collections and spec are the same.  The report of a first
 * snapshot says "baseline", and one against the previous snapshot does not hold for a repeat: those
 * are made anew, once.
 */
static bool
is_same(const struct ingest *in, struct plan *p, bool *same, struct err *e)
{
	const struct config_state *s = &p->before;

	*same = false;
	if (p->collections.stirred || uuid_is_nil(&s->report_id) ||
	    s->config_version != in->config->version ||
	    !plan_same_content(&s->digest, in->snapshot->digest) ||
	    (s->recheck_at.ms != 0 && s->recheck_at.ms <= in->received_at.ms))
		return true;
	if (in->read != NULL && in->read->has_report &&
	    uuid_eq(&in->read->report.id, &s->report_id))
		p->report = in->read->report;
	else if (!report_by_id(in->t, p, &s->report_id, &p->report, e))
		return false;
	*same = strcmp(p->report.status, "baseline") != 0 &&
		(in->spec->mode == BASELINE_PINNED || strcmp(p->report.status, "clean") == 0);
	return true;
}

/*
 * One that does not say when it was collected is of now, though another collector's push that came
 * meanwhile was written before it: only of the same collector's is the one that came later the
 * newer.  One that says it is held against the readings of the collections that it speaks of.
 */
static bool
is_late(const struct ingest *in, const struct plan *p)
{
	const struct config_state *s = &p->before;

	return in->collected_at.ms < s->collected_at.ms &&
	       (in->dated ? collections_are_newer(in, p) : uuid_eq(&s->pusher, &in->pusher));
}

static void
advance_clock(const struct ingest *in, struct config_state *s)
{
	if (in->collected_at.ms > s->collected_at.ms)
		s->collected_at = in->collected_at;
}

/* ---- versions and contents ---- */

static bool
category_complete(const struct plan *p, struct str category)
{
	const struct plan_collection *c = collections_find(&p->collections, category);

	return c != NULL && c->read;
}

int
plan_place_cmp(const struct held *h, const struct normal_resource *r)
{
	return place_order(str_of(h->category), str_of(h->key), r->r.category, r->r.key);
}

static void
close_version(const struct ingest *in, struct plan *p, const struct held *h)
{
	p->closed[p->closed_n++] = (struct version) { .config_id = in->config->id,
		.resource_id = h->resource_id,
		.from_seq = h->from_seq,
		.until_seq = p->after.seq,
		.address = h->address };
}

/* Where the versions that are opened put what they need. */
struct opening {
	struct chunks   room; /* texts */
	struct content *contents;
};

static bool
open_version(const struct ingest *in, struct plan *p, struct normal_resource *r, bool known,
    struct opening *o, struct err *e)
{
	struct version *v = &p->opened[p->opened_n];

	*v = (struct version) { .config_id = in->config->id,
		.resource_id = held_id(&in->config->id, r->r.category, r->r.key),
		.category = chunks_text(&o->room, r->r.category),
		.key = chunks_text(&o->room, r->r.key),
		.address = { r->address, HASH_LEN },
		.from_seq = p->after.seq,
		.known = known };
	memcpy(o->contents[p->opened_n].address, r->address, HASH_LEN);
	o->contents[p->opened_n++].text = r->text;
	return v->category != NULL && v->key != NULL ? true : err_memory(e);
}

/* What was seen is recorded whatever its collection says; what was not seen is gone only if that is
 * complete. */
static bool
plan_versions(const struct ingest *in, struct plan *p, const struct plan_sides *sides,
    struct content *contents, struct err *e)
{
	const struct normal_snapshot *s = in->snapshot;
	size_t                        a = 0, b = 0;
	struct opening                o = { { .mem = p }, contents };

	p->opened = talloc_zero_size(p, (s->n + 1) * sizeof(p->opened[0]));
	p->closed = talloc_zero_size(p, (sides->current_n + 1) * sizeof(p->closed[0]));
	if (p->opened == NULL || p->closed == NULL)
		return err_memory(e);
	while (a < sides->current_n || b < s->n) {
		const struct held *old = a < sides->current_n ? &sides->current[a] : NULL;
		struct normal_resource *new = b < s->n ? &s->items[b] : NULL;
		int  c = old == NULL ? 1 : new == NULL ? -1 : plan_place_cmp(old, new);
		bool same = c == 0 && plan_same_content(&old->address, new->address);

		if (c <= 0 && !same && (c == 0 || category_complete(p, str_of(old->category))))
			close_version(in, p, old);
		if (c >= 0 && !same && !open_version(in, p, new, c == 0, &o, e))
			return false;
		a += c <= 0;
		b += c >= 0;
	}
	return true;
}

static bool
plan_contents(
    const struct ingest *in, struct plan *p, const struct plan_sides *sides, struct err *e)
{
	struct content *contents = talloc_zero_size(p, (in->snapshot->n + 2) * sizeof(contents[0]));
	struct content *manifest = contents;
	size_t          n;
	uint8_t        *address;

	if (contents == NULL)
		return err_memory(e);
	if (!plan_versions(in, p, sides, contents, e))
		return false;
	n = p->opened_n;
	if (p->kind == PLAN_LATE) {
		address = talloc_size(p, HASH_LEN);
		manifest = &contents[n++];
		if (address == NULL || !baseline_manifest(p, in->snapshot, &manifest->text, e))
			return err_memory(e);
		content_address(in->t, manifest->text, manifest->address);
		memcpy(address, manifest->address, HASH_LEN);
		p->snapshot.manifest = (struct blob) { address, HASH_LEN };
		p->opened_n = 0; /* its versions are in the manifest only */
	}
	return content_pack(in->t, p, contents, n, &p->contents, e);
}

/* ---- the rows ---- */

static bool
plan_snapshot(const struct ingest *in, struct plan *p, struct err *e)
{
	struct snapshot *s = &p->snapshot;

	s->id = in->snapshot_id;
	s->config_id = in->config->id;
	s->seq = p->after.seq;
	s->in_order = p->kind != PLAN_LATE;
	s->digest = (struct blob) { in->snapshot->digest, HASH_LEN };
	s->resources = (int64_t)in->snapshot->n;
	s->actor = talloc_strdup(p, in->actor == NULL ? "" : in->actor);
	s->pushed_by = talloc_strdup(p, in->pushed_by);
	s->collected_at = in->collected_at;
	s->received_at = in->received_at;
	s->report_id = p->report.id;
	s->idempotency_key =
	    in->idempotency_key == NULL ? NULL : talloc_strdup(p, in->idempotency_key);
	s->body_hash = in->body_hash;
	if (s->actor == NULL || s->pushed_by == NULL ||
	    (in->idempotency_key != NULL && s->idempotency_key == NULL))
		return err_memory(e);
	return collections_print(p, p, &s->collections, e);
}

/* The first with something complete in it is the baseline's; in `previous` every one is for the
 * next. */
static void
plan_state(const struct ingest *in, struct plan *p, const char *status)
{
	struct config_state *s = &p->after;
	bool                 first = strcmp(status, "baseline") == 0;
	instant recheck_at = p->findings == NULL ? (instant) { 0 } : p->findings->recheck_at;
	bool    go_on = p->findings != NULL && p->findings->go_on;

	if (p->kind == PLAN_AGAIN) {
		s->report_id = p->report.id;
		s->config_version = go_on || p->collections.history ? 0 : in->config->version;
		s->recheck_at = recheck_at;
		return;
	}
	s->last_run_at = in->received_at;
	if (p->kind == PLAN_LATE)
		return;
	s->snapshot_id = in->snapshot_id;
	s->digest = (struct blob) { in->snapshot->digest, HASH_LEN };
	advance_clock(in, s);
	s->report_id = p->report.id;
	s->config_version = go_on ? 0 : in->config->version;
	s->recheck_at = recheck_at;
	if (p->collections.complete)
		s->last_complete_at = in->received_at;
	if (first || (in->spec->mode == BASELINE_PREVIOUS && !uuid_is_nil(&s->baseline_snapshot))) {
		s->baseline_snapshot = in->snapshot_id;
		s->baseline_seq = s->seq;
		s->baseline_approved = false;
	}
}

static bool
is_blind(const struct plan *p)
{
	for (size_t i = 0; i < p->collections.n; i++)
		if (collection_is_blind(&p->collections.of[i]))
			return true;
	return false;
}

/* Where nobody approves a baseline there is nothing to wait for. */
static bool
is_unreviewed(const struct ingest *in, const struct plan *p)
{
	if (in->spec->mode == BASELINE_PREVIOUS || p->after.golden)
		return false;
	for (size_t i = 0; i < p->collections.n; i++)
		if (!uuid_is_nil(&p->collections.of[i].row.look_report))
			return true;
	return false;
}

/* Between two snapshots blindness neither begins nor ends. */
static void
plan_state_word(const struct ingest *in, struct plan *p, bool drifted)
{
	bool none = uuid_is_nil(&p->after.baseline_snapshot); /* nothing was read completely yet */

	if (p->kind == PLAN_LATE || (p->kind == PLAN_AGAIN && !p->collections.released &&
					strcmp(p->before.state, "blind") == 0))
		return;
	if (drifted)
		p->after.state = talloc_strdup(p, "drifted");
	else if (is_blind(p))
		p->after.state = talloc_strdup(p, "blind");
	else if (!none && (p->collections.any || strcmp(p->before.state, "blind") != 0))
		p->after.state = talloc_strdup(p, is_unreviewed(in, p) ? "unreviewed" : "ok");
}

static const char *
status_of(const struct plan *p, const struct plan_sides *sides)
{
	const struct plan_collections *c = &p->collections;

	if (uuid_is_nil(&sides->baseline) && p->kind == PLAN_NEXT && c->any)
		return "baseline";
	if (p->diff != NULL && diff_count(&p->seen.summary) > 0)
		return "drifted";
	return c->complete ? "clean" : "incomplete";
}

/* The first declared difference of a golden baseline to expire; one that is past waits for a
 * version that can be taken. */
static bool
recheck_golden(const struct ingest *in, struct plan *p, struct err *e)
{
	struct golden_binding b;

	if (!p->before.golden)
		return true;
	if (!golden_binding_of(in->t->db, p, &in->config->id, &b, e))
		return err_take(e, ERR_MISSING);
	if (b.recheck_at.ms > in->received_at.ms)
		finding_recheck(p->findings, b.recheck_at);
	return true;
}

static bool
plan_fill(const struct ingest *in, struct plan *p, struct err *e)
{
	struct plan_sides sides;
	const char       *status;

	if (!settle_read(in, p, e) || !plan_sides_make(in, p, &sides, e))
		return false;
	if (!uuid_is_nil(&sides.baseline) &&
	    (!plan_compare(in, p, &sides, e) || !finding_make(in, p, e) ||
		!recheck_golden(in, p, e)))
		return false;
	attributing_know(p);
	if (!completeness_plan(in, p, sides.current, sides.current_n, e) ||
	    !silence_plan(in, p, e) || !stability_plan(in, p, e))
		return false;
	status = status_of(p, &sides);
	if ((p->kind != PLAN_AGAIN && !plan_contents(in, p, &sides, e)) ||
	    !plan_record(p, in, status, &sides.baseline, e) || !attributing_plan(p, in, e) ||
	    !first_look_make(in, p, e))
		return false;
	plan_state(in, p, status);
	plan_state_word(in, p, p->diff != NULL && diff_count(&p->diff->summary) > 0);
	return p->after.state != NULL ? true : err_memory(e);
}

/* The report stands, and with it what was found in collections that it is not about. */
static bool
plan_same(const struct ingest *in, struct plan *p, struct err *e)
{
	if (!stability_plan(in, p, e))
		return false;
	plan_state_word(in, p,
	    strcmp(p->before.state, "drifted") == 0 || strcmp(p->report.status, "drifted") == 0);
	if (p->after.state == NULL)
		return err_memory(e);
	p->after.snapshot_id = in->snapshot_id;
	advance_clock(in, &p->after);
	p->after.last_run_at = in->received_at;
	if (p->collections.complete)
		p->after.last_complete_at = in->received_at;
	if (in->spec->mode == BASELINE_PREVIOUS) {
		p->after.baseline_snapshot = in->snapshot_id;
		p->after.baseline_seq = p->after.seq;
	}
	return true;
}

struct plan *
plan_make(TALLOC_CTX *mem, const struct ingest *in, struct err *e)
{
	struct plan *p = talloc_zero(mem, struct plan);
	bool         same = false, late, ok;

	if (p == NULL) {
		err_memory(e);
		return NULL;
	}
	if (in->read != NULL)
		p->before = in->read->state;
	else if (!config_state_by_id(in->t->db, p, &in->config->id, &p->before, e))
		return NULL;
	p->after = p->before;
	p->after.seq = p->before.seq + 1;
	if (!collections_know(in, p, e))
		return NULL;
	late = is_late(in, p);
	p->kind = late ? PLAN_LATE : PLAN_NEXT;
	if (!collections_plan(in, p, e) || !rule_hits_read(in, p, e) ||
	    (!late && !is_same(in, p, &same, e)))
		return NULL;
	if (same)
		p->kind = PLAN_SAME;
	else
		memset(&p->report, 0, sizeof(p->report));
	if (!same && in->snapshot->bare)
		return p;
	ok = pushers_plan(in, p, e) && (same ? plan_same(in, p, e) : plan_fill(in, p, e)) &&
	     plan_snapshot(in, p, e);
	return ok ? p : NULL; /* faults may lie in it: it goes with `mem` */
}

/* Nothing came, so that only what follows from the findings may change. */
struct plan *
plan_again(TALLOC_CTX *mem, const struct ingest *in, struct err *e)
{
	struct plan *p = talloc_zero(mem, struct plan);

	if (p == NULL) {
		err_memory(e);
		return NULL;
	}
	p->kind = PLAN_AGAIN;
	if (!config_state_by_id(in->t->db, p, &in->config->id, &p->before, e) ||
	    !report_by_id(in->t, p, &p->before.report_id, &p->report, e))
		return NULL;
	p->after = p->before;
	p->severities_before = p->report.by_severity;
	return collections_know(in, p, e) && collections_plan(in, p, e) && plan_fill(in, p, e)
		   ? p
		   : NULL;
}
