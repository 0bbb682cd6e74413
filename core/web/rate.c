#include "core/web/rate.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/base/hash.h"
#include "core/base/secret.h"
#include "core/shm/metric.h"
#include "core/shm/rate.h"
#include "core/web/pass.h"
#include "core/web/rate_tenant.h"

enum scope { SCOPE_ADDRESS, SCOPE_CALLER, SCOPE_ACCOUNT, SCOPE_TENANT };

struct route_rate {
	const struct route *route;
	char               *label; /* "GET /api/path" */
	struct conf_rate    rate;
};

struct rates {
	uint64_t              secret[2];
	int64_t               hosts;
	struct conf_rate      classes[RATE__MAX], accounts[RATE__MAX], tenant;
	struct route_rate    *routes;
	size_t                routes_n;
	struct tenant_limits *limits;
};

static const char *const class_names[RATE__MAX] = {
#define X(id, name, ...) [id] = name,
	RATE_CLASSES(X)
#undef X
};
static const bool has_account[RATE__MAX] = {
#define X(id, ...) [id] = true,
	RATE_ACCOUNTS(X)
#undef X
};

/* ---- once per process ---- */

static const struct route *
route_by_label(const struct route *const *tables, struct str label)
{
	char text[256];

	for (const struct route *const *t = tables; *t != NULL; t++)
		for (const struct route *rt = *t; rt->path != NULL; rt++)
			if (str_eqz(label, route_label(rt, text, sizeof(text))))
				return rt;
	return NULL;
}

/* ---- what a tenant wants to set ---- */

static bool
is_budget_name(const struct route *const *tables, struct str name)
{
	if (str_eqz(name, "tenant") || route_by_label(tables, name) != NULL)
		return true;
	for (size_t i = 0; i < RATE__MAX; i++)
		if (str_eqz(name, class_names[i]))
			return true;
	return false;
}

static bool
is_budget(const struct json *v)
{
	int64_t n;

	for (uint32_t i = 0; v->type == JSON_OBJECT && i < v->n; i++)
		if ((!str_eqz(v->names[i], "per_minute") && !str_eqz(v->names[i], "burst")) ||
		    v->items[i].type != JSON_NUMBER || !str_to_i64(v->items[i].text, &n) || n < 1 ||
		    n > CONF_RATE_MAX)
			return false;
	return v->type == JSON_OBJECT && v->n > 0;
}

bool
rate_limits_check(
    const struct route *const *tables, TALLOC_CTX *mem, const struct json *limits, struct err *e)
{
	if (limits == NULL || limits->type == JSON_NULL)
		return true;
	if (limits->type != JSON_OBJECT || limits->n > 200)
		return err_fault(e, mem, "/settings/rate_limits",
		    "must be an object of at most 200 rate classes and routes");
	for (uint32_t i = 0; i < limits->n; i++) {
		if (!is_budget_name(tables, limits->names[i]))
			err_fault(e, mem, "/settings/rate_limits",
			    "names what is no rate class and no route");
		else if (limits->items[i].type != JSON_NULL && !is_budget(&limits->items[i]))
			err_fault(e, mem, "/settings/rate_limits",
			    "each needs per_minute, burst or both, whole numbers from 1");
	}
	return e->code == ERR_OK;
}

/* ---- the configuration's routes ---- */

static bool
take_route(struct rates *rs, const struct route *const *tables, const char *text, struct err *e)
{
	struct route_rate *x = &rs->routes[rs->routes_n];
	struct str         label;

	if (!conf_rate_route(str_of(text), &label, &x->rate))
		return err_set(e, ERR_INTERNAL, 0, "internal error", "rate.routes: \"%s\"", text);
	x->route = route_by_label(tables, label);
	if (x->route == NULL)
		return err_set(e, ERR_INTERNAL, 0, "rate.routes names a route that is not there",
		    "rate.routes: there is no route \"%.*s\"", (int)label.n, label.p);
	x->label = str_dup(rs->routes, label);
	rs->routes_n++;
	return x->label != NULL || err_memory(e);
}

