#include <string.h>

#include "drift/run/sides.h"
#include "fcgi/drift.h"

#define PATCH_TYPE "application/json-patch+json"
#define CSV_TYPE   "text/csv"
#define EXPORT_MAX ((size_t)64 << 20) /* bytes of an answer */
#define CSV_PAGE   500

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

static bool
finish(struct request *r, const char *type, struct err *e)
{
	r->content_type = type;
	if (!r->out.failed)
		return true;
	return err_set(e, ERR_TOO_LARGE, 0, "The export would be longer than 64 MiB.",
	    "an export beyond its limit");
}

/* ---- the patch ---- */

/* A snapshot that is no longer stored is no fault of the path: say which. */
static bool
side_of_id(struct request *r, const struct uuid *id, struct side *out, struct err *e)
{
	struct snapshot s;

	if (snapshot_by_id(r->db, r->mem, id, &s, e))
		return side_of_snapshot(r->db, r->mem, &s, out, e);
	if (!err_take(e, ERR_MISSING))
		return false;
	return err_set(e, ERR_MISSING, 0,
	    "A snapshot of this report is no longer stored: there is no patch.",
	    "the snapshot of a report is gone");
}

bool
export_patch(struct request *r, const struct report *report, struct err *e)
{
	struct drift            *d = drift_of(r->app, e);
	struct drift_config      c;
	const struct drift_spec *spec;
	struct side              from = { 0 }, to;

	if (d == NULL || !config_by_id(r->db, r->mem, &report->config_id, &c, e))
		return false;
	spec = spec_of(d, r->db, &c, &r->work, e);
	buf_make(&r->out, r->mem);
	r->out.max = EXPORT_MAX;
	if (spec == NULL)
		return false;
	if (uuid_is_nil(&report->baseline_id)) { /* there was nothing to compare with */
		buf_puts(&r->out, "[]");
		return finish(r, PATCH_TYPE, e);
	}
	if (!side_of_id(r, &report->baseline_id, &from, e) ||
	    !side_of_id(r, &report->snapshot_id, &to, e))
		return false;
	if (!sides_patch(r->db, r->mem, spec->compare, &from, &to, &r->out, &r->work, e) && !r->out.failed)
		return false;
	if (r->out.failed)
		err_clear(e);
	return finish(r, PATCH_TYPE, e);
}

/* ---- the table ---- */

static void
cell(struct buf *b, struct str s, char end)
{
	buf_csv(b, s);
	buf_putc(b, end);
}

static bool
csv_row(struct request *r, const struct change_row *c, struct err *e)
{
	struct buf *b = &r->out;
	char        at[TIME_TEXT_MAX], id[UUID_TEXT_MAX];
	struct str  old_value, new_value;

	if (!change_value(r, c, "old_value", c->old_value, &old_value, e) ||
	    !change_value(r, c, "new_value", c->new_value, &new_value, e))
		return false;
	uuid_print(&c->id, id);
	time_print(c->created_at.ms, at);
	cell(b, str_of(id), ',');
	cell(b, str_of(at), ',');
	cell(b, str_of(c->category), ',');
	cell(b, str_of(c->key), ',');
	cell(b, str_of(c->op), ',');
	cell(b, str_of(c->path), ',');
	cell(b, c->old_truncated ? STR("[longer than 16 KiB]") : old_value, ',');
	cell(b, c->new_truncated ? STR("[longer than 16 KiB]") : new_value, ',');
	cell(b, str_of(c->severity), ',');
	cell(b, str_of(c->rule), ',');
	cell(b, str_of(c->reason), ',');
	cell(b, str_of(c->status), '\r');
	buf_putc(b, '\n');
	return true;
}

/* One page; its rows go before the next is read. */
static bool
csv_page(struct request *r, struct change_filter *f, size_t *n, struct err *e)
{
	TALLOC_CTX        *all = r->mem, *page = talloc_new(r->mem);
	struct change_row *rows;
	bool               ok;

	if (page == NULL)
		return err_memory(e);
	ok = change_list(r->db, page, f, CSV_PAGE, &rows, n, e);
	r->mem = page; /* the opened values */
	for (size_t i = 0; ok && i < *n; i++)
		ok = csv_row(r, &rows[i], e);
	r->mem = all;
	if (ok && *n > 0)
		f->after = rows[*n - 1].id;
	talloc_free(page);
	return ok;
}

bool
export_csv(struct request *r, const struct change_filter *filter, struct err *e)
{
	struct change_filter f = *filter;
	size_t               n = CSV_PAGE;

	buf_make(&r->out, r->mem);
	r->out.max = EXPORT_MAX;
	buf_puts(&r->out, "id,at,category,key,op,path,old_value,new_value,severity,rule,reason,"
			  "status\r\n");
	while (n == CSV_PAGE && !r->out.failed)
		if (!csv_page(r, &f, &n, e))
			return false;
	return finish(r, CSV_TYPE "; charset=utf-8", e);
}
