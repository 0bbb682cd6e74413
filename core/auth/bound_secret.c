#include "core/auth/bound_secret.h"

#include <stdio.h>
#include <string.h>

static bool
is_moved(const struct secret_target *t)
{
	if (t->was == NULL || t->now == NULL)
		return t->was != t->now;
	return strcmp(t->was, t->now) != 0;
}

bool
bound_secret_check(TALLOC_CTX *mem, const char *secret, bool kept, bool named,
    const struct secret_target *targets, size_t n, struct err *e)
{
	char pointer[64];

	if (!kept || named)
		return true;
	snprintf(pointer, sizeof(pointer), "/%s", secret);
	for (size_t i = 0; i < n; i++)
		if (is_moved(&targets[i]))
			return err_fault(e, mem, pointer,
			    "would go elsewhere by the new %s: name it again, another one, or null",
			    targets[i].member);
	return true;
}
