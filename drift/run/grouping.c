#include "drift/run/grouping.h"

#include <string.h>

#include "core/store/alert/alert_group.h"
#include "core/store/alert/gather.h"
#include "core/store/tx.h"
#include "drift/alert/holding.h"
#include "drift/alert/message.h"

struct grouping {
	const struct recheck     *r;
	struct db                *db;
	struct alert_group        group;   /* held */
	struct channel            channel; /* no kind: it is gone */
	const struct alert_route *route;   /* as it is by now; NULL: it is gone */
};

static bool
read_route(struct grouping *w, struct err *e)
{
	TALLOC_CTX          *mem = w->r->mem;
	struct alert_routing kept;
	struct alert_routes  routes;

	if (!routing_read(w->db, mem, &kept, e))
		return false;
	if (!routes_read(mem, kept.routes, &routes, e))
		return err_take(e, ERR_INVALID);
	w->route = routes_find(&routes, &w->group.route_id);
	return true;
}

static bool
read_channel(struct grouping *w, struct err *e)
{
	return channel_by_id(w->db, w->r->mem, &w->group.channel_id, &w->channel, e) ||
	       err_take(e, ERR_MISSING);
}

/* Held first: what joins it from here on comes when this is over. */
static bool
load(struct grouping *w, bool *found, struct err *e)
{
	*found = group_hold(w->db, w->r->mem, &w->r->claim->ref, &w->group, e);
	if (!*found)
		return err_take(e, ERR_MISSING);
	return read_route(w, e) && read_channel(w, e);
}

static bool
post(const struct grouping *w, const struct uuid *id, const char *reason, struct err *e)
{
	const struct recheck     *r = w->r;
	const struct alert_scope  s = { .env = r->d->env, .t = r->t, .mem = r->mem };
	const struct message_many m = {
		.id = *id,
		.channel = &w->channel,
		.reason = reason,
		.route = w->route == NULL ? NULL : w->route->name,
		.group_id = w->group.id,
	};

	return message_post_many(&s, &m, e);
}

/* Silence begins now. */
static bool
set_repeat(const struct grouping *w, struct err *e)
{
	const int64_t repeat_s = w->route == NULL ? 0 : w->route->group.repeat_s;

	return w->group.quiet || repeat_s == 0 ||
	       schedule_set(w->db, SCHEDULE_REPEAT, &w->group.id, repeat_s, e);
}

/* ---- what waits ---- */

static bool
tell_together(const struct grouping *w, struct id_list ids, struct err *e)
{
	const struct uuid id = uuid_make(w->r->d->env->clock, w->r->d->env->rand);
	size_t            told;

	if (!gather_mark(w->db, w->r->mem, &id, ids, &told, e))
		return false;
	if (told == 0) /* others have them by now */
		return tx_again(e);
	return post(w, &id, w->group.quiet ? SUMMARY_QUIET : SUMMARY_GROUP, e);
}

/* One message is as good alone, and says more; but a digest is one. */
static bool
goes_alone(const struct grouping *w, size_t n)
{
	return (n == 1 && !w->group.quiet) || w->channel.kind == NULL ||
	       !hold_tells_many(w->channel.kind);
}

static bool
tell_waiting(const struct grouping *w, struct err *e)
{
	struct id_list ids;
	int64_t        worst;
	bool           more;

	if (!group_find(w->db, w->r->mem, &w->group.id, &ids, &worst, e))
		return false;
	if (ids.n == 0)
		return group_told(w->db, &w->group.id, NULL, e);
	more = ids.n > GATHER_MAX;
	ids.n -= more;
	return (goes_alone(w, ids.n) ? group_release(w->db, w->r->mem, ids, e)
				     : tell_together(w, ids, e)) &&
	       group_told(w->db, &w->group.id, &worst, e) && set_repeat(w, e) &&
	       (!more || schedule_set(w->db, SCHEDULE_GROUP, &w->group.id, 0, e));
}

bool
grouping_due(struct db *db, const struct recheck *r, struct err *e)
{
	struct grouping w = { .r = r, .db = db };
	bool            found;

	if (!load(&w, &found, e) || !schedule_done(db, r->claim, e))
		return false;
	return !found || tell_waiting(&w, e);
}

/* ---- what is still open ---- */

static bool
may_tell(const struct grouping *w)
{
	return w->channel.kind != NULL && hold_tells_many(w->channel.kind) &&
	       strcmp(channel_state(&w->channel), CHANNEL_DISABLED) != 0;
}

/* In quiet hours nothing is told again. */
static bool
put_off(const struct grouping *w, struct err *e)
{
	const instant now = { clock_ms(w->r->d->env->clock) };
	const int64_t end_ms = route_quiet_end_ms(w->route->quiet, now);

	return end_ms != 0 && schedule_set(w->db, SCHEDULE_REPEAT, &w->group.id,
				  (end_ms - now.ms + 999) / 1000, e);
}

static bool
tell_open(const struct grouping *w, struct err *e)
{
	const struct uuid id = uuid_make(w->r->d->env->clock, w->r->d->env->rand);
	int64_t           n;
	bool              waits;

	if (!group_count_open(w->db, w->r->mem, &w->group.id, &n, &waits, e))
		return false;
	if (n == 0)
		return true;
	if (put_off(w, e) || e->code != ERR_OK)
		return e->code == ERR_OK;
	if (!waits && may_tell(w) && !post(w, &id, SUMMARY_REPEAT, e))
		return false;
	return set_repeat(w, e);
}

bool
grouping_repeat(struct db *db, const struct recheck *r, struct err *e)
{
	struct grouping w = { .r = r, .db = db };
	bool            found;

	if (!load(&w, &found, e) || !schedule_done(db, r->claim, e))
		return false;
	return !found || w.route == NULL || w.route->group.repeat_s == 0 || tell_open(&w, e);
}
