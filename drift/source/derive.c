#include "drift/source/derive.h"

#include <string.h>

extern const struct derive_ops derive_entra_group_roles;

static const struct derive_ops *const derive_all[] = { &derive_entra_group_roles, NULL };

const struct derive_ops *
derive_by_name(const char *name)
{
	for (size_t i = 0; derive_all[i] != NULL; i++)
		if (strcmp(derive_all[i]->name, name) == 0)
			return derive_all[i];
	return NULL;
}
