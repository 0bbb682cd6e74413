/*
 * mail.h - one mail to one person: composed (MIME) and handed to the mail server (libcurl).
 *
 * A message is multipart/alternative, text and HTML, both base64; header fields
 * hold what is not plain ASCII as encoded words (RFC 2047).  Auto-Submitted says
 * that no person wrote it.  CR, LF, NUL and whatever else would end a field or an
 * address is refused, never repaired.
 *
 * The server is the operator's, so the outbound guard has no say in it.
 * Errors: ERR_INVALID (this message cannot be sent: an address that is none, or
 * the server refused the mailbox or the message for good), ERR_UNAVAILABLE (try again; `pub` harmless,
 * `detail` for the log), ERR_INTERNAL (misconfigured).
 */
#ifndef BSX_NET_MAIL_H
#define BSX_NET_MAIL_H

#include "core/base/err.h"
#include "core/base/str.h"

struct mail_message {
	const char *from;      /* user@host */
	const char *from_name; /* NULL: none */
	const char *reply_to;  /* where answers go; NULL: to `from` */
	const char *to;
	const char *subject; /* UTF-8 of one line */
	const char *id;      /* letters, digits and '-': the left part of Message-ID */
	const char *thread;  /* the same in all mails that belong together, made like `id`; NULL: it stands alone */
	const char *list;    /* made like `id`: the mails that one receiver may sort out together; NULL: of none */
	int64_t     at_ms;
	struct str  text; /* UTF-8, LF between lines */
	struct str  html;
};

/* The message as it goes over the wire, CRLF between lines. */
MUST_USE bool mail_compose(
    TALLOC_CTX *mem, const struct mail_message *m, struct str *out, struct err *e);

struct mail_options {
	const char *url;           /* smtp://host:port or smtps://host:port */
	const char *user;          /* "": none */
	const char *password_file; /* its first line; not readable by others */
	const char *tls_ca;        /* "": the system's */
	bool        in_clear;      /* no STARTTLS: only without user */
	int64_t     timeout_ms;
};

struct mail;
struct mail_ops {
	bool (*send)(
	    struct mail *m, TALLOC_CTX *mem, const struct mail_message *msg, struct err *e);
};
struct mail {
	const struct mail_ops *ops;
};

MUST_USE struct mail *mail_make(
    TALLOC_CTX *mem, const struct mail_options *o, struct err *e); /* by libcurl */

static inline bool MUST_USE
mail_send(struct mail *m, TALLOC_CTX *mem, const struct mail_message *msg, struct err *e)
{
	return m->ops->send(m, mem, msg, e);
}

#endif
