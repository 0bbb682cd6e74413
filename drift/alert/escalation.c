#include "drift/alert/escalation.h"

#include <string.h>

#include "core/store/drift/schedule.h"
#include "drift/alert/message.h"

/* ---- it begins ---- */

/* A silence that has ended and a worse finding open the alert again: who was to look has it all
 * before him. */
static bool
begins_anew(const struct alert_news *news)
{
	return news->escalated || strcmp(news->event, EVENT_OPENED) == 0;
}

static bool
begins(const struct alert_news *news)
{
	return event_is(news->event, SORT_NEWS) && news->escalation == NULL &&
	       strcmp(news->alert->status, "open") == 0 && news->alert->suppressed_by == NULL;
}

static bool
begin_one(const struct alert_scope *s, const struct alert_escalation *row,
    const struct alert_route *r, struct err *e)
{
	const struct route_step *first = r->escalate.p;

	return escalation_put(s->t->db, row, e) &&
	       schedule_set(s->t->db, SCHEDULE_ESCALATION, &row->id, first->after_s, e);
}

bool
escalation_begin(const struct alert_scope *s, const struct alert_news *news,
    const struct alert_route *const *taken, size_t n, struct err *e)
{
	struct alert_escalation *rows = NULL;
	size_t                   rows_n = 0, with_steps = 0;

	for (size_t i = 0; i < n; i++)
		with_steps += taken[i]->escalate.n > 0;
	if (with_steps == 0 || !begins(news))
		return true;
	if (!news->is_new &&
	    !escalation_list(s->t->db, s->mem, &news->alert->id, &rows, &rows_n, e))
		return false;
	for (size_t i = 0; i < n; i++) {
		struct alert_escalation row = {
			.id = uuid_make(s->env->clock, s->env->rand),
			.alert_id = news->alert->id,
			.route_id = taken[i]->id,
		};
		bool there = false;

		if (taken[i]->escalate.n == 0)
			continue;
		for (size_t k = 0; !there && k < rows_n; k++) {
			there = uuid_eq(&rows[k].route_id, &row.route_id);
			row.id = there ? rows[k].id : row.id;
		}
		if ((!there || begins_anew(news)) && !begin_one(s, &row, taken[i], e))
			return false;
	}
	return true;
}

/* ---- a step ---- */

void
escalation_add_targets(
    const struct alert_route *r, const struct route_step *step, struct alert_target *out, size_t *n)
{
	struct alert_route by = *r;

	by.channels = step->channels;
	route_add_targets(&by, out, n);
	for (size_t i = 0; i < *n; i++) {
		out[i].min_severity = SEVERITY_INFO; /* whoever is called for is told, */
		out[i].route = NULL;                 /* at once */
	}
}

bool
escalation_concerns(const struct route_step *step, enum severity severity)
{
	enum severity least = SEVERITY_INFO;

	if (step->min_severity != NULL)
		(void)severity_parse(str_of(step->min_severity), &least);
	return severity >= least;
}

/* Its route and step; NULL: there is no such any more. */
static bool
find_step(const struct escalation_turn *w, const struct alert_route **route,
    const struct route_step **step, struct err *e)
{
	const struct alert_scope *s = w->scope;
	struct alert_routing      kept;
	struct alert_routes       routes;

	*step = NULL;
	if (!routing_read(s->t->db, s->mem, &kept, e))
		return false;
	if (!routes_read(s->mem, kept.routes, &routes, e))
		return err_take(e, ERR_INVALID);
	*route = routes_find(&routes, &w->row.route_id);
	if (*route != NULL && w->row.step < (int64_t)(*route)->escalate.n)
		*step = (const struct route_step *)(*route)->escalate.p + w->row.step;
	return true;
}

static bool
write_history(
    const struct escalation_turn *w, const struct alert_escalated *x, size_t told, struct err *e)
{
	char  wait[EVENT_WAIT_MAX];
	char *note;

	event_print_wait(x->waited_s, wait);
	note = talloc_asprintf(w->scope->mem,
	    "Nobody has acknowledged it for %s: step %lld of %lld of the route \"%s\" told %zu "
	    "channel%s.",
	    wait, (long long)x->step, (long long)x->steps, x->route, told, told == 1 ? "" : "s");
	return note != NULL ? alerting_event(w->scope, &w->alert, w->alert.status, note, e)
			    : err_memory(e);
}

/* What was last told of its findings; *out stays NULL where that is gone. */
static bool
read_news(const struct escalation_turn *w, struct alert_event **out, struct err *e)
{
	const struct alert_scope *s = w->scope;
	struct outbox             m;
	bool                      found;

	*out = NULL;
	if (!escalation_news(s->t->db, s->mem, &w->alert.id, &m, &found, e))
		return false;
	if (!found || m.template > EVENT_TEMPLATE)
		return true;
	*out = talloc_zero(s->mem, struct alert_event);
	return *out != NULL ? message_open(s->t, s->mem, &m, *out, e) : err_memory(e);
}

static bool
tell_step(struct escalation_turn *w, const struct alert_route *route, const struct route_step *step,
    struct err *e)
{
	struct alert_target          targets[ROUTE_CHANNELS_MAX];
	struct alert_scope           s = *w->scope;
	const struct alert_escalated x = {
		.route = route->name,
		.step = w->row.step + 1,
		.steps = (int64_t)route->escalate.n,
		.again = w->row.repeats,
		.waited_s = w->row.waited_s,
	};
	struct alert_news news = {
		.event = EVENT_UNACKNOWLEDGED,
		.alert = &w->alert,
		.escalation = &x,
	};
	struct alert_event *former;
	size_t              told = 0;

	if (!title_open(s.t, s.mem, &w->alert, e) || !read_news(w, &former, e))
		return false;
	s.targets = targets;
	escalation_add_targets(route, step, targets, &s.targets_n);
	news.former = former;
	w->alert.updated_at.ms = clock_ms(s.env->clock);
	return alerting_tell(&s, &news, &told, e) && alert_write(s.t->db, &w->alert, e) &&
	       write_history(w, &x, told, e);
}

/* The step again, or the next; what was missed of repetitions is left out, of steps nothing is. */
static void
advance(struct escalation_turn *w, const struct alert_route *route, const struct route_step *step,
    bool concerned)
{
	w->due_s = -1;
	if (concerned && w->row.repeats < step->repeats) {
		w->row.repeats++;
		w->due_s = step->repeat_s;
		return;
	}
	w->row.step++;
	w->row.repeats = 0;
	if (w->row.step < (int64_t)route->escalate.n) {
		int64_t left = step[1].after_s - w->row.waited_s;

		w->due_s = left > 0 ? left : 0;
	}
}

bool
escalation_go_on(struct escalation_turn *w, struct err *e)
{
	const struct alert_route *route = NULL;
	const struct route_step  *step;
	enum severity             severity = SEVERITY_INFO;
	bool                      concerned;

	w->due_s = -1;
	if (strcmp(w->alert.status, "open") != 0 || w->alert.suppressed_by != NULL)
		return true;
	if (!find_step(w, &route, &step, e))
		return false;
	if (step == NULL)
		return true;
	(void)severity_parse(str_of(w->alert.severity), &severity);
	concerned = escalation_concerns(step, severity);
	if (concerned && !tell_step(w, route, step, e))
		return false;
	advance(w, route, step, concerned);
	return escalation_set(w->scope->t->db, &w->row, e);
}
