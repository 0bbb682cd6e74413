/* config.h: what of a config decides who sees values: the channels it tells, the member that names
 * its resources, and what looks at values and tells what it saw. */
#include <stdio.h>
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

/* They tell by a severity or a count what they are held against. */
static const struct look {
	const char *in, *member; /* in NULL: of the config itself */
} looks[] = {
	{ NULL, "rules" },
	{ NULL, "rule_packs" },
	{ NULL, "compare" },
	{ "thresholds", "tolerance" },
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
		if (!str_eq(before, after) && !view_demand(a->view, FINDS_OUT, e))
			return false;
	}
	return true;
}

static const struct source_ops *
kind_of(const struct json *spec)
{
	const struct json *kind = json_get(json_get(spec, "source"), "kind");
	char               text[80] = "";

	if (kind == NULL || kind->type != JSON_STRING || kind->text.n >= sizeof text)
		return NULL;
	memcpy(text, kind->text.p, kind->text.n);
	return source_by_kind(text);
}

/* What chooses makes a member's value a key, which is shown to everybody who reads drift.  Of what
 * is pushed nothing more is told without it; what is collected is collected otherwise. */
static bool
check_source(const struct acting *a, const struct json *was, const struct json *now, struct err *e)
{
	const struct source_ops *ops = kind_of(now);
	struct str               before, after;

	for (size_t i = 0; ops != NULL && ops->chooses != NULL && ops->chooses[i] != NULL; i++) {
		const struct look l = { "source", ops->chooses[i] };

		if (!look_text(a->by.mem, was, &l, &before, e) ||
		    !look_text(a->by.mem, now, &l, &after, e))
			return false;
		if (!str_eq(before, after) && (ops->collect != NULL || after.n > 0) &&
		    !view_demand(a->view,
			"Another selector, other collections and other parameters of a source make "
			"keys of other values of what is watched already: it needs the permission "
			"read:snapshots.",
			e))
			return false;
	}
	return true;
}

bool
config_source_demand(const struct acting *a, const char *kind, struct err *e)
{
	const struct source_ops *ops = source_by_kind(kind);
	struct permissions       one;
	char                     pub[160];

	for (size_t i = 0; ops != NULL && ops->needs != NULL && ops->needs[i] != NULL; i++) {
		one = (struct permissions) { 0 };
		if (permission_add(&one, ops->needs[i]) &&
		    permission_covers(&a->by.caller->permissions, &one))
			continue;
		snprintf(pub, sizeof pub,
		    "A source of kind %s shows what other permissions guard: it needs %s too.",
		    kind, ops->needs[i]);
		return err_set(e, ERR_FORBIDDEN, 0, pub, "a source that reads what others may not");
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
	       (was == NULL ||
		   (check_source(a, before, after, e) && check_looks(a, before, after, e)));
}
