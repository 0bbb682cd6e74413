/* What the database account of a tenant can do to its own audit trail: add to it, and nothing else.
 */
#include <string.h>

#include "core/store/tenant/database.h"
#include "core/store/db_priv.h"
#include "core/store/ddl.h"
#include "core/auth/audit_tree.h"
#include "core/auth/audit_verify.h"
#include "tests/store/people.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/*
 * Every way to take an entry away or to change it.  SCHEMA and OTHER stand for the schemas of the
 * account and of another tenant; each row is tried alone, inside a transaction, and after each of
 * `tricks`.
 */
static const char *const attacks[] = {
	"UPDATE audit_tree SET hashes = REVERSE(hashes)",
	"DELETE FROM audit_tree",
	"UPDATE audit_checkpoints SET note = ''",
	"DELETE FROM audit_checkpoints",
	"REPLACE INTO audit_tree SELECT chain, seq, REVERSE(hashes) FROM audit_tree",
	"INSERT INTO audit_tree SELECT chain, seq, hashes FROM audit_tree x ON DUPLICATE KEY "
	"UPDATE hashes = ''",
	"TRUNCATE TABLE audit_tree",
	"DROP TRIGGER audit_tree_no_delete",
	"UPDATE audit SET details = '{}'",
	"UPDATE audit SET details = details",
	"UPDATE audit SET seq = seq + 1000 ORDER BY seq DESC",
	"UPDATE IGNORE audit SET action = 'x' WHERE seq = 1",
	"UPDATE LOW_PRIORITY audit SET mac = REPEAT('x', 32) WHERE seq = 2",
	"UPDATE SCHEMA.audit SET actor_name = 'nobody'",
	"UPDATE audit a, audit b SET a.details = '{}'",
	"UPDATE audit a JOIN users u SET a.actor_name = u.email",
	"UPDATE users u, audit a SET u.display_name = 'x', a.actor_name = 'x'",
	"WITH c AS (SELECT 1) UPDATE audit SET details = '{}'",
	"DELETE FROM audit",
	"DELETE FROM audit WHERE seq = 1",
	"DELETE FROM audit ORDER BY seq DESC LIMIT 1",
	"DELETE IGNORE FROM audit",
	"DELETE QUICK FROM audit WHERE seq > 1",
	"DELETE FROM SCHEMA.audit",
	"DELETE a FROM audit a JOIN audit b",
	"DELETE FROM a USING audit a JOIN users u",
	"DELETE u, a FROM users u, audit a",
	"DELETE FROM audit WHERE seq = 1 RETURNING seq",
	"REPLACE INTO audit SELECT * FROM audit",
	"REPLACE INTO audit SELECT seq, id, at, 'x', outcome, actor_kind, actor_id, actor_name, "
	"acting_tenant, target_kind,"
	" target_id, address, user_agent, request_id, details, prev_mac, mac FROM audit ORDER BY "
	"seq DESC LIMIT 1",
	"REPLACE INTO audit SELECT 900, id, at, action, outcome, actor_kind, actor_id, actor_name, "
	"acting_tenant, target_kind,"
	" target_id, address, user_agent, request_id, details, prev_mac, mac FROM audit WHERE seq "
	"= 1",
	"INSERT INTO audit SELECT * FROM audit WHERE seq = 1 ON DUPLICATE KEY UPDATE details = "
	"'{}'",
	"INSERT INTO audit SELECT * FROM audit a WHERE a.seq = 1 ON DUPLICATE KEY UPDATE seq = 900",
	"INSERT IGNORE INTO audit SELECT * FROM audit a WHERE a.seq = 1 ON DUPLICATE KEY UPDATE "
	"action = 'x'",
	"INSERT INTO audit SELECT * FROM audit WHERE seq = 1",
	"LOAD DATA INFILE '/tmp/x' REPLACE INTO TABLE audit",
	"LOAD DATA LOCAL INFILE '/dev/null' REPLACE INTO TABLE audit",
	"TRUNCATE TABLE audit",
	"DROP TABLE audit",
	"DROP TABLE IF EXISTS audit",
	"DROP DATABASE SCHEMA",
	"RENAME TABLE audit TO gone",
	"ALTER TABLE audit RENAME gone",
	"ALTER TABLE audit ADD COLUMN x INT",
	"ALTER TABLE audit DROP COLUMN mac",
	"ALTER TABLE audit ENGINE = MEMORY",
	"ALTER TABLE audit DISCARD TABLESPACE",
	"ALTER TABLE audit PARTITION BY HASH (seq) PARTITIONS 2",
	"ALTER TABLE audit TRUNCATE PARTITION ALL",
	"ALTER TABLE audit EXCHANGE PARTITION p0 WITH TABLE users",
	"ALTER TABLE audit ADD SYSTEM VERSIONING",
	"ALTER TABLE audit ADD FOREIGN KEY (actor_id) REFERENCES users (id) ON DELETE CASCADE",
	"CREATE OR REPLACE TABLE audit (seq INT)",
	"CREATE TABLE mine LIKE audit",
	"CREATE TEMPORARY TABLE audit (seq INT)",
	"CREATE VIEW mine AS SELECT * FROM audit",
	"CREATE TRIGGER mine BEFORE DELETE ON audit FOR EACH ROW SET @x = 1",
	"CREATE OR REPLACE TRIGGER audit_no_update BEFORE UPDATE ON audit FOR EACH ROW SET @x = 1",
	"CREATE TRIGGER mine BEFORE INSERT ON audit FOR EACH ROW SET NEW.details = '{}'",
	"CREATE TRIGGER mine AFTER DELETE ON users FOR EACH ROW DELETE FROM audit",
	"DROP TRIGGER audit_no_update",
	"DROP TRIGGER audit_no_delete",
	"DROP TRIGGER IF EXISTS SCHEMA.audit_no_delete",
	"CREATE PROCEDURE mine() DELETE FROM audit",
	"CREATE FUNCTION mine() RETURNS INT RETURN 1",
	"CREATE EVENT mine ON SCHEDULE EVERY 1 HOUR DO DELETE FROM audit",
	"CREATE INDEX mine ON audit (details(10))",
	"DROP INDEX id ON audit",
	"LOCK TABLES audit WRITE",
	"FLUSH TABLES audit FOR EXPORT",
	"BACKUP STAGE START",
	"GRANT TRIGGER ON SCHEMA.* TO CURRENT_USER",
	"SET ROLE testnone",
	/* the head */
	"SELECT * FROM testbsx.audit_heads",
	"UPDATE testbsx.audit_heads SET seq = seq - 20",
	"UPDATE testbsx.audit_heads SET floor = 1000",
	"DELETE FROM testbsx.audit_heads",
	"INSERT INTO testbsx.audit_heads (schema_name, seq, mac) VALUES ('x', 0, '')",
	"DROP TABLE testbsx.audit_heads",
	"CALL testbsx.audit_advance(HEAD, 1, REPEAT('x', 32))",
	"CALL testbsx.audit_advance(HEAD, 0, REPEAT('x', 32))",
	"CALL testbsx.audit_advance(HEAD, HEAD, REPEAT('x', 32))",
	"CALL testbsx.audit_advance(1, 2, REPEAT('x', 32))",
	"CALL testbsx.audit_advance(0, 1, REPEAT('x', 32))",
	"CALL testbsx.audit_advance(HEAD + 1, HEAD + 2, REPEAT('x', 32))",
	"CALL testbsx.audit_advance(NULL, 1, REPEAT('x', 32))",
	"CALL testbsx.audit_advance(HEAD, NULL, REPEAT('x', 32))",
	"CALL testbsx.audit_advance(HEAD, HEAD + 1, NULL)",
	"CALL testbsx.audit_advance(HEAD, HEAD + 1, REPEAT('x', 33))",
	"CALL testbsx.audit_advance(HEAD, -1, REPEAT('x', 32))",
	"CALL testbsx.audit_advance(HEAD, 18446744073709551615, REPEAT('x', 32))",
	"CALL testbsx.audit_advance(HEAD, HEAD + 1001, REPEAT('x', 32))",
	"CALL testbsx.audit_floor(1)",
	"CALL testbsx.audit_floor(0)",
	"CALL testbsx.audit_floor(NULL)",
	"CALL testbsx.audit_floor(HEAD)",
	"DROP PROCEDURE testbsx.audit_advance",
	"CREATE OR REPLACE PROCEDURE testbsx.audit_floor(IN p INT) SELECT 1",
	"ALTER PROCEDURE testbsx.audit_floor SQL SECURITY INVOKER",
	/* another tenant's */
	"SELECT * FROM OTHER.audit",
	"DELETE FROM OTHER.audit",
	"INSERT INTO OTHER.audit SELECT * FROM audit",
	"DELETE a FROM OTHER.audit a, audit b",
};

