/*
 * Another data key of a tenant: all that is sealed is sealed with it, wherever it is killed and
 * whoever writes meanwhile; and what somebody with the database has moved is refused, and in the
 * trail.
 */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/auth/sealed_refused.h"
#include "core/auth/tenant/tenant_rekey.h"
#include "core/store/db_snapshot.h"
#include "tests/store/sealed_rows.h"

#define ROWS 130 /* two pages of a column, 17 of contents */

struct resealing {
	struct world      *w;
	struct auth        auth;
	struct deed_by     by;
	struct reseal_pass pass;
	int                asked, stop_at, kill_at;
	size_t             refused;
	struct tenant_db  *late; /* of a process that has the key before: writes a value */
	struct uuid        late_row;
	struct err         e;
};

/* ---- the installation ---- */

static struct tenant_db *
open_in(struct database *d, const struct tenant *t)
{
	const struct tenant *row;
	struct tenant_db    *tdb;
	struct err           e = { 0 };

	assert_ok(tenant_by_id(d, &t->id, &row, &e));
	assert_ok(tenant_db_open(d, row, true, &tdb, &e));
	return tdb;
}

static struct resealing *
resealing(struct world *w)
{
	struct resealing *x = talloc_zero(w, struct resealing);

	world_tenants(w);
	x->w = w;
	x->auth = (struct auth) { .env = &w->env, .database = w->d };
	x->by = (struct deed_by) { .auth = &x->auth, .mem = x, .t = open_in(w->d, &w->a) };
	return x;
}

static char *text(struct resealing *x, const char *fmt, ...) PRINTF(2, 3);
static char *
text(struct resealing *x, const char *fmt, ...)
{
	struct err         e = { 0 };
	struct db_rows    *r;
	const struct blob *v;
	va_list            ap;
	char              *q, *out = NULL;

	va_start(ap, fmt);
	q = talloc_vasprintf(x, fmt, ap);
	va_end(ap);
	r = db_rows(x, x->w->root, q, &e);
	if (r == NULL)
		fail_msg("%s: %s", q, e.detail);
	assert_ok(db_rows_next(r, &v, &e));
	if (v != NULL)
		out = talloc_strndup(x, v[0].p == NULL ? "" : (const char *)v[0].p, v[0].n);
	talloc_free(r);
	return out;
}

static void
rekey(struct resealing *x)
{
	struct data_keys now;
	struct err       e = { 0 };

	assert_ok(tenant_rekey(&x->by, "bsxctl:somebody", &now, &e));
	assert_int_equal(now.newest, 2);
	assert_int_equal(now.n, 2);
}

/* As if the key had been made so long ago that everybody has it. */
static void
settle(struct resealing *x)
{
	server_do(x->w->root,
	    "UPDATE testbsx.tenant_keys SET created_at = created_at - INTERVAL %d SECOND",
	    RESEAL_SETTLE_S + 1);
}

static bool
stops(void *arg, const struct reseal_pass *p, const char *table)
{
	struct resealing *x = arg;

	(void)p;
	if (++x->asked == x->kill_at)
		raise(SIGKILL);
	if (x->late != NULL && strcmp(table, "outbox") == 0) { /* channels are behind it */
		struct blob sealed;
		struct err  e = { 0 };
		char        hex[200];

		assert_ok(tenant_seal(x->late, x,
		    (struct sealed_place) { "channels", "secret", &x->late_row },
		    STR("written late"), &sealed, &e));
		hex_print(sealed.p, sealed.n, hex);
		server_do(x->w->root, "UPDATE %s.channels SET secret = X'%s' WHERE id = X'%s'",
		    x->w->a.schema_name, hex,
		    text(x, "SELECT HEX(MAX(id)) FROM %s.channels", x->w->a.schema_name));
		x->late = NULL;
	}
	return x->asked == x->stop_at;
}

static void
refused(void *arg, const char *table, const char *column, const struct uuid *row)
{
	struct resealing *x = arg;

	assert_true(sealed_is(table, str_of(column)));
	assert_int_equal(row == NULL, strcmp(table, SEALED_CONTENTS) == 0);
	x->refused++;
}

