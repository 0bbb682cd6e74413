/* The audit trail: one chain whatever happens, and no change of it unnoticed. */
#include "core/auth/audit_verify.h"
#include "core/store/db_priv.h"
#include "tests/store/people.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static TALLOC_CTX *mem;

static int
begin(void **state)
{
	(void)state;
	mem = talloc_new(NULL);
	return mem == NULL;
}

static int
finish(void **state)
{
	(void)state;
	talloc_free(mem);
	return 0;
}

static const struct origin origin = { "192.0.2.7", "Test/1.0", "request-1" };

static bool
note(struct auth *a, struct tenant_db *t, tx_fn *body, void *arg, struct err *e)
{
	const struct deed_by by = { .auth = a, .mem = mem, .t = t, .origin = &origin };
	struct audit_entry   entry = {
		  .action = AUDIT_CONFIG_UPDATE,
		  .actor_name = "test",
		  .details = "{\"name\":\"<script>\\u202e\"}",
	};

	return audit_deed(&by, body, arg, &entry, e);
}

static struct audit_verdict
verify(struct people *p, const struct tenant *t)
{
	const struct audit_part whole = { 0 };
	const struct deed_by    by = { .auth = &p->auth, .mem = mem, .t = people_open(p, t) };
	struct audit_verdict    v;
	struct err              e = { 0 };

	assert_ok(audit_verify(&by, &whole, NULL, &v, &e));
	return v;
}

/* The first broken entry; 0: none. */
static uint64_t
broken(struct people *p, uint64_t *entries)
{
	struct audit_verdict v = verify(p, &p->w->a);

	*entries = v.entries;
	return v.broken;
}

/* What somebody with the whole database does first. */
static void
unguard(struct people *p, const struct tenant *t)
{
	server_do(p->w->root, "DROP TRIGGER %s.audit_no_update", t->schema_name);
	server_do(p->w->root, "DROP TRIGGER %s.audit_no_delete", t->schema_name);
	server_do(p->w->root, "DROP TRIGGER testbsx.audit_head_forward");
	server_do(p->w->root, "DROP TRIGGER testbsx.audit_head_stays");
}

static void
guard(struct people *p)
{
	struct err e = { 0 };

	assert_ok(provision_control(&(struct provision) { p->w->prov, p->w->d, &p->w->env }, &e));
	assert_ok(world_migrate(p->w, &e));
}

static void
the_chain_of_what_was_done_verifies(void **state)
{
	struct people       *p = *state;
	struct session_grant g;
	uint64_t             before, after;
	struct err           e = { 0 };

	assert_int_equal(broken(p, &before), 0);
	assert_true(before >= 3); /* the users made by the admin tool */
	people_grant(p, mem, "ada@acme.test", &g);
	assert_int_equal(
	    people_login(p, mem, "acme", "ada@acme.test", "wrong", &g), ERR_CREDENTIALS);
	assert_ok(note(&p->auth, people_open(p, &p->w->a), NULL, NULL, &e));
	assert_int_equal(broken(p, &after), 0);
	assert_int_equal(after, before + 3);
}

#define ENTRIES 60
#define WRITERS 3

/* With more of them than the page of the verifier: several pages are read too. */
static void
processes_that_append_at_once_never_fork_it(void **state)
{
	struct people *p = *state;
	uint64_t       before, after;
	int            status;

	for (int i = 0; i < 400; i++) {
		struct err e = { 0 };

		assert_ok(note(&p->auth, people_open(p, &p->w->a), NULL, NULL, &e));
	}
	assert_int_equal(broken(p, &before), 0);
	for (int i = 0; i < WRITERS; i++) {
		if (fork() != 0)
			continue;
		struct auth      *a = people_other(p, mem, NULL);
		struct tenant_db *t;
		struct err        e = { 0 };
		struct env        silent = *a->env;

		silent.log = NULL;
		a->env = &silent;
		if (!tenant_db_open(a->database, &p->w->a, false, &t, &e))
			_exit(1);
		for (int k = 0; k < ENTRIES; k++)
			if (!note(a, t, NULL, NULL, &e))
				_exit(2);
		_exit(0);
	}
	for (int i = 0; i < WRITERS; i++) {
		assert_true(wait(&status) > 0);
		assert_int_equal(status, 0);
	}
	assert_int_equal(broken(p, &after), 0);
	assert_int_equal(after, before + WRITERS * ENTRIES);
}

