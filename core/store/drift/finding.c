#include "core/store/drift/finding_priv.h"

#include <stdlib.h>
#include <string.h>

#include "core/store/drift/promotion_priv.h"
#include "core/store/drift/report_priv.h"
#include "core/store/tx.h"

/* ---- findings ---- */

static const struct field finding_fields[] = {
	COLUMN(struct finding_row, config_id),
	COLUMN(struct finding_row, fingerprint),
	COLUMN(struct finding_row, value_hash),
	COLUMN(struct finding_row, status),
	COLUMN(struct finding_row, present),
	COLUMN(struct finding_row, runs),
	COLUMN(struct finding_row, promoted),
	COLUMN_NULL(struct finding_row, reason),
	COLUMN_NULL(struct finding_row, owner),
	COLUMN_NULL(struct finding_row, expires_at),
	COLUMN_NULL(struct finding_row, assigned_to),
	COLUMN(struct finding_row, created_at),
	COLUMN(struct finding_row, updated_at),
	COLUMN_NULL(struct finding_row, announced),
	FIELD_END,
};
const struct schema finding_schema = SCHEMA("StoredFinding", struct finding_row, finding_fields);

/* Where a report was accepted as a whole, the decision has what a finding's own columns and a line
 * of history lack. */
#define DECISION                                                                                   \
	" LEFT JOIN drift_decisions d ON d.config_id = f.config_id AND d.number = f.decision AND " \
	"f.promoted"
#define DECIDED                                                                                    \
	" IFNULL(f.reason, d.reason) AS reason, IFNULL(f.owner, d.owner) AS owner,"                \
	" f.expires_at, f.assigned_to,"
#define LIFE_DECIDED                                                                               \
	"f.config_id, f.fingerprint, f.value_hash, f.status, f.present, f.runs, "                  \
	"f.promoted," DECIDED " f.created_at, f.updated_at, f.announced"
#define LIFE_OF_F                                                                                  \
	"f.config_id, f.fingerprint, f.value_hash, f.status, f.present, f.runs, f.promoted,"       \
	" f.reason, f.owner, f.expires_at, f.assigned_to, f.created_at, f.updated_at,"             \
	" f.announced"

struct live_in {
	struct uuid config_id;
};
static const struct field live_fields[] = {
	COLUMN(struct live_in, config_id),
	FIELD_END,
};
static const struct schema live_in = SCHEMA("LifeLiveIn", struct live_in, live_fields);

static const struct field key_fields[] = {
	COLUMN(struct finding_row, config_id),
	COLUMN(struct finding_row, fingerprint),
	COLUMN(struct finding_row, value_hash),
	FIELD_END,
};
static const struct schema key_in = SCHEMA("LifeKeyIn", struct finding_row, key_fields);

#define IS_OPEN    "status IN ('detected', 'acknowledged', 'in_progress') AND NOT promoted"
#define IS_LASTING "status IN ('accepted', 'ignored') AND NOT promoted"

/*
 * What is accepted or ignored stays for good, so that there may be very many who are there no more:
 * those that are there are the newest report's, unless it did not see everything.
 *
 * In no order, and some of them twice: to leave that to finding_standing_sort() spares the server a
 * table of them all.
 */
SQL(finding_select_standing, SQL_TENANT, &live_in, &finding_schema,
    "SELECT " LIFE_COLUMNS " FROM drift_findings FORCE INDEX (ended)"
    " WHERE config_id = :config_id AND " IS_OPEN " UNION ALL SELECT " LIFE_OF_F
    " FROM config_state s"
    " STRAIGHT_JOIN drift_changes c FORCE INDEX (report) ON c.report_id = s.report_id"
    " STRAIGHT_JOIN drift_findings f FORCE INDEX (PRIMARY) ON f.config_id = s.config_id"
    " AND f.fingerprint = c.fingerprint AND f.value_hash = c.value_hash"
    " WHERE s.config_id = :config_id AND f.present AND f." IS_LASTING " UNION ALL SELECT " LIFE_OF_F
    " FROM config_state s"
    " STRAIGHT_JOIN drift_reports r ON r.id = s.report_id"
    " AND (r.incomplete <> '[]' OR r.status = 'baseline')"
    " STRAIGHT_JOIN drift_findings f FORCE INDEX (ended) ON f.config_id = s.config_id"
    " WHERE s.config_id = :config_id AND f.present AND f." IS_LASTING);
