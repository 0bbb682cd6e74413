#include "drift/snapshot/loss.h"

static int
place_cmp(const struct place *a, const struct place *b)
{
	int c = str_cmp(a->category, b->category);

	return c != 0 ? c : str_cmp(a->key, b->key);
}

static void
keep(struct loss *out, size_t *n, const struct loss *l)
{
	if (l->removed > 0)
		out[(*n)++] = *l;
}

bool
losses_find(TALLOC_CTX *mem, const struct place *was, size_t was_n, const struct place *is,
    size_t is_n, struct loss **out, size_t *n, struct err *e)
{
	struct loss l = { 0 };
	size_t      at = 0, categories = 1;

	for (size_t i = 1; i < was_n; i++)
		categories += !str_eq(was[i].category, was[i - 1].category);
	*out = talloc_zero_size(mem, (categories + 1) * sizeof((*out)[0]));
	*n = 0;
	if (*out == NULL)
		return err_memory(e);
	for (size_t i = 0; i < was_n; i++) {
		if (i > 0 && !str_eq(l.category, was[i].category)) {
			keep(*out, n, &l);
			l = (struct loss) { 0 };
		}
		l.category = was[i].category;
		l.of++;
		while (at < is_n && place_cmp(&is[at], &was[i]) < 0)
			at++;
		l.removed += at == is_n || place_cmp(&is[at], &was[i]) != 0;
	}
	keep(*out, n, &l);
	return true;
}

bool
loss_is_suspicious(const struct limits *l, const struct loss *loss)
{
	return loss->removed >= SUSPICIOUS_LEAST &&
	       loss->removed * 100 > loss->of * l->max_removed_percent;
}

void
loss_hold(struct str category, const struct diff *d, enum hold_reason *holds)
{
	for (size_t i = 0; i < d->n; i++) {
		const struct change *c = &d->changes[i];

		if (c->op == CHANGE_DELETED && c->path.n == 0 &&
		    str_cmp(c->category, category) == 0 && holds[i] == HOLD_NONE)
			holds[i] = HOLD_COLLECTION;
	}
}
