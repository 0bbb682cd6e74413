#include "core/store/alert/channel.h"

#include "core/store/alert/pace.h"
#include "core/store/alert/watch.h"
#include "core/store/id_list.h"

#define RATE_COLUMNS                                                                               \
	COLUMN_AS_NULL(struct channel, rate.per_minute, "rate_per_minute"),                        \
	    COLUMN_AS_NULL(struct channel, rate.burst, "rate_burst")
static const struct field channel_fields[] = {
	COLUMN(struct channel, id),
	COLUMN(struct channel, name),
	COLUMN(struct channel, kind),
	COLUMN(struct channel, target),
	COLUMN_NULL(struct channel, secret),
	COLUMN(struct channel, with_values),
	COLUMN(struct channel, status),
	COLUMN(struct channel, status_reason),
	COLUMN(struct channel, created_at),
	COLUMN(struct channel, updated_at),
	COLUMN_NULL(struct channel, paused_at),
	COLUMN_NULL(struct channel, former_secret),
	COLUMN_NULL(struct channel, former_until),
	COLUMN_NULL(struct channel, template),
	COLUMN_NULL(struct channel, ca),
	COLUMN_NULL(struct channel, digest),
	RATE_COLUMNS,
	FIELD_END,
};
static const struct schema channel_schema = SCHEMA("StoredChannel", struct channel, channel_fields);

#define CHANNEL_COLUMNS                                                                            \
	"id, name, kind, target, secret, with_values, status, status_reason, created_at, "         \
	"updated_at, paused_at, former_secret, former_until, template, ca, digest, "               \
	"rate_per_minute, "                                                                        \
	"rate_burst"

static const struct field set_fields[] = {
	COLUMN(struct channel, name),
	COLUMN(struct channel, target),
	COLUMN_NULL(struct channel, secret),
	COLUMN(struct channel, with_values),
	COLUMN(struct channel, status),
	COLUMN(struct channel, status_reason),
	COLUMN(struct channel, updated_at),
	COLUMN_NULL(struct channel, paused_at),
	COLUMN_NULL(struct channel, former_secret),
	COLUMN_NULL(struct channel, former_until),
	COLUMN_NULL(struct channel, template),
	COLUMN_NULL(struct channel, ca),
	COLUMN_NULL(struct channel, digest),
	RATE_COLUMNS,
	COLUMN(struct channel, id),
	FIELD_END,
};
static const struct schema set_in = SCHEMA("ChannelSetIn", struct channel, set_fields);
static const struct field  disable_fields[] = {
	 COLUMN(struct channel, status_reason),
	 COLUMN(struct channel, updated_at),
	 COLUMN(struct channel, id),
	 FIELD_END,
};
static const struct schema disable_in = SCHEMA("ChannelDisableIn", struct channel, disable_fields);

SQL(channel_insert, SQL_TENANT, &channel_schema, NULL,
    "INSERT INTO channels (" CHANNEL_COLUMNS ") VALUES (:id, :name, :kind, :target, :secret,"
    " :with_values, :status, :status_reason, :created_at, :updated_at, :paused_at, :former_secret,"
    " :former_until, :template, :ca, :digest, :rate_per_minute, :rate_burst)");
SQL(channel_select, SQL_TENANT, &id_in, &channel_schema,
    "SELECT " CHANNEL_COLUMNS " FROM channels WHERE id = :id");
#define SELECT_IDS                                                                                 \
	"SELECT c.id, c.name, c.kind, c.target, c.secret, c.with_values, c.status, "               \
	"c.status_reason,"                                                                         \
	" c.created_at, c.updated_at, c.paused_at, c.former_secret, c.former_until,"               \
	" c.template, c.ca, c.digest, c.rate_per_minute, c.rate_burst"                             \
	" FROM (SELECT DISTINCT UNHEX(REPLACE(t.id, '-', '')) AS id FROM"                          \
	" JSON_TABLE(:ids, '$[*]' COLUMNS (id CHAR(36) PATH '$')) t) j"                            \
	" JOIN channels c ON c.id = j.id"
