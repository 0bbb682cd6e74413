/* golden_binding.h: what a config gives a template, and has otherwise. */
#include <stdio.h>
#include <string.h>

#include "drift/run/golden_binding.h"

/* ---- what is taken, kept and answered ---- */

static const char *const others[] = { "report", "ignore", NULL };
static const char *const op_words[] = { "add", "replace", "remove", NULL };

#define DECLARED                                                                                   \
	FIELD(struct golden_difference, category, .min = 1, .max = RESOURCE_CATEGORY_MAX,          \
	    .flags = FIELD_REQUIRED, .doc = "Category of the resource."),                          \
	    FIELD(struct golden_difference, key, .max = RESOURCE_KEY_MAX, .flags = FIELD_REQUIRED, \
		.doc = "Its key, as rendered."),                                                   \
	    FIELD(struct golden_difference, path, .max = 4096, .flags = FIELD_REQUIRED,            \
		.doc = "JSON Pointer into its value as rendered; empty: the resource itself."),    \
	    FIELD(struct golden_difference, op, .choices = op_words, .flags = FIELD_REQUIRED,      \
		.doc = "As in a JSON Patch."),                                                     \
	    FIELD(struct golden_difference, value, .flags = FIELD_OMIT_ZERO,                       \
		.doc = "To add or put there: any JSON value, in which %name% means nothing."),     \
	    FIELD(struct golden_difference, reason, .min = 1, .max = 1000,                         \
		.flags = FIELD_REQUIRED | FIELD_SEEN, .doc = "Why it is otherwise."),              \
	    FIELD(struct golden_difference, expires_at, .flags = FIELD_NULLABLE,                   \
		.doc = "From then on it is drift; null: never.")

static const struct field asked_fields[] = {
	DECLARED,
	FIELD_END,
};
static const struct schema asked_schema =
    SCHEMA("GoldenDifferenceSet", struct golden_difference, asked_fields);
static const struct field difference_fields[] = {
	DECLARED,
	FIELD(struct golden_difference, owner, .doc = "Who declared it."),
	FIELD(struct golden_difference, declared_at, .doc = "When."),
	FIELD(struct golden_difference, why, .flags = FIELD_NULLABLE,
	    .doc = "Why it is not applied: it has expired, or the template has moved on; null: it "
		   "is."),
	FIELD_END,
};
const struct schema golden_difference_schema =
    SCHEMA("GoldenDifference", struct golden_difference, difference_fields);

static const struct field choice_fields[] = {
	FIELD(struct golden_choice, id, .flags = FIELD_REQUIRED,
	    .doc = "A golden baseline of this tenant, or a shared one of the platform."),
	FIELD(struct golden_choice, variables,
	    .doc = "Object: name of a variable to its value, any JSON; a default needs none."),
	FIELD(struct golden_choice, differences, .max = GOLDEN_DIFFERENCES_MAX,
	    .item = &asked_schema, .doc = "What this config has otherwise, on purpose."),
	FIELD(struct golden_choice, other_categories, .choices = others, .flags = FIELD_NULLABLE,
	    .doc = "Resources of categories that the template does not name: report (when absent) "
		   "them as created, or ignore them."),
	FIELD_END,
};
const struct schema golden_choice_schema =
    SCHEMA("GoldenBaselineChoice", struct golden_choice, choice_fields);

static bool
check_difference(const struct golden_bind *b, size_t i, struct err *e)
{
	struct golden_difference *d = &b->terms.differences[i];
	char                      pointer[64];
	bool                      takes = strcmp(d->op, "remove") != 0;

	snprintf(pointer, sizeof(pointer), "/golden/differences/%zu/value", i);
	if (takes != (d->value.tree != NULL))
		return err_fault(e, b->mem, pointer,
		    takes ? "is required to add or replace" : "is not for remove");
	if (d->value.tree != NULL && !template_check_value(b->mem, d->value.tree, pointer, e))
		return false;
	snprintf(pointer, sizeof(pointer), "/golden/differences/%zu/expires_at", i);
	if (d->expires_at.ms != 0 && d->expires_at.ms <= b->now.ms)
		return err_fault(e, b->mem, pointer, "must lie in the future");
	d->owner = b->actor;
	d->declared_at = b->now;
	return true;
}

bool
golden_terms_take(struct golden_bind *b, const struct golden_choice *in, struct err *e)
{
	const struct json *v = in->variables.tree;

	b->terms = (struct golden_terms) { .variables = v,
		.differences = in->differences.p,
		.n = in->differences.n,
		.now = b->now,
		.strict = true,
		.root = "/golden" };
	if (v != NULL && v->type != JSON_OBJECT)
		return err_fault(e, b->mem, "/golden/variables", "must be an object");
	for (size_t i = 0; i < b->terms.n; i++)
		(void)!check_difference(b, i, e);
	return e->code == ERR_OK;
}

