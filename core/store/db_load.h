/*
 * db_load.h - many rows into a table whose columns no struct has: for archives.
 *
 * A loader is a connection of its own, under the account and with the rights of the one that it is taken from.  Values are as
 * db_snapshot.h gives them; the server makes numbers and times of their texts, and refuses what is none.
 */
#ifndef BSX_STORE_DB_LOAD_H
#define BSX_STORE_DB_LOAD_H

#include "core/store/db.h"

MUST_USE struct db *db_loader(TALLOC_CTX *mem, const struct db *like, struct err *e);

struct db_load;
/* Names are constants (asserted: of a-z, 0-9 and _).  A child of `mem`. */
MUST_USE struct db_load *db_load_make(TALLOC_CTX *mem, struct db *loader, const char *table, const struct strings *columns,
    struct err *e);
/* What the table has is no more. */
MUST_USE bool db_load_over(struct db_load *l, struct err *e);
/* `n` rows, a value for each column, p NULL: NULL; in one transaction. */
MUST_USE bool db_load_rows(struct db_load *l, const struct blob *values, size_t n, struct err *e);

#endif
