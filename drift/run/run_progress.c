#include "drift/run/run_progress.h"

#include <stdlib.h>

#include "core/store/drift/run.h"

static const struct field collection_fields[] = {
	FIELD(struct run_collection, category, .doc = "The collection."),
	FIELD(struct run_collection, state,
	    .doc = "running, or how far it was read: complete, partial, failed, forbidden or "
		   "throttled."),
	FIELD(struct run_collection, items, .doc = "Resources that were read."),
	FIELD(struct run_collection, pages, .doc = "Pages that were read."),
	FIELD(struct run_collection, requests, .doc = "Requests, with those that were repeated."),
	FIELD(struct run_collection, bytes, .doc = "Bytes of the answers."),
	FIELD(struct run_collection, took_ms, .doc = "Milliseconds."),
	FIELD(struct run_collection, why, .flags = FIELD_NULLABLE | FIELD_OMIT_ZERO,
	    .doc = "Why it is not complete."),
	FIELD(struct run_collection, remedy, .flags = FIELD_NULLABLE | FIELD_OMIT_ZERO,
	    .doc = "What to do about it."),
	FIELD(struct run_collection, permission, .flags = FIELD_NULLABLE | FIELD_OMIT_ZERO,
	    .doc = "The permission that is missing."),
	FIELD_END,
};
static const struct schema collection_schema =
    SCHEMA("DriftRunCollection", struct run_collection, collection_fields);

static const struct field progress_fields[] = {
	FIELD(struct run_progress, done, .doc = "Collections that are over."),
	FIELD(struct run_progress, of, .doc = "All collections."),
	FIELD(struct run_progress, requests, .doc = "Requests so far."),
	FIELD(struct run_progress, throttled, .doc = "Times that it was told to wait."),
	FIELD(struct run_progress, bytes, .doc = "Bytes of the answers."),
	FIELD(struct run_progress, collections, .item = &collection_schema,
	    .doc = "Each collection."),
	FIELD(struct run_progress, left_out, .flags = FIELD_OMIT_ZERO,
	    .doc = "Collections that are not listed; what is not complete is listed first."),
	FIELD_END,
};
const struct schema run_progress_schema =
    SCHEMA("DriftRunProgress", struct run_progress, progress_fields);

static int64_t
number(uint64_t v)
{
	return v < INT64_MAX ? (int64_t)v : INT64_MAX;
}

static bool
is_well(const struct source_collection *c)
{
	return c->over && c->how == COLLECTION_COMPLETE;
}

static struct run_collection
shown(const struct source_collection *c)
{
	return (struct run_collection) {
		.category = c->category,
		.state = c->over ? completeness_name(c->how) : "running",
		.items = number(c->items),
		.pages = number(c->pages),
		.requests = number(c->requests),
		.bytes = number(c->bytes),
		.took_ms = c->took_ms,
		.why = c->over && c->how != COLLECTION_COMPLETE ? c->why : NULL,
		.remedy = c->over && c->how != COLLECTION_COMPLETE ? c->remedy : NULL,
		.permission = c->permission,
	};
}

static size_t
asked_of(const struct source_progress *p)
{
	size_t n = 0;

	for (size_t i = 0; i < p->n; i++)
		n += !p->collections[i].unasked;
	return n;
}

/* As they come; those that are complete last where they do not all fit. */
static void
list(struct run_collection *out, const struct source_progress *p, bool all_fit)
{
	size_t n = 0;

	for (int pass = all_fit ? 1 : 0; pass < 2; pass++)
		for (size_t i = 0; i < p->n; i++)
			if (!p->collections[i].unasked &&
			    (all_fit || is_well(&p->collections[i]) == (pass == 1)))
				out[n++] = shown(&p->collections[i]);
}

char *
run_progress_print(TALLOC_CTX *mem, const struct source_progress *p, struct err *e)
{
	struct run_collection *rows = talloc_zero_size(mem, (p->n + 1) * sizeof(rows[0]));
	const size_t           asked = asked_of(p);
	struct run_progress    out = { .done = number(p->over),
		   .of = number(asked),
		   .requests = number(p->requests),
		   .throttled = number(p->throttled),
		   .bytes = number(p->bytes),
		   .collections = { rows, asked } };
	struct buf             b;
	bool                   ok = rows != NULL || err_memory(e);

	buf_make(&b, mem);
	if (ok)
		list(rows, p, true);
	while (ok) {
		b.n = 0;
		ok = schema_encode(&b, &run_progress_schema, &out, e);
		if (!ok || b.n <= RUN_PROGRESS_MAX || out.collections.n == 0)
			break;
		if (out.left_out == 0)
			list(rows, p, false);
		out.collections.n /= 2;
		out.left_out = number(asked - out.collections.n);
	}
	talloc_free(rows);
	return ok ? buf_text(&b, e) : NULL;
}

bool
run_progress_read(TALLOC_CTX *mem, const char *text, struct run_progress **out, struct err *e)
{
	const struct json *tree;
	struct err         why = { 0 };

	*out = NULL;
	if (text == NULL)
		return true;
	tree = json_parse(mem, str_of(text), &why);
	*out = tree == NULL ? NULL : talloc_zero(mem, struct run_progress);
	if (tree != NULL && *out == NULL)
		return err_memory(e);
	if (tree == NULL || !schema_decode(mem, &run_progress_schema, tree, *out, &why))
		*out = NULL;
	return true;
}
