/*
 * Databases of every earlier state of the tree become those of today: their schemas are the same as
 * fresh ones, and what was in them is there and works.
 */
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "core/auth/audit.h"
#include "core/auth/audit_verify.h"
#include "core/store/alert/alert.h"
#include "core/store/alert/outbox.h"
#include "core/store/db_priv.h"
#include "core/store/identity/mail_token.h"
#include "core/store/migrate.h"
#include "core/store/drift/report.h"
#include "drift/deliver/finished.h"
#include "tests/store/old_world.h"
#include "tests/store/people.h"

#define CONTROL       OLD_CONTROL
#define FOLDER        OLD_FOLDER
#define EMPTY         "testupgrade"
#define EMPTY_CONTROL "testupgradecontrol" /* of the schemas of tenants */
#define LIST_MAX      512                  /* migrations of both schemas */

/* ---- what a schema is ---- */

static const char *const parts[] = {
	"SELECT CONCAT_WS('|', 'table', TABLE_NAME, ENGINE, TABLE_COLLATION) FROM "
	"information_schema.TABLES"
	" WHERE TABLE_SCHEMA = @schema",
	"SELECT CONCAT_WS('|', 'column', TABLE_NAME, COLUMN_NAME, COLUMN_TYPE, IS_NULLABLE, "
	"COLLATION_NAME, EXTRA,"
	" IFNULL(COLUMN_DEFAULT, 'none'), GENERATION_EXPRESSION) FROM information_schema.COLUMNS "
	"WHERE TABLE_SCHEMA = @schema",
	"SELECT CONCAT_WS('|', 'index', TABLE_NAME, INDEX_NAME, NON_UNIQUE, SEQ_IN_INDEX, "
	"COLUMN_NAME, IFNULL(SUB_PART, ''))"
	" FROM information_schema.STATISTICS WHERE TABLE_SCHEMA = @schema",
	"SELECT CONCAT_WS('|', 'trigger', TRIGGER_NAME, EVENT_OBJECT_TABLE, EVENT_MANIPULATION, "
	"ACTION_TIMING,"
	" ACTION_STATEMENT) FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = @schema",
	"SELECT CONCAT_WS('|', 'routine', ROUTINE_NAME, DEFINER, SECURITY_TYPE, ROUTINE_DEFINITION)"
	" FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA = @schema",
	"SELECT CONCAT_WS('|', 'parameter', SPECIFIC_NAME, ORDINAL_POSITION, PARAMETER_MODE, "
	"PARAMETER_NAME, DTD_IDENTIFIER)"
	" FROM information_schema.PARAMETERS WHERE SPECIFIC_SCHEMA = @schema",
};

static MYSQL_RES *
ask(struct db *root, const char *text)
{
	struct err e = { 0 };

	assert_ok(db_ready(root, &e));
	if (mysql_query(root->my, text) != 0)
		fail_msg("%s: %s", text, mysql_error(root->my));
	return mysql_store_result(root->my);
}

/* All of it as text, a line each, in an order that does not depend on when it was made. */
static char *
schema_text(TALLOC_CTX *mem, struct db *root, const char *schema)
{
	struct buf b;

	buf_make(&b, mem);
	server_do(root, "SET @schema = '%s'", schema);
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		MYSQL_RES *r = ask(root, talloc_asprintf(mem, "%s ORDER BY 1", parts[i]));
		MYSQL_ROW  row;

		while ((row = mysql_fetch_row(r)) != NULL)
			buf_printf(&b, "%s\n", row[0]);
		mysql_free_result(r);
	}
	assert_true(b.n > 1000);
	return b.p;
}

static void
assert_same_schema(const char *what, const char *got, const char *want)
{
	size_t at = 0;

	if (strcmp(got, want) == 0)
		return;
	while (got[at] == want[at])
		at++;
	while (at > 0 && got[at - 1] != '\n')
		at--;
	fail_msg("%s: \"%.*s\" instead of \"%.*s\"", what, (int)strcspn(got + at, "\n"), got + at,
	    (int)strcspn(want + at, "\n"), want + at);
}

/* ---- schemas of earlier states, empty ---- */

struct empty {
	struct db *root;
	char      *fresh[2]; /* by scope */
};

static struct db *
empty_db(struct empty *s, const char *schema, const char *control)
{
	struct err        e = { 0 };
	struct db_options o = { .socket = server_socket(),
		.user = "root",
		.schema = schema,
		.control = control,
		.kind = "control",
		.clock = &clock_system };
	struct db        *db;

	server_schema(s->root, schema);
	db = db_make(s, &o, &e);
	assert_non_null(db);
	return db;
}

static struct db *
empty_of(struct empty *s, int scope)
{
	return empty_db(s, EMPTY, scope == SQL_CONTROL ? EMPTY : EMPTY_CONTROL);
}

