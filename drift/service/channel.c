#include "drift/service/channel.h"

#include <string.h>

#include "core/auth/bound_secret.h"
#include "core/store/alert/pace.h"
#include "core/store/alert/replay.h"
#include "drift/alert/alerting.h"
#include "drift/service/channel_ca.h"
#include "drift/service/channel_feed.h"
#include "drift/service/channel_secret.h"
#include "drift/service/channel_template.h"
#include "drift/service/channel_trail.h"
#include "drift/service/digest.h"
#include "drift/service/routing.h"
#include "drift/watch/own_scope.h"

bool
channel_page(const struct acting *a, struct page *p, struct err *e)
{
	return channel_list(a->by.t, a->by.mem, p, e);
}

bool
delivery_page(const struct acting *a, const struct uuid *channel, struct page *p, struct err *e)
{
	struct channel c;

	return channel_by_id(a->by.t->db, a->by.mem, channel, &c, e) &&
	       delivery_list(a->by.t, a->by.mem, channel, p, e);
}

/* ---- what a channel needs ---- */

bool
channel_by_address(const struct channel *c)
{
	const struct format *f = format_of(formats, c->kind);

	return f != NULL && f->ops->by_address;
}

/* As a mail goes to whom nobody has asked, a channel of that kind is never told faster than the
 * kind. */
static bool
check_rate(const struct acting *a, const struct channel *c, struct err *e)
{
	const struct format *f = format_of(formats, c->kind);

	if (f == NULL || !f->ops->rate_is_most)
		return true;
	if (c->rate.per_minute > f->ops->rate.per_minute)
		return err_fault(e, a->by.mem, "/rate/per_minute",
		    "must be at most %lld for this kind", (long long)f->ops->rate.per_minute);
	return c->rate.burst <= f->ops->rate.burst ||
	       err_fault(e, a->by.mem, "/rate/burst", "must be at most %lld for this kind",
		   (long long)f->ops->rate.burst);
}

struct channel_deed {
	const struct acting       *a;
	const struct channel_wish *in;
	struct uuid                id;
	struct channel_made       *out;
	struct audit_entry         entry;
};

static bool
may_tell_values(const struct acting *a, struct err *e)
{
	return view_demand(a->view,
	    "Only who has the permission read:snapshots says where values are told: leave out "
	    "values or set it to false.",
	    e);
}

/* A url that lets whoever has it in: it is sealed, and what is shown of it is kept beside that. */
static bool
hide_url(const struct acting *a, struct channel *c, const char *url, struct err *e)
{
	c->target = channel_target_shown(a->by.mem, url, e);
	return c->target != NULL && channel_secret_seal(a, c, str_of(url), e);
}

/* What is kept of where it delivers to.  What was shown of a hidden url, given back, is that url.
 */
static bool
set_target(const struct acting *a, struct channel *c, const struct format_target *in, struct err *e)
{
	const struct format_ops *ops = channel_format(c, e);
	const char              *target;

	if (ops == NULL)
		return false;
	if (a->by.auth->guard == NULL)
		return err_set(e, ERR_INTERNAL, 0, "internal error",
		    "a channel's target, and no guard to check it");
	if (ops->hides_url && c->target != NULL && in->url != NULL &&
	    strcmp(in->url, c->target) == 0)
		return true;
	if (!ops->check_target(a->by.mem, a->by.auth->guard, in, &target, e))
		return false;
	if (ops->hides_url)
		return hide_url(a, c, target, e);
	c->target = acting_copy(a, target);
	return c->target != NULL || err_memory(e);
}

/* ---- making ---- */

static bool
make_body(struct db *db, void *arg, struct err *e)
{
	const struct channel_deed *d = arg;
	const struct channel      *c = &d->out->row;
	const struct channel       none = { .id = c->id };
	const instant              none_yet = { 0 };

	return (c->digest == NULL || digest_room(db, d->a->by.mem, c, e)) &&
	       channel_add(db, c, e) && channel_feed_set(db, d->a, &none, c, true, e) &&
	       (c->digest == NULL ||
		   digest_schedule(db, d->a->by.mem, c, acting_now(d->a), none_yet, e));
}

