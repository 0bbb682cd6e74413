/* config.h: the state row of each config. */
#include "core/store/drift/config.h"

#include <string.h>

#include "core/store/id_list.h"
#include "core/store/tenant/fleet.h"
#include "core/store/tx.h"

static const struct field state_fields[] = {
	COLUMN(struct config_state, config_id),
	COLUMN(struct config_state, seq),
	COLUMN(struct config_state, state),
	COLUMN_NULL(struct config_state, snapshot_id),
	COLUMN_NULL(struct config_state, digest),
	COLUMN_NULL(struct config_state, collected_at),
	COLUMN_NULL(struct config_state, baseline_snapshot),
	COLUMN_NULL(struct config_state, baseline_seq),
	COLUMN(struct config_state, baseline_approved),
	COLUMN_NULL(struct config_state, report_id),
	COLUMN(struct config_state, config_version),
	COLUMN_NULL(struct config_state, last_complete_at),
	COLUMN_NULL(struct config_state, last_run_at),
	COLUMN(struct config_state, life),
	COLUMN_NULL(struct config_state, recheck_at),
	COLUMN(struct config_state, incomplete_runs),
	COLUMN(struct config_state, clean_runs),
	COLUMN_NULL(struct config_state, pusher),
	COLUMN(struct config_state, golden),
	FIELD_END,
};
static const struct schema state_schema = SCHEMA("ConfigState", struct config_state, state_fields);

#define STATE_COLUMNS                                                                              \
	"config_id, seq, state, snapshot_id, digest, collected_at, baseline_snapshot, "            \
	"baseline_seq,"                                                                            \
	" baseline_approved, report_id, config_version, last_complete_at, last_run_at, life,"      \
	" recheck_at, incomplete_runs, clean_runs, pusher, golden"

SQL(config_state_select, SQL_TENANT, &id_in, &state_schema,
    "SELECT " STATE_COLUMNS " FROM config_state WHERE config_id = :id");
SQL(config_state_select_lock, SQL_TENANT, &id_in, &state_schema,
    "SELECT " STATE_COLUMNS " FROM config_state WHERE config_id = :id FOR UPDATE");

bool
config_state_by_id(struct db *db, TALLOC_CTX *mem, const struct uuid *config,
    struct config_state *s, struct err *e)
{
	const struct id_in in = { *config };

	return db_one(db, mem, &config_state_select, &in, s, e);
}

void
config_state_ask(struct trip *trip, const struct uuid *config, struct config_state *s, bool *found)
{
	const struct id_in in = { *config };

	trip_one(trip, &config_state_select, &in, s, found);
}

bool
config_state_lock(struct db *db, TALLOC_CTX *mem, const struct uuid *config, struct config_state *s,
    struct err *e)
{
	const struct id_in in = { *config };

	return db_one(db, mem, &config_state_select_lock, &in, s, e);
}

struct state_in {
	struct config_state s;
	uint64_t            was; /* its number, as it was read */
};
static const struct field state_in_fields[] = {
	COLUMN(struct state_in, s.seq),
	COLUMN(struct state_in, s.state),
	COLUMN_NULL(struct state_in, s.snapshot_id),
	COLUMN_NULL(struct state_in, s.digest),
	COLUMN_NULL(struct state_in, s.collected_at),
	COLUMN_NULL(struct state_in, s.baseline_snapshot),
	COLUMN_NULL(struct state_in, s.baseline_seq),
	COLUMN(struct state_in, s.baseline_approved),
	COLUMN_NULL(struct state_in, s.report_id),
	COLUMN(struct state_in, s.config_version),
	COLUMN_NULL(struct state_in, s.last_complete_at),
	COLUMN_NULL(struct state_in, s.last_run_at),
	COLUMN_NULL(struct state_in, s.recheck_at),
	COLUMN(struct state_in, s.incomplete_runs),
	COLUMN(struct state_in, s.clean_runs),
	COLUMN_NULL(struct state_in, s.pusher),
	COLUMN(struct state_in, s.config_id),
	COLUMN(struct state_in, was),
	FIELD_END,
};
static const struct schema state_in = SCHEMA("ConfigStateIn", struct state_in, state_in_fields);

