#include "drift/attribution/attribution.h"

#include <stdlib.h>
#include <string.h>

#define SAME_DEED_MS 5000 /* entries of one actor so near each other are told once */
#define KEY_PARTS    16
#define ELEMENT_IDS  32
#define GUID_BYTES   36
#define STEPS_MATCH  40 /* to hold an entry against a change, beside the values */

char *
attribution_fold(TALLOC_CTX *mem, struct str id)
{
	char *out = str_dup(mem, id);

	for (char *p = out; p != NULL && *p != '\0'; p++)
		if (*p >= 'A' && *p <= 'Z')
			*p = (char)(*p - 'A' + 'a');
	return out;
}

static int
newest_first(const void *a, const void *b)
{
	const struct attribution_entry *x = a, *y = b;

	return x->who.at.ms < y->who.at.ms ? 1 : x->who.at.ms > y->who.at.ms ? -1 : 0;
}

void
attribution_sort(struct attribution_log *log)
{
	if (log->n > 1)
		qsort(log->entries, log->n, sizeof(log->entries[0]), newest_first);
}

/* ---- ids ---- */

struct ids {
	struct str of[ELEMENT_IDS]; /* folded */
	size_t     n;
};

static int
by_bytes(const void *a, const void *b)
{
	return str_cmp(*(const struct str *)a, *(const struct str *)b);
}

static bool
has(const struct str *list, size_t n, struct str id)
{
	return n > 0 && bsearch(&id, list, n, sizeof(list[0]), by_bytes) != NULL;
}

static bool
add_id(TALLOC_CTX *mem, struct ids *ids, struct str id, struct err *e)
{
	char *folded;

	if (id.n == 0 || ids->n == ELEMENT_IDS)
		return true;
	folded = attribution_fold(mem, id);
	if (folded == NULL)
		return err_memory(e);
	ids->of[ids->n++] = str_of(folded);
	return true;
}

