#include "core/auth/mail/mail_open.h"

#include <string.h>

struct mail *
mail_open(TALLOC_CTX *mem, const struct conf *c, struct err *e)
{
	const struct mail_options o = {
		.url = c->smtp_url,
		.user = c->smtp_user,
		.password_file = c->smtp_password_file,
		.tls_ca = c->smtp_tls_ca,
		.in_clear = strcmp(c->smtp_starttls, "off") == 0,
		.timeout_ms = c->outbound_timeout_s * 1000,
	};

	if (*c->smtp_url != '\0')
		return mail_make(mem, &o, e);
	err_set(e, ERR_INVALID, 0, "This installation sends no mail: smtp.url is not set.",
	    "no smtp.url");
	return NULL;
}
