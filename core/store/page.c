#include "core/store/page.h"

static const struct field page_fields[] = {
	COLUMN_AS_NULL(struct page, after, "after"),
	COLUMN_AS(struct page, want, "limit"),
	FIELD_END,
};
const struct schema page_schema = SCHEMA("Page", struct page, page_fields);

bool
page_read(struct db *db, TALLOC_CTX *mem, const struct sql *q, const void *in, struct page *p,
    struct err *e)
{
	return db_all(db, mem, q, in, (struct into) { &p->rows, &p->n, p->want, q->out->size }, e);
}

bool
page_read_plain(struct db *db, TALLOC_CTX *mem, const struct sql *q, struct page *p, struct err *e)
{
	return page_read(db, mem, q, p, p, e);
}