static bool
go_on(struct resealing *x)
{
	const struct reseal_watch w = { stops, refused, x };

	err_clear(&x->e);
	x->by.t = open_in(x->w->d, &x->w->a);
	return reseal_walk(x->w->d, x->by.t, &w, &x->pass, &x->e);
}

static void
whole_pass(struct resealing *x)
{
	x->pass = (struct reseal_pass) { 0 };
	x->asked = x->stop_at = x->kill_at = 0;
	if (!go_on(x))
		fail_msg("%s", x->e.detail);
	assert_true(x->pass.ended);
}

/* Of all sealed columns: values of that version of the data key. */
static int64_t
sealed_with(struct resealing *x, int version)
{
	int64_t n = 0, one;

	for (const struct sealed_column *c = sealed_columns; c->table != NULL; c++) {
		char *s = text(x, "SELECT COUNT(*) FROM %s.%s WHERE SUBSTR(`%s`, 2, 4) = X'%08x'",
		    x->w->a.schema_name, c->table, c->column, (unsigned)version);

		assert_true(str_to_i64(str_of(s), &one));
		n += one;
	}
	return n;
}

static int64_t
columns(void)
{
	int64_t n = 0;

	for (const struct sealed_column *c = sealed_columns; c->table != NULL; c++)
		n++;
	return n;
}

/* What the column of the row has now, opened. */
static bool
open_value(struct resealing *x, struct tenant_db *t, const struct sealed_column *c, unsigned i,
    struct str *plain)
{
	struct sealed_row r = sealed_row_of(c->table, i);
	char              hex[2 * sizeof(r.key) + 1];
	uint8_t           bytes[300];
	struct blob       sealed = { bytes, 0 };
	char             *has;

	hex_print(r.key, r.key_n, hex);
	has = text(x, "SELECT HEX(`%s`) FROM %s.%s WHERE `%s` = X'%s'", c->column, db_schema(t->db),
	    c->table, c->key, hex);
	sealed.n = strlen(has) / 2;
	assert_true(sealed.n <= sizeof(bytes) && hex_parse(str_of(has), bytes, sealed.n));
	err_clear(&x->e);
	return tenant_open(
	    t, x, (struct sealed_place) { c->table, c->column, &r.place }, sealed, plain, &x->e);
}

static void
opens_all(struct resealing *x)
{
	struct tenant_db *t = open_in(x->w->d, &x->w->a);
	struct str        plain;

	for (const struct sealed_column *c = sealed_columns; c->table != NULL; c++)
		for (unsigned i = 1; i <= ROWS; i += ROWS - 1) {
			if (!open_value(x, t, c, i, &plain))
				fail_msg("%s", x->e.detail);
			assert_true(str_eqz(plain, c->column));
		}
}

/* ---- the tests ---- */

#define OLDER "07070707070707070707070707070707"

static void
all_is_sealed_with_the_newest_key_and_the_one_before_is_destroyed(void **state)
{
	struct resealing *x = resealing(*state);
	struct database  *fresh;

	sealed_rows_put(x->w, x->by.t, ROWS);
	rekey(x);
	assert_int_equal(sealed_with(x, 1), columns() * ROWS);
	opens_all(x);
	whole_pass(x);
	assert_int_equal(x->pass.sealed, columns() * ROWS);
	assert_int_equal(sealed_with(x, 2), columns() * ROWS);
	opens_all(x);
	whole_pass(x); /* too early: somebody may still seal with the one before */
	assert_int_equal(x->pass.sealed, 0);
	assert_int_equal(x->pass.destroyed, 0);
	settle(x);
	/* a daemon of a release that says nothing of its keys */
	server_do(x->w->root,
	    "INSERT INTO testbsx.daemons VALUES (X'%s', 'h', 7, '0', NOW(3), NOW(3))", OLDER);
	whole_pass(x);
	assert_int_equal(x->pass.destroyed, 0);
	server_do(x->w->root,
	    "INSERT INTO testbsx.programs VALUES (X'%s', 'driftd', 'h', 7, '1', 1, 1, NOW(3), "
	    "NOW(3))",
	    OLDER);
	whole_pass(x);
	assert_int_equal(x->pass.destroyed, 1);
	server_do(x->w->root, "DELETE FROM testbsx.daemons WHERE id = X'%s'", OLDER);
	server_do(x->w->root, "DELETE FROM testbsx.programs WHERE id = X'%s'", OLDER);
	assert_string_equal(text(x, "SELECT GROUP_CONCAT(version) FROM testbsx.tenant_keys k JOIN"
				    " testbsx.tenants t ON t.id = k.tenant_id WHERE slug = 'acme'"),
	    "2");
	fresh = database_make(x, &x->w->env, &x->e);
	assert_non_null(fresh);
	x->w->d = fresh;
	opens_all(x);
	assert_string_equal(text(x,
				"SELECT CONCAT(action, ' ', actor_name, ' ', details) FROM"
				" %s.audit",
				x->w->a.schema_name),
	    "key.rotate bsxctl:somebody {\"data_key\":2}");
}

