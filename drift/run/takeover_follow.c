/* takeover.h: what is written about a finding follows it to its new names. */
#include "drift/run/takeover_follow.h"

#include <stdlib.h>
#include <string.h>

#include "core/store/alert/alert.h"
#include "core/store/drift/rekey.h"
#include "core/store/drift/trend.h"
#include "drift/alert/alerting.h"
#include "drift/engine/fingerprint.h"
#include "drift/run/takeover_rename.h"

/* The names that one fingerprint of before has now: links first[0 .. n), by index. */
struct new_names {
	const struct finding_link *first;
	size_t                     n;
};

static int
by_was(const void *a, const void *b)
{
	const struct finding_link *x = a, *y = b;

	return x->was != y->was ? (x->was < y->was ? -1 : 1) : (x->is > y->is) - (x->is < y->is);
}

static int
link_fingerprint(const struct taking *k, size_t link, const uint8_t *fingerprint)
{
	return memcmp(k->rows.rows[k->links[link].was].fingerprint.p, fingerprint, HASH_LEN);
}

/* Links are by finding, and findings by fingerprint. */
static struct new_names
names_of(const struct taking *k, const uint8_t *fingerprint)
{
	size_t           from = 0, to = k->links_n;
	struct new_names out;

	while (from < to) {
		size_t mid = from + (to - from) / 2;

		if (link_fingerprint(k, mid, fingerprint) < 0)
			from = mid + 1;
		else
			to = mid;
	}
	out.first = k->links + from;
	for (to = from; to < k->links_n && link_fingerprint(k, to, fingerprint) == 0; to++)
		;
	out.n = to - from;
	return out;
}

/* A value of before, as it is called now: of another than the finding's, nobody knows. */
static struct blob
value_now(const struct taking *k, const struct finding_link *l, struct blob value)
{
	const struct finding_row *was = &k->rows.rows[l->was];

	if (value.n != HASH_LEN || memcmp(value.p, was->value_hash.p, HASH_LEN) != 0)
		return value;
	return (struct blob) { k->is->changes[l->is].value_hash, HASH_LEN };
}

/* ---- what the open alert has told of ---- */

static bool
follow_told(struct taking *k, struct err *e)
{
	struct db        *db = k->x->t->db;
	TALLOC_CTX       *mem = k->x->mem;
	struct alert_open open;
	char              key[ALERT_OPEN_KEY_MAX];
	struct told      *to, *from;
	size_t            to_n = 0, from_n = 0;

	alerting_open_key(&k->config.id, key);
	if (!alert_open_with_told(db, mem, key, &open, e))
		return false;
	if (!open.found)
		return true;
	to = talloc_array(mem, struct told, (unsigned)(k->links_n + 1));
	from = talloc_array(mem, struct told, (unsigned)open.n + 1);
	if (to == NULL || from == NULL)
		return err_memory(e);
	for (size_t i = 0; i < open.n; i++) {
		struct new_names now = names_of(k, open.told[i].fingerprint.p);

		if (now.n > 0)
			from[from_n++] = open.told[i];
		for (size_t j = 0; j < now.n; j++)
			to[to_n++] = (struct told) { open.alert.id,
				{ k->is->changes[now.first[j].is].fingerprint, HASH_LEN },
				value_now(k, &now.first[j], open.told[i].value_hash) };
	}
	return told_drop(db, from, from_n, e) && told_put(db, to, to_n, e);
}

/* ---- how it comes and goes ---- */

static bool
follow_flaps(struct taking *k, struct err *e)
{
	struct db       *db = k->x->t->db;
	TALLOC_CTX      *mem = k->x->mem;
	struct flap_row *rows, *to, *from;
	size_t           n, to_n = 0, from_n = 0;

	if (!flap_list(db, mem, &k->config.id, &rows, &n, e))
		return false;
	to = talloc_array(mem, struct flap_row, (unsigned)(k->links_n + 1));
	from = talloc_array(mem, struct flap_row, (unsigned)n + 1);
	if (to == NULL || from == NULL)
		return err_memory(e);
	for (size_t i = 0; i < n; i++) {
		struct new_names now = names_of(k, rows[i].fingerprint.p);

		if (now.n > 0)
			from[from_n++] = rows[i];
		for (size_t j = 0; j < now.n; j++) {
			to[to_n] = rows[i];
			to[to_n].fingerprint =
			    (struct blob) { k->is->changes[now.first[j].is].fingerprint, HASH_LEN };
			to[to_n++].value_hash = value_now(k, &now.first[j], rows[i].value_hash);
		}
	}
	return flap_drop(db, from, from_n, e) && flap_put(db, to, to_n, e);
}

/* ---- what is not there now: by the text of its path ---- */

/* As it is called now; *other: by another fingerprint. */
static bool
place_now(struct taking *k, const struct finding_place *at, uint8_t now[static HASH_LEN],
    bool *other, struct err *e)
{
	struct change_name name = {
		.category = str_of(at->category), .key = str_of(at->key), .op = str_of(at->op)
	};
	struct buf path, text;
	bool       ok;

	buf_make(&path, k->x->mem);
	buf_make(&text, k->x->mem);
	ok = fingerprint_path_now(&path, str_of(at->canonical_path), e);
	name.path = buf_str(&path);
	ok = ok && takeover_rename_place(k, &name, e);
	ok = ok && fingerprint_of(k->spec->compare, &name, &text, now, e);
	*other = ok && !(str_eq(name.path, str_of(at->canonical_path)) &&
			   str_eq(name.category, str_of(at->category)) &&
			   str_eq(name.key, str_of(at->key)));
	talloc_free(path.p);
	talloc_free(text.p);
	return ok;
}

