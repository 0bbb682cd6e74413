/*
 * etag.h - entity tags, and the conditions that name them (RFC 9110 sections 8.8.3 and 13.1).
 *
 * The tag of a resource is "STATE-SHOWN", with quotes, of hexadecimal digits.  STATE is what changes
 * are held against by If-Match.  SHOWN is the hash of the answer, so that "not modified" is never
 * said of an answer that is another, whatever it is made of: a run, a sign-in, a count, values that
 * this caller may see.  A file's tag is its hash alone.
 *
 * Web servers that compress an answer give its tag another form, and pass that form back as it
 * comes: nginx makes W/"STATE-SHOWN" of it; Apache, lighttpd and newer Caddys add the coding
 * ("STATE-SHOWN-gzip", -br, -zstd).  All of them stand for the same state.  We never send a weak
 * tag, so whichever comes was made of a strong one: it counts in If-Match too, where RFC 9110
 * section 13.1.1 asks for the strong comparison.
 */
#ifndef BSX_WEB_ETAG_H
#define BSX_WEB_ETAG_H

#include "core/web/request.h"

#define ETAG_HASH_BYTES 12
struct etag_state {
	char text[2 * ETAG_HASH_BYTES + 1]; /* hexadecimal digits; "": memory ran out */
};

struct etag_state etag_number(uint64_t revision);
/* Of what a resource holds, where it has no revision. */
struct etag_state etag_content(const struct buf *what);

/* The answer gets an ETag of this state. */
MUST_USE bool etag_set(struct request *r, struct etag_state state, struct err *e);
/* Makes it, once the answer is encoded; of an answer without a state there is none to make. */
MUST_USE bool etag_finish(struct request *r, struct err *e);

/*
 * If-Match and If-None-Match of a change against the resource's present state, inside the
 * transaction where that matters.  Neither is there, or both allow it: true.  ERR_PRECONDITION;
 * ERR_BAD_REQUEST where a field is neither
 * "*" nor a list of entity tags: it would say of a client's mistake that the resource had changed.
 */
MUST_USE bool etag_may_change(const struct request *r, struct etag_state state, struct err *e);
/* The change says of which state it is. */
bool etag_is_named(const struct request *r);
/* The same for what has no entity tag: If-Match then names another representation, whatever it
 * names. */
MUST_USE bool etag_none(const struct request *r, struct err *e);

/* The client of a GET has this answer already: If-None-Match names r->etag.  What cannot be read
 * names nothing. */
bool etag_is_known(const struct request *r);

#endif
