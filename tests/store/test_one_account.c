/* A host where one account does everything: schemas are registered, taken, and given back. */
#include <fcntl.h>
#include <mysqld_error.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/auth/audit.h"
#include "core/auth/audit_verify.h"
#include "core/auth/tenant/tenant_import.h"
#include "core/store/db_priv.h"
#include "core/store/identity/audit_rows.h"
#include "core/store/identity/audit_tree_rows.h"
#include "core/store/server/placement.h"
#include "core/store/server/pool.h"
#include "tests/store/world.h"

#define ACCOUNT "testbsxhost" /* that of a panel; what begins so is dropped with the world */
#define PLACES  4

static const char *const all_rights[] = { "SELECT", "INSERT", "UPDATE", "DELETE", "CREATE", "DROP",
	"INDEX", "ALTER", "TRIGGER" };

static void
panel(struct world *w, const char *schema)
{
	server_do(w->root, "CREATE OR REPLACE DATABASE `%s` CHARACTER SET latin1", schema);
	server_do(w->root, "GRANT ALL ON `%s`.* TO " ACCOUNT "@localhost", schema);
}

static void
write_password(struct world *w, const char *path)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	fprintf(f, "the password of a panel\n");
	fclose(f);
	chmod(path, 0600);
	w->conf.db_password_file = path;
}

static int
set_up(void **state)
{
	struct world *w;
	struct err    e = { 0 };

	if (world_set_up(state) != 0)
		return -1;
	w = *state;
	server_do(
	    w->root, "CREATE USER " ACCOUNT "@localhost IDENTIFIED BY 'the password of a panel'");
	panel(w, "testbsx");
	for (int i = 1; i <= PLACES; i++)
		panel(w, talloc_asprintf(w, "u4711_T%d", i));
	w->conf.db_isolation = "schema";
	w->conf.db_user = ACCOUNT;
	write_password(w, talloc_asprintf(w, "%s/panel.%d", server_folder(), (int)getpid()));
	talloc_free(w->prov);
	talloc_free(w->d);
	w->prov = provision_db(w, &w->conf, &clock_system, NULL, &e);
	w->d = database_make(w, &w->env, &e);
	assert_non_null(w->prov);
	assert_non_null(w->d);
	assert_ok(provision_check(w->prov, &e));
	assert_ok(provision_control(&(struct provision) { w->prov, w->d, &w->env }, &e));
	return 0;
}

static int
tear_down(void **state)
{
	struct world *w = *state;

	for (int i = 1; i <= PLACES + 1; i++)
		server_do(w->root, "DROP DATABASE IF EXISTS `u4711_T%d`", i);
	unlink(w->conf.db_password_file);
	return world_tear_down(state);
}

static struct provision
provisioner(struct world *w)
{
	return (struct provision) { w->prov, w->d, &w->env };
}

static void
register_places(struct world *w, int n)
{
	const struct provision p = provisioner(w);
	struct err             e = { 0 };

	for (int i = 1; i <= n; i++)
		assert_ok(placement_register(&p, talloc_asprintf(w, "u4711_T%d", i), &e));
}

static void
are(struct world *w, int64_t empty, int64_t taken)
{
	struct placement_count now;
	struct err             e = { 0 };

	assert_ok(placement_count(w->d, &now, &e));
	assert_int_equal(now.empty, empty);
	assert_int_equal(now.taken, taken);
}

static void
make_two(struct world *w)
{
	const struct provision p = provisioner(w);
	struct err             e = { 0 };

	assert_ok(provision_tenant(&p, w, "acme", "Acme", &w->a, &e));
	assert_ok(provision_tenant(&p, w, "globex", "Globex", &w->b, &e));
}

static void
tell(struct world *w, const struct tenant *t)
{
	struct auth        a = { .env = &w->env, .database = w->d };
	TALLOC_CTX        *mem = talloc_new(w);
	struct deed_by     by = { .auth = &a, .mem = mem, .t = world_open(w, t) };
	struct audit_entry entry = { .action = AUDIT_PROFILE_UPDATE, .actor_name = t->slug };
	struct err         e = { 0 };

	assert_ok(audit_deed(&by, NULL, NULL, &entry, &e));
	talloc_free(mem);
}

