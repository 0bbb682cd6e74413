/*
 * json_merge.h - a change of an object by its members (JSON Merge Patch, RFC 7396).
 */
#ifndef BSX_JSON_JSON_MERGE_H
#define BSX_JSON_JSON_MERGE_H

#include "core/json/json.h"

/*
 * Members of both, `change` before `base`; objects are merged inside.  A null stays, so that a name that is not known is
 * found; json_without_nulls() takes it out, and with it the member.  Names and values stay where they are.
 */
MUST_USE bool json_merge(TALLOC_CTX *mem, const struct json *base, const struct json *change, struct json *out,
    struct err *e);
MUST_USE bool json_without_nulls(TALLOC_CTX *mem, const struct json *in, struct json *out, struct err *e);

#endif
