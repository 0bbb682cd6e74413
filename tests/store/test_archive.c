/*
 * Archives of tenants: what becomes of each table and column is said, and an export has all of it,
 * as it was at one instant.
 */
#include <fcntl.h>
#include <glob.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/auth/tenant/tenant_export.h"
#include "core/store/archive/archive_tables.h"
#include "core/store/db_snapshot.h"
#include "core/store/drift/content.h"
#include "core/store/tenant/archives.h"
#include "tests/store/sealed_rows.h"

#define LEN(a) (sizeof(a) / sizeof *(a))

static const struct lock for_us = { .kind = LOCK_PASSPHRASE,
	{ "correct horse battery staple", 28 } };

/* ---- the list against the schemas ---- */

/* The first column of each row, as a list. */
static PRINTF(2, 3) struct strings texts(struct world *w, const char *fmt, ...)
{
	struct err         e = { 0 };
	va_list            ap;
	char              *text;
	struct strings     out = { talloc_array(w, const char *, 400), 0 };
	struct db_rows    *r;
	const struct blob *v;

	va_start(ap, fmt);
	text = talloc_vasprintf(w, fmt, ap);
	va_end(ap);
	r = db_rows(w, w->root, text, &e);
	if (r == NULL)
		fail_msg("%s: %s", text, e.detail);
	while (db_rows_next(r, &v, &e) && v != NULL && out.n < 400)
		out.items[out.n++] = str_dup(w, (struct str) { (const char *)v[0].p, v[0].n });
	assert_int_equal(e.code, ERR_OK);
	talloc_free(r);
	return out;
}

static void
each_table_is_in_the_list(struct world *w, const char *schema, const struct archive_plan *plans)
{
	struct strings have =
	    texts(w, "SELECT table_name FROM information_schema.tables WHERE table_schema = '%s'%s",
		schema, "");
	size_t n = 0;

	for (const struct archive_plan *p = plans; p->table != NULL; p++, n++) {
		if (!strings_have(have, p->table))
			fail_msg("the list has %s, which %s has not", p->table, schema);
		assert_true(p->fate == ARCHIVE_CARRIED ? p->columns != NULL : p->why != NULL);
	}
	for (size_t i = 0; i < have.n && n != have.n; i++) {
		const struct archive_plan *p = plans;

		while (p->table != NULL && strcmp(p->table, have.items[i]) != 0)
			p++;
		if (p->table == NULL)
			fail_msg(
			    "what becomes of %s in an archive? (archive_tables.c)", have.items[i]);
	}
	assert_int_equal(n, have.n);
}

/* What is generated is computed anew. */
#define COLUMNS                                                                                    \
	"SELECT CONCAT(column_name, IF(column_key = 'PRI', '*', '')) FROM"                         \
	" information_schema.columns WHERE table_schema = '%s' AND table_name = '%s'"              \
	" AND generation_expression IS NULL ORDER BY ordinal_position"

static void
each_column_is_in_the_list(struct world *w, const struct archive_plan *p)
{
	struct strings        have = texts(w, COLUMNS, w->a.schema_name, p->table);
	const char           *rest = p->columns;
	struct archive_column c;
	size_t                n = 0;

	while (archive_column_next(p, &rest, &c)) {
		char *name =
		    talloc_asprintf(w, "%.*s%s", (int)c.name.n, c.name.p, c.key ? "*" : "");

		if (!strings_have(have, name))
			fail_msg("%s has no %s", p->table, name);
		assert_false(c.key && c.left_out);
		n++;
	}
	if (n != have.n)
		fail_msg("%s has %zu columns, the list %zu: what becomes of the others?", p->table,
		    have.n, n);
}

static void
what_becomes_of_each_table_and_column_is_said(void **state)
{
	struct world *w = *state;

	world_tenants(w);
	each_table_is_in_the_list(w, w->a.schema_name, archive_plans);
	each_table_is_in_the_list(w, w->conf.db_control, archive_control_plans);
	for (const struct archive_plan *p = archive_plans; p->table != NULL; p++)
		if (p->fate == ARCHIVE_CARRIED)
			each_column_is_in_the_list(w, p);
}

/* Bytes that are no sealed value; every other column of bytes is one. */
static const char *const plain_bytes[] = { "alerts.open_key", "audit_tree.hashes",
	"config_collections.category", "drift_changes.category", "drift_changes.key",
	"drift_daily.category", "drift_daily.label", "drift_flaps.category",
	"drift_history.subject", "resources.category", "resources.key", "run_state.tail_seen",
	NULL };

