#include "drift/engine/mask_at.h"

#include <string.h>

/* Without its escapes. */
static bool
step_text(TALLOC_CTX *mem, struct str step, struct str *out, struct err *e)
{
	char  *p = talloc_size(mem, step.n + 1);
	size_t n = 0;

	if (p == NULL)
		return err_memory(e);
	for (size_t i = 0; i < step.n; i++)
		p[n++] = step.p[i] != '~' || i + 1 == step.n ? step.p[i]
			 : step.p[++i] == '1'                ? '/'
							     : '~';
	*out = (struct str) { p, n };
	return true;
}

static bool
is_pointer(struct str path)
{
	if (path.n > 0 && path.p[0] != '/')
		return false;
	for (size_t i = 0; i < path.n; i++)
		if (path.p[i] == '~' &&
		    (i + 1 == path.n || (path.p[i + 1] != '0' && path.p[i + 1] != '1')))
			return false;
	return true;
}

static bool
is_index(struct str step)
{
	return step.n > 0 && strspn(step.p, "0123456789") >= step.n;
}

/* A container with one place, in which `in` is. */
static struct json *
around(TALLOC_CTX *mem, struct str step, const struct json *in, struct err *e)
{
	struct json *v = talloc_zero(mem, struct json);
	struct str   name;

	if (v != NULL) {
		v->type = is_index(step) ? JSON_ARRAY : JSON_OBJECT;
		v->n = 1;
		v->items = talloc_memdup(v, in, sizeof(*in));
		v->names = talloc_zero_array(v, struct str, 1);
	}
	if (v == NULL || v->items == NULL || v->names == NULL) {
		(void)err_memory(e);
		return NULL;
	}
	if (!step_text(v, step, &name, e))
		return NULL;
	v->names[0] = name;
	return v;
}

/* From the last step to the first. */
static const struct json *
wrap(TALLOC_CTX *mem, struct str path, const struct json *v, size_t *depth, struct err *e)
{
	size_t end = path.n;

	for (size_t i = path.n; v != NULL && i-- > 0;) {
		if (path.p[i] != '/')
			continue;
		v = around(mem, (struct str) { path.p + i + 1, end - i - 1 }, v, e);
		end = i;
		(*depth)++;
	}
	return v;
}

bool
mask_at(TALLOC_CTX *mem, const struct compare_spec *spec, struct resource *r, struct str path,
    struct work *work, struct err *e)
{
	struct resource whole = *r;
	size_t          depth = 0;

	if (!is_pointer(path))
		path.n = 0;
	whole.value = wrap(mem, path, r->value, &depth, e);
	if (whole.value == NULL || !resource_normalise(mem, spec, &whole, RESOURCE_SOURCE, work, e))
		return false;
	for (r->value = whole.value; depth > 0 && r->value->n == 1; depth--)
		r->value = &r->value->items[0];
	return depth == 0 || err_set(e, ERR_INTERNAL, 0, "internal error",
				 "a value was lost while it was masked");
}
