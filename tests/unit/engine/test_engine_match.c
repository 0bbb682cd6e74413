/* Arrays of the second edition: which elements belong together, what they are called, what has
 * moved. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "drift/engine/likeness.h"
#include "drift/engine/patch.h"
#include "tests/unit/engine.h"

#define ARRAYS(mode) "{\"arrays\":[{\"path\":\"\",\"mode\":\"" mode "\"}]}"

/* "~/0/v /[id=1]/v": the changes, then what their places are called. */
static void
check_named(const char *how, const char *old, const char *new, const char *want)
{
	struct diff *d = compare(how, old, new);
	const char  *got = talloc_asprintf(mem, "%s %s", listed(d), named(d));

	if (strcmp(got, want) != 0)
		fail_msg(
		    "%s: %s -> %s gave %s, not %s", how != NULL ? how : "", old, new, got, want);
}

static void
four_members_tell_objects_of_a_cluster_apart(void **state)
{
	static const struct {
		const char *old, *new, *want;
	} cases[] = {
		/* the group of the version, not the version; no namespace is an empty one */
		{ "[{\"apiVersion\":\"apps/"
		  "v1\",\"kind\":\"D\",\"metadata\":{\"name\":\"a\"},\"v\":1}]",
		    "[{\"apiVersion\":\"apps/v2\",\"kind\":\"D\",\"metadata\":{\"name\":\"a\","
		    "\"namespace\":\"\"},\"v\":1}]",
		    "~/0/apiVersion +/0/metadata/namespace" },
		{ "[{\"apiVersion\":\"v1\",\"kind\":\"S\",\"metadata\":{\"name\":\"a\"},\"v\":1}]",
		    "[{\"apiVersion\":\"v1\",\"kind\":\"S\",\"metadata\":{\"name\":\"a\"},\"v\":2}"
		    "]",
		    "~/0/v" },
		{ "[{\"apiVersion\":\"v1\",\"kind\":\"S\",\"metadata\":{\"name\":\"a\"}}]",
		    "[{\"apiVersion\":\"x/v1\",\"kind\":\"S\",\"metadata\":{\"name\":\"a\"}}]",
		    "+/0 -/0" },
		{ "[{\"apiVersion\":\"v1\",\"kind\":\"S\",\"metadata\":{\"name\":\"a\","
		  "\"namespace\":"
		  "\"n\"}}]",
		    "[{\"apiVersion\":\"v1\",\"kind\":\"S\",\"metadata\":{\"name\":\"a\","
		    "\"namespace\":"
		    "\"m\"}}]",
		    "+/0 -/0" },
		/* two of one name in two namespaces do not cost each other their identity */
		{ "[{\"apiVersion\":\"v1\",\"kind\":\"S\",\"metadata\":{\"name\":\"a\","
		  "\"namespace\":"
		  "\"n\"},\"v\":1},{\"apiVersion\":\"v1\",\"kind\":\"S\",\"metadata\":{\"name\":"
		  "\"a\","
		  "\"namespace\":\"m\"},\"v\":1}]",
		    "[{\"apiVersion\":\"v1\",\"kind\":\"S\",\"metadata\":{\"name\":\"a\","
		    "\"namespace\":"
		    "\"m\"},\"v\":2},{\"apiVersion\":\"v1\",\"kind\":\"S\",\"metadata\":{\"name\":"
		    "\"a\","
		    "\"namespace\":\"n\"},\"v\":1}]",
		    "~/0/v" },
	};

	(void)state;
	for (size_t i = 0; i < LEN(cases); i++)
		check_changes(NULL, cases[i].old, cases[i].new, cases[i].want);
	check_named(NULL, cases[1].old, cases[1].new,
	    "~/0/v /[group=\"\",kind=\"S\",namespace=\"\",name=\"a\"]/v");
}

/* One element without a key, or a key that stands twice, does not cost the others their identity.
 */
