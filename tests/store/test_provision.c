#include "tests/store/world.h"

#include <mysqld_error.h>
#include <string.h>
#include <unistd.h>

#include "core/store/db_priv.h"
#include "core/store/identity/keys.h"

/* ---- small statements ---- */

struct count {
	int64_t n;
};
static const struct field count_fields[] = {
	FIELD(struct count, n, .doc = ""),
	FIELD_END,
};
static const struct schema count_schema = SCHEMA("Count", struct count, count_fields);

struct queued {
	struct uuid id;
	int64_t     due_s;
};
static const struct field queued_fields[] = {
	FIELD(struct queued, id, .doc = ""),
	FIELD(struct queued, due_s, .doc = ""),
	FIELD_END,
};
static const struct schema queued_schema = SCHEMA("Queued", struct queued, queued_fields);

struct finished {
	struct uuid id;
	uint64_t    fence;
};
static const struct field finished_fields[] = {
	FIELD(struct finished, id, .doc = ""),
	FIELD(struct finished, fence, .doc = ""),
	FIELD_END,
};
static const struct schema finished_schema = SCHEMA("Finished", struct finished, finished_fields);

static const struct sql add = { "add", SQL_TENANT, "CALL bsx.outbox_index_add(:id, :due_s)",
	&queued_schema, NULL, NULL };
static const struct sql done = { "done", SQL_TENANT, "CALL bsx.outbox_index_done(:id, :fence)",
	&finished_schema, NULL, NULL };

static int64_t
number(struct db *db, const char *text)
{
	struct err   e = { 0 };
	struct sql   q = { "number", SQL_TENANT, text, NULL, &count_schema, NULL };
	struct count c;

	assert_ok(db_one(db, db, &q, NULL, &c, &e));
	return c.n;
}

/* The statement must fail as this MariaDB error, on this connection. */
static void __attribute__((format(printf, 3, 4)))
is_denied(struct db *db, int want, const char *fmt, ...)
{
	struct err e = { 0 };
	va_list    ap;
	char      *text;

	va_start(ap, fmt);
	text = talloc_vasprintf(db, fmt, ap);
	va_end(ap);
	if (db_exec(db, "attack", text, &e))
		fail_msg("allowed: %s", text);
	if (e.sys != want)
		fail_msg("%s: %d instead of %d: %s", text, e.sys, want, e.detail);
}

/* ---- tests ---- */

static void
an_installation_and_two_tenants_are_made(void **state)
{
	struct world           *w = *state;
	struct err              e = { 0 };
	const struct token_key *active;
	struct token_keys      *ks;
	const struct tenant    *t;
	/* as people type it, and what they cannot see */
	static const char *const typed[] = { "acme ", " acme", "ACME", "Acme\t", "\nacme\r\n",
		"\xc2\xa0"
		"acme",
		"a\xe2\x80\x8b"
		"cme",
		"acme\xe3\x80\x80",
		"\xef\xbb\xbf"
		"acme",
		"\xef\xbd\x81\xef\xbd\x83\xef\xbd\x8d\xef\xbd\x85",
		"\xe2\x80\xa8"
		"acme" };

	world_tenants(w);
	assert_string_equal(w->a.status, "active");
	assert_string_equal(w->a.name, "Acme \xc3\xa9");
	assert_int_equal(w->a.schema_version, migrate_newest(SQL_TENANT));
	assert_int_equal(strlen(w->a.schema_name), 20);
	assert_string_not_equal(w->a.schema_name, w->b.schema_name);
	assert_ok(tenant_by_slug(w->d, STR("globex"), &t, &e));
	assert_true(uuid_eq(&t->id, &w->b.id));
	assert_ok(tenant_by_schema(w->d, str_of(w->a.schema_name), &t, &e));
	assert_true(uuid_eq(&t->id, &w->a.id));
	assert_fails(tenant_by_slug(w->d, STR("nobody"), &t, &e), ERR_MISSING);
	assert_fails(tenant_by_slug(w->d, STR("acme\0x"), &t, &e), ERR_MISSING);
	for (size_t i = 0; i < sizeof(typed) / sizeof(typed[0]); i++) {
		assert_ok(tenant_by_slug(w->d, str_of(typed[i]), &t, &e));
		assert_string_equal(t->slug, "acme");
	}
	err_clear(&e);
	ks = signing_keys_load(w->d, w, &active, &e);
	assert_non_null(ks);
	assert_non_null(active);
	assert_int_equal(token_keys_count(ks), 1);
	assert_ok(migrate_check(database_control(w->d), SQL_CONTROL, migrations, &e));
	assert_ok(migrate_check(world_open(w, &w->a)->db, SQL_TENANT, migrations, &e));
}

