#include "tests/store/server.h"

#include <errmsg.h>
#include <mysqld_error.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define SCHEMA_NAME "testdb"

struct thing {
	struct uuid     id;
	char           *name;
	char           *note;
	int64_t         i;
	uint64_t        u;
	bool            b;
	struct uuid     other;
	instant         at;
	instant         until;
	struct blob     bytes;
	struct raw_json json;
	struct strings  list;
	int64_t         opt;
	int64_t         unbound;
};
static const struct field thing_fields[] = {
	FIELD(struct thing, id, .doc = ""),
	FIELD(struct thing, name, .doc = ""),
	FIELD(struct thing, note, .flags = FIELD_NULLABLE, .doc = ""),
	FIELD(struct thing, i, .doc = ""),
	FIELD(struct thing, u, .doc = ""),
	FIELD(struct thing, b, .doc = ""),
	FIELD(struct thing, other, .flags = FIELD_NULLABLE, .doc = ""),
	FIELD(struct thing, at, .doc = ""),
	FIELD(struct thing, until, .flags = FIELD_NULLABLE, .doc = ""),
	FIELD(struct thing, bytes, .flags = FIELD_NULLABLE, .doc = ""),
	FIELD(struct thing, json, .flags = FIELD_NULLABLE, .doc = ""),
	FIELD(struct thing, list, .doc = ""),
	FIELD(struct thing, opt, .flags = FIELD_NULLABLE, .doc = ""),
	FIELD(struct thing, unbound, .flags = FIELD_NO_SQL, .doc = ""),
	FIELD_END,
};
static const struct schema thing_schema = SCHEMA("Thing", struct thing, thing_fields);

struct key {
	struct uuid id;
};
static const struct field key_fields[] = {
	FIELD(struct key, id, .doc = ""),
	FIELD_END,
};
static const struct schema key_schema = SCHEMA("Key", struct key, key_fields);

struct count {
	int64_t n;
};
static const struct field count_fields[] = {
	FIELD(struct count, n, .doc = ""),
	FIELD_END,
};
static const struct schema count_schema = SCHEMA("Count", struct count, count_fields);

#define THING_COLUMNS "id, name, note, i, u, b, other, at, until, bytes, json, list, opt"
SQL(thing_add, SQL_TENANT, &thing_schema, NULL,
    "INSERT INTO things (" THING_COLUMNS ") VALUES (:id, :name, :note, :i, :u, :b, :other,"
    " :at, :until, :bytes, :json, :list, :opt)");
SQL(thing_by_id, SQL_TENANT, &key_schema, &thing_schema,
    "SELECT " THING_COLUMNS " FROM things WHERE id = :id");
SQL(thing_list, SQL_TENANT, NULL, &thing_schema,
    "SELECT " THING_COLUMNS " FROM things ORDER BY i, id");
SQL(thing_drop, SQL_TENANT, &key_schema, NULL, "DELETE FROM things WHERE id = :id");
SQL(thing_same, SQL_TENANT, &key_schema, NULL, "UPDATE things SET i = i WHERE id = :id");
SQL(thing_count, SQL_TENANT, NULL, &count_schema, "SELECT COUNT(*) AS n FROM things");

/* Marks out of order, one of them three times. */
struct asked {
	int64_t     least, most;
	const char *text;
	struct uuid id;
};
static const struct field asked_fields[] = {
	COLUMN(struct asked, least),
	COLUMN_NULL(struct asked, text),
	COLUMN_NULL(struct asked, id),
	COLUMN(struct asked, most),
	FIELD_END,
};
static const struct schema asked_schema = SCHEMA("Asked", struct asked, asked_fields);
struct answered {
	char   *text;
	int64_t least, most, n;
};
static const struct field answered_fields[] = {
	COLUMN_NULL(struct answered, text),
	COLUMN(struct answered, most),
	COLUMN(struct answered, least),
	COLUMN_NULL(struct answered, n),
	FIELD_END,
};
static const struct schema answered_schema = SCHEMA("Answered", struct answered, answered_fields);
SQL(marks_back, SQL_TENANT, &asked_schema, &answered_schema,
    "SELECT t.text, :most AS most, :least AS least, t.n"
    " FROM (SELECT :text AS text, LENGTH(:text) + IF(:text IS NULL, 1, 0) AS n) t"
    " WHERE :least < :most AND (:id IS NULL OR :id = :id)");

