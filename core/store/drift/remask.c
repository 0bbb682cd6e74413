#include "core/store/drift/remask.h"

#include <string.h>

#include "core/store/id_list.h"

#define AT(m) COLUMN(struct remask_at, m)
static const struct field at_fields[] = {
	AT(config_id),
	AT(id),
	AT(limit),
	FIELD_END,
};
static const struct schema at_in = SCHEMA("RemaskAt", struct remask_at, at_fields);
/* ---- what snapshots held ---- */

static const struct field version_fields[] = {
	COLUMN(struct remask_version, resource_id),
	COLUMN(struct remask_version, from_seq),
	COLUMN(struct remask_version, category),
	COLUMN(struct remask_version, key),
	COLUMN(struct remask_version, address),
	FIELD_END,
};
static const struct schema version_out =
    SCHEMA("RemaskVersion", struct remask_version, version_fields);
static const struct field version_set_fields[] = {
	COLUMN(struct remask_version, resource_id),
	COLUMN(struct remask_version, from_seq),
	COLUMN(struct remask_version, address),
	FIELD_END,
};
static const struct schema version_set_in =
    SCHEMA("RemaskVersionSet", struct remask_version, version_set_fields);

/* A resource's id begins as its config's does (snapshot.h). */
#define PREFIX 6
struct version_at {
	struct remask_at at;
	struct uuid      first, last; /* between them are those of the config */
};
static const struct field version_at_fields[] = {
	COLUMN_AS(struct version_at, at.config_id, "config_id"),
	COLUMN_AS(struct version_at, at.id, "id"),
	COLUMN_AS(struct version_at, at.seq, "seq"),
	COLUMN_AS(struct version_at, at.limit, "limit"),
	COLUMN(struct version_at, first),
	COLUMN(struct version_at, last),
	FIELD_END,
};
static const struct schema version_at_in =
    SCHEMA("RemaskVersionAt", struct version_at, version_at_fields);

SQL(remask_select_versions, SQL_TENANT, &version_at_in, &version_out,
    "SELECT v.resource_id, v.from_seq, r.category, r.`key`, v.address"
    " FROM resource_versions v FORCE INDEX (PRIMARY)"
    " STRAIGHT_JOIN resources r FORCE INDEX (PRIMARY) ON r.id = v.resource_id"
    " WHERE v.resource_id >= :first AND v.resource_id <= :last"
    " AND (v.resource_id > :id OR v.from_seq > :seq) AND v.config_id = :config_id"
    " ORDER BY v.resource_id, v.from_seq LIMIT :limit");
SQL(remask_update_version, SQL_TENANT, &version_set_in, NULL,
    "UPDATE resource_versions SET address = :address"
    " WHERE resource_id = :resource_id AND from_seq = :from_seq");

bool
remask_versions(struct db *db, TALLOC_CTX *mem, const struct remask_at *at,
    struct remask_version **rows, size_t *n, struct err *e)
{
	struct version_at in = { .at = *at, .first = at->id };

	memset(in.last.b, 0xff, sizeof(in.last.b));
	memcpy(in.last.b, at->config_id.b, PREFIX);
	if (uuid_is_nil(&at->id))
		memcpy(in.first.b, at->config_id.b, PREFIX);
	return db_all(db, mem, &remask_select_versions, &in, INTO(rows, n, (size_t)at->limit), e);
}

bool
remask_versions_set(struct db *db, const struct remask_version *rows, size_t n, struct err *e)
{
	return db_run_many(db, &remask_update_version, rows, n, e);
}

static const struct field manifest_fields[] = {
	COLUMN(struct remask_manifest, id),
	COLUMN(struct remask_manifest, manifest),
	FIELD_END,
};
static const struct schema manifest_schema =
    SCHEMA("RemaskManifest", struct remask_manifest, manifest_fields);

SQL(remask_select_manifests, SQL_TENANT, &at_in, &manifest_schema,
    "SELECT id, manifest FROM config_snapshots FORCE INDEX (config) WHERE config_id = :config_id"
    " AND id > :id AND manifest IS NOT NULL ORDER BY id LIMIT :limit");
SQL(remask_update_manifest, SQL_TENANT, &manifest_schema, NULL,
    "UPDATE config_snapshots SET manifest = :manifest WHERE id = :id");