static void
each_element_is_known_by_its_own_identity(void **state)
{
	static const struct {
		const char *old, *new, *want;
	} cases[] = {
		{ "[{\"id\":\"y\",\"v\":1},{\"v\":7,\"w\":8}]",
		    "[{\"id\":\"y\",\"v\":2},{\"v\":7,\"w\":8}]", "~/0/v /[id=\"y\"]/v" },
		{ "[{\"id\":\"y\",\"v\":1},{\"id\":null,\"v\":1}]",
		    "[{\"id\":\"y\",\"v\":2},{\"id\":null,\"v\":1}]", "~/0/v /[id=\"y\"]/v" },
		{ "[{\"id\":\"y\",\"v\":1},{\"id\":\"x\",\"a\":1},{\"id\":\"x\",\"a\":2}]",
		    "[{\"id\":\"y\",\"v\":2},{\"id\":\"x\",\"a\":1},{\"id\":\"x\",\"a\":2}]",
		    "~/0/v /[id=\"y\"]/v" },
		{ "[{\"id\":\"y\",\"v\":1},7]", "[{\"id\":\"y\",\"v\":2},7]",
		    "~/0/v /[id=\"y\"]/v" },
		{ "[{\"id\":\"y\",\"v\":1},{\"id\":1.5}]", "[{\"id\":\"y\",\"v\":2},{\"id\":1.5}]",
		    "~/0/v /[id=\"y\"]/v" },
		{ "[{\"id\":1.5,\"v\":1},{\"v\":1}]", "[{\"id\":15e-1,\"v\":2},{\"v\":1}]",
		    "~/0/v /[id=1.5]/v" },
		/* on one side only: made or gone, however like another it is */
		{ "[{\"id\":\"x\",\"v\":1,\"w\":1},1]", "[{\"id\":\"z\",\"v\":1,\"w\":1},1]",
		    "+/0 -/0 /[id=\"z\"] /[id=\"x\"]" },
		/* its first identity repeats: the next one */
		{ "[{\"id\":1,\"name\":\"a\",\"v\":1},{\"id\":1,\"name\":\"b\",\"v\":1},{}]",
		    "[{\"id\":1,\"name\":\"a\",\"v\":2},{\"id\":1,\"name\":\"b\",\"v\":2},{}]",
		    "~/0/v ~/1/v /[name=\"a\"]/v /[name=\"b\"]/v" },
		/* known by two members on either side: each by its own, so not each other's */
		{ "[{\"id\":1,\"name\":\"a\"},{}]", "[{\"name\":\"a\"},{}]",
		    "+/0 -/0 /[name=\"a\"] /[id=1]" },
		/* what stood in both, once each, is decided by it after the equal ones went */
		{ "[{\"id\":1,\"v\":1},{\"id\":1,\"v\":1}]",
		    "[{\"id\":1,\"v\":1},{\"id\":1,\"v\":2}]", "~/1/v /[id=1]/v" },
	};

	(void)state;
	for (size_t i = 0; i < LEN(cases); i++)
		check_named(NULL, cases[i].old, cases[i].new, cases[i].want);
}

static void
objects_without_identity_are_paired_by_likeness(void **state)
{
	static const struct {
		const char *how, *old, *new, *want;
	} cases[] = {
		/* at least half, and not less: 2 of 4, 2 of 5 */
		{ NULL, "[{\"a\":1,\"b\":1}]", "[{\"a\":1,\"b\":2}]", "~/0/b" },
		{ NULL, "[{\"a\":1,\"b\":1}]", "[{\"a\":1,\"b\":2,\"c\":3}]", "+/0 -/0" },
		/* the most alike first, not the nearest */
		{ NULL, "[{\"a\":1,\"b\":1,\"c\":1}]",
		    "[{\"a\":1,\"b\":2,\"c\":2,\"d\":1},{\"a\":1,\"b\":1,\"c\":2}]", "+/0 ~/1/c" },
		/* of equal likeness the smaller text, on whichever side */
		{ NULL, "[{\"a\":1,\"b\":1}]", "[{\"a\":1,\"b\":3},{\"a\":1,\"b\":2}]",
		    "+/0 ~/1/b" },
		{ NULL, "[{\"a\":1,\"b\":3},{\"a\":1,\"b\":2}]", "[{\"a\":1,\"b\":1}]",
		    "~/0/b -/0" },
		/* a step into an array is one and the same, wherever in it */
		{ NULL, "[{\"l\":[1,2,3]}]", "[{\"l\":[0,1,2,3]}]", "+/0/l/0" },
		/* empty objects and arrays are leaves */
		{ NULL, "[{\"a\":{},\"b\":[],\"c\":1}]", "[{\"a\":{},\"b\":[],\"c\":2}]", "~/0/c" },
		/* a repeated identity */
		{ NULL, "[{\"id\":1,\"v\":1},{\"id\":1,\"v\":2}]",
		    "[{\"id\":1,\"v\":1},{\"id\":1,\"v\":3}]", "~/1/v" },
		{ ARRAYS("paired"), "[{\"id\":1,\"v\":1}]", "[{\"id\":2,\"v\":1}]", "~/0/id" },
		{ ARRAYS("multiset"), "[{\"a\":1,\"b\":1}]", "[{\"a\":1,\"b\":2}]", "+/0 -/0" },
		/* ignored members count for nothing */
		{ "{\"normalise\":[{\"how\":\"ignore\",\"names\":\"t\"}]}",
		    "[{\"a\":1,\"b\":1,\"t\":[1,2,3]}]", "[{\"a\":1,\"b\":2,\"t\":7}]", "~/0/b" },
	};

	(void)state;
	for (size_t i = 0; i < LEN(cases); i++)
		check_changes(cases[i].how, cases[i].old, cases[i].new, cases[i].want);
}

