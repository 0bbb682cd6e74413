/*
 * format.h: the kind "cloudevents", CloudEvents 1.0 in structured mode over HTTP: the open form of
 * the event as data, signed as Standard Webhooks are, which a receiver may check or pass over.
 */
#include <string.h>

#include "core/json/schema.h"
#include "drift/deliver/post.h"
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

static bool
render_cloud_event(TALLOC_CTX *mem, const struct rendering *in, struct str *body, struct err *e)
{
	const struct alert_event *ev = in->shown;
	char                      alert[UUID_TEXT_MAX];
	struct buf                data, b;
	struct cloud_event        out = {
		       .specversion = "1.0",
		       .id = in->id,
		       .source = talloc_asprintf(mem, SOURCE_PREFIX "%s", ev->tenant->slug),
		       .type = talloc_asprintf(mem, TYPE_PREFIX "%s", ev->type),
		       .datacontenttype = "application/json",
		       .time = ev->at,
	};

	if (out.source == NULL || out.type == NULL)
		return err_memory(e);
	if (ev->alert != NULL) {
		uuid_print(&ev->alert->id, alert);
		out.subject = alert;
	}
	buf_make(&data, mem);
	if (!event_print_data(&data, ev, e))
		return false;
	out.data.text = buf_text(&data, e);
	if (out.data.text == NULL)
		return false;
	buf_make(&b, mem);
	if (!schema_encode(&b, &cloud_schema, &out, e))
		return false;
	*body = buf_str(&b);
	return true;
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
	.check_target = format_check_url,
	.secret = &webhook_secret,
	.action = "alert.deliver",
	.done = "alert delivered",
	.delays_s = delays_of_days,
	.send = post_send,
	.render = render_cloud_event,
	.content_type = "application/cloudevents+json; charset=utf-8",
	.sign = webhook_add_signature,
	.judge = judge_cloud_event,
};
