/* remask.h: what alerts are called, and what reports say beside their changes. */
#include "drift/engine/mask_at.h"
#include "drift/remask/remask_priv.h"

static bool
mask_word(TALLOC_CTX *mem, struct str *text, bool *other, struct err *e)
{
	struct str was = *text;

	if (!mask_sentence(mem, text, e))
		return false;
	*other = *other || text->p != was.p;
	return true;
}

bool
remask_words(TALLOC_CTX *mem, struct json *v, bool *other, struct err *e)
{
	if (v->type == JSON_STRING)
		return mask_word(mem, &v->text, other, e);
	if (v->type != JSON_ARRAY && v->type != JSON_OBJECT)
		return true;
	for (uint32_t i = 0; i < v->n; i++)
		if (!remask_words(mem, &v->items[i], other, e) ||
		    (v->type == JSON_OBJECT && !mask_word(mem, &v->names[i], other, e)))
			return false;
	return true;
}

/* ---- alerts ---- */

bool
remask_alerts_page(struct db *db, struct remasking *w, struct err *e)
{
	struct remask_alert *rows;
	size_t               n = 0;

	if (!remask_alerts(db, w->page, &w->at, &rows, &w->read, e))
		return false;
	for (size_t i = 0; i < w->read; i++) {
		struct str title = str_of(rows[i].title);
		bool       other = false;

		w->at.id = rows[i].id;
		if (!mask_word(w->page, &title, &other, e))
			return false;
		if (!other)
			continue;
		rows[n] = rows[i];
		rows[n].title = str_dup(w->page, title);
		if (rows[n++].title == NULL)
			return err_memory(e);
	}
	return remask_alerts_set(db, rows, n, e);
}

/* ---- reports ---- */

static bool
mask_json(struct remasking *w, char **text, bool *other, struct err *e)
{
	struct json *v;
	struct buf   b;
	bool         changed = false;

	if (*text == NULL)
		return true;
	v = json_parse(w->page, str_of(*text), e);
	if (v == NULL)
		return err_note(e, "reading a report");
	if (!remask_words(w->page, v, &changed, e) || !changed)
		return e->code == ERR_OK;
	buf_make(&b, w->page);
	json_print(&b, v);
	buf_putc(&b, '\0');
	*text = b.p;
	*other = true;
	return buf_ok(&b) || err_memory(e);
}

bool
remask_reports_page(struct db *db, struct remasking *w, struct err *e)
{
	struct remask_report *rows;
	size_t                n = 0;

	if (!remask_reports(db, w->page, &w->at, &rows, &w->read, e))
		return false;
	for (size_t i = 0; i < w->read; i++) {
		bool other = false;

		w->at.id = rows[i].id;
		if (!mask_json(w, &rows[i].incomplete, &other, e) ||
		    !mask_json(w, &rows[i].held, &other, e) ||
		    !mask_json(w, &rows[i].notes, &other, e) ||
		    !mask_json(w, &rows[i].collections, &other, e) ||
		    !mask_json(w, &rows[i].first_look, &other, e))
			return false;
		if (other)
			rows[n++] = rows[i];
	}
	return remask_reports_set(db, rows, n, e);
}
