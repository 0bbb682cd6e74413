#include "drift/service/second.h"

#include <stdio.h>
#include <string.h>

#include "core/auth/audit_details.h"
#include "core/auth/settings.h"
#include "core/base/unicode.h"
#include "core/store/drift/schedule.h"
#include "drift/run/golden_binding.h"
#include "drift/service/look.h"
#include "drift/snapshot/collections.h"

#define NOTE_BYTES 1000
#define LOOK_S     60 /* so often it is seen whether it still waits for what is there */

bool
second_of(const struct acting *a, struct second *out, struct err *e)
{
	const struct settings *s;
	const char            *from;

	*out = (struct second) { false, SEVERITY_CRITICAL };
	if (!settings_of(a->by.auth, a->by.t->tenant, &s, e))
		return false;
	from = s->four_eyes->accept_from;
	out->asks = from != NULL && severity_parse(str_of(from), &out->from);
	return true;
}

struct uuid
second_person(const struct acting *a)
{
	const struct caller *c = a->by.caller;

	return c->kind == CALLER_API_KEY ? c->maker : c->user;
}

/* ---- how severe a baseline is ---- */

/* What is accepted until a day counts in no sum of the report, and is accepted for longer by this.
 */
static bool
severity_of_until(
    const struct acting *a, const struct uuid *report, enum severity *out, struct err *e)
{
	enum severity worst;
	char         *name;

	if (!acceptance_worst_until(a->by.t->db, a->by.mem, report, &name, e))
		return false;
	if (name != NULL && severity_parse(str_of(name), &worst))
		*out = severity_worse(*out, worst);
	return true;
}

static bool
severity_of_report(const struct acting *a, const struct config_state *state,
    const struct snapshot *s, enum severity *out, struct err *e)
{
	struct report r;

	*out = SEVERITY_CRITICAL;
	if (uuid_is_nil(&state->report_id))
		return true;
	if (!report_by_id(a->by.t, a->by.mem, &state->report_id, &r, e))
		return err_take(e, ERR_MISSING);
	if (!uuid_eq(&r.snapshot_id, &s->id) || !uuid_eq(&r.baseline_id, &state->baseline_snapshot))
		return true;
	*out = SEVERITY_INFO;
	if (r.max_severity != NULL && !severity_parse(str_of(r.max_severity), out))
		return err_set(
		    e, ERR_INTERNAL, 0, "internal error", "a report of no known severity");
	return severity_of_until(a, &r.id, out, e);
}

static bool
severity_of_baseline(const struct acting *a, const struct config_state *state,
    const struct snapshot *s, enum severity *out, struct err *e)
{
	struct look_seen *look;

	*out = SEVERITY_INFO;
	if (!uuid_eq(&state->baseline_snapshot, &s->id) && !severity_of_report(a, state, s, out, e))
		return false;
	if (!look_see(a, &state->config_id, &look, e))
		return false;
	if (look != NULL && look->critical > 0)
		*out = SEVERITY_CRITICAL;
	else if (look != NULL && look->high > 0)
		*out = severity_worse(*out, SEVERITY_HIGH);
	return true;
}

/* ---- asking ---- */

static bool
note_findings(struct db *db, const struct acting *a, const struct finding_row *findings, size_t n,
    const char *note, struct err *e)
{
	struct finding_event *v = talloc_zero_size(a->by.mem, (n + 1) * sizeof(v[0]));

	if (v == NULL)
		return err_memory(e);
	for (size_t i = 0; i < n; i++)
		v[i] = (struct finding_event) { .id = acting_id(a),
			.config_id = findings[i].config_id,
			.subject = findings[i].fingerprint,
			.value_hash = findings[i].value_hash,
			.at = acting_now(a),
			.actor = a->name,
			.from_status = findings[i].status,
			.to_status = findings[i].status,
			.note = note };
	return n == 0 || finding_event_add(db, v, n, e);
}

bool
second_note(struct db *db, const struct acting *a, const struct acceptance *row,
    const struct finding_row *findings, size_t n, const char *lead, const char *text, struct err *e)
{
	char *note = talloc_asprintf(a->by.mem, "%s%s", lead, text == NULL ? "" : text);

	note = note == NULL ? NULL : unicode_clean(a->by.mem, str_of(note), NOTE_BYTES);
	if (note == NULL)
		return err_memory(e);
	if (n > 0)
		return note_findings(db, a, findings, n, note, e);
	return uuid_is_nil(&row->config_id) || golden_tell(db, a->drift->env, &row->config_id,
						   a->name, "pinned", "pinned", note, e);
}

