/* routes.h: snapshots, pushed, listed, shown and dropped. */
#include <string.h>

#include "core/store/drift/snapshot.h"
#include "drift/engine/masked.h"
#include "drift/run/ingest.h"
#include "drift/snapshot/baseline.h"
#include "drift/snapshot/retention.h"
#include "fcgi/drift/drift.h"
#include "fcgi/routes.h"

#define IDEMPOTENCY_MAX 128
#define CONTENTS_MAX    1000

/* ---- pushing ---- */

struct push_out {
	struct uuid        snapshot_id;
	struct report_out *report;
	bool               unchanged;
};
static const struct field push_out_fields[] = {
	FIELD(struct push_out, snapshot_id, .doc = "The snapshot."),
	FIELD(struct push_out, report, .item = &report_out_schema,
	    .doc = "What the comparison found."),
	FIELD(struct push_out, unchanged,
	    .doc = "Nothing changed since the snapshot before: the report is that one's."),
	FIELD_END,
};
static const struct schema push_out_schema =
    SCHEMA("SnapshotPushed", struct push_out, push_out_fields);

struct document_query {
	const char *actor;
	instant     collected_at;
};
static const struct field document_query_fields[] = {
	FIELD(struct document_query, actor, .max = 254, .doc = "Who made the changes."),
	FIELD(struct document_query, collected_at, .flags = FIELD_NULLABLE,
	    .doc = "When it was read."),
	FIELD_END,
};
static const struct schema document_query_schema =
    SCHEMA("DocumentQuery", struct document_query, document_query_fields);

/* 1..128 visible ASCII characters. */
static bool
idempotency_key(struct request *r, const char **key, struct err *e)
{
	struct str s = str_trim(request_param(r, "HTTP_IDEMPOTENCY_KEY"));

	*key = NULL;
	if (s.n == 0)
		return true;
	if (s.n > IDEMPOTENCY_MAX)
		return err_set(
		    e, ERR_BAD_REQUEST, 0, "Idempotency-Key is longer than 128 bytes.", "too long");
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] < 0x21 || s.p[i] > 0x7e)
			return err_set(e, ERR_BAD_REQUEST, 0,
			    "Idempotency-Key must be visible ASCII.", "bad byte");
	*key = str_dup(r->mem, s);
	return *key != NULL ? true : err_memory(e);
}

/* ---- very many values of a masked place ---- */

static bool
masking_details(TALLOC_CTX *mem, const struct masking *m, const char **out, struct err *e)
{
	char       config[UUID_TEXT_MAX];
	struct buf b;

	uuid_print(&m->count.config_id, config);
	buf_make(&b, mem);
	buf_printf(
	    &b, "{\"changes\":%lld,\"config_id\":\"%s\"", (long long)m->count.changes, config);
	if (m->place != NULL) {
		buf_puts(&b, ",\"category\":");
		buf_json(&b, m->place->category);
		buf_puts(&b, ",\"key\":");
		buf_json(&b, m->place->key);
		buf_puts(&b, ",\"path\":");
		buf_json(&b, m->place->path);
	}
	buf_putc(&b, '}');
	*out = b.p;
	return buf_ok(&b) || err_memory(e);
}

static bool
masking_body(struct db *db, void *arg, struct err *e)
{
	const struct masking *m = arg;
	bool                  first;

	if (!masked_changes_told(db, &m->count, &first, e))
		return false;
	return first || err_set(e, ERR_CONFLICT, 0, "It was told before.", "told before");
}

/* The push is stored and answered whatever becomes of this: what was not told is with the next. */
static void
tell_masking(struct request *r, const struct masking *m)
{
	const struct deed_by by = request_deed_by(r);
	struct masking       told = *m;
	struct err           e = { 0 };
	struct audit_entry   entry = {
		  .action = AUDIT_MASKED_CHANGES, .failed = true, .target_id = m->count.config_id
	};

	if (masking_details(r->mem, m, &entry.details, &e) &&
	    audit_deed(&by, masking_body, &told, &entry, &e))
		return;
	if (!err_take(&e, ERR_CONFLICT))
		log_event(r->app->env->log, LOG_SECURITY, LOG_LEVEL_WARN,
		    "guesses at a masked value could not be told of",
		    LOGS("event.action", "masked.changes"), LOGS("event.outcome", "failure"),
		    LOGS("error.message", e.detail));
}

