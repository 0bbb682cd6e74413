#include "core/store/drift/register.h"

#include <string.h>

#define SOURCES 3

static const struct field row_fields[] = {
	COLUMN(struct register_row, id),
	COLUMN(struct register_row, kind),
	COLUMN(struct register_row, at),
	COLUMN(struct register_row, who),
	COLUMN(struct register_row, reason),
	COLUMN_NULL(struct register_row, config_id),
	COLUMN_NULL(struct register_row, config),
	COLUMN_NULL(struct register_row, category),
	COLUMN_NULL(struct register_row, key),
	COLUMN_NULL(struct register_row, path),
	COLUMN_NULL(struct register_row, severity),
	COLUMN_NULL(struct register_row, starts_at),
	COLUMN_NULL(struct register_row, ends_at),
	COLUMN_NULL(struct register_row, ended_at),
	COLUMN_NULL(struct register_row, ended_by),
	COLUMN_NULL(struct register_row, status),
	FIELD_END,
};
static const struct schema row_schema = SCHEMA("RegisterRow", struct register_row, row_fields);

struct register_in {
	struct uuid from, to; /* ids */
	const char *kind;
	instant     since, until;
	struct page page;
};
static const struct field history_in_fields[] = {
	COLUMN(struct register_in, from),
	COLUMN(struct register_in, to),
	COLUMN_AS(struct register_in, page.want, "limit"),
	FIELD_END,
};
static const struct schema history_in =
    SCHEMA("RegisterHistoryIn", struct register_in, history_in_fields);
static const struct field silences_in_fields[] = {
	COLUMN(struct register_in, since),
	COLUMN(struct register_in, until),
	COLUMN_NULL(struct register_in, kind),
	PAGE_COLUMNS(struct register_in, page),
	FIELD_END,
};
static const struct schema silences_in =
    SCHEMA("RegisterSilencesIn", struct register_in, silences_in_fields);

/* Where it was, one of the reports says that had it. */
#define HISTORY(kind, ends_at, status, index, which)                                               \
	"SELECT h.id, '" kind "' AS kind, h.at, h.actor AS who,"                                   \
	" IFNULL(d.reason, h.note) AS reason, h.config_id, g.name AS config, c.category, c.`key`," \
	" c.path, NULL AS severity, h.at AS starts_at, " ends_at " AS ends_at, NULL AS ended_at,"  \
	" NULL AS ended_by, " status " AS status FROM drift_history h FORCE INDEX (" index ")"     \
	" LEFT JOIN drift_decisions d ON d.config_id = h.config_id AND d.number = h.decision"      \
	" LEFT JOIN drift_configs g ON g.id = h.config_id"                                         \
	" LEFT JOIN drift_findings f ON f.config_id = h.config_id AND f.fingerprint = h.subject"   \
	" AND f.value_hash = h.value_hash"                                                         \
	" LEFT JOIN drift_changes c ON c.id = (SELECT x.id FROM drift_changes x"                   \
	" WHERE x.config_id = h.config_id AND x.fingerprint = h.subject"                           \
	" AND x.value_hash = h.value_hash LIMIT 1)"                                                \
	" WHERE " which " AND h.id > :from AND h.id < :to AND h.value_hash IS NOT NULL"            \
	" ORDER BY h.id LIMIT :limit"

SQL(register_select_accepted, SQL_TENANT, &history_in, &row_schema,
    HISTORY(REGISTER_ACCEPTED, "f.expires_at", "f.status", "became", "h.to_status = 'accepted'"));
SQL(register_select_ended, SQL_TENANT, &history_in, &row_schema,
    HISTORY(REGISTER_ENDED, "NULL", "h.to_status", "was",
	"h.from_status = 'accepted' AND h.to_status <> 'accepted'"));

#define MATCHES(member) "NULLIF(JSON_VALUE(s.matcher, '$." member "'), '')"
SQL(register_select_silences, SQL_TENANT, &silences_in, &row_schema,
    "SELECT s.id, s.kind, s.created_at AS at, s.owner AS who, s.reason, g.id AS config_id,"
    " g.name AS config, " MATCHES("category") " AS category, " MATCHES(
	"key") " AS `key`,"
	       " " MATCHES("path") " AS path, " MATCHES(
		   "severity") " AS severity, s.starts_at,"
			       " s.expires_at AS ends_at, s.ended_at, s.ended_by, NULL AS status"
			       " FROM silences s LEFT JOIN drift_configs g"
			       " ON g.id = UNHEX(REPLACE(" MATCHES(
				   "config") ", '-', ''))"
					     " WHERE (:after IS NULL OR s.id > :after) AND (:kind "
					     "IS NULL OR s.kind = :kind)"
					     " AND s.starts_at < :until AND IFNULL(s.ended_at, "
					     "s.expires_at) >= :since"
					     " ORDER BY s.id LIMIT :limit");

/* Each in the order of its ids: so many as one page has. */
static bool
merge(TALLOC_CTX *mem, const struct page *parts, size_t n, struct page *p, struct err *e)
{
	struct register_row *all = talloc_array(mem, struct register_row, (unsigned)p->want + 1);
	size_t               at[SOURCES] = { 0 };

	if (all == NULL)
		return err_memory(e);
	for (p->n = 0; p->n < p->want; p->n++) {
		const struct register_row *first = NULL;
		size_t                     of = 0;

		for (size_t i = 0; i < n; i++) {
			const struct register_row *x = parts[i].rows;

			if (at[i] < parts[i].n &&
			    (first == NULL ||
				memcmp(x[at[i]].id.b, first->id.b, sizeof(first->id.b)) < 0)) {
				first = &x[at[i]];
				of = i;
			}
		}
		if (first == NULL)
			break;
		all[p->n] = *first;
		at[of]++;
	}
	p->rows = all;
	return true;
}

/* Has it any of that kind?  NULL: a silence's. */
static bool
is_asked(const char *asked, const char *kind)
{
	const bool silence = asked != NULL && strcmp(asked, REGISTER_ACCEPTED) != 0 &&
			     strcmp(asked, REGISTER_ENDED) != 0;

	return asked == NULL || (kind == NULL ? silence : strcmp(asked, kind) == 0);
}

bool
register_list(struct tenant_db *t, TALLOC_CTX *mem, const struct register_filter *f, struct page *p,
    struct err *e)
{
	const struct {
		const struct sql *stmt;
		const char       *kind;
	} sources[SOURCES] = {
		{ &register_select_accepted, REGISTER_ACCEPTED },
		{ &register_select_ended, REGISTER_ENDED },
		{ &register_select_silences, NULL },
	};
	struct register_in in = {
		.from = uuid_first(f->since.ms),
		.to = uuid_first(f->until.ms),
		.kind = f->kind,
		.since = f->since,
		.until = f->until,
		.page = *p,
	};
	struct page parts[SOURCES];
	size_t      n = 0;

	if (memcmp(p->after.b, in.from.b, sizeof(in.from.b)) > 0)
		in.from = p->after;
	for (size_t i = 0; i < SOURCES; i++) {
		if (!is_asked(f->kind, sources[i].kind))
			continue;
		parts[n] = *p;
		if (!page_read(t->db, mem, sources[i].stmt, &in, &parts[n++], e))
			return false;
	}
	return merge(mem, parts, n, p, e);
}
