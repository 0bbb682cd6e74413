/* Paths of changes: as they always were for ordinary documents, bounded for all others. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "drift/engine/label.h"
#include "drift/engine/patch.h"
#include "tests/unit/engine.h"

#define MARK "\xe2\x80\xa6~#"

static char *
repeated(char c, size_t n)
{
	char *p = talloc_size(mem, n + 1);

	memset(p, c, n);
	p[n] = '\0';
	return p;
}

/* {"<name>":{"<name>": ... inner}} */
static char *
inside(const char *name, int levels, const char *inner)
{
	struct buf b;

	buf_make(&b, mem);
	for (int i = 0; i < levels; i++)
		buf_printf(&b, "{\"%s\":", name);
	buf_puts(&b, inner);
	for (int i = 0; i < levels; i++)
		buf_putc(&b, '}');
	return b.p;
}

/* {"m0":v,"m1":v, ...} */
static char *
members(int n, int v)
{
	struct buf b;

	buf_make(&b, mem);
	for (int i = 0; i < n; i++)
		buf_printf(&b, "%s\"m%d\":%d", i > 0 ? "," : "{", i, v);
	buf_putc(&b, '}');
	return b.p;
}

/* ---- ordinary documents ---- */

/* All of it; by the names that were there before labels had hashes, where they are others. */
static void
check_digest(const char *how, const char *old, const char *new, struct buf *b)
{
	struct diff *d = compare(how, old, new);

	assert_true(d->n > 0);
	for (size_t k = 0; k < d->n; k++) {
		const struct change *c = &d->changes[k];

		buf_puts(b, change_op_name(c->op));
		buf_add(b, c->path.p, c->path.n);
		buf_putc(b, ' ');
		buf_add(b, c->former != NULL ? c->former : c->fingerprint, HASH_LEN);
		buf_add(b, c->value_hash, HASH_LEN);
	}
}

static const char *
digest_of(const struct buf *b)
{
	uint8_t digest[HASH_LEN];
	char   *hex = talloc_size(mem, 2 * HASH_LEN + 1);

	hash_sha256(b->p, b->n, digest);
	hex_print(digest, HASH_LEN, hex);
	return hex;
}

/* Findings, silences and acceptances hang on these hashes: they never change. */
static void
paths_and_hashes_of_ordinary_documents_are_what_they_always_were(void **state)
{
	const char *name = repeated('n', CHANGE_STEP_MAX);
	const struct {
		const char *how, *old, *new;
	} cases[] = {
		{ NULL, "{\"a\":1,\"b\":{\"c\":[1,2]},\"\":0,\"~/\":1}",
		    "{\"a\":2,\"b\":{\"c\":[2,3]},\"\":1,\"~/\":2}" },
		{ NULL, "[{\"id\":\"x\",\"v\":[{\"id\":1,\"w\":1}]},{\"id\":\"a/b~\",\"v\":0}]",
		    "[{\"id\":\"a/b~\",\"v\":1},{\"id\":\"x\",\"v\":[{\"id\":1,\"w\":2}]}]" },
		{ NULL, "{\"\\u0000\":1,\"\\u00e4\":[\"x\",\"x\",\"y\"]}",
		    "{\"\\u0000\":2,\"\\u00e4\":[\"x\",\"z\",\"z\",{\"n\":\"p\"}]}" },
		{ "{\"arrays\":[{\"path\":\"/l\",\"mode\":\"list\"}]}", "{\"l\":[1,2,3,4]}",
		    "{\"l\":[0,1,3,3,[4]]}" },
		{ "{\"arrays\":[{\"path\":\"\",\"mode\":\"keyed\",\"keys\":[\"j\",\"k\"]}]}",
		    "[{\"j\":\"q\",\"k\":null,\"v\":1}]",
		    "[{\"j\":\"q\",\"k\":null,\"v\":2},{\"j\":\"r\",\"k\":1}]" },
		{ NULL, inside(name, 1, members(3, 1)), inside(name, 1, members(3, 2)) },
		{ NULL, inside("deep", 120, members(3, 1)), inside("deep", 120, members(3, 2)) },
		{ NULL, inside(name, 7, members(3, 1)), inside(name, 7, members(3, 2)) },
		{ NULL, "1", "[]" },
		{ NULL, NULL, "{\"a\":1}" },
		{ NULL, "{\"a\":1}", NULL },
		{ NULL,
		    "[{\"id\":\"kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk\","
		    "\"v\":1}]",
		    "[{\"id\":\"kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk\","
		    "\"v\":2}]" },
	};
	struct buf b;

	(void)state;
	under = COMPARE_EDITION_1;
	buf_make(&b, mem);
	for (size_t i = 0; i < LEN(cases); i++) {
		struct diff *d = compare(cases[i].how, cases[i].old, cases[i].new);

		for (size_t k = 0; k < d->n; k++) {
			assert_null(d->changes[k].former);
			buf_add(&b, d->changes[k].canonical_path.p, d->changes[k].canonical_path.n);
		}
		check_digest(cases[i].how, cases[i].old, cases[i].new, &b);
	}
	assert_string_equal(
	    digest_of(&b), "27566d5200f2ded9b553a05a2722e323af3f791af6856a7a93f43ff19092fee4");
	under = COMPARE_EDITION;
}

