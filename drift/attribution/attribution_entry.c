/* attribution.h: entries, made of the documents of a log. */
#include <stdlib.h>
#include <string.h>

#include "core/base/unicode.h"
#include "drift/attribution/attribution.h"

#define NODES_MAX    20000 /* of an entry are looked at */
#define EMBEDDED_MAX 3     /* texts that are JSON inside each other */
#define TARGET_MAX   512   /* bytes of an id; a longer one is none */
#define ID_MAX       128
#define NAME_MAX_    256
#define ADDRESS_MAX  64
#define ACTIVITY_MAX 200

/* ---- patterns of pointers ---- */

struct walk {
	TALLOC_CTX *mem;
	unsigned    left, embedded;
	size_t *unfold_left; /* values in embedded texts that may still be looked at, of the log */
	bool (*found)(void *arg, const struct json *v, struct err *e);
	void       *arg;
	struct err *e;
};

/* At least as many values as a JSON text has. */
static size_t
values_in(struct str s)
{
	size_t n = 1;

	for (size_t i = 0; i < s.n; i++)
		n += s.p[i] == ',' || s.p[i] == '[' || s.p[i] == '{';
	return n;
}

/* A text that is JSON; NULL: it is none, or that is enough. */
static const struct json *
unfold(TALLOC_CTX *mem, size_t *left, struct str text)
{
	struct err none = { 0 };
	struct str s = str_trim(text);
	size_t     n;

	if (s.n < 2 || s.n > ATTRIBUTION_UNFOLD_MAX || strchr("[{\"", s.p[0]) == NULL)
		return NULL;
	n = values_in(s);
	if (n > ATTRIBUTION_NODES_MAX || n > *left)
		return NULL;
	*left -= n;
	return json_parse(mem, s, &none);
}

static bool walk(struct walk *w, const struct json *v, const char *steps);

static bool
walk_inside(struct walk *w, const struct json *v, const char *steps)
{
	const struct json *inside =
	    w->embedded == EMBEDDED_MAX ? NULL : unfold(w->mem, w->unfold_left, v->text);
	bool ok = true;

	w->embedded++;
	if (inside != NULL)
		ok = walk(w, inside, steps);
	w->embedded--;
	return ok;
}

static bool
walk_children(struct walk *w, const struct json *v, const char *rest, const char *again)
{
	for (uint32_t i = 0; i < v->n; i++)
		if (!walk(w, &v->items[i], again != NULL ? again : rest))
			return false;
	return true;
}

static bool
walk(struct walk *w, const struct json *v, const char *steps)
{
	const size_t       n = steps[0] == '\0' ? 0 : strcspn(steps + 1, "/");
	const char        *rest = steps + 1 + n;
	const struct json *child;

	if (w->left == 0)
		return true;
	w->left--;
	if (steps[0] == '\0')
		return w->found(w->arg, v, w->e);
	if (v->type == JSON_STRING)
		return walk_inside(w, v, steps);
	if (v->type != JSON_ARRAY && v->type != JSON_OBJECT)
		return true;
	if (n == 1 && steps[1] == '*')
		return walk_children(w, v, rest, NULL);
	if (n == 2 && steps[1] == '*' && steps[2] == '*')
		return walk(w, v, rest) && walk_children(w, v, rest, steps);
	child = json_child(v, (struct str) { steps + 1, n });
	return child == NULL || walk(w, child, rest);
}

/* ---- one entry ---- */

struct making {
	TALLOC_CTX                      *mem;
	const struct source_attribution *a;
	const struct json               *v; /* the document */
	struct attribution_entry        *out;
	struct str                      *list; /* of ids, n of them so far */
	size_t                           n;
	size_t                          *unfold_left; /* see struct walk */
	struct err                      *e;
};

static bool
find(
    struct making *m, const char *pattern, bool (*found)(void *, const struct json *, struct err *))
{
	struct walk w = {
		.mem = m->mem,
		.left = NODES_MAX,
		.unfold_left = m->unfold_left,
		.found = found,
		.arg = m,
		.e = m->e,
	};

	return walk(&w, m->v, pattern);
}

