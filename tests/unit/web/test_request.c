/* The parts of a request: target, query, address, identifiers, and the rules on callers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "core/web/encoding.h"
#include "core/web/target.h"
#include "tests/lib/exchange.h"
#include "tests/unit/mem.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* ---- target ---- */

static void
a_target_is_decoded_once_below_the_base_path(void **state)
{
	static const struct {
		const char *uri, *base, *path, *query;
	} rows[] = {
		{ "/", "", "/", NULL },
		{ "/api/users", "", "/api/users", NULL },
		{ "/api/users?", "", "/api/users", "" },
		{ "/api/users?a=/../%2F?b", "", "/api/users", "a=/../%2F?b" },
		{ "/api/caf%C3%A9/%2520", "", "/api/caf\xC3\xA9/%20", NULL },
		{ "/api/c;d=1/..b/.c", "", "/api/c;d=1/..b/.c", NULL },
		{ "/bsx/api/x", "/bsx", "/api/x", NULL },
		{ "/bsx", "/bsx", "/", NULL },
		{ "/bsx/", "/bsx/", "/", NULL },
		{ "http://any.example:80/api/x?y", "", "/api/x", "y" },
		{ "https://any.example", "", "/", NULL },
		{ "/api/\xC3\xA9", "", "/api/\xC3\xA9", NULL },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct target t;
		struct err    e = { 0 };

		if (!target_parse(mem, str_of(rows[i].uri), rows[i].base, &t, &e))
			fail_msg("%s: %s", rows[i].uri, e.detail);
		assert_string_equal(t.path, rows[i].path);
		assert_int_equal(t.query.p == NULL, rows[i].query == NULL);
		assert_true(str_eq(t.query, str_of(rows[i].query)));
	}
}

static void
a_target_with_two_readings_is_refused(void **state)
{
	static const struct {
		const char   *uri, *base;
		enum err_code code;
	} rows[] = {
		{ "", "", ERR_BAD_REQUEST },
		{ "*", "", ERR_BAD_REQUEST },
		{ "api", "", ERR_BAD_REQUEST },
		{ "/a%2Fb", "", ERR_BAD_REQUEST },
		{ "/a%2fb", "", ERR_BAD_REQUEST },
		{ "/a%00", "", ERR_BAD_REQUEST },
		{ "/a%0Ab", "", ERR_BAD_REQUEST },
		{ "/a%7F", "", ERR_BAD_REQUEST },
		{ "/a/./b", "", ERR_BAD_REQUEST },
		{ "/a/../b", "", ERR_BAD_REQUEST },
		{ "/a/%2e%2E/b", "", ERR_BAD_REQUEST },
		{ "/a/.%2e", "", ERR_BAD_REQUEST },
		{ "/..", "", ERR_BAD_REQUEST },
		{ "/.", "", ERR_BAD_REQUEST },
		{ "//a", "", ERR_BAD_REQUEST },
		{ "/a//b", "", ERR_BAD_REQUEST },
		{ "/a\\b", "", ERR_BAD_REQUEST },
		{ "/a%5Cb", "", ERR_BAD_REQUEST },
		{ "/a%", "", ERR_BAD_REQUEST },
		{ "/a%4", "", ERR_BAD_REQUEST },
		{ "/a%4g", "", ERR_BAD_REQUEST },
		{ "/a%FF", "", ERR_BAD_REQUEST },
		{ "/a%C0%AF", "", ERR_BAD_REQUEST },
		{ "/a%ED%A0%80", "", ERR_BAD_REQUEST },
		{ "/a b", "", ERR_BAD_REQUEST },
		{ "/a#b", "", ERR_BAD_REQUEST },
		{ "/a\tb", "", ERR_BAD_REQUEST },
		{ "/api", "/bsx", ERR_MISSING },
		{ "/bsxa/api", "/bsx", ERR_MISSING },
		{ "/%62sx/api", "/bsx", ERR_MISSING },
		{ "/bsx//api", "/bsx", ERR_BAD_REQUEST },
		{ "/bsx/../api", "/bsx", ERR_BAD_REQUEST },
		{ "http://a.example//b", "", ERR_BAD_REQUEST },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct target t;
		struct err    e = { 0 };

		if (target_parse(mem, str_of(rows[i].uri), rows[i].base, &t, &e) ||
		    e.code != rows[i].code)
			fail_msg("%s: %d", rows[i].uri, e.code);
	}
}

