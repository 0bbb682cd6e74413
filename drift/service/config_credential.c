#include "drift/service/config_credential.h"

#include <stdio.h>
#include <string.h>

#include "core/auth/bound_secret.h"
#include "core/base/secret.h"
#include "core/crypt/certificate.h"
#include "core/store/drift/credential_trouble.h"
#include "drift/alert/condition.h"

/* ---- what is kept of the config ---- */

/* The members of an object but one. */
static void
print_without(struct buf *b, const struct json *object, const char *member)
{
	bool first = true;

	buf_putc(b, '{');
	for (uint32_t i = 0; i < object->n; i++) {
		if (str_eqz(object->names[i], member))
			continue;
		if (!first)
			buf_putc(b, ',');
		first = false;
		buf_json(b, object->names[i]);
		buf_putc(b, ':');
		json_print(b, &object->items[i]);
	}
	buf_putc(b, '}');
}

static char *
without(TALLOC_CTX *mem, const struct json *spec, const char *member, struct err *e)
{
	struct buf b;

	buf_make(&b, mem);
	buf_putc(&b, '{');
	for (uint32_t i = 0; i < spec->n; i++) {
		if (i > 0)
			buf_putc(&b, ',');
		buf_json(&b, spec->names[i]);
		buf_putc(&b, ':');
		if (str_eqz(spec->names[i], "source"))
			print_without(&b, &spec->items[i], member);
		else
			json_print(&b, &spec->items[i]);
	}
	buf_putc(&b, '}');
	return buf_text(&b, e);
}

/* ---- where it goes ---- */

/* What of a collection makes a request; the rest says what is read of the answer. */
static const char *const asking[] = { "host", "over", "method", "path", "query", "headers", "body",
	"next", NULL };

static bool print_asked(struct buf *b, const struct json *list, struct err *e);

static bool
print_one(struct buf *b, const struct json *collection, struct err *e)
{
	const struct json *v;

	for (size_t i = 0; asking[i] != NULL; i++) {
		v = json_get(collection, asking[i]);
		if (v == NULL || v->type == JSON_NULL)
			continue;
		buf_puts(b, asking[i]);
		if (!json_canonical(b, v, e))
			return false;
	}
	buf_putc(b, ';');
	v = json_get(collection, "each");
	return v == NULL || print_asked(b, v, e);
}

/* No deeper than a spec's collections have each in them. */
static bool
print_asked(struct buf *b, const struct json *list, struct err *e)
{
	buf_putc(b, '[');
	for (uint32_t i = 0; list->type == JSON_ARRAY && i < list->n; i++)
		if (!print_one(b, &list->items[i], e))
			return false;
	buf_putc(b, ']');
	return true;
}

/* What is asked with it there: who has it could else have it write. */
static bool
asked_of(TALLOC_CTX *mem, const struct json *source, const char **out, struct err *e)
{
	const struct json *list = json_get(source, "collections");
	struct buf         b;

	buf_make(&b, mem);
	if (list != NULL && !print_asked(&b, list, e))
		return false;
	*out = buf_text(&b, e);
	return *out != NULL;
}

/* What of a source says so: all but what it shows and what it reads there. */
static bool
target_of(
    TALLOC_CTX *mem, const struct json *source, const char *member, const char **out, struct err *e)
{
	struct buf b;

	buf_make(&b, mem);
	for (uint32_t i = 0; i < source->n; i++) {
		if (str_eqz(source->names[i], member) || str_eqz(source->names[i], "collections") ||
		    source->items[i].type == JSON_NULL)
			continue;
		buf_json(&b, source->names[i]);
		if (!json_canonical(&b, &source->items[i], e))
			return false;
	}
	buf_putc(&b, '.');
	*out = buf_text(&b, e);
	return *out != NULL;
}

static bool
same_kind(const struct json *a, const struct json *b)
{
	const struct json *x = json_get(a, "kind"), *y = json_get(b, "kind");

	return x != NULL && y != NULL && x->type == JSON_STRING && y->type == JSON_STRING &&
	       str_eq(x->text, y->text);
}

/* It is not named, and the source is one of the same kind. */
static bool
keep(const struct acting *a, const struct json *before, const struct json *now, const char *member,
    const struct uuid *config, struct err *e)
{
	char                     at[80];
	struct secret_target     to[] = { { "source", NULL, NULL },
		    { "source/collections", NULL, NULL } };
	struct bound_secret      s = { at, true, false, to, 2 };
	struct source_credential c;

	if (!credential_by_config(a->by.t->db, a->by.mem, config, &c, &s.kept, e))
		return false;
	snprintf(at, sizeof(at), "source/%s", member);
	return target_of(a->by.mem, before, member, &to[0].was, e) &&
	       target_of(a->by.mem, now, member, &to[0].now, e) &&
	       asked_of(a->by.mem, before, &to[1].was, e) &&
	       asked_of(a->by.mem, now, &to[1].now, e) && bound_secret_check(a->by.mem, &s, e);
}

/* ---- what it is ---- */

static bool
ends(const struct acting *a, const struct json *given, const char *at, instant *end, struct err *e)
{
	const struct json *said = json_get(given, "expires_at"),
			  *pem = json_get(given, "certificate");
	char pointer[120];

	end->ms = 0;
	if (said != NULL && said->type != JSON_NULL) {
		snprintf(pointer, sizeof(pointer), "%s/expires_at", at);
		return (said->type == JSON_STRING && time_parse(said->text, &end->ms)) ||
		       err_fault(e, a->by.mem, pointer, "must be a date and time (RFC 3339)");
	}
	if (pem != NULL && pem->type == JSON_STRING)
		(void)certificate_end(pem->text, end);
	return true;
}

