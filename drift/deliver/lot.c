#include "drift/deliver/lot.h"

#include <string.h>
#include <time.h>

#include "core/net/multi.h"

#define AIR_MAX      256               /* requests of a sender that are on their way */
#define AIR_BYTES    ((size_t)8 << 20) /* of their bodies */
#define LOTS_MAX     32
#define RECORD_NS    5000000 /* so long an answer waits for others of its lot */
#define ROOM_MS      2       /* between looks for room */
#define SUSPENDED_MS 300000

/* ---- one of them ---- */

void
lot_turn(struct lot_item *x, enum lot_stage to)
{
	struct lot     *l = x->lot;
	struct deliver *d = l->d;

	l->in[x->stage]--;
	l->in[to]++;
	if (x->stage == LOT_AWAY) {
		d->air--;
		d->air_bytes -= x->bytes;
	}
	if (to == LOT_AWAY) {
		d->air++;
		d->air_bytes += x->bytes;
	}
	if (to == LOT_TRIED && l->answered_ns == 0)
		l->answered_ns = clock_ns(d->env->clock);
	if ((to == LOT_OVER || to == LOT_WAITS) && x->slot >= 0) {
		channel_slot_leave(d->slots, &x->a.message.channel_id, x->slot);
		x->slot = -1;
	}
	x->stage = to;
}

bool
lot_failed(struct lot_item *x, const struct err *why, struct err *e)
{
	struct deliver *d = x->lot->d;

	log_failure(
	    d->env->log, LOG_DRIFT, "alert.deliver", "a due message could not be handled", why);
	lot_turn(x, LOT_OVER);
	return claim_again(database_control(d->database), &x->claim, e);
}

/* ---- taking ---- */

static int
lot_free(struct lot *l)
{
	struct lot **at = &l->d->lots;

	for (size_t i = 0; i < l->n; i++)
		lot_turn(&l->items[i], LOT_OVER);
	while (*at != NULL && *at != l)
		at = &(*at)->next;
	if (*at == l)
		*at = l->next;
	return 0;
}

static struct lot *
lot_make(struct deliver *d, const struct claim *rows, size_t n)
{
	struct lot *l = talloc_zero(NULL, struct lot);

	if (l == NULL)
		return NULL;
	l->d = d;
	l->n = l->in[LOT_WAITS] = n;
	l->since_ns = clock_ns(d->env->clock);
	l->schema_name = talloc_strdup(l, rows[0].schema_name);
	if (l->schema_name == NULL) {
		talloc_free(l);
		return NULL;
	}
	for (size_t i = 0; i < n; i++) {
		struct lot_item *x = &l->items[i];

		*x = (struct lot_item) { .lot = l, .claim = rows[i], .slot = -1 };
		x->claim.schema_name = l->schema_name;
		x->a = (struct attempt) { .d = d, .claim = &x->claim };
	}
	l->next = d->lots;
	d->lots = l;
	talloc_set_destructor(l, lot_free);
	return l;
}

/* *there false: it has no messages to send, and the claims were seen to. */
static bool
see_tenant(struct deliver *d, TALLOC_CTX *mem, const struct claim *rows, size_t n, bool *there,
    struct err *e)
{
	struct db           *control = database_control(d->database);
	const struct tenant *t;

	*there = tenant_by_schema(d->database, str_of(rows[0].schema_name), &t, e);
	if (!*there && !err_take(e, ERR_MISSING))
		return false;
	for (size_t i = 0; i < n && !*there; i++)
		if (!claim_forget(control, &rows[i], e))
			return false;
	if (!*there || strcmp(t->status, "active") == 0)
		return true;
	*there = false;
	return claim_put_off_many(control, mem, rows, n, SUSPENDED_MS, e);
}

/* Whoever was before it in this lot may have left the room. */
static bool
begin_more(struct lot *l, struct err *e)
{
	size_t over;

	while (l->in[LOT_WAITS] > 0) {
		over = l->in[LOT_OVER];
		if (!lot_begin(l, e))
			return false;
		if (l->in[LOT_OVER] == over)
			return true;
	}
	return true;
}

