/*
 * numeric_date.h - the instants of a JWT (RFC 7519 section 2): a JSON number of
 * seconds since 1970, which may have a fraction or an exponent (1.7e9).
 *
 * Texts are refused: no provider that is known sends them, and the standard does not have them.
 */
#ifndef BSX_CRYPT_NUMERIC_DATE_H
#define BSX_CRYPT_NUMERIC_DATE_H

#include "core/json/json.h"

#define NUMERIC_DATE_END (INT64_C(1) << 40) /* the year 36,812: what is there or later is no instant */

/* Whole seconds, a fraction cut off; false: no number, with a sign, or beyond. */
bool numeric_date(const struct json *v, int64_t *seconds);

#endif
