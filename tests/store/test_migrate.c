#include "tests/store/server.h"

#include <mysqld_error.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/store/migrate.h"

#define SCHEMA_NAME "testmigrate"
#define CONTROL     "testmigratecontrol"

static const struct migration two[] = {
	{ SQL_CONTROL, 1, "control/0001_other.sql",
	    .text = "CREATE TABLE IF NOT EXISTS other (i INT PRIMARY KEY)\n" },
	{ SQL_TENANT, 1, "tenant/0001_a.sql",
	    .text = "-- a comment\nCREATE TABLE IF NOT EXISTS a (i INT PRIMARY KEY)\n--;;\n"
		    "INSERT IGNORE INTO a (i) VALUES (1)\n" },
	{ SQL_TENANT, 2, "tenant/0002_b.sql",
	    .text = "CREATE TABLE IF NOT EXISTS b (t TEXT DEFAULT '--;;{}')\n" },
	{ 0 }
};

struct state {
	struct db *root, *db;
	char       seen[200];
};

static struct db *
fresh_db(struct state *s, const char *schema)
{
	struct err        e = { 0 };
	struct db_options o = { .socket = server_socket(),
		.user = "root",
		.schema = schema,
		.control = CONTROL,
		.kind = "control",
		.clock = &clock_system };
	struct db        *db = db_make(s, &o, &e);

	assert_non_null(db);
	server_schema(s->root, schema);
	return db;
}

static int
set_up(void **state)
{
	struct state *s = talloc_zero(NULL, struct state);

	s->root = server_db(s, NULL);
	s->db = fresh_db(s, SCHEMA_NAME);
	*state = s;
	return 0;
}

static int
tear_down(void **state)
{
	talloc_free(*state);
	return 0;
}

static void
note(void *arg, const struct migration *m)
{
	struct state *s = arg;

	strncat(s->seen, m->name, sizeof(s->seen) - strlen(s->seen) - 1);
	strncat(s->seen, " ", sizeof(s->seen) - strlen(s->seen) - 1);
}

static void
what_is_missing_is_applied_once_and_in_order(void **state)
{
	struct state        *s = *state;
	struct err           e = { 0 };
	struct migrate_watch w = { .before = note, .arg = s, .applied = -1 };

	assert_fails(migrate_check(s->db, SQL_TENANT, two, &e), ERR_UNAVAILABLE);
	assert_non_null(strstr(e.pub, "bsxctl migrate"));
	err_clear(&e);
	assert_ok(migrate_run(s->db, SQL_TENANT, two, &w, &e));
	assert_int_equal(w.applied, 2);
	assert_string_equal(s->seen, "tenant/0001_a.sql tenant/0002_b.sql ");
	assert_ok(migrate_check(s->db, SQL_TENANT, two, &e));
	assert_ok(migrate_run(s->db, SQL_TENANT, two, &w, &e));
	assert_int_equal(w.applied, 0);
	server_do(s->root, "SELECT 1 INTO @x FROM " SCHEMA_NAME ".a");
	server_do(s->root, "SELECT COUNT(*) INTO @x FROM " SCHEMA_NAME ".b");
}

static void
a_changed_one_is_refused_by_name(void **state)
{
	struct state    *s = *state;
	struct err       e = { 0 };
	struct migration list[4];

	memcpy(list, two, sizeof(list));
	assert_ok(migrate_run(s->db, SQL_TENANT, two, NULL, &e));
	list[1].text = "CREATE TABLE IF NOT EXISTS a (i BIGINT PRIMARY KEY)\n";
	assert_fails(migrate_run(s->db, SQL_TENANT, list, NULL, &e), ERR_INTERNAL);
	assert_non_null(strstr(e.pub, "tenant/0001_a.sql was changed"));
	assert_fails(migrate_check(s->db, SQL_TENANT, list, &e), ERR_INTERNAL);
	assert_non_null(strstr(e.pub, "tenant/0001_a.sql was changed"));
}

static void
a_missing_one_and_a_newer_schema_are_refused(void **state)
{
	struct state    *s = *state;
	struct err       e = { 0 };
	struct migration without_first[] = { two[0], two[2], { 0 } };
	struct migration without_last[] = { two[0], two[1], { 0 } };

	assert_ok(migrate_run(s->db, SQL_TENANT, two, NULL, &e));
	assert_fails(migrate_run(s->db, SQL_TENANT, without_first, NULL, &e), ERR_INTERNAL);
	assert_non_null(strstr(e.pub, "tenant/0001_a.sql is missing"));
	assert_fails(migrate_check(s->db, SQL_TENANT, without_first, &e), ERR_INTERNAL);
	assert_fails(migrate_run(s->db, SQL_TENANT, without_last, NULL, &e), ERR_INTERNAL);
	assert_non_null(strstr(e.pub, "tenant/0002_b.sql is newer than this program"));
	assert_fails(migrate_check(s->db, SQL_TENANT, without_last, &e), ERR_INTERNAL);
}

