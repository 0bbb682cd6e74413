/*
 * The n-th allocation fails, for every n: a comparison ends in an error, or says exactly what it
 * says otherwise.  The program's own malloc stands in front of the C library's; under ASan, which
 * needs that place itself, talloc's limit of a tree takes its part.  OpenSSL's allocations are left
 * alone: a digest that cannot be made ends the process (hash.c), it never gives a wrong one.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "drift/engine/diff.h"
#include "drift/engine/patch.h"
#include "drift/engine/selector.h"
#include "drift/engine/template.h"
#include "drift/engine/rule_pack.h"

static const uint8_t key[HASH_LEN] = { 1 };

#ifdef __SANITIZE_ADDRESS__
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANITIZED 1
#endif
#endif
#ifndef SANITIZED
#define SANITIZED 0
#endif

static int64_t countdown = -1; /* allocations until the one that fails; < 0: none does */
static bool    from_then_on;
static int64_t failed;

#if SANITIZED
#pragma GCC diagnostic ignored "-Wdeprecated-declarations" /* talloc_set_memlimit */
#else
void *__libc_malloc(size_t n);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *p, size_t n);

static bool
fails(void)
{
	if (countdown < 0 || countdown-- > 0)
		return false;
	countdown = from_then_on ? 0 : -1;
	failed++;
	return true;
}

void *
malloc(size_t n)
{
	return fails() ? NULL : __libc_malloc(n);
}

void *
calloc(size_t n, size_t size)
{
	return fails() ? NULL : __libc_calloc(n, size);
}

void *
realloc(void *p, size_t n)
{
	return fails() ? NULL : __libc_realloc(p, n);
}
#endif

#if !SANITIZED
int CRYPTO_set_mem_functions(void *(*m)(size_t, const char *, int),
    void *(*r)(void *, size_t, const char *, int), void (*f)(void *, const char *, int));

static void *
crypto_malloc(size_t n, const char *file, int line)
{
	(void)file;
	(void)line;
	return __libc_malloc(n);
}

static void *
crypto_realloc(void *p, size_t n, const char *file, int line)
{
	(void)file;
	(void)line;
	return __libc_realloc(p, n);
}

static void
crypto_free(void *p, const char *file, int line)
{
	(void)file;
	(void)line;
	free(p);
}
#endif

static bool
leave_crypto_alone(void)
{
#if SANITIZED
	return true;
#else
	return CRYPTO_set_mem_functions(crypto_malloc, crypto_realloc, crypto_free) == 1;
#endif
}

/* ---- one comparison: decode, split, normalise, store, compare, rules, patch, apply ---- */

static const char how[] =
    "{\"arrays\":[{\"path\":\"/list\",\"mode\":\"list\"},{\"path\":\"/set\",\"mode\":\"set\"},"
    "{\"path\":\"/pairs\",\"mode\":\"keyed\",\"keys\":[\"a\",\"b\"]}],"
    "\"normalise\":[{\"how\":\"ignore\",\"names\":[\"*DateTime\"]},{\"how\":\"split\",\"path\":\"/"
    "scope\"},"
    "{\"how\":\"embedded_json\",\"path\":\"/text\"},{\"how\":\"casefold\",\"path\":\"/fold\"},"
    "{\"how\":\"nfc\",\"names\":\"fold\"},{\"how\":\"mask\",\"path\":\"/many/a\"},"
    "{\"how\":\"empty_is_absent\",\"path\":\"/*\"},"
    "{\"how\":\"round\",\"path\":\"/at\",\"seconds\":60},"
    "{\"how\":\"round\",\"path\":\"/round\",\"digits\":1}]}";
static const char pack_text[] =
    "{\"name\":\"pack\",\"compare\":{\"normalise\":[{\"how\":\"ignore\",\"names\":\"x*\"}]},"
    "\"rules\":[{\"path\":\"/many/*\",\"where\":{\"/password\":{\"exists\":true}},"
    "\"op\":\"deleted\",\"severity\":\"low\",\"reason\":\"gone\"}]}";