/* What the service's account tries with the heads, with and without the tenant's: it may write
 * there, forward only. */
static const char *const head_attacks[] = {
	"UPDATE audit_heads SET seq = seq - 10",
	"UPDATE audit_heads SET seq = 0",
	"UPDATE audit_heads SET seq = NULL",
	"UPDATE IGNORE audit_heads SET seq = NULL",
	"UPDATE IGNORE audit_heads SET seq = seq - 1 WHERE schema_name = 'SCHEMA'",
	"UPDATE audit_heads SET seq = seq - 10, mac = REPEAT('x', 32), floor = 0 WHERE schema_name "
	"= 'SCHEMA'",
	"UPDATE audit_heads SET seq = 18446744073709551615 WHERE schema_name = 'SCHEMA'",
	"UPDATE audit_heads SET seq = seq + 1001 WHERE schema_name = 'SCHEMA'",
	"UPDATE audit_heads SET mac = REVERSE(mac) WHERE schema_name = 'SCHEMA'",
	"UPDATE audit_heads SET mac = NULL WHERE schema_name = 'SCHEMA'",
	"UPDATE audit_heads SET floor = 0 WHERE schema_name = 'SCHEMA'",
	"UPDATE audit_heads SET floor = NULL WHERE schema_name = 'SCHEMA'",
	"UPDATE audit_heads SET checkpoint = 0 WHERE schema_name = 'SCHEMA'",
	"UPDATE audit_heads SET schema_name = 'elsewhere' WHERE schema_name = 'SCHEMA'",
	"UPDATE audit_heads SET schema_name = UPPER(schema_name) WHERE schema_name = 'SCHEMA'",
	"UPDATE audit_heads h JOIN tenants t USING (schema_name) SET h.seq = 0",
	"DELETE FROM audit_heads WHERE schema_name = 'SCHEMA'",
	"DELETE IGNORE FROM audit_heads",
	"DELETE h FROM audit_heads h JOIN tenants t USING (schema_name)",
	"DELETE t, h FROM tenants t JOIN audit_heads h USING (schema_name) WHERE schema_name = "
	"'SCHEMA'",
	"REPLACE INTO audit_heads (schema_name, seq, mac) VALUES ('SCHEMA', 1, REPEAT('x', 32))",
	"INSERT INTO audit_heads (schema_name, seq, mac) VALUES ('SCHEMA', 1, REPEAT('x', 32))",
	"INSERT INTO audit_heads (schema_name, seq, mac) VALUES ('SCHEMA', 1, REPEAT('x', 32)) ON "
	"DUPLICATE KEY UPDATE seq = 1",
	"TRUNCATE TABLE audit_heads",
	"DROP TABLE audit_heads",
	"RENAME TABLE audit_heads TO gone",
	"ALTER TABLE audit_heads ENGINE = MEMORY",
	"DROP TRIGGER audit_head_forward",
	"DROP TRIGGER audit_head_stays",
	"CREATE OR REPLACE TRIGGER audit_head_forward BEFORE UPDATE ON audit_heads FOR EACH ROW "
	"SET @x = 1",
	"CREATE TRIGGER mine BEFORE UPDATE ON audit_heads FOR EACH ROW PRECEDES audit_head_forward "
	"SET NEW.seq = OLD.seq",
	"CREATE TRIGGER mine AFTER DELETE ON tenants FOR EACH ROW DELETE FROM audit_heads",
	"ALTER TABLE audit_heads ADD FOREIGN KEY (schema_name) REFERENCES tenants (schema_name) ON "
	"DELETE CASCADE",
	"CREATE OR REPLACE TABLE audit_heads (seq INT)",
};

