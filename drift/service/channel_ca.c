#include "drift/service/channel_ca.h"

#include "core/net/trust.h"
#include "drift/service/channel_secret.h"

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
	t = trust_make_text(a->by.mem, in->ca);
	if (t == NULL)
		return err_fault(e, a->by.mem, "/ca", "must be certificates in PEM");
	talloc_free(t);
	c->ca = acting_copy(a, in->ca);
	return c->ca != NULL || err_memory(e);
}
