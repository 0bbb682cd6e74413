/* routes.h: one change with its history, and accepting a whole report. */
#include <string.h>

#include "core/store/drift/config.h"
#include "core/store/drift/snapshot.h"
#include "drift/run/recheck.h"
#include "fcgi/drift/drift.h"
#include "fcgi/routes.h"

#define REASON_MAX 1000

/* ---- history ---- */

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
history_show(struct request *r, const struct uuid *config, struct blob subject, struct items *out,
    struct err *e)
{
	struct finding_event *rows;
	struct event_out     *events;
	size_t                n;

	if (!finding_event_list(r->db->db, r->mem, config, subject, &rows, &n, e))
		return false;
	events = talloc_zero_size(r->mem, (n + 1) * sizeof(*events));
	if (events == NULL)
		return err_memory(e);
	for (size_t i = 0; i < n; i++)
		events[i] = (struct event_out) { rows[i].at, rows[i].actor, rows[i].from_status,
			rows[i].to_status, rows[i].note };
	*out = (struct items) { events, n };
	return true;
}

/* ---- one change ---- */

/* A change nobody has decided about and no ordinary report has shown has no row: one as it would
 * be. */
static bool
finding_of(struct db *db, struct request *r, const struct change_row *c, struct finding_row *row,
    struct err *e)
{
	if (finding_by_value(db, r->mem, &c->config_id, c->fingerprint, c->value_hash, row, e))
		return true;
	if (!err_take(e, ERR_MISSING))
		return false;
	*row = (struct finding_row) { .config_id = c->config_id,
		.fingerprint = c->fingerprint,
		.value_hash = c->value_hash,
		.status = c->status,
		.created_at = c->created_at };
	return true;
}

bool
change_show_one(struct request *r, struct view v, struct change_out *out, struct err *e)
{
	struct change_row  c;
	struct finding_row f;

	if (!change_by_id(r->db->db, r->mem, &r->id0, &c, e) || !change_show(r, v, &c, out, e) ||
	    !finding_of(r->db->db, r, &c, &f, e) ||
	    !history_show(r, &c.config_id, c.fingerprint, &out->history, e))
		return false;
	out->assigned_to = f.assigned_to;
	if (strcmp(f.status, "accepted") != 0)
		return true;
	out->acceptance = talloc_zero(r->mem, struct acceptance_out);
	if (out->acceptance == NULL)
		return err_memory(e);
	*out->acceptance = (struct acceptance_out) { f.reason, f.owner, f.expires_at };
	return true;
}

static bool
get_change(struct request *r, const void *body, void *answer, struct err *e)
{
	(void)body;
	return change_show_one(r, view_of(r), answer, e);
}

/* ---- promoting ---- */

struct promote_in {
	const char *reason;
};
static const struct field promote_fields[] = {
	FIELD(struct promote_in, reason, .min = 1, .max = REASON_MAX,
	    .flags = FIELD_REQUIRED | FIELD_SEEN,
	    .doc = "Why; kept in the history of every finding and in the audit log."),
	FIELD_END,
};
static const struct schema promote_in_schema =
    SCHEMA("DriftReportAccept", struct promote_in, promote_fields);

struct promoting {
	struct request          *r;
	const struct promote_in *in;
	struct report            report;
	struct snapshot          snapshot;
	instant                  now;
};

static bool
promote_rows(struct promoting *p, const struct change_key *keys, size_t n, struct finding_row *rows,
    struct finding_event *events, struct err *e)
{
	struct request *r = p->r;
	char           *accepted = talloc_strdup(r->mem, "accepted");
	char           *owner = talloc_strdup(r->mem, r->caller.name);
	char           *reason = talloc_strdup(r->mem, p->in->reason);

	if (accepted == NULL || owner == NULL || reason == NULL)
		return err_memory(e);
	for (size_t i = 0; i < n; i++) {
		rows[i] = (struct finding_row) { .config_id = p->report.config_id,
			.fingerprint = keys[i].fingerprint,
			.value_hash = keys[i].value_hash,
			.status = accepted,
			.promoted = true,
			.reason = reason,
			.owner = owner,
			.created_at = p->now,
			.updated_at = p->now };
		events[i] =
		    (struct finding_event) { .id = uuid_make(r->app->env->clock, r->app->env->rand),
			    .config_id = p->report.config_id,
			    .subject = keys[i].fingerprint,
			    .value_hash = keys[i].value_hash,
			    .at = p->now,
			    .actor = r->caller.name,
			    .from_status = keys[i].status,
			    .to_status = accepted,
			    .note = reason };
	}
	return true;
}

