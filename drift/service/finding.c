#include "drift/service/finding.h"

#include <string.h>

#include "core/auth/audit_details.h"
#include "core/store/id_list.h"
#include "drift/service/assignee.h"
#include "drift/service/second.h"

/* ---- reading ---- */

bool
history_see(const struct acting *a, const struct uuid *config, struct blob subject,
    struct finding_event **events, size_t *n, struct err *e)
{
	return finding_event_list(a->by.t->db, a->by.mem, config, subject, events, n, e);
}

/* Of one that has no row. */
static struct finding_row
finding_without(const struct change_row *c)
{
	return (struct finding_row) {
		.config_id = c->config_id,
		.fingerprint = c->fingerprint,
		.value_hash = c->value_hash,
		.status = c->status,
		.created_at = c->created_at,
	};
}

static bool
finding_of(
    const struct acting *a, const struct change_row *c, struct finding_row *row, struct err *e)
{
	if (finding_by_value(
		a->by.t->db, a->by.mem, &c->config_id, c->fingerprint, c->value_hash, row, e))
		return true;
	*row = finding_without(c);
	return err_take(e, ERR_MISSING);
}

bool
change_see(const struct acting *a, const struct uuid *id, struct change_seen *out, struct err *e)
{
	const struct change_row *c = &out->row;

	return change_by_id(a->by.t->db, a->by.mem, id, &out->row, e) &&
	       finding_of(a, c, &out->finding, e) &&
	       acceptances_of_finding(
		   a->by.t->db, a->by.mem, &out->finding, &out->waits, &out->waits_n, e) &&
	       history_see(a, &c->config_id, c->fingerprint, &out->events, &out->events_n, e);
}

static bool
blob_same(struct blob a, struct blob b)
{
	return a.n == b.n && memcmp(a.p, b.p, a.n) == 0;
}

static void
seen_of(const struct change_row *c, const struct finding_list *findings,
    struct finding_event *events, size_t n, struct change_seen *out)
{
	*out = (struct change_seen) { .row = *c, .finding = finding_without(c) };
	for (size_t i = 0; i < findings->n; i++)
		if (blob_same(findings->rows[i].fingerprint, c->fingerprint))
			out->finding = findings->rows[i];
	for (size_t i = 0; i < n; i++) {
		if (!blob_same(events[i].subject, c->fingerprint))
			continue;
		if (out->events_n++ == 0)
			out->events = &events[i];
	}
}

bool
changes_see(const struct acting *a, const struct change_row *rows, size_t n,
    struct change_seen **out, bool *cut, struct err *e)
{
	struct finding_seen *names =
	    talloc_zero_array(a->by.mem, struct finding_seen, (unsigned)n + 1);
	struct finding_names  of = { names, n };
	struct finding_list   findings = { 0 };
	struct finding_event *events = NULL;
	size_t                events_n = 0;

	*out = talloc_zero_array(a->by.mem, struct change_seen, (unsigned)n + 1);
	if (names == NULL || *out == NULL)
		return err_memory(e);
	for (size_t i = 0; i < n; i++) {
		names[i].config_id = rows[i].config_id;
		names[i].fingerprint = rows[i].fingerprint;
		names[i].value_hash = rows[i].value_hash;
	}
	if (!finding_of_values(a->by.t->db, a->by.mem, &of, &findings, e) ||
	    !finding_events_of(a->by.t->db, a->by.mem, &of, &events, &events_n, e))
		return false;
	for (size_t i = 0; i < n; i++)
		seen_of(&rows[i], &findings, events, events_n, &(*out)[i]);
	*cut = events_n == FINDING_EVENTS_SOME;
	return true;
}

/* ---- deciding ---- */

struct finding_deed {
	const struct acting *a;
	struct ruling        ruling;
	struct decide_which  which;
	struct decided       done;
	struct acceptance    waits; /* id nil: nothing does */
	struct uuid          target;
	const struct json   *filter; /* as it came; NULL: none */
	bool                 many;
	struct audit_entry   entry;
};

/* Of one finding, and of many: then with how many and which. */
struct decision_told {
	const char     *status, *reason;
	struct raw_json filter;
	int64_t         matched, changed, waiting;
	struct uuid     acceptance;
	struct raw_json changes;
	const char     *link; /* what that of a message said, by which it was done */
};
static const struct field decision_told_fields[] = {
	TOLD(struct decision_told, status),
	TOLD_IF(struct decision_told, reason),
	FIELD_END,
};
static const struct schema decision_told =
    SCHEMA("DecisionTold", struct decision_told, decision_told_fields);
static const struct field decisions_told_fields[] = {
	TOLD(struct decision_told, status),
	TOLD_IF(struct decision_told, reason),
	TOLD_IF(struct decision_told, filter),
	TOLD(struct decision_told, matched),
	TOLD(struct decision_told, changed),
	TOLD_IF(struct decision_told, waiting),
	TOLD_IF(struct decision_told, acceptance),
	TOLD(struct decision_told, changes),
	TOLD_IF(struct decision_told, link),
	FIELD_END,
};
static const struct schema decisions_told =
    SCHEMA("DecisionsTold", struct decision_told, decisions_told_fields);