SQL(finding_select, SQL_TENANT, &key_in, &finding_schema,
    "SELECT " LIFE_DECIDED " FROM drift_findings f" DECISION " WHERE f.config_id = :config_id"
    " AND f.fingerprint = :fingerprint AND f.value_hash = :value_hash");
SQL(finding_upsert, SQL_TENANT, &finding_schema, NULL,
    "INSERT INTO drift_findings (" LIFE_COLUMNS ") VALUES (:config_id, :fingerprint, :value_hash,"
    " :status, :present, :runs, :promoted, :reason, :owner, :expires_at, :assigned_to, :created_at,"
    " :updated_at, :announced)"
    " ON DUPLICATE KEY UPDATE status = VALUES(status), present = VALUES(present),"
    " runs = VALUES(runs), promoted = VALUES(promoted), reason = VALUES(reason),"
    " owner = VALUES(owner), expires_at = VALUES(expires_at), assigned_to = VALUES(assigned_to),"
    " updated_at = VALUES(updated_at), announced = VALUES(announced), decision = 0");

void
finding_standing_ask(struct trip *trip, const struct uuid *config, struct finding_list *l)
{
	const struct live_in in = { *config };

	trip_all(trip, &finding_select_standing, &in, INTO(&l->rows, &l->n, SIZE_MAX));
}

/* ---- those that are named ---- */

static int
by_seen(const void *a, const void *b)
{
	const struct finding_seen *x = a, *y = b;
	int                        d = memcmp(x->fingerprint.p, y->fingerprint.p, HASH_LEN);

	return d != 0 ? d : memcmp(x->value_hash.p, y->value_hash.p, HASH_LEN);
}

/* In the order of the table: its pages are visited once, and its rows locked in one order. */
static int
by_row(const void *a, const void *b)
{
	const struct finding_row *x = a, *y = b;
	int d = memcmp(x->config_id.b, y->config_id.b, sizeof(x->config_id.b));

	if (d == 0)
		d = memcmp(x->fingerprint.p, y->fingerprint.p, HASH_LEN);
	return d != 0 ? d : memcmp(x->value_hash.p, y->value_hash.p, HASH_LEN);
}

void
finding_standing_sort(struct finding_list *l)
{
	size_t n = 0;

	if (l->n > 1)
		qsort(l->rows, l->n, sizeof(l->rows[0]), by_row);
	for (size_t i = 0; i < l->n; i++)
		if (n == 0 || by_row(&l->rows[n - 1], &l->rows[i]) != 0)
			l->rows[n++] = l->rows[i];
	l->n = n;
}

#define NAMED_BATCH 1000 /* findings in one round trip */

struct named_in {
	struct uuid config_id;
	const char *keys; /* JSON array of hex digits */
};
static const struct field named_fields[] = {
	COLUMN(struct named_in, config_id),
	COLUMN(struct named_in, keys),
	FIELD_END,
};
static const struct schema named_in = SCHEMA("LifeNamedIn", struct named_in, named_fields);

/* By the whole key, fingerprint and value hash in one: a finding may have had very many values. */
SQL(finding_select_values, SQL_TENANT, &named_in, &finding_schema,
    "SELECT " LIFE_DECIDED " FROM JSON_TABLE(:keys, '$[*]' COLUMNS (k CHAR(128) PATH '$')) j"
    " STRAIGHT_JOIN drift_findings f ON f.config_id = :config_id"
    " AND f.fingerprint = UNHEX(LEFT(j.k, 64)) AND f.value_hash = UNHEX(RIGHT(j.k, 64))" DECISION);
SQL(finding_select_lasting, SQL_TENANT, &named_in, &finding_schema,
    "SELECT " LIFE_COLUMNS " FROM JSON_TABLE(:keys, '$[*]' COLUMNS (k CHAR(128) PATH '$')) j"
    " STRAIGHT_JOIN drift_findings FORCE INDEX (PRIMARY) ON config_id = :config_id"
    " AND fingerprint = UNHEX(LEFT(j.k, 64)) WHERE " IS_LASTING);