/* What the change to this number is called. */
static const char *
name_of(const struct diff *d, const char *number)
{
	for (size_t i = 0; i < d->n; i++)
		if (str_eqz(shown(d->changes[i].new_value), number))
			return talloc_asprintf(mem, "%.*s", (int)d->changes[i].canonical_path.n,
			    d->changes[i].canonical_path.p);
	fail_msg("nothing became %s", number);
	return NULL;
}

/* [~<hash of the baseline's element>]: the same whatever it has become, and wherever it stands. */
static void
paired_elements_are_named_by_what_the_baseline_has(void **state)
{
	static const char two[] = "[{\"a\":1,\"b\":1},{\"a\":1,\"b\":1}]";
	const char       *one = named(compare(NULL, "[{\"a\":1,\"b\":1}]", "[{\"a\":1,\"b\":2}]"));
	const char       *elsewhere =
	    named(compare(NULL, "[7,{\"b\":1.0,\"a\":1}]", "[{\"b\":3,\"a\":1},7]"));
	const struct diff *twice = compare(NULL, two, "[{\"a\":1,\"b\":2},{\"a\":1,\"b\":3}]");
	const struct diff *swapped = compare(NULL, two, "[{\"a\":1,\"b\":3},{\"a\":1,\"b\":2}]");

	(void)state;
	assert_int_equal(strlen(one), strlen("/[~0123456789abcdef]/b"));
	assert_true(strncmp(one, "/[~", 3) == 0);
	assert_string_equal(one, elsewhere);
	/* which of two equal ones is the second does not depend on where the others stand */
	assert_string_equal(name_of(twice, "2"), one);
	assert_string_equal(name_of(twice, "3"), talloc_asprintf(mem, "%.19s]~2/b", one));
	assert_string_equal(name_of(swapped, "2"), name_of(twice, "2"));
	assert_string_equal(name_of(swapped, "3"), name_of(twice, "3"));
}

static const char *
objects(int n, int leaves, int from)
{
	struct buf b;

	buf_make(&b, mem);
	for (int i = 0; i < n; i++) {
		buf_puts(&b, i > 0 ? ",{" : "[{");
		for (int k = 0; k < leaves; k++)
			buf_printf(&b, "%s\"m%d\":%d", k > 0 ? "," : "", k, k == 0 ? from + i : i);
		buf_putc(&b, '}');
	}
	buf_putc(&b, ']');
	return b.p;
}

static const char *notes_of(const struct diff *d);

static bool
is_beyond(const char *old, const char *new)
{
	return strstr(notes_of(compare(NULL, old, new)), "too many") != NULL;
}

/* W is what the bound says, exactly: one object or leaf more and there are no pairs. */
static void
the_bound_on_pairing_is_exact(void **state)
{
	const int   leaves = 4, n = LIKENESS_EACH_MAX;
	const char *one = objects(1, 9990, 7), *many = objects(500, 10, 1000), *more;

	(void)state;
	/* n objects on each side: W = 2 n n leaves, at most 400 x 2 n leaves */
	assert_int_equal(
	    diff_count(&compare(NULL, objects(n, leaves, 0), objects(n, leaves, n))->summary), n);
	assert_int_equal(
	    diff_count(
		&compare(NULL, objects(n + 1, leaves, 0), objects(n + 1, leaves, n + 1))->summary),
	    2 * (n + 1));
	/* W = 500 x 9,990 + 1 x 5,000 = 5,000,000; and one leaf more */
	more = talloc_asprintf(mem, "[{\"x\":0,%s", many + 2);
	assert_false(is_beyond(one, many));
	assert_true(is_beyond(one, more));
	assert_false(is_beyond(many, one));
	assert_true(is_beyond(more, one));
}