static bool
make_row(
    const struct acting *a, const struct channel_wish *in, struct channel_made *out, struct err *e)
{
	struct channel *c = &out->row;

	*out = (struct channel_made) { .row = { .id = acting_id(a),
					   .kind = acting_copy(a, in->kind),
					   .with_values = in->values,
					   .tells_trail = in->trail, }, };
	if (c->kind == NULL)
		return err_memory(e);
	if ((in->values && !may_tell_values(a, e)) || (in->trail && !channel_feed_may(a, e)) ||
	    (in->trail && !channel_feed_fits(a, c, e)) || !set_target(a, c, &in->target, e) ||
	    !channel_secret_set(a, c, in->secret, &out->secret, e) ||
	    !channel_template_set(a, c, in, e) || !channel_ca_set(a, c, in, e) ||
	    (in->digest != NULL && !digest_set(a, c, in->digest, e)))
		return false;
	c->rate = in->rate;
	if (!check_rate(a, c, e))
		return false;
	c->name = acting_copy(a, in->name);
	c->status = acting_copy(a, "active");
	c->status_reason = acting_copy(a, "");
	c->created_at = c->updated_at = acting_now(a);
	return (c->name != NULL && c->status != NULL && c->status_reason != NULL) || err_memory(e);
}

bool
channel_make(
    const struct acting *a, const struct channel_wish *in, struct channel_made *out, struct err *e)
{
	struct channel_deed d = { .a = a, .out = out, .entry = { .action = AUDIT_CHANNEL_CREATE } };

	if (!make_row(a, in, out, e))
		return false;
	d.entry.target_id = out->row.id;
	return (channel_details(a->by.mem, NULL, &out->row, false, &d.entry.details, e) &&
		   audit_deed(&a->by, make_body, &d, &d.entry, e)) ||
	       db_taken(e, "A channel of that name exists.");
}

/* ---- changing ---- */

/* Whether there is a secret is said by the kind, not by the row. */
static bool
alter_secret(
    const struct channel_deed *d, const struct channel *was, struct channel *c, struct err *e)
{
	const struct channel_wish *in = d->in;
	const char                *url = in->target.url != NULL ? in->target.url : was->target;
	const struct secret_target target = { "url", was->target, url };
	const struct format_ops   *ops;
	struct bound_secret        s = { "secret", true, in->has_secret, &target, 1 };

	if (!in->has_secret && in->target.url == NULL)
		return true;
	ops = channel_format(c, e);
	if (ops == NULL)
		return false;
	if (ops->secret != NULL && !bound_secret_check(d->a->by.mem, &s, e))
		return false;
	return !in->has_secret || channel_secret_set(d->a, c, in->secret, &d->out->secret, e);
}

/* Headers go with the url that they were given for. */
static bool
alter_template(
    const struct channel_deed *d, const struct channel *was, struct channel *c, struct err *e)
{
	const struct secret_target target = { "url", was->target, c->target };
	const struct bound_secret  s = { "headers", was->secret.p != NULL, d->in->has_headers,
		 &target, 1 };

	if (was->template == NULL && d->in->template == NULL && !d->in->has_headers)
		return true;
	if (was->template != NULL && !bound_secret_check(d->a->by.mem, &s, e))
		return false;
	return channel_template_set(d->a, c, d->in, e);
}

/* One that is replaced signs no more, but where that was said; and never for another target. */
static bool
alter_former(
    const struct channel_deed *d, const struct channel *was, struct channel *c, struct err *e)
{
	const struct channel_wish *in = d->in;
	bool                       moved = strcmp(was->target, c->target) != 0;

	if (in->former_s > 0 && (moved || !in->has_secret))
		return err_fault(e, d->a->by.mem, "/former_secret_s",
		    moved ? "a secret that was replaced is not used for another url"
			  : "names how long the secret signs that is replaced: give a new one");
	if (in->has_secret || in->has_former || moved)
		channel_secret_forget(c);
	return in->former_s == 0 || channel_secret_keep(d->a, was, c, in->former_s, e);
}

