#include "core/web/rate_tenant.h"

#include <string.h>

#include "core/auth/settings.h"

#define KEPT_MAX    256 /* tenants remembered by one process */
#define ENTRIES_MAX 200 /* of one tenant */

struct named_rate {
	char            *name;
	struct conf_rate rate;
};

struct tenant_rates {
	struct tenant_rates *next; /* the one met last comes first */
	struct uuid          id;
	char                *settings, *quota; /* the texts they were read from */
	struct named_rate   *entries;
	size_t               n;
	struct conf_rate     total; /* of the quota; 0: not given */
};

struct tenant_limits {
	struct tenant_rates *first;
	size_t               n;
};

struct tenant_limits *
tenant_limits_make(TALLOC_CTX *mem)
{
	return talloc_zero(mem, struct tenant_limits);
}

/* ---- reading ---- */

/* 0: not there, or no number that could be a limit. */
static int64_t
number(const struct json *object, const char *name)
{
	const struct json *v = json_get(object, name);
	int64_t            n;

	if (v == NULL || v->type != JSON_NUMBER || !str_to_i64(v->text, &n) || n < 1)
		return 0;
	return n < CONF_RATE_MAX ? n : CONF_RATE_MAX;
}

static struct conf_rate
rate_in(const struct json *v)
{
	return (struct conf_rate) { number(v, "per_minute"), number(v, "burst") };
}

static bool
read_entries(struct tenant_rates *t, const struct json *limits)
{
	if (limits == NULL || limits->type != JSON_OBJECT)
		return true;
	t->entries = talloc_zero_array(t, struct named_rate, limits->n + 1);
	if (t->entries == NULL)
		return false;
	for (uint32_t i = 0; i < limits->n && t->n < ENTRIES_MAX; i++) {
		struct named_rate *x = &t->entries[t->n++];

		x->name = str_dup(t->entries, limits->names[i]);
		x->rate = rate_in(&limits->items[i]);
		if (x->name == NULL)
			return false;
	}
	return true;
}

/* What cannot be read has no limits in it: whoever wrote it was told so when it was set. */
static bool
read_settings(struct tenant_rates *t, struct auth *a, const struct tenant *row)
{
	const struct settings *s;
	struct err             why = { 0 };

	return !settings_of(a, row, &s, &why) || read_entries(t, s->rate_limits.tree);
}

static bool
read_quota(struct tenant_rates *t)
{
	TALLOC_CTX        *tmp = talloc_new(t);
	struct err         why = { 0 };
	const struct json *quota = tmp == NULL ? NULL : json_parse(tmp, str_of(t->quota), &why);

	t->total = (struct conf_rate) { number(quota, "requests_per_minute"),
		number(quota, "requests_burst") };
	talloc_free(tmp);
	return tmp != NULL;
}

static const char *
text_of(const struct raw_json *j)
{
	return j->text != NULL ? j->text : "";
}

static struct tenant_rates *
read_tenant(struct tenant_limits *l, struct auth *a, const struct tenant *row)
{
	struct tenant_rates *t = talloc_zero(l, struct tenant_rates);

	if (t == NULL)
		return NULL;
	t->id = row->id;
	t->settings = talloc_strdup(t, text_of(&row->settings));
	t->quota = talloc_strdup(t, text_of(&row->quota));
	if (t->settings != NULL && t->quota != NULL && read_settings(t, a, row) && read_quota(t))
		return t;
	talloc_free(t);
	return NULL;
}

/* ---- remembering ---- */

static void
push(struct tenant_limits *l, struct tenant_rates *t)
{
	t->next = l->first;
	l->first = t;
	l->n++;
}

/* Takes the tenant's out of the list; NULL: it is not there. */
static struct tenant_rates *
pull(struct tenant_limits *l, const struct uuid *id)
{
	for (struct tenant_rates **at = &l->first; *at != NULL; at = &(*at)->next) {
		struct tenant_rates *t = *at;

		if (!uuid_eq(&t->id, id))
			continue;
		*at = t->next;
		l->n--;
		return t;
	}
	return NULL;
}

static void
drop_last(struct tenant_limits *l)
{
	struct tenant_rates **at = &l->first;

	while (*at != NULL && (*at)->next != NULL)
		at = &(*at)->next;
	talloc_free(*at);
	*at = NULL;
	l->n--;
}

const struct tenant_rates *
tenant_rates_of(struct tenant_limits *l, struct auth *a, const struct uuid *tenant)
{
	struct tenant_rates *t;
	const struct tenant *row;
	struct err           why = { 0 };

	if (a == NULL || !tenant_by_id(a->database, tenant, &row, &why))
		return NULL;
	t = pull(l, tenant);
	if (t != NULL && (strcmp(t->settings, text_of(&row->settings)) != 0 ||
			     strcmp(t->quota, text_of(&row->quota)) != 0)) {
		talloc_free(t);
		t = NULL;
	}
	if (t == NULL)
		t = read_tenant(l, a, row);
	if (t == NULL)
		return NULL;
	push(l, t);
	if (l->n > KEPT_MAX)
		drop_last(l);
	return t;
}

/* ---- applying ---- */

static void
lower(int64_t to, int64_t *n)
{
	if (to > 0 && (*n == 0 || to < *n))
		*n = to;
}

void
tenant_rates_lower(const struct tenant_rates *t, const char *name, struct conf_rate *rate)
{
	for (size_t i = 0; t != NULL && i < t->n; i++) {
		const struct named_rate *x = &t->entries[i];

		if (strcmp(x->name, name) != 0)
			continue;
		lower(x->rate.per_minute, &rate->per_minute);
		lower(x->rate.burst, &rate->burst);
	}
}

void
tenant_rates_quota(const struct tenant_rates *t, struct conf_rate *rate)
{
	if (t == NULL)
		return;
	if (t->total.per_minute > 0)
		rate->per_minute = t->total.per_minute;
	if (t->total.burst > 0)
		rate->burst = t->total.burst;
}
