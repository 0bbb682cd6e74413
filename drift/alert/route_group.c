#include "drift/alert/route_group.h"

#include <stdio.h>
#include <string.h>

const char *const group_labels[] = {
#define X(id, name) name,
	GROUP_LABELS(X)
#undef X
	    NULL,
};

bool
route_group_by(const struct route_group *g, enum group_label label)
{
	for (size_t i = 0; i < g->by.n; i++)
		if (strcmp(g->by.items[i], group_labels[label]) == 0)
			return true;
	return false;
}

int64_t
route_group_wait_s(const struct route_group *g)
{
	return g->wait_s == 0 ? GROUP_WAIT_S : g->wait_s;
}

int64_t
route_group_interval_s(const struct route_group *g)
{
	return g->interval_s == 0 ? GROUP_INTERVAL_S : g->interval_s;
}

static bool
check_labels(TALLOC_CTX *mem, const struct route_group *g, struct err *e)
{
	char pointer[40];

	for (size_t i = 0; i < g->by.n; i++)
		for (size_t k = 0; k < i; k++) {
			snprintf(pointer, sizeof(pointer), "/group_by/%zu", i);
			if (strcmp(g->by.items[i], g->by.items[k]) == 0)
				return err_fault(e, mem, pointer, "is there twice");
		}
	return g->by.n < 2 || !route_group_by(g, GROUP_ALL) ||
	       err_fault(e, mem, "/group_by", "says all, and what else: one of both");
}

bool
route_group_check(TALLOC_CTX *mem, const struct route_group *g, struct err *e)
{
	const struct {
		const char *pointer;
		int64_t     value;
	} times[] = {
		{ "/group_wait_s", g->wait_s },
		{ "/group_interval_s", g->interval_s },
		{ "/repeat_interval_s", g->repeat_s },
	};

	for (size_t i = 0; g->by.n == 0 && i < sizeof(times) / sizeof(times[0]); i++)
		if (times[i].value != 0)
			return err_fault(e, mem, times[i].pointer, "goes with group_by");
	if (g->repeat_s != 0 && g->repeat_s < route_group_interval_s(g))
		return err_fault(e, mem, "/repeat_interval_s", "is less than group_interval_s");
	return check_labels(mem, g, e);
}
