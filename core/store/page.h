/*
 * page.h - one page of a list, from who asks for it to the statement that reads it.
 *
 * Who asks says where it begins and how many rows it may have; the statement that reads it leaves the rows there.
 */
#ifndef BSX_STORE_PAGE_H
#define BSX_STORE_PAGE_H

#include "core/store/db.h"

struct page {
	struct uuid after; /* the row before the first of them; nil: from the beginning */
	size_t      want;  /* rows, at most */
	void       *rows;  /* what was read: an array, a child of the reader's `mem` */
	size_t      n;
	bool        more;  /* fewer than `want` were read, and yet there are others behind them */
};

/* The marks :after and :limit, of a struct that has the page as its member m. */
#define PAGE_COLUMNS(T, m) COLUMN_AS_NULL(T, m.after, "after"), COLUMN_AS(T, m.want, "limit")
extern const struct schema page_schema; /* the page alone */

/* Reads p->rows and p->n by a statement with the mark :limit. */
MUST_USE bool page_read(struct db *db, TALLOC_CTX *mem, const struct sql *q, const void *in, struct page *p,
    struct err *e);
/* By a statement that has no marks but those of the page. */
MUST_USE bool page_read_plain(struct db *db, TALLOC_CTX *mem, const struct sql *q, struct page *p, struct err *e);

#endif
