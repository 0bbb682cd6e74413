#include "drift/service/acceptance.h"

#include <string.h>

#include "core/store/drift/schedule.h"
#include "drift/finding/ruling.h"
#include "drift/service/baseline.h"
#include "drift/service/finding.h"
#include "drift/service/second.h"

/* ---- reading ---- */

bool
acceptance_page(const struct acting *a, const struct uuid *config, struct page *p, struct err *e)
{
	return acceptance_list(a->by.t->db, a->by.mem, config, p, e);
}

bool
acceptances_see_alert(const struct acting *a, const struct uuid *alert, struct acceptance **rows,
    size_t *n, struct err *e)
{
	return acceptances_of_alert(a->by.t->db, a->by.mem, alert, rows, n, e);
}

bool
acceptance_is_own(const struct acting *a, const struct acceptance *row)
{
	const struct uuid who = second_person(a);

	return !uuid_is_nil(&who) && uuid_eq(&who, &row->asked_by);
}

static bool
find(const struct acting *a, const struct uuid *id, struct acceptance *out, struct err *e)
{
	if (!acceptance_by_id(a->by.t->db, a->by.mem, id, out, e))
		return false;
	return out->ends_at.ms > acting_now(a).ms ||
	       err_set(e, ERR_MISSING, 0, "It has waited for as long as it may, and is over.",
		   "an acceptance that is over");
}

/* ---- by another ---- */

static bool
demand_other(const struct acting *a, const struct acceptance *row, struct err *e)
{
	if (a->by.caller->kind == CALLER_API_KEY)
		return err_set(e, ERR_FORBIDDEN, 0,
		    "A person decides about it, signed in: a key is used by whoever has it.",
		    "a key as the second person");
	return !uuid_eq(&a->by.caller->user, &row->asked_by) ||
	       err_set(e, ERR_FORBIDDEN, 0,
		   "You have asked for it: somebody else has to decide about it.",
		   "the first person as the second");
}

/* ---- confirming findings ---- */

struct confirming {
	const struct acting     *a;
	const struct acceptance *row;
	struct ruling            ruling;
	struct decided           done;
};

/* What is there no more with its value, or was decided about, is left as it is. */
static bool
confirm_findings(struct db *db, void *arg, struct err *e)
{
	struct confirming     *x = arg;
	const struct acting   *a = x->a;
	struct finding_target *rows;
	size_t                 n;

	if (!acceptance_findings(db, a->by.mem, &x->row->id, &rows, &n, e))
		return false;
	if (n == 0)
		return err_set(e, ERR_CONFLICT, 0,
		    "Nothing of it is there any more with the value that was to be accepted.",
		    "an acceptance of what is gone");
	return decide_these(db, a->by.mem, a->drift->env, &x->ruling, rows, n, &x->done, e);
}

static bool
confirm_changes(
    const struct acting *a, const struct acceptance *row, int64_t *changed, struct err *e)
{
	struct confirming x = { .a = a,
		.row = row,
		.ruling = { .status = row->status,
		    .reason = row->reason[0] == '\0' ? NULL : row->reason,
		    .expires_at = row->expires_at,
		    .actor = a->name,
		    .owner = row->asked_name,
		    .now = acting_now(a) } };

	if (row->expires_at.ms != 0 && row->expires_at.ms <= x.ruling.now.ms)
		return err_set(e, ERR_CONFLICT, 0,
		    "The time until which it was to be accepted is over.",
		    "an acceptance that has expired while it waited");
	if (!second_confirm(a, row, confirm_findings, &x, e))
		return false;
	*changed = x.done.changed;
	return true;
}

bool
acceptance_confirm(const struct acting *a, const struct uuid *id, struct acceptance *out,
    int64_t *changed, struct err *e)
{
	*changed = 0;
	if (!find(a, id, out, e) || !demand_other(a, out, e))
		return false;
	if (strcmp(out->kind, ACCEPTANCE_CHANGES) == 0)
		return confirm_changes(a, out, changed, e);
	return strcmp(out->kind, ACCEPTANCE_REPORT) == 0 ? report_accept_asked(a, out, e)
							 : baseline_set_asked(a, out, e);
}

/* ---- ending ---- */

struct ending {
	const struct acting     *a;
	const struct acceptance *row;
	const char              *lead, *why; /* of the history */
};

static bool
end_body(struct db *db, void *arg, struct err *e)
{
	const struct ending   *x = arg;
	const struct acting   *a = x->a;
	struct finding_target *rows;
	struct finding_row    *findings;
	size_t                 n;
	bool                   done;

	if (!acceptance_findings(db, a->by.mem, &x->row->id, &rows, &n, e))
		return false;
	findings = talloc_zero_size(a->by.mem, (n + 1) * sizeof(findings[0]));
	if (findings == NULL)
		return err_memory(e);
	for (size_t i = 0; i < n; i++)
		findings[i] = rows[i].row;
	if (!acceptance_drop(db, &x->row->id, &done, e))
		return false;
	if (!done)
		return err_set(e, ERR_MISSING, 0, "It waits no more.", "decided meanwhile");
	return schedule_set(db, SCHEDULE_ACCEPTANCE, &x->row->id, -1, e) &&
	       second_note(db, a, x->row, findings, n, x->lead, x->why, e);
}

static bool
end(struct ending *x, enum audit_action action, const char *why, struct err *e)
{
	struct audit_entry entry = { .action = action, .target_id = x->row->id };

	entry.details = second_details(x->a, x->row, why, e);
	return entry.details != NULL && audit_deed(&x->a->by, end_body, x, &entry, e);
}

bool
acceptance_decline(const struct acting *a, const struct uuid *id, const char *reason,
    struct acceptance *out, struct err *e)
{
	struct ending x = { a, out, "Declined to accept it: ", reason };

	return find(a, id, out, e) && demand_other(a, out, e) &&
	       end(&x, AUDIT_ACCEPTANCE_DECLINE, reason, e);
}

bool
acceptance_withdraw(const struct acting *a, const struct uuid *id, struct err *e)
{
	struct acceptance row;
	struct ending     x = { a, &row, "Took back that it was asked to be accepted.", NULL };

	if (!find(a, id, &row, e))
		return false;
	if (!acceptance_is_own(a, &row))
		return err_set(e, ERR_FORBIDDEN, 0,
		    "Only who has asked for it takes it back: another declines it.",
		    "taking back what another has asked");
	return end(&x, AUDIT_ACCEPTANCE_END, "taken back", e);
}
