/* routes.h: channels and their deliveries. */
#include <string.h>

#include "core/auth/bound_secret.h"
#include "core/base/secret.h"
#include "drift/alert/alerting.h"
#include "drift/deliver/format.h"
#include "fcgi/drift/channel_trail.h"
#include "fcgi/drift/drift.h"
#include "fcgi/routes.h"

struct channel_out {
	struct uuid id;
	char       *name, *kind, *url;
	bool        values;
	char       *status, *status_reason;
	char       *secret; /* once, when it is made */
	instant     created_at, updated_at;
};
static const struct field channel_out_fields[] = {
	FIELD(struct channel_out, id, .doc = "Number of the channel."),
	FIELD(struct channel_out, name, .doc = "Name, unique."),
	FIELD(struct channel_out, kind, .doc = channel_kinds_doc),
	FIELD(struct channel_out, url, .doc = "Where it delivers to."),
	FIELD(struct channel_out, values,
	    .doc = "It is told values of changes; else they are " VIEW_WITHHELD " there."),
	FIELD(struct channel_out, status, .doc = "active or disabled."),
	FIELD(struct channel_out, status_reason, .doc = "Why it is disabled."),
	FIELD(struct channel_out, secret, .flags = FIELD_OMIT_ZERO,
	    .doc = "Signing secret (Standard Webhooks); shown once, when it is made."),
	FIELD(struct channel_out, created_at, .doc = "When it was made."),
	FIELD(struct channel_out, updated_at, .doc = "When it was last changed."),
	FIELD_END,
};
static const struct schema channel_out_schema =
    SCHEMA("Channel", struct channel_out, channel_out_fields);

static const char *const statuses[] = { "active", "disabled", NULL };

struct channel_new {
	const char *name, *kind, *url, *to;
	bool        values;
};
static const struct field channel_new_fields[] = {
	FIELD(struct channel_new, name, .min = 1, .max = 200, .flags = FIELD_REQUIRED | FIELD_SEEN,
	    .doc = "Name, unique."),
	FIELD(struct channel_new, kind, .choices = channel_kinds, .flags = FIELD_REQUIRED,
	    .doc = channel_kinds_doc),
	FIELD(struct channel_new, url, .min = 1, .max = 2048, .doc = "Where to deliver to."),
	FIELD(struct channel_new, to, .max = 254, .flags = FIELD_NULLABLE,
	    .doc = "Not available in this version: null, or left out."),
	FIELD(struct channel_new, values,
	    .doc = "It is told values of changes: needs read:snapshots; false when absent."),
	FIELD_END,
};
static const struct schema channel_new_schema =
    SCHEMA("ChannelNew", struct channel_new, channel_new_fields);

struct channel_update {
	const char *name, *kind, *url, *secret, *status;
	bool        values;
	uint64_t    given;
};
static const struct field channel_update_fields[] = {
	FIELD(struct channel_update, name, .min = 1, .max = 200, .flags = FIELD_SEEN,
	    .doc = "Name, unique."),
	FIELD(struct channel_update, kind, .choices = channel_kinds,
	    .doc = "The kind that it is: it never changes."),
	FIELD(struct channel_update, url, .min = 1, .max = 2048, .flags = FIELD_FRESH,
	    .doc = "Where to deliver to; of a channel that is told values, by those with "
		   "read:snapshots only."),
	FIELD(struct channel_update, secret, .min = 1, .max = 100,
	    .flags = FIELD_NULLABLE | FIELD_SECRET | FIELD_FRESH,
	    .doc =
		"Signing secret: whsec_ and base64 of 24 to 64 bytes; null: a new one, which the "
		"answer shows once.  To be named with another url: it goes there."),
	FIELD(struct channel_update, status, .choices = statuses, .flags = FIELD_FRESH,
	    .doc = "active or disabled."),
	FIELD(struct channel_update, values, .flags = FIELD_FRESH,
	    .doc = "It is told values of changes; true needs read:snapshots."),
	FIELD_END,
};
static const struct schema channel_update_schema =
    SCHEMA_GIVEN("ChannelUpdate", struct channel_update, channel_update_fields, given);

