/* routes.h: the request that would set a value back, for a person to send. */
#include "drift/service/revert.h"
#include "fcgi/drift/drift.h"
#include "fcgi/routes.h"

struct revert_request {
	const char     *method, *url, *content_type;
	struct raw_json body;
};
static const struct field revert_request_fields[] = {
	FIELD(struct revert_request, method, .doc = "Its method."),
	FIELD(struct revert_request, url,
	    .doc = "Where to; the credential is whoever sends it's own."),
	FIELD(struct revert_request, content_type, .doc = "What its body is: a JSON merge patch."),
	FIELD(struct revert_request, body, .doc = "Its body (RFC 7396)."),
	FIELD_END,
};
static const struct schema revert_request_schema =
    SCHEMA("RevertRequest", struct revert_request, revert_request_fields);

struct revert_out {
	struct revert_request *request;
	const char            *why, *place;
	struct raw_json        overwrites;
};
static const struct field revert_fields[] = {
	FIELD(struct revert_out, request, .item = &revert_request_schema, .flags = FIELD_NULLABLE,
	    .doc = "null: none is offered."),
	FIELD(struct revert_out, why, .flags = FIELD_OMIT_ZERO, .doc = "Why none is."),
	FIELD(struct revert_out, place, .flags = FIELD_OMIT_ZERO,
	    .doc = "JSON Pointer in the resource: all that it writes."),
	FIELD(struct revert_out, overwrites, .flags = FIELD_OMIT_ZERO,
	    .doc = "What was read there last: before it is sent, see that it is there still; null: "
		   "nothing."),
	FIELD_END,
};
static const struct schema revert_schema = SCHEMA("Revert", struct revert_out, revert_fields);

static bool
get_revert(struct request *r, const void *body, void *answer, struct err *e)
{
	const struct acting *a = acting_of(r, e);
	struct revert_out   *out = answer;
	struct revert        found;

	(void)body;
	if (a == NULL || !revert_of(a, &r->id0, &found, e))
		return false;
	*out = (struct revert_out) { .why = found.why, .place = found.place };
	if (found.why != NULL)
		return true;
	out->overwrites.text = found.overwrites;
	out->request = talloc(r->mem, struct revert_request);
	if (out->request == NULL)
		return err_memory(e);
	*out->request = (struct revert_request) {
		.method = found.method,
		.url = found.url,
		.content_type = "application/merge-patch+json",
		.body = { .text = found.body },
	};
	return true;
}

const struct route revert_routes[] = {
	ROUTE(GET, "/api/drift/changes/{id}/revert", ALLOW(READ, DRIFT), RATE_READ, 200, get_revert,
	    IN_NONE, OUT(revert),
	    "The exact request that would set the value back to what was approved, where its "
	    "source "
	    "says how (collections/write of blindspotx-source(5)). It is never sent from here. "
	    "Masked "
	    "values are in none. Needs also read:snapshots."),
	ROUTE_END,
};