static void
killed_at_any_page_it_does_what_is_left(void **state)
{
	static const int  at[] = { 1, 2, 9, 20, 30 };
	struct resealing *x = resealing(*state);
	int64_t           before = 0;

	sealed_rows_put(x->w, x->by.t, ROWS);
	rekey(x);
	for (size_t i = 0; i < sizeof(at) / sizeof(*at); i++) {
		int64_t now;
		int     status;
		pid_t   pid;

		database_close_all(x->w->d);
		pid = fork();
		if (pid == 0) {
			x->pass = (struct reseal_pass) { 0 };
			x->asked = 0;
			x->kill_at = at[i];
			if (!go_on(x))
				fprintf(stderr, "%s\n", x->e.detail);
			_exit(0);
		}
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_true(WIFSIGNALED(status));
		now = sealed_with(x, 2);
		assert_true(at[i] == 1 ? now == 0 : now > before);
		assert_int_equal(now + sealed_with(x, 1), columns() * ROWS);
		before = now;
		opens_all(x);
	}
	x->stop_at = 35; /* stopped it goes on where it was */
	x->pass = (struct reseal_pass) { 0 };
	assert_true(go_on(x) && !x->pass.ended);
	x->stop_at = 0;
	assert_true(go_on(x) && x->pass.ended);
	assert_int_equal(sealed_with(x, 2), columns() * ROWS);
	opens_all(x);
}

/* A process that has not looked yet seals with the key before; nothing of that is lost. */
static void
what_is_written_meanwhile_stays_whoever_writes_it(void **state)
{
	struct resealing *x = resealing(*state);
	struct world     *w = x->w;
	struct database  *other = database_make(w, &w->env, &x->e);
	struct sealed_row last = sealed_row_of("channels", ROWS);
	struct str        plain;

	sealed_rows_put(w, x->by.t, ROWS);
	x->late = open_in(other, &w->a);
	x->late_row = last.place;
	rekey(x);
	settle(x);
	whole_pass(x);
	assert_int_equal(sealed_with(x, 1), 1);
	assert_int_equal(x->pass.destroyed, 0);
	whole_pass(x);
	assert_int_equal(x->pass.sealed, 1);
	assert_int_equal(x->pass.destroyed, 0);
	whole_pass(x);
	assert_int_equal(x->pass.destroyed, 1);
	assert_true(open_value(
	    x, x->by.t, &(struct sealed_column) { "channels", "id", "secret" }, ROWS, &plain));
	assert_true(str_eqz(plain, "written late"));
	assert_int_equal(sealed_with(x, 2), columns() * ROWS);
}

static int64_t
wall(const struct clock *c)
{
	return clock_ms(&clock_system) + c->set_ms;
}

static int64_t
mono(const struct clock *c)
{
	(void)c;
	return clock_ns(&clock_system);
}

static const struct clock_ops shifted = { .wall_ms = wall, .mono_ns = mono };

static void
a_process_seals_with_the_newest_key_after_a_minute(void **state)
{
	struct resealing *x = resealing(*state);
	struct env        env = x->w->env;
	struct database  *d;
	struct clock      later = { .ops = &shifted };
	struct tenant_db *t;

	env.clock = &later;
	d = database_make(x, &env, &x->e);
	assert_int_equal(open_in(d, &x->w->a)->data_key.version, 1);
	rekey(x);
	assert_int_equal(open_in(d, &x->w->a)->data_key.version, 1);
	later.set_ms = TENANT_KEYS_MS + 1;
	t = open_in(d, &x->w->a);
	assert_int_equal(t->data_key.version, 2);
	assert_memory_equal(t->address_key, x->by.t->address_key, KEY_LEN);
}

