#include "core/store/drift/config.h"
#include "core/store/id_list.h"
#include "core/store/tenant/fleet.h"
#include "core/store/tx.h"

#include <string.h>

static const struct field config_fields[] = {
	COLUMN(struct drift_config, id),
	COLUMN(struct drift_config, name),
	COLUMN(struct drift_config, spec),
	COLUMN(struct drift_config, version),
	COLUMN(struct drift_config, edition),
	COLUMN_NULL(struct drift_config, suggested_packs),
	COLUMN(struct drift_config, created_at),
	COLUMN(struct drift_config, updated_at),
	FIELD_END,
};
static const struct schema config_schema =
    SCHEMA("StoredConfig", struct drift_config, config_fields);

static const struct field list_fields[] = {
	COLUMN_AS(struct config_row, config.id, "id"),
	COLUMN_AS(struct config_row, config.name, "name"),
	COLUMN_AS(struct config_row, config.spec, "spec"),
	COLUMN_AS(struct config_row, config.version, "version"),
	COLUMN_AS(struct config_row, config.edition, "edition"),
	COLUMN_AS_NULL(struct config_row, config.suggested_packs, "suggested_packs"),
	COLUMN_AS(struct config_row, config.created_at, "created_at"),
	COLUMN_AS(struct config_row, config.updated_at, "updated_at"),
	COLUMN(struct config_row, state),
	COLUMN_NULL(struct config_row, last_run_at),
	COLUMN_NULL(struct config_row, collected_at),
	COLUMN(struct config_row, golden),
	RUN_STANDING_FIELDS(struct config_row, runs),
	FIELD_END,
};
static const struct schema config_row_schema = SCHEMA("ConfigRow", struct config_row, list_fields);
static const struct field  runs_fields[] = {
	 RUN_STANDING_FIELDS(struct config_row, runs),
	 FIELD_END,
};
static const struct schema config_runs_schema =
    SCHEMA("ConfigRuns", struct config_row, runs_fields);

/* ---- configs ---- */

SQL(config_insert, SQL_TENANT, &config_schema, NULL,
    "INSERT INTO drift_configs (id, name, spec, version, edition, masked_edition, suggested_packs, "
    "created_at,"
    " updated_at) VALUES (:id, :name, :spec, :version, :edition, :edition, :suggested_packs,"
    " :created_at, :updated_at)");
SQL(config_state_insert, SQL_TENANT, &id_in, NULL,
    "INSERT INTO config_state (config_id, state) VALUES (:id, 'new')");
SQL(config_select, SQL_TENANT, &id_in, &config_schema,
    "SELECT id, name, spec, version, edition, suggested_packs, created_at, updated_at"
    " FROM drift_configs WHERE id = :id");

SQL(config_select_id, SQL_TENANT, &id_in, &id_in, "SELECT id FROM drift_configs WHERE id = :id");

bool
config_exists(struct tenant_db *t, const struct uuid *id, bool *there, struct err *e)
{
	const struct id_in in = { *id };
	struct id_in       row;

	*there = db_one(t->db, t->db, &config_select_id, &in, &row, e);
	return *there || err_take(e, ERR_MISSING);
}

bool
config_add(struct db *db, const struct drift_config *c, struct err *e)
{
	const struct id_in in = { c->id };

	return db_run(db, &config_insert, c, NULL, e) &&
	       db_run(db, &config_state_insert, &in, NULL, e) && fleet_mark(db, e);
}

bool
config_by_id(struct tenant_db *t, TALLOC_CTX *mem, const struct uuid *id, struct drift_config *c,
    struct err *e)
{
	const struct id_in in = { *id };

	return db_one(t->db, mem, &config_select, &in, c, e);
}

void
config_ask(struct trip *trip, const struct uuid *id, struct drift_config *c, bool *found)
{
	const struct id_in in = { *id };

	trip_one(trip, &config_select, &in, c, found);
}

SQL(config_select_list, SQL_TENANT, &page_schema, &config_row_schema,
    "SELECT c.id, c.name, c.spec, c.version, c.edition, c.suggested_packs, c.created_at,"
    " c.updated_at,"
    " s.state, s.last_run_at, s.collected_at, s.golden, " RUN_STANDING_COLUMNS
    " FROM drift_configs c JOIN config_state s ON s.config_id = c.id" RUN_STANDING_JOINS
    " WHERE (:after IS NULL OR c.id < :after) ORDER BY c.id DESC LIMIT :limit");