/* The same of those whose elements have hashes in their names now. */
static void
what_was_known_by_a_masked_or_long_key_keeps_its_hashes(void **state)
{
	static const char keyed[] =
	    "{\"arrays\":[{\"path\":\"\",\"mode\":\"keyed\",\"keys\":[\"password\",\"k\"]}]}";
	struct buf b;

	(void)state;
	under = COMPARE_EDITION_1;
	buf_make(&b, mem);
	check_digest(keyed, "[{\"password\":\"q\",\"k\":null,\"v\":1}]",
	    "[{\"password\":\"q\",\"k\":null,\"v\":2},{\"password\":\"r\",\"k\":1}]", &b);
	check_digest(NULL, "[\"x\",\"x\"]",
	    "[\"x\",{\"n\":[{\"password\":\"p\"}]},{\"n\":[{\"password\":\"p\"}]}]", &b);
	for (size_t n = 65; n < 20000; n *= 7) {
		const char *id = repeated('k', n);

		const char *old =
		    talloc_asprintf(mem, "[{\"id\":\"%s\",\"v\":[{\"id\":1,\"w\":1}]}]", id);
		const char *new =
		    talloc_asprintf(mem, "[{\"id\":\"%s\",\"v\":[{\"id\":1,\"w\":2}]}]", id);

		check_digest(NULL, old, new, &b);
		check_digest(NULL, inside("deep", 100, old), inside("deep", 100, new), &b);
	}
	assert_string_equal(
	    digest_of(&b), "960b224a77badab9a123abd16651e9f856bfa9212ecf51278c29c07ce92dcf57");
	under = COMPARE_EDITION;
}

/* ---- long ones ---- */

/* `path` is `head`, the mark, 16 hex digits and `tail`. */
static void
check_shortened(struct str path, const char *head, const char *tail)
{
	size_t at = strlen(head);

	if (path.n != at + strlen(MARK) + 16 + strlen(tail) || !str_starts(path, head) ||
	    memcmp(path.p + at, MARK, strlen(MARK)) != 0 ||
	    strspn(path.p + at + strlen(MARK), "0123456789abcdef") < 16 ||
	    memcmp(path.p + path.n - strlen(tail), tail, strlen(tail)) != 0)
		fail_msg("%.*s is not %s" MARK "... %s", (int)path.n, path.p, head, tail);
}

static void
a_long_name_is_shown_by_its_head_and_a_hash(void **state)
{
	const char  *name = repeated('x', CHANGE_STEP_MAX + 1);
	const char  *head = talloc_asprintf(mem, "/%s", repeated('x', CHANGE_STEP_HEAD));
	struct diff *d =
	    compare(NULL, inside(name, 1, members(2, 1)), inside(name, 1, "{\"m0\":2}"));

	(void)state;
	assert_int_equal(d->n, 2);
	assert_int_equal(d->shortened, 2);
	check_shortened(d->changes[0].path, head, "/m0");
	check_shortened(d->changes[1].path, head, "/m1");
	assert_true(str_eq(d->changes[0].path, d->changes[0].canonical_path));
}

/* `path` is `head`, 16 hex digits and `tail`. */
static void
check_hashed(struct str path, const char *head, const char *tail)
{
	size_t at = strlen(head);

	if (path.n != at + 16 + strlen(tail) || !str_starts(path, head) ||
	    strspn(path.p + at, "0123456789abcdef") != 16 ||
	    memcmp(path.p + path.n - strlen(tail), tail, strlen(tail)) != 0)
		fail_msg("%.*s is not %s... %s", (int)path.n, path.p, head, tail);
}