static const struct sql broken = { "broken", SQL_TENANT, "SELECT FROM nothing", NULL, &count_schema,
	NULL };
static const struct sql packet = { "packet", SQL_TENANT, "SELECT @@max_allowed_packet AS n", NULL,
	&count_schema, NULL };

struct state {
	struct db *root, *db;
};

static int
set_up(void **state)
{
	struct state *s = talloc_zero(NULL, struct state);

	s->root = server_db(s, NULL);
	server_schema(s->root, SCHEMA_NAME);
	server_do(s->root,
	    "CREATE TABLE %s.things (id BINARY(16) PRIMARY KEY, name VARCHAR(100) NOT NULL,"
	    " note LONGTEXT NULL, i BIGINT NOT NULL, u BIGINT UNSIGNED NOT NULL, b BOOLEAN NOT "
	    "NULL,"
	    " other BINARY(16) NULL, at DATETIME(3) NOT NULL, until DATETIME(3) NULL, bytes "
	    "LONGBLOB NULL,"
	    " json LONGTEXT NULL, list LONGTEXT NOT NULL, opt INT NULL)",
	    SCHEMA_NAME);
	s->db = server_db(s, SCHEMA_NAME);
	*state = s;
	return 0;
}

static int
tear_down(void **state)
{
	talloc_free(*state);
	return 0;
}

static struct thing
sample(struct state *s, int64_t i)
{
	static const char *items[] = { "a", "", "x\"\\\n<\xc3\xa9>" };
	struct thing       t = {
		      .id = uuid_make(&clock_system, &rand_system),
		      .name = talloc_asprintf(s, "n\xf0\x9f\x98\x80%lld ", (long long)i),
		      .note = i % 2 ? NULL : talloc_strdup(s, "note"),
		      .i = INT64_MIN + i,
		      .u = UINT64_MAX - (uint64_t)i,
		      .b = i % 2,
		      .at = { 1763757060123 + i },
		      .bytes = { (const uint8_t *)"\0\xff\x80 x", 5 },
		      .json = { .text = "{\"a\":[1,2.50,null]}" },
		      .list = { items, 3 },
		      .opt = i % 2 ? 7 : 0,
	};

	if (i % 2) {
		t.other = t.id;
		t.until = (instant) { -2208988800001 }; /* 1899-12-31T23:59:59.999 */
	} else {
		t.bytes = (struct blob) { NULL, 0 };
		t.json.text = NULL;
	}
	return t;
}

static void
same_text(const char *a, const char *b)
{
	if (a == NULL || b == NULL)
		assert_ptr_equal(a, b);
	else
		assert_string_equal(a, b);
}

static void
same_thing(const struct thing *a, const struct thing *b)
{
	assert_true(uuid_eq(&a->id, &b->id));
	same_text(a->name, b->name);
	same_text(a->note, b->note);
	assert_true(a->i == b->i && a->u == b->u && a->b == b->b && a->opt == b->opt);
	assert_true(uuid_eq(&a->other, &b->other));
	assert_true(a->at.ms == b->at.ms && a->until.ms == b->until.ms);
	assert_true(a->bytes.n == b->bytes.n && (a->bytes.p == NULL) == (b->bytes.p == NULL));
	if (a->bytes.n > 0)
		assert_memory_equal(a->bytes.p, b->bytes.p, a->bytes.n);
	same_text(a->json.text, b->json.text);
	assert_int_equal(a->list.n, b->list.n);
	for (size_t i = 0; i < a->list.n; i++)
		assert_string_equal(a->list.items[i], b->list.items[i]);
}