static bool
add_id(struct making *m, struct str id)
{
	char *folded;

	if (id.n == 0 || id.n > TARGET_MAX || m->n == ATTRIBUTION_TARGETS_MAX)
		return true;
	folded = attribution_fold(m->mem, id);
	if (folded == NULL)
		return err_memory(m->e);
	m->list[m->n++] = (struct str) { folded, id.n };
	return true;
}

/* A text, or a text that is JSON: of a text or of a list of them. */
static bool
found_id(void *arg, const struct json *v, struct err *e)
{
	struct making     *m = arg;
	const struct json *inside;

	(void)e;
	if (v->type != JSON_STRING)
		return true;
	inside = unfold(m->mem, m->unfold_left, v->text);
	if (inside == NULL)
		return add_id(m, v->text);
	if (inside->type == JSON_STRING)
		return add_id(m, inside->text);
	for (uint32_t i = 0; inside->type == JSON_ARRAY && i < inside->n; i++)
		if (inside->items[i].type == JSON_STRING && !add_id(m, inside->items[i].text))
			return false;
	return true;
}

static int
by_bytes(const void *a, const void *b)
{
	return str_cmp(*(const struct str *)a, *(const struct str *)b);
}

static bool
find_ids(struct making *m, const struct strings *patterns, struct str **out, size_t *n)
{
	m->n = 0;
	m->list = talloc_array(m->mem, struct str, ATTRIBUTION_TARGETS_MAX);
	if (m->list == NULL)
		return err_memory(m->e);
	for (size_t i = 0; i < patterns->n; i++)
		if (!find(m, patterns->items[i], found_id))
			return false;
	if (m->n > 1)
		qsort(m->list, m->n, sizeof(m->list[0]), by_bytes);
	*out = m->list;
	*n = m->n;
	return true;
}

/* What stands in a property: JSON in a text, or what it is. */
static const struct json *
value_of(struct making *m, const struct json *v)
{
	const struct json *inside;

	if (v == NULL || v->type == JSON_NULL)
		return NULL;
	inside = v->type == JSON_STRING ? unfold(m->mem, m->unfold_left, v->text) : NULL;
	/* a list with one text that is JSON itself is written by some */
	if (inside != NULL && inside->type == JSON_ARRAY && inside->n == 1 &&
	    inside->items[0].type == JSON_STRING) {
		const struct json *deeper = unfold(m->mem, m->unfold_left, inside->items[0].text);

		return deeper != NULL ? deeper : inside;
	}
	return inside != NULL ? inside : v;
}

/* At most `max`, which is one more than fits. */
static size_t
size_of(const struct json *v, size_t max)
{
	size_t n = 1;

	if (v == NULL || (v->type != JSON_ARRAY && v->type != JSON_OBJECT))
		return v != NULL && v->type == JSON_STRING && v->text.n > ATTRIBUTION_UNFOLD_MAX
			   ? max
			   : 1;
	for (uint32_t i = 0; i < v->n && n < max; i++)
		n += size_of(&v->items[i], max - n);
	return n < max ? n : max;
}

static bool
fits(const struct json *v)
{
	return size_of(v, ATTRIBUTION_NODES_MAX + 1) <= ATTRIBUTION_NODES_MAX;
}

static bool
found_property(void *arg, const struct json *v, struct err *e)
{
	struct making                   *m = arg;
	const struct attribution_values *p = m->a->properties;
	const struct json               *name = json_at(v, str_of(p->name));
	struct attribution_property     *out;

	if (name == NULL || name->type != JSON_STRING ||
	    m->out->properties_n == ATTRIBUTION_VALUES_MAX)
		return true;
	out = &m->out->properties[m->out->properties_n++];
	out->name = str_dup(m->mem, name->text);
	out->old_value = value_of(m, json_at(v, str_of(p->old_value)));
	out->new_value = value_of(m, json_at(v, str_of(p->new_value)));
	if (!fits(out->old_value) || !fits(out->new_value)) {
		m->out->properties_n--;
		return true;
	}
	return out->name != NULL || err_memory(e);
}

static bool
find_properties(struct making *m)
{
	if (m->a->properties == NULL)
		return true;
	m->out->properties =
	    talloc_zero_array(m->mem, struct attribution_property, ATTRIBUTION_VALUES_MAX);
	if (m->out->properties == NULL)
		return err_memory(m->e);
	return find(m, m->a->properties->list, found_property);
}

/* ---- who, when, what ---- */