SQL(config_select_runs, SQL_TENANT, &id_in, &config_runs_schema,
    "SELECT " RUN_STANDING_COLUMNS " FROM drift_configs c" RUN_STANDING_JOINS " WHERE c.id = :id");

bool
config_runs(struct tenant_db *t, TALLOC_CTX *mem, const struct uuid *id, struct run_standing *out,
    struct err *e)
{
	const struct id_in in = { *id };
	struct config_row  row;

	if (!db_one(t->db, mem, &config_select_runs, &in, &row, e))
		return false;
	*out = row.runs;
	return true;
}

bool
config_list(struct tenant_db *t, TALLOC_CTX *mem, struct page *p, struct err *e)
{
	return page_read_plain(t->db, mem, &config_select_list, p, e);
}

static const struct field set_fields[] = {
	COLUMN(struct drift_config, name),
	COLUMN(struct drift_config, spec),
	COLUMN(struct drift_config, updated_at),
	COLUMN(struct drift_config, id),
	COLUMN(struct drift_config, version),
	FIELD_END,
};
static const struct schema set_in = SCHEMA("ConfigSetIn", struct drift_config, set_fields);

SQL(config_update, SQL_TENANT, &set_in, NULL,
    "UPDATE drift_configs SET name = :name, spec = :spec, updated_at = :updated_at,"
    " version = version + 1"
    " WHERE id = :id AND version = :version");

bool
config_set(struct db *db, const struct drift_config *c, bool *done, struct err *e)
{
	uint64_t n = 0;

	*done = false;
	if (!db_run(db, &config_update, c, &n, e))
		return false;
	*done = n == 1;
	return true;
}

static const struct field edition_fields[] = {
	COLUMN(struct drift_config, edition),
	COLUMN(struct drift_config, id),
	FIELD_END,
};
static const struct schema edition_in =
    SCHEMA("ConfigEditionIn", struct drift_config, edition_fields);

SQL(config_update_edition, SQL_TENANT, &edition_in, NULL,
    "UPDATE drift_configs SET edition = :edition WHERE id = :id");

bool
config_set_edition(struct db *db, const struct uuid *id, uint64_t edition, struct err *e)
{
	const struct drift_config in = { .id = *id, .edition = edition };

	return db_run(db, &config_update_edition, &in, NULL, e) &&
	       config_touch(db, id, (instant) { 0 }, e);
}

struct suggest_in {
	struct uuid id;
	const char *packs;
};
static const struct field suggest_fields[] = {
	COLUMN(struct suggest_in, packs),
	COLUMN(struct suggest_in, id),
	FIELD_END,
};
static const struct schema suggest_in =
    SCHEMA("ConfigSuggestIn", struct suggest_in, suggest_fields);

SQL(config_set_suggested, SQL_TENANT, &suggest_in, NULL,
    "UPDATE drift_configs SET suggested_packs = :packs WHERE id = :id"
    " AND suggested_packs IS NULL");

bool
config_suggest(struct db *db, const struct uuid *id, const char *packs, struct err *e)
{
	const struct suggest_in in = { *id, packs };

	return tx_later(db, &config_set_suggested, &in, e);
}

static const struct field raise_fields[] = {
	COLUMN(struct drift_config, updated_at),
	COLUMN(struct drift_config, id),
	FIELD_END,
};
static const struct schema raise_in = SCHEMA("ConfigRaiseIn", struct drift_config, raise_fields);

SQL(config_raise_version, SQL_TENANT, &raise_in, NULL,
    "UPDATE drift_configs SET updated_at = :updated_at, version = version + 1 WHERE id = :id");

bool
config_raise(struct db *db, const struct uuid *id, instant now, struct err *e)
{
	const struct drift_config in = { .id = *id, .updated_at = now };

	return db_run(db, &config_raise_version, &in, NULL, e);
}

