#include "drift/engine/rule_pack.h"

#include <stdio.h>
#include <string.h>

#include "core/json/schema.h"
#include "drift/engine/compiler.h"
#include "drift/engine/lookup.h"
#include "drift/engine/rule.h"

struct pack_sign {
	struct globs       category; /* n == 0: any */
	struct rule_where *where;
	uint32_t           n_where;
	bool               has_path, has_value;
	struct pattern     path;
	struct predicate   value;
};

/* ---- a pack's text ---- */

struct sign_in {
	struct raw_json category, where, value;
	const char     *path;
};
static const struct field sign_fields[] = {
	FIELD(struct sign_in, category, .doc = "Glob or list of globs on the category."),
	FIELD(struct sign_in, where,
	    .doc = "JSON Pointers into the resource, each with a predicate."),
	FIELD(struct sign_in, path, .max = PATTERN_TEXT_MAX,
	    .doc = "Path pattern that is met somewhere in the resource."),
	FIELD(struct sign_in, value, .doc = "Predicate on the value that meets it; default any."),
	FIELD_END,
};
static const struct schema sign_schema = SCHEMA("RulePackSign", struct sign_in, sign_fields);

struct pack_in {
	const char     *name, *description;
	struct strings  includes;
	struct raw_json suits, compare, rules;
};
static const struct field pack_fields[] = {
	FIELD(struct pack_in, name, .flags = FIELD_REQUIRED, .min = 1, .max = PACK_NAME_MAX,
	    .doc = "Name, as in rule_packs."),
	FIELD(struct pack_in, description, .max = 1000, .doc = "What it is for."),
	FIELD(struct pack_in, includes, .max = PACK_INCLUDES_MAX, .doc = "Packs it builds on."),
	FIELD(struct pack_in, suits, .doc = "Signs by which its kind of configuration is known."),
	FIELD(struct pack_in, compare, .doc = "As in a drift config."),
	FIELD(struct pack_in, rules, .doc = "As in a drift config."),
	FIELD_END,
};
static const struct schema pack_schema = SCHEMA("RulePack", struct pack_in, pack_fields);

bool
rule_pack_name_ok(struct str name)
{
	for (size_t i = 0; i < name.n; i++)
		if (name.p[i] == '\0' ||
		    strchr("abcdefghijklmnopqrstuvwxyz0123456789_-", name.p[i]) == NULL)
			return false;
	return name.n >= 1 && name.n <= PACK_NAME_MAX;
}

static bool
compile_sign(struct compiler *c, const struct json *v, struct pack_sign *out)
{
	struct sign_in in;

	if (!schema_decode_at(c->mem, &sign_schema, v, c->at, &in, c->e))
		return false;
	if (in.category.tree == NULL && in.where.tree == NULL && in.path == NULL)
		return compiler_fault(c, "", "must name one of category, where and path");
	if (in.value.tree != NULL && in.path == NULL)
		return compiler_fault(c, "/value", "is of the member path, which is not there");
	out->has_path = in.path != NULL;
	out->has_value = in.value.tree != NULL;
	return compiler_globs(c, "/category", in.category.tree, true, &out->category) &&
	       rule_compile_where(c, "/where", in.where.tree, &out->where, &out->n_where) &&
	       (in.path == NULL || compiler_path(c, in.path, &out->path)) &&
	       (in.value.tree == NULL ||
		   predicate_compile(c, "/value", in.value.tree, &out->value));
}

static bool
compile_signs(TALLOC_CTX *mem, const struct json *v, struct rule_pack *out, struct err *e)
{
	struct compiler c = { .mem = mem, .e = e, .most = PACK_SIGN_GLOBS };

	if (v == NULL)
		return true;
	if (v->type != JSON_ARRAY || v->n > PACK_SIGNS_MAX)
		return err_fault(
		    e, mem, "/suits", "must be a list of at most %d signs", PACK_SIGNS_MAX);
	out->signs = talloc_zero_array(mem, struct pack_sign, v->n);
	if (out->signs == NULL)
		return err_memory(e);
	for (; out->n_signs < v->n; out->n_signs++) {
		snprintf(c.at, sizeof c.at, "/suits/%u", out->n_signs);
		if (!compile_sign(&c, &v->items[out->n_signs], &out->signs[out->n_signs]))
			return false;
	}
	return true;
}