static void
empty_end(struct db *db)
{
	db_close(db);
	talloc_free(db);
}

static int
empty_set_up(void **state)
{
	struct empty *s = talloc_zero(NULL, struct empty);
	struct err    e = { 0 };
	struct db    *control;

	s->root = server_db(s, NULL);
	server_do(s->root, "CREATE USER IF NOT EXISTS " EMPTY "definer@localhost ACCOUNT LOCK");
	server_do(
	    s->root, "CREATE USER IF NOT EXISTS " EMPTY_CONTROL "definer@localhost ACCOUNT LOCK");
	control = empty_db(s, EMPTY_CONTROL, EMPTY_CONTROL);
	assert_ok(migrate_run(control, SQL_CONTROL, migrations, NULL, &e));
	empty_end(control);
	for (int scope = SQL_CONTROL; scope <= SQL_TENANT; scope++) {
		struct db *db = empty_of(s, scope);

		assert_ok(migrate_run(db, (enum sql_scope)scope, migrations, NULL, &e));
		s->fresh[scope] = schema_text(s, s->root, EMPTY);
		empty_end(db);
	}
	*state = s;
	return 0;
}

static int
empty_tear_down(void **state)
{
	struct empty *s = *state;

	server_do(s->root, "DROP DATABASE " EMPTY);
	server_do(s->root, "DROP DATABASE " EMPTY_CONTROL);
	server_do(s->root, "DROP USER " EMPTY "definer@localhost");
	server_do(s->root, "DROP USER " EMPTY_CONTROL "definer@localhost");
	talloc_free(s);
	return 0;
}

/* The migrations of one scope in a line of FOLDER/states, as that state had them. */
static char *
state_list(TALLOC_CTX *mem, const char *line, enum sql_scope scope, struct migration *list)
{
	char *key = talloc_strdup(mem, ""), *rest = talloc_strdup(mem, line), *token;
	int   n = 0;

	while ((token = strsep(&rest, " ")) != NULL) {
		const char *equals = strchr(token, '=');
		const char *path = equals == NULL ? token : equals + 1;
		bool        tenant = strncmp(path, "control/", 8) != 0;
		const char *slash = strchr(path, '/');

		if (tenant != (scope == SQL_TENANT))
			continue;
		assert_true(n < LIST_MAX - 1 && slash != NULL);
		list[n++] = (struct migration) { .scope = scope,
			.name = talloc_strdup(mem, path),
			.version = atoll(equals == NULL ? slash + 1 : token),
			.late = true,
			.text = old_file(
			    mem, talloc_asprintf(mem, "%s/%s",
				     strncmp(path, "former/", 7) == 0 ? FOLDER : "db", path)) };
		key = talloc_asprintf_append(key, " %s", token);
	}
	list[n] = (struct migration) { 0 };
	return key;
}

static void
every_earlier_state_becomes_what_a_fresh_schema_is(void **state)
{
	struct empty *s = *state;
	TALLOC_CTX   *mem = talloc_new(s);
	char *all = old_file(mem, FOLDER "/states"), *line, *seen = talloc_strdup(mem, "\n");
	int   n = 0;

	while ((line = strsep(&all, "\n")) != NULL) {
		for (int scope = SQL_CONTROL; *line != '#' && *line != '\0' && scope <= SQL_TENANT;
		     scope++) {
			TALLOC_CTX      *tmp = talloc_new(mem);
			struct migration list[LIST_MAX];
			struct err       e = { 0 };
			char            *key = state_list(tmp, line, (enum sql_scope)scope, list);
			struct db       *db;

			if (strstr(seen, talloc_asprintf(tmp, "\n%s\n", key)) != NULL)
				continue;
			seen = talloc_asprintf_append(seen, "%s\n", key);
			db = empty_of(s, scope);
			if (!migrate_run(db, (enum sql_scope)scope, list, NULL, &e) &&
			    e.code != ERR_INTERNAL)
				fail_msg("%s: %s", key, e.detail);
			err_clear(&e);
			if (!migrate_run(db, (enum sql_scope)scope, migrations, NULL, &e))
				fail_msg("%s: %s", key, e.detail);
			assert_same_schema(key, schema_text(tmp, s->root, EMPTY), s->fresh[scope]);
			empty_end(db);
			talloc_free(tmp);
			n++;
		}
	}
	assert_true(n >= 25);
	talloc_free(mem);
}

