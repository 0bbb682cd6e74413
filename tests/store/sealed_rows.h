/*
 * sealed_rows.h - rows in every table that has sealed columns, each sealed value the name of its column.
 */
#ifndef BSX_TESTS_STORE_SEALED_ROWS_H
#define BSX_TESTS_STORE_SEALED_ROWS_H

#include "core/store/archive/sealed.h"
#include "tests/store/world.h"

/* `n` rows of each table in the tenant's schema, by root, which is not strict from then on; at most 250. */
void sealed_rows_put(struct world *w, struct tenant_db *t, unsigned n);
/* The key of the i-th row (from 1) of a table, and what its values are sealed to. */
struct sealed_row {
	uint8_t     key[32];
	size_t      key_n;
	struct uuid place;
};
struct sealed_row sealed_row_of(const char *table, unsigned i);

#endif
