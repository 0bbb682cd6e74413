#include "core/auth/mfa/recovery.h"

#include <string.h>

#include "core/base/secret.h"
#include "core/base/unicode.h"

#define SYMBOLS 25
#define GROUP   5

static const char alphabet[] = "0123456789abcdefghjkmnpqrstvwxyz";

/* ---- text ---- */

/* Letters that are read for digits (Crockford). */
static char
fold(char c)
{
	if (c == 'o')
		return '0';
	return c == 'i' || c == 'l' ? '1' : c;
}

static bool
take_symbols(struct str code, char out[static SYMBOLS])
{
	if (code.n != SYMBOLS)
		return false;
	for (size_t i = 0; i < SYMBOLS; i++) {
		out[i] = fold(code.p[i]);
		if (out[i] == '\0' || strchr(alphabet, out[i]) == NULL)
			return false;
	}
	return true;
}

/* What was typed as the symbols it stands for; false: not a recovery code. */
static bool
parse(struct str typed, char out[static SYMBOLS])
{
	TALLOC_CTX *tmp = talloc_new(NULL);
	struct err  why = { 0 };
	struct str  code;
	bool ok = tmp != NULL && unicode_code(tmp, typed, &code, &why) && take_symbols(code, out);

	talloc_free(tmp);
	return ok;
}

static char *
print(TALLOC_CTX *mem, const char symbols[static SYMBOLS])
{
	char  *text = secret_alloc(mem, RECOVERY_TEXT_LEN + 1);
	size_t n = 0;

	for (size_t i = 0; text != NULL && i < SYMBOLS; i++) {
		if (i > 0 && i % GROUP == 0)
			text[n++] = '-';
		text[n++] = symbols[i];
	}
	if (text != NULL)
		text[n] = '\0';
	return text;
}

/* ---- the keyed hash ---- */

static bool
hash_code(const struct deed_by *by, uint32_t version, const struct uuid *user,
    const char symbols[static SYMBOLS], uint8_t out[static HASH_LEN], struct err *e)
{
	const struct uuid *tenant = &by->t->tenant->id;
	struct str         bound = { (const char *)tenant->b, sizeof(tenant->b) };
	uint8_t            key[KEY_LEN], text[sizeof(user->b) + SYMBOLS];

	if (!keyring_subkey(by->auth->env->keyring, version, KEY_RECOVERY, bound, key, e))
		return false;
	memcpy(text, user->b, sizeof(user->b));
	memcpy(text + sizeof(user->b), symbols, SYMBOLS);
	hash_hmac(key, sizeof(key), text, sizeof(text), out);
	secret_wipe(key, sizeof(key));
	secret_wipe(text, sizeof(text));
	return true;
}

static bool
make_one(const struct deed_by *by, const struct uuid *user, const char **text,
    struct recovery_row *row, struct err *e)
{
	const struct env *env = by->auth->env;
	uint32_t          pepper = keyring_newest(env->keyring);
	uint8_t           random[SYMBOLS], *hash = talloc_array(by->mem, uint8_t, HASH_LEN);
	char              symbols[SYMBOLS];
	bool              ok;

	rand_fill(env->rand, random, sizeof(random));
	for (size_t i = 0; i < SYMBOLS; i++)
		symbols[i] = alphabet[random[i] % 32];
	*text = print(by->mem, symbols);
	ok = hash != NULL && *text != NULL;
	ok = ok ? hash_code(by, pepper, user, symbols, hash, e) : err_memory(e);
	secret_wipe(random, sizeof(random));
	secret_wipe(symbols, sizeof(symbols));
	*row =
	    (struct recovery_row) { *user, { hash, HASH_LEN }, pepper, { clock_ms(env->clock) } };
	return ok;
}

bool
recovery_make(const struct deed_by *by, const struct uuid *user, struct strings *texts,
    struct recovery_row rows[static RECOVERY_CODES], struct err *e)
{
	const char **items = talloc_zero_array(by->mem, const char *, RECOVERY_CODES);

	if (items == NULL)
		return err_memory(e);
	*texts = (struct strings) { items, RECOVERY_CODES };
	for (size_t i = 0; i < RECOVERY_CODES; i++)
		if (!make_one(by, user, &items[i], &rows[i], e))
			return false;
	return true;
}

bool
recovery_find(const struct deed_by *by, const struct uuid *user, struct str typed,
    uint8_t hash[static HASH_LEN], bool *there, struct err *e)
{
	const struct keyring *k = by->auth->env->keyring;
	char                  symbols[SYMBOLS];
	bool                  ok = true;

	*there = false;
	if (!parse(typed, symbols))
		return true;
	do {
		for (uint32_t v = keyring_below(k, 0); ok && !*there && v > 0;
		     v = keyring_below(k, v)) {
			struct err why = { 0 };

			if (hash_code(by, v, user, symbols, hash, &why))
				ok = recovery_is_there(by->t, by->mem, user,
				    (struct blob) { hash, HASH_LEN }, there, e);
		}
	} while (ok && !*there && keyring_has_more(k));
	secret_wipe(symbols, sizeof(symbols));
	return ok;
}

bool
recovery_use(
    const struct deed_by *by, const struct uuid *user, struct str typed, bool *used, struct err *e)
{
	const struct keyring *k = by->auth->env->keyring;
	instant               now = { clock_ms(by->auth->env->clock) };
	uint8_t               hash[HASH_LEN];
	char                  symbols[SYMBOLS];
	bool                  ok = true;

	*used = false;
	if (!parse(typed, symbols))
		return true;
	do {
		for (uint32_t v = keyring_below(k, 0); ok && !*used && v > 0;
		     v = keyring_below(k, v)) {
			struct err why = { 0 };

			/* a version that is not there any more hashed nothing that counts */
			if (hash_code(by, v, user, symbols, hash, &why))
				ok = recovery_take(
				    by->t, user, (struct blob) { hash, HASH_LEN }, now, used, e);
		}
	} while (ok && !*used && keyring_has_more(k));
	secret_wipe(symbols, sizeof(symbols));
	return ok;
}
