/* spec.h: the collections of which a config says that they are not read. */
#include <stdio.h>
#include <stdlib.h>

#include "drift/config/spec_priv.h"

static int
by_category(const void *a, const void *b)
{
	return str_cmp(str_of(((const struct spec_unread *)a)->category),
	    str_of(((const struct spec_unread *)b)->category));
}

const struct spec_unread *
spec_unread(const struct drift_spec *s, struct str category)
{
	size_t low = 0, high = s->unread_n;

	while (low < high) {
		size_t at = low + (high - low) / 2;
		int    c = str_cmp(category, str_of(s->unread[at].category));

		if (c == 0)
			return &s->unread[at];
		if (c < 0)
			high = at;
		else
			low = at + 1;
	}
	return NULL;
}

/* Of two of one name the second is no mistake that could be left: which reason holds? */
static bool
refuse_twice(struct drift_spec *s, const struct spec_unread *in, struct err *e)
{
	char at[64];

	for (size_t i = 0; i < s->unread_n; i++) {
		const struct spec_unread *first = spec_unread(s, str_of(in[i].category));
		bool twice = first > s->unread && by_category(first, first - 1) == 0;

		twice = twice ||
			(first + 1 < s->unread + s->unread_n && by_category(first, first + 1) == 0);
		if (!twice)
			continue;
		snprintf(at, sizeof(at), "/unread/%zu/category", i);
		return err_fault(e, s, at, "is named twice");
	}
	return true;
}

bool
spec_unread_set(struct drift_spec *s, struct err *e)
{
	const struct spec_unread *in = s->body.unread.p;

	s->unread_n = s->body.unread.n;
	s->unread = talloc_zero_size(s, (s->unread_n + 1) * sizeof(s->unread[0]));
	if (s->unread == NULL)
		return err_memory(e);
	for (size_t i = 0; i < s->unread_n; i++)
		s->unread[i] = in[i];
	if (s->unread_n > 1)
		qsort(s->unread, s->unread_n, sizeof(s->unread[0]), by_category);
	return refuse_twice(s, in, e);
}
