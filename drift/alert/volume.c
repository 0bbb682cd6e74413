#include "drift/alert/volume.h"

#include <stdlib.h>
#include <string.h>

bool
volumes_make(TALLOC_CTX *mem, const struct limits *l, size_t n, struct volumes *out, struct err *e)
{
	const size_t each = (size_t)l->anomaly_runs;
	int64_t     *counts;

	*out = (struct volumes) { talloc_zero_size(mem, (n + 1) * sizeof(out->of[0])), n };
	if (out->of == NULL)
		return err_memory(e);
	counts = talloc_zero_size(out->of, (n * each + 1) * sizeof(counts[0]));
	if (counts == NULL)
		return err_memory(e);
	for (size_t i = 0; i < n; i++)
		out->of[i].counts = counts + i * each;
	return true;
}

static int
by_category(const void *a, const void *b)
{
	return str_cmp(((const struct volume *)a)->category, ((const struct volume *)b)->category);
}

struct volume *
volumes_find(const struct volumes *v, struct str category)
{
	const struct volume want = { .category = category };

	return v->n == 0 ? NULL : bsearch(&want, v->of, v->n, sizeof(v->of[0]), by_category);
}

void
volume_add(struct volume *v, const struct limits *l, int64_t changes)
{
	if (v->n == (size_t)l->anomaly_runs)
		memmove(v->counts, v->counts + 1, --v->n * sizeof(v->counts[0]));
	v->counts[v->n++] = changes;
}

void
volumes_count(struct volumes *v, const struct held_changes *found)
{
	struct volume *at = NULL;

	for (size_t i = 0; i < v->n; i++)
		v->of[i].changes = 0;
	for (size_t i = 0; i < found->n; i++) {
		if (at == NULL || !str_eq(at->category, found->changes[i].category))
			at = volumes_find(v, found->changes[i].category);
		if (at != NULL && found->holds[i] != HOLD_ACCEPTED &&
		    found->holds[i] != HOLD_ANNOUNCED && found->holds[i] != HOLD_UNCONFIRMED)
			at->changes++;
	}
}

/* By how far it is above its limit; where there are too few readings to say so, by its changes. */
static bool
stands_out_more(const struct anomaly *a, const struct anomaly *than)
{
	if (a->known != than->known)
		return a->known;
	return a->known ? (double)a->changes - a->limit > (double)than->changes - than->limit
			: a->changes > than->changes;
}

void
volumes_judge(struct volumes *v, const struct limits *l, struct volume_news *out)
{
	struct anomaly a;

	*out = (struct volume_news) { 0 };
	for (size_t i = 0; i < v->n; i++) {
		struct volume *x = &v->of[i];

		if (x->read) {
			anomaly_judge(l, x->counts, x->n, x->changes, &a);
			volume_add(x, l, x->changes);
			out->began += a.over && !x->over;
			x->over = a.over;
			if (out->most == NULL || stands_out_more(&a, &out->of)) {
				out->most = x;
				out->of = a;
			}
		}
		out->over += x->over;
	}
}
