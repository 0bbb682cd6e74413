/*
 * Every statement of the tenant's schema that reads, changes or deletes is explained and run
 * against tables of some size: none may walk a large table or sort it, whatever filters are given.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/store/db_priv.h"
#include "core/store/marks.h"
#include "tests/store/world.h"

#define ROWS_MAX 2000 /* that one statement may read */
#define SORTED   4000

static const char *const large[] = { "alert_controls", "alert_findings", "alerts", "audit",
	"audit_checkpoints", "audit_tree", "config_snapshots", "contents", "deliveries",
	"drift_changes", "drift_findings", "drift_history", "drift_reports", "idempotency",
	"login_transactions", "mail_tokens", "manifest_contents", "oidc_marks", "outbox",
	"resource_versions", "resources", "runs", "user_sessions", NULL };

/* What reads more by its nature, and why that is right. */
static const struct {
	const char *name;
	long        most; /* rows read; SORTED or more: and it may sort them */
	const char *why;
} exempt[] = {
	{ "held_select_now", SORTED, "a snapshot whole: its resources, in their order" },
	{ "held_select_at", SORTED, "a snapshot whole: its resources, in their order" },
	{ "change_walk", 200000, "a report by a status that many findings have: along it" },
	{ "change_walk_category", 200000, "a report by a status that many findings have" },
	{ "change_walk_severity", 200000, "a report by a status that many findings have" },
	{ "change_walk_category_severity", 200000, "a report by a status that many findings have" },
	{ "change_select_control", 200000, "a report by what its rules name: along it" },
	{ "finding_select_standing", 200000,
	    "what stands in a config, by its newest report: every finding of it" },
	{ "history_select_only", SORTED, "a snapshot's own versions, among those that ended" },
	{ "history_select_manifest", SORTED, "a manifest whole" },
	{ "history_delete_manifest", SORTED, "a manifest whole" },
	{ "finding_select", SORTED, "every finding that an alert has told of" },
	{ "finding_select_filter", 200000,
	    "what a filter finds of a report, in the order of locks" },
	{ "analytics_select_open", SORTED, "every alert that is open" },
	{ "fleet_select_open", SORTED, "the worst of every alert that is open" },
	{ "config_delete_state", SORTED, "a config whole" },
	{ "config_delete_refs", SORTED, "a config whole" },
	{ "config_delete_changes", SORTED, "a config whole" },
	{ "config_delete_reports", SORTED, "a config whole" },
	{ "config_delete_findings", SORTED, "a config whole" },
	{ "config_delete_history", SORTED, "a config whole" },
	{ "config_delete_versions", SORTED, "a config whole" },
	{ "config_delete_resources", SORTED, "a config whole" },
	{ "config_delete_snapshots", SORTED, "a config whole" },
	{ "run_delete_config", SORTED, "a config whole" },
	{ "config_resolve_alerts", SORTED, "a config whole" },
	{ "provider_update_sessions", 200000, "every session by a provider that is going" },
	{ "provider_update_waiting", 200000, "every sign-in by a provider that is going" },
	{ "session_update_shorter", 200000, "every session, when the settings say less" },
	{ "alert_select_list", 3999, "by two filters it walks the alerts that one of them finds" },
	{ "alert_select_tail", 3999, "by two filters it walks the alerts that one of them finds" },
	{ "alert_select_named", 3999, "by another filter it walks the alerts of the control" },
	{ "alert_select_named_tail", 3999, "by another filter it walks the alerts of the control" },
	{ "usage_sum_changes", 10000, "2,000 rows a page of all that a tenant stores, once a day" },
	{ "usage_sum_audit", 10000, "2,000 rows a page of all that a tenant stores, once a day" },
	{ "since_select_deeds", 200000,
	    "every deed since an archive was made, once for who restores" },
	{ "since_select_come", 200000, "what has come since an archive was made, the same" },
	{ "audit_select_list", 3999, "by an actor's name it walks the time that is asked for" },
};

/* ---- tables of realistic size ---- */

#define CONFIG "X'0190000000007000800000000000000a'"
#define REPORT "X'01900000000070008000000000000001'"
#define ID     "UNHEX(CONCAT('0190', LPAD(HEX(seq), 12, '0'), '8000000000000000'))"
#define HASH   "UNHEX(SHA2(seq, 256))"
/* One row in 64 is of the config asked for, and one in 100 has the words that are rare. */
#define CONFIGS "IF(seq % 64 = 0, " CONFIG ", UNHEX(MD5(seq % 64)))"
#define NOWISH  "'2026-01-01' + INTERVAL seq SECOND"

