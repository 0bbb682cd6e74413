/* Cookies in and out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "tests/lib/exchange.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static struct conf      conf;
static const struct env env = { .conf = &conf };
static struct app       app = { .env = &env };
static struct request   r;
static char            *params[2];
static struct transport transport = { .params = params };

static int
open_request(void **state)
{
	(void)state;
	conf = (struct conf) { .public_url = "https://drift.example.org", .base_path = "" };
	r = (struct request) { .app = &app, .transport = &transport, .mem = talloc_new(NULL) };
	params[0] = NULL;
	buf_make(&r.headers, r.mem);
	return 0;
}

static int
close_request(void **state)
{
	(void)state;
	talloc_free(r.mem);
	return 0;
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, open_request, close_request)

static void
a_cookie_is_found_by_its_whole_name(void **state)
{
	static const struct {
		const char *header, *name, *want; /* NULL: absent */
		bool        bad;
	} rows[] = {
		{ "a=1", "a", "1", false },
		{ "b=2; a=1", "a", "1", false },
		{ "b=2;a=1;c", "a", "1", false },
		{ " a=1=2 ", "a", "1=2", false },
		{ "a=", "a", "", false },
		{ "aa=1; a", "a", NULL, false },
		{ "", "a", NULL, false },
		{ ";;;", "a", NULL, false },
		{ "a=1; a=2", "a", NULL, true },
		{ "a=1; a=1", "a", NULL, true },
		{ "__Host-bsx_access=t", "bsx_access", "t", false },
		{ "bsx_access=planted", "bsx_access", NULL, false },
		{ "bsx_access=planted; __Host-bsx_access=t", "bsx_access", "t", false },
		{ "__Host-bsx_access=t; __Host-bsx_access=planted", "bsx_access", NULL, true },
		{ "__Secure-bsx_refresh=t", "bsx_refresh", "t", false },
		{ "__host-bsx_access=t", "bsx_access", NULL, false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct str got;
		bool       bad;

		params[0] = talloc_asprintf(r.mem, "HTTP_COOKIE=%s", rows[i].header);
		got = request_cookie(&r, rows[i].name, &bad);
		if (bad != rows[i].bad || (got.p == NULL) != (rows[i].want == NULL) ||
		    (got.p != NULL && !str_eqz(got, rows[i].want)))
			fail_msg("%s", rows[i].header);
	}
}

