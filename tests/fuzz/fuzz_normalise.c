/*
 * Properties of normal forms under any row of normalisers.  The bytes up to the first 0xFF choose
 * them, three each: which, where, with what; the rest is a value.
 *   - a normal form is its own: what comes back from the store is that, to the byte;
 *   - values equal but for spelling (order of members, numbers) have one canonical text, before
 *     and after;
 *   - a transform applied twice is the transform applied once;
 *   - a string at a place that is masked is a mask, or says that there is no secret;
 *   - where all is unmasked every value is as it came;
 *   - the bytes of a secret in a text, whatever stands around it, are in no print of a value, a
 * name or a key.
 */
#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "drift/engine/mark.h"
#include "drift/engine/resource.h"
#include "drift/engine/secret.h"
#include "drift/engine/transform.h"
#include "tests/fuzz/part.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static const uint8_t key[HASH_LEN] = { 11 };
static const char   *hows[] = { "ignore", "mask", "empty_is_absent", "casefold", "nfc", "split",
	  "embedded_json", "round", "as_array", "cidr", "quantity", "duration", "eol", "url_decoded",
	  "boolean_text", "unmask" };
static const char   *places[] = { "\"path\":\"\"", "\"path\":\"/**\"", "\"path\":\"/*\"",
	  "\"path\":\"/a\"", "\"path\":\"/**/b\"", "\"path\":\"/*/1/**\"", "\"path\":\"/0/*\"",
	  "\"names\":\"a*\"", "\"names\":\"*\",\"except\":\"b\"", "\"path\":\"/1*/*\"" };
static const char   *splits[] = { "", ",\"separator\":\",\"", ",\"separator\":\"1\"",
	  ",\"separator\":\"ab\"" };
static const char   *rounds[] = { "", ",\"digits\":1", ",\"digits\":30", ",\"seconds\":60",
	  ",\"seconds\":90", ",\"seconds\":86400" };
#define LEN(a)    (sizeof(a) / sizeof *(a))
#define ENTRY_MAX 8

struct world {
	TALLOC_CTX          *mem;
	struct compare_spec *spec;
};

/* `open`: of the choices those that mask, and all is unmasked. */
static struct compare_spec *
spec_of(TALLOC_CTX *mem, struct str choices, bool open)
{
	struct err   e = { 0 };
	struct json *v;
	struct buf   b;
	bool         first = true;

	buf_make(&b, mem);
	buf_puts(&b, "{\"normalise\":[");
	for (size_t i = 0; i + 2 < choices.n && i < (size_t)3 * ENTRY_MAX; i += 3) {
		const char *how = hows[(uint8_t)choices.p[i] % LEN(hows)], *more = "";
		uint8_t     with = (uint8_t)choices.p[i + 2];

		if (open && strcmp(how, "mask") != 0)
			continue;
		if (how[0] == 's')
			more = splits[with % LEN(splits)];
		if (how[0] == 'r')
			more = rounds[with % LEN(rounds)];
		buf_printf(&b, "%s{\"how\":\"%s\",%s%s}", first ? "" : ",", how,
		    places[(uint8_t)choices.p[i + 1] % LEN(places)], more);
		first = false;
	}
	if (open)
		buf_printf(&b, "%s{\"how\":\"unmask\",\"path\":\"/**\"}", first ? "" : ",");
	buf_puts(&b, "]}");
	v = json_parse(mem, buf_str(&b), &e);
	assert(v != NULL);
	return compare_compile(mem, v, NULL, 0, key, NULL, &e);
}

static struct str
canonical(TALLOC_CTX *mem, const struct json *v)
{
	struct err e = { 0 };
	struct buf b;
	bool       ok;

	buf_make(&b, mem);
	ok = json_canonical(&b, v, &e);
	assert(ok);
	return buf_str(&b);
}

