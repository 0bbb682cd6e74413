#include "drift/alert/work.h"

#include <string.h>

#include "drift/alert/events.h"
#include "drift/alert/kinds.h"

const char *const work_choices[] = { "always", "never", NULL };

enum tell_work
work_choice(const char *text)
{
	if (text == NULL)
		return TELL_BY_KIND;
	return strcmp(text, "always") == 0 ? TELL_ALWAYS : TELL_NEVER;
}

static enum kind_work
work_of(const char *kind)
{
	static const struct {
		const char    *kind;
		enum kind_work work;
	} kinds[] = {
#define X(kind, ops, keeps_ends, many, work, doc) { kind, work },
		CHANNEL_FORMATS(X) OTHER_FORMATS(X)
#undef X
	};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (strcmp(kinds[i].kind, kind) == 0)
			return kinds[i].work;
	return WORK_ASKED;
}

bool
work_is_told(const char *kind, const char *event, enum tell_work tell)
{
	enum kind_work work = work_of(kind);

	if (tell == TELL_NEVER)
		return false;
	if (work == WORK_TAKEN)
		return strcmp(event, EVENT_ASSIGNED) != 0;
	return tell == TELL_ALWAYS || work == WORK_ALL;
}

const char *
work_event(const char *from, const char *to, bool assigned)
{
	if (strcmp(from, to) == 0)
		return assigned ? EVENT_ASSIGNED : NULL;
	if (strcmp(to, "acknowledged") == 0)
		return EVENT_ACKNOWLEDGED;
	if (strcmp(to, "in_progress") == 0)
		return EVENT_IN_PROGRESS;
	return strcmp(to, "resolved") == 0 ? EVENT_RESOLVED : NULL;
}
