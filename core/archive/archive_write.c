/* archive.h: writing. */
#include <assert.h>
#include <string.h>

#include "core/archive/archive_priv.h"
#include "core/base/secret.h"
#include "core/proof/note.h"

struct archive_writer {
	struct archive_place place;
	struct stream       *out;
};

static bool
put_number(struct stream *s, uint32_t v, struct err *e)
{
	uint8_t b[NUMBER_LEN];

	for (int i = 0; i < NUMBER_LEN; i++)
		b[i] = (uint8_t)(v >> (24 - 8 * i));
	return stream_write(s, b, sizeof(b), e);
}

static bool
put_text(struct stream *s, struct str text, size_t most, struct err *e)
{
	if (text.n > most)
		return err_set(
		    e, ERR_INTERNAL, 0, "internal error", "an archive's text of %zu bytes", text.n);
	return put_number(s, (uint32_t)text.n, e) && stream_write(s, text.p, text.n, e);
}

static bool
put_head(struct archive_writer *w, struct err *e)
{
	struct buf b;
	bool       ok;

	buf_make(&b, w);
	ok = schema_encode(&b, &archive_head_schema, w->place.head, e) &&
	     (buf_ok(&b) || err_memory(e)) && put_text(w->out, buf_str(&b), ARCHIVE_HEAD_MAX, e);
	talloc_free(b.p);
	return ok;
}

struct archive_writer *
archive_writer_make(TALLOC_CTX *mem, const struct archive_make *m, struct err *e)
{
	struct archive_writer *w = talloc_zero(mem, struct archive_writer);
	uint8_t                key[LOCK_KEY_LEN];
	char                  *lines;
	bool                   ok;

	if (w == NULL) {
		err_memory(e);
		return NULL;
	}
	w->place.head = m->head;
	lines = lock_close(w, m->lock, m->rand, key, e);
	ok = lines != NULL && file_write(m->fd, lines, strlen(lines), e) &&
	     (w->out = stream_make(w, m->fd, key, e)) != NULL && put_head(w, e);
	secret_wipe(key, sizeof(key));
	if (!ok)
		talloc_free(w);
	return ok ? w : NULL;
}

bool
archive_put(struct archive_writer *w, const struct blob *values, struct err *e)
{
	const struct archive_table *t = archive_next(&w->place);
	size_t                      bytes = 0;

	assert(t != NULL);
	for (size_t i = 0; i < t->columns.n; i++) {
		bytes += values[i].n;
		if (values[i].n > ARCHIVE_VALUE_MAX || bytes > ARCHIVE_ROW_MAX)
			return err_set(e, ERR_TOO_LARGE, 0, "A row is too large for an archive.",
			    "%s.%s", t->name, t->columns.items[i]);
		if (!put_number(
			w->out, values[i].p == NULL ? ARCHIVE_NULL : (uint32_t)values[i].n, e) ||
		    !stream_write(w->out, values[i].p, values[i].n, e))
			return false;
	}
	w->place.row++;
	w->place.rows++;
	return true;
}

bool
archive_end(struct archive_writer *w, const uint8_t seed[static ED25519_KEY_LEN], struct err *e)
{
	char *text, *note = NULL;

	assert(archive_next(&w->place) == NULL);
	text = archive_note_text(w, &w->place, w->out, e);
	if (text != NULL)
		note = note_sign_text(w, str_of(text), seed, e);
	return note != NULL && put_text(w->out, str_of(note), NOTE_MAX, e) &&
	       stream_write_end(w->out, e);
}
