/*
 * id_list.h - ids as parameters of a statement: one, as :id; or many, as :ids, a JSON array of UUIDs as text that
 * the statement joins by JSON_TABLE.
 */
#ifndef BSX_STORE_ID_LIST_H
#define BSX_STORE_ID_LIST_H

#include "core/store/db.h"

struct id_in {
	struct uuid id;
};
extern const struct schema id_in;

struct id_list {
	const struct uuid *p;
	size_t             n;
};

struct id_list_in {
	const char *ids;
};
extern const struct schema id_list_in_schema;
/* What a statement joins: j.id, a row for each of :ids, in their order. */
#define ID_LIST_ROWS                                                                               \
	"(SELECT UNHEX(REPLACE(t.id, '-', '')) AS id FROM"                                         \
	" JSON_TABLE(:ids, '$[*]' COLUMNS (id CHAR(36) PATH '$')) t) j"

MUST_USE bool id_list_print(
    TALLOC_CTX *mem, struct id_list ids, struct id_list_in *out, struct err *e);

#endif
