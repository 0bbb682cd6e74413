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
bound_secret_check(TALLOC_CTX *mem, const struct bound_secret *s, struct err *e)
{
	char pointer[64];

	if (!s->kept || s->named)
		return true;
	snprintf(pointer, sizeof(pointer), "/%s", s->member);
	for (size_t i = 0; i < s->n; i++)
		if (is_moved(&s->targets[i]))
			return err_fault(e, mem, pointer,
			    "would go elsewhere by the new %s: name it again, another one, or null",
			    s->targets[i].member);
	return true;
}
