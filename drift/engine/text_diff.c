#include "drift/engine/text_diff.h"

#include <string.h>

#include "drift/engine/mark.h"
#include "drift/engine/text_lines.h"

#define RUN_BYTES  1000 /* after so many the lines of a run end */
#define RUN_MAX    (RUN_BYTES + TEXT_DIFF_LINE + 100)
#define STOP_AT    (TEXT_DIFF_MAX - 2 * RUN_MAX) /* no two runs more, one of each side */
#define AHEAD      80 /* bytes shown before the first difference of a long line */
#define BYTES_READ 4  /* several times, one after the other, in a step */
#define LINES_HELD 16 /* steps to read and hash one */

/* ---- texts ---- */

/* false: it is none that is shown. */
static bool
shown_text(TALLOC_CTX *mem, const struct json *v, struct str *out, struct err *e)
{
	struct buf b;

	*out = (struct str) { NULL, 0 };
	if (v == NULL || v->type != JSON_STRING || (mark_at(v) && mark_is_whole(v->text)))
		return true;
	*out = mark_clear(v->text);
	if (!mark_at(v))
		return true;
	buf_make(&b, mem);
	mark_text(&b, v->text, NULL);
	*out = buf_str(&b);
	return buf_ok(&b) || err_memory(e);
}

static bool
has_lines(struct str s)
{
	const char *lf = s.n == 0 ? NULL : memchr(s.p, '\n', s.n);

	return lf != NULL && lf + 1 < s.p + s.n;
}

/* ---- one line ---- */

static bool
inside_character(struct str s, size_t at)
{
	return at < s.n && ((unsigned char)s.p[at] & 0xc0) == 0x80;
}

static void
put_line(struct buf *b, char sign, struct str line, size_t from)
{
	bool   ends = line.n > 0 && line.p[line.n - 1] == '\n';
	size_t to;

	line.n -= ends;
	while (from > 0 && inside_character(line, from))
		from--;
	to = line.n - from > TEXT_DIFF_LINE ? from + TEXT_DIFF_LINE : line.n;
	while (to > from && inside_character(line, to))
		to--;
	buf_putc(b, sign);
	buf_puts(b, from > 0 ? "…" : "");
	buf_add(b, line.p + from, to - from);
	buf_puts(b, to < line.n ? "…\n" : "\n");
	if (!ends)
		buf_puts(b, "\\ No newline at end\n");
}

/* Where to begin with a line that is long and begins as the other. */
static size_t
begin_at(struct str line, struct str other)
{
	size_t n = line.n < other.n ? line.n : other.n, i = 0;

	if (line.n <= TEXT_DIFF_LINE)
		return 0;
	while (i < n && line.p[i] == other.p[i])
		i++;
	return i > TEXT_DIFF_LINE / 2 ? i - AHEAD : 0;
}

/* ---- hunks ---- */

struct run {
	size_t from, to;
};

/* A part of both sides, from and to, in which something differs. */
struct hunk {
	size_t from[2], to[2];
};

static struct run
run_at(const struct text_side *s, size_t at)
{
	struct run r = { at, at };

	while (r.to < s->n && s->lines[r.to].differs)
		r.to++;
	return r;
}

static void
put_run(struct buf *b, const struct text_side *s, struct run r, char sign,
    const struct text_side *other, struct run theirs)
{
	size_t begun = b->n, left = r.to - r.from;

	for (size_t i = r.from; i < r.to; i++, left--) {
		size_t     k = theirs.from + (i - r.from);
		struct str line = s->lines[i].text;

		if (i - r.from == TEXT_DIFF_RUN || b->n - begun > RUN_BYTES)
			break;
		put_line(b, sign, line, k < theirs.to ? begin_at(line, other->lines[k].text) : 0);
	}
	if (r.to == s->n)
		left += s->more;
	if (left > 0)
		buf_printf(b, "\\ %zu more lines\n", left);
}

