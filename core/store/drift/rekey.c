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

/* Very many at once, joined by JSON_TABLE: [[was, is], ...], each a fingerprint and its value hash
 * in hex digits. */
struct pairs_in {
	struct uuid config_id;
	const char *pairs;
};
static const struct field pairs_fields[] = {
	COLUMN(struct pairs_in, config_id),
	COLUMN(struct pairs_in, pairs),
	FIELD_END,
};
static const struct schema pairs_in = SCHEMA("RekeyPairsIn", struct pairs_in, pairs_fields);

#define PAIRS                                                                                      \
	"JSON_TABLE(:pairs, '$[*]' COLUMNS (was CHAR(128) PATH '$[0]', now CHAR(128) PATH "        \
	"'$[1]')) j"
#define WAS       "UNHEX(LEFT(j.was, 64))"
#define WAS_VALUE "UNHEX(RIGHT(j.was, 64))"

SQL(rekey_delete, SQL_TENANT, &pairs_in, NULL,
    "DELETE f FROM " PAIRS " STRAIGHT_JOIN drift_findings f FORCE INDEX (PRIMARY)"
    " ON f.config_id = :config_id AND f.fingerprint = " WAS " AND f.value_hash = " WAS_VALUE);
SQL(rekey_history, SQL_TENANT, &pairs_in, NULL,
    "UPDATE " PAIRS " STRAIGHT_JOIN drift_history h FORCE INDEX (subject) ON h.subject = " WAS
    " AND h.config_id = :config_id AND h.value_hash = " WAS_VALUE
    " SET h.subject = UNHEX(LEFT(j.now, 64)), h.value_hash = UNHEX(RIGHT(j.now, 64))");
SQL(rekey_changes, SQL_TENANT, &pairs_in, NULL,
    "UPDATE config_state s STRAIGHT_JOIN " PAIRS
    " STRAIGHT_JOIN drift_changes c FORCE INDEX (finding)"
    " ON c.config_id = s.config_id AND c.fingerprint = " WAS " AND c.report_id = s.report_id"
    " AND c.value_hash = " WAS_VALUE
    " SET c.fingerprint = UNHEX(LEFT(j.now, 64)), c.value_hash = UNHEX(RIGHT(j.now, 64))"
    " WHERE s.config_id = :config_id");

static void
print_name(struct buf *b, const struct finding_name *n)
{
	char fingerprint[2 * HASH_LEN + 1], value[2 * HASH_LEN + 1];

	hex_print(n->fingerprint.p, HASH_LEN, fingerprint);
	hex_print(n->value_hash.p, HASH_LEN, value);
	buf_printf(b, "\"%s%s\"", fingerprint, value);
}

static bool
print_pairs(TALLOC_CTX *mem, const struct rekey *list, size_t n, const char **out, struct err *e)
{
	struct buf b;

	buf_make(&b, mem);
	for (size_t i = 0; i < n; i++) {
		buf_puts(&b, i == 0 ? "[[" : ",[");
		print_name(&b, &list[i].was);
		if (list[i].is.fingerprint.n == HASH_LEN) {
			buf_putc(&b, ',');
			print_name(&b, &list[i].is);
		}
		buf_putc(&b, ']');
	}
	buf_putc(&b, ']');
	buf_putc(&b, '\0');
	*out = b.p;
	return buf_ok(&b) || err_memory(e);
}

#define PAIRS_AT_ONCE 1000

static bool
run_pairs(struct db *db, const struct sql *q, const struct rekey *list, size_t n, struct err *e)
{
	TALLOC_CTX *tmp = talloc_new(db);
	bool        ok = tmp != NULL || err_memory(e);

	for (size_t i = 0; ok && i < n; i += PAIRS_AT_ONCE) {
		struct pairs_in in = { .config_id = list[i].config_id };

		ok = print_pairs(tmp, list + i, n - i < PAIRS_AT_ONCE ? n - i : PAIRS_AT_ONCE,
			 &in.pairs, e) &&
		     db_run(db, q, &in, NULL, e);
	}
	talloc_free(tmp);
	return ok;
}

bool
rekey_follow(struct db *db, const struct rekey *list, size_t n, struct err *e)
{
	return run_pairs(db, &rekey_history, list, n, e) &&
	       run_pairs(db, &rekey_changes, list, n, e);
}

bool
rekey_rows(struct db *db, const struct rekey *from, size_t from_n, struct finding_row *to,
    size_t to_n, struct err *e)
{
	return run_pairs(db, &rekey_delete, from, from_n, e) && finding_put(db, to, to_n, e);
}
