/* attribution.h: who made several changes, as one; what is shown of it to whom, and as a line for
 * people. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "drift/attribution/attribution.h"
#include "tests/unit/mem.h"

#define ACTOR(kind, id, name, minute, activity)                                                    \
	"{\"kind\":\"" kind "\",\"id\":" id ",\"name\":" name ",\"address\":null,\"at\":"          \
	"\"2026-11-29T00:" minute ":00.000Z\",\"activity\":\"" activity "\",\"correlation_id\":"   \
	"null}"
#define KEPT(how, actors, more) "{\"confidence\":\"" how "\",\"actors\":[" actors "]" more "}"

#define A1      ACTOR("user", "\"a\"", "\"Ada\"", "01", "one")
#define A9      ACTOR("user", "\"a\"", "\"Ada\"", "09", "nine")
#define B5      ACTOR("app", "\"b\"", "\"Deploy\"", "05", "five")
#define NAMED   ACTOR("user", "null", "\"Eve\"", "02", "two")
#define PENDING KEPT("pending", "", "")
#define NONE    KEPT("none", "", "")
#define PUSHED  "{\"actor\":\"pipeline\",\"source\":\"push\"}"

static const struct row {
	const char *what, *before, *kept[3], *out;
} rows[] = {
	{ "nobody was asked", NULL, { NULL }, NULL },
	{ "whom a push names is no evidence", NULL, { PUSHED, PUSHED }, NULL },
	{ "it is not known yet", NULL, { NONE, PENDING, NONE }, PENDING },
	{ "its time is over", PENDING, { NONE, NULL, NONE }, NONE },
	{ "what was not asked about now stands", KEPT("exact", A1, ""), { NULL },
	    KEPT("exact", A1, "") },
	{ "one of several is known", NULL, { PENDING, KEPT("exact", A1, ""), NONE },
	    KEPT("exact", A1, "") },
	{ "each once, by what it did last, the newest first", NULL,
	    { KEPT("exact", A1, ""), KEPT("exact", B5, ""), KEPT("exact", A9, "") },
	    KEPT("exact", A9 "," B5, "") },
	{ "as sure as the least sure of them", NULL,
	    { KEPT("exact", A1, ""), KEPT("object", B5, ""), NULL },
	    KEPT("object", B5 "," A1, "") },
	{ "surer than before", KEPT("object", A1, ""), { KEPT("exact", A1, "") },
	    KEPT("exact", A1, "") },
	{ "who made what is over stays", KEPT("exact", A1, ""), { KEPT("object", B5, ""), PENDING },
	    KEPT("object", B5 "," A1, "") },
	{ "who has no id is known by name", NULL,
	    { KEPT("object", NAMED, ""), KEPT("object", NAMED "," A1, "") },
	    KEPT("object", NAMED "," A1, "") },
	{ "what quotes, what is of our own trail, and how many more there are goes along",
	    KEPT("object", A1, ",\"more\":3"),
	    { KEPT("object", B5, ",\"quotes\":true"), KEPT("object", B5, ",\"own\":true") },
	    KEPT("object", B5 "," A1, ",\"more\":3,\"quotes\":true,\"own\":true") },
};

static void
several_are_one(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct attribution_texts of = { rows[i].kept, 3 };
		struct err                     e = { 0 };
		const char                    *out, *again;

		print_message("%s\n", rows[i].what);
		assert_true(attribution_merge(mem, rows[i].before, &of, &out, &e));
		assert_int_equal(out == NULL, rows[i].out == NULL);
		if (out == NULL)
			continue;
		assert_string_equal(out, rows[i].out);
		/* what has been said once is not said in another way the next time */
		assert_true(attribution_merge(mem, out, &of, &again, &e));
		assert_string_equal(again, out);
	}
}

static void
many_are_ten_and_a_number_that_does_not_grow_by_saying_it_again(void **state)
{
	const char              *kept[25], *out, *again;
	struct attribution_texts of = { kept, 25 };
	struct err               e = { 0 };

	(void)state;
	for (size_t i = 0; i < 25; i++)
		kept[i] = talloc_asprintf(mem,
		    "{\"confidence\":\"exact\",\"actors\":[{\"kind\":\"user\",\"id\":\"%zu\","
		    "\"name\":"
		    "null,\"address\":null,\"at\":\"2026-11-29T00:%02zu:00.000Z\",\"activity\":"
		    "null,"
		    "\"correlation_id\":null}]}",
		    i, i);
	assert_true(attribution_merge(mem, NULL, &of, &out, &e));
	assert_non_null(strstr(out, "\"id\":\"24\""));
	assert_null(strstr(out, "\"id\":\"14\""));
	assert_non_null(strstr(out, "\"more\":15"));
	assert_true(attribution_merge(mem, out, &of, &again, &e));
	assert_string_equal(again, out);
	assert_true(attribution_line(mem, out, &again, &e));
	assert_string_equal(again, "24, 23, 22 and 22 more");
}

static void
a_line_names_who_is_shown(void **state)
{
	static const struct {
		const char *kept;
		struct view view;
		const char *line; /* NULL: none */
	} cases[] = {
		{ NULL, { true, true }, NULL },
		{ PENDING, { true, true }, NULL },
		{ PUSHED, { true, true }, NULL },
		{ KEPT("exact", A9 "," B5, ""), { false, false }, "Ada, app Deploy" },
		{ KEPT("exact", A1, ",\"quotes\":true"), { true, false }, "Ada" },
		{ KEPT("exact", A1, ",\"quotes\":true"), { false, true }, NULL },
		{ KEPT("exact", A1, ",\"own\":true"), { false, true }, "Ada" },
		{ KEPT("exact", A1, ",\"own\":true"), { true, false }, NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct err  e = { 0 };
		const char *shown, *line;

		assert_true(attribution_view(mem, cases[i].view, cases[i].kept, &shown, &e));
		assert_true(attribution_line(mem, shown, &line, &e));
		assert_int_equal(line == NULL, cases[i].line == NULL);
		if (line != NULL)
			assert_string_equal(line, cases[i].line);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(several_are_one),
		TEST(many_are_ten_and_a_number_that_does_not_grow_by_saying_it_again),
		TEST(a_line_names_who_is_shown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
