#include "drift/engine/automaton.h"

#include <string.h>

#define NONE UINT32_MAX
#define RING 1024 /* > head and longest piece together: how far ahead a piece may be awaited */

struct node {
	uint32_t up, fail, piece; /* piece: that ends here; NONE */
	uint32_t shorter; /* the next node on the way of `fail` where a piece ends; 0: none */
	uint8_t  byte;    /* on the edge from `up` */
};

struct edge {
	uint32_t from, to; /* to 0: free */
	uint8_t  byte;
};

/* A glob on its way through a text: the piece it waits for, of its own. */
struct runner {
	uint32_t first, n; /* its pieces in automaton.parts */
	uint32_t at;
	uint32_t next; /* of those that wait for the same; NONE */
	size_t   end;  /* of what its pieces may stand in */
};

struct automaton {
	const struct globs *globs;
	bool                fold;
	struct node        *nodes; /* the root is 0; parents before their children */
	uint32_t            n;
	struct edge        *edges; /* a table, at most half full */
	uint32_t            mask;
	uint32_t           *parts;   /* numbers of pieces, glob by glob */
	uint16_t           *length;  /* of each piece */
	uint32_t           *waiting; /* of each piece: runners; NONE */
	uint32_t            pieces;
	struct runner      *runners;    /* of each glob */
	uint32_t            ring[RING]; /* runners that begin to wait when so many bytes are read */
};

/* ---- making ---- */

size_t
automaton_size(const struct globs *g)
{
	size_t n = 0;

	for (size_t i = 0; i < g->n; i++)
		n += glob_inner(&g->items[i]).n;
	return n;
}

static struct edge *
slot(const struct automaton *a, uint32_t from, uint8_t byte)
{
	uint32_t i = (from * 0x9E3779B1u) ^ (byte * 0x85EBCA6Bu);

	for (i ^= i >> 15;; i++) {
		struct edge *x = &a->edges[i & a->mask];

		if (x->to == 0 || (x->from == from && x->byte == byte))
			return x;
	}
}

/* The node that the piece ends at; what is missing on the way is made. */
static uint32_t
add_piece(struct automaton *a, struct str piece)
{
	uint32_t at = 0;

	for (size_t i = 0; i < piece.n; i++) {
		uint8_t      byte = (uint8_t)(a->fold ? glob_lower(piece.p[i]) : piece.p[i]);
		struct edge *x = slot(a, at, byte);

		if (x->to == 0) {
			*x = (struct edge) { at, a->n, byte };
			a->nodes[a->n++] = (struct node) { .up = at, .piece = NONE, .byte = byte };
		}
		at = x->to;
	}
	if (a->nodes[at].piece == NONE) {
		a->nodes[at].piece = a->pieces;
		a->length[a->pieces++] = (uint16_t)piece.n;
	}
	return a->nodes[at].piece;
}

static void
add_globs(struct automaton *a)
{
	uint32_t parts = 0;

	for (size_t i = 0; i < a->globs->n; i++) {
		const struct glob *g = &a->globs->items[i];
		struct str         inner = glob_inner(g), piece;

		a->runners[i].first = parts;
		for (uint32_t star = 1; star < g->stars; star++) {
			inner = str_cut(inner, '*', &piece);
			if (piece.n > 0)
				a->parts[parts++] = add_piece(a, piece);
		}
		a->runners[i].n = parts - a->runners[i].first;
	}
}

static uint32_t
move(const struct automaton *a, uint32_t at, uint8_t byte, uint64_t *steps)
{
	for (;; at = a->nodes[at].fail) {
		uint32_t to = slot(a, at, byte)->to;

		(*steps)++;
		if (to != 0 || at == 0)
			return to;
	}
}

/* A node's comes after those of all shorter ones. */
static bool
add_failures(struct automaton *a, struct err *e)
{
	uint32_t *order = talloc_array(a, uint32_t, a->n), *depth = talloc_array(a, uint32_t, a->n);
	uint32_t  count[GLOB_TEXT_MAX + 2] = { 0 };
	uint64_t  steps = 0;

	if (order == NULL || depth == NULL)
		return err_memory(e);
	depth[0] = 0;
	for (uint32_t i = 1; i < a->n; i++) {
		depth[i] = depth[a->nodes[i].up] + 1;
		count[depth[i] + 1]++;
	}
	for (uint32_t d = 1; d < GLOB_TEXT_MAX + 2; d++)
		count[d] += count[d - 1];
	for (uint32_t i = 1; i < a->n; i++)
		order[count[depth[i]]++] = i;
	for (uint32_t i = 0; i + 1 < a->n; i++) {
		struct node *x = &a->nodes[order[i]], *fail;

		x->fail = x->up == 0 ? 0 : move(a, a->nodes[x->up].fail, x->byte, &steps);
		fail = &a->nodes[x->fail];
		x->shorter = fail->piece != NONE ? x->fail : fail->shorter;
	}
	talloc_free(order);
	talloc_free(depth);
	return true;
}

