/*
 * apikey.h - API keys of one tenant.
 *
 * The secret is not in the table: only its HMAC under the keyring.  A personal
 * key ends with the user who made it; a service key belongs to the tenant and
 * ends on its day.
 */
#ifndef BSX_STORE_IDENTITY_APIKEY_H
#define BSX_STORE_IDENTITY_APIKEY_H

#include "core/store/tenant/tenant_db.h"

struct api_key {
	struct uuid    id;
	char          *name;
	char          *prefix;            /* the first characters, to recognise it by */
	struct blob    secret_hash;       /* 32 bytes */
	int64_t        pepper;            /* the version of the keyring that it is by; 0: nobody knows */
	char          *kind;              /* KEY_PERSONAL, KEY_SERVICE */
	bool           administrative;    /* may change users, roles, keys, tenants and settings: service keys only */
	struct strings scopes;
	struct strings config_ids;        /* pushes to these drift configs, and does nothing else; empty: not bound */
	struct strings allowed_addresses; /* empty: from everywhere */
	struct uuid    created_by;        /* nil: the system */
	bool           orphaned;          /* set by the readers: who made it is gone or disabled */
	bool           converted;         /* it was made before there were kinds */
	instant        created_at;
	instant        expires_at;        /* 0: never */
	instant        last_used_at;      /* 0: never */
	int64_t        told_days;         /* its end was announced that many days before; 0: not yet */
	char          *granted;           /* what its maker may do now, LF between: api_key_by_id() only */
	instant        roles_end;         /* when the first of its maker's roles ends; 0: none does: the same */
	const char    *key;               /* the whole key: in the answer to its making only */
};
#define KEY_PERSONAL    "personal"
#define KEY_SERVICE     "service"
#define KEY_CONFIGS_MAX 16  /* config_ids of a key: they stand in the caller cache */
#define KEY_DAYS_MAX    400 /* how far ahead a service key may end */
extern const struct schema api_key_schema;

/* Only keys that are not revoked are found; expiry and an orphaned personal one are the reader's to check. */
MUST_USE bool api_key_by_id(struct tenant_db *t, TALLOC_CTX *mem, const struct uuid *id, struct api_key *k, struct err *e);
/* Service keys of that name which count at that time, newest first: *list is an array of *n, KEYS_NAMED_MAX at most. */
#define KEYS_NAMED_MAX 20
MUST_USE bool api_key_named(struct tenant_db *t, TALLOC_CTX *mem, const char *name, instant now, struct api_key **list,
    size_t *n, struct err *e);
struct api_key_filter {
	struct uuid created_by; /* nil: anybody */
	bool        odd;        /* only those that were converted or are orphaned */
};
/* Newest first. */
MUST_USE bool api_key_list(struct tenant_db *t, TALLOC_CTX *mem, const struct api_key_filter *f,
    struct page *p, struct err *e);
MUST_USE bool api_key_add(struct tenant_db *t, const struct api_key *k, struct err *e);
MUST_USE bool api_key_count_personal(struct tenant_db *t, const struct uuid *maker, uint64_t *n, struct err *e);
/* All personal keys of a user who is leaving. */
MUST_USE bool api_key_revoke_personal(struct tenant_db *t, const struct uuid *maker, instant now, struct err *e);
/* ERR_MISSING: no such key, or it is revoked already. */
MUST_USE bool api_key_revoke(struct tenant_db *t, const struct uuid *id, instant now, struct err *e);
/* The hash of the same secret by another version, while it is still the one that was read. */
MUST_USE bool api_key_rehash(struct tenant_db *t, const struct api_key *k, struct blob hash, int64_t pepper, struct err *e);
/* Notes the use unless one since `unless_since` is noted. */
MUST_USE bool api_key_touch(struct tenant_db *t, const struct uuid *id, instant now, instant unless_since, struct err *e);

/* What becomes of a user's keys by a change of the user; members are those of the answer. */
struct key_brief {
	struct uuid id;
	const char *name, *prefix;
};
struct key_effects {
	struct items ended;    /* of struct key_brief: personal keys */
	struct items narrowed; /* personal keys that may do less now */
	struct items orphaned; /* service keys, which go on */
	bool         more;     /* there are more than are named here */
};
extern const struct schema key_effects_schema;

/* Service keys that end within `days` from now and of which that has not been told yet, soonest first. */
MUST_USE bool api_key_ending(struct tenant_db *t, TALLOC_CTX *mem, instant now, int64_t days,
    struct page *p, struct err *e);
/* Marks that it is told `days` before; *first: nobody has done so yet. */
MUST_USE bool api_key_tell(struct tenant_db *t, const struct uuid *id, int64_t days, bool *first, struct err *e);

#endif
