/* Rate classes in the pass: what is charged, what is answered, with a stepped clock. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "core/web/rate.h"
#include "tests/lib/exchange.h"

static bool
do_nothing(struct request *r, const void *body, void *answer, struct err *e)
{
	(void)r, (void)body, (void)answer, (void)e;
	return true;
}

static bool
try_account(struct request *r, const void *body, void *answer, struct err *e)
{
	(void)body, (void)answer;
	return rate_account(r, RATE_LOGIN, r->ids[0], e);
}

static bool
break_it(struct request *r, const void *body, void *answer, struct err *e)
{
	(void)r, (void)body, (void)answer;
	return err_set(e, ERR_INTERNAL, 0, "internal error", "broken");
}

static const struct route routes[] = {
	ROUTE(GET, "/open", ANYONE, RATE_OPEN, 204, do_nothing, IN_NONE, OUT_NONE, "Open."),
	ROUTE(GET, "/read", ANYONE, RATE_READ, 204, do_nothing, IN_NONE, OUT_NONE, "Read."),
	ROUTE(GET, "/own/{name}", ANYONE, RATE_READ, 204, do_nothing, IN_NONE, OUT_NONE, "Own."),
	ROUTE(GET, "/write", ANYONE, RATE_WRITE, 204, do_nothing, IN_NONE, OUT_NONE, "Off."),
	ROUTE(
	    POST, "/document", ANYONE, RATE_READ, 204, do_nothing, IN_DOCUMENT, OUT_NONE, "Takes."),
	ROUTE(GET, "/broken", ANYONE, RATE_READ, 204, break_it, IN_NONE, OUT_NONE, "Breaks."),
	ROUTE(
	    POST, "/login/{name}", ANYONE, RATE_LOGIN, 204, try_account, IN_NONE, OUT_NONE, "In."),
	ROUTE_END,
};
static const struct route *const tables[] = { routes, NULL };

static struct world w;
static int64_t      now_ns = 1000000000000;

static int64_t
wall(const struct clock *c)
{
	return clock_ms(&clock_system) + 0 * c->set_ms;
}

static int64_t
mono(const struct clock *c)
{
	return now_ns + 0 * c->set_ms;
}

static const struct clock_ops stepped_ops = { wall, mono };
static const struct clock     stepped = { &stepped_ops, 0 };

static struct keyring *
a_keyring(void)
{
	struct err      e = { 0 };
	char           *path = talloc_asprintf(w.mem, "%s/keyring", w.dir);
	struct keyring *k;

	assert_true(keyring_create(path, &rand_system, &e));
	k = keyring_open(w.mem, path, &e);
	assert_non_null(k);
	unlink(path);
	return k;
}

static int
open_world(void **state)
{
	static const char *own[] = { "GET /own/{name} 6 1" };
	struct err         e = { 0 };

	(void)state;
	world_open(&w, tables);
	w.env.clock = &stepped;
	w.conf.rate_hosts = 1;
	w.conf.rate[RATE_OPEN] = (struct conf_rate) { 60, 4 };
	w.conf.rate[RATE_READ] = (struct conf_rate) { 120, 3 };
	w.conf.rate[RATE_LOGIN] = (struct conf_rate) { 60, 10 };
	w.conf.rate_account[RATE_LOGIN] = (struct conf_rate) { 20, 2 };
	w.conf.rate_routes = (struct strings) { own, 1 };
	w.app.rates = rates_make(w.mem, &w.conf, a_keyring(), tables, &e);
	assert_non_null(w.app.rates);
	return 0;
}

static int
close_world(void **state)
{
	(void)state;
	world_close(&w);
	return 0;
}

static struct exchange *
from_by(const char *address, const char *forwarded, const char *method, const char *uri)
{
	struct exchange *x = exchange_make(w.mem, method, uri);

	for (size_t i = 0; i < x->n; i++)
		if (strncmp(x->params[i], "REMOTE_ADDR=", 12) == 0)
			x->params[i] = talloc_asprintf(x, "REMOTE_ADDR=%s", address);
	if (forwarded != NULL)
		exchange_param(x, "HTTP_X_FORWARDED_FOR", forwarded);
	if (strcmp(method, "POST") == 0)
		exchange_param(x, "CONTENT_LENGTH", "0");
	pass_run(&w.app, &x->t);
	return x;
}

static int
status_of(const char *address, const char *forwarded, const char *uri)
{
	struct exchange *x = from_by(address, forwarded, "GET", uri);
	int              status = exchange_status(x);

	talloc_free(x);
	return status;
}

static void
every_answer_tells_what_is_left(void **state)
{
	struct exchange *x = from_by("10.0.0.1", NULL, "GET", "/open");

	(void)state;
	assert_int_equal(exchange_status(x), 204);
	assert_string_equal(exchange_header(x, "RateLimit-Policy"), "\"open\";q=4;w=4");
	assert_string_equal(exchange_header(x, "RateLimit"), "\"open\";r=3;t=0");
	talloc_free(x);
	assert_int_equal(status_of("10.0.0.1", NULL, "/open"), 204);
	assert_int_equal(status_of("10.0.0.1", NULL, "/open"), 204);
	x = from_by("10.0.0.1", NULL, "GET", "/open");
	assert_int_equal(exchange_status(x), 204);
	assert_string_equal(exchange_header(x, "RateLimit"), "\"open\";r=0;t=1");
	talloc_free(x);
}

static void
too_many_are_429_until_time_has_passed(void **state)
{
	struct exchange *x;

	(void)state;
	for (int i = 0; i < 4; i++)
		assert_int_equal(status_of("10.0.0.2", NULL, "/open"), 204);
	x = from_by("10.0.0.2", NULL, "GET", "/open");
	assert_int_equal(exchange_status(x), 429);
	assert_string_equal(exchange_code(x), "rate_limited");
	assert_string_equal(exchange_header(x, "Retry-After"), "1");
	assert_string_equal(exchange_header(x, "RateLimit"), "\"open\";r=0;t=1");
	assert_non_null(strstr(exchange_body(x), "\"violated-policies\":[\"open\"]"));
	talloc_free(x);
	assert_int_equal(world_metric(&w, "bsx_rate_limited_total{class=\"open\"}"), 1);
	now_ns += 1000000000;
	assert_int_equal(status_of("10.0.0.2", NULL, "/open"), 204);
	assert_int_equal(status_of("10.0.0.2", NULL, "/open"), 429);
	x = from_by("10.0.0.3", NULL, "GET", "/open");
	assert_int_equal(exchange_status(x), 204); /* another has its own */
	assert_non_null(memmem(
	    world_log(&w, w.mem).p, world_log(&w, w.mem).n, "\"event.action\":\"rate.limit\"", 27));
	talloc_free(x);
}

