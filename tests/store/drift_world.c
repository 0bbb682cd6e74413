#include "tests/store/drift_world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/store/alert/channel.h"
#include "core/store/db_priv.h"

static struct log *
open_log(TALLOC_CTX *mem)
{
	struct err         e = { 0 };
	struct log_options o = { .target = talloc_asprintf(mem, "%s/drift.log", server_folder()),
		.service = "test",
		.clock = &clock_system };
	struct log        *l = log_open(mem, &o, &e);

	assert_non_null(l);
	return l;
}

struct drift_world *
drift_world_make(struct world *w)
{
	struct err          e = { 0 };
	struct drift_world *x = talloc_zero(w, struct drift_world);

	w->conf.rules_dir = "etc/rules";
	w->conf.sources_dir = "etc/sources";
	w->conf.public_url = "https://drift.example.org";
	w->conf.base_path = "";
	x->w = w;
	x->env = (struct env) {
		.conf = &w->conf,
		.clock = &clock_system,
		.rand = &rand_system,
		.log = open_log(x),
	};
	x->d = drift_make(x, &x->env, &e);
	assert_non_null(x->d);
	world_tenants(w);
	x->t = world_open(w, &w->a);
	return x;
}

struct uuid
drift_config(struct drift_world *x, const char *spec)
{
	struct err          e = { 0 };
	char                name[UUID_TEXT_MAX];
	struct drift_config c = { .id = uuid_make(&clock_system, &rand_system),
		.name = name,
		.spec = talloc_strdup(x, spec),
		.version = 1,
		.edition = COMPARE_EDITION };

	uuid_print(&c.id, name);
	c.created_at.ms = c.updated_at.ms = clock_ms(&clock_system);
	assert_ok(config_add(x->t->db, &c, &e));
	return c.id;
}

struct uuid
drift_channel(struct drift_world *x, const char *url)
{
	struct err     e = { 0 };
	char           name[UUID_TEXT_MAX], secret[CHANNEL_SECRET_LEN];
	struct channel c = { .id = uuid_make(&clock_system, &rand_system),
		.name = name,
		.kind = talloc_strdup(x, "webhook"),
		.target = talloc_strdup(x, url),
		.with_values = true,
		.status = talloc_strdup(x, "active"),
		.status_reason = talloc_strdup(x, "") };

	uuid_print(&c.id, name);
	memset(secret, 's', sizeof(secret));
	c.created_at.ms = c.updated_at.ms = clock_ms(&clock_system);
	assert_ok(tenant_seal(x->t, x, (struct sealed_place) { "channels", "secret", &c.id },
	    (struct str) { secret, sizeof(secret) }, &c.secret, &e));
	assert_ok(channel_add(x->t->db, &c, &e));
	return c.id;
}

bool
drift_try(struct drift_world *x, TALLOC_CTX *mem, const struct uuid *config, const char *key,
    const char *body, struct ingest_answer *a, struct err *e)
{
	struct push_in in;
	struct push    p = { .config_id = *config,
		   .in = &in,
		   .idempotency_key = key,
		   .pushed_by = "test",
		   .body = str_of(body) };
	struct json   *tree = json_parse(mem, p.body, e);

	return tree != NULL && schema_decode(mem, &push_schema, tree, &in, e) &&
	       ingest_push(x->d, x->t, mem, &p, a, e);
}

struct ingest_answer
drift_push(struct drift_world *x, TALLOC_CTX *mem, const struct uuid *config, const char *body)
{
	struct err           e = { 0 };
	struct ingest_answer a;

	if (!drift_try(x, mem, config, NULL, body, &a, &e))
		fail_msg("push: %d %s | %s %s %s", (int)e.code, e.pub, e.detail,
		    e.faults == NULL ? "" : e.faults->pointer,
		    e.faults == NULL ? "" : e.faults->detail);
	return a;
}

/* Every %s becomes the schema's name. */
MYSQL_RES *
drift_rows(struct drift_world *x, TALLOC_CTX *mem, const char *sql)
{
	struct buf b;

	buf_make(&b, mem);
	for (; *sql != '\0'; sql++) {
		if (sql[0] == '%' && sql[1] == 's') {
			buf_puts(&b, x->t->tenant->schema_name);
			sql++;
		} else {
			buf_putc(&b, *sql);
		}
	}
	if (mysql_query(x->w->root->my, b.p) != 0)
		fail_msg("%s: %s", b.p, mysql_error(x->w->root->my));
	return mysql_store_result(x->w->root->my);
}

void
drift_sql(struct drift_world *x, const char *sql)
{
	TALLOC_CTX *tmp = talloc_new(NULL);

	assert_null(drift_rows(x, tmp, sql));
	talloc_free(tmp);
}

char *
drift_text(struct drift_world *x, TALLOC_CTX *mem, const char *sql)
{
	MYSQL_RES *r = drift_rows(x, mem, sql);
	MYSQL_ROW  row;
	char      *out = NULL;

	assert_non_null(r);
	row = mysql_fetch_row(r);
	out = talloc_strdup(mem, row == NULL || row[0] == NULL ? "" : row[0]);
	mysql_free_result(r);
	return out;
}

int64_t
drift_count(struct drift_world *x, const char *sql)
{
	TALLOC_CTX *tmp = talloc_new(NULL);
	int64_t     n = atoll(drift_text(x, tmp, sql));

	talloc_free(tmp);
	return n;
}