static void
any_change_of_an_entry_is_found(void **state)
{
	static const char *const columns[] = { "at", "action", "outcome", "actor_kind",
		"actor_name", "target_kind", "target_id", "address", "user_agent", "request_id",
		"details", "mac", "prev_mac", "id", "actor_id", "acting_tenant" };
	struct people           *p = *state;
	const char              *schema = p->w->a.schema_name;
	uint64_t                 entries;

	unguard(p, &p->w->a);
	for (size_t i = 0; i < sizeof(columns) / sizeof(columns[0]); i++) {
		const char *c = columns[i];
		const char *to = strcmp(c, "at") == 0       ? "at + INTERVAL 1 SECOND"
				 : strstr(c, "mac") != NULL ? "REPEAT('x', 32)"
							    : "REPEAT('x', 16)";

		server_do(p->w->root,
		    "CREATE TABLE %s.kept AS SELECT * FROM %s.audit WHERE seq = 3", schema, schema);
		server_do(p->w->root, "UPDATE %s.audit SET `%s` = %s WHERE seq = 3", schema, c, to);
		if (broken(p, &entries) != 3)
			fail_msg("a change of %s was not found", c);
		server_do(p->w->root, "DELETE FROM %s.audit WHERE seq = 3", schema);
		assert_int_equal(broken(p, &entries), 3);
		server_do(p->w->root, "INSERT INTO %s.audit SELECT * FROM %s.kept", schema, schema);
		server_do(p->w->root, "DROP TABLE %s.kept", schema);
		assert_int_equal(broken(p, &entries), 0);
	}
	guard(p);
	assert_int_equal(verify(p, &p->w->a).fault, AUDIT_FITS);
}

static void
a_cut_tail_and_a_swapped_pair_are_found(void **state)
{
	struct people *p = *state;
	const char    *schema = p->w->a.schema_name;
	uint64_t       entries, all;

	assert_int_equal(broken(p, &all), 0);
	unguard(p, &p->w->a);
	server_do(p->w->root, "UPDATE %s.audit SET seq = 0 WHERE seq = 4", schema);
	server_do(p->w->root, "UPDATE %s.audit SET seq = 4 WHERE seq = 5", schema);
	server_do(p->w->root, "UPDATE %s.audit SET seq = 5 WHERE seq = 0", schema);
	assert_int_equal(broken(p, &entries), 4);
	server_do(p->w->root, "UPDATE %s.audit SET seq = 0 WHERE seq = 4", schema);
	server_do(p->w->root, "UPDATE %s.audit SET seq = 4 WHERE seq = 5", schema);
	server_do(p->w->root, "UPDATE %s.audit SET seq = 5 WHERE seq = 0", schema);
	assert_int_equal(broken(p, &entries), 0);
	server_do(p->w->root, "CREATE TABLE %s.kept AS SELECT * FROM %s.audit WHERE seq = %llu",
	    schema, schema, (unsigned long long)all);
	server_do(
	    p->w->root, "DELETE FROM %s.audit WHERE seq = %llu", schema, (unsigned long long)all);
	assert_int_equal(broken(p, &entries), all);
	server_do(p->w->root, "INSERT INTO %s.audit SELECT * FROM %s.kept", schema, schema);
	server_do(p->w->root, "DROP TABLE %s.kept", schema);
	guard(p);
}

