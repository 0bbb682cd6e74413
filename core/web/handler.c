/* pass.h: the look before the body, the handler, and its answer encoded. */
#include "core/web/etag.h"
#include "core/web/pass.h"

/* A body that is so short is read before it is asked for what it is: mostly its place is there, and
 * then the handler finds it with what else it reads. */
#define FOUND_BYTES 16384

static bool
body_is_short(const struct request *r)
{
	int64_t n;

	/* unpacked it may be long */
	if (request_param(r, "HTTP_CONTENT_ENCODING").n > 0)
		return false;
	return str_to_i64(request_param(r, "CONTENT_LENGTH"), &n) && n >= 0 && n <= FOUND_BYTES;
}

bool
step_found(struct request *r, struct err *e)
{
	return r->route->found == NULL || body_is_short(r) || r->route->found(r, e);
}

bool
found_after_all(struct request *r)
{
	struct err e = { 0 };

	if (r->route->found == NULL || !body_is_short(r) || r->route->found(r, &e))
		return true;
	r->err = e;
	return false;
}

bool
step_handler(struct request *r, struct err *e)
{
	const struct route *rt = r->route;

	/* It may have left while its body came; then nothing should have happened. */
	if (r->transport->ops->gone(r->transport)) {
		r->client_gone = true;
		return err_set(e, ERR_GONE, 0, "The client went away.", "before the handler");
	}
	/* Whatever has a tag is held against it by its handler. */
	if ((rt->method == PUT || rt->method == DELETE_) && !r->tagged && !etag_none(r, e))
		return false;
	if (rt->out_kind == ROUTE_OUT_ONE)
		r->answer = talloc_zero_size(r->mem, rt->out->size);
	if (rt->out_kind == ROUTE_OUT_LIST)
		r->answer = talloc_zero(r->mem, struct items);
	if (r->answer == NULL && (rt->out_kind == ROUTE_OUT_ONE || rt->out_kind == ROUTE_OUT_LIST))
		return err_memory(e);
	return rt->handler(r, r->in, r->answer, e) || err_set(e, ERR_INTERNAL, 0, "internal error",
							  "%s failed without a reason", rt->path);
}

static bool
encode_list(struct request *r, const struct items *l, struct err *e)
{
	const char *p = l->p;

	buf_puts(&r->out, "{\"items\":[");
	for (size_t i = 0; i < l->n; i++) {
		if (i > 0)
			buf_putc(&r->out, ',');
		if (!schema_encode(&r->out, r->route->out, p + i * r->route->out->size, e))
			return false;
	}
	buf_puts(&r->out, "],\"next_cursor\":");
	if (r->next_cursor != NULL)
		buf_json(&r->out, str_of(r->next_cursor));
	else
		buf_puts(&r->out, "null");
	buf_putc(&r->out, '}');
	return true;
}

static bool
encode(struct request *r, struct err *e)
{
	const struct route *rt = r->route;

	if (r->content_type != NULL)
		return true; /* the handler made the body */
	if (rt->out_kind == ROUTE_OUT_RAW) {
		r->content_type = rt->out_type;
		return true;
	}
	buf_make(&r->out, r->mem);
	if (rt->out_kind == ROUTE_OUT_NONE)
		return true;
	r->content_type = "application/json";
	if (rt->out_kind == ROUTE_OUT_LIST)
		return encode_list(r, r->answer, e);
	return schema_encode(&r->out, rt->out, r->answer, e);
}

/* Nothing has been sent yet: an answer that cannot be encoded is still a proper 500. */
bool
step_answer(struct request *r, struct err *e)
{
	int status = r->status != 0 ? r->status : r->route->status;

	r->status = status;
	if (r->state != NULL && !(encode(r, e) && etag_finish(r, e)))
		return false;
	if (status == 200 && r->etag != NULL && r->route->method == GET && etag_is_known(r))
		r->status = status = 304;
	if (status < 200 || status == 204 || (status >= 300 && status < 400)) {
		buf_make(&r->out, r->mem);
		r->content_type = NULL;
		return true;
	}
	/* What is sent in pieces holds its worker for as long as the client takes them. */
	if (r->more != NULL && r->app->permits != NULL &&
	    !permit_enter(r->app->permits, LANE_EXPORT, e))
		return false;
	return (r->state != NULL || encode(r, e)) && (buf_ok(&r->out) || err_memory(e));
}
