/* source_pack.h: the collections of a pack. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "drift/engine/compare.h"
#include "drift/source/source_pack_priv.h"
#include "drift/source/url.h"

/* One collection being compiled. */
struct compiling {
	TALLOC_CTX         *mem;
	struct source_pack *pack;
	struct form_names   names;   /* the pack's, and how many items are above */
	char                at[200]; /* JSON Pointer of the collection */
	struct err         *e;
};

static char *
below(const struct compiling *c, const char *member)
{
	char *at = talloc_asprintf(c->mem, "%s%s", c->at, member);

	if (at == NULL)
		(void)err_memory(c->e);
	return at;
}

static bool
refuse(const struct compiling *c, const char *member, const char *what)
{
	const char *at = below(c, member);

	return at != NULL && err_fault(c->e, c->mem, at, "%s", what);
}

/* ---- forms ---- */

/* The texts in a body, however deep, are forms; they are parsed again when they are filled. */
static bool
check_body(const struct compiling *c, const struct json *v)
{
	struct form f;
	const char *at = below(c, "/body");

	if (at == NULL)
		return false;
	if (v->type == JSON_STRING)
		return form_parse(c->mem, v->text, &c->names, at, &f, c->e);
	for (uint32_t i = 0; i < v->n && (v->type == JSON_ARRAY || v->type == JSON_OBJECT); i++)
		if (!check_body(c, &v->items[i]))
			return false;
	return true;
}

/* ---- pages ---- */

static bool
set_paging(const struct compiling *c, const struct collection_in *in, struct pack_collection *out)
{
	const struct source_next *n = in->next;
	unsigned                  kinds;

	out->next = n;
	if (n == NULL)
		return true;
	if (in->single)
		return refuse(c, "/next", "goes with a list, not with single");
	kinds = (n->pointer != NULL ? 1U : 0U) + (n->link_header ? 1U : 0U) +
		(n->token_pointer != NULL ? 1U : 0U) + (n->page != NULL ? 1U : 0U) +
		(n->offset != NULL ? 1U : 0U);
	if (kinds != 1)
		return refuse(c, "/next",
		    "needs one of pointer, link_header, token_pointer, page and offset");
	if ((n->token_pointer != NULL) != (n->query != NULL || n->body_pointer != NULL) ||
	    (n->query != NULL && n->body_pointer != NULL))
		return refuse(c, "/next", "needs one of query and body_pointer with token_pointer");
	if (n->body_pointer != NULL && !out->post)
		return refuse(c, "/next/body_pointer", "goes with method POST");
	if ((n->page != NULL || n->offset != NULL) && n->size == 0)
		return refuse(c, "/next/size", "is required with page and offset");
	if ((n->per_page != NULL && n->page == NULL) || (n->limit != NULL && n->offset == NULL))
		return refuse(c, "/next", "has per_page without page, or limit without offset");
	out->paging = n->pointer != NULL        ? PAGE_POINTER
		      : n->link_header          ? PAGE_LINK_HEADER
		      : n->query != NULL        ? PAGE_TOKEN_QUERY
		      : n->body_pointer != NULL ? PAGE_TOKEN_BODY
		      : n->page != NULL         ? PAGE_NUMBER
						: PAGE_OFFSET;
	return true;
}

static bool
is_pointer(const char *z)
{
	return z == NULL || z[0] == '\0' || z[0] == '/';
}

static bool
check_pointers(const struct compiling *c, const struct collection_in *in)
{
	const struct source_next *n = in->next;

	if (!is_pointer(in->items))
		return refuse(c, "/items", "must be a JSON Pointer: empty, or beginning with /");
	if (!is_pointer(in->count))
		return refuse(c, "/count", "must be a JSON Pointer, beginning with /");
	if (n != NULL && (!is_pointer(n->pointer) || !is_pointer(n->token_pointer) ||
			     !is_pointer(n->body_pointer)))
		return refuse(c, "/next", "has a pointer that does not begin with /");
	return true;
}

/* ---- what it names ---- */

static bool
set_host(const struct compiling *c, const struct collection_in *in, struct pack_collection *out)
{
	if (in->host == NULL)
		return true;
	for (size_t i = 0; i < c->pack->hosts_n; i++)
		if (strcmp(c->pack->hosts[i].name, in->host) == 0) {
			out->host = (uint32_t)i;
			return true;
		}
	return refuse(c, "/host", "names a host that the pack does not have");
}