static bool
print_keys(TALLOC_CTX *mem, const struct finding_seen *s, size_t n, const char **out, struct err *e)
{
	struct buf b;
	char       fingerprint[2 * HASH_LEN + 1], value[2 * HASH_LEN + 1];

	buf_make(&b, mem);
	for (size_t i = 0; i < n; i++) {
		hex_print(s[i].fingerprint.p, HASH_LEN, fingerprint);
		hex_print(s[i].value_hash.p, HASH_LEN, value);
		buf_puts(&b, i == 0 ? "[\"" : ",\"");
		buf_puts(&b, fingerprint);
		buf_puts(&b, value);
		buf_putc(&b, '"');
	}
	buf_putc(&b, ']');
	buf_putc(&b, '\0');
	*out = b.p;
	return buf_ok(&b) || err_memory(e);
}

bool
finding_list_add(
    TALLOC_CTX *mem, struct finding_list *l, const struct finding_list *more, struct err *e)
{
	size_t              n = l->n + more->n;
	struct finding_row *all;

	if (more->n == 0)
		return true;
	all = talloc_size(mem, n * sizeof(*all));
	if (all == NULL)
		return err_memory(e);
	if (l->n > 0)
		memcpy(all, l->rows, l->n * sizeof(*all)); /* their texts stay where they are */
	memcpy(all + l->n, more->rows, more->n * sizeof(*all));
	qsort(all, n, sizeof(all[0]), by_row);
	*l = (struct finding_list) { all, n };
	return true;
}

static bool
select_named(struct db *db, TALLOC_CTX *mem, const struct sql *q, const struct finding_names *of,
    struct finding_list *l, struct err *e)
{
	struct finding_list more;
	struct named_in     in;

	*l = (struct finding_list) { 0 };
	for (size_t i = 0; i < of->n; i += NAMED_BATCH) {
		size_t take = of->n - i < NAMED_BATCH ? of->n - i : NAMED_BATCH;

		in.config_id = of->seen[0].config_id;
		if (!print_keys(mem, of->seen + i, take, &in.keys, e) ||
		    !db_all(db, mem, q, &in, INTO(&more.rows, &more.n, SIZE_MAX), e) ||
		    !finding_list_add(mem, l, &more, e))
			return false;
	}
	return true;
}

bool
finding_of_values(struct db *db, TALLOC_CTX *mem, const struct finding_names *of,
    struct finding_list *l, struct err *e)
{
	return select_named(db, mem, &finding_select_values, of, l, e);
}

bool
finding_lasting_of(struct db *db, TALLOC_CTX *mem, const struct finding_names *of,
    struct finding_list *l, struct err *e)
{
	return select_named(db, mem, &finding_select_lasting, of, l, e);
}

bool
finding_by_value(struct db *db, TALLOC_CTX *mem, const struct uuid *config, struct blob fingerprint,
    struct blob value_hash, struct finding_row *row, struct err *e)
{
	const struct finding_row in = {
		.config_id = *config, .fingerprint = fingerprint, .value_hash = value_hash
	};

	return db_one(db, mem, &finding_select, &in, row, e);
}

/* ---- the findings of changes ---- */

#define TARGET(m)      COLUMN_AS(struct finding_target, row.m, #m)
#define TARGET_NULL(m) COLUMN_AS_NULL(struct finding_target, row.m, #m)
static const struct field target_fields[] = {
	COLUMN(struct finding_target, change_id),
	TARGET(config_id),
	TARGET(fingerprint),
	TARGET(value_hash),
	TARGET(status),
	TARGET(present),
	TARGET(runs),
	TARGET(promoted),
	TARGET_NULL(reason),
	TARGET_NULL(owner),
	TARGET_NULL(expires_at),
	TARGET_NULL(assigned_to),
	TARGET(created_at),
	TARGET(updated_at),
	TARGET_NULL(announced),
	COLUMN(struct finding_target, severity),
	COLUMN_NULL(struct finding_target, now_severity),
	FIELD_END,
};
const struct schema finding_target_schema =
    SCHEMA("LifeTarget", struct finding_target, target_fields);

