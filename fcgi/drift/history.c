/* routes.h: how one resource of a config was. */
#include "drift/service/snapshot.h"
#include "fcgi/drift/drift.h"
#include "fcgi/routes.h"

struct state_out {
	struct uuid snapshot_id;
	instant     since, until;
	bool        whole, gone;
};
static const struct field state_fields[] = {
	FIELD(struct state_out, snapshot_id, .flags = FIELD_NULLABLE,
	    .doc = "The snapshot with which it began to be so; null: it is not kept any more."),
	FIELD(struct state_out, since, .flags = FIELD_NULLABLE, .doc = "When that was collected."),
	FIELD(struct state_out, whole,
	    .doc = "That snapshot is kept; false: it was so from some time on before."),
	FIELD(struct state_out, until, .flags = FIELD_NULLABLE,
	    .doc =
		"When the first snapshot was collected in which it was otherwise; null: it is so "
		"now, or that snapshot is not kept."),
	FIELD(struct state_out, gone,
	    .doc = "It was not there any more then: the next state, if any, began later."),
	FIELD_END,
};
static const struct schema state_schema = SCHEMA("ResourceState", struct state_out, state_fields);

struct history_out {
	struct items items;
	bool         more;
};
static const struct field history_fields[] = {
	FIELD(struct history_out, items, .item = &state_schema,
	    .doc = "Its states, the newest first: 200 at most; none: it was never read."),
	FIELD(struct history_out, more, .doc = "There were others before these."),
	FIELD_END,
};
static const struct schema history_schema =
    SCHEMA("ResourceHistory", struct history_out, history_fields);

struct history_query {
	const char *category, *key;
};
static const struct field history_query_fields[] = {
	FIELD(struct history_query, category, .min = 1, .max = RESOURCE_CATEGORY_MAX,
	    .flags = FIELD_REQUIRED, .doc = "Category of the resource."),
	FIELD(struct history_query, key, .max = RESOURCE_KEY_MAX, .flags = FIELD_REQUIRED,
	    .doc = "Its key."),
	FIELD_END,
};
static const struct schema history_query_schema =
    SCHEMA("ResourceHistoryQuery", struct history_query, history_query_fields);

static bool
get_history(struct request *r, const void *body, void *answer, struct err *e)
{
	const struct history_query *q = r->query;
	const struct acting        *a = acting_of(r, e);
	struct history_out         *out = answer;
	struct snapshot_version    *all;
	struct state_out           *shown;
	size_t                      n;

	(void)body;
	if (a == NULL ||
	    !snapshot_history(a, &r->id0, q->category, q->key, &all, &n, &out->more, e))
		return false;
	shown = talloc_zero_array(r->mem, struct state_out, (unsigned)n + 1);
	if (shown == NULL)
		return err_memory(e);
	for (size_t i = 0; i < n; i++)
		shown[i] = (struct state_out) {
			.snapshot_id = all[i].seen.snapshot_id,
			.since = all[i].seen.since,
			.until = all[i].seen.until,
			.whole = all[i].seen.whole,
			.gone = all[i].gone,
		};
	out->items = (struct items) { shown, n };
	return true;
}

const struct route history_routes[] = {
	ROUTE_Q(GET, "/api/drift/configs/{id}/history", history_query, ALLOW(READ, SNAPSHOTS),
	    RATE_READ, 200, get_history, IN_NONE, OUT(history),
	    "How one resource was: since when it is as it is, and the states before, without "
	    "values: what a snapshot held GET /api/drift/snapshots/{id} shows, and POST "
	    "/api/drift/compare with `resource` what changed from one to the next."),
	ROUTE_END,
};
