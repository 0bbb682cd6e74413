/* A tenant is suspended, deleted, had back and erased: whoever is killed on the way, nothing of it
 * is left over and nothing is done twice. */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/auth/audit_tree.h"
#include "core/auth/tenant/tenant_erase.h"
#include "core/auth/tenant/tenant_life.h"
#include "core/auth/tenant/tenant_make.h"
#include "core/store/db_priv.h"
#include "tests/store/cut.h"
#include "tests/store/world.h"

struct place {
	struct world *w;
	struct auth   auth;
	struct tenant platform;
	struct uuid   operation;
};

static struct place
platform_of(struct world *w)
{
	const struct provision p = { w->prov, w->d, &w->env };
	struct place           x = { .w = w, .auth = { .env = &w->env, .database = w->d } };
	struct err             e = { 0 };

	world_tenants(w);
	assert_ok(provision_tenant(&p, w->d, "platform", "Platform", &x.platform, &e));
	return x;
}

PRINTF(2, 3)
static const char *
text_of(struct world *w, const char *fmt, ...)
{
	char       q[4096];
	va_list    ap;
	MYSQL_RES *r;
	MYSQL_ROW  row;
	char      *out;

	va_start(ap, fmt);
	vsnprintf(q, sizeof(q), fmt, ap);
	va_end(ap);
	if (mysql_query(w->root->my, q) != 0)
		fail_msg("%s: %s", q, mysql_error(w->root->my));
	r = mysql_store_result(w->root->my);
	row = r == NULL ? NULL : mysql_fetch_row(r);
	out = talloc_strdup(w, row == NULL || row[0] == NULL ? "" : row[0]);
	mysql_free_result(r);
	return out;
}

static const char *
hex_of(struct world *w, const struct uuid *id)
{
	char hex[2 * sizeof(id->b) + 1];

	hex_print(id->b, sizeof(id->b), hex);
	return talloc_strdup(w, hex);
}

/* ---- the platform's deeds ---- */

static bool
live(struct place *x, const struct tenant *t, enum tenant_to to, int64_t grace_s, struct err *e)
{
	const struct deed_by by = {
		.auth = &x->auth, .mem = x->w->d, .t = world_open(x->w, &x->platform)
	};
	const struct tenant_life in = {
		.to = to, .reason = "A reason.", .grace_s = grace_s, .actor_name = "test"
	};

	return tenant_live(&by, &t->id, &in, &x->operation, e);
}

static const char *
status_of(struct place *x, const struct tenant *t)
{
	return text_of(x->w, "SELECT status FROM testbsx.tenants WHERE id = UNHEX('%s')",
	    hex_of(x->w, &t->id));
}

static const char *
state_of(struct place *x, const struct uuid *operation)
{
	return text_of(x->w, "SELECT state FROM testbsx.operations WHERE id = UNHEX('%s')",
	    hex_of(x->w, operation));
}

static bool
carry_with(struct world *w, const struct uuid *carrier, struct db *prov, struct err *e)
{
	struct auth                 a = { .env = &w->env, .database = w->d };
	struct tenant_carrier       with = { prov };
	const struct operation_work work = {
		.auth = &a, .carrier = *carrier, .kinds = tenant_operations, .arg = &with
	};
	size_t n;

	return operation_hasten(w->d, "tenant.erase", e) && operations_carry(&work, &n, e);
}

static void
carry(struct place *x, struct db *prov)
{
	const struct uuid carrier = uuid_make(x->w->env.clock, x->w->env.rand);
	struct err        e = { 0 };

	assert_ok(carry_with(x->w, &carrier, prov, &e));
}

/* ---- what is left of it ---- */

