/*
 * snapshot_priv.h - what was in force at some number, of what has ended since; for snapshot.c and history.c.
 *
 * Each version that has ended is of a class by its length: one of class k lasted from 4^(k-1) to 4^k - 1 numbers.  So
 * one that was in force at n ended before n + 4^k, and of each resource at most five of a class did so: there is a
 * range of the index in_force for each class, and how many versions have ended before or since does not matter.
 */
#ifndef BSX_STORE_DRIFT_SNAPSHOT_PRIV_H
#define BSX_STORE_DRIFT_SNAPSHOT_PRIV_H

#include "core/store/drift/snapshot.h"

#define SPAN_CLASSES 12 /* the last has no upper end */

#define ENDED_OF(class, least, most, within)                                                       \
	" OR (v.span = " #class " AND v.until_seq > " least " AND v.until_seq < " most " + " #within ")"
/*
 * Of resource_versions v of one config: what was in force at some number from `least` to `most`, both marks.  One of
 * class 0 ended before there were classes, or by a program that knows none.
 */
#define ENDED_OVER(least, most)                                                                    \
	" AND v.from_seq <= " most " AND ((v.span = 0 AND v.until_seq > " least ")"                \
	ENDED_OF(1, least, most, 4) ENDED_OF(2, least, most, 16) ENDED_OF(3, least, most, 64)      \
	ENDED_OF(4, least, most, 256) ENDED_OF(5, least, most, 1024)                               \
	ENDED_OF(6, least, most, 4096) ENDED_OF(7, least, most, 16384)                             \
	ENDED_OF(8, least, most, 65536) ENDED_OF(9, least, most, 262144)                           \
	ENDED_OF(10, least, most, 1048576) ENDED_OF(11, least, most, 4194304)                      \
	" OR (v.span = 12 AND v.until_seq > " least "))"

#endif