static void
without_request_uri_the_decoded_parts_are_joined(void **state)
{
	static struct conf conf = { .base_path = "/bsx" };
	static struct env  env = { .conf = &conf };
	static struct app  app = { .env = &env };
	static char        script[] = "SCRIPT_NAME=/bsx", info[] = "PATH_INFO=/api/a%2Fb",
		    query[] = "QUERY_STRING=x=%41&y";
	char            *params[] = { script, info, query, NULL };
	struct transport t = { .params = params };
	struct request   r = { .app = &app, .transport = &t, .mem = mem };
	struct err       e = { 0 };

	(void)state;
	assert_true(step_target(&r, &e));
	assert_string_equal(r.path, "/api/a%2Fb");
	assert_int_equal(r.query_n, 2);
	assert_true(str_eqz(r.query_params[0].value, "A"));
	assert_true(str_eqz(r.query_params[1].name, "y"));
	assert_true(str_eqz(r.query_params[1].value, ""));
}

/* ---- query ---- */

struct filter {
	int64_t        limit;
	const char    *q;
	bool           open;
	struct uuid    id;
	instant        since;
	struct strings severity;
};
static const struct field filter_fields[] = {
	FIELD(struct filter, limit, .min = 1, .max = 200, .doc = "Limit."),
	FIELD(struct filter, q, .doc = "Text."),
	FIELD(struct filter, open, .doc = "Open ones."),
	FIELD(struct filter, id, .doc = "Id."),
	FIELD(struct filter, since, .doc = "Since."),
	FIELD(struct filter, severity, .doc = "Severities."),
	FIELD_END,
};
static const struct schema filter_schema = SCHEMA("Filter", struct filter, filter_fields);

static bool
decode(const char *text, struct filter **out, struct err *e)
{
	struct query_param *params;
	size_t              n;

	return query_parse(mem, str_of(text), &params, &n, e) &&
	       query_decode(mem, &filter_schema, params, n, (void **)out, e);
}

static void
query_parameters_are_read_by_their_table(void **state)
{
	struct filter *f;
	struct err     e = { 0 };

	(void)state;
	assert_true(
	    decode("limit=7&q=a+b%2Bc&open=true&severity=high&severity=low"
		   "&id=018f4f4e-0000-7000-8000-000000000001&since=2026-11-21T20:47:00.123Z&",
		&f, &e));
	assert_int_equal(f->limit, 7);
	assert_string_equal(f->q, "a b+c");
	assert_true(f->open);
	assert_int_equal(f->id.b[15], 1);
	assert_int_equal(f->since.ms, 1795294020123);
	assert_int_equal(f->severity.n, 2);
	assert_string_equal(f->severity.items[1], "low");
	assert_true(decode("", &f, &e));
	assert_int_equal(f->limit, 0);
}

static void
query_parameters_that_do_not_fit_are_refused(void **state)
{
	static const struct {
		const char   *text;
		enum err_code code;
	} rows[] = {
		{ "limit=0", ERR_INVALID },
		{ "limit=", ERR_INVALID },
		{ "limit=1e2", ERR_INVALID },
		{ "limit=+1", ERR_INVALID },
		{ "limit=99999999999999999999", ERR_INVALID },
		{ "open=1", ERR_INVALID },
		{ "id=1", ERR_INVALID },
		{ "since=yesterday", ERR_INVALID },
		{ "Limit=1", ERR_INVALID },
		{ "q=a%07", ERR_INVALID },
		{ "limit=1&limit=1", ERR_BAD_REQUEST },
		{ "=1", ERR_BAD_REQUEST },
		{ "q=%", ERR_BAD_REQUEST },
		{ "q=%00", ERR_BAD_REQUEST },
		{ "q=%FF", ERR_BAD_REQUEST },
		{ "%FF=q", ERR_BAD_REQUEST },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct filter *f;
		struct err     e = { 0 };

		if (decode(rows[i].text, &f, &e) || e.code != rows[i].code)
			fail_msg("%s: %d", rows[i].text, e.code);
	}
}