/* Neither controls nor what turns the direction of a line is in a text for people. */
static char *
clean(TALLOC_CTX *mem, struct str text, size_t max)
{
	char          *out = unicode_clean(mem, text, max);
	unsigned char *p = (unsigned char *)out;

	for (; p != NULL && *p != '\0'; p++) {
		const bool turns =
		    p[0] == 0xe2 && ((p[1] == 0x80 && p[2] >= 0xaa && p[2] <= 0xae) ||
					(p[1] == 0x81 && p[2] >= 0xa6 && p[2] <= 0xa9));

		if (*p < ' ' || *p == 0x7f)
			*p = '?';
		else if (turns)
			p[0] = p[1] = p[2] = '?';
	}
	return out;
}

/* A text at a place, cleaned; NULL where there is none. */
static bool
set_text(struct making *m, const struct json *at, const char *pointer, size_t max, const char **out)
{
	const struct json *v = at == NULL || pointer == NULL ? NULL : json_at(at, str_of(pointer));

	*out = NULL;
	if (v == NULL || v->type != JSON_STRING || v->text.n == 0)
		return true;
	*out = clean(m->mem, v->text, max);
	return *out != NULL || err_memory(m->e);
}

static bool
set_actor(struct making *m)
{
	struct attribution_actor_row *who = &m->out->who;

	who->kind = "system";
	for (size_t i = 0; i < m->a->actors_n; i++) {
		const struct attribution_actor *x = &m->a->actors[i];
		const struct json              *at = json_at(m->v, str_of(x->at));

		if (at == NULL || at->type == JSON_NULL)
			continue;
		who->kind = x->kind;
		return set_text(m, at, x->id, ID_MAX, &who->id) &&
		       set_text(m, at, x->name, NAME_MAX_, &who->name) &&
		       set_text(m, at, x->address, ADDRESS_MAX, &who->address);
	}
	return true;
}

static bool
set_about(struct making *m)
{
	for (size_t i = 0; m->out->who.activity != NULL && i < m->a->activities_n; i++) {
		const struct attribution_activity *x = &m->a->activities[i];

		if (!str_caseeqz(str_of(m->out->who.activity), x->name))
			continue;
		m->out->about = x;
		return find_ids(m, &x->targets, &m->out->keys, &m->out->keys_n);
	}
	return true;
}

static bool
counts(const struct source_attribution *a, const struct json *v)
{
	const struct json *at;

	if (a->only == NULL)
		return true;
	at = json_at(v, str_of(a->only->at));
	for (size_t i = 0; at != NULL && at->type == JSON_STRING && i < a->only->values.n; i++)
		if (str_caseeqz(at->text, a->only->values.items[i]))
			return true;
	return false;
}

static bool
make_one(struct making *m, bool *is_one)
{
	const struct json *at = json_at(m->v, str_of(m->a->time));

	*is_one = false;
	if (!counts(m->a, m->v) || at == NULL || at->type != JSON_STRING ||
	    !time_parse(at->text, &m->out->who.at.ms))
		return true;
	*is_one = true;
	return set_actor(m) &&
	       set_text(m, m->v, m->a->activity, ACTIVITY_MAX, &m->out->who.activity) &&
	       set_text(m, m->v, m->a->correlation, ID_MAX, &m->out->who.correlation_id) &&
	       find_ids(m, &m->a->targets, &m->out->targets, &m->out->targets_n) &&
	       find_properties(m) && set_about(m);
}

bool
attribution_entries(TALLOC_CTX *mem, const struct source_attribution *a,
    const struct resource *documents, size_t n, struct attribution_log *out, struct err *e)
{
	size_t left = ATTRIBUTION_LOG_NODES;

	*out = (struct attribution_log) { .entries = talloc_zero_array(
					      mem, struct attribution_entry, (unsigned)n + 1) };
	if (out->entries == NULL)
		return err_memory(e);
	for (size_t i = 0; i < n; i++) {
		struct making m = { .mem = out->entries,
			.a = a,
			.v = documents[i].value,
			.out = &out->entries[out->n],
			.unfold_left = &left,
			.e = e };
		bool          is_one;

		*m.out = (struct attribution_entry) { .id = documents[i].key };
		if (!make_one(&m, &is_one))
			return false;
		out->n += is_one;
	}
	attribution_sort(out);
	return true;
}
