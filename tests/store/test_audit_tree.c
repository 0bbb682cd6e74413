/* The tree beside the audit trail and its signed checkpoints: made once whoever is killed, and what
 * was changed is named. */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/auth/audit.h"
#include "core/auth/audit_tree.h"
#include "core/auth/audit_verify.h"
#include "tests/store/people.h"

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

static struct deed_by
deed(struct people *p)
{
	return (struct deed_by) { .auth = &p->auth, .mem = mem, .t = people_open(p, &p->w->a) };
}

static void
grow(struct people *p, int n)
{
	struct deed_by by = deed(p);
	struct err     e = { 0 };

	for (int i = 0; i < n; i++) {
		struct audit_entry entry = { .action = AUDIT_CONFIG_UPDATE, .actor_name = "test" };

		assert_ok(audit_deed(&by, NULL, NULL, &entry, &e));
	}
}

static struct audit_verdict
verify(struct people *p)
{
	const struct audit_part whole = { 0 };
	const struct deed_by    by = deed(p);
	struct audit_verdict    v;
	struct err              e = { 0 };

	assert_ok(audit_verify(&by, &whole, NULL, &v, &e));
	return v;
}

static struct audit_point
make(struct people *p)
{
	const struct deed_by by = deed(p);
	struct audit_point   point;
	struct err           e = { 0 };

	assert_ok(audit_checkpoint_make(&by, AUDIT_TREE_STEP, &point, &e));
	return point;
}

static int64_t
count(struct people *p, const char *table)
{
	return people_number(
	    p, &p->w->a, talloc_asprintf(mem, "SELECT COUNT(*) AS n FROM %s", table));
}

/* What somebody with the whole database does first. */
static void
unguard(struct people *p)
{
	static const char *const triggers[] = { "audit_no_update", "audit_no_delete",
		"audit_tree_no_update", "audit_tree_no_delete", "audit_checkpoints_no_update",
		"audit_checkpoints_no_delete" };

	for (size_t i = 0; i < sizeof(triggers) / sizeof(*triggers); i++)
		server_do(
		    p->w->root, "DROP TRIGGER IF EXISTS %s.%s", p->w->a.schema_name, triggers[i]);
	server_do(p->w->root, "DROP TRIGGER IF EXISTS testbsx.audit_head_forward");
}

static void
guard(struct people *p)
{
	struct provision pr = { p->w->prov, p->w->d, &p->w->env };
	struct err       e = { 0 };

	assert_ok(provision_control(&pr, &e));
	assert_ok(world_migrate(p->w, &e));
}

static void
every_entry_is_a_leaf_and_a_checkpoint_says_so(void **state)
{
	struct people       *p = *state;
	struct audit_point   first, again;
	struct audit_verdict v;

	grow(p, 5);
	v = verify(p);
	assert_int_equal(v.fault, AUDIT_FITS);
	assert_int_equal(v.proven, 0);
	first = make(p);
	assert_int_equal(first.row.size, v.head.seq);
	assert_int_equal(count(p, "audit_tree"), v.head.seq);
	again = make(p);
	assert_string_equal(first.row.note, again.row.note);
	assert_int_equal(count(p, "audit_checkpoints"), 1);
	grow(p, 3);
	assert_int_equal(make(p).row.size, v.head.seq + 3);
	v = verify(p);
	assert_int_equal(v.fault, AUDIT_FITS);
	assert_int_equal(v.proven, v.head.seq);
	assert_int_equal(
	    people_number(p, &p->w->a, "SELECT COUNT(DISTINCT salt) AS n FROM audit"), v.head.seq);
}

/* One that appends and signs, until it is killed somewhere. */
static void
killed(struct people *p, useconds_t after_us)
{
	pid_t child = fork();
	int   status;

	if (child == 0) {
		struct auth       *a = people_other(p, mem, NULL);
		struct env         silent = *a->env;
		struct deed_by     by = { .auth = a, .mem = mem };
		struct err         e = { 0 };
		struct audit_point point;

		silent.log = NULL;
		a->env = &silent;
		if (!tenant_db_open(a->database, &p->w->a, false, &by.t, &e))
			_exit(1);
		for (;;) {
			struct audit_entry entry = { .action = AUDIT_CONFIG_UPDATE,
				.actor_name = "test" };

			if (!audit_deed(&by, NULL, NULL, &entry, &e) ||
			    !audit_checkpoint_make(&by, AUDIT_TREE_STEP, &point, &e))
				_exit(2);
		}
	}
	assert_true(child > 0);
	usleep(after_us);
	assert_int_equal(kill(child, SIGKILL), 0);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status));
}

