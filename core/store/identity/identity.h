/*
 * identity.h - identity providers of one tenant, and whom they know as which
 * of its users.
 *
 * Errors: ERR_MISSING, ERR_CONFLICT (the name, or the identity, is taken), and
 * those of db.h.
 */
#ifndef BSX_STORE_IDENTITY_IDENTITY_H
#define BSX_STORE_IDENTITY_IDENTITY_H

#include "core/store/tenant/tenant_db.h"

#define PROVIDERS_MAX        20 /* of one tenant */
#define PROVIDER_NAME_MAX    40
#define PROVIDER_CLIENT_MAX  255 /* of client_id */
#define PROVIDER_SECRET_MAX  512
#define IDENTITY_ISSUER_MAX  500
#define IDENTITY_SUBJECT_MAX 255

struct provider {
	struct uuid     id;
	char           *name;            /* [a-z0-9-], part of its addresses */
	char           *kind;            /* "google", "entra", "oidc" */
	char           *client_id;
	struct blob     client_secret;   /* sealed; p == NULL: a public client */
	char           *issuer;          /* NULL: the kind's own */
	char           *entra_tenant_id; /* lower case; NULL: none */
	struct strings  allowed_domains; /* lower case */
	struct raw_json role_map;        /* object: group to role */
	bool            auto_provision, trust_mfa;
	struct raw_json claims;                /* where they stand: core/auth/oidc/claim_names; no text: the usual ones */
	struct strings  authorized_parties;    /* further client ids that may stand in `azp` */
	struct strings  mfa_acr, mfa_amr;      /* what counts as a second factor, with trust_mfa */
	char           *absent_roles;          /* "keep", "remove": stored roles of whom it tells no groups */
	bool            assume_email_verified; /* where it does not say */
	struct strings  scopes;                /* asked for in addition */
	bool            group_lookup;          /* of Entra: groups beyond the token are asked of Graph */
	bool            own_address;           /* people come back to an address with its id; false: one from before there were such */
	instant         created_at, updated_at;
};

MUST_USE bool provider_add(struct db *db, const struct provider *p, struct err *e);
MUST_USE bool provider_by_id(struct db *db, TALLOC_CTX *mem, const struct uuid *id, struct provider *p,
    struct err *e);
/* The same inside a transaction, at whose end others may change it again. */
MUST_USE bool provider_lock(struct db *db, TALLOC_CTX *mem, const struct uuid *id, struct provider *p,
    struct err *e);
MUST_USE bool provider_by_name(struct db *db, TALLOC_CTX *mem, const char *name, struct provider *p,
    struct err *e);
/* Newest first, after the id `after` (nil: from the newest). */
MUST_USE bool provider_list(struct db *db, TALLOC_CTX *mem, struct page *p, struct err *e);
/*
 * Inside the transaction of what is done by its word: *holds when the row is still the one that was read; until the
 * transaction ends nobody changes or removes it.
 */
MUST_USE bool provider_hold(struct db *db, const struct provider *p, bool *holds, struct err *e);
/* Everything but id and created_at. */
MUST_USE bool provider_set(struct db *db, const struct provider *p, struct err *e);
/* With its identities; what it has begun is ended by provider_end_sessions. ERR_MISSING: no such provider. */
MUST_USE bool provider_drop(struct db *db, const struct provider *p, struct err *e);
/* Ends the sessions that it has opened, and the sign-ins by it that wait for a second factor. */
MUST_USE bool provider_end_sessions(struct db *db, const char *name, const char *reason, instant now,
    struct err *e);

/* One person as a provider knows them. */
struct identity {
	struct uuid provider_id;
	const char *issuer, *subject;
	struct uuid user_id;
	bool        provisioned; /* the provider made the account */
	instant     created_at, last_login;
	instant     unasked_since; /* the first sign-in in a row at which groups told once were not, or could not be asked; 0: they were */
	instant     told_at;       /* when groups were told last of which roles may be left; 0: never */
};

/* Finds the rest by the first three. */
MUST_USE bool identity_find(struct db *db, TALLOC_CTX *mem, struct identity *i, struct err *e);
/* The provider knows anybody.  Inside a transaction: so it is until the end, if nobody is let past provider_lock. */
MUST_USE bool identity_known(struct db *db, const struct uuid *provider, bool *known, struct err *e);
MUST_USE bool identity_add(struct db *db, const struct identity *i, struct err *e);
/* For one whose user is no more. */
MUST_USE bool identity_drop(struct db *db, const struct identity *i, struct err *e);
/* Writes last_login, unasked_since and told_at. */
MUST_USE bool identity_touch(struct db *db, const struct identity *i, struct err *e);

/* Takes a mark; ERR_CONFLICT: it was taken before. */
MUST_USE bool oidc_mark_take(struct db *db, const uint8_t id[static 32], instant expires, struct err *e);
MUST_USE bool oidc_mark_look(struct db *db, const uint8_t id[static 32], bool *taken, struct err *e);

/* A role as a role map names it. */
struct mapped_role {
	struct uuid id;
	char       *name;
	char       *granted; /* permissions, LF between; NULL: none */
};
MUST_USE bool mapped_role_by_name(struct db *db, TALLOC_CTX *mem, const char *name, struct mapped_role *r,
    struct err *e);
#endif