static bool
is_past(const struct known_finding *f)
{
	return !f->stays && !f->moves && !f->was_there;
}

static struct finding_name
name_of(const struct finding_row *r)
{
	return (struct finding_name) { r->fingerprint, r->value_hash };
}

/* All values of one fingerprint, which begin at `i`. */
static bool
move_past(struct taking *k, size_t i, const struct finding_place *at, struct err *e)
{
	uint8_t *now = talloc_size(k->x->mem, HASH_LEN);
	bool     other;

	if (now == NULL)
		return err_memory(e);
	if (!place_now(k, at, now, &other, e))
		return false;
	for (; other && i < k->rows.n &&
	       memcmp(k->rows.rows[i].fingerprint.p, at->fingerprint.p, HASH_LEN) == 0;
	     i++) {
		if (!is_past(&k->known[i]))
			continue;
		k->to[k->to_n] = k->rows.rows[i];
		k->to[k->to_n++].fingerprint = (struct blob) { now, HASH_LEN };
		k->known[i].moves = true;
		k->past[k->past_n++] = (struct rekey) { .config_id = k->config.id,
			.was = name_of(&k->rows.rows[i]),
			.is = name_of(&k->to[k->to_n - 1]) };
	}
	return true;
}

#define PLACES_AT_ONCE 1000

static bool
move_some(struct taking *k, const struct finding_row *of, size_t n, struct err *e)
{
	struct finding_place *places;
	size_t                places_n;

	if (!rekey_places(k->x->t->db, k->x->mem, &k->config.id, of, n, &places, &places_n, e))
		return false;
	for (size_t i = 0, j = 0; i < places_n; i++) {
		while (j < k->rows.n &&
		       memcmp(k->rows.rows[j].fingerprint.p, places[i].fingerprint.p, HASH_LEN) < 0)
			j++;
		if (!move_past(k, j, &places[i], e))
			return false;
	}
	return true;
}

static bool
follow_past(struct taking *k, struct err *e)
{
	struct finding_row *past =
	    talloc_array(k->x->mem, struct finding_row, (unsigned)k->rows.n + 1);
	size_t n = 0;

	k->past = talloc_array(k->x->mem, struct rekey, (unsigned)k->rows.n + 1);
	if (past == NULL || k->past == NULL)
		return err_memory(e);
	for (size_t i = 0; i < k->rows.n; i++)
		if (is_past(&k->known[i]))
			past[n++] = k->rows.rows[i];
	for (size_t i = 0; i < n; i += PLACES_AT_ONCE)
		if (!move_some(k, past + i, n - i < PLACES_AT_ONCE ? n - i : PLACES_AT_ONCE, e))
			return false;
	return true;
}

/* ---- rows ---- */

/* A row of what is nowhere now: a decision waits under its name, what was open is over. */
static bool
row_ends(struct taking *k, size_t i)
{
	const struct known_finding *f = &k->known[i];
	struct finding_row          r = k->rows.rows[i];

	if (f->stays || (!f->moves && !f->was_there))
		return false;
	if (!f->moves && (strcmp(r.status, "accepted") == 0 || strcmp(r.status, "ignored") == 0)) {
		r.present = false;
		r.runs = 0;
		k->to[k->to_n++] = r;
	}
	return true;
}

static bool
follow_rows(struct taking *k, struct err *e)
{
	struct rekey *from = talloc_array(k->x->mem, struct rekey, (unsigned)k->rows.n + 1);
	size_t        n = 0;

	if (from == NULL)
		return err_memory(e);
	for (size_t i = 0; i < k->rows.n; i++)
		if (row_ends(k, i))
			from[n++] = (struct rekey) { .config_id = k->config.id,
				.was = name_of(&k->rows.rows[i]) };
	return rekey_rows(k->x->t->db, from, n, k->to, k->to_n, e);
}

/* History has one name: the first. */
static bool
follow_history(struct taking *k, struct err *e)
{
	struct rekey *list = talloc_array(k->x->mem, struct rekey, (unsigned)k->links_n + 1);
	size_t        n = 0;

	if (list == NULL)
		return err_memory(e);
	for (size_t i = 0; i < k->links_n; i++) {
		const struct change *c = &k->is->changes[k->links[i].is];

		if (i > 0 && k->links[i].was == k->links[i - 1].was)
			continue;
		list[n++] = (struct rekey) { .config_id = k->config.id,
			.was = name_of(&k->rows.rows[k->links[i].was]),
			.is = { { c->fingerprint, HASH_LEN }, { c->value_hash, HASH_LEN } } };
	}
	return rekey_follow(k->x->t->db, list, n, e) &&
	       rekey_follow(k->x->t->db, k->past, k->past_n, e);
}

bool
takeover_follow(struct taking *k, struct err *e)
{
	if (k->links_n > 1)
		qsort(k->links, k->links_n, sizeof(k->links[0]), by_was);
	return follow_told(k, e) && follow_flaps(k, e) && follow_past(k, e) &&
	       follow_history(k, e) && follow_rows(k, e);
}
