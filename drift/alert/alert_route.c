#include "drift/alert/alert_route.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/hours.h"
#include "drift/alert/limits.h"
#include "drift/engine/control.h"
#include "drift/engine/resource.h"

/* ---- as it is taken, answered and kept ---- */

static const char *const severities[] = { "info", "low", "medium", "high", "critical", NULL };
const char *const        alert_kinds[] = { "drift", "blind", "suspicious_collection", "flapping",
	       "anomaly", "security", "system", NULL };
static const char *const confidences[] = { "object", "exact", NULL };

#define LIST(m, text)                                                                              \
	FIELD(struct route_match, m, .max = ROUTE_MATCH_MAX, .flags = FIELD_OMIT_ZERO, .doc = text)
static const struct field match_fields[] = {
	FIELD(struct route_match, min_severity, .choices = severities, .flags = FIELD_OMIT_ZERO,
	    .doc = "Of this severity or worse."),
	FIELD(struct route_match, max_severity, .choices = severities, .flags = FIELD_OMIT_ZERO,
	    .doc = "Of this severity or less."),
	FIELD(struct route_match, kinds, .max = ROUTE_MATCH_MAX, .choices = alert_kinds,
	    .flags = FIELD_OMIT_ZERO,
	    .doc =
		"Of one of these kinds; not named: of any but security, whose alerts tell what is "
		"in the audit trail. Who names that has the permission read:audit."),
	LIST(configs, "Of one of these configs, by id."),
	LIST(categories,
	    "A finding of it is in one of these categories; alerts of kind drift only."),
	LIST(
	    controls, "The rule of a finding of it names one of these; alerts of kind drift only."),
	LIST(actors,
	    "One of these made a change of it, by id in any case, once that is known; not by "
	    "the tenant's own audit trail."),
	FIELD(struct route_match, confidence, .choices = confidences, .flags = FIELD_OMIT_ZERO,
	    .doc = "Who made its changes is known at least as surely."),
	LIST(hours,
	    "It is told within one of these, such as \"mon-fri 08:00-18:00 Europe/Berlin\"; "
	    "whoever was told of it then hears how it goes on."),
	LIST(outside, "It is told within none of these."),
	FIELD_END,
};
const struct schema route_match_schema =
    SCHEMA("AlertRouteMatch", struct route_match, match_fields);

static const struct field kept_fields[] = {
	FIELD(struct alert_route, id, .doc = "Number of the route."),
	FIELD(struct alert_route, name, .doc = "Name."),
	FIELD(struct alert_route, match, .item = &route_match_schema, .flags = FIELD_OMIT_ZERO,
	    .doc = "What fits."),
	FIELD(struct alert_route, channels, .flags = FIELD_OMIT_ZERO, .doc = "Who is told."),
	FIELD_AS(
	    struct alert_route, go_on, "continue", .flags = FIELD_OMIT_ZERO, .doc = "Further."),
	FIELD(struct alert_route, tell_ends, .flags = FIELD_OMIT_ZERO, .doc = "Ends too."),
	FIELD(struct alert_route, tell_makers, .flags = FIELD_OMIT_ZERO, .doc = "Makers too."),
	FIELD(struct alert_route, tell_work, .choices = work_choices, .flags = FIELD_OMIT_ZERO,
	    .doc = "Work too."),
	FIELD(struct alert_route, repeat_min_s, .flags = FIELD_OMIT_ZERO, .doc = "Least time."),
	FIELD(struct alert_route, escalate, .item = &route_step_schema, .flags = FIELD_OMIT_ZERO,
	    .doc = "Who else."),
	ROUTE_GROUP_FIELDS(struct alert_route, group, FIELD_OMIT_ZERO),
	FIELD(struct alert_route, quiet, .item = &route_quiet_schema, .flags = FIELD_OMIT_ZERO,
	    .doc = "Quiet hours."),
	FIELD(struct alert_route, created_at, .doc = "When it was made."),
	FIELD(struct alert_route, updated_at, .doc = "When it was last changed."),
	FIELD_END,
};
static const struct schema kept_schema = SCHEMA("KeptRoute", struct alert_route, kept_fields);
static const struct field  routes_fields[] = {
	 FIELD_AS(
	     struct alert_routes, list, "routes", .item = &kept_schema, .doc = "In their order."),
	 FIELD_END,
};
static const struct schema routes_schema = SCHEMA("KeptRoutes", struct alert_routes, routes_fields);

