#include "drift/deliver/post.h"

#include <string.h>

#include "drift/deliver/attempt.h"
#include "drift/deliver/finished.h"

#define ANSWER_MAX 65536 /* bytes read of a receiver's answer */
#define ID         "msg_"
#define ID_MAX     (UUID_TEXT_MAX + sizeof(ID) - 1)

struct verdict
post_verdict(TALLOC_CTX *mem, enum fate fate, const struct fetch_answer *answer)
{
	const int   s = answer->status;
	bool        waits = s == 429 || (s >= 502 && s <= 504);
	const char *detail = talloc_asprintf(mem, "The receiver answered %d.", answer->status);

	return (struct verdict) {
		.fate = fate,
		.outcome = fate == FATE_DELIVERED ? "delivered" : "failed",
		.detail = detail == NULL ? "" : detail,
		.http_status = answer->status,
		.retry_after_s = waits ? answer->retry_after_s : -1,
	};
}

void
post_judge(TALLOC_CTX *mem, const struct answer_row *rows, const struct fetch_answer *answer,
    struct verdict *out)
{
	const struct str body = answer->body;

	for (; rows->from != 0; rows++)
		if (answer->status >= rows->from && answer->status <= rows->to &&
		    (rows->body == NULL ||
			memmem(body.p, body.n, rows->body, strlen(rows->body)) != NULL))
			break;
	*out = post_verdict(mem, rows->from != 0 ? rows->fate : FATE_AGAIN, answer);
	if (rows->from == 0)
		return;
	out->reason = rows->reason;
	if (rows->outcome != NULL)
		out->outcome = rows->outcome;
}

static bool
make_body(const struct attempt *a, TALLOC_CTX *mem, struct posting *p, struct err *e)
{
	const struct view view = { .values = a->channel.with_values }; /* of one that is finished */
	struct alert_event shown;
	struct rendering   in = {
		  .shown = &shown,
		  .template = a->message.template,
		  .id = p->id,
		  .secret = p->secret,
		  .body = a->channel.template,
	};

	if (a->trail != NULL)
		return a->format->ops->render_trail(mem, a->trail, &p->body, e);
	if (a->message.template == 0)
		return finished_open(a->t, mem, &a->message, &p->body, e) &&
		       finished_view(mem, view, p->body, &p->body, e);
	return attempt_event(a, mem, &shown, e) && a->format->ops->render(mem, &in, &p->body, e);
}

/* Whether there is one is said by the kind: nothing leaves that is signed with nothing. */
static bool
open_secret(const struct attempt *a, TALLOC_CTX *mem, struct str *secret, struct err *e)
{
	const struct channel    *c = &a->channel;
	const struct format_ops *ops = a->format->ops;
	bool                     wanted = ops->secret != NULL || ops->hides_url;

	if (c->secret.p != NULL &&
	    !tenant_open(a->t, mem, (struct sealed_place) { "channels", "secret", &c->id },
		c->secret, secret, e))
		return false;
	if (wanted == (secret->n > 0) || ops->has_template)
		return true;
	return err_set(e, ERR_INVALID, 0,
	    wanted ? "The channel has no secret to sign with: give it one."
		   : "The channel has a secret, and its kind has none.",
	    "a secret that the kind does not expect");
}

/* One that was replaced signs too, as long as it was said to. */
static bool
open_former(
    const struct attempt *a, TALLOC_CTX *mem, int64_t now_s, struct str *former, struct err *e)
{
	const struct channel *c = &a->channel;

	if (c->former_secret.p == NULL || c->former_until.ms / 1000 <= now_s ||
	    a->format->ops->hides_url)
		return true;
	return tenant_open(a->t, mem, (struct sealed_place) { "channels", "former_secret", &c->id },
	    c->former_secret, former, e);
}

bool
post_make(const struct attempt *a, TALLOC_CTX *mem, struct post *out, struct err *e)
{
	const struct format_ops *ops = a->format->ops;
	const struct env        *env = a->d->env;
	char                    *id = talloc_array(mem, char, ID_MAX);
	struct posting           p = { .id = id, .now_s = clock_ms(env->clock) / 1000 };

	if (id == NULL)
		return err_memory(e);
	memcpy(id, ID, sizeof(ID));
	uuid_print(&a->row.wire_id, id + sizeof(ID) - 1);
	out->headers[0] = (struct fetch_header) { "Content-Type", ops->content_type };
	out->headers[1] = (struct fetch_header) { "User-Agent", "BlindSpotX/" BSX_VERSION };
	out->q = (struct fetch_request) {
		.method = "POST",
		.url = a->channel.target, /* or what is hidden */
		.headers = out->headers,
		.headers_n = POST_OWN_HEADERS,
		.timeout_ms = env->conf->outbound_timeout_s * 1000,
		.answer_max = ANSWER_MAX,
		.cut = true,
	};
	if (!open_secret(a, mem, &p.secret, e) || !open_former(a, mem, p.now_s, &p.former, e))
		return false;
	if (ops->hides_url) {
		out->q.url = p.secret.p;
		p.secret = (struct str) { 0 };
	}
	if (!make_body(a, mem, &p, e) ||
	    (ops->sign != NULL && !ops->sign(mem, &p, out->headers, &out->q.headers_n, e)))
		return false;
	out->q.body = p.body;
	return true;
}

void
post_answered(const struct attempt *a, TALLOC_CTX *mem, const struct fetch_answer *answer,
    size_t bytes, struct verdict *out)
{
	*out = (struct verdict) { .http_status = answer->status, .retry_after_s = -1 };
	a->format->ops->judge(mem, answer, out);
	out->request_bytes = (int64_t)bytes;
}

void
post_failed(const struct attempt *a, TALLOC_CTX *mem, const struct err *why, size_t bytes,
    struct verdict *out)
{
	*out = (struct verdict) {
		.fate = FATE_AGAIN,
		.outcome = why->code == ERR_INVALID ? "refused" : "failed",
		.detail = talloc_strdup(mem, why->pub),
		.request_bytes = (int64_t)bytes,
		.retry_after_s = -1,
	};
	if (why->code != ERR_INVALID && why->code != ERR_UNAVAILABLE)
		log_failure(a->d->env->log, LOG_DRIFT, a->format->ops->action,
		    "a delivery could not be sent", why);
}

void
post_send(const struct attempt *a, TALLOC_CTX *mem, struct verdict *out)
{
	struct fetch_answer answer = { .retry_after_s = -1 };
	struct post         p = { .q = { 0 } };
	struct err          why = { 0 };

	if (post_make(a, mem, &p, &why) && fetch_run(a->d->fetch, mem, &p.q, &answer, &why))
		post_answered(a, mem, &answer, p.q.body.n, out);
	else
		post_failed(a, mem, &why, p.q.body.n, out);
}
