/* format.h: every kind there is, and what they share. */
#include <string.h>

#include "drift/alert/kinds.h"
#include "drift/deliver/format.h"

#define X(kind, ops, keeps_ends, many, work, doc) extern const struct format_ops ops;
CHANNEL_FORMATS(X)
OTHER_FORMATS(X)
#undef X

const struct format formats[] = {
#define X(kind, ops, keeps_ends, many, work, doc) { kind, &(ops), keeps_ends, many },
	CHANNEL_FORMATS(X) OTHER_FORMATS(X)
#undef X
	    { 0 },
};

const char *const channel_kinds[] = {
#define X(kind, ops, keeps_ends, many, work, doc) kind,
	CHANNEL_FORMATS(X)
#undef X
	    NULL,
};

const char channel_kinds_doc[] = "How it delivers."
#define X(kind, ops, keeps_ends, many, work, doc) " " kind ": " doc "."
    CHANNEL_FORMATS(X);
#undef X

const struct format *
format_of(const struct format *table, const char *kind)
{
	for (; table->kind != NULL; table++)
		if (strcmp(table->kind, kind) == 0)
			return table;
	return NULL;
}

struct channel_rate
format_rate(const struct format *table, const struct channel *c)
{
	const struct format *f = format_of(table, c->kind);

	return c->rate.per_minute != 0 || f == NULL ? c->rate : f->ops->rate;
}

/* ---- what formats share ---- */

const int64_t delays_of_days[DELIVER_TRIES - 1] = { 5, 300, 1800, 7200, 18000, 36000, 50400, 72000,
	86400 };

/* The guard's refusal is a fault of the member. */
bool
format_check_url(TALLOC_CTX *mem, const struct guard *g, const struct format_target *in,
    const char **target, struct err *e)
{
	struct err why = { 0 };

	if (in->to != NULL)
		return err_fault(e, mem, "/to", "a channel of this kind has a url, no address");
	if (in->url == NULL)
		return err_fault(e, mem, "/url", "is required");
	if (!guard_url(g, in->url, &why))
		return err_fault(e, mem, "/url", "%s", why.pub);
	*target = in->url;
	return true;
}
