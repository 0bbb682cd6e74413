/*
 * stat.h - what is usual, and what stands out: median, and the median of the
 * distances from it (MAD), which single large values do not move.
 */
#ifndef BSX_BASE_STAT_H
#define BSX_BASE_STAT_H

#include <stddef.h>

/* Both sort `v`; n > 0. */
double stat_median(double *v, size_t n);
/* *median too; `v` holds the distances afterwards. */
double stat_mad(double *v, size_t n, double *median);
double stat_mean(const double *v, size_t n);

#endif
