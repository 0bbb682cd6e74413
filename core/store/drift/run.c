#include "core/store/drift/run.h"

#include <string.h>

#include "core/store/id_list.h"
#include "core/store/tx.h"

#define X(id, wire) [id] = wire,
const char *const run_kinds[] = { RUN_KINDS(X) NULL };
const char *const run_states[] = { RUN_STATES(X) NULL };
#undef X

/* ---- the state row ---- */

#define STATE_REST                                                                                 \
	COLUMN_NULL(struct run_state, last_slot), COLUMN_NULL(struct run_state, next_at),          \
	    COLUMN(struct run_state, failures), COLUMN(struct run_state, held),                    \
	    COLUMN_NULL(struct run_state, last_run)
static const struct field state_fields[] = {
	COLUMN(struct run_state, config_id),
	STATE_REST,
	COLUMN(struct run_state, moves),
	COLUMN(struct run_state, now),
	FIELD_END,
};
static const struct schema state_schema = SCHEMA("RunState", struct run_state, state_fields);
static const struct field  state_add_fields[] = {
	 COLUMN(struct run_state, config_id),
	 STATE_REST,
	 FIELD_END,
};
static const struct schema state_add_in =
    SCHEMA("RunStateAddIn", struct run_state, state_add_fields);
static const struct field state_set_fields[] = {
	STATE_REST,
	COLUMN(struct run_state, config_id),
	COLUMN(struct run_state, moves),
	FIELD_END,
};
static const struct schema state_set_in =
    SCHEMA("RunStateSetIn", struct run_state, state_set_fields);
static const struct field state_move_fields[] = {
	COLUMN_NULL(struct run_state, last_slot),
	COLUMN_NULL(struct run_state, next_at),
	COLUMN(struct run_state, failures),
	COLUMN(struct run_state, held),
	COLUMN(struct run_state, config_id),
	FIELD_END,
};
static const struct schema state_move_in =
    SCHEMA("RunStateMoveIn", struct run_state, state_move_fields);

#define STATE_SELECT                                                                               \
	"SELECT config_id, last_slot, next_at, failures, held, last_run, moves, NOW(3) AS now"     \
	" FROM run_state WHERE config_id = :id"
SQL(run_state_insert, SQL_TENANT, &state_add_in, NULL,
    "INSERT INTO run_state (config_id, last_slot, next_at, failures, held, last_run)"
    " VALUES (:config_id, :last_slot, :next_at, :failures, :held, :last_run)");
SQL(run_state_select, SQL_TENANT, &id_in, &state_schema, STATE_SELECT);
SQL(run_state_select_lock, SQL_TENANT, &id_in, &state_schema, STATE_SELECT " FOR UPDATE");
SQL(run_state_update, SQL_TENANT, &state_set_in, NULL,
    "UPDATE run_state SET last_slot = IF(moves = :moves, :last_slot, last_slot),"
    " next_at = IF(moves = :moves, :next_at, next_at), failures = :failures, held = :held,"
    " last_run = :last_run WHERE config_id = :config_id");
SQL(run_state_update_move, SQL_TENANT, &state_move_in, NULL,
    "UPDATE run_state SET last_slot = :last_slot, next_at = :next_at, failures = :failures,"
    " held = :held, moves = moves + 1 WHERE config_id = :config_id");

bool
run_state_add(struct db *db, const struct run_state *s, struct err *e)
{
	return tx_later(db, &run_state_insert, s, e);
}

bool
run_state_by_id(
    struct db *db, TALLOC_CTX *mem, const struct uuid *config, struct run_state *s, struct err *e)
{
	const struct id_in in = { *config };

	return db_one(db, mem, &run_state_select, &in, s, e);
}

bool
run_state_lock(
    struct db *db, TALLOC_CTX *mem, const struct uuid *config, struct run_state *s, struct err *e)
{
	const struct id_in in = { *config };

	return db_one(db, mem, &run_state_select_lock, &in, s, e);
}

bool
run_state_set(struct db *db, const struct run_state *s, struct err *e)
{
	return tx_later(db, &run_state_update, s, e);
}

bool
run_state_move(struct db *db, const struct run_state *s, struct err *e)
{
	return tx_later(db, &run_state_update_move, s, e);
}

/* ---- runs ---- */

#define RUN_BEGINS                                                                                 \
	COLUMN(struct run, id), COLUMN(struct run, config_id), COLUMN(struct run, kind),           \
	    COLUMN(struct run, slot)