/* The way of a database that was there from the beginning and took every state it could. */
static void
a_schema_that_went_through_every_state_is_the_same(void **state)
{
	struct empty *s = *state;

	for (int scope = SQL_CONTROL; scope <= SQL_TENANT; scope++) {
		TALLOC_CTX      *mem = talloc_new(s);
		char            *all = old_file(mem, FOLDER "/states"), *line;
		struct migration list[LIST_MAX];
		struct err       e = { 0 };
		struct db       *db = empty_of(s, scope);

		while ((line = strsep(&all, "\n")) != NULL) {
			if (*line == '#' || *line == '\0')
				continue;
			(void)state_list(mem, line, (enum sql_scope)scope, list);
			for (struct migration *m = list; m->name != NULL; m++)
				m->late = false; /* they refused what came too late */
			(void)!migrate_run(db, (enum sql_scope)scope, list, NULL, &e);
			err_clear(&e);
		}
		assert_ok(migrate_run(db, (enum sql_scope)scope, migrations, NULL, &e));
		assert_same_schema("all states", schema_text(mem, s->root, EMPTY), s->fresh[scope]);
		empty_end(db);
		talloc_free(mem);
	}
}

/* ---- migrations in pieces ---- */

/* The first k statements of a text and one that fails; NULL: it has no more. */
static char *
cut_after(TALLOC_CTX *mem, const char *text, int k)
{
	static const char separator[] = "\n--;;\n";
	const char       *at = text;

	for (int i = 0; i < k; i++) {
		at = strstr(i == 0 ? at : at + 1, separator);
		if (at == NULL)
			return i == k - 1 ? talloc_asprintf(mem, "%s--;;\nbroken", text) : NULL;
	}
	return talloc_asprintf(
	    mem, "%.*s%sbroken", (int)(at - text), text, k == 0 ? "" : separator);
}

/* Each from that number on is cut off after each of its statements before it is whole; how often
 * that was. */
static int
migrate_in_pieces(struct db *db, enum sql_scope scope, int64_t from)
{
	int boundaries = 0;

	for (const struct migration *m = migrations; m->name != NULL; m++) {
		TALLOC_CTX      *mem = talloc_new(NULL);
		struct migration list[LIST_MAX];
		struct err       e = { 0 };
		int              n = 0;

		if (m->scope != scope || m->version < from)
			continue;
		for (const struct migration *x = migrations; x <= m; x++) {
			assert_true(n < LIST_MAX - 1);
			list[n++] = *x;
		}
		list[n] = (struct migration) { 0 };
		for (int k = 0; (list[n - 1].text = cut_after(mem, m->text, k)) != NULL; k++) {
			assert_false(migrate_run(db, scope, list, NULL, &e));
			if (strstr(e.detail, "broken") == NULL)
				fail_msg("%s cut after %d: %s", m->name, k, e.detail);
			err_clear(&e);
			boundaries++;
		}
		list[n - 1].text = m->text;
		if (!migrate_run(db, scope, list, NULL, &e))
			fail_msg("%s: %s", m->name, e.detail);
		talloc_free(mem);
	}
	return boundaries;
}

static void
a_schema_made_in_pieces_is_the_same(void **state)
{
	struct empty *s = *state;

	for (int scope = SQL_CONTROL; scope <= SQL_TENANT; scope++) {
		TALLOC_CTX *mem = talloc_new(s);
		struct db  *db = empty_of(s, scope);

		assert_true(migrate_in_pieces(db, (enum sql_scope)scope, 0) > 20);
		assert_same_schema("pieces", schema_text(mem, s->root, EMPTY), s->fresh[scope]);
		empty_end(db);
		talloc_free(mem);
	}
}

#define NOT_THE_UPGRADE " WHERE action <> 'schema.migrate'" /* which has an entry of its own */

/* "schema.table=rows" of each table, a line each; the head of the audit has a table of its own
 * since. */
static char *
old_rows(TALLOC_CTX *mem, const struct old *o)
{
	MYSQL_RES *tables = ask(o->w->root,
	    "SELECT TABLE_SCHEMA, TABLE_NAME FROM information_schema.TABLES WHERE (TABLE_SCHEMA = "
	    "'" CONTROL "' OR TABLE_SCHEMA LIKE 'bsxt%') AND TABLE_NAME NOT IN "
	    "('schema_migrations', 'audit_head') ORDER BY 1, 2");
	char      *text = talloc_strdup(mem, "");
	MYSQL_ROW  row, n;

	while ((row = mysql_fetch_row(tables)) != NULL) {
		MYSQL_RES *r = ask(
		    o->w->root, talloc_asprintf(mem, "SELECT COUNT(*) FROM `%s`.`%s`%s", row[0],
				    row[1], strcmp(row[1], "audit") == 0 ? NOT_THE_UPGRADE : ""));

		n = mysql_fetch_row(r);
		text = talloc_asprintf_append(text, "%s.%s=%s\n", row[0], row[1], n[0]);
		mysql_free_result(r);
	}
	mysql_free_result(tables);
	return text;
}

