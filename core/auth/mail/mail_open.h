/*
 * mail_open.h - the mail server that the configuration names, for programs that send: they have libcurl, which the
 * responder has not.
 */
#ifndef BSX_AUTH_MAIL_MAIL_OPEN_H
#define BSX_AUTH_MAIL_MAIL_OPEN_H

#include "core/conf/conf.h"
#include "core/net/mail.h"

/* NULL: none is set (ERR_INVALID), or it is set up wrongly (ERR_INTERNAL). */
MUST_USE struct mail *mail_open(TALLOC_CTX *mem, const struct conf *c, struct err *e);

#endif
