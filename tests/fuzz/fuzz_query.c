/*
 * Properties of target and query: what is accepted has one reading.  A path
 * begins with one slash, has no empty or dot segment, no control, backslash or
 * NUL; written again with escapes it parses to itself.
 *
 * Input: one request target.
 */
#include <assert.h>
#include <string.h>

#include "core/web/route.h"
#include "core/web/target.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void
check_path(struct str path)
{
	struct str rest = path, segment;

	assert(path.n > 0 && path.p[0] == '/' && str_is_utf8(path));
	for (size_t i = 0; i < path.n; i++)
		assert((uint8_t)path.p[i] >= ' ' && path.p[i] != '\\' && path.p[i] != 0x7F);
	assert(memmem(path.p, path.n, "//", 2) == NULL);
	while (rest.p != NULL) {
		rest = str_cut(rest, '/', &segment);
		assert(!str_eqz(segment, ".") && !str_eqz(segment, ".."));
	}
}

static void
check_again(TALLOC_CTX *mem, const char *path)
{
	struct str    rest = str_of(path + 1), segment;
	struct target t;
	struct err    e = { 0 };
	struct buf    b;

	buf_make(&b, mem);
	while (rest.p != NULL) {
		rest = str_cut(rest, '/', &segment);
		buf_putc(&b, '/');
		buf_url(&b, segment);
	}
	assert(buf_ok(&b) && target_parse(mem, buf_str(&b), "", &t, &e));
	assert(strcmp(t.path, path) == 0);
}

static void
check_query(TALLOC_CTX *mem, struct str text)
{
	struct query_param *params;
	struct list_query  *q;
	size_t              n;
	struct err          e = { 0 };

	if (!query_parse(mem, text, &params, &n, &e)) {
		assert(e.code == ERR_BAD_REQUEST);
		return;
	}
	assert(n <= LIMIT_QUERY_PARAMS);
	for (size_t i = 0; i < n; i++) {
		assert(params[i].name.n > 0 && str_is_utf8(params[i].name));
		assert(str_is_utf8(params[i].value));
		assert(memchr(params[i].value.p, '\0', params[i].value.n) == NULL);
	}
	if (query_decode(mem, &list_query_schema, params, n, (void **)&q, &e))
		assert(q->limit >= 0 && q->limit <= 200);
	else
		assert(e.code == ERR_INVALID || e.code == ERR_BAD_REQUEST);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	TALLOC_CTX   *mem = talloc_new(NULL);
	struct str    uri = { (const char *)data, n };
	struct target t;
	struct err    e = { 0 };

	if (memchr(data, '\0', n) == NULL && target_parse(mem, uri, "", &t, &e)) {
		check_path(str_of(t.path));
		check_again(mem, t.path);
		check_query(mem, t.query);
	}
	err_clear(&e);
	if (target_parse_decoded(mem, uri, "", &t, &e))
		check_path(str_of(t.path));
	talloc_free(mem);
	return 0;
}