static const char *const rows[] = {
	"INSERT INTO drift_configs (id, name, spec, created_at, updated_at) SELECT " ID
	", seq, '{}', NOW(3), NOW(3) FROM seq_1_to_200",
	"INSERT INTO drift_configs (id, name, spec, created_at, updated_at) VALUES (" CONFIG
	", 'x', '{}', NOW(3), NOW(3))",
	"INSERT INTO config_state (config_id, state, report_id, seq) SELECT id, 'ok', " REPORT
	", 9 FROM drift_configs",
	"INSERT INTO config_snapshots (id, config_id, seq, in_order, digest, collections, "
	"resources, actor,"
	" pushed_by, collected_at, received_at, report_id, idempotency_key) SELECT " ID ", " CONFIGS
	", seq, seq % 100 > 0, " HASH ", '{}', 9, '', '', " NOWISH ", " NOWISH
	", IF(seq % 3 = 0, NULL, " ID "), seq FROM seq_1_to_20000",
	"INSERT INTO runs (id, config_id, kind, slot, due_at, state, started_at, finished_at) "
	"SELECT " ID ", " CONFIGS ", IF(seq % 100 = 0, 'manual', 'scheduled'), " NOWISH ", " NOWISH
	", ELT(1 + (seq % 100 > 0) + (seq % 3 = 0), 'dead', 'failed', 'done'), " NOWISH ", " NOWISH
	" FROM seq_1_to_20000",
	"INSERT INTO run_state (config_id, last_run) SELECT id, id FROM drift_configs",
	"INSERT INTO resources (id, config_id, category, `key`) SELECT " ID ", " CONFIGS
	", 'c', seq FROM seq_1_to_20000",
	"INSERT INTO resource_versions (resource_id, from_seq, until_seq, span, config_id, "
	"address) "
	"SELECT " ID ", 1, 2 + seq % 4000, (LENGTH(BIN(1 + seq % 4000)) + 1) DIV 2, " CONFIGS
	", " HASH " FROM seq_1_to_20000",
	"INSERT INTO resource_versions (resource_id, from_seq, until_seq, config_id, address) "
	"SELECT " ID ", 5000, NULL, " CONFIGS ", " HASH " FROM seq_1_to_20000",
	"INSERT INTO contents (address, chunk, size, body) SELECT " HASH
	", 0, 9, REPEAT('x', 90) FROM seq_1_to_20000",
	"INSERT INTO manifest_contents (snapshot_id, address) SELECT UNHEX(MD5(seq % 200)), " HASH
	" FROM seq_1_to_10000",
	"INSERT INTO drift_reports (id, config_id, snapshot_id, status, by_severity, incomplete, "
	"started_at,"
	" finished_at) SELECT " ID ", " CONFIGS ", " ID
	", ELT(1 + (seq % 100 > 0) + (seq % 3 = 0), 'failed', 'clean', 'drifted'), '{}', "
	"'[]', " NOWISH ", " NOWISH " FROM seq_1_to_20000",
	"INSERT INTO drift_changes (id, report_id, config_id, position, category, `key`, op, path,"
	" canonical_path, severity, rule, reason, fingerprint, value_hash, status, created_at) "
	"SELECT " ID ", " REPORT ", " CONFIG
	", seq, CONCAT('c', seq % 40), seq, 'modified', '/a', '/a',"
	" ELT(1 + seq % 5, 'info', 'low', 'medium', 'high', IF(seq % 100 = 4, 'critical', "
	"'high')), '', '', " HASH ", " HASH
	", IF(seq % 100 = 0, 'accepted', 'detected'), NOW(3) FROM seq_1_to_40000",
	"INSERT INTO drift_changes (id, report_id, config_id, position, category, `key`, op, path,"
	" canonical_path, severity, rule, reason, fingerprint, value_hash, status, created_at)"
	" SELECT UNHEX(MD5(seq)), UNHEX(MD5(seq % 30)), " CONFIGS
	", seq, 'c1', seq, 'modified', '/a', '/a', 'low', '', '', " HASH ", " HASH
	", 'detected', NOW(3) FROM seq_1_to_30000",
	"INSERT INTO drift_findings (config_id, fingerprint, value_hash, status, present, runs, "
	"created_at,"
	" updated_at) SELECT " CONFIGS ", " HASH ", " HASH
	", ELT(1 + (seq % 100 > 0) + (seq % 3 = 0), 'accepted', 'detected', 'resolved'), seq % 3 > "
	"0, 1, " NOWISH ", " NOWISH " FROM seq_1_to_40000",
	"INSERT INTO drift_history (id, config_id, subject, value_hash, at, actor, to_status, "
	"note) SELECT " ID ", IF(seq % 9 = 0, NULL, " CONFIGS "), UNHEX(MD5(seq % 3000)), " HASH
	", " NOWISH ", 'system', 'resolved', '' FROM seq_1_to_20000",
	"INSERT INTO alerts (id, config_id, report_id, kind, severity, title, status, opened_at, "
	"updated_at,"
	" resolved_at, open_key, suppressed_by) SELECT " ID ", " CONFIGS ", " ID
	", IF(seq % 100 = 0, 'blind', 'drift'), IF(seq % 100 = 0, 'critical', 'medium'), '',"
	" IF(seq % 100 = 0, 'open', 'resolved'), " NOWISH ", " NOWISH
	", IF(seq % 100 = 0, NULL, " NOWISH "), IF(seq % 100 = 0, seq, NULL),"
	" IF(seq % 100 = 0, 'silence:x', NULL) FROM seq_1_to_20000",
	"INSERT INTO alert_findings (alert_id, fingerprint, value_hash) SELECT UNHEX(MD5(seq % "
	"2000)), " HASH ", " HASH " FROM seq_1_to_20000",
	"INSERT INTO alert_controls (alert_id, control) SELECT " ID
	", IF(seq % 100 = 0, 'x', CONCAT('CIS ', seq % 300)) FROM seq_1_to_20000",
	"INSERT INTO outbox (id, channel_id, event, body, state, created_at) SELECT " ID
	", UNHEX(MD5(seq % 20)), 'e', 'x', IF(seq % 100 = 0, 'dead', 'delivered'), " NOWISH
	" FROM seq_1_to_20000",
	"INSERT INTO deliveries (id, outbox_id, channel_id, attempt, at, outcome, took_ms, detail) "
	"SELECT " ID ", " ID ", UNHEX(MD5(seq % 20)), 1, " NOWISH
	", 'delivered', 1, '' FROM seq_1_to_20000",
	"INSERT INTO users (id, email, display_name, status, created_at, updated_at) SELECT " ID
	", CONCAT(seq, '@example.org'), '', 'active', NOW(3), NOW(3) FROM seq_1_to_500",
	"INSERT INTO user_sessions (id, user_id, auth_time, aal, provider, idle_end, absolute_end, "
	"address,"
	" user_agent, last_seen, created_at) SELECT " ID
	", UNHEX(MD5(seq % 1000)), NOW(3), 1, 'password', " NOWISH ", " NOWISH
	", '', '', NOW(3), NOW(3) FROM seq_1_to_20000",
	"INSERT INTO audit (seq, id, at, action, outcome, actor_kind, actor_id, actor_name, "
	"target_kind,"
	" target_id, address, user_agent, request_id, details, prev_mac, mac) SELECT seq, " ID
	", " NOWISH ", CONCAT('a.', seq % 30), 'success', 'user', UNHEX(MD5(seq % 100)), '', '', "
	"'', '', '', '', '{}', " HASH ", " HASH " FROM seq_1_to_20000",
	"INSERT INTO audit_tree (chain, seq, hashes) SELECT 1, seq, " HASH " FROM seq_1_to_20000",
	"INSERT INTO audit_checkpoints (chain, size, at, note) SELECT 1, seq, " NOWISH
	", '' FROM seq_1_to_5000",
	"INSERT INTO mail_tokens (id, user_id, purpose, email, token_hash, created_at, expires_at) "
	"SELECT " ID ", UNHEX(MD5(seq % 1000)), 'reset', '', " HASH ", NOW(3), " NOWISH
	" FROM seq_1_to_5000",
	"INSERT INTO login_transactions (id, token_hash, user_id, user_epoch, provider, in_body, "
	"created_at,"
	" expires_at) SELECT " ID ", " HASH ", UNHEX(MD5(seq % 1000)), 1, '', 0, NOW(3), " NOWISH
	" FROM seq_1_to_5000",
	"INSERT INTO oidc_marks (id, expires_at) SELECT " HASH ", " NOWISH " FROM seq_1_to_5000",
	"INSERT INTO idempotency (actor_id, kind, `key`, body_mac, made_id, created_at) SELECT"
	" UNHEX(MD5(seq % 100)), 'user', seq, " HASH ", " ID ", " NOWISH " FROM seq_1_to_5000",
};

