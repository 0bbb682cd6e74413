#include "drift/source/source_attribution.h"

#include <stdio.h>
#include <string.h>

#include "drift/source/source_pack_priv.h"

#define POINTER_MAX 200
#define STEPS_MAX   16

/* ---- as it is written ---- */

static const char *const kinds[] = { "user", "app", "system", NULL };

static const struct field only_fields[] = {
	FIELD(struct attribution_only, at, .min = 1, .max = POINTER_MAX, .flags = FIELD_REQUIRED,
	    .doc = "JSON Pointer into an entry."),
	FIELD(struct attribution_only, values, .min = 1, .max = 20, .flags = FIELD_REQUIRED,
	    .doc = "The texts of which one must stand there, in any case."),
	FIELD_END,
};
static const struct schema only_schema =
    SCHEMA("SourceAttributionOnly", struct attribution_only, only_fields);

static const struct field value_fields[] = {
	FIELD(struct attribution_values, list, .min = 1, .max = POINTER_MAX,
	    .flags = FIELD_REQUIRED, .doc = "Pattern of the properties that an entry tells of."),
	FIELD(struct attribution_values, name, .min = 1, .max = POINTER_MAX,
	    .flags = FIELD_REQUIRED, .doc = "JSON Pointer into one of them: what it is called."),
	FIELD_AS(struct attribution_values, old_value, "old", .min = 1, .max = POINTER_MAX,
	    .flags = FIELD_REQUIRED, .doc = "What it was."),
	FIELD_AS(struct attribution_values, new_value, "new", .min = 1, .max = POINTER_MAX,
	    .flags = FIELD_REQUIRED, .doc = "What it was made."),
	FIELD_END,
};
static const struct schema value_schema =
    SCHEMA("SourceAttributionValues", struct attribution_values, value_fields);

static const struct field actor_fields[] = {
	FIELD(struct attribution_actor, kind, .choices = kinds, .flags = FIELD_REQUIRED,
	    .doc = "What kind of actor it is."),
	FIELD(struct attribution_actor, at, .min = 1, .max = POINTER_MAX, .flags = FIELD_REQUIRED,
	    .doc = "JSON Pointer to it; where it is not there, or null, the next kind is tried."),
	FIELD(struct attribution_actor, id, .min = 1, .max = POINTER_MAX, .flags = FIELD_REQUIRED,
	    .doc = "JSON Pointer into it: its id, by which it is known."),
	FIELD(struct attribution_actor, name, .min = 1, .max = POINTER_MAX,
	    .doc = "Its name; never what it is known by."),
	FIELD(struct attribution_actor, address, .min = 1, .max = POINTER_MAX,
	    .doc = "The address that it came from."),
	FIELD_END,
};
static const struct schema actor_schema =
    SCHEMA("SourceAttributionActor", struct attribution_actor, actor_fields);

static const struct field activity_fields[] = {
	FIELD(struct attribution_activity, name, .min = 1, .max = 200, .flags = FIELD_REQUIRED,
	    .doc = "What stands at activity, in any case."),
	FIELD(struct attribution_activity, categories, .min = 1, .max = 50, .flags = FIELD_REQUIRED,
	    .doc = "Categories that such an entry is about."),
	FIELD(struct attribution_activity, targets, .max = 20,
	    .doc = "Patterns of where the key of the resource stands; absent: it is about every "
		   "resource of these."),
	FIELD_END,
};
static const struct schema activity_schema =
    SCHEMA("SourceAttributionActivity", struct attribution_activity, activity_fields);

