#include "core/auth/mail/answer_link.h"

#include <string.h>

#include "core/auth/tenant_tag.h"
#include "core/base/hash.h"
#include "core/base/secret.h"

#define MAC_LEN 16

const char *const answer_deeds[ANSWER__MAX] = { "", "acknowledge", "resolve", "accept" };

/* Numbers are big endian. */
struct token {
	uint8_t tenant[TENANT_TAG_LEN];
	uint8_t version[4]; /* of the keyring */
	uint8_t deed[1];
	uint8_t expires[5]; /* Unix time in seconds */
	uint8_t epoch[4];
	uint8_t alert[16], message[16], user[16], report[16];
	uint8_t mac[MAC_LEN];
};
_Static_assert(sizeof(struct token) == 102, "the members leave no holes");
_Static_assert(BASE64URL_LEN(sizeof(struct token)) == ANSWER_TOKEN_LEN, "the text's length");

struct form {
	uint8_t expires[5];
	uint8_t version[8]; /* of the alert */
	uint8_t mac[MAC_LEN];
};
_Static_assert(BASE64URL_LEN(sizeof(struct form)) == ANSWER_FORM_LEN, "the text's length");

static void
put_number(uint8_t *p, size_t n, uint64_t v)
{
	for (size_t i = 0; i < n; i++)
		p[i] = (uint8_t)(v >> (8 * (n - 1 - i)));
}

static uint64_t
number_of(const uint8_t *p, size_t n)
{
	uint64_t v = 0;

	for (size_t i = 0; i < n; i++)
		v = v << 8 | p[i];
	return v;
}

/* False: there is no such version. */
static bool
make_mac(const struct auth *a, uint32_t version, struct str bound, const void *p, size_t n,
    uint8_t out[static MAC_LEN])
{
	uint8_t key[KEY_LEN], hash[HASH_LEN];

	if (!keyring_subkey(a->env->keyring, version, KEY_ANSWER, bound, key, &(struct err) { 0 }))
		return false;
	hash_hmac(key, sizeof(key), p, n, hash);
	memcpy(out, hash, MAC_LEN);
	secret_wipe(key, sizeof(key));
	return true;
}

static struct str
bound_to(const struct uuid *id)
{
	return (struct str) { (const char *)id->b, sizeof(id->b) };
}

static bool
print(TALLOC_CTX *mem, const void *p, size_t n, const char **out, struct err *e)
{
	char *text = base64url_print(mem, p, n);

	if (text == NULL)
		return err_memory(e);
	secret_guard(text);
	*out = text;
	return true;
}

bool
answer_link_print(const struct auth *a, const struct tenant *t, TALLOC_CTX *mem,
    const struct answer_link *in, const char **token, struct err *e)
{
	uint32_t     version = keyring_newest(a->env->keyring);
	struct token k;

	if (!tenant_tag(t, k.tenant, e))
		return false;
	put_number(k.version, sizeof(k.version), version);
	put_number(k.deed, sizeof(k.deed), (uint64_t)in->deed);
	put_number(k.expires, sizeof(k.expires), (uint64_t)in->expires_at.ms / 1000);
	put_number(k.epoch, sizeof(k.epoch), in->epoch);
	memcpy(k.alert, in->alert.b, sizeof(k.alert));
	memcpy(k.message, in->message.b, sizeof(k.message));
	memcpy(k.user, in->user.b, sizeof(k.user));
	memcpy(k.report, in->report.b, sizeof(k.report));
	if (!make_mac(a, version, bound_to(&t->id), &k, sizeof(k) - MAC_LEN, k.mac))
		return err_set(e, ERR_INTERNAL, 0, "internal error", "no key for answer links");
	return print(mem, &k, sizeof(k), token, e);
}

static bool
not_ours(struct err *e, const char *why)
{
	return err_set(e, ERR_MISSING, 0,
	    "This link is not whole, or none of ours: take all of it from the message, or open the "
	    "alert there.",
	    "%s", why);
}

static void
read_token(const struct token *k, struct answer_link *out)
{
	uint8_t hash[HASH_LEN];

	*out = (struct answer_link) {
		.deed = (enum answer_deed)k->deed[0],
		.epoch = (uint32_t)number_of(k->epoch, sizeof(k->epoch)),
		.expires_at = { (int64_t)number_of(k->expires, sizeof(k->expires)) * 1000 },
	};
	memcpy(out->alert.b, k->alert, sizeof(k->alert));
	memcpy(out->message.b, k->message, sizeof(k->message));
	memcpy(out->user.b, k->user, sizeof(k->user));
	memcpy(out->report.b, k->report, sizeof(k->report));
	hash_sha256(k, sizeof(*k), hash);
	memcpy(out->id.b, hash, sizeof(out->id.b));
}