struct lists {
	struct world *w;
	struct db    *db; /* the tenant's schema, as root */
};

static void
analyze(struct db *db, const char *table)
{
	char text[100];

	snprintf(text, sizeof(text), "ANALYZE TABLE %s", table);
	assert_int_equal(mysql_query(db->my, text), 0);
	mysql_free_result(mysql_store_result(db->my));
}

static int
set_up(void **state)
{
	struct lists *x;
	struct err    e = { 0 };

	if (world_set_up(state) != 0)
		return -1;
	x = talloc_zero(*state, struct lists);
	x->w = *state;
	assert_ok(provision_control(&(struct provision) { x->w->prov, x->w->d, &x->w->env }, &e));
	assert_ok(provision_tenant(&(struct provision) { x->w->prov, x->w->d, &x->w->env }, x->w,
	    "acme", "Acme", &x->w->a, &e));
	x->db = server_db(x, x->w->a.schema_name);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		server_do(x->db, "%s", rows[i]);
	for (size_t i = 0; large[i] != NULL; i++)
		analyze(x->db, large[i]);
	*state = x;
	return 0;
}

static int
tear_down(void **state)
{
	void *w = ((struct lists *)*state)->w;

	return world_tear_down(&w);
}

/* ---- a statement with values in it ---- */

