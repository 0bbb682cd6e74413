#include "core/auth/ident.h"

#include <string.h>

#include "core/auth/caller.h"
#include "core/base/mailbox.h"
#include "core/base/unicode.h"
#include "core/crypt/password.h"

static bool
is_address(struct str s)
{
	const char *at = memchr(s.p, '@', s.n);

	if (s.n < 3 || s.n > EMAIL_MAX || at == NULL || at == s.p || at == s.p + s.n - 1)
		return false;
	if (str_starts(s, CALLER_KEY_PREFIX))
		return false;
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] <= 0x20 || s.p[i] == 0x7F)
			return false;
	return true;
}

bool
ident_email(TALLOC_CTX *mem, struct str typed, const char **email, struct err *e)
{
	struct str folded;

	if (!unicode_identifier(mem, typed, &folded, e))
		return false;
	if (!is_address(folded))
		return err_set(e, ERR_INVALID, 0, "not an e-mail address", "not an e-mail address");
	*email = folded.p;
	return true;
}

bool
ident_new_email(TALLOC_CTX *mem, struct str typed, const char **email, struct err *e)
{
	bool        folded = ident_email(mem, typed, email, e);
	const char *why;

	if (!folded && e->code != ERR_INVALID)
		return false;
	why = mailbox_fault(folded ? str_of(*email) : str_trim(typed));
	if (folded && why == NULL)
		return true;
	err_clear(e);
	return err_set(e, ERR_INVALID, 0, why != NULL ? why : "must be an e-mail address",
	    "an address that is not taken");
}

bool
ident_password(TALLOC_CTX *mem, struct str typed, struct str *password, struct err *e)
{
	if (!unicode_nfkc(mem, typed, password, e))
		return false;
	if (password->n == 0 || password->n > PASSWORD_BYTES_MAX)
		return err_set(e, ERR_INVALID, 0, "the password is empty or too long", "%zu bytes",
		    password->n);
	return true;
}
