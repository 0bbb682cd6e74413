#include "drift/service/alert.h"

#include <stdio.h>
#include <string.h>

#include "core/auth/audit_details.h"
#include "core/store/alert/lane.h"
#include "core/store/drift/config.h"
#include "core/store/drift/finding.h"
#include "core/store/drift/unsettled.h"
#include "core/store/id_list.h"
#include "core/store/identity/user.h"
#include "drift/alert/alert_route.h"
#include "drift/attribution/attribution.h"
#include "drift/finding/status.h"
#include "drift/service/assignee.h"
#include "drift/watch/own_scope.h"
#include "drift/watch/watched.h"

/* Who made its changes is shown to who may read changes, as there. */
static bool
show_makers(const struct acting *a, struct alert *row, struct err *e)
{
	if (!permission_has(&a->by.caller->permissions, ACTION_READ, RESOURCE_DRIFT))
		row->attribution = (struct raw_json) { 0 };
	return attribution_view(
	    a->by.mem, a->view, row->attribution.text, &row->attribution.text, e);
}

/* As it is answered, and never written again. */
static bool
show_all(const struct acting *a, struct alert *rows, size_t n, struct err *e)
{
	for (size_t i = 0; i < n; i++)
		if (!show_makers(a, &rows[i], e))
			return false;
	for (size_t i = 0; a->view.values && i < n; i++) {
		if (!title_open(a->by.t, a->by.mem, &rows[i], e))
			return false;
		if (rows[i].full_title != NULL)
			rows[i].title = rows[i].full_title;
	}
	return true;
}

/* What is in the trail is seen by who may read that. */
const char *
alert_unseen(const struct acting *a)
{
	return a->view.trail ? NULL : KIND_SECURITY;
}

static bool
is_seen(const struct acting *a, const struct alert *row)
{
	return a->view.trail || strcmp(row->kind, KIND_SECURITY) != 0;
}

bool
alert_find(const struct acting *a, const struct uuid *id, struct alert *out, struct err *e)
{
	return alert_by_id(a->by.t->db, a->by.mem, id, out, e) &&
	       (is_seen(a, out) ||
		   err_set(e, ERR_MISSING, 0, "Not found.", "an alert of the trail"));
}

bool
alert_see(const struct acting *a, const struct uuid *id, struct alert *out, struct err *e)
{
	return alert_find(a, id, out, e) && show_all(a, out, 1, e);
}

bool
alert_untold(const struct acting *a, const struct uuid *id, int64_t *n, struct err *e)
{
	return lane_count_untold(a->by.t->db, a->by.mem, id, n, e);
}

bool
alert_controls(const struct acting *a, const struct uuid *id, struct strings *out, struct err *e)
{
	return alert_control_list(a->by.t->db, a->by.mem, id, out, e);
}

bool
alert_page(const struct acting *a, const struct alert_filter *f, struct page *p, struct err *e)
{
	struct alert_filter seen = *f;

	seen.unseen = alert_unseen(a);
	return alert_list(a->by.t, a->by.mem, &seen, p, e) && show_all(a, p->rows, p->n, e);
}

/* ---- one alert ---- */

static bool
set_status(const struct acting *a, struct alert *at, const char *status, struct err *e)
{
	at->status = acting_copy(a, status);
	if (at->acknowledged_by == NULL) {
		at->acknowledged_by = acting_copy(a, a->name);
		at->acknowledged_at = at->updated_at;
	}
	if (strcmp(status, "resolved") == 0) {
		at->resolved_by = acting_copy(a, a->name);
		at->resolved_at = at->updated_at;
		at->open_key = NULL;
	}
	if (at->status == NULL || at->acknowledged_by == NULL ||
	    (at->open_key == NULL && at->resolved_by == NULL))
		return err_memory(e);
	return true;
}

/* Who it is given to: as people know them where the caller may look that up, else by id; "" where
 * that is nobody any more. */
static bool
name_assignee(const struct acting *a, const struct uuid *id, const char **out, struct err *e)
{
	struct user u;
	char       *text;

	*out = "";
	if (uuid_is_nil(id))
		return true;
	if (permission_has(&a->by.caller->permissions, ACTION_READ, RESOURCE_USERS)) {
		if (user_by_id(a->by.t, a->by.mem, id, &u, e)) {
			*out = u.email;
			return true;
		}
		if (!err_take(e, ERR_MISSING))
			return false;
	}
	text = talloc_size(a->by.mem, UUID_TEXT_MAX);
	if (text == NULL)
		return err_memory(e);
	uuid_print(id, text);
	*out = text;
	return true;
}