static void
a_tenant_account_reaches_its_own_rows_only(void **state)
{
	struct world *w = *state;
	struct db    *a;
	const char   *other;

	world_tenants(w);
	a = world_open(w, &w->a)->db;
	other = w->b.schema_name;
	assert_int_equal(number(a, "SELECT COUNT(*) AS n FROM users"), 0);
	is_denied(a, ER_TABLEACCESS_DENIED_ERROR, "SELECT * FROM `%s`.users", other);
	is_denied(
	    a, ER_TABLEACCESS_DENIED_ERROR, "INSERT INTO `%s`.roles VALUES (2, 0, '')", other);
	is_denied(a, ER_TABLEACCESS_DENIED_ERROR, "UPDATE `%s`.users SET status = 'x'", other);
	is_denied(a, ER_TABLEACCESS_DENIED_ERROR, "DELETE FROM `%s`.users", other);
	is_denied(a, ER_DBACCESS_DENIED_ERROR, "USE `%s`", other);
	for (size_t i = 0; i < 6; i++) {
		static const char *const tables[] = { "tenants", "tenant_keys", "signing_keys",
			"outbox_index", "schema_migrations", "audit_heads" };

		is_denied(a, ER_TABLEACCESS_DENIED_ERROR, "SELECT * FROM testbsx.%s", tables[i]);
		is_denied(a, ER_TABLEACCESS_DENIED_ERROR, "DELETE FROM testbsx.%s", tables[i]);
	}
	is_denied(a, ER_TABLEACCESS_DENIED_ERROR, "SELECT * FROM mysql.global_priv");
}

static void
a_tenant_account_changes_no_structure_and_no_rights(void **state)
{
	struct world *w = *state;
	struct db    *a;
	char         *own;

	world_tenants(w);
	a = world_open(w, &w->a)->db;
	own = w->a.schema_name;
	is_denied(a, ER_TABLEACCESS_DENIED_ERROR, "CREATE TABLE t (i INT)");
	is_denied(a, ER_TABLEACCESS_DENIED_ERROR, "DROP TABLE users");
	is_denied(a, ER_TABLEACCESS_DENIED_ERROR, "ALTER TABLE users ADD x INT");
	is_denied(a, ER_DBACCESS_DENIED_ERROR, "CREATE DATABASE bsxtffffffffffffffff");
	is_denied(a, ER_DBACCESS_DENIED_ERROR, "DROP DATABASE `%s`", own);
	is_denied(a, ER_DBACCESS_DENIED_ERROR, "CREATE PROCEDURE p() SELECT 1");
	is_denied(a, ER_DBACCESS_DENIED_ERROR, "GRANT SELECT ON `%s`.* TO '%s'@'localhost'", own,
	    w->b.schema_name);
	is_denied(a, ER_SPECIFIC_ACCESS_DENIED_ERROR, "CREATE USER x");
	is_denied(a, ER_SPECIFIC_ACCESS_DENIED_ERROR, "SELECT 1 INTO OUTFILE '/tmp/bsx-attack'");
	is_denied(a, ER_ACCESS_DENIED_ERROR, "LOAD DATA INFILE '/etc/passwd' INTO TABLE roles");
	is_denied(a, ER_SPECIFIC_ACCESS_DENIED_ERROR, "SET GLOBAL max_connections = 1");
	is_denied(a, ER_SPECIFIC_ACCESS_DENIED_ERROR, "SET ROLE NONE, GLOBAL read_only = 1");
}

