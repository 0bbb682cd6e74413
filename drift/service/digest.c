#include "drift/service/digest.h"

#include <stdio.h>
#include <string.h>

#include "core/json/schema.h"
#include "core/store/alert/digest.h"
#include "core/store/tx.h"
#include "drift/config/cron.h"
#include "drift/service/channel_secret.h"

#define WEEKDAY  "mon"
#define CLOCKS_S 600         /* that two clocks may differ */
#define BACK_S   (8 * 86400) /* there is a time of every wish in it */

static const char *const everies[] = { DIGEST_DAY, DIGEST_WEEK, NULL };
static const char *const days[] = { "mon", "tue", "wed", "thu", "fri", "sat", "sun", NULL };

static const struct field wish_fields[] = {
	FIELD(struct digest_wish, every, .choices = everies, .flags = FIELD_REQUIRED,
	    .doc = "Of the day before, or of the seven days before."),
	FIELD(struct digest_wish, at, .min = 5, .max = 5, .flags = FIELD_REQUIRED,
	    .doc = "When it is sent, as \"07:00\"."),
	FIELD(struct digest_wish, weekday, .choices = days,
	    .flags = FIELD_NULLABLE | FIELD_OMIT_ZERO,
	    .doc = "Of a week: on which day; mon when absent."),
	FIELD(struct digest_wish, timezone, .max = ZONE_NAME_MAX,
	    .flags = FIELD_NULLABLE | FIELD_OMIT_ZERO,
	    .doc = "Name of a time zone, as Europe/Berlin; UTC when absent."),
	FIELD(struct digest_wish, empty, .flags = FIELD_OMIT_ZERO,
	    .doc = "It is sent where there is nothing to say, too; false when absent."),
	FIELD_END,
};
const struct schema digest_wish_schema = SCHEMA("ChannelDigest", struct digest_wish, wish_fields);

/* The first instant after that, in Unix seconds. */
static bool
next_at(const struct digest_wish *w, int64_t after_s, int64_t *out, const char **why)
{
	const struct zone *z;
	struct cron        c;
	struct err         e = { 0 };
	char               text[40], wrong[CRON_WHY_MAX];
	const char        *day = w->weekday == NULL ? WEEKDAY : w->weekday;
	bool               weekly = strcmp(w->every, DIGEST_WEEK) == 0;

	*why = "/at";
	if (strlen(w->at) != 5 || strspn(w->at, "0123456789") != 2 || w->at[2] != ':' ||
	    strspn(w->at + 3, "0123456789") != 2)
		return false;
	snprintf(text, sizeof(text), "%.2s %.2s * * %.3s", w->at + 3, w->at, weekly ? day : "*");
	if (!cron_parse(str_of(text), &c, wrong))
		return false;
	*why = "/timezone";
	z = zone_shared(str_of(w->timezone == NULL ? "UTC" : w->timezone), &e);
	if (z == NULL)
		return false;
	*out = cron_next(&c, z, after_s);
	return true;
}

bool
digest_of(TALLOC_CTX *mem, const struct channel *c, struct digest_wish **out, struct err *e)
{
	const struct json *tree;

	*out = NULL;
	if (c->digest == NULL)
		return true;
	tree = json_parse(mem, str_of(c->digest), e);
	*out = tree == NULL ? NULL : talloc_zero(mem, struct digest_wish);
	if (tree != NULL && *out == NULL)
		return err_memory(e);
	return tree != NULL && schema_decode(mem, &digest_wish_schema, tree, *out, e);
}

/* ---- asked ---- */

bool
digest_may(const struct acting *a, struct err *e)
{
	const struct permissions *p = &a->by.caller->permissions;

	return (permission_has(p, ACTION_READ, RESOURCE_DRIFT) &&
		   permission_has(p, ACTION_READ, RESOURCE_ALERTS)) ||
	       err_set(e, ERR_FORBIDDEN, 0,
		   "Only who has the permissions read:drift and read:alerts says who gets a "
		   "digest.",
		   "a digest without read:drift and read:alerts");
}

bool
digest_set(const struct acting *a, struct channel *c, const struct digest_wish *in, struct err *e)
{
	const struct format_ops *ops = channel_format(c, e);
	const char              *at;
	char                     pointer[32];
	struct buf               b;
	int64_t                  next;

	c->digest = NULL;
	if (ops == NULL)
		return false;
	if (in == NULL)
		return true;
	if (!digest_may(a, e))
		return false;
	if (!ops->by_address)
		return err_fault(e, a->by.mem, "/digest", "a %s channel has none", c->kind);
	if (!next_at(in, acting_now(a).ms / 1000, &next, &at)) {
		snprintf(pointer, sizeof(pointer), "/digest%s", at);
		return err_fault(e, a->by.mem, pointer, "%s",
		    strcmp(at, "/at") == 0 ? "must be a time of day, as 07:00"
					   : "is no time zone that is known here");
	}
	buf_make(&b, a->by.mem);
	if (!schema_encode(&b, &digest_wish_schema, in, e))
		return false;
	c->digest = buf_text(&b, e);
	return c->digest != NULL;
}

bool
digest_schedule(struct db *db, TALLOC_CTX *mem, const struct channel *c, instant now, instant slot,
    struct err *e)
{
	struct digest_wish *w;
	const char         *why;
	int64_t             at, now_s = now.ms / 1000;

	if (!digest_of(mem, c, &w, e))
		return false;
	if (w == NULL || !next_at(w, now_s > slot.ms / 1000 ? now_s : slot.ms / 1000, &at,
			     &why)) /* a zone that is known no more */
		return schedule_set(db, SCHEDULE_DIGEST, &c->id, -1, e);
	return schedule_set(db, SCHEDULE_DIGEST, &c->id, at - now_s, e);
}

instant
digest_slot(const struct digest_wish *w, instant due)
{
	const int64_t due_s = due.ms / 1000;
	int64_t       at = due_s - BACK_S, slot = due_s;
	const char   *why;

	while (next_at(w, at, &at, &why) && at <= due_s + CLOCKS_S)
		slot = at;
	return (instant) { slot * 1000 };
}

bool
digest_room(struct db *db, TALLOC_CTX *mem, const struct channel *c, struct err *e)
{
	bool room;

	return digest_has_room(db, &c->id, DIGESTS_MAX, &room, e) &&
	       (room || err_fault(e, mem, "/digest", "%d channels have one, which is the most",
			    DIGESTS_MAX));
}
