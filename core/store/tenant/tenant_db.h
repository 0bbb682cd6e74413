/*
 * tenant_db.h - tenant as a type.
 *
 * What touches tenant data takes a struct tenant_db; there is no call without
 * it.  It is a connection under the tenant's own account, which has DML on its
 * own schema and EXECUTE on the definer procedures of the control schema, and
 * nothing else: isolation is MariaDB's.  The account's password is derived from
 * the keyring, never stored.
 */
#ifndef BSX_STORE_TENANT_TENANT_DB_H
#define BSX_STORE_TENANT_TENANT_DB_H

#include "core/conf/conf.h"
#include "core/base/env.h"
#include "core/crypt/keyring.h"
#include "core/crypt/seal.h"
#include "core/store/page.h"

/* A row of the registry bsx.tenants. */
struct tenant {
	struct uuid     id;
	char           *slug;          /* [a-z0-9][a-z0-9-]{0,61}[a-z0-9] */
	char           *name;
	char           *schema_name;   /* "bsxt" + 16 hex digits; also the account's name */
	char           *status;        /* "provisioning", "active", "suspended", "deleting" (until erase_at), "erasing" */
	struct raw_json settings;      /* text only; auth/settings.h reads it */
	char           *settings_pending; /* what waits for a second person (auth/settings_second.h), JSON; "": nothing */
	struct raw_json quota;
	int64_t         schema_version;
	instant         created_at;
	char           *status_reason; /* why it is suspended or deleted, of what it is made; "" */
	instant         status_at, erase_at; /* since when it is so; 0: since it was made.  When it is erased; 0: it is not */
	struct uuid     erase_op;      /* the operation that does */
};
extern const struct schema tenant_schema;
/* Its schema and account are there, and stay for now: "active", "suspended" or "deleting". */
bool tenant_stands(const struct tenant *t);

struct tenant_db {
	const struct tenant *tenant;
	struct db           *db;
	struct seal_key      data_key;  /* newest data key: seals; older ones by tenant_db_key() */
	uint8_t              address_key[KEY_LEN]; /* HMAC key of content addresses, value hashes, masks */
	struct rand         *rand;      /* of what is sealed */
};

/*
 * All of a process's connections: the control one and at most
 * conf->db_tenant_connections tenants, least recently used closed first.
 */
struct database;
MUST_USE struct database *database_make(TALLOC_CTX *mem, const struct env *env, struct err *e); /* env is copied */
struct db *database_control(struct database *d);
/* Between requests: closes what is idle beyond db.idle_s. */
void       database_tidy(struct database *d);
void       database_close_all(struct database *d);

/*
 * Registry rows, cached in this process for 2 s, or until a process of this host
 * has changed one (tenant_forget).  ERR_MISSING: none such.  The row stays valid
 * until the next database_tidy().
 */
MUST_USE bool tenant_by_slug(struct database *d, struct str typed, const struct tenant **t, struct err *e);
/*
 * The form in which slugs are kept and compared, of one as it was typed (unicode_identifier).  tenant_by_slug
 * does so itself; for who counts by a slug, or makes one.  ERR_INVALID: no UTF-8.
 */
MUST_USE bool tenant_slug(TALLOC_CTX *mem, struct str typed, const char **slug, struct err *e);
MUST_USE bool tenant_by_id(struct database *d, const struct uuid *id, const struct tenant **t, struct err *e);
MUST_USE bool tenant_by_schema(struct database *d, struct str schema_name, const struct tenant **t, struct err *e);

/* The next tenants in order of making, after the one with that id (nil: from the first); *n < TENANT_PAGE: no more. */
#define TENANT_PAGE 200
MUST_USE bool tenant_list(struct database *d, TALLOC_CTX *mem, const struct uuid *after,
    struct tenant **list, size_t *n, struct err *e);

/*
 * A walk of driftd over all tenants, a page at a time: calls `fn` with each of the next TENANT_PAGE tenants after
 * *after (nil: from the first), which moves on; *ended: those were the last.  `over`, where there is one, is asked behind
 * each: true, the page ends there.  What fails in one tenant is for `fn` to
 * log; its connection, and what it makes in `mem`, lasts as long as the call.
 */
