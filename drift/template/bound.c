#include "drift/template/bound.h"

#include "drift/template/says.h"

static bool
owner_of(const struct acting *a, struct bound_seen *out, struct err *e)
{
	const struct tenant *t;

	out->owner = NULL;
	if (!tenant_by_id(a->by.auth->database, &out->binding.owner, &t, e))
		return err_take(e, ERR_MISSING);
	out->owner = acting_copy(a, t->slug);
	return out->owner != NULL || err_memory(e);
}

bool
config_bound(
    const struct acting *a, const struct uuid *config, struct bound_seen *out, struct err *e)
{
	struct drift_config c;
	struct json         own;
	struct three_way    w = { 0 };

	if (!config_by_id(a->by.t, a->by.mem, config, &c, e) ||
	    !ctemplate_binding_by_config(a->by.t->db, a->by.mem, config, &out->binding, e) ||
	    !owner_of(a, out, e) || !whole_config(a->by.mem, &c, &own, e))
		return false;
	w.was = w.now = json_parse(a->by.mem, str_of(out->binding.said), e);
	w.own = &own;
	if (w.was == NULL || !three_way(a->by.mem, &w, e))
		return false;
	out->deviations = w.changes;
	out->n = w.n;
	return true;
}
