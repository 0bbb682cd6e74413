/* compare.h: is a place masked, whatever stands there? */
#include "drift/engine/compare_priv.h"
#include "drift/engine/secret.h"

/* A place by its steps. */
struct way {
	const struct str *steps;
	uint32_t          n;
	uint32_t
	     named; /* steps up to the last that is no index: the member, or the list, it is of */
	bool first; /* edition 1: all below a place is masked with it */
};

static bool
is_index(struct str s)
{
	uint64_t n;

	return str_to_u64(s, &n);
}

static bool
by_path(const struct compare_entry *x, const struct way *w, bool below)
{
	uint64_t states = pattern_start(&x->path);
	bool     yes = pattern_done(&x->path, states) && (below || w->named == 0);

	for (uint32_t i = 0; !yes && i < w->n; i++) {
		states = pattern_step(&x->path, states, w->steps[i]);
		yes = pattern_done(&x->path, states) && (below || i + 1 >= w->named);
	}
	return yes;
}

static bool
by_name(const struct compare_entry *x, const struct way *w)
{
	for (uint32_t i = w->first || w->named == 0 ? 0 : w->named - 1; i < w->named; i++)
		if (globs_match(&x->names, w->steps[i]) && !globs_match(&x->except, w->steps[i]))
			return true;
	return false;
}

static bool
speaks(const struct compare_entry *x, struct str category, const struct way *w)
{
	if (category.n > 0 && x->category.n > 0 && !globs_match(&x->category, category))
		return false;
	return x->by_path ? by_path(x, w, x->how == NORMALISE_MASK) : by_name(x, w);
}

bool
compare_masks(
    const struct compare_spec *spec, struct str category, const struct str *steps, uint32_t n)
{
	struct way w = { steps, n, n, spec->edition == COMPARE_EDITION_1 };
	bool       yes;

	while (w.named > 1 && is_index(steps[w.named - 1]))
		w.named--;
	yes = !w.first && w.named > 0 && secret_name(steps[w.named - 1]) != SECRET_NAME_NONE;
	for (uint32_t i = 0; i < spec->normalise.n; i++) {
		const struct compare_entry *x = &spec->normalise.items[i];

		if (x->how == NORMALISE_UNMASK && speaks(x, category, &w))
			return false;
		yes = yes || (x->how == NORMALISE_MASK && speaks(x, category, &w));
	}
	return yes;
}
