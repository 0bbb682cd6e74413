/* attribution.h: what is kept of who made a change, and shown. */
#include <stdlib.h>
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

#define LINE_NAME_MAX 120 /* bytes of a name in a line for people */

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

static enum confidence
confidence_of(const struct kept *k)
{
	for (enum confidence c = CONFIDENCE_NONE; k != NULL && c < CONFIDENCE__MAX; c++)
		if (strcmp(k->confidence, names[c]) == 0)
			return c;
	return CONFIDENCE_NONE;
}

enum confidence
attribution_confidence(TALLOC_CTX *mem, const char *kept)
{
	return confidence_of(read_kept(mem, kept));
}

void
attribution_read(TALLOC_CTX *mem, const char *kept, struct attribution *out)
{
	const struct kept *k = read_kept(mem, kept);

	*out = (struct attribution) { .confidence = confidence_of(k) };
	if (k == NULL)
		return;
	out->actors = k->actors.p;
	out->n = k->actors.n;
	out->more = k->more;
	out->quotes = k->quotes;
	out->own = k->own;
}

bool
attribution_is_known(TALLOC_CTX *mem, const char *kept)
{
	const struct kept *k = read_kept(mem, kept);

	return k != NULL && k->actors.n > 0;
}

static bool
same_text(const char *a, const char *b)
{
	return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

void
attribution_add(struct attribution *to, const struct attribution_actor_row *who)
{
	for (size_t i = 0; i < to->n; i++)
		if (same_text(to->actors[i].id, who->id) &&
		    same_text(to->actors[i].kind, who->kind) &&
		    same_text(to->actors[i].activity, who->activity))
			return;
	if (to->n == ATTRIBUTION_ACTORS_MAX)
		to->more++;
	else
		to->actors[to->n++] = *who;
}

/* ---- of several changes ---- */

#define MERGED_MAX 1000 /* actors; further ones are counted */

struct merging {
	TALLOC_CTX        *mem;
	struct attribution all;
	bool               asked, known, waits; /* of what was merged */
	enum confidence    least;
};

/* By its id; who has none, by name. */
static bool
is_one(const struct attribution_actor_row *a, const struct attribution_actor_row *b)
{
	return same_text(a->kind, b->kind) && same_text(a->id, b->id) &&
	       (a->id != NULL || same_text(a->name, b->name));
}

static void
add_actor(struct merging *m, const struct attribution_actor_row *who)
{
	struct attribution *all = &m->all;

	for (size_t i = 0; i < all->n; i++)
		if (is_one(&all->actors[i], who)) {
			if (who->at.ms > all->actors[i].at.ms)
				all->actors[i] = *who;
			return;
		}
	if (all->n < MERGED_MAX)
		all->actors[all->n++] = *who;
	else
		all->more++;
}

static void
add_kept(struct merging *m, const char *text)
{
	const struct kept                  *k = read_kept(m->mem, text);
	const struct attribution_actor_row *who = k == NULL ? NULL : k->actors.p;
	enum confidence                     c = confidence_of(k);

	if (k == NULL)
		return;
	m->asked = true;
	m->waits = m->waits || c == CONFIDENCE_PENDING;
	if (k->actors.n > 0 && (!m->known || c < m->least))
		m->least = c;
	m->known = m->known || k->actors.n > 0;
	m->all.quotes = m->all.quotes || k->quotes;
	m->all.own = m->all.own || k->own;
	m->all.more = k->more > m->all.more ? k->more : m->all.more;
	for (size_t i = 0; i < k->actors.n; i++)
		add_actor(m, &who[i]);
}

static int
newest_first(const void *a, const void *b)
{
	const struct attribution_actor_row *x = a, *y = b;

	return (y->at.ms > x->at.ms) - (y->at.ms < x->at.ms);
}

bool
attribution_merge(TALLOC_CTX *mem, const char *before, const struct attribution_texts *of,
    const char **out, struct err *e)
{
	struct merging m = { .mem = talloc_new(mem) };
	const char    *last = NULL;
	bool           waits;

	*out = NULL;
	if (m.mem != NULL)
		m.all.actors = talloc_zero_array(m.mem, struct attribution_actor_row, MERGED_MAX);
	if (m.all.actors == NULL)
		return err_memory(e);
	for (size_t i = 0; i < of->n; i++) {
		if (of->items[i] == NULL || same_text(of->items[i], last))
			continue;
		last = of->items[i];
		add_kept(&m, last);
	}
	if (!m.asked) {
		*out = before;
		return true;
	}
	waits = m.waits;
	m.all.confidence = m.known ? m.least : attribution_confidence(m.mem, before);
	add_kept(&m, before);
	if (m.all.n == 0)
		m.all.confidence = waits ? CONFIDENCE_PENDING : CONFIDENCE_NONE;
	qsort(m.all.actors, m.all.n, sizeof(m.all.actors[0]), newest_first);
	if (m.all.n > ATTRIBUTION_ACTORS_MAX) {
		int64_t more = (int64_t)(m.all.n - ATTRIBUTION_ACTORS_MAX);

		m.all.more = more > m.all.more ? more : m.all.more;
		m.all.n = ATTRIBUTION_ACTORS_MAX;
	}
	return attribution_print(mem, &m.all, out, e);
}

/* ---- showing ---- */

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

/* ---- for people ---- */

/* Its name, or what else it is known by; NULL: nothing that is shown. */
static const char *
known_as(const struct attribution_actor_row *who)
{
	const char *text = who->name != NULL ? who->name : who->id;

	return text == NULL || strcmp(text, VIEW_WITHHELD) == 0 ? NULL : text;
}

static void
put_actor(struct buf *b, const struct attribution_actor_row *who)
{
	buf_puts(b, b->n > 0 ? ", " : "");
	if (strcmp(who->kind, "user") != 0)
		buf_printf(b, "%s ", who->kind);
	buf_line(b, str_of(known_as(who)), LINE_NAME_MAX);
}

bool
attribution_line(TALLOC_CTX *mem, const char *shown, const char **out, struct err *e)
{
	const struct kept                  *k = read_kept(mem, shown);
	const struct attribution_actor_row *who = k == NULL ? NULL : k->actors.p;
	int64_t                             more = k == NULL ? 0 : k->more, told = 0;
	struct buf                          b;

	*out = NULL;
	buf_make(&b, mem);
	for (size_t i = 0; k != NULL && i < k->actors.n; i++) {
		if (known_as(&who[i]) == NULL || told == ATTRIBUTION_LINE_ACTORS) {
			more++;
			continue;
		}
		put_actor(&b, &who[i]);
		told++;
	}
	if (told == 0)
		return true;
	if (more > 0)
		buf_printf(&b, " and %lld more", (long long)more);
	*out = buf_text(&b, e);
	return *out != NULL;
}