static void
a_tenant_account_sees_nobody_else(void **state)
{
	struct world *w = *state;
	struct db    *a, *b;

	world_tenants(w);
	a = world_open(w, &w->a)->db;
	b = world_open(w, &w->b)->db;
	assert_int_equal(number(b, "SELECT COUNT(*) AS n FROM users"), 0); /* both are connected */
	assert_int_equal(number(a, "SELECT COUNT(*) AS n FROM information_schema.schemata"
				   " WHERE schema_name LIKE 'bsxt%' AND schema_name <> DATABASE()"),
	    0);
	assert_int_equal(
	    number(a, "SELECT COUNT(*) AS n FROM information_schema.tables"
		      " WHERE table_schema LIKE 'bsxt%' AND table_schema <> DATABASE()"),
	    0);
	assert_int_equal(number(a, "SELECT COUNT(*) AS n FROM information_schema.tables"
				   " WHERE table_schema = 'testbsx'"),
	    0);
	assert_int_equal(number(a, "SELECT COUNT(*) AS n FROM information_schema.processlist"
				   " WHERE user <> SUBSTRING_INDEX(USER(), '@', 1)"),
	    0);
	assert_int_equal(
	    number(a, "SELECT COUNT(*) AS n FROM information_schema.user_privileges"
		      " WHERE grantee NOT LIKE CONCAT('%', SUBSTRING_INDEX(USER(), '@', 1), '%')"),
	    0);
	assert_int_equal(number(a, "SELECT COUNT(*) AS n FROM information_schema.routines"
				   " WHERE routine_definition IS NOT NULL"),
	    0);
}

static void
procedures_know_the_tenant_by_its_account(void **state)
{
	struct world   *w = *state;
	struct err      e = { 0 };
	struct db      *a, *b;
	struct queued   q = { uuid_make(&clock_system, &rand_system), 0 };
	struct finished f = { q.id, 0 };
	char           *text;

	world_tenants(w);
	a = world_open(w, &w->a)->db;
	b = world_open(w, &w->b)->db;
	assert_ok(db_run(a, &add, &q, NULL, &e));
	text = talloc_asprintf(w,
	    "SELECT COUNT(*) AS n FROM testbsx.outbox_index WHERE schema_name = '%s'",
	    w->a.schema_name);
	assert_int_equal(number(w->root, text), 1);
	assert_fails(db_run(b, &done, &f, NULL, &e), ERR_CONFLICT); /* not its row */
	assert_int_equal(e.sys, ER_SIGNAL_EXCEPTION);
	assert_int_equal(number(w->root, text), 1);
	f.fence = 7;
	assert_fails(db_run(a, &done, &f, NULL, &e), ERR_CONFLICT); /* not its fence */
	f.fence = 0;
	err_clear(&e);
	assert_ok(db_run(a, &done, &f, NULL, &e));
	assert_int_equal(number(w->root, text), 0);
	/* They go on when the account that made them is gone: their definer is a locked one. */
	assert_int_equal(
	    number(w->root,
		"SELECT COUNT(*) AS n FROM information_schema.routines"
		" WHERE routine_schema = 'testbsx' AND definer <> 'testbsxdefiner@localhost'"),
	    0);
	assert_fails(db_exec(server_db_as(w, NULL, "testbsxdefiner", "invalid"), "x", "DO 1", &e),
	    ERR_INTERNAL);
}

static void
an_account_cannot_be_entered_with_a_wrong_password(void **state)
{
	struct world *w = *state;
	struct err    e = { 0 };

	world_tenants(w);
	assert_fails(
	    db_exec(server_db_as(w, NULL, w->a.schema_name, NULL), "x", "DO 1", &e), ERR_INTERNAL);
	assert_fails(
	    db_exec(server_db_as(w, NULL, w->a.schema_name, w->a.schema_name), "x", "DO 1", &e),
	    ERR_INTERNAL);
	assert_fails(
	    db_exec(server_db_as(w, NULL, "testbsx", NULL), "x", "DO 1", &e), ERR_INTERNAL);
}

