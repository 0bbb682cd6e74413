#include "drift/template/says.h"

#include <stdio.h>
#include <string.h>

/* ---- variables ---- */

static const struct json *
fallback_of(const struct golden_variable *v)
{
	return (v->given & schema_bit(&golden_variable_schema, "default")) != 0 ? v->fallback.tree
										: NULL;
}

static bool
variables_of(TALLOC_CTX *mem, const struct says *s, const struct json *given,
    struct template_variable **out, struct err *e)
{
	struct template_variable *v = talloc_zero_size(mem, (s->n + 1) * sizeof(*v));

	*out = v;
	if (v == NULL)
		return err_memory(e);
	for (size_t i = 0; i < s->n; i++) {
		const struct json *own = json_get(given, s->variables[i].name);

		v[i].name = str_of(s->variables[i].name);
		v[i].value = own != NULL ? own : fallback_of(&s->variables[i]);
	}
	return true;
}

static bool
is_variable(const struct says *s, struct str name)
{
	for (size_t i = 0; i < s->n; i++)
		if (str_eqz(name, s->variables[i].name))
			return true;
	return false;
}

bool
says_variables_check(TALLOC_CTX *mem, const struct says *s, const struct json *given,
    const char *root, struct err *e)
{
	struct buf at;

	for (uint32_t i = 0; given != NULL && i < given->n; i++) {
		if (is_variable(s, given->names[i]))
			continue;
		buf_make(&at, mem);
		buf_puts(&at, root);
		json_pointer_add(&at, given->names[i]);
		if (!buf_ok(&at))
			return err_memory(e);
		err_fault(e, mem, buf_str(&at).p, "is no variable of the template");
	}
	return e->code == ERR_OK && (given == NULL || template_check_value(mem, given, root, e));
}

static bool
check_names(TALLOC_CTX *mem, const struct says *s, struct err *e)
{
	char at[48];

	for (size_t i = 0; i < s->n; i++) {
		snprintf(at, sizeof(at), "/variables/%zu/name", i);
		if (!template_is_name(str_of(s->variables[i].name)))
			err_fault(e, mem, at, "is a letter, then letters, digits and _");
		for (size_t j = 0; j < i; j++)
			if (strcmp(s->variables[i].name, s->variables[j].name) == 0)
				err_fault(e, mem, at, "is there twice");
	}
	return e->code == ERR_OK;
}

/* ---- the config ---- */

static struct template template_of(
    struct resource *one, const struct says *s, const struct template_variable *v)
{
	*one = (struct resource) { .category = STR("config"), .value = s->config };
	return (struct template) { one, 1, v, s->n };
}

/* "/resources/0/value/..." of the engine is "/config/..." here. */
static void
move_faults(TALLOC_CTX *mem, struct err *e)
{
	static const char there[] = "/resources/0/value";

	for (struct fault *f = e->faults; f != NULL; f = f->next)
		if (strncmp(f->pointer, there, strlen(there)) == 0) {
			char *moved = talloc_asprintf(mem, "/config%s", f->pointer + strlen(there));

			if (moved != NULL)
				f->pointer = moved;
		}
}

static bool
check_members(TALLOC_CTX *mem, const struct says *s, struct err *e)
{
	const struct json *source = json_get(s->config, "source");
	const struct json *baseline = json_get(json_get(s->config, "baseline"), "mode");

	for (uint32_t i = 0; i < s->config->n; i++) {
		struct buf at;
		bool       known = false;

		for (const struct field *f = drift_config_create_schema.fields; f->name != NULL;
		     f++)
			known = known || str_eqz(s->config->names[i], f->name);
		if (known)
			continue;
		buf_make(&at, mem);
		buf_puts(&at, "/config");
		json_pointer_add(&at, s->config->names[i]);
		if (!buf_ok(&at))
			return err_memory(e);
		err_fault(e, mem, buf_str(&at).p, "is no member of a config");
	}
	if (json_get(s->config, "name") == NULL)
		err_fault(e, mem, "/config/name", "is missing");
	if (source == NULL || source->type != JSON_OBJECT)
		err_fault(e, mem, "/config/source", "is missing");
	if (json_get(source, "credential") != NULL)
		err_fault(e, mem, "/config/source/credential",
		    "a template holds no credential: it is given where the template is applied");
	if (baseline != NULL && baseline->type == JSON_STRING && str_eqz(baseline->text, "golden"))
		err_fault(e, mem, "/config/baseline/mode",
		    "a golden baseline is bound by PUT .../baseline, once the config is there");
	return e->code == ERR_OK;
}

/* Where every variable has a default it can be looked at as a whole. */
static bool
check_whole(TALLOC_CTX *mem, const struct says *s, struct work *work, struct err *e)
{
	struct spec_body body;
	struct json      whole;

	for (size_t i = 0; i < s->n; i++)
		if (fallback_of(&s->variables[i]) == NULL)
			return true;
	return says_render(mem, s, NULL, work, &whole, e) &&
	       schema_decode_at(mem, &drift_config_create_schema, &whole, "/config", &body, e);
}

