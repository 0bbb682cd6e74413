#include "core/auth/provider.h"

#include <string.h>

#include "core/auth/bound_secret.h"
#include "core/auth/ends.h"
#include "core/auth/oidc_metadata.h"
#include "core/auth/user_roles.h"
#include "core/net/guard.h"
#include "core/shm/cache.h"
#include "core/store/user.h"

#define DOMAINS_MAX 50
#define GROUPS_MAX  100
#define GROUP_MAX   200 /* bytes of a group's name */

static const char *const kinds[] = { "google", "entra", "oidc", NULL };

#define SHARED_FIELDS                                                                              \
	FIELD(struct provider_body, issuer, .min = 8, .max = 400, .flags = FIELD_NULLABLE,         \
	    .doc = "Of kind oidc: its issuer.  Of google and entra: another host than their own "  \
		   "(national clouds)."),                                                          \
	    FIELD(struct provider_body, entra_tenant_id, .min = 36, .max = 36,                     \
		.flags = FIELD_NULLABLE,                                                           \
		.doc = "Of kind entra: the directory whose users may sign in."),                   \
	    FIELD(struct provider_body, allowed_domains, .max = DOMAINS_MAX,                       \
		.doc = "E-mail domains for which the provider is trusted: verified addresses are " \
		       "linked to users."),                                                        \
	    FIELD(struct provider_body, role_map,                                                  \
		.doc = "Object: group or application role to the name of a role; * stands for "    \
		       "everybody.  One that gives any role needs assign:roles."),                       \
	    FIELD(struct provider_body, auto_provision,                                            \
		.doc = "True: unknown people get an account; needs create:users."),                \
	    FIELD(struct provider_body, trust_mfa,                                                 \
		.doc = "True: a second factor that the provider says it asked for counts here."),  \
	    FIELD_END

static const struct field provider_new_fields[] = {
	FIELD(struct provider_body, name, .min = 1, .max = PROVIDER_NAME_MAX,
	    .flags = FIELD_REQUIRED, .doc = "Name in its addresses: a-z, 0-9 and -; unique."),
	FIELD(struct provider_body, kind, .choices = kinds, .flags = FIELD_REQUIRED,
	    .doc = "google, entra or oidc."),
	FIELD(struct provider_body, client_id, .min = 1, .max = 255, .flags = FIELD_REQUIRED,
	    .doc = "This installation's number at the provider."),
	FIELD(struct provider_body, client_secret, .min = 1, .max = PROVIDER_SECRET_MAX,
	    .flags = FIELD_NULLABLE | FIELD_SECRET, .doc = "Its secret there; never shown again."),
	SHARED_FIELDS
};
static const struct field provider_change_fields[] = {
	FIELD(struct provider_body, name, .min = 1, .max = PROVIDER_NAME_MAX,
	    .doc = "Name in its addresses: a-z, 0-9 and -; unique."),
	FIELD(struct provider_body, client_id, .min = 1, .max = 255,
	    .doc = "This installation's number at the provider."),
	FIELD(struct provider_body, client_secret, .min = 1, .max = PROVIDER_SECRET_MAX,
	    .flags = FIELD_NULLABLE | FIELD_SECRET,
	    .doc = "Its secret there; never shown again.  To be named, or null, with another issuer "
		   "or entra_tenant_id: it goes there."),
	SHARED_FIELDS
};
const struct schema provider_new_schema =
    SCHEMA_GIVEN("IdentityProviderNew", struct provider_body, provider_new_fields, given);
const struct schema provider_change_schema =
    SCHEMA_GIVEN("IdentityProviderChange", struct provider_body, provider_change_fields, given);

/* ---- taking over what was given ---- */

struct provider_work {
	const struct provider_deed *d;
	const struct provider_body *in;
	const struct schema        *schema;
	struct provider            *p;
};

static bool
is_given(const struct provider_work *w, const char *name)
{
	return (w->in->given & schema_bit(w->schema, name)) != 0;
}

static bool
put_text(const struct provider_work *w, const char *name, const char *in, char **out, struct err *e)
{
	if (!is_given(w, name))
		return true;
	*out = in == NULL ? NULL : talloc_strdup(w->d->mem, in);
	return in == NULL || *out != NULL || err_memory(e);
}

