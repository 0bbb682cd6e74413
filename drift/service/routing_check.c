/* routing_priv.h: what is refused of routes. */
#include <stdio.h>
#include <string.h>

#include "core/store/alert/channel.h"
#include "drift/service/routing_priv.h"

static void
list_ids(struct strings in, struct uuid *ids, size_t *n, size_t most)
{
	for (size_t i = 0; i < in.n && *n < most; i++)
		*n += uuid_parse(str_of(in.items[i]), &ids[*n]);
}

static void
list_of(const struct alert_route *r, struct uuid *ids, size_t *n, size_t most)
{
	const struct route_step *steps = r->escalate.p;

	list_ids(r->channels, ids, n, most);
	for (size_t i = 0; i < r->escalate.n; i++)
		list_ids(steps[i].channels, ids, n, most);
}

/* The channels that all of them name, each as often as it is. */
static bool
list_channels(const struct routing_deed *d, struct uuid **ids, size_t *n, struct err *e)
{
	const struct alert_route *r = d->now.list.p;
	const size_t              most = ROUTES_MAX * ROUTE_CHANNELS_MAX * (1 + ROUTE_STEPS_MAX);

	*n = 0;
	*ids = talloc_zero_size(d->a->by.mem, (most + 1) * sizeof(**ids));
	if (*ids == NULL)
		return err_memory(e);
	for (size_t i = 0; i < d->now.list.n; i++)
		list_of(&r[i], *ids, n, most);
	return *n <= ROUTES_CHANNELS_MAX ||
	       err_fault(e, d->a->by.mem, "/channels",
		   "makes them more than %d that all routes name together", ROUTES_CHANNELS_MAX);
}

bool
routing_check_size(const struct routing_deed *d, struct err *e)
{
	const struct alert_route *r = d->now.list.p;
	size_t                    hours = 0;

	for (size_t i = 0; i < d->now.list.n; i++)
		if (r[i].match != NULL)
			hours += r[i].match->hours.n + r[i].match->outside.n;
	if (hours > ROUTES_HOURS_MAX)
		return err_fault(e, d->a->by.mem, "/match",
		    "makes them more than %d hours that all routes name together",
		    ROUTES_HOURS_MAX);
	return strlen(d->kept.routes) <= ROUTES_BYTES_MAX ||
	       err_fault(e, d->a->by.mem, "/match", "makes the routes longer than %d bytes in all",
		   ROUTES_BYTES_MAX);
}

static bool
demand_values(const struct routing_deed *d, const struct channel *rows, size_t n, struct err *e)
{
	for (size_t i = 0; i < n; i++)
		if (rows[i].with_values && !view_demand(d->a->view,
					       "A route leads to a channel that is told values: "
					       "only who has the permission "
					       "read:snapshots changes routes then.",
					       e))
			return false;
	return true;
}

bool
routing_demand_trail(const struct acting *a, const struct alert_route *r, struct err *e)
{
	return a->view.trail || !route_tells_trail(r) ||
	       err_set(e, ERR_FORBIDDEN, 0,
		   "Alerts of kind security tell what is in the audit trail: only who has the "
		   "permission read:audit says where they go.",
		   "a route of security alerts without read:audit");
}

static bool
has_channel(const struct channel *rows, size_t n, const char *id)
{
	struct uuid u;

	for (size_t i = 0; uuid_parse(str_of(id), &u) && i < n; i++)
		if (uuid_eq(&rows[i].id, &u))
			return true;
	return false;
}

struct known_channels {
	const struct channel *rows;
	size_t                n;
};

static bool
check_known(const struct routing_deed *d, const struct known_channels *known, struct strings ids,
    const char *at, struct err *e)
{
	char pointer[64];

	for (size_t i = 0; i < ids.n; i++) {
		snprintf(pointer, sizeof(pointer), "%s/%zu", at, i);
		if (!has_channel(known->rows, known->n, ids.items[i]) &&
		    !err_fault(e, d->a->by.mem, pointer, "no such channel"))
			return false;
	}
	return true;
}

/* Of the one at hand: the others may name what is gone. */
static bool
check_channels(const struct routing_deed *d, const struct known_channels *known, struct err *e)
{
	const struct route_wish *in = d->in;
	const struct route_step *steps = in->says.escalate.p;
	char                     at[40];

	if (in->has_channels && !check_known(d, known, in->says.channels, "/channels", e))
		return false;
	for (size_t i = 0; in->has_escalate && i < in->says.escalate.n; i++) {
		snprintf(at, sizeof(at), "/escalate/%zu/channels", i);
		if (!check_known(d, known, steps[i].channels, at, e))
			return false;
	}
	return true;
}

static bool
check_configs(const struct routing_deed *d, struct err *e)
{
	const struct route_match *m = d->in->says.match;
	struct uuid               id;
	bool                      there;
	char                      pointer[40];

	for (size_t i = 0; d->in->has_match && m != NULL && i < m->configs.n; i++) {
		snprintf(pointer, sizeof(pointer), "/match/configs/%zu", i);
		if (!uuid_parse(str_of(m->configs.items[i]), &id))
			continue; /* route_check() says so */
		if (!config_exists(d->a->by.t, &id, &there, e))
			return false;
		if (!there)
			return err_fault(e, d->a->by.mem, pointer, "no such config");
	}
	return true;
}

bool
routing_check_list(struct routing_deed *d, const struct alert_route *changed, struct err *e)
{
	const struct acting  *a = d->a;
	struct uuid          *ids;
	struct channel       *rows;
	size_t                n, rows_n;
	struct known_channels known;

	if (!list_channels(d, &ids, &n, e) ||
	    !channel_hold_ids(
		a->by.t->db, a->by.mem, (struct id_list) { ids, n }, &rows, &rows_n, e) ||
	    !demand_values(d, rows, rows_n, e))
		return false;
	known = (struct known_channels) { rows, rows_n };
	return changed == NULL || (route_check(a->by.mem, changed, e) &&
				      check_channels(d, &known, e) && check_configs(d, e));
}
