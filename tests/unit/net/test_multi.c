/* Many outbound requests at once, against a real server on loopback. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include <cmocka.h>

#include "core/base/clock.h"
#include "core/net/multi.h"
#include "tests/unit/mem.h"
#include "tests/unit/stranger.h"

#define LEN(a)  (sizeof(a) / sizeof *(a))
#define CASE(f) cmocka_unit_test_setup_teardown(f, set_up, free_mem)
#define ASK_MAX 64

static struct cidr_list allow;
static struct guard     guard = { &allow, true };
static struct multi    *m;
static size_t           answer_max, beside;
static unsigned         leaving;
static struct uuid      party;
static uint64_t         turn;
static unsigned         places;

/* What has come, by the number of the request. */
static struct came {
	unsigned times, place; /* which of all that came, from 1 */
	bool     ok, lasting;
	int      status;
	char    *body;
	size_t   n;
	char    *link, *early, *trailer, *empty;
	char     why[200];
	int64_t  at_ms;
} came[ASK_MAX];

static int64_t
now_ms(void)
{
	return clock_ns(&clock_system) / 1000000;
}

static void
open_to(const char *range)
{
	struct err e = { 0 };

	allow = (struct cidr_list) { 0 };
	if (range != NULL)
		assert_true(cidr_list_parse(mem, (struct strings) { &range, 1 }, &allow, &e));
}

static int
set_up(void **state)
{
	struct err e = { 0 };

	make_mem(state);
	memset(came, 0, sizeof(came));
	guard.plain_http = true;
	answer_max = 65536;
	beside = 0;
	leaving = 0;
	places = 0;
	party = (struct uuid) { { 0 } };
	turn = 0;
	open_to("127.0.0.0/8");
	m = multi_make(mem, &guard, NULL, &e);
	return m == NULL;
}

static char *
field(const struct multi_answer *a, const char *name)
{
	for (size_t i = 0; i < a->fields_n; i++)
		if (strcasecmp(a->fields[i].name, name) == 0)
			return talloc_strdup(mem, a->fields[i].value);
	return NULL;
}

static void
take(void *owner, const struct multi_answer *a)
{
	struct came *c = &came[a->id];

	assert_ptr_equal(owner, came);
	c->times++;
	c->place = ++places;
	c->at_ms = now_ms();
	c->ok = a->ok;
	c->lasting = a->lasting;
	snprintf(c->why, sizeof(c->why), "%s", a->why->pub);
	if (!a->ok)
		return;
	c->status = a->answer->status;
	c->n = a->answer->body.n;
	c->body = talloc_zero_size(mem, c->n + 1);
	memcpy(c->body, a->answer->body.p, c->n);
	c->link = field(a, "link");
	c->early = field(a, "x-early");
	c->trailer = field(a, "x-trailer");
	c->empty = field(a, "x-empty");
}

static bool
ask_url(uint64_t id, const char *url, int64_t timeout_ms, struct err *e)
{
	const struct fetch_request q = {
		.method = "GET", .url = url, .timeout_ms = timeout_ms, .answer_max = answer_max
	};

	return multi_send(m, &q, &(struct multi_from) { take, came, id, party, turn }, e);
}

static void
ask(uint64_t id, const char *path, int64_t timeout_ms)
{
	struct err e = { 0 };

	assert_true(ask_url(id,
	    talloc_asprintf(mem, "http://127.0.0.1:%u%s", (unsigned)stranger_port, path),
	    timeout_ms, &e));
}

static void
wait_for_all(void)
{
	int64_t until = now_ms() + 20000;

	while (multi_under_way(m) > 0) {
		struct err e = { 0 };

		assert_true(now_ms() < until);
		assert_true(multi_wait(m, 1000, NULL, 0, &e));
	}
}

static void
what_hangs_holds_up_nobody(void **state)
{
	int64_t began = now_ms();

	(void)state;
	ask(0, "/slow", 900);
	ask(1, "/drip", 900);
	for (uint64_t i = 2; i < 42; i++)
		ask(i, "/echo", 5000);
	wait_for_all();
	for (size_t i = 2; i < 42; i++) {
		assert_int_equal(came[i].times, 1);
		assert_true(came[i].ok);
		assert_int_equal(came[i].status, 200);
		assert_in_range(came[i].at_ms - began, 0, 850);
	}
	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(came[i].times, 1);
		assert_string_equal(came[i].why, "The request timed out.");
		assert_in_range(came[i].at_ms - began, 850, 9000);
	}
}

