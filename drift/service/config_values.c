/* config.h: what of a config decides who sees values: the channels it tells, the member that names
 * its resources, and what looks at values and tells what it saw. */
#include <string.h>

#include "core/store/alert/channel.h"
#include "drift/service/config.h"

static bool
names_channel(const struct json *spec, struct str id)
{
	const struct json *alerts = json_get(spec, "alerts"), *one;

	for (uint32_t i = 0; alerts != NULL && alerts->type == JSON_ARRAY && i < alerts->n; i++) {
		one = json_get(&alerts->items[i], "channel_id");
		if (one != NULL && one->type == JSON_STRING && str_eq(one->text, id))
			return true;
	}
	return false;
}

static bool
check_channel(const struct acting *a, struct str text, struct err *e)
{
	struct channel c;
	struct uuid    id;

	if (!uuid_parse(text, &id))
		return true; /* told as a fault elsewhere, as one that is not there */
	if (!channel_by_id(a->by.t->db, a->by.mem, &id, &c, e))
		return err_take(e, ERR_MISSING);
	return !c.with_values ||
	       view_demand(a->view,
		   "The channel is told values: only who has the permission read:snapshots lets it "
		   "be told those of a config that did not name it.",
		   e);
}

static bool
check_channels(
    const struct acting *a, const struct json *was, const struct json *now, struct err *e)
{
	const struct json *alerts = json_get(now, "alerts"), *one;

	for (uint32_t i = 0; alerts != NULL && alerts->type == JSON_ARRAY && i < alerts->n; i++) {
		one = json_get(&alerts->items[i], "channel_id");
		if (one != NULL && one->type == JSON_STRING && !names_channel(was, one->text) &&
		    !check_channel(a, one->text, e))
			return false;
	}
	return true;
}

#define FINDS_OUT                                                                                  \
	"Rules, compare, packs of them and tolerances find out what the values are that are "      \
	"watched "                                                                                 \
	"already: to change them needs the permission read:snapshots."

/* A selector makes a member's value a key, which is shown to everybody who reads drift; the others
 * tell by a severity or a count what they are held against. */
static const struct look {
	const char *in, *member; /* in NULL: of the config itself */
	bool        goes;        /* without it nothing more is told */
	const char *refusal;
} looks[] = {
	{ "source", "selector", true,
	    "Another selector makes keys of other values of what is watched already: it needs the "
	    "permission read:snapshots." },
	{ NULL, "rules", false, FINDS_OUT },
	{ NULL, "rule_packs", false, FINDS_OUT },
	{ NULL, "compare", false, FINDS_OUT },
	{ "thresholds", "tolerance", false, FINDS_OUT },
};

static bool
look_text(
    TALLOC_CTX *mem, const struct json *spec, const struct look *l, struct str *out, struct err *e)
{
	const struct json *s = json_get(l->in != NULL ? json_get(spec, l->in) : spec, l->member);
	struct buf         b;

	*out = STR("");
	if (s == NULL || s->type == JSON_NULL)
		return true;
	buf_make(&b, mem);
	if (!json_canonical(&b, s, e))
		return false;
	*out = buf_str(&b);
	return buf_ok(&b) || err_memory(e);
}

static bool
check_looks(const struct acting *a, const struct json *was, const struct json *now, struct err *e)
{
	struct str before, after;

	for (size_t i = 0; i < sizeof(looks) / sizeof(looks[0]); i++) {
		if (!look_text(a->by.mem, was, &looks[i], &before, e) ||
		    !look_text(a->by.mem, now, &looks[i], &after, e))
			return false;
		if (!str_eq(before, after) && !(looks[i].goes && after.n == 0) &&
		    !view_demand(a->view, looks[i].refusal, e))
			return false;
	}
	return true;
}

bool
config_values_check(const struct acting *a, const char *was, const char *now, struct err *e)
{
	const struct json *before = NULL, *after;

	if (a->view.values)
		return true;
	if (was != NULL && (before = json_parse(a->by.mem, str_of(was), e)) == NULL)
		return false;
	after = json_parse(a->by.mem, str_of(now), e);
	return after != NULL && check_channels(a, before, after, e) &&
	       (was == NULL || check_looks(a, before, after, e));
}
