/* spec.h: a spec, checked and compiled. */
#include <string.h>

#include "drift/config/pack.h"
#include "drift/config/spec_priv.h"
#include "drift/source/rest.h"

/* ---- where snapshots come from ---- */

static bool
set_source(struct drift_spec *s, const struct drift *d, struct err *e)
{
	if (s->body.source == NULL)
		return err_fault(e, s, "/source", "is required");
	s->source.settings = s->body.source;
	s->source.ops = source_by_kind(s->body.source->kind);
	s->source.packs_dir = d->env->conf->sources_dir;
	return s->source.ops->check(s, &s->source, e);
}

static bool
set_schedule(struct drift_spec *s, struct err *e)
{
	if (s->body.schedule != NULL && s->source.ops->collect == NULL)
		return err_fault(e, s, "/schedule",
		    "goes with a source that is collected; how often a push is awaited is "
		    "expect_every_s");
	return schedule_compile(s, s->body.schedule, &s->schedule, e);
}

/* ---- compiling ---- */

/* A member given as null is none. */
static const struct json *
given_tree(const struct raw_json *v)
{
	return v->tree == NULL || v->tree->type == JSON_NULL ? NULL : v->tree;
}

static void
set_words(struct drift_spec *s)
{
	const struct spec_body *b = &s->body;

	s->mode = b->baseline != NULL && strcmp(b->baseline->mode, "previous") == 0
		      ? BASELINE_PREVIOUS
		      : BASELINE_PINNED;
	s->retention_s = b->retention_s;
	s->expect_every_s =
	    b->expect_every_s != 0 ? b->expect_every_s : schedule_beat_s(&s->schedule);
}

static bool
set_targets(struct drift_spec *s, struct err *e)
{
	const struct spec_alert *in = s->body.alerts.p;

	s->targets_n = s->body.alerts.n;
	s->targets = talloc_zero_size(s, (s->targets_n + 1) * sizeof(s->targets[0]));
	if (s->targets == NULL)
		return err_memory(e);
	for (size_t i = 0; i < s->targets_n; i++) {
		s->targets[i] = (struct alert_target) {
			.channel_id = in[i].channel_id,
			.min_severity = SEVERITY_LOW,
			.tell_ends = in[i].tell_ends,
			.tell_makers = in[i].tell_makers,
			.tell_work = work_choice(in[i].tell_work),
			.repeat_min_s = in[i].repeat_min_s == 0 ? REPEAT_MIN_S : in[i].repeat_min_s,
		};
		if (in[i].min_severity != NULL)
			(void)severity_parse(
			    str_of(in[i].min_severity), &s->targets[i].min_severity);
	}
	return true;
}

/* Behind all others: what the source knows of comparing what it reads. */
static bool
add_source_pack(struct drift_spec *s, struct packs *packs, struct err *e)
{
	struct rule_pack *own;

	if (s->source.compare == NULL)
		return true;
	own = talloc_zero(s, struct rule_pack);
	packs->items =
	    talloc_realloc(s, packs->items, const struct rule_pack *, (unsigned)packs->n + 1);
	if (own == NULL || packs->items == NULL)
		return err_memory(e);
	own->name = STR("source:"); /* of no file: no rule pack is called so */
	own->compare = s->source.compare;
	packs->items[packs->n++] = own;
	return true;
}

/* Packs are files, and files change. */
static bool
digest_packs(struct drift_spec *s, const struct packs *packs, struct err *e)
{
	struct buf b;

	buf_make(&b, s);
	for (size_t i = 0; i < packs->n; i++) {
		buf_add(&b, packs->items[i]->name.p, packs->items[i]->name.n);
		if (packs->items[i]->compare != NULL)
			json_print(&b, packs->items[i]->compare);
	}
	if (!buf_ok(&b))
		return err_memory(e);
	hash_sha256(b.p, b.n, s->packs_digest);
	talloc_free(b.p);
	return true;
}

static enum maker_words
makers_of(const struct source *s)
{
	return s->ops->trail                 ? MAKERS_OWN
	       : rest_attribution(s) != NULL ? MAKERS_TOLD
					     : MAKERS_NEVER;
}