static void
registering_twice_is_a_conflict(void **state)
{
	struct world *w = *state;
	struct err    e = { 0 };
	struct tenant t;

	world_tenants(w);
	assert_fails(provision_tenant(&(struct provision) { w->prov, w->d, &w->env }, w, "acme",
			 "Again", &t, &e),
	    ERR_CONFLICT);
	for (size_t i = 0; i < 6; i++) {
		static const char *const bad[] = { "", "a", "-acme", "acme-", "Acme", "a b" };

		assert_fails(provision_tenant(&(struct provision) { w->prov, w->d, &w->env }, w,
				 bad[i], "x", &t, &e),
		    ERR_INVALID);
	}
	assert_fails(provision_tenant(&(struct provision) { w->prov, w->d, &w->env }, w,
			 "a`; DROP DATABASE testbsx; --", "x", &t, &e),
	    ERR_INVALID);
	assert_int_equal(number(w->root, "SELECT COUNT(*) AS n FROM testbsx.tenants"), 2);
}

/* Takes away what an interruption at that point would not have made yet. */
static void
an_interrupted_provisioning_is_finished_by_repeating_it(void **state)
{
	static const char *const undo[] = {
		"DROP DATABASE `%s`",
		"DROP USER '%s'@'localhost'",
		"DROP TABLE `%s`.outbox",
		"DELETE FROM `%s`.schema_migrations WHERE version >= 2",
		"REVOKE ALL PRIVILEGES, GRANT OPTION FROM '%s'@'localhost'",
		"ALTER USER '%s'@'localhost' IDENTIFIED BY 'somebody else'",
	};
	struct world *w = *state;
	struct err    e = { 0 };
	struct tenant t;

	world_tenants(w);
	for (size_t i = 0; i < sizeof(undo) / sizeof(*undo); i++) {
		char *text = talloc_asprintf(w, "%s", undo[i]);
		char *at = strstr(text, "%s");

		*at = '\0';
		database_close_all(w->d);
		server_do(w->root, "%s%s%s", text, w->a.schema_name, at + 2);
		if (i == 2)
			server_do(w->root, "DELETE FROM `%s`.schema_migrations WHERE version >= 2",
			    w->a.schema_name);
		server_do(w->root,
		    "UPDATE testbsx.tenants SET status = 'provisioning' WHERE slug = 'acme'");
		server_do(w->root, "DELETE FROM testbsx.tenant_keys WHERE %d", i == 0);
		assert_ok(provision_control(&(struct provision) { w->prov, w->d, &w->env }, &e));
		assert_ok(provision_tenant(
		    &(struct provision) { w->prov, w->d, &w->env }, w, "acme", "Acme", &t, &e));
		assert_true(uuid_eq(&t.id, &w->a.id));
		assert_string_equal(t.schema_name, w->a.schema_name);
		assert_int_equal(
		    number(world_open(w, &t)->db, "SELECT COUNT(*) AS n FROM outbox"), 0);
		assert_int_equal(
		    number(w->root, "SELECT COUNT(*) AS n FROM testbsx.audit_heads"), 2);
		assert_ok(db_run(world_open(w, &t)->db, &add,
		    &(struct queued) { uuid_make(&clock_system, &rand_system), 1 }, NULL, &e));
	}
}

