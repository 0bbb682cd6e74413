/*
 * format.h: the kind "mail", a queued mail to a user (core/auth/mail/mail_queue.h), which is
 * written when it is sent. A mail server that does not answer, offers no TLS or says "later" is
 * tried again; one that refuses the mailbox is not.
 */
#include <string.h>

#include "core/auth/mail/mail_queue.h"
#include "drift/deliver/attempt.h"
#include "drift/deliver/mail_post.h"

#define STALE_MS (24 * 3600 * 1000) /* nobody waits for a forgotten password longer */

static bool
prepare(const struct attempt *a, TALLOC_CTX *mem, struct mail_message *m, const char **why,
    struct err *e)
{
	const struct deed_by by = { .auth = &a->d->auth, .mem = mem, .t = a->t };
	const struct outbox *o = &a->message;
	struct str           body;
	char                *id = talloc_zero_array(mem, char, UUID_TEXT_MAX);

	if (id == NULL)
		return err_memory(e);
	uuid_print(&o->id, id);
	m->id = id; /* the same for every attempt: a repeat can be told */
	return tenant_open(a->t, mem, OUTBOX_BODY_PLACE(&o->id), o->body, &body, e) &&
	       mail_prepare(&by, o->event, body, m, why, e);
}

/* What keeps it from being written at all; no outcome: nothing. */
static struct verdict
refuse_mail(const struct attempt *a)
{
	const struct outbox *o = &a->message;

	struct verdict out = mail_unsendable(a);

	if (out.outcome == NULL && strcmp(o->event, "mail.reset") == 0 &&
	    clock_ms(a->d->env->clock) - o->created_at.ms > STALE_MS)
		return mail_verdict(FATE_OVER, "refused", "It has waited too long.");
	return out;
}

static void
send_mail(const struct attempt *a, TALLOC_CTX *mem, struct verdict *out)
{
	struct mail_message m = { 0 };
	struct err          e = { 0 };
	const char         *why = NULL;

	*out = refuse_mail(a);
	if (out->outcome != NULL)
		return;
	if (!prepare(a, mem, &m, &why, &e))
		*out = mail_failed(a, mem, &e);
	else if (why != NULL)
		*out = mail_verdict(FATE_OVER, "refused", why);
	else
		mail_post(a, mem, &m, out);
}

const struct format_ops user_mail = {
	.action = "mail.deliver",
	.done = "mail handed over",
	.delays_s = mail_delays_s,
	.send = send_mail,
};
