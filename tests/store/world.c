#include "tests/store/world.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/store/db_priv.h"

#define CONTROL "testbsx"

/* Schemas and accounts of tenants that an earlier test left. */
static void
drop_all(struct db *root)
{
	MYSQL_RES *r;
	MYSQL_ROW  row;

	server_do(root, "DROP DATABASE IF EXISTS " CONTROL);
	assert_int_equal(mysql_query(root->my, "SELECT schema_name FROM information_schema.schemata"
					       " WHERE schema_name LIKE 'bsxt%'"),
	    0);
	r = mysql_store_result(root->my);
	while ((row = mysql_fetch_row(r)) != NULL)
		server_do(root, "DROP DATABASE `%s`", row[0]);
	mysql_free_result(r);
	assert_int_equal(
	    mysql_query(root->my, "SELECT CONCAT('''', user, '''@''', host, '''') FROM mysql.user"
				  " WHERE user LIKE 'bsxt%' OR user LIKE 'testbsx%'"),
	    0);
	r = mysql_store_result(root->my);
	while ((row = mysql_fetch_row(r)) != NULL)
		server_do(root, "DROP USER %s", row[0]);
	mysql_free_result(r);
}

static struct keyring *
make_keyring(struct world *w)
{
	struct err      e = { 0 };
	struct keyring *k;

	w->keyring = talloc_asprintf(w, "%s/keyring.%d", server_folder(), (int)getpid());
	unlink(w->keyring);
	assert_ok(keyring_create(w->keyring, &rand_system, &e));
	k = keyring_open(w, w->keyring, &e);
	assert_non_null(k);
	return k;
}

void
world_keyring(struct world *w, enum keyring_turn turn, uint32_t version)
{
	const struct keyring_change c = {
		.path = w->keyring, .owner = geteuid(), .turn = turn, .version = version
	};
	struct err e = { 0 };
	uint32_t   now;

	assert_ok(keyring_change(&c, &rand_system, &now, &e));
	w->env.keyring = keyring_open(w, w->keyring, &e);
	assert_non_null(w->env.keyring);
	w->d = database_make(w, &w->env, &e);
	assert_non_null(w->d);
}

int
world_set_up(void **state)
{
	struct world *w = talloc_zero(NULL, struct world);
	struct err    e = { 0 };

	w->conf = (struct conf) { .db_host = "",
		.db_socket = server_socket(),
		.db_user = CONTROL,
		.db_password_file = "",
		.db_control = CONTROL,
		.db_provision_user = "root",
		.db_provision_password_file = "",
		.db_account_host = "localhost",
		.db_tls_ca = "",
		.db_isolation = "account",
		.db_tenant_connections = 2,
		.db_kept_statements = 64,
		.db_idle_s = 300 };
	w->env = (struct env) { .conf = &w->conf,
		.clock = &clock_system,
		.rand = &rand_system,
		.keyring = make_keyring(w) };
	w->root = server_db(w, NULL);
	drop_all(w->root);
	w->prov = provision_db(w, &w->conf, &clock_system, NULL, &e);
	assert_non_null(w->prov);
	w->d = database_make(w, &w->env, &e);
	if (w->d == NULL)
		fail_msg("database_make: %s", e.detail);
	*state = w;
	return 0;
}

int
world_tear_down(void **state)
{
	struct world *w = *state;

	drop_all(w->root);
	unlink(w->keyring);
	talloc_free(w);
	return 0;
}

void
world_tenants(struct world *w)
{
	struct err e = { 0 };

	assert_ok(provision_control(&(struct provision) { w->prov, w->d, &w->env }, &e));
	assert_ok(provision_tenant(
	    &(struct provision) { w->prov, w->d, &w->env }, w, "acme", "Acme \xc3\xa9", &w->a, &e));
	assert_ok(provision_tenant(
	    &(struct provision) { w->prov, w->d, &w->env }, w, "globex", "Globex", &w->b, &e));
}

struct tenant_db *
world_open(struct world *w, const struct tenant *t)
{
	struct err           e = { 0 };
	const struct tenant *row;
	struct tenant_db    *tdb;

	assert_ok(tenant_by_id(w->d, &t->id, &row, &e));
	assert_ok(tenant_db_open(w->d, row, false, &tdb, &e));
	return tdb;
}

bool
world_migrate(struct world *w, struct err *e)
{
	const struct provision p = { w->prov, w->d, &w->env };
	struct uuid            first = { 0 };
	struct tenant         *list;
	size_t                 n;

	if (!tenant_list(w->d, w, &first, &list, &n, e))
		return false;
	for (size_t i = 0; i < n; i++) {
		struct provision_migrated done;

		if (tenant_stands(&list[i]) && !provision_migrate_tenant(&p, &list[i], &done, e))
			return false;
	}
	tenant_forget(w->d);
	return true;
}
