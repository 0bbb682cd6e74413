/* migrate.h: migrations on a host where one account does everything (db.isolation "schema"). */
#include <string.h>

#include "core/base/buf.h"
#include "core/store/migrate_priv.h"

/* As exact as a column, whatever the connection's own words are. */
#define SAID(variable) "CONVERT(COALESCE(" variable ", '') USING utf8mb4) COLLATE utf8mb4_nopad_bin"

/*
 * Longer ones first.  What stands in a text of a trigger, and again in the text that a procedure
 * holds it against, is the same in both, so it has no quotes of its own.
 */
static const struct turn {
	const char *from, *to;
} turns[] = {
	{ "DEFINER = '{control}definer'@'localhost' ", "" },
	{ "TRIGGER_SCHEMA = SUBSTRING_INDEX(USER(), '@', 1)",
	    "TRIGGER_SCHEMA = " SAID("@bsx_place") },
	{ "EVENT_OBJECT_SCHEMA = SUBSTRING_INDEX(USER(), '@', 1)",
	    "EVENT_OBJECT_SCHEMA = " SAID("@bsx_place") },
	{ "SUBSTRING_INDEX(USER(), '@', 1)", SAID("@bsx_schema") },
	{ "schema_name = DATABASE()", "schema_name = (SELECT schema_name FROM "
				      "`{control}`.schema_places WHERE place = DATABASE())" },
	{ "information_schema.SCHEMATA WHERE SCHEMA_NAME = OLD.schema_name",
	    "`{control}`.schema_places WHERE schema_name = OLD.schema_name" },
};

static const struct turn *
turn_at(const char *text)
{
	for (size_t i = 0; i < sizeof(turns) / sizeof(*turns); i++)
		if (strncmp(text, turns[i].from, strlen(turns[i].from)) == 0)
			return &turns[i];
	return NULL;
}

char *
migrate_single(TALLOC_CTX *mem, const char *text, struct err *e)
{
	struct buf b;

	buf_make(&b, mem);
	while (*text != '\0') {
		const struct turn *x = turn_at(text);

		if (x != NULL) {
			buf_puts(&b, x->to);
			text += strlen(x->from);
		} else {
			buf_putc(&b, *text++);
		}
	}
	if (!buf_ok(&b))
		err_memory(e);
	return buf_ok(&b) ? b.p : NULL;
}
