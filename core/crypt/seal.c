#include "core/crypt/seal.h"

#include <assert.h>
#include <limits.h>
#include <string.h>

#include <openssl/evp.h>

#include "core/base/secret.h"

#define FORMAT    1
#define NONCE_LEN 12
#define TAG_LEN   16
#define HEAD_LEN  (1 + 4 + NONCE_LEN)

static_assert(HEAD_LEN + TAG_LEN == SEAL_OVERHEAD, "the header says how long a sealed value is");

char *
seal_place(
    TALLOC_CTX *mem, const char *schema, const char *table, const char *column, struct str row)
{
	char        id[UUID_TEXT_MAX];
	struct uuid u;

	/* The row comes last, so a ':' in it cannot move a border. */
	assert(strchr(schema, ':') == NULL && strchr(table, ':') == NULL &&
	       strchr(column, ':') == NULL);
	if (row.n == sizeof(u.b)) {
		memcpy(u.b, row.p, sizeof(u.b));
		uuid_print(&u, id);
		row = str_of(id);
	}
	assert(row.n <= INT_MAX && (row.n == 0 || memchr(row.p, '\0', row.n) == NULL));
	return talloc_asprintf(
	    mem, "%s:%s:%s:%.*s", schema, table, column, (int)row.n, row.n == 0 ? "" : row.p);
}

static void
put_head(uint8_t *out, uint32_t version, struct rand *r)
{
	out[0] = FORMAT;
	for (int i = 0; i < 4; i++)
		out[1 + i] = (uint8_t)(version >> (24 - 8 * i));
	rand_fill(r, out + 5, NONCE_LEN);
}

/* Encrypts behind the header that already stands in `out`. */
static bool
encrypt(
    EVP_CIPHER_CTX *c, const struct seal_key *k, const char *place, struct str plain, uint8_t *out)
{
	int n = 0;

	return EVP_EncryptInit_ex(c, EVP_aes_256_gcm(), NULL, k->key, out + 5) == 1 &&
	       EVP_EncryptUpdate(c, NULL, &n, (const uint8_t *)place, (int)strlen(place)) == 1 &&
	       (plain.n == 0 || EVP_EncryptUpdate(c, out + HEAD_LEN, &n, (const uint8_t *)plain.p,
				    (int)plain.n) == 1) &&
	       EVP_EncryptFinal_ex(c, out + HEAD_LEN + plain.n, &n) == 1 &&
	       EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_GCM_GET_TAG, TAG_LEN, out + HEAD_LEN + plain.n) == 1;
}

bool
seal_close(TALLOC_CTX *mem, const struct seal_key *k, struct rand *r, const char *place,
    struct str plain, struct blob *sealed, struct err *e)
{
	EVP_CIPHER_CTX *c;
	uint8_t        *out;
	bool            ok;

	if (plain.n > INT_MAX - SEAL_OVERHEAD)
		return err_set(e, ERR_INTERNAL, 0, "internal error", "seal: %zu bytes", plain.n);
	out = talloc_size(mem, plain.n + SEAL_OVERHEAD);
	c = EVP_CIPHER_CTX_new();
	if (out == NULL || c == NULL) {
		talloc_free(out);
		EVP_CIPHER_CTX_free(c);
		return err_memory(e);
	}
	put_head(out, k->version, r);
	ok = encrypt(c, k, place, plain, out);
	EVP_CIPHER_CTX_free(c);
	if (!ok) {
		talloc_free(out);
		return err_set(e, ERR_INTERNAL, 0, "internal error", "seal: AES-256-GCM failed");
	}
	*sealed = (struct blob) { out, plain.n + SEAL_OVERHEAD };
	return true;
}

uint32_t
seal_version(struct blob sealed)
{
	uint32_t v = 0;

	if (sealed.n < SEAL_OVERHEAD || sealed.p[0] != FORMAT)
		return 0;
	for (int i = 0; i < 4; i++)
		v = v << 8 | sealed.p[1 + i];
	return v;
}

static bool
decrypt(EVP_CIPHER_CTX *c, const struct seal_key *k, const char *place, struct blob s, uint8_t *out)
{
	uint8_t tag[TAG_LEN];
	size_t  len = s.n - SEAL_OVERHEAD;
	int     n = 0;

	memcpy(tag, s.p + HEAD_LEN + len, TAG_LEN);
	return EVP_DecryptInit_ex(c, EVP_aes_256_gcm(), NULL, k->key, s.p + 5) == 1 &&
	       EVP_DecryptUpdate(c, NULL, &n, (const uint8_t *)place, (int)strlen(place)) == 1 &&
	       (len == 0 || EVP_DecryptUpdate(c, out, &n, s.p + HEAD_LEN, (int)len) == 1) &&
	       EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_GCM_SET_TAG, TAG_LEN, tag) == 1 &&
	       EVP_DecryptFinal_ex(c, out + len, &n) == 1;
}

static bool
refused(struct err *e)
{
	return err_set(e, ERR_INTERNAL, SEAL_REFUSED, "internal error", "ciphertext refused");
}

bool
seal_open(TALLOC_CTX *mem, const struct seal_key *k, const char *place, struct blob sealed,
    struct str *plain, struct err *e)
{
	EVP_CIPHER_CTX *c;
	uint8_t        *out;
	bool            ok;

	if (seal_version(sealed) != k->version || k->version == 0 || sealed.n > INT_MAX)
		return refused(e);
	out = secret_alloc(mem, sealed.n - SEAL_OVERHEAD + 1);
	c = EVP_CIPHER_CTX_new();
	if (out == NULL || c == NULL) {
		talloc_free(out);
		EVP_CIPHER_CTX_free(c);
		return err_memory(e);
	}
	ok = decrypt(c, k, place, sealed, out);
	EVP_CIPHER_CTX_free(c);
	if (!ok) {
		talloc_free(out);
		return refused(e);
	}
	out[sealed.n - SEAL_OVERHEAD] = '\0';
	*plain = (struct str) { (const char *)out, sealed.n - SEAL_OVERHEAD };
	return true;
}
