/* rest_run.h: keys that are there twice. */
#include "core/base/index.h"
#include "drift/source/rest_run.h"

/* Not which: a key is what the source keeps. */
static bool
say_repeats(struct rest_run *r, uint32_t i, uint32_t n, struct err *e)
{
	char *why = talloc_asprintf(r,
	    n == 1 ? "%u item has the key of another, and was left out."
		   : "%u items have the keys of others, and were left out.",
	    n);

	rest_short_of(r, i, why);
	return why != NULL || err_memory(e);
}

/* Rows moved to the front: moved[k] is how many of the first k stayed. */
static void
move_along(struct rest_run *r, uint32_t i, const uint32_t *moved)
{
	for (uint32_t k = i + 1; k < r->pack->collections_n; k++)
		if (r->pack->collections[k].over == (int32_t)i)
			r->readings[k].at = moved[r->readings[k].at];
}

bool
rest_drop_repeats(struct rest_run *r, uint32_t i, struct err *e)
{
	struct rest_rows   *rows = &r->readings[i].rows;
	struct index_entry *entries = talloc_array(r, struct index_entry, rows->n + 1);
	uint32_t           *group = talloc_array(r, uint32_t, rows->n + 1), groups, n = 0;
	bool               *seen = talloc_zero_array(r, bool, rows->n + 1);
	bool                ok = entries != NULL && group != NULL && seen != NULL;

	for (uint32_t k = 0; ok && k < rows->n; k++)
		entries[k] = index_entry(rows->at[k].key, 0);
	ok = ok ? index_group(r, entries, rows->n, group, &groups, e) : err_memory(e);
	for (uint32_t k = 0; ok && k < rows->n; k++) {
		const uint32_t of = group[k];

		group[k] = n;
		if (seen[of])
			continue;
		seen[of] = true;
		rows->at[n++] = rows->at[k];
	}
	ok = ok && (n == rows->n || say_repeats(r, i, rows->n - n, e));
	if (ok) {
		group[rows->n] = n;
		move_along(r, i, group);
		rows->n = n;
	}
	talloc_free(entries);
	talloc_free(group);
	talloc_free(seen);
	return ok;
}
