/*
 * body_type.h - what Content-Type and Content-Encoding say of a body, before it is read.
 *
 * Bodies that carry configuration (ROUTE_IN_SNAPSHOT, ROUTE_IN_DOCUMENT) may come in one of
 * CODINGS; no other body, and no body twice coded.  "deflate" is none of them: what senders mean by
 * it differs (RFC 9110 section 8.4.1.2).
 *
 * Errors: ERR_MEDIA_TYPE with a sentence; with Accept-Encoding if, and only if, the coding is why
 * (RFC 9110 section 12.5.3).
 */
#ifndef BSX_WEB_BODY_TYPE_H
#define BSX_WEB_BODY_TYPE_H

#include "core/base/unpack.h"
#include "core/web/request.h"

/* application/json, without a charset or with utf-8. */
MUST_USE bool body_type_json(const struct request *r, struct err *e);
/* application/x-www-form-urlencoded, the same. */
MUST_USE bool body_type_form(const struct request *r, struct err *e);
/* The body is the document itself: what curl and others say of bytes they do not know is taken too,
 * and UTF-16. */
MUST_USE bool body_type_document(const struct request *r, struct err *e);

/* The route's bodies may be coded, and longer than others (limits.snapshot). */
bool          body_is_large(const struct route *rt);
MUST_USE bool body_type_coding(struct request *r, enum coding *out, struct err *e);

#endif
