#include "core/archive/lock.h"

#include <string.h>

#include <argon2.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include "core/base/buf.h"
#include "core/base/hash.h"
#include "core/base/secret.h"

#define FORMAT_LINE "BlindSpotX archive 1\n"
#define FORMAT_NAME "BlindSpotX archive "
#define PASSES      3
#define MEMORY_KIB  65536
#define WORDS_MAX   2
#define SECRET_MAX  (3 * LOCK_KEY_LEN)

/* The head as it stands. */
struct lines {
	enum lock_kind kind;
	uint8_t        words[WORDS_MAX][LOCK_KEY_LEN]; /* salt; or ephemeral, recipient */
	uint8_t        mac[HASH_LEN];
	struct str     signed_part; /* the first two lines */
};

static const struct {
	const char *word;
	unsigned    words;
} kinds[] = {
	[LOCK_PASSPHRASE] = { "passphrase", 1 },
	[LOCK_X25519] = { "x25519", 2 },
};

/* What the keys are derived from. */
struct secret {
	uint8_t bytes[SECRET_MAX];
	size_t  n;
};

/* ---- the lines ---- */

static bool
no_archive(struct err *e)
{
	return err_set(e, ERR_INVALID, 0, "This is no archive of a tenant.", "no archive");
}

static bool
parse_word(struct str text, uint8_t out[static LOCK_KEY_LEN])
{
	size_t n;

	return base64url_parse(text, out, LOCK_KEY_LEN, &n) && n == LOCK_KEY_LEN;
}

static bool
parse_kind(struct str line, struct lines *out)
{
	struct str word, rest = str_cut(line, ' ', &word);

	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
		if (!str_eqz(word, kinds[i].word))
			continue;
		out->kind = (enum lock_kind)i;
		for (unsigned k = 0; k < kinds[i].words; k++) {
			rest = str_cut(rest, ' ', &word);
			if (!parse_word(word, out->words[k]))
				return false;
		}
		return rest.p == NULL;
	}
	return false;
}

static bool
parse_lines(struct str head, struct lines *out, struct err *e)
{
	struct str first, second, third, rest;

	if (head.n < sizeof(FORMAT_NAME) - 1 ||
	    memcmp(head.p, FORMAT_NAME, sizeof(FORMAT_NAME) - 1) != 0)
		return no_archive(e);
	rest = str_cut(head, '\n', &first);
	if (first.n + 1 != sizeof(FORMAT_LINE) - 1 ||
	    memcmp(head.p, FORMAT_LINE, sizeof(FORMAT_LINE) - 1) != 0)
		return err_set(e, ERR_INVALID, 0,
		    "This archive has another format than this program reads.",
		    "another format of archives");
	rest = str_cut(rest, '\n', &second);
	if (rest.p == NULL || !parse_kind(second, out))
		return no_archive(e);
	out->signed_part = (struct str) { head.p, (size_t)(rest.p - head.p) };
	rest = str_cut(rest, '\n', &third);
	if (rest.p == NULL || rest.n != 0 || !parse_word(third, out->mac))
		return no_archive(e);
	return true;
}

/* ---- keys of people ---- */

typedef EVP_PKEY *read_pem(BIO *b, EVP_PKEY **x, pem_password_cb *cb, void *u);
typedef int       raw_key(const EVP_PKEY *k, unsigned char *out, size_t *n);

/* A key that is protected by a password of its own is not asked for it. */
static int
no_password(char *buf, int size, int writing, void *arg)
{
	(void)buf, (void)size, (void)writing, (void)arg;
	return -1;
}

static bool
read_key(struct str pem, read_pem *read, raw_key *raw, struct lock *out)
{
	BIO      *b = BIO_new_mem_buf(pem.p, pem.n > INT32_MAX ? 0 : (int)pem.n);
	EVP_PKEY *k = b == NULL ? NULL : read(b, NULL, no_password, NULL);
	size_t    n = LOCK_KEY_LEN;
	bool      ok;

	out->kind = LOCK_X25519;
	ok = k != NULL && EVP_PKEY_get_id(k) == EVP_PKEY_X25519 && raw(k, out->key, &n) == 1 &&
	     n == LOCK_KEY_LEN;
	EVP_PKEY_free(k);
	BIO_free(b);
	return ok;
}

