/* Rules see inside: each place of a new, deleted or replaced value is judged by its own first rule.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "drift/config/pack.h"
#include "drift/engine/matcher.h"
#include "tests/unit/engine.h"

/* Apostrophes stand for quotation marks. */
static const char *
quoted(const char *text)
{
	char *copy = text == NULL ? NULL : talloc_strdup(mem, text);

	for (char *p = copy; p != NULL && *p != '\0'; p++)
		if (*p == '\'')
			*p = '"';
	return copy;
}

static struct diff *
judged(struct rules *rules, const char *old, const char *new)
{
	struct compare_spec *spec = spec_of(NULL, key);
	struct err           e = { 0 };
	struct diff         *d = diff_make(mem, spec, rules, NULL, &e);
	struct resource      a, b;

	if (old != NULL)
		a = resource(spec, "c", quoted(old));
	if (new != NULL)
		b = resource(spec, "c", quoted(new));
	assert_true(diff_resource(d, old != NULL ? &a : NULL, new != NULL ? &b : NULL, &e));
	return d;
}

static struct rules *
compiled(const char *list)
{
	struct err    e = { 0 };
	struct rules *rules = rules_compile(mem, parse(quoted(list)), NULL, 0, NULL, &e);

	if (rules == NULL)
		fail_msg("%s: %s", list, e.detail);
	return rules;
}

/* "high:1@/a": severity, rule, and the place inside that it was decided by; "-1": ignored so many.
 */
static const char *
told(const struct diff *d)
{
	char *text = talloc_strdup(mem, "");

	for (size_t i = 0; i < d->n; i++) {
		const struct change *c = &d->changes[i];
		const char          *rule = strchr(c->rule, ':');

		text = talloc_asprintf_append(text, "%s%s:%s%s%.*s", i > 0 ? " " : "",
		    severity_name(c->severity), rule != NULL ? rule + 1 : c->rule,
		    c->rule_place.n > 0 ? "@" : "", (int)c->rule_place.n, c->rule_place.p);
	}
	if (d->summary.ignored > 0)
		text = talloc_asprintf_append(
		    text, "%s-%d", d->n > 0 ? " " : "", (int)d->summary.ignored);
	return text;
}

#define OPEN "{'path':'/**','direction':'grows','to':'0.0.0.0/0','severity':'critical'}"

