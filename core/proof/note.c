#include "core/proof/note.h"

#include <stdio.h>
#include <string.h>

#include "core/base/buf.h"

#define KEY_TAG_LEN  4
#define TYPE_ED25519 0x01
#define DASH         "\xE2\x80\x94 " /* an em dash and a space */

void
note_origin(const struct uuid *tenant, uint64_t chain, char out[static NOTE_ORIGIN_MAX])
{
	char id[UUID_TEXT_MAX];

	uuid_print(tenant, id);
	(void)snprintf(
	    out, NOTE_ORIGIN_MAX, "blindspotx.audit/%s/%llu", id, (unsigned long long)chain);
}

/* ---- keys ---- */

static bool
key_tag(TALLOC_CTX *mem, const char *name, const uint8_t *key, uint8_t out[static KEY_TAG_LEN])
{
	struct buf b;
	uint8_t    sum[HASH_LEN];

	buf_make(&b, mem);
	buf_puts(&b, name);
	buf_putc(&b, '\n');
	buf_putc(&b, TYPE_ED25519);
	buf_add(&b, key, ED25519_KEY_LEN);
	if (!buf_ok(&b))
		return false;
	hash_sha256(b.p, b.n, sum);
	talloc_free(b.p);
	memcpy(out, sum, KEY_TAG_LEN);
	return true;
}

char *
note_key_print(TALLOC_CTX *mem, const struct note_key *k)
{
	uint8_t typed[1 + ED25519_KEY_LEN] = { TYPE_ED25519 }, tag[KEY_TAG_LEN];
	char    hex[2 * KEY_TAG_LEN + 1], *text;

	memcpy(typed + 1, k->key, ED25519_KEY_LEN);
	text = base64_print(mem, typed, sizeof(typed));
	if (text == NULL || !key_tag(mem, k->name, k->key, tag))
		return NULL;
	hex_print(tag, sizeof(tag), hex);
	return talloc_asprintf(mem, "%s+%s+%s", k->name, hex, text);
}

static bool
no_key(struct err *e)
{
	return err_set(e, ERR_INVALID, 0,
	    "This is no public key: base64 of 32 bytes, or NAME+HASH+BASE64.", "no public key");
}

static bool
named_key(struct str name, struct str hash, struct str text, struct note_key *out)
{
	uint8_t typed[1 + ED25519_KEY_LEN], tag[KEY_TAG_LEN], own[KEY_TAG_LEN];
	size_t  n;

	if (name.n == 0 || name.n >= sizeof(out->name) || !hex_parse(hash, tag, sizeof(tag)) ||
	    !base64_parse(text, typed, sizeof(typed), &n) || n != sizeof(typed) ||
	    typed[0] != TYPE_ED25519)
		return false;
	memcpy(out->name, name.p, name.n);
	memcpy(out->key, typed + 1, ED25519_KEY_LEN);
	return key_tag(NULL, out->name, out->key, own) && memcmp(own, tag, sizeof(tag)) == 0;
}

bool
note_key_parse(struct str text, struct note_key *out, struct err *e)
{
	struct str name, hash, rest = str_cut(text, '+', &name);
	size_t     n;

	*out = (struct note_key) { 0 };
	if (base64_parse(text, out->key, sizeof(out->key), &n) && n == ED25519_KEY_LEN)
		return true;
	if (rest.p == NULL)
		return no_key(e);
	rest = str_cut(rest, '+', &hash);
	return (rest.p != NULL && named_key(name, hash, rest, out)) || no_key(e);
}

/* ---- making ---- */

static void
put_hash(struct buf *b, TALLOC_CTX *mem, const uint8_t *hash)
{
	char *text = base64_print(mem, hash, HASH_LEN);

	buf_puts(b, text != NULL ? text : "");
	buf_putc(b, '\n');
	b->failed |= text == NULL;
}

static void
put_text(struct buf *b, TALLOC_CTX *mem, const struct checkpoint *c)
{
	char at[TIME_TEXT_MAX];

	time_print(c->at_ms, at);
	buf_printf(b, "%s\n%llu\n", c->origin, (unsigned long long)c->size);
	put_hash(b, mem, c->root);
	buf_printf(b, "at %s\nhead %llu ", at, (unsigned long long)c->size);
	put_hash(b, mem, c->head);
	buf_printf(b, "chains %llu\n", (unsigned long long)c->chains);
}

/* The first line of a text: the name that signs it. */
static bool
name_of(struct str text, char out[static NOTE_ORIGIN_MAX])
{
	struct str name, rest = str_cut(text, '\n', &name);

	if (rest.p == NULL || name.n == 0 || name.n >= NOTE_ORIGIN_MAX ||
	    memchr(name.p, '\0', name.n) != NULL)
		return false;
	memcpy(out, name.p, name.n);
	out[name.n] = '\0';
	return true;
}

char *
note_sign_text(
    TALLOC_CTX *mem, struct str text, const uint8_t seed[static ED25519_KEY_LEN], struct err *e)
{
	uint8_t    signature[KEY_TAG_LEN + ED25519_SIG_LEN], key[ED25519_KEY_LEN];
	char       name[NOTE_ORIGIN_MAX], *print;
	struct buf b;

	buf_make(&b, mem);
	if (!name_of(text, name)) {
		err_set(e, ERR_INTERNAL, 0, "internal error", "a note without a name");
		return NULL;
	}
	if (!ed25519_public(seed, key, e) || !key_tag(mem, name, key, signature) ||
	    !ed25519_sign(seed, text, signature + KEY_TAG_LEN, e)) {
		(void)(e->code != ERR_OK || err_memory(e));
		return NULL;
	}
	print = base64_print(mem, signature, sizeof(signature));
	if (print == NULL) {
		(void)err_memory(e);
		return NULL;
	}
	buf_add(&b, text.p, text.n);
	buf_printf(&b, "\n" DASH "%s %s\n", name, print);
	return buf_text(&b, e);
}

