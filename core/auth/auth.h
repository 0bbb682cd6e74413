/*
 * auth.h - what the rules of identity work with, handed in by main.
 */
#ifndef BSX_AUTH_AUTH_H
#define BSX_AUTH_AUTH_H

#include "core/base/cidr.h"
#include "core/conf/conf.h"
#include "core/crypt/token.h"
#include "core/net/fetch.h"
#include "core/shm/cache.h"
#include "core/shm/permit.h"
#include "core/store/identity/keys.h"
#include "core/store/tenant/tenant_db.h"

struct auth {
	const struct env       *env;
	struct permits         *permits;  /* NULL in the admin tool: hashes allocate for themselves */
	struct database        *database;
	struct token_keys      *keys;     /* loaded on first use; see auth_keys() */
	const struct token_key *signing;
	int64_t                 keys_loaded_ms;
	struct settings_cache  *settings; /* made on first use; see settings_of() */
	const struct guard     *guard;    /* NULL in the admin tool: it asks no provider */
	struct fetch           *fetch;    /* NULL in the admin tool; see auth_fetch() */
};

/* Loads the signing keys if they are not loaded (or `again` and the last load is older than 5 s). */
MUST_USE bool auth_keys(struct auth *a, bool again, struct err *e);

/* Into the lane of that kind of long work (core/shm/permit.h); ERR_BUSY: it is full. */
MUST_USE bool auth_lane(struct auth *a, enum lane lane, struct err *e);

/* A core to hash a password on, kept in `permit` until permit_give(); ERR_BUSY, ERR_GONE. */
MUST_USE bool auth_permit(struct auth *a, struct permit *permit, struct err *e);

/* For requests to identity providers, through the guard.  NULL: *e says why. */
MUST_USE struct fetch *auth_fetch(struct auth *a, struct err *e);

#endif
