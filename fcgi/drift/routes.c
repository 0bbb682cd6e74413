/* routes.h: which alerts go where. */
#include "fcgi/routes.h"
#include "drift/service/routing.h"
#include "drift/service/routing_try.h"
#include "fcgi/drift/drift.h"

#define HEARD_DOC                                                                                  \
	"Whoever was told of an alert hears how it goes on and ends, whatever it fits by then."

/* ---- as it is answered ---- */

struct alert_route_out {
	struct uuid         id;
	int64_t             position;
	const char         *name;
	struct route_match *match;
	struct strings      channels;
	bool                go_on, tell_ends, tell_makers;
	const char         *tell_work;
	int64_t             repeat_min_s;
	struct items        escalate;
	struct route_group  group;
	struct route_quiet *quiet;
	const char         *warning;
	instant             created_at, updated_at;
};
static const struct field alert_route_out_fields[] = {
	FIELD(struct alert_route_out, id, .doc = "Number of the route."),
	FIELD(struct alert_route_out, position, .doc = "Where it stands, from 0."),
	FIELD(struct alert_route_out, name, .doc = "Name."),
	FIELD(struct alert_route_out, match, .item = &route_match_schema, .flags = FIELD_NULLABLE,
	    .doc = "What fits: all that is named; null: every alert."),
	FIELD(struct alert_route_out, channels, .doc = "Channels that are told, by id."),
	FIELD_AS(struct alert_route_out, go_on, "continue",
	    .doc =
		"What fits goes on to the routes behind it, and at last to the channels that its "
		"config names."),
	FIELD(struct alert_route_out, tell_ends,
	    .doc = "They hear of the end of single findings too."),
	FIELD(struct alert_route_out, tell_makers,
	    .doc = "They hear it when it becomes known who made changes."),
	FIELD(struct alert_route_out, tell_work, .choices = work_choices, .flags = FIELD_OMIT_ZERO,
	    .doc = "Whether they hear of the work on it; absent: as their kinds do."),
	FIELD(struct alert_route_out, repeat_min_s, .flags = FIELD_OMIT_ZERO,
	    .doc = "Least time between events in which only a number has changed; absent: 300."),
	FIELD(struct alert_route_out, escalate, .item = &route_step_schema,
	    .flags = FIELD_OMIT_ZERO,
	    .doc = "Who is told next of an alert that nobody acknowledges."),
	ROUTE_GROUP_FIELDS(struct alert_route_out, group, FIELD_OMIT_ZERO),
	FIELD(struct alert_route_out, quiet, .item = &route_quiet_schema, .flags = FIELD_OMIT_ZERO,
	    .doc = "Its quiet hours."),
	FIELD(struct alert_route_out, warning, .flags = FIELD_OMIT_ZERO,
	    .doc = "What is odd about it: no alert fits, or a route before it takes all that do."),
	FIELD(struct alert_route_out, created_at, .doc = "When it was made."),
	FIELD(struct alert_route_out, updated_at, .doc = "When it was last changed."),
	FIELD_END,
};
static const struct schema alert_route_out_schema =
    SCHEMA("AlertRoute", struct alert_route_out, alert_route_out_fields);

static bool
show_seen(const struct route_seen *s, struct alert_route_out *out)
{
	const struct alert_route *r = &s->row;

	*out = (struct alert_route_out) {
		.id = r->id,
		.position = s->position,
		.name = r->name,
		.match = r->match,
		.channels = r->channels,
		.go_on = r->go_on,
		.tell_ends = r->tell_ends,
		.tell_makers = r->tell_makers,
		.tell_work = r->tell_work,
		.repeat_min_s = r->repeat_min_s,
		.escalate = r->escalate,
		.group = r->group,
		.quiet = r->quiet,
		.warning = s->doubt,
		.created_at = r->created_at,
		.updated_at = r->updated_at,
	};
	return true;
}

static bool
route_show(struct request *r, const struct list_page *p, const void *row, void *out, struct err *e)
{
	(void)r, (void)p, (void)e;
	return show_seen(row, out);
}

static bool
fetch_routes(struct request *r, struct list_page *p, struct err *e)
{
	const struct acting *a = acting_of(r, e);

	return a != NULL && routing_page(a, &p->page, e);
}
static const struct list_ops route_list_ops = {
	fetch_routes,
	LIST_OF(struct route_seen, row.id),
	route_show,
};

