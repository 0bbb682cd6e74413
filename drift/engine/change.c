/* diff.h: one change: its paths, its severity, its hashes. */
#include <stdio.h>
#include <string.h>

#include "drift/engine/fingerprint.h"
#include "drift/engine/former.h"
#include "drift/engine/meet.h"

#define CHANGES_FIRST  16
#define REPLACED_FIRST 16  /* a power of two */
#define STEPS_COUNTED  5   /* to count a change */
#define STEPS_STORED   200 /* to name and hash it too, beside the bytes of its path */

/* ---- hashes ---- */

bool
walk_hash(struct walk *w, const struct place *at, const struct json *v)
{
	const struct element_how how = { &w->arrays, w->d->state->work };

	if (w->hashed == v)
		return true;
	w->text.n = 0;
	if (!element_text(&w->text, v, &how, at->here, at->name, w->e) ||
	    !work_spend(w->d->state->work, WORK_CHANGES, WORK_BYTES(w->text.n), w->e))
		return false;
	hash_key_hmac(w->d->state->spec->value_key, w->text.p, w->text.n, w->hash);
	w->hashed = v;
	return true;
}

static bool
path_hash(struct walk *w, struct str path, const struct change *c, uint8_t out[static HASH_LEN])
{
	const struct change_name name = { .category = c->category,
		.key = c->key,
		.path = path,
		.op = str_of(change_op_name(c->op)) };

	return fingerprint_of(w->d->state->spec, &name, &w->text, out, w->e);
}

/* Of a path beyond the limit its hash stands in its place. */
static bool
fingerprint(struct walk *w, const struct place *at, enum trail_text which, const struct change *c,
    uint8_t out[static HASH_LEN])
{
	char               hex[2 * HASH_LEN + 1];
	struct change_name name = { .category = c->category,
		.key = c->key,
		.path = trail_text(w, at, which),
		.op = str_of(change_op_name(c->op)) };

	if (name.path.n > CHANGE_PATH_MAX) {
		hex_print(trail_tag(w, at, which), HASH_LEN, hex);
		name.tag = (struct str) { hex, 2 * HASH_LEN };
	}
	return fingerprint_of(w->d->state->spec, &name, &w->text, out, w->e);
}

static bool
fingerprints(struct walk *w, const struct place *at, struct change *c)
{
	struct formers f = { .n = 0 };

	if (!fingerprint(w, at, TRAIL_CANONICAL, c, c->fingerprint))
		return false;
	if (w->d->state->trail->steps[at->depth].renamed) {
		if (!fingerprint(w, at, TRAIL_FORMER, c, f.hashes[0]))
			return false;
		f.n = 1;
	}
	if (!formers_add(w, at, c, path_hash, &f))
		return false;
	if (f.n == 0)
		return true;
	c->formers = f.n;
	c->former = chunks_copy(&w->d->state->kept, f.hashes, f.n * sizeof f.hashes[0]);
	return c->former != NULL || err_memory(w->e);
}

/* Is where it stands part of what it says?  Of the deleted only of those that may have twins:
 * others are known by their keys. */
static bool
is_positional(const struct walk *w, const struct place *at, const struct change *c)
{
	return at->ordered && w->d->state->spec->edition >= COMPARE_EDITION_2 &&
	       (c->op == CHANGE_CREATED || (c->op == CHANGE_DELETED && at->kind == PLACE_COUNTED));
}

/* What the element before it is known by: its keys, or all of it; *kind keeps these apart. */
static bool
name_before(struct walk *w, const struct place *at, struct str *kind, struct str *name)
{
	struct place     before = *at;
	struct keys_text t;
	uint32_t         hint = 0;
	bool             all;

	*kind = STR("first");
	*name = STR("");
	if (at->before == NULL)
		return true;
	if (!at->before_keyed) {
		*kind = STR("value");
		*name = (struct str) { (const char *)w->hash, HASH_LEN };
		before.here = places_down_index(&w->arrays.places, at->up->here, at->new_i - 1);
		return walk_hash(w, &before, at->before);
	}
	w->text.n = 0;
	if (!keys_text(&w->text, at->keys, at->before, &hint, &t, &all, w->e))
		return false;
	*kind = t.own ? STR("keys") : STR("text");
	*name = t.own ? buf_str(&w->text) : t.text;
	return buf_ok(&w->text)
		   ? work_spend(w->d->state->work, WORK_CHANGES, WORK_BYTES(name->n), w->e)
		   : err_memory(w->e);
}

