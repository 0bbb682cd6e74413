#include "core/archive/archive_priv.h"

#include "core/base/clock.h"

static const struct field table_fields[] = {
	FIELD(struct archive_table, name, .min = 1, .max = 64, .flags = FIELD_REQUIRED),
	FIELD(struct archive_table, columns, .min = 1, .max = ARCHIVE_COLUMNS_MAX,
	    .flags = FIELD_REQUIRED),
	FIELD(struct archive_table, rows, .flags = FIELD_REQUIRED),
	FIELD_END,
};
static const struct schema table_schema =
    SCHEMA("ArchiveTable", struct archive_table, table_fields);

#define SETTINGS_MAX (1 << 20)

static const struct field head_fields[] = {
	FIELD(struct archive_head, id, .flags = FIELD_REQUIRED),
	FIELD(struct archive_head, made_at, .flags = FIELD_REQUIRED),
	FIELD(struct archive_head, made_by, .max = 64, .flags = FIELD_REQUIRED),
	FIELD(struct archive_head, schema_version, .min = 1, .max = INT32_MAX,
	    .flags = FIELD_REQUIRED),
	FIELD(struct archive_head, tenant_id, .flags = FIELD_REQUIRED),
	FIELD(struct archive_head, slug, .min = 2, .max = 63, .flags = FIELD_REQUIRED),
	FIELD(struct archive_head, name, .min = 1, .max = 200, .flags = FIELD_REQUIRED),
	FIELD(struct archive_head, settings, .max = SETTINGS_MAX, .flags = FIELD_REQUIRED),
	FIELD(struct archive_head, quota, .max = SETTINGS_MAX, .flags = FIELD_REQUIRED),
	FIELD(struct archive_head, tenant_made_at, .flags = FIELD_REQUIRED),
	FIELD(struct archive_head, signer, .max = 64, .flags = FIELD_REQUIRED),
	FIELD(struct archive_head, audit_entries, .flags = FIELD_REQUIRED),
	FIELD(struct archive_head, audit_mac, .max = 64, .flags = FIELD_REQUIRED),
	FIELD(struct archive_head, tables, .min = 1, .max = ARCHIVE_TABLES_MAX,
	    .item = &table_schema, .flags = FIELD_REQUIRED),
	FIELD_END,
};
const struct schema archive_head_schema = SCHEMA("ArchiveHead", struct archive_head, head_fields);

const struct archive_table *
archive_next(struct archive_place *p)
{
	const struct archive_table *all = p->head->tables.p;

	while (p->table < p->head->tables.n && p->row == all[p->table].rows) {
		p->table++;
		p->row = 0;
	}
	return p->table < p->head->tables.n ? &all[p->table] : NULL;
}

char *
archive_note_text(
    TALLOC_CTX *mem, const struct archive_place *p, const struct stream *s, struct err *e)
{
	char       tenant[UUID_TEXT_MAX], id[UUID_TEXT_MAX], made[TIME_TEXT_MAX], *sum;
	uint8_t    hash[HASH_LEN];
	struct buf b;

	if (!stream_hash(s, hash, e))
		return NULL;
	buf_make(&b, mem);
	uuid_print(&p->head->tenant_id, tenant);
	uuid_print(&p->head->id, id);
	time_print(p->head->made_at.ms, made);
	sum = base64_print(mem, hash, sizeof(hash));
	if (sum == NULL) {
		err_memory(e);
		return NULL;
	}
	buf_printf(&b, "blindspotx.archive/%s\nid %s\nmade %s\nrows %llu\nbytes %llu %s\n", tenant,
	    id, made, (unsigned long long)p->rows, (unsigned long long)stream_bytes(s), sum);
	return buf_text(&b, e);
}
