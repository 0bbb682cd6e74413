/*
 * bind.h - struct members as MariaDB parameters and columns, by field table.
 *
 * Private to core/store.  Nothing that comes from the database is believed:
 * lengths, ranges, NULLs and UTF-8 are checked before a member is set.
 */
#ifndef BSX_STORE_BIND_H
#define BSX_STORE_BIND_H

#include <mysql.h>

#include "core/base/chunks.h"
#include "core/json/field.h"

#define BIND_MAX 64 /* parameters or columns of one statement */

/* One parameter: points into the caller's struct, or at its own storage. */
struct bind_value {
	enum enum_field_types type;
	const void           *p;
	unsigned long         n;
	my_bool               null;
	bool                  is_unsigned;
	int64_t               i;    /* LONGLONG */
	MYSQL_TIME            time; /* DATETIME */
};

/* One column of the present row. */
struct bind_cell {
	unsigned long n;
	my_bool       null;
	my_bool       error;
	uint64_t      i;
	MYSQL_TIME    time;
	uint8_t       raw[16];
};

/* The members that take part in SQL, in order; more than BIND_MAX, or a kind SQL has no form for: ERR_INTERNAL. */
MUST_USE bool bind_fields(const struct schema *s, const struct field *f[static BIND_MAX], unsigned *n,
    struct err *e);

/* The value of a member; what must be printed first is a child of `mem`. */
MUST_USE bool bind_value_of(TALLOC_CTX *mem, const struct field *f, const void *in, struct bind_value *v,
    struct err *e);
void bind_param(MYSQL_BIND *b, struct bind_value *v);

void bind_column(MYSQL_BIND *b, const struct field *f, struct bind_cell *c);
/* Where texts and blobs of rows go: children of `mem`, or packed beside each other. */
struct bind_room {
	TALLOC_CTX    *mem;
	struct chunks *packed; /* NULL: each its own */
};
/* Sets the member from column `i` of the row just fetched. */
MUST_USE bool bind_take(MYSQL_STMT *st, unsigned i, const struct bind_room *room, const struct field *f,
    const struct bind_cell *c, void *out, struct err *e);

/* Whether a column of this type and length can fill the member. */
bool bind_fits(const struct field *f, const MYSQL_FIELD *column);

#endif
