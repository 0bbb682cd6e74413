/*
 * Tenants made of archives: the same to whoever pushes to them, their trail behind a closed one,
 * and nothing where it fails.
 */
#include <string.h>
#include <unistd.h>

#include "core/auth/audit_closed.h"
#include "core/auth/audit_tree.h"
#include "core/auth/tenant/tenant_life.h"
#include "core/store/archive/archive_tables.h"
#include "tests/store/copy_world.h"

#define LEN(a) (sizeof(a) / sizeof *(a))

static void
what_is_the_same_is_the_same_to_the_copy(void **state)
{
	static const char *const tables[] = { "drift_changes", "drift_findings", "alerts",
		"contents", "resources", "drift_reports", "config_snapshots", "users", "channels" };
	struct copying          *y = copying(*state);
	struct uuid              c = copy_live(y);
	struct drift_world      *there;
	struct ingest_answer     a, b;

	copy_export(y);
	copy_must(y);
	there = copy_there(y);
	for (size_t i = 0; i < LEN(tables); i++) {
		char *q = talloc_asprintf(y, "SELECT COUNT(*) FROM %%s.%s", tables[i]);

		assert_int_equal(drift_count(there, q), drift_count(y->x, q));
	}
	assert_int_equal(drift_count(there, "SELECT MAX(version) FROM %s.alert_routing"), 7);
	drift_check(there);
	drift_check_contents(there);
	/* The same push is the same to both: nothing new is found, nothing told, what was accepted
	 * holds. */
	a = drift_push_values(
	    y->x, &c, VALUES("{\"a\":2}", "{\"b\":2}", "{\"password\":\"hidden two\"}"));
	b = drift_push_values(
	    there, &c, VALUES("{\"a\":2}", "{\"b\":2}", "{\"password\":\"hidden two\"}"));
	assert_string_equal(a.report.status, b.report.status);
	assert_int_equal(a.report.accepted, b.report.accepted);
	assert_int_equal(drift_count(there, "SELECT COUNT(*) FROM %s.alerts"),
	    drift_count(y->x, "SELECT COUNT(*) FROM %s.alerts"));
	/* A masked value that changes is told as a change: masks are made with the same key. */
	a = drift_push_values(
	    y->x, &c, VALUES("{\"a\":2}", "{\"b\":2}", "{\"password\":\"hidden one\"}"));
	b = drift_push_values(
	    there, &c, VALUES("{\"a\":2}", "{\"b\":2}", "{\"password\":\"hidden one\"}"));
	assert_int_equal(a.report.modified, b.report.modified);
	assert_string_equal(
	    drift_text(
		there, y, "SELECT GROUP_CONCAT(HEX(address) ORDER BY address) FROM %s.contents"),
	    drift_text(
		y->x, y, "SELECT GROUP_CONCAT(HEX(address) ORDER BY address) FROM %s.contents"));
}

static void
what_was_sealed_is_sealed_anew_and_opens_there_alone(void **state)
{
	struct copying     *y = copying(*state);
	struct drift_world *there;
	struct uuid         id;
	struct str          plain;
	uint8_t             bytes[256];
	struct blob         sealed = { bytes, 0 };
	struct err          e = { 0 };
	char               *hex;

	copy_live(y);
	copy_export(y);
	copy_must(y);
	there = copy_there(y);
	hex = drift_text(there, y, "SELECT HEX(id) FROM %s.channels");
	assert_true(hex_parse(str_of(hex), id.b, sizeof(id.b)));
	hex = drift_text(there, y, "SELECT HEX(secret) FROM %s.channels");
	sealed.n = strlen(hex) / 2;
	assert_true(hex_parse(str_of(hex), bytes, sealed.n));
	assert_ok(tenant_open(
	    there->t, y, (struct sealed_place) { "channels", "secret", &id }, sealed, &plain, &e));
	assert_true(plain.n == 32 && plain.p[0] == 's' && plain.p[31] == 's');
	assert_fails(tenant_open(y->x->t, y, (struct sealed_place) { "channels", "secret", &id },
			 sealed, &plain, &e),
	    ERR_INTERNAL);
	assert_int_not_equal(memcmp(there->t->data_key.key, y->x->t->data_key.key, KEY_LEN), 0);
	assert_memory_equal(there->t->address_key, y->x->t->address_key, KEY_LEN);
}