static bool
check_names(TALLOC_CTX *mem, const struct pack_in *in, struct err *e)
{
	char pointer[40];

	if (!rule_pack_name_ok(str_of(in->name)))
		return err_fault(e, mem, "/name", "may hold a-z, 0-9, _ and - only");
	for (size_t i = 0; i < in->includes.n; i++) {
		snprintf(pointer, sizeof pointer, "/includes/%zu", i);
		if (!rule_pack_name_ok(str_of(in->includes.items[i])))
			return err_fault(e, mem, pointer, "may hold a-z, 0-9, _ and - only");
	}
	return true;
}

static bool
decode(TALLOC_CTX *mem, struct str text, struct rule_pack *out, struct err *e)
{
	struct json   *v;
	struct pack_in in;

	if (!json_decode(mem, text, &text, e))
		return false;
	v = json_parse(mem, text, e);
	if (v == NULL || !schema_decode(mem, &pack_schema, v, &in, e) || !check_names(mem, &in, e))
		return false;
	*out = (struct rule_pack) {
		.name = str_of(in.name),
		.compare = in.compare.tree,
		.rules = in.rules.tree,
		.includes = in.includes,
	};
	return compile_signs(mem, in.suits.tree, out, e);
}

struct rule_pack *
rule_pack_parse(TALLOC_CTX *mem, struct str text, struct err *e)
{
	struct rule_pack *pack = talloc_zero(mem, struct rule_pack);

	if (pack == NULL)
		(void)err_memory(e);
	return pack != NULL && decode(pack, text, pack, e) ? pack : NULL;
}

/* ---- what it suits ---- */

/* One sign held against one resource. */
struct suiting {
	const struct pack_sign *sign;
	struct matcher         *matcher;
	struct err             *e;
};

static bool
where_holds(const struct suiting *s, const struct resource *r, bool *yes)
{
	TALLOC_CTX        *tmp = talloc_new(NULL);
	struct work       *work = matcher_work(s->matcher);
	struct lookup     *lookup = lookup_make(tmp, work, WORK_RULES, s->e);
	const struct json *v;
	bool               ok = lookup != NULL;

	*yes = true;
	for (uint32_t i = 0; ok && *yes && i < s->sign->n_where; i++) {
		const struct rule_where *w = &s->sign->where[i];

		ok = lookup_at(lookup, r->value, w->pointer, &v, s->e) &&
		     predicate_holds(s->matcher, &w->is, v, yes, s->e);
	}
	talloc_free(tmp);
	return ok;
}

/* Is there a value at the path, from `states` on? */
static bool
path_met(const struct suiting *s, uint64_t states, const struct json *v, bool *yes)
{
	const struct pattern *p = &s->sign->path;
	struct work          *work = matcher_work(s->matcher);
	char                  number[12];

	*yes = pattern_done(p, states);
	if (*yes && s->sign->has_value &&
	    !predicate_holds(s->matcher, &s->sign->value, v, yes, s->e))
		return false;
	for (uint32_t i = 0; !*yes && i < v->n; i++) {
		struct str name =
		    v->type == JSON_OBJECT
			? v->names[i]
			: (struct str) { number, (size_t)snprintf(number, sizeof number, "%u", i) };
		uint64_t steps = 1, next = pattern_step_counted(p, states, name, &steps);

		if (!work_spend(work, WORK_RULES, steps, s->e) ||
		    (next != 0 && !path_met(s, next, &v->items[i], yes)))
			return false;
	}
	return true;
}

static bool
sign_holds(const struct suiting *s, const struct resource *r, bool *yes)
{
	const struct pack_sign *sign = s->sign;

	*yes = true;
	if (!work_spend(matcher_work(s->matcher), WORK_RULES, 1, s->e))
		return false;
	if (sign->category.n > 0 &&
	    !matcher_globs(s->matcher, &sign->category, r->category, yes, s->e))
		return false;
	if (*yes && sign->n_where > 0 && !where_holds(s, r, yes))
		return false;
	return !*yes || !sign->has_path || path_met(s, pattern_start(&sign->path), r->value, yes);
}

bool
rule_pack_suits(const struct rule_pack *pack, const struct resource *r, struct matcher *m,
    bool *yes, struct err *e)
{
	struct suiting s = { NULL, m, e };

	*yes = false;
	for (uint32_t i = 0; !*yes && i < pack->n_signs; i++) {
		s.sign = &pack->signs[i];
		if (!sign_holds(&s, r, yes))
			return false;
	}
	return true;
}
