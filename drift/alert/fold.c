#include "drift/alert/fold.h"

#include <string.h>

#include "drift/alert/alerting.h"
#include "drift/alert/kinds.h"

static bool
is_event(const struct outbox *o, const char *event)
{
	return strcmp(o->event, event) == 0;
}

static enum severity
worst_of(const struct outbox *o)
{
	enum severity v = SEVERITY_INFO;

	if (o->worst != NULL)
		(void)severity_parse(str_of(o->worst), &v);
	return v;
}

bool
fold_allowed(bool keeps_ends, const struct outbox *older, const struct outbox *newer)
{
	bool work = event_is(older->event, SORT_WORK), ends = is_event(newer, EVENT_RESOLVED);

	if (event_is(newer->event, SORT_WORK))
		return work;
	if (!keeps_ends)
		return true;
	return work ? ends || is_event(newer, EVENT_REOPENED) : !older->opens || !ends;
}

void
fold_into(struct outbox *newer, const struct outbox *older)
{
	newer->folded += older->folded + 1;
	newer->opens = newer->opens || older->opens;
	if (worst_of(older) > worst_of(newer))
		newer->worst = older->worst;
	if (older->wait_s < newer->wait_s)
		newer->wait_s = older->wait_s;
	/* a change that nobody has heard of is one, whoever made it, and so is that it is open
	 * again */
	if (fold_goes_on(newer) && fold_goes_on(older) &&
	    event_kind_of(older->event) > event_kind_of(newer->event))
		newer->event = event_kind_of(older->event)->type;
	if (newer->opens && fold_goes_on(newer))
		newer->event = EVENT_OPENED;
}

bool
fold_goes_on(const struct outbox *o)
{
	return event_is(o->event, SORT_NEWS) && !is_event(o, EVENT_OPENED);
}

bool
fold_never_sent(const struct outbox *o)
{
	return o->opens && is_event(o, EVENT_RESOLVED);
}

bool
fold_needless(const struct outbox *o)
{
	return fold_never_sent(o) && worst_of(o) < SEVERITY_HIGH;
}

bool
fold_keeps_ends(const char *kind)
{
	static const struct {
		const char *kind;
		bool        keeps_ends;
	} kinds[] = {
#define X(kind, ops, keeps_ends, many, work, doc) { kind, keeps_ends },
		CHANNEL_FORMATS(X) OTHER_FORMATS(X)
#undef X
	};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (strcmp(kinds[i].kind, kind) == 0)
			return kinds[i].keeps_ends;
	return false;
}