static void
sealed_values_open_in_their_place_only(void **state)
{
	struct world     *w = *state;
	struct err        e = { 0 };
	struct tenant_db *a, *b;
	struct uuid       row = uuid_make(&clock_system, &rand_system), other = row;
	struct blob       s;
	struct str        plain;

	world_tenants(w);
	a = world_open(w, &w->a);
	b = world_open(w, &w->b);
	assert_memory_not_equal(a->data_key.key, b->data_key.key, KEY_LEN);
	assert_memory_not_equal(a->address_key, b->address_key, KEY_LEN);
	assert_memory_not_equal(a->address_key, a->data_key.key, KEY_LEN);
	assert_ok(tenant_seal(
	    a, w, (struct sealed_place) { "channels", "secret", &row }, STR("hush"), &s, &e));
	assert_ok(
	    tenant_open(a, w, (struct sealed_place) { "channels", "secret", &row }, s, &plain, &e));
	assert_true(str_eqz(plain, "hush"));
	other.b[15] ^= 1;
	assert_fails(tenant_open(a, w, (struct sealed_place) { "channels", "secret", &other }, s,
			 &plain, &e),
	    ERR_INTERNAL);
	assert_fails(
	    tenant_open(a, w, (struct sealed_place) { "channels", "target", &row }, s, &plain, &e),
	    ERR_INTERNAL);
	assert_fails(
	    tenant_open(b, w, (struct sealed_place) { "channels", "secret", &row }, s, &plain, &e),
	    ERR_INTERNAL);
	assert_fails(tenant_open(a, w, (struct sealed_place) { "channels", "secret", &row },
			 (struct blob) { s.p, 4 }, &plain, &e),
	    ERR_INTERNAL);
	server_do(w->root,
	    "UPDATE testbsx.tenant_keys x JOIN testbsx.tenant_keys y ON x.tenant_id <> y.tenant_id"
	    " SET x.wrapped = y.wrapped");
	database_close_all(w->d);
	err_clear(&e);
	{
		const struct tenant *t;

		assert_ok(tenant_by_id(w->d, &w->a.id, &t, &e));
		assert_fails(
		    tenant_db_open(w->d, t, false, &a, &e), ERR_INTERNAL); /* keys were moved */
	}
}

/* The server notices an ended connection in its own time. */
static int64_t
tenant_connections(struct world *w, int64_t want)
{
	int64_t n = 0;

	for (int i = 0; i < 600; i++) {
		n = number(w->root, "SELECT COUNT(*) AS n FROM information_schema.processlist"
				    " WHERE user LIKE 'bsxt%'");
		if (n == want)
			break;
		usleep(50000);
	}
	return n;
}

static void
connections_are_bounded_and_reused(void **state)
{
	static const char *const slugs[] = { "t1", "t2", "t3" };
	struct world            *w = *state;
	struct err               e = { 0 };
	struct tenant            t[3];
	struct tenant_db        *a, *b;
	uint64_t                 id;

	world_tenants(w);
	for (size_t i = 0; i < 3; i++)
		assert_ok(provision_tenant(
		    &(struct provision) { w->prov, w->d, &w->env }, w, slugs[i], "T", &t[i], &e));
	for (size_t i = 0; i < 3;
	     i++) /* within one request all stay valid, though 2 is the limit */
		assert_int_equal(
		    number(world_open(w, &t[i])->db, "SELECT COUNT(*) AS n FROM users"), 0);
	assert_int_equal(tenant_connections(w, 3), 3);
	database_tidy(w->d);
	assert_int_equal(tenant_connections(w, 2), 2);
	id = server_connection_id(world_open(w, &t[2])->db);
	for (int i = 0; i < 5; i++) {
		database_tidy(w->d);
		assert_true(server_connection_id(world_open(w, &t[2])->db) == id);
	}
	a = world_open(w, &w->a);
	b = world_open(w, &w->b);
	assert_ptr_not_equal(a, b);
	assert_ptr_equal(a, world_open(w, &w->a));
	assert_string_equal(a->tenant->slug, "acme");
	w->conf.db_idle_s = -1;
	database_tidy(w->d);
	assert_int_equal(tenant_connections(w, 0), 0);
}

static void
a_tenant_that_is_not_active_is_closed(void **state)
{
	struct world        *w = *state;
	struct err           e = { 0 };
	const struct tenant *t;
	struct tenant_db    *tdb;

	world_tenants(w);
	server_do(w->root, "UPDATE testbsx.tenants SET status = 'suspended' WHERE slug = 'acme'");
	database_close_all(w->d);
	assert_ok(tenant_by_slug(w->d, STR("acme"), &t, &e));
	assert_fails(tenant_db_open(w->d, t, false, &tdb, &e), ERR_FORBIDDEN);
	err_clear(&e);
	assert_ok(tenant_db_open(w->d, t, true, &tdb, &e));
	server_do(w->root, "UPDATE testbsx.tenants SET schema_name = 'mysql' WHERE slug = 'acme'");
	database_close_all(w->d);
	assert_ok(tenant_by_slug(w->d, STR("acme"), &t, &e));
	assert_ok(tenant_db_open(w->d, t, true, &tdb, &e));
	assert_false(
	    db_exec(tdb->db, "x", "DO 1", &e)); /* no account of that name has that password */
}