/* `head` is {schema, seq, mac}. */
static void
assert_last_entry(TALLOC_CTX *mem, const struct old *o, MYSQL_ROW head)
{
	MYSQL_RES *r =
	    ask(o->w->root, talloc_asprintf(mem,
				"SELECT COUNT(*) FROM `%s`.audit WHERE seq = %s AND HEX(mac) = '%s'"
				" AND seq = (SELECT MAX(seq) FROM `%s`.audit)",
				head[0], head[1], head[2], head[0]));

	assert_string_equal(mysql_fetch_row(r)[0], "1");
	mysql_free_result(r);
}

/* "schema seq mac" of each tenant's audit trail: its head before that was moved, or the last entry
 * that the upgrade found, where the head is that of the last one of all. */
static char *
old_heads(TALLOC_CTX *mem, const struct old *o, bool moved)
{
	MYSQL_RES *r = ask(o->w->root,
	    moved ? "SELECT schema_name, seq, HEX(mac) FROM " CONTROL ".audit_heads ORDER BY 1"
		  : "SELECT TABLE_SCHEMA FROM information_schema.TABLES WHERE TABLE_NAME = "
		    "'audit_head' AND TABLE_SCHEMA LIKE 'bsxt%' ORDER BY 1");
	char      *text = talloc_strdup(mem, "");
	MYSQL_ROW  row;

	while ((row = mysql_fetch_row(r)) != NULL) {
		const char *from =
		    moved ? "audit" NOT_THE_UPGRADE " ORDER BY seq DESC LIMIT 1" : "audit_head";
		MYSQL_RES *one = ask(o->w->root,
		    talloc_asprintf(mem, "SELECT seq, HEX(mac) FROM `%s`.%s", row[0], from));
		MYSQL_ROW  head = mysql_fetch_row(one);

		text = talloc_asprintf_append(text, "%s %s %s\n", row[0],
		    head == NULL ? "0" : head[0], head == NULL ? "" : head[1]);
		mysql_free_result(one);
		if (moved)
			assert_last_entry(mem, o, row);
	}
	mysql_free_result(r);
	assert_non_null(strchr(text, '\n'));
	return text;
}

/* Every table that was there has what it had. */
static void
assert_rows_kept(const char *before, const char *after)
{
	TALLOC_CTX *mem = talloc_new(NULL);
	char       *rest = talloc_strdup(mem, before), *line;
	int         n = 0;

	while ((line = strsep(&rest, "\n")) != NULL && *line != '\0') {
		if (strstr(after, talloc_asprintf(mem, "%s\n", line)) == NULL)
			fail_msg("%s was before; after: %s", line, after);
		n++;
	}
	assert_true(n > 20);
	talloc_free(mem);
}

/* The schema of a tenant that is made now. */
static char *
fresh_tenant(TALLOC_CTX *mem, struct old *o)
{
	static const char name[] = "bsxtfresh";
	struct db_options fo = { .socket = server_socket(),
		.user = "root",
		.schema = name,
		.control = CONTROL,
		.clock = &clock_system };
	struct err        e = { 0 };
	struct db        *fresh = db_make(mem, &fo, &e);
	char             *text;

	assert_non_null(fresh);
	server_schema(o->w->root, name);
	assert_ok(migrate_run(fresh, SQL_TENANT, migrations, NULL, &e));
	db_close(fresh);
	text = schema_text(mem, o->w->root, name);
	server_do(o->w->root, "DROP DATABASE %s", name);
	return text;
}

/* The same schemas as an installation of today has. */
static void
check_schemas(struct old *o)
{
	static const char *const slugs[] = { "demo", "platform" }; /* in each dump */
	TALLOC_CTX              *mem = talloc_new(o);
	struct err               e = { 0 };
	char                    *want = fresh_tenant(mem, o);

	assert_ok(db_verify(database_control(o->w->d), SQL_CONTROL, &e));
	for (size_t i = 0; i < 2; i++) {
		struct tenant_db *t = old_open(o, slugs[i]);

		assert_ok(db_verify(t->db, SQL_TENANT, &e));
		assert_int_equal(t->tenant->schema_version, migrate_newest(SQL_TENANT));
		assert_same_schema(slugs[i], schema_text(mem, o->w->root, db_schema(t->db)), want);
	}
	talloc_free(mem);
}

static struct people *
old_people(struct old *o)
{
	struct people     *p = talloc_zero(o, struct people);
	struct err         e = { 0 };
	struct log_options lo = { .service = "test",
		.clock = &clock_system,
		.target = talloc_asprintf(p, "%s/upgrade.log", server_folder()) };
	struct conf       *c = &o->w->conf;

	p->w = o->w;
	c->access_s = 600;
	c->session_idle_s = 1800;
	c->session_absolute_s = 43200;
	c->session_max_idle_s = 86400;
	c->session_max_absolute_s = 2592000;
	c->password_min = 12;
	p->segment = people_segment(p, "upgrade-segment");
	p->env = (struct env) {
		.conf = c,
		.clock = &clock_system,
		.rand = &rand_system,
		.log = log_open(p, &lo, &e),
		.keyring = o->w->env.keyring,
		.segment = p->segment,
	};
	p->auth = (struct auth) { .env = &p->env, .database = o->w->d };
	assert_non_null(p->env.log);
	return p;
}