SQL(channel_select_ids, SQL_TENANT, &id_list_in_schema, &channel_schema, SELECT_IDS);
SQL(channel_select_held, SQL_TENANT, &id_list_in_schema, &channel_schema,
    SELECT_IDS " LOCK IN SHARE MODE");
SQL(channel_select_list, SQL_TENANT, &page_schema, &channel_schema,
    "SELECT " CHANNEL_COLUMNS
    " FROM channels WHERE (:after IS NULL OR id < :after) ORDER BY id DESC LIMIT :limit");
SQL(channel_update, SQL_TENANT, &set_in, NULL,
    "UPDATE channels SET name = :name, target = :target, secret = :secret,"
    " with_values = :with_values, status = :status,"
    " status_reason = :status_reason, updated_at = :updated_at, paused_at = :paused_at,"
    " former_secret = :former_secret, former_until = :former_until, template = :template,"
    " ca = :ca, digest = :digest,"
    " rate_per_minute = :rate_per_minute, rate_burst = :rate_burst"
    " WHERE id = :id");
SQL(channel_delete, SQL_TENANT, &id_in, NULL, "DELETE FROM channels WHERE id = :id");
SQL(channel_update_disabled, SQL_TENANT, &disable_in, NULL,
    "UPDATE channels SET status = 'disabled', status_reason = :status_reason,"
    " updated_at = :updated_at"
    " WHERE id = :id AND status = 'active'");

bool
channel_add(struct db *db, const struct channel *c, struct err *e)
{
	return db_run(db, &channel_insert, c, NULL, e);
}

bool
channel_by_id(
    struct db *db, TALLOC_CTX *mem, const struct uuid *id, struct channel *c, struct err *e)
{
	const struct id_in in = { .id = *id };

	return db_one(db, mem, &channel_select, &in, c, e);
}

bool
channel_by_ids(struct db *db, TALLOC_CTX *mem, struct id_list ids, struct channel **rows, size_t *n,
    struct err *e)
{
	struct id_list_in in;

	return id_list_print(mem, ids, &in, e) &&
	       db_all(db, mem, &channel_select_ids, &in, INTO(rows, n, ids.n), e);
}

bool
channel_hold_ids(struct db *db, TALLOC_CTX *mem, struct id_list ids, struct channel **rows,
    size_t *n, struct err *e)
{
	struct id_list_in in;

	return id_list_print(mem, ids, &in, e) &&
	       db_all(db, mem, &channel_select_held, &in, INTO(rows, n, ids.n), e);
}

void
channel_ask_ids(struct trip *trip, const struct id_list_in *in, struct channel **rows, size_t *n)
{
	trip_all(trip, &channel_select_ids, in, INTO(rows, n, CHANNELS_ASKED_MAX));
}

bool
channel_list(struct tenant_db *t, TALLOC_CTX *mem, struct page *p, struct err *e)
{
	return page_read_plain(t->db, mem, &channel_select_list, p, e);
}

bool
channel_set(struct db *db, const struct channel *c, struct err *e)
{
	return db_run(db, &channel_update, c, NULL, e);
}

bool
channel_drop(struct db *db, const struct uuid *id, bool *done, struct err *e)
{
	const struct id_in in = { .id = *id };
	uint64_t           n = 0;

	*done = false;
	if (!db_run(db, &channel_delete, &in, &n, e))
		return false;
	*done = n == 1;
	return pace_drop(db, id, e);
}

bool
channel_disable(
    struct db *db, const struct uuid *id, const char *reason, instant now, struct err *e)
{
	struct channel in = { .id = *id, .updated_at = now };
	TALLOC_CTX    *tmp = talloc_new(NULL);
	bool           ok;

	in.status_reason = talloc_strdup(tmp, reason);
	ok = in.status_reason != NULL
		 ? db_run(db, &channel_update_disabled, &in, NULL, e) && watch_mark(db, e)
		 : err_memory(e);
	talloc_free(tmp);
	return ok;
}
