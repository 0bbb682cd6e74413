/*
 * Properties of what reads a provider's word on a person: UserInfo counts for the
 * person of the token only; an address is trusted only in a trusted domain and
 * with a word that it is verified, in the same document or of the same address;
 * a doubt never raises trust; what the token tells is never less with UserInfo;
 * Graph's list is of identifiers only; a scope is granted by its name or not at all.
 *
 * The first byte chooses the reader, and assume_email_verified; then an answer, or
 * three lines: names of claims, claims of the token, claims of UserInfo.
 */
#include <assert.h>
#include <string.h>

#include "core/auth/oidc/claim_names.h"
#include "core/auth/oidc/oidc_person.h"
#include "core/auth/oidc/oidc_scope.h"
#include "core/auth/oidc/oidc_userinfo.h"

#define ISS "https://id.example.org"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static struct provider
provider_of(bool assume)
{
	static char        kind[] = "oidc", client[] = "client", iss[] = ISS;
	static const char *domains[] = { "example.org" };

	return (struct provider) { .kind = kind,
		.client_id = client,
		.issuer = iss,
		.allowed_domains = { domains, 1 },
		.assume_email_verified = assume };
}

static void
read_userinfo(TALLOC_CTX *mem, struct str text)
{
	struct provider          p = provider_of(false);
	struct oidc_place        place = { .issuer = ISS };
	const struct oidc_expect x = { &p, &place, NULL, 1800000000 };
	struct idtoken           info;
	struct err               e = { 0 };
	const struct json       *sub;

	if (!oidc_userinfo_read(mem, text, &info, &e) || !oidc_userinfo_check(&info, &x, "s", &e)) {
		assert(e.code == ERR_UNAVAILABLE);
		return;
	}
	sub = json_get(info.claims, "sub");
	assert(sub != NULL && sub->type == JSON_STRING && str_eqz(sub->text, "s"));
}

static void
read_graph(TALLOC_CTX *mem, struct str text)
{
	struct oidc_person who = { .told = OIDC_TOLD_PART };
	const struct json *ids;
	struct err         e = { 0 };

	if (!oidc_graph_read(mem, text, &ids, &e)) {
		assert(e.code == ERR_UNAVAILABLE);
		return;
	}
	assert(oidc_person_add_groups(mem, ids, &who, &e));
	assert(who.told == OIDC_TOLD_ALL && who.groups.n == ids->n);
}

static const struct json *
object(TALLOC_CTX *mem, struct str text)
{
	struct err         e = { 0 };
	const struct json *v = json_parse(mem, text, &e);

	return v != NULL && v->type == JSON_OBJECT ? v : NULL;
}

static void
check_trust(const struct provider *p, const struct oidc_person *who)
{
	size_t n = who->email == NULL ? 0 : strlen(who->email);

	assert(!who->email_verified || who->email_said || p->assume_email_verified);
	assert(!who->email_trusted ||
	       (who->email_verified && n > 12 && strcmp(who->email + n - 12, "@example.org") == 0));
	for (size_t i = 0; i < who->groups.n; i++)
		assert(who->groups.items[i] != NULL);
}

static void
check_doubt(struct oidc_person who)
{
	struct oidc_person was = who;

	oidc_person_doubt(&who);
	assert(was.email_trusted || !who.email_trusted);
	assert((was.told == OIDC_TOLD_ALL) == (who.told == OIDC_TOLD_ALL));
	assert(!who.email_trusted || who.email_said);
}

static void
take_person(TALLOC_CTX *mem, bool assume, struct str names, struct str token, struct str info)
{
	struct provider          p = provider_of(assume);
	struct oidc_place        place = { .issuer = ISS };
	const struct oidc_expect x = { &p, &place, NULL, 1800000000 };
	struct oidc_person       alone = { .claims = object(mem, token) }, both = alone;
	const struct json       *more = object(mem, info), *n = object(mem, names);
	struct claim_names       ignored;
	enum oidc_reason         why;
	struct err               e = { 0 };

	if (alone.claims == NULL || more == NULL)
		return;
	if (n != NULL && schema_decode(mem, &claim_names_schema, n, &ignored, &e))
		p.claims.text = str_dup(mem, names);
	e = (struct err) { 0 };
	assert(oidc_person_take(mem, &x, NULL, &alone, &why, &e));
	assert(oidc_person_take(mem, &x, more, &both, &why, &e));
	check_trust(&p, &alone);
	check_trust(&p, &both);
	check_doubt(alone);
	check_doubt(both);
	for (size_t i = 0; i < alone.groups.n; i++)
		assert(strings_have(both.groups, alone.groups.items[i]));
}

static void
read_scope(TALLOC_CTX *mem, struct str text)
{
	static const char   *items[] = { "openid", "email", "profile" };
	const struct strings asked = { items, 3 };
	struct provider      p = provider_of(false);
	const struct json    answer = { .type = JSON_STRING, .text = text },
			  none = { .type = JSON_NULL };
	struct oidc_granted g = oidc_scope_granted(&p, &asked, &answer);
	char               *z = str_dup(mem, text);

	assert(z != NULL && (text.n == 0 || !g.all || g.email));
	assert(!g.email || text.n == 0 || memchr(z, '\0', text.n) != NULL ||
	       strcasestr(z, "email") != NULL);
	g = oidc_scope_granted(&p, &asked, &none);
	assert(g.all && g.email);
}

static struct str
line(struct str *rest)
{
	const char *end = memchr(rest->p, '\n', rest->n);
	struct str  s = { rest->p, end == NULL ? rest->n : (size_t)(end - rest->p) };

	rest->p += s.n + (end != NULL);
	rest->n -= s.n + (end != NULL);
	return s;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	TALLOC_CTX *mem = talloc_new(NULL);
	struct str  rest = { (const char *)data + 1, n - 1 };

	if (n > 1 && (data[0] & 3) == 0)
		read_userinfo(mem, rest);
	else if (n > 1 && (data[0] & 7) == 7)
		read_scope(mem, rest);
	else if (n > 1 && (data[0] & 3) == 1)
		read_graph(mem, rest);
	else if (n > 1) {
		struct str names = line(&rest), token = line(&rest);

		take_person(mem, data[0] & 1, names, token, rest);
	}
	talloc_free(mem);
	return 0;
}
