/* report.h: a report's changes as CSV or as a JSON Patch. */
#include "drift/engine/patch.h"
#include "fcgi/drift/report.h"
#include "fcgi/table.h"

#define PATCH_TYPE  "application/json-patch+json"
#define PIECE_BYTES ((size_t)256 << 10) /* of an answer: it is sent then */
#define PIECE_ROWS  1000                /* changes of a table, or pairs of resources of a patch */

const char *const export_types[] = { PATCH_TYPE, CSV_TYPE, NULL };

/* The first media type of Accept that we can make. */
enum export_kind
export_wanted(const struct request *r)
{
	struct str rest = request_param(r, "HTTP_ACCEPT"), one, type;

	while (rest.p != NULL) {
		rest = str_cut(rest, ',', &one);
		str_cut(one, ';', &type);
		type = str_trim(type);
		if (str_caseeqz(type, PATCH_TYPE))
			return EXPORT_PATCH;
		if (str_caseeqz(type, CSV_TYPE))
			return EXPORT_CSV;
		if (str_caseeqz(type, "application/json") || str_eqz(type, "*/*"))
			return EXPORT_JSON;
	}
	return EXPORT_JSON;
}

/*
 * The answer comes in pieces.  The first is made before the status is sent, so that what is wrong
 * from the beginning is told as always; an answer that is complete then goes at once.
 */
struct export
{
	bool (*piece)(struct request * r, struct export * x, struct buf * out, struct err * e);
	bool                 ended;
	const struct acting *a;
	struct change_filter f;     /* the table: of which changes */
	struct uuid          after; /* the last that was written; nil: none */
	struct side          from, to;
	struct comparison   *walk;
	struct patch        *patch;
	struct uuid          report; /* whose patch it is */
};

static bool
next_piece(struct request *r, struct buf *out, struct err *e)
{
	struct export *x = r->more_arg;

	return x->ended || (x->piece(r, x, out, e) && (buf_ok(out) || err_memory(e)));
}

static bool
begin(struct request *r, struct export *x, const char *type, struct err *e)
{
	r->content_type = type;
	r->more_arg = x;
	if (!next_piece(r, &r->out, e))
		return false;
	r->more = x->ended ? NULL : next_piece;
	return true;
}

/* ---- the patch ---- */

/* One pair; what was read of it goes before the next. */
static bool
patch_pair(struct request *r, struct export *x, struct buf *out, bool *more, struct err *e)
{
	TALLOC_CTX      *mem = talloc_new(r->mem);
	struct side_pair p;
	bool             ok;

	if (mem == NULL)
		return err_memory(e);
	ok = comparison_next(x->walk, mem, &p, more, e);
	if (ok && *more)
		ok = patch_resource(
			 x->patch, p.has_from ? &p.from : NULL, p.has_to ? &p.to : NULL, e) &&
		     patch_flush(out, x->patch, e);
	talloc_free(mem);
	return ok;
}

static bool
patch_piece(struct request *r, struct export *x, struct buf *out, struct err *e)
{
	bool more = true;

	for (int i = 0; i < PIECE_ROWS && more && out->n < PIECE_BYTES; i++)
		if (!patch_pair(r, x, out, &more, e))
			return false;
	x->ended = !more;
	if (x->ended)
		return patch_end(out, x->patch, e);
	if (out->n == 0)
		buf_putc(out, '\n'); /* no change in so many: nothing would be the end */
	return true;
}

bool
export_patch(struct request *r, const struct acting *a, const struct report *report, struct err *e)
{
	struct export      *x = talloc_zero(r->mem, struct export);
	struct report_sides s;

	if (x == NULL)
		return err_memory(e);
	if (!report_export_sides(a, report, &s, e))
		return false;
	buf_make(&r->out, r->mem);
	r->content_type = PATCH_TYPE;
	if (s.first) {
		buf_puts(&r->out, "[]");
		return buf_ok(&r->out) || err_memory(e);
	}
	x->from = s.from;
	x->to = s.to;
	x->piece = patch_piece;
	if (!comparison_patch(r->mem, s.spec->compare, &x->from, &r->work, &x->patch, e))
		return false;
	x->report = report->id;
	patch_of(x->patch, (struct str) { (const char *)x->report.b, sizeof(x->report.b) });
	x->walk = comparison_begin(
	    r->mem, &(struct both_sides) { r->db, s.spec->compare, &x->from, &x->to, &r->work }, e);
	return x->walk != NULL && begin(r, x, PATCH_TYPE, e);
}

