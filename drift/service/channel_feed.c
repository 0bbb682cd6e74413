#include "drift/service/channel_feed.h"

#include "core/auth/audit_details.h"
#include "core/store/identity/audit_rows.h"
#include "core/store/identity/audit_tree_rows.h"
#include "drift/deliver/templated.h"
#include "drift/service/channel_secret.h"

/* ---- reading ---- */

/* Where the trail is now. */
struct trail_at {
	uint64_t chain, seq, floor;
};

static bool
trail_at(const struct acting *a, struct trail_at *out, struct err *e)
{
	struct audit_head head;

	if (!audit_chain_number(a->by.t, &out->chain, e) ||
	    !audit_head_read(a->by.t, a->by.mem, &head, e))
		return false;
	out->seq = head.seq;
	out->floor = head.floor;
	return true;
}

bool
channel_feeds_see(const struct acting *a, struct channel_feeds *out, struct err *e)
{
	struct audit_feed *rows;
	struct trail_at    at;

	*out = (struct channel_feeds) { 0 };
	if (!audit_feeds_all(a->by.t->db, a->by.mem, &rows, &out->n, e))
		return false;
	if (out->n == 0)
		return true;
	out->rows = talloc_zero_array(a->by.mem, struct channel_feed, (unsigned)out->n);
	if (out->rows == NULL)
		return err_memory(e);
	if (!trail_at(a, &at, e))
		return false;
	for (size_t i = 0; i < out->n; i++) {
		const uint64_t had = rows[i].chain == at.chain ? rows[i].seq : 0;

		out->rows[i] = (struct channel_feed) { rows[i], at.seq > had ? at.seq - had : 0 };
	}
	return true;
}

const struct channel_feed *
channel_feed_of(const struct channel_feeds *all, const struct uuid *channel)
{
	for (size_t i = 0; i < all->n; i++)
		if (uuid_eq(&all->rows[i].row.channel_id, channel))
			return &all->rows[i];
	return NULL;
}

/* ---- who may, and what can be ---- */

bool
channel_feed_may(const struct acting *a, struct err *e)
{
	return a->view.trail ||
	       err_set(e, ERR_FORBIDDEN, 0,
		   "What is in the audit trail is told there: only who has the permission "
		   "read:audit says that, and where, how fast and whether.",
		   "a channel of the trail without read:audit");
}

bool
channel_feed_fits(const struct acting *a, const struct channel *c, struct err *e)
{
	const struct format_ops *ops = channel_format(c, e);

	if (ops == NULL)
		return false;
	return ops->render_trail != NULL ||
	       err_fault(e, a->by.mem, "/kinds",
		   "the audit trail is told to webhook, cloudevents and template channels");
}

/* ---- in a deed ---- */

static bool
find(struct db *db, const struct acting *a, const struct uuid *channel, struct audit_feed *out,
    size_t *n, bool *there, struct err *e)
{
	struct audit_feed *rows;

	*there = false;
	if (!audit_feeds_hold(db, a->by.mem, &rows, n, e))
		return false;
	for (size_t i = 0; i < *n; i++) {
		if (!uuid_eq(&rows[i].channel_id, channel))
			continue;
		*out = rows[i];
		*there = true;
	}
	return true;
}

bool
channel_feed_ask(struct db *db, const struct acting *a, struct channel *c, struct err *e)
{
	struct audit_feed f;
	size_t            n;

	return find(db, a, &c->id, &f, &n, &c->tells_trail, e);
}

static bool
begin(struct db *db, const struct acting *a, const struct channel *c, struct err *e)
{
	struct audit_feed f;
	struct trail_at   at;
	size_t            n;
	bool              there;

	if (!channel_feed_fits(a, c, e) || !find(db, a, &c->id, &f, &n, &there, e) ||
	    !trail_at(a, &at, e))
		return false;
	if (n >= AUDIT_FEEDS_MAX)
		return err_set(e, ERR_CONFLICT, 0,
		    "As many channels are told the audit trail as can be: 8.", "feeds");
	f = (struct audit_feed) {
		.channel_id = c->id,
		.chain = at.chain,
		.seq = at.seq,
		.detail = acting_copy(a, ""),
		.made_at = acting_now(a),
	};
	return f.detail == NULL ? err_memory(e) : audit_feed_put(db, &f, at.seq, e);
}

