#include "fcgi/drift/drift.h"

#include "core/web/etag.h"

const char *const drift_severities[] = { "info", "low", "medium", "high", "critical", NULL };
const char *const finding_statuses[] = { "detected", "acknowledged", "in_progress", "resolved",
	"ignored", "accepted", NULL };
const char *const alert_statuses[] = { "open", "acknowledged", "in_progress", "resolved", NULL };

static const struct field approve_in_fields[] = {
	FIELD(struct approve_in, reviewed, .flags = FIELD_REQUIRED,
	    .doc =
		"What the first readings have to be reviewed (first_look of GET .../baseline) was "
		"seen: needed where there is something."),
	FIELD_END,
};
const struct schema approve_in_schema =
    SCHEMA("DriftApprove", struct approve_in, approve_in_fields);

/* ---- who acts ---- */

/* Made on first use. */
struct drift *
drift_of(struct app *app, struct err *e)
{
	if (app->drift == NULL) {
		app->drift = drift_make(app, app->env, e);
		if (app->drift != NULL)
			app->drift->database = app->database;
	}
	return app->drift;
}

static bool
if_match_holds(const void *r, uint64_t revision, struct err *e)
{
	return etag_may_change(r, etag_number(revision), e);
}

const struct acting *
acting_of(struct request *r, struct err *e)
{
	const struct deed_by by = request_deed_by(r);
	struct drift        *d = drift_of(r->app, e);
	struct acting       *a = d == NULL ? NULL : acting_make(&by, d, &r->work, e);

	if (a == NULL)
		return NULL;
	a->holds = if_match_holds;
	a->holds_arg = r;
	return a;
}

/* ---- what answers share ---- */

static const struct field change_resource_fields[] = {
	FIELD(struct change_resource, category, .doc = "Collection."),
	FIELD(struct change_resource, key, .doc = "Key in it."),
	FIELD_END,
};
const struct schema change_resource_schema =
    SCHEMA("DriftResource", struct change_resource, change_resource_fields);

struct event_out {
	instant     at;
	const char *actor, *from, *to, *note;
};
static const struct field event_out_fields[] = {
	FIELD(struct event_out, at, .doc = "When."),
	FIELD(struct event_out, actor,
	    .doc = "Who: an address, key:NAME of an API key; system: found by a comparison."),
	FIELD(struct event_out, from, .flags = FIELD_NULLABLE, .doc = "Status before."),
	FIELD(struct event_out, to, .doc = "Status after."),
	FIELD(struct event_out, note, .doc = "Why, in their words."),
	FIELD_END,
};
const struct schema event_out_schema = SCHEMA("DriftEvent", struct event_out, event_out_fields);

bool
events_show(
    TALLOC_CTX *mem, const struct finding_event *events, size_t n, struct items *out, struct err *e)
{
	struct event_out *rows = talloc_zero_size(mem, (n + 1) * sizeof(*rows));

	if (rows == NULL)
		return err_memory(e);
	for (size_t i = 0; i < n; i++)
		rows[i] = (struct event_out) { events[i].at, events[i].actor, events[i].from_status,
			events[i].to_status, events[i].note };
	*out = (struct items) { rows, n };
	return true;
}

void
view_raw(struct view v, struct raw_json *value)
{
	if (!v.values && (value->text != NULL || value->tree != NULL))
		*value = (struct raw_json) { .text = VIEW_WITHHELD_JSON };
}

const char *
golden_owner(const struct acting *a, bool foreign)
{
	return foreign || tenant_is_platform(a->by.t->tenant) ? "platform" : "tenant";
}

/* ---- many at once ---- */

static const struct field bulk_out_fields[] = {
	FIELD(struct bulk_out, matched, .doc = "Findings or alerts that were named, each once."),
	FIELD(struct bulk_out, changed,
	    .doc = "Of those: what was changed, and has it in its history."),
	FIELD(struct bulk_out, unchanged, .doc = "Of those: what was like that already."),
	FIELD_END,
};
const struct schema bulk_out_schema = SCHEMA("BulkResult", struct bulk_out, bulk_out_fields);

bool
bulk_ids(
    struct request *r, const struct strings *ids, bool filter, struct uuid **out, struct err *e)
{
	char *pointer;

	*out = NULL;
	if ((ids->n > 0) == filter)
		return err_fault(e, r->mem, "", "must name either ids or filter");
	if (filter)
		return true;
	*out = talloc_zero_size(r->mem, ids->n * sizeof(**out));
	if (*out == NULL)
		return err_memory(e);
	for (size_t i = 0; i < ids->n; i++) {
		if (uuid_parse(str_of(ids->items[i]), &(*out)[i]))
			continue;
		pointer = talloc_asprintf(r->mem, "/ids/%zu", i);
		if (pointer == NULL)
			return err_memory(e);
		err_fault(e, r->mem, pointer, "must be a UUID");
	}
	return e->code == ERR_OK;
}
