/*
 * fetch_frame.h - a request to the fetch process and its answer, as bytes.
 *
 *	frame   = kind (1) length of the content (4) content
 *	text    = length (4) bytes
 *	request = method url timeout_ms (4) answer_max (4) cut (1) body headers_n (4) { name value }
 *	answer  = code (1) sys (4) status (4) retry_after_s (4) pub detail body
 *
 * Numbers are unsigned, big endian; retry_after_s is one more, 0: none.  Neither end
 * trusts the other: lengths are bounded, what a C string or a header field cannot hold
 * is refused, and nothing may be left over.  ERR_UNAVAILABLE: no such frame; the detail
 * says what is wrong.  What a decoded struct points to are children of `mem`, or
 * bytes of the content.  Frames hold secrets of providers: they are written to a
 * buf_make_secret().
 */
#ifndef BSX_NET_FETCH_FRAME_H
#define BSX_NET_FETCH_FRAME_H

#include "core/base/buf.h"
#include "core/net/fetch.h"

enum fetch_frame_kind { FETCH_FRAME_REQUEST = 0x51, FETCH_FRAME_ANSWER = 0x61 };

#define FETCH_FRAME_HEAD  5
/* Bytes of the content of a request that has the most of everything, and of an answer's beside the body. */
#define FETCH_REQUEST_MAX                                                                                   \
	(FETCH_METHOD_MAX + GUARD_URL_MAX + FETCH_BODY_MAX + 25 +                                           \
	    FETCH_HEADERS_MAX * (FETCH_NAME_MAX + FETCH_VALUE_MAX + 8))
#define FETCH_AROUND_MAX  (sizeof((struct err *)0)->pub + sizeof((struct err *)0)->detail + 25)

/* Appends the whole frame; ERR_INVALID: the request is beyond these limits. */
MUST_USE bool fetch_frame_request(struct buf *b, const struct fetch_request *q, struct err *e);
/* The answer, or, where `failure` holds one, why there is none. */
MUST_USE bool fetch_frame_answer(
    struct buf *b, const struct fetch_answer *a, const struct err *failure, struct err *e);

/* How long the content is that follows this head. */
MUST_USE bool fetch_frame_head(const uint8_t head[static FETCH_FRAME_HEAD], enum fetch_frame_kind kind,
    size_t max, size_t *n, struct err *e);
MUST_USE bool fetch_frame_take_request(
    TALLOC_CTX *mem, struct str content, struct fetch_request *q, struct err *e);
/* True: *a is the answer, took_ms apart.  False: *e has the failure that was told, or ERR_UNAVAILABLE. */
MUST_USE bool fetch_frame_take_answer(
    struct str content, size_t answer_max, struct fetch_answer *a, struct err *e);

#endif