static void
each_place_has_its_own_first_rule_and_the_worst_counts(void **state)
{
	static const struct {
		const char *rules, *old, *new, *want;
	} cases[] = {
		/* the outermost is no shelter for what is inside */
		{ "[" OPEN "]", "{}", "{'rule':{'cidr':'0.0.0.0/0'}}", "critical:1@/cidr" },
		{ "[" OPEN "]", NULL, "{'r':[{'a':['0.0.0.0/0']}]}", "critical:1@/r/0/a/0" },
		{ "[" OPEN "]", "{'r':null}", "{'r':{'c':'0.0.0.0/0'}}", "critical:1@/c" },
		{ "[" OPEN "]", "{'r':'x'}", "{'r':['x','0.0.0.0/0']}", "critical:1@/1" },
		{ "[" OPEN "]", "{'r':'x'}", "{'r':'0.0.0.0/0'}", "critical:1" },
		{ "[" OPEN "]", "{'r':{'c':'0.0.0.0/0'}}", "{}", "medium:default" },
		{ "[{'path':'','op':'created','severity':'info'}," OPEN "]", NULL,
		    "{'c':'0.0.0.0/0'}", "critical:2@/c" },
		{ "[{'path':'/r','severity':'low'}," OPEN "]", "{}", "{'r':{'c':'0.0.0.0/0'}}",
		    "critical:2@/c" },
		/* its own first rule: what stands earlier, even if milder */
		{ "[{'path':'/r/c','severity':'low'}," OPEN "]", "{}", "{'r':{'c':'0.0.0.0/0'}}",
		    "low:1@/c" },
		{ "[{'path':'/r/c','severity':'low'}," OPEN "]", "{}",
		    "{'r':{'c':'0.0.0.0/0','d':['0.0.0.0/0']}}", "critical:2@/d/0" },
		/* what has no rule is under that of the nearest place around it, else the default
		 */
		{ "[{'path':'','op':'created','severity':'info'}]", NULL, "{'a':1,'b':{'c':2}}",
		    "info:1" },
		{ "[{'path':'/r/a','severity':'low'}]", "{}", "{'r':{'a':1}}", "low:1@/a" },
		{ "[{'path':'/r/a','severity':'low'}]", "{}", "{'r':{'a':1,'b':1}}",
		    "medium:default" },
		{ "[{'path':'/r/a','severity':'high'}]", "{}", "{'r':{'a':1,'b':1}}", "high:1@/a" },
		{ "[{'path':'/r/*','severity':'info'}]", "{'r':[1,2]}", "{}", "info:1@/0" },
		{ "[{'path':'/r/a','severity':'high'}]", "{}", "{'r':{}}", "medium:default" },
		/* of equals the first, the outer before the inner, the old side before the new */
		{ "[{'path':'/r/**','severity':'high'}]", "{}", "{'r':{'a':{'b':1}}}", "high:1" },
		{ "[{'path':'/r/b','severity':'high'},{'path':'/r/a','severity':'high'}]", "{}",
		    "{'r':{'a':1,'b':1}}", "high:2@/a" },
		/* ignore takes out its place only ... */
		{ "[{'path':'/r','severity':'ignore'}]", "{}", "{'r':1}", "-1" },
		{ "[{'path':'/r','severity':'ignore'}]", "{}", "{'r':{'a':1}}", "medium:default" },
		{ "[{'path':'/r','severity':'ignore'},{'path':'/r/a','severity':'ignore'}]", "{}",
		    "{'r':{'a':1}}", "-1" },
		{ "[{'path':'/r/a','severity':'ignore'}]", "{}", "{'r':{'a':1,'b':1}}",
		    "medium:default" },
		{ "[{'path':'/r/a','severity':'ignore'}," OPEN "]", "{}",
		    "{'r':{'a':'0.0.0.0/0','b':'0.0.0.0/0'}}", "critical:2@/b" },
		{ "[{'path':'/r','severity':'ignore'}," OPEN "]", "{}", "{'r':{'c':'0.0.0.0/0'}}",
		    "critical:2@/c" },
		/* ... but with all inside where it ends so, except what an earlier rule speaks of
		 */
		{ "[{'path':'/r/**','severity':'ignore'}," OPEN "]", "{}",
		    "{'r':{'c':'0.0.0.0/0'}}", "-1" },
		{ "[" OPEN ",{'path':'/r/**','severity':'ignore'}]", "{}",
		    "{'r':{'c':'0.0.0.0/0','d':1}}", "critical:1@/c" },
		{ "[" OPEN ",{'path':'/r/**','severity':'ignore'}]", "{}", "{'r':{'d':1}}", "-1" },
		{ "[{'path':'/r/**','direction':'grows','severity':'ignore'}]", "{}",
		    "{'r':{'d':'','e':null}}", "-1" },
		{ "[{'path':'/r/**','severity':'ignore'}]", "{}", "{'r':{'d':1},'s':1}",
		    "medium:default -1" },
		/* op is that of the place or of the change */
		{ "[{'path':'/r/a','op':'created','severity':'high'}]", "{'r':null}",
		    "{'r':{'a':1}}", "high:1@/a" },
		{ "[{'path':'/r/a','op':'modified','severity':'high'}]", "{'r':null}",
		    "{'r':{'a':1}}", "high:1@/a" },
		{ "[{'path':'/r/a','op':'deleted','severity':'high'}]", "{'r':{'a':1}}",
		    "{'r':null}", "high:1@/a" },
		{ "[{'path':'/r/a','op':'deleted','severity':'high'}]", "{'r':null}",
		    "{'r':{'a':1}}", "medium:default" },
		/* absent is nothing to from and to, but that it is absent */
		{ "[{'path':'/a','from':{'exists':false},'to':false,'severity':'high'}]", "{}",
		    "{'a':false}", "high:1" },
		{ "[{'path':'/a','from':{'exists':false},'to':false,'severity':'high'}]",
		    "{'a':true}", "{'a':false}", "medium:default" },
		{ "[{'path':'/a','from':[true,{'exists':false}],'severity':'high'}]", "{}",
		    "{'a':false}", "high:1" },
		{ "[{'path':'/a','from':{'not':true},'severity':'high'}]", "{}", "{'a':false}",
		    "medium:default" },
		/* what was there before is not new */
		{ "[" OPEN "]", "{'r':'0.0.0.0/0'}", "{'r':['0.0.0.0/0']}", "medium:default" },
		{ "[" OPEN "]", "{'r':'0.0.0.0/0'}", "{'r':['0.0.0.0/0','a']}", "medium:default" },
		{ "[" OPEN "]", "{'r':['0.0.0.0/0','a']}", "{'r':'0.0.0.0/0'}", "medium:default" },
		{ "[" OPEN "]", "{'r':'a'}", "{'r':['0.0.0.0/0','a']}", "critical:1@/0" },
		{ "[" OPEN "]", "{'r':['0.0.0.0/0','a']}", "{'r':['0.0.0.0/0','b']}",
		    "medium:default medium:default" },
		{ "[" OPEN "]", "{'r':{'c':'0.0.0.0/0','d':1}}", "{'r':{'c':'0.0.0.0/0','d':2}}",
		    "medium:default" },
		{ "[" OPEN "]", "{'r':[{'id':1,'c':'0.0.0.0/0','d':1}]}",
		    "{'r':[{'id':1,'c':'0.0.0.0/0','d':2}]}", "medium:default" },
		{ "[" OPEN "]", "{'r':[{'id':1,'c':'0.0.0.0/0'}]}",
		    "{'r':[{'id':1,'c':'0.0.0.0/0'},{'id':2,'c':'b'}]}", "medium:default" },
		{ "[" OPEN "]", "{'r':[{'id':1,'c':'0.0.0.0/0'}]}",
		    "{'r':[{'id':1,'c':'0.0.0.0/0'},{'id':2,'c':'0.0.0.0/0'}]}", "critical:1@/c" },
	};

	(void)state;
	for (size_t i = 0; i < LEN(cases); i++) {
		const char *got =
		    told(judged(compiled(cases[i].rules), cases[i].old, cases[i].new));

		if (strcmp(got, cases[i].want) != 0)
			fail_msg("%zu: %s: %s -> %s gave %s, not %s", i, cases[i].rules,
			    cases[i].old, cases[i].new, got, cases[i].want);
	}
}