static const char *
via_of(const struct acting *a)
{
	const struct caller *c = a->by.caller;

	if (a->spends != NULL)
		return "link";
	if (c->acting)
		return "tenant";
	return c->kind == CALLER_API_KEY ? "key" : "session";
}

/* What all alerts of a deed are told with: read with the first, a config again where the next is of
 * another. */
struct alert_desk {
	const struct acting *a;
	struct alert_routing routing; /* version 0: not read */
	struct alert_routes  routes;
	struct drift_config  config; /* id nil: none is read */
};

/* Of its config, or of the tenant itself. */
static bool
make_scope(struct alert_desk *k, const struct alert *at, struct alert_scope *s, struct err *e)
{
	const struct acting     *a = k->a;
	const struct drift_spec *spec;

	if (uuid_is_nil(&at->config_id))
		return own_scope(a->by.auth, a->by.t, a->by.mem, s, e);
	if (!uuid_eq(&k->config.id, &at->config_id) &&
	    !config_by_id(a->by.t, a->by.mem, &at->config_id, &k->config, e))
		return false;
	spec = acting_spec(a, &k->config, e);
	if (spec == NULL)
		return false;
	*s = acting_alerts(a, &k->config, spec);
	return true;
}

static bool
open_desk(struct alert_desk *k, const struct alert *at, struct alert_scope *s, struct err *e)
{
	const struct acting *a = k->a;

	if (!make_scope(k, at, s, e))
		return false;
	return k->routing.version != 0 || (routing_read(a->by.t->db, a->by.mem, &k->routing, e) &&
					      alerting_routes(s, &k->routing, &k->routes, e));
}

/* Whoever was told of the alert hears of its end, whoever ended it, and of the work on it. */
static bool
tell_work(struct alert_desk *k, struct alert *at, const char *event, const struct alert_work *work,
    struct err *e)
{
	const struct alert_news news = {
		.event = event,
		.alert = at,
		.work = work,
		.routing = &k->routing,
		.routes = &k->routes,
	};
	struct alert_scope s;

	if (!open_desk(k, at, &s, e)) {
		k->config = (struct drift_config) { 0 };
		return err_take(e, ERR_MISSING);
	}
	return title_open(s.t, s.mem, at, e) && alerting_tell(&s, &news, NULL, e);
}

static bool
record_event(struct db *db, const struct acting *a, const struct alert *at, const char *from,
    const char *note, struct err *e)
{
	const struct finding_event v = {
		.id = acting_id(a),
		.subject = { at->id.b, sizeof(at->id.b) },
		.at = at->updated_at,
		.actor = a->name,
		.from_status = from,
		.to_status = at->status,
		.note = note == NULL ? "" : note,
	};

	return finding_event_add(db, &v, 1, e);
}

static bool
check_transition(const struct alert *at, const struct alert_wish *w, struct err *e)
{
	const char *why = w->status == NULL ? NULL : status_refuse_alert(at->status, w->status);
	char        id[UUID_TEXT_MAX], text[sizeof(e->pub)];

	if (why == NULL)
		return true;
	uuid_print(&at->id, id);
	snprintf(text, sizeof(text), "Alert %s is %s. %s", id, at->status, why);
	return err_set(e, ERR_CONFLICT, 0, text, "no status %s after %s", w->status, at->status);
}

/* What the wish says is so already, and there is nothing to note. */
static bool
is_so(const struct alert *at, const struct alert_wish *w)
{
	return (w->status == NULL || strcmp(w->status, at->status) == 0) && w->note == NULL &&
	       (!w->assigns || uuid_eq(&w->assigned_to, &at->assigned_to));
}

static bool
fulfil(struct db *db, struct alert_desk *k, const struct alert_wish *w, struct alert *at,
    struct err *e)
{
	const struct acting *a = k->a;
	struct alert_work    work = {
		   .by = a->name,
		   .via = via_of(a),
		   .from = at->status,
		   .note = w->note,
	};
	bool        assigns = w->assigns && !uuid_eq(&w->assigned_to, &at->assigned_to);
	bool        was_open = at->open_key != NULL, done;
	const char *event;

