/* route.h: pages of lists, and their cursors. */
#include <string.h>

#include "core/web/pass.h"

/* The query that is nothing but the page. */
struct plain_query {
	struct list_query page;
};
static const struct field list_query_fields[] = {
	LIST_FIELDS(struct plain_query, "Most items of one answer; 50 when absent."),
	FIELD_END,
};
const struct schema list_query_schema = SCHEMA("ListQuery", struct plain_query, list_query_fields);

bool
list_cursor_read(const char *cursor, struct uuid *after, struct err *e)
{
	size_t n = 0;

	*after = (struct uuid) { 0 };
	if (cursor == NULL)
		return true;
	if (base64url_parse(str_of(cursor), after->b, sizeof(after->b), &n) &&
	    n == sizeof(after->b))
		return true;
	return err_set(e, ERR_BAD_REQUEST, 0, "The cursor is not one of ours.", "bad cursor");
}

bool
list_cursor_write(struct request *r, const struct uuid *last, struct err *e)
{
	r->next_cursor = base64url_print(r->mem, last->b, sizeof(last->b));
	return r->next_cursor != NULL || err_memory(e);
}

bool
request_wants_whole(const struct request *r)
{
	const struct route *rt = r->route;
	struct str          accept;

	if (rt->out_kind != ROUTE_OUT_LIST || rt->out_type == NULL)
		return false;
	accept = request_param(r, "HTTP_ACCEPT");
	return accept.n > 0 &&
	       memmem(accept.p, accept.n, rt->out_type, strlen(rt->out_type)) != NULL;
}

/* The rows as they are answered; the last one read may only tell that there are more. */
static bool
list_show(struct request *r, const struct list_ops *ops, const struct list_page *p,
    struct items *out, struct err *e)
{
	size_t size = r->route->out->size;
	char  *shown;

	out->p = p->page.rows;
	if (ops->show == NULL)
		return ops->size == size ||
		       err_set(e, ERR_INTERNAL, 0, "internal error",
			   "rows of %zu bytes are shown as they are by a table of %zu", ops->size,
			   size);
	out->p = shown = talloc_zero_size(r->mem, (out->n + 1) * size);
	if (shown == NULL)
		return err_memory(e);
	for (size_t i = 0; i < out->n; i++)
		if (!ops->show(
			r, p, (const char *)p->page.rows + i * ops->size, shown + i * size, e))
			return false;
	return true;
}

bool
list_answer(struct request *r, const struct list_ops *ops, const char *cursor, struct items *out,
    struct err *e)
{
	const struct list_query *q = r->query;
	struct list_page         shown = { 0 };
	struct page             *p = &shown.page;
	struct uuid              last;

	p->want = (size_t)(q->limit > 0 ? q->limit : LIST_PAGE) + 1;
	if (!list_cursor_read(cursor, &p->after, e) || !ops->fetch(r, &shown, e))
		return false;
	p->more = p->n > 0 && (p->more || p->n == p->want);
	out->n = p->n - p->more;
	if (!list_show(r, ops, &shown, out, e))
		return false;
	if (!p->more)
		return true;
	memcpy(&last, (const char *)p->rows + (out->n - 1) * ops->size + ops->id, sizeof(last));
	return list_cursor_write(r, &last, e);
}

bool
list_handler(struct request *r, const void *body, void *answer, struct err *e)
{
	const struct list_query *q = r->query;

	(void)body;
	return list_answer(r, r->route->list, q->cursor, answer, e);
}