static void
channel_show(const struct channel *c, struct channel_out *out)
{
	*out = (struct channel_out) { .id = c->id,
		.name = c->name,
		.kind = c->kind,
		.url = c->target,
		.values = c->with_values,
		.status = c->status,
		.status_reason = c->status_reason,
		.created_at = c->created_at,
		.updated_at = c->updated_at };
}

/* ---- reading ---- */

static bool
fetch_channels(struct request *r, struct list_page *p, struct err *e)
{
	struct channel *rows;

	return channel_list(r->db, r->mem, &p->after, p->want, &rows, &p->n, e) &&
	       list_rows(p, rows);
}

static bool
show_channel(
    struct request *r, const struct list_page *p, const void *row, void *out, struct err *e)
{
	(void)r, (void)p, (void)e;
	channel_show(row, out);
	return true;
}
static const struct list_ops channel_list_ops = {
	fetch_channels,
	LIST_OF(struct channel, id),
	show_channel,
};

static const struct field delivery_fields[] = {
	FIELD(struct delivery_row, id, .doc = "Number of the attempt."),
	FIELD(struct delivery_row, message_id,
	    .doc = "The message; its webhook-id is msg_ and this."),
	FIELD(struct delivery_row, channel_id, .doc = "The channel."),
	FIELD(struct delivery_row, alert_id, .flags = FIELD_NULLABLE,
	    .doc = "The alert it tells of."),
	FIELD(struct delivery_row, event, .doc = "Type of the message."),
	FIELD(struct delivery_row, state, .doc = "Of the message now: pending, delivered or dead."),
	FIELD(struct delivery_row, attempt, .doc = "From 1."),
	FIELD(struct delivery_row, at, .doc = "When it was sent."),
	FIELD(struct delivery_row, outcome, .doc = "delivered, failed or refused."),
	FIELD(struct delivery_row, http_status, .flags = FIELD_OMIT_ZERO,
	    .doc = "Absent: no answer."),
	FIELD(struct delivery_row, took_ms, .doc = "How long it took."),
	FIELD(struct delivery_row, detail, .doc = "One sentence."),
	FIELD_END,
};
static const struct schema delivery_schema =
    SCHEMA("Delivery", struct delivery_row, delivery_fields);

static bool
fetch_deliveries(struct request *r, struct list_page *p, struct err *e)
{
	struct delivery_row *rows;
	struct channel       c;

	return channel_by_id(r->db->db, r->mem, &r->id0, &c, e) &&
	       delivery_list(r->db, r->mem, &r->id0, &p->after, p->want, &rows, &p->n, e) &&
	       list_rows(p, rows);
}
static const struct list_ops delivery_list_ops = { fetch_deliveries,
	LIST_OF(struct delivery_row, id) };

/* ---- writing ---- */

static bool
may_tell_values(const struct request *r, struct err *e)
{
	return view_demand(view_of_caller(&r->caller),
	    "Only who has the permission read:snapshots says where values are told: leave out "
	    "values or set it to false.",
	    e);
}

static bool
add_body(struct db *db, void *arg, struct err *e)
{
	return channel_add(db, arg, e);
}

static bool
seal_secret(struct request *r, struct channel *c, const uint8_t *key, size_t n, struct err *e)
{
	struct str plain = { (const char *)key, n };

	return tenant_seal(
	    r->db, r->mem, r->app->env->rand, "channels", "secret", &c->id, plain, &c->secret, e);
}

/* NULL, and it says so: a newer version has made the channel. */
static const struct format_ops *
format_of_channel(const struct channel *c, struct err *e)
{
	const struct format *f = format_of(formats, c->kind);

	if (f != NULL)
		return f->ops;
	err_set(e, ERR_CONFLICT, 0, "This version does not know the channel's kind.",
	    "a channel of kind %s", c->kind);
	return NULL;
}

