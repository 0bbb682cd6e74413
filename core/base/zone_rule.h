/*
 * zone_rule.h - the rule by which clocks are set after the last change that a file of tzdata lists: the form of TZ of
 * POSIX, as "CET-1CEST,M3.5.0,M10.5.0/3", with the hours from -167 to 167 that RFC 8536 (section 3.3.1) adds.
 */
#ifndef BSX_BASE_ZONE_RULE_H
#define BSX_BASE_ZONE_RULE_H

#include <stdint.h>

#include "core/base/str.h"

struct zone_day {
	char    kind; /* M: day `day` of week `week` of `month`; J: day 1..365, never 29 February; 0: day 0..365 */
	int     month, week, day;
	int64_t time_s; /* of the wall, from midnight */
};
struct zone_rule {
	int32_t         std, dst; /* seconds east of UTC */
	bool            has_dst;
	struct zone_day begins, ends;
};

bool    zone_rule_parse(struct str s, struct zone_rule *out);
int64_t zone_rule_begins(const struct zone_rule *r, int year); /* Unix seconds */
int64_t zone_rule_ends(const struct zone_rule *r, int year);

#endif