static void
in_ordered_arrays_what_stands_elsewhere_has_moved(void **state)
{
	static const struct {
		const char *how, *old, *new, *want;
	} cases[] = {
		{ ARRAYS("ordered"), "[1,2,3]", "[1,2,3]", " " },
		{ ARRAYS("ordered"), "[{\"id\":1},{\"id\":2},{\"id\":3}]",
		    "[{\"id\":3},{\"id\":1},{\"id\":2}]", "^/0 /[id=3]" },
		/* of two longest runs the one with the earliest of the baseline stands */
		{ ARRAYS("ordered"), "[{\"id\":1},{\"id\":2}]", "[{\"id\":2},{\"id\":1}]",
		    "^/0 /[id=2]" },
		{ ARRAYS("ordered"), "[{\"id\":1},{\"id\":2},{\"id\":3}]",
		    "[{\"id\":3},{\"id\":2},{\"id\":1}]", "^/0 ^/1 /[id=3] /[id=2]" },
		/* beside what changed inside it */
		{ ARRAYS("ordered"), "[{\"id\":1,\"v\":1},{\"id\":2,\"v\":1},{\"id\":3,\"v\":1}]",
		    "[{\"id\":3,\"v\":2},{\"id\":1,\"v\":1},{\"id\":2,\"v\":2}]",
		    "^/0 ~/0/v ~/2/v /[id=3] /[id=3]/v /[id=2]/v" },
		/* what comes and goes moves nothing */
		{ ARRAYS("ordered"), "[{\"id\":1},{\"id\":2},{\"id\":3}]",
		    "[{\"id\":0},{\"id\":2},{\"id\":3},{\"id\":9}]",
		    "+/0 +/3 -/0 /[id=0] /[id=9] /[id=1]" },
		{ "{\"arrays\":[{\"path\":\"\",\"mode\":\"ordered\",\"keys\":[\"/k/n\"]}]}",
		    "[{\"k\":{\"n\":1}},{\"k\":{\"n\":2}}]",
		    "[{\"k\":{\"n\":2}},{\"k\":{\"n\":1}}]", "^/0 /[~1k~1n=2]" },
		/* an ordered array inside an element: the order is part of what the element is */
		{ "{\"arrays\":[{\"path\":\"/*/l\",\"mode\":\"ordered\"}]}",
		    "[{\"l\":[1,2,3],\"v\":1}]", "[{\"v\":1,\"l\":[1,2,3]}]", " " },
	};

	(void)state;
	for (size_t i = 0; i < LEN(cases); i++)
		check_named(cases[i].how, cases[i].old, cases[i].new, cases[i].want);
	check_changes(ARRAYS("ordered"), "[\"a\",\"b\",\"a\"]", "[\"a\",\"a\",\"b\"]", "^/1");
	check_changes("{\"arrays\":[{\"path\":\"/*/l\",\"mode\":\"ordered\"}]}",
	    "[{\"l\":[1,2],\"v\":1}]", "[{\"l\":[2,1],\"v\":1}]", "^/0/l/0");
}

static void
a_move_has_both_indices_and_a_rule_may_ask_for_it(void **state)
{
	struct diff         *d = compare(ARRAYS("ordered"), "[1,2,3,4]", "[1,4,2,3]");
	struct compare_spec *spec = spec_of(ARRAYS("ordered"), key);
	struct err           e = { 0 };
	struct rules        *rules = rules_compile(mem,
		   parse("[{\"path\":\"/*\",\"direction\":\"grows\",\"severity\":\"low\"},"
				"{\"path\":\"/*\",\"op\":\"moved\",\"severity\":\"high\"}]"),
		   NULL, 0, NULL, &e);
	struct diff         *judged = diff_make(mem, spec, rules, NULL, &e);
	struct resource      a = resource(spec, "c", "[1,2]"), b = resource(spec, "c", "[2,1]");

	(void)state;
	assert_int_equal(d->n, 1);
	assert_int_equal(d->changes[0].op, CHANGE_MOVED);
	assert_true(str_eqz(shown(d->changes[0].old_value), "3"));
	assert_true(str_eqz(shown(d->changes[0].new_value), "1"));
	assert_int_equal(d->summary.moved, 1);
	assert_int_equal(diff_count(&d->summary), 1);
	assert_true(diff_resource(judged, &a, &b, &e));
	assert_int_equal(judged->n, 1);
	assert_int_equal(judged->changes[0].severity, SEVERITY_HIGH);
}

