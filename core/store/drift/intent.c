#include "core/store/drift/intent.h"

#include <stdio.h>
#include <string.h>

#include "core/store/id_list.h"
#include "core/store/tx.h"

#define DAY_MS (INT64_C(86400) * 1000)

/* ---- verdicts ---- */

static const char *const verdicts[] = {
#define X(id, wire) wire,
	INTENT_VERDICTS(X)
#undef X
};

const char *
intent_verdict_name(enum intent_verdict v)
{
	return verdicts[v];
}

void
intent_mark_print(enum intent_verdict v, const struct uuid *id, char out[static INTENT_MARK_MAX])
{
	char text[UUID_TEXT_MAX];

	uuid_print(id, text);
	snprintf(out, INTENT_MARK_MAX, "%s:%s", verdicts[v], text);
}

bool
intent_mark_read(const char *mark, enum intent_verdict *v, struct uuid *id)
{
	struct str word, rest;

	if (mark == NULL)
		return false;
	rest = str_cut(str_of(mark), ':', &word);
	for (*v = 0; *v < ANNOUNCED__MAX; (*v)++)
		if (str_eqz(word, verdicts[*v]))
			return rest.p != NULL && uuid_parse(rest, id);
	return false;
}

const char *
intent_state(const struct intent *i, instant now)
{
	if (i->ended_at.ms != 0)
		return "withdrawn";
	if (i->fulfilled_at.ms != 0)
		return "fulfilled";
	if (i->ends_at.ms <= now.ms)
		return "unfulfilled";
	return i->starts_at.ms > now.ms ? "scheduled" : "open";
}

/* ---- rows ---- */

#define INTENT_FIELDS                                                                              \
	COLUMN(struct intent, id), COLUMN(struct intent, config_id),                               \
	    COLUMN(struct intent, category), COLUMN(struct intent, key),                           \
	    COLUMN(struct intent, path), COLUMN(struct intent, expect),                            \
	    COLUMN_NULL(struct intent, value), COLUMN_NULL(struct intent, actor),                  \
	    COLUMN_NULL(struct intent, ticket), COLUMN(struct intent, reason),                     \
	    COLUMN(struct intent, owner), COLUMN_NULL(struct intent, person_id),                   \
	    COLUMN(struct intent, starts_at), COLUMN(struct intent, ends_at),                      \
	    COLUMN(struct intent, created_at), COLUMN_NULL(struct intent, confirmed_by),           \
	    COLUMN_NULL(struct intent, confirmed_at), COLUMN_NULL(struct intent, ended_by),        \
	    COLUMN_NULL(struct intent, ended_at), COLUMN(struct intent, changes),                  \
	    COLUMN_NULL(struct intent, fulfilled_at), COLUMN_NULL(struct intent, report_id),       \
	    COLUMN_NULL(struct intent, missed_at)
static const struct field intent_fields[] = {
	INTENT_FIELDS,
	FIELD_END,
};
const struct schema       intent_schema = SCHEMA("StoredIntent", struct intent, intent_fields);
static const struct field shown_fields[] = {
	INTENT_FIELDS,
	COLUMN(struct intent, own),
	FIELD_END,
};
static const struct schema intent_shown = SCHEMA("ShownIntent", struct intent, shown_fields);

/* One that is added, and from where on those of the last day are. */
struct added {
	struct intent row;
	struct uuid   day;
};
static const struct field added_fields[] = {
	INTENT_FIELDS,
	COLUMN(struct added, day),
	FIELD_END,
};
static const struct schema added_in = SCHEMA("AddedIntent", struct added, added_fields);

#define COLUMNS                                                                                    \
	"id, config_id, category, `key`, path, expect, value, actor, ticket, reason, owner,"       \
	" person_id, starts_at, ends_at, created_at, confirmed_by, confirmed_at, ended_by,"        \
	" ended_at, changes, fulfilled_at, report_id, missed_at"
/* Of a row of drift_intents i. */
#define SHOWN                                                                                      \
	COLUMNS ", COALESCE((SELECT JSON_VALUE(c.spec, '$.source.kind') = 'self'"                  \
		" FROM drift_configs c WHERE c.id = i.config_id), 0) AS own"

struct list_in {
	struct intent_filter f;
	struct page          page;
};
static const struct field list_fields[] = {
	COLUMN_NULL(struct list_in, f.config_id),
	COLUMN_NULL(struct list_in, f.state),
	COLUMN(struct list_in, f.now),
	PAGE_COLUMNS(struct list_in, page),
	FIELD_END,
};
static const struct schema list_in = SCHEMA("IntentListIn", struct list_in, list_fields);