static void
furnish(struct place *x, const struct tenant *t)
{
	static const struct {
		const char *into, *values;
	} rows[] = {
		{ "outbox_index (id, next_due, created_at", "RANDOM_BYTES(16), NOW(3), NOW(3)" },
		{ "schedules (kind, ref, next_due", "'beat', RANDOM_BYTES(16), NOW(3)" },
		{ "run_index (ref, next_due", "RANDOM_BYTES(16), NOW(3)" },
		{ "golden_uses (config_id, golden_id", "RANDOM_BYTES(16), RANDOM_BYTES(16)" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		server_do(x->w->root, "INSERT INTO testbsx.%s, schema_name) VALUES (%s, '%s')",
		    rows[i].into, rows[i].values, t->schema_name);
}

/* Every column of the control schema that could name a tenant, whichever tables there will be. */
static void
assert_nothing_left(struct place *x, const struct tenant *t)
{
	struct world *w = x->w;
	const char   *id = hex_of(w, &t->id), *wanted;
	const char   *columns = text_of(w,
	      "SELECT GROUP_CONCAT(CONCAT(TABLE_NAME, '.', COLUMN_NAME) SEPARATOR ' ') FROM"
		" information_schema.COLUMNS WHERE TABLE_SCHEMA = 'testbsx' AND"
		" TABLE_NAME <> 'erasures' AND (COLUMN_NAME = 'schema_name' OR"
		" (DATA_TYPE = 'binary' AND (COLUMN_NAME LIKE '%%tenant%%' OR COLUMN_NAME LIKE "
		"'%%owner%%')))");
	char         *list = talloc_strdup(w, columns), *save = NULL;
	int           n = 0;

	for (char *c = strtok_r(list, " ", &save); c != NULL; c = strtok_r(NULL, " ", &save)) {
		char *dot = strchr(c, '.');

		*dot = '\0';
		wanted = strcmp(dot + 1, "schema_name") == 0
			     ? talloc_asprintf(w, "'%s'", t->schema_name)
			     : talloc_asprintf(w, "UNHEX('%s')", id);
		if (strcmp(c, "operations") == 0 && strcmp(dot + 1, "tenant_id") == 0)
			continue; /* the erasure itself */
		if (strcmp(text_of(w, "SELECT COUNT(*) FROM testbsx.%s WHERE %s = %s", c, dot + 1,
			       wanted),
			"0") != 0)
			fail_msg("%s has rows of it", c);
		n++;
	}
	assert_in_range(n, 9, 100);
	assert_string_equal(
	    text_of(w, "SELECT COUNT(*) FROM testbsx.tenants WHERE id = UNHEX('%s')", id), "0");
	assert_string_equal(text_of(w,
				"SELECT COUNT(*) FROM information_schema.SCHEMATA WHERE"
				" SCHEMA_NAME = '%s'",
				t->schema_name),
	    "0");
	assert_string_equal(text_of(w,
				"SELECT (SELECT COUNT(*) FROM mysql.user WHERE user = '%s') +"
				" (SELECT COUNT(*) FROM mysql.db WHERE db = '%s' OR user = '%s') +"
				" (SELECT COUNT(*) FROM mysql.procs_priv WHERE user = '%s')",
				t->schema_name, t->schema_name, t->schema_name, t->schema_name),
	    "0");
}

static void
assert_receipt(struct place *x, const struct tenant *t)
{
	struct world    *w = x->w;
	const char      *op = hex_of(w, &x->operation);
	char            *receipt;
	const char      *kept;
	struct note_key *keys;
	size_t           n;
	struct err       e = { 0 };

	kept = text_of(w, "SELECT receipt FROM testbsx.erasures WHERE id = UNHEX('%s')", op);
	receipt = talloc_strdup(w, kept);
	assert_non_null(strstr(receipt, t->slug));
	assert_non_null(strstr(receipt, "\nkeys 1 "));
	assert_non_null(strstr(receipt, "\nrows 5\n"));
	assert_non_null(strstr(receipt, "\"tables\":"));
	assert_non_null(strstr(receipt, "\"test\" \"A reason.\"\n"));
	assert_string_equal(text_of(w,
				"SELECT COUNT(*) FROM %s.audit WHERE action = 'tenant.erase'"
				" AND target_id = (SELECT LOWER(INSERT(INSERT(INSERT(INSERT("
				"'%s', 9, 0, '-'), 14, 0, '-'), 19, 0, '-'), 24, 0, '-')))",
				x->platform.schema_name, hex_of(w, &t->id)),
	    "1");
	assert_string_equal(text_of(w,
				"SELECT JSON_VALUE(details, '$.receipt') FROM %s.audit WHERE"
				" id = UNHEX('%s')",
				x->platform.schema_name, op),
	    kept);
	assert_string_equal(text_of(w,
				"SELECT JSON_VALUE(result, '$.receipt') FROM"
				" testbsx.operations WHERE id = UNHEX('%s') AND state = 'done'",
				op),
	    kept);
	assert_ok(audit_public_keys(&x->auth, w, &keys, &n, &e));
	assert_int_equal(note_check_text(w, str_of(receipt), &keys[0]), NOTE_SIGNED);
	*strstr(receipt, "\nkeys 1 ") = ' ';
	assert_int_equal(note_check_text(w, str_of(receipt), &keys[0]), NOTE_FORGED);
}

/* ---- tests ---- */

static void
only_from_what_it_is_a_tenant_turns_and_the_platform_never(void **state)
{
	/* from each status, by each deed: what it is then; NULL: refused */
	static const struct {
		const char *from, *to[4];
	} table[] = {
		{ "active", { "active", "suspended", "deleting", NULL } },
		{ "suspended", { "active", "suspended", "deleting", NULL } },
		{ "deleting", { NULL, NULL, "deleting", "active" } },
		{ "erasing", { NULL, NULL, "erasing", NULL } },
		{ "provisioning", { NULL, NULL, "deleting", NULL } },
	};
	struct place x = platform_of(*state);
	const char  *id = hex_of(x.w, &x.w->a.id);
	struct err   e = { 0 };

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		for (enum tenant_to to = TENANT_RESUMED; to <= TENANT_UNDELETED; to++) {
			const char *want = table[i].to[to];

			server_do(x.w->root,
			    "UPDATE testbsx.tenants SET status = '%s', status_was ="
			    " 'active', erase_op = RANDOM_BYTES(16), erase_at = NOW(3)"
			    " + INTERVAL 1 DAY WHERE id = UNHEX('%s')",
			    table[i].from, id);
			err_clear(&e);
			if (live(&x, &x.w->a, to, 60, &e) != (want != NULL))
				fail_msg("%s, %d: %s", table[i].from, (int)to, e.detail);
			if (want == NULL)
				assert_int_equal(e.code, ERR_CONFLICT);
			assert_string_equal(
			    status_of(&x, &x.w->a), want != NULL ? want : table[i].from);
		}
	for (enum tenant_to to = TENANT_RESUMED; to <= TENANT_UNDELETED; to++)
		assert_fails(live(&x, &x.platform, to, 60, &e), ERR_INVALID);
	/* and no tenant but the platform, by its own account */
	err_clear(&e);
	assert_false(tenant_turn(world_open(x.w, &x.w->b),
	    &(struct tenant_turn) { .id = x.w->b.id, .to = "deleting" }, &e));
	assert_int_equal(e.code, ERR_CONFLICT);
}

static void
one_that_is_had_back_is_what_it_was_and_a_late_carrier_leaves_it_alone(void **state)
{
	struct place x = platform_of(*state);
	struct uuid  first, second;
	struct err   e = { 0 };

	assert_ok(live(&x, &x.w->a, TENANT_SUSPENDED, 0, &e));
	assert_ok(live(&x, &x.w->a, TENANT_DELETED, 60, &e));
	first = x.operation;
	carry(&x, x.w->prov);
	assert_string_equal(status_of(&x, &x.w->a), "deleting");
	assert_ok(live(&x, &x.w->a, TENANT_UNDELETED, 0, &e));
	assert_string_equal(status_of(&x, &x.w->a), "suspended");
	assert_ok(live(&x, &x.w->a, TENANT_DELETED, 60, &e));
	second = x.operation;
	assert_false(uuid_eq(&first, &second));
	assert_ok(live(&x, &x.w->a, TENANT_DELETED, 30, &e)); /* sooner, by the same */
	assert_true(uuid_eq(&second, &x.operation));
	carry(&x, x.w->prov);
	assert_string_equal(state_of(&x, &first), "cancelled");
	assert_string_equal(state_of(&x, &second), "running");
	assert_string_equal(status_of(&x, &x.w->a), "deleting");
	assert_ok(live(&x, &x.w->a, TENANT_UNDELETED, 0, &e));
	assert_ok(live(&x, &x.w->a, TENANT_RESUMED, 0, &e));
	carry(&x, x.w->prov);
	assert_string_equal(state_of(&x, &second), "cancelled");
	assert_non_null(world_open(x.w, &x.w->a)); /* with its keys */
}

static void
without_the_right_to_drop_the_keys_go_and_the_rest_waits(void **state)
{
	struct place x = platform_of(*state);
	struct uuid  operation;
	struct err   e = { 0 };

	furnish(&x, &x.w->a);
	assert_ok(live(&x, &x.w->a, TENANT_DELETED, 0, &e));
	carry(&x, NULL);
	assert_string_equal(status_of(&x, &x.w->a), "erasing");
	assert_string_equal(text_of(x.w,
				"SELECT COUNT(*) FROM testbsx.tenant_keys WHERE tenant_id ="
				" UNHEX('%s')",
				hex_of(x.w, &x.w->a.id)),
	    "0");
	assert_string_equal(state_of(&x, &x.operation), "running");
	operation = x.operation;
	assert_fails(live(&x, &x.w->a, TENANT_UNDELETED, 0, &e), ERR_CONFLICT);
	x.operation = operation;
	carry(&x, x.w->prov);
	assert_nothing_left(&x, &x.w->a);
	assert_receipt(&x, &x.w->a);
}

/* One turn through the cutter, which kills it at a packet; 0: it has come to its end. */
static int
killed_at(struct place *x, struct cutter *cut, enum cut_side side, int packet)
{
	struct world     *w = x->w;
	const struct uuid carrier = uuid_make(w->env.clock, w->env.rand);
	struct err        e = { 0 };
	int               status;
	pid_t             pid = fork();

	if (pid == 0) {
		w->conf.db_socket = cut->path;
		cutter_kills(cut, getpid());
		cutter_arm(cut, side, packet);
		w->d = database_make(w, &w->env, &e);
		w->prov = provision_db(w, &w->conf, &clock_system, NULL, &e);
		_exit(w->d == NULL || w->prov == NULL || !carry_with(w, &carrier, w->prov, &e));
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_ok(operation_give_back(database_control(w->d), &carrier, &e));
	return status;
}

/* Each turn is killed a packet later than the one before, until one has come to its end: so it is
 * killed in each step. */
static void
erased_though_killed(struct place *x, const struct tenant *t, enum cut_side side)
{
	char         *path = talloc_asprintf(x->w, "%s/cut-life.sock", server_folder());
	struct cutter cut = cutter_start(path, server_socket());
	struct err    e = { 0 };
	int           packet = 1;

	furnish(x, t);
	assert_ok(live(x, t, TENANT_DELETED, 0, &e));
	/* what a killed one has left running in the server may be in the way of the next, which
	 * then comes again */
	for (; killed_at(x, &cut, side, packet) != 0 ||
	       strcmp(state_of(x, &x->operation), "done") != 0;
	     packet++) {
		server_do(x->w->root, "UPDATE testbsx.operations SET next_due = NOW(3), "
				      "lease_owner = NULL, lease_until = NULL");
		if (packet > 400)
			fail_msg("it never came to its end: %s",
			    text_of(x->w, "SELECT GROUP_CONCAT(state, ' ', step, ' ', "
					  "COALESCE(error, '')) FROM"
					  " testbsx.operations"));
	}
	cutter_end(&cut);
	assert_in_range(packet, 20, 400);
	assert_nothing_left(x, t);
	assert_receipt(x, t);
}

static void
one_whose_carrier_is_killed_at_any_statement_is_erased_once_and_wholly(void **state)
{
	struct place  x = platform_of(*state);
	struct tenant again;
	struct err    e = { 0 };

	erased_though_killed(&x, &x.w->a, CUT_QUESTION);
	erased_though_killed(&x, &x.w->b, CUT_ANSWER);
	/* its name is free, and what is made anew has keys of its own */
	assert_ok(provision_tenant(&(struct provision) { x.w->prov, x.w->d, &x.w->env }, x.w,
	    x.w->a.slug, "Another", &again, &e));
	assert_false(uuid_eq(&again.id, &x.w->a.id));
	assert_string_not_equal(again.schema_name, x.w->a.schema_name);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, world_set_up, world_tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(only_from_what_it_is_a_tenant_turns_and_the_platform_never),
		TEST(one_that_is_had_back_is_what_it_was_and_a_late_carrier_leaves_it_alone),
		TEST(without_the_right_to_drop_the_keys_go_and_the_rest_waits),
		TEST(one_whose_carrier_is_killed_at_any_statement_is_erased_once_and_wholly),
	};

	return cmocka_run_group_tests_name("lifecycle", tests, NULL, NULL);
}
