/*
 * tenant_tag.h - the 8 bytes with which an opaque token names its tenant: the number
 * in the name of the tenant's schema.
 */
#ifndef BSX_AUTH_TENANT_TAG_H
#define BSX_AUTH_TENANT_TAG_H

#include "core/store/tenant/tenant_db.h"

#define TENANT_TAG_LEN 8

/* ERR_INTERNAL: the schema's name has another form. */
MUST_USE bool tenant_tag(const struct tenant *t, uint8_t tag[static TENANT_TAG_LEN], struct err *e);
/* ERR_MISSING: none such. */
MUST_USE bool tenant_by_tag(struct database *d, const uint8_t tag[static TENANT_TAG_LEN],
    const struct tenant **t, struct err *e);

/* Of a token that begins with the tag, whatever the rest is worth.  ERR_MISSING: it names none. */
MUST_USE bool tenant_by_token(
    struct database *d, struct str token, const struct tenant **t, struct err *e);

#endif