#define TARGET_SELECT                                                                              \
	"SELECT c.id AS change_id, c.config_id, c.fingerprint, c.value_hash,"                      \
	" " CHANGE_STATUS " AS status, IFNULL(f.present, FALSE) AS present,"                       \
	" IFNULL(f.runs, 0) AS runs, IFNULL(f.promoted, FALSE) AS promoted," DECIDED               \
	" IFNULL(f.created_at, c.created_at) AS created_at,"                                       \
	" IFNULL(f.updated_at, c.created_at) AS updated_at, f.announced, c.severity,"              \
	" (SELECT n.severity FROM config_state s STRAIGHT_JOIN drift_changes n"                    \
	" FORCE INDEX (finding) ON n.config_id = c.config_id AND n.fingerprint = c.fingerprint"    \
	" AND n.report_id = s.report_id WHERE s.config_id = c.config_id"                           \
	" AND n.value_hash = c.value_hash LIMIT 1) AS now_severity"
#define TARGET_FINDING CHANGE_FINDING DECISION
#define TARGET_ORDER   " ORDER BY c.config_id, c.fingerprint, c.value_hash"

struct filter_in {
	struct finding_filter f;
	struct page           page;
};
static const struct field filter_fields[] = {
	COLUMN(struct filter_in, f.report_id),
	COLUMN_NULL(struct filter_in, f.severity),
	COLUMN_NULL(struct filter_in, f.category),
	COLUMN_NULL(struct filter_in, f.status),
	COLUMN_NULL(struct filter_in, f.fingerprint),
	COLUMN_AS(struct filter_in, page.want, "limit"),
	FIELD_END,
};
static const struct schema filter_in = SCHEMA("LifeFilterIn", struct filter_in, filter_fields);

SQL(finding_select_ids, SQL_TENANT, &id_list_in_schema, &finding_target_schema,
    TARGET_SELECT
    " FROM JSON_TABLE(:ids, '$[*]' COLUMNS (id CHAR(36) PATH '$')) j"
    " JOIN drift_changes c ON c.id = UNHEX(REPLACE(j.id, '-', ''))" TARGET_FINDING TARGET_ORDER);
SQL(finding_select_filter, SQL_TENANT, &filter_in, &finding_target_schema,
    TARGET_SELECT " FROM drift_changes c" TARGET_FINDING " WHERE c.report_id = :report_id"
		  " AND (:severity IS NULL OR c.severity = :severity) AND (:category IS NULL"
		  " OR c.category = :category)"
		  " AND (:status IS NULL OR " CHANGE_STATUS " = :status)"
		  " AND (:fingerprint IS NULL OR c.fingerprint = :fingerprint)" TARGET_ORDER
		  " LIMIT :limit");

bool
finding_targets_by_ids(struct db *db, TALLOC_CTX *mem, struct id_list ids,
    struct finding_target **rows, size_t *n, struct err *e)
{
	struct id_list_in in;

	return id_list_print(mem, ids, &in, e) &&
	       db_all(db, mem, &finding_select_ids, &in, INTO(rows, n, ids.n), e);
}

bool
finding_targets_by_filter(
    struct db *db, TALLOC_CTX *mem, const struct finding_filter *f, struct page *p, struct err *e)
{
	const struct filter_in in = { *f, *p };

	return page_read(db, mem, &finding_select_filter, &in, p, e);
}

/* ---- writing ---- */

bool
finding_put(struct db *db, struct finding_row *rows, size_t n, struct err *e)
{
	if (n > 1)
		qsort(rows, n, sizeof(rows[0]), by_row);
	return tx_later_many(db, &finding_upsert, rows, n, e);
}

static const struct field seen_fields[] = {
	COLUMN(struct finding_seen, config_id),
	COLUMN(struct finding_seen, fingerprint),
	COLUMN(struct finding_seen, value_hash),
	COLUMN(struct finding_seen, now),
	COLUMN_NULL(struct finding_seen, attribution),
	COLUMN_NULL(struct finding_seen, announced),
	FIELD_END,
};
static const struct schema seen_in = SCHEMA("LifeSeenIn", struct finding_seen, seen_fields);

SQL(finding_upsert_seen, SQL_TENANT, &seen_in, NULL,
    "INSERT INTO drift_findings (config_id, fingerprint, value_hash, status, present, runs,"
    " created_at, updated_at, attribution, announced) VALUES (:config_id, :fingerprint, "
    ":value_hash,"
    " 'detected', TRUE, 1, :now, :now, :attribution, :announced)"
    " ON DUPLICATE KEY UPDATE status = 'detected', present = TRUE, runs = 1, promoted = FALSE,"
    " reason = NULL, owner = NULL, expires_at = NULL, updated_at = VALUES(updated_at),"
    " attribution = VALUES(attribution), announced = VALUES(announced), decision = 0");