/* Where there are many members, names are looked up: that finds what walking does. */
static void
many_members_hide_none(void **state)
{
	static const char *const paths[] = { "/r/needle", "/r/{thread,needle}", "/r/{n*e,x}",
		"/**/needle", "/r/ne*", "/*/needle" };
	char *more = talloc_strdup(mem, "'needle':1"), *fill = talloc_strdup(mem, "");

	(void)state;
	for (int i = 0; i < 40; i++) {
		more = talloc_asprintf_append(more, ",'m%d':1", i);
		fill = talloc_asprintf_append(fill, ",{'path':'/r/m%d','severity':'low'}", i);
	}
	for (size_t i = 0; i < LEN(paths); i++) {
		const char *rules =
		    talloc_asprintf(mem, "[{'path':'%s','severity':'high'}%s]", paths[i], fill);
		const char *last = talloc_asprintf(mem, "{'r':{%s,%s}}", more + 11, "'needle':1");

		assert_string_equal(
		    told(judged(compiled(rules), "{}", talloc_asprintf(mem, "{'r':{%s}}", more))),
		    "high:1@/needle");
		assert_string_equal(told(judged(compiled(rules), "{}", last)), "high:1@/needle");
	}
}

/* ---- the rules of the packs that end so ---- */

/* A text that a glob, or the first of several, matches: its stars stand for nothing. */
static char *
without_stars(struct str glob)
{
	char  *out = talloc_zero_size(mem, glob.n + 2);
	size_t n = 0;

	for (size_t i = 0; i < glob.n && glob.p[i] != ','; i++)
		if (strchr("*{}", glob.p[i]) == NULL)
			out[n++] = glob.p[i];
	if (n == 0)
		out[n++] = 'x';
	return out;
}