struct rates *
rates_make(TALLOC_CTX *mem, const struct conf *c, const struct keyring *k,
    const struct route *const *tables, struct err *e)
{
	struct rates *rs = talloc_zero(mem, struct rates);
	uint8_t       key[KEY_LEN] = { 0 };
	bool          ok;

	if (rs == NULL) {
		err_memory(e);
		return NULL;
	}
	rs->hosts = c->rate_hosts;
	rs->tenant = c->rate_tenant;
	memcpy(rs->classes, c->rate, sizeof(rs->classes));
	memcpy(rs->accounts, c->rate_account, sizeof(rs->accounts));
	rs->limits = tenant_limits_make(rs);
	rs->routes = talloc_zero_array(rs, struct route_rate, (unsigned)c->rate_routes.n + 1);
	ok = (rs->limits != NULL && rs->routes != NULL) || err_memory(e);
	ok = ok && keyring_subkey(k, keyring_newest(k), KEY_RATE, STR(""), key, e);
	for (size_t i = 0; ok && i < c->rate_routes.n; i++)
		ok = take_route(rs, tables, c->rate_routes.items[i], e);
	memcpy(rs->secret, key, sizeof(rs->secret));
	secret_wipe(key, sizeof(key));
	if (ok)
		return rs;
	talloc_free(rs);
	return NULL;
}

/* ---- one charge ---- */

/* Whose budget it is, by two words. */
struct client {
	enum scope scope;
	uint64_t   id[2];
};

struct budget {
	const char      *policy; /* its name in the answer */
	const char      *label;  /* and in the metrics, where names are few */
	uint64_t         row;    /* of the configuration: the class, or behind them others */
	struct conf_rate rate;
};

static int64_t
seconds_up(int64_t us)
{
	return (us + 999999) / 1000000;
}

static void
note(struct request *r, const struct budget *b, const struct rate *rate,
    const struct rate_left *left)
{
	if (r->rate.policy != NULL &&
	    (r->rate.left < left->left ||
		(r->rate.left == left->left && r->rate.wait_s >= seconds_up(left->wait_us))))
		return; /* an earlier one is tighter */
	r->rate = (struct rate_note) { .policy = b->policy,
		.burst = rate->burst,
		.window_s = seconds_up(rate->burst * rate->step_us),
		.left = left->left,
		.wait_s = seconds_up(left->wait_us) };
}

static bool
refuse(struct request *r, const char *label, struct err *e)
{
	metric_add(r->app->env->segment, METRIC_RATE_LIMITED, METRIC_BY(label), 1);
	err_set(e, ERR_RATE, 0, "Too many requests; try again later.", "rate class %s", label);
	e->retry_s = (int)(r->rate.wait_s < 1 ? 1 : r->rate.wait_s);
	return false;
}

/* The client's rate, and the key of its cell; false: there is no limit. */
static bool
cell_of(const struct request *r, const struct client *who, const struct budget *b,
    struct rate *rate, uint64_t *key)
{
	const struct rates *rs = r->app->rates;
	uint64_t            words[5] = { (uint64_t)who->scope << 32 | b->row };

	if (!rate_make(rate, b->rate.per_minute, b->rate.burst, rs->hosts))
		return false;
	words[1] = (uint64_t)rate->step_us;
	words[2] = (uint64_t)rate->burst;
	memcpy(&words[3], who->id, sizeof(who->id));
	*key = rate_key(rs->secret, words, 5);
	return true;
}

static bool
charge(struct request *r, const struct client *who, const struct budget *b, struct err *e)
{
	struct rate      rate;
	struct rate_left left;
	uint64_t         key;

	if (!cell_of(r, who, b, &rate, &key))
		return true;
	if (rate_take(r->app->env->segment, key, &rate, clock_ns(r->app->env->clock), &left)) {
		note(r, b, &rate, &left);
		return true;
	}
	r->rate.policy = NULL; /* this one is what the answer is about */
	note(r, b, &rate, &left);
	return refuse(r, b->label, e);
}

