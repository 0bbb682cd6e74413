#include "drift/deliver/mailing.h"

#include <string.h>

#include "core/auth/mail/mail_queue.h"

#define STALE_MS (24 * 3600 * 1000) /* nobody waits for a forgotten password longer */

/* Seconds before the 2nd, 3rd, ... attempt. */
static const int64_t schedule[] = { 5, 30, 120, 600, 1800, 7200, 21600, 43200, 86400 };
#define STEPS ((int64_t)(sizeof(schedule) / sizeof(schedule[0])))

bool
mailing_open(TALLOC_CTX *mem, const struct conf *c, struct mail **mail, struct err *e)
{
	const struct mail_options o = { .url = c->smtp_url,
		.user = c->smtp_user,
		.password_file = c->smtp_password_file,
		.tls_ca = c->smtp_tls_ca,
		.in_clear = strcmp(c->smtp_starttls, "off") == 0,
		.timeout_ms = c->outbound_timeout_s * 1000 };

	*mail = NULL;
	if (*c->smtp_url == '\0')
		return true;
	*mail = mail_make(mem, &o, e);
	return *mail != NULL;
}

static int64_t
delay_s(int64_t attempt, struct rand *r)
{
	int64_t  base = schedule[attempt < 1 ? 0 : attempt > STEPS ? STEPS - 1 : attempt - 1];
	uint32_t random;

	rand_fill(r, &random, sizeof(random));
	return base + (int64_t)(random % (uint32_t)(base / 10 + 1)); /* up to a tenth more */
}

static void
result(struct mailing_result *out, const char *outcome, bool retry, const char *detail)
{
	out->outcome = outcome;
	out->retry = retry;
	out->detail = detail;
}

static bool
prepare(struct auth *a, struct tenant_db *t, const struct outbox *o, TALLOC_CTX *mem,
    struct mail_message *m, const char **why, struct err *e)
{
	const struct deed_by by = { .auth = a, .mem = mem, .t = t };
	struct str           body;
	char                *id = talloc_zero_array(mem, char, UUID_TEXT_MAX);

	if (id == NULL)
		return err_memory(e);
	uuid_print(&o->id, id);
	m->id = id; /* the same for every attempt: a repeat can be told */
	return tenant_open(t, mem, "outbox", "body", &o->id, o->body, &body, e) &&
	       mail_prepare(&by, o->event, body, m, why, e);
}

static void
failed(struct auth *a, TALLOC_CTX *mem, const struct err *why, struct mailing_result *out)
{
	const char *detail = talloc_strdup(mem, why->pub);
	bool        again = why->code != ERR_INVALID;

	result(out, again ? "failed" : "refused", again, detail != NULL ? detail : "");
	log_failure(a->env->log, LOG_SYSTEM, "mail.deliver", "a mail could not be sent", why);
}

void
mailing_send(struct auth *a, struct mail *mail, struct tenant_db *t, const struct outbox *o,
    int64_t attempt, TALLOC_CTX *mem, struct mailing_result *out)
{
	struct mail_message m = { 0 };
	struct err          e = { 0 };
	const char         *why = NULL;

	*out = (struct mailing_result) { .delay_s = delay_s(attempt, a->env->rand) };
	if (mail == NULL && mail_is_on(a))
		result(out, "failed", true, "The mail server is set up wrongly.");
	else if (mail == NULL)
		result(out, "refused", false, "This installation sends no mail.");
	else if (strcmp(o->event, "mail.reset") == 0 &&
		 clock_ms(a->env->clock) - o->created_at.ms > STALE_MS)
		result(out, "refused", false, "It has waited too long.");
	else if (!prepare(a, t, o, mem, &m, &why, &e))
		failed(a, mem, &e, out);
	else if (why != NULL)
		result(out, "refused", false, why);
	else if (!mail_send(mail, mem, &m, &e))
		failed(a, mem, &e, out);
	else
		result(out, "delivered", false, "The mail server took it.");
}
