#include "core/store/drift/run_tail.h"

#include "core/store/id_list.h"
#include "core/store/tx.h"

#define TAIL(m, name)      COLUMN_AS(struct run_tail, m, name)
#define TAIL_NULL(m, name) COLUMN_AS_NULL(struct run_tail, m, name)

static const struct field tail_fields[] = {
	TAIL(config_id, "config_id"),
	TAIL_NULL(began, "tail_began"),
	TAIL_NULL(since, "tail_since"),
	TAIL(failures, "tail_failures"),
	TAIL(seen, "tail_seen"),
	TAIL_NULL(known_until, "tail_known_until"),
	FIELD_END,
};
static const struct schema tail_schema = SCHEMA("RunTail", struct run_tail, tail_fields);
static const struct field  begin_fields[] = {
	 TAIL(began, "began"),
	 TAIL(since, "since"),
	 TAIL(config_id, "config_id"),
	 FIELD_END,
};
static const struct schema begin_in = SCHEMA("RunTailBeginIn", struct run_tail, begin_fields);
static const struct field  set_fields[] = {
	 TAIL_NULL(since, "since"),
	 TAIL(failures, "failures"),
	 TAIL(seen, "seen"),
	 TAIL_NULL(known_until, "known_until"),
	 TAIL(config_id, "config_id"),
	 FIELD_END,
};
static const struct schema set_in = SCHEMA("RunTailSetIn", struct run_tail, set_fields);

SQL(run_tail_select, SQL_TENANT, &id_in, &tail_schema,
    "SELECT config_id, tail_began, tail_since, tail_failures, tail_seen, tail_known_until"
    " FROM run_state WHERE config_id = :id");
SQL(run_tail_update_begin, SQL_TENANT, &begin_in, NULL,
    "UPDATE run_state SET tail_began = COALESCE(tail_began, :began),"
    " tail_since = COALESCE(tail_since, :since) WHERE config_id = :config_id");
SQL(run_tail_update, SQL_TENANT, &set_in, NULL,
    "UPDATE run_state SET tail_since = :since, tail_failures = :failures, tail_seen = :seen,"
    " tail_known_until = :known_until WHERE config_id = :config_id");
SQL(run_tail_update_end, SQL_TENANT, &id_in, NULL,
    "UPDATE run_state SET tail_began = NULL, tail_since = NULL, tail_failures = 0, tail_seen = '',"
    " tail_known_until = NULL WHERE config_id = :id");

bool
run_tail_by_id(
    struct db *db, TALLOC_CTX *mem, const struct uuid *config, struct run_tail *t, struct err *e)
{
	const struct id_in in = { *config };

	return db_one(db, mem, &run_tail_select, &in, t, e);
}

bool
run_tail_begin(struct db *db, const struct uuid *config, instant at, struct err *e)
{
	const struct run_tail in = { .config_id = *config, .began = at, .since = at };

	return tx_later(db, &run_tail_update_begin, &in, e);
}

bool
run_tail_set(struct db *db, const struct run_tail *t, struct err *e)
{
	struct run_tail in = *t;

	if (in.seen.p == NULL)
		in.seen = (struct blob) { (const uint8_t *)"", 0 };
	return tx_later(db, &run_tail_update, &in, e);
}

bool
run_tail_end(struct db *db, const struct uuid *config, struct err *e)
{
	const struct id_in in = { *config };

	return tx_later(db, &run_tail_update_end, &in, e);
}