static void
whoever_is_killed_leaves_what_the_next_one_goes_on_with(void **state)
{
	struct people       *p = *state;
	struct audit_verdict v;

	for (useconds_t i = 0; i < 12; i++) {
		killed(p, 20000 + i * 1700);
		assert_int_equal(verify(p).fault, AUDIT_FITS);
	}
	assert_int_equal(make(p).more, false);
	v = verify(p);
	assert_int_equal(v.fault, AUDIT_FITS);
	assert_int_equal(v.proven, v.head.seq);
	assert_int_equal(count(p, "audit_tree"), v.head.seq);
}

/* Two at once add each leaf once. */
static void
two_that_sign_at_once_make_one_tree(void **state)
{
	struct people *p = *state;

	grow(p, 700);
	for (int i = 0; i < 3; i++) {
		if (fork() != 0)
			continue;
		struct auth       *a = people_other(p, mem, NULL);
		struct deed_by     by = { .auth = a, .mem = mem };
		struct audit_point point;
		struct err         e = { 0 };

		_exit(!tenant_db_open(a->database, &p->w->a, false, &by.t, &e) ||
		      !audit_checkpoint_make(&by, AUDIT_TREE_STEP, &point, &e));
	}
	for (int i = 0; i < 3; i++) {
		int status;

		assert_true(wait(&status) > 0);
		assert_int_equal(status, 0);
	}
	assert_int_equal(verify(p).fault, AUDIT_FITS);
	assert_int_equal(verify(p).proven, verify(p).head.seq);
}

/* Each is undone again by what was kept of the table; SCHEMA stands for the tenant's. */
static const struct {
	const char      *table, *sql;
	enum audit_fault fault;
	int              at;     /* < 0: from the head */
	bool             unmade; /* and no checkpoint is signed on it */
} moves[] = {
	{ "audit", "UPDATE SCHEMA.audit SET salt = REVERSE(salt) WHERE seq = 3", AUDIT_LEAF, 3,
	    false },
	{ "audit", "UPDATE SCHEMA.audit SET details = '{}', actor_name = 'x' WHERE seq = 4",
	    AUDIT_ALTERED, 4, false },
	{ "audit_tree", "UPDATE SCHEMA.audit_tree SET hashes = REVERSE(hashes) WHERE seq = 3",
	    AUDIT_LEAF, 3, false },
	{ "audit_tree",
	    "UPDATE SCHEMA.audit_tree SET hashes = CONCAT(LEFT(hashes, 32), REPEAT('x', "
	    "LENGTH(hashes) - 32)) WHERE seq = 4",
	    AUDIT_TREE, 4, false },
	{ "audit_tree", "UPDATE SCHEMA.audit_tree SET hashes = LEFT(hashes, 31) WHERE seq = 1",
	    AUDIT_LEAF, 1, false },
	{ "audit_tree", "DELETE FROM SCHEMA.audit_tree WHERE seq = 5", AUDIT_TREE, 5, false },
	{ "audit_tree", "DELETE FROM SCHEMA.audit_tree", AUDIT_TREE, 1, true },
	{ "audit_checkpoints",
	    "UPDATE SCHEMA.audit_checkpoints SET note = REPLACE(note, 'chains 1', 'chains 2') "
	    "WHERE size = LAST",
	    AUDIT_CHECKPOINT, -1, true },
	{ "audit_checkpoints", "UPDATE SCHEMA.audit_checkpoints SET note = 'x' WHERE size = LAST",
	    AUDIT_CHECKPOINT, -1, true },
	{ "audit_checkpoints",
	    "UPDATE SCHEMA.audit_checkpoints SET size = 2 WHERE size < LAST LIMIT 1",
	    AUDIT_CHECKPOINT, 2, false },
};

static char *
put(const char *text, const char *mark, const char *value)
{
	char *out = talloc_strdup(mem, "");

	for (const char *at; (at = strstr(text, mark)) != NULL; text = at + strlen(mark))
		out = talloc_asprintf_append(out, "%.*s%s", (int)(at - text), text, value);
	return talloc_asprintf_append(out, "%s", text);
}

static char *
filled(struct people *p, const char *text, uint64_t last)
{
	return put(put(text, "SCHEMA", p->w->a.schema_name), "LAST",
	    talloc_asprintf(mem, "%d", (int)last));
}

static void
what_somebody_with_the_database_changes_is_named(void **state)
{
	struct people *p = *state;
	const char    *schema = p->w->a.schema_name;
	uint64_t       last = make(p).row.size;

	unguard(p);
	for (size_t i = 0; i < sizeof(moves) / sizeof(moves[0]); i++) {
		const struct deed_by by = deed(p);
		const char          *table = moves[i].table;
		struct audit_verdict v;
		struct audit_point   point;
		struct err           e = { 0 };

		server_do(p->w->root, "CREATE TABLE %s.kept AS SELECT * FROM %s.%s", schema, schema,
		    table);
		server_do(p->w->root, "%s", filled(p, moves[i].sql, last));
		v = verify(p);
		if (v.fault != moves[i].fault ||
		    v.broken != (moves[i].at > 0 ? (uint64_t)moves[i].at : last))
			fail_msg("%s: \"%s\" at %d", moves[i].sql, audit_fault_text(v.fault),
			    (int)v.broken);
		if (moves[i].unmade) {
			grow(p, 1);
			assert_fails(
			    audit_checkpoint_make(&by, AUDIT_TREE_STEP, &point, &e), ERR_INTERNAL);
		}
		server_do(p->w->root, "DELETE FROM %s.%s", schema, table);
		server_do(
		    p->w->root, "INSERT INTO %s.%s SELECT * FROM %s.kept", schema, table, schema);
		server_do(p->w->root, "DROP TABLE %s.kept", schema);
	}
	guard(p);
	assert_int_equal(verify(p).fault, AUDIT_FITS);
}

