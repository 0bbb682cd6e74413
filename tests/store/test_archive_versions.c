/*
 * Archives of earlier versions of the schema: what each version had is known, each becomes a tenant
 * of today, one that was really made then too, and whoever is killed on the way begins anew.
 */
#include <fcntl.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/auth/audit_closed.h"
#include "core/auth/tenant/tenant_restore.h"
#include "core/store/archive/archive_tables.h"
#include "core/store/db_priv.h"
#include "core/store/migrate.h"
#include "tests/store/copy_world.h"

#define LEN(a)  (sizeof(a) / sizeof *(a))
#define STEPS   "testarchive"
#define THEN    "tests/store/upgrade/62.archive"
#define TO_THEN "correct horse battery" /* opens it */

/* ---- what each version had ---- */

static struct db *
empty_schema(struct world *w)
{
	struct db_options o = w->prov->o;
	struct err        e = { 0 };
	struct db        *db;

	server_do(w->root, "DROP DATABASE IF EXISTS " STEPS);
	server_do(
	    w->root, "CREATE DATABASE " STEPS " CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin");
	o.schema = STEPS;
	db = db_make(w, &o, &e);
	assert_non_null(db);
	return db;
}

/* "table.column" with a mark behind what is of the key, a line each, of what `plans` says of that
 * version. */
static char *
said(TALLOC_CTX *mem, int64_t version)
{
	char *text = talloc_strdup(mem, "");

	for (const struct archive_plan *p = archive_plans; p->table != NULL; p++) {
		const char           *rest = p->columns;
		struct archive_column c;

		if (p->fate != ARCHIVE_CARRIED || !archive_plan_since(p, version))
			continue;
		while (archive_column_next(p, &rest, &c))
			if (c.since <= version)
				text = talloc_asprintf_append(text, "%s.%.*s%s\n", p->table,
				    (int)c.name.n, c.name.p, c.key ? "*" : "");
	}
	return text;
}

/* The same of what is there, as one list. */
static char *
found(struct world *w, TALLOC_CTX *mem)
{
	char      *text = talloc_strdup(mem, "");
	MYSQL_RES *r;
	MYSQL_ROW  row;

	assert_int_equal(
	    mysql_query(w->root->my,
		"SELECT CONCAT(table_name, '.', column_name, IF(column_key = 'PRI', '*', '')),"
		" table_name FROM information_schema.columns WHERE table_schema = '" STEPS "'"
		" AND generation_expression IS NULL"),
	    0);
	r = mysql_store_result(w->root->my);
	while ((row = mysql_fetch_row(r)) != NULL) {
		const struct archive_plan *p = archive_plans;

		while (p->table != NULL && strcmp(p->table, row[1]) != 0)
			p++;
		if (p->table == NULL)
			fail_msg("what became of %s in an archive of then?", row[1]);
		if (p->fate == ARCHIVE_CARRIED)
			text = talloc_asprintf_append(text, "%s\n", row[0]);
	}
	mysql_free_result(r);
	return text;
}

/* Each line of one stands in the other. */
static void
each_line_is_in(int64_t version, const char *what, const char *lines, const char *all)
{
	for (const char *at = lines, *end; (end = strchr(at, '\n')) != NULL; at = end + 1) {
		const char *there = all;

		while (there != NULL && strncmp(there, at, (size_t)(end - at + 1)) != 0)
			there = strchr(there, '\n') == NULL ? NULL : strchr(there, '\n') + 1;
		if (there == NULL)
			fail_msg(
			    "version %lld %s %.*s", (long long)version, what, (int)(end - at), at);
	}
}

static void
what_an_archive_of_each_version_has_is_what_its_schema_had(void **state)
{
	struct world *w = ((struct drift_world *)*state)->w;
	struct db    *db = empty_schema(w);
	struct err    e = { 0 };

	for (int64_t v = ARCHIVE_OLDEST; v <= migrate_newest(SQL_TENANT); v++) {
		TALLOC_CTX *tmp = talloc_new(w);
		char       *is, *due = said(tmp, v);

		assert_ok(
		    migrate_run(db, SQL_TENANT, migrate_list(tmp, SQL_TENANT, v, &e), NULL, &e));
		is = found(w, tmp);
		each_line_is_in(v, "has no", due, is);
		each_line_is_in(v, "has, and nothing says when it came:", is, due);
		talloc_free(tmp);
	}
	db_close(db);
	server_do(w->root, "DROP DATABASE " STEPS);
}

/* ---- what becomes of one ---- */

static char *
schema_of(struct drift_world *x, TALLOC_CTX *mem)
{
	return drift_text(x, mem,
	    "SELECT GROUP_CONCAT(table_name, '.', column_name, ' ', column_type, is_nullable ORDER "
	    "BY 1)"
	    " FROM information_schema.columns WHERE table_schema = '%s'");
}