/* ---- as it is given ---- */

struct alert_route_in {
	const char         *name;
	struct route_match *match;
	struct strings      channels;
	bool                go_on, tell_ends, tell_makers;
	const char         *tell_work;
	int64_t             repeat_min_s;
	struct items        escalate;
	struct route_group  group;
	struct route_quiet *quiet;
	struct uuid         before;
	uint64_t            given;
};
#define ROUTE_MEMBERS(required)                                                                    \
	FIELD(struct alert_route_in, name, .min = 1, .max = 200, .flags = (required) | FIELD_SEEN, \
	    .doc = "Name."),                                                                       \
	    FIELD(struct alert_route_in, match, .item = &route_match_schema,                       \
		.flags = FIELD_NULLABLE,                                                           \
		.doc =                                                                             \
		    "What fits: all that is named, of a list one; null: every alert. " HEARD_DOC), \
	    FIELD(struct alert_route_in, channels, .max = ROUTE_CHANNELS_MAX, .flags = (required), \
		.doc =                                                                             \
		    "Channels that are told, by id; none: nobody is. All routes together name at " \
		    "most 100, and one that is told values only by those with read:snapshots."),   \
	    FIELD_AS(struct alert_route_in, go_on, "continue",                                     \
		.doc =                                                                             \
		    "What fits goes on to the routes behind it, and at last to the channels that " \
		    "its config names; false when absent: it ends here."),                         \
	    FIELD(struct alert_route_in, tell_ends,                                                \
		.doc = "They hear of the end of single findings too; false when absent."),         \
	    FIELD(struct alert_route_in, tell_makers,                                              \
		.doc = "They hear it when it becomes known who made changes; false when absent."), \
	    FIELD(struct alert_route_in, tell_work, .choices = work_choices,                       \
		.flags = FIELD_NULLABLE, .doc = WORK_DOC),                                         \
	    FIELD(struct alert_route_in, repeat_min_s, .min = 1, .max = 86400,                     \
		.doc = "Least time between events in which only a number has changed; 300 when "   \
		       "absent."),                                                                 \
	    FIELD(struct alert_route_in, escalate, .item = &route_step_schema,                     \
		.max = ROUTE_STEPS_MAX,                                                            \
		.doc =                                                                             \
		    "Who is told next of an alert that nobody acknowledges, step by step; "        \
		    "whoever takes it on stops it. They get drift.alert.unacknowledged, who has "  \
		    "not heard of the alert drift.alert.opened, both with data.escalation. "       \
		    "Their channels count among those that all "                                   \
		    "routes name."),                                                               \
	    ROUTE_GROUP_FIELDS(struct alert_route_in, group, 0),                                   \
	    FIELD(struct alert_route_in, quiet, .item = &route_quiet_schema,                       \
		.flags = FIELD_NULLABLE,                                                           \
		.doc = "Quiet hours: what comes in them is held, and told at their end in one "    \
		       "message (drift.alerts.summary, reason quiet); by channels that are told "  \
		       "each alert, one by one. Escalations wait for nobody. What is held stays "  \
		       "held until then, whatever becomes of the route."),                         \
	    FIELD(struct alert_route_in, before, .flags = FIELD_NULLABLE,                          \
		.doc = "It goes in front of this route; when absent a new one goes behind all.")
static const struct field  route_new_fields[] = { ROUTE_MEMBERS(FIELD_REQUIRED), FIELD_END };
static const struct schema route_new_schema =
    SCHEMA_GIVEN("AlertRouteNew", struct alert_route_in, route_new_fields, given);
static const struct field  route_update_fields[] = { ROUTE_MEMBERS(0), FIELD_END };
static const struct schema route_update_schema =
    SCHEMA_GIVEN("AlertRouteUpdate", struct alert_route_in, route_update_fields, given);

