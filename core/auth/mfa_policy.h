/*
 * mfa_policy.h - which roles must have a second factor.
 *
 * The tenant's setting mfa.required_for says it, and where that is not there
 * (or is no list) the configuration.  The settings are read once with the
 * tenant's registry row.
 */
#ifndef BSX_AUTH_MFA_POLICY_H
#define BSX_AUTH_MFA_POLICY_H

#include "core/base/conf.h"
#include "core/store/tenant_db.h"

bool mfa_policy_requires(const struct conf *c, const struct tenant *t, const char *role);

#endif