static const struct field drop_fields[] = {
	COLUMN(struct drift_config, id),
	COLUMN(struct drift_config, version),
	FIELD_END,
};
static const struct schema drop_in = SCHEMA("ConfigDropIn", struct drift_config, drop_fields);

struct resolve_in {
	instant     now;
	const char *by;
	struct uuid config;
};
static const struct field resolve_fields[] = {
	COLUMN(struct resolve_in, now),
	COLUMN(struct resolve_in, by),
	COLUMN(struct resolve_in, config),
	FIELD_END,
};
static const struct schema resolve_in =
    SCHEMA("ConfigResolveIn", struct resolve_in, resolve_fields);

SQL(config_delete, SQL_TENANT, &drop_in, NULL,
    "DELETE FROM drift_configs WHERE id = :id AND version = :version");
SQL(config_delete_state, SQL_TENANT, &id_in, NULL,
    "DELETE FROM config_state WHERE config_id = :id");
SQL(config_delete_changes, SQL_TENANT, &id_in, NULL,
    "DELETE FROM drift_changes WHERE config_id = :id");
SQL(config_delete_reports, SQL_TENANT, &id_in, NULL,
    "DELETE FROM drift_reports WHERE config_id = :id");
SQL(config_delete_findings, SQL_TENANT, &id_in, NULL,
    "DELETE FROM drift_findings WHERE config_id = :id");
SQL(config_delete_history, SQL_TENANT, &id_in, NULL,
    "DELETE FROM drift_history WHERE config_id = :id");
SQL(config_delete_decisions, SQL_TENANT, &id_in, NULL,
    "DELETE FROM drift_decisions WHERE config_id = :id");
SQL(config_delete_lines, SQL_TENANT, &id_in, NULL,
    "DELETE FROM drift_decision_lines WHERE config_id = :id");
SQL(config_delete_acceptances, SQL_TENANT, &id_in, NULL,
    "DELETE FROM drift_acceptances WHERE config_id = :id");
SQL(config_delete_acceptance_findings, SQL_TENANT, &id_in, NULL,
    "DELETE FROM drift_acceptance_findings WHERE config_id = :id");
SQL(config_delete_refs, SQL_TENANT, &id_in, NULL,
    "DELETE m FROM config_snapshots s JOIN manifest_contents m ON m.snapshot_id = s.id"
    " WHERE s.config_id = :id AND s.in_order = FALSE");
SQL(config_delete_kept, SQL_TENANT, &id_in, NULL,
    "DELETE FROM manifest_contents WHERE snapshot_id = :id");
SQL(config_delete_binding, SQL_TENANT, &id_in, NULL,
    "DELETE FROM golden_bindings WHERE config_id = :id");
SQL(config_delete_trend, SQL_TENANT, &id_in, NULL,
    "DELETE FROM drift_trends WHERE config_id = :id");
SQL(config_delete_flaps, SQL_TENANT, &id_in, NULL, "DELETE FROM drift_flaps WHERE config_id = :id");
SQL(config_delete_daily, SQL_TENANT, &id_in, NULL, "DELETE FROM drift_daily WHERE config_id = :id");
SQL(config_delete_collections, SQL_TENANT, &id_in, NULL,
    "DELETE FROM config_collections WHERE config_id = :id");
SQL(config_delete_unsettled, SQL_TENANT, &id_in, NULL,
    "DELETE FROM config_unsettled WHERE config_id = :id");
SQL(config_delete_awaited, SQL_TENANT, &id_in, NULL,
    "DELETE FROM drift_awaited WHERE config_id = :id");
SQL(config_delete_intents, SQL_TENANT, &id_in, NULL,
    "DELETE FROM drift_intents WHERE config_id = :id");
SQL(config_delete_pushers, SQL_TENANT, &id_in, NULL,
    "DELETE FROM config_pushers WHERE config_id = :id");
SQL(config_delete_versions, SQL_TENANT, &id_in, NULL,
    "DELETE FROM resource_versions WHERE config_id = :id");
SQL(config_delete_resources, SQL_TENANT, &id_in, NULL,
    "DELETE FROM resources"
    " WHERE config_id = :id");
SQL(config_delete_snapshots, SQL_TENANT, &id_in, NULL,
    "DELETE FROM config_snapshots WHERE config_id = :id");