/* The head set back with it: only the checkpoint knows. */
static void
a_tail_that_was_cut_with_its_head_is_named(void **state)
{
	struct people       *p = *state;
	const char          *schema = p->w->a.schema_name;
	uint64_t             last = make(p).row.size;
	struct audit_verdict v;

	unguard(p);
	server_do(p->w->root, "CREATE TABLE %s.kept AS SELECT * FROM %s.audit WHERE seq > %d",
	    schema, schema, (int)last - 2);
	server_do(p->w->root, "DELETE FROM %s.audit WHERE seq > %d", schema, (int)last - 2);
	server_do(p->w->root,
	    "UPDATE testbsx.audit_heads SET seq = %d, mac = (SELECT mac FROM %s.audit WHERE seq = "
	    "%d)"
	    " WHERE schema_name = '%s'",
	    (int)last - 2, schema, (int)last - 2, schema);
	v = verify(p);
	assert_int_equal(v.fault, AUDIT_CUT);
	assert_int_equal(v.broken, last - 1);
	server_do(p->w->root, "INSERT INTO %s.audit SELECT * FROM %s.kept", schema, schema);
	server_do(p->w->root,
	    "UPDATE testbsx.audit_heads SET seq = %d, mac = (SELECT mac FROM %s.audit WHERE seq = "
	    "%d)"
	    " WHERE schema_name = '%s'",
	    (int)last, schema, (int)last, schema);
	server_do(p->w->root, "DROP TABLE %s.kept", schema);
	guard(p);
	assert_int_equal(verify(p).fault, AUDIT_FITS);
}

static bool
never(void *arg)
{
	(void)arg;
	return false;
}

/* Once for an interval, by whoever comes first; and what was cut off before the log is told again.
 */
static void
a_trail_that_has_grown_is_due_once(void **state)
{
	struct people           *p = *state;
	const struct audit_round r = { &p->auth, never, NULL };
	const char *const        known =
	    "SELECT COUNT(*) AS n FROM testbsx.audit_heads WHERE checkpoint = seq AND seq > 0";
	bool       more;
	struct err e = { 0 };
	uint64_t   size;

	p->w->conf.audit_checkpoint_s = 900;
	assert_ok(audit_checkpoints_due(&r, &more, &e));
	assert_false(more);
	assert_int_equal(people_number(p, &p->w->a, known), 3);
	grow(p, 1);
	assert_ok(audit_checkpoints_due(&r, &more, &e));
	assert_int_equal(people_number(p, &p->w->a, known), 2);
	server_do(
	    p->w->root, "UPDATE testbsx.audit_heads SET looked_at = NOW(3) - INTERVAL 901 SECOND");
	size = make(p).row.size; /* and then it was killed */
	assert_ok(audit_checkpoints_due(&r, &more, &e));
	assert_int_equal(people_number(p, &p->w->a, known), 3);
	assert_ok(audit_checkpointed(people_open(p, &p->w->a), &size, &e));
	assert_int_equal(size, verify(p).proven);
	assert_int_equal(verify(p).fault, AUDIT_FITS);
}

/* The service knows of a checkpoint that the tenant's account or its owner has no row of any more.
 */
static void
checkpoints_that_are_gone_are_missed(void **state)
{
	struct people *p = *state;

	unguard(p);
	server_do(p->w->root, "DELETE FROM %s.audit_checkpoints", p->w->a.schema_name);
	assert_int_equal(verify(p).fault, AUDIT_CHECKPOINT);
}

#define TREE_TEST(f) cmocka_unit_test_setup_teardown(f, begin, finish)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TREE_TEST(every_entry_is_a_leaf_and_a_checkpoint_says_so),
		TREE_TEST(whoever_is_killed_leaves_what_the_next_one_goes_on_with),
		TREE_TEST(two_that_sign_at_once_make_one_tree),
		TREE_TEST(what_somebody_with_the_database_changes_is_named),
		TREE_TEST(a_tail_that_was_cut_with_its_head_is_named),
		TREE_TEST(a_trail_that_has_grown_is_due_once),
		TREE_TEST(checkpoints_that_are_gone_are_missed),
	};

	return cmocka_run_group_tests_name("audit tree", tests, people_set_up, people_tear_down);
}