static uint64_t
head(struct world *w, const struct tenant *t)
{
	struct audit_head h;
	struct err        e = { 0 };

	assert_ok(audit_head_read(world_open(w, t), w, &h, &e));
	return h.seq;
}

static void
two_tenants_have_a_schema_each_and_procedures_know_them_apart(void **state)
{
	struct world *w = *state;
	struct err    e = { 0 };
	bool          guarded, tree;

	register_places(w, 3);
	make_two(w);
	are(w, 1, 2);
	for (int i = 0; i < 20; i++)
		tell(w, i % 3 == 0 ? &w->a : &w->b);
	assert_int_equal(head(w, &w->a), 7);
	assert_int_equal(head(w, &w->b), 13);
	server_do(w->root,
	    "DO 1 / (SELECT COUNT(*) = 7 AND SUM(actor_name = 'acme') = 7 FROM u4711_T1.audit)");
	assert_int_equal(mysql_warning_count(w->root->my), 0);
	assert_ok(audit_guarded(world_open(w, &w->a), &guarded, &e));
	assert_ok(audit_tree_guarded(world_open(w, &w->b), &tree, &e));
	assert_true(guarded && tree);
	assert_ok(audit_heads_guarded(database_control(w->d), &guarded, &e));
	assert_true(guarded);
}

/* By the service's own account, which could drop the triggers and cannot write past them. */
static void
the_trail_is_guarded_there_too(void **state)
{
	static const char *const attacks[] = { "UPDATE audit SET details = ''", "DELETE FROM audit",
		"DELETE FROM audit_tree", "UPDATE testbsx.audit_heads SET seq = 0",
		"DELETE FROM testbsx.audit_heads" };
	struct world            *w = *state;
	struct err               e = { 0 };
	bool                     guarded;

	register_places(w, 2);
	make_two(w);
	tell(w, &w->a);
	server_do(w->root, "INSERT IGNORE INTO u4711_T1.audit_tree (chain, seq, hashes) VALUES (1, "
			   "1, REPEAT('x', 32))");
	for (size_t i = 0; i < sizeof(attacks) / sizeof(*attacks); i++) {
		err_clear(&e);
		assert_false(db_exec(world_open(w, &w->a)->db, "attack", attacks[i], &e));
		assert_int_equal(e.sys, ER_SIGNAL_EXCEPTION);
	}
	err_clear(&e);
	server_do(w->root, "DROP TRIGGER u4711_T1.audit_no_delete");
	assert_ok(audit_guarded(world_open(w, &w->a), &guarded, &e));
	assert_false(guarded);
	assert_ok(audit_guarded(world_open(w, &w->b), &guarded, &e));
	assert_true(guarded);
	assert_ok(world_migrate(w, &e));
	assert_ok(audit_guarded(world_open(w, &w->a), &guarded, &e));
	assert_true(guarded);
}

static void
where_none_is_left_nothing_is_begun_and_one_more_is_enough(void **state)
{
	struct world          *w = *state;
	const struct provision p = provisioner(w);
	const struct tenant   *t;
	struct tenant          third;
	struct err             e = { 0 };

	assert_fails(provision_tenant(&p, w, "acme", "Acme", &third, &e), ERR_QUOTA);
	assert_non_null(strstr(e.pub, "bsxctl schema add"));
	register_places(w, 2);
	make_two(w);
	assert_fails(provision_tenant(&p, w, "initech", "Initech", &third, &e), ERR_QUOTA);
	assert_fails(tenant_by_slug(w->d, STR("initech"), &t, &e), ERR_MISSING);
	err_clear(&e);
	register_places(w, 3);
	assert_ok(provision_tenant(&p, w, "initech", "Initech", &third, &e));
	tell(w, &third);
	assert_int_equal(head(w, &third), 1);
	are(w, 0, 3);
}

static void
the_pool_is_filled_of_what_is_empty_and_no_further(void **state)
{
	struct world          *w = *state;
	const struct provision p = provisioner(w);
	struct pool_count      pool;
	struct err             e = { 0 };
	int64_t                made;

	register_places(w, 3);
	assert_ok(pool_fill(&p, 10, &made, &e));
	assert_int_equal(made, 3);
	assert_ok(pool_count(w->d, &pool, &e));
	assert_int_equal(pool.ready, 3);
	assert_int_equal(pool.making, 0);
	make_two(w);
	tell(w, &w->b);
	assert_ok(pool_count(w->d, &pool, &e));
	assert_int_equal(pool.ready, 1);
	are(w, 0, 3);
	assert_ok(world_migrate(w, &e));
}

