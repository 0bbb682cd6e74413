/*
 * password_rules.h - which new passwords are taken (NIST SP 800-63B-4, section 3.1.1).
 *
 * Length, and nothing that is guessed first: no rules about kinds of
 * characters.  Counted in characters (code points) after NFKC: at least
 * password.min_length (15) where the password is the only factor, at least 8
 * with a second one, at most 1,024 bytes.
 *
 * Refused are, compared whole in NFKC case folded form: the password, the
 * password without trailing digits and punctuation, and its smallest repeating
 * unit (the last repetition may be cut), and the same of each other, when that
 * is one of the 10,000 most common passwords (core/auth/password/data, MIT licence) or
 * made of context words only: the product, the tenant's name and slug, the mail
 * address, the display name.  And where at least 80 % lies in runs of three or
 * more characters that count, repeat or are neighbours on a keyboard.
 */
#ifndef BSX_AUTH_PASSWORD_PASSWORD_RULES_H
#define BSX_AUTH_PASSWORD_PASSWORD_RULES_H

#include "core/conf/conf.h"
#include "core/store/tenant/tenant_db.h"
#include "core/store/identity/user.h"

#define PASSWORD_MIN_WITH_FACTOR 8

/* Whom a password is for, and what is asked of it there; any text may be NULL. */
struct password_about {
	const char *tenant_slug, *tenant_name, *email, *display_name;
	bool        has_factor;
	int64_t     min_length; /* of who has no second factor: characters */
};
struct password_about password_about(const struct tenant *t, const struct user *u, int64_t min_length);

/* *why: what is wrong with it, a sentence for its owner; NULL: nothing.  `password` is NFKC. */
MUST_USE bool password_judge(TALLOC_CTX *mem, struct str password,
    const struct password_about *about, const char **why, struct err *e);

/*
 * A typed password in the form that is hashed, if it may be set; else ERR_INVALID with a fault at
 * `pointer` ("/new_password").  The answer wipes itself when freed.
 */
MUST_USE bool password_accept(TALLOC_CTX *mem, struct str typed, const struct password_about *about,
    const char *pointer, struct str *password, struct err *e);

/* NULL-safe: the word is in the list; `folded` as above. */
bool password_is_common(struct str folded);
/* Hundredths of the text that lie in runs. */
unsigned password_run_percent(struct str text);

#endif