static const char rules_text[] =
    "[{\"path\":\"/set/"
    "*\",\"direction\":\"grows\",\"to\":{\"contains\":\"n\"},\"severity\":\"high\"},"
    "{\"path\":\"/auto/[id=\\\"x\\\"]/v\",\"severity\":\"critical\"}]";
static const char left[] =
    "{\"list\":[1,2,3,4,5,6,7,8,9,10,11],\"set\":[\"a\",\"b\",\"b\"],\"gone\":{\"a\":[1,{}]},"
    "\"pairs\":[{\"a\":1,\"b\":null,\"c\":1},{\"a\":2,\"b\":\"x\",\"c\":2}],\"scope\":\"b a\","
    "\"auto\":[{\"id\":\"x\",\"v\":1},{\"id\":\"y\",\"v\":[1,2]}],\"text\":\"{\\\"a\\\":1}\","
    "\"password\":\"p\",\"changedDateTime\":1,\"fold\":\"\\u00c4B\",\"at\":\"2026-01-01T00:00:"
    "01Z\",\"none\":null,\"round\":1.26,"
    "\"many\":{\"a\":1,\"b\":1,\"c\":1,\"d\":1,\"e\":1,\"f\":1,\"g\":1,\"h\":1,\"i\":1,\"j\":1,"
    "\"k\":1,\"l\":1,\"m\":1,\"n\":1,\"o\":1,\"p\":1,\"q\":1,\"r\":1}}";
static const char right[] =
    "{\"list\":[1,3,2,4,5,60,7,8,9,10,11],\"set\":[\"a\",\"new\"],"
    "\"pairs\":[{\"a\":2,\"b\":\"x\",\"c\":3},{\"a\":3,\"b\":null,\"c\":1}],\"scope\":\"a c b\","
    "\"auto\":[{\"id\":\"y\",\"v\":[2,3]},{\"id\":\"x\",\"v\":2}],\"text\":\"{\\\"a\\\":2}\","
    "\"password\":\"q\",\"changedDateTime\":2,\"fold\":\"\\u00e4b\",\"at\":\"2026-01-01T00:01:"
    "01Z\",\"none\":[],\"round\":1.34,"
    "\"many\":{\"z\":1,\"b\":1,\"a\":1,\"c\":1,\"d\":1,\"e\":1,\"f\":1,\"g\":1,\"h\":1,\"i\":1,"
    "\"j\":1,\"k\":1,\"l\":1,\"m\":1,\"n\":1,\"o\":1,\"p\":1,\"q\":1}}";

/* The text as UTF-16 with a byte order mark: it is ASCII. */
static struct str
wide(const char *text, char out[static 4096])
{
	size_t n = strlen(text);

	memcpy(out, "\xFF\xFE", 2);
	for (size_t i = 0; i < n; i++) {
		out[2 + 2 * i] = text[i];
		out[3 + 2 * i] = '\0';
	}
	return (struct str) { out, 2 + 2 * n };
}

/* One side: decoded, split off its document, made normal, stored, and read back. */
static bool
side(TALLOC_CTX *mem, const struct compare_spec *spec, const char *text, struct resource *r,
    struct err *e)
{
	static char              bytes[4096];
	static const char        parts[] = "{\"key\":[\"/id\",\"/rest\"],\"category\":\"c\"}";
	struct selector_text     says = { "/value", NULL, NULL };
	struct resource_selector selector;
	char                     document[2048];
	struct resource         *all;
	const struct json       *v;
	struct str               utf8;
	struct buf               b;
	size_t                   n;

