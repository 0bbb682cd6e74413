/*
 * golden_shared.h - templates that the platform shares with every tenant.
 *
 * They stand in the control schema, which the account of a tenant reaches by
 * procedures only: any may list and read them and say which of its configs is
 * bound to one, the platform's alone may publish and withdraw.  All of it runs
 * on the tenant's connection, in its transaction where there is one.  The body
 * is compressed and sealed under a key of the keyring (KEY_GOLDEN) to the
 * template's id and version.
 *
 * Errors: ERR_MISSING, ERR_TOO_LARGE, ERR_IN_USE (withdrawing what configs are
 * bound to), ERR_INTERNAL (a body that does not open), and those of db.h.
 */
#ifndef BSX_STORE_DRIFT_GOLDEN_SHARED_H
#define BSX_STORE_DRIFT_GOLDEN_SHARED_H

#include "core/store/drift/golden.h"

#define GOLDEN_SHARED_MAX (1 << 20) /* bytes of a body, compressed */

/* Compressed and sealed, outside the transaction. */
struct golden_body {
	int64_t     size; /* of the text */
	struct blob sealed;
};
MUST_USE bool golden_seal(struct tenant_db *t, TALLOC_CTX *mem, const struct golden *g,
    struct str text, struct golden_body *out, struct err *e);

/* Publishes `g` or changes it there; `g->revision` is the one it gets. */
MUST_USE bool golden_publish(
    struct db *db, const struct golden *g, const struct golden_body *body, struct err *e);
MUST_USE bool golden_withdraw(struct db *db, const struct uuid *id, struct err *e);

MUST_USE bool golden_shared_list(struct db *db, TALLOC_CTX *mem, struct page *p, struct err *e);
MUST_USE bool golden_shared_head(
    struct db *db, TALLOC_CTX *mem, const struct uuid *id, struct golden *g, struct err *e);
/* Its text; *version is that of the text. */
MUST_USE bool golden_shared_text(struct tenant_db *t, TALLOC_CTX *mem, const struct uuid *id,
    uint64_t *version, struct str *text, struct err *e);

/* This config is bound to a shared template; nil: to none.  ERR_MISSING: it is no longer shared. */
MUST_USE bool golden_use(
    struct db *db, const struct uuid *config, const struct uuid *golden, struct err *e);
/* The same for all bindings of a schema that came from elsewhere; a template that is not shared here is passed over. */
MUST_USE bool golden_use_anew(struct db *db, struct err *e);

#endif