/* Configs that show the same to the same have the same. */
static bool
digest(const struct acting *a, const char *target, struct str plain, struct blob *out)
{
	uint8_t              *p = talloc_size(a->by.mem, HASH_LEN);
	struct hash_hmac_ctx *h =
	    hash_hmac_make(a->by.mem, a->by.t->address_key, sizeof(a->by.t->address_key));

	if (p == NULL || h == NULL)
		return false;
	hash_hmac_add(h, "credential", sizeof("credential"));
	hash_hmac_add(h, target, strlen(target) + 1);
	hash_hmac_add(h, plain.p, plain.n);
	hash_hmac_end(h, p);
	*out = (struct blob) { p, HASH_LEN };
	return true;
}

static bool
set(const struct acting *a, const struct json *source, const char *member,
    struct config_credential *out, struct err *e)
{
	const struct json *given = json_get(source, member);
	const char        *target;
	char               at[80];
	struct buf         plain;

	snprintf(at, sizeof(at), "/source/%s", member);
	buf_make_secret(&plain, a->by.mem);
	if (!json_canonical(&plain, given, e) || !target_of(a->by.mem, source, member, &target, e))
		return false;
	if (!buf_ok(&plain))
		return err_memory(e);
	if (plain.n > CREDENTIAL_MAX)
		return err_fault(e, a->by.mem, at, "must have at most %zu bytes", CREDENTIAL_MAX);
	out->deed = CREDENTIAL_SET;
	if (!ends(a, given, at, &out->row.ends_at, e))
		return false;
	if (!digest(a, target, buf_str(&plain), &out->row.digest))
		return err_memory(e);
	return tenant_seal(a->by.t, a->by.mem, CREDENTIAL_PLACE(&out->row.config_id),
	    buf_str(&plain), &out->row.secret, e);
}

/* ---- ---- */

static bool
plan(const struct acting *a, const struct credential_change *c, const struct json *now,
    struct config_credential *out, struct err *e)
{
	const char        *member = c->spec->source.ops->secret;
	const struct json *given = member == NULL ? NULL : json_get(now, member);
	const struct json *old = c->was == NULL ? NULL : json_parse(a->by.mem, str_of(c->was), e);
	const struct json *before = old == NULL ? NULL : json_get(old, "source");

	if (c->was != NULL && old == NULL)
		return false;
	out->deed = CREDENTIAL_DROP;
	if (given != NULL && given->type != JSON_NULL)
		return set(a, now, member, out, e);
	if (member == NULL || given != NULL || before == NULL || !same_kind(before, now))
		return true;
	out->deed = CREDENTIAL_KEEP;
	return keep(a, before, now, member, c->config, e);
}

bool
config_credential_plan(const struct acting *a, const struct credential_change *c,
    struct config_credential *out, char **kept, struct err *e)
{
	const struct json *spec = json_parse(a->by.mem, str_of(c->text), e);
	const struct json *source = spec == NULL ? NULL : json_get(spec, "source");
	const char        *member = c->spec->source.ops->secret;

	*out = (struct config_credential) { .row.config_id = *c->config };
	if (spec == NULL)
		return false;
	if (source == NULL || !plan(a, c, source, out, e))
		return source != NULL || err_set(e, ERR_INTERNAL, 0, "internal error",
					     "a spec without a source was compiled");
	*kept = without(a->by.mem, spec, member == NULL ? "" : member, e);
	return *kept != NULL;
}

/* ---- what was told of it ---- */

static bool
same(const struct blob *a, const struct blob *b)
{
	return a->n == b->n && memcmp(a->p, b->p, a->n) == 0;
}

/* The others that show the one before are told of by an alert of theirs, when it is refused again.
 */
static bool
end_told(
    struct db *db, const struct alert_scope *s, const struct config_credential *c, struct err *e)
{
	static const char         note[] = "It has another credential now.";
	struct source_credential  was;
	struct credential_trouble t;
	bool                      there;

	if (!credential_by_config(db, s->mem, &s->config_id, &was, &there, e))
		return false;
	if (!there || (c->deed == CREDENTIAL_SET && same(&was.digest, &c->row.digest)))
		return true;
	if (!credential_trouble(db, s->mem, was.digest, &t, e) ||
	    !condition_close(s, CONDITION_CREDENTIAL, note, e) ||
	    !condition_close(s, CONDITION_CREDENTIAL_END, note, e))
		return false;
	return t.told_days == 0 || !uuid_eq(&t.eldest, &s->config_id) ||
	       credential_end_untold(db, was.digest, e);
}

bool
config_credential_write(
    struct db *db, const struct alert_scope *s, const struct config_credential *c, struct err *e)
{
	if (c->deed != CREDENTIAL_KEEP && !end_told(db, s, c, e))
		return false;
	switch (c->deed) {
	case CREDENTIAL_SET:
		return credential_put(db, &c->row, e);
	case CREDENTIAL_DROP:
		return credential_drop(db, &s->config_id, e);
	case CREDENTIAL_KEEP:
		break;
	}
	return true;
}