struct ahead_in {
	struct uuid config_id;
	instant     since;
};
static const struct field ahead_fields[] = {
	COLUMN(struct ahead_in, config_id),
	COLUMN(struct ahead_in, since),
	FIELD_END,
};
static const struct schema ahead_in = SCHEMA("IntentAheadIn", struct ahead_in, ahead_fields);

struct deed_in {
	struct uuid id;
	instant     now;
	const char *by;
};
static const struct field deed_fields[] = {
	COLUMN(struct deed_in, id),
	COLUMN(struct deed_in, now),
	COLUMN(struct deed_in, by),
	FIELD_END,
};
static const struct schema deed_in = SCHEMA("IntentDeedIn", struct deed_in, deed_fields);

static const struct field count_fields[] = {
	COLUMN(struct intent_count, id),
	COLUMN(struct intent_count, report_id),
	COLUMN(struct intent_count, more),
	COLUMN(struct intent_count, now),
	FIELD_END,
};
static const struct schema count_in = SCHEMA("IntentCountIn", struct intent_count, count_fields);

struct mark_in {
	struct uuid config_id;
	const char *mark;
};
static const struct field mark_fields[] = {
	COLUMN(struct mark_in, config_id),
	COLUMN(struct mark_in, mark),
	FIELD_END,
};
static const struct schema mark_in = SCHEMA("IntentMarkIn", struct mark_in, mark_fields);

struct found {
	bool there;
};
static const struct field found_fields[] = {
	COLUMN(struct found, there),
	FIELD_END,
};
static const struct schema found_out = SCHEMA("IntentFound", struct found, found_fields);

SQL(intent_insert, SQL_TENANT, &added_in, NULL,
    "INSERT INTO drift_intents (" COLUMNS ") SELECT :id, :config_id, :category, :key, :path,"
    " :expect, :value, :actor, :ticket, :reason, :owner, :person_id, :starts_at, :ends_at,"
    " :created_at, :confirmed_by, :confirmed_at, :ended_by, :ended_at, :changes, :fulfilled_at,"
    " :report_id, :missed_at FROM drift_configs c WHERE c.id = :config_id"
    " AND (SELECT COUNT(*) FROM drift_intents i WHERE i.config_id = :config_id"
    " AND i.ends_at > :created_at AND i.ended_at IS NULL) < 100"
    " AND (SELECT COUNT(*) FROM drift_intents i WHERE i.ends_at > :created_at"
    " AND i.ended_at IS NULL) < 1000"
    " AND (SELECT COUNT(*) FROM drift_intents i WHERE i.id >= :day) < 2000");
_Static_assert(INTENTS_PER_CONFIG == 100 && INTENTS_MAX == 1000 && INTENTS_A_DAY == 2000,
    "as in the statement");
SQL(intent_select, SQL_TENANT, &id_in, &intent_shown,
    "SELECT " SHOWN " FROM drift_intents i WHERE id = :id");
SQL(intent_select_list, SQL_TENANT, &list_in, &intent_shown,
    "SELECT " SHOWN " FROM drift_intents i WHERE (:config_id IS NULL OR config_id = :config_id)"
    " AND (:state IS NULL OR CASE WHEN ended_at IS NOT NULL THEN 'withdrawn'"
    " WHEN fulfilled_at IS NOT NULL THEN 'fulfilled' WHEN ends_at <= :now THEN 'unfulfilled'"
    " WHEN starts_at > :now THEN 'scheduled' ELSE 'open' END = :state)"
    " AND (:after IS NULL OR id < :after) ORDER BY id DESC LIMIT :limit");
SQL(intent_select_ahead, SQL_TENANT, &ahead_in, &intent_schema,
    "SELECT " COLUMNS " FROM drift_intents WHERE config_id = :config_id AND ends_at > :since"
    " AND ended_at IS NULL ORDER BY ends_at DESC LIMIT 200");
SQL(intent_select_any, SQL_TENANT, &ahead_in, &found_out,
    "SELECT EXISTS (SELECT 1 FROM drift_intents WHERE config_id = :config_id AND ends_at > :since"
    " AND ended_at IS NULL) AS there");
SQL(intent_update_end, SQL_TENANT, &deed_in, NULL,
    "UPDATE drift_intents SET ended_at = :now, ended_by = :by WHERE id = :id"
    " AND ended_at IS NULL AND fulfilled_at IS NULL AND ends_at > :now");
