/* lot.h: from a claim to a request on its way. */
#include <string.h>

#include "core/net/multi.h"
#include "core/store/alert/due.h"
#include "core/store/alert/lane.h"
#include "drift/deliver/lot.h"
#include "drift/deliver/pacing.h"
#include "drift/deliver/post.h"

#define PAUSED_MS  600000     /* whoever lets the channel go on makes it due */
#define NEWER_MS   60000      /* a sender of a newer version may be beside this one */
#define CROWDED_MS 100        /* its channel had no room, though it answers */
#define SLOW_MS    2000       /* nor answers soon */
#define WAIT_NS    2000000000 /* so long a message waits here for room */
#define BLOCKING_NS                                                                                \
	10000000000 /* the sender waits for what is not posted: none begins after this */

/* Those of a lot that are looked at together. */
struct step {
	struct lot       *l;
	struct db        *control;
	struct tenant_db *t;
	TALLOC_CTX       *mem; /* as long as the step */
	struct lot_item  *of[LOT_MAX];
	size_t            n;

	struct outbox    *messages;
	struct channel   *channels;
	struct pace_rest *rests;
	size_t            messages_n, channels_n, rests_n;
};

/* ---- reading ---- */

static bool
read_channels(struct step *s, struct err *e)
{
	struct uuid       ids[LOT_MAX];
	struct id_list_in in;
	struct trip      *trip;
	size_t            n = 0;

	for (size_t i = 0; i < s->messages_n; i++)
		if (!uuid_is_nil(&s->messages[i].channel_id))
			ids[n++] = s->messages[i].channel_id;
	if (n == 0)
		return true;
	if (!id_list_print(s->mem, (struct id_list) { ids, n }, &in, e))
		return false;
	trip = trip_make(s->l, s->t->db);
	channel_ask_ids(trip, &in, &s->channels, &s->channels_n);
	pace_ask_resting(trip, &in, &s->rests, &s->rests_n);
	return trip_go(trip, e);
}

static bool
read_all(struct step *s, struct err *e)
{
	struct uuid          ids[LOT_MAX];
	struct database     *database = s->l->d->database;
	const struct tenant *row;

	for (size_t i = 0; i < s->n; i++)
		ids[i] = s->of[i]->claim.id;
	return tenant_by_schema(database, str_of(s->l->schema_name), &row, e) &&
	       tenant_db_open(database, row, false, &s->t, e) &&
	       outbox_by_ids(s->t->db, s->l, (struct id_list) { ids, s->n }, &s->messages,
		   &s->messages_n, e) &&
	       read_channels(s, e);
}

/* ---- what is to become of it ---- */

/* It is not tried, and never will be. */
static void
give_up(struct attempt *a, const char *detail)
{
	a->verdict = (struct verdict) {
		.fate = FATE_OVER, .outcome = "refused", .detail = detail, .retry_after_s = -1
	};
}

static void
find_channel(const struct step *s, struct attempt *a)
{
	const struct uuid *id = &a->message.channel_id;

	a->channel = (struct channel) { .kind = NULL };
	a->rest_ms = 0;
	for (size_t i = 0; i < s->channels_n; i++)
		if (uuid_eq(&s->channels[i].id, id))
			a->channel = s->channels[i];
	for (size_t i = 0; i < s->rests_n; i++)
		if (uuid_eq(&s->rests[i].channel_id, id))
			a->rest_ms = s->rests[i].rest_ms;
	if (a->channel.kind == NULL)
		give_up(a, "The channel was dropped.");
	else if (strcmp(a->channel.status, "active") != 0)
		give_up(a, "The channel is disabled.");
}

/* NULL: this version has none that makes such a message. */
static const struct format *
format_for(const struct format *table, const struct outbox *m)
{
	const struct format *f = format_of(table, m->kind);
	bool                 known = f != NULL && m->template <= EVENT_TEMPLATE &&
		     f->ops->has_channels == !uuid_is_nil(&m->channel_id);

	return known ? f : NULL;
}

/* It waits for the version that has made it, and no attempt is counted.  Told once: a message has
 * one attempt of number 0. */
