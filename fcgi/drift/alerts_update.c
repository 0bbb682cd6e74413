/* Working on alerts: one, or many at once. */
#include <stdlib.h>
#include <string.h>

#include "core/store/drift/config.h"
#include "core/web/etag.h"
#include "drift/alert/alerting.h"
#include "drift/finding/status.h"
#include "fcgi/drift/drift.h"
#include "fcgi/routes.h"

/* ---- bodies ---- */

static const char *const update_statuses[] = { "acknowledged", "in_progress", "resolved", NULL };

struct alert_update {
	const char *status, *note;
	struct uuid assigned_to;
	uint64_t    given;
};
#define UPDATE_FIELDS(T)                                                                           \
	FIELD(T, status, .choices = update_statuses,                                               \
	    .doc = "New status: a later one of open, acknowledged, in_progress, resolved."),       \
	    FIELD(T, note, .max = 1000, .doc = "Kept in the history and the audit log."),          \
	    FIELD(T, assigned_to, .flags = FIELD_NULLABLE,                                         \
		.doc = "User who works on it; null: nobody.")
static const struct field alert_update_fields[] = {
	UPDATE_FIELDS(struct alert_update),
	FIELD_END,
};
static const struct schema alert_update_schema =
    SCHEMA_GIVEN("AlertUpdate", struct alert_update, alert_update_fields, given);

struct pick {
	struct uuid config_id;
	const char *status, *severity, *kind;
};
static const struct field pick_fields[] = {
	FIELD(struct pick, config_id, .doc = "Only of this config."),
	FIELD(struct pick, status, .choices = alert_statuses, .doc = "Only with this status."),
	FIELD(struct pick, severity, .choices = drift_severities, .doc = "Only of this severity."),
	FIELD(struct pick, kind, .choices = alert_kinds, .doc = "Only of this kind."),
	FIELD_END,
};
static const struct schema pick_schema = SCHEMA("AlertFilter", struct pick, pick_fields);

struct alert_bulk {
	struct strings ids;
	struct pick   *filter;
	const char    *status, *note;
	struct uuid    assigned_to;
	uint64_t       given;
};
static const struct field alert_bulk_fields[] = {
	FIELD(struct alert_bulk, ids, .min = 1, .max = ALERT_IDS_MAX,
	    .doc = "Alerts; this or filter."),
	FIELD(struct alert_bulk, filter, .item = &pick_schema,
	    .doc = "Alerts, at most 1,000; this or ids. It names at least one member."),
	UPDATE_FIELDS(struct alert_bulk),
	FIELD_END,
};
static const struct schema alert_bulk_schema =
    SCHEMA_GIVEN("AlertsUpdate", struct alert_bulk, alert_bulk_fields, given);

/* What is to become of an alert, wherever it is told. */
struct wish {
	const char *status, *note; /* NULL: none */
	struct uuid assigned_to;
	bool        assigns;
	instant     now;
};

/* ---- one alert ---- */

static bool
set_status(struct request *r, struct alert *a, const char *status, instant now, struct err *e)
{
	a->status = talloc_strdup(r->mem, status);
	if (a->acknowledged_by == NULL) {
		a->acknowledged_by = talloc_strdup(r->mem, r->caller.name);
		a->acknowledged_at = now;
	}
	if (strcmp(status, "resolved") == 0) {
		a->resolved_by = talloc_strdup(r->mem, r->caller.name);
		a->resolved_at = now;
		a->open_key = NULL;
	}
	if (a->status == NULL || a->acknowledged_by == NULL ||
	    (a->open_key == NULL && a->resolved_by == NULL))
		return err_memory(e);
	return true;
}

/* The channels of the config hear of the end, whoever ended it. */
static bool
tell_resolved(struct request *r, const struct alert *a, struct err *e)
{
	struct drift            *d = drift_of(r->app, e);
	struct drift_config      c;
	const struct drift_spec *spec;
	const struct alert_news  news = { .event = EVENT_RESOLVED, .alert = a };

	if (d == NULL)
		return false;
	if (!config_by_id(r->db, r->mem, &a->config_id, &c, e)) {
		if (!err_take(e, ERR_MISSING))
			return false;
		return true;
	}
	spec = spec_of(d, r->db, &c, &r->work, e);
	if (spec == NULL)
		return false;
	return alerting_tell(
	    &(struct alert_scope) {
		.env = d->env,
		.t = r->db,
		.mem = r->mem,
		.config_id = c.id,
		.config_name = c.name,
		.targets = spec->targets,
		.targets_n = spec->targets_n,
	    },
	    &news, NULL, e);
}

static bool
record_event(struct db *db, struct request *r, const struct alert *a, const char *from,
    const char *note, struct err *e)
{
	const struct finding_event v = { .id = uuid_make(r->app->env->clock, r->app->env->rand),
		.subject = { a->id.b, sizeof(a->id.b) },
		.at = a->updated_at,
		.actor = r->caller.name,
		.from_status = from,
		.to_status = a->status,
		.note = note == NULL ? "" : note };

	return finding_event_add(db, &v, 1, e);
}

