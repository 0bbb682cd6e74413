/* format.h: the kind "template": a body that the tenant wrote (templated.h), with headers that let
 * us in. */
#include "drift/deliver/post.h"
#include "drift/deliver/templated.h"

_Static_assert(TEMPLATED_HEADERS_MAX <= FORMAT_HEADERS_MAX, "who calls has room for all");

static bool
render_template(TALLOC_CTX *mem, const struct rendering *in, struct str *body, struct err *e)
{
	if (in->body == NULL)
		return err_set(e, ERR_INVALID, 0, "The channel has no template.", "no template");
	return templated_fill(mem, in->body, in->shown, in->id, body, e);
}

/* The template for each entry, one behind the other: what collectors take that want a record for
 * each. */
static bool
render_trail(TALLOC_CTX *mem, const struct trail_batch *in, struct str *body, struct err *e)
{
	struct buf b;

	if (in->body == NULL)
		return err_set(e, ERR_INVALID, 0, "The channel has no template.", "no template");
	buf_make(&b, mem);
	for (size_t i = 0; i < in->n; i++) {
		if (!templated_fill_entry(mem, in->body, in, &in->entries[i], &b, e))
			return false;
		buf_putc(&b, '\n');
	}
	*body = buf_str(&b);
	return buf_ok(&b) || err_memory(e);
}

static bool
add_headers(TALLOC_CTX *mem, const struct posting *p, struct fetch_header *headers, size_t *n,
    struct err *e)
{
	struct items                   items;
	const struct templated_header *h;

	if (p->secret.n == 0)
		return true;
	if (!templated_headers_read(mem, p->secret, &items, e))
		return false;
	h = items.p;
	for (size_t i = 0; i < items.n && i < TEMPLATED_HEADERS_MAX; i++)
		headers[(*n)++] = (struct fetch_header) { h[i].name, h[i].value };
	return true;
}

/*
 * Any receiver: what is true of all.  202 says that it was taken, no more; a body that is refused
 * as such is refused the next time too; who is not let in may be after somebody has looked.
 */
static const struct answer_row answers[] = {
	{ 202, 202, NULL, FATE_DELIVERED, "accepted", NULL },
	{ 200, 299, NULL, FATE_DELIVERED, NULL, NULL },
	{ 400, 400, NULL, FATE_OVER, NULL, NULL },
	{ 410, 410, NULL, FATE_DISABLED, NULL, POST_GONE },
	{ 413, 413, NULL, FATE_OVER, NULL, NULL },
	{ 415, 415, NULL, FATE_OVER, NULL, NULL },
	{ 422, 422, NULL, FATE_OVER, NULL, NULL },
	ANSWERS_END,
};

static void
judge_any(TALLOC_CTX *mem, const struct fetch_answer *answer, struct verdict *out)
{
	post_judge(mem, answers, answer, out);
}

const struct format_ops templated_webhook = {
	.has_channels = true,
	.check_target = format_check_url,
	.has_template = true,
	.action = "alert.deliver",
	.done = "alert delivered",
	.delays_s = delays_of_days,
	.send = post_send,
	.render = render_template,
	.render_trail = render_trail,
	.content_type = "application/json",
	.sign = add_headers,
	.judge = judge_any,
};