/* A member that a list may be asked without. */
static bool
is_filter(const struct sql *q, const struct field *f)
{
	const char *dot = strrchr(f->name, '.');
	char        mark[100];

	snprintf(mark, sizeof(mark), "(:%s IS NULL OR", dot == NULL ? f->name : dot + 1);
	return (f->flags & FIELD_NULLABLE) != 0 && strstr(q->text, mark) != NULL;
}

/* What few rows have. */
static const char *
text_value(const struct sql *q, const char *name)
{
	if (strcmp(name, "status") == 0)
		return strstr(q->text, "FROM drift_reports") != NULL ? "'failed'"
		       : strstr(q->text, "FROM alerts") != NULL      ? "'open'"
								     : "'accepted'";
	if (strcmp(name, "addresses") == 0)
		return "CONCAT('[\"', SHA2(7, 256), '\"]')";
	if (strcmp(name, "pairs") == 0)
		return "CONCAT('[[\"', SHA2(7, 256), SHA2(7, 256), '\",\"', SHA2(8, 256), SHA2(8, "
		       "256), '\"]]')";
	if (strcmp(name, "keys") == 0)
		return "CONCAT('[\"', SHA2(7, 256), SHA2(7, 256), '\"]')";
	if (strcmp(name, "messages") == 0)
		return "'[{\"id\":\"01900000-0000-1000-8000-000000000000\","
		       "\"wire\":\"01900000-0000-1000-8000-000000000000\"}]'";
	if (strcmp(name, "severities") == 0)
		return "'[\"critical\"]'";
	return strcmp(name, "severity") == 0     ? "'critical'"
	       : strcmp(name, "suppressed") == 0 ? "'true'"
	       : strcmp(name, "category") == 0   ? "'c7'"
	       : strcmp(name, "kind") == 0       ? "'blind'"
						 : "'x'";
}

static const char *
value_of(const struct sql *q, const struct field *f)
{
	const char *dot = strrchr(f->name, '.'), *name = dot == NULL ? f->name : dot + 1;

	switch (f->kind) {
	case FIELD_I64:
	case FIELD_U64:
		return strcmp(name, "limit") == 0 ? "51" : "3900";
	case FIELD_BOOL:
		return "1";
	case FIELD_UUID:
		return strncmp(name, "report", 6) == 0   ? REPORT
		       : strncmp(name, "config", 6) == 0 ? CONFIG
							 : "X'01900000000010008000000000000000'";
	case FIELD_TIME:
		return "'2026-01-01 01:00:00'";
	case FIELD_BLOB:
		return "UNHEX(SHA2(7, 256))";
	case FIELD_STR:
	case FIELD_JSON:
	case FIELD_STRINGS:
	case FIELD_ITEMS:
	case FIELD_OBJECT:
		break;
	}
	return text_value(q, name);
}