/* A schema like any other, recorded so, with nothing missing, and a trail that fits. */
static void
is_a_tenant_of_today(struct copying *y, struct drift_world *there)
{
	const struct audit_part  whole = { 0 };
	struct deed_by           by = deed_in(&y->by, there->t);
	struct audit_verdict     v;
	struct audit_closed      at;
	struct audit_closed_flaw flaw;
	struct err               e = { 0 };
	uint64_t                 n;

	assert_int_equal(there->t->tenant->schema_version, migrate_newest(SQL_TENANT));
	assert_string_equal(schema_of(there, y), schema_of(y->x, y));
	assert_int_equal(drift_count(there, "SELECT COUNT(*) FROM %s.schema_migrations"),
	    drift_count(y->x, "SELECT COUNT(*) FROM %s.schema_migrations"));
	drift_check(there);
	drift_check_contents(there);
	assert_ok(audit_verify(&by, &whole, NULL, &v, &e));
	assert_int_equal(v.fault, AUDIT_FITS);
	assert_ok(audit_closed_verify(&by, &n, &at, &flaw, &e));
	assert_int_equal(flaw.fault, AUDIT_FITS);
	assert_true(n > 0);
}

static void
has_its_rows(struct copying *y, struct drift_world *there)
{
	static const char *const tables[] = { "drift_changes", "drift_findings", "alerts",
		"contents", "resources", "drift_reports", "config_snapshots", "users", "channels",
		"alert_lanes" };

	for (size_t i = 0; i < LEN(tables); i++) {
		char *q = talloc_asprintf(y, "SELECT COUNT(*) FROM %%s.%s", tables[i]);

		assert_int_equal(drift_count(there, q), drift_count(y->x, q));
		if (strcmp(tables[i], "users") != 0)
			assert_true(drift_count(there, q) > 0);
	}
}

static void
one_of_any_version_becomes_a_tenant_of_today(void **state)
{
	static const int versions[] = { ARCHIVE_OLDEST, 84 };
	struct copying  *y = copying(*state);
	struct uuid      c = copy_live(y);

	for (size_t i = 0; i < LEN(versions); i++) {
		char                *slug = talloc_asprintf(y, "copy-%d", versions[i]);
		struct drift_world  *there;
		struct ingest_answer a;

		copy_export(y);
		copy_as_of(y, versions[i], copy_seed);
		if (!copy_import(y, slug))
			fail_msg("%d: %s (%s)", versions[i], y->e.pub, y->e.detail);
		there = copy_there(y);
		is_a_tenant_of_today(y, there);
		has_its_rows(y, there);
		/* A row that came with the schema, before there was the table and since. */
		assert_int_equal(drift_count(there, "SELECT SUM(version) FROM %s.alert_routing"),
		    versions[i] < 64 ? 1 : 7);
		a = drift_push_values(
		    there, &c, VALUES("{\"a\":2}", "{\"b\":2}", "{\"password\":\"hidden two\"}"));
		assert_int_equal(a.report.accepted, 1);
		assert_int_equal(a.report.modified, 2);
		assert_int_equal(drift_count(there, "SELECT COUNT(*) FROM %s.alerts"),
		    drift_count(y->x, "SELECT COUNT(*) FROM %s.alerts"));
	}
}

/* Nothing of later versions, and nothing less than there was, however it is called. */
static void
has_one_more(struct archive_head *h)
{
	h->schema_version = 84;
}

static void
is_of_none(struct archive_head *h)
{
	h->schema_version = 1;
}

static void
another_versions_tables_are_refused_before_anything_is_made(void **state)
{
	struct copying *y = copying(*state);
	const char     *before,
	    *count = "SELECT GROUP_CONCAT(slug) FROM testbsx.tenants WHERE '%s' <> ''";

	copy_live(y);
	before = drift_text(y->x, y, count);
	copy_export(y);
	copy_as_of(y, 70, copy_seed);
	copy_forge(y, has_one_more, copy_seed);
	assert_false(copy_import(y, "copy"));
	assert_string_equal(
	    y->e.pub, "The archive has a table or a column that no tenant has, or one is missing.");
	copy_forge(y, is_of_none, copy_seed);
	assert_false(copy_import(y, "copy"));
	assert_string_equal(
	    y->e.pub, "The archive says that it is of a version before there were archives.");
	copy_export(y);
	copy_as_of(y, 70, copy_seed);
	assert_int_equal(truncate(y->path, 3000), 0);
	assert_false(copy_import(y, "copy"));
	assert_int_equal(y->e.code, ERR_INVALID);
	assert_string_equal(drift_text(y->x, y, count), before);
}

