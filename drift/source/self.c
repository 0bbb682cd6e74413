/* source.h: the kind `self`, which is read from the tenant's own tables (drift/self). */
#include "drift/source/source.h"

static const struct field self_fields[] = {
	FIELD(struct source_settings, kind, .flags = FIELD_REQUIRED),
	FIELD_END,
};
const struct schema source_self_schema =
    SCHEMA("DriftSourceSelf", struct source_settings, self_fields);

/* There is nothing that it could say wrongly. */
static bool
self_check(TALLOC_CTX *mem, struct source *s, struct err *e)
{
	(void)mem;
	(void)s;
	(void)e;
	return true;
}

/* What the routes of all that drift/self reads ask for: of keys, channels, providers, roles,
 * settings and users. */
static const char *const self_needs[] = { "read:api_keys", "read:channels", "read:settings",
	"read:roles", "read:tenants", "read:users", NULL };

const struct source_ops source_self = {
	.needs = self_needs,
	.check = self_check,
	.collect = &source_own_collecting,
	.trail = true,
	.current = true,
};