static void
what_goes_on_by_itself_waits(void **state)
{
	struct copying     *y = copying(*state);
	struct drift_world *there;
	struct uuid         c;

	copy_live(y);
	c = drift_config(y->x, "{\"source\":{\"kind\":\"push\"},"
			       "\"schedule\":{\"interval_s\":300,\"enabled\":true}}");
	(void)c;
	drift_sql(y->x, "INSERT INTO %s.user_sessions (id, user_id, auth_time, aal, provider,"
			" idle_end, absolute_end, address, user_agent, generation, rotated_at,"
			" epoch, last_seen, created_at) VALUES (REPEAT('s', 16), REPEAT('u', 16),"
			" NOW(3), 1, '', NOW(3), NOW(3), '', '', 0, NOW(3), 0, NOW(3), NOW(3))");
	copy_export(y);
	copy_must(y);
	there = copy_there(y);
	assert_int_equal(drift_count(there, "SELECT COUNT(*) FROM %s.user_sessions"), 0);
	assert_int_equal(drift_count(there, "SELECT COUNT(*) FROM %s.outbox"), 0);
	assert_int_equal(
	    drift_count(there, "SELECT COUNT(*) FROM %s.channels WHERE paused_at IS NULL"), 0);
	assert_int_equal(drift_count(there, "SELECT COUNT(*) FROM %s.drift_configs WHERE"
					    " JSON_VALUE(spec, '$.schedule.enabled') = FALSE"),
	    1);
	assert_int_equal(drift_count(there, "SELECT COUNT(*) FROM %s.tenant_usage WHERE name ="
					    " 'drift_configs' AND used = 2"),
	    1);
}

/* Of each kind that there is, an hour from now. */
static void
what_is_due_is_due_there(void **state)
{
	static const char *const kinds[] = {
#define X(id, kind, by) kind,
		SCHEDULE_KINDS(X)
#undef X
	};
	struct copying     *y = copying(*state);
	struct drift_world *there;

	for (size_t i = 0; i < LEN(kinds); i++)
		drift_sql(y->x,
		    talloc_asprintf(y,
			"REPLACE INTO testbsx.schedules (kind, ref, schema_name, next_due) VALUES"
			" ('%s', UNHEX(MD5('%s')), '%%s', NOW(3) + INTERVAL 1 HOUR)",
			kinds[i], kinds[i]));
	copy_export(y);
	copy_must(y);
	there = copy_there(y);
	for (size_t i = 0; i < LEN(kinds); i++)
		assert_int_equal(
		    drift_count(there,
			talloc_asprintf(y,
			    "SELECT COUNT(*) FROM testbsx.schedules WHERE schema_name = '%%s' AND"
			    " kind = '%s' AND ref = UNHEX(MD5('%s')) AND next_due > NOW()",
			    kinds[i], kinds[i])),
		    1);
}

static char *
hex_of(struct copying *y, const uint8_t *p, size_t n)
{
	char *hex = talloc_zero_array(y, char, (unsigned)(2 * n + 1));

	hex_print(p, n, hex);
	return hex;
}

/* A binding to a shared template, as far as an archive has it. */
static void
bind_to(struct copying *y, const char *golden)
{
	struct uuid config = drift_config(y->x, DRIFT_PUSH);
	struct blob sealed;
	struct err  e = { 0 };

	assert_ok(tenant_seal(y->x->t, y,
	    (struct sealed_place) { "golden_bindings", "body", &config }, STR("{}"), &sealed, &e));
	drift_sql(y->x,
	    talloc_asprintf(y,
		"INSERT INTO %%s.golden_bindings (config_id, golden_id, shared, golden_version,"
		" config_version, snapshot_id, body, bound_by, bound_at) VALUES (X'%s', '%s', "
		"TRUE, 1,"
		" 1, REPEAT('s', 16), X'%s', 'somebody', NOW(3))",
		hex_of(y, config.b, sizeof(config.b)), golden, hex_of(y, sealed.p, sealed.n)));
}

static void
what_it_is_bound_to_is_held_where_it_is_shared(void **state)
{
	struct copying     *y = copying(*state);
	struct drift_world *there;

	drift_sql(y->x,
	    "INSERT INTO testbsx.golden_shared VALUES ('golden of bronze', REPEAT('o', 16),"
	    " 'Bronze', '', 1, 1, 0, 0, '', NOW(3), NOW(3))");
	bind_to(y, "golden of bronze");
	bind_to(y, "golden elsewhere");
	copy_export(y);
	copy_must(y);
	there = copy_there(y);
	assert_int_equal(drift_count(there, "SELECT COUNT(*) FROM %s.golden_bindings"), 2);
	assert_string_equal(drift_text(there, y,
				"SELECT GROUP_CONCAT(golden_id) FROM testbsx.golden_uses WHERE"
				" schema_name = '%s'"),
	    "golden of bronze");
}

