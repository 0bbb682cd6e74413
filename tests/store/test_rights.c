/* What accounts may do in the database: what is due, what lacks, what is too much, and that it is
 * taken back. */
#include "tests/store/world.h"

#include <string.h>

#include "core/store/db_priv.h"
#include "core/store/server/rights.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* The rights of the service account, or of the first tenant's, as they see them themselves. */
static struct rights
look(struct world *w, bool tenant)
{
	struct rights_due due = { tenant ? w->a.schema_name : "testbsx", !tenant };
	struct err        e = { 0 };
	struct rights     r;
	struct db        *db;

	database_close_all(w->d); /* roles and PUBLIC take effect at the next sign-in */
	db = tenant ? world_open(w, &w->a)->db : database_control(w->d);
	assert_ok(rights_look(db, w, &due, &r, &e));
	return r;
}

static void
the_accounts_have_their_due_and_no_more(void **state)
{
	struct world *w = *state;

	world_tenants(w);
	for (int tenant = 0; tenant < 2; tenant++) {
		struct rights r = look(w, tenant);

		assert_string_equal(r.missing, "");
		assert_string_equal(r.excess, "");
	}
	assert_string_equal(look(w, false).account, "testbsx@localhost");
}

/* ACCOUNT stands for the account. */
static const struct {
	bool        tenant;
	const char *grant;
	const char *seen;  /* part of what is too much */
	bool        taken; /* back, by provisioning again */
	const char *undo;  /* where not */
} rows[] = {
	{ false, "GRANT ALL ON *.* TO ACCOUNT WITH GRANT OPTION", "CREATE USER ON *.*", true,
	    NULL },
	{ false, "GRANT SELECT ON mysql.* TO ACCOUNT", "SELECT ON mysql.*", true, NULL },
	{ false, "GRANT SELECT ON mysql.global_priv TO ACCOUNT", "SELECT ON mysql.global_priv",
	    true, NULL },
	{ false, "GRANT SELECT (User) ON mysql.db TO ACCOUNT", "SELECT ON mysql.db(User)", true,
	    NULL },
	{ false, "GRANT CREATE ON testbsx.* TO ACCOUNT", "CREATE ON testbsx.*", true, NULL },
	{ false, "GRANT USAGE ON testbsx.* TO ACCOUNT WITH GRANT OPTION", "WITH GRANT OPTION", true,
	    NULL },
	{ false, "GRANT CREATE USER ON *.* TO ACCOUNT", "CREATE USER ON *.*", true, NULL },
	{ false, "GRANT SELECT ON `testbsx%`.* TO ACCOUNT", "SELECT ON testbsx%.*", true, NULL },
	{ false, "GRANT testrights TO ACCOUNT", "the role testrights", false,
	    "REVOKE testrights FROM ACCOUNT" },
	{ false, "GRANT SELECT ON *.* TO PUBLIC", "some right ON mysql.*", false,
	    "REVOKE SELECT ON *.* FROM PUBLIC" },
	{ true, "GRANT EXECUTE ON testbsx.* TO ACCOUNT", "EXECUTE ON testbsx.*", true, NULL },
	{ true, "GRANT SELECT ON testbsx.tenants TO ACCOUNT", "SELECT ON testbsx.tenants", true,
	    NULL },
	{ true, "GRANT SELECT ON testbsx.* TO PUBLIC", "some right ON testbsx.tenants", false,
	    "REVOKE SELECT ON testbsx.* FROM PUBLIC" },
	{ true, "GRANT ALL ON *.* TO ACCOUNT", "CREATE USER ON *.*", true, NULL },
};

static void
do_for(struct db *root, const char *text, const char *account)
{
	const char *at = strstr(text, "ACCOUNT");
	int         n = at == NULL ? (int)strlen(text) : (int)(at - text);

	server_do(root, "%.*s%s%s", n, text, at == NULL ? "" : account,
	    at == NULL ? "" : at + strlen("ACCOUNT"));
}

static void
what_is_too_much_is_seen_and_taken_back(void **state)
{
	struct world *w = *state;
	struct err    e = { 0 };

	world_tenants(w);
	server_do(w->root, "CREATE OR REPLACE ROLE testrights");
	for (size_t i = 0; i < COUNT(rows); i++) {
		bool          tenant = rows[i].tenant;
		const char   *name = tenant ? w->a.schema_name : "testbsx";
		char         *account = talloc_asprintf(w, "'%s'@'localhost'", name);
		struct rights r;

		do_for(w->root, rows[i].grant, account);
		r = look(w, tenant);
		if (strstr(r.excess, rows[i].seen) == NULL)
			fail_msg("%s: seen is \"%s\"", rows[i].grant, r.excess);
		assert_ok(provision_control(&(struct provision) { w->prov, w->d, &w->env }, &e));
		assert_ok(world_migrate(w, &e));
		r = look(w, tenant);
		if ((*r.excess == '\0') != rows[i].taken)
			fail_msg("%s: left is \"%s\"", rows[i].grant, r.excess);
		if (rows[i].undo != NULL)
			do_for(w->root, rows[i].undo, account);
		assert_string_equal(look(w, false).excess, "");
		assert_string_equal(look(w, true).excess, "");
		assert_string_equal(look(w, tenant).missing, "");
	}
	server_do(w->root, "DROP ROLE testrights");
}

