#include "core/store/drift/content.h"
#include "core/store/tx.h"

#include <stdlib.h>
#include <string.h>

#include <zstd.h>

#include "core/base/chunks.h"

#define LEVEL      3
#define PIECE_MAX  (CONTENT_CHUNK_MAX - SEAL_OVERHEAD)
#define CHUNKS_MAX (CONTENT_TEXT_MAX / PIECE_MAX + 2)

struct content_row {
	struct blob address;
	int64_t     chunk;
	int64_t     size; /* of the whole text */
	struct blob body;
};
static const struct field row_fields[] = {
	COLUMN(struct content_row, address),
	COLUMN(struct content_row, chunk),
	COLUMN(struct content_row, size),
	COLUMN(struct content_row, body),
	FIELD_END,
};
static const struct schema row_schema = SCHEMA("ContentRow", struct content_row, row_fields);

struct address_in {
	struct blob address;
};
static const struct field address_fields[] = {
	COLUMN(struct address_in, address),
	FIELD_END,
};
static const struct schema address_in = SCHEMA("ContentAddress", struct address_in, address_fields);

SQL(content_insert, SQL_TENANT, &row_schema, NULL,
    "INSERT INTO contents (address, chunk, size, body) VALUES (:address, :chunk, :size, :body)"
    " ON DUPLICATE KEY UPDATE stored_again = stored_again + 1");
SQL(content_select, SQL_TENANT, &address_in, &row_schema,
    "SELECT address, chunk, size, body FROM contents WHERE address = :address ORDER BY chunk");

void
content_address(const struct tenant_db *t, struct str text, uint8_t out[static HASH_LEN])
{
	hash_hmac(t->address_key, sizeof(t->address_key), text.p, text.n, out);
}

struct uuid
content_place(const uint8_t address[static HASH_LEN], int64_t chunk)
{
	uint8_t     in[HASH_LEN + 4], out[HASH_LEN];
	struct uuid u;

	memcpy(in, address, HASH_LEN);
	for (int i = 0; i < 4; i++)
		in[HASH_LEN + i] = (uint8_t)(chunk >> (24 - 8 * i));
	hash_sha256(in, sizeof(in), out);
	memcpy(u.b, out, sizeof(u.b));
	return u;
}

static int
by_address(const void *a, const void *b)
{
	return memcmp(
	    ((const struct content *)a)->address, ((const struct content *)b)->address, HASH_LEN);
}

/* Making one costs more than packing a small text. */
struct packer {
	ZSTD_CCtx    *z;
	struct chunks room; /* for what is packed */
};

static int
packer_free(struct packer *k)
{
	ZSTD_freeCCtx(k->z);
	return 0;
}

static struct packer *
packer_make(TALLOC_CTX *mem, struct err *e)
{
	struct packer *k = talloc_zero(mem, struct packer);

	if (k == NULL || (k->z = ZSTD_createCCtx()) == NULL) {
		talloc_free(k);
		err_memory(e);
		return NULL;
	}
	k->room.mem = mem;
	talloc_set_destructor(k, packer_free);
	return k;
}

static bool
compress_text(TALLOC_CTX *mem, struct packer *k, struct str text, struct str *out, struct err *e)
{
	size_t room = ZSTD_compressBound(text.n), n;
	char  *p = talloc_size(mem, room);

	if (p == NULL)
		return err_memory(e);
	n = ZSTD_compressCCtx(k->z, p, room, text.p, text.n, LEVEL);
	if (ZSTD_isError(n))
		return err_set(
		    e, ERR_INTERNAL, 0, "internal error", "zstd: %s", ZSTD_getErrorName(n));
	*out = (struct str) { p, n };
	return true;
}

bool
content_compress(TALLOC_CTX *mem, struct str text, struct str *out, struct err *e)
{
	struct packer *k = packer_make(mem, e);
	bool           ok = k != NULL && compress_text(mem, k, text, out, e);

	talloc_free(k);
	return ok;
}