#define RUN_REST                                                                                   \
	COLUMN(struct run, due_at), COLUMN(struct run, state),                                     \
	    COLUMN_NULL(struct run, started_at), COLUMN_NULL(struct run, finished_at),             \
	    COLUMN(struct run, missed), COLUMN(struct run, attempts), COLUMN(struct run, fence),   \
	    COLUMN_NULL(struct run, reason), COLUMN_NULL(struct run, remedy),                      \
	    COLUMN_NULL(struct run, report_id), COLUMN_NULL(struct run, snapshot_id)
static const struct field run_fields[] = {
	RUN_BEGINS,
	RUN_REST,
	COLUMN_NULL(struct run, asked_by),
	COLUMN_NULL(struct run, progress),
	COLUMN_NULL(struct run, categories),
	COLUMN_NULL(struct run, activity),
	FIELD_END,
};
static const struct schema run_schema = SCHEMA("StoredRun", struct run, run_fields);
static const struct field  add_fields[] = {
	 RUN_BEGINS,
	 RUN_REST,
	 COLUMN_NULL(struct run, asked_by),
	 COLUMN_NULL(struct run, categories),
	 COLUMN_NULL(struct run, activity),
	 FIELD_END,
};
static const struct schema add_in = SCHEMA("RunAddIn", struct run, add_fields);
static const struct field  set_fields[] = {
	 RUN_REST,
	 COLUMN_NULL(struct run, progress),
	 COLUMN_NULL(struct run, categories),
	 COLUMN_NULL(struct run, activity),
	 COLUMN(struct run, id),
	 FIELD_END,
};
static const struct schema set_in = SCHEMA("RunSetIn", struct run, set_fields);
static const struct field  progress_fields[] = {
	 COLUMN_NULL(struct run, progress),
	 COLUMN(struct run, id),
	 COLUMN(struct run, fence),
	 FIELD_END,
};
static const struct schema progress_in = SCHEMA("RunProgressIn", struct run, progress_fields);

#define RUN_COLUMNS                                                                                \
	"id, config_id, kind, slot, due_at, state, started_at, finished_at, missed, attempts, "    \
	"fence, "                                                                                  \
	"reason, remedy, report_id, snapshot_id, asked_by, progress, categories, activity"
SQL(run_insert, SQL_TENANT, &add_in, NULL,
    "INSERT INTO runs (id, config_id, kind, slot, due_at, state, started_at, finished_at, missed,"
    " attempts, fence, reason, remedy, report_id, snapshot_id, asked_by, categories, activity)"
    " VALUES (:id, :config_id,"
    " :kind, :slot, :due_at, :state, :started_at, :finished_at, :missed, :attempts, :fence,"
    " :reason, :remedy, :report_id, :snapshot_id, :asked_by, :categories, :activity)");
SQL(run_select, SQL_TENANT, &id_in, &run_schema, "SELECT " RUN_COLUMNS " FROM runs WHERE id = :id");
SQL(run_select_live, SQL_TENANT, &id_in, &run_schema,
    "SELECT " RUN_COLUMNS " FROM runs WHERE running_of = :id UNION ALL"
    " SELECT " RUN_COLUMNS " FROM runs WHERE queued_of = :id LIMIT 7");
_Static_assert(RUNS_LIVE_MAX == 7, "as in the statement");
SQL(run_update, SQL_TENANT, &set_in, NULL,
    "UPDATE runs SET due_at = :due_at, state = :state, started_at = :started_at,"
    " finished_at = :finished_at, missed = :missed, attempts = :attempts, fence = :fence,"
    " reason = :reason, remedy = :remedy, report_id = :report_id, snapshot_id = :snapshot_id,"
    " progress = COALESCE(:progress, progress), categories = :categories,"
    " activity = COALESCE(:activity, activity) WHERE id = :id AND state IN ('queued', 'running')");
static const struct field hold_fields[] = {
	COLUMN(struct run, config_id),
	COLUMN(struct run, id),
	FIELD_END,
};
static const struct schema hold_in = SCHEMA("RunHoldIn", struct run, hold_fields);
static const struct field  held_fields[] = {
	 COLUMN(struct run, state),
	 FIELD_END,
};
static const struct schema held_schema = SCHEMA("RunHeld", struct run, held_fields);
/* in the order of locks */
SQL(run_select_hold, SQL_TENANT, &hold_in, &held_schema,
    "SELECT r.state FROM run_state s STRAIGHT_JOIN runs r ON r.config_id = s.config_id"
    " WHERE s.config_id = :config_id AND r.id = :id FOR UPDATE");
