#include "core/store/identity/session.h"
#include "core/store/id_list.h"
#include "core/store/identity/user.h"
#include "core/store/tx.h"

#define NULLABLE FIELD_NULLABLE

static const struct field session_row_fields[] = {
	FIELD(struct session_row, id, .doc = "Session."),
	FIELD(struct session_row, user_id, .doc = "User."),
	FIELD(struct session_row, auth_time, .doc = "Sign-in."),
	FIELD(struct session_row, aal, .doc = "Assurance level."),
	FIELD(struct session_row, provider, .doc = "How."),
	FIELD(struct session_row, idle_end, .doc = "Ends when idle."),
	FIELD(struct session_row, absolute_end, .doc = "Ends."),
	FIELD(struct session_row, address, .doc = "From where."),
	FIELD(struct session_row, user_agent, .doc = "By what."),
	FIELD(struct session_row, last_seen, .doc = "Last use."),
	FIELD(struct session_row, created_at, .doc = "Made."),
	FIELD_END,
};
static const struct schema session_row_schema =
    SCHEMA("SessionRow", struct session_row, session_row_fields);

static const struct field session_caller_fields[] = {
	FIELD(struct session_caller, user_id, .doc = "User."),
	FIELD(struct session_caller, auth_time, .doc = "Sign-in."),
	FIELD(struct session_caller, aal, .doc = "Assurance level."),
	FIELD(struct session_caller, idle_end, .doc = "Ends when idle."),
	FIELD(struct session_caller, absolute_end, .doc = "Ends."),
	FIELD(struct session_caller, last_seen, .doc = "Last use."),
	FIELD(struct session_caller, revoked_at, .flags = NULLABLE, .doc = "Revoked."),
	FIELD(struct session_caller, generation, .doc = "Refresh token's number."),
	FIELD(struct session_caller, rotated_ago_s, .doc = "Since its rotation."),
	FIELD(struct session_caller, epoch, .doc = "Session's and user's."),
	FIELD(struct session_caller, email, .doc = "Address."),
	FIELD(struct session_caller, display_name, .doc = "Name."),
	FIELD(struct session_caller, status, .doc = "User's status."),
	FIELD_AS(struct session_caller, two_factor, "2fa_enabled", .doc = "Second factor."),
	FIELD(struct session_caller, has_password, .doc = "A password."),
	FIELD(struct session_caller, last_login, .flags = NULLABLE, .doc = "Last sign-in."),
	FIELD(struct session_caller, created_at, .doc = "User's making."),
	FIELD(struct session_caller, role_names, .flags = NULLABLE, .doc = "Roles, LF between."),
	FIELD(struct session_caller, granted, .flags = NULLABLE, .doc = "Permissions, LF between."),
	FIELD(struct session_caller, roles_end, .flags = NULLABLE, .doc = "The first role ends."),
	FIELD(struct session_caller, began_at, .doc = "Session's making."),
	FIELD_END,
};
static const struct schema session_caller_schema =
    SCHEMA("SessionCaller", struct session_caller, session_caller_fields);

static const struct field session_state_fields[] = {
	FIELD(struct session_state, epoch, .doc = "Session's and user's."),
	FIELD(struct session_state, last_seen, .doc = "Last use."),
	FIELD(struct session_state, idle_end, .doc = "Ends when idle."),
	FIELD_END,
};
static const struct schema session_state_schema =
    SCHEMA("SessionState", struct session_state, session_state_fields);

SQL(session_insert, SQL_TENANT, &session_row_schema, NULL,
    "INSERT INTO user_sessions (id, user_id, auth_time, aal, provider, idle_end, absolute_end,"
    " address, user_agent, last_seen, created_at) VALUES (:id, :user_id, :auth_time, :aal,"
    " :provider, :idle_end, :absolute_end, :address, :user_agent, :last_seen, :created_at)");
