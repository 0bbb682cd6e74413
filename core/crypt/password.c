#include "core/crypt/password.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <argon2.h>

#include "core/base/secret.h"

#define LANES        1
#define SALT_LEN     16
#define HASH_OUT     32
#define SALT_MIN     8
#define SALT_MAX     48
#define HASH_MIN     16
#define HASH_MAX     64
#define MEMORY_LIMIT 65536 /* KiB a stored string may ask for */
#define TIME_LIMIT   10
#define LANES_LIMIT  4

#define TEXT_OF_(x) #x
#define TEXT_OF(x)  TEXT_OF_(x)
#define PREFIX      "$argon2id$v=19$m=" TEXT_OF(PASSWORD_MEMORY_KIB) ",t=" TEXT_OF(PASSWORD_TIME) ",p=1$"

/*
 * libargon2's allocator callback has no user pointer, so the scratch of the
 * call in progress has to stand here.  Our processes have one thread.
 */
static struct {
	uint8_t *p;
	size_t   n;
} scratch_now;

struct phc {
	uint32_t memory_kib, time, lanes;
	uint8_t  salt[SALT_MAX], hash[HASH_MAX];
	size_t   salt_n, hash_n;
};

static int
scratch_take(uint8_t **memory, size_t n)
{
	if (scratch_now.p == NULL || n > scratch_now.n)
		return ARGON2_MEMORY_ALLOCATION_ERROR;
	*memory = scratch_now.p;
	return ARGON2_OK;
}

/* libargon2 has wiped it by now. */
static void
scratch_give(uint8_t *memory, size_t n)
{
	(void)memory;
	(void)n;
}

/* argon2id of `password` with the parameters and salt of `h`, h->hash_n bytes into `out`. */
static bool
compute(struct str password, const struct phc *h, void *scratch, uint8_t *out, struct err *e)
{
	uint8_t        salt[SALT_MAX], copy[PASSWORD_BYTES_MAX + 1];
	bool           use = scratch != NULL && (size_t)h->memory_kib * 1024 <= PASSWORD_SCRATCH;
	argon2_context c = {
		.out = out,
		.outlen = (uint32_t)h->hash_n,
		.pwd = copy,
		.pwdlen = (uint32_t)password.n,
		.salt = salt,
		.saltlen = (uint32_t)h->salt_n,
		.t_cost = h->time,
		.m_cost = h->memory_kib,
		.lanes = h->lanes,
		.threads = 1,
		.version = ARGON2_VERSION_13,
		.allocate_cbk = use ? scratch_take : NULL,
		.free_cbk = use ? scratch_give : NULL,
		.flags = ARGON2_DEFAULT_FLAGS,
	};
	int rc;

	/* The context wants pointers it could write through: it gets copies. */
	memcpy(salt, h->salt, sizeof(salt));
	if (password.n > 0)
		memcpy(copy, password.p, password.n);
	scratch_now.p = use ? scratch : NULL;
	scratch_now.n = PASSWORD_SCRATCH;
	rc = argon2id_ctx(&c);
	scratch_now.p = NULL;
	secret_wipe(copy, sizeof(copy));
	if (rc != ARGON2_OK)
		return err_set(
		    e, ERR_INTERNAL, 0, "internal error", "argon2id: %s", argon2_error_message(rc));
	return true;
}

/* PHC strings use standard base64 without padding; ours is base64url: two letters differ. */
static void
swap_letters(char *p, size_t n, const char from[static 2], const char to[static 2])
{
	for (size_t i = 0; i < n; i++)
		if (p[i] == from[0])
			p[i] = to[0];
		else if (p[i] == from[1])
			p[i] = to[1];
}

static bool
b64_parse(struct str s, uint8_t *out, size_t max, size_t *n)
{
	char text[BASE64URL_LEN(HASH_MAX)];

	if (s.n == 0 || s.n > sizeof(text) || memchr(s.p, '-', s.n) != NULL ||
	    memchr(s.p, '_', s.n) != NULL)
		return false;
	memcpy(text, s.p, s.n);
	swap_letters(text, s.n, "+/", "-_");
	return base64url_parse((struct str) { text, s.n }, out, max, n);
}

