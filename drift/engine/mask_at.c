#include "drift/engine/mask_at.h"

#include <string.h>

#include "drift/engine/secret.h"

#define INDEX_MAX 10000 /* of an element that keeps its index; those behind it are as the first */

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

/* Of an array: an index, or in a canonical path what the element is known by. */
static bool
is_element(struct str step)
{
	return is_index(step) || (step.n > 0 && step.p[0] == '[');
}

/* How many elements come before: an entry may name one by its index. */
static uint32_t
before(struct str step)
{
	uint64_t index;

	return str_to_u64(step, &index) && index <= INDEX_MAX ? (uint32_t)index : 0;
}

/* A container in which `in` is the last, behind nulls. */
static struct json *
around(TALLOC_CTX *mem, struct str step, const struct json *in, struct err *e)
{
	struct json *v = talloc_zero(mem, struct json);
	struct str   name;

	if (v != NULL) {
		v->type = is_element(step) ? JSON_ARRAY : JSON_OBJECT;
		v->n = 1 + (is_element(step) ? before(step) : 0);
		v->items = talloc_zero_array(v, struct json, v->n);
		v->names = talloc_zero_array(v, struct str, 1);
	}
	if (v == NULL || v->items == NULL || v->names == NULL) {
		(void)err_memory(e);
		return NULL;
	}
	for (uint32_t i = 0; i + 1 < v->n; i++)
		v->items[i].type = JSON_NULL;
	v->items[v->n - 1] = *in;
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
	for (r->value = whole.value; depth > 0 && r->value->n > 0; depth--)
		r->value = &r->value->items[r->value->n - 1];
	return depth == 0 || err_set(e, ERR_INTERNAL, 0, "internal error",
				 "a value was lost while it was masked");
}

/* ---- where it was ---- */

bool
mask_sentence(TALLOC_CTX *mem, struct str *text, struct err *e)
{
	struct secret_part part;
	size_t             at = 0;
	struct buf         b;

	if (!secret_next(*text, 0, &part))
		return true;
	buf_make(&b, mem);
	do {
		buf_add(&b, text->p + at, part.from - at);
		buf_puts(&b, "[masked]");
		at = part.to;
	} while (secret_next(*text, at, &part));
	buf_add(&b, text->p + at, text->n - at);
	*text = buf_str(&b);
	return buf_ok(&b) || err_memory(e);
}

/* Is there a secret in a step? */
static bool
has_secret(TALLOC_CTX *mem, struct str path, bool *yes, struct err *e)
{
	struct secret_part part;

	*yes = false;
	for (size_t i = 0, end; !*yes && i < path.n; i = end) {
		const char *slash = memchr(path.p + i + 1, '/', path.n - i - 1);
		struct str  step;

		end = slash != NULL ? (size_t)(slash - path.p) : path.n;
		if (!step_text(mem, (struct str) { path.p + i + 1, end - i - 1 }, &step, e))
			return false;
		*yes = secret_next(step, 0, &part);
	}
	return true;
}

/* The names from `v` down, `path` being what they were; what has no name of now is left out. */
static bool
add_names(TALLOC_CTX *mem, struct buf *b, const struct json *v, struct str path, struct err *e)
{
	for (size_t i = 0, end; i < path.n && v->n > 0; i = end, v = &v->items[v->n - 1]) {
		const char *slash = memchr(path.p + i + 1, '/', path.n - i - 1);
		struct str  step;

		end = slash != NULL ? (size_t)(slash - path.p) : path.n;
		step = (struct str) { path.p + i + 1, end - i - 1 };
		if (v->type == JSON_OBJECT) {
			json_pointer_add(b, v->names[0]);
			continue;
		}
		if (!mask_sentence(mem, &step, e))
			return false;
		buf_putc(b, '/');
		buf_add(b, step.p, step.n);
	}
	return buf_ok(b) || err_memory(e);
}

bool
mask_path(TALLOC_CTX *mem, const struct compare_spec *spec, const struct resource *r,
    struct str *path, struct work *work, struct err *e)
{
	const struct json nothing = { .type = JSON_NULL };
	struct resource   whole = *r;
	size_t            depth = 0;
	struct buf        b;
	bool              yes;

	if (path->n == 0 || path->p[0] != '/')
		return mask_sentence(mem, path, e);
	if (!has_secret(mem, *path, &yes, e) || !yes)
		return e->code == ERR_OK;
	whole.value = wrap(mem, *path, &nothing, &depth, e);
	if (whole.value == NULL || !resource_normalise(mem, spec, &whole, RESOURCE_STORED, work, e))
		return false;
	buf_make(&b, mem);
	if (!add_names(mem, &b, whole.value, *path, e))
		return false;
	*path = buf_str(&b);
	return true;
}
