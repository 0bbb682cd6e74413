#include "drift/service/run.h"

#include <string.h>

#include "core/shm/wake.h"
#include "drift/attribution/attribution.h"
#include "drift/run/running.h"
#include "drift/service/config.h"

/* ---- reading ---- */

bool
run_see(const struct acting *a, const struct uuid *id, struct run *run, struct err *e)
{
	return run_by_id(a->by.t->db, a->by.mem, id, run, e);
}

bool
run_page(const struct acting *a, const struct run_filter *f, struct page *p, struct err *e)
{
	return run_list(a->by.t, a->by.mem, f, p, e);
}

bool
run_activity(const struct acting *a, const struct run *run, const char **out, struct err *e)
{
	return attribution_view(a->by.mem, a->view, run->activity.text, out, e);
}

/* ---- asking, and cancelling ---- */

struct run_deed {
	const struct acting *a;
	struct uuid          config;
	enum run_kind        kind;
	struct schedule_plan plan;
	struct run           run;
};

static bool
start_body(struct db *db, void *arg, struct err *e)
{
	struct run_deed     *r = arg;
	const struct acting *a = r->a;

	if (running_ask(db, a->drift->env, &r->config, r->kind, a->name, &r->run, e))
		return true;
	if (!err_take(e, ERR_MISSING))
		return false;
	return err_set(e, ERR_CONFLICT, 0,
	    "What this config compares is pushed to it: there is nothing to collect.",
	    "a run of a config that is pushed to");
}

static bool
start(const struct acting *a, struct run_deed *r, enum audit_action what, struct err *e)
{
	struct drift_config c;
	struct spec_body    body;

	if (!config_by_id(a->by.t, a->by.mem, &r->config, &c, e) ||
	    !spec_read(a->by.mem, c.spec, &body, e) ||
	    !config_source_demand(a, body.source->kind, e) ||
	    !acting_deed(a, start_body, r,
		&(struct audit_entry) { .action = what, .target_id = r->config }, c.name, e))
		return false;
	wake_raise(a->drift->env->segment);
	return true;
}

bool
run_start(const struct acting *a, const struct uuid *config, struct run *run, struct err *e)
{
	struct run_deed r = { .a = a, .config = *config, .kind = RUN_MANUAL };
	bool            ok = start(a, &r, AUDIT_RUN_ASK, e);

	*run = r.run;
	return ok;
}

bool
run_try(const struct acting *a, const struct uuid *config, struct run *run, struct err *e)
{
	struct run_deed r = { .a = a, .config = *config, .kind = RUN_TRY };
	bool            ok = start(a, &r, AUDIT_RUN_TRY, e);

	*run = r.run;
	return ok;
}

static bool
cancel_body(struct db *db, void *arg, struct err *e)
{
	struct run_deed *r = arg;

	return running_cancel(db, r->a->by.mem, &r->run, &r->plan, e);
}

bool
run_cancel(const struct acting *a, const struct uuid *id, struct err *e)
{
	struct run_deed     r = { .a = a };
	struct drift_config c;

	if (!run_see(a, id, &r.run, e) ||
	    !config_by_id(a->by.t, a->by.mem, &r.run.config_id, &c, e) ||
	    !spec_schedule(a->by.mem, c.spec, &r.plan, e) ||
	    !acting_deed(a, cancel_body, &r,
		&(struct audit_entry) { .action = AUDIT_RUN_CANCEL, .target_id = *id }, c.name, e))
		return false;
	wake_raise(a->drift->env->segment);
	return true;
}
