#include "core/auth/audit_read.h"

#include "core/auth/audit_details.h"
#include "core/auth/audit_seldom.h"
#include "core/auth/audit_show.h"
#include "core/auth/audit_tree.h"
#include "core/proof/check.h"

#define EXPORT_PART 500

struct reading_told {
	const char *how;
};
static const struct field reading_told_fields[] = {
	TOLD(struct reading_told, how),
	FIELD_END,
};
static const struct schema reading_told =
    SCHEMA("ReadingTold", struct reading_told, reading_told_fields);

bool
audit_reading(const struct deed_by *by, const char *how, struct err *e)
{
	struct audit_entry entry = { .action = AUDIT_AUDIT_READ };
	bool               written;

	entry.details = audit_details(by->mem, &reading_told, &(struct reading_told) { how }, e);
	if (entry.details == NULL || !audit_seldom(by, &entry, how, &written, e))
		return false;
	if (!written)
		audit_log(by, &entry);
	return true;
}

bool
audit_page(const struct deed_by *by, const struct audit_filter *f, struct page *p, struct err *e)
{
	struct audit_filter kept = *f;
	struct audit_head   head;

	if (!audit_head_read(by->t, by->mem, &head, e))
		return false;
	kept.after = f->after > head.floor ? f->after : head.floor;
	return f->oldest ? audit_rows_export(by->t, by->mem, &kept, p, e)
			 : audit_rows_list(by->t, by->mem, &kept, p, e);
}

/* ---- the export ---- */

/* Who asks for a part of it asks for no proof. */
static bool
is_whole(const struct audit_filter *f)
{
	return uuid_is_nil(&f->actor_id) && f->actor_name == NULL && f->action == NULL &&
	       f->target_kind == NULL && f->target_id == NULL && f->since.ms == 0 &&
	       f->until.ms == 0 && f->after == 0 && f->before == 0;
}

bool
audit_export_begin(
    const struct deed_by *by, const struct audit_filter *f, struct audit_export *out, struct err *e)
{
	struct audit_entry entry = { .action = AUDIT_AUDIT_EXPORT, .actor_name = out->actor_name };
	struct audit_head  head;

	if (!audit_deed(by, NULL, NULL, &entry, e) || !audit_head_read(by->t, by->mem, &head, e))
		return false;
	out->filter = *f;
	out->filter.before = head.seq + 1;
	out->filter.after = f->after > head.floor ? f->after : head.floor;
	out->whole = is_whole(f);
	out->floor = out->whole ? head.floor : 0;
	return true;
}

struct first_line {
	const char    *format, *origin;
	uint64_t       after;
	struct strings peaks;
};
static const struct field first_fields[] = {
	FIELD(struct first_line, format),
	FIELD(struct first_line, origin),
	FIELD(struct first_line, after),
	FIELD(struct first_line, peaks),
	FIELD_END,
};
static const struct schema first_schema =
    SCHEMA("AuditExportFirst", struct first_line, first_fields);
struct last_line {
	uint64_t end;
};
static const struct field last_fields[] = {
	FIELD(struct last_line, end),
	FIELD_END,
};
static const struct schema last_schema = SCHEMA("AuditExportLast", struct last_line, last_fields);

static bool
show_peaks(TALLOC_CTX *mem, const struct tree *tree, struct strings *out, struct err *e)
{
	out->items = talloc_zero_array(mem, const char *, TREE_LEVELS);
	if (out->items == NULL)
		return err_memory(e);
	for (size_t k = 0; k < TREE_LEVELS; k++)
		if ((tree->size >> k & 1) != 0 &&
		    !audit_hex(
			mem, (struct blob) { tree->peaks[k], HASH_LEN }, &out->items[out->n++], e))
			return false;
	return true;
}

static bool
first_line(const struct deed_by *by, const struct audit_export *x, struct buf *out, struct err *e)
{
	char              origin[NOTE_ORIGIN_MAX];
	struct first_line line = { .format = PROOF_FORMAT, .origin = origin, .after = x->floor };
	struct tree       tree;
	uint64_t          chain;
	bool              ok;

	if (!audit_chain_number(by->t, &chain, e) ||
	    !audit_tree_at(by->t, chain, x->floor, &tree, e) ||
	    !show_peaks(by->mem, &tree, &line.peaks, e))
		return false;
	note_origin(&by->t->tenant->id, chain, origin);
	ok = schema_encode(out, &first_schema, &line, e);
	buf_putc(out, '\n');
	return ok;
}

static bool
last_line(struct audit_export *x, struct buf *out, struct err *e)
{
	const struct last_line line = { x->filter.after };
	bool                   ok = schema_encode(out, &last_schema, &line, e);

	buf_putc(out, '\n');
	x->ended = true;
	return ok;
}

struct broken_line {
	const char *error;
	uint64_t    after;
};
static const struct field broken_fields[] = {
	FIELD(struct broken_line, error),
	FIELD(struct broken_line, after),
	FIELD_END,
};
static const struct schema broken_schema =
    SCHEMA("AuditExportBroken", struct broken_line, broken_fields);

/* What comes next was deleted by age meanwhile: it is said, and that is the end.  Of one that
 * nobody may have deleted the reader finds out. */
static bool
see_floor(const struct deed_by *by, struct audit_export *x, const struct page *p, struct buf *out,
    struct err *e)
{
	const struct audit_row  *rows = p->rows;
	const uint64_t           next = p->n > 0 ? rows[0].seq : x->filter.before;
	const struct broken_line line = {
		"Entries behind this one were deleted by age while it was read: begin again.",
		x->filter.after
	};
	struct audit_head head;

	if (!x->whole || next <= x->filter.after + 1)
		return true;
	if (!audit_head_read(by->t, by->mem, &head, e))
		return false;
	if (head.floor <= x->filter.after)
		return true;
	x->ended = true;
	if (!schema_encode(out, &broken_schema, &line, e))
		return false;
	buf_putc(out, '\n');
	return true;
}

bool
audit_export_lines(const struct deed_by *by, struct audit_export *x, struct buf *out, struct err *e)
{
	struct page             p = { .want = EXPORT_PART };
	const struct audit_row *rows;

	if (!x->begun && x->floor > 0 && !first_line(by, x, out, e))
		return false;
	x->begun = true;
	if (x->ended)
		return true;
	if (!audit_rows_export(by->t, by->mem, &x->filter, &p, e) || !see_floor(by, x, &p, out, e))
		return false;
	if (x->ended)
		return true;
	rows = p.rows;
	if (p.n > 0) {
		x->filter.after = rows[p.n - 1].seq;
		return audit_show_lines(by->mem, rows, p.n, out, e);
	}
	return x->floor == 0 || last_line(x, out, e);
}