/* The normal form of a text; NULL: there is a number without one. */
static const struct json *
normal_of(const struct world *w, struct str text, enum resource_origin from)
{
	struct err      e = { 0 };
	struct resource r = { STR("c"), STR("k"), json_parse(w->mem, text, &e) };

	assert(r.value != NULL);
	if (resource_normalise(w->mem, w->spec, &r, from, NULL, &e))
		return r.value;
	assert(e.code == ERR_INVALID && e.faults != NULL);
	return NULL;
}

/* Its canonical text. */
static struct str
normal(const struct world *w, struct str text, enum resource_origin from)
{
	const struct json *v = normal_of(w, text, from);

	return v != NULL ? canonical(w->mem, v) : (struct str) { NULL, 0 };
}

static void
check_form(const struct world *w, struct str text, const struct json *v)
{
	struct str form = normal(w, text, RESOURCE_SOURCE), spelled;
	struct err e = { 0 };
	struct buf b;

	if (form.p == NULL)
		return;
	assert(str_eq(form, normal(w, form, RESOURCE_STORED)));
	buf_make(&b, w->mem);
	if (!json_canonical(&b, v, &e))
		return; /* the number without one was ignored */
	spelled = normal(w, buf_str(&b), RESOURCE_SOURCE);
	assert(str_eq(form, spelled));
}

/* ---- masks ---- */

struct steps {
	struct str at[JSON_DEPTH_MAX + 1];
	char       indices[JSON_DEPTH_MAX + 1][12];
	uint32_t   n;
};

/*
 * To who has a path alone members that look like indices could be elements, and elements of what
 * has no name members: they are passed by.
 */
static void
check_masked(const struct world *w, const struct json *v, struct steps *to)
{
	uint64_t index;
	bool     named = to->n > 0 && !str_to_u64(to->at[0], &index);

	if (v->type == JSON_STRING && named && compare_masks(w->spec, STR("c"), to->at, to->n))
		assert(mark_at(v) || secret_is_none(mark_clear(v->text)));
	if (v->type != JSON_ARRAY && v->type != JSON_OBJECT)
		return;
	for (uint32_t i = 0; i < v->n; i++) {
		char *text = to->indices[to->n];

		snprintf(text, sizeof to->indices[0], "%u", i);
		to->at[to->n] = v->type == JSON_OBJECT ? v->names[i] : str_of(text);
		if (v->type == JSON_OBJECT && str_to_u64(v->names[i], &index))
			continue;
		to->n++;
		check_masked(w, &v->items[i], to);
		to->n--;
	}
}

/* But for the second U+0000 of a string that begins with one; an annotation may be read as JSON. */
static void
check_same(const struct json *was, const struct json *is)
{
	assert(was->type == is->type || (was->type == JSON_STRING && is->n > 0));
	if (was->type != is->type)
		return;
	if (was->type == JSON_STRING)
		assert(!mark_at(is) && str_eq(was->text, mark_clear(is->text)));
	if (was->type != JSON_ARRAY && was->type != JSON_OBJECT)
		return;
	assert(was->n == is->n);
	for (uint32_t i = 0; i < was->n; i++)
		check_same(&was->items[i], &is->items[i]);
}

static void
check_masks(const struct world *w, struct str choices, struct str text, const struct json *v)
{
	struct world       open = { w->mem, spec_of(w->mem, choices, true) };
	struct steps       to = { .n = 0 };
	const struct json *form = normal_of(w, text, RESOURCE_SOURCE);

	if (form != NULL)
		check_masked(w, form, &to);
	assert(open.spec != NULL);
	form = normal_of(&open, text, RESOURCE_SOURCE);
	if (form != NULL)
		check_same(v, form);
}

/* ---- a secret in a text ---- */

#define SECRET "S3cr3tM4rk"