/* The key is random; the text is what the receiver keeps.  *text NULL: a channel of that kind has
 * none. */
static bool
make_secret(struct request *r, struct channel *c, char **text, struct err *e)
{
	const struct format_ops *ops = format_of_channel(c, e);
	uint8_t                 *key;

	*text = NULL;
	if (ops == NULL || ops->secret == NULL)
		return ops != NULL;
	key = secret_alloc(r->mem, CHANNEL_SECRET_LEN);
	if (key == NULL)
		return err_memory(e);
	rand_fill(r->app->env->rand, key, CHANNEL_SECRET_LEN);
	*text = ops->secret->print(r->mem, (struct str) { (const char *)key, CHANNEL_SECRET_LEN });
	if (*text == NULL)
		return err_memory(e);
	return seal_secret(r, c, key, CHANNEL_SECRET_LEN, e);
}

static bool
put_secret(struct request *r, struct channel *c, const char *text, struct err *e)
{
	const struct format_ops *ops = format_of_channel(c, e);
	uint8_t                 *key = secret_alloc(r->mem, FORMAT_SECRET_MAX);
	size_t                   n;

	if (ops == NULL)
		return false;
	if (ops->secret == NULL)
		return err_fault(e, r->mem, "/secret", "a %s channel has none", c->kind);
	if (key == NULL)
		return err_memory(e);
	if (!ops->secret->parse(str_of(text), key, &n))
		return err_fault(e, r->mem, "/secret", "must be %s, or null", ops->secret->shape);
	return seal_secret(r, c, key, n, e);
}

/* *target: what is kept of where it delivers to. */
static bool
check_target(struct request *r, const struct channel *c, const struct format_target *in,
    const char **target, struct err *e)
{
	const struct format_ops *ops = format_of_channel(c, e);

	return ops != NULL && ops->check_target(r->mem, r->app->guard, in, target, e);
}

static bool
make_channel(struct request *r, const void *body, void *answer, struct err *e)
{
	const struct deed_by      by = request_deed_by(r);
	const struct channel_new *in = body;
	struct channel_out       *out = answer;
	struct channel            c = { .id = uuid_make(r->app->env->clock, r->app->env->rand) };
	struct audit_entry        entry;
	const char               *target;
	char                     *secret;

	c.kind = talloc_strdup(r->mem, in->kind);
	if (c.kind == NULL)
		return err_memory(e);
	if (in->values && !may_tell_values(r, e))
		return false;
	if (!check_target(r, &c, &(struct format_target) { in->url, in->to }, &target, e) ||
	    !make_secret(r, &c, &secret, e))
		return false;
	c.name = talloc_strdup(r->mem, in->name);
	c.target = talloc_strdup(r->mem, target);
	c.with_values = in->values;
	c.status = talloc_strdup(r->mem, "active");
	c.status_reason = talloc_strdup(r->mem, "");
	c.created_at.ms = c.updated_at.ms = clock_ms(r->app->env->clock);
	if (c.name == NULL || c.target == NULL || c.status == NULL || c.status_reason == NULL)
		return err_memory(e);
	entry = (struct audit_entry) { .action = AUDIT_CHANNEL_CREATE, .target_id = c.id };
	if (!channel_details(r->mem, NULL, &c, false, &entry.details, e) ||
	    !audit_deed(&by, add_body, &c, &entry, e))
		return db_taken(e, "A channel of that name exists.");
	channel_show(&c, out);
	out->secret = secret;
	return true;
}

struct updating {
	struct request              *r;
	const struct channel_update *in;
	struct channel               c;
	char                        *secret; /* a new one, to be shown once; NULL: none */
	struct audit_entry           entry;
};

