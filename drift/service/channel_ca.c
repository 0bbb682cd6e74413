#include "drift/service/channel_ca.h"

#include <string.h>

#include "core/net/trust.h"
#include "drift/service/channel_secret.h"

/* No block of it is anything else: a private key that was pasted too is not kept. */
static bool
is_certificates(const char *pem)
{
	static const char begin[] = "-----BEGIN ", certificate[] = "CERTIFICATE-----";

	if (strcasestr(pem, "PRIVATE KEY") != NULL)
		return false;
	while ((pem = strstr(pem, begin)) != NULL) {
		pem += sizeof(begin) - 1;
		if (strncmp(pem, certificate, sizeof(certificate) - 1) != 0)
			return false;
	}
	return true;
}

bool
channel_ca_set(
    const struct acting *a, struct channel *c, const struct channel_wish *in, struct err *e)
{
	const struct format_ops *ops;
	struct trust            *t;

	if (!in->has_ca)
		return true;
	ops = channel_format(c, e);
	if (ops == NULL)
		return false;
	c->ca = NULL;
	if (in->ca == NULL)
		return true;
	if (!ops->takes_ca)
		return err_fault(e, a->by.mem, "/ca", "a %s channel has none", c->kind);
	t = is_certificates(in->ca) ? trust_make_text(a->by.mem, in->ca) : NULL;
	if (t == NULL)
		return err_fault(
		    e, a->by.mem, "/ca", "must be certificates in PEM, and nothing else");
	talloc_free(t);
	c->ca = acting_copy(a, in->ca);
	return c->ca != NULL || err_memory(e);
}