/* A value that a predicate holds for, as JSON; NULL: there is none to tell. */
static const char *
witness(const struct json *p)
{
	static const char *const meanings[][2] = { { "on", "\"enabled\"" },
		{ "off", "\"disabled\"" }, { "watched", "\"report\"" }, { "deny", "\"Deny\"" },
		{ "allow", "\"Allow\"" }, { "anybody", "\"0.0.0.0/0\"" } };
	const struct json       *of;
	struct buf               b;

	if (p == NULL)
		return "\"w\"";
	if (p->type == JSON_ARRAY)
		return witness(&p->items[0]);
	if (p->type == JSON_OBJECT && (of = json_get(p, "match")) != NULL)
		return talloc_asprintf(mem, "\"%s\"",
		    without_stars(of->type == JSON_ARRAY ? of->items[0].text : of->text));
	of = p->type == JSON_OBJECT ? json_get(p, "is") : NULL;
	for (size_t i = 0; of != NULL && i < LEN(meanings); i++)
		if (str_eqz(of->text, meanings[i][0]))
			return meanings[i][1];
	if (p->type == JSON_OBJECT && (of = json_get(p, "contains")) != NULL)
		p = of;
	if (p->type == JSON_OBJECT && (of = json_get(p, "exists")) != NULL)
		return of->type == JSON_TRUE ? "\"w\"" : NULL;
	if (p->type == JSON_OBJECT && json_get(p, "above") != NULL)
		return "1e9";
	if (p->type == JSON_OBJECT && json_get(p, "below") != NULL)
		return "-1e9";
	if (p->type == JSON_OBJECT)
		return "\"w\"";
	buf_make(&b, mem);
	json_print(&b, p);
	return talloc_strndup(mem, b.p, b.n);
}

/* `text` at a pointer or path below an empty object: "/a/b" -> {"a": {"b": text}}. */
static const char *
nested(struct str path, const char *text)
{
	size_t      slash;
	struct str  step;
	const char *inner;

	if (path.n == 0)
		return text;
	for (slash = 1; slash < path.n && path.p[slash] != '/'; slash++)
		;
	step = (struct str) { path.p + 1, slash - 1 };
	inner = nested((struct str) { path.p + slash, path.n - slash }, text);
	if (str_eqz(step, "**"))
		return inner;
	return talloc_asprintf(mem, "{\"%s\": %s}", without_stars(step), inner);
}

/* The members of two objects in one, where they part; a list of merges stays what it was. */
static void
add_merged(struct buf *b, const struct json *x, const struct json *y)
{
	bool first = true;

	if (y == NULL || x->type != JSON_OBJECT || y->type != JSON_OBJECT) {
		json_print(b, x);
		return;
	}
	buf_putc(b, '{');
	for (uint32_t i = 0; i < x->n; i++) {
		const struct json *same = json_get(y, str_dup(mem, x->names[i]));

		buf_puts(b, first ? "" : ",");
		buf_json(b, x->names[i]);
		buf_putc(b, ':');
		add_merged(b, &x->items[i], same);
		first = false;
	}
	for (uint32_t i = 0; i < y->n; i++) {
		if (json_get(x, str_dup(mem, y->names[i])) != NULL)
			continue;
		buf_puts(b, first ? "" : ",");
		buf_json(b, y->names[i]);
		buf_putc(b, ':');
		json_print(b, &y->items[i]);
		first = false;
	}
	buf_putc(b, '}');
}