/* Before the target is set. */
static bool
take_secret(struct updating *u, struct channel *c, struct err *e)
{
	const char                *url = u->in->url != NULL ? u->in->url : c->target;
	const struct secret_target target = { "url", c->target, url };
	bool named = (u->in->given & schema_bit(&channel_update_schema, "secret")) != 0;
	const struct bound_secret s = { "secret", c->secret.p != NULL, named, &target, 1 };

	if (!bound_secret_check(u->r->mem, &s, e))
		return false;
	if (!named)
		return true;
	return u->in->secret == NULL ? make_secret(u->r, c, &u->secret, e)
				     : put_secret(u->r, c, u->in->secret, e);
}

/* Whoever chooses the target of a channel that is told values chooses who sees them. */
static bool
take_values(const struct updating *u, struct channel *c, struct err *e)
{
	bool named = (u->in->given & schema_bit(&channel_update_schema, "values")) != 0;
	bool moved = u->in->url != NULL && strcmp(u->in->url, c->target) != 0;
	bool had = c->with_values;

	if (named)
		c->with_values = u->in->values;
	return !c->with_values || (had && !moved) || may_tell_values(u->r, e);
}

/* Messages on their way are rendered by the kind that the channel had when they were made. */
static bool
check_kind(const struct updating *u, const struct channel *c, struct err *e)
{
	if (u->in->kind == NULL || strcmp(u->in->kind, c->kind) == 0)
		return true;
	return err_fault(
	    e, u->r->mem, "/kind", "cannot change: it is %s; make another channel", c->kind);
}

static bool
take_target(const struct updating *u, struct channel *c, struct err *e)
{
	const char *target;

	if (u->in->url == NULL)
		return true;
	if (!check_target(u->r, c, &(struct format_target) { .url = u->in->url }, &target, e))
		return false;
	c->target = talloc_strdup(u->r->mem, target);
	return c->target != NULL || err_memory(e);
}

static bool
take_status(const struct updating *u, struct channel *c, struct err *e)
{
	TALLOC_CTX *mem = u->r->mem;
	bool        active;

	if (u->in->status == NULL)
		return true;
	active = strcmp(u->in->status, "active") == 0;
	c->status = talloc_strdup(mem, u->in->status);
	c->status_reason = talloc_strdup(mem, active ? "" : "Disabled by a user.");
	return (c->status != NULL && c->status_reason != NULL) || err_memory(e);
}

static bool
set_body(struct db *db, void *arg, struct err *e)
{
	struct updating *u = arg;
	struct channel  *c = &u->c, was;
	TALLOC_CTX      *mem = u->r->mem;
	bool new_secret = (u->in->given & schema_bit(&channel_update_schema, "secret")) != 0;

	if (!channel_by_id(db, mem, &u->r->id0, c, e))
		return false;
	was = *c;
	if (!check_kind(u, c, e) || !take_values(u, c, e) || !take_secret(u, c, e) ||
	    !take_target(u, c, e) || !take_status(u, c, e))
		return false;
	if (u->in->name != NULL)
		c->name = talloc_strdup(mem, u->in->name);
	c->updated_at.ms = clock_ms(u->r->app->env->clock);
	if (c->name == NULL)
		return err_memory(e);
	return channel_details(mem, &was, c, new_secret, &u->entry.details, e) &&
	       channel_set(db, c, e);
}

static bool
change_channel(struct request *r, const void *body, void *answer, struct err *e)
{
	const struct deed_by by = request_deed_by(r);
	struct updating      u = {
		     .r = r, .in = body, .entry = { .action = AUDIT_CHANNEL_UPDATE, .target_id = r->id0 }
	};

	if (!audit_deed(&by, set_body, &u, &u.entry, e))
		return db_taken(e, "A channel of that name exists.");
	channel_show(&u.c, answer);
	((struct channel_out *)answer)->secret = u.secret;
	return true;
}

static bool
drop_body(struct db *db, void *arg, struct err *e)
{
	struct request *r = arg;
	bool            done;

	if (!channel_drop(db, &r->id0, &done, e))
		return false;
	return done ? true : err_set(e, ERR_MISSING, 0, "Not found.", "no such channel");
}