int
drift_set_up(void **state)
{
	if (world_set_up(state) != 0)
		return -1;
	*state = drift_world_make(*state);
	return 0;
}

int
drift_tear_down(void **state)
{
	void *w = ((struct drift_world *)*state)->w;

	return world_tear_down(&w);
}

const char *
drift_body(TALLOC_CTX *mem, const char *more, size_t n, const char *const values[])
{
	char *text = talloc_strdup(mem, "{\"resources\":[");

	for (size_t i = 0; i < n; i++)
		text = talloc_asprintf_append(text,
		    "%s{\"category\":\"c\",\"key\":\"k%zu\",\"value\":%s}", i == 0 ? "" : ",", i,
		    values[i]);
	return talloc_asprintf_append(text, "]%s}", more);
}

struct ingest_answer
drift_push_values(
    struct drift_world *x, const struct uuid *config, size_t n, const char *const values[])
{
	return drift_push(x, x, config, drift_body(x, "", n, values));
}

void
drift_check(struct drift_world *x)
{
	assert_int_equal(drift_count(x, "SELECT COUNT(*) FROM %s.config_state s WHERE s.seq <>"
					" (SELECT IFNULL(MAX(seq), 0) FROM %s.config_snapshots p "
					"WHERE p.config_id = s.config_id)"),
	    0);
	assert_int_equal(
	    drift_count(x,
		"SELECT COUNT(*) FROM %s.config_state s WHERE s.seq <>"
		" (SELECT COUNT(*) FROM %s.config_snapshots p WHERE p.config_id = s.config_id)"),
	    0);
	assert_int_equal(
	    drift_count(x, "SELECT COUNT(*) FROM %s.config_snapshots p"
			   " LEFT JOIN %s.drift_reports r ON r.id = p.report_id WHERE r.id IS NULL"
			   " AND p.rendered IS NULL"),
	    0);
	assert_int_equal(
	    drift_count(x, "SELECT COUNT(*) FROM %s.drift_reports r WHERE"
			   " r.created + r.modified + r.deleted + r.accepted <>"
			   " (SELECT COUNT(*) FROM %s.drift_changes c WHERE c.report_id = r.id)"),
	    0);
	assert_int_equal(
	    drift_count(x, "SELECT COUNT(*) FROM (SELECT resource_id FROM %s.resource_versions"
			   " WHERE until_seq IS NULL GROUP BY resource_id HAVING COUNT(*) > 1) d"),
	    0);
	assert_int_equal(drift_count(x, "SELECT COUNT(*) FROM %s.resource_versions a"
					" JOIN %s.resource_versions b ON a.resource_id = "
					"b.resource_id AND a.from_seq < b.from_seq"
					" WHERE a.until_seq IS NULL OR a.until_seq > b.from_seq"),
	    0);
	assert_int_equal(drift_count(x, "SELECT COUNT(*) FROM %s.resource_versions WHERE span <>"
					" IF(until_seq IS NULL, 0, LEAST(12,"
					" (LENGTH(BIN(until_seq - from_seq)) + 1) DIV 2))"),
	    0);
	assert_int_equal(
	    drift_count(x,
		"SELECT COUNT(*) FROM %s.resource_versions v"
		" LEFT JOIN %s.contents c ON c.address = v.address WHERE c.address IS NULL"),
	    0);
	/* What waits is in the index, or behind something of its lane that is. */
	assert_int_equal(drift_count(x, "SELECT COUNT(*) FROM %s.outbox o"
					" LEFT JOIN testbsx.outbox_index i ON i.id = o.id WHERE "
					"o.state = 'pending' AND i.id IS NULL AND NOT EXISTS"
					" (SELECT 1 FROM %s.outbox b WHERE b.lane_id = o.lane_id"
					" AND b.state = 'pending' AND b.id < o.id)"),
	    0);
	assert_int_equal(drift_count(x, "SELECT COUNT(*) FROM (SELECT lane_id FROM %s.outbox o"
					" JOIN testbsx.outbox_index i ON i.id = o.id"
					" WHERE o.state = 'pending' AND lane_id IS NOT NULL"
					" GROUP BY lane_id HAVING COUNT(*) > 1) d"),
	    0);
}

void
drift_check_contents(struct drift_world *x)
{
	assert_int_equal(
	    drift_count(x,
		"SELECT COUNT(*) FROM (SELECT address FROM %s.resource_versions UNION"
		" SELECT address FROM %s.manifest_contents) v"
		" LEFT JOIN %s.contents c ON c.address = v.address WHERE c.address IS NULL"),
	    0);
	assert_int_equal(drift_count(x, "SELECT COUNT(*) FROM %s.contents c WHERE c.address NOT IN"
					" (SELECT address FROM %s.resource_versions)"
					" AND c.address NOT IN"
					" (SELECT address FROM %s.manifest_contents)"),
	    0);
}

void
drift_arrive(struct drift_world *x)
{
	drift_sql(x, "UPDATE %s.alert_lanes l JOIN %s.outbox o ON o.lane_id = l.id"
		     " SET l.sent = l.sent + 1, l.severity = o.severity, l.told_at = NOW(3)"
		     " WHERE o.state = 'pending'");
	drift_sql(x, "DELETE FROM testbsx.outbox_index WHERE id IN (SELECT id FROM %s.outbox)");
	drift_sql(x, "UPDATE %s.outbox SET state = 'delivered', done_at = NOW(3)"
		     " WHERE state = 'pending'");
}
