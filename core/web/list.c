/* route.h: pages of lists, and their cursors. */
#include <string.h>

#include "core/web/pass.h"

static const struct field list_query_fields[] = {
	FIELD(struct list_query, limit, .min = 1, .max = 200,
	    .doc = "Most items of one answer; 50 when absent."),
	FIELD(struct list_query, cursor, .min = 1, .max = 200,
	    .doc = "next_cursor of the answer before."),
	FIELD_END,
};
const struct schema list_query_schema = SCHEMA("ListQuery", struct list_query, list_query_fields);

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

size_t
list_rows(int64_t limit)
{
	return (size_t)(limit > 0 ? limit : LIST_PAGE) + 1;
}

bool
list_answer(struct request *r, struct items *out, void *rows, size_t n, size_t size,
    size_t id_offset, int64_t limit, struct err *e)
{
	size_t      most = list_rows(limit) - 1;
	struct uuid last;

	*out = (struct items) { rows, n <= most ? n : most };
	if (n <= most)
		return true;
	memcpy(&last, (const char *)rows + (most - 1) * size + id_offset, sizeof(last));
	return list_cursor_write(r, &last, e);
}
