/* routes.h: snapshots, pushed, listed, shown and dropped. */
#include "drift/service/config.h"
#include "drift/service/snapshot.h"
#include "fcgi/drift/report.h"
#include "fcgi/drift/shown.h"
#include "fcgi/routes.h"

#define CONTENTS_MAX 1000

/* ---- pushing ---- */

struct push_out {
	struct uuid        snapshot_id;
	struct report_out *report;
	bool               unchanged;
	struct strings     notes;
	int64_t            clock_behind_s;
};
static const struct field push_out_fields[] = {
	FIELD(struct push_out, snapshot_id, .doc = "The snapshot."),
	FIELD(struct push_out, report, .item = &report_out_schema,
	    .doc = "What the comparison found."),
	FIELD(struct push_out, unchanged,
	    .doc = "Nothing changed since the snapshot before: the report is that one's."),
	FIELD(struct push_out, notes, .flags = FIELD_OMIT_ZERO,
	    .doc =
		"What is to be known of the document: that it says itself that it is not all, or "
		"that its array is empty. Not in the answer to a repeat."),
	FIELD(struct push_out, clock_behind_s, .flags = FIELD_OMIT_ZERO,
	    .doc = "Seconds by which the clock of the collector was set back: the last pushes of "
		   "this key say that they were collected before the one before them. They are "
		   "stored as history, and change nothing until collected_at is right, or left "
		   "out."),
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

static bool
push_run(struct request *r, struct push *p, struct push_out *out, struct err *e)
{
	const struct acting *a = acting_of(r, e);
	struct ingest_answer done;

	p->config_id = r->id0;
	p->body = r->body;
	p->permits = r->app->permits;
	request_widen(r);
	if (a == NULL || !request_idempotency_key(r, &p->idempotency_key, e) ||
	    !snapshot_push(a, p, &done, e))
		return false;
	out->snapshot_id = done.snapshot_id;
	out->unchanged = done.unchanged;
	out->notes = done.notes;
	out->clock_behind_s = done.clock_behind_s;
	out->report = talloc_zero(r->mem, struct report_out);
	return out->report == NULL ? err_memory(e)
				   : report_show(r->mem, &done.report, out->report, e);
}

static bool
config_found(struct request *r, struct err *e)
{
	const struct acting *a = acting_of(r, e);

	return a != NULL && config_there(a, &r->id0, e);
}

static void
push_refused(struct request *r)
{
	struct err           e = { 0 };
	const struct acting *a = acting_of(r, &e);

	if (a != NULL)
		snapshot_refused(a, &r->id0, &r->err);
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

static bool
snapshot_show(
    struct request *r, const struct list_page *p, const void *row, void *out, struct err *e)
{
	const struct snapshot *s = row;

	(void)r, (void)p, (void)e;
	*(struct snapshot_out *)out = (struct snapshot_out) {
		.id = s->id,
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
		.rendered = s->rendered != NULL,
	};
	return true;
}

bool
snapshot_shown(struct request *r, const struct snapshot *row, struct buf *out, struct err *e)
{
	struct snapshot_out one;

	return snapshot_show(r, NULL, row, &one, e) &&
	       schema_encode(out, &snapshot_out_schema, &one, e);
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

static bool
fetch_snapshots(struct request *r, struct list_page *p, struct err *e)
{
	const struct snapshots_query *q = r->query;
	const struct snapshot_filter  f = { .config_id = r->id0, .at = q->at };
	const struct acting          *a = acting_of(r, e);

	return a != NULL && snapshot_page(a, &f, &p->page, e);
}
static const struct list_ops snapshot_list_ops = {
	fetch_snapshots,
	LIST_OF(struct snapshot, id),
	snapshot_show,
};

static bool
one_content(const struct acting *a, const struct snapshot *s, const struct snapshot_query *q,
    struct items *out, struct err *e)
{
	struct content_out   *c = talloc_zero(a->by.mem, struct content_out);
	struct snapshot_value v;

	if (c == NULL)
		return err_memory(e);
	if (!snapshot_resource(a, s, q->category, q->key, &v, e))
		return false;
	*c = (struct content_out) { v.held.category, v.held.key, { .text = v.text } };
	*out = (struct items) { c, 1 };
	return true;
}

static bool
category_contents(const struct acting *a, const struct snapshot *s, const char *category,
    struct items *out, struct err *e)
{
	struct content_out *c = talloc_zero_array(a->by.mem, struct content_out, CONTENTS_MAX);
	struct held        *rows;
	size_t              n;

	if (c == NULL)
		return err_memory(e);
	if (!snapshot_category(a, s, category, &rows, &n, e))
		return false;
	*out = (struct items) { c, n < CONTENTS_MAX ? n : CONTENTS_MAX };
	for (size_t i = 0; i < out->n; i++)
		c[i] = (struct content_out) { .category = rows[i].category, .key = rows[i].key };
	return true;
}

static bool
get_snapshot(struct request *r, const void *body, void *answer, struct err *e)
{
	const struct snapshot_query *q = r->query;
	const struct acting         *a = acting_of(r, e);
	struct snapshot_out         *out = answer;
	struct snapshot              s;

	(void)body;
	if (a == NULL || !snapshot_see(a, &r->id0, &s, e) || !snapshot_show(r, NULL, &s, out, e))
		return false;
	if (q->category == NULL && q->key == NULL)
		return true;
	if (q->category == NULL)
		return err_fault(e, r->mem, "/category", "is needed with key");
	if (q->key == NULL)
		return category_contents(a, &s, q->category, &out->contents, e);
	return one_content(a, &s, q, &out->contents, e);
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

static bool
drop_snapshot(struct request *r, const void *body, void *answer, struct err *e)
{
	const struct drop_query *q = r->query;
	const struct acting     *a = acting_of(r, e);

	(void)body, (void)answer;
	if (a == NULL)
		return false;
	return q->reason == NULL ? err_fault(e, r->mem, "/reason", "is required")
				 : snapshot_erase(a, &r->id0, q->reason, e);
}

const struct route snapshot_routes[] = {
	ROUTE_FOUND(config_found, push_refused, POST, "/api/drift/configs/{id}/snapshots",
	    ALLOW(WRITE, SNAPSHOTS), RATE_SNAPSHOT, 201, push_snapshot, IN_SNAPSHOT(push),
	    OUT(push_out),
	    "Stores a snapshot and compares it with the baseline before the answer."),
	ROUTE_Q_FOUND(config_found, push_refused, POST, "/api/drift/configs/{id}/documents",
	    document_query, ALLOW(WRITE, SNAPSHOTS), RATE_SNAPSHOT, 201, push_document, IN_DOCUMENT,
	    OUT(push_out), "The same with a body that is the document itself."),
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
