#include "core/auth/tag.h"

#include <string.h>

#define PREFIX     "bsxt"
#define PREFIX_LEN (sizeof(PREFIX) - 1)

bool
tenant_tag(const struct tenant *t, uint8_t tag[static TENANT_TAG_LEN], struct err *e)
{
	struct str name = str_of(t->schema_name);

	if (str_starts(name, PREFIX) &&
	    hex_parse(
		(struct str) { name.p + PREFIX_LEN, name.n - PREFIX_LEN }, tag, TENANT_TAG_LEN))
		return true;
	return err_set(e, ERR_INTERNAL, 0, "internal error", "schema %s has no number in its name",
	    t->schema_name);
}

bool
tenant_by_tag(struct database *d, const uint8_t tag[static TENANT_TAG_LEN], const struct tenant **t,
    struct err *e)
{
	char name[PREFIX_LEN + 2 * TENANT_TAG_LEN + 1] = PREFIX;

	hex_print(tag, TENANT_TAG_LEN, name + PREFIX_LEN);
	return tenant_by_schema(d, str_of(name), t, e);
}