/* What a session may set for itself, or tries to. */
static const char *const tricks[] = {
	"SET SESSION sql_mode = ''",
	"SET SESSION sql_mode = 'ANSI,ORACLE'",
	"SET SESSION foreign_key_checks = 0",
	"SET SESSION unique_checks = 0, check_constraint_checks = 0",
	"SET SESSION sql_log_bin = 0",
	"SET SESSION old_mode = 'NO_DUP_KEY_WARNINGS_WITH_IGNORE'",
	"SET SESSION tx_read_only = 0, autocommit = 0",
	"SET SESSION max_sp_recursion_depth = 0, max_session_mem_used = 9000000",
	"SET SESSION innodb_lock_wait_timeout = 1",
	"SET SESSION system_versioning_alter_history = KEEP",
	"SET GLOBAL event_scheduler = 1",
	"SET GLOBAL slave_run_triggers_for_rbr = NO",
	"SET SESSION wsrep_on = 0",
	"SET SESSION collation_connection = utf16_general_ci",
	"SET NAMES latin1",
};

struct place {
	const char *mark, *text;
};

static char *
filled(TALLOC_CTX *mem, const char *text, const struct place *places, size_t n)
{
	char *out = talloc_strdup(mem, text);

	for (size_t i = 0; i < n; i++) {
		char *at;

		while ((at = strstr(out, places[i].mark)) != NULL)
			out = talloc_asprintf(mem, "%.*s%s%s", (int)(at - out), out, places[i].text,
			    at + strlen(places[i].mark));
	}
	return out;
}

