/*
 * continued.h - documents that say themselves that they are not all: one page of several.
 *
 * The sign is a member of an object on the way from the document to the selected array, or of its
 * `metadata`, `pagination` or `meta`: a text that is not empty named @odata.nextLink, nextLink,
 * nextPageToken, NextToken, NextMarker or continue; `next` where it is a URL (http or https, or a
 * path with a query); `true` named has_more, IsTruncated or resultTruncated.
 */
#ifndef BSX_DRIFT_SOURCE_CONTINUED_H
#define BSX_DRIFT_SOURCE_CONTINUED_H

#include "core/json/field.h"

/*
 * *sign: the JSON Pointer of the first sign, owned by `mem`; empty: there is none.  `array` is the
 * pointer of the selected array; the pointers of `despite` are no signs.
 */
MUST_USE bool continued_find(TALLOC_CTX *mem, const struct json *document, struct str array,
    const struct strings *despite, struct str *sign, struct err *e);

/* Could a sign stand at this pointer? */
bool continued_may(struct str pointer);

#endif