static void
lower(char *z)
{
	for (; *z != '\0'; z++)
		if (*z >= 'A' && *z <= 'Z')
			*z = (char)(*z - 'A' + 'a');
}

static bool
put_domains(const struct provider_work *w, struct err *e)
{
	const struct strings *in = &w->in->allowed_domains;
	struct strings       *out = &w->p->allowed_domains;

	if (!is_given(w, "allowed_domains"))
		return true;
	*out =
	    (struct strings) { talloc_zero_array(w->d->mem, const char *, (unsigned)in->n + 1), 0 };
	if (out->items == NULL)
		return err_memory(e);
	for (; out->n < in->n; out->n++) {
		char *z = talloc_strdup(w->d->mem, in->items[out->n]);

		if (z == NULL)
			return err_memory(e);
		lower(z);
		out->items[out->n] = z;
	}
	return true;
}

static bool
put_role_map(const struct provider_work *w, struct err *e)
{
	struct buf b;

	buf_make(&b, w->d->mem);
	if (is_given(w, "role_map") && w->in->role_map.tree != NULL &&
	    w->in->role_map.tree->type != JSON_NULL)
		json_print(&b, w->in->role_map.tree);
	else if (is_given(w, "role_map") || w->p->role_map.text == NULL)
		buf_puts(&b, "{}");
	else
		return true;
	w->p->role_map = (struct raw_json) { .text = b.p };
	return buf_ok(&b) || err_memory(e);
}

static bool
put_secret(const struct provider_work *w, struct err *e)
{
	if (!is_given(w, "client_secret"))
		return true;
	w->p->client_secret = (struct blob) { NULL, 0 };
	return w->in->client_secret == NULL ||
	       tenant_seal(w->d->t, w->d->mem, w->d->a->rand, "identity_providers", "client_secret",
		   &w->p->id, str_of(w->in->client_secret), &w->p->client_secret, e);
}

static bool
put_all(const struct provider_work *w, struct err *e)
{
	if (!put_text(w, "name", w->in->name, &w->p->name, e) ||
	    !put_text(w, "client_id", w->in->client_id, &w->p->client_id, e) ||
	    !put_text(w, "issuer", w->in->issuer, &w->p->issuer, e) ||
	    !put_text(w, "entra_tenant_id", w->in->entra_tenant_id, &w->p->entra_tenant_id, e) ||
	    !put_domains(w, e) || !put_role_map(w, e) || !put_secret(w, e))
		return false;
	if (w->p->entra_tenant_id != NULL)
		lower(w->p->entra_tenant_id);
	if (is_given(w, "auto_provision"))
		w->p->auto_provision = w->in->auto_provision;
	if (is_given(w, "trust_mfa"))
		w->p->trust_mfa = w->in->trust_mfa;
	w->p->updated_at.ms = clock_ms(w->d->a->clock);
	return true;
}

/* ---- checks of the whole ---- */

static bool
consists_of(const char *z, const char *letters)
{
	return *z != '\0' && strspn(z, letters) == strlen(z);
}

#define LETTERS_DIGITS "abcdefghijklmnopqrstuvwxyz0123456789"

/* "password" is what sessions without a provider are called. */
static void
check_name(const struct provider_work *w, struct err *e)
{
	const char *name = w->p->name;

	if (!consists_of(name, LETTERS_DIGITS "-") || name[0] == '-' ||
	    strcmp(name, "password") == 0)
		err_fault(e, w->d->mem, "/name", "must be of a-z, 0-9 and -, and not \"password\"");
	for (const char *p = w->p->client_id; *p != '\0'; p++)
		if (*p < ' ' || *p > '~') {
			err_fault(e, w->d->mem, "/client_id", "must be visible ASCII");
			return;
		}
}

