/* routes.h: channels and their deliveries. */
#include <string.h>

#include "core/web/rate.h"
#include "drift/deliver/templated.h"
#include "drift/service/channel.h"
#include "drift/service/channel_feed.h"
#include "drift/service/channel_replay.h"
#include "drift/service/digest.h"
#include "fcgi/drift/drift.h"
#include "fcgi/drift/shown.h"
#include "fcgi/routes.h"

static const struct field rate_fields[] = {
	FIELD(struct channel_rate, per_minute, .min = 1, .max = CHANNEL_RATE_MAX,
	    .flags = FIELD_REQUIRED, .doc = "So many messages a minute."),
	FIELD(struct channel_rate, burst, .min = 1, .max = CHANNEL_BURST_MAX,
	    .flags = FIELD_REQUIRED, .doc = "So many at once after a rest."),
	FIELD_END,
};
static const struct schema rate_schema = SCHEMA("ChannelRate", struct channel_rate, rate_fields);

#define RATE_DOC                                                                                   \
	"How fast it is told. What comes faster waits, and is told together by one message where " \
	"the kind has a form for that (webhook, cloudevents: type drift.alerts.summary; slack, "   \
	"teams, email), else one after the other."

#define CA_DOC                                                                                     \
	"syslog over TLS: certificates in PEM of the authorities that are believed there, and no " \
	"others; those of the system where there are none."
#define CA_MAX 16384
#define DIGEST_DOC                                                                                 \
	"email: a digest of the whole days (UTC) before, in numbers of /api/drift/analytics: "     \
	"what "                                                                                    \
	"drifted, what is open and how old, what was accepted and ends, which configs are blind, " \
	"and what is told to nobody. The days are those before the one for which it was planned. " \
	"Twenty channels of a tenant have one at most. Needs read:drift and read:alerts."

static const char *const told_kinds[] = { "audit", NULL };
#define KINDS_DOC                                                                                  \
	"audit: every entry of the audit trail, at least once, in order and many in one message "  \
	"(webhook, cloudevents: type audit.entries, each entry as GET /api/audit shows it; "       \
	"template: the template for each entry, one line behind the other). Needs read:audit. "    \
	"Alerts come where configs, routes and settings name the channel, whatever stands here."

/* How far a channel that is told the trail has come. */
struct feed_out {
	uint64_t    chain, seq, behind, lost;
	int64_t     tries;
	instant     told_at;
	const char *detail;
};
static const struct field feed_out_fields[] = {
	FIELD(struct feed_out, chain, .doc = "Number of the chain that it is told."),
	FIELD(struct feed_out, seq, .doc = "The entries up to this one have arrived."),
	FIELD(struct feed_out, behind,
	    .doc = "So many entries of the present chain it has not had yet."),
	FIELD(struct feed_out, lost,
	    .doc = "So many were deleted by age before they could be told: data.lost of a message "
		   "names them."),
	FIELD(struct feed_out, tries, .doc = "Attempts that failed since the last that arrived."),
	FIELD(struct feed_out, told_at, .flags = FIELD_NULLABLE, .doc = "When that was."),
	FIELD(
	    struct feed_out, detail, .doc = "What came of the last that failed; empty: none has."),
	FIELD_END,
};
static const struct schema feed_out_schema =
    SCHEMA("ChannelAudit", struct feed_out, feed_out_fields);