static void
its_trail_begins_behind_the_archives_which_nobody_changes(void **state)
{
	const struct audit_part  whole = { 0 };
	struct copying          *y = copying(*state);
	struct drift_world      *there;
	struct deed_by           by;
	struct audit_verdict     v;
	struct audit_closed      at;
	struct audit_closed_flaw flaw;
	struct err               e = { 0 };
	uint64_t                 n;

	copy_live(y);
	copy_export(y);
	copy_must(y);
	there = copy_there(y);
	by = deed_in(&y->by, there->t);
	assert_string_equal(
	    drift_text(there, y, "SELECT CONCAT(seq, action, actor_name) FROM %s.audit"),
	    "1audit.restoredbsxctl:somebody");
	assert_ok(audit_verify(&by, &whole, NULL, &v, &e));
	assert_int_equal(v.fault, AUDIT_FITS);
	assert_ok(audit_closed_verify(&by, &n, &at, &flaw, &e));
	assert_int_equal(flaw.fault, AUDIT_FITS);
	assert_int_equal(n, 8);
	/* Who has all of the database takes the guards away, and is found. */
	drift_sql(there, "DROP TRIGGER %s.audit_former_no_update");
	drift_sql(there, "UPDATE %s.audit_former SET actor_name = 'another' WHERE seq = 7");
	assert_ok(audit_closed_verify(&by, &n, &at, &flaw, &e));
	assert_int_equal(flaw.fault, AUDIT_LEAF);
	assert_int_equal(flaw.at, 7);
	drift_sql(there, "UPDATE %s.audit_former SET actor_name = 'somebody' WHERE seq = 7");
	drift_sql(there, "DROP TRIGGER %s.audit_former_no_delete");
	drift_sql(there, "DELETE FROM %s.audit_former WHERE seq = 8");
	assert_ok(audit_closed_verify(&by, &n, &at, &flaw, &e));
	assert_int_equal(flaw.fault, AUDIT_MISSING);
}

/* All that there is of tenants. */
static int64_t
tenants_and_schemas(struct copying *y)
{
	return drift_count(y->x, "SELECT (SELECT COUNT(*) FROM testbsx.tenants) * 100 + (SELECT"
				 " COUNT(*) FROM information_schema.schemata WHERE schema_name LIKE"
				 " 'bsxt%%') + 0 * LENGTH('%s')");
}

/* Nothing is tidied up behind one that is stopped: what is there is what kill -9 leaves. */
static void
is_left_unfinished(struct copying *y)
{
	const struct tenant_life over = { .to = TENANT_DELETED, .reason = "over" };
	const struct tenant     *t;
	struct tenant_db        *tdb;
	struct deed_by           by;
	struct uuid              id, op;
	struct err               e = { 0 };

	assert_false(copy_import(y, "copy"));
	assert_int_equal(y->e.code, ERR_GONE);
	tenant_forget(y->x->w->d);
	assert_ok(tenant_by_slug(y->x->w->d, STR("copy"), &t, &e));
	assert_string_equal(t->status, "provisioning");
	assert_true(provision_is_import(t));
	assert_fails(tenant_db_open(y->x->w->d, t, false, &tdb, &e), ERR_FORBIDDEN);
	err_clear(&e);
	/* Had back, it would be one that another command finishes. */
	id = t->id;
	by = deed_in(&y->by, y->x->t);
	assert_fails(tenant_live(&by, &id, &over, &op, &e), ERR_CONFLICT);
}

static void
one_that_is_cut_short_is_seen_by_nobody_and_begun_anew(void **state)
{
	struct copying     *y = copying(*state);
	struct drift_world *there;
	int64_t             before = tenants_and_schemas(y);
	int                 read, all;

	copy_live(y);
	copy_export(y);
	/* While it is only read there is nothing yet. */
	y->stop_at = 2;
	assert_false(copy_import(y, "copy"));
	assert_int_equal(y->e.code, ERR_GONE);
	assert_int_equal(tenants_and_schemas(y), before);
	y->stop_at = 0;
	assert_true(copy_import(y, "whole"));
	all = y->asked;
	read =
	    (all - 3) / 2; /* twice the tables; and when it is begun, filled, and all but there */
	assert_int_equal(all, 2 * read + 3);
	for (int i = 1; i < 4; i++) {
		y->stop_at = i == 3 ? all : read + i * i; /* empty; with some rows; with all */
		is_left_unfinished(y);
		assert_int_equal(tenants_and_schemas(y), before + 202);
	}
	/* ... or was killed when its schema was gone and its registration was not. */
	drift_sql(y->x, talloc_asprintf(y, "DROP DATABASE %s",
			    drift_text(y->x, y,
				"SELECT schema_name FROM testbsx.tenants WHERE slug"
				" = 'copy'")));
	y->stop_at = 0;
	copy_must(y);
	there = copy_there(y);
	assert_int_equal(drift_count(there, "SELECT COUNT(*) FROM %s.drift_configs"), 1);
	assert_int_equal(tenants_and_schemas(y), before + 202);
	assert_int_equal(drift_count(y->x, "SELECT COUNT(*) FROM testbsx.audit_heads WHERE"
					   " schema_name NOT IN (SELECT schema_name FROM"
					   " testbsx.tenants)"),
	    0);
}