/* A connection of its own under the tenant's account: what is set in it is gone with it. */
static struct db *
enter_of(struct people *p, TALLOC_CTX *mem, const struct tenant *t)
{
	const char  *account = t->schema_name;
	struct err   e = { 0 };
	const char **passwords = account_passwords(mem, p->w->env.keyring, account, &e);

	assert_non_null(passwords);
	return server_db_as(mem, account, account, passwords[0]);
}

static struct db *
enter(struct people *p, TALLOC_CTX *mem)
{
	return enter_of(p, mem, &p->w->a);
}

/* To the end of what it answers: some say only there that they were refused. */
static bool
tries(struct db *db, const char *text)
{
	struct err e = { 0 };
	bool       ok = db_exec(db, "attack", text, &e);

	for (int more = 0; ok && more == 0; more = mysql_next_result(db->my)) {
		mysql_free_result(mysql_store_result(db->my));
		ok = mysql_errno(db->my) == 0;
	}
	return ok;
}

static struct audit_verdict
verify_of(struct people *p, const struct tenant *t)
{
	const struct audit_part whole = { 0 };
	const struct deed_by    by = { .auth = &p->auth, .mem = p->w, .t = people_open(p, t) };
	struct audit_verdict    v;
	struct err              e = { 0 };

	assert_ok(audit_verify(&by, &whole, NULL, &v, &e));
	return v;
}

static struct audit_verdict
verify(struct people *p)
{
	return verify_of(p, &p->w->a);
}

static void
grow(struct people *p, TALLOC_CTX *mem)
{
	struct session_grant g;

	for (int i = 0; i < 6; i++)
		people_grant(p, mem, "ada@acme.test", &g);
}

/* Leaves and a checkpoint, so that there is something to attack. */
static void
seal(struct people *p, TALLOC_CTX *mem)
{
	const struct deed_by by = { .auth = &p->auth, .mem = mem, .t = people_open(p, &p->w->a) };
	struct audit_point   point;
	struct err           e = { 0 };

	assert_ok(audit_checkpoint_make(&by, AUDIT_TREE_STEP, &point, &e));
	assert_true(point.row.size > 0 && !point.more);
}

/* All of them in one session, prepared as this trick leaves it (NULL: none). */
static int
walk(struct people *p, const char *trick, bool in_transaction, uint64_t head)
{
	TALLOC_CTX        *mem = talloc_new(NULL);
	struct db         *db = enter(p, mem);
	const struct place places[] = { { "SCHEMA", p->w->a.schema_name },
		{ "OTHER", p->w->b.schema_name },
		{ "HEAD", talloc_asprintf(mem, "%d", (int)head) } };
	int                refused = 0;

	if (trick != NULL)
		(void)tries(db, trick);
	for (size_t i = 0; i < COUNT(attacks); i++, refused++) {
		char *text = filled(mem, attacks[i], places, COUNT(places));

		if (in_transaction)
			assert_true(tries(db, "START TRANSACTION"));
		if (tries(db, text))
			fail_msg("allowed after \"%s\": %s", trick == NULL ? "" : trick, text);
		if (in_transaction && db_is_open(db))
			assert_true(tries(db, "COMMIT"));
	}
	db_close(db);
	talloc_free(mem);
	return refused;
}