/* Each is undone again; SCHEMA stands for the tenant's. */
static const struct {
	const char      *sql, *undo;
	enum audit_fault fault;
} moves[] = {
	{ "UPDATE testbsx.audit_heads SET seq = seq - 1 WHERE schema_name = 'SCHEMA'",
	    "UPDATE testbsx.audit_heads SET seq = seq + 1 WHERE schema_name = 'SCHEMA'",
	    AUDIT_HEAD },
	{ "UPDATE testbsx.audit_heads SET seq = seq + 1 WHERE schema_name = 'SCHEMA'",
	    "UPDATE testbsx.audit_heads SET seq = seq - 1 WHERE schema_name = 'SCHEMA'",
	    AUDIT_MISSING },
	{ "UPDATE testbsx.audit_heads h SET h.seq = h.seq - 2, h.mac ="
	  " (SELECT mac FROM SCHEMA.audit a WHERE a.seq = h.seq) WHERE schema_name = 'SCHEMA'",
	    "UPDATE testbsx.audit_heads h SET h.seq = h.seq + 2, h.mac ="
	    " (SELECT mac FROM SCHEMA.audit a WHERE a.seq = h.seq) WHERE schema_name = 'SCHEMA'",
	    AUDIT_BEYOND },
	{ "UPDATE testbsx.audit_heads SET mac = REVERSE(mac) WHERE schema_name = 'SCHEMA'",
	    "UPDATE testbsx.audit_heads SET mac = REVERSE(mac) WHERE schema_name = 'SCHEMA'",
	    AUDIT_HEAD },
	{ "UPDATE testbsx.audit_heads SET floor = 2 WHERE schema_name = 'SCHEMA'",
	    "UPDATE testbsx.audit_heads SET floor = 0 WHERE schema_name = 'SCHEMA'", AUDIT_FLOOR },
	{ "UPDATE testbsx.audit_heads SET floor = seq + 5 WHERE schema_name = 'SCHEMA'",
	    "UPDATE testbsx.audit_heads SET floor = 0 WHERE schema_name = 'SCHEMA'", AUDIT_HEAD },
	{ "UPDATE testbsx.audit_heads SET schema_name = 'elsewhere' WHERE schema_name = 'SCHEMA'",
	    "UPDATE testbsx.audit_heads SET schema_name = 'SCHEMA' WHERE schema_name = 'elsewhere'",
	    AUDIT_HEAD },
	{ "INSERT INTO SCHEMA.audit SELECT seq + 1000000, REVERSE(id), at, action, outcome, "
	  "actor_kind,"
	  " actor_id, actor_name, acting_tenant, target_kind, target_id, address, user_agent,"
	  " request_id, details, prev_mac, mac, salt FROM SCHEMA.audit WHERE seq = 1",
	    "DELETE FROM SCHEMA.audit WHERE seq > 1000000", AUDIT_BEYOND },
	{ "INSERT INTO SCHEMA.audit SELECT 0, REVERSE(id), at, action, outcome, actor_kind,"
	  " actor_id, actor_name, acting_tenant, target_kind, target_id, address, user_agent,"
	  " request_id, details, prev_mac, mac, salt FROM SCHEMA.audit WHERE seq = 1",
	    "DELETE FROM SCHEMA.audit WHERE seq = 0", AUDIT_BEYOND },
};

static char *
with_schema(const char *text, const char *schema)
{
	char *out = talloc_strdup(mem, "");

	for (const char *at; (at = strstr(text, "SCHEMA")) != NULL; text = at + strlen("SCHEMA"))
		out = talloc_asprintf_append(out, "%.*s%s", (int)(at - text), text, schema);
	return talloc_asprintf_append(out, "%s", text);
}

static void
do_in(struct people *p, const char *text)
{
	char *sql = with_schema(text, p->w->a.schema_name);

	server_do(p->w->root, "%s", sql);
}

static void
what_somebody_with_the_database_moves_is_said(void **state)
{
	struct people *p = *state;

	guard(p);
	assert_int_equal(verify(p, &p->w->a).fault, AUDIT_FITS);
	unguard(p, &p->w->a);
	assert_int_equal(verify(p, &p->w->a).fault, AUDIT_UNGUARDED);
	for (size_t i = 0; i < sizeof(moves) / sizeof(moves[0]); i++) {
		struct audit_verdict v;

		do_in(p, moves[i].sql);
		v = verify(p, &p->w->a);
		do_in(p, moves[i].undo);
		if (v.fault != moves[i].fault)
			fail_msg("%s: \"%s\"", moves[i].sql, audit_fault_text(v.fault));
		assert_int_equal(verify(p, &p->w->a).fault, AUDIT_UNGUARDED);
	}
	guard(p);
	assert_int_equal(verify(p, &p->w->a).fault, AUDIT_FITS);
}

