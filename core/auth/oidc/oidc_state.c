#include "core/auth/oidc/oidc_state.h"

#include <string.h>

#include "core/base/secret.h"
#include "core/crypt/seal.h"

/* What is sealed; return_to follows. */
struct packed {
	struct uuid tenant, provider;
	int64_t     begun_ms;
	uint8_t     state[OIDC_RANDOM_LEN], nonce[OIDC_RANDOM_LEN], verifier[OIDC_RANDOM_LEN];
	uint64_t    login;
};
_Static_assert(sizeof(struct packed) == 144, "the members leave no holes");

#define SEALED_MAX (sizeof(struct packed) + OIDC_RETURN_MAX + SEAL_OVERHEAD)

bool
oidc_return_ok(const char *path)
{
	if (path[0] != '/' || path[1] == '/' || strlen(path) > OIDC_RETURN_MAX)
		return false;
	for (; *path != '\0'; path++)
		if (*path <= ' ' || *path > '~' || *path == '\\')
			return false;
	return true;
}

static bool
find_key(const struct auth *a, uint32_t version, struct seal_key *k, struct err *e)
{
	k->version = version;
	return keyring_subkey(
	    a->env->keyring, version, KEY_OIDC, (struct str) { NULL, 0 }, k->key, e);
}

static char *
place_of(TALLOC_CTX *mem)
{
	return seal_place(mem, "cookie", "oidc", "state", STR("1"));
}

char *
oidc_state_close(const struct auth *a, TALLOC_CTX *mem, const struct oidc_state *s, struct err *e)
{
	struct packed   p = { .tenant = s->tenant,
		  .provider = s->provider,
		  .begun_ms = s->begun_ms,
		  .login = s->login };
	size_t          n = strlen(s->return_to);
	char           *place = place_of(mem), *text = NULL;
	uint8_t        *plain = secret_alloc(mem, sizeof(p) + n);
	struct blob     sealed;
	struct seal_key k;

	if (place == NULL || plain == NULL) {
		err_memory(e);
		return NULL;
	}
	memcpy(p.state, s->state, sizeof(p.state));
	memcpy(p.nonce, s->nonce, sizeof(p.nonce));
	memcpy(p.verifier, s->verifier, sizeof(p.verifier));
	memcpy(plain, &p, sizeof(p));
	memcpy(plain + sizeof(p), s->return_to, n);
	secret_wipe(&p, sizeof(p));
	if (find_key(a, keyring_newest(a->env->keyring), &k, e) &&
	    seal_close(mem, &k, a->env->rand, place, (struct str) { (char *)plain, sizeof(p) + n },
		&sealed, e)) {
		text = base64url_print(mem, sealed.p, sealed.n);
		if (text == NULL)
			err_memory(e);
	}
	secret_wipe(&k, sizeof(k));
	return text;
}

static bool
take(TALLOC_CTX *mem, struct str plain, struct oidc_state *out)
{
	struct packed p;

	if (plain.n < sizeof(p))
		return false;
	memcpy(&p, plain.p, sizeof(p));
	*out = (struct oidc_state) { .tenant = p.tenant,
		.provider = p.provider,
		.begun_ms = p.begun_ms,
		.login = p.login != 0 };
	memcpy(out->state, p.state, sizeof(p.state));
	memcpy(out->nonce, p.nonce, sizeof(p.nonce));
	memcpy(out->verifier, p.verifier, sizeof(p.verifier));
	secret_wipe(&p, sizeof(p));
	out->return_to = str_dup(mem, (struct str) { plain.p + sizeof(p), plain.n - sizeof(p) });
	return out->return_to != NULL && oidc_return_ok(out->return_to);
}

bool
oidc_state_open(const struct auth *a, TALLOC_CTX *mem, struct str cookie, struct oidc_state *out)
{
	uint8_t        *bytes = talloc_size(mem, SEALED_MAX);
	char           *place = place_of(mem);
	struct str      plain;
	struct seal_key k;
	struct err      e = { 0 };
	size_t          n = 0;
	bool            ok;

	if (bytes == NULL || place == NULL || !base64url_parse(cookie, bytes, SEALED_MAX, &n) ||
	    !find_key(a, seal_version((struct blob) { bytes, n }), &k, &e))
		return false;
	ok = seal_open(mem, &k, place, (struct blob) { bytes, n }, &plain, &e) &&
	     take(mem, plain, out);
	secret_wipe(&k, sizeof(k));
	return ok;
}

bool
oidc_state_counts(const struct auth *a, const struct oidc_state *s)
{
	int64_t age = clock_ms(a->env->clock) - s->begun_ms;

	return age >= -1000 && age < OIDC_STATE_S * 1000;
}