static bool
value_hash(struct walk *w, const struct place *at, struct change *c)
{
	uint8_t    value[HASH_LEN];
	struct str kind, name;

	if (c->new_value != NULL && !walk_hash(w, at, c->new_value))
		return false;
	memcpy(value, c->new_value != NULL ? w->hash : w->d->state->spec->gone, HASH_LEN);
	memcpy(c->value_hash, value, HASH_LEN);
	if (!is_positional(w, at, c))
		return true;
	if (!name_before(w, at, &kind, &name))
		return false;
	hash_key_parts(w->d->state->spec->value_key,
	    (const struct str[]) { { (const char *)value, HASH_LEN }, kind, name }, 3,
	    c->value_hash);
	return true;
}

/* What was masked and is no more is known by its mask as long as the old side is one. */
static bool
former_value(struct walk *w, const struct place *at, struct change *c)
{
	const struct json *v = c->new_value;
	struct json        mask;
	struct str         hex;
	uint8_t           *former;

	if (v == NULL || c->old_value == NULL || v->type == JSON_OBJECT || v->type == JSON_ARRAY ||
	    v->type == JSON_NULL || !resource_masked(c->old_value, &hex) ||
	    resource_masked(v, &hex))
		return true;
	former = chunks_take(&w->d->state->kept, HASH_LEN);
	if (former == NULL)
		return err_memory(w->e);
	if (!meet_as_mask(w, v, &mask) || !walk_hash(w, at, &mask))
		return false;
	w->hashed = NULL; /* it goes */
	memcpy(former, w->hash, HASH_LEN);
	c->former_value = former;
	return true;
}

/* ---- recording ---- */

static bool
room(struct walk *w)
{
	struct diff   *d = w->d;
	struct change *more;

	if (d->n < d->state->cap)
		return true;
	d->state->cap = d->state->cap > 0 ? d->state->cap * 2 : CHANGES_FIRST;
	more = talloc_realloc(d, d->changes, struct change, (unsigned)d->state->cap);
	if (more == NULL)
		return err_memory(w->e);
	d->changes = more;
	return true;
}

#define NOWHERE SIZE_MAX

/* Where it is stored: behind the others, or, where there is no more room, in the place of the last
 * of the mildest.  What is stored is looked through once for each severity. */
static size_t
slot_for(const struct walk *w, enum severity severity)
{
	const struct diff *d = w->d;
	struct diff_state *s = d->state;

	if (!walk_full(w))
		return d->n;
	for (; s->mildest < severity && s->stored[s->mildest] == 0; s->mildest++)
		s->looked = 0;
	if (s->mildest >= severity)
		return NOWHERE;
	if (s->looked == 0)
		s->looked = d->n;
	while (d->changes[s->looked - 1].severity != s->mildest)
		s->looked--;
	return s->looked - 1;
}

static bool
note_replaced(struct walk *w, size_t slot)
{
	struct diff *d = w->d;
	size_t       n = d->replaced_n;

	if (n == 0 || (n >= REPLACED_FIRST && (n & (n - 1)) == 0)) {
		d->replaced = talloc_realloc(
		    d, d->replaced, size_t, (unsigned)(n == 0 ? REPLACED_FIRST : 2 * n));
		if (d->replaced == NULL)
			return err_memory(w->e);
	}
	d->replaced[d->replaced_n++] = slot;
	return true;
}

/* A copy that lives as long as the diff, as long as there is room for it; *cut: it is shortened. */
static bool
keep(struct walk *w, const struct place *at, enum trail_text which, struct str *out, bool *cut)
{
	struct diff_state *s = w->d->state;
	size_t             left = DIFF_PATHS_MAX - s->paths;
	char              *p;

	w->text.n = 0;
	if (!trail_show(w, at, which,
		left < CHANGE_PATH_HEAD  ? CHANGE_PATH_HEAD
		: left < CHANGE_PATH_MAX ? left
					 : CHANGE_PATH_MAX,
		&w->text))
		*cut = true;
	p = buf_ok(&w->text) ? chunks_text(&s->kept, buf_str(&w->text)) : NULL;
	if (p == NULL)
		return err_memory(w->e);
	*out = (struct str) { p, w->text.n };
	s->paths += out->n < left ? out->n : left;
	return true;
}

static bool
keep_place(struct walk *w, struct change *c)
{
	const char *p = "";

	if (c->rule_place.n > 0)
		p = chunks_text(&w->d->state->kept, c->rule_place);
	if (p == NULL)
		return err_memory(w->e);
	c->rule_place.p = p;
	return true;
}