/* When the first difference that is applied now expires. */
static instant
first_expiry(const struct golden_terms *t)
{
	instant first = { 0 };

	for (size_t i = 0; i < t->n; i++) {
		const struct golden_difference *d = &t->differences[i];

		if (d->why == NULL && d->expires_at.ms != 0 &&
		    (first.ms == 0 || d->expires_at.ms < first.ms))
			first = d->expires_at;
	}
	return first;
}

/* ---- the stored terms: {"variables": {...}, "differences": [...], "left_out": [[category, key,
 * path], ...], "left_out_more": n}; those of earlier versions have no left_out ---- */

static void
print_left_out(struct buf *b, const struct golden_terms *t)
{
	for (size_t i = 0; i < t->left_out_n; i++) {
		buf_puts(b, i == 0 ? "[" : ",[");
		buf_json(b, t->left_out[i].category);
		buf_putc(b, ',');
		buf_json(b, t->left_out[i].key);
		buf_putc(b, ',');
		buf_json(b, t->left_out[i].path);
		buf_putc(b, ']');
	}
}

static bool
terms_print(TALLOC_CTX *mem, const struct golden_terms *t, struct str *out, struct err *e)
{
	struct buf b;

	buf_make(&b, mem);
	buf_puts(&b, "{\"variables\":");
	if (t->variables == NULL)
		buf_puts(&b, "{}");
	else
		json_print(&b, t->variables);
	buf_puts(&b, ",\"differences\":[");
	for (size_t i = 0; i < t->n; i++) {
		buf_puts(&b, i == 0 ? "" : ",");
		if (!schema_encode(&b, &golden_difference_schema, &t->differences[i], e))
			return false;
	}
	buf_puts(&b, "],\"left_out\":[");
	print_left_out(&b, t);
	buf_printf(&b, "],\"left_out_more\":%lld}", (long long)t->left_out_more);
	*out = buf_str(&b);
	return buf_ok(&b) || err_memory(e);
}

static bool
broken(struct err *e)
{
	err_clear(e);
	return err_set(e, ERR_INTERNAL, 0, "internal error", "a stored binding is broken");
}

static bool
take_left_out(TALLOC_CTX *mem, const struct json *tree, struct golden_terms *out, struct err *e)
{
	const struct json *list = json_get(tree, "left_out"),
			  *more = json_get(tree, "left_out_more");

	if (list == NULL || more == NULL)
		return true;
	out->left_out = talloc_zero_size(mem, ((size_t)list->n + 1) * sizeof(out->left_out[0]));
	if (out->left_out == NULL)
		return err_memory(e);
	for (; out->left_out_n < list->n; out->left_out_n++) {
		const struct json *one = &list->items[out->left_out_n];

		if (one->type != JSON_ARRAY || one->n != 3)
			return broken(e);
		out->left_out[out->left_out_n] = (struct redacted_place) { one->items[0].text,
			one->items[1].text, one->items[2].text };
	}
	return (more->type == JSON_NUMBER && str_to_i64(more->text, &out->left_out_more)) ||
	       broken(e);
}

bool
golden_terms_of(struct tenant_db *t, TALLOC_CTX *mem, const struct golden_binding *row,
    struct golden_terms *out, struct err *e)
{
	const struct json *tree, *d = NULL;
	struct str         text;

	*out = (struct golden_terms) { .root = "/golden" };
	if (!tenant_open(t, mem,
		(struct sealed_place) { "golden_bindings", "body", &row->config_id }, row->body,
		&text, e))
		return false;
	tree = json_parse(mem, text, e);
	if (tree != NULL) {
		out->variables = json_get(tree, "variables");
		d = json_get(tree, "differences");
	}
	if (d == NULL || out->variables == NULL)
		return broken(e);
	out->differences = talloc_zero_size(mem, ((size_t)d->n + 1) * sizeof(out->differences[0]));
	if (out->differences == NULL)
		return err_memory(e);
	for (; out->n < d->n; out->n++)
		if (!schema_decode(mem, &golden_difference_schema, &d->items[out->n],
			&out->differences[out->n], e))
			return broken(e);
	return take_left_out(mem, tree, out, e);
}

bool
golden_terms_seal(struct golden_bind *b, struct err *e)
{
	struct str text;

	b->row.recheck_at = first_expiry(&b->terms);
	return terms_print(b->mem, &b->terms, &text, e) &&
	       tenant_seal(b->t, b->mem,
		   (struct sealed_place) { "golden_bindings", "body", &b->row.config_id }, text,
		   &b->row.body, e);
}
