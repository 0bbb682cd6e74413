/* rest_run.h: collections that are made of others. */
#include <string.h>

#include "drift/source/rest_run.h"

static const struct pack_collection *
collection_at(const struct rest_run *r, uint32_t i)
{
	return &r->pack->collections[i];
}

static size_t
count_parts(const struct rest_run *r, uint32_t i)
{
	size_t n = 0;

	while (collection_at(r, i)->derive != NULL &&
	       collection_at(r, i)->derive->parts[n].category != NULL)
		n++;
	return n;
}

void
rest_want_parts(struct rest_run *r, uint32_t i)
{
	for (size_t k = 0; k < count_parts(r, i); k++)
		r->readings[collection_at(r, i)->parts[k]].wanted = true;
}

bool
rest_may_derive(const struct rest_run *r, uint32_t i)
{
	for (size_t k = 0; k < count_parts(r, i); k++)
		if (!r->told_of[collection_at(r, i)->parts[k]].over)
			return false;
	return true;
}

uint32_t
rest_derived_slot(const struct rest_run *r, uint32_t i)
{
	uint32_t n = 0;

	for (uint32_t k = 0; k < i; k++)
		n += collection_at(r, k)->derive != NULL;
	return n;
}

static bool
is_read(const struct rest_run *r, uint32_t part, bool licensed)
{
	const struct reading *d = &r->readings[part];

	return r->told_of[part].how == COLLECTION_COMPLETE ||
	       (licensed && d->unlicensed && d->failed == d->chains);
}

enum completeness
rest_derived_how(struct rest_run *r, uint32_t i, const char **why)
{
	const struct pack_collection *c = collection_at(r, i);

	for (size_t k = 0; k < count_parts(r, i); k++) {
		if (is_read(r, (uint32_t)c->parts[k], c->derive->parts[k].licensed))
			continue;
		*why = talloc_asprintf(r, "It is made of %s, which was not read completely.",
		    c->derive->parts[k].category);
		return r->told_of[c->parts[k]].how == COLLECTION_PARTIAL ? COLLECTION_PARTIAL
									 : COLLECTION_FAILED;
	}
	return COLLECTION_COMPLETE;
}

static bool
give_parts(struct rest_run *r, TALLOC_CTX *mem, uint32_t i, struct derive_items *of, struct err *e)
{
	for (size_t k = 0; k < count_parts(r, i); k++) {
		const struct rest_rows *rows = &r->readings[collection_at(r, i)->parts[k]].rows;

		of[k].at = talloc_array(mem, struct derive_item, rows->n + 1);
		if (of[k].at == NULL)
			return err_memory(e);
		for (of[k].n = 0; of[k].n < rows->n; of[k].n++)
			of[k].at[of[k].n] =
			    (struct derive_item) { rows->at[of[k].n].key, rows->at[of[k].n].value };
	}
	return true;
}

static bool
keep(struct rest_run *r, uint32_t i, const struct derived *got, struct err *e)
{
	struct rest_rows *rows = &r->readings[i].rows;

	rows->at = talloc_array(r, struct rest_row, got->items.n + 1);
	if (rows->at == NULL)
		return err_memory(e);
	for (rows->n = 0; rows->n < got->items.n; rows->n++)
		rows->at[rows->n] = (struct rest_row) { got->items.at[rows->n].key,
			got->items.at[rows->n].value, rows->n, NULL };
	rows->room = rows->n + 1;
	if (got->short_of != NULL)
		rest_short_of(r, i, got->short_of);
	if (r->recall.now != NULL)
		r->recall.now->derived[rest_derived_slot(r, i)] = rows->n;
	return true;
}

bool
rest_derive(struct rest_run *r, uint32_t i, struct err *e)
{
	struct derive_items of[DERIVE_PARTS_MAX] = { 0 };
	struct derived      got;
	const char         *why;
	TALLOC_CTX         *made, *given;
	bool                ok;

	if (rest_derived_how(r, i, &why) != COLLECTION_COMPLETE)
		return true;
	made = talloc_new(r);
	given = talloc_new(made);
	if (given == NULL)
		return err_memory(e);
	ok = give_parts(r, given, i, of, e) &&
	     collection_at(r, i)->derive->derive(made, of, &got, e) && keep(r, i, &got, e);
	talloc_free(given);
	rest_hold(r, 0, talloc_total_size(made));
	return ok;
}