static void
check_people(struct old *o)
{
	struct people          *p = old_people(o);
	struct session_grant    g;
	struct err              e = { 0 };
	const struct audit_part whole = { 0 };
	const struct deed_by    by = { .auth = &p->auth, .mem = p, .t = old_open(o, "demo") };
	struct audit_verdict    v;

	assert_ok(audit_verify(&by, &whole, NULL, &v, &e));
	assert_true(v.entries >= 3);
	assert_int_equal(v.fault, AUDIT_FITS);
	assert_int_equal(people_login(p, p, "demo", "admin@demo.example", PASSWORD, &g), ERR_OK);
	assert_int_equal(people_login(p, p, "demo", "admin@demo.example", "another password", &g),
	    ERR_CREDENTIALS);
	assert_ok(audit_verify(&by, &whole, NULL, &v, &e));
	assert_int_equal(v.fault, AUDIT_FITS);
	talloc_free(p);
}

/* Messages that the old program made are of a kind, and their bodies, which were finished then, are
 * what will be sent. */
static void
check_finished(struct drift_world *x)
{
	const struct view all = { .values = true };
	char             *hex = drift_text(x, x,
			"SELECT GROUP_CONCAT(HEX(id) SEPARATOR '') FROM %s.outbox"
				    " WHERE template = 0 AND event LIKE 'drift.%'");
	size_t            n = strlen(hex) / 32;

	assert_true(n >= 1);
	for (size_t i = 0; i < n; i++) {
		struct err    e = { 0 };
		struct outbox o;
		struct uuid   id;
		struct str    body, out;

		assert_true(hex_parse((struct str) { hex + 32 * i, 32 }, id.b, sizeof(id.b)));
		assert_ok(outbox_by_id(x->t->db, x, &id, &o, &e));
		assert_string_equal(o.kind, "webhook");
		assert_ok(finished_open(x->t, x, &o, &body, &e));
		assert_non_null(json_parse(x, body, &e));
		assert_true(str_starts(body, "{\"type\":\"drift.alert."));
		assert_ok(finished_view(x, all, body, &out, &e));
		assert_ptr_equal(out.p, body.p);
	}
}

static void
check_drift(struct old *o)
{
	struct drift_world       *x = old_drift(o);
	struct err                e = { 0 };
	const struct alert_filter any = { 0 };
	struct page               p = { .want = 10 };
	struct alert             *alerts;
	struct ingest_answer      a;
	struct uuid               config;
	char                     *hex;

	assert_ok(alert_list(x->t, x, &any, &p, &e));
	assert_int_equal(p.n, 1);
	alerts = p.rows;
	assert_string_equal(alerts[0].status, "acknowledged");
	assert_string_equal(alerts[0].severity, "critical");
	hex = drift_text(x, x, "SELECT HEX(id) FROM %s.drift_configs");
	assert_int_equal(strlen(hex), 2 * sizeof(config.b));
	for (size_t i = 0; i < sizeof(config.b); i++)
		assert_int_equal(sscanf(hex + 2 * i, "%2hhx", &config.b[i]), 1);
	/* The baseline was stored by the old program: what is the same is the same, what is not is
	 * drift. */
	a = drift_push(x, x, &config, old_file(x, "tools/demo/drifted.json"));
	assert_string_equal(a.report.status, "drifted");
	assert_true(a.report.created + a.report.modified + a.report.deleted > 5);
	a = drift_push(x, x, &config, old_file(x, "tools/demo/baseline.json"));
	assert_string_equal(a.report.status, "clean");
	drift_check(x);
	/* Who was told values before is told them now. */
	assert_int_equal(drift_count(x, "SELECT COUNT(*) FROM %s.channels WHERE with_values"),
	    drift_count(x, "SELECT COUNT(*) FROM %s.channels"));
	assert_true(drift_count(x, "SELECT COUNT(*) FROM %s.channels") >= 1);
	/* A delivery that waited still waits, in both places. */
	assert_true(drift_count(x, "SELECT COUNT(*) FROM " CONTROL
				   ".outbox_index i JOIN %s.outbox o ON o.id = i.id") >= 1);
	check_finished(x);
	talloc_free(x);
}

/* ---- API keys from before there were kinds ---- */