struct channel_out {
	struct uuid id;
	char       *name, *kind, *url, *to;
	bool        values;
	const char *status;
	char       *status_reason;
	char       *secret; /* once, when it is made */
	instant     former_secret_until;
	const char *template, *ca;
	const struct digest_wish  *digest;
	bool                       has_headers;
	const struct channel_rate *rate;
	struct strings             kinds;
	const struct feed_out     *audit;
	instant                    created_at, updated_at;
};
static const struct field channel_out_fields[] = {
	FIELD(struct channel_out, id, .doc = "Number of the channel."),
	FIELD(struct channel_out, name, .doc = "Name, unique."),
	FIELD(struct channel_out, kind, .doc = channel_kinds_doc),
	FIELD(struct channel_out, url, .flags = FIELD_NULLABLE,
	    .doc = "Where it delivers to; of slack and teams, whose url lets whoever has it write "
		   "there, the host and a digest: given back, it is that url; null: it has an "
		   "address."),
	FIELD(struct channel_out, to, .flags = FIELD_OMIT_ZERO, .doc = "email: the address."),
	FIELD(struct channel_out, values,
	    .doc = "It is told values of changes; else they are " VIEW_WITHHELD " there."),
	FIELD(struct channel_out, status,
	    .doc = "active, paused (what it is to be told waits until it is active) or disabled "
		   "(it is told nothing)."),
	FIELD(struct channel_out, status_reason, .doc = "Why it is paused or disabled."),
	FIELD(struct channel_out, secret, .flags = FIELD_OMIT_ZERO,
	    .doc = "Signing secret (Standard Webhooks); shown once, when it is made."),
	FIELD(struct channel_out, former_secret_until, .flags = FIELD_OMIT_ZERO,
	    .doc = "Until when the secret signs too that was replaced; absent: none does."),
	FIELD(struct channel_out, template, .flags = FIELD_OMIT_ZERO,
	    .doc = "template: the body that it is told in."),
	FIELD(struct channel_out, ca, .flags = FIELD_OMIT_ZERO, .doc = CA_DOC),
	FIELD(struct channel_out, digest, .item = &digest_wish_schema, .flags = FIELD_OMIT_ZERO,
	    .doc = DIGEST_DOC),
	FIELD(struct channel_out, has_headers, .flags = FIELD_OMIT_ZERO,
	    .doc = "template: it is sent headers, which are not shown."),
	FIELD(struct channel_out, rate, .item = &rate_schema, .flags = FIELD_OMIT_ZERO,
	    .doc = RATE_DOC " Its own, or that of its kind; absent: as fast as it answers."),
	FIELD(struct channel_out, kinds, .choices = told_kinds,
	    .doc = "What it is told beside alerts. " KINDS_DOC),
	FIELD(struct channel_out, audit, .item = &feed_out_schema, .flags = FIELD_OMIT_ZERO,
	    .doc = "Of one that is told the audit trail: how far it has come. Left out without "
		   "read:audit."),
	FIELD(struct channel_out, created_at, .doc = "When it was made."),
	FIELD(struct channel_out, updated_at, .doc = "When it was last changed."),
	FIELD_END,
};
static const struct schema channel_out_schema =
    SCHEMA("Channel", struct channel_out, channel_out_fields);

static const char *const statuses[] = { CHANNEL_ACTIVE, CHANNEL_PAUSED, CHANNEL_DISABLED, NULL };

#define TEMPLATE_DOC                                                                               \
	"template: the body, JSON in which %NAME% is filled in, inside of a string as its text, "  \
	"elsewhere as a value, and nowhere as a member's name; %% is a percent sign. Names: "      \
	"event.id, event.type, event.time_s, "                                                     \
	"alert.id, .title, .headline, .state, .kind, .severity, .severity_before, .status, "       \
	".opened_at, .by, .resolved_by, "                                                          \
	"tenant.id, .slug, .name, config.id, .name, changes.total, .text, link; of an entry of "   \
	"the audit trail: entry (all of it, as GET /api/audit shows it), entry.chain, .seq, .id, " \
	".at, .time_s, .action, .outcome, .actor_kind, .actor_name, .target_kind, .target_id, "    \
	".address, .details. Who may read channels reads it: secrets belong into headers."
#define HEADERS_DOC                                                                                \
	"template: headers of every request, e.g. one that lets us in; they are kept sealed."

struct channel_new {
	const char                *name, *kind, *url, *to, *secret, *template, *ca;
	struct items               headers;
	const struct digest_wish  *digest;
	const struct channel_rate *rate;
	struct strings             kinds;
	bool                       values;
};
static const struct field channel_new_fields[] = {
	FIELD(struct channel_new, name, .min = 1, .max = 200, .flags = FIELD_REQUIRED | FIELD_SEEN,
	    .doc = "Name, unique."),
	FIELD(struct channel_new, kind, .choices = channel_kinds, .flags = FIELD_REQUIRED,
	    .doc = channel_kinds_doc),
	FIELD(struct channel_new, url, .min = 1, .max = 2048,
	    .doc = "Where to deliver to; pagerduty has one where it is left out."),
	FIELD(struct channel_new, to, .max = 254, .flags = FIELD_NULLABLE,
	    .doc = "email: the address."),
	FIELD(struct channel_new, secret, .min = 1, .max = 100, .flags = FIELD_SECRET,
	    .doc =
		"pagerduty: the integration key, required.  webhook and cloudevents: the signing "
		"secret, whsec_ and base64 of 24 to 64 bytes; where it is left out one is made."),
	FIELD(struct channel_new, template, .min = 1, .max = TEMPLATED_MAX, .doc = TEMPLATE_DOC),
	FIELD(struct channel_new, ca, .min = 1, .max = CA_MAX, .doc = CA_DOC),
	FIELD(struct channel_new, digest, .item = &digest_wish_schema, .flags = FIELD_NULLABLE,
	    .doc = DIGEST_DOC),
	FIELD(struct channel_new, headers, .item = &templated_header_schema,
	    .max = TEMPLATED_HEADERS_MAX, .doc = HEADERS_DOC),
	FIELD(struct channel_new, rate, .item = &rate_schema, .flags = FIELD_NULLABLE,
	    .doc = RATE_DOC " That of its kind when absent."),
	FIELD(struct channel_new, kinds, .choices = told_kinds, .max = 1,
	    .doc = "What it is told beside alerts. " KINDS_DOC " None when absent."),
	FIELD(struct channel_new, values,
	    .doc = "It is told values of changes: needs read:snapshots; false when absent."),
	FIELD_END,
};
static const struct schema channel_new_schema =
    SCHEMA("ChannelNew", struct channel_new, channel_new_fields);

