/* What of a config decides who sees values: the channels it tells, and the member that names its resources. */
#include <string.h>

#include "core/store/channel.h"
#include "fcgi/drift.h"

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
check_channel(struct request *r, struct view v, struct str text, struct err *e)
{
	struct channel c;
	struct uuid    id;

	if (!uuid_parse(text, &id))
		return true; /* told as a fault elsewhere, as one that is not there */
	if (!channel_by_id(r->db->db, r->mem, &id, &c, e))
		return err_take(e, ERR_MISSING);
	return !c.with_values ||
	       view_demand(v,
		   "The channel is told values: only who has the permission read:snapshots lets it "
		   "be told those of a config that did not name it.",
		   e);
}

static bool
check_channels(struct request *r, struct view v, const struct json *was, const struct json *now,
    struct err *e)
{
	const struct json *alerts = json_get(now, "alerts"), *one;

	for (uint32_t i = 0; alerts != NULL && alerts->type == JSON_ARRAY && i < alerts->n; i++) {
		one = json_get(&alerts->items[i], "channel_id");
		if (one != NULL && one->type == JSON_STRING && !names_channel(was, one->text) &&
		    !check_channel(r, v, one->text, e))
			return false;
	}
	return true;
}

static bool
selector_text(TALLOC_CTX *mem, const struct json *spec, struct str *out, struct err *e)
{
	const struct json *s = json_get(json_get(spec, "source"), "selector");
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

/* A member's value becomes a key, which is shown to everybody who reads drift. */
static bool
check_selector(struct request *r, struct view v, const struct json *was, const struct json *now,
    struct err *e)
{
	struct str before, after;

	if (!selector_text(r->mem, was, &before, e) || !selector_text(r->mem, now, &after, e))
		return false;
	return after.n == 0 || str_eq(before, after) ||
	       view_demand(v,
		   "Another selector makes keys of other values of what is watched already: it needs "
		   "the permission read:snapshots.",
		   e);
}

bool
config_values_check(struct request *r, const char *was, const char *now, struct err *e)
{
	const struct view  v = view_of(r);
	const struct json *before = NULL, *after;

	if (v.values)
		return true;
	if (was != NULL && (before = json_parse(r->mem, str_of(was), e)) == NULL)
		return false;
	after = json_parse(r->mem, str_of(now), e);
	return after != NULL && check_channels(r, v, before, after, e) &&
	       (was == NULL || check_selector(r, v, before, after, e));
}