bool
remask_manifests(struct db *db, TALLOC_CTX *mem, const struct remask_at *at,
    struct remask_manifest **rows, size_t *n, struct err *e)
{
	return db_all(db, mem, &remask_select_manifests, at, INTO(rows, n, (size_t)at->limit), e);
}

bool
remask_manifest_set(struct db *db, const struct remask_manifest *row, struct err *e)
{
	return db_run(db, &remask_update_manifest, row, NULL, e);
}

/* ---- changes ---- */

static const struct field change_at_fields[] = {
	AT(id),
	AT(seq),
	AT(limit),
	FIELD_END,
};
static const struct schema change_at_in =
    SCHEMA("RemaskChangeAt", struct remask_at, change_at_fields);
static const struct field report_at_fields[] = {
	AT(config_id),
	AT(id),
	FIELD_END,
};
static const struct schema report_at_in =
    SCHEMA("RemaskReportAt", struct remask_at, report_at_fields);

static const struct field change_fields[] = {
	COLUMN(struct remask_change, id),
	COLUMN(struct remask_change, category),
	COLUMN(struct remask_change, key),
	COLUMN(struct remask_change, path),
	COLUMN(struct remask_change, canonical_path),
	COLUMN_NULL(struct remask_change, rule_place),
	COLUMN_NULL(struct remask_change, renamed_from),
	COLUMN_NULL(struct remask_change, old_value),
	COLUMN_NULL(struct remask_change, new_value),
	COLUMN(struct remask_change, position),
	COLUMN(struct remask_change, has_lines),
	FIELD_END,
};
static const struct schema change_out = SCHEMA("RemaskChange", struct remask_change, change_fields);
static const struct field  change_set_fields[] = {
	 COLUMN(struct remask_change, id),
	 COLUMN(struct remask_change, category),
	 COLUMN(struct remask_change, key),
	 COLUMN(struct remask_change, path),
	 COLUMN(struct remask_change, canonical_path),
	 COLUMN_NULL(struct remask_change, rule_place),
	 COLUMN_NULL(struct remask_change, renamed_from),
	 COLUMN_NULL(struct remask_change, old_value),
	 COLUMN_NULL(struct remask_change, new_value),
	 FIELD_END,
};
static const struct schema change_set_in =
    SCHEMA("RemaskChangeSet", struct remask_change, change_set_fields);

/* Of one report, and which comes next. */
SQL(remask_select_changes, SQL_TENANT, &change_at_in, &change_out,
    "SELECT id, category, `key`, path, canonical_path, rule_place, renamed_from, old_value,"
    " new_value, position,"
    " text_diff IS NOT NULL AS has_lines FROM drift_changes"
    " FORCE INDEX (report) WHERE report_id = :id AND position >= :seq ORDER BY position"
    " LIMIT :limit");
SQL(remask_select_report, SQL_TENANT, &report_at_in, &id_in,
    "SELECT id FROM drift_reports FORCE INDEX (config) WHERE config_id = :config_id AND id > :id"
    " ORDER BY id LIMIT 1");
SQL(remask_update_change, SQL_TENANT, &change_set_in, NULL,
    "UPDATE drift_changes SET category = :category, `key` = :key, path = :path,"
    " canonical_path = :canonical_path, rule_place = :rule_place, renamed_from = :renamed_from,"
    " old_value = :old_value, new_value = :new_value, text_diff = NULL WHERE id = :id");

bool
remask_changes(struct db *db, TALLOC_CTX *mem, struct remask_at *at, struct remask_change **rows,
    size_t *n, struct err *e)
{
	struct id_in next;

	for (*n = 0;;) {
		if (!uuid_is_nil(&at->id) && !db_all(db, mem, &remask_select_changes, at,
						 INTO(rows, n, (size_t)at->limit), e))
			return false;
		if (*n > 0) {
			at->seq = (uint64_t)(*rows)[*n - 1].position + 1;
			return true;
		}
		if (!db_one(db, mem, &remask_select_report, at, &next, e))
			return err_take(e, ERR_MISSING);
		at->id = next.id;
		at->seq = 0;
	}
}