/* ---- what was moved ---- */

enum swap { OTHER_ROW, OTHER_TENANT, OTHER_COLUMN, CHANGED, CUT, OF_NO_KEY, SWAPS };

/* SQL of the value that comes into the column of the first row. */
static char *
source_of(struct resealing *x, const struct sealed_column *c, const struct sealed_column *from,
    enum swap how)
{
	const char *a = x->w->a.schema_name,
		   *schema = how == OTHER_TENANT ? x->w->b.schema_name : a;
	struct sealed_row r = sealed_row_of(from->table, how == OTHER_ROW ? 2 : 1);
	char              hex[2 * sizeof(r.key) + 1];
	const char       *has;

	hex_print(r.key, r.key_n, hex);
	has = text(x, "SELECT HEX(`%s`) FROM %s.%s WHERE `%s` = X'%s'", from->column, schema,
	    from->table, from->key, hex);
	(void)c;
	if (how == CHANGED)
		return talloc_asprintf(x, "X'%.*s%s'", (int)strlen(has) - 2, has,
		    strcmp(has + strlen(has) - 2, "00") == 0 ? "01" : "00");
	if (how == CUT)
		return talloc_asprintf(x, "X'%.*s'", (int)strlen(has) - 4, has);
	if (how == OF_NO_KEY)
		return talloc_asprintf(x, "X'0100000007%s'", has + 10);
	return talloc_asprintf(x, "X'%s'", has);
}

static void
is_refused(struct resealing *x, const struct sealed_column *c, const struct sealed_column *from,
    enum swap how)
{
	struct sealed_row r = sealed_row_of(c->table, 1);
	const char       *schema = x->w->a.schema_name;
	char              hex[2 * sizeof(r.key) + 1], id[UUID_TEXT_MAX], *was, *entry;
	struct str        plain;

	hex_print(r.key, r.key_n, hex);
	uuid_print(&r.place, id);
	was = text(x, "SELECT HEX(`%s`) FROM %s.%s WHERE `%s` = X'%s'", c->column, schema, c->table,
	    c->key, hex);
	server_do(x->w->root, "UPDATE %s.%s SET `%s` = %s WHERE `%s` = X'%s'", schema, c->table,
	    c->column, source_of(x, c, from, how), c->key, hex);
	if (open_value(x, open_in(x->w->d, &x->w->a), c, 1, &plain))
		fail_msg("%s.%s opens what was of %s.%s (%d)", c->table, c->column, from->table,
		    from->column, (int)how);
	assert_int_equal(x->e.code, ERR_INTERNAL);
	assert_int_equal(x->e.sys, SEAL_REFUSED);
	assert_string_equal(x->e.pub, "internal error");
	assert_non_null(strstr(x->e.detail, "ciphertext refused"));
	assert_non_null(
	    strstr(x->e.detail, talloc_asprintf(x, "%s.%s of %s", c->table, c->column, id)));
	sealed_refused_note(&x->auth);
	entry = text(x,
	    "SELECT CONCAT(action, ' ', outcome, ' ', actor_kind, ' ', target_id, ' ',"
	    " JSON_VALUE(details, '$.table'), '.', JSON_VALUE(details, '$.column')) FROM %s.audit"
	    " ORDER BY seq DESC LIMIT 1",
	    schema);
	assert_string_equal(entry, talloc_asprintf(x, "ciphertext.refuse failure system %s %s.%s",
				       id, c->table, c->column));
	server_do(x->w->root, "UPDATE %s.%s SET `%s` = X'%s' WHERE `%s` = X'%s'", schema, c->table,
	    c->column, was, c->key, hex);
}

