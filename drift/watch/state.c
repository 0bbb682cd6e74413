/* watch_priv.h: what is so with what is ours, now. */
#include <string.h>

#include "core/auth/access.h"
#include "core/auth/apikey.h"
#include "core/store/tenant/quota.h"
#include "drift/watch/watch_priv.h"

#define DAY_MS INT64_C(86400000)

static bool
add(struct looking *l, const struct watched *w, const char *object, struct found **out,
    struct err *e)
{
	if (!look_found(l, w, object, out, e))
		return false;
	(*out)->title = w->title;
	return true;
}

static bool
add_things(struct looking *l, const struct watched *w, const struct watch_thing *things, size_t n,
    struct err *e)
{
	char          id[UUID_TEXT_MAX];
	struct found *f;

	for (size_t i = 0; i < n; i++) {
		uuid_print(&things[i].id, id);
		if (!add(l, w, id, &f, e))
			return false;
	}
	return true;
}

/* What the installation has is named: the platform's people see that. */
static bool
add_named(struct looking *l, const struct watched *w, const struct watch_thing *things, size_t n,
    struct err *e)
{
	char          id[UUID_TEXT_MAX];
	struct found *f;

	for (size_t i = 0; i < n; i++) {
		uuid_print(&things[i].id, id);
		if (!look_found(l, w, id, &f, e))
			return false;
		f->title = talloc_asprintf(l->mem, "%s: %s", w->title, things[i].name);
		if (f->title == NULL)
			return err_memory(e);
	}
	return true;
}

/* ---- the rows ---- */

/* Of the bytes stored it is full as well where the next snapshot had no room. */
static bool
is_full(const struct looking *l, enum usage_kind k, const struct quota *q, const int64_t *used)
{
	const bool today =
	    q->snapshots_per_day > 0 && used[USAGE_SNAPSHOTS] >= q->snapshots_per_day;

	return used[k] >= quota_limit(q, k) || (k == USAGE_STORAGE && l->push_refused && !today);
}

/* One that was full is told as full until it is far from that. */
static bool
was_full(
    const struct looking *l, const struct watched *w, enum usage_kind k, bool *full, struct err *e)
{
	const char  *key = watched_key(l->mem, w, usage_name(k));
	struct alert alert;
	bool         open;

	if (key == NULL)
		return err_memory(e);
	if (!standing_find(&l->scope, key, &alert, &open, e))
		return false;
	*full = open && strcmp(alert.severity, severity_name(SEVERITY_HIGH)) == 0;
	return true;
}

static bool
add_quota(struct looking *l, const struct watched *w, enum usage_kind k, bool full, struct err *e)
{
	struct found *f;

	if (!look_found(l, w, usage_name(k), &f, e))
		return false;
	if (full)
		f->severity = SEVERITY_HIGH;
	f->title =
	    full ? talloc_asprintf(l->mem,
		       "The quota of %s is used up: what would add to it is refused", usage_name(k))
		 : talloc_asprintf(l->mem, "The quota of %s is used by %d percent or more",
		       usage_name(k), USAGE_NEAR);
	return f->title != NULL || err_memory(e);
}

bool
state_quota(struct looking *l, const struct watched *w, struct err *e)
{
	int64_t      used[USAGE__MAX];
	struct quota q;

	if (!quota_of(l->mem, l->scope.t->tenant, &q, e) ||
	    !usage_counted(l->scope.t, l->now.ms / DAY_MS, used, e))
		return false;
	for (enum usage_kind k = 0; k < USAGE__MAX; k++) {
		const int64_t limit = quota_limit(&q, k);
		bool          full = limit > 0 && is_full(l, k, &q, used);

		if (!full && !usage_near(used[k], limit))
			continue;
		if (!full && k == USAGE_STORAGE && !was_full(l, w, k, &full, e))
			return false;
		if (!add_quota(l, w, k, full, e))
			return false;
	}
	return true;
}

bool
state_channels(struct looking *l, const struct watched *w, struct err *e)
{
	struct watch_thing *rows;
	size_t              n;

	return watch_dead_channels(l->scope.t->db, l->mem, &rows, &n, e) &&
	       add_things(l, w, rows, n, e);
}