SQL(config_state_update, SQL_TENANT, &state_in, NULL,
    "UPDATE config_state SET seq = :seq, state = :state, snapshot_id = :snapshot_id,"
    " digest = :digest, collected_at = :collected_at, baseline_snapshot = :baseline_snapshot,"
    " baseline_seq = :baseline_seq, baseline_approved = :baseline_approved,"
    " report_id = :report_id, config_version = :config_version,"
    " last_complete_at = :last_complete_at, last_run_at = :last_run_at,"
    " recheck_at = :recheck_at, incomplete_runs = :incomplete_runs, clean_runs = :clean_runs,"
    " pusher = :pusher"
    " WHERE config_id = :config_id AND seq = :was");

static bool
tell_fleet(
    struct db *db, const struct config_state *s, const struct config_state *before, struct err *e)
{
	const int64_t minute_ms = 60000, now = s->last_complete_at.ms / minute_ms,
		      then = before->last_complete_at.ms / minute_ms;

	return (now <= then || fleet_seen(db, s->last_complete_at, e)) &&
	       (strcmp(s->state, before->state) == 0 || fleet_mark(db, e));
}

bool
config_state_set(
    struct db *db, const struct config_state *s, const struct config_state *before, struct err *e)
{
	const struct state_in in = { *s, before->seq };

	return tx_later_must(db, &config_state_update, &in, e) && tell_fleet(db, s, before, e);
}

static const struct field number_fields[] = {
	COLUMN(struct state_in, s.seq),
	COLUMN_NULL(struct state_in, s.last_run_at),
	COLUMN(struct state_in, s.config_id),
	COLUMN(struct state_in, was),
	FIELD_END,
};
static const struct schema number_in = SCHEMA("ConfigNumberIn", struct state_in, number_fields);

SQL(config_state_update_number, SQL_TENANT, &number_in, NULL,
    "UPDATE config_state SET seq = :seq, last_run_at = :last_run_at"
    " WHERE config_id = :config_id AND seq = :was");

bool
config_state_number(struct db *db, const struct config_state *s, uint64_t seq, struct err *e)
{
	const struct state_in in = { *s, seq };

	return tx_later_must(db, &config_state_update_number, &in, e);
}

struct touch_in {
	instant     recheck;
	struct uuid config;
};
static const struct field touch_fields[] = {
	COLUMN_NULL(struct touch_in, recheck),
	COLUMN_NULL(struct touch_in, config),
	FIELD_END,
};
static const struct schema touch_in = SCHEMA("ConfigTouchIn", struct touch_in, touch_fields);

SQL(config_state_touch, SQL_TENANT, &touch_in, NULL,
    "UPDATE config_state SET config_version = 0, life = life + 1,"
    " recheck_at = IFNULL(LEAST(recheck_at, :recheck), IFNULL(recheck_at, :recheck))"
    " WHERE (:config IS NULL OR config_id = :config)");

bool
config_touch(struct db *db, const struct uuid *config, instant recheck, struct err *e)
{
	const struct touch_in in = { recheck, *config };

	return db_run(db, &config_state_touch, &in, NULL, e);
}

struct stirred_in {
	struct uuid config;
};
static const struct field stirred_in_fields[] = {
	COLUMN_NULL(struct stirred_in, config),
	FIELD_END,
};
static const struct schema stirred_in =
    SCHEMA("ConfigStirredIn", struct stirred_in, stirred_in_fields);
static const struct field stirred_fields[] = {
	COLUMN(struct config_state, config_id),
	COLUMN_NULL(struct config_state, recheck_at),
	FIELD_END,
};
static const struct schema stirred_schema =
    SCHEMA("ConfigStirred", struct config_state, stirred_fields);

SQL(config_select_stirred, SQL_TENANT, &stirred_in, &stirred_schema,
    "SELECT config_id, recheck_at FROM config_state WHERE state NOT IN ('new', 'ok')"
    " AND (:config IS NULL OR config_id = :config) ORDER BY config_id");

bool
config_stirred(struct db *db, TALLOC_CTX *mem, const struct uuid *config,
    struct config_state **rows, size_t *n, struct err *e)
{
	const struct stirred_in in = { *config };

	return db_all(db, mem, &config_select_stirred, &in, INTO(rows, n, CONFIGS_STIRRED_MAX), e);
}

