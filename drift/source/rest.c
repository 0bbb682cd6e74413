#include "drift/source/rest.h"

#include <stdio.h>
#include <string.h>

#include "drift/source/auth.h"
#include "drift/source/source_pack_priv.h"
#include "drift/source/url.h"

#define PARAMETER_MAX 1024

/* ---- the settings of a config ---- */

struct rest_settings {
	struct source_settings    s;
	struct raw_json           parameters;
	struct source_credential *credential;
	struct items              collections; /* http alone */
};

#define PARAMETERS                                                                                 \
	FIELD(struct rest_settings, parameters, .flags = FIELD_OMIT_ZERO,                          \
	    .doc = "Object: what the source pack wants to know, by its parameters' names "         \
		   "(GET /api/sources/{pack}). Of http: {base_url, headers?}.")
#define CREDENTIAL                                                                                 \
	FIELD(struct rest_settings, credential, .item = &source_credential_schema,                 \
	    .flags = FIELD_SECRET | FIELD_NULLABLE,                                                \
	    .doc = "How it proves who asks. It is kept sealed and never answered; it is kept "     \
		   "where it is left out and what is asked stays: the kind, the "                  \
		   "parameters, and of collections all that makes a request.")

static const struct field http_fields[] = {
	FIELD_AS(struct rest_settings, s.kind, "kind", .flags = FIELD_REQUIRED),
	PARAMETERS,
	CREDENTIAL,
	FIELD(struct rest_settings, collections, .min = 1, .max = SOURCE_COLLECTIONS_MAX,
	    .item = &source_collection_schema, .flags = FIELD_REQUIRED,
	    .doc = "http: what is read, as the collections of a source pack."),
	FIELD_END,
};
const struct schema source_http_schema =
    SCHEMA("DriftSourceHttp", struct rest_settings, http_fields);

/* Not to be taken for a pack that is spelt wrongly, what has collections is told so by rest_check.
 */
static const struct field pack_fields[] = {
	FIELD_AS(struct rest_settings, s.kind, "kind", .max = 64, .flags = FIELD_REQUIRED),
	PARAMETERS,
	CREDENTIAL,
	FIELD(struct rest_settings, collections, .max = SOURCE_COLLECTIONS_MAX,
	    .item = &source_collection_schema, .flags = FIELD_OMIT_ZERO,
	    .doc = "Of kind http alone."),
	FIELD_END,
};
const struct schema source_rest_schema =
    SCHEMA("DriftSourcePack", struct rest_settings, pack_fields);

/* ---- parameters ---- */

struct checking {
	TALLOC_CTX        *mem;
	struct rest       *out;
	const struct json *given;
	struct err        *e;
};

static bool
refuse(const struct checking *c, const char *name, const char *what)
{
	const char *at = talloc_asprintf(c->mem, "/source/parameters/%s", name);

	return at == NULL ? err_memory(c->e) : err_fault(c->e, c->mem, at, "%s", what);
}

static bool
is_plain(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] < ' ' || s.p[i] == 0x7f)
			return false;
	return s.n <= PARAMETER_MAX;
}

/* The texts of header fields; what may be one is the pack reader's to say. */
static bool
set_headers(const struct checking *c, const char *name, const struct json *v)
{
	const struct form_names none = { 0 };
	const char             *at = talloc_asprintf(c->mem, "/source/parameters/%s", name);
	struct form_members     members;
	struct rest            *out = c->out;

	if (at == NULL)
		return err_memory(c->e);
	if (!pack_headers_read(c->mem, v, &none, at, &members, c->e))
		return false;
	out->headers = talloc_zero_array(c->mem, struct source_header, members.n + 1);
	if (out->headers == NULL)
		return err_memory(c->e);
	for (uint32_t i = 0; i < members.n; i++) {
		const struct json *text = &v->items[i];

		if (!is_plain(text->text))
			return refuse(c, name, "has a value that is of more than one line");
		out->headers[i].name = str_dup(c->mem, members.items[i].name);
		out->headers[i].value = str_dup(c->mem, text->text);
		if (out->headers[i].name == NULL || out->headers[i].value == NULL)
			return err_memory(c->e);
	}
	out->headers_n = members.n;
	return true;
}

static bool
set_text(const struct checking *c, const struct source_parameter *p, const struct json *v,
    struct str *out)
{
	const char *text, *fault;

	if (v->type != JSON_STRING || v->text.n == 0 || !is_plain(v->text))
		return refuse(c, p->name, "must be a text of 1 to 1024 bytes, of one line");
	text = str_dup(c->mem, v->text);
	if (text == NULL)
		return err_memory(c->e);
	if (p->choices.n > 0 && !strings_have(p->choices, text))
		return refuse(c, p->name, "is none of what the source pack lets choose");
	fault = p->format != NULL && strcmp(p->format, "url") == 0 ? url_base_fault(v->text) : NULL;
	*out = (struct str) { text, v->text.n };
	return fault == NULL || refuse(c, p->name, fault);
}

static bool
set_parameter(const struct checking *c, size_t i)
{
	const struct source_parameter *p = &c->out->pack->parameters[i];
	const struct json             *v = c->given == NULL ? NULL : json_get(c->given, p->name);

	if (v == NULL || v->type == JSON_NULL) {
		if (p->required)
			return refuse(c, p->name, "is required");
		if (p->fallback != NULL)
			c->out->values[i] = str_of(p->fallback);
		return true;
	}
	if (p->format != NULL && strcmp(p->format, "headers") == 0)
		return set_headers(c, p->name, v);
	return set_text(c, p, v, &c->out->values[i]);
}