/* ---- other names ---- */

static bool
has_name(const struct change *c, const uint8_t *fingerprint)
{
	for (uint32_t i = 0; i < c->formers; i++)
		if (memcmp(c->former + (size_t)i * HASH_LEN, fingerprint, HASH_LEN) == 0)
			return true;
	return memcmp(c->fingerprint, fingerprint, HASH_LEN) == 0;
}

/* What was decided of the one change of the first pair is found again by that of the second. */
static void
a_change_keeps_its_other_names_when_its_element_is_known_otherwise(void **state)
{
	static const struct {
		const char *old, *new, *then_old, *then_new;
		bool        same;
	} cases[] = {
		/* all had a name, then one more came that has only an id */
		{ "[{\"id\":1,\"name\":\"a\",\"v\":1},{\"name\":\"b\"}]",
		    "[{\"id\":1,\"name\":\"a\",\"v\":2},{\"name\":\"b\"}]",
		    "[{\"id\":1,\"name\":\"a\",\"v\":1},{\"id\":2}]",
		    "[{\"id\":1,\"name\":\"a\",\"v\":2},{\"id\":2}]", true },
		/* known by its id, until another had the same: it is paired with what the baseline
		   has */
		{ "[{\"id\":1,\"v\":1,\"w\":1,\"x\":1}]", "[{\"id\":1,\"v\":2,\"w\":1,\"x\":1}]",
		    "[{\"id\":1,\"v\":1,\"w\":1,\"x\":1}]",
		    "[{\"id\":1,\"v\":2,\"w\":1,\"x\":1},{\"id\":1,\"v\":9,\"w\":9,\"x\":9}]",
		    true },
		{ "[{\"id\":1,\"v\":1,\"w\":1,\"x\":1}]",
		    "[{\"id\":1,\"v\":2,\"w\":1,\"x\":1},{\"id\":1,\"v\":9,\"w\":9,\"x\":9}]",
		    "[{\"id\":1,\"v\":1,\"w\":1,\"x\":1}]", "[{\"id\":1,\"v\":2,\"w\":1,\"x\":1}]",
		    true },
		/* left over, then known by its id */
		{ "[]", "[{\"id\":1,\"v\":1},{\"id\":1,\"v\":2}]", "[]", "[{\"id\":1,\"v\":1}]",
		    true },
		/* another element is another */
		{ "[{\"id\":1,\"v\":1}]", "[{\"id\":1,\"v\":2}]", "[{\"id\":2,\"v\":1}]",
		    "[{\"id\":2,\"v\":2}]", false },
		/* a name that two have names neither */
		{ "[{\"name\":\"a\",\"v\":1}]", "[{\"name\":\"a\",\"v\":2}]",
		    "[{\"id\":1,\"name\":\"a\",\"v\":1},{\"id\":2,\"name\":\"a\",\"v\":1}]",
		    "[{\"id\":1,\"name\":\"a\",\"v\":2},{\"id\":2,\"name\":\"a\",\"v\":1}]",
		    false },
	};

	(void)state;
	for (size_t i = 0; i < LEN(cases); i++) {
		const struct diff *was = compare(NULL, cases[i].old, cases[i].new);
		const struct diff *is = compare(NULL, cases[i].then_old, cases[i].then_new);
		bool               found = false;

		for (size_t k = 0; k < is->n; k++)
			found = found || has_name(&is->changes[k], was->changes[0].fingerprint);
		if (found != cases[i].same)
			fail_msg(
			    "%s: %s -> %s", found ? "the same" : "another", named(was), named(is));
		for (size_t k = 0; k < is->n; k++)
			assert_in_range(is->changes[k].formers, 0, CHANGE_FORMERS_MAX);
	}
}

/* ---- notes ---- */

static const char *
notes_of(const struct diff *d)
{
	struct raw_json out;
	struct err      e = { 0 };

	assert_true(diff_notes_print(mem, d, &out, &e));
	return out.text != NULL ? out.text : "";
}