static void
what_is_dropped_is_empty_and_taken_again(void **state)
{
	struct world          *w = *state;
	const struct provision p = provisioner(w);
	struct tenant          third;
	struct err             e = { 0 };

	register_places(w, 2);
	make_two(w);
	tell(w, &w->a);
	database_close_all(w->d);
	for (int i = 0; i < 2; i++) /* repeatable */
		assert_ok(provision_drop(&p, w->a.schema_name, &e));
	are(w, 1, 1);
	server_do(w->root, "DO 1 / (SELECT COUNT(*) = 0 FROM information_schema.TABLES WHERE "
			   "TABLE_SCHEMA = 'u4711_T1')");
	assert_int_equal(mysql_warning_count(w->root->my), 0);
	assert_ok(provision_tenant(&p, w, "initech", "Initech", &third, &e));
	assert_int_equal(head(w, &third), 0);
	are(w, 0, 2);
}

/* Each right is missed, with a sentence that names the schema, and nothing of the try is left. */
static void
a_schema_in_which_a_right_is_missing_is_refused(void **state)
{
	struct world          *w = *state;
	const struct provision p = provisioner(w);
	struct err             e = { 0 };

	for (size_t i = 0; i < sizeof(all_rights) / sizeof(*all_rights); i++) {
		server_do(
		    w->root, "REVOKE %s ON `u4711_T1`.* FROM " ACCOUNT "@localhost", all_rights[i]);
		err_clear(&e);
		if (placement_register(&p, "u4711_T1", &e))
			fail_msg("registered without %s", all_rights[i]);
		assert_int_equal(e.code, ERR_FORBIDDEN);
		assert_non_null(strstr(e.pub, "u4711_T1"));
		server_do(
		    w->root, "GRANT %s ON `u4711_T1`.* TO " ACCOUNT "@localhost", all_rights[i]);
		are(w, 0, 0);
	}
	err_clear(&e);
	assert_ok(placement_register(&p, "u4711_T1", &e));
	assert_ok(placement_register(&p, "u4711_T1", &e));
	are(w, 1, 0);
}

static void
what_cannot_be_a_place_is_refused(void **state)
{
	static const struct {
		const char   *place;
		enum err_code want;
	} cases[] = {
		{ "", ERR_INVALID }, { "a b", ERR_INVALID },
		{ "x`; DROP DATABASE testbsx", ERR_INVALID }, { "../mysql", ERR_INVALID },
		{ "testbsx", ERR_INVALID }, { "\xc3\xa9", ERR_INVALID },
		{ "a234567890123456789012345678901234567890123456789012345678901234", ERR_INVALID },
		{ "nowhere", ERR_FORBIDDEN }, { "mysql", ERR_FORBIDDEN },
		{ "information_schema", ERR_CONFLICT },
		{ "u4711_T2", ERR_CONFLICT }, /* something stands there */
	};
	struct world          *w = *state;
	const struct provision p = provisioner(w);
	struct err             e = { 0 };

	server_do(w->root, "CREATE TABLE u4711_T2.blog (id INT)");
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		err_clear(&e);
		if (placement_register(&p, cases[i].place, &e) || e.code != cases[i].want)
			fail_msg("%s: %d %s", cases[i].place, (int)e.code, e.pub);
	}
	are(w, 0, 0);
	server_do(w->root, "SELECT 1 FROM u4711_T2.blog");
	mysql_free_result(mysql_store_result(w->root->my));
}

/* Two lists, as of two installations with one account, or two ways to write one name: the schema
 * itself says whose it is. */
