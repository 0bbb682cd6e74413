#include "drift/alert/recipients.h"

#include <string.h>

#include "drift/alert/limits.h"
#include "drift/engine/control.h"

/* ---- what is known of it ---- */

static bool
find_categories(const struct recipients_in *in, struct route_facts *out, struct err *e)
{
	const struct alert_news *news = in->news;
	struct str              *all = talloc_size(in->scope->mem, (news->n + 1) * sizeof(all[0]));

	if (all == NULL)
		return err_memory(e);
	for (size_t i = 0; i < news->n; i++)
		all[i] = news->changes[news->order[i]].category;
	out->categories = all;
	out->categories_n = news->n;
	return true;
}

static bool
find_controls(const struct recipients_in *in, struct route_facts *out, struct err *e)
{
	const struct alert_news *news = in->news;
	const struct strings   **of = talloc_size(in->scope->mem, (news->n + 1) * sizeof(of[0]));
	size_t                   n = 0;

	if (of == NULL)
		return err_memory(e);
	for (size_t i = 0; i < news->n; i++)
		if (news->changes[news->order[i]].controls != NULL)
			of[n++] = news->changes[news->order[i]].controls;
	return controls_join(in->scope->mem, of, n, &out->controls, e);
}

/* As every channel is told of it: nobody is withheld there, and found here. */
bool
recipients_makers(TALLOC_CTX *mem, const char *kept, const struct attribution **out, struct err *e)
{
	struct attribution *makers = talloc_zero(mem, struct attribution);
	const char         *shown;

	*out = makers;
	if (makers == NULL)
		return err_memory(e);
	if (kept == NULL)
		return true;
	if (!attribution_view(mem, (struct view) { 0 }, kept, &shown, e))
		return false;
	attribution_read(mem, shown, makers);
	return true;
}

/* Which lists of findings some route asks for. */
struct asked {
	bool categories, controls;
};
static struct asked
asked_of(const struct alert_routes *routes)
{
	const struct alert_route *r = routes->list.p;
	struct asked              out = { 0 };

	for (size_t i = 0; i < routes->list.n; i++) {
		out.categories |= r[i].match != NULL && r[i].match->categories.n > 0;
		out.controls |= r[i].match != NULL && r[i].match->controls.n > 0;
		out.categories |= route_group_by(&r[i].group, GROUP_CATEGORY);
		out.controls |= route_group_by(&r[i].group, GROUP_CONTROL);
	}
	return out;
}

static bool
find_facts(const struct recipients_in *in, struct route_facts *out, struct err *e)
{
	const struct alert *alert = in->news->alert;
	const struct asked  asked = asked_of(in->routes);

	*out = (struct route_facts) {
		.kind = alert->kind,
		.config_id = alert->config_id,
		.at = in->now,
	};
	(void)severity_parse(str_of(alert->severity), &out->severity);
	if ((asked.categories && !find_categories(in, out, e)) ||
	    (asked.controls && !find_controls(in, out, e)))
		return false;
	route_facts_order(out);
	return recipients_makers(in->scope->mem, alert->attribution.text, &out->makers, e);
}

/* ---- who is told ---- */

static bool
is_among(const struct recipients *r, const struct uuid *channel)
{
	for (size_t i = 0; i < r->n; i++)
		if (uuid_eq(&r->items[i].channel_id, channel))
			return true;
	return false;
}

/* The alert was told by it already. */
static bool
has_lane_of(const struct recipients_in *in, const struct uuid *route)
{
	for (size_t i = 0; i < in->rows_n; i++)
		if (uuid_eq(&in->rows[i].lane.route_id, route))
			return true;
	return false;
}

static bool
take_routes(
    const struct recipients_in *in, struct recipients *to, struct alert_target *out, struct err *e)
{
	const struct alert_route **taken =
	    talloc_size(in->scope->mem, (in->routes->list.n + 1) * sizeof(taken[0]));
	size_t                   *n = &to->n;
	const struct alert_scope *s = in->scope;
	const struct alert_route *r = in->routes->list.p;
	struct route_facts        f;
	bool                      goes_on = true;

	if (taken == NULL)
		return err_memory(e);
	if (!find_facts(in, &f, e))
		return false;
	to->routes = taken;
	to->facts = f;
	for (size_t i = 0; goes_on && i < in->routes->list.n; i++) {
		f.any_time = has_lane_of(in, &r[i].id);
		if (route_misfit(s->mem, &r[i], &f) != NULL)
			continue;
		taken[to->routes_n++] = &r[i];
		route_add_targets(&r[i], out, n);
		goes_on = r[i].go_on;
	}
	for (size_t i = 0; goes_on && i < s->targets_n; i++)
		out[(*n)++] = s->targets[i];
	return true;
}

/* As its route says by now; one that is gone, or a config that names the channel no more, leaves it
 * what it hears of. */
static struct alert_target
target_of(const struct recipients_in *in, const struct alert_lane *lane)
{
	const struct alert_scope *s = in->scope;
	const struct alert_route *r = routes_find(in->routes, &lane->route_id);
	struct alert_target       t = { lane->channel_id, .repeat_min_s = REPEAT_MIN_S };

	for (size_t i = 0; r == NULL && i < s->targets_n; i++)
		if (uuid_eq(&s->targets[i].channel_id, &lane->channel_id))
			return s->targets[i];
	if (r != NULL)
		route_options(r, &t);
	t.route_id = lane->route_id;
	return t;
}

bool
recipients_find(const struct recipients_in *in, struct recipients *out, struct err *e)
{
	size_t               n = ROUTES_CHANNELS_MAX + in->scope->targets_n + in->rows_n;
	struct alert_target *items = talloc_size(in->scope->mem, (n + 1) * sizeof(items[0]));

	*out = (struct recipients) { .items = items };
	if (items == NULL)
		return err_memory(e);
	if (event_is(in->news->event, SORT_NEWS) && !take_routes(in, out, items, e))
		return false;
	for (size_t i = 0; i < in->rows_n; i++) {
		const struct alert_lane *lane = &in->rows[i].lane;

		if (!is_among(out, &lane->channel_id))
			items[out->n++] = target_of(in, lane);
	}
	return true;
}
