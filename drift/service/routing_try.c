#include "drift/service/routing_try.h"

#include <string.h>

#include "core/auth/settings.h"
#include "core/store/alert/channel.h"
#include "drift/alert/escalation.h"
#include "drift/alert/holding.h"
#include "drift/alert/recipients.h"
#include "drift/deliver/format.h"
#include "drift/service/alert.h"
#include "drift/service/routing.h"
#include "drift/watch/own_scope.h"
#include "drift/watch/watched.h"

struct trying {
	const struct acting *a;
	struct alert_routes  routes;
};

/* ---- what is known of it ---- */

static bool
take_categories(TALLOC_CTX *mem, struct strings in, struct route_facts *f, struct err *e)
{
	struct str *all = talloc_size(mem, (in.n + 1) * sizeof(all[0]));

	if (all == NULL)
		return err_memory(e);
	for (size_t i = 0; i < in.n; i++)
		all[i] = str_of(in.items[i]);
	f->categories = all;
	f->categories_n = in.n;
	return true;
}

static bool
imagined_makers(TALLOC_CTX *mem, const struct routing_case *c, struct route_facts *f, struct err *e)
{
	struct attribution *makers = talloc_zero(mem, struct attribution);
	size_t              n = c->actors.n;

	if (makers == NULL)
		return err_memory(e);
	makers->confidence = c->confidence == NULL                 ? CONFIDENCE_NONE
			     : strcmp(c->confidence, "exact") == 0 ? CONFIDENCE_EXACT
								   : CONFIDENCE_OBJECT;
	makers->actors = talloc_zero_size(mem, (n + 1) * sizeof(makers->actors[0]));
	if (makers->actors == NULL)
		return err_memory(e);
	for (; makers->n < n; makers->n++)
		makers->actors[makers->n].id = c->actors.items[makers->n];
	f->makers = makers;
	return true;
}

static bool
imagined_facts(TALLOC_CTX *mem, const struct routing_case *c, struct route_facts *f, struct err *e)
{
	f->controls = c->controls;
	return take_categories(mem, c->categories, f, e) && imagined_makers(mem, c, f, e);
}

static bool
known_facts(const struct trying *w, const struct alert *alert, struct route_facts *f, struct err *e)
{
	TALLOC_CTX              *mem = w->a->by.mem;
	struct db               *db = w->a->by.t->db;
	struct routing_category *rows;
	struct strings           names = { 0 };
	size_t                   n;

	if (!routing_categories(db, mem, &alert->id, &rows, &n, e))
		return false;
	names.items = talloc_size(mem, (n + 1) * sizeof(names.items[0]));
	if (names.items == NULL)
		return err_memory(e);
	for (; names.n < n; names.n++)
		names.items[names.n] = rows[names.n].category;
	return take_categories(mem, names, f, e) &&
	       alert_control_list(db, mem, &alert->id, &f->controls, e) &&
	       recipients_makers(mem, alert->attribution.text, &f->makers, e);
}

/* ---- where it goes ---- */

static bool
ask_routes(const struct trying *w, struct route_facts *f, struct routing_trial *out,
    struct alert_target *to, size_t *to_n, struct err *e)
{
	TALLOC_CTX               *mem = w->a->by.mem;
	const struct alert_route *r = w->routes.list.p;
	struct routing_step      *steps =
	    talloc_zero_size(mem, (w->routes.list.n + 1) * sizeof(steps[0]));

	if (steps == NULL)
		return err_memory(e);
	out->routes.p = steps;
	out->unrouted = true;
	for (size_t i = 0; out->unrouted && i < w->routes.list.n; i++) {
		const char *misfit = route_misfit(mem, &r[i], f);
		bool        fits = misfit == NULL;

		steps[out->routes.n++] =
		    (struct routing_step) { r[i].id, r[i].name, fits, fits && !r[i].go_on, misfit };
		if (!fits)
			continue;
		route_add_targets(&r[i], to, to_n);
		out->unrouted = r[i].go_on;
	}
	return true;
}

/* Of the tenant itself: those of its setting. */
static bool
add_tenants(const struct trying *w, struct alert_target *to, size_t *n, struct err *e)
{
	struct alert_scope own;

	if (!own_scope(w->a->by.auth, w->a->by.t, w->a->by.mem, &own, e))
		return false;
	for (size_t i = 0; i < own.targets_n; i++)
		to[(*n)++] = own.targets[i];
	return true;
}