static void
each_bad_answer_has_its_sentence(void **state)
{
	static const struct {
		const char *path, *why;
		bool        lasting;
	} rows[] = {
		{ "/huge", "The answer was too large.", true },
		{ "/endless", "The answer was too large.", true },
		{ "/bomb", "The answer was too large.", true },
		{ "/heads", "The answer was too large.", true },
		{ "/no-gzip", "The answer is compressed in a way that cannot be read.", true },
		{ "/short", "The connection ended before the answer was whole.", false },
		{ "/chunked", "The connection ended before the answer was whole.", false },
		{ "/reset", "The connection ended before the answer was whole.", false },
		{ "/nothing", "The connection ended before the answer was whole.", false },
		{ "/rubbish", "The request failed.", false },
	};

	(void)state;
	for (size_t i = 0; i < LEN(rows); i++)
		ask(i, rows[i].path, 10000);
	wait_for_all();
	for (size_t i = 0; i < LEN(rows); i++) {
		assert_int_equal(came[i].times, 1);
		assert_false(came[i].ok);
		assert_string_equal(came[i].why, rows[i].why);
		assert_int_equal(came[i].lasting, rows[i].lasting);
	}
}

static void
an_answer_is_unpacked_and_has_its_header_fields(void **state)
{
	(void)state;
	ask(0, "/gzip", 5000);
	ask(1, "/fields", 5000);
	ask(2, "/redirect", 5000);
	wait_for_all();
	assert_true(came[0].ok);
	assert_int_equal(came[0].n, 1000);
	assert_string_equal(came[1].body, "hi");
	assert_string_equal(came[1].link, "<https://a.example/?p=2>; rel=\"next\"");
	assert_string_equal(came[1].empty, "");
	assert_null(came[1].early); /* of another answer */
	assert_null(came[1].trailer);
	assert_int_equal(came[2].status, 302);
}

/* Literal addresses are refused before; what a name leads to, when it is connected to. */
static void
a_name_that_leads_inside_is_not_connected_to(void **state)
{
	int        before = atomic_load(stranger_connections);
	struct err e = { 0 };

	(void)state;
	open_to(NULL);
	assert_false(ask_url(
	    0, talloc_asprintf(mem, "http://127.0.0.1:%u/", (unsigned)stranger_port), 5000, &e));
	assert_int_equal(e.code, ERR_INVALID);
	err_clear(&e);
	assert_true(ask_url(1,
	    talloc_asprintf(mem, "http://localhost:%u/echo", (unsigned)stranger_port), 5000, &e));
	assert_true(ask_url(2, "http://no-such-name.invalid/", 5000, &e));
	wait_for_all();
	assert_int_equal(came[0].times, 0);
	assert_string_equal(
	    came[1].why, "The URL leads to an address that must not be connected to.");
	assert_string_equal(came[2].why, "The host's name could not be resolved.");
	assert_int_equal(atomic_load(stranger_connections), before);
}

static void
what_is_dropped_never_comes(void **state)
{
	int        other = 0;
	struct err e = { 0 };
	int64_t    until = now_ms() + 5000;

	(void)state;
	ask(0, "/slow", 9000);
	ask(1, "/echo", 20000);
	multi_drop(m, &other);
	assert_int_equal(multi_under_way(m), 2);
	while (came[1].times == 0 && now_ms() < until)
		assert_true(multi_wait(m, 1000, NULL, 0, &e));
	multi_drop(m, came);
	assert_int_equal(multi_under_way(m), 0);
	assert_true(multi_wait(m, 0, NULL, 0, &e));
	assert_int_equal(came[0].times, 0);
	assert_int_equal(came[1].times, 1);
	/* and what is under way when all ends */
	ask(2, "/slow", 9000);
}

#define MEGA ((size_t)1 << 20)

static void
bind_to(size_t most)
{
	multi_bind(m, &(struct multi_bound) { most, 1, &beside, &leaving });
	answer_max = 2 * MEGA;
}