static void
every_kind_comes_back_as_it_went(void **state)
{
	struct state *s = *state;
	struct err    e = { 0 };
	struct thing  back;
	uint64_t      n = 0;

	for (int64_t i = 0; i < 2; i++) {
		struct thing t = sample(s, i);

		assert_ok(db_run(s->db, &thing_add, &t, &n, &e));
		assert_int_equal(n, 1);
		assert_ok(db_one(s->db, s, &thing_by_id, &(struct key) { t.id }, &back, &e));
		same_thing(&t, &back);
	}
}

static void
instants_from_year_1000_to_9999_and_none_beyond(void **state)
{
	static const int64_t good[] = { 1, -1, 951782400000, 951868799999, 253402300799999,
		-30610224000000, -62135596800000 + 63072000000 * 500 };
	static const int64_t bad[] = { INT64_MIN, INT64_MAX, 253402300800000, -30610224000001 };
	struct state        *s = *state;
	struct err           e = { 0 };
	struct thing         back;

	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
		struct thing t = sample(s, 1);

		t.at.ms = good[i];
		assert_ok(db_run(s->db, &thing_add, &t, NULL, &e));
		assert_ok(db_one(s->db, s, &thing_by_id, &(struct key) { t.id }, &back, &e));
		assert_true(back.at.ms == good[i]);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		struct thing t = sample(s, 1);

		t.at.ms = bad[i];
		assert_fails(db_run(s->db, &thing_add, &t, NULL, &e), ERR_INTERNAL);
	}
}

static void
long_values_come_back_whole(void **state)
{
	const size_t  n = 3 * 1024 * 1024;
	struct state *s = *state;
	struct err    e = { 0 };
	struct thing  t = sample(s, 0), back;
	uint8_t      *bytes = talloc_size(s, n);

	rand_fill(&rand_system, bytes, n);
	t.bytes = (struct blob) { bytes, n };
	t.note = talloc_size(s, n + 1);
	memset(t.note, 'x', n);
	t.note[n] = '\0';
	assert_ok(db_run(s->db, &thing_add, &t, NULL, &e));
	assert_ok(db_one(s->db, s, &thing_by_id, &(struct key) { t.id }, &back, &e));
	same_thing(&t, &back);
}

static void
a_mark_is_bound_wherever_it_stands(void **state)
{
	struct state   *s = *state;
	struct err      e = { 0 };
	struct asked    in = { 3, 4, "three", { { 9 } } };
	struct answered out;

	assert_ok(db_one(s->db, s, &marks_back, &in, &out, &e));
	assert_string_equal(out.text, "three");
	assert_int_equal(out.n, 5);
	assert_int_equal(out.least, 3);
	assert_int_equal(out.most, 4);
	in.text = NULL;
	in.id = (struct uuid) { 0 };
	assert_ok(db_one(s->db, s, &marks_back, &in, &out, &e));
	assert_null(out.text);
	in.most = 3;
	assert_fails(db_one(s->db, s, &marks_back, &in, &out, &e), ERR_MISSING);
}

/* As large as a packet may be, all its marks together. */
static void
a_mark_that_is_bound_three_times_may_be_large(void **state)
{
	const size_t    n = 5 * 1024 * 1024;
	struct state   *s = *state;
	struct err      e = { 0 };
	char           *text = talloc_size(s, n + 1);
	struct asked    in = { 0, 1, text, { { 9 } } };
	struct answered out;

	memset(text, 'x', n);
	text[n] = '\0';
	assert_ok(db_one(s->db, s, &marks_back, &in, &out, &e));
	assert_int_equal(out.n, n);
	assert_string_equal(out.text, text);
}

static void
a_value_of_sixteen_mebibytes_comes_back_whole(void **state)
{
	const size_t  n = 16 * 1024 * 1024;
	struct state *s = *state;
	struct err    e = { 0 };
	struct thing  t = sample(s, 0), back;

	server_do(s->root, "SET GLOBAL max_allowed_packet = %zu", 2 * n);
	db_close(s->db);
	t.note = talloc_size(s, n + 1);
	memset(t.note, 'x', n);
	t.note[n] = '\0';
	assert_ok(db_run(s->db, &thing_add, &t, NULL, &e));
	assert_ok(db_one(s->db, s, &thing_by_id, &(struct key) { t.id }, &back, &e));
	same_thing(&t, &back);
	server_do(s->root, "SET GLOBAL max_allowed_packet = %zu", n);
}

