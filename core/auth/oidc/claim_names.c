#include "core/auth/oidc/claim_names.h"

#include <string.h>

static const struct field claim_names_fields[] = {
	FIELD(struct claim_names, email, .min = 1, .max = CLAIM_NAME_MAX, .flags = FIELD_NULLABLE,
	    .doc = "The e-mail address; null: email.  Of kind oidc only."),
	FIELD(struct claim_names, email_verified, .min = 1, .max = CLAIM_NAME_MAX,
	    .flags = FIELD_NULLABLE,
	    .doc = "Whether the provider has verified the address; null: email_verified.  Of kind "
		   "oidc only."),
	FIELD(struct claim_names, name, .min = 1, .max = CLAIM_NAME_MAX, .flags = FIELD_NULLABLE,
	    .doc = "What the person is called; null: name."),
	FIELD(struct claim_names, groups, .min = 1, .max = CLAIM_NAME_MAX, .flags = FIELD_NULLABLE,
	    .doc = "The groups; null: groups.  A list, one text, or an object whose members' names "
		   "are meant: those that are true, or an object that is not empty."),
	FIELD(struct claim_names, roles, .min = 1, .max = CLAIM_NAME_MAX, .flags = FIELD_NULLABLE,
	    .doc = "The application's roles; null: roles.  As groups are."),
	FIELD_END,
};
const struct schema claim_names_schema =
    SCHEMA("ClaimNames", struct claim_names, claim_names_fields);

bool
claim_names_read(TALLOC_CTX *mem, struct raw_json stored, struct claim_names *out, struct err *e)
{
	struct err         why = { 0 };
	const struct json *v;

	*out = (struct claim_names) { 0 };
	if (stored.text == NULL)
		return true;
	v = json_parse(mem, str_of(stored.text), &why);
	return (v != NULL && schema_decode(mem, &claim_names_schema, v, out, &why)) ||
	       err_set(e, ERR_INTERNAL, 0, "internal error", "stored names of claims: %s", why.pub);
}

bool
claim_names_print(
    TALLOC_CTX *mem, const struct claim_names *in, struct raw_json *out, struct err *e)
{
	struct buf b;

	*out = (struct raw_json) { NULL, NULL };
	if (in == NULL || (in->email == NULL && in->email_verified == NULL && in->name == NULL &&
			      in->groups == NULL && in->roles == NULL))
		return true;
	buf_make(&b, mem);
	if (!schema_encode(&b, &claim_names_schema, in, e))
		return false;
	out->text = buf_text(&b, e);
	return out->text != NULL;
}

bool
claim_name_ok(const char *name)
{
	if (name[0] != '/')
		return true;
	for (const char *p = strchr(name, '~'); p != NULL; p = strchr(p + 1, '~'))
		if (p[1] != '0' && p[1] != '1')
			return false;
	return true;
}

/* ---- finding ---- */

static const struct json *
member(const struct json *v, struct str name)
{
	for (uint32_t i = 0; v->type == JSON_OBJECT && i < v->n; i++)
		if (str_eq(v->names[i], name))
			return &v->items[i];
	return NULL;
}

static const struct json *
by_path(const struct json *v, const char *path)
{
	for (;; path++) {
		size_t n = strcspn(path, ".");

		v = member(v, (struct str) { path, n });
		path += n;
		if (v == NULL || *path == '\0')
			return v;
	}
}

static bool
was_sent(const struct json *v)
{
	return v != NULL && v->type != JSON_NULL && (v->type != JSON_STRING || v->text.n > 0);
}

const struct json *
claim_find(const struct json *claims, const char *name)
{
	const struct json *v = NULL;

	if (claims == NULL)
		return NULL;
	if (name[0] == '/')
		v = json_at(claims, str_of(name));
	else
		v = json_get(claims, name);
	if (v == NULL && name[0] != '/' && strchr(name, '.') != NULL)
		v = by_path(claims, name);
	return was_sent(v) ? v : NULL;
}

/* ---- lists ---- */

/* One with U+0000 in it would be another one up to there. */
static bool
add(TALLOC_CTX *mem, struct str s, struct strings *out, struct err *e)
{
	if (s.n == 0 || memchr(s.p, '\0', s.n) != NULL)
		return true;
	out->items[out->n] = str_dup(mem, s);
	if (out->items[out->n] == NULL)
		return err_memory(e);
	out->n++;
	return true;
}

/* A member is held where Zitadel says in which organisations it is, or where it is true. */
static bool
is_held(const struct json *v)
{
	return v->type == JSON_TRUE || (v->type == JSON_OBJECT && v->n > 0);
}

/* Its i-th text; n == 0: it is none.  *understood: what stands there says whether it is held. */
static struct str
text_at(const struct json *v, uint32_t i, bool *understood)
{
	const struct json *item = &v->items[i];
	bool               is_member =
	    v->type == JSON_OBJECT && (json_is_bool(item) || item->type == JSON_OBJECT);

	*understood |= is_member || (v->type == JSON_ARRAY && item->type == JSON_STRING);
	if (v->type == JSON_OBJECT)
		return is_held(item) ? v->names[i] : (struct str) { NULL, 0 };
	return item->type == JSON_STRING ? item->text : (struct str) { NULL, 0 };
}

bool
claim_list(TALLOC_CTX *mem, const struct json *v, struct strings *out, bool *told, struct err *e)
{
	bool is_list = v->type == JSON_ARRAY || v->type == JSON_OBJECT, any = v->n == 0;

	out->items = talloc_realloc(mem, out->items, const char *, (unsigned)(out->n + v->n + 2));
	if (out->items == NULL)
		return err_memory(e);
	if (v->type == JSON_STRING) {
		*told = true;
		return add(mem, v->text, out, e);
	}
	for (uint32_t i = 0; is_list && i < v->n; i++)
		if (!add(mem, text_at(v, i, &any), out, e))
			return false;
	*told |= is_list && any;
	return true;
}
