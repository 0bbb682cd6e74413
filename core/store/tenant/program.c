#include "core/store/tenant/program.h"

#include "core/store/db_priv.h"
#include "core/store/id_list.h"

#define GROUPS_MAX 1000

static const struct field row_fields[] = {
	COLUMN(struct program_row, id),
	COLUMN(struct program_row, kind),
	COLUMN(struct program_row, host),
	COLUMN(struct program_row, pid),
	COLUMN(struct program_row, version),
	COLUMN(struct program_row, seals),
	COLUMN(struct program_row, opens),
	FIELD_END,
};
static const struct schema row_in = SCHEMA("ProgramIn", struct program_row, row_fields);

SQL(program_upsert, SQL_CONTROL, &row_in, NULL,
    "INSERT INTO programs (id, kind, host, pid, version, seals, opens, started_at, seen_at)"
    " VALUES (:id, :kind, :host, :pid, :version, :seals, :opens, NOW(3), NOW(3))"
    " ON DUPLICATE KEY UPDATE seals = VALUES(seals), opens = VALUES(opens), seen_at = NOW(3)");
SQL(program_delete, SQL_CONTROL, &id_in, NULL,
    "DELETE FROM programs WHERE id = :id OR seen_at < NOW(3) - INTERVAL 1 DAY");

bool
program_beat(struct db *control, const struct program_row *p, struct err *e)
{
	return db_run(control, &program_upsert, p, NULL, e);
}

bool
program_gone(struct db *control, const struct uuid *id, struct err *e)
{
	const struct id_in in = { *id };

	return db_run(control, &program_delete, &in, NULL, e);
}

struct lately_in {
	int64_t lately_s;
};
static const struct field lately_fields[] = {
	COLUMN(struct lately_in, lately_s),
	FIELD_END,
};
static const struct schema lately_in = SCHEMA("ProgramLatelyIn", struct lately_in, lately_fields);

static const struct field group_fields[] = {
	COLUMN(struct program_group, kind),
	COLUMN(struct program_group, host),
	COLUMN(struct program_group, n),
	COLUMN(struct program_group, seals),
	COLUMN(struct program_group, opens),
	FIELD_END,
};
static const struct schema group_out = SCHEMA("ProgramGroup", struct program_group, group_fields);

SQL(programs_select_running, SQL_CONTROL, &lately_in, &group_out,
    "SELECT kind, host, COUNT(*) AS n, MIN(seals) AS seals, MIN(opens) AS opens FROM programs"
    " WHERE seen_at > NOW(3) - INTERVAL :lately_s SECOND GROUP BY kind, host"
    " ORDER BY opens, kind, host LIMIT 1000");

bool
programs_running(
    struct db *control, TALLOC_CTX *mem, struct program_group **list, size_t *n, struct err *e)
{
	const struct lately_in in = { PROGRAMS_LATELY_S };

	return db_all(control, mem, &programs_select_running, &in, INTO(list, n, GROUPS_MAX), e);
}

struct older {
	int64_t n;
};
static const struct field older_fields[] = {
	COLUMN(struct older, n),
	FIELD_END,
};
static const struct schema older_out = SCHEMA("ProgramsOlder", struct older, older_fields);

SQL(programs_select_older, SQL_CONTROL, &lately_in, &older_out,
    "SELECT COUNT(*) AS n FROM daemons d LEFT JOIN programs p ON p.id = d.id"
    " WHERE d.heartbeat_at > NOW(3) - INTERVAL :lately_s SECOND AND p.id IS NULL");

bool
programs_older(struct db *control, TALLOC_CTX *mem, bool *there, struct err *e)
{
	const struct lately_in in = { PROGRAMS_LATELY_S };
	struct older           out = { 0 };

	if (!db_one(control, mem, &programs_select_older, &in, &out, e))
		return false;
	*there = out.n > 0;
	return true;
}