static void
a_missing_row_and_a_duplicate_have_their_codes(void **state)
{
	struct state *s = *state;
	struct err    e = { 0 };
	struct thing  t = sample(s, 1), back;
	uint64_t      n = 9;

	assert_fails(
	    db_one(s->db, s, &thing_by_id, &(struct key) { t.id }, &back, &e), ERR_MISSING);
	assert_true(uuid_is_nil(&back.id));
	err_clear(&e);
	assert_ok(db_run(s->db, &thing_add, &t, NULL, &e));
	assert_fails(db_run(s->db, &thing_add, &t, NULL, &e), ERR_CONFLICT);
	assert_int_equal(e.sys, ER_DUP_ENTRY);
	assert_null(strstr(e.pub, "Duplicate"));
	err_clear(&e);
	assert_ok(db_run(s->db, &thing_same, &(struct key) { t.id }, &n, &e));
	assert_int_equal(n, 1); /* matched, though nothing changed */
	assert_ok(db_run(s->db, &thing_drop, &(struct key) { t.id }, &n, &e));
	assert_ok(db_run(s->db, &thing_drop, &(struct key) { t.id }, &n, &e));
	assert_int_equal(n, 0);
}

static void
a_broken_statement_leaves_the_connection_usable(void **state)
{
	struct state *s = *state;
	struct err    e = { 0 };
	struct count  c;

	for (int i = 0; i < 3; i++) {
		assert_fails(db_one(s->db, s, &broken, NULL, &c, &e), ERR_INTERNAL);
		assert_int_equal(e.sys, ER_PARSE_ERROR);
		assert_string_equal(e.pub, "internal error");
		err_clear(&e);
		assert_ok(db_one(s->db, s, &thing_count, NULL, &c, &e));
	}
}

static void
lists_stop_at_their_limit(void **state)
{
	struct state *s = *state;
	struct err    e = { 0 };
	struct thing *rows, all[100];
	size_t        n;
	struct count  c;

	for (int64_t i = 0; i < 100; i++)
		all[i] = sample(s, i);
	assert_ok(db_all(s->db, s, &thing_list, NULL, INTO(&rows, &n, 10), &e));
	assert_int_equal(n, 0);
	assert_ok(db_run_many(s->db, &thing_add, all, 100, &e));
	for (size_t max = 0; max <= 120; max += 24) {
		assert_ok(db_all(s->db, s, &thing_list, NULL, INTO(&rows, &n, max), &e));
		assert_int_equal(n, max < 100 ? max : 100);
		for (size_t i = 0; i < n; i++)
			same_thing(&all[i], &rows[i]);
		talloc_free(rows);
		assert_ok(db_one(s->db, s, &thing_count, NULL, &c, &e));
		assert_int_equal(c.n, 100);
	}
}

static void
batches_carry_every_kind(void **state)
{
	const size_t  n = 2500; /* more than two batches */
	struct state *s = *state;
	struct err    e = { 0 };
	struct thing *all = talloc_array(s, struct thing, (unsigned)n), *rows;
	size_t        got;

	for (size_t i = 0; i < n; i++)
		all[i] = sample(s, (int64_t)i);
	assert_ok(db_run_many(s->db, &thing_add, all, 0, &e));
	assert_ok(db_run_many(s->db, &thing_add, all, n, &e));
	assert_ok(db_all(s->db, s, &thing_list, NULL, INTO(&rows, &got, n + 1), &e));
	assert_int_equal(got, n);
	for (size_t i = 0; i < n; i++)
		same_thing(&all[i], &rows[i]);
	assert_fails(db_run_many(s->db, &thing_add, all, n, &e), ERR_CONFLICT);
}