bool
finding_detect(struct db *db, struct finding_seen *s, size_t n, struct err *e)
{
	if (n > 1)
		qsort(s, n, sizeof(s[0]), by_seen);
	return tx_later_many(db, &finding_upsert_seen, s, n, e);
}

/* ---- events ---- */

static const struct field event_fields[] = {
	COLUMN(struct finding_event, id),
	COLUMN_NULL(struct finding_event, config_id),
	COLUMN(struct finding_event, subject),
	COLUMN_NULL(struct finding_event, value_hash),
	COLUMN(struct finding_event, at),
	COLUMN(struct finding_event, actor),
	COLUMN_NULL(struct finding_event, from_status),
	COLUMN(struct finding_event, to_status),
	COLUMN(struct finding_event, note),
	FIELD_END,
};
static const struct schema event_schema = SCHEMA("LifeEvent", struct finding_event, event_fields);

struct event_in {
	struct blob subject;
	struct uuid config_id;
};
static const struct field event_in_fields[] = {
	COLUMN(struct event_in, subject),
	COLUMN_NULL(struct event_in, config_id),
	FIELD_END,
};
static const struct schema event_in = SCHEMA("LifeEventIn", struct event_in, event_in_fields);

SQL(finding_event_insert, SQL_TENANT, &event_schema, NULL,
    "INSERT INTO drift_history (id, config_id, subject, value_hash, at, actor, from_status,"
    " to_status, note) VALUES (:id, :config_id, :subject, :value_hash, :at, :actor, :from_status,"
    " :to_status, :note)");
#define EVENT_WRITTEN                                                                              \
	"SELECT h.id, h.config_id, h.subject, h.value_hash, h.at, h.actor, h.from_status,"         \
	" h.to_status, IFNULL(d.reason, h.note) AS note FROM "
#define EVENT_DECISION                                                                             \
	" LEFT JOIN drift_decisions d ON d.config_id = h.config_id AND d.number = h.decision"
SQL(finding_event_select, SQL_TENANT, &event_in, &event_schema,
    EVENT_WRITTEN
    "drift_history h" EVENT_DECISION
    " WHERE h.subject = :subject AND h.config_id <=> :config_id UNION ALL " PROMOTION_WAITING(
	"", ":subject") " WHERE l.config_id = :config_id ORDER BY id");

#define EACH " STRAIGHT_JOIN JSON_TABLE(:keys, '$[*]' COLUMNS (k CHAR(128) PATH '$')) j"
SQL(finding_event_select_some, SQL_TENANT, &named_in, &event_schema,
    EVENT_WRITTEN "JSON_TABLE(:keys, '$[*]' COLUMNS (k CHAR(128) PATH '$')) j"
		  " STRAIGHT_JOIN drift_history h FORCE INDEX (subject)"
		  " ON h.subject = UNHEX(LEFT(j.k, 64))"
		  " AND h.config_id = :config_id" EVENT_DECISION " UNION ALL " PROMOTION_WAITING(
		      EACH, "UNHEX(LEFT(j.k, 64))") " WHERE l.config_id = :config_id"
						    " ORDER BY subject, id LIMIT 10000");

bool
finding_event_add(struct db *db, const struct finding_event *v, size_t n, struct err *e)
{
	return tx_later_many(db, &finding_event_insert, v, n, e);
}

bool
finding_event_list(struct db *db, TALLOC_CTX *mem, const struct uuid *config, struct blob subject,
    struct finding_event **rows, size_t *n, struct err *e)
{
	const struct event_in in = { subject, *config };

	return db_all(db, mem, &finding_event_select, &in, INTO(rows, n, LIFE_EVENTS_MAX), e);
}

bool
finding_events_of(struct db *db, TALLOC_CTX *mem, const struct finding_names *of,
    struct finding_event **rows, size_t *n, struct err *e)
{
	struct named_in in = { 0 };

	*n = 0;
	if (of->n == 0)
		return true;
	in.config_id = of->seen[0].config_id;
	return print_keys(mem, of->seen, of->n, &in.keys, e) &&
	       db_all(
		   db, mem, &finding_event_select_some, &in, INTO(rows, n, FINDING_EVENTS_SOME), e);
}