static bool
push_run(struct request *r, struct push *p, struct push_out *out, struct err *e)
{
	struct drift        *d = drift_of(r->app, e);
	struct ingest_answer a;

	if (d == NULL)
		return false;
	p->config_id = r->id0;
	p->body = r->body;
	p->pushed_by = r->caller.name;
	p->pusher = r->caller.user;
	p->work = &r->work;
	p->permits = r->app->permits;
	request_widen(r);
	if (!idempotency_key(r, &p->idempotency_key, e) || !ingest_push(d, r->db, r->mem, p, &a, e))
		return false;
	for (size_t i = 0; i < a.masking_n; i++)
		tell_masking(r, &a.masking[i]);
	out->snapshot_id = a.snapshot_id;
	out->unchanged = a.unchanged;
	out->report = talloc_zero(r->mem, struct report_out);
	if (out->report == NULL)
		return err_memory(e);
	return report_show(r->mem, &a.report, out->report, e);
}

static bool
config_found(struct request *r, struct err *e)
{
	bool there;

	return config_exists(r->db, &r->id0, &there, e) &&
	       (there || err_set(e, ERR_MISSING, 0, "Not found.", "no such config"));
}

static bool
push_snapshot(struct request *r, const void *body, void *answer, struct err *e)
{
	struct push p = { .in = body };

	return push_run(r, &p, answer, e);
}

static bool
push_document(struct request *r, const void *body, void *answer, struct err *e)
{
	const struct document_query *q = r->query;
	struct push                  p = { .document = r->json };

	(void)body;
	if (r->json == NULL)
		return err_set(
		    e, ERR_MALFORMED, 0, "The body is empty; it must be the document.", "no body");
	if (q != NULL) {
		p.actor = q->actor;
		p.collected_at = q->collected_at;
	}
	return push_run(r, &p, answer, e);
}

/* ---- reading ---- */

struct content_out {
	const char     *category, *key;
	struct raw_json value;
};
static const struct field content_out_fields[] = {
	FIELD(struct content_out, category, .doc = "Collection."),
	FIELD(struct content_out, key, .doc = "Key in it."),
	FIELD(struct content_out, value, .flags = FIELD_OMIT_ZERO,
	    .doc =
		"The value as it was compared: without ignored members, masked ones as [masked]."),
	FIELD_END,
};
static const struct schema content_out_schema =
    SCHEMA("SnapshotContent", struct content_out, content_out_fields);

struct snapshot_out {
	struct uuid     id, config_id;
	uint64_t        seq;
	bool            in_order;
	struct raw_json collections;
	int64_t         resources;
	char           *actor, *pushed_by;
	instant         collected_at, received_at;
	struct uuid     report_id;
	bool            rendered;
	struct items    contents;
};
static const struct field snapshot_out_fields[] = {
	FIELD(struct snapshot_out, id, .doc = "Number of the snapshot."),
	FIELD(struct snapshot_out, config_id, .doc = "Its config."),
	FIELD(struct snapshot_out, seq, .doc = "Order of arrival in the config."),
	FIELD(struct snapshot_out, in_order,
	    .doc = "False: collected before the newest at that time."),
	FIELD(struct snapshot_out, collections, .doc = "Completeness of each category."),
	FIELD(struct snapshot_out, resources, .doc = "How many resources were pushed."),
	FIELD(struct snapshot_out, actor, .doc = "Who made the changes, as the collector said."),
	FIELD(struct snapshot_out, pushed_by,
	    .doc = "Whose credential pushed it: an address, or key:NAME of an API key."),
	FIELD(struct snapshot_out, collected_at, .doc = "When it was read."),
	FIELD(struct snapshot_out, received_at, .doc = "When it came."),
	FIELD(struct snapshot_out, report_id, .flags = FIELD_NULLABLE, .doc = "Its report."),
	FIELD(struct snapshot_out, rendered, .flags = FIELD_OMIT_ZERO,
	    .doc = "It was not collected: a golden baseline is rendered to it."),
	FIELD(struct snapshot_out, contents, .item = &content_out_schema, .flags = FIELD_OMIT_ZERO,
	    .doc = "With ?category=&key=: that resource; with ?category= alone: the keys of the "
		   "category, the first 1,000."),
	FIELD_END,
};
static const struct schema snapshot_out_schema =
    SCHEMA("Snapshot", struct snapshot_out, snapshot_out_fields);

struct snapshot_query {
	const char *category, *key;
};
static const struct field snapshot_query_fields[] = {
	FIELD(struct snapshot_query, category, .min = 1, .max = RESOURCE_CATEGORY_MAX,
	    .doc = "Category whose contents are wanted."),
	FIELD(struct snapshot_query, key, .max = RESOURCE_KEY_MAX, .doc = "Key in it."),
	FIELD_END,
};
static const struct schema snapshot_query_schema =
    SCHEMA("SnapshotQuery", struct snapshot_query, snapshot_query_fields);

