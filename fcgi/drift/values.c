/* Who may see values: what each answer of the drift routes is printed with. */
#include "fcgi/drift/drift.h"

struct view
view_of(const struct request *r)
{
	return (struct view) { permission_has(
	    &r->caller.permissions, ACTION_READ, RESOURCE_SNAPSHOTS) };
}

bool
view_demand(struct view v, const char *what, struct err *e)
{
	return v.values || err_set(e, ERR_FORBIDDEN, 0, what, "values without read:snapshots");
}

void
view_raw(struct view v, struct raw_json *value)
{
	if (!v.values && (value->text != NULL || value->tree != NULL))
		*value = (struct raw_json) { .text = VIEW_WITHHELD_JSON };
}

bool
view_refuse(struct request *r, const struct json *value, const char *pointer, struct err *e)
{
	if (value == NULL || value->type != JSON_STRING || !str_eqz(value->text, VIEW_WITHHELD))
		return true;
	return err_fault(e, r->mem, pointer,
	    "is what those see who may not see the value: leave out what is to stay as it is");
}