static const struct field attribution_fields[] = {
	FIELD(struct attribution_in, log, .item = &source_log_schema, .flags = FIELD_REQUIRED,
	    .doc = "How the log is read: as a collection of the pack, but for single, over, each, "
		   "write "
		   "and what is about comparing. Its forms may say {since}."),
	FIELD(struct attribution_in, pages, .min = 1, .max = 1000,
	    .doc = "Most pages of one reading, so that the newest entries should come first; 20 "
		   "when absent."),
	FIELD(struct attribution_in, window_s, .min = 60, .max = 86400,
	    .doc = "How late an entry may come: so long it is looked for; 5400 when absent."),
	FIELD(struct attribution_in, skew_s, .min = 1, .max = 86400,
	    .doc = "How far the clocks may differ: entries from so long before the last reading "
		   "that had the resource otherwise count; 900 when absent."),
	FIELD(struct attribution_in, only, .item = &only_schema,
	    .doc = "Which entries count; all when absent."),
	FIELD(struct attribution_in, time, .min = 1, .max = POINTER_MAX, .flags = FIELD_REQUIRED,
	    .doc = "JSON Pointer to when it was done (RFC 3339)."),
	FIELD(struct attribution_in, targets, .min = 1, .max = 20, .flags = FIELD_REQUIRED,
	    .doc = "Patterns of where ids of what was changed stand: JSON Pointers in which * is "
		   "one step and ** any number, also into texts that are JSON."),
	FIELD(struct attribution_in, properties, .item = &value_schema,
	    .doc = "Where it says what was set to what; without it nobody is known exactly."),
	FIELD(struct attribution_in, actors, .min = 1, .max = 8, .item = &actor_schema,
	    .flags = FIELD_REQUIRED,
	    .doc = "Who did it: the first that is there; none: a system did."),
	FIELD(struct attribution_in, activity, .min = 1, .max = POINTER_MAX,
	    .flags = FIELD_REQUIRED, .doc = "JSON Pointer to what was done, for people."),
	FIELD(struct attribution_in, correlation, .min = 1, .max = POINTER_MAX,
	    .doc = "JSON Pointer to what entries of one deed have in common."),
	FIELD(struct attribution_in, activities, .max = 200, .item = &activity_schema,
	    .doc = "Activities that say by their name what they are about: of resources whose key "
		   "the log does not have."),
	FIELD_END,
};
const struct schema source_attribution_schema =
    SCHEMA("SourceAttribution", struct attribution_in, attribution_fields);

/* ---- what it comes to ---- */

/* What is read, with faults below /attribution. */
struct attributing {
	TALLOC_CTX                  *mem;
	const struct source_pack    *pack;
	const struct attribution_in *in;
	struct source_attribution   *out;
	struct err                  *e;
};

static bool
is_pointer(const char *z)
{
	size_t steps = 0;

	if (z != NULL && z[0] != '/')
		return false;
	for (; z != NULL && *z != '\0'; z++)
		steps += *z == '/';
	return steps <= STEPS_MAX;
}

static bool
check(const struct attributing *a, const char *at, const char *pointer)
{
	return is_pointer(pointer) ||
	       err_fault(a->e, a->mem, at,
		   "must be a JSON Pointer of at most %d steps, beginning with /", STEPS_MAX);
}

static bool
check_list(const struct attributing *a, const char *at, const struct strings *pointers)
{
	char place[120];

	for (size_t i = 0; i < pointers->n; i++) {
		snprintf(place, sizeof(place), "%s/%zu", at, i);
		if (!check(a, place, pointers->items[i]))
			return false;
	}
	return true;
}

static bool
check_actors(const struct attributing *a)
{
	char at[80];

	for (size_t i = 0; i < a->out->actors_n; i++) {
		const struct attribution_actor *x = &a->out->actors[i];

		snprintf(at, sizeof(at), "/attribution/actors/%zu", i);
		if (!check(a, at, x->at) || !check(a, at, x->id) || !check(a, at, x->name) ||
		    !check(a, at, x->address))
			return false;
	}
	return true;
}

static bool
has_category(const struct source_pack *pack, const char *name)
{
	for (uint32_t i = 0; i < pack->collections_n; i++)
		if (str_eqz(pack->collections[i].category, name))
			return true;
	return false;
}

