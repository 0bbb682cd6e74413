#include "drift/source/push.h"

#include <stdio.h>
#include <string.h>

#include "drift/source/continued.h"
#include "drift/source/source.h"

#define DESPITE_MAX 16

/* ---- the settings of a config ---- */

struct push_selector {
	const char     *resources;
	struct raw_json key, category;
};
struct push_settings {
	struct source_settings s;
	struct push_selector  *selector; /* NULL: none */
	struct strings         complete_despite;
};

static const struct field selector_fields[] = {
	FIELD(struct push_selector, resources, .min = 0, .max = SELECTOR_POINTER_MAX,
	    .flags = FIELD_REQUIRED,
	    .doc = "JSON Pointer to the array of resources; empty: the document is it."),
	FIELD(struct push_selector, key, .flags = FIELD_REQUIRED,
	    .doc = "What of each element is its key: the name of a member, a JSON Pointer into it, "
		   "or a list of them, joined with / (in each ~ as ~0 and / as ~1; what is not "
		   "there is empty)."),
	FIELD(struct push_selector, category, .flags = FIELD_OMIT_ZERO,
	    .doc =
		"Category of all of them, or, beginning with /, a JSON Pointer into each "
		"element, or a list of these, joined as the key is; document when absent. What a "
		"pointer finds is one reading: a category that appears after the first complete "
		"one is created, unless a push has named it in collections. What "
		"`kubectl get -A -o json` prints is cut by {\"resources\":\"/items\", "
		"\"key\":[\"/metadata/namespace\",\"/metadata/name\"], "
		"\"category\":\"/kind\"}."),
	FIELD_END,
};
static const struct schema selector_schema =
    SCHEMA("DriftSelector", struct push_selector, selector_fields);

static const struct field settings_fields[] = {
	FIELD_AS(struct push_settings, s.kind, "kind", .flags = FIELD_REQUIRED),
	FIELD(struct push_settings, selector, .item = &selector_schema,
	    .flags = FIELD_NULLABLE | FIELD_OMIT_ZERO,
	    .doc = "How a document is cut into resources."),
	FIELD(struct push_settings, complete_despite, .max = DESPITE_MAX, .flags = FIELD_OMIT_ZERO,
	    .doc =
		"A document that says itself that it is not all is partial: a text at "
		"@odata.nextLink, nextLink, nextPageToken, NextToken, NextMarker or continue, a "
		"URL "
		"at next, true at has_more, IsTruncated or resultTruncated, beside the selected "
		"array or in metadata, pagination or meta. JSON Pointers of those that do not mean "
		"that here, such as /metadata/continue."),
	FIELD_END,
};
const struct schema source_push_schema =
    SCHEMA("DriftSourcePush", struct push_settings, settings_fields);

#define SELECTOR_AT "/source/selector"
#define DESPITE_AT  "/source/complete_despite"

static bool
check_despite(TALLOC_CTX *mem, const struct push_settings *in, struct err *e)
{
	char at[sizeof DESPITE_AT + 24];

	if (in->complete_despite.n > 0 && in->selector == NULL)
		return err_fault(e, mem, DESPITE_AT, "goes with a selector only");
	for (size_t i = 0; i < in->complete_despite.n; i++) {
		if (continued_may(str_of(in->complete_despite.items[i])))
			continue;
		snprintf(at, sizeof at, DESPITE_AT "/%zu", i);
		return err_fault(e, mem, at,
		    "must be a JSON Pointer to a member that says that a document is not all");
	}
	return true;
}

static bool
push_check(TALLOC_CTX *mem, struct source *s, struct err *e)
{
	const struct push_settings *set = (const struct push_settings *)s->settings;
	const struct push_selector *in = set->selector;
	struct selector_text        text;

	if (!check_despite(mem, set, e))
		return false;
	s->complete_despite = set->complete_despite;
	if (in == NULL)
		return true;
	s->selector = talloc(mem, struct resource_selector);
	if (s->selector == NULL)
		return err_memory(e);
	text = (struct selector_text) { in->resources, in->key.tree, in->category.tree };
	return selector_compile(mem, &text, SELECTOR_AT, s->selector, e);
}

/* By any of them; `category` "": of any. */
static bool
is_masked(
    const struct compare_spec *compare, struct str category, const struct selector_parts *parts)
{
	for (uint32_t i = 0; i < parts->n; i++)
		if (compare_masks(compare, category, parts->items[i].steps, parts->items[i].n))
			return true;
	return false;
}

/* Keys and categories of resources are kept readable, so nothing masked can be one. */
static bool
push_suits(
    TALLOC_CTX *mem, const struct source *s, const struct compare_spec *compare, struct err *e)
{
	const struct resource_selector *in = s->selector;
	struct str                      category;

	if (in == NULL)
		return true;
	category = in->category.n > 0 ? STR("") : in->fixed;
	if (is_masked(compare, category, &in->key))
		return err_fault(
		    e, mem, SELECTOR_AT "/key", "names a member that is masked, and keys are not");
	return !is_masked(compare, category, &in->category) ||
	       err_fault(e, mem, SELECTOR_AT "/category",
		   "names a member that is masked, and categories are not");
}

