/* finding.h: what is known of the changes of a report, beside what its config's newest one has. */
#include <stdlib.h>
#include <string.h>

#include "drift/run/finding_priv.h"

int
finding_order(const void *key, const void *member)
{
	const struct change      *c = key;
	const struct finding_row *r = member;
	int                       d = memcmp(c->fingerprint, r->fingerprint.p, HASH_LEN);

	return d != 0 ? d : memcmp(c->value_hash, r->value_hash.p, HASH_LEN);
}

static int
by_name(const void *key, const void *member)
{
	return memcmp(key, ((const struct finding_row *)member)->fingerprint.p, HASH_LEN);
}

static int
by_former_value(const void *key, const void *member)
{
	const struct change      *c = key;
	const struct finding_row *r = member;
	int                       d = memcmp(c->fingerprint, r->fingerprint.p, HASH_LEN);

	return d != 0 ? d : memcmp(c->former_value, r->value_hash.p, HASH_LEN);
}

static bool
is_known_by_value(const struct change *c, const struct finding_list *l)
{
	return l->n > 0 && bsearch(c, l->rows, l->n, sizeof(l->rows[0]), finding_order) != NULL;
}

static bool
is_known_by_name(const uint8_t *fingerprint, const struct finding_list *l)
{
	return l->n > 0 && bsearch(fingerprint, l->rows, l->n, sizeof(l->rows[0]), by_name) != NULL;
}

/* The i-th name that it may have been known by. */
static const uint8_t *
former_of(const struct change *c, uint32_t i)
{
	return c->former + (size_t)i * HASH_LEN;
}

/* The first of them that something is known by; NULL: none is. */
static const uint8_t *
known_former(const struct change *c, const struct finding_list *l)
{
	for (uint32_t i = 0; i < c->formers; i++)
		if (is_known_by_name(former_of(c, i), l))
			return former_of(c, i);
	return NULL;
}

static bool
is_lasting(const struct finding_row *r)
{
	return !r->promoted &&
	       (strcmp(r->status, "accepted") == 0 || strcmp(r->status, "ignored") == 0);
}

/* What lasts and was not in the newest report. */
static bool
add_lasting(TALLOC_CTX *mem, struct finding_list *known, struct finding_list *found, struct err *e)
{
	for (size_t i = 0; i < found->n; i++) {
		found->rows[i].present = false;
		found->rows[i].runs = 0;
	}
	return finding_list_add(mem, known, found, e);
}

/* The other names of what is not known by its own. */
static bool
unknown_names(TALLOC_CTX *mem, const struct uuid *config, const struct diff *diff,
    const struct finding_list *known, struct finding_names *out, struct err *e)
{
	size_t n = 0;

	for (size_t i = 0; i < diff->n; i++)
		n += diff->changes[i].formers;
	*out = (struct finding_names) { .seen =
					    talloc_zero_size(mem, (n + 1) * sizeof(out->seen[0])) };
	if (out->seen == NULL)
		return err_memory(e);
	for (size_t i = 0; i < diff->n; i++) {
		const struct change *c = &diff->changes[i];

		if (c->formers == 0 || is_known_by_name(c->fingerprint, known) ||
		    known_former(c, known) != NULL)
			continue;
		for (uint32_t k = 0; k < c->formers; k++)
			out->seen[out->n++] = (struct finding_seen) { .config_id = *config,
				.fingerprint = { former_of(c, k), HASH_LEN },
				.value_hash = { c->value_hash, HASH_LEN } };
	}
	return true;
}

/* What is known by another name of its path keeps it, so that nothing ends and begins by that. */
static bool
recall_names(struct db *db, TALLOC_CTX *mem, const struct uuid *config, struct diff *diff,
    struct finding_list *known, struct err *e)
{
	struct finding_names of;
	struct finding_list  found;

	if (!unknown_names(mem, config, diff, known, &of, e) ||
	    !finding_lasting_of(db, mem, &of, &found, e) || !add_lasting(mem, known, &found, e))
		return false;
	for (size_t i = 0; i < diff->n; i++) {
		struct change *c = &diff->changes[i];
		const uint8_t *former =
		    is_known_by_name(c->fingerprint, known) ? NULL : known_former(c, known);

		if (former != NULL)
			memcpy(c->fingerprint, former, HASH_LEN);
	}
	return true;
}

static void
keep_value(struct change *c, const struct finding_list *l)
{
	if (c->former_value != NULL && l->n > 0 &&
	    bsearch(c, l->rows, l->n, sizeof(l->rows[0]), by_former_value) != NULL)
		memcpy(c->value_hash, c->former_value, HASH_LEN);
}

static void
name_value(struct finding_names *of, const struct change *c, const uint8_t *value)
{
	of->seen[of->n].fingerprint = (struct blob) { c->fingerprint, HASH_LEN };
	of->seen[of->n++].value_hash = (struct blob) { value, HASH_LEN };
}

/* An open one that is not in `known` was not read with it: a replay began without it. */
static bool
recall_values(struct db *db, TALLOC_CTX *mem, const struct finding_names *room, struct diff *diff,
    struct finding_recalled *r, struct err *e)
{
	struct finding_names of = *room;
	struct finding_list  found, lasting = { 0 };

	of.n = 0;
	for (size_t i = 0; i < diff->n; i++) {
		struct change *c = &diff->changes[i];

		keep_value(c, &r->known);
		if (is_known_by_value(c, &r->known))
			continue;
		name_value(&of, c, c->value_hash);
		if (c->former_value != NULL)
			name_value(&of, c, c->former_value);
	}
	if (!finding_of_values(db, mem, &of, &found, e))
		return false;
	for (size_t i = 0; i < diff->n; i++)
		keep_value(&diff->changes[i], &found);
	lasting.rows = talloc_size(mem, (found.n + 1) * sizeof(lasting.rows[0]));
	r->ended.rows = talloc_size(mem, (found.n + 1) * sizeof(lasting.rows[0]));
	r->ended.n = 0;
	if (lasting.rows == NULL || r->ended.rows == NULL)
		return err_memory(e);
	for (size_t i = 0; i < found.n; i++) {
		const struct finding_row *row = &found.rows[i];
		struct finding_list      *to = is_lasting(row) ? &lasting : &r->ended;

		to->rows[to->n++] = *row;
	}
	return add_lasting(mem, &r->known, &lasting, e);
}

bool
finding_recall(struct db *db, TALLOC_CTX *mem, const struct uuid *config, struct diff *diff,
    struct finding_recalled *r, struct err *e)
{
	struct finding_names room = {
		.seen = talloc_zero_size(mem, (2 * diff->n + 1) * sizeof(room.seen[0])),
	};

	r->ended = (struct finding_list) { 0 };
	if (room.seen == NULL)
		return err_memory(e);
	for (size_t i = 0; i < 2 * diff->n; i++)
		room.seen[i].config_id = *config;
	return recall_names(db, mem, config, diff, &r->known, e) &&
	       recall_values(db, mem, &room, diff, r, e);
}