static bool
is_parameter(const struct source_pack *pack, struct str name)
{
	for (size_t i = 0; i < pack->parameters_n; i++)
		if (str_eqz(name, pack->parameters[i].name))
			return true;
	return false;
}

static bool
set_parameters(const struct checking *c)
{
	const struct source_pack *pack = c->out->pack;

	if (c->given != NULL && c->given->type != JSON_OBJECT && c->given->type != JSON_NULL)
		return err_fault(c->e, c->mem, "/source/parameters", "must be an object");
	for (uint32_t i = 0; c->given != NULL && i < c->given->n; i++)
		if (!is_parameter(pack, c->given->names[i])) {
			struct str name = str_head(c->given->names[i], 64);

			return err_fault(c->e, c->mem, "/source/parameters",
			    "has a member that is no parameter of this source: %.*s", (int)name.n,
			    name.p);
		}
	for (size_t i = 0; i < pack->parameters_n; i++)
		if (!set_parameter(c, i))
			return false;
	return true;
}

/* ---- hosts ---- */

static struct str
value_named(const struct rest *r, const char *name)
{
	for (size_t i = 0; i < r->pack->parameters_n; i++)
		if (strcmp(r->pack->parameters[i].name, name) == 0)
			return r->values[i];
	return (struct str) { 0 };
}

static bool
host_of(const struct checking *c, size_t i, struct str *out)
{
	const struct rest        *r = c->out;
	const struct source_host *h = &r->pack->hosts[i];
	const struct form_values  values = { r->values, NULL, NULL };
	struct buf                b;
	const char               *by;

	if (h->parameter != NULL) {
		*out = value_named(r, h->parameter);
		if (out->p != NULL)
			return true;
	}
	if (h->by != NULL) {
		by = str_dup(c->mem, value_named(r, h->by));
		if (by == NULL)
			return refuse(c, h->by, "is required");
		*out =
		    json_get(h->urls.tree, by) != NULL ? json_get(h->urls.tree, by)->text : STR("");
		return out->n > 0 || refuse(c, h->by, "has no base URL");
	}
	buf_make(&b, c->mem);
	if (!form_fill(&b, &r->pack->host_urls[i], &values, FORM_IN_PATH, c->e))
		return false;
	*out = buf_str(&b);
	return url_base_fault(*out) == NULL ||
	       err_fault(c->e, c->mem, "/source/parameters", "do not make a base URL");
}

static bool
set_hosts(const struct checking *c)
{
	struct rest *r = c->out;

	r->hosts = talloc_zero_array(c->mem, struct str, (unsigned)r->pack->hosts_n + 1);
	if (r->hosts == NULL)
		return err_memory(c->e);
	for (size_t i = 0; i < r->pack->hosts_n; i++) {
		if (!host_of(c, i, &r->hosts[i]))
			return false;
		while (r->hosts[i].n > 0 && r->hosts[i].p[r->hosts[i].n - 1] == '/')
			r->hosts[i].n--;
	}
	return true;
}

/* ---- checking ---- */

static bool
load(TALLOC_CTX *mem, const struct source *s, struct rest *out, struct err *e)
{
	struct err why = { 0 };

	out->pack = source_pack_load(mem, s->packs_dir, s->settings->kind, &why);
	if (out->pack != NULL)
		return true;
	if (why.code == ERR_MISSING)
		return err_fault(e, mem, "/source/kind",
		    "must be a kind of source, or the name of a source pack of this installation");
	*e = why;
	return false;
}

static bool
set_defaults(TALLOC_CTX *mem, struct source *s, struct err *e)
{
	struct str text;

	s->rule_packs = s->rest->pack->rule_packs;
	if (!source_pack_compare(mem, s->rest->pack, &text, e))
		return false;
	s->compare = json_parse(mem, text, e);
	return s->compare != NULL;
}

static bool
rest_check(TALLOC_CTX *mem, struct source *s, struct err *e)
{
	const struct rest_settings *set = (const struct rest_settings *)s->settings;
	struct rest                *r = talloc_zero(mem, struct rest);
	struct checking             c = { mem, r, set->parameters.tree, e };

	if (r == NULL)
		return err_memory(e);
	s->rest = r;
	if (!load(mem, s, r, e))
		return false;
	r->values = talloc_zero_array(mem, struct str, (unsigned)r->pack->parameters_n + 1);
	if (r->values == NULL)
		return err_memory(e);
	if (!set_parameters(&c) || !set_hosts(&c) ||
	    !source_auth_check(mem, r->pack, set->credential, "/source/credential", e))
		return false;
	if (r->pack->collections_n > 0 && set->collections.n > 0)
		return err_fault(e, mem, "/source/collections", "go with kind http");
	if (r->pack->collections_n == 0 &&
	    !source_pack_collections(mem, r->pack, &set->collections, "/source/collections", e))
		return false;
	return set_defaults(mem, s, e);
}

static const char *const rest_chooses[] = { "collections", "parameters", NULL };

const struct source_ops source_http = {
	.secret = "credential",
	.chooses = rest_chooses,
	.check = rest_check,
	.collect = &rest_collect,
};

/* Of a pack's name. */
const struct source_ops source_rest = {
	.secret = "credential",
	.chooses = rest_chooses,
	.check = rest_check,
	.collect = &rest_collect,
};