static bool
make_room(struct automaton *a, size_t size, size_t *bytes, struct err *e)
{
	size_t slots = 64;

	while (slots < 2 * (size + 1))
		slots *= 2;
	a->mask = (uint32_t)(slots - 1);
	a->nodes = talloc_array(a, struct node, (unsigned)size + 1);
	a->edges = talloc_zero_array(a, struct edge, (unsigned)slots);
	a->parts = talloc_array(a, uint32_t, (unsigned)size + 1);
	a->length = talloc_array(a, uint16_t, (unsigned)size + 1);
	a->runners = talloc_zero_array(a, struct runner, (unsigned)a->globs->n);
	*bytes = talloc_total_size(a);
	return (a->nodes != NULL && a->edges != NULL && a->parts != NULL && a->length != NULL &&
		   a->runners != NULL) ||
	       err_memory(e);
}

struct automaton *
automaton_make(TALLOC_CTX *mem, const struct globs *g, size_t *bytes, struct err *e)
{
	struct automaton *a = talloc_zero(mem, struct automaton);

	if (a == NULL) {
		(void)err_memory(e);
		return NULL;
	}
	a->globs = g;
	a->fold = g->n > 0 && g->items[0].fold;
	if (make_room(a, automaton_size(g), bytes, e)) {
		a->nodes[a->n++] = (struct node) { .piece = NONE };
		add_globs(a);
		a->waiting = talloc_array(a, uint32_t, a->pieces);
		if ((a->waiting != NULL || err_memory(e)) && add_failures(a, e))
			return a;
	}
	talloc_free(a);
	return NULL;
}

/* ---- a pass ---- */

/* Its next piece may begin where `read` bytes are read, so it ends so much later. */
static void
await_later(struct automaton *a, struct runner *r, size_t read)
{
	uint32_t *list = &a->ring[(read + a->length[a->parts[r->first + r->at]]) % RING];

	r->next = *list;
	*list = (uint32_t)(r - a->runners);
}

static void
await_now(struct automaton *a, uint32_t list)
{
	while (list != NONE) {
		struct runner *r = &a->runners[list];
		uint32_t      *wait = &a->waiting[a->parts[r->first + r->at]], next = r->next;

		r->next = *wait;
		*wait = list;
		list = next;
	}
}

/* True: one has all its pieces.  *running: how many still may. */
static bool
take_piece(struct automaton *a, uint32_t piece, size_t read, size_t *running, uint64_t *steps)
{
	uint32_t list = a->waiting[piece];

	a->waiting[piece] = NONE;
	while (list != NONE) {
		struct runner *r = &a->runners[list];

		list = r->next;
		(*steps)++;
		if (read > r->end)
			--*running;
		else if (++r->at == r->n)
			return true;
		else
			await_later(a, r, read);
	}
	return false;
}

/* True: one matches already, for it has no piece. */
static bool
begin(struct automaton *a, struct str s, size_t *running, uint64_t *steps)
{
	*running = 0;
	memset(a->waiting, 0xff, a->pieces * sizeof *a->waiting);
	memset(a->ring, 0xff, sizeof a->ring);
	*steps += a->pieces / 8 + RING / 8;
	for (size_t i = 0; i < a->globs->n; i++) {
		const struct glob *g = &a->globs->items[i];
		struct runner     *r = &a->runners[i];

		*steps += 1 + (g->head + g->tail) / 16;
		if (!glob_match_ends(g, s))
			continue;
		if (r->n == 0)
			return true;
		r->at = 0;
		r->end = s.n - g->tail;
		await_later(a, r, g->head);
		++*running;
	}
	return false;
}

/* The pieces that end at this node, the longest first.  True: a glob has all of its. */
static bool
take_pieces(struct automaton *a, uint32_t at, size_t read, size_t *running, uint64_t *steps)
{
	if (a->nodes[at].piece == NONE)
		at = a->nodes[at].shorter;
	for (; at != 0; at = a->nodes[at].shorter) {
		++*steps;
		if (take_piece(a, a->nodes[at].piece, read, running, steps))
			return true;
	}
	return false;
}

bool
automaton_match(struct automaton *a, struct str s, struct work *work, enum work_kind kind,
    bool *yes, struct err *e)
{
	size_t   running;
	uint32_t at = 0;
	uint64_t steps = 1;

	*yes = begin(a, s, &running, &steps);
	/* a bucket is met again only after the whole ring: what lies in it is of the present round
	 */
	for (size_t i = 0; !*yes && running > 0 && i < s.n; i++) {
		uint32_t *soon = &a->ring[(i + 1) % RING];

		at = move(a, at, (uint8_t)(a->fold ? glob_lower(s.p[i]) : s.p[i]), &steps);
		await_now(a, *soon);
		*soon = NONE;
		*yes = take_pieces(a, at, i + 1, &running, &steps);
		if (steps < WORK_LOOK)
			continue;
		if (!work_spend(work, kind, steps, e))
			return false;
		steps = 0;
	}
	return work_spend(work, kind, steps, e);
}