static const struct old_key {
	const char *name, *scopes, *maker; /* "it", "disabled", "gone" or NULL: the system */
	const char *end;                   /* SQL; "NULL": never */
	bool        service;
	int         days; /* until its end afterwards; 0: none */
	const char *said; /* by doctor */
} old_keys[] = {
	{ "pushing", "[\"write:snapshots\"]", "it", "NULL", true, 400, "it is a service key now" },
	{ "reading", "[\"read:*\"]", "disabled", "NULL", true, 400, "goes on as a service key" },
	{ "both", "[\"write:snapshots\",\"read:drift\",\"read:api_keys\"]", "gone", "NULL", true,
	    400, "goes on as a service key" },
	{ "of the system", "[\"write:snapshots\"]", NULL, "NULL", true, 400,
	    "goes on as a service key" },
	{ "soon", "[\"write:snapshots\"]", "it", "NOW(3) + INTERVAL 9 DAY", true, 9,
	    "a service key now" },
	{ "late", "[\"read:alerts\"]", "it", "NOW(3) + INTERVAL 4000 DAY", true, 400,
	    "a service key now" },
	{ "working", "[\"read:drift\",\"update:alerts\"]", "it", "NULL", false, 0,
	    "it is personal now" },
	{ "all", "[\"*:*\"]", "it", "NULL", false, 0, "changes no users" },
	{ "of users", "[\"read:users\",\"create:users\"]", "it", "NOW(3) + INTERVAL 4000 DAY",
	    false, 4000, "changes no users" },
	{ "left", "[\"update:drift\"]", "gone", "NULL", false, 0, "it is refused" },
};
#define OLD_KEYS (sizeof(old_keys) / sizeof(old_keys[0]))

static const char *
maker_of(const struct old_key *k)
{
	if (k->maker == NULL)
		return "NULL";
	if (strcmp(k->maker, "gone") == 0)
		return "UNHEX('0191A5B0000070008000000000000001')";
	if (strcmp(k->maker, "disabled") == 0)
		return "UNHEX('0191A5B0000070008000000000000002')";
	return "(SELECT id FROM users WHERE email = 'admin@demo.example')";
}

static void
add_keys(struct old *o)
{
	MYSQL_RES *r =
	    ask(o->w->root, "SELECT schema_name FROM " CONTROL ".tenants WHERE slug = 'demo'");

	server_do(o->w->root, "USE `%s`", mysql_fetch_row(r)[0]);
	mysql_free_result(r);
	server_do(o->w->root,
	    "INSERT INTO users (id, email, display_name, status, created_at, updated_at) VALUES"
	    " (UNHEX('0191A5B0000070008000000000000002'), 'off@demo.example', 'Off', 'disabled', "
	    "NOW(3), NOW(3))");
	for (size_t i = 0; i < OLD_KEYS; i++)
		server_do(o->w->root,
		    "INSERT INTO api_keys (id, name, prefix, secret_hash, scopes, "
		    "allowed_addresses, created_by,"
		    " created_at, expires_at) VALUES (UNHEX(LPAD(HEX(%zu), 32, '0')), '%s', "
		    "'bsx_old', REPEAT('x', 32),"
		    " '%s', '[]', %s, NOW(3), %s)",
		    i + 1, old_keys[i].name, old_keys[i].scopes, maker_of(&old_keys[i]),
		    old_keys[i].end);
}

static void
check_key(struct old *o, const struct api_key *k, const struct old_key *want)
{
	int64_t days = (k->expires_at.ms - clock_ms(&clock_system) + 43200000) / 86400000;
	bool    orphaned = want->maker == NULL || strcmp(want->maker, "it") != 0;
	struct permissions all = { { 0, 0 } }, now;
	struct err         e = { 0 };

	assert_string_equal(k->kind, want->service ? KEY_SERVICE : KEY_PERSONAL);
	assert_true(k->converted && !k->administrative && k->config_ids.n == 0);
	assert_int_equal(k->orphaned, orphaned);
	assert_int_equal(k->expires_at.ms == 0 ? 0 : days, want->days);
	if (!want->service)
		return;
	/* nothing that a collector does has stopped */
	permissions_add(&all, k->scopes);
	permissions_bound(&all, old_tenant(o, "demo"));
	assert_ok(api_key_permissions(o, old_tenant(o, "demo"), k, NULL, &now, &e));
	assert_true(permission_covers(&now, &all));
}