static void
check_hidden(TALLOC_CTX *mem, const struct compare_spec *spec, struct resource r)
{
	struct err      e = { 0 };
	struct resource back;
	struct buf      b;
	bool            ok = resource_normalise(mem, spec, &r, RESOURCE_SOURCE, NULL, &e);

	assert(ok);
	back = r;
	buf_make(&b, mem);
	buf_add(&b, r.key.p, r.key.n);
	resource_print(&b, r.value);
	resource_print_named(&b, spec, &r, r.value);
	assert(buf_ok(&b) && memmem(b.p, b.n, SECRET, strlen(SECRET)) == NULL);
	back.value = json_parse(mem, canonical(mem, r.value), &e);
	ok = back.value != NULL && resource_normalise(mem, spec, &back, RESOURCE_STORED, NULL, &e);
	assert(ok && str_eq(canonical(mem, back.value), canonical(mem, r.value)));
}

/* As a value, as the name of a member, as a key. */
static void
check_secret(TALLOC_CTX *mem, const struct compare_spec *spec, struct str text)
{
	struct json value = { .type = JSON_STRING, .text = text },
		    object = { .type = JSON_OBJECT, .n = 1, .items = &value, .names = &text };

	check_hidden(mem, spec, (struct resource) { STR("c"), STR("k"), &value });
	check_hidden(mem, spec, (struct resource) { STR("c"), STR("k"), &object });
	value.text = STR("");
	check_hidden(mem, spec, (struct resource) { STR("c"), text, &value });
}

static void
check_secrets(TALLOC_CTX *mem, const struct json *v)
{
	static const char *const ways[] = { "\nDB_PASSWORD=" SECRET "\n",
		"\npassword: " SECRET "\n", "\npassword: |\n  " SECRET "\n",
		";Password=" SECRET ";A=1", "\"password\":\"" SECRET "\"",
		"<password>" SECRET "</password>", " --password " SECRET " ",
		"\nX-Api-Key: " SECRET "\r\n" };
	struct err               e = { 0 };
	struct json             *how = json_parse(mem, STR("{}"), &e);
	struct compare_spec     *spec = compare_compile(mem, how, NULL, 0, key, NULL, &e);

	assert(spec != NULL);
	if (v->type != JSON_STRING || memmem(v->text.p, v->text.n, SECRET, strlen(SECRET)) != NULL)
		return;
	for (size_t i = 0; i < LEN(ways); i++) {
		size_t     at = v->text.n / 2;
		struct buf b;

		while (at > 0 && ((uint8_t)v->text.p[at] & 0xC0) == 0x80) /* no character is cut */
			at--;
		buf_make(&b, mem);
		buf_add(&b, v->text.p, at);
		buf_puts(&b, ways[i]);
		buf_add(&b, v->text.p + at, v->text.n - at);
		assert(buf_ok(&b));
		check_secret(mem, spec, buf_str(&b));
	}
}

/* ---- transforms ---- */

static void
check_transforms(const struct world *w, const struct json *v)
{
	for (uint32_t i = 0; i < w->spec->normalise.n; i++) {
		const struct compare_entry *x = &w->spec->normalise.items[i];
		struct json                 once = *v, twice;
		struct err                  e = { 0 };
		bool                        changed = false, again = false, ok;

		if (v->type == JSON_NUMBER && v->text.n > 100)
			continue;
		ok = transform_apply(w->mem, x, JSON_DEPTH_MAX, &once, &changed, NULL, &e);
		twice = once;
		ok = ok && transform_apply(w->mem, x, JSON_DEPTH_MAX, &twice, &again, NULL, &e);
		assert(ok && !again);
		assert(changed || (once.type == v->type && once.n == v->n));
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct world w = { .mem = talloc_new(NULL) };
	struct str   rest = { (const char *)data, n };
	struct str   choices = part_next(&rest);
	struct err   e = { 0 };
	struct json *v = json_parse(w.mem, rest, &e);

	if (v != NULL)
		check_secrets(w.mem, v);
	w.spec = v != NULL ? spec_of(w.mem, choices, false) : NULL;
	if (w.spec != NULL) {
		check_form(&w, rest, v);
		check_masks(&w, choices, rest, v);
		check_transforms(&w, v);
		for (uint32_t i = 0; i < v->n; i++)
			check_transforms(&w, &v->items[i]);
	}
	talloc_free(w.mem);
	return 0;
}
