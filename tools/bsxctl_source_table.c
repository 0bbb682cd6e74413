/* bsxctl_source.h: how far a run is, and what came of each collection. */
#include <stdio.h>
#include <string.h>

#include "tools/bsxctl_source.h"

#define WIDTH_MIN 10
#define WIDTH_MAX 60

void
source_tell(struct ctl *c, const struct run_progress *p)
{
	(void)c;
	fprintf(stderr, "%lld of %lld collections, %lld requests, %lld bytes\n", (long long)p->done,
	    (long long)p->of, (long long)p->requests, (long long)p->bytes);
}

static int
width_of(struct ctl *c, const struct run_collection *rows, size_t n)
{
	int width = WIDTH_MIN;

	for (size_t i = 0; i < n; i++) {
		int one = (int)strlen(ctl_text(c, rows[i].category));

		if (one > width)
			width = one < WIDTH_MAX ? one : WIDTH_MAX;
	}
	return width;
}

static bool
is_complete(const struct run_collection *r)
{
	return strcmp(r->state, "complete") == 0;
}

static void
say_why(struct ctl *c, const struct run_collection *r)
{
	if (r->why != NULL)
		ctl_say("    %s", ctl_text(c, r->why));
	if (r->remedy != NULL)
		ctl_say("    %s", ctl_text(c, r->remedy));
	if (r->permission != NULL)
		ctl_say("    missing permission: %s", ctl_text(c, r->permission));
}

bool
source_table(struct ctl *c, const struct run_progress *p)
{
	const struct run_collection *rows = p->collections.p;
	const int                    width = width_of(c, rows, p->collections.n);
	bool                         all = p->done == p->of;

	ctl_say("%-*s %-9s %8s %6s %8s %9s", width, "collection", "state", "items", "pages",
	    "requests", "ms");
	for (size_t i = 0; i < p->collections.n; i++) {
		const struct run_collection *r = &rows[i];

		ctl_say("%-*s %-9s %8lld %6lld %8lld %9lld", width, ctl_text(c, r->category),
		    r->state, (long long)r->items, (long long)r->pages, (long long)r->requests,
		    (long long)r->took_ms);
		if (is_complete(r))
			continue;
		all = false;
		say_why(c, r);
	}
	if (p->left_out > 0)
		ctl_say("and %lld more", (long long)p->left_out);
	ctl_say("%lld of %lld collections, %lld requests, %lld bytes, told to wait %lld times",
	    (long long)p->done, (long long)p->of, (long long)p->requests, (long long)p->bytes,
	    (long long)p->throttled);
	return all;
}
