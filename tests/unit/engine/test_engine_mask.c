/* Secrets: seen to change, and nowhere. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "drift/engine/mask_at.h"
#include "drift/engine/masked.h"
#include "drift/engine/redact.h"
#include "tests/unit/engine.h"

static const uint8_t other_key[HASH_LEN] = { 9 };

static void
secrets_are_seen_to_change_and_are_nowhere(void **state)
{
	static const char old[] =
	    "{\"Password\":\"hunter2\",\"x\":{\"clientSecret\":[\"s3cr3t\",42,{\"y\":\"deep1\"}],"
	    "\"client_secret\":null,\"passwordHint\":\"dog\"}}";
	static const char new[] =
	    "{\"Password\":\"hunter3\",\"x\":{\"clientSecret\":[\"s3cr3t\",42,{\"y\":\"deep1\"}],"
	    "\"client_secret\":null,\"passwordHint\":\"dog\"}}";
	struct compare_spec *spec = spec_of(NULL, key);
	struct resource      a = resource(spec, "c", old), again = resource(spec, "c", old);
	struct resource      foreign = resource(spec_of(NULL, other_key), "c", old);
	struct str           text = canonical(&a);
	struct diff         *d = compare(NULL, old, new);

	(void)state;
	assert_false(holds_text(text, "hunter2"));
	assert_false(holds_text(text, "s3cr3t"));
	assert_true(holds_text(text, "deep1"));
	assert_true(holds_text(text, "42"));
	assert_true(holds_text(text, "dog"));
	assert_true(str_eq(text, canonical(&again)));
	assert_false(str_eq(text, canonical(&foreign)));
	assert_string_equal(listed(d), "~/Password");
	assert_true(str_eqz(shown(d->changes[0].old_value), "\"[masked]\""));
	assert_true(str_eqz(shown(d->changes[0].new_value), "\"[masked]\""));
	assert_true(holds_text(shown(a.value), "\"client_secret\":null"));
	assert_memory_not_equal(
	    d->changes[0].value_hash, compare(NULL, new, old)->changes[0].value_hash, HASH_LEN);
}

static void
masks_come_back_from_the_store(void **state)
{
	static const char text[] =
	    "{\"secret\":\"a\",\"n\":1.50,\"t\":\"\\u0000masked:x\",\"u\":\"\\u0000\"}";
	struct err           e = { 0 };
	struct compare_spec *spec = spec_of(NULL, key);
	struct resource      a = resource(spec, "c", text), b = a;
	struct diff         *d = diff_make(mem, spec, NULL, NULL, &e);
	struct str           stored = canonical(&a);

	(void)state;
	b.value = json_parse(mem, stored, &e);
	assert_non_null(b.value);
	assert_true(resource_normalise(mem, spec, &b, RESOURCE_STORED, NULL, &e));
	assert_true(str_eq(stored, canonical(&b)));
	assert_true(diff_resource(d, &b, &a, &e));
	assert_int_equal(d->n, 0);
	assert_true(str_eqz(shown(b.value),
	    "{\"n\":1.5,\"secret\":\"[masked]\",\"t\":\"\\u0000masked:x\",\"u\":\"\\u0000\"}"));
}

static void
a_value_stored_in_clear_meets_a_new_mask(void **state)
{
	static const char    text[] = "{\"pin\":\"\\u00001234\",\"n\":100}";
	struct err           e = { 0 };
	struct compare_spec *before = spec_of(NULL, key);
	struct compare_spec *after =
	    spec_of("{\"normalise\":[{\"how\":\"mask\",\"names\":[\"pin\",\"n\"]}]}", key);
	struct resource a = resource(before, "c", text), b = resource(after, "c", text);
	struct diff    *d = diff_make(mem, after, NULL, NULL, &e);

	(void)state;
	a.value = json_parse(mem, canonical(&a), &e);
	assert_true(resource_normalise(mem, after, &a, RESOURCE_STORED, NULL, &e));
	assert_true(diff_resource(d, &a, &b, &e));
	assert_int_equal(d->n, 0);
}

static void
nothing_from_outside_passes_for_a_mask(void **state)
{
	struct err           e = { 0 };
	struct compare_spec *spec = spec_of(NULL, key);
	struct resource      masked = resource(spec, "c", "{\"secret\":\"a\"}");
	struct buf           b;
	struct resource      fake;

	(void)state;
	buf_make(&b, mem);
	json_print(&b, masked.value);
	for (char *p = b.p; (p = strstr(p, "secret")) != NULL;)
		memcpy(p, "public", 6);
	fake = resource(spec, "c", b.p);
	assert_false(holds_text(shown(fake.value), "[masked]"));
	assert_int_equal(e.code, ERR_OK);
}

/* A config that was made before masks what it masked: these names, and all below them. */
static void
the_first_edition_masks_its_names_and_no_others(void **state)
{
	static const char *const names[] = { "password", "secret", "secretText", "clientSecret",
		"client_secret", "privateKey", "private_key", "connectionString", "accessToken",
		"refreshToken" };
	struct compare_terms     terms = { .key = key, .edition = COMPARE_EDITION_1 };
	struct err               e = { 0 };
	struct compare_spec     *first = compare_compile_terms(mem, &terms, NULL, &e);

	(void)state;
	assert_non_null(first);
	for (size_t i = 0; i < LEN(names); i++) {
		char *text = talloc_asprintf(mem, "{\"%s\":{\"x\":[\"hidden\",42]}}", names[i]);
		struct resource r = resource(first, "c", text);

		assert_false(holds_text(canonical(&r), "hidden"));
		assert_false(holds_text(canonical(&r), "42"));
		text = talloc_asprintf(
		    mem, "{\"%ss\":\"seen\",\"x%s\":\"ghp_seentoo\"}", names[i], names[i]);
		r = resource(first, "c", text);
		assert_true(holds_text(canonical(&r), "ghp_seentoo") &&
			    holds_text(canonical(&r), "seen\""));
	}
}

