/*
 * mail_queue.h - mail on its way: queued by a deed, written when it is sent.
 *
 * A mail is a row of the tenant's outbox without a channel: its sealed body
 * names the user and the addresses, not what is written.  Whoever sends it
 * (driftd) reads the user then, makes the token then, and writes the text then:
 * so no request waits for a mail server or does other work for a user who is
 * there than for one who is not, nothing is lost while the server is away, and
 * a token stands nowhere but in the mail.
 */
#ifndef BSX_AUTH_MAIL_MAIL_QUEUE_H
#define BSX_AUTH_MAIL_MAIL_QUEUE_H

#include "core/auth/deed.h"
#include "core/auth/mail/mails.h"
#include "core/store/identity/user.h"

/* What a queued mail is about; `user` or, of a forgotten password, the address that was typed. */
struct mail_order {
	struct uuid user;     /* nil: look for `address` */
	const char *address;  /* typed, or the account's when it was queued */
	const char *other;    /* the new address; of a key: what it is called; of a grant: to whom */
	const char *by;       /* who invites; of a key: when it ends; of a grant: its end, or who ended it */
	uint64_t    change;   /* of a change of address: its number (user_email_epoch) */
	const char *password; /* of a mail that an earlier version has queued; means nothing */
	bool        nobody;   /* there is nobody to write to: queued all the same */
};

/* Mail can be sent: smtp.url is set. */
bool mail_is_on(const struct auth *a);

/* smtp.from, or an address of the host that people know. */
#define MAIL_SENDER_NAME "BlindSpotX"
const char *mail_sender(TALLOC_CTX *mem, const struct conf *c, struct err *e);
/*
 * Who a tenant's mail is from: that address, whatever the tenant says, so that no mail is sent in the name of one that is not the
 * installation's.  The tenant's own name stands before ours, and answers go where it says (settings.notifications).
 */
MUST_USE bool mail_sender_of(struct auth *a, TALLOC_CTX *mem, const struct tenant *t, struct mail_message *m, struct err *e);

/* In a transaction of by->t: the mail goes out once it is committed. */
MUST_USE bool mail_queue(const struct deed_by *by, enum mail_kind kind, const struct mail_order *order, struct err *e);
/* In the transaction that makes an invited user: `name` is that of who invites. */
MUST_USE bool invite_send(const struct deed_by *by, const struct user *u, const char *name, struct err *e);

/*
 * Fills the message of a queued mail (all but its id), with a fresh token.  *why (else NULL) says for the log
 * why there is nothing to send (any more).
 */
MUST_USE bool mail_prepare(const struct deed_by *by, const char *event, struct str body, struct mail_message *m,
    const char **why, struct err *e);

#endif