static bool
is_plain(const char *name)
{
	for (const char *const *p = plain_bytes; *p != NULL; p++)
		if (strcmp(*p, name) == 0)
			return true;
	return false;
}

static void
what_holds_bytes_is_sealed_or_known_not_to_be(void **state)
{
	struct world *w = *state;
	size_t        sealed = 0;

	world_tenants(w);
	for (const struct archive_plan *p = archive_plans; p->table != NULL; p++) {
		const char           *rest = p->columns;
		struct archive_column c;
		struct strings        bytes;

		if (p->fate != ARCHIVE_CARRIED)
			continue;
		bytes = texts(w,
		    "SELECT column_name FROM information_schema.columns WHERE table_schema = '%s'"
		    " AND table_name = '%s' AND (data_type = 'varbinary' OR data_type LIKE "
		    "'%%blob')",
		    w->a.schema_name, p->table);
		while (archive_column_next(p, &rest, &c)) {
			char *name = str_dup(w, c.name);
			bool  is_bytes = strings_have(bytes, name);
			char *full = talloc_asprintf(w, "%s.%s", p->table, name);

			if (c.sealed)
				assert_true(is_bytes);
			if (is_bytes && !c.left_out && c.sealed == is_plain(full))
				fail_msg("%s: is it sealed?", full);
			sealed += c.sealed;
		}
	}
	assert_int_equal(sealed, 12);
}

/* ---- an export ---- */

struct exported {
	struct world          *w;
	struct auth            auth;
	struct deed_by         by;
	char                  *path;
	struct tenant_export   in;
	struct tenant_exported out;
	struct err             e;
	uint64_t               stop_at;   /* rows; 0: never */
	bool                   disturbed; /* somebody has written meanwhile */
};

/* While it goes on others write. */
static bool
disturb(void *arg, const struct archive_at *at)
{
	struct exported *x = arg;
	const char      *s = x->w->a.schema_name;

	if (!x->disturbed) {
		server_do(x->w->root,
		    "INSERT INTO %s.roles (id, name, description, created_at)"
		    " VALUES (REPEAT('z', 16), 'Later', '', NOW(3))",
		    s);
		server_do(x->w->root, "DELETE FROM %s.role_permissions", s);
		server_do(x->w->root, "UPDATE %s.drift_configs SET name = 'Later'", s);
	}
	x->disturbed = true;
	return x->stop_at != 0 && at->done >= x->stop_at;
}

static struct exported *
exporting(struct world *w)
{
	struct exported *x = talloc_zero(w, struct exported);

	x->w = w;
	x->auth = (struct auth) { .env = &w->env, .database = w->d };
	x->by = (struct deed_by) { .auth = &x->auth, .mem = x, .t = world_open(w, &w->a) };
	x->path = talloc_asprintf(x, "%s/archive.%d", server_folder(), (int)getpid());
	x->in = (struct tenant_export) { x->path, &for_us, "bsxctl:somebody", disturb, x };
	unlink(x->path);
	server_do(w->root,
	    "INSERT INTO %s.roles (id, name, description, created_at)"
	    " VALUES (REPEAT('a', 16), 'First', '', NOW(3))",
	    w->a.schema_name);
	server_do(w->root,
	    "INSERT INTO %s.role_permissions (role_id, permission)"
	    " VALUES (REPEAT('a', 16), 'read:drift')",
	    w->a.schema_name);
	return x;
}

/* The rows of the archive; `seen` is told each. */
static void
read_archive(struct exported *x,
    void (*seen)(void *arg, const struct archive_table *t, const struct blob *v), void *arg)
{
	int                         fd = open(x->path, O_RDONLY | O_CLOEXEC);
	struct err                  e = { 0 };
	struct archive_reader      *r = archive_reader_make(x, fd, &for_us, &e);
	const struct archive_table *t = NULL;
	struct blob                *v;

	if (r == NULL)
		fail_msg("%s (%s)", e.pub, e.detail);
	assert_ok(archive_head_check(archive_head(r), &e));
	for (;;) {
		assert_ok(archive_get(r, x, &t, &v, &e));
		if (t == NULL)
			break;
		seen(arg, t, v);
	}
	assert_ok(archive_read_end(r, &e));
	talloc_free(r);
	close(fd);
}

struct open_values {
	size_t sealed, permissions, roles, keys;
};

static void
look_at_row(void *arg, const struct archive_table *t, const struct blob *v)
{
	struct open_values *n = arg;

	n->roles += strcmp(t->name, "roles") == 0;
	n->permissions += strcmp(t->name, "role_permissions") == 0;
	n->keys += strcmp(t->name, ARCHIVE_KEY_TABLE) == 0 && v[0].n == KEY_LEN;
	for (size_t i = 0; i < t->columns.n; i++) /* a sealed one holds its own name */
		n->sealed += v[i].n == strlen(t->columns.items[i]) &&
			     memcmp(v[i].p, t->columns.items[i], v[i].n) == 0;
}