static bool
is_guid(struct str s)
{
	for (size_t i = 0; s.n == GUID_BYTES && i < s.n; i++) {
		const char c = s.p[i];
		const bool dash = i == 8 || i == 13 || i == 18 || i == 23;

		if (dash ? c != '-'
			 : !((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') ||
			       (c >= 'A' && c <= 'F')))
			return false;
	}
	return s.n == GUID_BYTES;
}

/* Of a key of several parts those that are ids, if any is: a scope or a word says nothing of who it
 * is. */
static bool
key_ids(TALLOC_CTX *mem, struct str key, struct ids *out, struct err *e)
{
	struct str parts[KEY_PARTS], rest = key;
	size_t     n = 0, guids = 0;

	out->n = 0;
	if (key.n == 0)
		return true;
	while (n < KEY_PARTS && rest.p != NULL) {
		rest = str_cut(rest, '/', &parts[n]);
		guids += is_guid(parts[n++]);
	}
	if (guids == 0)
		return add_id(mem, out, key, e);
	for (size_t i = 0; i < n; i++)
		if (is_guid(parts[i]) && !add_id(mem, out, parts[i], e))
			return false;
	return true;
}

/* The labels of a canonical path, [id=TEXT], and what an element that came or went is called
 * itself. */
static bool
label_ids(TALLOC_CTX *mem, struct str path, struct ids *out, struct err *e)
{
	for (size_t i = 0; i < path.n; i++) {
		const char *end, *is;

		if (path.p[i] != '[')
			continue;
		end = memchr(path.p + i, ']', path.n - i);
		is = end == NULL ? NULL : memchr(path.p + i, '=', (size_t)(end - path.p) - i);
		if (is != NULL &&
		    !add_id(mem, out, (struct str) { is + 1, (size_t)(end - is - 1) }, e))
			return false;
	}
	return true;
}

static bool
value_ids(TALLOC_CTX *mem, struct str text, struct ids *out, struct err *e)
{
	static const char *const names[] = { "id", "keyId", "principalId", "appRoleId", NULL };
	struct err               none = { 0 };
	const struct json       *v = text.p == NULL ? NULL : json_parse(mem, text, &none);

	if (v == NULL)
		return true;
	if (v->type == JSON_STRING)
		return add_id(mem, out, v->text, e);
	for (size_t i = 0; names[i] != NULL; i++) {
		const struct json *id = json_get(v, names[i]);

		if (id != NULL && id->type == JSON_STRING && !add_id(mem, out, id->text, e))
			return false;
	}
	return true;
}

/* ---- which entries ---- */

/* What is asked, and the ids that say which entries are about it. */
struct matching {
	TALLOC_CTX                      *mem;
	const struct attribution_by     *by;
	const struct attribution_change *c;
	struct str                       key; /* folded */
	struct ids                       resource, element;
	const struct attribution_entry **found;
	size_t                           n;
	struct err                      *e;
};

static bool
is_about(const struct matching *m, const struct attribution_entry *x)
{
	const struct attribution_activity *about = x->about;
	size_t                             i = 0;

	while (i < m->resource.n && has(x->targets, x->targets_n, m->resource.of[i]))
		i++;
	if (m->resource.n > 0 && i == m->resource.n)
		return true;
	for (i = 0; about != NULL && i < about->categories.n; i++)
		if (str_eqz(m->c->category, about->categories.items[i]))
			return about->targets.n == 0 || has(x->keys, x->keys_n, m->key);
	return false;
}

static bool
has_element(const struct matching *m, const struct attribution_entry *x)
{
	for (size_t i = 0; i < m->element.n; i++)
		if (has(x->targets, x->targets_n, m->element.of[i]))
			return true;
	return false;
}

static bool
find_about(struct matching *m)
{
	const struct attribution_log *log = m->by->log;

	m->found = talloc_size(m->mem, (log->n + 1) * sizeof(m->found[0]));
	if (m->found == NULL)
		return err_memory(m->e);
	for (size_t i = 0; i < log->n; i++) {
		const struct attribution_entry *x = &log->entries[i];

		if (x->who.at.ms >= m->c->since.ms && x->who.at.ms <= m->c->until.ms &&
		    is_about(m, x))
			m->found[m->n++] = x;
	}
	return work_spend(m->by->work, WORK_CHANGES, STEPS_MATCH * (log->n + 1), m->e);
}

/* Those for which it is so, if it is for any. */
static void
narrow(struct matching *m, const bool *yes)
{
	size_t n = 0;

	for (size_t i = 0; i < m->n; i++)
		if (yes[i])
			m->found[n++] = m->found[i];
	m->n = n > 0 ? n : m->n;
}

static bool
narrow_down(struct matching *m, bool *exact)
{
	bool *yes = talloc_zero_size(m->mem, m->n + 1);

	*exact = false;
	if (yes == NULL)
		return err_memory(m->e);
	for (size_t i = 0; i < m->n; i++)
		yes[i] = has_element(m, m->found[i]);
	narrow(m, yes);
	for (size_t i = 0; i < m->n; i++) {
		if (!attribution_sets(m->by, m->found[i], m->c, &yes[i], m->e))
			return false;
		*exact = *exact || yes[i];
	}
	if (*exact)
		narrow(m, yes);
	return true;
}

/* ---- who ---- */

static bool
same_text(const char *a, const char *b)
{
	return a != NULL && b != NULL && strcmp(a, b) == 0;
}

static bool
same_actor(const struct attribution_actor_row *x, const struct attribution_actor_row *who)
{
	return strcmp(x->kind, who->kind) == 0 &&
	       (same_text(x->id, who->id) || (x->id == NULL && who->id == NULL));
}

/* A system may write one deed down more than once.  `once`: nobody is told a second time, whatever
 * they did. */
static bool
is_told(const struct attribution *a, const struct attribution_actor_row *who, bool once)
{
	for (size_t i = 0; i < a->n; i++) {
		const struct attribution_actor_row *x = &a->actors[i];
		const int64_t                       apart =
                    x->at.ms > who->at.ms ? x->at.ms - who->at.ms : who->at.ms - x->at.ms;

		if (same_actor(x, who) && (once || apart <= SAME_DEED_MS ||
					      same_text(x->correlation_id, who->correlation_id)))
			return true;
	}
	return false;
}

/* All texts in a value, folded, NUL between; NULL: memory. */
static bool
put_texts(struct buf *b, const struct json *v)
{
	if (v->type == JSON_STRING || v->type == JSON_NUMBER) {
		char *folded = attribution_fold(b->mem, v->text);

		if (folded == NULL)
			return false;
		buf_add(b, folded, v->text.n + 1);
		return true;
	}
	for (uint32_t i = 0; (v->type == JSON_ARRAY || v->type == JSON_OBJECT) && i < v->n; i++) {
		struct json name = { .type = JSON_STRING };

		if (v->type == JSON_OBJECT) {
			name.text = v->names[i];
			if (!put_texts(b, &name))
				return false;
		}
		if (!put_texts(b, &v->items[i]))
			return false;
	}
	return true;
}

/* Whether a text of an actor stands in one of those, in any case.  What was cleaned of it ("?")
 * stands for anything. */
static bool
stands_in(TALLOC_CTX *mem, const char *what, struct str texts)
{
	const char *folded = what == NULL ? NULL : attribution_fold(mem, str_of(what));
	size_t      n = folded == NULL ? 0 : strlen(folded);

	if (n == 0 || texts.n == 0)
		return false;
	return memchr(folded, '?', n) != NULL || memmem(texts.p, texts.n, folded, n) != NULL;
}

static bool
is_quoted(TALLOC_CTX *mem, const struct attribution_actor_row *who, struct str texts)
{
	const char *const all[] = { who->id, who->name, who->address, who->activity,
		who->correlation_id };

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		if (stands_in(mem, all[i], texts))
			return true;
	return false;
}

/* Whether any of them is quoted by the values.  In doubt it is: of a value that is cut short
 * nothing is known. */
static bool
are_quoted(TALLOC_CTX *mem, const struct attribution_change *c, const struct attribution *a)
{
	const struct str values[] = { c->old_text, c->new_text };
	struct buf       texts;

	buf_make(&texts, mem);
	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		struct err         none = { 0 };
		const struct json *v =
		    values[i].p == NULL ? NULL : json_parse(mem, values[i], &none);

		if (values[i].p != NULL && (v == NULL || !put_texts(&texts, v)))
			return true;
	}
	if (c->cut || !buf_ok(&texts))
		return true;
	for (size_t i = 0; i < a->n; i++)
		if (is_quoted(mem, &a->actors[i], buf_str(&texts)))
			return true;
	return false;
}

