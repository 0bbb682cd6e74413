#include "drift/service/channel_template.h"

#include "drift/deliver/templated.h"
#include "drift/service/channel_secret.h"

static bool
set_headers(const struct acting *a, struct channel *c, const struct items *headers, struct err *e)
{
	struct str kept;

	c->secret = (struct blob) { 0 };
	if (headers->n == 0)
		return true;
	return templated_headers_print(a->by.mem, headers, &kept, e) &&
	       channel_secret_seal(a, c, kept, e);
}

static bool
refuse(const struct acting *a, const struct channel *c, const char *pointer, struct err *e)
{
	return err_fault(e, a->by.mem, pointer, "a %s channel has none", c->kind);
}

bool
channel_template_set(
    const struct acting *a, struct channel *c, const struct channel_wish *in, struct err *e)
{
	const struct format_ops *ops;

	if (in->template == NULL && !in->has_headers && c->template != NULL)
		return true;
	ops = channel_format(c, e);
	if (ops == NULL)
		return false;
	if (!ops->has_template)
		return in->template != NULL ? refuse(a, c, "/template", e)
		       : in->headers.n > 0  ? refuse(a, c, "/headers", e)
					    : true;
	if (in->template == NULL && c->template == NULL)
		return err_fault(e, a->by.mem, "/template", "is required");
	if (in->template != NULL) {
		if (!templated_check(a->by.mem, in->template, e))
			return false;
		c->template = acting_copy(a, in->template);
		if (c->template == NULL)
			return err_memory(e);
	}
	return !in->has_headers || set_headers(a, c, &in->headers, e);
}