static void
what_lacks_is_seen_and_granted_again(void **state)
{
	static const char *const dml[] = { "SELECT", "INSERT", "UPDATE", "DELETE", "EXECUTE" };
	struct world            *w = *state;
	struct err               e = { 0 };

	world_tenants(w);
	for (size_t i = 0; i < 2 * COUNT(dml) - 1; i++) {
		bool        tenant = i >= COUNT(dml);
		const char *right = dml[i % COUNT(dml)];
		const char *name = tenant ? w->a.schema_name : "testbsx";

		server_do(w->root, "REVOKE %s ON `%s`.* FROM '%s'@'localhost'", right, name, name);
		assert_string_equal(
		    look(w, tenant).missing, talloc_asprintf(w, "%s ON %s.*", right, name));
		assert_ok(provision_control(&(struct provision) { w->prov, w->d, &w->env }, &e));
		assert_ok(world_migrate(w, &e));
		assert_string_equal(look(w, tenant).missing, "");
	}
}

/* The least that bsxctl(1) names for it. */
static void
a_provisioning_account_of_few_rights_provisions(void **state)
{
	struct world *w = *state;
	struct err    e = { 0 };
	struct conf   conf = w->conf;
	struct db    *poor;
	struct tenant t;

	server_do(w->root, "CREATE OR REPLACE USER testpoor@localhost");
	conf.db_provision_user = "testpoor";
	poor = provision_db(w, &conf, &clock_system, NULL, &e);
	assert_non_null(poor);
	assert_fails(provision_check(poor, &e), ERR_FORBIDDEN);
	server_do(w->root, "GRANT CREATE USER, SET USER ON *.* TO testpoor@localhost");
	server_do(w->root, "GRANT SELECT ON mysql.* TO testpoor@localhost");
	server_do(w->root, "GRANT ALL ON `testbsx%%`.* TO testpoor@localhost WITH GRANT OPTION");
	server_do(w->root, "GRANT ALL ON `bsx%%`.* TO testpoor@localhost WITH GRANT OPTION");
	db_close(poor);
	err_clear(&e);
	assert_ok(provision_check(poor, &e));
	assert_ok(provision_control(&(struct provision) { poor, w->d, &w->env }, &e));
	assert_ok(provision_tenant(
	    &(struct provision) { poor, w->d, &w->env }, w, "acme", "Acme", &t, &e));
	server_do(w->root, "GRANT ALL ON *.* TO testbsx@localhost");
	assert_ok(provision_control(&(struct provision) { poor, w->d, &w->env }, &e));
	assert_string_equal(look(w, false).excess, "");
	conf.db_provision_user = "nobody-at-all";
	poor = provision_db(w, &conf, &clock_system, NULL, &e);
	assert_non_null(poor);
	assert_fails(provision_check(poor, &e), ERR_FORBIDDEN);
	server_do(w->root, "DROP USER testpoor@localhost");
}

/* Nobody can sign in to what was not finished, and who was made by the first try is not in the way
 * of the second. */
static void
a_tenant_is_active_only_when_it_is_finished(void **state)
{
	struct world        *w = *state;
	struct err           e = { 0 };
	const struct tenant *row;
	struct tenant_db    *tdb;
	struct tenant        t;

	assert_ok(provision_control(&(struct provision) { w->prov, w->d, &w->env }, &e));
	for (int i = 0; i < 2; i++) { /* begun twice is begun */
		assert_ok(provision_tenant_begin(
		    &(struct provision) { w->prov, w->d, &w->env }, w, "acme", "Acme", &t, &e));
		assert_string_equal(t.status, "provisioning");
		assert_fails(tenant_db_open(w->d, &t, false, &tdb, &e), ERR_FORBIDDEN);
		err_clear(&e);
	}
	assert_ok(provision_tenant_finish(w->d, &t.id, &e));
	assert_ok(tenant_by_slug(w->d, STR("acme"), &row, &e));
	assert_string_equal(row->status, "active");
	assert_int_equal(row->schema_version, migrate_newest(SQL_TENANT));
	assert_fails(provision_tenant_begin(
			 &(struct provision) { w->prov, w->d, &w->env }, w, "acme", "Acme", &t, &e),
	    ERR_CONFLICT);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, world_set_up, world_tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_accounts_have_their_due_and_no_more),
		TEST(what_is_too_much_is_seen_and_taken_back),
		TEST(what_lacks_is_seen_and_granted_again),
		TEST(a_provisioning_account_of_few_rights_provisions),
		TEST(a_tenant_is_active_only_when_it_is_finished),
	};

	return cmocka_run_group_tests_name("rights", tests, NULL, NULL);
}
