/* onboard.h: whether what a consent was for was read. */
#include "core/store/drift/config.h"
#include "core/store/drift/config_template.h"
#include "core/store/drift/run.h"
#include "drift/template/onboard.h"

#define NOT_ALL                                                                                    \
	"It was read, but not all of it yet: the runs of its config say what the app may not "     \
	"read."

struct standing {
	const struct acting  *a;
	struct tenant_db     *there;
	struct onboard_stand *out;
};

/* Why the last of them came to less than all. */
static bool
look_at_runs(struct standing *w, const struct uuid *config, struct err *e)
{
	struct run_state s;
	struct run       last;
	const char      *remedy;

	if (!run_state_by_id(w->there->db, w->a->by.mem, config, &s, e))
		return err_take(e, ERR_MISSING);
	if (uuid_is_nil(&s.last_run))
		return true;
	if (!run_by_id(w->there->db, w->a->by.mem, &s.last_run, &last, e))
		return err_take(e, ERR_MISSING);
	if (last.reason == NULL)
		return true;
	remedy = last.remedy != NULL ? last.remedy : "";
	w->out->why = talloc_asprintf(
	    w->a->by.mem, "%s%s%s", last.reason, *remedy != '\0' ? " " : "", remedy);
	return w->out->why != NULL || err_memory(e);
}

static bool
look(struct standing *w, const struct onboard_pack *p, const struct uuid *tenant, struct err *e)
{
	const struct acting *a = w->a;
	struct ctemplate_use use;
	struct config_state  s;

	if (!ctemplate_use_of(a->by.t->db, a->by.mem, &p->template_id, tenant, &use, e) ||
	    !config_state_by_id(w->there->db, a->by.mem, &use.config_id, &s, e)) {
		w->out->read = false;
		w->out->why = "What it was for was deleted in the tenant.";
		return err_take(e, ERR_MISSING);
	}
	if (s.last_complete_at.ms != 0)
		return true;
	if (s.last_run_at.ms != 0) {
		w->out->why = w->out->why != NULL ? w->out->why : NOT_ALL;
		return true;
	}
	w->out->read = false;
	return w->out->why != NULL || look_at_runs(w, &use.config_id, e);
}

bool
onboard_stand_of(
    const struct acting *a, const struct onboard_seen *s, struct onboard_stand *out, struct err *e)
{
	struct standing      w = { .a = a, .out = out };
	const struct tenant *t;

	*out = (struct onboard_stand) { .read = true };
	if (!tenant_by_id(a->by.auth->database, &s->row.tenant_id, &t, e) ||
	    !tenant_db_open(a->by.auth->database, t, false, &w.there, e))
		return false;
	for (size_t i = 0; i < s->n; i++)
		if (!look(&w, &s->packs[i], &s->row.tenant_id, e))
			return false;
	return true;
}