bool
says_check(TALLOC_CTX *mem, const struct says *s, struct work *work, struct err *e)
{
	struct template_variable *v;
	struct resource           one;
	struct template t;

	if (s->config == NULL || s->config->type != JSON_OBJECT)
		return err_fault(e, mem, "/config", "is an object: a config as it is made");
	if (!check_names(mem, s, e) || !check_members(mem, s, e) ||
	    !variables_of(mem, s, NULL, &v, e))
		return false;
	t = template_of(&one, s, v);
	if (!template_check(mem, &t, RESOURCE_SOURCE, work, e)) {
		move_faults(mem, e);
		return false;
	}
	return check_whole(mem, s, work, e);
}

/* A member that is null is none, as where a config is made. */
static bool
without_nulls(TALLOC_CTX *mem, const struct json *v, struct json *out, struct err *e)
{
	*out = (struct json) { .type = JSON_OBJECT };
	out->items = talloc_array(mem, struct json, v->n + 1);
	out->names = talloc_array(mem, struct str, v->n + 1);
	if (out->items == NULL || out->names == NULL)
		return err_memory(e);
	for (uint32_t i = 0; i < v->n; i++) {
		if (v->items[i].type == JSON_NULL)
			continue;
		out->names[out->n] = v->names[i];
		out->items[out->n++] = v->items[i];
	}
	return true;
}

bool
says_render(TALLOC_CTX *mem, const struct says *s, const struct json *given, struct work *work,
    struct json *out, struct err *e)
{
	struct template_variable *v;
	struct resource           one, *made;
	struct template t;

	if (!variables_of(mem, s, given, &v, e))
		return false;
	for (size_t i = 0; i < s->n; i++)
		if (v[i].value == NULL) {
			char at[TEMPLATE_NAME_MAX + 16];

			snprintf(at, sizeof(at), "/variables/%s", s->variables[i].name);
			err_fault(
			    e, mem, at, "has no value here, and the template has none for it");
		}
	if (e->code != ERR_OK)
		return false;
	t = template_of(&one, s, v);
	return template_render(mem, &t, "/variables", &made, work, e) &&
	       without_nulls(mem, made[0].value, out, e);
}

/* ---- texts ---- */

bool
says_print(TALLOC_CTX *mem, const struct says *s, struct ctemplate_version *out, struct err *e)
{
	struct buf config, variables;

	buf_make(&config, mem);
	buf_make(&variables, mem);
	json_print(&config, s->config);
	buf_putc(&variables, '[');
	for (size_t i = 0; i < s->n; i++) {
		const struct golden_variable *v = &s->variables[i];
		const struct json            *fallback = fallback_of(v);

		buf_puts(&variables, i == 0 ? "{\"name\":" : ",{\"name\":");
		buf_json(&variables, str_of(v->name));
		if (v->description != NULL) {
			buf_puts(&variables, ",\"description\":");
			buf_json(&variables, str_of(v->description));
		}
		if (fallback != NULL) {
			buf_puts(&variables, ",\"default\":");
			json_print(&variables, fallback);
		}
		buf_putc(&variables, '}');
	}
	buf_putc(&variables, ']');
	out->config = buf_text(&config, e);
	out->variables = out->config == NULL ? NULL : buf_text(&variables, e);
	if (out->variables == NULL)
		return false;
	return config.n <= TEMPLATE_BYTES_MAX ||
	       err_fault(e, mem, "/config", "is longer than %d bytes", TEMPLATE_BYTES_MAX);
}

bool
says_read(TALLOC_CTX *mem, const struct ctemplate_version *v, struct says *out, struct err *e)
{
	const struct json *list = json_parse(mem, str_of(v->variables), e);

	*out =
	    (struct says) { .config = list == NULL ? NULL : json_parse(mem, str_of(v->config), e) };
	if (out->config == NULL)
		return false;
	out->n = list->n;
	out->variables = talloc_zero_size(mem, (out->n + 1) * sizeof(*out->variables));
	if (out->variables == NULL)
		return err_memory(e);
	for (size_t i = 0; i < out->n; i++)
		if (!schema_decode(
			mem, &golden_variable_schema, &list->items[i], &out->variables[i], e))
			return false;
	return true;
}

/* ---- as a whole ---- */

bool
whole_config(TALLOC_CTX *mem, const struct drift_config *c, struct json *out, struct err *e)
{
	const struct json *spec = json_parse(mem, str_of(c->spec), e);

	if (spec == NULL)
		return false;
	*out = (struct json) { .type = JSON_OBJECT, .n = spec->n + 1 };
	out->items = talloc_array(mem, struct json, spec->n + 1);
	out->names = talloc_array(mem, struct str, spec->n + 1);
	if (out->items == NULL || out->names == NULL)
		return err_memory(e);
	out->names[0] = STR("name");
	out->items[0] = (struct json) { .type = JSON_STRING };
	out->items[0].text = str_of(c->name);
	for (uint32_t i = 0; i < spec->n; i++) {
		out->names[i + 1] = spec->names[i];
		out->items[i + 1] = spec->items[i];
	}
	return true;
}
