/* alerting.h: an alert's news, to each channel that is to hear of it, behind what waits for that
 * channel already. */
#include <string.h>

#include "core/store/alert/lane.h"
#include "core/store/drift/schedule.h"
#include "core/store/trip.h"
#include "drift/alert/escalation.h"
#include "drift/alert/fold.h"
#include "drift/alert/holding.h"
#include "drift/alert/message.h"
#include "drift/alert/recipients.h"

struct telling {
	const struct alert_scope *s;
	const struct alert_news  *news;
	enum severity             severity; /* of the alert */
	instant                   now;
	struct alert_event        event;
	struct str                kept; /* the event */
	struct alert_routing      routing;
	struct alert_routes       routes;
	struct recipients         to;
	struct channel           *channels;
	size_t                    channels_n;
	struct lane_row          *rows;
	size_t                    rows_n;

	/* What is written. */
	struct alert_lane *lanes;
	struct outbox     *posts;
	struct due {
		struct uuid id;
		int64_t     due_s;
	} * due;
	struct waits { /* with others */
		size_t            post;
		struct group_join join;
		bool              first; /* of its lane */
	} * waits;
	size_t lanes_n, posts_n, due_n, waits_n;
};

/* ---- what is there ---- */

static bool
print_ids(const struct telling *w, struct id_list_in *out, struct err *e)
{
	struct uuid *ids = talloc_zero_size(w->s->mem, (w->to.n + 1) * sizeof(ids[0]));

	if (ids == NULL)
		return err_memory(e);
	for (size_t i = 0; i < w->to.n; i++)
		ids[i] = w->to.items[i].channel_id;
	return id_list_print(w->s->mem, (struct id_list) { ids, w->to.n }, out, e);
}

static bool
read_channels(struct telling *w, struct trip *trip, struct err *e)
{
	struct id_list_in ids;

	if (!print_ids(w, &ids, e))
		return false;
	channel_ask_ids(trip, &ids, &w->channels, &w->channels_n);
	return true;
}

bool
alerting_routes(const struct alert_scope *s, const struct alert_routing *routing,
    struct alert_routes *out, struct err *e)
{
	if (routes_read(s->mem, routing->routes, out, e))
		return true;
	if (e->code == ERR_INVALID)
		log_err(s->env->log, LOG_DRIFT, "a tenant's routes lead nowhere", e);
	return err_take(e, ERR_INVALID);
}

static bool
take_list(struct telling *w, struct err *e)
{
	if (w->news->routes == NULL)
		return alerting_routes(w->s, &w->routing, &w->routes, e);
	w->routes = *w->news->routes;
	return true;
}

/* The routes, where nobody has read them yet, with the channels that the config names, which they
 * are where there are no routes. */
static bool
read_routes(struct telling *w, struct err *e)
{
	const struct alert_routing *known = w->news->routing;
	struct trip                *trip;
	bool                        found;

	if (known != NULL)
		w->routing = *known;
	if (known != NULL && w->to.n == 0)
		return take_list(w, e);
	trip = trip_make(w->s->mem, w->s->t->db);
	if (known == NULL)
		routing_ask(trip, &w->routing, &found);
	if (w->to.n > 0 && !read_channels(w, trip, e))
		return false;
	return trip_go(trip, e) && take_list(w, e);
}

/* There are routes, or the alert was told by one that is gone. */
static bool
is_routed(const struct telling *w)
{
	bool routed = w->routes.list.n > 0;

	for (size_t i = 0; !routed && i < w->rows_n; i++)
		routed = !uuid_is_nil(&w->rows[i].lane.route_id);
	return routed;
}

static bool
take_recipients(struct telling *w, struct err *e)
{
	const struct recipients_in in = { w->s, w->news, &w->routes, w->rows, w->rows_n, w->now };
	struct trip               *trip;

	if (!recipients_find(&in, &w->to, e) || w->to.n == 0)
		return e->code == ERR_OK;
	trip = trip_make(w->s->mem, w->s->t->db);
	return read_channels(w, trip, e) && trip_go(trip, e);
}

/* Those who are called for, whatever the routes say. */
static bool
load_called(struct telling *w, struct err *e)
{
	struct trip *trip = trip_make(w->s->mem, w->s->t->db);

	return lane_list(w->s->t->db, w->s->mem, &w->news->alert->id, &w->rows, &w->rows_n, e) &&
	       read_channels(w, trip, e) && trip_go(trip, e);
}

static bool
load(struct telling *w, struct err *e)
{
	const struct alert_scope *s = w->s;

	w->to = (struct recipients) { .items = s->targets, .n = s->targets_n };
	if (w->news->escalation != NULL)
		return load_called(w, e);
	if (!read_routes(w, e))
		return false;
	if (s->targets_n == 0 && w->routing.version <= ROUTING_UNTOUCHED)
		return true;
	/* One that is new has no lanes, and to look for them would hold the place of all new ones.
	 */
	if (!w->news->is_new &&
	    !lane_list(s->t->db, s->mem, &w->news->alert->id, &w->rows, &w->rows_n, e))
		return false;
	return !is_routed(w) || take_recipients(w, e);
}

