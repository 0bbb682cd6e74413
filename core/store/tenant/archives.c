#include "core/store/tenant/archives.h"

#include "core/store/id_list.h"
#include "core/store/tenant/database.h"

static const struct field made_fields[] = {
	COLUMN(struct archive_made, id),
	COLUMN(struct archive_made, tenant_id),
	COLUMN(struct archive_made, made_at),
	COLUMN(struct archive_made, made_by),
	COLUMN(struct archive_made, opened_by),
	COLUMN(struct archive_made, recipient),
	COLUMN(struct archive_made, rows_n),
	COLUMN(struct archive_made, bytes),
	FIELD_END,
};
static const struct schema made_schema = SCHEMA("ArchiveMade", struct archive_made, made_fields);

struct archive_count {
	uint64_t n;
};
static const struct field count_fields[] = {
	COLUMN(struct archive_count, n),
	FIELD_END,
};
static const struct schema count_schema =
    SCHEMA("ArchiveCount", struct archive_count, count_fields);

SQL(archive_insert, SQL_CONTROL, &made_schema, NULL,
    "INSERT INTO archives (id, tenant_id, made_at, made_by, opened_by, recipient, rows_n, bytes)"
    " VALUES (:id, :tenant_id, :made_at, :made_by, :opened_by, :recipient, :rows_n, :bytes)");
static const struct field find_fields[] = {
	COLUMN(struct archive_made, id),
	COLUMN(struct archive_made, tenant_id),
	FIELD_END,
};
static const struct schema find_in = SCHEMA("ArchiveFindIn", struct archive_made, find_fields);
SQL(archive_select, SQL_CONTROL, &find_in, &made_schema,
    "SELECT id, tenant_id, made_at, made_by, opened_by, recipient, rows_n, bytes FROM archives"
    " WHERE id = :id AND tenant_id = :tenant_id");
SQL(archive_select_count, SQL_CONTROL, &id_in, &count_schema,
    "SELECT COUNT(*) AS n FROM archives WHERE tenant_id = :id");
SQL(archive_select_newest, SQL_CONTROL, &id_in, &made_schema,
    "SELECT id, tenant_id, made_at, made_by, opened_by, recipient, rows_n, bytes FROM archives"
    " WHERE tenant_id = :id ORDER BY id DESC LIMIT 16");

bool
archive_made_add(struct database *d, const struct archive_made *a, struct err *e)
{
	return db_run(d->control, &archive_insert, a, NULL, e);
}

bool
archive_made_find(struct database *d, TALLOC_CTX *mem, const struct uuid *id,
    const struct uuid *tenant, struct archive_made *out, struct err *e)
{
	const struct archive_made in = { .id = *id, .tenant_id = *tenant };

	return db_one(d->control, mem, &archive_select, &in, out, e);
}

bool
archives_made(struct database *d, TALLOC_CTX *mem, const struct uuid *tenant,
    struct archives_made *out, struct err *e)
{
	const struct id_in   in = { *tenant };
	struct archive_count count;

	if (!db_one(d->control, mem, &archive_select_count, &in, &count, e))
		return false;
	out->all = count.n;
	return db_all(d->control, mem, &archive_select_newest, &in,
	    INTO(&out->named, &out->n, ARCHIVES_NAMED), e);
}
