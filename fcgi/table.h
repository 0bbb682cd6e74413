/*
 * table.h - a list that can be had whole, as a table (text/csv, RFC 4180): what each line of any of them is made of.
 */
#ifndef BSX_FCGI_TABLE_H
#define BSX_FCGI_TABLE_H

#include "core/web/route.h"

#define CSV_TYPE "text/csv"

/* One cell, and what ends it: ',' or, of the last one, '\r' (who writes the line adds the '\n').  NULL: it is empty. */
void table_cell(struct buf *b, const char *text, char end);
/* The same of an instant; 0: it is empty. */
void table_time(struct buf *b, instant at, char end);

/* ERR_INVALID: it is asked for in pages, and a table is whole.  Before anything is done for it. */
MUST_USE bool table_check(struct request *r, const struct list_query *page, struct err *e);
/* The answer is the table: its head now, its lines by `piece`, which has r->more_arg (struct request, `more`). */
typedef bool table_piece(struct request *r, struct buf *out, struct err *e);
MUST_USE bool table_begin(struct request *r, const char *head, table_piece *piece, void *arg, struct err *e);

#endif
