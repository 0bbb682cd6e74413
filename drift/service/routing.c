#include "drift/service/routing.h"

#include <stdio.h>
#include <string.h>

#include "core/auth/audit_details.h"
#include "drift/service/routing_priv.h"

bool
routing_list(
    const struct acting *a, struct alert_routing *kept, struct alert_routes *out, struct err *e)
{
	if (!routing_read(a->by.t->db, a->by.mem, kept, e))
		return false;
	if (routes_read(a->by.mem, kept->routes, out, e))
		return true;
	return err_take(e, ERR_INVALID) &&
	       err_set(e, ERR_INTERNAL, 0, "internal error", "stored routes do not decode");
}

/* ---- listing ---- */

static bool
see(const struct acting *a, const struct alert_routes *routes, size_t at, struct route_seen *out,
    struct err *e)
{
	*out = (struct route_seen) { ((const struct alert_route *)routes->list.p)[at], (int64_t)at,
		NULL };
	return route_doubt(a->by.mem, routes, at, &out->doubt, e);
}

/* Behind that of an id; one that is gone meanwhile ends the list. */
static size_t
begin_of(const struct alert_routes *routes, const struct uuid *after)
{
	const struct alert_route *r = routes->list.p, *at = routes_find(routes, after);

	if (uuid_is_nil(after))
		return 0;
	return at == NULL ? routes->list.n : (size_t)(at - r) + 1;
}

bool
routing_page(const struct acting *a, struct page *p, struct err *e)
{
	struct alert_routing kept;
	struct alert_routes  routes;
	struct route_seen   *rows;
	size_t               from;

	if (!routing_list(a, &kept, &routes, e))
		return false;
	rows = talloc_zero_size(a->by.mem, (routes.list.n + 1) * sizeof(rows[0]));
	if (rows == NULL)
		return err_memory(e);
	p->rows = rows;
	for (from = begin_of(&routes, &p->after); from < routes.list.n && p->n < p->want; from++)
		if (!see(a, &routes, from, &rows[p->n++], e))
			return false;
	return true;
}

static bool
has_word(struct strings words, const char *word)
{
	for (size_t i = 0; i < words.n; i++)
		if (strcmp(words.items[i], word) == 0)
			return true;
	return false;
}

/* At once, or by one of its steps. */
static bool
leads_to(const struct alert_route *r, const char *channel)
{
	const struct route_step *steps = r->escalate.p;

	for (size_t i = 0; i < r->escalate.n; i++)
		if (has_word(steps[i].channels, channel))
			return true;
	return has_word(r->channels, channel);
}

bool
routing_tells_trail(const struct acting *a, const struct uuid *channel, bool *yes, struct err *e)
{
	struct alert_routing      kept;
	struct alert_routes       routes;
	const struct alert_route *r;
	char                      id[UUID_TEXT_MAX];

	uuid_print(channel, id);
	*yes = false;
	if (!routing_list(a, &kept, &routes, e))
		return false;
	r = routes.list.p;
	for (size_t i = 0; i < routes.list.n; i++)
		*yes = *yes || (route_tells_trail(&r[i]) && leads_to(&r[i], id));
	return true;
}

bool
routing_names(struct db *db, TALLOC_CTX *mem, const struct uuid *channel, bool *yes, struct err *e)
{
	struct alert_routing kept;
	char                 id[UUID_TEXT_MAX];

	uuid_print(channel, id);
	*yes = false;
	if (!routing_hold(db, mem, &kept, e))
		return false;
	*yes = kept.routes != NULL && strstr(kept.routes, id) != NULL;
	return true;
}

/* ---- what is told ---- */

struct route_told {
	const char               *name;
	const struct json_change *routes;
};
static const struct field route_told_fields[] = {
	TOLD(struct route_told, name),
	TOLD_ITEM_IF(struct route_told, routes, &json_change_schema),
	FIELD_END,
};
static const struct schema route_told = SCHEMA("RouteTold", struct route_told, route_told_fields);

/* One route as it is kept; none: NULL. */
static bool
print_one(
    const struct routing_deed *d, const struct alert_route *r, const char **out, struct err *e)
{
	struct alert_route  one;
	struct alert_routes list = { { &one, 1 } };
	char               *text;

	*out = NULL;
	if (r == NULL)
		return true;
	one = *r;
	if (!routes_print(d->a->by.mem, &list, &text, e))
		return false;
	*out = text;
	return true;
}

static bool
tell(struct routing_deed *d, const struct alert_route *was, const struct alert_route *now,
    struct err *e)
{
	struct json_change change = { 0 };
	struct route_told told = { .name = now != NULL ? now->name : was->name, .routes = &change };

	if (!print_one(d, was, &change.from.text, e) || !print_one(d, now, &change.to.text, e))
		return false;
	d->entry.details = audit_details(d->a->by.mem, &route_told, &told, e);
	return d->entry.details != NULL;
}

