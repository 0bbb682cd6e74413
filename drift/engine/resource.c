#include "drift/engine/resource.h"

#include <string.h>

#include "core/base/index.h"

#define FAULTS_MAX 20  /* more are no help */
#define SHOWN_MAX  120 /* bytes of a category or key in a sentence */

/* A list of resources, and where it stands in what was handed in. */
struct listed {
	const struct resource *r;
	uint32_t               n;
	struct str             root; /* JSON Pointer of the list */
	bool cut; /* of a document: category and key are no members of an element */
};

/* At the i-th, or at a member of it. */
static bool
fault(TALLOC_CTX *mem, const struct listed *l, uint32_t i, const char *member, struct err *e,
    const char *what)
{
	char *at =
	    talloc_asprintf(mem, "%.*s/%u%s", (int)l->root.n, l->root.p, i, l->cut ? "" : member);

	if (at == NULL)
		return err_memory(e);
	err_fault(e, mem, at, "%s%s", l->cut && member[0] != '\0' ? member + 1 : "", what);
	talloc_free(at);
	return false;
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
		return " must be 1 to 128 bytes long";
	if (has_zero(r->category))
		return " must not hold U+0000";
	*member = "/key";
	if (r->key.n > RESOURCE_KEY_MAX)
		return " must be at most 512 bytes long";
	if (has_zero(r->key))
		return " must not hold U+0000";
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
fault_repeat(TALLOC_CTX *mem, const struct listed *l, uint32_t first, uint32_t i, struct err *e)
{
	struct str category = str_head(l->r[i].category, SHOWN_MAX);
	struct str key = str_head(l->r[i].key, SHOWN_MAX);
	char *what = talloc_asprintf(mem, "has the category \"%.*s\" and key \"%.*s\" of %.*s/%u",
	    (int)category.n, category.p, (int)key.n, key.p, (int)l->root.n, l->root.p, first);
	bool  ok;

	if (what == NULL)
		return err_memory(e);
	ok = fault(mem, l, i, "", e, what);
	talloc_free(what);
	return ok;
}

static bool
check_repeats(TALLOC_CTX *mem, const struct listed *l, struct err *e)
{
	TALLOC_CTX         *tmp = talloc_new(mem);
	struct index_entry *v = talloc_array(tmp, struct index_entry, l->n);
	uint32_t           *group = talloc_array(tmp, uint32_t, l->n);
	uint32_t           *first = talloc_zero_array(tmp, uint32_t, l->n); /* and one; 0: none */
	uint32_t            groups = 0;
	bool                ok = (v != NULL && group != NULL && first != NULL) || err_memory(e);

	for (uint32_t i = 0; ok && i < l->n; i++) {
		struct str s = identity(tmp, &l->r[i]);

		ok = s.p != NULL || err_memory(e);
		v[i] = index_entry(s, 0);
	}
	ok = ok && index_group(tmp, v, l->n, group, &groups, e);
	for (uint32_t i = 0, faults = 0; ok && groups < l->n && i < l->n && faults < FAULTS_MAX;
	     i++) {
		if (first[group[i]] > 0)
			faults += !fault_repeat(mem, l, first[group[i]] - 1, i, e);
		else
			first[group[i]] = i + 1;
	}
	talloc_free(tmp);
	return ok && groups == l->n;
}

static bool
check(TALLOC_CTX *mem, const struct listed *l, struct err *e)
{
	bool ok = true;
	int  faults = 0;

	for (uint32_t i = 0; i < l->n && faults < FAULTS_MAX; i++) {
		const char *member, *what = wrong(&l->r[i], &member);

		if (what == NULL)
			continue;
		ok = fault(mem, l, i, member, e, what + !l->cut);
		faults++;
	}
	return ok && (l->n < 2 || check_repeats(mem, l, e));
}

bool
resources_check(TALLOC_CTX *mem, const struct resource *r, size_t n, struct err *e)
{
	return check(mem, &(struct listed) { r, (uint32_t)n, STR("/resources"), false }, e);
}

bool
resources_check_cut(
    TALLOC_CTX *mem, struct str root, const struct resource *r, size_t n, struct err *e)
{
	return check(mem, &(struct listed) { r, (uint32_t)n, root, true }, e);
}

bool
resource_canonical(struct buf *out, const struct resource *r, struct err *e)
{
	return json_canonical(out, r->value, e);
}