static bool
promote_findings(struct db *db, struct promoting *p, struct err *e)
{
	struct request       *r = p->r;
	struct change_key    *keys;
	struct finding_row   *rows;
	struct finding_event *events;
	size_t                n;

	if (!change_keys(db, r->mem, &p->report.id, &keys, &n, e))
		return false;
	rows = talloc_zero_size(r->mem, (n + 1) * sizeof(*rows));
	events = talloc_zero_size(r->mem, (n + 1) * sizeof(*events));
	if (rows == NULL || events == NULL)
		return err_memory(e);
	return promote_rows(p, keys, n, rows, events, e) && finding_put(db, rows, n, e) &&
	       finding_event_add(db, events, n, e);
}

static bool
promote_body(struct db *db, void *arg, struct err *e)
{
	struct promoting   *p = arg;
	const struct uuid  *config = &p->report.config_id;
	struct config_state state;

	if (!config_state_lock(db, p->r->mem, config, &state, e))
		return false;
	if (state.golden)
		return err_set(e, ERR_CONFLICT, 0,
		    "The baseline of this config is a golden one: declare a difference instead.",
		    "promoting against a golden baseline");
	/* retention may have dropped it meanwhile */
	if (!snapshot_by_id(p->r->db, p->r->mem, &p->snapshot.id, &p->snapshot, e) ||
	    !promote_findings(db, p, e) ||
	    !config_baseline_set(db, config, &p->snapshot.id, p->snapshot.seq, e) ||
	    !config_touch(db, config, (instant) { 0 }, e))
		return false;
	/* An older report's snapshot becomes the baseline; what came since is for the next push. */
	if (!uuid_eq(&state.report_id, &p->report.id))
		return true;
	return config_state_word(db, config, "ok", e) &&
	       alert_resolve(db, p->r, config, &p->report.id, p->in->reason, e);
}

static bool
promote_load(struct promoting *p, struct err *e)
{
	struct request          *r = p->r;
	struct drift            *d = drift_of(r->app, e);
	const struct drift_spec *spec;
	struct drift_config      c;

	if (d == NULL || !report_by_id(r->db, r->mem, &r->id0, &p->report, e) ||
	    !snapshot_by_id(r->db, r->mem, &p->report.snapshot_id, &p->snapshot, e) ||
	    !config_by_id(r->db, r->mem, &p->report.config_id, &c, e))
		return false;
	spec = spec_of(d, r->db, &c, &r->work, e);
	if (spec == NULL)
		return false;
	if (spec->mode == BASELINE_PREVIOUS)
		return err_set(e, ERR_CONFLICT, 0,
		    "The baseline of this config follows the previous snapshot; it is not set.",
		    "mode previous");
	if (strcmp(p->report.incomplete.text, "[]") != 0)
		return err_set(e, ERR_CONFLICT, 0,
		    "The report is incomplete: what was not read cannot be approved.",
		    "promoting an incomplete report");
	return true;
}

static bool
accept_report(struct request *r, const void *body, void *answer, struct err *e)
{
	const struct deed_by by = request_deed_by(r);
	struct promoting     p = { .r = r, .in = body, .now = { clock_ms(r->app->env->clock) } };
	const struct ruling  told = { .status = "accepted", .reason = p.in->reason };
	struct audit_entry   entry = { .action = AUDIT_REPORT_ACCEPT, .target_id = r->id0 };

	return promote_load(&p, e) &&
	       ruling_details(r->mem, &told, NULL, NULL, &entry.details, e) &&
	       audit_deed(&by, promote_body, &p, &entry, e) &&
	       report_show(r->mem, &p.report, answer, e);
}

const struct route finding_routes[] = {
	ROUTE(GET, "/api/drift/changes/{id}", ALLOW(READ, DRIFT), RATE_READ, 200, get_change,
	    IN_NONE, OUT(change_out), "Shows a change with its history."),
	ROUTE(POST, "/api/drift/reports/{id}/accept", ALLOW(UPDATE, DRIFT), RATE_WRITE, 200,
	    accept_report, IN(promote_in), OUT(report_out),
	    "Accepts all of a report: its snapshot becomes the baseline."),
	ROUTE_END,
};