static void
nothing_the_account_tries_changes_the_trail(void **state)
{
	struct people       *p = *state;
	TALLOC_CTX          *mem = talloc_new(NULL);
	struct audit_verdict before, after;
	int                  refused = 0;

	grow(p, mem);
	seal(p, mem);
	before = verify(p);
	assert_int_equal(before.fault, AUDIT_FITS);
	assert_int_equal(before.proven, before.head.seq);
	for (int in_transaction = 0; in_transaction < 2; in_transaction++)
		refused += walk(p, NULL, in_transaction, before.head.seq);
	for (size_t i = 0; i < COUNT(tricks); i++)
		refused += walk(p, tricks[i], false, before.head.seq);
	after = verify(p);
	assert_int_equal(after.fault, AUDIT_FITS);
	assert_int_equal(after.entries, before.entries);
	assert_int_equal(after.head.seq, before.head.seq);
	assert_memory_equal(after.head.mac.p, before.head.mac.p, AUDIT_MAC_LEN);
	print_message("%d attempts refused\n", refused);
	talloc_free(mem);
}

/* As the service connects, in the control schema. */
static struct db *
enter_service(struct people *p, TALLOC_CTX *mem)
{
	const struct db_options *o = &p->w->d->control->o;

	return server_db_as(mem, o->schema, o->user, o->password);
}

/* The floor put up to the head lets the tenant's account delete; neither the floor nor the head
 * then goes back. */
static void
both_accounts_together_cannot_cut_the_tail_unnoticed(void **state)
{
	struct people       *p = *state;
	TALLOC_CTX          *mem = talloc_new(NULL);
	const struct tenant *b = &p->w->b;
	struct db           *service = enter_service(p, mem), *own = enter_of(p, mem, b);
	struct audit_verdict v = verify_of(p, b);

	assert_int_equal(v.fault, AUDIT_FITS);
	assert_true(v.entries > 0);
	assert_true(tries(service,
	    talloc_asprintf(mem, "UPDATE audit_heads SET floor = seq WHERE schema_name = '%s'",
		b->schema_name)));
	assert_true(tries(own, "DELETE FROM audit ORDER BY seq DESC LIMIT 1"));
	assert_false(tries(service,
	    talloc_asprintf(
		mem, "UPDATE audit_heads SET floor = 0 WHERE schema_name = '%s'", b->schema_name)));
	assert_false(tries(service, talloc_asprintf(mem,
					"UPDATE audit_heads SET floor = 0, seq = seq - 1, mac = "
					"REPEAT('x', 32) WHERE schema_name = '%s'",
					b->schema_name)));
	v = verify_of(p, b);
	assert_true(v.fault != AUDIT_FITS && v.fault != AUDIT_UNGUARDED);
	db_close(own);
	db_close(service);
	talloc_free(mem);
}

static void
the_service_sets_no_head_back(void **state)
{
	struct people       *p = *state;
	TALLOC_CTX          *mem = talloc_new(NULL);
	struct db           *db;
	struct audit_verdict before, after;
	int                  refused = 0;
	const struct place   floored = { "SCHEMA", "floored" };

	grow(p, mem);
	before = verify(p);
	assert_int_equal(before.fault, AUDIT_FITS);
	server_do(p->w->root,
	    "INSERT INTO testbsx.audit_heads (schema_name, seq, mac, floor, checkpoint)"
	    " VALUES ('floored', 5, REPEAT('x', 32), 2, 2)");
	for (size_t i = 0; i <= COUNT(tricks); i++) {
		const struct place places[] = { { "SCHEMA", p->w->a.schema_name } };

		db = enter_service(p, mem);
		if (i > 0)
			(void)tries(db, tricks[i - 1]);
		(void)tries(db, "SET SESSION sql_mode = ''");
		for (size_t j = 0; j < COUNT(head_attacks); j++, refused++) {
			char *text = filled(mem, head_attacks[j], places, 1);

			/* one that has a floor */
			if (strstr(text, "floor = ") != NULL ||
			    strstr(text, "checkpoint = ") != NULL)
				text = filled(mem, head_attacks[j], &floored, 1);
			if (tries(db, text))
				fail_msg("allowed: %s", text);
		}
		db_close(db);
	}
	after = verify(p);
	assert_int_equal(after.fault, AUDIT_FITS);
	assert_int_equal(after.head.seq, before.head.seq);
	server_do(p->w->root, "DELETE FROM testbsx.audit_heads WHERE schema_name = 'floored'");
	print_message("%d attempts refused\n", refused);
	talloc_free(mem);
}

