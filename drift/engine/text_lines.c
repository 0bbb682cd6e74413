#include "drift/engine/text_lines.h"

#include <string.h>

/* ---- lines ---- */

static size_t
same_head(struct str a, struct str b)
{
	size_t n = a.n < b.n ? a.n : b.n, i = 0;

	while (i < n && a.p[i] == b.p[i])
		i++;
	while (i > 0 && a.p[i - 1] != '\n')
		i--;
	return i;
}

/* Bytes of whole lines at the end of both, behind `head`. */
static size_t
same_tail(struct str a, struct str b, size_t head)
{
	size_t      n = (a.n < b.n ? a.n : b.n) - head, i = 0;
	const char *lf;

	while (i < n && a.p[a.n - 1 - i] == b.p[b.n - 1 - i])
		i++;
	lf = memchr(a.p + a.n - i, '\n', i);
	return lf == NULL ? 0 : (size_t)(a.p + a.n - (lf + 1));
}

/* Where the line begins that is `lines` before the one that begins at `at`. */
static size_t
lines_before(struct str s, size_t at, int lines)
{
	for (; lines > 0 && at > 0; lines--)
		for (at--; at > 0 && s.p[at - 1] != '\n';)
			at--;
	return at;
}

static size_t
line_end(struct str s, size_t at)
{
	const char *lf = memchr(s.p + at, '\n', s.n - at);

	return lf == NULL ? s.n : (size_t)(lf + 1 - s.p);
}

static size_t
count_lines(struct str s)
{
	size_t n = 0;

	for (size_t at = 0; at < s.n; at = line_end(s, at))
		n++;
	return n;
}

static uint64_t
hash_line(struct str s)
{
	uint64_t h = 0xcbf29ce484222325u;

	for (size_t i = 0; i < s.n; i++)
		h = (h ^ (unsigned char)s.p[i]) * 0x100000001b3u;
	return h;
}

/* From `from` on, those before `end`, and TEXT_DIFF_CONTEXT behind it. */
static bool
split(TALLOC_CTX *mem, struct str s, size_t from, size_t end, struct text_side *out, struct err *e)
{
	size_t at = from;
	size_t room = count_lines((struct str) { s.p + from, end - from }) + TEXT_DIFF_CONTEXT;

	room = room < TEXT_DIFF_LINES ? room : TEXT_DIFF_LINES;
	out->lines = talloc_size(mem, room * sizeof(out->lines[0]));
	if (out->lines == NULL)
		return err_memory(e);
	out->first = 1 + count_lines((struct str) { s.p, from });
	while (at < s.n && out->n < room) {
		size_t to = line_end(s, at);

		out->tail += at >= end;
		out->lines[out->n++] = (struct text_line) { .text = { s.p + at, to - at } };
		at = to;
	}
	if (at < end)
		out->more = count_lines((struct str) { s.p + at, end - at });
	for (size_t i = 0; i < out->n; i++)
		out->lines[i].hash = hash_line(out->lines[i].text);
	return true;
}

bool
text_lines(TALLOC_CTX *mem, const struct str text[2], struct text_side side[2], struct err *e)
{
	size_t head = same_head(text[0], text[1]), tail = same_tail(text[0], text[1], head);
	size_t from = lines_before(text[0], head, TEXT_DIFF_CONTEXT);

	side[0] = side[1] = (struct text_side) { 0 };
	return split(mem, text[0], from, text[0].n - tail, &side[0], e) &&
	       split(mem, text[1], from, text[1].n - tail, &side[1], e);
}

/* ---- the shortest edit ---- */

static bool
same(const struct text_line *a, const struct text_line *b)
{
	return a->hash == b->hash && str_eq(a->text, b->text);
}

/* What is between the lines at both ends that are equal. */
struct middle {
	struct text_line *a, *b;
	int               n, m;
	int               most; /* edits */
	int *reached; /* for each number of edits d: how far in a on each diagonal -d..d, by turns
			 of 2 */
	uint64_t *steps;
};

/* The entries of all edits before these: 1 + 2 + ... + d. */
static int *
row_of(const struct middle *w, int d)
{
	return w->reached + d * (d + 1) / 2;
}

/* By one edit from a neighbouring diagonal: *down: it is a line of b. */
static int
step_to(const struct middle *w, int d, int k, bool *down)
{
	const int *before = row_of(w, d - 1);
	int        i = (k + d) /
		2; /* of the diagonals of d edits; that below is i - 1 of d - 1, that above is i */

	*down = k == -d || (k != d && before[i - 1] < before[i]);
	return *down ? before[i] : before[i - 1] + 1;
}

static int
slide(const struct middle *w, int x, int k)
{
	while (x < w->n && x - k < w->m && same(&w->a[x], &w->b[x - k])) {
		x++;
		*w->steps -= *w->steps > 0;
	}
	return x;
}

/* How many edits it takes; -1: too many. */
static int
search(const struct middle *w)
{
	for (int d = 0; d <= w->most && *w->steps > 0; d++)
		for (int k = -d; k <= d; k += 2) {
			bool down;
			int  x = d == 0 ? 0 : step_to(w, d, k, &down);

			*w->steps -= *w->steps > 0;
			if (x <= w->n && x - k <= w->m && x - k >= 0)
				x = slide(w, x, k);
			row_of(w, d)[(k + d) / 2] = x;
			if (x >= w->n && x - k >= w->m && k == w->n - w->m)
				return d;
		}
	return -1;
}

static void
mark_edits(const struct middle *w, int d)
{
	for (int k = w->n - w->m; d > 0; d--) {
		bool down;
		int  x = step_to(w, d, k, &down);

		if (down)
			w->b[x - k - 1].differs = true;
		else
			w->a[x - 1].differs = true;
		k += down ? 1 : -1;
	}
}

static void
mark_all(const struct middle *w)
{
	for (int i = 0; i < w->n; i++)
		w->a[i].differs = true;
	for (int i = 0; i < w->m; i++)
		w->b[i].differs = true;
}

bool
text_lines_mark(TALLOC_CTX *mem, struct text_side side[2], uint64_t *steps, struct err *e)
{
	struct text_side *a = &side[0], *b = &side[1];
	bool              cut = a->more + b->more > 0;
	size_t            least = a->n < b->n ? a->n : b->n, head = 0, tail = 0;
	struct middle     w = { .steps = steps };
	int               d = -1;

	if (cut) { /* what follows is not what follows on the other side */
		a->n -= a->tail;
		b->n -= b->tail;
		least = a->n < b->n ? a->n : b->n;
	}
	while (head < least && same(&a->lines[head], &b->lines[head]))
		head++;
	while (!cut && tail < least - head &&
	       same(&a->lines[a->n - 1 - tail], &b->lines[b->n - 1 - tail]))
		tail++;
	w.a = a->lines + head;
	w.b = b->lines + head;
	w.n = (int)(a->n - head - tail);
	w.m = (int)(b->n - head - tail);
	if (!cut) {
		w.most = w.n + w.m < TEXT_DIFF_EDITS ? w.n + w.m : TEXT_DIFF_EDITS;
		w.reached = talloc_array_size(
		    mem, sizeof(w.reached[0]), (unsigned)((w.most + 1) * (w.most + 2) / 2));
		if (w.reached == NULL)
			return err_memory(e);
		d = search(&w);
	}
	if (d < 0)
		mark_all(&w);
	else
		mark_edits(&w, d);
	talloc_free(w.reached);
	return true;
}