static void
arrays_without_a_key_in_common_are_named_and_why(void **state)
{
	static const struct {
		const char *old, *new, *want;
	} cases[] = {
		{ "{\"Statement\":[{\"Sid\":\"a\",\"x\":1},{\"x\":1,\"y\":1}]}",
		    "{\"Statement\":[{\"Sid\":\"a\",\"x\":2},{\"Sid\":\"c\",\"x\":1,\"y\":1}]}",
		    "1 element has no Sid" },
		{ "{\"a\":[{\"x\":1,\"y\":1}]}", "{\"a\":[{\"x\":1,\"y\":2}]}",
		    "no element has a member that it could be known by" },
		{ "{\"a\":[{\"id\":1,\"y\":1},{\"id\":1,\"y\":2}]}",
		    "{\"a\":[{\"id\":1,\"y\":3},{\"id\":1,\"y\":4}]}", "elements share their id" },
		{ "{\"a\":[5,{\"x\":1,\"y\":1}]}", "{\"a\":[5,{\"x\":1,\"y\":2}]}",
		    "2 elements are no objects; no element has a member that it could be known "
		    "by" },
		/* nothing is missed: all are known, or scalars, or equal */
		{ "{\"a\":[{\"id\":1,\"v\":1}]}", "{\"a\":[{\"id\":1,\"v\":2}]}", NULL },
		{ "{\"a\":[1,2]}", "{\"a\":[2,3]}", NULL },
		{ "{\"a\":[{\"x\":1},{\"x\":2}]}", "{\"a\":[{\"x\":2},{\"x\":1}]}", NULL },
	};

	(void)state;
	for (size_t i = 0; i < LEN(cases); i++) {
		const char *got = notes_of(compare(NULL, cases[i].old, cases[i].new));
		const char *want = cases[i].want == NULL
				       ? ""
				       : talloc_asprintf(mem,
					     "[{\"category\":\"c\",\"key\":\"k\","
					     "\"path\":\"/%s\",\"note\":\"%s\"}]",
					     i == 0 ? "Statement" : "a", cases[i].want);

		assert_string_equal(got, want);
	}
	assert_non_null(strstr(notes_of(compare(NULL, objects(401, 4, 0), objects(401, 4, 401))),
	    "; they are too many to be paired by likeness"));
}

/* ---- properties, over documents of chance ---- */

static uint64_t seed;

static uint32_t
chance(uint32_t below)
{
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(seed >> 33) % below;
}

static void
add_value(struct buf *b, int depth)
{
	static const char *const names[] = { "id", "name", "a", "b", "v", "key" };
	uint32_t                 n = chance(4), first = chance(3), kind = depth > 0 ? chance(4) : 0;

	if (kind < 2) {
		buf_printf(b, "%u", chance(3));
	} else if (kind == 2) {
		buf_putc(b, '{');
		for (uint32_t i = 0; i < n; i++) {
			buf_printf(b, "%s\"%s\":", i > 0 ? "," : "", names[first + i]);
			add_value(b, depth - 1);
		}
		buf_putc(b, '}');
	} else {
		n = chance(6);
		buf_putc(b, '[');
		for (uint32_t i = 0; i < n; i++) {
			buf_puts(b, i > 0 ? "," : "");
			add_value(b, depth - 1);
		}
		buf_putc(b, ']');
	}
}

static const char *
document(void)
{
	struct buf b;

	buf_make(&b, mem);
	buf_puts(&b, "{\"l\":[");
	for (uint32_t i = 0, n = chance(7); i < n; i++) {
		buf_puts(&b, i > 0 ? "," : "");
		add_value(&b, 3);
	}
	buf_puts(&b, "]}");
	return b.p;
}

static const struct json *
applied(const struct compare_spec *spec, const struct resource *a, const struct resource *b)
{
	struct err    e = { 0 };
	struct patch *p = patch_make(mem, spec, NULL, &e);
	struct buf    out;
	struct json  *got;

	buf_make(&out, mem);
	assert_true(
	    patch_value(p, a->category, a->value, b->value, &e) && patch_print(&out, p, &e));
	got = patch_apply(mem, a->value, parse(out.p), NULL, &e);
	if (got == NULL)
		fail_msg(
		    "%s does not apply: %s", out.p, e.faults != NULL ? e.faults->detail : e.detail);
	return got;
}