/* Another target than was kept, or another's key at the same one: others read what it is told. */
static bool
is_moved(const struct channel_deed *d, const struct channel *was, const struct channel *c)
{
	const struct format *f = format_of(formats, c->kind);

	return f == NULL || strcmp(was->target, c->target) != 0 ||
	       (f->ops->has_template && d->in->has_headers) ||
	       (f->ops->takes_ca && d->in->has_ca) ||
	       (d->in->has_secret && f->ops->secret != NULL && f->ops->secret->print == NULL);
}

/* After the target is set. */
static bool
alter_values(
    const struct channel_deed *d, const struct channel *was, struct channel *c, struct err *e)
{
	if (d->in->has_values)
		c->with_values = d->in->values;
	return !c->with_values || (was->with_values && !is_moved(d, was, c)) ||
	       may_tell_values(d->a, e);
}

static bool
alter_digest(struct db *db, const struct channel_deed *d, const struct channel *was,
    struct channel *c, struct err *e)
{
	if (d->in->has_digest)
		return digest_set(d->a, c, d->in->digest, e) &&
		       (c->digest == NULL || digest_room(db, d->a->by.mem, c, e));
	return c->digest == NULL || !is_moved(d, was, c) || digest_may(d->a, e);
}

/* It hears less now, or later. */
static bool
is_quieted(const struct channel *was, const struct channel *c)
{
	return strcmp(was->status, c->status) != 0 || was->paused_at.ms != c->paused_at.ms ||
	       was->rate.per_minute != c->rate.per_minute || was->rate.burst != c->rate.burst;
}

/* The same of what is in the audit trail, where that is told there: nor does anybody keep it from
 * being told. */
static bool
alter_trail(
    const struct channel_deed *d, const struct channel *was, const struct channel *c, struct err *e)
{
	const struct acting *a = d->a;
	bool                 named, routed;

	if (a->view.trail || (!is_moved(d, was, c) && !is_quieted(was, c)))
		return true;
	return own_names(a->by.auth, a->by.t->tenant, &c->id, &named, e) &&
	       routing_tells_trail(a, &c->id, &routed, e) &&
	       (!(named || routed) ||
		   err_set(e, ERR_FORBIDDEN, 0,
		       "Alerts of kind security go there, which tell what is in the audit trail: "
		       "only who has the permission read:audit says where the channel leads, how "
		       "fast and whether.",
		       "the target of security alerts without read:audit"));
}

/* Of one that is told the trail, or shall be or no more: all but what it is called, and whether it
 * is told values. */
static bool
alter_feed(
    const struct channel_deed *d, const struct channel *was, struct channel *c, struct err *e)
{
	const struct channel_wish *in = d->in;
	const bool touched = in->target.url != NULL || in->target.to != NULL || in->has_secret ||
			     in->has_former || in->status != NULL || in->template != NULL ||
			     in->has_headers || in->has_rate || in->has_ca;

	if (in->has_trail)
		c->tells_trail = in->trail;
	if (was->tells_trail == c->tells_trail && !(was->tells_trail && touched))
		return true;
	return channel_feed_may(d->a, e);
}

/* Messages on their way are rendered by the kind that the channel had when they were made. */
static bool
check_kind(const struct channel_deed *d, const struct channel *c, struct err *e)
{
	if (d->in->kind == NULL || strcmp(d->in->kind, c->kind) == 0)
		return true;
	return err_fault(
	    e, d->a->by.mem, "/kind", "cannot change: it is %s; make another channel", c->kind);
}

/* A program that knows no pauses sees an active channel, and sends to it: nothing is lost by it. */
static void
alter_status(const struct acting *a, struct channel *c, const char *status)
{
	bool disabled = strcmp(status, CHANNEL_DISABLED) == 0,
	     paused = strcmp(status, CHANNEL_PAUSED) == 0;

	c->status = acting_copy(a, disabled ? CHANNEL_DISABLED : CHANNEL_ACTIVE);
	c->status_reason = acting_copy(a, disabled ? CHANNEL_BY_USER
					  : paused ? "Paused by a user."
						   : "");
	if (!paused)
		c->paused_at = (instant) { 0 };
	else if (c->paused_at.ms == 0)
		c->paused_at = acting_now(a);
}