/* How many rows the tenant's table has. */
static uint64_t
count(struct world *w, const char *table)
{
	struct strings s = texts(w, "SELECT COUNT(*) FROM %s.%s", w->a.schema_name, table);
	uint64_t       n = 0;

	assert_true(s.n == 1 && str_to_u64(str_of(s.items[0]), &n));
	return n;
}

static void
an_export_has_what_was_there_when_it_began_opened(void **state)
{
	struct world      *w = *state;
	struct exported   *x;
	struct open_values n = { 0 };
	struct stat        st;
	uint64_t           roles, permissions;

	world_tenants(w);
	x = exporting(w);
	sealed_rows_put(w, x->by.t, 1);
	roles = count(w, "roles");
	permissions = count(w, "role_permissions");
	assert_true(roles > 0 && permissions > 0);
	if (!tenant_export(&x->by, &x->in, &x->out, &x->e))
		fail_msg("%s (%s)", x->e.pub, x->e.detail);
	assert_true(x->disturbed);
	read_archive(x, look_at_row, &n);
	assert_int_equal(n.sealed, 12);
	assert_int_equal(n.roles, roles);
	assert_int_equal(n.permissions, permissions);
	assert_int_equal(n.keys, 1);
	assert_int_equal(stat(x->path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal((uint64_t)st.st_size, x->out.bytes);
}

static void
who_has_made_one_is_told_and_it_is_kept_that_there_is_one(void **state)
{
	struct world        *w = *state;
	struct exported     *x;
	struct archives_made made;
	struct strings       told;
	struct err           e = { 0 };
	struct tenant        platform;

	world_tenants(w);
	assert_ok(provision_tenant(&(struct provision) { w->prov, w->d, &w->env }, w, "platform",
	    "Platform", &platform, &e));
	x = exporting(w);
	assert_ok(tenant_export(&x->by, &x->in, &x->out, &x->e));
	assert_ok(archives_made(w->d, x, &w->a.id, &made, &e));
	assert_true(made.all == 1 && made.n == 1 && uuid_eq(&made.named[0].id, &x->out.id));
	assert_string_equal(made.named[0].made_by, "bsxctl:somebody");
	for (size_t i = 0; i < 2; i++) {
		told = texts(w,
		    "SELECT CONCAT(actor_name, JSON_VALUE(details, '$.opened_by')) FROM %s.audit"
		    " WHERE action = 'tenant.export'",
		    i == 0 ? w->a.schema_name : platform.schema_name);
		assert_int_equal(told.n, 1);
		assert_string_equal(told.items[0], "bsxctl:somebodypassphrase");
	}
}

/* Files whose name begins as the archive's. */
static size_t
files_of(const struct exported *x)
{
	glob_t g = { 0 };
	char  *like = talloc_asprintf(NULL, "%s*", x->path);
	size_t n = glob(like, 0, NULL, &g) == 0 ? g.gl_pathc : 0;

	globfree(&g);
	talloc_free(like);
	return n;
}

static void
one_that_is_stopped_or_in_the_way_leaves_nothing(void **state)
{
	struct world        *w = *state;
	struct exported     *x;
	struct archives_made made;
	struct err           e = { 0 };
	int                  fd;

	world_tenants(w);
	x = exporting(w);
	x->stop_at = 1;
	assert_false(tenant_export(&x->by, &x->in, &x->out, &x->e));
	assert_int_equal(x->e.code, ERR_GONE);
	assert_int_equal(files_of(x), 0);
	fd = open(x->path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
	assert_int_equal(write(fd, "mine", 4), 4);
	close(fd);
	x->stop_at = 0;
	err_clear(&x->e);
	assert_false(tenant_export(&x->by, &x->in, &x->out, &x->e));
	assert_int_equal(x->e.code, ERR_CONFLICT);
	assert_ok(archives_made(w->d, x, &w->a.id, &made, &e));
	assert_int_equal(made.all, 0);
	unlink(x->path);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, world_set_up, world_tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_becomes_of_each_table_and_column_is_said),
		TEST(what_holds_bytes_is_sealed_or_known_not_to_be),
		TEST(an_export_has_what_was_there_when_it_began_opened),
		TEST(who_has_made_one_is_told_and_it_is_kept_that_there_is_one),
		TEST(one_that_is_stopped_or_in_the_way_leaves_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