/* "m=19456" -> 19456, at most `max`. */
static bool
parameter(struct str s, const char *name, uint32_t max, uint32_t *out)
{
	uint64_t u;

	if (!str_starts(s, name))
		return false;
	s = (struct str) { s.p + strlen(name), s.n - strlen(name) };
	if (!str_to_u64(s, &u) || u == 0 || u > max)
		return false;
	*out = (uint32_t)u;
	return true;
}

static bool
phc_parse(struct str s, struct phc *h)
{
	struct str m, t, rest, salt;

	if (s.n >= PASSWORD_PHC_MAX || !str_starts(s, "$argon2id$v=19$"))
		return false;
	s = (struct str) { s.p + 15, s.n - 15 };
	s = str_cut(s, '$', &rest);
	if (s.p == NULL)
		return false;
	rest = str_cut(rest, ',', &m);
	rest = str_cut(rest, ',', &t);
	if (!parameter(m, "m=", MEMORY_LIMIT, &h->memory_kib) ||
	    !parameter(t, "t=", TIME_LIMIT, &h->time) ||
	    !parameter(rest, "p=", LANES_LIMIT, &h->lanes) || h->memory_kib < 8 * h->lanes)
		return false;
	s = str_cut(s, '$', &salt);
	return s.p != NULL && b64_parse(salt, h->salt, sizeof(h->salt), &h->salt_n) &&
	       b64_parse(s, h->hash, sizeof(h->hash), &h->hash_n) && h->salt_n >= SALT_MIN &&
	       h->hash_n >= HASH_MIN;
}

static bool
phc_print(const struct phc *h, char out[static PASSWORD_PHC_MAX])
{
	TALLOC_CTX *mem = talloc_new(NULL);
	char       *salt = base64url_print(mem, h->salt, h->salt_n);
	char       *hash = base64url_print(mem, h->hash, h->hash_n);
	int         n = -1;

	if (mem != NULL && salt != NULL && hash != NULL) {
		swap_letters(salt, strlen(salt), "-_", "+/");
		swap_letters(hash, strlen(hash), "-_", "+/");
		n = snprintf(out, PASSWORD_PHC_MAX, PREFIX "%s$%s", salt, hash);
		assert(n > 0 && n < PASSWORD_PHC_MAX);
	}
	talloc_free(mem);
	return n > 0;
}

bool
password_hash(struct str password, struct rand *r, void *scratch, char out[static PASSWORD_PHC_MAX],
    struct err *e)
{
	struct phc h = {
		.memory_kib = PASSWORD_MEMORY_KIB,
		.time = PASSWORD_TIME,
		.lanes = LANES,
		.salt_n = SALT_LEN,
		.hash_n = HASH_OUT,
	};

	if (password.n > PASSWORD_BYTES_MAX)
		return err_set(e, ERR_INVALID, 0, "The password is too long.",
		    "a password of %zu bytes", password.n);
	rand_fill(r, h.salt, SALT_LEN);
	if (!compute(password, &h, scratch, h.hash, e))
		return false;
	if (!phc_print(&h, out))
		return err_memory(e);
	return true;
}

bool
password_verify(
    struct str password, const char *phc, void *scratch, bool *match, bool *stale, struct err *e)
{
	struct phc h = { 0 };
	uint8_t    got[HASH_MAX];
	bool       fits = password.n <= PASSWORD_BYTES_MAX;

	*match = *stale = false;
	if (!phc_parse(str_of(phc), &h))
		return err_set(e, ERR_INTERNAL, 0, "internal error",
		    "a stored password hash is malformed or asks for too much");
	/* Too long to be anyone's: the answer takes as long as another wrong one. */
	if (!fits)
		password.n = PASSWORD_BYTES_MAX;
	if (!compute(password, &h, scratch, got, e))
		return false;
	*match = secret_eq(got, h.hash, h.hash_n) && fits;
	*stale = h.memory_kib != PASSWORD_MEMORY_KIB || h.time != PASSWORD_TIME ||
		 h.lanes != LANES || h.salt_n != SALT_LEN || h.hash_n != HASH_OUT;
	secret_wipe(got, sizeof(got));
	return true;
}

const char *
password_decoy(void)
{
	/* 32 zero bytes as the hash: a password for it would be a preimage of argon2id. */
	return PREFIX "ZGVjb3lkZWNveWRlY28hIQ$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
}
