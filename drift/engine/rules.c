/* rules.h: compiling rules. */
#include "drift/engine/rules.h"

#include <stdio.h>
#include <string.h>

#include "core/json/schema.h"
#include "drift/engine/compiler.h"
#include "drift/engine/control.h"
#include "drift/engine/rule.h"
#include "drift/engine/rule_pack.h"

#define X(id, wire, weight) wire,
static const char *const severities[] = { SEVERITIES(X) "ignore", NULL };
#undef X
#define X(id, wire, weight) weight,
static const int64_t weights[] = { SEVERITIES(X) 0 };
#undef X
static const char *const ops[] = { "created", "deleted", "modified", "moved", NULL };
static const char *const directions[] = { "any", "grows", "shrinks", NULL };

const char *
severity_name(enum severity s)
{
	return severities[s];
}

bool
severity_parse(struct str s, enum severity *out)
{
	for (unsigned i = 0; i < SEVERITY__MAX; i++)
		if (str_eqz(s, severities[i])) {
			*out = (enum severity)i;
			return true;
		}
	return false;
}

int64_t
severity_weight(enum severity s)
{
	return weights[s];
}

bool
severities_print(TALLOC_CTX *mem, const int64_t *n, struct raw_json *out, struct err *e)
{
	struct buf b;

	buf_make(&b, mem);
	for (enum severity s = 0; s < SEVERITY__MAX; s++)
		buf_printf(&b, "%c\"%s\":%lld", s == 0 ? '{' : ',', severity_name(s),
		    n == NULL ? 0LL : (long long)n[s]);
	buf_putc(&b, '}');
	out->text = b.p;
	return buf_ok(&b) || err_memory(e);
}

const char *
change_op_name(enum change_op op)
{
	return ops[op];
}

/* ---- one rule ---- */

struct rule_in {
	const char     *name, *path, *direction, *severity, *reason;
	struct raw_json category, key, where, near, op, from, to, actor_not_in, outside;
	struct strings  controls;
	bool            casefold;
};
static const struct field rule_fields[] = {
	FIELD(
	    struct rule_in, name, .min = 1, .max = 64, .doc = "Name of the rule; else its number."),
	FIELD(
	    struct rule_in, category, .doc = "Glob or list of globs on the category; default any."),
	FIELD(struct rule_in, key,
	    .doc = "Glob or list of globs on the resource's key; default any."),
	FIELD(struct rule_in, where,
	    .doc = "JSON Pointers into the resource, each with a predicate."),
	FIELD(struct rule_in, near,
	    .doc = "JSON Pointers, each with a predicate on what it leads to nearest to the value "
		   "lost or gained: from the value itself, else from what it is in, and so on up."),
	FIELD(struct rule_in, path, .flags = FIELD_REQUIRED, .max = PATTERN_TEXT_MAX,
	    .doc = "Path pattern: a JSON Pointer; * is one step, ** any number, {a,b} one of "
		   "several."),
	FIELD(struct rule_in, casefold,
	    .doc = "Names in the path, and texts of where, near, from and to, match in upper and "
		   "lower "
		   "case."),
	FIELD(struct rule_in, op,
	    .doc = "created, deleted, modified, moved, or a list of them; default any."),
	FIELD(struct rule_in, from, .doc = "Predicate on a value that was lost."),
	FIELD(struct rule_in, to, .doc = "Predicate on a value that was gained."),
	FIELD(struct rule_in, direction, .choices = directions,
	    .doc = "Whether something was gained or lost at the path."),
	FIELD(struct rule_in, severity, .flags = FIELD_REQUIRED, .choices = severities,
	    .doc = "Severity of a change that matches."),
	FIELD(struct rule_in, reason, .max = 500, .doc = "One sentence for people."),
	FIELD(struct rule_in, actor_not_in,
	    .doc = "Ids: the rule raises the severity once it is known that somebody else made the "
		   "change."),
	FIELD(struct rule_in, outside,
	    .doc = "Windows of time, one or a list, such as \"mon-fri 08:00-18:00 "
		   "Europe/Berlin\": the rule raises the severity once it is known that the change "
		   "was made in none of them, or that there are further deeds whose time is not "
		   "told."),
	FIELD(struct rule_in, controls, .max = CONTROLS_MAX,
	    .doc = "Controls of CIS, SCuBA or NIST that it watches, such as \"CIS 5.2.2.1\", "
		   "\"SCuBA MS.AAD.3.1v1\" or \"NIST AC-6(5)\"."),
	FIELD_END,
};
static const struct schema rule_schema = SCHEMA("Rule", struct rule_in, rule_fields);

/* ---- conditions ---- */

