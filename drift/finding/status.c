#include "drift/finding/status.h"

#include <string.h>

/* The place of a word on the way; -1: beside it. */
static int
step_of(const char *status)
{
	static const char *const way[] = { "detected", "acknowledged", "in_progress", "resolved" };

	for (int i = 0; i < (int)(sizeof(way) / sizeof(way[0])); i++)
		if (strcmp(status, way[i]) == 0)
			return i;
	return strcmp(status, "open") == 0 ? 0 : -1;
}

const char *
status_refuse_finding(const char *from, const char *to)
{
	int was = step_of(from), will = step_of(to);

	if (will <= 0 || strcmp(from, to) == 0)
		return NULL;
	if (was < 0)
		return "What is accepted or ignored is set back to detected first.";
	if (strcmp(from, "resolved") == 0)
		return "What is resolved is reopened with detected first.";
	return will > was ? NULL
			  : "Work on it has begun: it goes on to resolved, or back to detected.";
}

const char *
status_refuse_alert(const char *from, const char *to)
{
	if (strcmp(from, "resolved") == 0)
		return "The alert is resolved already.";
	if (step_of(to) < step_of(from))
		return "An alert goes from open to acknowledged, in_progress and resolved, never "
		       "back.";
	return NULL;
}
