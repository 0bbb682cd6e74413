#include "core/proof/check.h"

#include <string.h>

#include "core/proof/line.h"

#define KEPT_MAX 10000 /* checkpoints given beside an export */

static const char *const words[PROOF_FAULT__MAX] = {
#define X(id, word, sentence) [id] = word,
	PROOF_FAULTS(X)
#undef X
};
static const char *const sentences[PROOF_FAULT__MAX] = {
#define X(id, word, sentence) [id] = sentence,
	PROOF_FAULTS(X)
#undef X
};

const char *
proof_fault_word(enum proof_fault f)
{
	return words[f];
}

const char *
proof_fault_sentence(enum proof_fault f)
{
	return sentences[f];
}

struct proof_check {
	const struct note_key *keys;
	size_t                 keys_n;
	struct checkpoint     *kept; /* in the order of their sizes */
	size_t                 kept_n, kept_next;
	struct tree            tree;
	uint8_t                mac[HASH_LEN]; /* of the entry before */
	bool                   knows_mac;
	bool                   told_begin, ended;
	uint64_t               line; /* read so far */
	struct proof_verdict   v;
};

/* The first fault stays; always false. */
static bool
found(struct proof_check *c, enum proof_fault fault, uint64_t seq)
{
	if (c->v.fault == PROOF_FITS) {
		c->v.fault = fault;
		c->v.line = c->line;
		c->v.seq = seq;
	}
	return false;
}

struct proof_check *
proof_check_make(TALLOC_CTX *mem, const struct note_key *keys, size_t n)
{
	struct proof_check *c = talloc_zero(mem, struct proof_check);

	if (c == NULL)
		return NULL;
	c->keys = keys;
	c->keys_n = n;
	if (n > 0)
		memcpy(c->v.origin, keys[0].name, sizeof(c->v.origin));
	return c;
}

/* ---- checkpoints ---- */

/* By whichever of the keys. */
static enum note_state
signed_by(struct proof_check *c, struct str note)
{
	enum note_state state = NOTE_OTHER_KEY;

	for (size_t i = 0; i < c->keys_n && state == NOTE_OTHER_KEY; i++)
		state = note_check(c, note, &c->keys[i]);
	return state;
}

/* All that can be said of one by itself; what is proven is of one trail. */
static bool
note_fits(struct proof_check *c, struct str note, struct checkpoint *point)
{
	struct err      e = { 0 };
	enum note_state state;

	if (!note_read(note, point, &e))
		return found(c, PROOF_FORGED, 0);
	if (c->v.origin[0] == '\0')
		memcpy(c->v.origin, point->origin, sizeof(c->v.origin));
	if (strcmp(c->v.origin, point->origin) != 0)
		return found(c, PROOF_ORIGIN, point->size);
	state = signed_by(c, note);
	if (state != NOTE_SIGNED)
		return found(c, state == NOTE_FORGED ? PROOF_FORGED : PROOF_OTHER_KEY, point->size);
	return true;
}

/* One whose size is that of the tree. */
static bool
point_fits(struct proof_check *c, const struct checkpoint *point)
{
	uint8_t root[HASH_LEN];

	tree_root(&c->tree, root);
	if (memcmp(root, point->root, HASH_LEN) != 0)
		return found(c, PROOF_SIGNED, point->size);
	if (c->knows_mac && memcmp(c->mac, point->head, HASH_LEN) != 0)
		return found(c, PROOF_HEAD, point->size);
	c->v.proven = point->size;
	c->v.checkpoints++;
	return true;
}

bool
proof_check_note(struct proof_check *c, struct str note, struct err *e)
{
	struct checkpoint point;
	size_t            at;

	if (!note_fits(c, note, &point))
		return true; /* the verdict has it */
	if (c->kept_n == KEPT_MAX)
		return err_set(e, ERR_TOO_LARGE, 0, "These are too many checkpoints.", "kept");
	c->kept = talloc_realloc(c, c->kept, struct checkpoint, (unsigned)c->kept_n + 1);
	if (c->kept == NULL)
		return err_memory(e);
	for (at = c->kept_n; at > 0 && c->kept[at - 1].size > point.size; at--)
		c->kept[at] = c->kept[at - 1];
	c->kept[at] = point;
	c->kept_n++;
	return true;
}

/* Those kept elsewhere that end here. */
static bool
kept_fit(struct proof_check *c)
{
	while (c->kept_next < c->kept_n && c->kept[c->kept_next].size <= c->tree.size) {
		const struct checkpoint *point = &c->kept[c->kept_next++];

		if (point->size < c->tree.size)
			c->v.before++;
		else if (!point_fits(c, point))
			return false;
	}
	return true;
}