	snprintf(document, sizeof document, "{\"value\":[{\"id\":\"k\",%s,{\"id\":2}]}", text + 1);
	if (!json_decode(mem, wide(document, bytes), &utf8, e))
		return false;
	v = json_parse(mem, str_of(parts), e);
	if (v == NULL)
		return false;
	says.key = json_get(v, "key");
	says.category = json_get(v, "category");
	if (!selector_compile(mem, &says, "/selector", &selector, e))
		return false;
	v = json_parse(mem, utf8, e);
	if (v == NULL || !resource_split(mem, v, &selector, &all, &n, e))
		return false;
	*r = all[0];
	buf_make(&b, mem);
	if (!resource_normalise(mem, spec, r, RESOURCE_SOURCE, NULL, e) ||
	    !resource_canonical(&b, r, e))
		return false;
	r->value = json_parse(mem, buf_str(&b), e);
	return r->value != NULL && resource_normalise(mem, spec, r, RESOURCE_STORED, NULL, e);
}

static bool
tell(struct buf *out, const struct diff *d, struct err *e)
{
	buf_printf(out, "%lld %lld %lld score %lld", (long long)d->summary.created,
	    (long long)d->summary.modified, (long long)d->summary.deleted,
	    (long long)d->summary.score);
	for (size_t i = 0; i < d->n; i++) {
		const struct change *c = &d->changes[i];
		char                 hex[2 * HASH_LEN + 1];

		buf_printf(out, "\n%s %s ", change_op_name(c->op), c->rule);
		buf_add(out, c->path.p, c->path.n);
		buf_putc(out, ' ');
		buf_add(out, c->canonical_path.p, c->canonical_path.n);
		hex_print(c->fingerprint, HASH_LEN, hex);
		buf_puts(out, hex);
		hex_print(c->value_hash, HASH_LEN, hex);
		buf_puts(out, hex);
		if (c->new_value != NULL)
			resource_print(out, c->new_value);
	}
	return buf_ok(out) || err_memory(e);
}

struct rules_and_spec {
	struct compare_spec *spec;
	struct rules        *rules;
};

static bool
compile(TALLOC_CTX *mem, struct rules_and_spec *c, struct err *e)
{
	const struct json      *v = json_parse(mem, str_of(how), e), *r;
	const struct rule_pack *pack =
	    v != NULL ? rule_pack_parse(mem, str_of(pack_text), e) : NULL;

	if (pack == NULL)
		return false;
	c->spec = compare_compile(mem, v, &pack, 1, key, NULL, e);
	r = c->spec != NULL ? json_parse(mem, str_of(rules_text), e) : NULL;
	c->rules = r != NULL ? rules_compile(mem, r, &pack, 1, NULL, e) : NULL;
	return c->rules != NULL;
}

/* The patch from a to b applied to a: its text, then how many changes to b are left. */
static bool
patched(TALLOC_CTX *mem, struct buf *out, const struct compare_spec *spec, const struct resource *a,
    const struct resource *b, struct err *e)
{
	struct patch      *p = patch_make(mem, spec, NULL, e);
	struct diff       *d = p != NULL ? diff_make(mem, spec, NULL, NULL, e) : NULL;
	struct resource    got = *a;
	const struct json *operations;
	struct buf         text;

	buf_make(&text, mem);
	if (d == NULL || !patch_value(p, a->category, a->value, b->value, e) ||
	    !patch_print(&text, p, e))
		return false;
	operations = json_parse(mem, buf_str(&text), e);
	got.value = operations != NULL ? patch_apply(mem, a->value, operations, NULL, e) : NULL;
	if (got.value == NULL || !diff_resource(d, &got, b, e))
		return false;
	buf_printf(out, "\n%s\n%lld left", text.p, (long long)diff_count(&d->summary));
	return buf_ok(out) || err_memory(e);
}

