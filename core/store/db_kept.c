/* db.h: statements that stay prepared on their connection. */
#include <mysqld_error.h>
#include <string.h>

#include "core/store/db_priv.h"

/* One that is not running. */
struct kept {
	const struct sql *q;
	MYSQL_STMT       *st;
	uint64_t          turn; /* of its last use: the lowest goes first */
};

MYSQL_STMT *
kept_take(struct db *db, const struct sql *q)
{
	for (unsigned i = 0; i < db->kept_n; i++) {
		MYSQL_STMT *st = db->kept[i].st;

		if (db->kept[i].q != q)
			continue;
		db->kept[i] = db->kept[--db->kept_n];
		return st;
	}
	return NULL;
}

/* Not one that is made anew each time, nor a procedure, whose results change from call to call. */
static bool
is_worth_keeping(struct db *db, const struct sql *q)
{
	if (db->o.keep == 0 || db->crowded || q->marks == NULL || strncmp(q->text, "CALL ", 5) == 0)
		return false;
	if (db->kept == NULL)
		db->kept = talloc_array(db, struct kept, db->o.keep);
	return db->kept != NULL;
}

static unsigned
oldest(const struct db *db)
{
	unsigned found = 0;

	for (unsigned i = 1; i < db->kept_n; i++)
		if (db->kept[i].turn < db->kept[found].turn)
			found = i;
	return found;
}

void
kept_give(struct db *db, const struct sql *q, MYSQL_STMT *st)
{
	unsigned at = db->kept_n;

	if (!is_worth_keeping(db, q)) {
		mysql_stmt_close(st);
		return;
	}
	if (mysql_stmt_field_count(st) > 0)
		mysql_stmt_free_result(st); /* rows that nobody has read */
	if (at < db->o.keep) {
		db->kept_n++;
	} else {
		at = oldest(db);
		mysql_stmt_close(db->kept[at].st);
	}
	db->kept[at] = (struct kept) { q, st, ++db->kept_turn };
}

void
kept_drop(struct db *db)
{
	while (db->kept_n > 0)
		mysql_stmt_close(db->kept[--db->kept_n].st);
}

bool
kept_is_stale(unsigned number)
{
	switch (number) {
	case ER_NEED_REPREPARE:
	case ER_UNKNOWN_STMT_HANDLER:
	case ER_NO_SUCH_TABLE:
	case ER_BAD_FIELD_ERROR:
	case ER_SP_DOES_NOT_EXIST:
		return true;
	default:
		return false;
	}
}