SQL(config_resolve_alerts, SQL_TENANT, &resolve_in, NULL,
    "UPDATE alerts SET status = 'resolved', resolved_at = :now, updated_at = :now,"
    " resolved_by = :by,"
    " open_key = NULL, version = version + 1 WHERE config_id = :config AND open_key IS NOT NULL");

bool
config_drop(struct db *db, const struct uuid *id, uint64_t version, instant now, const char *by,
    bool *done, struct err *e)
{
	const struct drift_config row = { .id = *id, .version = version };
	const struct id_in        in = { *id };
	const struct resolve_in   resolve = { now, by, *id };
	const struct sql *const   parts[] = { &config_delete_state, &config_delete_changes,
		  &config_delete_reports, &config_delete_versions, &config_delete_resources,
		  &config_delete_refs, &config_delete_kept, &config_delete_snapshots,
		  &config_delete_findings, &config_delete_history, &config_delete_binding,
		  &config_delete_trend, &config_delete_flaps, &config_delete_daily,
		  &config_delete_collections, &config_delete_unsettled, &config_delete_pushers,
		  &config_delete_awaited, &config_delete_decisions, &config_delete_acceptances,
		  &config_delete_acceptance_findings, &config_delete_lines, &config_delete_intents };
	uint64_t                  n = 0;

	*done = false;
	if (!db_run(db, &config_delete, &row, &n, e))
		return false;
	if (n == 0)
		return true;
	*done = true;
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		if (!db_run(db, parts[i], &in, NULL, e))
			return false;
	return db_run(db, &config_resolve_alerts, &resolve, NULL, e) && fleet_mark(db, e);
}

struct naming_in {
	const char *text;
};
static const struct field naming_fields[] = {
	COLUMN(struct naming_in, text),
	FIELD_END,
};
static const struct schema naming_in = SCHEMA("ConfigNamingIn", struct naming_in, naming_fields);
struct count_out {
	int64_t n;
};
static const struct field count_fields[] = {
	COLUMN(struct count_out, n),
	FIELD_END,
};
static const struct schema count_out = SCHEMA("ConfigCount", struct count_out, count_fields);

SQL(config_select_naming, SQL_TENANT, &naming_in, &count_out,
    "SELECT COUNT(*) AS n FROM drift_configs WHERE LOCATE(:text, LOWER(spec)) > 0");

bool
config_count_naming(struct tenant_db *t, const struct uuid *id, uint64_t *n, struct err *e)
{
	char                   text[UUID_TEXT_MAX];
	const struct naming_in in = { text };
	struct count_out       out;
	TALLOC_CTX            *tmp = talloc_new(NULL);
	bool                   ok;

	uuid_print(id, text);
	ok = db_one(t->db, tmp, &config_select_naming, &in, &out, e);
	*n = ok ? (uint64_t)out.n : 0;
	talloc_free(tmp);
	return ok;
}

static const struct field kept_in_fields[] = {
	COLUMN(struct config_kept_in, after),
	COLUMN(struct config_kept_in, all),
	COLUMN(struct config_kept_in, limit),
	FIELD_END,
};
static const struct schema kept_in = SCHEMA("ConfigKeptIn", struct config_kept_in, kept_in_fields);
static const struct field  kept_fields[] = {
	 COLUMN(struct config_kept, id),
	 COLUMN(struct config_kept, own_s),
	 FIELD_END,
};
static const struct schema kept_out = SCHEMA("ConfigKept", struct config_kept, kept_fields);

#define OWN_KEEP "JSON_VALUE(spec, '$.retention_s')"
SQL(config_select_kept, SQL_TENANT, &kept_in, &kept_out,
    "SELECT id, CAST(COALESCE(" OWN_KEEP ", 0) AS SIGNED) AS own_s FROM drift_configs"
    " WHERE id > :after AND (:all OR " OWN_KEEP " IS NOT NULL) ORDER BY id LIMIT :limit");

bool
config_kept(struct db *db, TALLOC_CTX *mem, const struct config_kept_in *in,
    struct config_kept **rows, size_t *n, struct err *e)
{
	return db_all(db, mem, &config_select_kept, in, INTO(rows, n, (size_t)in->limit), e);
}
