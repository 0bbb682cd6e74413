/* A schema made at once by the flat text is what the migrations make one after the other. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/clock.h"
#include "core/base/hash.h"
#include "core/store/db_priv.h"
#include "core/store/server/provision.h"
#include "tests/store/world.h"

#define ONE "bsxt00000000000000f1"
#define ALL "bsxt00000000000000f2"

static struct db *
fresh(struct world *w, const char *schema)
{
	struct db_options o = w->prov->o;
	struct err        e = { 0 };
	char              text[200];
	struct db        *db;

	snprintf(text, sizeof(text),
	    "CREATE DATABASE %s CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin", schema);
	assert_ok(db_exec(w->root, "test", text, &e));
	o.schema = schema;
	db = db_make(w, &o, &e);
	assert_non_null(db);
	return db;
}

/* All rows of a query as one text. */
static char *
rows_of(struct world *w, const char *query)
{
	MYSQL_RES *r;
	MYSQL_ROW  row;
	char      *all = talloc_strdup(w, "");

	assert_int_equal(mysql_query(w->root->my, query), 0);
	r = mysql_store_result(w->root->my);
	assert_non_null(r);
	while ((row = mysql_fetch_row(r)) != NULL) {
		for (unsigned i = 0; i < mysql_num_fields(r); i++)
			all = talloc_asprintf_append(all, "%s|", row[i] == NULL ? "-" : row[i]);
		all = talloc_strdup_append(all, "\n");
	}
	mysql_free_result(r);
	return all;
}

/* What MariaDB knows of a schema; %s: its name. */
static const char *const known[] = {
	"SELECT TABLE_NAME, ENGINE, ROW_FORMAT, TABLE_COLLATION, CREATE_OPTIONS FROM"
	" information_schema.TABLES WHERE TABLE_SCHEMA = '%s' ORDER BY 1",
	"SELECT TABLE_NAME, COLUMN_NAME, ORDINAL_POSITION, COLUMN_DEFAULT, IS_NULLABLE,"
	" COLUMN_TYPE, COLLATION_NAME, COLUMN_KEY, EXTRA, GENERATION_EXPRESSION FROM"
	" information_schema.COLUMNS WHERE TABLE_SCHEMA = '%s' ORDER BY 1, 3",
	"SELECT TABLE_NAME, INDEX_NAME, NON_UNIQUE, SEQ_IN_INDEX, COLUMN_NAME, COLLATION, SUB_PART,"
	" NULLABLE, INDEX_TYPE FROM information_schema.STATISTICS WHERE TABLE_SCHEMA = '%s'"
	" ORDER BY 1, 2, 4",
	"SELECT TABLE_NAME, CONSTRAINT_NAME, CONSTRAINT_TYPE FROM"
	" information_schema.TABLE_CONSTRAINTS WHERE TABLE_SCHEMA = '%s' ORDER BY 1, 2",
	"SELECT TABLE_NAME, CONSTRAINT_NAME, CHECK_CLAUSE FROM"
	" information_schema.CHECK_CONSTRAINTS WHERE CONSTRAINT_SCHEMA = '%s' ORDER BY 1, 2",
	"SELECT TRIGGER_NAME, EVENT_MANIPULATION, EVENT_OBJECT_TABLE, ACTION_ORDER, ACTION_TIMING,"
	" ACTION_STATEMENT, DEFINER, SQL_MODE FROM information_schema.TRIGGERS"
	" WHERE TRIGGER_SCHEMA = '%s' ORDER BY 1",
	"SELECT ROUTINE_NAME, ROUTINE_TYPE FROM information_schema.ROUTINES"
	" WHERE ROUTINE_SCHEMA = '%s' ORDER BY 1",
	"SELECT version, name, HEX(sha256) FROM %s.schema_migrations ORDER BY 1",
	"SELECT seq, HEX(mac), floor, checkpoint FROM testbsx.audit_heads WHERE schema_name = '%s'",
	NULL
};

/* The rows of a query with that name in the place of its %s. */
static char *
known_of(struct world *w, const char *query, const char *schema)
{
	const char *mark = strstr(query, "%s");

	assert_non_null(mark);
	return rows_of(
	    w, talloc_asprintf(w, "%.*s%s%s", (int)(mark - query), query, schema, mark + 2));
}

static void
are_the_same(struct world *w)
{
	for (const char *const *q = known; *q != NULL; q++)
		assert_string_equal(known_of(w, *q, ONE), known_of(w, *q, ALL));
}