/* Those that the config names; of one that is gone, nobody. */
static bool
add_own(const struct trying *w, const struct uuid *config, struct alert_target *to, size_t *n,
    struct err *e)
{
	const struct acting     *a = w->a;
	const struct drift_spec *spec;
	struct drift_config      c;

	if (!config_by_id(a->by.t, a->by.mem, config, &c, e))
		return err_take(e, ERR_MISSING);
	spec = acting_spec(a, &c, e);
	if (spec == NULL)
		return false;
	for (size_t i = 0; i < spec->targets_n; i++)
		to[(*n)++] = spec->targets[i];
	return true;
}

static const char *
why_not(const struct channel *c, const struct alert_target *t, enum severity severity)
{
	if (c == NULL)
		return "The channel is no more.";
	if (strcmp(channel_state(c), CHANNEL_DISABLED) == 0)
		return "The channel is disabled.";
	return severity < t->min_severity ? "The config tells it only of worse." : NULL;
}

/* What it waits for, there. */
static void
show_pace(const struct channel *c, const struct alert_target *t, const struct route_facts *f,
    struct routing_hit *out)
{
	const enum severity severity = f->severity;

	out->rate = format_rate(formats, c);
	if (t->route == NULL)
		return;
	if (t->route->quiet != NULL && severity < route_quiet_but_from(t->route->quiet))
		out->quiet_until.ms = route_quiet_end_ms(t->route->quiet, f->at);
	if (!hold_tells_many(c->kind))
		return;
	out->group_by = t->route->group.by;
	if (out->group_by.n > 0 && severity < SEVERITY_CRITICAL)
		out->wait_s = route_group_wait_s(&t->route->group);
}

static bool
is_among(const struct items *hits, const struct uuid *channel)
{
	const struct routing_hit *h = hits->p;

	for (size_t i = 0; i < hits->n; i++)
		if (uuid_eq(&h[i].channel_id, channel))
			return true;
	return false;
}

static bool
find_channels(const struct acting *a, const struct alert_target *to, size_t n,
    struct channel **rows, size_t *rows_n, struct err *e)
{
	struct uuid *ids = talloc_zero_size(a->by.mem, (n + 1) * sizeof(ids[0]));

	if (ids == NULL)
		return err_memory(e);
	for (size_t i = 0; i < n; i++)
		ids[i] = to[i].channel_id;
	return channel_by_ids(a->by.t->db, a->by.mem, (struct id_list) { ids, n }, rows, rows_n, e);
}

static bool
show_channels(const struct acting *a, const struct alert_target *to, size_t n,
    const struct route_facts *f, struct items *out, struct err *e)
{
	struct routing_hit *hits = talloc_zero_size(a->by.mem, (n + 1) * sizeof(hits[0]));
	struct channel     *rows;
	size_t              rows_n;

	if (hits == NULL)
		return err_memory(e);
	if (!find_channels(a, to, n, &rows, &rows_n, e))
		return false;
	out->p = hits;
	for (size_t i = 0; i < n; i++) {
		const struct channel *c = NULL;

		if (is_among(out, &to[i].channel_id))
			continue;
		for (size_t k = 0; c == NULL && k < rows_n; k++)
			c = uuid_eq(&rows[k].id, &to[i].channel_id) ? &rows[k] : NULL;
		hits[out->n] = (struct routing_hit) { to[i].channel_id, to[i].route_id,
			c == NULL ? NULL : c->name, c == NULL ? NULL : channel_state(c), false,
			why_not(c, &to[i], f->severity), { 0 }, 0, { 0 }, { 0 } };
		if (c != NULL)
			show_pace(c, &to[i], f, &hits[out->n]);
		hits[out->n].told = hits[out->n].why == NULL;
		out->n++;
	}
	return true;
}

/* ---- where it goes on to ---- */

static void
withhold_step(struct items *hits)
{
	struct routing_hit *h = hits->p;

	for (size_t i = 0; i < hits->n; i++) {
		h[i].told = false;
		h[i].why = "The step is for worse alerts.";
	}
}

static bool
add_steps(const struct trying *w, const struct alert_route *r, const struct route_facts *f,
    struct items *out, struct err *e)
{
	const struct route_step *steps = r->escalate.p;
	struct routing_later    *later = out->p;

	for (size_t i = 0; i < r->escalate.n; i++) {
		struct routing_later *to = &later[out->n++];
		struct alert_target   targets[ROUTE_CHANNELS_MAX];
		size_t                n = 0;

		*to = (struct routing_later) {
			.route_id = r->id,
			.after_s = steps[i].after_s,
			.repeat_s = steps[i].repeat_s,
			.repeats = steps[i].repeats,
		};
		escalation_add_targets(r, &steps[i], targets, &n);
		if (!show_channels(w->a, targets, n, f, &to->channels, e))
			return false;
		if (!escalation_concerns(&steps[i], f->severity))
			withhold_step(&to->channels);
	}
	return true;
}