/* Pointers, each with a predicate; `v` NULL: none. */
bool
rule_compile_where(struct compiler *c, const char *member, const struct json *v,
    struct rule_where **out, uint32_t *n)
{
	if (v == NULL)
		return true;
	if (v->type != JSON_OBJECT || v->n > 20)
		return compiler_fault(c, member, "must be an object of at most 20 members");
	*out = talloc_array(c->mem, struct rule_where, v->n);
	if (*out == NULL)
		return err_memory(c->e);
	for (; *n < v->n; ++*n) {
		struct rule_where *w = &(*out)[*n];

		w->pointer = v->names[*n];
		if (!compiler_charge(c, member, 1))
			return false;
		if (w->pointer.n > 0 && w->pointer.p[0] != '/')
			return compiler_fault(c, member, "member names must be JSON Pointers");
		if (!predicate_compile(c, member, &v->items[*n], &w->is))
			return false;
	}
	return true;
}

/* Each once, and in the order of the list. */
static bool
check_controls(struct compiler *c, const struct strings *controls)
{
	char member[40];

	for (size_t i = 0; i < controls->n; i++) {
		snprintf(member, sizeof member, "/controls/%zu", i);
		if (!control_ok(str_of(controls->items[i])))
			return compiler_fault(c, member,
			    "must be an identifier of CIS, SCuBA or NIST, such as \"CIS 5.2.2.1\", "
			    "\"SCuBA MS.AAD.3.1v1\" or \"NIST AC-6(5)\"");
		for (size_t k = 0; k < i; k++)
			if (strcmp(controls->items[k], controls->items[i]) == 0)
				return compiler_fault(c, member, "stands there twice");
	}
	return true;
}

static bool
compile_ops(struct compiler *c, const struct json *v, struct rule *out)
{
	bool               list = v->type == JSON_ARRAY;
	const struct json *items = list ? v->items : v;
	uint32_t           n = list ? v->n : 1;

	out->ops = 0;
	for (uint32_t i = 0; i < n; i++)
		for (unsigned op = 0; op < CHANGE_OP__MAX; op++)
			if (items[i].type == JSON_STRING && str_eqz(items[i].text, ops[op]))
				out->ops |= 1u << op;
	if (out->ops == 0 || n > CHANGE_OP__MAX || (uint32_t)__builtin_popcount(out->ops) != n)
		return compiler_fault(
		    c, "/op", "must be created, deleted, modified, moved, or a list of them");
	return true;
}

static bool
compile_conditions(struct compiler *c, const struct rule_in *in, struct rule *out)
{
	const struct json *from = in->from.tree, *to = in->to.tree;

	out->has_from = from != NULL;
	out->has_to = to != NULL;
	if (!compiler_globs(c, "/category", in->category.tree, true, &out->category) ||
	    !compiler_globs(c, "/key", in->key.tree, false, &out->key) ||
	    !rule_compile_where(c, "/where", in->where.tree, &out->where, &out->n_where) ||
	    !rule_compile_where(c, "/near", in->near.tree, &out->near, &out->n_near) ||
	    (in->op.tree != NULL && !compile_ops(c, in->op.tree, out)))
		return false;
	return (from == NULL || predicate_compile(c, "/from", from, &out->from)) &&
	       (to == NULL || predicate_compile(c, "/to", to, &out->to));
}

/* ---- what raises ---- */

static bool
check_texts(struct compiler *c, const char *member, const struct json *v, size_t most)
{
	const struct json *items = v->type == JSON_ARRAY ? v->items : v;
	size_t             n = v->type == JSON_ARRAY ? v->n : 1;
	char               what[80];

	snprintf(what, sizeof(what), "must be 1 to %zu texts of 1 to 254 bytes", most);
	if (n == 0 || n > most)
		return compiler_fault(c, member, what);
	for (size_t i = 0; i < n; i++)
		if (items[i].type != JSON_STRING || items[i].text.n == 0 || items[i].text.n > 254)
			return compiler_fault(c, member, what);
	return compiler_charge(c, member, n);
}

static bool
compile_raising(struct compiler *c, const struct rule_in *in, struct rules *all, struct rule *out)
{
	const struct json *who = in->actor_not_in.tree, *when = in->outside.tree;

	if (who == NULL && when == NULL)
		return true;
	if (out->severity == SEVERITY_IGNORE)
		return compiler_fault(c, "/severity",
		    "cannot be ignore: who made a change, and when, only raises what it is");
	if (who != NULL && who->type != JSON_ARRAY)
		return compiler_fault(c, "/actor_not_in", "must be a list of ids");
	if (all->raisers_n == RAISERS_MAX)
		return compiler_fault(
		    c, "", "at most 64 rules may ask who made a change, or when, packs included");
	out->raises = UINT64_C(1) << all->raisers_n++;
	out->actor_not_in = who;
	out->outside = when;
	return (who == NULL || check_texts(c, "/actor_not_in", who, RULE_ACTORS_MAX)) &&
	       (when == NULL || check_texts(c, "/outside", when, RULE_WINDOWS_MAX));
}

