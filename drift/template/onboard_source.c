/* onboard.h: where what an app shows would go. */
#include <string.h>

#include "drift/source/rest.h"
#include "drift/template/onboard.h"
#include "drift/template/says.h"

#define DIRECTORY "tenant_id" /* the parameter, and the variable */

struct json *
onboard_variables(TALLOC_CTX *mem, const char *directory, struct err *e)
{
	struct json *v = talloc_zero(mem, struct json);

	if (v == NULL) {
		err_memory(e);
		return NULL;
	}
	*v = (struct json) { .type = JSON_OBJECT, .n = 1 };
	v->items = talloc_zero_array(v, struct json, 1);
	v->names = talloc_array(v, struct str, 1);
	if (v->items == NULL || v->names == NULL) {
		err_memory(e);
		return NULL;
	}
	v->names[0] = STR(DIRECTORY);
	v->items[0] = (struct json) { .type = JSON_STRING };
	v->items[0].text = str_of(directory);
	return v;
}

void
onboard_parameters(struct buf *b, const struct json *parameters)
{
	for (uint32_t i = 0; parameters != NULL && i < parameters->n; i++) {
		buf_putc(b, ',');
		buf_json(b, parameters->names[i]);
		buf_putc(b, ':');
		json_print(b, &parameters->items[i]);
	}
}

/* Whatever is wrong with a template is wrong with the pack that it stands for. */
static struct drift_spec *
unfit(const struct acting *a, const char *at, const struct err *why, struct err *e)
{
	if (why->code != ERR_INVALID)
		*e = *why;
	else if (why->faults != NULL)
		err_fault(e, a->by.mem, at, "does not fit: %s %s", why->faults->pointer,
		    why->faults->detail);
	else
		err_fault(e, a->by.mem, at, "does not fit: %s", why->pub);
	return NULL;
}

static struct drift_spec *
source_of(const struct acting *a, const struct buf *text, const char *at, struct err *e)
{
	struct drift_config c = { 0 };
	struct err          why = { 0 };
	struct drift_spec  *spec;

	c.spec = buf_text(text, e);
	if (c.spec == NULL)
		return NULL;
	spec = spec_source(a->by.mem, a->drift, &c, &why);
	return spec != NULL ? spec : unfit(a, at, &why, e);
}

/* ---- the pack ---- */

struct str
onboard_login(const struct drift_spec *s)
{
	const struct rest *r = s->source.rest;

	for (size_t i = 0; i < r->pack->hosts_n; i++)
		if (strcmp(r->pack->hosts[i].name, r->pack->auth->host) == 0)
			return r->hosts[i];
	return STR("");
}

static struct str
directory_of(const struct rest *r)
{
	for (size_t i = 0; i < r->pack->parameters_n; i++)
		if (strcmp(r->pack->parameters[i].name, DIRECTORY) == 0)
			return r->values[i];
	return STR("");
}

static bool
is_by_consent(const struct drift_spec *s)
{
	const struct source_pack *p = s->source.rest == NULL ? NULL : s->source.rest->pack;

	return p != NULL && p->auth != NULL && p->auth->host != NULL &&
	       strcmp(p->auth->kind, "oauth2_client_credentials") == 0 &&
	       directory_of(s->source.rest).n > 0 && onboard_login(s).n > 0;
}

struct drift_spec *
onboard_pack(const struct acting *a, const struct onboard_lead *l, struct err *e)
{
	struct drift_spec *spec;
	struct buf         b;

	buf_make(&b, a->by.mem);
	buf_puts(&b, "{\"source\":{\"kind\":");
	buf_json(&b, str_of(l->pack));
	buf_puts(&b, ",\"parameters\":{\"" DIRECTORY "\":");
	buf_json(&b, str_of(l->directory));
	onboard_parameters(&b, l->parameters);
	buf_puts(&b, "}}}");
	spec = source_of(a, &b, l->at, e);
	if (spec == NULL || is_by_consent(spec))
		return spec;
	err_fault(
	    e, a->by.mem, l->at, "is no source that an administrator of a directory consents to");
	return NULL;
}

/* ---- its template ---- */

/* The same pack, asked at the same hosts for the same directory. */
static bool
leads_there(const struct drift_spec *s, const struct drift_spec *own)
{
	const struct rest *is = s->source.rest, *as = own->source.rest;

	if (is == NULL || strcmp(is->pack->name, as->pack->name) != 0 ||
	    is->pack->hosts_n != as->pack->hosts_n || !str_eq(directory_of(is), directory_of(as)))
		return false;
	for (size_t i = 0; i < is->pack->hosts_n; i++)
		if (!str_eq(is->hosts[i], as->hosts[i]))
			return false;
	return true;
}

struct drift_spec *
onboard_source(
    const struct acting *a, const struct onboard_lead *l, const struct says *s, struct err *e)
{
	const struct json *v = onboard_variables(a->by.mem, l->directory, e);
	struct drift_spec *own = v == NULL ? NULL : onboard_pack(a, l, e), *spec;
	struct err         why = { 0 };
	struct json        whole;
	struct buf         b;

	if (own == NULL)
		return NULL;
	if (!says_variables_check(a->by.mem, s, v, "/variables", &why) ||
	    !says_render(a->by.mem, s, v, a->work, &whole, &why))
		return unfit(a, l->at, &why, e);
	buf_make(&b, a->by.mem);
	json_print(&b, &whole);
	spec = source_of(a, &b, l->at, e);
	if (spec == NULL || leads_there(spec, own))
		return spec;
	err_fault(e, a->by.mem, l->at,
	    "has a template of that name that leads elsewhere than the pack: to other hosts, or to "
	    "another directory. Change the template, or say the same hosts in parameters.");
	return NULL;
}
