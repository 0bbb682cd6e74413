#include "drift/engine/compiler.h"

#include <stdio.h>
#include <string.h>

#define POINTER_MAX   240
#define COMPILE_STEPS 20 /* of one glob, predicate, entry or rule */

static const char *
pointer_to(const struct compiler *c, const char *member, char out[static POINTER_MAX])
{
	snprintf(out, POINTER_MAX, "%s%s", c->at, member);
	return out;
}

bool
compiler_fault(struct compiler *c, const char *member, const char *what)
{
	char pointer[POINTER_MAX];

	return err_fault(c->e, c->mem, pointer_to(c, member, pointer), "%s", what);
}

bool
compiler_charge(struct compiler *c, const char *member, size_t n)
{
	char pointer[POINTER_MAX];

	if (!work_spend(c->work, WORK_COMPILE, n * COMPILE_STEPS, c->e))
		return false;
	c->charged += n;
	return c->charged <= c->most || err_fault(c->e, c->mem, pointer_to(c, member, pointer),
					    "more than %zu globs and predicates in all", c->most);
}

bool
compiler_globs(
    struct compiler *c, const char *member, const struct json *v, bool fold, struct globs *out)
{
	char pointer[POINTER_MAX];

	*out = (struct globs) { 0 };
	return v == NULL ||
	       (globs_compile(c->mem, v, fold, pointer_to(c, member, pointer), out, c->e) &&
		   compiler_charge(c, member, out->n));
}

bool
compiler_path(struct compiler *c, const char *path, struct pattern *out)
{
	char pointer[POINTER_MAX];

	return pattern_compile(c->mem, str_of(path), pointer_to(c, "/path", pointer), out, c->e);
}

unsigned
compiler_choice(const char *const *choices, const char *word)
{
	unsigned i = 0;

	while (choices[i] != NULL && strcmp(choices[i], word) != 0)
		i++;
	return i;
}