bool
rules_raiser(const struct rules *rules, uint32_t i, struct rule_raiser *out)
{
	const struct rule *r = rules == NULL ? NULL : rules->items;

	for (uint32_t k = 0; r != NULL && i < RAISERS_MAX && k < rules->n; k++, r++) {
		if (r->raises == 0 || r->raises != UINT64_C(1) << i)
			continue;
		*out = (struct rule_raiser) { r->raises, k, r->actor_not_in, r->outside,
			{ .severity = r->severity,
			    .rule = r->name,
			    .reason = r->reason,
			    .index = k,
			    .place = { "", 0 },
			    .controls = r->controls.n > 0 ? &r->controls : NULL } };
		return true;
	}
	return false;
}

static bool
compile_rule(
    struct compiler *c, const char *pack, size_t i, const struct json *v, struct rules *all)
{
	struct rule   *out = &all->items[all->n];
	struct rule_in in;

	if (!schema_decode_at(c->mem, &rule_schema, v, c->at, &in, c->e))
		return false;
	*out = (struct rule) { .ops = (1u << CHANGE_OP__MAX) - 1, .reason = "" };
	c->fold = in.casefold;
	out->severity = (enum severity)compiler_choice(severities, in.severity);
	if (in.direction != NULL)
		out->direction = (enum rule_direction)compiler_choice(directions, in.direction);
	if (in.reason != NULL)
		out->reason = in.reason;
	out->name = in.name != NULL ? talloc_asprintf(c->mem, "%s:%s", pack, in.name)
				    : talloc_asprintf(c->mem, "%s:%zu", pack, i + 1);
	if (out->name == NULL)
		return err_memory(c->e);
	out->controls = in.controls;
	if (!check_controls(c, &out->controls) || !compiler_path(c, in.path, &out->path))
		return false;
	if (in.casefold)
		pattern_fold(&out->path);
	return compile_conditions(c, &in, out) && compile_raising(c, &in, all, out);
}

enum severity
severity_worse(enum severity a, enum severity b)
{
	return b != SEVERITY_IGNORE && b > a ? b : a;
}

static bool
compile_list(struct compiler *c, const char *pack, struct str from, const char *root,
    const struct json *v, struct rules *out)
{
	struct rule *more;

	if (v == NULL)
		return true;
	if (v->type != JSON_ARRAY || v->n > RULES_MAX - out->n)
		return err_fault(
		    c->e, c->mem, root, "must be a list of rules, at most %d in all", RULES_MAX);
	more = talloc_realloc(out, out->items, struct rule, out->n + v->n + 1);
	if (more == NULL)
		return err_memory(c->e);
	out->items = more;
	for (uint32_t i = 0; i < v->n; i++) {
		struct rule *rule = &out->items[out->n];

		snprintf(c->at, sizeof c->at, "%s/%u", root, i);
		if (!compile_rule(c, pack, i, &v->items[i], out))
			return false;
		rule->origin = (struct rule_origin) { from, i, &v->items[i] };
		rule->at = out->n++;
		out->worst = severity_worse(out->worst, rule->severity);
	}
	return true;
}

struct rules *
rules_compile(TALLOC_CTX *mem, const struct json *config, const struct rule_pack *const *packs,
    size_t n, struct work *work, struct err *e)
{
	struct rules   *out = talloc_zero(mem, struct rules);
	struct compiler c = { .mem = out, .e = e, .work = work, .most = RULES_CONDITIONS_MAX };
	char            root[100], name[65];
	bool            ok;

	if (out == NULL) {
		(void)err_memory(e);
		return NULL;
	}
	out->worst = RULE_DEFAULT_SEVERITY;
	ok = compile_list(&c, "config", STR(""), "/rules", config, out);
	for (size_t i = 0; ok && i < n; i++) {
		snprintf(name, sizeof name, "%.*s", (int)packs[i]->name.n, packs[i]->name.p);
		snprintf(root, sizeof root, "/rule_packs/%s/rules", name);
		ok = compile_list(&c, name, packs[i]->name, root, packs[i]->rules, out);
	}
	return ok ? out : NULL; /* on failure it stays a child of `mem`: it owns the faults */
}

uint32_t
rules_count(const struct rules *rules)
{
	return rules == NULL ? 0 : rules->n;
}

const struct rule_origin *
rules_origin(const struct rules *rules, uint32_t i)
{
	return &rules->items[i].origin;
}

const char *
rules_name(const struct rules *rules, uint32_t i)
{
	return rules->items[i].name;
}