/* Rows grow by doubling: a talloc array moves rarely that way. */
static struct content_row *
row_next(TALLOC_CTX *mem, struct content_rows *out, struct err *e)
{
	size_t              room = talloc_get_size(out->rows) / sizeof(struct content_row);
	struct content_row *p;

	if (out->n == room) {
		room = room == 0 ? 16 : room * 2;
		p = talloc_realloc_size(mem, out->rows, room * sizeof(*p));
		if (p == NULL) {
			err_memory(e);
			return NULL;
		}
		out->rows = p;
	}
	return &out->rows[out->n++];
}

/* In pieces, each of them sealed by itself. */
static bool
pack_text(struct tenant_db *t, TALLOC_CTX *mem, struct packer *k, const struct content *c,
    struct content_rows *out, struct err *e)
{
	TALLOC_CTX *tmp = talloc_new(mem);
	struct str  packed = { NULL, 0 };
	bool        ok = tmp != NULL && compress_text(tmp, k, c->text, &packed, e);
	struct blob sealed;

	for (int64_t chunk = 0; ok && (packed.n > 0 || chunk == 0); chunk++) {
		struct str  piece = { packed.p, packed.n < PIECE_MAX ? packed.n : PIECE_MAX };
		struct uuid place = content_place(c->address, chunk);
		struct content_row *row = row_next(mem, out, e);

		if (row == NULL) {
			ok = false;
			break;
		}
		*row = (struct content_row) { { c->address, HASH_LEN }, chunk, (int64_t)c->text.n,
			{ 0 } };
		ok = tenant_seal(t, tmp, (struct sealed_place) { "contents", "body", &place },
		    piece, &sealed, e);
		row->body.n = sealed.n;
		row->body.p = ok ? chunks_copy(&k->room, sealed.p, sealed.n) : NULL;
		if (ok && row->body.p == NULL)
			ok = err_memory(e);
		packed.p += piece.n;
		packed.n -= piece.n;
	}
	talloc_free(tmp);
	return ok;
}

static bool
pack_one(struct tenant_db *t, TALLOC_CTX *mem, struct packer *k, const struct content *c,
    struct content_rows *out, struct err *e)
{
	if (c->text.n > CONTENT_TEXT_MAX)
		return err_set(e, ERR_TOO_LARGE, 0, "A resource is too large.",
		    "content of %zu bytes", c->text.n);
	return pack_text(t, mem, k, c, out, e) || err_note(e, "packing content");
}

bool
content_pack(struct tenant_db *t, TALLOC_CTX *mem, struct content *list, size_t n,
    struct content_rows *out, struct err *e)
{
	struct packer *k;
	bool           ok = true;

	*out = (struct content_rows) { 0 };
	if (n == 0)
		return true;
	k = packer_make(mem, e);
	if (k == NULL)
		return false;
	qsort(list, n, sizeof(list[0]), by_address);
	for (size_t i = 0; i < n && ok; i++)
		if (i == 0 || by_address(&list[i - 1], &list[i]) != 0)
			ok = pack_one(t, mem, k, &list[i], out, e);
	talloc_free(k);
	return ok;
}

int64_t
content_rows_bytes(const struct content_rows *rows)
{
	int64_t n = 0;

	for (size_t i = 0; i < rows->n; i++)
		n += (int64_t)rows->rows[i].body.n;
	return n;
}

bool
content_add(struct db *db, const struct content_rows *rows, struct err *e)
{
	return tx_later_many(db, &content_insert, rows->rows, rows->n, e);
}

static bool
broken(const char *why, struct err *e)
{
	return err_set(e, ERR_INTERNAL, 0, "internal error", "stored content: %s", why);
}

static bool
join_chunks(struct tenant_db *t, TALLOC_CTX *mem, const struct content_rows *stored,
    struct str *out, struct err *e)
{
	const struct content_row *rows = stored->rows;
	size_t                    total = 0;
	struct str                piece;
	char                     *p = talloc_size(mem, stored->n * PIECE_MAX);

