#include "core/net/fetch.h"

#include "core/base/clock.h"
#include "core/net/exchange.h"

struct fetch_curl {
	struct fetch        base;
	const struct guard *guard;
	struct trust       *trust; /* NULL: libcurl reads the authorities for itself */
};

static bool
exchange(struct exchange *x, struct resolved *at, const struct fetch_request *q, struct err *e)
{
	int64_t start = clock_ns(&clock_system);

	x->only = at;
	return resolve(x->tmp, x->guard, &x->target, at, e) &&
	       exchange_set(x, q, q->timeout_ms - (clock_ns(&clock_system) - start) / 1000000, e) &&
	       exchange_end(x, exchange_perform(x), e);
}

static bool
run(struct fetch *base, TALLOC_CTX *mem, const struct fetch_request *q, struct fetch_answer *a,
    struct err *e)
{
	struct fetch_curl *f = (struct fetch_curl *)base;
	struct exchange    x = { .guard = f->guard, .trust = f->trust };
	struct resolved    at;
	int64_t            start = clock_ns(&clock_system);
	bool               ok = exchange_open(mem, &x, q, e) && exchange(&x, &at, q, e);

	*a = x.answer;
	a->took_ms = (clock_ns(&clock_system) - start) / 1000000;
	exchange_close(&x);
	return ok;
}

static int
fetch_free(struct fetch_curl *f)
{
	(void)f;
	exchange_leave();
	return 0;
}

/* Whoever forks for each request reads them before. */
static void
prepare(struct fetch *base)
{
	struct fetch_curl *f = (struct fetch_curl *)base;

	if (f->trust != NULL)
		(void)trust_read(f->trust);
}

static const struct fetch_ops ops = {
	.run = run,
	.prepare = prepare,
};

struct fetch *
fetch_make_trusting(TALLOC_CTX *mem, const struct guard *g, struct trust *trust, struct err *e)
{
	struct fetch_curl *f;

	if (!exchange_enter(e))
		return NULL;
	f = talloc_zero(mem, struct fetch_curl);
	if (f == NULL) {
		exchange_leave();
		err_memory(e);
		return NULL;
	}
	*f = (struct fetch_curl) {
		.base.ops = &ops,
		.guard = g,
	};
	f->trust = __extension__ talloc_steal(f, trust);
	talloc_set_destructor(f, fetch_free);
	return &f->base;
}

/* Those that libcurl would read, where it is one that takes them from OpenSSL. */
struct fetch *
fetch_make(TALLOC_CTX *mem, const struct guard *g, struct err *e)
{
	return fetch_make_trusting(mem, g, exchange_trust(mem), e);
}
