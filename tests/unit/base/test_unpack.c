/* Content codings undone: whole, cut, doubled, and bombs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <zlib.h>
#include <zstd.h>

#include "core/base/unpack.h"
#include "tests/unit/mem.h"

#define MIB ((size_t)1 << 20)

/* ---- making ---- */

static struct str
gzip_of(struct str in)
{
	size_t   room = in.n + in.n / 100 + 100;
	char    *p = talloc_size(mem, room);
	z_stream z = { .next_in = (Bytef *)(uintptr_t)in.p,
		.avail_in = (uInt)in.n,
		.next_out = (Bytef *)p,
		.avail_out = (uInt)room };

	assert_int_equal(deflateInit2(&z, 9, Z_DEFLATED, 15 + 16, 9, Z_DEFAULT_STRATEGY), Z_OK);
	assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
	assert_int_equal(deflateEnd(&z), Z_OK);
	return (struct str) { p, room - z.avail_out };
}

static struct str
zstd_of(struct str in, int window_log)
{
	size_t     room = ZSTD_compressBound(in.n), n;
	char      *p = talloc_size(mem, room);
	ZSTD_CCtx *z = ZSTD_createCCtx();

	ZSTD_CCtx_setParameter(z, ZSTD_c_checksumFlag, 1);
	ZSTD_CCtx_setParameter(z, ZSTD_c_windowLog, window_log);
	n = ZSTD_compress2(z, p, room, in.p, in.n);
	assert_false(ZSTD_isError(n));
	ZSTD_freeCCtx(z);
	return (struct str) { p, n };
}

static struct str
packed(enum coding coding, struct str in)
{
	return coding == CODING_GZIP ? gzip_of(in) : zstd_of(in, 0);
}

static struct str
joined(struct str a, struct str b)
{
	char *p = talloc_size(mem, a.n + b.n + 1);

	memcpy(p, a.p, a.n);
	memcpy(p + a.n, b.p, b.n);
	return (struct str) { p, a.n + b.n };
}

static struct str
repeated(size_t n)
{
	char *p = talloc_size(mem, n);

	memset(p, 'a', n);
	return (struct str) { p, n };
}

/* Bytes that no coding makes shorter. */
static struct str
noise(size_t n)
{
	char    *p = talloc_size(mem, n);
	uint32_t x = 1;

	for (size_t i = 0; i < n; i++) {
		x = x * 1664525 + 1013904223;
		p[i] = (char)(x >> 24);
	}
	return (struct str) { p, n };
}

static enum err_code
code_of(enum coding coding, struct str in, size_t max)
{
	struct err e = { 0 };
	struct str out;
	bool       ok = unpack(mem, coding, in, max, NULL, &out, &e);

	assert_true(ok == (e.code == ERR_OK));
	assert_true(!ok || out.n <= max);
	return e.code;
}

/* ---- cases ---- */

static const enum coding both[] = { CODING_GZIP, CODING_ZSTD };