/* The tenant's row gone, its head stays as long as its schema is there, and goes with it. */
static void
a_head_goes_with_its_tenant(void **state)
{
	struct people *p = *state;
	TALLOC_CTX    *mem = talloc_new(NULL);
	struct db     *db = enter_service(p, mem);

	assert_true(tries(db,
	    "INSERT INTO audit_heads (schema_name, seq, mac) VALUES ('gone', 7, REPEAT('x', 32))"));
	server_do(p->w->root, "CREATE DATABASE gone");
	server_do(p->w->root, "GRANT SELECT, TRIGGER ON gone.* TO testbsxdefiner@localhost");
	assert_false(tries(db, "DELETE FROM audit_heads WHERE schema_name = 'gone'"));
	server_do(p->w->root, "DROP DATABASE gone");
	server_do(p->w->root, "REVOKE SELECT, TRIGGER ON gone.* FROM testbsxdefiner@localhost");
	assert_true(tries(db, "DELETE FROM audit_heads WHERE schema_name = 'gone'"));
	db_close(db);
	talloc_free(mem);
}

/* A cascade would take entries away with no trigger asked. */
static void
no_foreign_key_reaches_the_trail(void **state)
{
	struct people *p = *state;

	assert_int_equal(people_number(p, &p->w->a,
			     "SELECT COUNT(*) AS n FROM information_schema.REFERENTIAL_CONSTRAINTS"
			     " WHERE TABLE_NAME = 'audit' OR REFERENCED_TABLE_NAME = 'audit'"),
	    0);
}

/* Behind a signed checkpoint, which the account cannot move, entries may go; beyond it the trail
 * says that they did. */
static void
entries_go_only_up_to_a_floor_behind_a_checkpoint(void **state)
{
	struct people *p = *state;
	TALLOC_CTX    *mem = talloc_new(NULL);
	struct db     *db;
	uint64_t       head;

	seal(p, mem);
	grow(p, mem);
	db = enter(p, mem);
	assert_false(tries(db, "CALL testbsx.audit_floor(2)"));
	server_do(p->w->root,
	    "UPDATE testbsx.audit_heads SET checkpoint = 3 WHERE schema_name = '%s'",
	    p->w->a.schema_name);
	assert_false(tries(db, "CALL testbsx.audit_floor(4)"));
	assert_true(tries(db, "CALL testbsx.audit_floor(2)"));
	assert_false(tries(db, "CALL testbsx.audit_floor(2)"));
	assert_false(tries(db, "CALL testbsx.audit_floor(1)"));
	assert_false(tries(db, "DELETE FROM audit WHERE seq = 3"));
	assert_false(tries(db, "DELETE FROM audit"));
	assert_false(tries(db, "UPDATE audit SET details = '{}' WHERE seq = 1"));
	assert_true(tries(db, "DELETE FROM audit WHERE seq <= 2"));
	assert_int_equal(verify(p).fault, AUDIT_FITS);
	server_do(p->w->root,
	    "UPDATE testbsx.audit_heads SET checkpoint = seq WHERE schema_name = '%s'",
	    p->w->a.schema_name);
	head = verify(p).head.seq;
	assert_true(tries(db, talloc_asprintf(mem, "CALL testbsx.audit_floor(%d)", (int)head)));
	assert_int_equal(verify(p).fault, AUDIT_FLOOR);
	assert_int_equal(verify(p).broken, head);
	db_close(db);
	talloc_free(mem);
}

