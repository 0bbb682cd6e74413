/*
 * database.h - inside of struct database, for the files of core/store that share it.
 */
#ifndef BSX_STORE_TENANT_DATABASE_H
#define BSX_STORE_TENANT_DATABASE_H

#include "core/store/tenant/tenant_db.h"

/* A tenant's data key and address key, as the control schema has them. */
struct tenant_key {
	struct uuid tenant_id;
	uint64_t    version;
	struct blob wrapped; /* sealed under the keyring */
	instant     created_at;
};

/* A registry row read at some moment, and the newest key with it: whoever opens a connection needs both. */
struct registry_entry {
	struct registry_entry *next;
	struct tenant          row;
	struct tenant_key      key;
	bool                   has_key;
	int64_t                read_ns;
	uint32_t               epoch; /* of all rows, before this one was read */
	bool                   old; /* read again since: only kept for who holds it */
};

#define TENANT_KEYS_KEPT 4
/* A tenant's connection and keys; wiped when freed. */
struct tenant_conn {
	struct tenant_conn *next; /* most recently used first */
	struct tenant_db    tdb;
	struct uuid         tenant_id;
	struct database    *owner;
	int64_t             keys_ms; /* when its newest key was read */
	struct seal_key     others[TENANT_KEYS_KEPT]; /* data keys that are not the newest one, version 0: none */
	unsigned            others_n; /* how many came there; the last ones stay */
	uint64_t            turn; /* database.turn when it was handed out last */
};

struct database {
	struct env             env;
	struct db             *control;
	struct registry_entry *registry;
	struct tenant_conn    *conns;
	int64_t                conns_n;
	struct sealed_refusal  refusals[SEALED_REFUSALS];
	unsigned               refusals_n;
	uint64_t               refusals_more;
	uint64_t               turn; /* raised by database_tidy(): what was handed out before is free again */
};

/*
 * A connection to a schema, as a tenant's: under its own account, or the service's where all are of one.  `older`: also by
 * the passwords that it had by former versions of the keyring.
 */
struct db *database_schema(struct database *d, TALLOC_CTX *mem, const char *schema_name, bool older, struct err *e);
/* Where that schema stands, where all are of one account (server/placement.h).  ERR_MISSING: nowhere. */
MUST_USE bool database_place(struct database *d, TALLOC_CTX *mem, const char *schema_name, char **place, struct err *e);
/* Options that all connections of this configuration share. */
struct db_options database_options(const struct env *d);
/* The first line of a file not readable by others; guarded. */
MUST_USE char *database_password_file(TALLOC_CTX *mem, const char *path, struct err *e);

/* Forgets registry rows older than their life; the others stay. */
void registry_tidy(struct database *d);
void registry_forget(struct database *d);
/* What was read of that tenant, and is still young; NULL: nothing. */
const struct registry_entry *registry_have(const struct database *d, const struct uuid *id);

extern const struct schema tenant_key_schema;
/* The data key and the address key, which are bound to the tenant. */
MUST_USE bool tenant_key_unwrap(struct database *d, const struct tenant_key *k, struct seal_key *data,
    uint8_t address[static KEY_LEN], struct err *e);

/* The data key and the address key, unwrapped; version 0: the newest. */
MUST_USE bool tenant_keys_load(struct database *d, const struct uuid *tenant, uint32_t version,
    struct seal_key *data, uint8_t address[static KEY_LEN], struct err *e);
/* What a wrapped pair is bound to: the tenant. */
MUST_USE char *tenant_keys_place(TALLOC_CTX *mem, const struct uuid *tenant, struct err *e);
/* Makes and stores version 1 when the tenant has none. */
MUST_USE bool tenant_keys_ensure(struct database *d, const struct uuid *tenant, struct err *e);

/* The first keys of a tenant that has none: a data key made now, and that address key.  ERR_CONFLICT: it has some. */
MUST_USE bool tenant_keys_import(struct database *d, const struct uuid *tenant, const uint8_t address[static KEY_LEN], struct err *e);

#endif