static bool
check_transition(const struct alert *a, const struct wish *w, struct err *e)
{
	const char *why = w->status == NULL ? NULL : status_refuse_alert(a->status, w->status);
	char        id[UUID_TEXT_MAX], text[sizeof(e->pub)];

	if (why == NULL)
		return true;
	uuid_print(&a->id, id);
	snprintf(text, sizeof(text), "Alert %s is %s. %s", id, a->status, why);
	return err_set(e, ERR_CONFLICT, 0, text, "no status %s after %s", w->status, a->status);
}

/* What the wish says is so already, and there is nothing to note. */
static bool
is_so(const struct alert *a, const struct wish *w)
{
	return (w->status == NULL || strcmp(w->status, a->status) == 0) && w->note == NULL &&
	       (!w->assigns || uuid_eq(&w->assigned_to, &a->assigned_to));
}

static bool
fulfil(struct db *db, struct request *r, const struct wish *w, struct alert *a, struct err *e)
{
	const char *from = a->status;
	bool        was_open = a->open_key != NULL, done;

	if (!check_transition(a, w, e))
		return false;
	a->updated_at = w->now;
	if (w->status != NULL && !set_status(r, a, w->status, w->now, e))
		return false;
	if (w->assigns)
		a->assigned_to = w->assigned_to;
	if (!alert_set(db, a, &done, e))
		return false;
	if (!done)
		return tx_again(e);
	a->version++;
	if ((w->status != NULL || w->note != NULL) && !record_event(db, r, a, from, w->note, e))
		return false;
	return !was_open || a->open_key != NULL || tell_resolved(r, a, e);
}

bool
alert_resolve(struct db *db, struct request *r, const struct uuid *config,
    const struct uuid *report, const char *note, struct err *e)
{
	const struct wish w = {
		.status = "resolved", .note = note, .now = { clock_ms(r->app->env->clock) }
	};
	struct alert a;
	char         key[ALERT_OPEN_KEY_MAX];

	alerting_open_key(config, key);
	if (!alert_by_open_key(db, r->mem, key, &a, e)) {
		if (!err_take(e, ERR_MISSING))
			return false;
		return true;
	}
	a.report_id = *report;
	a.changes = 0;
	return fulfil(db, r, &w, &a, e);
}

/* ---- the deed ---- */

struct job {
	struct request     *r;
	struct wish         wish;
	const struct uuid  *ids; /* NULL: those of the filter */
	size_t              n;
	struct alert_filter filter;
	const struct json  *picked; /* the filter as it came */
	bool                many;
	struct alert       *alerts; /* as they become */
	struct bulk_out     done;
	struct audit_entry  entry;
};

static bool
details_of(const struct job *x, const char **out, struct err *e)
{
	const struct wish *w = &x->wish;
	struct buf         b;
	char               id[UUID_TEXT_MAX];

	buf_make(&b, x->r->mem);
	buf_puts(&b, "{\"status\":");
	if (w->status != NULL)
		buf_json(&b, str_of(w->status));
	else
		buf_puts(&b, "null");
	if (w->note != NULL) {
		buf_puts(&b, ",\"note\":");
		buf_json(&b, str_of(w->note));
	}
	if (x->picked != NULL) {
		buf_puts(&b, ",\"filter\":");
		json_print(&b, x->picked);
	}
	if (x->many)
		buf_printf(&b, ",\"matched\":%lld,\"changed\":%lld,\"alerts\":[",
		    (long long)x->done.matched, (long long)x->done.changed);
	for (int64_t i = 0; x->many && i < x->done.changed; i++) {
		uuid_print(&x->alerts[i].id, id);
		buf_printf(&b, "%s\"%s\"", i == 0 ? "" : ",", id);
	}
	buf_puts(&b, x->many ? "]}" : "}");
	*out = b.p;
	return buf_ok(&b) ? true : err_memory(e);
}

static int
by_id(const void *a, const void *b)
{
	return memcmp(
	    &((const struct alert *)a)->id, &((const struct alert *)b)->id, sizeof(struct uuid));
}

/* Every id that is not there is a fault of its own; `rows` are newest first. */
static bool
check_ids(const struct job *x, const struct alert *rows, size_t n, struct err *e)
{
	for (size_t i = 0; i < x->n; i++) {
		const struct alert key = { .id = x->ids[i] };
		char              *pointer;
		bool               there = false;
		size_t             lo = 0, hi = n;

		while (lo < hi && !there) {
			size_t mid = lo + (hi - lo) / 2;
			int    c = by_id(&key, &rows[mid]);

			there = c == 0;
			if (c < 0)
				lo = mid + 1;
			else
				hi = mid;
		}
		if (there)
			continue;
		pointer = talloc_asprintf(x->r->mem, "/ids/%zu", i);
		if (pointer == NULL)
			return err_memory(e);
		err_fault(e, x->r->mem, pointer, "there is no such alert");
	}
	return e->code == ERR_OK;
}

