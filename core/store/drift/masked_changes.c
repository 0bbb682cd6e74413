#include "core/store/drift/masked_changes.h"
#include "core/store/tx.h"

static const struct field row_fields[] = {
	COLUMN(struct masked_change, actor),
	COLUMN(struct masked_change, place),
	COLUMN(struct masked_change, config_id),
	COLUMN(struct masked_change, day),
	COLUMN(struct masked_change, changes),
	COLUMN(struct masked_change, last),
	FIELD_END,
};
static const struct schema row_schema =
    SCHEMA("StoredMaskedChange", struct masked_change, row_fields);

struct due_in {
	struct uuid actor;
	int64_t     day;
};
static const struct field due_fields[] = {
	COLUMN(struct due_in, actor),
	COLUMN(struct due_in, day),
	FIELD_END,
};
static const struct schema due_in = SCHEMA("MaskedDueIn", struct due_in, due_fields);

static const struct field told_fields[] = {
	COLUMN(struct masked_change, actor),
	COLUMN(struct masked_change, place),
	COLUMN(struct masked_change, day),
	FIELD_END,
};
static const struct schema told_in = SCHEMA("MaskedToldIn", struct masked_change, told_fields);

/* Set from left to right, each from what the columns before it have become. */
SQL(masked_upsert, SQL_TENANT, &row_schema, NULL,
    "INSERT INTO masked_changes (actor, place, config_id, day, changes, last)"
    " VALUES (:actor, :place, :config_id, :day, :changes, :last)"
    " ON DUPLICATE KEY UPDATE told = (told AND day = VALUES(day)),"
    " changes = IF(day = VALUES(day), changes, 0) + IF(last = VALUES(last), 0, VALUES(changes)),"
    " last = VALUES(last), day = VALUES(day)");
SQL(masked_select_due, SQL_TENANT, &due_in, &row_schema,
    "SELECT actor, place, config_id, day, changes, last FROM masked_changes"
    " WHERE actor = :actor AND day = :day AND told = FALSE AND changes > 20 LIMIT 10");
SQL(masked_update_told, SQL_TENANT, &told_in, NULL,
    "UPDATE masked_changes SET told = TRUE"
    " WHERE actor = :actor AND place = :place AND day = :day AND told = FALSE");
_Static_assert(MASKED_CHANGES_TOLD == 20 && MASKED_TOLD_AT_ONCE == 10, "as in the statement");

bool
masked_changes_add(struct db *db, const struct masked_change *rows, size_t n, struct err *e)
{
	return tx_later_many(db, &masked_upsert, rows, n, e);
}

bool
masked_changes_due(struct db *db, TALLOC_CTX *mem, const struct uuid *actor, int64_t day,
    struct masked_change **rows, size_t *n, struct err *e)
{
	const struct due_in in = { *actor, day };

	return db_all(db, mem, &masked_select_due, &in, INTO(rows, n, MASKED_TOLD_AT_ONCE), e);
}

bool
masked_changes_told(struct db *db, const struct masked_change *row, bool *first, struct err *e)
{
	uint64_t n = 0;

	if (!db_run(db, &masked_update_told, row, &n, e))
		return false;
	*first = n > 0;
	return true;
}
