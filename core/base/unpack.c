#include "core/base/unpack.h"

#include <stdio.h>
#define ZLIB_CONST /* z_stream.next_in is const */
#include <zlib.h>
#include <zstd.h>
#include <zstd_errors.h>

#define GZIP_ONLY   (15 + 16) /* windowBits of zlib: a gzip header, and the largest window */
#define WINDOW_LOG  23        /* 8 MiB */
#define SLICE_IN    16384
#define SLICE_OUT   262144
#define PIECE_STEPS 100 /* of one slice, member or frame, however short */

struct unpacking {
	struct str   in;
	size_t       at; /* of it is read */
	char        *out;
	size_t       n, max; /* room is for one more, which tells that there is more */
	struct work *work;
	struct err  *e;
};

bool
coding_parse(struct str name, enum coding *out)
{
	static const struct {
		const char *name;
		enum coding coding;
	} known[] = {
		{ "gzip", CODING_GZIP },
		{ "x-gzip", CODING_GZIP },
		{ "zstd", CODING_ZSTD },
		{ "identity", CODING_NONE },
	};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (!str_caseeqz(name, known[i].name))
			continue;
		*out = known[i].coding;
		return true;
	}
	return false;
}

/* ---- slices ---- */

static size_t
least(size_t a, size_t b)
{
	return a < b ? a : b;
}

static size_t
slice_in(const struct unpacking *u)
{
	return least(u->in.n - u->at, SLICE_IN);
}

static size_t
slice_out(const struct unpacking *u)
{
	return least(u->max + 1 - u->n, SLICE_OUT);
}

/* Measured: 2 to 20 ns a byte read, and 43 where it is empty blocks with Huffman codes of their
 * own. */
static bool
advance(struct unpacking *u, size_t used, size_t made)
{
	u->at += used;
	u->n += made;
	if (u->n > u->max)
		return err_set(u->e, ERR_TOO_LARGE, 0, "The body is too large once it is unpacked.",
		    "more than %zu bytes unpacked of %zu", u->max, u->at);
	return work_spend(u->work, WORK_UNPACK, PIECE_STEPS + 4 * used + made / 3, u->e);
}

static bool
broken(const struct unpacking *u, const char *coding, const char *why)
{
	char text[160];

	snprintf(text, sizeof(text), "The body is not valid %s: %s.", coding, why);
	return err_set(
	    u->e, ERR_MALFORMED, 0, text, "%s: %s at byte %zu of %zu", coding, why, u->at, u->in.n);
}

/* ---- gzip ---- */

static bool
gzip_member(struct unpacking *u, z_stream *z)
{
	int status;

	do {
		size_t in = slice_in(u), out = slice_out(u), used, made;

		z->next_in = (const Bytef *)u->in.p + u->at;
		z->avail_in = (uInt)in;
		z->next_out = (Bytef *)u->out + u->n;
		z->avail_out = (uInt)out;
		status = inflate(z, Z_NO_FLUSH);
		used = in - z->avail_in;
		made = out - z->avail_out;
		if (!advance(u, used, made))
			return false;
		if (status == Z_MEM_ERROR)
			return err_memory(u->e);
		if (status != Z_OK && status != Z_BUF_ERROR && status != Z_STREAM_END)
			return broken(u, "gzip", "its bytes are no gzip member");
		if (used == 0 && made == 0 && status != Z_STREAM_END)
			return broken(u, "gzip", "it ends too early");
	} while (status != Z_STREAM_END);
	return true;
}

static bool
gzip_members(struct unpacking *u, z_stream *z)
{
	do {
		if (inflateReset(z) != Z_OK)
			return err_memory(u->e);
		if (!gzip_member(u, z))
			return false;
	} while (u->at < u->in.n);
	return true;
}

static bool
unpack_gzip(struct unpacking *u)
{
	z_stream z = { 0 };
	bool     ok;

	if (inflateInit2(&z, GZIP_ONLY) != Z_OK)
		return err_memory(u->e);
	ok = gzip_members(u, &z);
	inflateEnd(&z);
	return ok;
}

/* ---- zstd ---- */

static bool
zstd_fault(const struct unpacking *u, size_t status)
{
	ZSTD_ErrorCode code = ZSTD_getErrorCode(status);

	if (code == ZSTD_error_memory_allocation)
		return err_memory(u->e);
	return broken(u, "zstd",
	    code == ZSTD_error_frameParameter_windowTooLarge
		? "its window is larger than 8 MiB; compress without --long and --ultra"
		: "its bytes are no zstd frame");
}

static bool
zstd_frames(struct unpacking *u, ZSTD_DCtx *z)
{
	size_t left; /* 0: a frame is complete, and all of it made */

	do {
		ZSTD_inBuffer  in = { u->in.p + u->at, slice_in(u), 0 };
		ZSTD_outBuffer out = { u->out + u->n, slice_out(u), 0 };

		left = ZSTD_decompressStream(z, &out, &in);
		if (!advance(u, in.pos, out.pos))
			return false;
		if (ZSTD_isError(left))
			return zstd_fault(u, left);
		if (in.pos == 0 && out.pos == 0)
			return broken(u, "zstd", "it ends too early");
	} while (left != 0 || u->at < u->in.n);
	return true;
}

static bool
unpack_zstd(struct unpacking *u)
{
	ZSTD_DCtx *z = ZSTD_createDCtx();
	bool       ok;

	if (z == NULL)
		return err_memory(u->e);
	ok = ZSTD_isError(ZSTD_DCtx_setParameter(z, ZSTD_d_windowLogMax, WINDOW_LOG))
		 ? err_set(u->e, ERR_INTERNAL, 0, "internal error", "zstd takes no window limit")
		 : zstd_frames(u, z);
	ZSTD_freeDCtx(z);
	return ok;
}

/* ---- both ---- */

/* The room is asked for at once and touched as it fills: nothing is copied, and no piece is left
 * behind. */
bool
unpack(TALLOC_CTX *mem, enum coding coding, struct str in, size_t max, struct work *work,
    struct str *out, struct err *e)
{
	struct unpacking u = {
		.in = in, .max = max, .work = work, .e = e, .out = talloc_size(mem, max + 1)
	};
	char *fit;

	if (u.out == NULL)
		return err_memory(e);
	if (!(coding == CODING_GZIP ? unpack_gzip(&u) : unpack_zstd(&u))) {
		talloc_free(u.out);
		return false;
	}
	fit = talloc_realloc_size(mem, u.out, u.n + 1);
	*out = (struct str) { fit != NULL ? fit : u.out, u.n };
	return true;
}