static const char *const push_chooses[] = { "selector", NULL };

const struct source_ops source_push = {
	.chooses = push_chooses,
	.check = push_check,
	.suits = push_suits,
};

/* ---- the body of a push ---- */

static const struct field resource_fields[] = {
	FIELD(struct push_resource, category, .min = 1, .max = RESOURCE_CATEGORY_MAX,
	    .flags = FIELD_REQUIRED, .doc = "Collection it belongs to."),
	FIELD(struct push_resource, key, .max = RESOURCE_KEY_MAX, .flags = FIELD_REQUIRED,
	    .doc = "Its key in the collection; unique there."),
	FIELD(struct push_resource, value, .flags = FIELD_REQUIRED, .doc = "Any JSON value."),
	FIELD_END,
};
static const struct schema resource_schema =
    SCHEMA("PushedResource", struct push_resource, resource_fields);

static const struct field push_fields[] = {
	FIELD(struct push_in, resources, .max = PUSH_RESOURCES_MAX, .item = &resource_schema,
	    .doc = "The resources of this snapshot; this or `document`."),
	FIELD(struct push_in, document,
	    .doc = "One JSON value, split by the selector of the config's source; this or "
		   "`resources`."),
	FIELD(struct push_in, collections,
	    .doc =
		"Object: category to complete, partial, failed, forbidden or throttled. A category "
		"with resources is complete unless it says otherwise."),
	FIELD(struct push_in, actor, .max = 254, .flags = FIELD_NULLABLE,
	    .doc = "Who made the changes, when the collector knows."),
	FIELD(struct push_in, collected_at, .flags = FIELD_NULLABLE,
	    .doc = "When it was read; now when absent."),
	FIELD_END,
};
const struct schema push_schema = SCHEMA_GIVEN("SnapshotPush", struct push_in, push_fields, given);

/* ---- collections ---- */

static bool
collection_of(TALLOC_CTX *mem, struct str category, const struct json *how, struct collection *out,
    struct err *e)
{
	struct buf pointer;

	*out = (struct collection) { .category = category, .told = true };
	if (category.n >= 1 && category.n <= RESOURCE_CATEGORY_MAX &&
	    memchr(category.p, '\0', category.n) == NULL && how->type == JSON_STRING &&
	    completeness_parse(how->text, &out->how))
		return true;
	buf_make(&pointer, mem);
	buf_puts(&pointer, "/collections");
	json_pointer_add(&pointer, category);
	if (!buf_ok(&pointer))
		return err_memory(e);
	return err_fault(e, mem, pointer.p,
	    "must be a category of 1..%d bytes with complete, partial, failed, forbidden or "
	    "throttled",
	    RESOURCE_CATEGORY_MAX);
}

static bool
collections_of(TALLOC_CTX *mem, const struct json *tree, struct collected *out, struct err *e)
{
	if (tree == NULL || tree->type == JSON_NULL)
		return true;
	if (tree->type != JSON_OBJECT)
		return err_fault(e, mem, "/collections", "must be an object");
	if (tree->n > PUSH_COLLECTIONS_MAX)
		return err_fault(
		    e, mem, "/collections", "at most %d members", PUSH_COLLECTIONS_MAX);
	out->collections = talloc_array(mem, struct collection, tree->n + 1);
	if (out->collections == NULL)
		return err_memory(e);
	for (uint32_t i = 0; i < tree->n; i++)
		if (!collection_of(mem, tree->names[i], &tree->items[i], &out->collections[i], e))
			return false;
	out->collections_n = tree->n;
	return true;
}

/* ---- resources ---- */

static bool
list_of(TALLOC_CTX *mem, const struct items *in, struct collected *out, struct err *e)
{
	const struct push_resource *from = in->p;

	out->resources = talloc_zero_size(mem, (in->n + 1) * sizeof(struct resource));
	if (out->resources == NULL)
		return err_memory(e);
	for (size_t i = 0; i < in->n; i++)
		out->resources[i] = (struct resource) { str_of(from[i].category),
			str_of(from[i].key), from[i].value.tree };
	out->n = in->n;
	return resources_check(mem, out->resources, out->n, e);
}

bool
push_collect(TALLOC_CTX *mem, const struct push_in *in, const struct push_terms *terms,
    struct collected *out, struct err *e)
{
	bool list = (in->given & schema_bit(&push_schema, "resources")) != 0;
	bool document = (in->given & schema_bit(&push_schema, "document")) != 0;

	memset(out, 0, sizeof(*out));
	if (list == document)
		return err_fault(e, mem, "", "needs either resources or document");
	if (!collections_of(mem, in->collections.tree, out, e))
		return false;
	if (document)
		return push_collect_document(mem, in->document.tree, terms, out, e);
	return list_of(mem, &in->resources, out, e);
}