static void
what_is_refused_counts_and_tells_too(void **state)
{
	static const char *const bad[] = { "/nowhere", "/%", "/open/../x", "nothing" };
	static const char *const methods[] = { "GET", "GET", "GET", "PUT" };

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		struct exchange *x =
		    from_by("10.0.1.1", NULL, methods[i], i == 3 ? "/open" : bad[i]);

		assert_true(exchange_status(x) >= 400 && exchange_status(x) < 410);
		assert_string_equal(exchange_header(x, "RateLimit-Policy"), "\"open\";q=4;w=4");
		talloc_free(x);
	}
	assert_int_equal(status_of("10.0.1.1", NULL, "/nowhere"), 429);
	assert_int_equal(status_of("10.0.1.1", NULL, "/read"), 204); /* a class of its own */
	struct exchange *x = from_by("10.0.1.9", NULL, "GET", "/broken");
	assert_int_equal(exchange_status(x), 500);
	assert_string_equal(exchange_header(x, "RateLimit"), "\"read\";r=2;t=0");
	talloc_free(x);
}

static void
a_class_that_is_off_sends_no_fields(void **state)
{
	(void)state;
	for (int i = 0; i < 50; i++) {
		struct exchange *x = from_by("10.0.2.1", NULL, "GET", "/write");

		assert_int_equal(exchange_status(x), 204);
		assert_null(exchange_header(x, "RateLimit"));
		assert_null(exchange_header(x, "RateLimit-Policy"));
		talloc_free(x);
	}
}

