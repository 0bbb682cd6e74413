/*
 * scan.h - a text looked at by SCAN_BYTES bytes at a time.
 *
 *	scan_bytes v = scan_load(p);                     p[0 .. SCAN_BYTES) must be there
 *	unsigned   m = scan_mask((v == '"') | (v < ' '))  bit i: of p[i]
 *
 * Bytes are signed: those from 0x80 on are below every other.
 */
#ifndef BSX_BASE_SCAN_H
#define BSX_BASE_SCAN_H

#include <string.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

#define SCAN_BYTES 16
#define SCAN_ALL   0xFFFFu

typedef signed char scan_bytes __attribute__((vector_size(SCAN_BYTES)));

static inline scan_bytes
scan_load(const void *p)
{
	scan_bytes v;

	memcpy(&v, p, sizeof v);
	return v;
}

/* Of what a comparison gave: a bit for each byte for which it holds. */
static inline unsigned
scan_mask(scan_bytes v)
{
#ifdef __SSE2__
	return (unsigned)_mm_movemask_epi8((__m128i)v);
#else
	unsigned m = 0;

	for (unsigned i = 0; i < SCAN_BYTES; i++)
		m |= (unsigned)(v[i] != 0) << i;
	return m;
#endif
}

#endif