/* Into the next place, or into that of a milder one, which stays counted. */
static bool
put(struct walk *w, const struct change *c, size_t slot)
{
	struct diff       *d = w->d;
	struct diff_state *s = d->state;

	if (slot < d->n) {
		s->stored[d->changes[slot].severity]--;
		d->shortened -= d->changes[slot].shortened;
		if (!note_replaced(w, slot))
			return false;
	} else {
		d->n++;
	}
	s->stored[c->severity]++;
	d->shortened += c->shortened;
	d->changes[slot] = *c;
	return true;
}

static bool
store(struct walk *w, const struct place *at, struct change *c, size_t slot)
{
	bool   cut = false;
	size_t path;

	if (slot < w->d->n && !trail_named(w, at))
		return false;
	path = trail_text(w, at, TRAIL_CANONICAL).n;
	if (!work_spend(w->d->state->work, WORK_CHANGES,
		STEPS_STORED + WORK_BYTES(path < CHANGE_PATH_MAX ? path : CHANGE_PATH_MAX), w->e))
		return false;
	if (!keep(w, at, c->op == CHANGE_DELETED ? TRAIL_OLD : TRAIL_NEW, &c->path, &cut) ||
	    !keep(w, at, TRAIL_CANONICAL, &c->canonical_path, &cut) || !fingerprints(w, at, c) ||
	    !value_hash(w, at, c) || !former_value(w, at, c) || !keep_place(w, c) || !room(w))
		return false;
	c->shortened = cut;
	return put(w, c, slot);
}

static void
count(struct diff_summary *s, const struct change *c)
{
	s->created += c->op == CHANGE_CREATED;
	s->deleted += c->op == CHANGE_DELETED;
	s->modified += c->op == CHANGE_MODIFIED;
	s->moved += c->op == CHANGE_MOVED;
	s->by_severity[c->severity]++;
	s->score += severity_weight(c->severity);
	if (c->severity > s->max_severity)
		s->max_severity = c->severity;
}

static bool
classify(struct walk *w, const struct place *at, struct change *c)
{
	const struct trail *t = w->d->state->trail;
	struct rule_subject s = {
		.op = c->op,
		.steps = t->names[c->op == CHANGE_DELETED ? TRAIL_OLD : TRAIL_NEW],
		.n_steps = at->depth,
		.labels = t->labels,
		.spoken = t->spoken,
		.old_value = c->old_value,
		.new_value = c->new_value,
		.around = { w->around[0], w->around[1] },
		.taken_out = w->d->rule_hits,
	};
	struct rule_verdict v;

	if (!w->picked && !rules_pick(w->tmp, w->d->state->rules, w->from, w->to, &w->rules,
			      w->d->state->matcher, w->e))
		return false;
	w->picked = true;
	if (!rules_classify(&w->rules, &s, &v, w->e))
		return false;
	if (v.index != RULE_NONE && v.severity != SEVERITY_IGNORE)
		w->d->rule_hits[v.index]++;
	c->severity = v.severity;
	c->rule = v.rule;
	c->reason = v.reason;
	c->rule_place = v.place; /* of the last change judged: copied where it is stored */
	c->controls = v.controls;
	c->judged_partly = v.partly;
	c->raisers = v.raisers;
	return true;
}

static bool
note_masked(struct walk *w, const struct place *at, struct change *c)
{
	return fingerprints(w, at, c) && value_hash(w, at, c) &&
	       walk_masked(w, at, c, c->fingerprint, c->value_hash);
}

bool
walk_full(const struct walk *w)
{
	return w->d->n >= DIFF_STORED_MAX;
}

bool
walk_change(struct walk *w, const struct place *at, const struct json *old_value,
    const struct json *new_value)
{
	const struct resource *r = w->to != NULL ? w->to : w->from;
	struct change          c = { .category = r->category,
			 .key = r->key,
			 .old_value = old_value,
			 .new_value = new_value };
	size_t                 slot;

	if (w->d->state->note != NULL)
		return w->d->state->note(w, at, old_value, new_value);
	c.op = at->moved           ? CHANGE_MOVED
	       : old_value == NULL ? CHANGE_CREATED
	       : new_value == NULL ? CHANGE_DELETED
				   : CHANGE_MODIFIED;
	if (!walk_spend(w) || !work_spend(w->d->state->work, WORK_CHANGES, STEPS_COUNTED, w->e) ||
	    !trail_to(w, at) || !classify(w, at, &c))
		return false;
	if (walk_is_masked(w, at, &c) && !note_masked(w, at, &c))
		return false;
	if (c.severity == SEVERITY_IGNORE) {
		w->d->summary.ignored++;
		return true;
	}
	count(&w->d->summary, &c);
	slot = slot_for(w, c.severity);
	return slot == NOWHERE || store(w, at, &c, slot);
}
