/*
 * civil.h - days of the Gregorian calendar as numbers: 0 is 1 January 1970.
 */
#ifndef BSX_BASE_CIVIL_H
#define BSX_BASE_CIVIL_H

#include <stdbool.h>
#include <stdint.h>

struct civil {
	int year, month, day; /* from 1 */
};

int64_t      civil_days(int year, int month, int day);
struct civil civil_of(int64_t days);
int          civil_weekday(int64_t days); /* 0: Sunday */
int          civil_month_days(int year, int month);
bool         civil_is_leap(int year);

#endif