bool
answer_link_read(const struct auth *a, const struct tenant *t, struct str text, instant now,
    struct answer_link *out, struct err *e)
{
	uint8_t      tag[TENANT_TAG_LEN], mac[MAC_LEN];
	struct token k;
	size_t       n = 0;

	if (text.n != ANSWER_TOKEN_LEN || !base64url_parse(text, (uint8_t *)&k, sizeof(k), &n) ||
	    n != sizeof(k))
		return not_ours(e, "an answer link of another form");
	if (!tenant_tag(t, tag, e))
		return false;
	if (memcmp(tag, k.tenant, sizeof(tag)) != 0)
		return err_set(e, ERR_FORBIDDEN, 0,
		    "This link is of another organisation than you are signed in to: sign in "
		    "there, "
		    "and open it again.",
		    "an answer link of another tenant");
	if (!make_mac(a, (uint32_t)number_of(k.version, sizeof(k.version)), bound_to(&t->id), &k,
		sizeof(k) - MAC_LEN, mac) ||
	    !secret_eq((const char *)mac, (const char *)k.mac, MAC_LEN))
		return not_ours(e, "an answer link that nobody here has made");
	read_token(&k, out);
	if (out->deed < ANSWER_ACKNOWLEDGE || out->deed >= ANSWER__MAX)
		return not_ours(e, "an answer link for an unknown deed");
	return out->expires_at.ms > now.ms ||
	       err_set(e, ERR_MISSING, 0,
		   "This link has ended: it counted for seven days. Open the alert instead.",
		   "an answer link that came late");
}

/* ---- forms ---- */

static bool
form_mac(const struct auth *a, uint32_t version, const struct answer_link *link,
    const struct form *f, uint8_t mac[static MAC_LEN])
{
	return make_mac(a, version, bound_to(&link->id), f, sizeof(*f) - MAC_LEN, mac);
}

bool
answer_form_print(const struct auth *a, const struct answer_link *link, uint64_t version,
    instant now, TALLOC_CTX *mem, const char **out, struct err *e)
{
	struct form f;

	put_number(f.expires, sizeof(f.expires), (uint64_t)(now.ms / 1000 + ANSWER_FORM_LIFE_S));
	put_number(f.version, sizeof(f.version), version);
	if (!form_mac(a, keyring_newest(a->env->keyring), link, &f, f.mac))
		return err_set(e, ERR_INTERNAL, 0, "internal error", "no key for answer forms");
	return print(mem, &f, sizeof(f), out, e);
}

/* Under any version: the newest may be another one meanwhile. */
static bool
is_made_here(const struct auth *a, const struct answer_link *link, const struct form *f)
{
	uint8_t mac[MAC_LEN];
	bool    fits = false;

	for (uint32_t v = keyring_below(a->env->keyring, 0); v != 0 && !fits;
	     v = keyring_below(a->env->keyring, v))
		fits = form_mac(a, v, link, f, mac) &&
		       secret_eq((const char *)mac, (const char *)f->mac, MAC_LEN);
	return fits;
}

bool
answer_form_check(const struct auth *a, const struct answer_link *link, uint64_t version,
    struct str text, instant now, struct err *e)
{
	struct form f;
	size_t      n = 0;

	if (text.n != ANSWER_FORM_LEN || !base64url_parse(text, (uint8_t *)&f, sizeof(f), &n) ||
	    n != sizeof(f) || !is_made_here(a, link, &f) ||
	    (int64_t)number_of(f.expires, sizeof(f.expires)) * 1000 <= now.ms)
		return err_set(e, ERR_FORBIDDEN, 0,
		    "This page was open for too long: open the link again, and confirm.",
		    "an answer without the form of its page, or with an old one");
	return number_of(f.version, sizeof(f.version)) == version ||
	       err_set(e, ERR_CONFLICT, 0,
		   "The alert has changed since this page was opened: open the link again, look at "
		   "it as it is now, and confirm.",
		   "an answer to an alert that has changed meanwhile");
}