/* A head that is gone stops deeds: there is nothing to hang their entries on. */
static void
without_a_head_nothing_is_done(void **state)
{
	struct people *p = *state;
	struct err     e = { 0 };

	unguard(p, &p->w->a);
	do_in(p, moves[6].sql);
	assert_fails(note(&p->auth, people_open(p, &p->w->a), NULL, NULL, &e), ERR_INTERNAL);
	assert_non_null(strstr(e.pub, "doctor"));
	do_in(p, moves[6].undo);
	guard(p);
	err_clear(&e);
	assert_ok(note(&p->auth, people_open(p, &p->w->a), NULL, NULL, &e));
}

static void
an_entry_of_another_tenant_does_not_fit(void **state)
{
	struct people *p = *state;

	unguard(p, &p->w->b);
	server_do(p->w->root, "DELETE FROM %s.audit", p->w->b.schema_name);
	server_do(p->w->root, "INSERT INTO %s.audit SELECT * FROM %s.audit WHERE seq = 1",
	    p->w->b.schema_name, p->w->a.schema_name);
	server_do(p->w->root,
	    "UPDATE testbsx.audit_heads SET seq = 1, mac = (SELECT mac FROM %s.audit WHERE seq = 1)"
	    " WHERE schema_name = '%s'",
	    p->w->b.schema_name, p->w->b.schema_name);
	assert_int_equal(verify(p, &p->w->b).broken, 1);
	guard(p);
}

/* A part of the chain of a; its first broken entry. */
static uint64_t
part(struct people *p, uint64_t after, uint64_t limit, struct audit_verdict *v)
{
	const struct audit_part of = { after, limit };
	const struct deed_by    by = people_deed(p, mem, NULL);
	struct err              e = { 0 };

	assert_ok(audit_verify(&by, &of, NULL, v, &e));
	return v->broken;
}

static void
the_chain_verifies_in_parts(void **state)
{
	struct people       *p = *state;
	struct session_grant g;
	struct audit_verdict v;
	uint64_t             all;

	for (int i = 0; i < 4; i++)
		assert_int_equal(
		    people_login(p, mem, "acme", "ada@acme.test", "wrong", &g), ERR_CREDENTIALS);
	assert_int_equal(broken(p, &all), 0);
	assert_true(all >= 4);
	assert_int_equal(part(p, 0, 2, &v), 0);
	assert_int_equal(v.entries, 2);
	assert_int_equal(v.upto, 2);
	assert_int_equal(part(p, 2, 0, &v), 0);
	assert_int_equal(v.entries, all - 2);
	assert_int_equal(v.upto, all);
	assert_int_equal(part(p, all, 0, &v), 0);
	assert_int_equal(v.entries, 0);
	/* each entry is seen by the part it is in, and a lost end by the last */
	unguard(p, &p->w->a);
	server_do(p->w->root, "UPDATE %s.audit SET outcome = 'success' WHERE seq = %d",
	    p->w->a.schema_name, (int)all);
	assert_int_equal(part(p, 0, all - 1, &v), 0);
	assert_int_equal(part(p, all - 1, 0, &v), all);
	server_do(p->w->root, "DELETE FROM %s.audit WHERE seq = %d", p->w->a.schema_name, (int)all);
	assert_int_equal(part(p, 2, 0, &v), all);
}

static void
a_part_behind_no_entry_or_beyond_the_budget_is_refused(void **state)
{
	const struct audit_part none = { 1000000, 0 }, whole = { 0 };
	const struct deed_by    by = people_deed(*state, mem, NULL);
	struct audit_verdict    v;
	struct err              e = { 0 };
	struct work             w;

	assert_false(audit_verify(&by, &none, NULL, &v, &e));
	assert_int_equal(e.code, ERR_MISSING);
	err_clear(&e);
	work_begin(&w, WORK_REQUEST, &clock_system);
	w.steps_max = 1000;
	assert_false(audit_verify(&by, &whole, &w, &v, &e));
	assert_int_equal(e.code, ERR_TOO_COSTLY);
}