/* Stopped where it is filled, where it is about to be brought up to date, and behind that: nobody
 * tidies up. */
static void
one_that_is_stopped_is_begun_anew(void **state)
{
	struct copying *y = copying(*state);
	int             all;

	copy_live(y);
	copy_export(y);
	copy_as_of(y, 66, copy_seed);
	copy_must(y);
	all = y->asked;
	for (int i = 0; i < 5; i += 2) {
		y->stop_at = all - i;
		assert_false(copy_import(y, "other"));
		assert_int_equal(y->e.code, ERR_GONE);
	}
	y->stop_at = 0;
	if (!copy_import(y, "other"))
		fail_msg("%s (%s)", y->e.pub, y->e.detail);
	is_a_tenant_of_today(y, copy_there(y));
	has_its_rows(y, copy_there(y));
	assert_int_equal(
	    drift_count(y->x, "SELECT COUNT(*) FROM testbsx.tenants WHERE '%s' <> ''"), 4);
}

/* ---- one that was made then, and the command ---- */

static char *
write_file(struct copying *y, const char *name, const char *text)
{
	char *path = talloc_asprintf(y, "%s/versions.%s", server_folder(), name);
	FILE *f;

	unlink(path);
	f = fopen(path, "w");
	assert_non_null(f);
	assert_int_equal(fchmod(fileno(f), 0600), 0);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
	return path;
}

static const char *
write_conf(struct copying *y)
{
	return write_file(y, "conf",
	    talloc_asprintf(y,
		"public_url = \"http://127.0.0.1:8080\"; state_dir = \"%s\"; keyring = \"%s\";\n"
		"user = \"%s\";\n"
		"db = { socket = \"%s\"; control = \"testbsx\"; user = \"testbsx\";"
		" provision_user = \"root\"; };\n",
		server_folder(), y->x->w->keyring, getpwuid(getuid())->pw_name, server_socket()));
}

/* `bsxctl tenant import` of that archive, as `slug`; told to /dev/null, or where `out` says. */
static pid_t
command(struct copying *y, const char *archive, const char *slug, const char *passphrase)
{
	const char *conf = write_conf(y);
	const char *file = write_file(y, "passphrase", passphrase);
	const char *out = talloc_asprintf(y, "%s/versions.out", server_folder());
	pid_t       pid = fork();

	assert_true(pid >= 0);
	if (pid > 0)
		return pid;
	if (freopen(out, "w", stdout) != NULL && freopen(out, "a", stderr) != NULL)
		execl(getenv("BSX_CTL"), "bsxctl", "-c", conf, "tenant", "import", archive, slug,
		    "--passphrase-file", file, (char *)NULL);
	_exit(127);
}

