#include "drift/template/consent.h"

#include <ctype.h>
#include <string.h>

#include "core/base/secret.h"
#include "core/crypt/seal.h"

struct packed {
	struct uuid owner, id;
	int64_t     ends_ms;
};
_Static_assert(sizeof(struct packed) == 40, "the members leave no holes");
_Static_assert(
    (sizeof(struct packed) + SEAL_OVERHEAD + 2) / 3 * 4 <= CONSENT_STATE_MAX, "it has room");

/* ---- the state ---- */

static bool
find_key(const struct auth *a, uint32_t version, struct seal_key *k, struct err *e)
{
	k->version = version;
	return keyring_subkey(a->env->keyring, version, KEY_CONSENT, STR(""), k->key, e);
}

static char *
place_of(TALLOC_CTX *mem)
{
	return seal_place(mem, "link", "onboarding", "state", STR("1"));
}

char *
consent_state_close(
    const struct auth *a, TALLOC_CTX *mem, const struct consent_state *s, struct err *e)
{
	const struct packed p = { s->owner, s->id, s->ends_ms };
	char               *place = place_of(mem), *text = NULL;
	struct blob         sealed;
	struct seal_key     k;

	if (place == NULL) {
		err_memory(e);
		return NULL;
	}
	if (find_key(a, keyring_newest(a->env->keyring), &k, e) &&
	    seal_close(mem, &k, a->env->rand, place, (struct str) { (const char *)&p, sizeof(p) },
		&sealed, e)) {
		text = base64url_print(mem, sealed.p, sealed.n);
		if (text == NULL)
			err_memory(e);
	}
	secret_wipe(&k, sizeof(k));
	return text;
}

bool
consent_state_open(
    const struct auth *a, TALLOC_CTX *mem, struct str text, struct consent_state *out)
{
	uint8_t         bytes[sizeof(struct packed) + SEAL_OVERHEAD];
	char           *place = place_of(mem);
	struct packed   p;
	struct str      plain;
	struct seal_key k;
	struct err      e = { 0 };
	size_t          n = 0;
	bool            ok;

	if (place == NULL || !base64url_parse(text, bytes, sizeof(bytes), &n) ||
	    n != sizeof(bytes) || !find_key(a, seal_version((struct blob) { bytes, n }), &k, &e))
		return false;
	ok = seal_open(mem, &k, place, (struct blob) { bytes, n }, &plain, &e) &&
	     plain.n == sizeof(p);
	secret_wipe(&k, sizeof(k));
	if (!ok)
		return false;
	memcpy(&p, plain.p, sizeof(p));
	*out = (struct consent_state) { p.owner, p.id, p.ends_ms };
	return true;
}

/* ---- the link ---- */

static char *
redirect_uri(TALLOC_CTX *mem, const struct conf *conf, struct err *e)
{
	char *url = talloc_asprintf(
	    mem, "%s%s/api/drift/onboarding/callback", conf->public_url, conf->base_path);

	if (url == NULL)
		err_memory(e);
	return url;
}

static void
form_add(struct buf *b, const char *name, const char *value)
{
	buf_puts(b, name);
	buf_url(b, str_of(value));
}

char *
consent_url(TALLOC_CTX *mem, const struct conf *conf, const struct consent_link *l, struct err *e)
{
	const char *back = redirect_uri(mem, conf, e);
	struct buf  b;

	if (back == NULL)
		return NULL;
	buf_make(&b, mem);
	buf_add(&b, l->login.p, l->login.n);
	buf_putc(&b, '/');
	buf_url(&b, str_of(l->directory));
	form_add(&b, "/adminconsent?client_id=", l->client_id);
	form_add(&b, "&state=", l->state);
	form_add(&b, "&redirect_uri=", back);
	return buf_text(&b, e);
}

/* ---- directories ---- */

bool
directory_is_id(const char *text)
{
	struct uuid id;

	return strlen(text) == 36 && uuid_parse(str_of(text), &id);
}

