#include "core/auth/audit_read.h"

#include "core/auth/audit_details.h"
#include "core/auth/audit_seldom.h"

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
	return f->oldest ? audit_rows_export(by->t, by->mem, f, p, e)
			 : audit_rows_list(by->t, by->mem, f, p, e);
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
	return true;
}

bool
audit_export_next(const struct deed_by *by, struct audit_export *x, struct audit_row **rows,
    size_t *n, struct err *e)
{
	struct page p = { .want = EXPORT_PART };

	if (!audit_rows_export(by->t, by->mem, &x->filter, &p, e))
		return false;
	*rows = p.rows;
	*n = p.n;
	if (p.n > 0)
		x->filter.after = (*rows)[p.n - 1].seq;
	return true;
}
