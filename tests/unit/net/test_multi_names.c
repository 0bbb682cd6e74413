/*
 * Where libcurl resolves names itself: whatever a name leads to, and however that changes, nothing
 * is connected to that must not be.  The resolver is that of tests/fcgi/fetch_names.c, and every
 * connection is seen here.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <sys/syscall.h>

#include "core/base/clock.h"
#include "core/net/multi.h"
#include "tests/fcgi/fetch_names.c"
#include "tests/unit/mem.h"
#include "tests/unit/stranger.h"

static int inside, elsewhere; /* connections over IP to loopback, and to anything else */

int
connect(int fd, __CONST_SOCKADDR_ARG to, socklen_t n)
{
	const struct sockaddr *a = to.__sockaddr__;
	struct sockaddr_in     four;

	memcpy(&four, a, n < sizeof(four) ? n : sizeof(four));
	if (a->sa_family == AF_INET && (ntohl(four.sin_addr.s_addr) >> 24) == 127)
		inside++;
	else if (a->sa_family == AF_INET || a->sa_family == AF_INET6)
		elsewhere++;
	return (int)syscall(SYS_connect, fd, a, n);
}

static struct came {
	bool ok, lasting;
	char why[200];
} came;

static void
take(void *owner, const struct multi_answer *a)
{
	struct came *c = owner;

	c->ok = a->ok;
	c->lasting = a->lasting;
	snprintf(c->why, sizeof(c->why), "%s", a->why->pub);
}

/* By a handle of its own, which remembers no name. */
static void
ask(const char *name)
{
	static const char         *range = "127.0.0.0/8";
	struct cidr_list           allow = { 0 };
	const struct guard         guard = { &allow, true };
	const struct fetch_request q = {
		.method = "GET",
		.url = talloc_asprintf(mem, "http://%s:%u/echo", name, (unsigned)stranger_port),
		.timeout_ms = 20000,
		.answer_max = 65536,
	};
	struct err    e = { 0 };
	struct multi *m;

	came = (struct came) { 0 };
	inside = elsewhere = 0;
	assert_true(cidr_list_parse(mem, (struct strings) { &range, 1 }, &allow, &e));
	assert_true(guard_url(&guard, q.url, &e)); /* of a name nothing is known before */
	m = multi_make(mem, &guard, NULL, &e);
	assert_non_null(m);
	assert_true(multi_send(m, &q, &(struct multi_from) { take, &came, 0 }, &e));
	while (multi_under_way(m) > 0)
		assert_true(multi_wait(m, 1000, NULL, 0, &e));
	talloc_free(m);
	assert_int_equal(elsewhere, 0);
}

#define REFUSED "The URL leads to an address that must not be connected to."

static void
a_name_that_leads_inside_is_never_connected_to(void **state)
{
	static const char *const names[] = { "inner.test", "mapped.test" };

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		ask(names[i]);
		assert_false(came.ok);
		assert_true(came.lasting);
		assert_string_equal(came.why, REFUSED);
		assert_int_equal(inside, 0);
	}
	ask("strange.test");
	assert_false(came.ok);
	ask("good.test");
	assert_true(came.ok);
	assert_int_equal(inside, 1);
}

static void
a_name_that_moves_is_refused_when_it_is_connected_to(void **state)
{
	(void)state;
	ask("moves.test");
	assert_true(came.ok);
	for (int i = 0; i < 3; i++) {
		ask("moves.test");
		assert_false(came.ok);
		assert_string_equal(came.why, REFUSED);
		assert_int_equal(inside, 0);
	}
}

/* Of a list the good address may answer, unless a bad one was tried before it. */
static void
of_a_mixed_list_only_what_is_allowed_is_connected_to(void **state)
{
	static const char *const names[] = { "mixed.test", "many.test" };

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		ask(names[i]);
		assert_true(came.ok || strcmp(came.why, REFUSED) == 0);
		assert_in_range(inside, 0, 1);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    a_name_that_leads_inside_is_never_connected_to, make_mem, free_mem),
		cmocka_unit_test_setup_teardown(
		    a_name_that_moves_is_refused_when_it_is_connected_to, make_mem, free_mem),
		cmocka_unit_test_setup_teardown(
		    of_a_mixed_list_only_what_is_allowed_is_connected_to, make_mem, free_mem),
	};

	return cmocka_run_group_tests_name("multi_names", tests, stranger_start, stranger_stop);
}