bool
state_feeds(struct looking *l, const struct watched *w, struct err *e)
{
	struct watch_thing *rows;
	size_t              n;

	return watch_behind_feeds(l->scope.t->db, l->mem, l->now, &rows, &n, e) &&
	       add_things(l, w, rows, n, e);
}

bool
state_keys(struct looking *l, const struct watched *w, struct err *e)
{
	const instant       until = { l->now.ms + KEY_TOLD_LAST * DAY_MS };
	struct watch_thing *rows;
	size_t              n;

	return watch_ending_keys(l->scope.t->db, l->mem, l->now, until, &rows, &n, e) &&
	       add_things(l, w, rows, n, e);
}

bool
state_trail(struct looking *l, const struct watched *w, struct err *e)
{
	struct found *f;

	return !l->due->broken || add(l, w, "", &f, e);
}

/* Of the platform: that of which tenants. */
bool
state_trails(struct looking *l, const struct watched *w, struct err *e)
{
	const struct tenant *own = l->scope.t->tenant;
	struct watch_thing  *rows;
	size_t               n;

	return !tenant_is_platform(own) || (watch_broken_trails(database_control(l->auth->database),
						l->mem, &own->id, &rows, &n, e) &&
					       add_named(l, w, rows, n, e));
}

bool
state_daemons(struct looking *l, const struct watched *w, struct err *e)
{
	struct watch_thing *rows;
	size_t              n;

	return !tenant_is_platform(l->scope.t->tenant) ||
	       (watch_silent_daemons(database_control(l->auth->database), l->mem, &rows, &n, e) &&
		   add_named(l, w, rows, n, e));
}

/* ---- held against what is told ---- */

static const struct found *
find_key(const struct looking *l, size_t from, const char *key, struct err *e)
{
	for (size_t i = from; i < l->n; i++) {
		const struct found *f = &l->found[i];
		const char         *its = watched_key(l->mem, f->w, f->object);

		if (its == NULL) {
			err_memory(e);
			return NULL;
		}
		if (strcmp(its, key) == 0)
			return f;
	}
	return NULL;
}

static bool
close_over(struct looking *l, const struct watched *w, size_t from, const struct alert *open,
    size_t n, struct err *e)
{
	for (size_t i = 0; i < n; i++) {
		if (find_key(l, from, open[i].open_key, e) != NULL)
			continue;
		if (e->code != ERR_OK || !look_over(l, w, open[i].open_key, NULL, e))
			return false;
	}
	return true;
}

static bool
is_told(const struct found *f, const char *key, const struct alert *open, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(open[i].open_key, key) == 0)
			return strcmp(open[i].severity, severity_name(f->severity)) == 0 &&
			       strcmp(open[i].title, f->title) == 0;
	return false;
}

static bool
tell_new(struct looking *l, size_t from, const struct alert *open, size_t n, struct err *e)
{
	for (size_t i = from; i < l->n; i++) {
		const struct found   *f = &l->found[i];
		const char           *key = watched_key(l->mem, f->w, f->object);
		const struct standing x = { key, f->w->kind, f->severity, f->title, 0 };

		if (key == NULL)
			return err_memory(e);
		if (!is_told(f, key, open, n) && !standing_update(&l->scope, &x, e))
			return false;
	}
	return true;
}

/* Those of one row: the open ones have keys from own:NAME: on, before own:NAME; */
static bool
look_at(struct looking *l, const struct watched *w, struct err *e)
{
	const struct alert_keys keys = {
		.from = watched_key(l->mem, w, ""),
		.to = talloc_asprintf(l->mem, WATCHED_KEYS "%s;", w->name),
		.limit = 2 * WATCH_THINGS_MAX,
	};
	const size_t  from = l->n;
	struct alert *open;
	size_t        n;

	if (keys.from == NULL || keys.to == NULL)
		return err_memory(e);
	return alert_open_between(l->scope.t->db, l->mem, &keys, &open, &n, e) &&
	       w->state(l, w, e) && close_over(l, w, from, open, n, e) &&
	       tell_new(l, from, open, n, e);
}

bool
state_look(struct looking *l, struct err *e)
{
	for (const struct watched *w = watched; w->name != NULL; w++)
		if (w->state != NULL && !look_at(l, w, e))
			return false;
	return true;
}
