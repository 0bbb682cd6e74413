/* source_pack_priv.h: what a pack derives of its collections. */
#include <string.h>

#include "drift/source/source_pack_priv.h"

static int32_t
collection_of(const struct source_pack *pack, const char *category)
{
	for (uint32_t i = 0; i < pack->collections_n; i++)
		if (str_eqz(pack->collections[i].category, category))
			return (int32_t)i;
	return -1;
}

static bool
add(TALLOC_CTX *mem, struct source_pack *pack, const char *name, const char *at, struct err *e)
{
	const struct derive_ops *ops = derive_by_name(name);
	struct pack_collection  *out = &pack->collections[pack->collections_n];

	if (ops == NULL)
		return err_fault(e, mem, at, "is none of what can be derived");
	if (collection_of(pack, ops->category) >= 0)
		return err_fault(
		    e, mem, at, "makes %s, which is a collection already", ops->category);
	*out = (struct pack_collection) {
		.category = str_of(ops->category), .over = -1, .derive = ops
	};
	for (size_t i = 0; ops->parts[i].category != NULL; i++) {
		out->parts[i] = collection_of(pack, ops->parts[i].category);
		if (out->parts[i] < 0)
			return err_fault(e, mem, at,
			    "is made of %s, which is no collection of the pack",
			    ops->parts[i].category);
	}
	out->unstable.items = (const char **)(uintptr_t)ops->unstable;
	while (ops->unstable[out->unstable.n] != NULL)
		out->unstable.n++;
	pack->collections_n++;
	return true;
}

bool
pack_derived_read(
    TALLOC_CTX *mem, struct source_pack *pack, const struct strings *names, struct err *e)
{
	char at[40];

	if (names->n == 0)
		return true;
	pack->collections = talloc_realloc(mem, pack->collections, struct pack_collection,
	    pack->collections_n + (unsigned)names->n + 1);
	if (pack->collections == NULL)
		return err_memory(e);
	for (size_t i = 0; i < names->n; i++) {
		snprintf(at, sizeof(at), "/derived/%zu", i);
		if (!add(mem, pack, names->items[i], at, e))
			return false;
	}
	return true;
}