static void
check_issuer(const struct provider_work *w, struct err *e)
{
	struct err why = { 0 };

	if (w->p->issuer == NULL && strcmp(w->p->kind, "oidc") == 0)
		err_fault(e, w->d->mem, "/issuer", "is required of this kind");
	if (w->p->issuer == NULL)
		return;
	if (strchr(w->p->issuer, '?') != NULL)
		err_fault(e, w->d->mem, "/issuer", "has no query");
	else if (!guard_url(w->d->a->guard, w->p->issuer, &why))
		err_fault(e, w->d->mem, "/issuer", "%s", why.pub);
}

static void
check_directory(const struct provider_work *w, struct err *e)
{
	const char *id = w->p->entra_tenant_id;
	bool        entra = strcmp(w->p->kind, "entra") == 0;
	struct uuid u;

	if (!entra && id != NULL)
		err_fault(e, w->d->mem, "/entra_tenant_id", "is for the kind entra only");
	else if (entra && id == NULL)
		err_fault(e, w->d->mem, "/entra_tenant_id", "is required of this kind");
	else if (entra && (!uuid_parse(str_of(id), &u) || uuid_is_nil(&u)))
		err_fault(e, w->d->mem, "/entra_tenant_id", "must be the directory's GUID");
	else if (entra && strcmp(id, ENTRA_PERSONAL) == 0)
		err_fault(e, w->d->mem, "/entra_tenant_id",
		    "is the directory of personal accounts, which is nobody's");
}

static void
check_domains(const struct provider_work *w, struct err *e)
{
	const struct strings *d = &w->p->allowed_domains;

	for (size_t i = 0; i < d->n; i++) {
		const char *z = d->items[i];

		if (strlen(z) > 253 || !consists_of(z, LETTERS_DIGITS "-.") || z[0] == '.' ||
		    strchr(z, '.') == NULL || z[strlen(z) - 1] == '.')
			err_fault(e, w->d->mem, "/allowed_domains", "\"%s\" is no domain name", z);
	}
	/* anybody may have an account there */
	if (w->p->auto_provision && d->n == 0 && strcmp(w->p->kind, "entra") != 0)
		err_fault(e, w->d->mem, "/allowed_domains", "is required with auto_provision");
}

static bool
may_grant(const struct provider_work *w, const char *role, const char *pointer, struct err *e)
{
	struct mapped_role r;
	struct permissions want = { { 0, 0 } };
	struct strings     granted;

	if (!mapped_role_by_name(w->d->t->db, w->d->mem, role, &r, e)) {
		if (!err_take(e, ERR_MISSING))
			return false;
		return err_fault(e, w->d->mem, pointer, "there is no role \"%s\"", role);
	}
	if (!strings_of_lines(w->d->mem, r.granted, &granted, e))
		return false;
	permissions_add(&want, granted);
	permissions_bound(&want, w->d->t->tenant);
	return permission_covers(&w->d->caller->permissions, &want) ||
	       err_set(
		   e, ERR_ESCALATION, 0, "You cannot give what you do not hold.", "role %s", role);
}

static bool
check_role_map(const struct provider_work *w, struct err *e)
{
	const struct json *map = json_parse(w->d->mem, str_of(w->p->role_map.text), e);

	if (map == NULL)
		return false;
	if (map->type != JSON_OBJECT || map->n > GROUPS_MAX)
		return err_fault(e, w->d->mem, "/role_map",
		    "must be an object of at most %d members", GROUPS_MAX);
	for (uint32_t i = 0; i < map->n; i++) {
		char *role = map->items[i].type == JSON_STRING
				 ? str_dup(w->d->mem, map->items[i].text)
				 : NULL;

		if (role == NULL || map->names[i].n == 0 || map->names[i].n > GROUP_MAX)
			return err_fault(
			    e, w->d->mem, "/role_map", "must map group names to role names");
		if (!may_grant(w, role, "/role_map", e))
			return false;
	}
	if (w->p->auto_provision && map->n == 0)
		return err_fault(e, w->d->mem, "/role_map", "is required with auto_provision");
	return true;
}

static bool
differ(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a != b : strcmp(a, b) != 0;
}

/* Other people come in by it than before, or more. */
static bool
opens_anew(const struct provider *was, const struct provider *p)
{
	return differ(was->issuer, p->issuer) ||
	       differ(was->entra_tenant_id, p->entra_tenant_id) ||
	       !strings_same(was->allowed_domains, p->allowed_domains) ||
	       (p->auto_provision && !was->auto_provision);
}