static int64_t
count_of(const struct compare_spec *spec, const struct resource *a, const struct resource *b)
{
	struct err   e = { 0 };
	struct diff *d = diff_make(mem, spec, NULL, NULL, &e);

	assert_true(diff_resource(d, a, b, &e));
	return diff_count(&d->summary);
}

/* Every array that is not `list` or `ordered` in another order. */
static struct json *
shuffled(const struct json *v)
{
	struct json *out = talloc_memdup(mem, v, sizeof *v);

	if (v->n == 0)
		return out;
	if (v->type != JSON_ARRAY && v->type != JSON_OBJECT)
		return out;
	out->items = talloc_array(mem, struct json, v->n);
	for (uint32_t i = 0; i < v->n; i++)
		out->items[i] = *shuffled(&v->items[i]);
	for (uint32_t i = v->n; v->type == JSON_ARRAY && i-- > 1;) {
		uint32_t    k = chance(i + 1);
		struct json x = out->items[i];

		out->items[i] = out->items[k];
		out->items[k] = x;
	}
	return out;
}

static void
check_properties(const char *mode, bool order_counts, uint32_t rounds)
{
	const char *how =
	    mode == NULL
		? NULL
		: talloc_asprintf(mem, "{\"arrays\":[{\"path\":\"/**\",\"mode\":\"%s\"%s}]}", mode,
		      strcmp(mode, "keyed") == 0 ? ",\"keys\":[\"id\"]" : "");
	struct compare_spec *spec = spec_of(how, key);

	for (uint32_t i = 0; i < rounds; i++) {
		const char     *x = document(), *y = document();
		struct resource a = resource(spec, "c", x), b = resource(spec, "c", y), c;
		int64_t         n = count_of(spec, &a, &b);

		c = a;
		c.value = applied(spec, &a, &b);
		if (count_of(spec, &c, &b) != 0)
			fail_msg("%s: the patch from %s to %s leaves changes", mode, x, y);
		if (count_of(spec, &b, &a) != n)
			fail_msg("%s: %s and %s count differently backwards", mode, x, y);
		if (order_counts)
			continue;
		a.value = shuffled(a.value);
		b.value = shuffled(b.value);
		if (count_of(spec, &a, &b) != n)
			fail_msg("%s: %s and %s count differently shuffled", mode, x, y);
	}
}

static void
patches_apply_and_counts_do_not_depend_on_side_or_order(void **state)
{
	static const char *const modes[] = { "auto", "paired", "keyed", "multiset", "set",
		"ordered", "list" };

	(void)state;
	for (size_t i = 0; i < LEN(modes); i++) {
		seed = 20261129 + i;
		check_properties(modes[i], i >= 5, 500);
	}
}

/* Whatever else stands in the array, an element that stays known has one change for one leaf. */
static void
one_leaf_renamed_is_one_change(void **state)
{
	(void)state;
	seed = 7;
	for (int i = 0; i < 500; i++) {
		struct buf rest;

		buf_make(&rest, mem);
		for (uint32_t k = 0, n = chance(5); k < n; k++) {
			buf_putc(&rest, ',');
			add_value(&rest, 2);
		}
		buf_puts(&rest, "");
		check_changes(NULL,
		    talloc_asprintf(mem, "[{\"id\":\"own\",\"v\":{\"w\":1,\"x\":2}}%s]",
			rest.n > 0 ? rest.p : ""),
		    talloc_asprintf(mem, "[{\"id\":\"own\",\"v\":{\"w\":5,\"x\":2}}%s]",
			rest.n > 0 ? rest.p : ""),
		    "~/0/v/w");
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(four_members_tell_objects_of_a_cluster_apart),
		TEST(each_element_is_known_by_its_own_identity),
		TEST(objects_without_identity_are_paired_by_likeness),
		TEST(paired_elements_are_named_by_what_the_baseline_has),
		TEST(the_bound_on_pairing_is_exact),
		TEST(in_ordered_arrays_what_stands_elsewhere_has_moved),
		TEST(a_move_has_both_indices_and_a_rule_may_ask_for_it),
		TEST(a_change_keeps_its_other_names_when_its_element_is_known_otherwise),
		TEST(arrays_without_a_key_in_common_are_named_and_why),
		TEST(patches_apply_and_counts_do_not_depend_on_side_or_order),
		TEST(one_leaf_renamed_is_one_change),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
