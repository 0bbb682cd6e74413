/* What a run of a source may hold, and how often it may ask, whatever the source answers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/mem.h"
#include "tests/unit/scripted.h"

#define BASE "https://a.example/api"
#define HTTP "{\"kind\":\"http\",\"parameters\":{\"base_url\":\"" BASE "\"},\"collections\":["
#define LIST HTTP "{\"category\":\"c\",\"path\":\"/c\",\"key\":\"id\"}"

/* An API with one list, of which every item has things that are missing. */
struct api {
	struct scripted list, other;
};

static const struct scripted *
answer(void *arg, const char *url)
{
	const struct api *a = arg;

	return strcmp(url, BASE "/c") == 0 ? &a->list : &a->other;
}

static const char *
items(unsigned n)
{
	struct buf b;

	buf_make(&b, mem);
	for (unsigned i = 0; i < n; i++)
		buf_printf(&b, "%s{\"id\":%u}", i == 0 ? "[" : ",", i);
	buf_putc(&b, ']');
	return b.p;
}

/* LIST, and so many collections over it. */
static const char *
over(unsigned n, const char *path)
{
	struct buf b;

	buf_make(&b, mem);
	buf_puts(&b, LIST);
	for (unsigned i = 0; i < n; i++)
		buf_printf(&b,
		    ",{\"category\":\"d%u\",\"over\":\"c\",\"path\":\"%s\",\"single\":true}", i,
		    path);
	buf_puts(&b, "]}");
	return b.p;
}

static void
what_is_read_over_many_items_is_begun_a_few_at_a_time(void **state)
{
	struct api          a = { { "", 200, items(1000), NULL }, { "", 404, "{}", NULL } };
	struct scripted_run few = { .mem = mem,
		.source = over(1, "/e/{/id}"),
		.answer = answer,
		.arg = &a },
			    many = few;

	(void)state;
	many.source = over(20, "/e/{/id}");
	assert_null(scripted_run(&few));
	assert_null(scripted_run(&many));
	assert_int_equal(few.asked.n, 1 + 1000);
	assert_int_equal(many.asked.n, 1 + 20 * 1000);
	/* at most sixteen chains of each, of a few chunks */
	assert_in_range(many.chunks_most, 1000, few.chunks_most + 20 * 16 * 8);
	assert_in_range(many.held_most, 1000, few.held_most + 20 * 16 * 1024);
	for (size_t i = 1; i < many.progress.n; i++)
		assert_string_equal(
		    many.progress.collections[i].why, "The source has nothing at this path (404).");
}

static void
what_cannot_be_asked_counts_as_asked_and_the_rest_is_left_out(void **state)
{
	struct api          a = { { "", 200, items(11000), NULL }, { "", 404, "{}", NULL } };
	struct scripted_run s = {
		.mem = mem, .source = over(20, "/e/{/none}"), .answer = answer, .arg = &a
	};
	unsigned left_out = 0;

	(void)state;
	assert_null(scripted_run(&s));
	assert_int_equal(s.end, SOURCE_DONE);
	assert_int_equal(s.asked.n, 1);
	for (size_t i = 1; i < s.progress.n; i++) {
		assert_int_not_equal(s.progress.collections[i].how, COLLECTION_COMPLETE);
		left_out += strstr(s.progress.collections[i].why, "200000 times") != NULL;
	}
	assert_in_range(left_out, 1, 2);
}

#define PAGES 3000
#define TOKENS                                                                                     \
	HTTP "{\"category\":\"c\",\"path\":\"/c\",\"key\":\"id\",\"items\":\"/v\","                \
	     "\"next\":{\"token_pointer\":\"/t\",\"query\":\"t\"}}]}"

static const struct scripted *
page(void *arg, const char *url)
{
	struct scripted *a = arg;
	unsigned         at = 0;

	(void)sscanf(url, BASE "/c?t=%u", &at);
	*a = (struct scripted) { .status = 200 };
	a->body = talloc_asprintf(
	    mem, "{\"v\":[{\"id\":%u}],\"t\":%u}", at, at == PAGES ? PAGES / 2 : at + 1);
	return a;
}

static void
a_circle_is_found_however_many_pages_it_has(void **state)
{
	struct scripted     a;
	struct scripted_run s = { .mem = mem, .source = TOKENS, .answer = page, .arg = &a };

	(void)state;
	assert_null(scripted_run(&s));
	assert_string_equal(scripted_told(&s),
	    "c failed 0/3001/3001: The tokens of further pages lead in a circle.");
	/* all of each page is counted */
	assert_in_range(s.held_most, (size_t)2500 * 300, (size_t)3001 * 4096);
}

static void
all_runs_of_a_process_hold_what_it_may_and_the_largest_ends(void **state)
{
	static const char too_much[] =
	    "More is being read here at the moment than fits; the run is tried again.";
	struct source_budget b = { .held = 60000, .most = 64 << 10 };
	struct api           a = { { "", 200, items(500), NULL }, { "", 404, "{}", NULL } };
	struct scripted_run  large = { .mem = talloc_new(mem),
		 .source = LIST "]}",
		 .answer = answer,
		 .arg = &a },
			    small;

	(void)state;
	large.budget = &b;
	small = large;
	small.mem = talloc_new(mem);
	assert_null(scripted_run(&large));
	assert_int_equal(large.end, SOURCE_FAILED);
	assert_int_equal(large.e.code, ERR_UNAVAILABLE);
	assert_string_equal(large.e.pub, too_much);
	talloc_free(large.mem);
	assert_int_equal(b.held, 60000);
	/* others may have a little more */
	b.held = (64 << 10) + 1;
	a.list.body = items(2);
	assert_null(scripted_run(&small));
	assert_int_equal(small.end, SOURCE_DONE);
	assert_true(b.held > (64 << 10) + 1);
	talloc_free(small.mem);
	assert_int_equal(b.held, (64 << 10) + 1);
}

static const struct scripted *
page_or_token(void *arg, const char *url)
{
	static const struct scripted token = { "", 200,
		"{\"token_type\":\"bearer\",\"expires_in\":1,\"access_token\":\"t\"}", NULL };

	return strcmp(url, BASE "/token") == 0 ? &token : page(arg, url);
}

static void
tokens_that_end_at_once_are_not_asked_for_without_end(void **state)
{
	struct scripted     a;
	struct scripted_run s = { .mem = mem,
		.source = TOKENS,
		.credential = "{\"kind\":\"oauth2_client_credentials\",\"token_url\":\"" BASE
			      "/token\",\"client_id\":\"me\",\"client_secret\":\"s\"}",
		.answer = page_or_token,
		.arg = &a,
		.answers_ms = 600 };

	(void)state;
	assert_null(scripted_run(&s));
	assert_string_equal(scripted_told(&s), "The tokens of this source end before it is read. "
					       "Let tokens live longer; a run asks for at "
					       "most 1000.");
	assert_in_range(s.asked.n, 1000, 2000);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_is_read_over_many_items_is_begun_a_few_at_a_time),
		TEST(what_cannot_be_asked_counts_as_asked_and_the_rest_is_left_out),
		TEST(a_circle_is_found_however_many_pages_it_has),
		TEST(all_runs_of_a_process_hold_what_it_may_and_the_largest_ends),
		TEST(tokens_that_end_at_once_are_not_asked_for_without_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
