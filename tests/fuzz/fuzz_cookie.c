/*
 * Properties of cookies: one that is found stands in the header once, behind
 * its whole name; one that is set is found again with its value.
 *
 * Input: a Cookie header, or a value to be set.
 */
#include <assert.h>
#include <string.h>

#include "core/web/request.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static const struct conf conf = { .public_url = "https://a.example", .base_path = "" };

static void
check_found(struct request *r)
{
	struct str  header = request_param(r, "HTTP_COOKIE"), got;
	const char *first;
	bool        bad;

	got = request_cookie(r, "bsx_access", &bad);
	assert(!bad || got.p == NULL);
	if (got.p == NULL)
		return;
	assert(got.p >= header.p && got.p + got.n <= header.p + header.n);
	assert(memchr(got.p, ';', got.n) == NULL);
	first = memmem(header.p, header.n, "__Host-bsx_access=", 18);
	assert(first != NULL && first <= got.p - 18 &&
	       memcmp(got.p - 18, "__Host-bsx_access=", 18) == 0);
}

/* What is listed has a name of ours, and stands there. */
static void
check_listed(struct request *r)
{
	struct str         header = request_param(r, "HTTP_COOKIE");
	struct sent_cookie got[4];
	size_t             n = request_cookies(r, "bsx_oidc", got, 4);

	for (size_t i = 0; i < n; i++) {
		struct str name = got[i].name;

		assert(name.n > 9 && name.n <= 9 + COOKIE_MARK_MAX);
		assert(memcmp(name.p, "bsx_oidc_", 9) == 0);
		assert(strspn(name.p + 9, "0123456789abcdef") == name.n - 9);
		assert(name.p >= header.p + 7 && memcmp(name.p - 7, "__Host-", 7) == 0);
		assert(name.p[name.n] == '=' && got[i].value.p == name.p + name.n + 1);
		assert(got[i].value.p + got[i].value.n <= header.p + header.n);
		assert(got[i].bytes == 7 + name.n + 1 + got[i].value.n + 2);
	}
}

/* As a browser sends it back. */
static void
check_set(TALLOC_CTX *mem, struct request *r, char **params, const char *value)
{
	struct err e = { 0 };
	struct str line, pair, got;
	bool       bad;

	buf_make(&r->headers, mem);
	if (!reply_cookie(r, "bsx_access", value, 60, &e)) {
		assert(e.code == ERR_INTERNAL && r->headers.n == 0);
		return;
	}
	line = buf_str(&r->headers);
	assert(line.n > 2 && memchr(line.p, '\n', line.n) == line.p + line.n - 1);
	str_cut((struct str) { line.p + 12, line.n - 12 }, ';', &pair);
	params[0] = talloc_asprintf(mem, "HTTP_COOKIE=%.*s", (int)pair.n, pair.p);
	got = request_cookie(r, "bsx_access", &bad);
	assert(!bad && got.p != NULL && str_eqz(got, value));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	TALLOC_CTX      *mem = talloc_new(NULL);
	char            *value = talloc_strndup(mem, (const char *)data, n);
	char            *params[2] = { talloc_asprintf(mem, "HTTP_COOKIE=%s", value) };
	const struct env env = { .conf = &conf };
	struct app       app = { .env = &env };
	struct transport t = { .params = params };
	struct request   r = { .app = &app, .transport = &t, .mem = mem };

	check_found(&r);
	check_listed(&r);
	check_set(mem, &r, params, value);
	talloc_free(mem);
	return 0;
}