bool
routes_read(TALLOC_CTX *mem, const char *text, struct alert_routes *out, struct err *e)
{
	struct json *tree;

	*out = (struct alert_routes) { 0 };
	if (text == NULL)
		return true;
	tree = json_parse(mem, str_of(text), e);
	if (tree != NULL && schema_decode(mem, &routes_schema, tree, out, e))
		return true;
	if (e->code != ERR_MALFORMED && e->code != ERR_INVALID)
		return false;
	err_clear(e); /* what is stored is no fault of the request */
	*out = (struct alert_routes) { 0 };
	return err_set(
	    e, ERR_INVALID, 0, "The routes cannot be read.", "stored routes do not decode");
}

bool
routes_print(TALLOC_CTX *mem, const struct alert_routes *routes, char **out, struct err *e)
{
	struct buf b;

	buf_make(&b, mem);
	if (!schema_encode(&b, &routes_schema, routes, e))
		return false;
	*out = buf_text(&b, e);
	return *out != NULL;
}

struct alert_route *
routes_find(const struct alert_routes *routes, const struct uuid *id)
{
	struct alert_route *r = routes->list.p;

	for (size_t i = 0; i < routes->list.n; i++)
		if (uuid_eq(&r[i].id, id))
			return &r[i];
	return NULL;
}

/* ---- what an alert fits ---- */

static const struct route_match any = { 0 };

static const struct route_match *
match_of(const struct alert_route *r)
{
	return r->match == NULL ? &any : r->match;
}

static enum severity
severity_or(const char *text, enum severity otherwise)
{
	if (text != NULL)
		(void)severity_parse(str_of(text), &otherwise);
	return otherwise;
}

static bool
has_text(struct strings list, const char *text)
{
	for (size_t i = 0; i < list.n; i++)
		if (strcmp(list.items[i], text) == 0)
			return true;
	return false;
}

/* What is in the audit trail goes where somebody says so by name. */
static bool
fits_kind(const struct route_match *m, const char *kind)
{
	return m->kinds.n > 0 ? has_text(m->kinds, kind) : strcmp(kind, "security") != 0;
}

static bool
fits_config(struct strings configs, const struct uuid *config)
{
	char id[UUID_TEXT_MAX];

	uuid_print(config, id);
	return has_text(configs, id);
}

static int
by_bytes(const void *a, const void *b)
{
	return str_cmp(*(const struct str *)a, *(const struct str *)b);
}

static int
by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

void
route_facts_order(struct route_facts *f)
{
	if (f->categories_n > 0)
		qsort(f->categories, f->categories_n, sizeof(f->categories[0]), by_bytes);
	if (f->controls.n > 0)
		qsort(f->controls.items, f->controls.n, sizeof(f->controls.items[0]), by_text);
}

static bool
fits_categories(struct strings wanted, const struct route_facts *f)
{
	for (size_t i = 0; i < wanted.n && f->categories_n > 0; i++) {
		const struct str key = str_of(wanted.items[i]);

		if (bsearch(&key, f->categories, f->categories_n, sizeof(key), by_bytes) != NULL)
			return true;
	}
	return false;
}

static bool
fits_controls(struct strings wanted, const struct route_facts *f)
{
	for (size_t i = 0; i < wanted.n && f->controls.n > 0; i++)
		if (bsearch(&wanted.items[i], f->controls.items, f->controls.n, sizeof(char *),
			by_text) != NULL)
			return true;
	return false;
}

static bool
is_known(const struct route_facts *f, enum confidence least)
{
	return f->makers != NULL && f->makers->n > 0 && f->makers->confidence >= least;
}