static void
owe(struct request *r, const struct client *who, const struct budget *b, int64_t n)
{
	struct rate      rate;
	struct rate_left left;
	uint64_t         key;

	if (!cell_of(r, who, b, &rate, &key))
		return;
	rate_owe(r->app->env->segment, key, &rate, n, clock_ns(r->app->env->clock), &left);
	note(r, b, &rate, &left);
}

static bool
is_on(const struct request *r)
{
	return r->app->rates != NULL && r->app->env->segment != NULL;
}

/* Of the request's route: its own row of rate.routes, or its class's. */
static struct budget
budget_of(const struct request *r)
{
	const struct rates *rs = r->app->rates;
	enum rate_class class = r->route != NULL ? r->route->rate : RATE_OPEN;

	for (size_t i = 0; r->route != NULL && i < rs->routes_n; i++)
		if (rs->routes[i].route == r->route)
			return (struct budget) { rs->routes[i].label, class_names[class],
				RATE__MAX + 1 + i, rs->routes[i].rate };
	return (
	    struct budget) { class_names[class], class_names[class], class, rs->classes[class] };
}

/* ---- address ---- */

/* A subscriber has a /64 of IPv6; no address at all (a web server that gives none) is one client.
 */
static struct client
client_of_address(const struct request *r)
{
	struct client who = { SCOPE_ADDRESS, { 0, 0 } };
	struct addr   a;
	struct cidr   around;

	if (!addr_parse(str_of(r->address), &a))
		return who;
	around = cidr_around(&a, addr_is_ipv4(&a) ? 128 : 64);
	memcpy(who.id, around.addr.b, sizeof(who.id));
	return who;
}

bool
rate_address(struct request *r, struct err *e)
{
	struct client who;
	struct budget b;

	r->rated = true;
	if (!is_on(r))
		return true;
	who = client_of_address(r);
	b = budget_of(r);
	return charge(r, &who, &b, e);
}

bool
rate_as(struct request *r, enum rate_class class, struct err *e)
{
	struct client who;
	struct budget b;

	if (!is_on(r))
		return true;
	who = client_of_address(r);
	b = (struct budget) { class_names[class], class_names[class], class,
		r->app->rates->classes[class] };
	return charge(r, &who, &b, e);
}

/* Charged to the key and not to its address; step_caller charges that if it is a bad one. */
static bool
is_of_key(const struct request *r)
{
	return r->route != NULL && r->route->access.who != ACCESS_WHO_ANYONE &&
	       request_has_api_key(r);
}

bool
step_rate_address(struct request *r, struct err *e)
{
	return (is_on(r) && is_of_key(r)) || rate_address(r, e);
}

/* ---- caller and tenant ---- */

static struct budget
budget_of_caller(const struct request *r, const struct tenant_rates *own)
{
	const struct rates *rs = r->app->rates;
	struct budget       b = budget_of(r);

	if (b.row < RATE__MAX && has_account[b.row])
		b.rate = rs->accounts[b.row];
	if (r->route != NULL) {
		char label[256];

		tenant_rates_lower(own, class_names[r->route->rate], &b.rate);
		tenant_rates_lower(own, route_label(r->route, label, sizeof(label)), &b.rate);
	}
	return b;
}

static struct budget
budget_of_tenant(const struct request *r, const struct tenant_rates *own)
{
	struct budget b = { "tenant", "tenant", RATE__MAX, r->app->rates->tenant };

	tenant_rates_quota(own, &b.rate);
	tenant_rates_lower(own, "tenant", &b.rate);
	return b;
}

static struct client
client_of(enum scope scope, const struct uuid *id)
{
	struct client who = { scope, { 0, 0 } };

	memcpy(who.id, id->b, sizeof(who.id));
	return who;
}

