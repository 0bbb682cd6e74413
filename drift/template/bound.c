#include "drift/template/bound.h"

#include "core/auth/audit_details.h"
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

struct let_go_told {
	const char *name;
	struct uuid template_id, owner;
};
static const struct field let_go_fields[] = {
	TOLD(struct let_go_told, name),
	TOLD(struct let_go_told, template_id),
	TOLD(struct let_go_told, owner),
	FIELD_END,
};
static const struct schema let_go_told =
    SCHEMA("TemplateLetGoTold", struct let_go_told, let_go_fields);

static bool
let_go_body(struct db *db, void *arg, struct err *e)
{
	const struct ctemplate_binding *b = arg;

	return ctemplate_unbind(db, &b->template_id, e);
}

bool
config_let_go(const struct acting *a, const struct uuid *config, struct err *e)
{
	struct audit_entry       entry = { .action = AUDIT_TEMPLATE_LET_GO, .target_id = *config };
	struct ctemplate_binding b;
	struct let_go_told       told;

	if (!ctemplate_binding_by_config(a->by.t->db, a->by.mem, config, &b, e))
		return false;
	told = (struct let_go_told) { b.name, b.template_id, b.owner };
	entry.details = audit_details(a->by.mem, &let_go_told, &told, e);
	return entry.details != NULL && audit_deed(&a->by, let_go_body, &b, &entry, e);
}
