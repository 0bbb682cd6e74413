#include "drift/service/whatif.h"

#define DAY_MS INT64_C(86400000)

/* A template is a guess for whoever may write one. */
static bool
may_have_said(const struct acting *a, const struct config_state *s)
{
	const struct permissions *may = &a->by.caller->permissions;

	return s->golden && (permission_has(may, ACTION_CREATE, RESOURCE_DRIFT) ||
				permission_has(may, ACTION_UPDATE, RESOURCE_DRIFT));
}

static bool
asks_values(const struct acting *a, const struct json *body, const struct config_state *s)
{
	const struct json *t = json_get(body, "thresholds"), *packs = json_get(body, "rule_packs");

	return json_get(body, "rules") != NULL || json_get(body, "compare") != NULL ||
	       (packs != NULL && packs->type != JSON_NULL) ||
	       (t != NULL && json_get(t, "tolerance") != NULL) || may_have_said(a, s);
}

static bool
whatif_replay(const struct acting *a, const struct drift_config *c, const struct json *body,
    instant since, struct whatif *out, struct err *e)
{
	TALLOC_CTX            *mem = a->by.mem;
	struct drift_spec     *before, *after;
	struct whatif_question q = { .t = a->by.t, .config = c, .since = since, .work = a->work };
	struct drift_config    other = *c;

	a->work->less = "Ask for fewer days, or try a smaller config.";
	other.spec = spec_merge(mem, c->spec, body, e);
	before = other.spec != NULL ? spec_compile(mem, a->drift, a->by.t, c, a->work, e) : NULL;
	after = before != NULL ? spec_compile(mem, a->drift, a->by.t, &other, a->work, e) : NULL;
	if (after == NULL)
		return false;
	compare_bind(before->compare, c->id.b);
	compare_bind(after->compare, c->id.b);
	if (json_get(body, "compare") == NULL && json_get(body, "rule_packs") == NULL)
		after->compare = before->compare; /* the same: nothing is normalised twice */
	q.before = before;
	q.after = after;
	return whatif_run(&q, mem, out, e);
}

bool
whatif_ask(const struct acting *a, const struct uuid *config, const struct json *body, int64_t days,
    struct whatif *out, struct err *e)
{
	const instant       since = { acting_now(a).ms - days * DAY_MS };
	struct drift_config c;
	struct config_state state;

	if (!config_by_id(a->by.t, a->by.mem, config, &c, e) ||
	    !config_state_by_id(a->by.t->db, a->by.mem, config, &state, e))
		return false;
	if (asks_values(a, body, &state) &&
	    !view_demand(a->view,
		"Rules, packs of them, compare, tolerances and templates find out what stored "
		"values are: to try others needs the permission read:snapshots.",
		e))
		return false;
	return whatif_replay(a, &c, body, since, out, e);
}
