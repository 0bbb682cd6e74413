#include "drift/run/takeover.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/store/drift/promotion.h"
#include "core/store/drift/rekey.h"
#include "core/store/drift/report.h"
#include "core/store/drift/schedule.h"
#include "core/store/tx.h"
#include "drift/engine/redact.h"
#include "drift/run/place_list.h"
#include "drift/run/takeover_follow.h"
#include "drift/run/takeover_rename.h"
#include "drift/snapshot/comparison.h"

/* ---- the two comparisons ---- */

/* What is compared: the sides of the newest report. */
struct sides {
	struct snapshot baseline, newest;
	struct side     from, to;
	bool            there; /* there is a report of a comparison */
	bool            said;  /* somebody has said the baseline: masked values are left out */
};

static bool
read_sides(struct taking *k, struct sides *s, struct err *e)
{
	struct tenant_db *t = k->x->t;
	TALLOC_CTX       *mem = k->x->mem;
	struct report     report;

	*s = (struct sides) { 0 };
	if (uuid_is_nil(&k->state.report_id) || uuid_is_nil(&k->state.snapshot_id))
		return true;
	if (!report_by_id(t, mem, &k->state.report_id, &report, e))
		return false;
	if (uuid_is_nil(&report.baseline_id))
		return true;
	s->there = true;
	s->said = k->state.golden;
	return snapshot_by_id(t, mem, &report.baseline_id, &s->baseline, e) &&
	       snapshot_by_id(t, mem, &k->state.snapshot_id, &s->newest, e) &&
	       side_of_snapshot(t, mem, &s->baseline, &s->from, e) &&
	       side_of_snapshot(t, mem, &s->newest, &s->to, e);
}

struct comparing {
	const struct taking *k;
	struct diff         *diff;
	bool                 said;
};

static bool
compare_redacted(TALLOC_CTX *tmp, const struct comparing *c, const struct resource *from,
    const struct resource *to, struct err *e)
{
	struct redaction *x = redaction_make(tmp, c->k->x->work, e);
	struct resource   a = { 0 }, b = { 0 };

	if (x == NULL)
		return false;
	if (from != NULL)
		a = *from;
	if (to != NULL)
		b = *to;
	return (from == NULL || redact(x, tmp, &a, e)) && (to == NULL || redact(x, tmp, &b, e)) &&
	       diff_resource(c->diff, from != NULL ? &a : NULL, to != NULL ? &b : NULL, e);
}

static bool
compare_pair(void *arg, const struct resource *from, const struct resource *to, struct err *e)
{
	struct comparing *c = arg;
	TALLOC_CTX       *tmp;
	size_t            first = c->diff->n;
	bool              ok;

	if (!c->said)
		return diff_resource(c->diff, from, to, e) && diff_detach(c->diff, first, e);
	tmp = talloc_new(c->diff);
	ok = tmp != NULL ? compare_redacted(tmp, c, from, to, e) : err_memory(e);
	ok = ok && diff_detach(c->diff, first, e);
	talloc_free(tmp);
	return ok;
}

/* Under one edition. */
static struct diff *
compare_under(struct taking *k, enum compare_edition edition, const struct sides *s, struct err *e)
{
	const struct takeover *x = k->x;
	struct drift_config    c = k->config;
	struct drift_spec     *spec;
	struct comparing       how = { .k = k, .said = s->said };

	c.edition = edition;
	spec = spec_compile(x->mem, x->d, x->t, &c, x->work, e);
	if (spec == NULL)
		return NULL;
	k->spec = spec;
	compare_bind(spec->compare, c.id.b);
	how.diff = diff_make(x->mem, spec->compare, spec->rules, x->work, e);
	if (how.diff == NULL)
		return NULL;
	if (s->said)
		diff_redacted(how.diff);
	return !s->there ||
		       comparison_each(x->mem,
			   &(struct both_sides) { x->t, spec->compare, &s->from, &s->to, x->work },
			   compare_pair, &how, e)
		   ? how.diff
		   : NULL;
}

/* ---- what is known of a change ---- */

static int
by_name(const void *key, const void *member)
{
	const struct finding_name *a = key;
	const struct finding_row  *r = member;
	int                        d = memcmp(a->fingerprint.p, r->fingerprint.p, HASH_LEN);

	return d != 0 ? d : memcmp(a->value_hash.p, r->value_hash.p, HASH_LEN);
}

