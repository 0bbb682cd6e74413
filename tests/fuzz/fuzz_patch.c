/*
 * Properties of JSON Patch.  The first byte chooses; 0xFF parts what follows.
 *   even: a document and a patch.  It applies or is refused with the place, the document stays
 *         as it was, and the whole gives what its operations give one after another.
 *   odd:  two snapshots {category: {key: value}}.  The patch made for them applies to the first
 *         and gives one in which the comparison with the second finds nothing.
 */
#include <assert.h>
#include <stdlib.h>

#include "drift/engine/diff.h"
#include "drift/engine/patch.h"
#include "tests/fuzz/part.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static const uint8_t     key[HASH_LEN] = { 3 };
static const char *const compares[] = {
	"{}",
	"{\"arrays\":[{\"path\":\"/**\",\"mode\":\"set\"}]}",
	"{\"arrays\":[{\"path\":\"/**\",\"mode\":\"list\"}]}",
	"{\"arrays\":[{\"path\":\"/**\",\"mode\":\"keyed\",\"keys\":[\"a\"]}]}",
	"{\"arrays\":[{\"names\":\"b\",\"mode\":\"multiset\"}]}",
	"{\"arrays\":[{\"path\":\"/**\",\"mode\":\"ordered\"}]}",
	"{\"arrays\":[{\"path\":\"/**\",\"mode\":\"paired\"}]}",
};
#define COMPARES (sizeof compares / sizeof *compares)

/* Patches that blow a document up are the limits' business: they take long, not wrong. */
#define OPERATIONS_MAX 40

/* ---- applying ---- */

static struct str
printed(TALLOC_CTX *mem, const struct json *v)
{
	struct buf b;

	buf_make(&b, mem);
	json_print(&b, v);
	assert(buf_ok(&b));
	return buf_str(&b);
}

static struct json *
apply(TALLOC_CTX *mem, const struct json *doc, const struct json *patch, uint32_t *failed)
{
	struct err   e = { 0 };
	struct json *got = patch_apply(mem, doc, patch, NULL, &e);

	*failed = patch->n;
	if (got != NULL) {
		struct json *again = json_parse(mem, printed(mem, got), &e);

		assert(again != NULL); /* no deeper and not more than a text may be */
		return got;
	}
	assert(e.code == ERR_INVALID && e.faults != NULL);
	if (e.faults->pointer[0] == '/')
		*failed = (uint32_t)strtoul(e.faults->pointer + 1, NULL, 10);
	return NULL;
}

static void
check_patch(TALLOC_CTX *mem, const struct json *doc, const struct json *patch)
{
	struct str         before = printed(mem, doc);
	uint32_t           failed, none;
	const struct json *whole = apply(mem, doc, patch, &failed), *step = doc;

	assert(str_eq(before, printed(mem, doc)));
	if (patch->type != JSON_ARRAY)
		return;
	assert(whole != NULL || failed < patch->n);
	for (uint32_t i = 0; i < failed; i++) {
		struct json one = { .type = JSON_ARRAY, .n = 1, .items = &patch->items[i] };

		step = apply(mem, step, &one, &none);
		assert(step != NULL);
	}
	if (whole != NULL) {
		assert(str_eq(printed(mem, whole), printed(mem, step)));
	} else {
		struct json one = { .type = JSON_ARRAY, .n = 1, .items = &patch->items[failed] };

		assert(apply(mem, step, &one, &none) == NULL);
	}
}

static void
run_patch(TALLOC_CTX *mem, struct str rest)
{
	struct err   e = { 0 };
	struct json *doc = json_parse(mem, part_next(&rest), &e), *patch;

	err_clear(&e);
	patch = json_parse(mem, rest, &e);
	if (doc != NULL && patch != NULL && patch->n <= OPERATIONS_MAX)
		check_patch(mem, doc, patch);
}

/* ---- making ---- */

static const struct json *
member(const struct json *v, struct str name)
{
	for (uint32_t i = 0; v != NULL && v->type == JSON_OBJECT && i < v->n; i++)
		if (str_eq(v->names[i], name))
			return &v->items[i];
	return NULL;
}

/* With numbers that have a canonical text, as a normal form has. */
static bool
is_snapshot(TALLOC_CTX *mem, const struct json *v)
{
	struct err e = { 0 };
	struct buf b;

	buf_make(&b, mem);
	if (v == NULL || v->type != JSON_OBJECT || !json_canonical(&b, v, &e))
		return false;
	for (uint32_t i = 0; i < v->n; i++)
		if (v->items[i].type != JSON_OBJECT)
			return false;
	return true;
}

struct comparison {
	const struct json *from, *to;
	struct patch      *patch; /* else: */
	struct diff       *diff;
};

static void
one_resource(const struct comparison *s, struct str category, struct str name)
{
	struct resource  a = { category, name, member(member(s->from, category), name) };
	struct resource  b = { category, name, member(member(s->to, category), name) };
	struct resource *from = a.value != NULL ? &a : NULL, *to = b.value != NULL ? &b : NULL;
	struct err       e = { 0 };
	bool             ok = s->patch != NULL ? patch_resource(s->patch, from, to, &e)
					       : diff_resource(s->diff, from, to, &e);

	assert(ok);
}

/* Every resource of either side once. */
static void
each_resource(const struct comparison *s)
{
	for (uint32_t i = 0; i < s->from->n; i++)
		for (uint32_t j = 0; j < s->from->items[i].n; j++)
			one_resource(s, s->from->names[i], s->from->items[i].names[j]);
	for (uint32_t i = 0; i < s->to->n; i++) {
		const struct json *was = member(s->from, s->to->names[i]);

		for (uint32_t j = 0; j < s->to->items[i].n; j++)
			if (member(was, s->to->items[i].names[j]) == NULL)
				one_resource(s, s->to->names[i], s->to->items[i].names[j]);
	}
}

static void
run_made(TALLOC_CTX *mem, uint8_t which, struct str rest)
{
	struct err           e = { 0 };
	struct json         *how = json_parse(mem, str_of(compares[which % COMPARES]), &e);
	struct compare_spec *spec = compare_compile(mem, how, NULL, 0, key, NULL, &e);
	struct comparison    s = { .patch = patch_make(mem, spec, NULL, &e) };
	struct buf           out;
	bool                 ok = s.patch != NULL;

	s.from = json_parse(mem, part_next(&rest), &e);
	err_clear(&e);
	s.to = json_parse(mem, rest, &e);
	err_clear(&e);
	if (!is_snapshot(mem, s.from) || !is_snapshot(mem, s.to))
		return;
	for (uint32_t i = 0; ok && i < s.from->n; i++)
		ok = patch_category(s.patch, s.from->names[i], &e);
	each_resource(&s);
	buf_make(&out, mem);
	ok = ok && patch_print(&out, s.patch, &e);
	assert(ok);
	s.from = patch_apply(mem, s.from, json_parse(mem, buf_str(&out), &e), NULL, &e);
	assert(is_snapshot(mem, s.from));
	s.patch = NULL;
	s.diff = diff_make(mem, spec, NULL, NULL, &e);
	each_resource(&s);
	assert(diff_count(&s.diff->summary) == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	TALLOC_CTX *mem = talloc_new(NULL);

	if (n > 0 && data[0] % 2 == 0)
		run_patch(mem, (struct str) { (const char *)data + 1, n - 1 });
	else if (n > 0)
		run_made(mem, data[0] / 2, (struct str) { (const char *)data + 1, n - 1 });
	talloc_free(mem);
	return 0;
}