static bool
set_limit(const struct compiling *c, const struct collection_in *in, struct pack_collection *out)
{
	out->cost = in->cost == 0 ? 1 : (uint32_t)in->cost;
	if (in->bucket == NULL) {
		out->limit = c->pack->limits_n > 0 ? &c->pack->limits[0] : NULL;
		return true;
	}
	for (size_t i = 0; i < c->pack->limits_n; i++)
		if (strcmp(c->pack->limits[i].bucket, in->bucket) == 0) {
			out->limit = &c->pack->limits[i];
			return true;
		}
	return refuse(c, "/bucket", "names a bucket that limits does not have");
}

static int32_t
by_category(const struct source_pack *pack, struct str category)
{
	for (uint32_t i = 0; i < pack->collections_n; i++)
		if (str_eq(pack->collections[i].category, category))
			return (int32_t)i;
	return -1;
}

static bool
set_over(struct compiling *c, const struct collection_in *in, struct pack_collection *out)
{
	const struct pack_collection *up;

	out->over = -1;
	if (in->over == NULL)
		return true;
	out->over = by_category(c->pack, str_of(in->over));
	if (out->over < 0)
		return refuse(c, "/over", "names no collection that stands before this one");
	up = &c->pack->collections[out->over];
	if (up->gather.n > 0)
		return refuse(
		    c, "/over", "names what is asked for each item, which has none itself");
	out->depth = up->depth + 1;
	if (out->depth > FORM_DEPTH_MAX)
		return refuse(c, "/over", "is more than 3 deep");
	return true;
}

#define CATEGORY_LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-/"

static bool
category_ok(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] == '\0' || strchr(CATEGORY_LETTERS, s.p[i]) == NULL)
			return false;
	return s.n >= 1 && s.n <= RESOURCE_CATEGORY_MAX;
}

static bool
set_category(const struct compiling *c, const struct collection_in *in, const char *parent,
    struct pack_collection *out)
{
	const char *name =
	    parent == NULL ? in->category : talloc_asprintf(c->mem, "%s/%s", parent, in->name);
	const char *member = parent == NULL ? "/category" : "/name";

	if (name == NULL)
		return err_memory(c->e);
	out->category = str_of(name);
	if (!category_ok(out->category))
		return refuse(c, member,
		    "is made of letters, digits and . _ - /, and has at most 128 bytes with what "
		    "is before it");
	return by_category(c->pack, out->category) < 0 ||
	       refuse(c, member, "is the category of another collection too");
}

static bool
set_key(const struct compiling *c, const struct collection_in *in, struct pack_collection *out)
{
	const struct selector_text text = { "", in->key.tree, NULL };
	struct resource_selector   s;

	if (out->single || out->gather.n > 0)
		return in->key.tree == NULL ||
		       refuse(c, "/key", "goes with a list, not with single");
	if (in->key.tree == NULL)
		return refuse(c, "/key", "is required");
	if (!selector_compile(c->mem, &text, c->at, &s, c->e))
		return false;
	out->key = s.key;
	return true;
}

/* ---- what is compared ---- */

/* Compiled alone, so that a fault stands where it was written. */
static bool
try_compare(const struct compiling *c, const char *text, struct err *why)
{
	static const uint8_t any_key[HASH_LEN];
	struct json         *v = json_parse(c->mem, str_of(text), why);
	struct compare_spec *s =
	    v == NULL ? NULL : compare_compile(c->mem, v, NULL, 0, any_key, NULL, why);

	talloc_free(s);
	return s != NULL;
}

static bool
check_ignored(const struct compiling *c, const char *member, const char *entry, const char *text)
{
	struct err  why = { 0 };
	struct buf  b;
	const char *at = below(c, member);

	buf_make(&b, c->mem);
	buf_puts(&b, "{\"normalise\":[{\"how\":\"ignore\",");
	buf_puts(&b, entry);
	buf_json(&b, str_of(text));
	buf_puts(&b, strcmp(entry, "\"names\":[") == 0 ? "]}]}" : "}]}");
	if (at == NULL || !buf_ok(&b))
		return err_memory(c->e);
	if (try_compare(c, b.p, &why))
		return true;
	if (why.faults == NULL) {
		*c->e = why;
		return false;
	}
	return err_fault(c->e, c->mem, at, "%s", why.faults->detail);
}

