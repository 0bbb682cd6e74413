/*
 * keys.h - signing keys in bsx.signing_keys, private halves sealed.
 */
#ifndef BSX_STORE_IDENTITY_KEYS_H
#define BSX_STORE_IDENTITY_KEYS_H

#include "core/crypt/token.h"
#include "core/store/tenant/tenant_db.h"

/* All keys that may verify (states "next", "active", "retired" not yet past retire_at); *active is the signing one. */
MUST_USE struct token_keys *signing_keys_load(struct database *d, TALLOC_CTX *mem, const struct token_key **active, struct err *e);
/* To what a private half is bound. */
MUST_USE char *signing_key_place(TALLOC_CTX *mem, struct str kid, struct err *e);
/* Makes and stores a key in state "active" when there is none. */
MUST_USE bool signing_keys_ensure(struct database *d, struct err *e);

/*
 * The turn of keys: next -> active -> retired.  The active key's row names its
 * successor, which is made (and published) at once and signs much later.  Any
 * number of processes may call these at the same time: each step is done once,
 * and by the database's clock.
 */
struct signing_turn {
	char   *active;      /* kid */
	char   *successor;   /* kid; NULL: not made yet */
	int64_t active_s;    /* so long the active one has been signing */
	int64_t published_s; /* so long the successor has been published; -1: there is none */
};
/* ERR_MISSING: there is no active key. */
MUST_USE bool signing_turn_get(struct database *d, TALLOC_CTX *mem, struct signing_turn *out, struct err *e);
/* Makes the successor of that active key, unless somebody has. */
MUST_USE bool signing_turn_prepare(struct database *d, const char *active, struct err *e);
/* The successor signs from now on; the active one verifies for keep_s more.  Nothing, when somebody was first. */
MUST_USE bool signing_turn_make(struct database *d, const struct signing_turn *t, int64_t keep_s, struct err *e);
/* Keys that no token can need any more are gone for good. */
MUST_USE bool signing_keys_drop_ended(struct database *d, struct err *e);

/* Turns that are not in the audit log yet; audit_id is the id of the entry to be, made with the turn. */
struct signing_turned {
	char       *kid;
	struct uuid audit_id;
	char       *retired; /* kid of the key before; "" when it is gone */
};
MUST_USE bool signing_turned_get(struct database *d, TALLOC_CTX *mem, struct signing_turned **list, size_t *n, struct err *e);
MUST_USE bool signing_turned_audited(struct database *d, const struct signing_turned *t, struct err *e);

#endif