static void
those_of_which_there_are_many_are_listed_as_they_were_sent(void **state)
{
	static const struct {
		const char *header, *want; /* name=value, with a blank between */
	} rows[] = {
		{ "__Host-bsx_oidc_0a=1; x=y; __Host-bsx_oidc_ff=2",
		    "bsx_oidc_0a=1 bsx_oidc_ff=2 " },
		{ "__Host-bsx_oidc_0a=1; __Host-bsx_oidc_0a=2", "bsx_oidc_0a=1 bsx_oidc_0a=2 " },
		{ "__Host-bsx_oidc_0a=", "bsx_oidc_0a= " },
		{ "__Host-bsx_oidc_0123456789abcdef=1", "bsx_oidc_0123456789abcdef=1 " },
		{ "__Host-bsx_oidc_0123456789abcdef0=1", "" },
		{ "bsx_oidc_0a=1; __Secure-bsx_oidc_0a=1", "" },
		{ "__Host-bsx_oidc=1; __Host-bsx_oidc_=1; __Host-bsx_oidc_0A=1", "" },
		{ "__Host-bsx_oidc_0g=1; __Host-bsx_oidc0a=1; __Host-bsx_oidc_0a", "" },
		{ "__Host-bsx_access_0a=1; __Host-bsx_oidc_1=1; __Host-bsx_oidc_2=2; "
		  "__Host-bsx_oidc_3=3; __Host-bsx_oidc_4=4",
		    "bsx_oidc_1=1 bsx_oidc_2=2 bsx_oidc_3=3 " },
		{ "", "" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct sent_cookie got[3];
		char              *text = talloc_strdup(r.mem, "");
		size_t             n;

		params[0] = talloc_asprintf(r.mem, "HTTP_COOKIE=%s", rows[i].header);
		n = request_cookies(&r, "bsx_oidc", got, COUNT(got));
		for (size_t j = 0; j < n; j++)
			text = talloc_asprintf_append(text, "%.*s=%.*s ", (int)got[j].name.n,
			    got[j].name.p, (int)got[j].value.n, got[j].value.p);
		assert_string_equal(text, rows[i].want);
	}
}

static void
our_cookies_have_the_attributes_of_the_contract(void **state)
{
	static const struct {
		const char *url, *name, *value;
		int64_t     age;
		const char *want;
	} rows[] = {
		{ "https://a.example", "bsx_access", "t", 600,
		    "Set-Cookie: __Host-bsx_access=t; Path=/; Max-Age=600; HttpOnly; SameSite=Lax; "
		    "Secure\r\n" },
		{ "https://a.example", "bsx_refresh", "t", 60,
		    "Set-Cookie: __Secure-bsx_refresh=t; Path=/bsx/api/auth; Max-Age=60; HttpOnly; "
		    "SameSite=Lax; Secure\r\n" },
		{ "https://a.example", "bsx_device", "t", 60,
		    "Set-Cookie: __Secure-bsx_device=t; Path=/bsx/api/auth/login; Max-Age=60; "
		    "HttpOnly; "
		    "SameSite=Lax; Secure\r\n" },
		{ "https://a.example", "bsx_oidc_0123456789ab", "t", 600,
		    "Set-Cookie: __Host-bsx_oidc_0123456789ab=t; Path=/; Max-Age=600; HttpOnly; "
		    "SameSite=Lax; Secure\r\n" },
		{ "http://127.0.0.1:8080", "bsx_oidc_0f", "", 0,
		    "Set-Cookie: bsx_oidc_0f=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax\r\n" },
		{ "http://127.0.0.1:8080", "bsx_access", "t", 600,
		    "Set-Cookie: bsx_access=t; Path=/; Max-Age=600; HttpOnly; SameSite=Lax\r\n" },
		{ "https://a.example", "bsx_mfa", "gone", 0,
		    "Set-Cookie: __Host-bsx_mfa=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax; "
		    "Secure\r\n" },
	};

	(void)state;
	conf.base_path = "/bsx";
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct err e = { 0 };

		conf.public_url = rows[i].url;
		buf_make(&r.headers, r.mem);
		assert_true(reply_cookie(&r, rows[i].name, rows[i].value, rows[i].age, &e));
		assert_string_equal(r.headers.p, rows[i].want);
	}
}

static void
what_would_break_a_header_is_refused(void **state)
{
	static const char *const values[] = { "a b", "a;b", "a,b", "a\"b", "a\\b", "a\r\nX: y",
		"\x7F", "\xC3\xA9" };

	(void)state;
	for (size_t i = 0; i < COUNT(values); i++) {
		struct err e = { 0 };

		assert_false(reply_cookie(&r, "bsx_access", values[i], 60, &e));
		assert_int_equal(e.code, ERR_INTERNAL);
		assert_int_equal(r.headers.n, 0);
	}
	for (size_t i = 0; i < 2; i++) {
		struct err e = { 0 };

		assert_false(reply_header(&r, "X-Name", i == 0 ? "a\rb" : "a\nb", &e));
		assert_int_equal(e.code, ERR_INTERNAL);
		assert_int_equal(r.headers.n, 0);
	}
}

static void
a_page_of_another_origin_brings_and_gets_none(void **state)
{
	char       header[] = "HTTP_COOKIE=__Host-bsx_access=t; a=1";
	struct err e = { 0 };
	bool       bad;

	(void)state;
	params[0] = header;
	assert_non_null(request_cookie(&r, "bsx_access", &bad).p);
	r.guest = true;
	assert_null(request_cookie(&r, "bsx_access", &bad).p);
	assert_null(request_cookie(&r, "a", &bad).p);
	assert_false(bad);
	assert_false(reply_cookie(&r, "bsx_access", "t", 60, &e));
	assert_int_equal(e.code, ERR_INTERNAL);
	assert_int_equal(r.headers.n, 0);
}

static void
only_cookies_of_the_contract_are_set(void **state)
{
	struct err e = { 0 };

	(void)state;
	assert_false(reply_cookie(&r, "session", "t", 60, &e));
	assert_int_equal(e.code, ERR_INTERNAL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_cookie_is_found_by_its_whole_name),
		TEST(those_of_which_there_are_many_are_listed_as_they_were_sent),
		TEST(our_cookies_have_the_attributes_of_the_contract),
		TEST(what_would_break_a_header_is_refused),
		TEST(a_page_of_another_origin_brings_and_gets_none),
		TEST(only_cookies_of_the_contract_are_set),
	};

	return cmocka_run_group_tests_name("cookie", tests, NULL, NULL);
}