static bool
demand(const struct provider_work *w, enum action a, enum resource_kind r, const char *why, struct err *e)
{
	return permission_has(&w->d->caller->permissions, a, r) ||
	       err_set(e, ERR_FORBIDDEN, 0, why, "what the provider would give");
}

/* What it gives is given by whoever says so anew; what stands (`was`; NULL: none) is not asked for again. */
static bool
check_giving(const struct provider_work *w, const struct provider *was, struct err *e)
{
	const struct provider *p = w->p;
	const struct json     *map = json_parse(w->d->mem, str_of(p->role_map.text), e);
	bool                   anew = was == NULL || opens_anew(was, p);

	if (map == NULL)
		return false;
	if (map->n > 0 && (anew || strcmp(was->role_map.text, p->role_map.text) != 0) &&
	    !demand(w, ACTION_ASSIGN, RESOURCE_ROLES,
	        "A role_map that gives roles needs the permission assign:roles.", e))
		return false;
	return !p->auto_provision || !anew ||
	       demand(w, ACTION_CREATE, RESOURCE_USERS,
	           "auto_provision true makes users: it needs the permission create:users.", e);
}

static bool
check_all(const struct provider_work *w, const struct provider *was, struct err *e)
{
	check_name(w, e);
	check_issuer(w, e);
	check_directory(w, e);
	check_domains(w, e);
	if (e->code != ERR_OK)
		return false;
	/* it may sign in as any user of these domains */
	return (w->p->allowed_domains.n == 0 || may_grant(w, "admin", "/allowed_domains", e)) &&
	       check_role_map(w, e) && check_giving(w, was, e);
}

/* ---- deeds ---- */

static const char *
details_of(TALLOC_CTX *mem, const struct provider *p, struct err *e)
{
	struct buf b;

	buf_make(&b, mem);
	buf_puts(&b, "{\"name\":");
	buf_json(&b, str_of(p->name));
	buf_puts(&b, ",\"kind\":");
	buf_json(&b, str_of(p->kind));
	buf_puts(&b, ",\"issuer\":");
	buf_json(&b, str_of(p->issuer));
	buf_puts(&b, ",\"client_id\":");
	buf_json(&b, str_of(p->client_id));
	buf_puts(&b, ",\"allowed_domains\":[");
	for (size_t i = 0; i < p->allowed_domains.n; i++) {
		buf_puts(&b, i > 0 ? "," : "");
		buf_json(&b, str_of(p->allowed_domains.items[i]));
	}
	buf_printf(&b, "],\"auto_provision\":%s,\"trust_mfa\":%s,\"role_map\":",
	    p->auto_provision ? "true" : "false", p->trust_mfa ? "true" : "false");
	buf_puts(&b, p->role_map.text);
	buf_putc(&b, '}');
	return buf_text(&b, e);
}

static bool
run_deed(const struct provider_deed *d, tx_fn *body, void *arg, enum audit_action action,
    const struct provider *p, struct err *e)
{
	struct audit_entry entry = { .action = action,
		.success = true,
		.caller = d->caller,
		.origin = d->origin,
		.target_kind = "identity_provider",
		.target_id = p->id,
		.details = details_of(d->mem, p, e) };

	if (entry.details == NULL)
		return false;
	return audit_deed(d->t, d->mem, d->a, body, arg, &entry, e) ||
	       db_taken(e, "An identity provider of that name exists.");
}

static bool
make_body(struct db *db, void *arg, struct err *e)
{
	return provider_add(db, arg, e);
}

static bool
check_count(const struct provider_deed *d, struct err *e)
{
	const struct uuid newest = { 0 };
	struct provider  *rows;
	size_t            n;

	if (!provider_list(d->t->db, d->mem, &newest, PROVIDERS_MAX, &rows, &n, e))
		return false;
	return n < PROVIDERS_MAX ||
	       err_set(e, ERR_QUOTA, 0, "There are too many identity providers.", "%zu", n);
}

bool
provider_make(const struct provider_deed *d, const struct provider_body *in, struct provider *out,
    struct err *e)
{
	struct provider_work w = { d, in, &provider_new_schema, out };

