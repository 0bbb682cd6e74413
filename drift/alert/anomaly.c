#include "drift/alert/anomaly.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static int
by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* Sorts them. */
static double
median_of(double *v, size_t n)
{
	qsort(v, n, sizeof(v[0]), by_size);
	return n % 2 == 1 ? v[n / 2] : (v[n / 2 - 1] + v[n / 2]) / 2;
}

void
anomaly_judge(
    const struct limits *l, const int64_t *counts, size_t n, int64_t changes, struct anomaly *out)
{
	size_t wanted = (size_t)l->anomaly_runs, skip = n > wanted ? n - wanted : 0;
	double v[ANOMALY_RUNS_MAX], least = (double)l->anomaly_floor;

	n -= skip;
	*out = (struct anomaly) { .changes = changes, .runs = (int64_t)n };
	if (n < ANOMALY_NEEDS)
		return;
	for (size_t i = 0; i < n; i++)
		v[i] = (double)counts[skip + i];
	out->median = median_of(v, n);
	for (size_t i = 0; i < n; i++)
		v[i] = fabs(v[i] - out->median);
	out->mad = median_of(v, n);
	out->limit =
	    out->median + (l->anomaly_k * out->mad > least ? l->anomaly_k * out->mad : least);
	out->known = true;
	out->over = (double)changes > out->limit;
}

void
anomaly_add(int64_t *counts, size_t *n, int64_t changes)
{
	if (*n == ANOMALY_RUNS_MAX)
		memmove(counts, counts + 1, --*n * sizeof(counts[0]));
	counts[(*n)++] = changes;
}