/* ---- the table ---- */

static void
cell(struct buf *b, struct str s, char end)
{
	buf_csv(b, s);
	buf_putc(b, end);
}

static bool
csv_row(const struct acting *a, const struct change_row *c, struct buf *b, struct err *e)
{
	char        at[TIME_TEXT_MAX], id[UUID_TEXT_MAX];
	struct str  path, place = STR(""), old_value, new_value;
	bool        old_long, new_long;
	const char *maker;

	if (!view_path(a->by.mem, a->view, str_of(c->path), &path, NULL, e) ||
	    (c->rule_place != NULL &&
		!view_path(a->by.mem, a->view, str_of(c->rule_place), &place, NULL, e)) ||
	    !change_value(a, c, CHANGE_OLD, &old_value, &old_long, e) ||
	    !change_value(a, c, CHANGE_NEW, &new_value, &new_long, e) ||
	    !change_maker(a, c, &maker, e))
		return false;
	uuid_print(&c->id, id);
	time_print(c->created_at.ms, at);
	cell(b, str_of(id), ',');
	cell(b, str_of(at), ',');
	cell(b, str_of(c->category), ',');
	cell(b, str_of(c->key), ',');
	cell(b, str_of(c->op), ',');
	cell(b, path, ',');
	cell(b, old_long ? STR("[longer than 16 KiB]") : old_value, ',');
	cell(b, new_long ? STR("[longer than 16 KiB]") : new_value, ',');
	cell(b, str_of(c->severity), ',');
	cell(b, str_of(c->rule), ',');
	cell(b, str_of(c->reason), ',');
	cell(b, str_of(c->status), ',');
	cell(b, place, ',');
	cell(b, str_of(c->judged != NULL ? c->judged : ""), ',');
	cell(b, str_of(c->controls.text != NULL ? c->controls.text : ""), ',');
	cell(b, str_of(c->renamed_from != NULL ? c->renamed_from : ""), ',');
	cell(b, str_of(c->renamed_severity != NULL ? c->renamed_severity : ""), ',');
	cell(b, str_of(maker != NULL ? maker : ""), '\r');
	buf_putc(b, '\n');
	return true;
}

/* One page; its rows go before the next is read. */
static bool
csv_piece(struct request *r, struct export *x, struct buf *out, struct err *e)
{
	struct acting            page = *x->a; /* the opened values are the page's too */
	struct page              p = { .after = x->after, .want = PIECE_ROWS };
	const struct change_row *rows;
	bool                     ok;

	page.by.mem = talloc_new(r->mem);
	if (page.by.mem == NULL)
		return err_memory(e);
	ok = change_page(&page, &x->f, &p, e);
	rows = p.rows;
	for (size_t i = 0; ok && i < p.n; i++)
		ok = csv_row(&page, &rows[i], out, e);
	x->ended = p.n < PIECE_ROWS;
	if (ok && p.n > 0)
		x->after = rows[p.n - 1].id;
	talloc_free(page.by.mem);
	return ok;
}

bool
export_csv(struct request *r, const struct acting *a, const struct change_filter *filter,
    const struct uuid *after, struct err *e)
{
	struct export *x = talloc_zero(r->mem, struct export);

	if (x == NULL)
		return err_memory(e);
	if (!report_export_table(a, &filter->report_id, e))
		return false;
	x->a = a;
	x->f = *filter;
	x->after = *after;
	x->piece = csv_piece;
	buf_make(&r->out, r->mem);
	buf_puts(&r->out,
	    "id,at,category,key,op,path,old_value,new_value,severity,rule,reason,"
	    "status,rule_place,judged,controls,renamed_from,renamed_severity,attribution\r\n");
	return begin(r, x, CSV_TYPE "; charset=utf-8", e);
}