static int
newest_actor_first(const void *a, const void *b)
{
	const struct attribution_actor_row *x = a, *y = b;

	return x->at.ms < y->at.ms ? 1 : x->at.ms > y->at.ms ? -1 : 0;
}

/* Those that are not told yet, as many as there is room for: first everybody once, so that nobody
 * is hidden by how often another was there. */
static void
tell_actors(const struct matching *m, bool once, struct attribution *out)
{
	for (size_t i = 0; i < m->n; i++) {
		const struct attribution_actor_row *who = &m->found[i]->who;

		if (is_told(out, who, once))
			continue;
		if (out->n < ATTRIBUTION_ACTORS_MAX)
			out->actors[out->n++] = *who;
		else if (!once)
			out->more++;
	}
}

static bool
name_actors(const struct matching *m, TALLOC_CTX *mem, struct attribution *out)
{
	out->actors = talloc_zero_array(mem, struct attribution_actor_row, ATTRIBUTION_ACTORS_MAX);
	if (out->actors == NULL)
		return err_memory(m->e);
	tell_actors(m, true, out);
	tell_actors(m, false, out);
	if (out->n > 1)
		qsort(out->actors, out->n, sizeof(out->actors[0]), newest_actor_first);
	out->own = m->by->log->own;
	out->quotes = out->n > 0 && are_quoted(m->mem, m->c, out);
	return true;
}

static bool
match(struct matching *m, TALLOC_CTX *mem, struct attribution *out)
{
	const struct attribution_change *c = m->c;
	char                            *key = attribution_fold(m->mem, c->key);
	bool                             exact;

	if (key == NULL)
		return err_memory(m->e);
	m->key = str_of(key);
	if (!key_ids(m->mem, c->key, &m->resource, m->e) ||
	    !label_ids(m->mem, c->canonical_path, &m->element, m->e))
		return false;
	if (c->path.n > 0 && (!value_ids(m->mem, c->old_text, &m->element, m->e) ||
				 !value_ids(m->mem, c->new_text, &m->element, m->e)))
		return false;
	if (!find_about(m))
		return false;
	if (m->n == 0)
		return true;
	if (!narrow_down(m, &exact) || !name_actors(m, mem, out))
		return false;
	out->confidence = exact ? CONFIDENCE_EXACT : CONFIDENCE_OBJECT;
	return true;
}

bool
attribution_match(TALLOC_CTX *mem, const struct attribution_by *by,
    const struct attribution_change *c, struct attribution *out, struct err *e)
{
	struct matching m = { .mem = talloc_new(mem), .by = by, .c = c, .e = e };
	bool            ok;

	*out = (struct attribution) { .confidence = CONFIDENCE_NONE };
	if (m.mem == NULL)
		return err_memory(e);
	ok = match(&m, mem, out);
	talloc_free(m.mem);
	return ok;
}