static void
a_key_of_more_than_64_bytes_is_shown_by_a_hash(void **state)
{
	static const char how[] =
	    "{\"arrays\":[{\"path\":\"\",\"mode\":\"keyed\",\"keys\":[\"id\",\"k\"]}]}";

	(void)state;
	for (size_t n = LABEL_VALUE_MAX; n < 5000; n += 1 + n / 2) {
		const char *id = repeated('k', n);
		const char *old = talloc_asprintf(mem, "[{\"id\":\"%s\",\"k\":\"a\",\"v\":1}]", id);
		const char *new = talloc_asprintf(mem, "[{\"id\":\"%s\",\"k\":\"a\",\"v\":2}]", id);
		struct diff *d = compare(how, old, new);
		struct str   path = d->changes[0].canonical_path;

		assert_int_equal(d->shortened, 0);
		assert_true(str_eqz(d->changes[0].path, "/0/v"));
		if (n > LABEL_VALUE_MAX)
			check_hashed(path, "/[id=#", ",k=\"a\"]/v");
		else
			assert_true(
			    str_eqz(path, talloc_asprintf(mem, "/[id=\"%s\",k=\"a\"]/v", id)));
		assert_true((d->changes[0].former != NULL) == (n > LABEL_VALUE_MAX));
		assert_true(str_eq(path, compare(how, old, new)->changes[0].canonical_path));
	}
}

/* The change of one value in a document, as the config `owner` sees it. */
static struct change
change_of(uint8_t owner, const char *how, const char *old, const char *new, const char *rules)
{
	const uint8_t        id[COMPARE_OWNER_LEN] = { owner };
	struct err           e = { 0 };
	struct compare_spec *spec = spec_of(how, key);
	struct resource      a = resource(spec, "c", old), b = resource(spec, "c", new);
	struct diff         *d;

	compare_bind(spec, id);
	d = diff_make(mem, spec,
	    rules != NULL ? rules_compile(mem, parse(rules), NULL, 0, NULL, &e) : NULL, NULL, &e);
	assert_true(d != NULL && diff_resource(d, &a, &b, &e));
	assert_int_equal(d->n, 1);
	return d->changes[0];
}

/* Who may set values somewhere else sees there nothing that he could hold against these names. */
static void
a_masked_key_has_a_name_of_its_config_and_its_place_only(void **state)
{
	static const char keyed[] =
	    "{\"arrays\":[{\"path\":\"/*\",\"mode\":\"keyed\",\"keys\":[\"secret\"]}]}";
	static const char *docs[][2] = { { "{\"l\":[{\"secret\":\"s\",\"v\":1}]}",
					     "{\"l\":[{\"secret\":\"s\",\"v\":2}]}" },
		{ "{\"m\":[{\"secret\":\"s\",\"v\":1}]}", "{\"m\":[{\"secret\":\"s\",\"v\":2}]}" },
		{ "{\"l\":[{\"secret\":\"t\",\"v\":1}]}", "{\"l\":[{\"secret\":\"t\",\"v\":2}]}" },
		{ "{\"l\":[1]}", "{\"l\":[1,{\"secret\":\"s\"}]}" } };
	struct change      one = change_of(1, keyed, docs[0][0], docs[0][1], NULL), other;

	(void)state;
	check_hashed(one.canonical_path, "/l/[secret=#", "]/v");
	assert_non_null(one.former);
	other = change_of(1, keyed, docs[0][0], docs[0][1], NULL);
	assert_true(str_eq(one.canonical_path, other.canonical_path));
	assert_memory_equal(one.fingerprint, other.fingerprint, HASH_LEN);
	other = change_of(2, keyed, docs[0][0], docs[0][1], NULL);
	assert_false(str_eq(one.canonical_path, other.canonical_path));
	assert_memory_not_equal(one.fingerprint, other.fingerprint, HASH_LEN);
	assert_memory_equal(one.former, other.former, HASH_LEN);
	other = change_of(1, keyed, docs[1][0], docs[1][1], NULL);
	assert_false(memcmp(one.canonical_path.p + 3, other.canonical_path.p + 3,
			 one.canonical_path.n - 3) == 0);
	other = change_of(1, keyed, docs[2][0], docs[2][1], NULL);
	assert_false(str_eq(one.canonical_path, other.canonical_path));
	one = change_of(1, NULL, docs[3][0], docs[3][1], NULL);
	other = change_of(2, NULL, docs[3][0], docs[3][1], NULL);
	check_hashed(one.canonical_path, "/l/[#", "]");
	assert_false(str_eq(one.canonical_path, other.canonical_path));
	one = change_of(1, NULL, "[1]", "[1,{\"n\":1}]", NULL);
	other = change_of(2, NULL, "[1]", "[1,{\"n\":1}]", NULL);
	assert_true(str_eq(one.canonical_path, other.canonical_path) && one.former == NULL);
}