static bool
wait_for_newer(const struct step *s, struct attempt *a, struct err *e)
{
	struct delivery *row = &a->row;

	row->attempt = 0;
	row->outcome = talloc_strdup(s->l, "refused");
	row->detail = talloc_strdup(s->l, "A newer version of this program has made the message; "
					  "it waits until that version runs here again.");
	if (row->outcome == NULL || row->detail == NULL)
		return err_memory(e);
	if (delivery_add(a->t->db, row, e))
		attempt_tell(a);
	else if (!err_take(e, ERR_CONFLICT))
		return false;
	return claim_put_off(s->control, a->claim, NEWER_MS, e);
}

/* One from before there were lanes: it is due when those before it are over, and not by itself.  If
 * they are by now, it is the first. */
static bool
leave_to_lane(const struct step *s, const struct attempt *a, struct err *e)
{
	const struct due d = { s->control, a->t->db };
	size_t           back = 0;

	return claim_forget(s->control, a->claim, e) &&
	       due_check_lane(&d, s->mem, &a->message.lane_id, &back, e);
}

/* Whoever let it go on meanwhile has made due what is put off only now. */
static bool
wait_while_paused(const struct step *s, const struct attempt *a, struct err *e)
{
	struct channel now;

	if (!claim_put_off(s->control, a->claim, PAUSED_MS, e))
		return false;
	if (!channel_by_id(a->t->db, s->mem, &a->message.channel_id, &now, e))
		return err_take(e, ERR_MISSING);
	return now.paused_at.ms != 0 || claim_put_off(s->control, a->claim, 0, e);
}

static const struct outbox *
message_of(const struct step *s, const struct uuid *id)
{
	for (size_t i = 0; i < s->messages_n; i++)
		if (uuid_eq(&s->messages[i].id, id))
			return &s->messages[i];
	return NULL;
}

static void
begin_row(struct attempt *a)
{
	const struct outbox *m = &a->message;

	a->row = (struct delivery) {
		.id = uuid_make(a->d->env->clock, a->d->env->rand),
		.outbox_id = m->id,
		.channel_id = m->channel_id,
		.attempt = m->attempts + 1,
		.at = { clock_ms(a->d->env->clock) },
		.wire_id = uuid_is_nil(&m->wire_id) ? m->id : m->wire_id,
		.event = m->event,
	};
}

/* *go false: there is nothing to send, and the claim was seen to. */
static bool
load(const struct step *s, struct lot_item *x, bool *go, struct err *e)
{
	struct attempt      *a = &x->a;
	const struct outbox *m = message_of(s, &x->claim.id);

	*go = false;
	if (m == NULL || strcmp(m->state, "pending") != 0 ||
	    !uuid_is_nil(&m->told_in)) /* and ends with that */
		return claim_forget(s->control, a->claim, e);
	a->t = s->t;
	a->message = *m;
	if (m->behind)
		return leave_to_lane(s, a, e);
	begin_row(a);
	if (!uuid_is_nil(&m->channel_id))
		find_channel(s, a);
	if (a->verdict.outcome == NULL && a->channel.paused_at.ms != 0)
		return wait_while_paused(s, a, e);
	a->format = format_for(a->d->formats, m);
	*go = a->format != NULL || a->verdict.outcome != NULL;
	return *go || wait_for_newer(s, a, e);
}

/* ---- room ---- */

static bool
is_posted(const struct lot_item *x)
{
	return x->a.format->ops->send == post_send && x->a.d->multi != NULL;
}

/* False: it waits on, or is given back as there will be no room soon. */
static bool
has_room(const struct step *s, struct lot_item *x, bool *go, struct err *e)
{
	struct deliver *d = x->a.d;
	const int64_t   waited_ns = clock_ns(d->env->clock) - s->l->since_ns;
	bool            slow;

	*go = true;
	if (x->slot >= 0 || x->a.verdict.outcome != NULL)
		return true;
	x->known = true;
	x->slot = channel_slot_take(d->slots, d->self, &x->a.message.channel_id,
	    is_posted(x) ? SLOTS_QUICK : 1, d->env->clock, &slow);
	*go = x->slot >= 0;
	if (*go || (!slow && waited_ns < WAIT_NS))
		return true;
	lot_turn(x, LOT_OVER);
	return claim_put_off(s->control, &x->claim, slow ? SLOW_MS : CROWDED_MS, e);
}