static struct route_wish
wish_of(const struct alert_route_in *in, const struct schema *s)
{
#define GIVEN(member) ((in->given & schema_bit(s, member)) != 0)
	return (struct route_wish) {
		.says = {
			.name = in->name,
			.match = in->match,
			.channels = in->channels,
			.go_on = in->go_on,
			.tell_ends = in->tell_ends,
			.tell_makers = in->tell_makers,
			.tell_work = in->tell_work,
			.repeat_min_s = in->repeat_min_s,
			.escalate = in->escalate,
			.group = in->group,
			.quiet = in->quiet,
		},
		.before = in->before,
		.has_name = GIVEN("name"),
		.has_match = GIVEN("match"),
		.has_channels = GIVEN("channels"),
		.has_continue = GIVEN("continue"),
		.has_ends = GIVEN("tell_ends"),
		.has_makers = GIVEN("tell_makers"),
		.has_work = GIVEN("tell_work"),
		.has_repeat = GIVEN("repeat_min_s"),
		.has_escalate = GIVEN("escalate"),
		.has_group_by = GIVEN("group_by"),
		.has_wait = GIVEN("group_wait_s"),
		.has_interval = GIVEN("group_interval_s"),
		.has_repeat_interval = GIVEN("repeat_interval_s"),
		.has_quiet = GIVEN("quiet"),
	};
#undef GIVEN
}

static bool
make_route(struct request *r, const void *body, void *answer, struct err *e)
{
	const struct route_wish wish = wish_of(body, &route_new_schema);
	const struct acting    *a = acting_of(r, e);
	struct route_seen       made;

	return a != NULL && routing_make(a, &wish, &made, e) && show_seen(&made, answer);
}

static bool
change_route(struct request *r, const void *body, void *answer, struct err *e)
{
	const struct route_wish wish = wish_of(body, &route_update_schema);
	const struct acting    *a = acting_of(r, e);
	struct route_seen       made;

	return a != NULL && routing_alter(a, &r->id0, &wish, &made, e) && show_seen(&made, answer);
}

static bool
drop_route(struct request *r, const void *body, void *answer, struct err *e)
{
	const struct acting *a = acting_of(r, e);

	(void)body, (void)answer;
	return a != NULL && routing_erase(a, &r->id0, e);
}

struct route_order {
	struct strings ids;
};
static const struct field route_order_fields[] = {
	FIELD(struct route_order, ids, .max = ROUTES_MAX, .flags = FIELD_REQUIRED,
	    .doc = "All routes, each once, as they are to stand."),
	FIELD_END,
};
static const struct schema route_order_schema =
    SCHEMA("AlertRouteOrder", struct route_order, route_order_fields);

static bool
order_routes(struct request *r, const void *body, void *answer, struct err *e)
{
	const struct route_order *in = body;
	const struct acting      *a = acting_of(r, e);
	struct uuid              *ids = NULL;

	(void)answer;
	return a != NULL && (in->ids.n == 0 || bulk_ids(r, &in->ids, false, &ids, e)) &&
	       routing_order(a, ids, in->ids.n, e);
}

/* ---- a dry run ---- */

static const char *const  confidences[] = { "object", "exact", NULL };
static const struct field imagined_fields[] = {
	FIELD(struct routing_case, severity, .choices = drift_severities, .flags = FIELD_REQUIRED,
	    .doc = "Its severity."),
	FIELD(struct routing_case, kind, .choices = alert_kinds, .doc = "drift when absent."),
	FIELD(struct routing_case, config_id, .flags = FIELD_NULLABLE, .doc = "Its config."),
	FIELD(struct routing_case, categories, .max = ROUTE_MATCH_MAX, .doc = "Of its findings."),
	FIELD(struct routing_case, controls, .max = ROUTE_MATCH_MAX,
	    .doc = "That rules of its findings name."),
	FIELD(struct routing_case, actors, .max = ROUTE_MATCH_MAX, .doc = "Ids of who made it."),
	FIELD(struct routing_case, confidence, .choices = confidences,
	    .doc = "How surely they are known; object when absent."),
	FIELD(struct routing_case, at, .flags = FIELD_NULLABLE, .doc = "When; now when absent."),
	FIELD_END,
};
static const struct schema imagined_schema =
    SCHEMA("AlertRouteImagined", struct routing_case, imagined_fields);

struct route_try {
	struct uuid          alert_id;
	int64_t              last;
	struct routing_case *alert;
};
static const struct field route_try_fields[] = {
	FIELD(
	    struct route_try, alert_id, .flags = FIELD_NULLABLE, .doc = "An alert that there is."),
	FIELD(struct route_try, last, .min = 1, .max = ROUTING_TRY_MAX,
	    .doc = "So many alerts, the newest first."),
	FIELD(struct route_try, alert, .item = &imagined_schema, .doc = "One that is imagined."),
	FIELD_END,
};
static const struct schema route_try_schema =
    SCHEMA("AlertRouteTry", struct route_try, route_try_fields);

