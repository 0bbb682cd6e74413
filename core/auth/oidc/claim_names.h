/*
 * claim_names.h - where a provider puts what we ask of a person, and finding it
 * there.  Pure.
 *
 * A name is, in this order: with "/" in front a JSON Pointer (RFC 6901); the
 * claim that is called exactly so (namespaced ones such as
 * "https://example.com/roles" and "cognito:groups" are); with dots the path to
 * it ("realm_access.roles").
 */
#ifndef BSX_AUTH_OIDC_CLAIM_NAMES_H
#define BSX_AUTH_OIDC_CLAIM_NAMES_H

#include "core/json/schema.h"

#define CLAIM_NAME_MAX 200 /* bytes */

/* As configured; NULL: the claim of that name, as OpenID Connect and the kind have it. */
struct claim_names {
	const char *email, *email_verified, *name, *groups, *roles;
};
extern const struct schema claim_names_schema;

/* The stored object; no text: all are NULL. */
MUST_USE bool claim_names_read(TALLOC_CTX *mem, struct raw_json stored, struct claim_names *out, struct err *e);
/* The object to be stored; no text when all are NULL. */
MUST_USE bool claim_names_print(TALLOC_CTX *mem, const struct claim_names *in, struct raw_json *out, struct err *e);
/* Whether a pointer is written as RFC 6901 has it; true of every other name. */
bool claim_name_ok(const char *name);

/* NULL: not sent.  null and "" are the same as not sent (OpenID Connect Core section 5.3.2). */
const struct json *claim_find(const struct json *claims, const char *name);

/*
 * A claim that is a list, appended to `out`: of strings; a text is a list of one; of an object the names of its
 * members are meant whose value is true or an object that is not empty (Zitadel's roles).  *told stays as it is when it is none of these, which is not "none".
 */
MUST_USE bool claim_list(TALLOC_CTX *mem, const struct json *v, struct strings *out, bool *told, struct err *e);

#endif
