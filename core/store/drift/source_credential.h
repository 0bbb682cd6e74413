/*
 * source_credential.h - what a config's source shows to whom it asks, sealed.
 *
 * Configs that show the same to the same have one digest.
 *
 * Errors: those of db.h.
 */
#ifndef BSX_STORE_DRIFT_SOURCE_CREDENTIAL_H
#define BSX_STORE_DRIFT_SOURCE_CREDENTIAL_H

#include "core/store/tenant/tenant_db.h"

#define CREDENTIAL_PLACE(config) ((struct sealed_place) { "source_credentials", "secret", (config) })
#define CREDENTIAL_MAX           ((size_t)32 << 10) /* bytes of one, before it is sealed */

struct source_credential {
	struct uuid config_id;
	struct blob secret; /* sealed */
	struct blob digest; /* 32 bytes */
	instant     ends_at; /* 0: nobody knows */
};

MUST_USE bool credential_put(struct db *db, const struct source_credential *c, struct err *e); /* the only one of its config */
MUST_USE bool credential_drop(struct db *db, const struct uuid *config, struct err *e);
/* *there false: it has none. */
MUST_USE bool credential_by_config(struct db *db, TALLOC_CTX *mem, const struct uuid *config,
    struct source_credential *c, bool *there, struct err *e);

#endif