	if (p == NULL)
		return err_memory(e);
	for (size_t i = 0; i < stored->n; i++) {
		struct uuid place = content_place(rows[i].address.p, (int64_t)i);

		if (rows[i].chunk != (int64_t)i || rows[i].size != rows[0].size)
			return broken("a chunk is missing", e);
		if (!tenant_open(t, mem, (struct sealed_place) { "contents", "body", &place },
			rows[i].body, &piece, e))
			return false;
		if (piece.n > PIECE_MAX)
			return broken("a chunk is too long", e);
		memcpy(p + total, piece.p, piece.n);
		total += piece.n;
	}
	*out = (struct str) { p, total };
	return true;
}

/* Making one costs more than unpacking a small text. */
struct unpacker {
	ZSTD_DCtx *z;
};

static int
unpacker_free(struct unpacker *k)
{
	ZSTD_freeDCtx(k->z);
	return 0;
}

static struct unpacker *
unpacker_make(TALLOC_CTX *mem, struct err *e)
{
	struct unpacker *k = talloc_zero(mem, struct unpacker);

	if (k == NULL || (k->z = ZSTD_createDCtx()) == NULL) {
		talloc_free(k);
		err_memory(e);
		return NULL;
	}
	talloc_set_destructor(k, unpacker_free);
	return k;
}

static bool
expand(TALLOC_CTX *mem, const struct unpacker *k, struct str packed, size_t size, struct str *text,
    struct err *e)
{
	char  *p = talloc_size(mem, size + 1);
	size_t n;

	if (p == NULL)
		return err_memory(e);
	n = ZSTD_decompressDCtx(k->z, p, size, packed.p, packed.n);
	if (ZSTD_isError(n) || n != size)
		return broken("does not unpack", e);
	p[size] = '\0';
	*text = (struct str) { p, size };
	return true;
}

bool
content_expand(TALLOC_CTX *mem, struct str packed, size_t size, struct str *text, struct err *e)
{
	struct unpacker *k = unpacker_make(mem, e);
	bool             ok = k != NULL && expand(mem, k, packed, size, text, e);

	talloc_free(k);
	return ok;
}

/* The rows of one content into its text. */
static bool
unpack(struct tenant_db *t, TALLOC_CTX *mem, const struct unpacker *k,
    const struct content_rows *stored, struct str *text, struct err *e)
{
	const struct content_row *rows = stored->rows;
	TALLOC_CTX               *tmp = talloc_new(mem);
	struct str                packed = { NULL, 0 };
	bool                      ok = tmp != NULL;

	if (!ok)
		return err_memory(e);
	if (stored->n == 0)
		ok = err_set(e, ERR_MISSING, 0, "Not found.", "no content at that address");
	if (ok && (rows[0].size < 0 || rows[0].size > CONTENT_TEXT_MAX))
		ok = broken("bad size", e);
	ok = ok && join_chunks(t, tmp, stored, &packed, e) &&
	     expand(mem, k, packed, (size_t)rows[0].size, text, e);
	talloc_free(tmp);
	return ok;
}

bool
content_by_address(struct tenant_db *t, TALLOC_CTX *mem, const uint8_t address[static HASH_LEN],
    struct str *text, struct err *e)
{
	const struct address_in in = { { address, HASH_LEN } };
	TALLOC_CTX             *tmp = talloc_new(mem);
	struct unpacker        *k;
	struct content_rows     stored;
	bool                    ok;

	if (tmp == NULL)
		return err_memory(e);
	k = unpacker_make(tmp, e);
	ok = k != NULL &&
	     db_all(
		 t->db, tmp, &content_select, &in, INTO(&stored.rows, &stored.n, CHUNKS_MAX), e) &&
	     unpack(t, mem, k, &stored, text, e);
	talloc_free(tmp);
	return ok;
}

/* ---- several ---- */

struct batch_in {
	const char *addresses; /* JSON array of hex digits */
};
static const struct field batch_fields[] = {
	COLUMN(struct batch_in, addresses),
	FIELD_END,
};
static const struct schema batch_in = SCHEMA("ContentBatch", struct batch_in, batch_fields);

/* Each address stands in the list once, in the order of the table. */
SQL(content_select_batch, SQL_TENANT, &batch_in, &row_schema,
    "SELECT c.address, c.chunk, c.size, c.body"
    " FROM JSON_TABLE(:addresses, '$[*]' COLUMNS (a VARCHAR(64) PATH '$')) j"
    " STRAIGHT_JOIN contents c ON c.address = UNHEX(j.a)");

