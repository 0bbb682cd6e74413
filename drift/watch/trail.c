/* watch_priv.h: what entries of the audit trail open and undo. */
#include <string.h>

#include "drift/watch/watch_priv.h"

#define PAGE      100
#define ACTOR_MAX 120 /* bytes of a name in a title */

/* ---- reading ---- */

static bool
opens(struct looking *l, const struct watched *w, const struct audit_row *r,
    const struct json *details, bool *yes, struct err *e)
{
	*yes = false;
	for (size_t i = 0; !*yes && w->opens[i] != NULL; i++)
		*yes = strcmp(w->opens[i], r->action) == 0;
	if (!*yes)
		return true;
	*yes = w->fits == NULL || w->fits(r, details);
	return w->asks == NULL || w->asks(l, r, details, yes, e);
}

static const char *
line_of(TALLOC_CTX *mem, const char *text, struct err *e)
{
	struct buf b;

	buf_make(&b, mem);
	buf_line(&b, str_of(text), ACTOR_MAX);
	return buf_text(&b, e);
}

static bool
who_of(TALLOC_CTX *mem, const struct audit_row *r, struct who *out, struct err *e)
{
	out->by = line_of(mem, r->actor_name, e);
	out->from = out->by == NULL ? NULL : line_of(mem, r->address, e);
	return out->from != NULL;
}

static bool
count(struct looking *l, const struct watched *w, const struct audit_row *r, struct err *e)
{
	struct found *f;

	if (!look_found(l, w, w->each ? r->target_id : "", &f, e))
		return false;
	f->times++;
	f->over = false;
	return who_of(l->mem, r, &f->did, e);
}

static bool
undo(struct looking *l, const struct watched *w, const struct audit_row *r, struct err *e)
{
	struct found *f;

	if (!look_found(l, w, r->target_id, &f, e))
		return false;
	f->over = true;
	return who_of(l->mem, r, &f->undid, e);
}

static bool
ends_in(struct str s, const char *end)
{
	const size_t n = strlen(end);

	return s.n >= n && memcmp(s.p + s.n - n, end, n) == 0;
}

/* A push that a full quota has refused. */
static bool
is_push_refused(const struct audit_row *r, const struct json *details)
{
	const struct json *code = json_get(details, "code"), *route = json_get(details, "route");

	return strcmp(r->action, "request.refuse") == 0 && code != NULL && route != NULL &&
	       str_eqz(code->text, "quota_exceeded") &&
	       (ends_in(route->text, "/snapshots") || ends_in(route->text, "/documents"));
}

static bool
take_entry(struct looking *l, TALLOC_CTX *page, const struct audit_row *r, struct err *e)
{
	struct err         why = { 0 };
	const struct json *details = json_parse(page, str_of(r->details), &why);

	if (details == NULL && why.code != ERR_MALFORMED)
		return err_memory(e);
	l->push_refused = l->push_refused || is_push_refused(r, details);
	for (const struct watched *w = watched; w->name != NULL; w++) {
		bool opened;

		if (!opens(l, w, r, details, &opened, e) || (opened && !count(l, w, r, e)))
			return false;
		if (w->undone != NULL && strcmp(w->undone, r->action) == 0 && !undo(l, w, r, e))
			return false;
	}
	l->seq = r->seq;
	return true;
}

static bool
read_page(struct looking *l, TALLOC_CTX *mem, size_t *n, struct err *e)
{
	struct page             p = { .want = PAGE };
	const struct audit_row *rows;

	if (!audit_rows_after(l->scope.t, mem, l->seq, &p, e))
		return false;
	rows = p.rows;
	*n = p.n;
	for (size_t i = 0; i < p.n; i++)
		if (!take_entry(l, mem, &rows[i], e))
			return false;
	return true;
}

bool
trail_read(struct looking *l, struct err *e)
{
	size_t n = PAGE;

	for (int read = 0; n == PAGE && read < LOOK_ENTRIES; read += PAGE) {
		TALLOC_CTX *page = talloc_new(NULL);
		bool        ok = page != NULL ? read_page(l, page, &n, e) : err_memory(e);

		talloc_free(page);
		if (!ok)
			return false;
	}
	l->more = n == PAGE;
	return true;
}

/* ---- telling ---- */

/* What has happened, how often, and by whom last. */
static const char *
title_of(TALLOC_CTX *mem, const struct found *f, int64_t times, struct err *e)
{
	struct buf b;

	buf_make(&b, mem);
	buf_puts(&b, f->w->title);
	if (times > 1)
		buf_printf(&b, ", %lld times", (long long)times);
	put_who(&b, times > 1 ? "; last" : ":", &f->did);
	return buf_text(&b, e);
}

/* NULL: memory.  Of what comes in thousands none: "" stands for that. */
static const char *
again_of(TALLOC_CTX *mem, const struct found *f, struct err *e)
{
	struct buf b;

	if (f->w->often)
		return "";
	buf_make(&b, mem);
	buf_puts(&b, "It happened again");
	put_who(&b, ":", &f->did);
	return buf_text(&b, e);
}

/* So many more than the open alert counts. */
static bool
tell_times(const struct looking *l, const struct found *f, const char *key, struct err *e)
{
	struct standing x = { key, f->w->kind, f->severity, NULL, f->times, NULL };
	const char     *again = again_of(l->mem, f, e);
	struct alert    alert;
	bool            open;

	if (again == NULL || !standing_find(&l->scope, key, &alert, &open, e))
		return false;
	x.again = *again != '\0' ? again : NULL;
	x.changes += open ? alert.changes : 0;
	x.title = title_of(l->mem, f, x.changes, e);
	return x.title != NULL && standing_update(&l->scope, &x, e);
}

static bool
tell(const struct looking *l, const struct found *f, struct err *e)
{
	const char *key = watched_key(l->mem, f->w, f->object);

	if (key == NULL)
		return err_memory(e);
	return (f->times == 0 || tell_times(l, f, key, e)) &&
	       (!f->over || look_over(l, f->w, key, &f->undid, e));
}

bool
trail_tell(struct looking *l, struct err *e)
{
	for (size_t i = 0; i < l->n; i++)
		if (!tell(l, &l->found[i], e))
			return false;
	return true;
}