/* A template, its variables and a difference that does not apply, and what becomes of them. */
static bool
render(TALLOC_CTX *mem, struct buf *out, struct err *e)
{
	const struct json *v =
	    json_parse(mem, STR("{\"a\":[\"%x%\",{\"b\":\"in %y%, 100%\"}],\"c\":\"%%\"}"), e);
	const struct json *x = v == NULL ? NULL : json_parse(mem, STR("[1,{\"z\":2}]"), e);
	const struct json  y = { .type = JSON_STRING, .text = STR("north") };
	const struct template_variable vars[] = { { STR("x"), x }, { STR("y"), &y } };
	const struct resource          r = { STR("c"), STR("k-%y%"), v };
	struct difference d[] = { { STR("c"), STR("k-north"), STR("/a/0/1/z"), DIFFERENCE_REPLACE,
				      &y, NULL },
		{ STR("c"), STR("k-north"), STR("/gone"), DIFFERENCE_REMOVE, NULL, NULL },
		{ STR("c"), STR("k-north"), STR("/c"), DIFFERENCE_REMOVE, NULL, NULL } };
	struct resource  *list;
	size_t            n = 1;

	if (x == NULL ||
	    !template_check(mem, &(struct template) { &r, 1, vars, 2 }, RESOURCE_SOURCE, NULL, e) ||
	    !template_render(mem, &(struct template) { &r, 1, vars, 2 }, "/v", &list, NULL, e))
		return false;
	list = talloc_realloc_size(mem, list, 8 * sizeof(*list));
	if (list == NULL)
		return err_memory(e);
	if (!template_differ(mem, list, &n, &(struct differences) { d, 3, NULL }, NULL, e))
		return false;
	buf_add(out, list[0].key.p, list[0].key.n);
	json_print(out, list[0].value);
	buf_puts(out, d[1].why);
	return buf_ok(out) || err_memory(e);
}

static bool
compare(TALLOC_CTX *mem, struct buf *out, struct err *e)
{
	struct rules_and_spec c;
	struct diff          *d;
	struct resource       a, b;

	buf_make(out, mem);
	if (!compile(mem, &c, e))
		return false;
	d = diff_make(mem, c.spec, c.rules, NULL, e);
	return d != NULL && side(mem, c.spec, left, &a, e) && side(mem, c.spec, right, &b, e) &&
	       diff_resource(d, &a, &b, e) && tell(out, d, e) &&
	       patched(mem, out, c.spec, &a, &b, e) && render(mem, out, e);
}

/* *done: no allocation failed any more. */
static void
try(const char *want, int64_t n, bool *done)
{
	TALLOC_CTX *mem = talloc_new(NULL);
	struct err  e = { 0 };
	struct buf  out;
	bool        ok;

	failed = 0;
#if SANITIZED
	assert_int_equal(talloc_set_memlimit(mem, 64 * ((size_t)n + 1)), 0); /* 0: none */
#endif
	countdown = n;
	ok = compare(mem, &out, &e);
	countdown = -1;
	if (!ok && (e.code != ERR_INTERNAL || e.sys != 12))
		fail_msg("%lld: %d %s", (long long)n, (int)e.code, e.detail);
	if (ok && strcmp(out.p, want) != 0)
		fail_msg("%lld: another answer: %s", (long long)n, out.p);
	*done = ok && (SANITIZED || failed == 0);
	talloc_free(mem);
}

static void
every(bool on)
{
	TALLOC_CTX *mem = talloc_new(NULL);
	struct err  e = { 0 };
	struct buf  want;
	int64_t     n = 0;

	countdown = -1;
	assert_true(compare(mem, &want, &e));
	assert_non_null(strstr(want.p, "config:2"));
	assert_non_null(strstr(want.p, "pack:1"));
	assert_non_null(strstr(want.p, "\n1 left")); /* a secret leaves as "[masked]" */
	assert_non_null(strstr(want.p, "k-north{\"a\":[[1,{\"z\":\"north\"}],"));
	from_then_on = on;
	for (bool done = false; !done; n++)
		try(want.p, n, &done);
	print_message("# %lld allocations failed, one after another\n", (long long)n - 1);
	assert_true(n > 100);
	talloc_free(mem);
}

static void
a_comparison_that_misses_one_allocation_says_so_or_is_right(void **state)
{
	(void)state;
	every(false);
}

static void
a_comparison_that_runs_out_of_memory_says_so(void **state)
{
	(void)state;
	every(true);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_comparison_that_misses_one_allocation_says_so_or_is_right),
		cmocka_unit_test(a_comparison_that_runs_out_of_memory_says_so),
	};

	return leave_crypto_alone() ? cmocka_run_group_tests(tests, NULL, NULL) : 1;
}