static bool
unmasks(const struct json *entry)
{
	const struct json *how = json_get(entry, "how");

	return how != NULL && how->type == JSON_STRING && str_eqz(how->text, "unmask");
}

static bool
check_compare(const struct compiling *c, const struct json *v)
{
	static const uint8_t any_key[HASH_LEN];
	struct err           why = { 0 };
	const char          *at;

	if (v == NULL)
		return true;
	if (v->type != JSON_OBJECT)
		return refuse(c, "/compare", "must be an object");
	for (uint32_t i = 0; i < v->n; i++) {
		const struct json *list = &v->items[i];

		if (!str_eqz(v->names[i], "arrays") && !str_eqz(v->names[i], "normalise"))
			return refuse(c, "/compare", "may have arrays and normalise");
		for (uint32_t k = 0; list->type == JSON_ARRAY && k < list->n; k++)
			if (unmasks(&list->items[k]))
				return refuse(c, "/compare", "must not unmask: a config may");
			else if (json_get(&list->items[k], "category") != NULL)
				return refuse(
				    c, "/compare", "is of this collection: no category is named");
	}
	if (compare_compile(c->mem, v, NULL, 0, any_key, NULL, &why) != NULL)
		return true;
	if (why.faults == NULL) {
		*c->e = why;
		return false;
	}
	at = below(c, why.faults->pointer);
	return at != NULL && err_fault(c->e, c->mem, at, "%s", why.faults->detail);
}

static bool
set_compared(const struct compiling *c, const struct collection_in *in, struct pack_collection *out)
{
	for (size_t i = 0; i < in->unstable.n; i++)
		if (!check_ignored(c, "/volatile", "\"path\":", in->unstable.items[i]))
			return false;
	for (size_t i = 0; i < in->drop.n; i++)
		if (!check_ignored(c, "/drop", "\"names\":[", in->drop.items[i]))
			return false;
	out->unstable = in->unstable;
	out->drop = in->drop;
	out->compare = in->compare.tree;
	return check_compare(c, in->compare.tree);
}

/* ---- one ---- */

static bool
set_restart(const struct compiling *c, const struct json *v, struct pack_collection *out)
{
	out->restart_on = v;
	if (v == NULL)
		return true;
	if (v->type != JSON_ARRAY || v->n > 20)
		return refuse(c, "/restart_on", "must be a list of at most 20 statuses and codes");
	for (uint32_t i = 0; i < v->n; i++)
		if (v->items[i].type != JSON_NUMBER && v->items[i].type != JSON_STRING)
			return refuse(c, "/restart_on", "must be a list of statuses and codes");
	return true;
}

static bool
set_request(struct compiling *c, const struct collection_in *in, struct pack_collection *out)
{
	const char *path = below(c, "/path"), *query = below(c, "/query"),
		   *headers = below(c, "/headers"), *fault = url_path_fault(str_of(in->path));

	if (path == NULL || query == NULL || headers == NULL)
		return false;
	if (fault != NULL)
		return err_fault(c->e, c->mem, path, "%s", fault);
	out->post = in->method != NULL && strcmp(in->method, "POST") == 0;
	out->body = in->body.tree;
	if (out->body != NULL && !out->post)
		return refuse(c, "/body", "goes with method POST");
	return form_parse(c->mem, str_of(in->path), &c->names, path, &out->path, c->e) &&
	       pack_members_read(c->mem, in->query.tree, &c->names, query, &out->query, c->e) &&
	       pack_headers_read(
		   c->mem, in->headers.tree, &c->names, headers, &out->headers, c->e) &&
	       (out->body == NULL || check_body(c, out->body));
}

/* It is said of one resource, which is all that there is to fill in: what it was read over is not
 * kept. */
