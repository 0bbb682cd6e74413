/* format.h: the kind "webhook", Standard Webhooks 1.0: the open form of the event, signed
 * (webhook.h). */
#include "drift/deliver/post.h"
#include "drift/deliver/trail_batch.h"
#include "drift/deliver/webhook.h"

_Static_assert(WEBHOOK_SECRET_MAX <= FORMAT_SECRET_MAX, "who calls has room for the longest");

static bool
render_open_form(TALLOC_CTX *mem, const struct rendering *in, struct str *body, struct err *e)
{
	struct buf b;

	buf_make(&b, mem);
	if (!event_print(&b, in->shown, e))
		return false;
	*body = buf_str(&b);
	return true;
}

static bool
render_trail(TALLOC_CTX *mem, const struct trail_batch *in, struct str *body, struct err *e)
{
	struct buf b;

	buf_make(&b, mem);
	if (!trail_print(&b, in, e))
		return false;
	*body = buf_str(&b);
	return true;
}

bool
webhook_add_signature(TALLOC_CTX *mem, const struct posting *p, struct fetch_header *headers,
    size_t *n, struct err *e)
{
	char      *timestamp = talloc_asprintf(mem, "%lld", (long long)p->now_s);
	struct str id = str_of(p->id);
	char      *signature = webhook_sign(mem, p->secret, id, p->now_s, p->body);
	char      *former = p->former.n == 0 ? talloc_strdup(mem, "")
					     : webhook_sign(mem, p->former, id, p->now_s, p->body);

	if (timestamp == NULL || signature == NULL || former == NULL)
		return err_memory(e);
	if (former[0] != '\0')
		signature = talloc_asprintf(mem, "%s %s", signature, former);
	if (signature == NULL)
		return err_memory(e);
	headers[(*n)++] = (struct fetch_header) { "webhook-id", p->id };
	headers[(*n)++] = (struct fetch_header) { "webhook-timestamp", timestamp };
	headers[(*n)++] = (struct fetch_header) { "webhook-signature", signature };
	return true;
}

/* A 2xx delivers, 410 is the end of the channel, everything else is tried again. */
static const struct answer_row answers[] = {
	{ 200, 299, NULL, FATE_DELIVERED, NULL, NULL },
	{ 410, 410, NULL, FATE_DISABLED, NULL, POST_GONE },
	ANSWERS_END,
};

static void
judge_webhook(TALLOC_CTX *mem, const struct fetch_answer *answer, struct verdict *out)
{
	post_judge(mem, answers, answer, out);
}

const struct format_secret webhook_secret = {
	.shape = "whsec_ and base64 of 24 to 64 bytes",
	.print = webhook_secret_print,
	.parse = webhook_secret_parse,
};

const struct format_ops standard_webhooks = {
	.has_channels = true,
	.answers = true,
	.check_target = format_check_url,
	.secret = &webhook_secret,
	.action = "alert.deliver",
	.done = "alert delivered",
	.delays_s = delays_of_days,
	.send = post_send,
	.render = render_open_form,
	.render_trail = render_trail,
	.content_type = "application/json",
	.sign = webhook_add_signature,
	.judge = judge_webhook,
};