static bool
load(struct db *db, const struct job *x, struct alert **rows, size_t *n, struct err *e)
{
	struct request *r = x->r;

	if (x->ids != NULL)
		return alert_by_ids(db, r->mem, x->ids, x->n, rows, n, e) &&
		       check_ids(x, *rows, *n, e);
	if (!alert_list(r->db, r->mem, &x->filter, ALERT_IDS_MAX + 1, rows, n, e))
		return false;
	if (*n > ALERT_IDS_MAX)
		return err_fault(
		    e, r->mem, "/filter", "lets more than %d alerts by; narrow it", ALERT_IDS_MAX);
	return true;
}

/* Read inside the transaction: it may be the second try.  The changed ones come first. */
static bool
deed_body(struct db *db, void *arg, struct err *e)
{
	struct job *x = arg;
	size_t      n;

	x->done = (struct bulk_out) { 0 };
	if (!load(db, x, &x->alerts, &n, e))
		return false;
	x->done.matched = (int64_t)n;
	if (!x->many && !etag_may_change(x->r, etag_number(x->alerts[0].version), e))
		return false;
	for (size_t i = 0; i < n; i++) {
		if (x->many && is_so(&x->alerts[i], &x->wish))
			continue;
		if (!fulfil(db, x->r, &x->wish, &x->alerts[i], e))
			return false;
		x->alerts[x->done.changed++] = x->alerts[i];
	}
	x->done.unchanged = x->done.matched - x->done.changed;
	return details_of(x, &x->entry.details, e);
}

static bool
deed_run(struct job *x, struct uuid target, struct err *e)
{
	struct request      *r = x->r;
	const struct deed_by by = request_deed_by(r);

	x->entry = (struct audit_entry) { .action = AUDIT_ALERT_UPDATE, .target_id = target };
	return audit_deed(&by, deed_body, x, &x->entry, e);
}

/* ---- one, and many ---- */

static bool
change_alert(struct request *r, const void *body, void *answer, struct err *e)
{
	const struct alert_update *in = body;
	struct job                 x = { .r = r, .ids = &r->id0, .n = 1 };
	struct alert               now;

	x.wish = (struct wish) { in->status, in->note, in->assigned_to,
		(in->given & schema_bit(&alert_update_schema, "assigned_to")) != 0,
		{ clock_ms(r->app->env->clock) } };
	return alert_by_id(r->db->db, r->mem, &r->id0, &now, e) && deed_run(&x, r->id0, e) &&
	       alert_show_one(r, &x.alerts[0], answer, e);
}

static bool
check_filter(struct request *r, const struct pick *p, struct alert_filter *f, struct err *e)
{
	if (uuid_is_nil(&p->config_id) && p->status == NULL && p->severity == NULL &&
	    p->kind == NULL)
		return err_fault(e, r->mem, "/filter", "must name something");
	*f = (struct alert_filter) { .status = p->status,
		.severity = p->severity,
		.kind = p->kind,
		.config_id = p->config_id };
	return true;
}

static bool
change_alerts(struct request *r, const void *body, void *answer, struct err *e)
{
	const struct alert_bulk *in = body;
	struct job               x = { .r = r, .n = in->ids.n, .many = true };
	struct uuid             *ids;

	x.wish = (struct wish) { in->status, in->note, in->assigned_to,
		(in->given & schema_bit(&alert_bulk_schema, "assigned_to")) != 0,
		{ clock_ms(r->app->env->clock) } };
	if (x.wish.status == NULL && x.wish.note == NULL && !x.wish.assigns)
		return err_fault(e, r->mem, "", "names nothing to change");
	if (!bulk_ids(r, &in->ids, in->filter != NULL, &ids, e))
		return false;
	x.ids = ids;
	x.picked = json_get(r->json, "filter");
	if (in->filter != NULL && !check_filter(r, in->filter, &x.filter, e))
		return false;
	if (!deed_run(&x, (struct uuid) { 0 }, e))
		return false;
	*(struct bulk_out *)answer = x.done;
	return true;
}

const struct route alert_update_routes[] = {
	ROUTE(PUT, "/api/drift/alerts/{id}", ALLOW(UPDATE, ALERTS), RATE_WRITE, 200, change_alert,
	    IN(alert_update), OUT(alert_out), "Acknowledges, assigns or resolves an alert."),
	ROUTE(PUT, "/api/drift/alerts", ALLOW(UPDATE, ALERTS), RATE_WRITE, 200, change_alerts,
	    IN(alert_bulk), OUT(bulk_out),
	    "Acknowledges, assigns or resolves many alerts, all or nothing."),
	ROUTE_END,
};