struct blind_in {
	int64_t     runs;
	struct uuid config;
};
static const struct field blind_fields[] = {
	COLUMN(struct blind_in, runs),
	COLUMN(struct blind_in, config),
	FIELD_END,
};
static const struct schema blind_in = SCHEMA("ConfigBlindIn", struct blind_in, blind_fields);

/* A snapshot on its way that has read the row before is planned again. */
SQL(config_state_update_blind, SQL_TENANT, &blind_in, NULL,
    "UPDATE config_state SET state = 'blind', life = life + 1,"
    " incomplete_runs = GREATEST(incomplete_runs, :runs) WHERE config_id = :config");

bool
config_blind(struct db *db, const struct uuid *config, int64_t runs, struct err *e)
{
	const struct blind_in in = { runs, *config };

	return db_run(db, &config_state_update_blind, &in, NULL, e) && fleet_mark(db, e);
}

SQL(config_state_outrun, SQL_TENANT, &id_in, NULL,
    "UPDATE config_state SET life = life + 1 WHERE config_id = :id");

bool
config_outrun(struct db *db, const struct uuid *config, struct err *e)
{
	const struct id_in in = { *config };

	return tx_later(db, &config_state_outrun, &in, e);
}

struct word_in {
	const char *state;
	struct uuid config;
};
static const struct field word_fields[] = {
	COLUMN(struct word_in, state),
	COLUMN(struct word_in, config),
	FIELD_END,
};
static const struct schema word_in = SCHEMA("ConfigWordIn", struct word_in, word_fields);

SQL(config_state_update_word, SQL_TENANT, &word_in, NULL,
    "UPDATE config_state SET state = :state WHERE config_id = :config");

bool
config_state_word(struct db *db, const struct uuid *config, const char *word, struct err *e)
{
	const struct word_in in = { word, *config };

	return db_run(db, &config_state_update_word, &in, NULL, e) && fleet_mark(db, e);
}

SQL(config_state_update_reviewed, SQL_TENANT, &id_in, NULL,
    "UPDATE config_state SET state = 'ok' WHERE config_id = :id AND state = 'unreviewed'");

bool
config_state_reviewed(struct db *db, const struct uuid *config, struct err *e)
{
	const struct id_in in = { *config };

	return db_run(db, &config_state_update_reviewed, &in, NULL, e);
}

struct baseline_in {
	struct uuid snapshot;
	uint64_t    seq;
	struct uuid config;
};
static const struct field baseline_fields[] = {
	COLUMN(struct baseline_in, snapshot),
	COLUMN(struct baseline_in, seq),
	COLUMN(struct baseline_in, config),
	FIELD_END,
};
static const struct schema baseline_in = SCHEMA("BaselineIn", struct baseline_in, baseline_fields);

SQL(config_baseline_update, SQL_TENANT, &baseline_in, NULL,
    "UPDATE config_state SET baseline_snapshot = :snapshot, baseline_seq = :seq,"
    " baseline_approved = TRUE,"
    " golden = FALSE, config_version = 0, life = life + 1 WHERE config_id = :config");

bool
config_baseline_set(struct db *db, const struct uuid *config, const struct uuid *snapshot,
    uint64_t snapshot_seq, struct err *e)
{
	const struct baseline_in in = { *snapshot, snapshot_seq, *config };

	return db_run(db, &config_baseline_update, &in, NULL, e);
}

static const struct field golden_fields[] = {
	COLUMN(struct baseline_in, snapshot),
	COLUMN(struct baseline_in, seq),
	COLUMN(struct baseline_in, config),
	FIELD_END,
};
static const struct schema golden_in = SCHEMA("GoldenIn", struct baseline_in, golden_fields);

/* What-if replays all of history against it, so that it stands before the first snapshot. */
SQL(config_golden_update, SQL_TENANT, &golden_in, NULL,
    "UPDATE config_state SET baseline_snapshot = :snapshot, seq = :seq, baseline_seq = NULL,"
    " baseline_approved = TRUE, golden = TRUE, config_version = 0, life = life + 1"
    " WHERE config_id = :config");

bool
config_golden_set(struct db *db, const struct uuid *config, const struct uuid *snapshot,
    uint64_t seq, struct err *e)
{
	const struct baseline_in in = { *snapshot, seq, *config };

	return db_run(db, &config_golden_update, &in, NULL, e);
}
