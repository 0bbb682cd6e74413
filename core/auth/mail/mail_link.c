#include "core/auth/mail/mail_link.h"

#include <string.h>

#include "core/auth/tenant_tag.h"
#include "core/base/hash.h"
#include "core/base/secret.h"

#define SECRET_LEN 32

struct token {
	uint8_t tenant[TENANT_TAG_LEN];
	uint8_t version[4]; /* of the keyring; big endian */
	uint8_t secret[SECRET_LEN];
};
_Static_assert(sizeof(struct token) == 44, "the members leave no holes");
_Static_assert(BASE64URL_LEN(sizeof(struct token)) == MAIL_TOKEN_LEN, "the text's length");

bool
mail_link_refuse(TALLOC_CTX *mem, struct err *e)
{
	return err_fault(
	    e, mem, "/token", "is not valid, was used before or has expired; ask for a new link");
}

static bool
token_hash(const struct auth *a, const struct tenant *t, const struct token *k,
    uint8_t out[static HASH_LEN], struct err *e)
{
	struct str bound = { (const char *)t->id.b, sizeof(t->id.b) };
	uint32_t   version = (uint32_t)k->version[0] << 24 | (uint32_t)k->version[1] << 16 |
			   (uint32_t)k->version[2] << 8 | k->version[3];
	uint8_t key[KEY_LEN];

	if (!keyring_subkey(a->env->keyring, version, KEY_MAIL_TOKEN, bound, key, e))
		return false;
	hash_hmac(key, sizeof(key), k, sizeof(*k), out);
	secret_wipe(key, sizeof(key));
	return true;
}

static bool
fill_token(struct auth *a, const struct tenant *t, struct token *k, struct err *e)
{
	uint32_t version = keyring_newest(a->env->keyring);

	for (int i = 0; i < 4; i++)
		k->version[i] = (uint8_t)(version >> (24 - 8 * i));
	rand_fill(a->env->rand, k->secret, sizeof(k->secret));
	return tenant_tag(t, k->tenant, e);
}

bool
mail_link_make(const struct deed_by *by, const struct user *u, const struct mail_link *in,
    const char **token, struct err *e)
{
	struct auth          *a = by->auth;
	TALLOC_CTX           *mem = by->mem;
	const struct tenant  *t = by->t->tenant;
	int64_t               now = clock_ms(a->env->clock);
	uint8_t               hash[HASH_LEN];
	struct token          k;
	bool                  added = false, ok;
	char                 *text;
	struct mail_token_row row = { .id = uuid_make(a->env->clock, a->env->rand),
		.user_id = u->id,
		.purpose = talloc_strdup(mem, in->purpose),
		.email = talloc_strdup(mem, in->email),
		.token_hash = { hash, sizeof(hash) },
		.created_at = { now },
		.expires_at = { now + in->life_s * 1000 } };

	*token = NULL;
	if (row.purpose == NULL || row.email == NULL)
		return err_memory(e);
	ok = fill_token(a, t, &k, e) && token_hash(a, t, &k, hash, e) &&
	     mail_token_add(by->t, &row, u->password, u->status, in->change, &added, e);
	text = ok && added ? base64url_print(mem, (const uint8_t *)&k, sizeof(k)) : NULL;
	secret_wipe(&k, sizeof(k));
	if (!ok || !added)
		return ok;
	if (text == NULL)
		return err_memory(e);
	secret_guard(text);
	*token = text;
	return true;
}

const char *
mail_link_url(const struct deed_by *by, const char *purpose, const char *token, struct err *e)
{
	const struct conf *c = by->auth->env->conf;
	char              *url = talloc_asprintf(by->mem, "%s%s/?tenant=%s#%s=%s", c->public_url,
            c->base_path == NULL ? "" : c->base_path, by->t->tenant->slug, purpose, token);

	if (url != NULL)
		secret_guard(url);
	else
		err_memory(e);
	return url;
}

/* "No such" of any kind is the one refusal. */
static bool
not_there(TALLOC_CTX *mem, struct err *e)
{
	if (e->code == ERR_UNAVAILABLE || e->code == ERR_INTERNAL || e->code == ERR_BUSY)
		return false;
	err_clear(e);
	return mail_link_refuse(mem, e);
}

bool
mail_link_find(struct deed_by *by, struct str text, struct mail_token_row *row, struct err *e)
{
	struct auth         *a = by->auth;
	TALLOC_CTX          *mem = by->mem;
	const struct tenant *tenant;
	struct err           why = { 0 };
	uint8_t              hash[HASH_LEN];
	struct token         k;
	size_t               n = 0;

	if (text.n != MAIL_TOKEN_LEN || !base64url_parse(text, (uint8_t *)&k, sizeof(k), &n) ||
	    n != sizeof(k))
		return mail_link_refuse(mem, e);
	if (!tenant_by_tag(a->database, k.tenant, &tenant, e) ||
	    !tenant_db_open(a->database, tenant, false, &by->t, e))
		return not_there(mem, e);
	if (!token_hash(a, tenant, &k, hash, &why))
		return mail_link_refuse(mem, e);
	if (!mail_token_by_hash(by->t, mem, (struct blob) { hash, sizeof(hash) }, row, e))
		return not_there(mem, e);
	if (row->used_at.ms != 0 || !row->alive || row->expires_at.ms <= clock_ms(a->env->clock))
		return mail_link_refuse(mem, e);
	return true;
}
