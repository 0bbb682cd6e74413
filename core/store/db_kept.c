/* db.h: statements that stay prepared on their connection. */
#include <mysqld_error.h>
#include <time.h>

#include "core/shm/circuit.h"
#include "core/store/db_priv.h"

/* One that is not running. */
struct kept {
	const struct sql *q;
	MYSQL_STMT       *st;
	uint64_t          turn; /* of its last use: the lowest goes first */
};

/* As far as this host knows, or without a segment this connection. */
static bool
is_crowded(const struct db *db)
{
	int64_t now = db_now_ms();

	if (db->o.segment != NULL)
		return circuit_is_crowded(db->o.segment, db->server, now);
	return db->crowded_ms != 0 && now - db->crowded_ms < CIRCUIT_CROWD_MS;
}

bool
kept_has(const struct db *db, const struct sql *q)
{
	for (unsigned i = 0; i < db->kept_n; i++)
		if (db->kept[i].q == q)
			return !is_crowded(db);
	return false;
}

MYSQL_STMT *
kept_take(struct db *db, const struct sql *q)
{
	if (db->kept_n > 0 && is_crowded(db))
		kept_drop(db);
	for (unsigned i = 0; i < db->kept_n; i++) {
		MYSQL_STMT *st = db->kept[i].st;

		if (db->kept[i].q != q)
			continue;
		db->kept[i] = db->kept[--db->kept_n];
		return st;
	}
	return NULL;
}

/* Not one that is made anew each time. */
static bool
is_worth_keeping(struct db *db, const struct sql *q)
{
	if (db->o.keep == 0 || q->marks == NULL || is_crowded(db))
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
	if (at < db->o.keep) {
		db->kept_n++;
	} else {
		at = oldest(db);
		mysql_stmt_close(db->kept[at].st);
	}
	db->kept[at] = (struct kept) { q, st, ++db->kept_turn };
}

void
kept_forget(struct db *db, const struct sql *q)
{
	MYSQL_STMT *st = kept_take(db, q);

	if (st != NULL)
		mysql_stmt_close(st);
}

void
kept_drop(struct db *db)
{
	while (db->kept_n > 0)
		mysql_stmt_close(db->kept[--db->kept_n].st);
}

static void
tell_crowded(struct db *db)
{
	db->crowded_ms = db_now_ms();
	if (db->o.segment == NULL || !circuit_crowded(db->o.segment, db->server, db->crowded_ms) ||
	    db->o.log == NULL)
		return;
	log_event(db->o.log, LOG_SYSTEM, LOG_LEVEL_WARN,
	    "the database takes no more prepared statements: for some minutes none are kept; lower "
	    "db.kept_statements, or raise the server's max_prepared_stmt_count",
	    LOGS("event.action", "db.crowded"));
}

bool
kept_made_room(struct db *db, unsigned tries)
{
	/* First those of this connection, which are there at once; then who else runs a statement.
	 */
	static const long waits_ms[] = { 0, 5, 10, 20, 40, 80, 160 };
	struct timespec   pause = { 0 };

	tell_crowded(db);
	kept_drop(db);
	if (tries >= sizeof(waits_ms) / sizeof(waits_ms[0]))
		return false;
	pause.tv_nsec = waits_ms[tries] * 1000000;
	nanosleep(&pause, NULL);
	return true;
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
