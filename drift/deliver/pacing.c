#include "drift/deliver/pacing.h"

#include "core/store/alert/gather.h"
#include "core/store/tx.h"
#include "drift/deliver/summary.h"

#define REST_MAX_MS 3600000 /* whatever a receiver asks for: other alerts wait for it too */

/* ---- deciding ---- */

static int64_t
larger(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

bool
pacing_step(struct pace *p, const struct pacing_ask *ask, int64_t *wait_ms)
{
	const int64_t step = 60000 / ask->rate.per_minute, room = (ask->rate.burst - 1) * step;
	const int64_t ahead = larger(p->next_in_ms, 0);
	const bool    queued = p->held && p->held_in_ms > 0;
	int64_t       turn;

	*wait_ms = 0;
	if (ahead <= room && (ask->tells_many || ask->waited || !queued)) {
		p->next_in_ms = ahead + step;
		return true;
	}
	turn = larger(ahead - room, 0);
	if (turn > REST_MAX_MS) /* the clock was set back */
		turn = REST_MAX_MS;
	if (ask->alone && queued) {
		*wait_ms = turn;
		return false;
	}
	if (ask->tells_many && queued) {
		*wait_ms = p->held_in_ms + PACING_BEHIND_MS;
		return false;
	}
	if (queued)
		turn = larger(turn, p->held_in_ms + step);
	p->held = true;
	p->held_in_ms = turn;
	*wait_ms = turn;
	return false;
}

/* ---- a turn ---- */

struct turn {
	const struct attempt *a;
	TALLOC_CTX           *mem;
	struct pacing_ask     ask;
	struct uuid           summary;  /* the id of one, */
	bool                  gathered; /* if there is one */
	struct pacing        *out;
};

/* It waited, and is not the only one: what waits is told together. */
static bool
gather(struct turn *w, struct db *db, struct pace *p, struct err *e)
{
	const struct outbox *m = &w->a->message;
	struct uuid         *ids;
	size_t               n, told;
	bool                 more;

	if (!gather_find(db, w->mem, m, &ids, &n, e))
		return false;
	p->held = more = n > GATHER_MAX;
	p->held_in_ms = 0;
	if (n < 2)
		return true;
	n -= more;
	if (!gather_mark(db, w->mem, &w->summary, (struct id_list) { ids, n }, &told, e))
		return false;
	if (told == 0) /* others have them by now */
		return tx_again(e);
	w->gathered = true;
	*w->out = (struct pacing) { .wait_ms = PACING_BEHIND_MS };
	return summary_post(w->a, w->mem, &w->summary, SUMMARY_RATE, e) &&
	       (!more || outbox_index_add(db, &ids[n], 0, e));
}

static bool
turn_body(struct db *db, void *arg, struct err *e)
{
	struct turn         *w = arg;
	const struct outbox *m = &w->a->message;
	struct pace          p;
	int64_t              next_in_ms;
	struct id_in         told;

	if (!pace_hold(db, w->mem, &m->channel_id, &p, e))
		return false;
	if (!outbox_told_in(db, w->mem, &m->id, &told, e))
		return false;
	if (!uuid_is_nil(&told.id)) { /* since it was read: who begins it sees that */
		*w->out = (struct pacing) { .go = true };
		return true;
	}
	next_in_ms = p.next_in_ms;
	w->gathered = false;
	w->out->go = pacing_step(&p, &w->ask, &w->out->wait_ms);
	if (w->out->go && w->ask.tells_many && p.held && !w->ask.alone && !gather(w, db, &p, e))
		return false;
	if (w->gathered) /* the summary takes a turn of its own */
		p.next_in_ms = next_in_ms;
	return pace_write(db, &p, e);
}

/* Of a message to a user, or of a channel that is gone, none. */
static struct channel_rate
rate_of(const struct attempt *a)
{
	return a->channel.kind == NULL ? (struct channel_rate) { 0 }
				       : format_rate(a->d->formats, &a->channel);
}

/* It is told as fast as it answers, unless that wants to be left alone. */
static void
unpaced_turn(const struct attempt *a, struct pacing *out)
{
	out->wait_ms = larger(a->rest_ms, 0);
	if (out->wait_ms > REST_MAX_MS) /* the clock was set back */
		out->wait_ms = REST_MAX_MS;
	out->go = out->wait_ms == 0;
}

bool
pacing_has(const struct attempt *a)
{
	return a->verdict.outcome == NULL && rate_of(a).per_minute > 0;
}

bool
pacing_turn(const struct attempt *a, TALLOC_CTX *mem, struct pacing *out, struct err *e)
{
	const struct channel_rate rate = rate_of(a);
	struct turn               w = { .a = a, .mem = mem, .out = out };
	const struct id_in mark = { w.summary = uuid_make(a->d->env->clock, a->d->env->rand) };
	const struct tx    tx = { "pace", turn_body, &w, outbox_mark(), &mark };

	*out = (struct pacing) { .go = true };
	if (a->verdict.outcome != NULL || a->channel.kind == NULL)
		return true;
	if (rate.per_minute == 0) {
		unpaced_turn(a, out);
		return true;
	}
	w.ask = (struct pacing_ask) {
		.rate = rate,
		.tells_many = a->format->tells_many,
		.waited = a->claim->fence > 1,
		.alone = uuid_is_nil(&a->message.lane_id) || a->message.template == 0,
	};
	return tx_run(a->t->db, &tx, e);
}

bool
pacing_rest(struct db *db, const struct attempt *a, struct err *e)
{
	const struct channel_rate rate = rate_of(a);
	int64_t                   ms = a->verdict.retry_after_s * 1000;

	if (a->channel.kind == NULL || ms <= 0)
		return true;
	if (ms > REST_MAX_MS)
		ms = REST_MAX_MS;
	if (rate.per_minute > 0) /* all of its burst is taken too */
		ms += (rate.burst - 1) * (60000 / rate.per_minute);
	return pace_rest(db, &a->channel.id, ms, e);
}