struct tenant_visit {
	void (*fn)(const struct tenant *row, TALLOC_CTX *mem, void *arg);
	void *arg;
	bool (*over)(void *arg);
};
MUST_USE bool tenant_walk(struct database *d, const struct tenant_visit *v, struct uuid *after, bool *ended,
    struct err *e);

/* For answers: newest first. */
MUST_USE bool tenant_page(struct database *d, TALLOC_CTX *mem, struct page *p, struct err *e);

/* After a change of a row: the processes of this host read the registry again (others do within 2 s). */
void tenant_forget(struct database *d);

/*
 * Inside a transaction of the tenant's own connection: its name and settings, and what waits.  ERR_CONFLICT: the settings are
 * no longer `was`, or that is not.
 */
struct tenant_said {
	const char *name, *settings, *was;
	const char *pending, *pending_was;
};
MUST_USE bool tenant_set(struct tenant_db *t, const struct tenant_said *in, struct err *e);
/*
 * Inside a transaction of the platform's connection, another tenant's turn to "active" or "suspended" (from each other),
 * "deleting" (from these, and from an unfinished one that nobody makes: `op` carries it out, grace_s from now; nil where it
 * is "deleting" already: it is erased so soon, if that is earlier), or "back" (from "deleting" to what it was; its operation
 * is asked to end).  ERR_CONFLICT: not from what it is now, or it is the platform itself.
 */
struct tenant_turn {
	struct uuid id;
	const char *to, *reason;
	int64_t     grace_s;
	struct uuid op;
};
MUST_USE bool tenant_turn(struct tenant_db *platform, const struct tenant_turn *in, struct err *e);
/* The same: what it allows any tenant (quota.h).  ERR_CONFLICT: it is no longer `was`. */
MUST_USE bool tenant_set_quota(struct tenant_db *platform, const struct uuid *id, const char *quota, const char *was,
    struct err *e);

/* The tenant's connection; status must be "active" unless any_status. Valid until database_tidy(). */
#define TENANT_KEYS_MS 60000 /* what was read of its data keys is read again after this */
MUST_USE bool tenant_db_open(struct database *d, const struct tenant *t, bool any_status,
    struct tenant_db **tdb, struct err *e);

/* Its newest data key, now.  ERR_MISSING: it has none any more. */
MUST_USE bool tenant_db_fresh(struct tenant_db *tdb, struct err *e);

/* The key of the templates that are shared with every tenant (golden_shared.h); version 0: the newest. */
MUST_USE bool tenant_golden_key(const struct tenant_db *tdb, uint32_t version, struct seal_key *out, struct err *e);
/* To what such a body is bound: one of another version of the template does not open in this one's place. */
MUST_USE char *tenant_golden_place(TALLOC_CTX *mem, const struct uuid *id, uint64_t version, struct err *e);

/* Seals and opens with the tenant's data key, for one place: what was moved to another one does not open. */
struct sealed_place {
	const char        *table, *column;
	const struct uuid *row;
};
/*
 * What did not open since it was asked last, by whatever road: who writes to the database beside us has moved or changed it.
 * Each place once, the first SEALED_REFUSALS of them; `more` were others.  False: there is none (any more).
 * core/auth/sealed_refused.h puts them into the trail.
 */
#define SEALED_REFUSALS 8
struct sealed_refusal {
	struct uuid tenant, row;
	char        table[32], column[32];
	uint64_t    more;
};
bool database_refusal(struct database *d, struct sealed_refusal *out);

MUST_USE bool tenant_seal(struct tenant_db *t, TALLOC_CTX *mem, struct sealed_place place, struct str plain,
    struct blob *sealed, struct err *e);
MUST_USE bool tenant_open(struct tenant_db *t, TALLOC_CTX *mem, struct sealed_place place, struct blob sealed,
    struct str *plain, struct err *e);

#endif
