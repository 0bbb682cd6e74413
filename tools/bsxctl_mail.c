/* bsxctl.h: `mail test`. */
#include "core/auth/ident.h"
#include "core/auth/mail/mail_open.h"
#include "core/auth/mail/mail_queue.h"
#include "tools/bsxctl.h"

/* As driftd sends it, from this process: what the server answers is said here. */
static bool
send_test(struct ctl *c, const char *to, struct err *e)
{
	const struct uuid   id = uuid_make(&clock_system, &rand_system);
	char                text[UUID_TEXT_MAX];
	struct mail_facts   facts = { .by = ctl_actor(c), .site = c->conf->public_url };
	struct mail_message m = { .from_name = MAIL_SENDER_NAME,
		.to = to,
		.id = text,
		.at_ms = clock_ms(&clock_system) };
	struct mail        *server = mail_open(c->mem, c->conf, e);

	uuid_print(&id, text);
	if (server == NULL)
		return false;
	m.from = mail_sender(c->mem, c->conf, e);
	if (m.from == NULL || !mail_write(c->mem, MAIL_TEST, &facts, &m, e) ||
	    !mail_send(server, c->mem, &m, e))
		return err_note(e, "by %s", c->conf->smtp_url);
	ctl_say("the mail server took it: %s", c->conf->smtp_url);
	ctl_say("from %s to %s, Message-ID begins with %s", m.from, ctl_text(c, to), text);
	return true;
}

int
cmd_mail_test(struct ctl *c, int argc, char **argv)
{
	struct err  e = { 0 };
	const char *to;

	if (argc != 2 || *argv[1] == '-')
		return ctl_usage("mail test", false);
	if (!ident_new_email(c->mem, str_of(argv[1]), &to, &e))
		return ctl_misused(c, "mail test", &e);
	return ctl_conf(c, &e) && send_test(c, to, &e) ? 0 : ctl_failed(&e);
}
