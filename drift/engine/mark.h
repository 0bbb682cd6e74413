/*
 * mark.h - what stands in a normal form for a masked scalar.  For the files of this room only.
 */
#ifndef BSX_DRIFT_ENGINE_MARK_H
#define BSX_DRIFT_ENGINE_MARK_H

#include "core/base/hash.h"
#include "core/json/json.h"

#define MARK     "\0masked:" /* followed by the HMAC in hex */
#define MARK_LEN (sizeof MARK - 1)

bool mark_is(struct str s);
bool mark_at(const struct json *v);

/* Anywhere in a value. */
bool mark_within(const struct json *v);

#endif
