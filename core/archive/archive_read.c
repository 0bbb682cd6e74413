/* archive.h: reading. */
#include <string.h>

#include "core/archive/archive_priv.h"
#include "core/base/secret.h"
#include "core/proof/note.h"

#define LINES 3

struct archive_reader {
	struct archive_place place;
	struct archive_head  head;
	struct stream       *in;
};

/* ---- the lock's lines ---- */

/* Byte by byte: what stands behind them belongs to the stream. */
static bool
read_lines(int fd, char out[static LOCK_HEAD_MAX + 1], struct str *lines, struct err *e)
{
	size_t n = 0, got = 1;

	for (int ends = 0; ends < LINES && n < LOCK_HEAD_MAX && got == 1; n += got) {
		if (!file_read(fd, out + n, 1, &got, e))
			return false;
		ends += got == 1 && out[n] == '\n';
	}
	*lines = (struct str) { out, n };
	return true;
}

/* ---- head ---- */

static bool
get_number(struct stream *s, uint32_t *v, struct err *e)
{
	uint8_t b[NUMBER_LEN];

	if (!stream_read(s, b, sizeof(b), e))
		return false;
	*v = 0;
	for (int i = 0; i < NUMBER_LEN; i++)
		*v = *v << 8 | b[i];
	return true;
}

static bool
lies(const char *what, struct err *e)
{
	return err_set(
	    e, ERR_INVALID, 0, "The archive holds what none has.", "an archive: %s", what);
}

static bool
get_text(struct stream *s, TALLOC_CTX *mem, size_t most, struct str *out, struct err *e)
{
	uint32_t n;
	char    *p;

	if (!get_number(s, &n, e))
		return false;
	if (n > most)
		return lies("a text that is too long", e);
	p = secret_alloc(mem, (size_t)n + 1);
	if (p == NULL)
		return err_memory(e);
	p[n] = '\0';
	*out = (struct str) { p, n };
	return stream_read(s, p, n, e);
}

static bool
decode_head(struct archive_reader *r, struct str text, struct err *e)
{
	struct err   why = { 0 };
	struct json *v = json_parse(r, text, &why);

	if (v != NULL && schema_decode(r, &archive_head_schema, v, &r->head, &why))
		return true;
	if (why.code == ERR_INTERNAL)
		return *e = why, false;
	return err_set(e, ERR_INVALID, 0, "The archive's head cannot be read.", "%s: %s",
	    why.faults != NULL ? why.faults->pointer : "head",
	    why.faults != NULL ? why.faults->detail : why.pub);
}

static bool
open_stream(struct archive_reader *r, int fd, const struct lock *l, struct err *e)
{
	char       text[LOCK_HEAD_MAX + 1];
	uint8_t    key[LOCK_KEY_LEN];
	struct str lines, head;
	bool       ok;

	ok = read_lines(fd, text, &lines, e) && lock_open(l, lines, key, e) &&
	     (r->in = stream_make(r, fd, key, e)) != NULL;
	secret_wipe(key, sizeof(key));
	return ok && get_text(r->in, r, ARCHIVE_HEAD_MAX, &head, e) && decode_head(r, head, e);
}

struct archive_reader *
archive_reader_make(TALLOC_CTX *mem, int fd, const struct lock *l, struct err *e)
{
	struct archive_reader *r = talloc_zero(mem, struct archive_reader);

	if (r == NULL) {
		err_memory(e);
		return NULL;
	}
	if (!open_stream(r, fd, l, e)) {
		talloc_free(r);
		return NULL;
	}
	r->place.head = &r->head;
	return r;
}

const struct archive_head *
archive_head(const struct archive_reader *r)
{
	return &r->head;
}

/* ---- rows ---- */

static bool
get_value(struct stream *s, TALLOC_CTX *mem, size_t *bytes, struct blob *out, struct err *e)
{
	uint32_t n;
	uint8_t *p;

	if (!get_number(s, &n, e))
		return false;
	if (n == ARCHIVE_NULL)
		return true;
	*bytes += n;
	if (n > ARCHIVE_VALUE_MAX || *bytes > ARCHIVE_ROW_MAX)
		return lies("a value that is too long", e);
	p = secret_alloc(mem, (size_t)n + 1);
	if (p == NULL)
		return err_memory(e);
	p[n] = '\0';
	*out = (struct blob) { p, n };
	return stream_read(s, p, n, e);
}

bool
archive_get(struct archive_reader *r, TALLOC_CTX *mem, const struct archive_table **t,
    struct blob **values, struct err *e)
{
	size_t bytes = 0;

	*t = archive_next(&r->place);
	if (*t == NULL)
		return true;
	*values = talloc_zero_array(mem, struct blob, (unsigned)(*t)->columns.n);
	if (*values == NULL)
		return err_memory(e);
	for (size_t i = 0; i < (*t)->columns.n; i++)
		if (!get_value(r->in, mem, &bytes, &(*values)[i], e))
			return false;
	r->place.row++;
	r->place.rows++;
	return true;
}

/* ---- end ---- */

static bool
signer_of(const struct archive_reader *r, struct note_key *out, struct err *e)
{
	size_t n;

	*out = (struct note_key) { .name = "" };
	return (base64_parse(str_of(r->head.signer), out->key, sizeof(out->key), &n) &&
		   n == sizeof(out->key)) ||
	       lies("no key of who has signed it", e);
}

bool
archive_read_end(struct archive_reader *r, struct err *e)
{
	struct note_key key;
	struct str      note;
	char           *due = archive_note_text(r, &r->place, r->in, e);
	size_t          n = due == NULL ? 0 : strlen(due);

	if (due == NULL || !signer_of(r, &key, e) || !get_text(r->in, r, NOTE_MAX, &note, e) ||
	    !stream_read_end(r->in, e))
		return false;
	if (note.n <= n || memcmp(note.p, due, n) != 0 || note.p[n] != '\n')
		return err_set(e, ERR_INVALID, 0,
		    "The archive's note is not of what the archive holds.", "another note");
	return note_check_text(r, note, &key) == NOTE_SIGNED ||
	       err_set(e, ERR_INVALID, 0, "The archive is not signed by the key that it names.",
		   "no signature");
}

bool
archive_signer_is(const struct archive_head *h, const char *key, struct err *e)
{
	struct note_key due, is;

	return note_key_parse(str_of(key), &due, e) && note_key_parse(str_of(h->signer), &is, e) &&
	       (memcmp(due.key, is.key, sizeof(due.key)) == 0 ||
		   err_set(e, ERR_INVALID, 0, "The archive is signed by another key.",
		       "signed by %.64s", h->signer));
}
