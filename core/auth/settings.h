/*
 * settings.h - what a tenant decides for itself, with the configuration's word
 * where it says nothing.
 *
 * The tenant's settings are a JSON object, read once with its registry row; a
 * member of a wrong type counts as not there.
 */
#ifndef BSX_AUTH_SETTINGS_H
#define BSX_AUTH_SETTINGS_H

#include "core/base/conf.h"
#include "core/store/tenant_db.h"

/* Users of that role must have a second factor: mfa.required_for of the tenant, else of the configuration. */
bool settings_mfa_required(const struct conf *c, const struct tenant *t, const char *role);

#endif
