#include "core/base/stat.h"

#include <math.h>
#include <stdlib.h>

static int
by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

double
stat_median(double *v, size_t n)
{
	qsort(v, n, sizeof(v[0]), by_value);
	return n % 2 == 1 ? v[n / 2] : (v[n / 2 - 1] + v[n / 2]) / 2;
}

double
stat_mad(double *v, size_t n, double *median)
{
	*median = stat_median(v, n);
	for (size_t i = 0; i < n; i++)
		v[i] = fabs(v[i] - *median);
	return stat_median(v, n);
}

double
stat_mean(const double *v, size_t n)
{
	double sum = 0;

	for (size_t i = 0; i < n; i++)
		sum += v[i];
	return sum / (double)n;
}
