/*
 * uuid.h - identifiers: UUIDv7 (RFC 9562), so that keys sort by time of making.
 */
#ifndef BSX_BASE_UUID_H
#define BSX_BASE_UUID_H

#include "core/base/clock.h"
#include "core/base/rand.h"
#include "core/base/str.h"

struct uuid {
	uint8_t b[16];
};

#define UUID_TEXT_MAX 37

struct uuid uuid_make(const struct clock *c, struct rand *r); /* later calls of a process sort later */
/* None that was made in that millisecond or later sorts before it; of a time before 1970: nil. */
struct uuid uuid_first(int64_t ms);
bool        uuid_is_nil(const struct uuid *u);
bool        uuid_eq(const struct uuid *a, const struct uuid *b);
void        uuid_print(const struct uuid *u, char out[static UUID_TEXT_MAX]); /* lower case */
bool        uuid_parse(struct str s, struct uuid *u); /* 8-4-4-4-12 hex, either case, any version */

#endif
