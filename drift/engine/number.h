/*
 * number.h - numbers of JSON text compared by value, exactly, whatever their size.
 *
 * 1, 1.0 and 1e0 are equal, -0 equals 0, 1e400 is less than 1e500.  The texts
 * must be within the limits of json_canonical (a normal form is).
 */
#ifndef BSX_DRIFT_ENGINE_NUMBER_H
#define BSX_DRIFT_ENGINE_NUMBER_H

#include "core/json/json.h"

int  number_cmp(struct str a, struct str b); /* < 0, 0, > 0 */
bool number_is_integer(struct str s);        /* its value is: 1, 1.0, 1e2 */
bool number_in_limits(struct str s);         /* has a canonical text */

/* Rounds to `digits` (>= 0) behind the point, half away from zero: *out is s or a child of `mem`. */
MUST_USE bool number_round(TALLOC_CTX *mem, struct str s, int64_t digits, struct str *out,
    struct err *e);

/* Appends it for people: written out where that takes at most 24 characters, else as it stands. */
void number_print(struct buf *b, struct str s);

#endif
