#include "core/net/multi_room.h"

#include <talloc.h>

#define STEP ((size_t)16 << 10) /* so much comes at once, as a rule */

struct room_party {
	struct room_party *next;
	struct uuid        id;
	size_t             held;
	unsigned           n, waiting;
	uint64_t           went; /* which turn it had last, of even numbers */
	uint64_t           looked;
};

/* ---- coming and going ---- */

static struct room_party *
party_find(TALLOC_CTX *mem, struct room *r, const struct uuid *id)
{
	struct room_party *y = r->parties;

	while (y != NULL && !uuid_eq(&y->id, id))
		y = y->next;
	if (y != NULL)
		return y;
	y = talloc_zero(mem, struct room_party);
	if (y == NULL)
		return NULL;
	*y = (struct room_party) {
		.next = r->parties,
		.id = *id,
		.went = r->turns > 0 ? r->turns - 1 : 0, /* before whoever had the last one */
	};
	r->parties = y;
	return y;
}

static void
party_leave(struct room *r, struct room_party *y)
{
	struct room_party **link = &r->parties;

	if (--y->n > 0)
		return;
	while (*link != y)
		link = &(*link)->next;
	*link = y->next;
	talloc_free(y);
}

bool
room_join(
    TALLOC_CTX *mem, struct room *r, struct room_place *p, const struct uuid *party, uint64_t turn)
{
	*p = (struct room_place) {
		.of = p->of,
		.room = r,
		.next = r->first,
		.link = &r->first,
		.party = party_find(mem, r, party),
		.turn = turn,
		.free = MULTI_FREE,
		.number = ++r->joined,
	};
	if (p->party == NULL)
		return false;
	p->party->n++;
	if (p->next != NULL)
		p->next->link = &p->next;
	r->first = p;
	return true;
}

static void
count(struct room_place *p, size_t is)
{
	p->room->held += is - p->held;
	p->party->held += is - p->held;
	p->held = is;
}

static void
end_turn(struct room *r, int64_t now_ns)
{
	r->passing->free = r->passing->held + MULTI_FREE;
	r->passing = NULL;
	r->passed_ns = now_ns;
}

void
room_leave(struct room_place *p, int64_t now_ns)
{
	if (p->party == NULL)
		return;
	count(p, 0);
	if (p->waits)
		room_go(p, now_ns);
	if (p->room->passing == p)
		end_turn(p->room, now_ns);
	*p->link = p->next;
	if (p->next != NULL)
		p->next->link = p->link;
	party_leave(p->room, p->party);
	p->party = NULL;
}

/* ---- who goes on ---- */

static bool
comes_before(const struct room_place *a, const struct room_place *b)
{
	if (a->party != b->party && a->party->went != b->party->went)
		return a->party->went < b->party->went;
	if (a->party == b->party && a->slow != b->slow)
		return a->slow < b->slow;
	return a->turn != b->turn ? a->turn < b->turn : a->number < b->number;
}

/* What goes by itself is waited for, but not for ever. */
static bool
is_patient(const struct room_place *p, int64_t now_ns)
{
	const struct room *r = p->room;

	return r->bound.leaving != NULL && *r->bound.leaving > 0 &&
	       (!p->waits || now_ns - p->stopped_ns <= ROOM_PATIENCE_NS ||
		   now_ns - r->passed_ns <= ROOM_PATIENCE_NS);
}

/* From now on it is looked at how much comes. */
static void
mark(struct room *r, int64_t now_ns)
{
	r->slow_ns = now_ns;
	r->came = 0;
}

static bool
takes_turn(struct room_place *p, int64_t now_ns)
{
	struct room *r = p->room;

	if (r->passing != NULL || is_patient(p, now_ns))
		return r->passing == p;
	for (const struct room_place *i = r->first; i != NULL; i = i->next)
		if (i->waits && comes_before(i, p))
			return false;
	r->passing = p;
	r->turns += 2;
	p->party->went = r->turns;
	r->turn_ns = now_ns;
	mark(r, now_ns);
	return true;
}

static bool
fits(const struct room *r, size_t n)
{
	const size_t beside = r->bound.beside == NULL ? 0 : *r->bound.beside;

	return (r->held + n) * r->bound.weight + beside <= r->bound.most;
}

static bool
fits_part(const struct room_place *p, size_t n)
{
	const struct room *r = p->room;

	return r->parties->next == NULL || p->party->held - p->held <= MULTI_FREE ||
	       (p->party->held + n) * r->bound.weight <= r->bound.most / ROOM_PARTS;
}

static bool
has_room(struct room_place *p, size_t n, int64_t now_ns)
{
	const struct room *r = p->room;

	return r->bound.most == 0 || p->held + n <= p->free || (fits(r, n) && fits_part(p, n)) ||
	       takes_turn(p, now_ns);
}

bool
room_take(struct room_place *p, const struct buf *body, size_t n, int64_t now_ns)
{
	count(p, body->cap);
	if (!has_room(p, n, now_ns))
		return false;
	count(p, body->n + n > p->held ? body->n + n : p->held);
	if (p->room->passing == p) {
		p->room->came += n;
		if (p->room->came >= ROOM_SLOW_BYTES)
			mark(p->room, now_ns);
	}
	return true;
}

/* ---- waiting ---- */

void
room_stop(struct room_place *p, int64_t now_ns)
{
	p->waits = true;
	p->stopped_ns = now_ns;
	p->leaving_ns = p->room->leaving_ns;
	p->room->waiting++;
	p->party->waiting++;
}

void
room_go(struct room_place *p, int64_t now_ns)
{
	p->waited_ns = room_waited(p, now_ns);
	p->waits = false;
	p->room->waiting--;
	p->party->waiting--;
}

void
room_time(struct room *r, int64_t now_ns)
{
	if (r->bound.leaving != NULL && *r->bound.leaving > 0 && r->told_ns != 0)
		r->leaving_ns += now_ns - r->told_ns;
	r->told_ns = now_ns;
}

int64_t
room_waited(const struct room_place *p, int64_t now_ns)
{
	const int64_t stood = p->room->leaving_ns - p->leaving_ns;

	return p->waited_ns + (p->waits ? now_ns - p->stopped_ns - stood : 0);
}

static struct room_place *
first_waiting(const struct room *r, uint64_t look)
{
	struct room_place *found = NULL;

	for (struct room_place *p = r->first; p != NULL; p = p->next)
		if (p->waits && p->looked != look && p->party->looked != look &&
		    (found == NULL || comes_before(p, found)))
			found = p;
	return found;
}

struct room_place *
room_next(struct room *r, uint64_t look, int64_t now_ns)
{
	struct room_place *p;

	while ((p = first_waiting(r, look)) != NULL) {
		p->looked = look;
		if (has_room(p, STEP, now_ns))
			return p;
		if (!fits(r, STEP))
			return NULL;
		p->party->looked = look; /* it has its part */
	}
	return NULL;
}

struct room_place *
room_judge(struct room *r, int64_t now_ns)
{
	struct room_place *p = r->passing;

	if (p == NULL)
		return NULL;
	if (r->waiting == 0)
		mark(r, now_ns);
	if (now_ns - r->slow_ns >= ROOM_SLOW_NS) {
		p->slow = ++r->slow;
		end_turn(r, now_ns);
		return r->held > r->bound.most &&
			       p->party->held - p->held > r->bound.most / ROOM_PARTS
			   ? p
			   : NULL;
	}
	if (now_ns - r->turn_ns >= ROOM_TURN_NS && r->waiting > p->party->waiting)
		end_turn(r, now_ns);
	return NULL;
}