static void
too_many_query_parameters_are_refused(void **state)
{
	struct err     e = { 0 };
	struct filter *f;
	struct buf     b;

	(void)state;
	buf_make(&b, mem);
	for (int i = 0; i < LIMIT_QUERY_PARAMS; i++)
		buf_printf(&b, "severity=%d&", i);
	assert_true(decode(b.p, &f, &e));
	assert_int_equal(f->severity.n, LIMIT_QUERY_PARAMS);
	buf_puts(&b, "q=1");
	assert_false(decode(b.p, &f, &e));
	assert_int_equal(e.code, ERR_BAD_REQUEST);
}

/* ---- address ---- */

static void
a_proxy_is_believed_only_when_it_is_trusted(void **state)
{
	static const struct {
		const char *peer, *forwarded, *want;
	} rows[] = {
		{ "192.0.2.7", NULL, "192.0.2.7" },
		{ "192.0.2.7", "203.0.113.1", "192.0.2.7" },
		{ "10.0.0.1", NULL, "10.0.0.1" },
		{ "10.0.0.1", "203.0.113.1", "203.0.113.1" },
		{ "::ffff:10.0.0.1", "::ffff:203.0.113.1", "203.0.113.1" },
		{ "10.0.0.1", "198.51.100.1, 203.0.113.1", "203.0.113.1" },
		{ "10.0.0.1", "198.51.100.1, 203.0.113.1 , 10.0.0.2", "203.0.113.1" },
		{ "10.0.0.1", "10.0.0.3,10.0.0.2", "10.0.0.3" },
		{ "10.0.0.1", "203.0.113.1, evil", "10.0.0.1" },
		{ "10.0.0.1", "evil, 10.0.0.2", "10.0.0.2" },
		{ "10.0.0.1", "", "10.0.0.1" },
		{ "10.0.0.1", ",", "10.0.0.1" },
		{ "10.0.0.1", "203.0.113.1:4711", "203.0.113.1" },
		{ "2001:db8::1", "2001:DB8:0::2", "2001:db8::2" },
		{ "unix:", "203.0.113.1", "" },
		{ "", "203.0.113.1", "" },
	};
	const char      *texts[] = { "10.0.0.0/8", "2001:db8::1" };
	struct cidr_list trusted;
	struct err       e = { 0 };

	(void)state;
	assert_true(cidr_list_parse(mem, (struct strings) { texts, 2 }, &trusted, &e));
	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct env env = { 0 };
		struct app       app = { .env = &env, .trusted_proxies = &trusted };
		char *params[3] = { talloc_asprintf(mem, "REMOTE_ADDR=%s", rows[i].peer) };
		struct transport t = { .params = params };
		struct request   r = { .app = &app, .transport = &t };

		if (rows[i].forwarded != NULL)
			params[1] =
			    talloc_asprintf(mem, "HTTP_X_FORWARDED_FOR=%s", rows[i].forwarded);
		assert_true(step_address(&r, &e));
		assert_string_equal(r.address, rows[i].want);
	}
}