static void
one_that_comes_too_late_is_refused(void **state)
{
	struct state    *s = *state;
	struct err       e = { 0 };
	struct migration without_first[] = { two[0], two[2], { 0 } };

	assert_ok(migrate_run(s->db, SQL_TENANT, without_first, NULL, &e));
	assert_fails(migrate_run(s->db, SQL_TENANT, two, NULL, &e), ERR_INTERNAL);
	assert_non_null(strstr(e.pub, "tenant/0001_a.sql is older"));
}

static void
an_interrupted_one_is_repeated(void **state)
{
	struct state        *s = *state;
	struct err           e = { 0 };
	struct migration     list[4];
	struct migrate_watch w = { 0 };

	memcpy(list, two, sizeof(list));
	list[1].text = "CREATE TABLE IF NOT EXISTS a (i INT PRIMARY KEY)\n--;;\nINSERT INTO "
		       "nowhere VALUES (1)\n";
	assert_fails(migrate_run(s->db, SQL_TENANT, list, &w, &e), ERR_UNAVAILABLE);
	assert_int_equal(e.sys, ER_NO_SUCH_TABLE);
	assert_non_null(strstr(e.detail, "statement 2 of tenant/0001_a.sql"));
	assert_fails(migrate_check(s->db, SQL_TENANT, two, &e), ERR_UNAVAILABLE);
	err_clear(&e);
	assert_ok(migrate_run(s->db, SQL_TENANT, two, &w, &e));
	assert_int_equal(w.applied, 2);
}

static void
an_unknown_mark_is_refused(void **state)
{
	static const struct migration bad[] = {
		{ SQL_TENANT, 1, "tenant/0001_x.sql", "CREATE TABLE {tabel} (i INT)\n" }, { 0 }
	};
	struct state *s = *state;
	struct err    e = { 0 };

	assert_fails(migrate_run(s->db, SQL_TENANT, bad, NULL, &e), ERR_INTERNAL);
	assert_non_null(strstr(e.detail, "tabel"));
}

/* The control schema that a tenant's migrations write to. */
static void
make_control(struct state *s)
{
	struct err e = { 0 };
	struct db *control = fresh_db(s, CONTROL);

	assert_ok(migrate_run(control, SQL_CONTROL, migrations, NULL, &e));
	db_close(control);
}

/* Every migration of the program may be interrupted anywhere: all of its statements are repeatable.
 */
static void
our_own_migrations_are_repeatable(void **state)
{
	struct state        *s = *state;
	struct err           e = { 0 };
	struct migrate_watch w = { 0 };
	int                  all = 0;

	for (const struct migration *m = migrations; m->name != NULL; m++)
		all += m->scope == SQL_TENANT;
	make_control(s);
	for (int i = 0; i < 2; i++) {
		assert_ok(migrate_run(s->db, SQL_TENANT, migrations, &w, &e));
		assert_int_equal(w.applied, all);
		server_do(s->root, "DELETE FROM " SCHEMA_NAME ".schema_migrations");
	}
}

static void
two_processes_at_once_do_not_disturb_each_other(void **state)
{
	struct state *s = *state;
	pid_t         pids[3];
	int           status;

	make_control(s);
	db_close(s->db);
	db_close(s->root);
	for (int i = 0; i < 3; i++) {
		pids[i] = fork();
		if (pids[i] == 0) {
			struct err e = { 0 };

			_exit(migrate_run(s->db, SQL_TENANT, migrations, NULL, &e) ? 0 : 1);
		}
	}
	for (int i = 0; i < 3; i++) {
		waitpid(pids[i], &status, 0);
		assert_int_equal(status, 0);
	}
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_is_missing_is_applied_once_and_in_order),
		TEST(a_changed_one_is_refused_by_name),
		TEST(a_missing_one_and_a_newer_schema_are_refused),
		TEST(one_that_comes_too_late_is_refused),
		TEST(an_interrupted_one_is_repeated),
		TEST(an_unknown_mark_is_refused),
		TEST(our_own_migrations_are_repeatable),
		TEST(two_processes_at_once_do_not_disturb_each_other),
	};

	return cmocka_run_group_tests_name("migrate", tests, NULL, NULL);
}