	if (!check_transition(at, w, e))
		return false;
	at->updated_at = w->now;
	if (w->status != NULL && !set_status(a, at, w->status, e))
		return false;
	if (w->assigns)
		at->assigned_to = w->assigned_to;
	if (w->status != NULL && !uuid_is_nil(&at->config_id) &&
	    !unsettled_seen(db, &at->config_id, e))
		return false;
	if (!alert_set(db, at, &done, e))
		return false;
	if (!done)
		return tx_again(e);
	at->version++;
	if ((w->status != NULL || w->note != NULL) &&
	    !record_event(db, a, at, work.from, w->note, e))
		return false;
	event = work_event(work.from, at->status, assigns);
	if (!was_open || event == NULL)
		return true;
	return (!assigns || name_assignee(a, &at->assigned_to, &work.assigned_to, e)) &&
	       tell_work(k, at, event, &work, e);
}

bool
alert_resolve(struct db *db, const struct acting *a, const struct report *report, const char *note,
    struct err *e)
{
	const struct alert_wish w = { .status = "resolved", .note = note, .now = acting_now(a) };
	struct alert_desk       desk = { .a = a };
	struct alert            at;
	char                    key[ALERT_OPEN_KEY_MAX];

	alerting_open_key(&report->config_id, key);
	if (!alert_by_open_key(db, a->by.mem, key, &at, e)) {
		if (!err_take(e, ERR_MISSING))
			return false;
		return true;
	}
	at.report_id = report->id;
	at.changes = 0;
	return fulfil(db, &desk, &w, &at, e);
}

/* ---- the deed ---- */

struct alert_deed {
	const struct acting      *a;
	struct alert_wish         wish;
	const struct alert_which *which;
	bool                      many;
	struct alert             *alerts; /* as they become */
	struct alerts_done        done;
	struct audit_entry        entry;
};

/* Of one alert, and of many. */
struct alert_told {
	const char     *status, *note, *link; /* the last: what that of a message said */
	struct raw_json filter;
	int64_t         matched, changed;
	struct raw_json alerts;
};
static const struct field alert_told_fields[] = {
	TOLD(struct alert_told, status),
	TOLD_IF(struct alert_told, note),
	TOLD_IF(struct alert_told, link),
	FIELD_END,
};
static const struct schema alert_told = SCHEMA("AlertTold", struct alert_told, alert_told_fields);
static const struct field  alerts_told_fields[] = {
	 TOLD(struct alert_told, status),
	 TOLD_IF(struct alert_told, note),
	 TOLD_IF(struct alert_told, filter),
	 TOLD(struct alert_told, matched),
	 TOLD(struct alert_told, changed),
	 TOLD(struct alert_told, alerts),
	 FIELD_END,
};
static const struct schema alerts_told =
    SCHEMA("AlertsTold", struct alert_told, alerts_told_fields);

/* The ids of those that were changed, as a JSON array. */
static bool
changed_ids(const struct alert_deed *x, struct raw_json *out, struct err *e)
{
	TALLOC_CTX       *mem = x->a->by.mem;
	size_t            n = (size_t)x->done.changed;
	struct uuid      *ids = talloc_zero_size(mem, (n + 1) * sizeof(ids[0]));
	struct id_list_in list;

	if (ids == NULL)
		return err_memory(e);
	for (size_t i = 0; i < n; i++)
		ids[i] = x->alerts[i].id;
	if (!id_list_print(mem, (struct id_list) { ids, n }, &list, e))
		return false;
	out->text = list.ids;
	return true;
}

static bool
tell_deed(struct alert_deed *x, struct err *e)
{
	const struct alert_wish *w = &x->wish;
	struct alert_told        told = {
		       .status = w->status,
		       .note = w->note,
		       .link = x->a->spends == NULL ? NULL : x->a->spends->deed,
		       .filter = { .tree = x->which->text },
		       .matched = x->done.matched,
		       .changed = x->done.changed,
	};

	if (x->many && !changed_ids(x, &told.alerts, e))
		return false;
	x->entry.details =
	    audit_details(x->a->by.mem, x->many ? &alerts_told : &alert_told, &told, e);
	return x->entry.details != NULL;
}

static int
by_id(const void *a, const void *b)
{
	return memcmp(
	    &((const struct alert *)a)->id, &((const struct alert *)b)->id, sizeof(struct uuid));
}

