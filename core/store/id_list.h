/*
 * id_list.h - many ids as one parameter: a JSON array of UUIDs as text, which a
 * statement joins by JSON_TABLE.
 */
#ifndef BSX_STORE_ID_LIST_H
#define BSX_STORE_ID_LIST_H

#include "core/store/db.h"

struct id_list_in {
	const char *ids;
};
extern const struct schema id_list_in_schema;

MUST_USE bool id_list_print(
    TALLOC_CTX *mem, const struct uuid *ids, size_t n, struct id_list_in *out, struct err *e);

#endif
