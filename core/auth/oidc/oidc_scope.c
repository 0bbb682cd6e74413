#include "core/auth/oidc/oidc_scope.h"

#include <string.h>

#define GRAPH_USER                                                                                 \
	"User.Read" /* without a resource in front it is one of Graph, whatever the cloud is */
#define OURS_MAX 5

bool
oidc_scope_ok(const char *scope)
{
	for (const char *p = scope; *p != '\0'; p++)
		if (*p <= ' ' || *p > '~' || *p == '"' || *p == '\\')
			return false;
	return *scope != '\0' && strlen(scope) <= OIDC_SCOPE_MAX &&
	       strcmp(scope, "offline_access") != 0;
}

/* ---- asking ---- */

static void
add(struct strings *out, const char *scope)
{
	if (!strings_have(*out, scope))
		out->items[out->n++] = scope;
}

static bool
is_kind(const struct provider *p, const char *kind)
{
	return strcmp(p->kind, kind) == 0;
}

/* Some group gives a role, and not only being there. */
static bool
maps_groups(TALLOC_CTX *mem, const struct provider *p, bool *maps, struct err *e)
{
	const struct json *map = json_parse(mem, str_of(p->role_map.text), e);

	*maps = false;
	if (map == NULL)
		return false;
	for (uint32_t i = 0; map->type == JSON_OBJECT && i < map->n; i++)
		*maps |= !str_eqz(map->names[i], "*");
	return true;
}

bool
oidc_scope_make(TALLOC_CTX *mem, const struct provider *p, const struct oidc_metadata *m,
    struct strings *out, struct err *e)
{
	bool maps;

	if (!maps_groups(mem, p, &maps, e))
		return false;
	*out = (struct strings) {
		talloc_zero_array(mem, const char *, (unsigned)p->scopes.n + OURS_MAX), 0
	};
	if (out->items == NULL)
		return err_memory(e);
	add(out, "openid");
	add(out, "email");
	add(out, "profile");
	if (p->group_lookup)
		add(out, GRAPH_USER);
	if (maps && m->groups_scope && is_kind(p, "oidc"))
		add(out, "groups");
	for (size_t i = 0; i < p->scopes.n; i++)
		add(out, p->scopes.items[i]);
	return true;
}

/* ---- what was granted ---- */

/*
 * By its name, or by a URL that ends in it: https://graph.microsoft.com/User.Read
 * ("Scopes and permissions in the Microsoft identity platform"),
 * https://www.googleapis.com/auth/userinfo.email ("OAuth 2.0 Scopes for Google APIs").
 */
static bool
names(struct str granted, const char *scope)
{
	size_t n = strlen(scope);

	if (str_caseeqz(granted, scope))
		return true;
	if (!str_starts(granted, "https://") || granted.n <= n ||
	    strchr("/.", granted.p[granted.n - n - 1]) == NULL)
		return false;
	return str_caseeqz((struct str) { granted.p + granted.n - n, n }, scope);
}

/* Words with blanks between; some write commas. */
static bool
text_names(struct str text, const char *scope)
{
	size_t from = 0;

	for (size_t i = 0; i <= text.n; i++) {
		if (i < text.n && text.p[i] != ' ' && text.p[i] != ',')
			continue;
		if (names((struct str) { text.p + from, i - from }, scope))
			return true;
		from = i + 1;
	}
	return false;
}

static bool
is_granted(const struct json *answer, const char *scope)
{
	if (answer->type == JSON_STRING)
		return text_names(answer->text, scope);
	for (uint32_t i = 0; i < answer->n; i++)
		if (answer->items[i].type == JSON_STRING && names(answer->items[i].text, scope))
			return true;
	return false;
}

static bool
says_something(const struct json *answer)
{
	return answer != NULL && ((answer->type == JSON_STRING && answer->text.n > 0) ||
				     (answer->type == JSON_ARRAY && answer->n > 0));
}

/*
 * Entra names what the access token is for, which need not have openid and its
 * like in it ("OpenID Connect on the Microsoft identity platform"), and its
 * groups hang by none of them; Google tells no groups.
 */
static bool
bears_groups(const struct provider *p, const char *scope)
{
	if (is_kind(p, "entra"))
		return strcmp(scope, GRAPH_USER) == 0;
	return is_kind(p, "oidc") && strcmp(scope, "openid") != 0;
}

struct oidc_granted
oidc_scope_granted(const struct provider *p, const struct strings *asked, const struct json *answer)
{
	struct oidc_granted out = { true, true };

	if (!says_something(answer))
		return out;
	out.email = is_granted(answer, "email");
	for (size_t i = 0; i < asked->n; i++)
		out.all &= !bears_groups(p, asked->items[i]) || is_granted(answer, asked->items[i]);
	return out;
}