static void
an_address_of_a_list_counts_unless_somebody_stands_behind_it(void **state)
{
	static const struct {
		const char   *peer, *param;
		enum nearness trusting_none, trusting_loopback;
	} rows[] = {
		{ "127.0.0.1", NULL, NEARNESS_NEAR, NEARNESS_NEAR },
		{ "::1", NULL, NEARNESS_NEAR, NEARNESS_NEAR },
		{ "203.0.113.1", NULL, NEARNESS_FAR, NEARNESS_FAR },
		{ "unix:", NULL, NEARNESS_FAR, NEARNESS_FAR },
		{ "127.0.0.1", "HTTP_X_FORWARDED_FOR=203.0.113.1", NEARNESS_PROXY, NEARNESS_FAR },
		{ "127.0.0.1", "HTTP_X_FORWARDED_FOR=127.0.0.1, 203.0.113.1", NEARNESS_PROXY,
		    NEARNESS_FAR },
		{ "127.0.0.1", "HTTP_X_FORWARDED_FOR=203.0.113.1, 127.0.0.1", NEARNESS_PROXY,
		    NEARNESS_FAR },
		{ "127.0.0.1", "HTTP_X_FORWARDED_FOR=unknown", NEARNESS_PROXY, NEARNESS_PROXY },
		{ "127.0.0.1", "HTTP_X_FORWARDED_FOR=203.0.113.1, unknown", NEARNESS_PROXY,
		    NEARNESS_PROXY },
		{ "127.0.0.1", "HTTP_X_FORWARDED_FOR=unknown, 127.0.0.1", NEARNESS_PROXY,
		    NEARNESS_PROXY },
		{ "127.0.0.1", "HTTP_X_FORWARDED_FOR=,", NEARNESS_NEAR, NEARNESS_NEAR },
		/* web servers that add it themselves: it names the peer */
		{ "127.0.0.1", "HTTP_X_FORWARDED_FOR=127.0.0.1", NEARNESS_NEAR, NEARNESS_NEAR },
		{ "127.0.0.1", "HTTP_X_FORWARDED_FOR=::1", NEARNESS_NEAR, NEARNESS_NEAR },
		{ "127.0.0.1", "HTTP_X_FORWARDED_FOR=", NEARNESS_NEAR, NEARNESS_NEAR },
		{ "127.0.0.1", "HTTP_X_REAL_IP=203.0.113.1", NEARNESS_PROXY, NEARNESS_PROXY },
		{ "127.0.0.1", "HTTP_X_REAL_IP=127.0.0.1", NEARNESS_NEAR, NEARNESS_NEAR },
		{ "127.0.0.1", "HTTP_FORWARDED=for=203.0.113.1", NEARNESS_PROXY, NEARNESS_PROXY },
		{ "203.0.113.1", "HTTP_X_FORWARDED_FOR=127.0.0.1", NEARNESS_FAR, NEARNESS_FAR },
	};
	const char      *texts[] = { "127.0.0.0/8", "::1" };
	struct cidr_list loopback;
	struct err       e = { 0 };

	(void)state;
	assert_true(cidr_list_parse(mem, (struct strings) { texts, 2 }, &loopback, &e));
	for (size_t i = 0; i < 2 * COUNT(rows); i++) {
		bool          trusting = i >= COUNT(rows);
		size_t        at = i % COUNT(rows);
		enum nearness want = trusting ? rows[at].trusting_loopback : rows[at].trusting_none;
		const struct env env = { 0 };
		struct app app = { .env = &env, .trusted_proxies = trusting ? &loopback : NULL };
		char      *params[3] = { talloc_asprintf(mem, "REMOTE_ADDR=%s", rows[at].peer) };
		struct transport t = { .params = params };
		struct request   r = { .app = &app, .transport = &t };

		if (rows[at].param != NULL)
			params[1] = talloc_strdup(mem, rows[at].param);
		assert_true(step_address(&r, &e));
		if (request_nearness(&r, &loopback) != want)
			fail_msg("row %zu, trusting %d", at, trusting);
	}
}

/* ---- identifiers ---- */

static const char *
begin(const char *param, struct request *r)
{
	static struct conf conf;
	static struct env  env = { .conf = &conf, .clock = &clock_system, .rand = &rand_system };
	static struct app  app = { .env = &env, .slot = -1 };
	char              *params[2] = { talloc_strdup(mem, param) };
	struct transport   t = { .params = params };

	*r = (struct request) { 0 };
	request_begin(r, &app, &t);
	talloc_free(r->mem);
	return r->id;
}

static void
a_request_id_is_taken_only_when_it_is_harmless(void **state)
{
	static const char *const bad[] = { "", "a b", "a\"b", "<script>", "a\nb",
		"0123456789012345678901234567890123456789012345678901234567890123" };
	struct request           r;

	(void)state;
	assert_string_equal(begin("HTTP_X_REQUEST_ID=Ab.9_-", &r), "Ab.9_-");
	for (size_t i = 0; i < COUNT(bad); i++) {
		struct uuid u;

		begin(talloc_asprintf(mem, "HTTP_X_REQUEST_ID=%s", bad[i]), &r);
		assert_true(uuid_parse(str_of(r.id), &u));
	}
}

