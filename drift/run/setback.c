#include "drift/run/setback.h"

#include <stdio.h>

#include "drift/alert/condition.h"
#include "drift/source/push.h"

static void
count_late(const struct ingest *in, struct plan *p)
{
	struct config_state *s = &p->after;
	int64_t              by = (in->received_at.ms - in->collected_at.ms) / 1000;
	int64_t              moved = by > s->late_by_s ? by - s->late_by_s : s->late_by_s - by;

	if (!uuid_eq(&s->pusher, &in->pusher))
		return;
	s->late_runs = s->late_runs > 0 && moved * 1000 <= PUSH_AHEAD_MS ? s->late_runs + 1 : 1;
	if (s->late_runs == 1)
		s->late_by_s = by;
}

void
setback_plan(const struct ingest *in, struct plan *p)
{
	struct config_state *s = &p->after;

	if (p->kind == PLAN_LATE) {
		count_late(in, p);
		return;
	}
	if (p->kind == PLAN_AGAIN)
		return;
	/* another credential's push is newer, and says nothing of this one's clock */
	if (uuid_eq(&s->pusher, &in->pusher))
		s->late_runs = 0;
	s->pusher = in->pusher;
}

int64_t
setback_of(const struct plan *p)
{
	return p->kind == PLAN_LATE && p->after.late_runs >= SETBACK_RUNS ? p->after.late_by_s : 0;
}

bool
setback_write(const struct plan *p, const struct alert_scope *a, struct err *e)
{
	bool was = p->before.late_runs >= SETBACK_RUNS, is = p->after.late_runs >= SETBACK_RUNS;
	char text[160];

	if (was && !is)
		return condition_close(a, CONDITION_CLOCK, "Its clock is right again.", e);
	if (was || !is)
		return true;
	snprintf(text, sizeof(text),
	    "the clock of its collector was set back, by %lld s: its snapshots are history, and "
	    "nothing is compared with them",
	    (long long)p->after.late_by_s);
	return condition_open(a, CONDITION_CLOCK, text, e);
}