struct content_batch {
	struct tenant_db   *t;
	struct unpacker    *unpacker;
	struct content_row *rows; /* by address and chunk; as stored */
	size_t              n, asked;
};

static int
by_row(const void *a, const void *b)
{
	const struct content_row *x = a, *y = b;
	int                       c = memcmp(x->address.p, y->address.p, HASH_LEN);

	return c != 0 ? c : x->chunk < y->chunk ? -1 : x->chunk > y->chunk;
}

static int
by_row_address(const void *key, const void *member)
{
	return memcmp(key, ((const struct content_row *)member)->address.p, HASH_LEN);
}

static int
by_blob(const void *a, const void *b)
{
	const struct blob *x = a, *y = b;

	return memcmp(x->p, y->p, HASH_LEN);
}

static bool
print_addresses(struct buf *out, const struct blob *addresses, size_t n, struct err *e)
{
	struct blob *each = talloc_size(out->mem, n * sizeof(each[0]));
	char         hex[2 * HASH_LEN + 1];

	if (each == NULL)
		return err_memory(e);
	memcpy(each, addresses, n * sizeof(each[0]));
	for (size_t i = 0; i < n; i++)
		if (each[i].n != HASH_LEN)
			return broken("no address", e);
	qsort(each, n, sizeof(each[0]), by_blob);
	for (size_t i = 0; i < n; i++) {
		if (i > 0 && by_blob(&each[i - 1], &each[i]) == 0)
			continue;
		hex_print(each[i].p, HASH_LEN, hex);
		buf_puts(out, i > 0 ? ",\"" : "[\"");
		buf_puts(out, hex);
		buf_putc(out, '"');
	}
	buf_putc(out, ']');
	buf_putc(out, '\0');
	talloc_free(each);
	return buf_ok(out) || err_memory(e);
}

static bool
read_batch(struct content_batch *b, const struct blob *addresses, size_t n, struct err *e)
{
	struct buf      list;
	struct batch_in in;

	b->asked = n;
	buf_make(&list, b);
	if (n == 0)
		return true;
	if (!print_addresses(&list, addresses, n, e))
		return false;
	in.addresses = list.p;
	if (!db_all(
		b->t->db, b, &content_select_batch, &in, INTO(&b->rows, &b->n, n * CHUNKS_MAX), e))
		return false;
	talloc_free(list.p);
	for (size_t i = 0; i < b->n; i++)
		if (b->rows[i].address.n != HASH_LEN)
			return broken("no address", e);
	if (b->n > 1)
		qsort(b->rows, b->n, sizeof(b->rows[0]), by_row);
	return true;
}

struct content_batch *
content_batch_read(
    struct tenant_db *t, TALLOC_CTX *mem, const struct blob *addresses, size_t n, struct err *e)
{
	struct content_batch *b = talloc_zero(mem, struct content_batch);

	if (b == NULL) {
		err_memory(e);
		return NULL;
	}
	b->t = t;
	b->unpacker = unpacker_make(b, e);
	if (b->unpacker != NULL && read_batch(b, addresses, n, e))
		return b;
	talloc_free(b);
	return NULL;
}

bool
content_batch_text(const struct content_batch *b, TALLOC_CTX *mem, struct blob address,
    struct str *text, struct err *e)
{
	const struct content_row *row =
	    b->n == 0 || address.n != HASH_LEN
		? NULL
		: bsearch(address.p, b->rows, b->n, sizeof(b->rows[0]), by_row_address);
	size_t first, last;

	if (row == NULL)
		return err_set(e, ERR_MISSING, 0, "Not found.",
		    "no content at that address, %zu rows of %zu addresses", b->n, b->asked);
	for (first = (size_t)(row - b->rows); first > 0; first--)
		if (by_row_address(address.p, &b->rows[first - 1]) != 0)
			break;
	for (last = first + 1; last < b->n; last++)
		if (by_row_address(address.p, &b->rows[last]) != 0)
			break;
	return unpack(b->t, mem, b->unpacker,
	    &(struct content_rows) { b->rows + first, last - first }, text, e);
}