static const struct tenant_rates *
own_rates(const struct request *r)
{
	return tenant_rates_of(r->app->rates->limits, r->app->auth, &r->caller.tenant);
}

bool
step_rate_caller(struct request *r, struct err *e)
{
	struct client              caller = client_of(SCOPE_CALLER, &r->caller.user);
	struct client              tenant = client_of(SCOPE_TENANT, &r->caller.tenant);
	struct budget              of_caller, of_tenant;
	const struct tenant_rates *own;

	if (!is_on(r))
		return true;
	if (r->caller.kind == CALLER_NONE) /* a key was shown where none was looked at */
		return r->rated || rate_address(r, e);
	r->rated = true;
	own = own_rates(r);
	of_caller = budget_of_caller(r, own);
	of_tenant = budget_of_tenant(r, own);
	return charge(r, &caller, &of_caller, e) && charge(r, &tenant, &of_tenant, e);
}

bool
rate_acted(struct request *r, struct err *e)
{
	const struct tenant_rates *its;
	struct client              tenant;
	struct budget              b;

	if (r->acted == NULL || !is_on(r))
		return true;
	its = tenant_rates_of(r->app->rates->limits, r->app->auth, &r->acted->id);
	tenant = client_of(SCOPE_TENANT, &r->acted->id);
	b = budget_of_tenant(r, its);
	return charge(r, &tenant, &b, e);
}

void
rate_more(struct request *r, int64_t n)
{
	struct client              address, caller = client_of(SCOPE_CALLER, &r->caller.user);
	struct client              tenant = client_of(SCOPE_TENANT, &r->caller.tenant);
	struct budget              b;
	const struct tenant_rates *own;

	if (!is_on(r) || n <= 0)
		return;
	if (!is_of_key(r)) {
		address = client_of_address(r);
		b = budget_of(r);
		owe(r, &address, &b, n);
	}
	if (r->caller.kind == CALLER_NONE)
		return;
	own = own_rates(r);
	b = budget_of_caller(r, own);
	owe(r, &caller, &b, n);
	b = budget_of_tenant(r, own);
	owe(r, &tenant, &b, n);
}

/* ---- account ---- */

bool
rate_account(struct request *r, enum rate_class class, struct str account, struct err *e)
{
	struct client who = { SCOPE_ACCOUNT, { 0, 0 } };
	struct budget b = { class_names[class], class_names[class], class, { 0, 0 } };
	uint8_t       hash[HASH_LEN];

	if (!is_on(r))
		return true;
	b.rate = r->app->rates->accounts[class];
	hash_hmac((const uint8_t *)r->app->rates->secret, sizeof(r->app->rates->secret), account.p,
	    account.n, hash);
	memcpy(who.id, hash, sizeof(who.id));
	return charge(r, &who, &b, e);
}

/* ---- the answer's fields ---- */

/*
 * What was refused before it could be charged (a malformed target, say) is charged now: it is
 * refused already, but it counts, and its answer has the fields like every other.
 */
static void
charge_late(struct request *r)
{
	struct err refused = { 0 };

	if (r->rated || r->mem == NULL)
		return;
	if (r->address[0] == '\0' && !step_address(r, &refused))
		return;
	if (!rate_address(r, &refused))
		r->rate.left = 0;
}

void
rate_put_fields(struct request *r, struct buf *b)
{
	const struct rate_note *n = &r->rate;

	charge_late(r);
	if (n->policy == NULL)
		return;
	buf_printf(b, "RateLimit-Policy: \"%s\";q=%" PRId64 ";w=%" PRId64 "\r\n", n->policy,
	    n->burst, n->window_s);
	buf_printf(
	    b, "RateLimit: \"%s\";r=%" PRId64 ";t=%" PRId64 "\r\n", n->policy, n->left, n->wait_s);
}
