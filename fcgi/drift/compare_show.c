/* What a comparison by choice answers. */
#include "drift/run/value_texts.h"
#include "fcgi/drift/compare.h"

#define SHOWN_MAX   2000      /* changes of one answer */
#define SHOWN_BYTES (8 << 20) /* of their paths and values: no more are shown behind that */

/* ---- what is answered ---- */

struct compared_change {
	struct change_resource *resource;
	const char             *op;
	char                   *path, *canonical_path;
	struct raw_json         old_value, new_value;
	bool                    old_value_truncated, new_value_truncated;
	const char             *severity, *rule, *reason;
	const char             *fingerprint, *value_hash;
};
static const struct field compared_fields[] = {
	FIELD(struct compared_change, resource, .item = &change_resource_schema, .doc = "Where."),
	FIELD(struct compared_change, op, .doc = "created, deleted, modified or moved."),
	FIELD(struct compared_change, path,
	    .doc = "JSON Pointer into the new value, into the old one when deleted."),
	CHANGE_FIELDS(struct compared_change),
	FIELD(struct compared_change, fingerprint, .doc = "Identity of the finding" VIEW_DOC),
	FIELD(
	    struct compared_change, value_hash, .doc = "Tells one new value from another" VIEW_DOC),
	FIELD_END,
};
static const struct schema compared_schema =
    SCHEMA("ComparedChange", struct compared_change, compared_fields);

struct left_out {
	struct change_resource *resource;
	const char             *path, *why;
};
static const struct field left_out_fields[] = {
	FIELD(struct left_out, resource, .item = &change_resource_schema, .doc = "Where."),
	FIELD(struct left_out, path,
	    .doc = "Pattern of the places: a JSON Pointer with * for an element of an array."),
	FIELD(struct left_out, why, .doc = "masked: values there are kept as a mask only."),
	FIELD_END,
};
const struct schema left_out_schema = SCHEMA("NotCompared", struct left_out, left_out_fields);

static const struct field compare_out_fields[] = {
	FIELD(struct compare_out, changes, .item = &compared_schema,
	    .doc = "The changes from left to right: the first 2,000, fewer where their paths and "
		   "values come to more than 8 MiB."),
	FIELD(struct compare_out, summary, .item = &report_summary_schema,
	    .doc = "All of them, counted."),
	FIELD(struct compare_out, score, .doc = "Sum of the severities' weights."),
	FIELD(struct compare_out, more, .doc = "There are more changes than are shown."),
	FIELD(struct compare_out, incomplete,
	    .doc = "Categories left out: not completely read on one of the sides."),
	FIELD(struct compare_out, not_compared, .item = &left_out_schema,
	    .doc =
		"Masked places, whose values are left out unless both sides are documents of the "
		"request: the first 100. Of two stored snapshots, only those of resources in "
		"which something else differs; whether a masked value has changed is told by the "
		"report of the snapshot that changed it."),
	FIELD(struct compare_out, not_compared_more, .flags = FIELD_OMIT_ZERO,
	    .doc = "How many more there are."),
	FIELD(struct compare_out, shortened, .flags = FIELD_OMIT_ZERO, .doc = SHORTENED_DOC),
	FIELD(struct compare_out, notes, .flags = FIELD_OMIT_ZERO, .doc = NOTES_DOC),
	FIELD_END,
};
const struct schema compare_out_schema =
    SCHEMA("DriftCompared", struct compare_out, compare_out_fields);

/* ---- changes ---- */

static const char *
show_hash(TALLOC_CTX *mem, const uint8_t *hash)
{
	char *text = talloc_size(mem, 2 * HASH_LEN + 1);

	if (text != NULL)
		hex_print(hash, HASH_LEN, text);
	return text;
}

static bool
show_value(struct values *values, struct view v, const struct json *value, struct raw_json *out,
    bool *truncated, struct err *e)
{
	struct str text = { NULL, 0 };

	*truncated = false;
	if (value != NULL && !v.values)
		text = view_value(v, STR(""));
	else if (!values_show(values, value, &text, truncated, e))
		return false;
	out->text = text.p;
	return true;
}

static bool
show_place(TALLOC_CTX *mem, struct view v, const struct change *c, struct compared_change *out,
    struct err *e)
{
	struct str path, canonical;

	if (!view_path(mem, v, c->path, &path, NULL, e) ||
	    !view_path(mem, v, c->canonical_path, &canonical, NULL, e))
		return false;
	out->path = view_zeros(mem, path);
	out->canonical_path = view_zeros(mem, canonical);
	out->resource->category = str_dup(mem, c->category);
	out->resource->key = str_dup(mem, c->key);
	return (out->path != NULL && out->canonical_path != NULL &&
		   out->resource->category != NULL && out->resource->key != NULL) ||
	       err_memory(e);
}