bool
remask_changes_set(struct db *db, const struct remask_change *rows, size_t n, struct err *e)
{
	return db_run_many(db, &remask_update_change, rows, n, e);
}

/* ---- messages ---- */

static const struct field message_fields[] = {
	COLUMN(struct remask_message, id),
	COLUMN(struct remask_message, template),
	COLUMN_NULL(struct remask_message, wire_id),
	COLUMN_NULL(struct remask_message, body),
	FIELD_END,
};
static const struct schema message_out =
    SCHEMA("RemaskMessage", struct remask_message, message_fields);
static const struct field message_set_fields[] = {
	COLUMN(struct remask_message, id),
	COLUMN_NULL(struct remask_message, wire_id),
	COLUMN(struct remask_message, body),
	FIELD_END,
};
static const struct schema message_set_in =
    SCHEMA("RemaskMessageSet", struct remask_message, message_set_fields);

SQL(remask_select_messages, SQL_TENANT, &at_in, &message_out,
    "SELECT o.id, o.template, o.wire_id, IF(a.config_id = :config_id, o.body, NULL) AS body"
    " FROM (SELECT id, template, wire_id, body, alert_id FROM outbox WHERE id > :id ORDER BY id"
    " LIMIT :limit) o LEFT JOIN alerts a ON a.id = o.alert_id ORDER BY o.id");
/* One that holds another event by now was made with the masks of now. */
SQL(remask_update_message, SQL_TENANT, &message_set_in, NULL,
    "UPDATE outbox SET body = :body WHERE id = :id AND wire_id <=> :wire_id");

bool
remask_messages(struct db *db, TALLOC_CTX *mem, const struct remask_at *at,
    struct remask_message **rows, size_t *n, struct err *e)
{
	return db_all(db, mem, &remask_select_messages, at, INTO(rows, n, (size_t)at->limit), e);
}

bool
remask_messages_set(struct db *db, const struct remask_message *rows, size_t n, struct err *e)
{
	return db_run_many(db, &remask_update_message, rows, n, e);
}

SQL(remask_update_titles, SQL_TENANT, &id_in, NULL,
    "UPDATE alerts SET title_values = NULL WHERE config_id = :id AND title_values IS NOT NULL");

bool
remask_titles(struct db *db, const struct uuid *config, struct err *e)
{
	const struct id_in in = { *config };

	return db_run(db, &remask_update_titles, &in, NULL, e);
}

/* ---- configs ---- */

static const struct field due_fields[] = {
	COLUMN(struct remask_due, after),
	COLUMN(struct remask_due, edition),
	COLUMN(struct remask_due, limit),
	FIELD_END,
};
static const struct schema due_in = SCHEMA("RemaskDueIn", struct remask_due, due_fields);
struct done_in {
	struct uuid id;
	uint64_t    edition;
};
static const struct field done_fields[] = {
	COLUMN(struct done_in, id),
	COLUMN(struct done_in, edition),
	FIELD_END,
};
static const struct schema done_in = SCHEMA("RemaskDoneIn", struct done_in, done_fields);

SQL(remask_select_due, SQL_TENANT, &due_in, &id_in,
    "SELECT id FROM drift_configs WHERE masked_edition < :edition AND id > :after ORDER BY id"
    " LIMIT :limit");
SQL(remask_update_done, SQL_TENANT, &done_in, NULL,
    "UPDATE drift_configs SET masked_edition = :edition WHERE id = :id");

bool
remask_due(struct db *db, TALLOC_CTX *mem, const struct remask_due *in, struct uuid **ids,
    size_t *n, struct err *e)
{
	struct id_in *rows;

	if (!db_all(db, mem, &remask_select_due, in, INTO(&rows, n, (size_t)in->limit), e))
		return false;
	*ids = talloc_array(mem, struct uuid, (unsigned)*n + 1);
	if (*ids == NULL)
		return err_memory(e);
	for (size_t i = 0; i < *n; i++)
		(*ids)[i] = rows[i].id;
	return true;
}

bool
remask_done(struct db *db, const struct uuid *config, uint64_t edition, struct err *e)
{
	const struct done_in in = { *config, edition };

	return db_run(db, &remask_update_done, &in, NULL, e);
}