static void
batches_split_by_size(void **state)
{
	const size_t  big = 700000;
	struct state *s = *state;
	struct err    e = { 0 };
	struct thing  all[12];
	uint8_t      *bytes = talloc_zero_size(s, 2 * big);
	struct count  c;

	for (int64_t i = 0; i < 12; i++) {
		all[i] = sample(s, i);
		all[i].bytes = (struct blob) { bytes, i % 3 ? big : 2 * big };
	}
	assert_ok(db_run_many(s->db, &thing_add, all, 12, &e));
	assert_ok(db_one(s->db, s, &thing_count, NULL, &c, &e));
	assert_int_equal(c.n, 12);
	assert_ok(db_one(s->db, s, &packet, NULL, &c, &e));
	assert_true(c.n >= 16 * 1024 * 1024);
}

/* One row as the schema would never hold it. */
static void
is_refused(struct state *s, const char *set)
{
	struct err   e = { 0 };
	struct thing t = sample(s, 1), back;

	assert_ok(db_run(s->db, &thing_add, &t, NULL, &e));
	server_do(s->root, "SET SESSION sql_mode=''");
	server_do(s->root, "UPDATE " SCHEMA_NAME ".things SET %s", set);
	assert_fails(
	    db_one(s->db, s, &thing_by_id, &(struct key) { t.id }, &back, &e), ERR_INTERNAL);
	assert_string_equal(e.pub, "internal error");
	server_do(s->root, "DELETE FROM " SCHEMA_NAME ".things");
}

static void
values_that_do_not_fit_are_refused(void **state)
{
	struct state *s = *state;

	server_do(s->root, "ALTER TABLE " SCHEMA_NAME ".things MODIFY name VARBINARY(100) NULL,"
			   " MODIFY i VARCHAR(40) NOT NULL, MODIFY other VARBINARY(40) NULL,"
			   " MODIFY u VARCHAR(40) NOT NULL");
	is_refused(s, "name = NULL");
	is_refused(s, "name = X'61FF62'");
	is_refused(s, "name = X'610062'");
	is_refused(s, "i = '99999999999999999999'");
	is_refused(s, "i = 'abc'");
	is_refused(s, "u = '-1'");
	is_refused(s, "other = 'short'");
	is_refused(s, "other = REPEAT('x', 17)");
	is_refused(s, "at = '0000-00-00 00:00:00'");
	is_refused(s, "list = '{}'");
	is_refused(s, "list = '[1]'");
	is_refused(s, "list = '[\"a\"'");
	is_refused(s, "list = '[\"a\\\\u0000b\"]'");
}

static void
a_killed_idle_connection_is_replaced_unseen(void **state)
{
	struct state *s = *state;
	struct err    e = { 0 };
	struct count  c;

	for (int i = 0; i < 20; i++) {
		assert_ok(db_one(s->db, s, &thing_count, NULL, &c, &e));
		server_do(s->root, "KILL %llu", (unsigned long long)server_connection_id(s->db));
		if (i % 2)
			usleep(20000);
		assert_ok(db_one(s->db, s, &thing_count, NULL, &c, &e));
	}
}

static void
a_server_that_is_down_is_unavailable_and_comes_back(void **state)
{
	struct state *s = *state;
	struct err    e = { 0 };
	struct count  c;

	assert_ok(db_one(s->db, s, &thing_count, NULL, &c, &e));
	server_shell("kill");
	for (int i = 0; i < 3; i++) {
		assert_fails(db_one(s->db, s, &thing_count, NULL, &c, &e), ERR_UNAVAILABLE);
		assert_true(e.retry_s > 0);
		assert_false(db_is_open(s->db));
	}
	server_shell("start");
	err_clear(&e);
	assert_ok(db_one(s->db, s, &thing_count, NULL, &c, &e));
}

static void
a_wrong_password_is_no_outage(void **state)
{
	const char   *older[] = { "nor this", "right", NULL };
	struct state *s = *state;
	struct err    e = { 0 };
	struct count  c;
	struct db    *db;

	server_do(s->root, "CREATE OR REPLACE USER 'tester'@'localhost' IDENTIFIED BY 'right'");
	server_do(s->root, "GRANT SELECT ON " SCHEMA_NAME ".* TO 'tester'@'localhost'");
	db = server_db_as(s, SCHEMA_NAME, "tester", "wrong");
	assert_fails(db_one(db, s, &thing_count, NULL, &c, &e), ERR_INTERNAL);
	assert_int_equal(e.sys, ER_ACCESS_DENIED_ERROR);
	assert_null(strstr(e.detail, "wrong"));
	db = db_make(s,
	    &(struct db_options) { .socket = server_socket(),
		.user = "tester",
		.password = "wrong",
		.older = older,
		.schema = SCHEMA_NAME,
		.clock = &clock_system },
	    &e);
	err_clear(&e);
	assert_ok(db_one(db, s, &thing_count, NULL, &c, &e));
}

