/*
 * mails.h - what our mails say: every text of a mail is in mails.c.
 */
#ifndef BSX_AUTH_MAIL_MAILS_H
#define BSX_AUTH_MAIL_MAILS_H

#include "core/net/mail.h"

/*      id                   event of its row in the outbox */
#define MAIL_KINDS(X)                                                                              \
	X(MAIL_RESET, "mail.reset")                                                                \
	X(MAIL_INVITE, "mail.invite")                                                              \
	X(MAIL_EMAIL_CONFIRM, "mail.email_confirm")                                                \
	X(MAIL_EMAIL_NOTICE, "mail.email_notice")                                                  \
	X(MAIL_PASSWORD_CHANGED, "mail.password_changed")                                          \
	X(MAIL_KEY_ENDING, "mail.key_ending")                                                      \
	X(MAIL_GRANT_MADE, "mail.grant_made")                                                      \
	X(MAIL_GRANT_ENDED, "mail.grant_ended")                                                    \
	X(MAIL_TEST, "mail.test")
enum mail_kind {
#define X(id, text) id,
	MAIL_KINDS(X)
#undef X
	    MAIL_KIND__MAX
};
const char *mail_kind_text(enum mail_kind kind);
bool        mail_kind_parse(const char *text, enum mail_kind *kind);

/* Facts that a text may name; NULL where it does not. */
struct mail_facts {
	const char *tenant; /* its name */
	const char *slug;
	const char *address; /* of the account */
	const char *by;      /* who invites; of a key: when it ends; of a grant: its end, or who ended it; of a test: who asked for it */
	const char *other;   /* the new address; of a key: what it is called; of a grant: to whom */
	const char *site;    /* where the console is */
	const char *link;
};

/* Fills subject, text and html; children of `mem`. */
MUST_USE bool mail_write(TALLOC_CTX *mem, enum mail_kind kind, const struct mail_facts *f,
    struct mail_message *m, struct err *e);

#endif