static unsigned
filters_of(const struct sql *q, const struct marks *m)
{
	unsigned n = 0;

	for (unsigned i = 0; i < m->members_n; i++)
		n += is_filter(q, m->members[i]);
	return n;
}

/* Bit i of `given`: the i-th filter has a value. */
static bool
is_given(const struct sql *q, const struct marks *m, unsigned member, unsigned given)
{
	unsigned at = 0;

	if (!is_filter(q, m->members[member]))
		return true;
	for (unsigned i = 0; i < member; i++)
		at += is_filter(q, m->members[i]);
	return (given >> at & 1) != 0;
}

static char *
text_of(TALLOC_CTX *mem, const struct sql *q, const struct marks *m, unsigned given)
{
	unsigned   at = 0;
	struct buf b;

	buf_make(&b, mem);
	for (const char *z = m->text; *z != '\0'; z++) {
		unsigned member;

		if (*z != '?') {
			buf_putc(&b, *z);
			continue;
		}
		member = m->at[at++];
		buf_puts(
		    &b, is_given(q, m, member, given) ? value_of(q, m->members[member]) : "NULL");
	}
	assert_int_equal(at, m->n);
	return b.p;
}

/* ---- what is wrong with a plan ---- */

/* The table behind a name of the plan: itself, or an alias of the statement. */
static const char *
large_table(const struct sql *q, const char *name)
{
	for (size_t i = 0; large[i] != NULL; i++) {
		size_t      n = strlen(large[i]), m = strlen(name);
		const char *z = q->text;

		if (strcmp(large[i], name) == 0)
			return large[i];
		while ((z = strstr(z, large[i])) != NULL) {
			z += n;
			if (*z == ' ' && strncmp(z + 1, name, m) == 0 &&
			    strchr(" )", z[1 + m]) != NULL)
				return large[i];
		}
	}
	return NULL;
}

static long
most_of(const struct sql *q)
{
	for (size_t i = 0; i < sizeof(exempt) / sizeof(exempt[0]); i++)
		if (strcmp(exempt[i].name, q->name) == 0)
			return exempt[i].most;
	return ROWS_MAX;
}

static bool
row_is_bad(const struct sql *q, MYSQL_ROW r)
{
	const char *table = r[2] == NULL ? NULL : large_table(q, r[2]);
	const char *type = r[3] == NULL ? "" : r[3], *extra = r[9] == NULL ? "" : r[9];
	long        n = r[8] == NULL ? 0 : strtol(r[8], NULL, 10);

	if (table == NULL || most_of(q) >= SORTED)
		return false;
	return strcmp(type, "ALL") == 0 || (strstr(extra, "filesort") != NULL && n > 100);
}

static bool
plan_is_bad(struct lists *x, const struct sql *q, const char *text, char *why, size_t max)
{
	char      *explain = talloc_asprintf(x, "EXPLAIN %s", text);
	MYSQL_RES *r;
	MYSQL_ROW  row;
	bool       bad = false;

	if (mysql_query(x->db->my, explain) != 0) {
		snprintf(why, max, "%s: %s", explain, mysql_error(x->db->my));
		return true;
	}
	r = mysql_store_result(x->db->my);
	while (r != NULL && (row = mysql_fetch_row(r)) != NULL) {
		if (bad || !row_is_bad(q, row))
			continue;
		bad = true;
		snprintf(why, max, "%s by %s (%s), %s: %s", row[2], row[3],
		    row[5] == NULL ? "no index" : row[5], row[9], text);
	}
	mysql_free_result(r);
	talloc_free(explain);
	return bad;
}

#define REFUSED 1644 /* by a trigger, which guards what is deleted: it has read up to there */

/* What it does is taken back. */
static bool
reading_is_bad(struct lists *x, const struct sql *q, const char *text, char *why, size_t max)
{
	long before, n;
	bool ok;

	server_do(x->db, "START TRANSACTION");
	before = server_rows_read(x->db);
	ok = mysql_query(x->db->my, text) == 0 || mysql_errno(x->db->my) == REFUSED;
	if (ok)
		mysql_free_result(mysql_store_result(x->db->my));
	else
		snprintf(why, max, "%s: %s", text, mysql_error(x->db->my));
	n = server_rows_read(x->db) - before;
	server_do(x->db, "ROLLBACK");
	if (!ok)
		return true;
	if (n > most_of(q))
		snprintf(why, max, "reads %ld rows: %s", n, text);
	return n > most_of(q);
}

