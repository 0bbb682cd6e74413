/*
 * format.h: the kind "cloudevents", CloudEvents 1.0 in structured mode over HTTP: the open form of
 * the event as data, signed as Standard Webhooks are, which a receiver may check or pass over.
 */
#include <string.h>

#include "core/json/schema.h"
#include "drift/deliver/post.h"
#include "drift/deliver/trail_batch.h"
#include "drift/deliver/webhook.h"

#define SOURCE_PREFIX "/blindspotx/tenants/" /* a URI reference: of events that one tenant has */
#define TYPE_PREFIX   "blindspotx."

struct cloud_event {
	const char     *specversion, *id, *source, *type, *subject, *datacontenttype;
	instant         time;
	struct raw_json data;
};
static const struct field cloud_fields[] = {
	FIELD(struct cloud_event, specversion),
	FIELD(struct cloud_event, id),
	FIELD(struct cloud_event, source),
	FIELD(struct cloud_event, type),
	FIELD(struct cloud_event, subject, .flags = FIELD_OMIT_ZERO),
	FIELD(struct cloud_event, time),
	FIELD(struct cloud_event, datacontenttype),
	FIELD(struct cloud_event, data),
	FIELD_END,
};
static const struct schema cloud_schema = SCHEMA("CloudEvent", struct cloud_event, cloud_fields);

/* What all of them have; `out` has what only this one has. */
static bool
print_cloud_event(TALLOC_CTX *mem, const char *slug, const char *type, struct cloud_event *out,
    struct buf *data, struct str *body, struct err *e)
{
	struct buf b;

	out->specversion = "1.0";
	out->datacontenttype = "application/json";
	out->source = talloc_asprintf(mem, SOURCE_PREFIX "%s", slug);
	out->type = talloc_asprintf(mem, TYPE_PREFIX "%s", type);
	out->data.text = buf_text(data, e);
	if (out->data.text == NULL)
		return false;
	if (out->source == NULL || out->type == NULL)
		return err_memory(e);
	buf_make(&b, mem);
	if (!schema_encode(&b, &cloud_schema, out, e))
		return false;
	*body = buf_str(&b);
	return true;
}

static bool
render_cloud_event(TALLOC_CTX *mem, const struct rendering *in, struct str *body, struct err *e)
{
	const struct alert_event *ev = in->shown;
	struct cloud_event        out = { .id = in->id, .time = ev->at };
	char                      alert[UUID_TEXT_MAX];
	struct buf                data;

	if (ev->alert != NULL) {
		uuid_print(&ev->alert->id, alert);
		out.subject = alert;
	}
	buf_make(&data, mem);
	return event_print_data(&data, ev, e) &&
	       print_cloud_event(mem, ev->tenant->slug, ev->type, &out, &data, body, e);
}

static bool
render_trail(TALLOC_CTX *mem, const struct trail_batch *in, struct str *body, struct err *e)
{
	struct cloud_event out = { .id = in->id, .time = in->entries[in->n - 1].at };
	struct buf         data;

	buf_make(&data, mem);
	return trail_print_data(&data, in, e) &&
	       print_cloud_event(mem, in->tenant.slug, TRAIL_EVENT, &out, &data, body, e);
}

/* HTTP binding for webhooks: these deliver, 410 asks for no more, 415 is for ever of this message.
 */
static const struct answer_row answers[] = {
	{ 200, 201, NULL, FATE_DELIVERED, NULL, NULL },
	{ 202, 202, NULL, FATE_DELIVERED, "accepted", NULL },
	{ 204, 204, NULL, FATE_DELIVERED, NULL, NULL },
	{ 410, 410, NULL, FATE_DISABLED, NULL, POST_GONE },
	{ 415, 415, NULL, FATE_OVER, NULL, NULL },
	ANSWERS_END,
};

static void
judge_cloud_event(TALLOC_CTX *mem, const struct fetch_answer *answer, struct verdict *out)
{
	post_judge(mem, answers, answer, out);
}

const struct format_ops cloud_events = {
	.has_channels = true,
	.answers = true,
	.check_target = format_check_url,
	.secret = &webhook_secret,
	.action = "alert.deliver",
	.done = "alert delivered",
	.delays_s = delays_of_days,
	.send = post_send,
	.render = render_cloud_event,
	.render_trail = render_trail,
	.content_type = "application/cloudevents+json; charset=utf-8",
	.sign = webhook_add_signature,
	.judge = judge_cloud_event,
};
