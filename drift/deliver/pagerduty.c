/*
 * format.h: the kind "pagerduty", Events API v2: one incident for an alert, by its number as
 * dedup_key.
 *
 * An opening and what changes trigger, who takes it on acknowledges, the end resolves, with the key
 * that triggered: PagerDuty drops them with another. Below what the channel is told of is an end
 * too, since nothing follows it; a trigger after that is a new incident.
 */
#include <string.h>

#include "core/json/schema.h"
#include "drift/deliver/post.h"
#include "drift/deliver/words.h"

#define PAGERDUTY_URL "https://events.pagerduty.com/v2/enqueue" /* where none is given */
#define KEY_LEN       32
#define BUSY_S        120 /* "some minutes": what a 429 that names no time is taken for */

struct change_out {
	const char *severity, *where, *what, *why;
};
static const struct field change_out_fields[] = {
	FIELD(struct change_out, severity),
	FIELD(struct change_out, where),
	FIELD(struct change_out, what),
	FIELD(struct change_out, why),
	FIELD_END,
};
static const struct schema change_out_schema =
    SCHEMA("PagerDutyChange", struct change_out, change_out_fields);

struct details {
	const char  *title, *customer, *config, *by;
	struct items changes;
	int64_t      changes_total;
};
static const struct field details_fields[] = {
	FIELD(struct details, title),
	FIELD(struct details, customer),
	FIELD(struct details, config, .flags = FIELD_OMIT_ZERO),
	FIELD(struct details, by, .flags = FIELD_OMIT_ZERO),
	FIELD(struct details, changes, .item = &change_out_schema),
	FIELD(struct details, changes_total),
	FIELD_END,
};
static const struct schema details_schema =
    SCHEMA("PagerDutyDetails", struct details, details_fields);

struct payload {
	const char           *summary, *source, *severity, *component, *group, *class;
	instant               timestamp;
	const struct details *custom_details;
};
static const struct field payload_fields[] = {
	FIELD(struct payload, summary),
	FIELD(struct payload, source),
	FIELD(struct payload, severity),
	FIELD(struct payload, timestamp),
	FIELD(struct payload, component, .flags = FIELD_OMIT_ZERO),
	FIELD(struct payload, group),
	FIELD(struct payload, class),
	FIELD(struct payload, custom_details, .item = &details_schema),
	FIELD_END,
};
static const struct schema payload_schema =
    SCHEMA("PagerDutyPayload", struct payload, payload_fields);

struct link {
	const char *href, *text;
};
static const struct field link_fields[] = {
	FIELD(struct link, href),
	FIELD(struct link, text),
	FIELD_END,
};
static const struct schema link_schema = SCHEMA("PagerDutyLink", struct link, link_fields);

struct pd_event {
	const char           *routing_key, *event_action, *dedup_key, *client, *client_url;
	const struct payload *payload;
	struct items          links;
};
static const struct field event_fields[] = {
	FIELD(struct pd_event, routing_key),
	FIELD(struct pd_event, event_action),
	FIELD(struct pd_event, dedup_key),
	FIELD(struct pd_event, client),
	FIELD(struct pd_event, client_url, .flags = FIELD_OMIT_ZERO),
	FIELD(struct pd_event, payload, .item = &payload_schema),
	FIELD(struct pd_event, links, .item = &link_schema, .flags = FIELD_OMIT_ZERO),
	FIELD_END,
};
static const struct schema event_schema = SCHEMA("PagerDutyEvent", struct pd_event, event_fields);

/* ---- the event ---- */

static const char *
severity_there(const struct alert_event *ev)
{
	static const char *const map[][2] = {
		{ "critical", "critical" },
		{ "high", "error" },
		{ "medium", "warning" },
		{ NULL, NULL },
	};

	for (size_t i = 0; ev->alert != NULL && map[i][0] != NULL; i++)
		if (strcmp(ev->alert->severity, map[i][0]) == 0)
			return map[i][1];
	return "info";
}

/* The alert's number; of a test the message's. */
static const char *
dedup_key(TALLOC_CTX *mem, const struct rendering *in, struct err *e)
{
	char *out;

	if (in->shown->alert == NULL)
		return in->id;
	out = talloc_zero_array(mem, char, UUID_TEXT_MAX);
	if (out == NULL) {
		err_memory(e);
		return NULL;
	}
	uuid_print(&in->shown->alert->id, out);
	return out;
}

static const char *
action_of(const struct alert_event *ev)
{
	if (words_over(ev))
		return "resolve";
	return event_is(ev->type, SORT_WORK) ? "acknowledge" : "trigger";
}