static void
a_route_may_have_a_budget_of_its_own(void **state)
{
	struct exchange *x = from_by("10.0.3.1", NULL, "GET", "/own/a");

	(void)state;
	assert_string_equal(exchange_header(x, "RateLimit-Policy"), "\"GET /own/{name}\";q=1;w=10");
	assert_string_equal(exchange_header(x, "RateLimit"), "\"GET /own/{name}\";r=0;t=10");
	talloc_free(x);
	x = from_by("10.0.3.1", NULL, "GET", "/own/b");
	assert_int_equal(exchange_status(x), 429);
	assert_string_equal(exchange_header(x, "Retry-After"), "10");
	talloc_free(x);
	assert_int_equal(status_of("10.0.3.1", NULL, "/read"), 204);
}

static void
a_forged_address_changes_nothing(void **state)
{
	struct cidr      proxy;
	struct cidr_list trusted = { &proxy, 1 };

	(void)state;
	assert_true(cidr_parse(STR("10.9.0.0/16"), &proxy));
	w.app.trusted_proxies = &trusted;
	for (int i = 0; i < 4; i++)
		assert_int_equal(status_of("10.0.4.1", "1.2.3.4", "/open"), 204);
	assert_int_equal(status_of("10.0.4.1", "5.6.7.8", "/open"), 429);
	/* behind a trusted proxy two clients have two budgets, and what a client writes before it
	 * is not one */
	for (int i = 0; i < 4; i++) {
		assert_int_equal(status_of("10.9.0.1", "10.0.4.2", "/open"), 204);
		assert_int_equal(
		    status_of("10.9.0.1", "9.9.9.9, 10.0.4.3, 10.9.0.2", "/open"), 204);
	}
	assert_int_equal(status_of("10.9.0.1", "10.0.4.2", "/open"), 429);
	assert_int_equal(status_of("10.9.0.1", "8.8.8.8, 10.0.4.3", "/open"), 429);
	w.app.trusted_proxies = NULL;
}

static void
a_subscriber_is_one_client(void **state)
{
	(void)state;
	assert_int_equal(status_of("2001:db8:1:2::1", NULL, "/read"), 204);
	assert_int_equal(status_of("2001:db8:1:2:ffff::2", NULL, "/read"), 204);
	assert_int_equal(status_of("2001:db8:1:2::3", NULL, "/read"), 204);
	assert_int_equal(status_of("2001:db8:1:2::4", NULL, "/read"), 429);
	assert_int_equal(status_of("2001:db8:1:3::4", NULL, "/read"), 204);
	/* the two spellings of an IPv4 address are one */
	assert_int_equal(status_of("10.0.5.1", NULL, "/read"), 204);
	assert_int_equal(status_of("::ffff:10.0.5.1", NULL, "/read"), 204);
	assert_int_equal(status_of("::ffff:a00:501", NULL, "/read"), 204);
	assert_int_equal(status_of("10.0.5.1", NULL, "/read"), 429);
	assert_int_equal(status_of("10.0.5.2", NULL, "/read"), 204);
}

static void
an_account_has_a_budget_from_everywhere(void **state)
{
	struct exchange *x = from_by("10.0.6.1", NULL, "POST", "/login/ada");

	(void)state;
	assert_int_equal(exchange_status(x), 204);
	assert_string_equal(
	    exchange_header(x, "RateLimit-Policy"), "\"login\";q=2;w=6"); /* the tighter */
	talloc_free(x);
	x = from_by("10.0.6.2", NULL, "POST", "/login/ada");
	assert_int_equal(exchange_status(x), 204);
	talloc_free(x);
	x = from_by("10.0.6.3", NULL, "POST", "/login/ada");
	assert_int_equal(exchange_status(x), 429);
	assert_string_equal(exchange_header(x, "RateLimit"), "\"login\";r=0;t=3");
	talloc_free(x);
	x = from_by("10.0.6.3", NULL, "POST", "/login/bob");
	assert_int_equal(exchange_status(x), 204);
	talloc_free(x);
}