/* Bad plans of one statement; `why` gets one of them. */
static int
bad_plans(struct lists *x, const struct sql *q, char *why, size_t max)
{
	struct err          e = { 0 };
	const struct marks *m = marks_of(x, q, &e);
	unsigned            filters = m == NULL ? 0 : filters_of(q, m);
	int                 bad = 0;

	assert_ok(m != NULL);
	for (unsigned given = 0; given < 1u << filters; given++) {
		char *text = text_of(x, q, m, given);

		bad += plan_is_bad(x, q, text, why, max) || reading_is_bad(x, q, text, why, max);
		talloc_free(text);
	}
	return bad;
}

static bool
is_explained(const struct sql *q)
{
	return q->scope == SQL_TENANT &&
	       (strncmp(q->text, "SELECT", 6) == 0 || strncmp(q->text, "UPDATE", 6) == 0 ||
		   strncmp(q->text, "DELETE", 6) == 0);
}

/* Of those that name the table; NULL: of all. */
static int
bad_statements(struct lists *x, const char *table, bool say)
{
	size_t                   n;
	const struct sql *const *all = sql_list(&n);
	char                     why[3000];
	int                      bad = 0, seen = 0;

	for (size_t i = 0; i < n; i++) {
		if (!is_explained(all[i]))
			continue;
		seen++;
		if (table != NULL && strstr(all[i]->text, table) == NULL)
			continue;
		if (bad_plans(x, all[i], why, sizeof(why)) == 0)
			continue;
		bad++;
		if (say)
			fprintf(stderr, "%s: %s\n", all[i]->name, why);
	}
	assert_true(seen > 100); /* of this program: all of the library are linked */
	return bad;
}

static void
no_statement_walks_or_sorts_a_large_table(void **state)
{
	assert_int_equal(bad_statements(*state, NULL, true), 0);
}

/* ---- each index is needed: without it some statement does ---- */

static const char *const drift[] = { "alerts", "config_snapshots", "deliveries", "drift_changes",
	"drift_findings", "drift_history", "drift_reports", "manifest_contents", "outbox",
	"resource_versions" };

struct index {
	char table[64], name[64], columns[300];
};

static size_t
indices(struct lists *x, struct index *out, size_t max)
{
	MYSQL_RES *r;
	MYSQL_ROW  row;
	size_t     n = 0;

	assert_int_equal(
	    mysql_query(x->db->my,
		"SELECT table_name, index_name, GROUP_CONCAT(CONCAT('`', column_name, '`',"
		" IF(sub_part IS NULL, '', CONCAT('(', sub_part, ')'))) ORDER BY seq_in_index)"
		" FROM information_schema.statistics WHERE table_schema = DATABASE()"
		" AND non_unique AND index_name <> 'PRIMARY' GROUP BY 1, 2"),
	    0);
	r = mysql_store_result(x->db->my);
	while ((row = mysql_fetch_row(r)) != NULL && n < max) {
		bool ours = false;

		for (size_t i = 0; i < sizeof(drift) / sizeof(drift[0]); i++)
			ours = ours || strcmp(drift[i], row[0]) == 0;
		if (!ours)
			continue;
		snprintf(out[n].table, sizeof(out[n].table), "%s", row[0]);
		snprintf(out[n].name, sizeof(out[n].name), "%s", row[1]);
		snprintf(out[n++].columns, sizeof(out[n].columns), "%s", row[2]);
	}
	mysql_free_result(r);
	return n;
}

static void
without_any_index_some_statement_does(void **state)
{
	struct lists *x = *state;
	struct index  all[100];
	size_t        n = indices(x, all, 100);
	int           needless = 0;

	assert_true(n > 20);
	for (size_t i = 0; i < n; i++) {
		server_do(x->db, "ALTER TABLE %s DROP INDEX `%s`", all[i].table, all[i].name);
		if (bad_statements(x, all[i].table, false) == 0) {
			fprintf(stderr, "%s.%s (%s): nothing needs it\n", all[i].table, all[i].name,
			    all[i].columns);
			needless++;
		}
		server_do(x->db, "ALTER TABLE %s ADD INDEX `%s` (%s)", all[i].table, all[i].name,
		    all[i].columns);
	}
	assert_int_equal(needless, 0);
	assert_int_equal(bad_statements(x, NULL, true), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_statement_walks_or_sorts_a_large_table),
		cmocka_unit_test(without_any_index_some_statement_does),
	};

	return cmocka_run_group_tests_name("lists", tests, set_up, tear_down);
}
