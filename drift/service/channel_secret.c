#include "drift/service/channel_secret.h"

#include <string.h>

#include "core/base/secret.h"

const struct format_ops *
channel_format(const struct channel *c, struct err *e)
{
	const struct format *f = format_of(formats, c->kind);

	if (f != NULL && f->ops->has_channels)
		return f->ops;
	err_set(e, ERR_CONFLICT, 0, "This version does not know the channel's kind.",
	    "a channel of kind %s", c->kind);
	return NULL;
}

bool
channel_secret_seal(const struct acting *a, struct channel *c, struct str plain, struct err *e)
{
	return tenant_seal(a->by.t, a->by.mem,
	    (struct sealed_place) { "channels", "secret", &c->id }, plain, &c->secret, e);
}

/* The key is random; the text is what the receiver keeps. */
static bool
make_secret(const struct acting *a, struct channel *c, const struct format_secret *kind,
    char **text, struct err *e)
{
	uint8_t *key = secret_alloc(a->by.mem, CHANNEL_SECRET_LEN);

	if (key == NULL)
		return err_memory(e);
	rand_fill(a->drift->env->rand, key, CHANNEL_SECRET_LEN);
	*text = kind->print(a->by.mem, (struct str) { (const char *)key, CHANNEL_SECRET_LEN });
	return *text == NULL ? err_memory(e)
			     : channel_secret_seal(
				   a, c, (struct str) { (const char *)key, CHANNEL_SECRET_LEN }, e);
}

static bool
put_secret(const struct acting *a, struct channel *c, const char *text, struct err *e)
{
	const struct format_ops *ops = channel_format(c, e);
	uint8_t                 *key = secret_alloc(a->by.mem, FORMAT_SECRET_MAX);
	size_t                   n;

	if (ops == NULL)
		return false;
	if (key == NULL)
		return err_memory(e);
	if (!ops->secret->parse(str_of(text), key, &n))
		return err_fault(e, a->by.mem, "/secret", "must be %s%s", ops->secret->shape,
		    ops->secret->print == NULL ? "" : ", or null");
	return channel_secret_seal(a, c, (struct str) { (const char *)key, n }, e);
}

bool
channel_secret_set(
    const struct acting *a, struct channel *c, const char *given, char **text, struct err *e)
{
	const struct format_ops *ops = channel_format(c, e);

	*text = NULL;
	if (ops == NULL)
		return false;
	if (ops->secret == NULL)
		return given == NULL ||
		       err_fault(e, a->by.mem, "/secret", "a %s channel has none", c->kind);
	if (given != NULL)
		return put_secret(a, c, given, e);
	return ops->secret->print != NULL
		   ? make_secret(a, c, ops->secret, text, e)
		   : err_fault(e, a->by.mem, "/secret", "is required: %s", ops->secret->shape);
}

/* ---- one that was replaced ---- */

void
channel_secret_forget(struct channel *c)
{
	c->former_secret = (struct blob) { 0 };
	c->former_until = (instant) { 0 };
}

bool
channel_secret_keep(const struct acting *a, const struct channel *was, struct channel *c,
    int64_t seconds, struct err *e)
{
	const struct format_ops *ops = channel_format(c, e);
	struct str               key = { 0 };

	if (ops == NULL)
		return false;
	if (ops->secret == NULL || ops->secret->print == NULL || was->secret.p == NULL)
		return err_fault(e, a->by.mem, "/former_secret_s",
		    "a %s channel has no secret that signs", c->kind);
	if (!tenant_open(a->by.t, a->by.mem, (struct sealed_place) { "channels", "secret", &c->id },
		was->secret, &key, e) ||
	    !tenant_seal(a->by.t, a->by.mem,
		(struct sealed_place) { "channels", "former_secret", &c->id }, key,
		&c->former_secret, e))
		return false;
	c->former_until = (instant) { acting_now(a).ms + seconds * 1000 };
	return true;
}
