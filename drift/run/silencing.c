#include "drift/run/silencing.h"

#include <string.h>

#include "core/base/schema.h"
#include "core/store/silence.h"

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

static bool
apply_one(const struct ingest *in, struct plan *p, const struct silence *s, struct err *e)
{
	struct json           *tree = json_parse(p, str_of(s->matcher.text), e);
	struct silence_matcher m = { 0 };
	struct pattern         path = { 0 };
	char                   id[UUID_TEXT_MAX];
	bool                   yes, any = false;

	if (tree == NULL || !schema_decode(p, &silence_matcher_schema, tree, &m, e) ||
	    (m.path != NULL && !pattern_compile(p, str_of(m.path), "", &path, e))) {
		err_clear(e); /* what is stored is no fault of the push */
		return err_set(
		    e, ERR_INTERNAL, 0, "internal error", "a stored silence does not decode");
	}
	for (size_t i = 0; i < p->diff->n; i++) {
		if (p->life->hold[i] != HOLD_NONE)
			continue;
		if (!covers(p, in, &m, &path, &p->diff->changes[i], &yes, e))
			return false;
		if (yes)
			p->life->hold[i] = HOLD_SILENCE;
		any = any || yes;
	}
	if (!any)
		return true;
	life_recheck(p->life, s->expires_at);
	uuid_print(&s->id, id);
	if (p->life->silence == NULL)
		p->life->silence = talloc_asprintf(p, "silence:%s", id);
	return p->life->silence != NULL ? true : err_memory(e);
}

bool
silence_plan(const struct ingest *in, struct plan *p, struct err *e)
{
	struct silence *rows;
	size_t          n;

	if (p->diff == NULL || p->diff->n == 0)
		return true;
	if (!silence_in_force(in->t->db, p, in->received_at, &rows, &n, e))
		return false;
	for (size_t i = 0; i < n; i++)
		if (!apply_one(in, p, &rows[i], e))
			return false;
	return true;
}
