/* finding.h: all of a report accepted at once. */
#include <string.h>

#include "core/auth/audit_details.h"
#include "core/store/drift/config.h"
#include "core/store/drift/promotion.h"
#include "core/store/drift/snapshot.h"
#include "drift/run/review.h"
#include "drift/service/alert.h"
#include "drift/service/baseline.h"
#include "drift/service/finding.h"
#include "drift/service/second.h"
#include "drift/snapshot/collections.h"

struct accepting {
	const struct acting     *a;
	const char              *reason;
	const char              *owner; /* in whose name */
	const struct acceptance *asked; /* it has waited for a second person; NULL: it has not */
	struct acceptance        waits; /* it waits from now on; id nil: it does not */
	bool                     reviewed;
	struct audit_entry       entry;
	const char              *details; /* of the entry where it does not wait */
	struct alert_scope       scope;
	const struct drift_spec *spec;
	struct report            report;
	struct snapshot          snapshot;
	instant                  now;
};

static bool
accept_findings(struct db *db, const struct accepting *p, uint64_t life, struct err *e)
{
	const struct promotion all = { .config = p->report.config_id,
		.report = p->report.id,
		.changes = report_changes(&p->report),
		.number = life + 1,
		.event = acting_id(p->a),
		.owner = p->owner,
		.reason = p->reason,
		.now = p->now };

	return promotion_write(db, p->a->by.mem, &all, e);
}

/* It is asked for: then nothing else is done. */
static bool
accept_waits(struct db *db, struct accepting *p, const struct config_state *state, struct err *e)
{
	struct second_baseline in = { .kind = ACCEPTANCE_REPORT,
		.reason = p->reason,
		.report = p->report.id,
		.snapshot = &p->snapshot,
		.reviewed = p->reviewed,
		.asked = p->asked };

	p->entry.action = AUDIT_REPORT_ACCEPT;
	p->entry.target_id = p->report.id;
	p->entry.details = p->details;
	if (!second_asks(db, p->a, state, &in, e))
		return false;
	p->waits = in.waits;
	return uuid_is_nil(&p->waits.id) || second_entry(p->a, &p->waits, &p->entry, e);
}

static bool
accept_body(struct db *db, void *arg, struct err *e)
{
	struct accepting    *p = arg;
	const struct acting *a = p->a;
	const struct uuid   *config = &p->report.config_id;
	struct config_state  state;
	const char          *word;

	if (!config_state_lock(db, a->by.mem, config, &state, e))
		return false;
	if (state.golden)
		return err_set(e, ERR_CONFLICT, 0,
		    "The baseline of this config is a golden one: declare a difference instead.",
		    "promoting against a golden baseline");
	/* retention may have dropped it meanwhile */
	if (!snapshot_by_id(a->by.t, a->by.mem, &p->snapshot.id, &p->snapshot, e) ||
	    !accept_waits(db, p, &state, e))
		return false;
	if (!uuid_is_nil(&p->waits.id))
		return true;
	if (!accept_findings(db, p, state.life, e) ||
	    !config_baseline_set(db, config, &p->snapshot.id, p->snapshot.seq, e) ||
	    !collections_pin(db, a->by.mem, &p->snapshot, p->reviewed, e) ||
	    !review_over(&p->scope, e) || !config_touch(db, config, (instant) { 0 }, e))
		return false;
	/* An older report's snapshot becomes the baseline; what came since is for the next push. */
	if (!uuid_eq(&state.report_id, &p->report.id))
		return true;
	return collections_word(db, a->by.mem, config, p->spec, &word, e) &&
	       config_state_word(db, config, word, e) &&
	       alert_resolve(db, a, &p->report, p->reason, e);
}

static bool
accept_load(struct accepting *p, const struct uuid *id, struct err *e)
{
	const struct acting     *a = p->a;
	const struct drift_spec *spec;
	struct drift_config      c;
	bool                     shows;

	if (!report_by_id(a->by.t, a->by.mem, id, &p->report, e) ||
	    !snapshot_by_id(a->by.t, a->by.mem, &p->report.snapshot_id, &p->snapshot, e) ||
	    !config_by_id(a->by.t, a->by.mem, &p->report.config_id, &c, e))
		return false;
	spec = acting_spec(a, &c, e);
	if (spec == NULL)
		return false;
	if (spec->mode == BASELINE_PREVIOUS)
		return err_set(e, ERR_CONFLICT, 0,
		    "The baseline of this config follows the previous snapshot; it is not set.",
		    "mode previous");
	p->spec = spec;
	p->scope = acting_alerts(a, &c, spec);
	if (!snapshot_shows(a->by.mem, &p->snapshot, &shows, e))
		return false;
	return shows || err_set(e, ERR_CONFLICT, 0,
			    "No collection of this report was read completely: what was not read "
			    "cannot be approved.",
			    "promoting a report of nothing");
}

struct accept_told {
	const char *status, *reason;
};
static const struct field accept_told_fields[] = {
	TOLD(struct accept_told, status),
	TOLD(struct accept_told, reason),
	FIELD_END,
};
static const struct schema accept_told =
    SCHEMA("AcceptTold", struct accept_told, accept_told_fields);

bool
report_accept(const struct acting *a, const struct uuid *report, const struct acceptance_wish *in,
    struct report *out, struct acceptance *waits, struct err *e)
{
	struct accepting         p = { .a = a,
			.reason = in->reason,
			.owner = a->name,
			.reviewed = in->reviewed,
			.now = acting_now(a) };
	const struct accept_told told = { "accepted", in->reason };

	if (!accept_load(&p, report, e))
		return false;
	p.details = audit_details(a->by.mem, &accept_told, &told, e);
	if (p.details == NULL || !audit_deed(&a->by, accept_body, &p, &p.entry, e))
		return false;
	*out = p.report;
	*waits = p.waits;
	return true;
}

bool
report_accept_asked(const struct acting *a, const struct acceptance *asked, struct err *e)
{
	struct accepting p = { .a = a,
		.reason = asked->reason,
		.owner = asked->asked_name,
		.asked = asked,
		.reviewed = asked->reviewed,
		.now = acting_now(a) };

	if (!accept_load(&p, &asked->report_id, e))
		return false;
	return second_confirm(a, asked, accept_body, &p, e);
}