static void
a_trace_id_comes_from_a_well_formed_traceparent(void **state)
{
#define TRACE  "0af7651916cd43dd8448eb211c80319c"
#define PARENT "b7ad6b7169203331"
	static const struct {
		const char *value, *want;
	} rows[] = {
		{ "00-" TRACE "-" PARENT "-01", TRACE },
		{ "cc-" TRACE "-" PARENT "-01-what-comes", TRACE },
		{ "ff-" TRACE "-" PARENT "-01", "" },
		{ "00-00000000000000000000000000000000-" PARENT "-01", "" },
		{ "00-0AF7651916CD43DD8448EB211C80319C-" PARENT "-01", "" },
		{ "00-" TRACE "-" PARENT "-01x", "" },
		{ "00-" TRACE "-" PARENT "-0", "" },
		{ "00-" TRACE "-" PARENT, "" },
		{ "", "" },
		{ "-------------------------------------------------------", "" },
	};
	struct request r;

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		begin(talloc_asprintf(mem, "HTTP_TRACEPARENT=%s", rows[i].value), &r);
		assert_string_equal(r.trace_id, rows[i].want);
	}
}

/* ---- callers ---- */

static void
access_words_decide_who_may(void **state)
{
	static const struct {
		struct access    access;
		enum caller_kind kind;
		const char      *permission;
		bool             enrol;
		enum err_code    want;
	} rows[] = {
		{ { ANYONE }, CALLER_NONE, NULL, false, ERR_OK },
		{ { SIGNED_IN }, CALLER_SESSION, NULL, false, ERR_OK },
		{ { SIGNED_IN }, CALLER_API_KEY, "*:*", false, ERR_FORBIDDEN },
		{ { SIGNED_IN }, CALLER_SESSION, "*:*", true, ERR_MFA_ENROLLMENT },
		{ { ALLOW(READ, DRIFT) }, CALLER_API_KEY, "read:drift", false, ERR_OK },
		{ { ALLOW(READ, DRIFT) }, CALLER_SESSION, "manage:drift", false, ERR_OK },
		{ { ALLOW(READ, DRIFT) }, CALLER_SESSION, "read:users", false, ERR_FORBIDDEN },
		{ { ALLOW(UPDATE, DRIFT) }, CALLER_SESSION, "read:*", false, ERR_FORBIDDEN },
		{ { ALLOW(READ, DRIFT) }, CALLER_SESSION, "*:*", true, ERR_MFA_ENROLLMENT },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct route rt = {
			.path = "/api/x", .method = GET, .access = rows[i].access
		};
		char            *params[1] = { NULL };
		struct transport t = { .params = params };
		struct request   r = { .route = &rt, .transport = &t };
		struct err       e = { 0 };

		r.caller.kind = rows[i].kind;
		r.caller.mfa_enrollment = rows[i].enrol;
		if (rows[i].permission != NULL)
			assert_true(permission_add(&r.caller.permissions, rows[i].permission));
		if (step_access(&r, &e) != (rows[i].want == ERR_OK) || e.code != rows[i].want)
			fail_msg("row %zu: %s", i, e.detail);
	}
}

