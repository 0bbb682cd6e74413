/*
 * spelling.h - texts that are written in several ways and mean one thing, and the one that stands for
 * all of them.
 *
 * Each takes a text of its form and says what stands for it; of another form: false.  What it gives
 * fits no more, or gives itself.  Nothing allocates, nothing rounds.
 */
#ifndef BSX_DRIFT_ENGINE_SPELLING_H
#define BSX_DRIFT_ENGINE_SPELLING_H

#include "core/base/cidr.h"

/*
 * An IPv4 or IPv6 address or range (cidr.h), as a range of which the bits beyond the prefix are zero
 * and IPv6 is written as RFC 5952 says: 10.1.2.3/8 is 10.0.0.0/8, 10.0.0.1 is 10.0.0.1/32,
 * 2001:DB8:0::1 is 2001:db8::1/128, ::ffff:10.0.0.1 is 10.0.0.1/32.  Not: 010.0.0.1, 10.0.0.1/08,
 * masks (10.0.0.0/255.0.0.0), zones, ports, brackets.
 */
bool spelling_cidr(struct str s, char out[static CIDR_TEXT_MAX]);

/* true yes on, false no off, in any case of letters.  Not: 1, y, enabled. */
bool spelling_boolean(struct str s, bool *out);

/*
 * A quantity as Kubernetes writes it, as a JSON number: digits with or without a point, and n u m k M G T P E,
 * Ki Mi Gi Ti Pi Ei, or an exponent (e3, E-3).  1000m is 1, 1Gi is 1024Mi, 0.5 is 500m.  At most 40 digits
 * and 3 of the exponent.  Not: 1K, 1gb, "1 Gi".
 */
#define SPELLING_QUANTITY_MAX 96
bool spelling_quantity(struct str s, char out[static SPELLING_QUANTITY_MAX]);

/*
 * A length of time, as ISO 8601 writes it in hours, minutes and seconds (PT1H30M, PT0.5S, -PT1H).
 * Taken are ISO 8601 with weeks, days, hours, minutes and seconds (PT60M, P1D, P2W), a row of numbers
 * with w d h m s ms us ns (1h30m, 1.5h), and [days.]hours:minutes:seconds with less than 24 hours
 * (01:00:00, 1.12:00:00.5).  A day is 24 hours.  At most 12 digits before and 9 behind a point.  Not:
 * years and months, whose length is not one, 01:00, 60, "1 h".
 */
#define SPELLING_DURATION_MAX 64
bool spelling_duration(struct str s, char out[static SPELLING_DURATION_MAX]);

/*
 * An instant as RFC 3339 writes it, in UTC and without the zeros its fraction ends in:
 * 2026-01-01T01:00:00.000+01:00 is 2026-01-01T00:00:00Z.  All of up to 9 digits of a fraction count.
 * Not: a date alone, a time without an offset, a leap second.
 */
#define SPELLING_INSTANT_MAX 40
bool spelling_instant(struct str s, char out[static SPELLING_INSTANT_MAX]);

/* Both into `out`, which holds s.n bytes: how many were written. */
size_t spelling_eol(struct str s, char *out); /* CR LF and CR are LF */
/* %XX is that byte (+ is itself), until none is left; what is then no UTF-8 does not fit. */
bool spelling_url(struct str s, char *out, size_t *n);

#endif
