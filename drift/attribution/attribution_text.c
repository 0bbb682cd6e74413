/* attribution.h: what is kept of who made a change, and shown. */
#include <string.h>

#include "core/json/schema.h"
#include "drift/attribution/attribution.h"

static const char *const names[] = {
#define X(id, wire) [id] = wire,
	CONFIDENCES(X)
#undef X
};

const char *
confidence_name(enum confidence c)
{
	return names[c];
}

/* ---- the forms ---- */

static const struct field actor_fields[] = {
	FIELD(struct attribution_actor_row, kind),
	FIELD(struct attribution_actor_row, id, .flags = FIELD_NULLABLE),
	FIELD(struct attribution_actor_row, name, .flags = FIELD_NULLABLE),
	FIELD(struct attribution_actor_row, address, .flags = FIELD_NULLABLE),
	FIELD(struct attribution_actor_row, at),
	FIELD(struct attribution_actor_row, activity, .flags = FIELD_NULLABLE),
	FIELD(struct attribution_actor_row, correlation_id, .flags = FIELD_NULLABLE),
	FIELD_END,
};
static const struct schema actor_schema =
    SCHEMA("AttributionActor", struct attribution_actor_row, actor_fields);

struct kept {
	const char  *confidence;
	struct items actors;
	int64_t      more;
	bool         quotes, own;
};
static const struct field shown_fields[] = {
	FIELD(struct kept, confidence),
	FIELD(struct kept, actors, .item = &actor_schema),
	FIELD(struct kept, more, .flags = FIELD_OMIT_ZERO),
	FIELD_END,
};
static const struct schema shown_schema = SCHEMA("Attribution", struct kept, shown_fields);
static const struct field  kept_fields[] = {
	 FIELD(struct kept, confidence, .flags = FIELD_REQUIRED),
	 FIELD(struct kept, actors, .item = &actor_schema, .flags = FIELD_REQUIRED),
	 FIELD(struct kept, more, .flags = FIELD_OMIT_ZERO),
	 FIELD(struct kept, quotes, .flags = FIELD_OMIT_ZERO),
	 FIELD(struct kept, own, .flags = FIELD_OMIT_ZERO),
	 FIELD_END,
};
static const struct schema kept_schema = SCHEMA("KeptAttribution", struct kept, kept_fields);

/* ---- keeping ---- */

/* Fewer actors where their texts are long. */
bool
attribution_print(TALLOC_CTX *mem, const struct attribution *a, const char **out, struct err *e)
{
	struct kept k = { confidence_name(a->confidence), { a->actors, a->n }, a->more, a->quotes,
		a->own };
	struct buf  b;

	for (;; k.actors.n--, k.more++) {
		buf_make(&b, mem);
		if (!schema_encode(&b, &kept_schema, &k, e))
			return false;
		*out = buf_text(&b, e);
		if (*out == NULL || b.n <= ATTRIBUTION_TEXT_MAX || k.actors.n == 0)
			return *out != NULL;
		talloc_free(b.p);
	}
}

const char *
attribution_bare(enum confidence c)
{
	static const char *const bare[] = {
#define X(id, wire) [id] = "{\"confidence\":\"" wire "\",\"actors\":[]}",
		CONFIDENCES(X)
#undef X
	};

	return bare[c];
}

/* ---- reading ---- */

/* NULL: it is of another form. */
static struct kept *
read_kept(TALLOC_CTX *mem, const char *text)
{
	struct err         none = { 0 };
	const struct json *v = text == NULL ? NULL : json_parse(mem, str_of(text), &none);
	struct kept       *k = talloc_zero(mem, struct kept);

	return v != NULL && k != NULL && json_get(v, "confidence") != NULL &&
		       schema_decode(mem, &kept_schema, v, k, &none)
		   ? k
		   : NULL;
}

enum confidence
attribution_confidence(TALLOC_CTX *mem, const char *kept)
{
	const struct kept *k = read_kept(mem, kept);

	for (enum confidence c = CONFIDENCE_NONE; k != NULL && c < CONFIDENCE__MAX; c++)
		if (strcmp(k->confidence, names[c]) == 0)
			return c;
	return CONFIDENCE_NONE;
}

/* All texts of who it was, or all but what was done. */
static void
withhold(struct attribution_actor_row *who, bool all)
{
	const char **const texts[] = { &who->id, &who->name, &who->address, &who->correlation_id,
		&who->activity };
	const size_t       n = sizeof(texts) / sizeof(texts[0]) - !all;

	for (size_t i = 0; i < n; i++)
		if (*texts[i] != NULL)
			*texts[i] = VIEW_WITHHELD;
}

bool
attribution_view(TALLOC_CTX *mem, struct view v, const char *kept, const char **out, struct err *e)
{
	struct kept *k = read_kept(mem, kept);
	struct buf   b;

	*out = kept;
	if (k == NULL)
		return true;
	for (size_t i = 0; i < k->actors.n; i++) {
		struct attribution_actor_row *who = (struct attribution_actor_row *)k->actors.p + i;

		if (k->quotes && !v.values)
			withhold(who, true);
		else if (k->own && !v.trail)
			withhold(who, false);
	}
	buf_make(&b, mem);
	if (!schema_encode(&b, &shown_schema, k, e))
		return false;
	*out = buf_text(&b, e);
	return *out != NULL;
}