static bool
take_changes(TALLOC_CTX *mem, const struct words *w, struct details *out, struct err *e)
{
	struct change_out *rows = talloc_zero_size(mem, (w->changes_n + 1) * sizeof(*rows));

	if (rows == NULL)
		return err_memory(e);
	for (size_t i = 0; i < w->changes_n; i++) {
		const struct words_change *c = &w->changes[i];

		rows[i] = (struct change_out) { c->severity, c->where, c->what, c->why };
	}
	out->changes = (struct items) { rows, w->changes_n };
	out->changes_total = w->total;
	return true;
}

static bool
print_event(TALLOC_CTX *mem, const struct rendering *in, const struct words *w,
    const struct details *d, struct str *body, struct err *e)
{
	const struct alert_event *ev = in->shown;
	struct payload            p = {
			   .summary = w->headline,
			   .source = ev->tenant->slug,
			   .severity = severity_there(ev),
			   .component = d->config,
			   .group = ev->tenant->slug,
			   .class = ev->alert == NULL ? "test" : ev->alert->kind,
			   .timestamp = ev->at,
			   .custom_details = d,
	};
	struct link     open = { w->link, "Open the alert" };
	struct pd_event out = {
		.routing_key = talloc_strndup(mem, in->secret.p, in->secret.n),
		.event_action = action_of(ev),
		.dedup_key = dedup_key(mem, in, e),
		.client = "BlindSpotX",
		.client_url = w->link,
		.payload = &p,
		.links = { &open, w->link != NULL },
	};
	struct buf b;

	if (out.dedup_key == NULL)
		return false;
	if (out.routing_key == NULL)
		return err_memory(e);
	buf_make_secret(&b, mem);
	if (!schema_encode(&b, &event_schema, &out, e))
		return false;
	*body = buf_str(&b);
	return true;
}

static bool
render_pd_event(TALLOC_CTX *mem, const struct rendering *in, struct str *body, struct err *e)
{
	struct words   w;
	struct details d;

	if (!words_make(mem, in->shown, &w, e))
		return false;
	d = (struct details) {
		.title = w.title,
		.customer = words_fact(&w, "Customer"),
		.config = words_fact(&w, "Config"),
		.by = words_fact(&w, "By"),
	};
	return take_changes(mem, &w, &d, e) && print_event(mem, in, &w, &d, body, e);
}

/* ---- its channels and answers ---- */

static bool
check_target(TALLOC_CTX *mem, const struct guard *g, const struct format_target *in,
    const char **target, struct err *e)
{
	const struct format_target or_theirs = {
		.url = in->url == NULL ? PAGERDUTY_URL : in->url,
		.to = in->to,
	};

	return format_check_url(mem, g, &or_theirs, target, e);
}

static bool
parse_key(struct str text, uint8_t out[static FORMAT_SECRET_MAX], size_t *n)
{
	if (text.n != KEY_LEN)
		return false;
	for (size_t i = 0; i < text.n; i++) {
		char c = text.p[i];

		if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')))
			return false;
	}
	memcpy(out, text.p, text.n);
	*n = text.n;
	return true;
}
static const struct format_secret integration_key = {
	.shape = "the integration key of an Events API v2 integration, 32 letters and digits",
	.parse = parse_key,
};

/* 202 is all it says.  400: the event or its key is wrong, and no better the next time. */
#define UNKNOWN "PagerDuty does not know the integration key: give another."
static const struct answer_row answers[] = {
	{ 202, 202, NULL, FATE_DELIVERED, "accepted", NULL },
	{ 400, 400, "outing key", FATE_DISABLED, NULL, UNKNOWN },
	{ 400, 400, "routing_key", FATE_DISABLED, NULL, UNKNOWN },
	{ 400, 400, NULL, FATE_OVER, NULL, NULL },
	{ 401, 401, NULL, FATE_DISABLED, NULL, UNKNOWN },
	{ 403, 403, NULL, FATE_DISABLED, NULL, UNKNOWN },
	{ 413, 413, NULL, FATE_OVER, NULL, NULL },
	ANSWERS_END,
};

static void
judge_pagerduty(TALLOC_CTX *mem, const struct fetch_answer *answer, struct verdict *out)
{
	post_judge(mem, answers, answer, out);
	if (answer->status == 429 && out->retry_after_s < 0)
		out->retry_after_s = BUSY_S;
}

const struct format_ops pagerduty_events = {
	.has_channels = true,
	.check_target = check_target,
	.secret = &integration_key,
	.rate = { 120, 20 }, /* of a key, as their support has said it */
	.action = "alert.deliver",
	.done = "alert delivered",
	.delays_s = delays_of_days,
	.send = post_send,
	.render = render_pd_event,
	.content_type = "application/json",
	.judge = judge_pagerduty,
};