/* Also where it stands in a text that is read as JSON. */
static void
secrets_inside_embedded_json_are_masked(void **state)
{
	static const char how[] = "{\"normalise\":[{\"how\":\"embedded_json\",\"path\":\"/d\"}]}";
	struct compare_spec *spec = spec_of(how, key);
	struct resource r = resource(spec, "c", "{\"d\":\"{\\\"password\\\":\\\"hunter2\\\"}\"}");

	(void)state;
	assert_false(holds_text(canonical(&r), "hunter2"));
	assert_true(str_eqz(shown(r.value), "{\"d\":{\"password\":\"[masked]\"}}"));
	check_changes(how, "{\"d\":\"{\\\"password\\\":\\\"a\\\"}\"}",
	    "{\"d\":\"{\\\"password\\\":\\\"b\\\"}\"}", "~/d/password");
}

/* null stays null: that there is no secret is no secret. Equal secrets have one mask, wherever. */
static void
a_mask_hides_the_value_and_keeps_its_equality(void **state)
{
	struct compare_spec *spec =
	    spec_of("{\"normalise\":[{\"how\":\"mask\",\"path\":\"/m/*\"}]}", key);
	struct resource r =
	    resource(spec, "c", "{\"m\":[\"a\",1,1.0,true,null,\"1\",{\"x\":\"a\"}]}");
	const struct json *m = json_get(r.value, "m");

	(void)state;
	assert_true(str_eqz(shown(m),
	    "[\"[masked]\",\"[masked]\",\"[masked]\",\"[masked]\",null,\"[masked]\","
	    "{\"x\":\"[masked]\"}]"));
	assert_true(str_eq(m->items[1].text, m->items[2].text));
	assert_true(str_eq(m->items[0].text, m->items[6].items[0].text));
	assert_false(str_eq(m->items[1].text, m->items[5].text));
	assert_false(str_eq(m->items[1].text, m->items[3].text));
}

/* What is left of a resource in a change: the value, and where it was. */
static void
a_value_that_was_cut_out_is_masked_as_it_was_in_its_place(void **state)
{
	static const struct {
		const char *mask, *path, *value, *is;
	} rows[] = {
		{ "/l/1/v", "/l/1/v", "\"s\"", "\"[masked]\"" },
		{ "/l/1/v", "/l/0/v", "\"s\"", "\"s\"" },
		{ "/l/1/v", "/l/1", "{\"v\":\"s\",\"w\":1}", "{\"v\":\"[masked]\",\"w\":1}" },
		{ "/l/*/v", "/l/[~0123456789abcdef]/v", "\"s\"", "\"[masked]\"" },
		{ "/l/*/v", "/l/7/v", "\"s\"", "\"[masked]\"" },
		{ "/l/*/v", "/l/4000000000/v", "\"s\"", "\"[masked]\"" },
		{ "/l/2/3", "/l/2/3", "\"s\"", "\"[masked]\"" },
	};

	(void)state;
	for (size_t i = 0; i < LEN(rows); i++) {
		struct err           e = { 0 };
		struct compare_spec *spec = spec_of(
		    talloc_asprintf(
			mem, "{\"normalise\":[{\"how\":\"mask\",\"path\":\"%s\"}]}", rows[i].mask),
		    key);
		struct resource r = { STR("c"), STR("k"), parse(rows[i].value) };

		assert_true(mask_at(mem, spec, &r, str_of(rows[i].path), NULL, &e));
		if (!str_eqz(shown(r.value), rows[i].is))
			fail_msg("%s in %s: %.*s", rows[i].mask, rows[i].path,
			    (int)shown(r.value).n, shown(r.value).p);
	}
}