static void
what_was_moved_to_another_row_column_or_tenant_is_refused_and_in_the_trail(void **state)
{
	struct resealing *x = resealing(*state);
	int64_t           tried = 0, entries;

	sealed_rows_put(x->w, x->by.t, 2);
	sealed_rows_put(x->w, open_in(x->w->d, &x->w->b), 2);
	for (const struct sealed_column *c = sealed_columns; c->table != NULL; c++) {
		for (enum swap how = 0; how < SWAPS; how++) {
			if (how == OTHER_COLUMN)
				continue;
			is_refused(x, c, c, how);
			tried++;
		}
		for (const struct sealed_column *o = sealed_columns; o->table != NULL; o++) {
			if (o == c)
				continue;
			is_refused(x, c, o, OTHER_COLUMN);
			tried++;
		}
	}
	assert_int_equal(tried, columns() * (SWAPS - 1) + columns() * (columns() - 1));
	assert_true(str_to_i64(str_of(text(x,
				   "SELECT COUNT(*) FROM %s.audit WHERE action ="
				   " 'ciphertext.refuse'",
				   x->w->a.schema_name)),
	    &entries));
	assert_int_equal(entries, tried);
	assert_string_equal(text(x, "SELECT COUNT(*) FROM %s.audit", x->w->b.schema_name), "0");
}

/* It stays as it is, is in the trail, and keeps the key that may have sealed it. */
static void
what_does_not_open_keeps_the_key_before(void **state)
{
	struct resealing *x = resealing(*state);
	const char       *schema = x->w->a.schema_name;

	sealed_rows_put(x->w, x->by.t, 3);
	server_do(x->w->root, "UPDATE %s.channels SET secret = former_secret", schema);
	rekey(x);
	settle(x);
	whole_pass(x);
	assert_int_equal(x->refused, 3);
	assert_int_equal(x->pass.refused, 3);
	assert_int_equal(sealed_with(x, 1), 3);
	whole_pass(x);
	assert_int_equal(x->pass.destroyed, 0);
	assert_int_equal(sealed_with(x, 2), columns() * 3 - 3);
	sealed_refused_note(&x->auth);
	assert_string_equal(text(x,
				"SELECT COUNT(*) FROM %s.audit WHERE action ="
				" 'ciphertext.refuse'",
				schema),
	    "3");
	server_do(x->w->root, "DELETE FROM %s.channels", schema);
	whole_pass(x);
	assert_int_equal(x->pass.destroyed, 1);
}

/* ---- driftd's turns ---- */

static bool
never(void *arg)
{
	(void)arg;
	return false;
}

static void
driftd_finishes_what_was_begun_in_any_tenant(void **state)
{
	struct resealing  *x = resealing(*state);
	struct rekey_turn  t = { .auth = &x->auth, .stop = never };
	struct log_options o = { .target = "stderr", .service = "test", .clock = &clock_system };
	struct data_keys   now;
	struct err         e = { 0 };
	bool               ended;

	for (int i = 0; i < LOG_DATASET__MAX; i++)
		o.levels[i] = LOG_LEVEL_ERROR;
	x->w->env.log = log_open(x, &o, &e);
	sealed_rows_put(x->w, x->by.t, 3);
	rekey(x);
	assert_ok(tenant_rekey_turn(&t, &ended, &e));
	assert_true(ended);
	assert_int_equal(sealed_with(x, 2), 0); /* not everybody has the key */
	settle(x);
	assert_ok(tenant_rekey_turn(&t, &ended, &e));
	assert_true(ended);
	assert_int_equal(sealed_with(x, 2), columns() * 3);
	assert_ok(tenant_rekey_turn(&t, &ended, &e));
	assert_ok(data_keys_state(x->w->d, &x->w->a.id, &now, &e));
	assert_int_equal(now.n, 1);
	assert_int_equal(now.newest, 2);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, world_set_up, world_tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(all_is_sealed_with_the_newest_key_and_the_one_before_is_destroyed),
		TEST(killed_at_any_page_it_does_what_is_left),
		TEST(what_is_written_meanwhile_stays_whoever_writes_it),
		TEST(a_process_seals_with_the_newest_key_after_a_minute),
		TEST(what_was_moved_to_another_row_column_or_tenant_is_refused_and_in_the_trail),
		TEST(what_does_not_open_keeps_the_key_before),
		TEST(driftd_finishes_what_was_begun_in_any_tenant),
	};

	return cmocka_run_group_tests_name("reseal", tests, NULL, NULL);
}