struct channel_update {
	const char                *name, *kind, *url, *to, *secret, *status, *template, *ca;
	struct items               headers;
	const struct digest_wish  *digest;
	const struct channel_rate *rate;
	struct strings             kinds;
	bool                       values;
	int64_t                    former_secret_s;
	uint64_t                   given;
};
static const struct field channel_update_fields[] = {
	FIELD(struct channel_update, name, .min = 1, .max = 200, .flags = FIELD_SEEN,
	    .doc = "Name, unique."),
	FIELD(struct channel_update, kind, .choices = channel_kinds,
	    .doc = "The kind that it is: it never changes."),
	FIELD(struct channel_update, url, .min = 1, .max = 2048, .flags = FIELD_FRESH,
	    .doc = "Where to deliver to; of a channel that is told values, by those with "
		   "read:snapshots only."),
	FIELD(struct channel_update, to, .max = 254, .flags = FIELD_FRESH,
	    .doc = "Of an email channel: the address; as url is."),
	FIELD(struct channel_update, secret, .min = 1, .max = 100,
	    .flags = FIELD_NULLABLE | FIELD_SECRET | FIELD_FRESH,
	    .doc = "As when it is made; null: a new one that signs, which the answer shows once.  "
		   "To be "
		   "named with another url: it goes there."),
	FIELD(struct channel_update, former_secret_s, .min = 0, .max = 604800, .flags = FIELD_FRESH,
	    .doc = "With a new secret that signs: so many seconds the one before signs too, and "
		   "webhook-signature has both; 0, or absent: it does no more."),
	FIELD(struct channel_update, status, .choices = statuses, .flags = FIELD_FRESH,
	    .doc = "active; paused: what it is to be told waits; disabled: it is told nothing."),
	FIELD(struct channel_update, template, .min = 1, .max = TEMPLATED_MAX, .doc = TEMPLATE_DOC),
	FIELD(struct channel_update, ca, .min = 1, .max = CA_MAX,
	    .flags = FIELD_NULLABLE | FIELD_FRESH,
	    .doc = CA_DOC " null: those of the system; of a channel that is told values, by those "
			  "with read:snapshots only."),
	FIELD(struct channel_update, digest, .item = &digest_wish_schema,
	    .flags = FIELD_NULLABLE | FIELD_FRESH, .doc = DIGEST_DOC " null: none."),
	FIELD(struct channel_update, headers, .item = &templated_header_schema,
	    .max = TEMPLATED_HEADERS_MAX, .flags = FIELD_FRESH,
	    .doc = HEADERS_DOC " All of them; to be named with another url: they go there."),
	FIELD(struct channel_update, rate, .item = &rate_schema,
	    .flags = FIELD_NULLABLE | FIELD_FRESH, .doc = RATE_DOC " null: that of its kind."),
	FIELD(struct channel_update, kinds, .choices = told_kinds, .max = 1, .flags = FIELD_FRESH,
	    .doc = "What it is told beside alerts: all of it. " KINDS_DOC
		   " Of a channel that is told the trail only who has read:audit changes more than "
		   "name and values."),
	FIELD(struct channel_update, values, .flags = FIELD_FRESH,
	    .doc = "It is told values of changes; true needs read:snapshots."),
	FIELD_END,
};
static const struct schema channel_update_schema =
    SCHEMA_GIVEN("ChannelUpdate", struct channel_update, channel_update_fields, given);

/* ---- reading ---- */