static int
status_of(pid_t pid)
{
	int status;

	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

static void
must_end(struct copying *y, pid_t pid)
{
	const int status = status_of(pid);

	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
		fail_msg("status %d: see %s/versions.out", status, server_folder());
	(void)y;
}

static void
find_copy(struct copying *y, const char *slug)
{
	const struct tenant *t;
	struct err           e = { 0 };

	tenant_forget(y->x->w->d);
	assert_ok(tenant_by_slug(y->x->w->d, str_of(slug), &t, &e));
	y->out.id = t->id;
}

static void
what_a_version_of_then_has_made_becomes_a_tenant_of_today(void **state)
{
	struct copying     *y = copying(*state);
	struct drift_world *there;

	must_end(y, command(y, THEN, "then", TO_THEN));
	find_copy(y, "then");
	there = copy_there(y);
	is_a_tenant_of_today(y, there);
	assert_int_equal(drift_count(there, "SELECT COUNT(*) FROM %s.audit_former"), 20);
	assert_int_equal(drift_count(there, "SELECT COUNT(*) FROM %s.drift_changes"), 45);
	assert_int_equal(drift_count(there, "SELECT COUNT(*) FROM %s.drift_findings WHERE status ="
					    " 'accepted'"),
	    6);
	assert_int_equal(
	    drift_count(there, "SELECT COUNT(*) FROM %s.channels WHERE paused_at IS NULL"), 0);
	assert_string_equal(
	    drift_text(there, y, "SELECT GROUP_CONCAT(email ORDER BY email) FROM %s.users"),
	    "ada@demo.example,admin@demo.example");
}

/* How far the schema of the tenant that is being made has come; 0: there is none yet. */
static int64_t
come_to(struct copying *y, const char *slug)
{
	MYSQL_RES *r;
	MYSQL_ROW  row;
	int64_t    v = 0;
	char      *q =
	    talloc_asprintf(y, "SELECT schema_name FROM testbsx.tenants WHERE slug = '%s'", slug);

	assert_int_equal(mysql_query(y->x->w->root->my, q), 0);
	r = mysql_store_result(y->x->w->root->my);
	row = mysql_fetch_row(r);
	q = row == NULL
		? NULL
		: talloc_asprintf(y, "SELECT MAX(version) FROM `%s`.schema_migrations", row[0]);
	mysql_free_result(r);
	if (q == NULL || mysql_query(y->x->w->root->my, q) != 0) /* there is no such table yet */
		return 0;
	r = mysql_store_result(y->x->w->root->my);
	row = mysql_fetch_row(r);
	if (row != NULL && row[0] != NULL)
		v = strtoll(row[0], NULL, 10);
	mysql_free_result(r);
	return v;
}

/* kill -9 while its schema is made, when that is of the archive's version, and while it is brought
 * up to date. */
static void
one_whose_command_is_killed_is_begun_anew(void **state)
{
	static const int64_t at[] = { 1, 66, 80 };
	struct copying      *y = copying(*state);
	int                  killed = 0;

	copy_live(y);
	copy_export(y);
	copy_as_of(y, 66, copy_seed);
	for (size_t i = 0; i < LEN(at); i++) {
		const char *slug = talloc_asprintf(y, "copy-%zu", i);
		pid_t       pid = command(y, y->path, slug, COPY_PASSPHRASE);
		int         status;

		while (come_to(y, slug) < at[i] && waitpid(pid, &status, WNOHANG | WNOWAIT) == 0)
			continue;
		assert_int_equal(kill(pid, SIGKILL), 0);
		status = status_of(pid);
		killed += WIFSIGNALED(status);
		if (WIFSIGNALED(status))
			must_end(y, command(y, y->path, slug, COPY_PASSPHRASE));
		find_copy(y, slug);
		is_a_tenant_of_today(y, copy_there(y));
		has_its_rows(y, copy_there(y));
	}
	assert_true(killed >= 2);
	assert_int_equal(drift_count(y->x, "SELECT COUNT(*) FROM information_schema.schemata WHERE"
					   " schema_name LIKE 'bsxt%%' AND '%s' <> ''"),
	    2 + (int)LEN(at));
}

/* ---- back to one ---- */

static bool
go_on(void *arg, const struct archive_at *at)
{
	(void)arg, (void)at;
	return false;
}

static void
a_tenant_goes_back_to_one(void **state)
{
	struct copying       *y = copying(*state);
	struct tenant_restore in = { .p = &y->p, .grace_s = 3600, .actor_name = "bsxctl:somebody" };
	struct tenant_restored out;
	const struct tenant   *t;
	uint8_t                seed[KEY_LEN];
	struct err             e = { 0 };
	int64_t                findings;

	copy_live(y);
	findings = drift_count(y->x, "SELECT COUNT(*) FROM %s.drift_findings");
	copy_export(y);
	assert_ok(keyring_subkey(y->x->w->env.keyring, keyring_newest(y->x->w->env.keyring),
	    KEY_AUDIT_SIGN, STR(""), seed, &e));
	copy_as_of(y, 70, seed);
	drift_sql(y->x, "DELETE FROM %s.drift_findings");
	in.from = (struct archive_source) { open(y->path, O_RDONLY | O_CLOEXEC), &copy_lock, NULL,
		go_on, NULL };
	if (!tenant_restore(&y->by, &in, &out, &e))
		fail_msg("%s (%s)", e.pub, e.detail);
	close(in.from.fd);
	tenant_forget(y->x->w->d);
	assert_ok(tenant_by_slug(y->x->w->d, STR("acme"), &t, &e));
	assert_ok(tenant_db_open(y->x->w->d, t, false, &y->x->t, &e));
	assert_int_equal(t->schema_version, migrate_newest(SQL_TENANT));
	assert_int_equal(drift_count(y->x, "SELECT COUNT(*) FROM %s.drift_findings"), findings);
	assert_int_equal(drift_count(y->x, "SELECT MAX(version) FROM %s.schema_migrations"),
	    migrate_newest(SQL_TENANT));
	is_a_tenant_of_today(y, y->x);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, drift_set_up, drift_tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_an_archive_of_each_version_has_is_what_its_schema_had),
		TEST(one_of_any_version_becomes_a_tenant_of_today),
		TEST(another_versions_tables_are_refused_before_anything_is_made),
		TEST(one_that_is_stopped_is_begun_anew),
		TEST(what_a_version_of_then_has_made_becomes_a_tenant_of_today),
		TEST(one_whose_command_is_killed_is_begun_anew),
		TEST(a_tenant_goes_back_to_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