/* NULL: it is no more, or disabled. */
static const struct channel *
find_channel(const struct telling *w, const struct uuid *id)
{
	for (size_t i = 0; i < w->channels_n; i++)
		if (uuid_eq(&w->channels[i].id, id))
			return strcmp(w->channels[i].status, "active") == 0 ? &w->channels[i]
									    : NULL;
	return NULL;
}

/* A channel's lane, and what waits in it. */
struct waiting {
	const struct alert_lane *lane; /* NULL: none yet */
	const struct outbox     *last; /* NULL: nothing */
	size_t                   n;
};

static struct waiting
find_lane(const struct telling *w, const struct uuid *channel)
{
	struct waiting out = { 0 };

	for (size_t i = 0; i < w->rows_n; i++) {
		if (!uuid_eq(&w->rows[i].lane.channel_id, channel))
			continue;
		out.lane = &w->rows[i].lane;
		if (uuid_is_nil(&w->rows[i].waiting.id))
			continue;
		out.last = &w->rows[i].waiting;
		out.n++;
	}
	return out;
}

/* ---- who is told ---- */

static bool
is_event(const struct telling *w, const char *event)
{
	return strcmp(w->news->event, event) == 0;
}

/* Whether the channel was told of the alert as one that concerns it. */
static bool
has_heard(const struct telling *w, const struct alert_target *t, const struct alert_lane *lane)
{
	enum severity before = SEVERITY_INFO;

	if (lane != NULL)
		return !lane->below;
	if (w->news->severity_before != NULL)
		(void)severity_parse(str_of(w->news->severity_before), &before);
	return before >= t->min_severity;
}

/* Something of the alert has come there, or is on its way. */
static bool
has_lane(const struct waiting *at)
{
	return at->lane != NULL && !at->lane->below && (at->lane->sent > 0 || at->n > 0);
}

/* *below: it hears that the alert has fallen below what it is told of, and nothing after that, but
 * its end where that waits still. */
static bool
is_told(const struct telling *w, const struct alert_target *t, const struct channel *c, bool *below)
{
	const struct waiting     found = find_lane(w, &c->id), *at = &found;
	const struct alert_lane *lane = at->lane;
	bool                     within = w->severity >= t->min_severity;
	bool                     led = lane == NULL && !uuid_is_nil(&t->route_id);

	*below = false;
	if (event_is(w->news->event, SORT_WORK))
		return within && has_lane(at) &&
		       work_is_told(c->kind, w->news->event, t->tell_work);
	if (is_event(w, EVENT_ATTRIBUTED))
		return within && (led || (t->tell_makers && lane != NULL && !lane->below));
	if (w->news->ended_only)
		return within && (led || t->tell_ends);
	if (is_event(w, EVENT_RESOLVED))
		return lane != NULL ? !lane->below || at->n > 0 : within;
	*below = !within && has_heard(w, t, lane);
	return within || *below;
}

/* ---- what it is told ---- */

static int64_t
wait_s(const struct telling *w, const struct alert_target *t, const struct alert_lane *lane)
{
	int64_t since_s;

	if (!(w->news->calm || w->news->ended_only) || lane == NULL || lane->told_at.ms == 0)
		return 0;
	since_s = (w->now.ms - lane->told_at.ms) / 1000;
	return since_s >= t->repeat_min_s ? 0 : t->repeat_min_s - (since_s > 0 ? since_s : 0);
}

static struct alert_lane
lane_of(const struct telling *w, const struct alert_target *t, const struct waiting *at)
{
	if (at->lane != NULL)
		return *at->lane;
	return (struct alert_lane) {
		.id = uuid_make(w->s->env->clock, w->s->env->rand),
		.alert_id = w->news->alert->id,
		.channel_id = t->channel_id,
		.route_id = t->route_id,
	};
}

/* It has become worse than what was told of it. */
static bool
rises(const struct telling *w)
{
	enum severity before = w->severity;

	if (w->news->severity_before != NULL)
		(void)severity_parse(str_of(w->news->severity_before), &before);
	return w->news->escalated || w->severity > before;
}

/*
 * Whatever was written to the channel of this alert came to nothing (it was disabled, or ten
 * attempts failed): it has not heard of it.
 */
static bool
is_unheard(const struct waiting *at)
{
	return at->lane != NULL && at->lane->sent == 0 && at->n == 0;
}

/* A route leads to it since the last event: by a severity, by who made it, by the time. */
static bool
is_led_there(const struct alert_target *t, const struct waiting *at)
{
	return !uuid_is_nil(&t->route_id) && at->lane == NULL && at->n == 0;
}

