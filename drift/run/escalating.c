#include "drift/run/escalating.h"

#include "drift/alert/escalation.h"

/* Whose alert it is; one whose config is gone is of none. */
static bool
set_config(const struct recheck *r, const struct uuid *id, struct alert_scope *s, struct err *e)
{
	struct drift_config c;

	if (uuid_is_nil(id))
		return true;
	if (!config_by_id(r->t, r->mem, id, &c, e))
		return err_take(e, ERR_MISSING);
	s->config_id = c.id;
	s->config_name = c.name;
	return true;
}

bool
escalating_due(struct db *db, const struct recheck *r, struct err *e)
{
	struct alert_scope s = { .env = r->d->env, .t = r->t, .mem = r->mem, .config_name = "" };
	struct escalation_turn w = { .scope = &s };

	if (!escalation_hold(db, r->mem, &r->claim->ref, &w.row, e) ||
	    !alert_by_id(db, r->mem, &w.row.alert_id, &w.alert, e))
		return err_take(e, ERR_MISSING) && schedule_done(db, r->claim, e);
	if (!set_config(r, &w.alert.config_id, &s, e) || !escalation_go_on(&w, e) ||
	    !schedule_done(db, r->claim, e))
		return false;
	return w.due_s < 0 || schedule_set(db, SCHEDULE_ESCALATION, &r->claim->ref, w.due_s, e);
}
