/*
 * A new version of the keyring, from its being known everywhere to its wrapping everything: others
 * go on working, wherever it is killed.
 */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/store/identity/keys.h"
#include "core/store/server/rewrap.h"
#include "core/store/tenant/database.h"
#include "tests/store/world.h"

#define MANY 250 /* data keys: three pages */

static const struct uuid row = { { 7 } };
#define PLACE ((struct sealed_place) { "channels", "secret", &row })

struct watching {
	int asked, stop_at, kill_at; /* 0: never */
};

static bool
watch(void *arg, const struct rewrap_at *at)
{
	struct watching *x = arg;

	assert_true(at->done >= 0 && at->done <= at->total + MANY);
	if (++x->asked == x->kill_at)
		raise(SIGKILL);
	return x->asked == x->stop_at;
}

static int64_t
wrapped_by(struct world *w, uint64_t version)
{
	struct err      e = { 0 };
	struct wrapped *all;
	size_t          n = 0;
	int64_t         rows = 0;

	assert_ok(rewrap_count(w->d, w, &all, &n, &e));
	for (size_t i = 0; i < n; i++)
		rows += all[i].version == version ? all[i].rows : 0;
	return rows;
}

static int64_t
rewrap(struct world *w)
{
	struct watching           x = { 0 };
	const struct rewrap_watch at = { watch, &x };
	struct err                e = { 0 };
	int64_t                   done;

	assert_ok(rewrap_rows(w->d, &at, &done, &e));
	return done;
}

static int64_t
accounts(struct world *w, bool set)
{
	struct watching           x = { 0 };
	const struct rewrap_watch at = { watch, &x };
	const struct provision    p = { w->prov, w->d, &w->env };
	struct err                e = { 0 };
	int64_t                   behind;

	assert_ok(rewrap_accounts(&p, &at, set, &behind, &e));
	return behind;
}

/* A template that is shared: its id's first byte is 9. */
static void
share(struct world *w, struct tenant_db *t)
{
	const struct uuid id = { { 9 } };
	struct seal_key   key;
	struct blob       sealed;
	struct err        e = { 0 };
	char              hex[500] = "";
	char             *place = tenant_golden_place(w, &id, 4, &e);

	assert_ok(tenant_golden_key(t, 0, &key, &e));
	assert_ok(seal_close(w, &key, &rand_system, place, STR("a template"), &sealed, &e));
	hex_print(sealed.p, sealed.n, hex);
	server_do(w->root,
	    "INSERT INTO testbsx.golden_shared VALUES (X'09000000000000000000000000000000',"
	    " REPEAT('o', 16), 'Bronze', '', 4, 1, 0, 10, X'%s', NOW(3), NOW(3))",
	    hex);
}

static void
opens_all(struct world *w, struct blob sealed)
{
	const struct token_key *active;
	struct str              plain;
	struct err              e = { 0 };

	assert_ok(tenant_open(world_open(w, &w->a), w, PLACE, sealed, &plain, &e));
	assert_true(str_eqz(plain, "what was sealed"));
	assert_non_null(signing_keys_load(w->d, w, &active, &e));
	assert_non_null(active);
}

static struct blob
begin(struct world *w)
{
	struct tenant_db *t;
	struct blob       sealed;
	struct err        e = { 0 };
	bool              has;

	world_tenants(w);
	t = world_open(w, &w->a);
	assert_ok(tenant_has_users(t, &has, &e)); /* it is connected */
	assert_ok(tenant_seal(t, w, PLACE, STR("what was sealed"), &sealed, &e));
	share(w, t);
	return sealed;
}

static void
all_is_wrapped_by_the_newest_and_the_version_before_is_not_needed(void **state)
{
	struct world        *w = *state;
	struct blob          sealed = begin(w);
	struct database     *before = w->d, *ready;
	struct err           e = { 0 };
	const struct tenant *t;
	struct tenant_db    *tdb;
	struct str           plain;
	bool                 has;
	/* kept as it was loaded, by a program that nobody sends a HUP */
	const struct keyring *stale = w->env.keyring;

	assert_int_equal(wrapped_by(w, 1), 4); /* two tenants, a signing key, a template */
	world_keyring(w, KEYRING_ADD, 0);
	ready = w->d; /* of another host: the next version opens there, and does not seal */
	opens_all(w, sealed);
	assert_int_equal(rewrap(w), 0);
	world_keyring(w, KEYRING_USE, 2);
	assert_int_equal(accounts(w, false), 2);
	assert_int_equal(accounts(w, true), 2);
	assert_int_equal(accounts(w, true), 0);
	assert_ok(provision_service(&(struct provision) { w->prov, w->d, &w->env }, &e));
	assert_int_equal(rewrap(w), 4);
	assert_int_equal(rewrap(w), 0);
	assert_int_equal(wrapped_by(w, 1), 0);
	assert_int_equal(wrapped_by(w, 2), 4);
	opens_all(w, sealed);
	database_tidy(ready);
	assert_ok(tenant_by_id(ready, &w->b.id, &t, &e)); /* that it has not had open */
	assert_ok(tenant_db_open(ready, t, false, &tdb, &e));
	world_keyring(w, KEYRING_RETIRE, 1);
	opens_all(w, sealed);
	database_tidy(before);
	/* one that was not told is refused by the accounts, and reads the keyring again */
	assert_int_equal(keyring_below(stale, 0), 1);
	assert_ok(tenant_by_id(before, &w->b.id, &t, &e));
	assert_ok(tenant_db_open(before, t, false, &tdb, &e));
	assert_ok(tenant_has_users(tdb, &has, &e));
	assert_int_equal(keyring_newest(stale), 2);
	assert_ok(tenant_by_id(before, &w->a.id, &t, &e)); /* one that is open goes on */
	assert_ok(tenant_db_open(before, t, false, &tdb, &e));
	assert_ok(tenant_open(tdb, w, PLACE, sealed, &plain, &e));
}