static bool
set_write(struct compiling *c, const struct collection_in *in, struct pack_collection *out)
{
	const char *path = below(c, "/write/path"), *fault;
	bool        ok;

	if (in->write == NULL)
		return true;
	fault = url_path_fault(str_of(in->write->path));
	if (path == NULL)
		return false;
	if (fault != NULL)
		return err_fault(c->e, c->mem, path, "%s", fault);
	out->write_method = in->write->method;
	c->names.depth = 1;
	ok = form_parse(c->mem, str_of(in->write->path), &c->names, path, &out->write_path, c->e);
	c->names.depth = out->depth;
	return ok;
}

static bool
compile_one(struct compiling *c, const struct collection_in *in, struct pack_collection *out)
{
	c->names.depth = out->depth;
	out->single = in->single;
	out->items = str_of(in->items);
	out->count = str_of(in->count);
	out->permission = in->permission;
	out->missing_empty = in->when_missing != NULL && strcmp(in->when_missing, "empty") == 0;
	return check_pointers(c, in) && set_request(c, in, out) && set_write(c, in, out) &&
	       set_host(c, in, out) && set_paging(c, in, out) && set_limit(c, in, out) &&
	       set_key(c, in, out) && set_restart(c, in->restart_on.tree, out) &&
	       set_compared(c, in, out);
}

static bool
compile_each(struct compiling *c, const struct collection_in *in, int32_t parent)
{
	struct source_pack     *pack = c->pack;
	struct pack_collection *out = &pack->collections[pack->collections_n];

	out->over = parent;
	out->depth = pack->collections[parent].depth + 1;
	out->gather = str_of(in->name);
	out->keep = in->keep;
	if (out->depth > FORM_DEPTH_MAX)
		return refuse(c, "", "is more than 3 deep");
	if (!set_category(c, in, str_dup(c->mem, pack->collections[parent].category), out) ||
	    !compile_one(c, in, out))
		return false;
	pack->collections_n++;
	return true;
}

static bool
compile_collection(struct compiling *c, const struct collection_in *in)
{
	struct source_pack         *pack = c->pack;
	struct pack_collection     *out = &pack->collections[pack->collections_n];
	const struct collection_in *each = in->each.p;
	const size_t                n = strlen(c->at);
	const int32_t               parent = (int32_t)pack->collections_n;

	if (in->single && in->each.n > 0)
		return refuse(c, "/each", "goes with a list, not with single");
	if (!set_category(c, in, NULL, out) || !set_over(c, in, out) || !compile_one(c, in, out))
		return false;
	pack->collections_n++;
	for (size_t i = 0; i < in->each.n; i++) {
		snprintf(c->at + n, sizeof c->at - n, "/each/%zu", i);
		if (!compile_each(c, &each[i], parent))
			return false;
	}
	return true;
}

static size_t
count_all(const struct items *in)
{
	const struct collection_in *list = in->p;
	size_t                      n = in->n;

	for (size_t i = 0; i < in->n; i++)
		n += list[i].each.n;
	return n;
}

bool
pack_collections_read(TALLOC_CTX *mem, struct source_pack *pack, const struct items *in,
    const char *at, struct err *e)
{
	struct compiling            c = { .mem = mem, .pack = pack, .names = pack->names, .e = e };
	const struct collection_in *list = in->p;
	size_t                      n = count_all(in);

	if (n > SOURCE_COLLECTIONS_MAX)
		return err_fault(e, mem, at,
		    "at most %d collections, with what is asked for each item",
		    SOURCE_COLLECTIONS_MAX);
	pack->collections = talloc_zero_array(mem, struct pack_collection, (unsigned)n + 1);
	pack->collections_n = 0;
	if (pack->collections == NULL)
		return err_memory(e);
	for (size_t i = 0; i < in->n; i++) {
		snprintf(c.at, sizeof c.at, "%s/%zu", at, i);
		if (!compile_collection(&c, &list[i]))
			return false;
	}
	return true;
}

bool
pack_log_read(TALLOC_CTX *mem, struct source_pack *pack, const struct collection_in *in,
    const char *at, struct err *e)
{
	struct compiling c = { .mem = mem, .pack = pack, .names = pack->names, .e = e };

	pack->collections = talloc_zero_array(mem, struct pack_collection, 2);
	pack->collections_n = 0;
	if (pack->collections == NULL)
		return err_memory(e);
	snprintf(c.at, sizeof c.at, "%s", at);
	return compile_collection(&c, in);
}
