#include "drift/run/silencing.h"

#include <string.h>

#include "core/base/schema.h"
#include "core/store/config.h"
#include "core/store/silence.h"
#include "drift/run/wake.h"

static const char *const severities[] = {
#define X(id, wire, weight) wire,
	SEVERITIES(X)
#undef X
	    NULL
};
static const struct field matcher_fields[] = { FIELD(struct silence_matcher, config,
						   .flags = FIELD_NULLABLE | FIELD_OMIT_ZERO,
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
	FIELD_END };
const struct schema       silence_matcher_schema =
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

static bool
glob_fits(const char *glob, struct str s)
{
	struct glob g;

	if (glob == NULL)
		return true;
	g = glob_make(str_of(glob), false);
	return glob_match(&g, s);
}

static bool
covers(TALLOC_CTX *mem, const struct ingest *in, const struct silence_matcher *m,
    const struct pattern *path, const struct change *c, bool *yes, struct err *e)
{
	*yes = false;
	if (!uuid_is_nil(&m->config) && !uuid_eq(&m->config, &in->config->id))
		return true;
	if (m->severity != NULL && strcmp(m->severity, severity_name(c->severity)) != 0)
		return true;
	if (!glob_fits(m->category, c->category) || !glob_fits(m->key, c->key))
		return true;
	*yes = true;
	return m->path == NULL || life_path_matches(mem, path, c->path, yes, e);
}

/* A silence as it is told, and what it covers of this report. */
struct cover {
	struct silence_matcher m;
	struct pattern         path;
	const char            *by; /* NULL: it is still to come */
	size_t                 changes;
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
	if (s->starts_at.ms > in->received_at.ms)
		return true;
	uuid_print(&s->id, id);
	c->by = talloc_asprintf(p, "%s:%s", s->kind, id);
	return c->by != NULL ? true : err_memory(e);
}

static bool
apply_one(const struct ingest *in, struct plan *p, const struct silence *s, struct buf *told,
    struct err *e)
{
	struct life *l = p->life;
	struct cover c = { 0 };
	bool         yes;

	if (!cover_make(in, p, s, &c, e))
		return false;
	for (size_t i = 0; i < p->diff->n; i++) {
		if (l->hold[i] != HOLD_NONE)
			continue;
		if (!covers(p, in, &c.m, &c.path, &p->diff->changes[i], &yes, e))
			return false;
		c.changes += yes;
		if (!yes || c.by == NULL)
			continue;
		l->hold[i] = HOLD_SILENCE;
		l->by[i] = c.by;
	}
	if (c.changes == 0)
		return true;
	life_recheck(l, c.by == NULL ? s->starts_at : s->expires_at);
	if (c.by == NULL)
		return true;
	if (l->silence == NULL)
		l->silence = c.by;
	buf_printf(
	    told, "%c{\"by\":\"%s\",\"changes\":%zu}", told->n == 0 ? '[' : ',', c.by, c.changes);
	return true;
}

bool
silence_plan(const struct ingest *in, struct plan *p, struct err *e)
{
	struct silence *rows;
	struct buf      told;
	size_t          n;

	if (p->diff == NULL || p->diff->n == 0)
		return true;
	if (!silence_ahead(in->t->db, p, in->received_at, &rows, &n, e))
		return false;
	buf_make(&told, p);
	for (size_t i = 0; i < n; i++)
		if (!apply_one(in, p, &rows[i], &told, e))
			return false;
	if (told.n == 0)
		return true;
	buf_putc(&told, ']');
	p->life->suppressed.text = told.p;
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
		if (!wake_by(db, &rows[i], at, now, e))
			return false;
	return true;
}