/* And the rows that a tenant begins with, of every table but that of what was applied when. */
static void
rows_are_the_same(struct world *w)
{
	const char *tables = rows_of(w, "SELECT TABLE_NAME FROM information_schema.TABLES"
					" WHERE TABLE_SCHEMA = '" ONE "' ORDER BY 1");
	size_t      filled = 0;

	for (const char *at = tables, *end; (end = strchr(at, '|')) != NULL; at = end + 2) {
		const char *name = talloc_strndup(w, at, (size_t)(end - at));
		const char *all, *rows;

		if (strcmp(name, "schema_migrations") == 0)
			continue;
		all = talloc_asprintf(w, "SELECT * FROM %%s.%s ORDER BY 1", name);
		rows = known_of(w, all, ONE);
		assert_string_equal(rows, known_of(w, all, ALL));
		filled += *rows != '\0';
	}
	assert_true(filled > 0);
}

static double
ms_since(int64_t from)
{
	return (double)(clock_ns(&clock_system) - from) / 1e6;
}

static void
the_flat_text_makes_what_the_migrations_make(void **state)
{
	struct world     *w = *state;
	struct err        e = { 0 };
	struct migration *copy;
	struct db        *one, *all;
	size_t            n = 0;
	int64_t           from;
	double            flat_ms;

	assert_ok(provision_control(&(struct provision) { w->prov, w->d, &w->env }, &e));
	one = fresh(w, ONE);
	all = fresh(w, ALL);
	while (migrations[n].name != NULL)
		n++;
	copy = talloc_memdup(w, migrations, (n + 1) * sizeof(*copy)); /* another list: one by one */
	from = clock_ns(&clock_system);
	assert_ok(migrate_run(one, SQL_TENANT, migrations, NULL, &e));
	flat_ms = ms_since(from);
	from = clock_ns(&clock_system);
	assert_ok(migrate_run(all, SQL_TENANT, copy, NULL, &e));
	print_message("at once %.0f ms, one by one %.0f ms\n", flat_ms, ms_since(from));
	are_the_same(w);
	rows_are_the_same(w);
	assert_ok(migrate_check(one, SQL_TENANT, migrations, &e));
	assert_true(migration_flat.version > 0);
}

/* Cut off after each table in turn; what is there then goes on to the same schema. */
static void
one_that_was_interrupted_goes_on_with_the_same_text_and_no_other(void **state)
{
	struct world *w = *state;
	struct err    e = { 0 };
	struct db    *one, *all;

	assert_ok(provision_control(&(struct provision) { w->prov, w->d, &w->env }, &e));
	one = fresh(w, ONE);
	all = fresh(w, ALL);
	assert_ok(migrate_run(all, SQL_TENANT, migrations, NULL, &e));
	assert_ok(migrate_run(one, SQL_TENANT, migrations, NULL, &e));
	/* as it stood before its records were written: half of the tables, and the mark */
	assert_ok(db_exec(one, "test",
	    "INSERT INTO schema_migrations SELECT 0, 'tenant/flat', sha256, NOW(3) FROM"
	    " schema_migrations WHERE version = 1",
	    &e));
	assert_ok(db_exec(one, "test", "DELETE FROM schema_migrations WHERE version > 0", &e));
	assert_ok(db_exec(one, "test", "DROP TABLE alerts, users, audit", &e));
	assert_false(migrate_run(one, SQL_TENANT, migrations, NULL, &e)); /* of another text */
	assert_non_null(strstr(e.pub, "tenant/flat"));
	err_clear(&e);
	{
		uint8_t sum[HASH_LEN];
		char    hex[2 * HASH_LEN + 1], text[200];

		hash_sha256(migration_flat.text, strlen(migration_flat.text), sum);
		hex_print(sum, sizeof(sum), hex);
		snprintf(text, sizeof(text),
		    "UPDATE schema_migrations SET sha256 = UNHEX('%s') WHERE version = 0", hex);
		assert_ok(db_exec(one, "test", text, &e));
	}
	assert_ok(migrate_run(one, SQL_TENANT, migrations, NULL, &e));
	are_the_same(w);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, world_set_up, world_tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_flat_text_makes_what_the_migrations_make),
		TEST(one_that_was_interrupted_goes_on_with_the_same_text_and_no_other),
	};

	return cmocka_run_group_tests_name("flat", tests, NULL, NULL);
}