static bool
fits_actors(TALLOC_CTX *mem, struct strings wanted, const struct route_facts *f)
{
	if (!is_known(f, CONFIDENCE_OBJECT))
		return false;
	for (size_t i = 0; i < f->makers->n; i++) {
		const char *id = f->makers->actors[i].id;
		const char *folded = id == NULL ? NULL : attribution_fold(mem, str_of(id));

		for (size_t k = 0; folded != NULL && k < wanted.n; k++)
			if (str_caseeqz(str_of(wanted.items[k]), folded))
				return true;
	}
	return false;
}

/* What cannot be read any more, as of a time zone that is gone, is any time: it holds nothing back.
 */
static bool
is_within(struct strings windows, instant at, bool unreadable)
{
	char why[HOURS_WHY_MAX];

	for (size_t i = 0; i < windows.n; i++) {
		struct hours h;

		if (!hours_parse(str_of(windows.items[i]), &h, why) ? unreadable
								    : hours_has(&h, at.ms))
			return true;
	}
	return false;
}

const char *
route_misfit(TALLOC_CTX *mem, const struct alert_route *r, const struct route_facts *f)
{
	const struct route_match *m = match_of(r);
	enum confidence least = m->confidence != NULL && strcmp(m->confidence, "exact") == 0
				    ? CONFIDENCE_EXACT
				    : CONFIDENCE_OBJECT;

	if (f->severity < severity_or(m->min_severity, SEVERITY_INFO))
		return "min_severity";
	if (f->severity > severity_or(m->max_severity, SEVERITY_CRITICAL))
		return "max_severity";
	if (!fits_kind(m, f->kind))
		return "kinds";
	if (m->configs.n > 0 && !fits_config(m->configs, &f->config_id))
		return "configs";
	if (m->categories.n > 0 && !fits_categories(m->categories, f))
		return "categories";
	if (m->controls.n > 0 && !fits_controls(m->controls, f))
		return "controls";
	if (m->confidence != NULL && !is_known(f, least))
		return "confidence";
	if (m->actors.n > 0 && !fits_actors(mem, m->actors, f))
		return "actors";
	if (f->any_time)
		return NULL;
	if (m->hours.n > 0 && !is_within(m->hours, f->at, true))
		return "hours";
	return m->outside.n > 0 && is_within(m->outside, f->at, false) ? "outside" : NULL;
}

void
route_options(const struct alert_route *r, struct alert_target *out)
{
	out->min_severity = severity_or(match_of(r)->min_severity, SEVERITY_INFO);
	out->tell_ends = r->tell_ends;
	out->tell_makers = r->tell_makers;
	out->tell_work = work_choice(r->tell_work);
	out->repeat_min_s = r->repeat_min_s == 0 ? REPEAT_MIN_S : r->repeat_min_s;
	out->route_id = r->id;
	out->route = r;
}

void
route_add_targets(const struct alert_route *r, struct alert_target *out, size_t *n)
{
	for (size_t i = 0; i < r->channels.n; i++) {
		struct alert_target t = { 0 };

		route_options(r, &t);
		if (uuid_parse(str_of(r->channels.items[i]), &t.channel_id))
			out[(*n)++] = t;
	}
}

/* ---- what is wrong with one ---- */

static bool
check_hours(TALLOC_CTX *mem, struct strings windows, const char *member, struct err *e)
{
	char why[HOURS_WHY_MAX], pointer[64];

	for (size_t i = 0; i < windows.n; i++) {
		struct hours h;

		snprintf(pointer, sizeof(pointer), "/match/%s/%zu", member, i);
		if (!hours_parse(str_of(windows.items[i]), &h, why))
			return err_fault(e, mem, pointer, "%s", why);
	}
	return true;
}

/* What is longer than anything that it could name is no match. */
static bool
check_texts(TALLOC_CTX *mem, const struct route_match *m, struct err *e)
{
	const struct {
		const char    *member;
		struct strings texts;
		size_t         most;
	} lists[] = {
		{ "categories", m->categories, RESOURCE_CATEGORY_MAX },
		{ "controls", m->controls, CONTROL_MAX },
		{ "actors", m->actors, ROUTE_ACTOR_MAX },
		{ "hours", m->hours, HOURS_TEXT_MAX },
		{ "outside", m->outside, HOURS_TEXT_MAX },
	};
	char pointer[64];

	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++)
		for (size_t k = 0; k < lists[i].texts.n; k++) {
			if (strlen(lists[i].texts.items[k]) <= lists[i].most)
				continue;
			snprintf(pointer, sizeof(pointer), "/match/%s/%zu", lists[i].member, k);
			return err_fault(e, mem, pointer, "has more than %zu bytes", lists[i].most);
		}
	return true;
}

