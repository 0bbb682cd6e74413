#include "drift/source/continued.h"

#include <string.h>

/* ---- signs ---- */

enum sign { SIGN_TEXT, SIGN_URL, SIGN_TRUE };

static const struct {
	const char *name;
	enum sign   sign;
} signs[] = {
	{ "@odata.nextLink", SIGN_TEXT },
	{ "nextLink", SIGN_TEXT },
	{ "nextPageToken", SIGN_TEXT },
	{ "NextToken", SIGN_TEXT },
	{ "NextMarker", SIGN_TEXT },
	{ "continue", SIGN_TEXT },
	{ "next", SIGN_URL },
	{ "has_more", SIGN_TRUE },
	{ "IsTruncated", SIGN_TRUE },
	{ "resultTruncated", SIGN_TRUE },
};

static const char *const around[] = { "metadata", "pagination", "meta" };

#define LEN(a) (sizeof(a) / sizeof((a)[0]))

static bool
starts_folded(struct str s, const char *prefix)
{
	size_t n = strlen(prefix);

	return s.n > n && str_caseeqz((struct str) { s.p, n }, prefix);
}

static bool
is_url(struct str s)
{
	return starts_folded(s, "http://") || starts_folded(s, "https://") ||
	       (s.n > 1 && s.p[0] == '/' && memchr(s.p, '?', s.n) != NULL);
}

static bool
is_sign(struct str name, const struct json *v)
{
	for (size_t i = 0; i < LEN(signs); i++) {
		if (!str_eqz(name, signs[i].name))
			continue;
		if (signs[i].sign == SIGN_TRUE)
			return v->type == JSON_TRUE;
		return v->type == JSON_STRING && v->text.n > 0 &&
		       (signs[i].sign == SIGN_TEXT || is_url(v->text));
	}
	return false;
}

static bool
is_around(struct str name)
{
	for (size_t i = 0; i < LEN(around); i++)
		if (str_eqz(name, around[i]))
			return true;
	return false;
}

bool
continued_may(struct str pointer)
{
	const char *last = pointer.n > 0 ? memrchr(pointer.p, '/', pointer.n) : NULL;

	for (size_t i = 0; last != NULL && i < LEN(signs); i++)
		if (str_eqz((struct str) { last + 1, (size_t)(pointer.p + pointer.n - last - 1) },
			signs[i].name))
			return true;
	return false;
}

/* ---- looking ---- */

struct looking {
	const struct strings *despite;
	struct buf            at; /* the pointer of what is looked at */
};

static bool
is_despite(const struct looking *l)
{
	for (size_t i = 0; i < l->despite->n; i++)
		if (str_eqz(buf_str(&l->at), l->despite->items[i]))
			return true;
	return false;
}

/* Leaves the pointer of a sign in l->at. */
static bool
look(struct looking *l, const struct json *object, bool deeper)
{
	size_t before = l->at.n;

	for (uint32_t i = 0; object->type == JSON_OBJECT && i < object->n; i++) {
		bool inside = deeper && is_around(object->names[i]);

		if (!inside && !is_sign(object->names[i], &object->items[i]))
			continue;
		json_pointer_add(&l->at, object->names[i]);
		if (inside ? look(l, &object->items[i], false) : !is_despite(l))
			return true;
		l->at.n = before;
	}
	return false;
}

bool
continued_find(TALLOC_CTX *mem, const struct json *document, struct str array,
    const struct strings *despite, struct str *sign, struct err *e)
{
	struct looking     l = { .despite = despite };
	const struct json *v = document;
	struct str         rest = array, step;
	bool               found = false;

	buf_make(&l.at, mem);
	while (v != NULL && rest.n > 0) {
		l.at.n = 0;
		buf_add(&l.at, array.p, array.n - rest.n);
		found = look(&l, v, true);
		if (found)
			break;
		rest = (struct str) { rest.p + 1, rest.n - 1 };
		(void)str_cut(rest, '/', &step);
		v = json_child(v, step);
		rest = (struct str) { rest.p + step.n, rest.n - step.n };
	}
	*sign = found ? buf_str(&l.at) : STR("");
	return buf_ok(&l.at) || err_memory(e);
}