char *
note_sign(TALLOC_CTX *mem, const struct checkpoint *c, const uint8_t seed[static ED25519_KEY_LEN],
    struct err *e)
{
	struct buf b;

	buf_make(&b, mem);
	put_text(&b, mem, c);
	if (!buf_ok(&b)) {
		(void)err_memory(e);
		return NULL;
	}
	return note_sign_text(mem, buf_str(&b), seed, e);
}

/* ---- reading ---- */

/* What is signed, and the lines of signatures behind it. */
static bool
split(struct str note, struct str *text, struct str *signatures)
{
	const char *gap = note.n > 0 ? memmem(note.p, note.n, "\n\n", 2) : NULL;

	if (gap == NULL)
		return false;
	*text = (struct str) { note.p, (size_t)(gap - note.p) + 1 };
	*signatures = (struct str) { gap + 2, note.n - text->n - 1 };
	return signatures->n > 0 && signatures->p[signatures->n - 1] == '\n';
}

static bool
hash_of(struct str s, uint8_t out[static HASH_LEN])
{
	size_t n;

	return base64_parse(s, out, HASH_LEN, &n) && n == HASH_LEN;
}

static bool
read_head(struct str value, struct checkpoint *c)
{
	struct str seq, mac = str_cut(value, ' ', &seq);
	uint64_t   n;

	return mac.p != NULL && str_to_u64(seq, &n) && n == c->size && hash_of(mac, c->head);
}

/* A line that this program does not know says nothing against a checkpoint. */
static bool
read_extension(struct str line, struct checkpoint *c)
{
	struct str word, value = str_cut(line, ' ', &word);

	if (str_eqz(word, "at"))
		return value.p != NULL && time_parse(value, &c->at_ms);
	if (str_eqz(word, "head"))
		return value.p != NULL && read_head(value, c);
	if (str_eqz(word, "chains"))
		return value.p != NULL && str_to_u64(value, &c->chains);
	return line.n > 0;
}

static bool
read_text(struct str text, struct checkpoint *c)
{
	struct str origin, size, root, line;

	text.n--; /* the last LF */
	text = str_cut(text, '\n', &origin);
	text = str_cut(text, '\n', &size);
	text = str_cut(text, '\n', &root);
	if (origin.n == 0 || origin.n >= sizeof(c->origin) || memchr(origin.p, 0, origin.n) ||
	    size.p == NULL || !str_to_u64(size, &c->size) || root.p == NULL ||
	    !hash_of(root, c->root))
		return false;
	memcpy(c->origin, origin.p, origin.n);
	while (text.p != NULL) {
		text = str_cut(text, '\n', &line);
		if (!read_extension(line, c))
			return false;
	}
	return c->at_ms != 0 && c->chains != 0;
}

bool
note_read(struct str note, struct checkpoint *out, struct err *e)
{
	struct str text, signatures;

	*out = (struct checkpoint) { 0 };
	return (note.n <= NOTE_MAX && split(note, &text, &signatures) && str_is_utf8(note) &&
		   read_text(text, out)) ||
	       err_set(e, ERR_INVALID, 0, "This is no checkpoint.", "no note of a checkpoint");
}

/* The signature of a line that is by the key; false: it is not. */
static bool
signature_of(struct str line, const char *name, const uint8_t *tag, uint8_t *out)
{
	uint8_t    both[KEY_TAG_LEN + ED25519_SIG_LEN];
	struct str by;
	size_t     n;

	if (!str_starts(line, DASH))
		return false;
	line = (struct str) { line.p + strlen(DASH), line.n - strlen(DASH) };
	line = str_cut(line, ' ', &by);
	if (!str_eqz(by, name) || line.p == NULL || !base64_parse(line, both, sizeof(both), &n) ||
	    n != sizeof(both) || memcmp(both, tag, KEY_TAG_LEN) != 0)
		return false;
	memcpy(out, both + KEY_TAG_LEN, ED25519_SIG_LEN);
	return true;
}

enum note_state
note_check_text(TALLOC_CTX *mem, struct str note, const struct note_key *k)
{
	uint8_t    tag[KEY_TAG_LEN], signature[ED25519_SIG_LEN];
	char       own[NOTE_ORIGIN_MAX];
	struct str text, left, line;

	if (!split(note, &text, &left) || !name_of(text, own))
		return NOTE_FORGED;
	if (k->name[0] != '\0')
		memcpy(own, k->name, sizeof(own));
	if (!key_tag(mem, own, k->key, tag))
		return NOTE_FORGED;
	while (left.p != NULL && left.n > 0) {
		left = str_cut(left, '\n', &line);
		if (signature_of(line, own, tag, signature))
			return ed25519_verify(k->key, text, signature) ? NOTE_SIGNED : NOTE_FORGED;
	}
	return NOTE_OTHER_KEY;
}

enum note_state
note_check(TALLOC_CTX *mem, struct str note, const struct note_key *k)
{
	struct checkpoint c;
	struct err        e = { 0 };

	return note_read(note, &c, &e) ? note_check_text(mem, note, k) : NOTE_FORGED;
}