static bool
write_list(struct routing_deed *d, struct err *e)
{
	return routes_print(d->a->by.mem, &d->now, &d->kept.routes, e) &&
	       (d->in == NULL || routing_check_size(d, e)) &&
	       routing_write(d->a->by.t->db, &d->kept, e);
}

/* Who is told what of configs is what changing configs decides too: nobody gets alerts, or keeps
 * them from others, by channels alone. */
static bool
may_route(const struct acting *a, struct err *e)
{
	return permission_has(&a->by.caller->permissions, ACTION_UPDATE, RESOURCE_DRIFT) ||
	       err_set(e, ERR_FORBIDDEN, 0,
		   "Only who has the permission update:drift too decides where alerts go.",
		   "routes without update:drift");
}

/* ---- one is made or changed ---- */

/* Who groups no more has no times of it either. */
static void
copy_group(const struct route_wish *in, struct route_group *g)
{
	const struct route_group *says = &in->says.group;

	if (in->has_group_by)
		*g = says->by.n == 0
			 ? (struct route_group) { 0 }
			 : (struct route_group) { says->by, g->wait_s, g->interval_s, g->repeat_s };
	if (in->has_wait)
		g->wait_s = says->wait_s;
	if (in->has_interval)
		g->interval_s = says->interval_s;
	if (in->has_repeat_interval)
		g->repeat_s = says->repeat_s;
}

static bool
copy_wish(const struct routing_deed *d, struct alert_route *r, struct err *e)
{
	const struct route_wish *in = d->in;

	if (in->has_name)
		r->name = in->says.name;
	if (in->has_match)
		r->match = in->says.match;
	if (in->has_channels)
		r->channels = in->says.channels;
	if (in->has_continue)
		r->go_on = in->says.go_on;
	if (in->has_ends)
		r->tell_ends = in->says.tell_ends;
	if (in->has_makers)
		r->tell_makers = in->says.tell_makers;
	if (in->has_work)
		r->tell_work = in->says.tell_work;
	if (in->has_escalate)
		r->escalate = in->says.escalate;
	if (in->has_repeat)
		r->repeat_min_s = in->says.repeat_min_s;
	copy_group(in, &r->group);
	if (in->has_quiet)
		r->quiet = in->says.quiet;
	r->updated_at = acting_now(d->a);
	return r->name != NULL ||
	       err_set(e, ERR_INTERNAL, 0, "internal error", "a route without a name");
}

/* The one at `from` to `to`, the others in their order. */
static void
move(struct alert_routes *routes, size_t from, size_t to)
{
	struct alert_route *r = routes->list.p, one = r[from];

	if (from < to)
		memmove(&r[from], &r[from + 1], (to - from) * sizeof(r[0]));
	else
		memmove(&r[to + 1], &r[to], (from - to) * sizeof(r[0]));
	r[to] = one;
}

static bool
place(const struct routing_deed *d, struct alert_routes *routes, size_t *at, struct err *e)
{
	const struct alert_route *r = routes->list.p, *before = routes_find(routes, &d->in->before);
	size_t                    to;

	if (uuid_is_nil(&d->in->before) || uuid_eq(&d->in->before, &r[*at].id))
		return true;
	if (before == NULL)
		return err_fault(e, d->a->by.mem, "/before", "no such route");
	to = (size_t)(before - r);
	to -= *at < to;
	move(routes, *at, to);
	*at = to;
	return true;
}

/* Behind the last; *at is where. */
static bool
append(struct routing_deed *d, size_t *at, struct err *e)
{
	struct items       *list = &d->now.list;
	struct alert_route *r = talloc_zero_size(d->a->by.mem, (list->n + 1) * sizeof(r[0]));

	if (r == NULL)
		return err_memory(e);
	if (list->n == ROUTES_MAX)
		return err_set(
		    e, ERR_CONFLICT, 0, "There are 50 routes; drop one.", "too many routes");
	if (list->n > 0)
		memcpy(r, list->p, list->n * sizeof(r[0]));
	*at = list->n++;
	list->p = r;
	r[*at] = (struct alert_route) { .id = d->id, .created_at = acting_now(d->a) };
	return true;
}

static bool
find(const struct routing_deed *d, size_t *at, struct err *e)
{
	const struct alert_route *r = routes_find(&d->now, &d->id);

	if (r == NULL)
		return err_set(e, ERR_MISSING, 0, "Not found.", "no such route");
	*at = (size_t)(r - (const struct alert_route *)d->now.list.p);
	return true;
}

