#include "drift/alert/clearing.h"

#include <string.h>

#include "drift/alert/alert_decide.h"

/* Beyond what is asked for nothing is counted, so that no row changes any more. */
static int64_t
counted_up(int64_t runs, int64_t clear_runs)
{
	return runs <= clear_runs ? runs + 1 : runs;
}

static int64_t
least_of(const struct decide_in *in, const int64_t *runs)
{
	int64_t least = -1;

	for (size_t i = 0; i < in->clearing_n; i++) {
		int64_t now = runs != NULL ? runs[i] : in->clearing[i].runs;

		if (now > 0 && (least < 0 || now - 1 < least))
			least = now - 1;
	}
	return least;
}

/* NULL: it is not among them. */
static int64_t *
cleared_of(const struct decide_in *in, struct decision *d, struct str category)
{
	size_t lo = 0, hi = in->clearing_n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (str_cmp(in->clearing[mid].category, category) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < in->clearing_n && str_eq(in->clearing[lo].category, category) ? &d->cleared[lo]
										  : NULL;
}

bool
clearing_count(TALLOC_CTX *mem, const struct decide_in *in, struct decision *d, struct err *e)
{
	const bool anew = in->clean_runs < least_of(in, NULL), open = !uuid_is_nil(&in->alert);

	d->cleared = talloc_zero_size(mem, (in->clearing_n + 1) * sizeof(d->cleared[0]));
	if (d->cleared == NULL)
		return err_memory(e);
	if (in->limits->clear_runs <= 1)
		return true;
	for (size_t i = 0; i < in->clearing_n; i++) {
		const struct clearing *c = &in->clearing[i];
		int64_t                runs = !open ? 0 : c->runs > 0 && anew ? 1 : c->runs;

		d->cleared[i] = runs > 0 && c->read && !in->again
				    ? counted_up(runs, in->limits->clear_runs)
				    : runs;
	}
	for (size_t i = 0; i < d->n; i++) {
		int64_t *runs = cleared_of(in, d, in->changes[d->order[i]].category);

		if (runs != NULL)
			*runs = 1;
	}
	return true;
}

int64_t
clearing_least(const struct decide_in *in, const struct decision *d)
{
	return least_of(in, d->cleared);
}

void
clearing_end(const struct decide_in *in, struct decision *d)
{
	memset(d->cleared, 0, in->clearing_n * sizeof(d->cleared[0]));
}

bool
clearing_waits(int64_t runs, const struct limits *l)
{
	return runs > 1 && runs <= l->clear_runs;
}

bool
clearing_goes_on(const struct decide_in *in, const struct decision *d)
{
	bool any = false;

	for (size_t i = 0; i < in->clearing_n; i++) {
		if (d->cleared[i] > 0 && in->clearing[i].read)
			return true;
		any = any || d->cleared[i] > 0;
	}
	return !any;
}