static bool
fails_half_way(struct db *db, void *arg, struct err *e)
{
	(void)db;
	if (!user_set_last_login(arg, &(struct uuid) { { 1 } }, (instant) { 1000 }, e))
		return false;
	return err_set(e, ERR_CONFLICT, 0, "no", "half way");
}

static void
a_deed_that_fails_leaves_no_entry(void **state)
{
	struct people    *p = *state;
	struct tenant_db *t = people_open(p, &p->w->a);
	uint64_t          before, after;
	struct err        e = { 0 };

	assert_int_equal(broken(p, &before), 0);
	assert_false(note(&p->auth, t, fails_half_way, t, &e));
	assert_int_equal(e.code, ERR_CONFLICT);
	assert_int_equal(broken(p, &after), 0);
	assert_int_equal(after, before);
}

static void
the_log_says_the_same_without_raw_controls(void **state)
{
	struct people       *p = *state;
	struct session_grant g;
	char                *text = talloc_zero_array(mem, char, 4 << 20);
	FILE                *f;
	char                *line;

	assert_int_equal(people_login(p, mem, "acme", "eve\r\n{\"x\":1}\xE2\x80\xAE@acme.test",
			     "hunter2-secret", &g),
	    ERR_CREDENTIALS);
	f = fopen(p->log_path, "r");
	assert_non_null(f);
	assert_true(fread(text, 1, (4 << 20) - 1, f) > 0);
	fclose(f);
	line = strstr(text, "eve\\r\\n");
	assert_non_null(line);
	while (line > text && line[-1] != '\n')
		line--;
	*strchr(line, '\n') = '\0';
	assert_non_null(strstr(line, "\"session.fail\""));
	assert_non_null(strstr(line, "bsx.auth"));
	assert_non_null(strstr(line, "192.0.2.7"));
	assert_non_null(strstr(line, "\\r\\n"));
	assert_null(strstr(line, "\xE2\x80\xAE"));
	assert_null(strstr(text, "hunter2"));
	assert_null(strstr(text, PASSWORD));
}

/* By the name of the table: else the server goes through the tables of every tenant, for each of
 * them. */
static void
guards_are_looked_for_in_no_schema_but_its_own(void **state)
{
	struct people *p = *state;
	struct db     *root = p->w->root;
	unsigned       looks = 0;
	MYSQL_RES     *texts, *plan;
	MYSQL_ROW      text, row;

	assert_int_equal(mysql_query(root->my,
			     "SELECT CONCAT('EXPLAIN ', body) FROM mysql.proc WHERE db = 'testbsx'"
			     " AND body LIKE '%information_schema.TRIGGERS%'"),
	    0);
	texts = mysql_store_result(root->my);
	assert_int_equal(mysql_num_rows(texts), 2);
	while ((text = mysql_fetch_row(texts)) != NULL) {
		assert_int_equal(mysql_query(root->my, text[0]), 0);
		plan = mysql_store_result(root->my);
		while ((row = mysql_fetch_row(plan)) != NULL) {
			const char *extra = row[mysql_num_fields(plan) - 1];

			if (row[2] == NULL || strcmp(row[2], "TRIGGERS") != 0)
				continue;
			looks++;
			if (strstr(extra, "Scanned 0 databases") == NULL)
				fail_msg("%s", extra);
		}
		mysql_free_result(plan);
	}
	mysql_free_result(texts);
	assert_int_equal(looks, 5);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, begin, finish)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_chain_of_what_was_done_verifies),
		TEST(processes_that_append_at_once_never_fork_it),
		TEST(any_change_of_an_entry_is_found),
		TEST(a_cut_tail_and_a_swapped_pair_are_found),
		TEST(what_somebody_with_the_database_moves_is_said),
		TEST(without_a_head_nothing_is_done),
		TEST(an_entry_of_another_tenant_does_not_fit),
		TEST(a_deed_that_fails_leaves_no_entry),
		TEST(the_log_says_the_same_without_raw_controls),
		TEST(guards_are_looked_for_in_no_schema_but_its_own),
		/* leaves the chain broken */
		TEST(a_part_behind_no_entry_or_beyond_the_budget_is_refused),
		TEST(the_chain_verifies_in_parts),
	};

	return cmocka_run_group_tests_name("audit", tests, people_set_up, people_tear_down);
}