static bool
add(struct db *db, const struct acting *a, const struct acceptance *row,
    const struct finding_row *findings, size_t n, struct err *e)
{
	struct acceptance_finding *f = talloc_zero_size(a->by.mem, (n + 1) * sizeof(f[0]));

	if (f == NULL)
		return err_memory(e);
	for (size_t i = 0; i < n; i++)
		f[i] = (struct acceptance_finding) { findings[i].config_id, findings[i].fingerprint,
			findings[i].value_hash, row->id };
	return acceptance_add(db, row, f, n, e);
}

bool
second_ask(struct db *db, const struct acting *a, struct acceptance *row,
    const struct finding_row *findings, size_t n, struct err *e)
{
	const instant now = acting_now(a);

	if (a->by.caller->service)
		return err_set(e, ERR_FORBIDDEN, 0,
		    "This needs a second person, and who has a service key may be the one who "
		    "confirms: ask for it in a session, or with a key of your own.",
		    "a service key as the first person");
	row->id = acting_id(a);
	row->findings = (int64_t)n;
	row->asked_by = second_person(a);
	row->asked_name = acting_copy(a, a->name);
	row->asked_at = now;
	row->ends_at = (instant) { now.ms + SECOND_WAITS_S * INT64_C(1000) };
	if (row->asked_name == NULL)
		return err_memory(e);
	return add(db, a, row, findings, n, e) &&
	       schedule_set(db, SCHEDULE_ACCEPTANCE, &row->id, LOOK_S, e) &&
	       second_note(db, a, row, findings, n,
		   "Asked to accept it, which waits for a second person: ", row->reason, e);
}

static bool
second_still(const struct acceptance *asked, const struct config_state *state, struct err *e)
{
	return uuid_eq(&state->baseline_snapshot, &asked->baseline_id) ||
	       err_set(e, ERR_CONFLICT, 0,
		   "The baseline is another by now than when this was asked for: ask again.",
		   "the baseline has moved");
}

bool
second_asks(struct db *db, const struct acting *a, const struct config_state *state,
    struct second_baseline *in, struct err *e)
{
	enum severity worst;
	struct second second;

	in->waits = (struct acceptance) { 0 };
	if (in->asked != NULL)
		return second_still(in->asked, state, e);
	if (!second_of(a, &second, e))
		return false;
	if (!second.asks)
		return true;
	if (!severity_of_baseline(a, state, in->snapshot, &worst, e))
		return false;
	if (worst < second.from)
		return true;
	if (!in->reviewed && !collections_reviewed(db, a->by.mem, in->snapshot, e))
		return false;
	in->waits = (struct acceptance) {
		.kind = acting_copy(a, in->kind),
		.config_id = state->config_id,
		.report_id = in->report,
		.snapshot_id = in->snapshot->id,
		.baseline_id = state->baseline_snapshot,
		.status = acting_copy(a, "accepted"),
		.reason = acting_copy(a, in->reason == NULL ? "" : in->reason),
		.reviewed = in->reviewed,
		.severity = acting_copy(a, severity_name(worst)),
	};
	if (in->waits.kind == NULL || in->waits.status == NULL || in->waits.reason == NULL ||
	    in->waits.severity == NULL)
		return err_memory(e);
	return second_ask(db, a, &in->waits, NULL, 0, e);
}

/* ---- what cannot wait ---- */

static void
severities_from(enum severity from, char *out, size_t size)
{
	size_t n = 0;

	for (enum severity s = from; s < SEVERITY__MAX; s++)
		n += (size_t)snprintf(
		    out + n, size - n, "%s\"%s\"", s == from ? "[" : ",", severity_name(s));
	snprintf(out + n, size - n, "]");
}

bool
second_refuse(struct db *db, const struct acting *a, const struct uuid *config,
    const struct uuid *golden, const char *what, struct err *e)
{
	char          severities[80], text[sizeof(e->pub)];
	struct second s;
	bool          any;

	if (!second_of(a, &s, e))
		return false;
	if (!s.asks)
		return true;
	severities_from(s.from, severities, sizeof(severities));
	if (!acceptance_undecided(db, config, golden, severities, &any, e))
		return false;
	if (!any)
		return true;
	snprintf(text, sizeof(text),
	    "Changes of severity %s or worse are there that nobody has decided about for good, and "
	    "accepting them needs a second person: that comes before %s.",
	    severity_name(s.from), what);
	return err_set(e, ERR_CONFLICT, 0, text, "a second person has not decided");
}

