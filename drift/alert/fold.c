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
	return !keeps_ends || !older->opens || !is_event(newer, EVENT_RESOLVED);
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
	/* a change that nobody has heard of is one, whoever made it */
	if (is_event(newer, EVENT_ATTRIBUTED) && is_event(older, EVENT_UPDATED))
		newer->event = EVENT_UPDATED;
	if (newer->opens && fold_goes_on(newer))
		newer->event = EVENT_OPENED;
}

bool
fold_goes_on(const struct outbox *o)
{
	return is_event(o, EVENT_UPDATED) || is_event(o, EVENT_ATTRIBUTED);
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
#define X(kind, ops, keeps_ends, doc) { kind, keeps_ends },
		CHANNEL_FORMATS(X) OTHER_FORMATS(X)
#undef X
	};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (strcmp(kinds[i].kind, kind) == 0)
			return kinds[i].keeps_ends;
	return false;
}