static void
snapshot_show(const struct snapshot *s, struct snapshot_out *out)
{
	*out = (struct snapshot_out) { .id = s->id,
		.config_id = s->config_id,
		.seq = s->seq,
		.in_order = s->in_order,
		.collections = { .text = s->collections },
		.resources = s->resources,
		.actor = s->actor,
		.pushed_by = s->pushed_by,
		.collected_at = s->collected_at,
		.received_at = s->received_at,
		.report_id = s->report_id,
		.rendered = s->rendered != NULL };
}

struct snapshots_query {
	struct list_query page;
	instant           at;
};
static const struct field snapshots_query_fields[] = {
	LIST_FIELDS(struct snapshots_query, "Most items of one answer."),
	FIELD(struct snapshots_query, at, .flags = FIELD_NULLABLE,
	    .doc = "Only the one in force at that instant: the newest collected by then."),
	FIELD_END,
};
static const struct schema snapshots_query_schema =
    SCHEMA("SnapshotsQuery", struct snapshots_query, snapshots_query_fields);

/* Of an instant: one, or none. */
static bool
fetch_at(struct request *r, instant at, struct list_page *p, struct err *e)
{
	struct snapshot *s = talloc_zero(r->mem, struct snapshot);

	if (s == NULL)
		return err_memory(e);
	if (snapshot_before(r->db, r->mem, &r->id0, at, s, e)) {
		p->n = 1;
		return list_rows(p, s);
	}
	if (!err_take(e, ERR_MISSING))
		return false;
	return list_rows(p, s);
}

static bool
fetch_snapshots(struct request *r, struct list_page *p, struct err *e)
{
	const struct snapshots_query *q = r->query;
	struct snapshot              *rows;

	if (!config_found(r, e))
		return false;
	if (q->at.ms != 0)
		return fetch_at(r, q->at, p, e);
	return snapshot_list(r->db, r->mem, &r->id0, &p->after, p->want, &rows, &p->n, e) &&
	       list_rows(p, rows);
}

static bool
show_row(struct request *r, const struct list_page *p, const void *row, void *out, struct err *e)
{
	(void)r, (void)p, (void)e;
	snapshot_show(row, out);
	return true;
}
static const struct list_ops snapshot_list_ops = { fetch_snapshots, LIST_OF(struct snapshot, id),
	show_row };

static bool
held_of(struct request *r, const struct snapshot *s, const struct snapshot_query *q, struct held *h,
    struct err *e)
{
	struct uuid  id = held_id(&s->config_id, str_of(q->category), str_of(q->key));
	struct held *all;
	size_t       n;

	if (s->in_order)
		return held_one(r->db, r->mem, &id, s->seq, h, e);
	if (!baseline_held(r->db, r->mem, s, &all, &n, e))
		return false;
	for (size_t i = 0; i < n; i++) {
		if (strcmp(all[i].category, q->category) == 0 && strcmp(all[i].key, q->key) == 0) {
			*h = all[i];
			return true;
		}
	}
	return err_set(e, ERR_MISSING, 0, "Not found.", "not in that snapshot");
}

static bool
show_value(struct request *r, const struct held *h, struct content_out *c, struct err *e)
{
	struct str   text;
	struct json *v;
	struct buf   b;

	if (h->address.n != HASH_LEN || !content_by_address(r->db, r->mem, h->address.p, &text, e))
		return err_set(e, ERR_INTERNAL, 0, "internal error", "stored content is missing");
	v = json_parse(r->mem, text, e);
	if (v == NULL)
		return false;
	buf_make(&b, r->mem);
	resource_print(&b, v);
	c->value.text = b.p;
	return buf_ok(&b) ? true : err_memory(e);
}

static bool
one_content(struct request *r, const struct snapshot *s, const struct snapshot_query *q,
    struct items *out, struct err *e)
{
	struct content_out *c = talloc_zero(r->mem, struct content_out);
	struct held         h;

	if (c == NULL)
		return err_memory(e);
	if (!held_of(r, s, q, &h, e))
		return false;
	c->category = h.category;
	c->key = h.key;
	*out = (struct items) { c, 1 };
	return show_value(r, &h, c, e);
}

static bool
category_contents(struct request *r, const struct snapshot *s, const char *category,
    struct items *out, struct err *e)
{
	struct content_out *c = talloc_zero_array(r->mem, struct content_out, CONTENTS_MAX);
	struct held        *all;
	size_t              n;