static struct channel_rate *
show_rate(struct request *r, const struct channel *c)
{
	const struct channel_rate rate = format_rate(formats, c);

	return talloc_memdup(r->mem, &rate, sizeof(rate));
}

/* NULL feed: it is not told the trail. */
static bool
show_feed(
    struct request *r, const struct channel_feed *feed, struct channel_out *out, struct err *e)
{
	static const char *told[] = { "audit" };
	struct feed_out   *f;

	if (feed == NULL)
		return true;
	out->kinds = (struct strings) { told, 1 };
	if (!permission_has(&r->caller.permissions, ACTION_READ, RESOURCE_AUDIT))
		return true;
	f = talloc_zero(r->mem, struct feed_out);
	if (f == NULL)
		return err_memory(e);
	*f = (struct feed_out) {
		.chain = feed->row.chain,
		.seq = feed->row.seq,
		.behind = feed->behind,
		.lost = feed->row.lost,
		.tries = feed->row.tries,
		.told_at = feed->row.told_at,
		.detail = feed->row.detail,
	};
	out->audit = f;
	return true;
}

static bool
channel_show(
    struct request *r, const struct list_page *p, const void *row, void *out, struct err *e)
{
	const struct channel       *c = row;
	const struct channel_feeds *feeds = p->with;
	bool                        by_address = channel_by_address(c);
	struct channel_rate        *rate = show_rate(r, c);
	struct digest_wish         *digest;

	if (rate == NULL)
		return err_memory(e);
	if (!digest_of(r->mem, c, &digest, e))
		return false;
	*(struct channel_out *)out = (struct channel_out) {
		.id = c->id,
		.name = c->name,
		.kind = c->kind,
		.url = by_address ? NULL : c->target,
		.to = by_address ? c->target : NULL,
		.values = c->with_values,
		.status = channel_state(c),
		.status_reason = c->status_reason,
		.former_secret_until = c->former_until,
		.template = c->template,
		.ca = c->ca,
		.digest = digest,
		.has_headers = c->template != NULL && c->secret.p != NULL,
		.rate = rate->per_minute == 0 ? NULL : rate,
		.created_at = c->created_at,
		.updated_at = c->updated_at,
	};
	return show_feed(r, channel_feed_of(feeds, &c->id), out, e);
}

static bool
fetch_channels(struct request *r, struct list_page *p, struct err *e)
{
	const struct acting  *a = acting_of(r, e);
	struct channel_feeds *feeds = talloc_zero(r->mem, struct channel_feeds);

	p->with = feeds;
	if (feeds == NULL)
		return err_memory(e);
	return a != NULL && channel_page(a, &p->page, e) && channel_feeds_see(a, feeds, e);
}
static const struct list_ops channel_list_ops = {
	fetch_channels,
	LIST_OF(struct channel, id),
	channel_show,
};

static const struct field delivery_fields[] = {
	FIELD(struct delivery_row, id, .doc = "Number of the attempt."),
	FIELD(struct delivery_row, message_id,
	    .doc = "The message; its webhook-id is msg_ and this."),
	FIELD(struct delivery_row, channel_id, .doc = "The channel."),
	FIELD(struct delivery_row, alert_id, .flags = FIELD_NULLABLE,
	    .doc = "The alert it tells of."),
	FIELD(struct delivery_row, route_id, .flags = FIELD_NULLABLE | FIELD_OMIT_ZERO,
	    .doc = "The route by which the channel hears of that; absent: its config names it."),
	FIELD(struct delivery_row, event, .doc = "Type of the message."),
	FIELD(struct delivery_row, state,
	    .doc = "Of the message now: pending, delivered, dead, or superseded: a newer event "
		   "told it."),
	FIELD(struct delivery_row, attempt, .doc = "From 1; 0: it waits for a newer version."),
	FIELD(struct delivery_row, at, .doc = "When it was sent."),
	FIELD(struct delivery_row, outcome,
	    .doc = "delivered, accepted (the receiver says no more), failed or refused."),
	FIELD(struct delivery_row, http_status, .flags = FIELD_OMIT_ZERO,
	    .doc = "Absent: no answer."),
	FIELD(struct delivery_row, took_ms, .doc = "How long it took."),
	FIELD(struct delivery_row, request_bytes, .flags = FIELD_OMIT_ZERO,
	    .doc = "Of the body; absent: nothing was sent, or it was before this was noted."),
	FIELD(struct delivery_row, detail, .doc = "One sentence: what came of it, and why."),
	FIELD_END,
};
static const struct schema delivery_schema =
    SCHEMA("Delivery", struct delivery_row, delivery_fields);