static bool
drop_channel(struct request *r, const void *body, void *answer, struct err *e)
{
	const struct deed_by by = request_deed_by(r);
	struct audit_entry   entry = { .action = AUDIT_CHANNEL_DELETE, .target_id = r->id0 };
	struct channel       c;
	uint64_t             n;

	(void)body;
	(void)answer;
	if (!channel_by_id(r->db->db, r->mem, &r->id0, &c, e) ||
	    !config_count_naming(r->db, &r->id0, &n, e))
		return false;
	if (n > 0)
		return err_set(e, ERR_IN_USE, 0, "Drift configs still name this channel.",
		    "%llu configs", (unsigned long long)n);
	return channel_details(r->mem, &c, NULL, false, &entry.details, e) &&
	       audit_deed(&by, drop_body, r, &entry, e);
}

/* ---- testing ---- */

struct test_out {
	struct uuid message_id;
};
static const struct field test_out_fields[] = {
	FIELD(struct test_out, message_id, .doc = "Look for it in the channel's deliveries."),
	FIELD_END,
};
static const struct schema test_out_schema =
    SCHEMA("ChannelTest", struct test_out, test_out_fields);

struct testing {
	struct alert_scope scope;
	struct channel     channel;
	struct uuid        message_id;
};

static bool
test_body(struct db *db, void *arg, struct err *e)
{
	struct testing *t = arg;

	(void)db;
	return alerting_test(&t->scope, &t->channel, &t->message_id, e);
}

static bool
test_channel(struct request *r, const void *body, void *answer, struct err *e)
{
	const struct acting *a = acting_of(r, e);
	struct testing       t = { 0 };
	struct channel      *c = &t.channel;

	(void)body;
	if (a == NULL || !channel_by_id(r->db->db, r->mem, &r->id0, c, e))
		return false;
	if (strcmp(c->status, "active") != 0)
		return err_set(
		    e, ERR_CONFLICT, 0, "The channel is disabled.", "channel is disabled");
	t.scope = (struct alert_scope) { .env = r->app->env, .t = r->db, .mem = r->mem };
	if (!acting_deed(a, test_body, &t,
		&(struct audit_entry) { .action = AUDIT_CHANNEL_TEST, .target_id = c->id }, c->name,
		e))
		return false;
	((struct test_out *)answer)->message_id = t.message_id;
	return true;
}

const struct route channel_routes[] = {
	ROUTE_LIST("/api/drift/channels", list_query, ALLOW(READ, CHANNELS), &channel_list_ops,
	    OUT_LIST(channel_out), "Lists channels, newest first."),
	ROUTE(POST, "/api/drift/channels", ALLOW_FRESH(MANAGE, CHANNELS), RATE_WRITE, 201,
	    make_channel, IN(channel_new), OUT(channel_out),
	    "Makes a channel; its signing secret is shown this once."),
	ROUTE(PUT, "/api/drift/channels/{id}", ALLOW(MANAGE, CHANNELS), RATE_WRITE, 200,
	    change_channel, IN(channel_update), OUT(channel_out), "Changes the members it names."),
	ROUTE(DELETE_, "/api/drift/channels/{id}", ALLOW_FRESH(MANAGE, CHANNELS), RATE_WRITE, 204,
	    drop_channel, IN_NONE, OUT_NONE, "Drops a channel that no config names."),
	ROUTE(POST, "/api/drift/channels/{id}/test", ALLOW(MANAGE, CHANNELS), RATE_WRITE, 202,
	    test_channel, IN_NONE, OUT(test_out),
	    "Sends a test message by the same road as alerts."),
	ROUTE_LIST("/api/drift/channels/{id}/deliveries", list_query, ALLOW(READ, CHANNELS),
	    &delivery_list_ops, OUT_LIST(delivery), "Lists attempts, newest first."),
	ROUTE_END,
};