static void
is_newer(struct archive_head *h)
{
	h->schema_version++;
}

static void
is_older_than_its_tables(struct archive_head *h)
{
	h->schema_version--;
}

static void
is_older_than_archives(struct archive_head *h)
{
	h->schema_version = ARCHIVE_OLDEST - 1;
}

static void
has_another_table(struct archive_head *h)
{
	((struct archive_table *)h->tables.p)[5].name = "mysql.global_priv";
}

static void
has_another_column(struct archive_head *h)
{
	((struct archive_table *)h->tables.p)[5].columns.items[0] = "id`) SELECT * FROM x -- ";
}

static void
has_a_bad_name(struct archive_head *h)
{
	h->name = "\xe2\x80\xae";
}

static void
has_no_settings(struct archive_head *h)
{
	h->settings = "[]";
}

static void
has_settings_that_nobody_reads(struct archive_head *h)
{
	h->settings = "{\"allowed_addresses\":[\"nowhere\"]}";
}

static void
has_a_quota_that_nobody_reads(struct archive_head *h)
{
	h->quota = "{\"users\":\"many\"}";
}

static void
what_no_tenant_has_is_refused_before_anything_is_made(void **state)
{
	static const struct {
		void (*alter)(struct archive_head *h);
		const char *sentence;
	} rows[] = {
		{ is_newer, "The archive is of a newer version than this program." },
		{ is_older_than_its_tables,
		    "The archive has a table or a column that no tenant has" },
		{ is_older_than_archives,
		    "The archive says that it is of a version before there were archives." },
		{ has_another_table, "The archive has a table or a column that no tenant has" },
		{ has_another_column, "The archive has a table or a column that no tenant has" },
		{ has_a_bad_name, "A tenant's name" },
		{ has_no_settings, "The archive's settings cannot be read." },
		{ has_settings_that_nobody_reads, "The archive's settings cannot be read." },
		{ has_a_quota_that_nobody_reads, "The archive's settings cannot be read." },
	};
	struct copying *y = copying(*state);
	int64_t         before = tenants_and_schemas(y);

	copy_live(y);
	for (size_t i = 0; i < LEN(rows); i++) {
		unlink(y->path);
		copy_export(y);
		copy_forge(y, rows[i].alter, copy_seed);
		assert_false(copy_import(y, "copy"));
		if (y->e.code != ERR_INVALID ||
		    strncmp(y->e.pub, rows[i].sentence, strlen(rows[i].sentence)) != 0)
			fail_msg("%zu: %s (%s)", i, y->e.pub, y->e.detail);
	}
	unlink(y->path);
	copy_export(y);
	assert_int_equal(truncate(y->path, 3000), 0);
	assert_false(copy_import(y, "copy"));
	assert_int_equal(y->e.code, ERR_INVALID);
	unlink(y->path);
	copy_export(y);
	assert_false(copy_import(y, "acme"));
	assert_int_equal(y->e.code, ERR_CONFLICT);
	assert_false(copy_import(y, "../x"));
	assert_int_equal(y->e.code, ERR_INVALID);
	assert_int_equal(tenants_and_schemas(y), before);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, drift_set_up, drift_tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_is_the_same_is_the_same_to_the_copy),
		TEST(what_was_sealed_is_sealed_anew_and_opens_there_alone),
		TEST(what_goes_on_by_itself_waits),
		TEST(what_is_due_is_due_there),
		TEST(what_it_is_bound_to_is_held_where_it_is_shared),
		TEST(its_trail_begins_behind_the_archives_which_nobody_changes),
		TEST(one_that_is_cut_short_is_seen_by_nobody_and_begun_anew),
		TEST(what_no_tenant_has_is_refused_before_anything_is_made),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
