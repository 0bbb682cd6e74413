/* push.h: a document, cut into resources, and what it says of itself. */
#include <stdlib.h>
#include <string.h>

#include "drift/source/continued.h"
#include "drift/source/push.h"

/* ---- notes ---- */

/* The one there is. */
static bool
note(TALLOC_CTX *mem, struct collected *out, const char *before, struct str pointer,
    const char *behind, struct err *e)
{
	struct str at = str_head(pointer, 200);

	out->notes.items = talloc_array(mem, const char *, 1);
	if (out->notes.items == NULL)
		return err_memory(e);
	out->notes.items[0] = talloc_asprintf(mem, "%s%.*s%s", before, (int)at.n, at.p, behind);
	out->notes.n = 1;
	return out->notes.items[0] != NULL || err_memory(e);
}

/* ---- how complete the document says that its collections are ---- */

static int
by_category(const void *a, const void *b)
{
	const struct collection *x = a, *y = b;

	return str_cmp(x->category, y->category);
}

/* What the pusher says of a collection stays, but for complete, which the document knows better. */
static void
merge(struct collected *out, size_t told, struct str category, enum completeness how)
{
	const struct collection want = { category, how, true, false };
	struct collection      *c = NULL;

	if (told > 0)
		c = bsearch(&want, out->collections, told, sizeof(want), by_category);
	if (c == NULL)
		out->collections[out->collections_n++] = want;
	else if (c->how == COLLECTION_COMPLETE)
		c->how = how;
}

static struct str *
categories_of(
    TALLOC_CTX *mem, const struct collected *in, struct str fixed, size_t *n, struct err *e)
{
	struct collection *all = talloc_array(mem, struct collection, (unsigned)in->n + 1);
	struct str        *out = talloc_array(mem, struct str, (unsigned)in->n + 1);

	*n = 0;
	if (all == NULL || out == NULL) {
		(void)err_memory(e);
		return NULL;
	}
	for (size_t i = 0; i < in->n; i++)
		all[i].category = in->resources[i].category;
	all[in->n].category = fixed;
	qsort(all, in->n + (fixed.n > 0), sizeof(*all), by_category);
	for (size_t i = 0; i < in->n + (fixed.n > 0); i++)
		if (*n == 0 || !str_eq(out[*n - 1], all[i].category))
			out[(*n)++] = all[i].category;
	talloc_free(all);
	return out;
}

/* Those of its resources, and the one that is that of all. */
static bool
tell(TALLOC_CTX *mem, struct collected *out, struct str fixed, enum completeness how, struct err *e)
{
	size_t      n, told = out->collections_n;
	struct str *categories = categories_of(mem, out, fixed, &n, e);

	if (categories == NULL)
		return false;
	out->collections =
	    talloc_realloc(mem, out->collections, struct collection, (unsigned)(told + n) + 1);
	if (out->collections == NULL)
		return err_memory(e);
	if (told > 1)
		qsort(out->collections, told, sizeof(out->collections[0]), by_category);
	for (size_t i = 0; i < n; i++)
		merge(out, told, categories[i], how);
	talloc_free(categories);
	return true;
}

bool
push_collect_document(TALLOC_CTX *mem, const struct json *document, const struct push_terms *terms,
    struct collected *out, struct err *e)
{
	const struct resource_selector *s = terms->selector;
	struct str                      sign, fixed;

	if (!resource_split(mem, document, s, &out->resources, &out->n, e))
		return false;
	if (s == NULL || terms->edition < COMPARE_EDITION_2)
		return true;
	out->found = s->category.n > 0;
	if (!continued_find(mem, document, s->resources, terms->complete_despite, &sign, e))
		return false;
	fixed = s->category.n == 0 ? s->fixed : STR("");
	if (sign.n > 0)
		return note(mem, out, "The document says at ", sign,
			   " that it is not all: its collections are partial.", e) &&
		       tell(mem, out, fixed, COLLECTION_PARTIAL, e);
	if (out->n > 0)
		return true;
	return note(mem, out, "The array at \"", s->resources, "\" is empty.", e) &&
	       tell(mem, out, fixed, COLLECTION_COMPLETE, e);
}
