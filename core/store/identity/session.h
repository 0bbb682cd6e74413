/*
 * session.h - sessions of one tenant's users: one row is one refresh-token
 * family.
 *
 * Times of life come from the caller's clock; the grace of a rotation is
 * measured by the database's.
 */
#ifndef BSX_STORE_IDENTITY_SESSION_H
#define BSX_STORE_IDENTITY_SESSION_H

#include "core/store/tenant/tenant_db.h"

struct session_row {
	struct uuid id;
	struct uuid user_id;
	instant     auth_time;
	int64_t     aal;
	const char *provider;     /* "password" or an identity provider's name */
	instant     idle_end;
	instant     absolute_end;
	const char *address;
	const char *user_agent;   /* valid UTF-8, <= 400 bytes */
	instant     last_seen;
	instant     created_at;
};

/* What makes a caller: session, user and rights, read at once. */
struct session_caller {
	struct uuid user_id;
	instant     auth_time;
	int64_t     aal;
	instant     idle_end, absolute_end, last_seen;
	instant     revoked_at;   /* 0: not */
	uint64_t    generation;
	int64_t     rotated_ago_s; /* since the last rotation, by the database's clock; -1: never */
	uint64_t    epoch;        /* of the session and the user together */
	char       *email, *display_name, *status;
	bool        two_factor;
	bool        has_password;
	instant     last_login, created_at;
	char       *role_names, *granted; /* as in struct user */
	instant     roles_end;    /* as there */
	instant     began_at;     /* of the session; 0: not known */
};

/* What may have changed about a caller since it was read. */
struct session_state {
	uint64_t epoch;
	instant  last_seen;
	instant  idle_end;
};

MUST_USE bool session_add(struct tenant_db *t, const struct session_row *s, struct err *e);
/* ERR_MISSING: no such session. */
MUST_USE bool session_caller_by_id(struct tenant_db *t, TALLOC_CTX *mem, const struct uuid *id,
    struct session_caller *s, struct err *e);
/* ERR_MISSING: there is none, it was revoked, or its user is not active. */
MUST_USE bool session_state_by_id(struct tenant_db *t, TALLOC_CTX *mem, const struct uuid *id,
    struct session_state *s, struct err *e);
/* Moves last_seen and idle_end (never past absolute_end) unless it was seen since `unless_since`. */
MUST_USE bool session_touch(struct tenant_db *t, const struct uuid *id, instant now, instant idle_end,
    instant unless_since, struct err *e);
/* Generation g to g + 1; *rotated: false when it is not g any more, or the session has ended. */
MUST_USE bool session_rotate(struct tenant_db *t, const struct uuid *id, uint64_t generation, instant now,
    instant idle_end, bool *rotated, struct err *e);
/* The user has proved again who it is, at that level; *raised: false when the session has ended. */
MUST_USE bool session_raise(struct tenant_db *t, const struct uuid *id, int64_t aal, instant now, bool *raised,
    struct err *e);
/* *ended: false when it was revoked before. */
MUST_USE bool session_revoke(struct tenant_db *t, const struct uuid *id, instant now, const char *reason,
    bool *ended, struct err *e);
/* All of a user's; with the user's epoch, so that other hosts learn of it by one look. */
MUST_USE bool session_revoke_all(struct tenant_db *t, const struct uuid *user, instant now, const char *reason,
    struct err *e);
/* All of a user's but that one; the user's epoch is the caller's to raise. */
MUST_USE bool session_revoke_but(struct tenant_db *t, const struct uuid *user, const struct uuid *kept,
    instant now, const char *reason, struct err *e);

/* ---- session_tries.c: passwords and codes that are shown through a session ---- */

#define SESSION_TRIES 5 /* wrong in a row, then it ends */

/*
 * Counts one before it is looked at, so that none is lost when many come at once.  *may: false when
 * the session has ended, or bears no more.
 */
MUST_USE bool session_try(struct tenant_db *t, const struct uuid *id, bool *may, struct err *e);
/* It was right, or could not be looked at: this one does not count. */
MUST_USE bool session_untry(struct tenant_db *t, const struct uuid *id, struct err *e);
/* A right one was taken: those before it do not count any more. */
MUST_USE bool session_forget_tries(struct tenant_db *t, const struct uuid *id, struct err *e);
/* Revokes it if it bears no more; *ended: false when it does, or was revoked before. */
MUST_USE bool session_revoke_worn(
    struct tenant_db *t, const struct uuid *id, instant now, bool *ended, struct err *e);

/* ---- session_list.c ---- */

/* A session as its user sees it; members are those of its answer. */
struct session_item {
	struct uuid id;
	instant     created_at, last_seen;
	char       *address, *user_agent, *provider;
	int64_t     aal;
	instant     idle_expires_at, absolute_expires_at;
	bool        current; /* set by the reader */
};
extern const struct schema session_item_schema;

/* Those that have not ended at `now`, newest first, after the id `after` (nil: from the newest). */
MUST_USE bool session_list(struct tenant_db *t, TALLOC_CTX *mem, const struct uuid *user, instant now,
    struct page *p, struct err *e);
/* ERR_MISSING: no such session, or it was revoked. */
MUST_USE bool session_owner(struct tenant_db *t, const struct uuid *id, struct uuid *user, struct err *e);
/*
 * No session of the tenant lasts longer than this from its beginning, or its last use; those that are
 * changed by it get a new epoch, so that other hosts learn of it.
 */
MUST_USE bool session_shorten(struct tenant_db *t, int64_t idle_s, int64_t absolute_s, instant now, struct err *e);

#endif