bool
route_check(TALLOC_CTX *mem, const struct alert_route *r, struct err *e)
{
	const struct route_match *m = match_of(r);

	if (severity_or(m->min_severity, SEVERITY_INFO) >
	    severity_or(m->max_severity, SEVERITY_CRITICAL))
		return err_fault(e, mem, "/match/max_severity", "is less than min_severity");
	return check_texts(mem, m, e) && route_check_ids(mem, m->configs, "/match/configs", e) &&
	       route_check_ids(mem, r->channels, "/channels", e) &&
	       check_hours(mem, m->hours, "hours", e) &&
	       check_hours(mem, m->outside, "outside", e) &&
	       route_steps_check(mem, &r->escalate, e) && route_group_check(mem, &r->group, e) &&
	       route_quiet_check(mem, r->quiet, e);
}

/* ---- what is odd about one ---- */

/* All that fits `b` fits `a`: what is not named is everything. */
static bool
covers_list(struct strings a, struct strings b)
{
	if (a.n == 0)
		return true;
	for (size_t i = 0; i < b.n; i++)
		if (!has_text(a, b.items[i]))
			return false;
	return b.n > 0;
}

/* All kinds are not that which has to be named. */
static bool
covers_kinds(struct strings a, struct strings b)
{
	return covers_list(a, b) && (a.n > 0 || !has_text(b, "security"));
}

static bool
covers_confidence(const struct route_match *a, const struct route_match *b)
{
	bool known = b->confidence != NULL || b->actors.n > 0;

	if (a->confidence == NULL)
		return true;
	return known && (strcmp(a->confidence, "object") == 0 ||
			    (b->confidence != NULL && strcmp(b->confidence, "exact") == 0));
}

/* What is outside of more is outside of less. */
static bool
covers_outside(struct strings a, struct strings b)
{
	return a.n == 0 || covers_list(b, a);
}

static bool
covers(const struct route_match *a, const struct route_match *b)
{
	return severity_or(a->min_severity, SEVERITY_INFO) <=
		   severity_or(b->min_severity, SEVERITY_INFO) &&
	       severity_or(a->max_severity, SEVERITY_CRITICAL) >=
		   severity_or(b->max_severity, SEVERITY_CRITICAL) &&
	       covers_kinds(a->kinds, b->kinds) && covers_list(a->configs, b->configs) &&
	       covers_list(a->categories, b->categories) && covers_list(a->controls, b->controls) &&
	       covers_list(a->actors, b->actors) && covers_confidence(a, b) &&
	       covers_list(a->hours, b->hours) && covers_outside(a->outside, b->outside);
}

bool
route_tells_trail(const struct alert_route *r)
{
	return has_text(match_of(r)->kinds, "security");
}

static bool
asks_findings(const struct route_match *m)
{
	return m->categories.n > 0 || m->controls.n > 0 || m->actors.n > 0 || m->confidence != NULL;
}

bool
route_doubt(
    TALLOC_CTX *mem, const struct alert_routes *routes, size_t at, const char **out, struct err *e)
{
	const struct alert_route *all = routes->list.p;
	const struct route_match *m = match_of(&all[at]);

	*out = NULL;
	if (m->kinds.n > 0 && asks_findings(m) && !has_text(m->kinds, "drift")) {
		*out =
		    "No alert fits: only those of kind drift have categories, controls and makers.";
		return true;
	}
	for (size_t i = 0; i < at; i++) {
		if (all[i].go_on || !covers(match_of(&all[i]), m))
			continue;
		*out = talloc_asprintf(mem,
		    "No alert comes so far: all that fit are taken by the route \"%s\" before it.",
		    all[i].name);
		return *out != NULL || err_memory(e);
	}
	if (all[at].channels.n == 0 && all[at].escalate.n == 0)
		*out = "It names no channel: nobody is told of what fits.";
	return true;
}