static bool
alter_words(const struct channel_deed *d, struct channel *c, struct err *e)
{
	const struct channel_wish *in = d->in;

	if (in->name != NULL)
		c->name = acting_copy(d->a, in->name);
	if (in->status != NULL)
		alter_status(d->a, c, in->status);
	if (in->has_rate)
		c->rate = in->rate;
	c->updated_at = acting_now(d->a);
	return (c->name != NULL && c->status != NULL && c->status_reason != NULL) || err_memory(e);
}

/* It was paused, or goes elsewhere, as somebody else or at another rate now: what has waited is
 * due. */
static bool
begins_anew(const struct channel_wish *in, const struct channel *was, const struct channel *c)
{
	return (was->paused_at.ms != 0 && c->paused_at.ms == 0) || in->target.url != NULL ||
	       in->target.to != NULL || in->has_secret || in->has_headers || in->has_ca ||
	       was->rate.per_minute != c->rate.per_minute || was->rate.burst != c->rate.burst;
}

static bool
is_other_text(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a != b : strcmp(a, b) != 0;
}

/* Where the trail is told, in which words, as whom or how fast: what failed may arrive now. */
static bool
is_told_otherwise(const struct channel_wish *in, const struct channel *was, const struct channel *c)
{
	return (was->paused_at.ms != 0) != (c->paused_at.ms != 0) ||
	       is_other_text(was->status, c->status) || is_other_text(was->target, c->target) ||
	       is_other_text(was->template, c->template) || in->has_secret || in->has_headers ||
	       in->has_ca || was->rate.per_minute != c->rate.per_minute ||
	       was->rate.burst != c->rate.burst;
}

/* No turn that was given before counts.  Who sets a rate or an address again and again is not told
 * faster by it. */
static bool
pace_anew(struct db *db, const struct channel *was, const struct channel *c, struct err *e)
{
	const struct format *f = format_of(formats, c->kind);
	const int64_t        before = format_rate(formats, was).per_minute;
	const int64_t        now = format_rate(formats, c).per_minute;
	const bool           moved = strcmp(was->target, c->target) != 0;

	if (before == 0 || now == 0 || (moved && f != NULL && !f->ops->rate_is_most))
		return pace_drop(db, &c->id, e);
	return pace_change(db, &c->id, before, now, e);
}

static bool
alter_body(struct db *db, void *arg, struct err *e)
{
	struct channel_deed       *d = arg;
	const struct channel_wish *in = d->in;
	struct channel            *c = &d->out->row, was;

	if (!channel_by_id(db, d->a->by.mem, &d->id, c, e) || !channel_feed_ask(db, d->a, c, e))
		return false;
	was = *c;
	return alter_feed(d, &was, c, e) && check_kind(d, c, e) &&
	       ((in->target.url == NULL && in->target.to == NULL) ||
		   set_target(d->a, c, &in->target, e)) &&
	       alter_words(d, c, e) && (!in->has_rate || check_rate(d->a, c, e)) &&
	       alter_values(d, &was, c, e) && alter_trail(d, &was, c, e) &&
	       alter_secret(d, &was, c, e) && alter_template(d, &was, c, e) &&
	       channel_ca_set(d->a, c, in, e) && alter_digest(db, d, &was, c, e) &&
	       alter_former(d, &was, c, e) &&
	       channel_details(d->a->by.mem, &was, c, in->has_secret || in->has_headers,
		   &d->entry.details, e) &&
	       channel_set(db, c, e) &&
	       channel_feed_set(db, d->a, &was, c, is_told_otherwise(in, &was, c), e) &&
	       (!in->has_digest ||
		   digest_schedule(db, d->a->by.mem, c, acting_now(d->a), (instant) { 0 }, e)) &&
	       (!begins_anew(in, &was, c) ||
		   (pace_anew(db, &was, c, e) && replay_due(db, d->a->by.mem, &c->id, e)));
}

