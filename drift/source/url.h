/*
 * url.h - where a source may be asked: below its base URL, and nowhere else.
 *
 * Only the form; whether an address may be connected to is the guard's (core/net/guard.h).
 */
#ifndef BSX_DRIFT_SOURCE_URL_H
#define BSX_DRIFT_SOURCE_URL_H

#include "core/base/buf.h"

#define URL_MAX 8192 /* bytes: page tokens are long */

/*
 * Whether a path has a step . or .., with parameters (..;x) or without, or a control character, as it stands or behind
 * \ or percent-encoding, also of what is encoded; one that is encoded more than 7 times over, or longer than URL_MAX,
 * counts as one.
 */
bool url_climbs(struct str path);
/* http or https, a host, no user, query or fragment, nothing that climbs; at most 1,024 bytes.  NULL: it is one; else what is wrong. */
const char *url_base_fault(struct str base);
/* A path that is put behind a base: "" or beginning with /, without query, fragment, \ and what climbs. */
const char *url_path_fault(struct str path);
/*
 * Where a link leads that was found on the page at `from`: a URL, a path from the root or a query alone (RFC 3986
 * section 5, of it what APIs use).  The text is a child of `mem`.  ERR_INVALID with a sentence for people: another
 * host, a path beside that of `base`, or no URL at all.
 */
MUST_USE char *url_follow(
    TALLOC_CTX *mem, struct str base, struct str from, struct str link, struct err *e);

/* Appends ? or & and name=value, both percent-encoded. */
void url_query(struct buf *url, struct str name, struct str value);
#endif
