#include "drift/service/channel_replay.h"

#include <string.h>

#include "core/auth/audit_details.h"
#include "core/store/alert/channel.h"
#include "core/store/alert/replay.h"

struct replay_told {
	const char *name, *state;
	int64_t     messages;
	instant     since, until;
	struct uuid delivery_id;
};
static const struct field told_fields[] = {
	TOLD(struct replay_told, name),
	TOLD_IF(struct replay_told, state),
	TOLD_IF(struct replay_told, since),
	TOLD_IF(struct replay_told, until),
	TOLD_IF(struct replay_told, delivery_id),
	TOLD(struct replay_told, messages),
	FIELD_END,
};
static const struct schema told_schema = SCHEMA("ReplayTold", struct replay_told, told_fields);

struct replaying {
	const struct acting *a;
	struct replay_range  range;
	struct uuid          delivery; /* the one; nil: a range */
	struct replay_told   told;
	struct replayed     *out;
	struct audit_entry   entry;
};

/* ---- those that go out ---- */

/* By lane, those without one first; the oldest of each first. */
static int
by_lane(const void *a, const void *b)
{
	const struct replay_row *x = a, *y = b;
	int                      order = memcmp(x->lane_id.b, y->lane_id.b, sizeof(x->lane_id.b));

	return order != 0 ? order : memcmp(x->id.b, y->id.b, sizeof(x->id.b));
}

static bool
replay_rows(
    const struct replaying *w, struct db *db, struct replay_row *rows, size_t n, struct err *e)
{
	if (n > 0)
		qsort(rows, n, sizeof(rows[0]), by_lane);
	for (size_t i = 0; i < n; i++) {
		bool alone = uuid_is_nil(&rows[i].lane_id);

		if (!alone && i > 0 && uuid_eq(&rows[i].lane_id, &rows[i - 1].lane_id))
			continue;
		if (!(alone ? replay_alone(db, &rows[i].id, &w->out->messages, e)
			    : replay_lane(db, w->a->by.mem, &rows[i], &w->out->messages, e)))
			return false;
	}
	return true;
}

static bool
check_channel(
    struct replaying *w, struct db *db, const struct uuid *id, struct channel *c, struct err *e)
{
	if (!channel_by_id(db, w->a->by.mem, id, c, e))
		return false;
	w->told.name = c->name;
	return strcmp(c->status, CHANNEL_ACTIVE) == 0 ||
	       err_set(e, ERR_CONFLICT, 0, "The channel is disabled.", "channel is disabled");
}

static bool
tell(struct replaying *w, struct err *e)
{
	w->told.messages = w->out->messages;
	w->entry.details = audit_details(w->a->by.mem, &told_schema, &w->told, e);
	return w->entry.details != NULL;
}

static bool
replay_range_body(struct db *db, void *arg, struct err *e)
{
	struct replaying   *w = arg;
	struct replay_found found;
	struct channel      c;

	*w->out = (struct replayed) { 0 };
	if (!check_channel(w, db, &w->range.channel_id, &c, e) ||
	    !replay_find(db, w->a->by.mem, &w->range, &found, e) ||
	    !replay_rows(w, db, found.rows, found.n, e))
		return false;
	w->out->next = found.next;
	return tell(w, e);
}

static bool
replay_one_body(struct db *db, void *arg, struct err *e)
{
	struct replaying *w = arg;
	struct replay_row row;
	struct channel    c;

	*w->out = (struct replayed) { 0 };
	if (!replay_by_delivery(db, w->a->by.mem, &w->delivery, &row, e))
		return false;
	if (uuid_is_nil(&row.channel_id))
		return err_set(e, ERR_MISSING, 0, "Not found.", "a message to no channel");
	if (!check_channel(w, db, &row.channel_id, &c, e))
		return false;
	if (strcmp(row.state, "superseded") == 0)
		return err_set(e, ERR_CONFLICT, 0, "A newer message has told it: replay that one.",
		    "superseded");
	w->entry.target_id = c.id;
	return replay_rows(w, db, &row, 1, e) && tell(w, e);
}

/* ---- who may ---- */

static bool
may_read_alerts(const struct acting *a, struct err *e)
{
	return permission_has(&a->by.caller->permissions, ACTION_READ, RESOURCE_ALERTS) ||
	       err_set(e, ERR_FORBIDDEN, 0,
		   "Only who has the permission read:alerts has alerts of the past sent again.",
		   "alerts without read:alerts");
}

bool
channel_replay(const struct acting *a, const struct uuid *channel, const struct replay_wish *in,
    struct replayed *out, struct err *e)
{
	struct replaying w = {
		.a = a,
		.range = { .channel_id = *channel,
		    .from = uuid_first(in->since.ms),
		    .to = uuid_first(in->until.ms),
		    .delivered = in->delivered, },
		.told = { .state = in->delivered ? "all" : "failed",
		    .since = in->since,
		    .until = in->until, },
		.out = out,
		.entry = { .action = AUDIT_CHANNEL_REPLAY, .target_id = *channel },
	};

	if (in->until.ms == 0)
		memset(w.range.to.b, 0xff, sizeof(w.range.to.b));
	if (memcmp(in->from.b, w.range.from.b, sizeof(in->from.b)) > 0)
		w.range.from = in->from;
	return may_read_alerts(a, e) && audit_deed(&a->by, replay_range_body, &w, &w.entry, e);
}

bool
delivery_replay(
    const struct acting *a, const struct uuid *delivery, struct replayed *out, struct err *e)
{
	struct replaying w = {
		.a = a,
		.delivery = *delivery,
		.told = { .delivery_id = *delivery },
		.out = out,
		.entry = { .action = AUDIT_CHANNEL_REPLAY },
	};

	return may_read_alerts(a, e) && audit_deed(&a->by, replay_one_body, &w, &w.entry, e);
}
