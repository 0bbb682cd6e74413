/*
 * ident.h - the forms in which e-mail addresses and passwords are compared.
 *
 * Two spellings that look the same to a person are one: addresses are NFKC,
 * case folded, without what is ignorable, 3..254 bytes with an '@' inside, and
 * begin with no "key:" (caller.h; a colon is not of an address, RFC 5321 section 4.1.2);
 * passwords are NFKC (NIST SP 800-63B-4 section 3.1.1.2).  What does not fit is
 * ERR_INVALID; a sign-in treats that as "no such user".
 */
#ifndef BSX_AUTH_IDENT_H
#define BSX_AUTH_IDENT_H

#include "core/base/err.h"
#include "core/base/str.h"

#define EMAIL_MAX 254

MUST_USE bool ident_email(TALLOC_CTX *mem, struct str typed, const char **email, struct err *e);
/*
 * The same of an address that an account is to get: one that mail can be sent to (mailbox.h).  The text for
 * people is the rest of a sentence, "must ...".  Accounts with another one, from before that rule, sign in by it.
 */
MUST_USE bool ident_new_email(TALLOC_CTX *mem, struct str typed, const char **email, struct err *e);
/* The answer wipes itself when freed. At most PASSWORD_BYTES_MAX bytes after NFKC. */
MUST_USE bool ident_password(TALLOC_CTX *mem, struct str typed, struct str *password, struct err *e);

#endif