SQL(run_update_progress, SQL_TENANT, &progress_in, NULL,
    "UPDATE runs SET progress = :progress WHERE id = :id AND fence = :fence"
    " AND state = 'running'");

bool
run_add(struct db *db, const struct run *r, struct err *e)
{
	return db_run(db, &run_insert, r, NULL, e);
}

bool
run_by_id(struct db *db, TALLOC_CTX *mem, const struct uuid *id, struct run *r, struct err *e)
{
	const struct id_in in = { *id };

	return db_one(db, mem, &run_select, &in, r, e);
}

static size_t
turn_of(const struct run *r)
{
	size_t i = 0;

	if (strcmp(r->state, run_states[RUN_RUNNING]) == 0)
		return 0;
	while (run_kinds[i] != NULL && strcmp(run_kinds[i], r->kind) != 0)
		i++;
	return i + 1;
}

bool
run_live(struct db *db, TALLOC_CTX *mem, const struct uuid *config, struct run **rows, size_t *n,
    struct err *e)
{
	const struct id_in in = { *config };

	if (!db_all(db, mem, &run_select_live, &in, INTO(rows, n, RUNS_LIVE_MAX), e))
		return false;
	for (size_t i = 1; i < *n; i++)
		for (size_t j = i; j > 0 && turn_of(&(*rows)[j]) < turn_of(&(*rows)[j - 1]); j--) {
			struct run r = (*rows)[j];

			(*rows)[j] = (*rows)[j - 1];
			(*rows)[j - 1] = r;
		}
	return true;
}

bool
run_set(struct db *db, const struct run *r, struct err *e)
{
	return tx_later(db, &run_update, r, e);
}

bool
run_set_progress(struct db *db, const struct run *r, bool *told, struct err *e)
{
	uint64_t n = 0;

	if (!db_run(db, &run_update_progress, r, &n, e))
		return false;
	*told = n == 1;
	return true;
}

bool
run_hold(struct db *db, TALLOC_CTX *mem, const struct run *r, bool *cancelled, struct err *e)
{
	struct run now;

	*cancelled = false;
	if (!db_one(db, mem, &run_select_hold, r, &now, e))
		return err_take(e, ERR_MISSING);
	*cancelled = strcmp(now.state, run_states[RUN_CANCELLED]) == 0;
	return true;
}

/* ---- lists ---- */

struct list_in {
	struct run_filter f;
	struct uuid       since;
	struct page       page;
};
static const struct field list_fields[] = {
	COLUMN_AS_NULL(struct list_in, f.config_id, "config_id"),
	COLUMN_AS_NULL(struct list_in, f.state, "state"),
	COLUMN_AS_NULL(struct list_in, f.kind, "kind"),
	COLUMN_NULL(struct list_in, since),
	PAGE_COLUMNS(struct list_in, page),
	FIELD_END,
};
static const struct schema list_in = SCHEMA("RunListIn", struct list_in, list_fields);

SQL(run_select_list, SQL_TENANT, &list_in, &run_schema,
    "SELECT " RUN_COLUMNS " FROM runs WHERE (:config_id IS NULL OR config_id = :config_id)"
    " AND (:state IS NULL OR state = :state) AND (:kind IS NULL OR kind = :kind)"
    " AND (:since IS NULL OR id >= :since) AND (:after IS NULL OR id < :after)"
    " ORDER BY id DESC LIMIT :limit");

bool
run_list(
    struct tenant_db *t, TALLOC_CTX *mem, const struct run_filter *f, struct page *p, struct err *e)
{
	struct list_in in = { .f = *f, .page = *p };

	if (f->since.ms > 0)
		in.since = uuid_first(f->since.ms);
	return page_read(t->db, mem, &run_select_list, &in, p, e);
}

/* ---- the end of one, and of a config ---- */

SQL(run_delete_one, SQL_TENANT, &id_in, NULL, "DELETE FROM runs WHERE id = :id");
SQL(run_delete_config, SQL_TENANT, &id_in, NULL, "DELETE FROM runs WHERE config_id = :id");
SQL(run_state_delete, SQL_TENANT, &id_in, NULL, "DELETE FROM run_state WHERE config_id = :id");

bool
run_drop(struct db *db, const struct uuid *id, struct err *e)
{
	const struct id_in in = { *id };

	return tx_later(db, &run_delete_one, &in, e);
}

bool
run_drop_all(struct db *db, const struct uuid *config, struct err *e)
{
	const struct id_in in = { *config };

	return tx_later(db, &run_state_delete, &in, e) && tx_later(db, &run_delete_config, &in, e);
}