/* An element that has no identity is paired: its mask stays beside it wherever it stands, and the
 * place where values are set is its array. */
static void
a_masked_leaf_of_an_element_without_identity_keeps_its_place_when_it_moves(void **state)
{
	static const char *const old = "{\"l\":[{\"a\":1,\"b\":2,\"secret\":\"x\"},"
				       "{\"a\":3,\"b\":4,\"secret\":\"y\"}]}";
	static const char *const news[] = {
		"{\"l\":[{\"a\":3,\"b\":4,\"secret\":\"y\"},{\"a\":1,\"b\":2,\"secret\":\"1\"}]}",
		"{\"l\":[{\"a\":1,\"b\":2,\"secret\":\"2\"},{\"a\":3,\"b\":4,\"secret\":\"y\"}]}",
		"{\"l\":[{\"a\":9,\"b\":9,\"z\":0},{\"a\":3,\"b\":4,\"secret\":\"y\"},"
		"{\"a\":1,\"b\":2,\"secret\":\"3\"}]}",
	};
	struct err           e = { 0 };
	struct compare_spec *spec = spec_of(NULL, key);
	struct resource      a = resource(spec, "c", old);
	uint8_t              place[HASH_LEN], name[HASH_LEN];

	(void)state;
	for (size_t i = 0; i < LEN(news); i++) {
		struct resource b = resource(spec, "c", news[i]);
		struct diff    *d = diff_make(mem, spec, NULL, NULL, &e);
		size_t          at = 0;

		assert_true(diff_watch_masked(d, &e) && diff_resource(d, &a, &b, &e));
		while (at < d->n && d->changes[at].op != CHANGE_MODIFIED)
			at++;
		assert_true(at < d->n);
		assert_int_equal(diff_masked(d)->n, 1);
		assert_true(str_eqz(diff_masked(d)->items[0].path, "/l/*"));
		if (i == 0) {
			memcpy(place, diff_masked(d)->items[0].place, HASH_LEN);
			memcpy(name, d->changes[at].fingerprint, HASH_LEN);
		}
		assert_memory_equal(diff_masked(d)->items[0].place, place, HASH_LEN);
		assert_memory_equal(d->changes[at].fingerprint, name, HASH_LEN);
	}
}

/* ---- left out where somebody chooses a side ---- */

static struct diff *
redacted(const char *how, const char *old, const char *new, struct redaction **x)
{
	struct err           e = { 0 };
	struct compare_spec *spec = spec_of(how, key);
	struct resource      a = resource(spec, "c", old), b = resource(spec, "c", new);
	struct diff         *d = diff_make(mem, spec, NULL, NULL, &e);

	*x = redaction_make(mem, NULL, &e);
	diff_redacted(d);
	assert_true(redact(*x, mem, &a, &e) && redact(*x, mem, &b, &e));
	assert_true(diff_resource(d, &a, &b, &e));
	return d;
}

/* All that is told of a comparison. */
static const char *
told(const struct diff *d)
{
	char       hex[2 * HASH_LEN + 1];
	struct buf b;

	buf_make(&b, mem);
	for (size_t i = 0; i < d->n; i++) {
		const struct change *c = &d->changes[i];

		buf_printf(&b, "%d %.*s %.*s ", c->op, (int)c->path.n, c->path.p,
		    (int)c->canonical_path.n, c->canonical_path.p);
		hex_print(c->fingerprint, HASH_LEN, hex);
		buf_puts(&b, hex);
		hex_print(c->value_hash, HASH_LEN, hex);
		buf_puts(&b, hex);
		if (c->old_value != NULL)
			resource_print(&b, c->old_value);
		if (c->new_value != NULL)
			resource_print(&b, c->new_value);
	}
	return b.n > 0 ? b.p : "";
}