/* To who has not heard of an alert its news is its opening. */
static void
open_unheard(struct outbox *o)
{
	o->opens = true;
	if (fold_goes_on(o))
		o->event = EVENT_OPENED;
}

static void
put_due(struct telling *w, const struct outbox *o, int64_t due_s)
{
	w->due[w->due_n++] = (struct due) { o->id, due_s };
}

static bool
supersede_needless(const struct telling *w, struct outbox *o, struct alert_lane *lane)
{
	if (!fold_needless(o))
		return false;
	o->state = "superseded";
	o->done_at = w->now;
	lane->untold = true;
	return true;
}

/* What waits is bounded: where much does, the newest tells what it can of all but the opening. */
static bool
is_taken_in(const struct waiting *at, const struct outbox *o)
{
	const struct outbox *last = at->last;

	if (last == NULL || last->sending)
		return false;
	return fold_allowed(fold_keeps_ends(o->kind), last, o) ||
	       (at->n >= FOLD_WAITING_MAX && !last->opens);
}

static void
put_waits(struct telling *w, const struct hold *h, bool first)
{
	w->waits[w->waits_n++] = (struct waits) { w->posts_n - 1, h->join, first };
}

/* It is the first of its lane, or waits behind others. */
static void
place_new(struct telling *w, const struct waiting *at, struct outbox *o, struct alert_lane *lane,
    const struct hold *h)
{
	if (at->n == 0 && supersede_needless(w, o, lane))
		return;
	if (h->held) {
		o->group_id = h->join.group.id;
		put_waits(w, h, at->n == 0);
	} else if (at->n == 0) {
		put_due(w, o, o->wait_s);
	}
}

/* Into the message that waits: it goes when that would, or sooner. */
static void
place_into(struct telling *w, const struct waiting *at, struct outbox *o, struct alert_lane *lane,
    const struct hold *h)
{
	const struct outbox *last = at->last;
	const bool           waited = !uuid_is_nil(&last->group_id);
	const bool           joins = waited && h->held;

	o->id = last->id;
	fold_into(o, last);
	if (supersede_needless(w, o, lane))
		return;
	if (joins && !h->join.passes && !uuid_eq(&last->group_id, &h->join.group.id))
		o->group_id = last->group_id;
	else if (joins) {
		o->group_id = h->join.group.id;
		put_waits(w, h, at->n == 1);
	} else if (at->n == 1 && last->attempts == 0 && (waited || last->wait_s > o->wait_s))
		put_due(w, o, o->wait_s);
}

/* Into the message that waits, or behind one that is on its way. */
static void
place(struct telling *w, const struct waiting *at, const struct alert_target *t, struct outbox *o,
    struct alert_lane *lane)
{
	const struct hold_in in = {
		.route = w->news->escalation != NULL ? NULL : t->route,
		.lane = lane,
		.event = o->event,
		.severity = w->severity,
		.rises = rises(w),
		.wait_s = o->wait_s,
		.now = w->now,
	};
	struct hold h;

	hold_decide(&in, &h);
	if (is_taken_in(at, o))
		place_into(w, at, o, lane, &h);
	else
		place_new(w, at, o, lane, &h);
}

/* Behind a new lane may be what waits from before there were lanes; it comes before what is told
 * now.
 */
static bool
take_former(
    const struct telling *w, const struct alert_lane *lane, struct waiting *at, struct err *e)
{
	static const struct outbox on_its_way = { .sending = true };
	const struct alert_news   *news = w->news;
	enum severity              before = w->severity;

	if (at->lane != NULL || news->is_new)
		return true;
	if (news->severity_before != NULL)
		(void)severity_parse(str_of(news->severity_before), &before);
	if (!lane_take_former(w->s->t->db, w->s->mem, lane,
		severity_name(before > w->severity ? before : w->severity), &at->n, e))
		return false;
	if (at->n > 0)
		at->last = &on_its_way;
	return true;
}

static bool
tell(struct telling *w, const struct alert_target *t, const struct channel *c, bool below,
    struct err *e)
{
	const struct alert_scope *s = w->s;
	struct waiting            at = find_lane(w, &c->id);
	struct alert_lane         lane = lane_of(w, t, &at);
	struct outbox            *o = &w->posts[w->posts_n++];
	bool                      sending;

