/* remask.h: the values of changes, and of what is told of alerts. */
#include <string.h>

#include "drift/alert/message.h"
#include "drift/deliver/finished.h"
#include "drift/engine/mask_at.h"
#include "drift/remask/remask_priv.h"

/* Where a value is. */
struct value_place {
	struct str category, key, path;
};

/* *text becomes another where something in it is masked now. */
static bool
mask_text(
    struct remasking *w, const struct value_place *at, struct str *text, bool *other, struct err *e)
{
	struct resource r = { at->category, at->key, json_parse(w->page, *text, e) };
	struct buf      b;

	if (r.value == NULL) /* what we wrote ourselves is no fault of anybody's */
		return err_note(e, "reading a stored value");
	if (!mask_at(w->page, w->masks, &r, at->path, w->x->work, e) ||
	    !mask_set_apply(w->page, w->seen, w->masks, &r, e))
		return false;
	buf_make(&b, w->page);
	resource_print(&b, r.value);
	if (!buf_ok(&b))
		return err_memory(e);
	if (str_eq(buf_str(&b), *text))
		return true;
	*text = buf_str(&b);
	*other = w->told = true;
	return true;
}

/* ---- changes ---- */

static bool
mask_sealed(struct remasking *w, const struct remask_change *c, const char *column,
    struct blob *sealed, bool *other, struct err *e)
{
	const struct sealed_place place = { "drift_changes", column, &c->id };
	const struct value_place  at = { str_of(c->category), str_of(c->key), str_of(c->path) };
	struct str                text;
	bool                      changed = false;

	if (sealed->p == NULL)
		return true;
	if (!tenant_open(w->x->t, w->page, place, *sealed, &text, e) ||
	    !mask_text(w, &at, &text, &changed, e))
		return false;
	*other = *other || changed;
	return !changed || tenant_seal(w->x->t, w->page, place, text, sealed, e);
}

bool
remask_changes_page(struct db *db, struct remasking *w, struct err *e)
{
	struct remask_change *rows;
	size_t                n = 0;

	if (!remask_changes(db, w->page, &w->at, &rows, &w->read, e))
		return false;
	for (size_t i = 0; i < w->read; i++) {
		bool other = rows[i].has_lines;

		if (!mask_sealed(w, &rows[i], "old_value", &rows[i].old_value, &other, e) ||
		    !mask_sealed(w, &rows[i], "new_value", &rows[i].new_value, &other, e))
			return false;
		if (other)
			rows[n++] = rows[i];
	}
	return remask_changes_set(db, rows, n, e);
}

/* ---- what is told ---- */

static bool
mask_raw(struct remasking *w, const struct value_place *at, struct raw_json *value, bool *other,
    struct err *e)
{
	struct str text = str_of(value->text);
	bool       changed = false;

	if (value->text == NULL)
		return true;
	if (!mask_text(w, at, &text, &changed, e))
		return false;
	if (!changed)
		return true;
	*other = true;
	value->text = str_dup(w->page, text);
	value->tree = NULL;
	return value->text != NULL || err_memory(e);
}

static bool
mask_event(struct remasking *w, struct alert_event *ev, bool *other, struct err *e)
{
	struct event_change *list = ev->changes.p;

	for (size_t i = 0; i < ev->changes.n; i++) {
		struct event_change *c = &list[i];
		struct value_place   at;

		if (!event_text(w->page, &c->category, &at.category, e) ||
		    !event_text(w->page, &c->key, &at.key, e) ||
		    !event_text(w->page, &c->path, &at.path, e) ||
		    !mask_raw(w, &at, &c->old_value, other, e) ||
		    !mask_raw(w, &at, &c->new_value, other, e))
			return false;
		*other = *other || c->text_diff.text != NULL;
		c->text_diff = (struct raw_json) { 0 };
	}
	return true;
}

static bool
mask_kept(struct remasking *w, struct remask_message *m, bool *other, struct err *e)
{
	const struct outbox row = { .id = m->id, .body = m->body };
	struct alert_event  ev;

	if (!message_open(w->x->t, w->page, &row, &ev, e) || !mask_event(w, &ev, other, e))
		return false;
	if (!*other)
		return true;
	if (ev.alert->plain_title.text != NULL)
		ev.alert->title = ev.alert->plain_title; /* values stand in it too */
	return message_seal(w->x->t, w->page, &m->id, &ev, &m->body, e);
}

static bool
replace(struct remasking *w, struct json *v, struct str text, struct err *e)
{
	const struct json *now = json_parse(w->page, text, e);

	if (now == NULL)
		return err_note(e, "a value that was masked");
	*v = *now;
	return true;
}

/* The values of one change of a finished body. */
static bool
mask_told(struct remasking *w, struct json *change, bool *other, struct err *e)
{
	struct value_place       at = { 0 };
	struct str *const        texts[] = { &at.category, &at.key, &at.path };
	static const char *const names[] = { "category", "key", "path" };

	if (change->type != JSON_OBJECT)
		return true;
	for (size_t i = 0; i < 3; i++) {
		const struct json *v = json_get(change, names[i]);

		if (v != NULL && v->type == JSON_STRING)
			*texts[i] = v->text;
	}
	for (uint32_t i = 0; i < change->n; i++) {
		struct json *v = &change->items[i];
		struct str   text;
		struct buf   b;
		bool         changed = false;

		if (!str_eqz(change->names[i], "old_value") &&
		    !str_eqz(change->names[i], "new_value"))
			continue;
		buf_make(&b, w->page);
		json_print(&b, v);
		text = buf_str(&b);
		if (!buf_ok(&b) || !mask_text(w, &at, &text, &changed, e))
			return e->code == ERR_OK ? err_memory(e) : false;
		if (changed && !replace(w, v, text, e))
			return false;
		*other = *other || changed;
	}
	return true;
}

/* A body that was finished when it was made. */
static bool
mask_finished(struct remasking *w, struct remask_message *m, bool *other, struct err *e)
{
	const struct outbox row = { .id = m->id, .body = m->body };
	struct str          text, now;
	struct json        *tree, *changes;
	struct buf          b;

	if (!finished_open(w->x->t, w->page, &row, &text, e))
		return false;
	tree = json_parse(w->page, text, e);
	if (tree == NULL)
		return err_note(e, "a stored message");
	changes = finished_changes(tree);
	for (uint32_t i = 0; changes != NULL && i < changes->n; i++)
		if (!mask_told(w, &changes->items[i], other, e))
			return false;
	if (!*other)
		return true;
	buf_make(&b, w->page);
	json_print(&b, tree);
	now = buf_str(&b);
	return buf_ok(&b)
		   ? tenant_seal(w->x->t, w->page, OUTBOX_BODY_PLACE(&m->id), now, &m->body, e)
		   : err_memory(e);
}

bool
remask_messages_page(struct db *db, struct remasking *w, struct err *e)
{
	struct remask_message *rows;
	size_t                 n = 0;

	if (!remask_messages(db, w->page, &w->at, &rows, &w->read, e))
		return false;
	for (size_t i = 0; i < w->read; i++) {
		bool other = false, ok = true;

		w->at.id = rows[i].id;
		if (rows[i].body.p == NULL)
			continue;
		ok = rows[i].template > 0 ? mask_kept(w, &rows[i], &other, e)
					  : mask_finished(w, &rows[i], &other, e);
		if (!ok)
			return false;
		if (other)
			rows[n++] = rows[i];
	}
	return remask_messages_set(db, rows, n, e);
}