static void
what_is_taken_by_another_list_is_taken_by_none(void **state)
{
	struct world          *w = *state;
	const struct provision p = provisioner(w);
	struct tenant          third;
	struct err             e = { 0 };

	register_places(w, 3);
	server_do(w->root, "ALTER DATABASE u4711_T1 COMMENT 'bsxt0123456789abcdef'");
	server_do(w->root, "CREATE TABLE u4711_T2.blog (id INT)");
	for (int i = 0; i < 2; i++) /* each is found when it is to be taken, and then no more */
		assert_fails(provision_tenant(&p, w, "acme", "Acme", &third, &e), ERR_GONE);
	assert_non_null(strstr(e.pub, "u4711_T2"));
	err_clear(&e);
	are(w, 1, 0);
	assert_ok(provision_tenant(&p, w, "acme", "Acme", &third, &e));
	assert_fails(placement_register(&p, "u4711_T1", &e), ERR_CONFLICT);
	err_clear(&e);
	server_do(
	    w->root, "DELETE FROM testbsx.schema_places WHERE place = 'u4711_T3'"); /* a list that
										       was lost */
	assert_fails(placement_register(&p, "u4711_T3", &e), ERR_CONFLICT);
	server_do(w->root, "SELECT 1 FROM u4711_T2.blog");
	mysql_free_result(mysql_store_result(w->root->my));
}

static void
a_try_that_was_cut_off_is_tidied_up(void **state)
{
	struct world          *w = *state;
	const struct provision p = provisioner(w);
	struct err             e = { 0 };

	server_do(w->root, "CREATE TABLE u4711_T1.bsx_try (id INT)");
	assert_ok(placement_register(&p, "u4711_T1", &e));
	are(w, 1, 0);
}

static bool
go_on(void *arg, const struct archive_at *at)
{
	(void)arg, (void)at;
	return false;
}

static bool
import(struct world *w, struct tenant_imported *out, struct err *e)
{
	static const struct lock lock = { .kind = LOCK_PASSPHRASE,
		.passphrase = { "correct horse battery", 21 } };
	const struct provision   p = provisioner(w);
	struct auth              a = { .env = &w->env, .database = w->d };
	const struct deed_by     by = { .auth = &a, .mem = w };
	const int                fd = open("tests/store/upgrade/62.archive", O_RDONLY | O_CLOEXEC);
	const struct tenant_import in = { &p, { fd, &lock, NULL, go_on, NULL }, "then",
		"bsxctl:somebody" };
	bool                       ok;

	assert_true(fd >= 0);
	ok = tenant_import(&by, &in, out, e);
	close(fd);
	return ok;
}

/* Its schema is made as it was then, so none that the pool has is of use. */
static void
an_archive_of_an_earlier_version_takes_an_empty_one(void **state)
{
	struct world          *w = *state;
	struct tenant_imported out;
	const struct tenant   *t;
	bool                   guarded;
	int64_t                made;
	struct err             e = { 0 };

	register_places(w, 1);
	assert_ok(pool_fill(&(struct provision) { w->prov, w->d, &w->env }, 1, &made, &e));
	assert_false(import(w, &out, &e));
	assert_int_equal(e.code, ERR_QUOTA);
	err_clear(&e);
	register_places(w, 2);
	assert_ok(import(w, &out, &e));
	are(w, 0, 2);
	assert_ok(tenant_by_id(w->d, &out.id, &t, &e));
	assert_string_equal(t->status, "active");
	assert_int_equal(t->schema_version, migrate_newest(SQL_TENANT));
	assert_ok(audit_guarded(world_open(w, t), &guarded, &e));
	assert_true(guarded);
	server_do(w->root, "DO 1 / (SELECT COUNT(*) = 20 FROM u4711_T2.audit_former)");
	assert_int_equal(mysql_warning_count(w->root->my), 0);
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(two_tenants_have_a_schema_each_and_procedures_know_them_apart),
		TEST(the_trail_is_guarded_there_too),
		TEST(where_none_is_left_nothing_is_begun_and_one_more_is_enough),
		TEST(the_pool_is_filled_of_what_is_empty_and_no_further),
		TEST(what_is_dropped_is_empty_and_taken_again),
		TEST(a_schema_in_which_a_right_is_missing_is_refused),
		TEST(what_cannot_be_a_place_is_refused),
		TEST(what_is_taken_by_another_list_is_taken_by_none),
		TEST(a_try_that_was_cut_off_is_tidied_up),
		TEST(an_archive_of_an_earlier_version_takes_an_empty_one),
	};

	return cmocka_run_group_tests_name("one_account", tests, NULL, NULL);
}