static const struct field step_fields[] = {
	FIELD(struct routing_step, route_id, .doc = "The route."),
	FIELD(struct routing_step, name, .doc = "Its name."),
	FIELD(struct routing_step, fits, .doc = "The alert fits."),
	FIELD(struct routing_step, stops, .doc = "And goes no further."),
	FIELD(struct routing_step, misfit, .flags = FIELD_OMIT_ZERO,
	    .doc = "The first member of match that it does not fit."),
	FIELD_END,
};
static const struct schema step_schema = SCHEMA("AlertRouteStep", struct routing_step, step_fields);
static const struct field  hit_fields[] = {
	 FIELD(struct routing_hit, channel_id, .doc = "The channel."),
	 FIELD(struct routing_hit, route_id, .flags = FIELD_NULLABLE,
	     .doc = "That leads there; null: the alert's config names it."),
	 FIELD(struct routing_hit, name, .flags = FIELD_NULLABLE,
	     .doc = "Its name; null: it is no more."),
	 FIELD(struct routing_hit, status, .flags = FIELD_NULLABLE, .doc = "As of the channel."),
	 FIELD(struct routing_hit, told, .doc = "It would be told, where it is paused later."),
	 FIELD(struct routing_hit, why, .flags = FIELD_OMIT_ZERO, .doc = "Why it would not."),
	 FIELD(struct routing_hit, group_by, .flags = FIELD_OMIT_ZERO,
	     .doc = "It is told in one message with others that have that in common."),
	 FIELD(struct routing_hit, wait_s, .flags = FIELD_OMIT_ZERO,
	     .doc =
		 "So many seconds it waits for others; longer where the group was told just now."),
	 FIELD_AS(struct routing_hit, rate.per_minute, "rate_per_minute", .flags = FIELD_OMIT_ZERO,
	     .doc = "So many messages a minute the channel is told at most; absent: any number."),
	 FIELD_AS(struct routing_hit, rate.burst, "rate_burst", .flags = FIELD_OMIT_ZERO,
	     .doc = "So many at once."),
	 FIELD(struct routing_hit, quiet_until, .flags = FIELD_OMIT_ZERO,
	     .doc = "It would be held until then."),
	 FIELD_END,
};
static const struct schema hit_schema = SCHEMA("AlertRouteHit", struct routing_hit, hit_fields);

static const struct field later_fields[] = {
	FIELD(struct routing_later, route_id, .doc = "The route."),
	FIELD(struct routing_later, after_s, .doc = "So many seconds after it has opened."),
	FIELD(struct routing_later, repeat_s, .flags = FIELD_OMIT_ZERO, .doc = "And again."),
	FIELD(struct routing_later, repeats, .flags = FIELD_OMIT_ZERO, .doc = "So often at most."),
	FIELD(struct routing_later, channels, .item = &hit_schema, .doc = "Who is told then."),
	FIELD_END,
};
static const struct schema later_schema =
    SCHEMA("AlertRouteLater", struct routing_later, later_fields);

struct trial_out {
	struct uuid  alert_id, config_id;
	const char  *title, *severity, *kind;
	instant      at;
	struct items routes, channels, later;
	bool         unrouted;
};
static const struct field trial_fields[] = {
	FIELD(struct trial_out, alert_id, .flags = FIELD_NULLABLE, .doc = "null: it is imagined."),
	FIELD(struct trial_out, config_id, .flags = FIELD_NULLABLE, .doc = "Its config."),
	FIELD(
	    struct trial_out, title, .flags = FIELD_NULLABLE, .doc = "Its title, without values."),
	FIELD(struct trial_out, severity, .doc = "Its severity."),
	FIELD(struct trial_out, kind, .doc = "Its kind."),
	FIELD(struct trial_out, at, .doc = "When it opened: what hours are held against."),
	FIELD(struct trial_out, routes, .item = &step_schema,
	    .doc = "The routes that it is held against, in their order, until one ends it."),
	FIELD(struct trial_out, channels, .item = &hit_schema, .doc = "Where it would go."),
	FIELD_AS(struct trial_out, later, "escalate", .item = &later_schema,
	    .flags = FIELD_OMIT_ZERO,
	    .doc = "Where it would go on to as long as nobody acknowledges it."),
	FIELD(struct trial_out, unrouted,
	    .doc = "It comes to the channels that its config names, as if there were no routes."),
	FIELD_END,
};
static const struct schema trial_schema = SCHEMA("AlertRouteTrial", struct trial_out, trial_fields);

