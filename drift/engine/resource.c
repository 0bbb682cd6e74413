#include "drift/engine/resource.h"

#include <stdio.h>
#include <string.h>

#include "core/base/index.h"

#define FAULTS_MAX 20 /* more are no help */

static bool
fault(
    TALLOC_CTX *mem, struct err *e, struct str root, size_t i, const char *member, const char *what)
{
	char pointer[300];

	snprintf(pointer, sizeof pointer, "%.*s/%zu%s", root.n < 200 ? (int)root.n : 0, root.p, i,
	    member);
	return err_fault(e, mem, pointer, "%s", what);
}

/* ---- the rules of a list ---- */

static bool
has_zero(struct str s)
{
	return s.n > 0 && memchr(s.p, '\0', s.n) != NULL;
}

static const char *
wrong(const struct resource *r, const char **member)
{
	*member = "/category";
	if (r->category.n == 0 || r->category.n > RESOURCE_CATEGORY_MAX)
		return "must be 1 to 128 bytes long";
	if (has_zero(r->category))
		return "must not hold U+0000";
	*member = "/key";
	if (r->key.n > RESOURCE_KEY_MAX)
		return "must be at most 512 bytes long";
	if (has_zero(r->key))
		return "must not hold U+0000";
	return NULL;
}

/* Category and key as one text: neither holds U+0000. */
static struct str
identity(TALLOC_CTX *mem, const struct resource *r)
{
	size_t n = r->category.n + 1 + r->key.n;
	char  *p = talloc_size(mem, n);

	if (p == NULL)
		return (struct str) { NULL, 0 };
	memcpy(p, r->category.p, r->category.n);
	p[r->category.n] = '\0';
	if (r->key.n > 0)
		memcpy(p + r->category.n + 1, r->key.p, r->key.n);
	return (struct str) { p, n };
}

static bool
check_repeats(TALLOC_CTX *mem, struct str root, const struct resource *r, uint32_t n,
    const char *member, struct err *e)
{
	TALLOC_CTX         *tmp = talloc_new(mem);
	struct index_entry *v = talloc_array(tmp, struct index_entry, n);
	uint32_t           *group = talloc_array(tmp, uint32_t, n);
	bool               *seen = talloc_zero_array(tmp, bool, n);
	uint32_t            groups = 0;
	bool                ok = (v != NULL && group != NULL && seen != NULL) || err_memory(e);

	for (uint32_t i = 0; ok && i < n; i++) {
		struct str s = identity(tmp, &r[i]);

		ok = s.p != NULL || err_memory(e);
		v[i] = index_entry(s, 0);
	}
	ok = ok && index_group(tmp, v, n, group, &groups, e);
	for (uint32_t i = 0, faults = 0; ok && groups < n && i < n && faults < FAULTS_MAX; i++) {
		if (seen[group[i]])
			faults += !fault(mem, e, root, i, member, "this resource was given before");
		seen[group[i]] = true;
	}
	talloc_free(tmp);
	return ok && groups == n;
}

static bool
check(TALLOC_CTX *mem, struct str root, const struct resource *r, size_t n, const char *key_member,
    struct err *e)
{
	bool ok = true;
	int  faults = 0;

	for (size_t i = 0; i < n && faults < FAULTS_MAX; i++) {
		const char *member, *what = wrong(&r[i], &member);

		if (what == NULL)
			continue;
		ok = fault(mem, e, root, i, key_member != NULL ? key_member : member, what);
		faults++;
	}
	return ok && (n < 2 || check_repeats(mem, root, r, (uint32_t)n,
				   key_member != NULL ? key_member : "", e));
}

bool
resources_check(TALLOC_CTX *mem, const struct resource *r, size_t n, struct err *e)
{
	return check(mem, STR("/resources"), r, n, NULL, e);
}

/* ---- splitting a document ---- */

static const struct json *
member(const struct json *object, struct str name)
{
	for (uint32_t i = 0; object->type == JSON_OBJECT && i < object->n; i++)
		if (str_eq(object->names[i], name))
			return &object->items[i];
	return NULL;
}

/* Integers keep their text: "7" and 7 are one key, as in a URL. */
static bool
key_of(const struct json *element, struct str name, struct str *key)
{
	const struct json *v = member(element, name);

	if (v == NULL || (v->type != JSON_STRING && v->type != JSON_NUMBER))
		return false;
	for (size_t i = 0; v->type == JSON_NUMBER && i < v->text.n; i++)
		if (strchr(".eE", v->text.p[i]) != NULL)
			return false;
	*key = v->text;
	return true;
}

static bool
whole(TALLOC_CTX *mem, const struct json *document, struct resource **out, size_t *n, struct err *e)
{
	struct resource *r = talloc(mem, struct resource);

	if (r == NULL)
		return err_memory(e);
	*r = (struct resource) { RESOURCE_CATEGORY_DOCUMENT, STR(""), document };
	*out = r;
	*n = 1;
	return true;
}

bool
resource_split(TALLOC_CTX *mem, const struct json *document, const struct resource_selector *s,
    struct resource **out, size_t *n, struct err *e)
{
	const struct json *list;
	struct resource   *r;
	bool               ok = true;

	if (s == NULL)
		return whole(mem, document, out, n, e);
	list = json_at(document, s->resources);
	if (list == NULL || list->type != JSON_ARRAY)
		return err_fault(e, mem, "",
		    "has no array at %.*s, where the selector looks for resources",
		    (int)(s->resources.n < 200 ? s->resources.n : 200), s->resources.p);
	r = talloc_array(mem, struct resource, list->n);
	if (r == NULL)
		return err_memory(e);
	for (uint32_t i = 0, faults = 0; i < list->n && faults < FAULTS_MAX; i++) {
		r[i] = (struct resource) { s->category, STR(""), &list->items[i] };
		if (s->category.n == 0)
			r[i].category = RESOURCE_CATEGORY_DOCUMENT;
		if (key_of(&list->items[i], s->key, &r[i].key))
			continue;
		ok = fault(
		    mem, e, s->resources, i, "", "has no key: a string or an integer is needed");
		faults++;
	}
	*out = r;
	*n = list->n;
	return ok && check(mem, s->resources, r, list->n, "", e);
}

bool
resource_canonical(struct buf *out, const struct resource *r, struct err *e)
{
	return json_canonical(out, r->value, e);
}
