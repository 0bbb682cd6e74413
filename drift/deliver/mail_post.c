#include "drift/deliver/mail_post.h"

#include "core/auth/mail/mail_queue.h"
#include "drift/deliver/attempt.h"

const int64_t mail_delays_s[DELIVER_TRIES - 1] = { 5, 30, 120, 600, 1800, 7200, 21600, 43200,
	86400 };

struct verdict
mail_verdict(enum fate fate, const char *outcome, const char *detail)
{
	return (struct verdict) {
		.fate = fate, .outcome = outcome, .detail = detail, .retry_after_s = -1
	};
}

struct verdict
mail_failed(const struct attempt *a, TALLOC_CTX *mem, const struct err *why)
{
	const char *detail = talloc_strdup(mem, why->pub);

	log_failure(a->d->env->log, LOG_SYSTEM, "mail.deliver", "a mail could not be sent", why);
	if (why->code == ERR_INVALID)
		return mail_verdict(FATE_OVER, "refused", detail);
	return mail_verdict(FATE_AGAIN, "failed", detail);
}

struct verdict
mail_unsendable(const struct attempt *a)
{
	if (a->d->mail != NULL)
		return (struct verdict) { 0 };
	return mail_is_on(&a->d->auth)
		   ? mail_verdict(FATE_AGAIN, "failed", "The mail server is set up wrongly.")
		   : mail_verdict(FATE_OVER, "refused", "This installation sends no mail.");
}

void
mail_post(
    const struct attempt *a, TALLOC_CTX *mem, const struct mail_message *m, struct verdict *out)
{
	struct err e = { 0 };

	*out = mail_send(a->d->mail, mem, m, &e)
		   ? mail_verdict(FATE_DELIVERED, "delivered", "The mail server took it.")
		   : mail_failed(a, mem, &e);
	out->request_bytes = (int64_t)(m->text.n + m->html.n);
}