bool
lock_public_key(struct str pem, struct lock *out, struct err *e)
{
	return read_key(pem, PEM_read_bio_PUBKEY, EVP_PKEY_get_raw_public_key, out) ||
	       err_set(e, ERR_INVALID, 0,
		   "The file has no public key of X25519 in PEM (openssl pkey -pubout).",
		   "no public key");
}

bool
lock_private_key(struct str pem, struct lock *out, struct err *e)
{
	return read_key(pem, PEM_read_bio_PrivateKey, EVP_PKEY_get_raw_private_key, out) ||
	       err_set(e, ERR_INVALID, 0,
		   "The file has no private key of X25519 in PEM, without a password.",
		   "no private key");
}

static bool
public_of(const uint8_t private[static LOCK_KEY_LEN], uint8_t out[static LOCK_KEY_LEN])
{
	EVP_PKEY *k = EVP_PKEY_new_raw_private_key(EVP_PKEY_X25519, NULL, private, LOCK_KEY_LEN);
	size_t    n = LOCK_KEY_LEN;
	bool      ok = k != NULL && EVP_PKEY_get_raw_public_key(k, out, &n) == 1;

	EVP_PKEY_free(k);
	return ok;
}

/* OpenSSL refuses what is all nought, as of a point of small order. */
static bool
agree(const uint8_t private[static LOCK_KEY_LEN], const uint8_t public[static LOCK_KEY_LEN],
    uint8_t out[static LOCK_KEY_LEN])
{
	EVP_PKEY *mine = EVP_PKEY_new_raw_private_key(EVP_PKEY_X25519, NULL, private, LOCK_KEY_LEN);
	EVP_PKEY *other = EVP_PKEY_new_raw_public_key(EVP_PKEY_X25519, NULL, public, LOCK_KEY_LEN);
	EVP_PKEY_CTX *c = mine == NULL ? NULL : EVP_PKEY_CTX_new(mine, NULL);
	size_t        n = LOCK_KEY_LEN;
	bool          ok = c != NULL && other != NULL && EVP_PKEY_derive_init(c) == 1 &&
		  EVP_PKEY_derive_set_peer(c, other) == 1 && EVP_PKEY_derive(c, out, &n) == 1 &&
		  n == LOCK_KEY_LEN;

	EVP_PKEY_CTX_free(c);
	EVP_PKEY_free(other);
	EVP_PKEY_free(mine);
	return ok;
}

/* ---- the secret, and what follows from it ---- */

static bool
secret_of_passphrase(struct str passphrase, const uint8_t salt[static LOCK_KEY_LEN],
    struct secret *out, struct err *e)
{
	int rc = argon2id_hash_raw(PASSES, MEMORY_KIB, 1, passphrase.p, passphrase.n, salt,
	    LOCK_KEY_LEN, out->bytes, LOCK_KEY_LEN);

	out->n = LOCK_KEY_LEN;
	return rc == ARGON2_OK ||
	       (rc == ARGON2_MEMORY_ALLOCATION_ERROR ? err_memory(e)
						     : err_set(e, ERR_INTERNAL, 0, "internal error",
							   "argon2: %s", argon2_error_message(rc)));
}

/* The ephemeral key of the one side, the recipient's of the other: both public keys stand in the
 * lines. */
static bool
secret_of_keys(const uint8_t private[static LOCK_KEY_LEN],
    const uint8_t public[static LOCK_KEY_LEN], const struct lines *l, struct secret *out)
{
	out->n = SECRET_MAX;
	memcpy(out->bytes + LOCK_KEY_LEN, l->words[0], LOCK_KEY_LEN);
	memcpy(out->bytes + 2 * LOCK_KEY_LEN, l->words[1], LOCK_KEY_LEN);
	return agree(private, public, out->bytes);
}

static void
key_for(
    const struct secret *s, const char *purpose, struct str lines, uint8_t out[static LOCK_KEY_LEN])
{
	char   info[32 + HASH_LEN];
	size_t n = strlen(purpose);

	memcpy(info, purpose, n);
	hash_sha256(lines.p, lines.n, (uint8_t *)info + n);
	hash_hkdf(s->bytes, s->n, (struct str) { info, n + HASH_LEN }, out, LOCK_KEY_LEN);
}

static void
mac_of(const struct secret *s, struct str lines, uint8_t out[static HASH_LEN])
{
	uint8_t key[LOCK_KEY_LEN];

	key_for(s, "blindspotx-archive/1 head ", lines, key);
	hash_hmac(key, sizeof(key), lines.p, lines.n, out);
	secret_wipe(key, sizeof(key));
}