bool
delivery_shown(const struct delivery_row *row, struct buf *out, struct err *e)
{
	return schema_encode(out, &delivery_schema, row, e);
}

static bool
fetch_deliveries(struct request *r, struct list_page *p, struct err *e)
{
	const struct acting *a = acting_of(r, e);

	return a != NULL && delivery_page(a, &r->id0, &p->page, e);
}
static const struct list_ops delivery_list_ops = {
	fetch_deliveries,
	LIST_OF(struct delivery_row, id),
};

/* ---- writing ---- */

/* With its secret, this once. */
static bool
answer_channel(
    struct request *r, const struct channel_made *made, struct channel_out *out, struct err *e)
{
	const struct acting   *a = acting_of(r, e);
	struct channel_feeds   feeds;
	const struct list_page p = { .with = &feeds };

	if (a == NULL || !channel_feeds_see(a, &feeds, e) ||
	    !channel_show(r, &p, &made->row, out, e))
		return false;
	out->secret = made->secret;
	return true;
}

static struct channel_rate
rate_of(const struct channel_rate *given)
{
	return given == NULL ? (struct channel_rate) { 0 } : *given;
}

static bool
make_channel(struct request *r, const void *body, void *answer, struct err *e)
{
	const struct channel_new *in = body;
	const struct channel_wish wish = {
		.name = in->name,
		.kind = in->kind,
		.target = { in->url, in->to },
		.secret = in->secret,
		.template = in->template,
		.ca = in->ca,
		.has_ca = in->ca != NULL,
		.digest = in->digest,
		.headers = in->headers,
		.has_headers = in->headers.n > 0,
		.values = in->values,
		.trail = in->kinds.n > 0,
		.rate = rate_of(in->rate),
	};
	const struct acting *a = acting_of(r, e);
	struct channel_made  made;

	return a != NULL && channel_make(a, &wish, &made, e) && answer_channel(r, &made, answer, e);
}

static bool
change_channel(struct request *r, const void *body, void *answer, struct err *e)
{
	const struct schema         *s = &channel_update_schema;
	const struct channel_update *in = body;
	const struct channel_wish    wish = {
		   .name = in->name,
		   .kind = in->kind,
		   .target = { in->url, in->to },
		   .secret = in->secret,
		   .status = in->status,
		   .template = in->template,
		   .ca = in->ca,
		   .has_ca = (in->given & schema_bit(s, "ca")) != 0,
		   .digest = in->digest,
		   .has_digest = (in->given & schema_bit(s, "digest")) != 0,
		   .headers = in->headers,
		   .has_headers = (in->given & schema_bit(s, "headers")) != 0,
		   .values = in->values,
		   .trail = in->kinds.n > 0,
		   .has_trail = (in->given & schema_bit(s, "kinds")) != 0,
		   .rate = rate_of(in->rate),
		   .has_rate = (in->given & schema_bit(s, "rate")) != 0,
		   .has_secret = (in->given & schema_bit(s, "secret")) != 0,
		   .former_s = in->former_secret_s,
		   .has_former = (in->given & schema_bit(s, "former_secret_s")) != 0,
		   .has_values = (in->given & schema_bit(s, "values")) != 0,
	};
	const struct acting *a = acting_of(r, e);
	struct channel_made  made;

	return a != NULL && channel_alter(a, &r->id0, &wish, &made, e) &&
	       answer_channel(r, &made, answer, e);
}

static bool
drop_channel(struct request *r, const void *body, void *answer, struct err *e)
{
	const struct acting *a = acting_of(r, e);

	(void)body, (void)answer;
	return a != NULL && channel_erase(a, &r->id0, e);
}

struct test_out {
	struct uuid message_id;
};
static const struct field test_out_fields[] = {
	FIELD(struct test_out, message_id, .doc = "Look for it in the channel's deliveries."),
	FIELD_END,
};
static const struct schema test_out_schema =
    SCHEMA("ChannelTest", struct test_out, test_out_fields);

static bool
test_channel(struct request *r, const void *body, void *answer, struct err *e)
{
	const struct acting *a = acting_of(r, e);
	struct test_out     *out = answer;
	const char          *address;

	(void)body;
	if (a == NULL || !channel_address(a, &r->id0, &address, e))
		return false;
	/* nobody's mailbox is filled by it, whoever the address was given by */
	if (address != NULL && !rate_account(r, RATE_MAIL, str_of(address), e))
		return false;
	return channel_try(a, &r->id0, &out->message_id, e);
}

