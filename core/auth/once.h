/*
 * once.h - what a client makes once for each of its Idempotency-Keys: the second time it gets what the first has made.
 *
 * The key is its sender's own, and stands for one body.
 */
#ifndef BSX_AUTH_ONCE_H
#define BSX_AUTH_ONCE_H

#include "core/auth/deed.h"
#include "core/base/hash.h"
#include "core/store/tenant/idempotency.h"

struct once {
	const char        *kind;  /* what is made, e.g. "user" */
	const char        *key;   /* NULL: none came */
	struct str         body;  /* as it came: what the key stands for */
	struct idempotency mark;
	uint8_t            mac[HASH_LEN];
};

/* Fills the mark of what is going to be made. */
void once_begin(struct once *o, const struct deed_by *by, const struct uuid *made, instant now);
/*
 * *found: it was made before, as *made.  ERR_CONFLICT: with another body.
 */
MUST_USE bool once_find(
    const struct once *o, const struct deed_by *by, bool *found, struct uuid *made, struct err *e);
/* In the transaction that makes it.  ERR_CONFLICT (1062): used meanwhile, so look again. */
MUST_USE bool once_mark(const struct once *o, const struct deed_by *by, struct err *e);

#endif