static bool
tell_decision(struct finding_deed *x, struct err *e)
{
	const struct decided *done = &x->done;
	TALLOC_CTX           *mem = x->a->by.mem;
	struct id_list_in     changes;
	struct decision_told  told = {
		 .status = x->ruling.status,
		 .reason = x->ruling.reason,
		 .filter = { .tree = x->filter },
		 .matched = done->matched,
		 .changed = done->changed,
		 .link = x->a->spends == NULL ? NULL : x->a->spends->deed,
	};

	if (!id_list_print(
		mem, (struct id_list) { done->changes, (size_t)done->changed }, &changes, e))
		return false;
	told.changes.text = changes.ids;
	if (!x->many && done->held_n > 0) {
		x->entry.details = second_details(x->a, &x->waits, NULL, e);
		return x->entry.details != NULL;
	}
	x->entry.details = audit_details(mem, x->many ? &decisions_told : &decision_told, &told, e);
	return x->entry.details != NULL;
}

static bool
let_wait(struct db *db, struct finding_deed *x, struct err *e)
{
	const struct acting *a = x->a;

	x->waits = (struct acceptance) {
		.kind = acting_copy(a, ACCEPTANCE_CHANGES),
		.status = acting_copy(a, x->ruling.status),
		.reason = acting_copy(a, x->ruling.reason == NULL ? "" : x->ruling.reason),
		.expires_at = x->ruling.expires_at,
		.severity = acting_copy(a, severity_name(x->done.held_worst)),
	};
	if (x->waits.kind == NULL || x->waits.status == NULL || x->waits.reason == NULL ||
	    x->waits.severity == NULL)
		return err_memory(e);
	return second_ask(db, a, &x->waits, x->done.held, x->done.held_n, e);
}

/* How many it was about is known inside only, and belongs into the entry. */
static bool
decide_body(struct db *db, void *arg, struct err *e)
{
	struct finding_deed *x = arg;
	const struct acting *a = x->a;

	x->waits = (struct acceptance) { 0 };
	x->entry.action = AUDIT_CHANGE_UPDATE;
	x->entry.target_id = x->target;
	if (!decide_apply(db, a->by.mem, a->drift->env, &x->ruling, &x->which, &x->done, e) ||
	    !acting_spend(db, a, e) || (x->done.held_n > 0 && !let_wait(db, x, e)))
		return false;
	if (a->spends != NULL && x->done.matched == 0)
		return err_set(e, ERR_CONFLICT, 0,
		    "Nothing of this alert waits for a decision any more.",
		    "an acceptance by link of nothing");
	if (!x->many && x->done.held_n > 0) {
		x->entry.action = AUDIT_ACCEPTANCE_ASK;
		x->entry.target_id = x->waits.id;
	}
	return tell_decision(x, e);
}

static bool
decide_run(struct finding_deed *x, struct err *e)
{
	const struct acting *a = x->a;
	struct second        second;

	if (!second_of(a, &second, e))
		return false;
	x->target = x->entry.target_id;
	x->ruling.asks = second.asks;
	x->ruling.asks_from = second.from;
	x->ruling.actor = a->name;
	x->ruling.now = acting_now(a);
	return ruling_check(a->by.mem, &x->ruling, e) &&
	       (!x->ruling.assigns || assignee_check(a, &x->ruling.assigned_to, e)) &&
	       decide_find(a->by.t->db, a->by.mem, &x->which, e) &&
	       audit_deed(&a->by, decide_body, x, &x->entry, e);
}

bool
finding_decide(const struct acting *a, const struct uuid *change, const struct ruling *ruling,
    struct decisions *out, struct err *e)
{
	struct finding_deed x = {
		.a = a,
		.ruling = *ruling,
		.which = { .ids = change, .n = 1 },
		.entry = { .target_id = *change },
	};
	struct change_row c;

	if (!change_by_id(a->by.t->db, a->by.mem, change, &c, e) || !decide_run(&x, e))
		return false;
	*out = (struct decisions) { x.done, x.waits };
	return true;
}

static bool
report_named(const struct acting *a, const struct uuid *id, struct err *e)
{
	struct report report;

	if (report_by_id(a->by.t, a->by.mem, id, &report, e))
		return true;
	if (!err_take(e, ERR_MISSING))
		return false;
	return err_fault(e, a->by.mem, "/filter/report_id", "there is no such report");
}

bool
findings_decide(const struct acting *a, const struct ruling *ruling,
    const struct decide_which *which, const struct json *filter, struct decisions *out,
    struct err *e)
{
	struct finding_deed x = {
		.a = a,
		.ruling = *ruling,
		.which = *which,
		.filter = filter,
		.many = true,
	};

	if (which->ids == NULL) {
		if (!report_named(a, &which->filter.report_id, e))
			return false;
		x.entry.target_kind = "drift_report";
		x.entry.target_id = which->filter.report_id;
	}
	if (!decide_run(&x, e))
		return false;
	*out = (struct decisions) { x.done, x.waits };
	return true;
}