/* ---- beginning ---- */

/* From here on nothing is folded into the message, which is read as it is now.  *go false: it is
 * over. */
static bool
begin_one(const struct step *s, struct lot_item *x, bool *go, struct err *e)
{
	struct attempt *a = &x->a;
	struct outbox  *m = &a->message;

	*go = true;
	if (uuid_is_nil(&m->lane_id))
		return true;
	if (!lane_begin(a->t->db, &m->id, go, e))
		return false;
	if (!*go)
		return claim_forget(s->control, a->claim, e);
	if (!outbox_by_id(a->t->db, s->l, &a->claim->id, m, e))
		return false;
	a->row.wire_id = m->wire_id;
	a->row.event = m->event;
	return true;
}

/* As fast as its channel is told. */
static bool
take_turn(const struct step *s, struct lot_item *x, bool *go, struct err *e)
{
	struct pacing turn;

	if (!pacing_turn(&x->a, s->mem, &turn, e))
		return false;
	*go = turn.go;
	if (!turn.go)
		return claim_put_off(s->control, &x->claim, turn.wait_ms, e);
	return !pacing_has(&x->a) || begin_one(s, x, go, e);
}

/* What `fn` says of each, whose own trouble it is; those that do not go on leave the step. */
static bool
each(struct step *s, bool (*fn)(const struct step *s, struct lot_item *x, bool *go, struct err *e),
    struct err   *e)
{
	size_t left = 0;

	for (size_t i = 0; i < s->n; i++) {
		struct lot_item *x = s->of[i];
		struct err       why = { 0 };
		bool             go = false, ok = fn(s, x, &go, &why);

		if (!ok && !lot_failed(x, &why, e))
			return false;
		if (ok && go)
			s->of[left++] = x;
	}
	s->n = left;
	return true;
}

/* And are over, as their claims were seen to. */
static bool
load_one(const struct step *s, struct lot_item *x, bool *go, struct err *e)
{
	if (!load(s, x, go, e))
		return false;
	if (!*go)
		lot_turn(x, LOT_OVER);
	return true;
}

static bool
turn_one(const struct step *s, struct lot_item *x, bool *go, struct err *e)
{
	if (!take_turn(s, x, go, e))
		return false;
	if (!*go)
		lot_turn(x, LOT_OVER);
	return true;
}

static bool
is_marked_later(const struct lot_item *x)
{
	return !uuid_is_nil(&x->a.message.lane_id) && !pacing_has(&x->a);
}

/* Those that were not marked with their turn. */
static bool
begin_later(const struct step *s, struct lot_item *x, bool *go, struct err *e)
{
	*go = true;
	if (!is_marked_later(x))
		return true;
	if (!begin_one(s, x, go, e))
		return false;
	if (!*go)
		lot_turn(x, LOT_OVER);
	return true;
}

static bool
begin_all(struct step *s, struct err *e)
{
	struct lane_message m[LOT_MAX];
	size_t              n = 0;
	bool                all = true;

	for (size_t i = 0; i < s->n; i++)
		if (is_marked_later(s->of[i]))
			m[n++] = (struct lane_message) { s->of[i]->claim.id,
				s->of[i]->a.message.wire_id };
	if (n > 0 && !lane_begin_many(s->t->db, s->mem, m, n, &all, e))
		return false;
	return all || each(s, begin_later, e);
}

/* ---- on its way ---- */

static void
take_answer(void *owner, const struct multi_answer *m)
{
	struct lot_item *x = owner;
	struct attempt  *a = &x->a;

	a->row.took_ms = (clock_ns(a->d->env->clock) - x->began_ns) / 1000000;
	if (m->ok)
		post_answered(a, x->lot, m->answer, x->bytes, &a->verdict);
	else
		post_failed(a, x->lot, m->why, x->bytes, &a->verdict);
	lot_turn(x, LOT_TRIED);
}