static bool
check_activities(const struct attributing *a)
{
	char at[120];

	for (size_t i = 0; i < a->out->activities_n; i++) {
		const struct attribution_activity *x = &a->out->activities[i];

		for (size_t k = 0; k < x->categories.n; k++) {
			snprintf(
			    at, sizeof(at), "/attribution/activities/%zu/categories/%zu", i, k);
			if (!has_category(a->pack, x->categories.items[k]))
				return err_fault(a->e, a->mem, at,
				    "is the category of no collection of the pack");
		}
		snprintf(at, sizeof(at), "/attribution/activities/%zu/targets", i);
		if (!check_list(a, at, &x->targets))
			return false;
	}
	return true;
}

static bool
check_pointers(const struct attributing *a)
{
	const struct attribution_in     *in = a->in;
	const struct attribution_values *v = in->properties;

	if (!check(a, "/attribution/time", in->time) ||
	    !check(a, "/attribution/activity", in->activity) ||
	    !check(a, "/attribution/correlation", in->correlation) ||
	    !check(a, "/attribution/only/at", in->only == NULL ? NULL : in->only->at) ||
	    !check_list(a, "/attribution/targets", &in->targets))
		return false;
	return v == NULL || (check(a, "/attribution/properties/list", v->list) &&
				check(a, "/attribution/properties/name", v->name) &&
				check(a, "/attribution/properties/old", v->old_value) &&
				check(a, "/attribution/properties/new", v->new_value));
}

/* The pack's hosts, credential, limits and errors, one parameter more, and the log as its one
 * collection. */
static bool
make_log(const struct attributing *a)
{
	struct source_pack      *log = talloc_memdup(a->mem, a->pack, sizeof(*log));
	const struct form_names *names = &a->pack->names;
	const size_t             n = names->parameters_n;
	struct str              *all = talloc_array(a->mem, struct str, (unsigned)n + 1);

	if (log == NULL || all == NULL)
		return err_memory(a->e);
	for (size_t i = 0; i < n; i++) {
		if (str_eqz(names->parameters[i], ATTRIBUTION_SINCE))
			return err_fault(a->e, a->mem, "/attribution/log",
			    "cannot be asked: the pack has a parameter that is called since");
		all[i] = names->parameters[i];
	}
	all[n] = STR(ATTRIBUTION_SINCE);
	log->names.parameters = all;
	log->names.parameters_n = n + 1;
	log->attribution = NULL;
	log->watch = NULL;
	a->out->log = log;
	if (!pack_log_read(a->mem, log, a->in->log, "/attribution/log", a->e))
		return false;
	log->collections[0].is_log = true;
	log->collections[0].pages_most =
	    a->in->pages == 0 ? ATTRIBUTION_PAGES : (uint32_t)a->in->pages;
	return true;
}

bool
pack_attribution_read(
    TALLOC_CTX *mem, struct source_pack *pack, const struct attribution_in *in, struct err *e)
{
	struct attributing a = { mem, pack, in, talloc_zero(mem, struct source_attribution), e };

	if (in == NULL)
		return true;
	if (a.out == NULL)
		return err_memory(e);
	*a.out = (struct source_attribution) {
		.window_s = in->window_s == 0 ? ATTRIBUTION_WINDOW_S : in->window_s,
		.skew_s = in->skew_s == 0 ? ATTRIBUTION_SKEW_S : in->skew_s,
		.only = in->only,
		.time = in->time,
		.activity = in->activity,
		.correlation = in->correlation,
		.targets = in->targets,
		.properties = in->properties,
		.actors = in->actors.p,
		.actors_n = in->actors.n,
		.activities = in->activities.p,
		.activities_n = in->activities.n,
	};
	if (!check_pointers(&a) || !check_actors(&a) || !check_activities(&a) || !make_log(&a))
		return false;
	pack->attribution = a.out;
	return true;
}