struct try_out {
	struct items items;
};
static const struct field try_out_fields[] = {
	FIELD(struct try_out, items, .item = &trial_schema,
	    .doc = "Each alert, and where it would go."),
	FIELD_END,
};
static const struct schema try_out_schema =
    SCHEMA("AlertRouteTrials", struct try_out, try_out_fields);

static bool
check_question(struct request *r, const struct route_try *in, struct err *e)
{
	int named = !uuid_is_nil(&in->alert_id) + (in->last > 0) + (in->alert != NULL);

	return named == 1 || err_fault(e, r->mem, "", "must have one of alert_id, last and alert");
}

static bool
show_trials(
    struct request *r, const struct routing_trial *t, size_t n, struct try_out *out, struct err *e)
{
	struct trial_out *shown = talloc_zero_size(r->mem, (n + 1) * sizeof(shown[0]));

	if (shown == NULL)
		return err_memory(e);
	for (size_t i = 0; i < n; i++)
		shown[i] = (struct trial_out) {
			.alert_id = t[i].alert.alert_id,
			.config_id = t[i].alert.config_id,
			.title = t[i].alert.title,
			.severity = t[i].alert.severity,
			.kind = t[i].alert.kind,
			.at = t[i].alert.at,
			.routes = t[i].routes,
			.channels = t[i].channels,
			.later = t[i].later,
			.unrouted = t[i].unrouted,
		};
	out->items = (struct items) { shown, n };
	return true;
}

static bool
try_routes(struct request *r, const void *body, void *answer, struct err *e)
{
	const struct route_try *in = body;
	struct routing_question q = { in->alert_id, in->last, in->alert };
	const struct acting    *a = acting_of(r, e);
	struct routing_case     c;
	struct routing_trial   *trials;
	size_t                  n;

	if (a == NULL || !check_question(r, in, e))
		return false;
	if (in->alert != NULL) {
		c = *in->alert;
		c.kind = c.kind == NULL ? "drift" : c.kind;
		c.at = c.at.ms == 0 ? acting_now(a) : c.at;
		q.imagined = &c;
	}
	return routing_try(a, &q, &trials, &n, e) && show_trials(r, trials, n, answer, e);
}

const struct route alert_route_routes[] = {
	ROUTE_LIST("/api/drift/routes", list_query, ALLOW(READ, CHANNELS), &route_list_ops,
	    OUT_LIST(alert_route_out),
	    "Lists routes in their order. An alert takes the first that it fits; behind the last "
	    "are the "
	    "channels that its config names."),
	ROUTE(POST, "/api/drift/routes", ALLOW_FRESH(MANAGE, CHANNELS), RATE_WRITE, 201, make_route,
	    IN(route_new), OUT(alert_route_out),
	    "Makes a route. Whoever makes, changes, orders or drops one needs update:drift too, "
	    "and read:snapshots where one "
	    "of them leads to a channel that is told values."),
	ROUTE(PUT, "/api/drift/routes/order", ALLOW_FRESH(MANAGE, CHANNELS), RATE_WRITE, 204,
	    order_routes, IN(route_order), OUT_NONE, "Puts all routes in order."),
	ROUTE(POST, "/api/drift/routes/try", ALLOW(MANAGE, CHANNELS), RATE_WRITE, 200, try_routes,
	    IN(route_try), OUT(try_out),
	    "Says where an alert would go, and why: one, the newest, or one that is imagined; of "
	    "those "
	    "that there are by read:alerts and read:drift too."),
	ROUTE(PUT, "/api/drift/routes/{id}", ALLOW_FRESH(MANAGE, CHANNELS), RATE_WRITE, 200,
	    change_route, IN(route_update), OUT(alert_route_out), "Changes the members it names."),
	ROUTE(DELETE_, "/api/drift/routes/{id}", ALLOW_FRESH(MANAGE, CHANNELS), RATE_WRITE, 204,
	    drop_route, IN_NONE, OUT_NONE, "Drops a route."),
	ROUTE_END,
};
