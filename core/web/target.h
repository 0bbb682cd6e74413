/*
 * target.h - the request target: path and query, taken apart once.
 *
 * Four web servers make four different decoded forms of one raw path, so we
 * decode the raw one ourselves and refuse (ERR_BAD_REQUEST) whatever two
 * readers could read differently: encoded slashes, NUL and other controls, dot
 * segments, empty segments, backslashes, bad escapes, bytes that are no UTF-8.
 */
#ifndef BSX_WEB_TARGET_H
#define BSX_WEB_TARGET_H

#include "core/base/err.h"
#include "core/base/str.h"
#include "core/web/request.h"

struct target {
	struct str raw;   /* path as sent, with the base path, without query; part of the input */
	char      *path;  /* decoded, base path cut, begins with '/' */
	struct str query; /* as sent, without '?'; p == NULL: none */
};

/* Of REQUEST_URI, origin-form or absolute-form. A path outside base_path is ERR_MISSING. */
MUST_USE bool target_parse(
    TALLOC_CTX *mem, struct str uri, const char *base_path, struct target *out, struct err *e);
/* Of SCRIPT_NAME and PATH_INFO, which the web server has decoded: where there is no REQUEST_URI. */
MUST_USE bool target_parse_decoded(
    TALLOC_CTX *mem, struct str path, const char *base_path, struct target *out, struct err *e);

/* The path that step_target gives to OPTIONS of "*": the server as a whole, no resource (RFC 9110 section 9.3.7). */
bool target_is_server(const char *path);

/* Decodes percent escapes once (and '+' as space in a query): valid UTF-8 without NUL, or false. */
MUST_USE bool percent_decode(TALLOC_CTX *mem, struct str in, bool plus, struct str *out);

/* name=value&name=value, at most LIMIT_QUERY_PARAMS. */
MUST_USE bool query_parse(
    TALLOC_CTX *mem, struct str text, struct query_param **params, size_t *n, struct err *e);
/*
 * Into the struct of a field table (a talloc child of mem): unknown names and wrong values are
 * ERR_INVALID, repeated names (except of FIELD_STRINGS) ERR_BAD_REQUEST.
 */
MUST_USE bool query_decode(TALLOC_CTX *mem, const struct schema *s,
    const struct query_param *params, size_t n, void **out, struct err *e);

#endif