/* `rows` are newest first. */
static bool
is_among(const struct alert *rows, size_t n, const struct uuid *id)
{
	const struct alert key = { .id = *id };
	size_t             lo = 0, hi = n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		int    c = by_id(&key, &rows[mid]);

		if (c == 0)
			return true;
		if (c < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return false;
}

/* Every id that is not there is a fault of its own. */
static bool
check_ids(const struct alert_deed *x, const struct alert *rows, size_t n, struct err *e)
{
	TALLOC_CTX *mem = x->a->by.mem;

	for (size_t i = 0; i < x->which->n; i++) {
		char *pointer;

		if (is_among(rows, n, &x->which->ids[i]))
			continue;
		pointer = talloc_asprintf(mem, "/ids/%zu", i);
		if (pointer == NULL)
			return err_memory(e);
		err_fault(e, mem, pointer, "there is no such alert");
	}
	return e->code == ERR_OK;
}

static void
leave_seen(const struct acting *a, struct alert *rows, size_t *n)
{
	size_t seen = 0;

	for (size_t i = 0; i < *n; i++)
		if (is_seen(a, &rows[i]))
			rows[seen++] = rows[i];
	*n = seen;
}

static bool
load(struct db *db, const struct alert_deed *x, struct alert **rows, size_t *n, struct err *e)
{
	const struct alert_which *w = x->which;
	const struct acting      *a = x->a;
	struct page               p = { .want = ALERT_IDS_MAX + 1 };
	struct alert_filter       seen = w->filter;

	if (w->ids != NULL) {
		if (!alert_by_ids(db, a->by.mem, (struct id_list) { w->ids, w->n }, rows, n, e))
			return false;
		leave_seen(a, *rows, n);
		return check_ids(x, *rows, *n, e);
	}
	seen.unseen = alert_unseen(a);
	if (!alert_list(a->by.t, a->by.mem, &seen, &p, e))
		return false;
	*rows = p.rows;
	*n = p.n;
	if (*n > ALERT_IDS_MAX)
		return err_fault(e, a->by.mem, "/filter", "lets more than %d alerts by; narrow it",
		    ALERT_IDS_MAX);
	return true;
}

/* Read inside the transaction: it may be the second try.  The changed ones come first. */
static bool
deed_body(struct db *db, void *arg, struct err *e)
{
	struct alert_deed *x = arg;
	struct alert_desk  desk = { .a = x->a };
	size_t             n;

	x->done = (struct alerts_done) { 0 };
	if (!acting_spend(db, x->a, e))
		return false;
	if (!load(db, x, &x->alerts, &n, e))
		return false;
	x->done.matched = (int64_t)n;
	if (!x->many && !acting_holds(x->a, x->alerts[0].version, e))
		return false;
	for (size_t i = 0; i < n; i++) {
		if (x->many && is_so(&x->alerts[i], &x->wish))
			continue;
		if (!fulfil(db, &desk, &x->wish, &x->alerts[i], e))
			return false;
		x->alerts[x->done.changed++] = x->alerts[i];
	}
	x->done.unchanged = x->done.matched - x->done.changed;
	return tell_deed(x, e);
}

/* ---- one, and many ---- */

static bool
check_assignee(const struct acting *a, const struct alert_wish *w, struct err *e)
{
	return !w->assigns || assignee_check(a, &w->assigned_to, e);
}

bool
alert_alter(const struct acting *a, const struct uuid *id, const struct alert_wish *wish,
    struct alert *out, struct err *e)
{
	const struct alert_which which = { .ids = id, .n = 1 };
	struct alert_deed        x = {
		       .a = a,
		       .wish = *wish,
		       .which = &which,
		       .entry = { .action = AUDIT_ALERT_UPDATE, .target_id = *id },
	};

	x.wish.now = acting_now(a);
	if (!alert_see(a, id, out, e) || !check_assignee(a, wish, e) ||
	    !audit_deed(&a->by, deed_body, &x, &x.entry, e))
		return false;
	*out = x.alerts[0];
	return show_all(a, out, 1, e);
}

bool
alerts_alter(const struct acting *a, const struct alert_which *which, const struct alert_wish *wish,
    struct alerts_done *out, struct err *e)
{
	struct alert_deed x = {
		.a = a,
		.wish = *wish,
		.which = which,
		.many = true,
		.entry = { .action = AUDIT_ALERT_UPDATE },
	};

	x.wish.now = acting_now(a);
	if (!check_assignee(a, wish, e) || !audit_deed(&a->by, deed_body, &x, &x.entry, e))
		return false;
	*out = x.done;
	return true;
}