/* Two labels at least: "common" and "organizations" are no directory, and prove none. */
bool
directory_is(const char *text)
{
	size_t n = strlen(text);

	if (directory_is_id(text))
		return true;
	if (n < 3 || n > 253 || strchr(text, '.') == NULL || strstr(text, "..") != NULL)
		return false;
	for (size_t i = 0; i < n; i++)
		if (!isalnum((unsigned char)text[i]) &&
		    ((text[i] != '.' && text[i] != '-') || i == 0 || i == n - 1))
			return false;
	return true;
}

/* ---- what is refused there ---- */

static const struct {
	const char *word; /* an AADSTS number in the description, or the error */
	const char *say;
} refusals[] = {
	{ "AADSTS65004", "The administrator has declined." },
	{ "AADSTS90094",
	    "It takes an administrator of the directory: an ordinary account cannot consent." },
	{ "AADSTS90093", "It takes a Global Administrator or a Privileged Role Administrator: this "
			 "account may not consent for all." },
	{ "AADSTS900971", "The app registration does not name this installation's address: add the "
			  "redirect URI to it." },
	{ "AADSTS50011", "The app registration does not name this installation's address: add the "
			 "redirect URI to it." },
	{ "AADSTS500113", "The app registration does not name this installation's address: add the "
			  "redirect URI to it." },
	{ "AADSTS700016", "The app is not known in that directory: see whether its registration is "
			  "for accounts in any directory." },
	{ "AADSTS50194",
	    "The app is registered for one directory only: make its registration multitenant." },
	{ "AADSTS650052", "The directory has no licence or no service for what the app asks." },
	{ "AADSTS650051", "The app is there under its name already, and could not be made again: "
			  "remove the old one, and try again." },
	{ "AADSTS50020", "The account is of another directory: sign in with one of the directory "
			 "that the link is for." },
	{ "AADSTS90072", "The account is of another directory: sign in with one of the directory "
			 "that the link is for." },
	{ "AADSTS53003",
	    "A conditional access policy of the directory keeps the administrator out." },
	{ "AADSTS90002", "There is no such directory." },
	{ "access_denied", "The administrator has declined." },
	{ "permission_denied", "The administrator has declined, or may not consent." },
	{ "consent_required", "The administrator has not consented." },
	{ "interaction_required", "The administrator has not finished signing in." },
	{ "unauthorized_client", "The app may not be used in that directory." },
	{ "temporarily_unavailable",
	    "Microsoft is not available at the moment: try the link again." },
	{ "server_error", "Microsoft could not do it: try the link again." },
};

/* "AADSTS" with its number, not as a part of a longer one. */
static bool
says(const char *description, const char *word)
{
	const char *at = strstr(description, word);

	return at != NULL && !isdigit((unsigned char)at[strlen(word)]);
}

/* The number, for who looks it up; whatever else the description says is whoever's who sent the
 * browser here. */
static int64_t
number_in(const char *description)
{
	const char *at = strstr(description, "AADSTS");
	int64_t     n;

	if (at == NULL)
		return 0;
	at += strlen("AADSTS");
	return str_to_i64((struct str) { at, strspn(at, "0123456789") }, &n) && n < 100000000 ? n
											      : 0;
}

char *
consent_refusal(TALLOC_CTX *mem, const char *error, const char *description, struct err *e)
{
	const char   *text = description == NULL ? "" : description;
	const char   *say = "Microsoft has refused it.";
	const int64_t n = number_in(text);
	char         *out;

	for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++)
		if (says(text, refusals[i].word) || strcmp(error, refusals[i].word) == 0) {
			say = refusals[i].say;
			break;
		}
	out = n > 0 ? talloc_asprintf(mem, "%s (AADSTS%lld)", say, (long long)n)
		    : talloc_strdup(mem, say);
	if (out == NULL)
		err_memory(e);
	return out;
}