static void
what_is_told_of_a_redacted_comparison_depends_on_no_masked_value(void **state)
{
	static const struct {
		const char *how, *old, *new; /* G in `new`: the guess */
	} cases[] = {
		{ NULL, "{\"password\":\"a\",\"n\":1}", "{\"password\":\"G\",\"n\":2}" },
		{ NULL, "[{\"secret\":\"a\"},{\"secret\":\"b\"}]",
		    "[{\"secret\":\"b\"},{\"secret\":\"G\",\"x\":1}]" },
		{ "{\"arrays\":[{\"path\":\"\",\"mode\":\"keyed\",\"keys\":[\"secret\"]}]}",
		    "[{\"secret\":\"a\",\"n\":1}]", "[{\"secret\":\"G\",\"n\":2}]" },
		{ "{\"arrays\":[{\"path\":\"/"
		  "s\",\"mode\":\"set\"}],\"normalise\":[{\"how\":\"mask\",\"path\":\"/s\"}]}",
		    "{\"s\":[\"a\",\"a\",\"b\"]}", "{\"s\":[\"b\",\"G\",\"c\",{\"x\":1}]}" },
		{ "{\"arrays\":[{\"path\":\"/"
		  "s\",\"mode\":\"list\"}],\"normalise\":[{\"how\":\"mask\",\"path\":\"/s\"}]}",
		    "{\"s\":[\"a\",\"b\",\"c\"]}", "{\"s\":[\"b\",\"G\"]}" },
		{ "{\"normalise\":[{\"how\":\"mask\",\"path\":\"/**\"}]}", "{\"a\":\"a\",\"b\":1}",
		    "{\"a\":\"G\",\"c\":null}" },
	};
	struct redaction *x;

	(void)state;
	for (size_t i = 0; i < LEN(cases); i++) {
		char *right = talloc_strdup(mem, cases[i].new);
		char *other = talloc_strdup(mem, cases[i].new);

		*strchr(right, 'G') = 'a';
		*strchr(other, 'G') = 'z';
		assert_string_equal(told(redacted(cases[i].how, cases[i].old, right, &x)),
		    told(redacted(cases[i].how, cases[i].old, other, &x)));
		assert_true(x->n > 0);
		assert_string_not_equal(
		    listed(redacted(cases[i].how, cases[i].old, right, &x)), "~/password");
	}
}

static void
what_is_left_out_is_named_once_as_a_pattern(void **state)
{
	struct redaction *x;
	struct diff      *d =
	    redacted("{\"normalise\":[{\"how\":\"mask\",\"path\":\"/a~1b/password\"}]}",
		"{\"u\":[{\"secret\":\"1\"},{\"secret\":\"2\"}],\"a/b\":{\"password\":1}}",
		"{\"u\":[{\"secret\":\"1\",\"n\":1}],\"a/b\":{\"password\":{\"x\":2}}}", &x);

	(void)state;
	assert_int_equal(x->n, 3);
	assert_true(str_eqz(x->places[0].path, "/u/*/secret"));
	assert_true(str_eqz(x->places[1].path, "/a~1b/password"));
	assert_true(str_eqz(x->places[2].path, "/a~1b/password/x"));
	assert_true(str_eqz(x->places[0].category, "c") && str_eqz(x->places[0].key, "k"));
	assert_int_equal(redaction_more(x), 0);
	assert_null(strstr(listed(d), "password"));
}

static void
a_condition_sees_no_mask_but_that_there_is_one(void **state)
{
	static const struct {
		const char *to;
		size_t      critical;
	} cases[] = {
		{ "\"[masked]\"", 1 },
		{ "[\"x\",\"[masked]\"]", 1 },
		{ "{\"match\":\"*masked:*\"}", 0 },
		{ "{\"contains\":\"masked:\"}", 0 },
		{ "{\"match\":\"[masked*\"}", 1 },
		{ "{\"exists\":true}", 1 },
		{ "\"b\"", 0 },
		{ "{\"not\":[\"b\",\"c\"]}", 1 },
	};
	struct err           e = { 0 };
	struct compare_spec *spec = spec_of(NULL, key);
	struct resource      a = resource(spec, "c", "{\"password\":\"a\"}");
	struct resource      b = resource(spec, "c", "{\"password\":\"b\"}");

	(void)state;
	for (size_t i = 0; i < LEN(cases); i++) {
		char *text = talloc_asprintf(
		    mem, "[{\"path\":\"/**\",\"to\":%s,\"severity\":\"critical\"}]", cases[i].to);
		struct rules *rules = rules_compile(mem, parse(text), NULL, 0, NULL, &e);
		struct diff  *d = diff_make(mem, spec, rules, NULL, &e);

		assert_true(rules != NULL && diff_resource(d, &a, &b, &e));
		if (d->summary.by_severity[SEVERITY_CRITICAL] != (int64_t)cases[i].critical)
			fail_msg("%s", cases[i].to);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(secrets_are_seen_to_change_and_are_nowhere),
		TEST(masks_come_back_from_the_store),
		TEST(a_value_stored_in_clear_meets_a_new_mask),
		TEST(nothing_from_outside_passes_for_a_mask),
		TEST(the_first_edition_masks_its_names_and_no_others),
		TEST(secrets_inside_embedded_json_are_masked),
		TEST(a_mask_hides_the_value_and_keeps_its_equality),
		TEST(a_value_that_was_cut_out_is_masked_as_it_was_in_its_place),
		TEST(a_masked_leaf_of_an_element_without_identity_keeps_its_place_when_it_moves),
		TEST(what_is_told_of_a_redacted_comparison_depends_on_no_masked_value),
		TEST(what_is_left_out_is_named_once_as_a_pattern),
		TEST(a_condition_sees_no_mask_but_that_there_is_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