/* Twenty of a megabyte each, where there is room for three. */
static void
what_has_no_room_waits_and_comes_whole(void **state)
{
	int64_t until = now_ms() + 20000;
	size_t  most = 0, waited = 0;

	(void)state;
	bind_to(3 * MEGA);
	for (uint64_t i = 0; i < 20; i++) {
		turn = 20 - i / 2; /* two of each */
		ask(i, i % 4 == 0 ? "/gzip-mega" : "/mega", 10000);
	}
	while (multi_under_way(m) > 0) {
		struct err e = { 0 };

		assert_true(now_ms() < until);
		assert_true(multi_wait(m, 1000, NULL, 0, &e));
		most = multi_held(m) > most ? multi_held(m) : most;
		waited = multi_waiting(m) > waited ? multi_waiting(m) : waited;
	}
	for (size_t i = 0; i < 20; i++) {
		assert_int_equal(came[i].times, 1);
		assert_string_equal(came[i].why, "");
		assert_int_equal(came[i].n, MEGA);
		assert_int_equal(came[i].body[0], 0);
		assert_memory_equal(came[i].body, came[i].body + 1, MEGA - 1);
	}
	assert_true(waited > 10);
	assert_true(most <= 3 * MEGA + 2 * MEGA); /* and the one that goes on */
	assert_int_equal(multi_held(m), 0);
	assert_int_equal(multi_waiting(m), 0);
}

/* Until `n` wait for room, and for `ms` after that nobody goes on. */
static void
hold_up(size_t n, int64_t ms)
{
	int64_t    until = now_ms() + 9000;
	struct err e = { 0 };

	while (multi_waiting(m) < n) {
		assert_true(now_ms() < until);
		assert_true(multi_wait(m, 100, NULL, 0, &e));
	}
	for (until = now_ms() + ms; now_ms() < until;)
		assert_true(multi_wait(m, until - now_ms(), NULL, 0, &e));
	assert_int_equal(multi_waiting(m), n);
}

/* What others hold is all there may be. */
static void
one_always_goes_on_and_nothing_little_waits(void **state)
{
	(void)state;
	bind_to(MEGA);
	beside = 5 * MEGA;
	leaving = 1; /* there will be room by itself */
	for (uint64_t i = 0; i < 4; i++) {
		turn = 4 - i;
		ask(i, "/mega", 9000);
	}
	ask(4, "/echo", 9000);
	hold_up(4, 0);
	while (came[4].times == 0) {
		struct err e = { 0 };

		assert_true(multi_wait(m, 1000, NULL, 0, &e));
	}
	assert_true(came[4].ok);
	leaving = 0;
	wait_for_all();
	for (unsigned i = 0; i < 4; i++) {
		assert_string_equal(came[i].why, "");
		assert_int_equal(came[i].place, 5 - i); /* that of the least turn first */
	}
}

static void
who_goes_on_and_hangs_gives_way(void **state)
{
	int64_t until = now_ms() + 8000;

	(void)state;
	bind_to(MEGA);
	beside = 5 * MEGA;
	leaving = 1;
	turn = 0;
	ask(0, "/stuck", 20000);
	turn = 1;
	ask(1, "/mega", 9000);
	hold_up(2, 0);
	leaving = 0;
	while (came[1].times == 0) {
		struct err e = { 0 };

		assert_true(now_ms() < until);
		assert_true(multi_wait(m, 10000, NULL, 0, &e));
	}
	assert_string_equal(came[1].why, "");
	assert_int_equal(came[0].times, 0);
	multi_drop(m, came);
	assert_int_equal(multi_held(m), 0);
	assert_int_equal(multi_waiting(m), 0);
}

/* Twenty of one party fill the room and send a byte now and then. */
static void
no_party_keeps_another_from_its_turn(void **state)
{
	int64_t    began = now_ms();
	struct err e = { 0 };

	(void)state;
	bind_to(3 * MEGA);
	for (uint64_t i = 0; i < 20; i++)
		ask(i, "/mega-drip", 20000);
	while (multi_waiting(m) < 16) {
		assert_in_range(now_ms() - began, 0, 9000);
		assert_true(multi_wait(m, 100, NULL, 0, &e));
	}
	party.b[0] = 1;
	turn = 1; /* of a run that began later */
	began = now_ms();
	ask(20, "/mega", 9000);
	while (came[20].times == 0)
		assert_true(multi_wait(m, 1000, NULL, 0, &e));
	assert_string_equal(came[20].why, "");
	assert_int_equal(came[20].n, MEGA);
	assert_in_range(came[20].at_ms - began, 0, 4000); /* one turn, and its own time */
	while (multi_under_way(m) == 20) {
		assert_in_range(now_ms() - began, 0, 9000);
		assert_true(multi_wait(m, 1000, NULL, 0, &e));
	}
	for (size_t i = 0; i < 20; i++)
		if (came[i].times > 0)
			assert_string_equal(
			    came[i].why, "The answer came too slowly, and others waited.");
	multi_drop(m, came);
	assert_int_equal(multi_held(m), 0);
	assert_int_equal(multi_waiting(m), 0);
}

