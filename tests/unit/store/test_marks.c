#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "core/store/marks.h"
#include "tests/unit/mem.h"

struct inner {
	const char *status;
	int64_t     config;
};
struct outer {
	struct inner f, g;
	struct uuid  id;
	int64_t      limit;
	int64_t      unseen;
};

static const struct field one_fields[] = {
	COLUMN(struct outer, id),
	FIELD_END,
};
static const struct schema one = SCHEMA("One", struct outer, one_fields);
static const struct field  two_fields[] = {
	 COLUMN(struct outer, f.status),
	 COLUMN(struct outer, limit),
	 FIELD(struct outer, unseen, .flags = FIELD_NO_SQL),
	 FIELD_END,
};
static const struct schema two = SCHEMA("Two", struct outer, two_fields);
static const struct field  twins_fields[] = {
	 COLUMN(struct outer, f.status),
	 COLUMN(struct outer, g.status),
	 FIELD_END,
};
static const struct schema twins = SCHEMA("Twins", struct outer, twins_fields);
static const struct field  named_fields[] = {
	 COLUMN_AS(struct outer, f.status, "status_2"),
	 COLUMN_AS(struct outer, g.status, "status_21"),
	 FIELD_END,
};
static const struct schema named = SCHEMA("Named", struct outer, named_fields);

/* `at` has a digit for each mark: which member it is. */
static const struct {
	const struct schema *in;
	const char          *text, *sent, *at;
} good[] = {
	{ NULL, "SELECT 1", "SELECT 1", "" },
	{ NULL, "", "", "" },
	{ &one, "SELECT :id", "SELECT ?", "0" },
	{ &one, ":id", "?", "0" },
	{ &one, "(:id)", "(?)", "0" },
	{ &one, "a<=>:id,b=:id", "a<=>?,b=?", "00" },
	{ &one, ":id:", NULL, NULL },
	{ &two, "LIMIT :limit AND (:status IS NULL OR s = :status)",
	    "LIMIT ? AND (? IS NULL OR s = ?)", "100" },
	{ &two, "F(:status,:limit)", "F(?,?)", "01" },
	{ &named, ":status_21 :status_2 :status_21", "? ? ?", "101" },
	/* quotes */
	{ &one, "':id', \":id\", `:id`, :id", "':id', \":id\", `:id`, ?", "0" },
	{ &one, "'?' '#' '--' '/*' ':=' '::' :id", "'?' '#' '--' '/*' ':=' '::' ?", "0" },
	{ &one, "'it''s :id' :id", "'it''s :id' ?", "0" },
	{ &one, "'it\\'s :id' :id", "'it\\'s :id' ?", "0" },
	{ &one, "\"a\\\":id\" :id", "\"a\\\":id\" ?", "0" },
	{ &one, "'a\\\\' :id", "'a\\\\' ?", "0" },
	{ &one, "`a\\` :id", "`a\\` ?", "0" },
	{ &one, "'\"' :id '\"'", "'\"' ? '\"'", "0" },
	{ &one, "'12:30:00' < :id", "'12:30:00' < ?", "0" },
	{ &one, "''':id' :id", "''':id' ?", "0" },
	/* what is no comment */
	{ &one, "a - :id / 2 * 3", "a - ? / 2 * 3", "0" },
	{ &one, "a -:id", "a -?", "0" },
};

