/*
 * lane - stands in the lane of password hashing, as a worker of WORKERS would.
 *
 * usage: lane SEGMENT WORKERS      SEGMENT has the default size
 *
 * Says "in" or "full"; stays in it until its standard input ends.
 */
#include <stdio.h>
#include <stdlib.h>

#include "core/shm/permit.h"

int
main(int argc, char **argv)
{
	struct segment_options o = { .path = argc == 3 ? argv[1] : "", .cache_entries = 16384 };
	struct err             e = { 0 };
	struct segment        *s = argc == 3 ? segment_open(NULL, &o, &e) : NULL;
	struct permits        *ps;
	bool                   in;

	if (s == NULL) {
		fprintf(stderr, "usage: lane SEGMENT WORKERS\n%s\n", e.detail);
		return 2;
	}
	ps = permits_make(s, s, 2, 0, (unsigned)atoi(argv[2]), &e);
	if (ps == NULL)
		return 1;
	in = permit_enter(ps, LANE_PASSWORD, &e);
	puts(in ? "in" : "full");
	fflush(stdout);
	while (in && getchar() != EOF)
		;
	talloc_free(s);
	return 0;
}