static void
post_one(const struct step *s, struct lot_item *x)
{
	struct attempt         *a = &x->a;
	TALLOC_CTX             *mem = talloc_new(s->mem);
	struct post             p = { .q = { 0 } };
	const struct multi_from from = {
		.taken = take_answer, .owner = x, .party = a->t->tenant->id
	};
	struct err why = { 0 };

	x->began_ns = clock_ns(a->d->env->clock);
	a->row.at.ms = clock_ms(a->d->env->clock);
	if (mem != NULL && post_make(a, mem, &p, &why) &&
	    multi_send(a->d->multi, &p.q, &from, &why)) {
		x->bytes = p.q.body.n;
		lot_turn(x, LOT_AWAY);
	} else {
		if (mem == NULL)
			(void)err_memory(&why);
		post_failed(a, s->l, &why, p.q.body.n, &a->verdict);
		lot_turn(x, LOT_TRIED);
	}
	talloc_free(mem);
}

/* The sender waits for it, and records it at once.  Where that has taken long, the others are due
 * again for whoever comes. */
static bool
wait_for_one(const struct step *s, struct lot_item *x, struct err *e)
{
	struct attempt *a = &x->a;

	x->began_ns = clock_ns(a->d->env->clock);
	if (x->began_ns - s->l->since_ns > BLOCKING_NS) {
		lot_turn(x, LOT_OVER);
		return claim_put_off(s->control, &x->claim, 0, e);
	}
	a->row.at.ms = clock_ms(a->d->env->clock);
	a->format->ops->send(a, s->l, &a->verdict);
	a->row.took_ms = (clock_ns(a->d->env->clock) - x->began_ns) / 1000000;
	lot_turn(x, LOT_TRIED);
	return lot_record(s->l, e);
}

/* What is waited for comes behind what is posted. */
static bool
send_all(struct step *s, struct err *e)
{
	for (size_t i = 0; i < s->n; i++) {
		struct lot_item *x = s->of[i];

		if (x->a.verdict.outcome != NULL)
			lot_turn(x, LOT_TRIED);
		else if (is_posted(x))
			post_one(s, x);
	}
	for (size_t i = 0; i < s->n; i++)
		if (s->of[i]->stage == LOT_WAITS && !wait_for_one(s, s->of[i], e))
			return false;
	return true;
}

/* ---- a step ---- */

/* Those that are new here, or have room by now.  A claim that has run out, as while the database
 * was away, is another's. */
static bool
pick(struct step *s, struct err *e)
{
	const int64_t age_ns = clock_ns(s->l->d->env->clock) - s->l->since_ns;

	for (size_t i = 0; i < s->l->n; i++) {
		struct lot_item *x = &s->l->items[i];
		bool             go = true;

		if (x->stage == LOT_WAITS && age_ns > OUTBOX_LEASE_S * INT64_C(1000000000))
			lot_turn(x, LOT_OVER);
		if (x->stage != LOT_WAITS)
			continue;
		if (x->known && !has_room(s, x, &go, e))
			return false;
		if (go)
			s->of[s->n++] = x;
	}
	return true;
}

static bool
step(struct step *s, struct err *e)
{
	return pick(s, e) &&
	       (s->n == 0 || (read_all(s, e) && each(s, load_one, e) && each(s, has_room, e) &&
				 each(s, turn_one, e) && begin_all(s, e) && send_all(s, e)));
}

/* One tenant's trouble is not that of the others: its claims are given back. */
static bool
fail_all(struct lot *l, const struct err *why, struct err *e)
{
	for (size_t i = 0; i < l->n; i++)
		if (l->items[i].stage == LOT_WAITS && !lot_failed(&l->items[i], why, e))
			return false;
	return true;
}

bool
lot_begin(struct lot *l, struct err *e)
{
	struct step s = { .l = l, .control = database_control(l->d->database) };
	struct err  why = { 0 };
	bool        ok;

	s.mem = talloc_new(l);
	ok = s.mem != NULL ? step(&s, &why) : err_memory(&why);
	talloc_free(s.mem);
	return ok || fail_all(l, &why, e);
}
