#include "core/auth/tenant_tag.h"

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

/* Base64url of whole groups of three bytes can be read without what follows. */
bool
tenant_by_token(struct database *d, struct str token, const struct tenant **t, struct err *e)
{
	uint8_t head[TENANT_TAG_LEN + 1];
	size_t  n = 0;

	_Static_assert(sizeof(head) % 3 == 0, "whole groups");
	if (token.n < BASE64URL_LEN(sizeof(head)) ||
	    !base64url_parse(
		(struct str) { token.p, BASE64URL_LEN(sizeof(head)) }, head, sizeof(head), &n))
		return err_set(
		    e, ERR_MISSING, 0, "There is nothing here.", "a token that names no tenant");
	return tenant_by_tag(d, head, t, e);
}

bool
tenant_by_tag(struct database *d, const uint8_t tag[static TENANT_TAG_LEN], const struct tenant **t,
    struct err *e)
{
	char name[PREFIX_LEN + 2 * TENANT_TAG_LEN + 1] = PREFIX;

	hex_print(tag, TENANT_TAG_LEN, name + PREFIX_LEN);
	return tenant_by_schema(d, str_of(name), t, e);
}