SQL(session_select_caller, SQL_TENANT, &id_in, &session_caller_schema,
    "SELECT s.user_id, s.auth_time, s.aal, s.idle_end, s.absolute_end, s.last_seen, s.revoked_at,"
    " s.generation, COALESCE(TIMESTAMPDIFF(SECOND, s.rotated_at, NOW(3)), -1) AS rotated_ago_s,"
    " s.epoch + u.epoch AS epoch, u.email, u.display_name, u.status, u.`2fa_enabled`,"
    " u.password IS NOT NULL AS has_password, u.last_login, u.created_at," USER_ROLE_NAMES
    "," USER_GRANTED "," USER_ROLES_END ", s.created_at AS began_at"
    " FROM user_sessions s JOIN users u ON u.id = s.user_id WHERE s.id = :id");
SQL(session_select_state, SQL_TENANT, &id_in, &session_state_schema,
    "SELECT s.epoch + u.epoch AS epoch, s.last_seen, s.idle_end"
    " FROM user_sessions s JOIN users u ON u.id = s.user_id"
    " WHERE s.id = :id AND s.revoked_at IS NULL AND u.status = 'active'");

bool
session_add(struct tenant_db *t, const struct session_row *s, struct err *e)
{
	return tx_later(t->db, &session_insert, s, e);
}

bool
session_caller_by_id(struct tenant_db *t, TALLOC_CTX *mem, const struct uuid *id,
    struct session_caller *s, struct err *e)
{
	const struct id_in in = { *id };

	return db_one(t->db, mem, &session_select_caller, &in, s, e);
}

bool
session_state_by_id(struct tenant_db *t, TALLOC_CTX *mem, const struct uuid *id,
    struct session_state *s, struct err *e)
{
	const struct id_in in = { *id };

	return db_one(t->db, mem, &session_select_state, &in, s, e);
}

struct session_touch_in {
	instant     now, idle_end;
	struct uuid id;
	instant     unless_since;
};
static const struct field session_touch_fields[] = {
	FIELD(struct session_touch_in, now, .doc = "Now."),
	FIELD(struct session_touch_in, idle_end, .doc = "Ends when idle."),
	FIELD(struct session_touch_in, id, .doc = "Session."),
	FIELD(struct session_touch_in, unless_since, .doc = "Not if seen after."),
	FIELD_END,
};
static const struct schema session_touch_schema =
    SCHEMA("SessionTouchIn", struct session_touch_in, session_touch_fields);

SQL(session_update_seen, SQL_TENANT, &session_touch_schema, NULL,
    "UPDATE user_sessions SET last_seen = :now, idle_end = LEAST(:idle_end, absolute_end)"
    " WHERE id = :id AND revoked_at IS NULL AND last_seen <= :unless_since");

bool
session_touch(struct tenant_db *t, const struct uuid *id, instant now, instant idle_end,
    instant unless_since, struct err *e)
{
	const struct session_touch_in in = { now, idle_end, *id, unless_since };

	return db_run(t->db, &session_update_seen, &in, NULL, e);
}

struct session_rotate_in {
	instant     now, idle_end;
	struct uuid id;
	uint64_t    generation;
};
static const struct field session_rotate_fields[] = {
	FIELD(struct session_rotate_in, idle_end, .doc = "Ends when idle."),
	FIELD(struct session_rotate_in, id, .doc = "Session."),
	FIELD(struct session_rotate_in, generation, .doc = "Presented."),
	FIELD(struct session_rotate_in, now, .doc = "Now."),
	FIELD_END,
};
static const struct schema session_rotate_schema =
    SCHEMA("SessionRotateIn", struct session_rotate_in, session_rotate_fields);

SQL(session_update_generation, SQL_TENANT, &session_rotate_schema, NULL,
    "UPDATE user_sessions SET generation = generation + 1, rotated_at = NOW(3), last_seen = :now,"
    " idle_end = LEAST(:idle_end, absolute_end) WHERE id = :id AND generation = :generation"
    " AND revoked_at IS NULL"
    " AND idle_end > :now AND absolute_end > :now");

bool
session_rotate(struct tenant_db *t, const struct uuid *id, uint64_t generation, instant now,
    instant idle_end, bool *rotated, struct err *e)
{
	const struct session_rotate_in in = { now, idle_end, *id, generation };
	uint64_t                       n = 0;

	if (!db_run(t->db, &session_update_generation, &in, &n, e))
		return false;
	*rotated = n == 1;
	return true;
}