/* ---- closing ---- */

static bool
put_word(struct buf *b, const uint8_t word[static LOCK_KEY_LEN])
{
	char *text = base64url_print(b->mem, word, LOCK_KEY_LEN);

	if (text != NULL)
		buf_puts(b, text);
	talloc_free(text);
	return text != NULL;
}

static bool
fill(const struct lock *l, struct rand *r, struct lines *x, struct secret *s, struct err *e)
{
	uint8_t private[LOCK_KEY_LEN];
	bool ok;

	x->kind = l->kind;
	if (l->kind == LOCK_PASSPHRASE) {
		rand_fill(r, x->words[0], LOCK_KEY_LEN);
		return secret_of_passphrase(l->passphrase, x->words[0], s, e);
	}
	rand_fill(r, private, sizeof(private));
	memcpy(x->words[1], l->key, LOCK_KEY_LEN);
	ok = public_of(private, x->words[0]) && secret_of_keys(private, l->key, x, s);
	secret_wipe(private, sizeof(private));
	return ok || err_set(e, ERR_INVALID, 0, "Nothing can be sealed for this public key.",
			 "X25519 refuses the key");
}

static char *
print_head(TALLOC_CTX *mem, const struct lines *x, const struct secret *s, struct err *e)
{
	uint8_t    mac[HASH_LEN];
	struct buf b;
	bool       ok = true;

	buf_make(&b, mem);
	buf_puts(&b, FORMAT_LINE);
	buf_puts(&b, kinds[x->kind].word);
	for (unsigned i = 0; i < kinds[x->kind].words && ok; i++) {
		buf_putc(&b, ' ');
		ok = put_word(&b, x->words[i]);
	}
	buf_putc(&b, '\n');
	if (ok && buf_ok(&b)) {
		mac_of(s, buf_str(&b), mac);
		ok = put_word(&b, mac);
	}
	buf_putc(&b, '\n');
	if (!ok) {
		err_memory(e);
		return NULL;
	}
	return buf_text(&b, e);
}

char *
lock_close(TALLOC_CTX *mem, const struct lock *l, struct rand *r, uint8_t key[static LOCK_KEY_LEN],
    struct err *e)
{
	struct lines  x = { 0 };
	struct secret s;
	char         *head = NULL;

	if (fill(l, r, &x, &s, e))
		head = print_head(mem, &x, &s, e);
	if (head != NULL && !parse_lines(str_of(head), &x, e))
		head = NULL;
	if (head != NULL)
		key_for(&s, "blindspotx-archive/1 chunks ", x.signed_part, key);
	secret_wipe(&s, sizeof(s));
	return head;
}

/* ---- opening ---- */

static bool
refuse(const char *sentence, struct err *e)
{
	return err_set(e, ERR_FORBIDDEN, 0, sentence, "an archive for somebody else");
}

static bool
secret_of_lines(const struct lock *l, const struct lines *x, struct secret *s, struct err *e)
{
	uint8_t own[LOCK_KEY_LEN];

	if (l->kind != x->kind)
		return refuse(x->kind == LOCK_PASSPHRASE
				  ? "This archive is opened by a passphrase, not by a key."
				  : "This archive is opened by a private key, not by a passphrase.",
		    e);
	if (l->kind == LOCK_PASSPHRASE)
		return secret_of_passphrase(l->passphrase, x->words[0], s, e);
	if (!public_of(l->key, own) || memcmp(own, x->words[1], LOCK_KEY_LEN) != 0)
		return refuse("This archive is for another key.", e);
	return secret_of_keys(l->key, x->words[0], x, s) ||
	       refuse("The head of this archive was changed.", e);
}

bool
lock_open(const struct lock *l, struct str head, uint8_t key[static LOCK_KEY_LEN], struct err *e)
{
	struct lines  x = { 0 };
	struct secret s = { .n = 0 };
	uint8_t       mac[HASH_LEN];
	bool          ok;

	if (!parse_lines(head, &x, e) || !secret_of_lines(l, &x, &s, e))
		return false;
	mac_of(&s, x.signed_part, mac);
	ok =
	    secret_eq(mac, x.mac, HASH_LEN) ||
	    refuse("The passphrase or key is another one, or the head of this archive was changed.",
		e);
	if (ok)
		key_for(&s, "blindspotx-archive/1 chunks ", x.signed_part, key);
	secret_wipe(&s, sizeof(s));
	return ok;
}
