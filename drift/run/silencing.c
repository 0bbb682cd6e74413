#include "drift/run/silencing.h"

#include <string.h>

#include "core/json/schema.h"
#include "core/store/drift/config.h"
#include "core/store/drift/schedule.h"
#include "core/store/drift/silence.h"

static const char *const severities[] = {
#define X(id, wire, weight) wire,
	SEVERITIES(X)
#undef X
	    NULL
};
static const struct field matcher_fields[] = {
	FIELD(struct silence_matcher, config, .flags = FIELD_NULLABLE | FIELD_OMIT_ZERO,
	    .doc = "Only of this config."),
	FIELD(struct silence_matcher, category, .min = 1, .max = GLOB_TEXT_MAX,
	    .flags = FIELD_NULLABLE | FIELD_OMIT_ZERO, .doc = "Category; * stands for anything."),
	FIELD(struct silence_matcher, key, .min = 1, .max = GLOB_TEXT_MAX,
	    .flags = FIELD_NULLABLE | FIELD_OMIT_ZERO,
	    .doc = "Key of the resource; * stands for anything."),
	FIELD(struct silence_matcher, path, .max = PATTERN_TEXT_MAX,
	    .flags = FIELD_NULLABLE | FIELD_OMIT_ZERO,
	    .doc = "JSON Pointer; a step may be * or **."),
	FIELD(struct silence_matcher, severity, .choices = severities,
	    .flags = FIELD_NULLABLE | FIELD_OMIT_ZERO, .doc = "Only of this severity."),
	FIELD_END,
};
const struct schema silence_matcher_schema =
    SCHEMA_GIVEN("DriftSilenceMatcher", struct silence_matcher, matcher_fields, given);

bool
silence_check(TALLOC_CTX *mem, const struct silence_matcher *m, struct err *e)
{
	struct pattern p;

	if (uuid_is_nil(&m->config) && m->category == NULL && m->key == NULL && m->path == NULL &&
	    m->severity == NULL)
		return err_fault(e, mem, "/matcher", "must name something");
	return m->path == NULL || pattern_compile(mem, str_of(m->path), "/matcher/path", &p, e);
}

/* A silence as it is told, and what it covers of this report. */
struct cover {
	struct silence_matcher m;
	struct glob            category, key;
	struct pattern         path;
	const char            *by; /* NULL: it is still to come */
	size_t                 changes;
	const struct change
	    *place; /* the last one looked at: those of one resource follow each other */
	bool fits;  /* that resource */
};

static bool
cover_make(const struct ingest *in, struct plan *p, const struct silence *s, struct cover *c,
    struct err *e)
{
	struct json *tree = json_parse(p, str_of(s->matcher.text), e);
	char         id[UUID_TEXT_MAX];

	if (tree == NULL || !schema_decode(p, &silence_matcher_schema, tree, &c->m, e) ||
	    (c->m.path != NULL && !pattern_compile(p, str_of(c->m.path), "", &c->path, e))) {
		err_clear(e); /* what is stored is no fault of the push */
		return err_set(
		    e, ERR_INTERNAL, 0, "internal error", "a stored silence does not decode");
	}
	if (c->m.category != NULL)
		c->category = glob_make(str_of(c->m.category), false);
	if (c->m.key != NULL)
		c->key = glob_make(str_of(c->m.key), false);
	if (s->starts_at.ms > in->received_at.ms)
		return true;
	uuid_print(&s->id, id);
	c->by = talloc_asprintf(p, "%s:%s", s->kind, id);
	return c->by != NULL ? true : err_memory(e);
}

/* ---- what one covers ---- */

static bool
fits(const char *given, const struct glob *g, struct str s, uint64_t *steps)
{
	if (given == NULL)
		return true;
	*steps += 1 + (g->stars < 2 ? 0 : s.n / 2);
	return glob_match(g, s);
}

static bool
fits_place(struct cover *c, const struct change *x, uint64_t *steps)
{
	if (c->place == NULL || c->place->category.p != x->category.p ||
	    c->place->key.p != x->key.p)
		c->fits = fits(c->m.category, &c->category, x->category, steps) &&
			  fits(c->m.key, &c->key, x->key, steps);
	c->place = x;
	return c->fits;
}

static bool
covers(const struct ingest *in, struct cover *c, const struct change *x, bool *yes, struct err *e)
{
	uint64_t steps = 1;

	*yes = (c->m.severity == NULL || strcmp(c->m.severity, severity_name(x->severity)) == 0) &&
	       fits_place(c, x, &steps);
	if (*yes && c->m.path != NULL &&
	    !finding_path_matches(in->mem, &c->path, x->path, &steps, yes, e))
		return false;
	return work_spend(in->work, WORK_SILENCE, steps, e);
}

/* Those that nothing holds yet. */
static bool
cover_all(const struct ingest *in, struct plan *p, struct cover *c, struct err *e)
{
	struct plan_findings *l = p->findings;
	bool                  yes;

	if (!uuid_is_nil(&c->m.config) && !uuid_eq(&c->m.config, &in->config->id))
		return true;
	for (size_t i = 0; i < p->diff->n; i++) {
		if (l->hold[i] != HOLD_NONE)
			continue;
		if (!covers(in, c, &p->diff->changes[i], &yes, e))
			return false;
		c->changes += yes;
		if (!yes || c->by == NULL)
			continue;
		l->hold[i] = HOLD_SILENCE;
		l->by[i] = c->by;
	}
	return true;
}

static void
tell(struct plan *p, const struct silence *s, const struct cover *c, struct buf *told)
{
	struct plan_findings *l = p->findings;

	if (c->changes == 0)
		return;
	finding_recheck(l, c->by == NULL ? s->starts_at : s->expires_at);
	if (c->by == NULL)
		return;
	if (l->silence == NULL)
		l->silence = c->by;
	buf_printf(
	    told, "%c{\"by\":\"%s\",\"changes\":%zu}", told->n == 0 ? '[' : ',', c->by, c->changes);
}

/* *over: the silences cost too much: what is left of them silences nothing, which is told at worst.
 */
static bool
apply_one(const struct ingest *in, struct plan *p, const struct silence *s, struct buf *told,
    bool *over, struct err *e)
{
	struct cover c = { 0 };

	if (!cover_make(in, p, s, &c, e))
		return false;
	if (!cover_all(in, p, &c, e)) {
		*over = work_forgo(in->work, WORK_SILENCE, e);
		if (!*over)
			return false;
	}
	tell(p, s, &c, told);
	return true;
}

bool
silence_plan(const struct ingest *in, struct plan *p, struct err *e)
{
	struct buf told;
	bool       over = false;

	if (p->diff == NULL || p->diff->n == 0)
		return true;
	buf_make(&told, p);
	for (size_t i = 0; !over && i < p->silences_n; i++)
		if (!apply_one(in, p, &p->silences[i], &told, &over, e))
			return false;
	if (told.n == 0)
		return true;
	buf_putc(&told, ']');
	p->findings->suppressed.text = told.p;
	return buf_ok(&told) ? true : err_memory(e);
}

bool
silence_wake(struct db *db, TALLOC_CTX *mem, const struct uuid *config, instant at, instant now,
    struct err *e)
{
	struct config_state *rows;
	size_t               n;

	if (!config_stirred(db, mem, config, &rows, &n, e) || !config_touch(db, config, at, e))
		return false;
	for (size_t i = 0; i < n; i++)
		if (!schedule_recheck_by(db, &rows[i], at, now, e))
			return false;
	return true;
}
