/*
 * unpack.h - bytes in a content coding (RFC 9110 section 8.4.1) made plain again, bounded while it
 * is done.
 *
 * gzip is RFC 1952, one member or several; zstd is RFC 8878, one frame or several, with a window of
 * at most 8 MiB (RFC 9659).  All of the input must be of them: what ends too early, has anything
 * behind it, or fails its checksum is ERR_MALFORMED, and so is nothing at all.
 *
 * It ends at the first byte beyond `max` (ERR_TOO_LARGE) however much would follow, and is charged
 * to the work's budget as it goes (ERR_TOO_COSTLY): what holds many empty pieces costs time for its
 * bytes without giving any.  Memory is that of the result, taken as it fills, and of the decoder:
 * 50 KiB for gzip, 8.5 MiB at most for zstd.
 */
#ifndef BSX_BASE_UNPACK_H
#define BSX_BASE_UNPACK_H

#include "core/base/str.h"
#include "core/base/work.h"

enum coding { CODING_NONE, CODING_GZIP, CODING_ZSTD };

/* Their names in Accept-Encoding. */
#define CODINGS "gzip, zstd"
/* "gzip", "x-gzip" (RFC 9110 section 8.4.1.3), "zstd" or "identity", in any case. */
bool coding_parse(struct str name, enum coding *out);

/* Of CODING_GZIP or CODING_ZSTD.  *out is a child of `mem`; `work` NULL: nobody counts. */
MUST_USE bool unpack(TALLOC_CTX *mem, enum coding coding, struct str in, size_t max,
    struct work *work, struct str *out, struct err *e);

#endif
