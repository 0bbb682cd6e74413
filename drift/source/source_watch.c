#include "drift/source/source_watch.h"

#include <stdio.h>
#include <string.h>

#include "drift/source/source_pack_priv.h"

#define NAMES_MAX      50
#define NAME_MAX_BYTES 200

static const struct field activity_fields[] = {
	FIELD(struct watch_activity, names, .min = 1, .max = NAMES_MAX, .flags = FIELD_REQUIRED,
	    .doc = "What stands at the log's activity, in any case; with * at its end how that "
		   "begins."),
	FIELD(struct watch_activity, categories, .min = 1, .max = SOURCE_COLLECTIONS_MAX,
	    .flags = FIELD_REQUIRED, .doc = "Categories that are read then."),
	FIELD_END,
};
static const struct schema activity_schema =
    SCHEMA("SourceWatchActivity", struct watch_activity, activity_fields);

static const struct field watch_fields[] = {
	FIELD(struct source_watch, activities, .min = 1, .max = 200, .item = &activity_schema,
	    .flags = FIELD_REQUIRED, .doc = "What an entry touches; several may fit."),
	FIELD_END,
};
const struct schema source_watch_schema = SCHEMA("SourceWatch", struct source_watch, watch_fields);

/* ---- checking ---- */

static bool
is_name(const char *z)
{
	const char *star = strchr(z, '*');

	return strlen(z) <= NAME_MAX_BYTES &&
	       (star == NULL ? z[0] != '\0' : star > z && star[1] == '\0');
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
check(TALLOC_CTX *mem, const struct source_pack *pack, const struct watch_activity *a, size_t at,
    struct err *e)
{
	char place[120];

	for (size_t i = 0; i < a->names.n; i++) {
		snprintf(place, sizeof(place), "/watch/activities/%zu/names/%zu", at, i);
		if (!is_name(a->names.items[i]))
			return err_fault(e, mem, place,
			    "must be a name of at most %d bytes, or the beginning of one with * "
			    "behind "
			    "it",
			    NAME_MAX_BYTES);
	}
	for (size_t i = 0; i < a->categories.n; i++) {
		snprintf(place, sizeof(place), "/watch/activities/%zu/categories/%zu", at, i);
		if (!has_category(pack, a->categories.items[i]))
			return err_fault(
			    e, mem, place, "is the category of no collection of the pack");
	}
	return true;
}

bool
pack_watch_check(
    TALLOC_CTX *mem, struct source_pack *pack, const struct source_watch *in, struct err *e)
{
	const struct watch_activity *all;

	if (in == NULL)
		return true;
	if (pack->attribution == NULL)
		return err_fault(e, mem, "/watch", "needs attribution, whose log it reads");
	all = in->activities.p;
	for (size_t i = 0; i < in->activities.n; i++)
		if (!check(mem, pack, &all[i], i, e))
			return false;
	pack->watch = in;
	return true;
}

/* ---- what an entry touches ---- */

static bool
fits_name(struct str activity, const char *name)
{
	const size_t n = strcspn(name, "*");
	char         begin[NAME_MAX_BYTES + 1];

	if (name[n] != '*')
		return str_caseeqz(activity, name);
	if (n > NAME_MAX_BYTES || activity.n < n)
		return false;
	memcpy(begin, name, n);
	begin[n] = '\0';
	return str_caseeqz(str_head(activity, n), begin);
}

static bool
fits(const struct watch_activity *a, struct str activity)
{
	for (size_t i = 0; i < a->names.n; i++)
		if (fits_name(activity, a->names.items[i]))
			return true;
	return false;
}

static bool
names_category(const struct watch_activity *a, struct str category)
{
	for (size_t i = 0; i < a->categories.n; i++)
		if (str_eqz(category, a->categories.items[i]))
			return true;
	return false;
}

bool
source_watch_touches(const struct source_pack *pack, const char *activity, bool *touched)
{
	const struct watch_activity *all = pack->watch->activities.p;
	bool                         any = false;

	for (size_t i = 0; i < pack->watch->activities.n; i++) {
		if (!fits(&all[i], str_of(activity)))
			continue;
		any = true;
		for (uint32_t k = 0; k < pack->collections_n; k++)
			touched[k] =
			    touched[k] || names_category(&all[i], pack->collections[k].category);
	}
	return any;
}