/* Read inside the transaction: it may be the second try. */
static bool
put_body(struct db *db, void *arg, struct err *e)
{
	struct routing_deed *d = arg;
	struct alert_route   was = { 0 }, *now;
	size_t               at = 0;

	(void)db;
	if (!routing_list(d->a, &d->kept, &d->now, e) ||
	    !(d->makes ? append(d, &at, e) : find(d, &at, e)))
		return false;
	now = (struct alert_route *)d->now.list.p + at;
	was = *now;
	if (!copy_wish(d, now, e) || !routing_demand_trail(d->a, &was, e) ||
	    !routing_demand_trail(d->a, now, e) || !routing_check_list(d, now, e) ||
	    !place(d, &d->now, &at, e))
		return false;
	now = (struct alert_route *)d->now.list.p + at;
	return tell(d, d->makes ? NULL : &was, now, e) && write_list(d, e) &&
	       see(d->a, &d->now, at, &d->seen, e);
}

bool
routing_make(
    const struct acting *a, const struct route_wish *in, struct route_seen *out, struct err *e)
{
	struct routing_deed d = { .a = a, .in = in, .id = acting_id(a), .makes = true };

	d.entry = (struct audit_entry) { .action = AUDIT_ROUTE_CREATE, .target_id = d.id };
	if (!may_route(a, e) || !audit_deed(&a->by, put_body, &d, &d.entry, e))
		return false;
	*out = d.seen;
	return true;
}

bool
routing_alter(const struct acting *a, const struct uuid *id, const struct route_wish *in,
    struct route_seen *out, struct err *e)
{
	struct routing_deed d = { .a = a, .in = in, .id = *id };

	d.entry = (struct audit_entry) { .action = AUDIT_ROUTE_UPDATE, .target_id = *id };
	if (!may_route(a, e) || !audit_deed(&a->by, put_body, &d, &d.entry, e))
		return false;
	*out = d.seen;
	return true;
}

/* ---- one is dropped ---- */

static bool
erase_body(struct db *db, void *arg, struct err *e)
{
	struct routing_deed *d = arg;
	struct alert_route  *r;
	size_t               at;

	(void)db;
	if (!routing_list(d->a, &d->kept, &d->now, e) || !find(d, &at, e))
		return false;
	r = (struct alert_route *)d->now.list.p + at;
	if (!routing_demand_trail(d->a, r, e) || !routing_check_list(d, NULL, e))
		return false;
	if (!tell(d, r, NULL, e))
		return false;
	move(&d->now, at, d->now.list.n - 1);
	d->now.list.n--;
	return write_list(d, e);
}

bool
routing_erase(const struct acting *a, const struct uuid *id, struct err *e)
{
	struct routing_deed d = { .a = a, .id = *id };

	d.entry = (struct audit_entry) { .action = AUDIT_ROUTE_DELETE, .target_id = *id };
	return may_route(a, e) && audit_deed(&a->by, erase_body, &d, &d.entry, e);
}

/* ---- another order ---- */

static bool
check_order(const struct routing_deed *d, struct err *e)
{
	char pointer[40];

	for (size_t i = 0; i < d->ids_n; i++) {
		bool twice = false;

		for (size_t k = 0; k < i; k++)
			twice = twice || uuid_eq(&d->ids[i], &d->ids[k]);
		snprintf(pointer, sizeof(pointer), "/ids/%zu", i);
		if (twice || routes_find(&d->now, &d->ids[i]) == NULL)
			return err_fault(
			    e, d->a->by.mem, pointer, twice ? "is there twice" : "no such route");
	}
	return d->ids_n == d->now.list.n ||
	       err_fault(
		   e, d->a->by.mem, "/ids", "must have all routes: there are %zu", d->now.list.n);
}

struct order_told {
	int64_t routes;
};
static const struct field order_told_fields[] = {
	TOLD(struct order_told, routes),
	FIELD_END,
};
static const struct schema order_told =
    SCHEMA("RouteOrderTold", struct order_told, order_told_fields);

static bool
order_body(struct db *db, void *arg, struct err *e)
{
	struct routing_deed *d = arg;
	struct order_told    told = { (int64_t)d->ids_n };

	(void)db;
	if (!routing_list(d->a, &d->kept, &d->now, e) || !routing_check_list(d, NULL, e) ||
	    !check_order(d, e))
		return false;
	for (size_t i = 0; i < d->ids_n; i++)
		move(&d->now,
		    (size_t)(routes_find(&d->now, &d->ids[i]) -
			     (struct alert_route *)d->now.list.p),
		    i);
	d->entry.details = audit_details(d->a->by.mem, &order_told, &told, e);
	return d->entry.details != NULL && write_list(d, e);
}

bool
routing_order(const struct acting *a, const struct uuid *ids, size_t n, struct err *e)
{
	struct routing_deed d = { .a = a, .ids = ids, .ids_n = n };

	d.entry = (struct audit_entry) { .action = AUDIT_ROUTE_ORDER };
	return may_route(a, e) && audit_deed(&a->by, order_body, &d, &d.entry, e);
}
