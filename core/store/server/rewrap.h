/*
 * rewrap.h - what the control schema and its server have of the keyring: which version wraps how much, and all of it by the
 * newest one.
 *
 * Wrapped are the tenants' data keys, the private halves of signing keys, and templates that are shared with every tenant;
 * the passwords of the accounts are derived from it.  Each row is changed only while it is what was read, a page in a
 * transaction, so that any number may do it at once, and others go on working: whoever reads meanwhile has the version before
 * or the newest, and a keyring that has both.  Killed anywhere, it is called again and does what is left.
 *
 * Errors: ERR_INTERNAL: a row does not open (its version is not in the keyring, or it was changed); ERR_GONE: it was stopped;
 * those of db.h.
 */
#ifndef BSX_STORE_SERVER_REWRAP_H
#define BSX_STORE_SERVER_REWRAP_H

#include "core/store/server/provision.h"

/* One line for each kind and version that there is. */
struct wrapped {
	const char *what; /* "tenant_keys", "signing_keys", "golden_shared" */
	uint64_t    version;
	int64_t     rows;
};
MUST_USE bool rewrap_count(struct database *d, TALLOC_CTX *mem, struct wrapped **list, size_t *n, struct err *e);

struct rewrap_at {
	const char *what; /* as above, or "accounts" */
	int64_t     done, total;
};
struct rewrap_watch {
	bool (*at)(void *arg, const struct rewrap_at *at); /* true: stop */
	void *arg;
};
/* All rows that are not of the newest version; *done: so many. */
MUST_USE bool rewrap_rows(struct database *d, const struct rewrap_watch *w, int64_t *done, struct err *e);

/*
 * The accounts of tenants and of the pool, each that does not let in the password of the newest version; `set` gives it that
 * password, which the sessions that are open outlive.  *behind: so many were.
 */
MUST_USE bool rewrap_accounts(const struct provision *p, const struct rewrap_watch *w, bool set, int64_t *behind,
    struct err *e);

#endif