static void
new_migrations_reach_every_tenant(void **state)
{
	struct world *w = *state;
	struct err    e = { 0 };
	struct tenant t;

	world_tenants(w);
	server_do(
	    w->root, "DELETE FROM `%s`.schema_migrations WHERE version > 1", w->b.schema_name);
	server_do(w->root, "UPDATE testbsx.tenants SET schema_version = 1 WHERE slug = 'globex'");
	assert_fails(
	    migrate_check(world_open(w, &w->b)->db, SQL_TENANT, migrations, &e), ERR_UNAVAILABLE);
	err_clear(&e);
	assert_ok(world_migrate(w, &e));
	assert_ok(migrate_check(world_open(w, &w->b)->db, SQL_TENANT, migrations, &e));
	assert_int_equal(number(w->root, "SELECT MIN(schema_version) AS n FROM testbsx.tenants"),
	    migrate_newest(SQL_TENANT));
	assert_ok(provision_tenant(
	    &(struct provision) { w->prov, w->d, &w->env }, w, "third", "Third", &t, &e));
}

static void
every_statement_fits_the_migrated_schema(void **state)
{
	struct world *w = *state;
	struct err    e = { 0 };
	size_t        n;

	world_tenants(w);
	sql_list(&n);
	assert_true(n > 10);
	assert_ok(db_verify(database_control(w->d), SQL_CONTROL, &e));
	assert_ok(db_verify(world_open(w, &w->a)->db, SQL_TENANT, &e));
	server_do(w->root, "ALTER TABLE testbsx.tenants MODIFY created_at VARCHAR(40) NOT NULL");
	assert_fails(db_verify(database_control(w->d), SQL_CONTROL, &e), ERR_INTERNAL);
	assert_non_null(strstr(e.detail, "created_at"));
}

static void
a_conf_that_cannot_be_is_refused(void **state)
{
	struct world *w = *state;
	struct err    e = { 0 };
	struct conf   c = w->conf;

	w->env.conf = &c;
	c.db_control = "bsx_x"; /* in a GRANT the line is a wildcard */
	assert_null(database_make(w, &w->env, &e));
	c.db_control = "b`x";
	assert_null(database_make(w, &w->env, &e));
	err_clear(&e);
	c = w->conf;
	c.db_user = "root";
	w->env.conf = &c;
	assert_fails(
	    provision_control(&(struct provision) { w->prov, w->d, &w->env }, &e), ERR_INTERNAL);
	assert_non_null(strstr(e.pub, "provisioning account"));
	c.db_user = "x'@'%'; DROP DATABASE mysql; --";
	assert_fails(
	    provision_control(&(struct provision) { w->prov, w->d, &w->env }, &e), ERR_INTERNAL);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, world_set_up, world_tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(an_installation_and_two_tenants_are_made),
		TEST(a_tenant_account_reaches_its_own_rows_only),
		TEST(a_tenant_account_changes_no_structure_and_no_rights),
		TEST(a_tenant_account_sees_nobody_else),
		TEST(procedures_know_the_tenant_by_its_account),
		TEST(an_account_cannot_be_entered_with_a_wrong_password),
		TEST(registering_twice_is_a_conflict),
		TEST(an_interrupted_provisioning_is_finished_by_repeating_it),
		TEST(sealed_values_open_in_their_place_only),
		TEST(connections_are_bounded_and_reused),
		TEST(a_tenant_that_is_not_active_is_closed),
		TEST(new_migrations_reach_every_tenant),
		TEST(every_statement_fits_the_migrated_schema),
		TEST(a_conf_that_cannot_be_is_refused),
	};

	return cmocka_run_group_tests_name("provision", tests, NULL, NULL);
}
