#include "drift/deliver/deliver.h"

#include <string.h>
#include <time.h>

#include "core/auth/sealed_refused.h"
#include "core/store/alert/due.h"
#include "core/store/alert/lane.h"
#include "drift/deliver/attempt.h"
#include "drift/deliver/pacing.h"

#define CLAIMS        16 /* due rows read at once */
#define SUSPENDED_MS  300000
#define PAUSED_MS     600000 /* whoever lets the channel go on makes it due */
#define NEWER_MS      60000  /* a sender of a newer version may be beside this one */
#define LANE_SHORT_MS 100    /* when the other sender has just begun */
#define LANE_LONG_MS  2000
#define LANE_SLOW_MS  300
#define SLOT_WAIT_MS  40 /* a receiver that is quick is soon through with the other sender's */
#define SLOT_LOOK_MS  2

/* ---- one claim ---- */

/* It is not tried, and never will be. */
static void
give_up(struct attempt *a, const char *detail)
{
	a->verdict = (struct verdict) {
		.fate = FATE_OVER, .outcome = "refused", .detail = detail, .retry_after_s = -1
	};
}

static bool
load_channel(struct attempt *a, TALLOC_CTX *mem, struct err *e)
{
	if (!channel_by_id(a->t->db, mem, &a->message.channel_id, &a->channel, e)) {
		give_up(a, "The channel was dropped.");
		return err_take(e, ERR_MISSING);
	}
	if (strcmp(a->channel.status, "active") != 0)
		give_up(a, "The channel is disabled.");
	return true;
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
wait_for_newer(struct attempt *a, TALLOC_CTX *mem, struct err *e)
{
	struct delivery *row = &a->row;

	row->attempt = 0;
	row->outcome = talloc_strdup(mem, "refused");
	row->detail = talloc_strdup(mem, "A newer version of this program has made the message; "
					 "it waits until that version runs here again.");
	if (row->outcome == NULL || row->detail == NULL)
		return err_memory(e);
	if (delivery_add(a->t->db, row, e))
		attempt_tell(a);
	else if (!err_take(e, ERR_CONFLICT))
		return false;
	return claim_put_off(database_control(a->d->database), a->claim, NEWER_MS, e);
}

/* One from before there were lanes: it is due when those before it are over, and not by itself.  If
 * they are by now, it is the first. */
static bool
leave_to_lane(const struct attempt *a, TALLOC_CTX *mem, struct err *e)
{
	const struct due d = { database_control(a->d->database), a->t->db };
	size_t           back = 0;

	return claim_forget(d.control, a->claim, e) &&
	       due_check_lane(&d, mem, &a->message.lane_id, &back, e);
}

/* Whoever let it go on meanwhile has made due what is put off only now. */
static bool
wait_while_paused(const struct attempt *a, TALLOC_CTX *mem, struct err *e)
{
	struct db     *control = database_control(a->d->database);
	struct channel now;

	if (!claim_put_off(control, a->claim, PAUSED_MS, e))
		return false;
	if (!channel_by_id(a->t->db, mem, &a->message.channel_id, &now, e))
		return err_take(e, ERR_MISSING);
	return now.paused_at.ms != 0 || claim_put_off(control, a->claim, 0, e);
}

/* The message and its channel.  *go false: there is nothing to send, and the claim was seen to. */
static bool
load(struct attempt *a, TALLOC_CTX *mem, bool *go, struct err *e)
{
	struct db     *control = database_control(a->d->database);
	struct outbox *m = &a->message;

	*go = false;
	if (!outbox_by_id(a->t->db, mem, &a->claim->id, m, e))
		return err_take(e, ERR_MISSING) && claim_forget(control, a->claim, e);
	if (strcmp(m->state, "pending") != 0)
		return claim_forget(control, a->claim, e);
	if (!uuid_is_nil(&m->told_in)) /* and ends with that */
		return claim_forget(control, a->claim, e);
	if (m->behind)
		return leave_to_lane(a, mem, e);
	a->row = (struct delivery) {
		.id = uuid_make(a->d->env->clock, a->d->env->rand),
		.outbox_id = m->id,
		.channel_id = m->channel_id,
		.attempt = m->attempts + 1,
		.at = { clock_ms(a->d->env->clock) },
		.wire_id = uuid_is_nil(&m->wire_id) ? m->id : m->wire_id,
		.event = m->event,
	};
	if (!uuid_is_nil(&m->channel_id) && !load_channel(a, mem, e))
		return false;
	if (a->verdict.outcome == NULL && a->channel.paused_at.ms != 0)
		return wait_while_paused(a, mem, e);
	a->format = format_for(a->d->formats, m);
	*go = a->format != NULL || a->verdict.outcome != NULL;
	return *go || wait_for_newer(a, mem, e);
}

static bool
fence_lost(const struct attempt *a, struct err *e)
{
	if (e->sys != OUTBOX_FENCE_LOST)
		return false;
	err_clear(e);
	log_event(a->d->env->log, LOG_DRIFT, LOG_LEVEL_WARN,
	    "another sender has taken the message over", LOGS("event.action", "alert.deliver"),
	    LOGS("event.outcome", "unknown"));
	return true;
}

static void
attempt_send(struct attempt *a, TALLOC_CTX *mem)
{
	const struct clock *clock = a->d->env->clock;
	int64_t             began = clock_ns(clock);

	a->row.at.ms = clock_ms(clock);
	a->format->ops->send(a, mem, &a->verdict);
	a->row.took_ms = (clock_ns(clock) - began) / 1000000;
}

/* From here on nothing is folded into the message, which is read as it is now.  *go false: it is
 * over. */
static bool
begin(struct attempt *a, TALLOC_CTX *mem, bool *go, struct err *e)
{
	struct outbox *m = &a->message;

	*go = true;
	if (uuid_is_nil(&m->lane_id))
		return true;
	if (!lane_begin(a->t->db, &m->id, go, e) || !*go)
		return e->code == ERR_OK;
	if (!outbox_by_id(a->t->db, mem, &a->claim->id, m, e))
		return false;
	a->row.wire_id = m->wire_id;
	a->row.event = m->event;
	return true;
}

static bool
attempt_once(struct attempt *a, TALLOC_CTX *mem, struct err *e)
{
	bool go;

	if (!begin(a, mem, &go, e))
		return false;
	if (!go)
		return claim_forget(database_control(a->d->database), a->claim, e);
	if (a->verdict.outcome == NULL)
		attempt_send(a, mem);
	if (!attempt_record(a, mem, e))
		return fence_lost(a, e);
	attempt_tell(a);
	return true;
}

/* As fast as its channel is told. */
static bool
attempt_paced(struct attempt *a, TALLOC_CTX *mem, struct err *e)
{
	struct pacing turn;

	if (!pacing_turn(a, mem, &turn, e))
		return false;
	return turn.go ? attempt_once(a, mem, e)
		       : claim_put_off(database_control(a->d->database), a->claim, turn.wait_ms, e);
}

/* Of those who wait here none puts its message off, so that a channel is told as fast as it
 * answers; one that is not quick keeps nobody. */
struct slot {
	bool    waited; /* for another to leave it */
	int64_t age_ms; /* not taken: so long the other has it */
};

static bool
take_slot(const struct deliver *d, const struct uuid *channel, struct slot *s)
{
	const struct timespec pause = { 0, SLOT_LOOK_MS * 1000000L };
	int64_t               since;

	for (int ms = 0;; ms += SLOT_LOOK_MS) {
		s->waited = ms > 0;
		if (channel_slot_take(d->slots, d->self, channel, d->env->clock, &since))
			return true;
		s->age_ms = clock_ns(d->env->clock) / 1000000 - since;
		if (s->age_ms >= SLOT_WAIT_MS || ms >= SLOT_WAIT_MS)
			return false;
		nanosleep(&pause, NULL);
	}
}

/* What the other's answer has made of message and channel is seen. */
static bool
attempt_in_slot(struct attempt *a, TALLOC_CTX *mem, bool waited, struct err *e)
{
	bool go = true;

	if (waited && !load(a, mem, &go, e))
		return false;
	return go ? attempt_paced(a, mem, e) : true;
}

static bool
attempt_in_turn(struct attempt *a, TALLOC_CTX *mem, struct err *e)
{
	const struct uuid channel = a->message.channel_id;
	struct deliver   *d = a->d;
	struct slot       s = { 0 };
	bool              ok;

	if (!take_slot(d, &channel, &s))
		return claim_put_off(database_control(d->database), a->claim,
		    s.age_ms < LANE_SLOW_MS ? LANE_SHORT_MS : LANE_LONG_MS, e);
	ok = attempt_in_slot(a, mem, s.waited, e);
	channel_slot_leave(d->slots, d->self, &channel);
	return ok;
}

static bool
deliver_claim(struct deliver *d, TALLOC_CTX *mem, const struct claim *c, struct err *e)
{
	struct attempt       a = { .d = d, .claim = c };
	struct db           *control = database_control(d->database);
	const struct tenant *t;
	bool                 go;

	if (!tenant_by_schema(d->database, str_of(c->schema_name), &t, e)) {
		if (!err_take(e, ERR_MISSING))
			return false;
		return claim_forget(control, c, e);
	}
	if (strcmp(t->status, "active") != 0)
		return claim_put_off(control, c, SUSPENDED_MS, e);
	if (!tenant_db_open(d->database, t, false, &a.t, e) || !load(&a, mem, &go, e))
		return false;
	return go ? attempt_in_turn(&a, mem, e) : true;
}

/* ---- all that is due ---- */

static bool
try_claim(struct deliver *d, struct claim *c, bool *won, struct err *e)
{
	TALLOC_CTX *mem;
	struct err  why = { 0 };
	bool        ok = true;

	if (!claim_take(database_control(d->database), &d->owner, c, won, e))
		return false;
	if (!*won)
		return true;
	mem = talloc_new(NULL);
	if (mem == NULL)
		return err_memory(e);
	/* One tenant's trouble is not that of the others: its claim is given back. */
	if (!deliver_claim(d, mem, c, &why)) {
		log_failure(d->env->log, LOG_DRIFT, "alert.deliver",
		    "a due message could not be handled", &why);
		ok = claim_again(database_control(d->database), c, e);
	}
	talloc_free(mem);
	return ok;
}

bool
deliver_due(struct deliver *d, bool (*stop)(void *arg), void *arg, size_t *done, struct err *e)
{
	struct claim *rows;
	size_t        n, before;

	*done = 0;
	do {
		TALLOC_CTX *mem = talloc_new(NULL);
		bool ok = mem != NULL && claim_due(database_control(d->database), mem, &d->turn,
					     CLAIMS, &rows, &n, e);

		before = *done;
		/* Each sender begins elsewhere, so that they do not all want the same row. */
		for (size_t i = 0; ok && i < n && !stop(arg); i++) {
			bool won = false;

			ok = try_claim(d, &rows[(i + d->self - 1) % n], &won, e);
			*done += won;
		}
		talloc_free(mem);
		database_tidy(d->database);
		streams_tidy(d->streams);
		sealed_refused_note(&d->auth);
		if (!ok)
			return mem != NULL ? false : err_memory(e);
	} while (*done > before && !stop(arg));
	return true;
}