/* What failed before is tried anew, with as much as one message takes. */
static bool
go_on(struct db *db, const struct acting *a, const struct channel *c, struct err *e)
{
	struct audit_feed f;
	struct trail_at   at;
	size_t            n;
	bool              there;

	if (!find(db, a, &c->id, &f, &n, &there, e) || !trail_at(a, &at, e))
		return false;
	audit_feed_anew(&f);
	return !there || audit_feed_put(db, &f, f.chain == at.chain ? f.seq : 0, e);
}

bool
channel_feed_set(struct db *db, const struct acting *a, const struct channel *was,
    const struct channel *now, bool otherwise, struct err *e)
{
	if (was->tells_trail && !now->tells_trail)
		return audit_feed_drop(db, &now->id, e);
	if (!now->tells_trail)
		return true;
	if (now->template != NULL && !templated_check_entry(a->by.mem, now->template, e))
		return false;
	if (!was->tells_trail)
		return begin(db, a, now, e);
	return !otherwise || go_on(db, a, now, e);
}

/* ---- again ---- */

struct feed_told {
	const char *name;
	uint64_t    audit_after;
	int64_t     messages;
};
static const struct field feed_told_fields[] = {
	TOLD(struct feed_told, name),
	TOLD(struct feed_told, audit_after),
	TOLD(struct feed_told, messages),
	FIELD_END,
};
static const struct schema feed_told = SCHEMA("FeedReplayTold", struct feed_told, feed_told_fields);

struct again {
	const struct acting *a;
	struct uuid          channel;
	struct feed_told     told;
	struct audit_entry   entry;
};

static bool
check_after(
    const struct again *w, const struct audit_feed *f, const struct trail_at *at, struct err *e)
{
	if (w->told.audit_after > f->seq)
		return err_fault(e, w->a->by.mem, "/audit_after",
		    "it has had the entries up to %llu", (unsigned long long)f->seq);
	return w->told.audit_after >= at->floor ||
	       err_fault(e, w->a->by.mem, "/audit_after", "entries up to %llu are no longer kept",
		   (unsigned long long)at->floor);
}

static bool
again_body(struct db *db, void *arg, struct err *e)
{
	struct again        *w = arg;
	const struct acting *a = w->a;
	struct channel       c;
	struct audit_feed    f;
	struct trail_at      at;
	size_t               n;
	bool                 there;

	if (!channel_by_id(db, a->by.mem, &w->channel, &c, e) ||
	    !find(db, a, &w->channel, &f, &n, &there, e) || !trail_at(a, &at, e))
		return false;
	if (!there)
		return err_set(
		    e, ERR_CONFLICT, 0, "The channel is not told the audit trail.", "no feed");
	if (f.chain != at.chain)
		return err_set(e, ERR_CONFLICT, 0,
		    "It is still told what is left of a chain that is closed: that comes first.",
		    "a closed chain");
	if (!check_after(w, &f, &at, e))
		return false;
	f.chain = at.chain;
	f.seq = w->told.audit_after;
	audit_feed_anew(&f);
	w->told.name = c.name;
	w->told.messages = (int64_t)(at.seq - f.seq);
	w->entry.details = audit_details(a->by.mem, &feed_told, &w->told, e);
	return w->entry.details != NULL && audit_feed_put(db, &f, f.seq, e);
}

bool
channel_feed_replay(
    const struct acting *a, const struct uuid *channel, uint64_t after, int64_t *n, struct err *e)
{
	struct again w = {
		.a = a,
		.channel = *channel,
		.told = { .audit_after = after },
		.entry = { .action = AUDIT_CHANNEL_REPLAY, .target_id = *channel },
	};

	if (!channel_feed_may(a, e) || !audit_deed(&a->by, again_body, &w, &w.entry, e))
		return false;
	*n = w.told.messages;
	return true;
}
