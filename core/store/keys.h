/*
 * keys.h - signing keys in bsx.signing_keys, private halves sealed.
 */
#ifndef BSX_STORE_KEYS_H
#define BSX_STORE_KEYS_H

#include "core/crypt/token.h"
#include "core/store/tenant_db.h"

/* All keys that may verify (states "next", "active", "retired" not yet past retire_at); *active is the signing one. */
MUST_USE struct token_keys *signing_keys_load(struct database *d, TALLOC_CTX *mem, const struct token_key **active, struct err *e);
/* Makes and stores a key in state "active" when there is none. */
MUST_USE bool signing_keys_ensure(struct database *d, struct err *e);

#endif
