#include "drift/engine/rows.h"

#include <string.h>

#define WORK_MAX 20000000 /* elements looked at, times edits */
#define ABSENT   UINT32_MAX

/* ---- Myers, "An O(ND) difference algorithm" (1986): a longest common subsequence ---- */

/* Row d of the trace: the furthest x on each diagonal -d .. d after d edits. */
static int32_t *
row(int32_t *trace, int64_t d)
{
	return trace + d * d + d;
}

/* Where diagonal k is entered with the d-th edit: true from above (an element of b). */
static bool
from_above(const int32_t *before, int64_t d, int64_t k)
{
	return k == -d || (k != d && before[k - 1] < before[k + 1]);
}

static int64_t
follow(const struct rows *r, int64_t x, int64_t k)
{
	int64_t from = x;

	while (x < r->na && x - k < r->nb && x - k >= 0 && r->a[x] == r->b[x - k])
		x++;
	*r->compared += (uint64_t)(x - from + 1);
	return x;
}

/* The number of edits, the trace filled; -1: more than `most`. */
static int64_t
edits(const struct rows *r, int32_t *trace, int64_t most)
{
	int64_t end = (int64_t)r->na - r->nb;

	for (int64_t d = 0; d <= most; d++) {
		int32_t       *now = row(trace, d);
		const int32_t *before = d > 0 ? row(trace, d - 1) : NULL;

		for (int64_t k = -d; k <= d; k += 2) {
			int64_t x = before == NULL             ? 0
				    : from_above(before, d, k) ? before[k + 1]
							       : before[k - 1] + 1;

			now[k] = (int32_t)follow(r, x, k);
			if (k == end && now[k] >= (int64_t)r->na)
				return d;
		}
	}
	return -1;
}

static void
trace_back(struct rows *r, int32_t *trace, int64_t d)
{
	int64_t x = r->na, y = r->nb;

	for (; d >= 0; d--) {
		int64_t k = x - y, from_x = 0, from_y = 0;

		if (d > 0) {
			const int32_t *before = row(trace, d - 1);
			int64_t        from = from_above(before, d, k) ? k + 1 : k - 1;

			from_x = before[from];
			from_y = from_x - from;
		}
		while (x > from_x && y > from_y) {
			r->keep_a[--x] = true;
			r->keep_b[--y] = true;
		}
		x = from_x;
		y = from_y;
	}
}

/* ---- where that would be too much work: the elements that are there once on each side ---- */

/* at[i]: where a's i-th element is in b, ABSENT unless it is once in both. */
static bool
once_in_both(TALLOC_CTX *tmp, const struct rows *r, uint32_t *at, struct err *e)
{
	uint32_t *count = talloc_zero_array(tmp, uint32_t, 2 * r->groups);
	uint32_t *where = talloc_array(tmp, uint32_t, r->groups);

	if (count == NULL || where == NULL)
		return err_memory(e);
	for (uint32_t i = 0; i < r->na; i++)
		count[2 * r->a[i]]++;
	for (uint32_t i = 0; i < r->nb; i++) {
		count[2 * r->b[i] + 1]++;
		where[r->b[i]] = i;
	}
	for (uint32_t i = 0; i < r->na; i++) {
		uint32_t g = r->a[i];

		at[i] = count[2 * g] == 1 && count[2 * g + 1] == 1 ? where[g] : ABSENT;
	}
	talloc_free(count);
	talloc_free(where);
	return true;
}

/* Keeps a longest run of them that has the same order on both sides (patience sorting). */
static bool
keep_ascending(TALLOC_CTX *tmp, struct rows *r, struct err *e)
{
	uint32_t *at = talloc_array(tmp, uint32_t, 3 * (r->na + 1)), *last, *before;
	uint32_t  n = 0;

	if (at == NULL)
		return err_memory(e);
	last = at + r->na + 1;     /* of each length: the index in a of the lowest end */
	before = last + r->na + 1; /* the one in front of each */
	if (!once_in_both(tmp, r, at, e))
		return false;
	for (uint32_t i = 0; i < r->na; i++) {
		uint32_t lo = 0, hi = n;

		if (at[i] == ABSENT)
			continue;
		while (lo < hi) {
			uint32_t mid = lo + (hi - lo) / 2;

			++*r->compared;
			if (at[last[mid]] < at[i])
				lo = mid + 1;
			else
				hi = mid;
		}
		before[i] = lo > 0 ? last[lo - 1] : ABSENT;
		last[lo] = i;
		n += lo == n;
	}
	for (uint32_t i = n > 0 ? last[n - 1] : ABSENT; i != ABSENT; i = before[i])
		r->keep_a[i] = r->keep_b[at[i]] = true;
	talloc_free(at);
	return true;
}

/* ---- either ---- */

bool
rows_keep(TALLOC_CTX *tmp, struct rows *r, uint32_t edits_max, struct err *e)
{
	int64_t  most = (int64_t)r->na + r->nb, d;
	int32_t *trace;

	if (most > edits_max)
		most = edits_max;
	if (most > WORK_MAX / ((int64_t)r->na + r->nb + 1))
		most = WORK_MAX / ((int64_t)r->na + r->nb + 1);
	trace = talloc_array(tmp, int32_t, (unsigned)((most + 1) * (most + 1)));
	if (trace == NULL)
		return err_memory(e);
	d = edits(r, trace, most);
	if (d >= 0)
		trace_back(r, trace, d);
	talloc_free(trace);
	return d >= 0 || keep_ascending(tmp, r, e);
}
