/*
 * Properties of bodies in a content coding: what comes out is bounded whatever goes in, the same
 * with any limit that it fits and ERR_TOO_LARGE with one less, and charged for what was read and
 * made; what is packed comes back, also in several pieces, and is not taken with anything cut off.
 *
 * Input: a byte (even: gzip, odd: zstd), then the coded body; the same bytes serve as a plain one.
 */
#include <assert.h>
#include <stdint.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>

#include "core/base/unpack.h"

#define OUT_MAX 200000

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static struct str
pack_gzip(TALLOC_CTX *mem, struct str in)
{
	size_t   room = in.n + in.n / 1000 + 100;
	char    *p = talloc_size(mem, room);
	z_stream z = { .next_in = (Bytef *)(uintptr_t)in.p,
		.avail_in = (uInt)in.n,
		.next_out = (Bytef *)p,
		.avail_out = (uInt)room };
	int      status;

	assert(
	    p != NULL && deflateInit2(&z, 1, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) == Z_OK);
	status = deflate(&z, Z_FINISH);
	assert(status == Z_STREAM_END);
	deflateEnd(&z);
	return (struct str) { p, room - z.avail_out };
}

static struct str
pack_zstd(TALLOC_CTX *mem, struct str in)
{
	size_t room = ZSTD_compressBound(in.n), made;
	char  *p = talloc_size(mem, room);

	assert(p != NULL);
	made = ZSTD_compress(p, room, in.p, in.n, 1);
	assert(!ZSTD_isError(made));
	return (struct str) { p, made };
}

static struct str
pack(TALLOC_CTX *mem, enum coding c, struct str in)
{
	return c == CODING_GZIP ? pack_gzip(mem, in) : pack_zstd(mem, in);
}

static void
check_limits(TALLOC_CTX *mem, enum coding c, struct str in, struct str out)
{
	struct err e = { 0 };
	struct str again;
	bool       ok = unpack(mem, c, in, out.n, NULL, &again, &e);

	assert(ok && str_eq(again, out));
	if (out.n == 0)
		return;
	ok = unpack(mem, c, in, out.n - 1, NULL, &again, &e);
	assert(!ok && e.code == ERR_TOO_LARGE);
}

static void
check_coded(TALLOC_CTX *mem, enum coding c, struct str in)
{
	struct work w;
	struct err  e = { 0 };
	struct str  out;

	work_begin(&w, WORK_REQUEST, NULL);
	if (unpack(mem, c, in, OUT_MAX, &w, &out, &e)) {
		assert(e.code == ERR_OK && out.n <= OUT_MAX && in.n > 0);
		check_limits(mem, c, in, out);
	} else {
		assert(e.code == ERR_MALFORMED || e.code == ERR_TOO_LARGE);
		assert(e.pub[0] != '\0');
	}
	assert(w.spent <= 300 + 201 * in.n + OUT_MAX);
}

static void
check_plain(TALLOC_CTX *mem, enum coding c, struct str plain)
{
	size_t     half = plain.n / 2;
	struct str a = pack(mem, c, (struct str) { plain.p, half });
	struct str b = pack(mem, c, (struct str) { plain.p + half, plain.n - half }), out;
	char      *both = talloc_size(mem, a.n + b.n);
	struct err e = { 0 };
	bool       ok;

	assert(both != NULL);
	memcpy(both, a.p, a.n);
	memcpy(both + a.n, b.p, b.n);
	ok = unpack(mem, c, (struct str) { both, a.n + b.n }, plain.n, NULL, &out, &e);
	assert(ok && str_eq(out, plain));
	ok = unpack(mem, c, (struct str) { both, a.n + b.n - 1 }, plain.n, NULL, &out, &e);
	assert(!ok && e.code == ERR_MALFORMED);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	TALLOC_CTX *mem = talloc_new(NULL);
	enum coding c = n > 0 && data[0] % 2 ? CODING_ZSTD : CODING_GZIP;
	struct str  rest = { (const char *)data + (n > 0), n - (n > 0) };

	check_coded(mem, c, rest);
	check_plain(mem, c, rest);
	talloc_free(mem);
	return 0;
}