#define MIB (1 << 20)

/* A string of n bytes with its quotes. */
static struct str
a_document(size_t n)
{
	char *p = talloc_size(w.mem, n);

	memset(p, 'x', n);
	p[0] = p[n - 1] = '"';
	return (struct str) { p, n };
}

static void
each_further_mebibyte_of_a_body_is_a_request_more(void **state)
{
	static const struct {
		size_t      n;
		const char *left;
	} rows[] = { { 3, "\"read\";r=2;t=0" }, { MIB, "\"read\";r=2;t=0" },
		{ MIB + 1, "\"read\";r=1;t=0" }, { 2 * MIB, "\"read\";r=1;t=0" },
		{ 2 * MIB + 1, "\"read\";r=0;t=1" }, { 3 * MIB + 1, "\"read\";r=0;t=1" },
		{ 4 * MIB, "\"read\";r=0;t=1" } };

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char             from[32];
		struct exchange *x = exchange_make(w.mem, "POST", "/document");

		snprintf(from, sizeof(from), "REMOTE_ADDR=10.0.8.%zu", i);
		x->params[2] = from;
		x->body = a_document(rows[i].n);
		pass_run(&w.app, &x->t);
		assert_int_equal(exchange_status(x), 204);
		assert_string_equal(exchange_header(x, "RateLimit"), rows[i].left);
		talloc_free(x);
	}
	/* One more than there are on an empty budget: half a second each. */
	assert_int_equal(status_of("10.0.8.6", NULL, "/read"), 429);
	now_ns += 500000000;
	assert_int_equal(status_of("10.0.8.4", NULL, "/read"), 204);
	assert_int_equal(status_of("10.0.8.6", NULL, "/read"), 429);
	now_ns += 500000000;
	assert_int_equal(status_of("10.0.8.6", NULL, "/read"), 204);
	assert_int_equal(status_of("10.0.8.6", NULL, "/read"), 429);
}

static void
hosts_share_every_budget(void **state)
{
	struct rates *was = w.app.rates;
	struct conf   conf = w.conf;
	struct err    e = { 0 };

	(void)state;
	conf.rate_hosts = 2;
	w.app.rates = rates_make(w.mem, &conf, a_keyring(), tables, &e);
	assert_non_null(w.app.rates);
	assert_int_equal(status_of("10.0.7.1", NULL, "/open"), 204);
	assert_int_equal(status_of("10.0.7.1", NULL, "/open"), 204);
	assert_int_equal(status_of("10.0.7.1", NULL, "/open"), 429);
	w.app.rates = was;
}

static void
a_route_that_is_not_there_is_refused_at_start(void **state)
{
	static const char *own[] = { "GET /nowhere 6 1" };
	struct conf        conf = w.conf;
	struct err         e = { 0 };

	(void)state;
	conf.rate_routes = (struct strings) { own, 1 };
	assert_null(rates_make(w.mem, &conf, a_keyring(), tables, &e));
	assert_non_null(strstr(e.detail, "\"GET /nowhere\""));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_answer_tells_what_is_left),
		cmocka_unit_test(too_many_are_429_until_time_has_passed),
		cmocka_unit_test(what_is_refused_counts_and_tells_too),
		cmocka_unit_test(a_class_that_is_off_sends_no_fields),
		cmocka_unit_test(a_route_may_have_a_budget_of_its_own),
		cmocka_unit_test(a_forged_address_changes_nothing),
		cmocka_unit_test(a_subscriber_is_one_client),
		cmocka_unit_test(an_account_has_a_budget_from_everywhere),
		cmocka_unit_test(each_further_mebibyte_of_a_body_is_a_request_more),
		cmocka_unit_test(hosts_share_every_budget),
		cmocka_unit_test(a_route_that_is_not_there_is_refused_at_start),
	};

	return cmocka_run_group_tests(tests, open_world, close_world);
}
