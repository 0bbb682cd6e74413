#include "core/store/drift/rekey.h"

#include <string.h>

#include "core/store/drift/finding_priv.h"

/* ---- reading ---- */

struct config_in {
	struct uuid config_id;
};
static const struct field config_fields[] = {
	COLUMN(struct config_in, config_id),
	FIELD_END,
};
static const struct schema config_in = SCHEMA("RekeyConfigIn", struct config_in, config_fields);

SQL(rekey_select, SQL_TENANT, &config_in, &finding_schema,
    "SELECT " LIFE_COLUMNS " FROM drift_findings WHERE config_id = :config_id"
    " AND status IN ('detected', 'acknowledged', 'in_progress', 'accepted', 'ignored')"
    " AND NOT promoted ORDER BY fingerprint, value_hash");

bool
rekey_findings(struct db *db, TALLOC_CTX *mem, const struct uuid *config, struct finding_list *l,
    struct err *e)
{
	const struct config_in in = { *config };

	return db_all_packed(db, mem, &rekey_select, &in, INTO(&l->rows, &l->n, SIZE_MAX), e);
}

static const struct field place_fields[] = {
	COLUMN(struct finding_place, fingerprint),
	COLUMN(struct finding_place, category),
	COLUMN(struct finding_place, key),
	COLUMN(struct finding_place, op),
	COLUMN(struct finding_place, canonical_path),
	FIELD_END,
};
static const struct schema place_schema = SCHEMA("RekeyPlace", struct finding_place, place_fields);

struct names_in {
	struct uuid config_id;
	const char *names; /* JSON array of hex digits */
};
static const struct field names_fields[] = {
	COLUMN(struct names_in, config_id),
	COLUMN(struct names_in, names),
	FIELD_END,
};
static const struct schema names_in = SCHEMA("RekeyNamesIn", struct names_in, names_fields);

SQL(rekey_select_places, SQL_TENANT, &names_in, &place_schema,
    "SELECT c.fingerprint, c.category, c.`key`, c.op, c.canonical_path"
    " FROM JSON_TABLE(:names, '$[*]' COLUMNS (k CHAR(64) PATH '$')) j"
    " STRAIGHT_JOIN drift_changes c ON c.id = (SELECT d.id FROM drift_changes d FORCE INDEX "
    "(finding)"
    " WHERE d.config_id = :config_id AND d.fingerprint = UNHEX(j.k)"
    " ORDER BY d.config_id DESC, d.fingerprint DESC, d.report_id DESC LIMIT 1)"
    " ORDER BY c.fingerprint");

/* Rows are by fingerprint: each is named once. */
static bool
print_names(
    TALLOC_CTX *mem, const struct finding_row *of, size_t n, const char **out, struct err *e)
{
	char       hex[2 * HASH_LEN + 1];
	struct buf b;

	buf_make(&b, mem);
	buf_putc(&b, '[');
	for (size_t i = 0; i < n; i++) {
		if (i > 0 && memcmp(of[i].fingerprint.p, of[i - 1].fingerprint.p, HASH_LEN) == 0)
			continue;
		hex_print(of[i].fingerprint.p, HASH_LEN, hex);
		buf_printf(&b, "%s\"%s\"", i == 0 ? "" : ",", hex);
	}
	buf_putc(&b, ']');
	buf_putc(&b, '\0');
	*out = b.p;
	return buf_ok(&b) || err_memory(e);
}

bool
rekey_places(struct db *db, TALLOC_CTX *mem, const struct uuid *config,
    const struct finding_row *of, size_t of_n, struct finding_place **rows, size_t *n,
    struct err *e)
{
	struct names_in in = { .config_id = *config };

	return print_names(mem, of, of_n, &in.names, e) &&
	       db_all_packed(db, mem, &rekey_select_places, &in, INTO(rows, n, SIZE_MAX), e);
}

/* ---- writing ---- */

static const struct field rekey_fields[] = {
	COLUMN(struct rekey, config_id),
	COLUMN_AS(struct rekey, was.fingerprint, "was"),
	COLUMN_AS(struct rekey, was.value_hash, "was_value"),
	COLUMN_AS(struct rekey, is.fingerprint, "is"),
	COLUMN_AS(struct rekey, is.value_hash, "is_value"),
	FIELD_END,
};
static const struct schema rekey_in = SCHEMA("RekeyIn", struct rekey, rekey_fields);

static const struct field was_fields[] = {
	COLUMN(struct rekey, config_id),
	COLUMN_AS(struct rekey, was.fingerprint, "was"),
	COLUMN_AS(struct rekey, was.value_hash, "was_value"),
	FIELD_END,
};
static const struct schema was_in = SCHEMA("RekeyWasIn", struct rekey, was_fields);

SQL(rekey_delete, SQL_TENANT, &was_in, NULL,
    "DELETE FROM drift_findings WHERE config_id = :config_id AND fingerprint = :was"
    " AND value_hash = :was_value");
SQL(rekey_history, SQL_TENANT, &rekey_in, NULL,
    "UPDATE drift_history SET subject = :is, value_hash = :is_value WHERE subject = :was"
    " AND config_id = :config_id AND value_hash = :was_value");
SQL(rekey_changes, SQL_TENANT, &rekey_in, NULL,
    "UPDATE drift_changes FORCE INDEX (finding) SET fingerprint = :is, value_hash = :is_value"
    " WHERE config_id = :config_id AND fingerprint = :was"
    " AND report_id = (SELECT s.report_id FROM config_state s WHERE s.config_id = :config_id)"
    " AND value_hash = :was_value");

bool
rekey_follow(struct db *db, const struct rekey *list, size_t n, struct err *e)
{
	return db_run_many(db, &rekey_history, list, n, e) &&
	       db_run_many(db, &rekey_changes, list, n, e);
}

bool
rekey_rows(struct db *db, const struct rekey *from, size_t from_n, struct finding_row *to,
    size_t to_n, struct err *e)
{
	return db_run_many(db, &rekey_delete, from, from_n, e) && finding_put_seen(db, to, to_n, e);
}
