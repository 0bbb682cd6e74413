#include "core/store/archive/sealed.h"

#include <string.h>

const struct sealed_column sealed_columns[] = {
#define X(table, key, column) { #table, #key, #column },
	SEALED_COLUMNS(X)
#undef X
	    { SEALED_CONTENTS, "address", "body" },
	{ NULL, NULL, NULL },
};

bool
sealed_is(const char *table, struct str column)
{
	for (const struct sealed_column *c = sealed_columns; c->table != NULL; c++)
		if (strcmp(c->table, table) == 0 && str_eqz(column, c->column))
			return true;
	return false;
}
