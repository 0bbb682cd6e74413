/* routes.h: long work that somebody asked for. */
#include "core/auth/operation.h"

#include <string.h>

#include "core/auth/tenant/tenant_life.h"
#include "fcgi/routes.h"

struct operation_out {
	struct uuid     id, tenant_id;
	const char     *kind, *state;
	uint64_t        done, total;
	const char     *now, *asked_by;
	instant         created_at, started_at, finished_at;
	const char     *error;
	struct raw_json result;
};
static const struct field operation_out_fields[] = {
	FIELD(struct operation_out, id, .doc = "Number of the operation."),
	FIELD(struct operation_out, kind, .doc = "What is done."),
	FIELD(struct operation_out, tenant_id, .flags = FIELD_NULLABLE,
	    .doc = "The tenant that it is about; null: none."),
	FIELD(struct operation_out, state, .doc = "running, done, failed or cancelled."),
	FIELD(struct operation_out, done, .doc = "So much of total is done."),
	FIELD(struct operation_out, total, .doc = "What there is to do; 0: not known."),
	FIELD(struct operation_out, now, .flags = FIELD_NULLABLE,
	    .doc = "What is done now, or waited for; null: it is over."),
	FIELD(struct operation_out, asked_by,
	    .doc = "Who asked for it: an address, key:NAME of an API key, or bsxctl."),
	FIELD(struct operation_out, created_at, .doc = "When it was asked for."),
	FIELD(struct operation_out, started_at, .flags = FIELD_NULLABLE,
	    .doc = "When it was begun first; null: it waits."),
	FIELD(struct operation_out, finished_at, .flags = FIELD_NULLABLE,
	    .doc = "When it was over; null: it is not."),
	FIELD(struct operation_out, error, .flags = FIELD_NULLABLE,
	    .doc = "Why it came to nothing, or why the last try did."),
	FIELD(struct operation_out, result, .flags = FIELD_NULLABLE,
	    .doc = "What it came to, by its kind; null: nothing to tell."),
	FIELD_END,
};
static const struct schema operation_out_schema =
    SCHEMA("Operation", struct operation_out, operation_out_fields);

static const char *const states[] = {
#define X(wire) wire,
	OPERATION_STATES(X)
#undef X
	    NULL
};
struct operation_query {
	struct list_query page;
	const char       *kind, *state;
};
static const struct field operation_query_fields[] = {
	LIST_FIELDS(struct operation_query, "Most items of one answer."),
	FIELD(struct operation_query, kind, .min = 1, .max = 32, .doc = "Only of this kind."),
	FIELD(struct operation_query, state, .choices = states, .doc = "Only in this state."),
	FIELD_END,
};
static const struct schema operation_query_schema =
    SCHEMA("OperationQuery", struct operation_query, operation_query_fields);

static bool
show_operation(
    struct request *r, const struct list_page *p, const void *row, void *out, struct err *e)
{
	const struct operation *o = row;

	(void)r, (void)p, (void)e;
	*(struct operation_out *)out = (struct operation_out) {
		.id = o->id,
		.tenant_id = o->tenant_id,
		.kind = o->kind,
		.state = o->state,
		.done = o->done,
		.total = o->total,
		.now = *o->step == '\0' ? NULL : o->step,
		.asked_by = o->asked_name,
		.created_at = o->created_at,
		.started_at = o->started_at,
		.finished_at = o->finished_at,
		.error = o->error,
		.result = o->result,
	};
	return true;
}

static bool
fetch_operations(struct request *r, struct list_page *p, struct err *e)
{
	const struct operation_query *q = r->query;
	const struct deed_by          by = request_deed_by(r);

	return operations_see(&by, q->kind, q->state, &p->page, e);
}
static const struct list_ops operation_list_ops = {
	fetch_operations,
	LIST_OF(struct operation, id),
	show_operation,
};

static bool
get_operation(struct request *r, const void *body, void *answer, struct err *e)
{
	const struct deed_by by = request_deed_by(r);
	struct operation     o;

	(void)body;
	return operation_see(&by, &r->id0, &o, e) && show_operation(r, NULL, &o, answer, e);
}

/* Of a tenant's erasure that is to have the tenant back, with what belongs to that. */
static bool
cancel(const struct deed_by *by, const struct uuid *id, struct operation *o, struct err *e)
{
	const struct tenant_life back = { .to = TENANT_UNDELETED };
	struct uuid              none;

	if (!operation_see(by, id, o, e))
		return false;
	if (strcmp(o->kind, operation_kind_names[OPERATION_TENANT_ERASE]) != 0 ||
	    uuid_is_nil(&o->tenant_id))
		return operation_cancel(by, id, o, e);
	return tenant_live(by, &o->tenant_id, &back, &none, e) && operation_see(by, id, o, e);
}

static bool
cancel_operation(struct request *r, const void *body, void *answer, struct err *e)
{
	const struct deed_by by = request_deed_by(r);
	struct operation     o;

	(void)body;
	return cancel(&by, &r->id0, &o, e) && show_operation(r, NULL, &o, answer, e);
}

const struct route operation_routes[] = {
	ROUTE_LIST("/api/operations", operation_query, CALLER, &operation_list_ops,
	    OUT_LIST(operation_out),
	    "Lists long work that this tenant has asked for, newest first: those kinds whose deed "
	    "the caller may do."),
	ROUTE(GET, "/api/operations/{id}", CALLER, RATE_READ, 200, get_operation, IN_NONE,
	    OUT(operation_out), "Shows long work, how far it is and what is done now."),
	ROUTE(DELETE_, "/api/operations/{id}", CALLER_FRESH, RATE_WRITE, 202, cancel_operation,
	    IN_NONE, OUT(operation_out),
	    "Asks for its end; it is cancelled as soon as who carries it has seen to that, and "
	    "what was done of it is taken back; what a template has made in tenants until then "
	    "stays (POST /api/drift/templates/{id}/undo)."),
	ROUTE_END,
};
