/* source.h: the kind `canary`, an object of our own that is another at each reading
 * (drift/self/canary.h). */
#include "drift/source/source.h"

static const struct field canary_fields[] = {
	FIELD(struct source_settings, kind, .flags = FIELD_REQUIRED),
	FIELD_END,
};
const struct schema source_canary_schema =
    SCHEMA("DriftSourceCanary", struct source_settings, canary_fields);

/* There is nothing that it could say wrongly. */
static bool
canary_check(TALLOC_CTX *mem, struct source *s, struct err *e)
{
	(void)mem;
	(void)s;
	(void)e;
	return true;
}

const struct source_ops source_canary = {
	.check = canary_check,
	.collect = &source_own_collecting,
	.canary = true,
	.current = true,
};