	*out = (struct provider) { .id = uuid_make(d->a->clock, d->a->rand),
		.created_at = { clock_ms(d->a->clock) } };
	out->kind = talloc_strdup(d->mem, in->kind);
	if (out->kind == NULL)
		return err_memory(e);
	return put_all(&w, e) && check_all(&w, NULL, e) && check_count(d, e) &&
	       run_deed(d, make_body, out, AUDIT_PROVIDER_CREATE, out, e);
}

/* The row is read before and written in the deed only if nobody else has changed it meanwhile. */
struct changing {
	const struct provider_deed *d;
	struct provider            *p;
	instant                     was;
};

/* What was begun by it, under that name. */
static bool
end_begun(const struct changing *c, enum ends_event event, const char *name, struct err *e)
{
	struct ending x = {
		.event = event, .now = { clock_ms(c->d->a->clock) }, .provider = name
	};

	return ends_apply(c->d->t, &x, e);
}

static bool
change_body(struct db *db, void *arg, struct err *e)
{
	struct changing *c = arg;
	struct provider  now;

	if (!provider_by_id(db, c->d->mem, &c->p->id, &now, e) ||
	    (c->d->check != NULL && !c->d->check(c->d->check_arg, &now, e)))
		return false;
	if (now.updated_at.ms != c->was.ms)
		return err_set(
		    e, ERR_CONFLICT, 0, "It was changed by somebody else just now.", "outrun");
	return provider_set(db, c->p, e) &&
	       (strcmp(now.name, c->p->name) == 0 || end_begun(c, END_PROVIDER_RENAMED, now.name, e));
}

/* Callers in the cache may be of a session that has just ended. */
static void
forget_callers(const struct provider_deed *d)
{
	if (d->a->segment != NULL)
		cache_bump_tenant(d->a->segment, &d->t->tenant->id);
}

/* The token endpoint is the issuer's word, and of Entra the directory's. */
static bool
check_secret(const struct provider_work *w, const struct provider *was, struct err *e)
{
	const struct secret_target targets[] = { { "issuer", was->issuer, w->p->issuer },
		{ "entra_tenant_id", was->entra_tenant_id, w->p->entra_tenant_id } };

	return bound_secret_check(w->d->mem, "client_secret", was->client_secret.p != NULL,
	    is_given(w, "client_secret"), targets, sizeof(targets) / sizeof(targets[0]), e);
}

bool
provider_change(const struct provider_deed *d, const struct uuid *id,
    const struct provider_body *in, struct provider *out, struct err *e)
{
	struct provider_work w = { d, in, &provider_change_schema, out };
	struct changing      c = { .d = d, .p = out };
	struct provider      was;

	if (!provider_by_id(d->t->db, d->mem, id, out, e))
		return false;
	was = *out;
	c.was = was.updated_at;
	if (!put_all(&w, e) || !check_all(&w, &was, e) || !check_secret(&w, &was, e) ||
	    !run_deed(d, change_body, &c, AUDIT_PROVIDER_UPDATE, out, e))
		return false;
	forget_callers(d);
	return true;
}

static bool
remove_body(struct db *db, void *arg, struct err *e)
{
	struct changing *c = arg;

	return (c->d->check == NULL || c->d->check(c->d->check_arg, c->p, e)) &&
	       provider_drop(db, c->p, e) && end_begun(c, END_PROVIDER_GONE, c->p->name, e);
}

bool
provider_remove(const struct provider_deed *d, const struct uuid *id, struct err *e)
{
	struct provider p;
	struct changing c = { .d = d, .p = &p };

	if (!provider_by_id(d->t->db, d->mem, id, &p, e) ||
	    !run_deed(d, remove_body, &c, AUDIT_PROVIDER_DELETE, &p, e))
		return false;
	forget_callers(d);
	return true;
}

char *
provider_redirect_uri(TALLOC_CTX *mem, const struct conf *conf, const char *name)
{
	return talloc_asprintf(
	    mem, "%s%s/api/auth/oidc/%s/callback", conf->public_url, conf->base_path, name);
}
