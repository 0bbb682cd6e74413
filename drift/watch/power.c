/* watch_priv.h: whether roles that an entry gives make an administrator. */
#include <string.h>

#include "core/auth/access.h"
#include "core/store/identity/role.h"
#include "drift/watch/watch_priv.h"

/* ---- lists in details ---- */

bool
list_has(const struct json *list, struct str text)
{
	for (uint32_t i = 0; list != NULL && list->type == JSON_ARRAY && i < list->n; i++)
		if (str_eq(list->items[i].text, text))
			return true;
	return false;
}

/* Of a list that was changed, how it is now and how it was; of a new one, how it is. */
void
list_of(const struct json *change, const struct json **to, const struct json **from)
{
	bool both = change != NULL && change->type == JSON_OBJECT;

	*to = both ? json_get(change, "to") : change;
	*from = both ? json_get(change, "from") : NULL;
}

/* ---- roles ---- */

static bool
read_power(const struct looking *l, const char *name, bool *power, struct err *e)
{
	struct permissions p = { 0 };
	struct role_view   role;

	*power = true;
	if (!role_view_by_name(l->scope.t, l->mem, name, &role, e))
		return err_take(e, ERR_MISSING);
	permissions_add_given(&p, role.permissions);
	*power = permissions_give_power(&p);
	return true;
}

static bool
has_power(struct looking *l, struct str name, bool *power, struct err *e)
{
	struct role_asked *a;

	*power = true;
	for (size_t i = 0; i < l->asked_n; i++)
		if (str_eqz(name, l->asked[i].name)) {
			*power = l->asked[i].power;
			return true;
		}
	if (l->asked_n == ROLES_ASKED_MAX)
		return true;
	a = &l->asked[l->asked_n];
	a->name = str_dup(l->mem, name);
	if (a->name == NULL)
		return err_memory(e);
	if (!read_power(l, a->name, &a->power, e))
		return false;
	*power = a->power;
	l->asked_n++;
	return true;
}

bool
gives_power(struct looking *l, const struct audit_row *entry, const struct json *details,
    bool *power, struct err *e)
{
	const struct json *to, *from;

	*power = false;
	list_of(json_get(details, "roles"), &to, &from);
	if (from == NULL)
		from = json_get(details, "had");
	if (to == NULL || to->type != JSON_ARRAY || strcmp(entry->outcome, "success") != 0)
		return true;
	for (uint32_t i = 0; !*power && i < to->n; i++)
		if (!list_has(from, to->items[i].text) &&
		    !has_power(l, to->items[i].text, power, e))
			return false;
	return true;
}