static const char *
merged(const char *x, const char *y)
{
	struct buf b;

	buf_make(&b, mem);
	add_merged(&b, parse(x), parse(y));
	return talloc_strndup(mem, b.p, b.n);
}

/* What a rule wants of the rest of the resource. */
static const char *
surroundings(const struct json *rule)
{
	static const char *const members[] = { "where", "near" };
	const char              *all = "{}";

	for (size_t m = 0; m < LEN(members); m++) {
		const struct json *w = json_get(rule, members[m]);

		for (uint32_t i = 0; w != NULL && i < w->n; i++) {
			const char *value = witness(&w->items[i]);

			if (value != NULL)
				all = merged(all, nested(w->names[i], value));
		}
	}
	return all;
}

struct one_rule {
	struct rules *rules;
	const char   *category, *key, *rest; /* of the resource */
	struct str    path;                  /* without its end */
	const char   *name;
};

static bool
decides(const struct one_rule *r, const char *old, const char *new)
{
	struct compare_spec *spec = spec_of(NULL, key);
	struct err           e = { 0 };
	struct diff         *d = diff_make(mem, spec, r->rules, NULL, &e);
	struct resource      a = resource(spec, r->category, merged(nested(r->path, old), r->rest));
	struct resource      b = resource(spec, r->category, merged(nested(r->path, new), r->rest));

	a.key = b.key = str_of(r->key);
	assert_true(diff_resource(d, &a, &b, &e));
	return d->rule_hits[0] > 0;
}

static void
expect(const struct one_rule *r, const char *old, const char *new, bool want)
{
	if (decides(r, old, new) != want)
		fail_msg("%s: %s -> %s %s", r->name, nested(r->path, old), nested(r->path, new),
		    want ? "is not seen" : "is taken for its own");
}

static const char *
first_glob(const struct json *rule, const char *member, const char *otherwise)
{
	const struct json *v = json_get(rule, member);

	if (v == NULL)
		return otherwise;
	return without_stars(v->type == JSON_ARRAY ? v->items[0].text : v->text);
}

static struct one_rule
only(const struct rules *all, uint32_t i)
{
	const struct json *text = rules_origin(all, i)->text;
	struct json       *list = talloc_zero(mem, struct json);
	struct err         e = { 0 };
	struct one_rule    r = { .name = rules_name(all, i) };

	*list = (struct json) { .type = JSON_ARRAY, .n = 1 };
	list->items = talloc_memdup(mem, text, sizeof *text);
	r.rules = rules_compile(mem, list, NULL, 0, NULL, &e);
	assert_non_null(r.rules);
	r.category = first_glob(text, "category", "c");
	r.key = first_glob(text, "key", "k");
	r.path = json_get(text, "path")->text;
	r.path.n -= strlen("/**");
	if (r.path.n == 0) /* of all: in something that has other members too */
		r.path = STR("/z");
	r.rest = surroundings(text);
	return r;
}

/* May its change be of this op? */
static bool
may_be(const struct json *rule, const char *op)
{
	const struct json *v = json_get(rule, "op");
	bool               yes = v == NULL;

	for (uint32_t i = 0; v != NULL && v->type == JSON_ARRAY && i < v->n; i++)
		yes = yes || str_eqz(v->items[i].text, op);
	return yes || (v->type == JSON_STRING && str_eqz(v->text, op));
}

/* `value` new, in place of another, added to a list, deep inside; and there before beside an edit.
 * One that is lost is the same the other way round. */