/* Of each route that it takes. */
static bool
show_later(
    const struct trying *w, const struct route_facts *f, struct routing_trial *t, struct err *e)
{
	const struct routing_step *taken = t->routes.p;

	t->later.p = talloc_zero_size(
	    w->a->by.mem, (t->routes.n * ROUTE_STEPS_MAX + 1) * sizeof(struct routing_later));
	if (t->later.p == NULL)
		return err_memory(e);
	for (size_t i = 0; i < t->routes.n; i++)
		if (taken[i].fits &&
		    !add_steps(w, routes_find(&w->routes, &taken[i].route_id), f, &t->later, e))
			return false;
	return true;
}

/* ---- one case ---- */

static bool
is_tenants(const struct routing_case *c)
{
	return uuid_is_nil(&c->config_id) &&
	       (strcmp(c->kind, KIND_SECURITY) == 0 || strcmp(c->kind, KIND_SYSTEM) == 0);
}

static bool
try_case(const struct trying *w, const struct routing_case *c, const struct alert *alert,
    struct routing_trial *out, struct err *e)
{
	struct alert_target to[ROUTES_CHANNELS_MAX + SPEC_TARGETS_MAX + SETTINGS_NOTIFIED_MAX];
	struct route_facts  f = { .kind = c->kind, .config_id = c->config_id, .at = c->at };
	size_t              n = 0;

	*out = (struct routing_trial) { .alert = *c };
	(void)severity_parse(str_of(c->severity), &f.severity);
	if (!(alert != NULL ? known_facts(w, alert, &f, e)
			    : imagined_facts(w->a->by.mem, c, &f, e)))
		return false;
	route_facts_order(&f);
	return ask_routes(w, &f, out, to, &n, e) &&
	       (!out->unrouted || (is_tenants(c) ? add_tenants(w, to, &n, e)
						 : add_own(w, &c->config_id, to, &n, e))) &&
	       show_channels(w->a, to, n, &f, &out->channels, e) && show_later(w, &f, out, e);
}

static bool
may_see(const struct acting *a, struct err *e)
{
	const struct permissions *p = &a->by.caller->permissions;

	return (permission_has(p, ACTION_READ, RESOURCE_ALERTS) &&
		   permission_has(p, ACTION_READ, RESOURCE_DRIFT)) ||
	       err_set(e, ERR_FORBIDDEN, 0,
		   "Only who has the permissions read:alerts and read:drift asks where alerts of "
		   "the past "
		   "would go.",
		   "alerts without read:alerts and read:drift");
}

static bool
read_alerts(const struct acting *a, const struct routing_question *q, struct page *p, struct err *e)
{
	const struct alert_filter every = { .unseen = alert_unseen(a) };
	struct alert             *one;

	p->want = (size_t)q->last;
	if (uuid_is_nil(&q->alert_id))
		return alert_list(a->by.t, a->by.mem, &every, p, e);
	one = talloc_zero(a->by.mem, struct alert);
	p->rows = one;
	p->n = 1;
	return one == NULL ? err_memory(e) : alert_find(a, &q->alert_id, one, e);
}

bool
routing_try(const struct acting *a, const struct routing_question *q, struct routing_trial **out,
    size_t *n, struct err *e)
{
	struct trying        w = { .a = a };
	struct alert_routing kept;
	struct page          p = { 0 };
	const struct alert  *rows;

	if (q->imagined == NULL && (!may_see(a, e) || !read_alerts(a, q, &p, e)))
		return false;
	rows = p.rows;
	*n = q->imagined != NULL ? 1 : p.n;
	*out = talloc_zero_size(a->by.mem, (*n + 1) * sizeof(**out));
	if (*out == NULL)
		return err_memory(e);
	if (!routing_list(a, &kept, &w.routes, e))
		return false;
	if (q->imagined != NULL)
		return try_case(&w, q->imagined, NULL, *out, e);
	for (size_t i = 0; i < *n; i++) {
		const struct routing_case c = {
			.alert_id = rows[i].id,
			.title = rows[i].title,
			.severity = rows[i].severity,
			.kind = rows[i].kind,
			.config_id = rows[i].config_id,
			.at = rows[i].opened_at,
		};

		if (!try_case(&w, &c, &rows[i], &(*out)[i], e))
			return false;
	}
	return true;
}