/* The next hunk from `at` on; false: there is none. */
static bool
next_hunk(const struct text_side s[2], const size_t at[2], struct hunk *h)
{
	size_t i = at[0], j = at[1], quiet = 0, back;

	while (i < s[0].n && j < s[1].n && !s[0].lines[i].differs && !s[1].lines[j].differs)
		i++, j++;
	if (!(i < s[0].n && s[0].lines[i].differs) && !(j < s[1].n && s[1].lines[j].differs))
		return false;
	back = i - at[0] < TEXT_DIFF_CONTEXT ? i - at[0] : TEXT_DIFF_CONTEXT;
	*h = (struct hunk) { { i - back, j - back }, { 0, 0 } };
	while (i < s[0].n || j < s[1].n) {
		struct run a = run_at(&s[0], i), b = run_at(&s[1], j);

		if (a.to > i || b.to > j) {
			i = a.to;
			j = b.to;
			quiet = 0;
			continue;
		}
		if (quiet == 2 * TEXT_DIFF_CONTEXT)
			break;
		i++, j++, quiet++;
	}
	if (quiet > TEXT_DIFF_CONTEXT) {
		i -= quiet - TEXT_DIFF_CONTEXT;
		j -= quiet - TEXT_DIFF_CONTEXT;
	}
	h->to[0] = i;
	h->to[1] = j;
	return true;
}

static size_t
differing(const struct text_side *s, size_t from)
{
	size_t n = s->more;

	for (size_t i = from; i < s->n; i++)
		n += s->lines[i].differs;
	return n;
}

/* false: there is no room for what follows. */
static bool
has_room(struct buf *b, const struct text_side s[2], size_t i, size_t j)
{
	if (b->n <= STOP_AT)
		return true;
	buf_printf(b, "\\ %zu more lines\n", differing(&s[0], i) + differing(&s[1], j));
	return false;
}

static bool
put_hunk(struct buf *b, const struct text_side s[2], const struct hunk *h)
{
	size_t i = h->from[0], j = h->from[1];

	buf_printf(b, "@@ -%zu,%zu +%zu,%zu @@\n", s[0].first + i, h->to[0] - i, s[1].first + j,
	    h->to[1] - j);
	while (i < h->to[0] || j < h->to[1]) {
		struct run a = run_at(&s[0], i), c = run_at(&s[1], j);

		if (a.to == i && c.to == j) {
			put_line(b, ' ', s[0].lines[i].text, 0);
			i++, j++;
			continue;
		}
		if (!has_room(b, s, i, j))
			return false;
		put_run(b, &s[0], a, '-', &s[1], c);
		put_run(b, &s[1], c, '+', &s[0], a);
		i = a.to;
		j = c.to;
	}
	return true;
}

static bool
print(struct buf *b, const struct text_side s[2])
{
	size_t      at[2] = { 0, 0 };
	struct hunk h;

	while (next_hunk(s, at, &h)) {
		if (!has_room(b, s, at[0], at[1]) || !put_hunk(b, s, &h))
			break;
		at[0] = h.to[0];
		at[1] = h.to[1];
	}
	return buf_ok(b);
}

/* ---- both ---- */

static bool
show(TALLOC_CTX *tmp, const struct text_diff_in *in, const struct str text[2], struct buf *b,
    struct err *e)
{
	struct text_side side[2];

	return work_spend(in->work, WORK_CHANGES, (text[0].n + text[1].n) / BYTES_READ, e) &&
	       text_lines(tmp, text, side, e) &&
	       work_spend(in->work, WORK_CHANGES, LINES_HELD * (side[0].n + side[1].n), e) &&
	       text_lines_mark(tmp, side, in->steps, e) && (print(b, side) || err_memory(e));
}

bool
text_diff(TALLOC_CTX *mem, const struct text_diff_in *in, struct str *out, struct err *e)
{
	TALLOC_CTX *tmp = talloc_new(mem);
	struct str  text[2];
	struct buf  b;
	bool        ok;

	*out = (struct str) { NULL, 0 };
	if (tmp == NULL)
		return err_memory(e);
	buf_make(&b, mem);
	ok = shown_text(tmp, in->old_value, &text[0], e) &&
	     shown_text(tmp, in->new_value, &text[1], e);
	if (ok && text[0].p != NULL && text[1].p != NULL && !str_eq(text[0], text[1]) &&
	    (in->is_long || has_lines(text[0]) || has_lines(text[1])))
		ok = show(tmp, in, text, &b, e);
	talloc_free(tmp);
	if (ok && b.n > 0)
		*out = (struct str) { b.p, b.n - 1 };
	return ok;
}
