/*
 * zone.h - the time of a place: from UTC to what a clock on the wall shows there, and back.
 *
 * Of the system's tzdata (RFC 8536, versions 2 and later; its rule for the time after the table is followed until 2200).
 * Without tzdata only UTC is known.
 *
 * Instants are seconds of Unix; "local" is what the wall shows, as seconds as if it were UTC.
 * Errors: ERR_INVALID with a sentence (no such name; no tzdata), ERR_INTERNAL (its file is no TZif).
 */
#ifndef BSX_BASE_ZONE_H
#define BSX_BASE_ZONE_H

#include "core/base/err.h"
#include "core/base/str.h"

#define ZONE_FOLDER   "/usr/share/zoneinfo"
#define ZONE_NAME_MAX 64

struct zone;

/* By its IANA name, as "Europe/Berlin", from a folder; "UTC" needs none.  A child of `mem`. */
MUST_USE struct zone *zone_load(
    TALLOC_CTX *mem, const char *folder, const char *name, struct err *e);

/*
 * One of the system's, kept by the process from the first time it is asked for: of what asks for it again and again.  Not
 * of the caller, and valid as long as the process; a newer tzdata is seen by the next one.
 */
MUST_USE const struct zone *zone_shared(struct str name, struct err *e);

/* The same of the bytes of such a file, whatever they are. */
MUST_USE struct zone *zone_parse(TALLOC_CTX *mem, struct str file, struct err *e);

int64_t zone_offset(const struct zone *z, int64_t at); /* seconds east of UTC */
/* The first instant after `at` from which the offset is another; INT64_MAX: there is none. */
int64_t zone_next_change(const struct zone *z, int64_t at);
/* When the wall first shows that; of a time that a clock set forward skips: the instant at which it is set. */
int64_t zone_instant(const struct zone *z, int64_t local);

#endif