	if ((at.lane == NULL && !hold_group(s->mem, t, c->kind, &w->to.facts, &lane.group_id, e)) ||
	    !take_former(w, &lane, &at, e))
		return false;
	sending = at.last != NULL && at.last->sending;
	*o = (struct outbox) {
		.id = uuid_make(s->env->clock, s->env->rand),
		.channel_id = c->id,
		.kind = c->kind,
		.alert_id = w->news->alert->id,
		.event = w->news->event,
		.state = "pending",
		.created_at = w->now,
		.lane_id = lane.id,
		.severity = w->news->alert->severity,
		.worst = w->news->alert->severity,
		.opens = is_event(w, EVENT_OPENED) && lane.sent == 0 && !sending,
		.below = below,
		.wait_s = wait_s(w, t, at.lane),
	};
	o->wire_id = o->id;
	if (w->news->escalated && has_lane(&at) &&
	    work_is_told(c->kind, EVENT_REOPENED, t->tell_work))
		o->event = EVENT_REOPENED;
	if (is_unheard(&at) || is_led_there(t, &at))
		open_unheard(o);
	place(w, &at, t, o, &lane);
	o->template = event_template(&w->event, o->event);
	if (at.lane == NULL || lane.below != below || lane.untold) {
		lane.below = below;
		w->lanes[w->lanes_n++] = lane;
	}
	return message_seal_kept(s, &o->id, w->kept, &o->body, e);
}

/* ---- all of them ---- */

static bool
is_double(const struct telling *w, const struct uuid *channel)
{
	for (size_t i = 0; i < w->posts_n; i++)
		if (uuid_eq(&w->posts[i].channel_id, channel))
			return true;
	return false;
}

static bool
keep_event(struct telling *w, struct err *e)
{
	struct buf b;

	if (w->kept.p != NULL)
		return true;
	buf_make(&b, w->s->mem);
	if (!event_make(w->s, w->news, &w->event, e) || !event_keep(&b, &w->event, e))
		return false;
	w->kept = buf_str(&b);
	return true;
}

static bool
tell_targets(struct telling *w, struct err *e)
{
	for (size_t i = 0; i < w->to.n; i++) {
		const struct alert_target *t = &w->to.items[i];
		const struct channel      *c = find_channel(w, &t->channel_id);
		bool                       below;

		if (c == NULL || is_double(w, &c->id) || !is_told(w, t, c, &below))
			continue;
		if (!keep_event(w, e) || !tell(w, t, c, below, e))
			return false;
	}
	return true;
}

/* What is behind another in its lane comes into the index when that is over. */
static bool
write_waits(struct telling *w, struct err *e)
{
	struct db *db = w->s->t->db;

	for (size_t i = 0; i < w->waits_n; i++) {
		const struct waits  *x = &w->waits[i];
		const struct outbox *o = &w->posts[x->post];
		int64_t              due_s;

		if (!group_join(db, w->s->mem, &x->join, &due_s, e) ||
		    !(x->first ? group_await(db, o, due_s, e)
			       : schedule_by(db, SCHEDULE_GROUP, &o->group_id, due_s, e)))
			return false;
	}
	return true;
}

static bool
write(struct telling *w, struct err *e)
{
	struct db *db = w->s->t->db;

	if (!lane_put(db, w->lanes, w->lanes_n, e) || !lane_post(db, w->posts, w->posts_n, e))
		return false;
	for (size_t i = 0; i < w->due_n; i++)
		if (!outbox_index_add(db, &w->due[i].id, w->due[i].due_s, e))
			return false;
	return write_waits(w, e);
}

static bool
make_room(struct telling *w, struct err *e)
{
	const size_t n = w->to.n + 1;

	w->lanes = talloc_zero_size(w->s->mem, n * sizeof(w->lanes[0]));
	w->posts = talloc_zero_size(w->s->mem, n * sizeof(w->posts[0]));
	w->due = talloc_zero_size(w->s->mem, n * sizeof(w->due[0]));
	w->waits = talloc_zero_size(w->s->mem, n * sizeof(w->waits[0]));
	return (w->lanes != NULL && w->posts != NULL && w->due != NULL && w->waits != NULL) ||
	       err_memory(e);
}

bool
alerting_tell(
    const struct alert_scope *s, const struct alert_news *news, size_t *sent, struct err *e)
{
	struct telling w = { .s = s, .news = news, .now = { clock_ms(s->env->clock) } };

	if (sent != NULL)
		*sent = 0;
	(void)severity_parse(str_of(news->alert->severity), &w.severity);
	if (!load(&w, e) || !make_room(&w, e) || !tell_targets(&w, e) || !write(&w, e) ||
	    !escalation_begin(s, news, w.to.routes, w.to.routes_n, e))
		return false;
	if (sent != NULL)
		*sent = w.posts_n;
	return true;
}

bool
alerting_test(
    const struct alert_scope *s, const struct channel *c, struct uuid *message, struct err *e)
{
	static const struct alert_news news = { .event = EVENT_TEST };
	struct alert_event             ev;
	struct buf                     b;

	buf_make(&b, s->mem);
	return event_make(s, &news, &ev, e) && event_keep(&b, &ev, e) &&
	       message_post(s, &ev, buf_str(&b), c, message, e);
}