static void
check_inside(const struct one_rule *r, const struct json *rule, const char *value, bool gained)
{
	const char *const cases[][2] = {
		{ "null", "{\"a\":%s}" },
		{ "\"other\"", "[\"other\",%s]" },
		{ "\"other\"", "{\"a\":{\"b\":[{\"c\":%s}]}}" },
		{ "{}", "{\"a\":%s}" }, /* from here on it is created, or deleted */
		{ "[\"other\"]", "[\"other\",%s]" },
		{ "[{\"id\":1,\"a\":\"other\"}]",
		    "[{\"id\":1,\"a\":\"other\"},{\"id\":2,\"a\":%s}]" },
	};

	for (size_t i = 0; i < LEN(cases); i++) {
		const char *without = cases[i][0], *with = cases[i][1], *mark = strstr(with, "%s");

		if (!may_be(rule, i < 3 ? "modified" : gained ? "created" : "deleted"))
			continue;
		with = talloc_asprintf(mem, "%.*s%s%s", (int)(mark - with), with, value, mark + 2);
		expect(r, gained ? without : with, gained ? with : without, true);
	}
}

static void
check_neighbour(const struct one_rule *r, const char *value)
{
	static const char *const forms[] = { "{\"a\":%s,\"z\":\"zz-%d\"}", "[%s,\"zz-%d\"]",
		"[{\"id\":1,\"a\":%s,\"z\":\"zz-%d\"}]", "{\"a\":[%s],\"b\":[{\"z\":\"zz-%d\"}]}" };

	for (size_t i = 0; i < LEN(forms); i++) {
		const char *form = forms[i], *v = strstr(form, "%s"), *n = strstr(form, "%d");
		const char *sides[2];

		for (int k = 0; k < 2; k++)
			sides[k] = talloc_asprintf(mem, "%.*s%s%.*s%d%s", (int)(v - form), form,
			    value, (int)(n - v - 2), v + 2, k + 1, n + 2);
		expect(r, sides[0], sides[1], false);
	}
}

static void
check_rule(const struct rules *all, uint32_t i)
{
	const struct json *text = rules_origin(all, i)->text, *from = json_get(text, "from"),
			  *to = json_get(text, "to"), *direction = json_get(text, "direction");
	const struct json *asked = to != NULL ? to : from;
	bool               shrinks = direction != NULL && str_eqz(direction->text, "shrinks");
	bool               gained = to != NULL || (from == NULL && !shrinks &&
                                        (may_be(text, "created") || may_be(text, "modified")));
	struct one_rule    r = only(all, i);

	if (from != NULL && to != NULL)
		expect(&r, talloc_asprintf(mem, "{\"a\":%s}", witness(from)),
		    talloc_asprintf(mem, "{\"a\":%s}", witness(to)), true);
	else
		check_inside(&r, text, witness(asked), gained);
	if (asked != NULL && (asked->type != JSON_OBJECT || json_get(asked, "not") == NULL))
		check_neighbour(&r, witness(asked));
}

/* It asks in which order elements stand, and for no value. */
static bool
is_of_moves(const struct json *rule)
{
	const struct json *op = json_get(rule, "op");

	return op != NULL && op->type == JSON_STRING && str_eqz(op->text, "moved");
}

static void
every_rule_of_the_packs_that_ends_so_sees_inside(void **state)
{
	struct packs packs;
	struct err   e = { 0 };
	unsigned     seen = 0;

	(void)state;
	assert_true(packs_all(mem, "etc/rules", &packs, &e));
	for (size_t p = 0; p < packs.n; p++) {
		struct rules *all = rules_compile(mem, NULL, &packs.items[p], 1, NULL, &e);

		assert_non_null(all);
		for (uint32_t i = 0; i < rules_count(all); i++) {
			struct str path = json_get(rules_origin(all, i)->text, "path")->text;

			if (path.n < 3 || memcmp(path.p + path.n - 3, "/**", 3) != 0 ||
			    is_of_moves(rules_origin(all, i)->text))
				continue;
			check_rule(all, i);
			seen++;
		}
	}
	assert_true(seen >= 19);
}

/* ---- what it may cost ---- */

static const char *
many(unsigned n, const char *one)
{
	char *text = talloc_strdup(mem, "");

	for (unsigned i = 0; i < n; i++)
		text = talloc_asprintf_append(text, "%s%s", i > 0 ? "," : "", one);
	return text;
}