static bool
take(struct deliver *d, TALLOC_CTX *mem, struct claim *rows, size_t n, size_t *won, struct err *e)
{
	const struct claim_by by = { d->owner, OUTBOX_LEASE_S + d->env->conf->outbound_timeout_s };
	struct lot           *l;
	bool                  there, ok;

	if (!claim_take_many(database_control(d->database), mem, &by, rows, n, won, e))
		return false;
	if (*won == 0)
		return true;
	if (!see_tenant(d, mem, rows, *won, &there, e) || !there)
		return e->code == ERR_OK;
	l = lot_make(d, rows, *won);
	if (l == NULL)
		return err_memory(e);
	ok = begin_more(l, e) && (l->in[LOT_AWAY] > 0 || lot_record(l, e));
	if (l->in[LOT_OVER] == l->n)
		talloc_free(l);
	return ok;
}

bool
lot_take(struct deliver *d, struct claim *rows, size_t n, size_t *won, struct err *e)
{
	TALLOC_CTX *mem = talloc_new(NULL);
	bool        ok = mem != NULL ? take(d, mem, rows, n, won, e) : err_memory(e);

	talloc_free(mem);
	return ok;
}

bool
lots_have_room(const struct deliver *d)
{
	size_t n = 0;

	for (const struct lot *l = d->lots; l != NULL; l = l->next)
		n++;
	return n < LOTS_MAX && d->air < AIR_MAX && d->air_bytes < AIR_BYTES;
}

/* ---- listening ---- */

static bool
is_due(const struct lot *l, int64_t now_ns)
{
	return l->in[LOT_TRIED] > 0 &&
	       (l->in[LOT_AWAY] + l->in[LOT_WAITS] == 0 || now_ns - l->answered_ns >= RECORD_NS);
}

/* No longer than until the first of them wants something. */
static int64_t
listen_ms(const struct deliver *d, int64_t ms)
{
	const int64_t now_ns = clock_ns(d->env->clock);

	for (const struct lot *l = d->lots; l != NULL; l = l->next) {
		int64_t most = ms;

		if (l->in[LOT_TRIED] > 0)
			most = (l->answered_ns + RECORD_NS - now_ns + 999999) / 1000000;
		if (l->in[LOT_WAITS] > 0 && most > ROOM_MS)
			most = ROOM_MS;
		ms = most < ms ? most : ms;
	}
	return ms < 0 ? 0 : ms;
}

static bool
listen_to(struct deliver *d, int64_t ms, struct err *e)
{
	const struct timespec t = { 0, ms * 1000000 };

	if (d->multi != NULL && d->air > 0)
		return multi_wait(d->multi, ms, NULL, 0, e);
	if (ms > 0 && d->lots != NULL)
		nanosleep(&t, NULL);
	return true;
}

static bool
go_on(struct lot *l, struct err *e)
{
	bool ok = begin_more(l, e);

	ok = ok && (!is_due(l, clock_ns(l->d->env->clock)) || lot_record(l, e));
	if (l->in[LOT_OVER] == l->n)
		talloc_free(l);
	return ok;
}

bool
lots_listen(struct deliver *d, int64_t ms, struct err *e)
{
	struct lot *next;

	if (!listen_to(d, listen_ms(d, ms), e))
		return false;
	for (struct lot *l = d->lots; l != NULL; l = next) {
		next = l->next;
		if (!go_on(l, e))
			return false;
	}
	return true;
}

static bool
give_back(struct lot *l, TALLOC_CTX *mem, struct err *e)
{
	struct claim some[LOT_MAX];
	size_t       n = 0;

	for (size_t i = 0; i < l->n; i++) {
		struct lot_item *x = &l->items[i];

		if (x->stage != LOT_WAITS)
			continue;
		some[n++] = x->claim;
		lot_turn(x, LOT_OVER);
	}
	return claim_put_off_many(database_control(l->d->database), mem, some, n, 0, e);
}

bool
lots_give_back(struct deliver *d, struct err *e)
{
	TALLOC_CTX *mem = talloc_new(NULL);
	struct lot *next;
	bool        ok = mem != NULL || err_memory(e);

	for (struct lot *l = d->lots; ok && l != NULL; l = next) {
		next = l->next;
		ok = give_back(l, mem, e);
		if (l->in[LOT_OVER] == l->n)
			talloc_free(l);
	}
	talloc_free(mem);
	return ok;
}