static bool
show_change(const struct acting *a, struct values *values, const struct change *c,
    struct compared_change *out, struct err *e)
{
	static const struct uuid nobody;
	TALLOC_CTX              *mem = a->by.mem;
	const struct view        v = a->view;

	*out = (struct compared_change) {
		.resource = talloc_zero(mem, struct change_resource),
		.op = change_op_name(c->op),
		.severity = severity_name(c->severity),
		.rule = c->rule,
		.reason = c->reason,
		.fingerprint = view_hash(v, show_hash(mem, c->fingerprint)),
		.value_hash =
		    view_hash(v, change_value_hash(a, &nobody, c->fingerprint, c->value_hash)),
	};
	if (out->resource == NULL || out->fingerprint == NULL || out->value_hash == NULL)
		return err_memory(e);
	return show_place(mem, v, c, out, e) &&
	       show_value(values, v, c->old_value, &out->old_value, &out->old_value_truncated, e) &&
	       show_value(values, v, c->new_value, &out->new_value, &out->new_value_truncated, e);
}

/* As many as an answer has room for. */
static bool
show_changes(const struct acting *a, const struct diff *d, struct items *out, struct err *e)
{
	TALLOC_CTX             *mem = a->by.mem;
	size_t                  n = d->n < SHOWN_MAX ? d->n : SHOWN_MAX, paths = 0;
	struct compared_change *c = talloc_zero_array(mem, struct compared_change, (unsigned)n + 1);
	struct values           values;

	if (c == NULL)
		return err_memory(e);
	*out = (struct items) { c, 0 };
	values_begin(&values, mem, SIZE_MAX);
	for (; out->n < n && paths + (SIZE_MAX - values.left) < SHOWN_BYTES; out->n++) {
		const struct change *at = &d->changes[out->n];

		if (!show_change(a, &values, at, &c[out->n], e))
			return false;
		paths += at->path.n + at->canonical_path.n;
	}
	return true;
}

static bool
show_diff(const struct acting *a, const struct diff *d, struct compare_out *out, struct err *e)
{
	TALLOC_CTX *mem = a->by.mem;

	out->summary = talloc_zero(mem, struct report_summary);
	if (out->summary == NULL)
		return err_memory(e);
	if (!show_changes(a, d, &out->changes, e))
		return false;
	out->more = diff_count(&d->summary) > (int64_t)out->changes.n;
	out->shortened = (int64_t)d->shortened;
	out->score = d->summary.score;
	*out->summary = (struct report_summary) {
		.created = d->summary.created,
		.modified = d->summary.modified,
		.deleted = d->summary.deleted,
		.moved = d->summary.moved,
	};
	return diff_notes_print(mem, d, &out->notes, e) &&
	       severities_print(mem, d->summary.by_severity, &out->summary->by_severity, e);
}

/* ---- the whole ---- */

bool
left_out_show(TALLOC_CTX *mem, const struct redacted_place *places, size_t n, struct items *out,
    struct err *e)
{
	struct left_out        *rows = talloc_zero_array(mem, struct left_out, (unsigned)n + 1);
	struct change_resource *where =
	    talloc_zero_array(mem, struct change_resource, (unsigned)n + 1);

	if (rows == NULL || where == NULL)
		return err_memory(e);
	for (size_t i = 0; i < n; i++) {
		const struct redacted_place *p = &places[i];

		where[i] =
		    (struct change_resource) { str_dup(mem, p->category), str_dup(mem, p->key) };
		rows[i] = (struct left_out) { &where[i], view_zeros(mem, p->path), "masked" };
		if (where[i].category == NULL || where[i].key == NULL || rows[i].path == NULL)
			return err_memory(e);
	}
	*out = (struct items) { rows, n };
	return true;
}

bool
compare_show(
    const struct acting *a, const struct compared *c, struct compare_out *out, struct err *e)
{
	const struct redaction *left_out = c->left_out;
	struct acting           seer = *a;

	seer.view = c->view;
	out->incomplete.text = c->incomplete;
	if (left_out != NULL) {
		out->not_compared_more = (int64_t)redaction_more(c->left_out);
		if (!left_out_show(a->by.mem, left_out->places, left_out->n, &out->not_compared, e))
			return false;
	}
	return show_diff(&seer, c->diff, out, e);
}