	if (c == NULL)
		return err_memory(e);
	*out = (struct items) { c, 0 };
	if (!baseline_held(r->db, r->mem, s, &all, &n, e))
		return false;
	for (size_t i = 0; i < n && out->n < CONTENTS_MAX; i++)
		if (strcmp(all[i].category, category) == 0)
			c[out->n++] =
			    (struct content_out) { .category = all[i].category, .key = all[i].key };
	return true;
}

static bool
get_snapshot(struct request *r, const void *body, void *answer, struct err *e)
{
	const struct snapshot_query *q = r->query;
	struct snapshot_out         *out = answer;
	struct snapshot              s;

	(void)body;
	if (!snapshot_by_id(r->db, r->mem, &r->id0, &s, e))
		return false;
	snapshot_show(&s, out);
	if (q == NULL || (q->category == NULL && q->key == NULL))
		return true;
	if (q->category == NULL)
		return err_fault(e, r->mem, "/category", "is needed with key");
	if (q->key == NULL)
		return category_contents(r, &s, q->category, &out->contents, e);
	return one_content(r, &s, q, &out->contents, e);
}

/* ---- dropping ---- */

struct drop_query {
	const char *reason;
};
static const struct field drop_query_fields[] = {
	FIELD(struct drop_query, reason, .min = 1, .max = 500, .flags = FIELD_REQUIRED | FIELD_SEEN,
	    .doc = "Why: it goes into the audit log."),
	FIELD_END,
};
static const struct schema drop_query_schema =
    SCHEMA("SnapshotDropQuery", struct drop_query, drop_query_fields);

struct drop_deed {
	TALLOC_CTX     *mem;
	struct snapshot s;
};

static bool
drop_body(struct db *db, void *arg, struct err *e)
{
	struct drop_deed *d = arg;

	return retention_drop(db, d->mem, &d->s, e);
}

static bool
drop_snapshot(struct request *r, const void *body, void *answer, struct err *e)
{
	const struct deed_by     by = request_deed_by(r);
	const struct drop_query *q = r->query;
	struct drop_deed         d = { .mem = r->mem };
	struct audit_entry       entry = { .action = AUDIT_SNAPSHOT_DELETE, .target_id = r->id0 };
	struct buf               details;

	(void)body;
	(void)answer;
	if (q == NULL || q->reason == NULL)
		return err_fault(e, r->mem, "/reason", "is required");
	if (!snapshot_by_id(r->db, r->mem, &r->id0, &d.s, e))
		return false;
	buf_make(&details, r->mem);
	buf_puts(&details, "{\"reason\":");
	buf_json(&details, str_of(q->reason));
	buf_putc(&details, '}');
	entry.details = details.p;
	return (buf_ok(&details) || err_memory(e)) && audit_deed(&by, drop_body, &d, &entry, e);
}

const struct route snapshot_routes[] = {
	ROUTE_FOUND(config_found, POST, "/api/drift/configs/{id}/snapshots",
	    ALLOW(WRITE, SNAPSHOTS), RATE_SNAPSHOT, 201, push_snapshot, IN_SNAPSHOT(push),
	    OUT(push_out),
	    "Stores a snapshot and compares it with the baseline before the answer."),
	ROUTE_Q_FOUND(config_found, POST, "/api/drift/configs/{id}/documents", document_query,
	    ALLOW(WRITE, SNAPSHOTS), RATE_SNAPSHOT, 201, push_document, IN_DOCUMENT, OUT(push_out),
	    "The same with a body that is the document itself."),
	ROUTE_LIST("/api/drift/configs/{id}/snapshots", snapshots_query, ALLOW(READ, SNAPSHOTS),
	    &snapshot_list_ops, OUT_LIST(snapshot_out),
	    "Lists a config's snapshots, newest first."),
	ROUTE_Q(GET, "/api/drift/snapshots/{id}", snapshot_query, ALLOW(READ, SNAPSHOTS), RATE_READ,
	    200, get_snapshot, IN_NONE, OUT(snapshot_out),
	    "Shows a snapshot, and contents of it when asked."),
	ROUTE_Q(DELETE_, "/api/drift/snapshots/{id}", drop_query, ALLOW(DELETE, SNAPSHOTS),
	    RATE_WRITE, 204, drop_snapshot, IN_NONE, OUT_NONE,
	    "Drops a snapshot with what only it held; the baseline and the newest cannot be. Its "
	    "report stays."),
	ROUTE_END,
};