static void
a_rule_may_name_a_long_key_as_it_is_and_as_it_is_shown(void **state)
{
#define RULE "[{\"path\":\"%s\",\"severity\":\"critical\"}]"
	const char *id = repeated('k', 90);
	const char *old = talloc_asprintf(mem, "[{\"id\":\"%s\",\"v\":1}]", id);
	const char *new = talloc_asprintf(mem, "[{\"id\":\"%s\",\"v\":2}]", id);
	struct change c = change_of(1, NULL, old, new, NULL);
	const char   *shown =
	    talloc_asprintf(mem, "%.*s", (int)c.canonical_path.n, c.canonical_path.p);

	(void)state;
	assert_int_equal(c.severity, SEVERITY_MEDIUM);
	c = change_of(1, NULL, old, new, talloc_asprintf(mem, RULE, shown));
	assert_int_equal(c.severity, SEVERITY_CRITICAL);
	c = change_of(1, NULL, old, new,
	    talloc_asprintf(mem, RULE, talloc_asprintf(mem, "/[id=\\\"%s\\\"]/v", id)));
	assert_int_equal(c.severity, SEVERITY_CRITICAL);
}

static void
a_head_ends_with_a_character_and_not_within_an_escape(void **state)
{
	struct buf name;

	(void)state;
	for (int shift = 0; shift < 3; shift++) {
		struct diff *d;
		struct str   path;

		buf_make(&name, mem);
		for (int i = 0; i < shift; i++)
			buf_putc(&name, 'x');
		while (name.n < 2000)
			buf_puts(&name, "\xe2\x82\xac~");
		d = compare(NULL, inside(name.p, 1, "1"), inside(name.p, 1, "2"));
		path = d->changes[0].path;
		assert_true(path.n < 200);
		buf_make(&name, mem);
		buf_json(&name, path); /* bytes that are no UTF-8 become U+FFFD */
		assert_null(strstr(name.p, "\xef\xbf\xbd"));
		assert_non_null(memmem(path.p, path.n, MARK, strlen(MARK)));
		assert_null(memmem(path.p, path.n, "~\xe2\x80\xa6", 4));
	}
}

static const uint8_t *
finger(const char *name)
{
	struct diff *d = compare(NULL, inside(name, 1, "1"), inside(name, 1, "2"));

	assert_int_equal(d->n, 1);
	return d->changes[0].fingerprint;
}

static void
no_name_passes_for_a_shortened_one(void **state)
{
	char        *name = repeated('x', 5000);
	struct diff *d = compare(NULL, inside(name, 1, "1"), inside(name, 1, "2"));
	struct str   path = d->changes[0].path;
	const char  *shown_name = talloc_strndup(mem, path.p + 1, path.n - 1);
	struct diff *fake = compare(NULL, inside(shown_name, 1, "1"), inside(shown_name, 1, "2"));

	(void)state;
	assert_false(str_eq(fake->changes[0].path, path));
	assert_memory_not_equal(fake->changes[0].fingerprint, d->changes[0].fingerprint, HASH_LEN);
	assert_memory_equal(finger(name), d->changes[0].fingerprint, HASH_LEN);
	name[4999] = 'y'; /* far behind what is shown */
	assert_memory_not_equal(finger(name), d->changes[0].fingerprint, HASH_LEN);
}

/* ---- all of a report ---- */

static struct diff *
compared(const char *old, const char *new)
{
	struct diff *d = compare(NULL, old, new);
	size_t       bytes = 0;

	for (size_t i = 0; i < d->n; i++)
		bytes += d->changes[i].path.n + d->changes[i].canonical_path.n;
	print_message("# %zu changes of documents of %zu bytes: %zu bytes of paths, %zu in all\n",
	    d->n, strlen(old) + strlen(new), bytes, talloc_total_size(d));
	assert_true(bytes <= DIFF_PATHS_MAX + d->n * 2 * (CHANGE_PATH_HEAD + strlen(MARK) + 16));
	assert_true(talloc_total_size(d) < ((size_t)100 << 20));
	return d;
}