#define BEFORE                                                                                     \
	332500000 /* steps that what came before it in the push has cost: 19 in 20 of their share  \
		   */

/* A push whose work ends keeps what its own place is judged as, and says that it is not all. */
static void
where_the_work_ends_the_rule_of_its_own_place_stands(void **state)
{
	static const struct {
		const char *rule, *want;
	} cases[] = {
		{ "{'path':'/a','severity':'high'}", "high:1" },
		{ "{'path':'/a','severity':'low'}", "low:1" },
		{ "{'path':'/a','severity':'ignore'}", "medium:unjudged" },
		{ "{'path':'/a/0','severity':'low'}", "medium:unjudged" },
		{ "{'path':'/a/0','severity':'high'}", "high:1@/0" },
		/* what the rules could have said, were there work left: nobody hides a change so */
		{ "{'path':'/a','severity':'low'},{'path':'/b','severity':'critical'}",
		    "critical:unjudged" },
		{ "{'path':'/a','severity':'high'},{'path':'/b','severity':'critical'}",
		    "critical:unjudged" },
		{ "{'path':'/b','category':'d','severity':'critical'}", "medium:unjudged" },
	};
	const char *values = talloc_asprintf(mem, "{'a':[%s]}", many(10000, "{'x':1}"));

	(void)state;
	for (size_t i = 0; i < LEN(cases); i++) {
		const char   *more = many(400, "{'path':'/**/x*','severity':'low','to':'no'}");
		struct rules *rules =
		    compiled(talloc_asprintf(mem, "[%s,%s]", cases[i].rule, more));
		struct compare_spec *spec = spec_of(NULL, key);
		struct err           e = { 0 };
		struct work          work;
		struct diff         *d;
		struct resource      a = resource(spec, "c", "{}");
		struct resource      b = resource(spec, "c", quoted(values));

		work_begin(&work, WORK_PUSH, NULL);
		assert_true(work_spend(&work, WORK_RULES, BEFORE, &e));
		d = diff_make(mem, spec, rules, &work, &e);
		assert_true(diff_resource(d, &a, &b, &e));
		assert_string_equal(told(d), cases[i].want);
		assert_true(d->changes[0].judged_partly);
	}
}

/* One resource of junk takes no rules from those behind it. */
static void
no_resource_uses_up_the_work_of_the_others(void **state)
{
	const char          *junk = talloc_asprintf(mem, "{'a':[%s]}", many(200000, "{'x':1}"));
	const char          *list = talloc_asprintf(mem,
		     "[{'path':'/door','severity':'high'},"
			      "{'path':'/window','severity':'critical'},%s]",
		     many(400, "{'path':'/**/x*','severity':'low','to':'no'}"));
	struct rules        *rules = compiled(list);
	struct compare_spec *spec = spec_of(NULL, key);
	struct err           e = { 0 };
	struct work          work;
	struct diff         *d;

	(void)state;
	work_begin(&work, WORK_PUSH, NULL);
	d = diff_make(mem, spec, rules, &work, &e);
	for (int i = 0; i < 4; i++) {
		struct resource a = resource(spec, "c", "{}");
		struct resource b = resource(spec, "c", quoted(junk));
		struct resource open = resource(spec, "c", quoted("{'door':'open'}"));

		assert_true(diff_resource(d, &a, &b, &e) && diff_resource(d, &a, &open, &e));
		assert_string_equal(d->changes[2 * i].rule, "unjudged");
		assert_int_equal(d->changes[2 * i].severity, SEVERITY_CRITICAL);
		assert_int_equal(d->changes[2 * i + 1].severity, SEVERITY_HIGH);
		assert_false(d->changes[2 * i + 1].judged_partly);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(each_place_has_its_own_first_rule_and_the_worst_counts),
		TEST(many_members_hide_none),
		TEST(every_rule_of_the_packs_that_ends_so_sees_inside),
		TEST(where_the_work_ends_the_rule_of_its_own_place_stands),
		TEST(no_resource_uses_up_the_work_of_the_others),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