SQL(intent_update_confirm, SQL_TENANT, &deed_in, NULL,
    "UPDATE drift_intents SET confirmed_at = :now, confirmed_by = :by WHERE id = :id"
    " AND confirmed_at IS NULL AND ended_at IS NULL AND missed_at IS NULL");
/* Each assignment sees the ones before it. */
SQL(intent_update_count, SQL_TENANT, &count_in, NULL,
    "UPDATE drift_intents SET changes = GREATEST(changes + :more, 0),"
    " fulfilled_at = IF(changes > 0, IFNULL(fulfilled_at, :now), NULL),"
    " report_id = IF(changes > 0, IFNULL(report_id, :report_id), NULL) WHERE id = :id");
SQL(intent_update_miss, SQL_TENANT, &deed_in, NULL,
    "UPDATE drift_intents SET missed_at = :now WHERE id = :id AND :by IS NOT NULL"
    " AND fulfilled_at IS NULL AND ended_at IS NULL AND missed_at IS NULL");
SQL(intent_select_waits, SQL_TENANT, &mark_in, &found_out,
    "SELECT EXISTS (SELECT 1 FROM drift_findings FORCE INDEX (ended)"
    " WHERE config_id = :config_id AND status = 'detected' AND present AND NOT promoted"
    " AND announced = :mark) AS there");

bool
intent_add(struct db *db, const struct intent *i, struct err *e)
{
	const struct added in = { *i, uuid_first(i->created_at.ms - DAY_MS) };
	uint64_t           done = 0;

	if (!db_run(db, &intent_insert, &in, &done, e))
		return false;
	return done == 1 ||
	       err_set(e, ERR_QUOTA, 0,
		   "Too many changes are announced: at most 100 of a config, and 1,000 of a "
		   "tenant, at a time, and 2,000 of a tenant in a day.",
		   "intents are full");
}

bool
intent_by_id(struct db *db, TALLOC_CTX *mem, const struct uuid *id, struct intent *i, struct err *e)
{
	const struct id_in in = { *id };

	return db_one(db, mem, &intent_select, &in, i, e);
}

bool
intent_list(struct tenant_db *t, TALLOC_CTX *mem, const struct intent_filter *f, struct page *p,
    struct err *e)
{
	const struct list_in in = { *f, *p };

	return page_read(t->db, mem, &intent_select_list, &in, p, e);
}

void
intent_ahead_ask(
    struct trip *trip, const struct uuid *config, instant now, struct intent **rows, size_t *n)
{
	const struct ahead_in in = { *config, { now.ms - INTENT_LINGERS_MS } };

	trip_all(trip, &intent_select_ahead, &in, INTO(rows, n, INTENTS_HELD));
}

bool
intent_any(struct db *db, const struct uuid *config, instant now, bool *any, struct err *e)
{
	const struct ahead_in in = { *config, { now.ms - INTENT_LINGERS_MS } };
	struct found          found = { 0 };

	*any = false;
	if (!db_one(db, NULL, &intent_select_any, &in, &found, e))
		return false;
	*any = found.there;
	return true;
}

static bool
deed(struct db *db, const struct sql *q, const struct deed_in *in, bool *done, struct err *e)
{
	uint64_t n = 0;

	*done = false;
	if (!db_run(db, q, in, &n, e))
		return false;
	*done = n == 1;
	return true;
}

bool
intent_end(
    struct db *db, const struct uuid *id, instant now, const char *by, bool *done, struct err *e)
{
	return deed(db, &intent_update_end, &(struct deed_in) { *id, now, by }, done, e);
}

bool
intent_confirm(
    struct db *db, const struct uuid *id, instant now, const char *by, bool *done, struct err *e)
{
	return deed(db, &intent_update_confirm, &(struct deed_in) { *id, now, by }, done, e);
}

bool
intent_miss(struct db *db, const struct uuid *id, instant now, bool *done, struct err *e)
{
	return deed(db, &intent_update_miss, &(struct deed_in) { *id, now, "" }, done, e);
}

bool
intent_count(struct db *db, const struct intent_count *c, size_t n, struct err *e)
{
	return tx_later_many(db, &intent_update_count, c, n, e);
}

bool
intent_waits(struct db *db, const struct intent *i, bool *waits, struct err *e)
{
	char                 mark[INTENT_MARK_MAX];
	const struct mark_in in = { i->config_id, mark };
	struct found         found = { 0 };

	*waits = false;
	intent_mark_print(ANNOUNCED_WAITING, &i->id, mark);
	if (!db_one(db, NULL, &intent_select_waits, &in, &found, e))
		return false;
	*waits = found.there;
	return true;
}
