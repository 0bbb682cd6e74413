#include "core/proof/evidence.h"

#include <string.h>

#include "core/proof/line.h"

struct reading {
	const struct note_key   *keys; /* without names */
	size_t                   keys_n;
	struct str               tenant; /* its number, as the name says it */
	bool                     has_point, ended;
	struct checkpoint        point;
	uint64_t                 lines, seq; /* read; of the entry that the last line was, else 0 */
	uint8_t                  leaf[HASH_LEN];
	struct evidence_verdict *v;
};

static bool
found(struct reading *r, enum proof_fault fault)
{
	r->v->fault = fault;
	r->v->line = r->lines + 1; /* the name is the first */
	return false;
}

static enum note_state
signed_by(TALLOC_CTX *mem, struct str note, const struct note_key *keys, size_t n)
{
	enum note_state state = NOTE_OTHER_KEY;

	for (size_t i = 0; i < n && state == NOTE_OTHER_KEY; i++)
		state = note_check_text(mem, note, &keys[i]);
	return state;
}

/* ---- lines ---- */

/* Of a trail of this tenant. */
static bool
is_ours(const struct reading *r, const char *origin)
{
	static const char trail[] = "blindspotx.audit/";
	struct str        rest = str_of(origin);

	if (!str_starts(rest, trail))
		return false;
	rest = (struct str) { rest.p + sizeof(trail) - 1, rest.n - (sizeof(trail) - 1) };
	return rest.n > r->tenant.n && memcmp(rest.p, r->tenant.p, r->tenant.n) == 0 &&
	       rest.p[r->tenant.n] == '/';
}

static bool
see_checkpoint(struct reading *r, TALLOC_CTX *mem, struct str note)
{
	struct err      e = { 0 };
	enum note_state state;

	if (r->has_point)
		return found(r, PROOF_MALFORMED);
	if (!note_read(note, &r->point, &e))
		return found(r, PROOF_FORGED);
	if (!is_ours(r, r->point.origin))
		return found(r, PROOF_ORIGIN);
	state = signed_by(mem, note, r->keys, r->keys_n);
	if (state != NOTE_SIGNED)
		return found(r, state == NOTE_FORGED ? PROOF_FORGED : PROOF_OTHER_KEY);
	r->has_point = true;
	r->v->size = r->point.size;
	return true;
}

static bool
see_path(struct reading *r, const struct tree_path *path, uint64_t seq)
{
	uint8_t root[HASH_LEN];

	if (seq == 0 || !r->has_point)
		return found(r, PROOF_MALFORMED);
	if (!tree_path_root(r->leaf, seq, r->point.size, path, root) ||
	    memcmp(root, r->point.root, HASH_LEN) != 0)
		return found(r, PROOF_ALTERED);
	r->v->proven++;
	return true;
}

static bool
see(struct reading *r, TALLOC_CTX *mem, struct str line, struct err *e)
{
	uint64_t          before = r->seq;
	struct proof_line l;

	r->lines++;
	if (r->ended)
		return found(r, PROOF_MALFORMED);
	proof_line_read(mem, line, &l);
	r->seq = 0;
	if (l.kind == PROOF_CHECKPOINT)
		return see_checkpoint(r, mem, l.text);
	if (l.kind == PROOF_PATH)
		return see_path(r, &l.path, before);
	if (l.kind == PROOF_END) {
		r->ended = true;
		return l.number == r->lines - 1 || found(r, PROOF_MISSING);
	}
	if (l.kind == PROOF_ENTRY) {
		r->seq = l.entry.seq;
		r->v->entries++;
		return proof_leaf(mem, &l.entry, r->leaf, e);
	}
	r->v->changes += str_starts(line, "{\"change\":");
	return true;
}

/* A fault is no failure. */
static bool
see_all(struct reading *r, TALLOC_CTX *mem, struct str text, struct err *e)
{
	struct str line;
	bool       goes_on = true;

	while (goes_on && text.n > 0) {
		TALLOC_CTX *one = talloc_new(mem);

		if (one == NULL)
			return err_memory(e);
		text = str_cut(text, '\n', &line);
		goes_on = see(r, one, line, e);
		talloc_free(one);
	}
	if (goes_on && !r->ended) {
		r->lines = 0;
		r->v->fault = PROOF_TRUNCATED;
	}
	return e->code == ERR_OK;
}

/* ---- the whole ---- */

/* The first line, without LF; false: it is no name of evidence. */
static bool
take_name(struct str *text, struct evidence_verdict *v, struct str *tenant)
{
	static const char what[] = EVIDENCE_NAME;
	struct str        name;
	struct uuid       id;

	*text = str_cut(*text, '\n', &name);
	if (!str_starts(name, what) || name.n >= sizeof(v->name))
		return false;
	*tenant = (struct str) { name.p + sizeof(what) - 1, name.n - (sizeof(what) - 1) };
	memcpy(v->name, name.p, name.n);
	return uuid_parse(*tenant, &id);
}

bool
evidence_check(TALLOC_CTX *mem, struct str file, const struct note_key *keys, size_t n,
    struct evidence_verdict *out, struct err *e)
{
	struct note_key *nameless = talloc_memdup(mem, keys, n * sizeof(*keys));
	struct reading   r = { .keys = nameless, .keys_n = n, .v = out };
	struct str       text = file;
	enum note_state  state;
	const char      *gap = file.n > 0 ? memmem(file.p, file.n, "\n\n", 2) : NULL;

	*out = (struct evidence_verdict) { 0 };
	if (nameless == NULL)
		return err_memory(e);
	for (size_t i = 0; i < n; i++)
		nameless[i].name[0] = '\0';
	if (!take_name(&text, out, &r.tenant)) {
		out->fault = PROOF_MALFORMED;
		return true;
	}
	state = signed_by(mem, file, nameless, n);
	if (state != NOTE_SIGNED || gap == NULL) {
		out->fault = state == NOTE_OTHER_KEY ? PROOF_OTHER_KEY : PROOF_FORGED;
		return true;
	}
	text.n = gap > text.p ? (size_t)(gap - text.p) : 0; /* no lines at all: it breaks off */
	return see_all(&r, mem, text, e);
}

void
evidence_verdict_print(struct buf *b, const struct evidence_verdict *v)
{
	if (v->fault != PROOF_FITS) {
		buf_printf(
		    b, "WRONG %s: %s", proof_fault_word(v->fault), proof_fault_sentence(v->fault));
		if (v->line > 0)
			buf_printf(b, " (line %llu)", (unsigned long long)v->line);
		return;
	}
	buf_puts(b, "ok    ");
	buf_log(b, str_of(v->name));
	buf_printf(b, ": as it was signed; changes %llu, entries %llu, of them ",
	    (unsigned long long)v->changes, (unsigned long long)v->entries);
	buf_printf(b, "%llu in the trail's checkpoint of %llu", (unsigned long long)v->proven,
	    (unsigned long long)v->size);
}