bool
channel_alter(const struct acting *a, const struct uuid *id, const struct channel_wish *in,
    struct channel_made *out, struct err *e)
{
	struct channel_deed d = {
		.a = a,
		.in = in,
		.id = *id,
		.out = out,
		.entry = { .action = AUDIT_CHANNEL_UPDATE, .target_id = *id },
	};

	*out = (struct channel_made) { 0 };
	return audit_deed(&a->by, alter_body, &d, &d.entry, e) ||
	       db_taken(e, "A channel of that name exists.");
}

/* ---- dropping ---- */

struct channel_erasing {
	const struct acting *a;
	struct uuid          id;
};

static bool
erase_body(struct db *db, void *arg, struct err *e)
{
	const struct channel_erasing *d = arg;
	struct channel                c = { .id = d->id };
	bool                          done, routed;

	if (!channel_feed_ask(db, d->a, &c, e) ||
	    (c.tells_trail && (!channel_feed_may(d->a, e) || !audit_feed_drop(db, &d->id, e))) ||
	    !channel_drop(db, &d->id, &done, e))
		return false;
	if (!done)
		return err_set(e, ERR_MISSING, 0, "Not found.", "no such channel");
	if (!routing_names(db, d->a->by.mem, &d->id, &routed, e))
		return false;
	return !routed || err_set(e, ERR_IN_USE, 0, "Routes still name this channel.", "routes");
}

bool
channel_erase(const struct acting *a, const struct uuid *id, struct err *e)
{
	struct audit_entry     entry = { .action = AUDIT_CHANNEL_DELETE, .target_id = *id };
	struct channel_erasing d = { a, *id };
	struct channel         c;
	struct audit_feed      feed;
	uint64_t               n;
	bool                   named;

	if (!channel_by_id(a->by.t->db, a->by.mem, id, &c, e))
		return false;
	c.tells_trail = audit_feed_by_channel(a->by.t->db, a->by.mem, id, &feed, e);
	if ((!c.tells_trail && !err_take(e, ERR_MISSING)) ||
	    !config_count_naming(a->by.t, id, &n, e) ||
	    !own_names(a->by.auth, a->by.t->tenant, id, &named, e))
		return false;
	if (named)
		return err_set(e, ERR_IN_USE, 0,
		    "The setting notifications.security still names this channel.", "settings");
	if (n > 0)
		return err_set(e, ERR_IN_USE, 0, "Drift configs still name this channel.",
		    "%llu configs", (unsigned long long)n);
	return channel_details(a->by.mem, &c, NULL, false, &entry.details, e) &&
	       audit_deed(&a->by, erase_body, &d, &entry, e);
}

/* ---- trying ---- */

struct channel_trial {
	struct alert_scope scope;
	struct channel     channel;
	struct uuid        message_id;
};

static bool
try_body(struct db *db, void *arg, struct err *e)
{
	struct channel_trial *t = arg;

	(void)db;
	return alerting_test(&t->scope, &t->channel, &t->message_id, e);
}

bool
channel_address(const struct acting *a, const struct uuid *id, const char **address, struct err *e)
{
	struct channel c;

	if (!channel_by_id(a->by.t->db, a->by.mem, id, &c, e))
		return false;
	*address = channel_by_address(&c) ? c.target : NULL;
	return true;
}

bool
channel_try(const struct acting *a, const struct uuid *id, struct uuid *message, struct err *e)
{
	struct channel_trial t = { .scope = {
				       .env = a->drift->env, .t = a->by.t, .mem = a->by.mem, }, };

	if (!channel_by_id(a->by.t->db, a->by.mem, id, &t.channel, e))
		return false;
	if (strcmp(t.channel.status, CHANNEL_ACTIVE) != 0)
		return err_set(
		    e, ERR_CONFLICT, 0, "The channel is disabled.", "channel is disabled");
	if (t.channel.paused_at.ms != 0)
		return err_set(e, ERR_CONFLICT, 0, "The channel is paused.", "channel is paused");
	if (channel_format(&t.channel, e) == NULL)
		return false;
	if (!acting_deed(a, try_body, &t,
		&(struct audit_entry) { .action = AUDIT_CHANNEL_TEST, .target_id = *id },
		t.channel.name, e))
		return false;
	*message = t.message_id;
	return true;
}
