#include "drift/snapshot/loss.h"

static int
place_cmp(const struct place *a, const struct place *b)
{
	int c = str_cmp(a->category, b->category);

	return c != 0 ? c : str_cmp(a->key, b->key);
}

bool
places_held_make(TALLOC_CTX *mem, size_t n, struct places_held *out, struct err *e)
{
	out->n = n;
	out->at = talloc_zero_size(mem, (n + 1) * sizeof(out->at[0]));
	return out->at != NULL || err_memory(e);
}

static void
keep(struct losses *out, const struct loss *l)
{
	if (l->removed > 0)
		out->of[out->n++] = *l;
}

bool
losses_find(TALLOC_CTX *mem, const struct places_held *was, const struct places_held *is,
    struct losses *out, struct err *e)
{
	struct loss l = { 0 };
	size_t      at = 0, categories = 1;

	for (size_t i = 1; i < was->n; i++)
		categories += !str_eq(was->at[i].category, was->at[i - 1].category);
	out->n = 0;
	out->of = talloc_zero_size(mem, (categories + 1) * sizeof(out->of[0]));
	if (out->of == NULL)
		return err_memory(e);
	for (size_t i = 0; i < was->n; i++) {
		const struct place *p = &was->at[i];

		if (i > 0 && !str_eq(l.category, p->category)) {
			keep(out, &l);
			l = (struct loss) { 0 };
		}
		l.category = p->category;
		l.of++;
		while (at < is->n && place_cmp(&is->at[at], p) < 0)
			at++;
		l.removed += at == is->n || place_cmp(&is->at[at], p) != 0;
	}
	keep(out, &l);
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