/* Their deadlines are over in the middle of the body, if these do not wait too. */
static void
what_stops_in_the_middle_ends_as_it_would_have_without(void **state)
{
	static const struct {
		const char *path, *why;
	} rows[] = {
		{ "/mega", "" },
		{ "/gzip-mega", "" },
		{ "/stuck", "The request timed out." },
		{ "/bomb", "The answer was too large." },
	};

	const int64_t began = now_ms();

	(void)state;
	bind_to(MEGA / 4);
	leaving = 1;
	for (size_t i = 0; i < LEN(rows); i++)
		ask(i, rows[i].path, 2000);
	hold_up(LEN(rows), 1500);
	leaving = 0;
	wait_for_all();
	for (size_t i = 0; i < LEN(rows); i++) {
		assert_int_equal(came[i].times, 1);
		assert_string_equal(came[i].why, rows[i].why);
		assert_int_equal(came[i].n, *rows[i].why == '\0' ? MEGA : 0);
	}
	assert_true(came[2].at_ms - began >= 1500 + 1500); /* the time that was left to it */
	/* it waits no longer than the time that it has been given */
	answer_max = 8 * MEGA;
	ask(8, "/flow", 9000);
	while (multi_held(m) <= MEGA / 4) /* until it has the turn */
		assert_true(multi_wait(m, 1000, NULL, 0, &(struct err) { 0 }));
	ask(9, "/mega", 700);
	while (came[9].times == 0)
		assert_true(multi_wait(m, 1000, NULL, 0, &(struct err) { 0 }));
	assert_int_equal(came[8].times, 0);
	assert_string_equal(came[9].why, "There was no room to read the answer in time.");
	assert_false(came[9].lasting);
	multi_drop(m, came);
	/* and what is dropped while it waits is gone */
	leaving = 1;
	ask(10, "/mega", 9000);
	hold_up(1, 0);
	multi_drop(m, came);
	assert_int_equal(multi_waiting(m), 0);
	assert_int_equal(multi_held(m), 0);
}

/* Its deadline is over when somebody looks, but it had come before. */
static void
who_tells_may_come_late_for_an_answer(void **state)
{
	const struct timespec pause = { 0, 10000000 };
	int64_t               began;
	struct err            e = { 0 };

	(void)state;
	multi_tell(m);
	ask(0, "/fields", 5000);
	ask(1, "/slow", 300);
	wait_for_all();
	assert_true(came[0].ok);
	assert_null(came[0].link); /* nobody asks for it */
	assert_string_equal(came[1].why, "The request timed out.");
	began = now_ms();
	ask(2, "/late", 1500);
	while (now_ms() - began < 150)
		assert_true(multi_wait(m, 10, NULL, 0, &e));
	while (now_ms() - began < 1600)
		nanosleep(&pause, NULL);
	assert_true(multi_wait(m, 0, NULL, 0, &e));
	assert_true(came[2].ok);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(what_hangs_holds_up_nobody),
		CASE(each_bad_answer_has_its_sentence),
		CASE(an_answer_is_unpacked_and_has_its_header_fields),
		CASE(a_name_that_leads_inside_is_not_connected_to),
		CASE(what_is_dropped_never_comes),
		CASE(what_has_no_room_waits_and_comes_whole),
		CASE(one_always_goes_on_and_nothing_little_waits),
		CASE(who_goes_on_and_hangs_gives_way),
		CASE(no_party_keeps_another_from_its_turn),
		CASE(what_stops_in_the_middle_ends_as_it_would_have_without),
		CASE(who_tells_may_come_late_for_an_answer),
	};

	return cmocka_run_group_tests_name("multi", tests, stranger_start, stranger_stop);
}