/* `bsxctl doctor` says of each what has become of it. */
static void
check_keys(struct old *o)
{
	const struct api_key_filter f = { 0 };
	struct page                 p = { .want = 200 };
	struct api_key             *keys;
	struct err                  e = { 0 };
	size_t                      found = 0;
	char                        text[600];
	char                       *says;

	snprintf(text, sizeof(text), "%s -c '%s' doctor >'%s/doctor.out' 2>&1", getenv("BSX_CTL"),
	    o->conf, server_folder());
	(void)!system(text);
	says = old_file(o, talloc_asprintf(o, "%s/doctor.out", server_folder()));
	assert_ok(api_key_list(old_open(o, "demo"), o, &f, &p, &e));
	keys = p.rows;
	for (size_t i = 0; i < OLD_KEYS; i++)
		for (size_t j = 0; j < p.n; j++) {
			char *line;

			if (strcmp(keys[j].name, old_keys[i].name) != 0)
				continue;
			found++;
			check_key(o, &keys[j], &old_keys[i]);
			line = strstr(says, talloc_asprintf(o, "(%s): ", old_keys[i].name));
			if (line == NULL || memmem(line, strcspn(line, "\n"), old_keys[i].said,
						strlen(old_keys[i].said)) == NULL)
				fail_msg("doctor says nothing like \"%s\" of the key \"%s\": %s",
				    old_keys[i].said, old_keys[i].name, says);
		}
	assert_int_equal(found, OLD_KEYS);
	/* and that of the demonstration, which the old program made */
	assert_int_equal(p.n, OLD_KEYS + 1);
	assert_string_equal(keys[0].kind, KEY_SERVICE);
}

static void
upgrade(void **state, const char *name)
{
	struct old *o = old_make(state, name);
	char       *before, *heads;

	add_keys(o);
	before = old_rows(o, o);
	heads = old_heads(o, o, false);
	assert_int_equal(old_migrate(o, "--check"), 1);
	old_migrated(o);
	assert_rows_kept(before, old_rows(o, o));
	assert_string_equal(old_heads(o, o, true), heads);
	assert_int_equal(old_migrate(o, "--check"), 0);
	check_schemas(o);
	check_people(o);
	check_keys(o);
	check_drift(o);
}

static void
an_installation_of_the_first_state_works_after_its_upgrade(void **state)
{
	upgrade(state, "1-first");
}

static void
an_installation_of_the_second_state_works_after_its_upgrade(void **state)
{
	upgrade(state, "2-second");
}

static void
an_installation_of_the_third_state_works_after_its_upgrade(void **state)
{
	upgrade(state, "3-third");
}

/* ---- links that were mailed before ---- */

static const struct {
	const char *id, *user, *purpose; /* numbers: later ones are newer */
	bool        counts;
} mailed[] = {
	{ "01", "a1", "reset", true },
	{ "02", "a1", "email", false }, /* 04 is newer */
	{ "03", "a1", "invite", true },
	{ "04", "a1", "email", true },
	{ "05", "a2", "reset", false }, /* of a disabled user */
	{ "06", "a2", "email", false },
};
#define MAILED (sizeof(mailed) / sizeof(mailed[0]))

static void
mail_before(struct old *o)
{
	MYSQL_RES *r =
	    ask(o->w->root, "SELECT schema_name FROM " CONTROL ".tenants WHERE slug = 'demo'");
	const char *schema = talloc_strdup(o, mysql_fetch_row(r)[0]);

	mysql_free_result(r);
	for (int i = 1; i <= 2; i++)
		server_do(o->w->root,
		    "INSERT INTO %s.users (id, email, display_name, status, created_at, updated_at)"
		    " VALUES (UNHEX(RPAD('a%d', 32, '0')), 'mailed%d@demo.example', 'M', '%s',"
		    " NOW(3), NOW(3))",
		    schema, i, i, i == 1 ? "active" : "disabled");
	for (size_t i = 0; i < MAILED; i++)
		server_do(o->w->root,
		    "INSERT INTO %s.mail_tokens (id, user_id, purpose, email, token_hash,"
		    " created_at, expires_at) VALUES (UNHEX(RPAD('%s', 32, '0')),"
		    " UNHEX(RPAD('%s', 32, '0')), '%s', 'x@demo.example', REPEAT('%zu', 32), "
		    "NOW(3),"
		    " NOW(3) + INTERVAL 1 DAY)",
		    schema, mailed[i].id, mailed[i].user, mailed[i].purpose, i);
}

static void
links_mailed_before_an_upgrade_count_after_it_if_nothing_has_ended_them(void **state)
{
	struct old           *o = old_make(state, "3-third");
	struct tenant_db     *t;
	struct mail_token_row row;
	struct err            e = { 0 };
	char                  hash[33];

	mail_before(o);
	old_migrated(o);
	t = old_open(o, "demo");
	for (size_t i = 0; i < MAILED; i++) {
		bool won;

		memset(hash, '0' + (int)i, 32);
		assert_ok(mail_token_by_hash(
		    t, o, (struct blob) { (const uint8_t *)hash, 32 }, &row, &e));
		assert_true(row.alive);
		assert_ok(
		    mail_token_use(t, &row.id, (instant) { clock_ms(&clock_system) }, &won, &e));
		assert_int_equal(won, mailed[i].counts);
	}
}

/* ---- an upgrade that is disturbed ---- */