/* ---- what is told ---- */

struct alone_told {
	const char *name;
};
static const struct field alone_told_fields[] = {
	TOLD(struct alone_told, name),
	FIELD_END,
};
static const struct schema alone_told = SCHEMA("AloneTold", struct alone_told, alone_told_fields);

bool
second_alone(const struct acting *a, struct audit_entry *entry, struct err *e)
{
	const size_t  n = strlen(entry->details);
	struct second s;

	if (!second_of(a, &s, e))
		return false;
	if (!s.asks)
		return true;
	entry->details = talloc_asprintf(a->by.mem, "%.*s%s\"one_person\":true}", (int)(n - 1),
	    entry->details, n > strlen("{}") ? "," : "");
	return entry->details != NULL || err_memory(e);
}

bool
second_left(const struct acting *a, tx_fn *body, void *arg, const struct audit_entry *entry,
    const char *name, struct err *e)
{
	struct audit_entry told = *entry;

	told.details = audit_details(a->by.mem, &alone_told, &(struct alone_told) { name }, e);
	return told.details != NULL && second_alone(a, &told, e) &&
	       audit_deed(&a->by, body, arg, &told, e);
}

struct second_told {
	const char *kind, *status, *reason, *severity, *asked_by, *why;
	struct uuid acceptance, config, report, snapshot;
	int64_t     findings;
};
static const struct field told_fields[] = {
	TOLD(struct second_told, kind),
	TOLD(struct second_told, acceptance),
	TOLD(struct second_told, status),
	TOLD(struct second_told, severity),
	TOLD(struct second_told, asked_by),
	TOLD(struct second_told, reason),
	TOLD_IF(struct second_told, why),
	TOLD_IF(struct second_told, config),
	TOLD_IF(struct second_told, report),
	TOLD_IF(struct second_told, snapshot),
	TOLD_IF(struct second_told, findings),
	FIELD_END,
};
static const struct schema second_told_schema =
    SCHEMA("SecondTold", struct second_told, told_fields);

const char *
second_details(const struct acting *a, const struct acceptance *row, const char *why, struct err *e)
{
	const struct second_told told = {
		.kind = row->kind,
		.acceptance = row->id,
		.status = row->status,
		.severity = row->severity,
		.asked_by = row->asked_name,
		.reason = row->reason,
		.why = why,
		.config = row->config_id,
		.report = row->report_id,
		.snapshot = row->snapshot_id,
		.findings = row->findings,
	};

	return audit_details(a->by.mem, &second_told_schema, &told, e);
}

bool
second_entry(
    const struct acting *a, const struct acceptance *row, struct audit_entry *entry, struct err *e)
{
	entry->action = AUDIT_ACCEPTANCE_ASK;
	entry->target_kind = NULL;
	entry->target_id = row->id;
	entry->details = second_details(a, row, NULL, e);
	return entry->details != NULL;
}

/* ---- confirming ---- */

struct confirming {
	const struct acting     *a;
	const struct acceptance *asked;
	tx_fn                   *body;
	void                    *arg;
};

/* The row is held: whoever else decides about it waits, and finds it gone. */
static bool
confirm_body(struct db *db, void *arg, struct err *e)
{
	const struct confirming *x = arg;
	const struct uuid       *id = &x->asked->id;
	struct acceptance        held;
	bool                     done;

	return acceptance_lock(db, x->a->by.mem, id, &held, e) && x->body(db, x->arg, e) &&
	       acceptance_drop(db, id, &done, e) &&
	       schedule_set(db, SCHEDULE_ACCEPTANCE, id, -1, e);
}

bool
second_confirm(
    const struct acting *a, const struct acceptance *asked, tx_fn *body, void *arg, struct err *e)
{
	struct confirming  x = { a, asked, body, arg };
	struct audit_entry entry = { .action = AUDIT_ACCEPTANCE_CONFIRM, .target_id = asked->id };

	entry.details = second_details(a, asked, NULL, e);
	return entry.details != NULL && audit_deed(&a->by, confirm_body, &x, &entry, e);
}