static void
what_needs_a_fresh_proof_asks_for_it(void **state)
{
	static const struct {
		struct access    access;
		enum caller_kind kind;
		int64_t          age_ms, aal;
		bool             two_factor;
		enum err_code    want;
	} rows[] = {
		{ { SIGNED_IN }, CALLER_SESSION, 301000, 1, false, ERR_OK },
		{ { SIGNED_IN_FRESH }, CALLER_SESSION, 299000, 1, false, ERR_OK },
		{ { SIGNED_IN_FRESH }, CALLER_SESSION, 301000, 1, false, ERR_STEP_UP },
		{ { SIGNED_IN_FRESH }, CALLER_SESSION, 0, 1, true, ERR_STEP_UP },
		{ { SIGNED_IN_FRESH }, CALLER_SESSION, 299000, 2, true, ERR_OK },
		{ { SIGNED_IN_FRESH }, CALLER_SESSION, 301000, 2, true, ERR_STEP_UP },
		{ { SIGNED_IN_FRESH }, CALLER_API_KEY, 0, 1, false, ERR_FORBIDDEN },
		{ { ALLOW_FRESH(READ, DRIFT) }, CALLER_SESSION, 301000, 1, false, ERR_STEP_UP },
		{ { ALLOW_FRESH(READ, DRIFT) }, CALLER_API_KEY, 301000, 1, false, ERR_OK },
		/* what it may not do anyway is not worth a proof */
		{ { ALLOW_FRESH(UPDATE, DRIFT) }, CALLER_SESSION, 301000, 1, false, ERR_FORBIDDEN },
	};
	const struct env env = { .clock = &clock_system };
	struct app       app = { .env = &env };

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct route rt = {
			.path = "/api/x", .method = GET, .access = rows[i].access
		};
		char            *params[1] = { NULL };
		struct transport t = { .params = params };
		struct request   r = { .app = &app, .route = &rt, .transport = &t };
		struct err       e = { 0 };

		r.caller.kind = rows[i].kind;
		r.caller.aal = rows[i].aal;
		r.caller.two_factor = rows[i].two_factor;
		r.caller.auth_time_ms = clock_ms(&clock_system) - rows[i].age_ms;
		assert_true(permission_add(&r.caller.permissions, "read:drift"));
		if (step_access(&r, &e) != (rows[i].want == ERR_OK) || e.code != rows[i].want)
			fail_msg("row %zu: %s", i, e.detail);
	}
}