static void
names_of_codings(void **state)
{
	static const struct {
		const char *name;
		bool        known;
		enum coding coding;
	} rows[] = {
		{ "gzip", true, CODING_GZIP },
		{ "GZip", true, CODING_GZIP },
		{ "x-gzip", true, CODING_GZIP },
		{ "zstd", true, CODING_ZSTD },
		{ "identity", true, CODING_NONE },
		{ "deflate", false, 0 },
		{ "br", false, 0 },
		{ "compress", false, 0 },
		{ "gzip;q=1", false, 0 },
		{ "", false, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		enum coding c = CODING_NONE;

		assert_true(coding_parse(str_of(rows[i].name), &c) == rows[i].known);
		assert_true(!rows[i].known || c == rows[i].coding);
	}
}

static void
what_was_packed_comes_back(void **state)
{
	const size_t sizes[] = { 0, 1, 255, 16384, 262143, 262144, 262145, 3 * MIB + 7 };

	(void)state;
	for (size_t c = 0; c < 2; c++) {
		for (size_t i = 0; i < 2 * sizeof(sizes) / sizeof(sizes[0]); i++) {
			size_t     n = sizes[i / 2];
			struct str plain = i % 2 ? noise(n) : repeated(n), out;
			struct err e = { 0 };

			assert_true(
			    unpack(mem, both[c], packed(both[c], plain), n, NULL, &out, &e));
			assert_true(str_eq(out, plain));
		}
	}
}

static void
several_members_are_one_body(void **state)
{
	(void)state;
	for (size_t c = 0; c < 2; c++) {
		struct str a = packed(both[c], STR("{\"a\":")), b = packed(both[c], STR("1}"));
		struct str none = packed(both[c], (struct str) { "", 0 }), out;
		struct err e = { 0 };

		assert_true(unpack(
		    mem, both[c], joined(joined(none, a), joined(b, none)), 7, NULL, &out, &e));
		assert_true(str_eqz(out, "{\"a\":1}"));
	}
}

static void
every_cut_and_every_byte_behind_is_malformed(void **state)
{
	(void)state;
	for (size_t c = 0; c < 2; c++) {
		struct str all = packed(both[c], STR("{\"name\":\"value\",\"n\":[1,2,3]}"));

		for (size_t n = 0; n < all.n; n++)
			assert_int_equal(
			    code_of(both[c], (struct str) { all.p, n }, 100), ERR_MALFORMED);
		for (int b = 0; b < 256; b++) {
			char behind = (char)b;

			assert_int_equal(
			    code_of(both[c], joined(all, (struct str) { &behind, 1 }), 100),
			    ERR_MALFORMED);
		}
		assert_int_equal(code_of(both[1 - c], all, 100), ERR_MALFORMED);
		assert_int_equal(code_of(both[c], STR("{\"name\":1}"), 100), ERR_MALFORMED);
	}
}

/* Checksums of both: no byte of the content can be another unnoticed. */
static void
a_turned_bit_never_makes_other_bytes(void **state)
{
	static const char plain[] = "{\"name\":\"value\",\"list\":[1,2,3]}";

	(void)state;
	for (size_t c = 0; c < 2; c++) {
		struct str all = packed(both[c], STR(plain));
		char      *p = talloc_memdup(mem, all.p, all.n);

		for (size_t bit = 0; bit < 8 * all.n; bit++) {
			struct err e = { 0 };
			struct str out;

			p[bit / 8] = (char)(p[bit / 8] ^ 1 << bit % 8);
			if (unpack(mem, both[c], (struct str) { p, all.n }, 1000, NULL, &out, &e))
				assert_true(str_eqz(out, plain));
			p[bit / 8] = (char)(p[bit / 8] ^ 1 << bit % 8);
		}
	}
}

static void
a_bomb_ends_at_the_limit(void **state)
{
	struct str bomb_of_gzip = gzip_of(repeated(64 * MIB)), out;

	(void)state;
	for (size_t c = 0; c < 2; c++) {
		struct str  bomb = packed(both[c], repeated(64 * MIB));
		struct work w;
		struct err  e = { 0 };

		assert_true(bomb.n < MIB / 8);
		work_begin(&w, WORK_REQUEST, NULL);
		assert_false(unpack(mem, both[c], bomb, MIB, &w, &out, &e));
		assert_int_equal(e.code, ERR_TOO_LARGE);
		assert_true(w.spent < MIB); /* of one MiB, not of 64 */
		assert_int_equal(code_of(both[c], bomb, 64 * MIB - 1), ERR_TOO_LARGE);
		assert_int_equal(code_of(both[c], bomb, 64 * MIB), ERR_OK);
	}
	assert_int_equal(
	    code_of(CODING_GZIP, joined(bomb_of_gzip, bomb_of_gzip), 100 * MIB), ERR_TOO_LARGE);
}

/* Nothing comes out of them, however many there are. */
static void
empty_pieces_are_charged(void **state)
{
	static const char skippable[8] = { 0x50, 0x2A, 0x4D, 0x18, 0, 0, 0, 0 };

	(void)state;
	for (size_t c = 0; c < 3; c++) {
		struct str  piece = c == 2 ? (struct str) { skippable, 8 }
					   : packed(both[c], (struct str) { "", 0 });
		size_t      n = 2 * MIB / piece.n;
		char       *p = talloc_size(mem, n * piece.n);
		struct str  out;
		struct work w;
		struct err  e = { 0 };

		for (size_t i = 0; i < n; i++)
			memcpy(p + i * piece.n, piece.p, piece.n);
		work_begin(&w, WORK_REQUEST, NULL);
		w.steps_max = n * 20;
		assert_false(
		    unpack(mem, both[c > 0], (struct str) { p, n * piece.n }, 100, &w, &out, &e));
		assert_int_equal(e.code, ERR_TOO_COSTLY);
		assert_non_null(strstr(e.pub, "unpacking the body"));
	}
}

static void
a_zstd_window_of_more_than_8_mib_is_refused(void **state)
{
	struct str plain = noise(20 * MIB), out;
	struct err e = { 0 };

	(void)state;
	assert_int_equal(code_of(CODING_ZSTD, zstd_of(plain, 23), 20 * MIB), ERR_OK);
	assert_false(unpack(mem, CODING_ZSTD, zstd_of(plain, 24), 20 * MIB, NULL, &out, &e));
	assert_int_equal(e.code, ERR_MALFORMED);
	assert_non_null(strstr(e.pub, "8 MiB"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(names_of_codings),
		TEST(what_was_packed_comes_back),
		TEST(several_members_are_one_body),
		TEST(every_cut_and_every_byte_behind_is_malformed),
		TEST(a_turned_bit_never_makes_other_bytes),
		TEST(a_bomb_ends_at_the_limit),
		TEST(empty_pieces_are_charged),
		TEST(a_zstd_window_of_more_than_8_mib_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
