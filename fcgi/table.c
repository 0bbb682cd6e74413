#include "fcgi/table.h"

void
table_cell(struct buf *b, const char *text, char end)
{
	buf_csv(b, str_of(text != NULL ? text : ""));
	buf_putc(b, end);
}

void
table_time(struct buf *b, instant at, char end)
{
	char text[TIME_TEXT_MAX] = "";

	if (at.ms != 0)
		time_print(at.ms, text);
	table_cell(b, text, end);
}

bool
table_check(struct request *r, const struct list_query *page, struct err *e)
{
	return (page->cursor == NULL && page->limit == 0) ||
	       err_fault(
		   e, r->mem, page->cursor != NULL ? "/cursor" : "/limit", "a table is whole");
}

bool
table_begin(struct request *r, const char *head, table_piece *piece, void *arg, struct err *e)
{
	buf_make(&r->out, r->mem);
	buf_puts(&r->out, head);
	buf_puts(&r->out, "\r\n");
	r->content_type = CSV_TYPE "; charset=utf-8";
	r->more = piece;
	r->more_arg = arg;
	return buf_ok(&r->out) || err_memory(e);
}