static const struct {
	const struct schema *in;
	const char          *text, *why;
} bad[] = {
	{ &one, "SELECT ?", "a mark without a name: ?" },
	{ NULL, "SELECT :id", "no member has the name of the mark: id" },
	{ &one, "SELECT :i", "no member has the name of the mark: i" },
	{ &one, "SELECT :ids", "no member has the name of the mark: ids" },
	{ &two, ":limit :f.status", "no member has the name of the mark: f.status" },
	{ &two, ":limit :status :unseen", "no member has the name of the mark: unseen" },
	{ &one, "SELECT 1", "no mark names the member: id" },
	{ &two, ":limit", "no mark names the member: f.status" },
	{ &one, "':id'", "no mark names the member: id" },
	{ &twins, ":status", "two members have the name of the mark: status" },
	{ &one, ":id -- one", "a comment: -- one" },
	{ &one, ":id --1", "a comment: --1" },
	{ &one, ":id # one", "a comment: # one" },
	{ &one, "/* :id */ :id", "a comment: /* :id */ :id" },
	{ &one, "/*! :id */", "a comment: /*!" },
	{ &one, "@a := :id", "a colon that begins no mark: := :id" },
	{ &one, ":id::text", "a colon that begins no mark: ::text" },
	{ &one, ":id:id", "a colon that begins no mark: :id" },
	{ &one, "a:id", "a colon that begins no mark: :id" },
	{ &one, "A:id", "a colon that begins no mark: :id" },
	{ &one, "12:30 :id", "a colon that begins no mark: :30" },
	{ &one, ":1", "a colon that begins no mark: :1" },
	{ &one, ":Id", "a colon that begins no mark: :Id" },
	{ &one, ":_id", "a colon that begins no mark: :_id" },
	{ &one, ": id", "a colon that begins no mark: : id" },
	{ &one, ":id :", "a colon that begins no mark: :" },
	{ &one, "one: LOOP :id", "a colon that begins no mark: : LOOP" },
	{ &one, ":id 'open", "quotes that do not end: 'open" },
	{ &one, ":id 'open\\'", "quotes that do not end: 'open\\'" },
	{ &one, ":id 'open\\", "quotes that do not end: 'open\\" },
	{ &one, ":id `open", "quotes that do not end: `open" },
	{ &one, ":id \"open'", "quotes that do not end: \"open'" },
};

static void
marks_become_positions_of_members(void **state)
{
	(void)state;
	for (size_t i = 0; i < LEN(good); i++) {
		struct sql          q = { "q", SQL_TENANT, good[i].text, good[i].in, NULL, NULL };
		struct err          e = { 0 };
		const struct marks *m = marks_of(mem, &q, &e);

		if (good[i].sent == NULL) {
			assert_null(m);
			continue;
		}
		assert_non_null(m);
		assert_string_equal(m->text, good[i].sent);
		assert_int_equal(m->n, strlen(good[i].at));
		for (unsigned k = 0; k < m->n; k++)
			assert_int_equal(m->at[k], good[i].at[k] - '0');
	}
}

static void
what_is_no_mark_and_what_nobody_names_is_refused_by_name(void **state)
{
	(void)state;
	for (size_t i = 0; i < LEN(bad); i++) {
		struct sql q = { "of_drift", SQL_TENANT, bad[i].text, bad[i].in, NULL, NULL };
		struct err e = { 0 };

		assert_null(marks_of(mem, &q, &e));
		assert_int_equal(e.code, ERR_INTERNAL);
		assert_non_null(strstr(e.detail, "of_drift"));
		if (strstr(e.detail, bad[i].why) == NULL)
			fail_msg("%s: %s", bad[i].text, e.detail);
	}
}

static void
there_may_be_as_many_marks_as_can_be_bound(void **state)
{
	char       text[4 * BIND_MAX + 8] = "";
	struct sql q = { "many", SQL_TENANT, text, &one, NULL, NULL };
	struct err e = { 0 };

	(void)state;
	for (unsigned i = 0; i < BIND_MAX; i++)
		strcat(text, ":id ");
	assert_int_equal(marks_of(mem, &q, &e)->n, BIND_MAX);
	strcat(text, ":id");
	assert_null(marks_of(mem, &q, &e));
	assert_non_null(strstr(e.detail, "too many marks"));
}

SQL(listed, SQL_TENANT, &one, NULL, "SELECT :id");
SQL(listed_badly, SQL_TENANT, &one, NULL, "SELECT :name");

static void
a_listed_statement_is_resolved_once(void **state)
{
	struct err          e = { 0 };
	TALLOC_CTX         *first = talloc_new(mem);
	const struct marks *m = marks_of(first, &listed, &e);

	(void)state;
	assert_string_equal(m->text, "SELECT ?");
	talloc_free(first);
	assert_ptr_equal(marks_of(mem, &listed, &e), m);
	assert_string_equal(m->text, "SELECT ?");
	assert_null(marks_of(mem, &listed_badly, &e));
	err_clear(&e);
	assert_null(marks_of(mem, &listed_badly, &e)); /* and not half of it the second time */
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(marks_become_positions_of_members),
		TEST(what_is_no_mark_and_what_nobody_names_is_refused_by_name),
		TEST(there_may_be_as_many_marks_as_can_be_bound),
		TEST(a_listed_statement_is_resolved_once),
	};

	return cmocka_run_group_tests_name("marks", tests, NULL, NULL);
}
