/* session.h: a user's sessions as answers show them. */
#include "core/store/identity/session.h"

#define READ_ONLY FIELD_READ_ONLY

static const struct field item_fields[] = {
	FIELD(struct session_item, id, .flags = READ_ONLY, .doc = "Number of the session."),
	FIELD(struct session_item, created_at, .flags = READ_ONLY, .doc = "The sign-in."),
	FIELD(
	    struct session_item, last_seen, .flags = READ_ONLY, .doc = "Last use, to the minute."),
	FIELD(struct session_item, address, .flags = READ_ONLY, .doc = "Address of the sign-in."),
	FIELD(
	    struct session_item, user_agent, .flags = READ_ONLY, .doc = "Program of the sign-in."),
	FIELD(struct session_item, provider, .flags = READ_ONLY,
	    .doc = "password, or the identity provider."),
	FIELD(
	    struct session_item, aal, .flags = READ_ONLY, .doc = "1: one factor; 2: two factors."),
	FIELD(struct session_item, idle_expires_at, .flags = READ_ONLY,
	    .doc = "End of the session if it is not used."),
	FIELD(struct session_item, absolute_expires_at, .flags = READ_ONLY,
	    .doc = "End of the session in any case."),
	FIELD(struct session_item, current, .flags = READ_ONLY | FIELD_NO_SQL,
	    .doc = "This request's session."),
	FIELD_END,
};
const struct schema session_item_schema = SCHEMA("SessionItem", struct session_item, item_fields);

struct list_in {
	struct uuid user_id;
	instant     now;
	struct page page;
};
static const struct field list_fields[] = {
	COLUMN(struct list_in, user_id),
	COLUMN(struct list_in, now),
	PAGE_COLUMNS(struct list_in, page),
	FIELD_END,
};
static const struct schema list_schema = SCHEMA("SessionListIn", struct list_in, list_fields);

struct owner {
	struct uuid id;
};
static const struct field owner_fields[] = {
	COLUMN(struct owner, id),
	FIELD_END,
};
static const struct schema owner_schema = SCHEMA("SessionOwner", struct owner, owner_fields);

SQL(session_select_list, SQL_TENANT, &list_schema, &session_item_schema,
    "SELECT id, created_at, last_seen, address, user_agent, provider, aal,"
    " idle_end AS idle_expires_at, absolute_end AS absolute_expires_at FROM user_sessions"
    " WHERE user_id = :user_id AND revoked_at IS NULL AND idle_end > :now AND absolute_end > :now"
    " AND (:after IS NULL OR id < :after) ORDER BY id DESC LIMIT :limit");
SQL(session_select_owner, SQL_TENANT, &owner_schema, &owner_schema,
    "SELECT user_id AS id FROM user_sessions WHERE id = :id AND revoked_at IS NULL");

bool
session_list(struct tenant_db *t, TALLOC_CTX *mem, const struct uuid *user, instant now,
    struct page *p, struct err *e)
{
	const struct list_in in = { *user, now, *p };

	return page_read(t->db, mem, &session_select_list, &in, p, e);
}

bool
session_owner(struct tenant_db *t, const struct uuid *id, struct uuid *user, struct err *e)
{
	const struct owner in = { *id };
	struct owner       out;

	if (!db_one(t->db, t->db, &session_select_owner, &in, &out, e))
		return false;
	*user = out.id;
	return true;
}

struct shorten_in {
	int64_t absolute_s, idle_s;
	instant now;
};
static const struct field shorten_fields[] = {
	COLUMN(struct shorten_in, absolute_s),
	COLUMN(struct shorten_in, idle_s),
	COLUMN(struct shorten_in, now),
	FIELD_END,
};
static const struct schema shorten_schema =
    SCHEMA("SessionShortenIn", struct shorten_in, shorten_fields);

SQL(session_update_shorter, SQL_TENANT, &shorten_schema, NULL,
    "UPDATE user_sessions SET absolute_end = LEAST(absolute_end,"
    " created_at + INTERVAL :absolute_s SECOND),"
    " idle_end = LEAST(idle_end, absolute_end, last_seen + INTERVAL :idle_s SECOND),"
    " epoch = epoch + 1"
    " WHERE revoked_at IS NULL AND absolute_end > :now AND idle_end > :now"
    " AND (absolute_end > created_at + INTERVAL :absolute_s SECOND"
    " OR idle_end > last_seen + INTERVAL :idle_s SECOND)");

bool
session_shorten(struct tenant_db *t, int64_t idle_s, int64_t absolute_s, instant now, struct err *e)
{
	const struct shorten_in in = { absolute_s, idle_s, now };

	return db_run(t->db, &session_update_shorter, &in, NULL, e);
}