static void
another_machine_without_tls_is_refused(void **state)
{
	struct state *s = *state;
	struct err    e = { 0 };

	assert_null(
	    db_make(s, &(struct db_options) { .host = "192.0.2.7", .clock = &clock_system }, &e));
	assert_non_null(strstr(e.pub, "tls_ca"));
}

static void
verify_finds_swapped_columns_types_and_marks(void **state)
{
	struct state *s = *state;
	struct err    e = { 0 };

	assert_ok(db_verify(s->db, SQL_TENANT, &e));
	server_do(s->root, "ALTER TABLE " SCHEMA_NAME ".things RENAME COLUMN note TO tmp,"
			   " RENAME COLUMN name TO note");
	server_do(s->root, "ALTER TABLE " SCHEMA_NAME ".things RENAME COLUMN tmp TO name");
	assert_ok(
	    db_verify(s->db, SQL_TENANT, &e)); /* named by the statement, so nothing is swapped */
	server_do(s->root, "ALTER TABLE " SCHEMA_NAME ".things MODIFY other VARBINARY(20) NULL");
	assert_fails(db_verify(s->db, SQL_TENANT, &e), ERR_INTERNAL);
	assert_non_null(strstr(e.detail, "other"));
}

SQL(swapped, SQL_CONTROL, NULL, &thing_schema,
    "SELECT id, name, note, i, u, b, other, until, at, bytes, json, list, opt FROM things");

static void
verify_names_the_statement_with_swapped_columns(void **state)
{
	struct state *s = *state;
	struct err    e = { 0 };

	assert_fails(db_verify(s->db, SQL_CONTROL, &e), ERR_INTERNAL);
	assert_non_null(strstr(e.detail, "swapped"));
	assert_non_null(strstr(e.detail, "column 8 is until, the member is at"));
}

static void
statements_are_counted(void **state)
{
	struct state *s = *state;
	struct err    e = { 0 };
	struct count  c;

	assert_ok(db_one(s->db, s, &thing_count, NULL, &c, &e));
	db_stats_reset(s->db);
	assert_ok(db_one(s->db, s, &thing_count, NULL, &c, &e));
	assert_ok(db_one(s->db, s, &thing_count, NULL, &c, &e));
	assert_int_equal(db_stats(s->db).count, 2);
	assert_true(db_stats(s->db).ns > 0);
	assert_true(clock_ms(&clock_system) - db_used_ms(s->db) < 2000);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(every_kind_comes_back_as_it_went),
		TEST(instants_from_year_1000_to_9999_and_none_beyond),
		TEST(long_values_come_back_whole),
		TEST(a_mark_is_bound_wherever_it_stands),
		TEST(a_mark_that_is_bound_three_times_may_be_large),
		TEST(a_value_of_sixteen_mebibytes_comes_back_whole),
		TEST(a_missing_row_and_a_duplicate_have_their_codes),
		TEST(a_broken_statement_leaves_the_connection_usable),
		TEST(lists_stop_at_their_limit),
		TEST(batches_carry_every_kind),
		TEST(batches_split_by_size),
		TEST(values_that_do_not_fit_are_refused),
		TEST(a_killed_idle_connection_is_replaced_unseen),
		TEST(a_server_that_is_down_is_unavailable_and_comes_back),
		TEST(a_wrong_password_is_no_outage),
		TEST(another_machine_without_tls_is_refused),
		TEST(verify_finds_swapped_columns_types_and_marks),
		TEST(verify_names_the_statement_with_swapped_columns),
		TEST(statements_are_counted),
	};

	return cmocka_run_group_tests_name("db", tests, NULL, NULL);
}
