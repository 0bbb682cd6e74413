/* session.h: wrong proofs, counted by session. */
#include "core/store/identity/session.h"

struct session_try_in {
	struct uuid id;
	int64_t     max;
};
static const struct field session_try_fields[] = {
	COLUMN(struct session_try_in, id),
	COLUMN(struct session_try_in, max),
	FIELD_END,
};
static const struct schema session_try_schema =
    SCHEMA("SessionTryIn", struct session_try_in, session_try_fields);
static const struct field session_of_fields[] = {
	COLUMN(struct session_try_in, id),
	FIELD_END,
};
static const struct schema session_of_schema =
    SCHEMA("SessionOfIn", struct session_try_in, session_of_fields);

SQL(session_update_try, SQL_TENANT, &session_try_schema, NULL,
    "UPDATE user_sessions SET wrong_proofs = wrong_proofs + 1"
    " WHERE id = :id AND revoked_at IS NULL AND wrong_proofs < :max");
SQL(session_update_untry, SQL_TENANT, &session_of_schema, NULL,
    "UPDATE user_sessions SET wrong_proofs = wrong_proofs - 1 WHERE id = :id AND wrong_proofs > 0");
SQL(session_update_no_tries, SQL_TENANT, &session_of_schema, NULL,
    "UPDATE user_sessions SET wrong_proofs = 0 WHERE id = :id AND wrong_proofs > 0");

bool
session_try(struct tenant_db *t, const struct uuid *id, bool *may, struct err *e)
{
	const struct session_try_in in = { *id, SESSION_TRIES };
	uint64_t                    n = 0;

	if (!db_run(t->db, &session_update_try, &in, &n, e))
		return false;
	*may = n == 1;
	return true;
}

bool
session_untry(struct tenant_db *t, const struct uuid *id, struct err *e)
{
	const struct session_try_in in = { .id = *id };

	return db_run(t->db, &session_update_untry, &in, NULL, e);
}

bool
session_forget_tries(struct tenant_db *t, const struct uuid *id, struct err *e)
{
	const struct session_try_in in = { .id = *id };

	return db_run(t->db, &session_update_no_tries, &in, NULL, e);
}

struct session_worn_in {
	instant     now;
	struct uuid id;
	int64_t     max;
};
static const struct field session_worn_fields[] = {
	COLUMN(struct session_worn_in, now),
	COLUMN(struct session_worn_in, id),
	COLUMN(struct session_worn_in, max),
	FIELD_END,
};
static const struct schema session_worn_schema =
    SCHEMA("SessionWornIn", struct session_worn_in, session_worn_fields);

SQL(session_update_worn, SQL_TENANT, &session_worn_schema, NULL,
    "UPDATE user_sessions SET revoked_at = :now, revoked_reason = 'wrong_proofs', epoch = epoch + 1"
    " WHERE id = :id AND revoked_at IS NULL AND wrong_proofs >= :max");

bool
session_revoke_worn(
    struct tenant_db *t, const struct uuid *id, instant now, bool *ended, struct err *e)
{
	const struct session_worn_in in = { now, *id, SESSION_TRIES };
	uint64_t                     n = 0;

	if (!db_run(t->db, &session_update_worn, &in, &n, e))
		return false;
	*ended = n == 1;
	return true;
}