static bool
see_checkpoint(struct proof_check *c, struct str note)
{
	struct checkpoint point;

	if (!note_fits(c, note, &point))
		return false;
	if (point.size > c->tree.size)
		return found(c, PROOF_MISSING, c->tree.size + 1);
	if (point.size < c->tree.size)
		return found(c, PROOF_ORDER, point.size);
	return point_fits(c, &point);
}

/* ---- entries ---- */

static bool
follows(struct proof_check *c, uint64_t seq)
{
	uint64_t next = c->tree.size + 1;

	if (seq > next)
		return found(c, PROOF_MISSING, next);
	return seq == next || found(c, PROOF_ORDER, seq);
}

static bool
grow(struct proof_check *c, const uint8_t *leaf)
{
	tree_add(&c->tree, leaf, NULL);
	c->v.last = c->tree.size;
	return kept_fit(c);
}

static bool
see_gone(struct proof_check *c, const struct proof_line *l)
{
	if (!follows(c, l->entry.seq))
		return false;
	c->v.gone++;
	c->knows_mac = false;
	return grow(c, l->leaf);
}

static bool
see_entry(struct proof_check *c, TALLOC_CTX *mem, const struct proof_line *l, struct err *e)
{
	static const uint8_t first[HASH_LEN];
	uint8_t              leaf[HASH_LEN];
	bool                 knows = c->knows_mac || c->tree.size == 0;
	const uint8_t       *before = c->knows_mac ? c->mac : first;

	if (!follows(c, l->entry.seq))
		return false;
	if (!proof_leaf(mem, &l->entry, leaf, e))
		return false;
	if (l->has_leaf && memcmp(leaf, l->leaf, HASH_LEN) != 0)
		return found(c, PROOF_ALTERED, l->entry.seq);
	if (knows && memcmp(before, l->entry.prev_mac, HASH_LEN) != 0)
		return found(c, PROOF_LINK, l->entry.seq);
	memcpy(c->mac, l->entry.mac, HASH_LEN);
	c->knows_mac = true;
	return grow(c, leaf);
}

/* ---- the whole ---- */

static bool
see_begin(struct proof_check *c, const struct proof_line *l)
{
	char origin[NOTE_ORIGIN_MAX] = "";

	if (c->line != 1 || l->text.n >= sizeof(origin))
		return found(c, PROOF_MALFORMED, 0);
	memcpy(origin, l->text.p, l->text.n);
	if (c->v.origin[0] == '\0')
		memcpy(c->v.origin, origin, sizeof(origin));
	if (strcmp(c->v.origin, origin) != 0)
		return found(c, PROOF_ORIGIN, 0);
	c->told_begin = true;
	c->tree = l->tree;
	c->v.after = c->v.last = l->tree.size;
	return kept_fit(c);
}

static bool
see_end(struct proof_check *c, const struct proof_line *l)
{
	c->ended = true;
	return l->number == c->tree.size ||
	       found(c, l->number > c->tree.size ? PROOF_MISSING : PROOF_ORDER, c->tree.size + 1);
}

static bool
see(struct proof_check *c, TALLOC_CTX *mem, const struct proof_line *l, struct err *e)
{
	if (c->ended)
		return found(c, PROOF_MALFORMED, 0);
	switch (l->kind) {
	case PROOF_BEGIN:
		return see_begin(c, l);
	case PROOF_ENTRY:
		return see_entry(c, mem, l, e);
	case PROOF_GONE:
		return see_gone(c, l);
	case PROOF_CHECKPOINT:
		return see_checkpoint(c, l->text);
	case PROOF_END:
		return see_end(c, l);
	case PROOF_PATH: /* evidence has them, a trail none */
	case PROOF_NOTHING:
		break;
	}
	return found(c, PROOF_MALFORMED, 0);
}

bool
proof_check_line(struct proof_check *c, struct str line, struct err *e)
{
	TALLOC_CTX       *mem = talloc_new(c);
	struct proof_line l;
	bool              ok;

	if (c->v.fault != PROOF_FITS)
		return false;
	if (mem == NULL)
		return err_memory(e);
	c->line++;
	proof_line_read(mem, line, &l);
	ok = see(c, mem, &l, e);
	talloc_free(mem);
	return ok;
}

void
proof_check_broken(struct proof_check *c)
{
	c->line++;
	(void)found(c, PROOF_TRUNCATED, c->tree.size + 1);
}

void
proof_check_end(struct proof_check *c, struct proof_verdict *out)
{
	c->line = 0;
	if (c->kept_next < c->kept_n)
		(void)found(c, PROOF_CUT, c->tree.size + 1);
	if (c->told_begin && !c->ended)
		(void)found(c, PROOF_TRUNCATED, c->tree.size + 1);
	if (c->v.proven == 0)
		(void)found(c, PROOF_UNPROVEN, 0);
	*out = c->v;
}