static struct known_finding *
known_by(const struct taking *k, const uint8_t *fingerprint, const struct change *c)
{
	const struct finding_name name = { { fingerprint, HASH_LEN }, { c->value_hash, HASH_LEN } };
	const struct finding_row *r;

	if (fingerprint == NULL || k->rows.n == 0)
		return NULL;
	r = bsearch(&name, k->rows.rows, k->rows.n, sizeof(k->rows.rows[0]), by_name);
	return r == NULL ? NULL : &k->known[r - k->rows.rows];
}

static struct known_finding *
known_of(const struct taking *k, const struct change *c)
{
	struct known_finding *f = known_by(k, c->fingerprint, c);

	for (uint32_t i = 0; f == NULL && i < c->formers; i++)
		f = known_by(k, c->former + (size_t)i * HASH_LEN, c);
	return f;
}

/* ---- from old names to new ones ---- */

/* What lies at the place of one change of now. */
struct origins {
	struct taking *k;
	size_t         first;   /* of its links */
	size_t         n;       /* changes of before */
	size_t         unknown; /* of these, without a row: the next report finds them anew */
	size_t         is;      /* the change of now */
};

static bool
add_link(struct taking *k, struct known_finding *f, size_t is, struct err *e)
{
	struct finding_link *more;

	if (k->links_n == k->links_room) {
		k->links_room = k->links_room == 0 ? 64 : 2 * k->links_room;
		more = talloc_realloc(
		    k->x->mem, k->links, struct finding_link, (unsigned)k->links_room);
		if (more == NULL)
			return err_memory(e);
		k->links = more;
	}
	k->links[k->links_n++] = (struct finding_link) { (size_t)(f - k->known), is };
	return true;
}

static bool
add_origin(void *arg, const struct change *was, struct err *e)
{
	struct origins       *o = arg;
	struct known_finding *f = known_of(o->k, was);

	o->n++;
	if (f == NULL) {
		o->unknown++;
		return true;
	}
	return add_link(o->k, f, o->is, e);
}

/* How far one is from being seen to: the least of several counts. */
static int
rank(const struct finding_row *r)
{
	static const char *const words[] = { "detected", "acknowledged", "in_progress", "ignored" };
	int                      i = 0;

	while (i < 4 && strcmp(words[i], r->status) != 0)
		i++;
	return i;
}

static instant
earlier(instant a, instant b)
{
	return a.ms == 0 || (b.ms != 0 && b.ms < a.ms) ? b : a;
}

/* What is known of all of them together. */
static struct finding_row
together(const struct taking *k, size_t first)
{
	struct finding_row r = k->rows.rows[k->links[first].was];
	instant            expires = r.expires_at;
	bool               present = r.present;
	int64_t            runs = r.runs;

	for (size_t i = first + 1; i < k->links_n; i++) {
		const struct finding_row *x = &k->rows.rows[k->links[i].was];

		expires = earlier(expires, x->expires_at);
		present = present || x->present;
		runs = x->runs > runs ? x->runs : runs;
		if (rank(x) < rank(&r))
			r = *x;
	}
	r.expires_at = rank(&r) == 4 ? expires : (instant) { 0 };
	r.present = present;
	r.runs = runs;
	return r;
}

static void
add_row(struct taking *k, struct finding_row r, const struct change *c)
{
	r.fingerprint = (struct blob) { c->fingerprint, HASH_LEN };
	r.value_hash = (struct blob) { c->value_hash, HASH_LEN };
	k->to[k->to_n++] = r;
}

static char accepted[] = "accepted", by_system[] = "system",
	    only_edition[] = "Nothing was changed here: it is called a change since comparing has "
			     "another edition.";

static void
add_of_edition(struct taking *k, const struct change *c)
{
	add_row(k,
	    (struct finding_row) {
		.config_id = k->config.id,
		.status = accepted,
		.present = true,
		.runs = 1,
		.reason = only_edition,
		.owner = by_system,
		.created_at = k->now,
		.updated_at = k->now,
	    },
	    c);
	k->of_edition++;
}

static bool
name_change(struct taking *k, const struct place_list *before, size_t i, struct err *e)
{
	const struct change  *c = &k->is->changes[i];
	struct known_finding *f = known_of(k, c);
	struct origins        o = { .k = k, .first = k->links_n, .is = i };

	if (f != NULL) {
		f->stays = true;
		return true;
	}
	if (!place_list_each(before, c, add_origin, &o, e))
		return false;
	if (o.n == 0 && k->whole)
		add_of_edition(k, c);
	else if (o.n == 0)
		return true; /* what was cut off may have been there: the next report finds it */
	else if (o.unknown > 0 || k->links_n == o.first)
		k->links_n = o.first;
	else
		add_row(k, together(k, o.first), c);
	return true;
}