static void
paths_of_a_report_are_bounded_whatever_its_documents(void **state)
{
	static const struct {
		size_t name;
		int    levels, n;
	} shapes[] = { { 100000, 1, 10000 }, { 20000, 1, 3000 }, { CHANGE_STEP_MAX, 7, 50000 },
		{ CHANGE_STEP_MAX, 120, 50000 }, { 100, 120, 10000 } };

	(void)state;
	for (size_t i = 0; i < LEN(shapes); i++) {
		const char *name = repeated('x', shapes[i].name);

		compared(inside(name, shapes[i].levels, members(shapes[i].n, 1)),
		    inside(name, shapes[i].levels, members(shapes[i].n, 2)));
	}
}

/* The last change of many, for whose paths there is no more room, is the same finding alone. */
static void
a_fingerprint_does_not_depend_on_how_much_room_there_was(void **state)
{
	const char *name = repeated('x', CHANGE_STEP_MAX);

	(void)state;
	for (int levels = 6; levels < 9; levels++) { /* a path up to the limit, and beyond */
		struct diff *many = compared(
		    inside(name, levels, members(5000, 1)), inside(name, levels, members(5000, 2)));
		struct diff *one = compare(NULL, inside(name, levels, "{\"m4999\":1}"),
		    inside(name, levels, "{\"m4999\":2}"));

		assert_true(many->changes[4999].path.n < 400);
		assert_memory_equal(
		    many->changes[4999].fingerprint, one->changes[0].fingerprint, HASH_LEN);
		assert_memory_not_equal(
		    many->changes[4998].fingerprint, one->changes[0].fingerprint, HASH_LEN);
		assert_false(str_eq(many->changes[4998].path, many->changes[4999].path));
	}
}

static uint64_t
cost_of_element(int n)
{
	char *old = members(n, 1), *new = members(n, 2);

	old[strlen(old) - 1] = new[strlen(new) - 1] = '\0';
	return compare(NULL, talloc_asprintf(mem, "[%s,\"id\":7}]", old),
	    talloc_asprintf(mem, "[%s,\"id\":7}]", new))
	    ->compared;
}

static void
the_key_of_an_element_is_looked_for_once_however_much_changed_in_it(void **state)
{
	uint64_t small = cost_of_element(1000), large = cost_of_element(10000);

	(void)state;
	print_message("# %llu for 1,000 members, %llu for 10,000\n", (unsigned long long)small,
	    (unsigned long long)large);
	assert_true(large <= 12 * small);
}

/* A patch has the paths as they are: what would come of long ones is refused before it is held. */
static void
a_patch_of_long_paths_comes_out_of_the_budget(void **state)
{
	static const struct {
		size_t name;
		int    n;
		bool   taken;
	} cases[] = { { 20, 10000, true }, { 1000, 10000, true }, { 100000, 10000, false } };

	(void)state;
	for (size_t i = 0; i < LEN(cases); i++) {
		const char          *name = repeated('x', cases[i].name);
		struct compare_spec *spec = spec_of(NULL, key);
		struct err           e = { 0 };
		struct work          work;
		struct patch        *p;
		bool                 ok;

		work_begin(&work, WORK_REQUEST, NULL);
		p = patch_make(mem, spec, &work, &e);
		assert_non_null(p);
		ok = patch_value(p, STR("c"), parse(inside(name, 1, members(cases[i].n, 1))),
		    parse(inside(name, 1, members(cases[i].n, 2))), &e);
		assert_int_equal(ok, cases[i].taken);
		assert_int_equal(e.code, ok ? ERR_OK : ERR_TOO_COSTLY);
		assert_true(talloc_total_size(p) < ((size_t)600 << 20));
		talloc_free(p);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(paths_and_hashes_of_ordinary_documents_are_what_they_always_were),
		TEST(what_was_known_by_a_masked_or_long_key_keeps_its_hashes),
		TEST(a_long_name_is_shown_by_its_head_and_a_hash),
		TEST(a_key_of_more_than_64_bytes_is_shown_by_a_hash),
		TEST(a_masked_key_has_a_name_of_its_config_and_its_place_only),
		TEST(a_rule_may_name_a_long_key_as_it_is_and_as_it_is_shown),
		TEST(a_head_ends_with_a_character_and_not_within_an_escape),
		TEST(no_name_passes_for_a_shortened_one),
		TEST(paths_of_a_report_are_bounded_whatever_its_documents),
		TEST(a_fingerprint_does_not_depend_on_how_much_room_there_was),
		TEST(a_patch_of_long_paths_comes_out_of_the_budget),
		TEST(the_key_of_an_element_is_looked_for_once_however_much_changed_in_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