static void
whoever_must_enrol_may_only_enrol_look_and_leave(void **state)
{
	static const struct {
		enum method method;
		const char *path;
		bool        ok;
	} rows[] = {
		{ GET, "/api/auth/me", true },
		{ PUT, "/api/auth/me", false },
		{ POST, "/api/auth/logout", true },
		{ POST, "/api/auth/2fa/setup", true },
		{ POST, "/api/auth/2fa/enable", true },
		{ POST, "/api/auth/2fa/disable", false },
		{ GET, "/api/auth/sessions", false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct route rt = {
			.path = rows[i].path, .method = rows[i].method, .access = { SIGNED_IN }
		};
		char            *params[1] = { NULL };
		struct transport t = { .params = params };
		struct request   r = { .route = &rt, .transport = &t };
		struct err       e = { 0 };

		r.caller.kind = CALLER_SESSION;
		r.caller.mfa_enrollment = true;
		assert_int_equal(step_access(&r, &e), rows[i].ok);
	}
}

/* ---- content codings ---- */

static void
a_coding_is_used_only_when_the_client_takes_it(void **state)
{
	static const struct {
		const char *field;
		bool        ok;
	} rows[] = {
		{ "gzip", true },
		{ "br, gzip", true },
		{ " GZip ;q=0.5", true },
		{ "gzip; q = 1.000", true },
		{ "*", true },
		{ "deflate;q=0,*;q=0.1", true },
		{ "gzip;x=y;q=0.001", true },
		{ "", false },
		{ ",", false },
		{ "br", false },
		{ "gzipped", false },
		{ "identity", false },
		{ "gzip;q=0", false },
		{ "gzip;q=0.0", false },
		{ "gzip;q=0.000", false },
		{ "gzip;q=0.0000", false },
		{ "gzip;q=", false },
		{ "gzip;q=1.5", false },
		{ "gzip;q=2", false },
		{ "gzip;q=-1", false },
		{ "gzip;q=0,*", false },
		{ "*,gzip;q=0", false },
		{ "*;q=0", false },
		{ ";q=1", false },
	};

	(void)state;
	assert_false(encoding_accepted((struct str) { NULL, 0 }, "gzip"));
	for (size_t i = 0; i < COUNT(rows); i++)
		if (encoding_accepted(str_of(rows[i].field), "gzip") != rows[i].ok)
			fail_msg("\"%s\"", rows[i].field);
}

/* ---- CSRF, with a real keyring ---- */

static struct env  auth_env;
static struct auth auth = { .env = &auth_env };

static bool
change(bool by_cookie, const char *token, const char *site, const char *origin, struct err *e)
{
	static struct conf conf = { .public_url = "https://drift.example.org" };
	static struct env  env = { .conf = &conf };
	static struct app  app = { .env = &env, .auth = &auth };
	char              *params[4] = { NULL };
	struct transport   t = { .params = params };
	struct request     r = { .app = &app, .transport = &t, .method = PUT };
	size_t             n = 0;

	if (token != NULL)
		params[n++] = talloc_asprintf(mem, "HTTP_X_CSRF_TOKEN=%s", token);
	if (site != NULL)
		params[n++] = talloc_asprintf(mem, "HTTP_SEC_FETCH_SITE=%s", site);
	if (origin != NULL)
		params[n++] = talloc_asprintf(mem, "HTTP_ORIGIN=%s", origin);
	r.caller.kind = CALLER_SESSION;
	r.caller.by_cookie = by_cookie;
	r.caller.session.b[0] = 7;
	assert_true(caller_csrf(&auth, &r.caller.session, r.caller.csrf, e));
	return step_csrf(&r, e);
}

static void
a_cookie_alone_changes_nothing(void **state)
{
	static const char own[] = "https://drift.example.org", evil[] = "https://evil.example";
	char dir[] = "/tmp/bsx-test-XXXXXX", token[CSRF_TOKEN_MAX], other[CSRF_TOKEN_MAX];
	const struct uuid session = { { 7 } }, another = { { 8 } };
	struct err        e = { 0 };
	char             *path;

	(void)state;
	assert_non_null(mkdtemp(dir));
	path = talloc_asprintf(mem, "%s/keyring", dir);
	assert_true(keyring_create(path, &rand_system, &e));
	auth_env.keyring = keyring_open(mem, path, &e);
	unlink(path);
	rmdir(dir);
	assert_true(caller_csrf(&auth, &session, token, &e));
	assert_true(caller_csrf(&auth, &another, other, &e));

	const struct {
		bool        cookie;
		const char *token, *site, *origin;
		bool        ok;
	} rows[] = {
		{ true, token, "same-origin", NULL, true },
		{ true, token, NULL, own, true },
		{ true, token, "same-origin", own, true },
		{ true, token, NULL, NULL, false },
		{ true, token, "cross-site", own, false },
		{ true, token, "same-site", NULL, false },
		{ true, token, "none", NULL, false },
		{ true, token, NULL, evil, false },
		{ true, NULL, "same-origin", NULL, false },
		{ true, "", "same-origin", NULL, false },
		{ true, other, "same-origin", NULL, false },
		{ false, NULL, "cross-site", evil, true },
	};
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct err x = { 0 };

		if (change(rows[i].cookie, rows[i].token, rows[i].site, rows[i].origin, &x) !=
		    rows[i].ok)
			fail_msg("row %zu: %s", i, x.detail);
		assert_int_equal(x.code, rows[i].ok ? ERR_OK : ERR_CSRF);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_target_is_decoded_once_below_the_base_path),
		TEST(a_target_with_two_readings_is_refused),
		TEST(without_request_uri_the_decoded_parts_are_joined),
		TEST(query_parameters_are_read_by_their_table),
		TEST(query_parameters_that_do_not_fit_are_refused),
		TEST(too_many_query_parameters_are_refused),
		TEST(a_proxy_is_believed_only_when_it_is_trusted),
		TEST(an_address_of_a_list_counts_unless_somebody_stands_behind_it),
		TEST(a_request_id_is_taken_only_when_it_is_harmless),
		TEST(a_trace_id_comes_from_a_well_formed_traceparent),
		TEST(access_words_decide_who_may),
		TEST(what_needs_a_fresh_proof_asks_for_it),
		TEST(whoever_must_enrol_may_only_enrol_look_and_leave),
		TEST(a_coding_is_used_only_when_the_client_takes_it),
		TEST(a_cookie_alone_changes_nothing),
	};

	return cmocka_run_group_tests_name("request", tests, NULL, NULL);
}
