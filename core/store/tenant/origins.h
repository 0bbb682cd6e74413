/*
 * origins.h - which tenants' settings speak of origins, for preflights, which name no tenant.
 */
#ifndef BSX_STORE_TENANT_ORIGINS_H
#define BSX_STORE_TENANT_ORIGINS_H

#include "core/store/tenant/tenant_db.h"

#define ORIGINS_TENANTS_MAX 10000

struct origins_row {
	char *settings; /* JSON text of an active tenant that has "allowed_origins" somewhere */
};
MUST_USE bool origins_settings(struct database *d, TALLOC_CTX *mem, struct origins_row **rows,
    size_t *n, struct err *e);

#endif
