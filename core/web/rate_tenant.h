/*
 * rate_tenant.h - a tenant's own rate limits, from its registry row; for rate.c only.
 *
 * Settings and quota are read once for each text they have: a process keeps
 * what it made of them for the tenants it met last.
 */
#ifndef BSX_WEB_RATE_TENANT_H
#define BSX_WEB_RATE_TENANT_H

#include "core/auth/auth.h"
#include "core/conf/conf.h"

struct tenant_limits;
struct tenant_rates;

struct tenant_limits *tenant_limits_make(TALLOC_CTX *mem); /* NULL: out of memory */

/* NULL: the tenant has none, or cannot be read now. Valid until the next call. */
const struct tenant_rates *tenant_rates_of(
    struct tenant_limits *l, struct auth *a, const struct uuid *tenant);

/* Lowers the rate to what settings.rate_limits say under that name; what would raise it does not
 * count. */
void tenant_rates_lower(const struct tenant_rates *t, const char *name, struct conf_rate *rate);
/* Replaces it by the quota's requests_per_minute and requests_burst, as far as they are given. */
void tenant_rates_quota(const struct tenant_rates *t, struct conf_rate *rate);

#endif
