#include "drift/service/evidence.h"

#include "core/auth/audit_details.h"
#include "drift/service/report.h"

static bool
may_gather(const struct acting *a, struct err *e)
{
	static const enum resource_kind needed[] = { RESOURCE_ALERTS, RESOURCE_DRIFT,
		RESOURCE_SNAPSHOTS, RESOURCE_AUDIT };

	for (size_t i = 0; i < sizeof(needed) / sizeof(needed[0]); i++)
		if (!permission_has(&a->by.caller->permissions, ACTION_READ, needed[i]))
			return err_set(e, ERR_FORBIDDEN, 0,
			    "Evidence has values and entries of the audit trail: it needs the "
			    "permissions read:alerts, read:drift, read:snapshots and read:audit.",
			    "evidence without one of its permissions");
	return true;
}

/* ---- what there is ---- */

static bool
take_changes(const struct acting *a, struct evidence *x, struct err *e)
{
	struct page p = { .want = EVIDENCE_CHANGES + 1 };

	if (!change_of_alert(a->by.t, a->by.mem, &x->alert.id, &p, e))
		return false;
	x->more_changes = p.n > EVIDENCE_CHANGES;
	x->changes_n = x->more_changes ? EVIDENCE_CHANGES : p.n;
	return changes_see(a, p.rows, x->changes_n, &x->changes, &x->more_history, e);
}

static bool
take_deliveries(const struct acting *a, struct evidence *x, struct err *e)
{
	struct page p = { .want = EVIDENCE_DELIVERIES + 1 };

	if (!delivery_of_alert(a->by.t, a->by.mem, &x->alert.id, &p, e))
		return false;
	x->deliveries = p.rows;
	x->deliveries_n = p.n > EVIDENCE_DELIVERIES ? EVIDENCE_DELIVERIES : p.n;
	if (!permission_has(&a->by.caller->permissions, ACTION_READ, RESOURCE_CHANNELS))
		x->deliveries_n = 0;
	x->more_deliveries = p.n > x->deliveries_n;
	return true;
}

/* ---- the trail ---- */

struct evidence_told {
	int64_t changes, deliveries;
};
static const struct field told_fields[] = {
	TOLD(struct evidence_told, changes),
	TOLD(struct evidence_told, deliveries),
	FIELD_END,
};
static const struct schema told_schema = SCHEMA("EvidenceTold", struct evidence_told, told_fields);

static bool
tell(const struct acting *a, const struct evidence *x, struct err *e)
{
	const struct evidence_told told = { (int64_t)x->changes_n, (int64_t)x->deliveries_n };
	struct audit_entry         entry = { .action = AUDIT_EVIDENCE, .target_id = x->alert.id };

	entry.details = audit_details(a->by.mem, &told_schema, &told, e);
	return entry.details != NULL && audit_deed(&a->by, NULL, NULL, &entry, e);
}

static bool
name_it(const struct acting *a, const struct uuid *id, struct strings *all, struct err *e)
{
	char text[UUID_TEXT_MAX], *copy;

	if (uuid_is_nil(id))
		return true;
	uuid_print(id, text);
	copy = acting_copy(a, text);
	if (copy == NULL)
		return err_memory(e);
	all->items[all->n++] = copy;
	return true;
}

/* Entries about the alert and what it is about, since it was opened: decisions, baselines, settings
 * of its config. */
static bool
prove(const struct acting *a, struct evidence *x, struct err *e)
{
	struct strings targets = {
		talloc_array(a->by.mem, const char *, (unsigned)x->changes_n * 2 + 3), 0
	};
	struct uuid before = x->alert.report_id;

	if (targets.items == NULL)
		return err_memory(e);
	if (!name_it(a, &x->alert.id, &targets, e) ||
	    !name_it(a, &x->alert.config_id, &targets, e) ||
	    !name_it(a, &x->alert.report_id, &targets, e))
		return false;
	for (size_t i = 0; i < x->changes_n; i++) {
		const struct change_row *c = &x->changes[i].row;

		if (!name_it(a, &c->id, &targets, e) ||
		    (!uuid_eq(&c->report_id, &before) && !name_it(a, &c->report_id, &targets, e)))
			return false;
		before = c->report_id;
	}
	return audit_prove(&a->by, &targets, x->alert.opened_at, &x->proven, e);
}

/* ---- the whole ---- */

bool
evidence_gather(
    const struct acting *a, const struct uuid *alert, struct evidence *out, struct err *e)
{
	*out = (struct evidence) { 0 };
	return may_gather(a, e) && alert_see(a, alert, &out->alert, e) && take_changes(a, out, e) &&
	       take_deliveries(a, out, e) && tell(a, out, e) && prove(a, out, e);
}

static bool
side_of(
    const struct acting *a, const struct uuid *id, struct snapshot *out, bool *has, struct err *e)
{
	*has = !uuid_is_nil(id) && snapshot_see(a, id, out, e);
	return *has || e->code == ERR_OK || err_take(e, ERR_MISSING);
}

bool
evidence_sides_of(
    const struct acting *a, const struct uuid *report, struct evidence_sides *out, struct err *e)
{
	struct report r;

	*out = (struct evidence_sides) { 0 };
	if (uuid_is_nil(report))
		return true;
	if (!report_see(a, report, &r, e))
		return err_take(e, ERR_MISSING);
	return side_of(a, &r.baseline_id, &out->from, &out->has_from, e) &&
	       side_of(a, &r.snapshot_id, &out->to, &out->has_to, e);
}
