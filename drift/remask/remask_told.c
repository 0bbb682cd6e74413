/* remask.h: changes, and what is told of alerts. */
#include <string.h>

#include "drift/alert/announced.h"
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

/* Where it is, under its names of now; *other: these are others. */
static bool
name_place(struct remasking *w, const struct value_place *was, struct value_place *is, bool *other,
    struct err *e)
{
	struct resource r = { .category = was->category, .key = was->key };

	*is = *was;
	if (!resource_name(w->page, w->masks, &r, RESOURCE_STORED, e))
		return false;
	is->category = r.category;
	is->key = r.key;
	if (!mask_path(w->page, w->masks, &r, &is->path, w->x->work, e))
		return false;
	*other = *other || is->category.p != was->category.p || is->key.p != was->key.p ||
		 is->path.p != was->path.p;
	return true;
}

static bool
keep_text(struct remasking *w, struct str text, char **out, struct err *e)
{
	if (text.p != *out)
		*out = str_dup(w->page, text);
	return *out != NULL || err_memory(e);
}

/* What is said of a change in names. */
static bool
name_change(struct remasking *w, struct remask_change *c, struct value_place *is, bool *other,
    struct err *e)
{
	const struct value_place was = { str_of(c->category), str_of(c->key), str_of(c->path) };
	struct value_place       canonical = was, from = was;
	struct str               inside = c->rule_place == NULL ? STR("") : str_of(c->rule_place);

	canonical.path = str_of(c->canonical_path);
	if (!name_place(w, &was, is, other, e) ||
	    !name_place(w, &canonical, &canonical, other, e) || !mask_sentence(w->page, &inside, e))
		return false;
	if (c->renamed_from != NULL) {
		from.key = str_of(c->renamed_from);
		if (!name_place(w, &from, &from, other, e) ||
		    !keep_text(w, from.key, &c->renamed_from, e))
			return false;
	}
	return keep_text(w, is->category, &c->category, e) && keep_text(w, is->key, &c->key, e) &&
	       keep_text(w, is->path, &c->path, e) &&
	       keep_text(w, canonical.path, &c->canonical_path, e) &&
	       (c->rule_place == NULL || keep_text(w, inside, &c->rule_place, e));
}

static bool
mask_sealed(struct remasking *w, const struct remask_change *c, const struct value_place *at,
    const char *column, struct blob *sealed, bool *other, struct err *e)
{
	const struct sealed_place place = { "drift_changes", column, &c->id };
	struct str                text;
	bool                      changed = false;

	if (sealed->p == NULL)
		return true;
	if (!tenant_open(w->x->t, w->page, place, *sealed, &text, e) ||
	    !mask_text(w, at, &text, &changed, e))
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
		struct value_place at = { .path = str_of(rows[i].path) }, is;
		bool               other = rows[i].has_lines;

		if (!name_change(w, &rows[i], &is, &other, e))
			return false;
		at.category = is.category;
		at.key = is.key;
		if (!mask_sealed(w, &rows[i], &at, "old_value", &rows[i].old_value, &other, e) ||
		    !mask_sealed(w, &rows[i], &at, "new_value", &rows[i].new_value, &other, e))
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
set_raw(struct remasking *w, struct str was, struct str is, struct raw_json *out, struct err *e)
{
	struct buf b;

	if (is.p == was.p)
		return true;
	buf_make(&b, w->page);
	buf_json(&b, is);
	buf_putc(&b, '\0');
	*out = (struct raw_json) { .text = b.p };
	return buf_ok(&b) || err_memory(e);
}

/* It is of another place than the change, and nothing tells which: withheld whole. */
static bool
mask_announced(struct remasking *w, struct event_change *c, bool *other, struct err *e)
{
	const char *shown;

	if (!announced_view(w->page, (struct view) { 0 }, c->announced.text, &shown, e))
		return false;
	*other = *other || (shown != NULL && strcmp(shown, c->announced.text) != 0);
	c->announced = (struct raw_json) { .text = shown };
	return true;
}

static bool
mask_event_change(struct remasking *w, struct event_change *c, bool *other, struct err *e)
{
	struct value_place was, is, at;

	if (!event_text(w->page, &c->category, &was.category, e) ||
	    !event_text(w->page, &c->key, &was.key, e) ||
	    !event_text(w->page, &c->path, &was.path, e) || !name_place(w, &was, &is, other, e))
		return false;
	at = (struct value_place) { is.category, is.key, was.path };
	if (!mask_raw(w, &at, &c->old_value, other, e) ||
	    !mask_raw(w, &at, &c->new_value, other, e) ||
	    !set_raw(w, was.category, is.category, &c->category, e) ||
	    !set_raw(w, was.key, is.key, &c->key, e) || !set_raw(w, was.path, is.path, &c->path, e))
		return false;
	if (c->renamed_from.text != NULL) {
		if (!event_text(w->page, &c->renamed_from, &was.key, e) ||
		    !name_place(w, &was, &is, other, e) ||
		    !set_raw(w, was.key, is.key, &c->renamed_from, e))
			return false;
	}
	*other = *other || c->text_diff.text != NULL;
	c->text_diff = (struct raw_json) { 0 };
	return mask_announced(w, c, other, e);
}

/* A sentence of an event. */
static bool
mask_said(struct remasking *w, struct raw_json *said, bool *other, struct err *e)
{
	struct str was, is;

	if (said->text == NULL)
		return true;
	if (!event_text(w->page, said, &was, e))
		return false;
	is = was;
	if (!mask_sentence(w->page, &is, e))
		return false;
	*other = *other || is.p != was.p;
	return set_raw(w, was, is, said, e);
}

static bool
mask_event(struct remasking *w, struct alert_event *ev, bool *other, struct err *e)
{
	struct event_change *list = ev->changes.p;

	for (size_t i = 0; i < ev->changes.n; i++)
		if (!mask_event_change(w, &list[i], other, e))
			return false;
	return ev->alert == NULL || (mask_said(w, &ev->alert->title, other, e) &&
					mask_said(w, &ev->alert->plain_title, other, e));
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
	struct value_place       was = { 0 }, at;
	struct str *const        texts[] = { &was.category, &was.key, &was.path };
	static const char *const names[] = { "category", "key", "path" };

	if (change->type != JSON_OBJECT)
		return true;
	for (size_t i = 0; i < 3; i++) {
		const struct json *v = json_get(change, names[i]);

		if (v != NULL && v->type == JSON_STRING)
			*texts[i] = v->text;
	}
	if (!name_place(w, &was, &at, other, e))
		return false;
	at.path = was.path;
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
	if (!remask_words(w->page, tree, other, e))
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