static void
an_upgrade_cut_off_after_any_statement_is_finished_by_the_next(void **state)
{
	struct old       *o = old_make(state, "1-first");
	char             *before = old_rows(o, o), *heads = old_heads(o, o, false);
	struct db_options c = { .socket = server_socket(),
		.user = "root",
		.schema = CONTROL,
		.control = CONTROL,
		.clock = &clock_system };
	struct db_options t = c;
	struct err        e = { 0 };
	struct db        *control, *demo;
	MYSQL_RES        *r;

	server_do(
	    o->w->root, "CREATE USER IF NOT EXISTS " CONTROL "definer@localhost ACCOUNT LOCK");
	r = ask(o->w->root, "SELECT schema_name FROM " CONTROL ".tenants WHERE slug = 'demo'");
	t.schema = talloc_strdup(o, mysql_fetch_row(r)[0]);
	mysql_free_result(r);
	control = db_make(o, &c, &e);
	demo = db_make(o, &t, &e);
	assert_non_null(control);
	assert_non_null(demo);
	assert_true(migrate_in_pieces(control, SQL_CONTROL, 3) > 10);
	assert_true(migrate_in_pieces(demo, SQL_TENANT, 3) > 40);
	db_close(control);
	db_close(demo);
	old_migrated(o);
	assert_rows_kept(before, old_rows(o, o));
	assert_string_equal(old_heads(o, o, true), heads);
	check_schemas(o);
	check_people(o);
	check_drift(o);
}

static pid_t
start_migrate(const struct old *o)
{
	const char *ctl = getenv("BSX_CTL");
	pid_t       pid = fork();

	if (pid == 0) {
		(void)!freopen("/dev/null", "w", stdout);
		(void)!freopen("/dev/null", "w", stderr);
		execl(ctl, ctl, "-c", o->conf, "migrate", (char *)NULL);
		_exit(127);
	}
	assert_true(pid > 0);
	return pid;
}

/* Each lives a quarter longer than the one before, until one reaches its end. */
static void
an_upgrade_killed_again_and_again_comes_to_its_end(void **state)
{
	struct old *o = old_make(state, "1-first");
	char       *before = old_rows(o, o), *heads = old_heads(o, o, false);
	int         status = 0, killed = 0;

	database_close_all(o->w->d);
	for (long ms = 10;; ms += ms / 4 + 1) {
		const struct timespec life = { .tv_sec = ms / 1000,
			.tv_nsec = ms % 1000 * 1000000 };
		pid_t                 pid = start_migrate(o);

		nanosleep(&life, NULL);
		kill(pid, SIGKILL);
		assert_int_equal(waitpid(pid, &status, 0), pid);
		if (WIFEXITED(status))
			break;
		killed++;
	}
	assert_int_equal(WEXITSTATUS(status), 0);
	assert_true(killed > 0);
	assert_rows_kept(before, old_rows(o, o));
	assert_string_equal(old_heads(o, o, true), heads);
	check_schemas(o);
	check_drift(o);
}

static void
upgrades_at_the_same_time_do_not_disturb_each_other(void **state)
{
	struct old *o = old_make(state, "1-first");
	char       *before = old_rows(o, o), *heads = old_heads(o, o, false);
	pid_t       pids[3];
	int         status;

	database_close_all(o->w->d);
	for (int i = 0; i < 3; i++)
		pids[i] = start_migrate(o);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
		assert_true(WIFEXITED(status));
		assert_int_equal(WEXITSTATUS(status), 0);
	}
	assert_rows_kept(before, old_rows(o, o));
	assert_string_equal(old_heads(o, o, true), heads);
	check_schemas(o);
	check_people(o);
	check_drift(o);
}

#define EMPTY_TEST(f) cmocka_unit_test(f)
#define OLD_TEST(f)   cmocka_unit_test_setup_teardown(f, world_set_up, world_tear_down)

int
main(void)
{
	const struct CMUnitTest empty[] = {
		EMPTY_TEST(every_earlier_state_becomes_what_a_fresh_schema_is),
		EMPTY_TEST(a_schema_made_in_pieces_is_the_same),
		EMPTY_TEST(a_schema_that_went_through_every_state_is_the_same),
	};
	const struct CMUnitTest old[] = {
		OLD_TEST(an_installation_of_the_first_state_works_after_its_upgrade),
		OLD_TEST(an_installation_of_the_second_state_works_after_its_upgrade),
		OLD_TEST(an_installation_of_the_third_state_works_after_its_upgrade),
		OLD_TEST(links_mailed_before_an_upgrade_count_after_it_if_nothing_has_ended_them),
		OLD_TEST(an_upgrade_cut_off_after_any_statement_is_finished_by_the_next),
		OLD_TEST(an_upgrade_killed_again_and_again_comes_to_its_end),
		OLD_TEST(upgrades_at_the_same_time_do_not_disturb_each_other),
	};

	return cmocka_run_group_tests_name(
		   "upgrade of schemas", empty, empty_set_up, empty_tear_down) +
	       cmocka_run_group_tests_name("upgrade of installations", old, NULL, NULL);
}