/* Adding is what the account is for: what it adds by itself has no MAC that fits. */
static void
a_false_entry_and_a_head_moved_on_are_told(void **state)
{
	struct people *p = *state;
	TALLOC_CTX    *mem = talloc_new(NULL);
	struct db     *db = enter(p, mem);
	uint64_t       head = verify(p).head.seq;

	assert_true(tries(
	    db, talloc_asprintf(mem,
		    "INSERT INTO audit SELECT seq + 1, REVERSE(id), at, action, outcome,"
		    " actor_kind, actor_id, 'somebody else', acting_tenant, target_kind,"
		    " target_id, address, user_agent, request_id, details, mac, REVERSE(mac), salt"
		    " FROM audit WHERE seq = %d",
		    (int)head)));
	assert_int_equal(verify(p).fault, AUDIT_BEYOND);
	assert_int_equal(verify(p).broken, head + 1);
	assert_true(tries(
	    db, talloc_asprintf(mem,
		    "CALL testbsx.audit_advance(%d, %d, (SELECT mac FROM audit WHERE seq = %d))",
		    (int)head, (int)head + 1, (int)head + 1)));
	assert_int_equal(verify(p).fault, AUDIT_ALTERED);
	assert_int_equal(verify(p).broken, head + 1);
	db_close(db);
	talloc_free(mem);
}

static void
guards_that_are_gone_or_say_something_else_are_found_and_made_again(void **state)
{
	static const char *const ways[] = {
		"DROP TRIGGER SCHEMA.audit_no_update",
		"DROP TRIGGER SCHEMA.audit_no_delete",
		"CREATE OR REPLACE TRIGGER SCHEMA.audit_no_update BEFORE UPDATE ON audit FOR EACH "
		"ROW SET @x = 1",
		"CREATE OR REPLACE TRIGGER SCHEMA.audit_no_delete AFTER DELETE ON audit FOR EACH "
		"ROW SIGNAL SQLSTATE '45000'",
		"DROP TRIGGER SCHEMA.audit_tree_no_update",
		"DROP TRIGGER SCHEMA.audit_checkpoints_no_delete",
		"CREATE OR REPLACE TRIGGER SCHEMA.audit_tree_no_delete BEFORE DELETE ON audit_tree "
		"FOR EACH ROW SET @x = 1",
		"REVOKE TRIGGER ON SCHEMA.* FROM testbsxdefiner@localhost",
		"DROP TRIGGER testbsx.audit_head_forward",
		"DROP TRIGGER testbsx.audit_head_stays",
		"CREATE OR REPLACE TRIGGER testbsx.audit_head_forward BEFORE UPDATE ON "
		"testbsx.audit_heads FOR EACH ROW SET @x = 1",
		"CREATE OR REPLACE TRIGGER testbsx.audit_head_stays AFTER DELETE ON "
		"testbsx.audit_heads FOR EACH ROW SIGNAL SQLSTATE '45000'",
		"REVOKE TRIGGER ON testbsx.* FROM testbsxdefiner@localhost",
	};
	struct people *p = *state;
	struct db     *root = server_db(p->w, p->w->a.schema_name);
	struct err     e = { 0 };
	struct place   here = { "SCHEMA", p->w->a.schema_name };

	for (size_t i = 0; i < COUNT(ways); i++) {
		struct tenant_db *t;
		bool              guarded = true, tree = true;

		server_do(root, "%s", filled(p->w, ways[i], &here, 1));
		t = people_open(p, &p->w->a);
		assert_ok(audit_guarded(t, &guarded, &e));
		assert_ok(audit_tree_guarded(t, &tree, &e));
		if (guarded && tree)
			fail_msg("not found: %s", ways[i]);
		assert_ok(
		    provision_control(&(struct provision) { p->w->prov, p->w->d, &p->w->env }, &e));
		assert_ok(world_migrate(p->w, &e));
		assert_ok(audit_guarded(people_open(p, &p->w->a), &guarded, &e));
		assert_ok(audit_tree_guarded(people_open(p, &p->w->a), &tree, &e));
		assert_true(guarded && tree);
	}
	db_close(root);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_the_account_tries_changes_the_trail),
		cmocka_unit_test(no_foreign_key_reaches_the_trail),
		cmocka_unit_test(the_service_sets_no_head_back),
		cmocka_unit_test(a_head_goes_with_its_tenant),
		cmocka_unit_test(
		    guards_that_are_gone_or_say_something_else_are_found_and_made_again),
		/* these leave their mark */
		cmocka_unit_test(entries_go_only_up_to_a_floor_behind_a_checkpoint),
		cmocka_unit_test(a_false_entry_and_a_head_moved_on_are_told),
		cmocka_unit_test(both_accounts_together_cannot_cut_the_tail_unnoticed),
	};

	return cmocka_run_group_tests_name("audit guard", tests, people_set_up, people_tear_down);
}