/* ---- again ---- */

static const char *const replay_states[] = { "failed", "all", NULL };
struct replay_in {
	const char *state;
	instant     since, until;
	struct uuid from;
	uint64_t    audit_after, given;
};
static const struct field replay_in_fields[] = {
	FIELD(struct replay_in, state, .choices = replay_states,
	    .doc = "failed (when absent): what was given up; all: what was delivered too."),
	FIELD(
	    struct replay_in, since, .flags = FIELD_NULLABLE, .doc = "Only what was tried since."),
	FIELD(
	    struct replay_in, until, .flags = FIELD_NULLABLE, .doc = "Only what was tried before."),
	FIELD(struct replay_in, from, .flags = FIELD_NULLABLE,
	    .doc = "Only from this attempt on: next of the answer before."),
	FIELD(struct replay_in, audit_after,
	    .doc = "Of a channel that is told the audit trail: no messages of alerts, but all "
		   "entries behind this one of the present chain, 0: all that are kept. By itself; "
		   "needs read:audit instead of read:alerts."),
	FIELD_END,
};
static const struct schema replay_in_schema =
    SCHEMA_GIVEN("ChannelReplayIn", struct replay_in, replay_in_fields, given);
static const struct field replayed_fields[] = {
	FIELD(
	    struct replayed, messages, .doc = "That go out again, each under the id that it had."),
	FIELD(struct replayed, next, .flags = FIELD_NULLABLE,
	    .doc = "Where to go on; null: these were all."),
	FIELD_END,
};
static const struct schema replayed_schema =
    SCHEMA("ChannelReplay", struct replayed, replayed_fields);

static bool
replay_trail(struct request *r, const struct replay_in *in, struct replayed *out, struct err *e)
{
	const struct acting *a = acting_of(r, e);

	if (a == NULL || !channel_feed_may(a, e))
		return false;
	if (in->given != schema_bit(&replay_in_schema, "audit_after"))
		return err_fault(e, r->mem, "/audit_after", "stands by itself");
	return channel_feed_replay(a, &r->id0, in->audit_after, &out->messages, e);
}

static bool
replay_channel(struct request *r, const void *body, void *answer, struct err *e)
{
	const struct replay_in  *in = body;
	const struct replay_wish wish = {
		.delivered = in->state != NULL && strcmp(in->state, "all") == 0,
		.since = in->since,
		.until = in->until,
		.from = in->from,
	};
	const struct acting *a = acting_of(r, e);

	if ((in->given & schema_bit(&replay_in_schema, "audit_after")) != 0)
		return replay_trail(r, in, answer, e);
	return a != NULL && channel_replay(a, &r->id0, &wish, answer, e);
}

static bool
replay_delivery(struct request *r, const void *body, void *answer, struct err *e)
{
	const struct acting *a = acting_of(r, e);

	(void)body;
	return a != NULL && delivery_replay(a, &r->id0, answer, e);
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
	    drop_channel, IN_NONE, OUT_NONE, "Drops a channel that no config and no route names."),
	ROUTE(POST, "/api/drift/channels/{id}/test", ALLOW(MANAGE, CHANNELS), RATE_WRITE, 202,
	    test_channel, IN_NONE, OUT(test_out),
	    "Sends a test message by the same road as alerts."),
	ROUTE_LIST("/api/drift/channels/{id}/deliveries", list_query, ALLOW(READ, CHANNELS),
	    &delivery_list_ops, OUT_LIST(delivery), "Lists attempts, newest first."),
	ROUTE(POST, "/api/drift/channels/{id}/replay", ALLOW(MANAGE, CHANNELS), RATE_WRITE, 202,
	    replay_channel, IN(replay_in), OUT(replayed),
	    "Sends messages again, by default those that were given up; needs read:alerts too. Of "
	    "an alert everything goes out again from the oldest of them on, so that the receiver "
	    "ends with what is so now; where something waits already, that is sent now. Values are "
	    "as they "
	    "were masked in the report: a mask that was added since does not reach back. With "
	    "audit_after entries of the audit trail are told again, and read:audit is needed "
	    "instead."),
	ROUTE(POST, "/api/drift/deliveries/{id}/replay", ALLOW(MANAGE, CHANNELS), RATE_WRITE, 202,
	    replay_delivery, IN_NONE, OUT(replayed),
	    "Sends the message of an attempt again, and what its alert had after it; needs "
	    "read:alerts too. Values are as they were masked in the report."),
	ROUTE_END,
};
