/*
 * Properties of base/json: what is read prints to text that reads to the same
 * canonical text; canonical text is a fixed point; every encoding is bounded.
 */
#include <assert.h>
#include <string.h>

#include "core/base/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static struct str
canonical(TALLOC_CTX *mem, struct str text, bool *limits)
{
	struct err   e = { 0 };
	struct json *v = json_parse(mem, text, &e);
	struct buf   b;

	assert(v != NULL);
	buf_make(&b, mem);
	*limits = !json_canonical(&b, v, &e);
	assert(!*limits || e.code == ERR_INVALID);
	return buf_str(&b);
}

static void
check(TALLOC_CTX *mem, const struct json *v, struct str text)
{
	struct str one, two;
	struct buf b;
	bool       limits, limits_too;

	buf_make(&b, mem);
	json_print(&b, v);
	assert(buf_ok(&b));
	one = canonical(mem, text, &limits);
	two = canonical(mem, buf_str(&b), &limits_too);
	assert(limits == limits_too);
	if (limits)
		return;
	assert(str_eq(one, two));
	two = canonical(mem, one, &limits);
	assert(!limits && str_eq(one, two));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	TALLOC_CTX  *mem = talloc_new(NULL);
	struct err   e = { 0 };
	struct str   text;
	struct json *v;

	if (json_decode(mem, (struct str) { (const char *)data, n }, &text, &e)) {
		v = json_parse(mem, text, &e);
		assert((v != NULL) == (e.code == ERR_OK));
		if (v != NULL)
			check(mem, v, text);
		else
			assert(e.pub[0] != '\0' && strlen(e.pub) < sizeof e.pub - 1);
	}
	talloc_free(mem);
	return 0;
}
