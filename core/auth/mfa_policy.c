#include "core/auth/mfa_policy.h"

#include <string.h>

static const struct json *
list_at(const struct tenant *t, struct str pointer)
{
	const struct json *v = NULL;

	if (t->settings.tree != NULL)
		v = json_at(t->settings.tree, pointer);
	return v != NULL && v->type == JSON_ARRAY ? v : NULL;
}

bool
mfa_policy_requires(const struct conf *c, const struct tenant *t, const char *role)
{
	const struct json *own = list_at(t, STR("/mfa/required_for"));

	if (own != NULL) {
		for (uint32_t i = 0; i < own->n; i++)
			if (own->items[i].type == JSON_STRING && str_eqz(own->items[i].text, role))
				return true;
		return false;
	}
	for (size_t i = 0; i < c->mfa_required_for.n; i++)
		if (strcmp(c->mfa_required_for.items[i], role) == 0)
			return true;
	return false;
}