static bool
compile_engine(struct drift_spec *s, const struct drift *d, struct compare_terms *terms,
    struct work *work, struct err *e)
{
	const struct strings *names = &s->body.rule_packs;
	struct packs          packs;

	if (names->items == NULL && s->source.rule_packs.n > 0)
		names = &s->source.rule_packs;
	if (!packs_load(s, d->env->conf->rules_dir, names, &packs, e) ||
	    !add_source_pack(s, &packs, e) || !digest_packs(s, &packs, e))
		return false;
	terms->instants = terms->edition >= COMPARE_EDITION_2;
	terms->config = given_tree(&s->body.compare);
	terms->packs = packs.items;
	terms->packs_n = packs.n;
	s->compare = compare_compile_terms(s, terms, work, e);
	if (s->compare == NULL ||
	    (s->source.ops->suits != NULL && !s->source.ops->suits(s, &s->source, s->compare, e)))
		return false;
	s->rules = rules_compile(s, given_tree(&s->body.rules), packs.items, packs.n, work, e);
	return s->rules != NULL &&
	       maker_rules_compile(s, s->rules, makers_of(&s->source), &s->makers, e);
}

/* The name stands beside the spec, not in it. */
static bool
decode(struct drift_spec *s, const char *text, struct err *e)
{
	char        *copy = talloc_strdup(s, text);
	struct json *tree;

	if (copy == NULL)
		return err_memory(e);
	tree = json_parse(s, str_of(copy), e);
	return tree != NULL && schema_decode(s, &drift_config_update_schema, tree, &s->body, e);
}

/* Faults belong to the spec's subtree, which goes: the caller's memory gets a copy. */
static void
move_faults(TALLOC_CTX *mem, struct err *e)
{
	struct fault *old = e->faults;
	struct fault *copy, **at = &e->faults;

	e->faults = NULL;
	for (; old != NULL; old = old->next) {
		copy = talloc_zero(mem, struct fault);
		if (copy == NULL)
			return;
		copy->pointer = talloc_strdup(copy, old->pointer);
		copy->detail = talloc_strdup(copy, old->detail);
		if (copy->pointer == NULL || copy->detail == NULL)
			return;
		*at = copy;
		at = &copy->next;
	}
}

static struct drift_spec *
compile_terms(TALLOC_CTX *mem, const struct drift *d, const char *text, struct compare_terms *terms,
    struct work *work, struct err *e)
{
	struct drift_spec *s = talloc_zero(mem, struct drift_spec);

	if (s == NULL) {
		err_memory(e);
		return NULL;
	}
	if (decode(s, text, e) && set_source(s, d, e) && set_schedule(s, e) && set_targets(s, e) &&
	    spec_limits(s, e) && spec_unread_set(s, e) && compile_engine(s, d, terms, work, e)) {
		set_words(s);
		return s;
	}
	move_faults(mem, e);
	talloc_free(s);
	return NULL;
}

struct drift_spec *
spec_compile(TALLOC_CTX *mem, const struct drift *d, const struct tenant_db *t,
    const struct drift_config *c, struct work *work, struct err *e)
{
	struct compare_terms terms = {
		.key = t->address_key,
		.edition = c->edition == 0 ? COMPARE_EDITION : (enum compare_edition)c->edition,
	};

	return compile_terms(mem, d, c->spec, &terms, work, e);
}

struct drift_spec *
spec_masks(TALLOC_CTX *mem, const struct drift *d, const struct tenant_db *t,
    const struct drift_config *c, struct work *work, struct err *e)
{
	struct compare_terms terms = {
		.key = t->address_key, .edition = COMPARE_EDITION, .masks_only = true
	};

	return compile_terms(mem, d, c->spec, &terms, work, e);
}

struct drift_spec *
spec_source(TALLOC_CTX *mem, const struct drift *d, const struct drift_config *c, struct err *e)
{
	struct drift_spec *s = talloc_zero(mem, struct drift_spec);

	if (s == NULL) {
		err_memory(e);
		return NULL;
	}
	if (decode(s, c->spec, e) && set_source(s, d, e))
		return s;
	move_faults(mem, e);
	talloc_free(s);
	return NULL;
}