/* A row that was of a place, but is of none of now, is not open any more. */
static void
see_gone(struct taking *k)
{
	for (size_t i = 0; i < k->was->n; i++) {
		struct known_finding *f = known_of(k, &k->was->changes[i]);

		if (f != NULL)
			f->was_there = true;
	}
	for (size_t i = 0; i < k->links_n; i++)
		k->known[k->links[i].was].moves = true;
}

static bool
name_all(struct taking *k, struct err *e)
{
	const struct place_list *before = place_list_make(k->x->mem, k->was, e);
	size_t                   room = k->is->n + k->rows.n + 1;

	k->to = talloc_array(k->x->mem, struct finding_row, (unsigned)room);
	if (before == NULL || k->to == NULL)
		return err_memory(e);
	for (size_t i = 0; i < k->is->n; i++)
		if (!name_change(k, before, i, e))
			return false;
	see_gone(k);
	return true;
}

/* ---- the deed ---- */

static bool
compare_both(struct taking *k, struct err *e)
{
	struct sides s;
	bool         renamed;

	if (!read_sides(k, &s, e))
		return false;
	k->was = compare_under(k, (enum compare_edition)k->config.edition, &s, e);
	if (k->was == NULL || !takeover_rename(k, &renamed, e) || !takeover_rename_changes(k, e) ||
	    (renamed && !read_sides(k, &s, e)))
		return false;
	k->is = compare_under(k, COMPARE_EDITION, &s, e);
	if (k->is == NULL)
		return false;
	k->whole = (int64_t)k->was->n == diff_count(&k->was->summary) &&
		   (int64_t)k->is->n == diff_count(&k->is->summary);
	return true;
}

static bool
read_known(struct taking *k, struct err *e)
{
	if (!rekey_findings(k->x->t->db, k->x->mem, &k->config.id, &k->rows, e))
		return false;
	k->known = talloc_zero_array(k->x->mem, struct known_finding, (unsigned)k->rows.n + 1);
	return k->known != NULL || err_memory(e);
}

/* One line of the config's history. */
static bool
say_so(struct db *db, const struct taking *k, struct err *e)
{
	const struct takeover *x = k->x;
	size_t                 moved = 0;
	char                   note[300];
	struct finding_event   v = { .id = uuid_make(x->d->env->clock, x->d->env->rand),
		  .config_id = k->config.id,
		  .subject = { k->config.id.b, sizeof(k->config.id.b) },
		  .at = k->now,
		  .actor = "system",
		  .to_status = "edition",
		  .note = note };

	for (size_t i = 0; i < k->rows.n; i++)
		moved += k->known[i].moves;
	snprintf(note, sizeof(note),
	    "Comparing has edition %d now; %zu findings have other names, and %zu places that only "
	    "the edition calls changes are accepted.",
	    COMPARE_EDITION, moved, k->of_edition);
	return finding_event_add(db, &v, 1, e);
}

/* Its days begin with the takeover, so that an upgrade tells nobody of all baselines at once. */
static bool
review_later(struct db *db, const struct taking *k, struct err *e)
{
	const struct config_state *s = &k->state;

	if (s->baseline_approved || s->golden || uuid_is_nil(&s->baseline_snapshot) ||
	    k->spec->mode == BASELINE_PREVIOUS)
		return true;
	return schedule_set(
	    db, SCHEDULE_REVIEW, &k->config.id, k->spec->limits.review_after_days * 86400, e);
}

static bool
takeover_body(struct db *db, void *arg, struct err *e)
{
	const struct takeover *x = arg;
	struct taking          k = { .x = x, .now = { clock_ms(x->d->env->clock) } };

	/* The lock first: what is read after it is as the deed before left it. */
	if (!config_state_lock(db, x->mem, &x->config, &k.state, e) ||
	    !config_by_id(x->t, x->mem, &x->config, &k.config, e))
		return false;
	if (k.config.edition >= COMPARE_EDITION)
		return true;
	return promotion_lines_all(db, x->mem, &x->config, e) && read_known(&k, e) &&
	       compare_both(&k, e) && name_all(&k, e) && takeover_follow(&k, e) &&
	       say_so(db, &k, e) && review_later(db, &k, e) &&
	       config_set_edition(db, &x->config, COMPARE_EDITION, e);
}

bool
takeover(const struct takeover *x, struct err *e)
{
	struct takeover deed = *x;
	const struct tx tx = { "takeover", takeover_body, &deed, NULL, NULL };

	return tx_run(x->t->db, &tx, e);
}