struct session_raise_in {
	int64_t     aal;
	instant     now;
	struct uuid id;
};
static const struct field session_raise_fields[] = {
	COLUMN(struct session_raise_in, aal),
	COLUMN(struct session_raise_in, now),
	COLUMN(struct session_raise_in, id),
	FIELD_END,
};
static const struct schema session_raise_schema =
    SCHEMA("SessionRaiseIn", struct session_raise_in, session_raise_fields);

SQL(session_update_raised, SQL_TENANT, &session_raise_schema, NULL,
    "UPDATE user_sessions SET aal = :aal, auth_time = :now, epoch = epoch + 1"
    " WHERE id = :id AND revoked_at IS NULL");

bool
session_raise(struct tenant_db *t, const struct uuid *id, int64_t aal, instant now, bool *raised,
    struct err *e)
{
	const struct session_raise_in in = { aal, now, *id };
	uint64_t                      n = 0;

	if (!db_run(t->db, &session_update_raised, &in, &n, e))
		return false;
	*raised = n == 1;
	return true;
}

struct session_revoke_in {
	instant     now;
	const char *reason;
	struct uuid id;
};
static const struct field session_revoke_fields[] = {
	FIELD(struct session_revoke_in, now, .doc = "Now."),
	FIELD(struct session_revoke_in, reason, .doc = "Why."),
	FIELD(struct session_revoke_in, id, .doc = "Session or user."),
	FIELD_END,
};
static const struct schema session_revoke_schema =
    SCHEMA("SessionRevokeIn", struct session_revoke_in, session_revoke_fields);

SQL(session_update_revoked, SQL_TENANT, &session_revoke_schema, NULL,
    "UPDATE user_sessions SET revoked_at = :now, revoked_reason = :reason, epoch = epoch + 1"
    " WHERE id = :id AND revoked_at IS NULL");
SQL(session_update_all_revoked, SQL_TENANT, &session_revoke_schema, NULL,
    "UPDATE user_sessions SET revoked_at = :now, revoked_reason = :reason, epoch = epoch + 1"
    " WHERE user_id = :id AND revoked_at IS NULL");
SQL(session_update_user_epoch, SQL_TENANT, &id_in, NULL,
    "UPDATE users SET epoch = epoch + 1 WHERE id = :id");

bool
session_revoke(struct tenant_db *t, const struct uuid *id, instant now, const char *reason,
    bool *ended, struct err *e)
{
	const struct session_revoke_in in = { now, reason, *id };
	uint64_t                       n = 0;

	if (!db_run(t->db, &session_update_revoked, &in, &n, e))
		return false;
	*ended = n == 1;
	return true;
}

bool
session_revoke_all(
    struct tenant_db *t, const struct uuid *user, instant now, const char *reason, struct err *e)
{
	const struct session_revoke_in in = { now, reason, *user };
	const struct id_in             who = { *user };

	return db_run(t->db, &session_update_all_revoked, &in, NULL, e) &&
	       db_run(t->db, &session_update_user_epoch, &who, NULL, e);
}

struct session_revoke_but_in {
	instant     now;
	const char *reason;
	struct uuid user_id, kept;
};
static const struct field session_revoke_but_fields[] = {
	COLUMN(struct session_revoke_but_in, now),
	COLUMN(struct session_revoke_but_in, reason),
	COLUMN(struct session_revoke_but_in, user_id),
	COLUMN(struct session_revoke_but_in, kept),
	FIELD_END,
};
static const struct schema session_revoke_but_schema =
    SCHEMA("SessionRevokeButIn", struct session_revoke_but_in, session_revoke_but_fields);

SQL(session_update_others_revoked, SQL_TENANT, &session_revoke_but_schema, NULL,
    "UPDATE user_sessions SET revoked_at = :now, revoked_reason = :reason, epoch = epoch + 1"
    " WHERE user_id = :user_id AND id <> :kept AND revoked_at IS NULL");

bool
session_revoke_but(struct tenant_db *t, const struct uuid *user, const struct uuid *kept,
    instant now, const char *reason, struct err *e)
{
	const struct session_revoke_but_in in = { now, reason, *user, *kept };

	return db_run(t->db, &session_update_others_revoked, &in, NULL, e);
}