static void
make_many(struct world *w)
{
	struct err e = { 0 };

	for (int i = 0; i < MANY; i++) {
		const struct uuid id = uuid_make(&clock_system, &rand_system);

		assert_ok(tenant_keys_ensure(w->d, &id, &e));
	}
}

static void
killed_or_stopped_it_goes_on_where_it_was(void **state)
{
	struct world             *w = *state;
	struct blob               sealed = begin(w);
	struct watching           x = { .stop_at = 2 };
	const struct rewrap_watch at = { watch, &x };
	struct err                e = { 0 };
	int64_t                   done;
	int                       status;
	pid_t                     pid;

	make_many(w);
	world_keyring(w, KEYRING_ADD, 0);
	world_keyring(w, KEYRING_USE, 2);
	assert_fails(rewrap_rows(w->d, &at, &done, &e), ERR_GONE);
	assert_int_equal(wrapped_by(w, 2), 100);
	database_close_all(w->d);
	pid = fork();
	if (pid == 0) {
		x = (struct watching) { .kill_at = 2 };
		err_clear(&e);
		if (!rewrap_rows(w->d, &at, &done, &e))
			fprintf(stderr, "%s\n", e.detail);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(wrapped_by(w, 2), 200);
	assert_int_equal(rewrap(w), MANY + 4 - 200);
	assert_int_equal(wrapped_by(w, 1), 0);
	opens_all(w, sealed);
}

static const char *const tables[] = { "tenant_keys", "signing_keys", "golden_shared", NULL };

static void
keep_tables(struct world *w)
{
	for (const char *const *t = tables; *t != NULL; t++)
		server_do(w->root,
		    "CREATE OR REPLACE TABLE testbsx.kept_%s AS SELECT * FROM testbsx.%s", *t, *t);
}

static void
put_back(struct world *w)
{
	for (const char *const *t = tables; *t != NULL; t++) {
		server_do(w->root, "DELETE FROM testbsx.%s", *t);
		server_do(w->root, "INSERT INTO testbsx.%s SELECT * FROM testbsx.kept_%s", *t, *t);
	}
}

/* Each with its own key's place: what somebody with the database has moved is refused, and named.
 */
static void
what_was_moved_is_refused_and_stays(void **state)
{
	static const struct {
		const char *move, *named;
	} rows[] = {
		{ "UPDATE testbsx.tenant_keys k JOIN testbsx.tenant_keys o ON o.tenant_id <>"
		  " k.tenant_id SET k.wrapped = o.wrapped",
		    "a row of tenant_keys" },
		{ "UPDATE testbsx.signing_keys SET kid = CONCAT('x', kid)",
		    "a row of signing_keys" },
		{ "UPDATE testbsx.golden_shared SET version = version + 1",
		    "a row of golden_shared" },
		{ "UPDATE testbsx.golden_shared SET body = (SELECT sealed FROM testbsx.signing_keys"
		  " LIMIT 1), version = 4",
		    "a row of golden_shared" },
	};
	struct world             *w = *state;
	struct watching           x = { 0 };
	const struct rewrap_watch at = { watch, &x };
	struct err                e = { 0 };
	int64_t                   done;

	(void)begin(w);
	world_keyring(w, KEYRING_ADD, 0);
	world_keyring(w, KEYRING_USE, 2);
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		keep_tables(w);
		server_do(w->root, "%s", rows[i].move);
		assert_fails(rewrap_rows(w->d, &at, &done, &e), ERR_INTERNAL);
		assert_non_null(strstr(e.detail, rows[i].named));
		assert_non_null(strstr(e.detail, "ciphertext refused"));
		put_back(w);
	}
	assert_int_equal(rewrap(w), 4);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, world_set_up, world_tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(all_is_wrapped_by_the_newest_and_the_version_before_is_not_needed),
		TEST(killed_or_stopped_it_goes_on_where_it_was),
		TEST(what_was_moved_is_refused_and_stays),
	};

	return cmocka_run_group_tests_name("rewrap", tests, NULL, NULL);
}
