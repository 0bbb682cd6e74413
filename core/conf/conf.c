#include "core/conf/conf.h"

#include <stdio.h>
#include <string.h>

#include <libconfig.h>

#include "core/base/cidr.h"
#include "core/conf/conf_file.h"

#define NAME_MAX_BYTES 64

/* ---- keys ---- */

static const struct conf_key *
key_of(const char *name)
{
	for (const struct conf_key *k = conf_keys; k->name != NULL; k++)
		if (strcmp(k->name, name) == 0)
			return k;
	return NULL;
}

static bool
is_group(const char *name)
{
	size_t n = strlen(name);

	for (const struct conf_key *k = conf_keys; k->name != NULL; k++)
		if (strncmp(k->name, name, n) == 0 && k->name[n] == '.')
			return true;
	return false;
}

/* Letters to change, add or remove to make one name of the other; names are short. */
static size_t
distance(const char *a, const char *b)
{
	size_t row[NAME_MAX_BYTES + 1];
	size_t nb = strnlen(b, NAME_MAX_BYTES);

	for (size_t j = 0; j <= nb; j++)
		row[j] = j;
	for (size_t i = 0; a[i] != '\0'; i++) {
		size_t diagonal = row[0];

		row[0] = i + 1;
		for (size_t j = 0; j < nb; j++) {
			size_t swap = diagonal + (a[i] != b[j]);
			size_t step = (row[j] < row[j + 1] ? row[j] : row[j + 1]) + 1;

			diagonal = row[j + 1];
			row[j + 1] = swap < step ? swap : step;
		}
	}
	return row[nb];
}

static bool
refuse_unknown(struct conf_loader *l, unsigned line, const char *name)
{
	const struct conf_key *best = NULL;
	size_t                 least = strlen(name) / 3 + 2;

	for (const struct conf_key *k = conf_keys; k->name != NULL; k++) {
		bool   begins = strncmp(k->name, name, strlen(name)) == 0;
		size_t d = begins ? 0 : distance(name, k->name);

		if (d < least) {
			least = d;
			best = k;
		}
	}
	if (best == NULL)
		return conf_refuse(l, line, "unknown setting \"%s\"", name);
	return conf_refuse(
	    l, line, "unknown setting \"%s\"; did you mean \"%s\"?", name, best->name);
}

/* ---- one value ---- */

static bool
is_url(struct str s, const char *secure, const char *plain)
{
	size_t     scheme = str_starts(s, secure)  ? strlen(secure)
			    : str_starts(s, plain) ? strlen(plain)
						   : 0;
	struct str host = { s.p + scheme, s.n - scheme };

	if (scheme == 0 || host.n == 0)
		return false;
	for (size_t i = 0; i < host.n; i++)
		if ((uint8_t)host.p[i] <= ' ' || (uint8_t)host.p[i] > '~' ||
		    strchr("/?#@\\\"<>", host.p[i]) != NULL)
			return false;
	return true;
}

static bool
is_prefix(struct str s)
{
	if (s.n == 0)
		return true;
	if (s.p[0] != '/' || s.p[s.n - 1] == '/')
		return false;
	for (size_t i = 0; i < s.n; i++) {
		if ((uint8_t)s.p[i] <= ' ' || (uint8_t)s.p[i] > '~' ||
		    strchr("?#%\\\"<>;", s.p[i]) != NULL)
			return false;
		if (s.p[i] == '/' && (s.p[i + 1] == '/' || s.p[i + 1] == '.'))
			return false;
	}
	return true;
}

static bool
cut_number(struct str *s, int64_t *out)
{
	for (size_t i = s->n; i > 0; i--) {
		if (s->p[i - 1] != ' ')
			continue;
		if (!str_to_i64((struct str) { s->p + i, s->n - i }, out))
			return false;
		*s = (struct str) { s->p, i - 1 };
		return *out >= 0 && *out <= CONF_RATE_MAX;
	}
	return false;
}

bool
conf_rate_route(struct str text, struct str *route, struct conf_rate *rate)
{
	struct str method, path;

	if (!cut_number(&text, &rate->burst) || !cut_number(&text, &rate->per_minute))
		return false;
	path = str_cut(text, ' ', &method);
	*route = text;
	return method.n > 0 && path.n > 0 && path.p[0] == '/' &&
	       memchr(path.p, ' ', path.n) == NULL;
}

static bool
check_rate(struct conf_loader *l, const struct conf_key *k, unsigned line, const char *z)
{
	struct conf_rate rate;
	struct str       route;

	return conf_rate_route(str_of(z), &route, &rate) ||
	       conf_refuse(l, line,
		   "%s: \"%s\" is not like \"POST /api/path/{id} 600 200\" (per minute, burst)",
		   k->name, z);
}

static bool
check_form(struct conf_loader *l, const struct conf_key *k, unsigned line, const char *z)
{
	struct cidr c;

	switch (k->form) {
	case CONF_URL:
		return is_url(str_of(z), "https://", "http://") ||
		       conf_refuse(l, line,
			   "%s must be like \"https://host\" or \"http://host:8080\"", k->name);
	case CONF_SMTP:
		return z[0] == '\0' || is_url(str_of(z), "smtps://", "smtp://") ||
		       conf_refuse(l, line,
			   "%s must be empty or like \"smtp://host:587\" or \"smtps://host:465\"",
			   k->name);
	case CONF_PREFIX:
		return is_prefix(str_of(z)) ||
		       conf_refuse(l, line, "%s must be empty or a path like \"/bsx\"", k->name);
	case CONF_PATH:
		return z[0] == '/' || (z[0] == '\0' && k->min == 0) ||
		       conf_refuse(l, line, "%s must be an absolute path", k->name);
	case CONF_LOG:
		return z[0] == '/' || strcmp(z, "stderr") == 0 || strcmp(z, "syslog") == 0 ||
		       conf_refuse(l, line, "%s must be \"stderr\", \"syslog\" or an absolute path",
			   k->name);
	case CONF_CIDRS:
		return cidr_parse(str_of(z), &c) || conf_refuse(l, line,
							"%s: \"%s\" is no address and no range "
							"like \"10.0.0.0/8\" or \"fd00::/8\"",
							k->name, z);
	case CONF_RATES:
		return check_rate(l, k, line, z);
	case CONF_ANY:
	case CONF_OCTAL:
		return true;
	}
	return true;
}

static bool
check_choice(struct conf_loader *l, const struct conf_key *k, unsigned line, const char *z)
{
	struct buf b;

	for (size_t i = 0; k->choices[i] != NULL; i++)
		if (strcmp(k->choices[i], z) == 0)
			return true;
	buf_make(&b, l->mem);
	for (size_t i = 0; k->choices[i] != NULL; i++)
		buf_printf(&b, "%s\"%s\"", i > 0 ? ", " : "", k->choices[i]);
	return conf_refuse(l, line, "%s must be one of %s", k->name, buf_str(&b).p);
}

/* A string of the file as a copy of ours; NULL: refused. */
static const char *
take_text(struct conf_loader *l, const struct conf_key *k, const config_setting_t *s)
{
	unsigned    line = config_setting_source_line(s);
	const char *z = config_setting_get_string(s);
	struct str  text = str_of(z);
	size_t      max = k->kind == FIELD_STR && k->max > 0 ? (size_t)k->max : 255;
	char       *copy;

	for (size_t i = 0; i < text.n; i++)
		if ((uint8_t)z[i] < ' ' || z[i] == 0x7F || !str_is_utf8(text)) {
			conf_refuse(l, line, "%s has a control character or is not UTF-8", k->name);
			return NULL;
		}
	if (text.n > max) {
		conf_refuse(l, line, "%s must be at most %zu bytes long", k->name, max);
		return NULL;
	}
	if (k->choices != NULL ? !check_choice(l, k, line, z) : !check_form(l, k, line, z))
		return NULL;
	if (k->kind == FIELD_STR && text.n < (size_t)k->min) {
		conf_refuse(l, line, "%s must not be empty", k->name);
		return NULL;
	}
	copy = talloc_strdup(l->conf, z);
	if (copy == NULL)
		err_memory(l->e);
	return copy;
}

static bool
set_string(struct conf_loader *l, const struct conf_key *k, const config_setting_t *s, char *out)
{
	const char *z;

	if (config_setting_type(s) != CONFIG_TYPE_STRING)
		return conf_refuse(
		    l, config_setting_source_line(s), "%s must be a string in \" \"", k->name);
	z = take_text(l, k, s);
	memcpy(out, &z, sizeof(z));
	return z != NULL;
}

static bool
parse_octal(const char *z, int64_t *out)
{
	size_t n = strlen(z);

	*out = 0;
	if (n < 3 || n > 4)
		return false;
	for (; *z != '\0'; z++) {
		if (*z < '0' || *z > '7')
			return false;
		*out = *out * 8 + (*z - '0');
	}
	return true;
}

static bool
refuse_range(struct conf_loader *l, const struct conf_key *k, unsigned line)
{
	long long lo = (long long)k->min, hi = (long long)k->max;

	if (k->form == CONF_OCTAL)
		return conf_refuse(l, line, "%s must be between \"%04llo\" and \"%04llo\"", k->name,
		    (unsigned long long)lo, (unsigned long long)hi);
	return conf_refuse(l, line, "%s must be between %lld and %lld%s%s", k->name, lo, hi,
	    k->unit != NULL ? " " : "", k->unit != NULL ? k->unit : "");
}

static bool
set_integer(struct conf_loader *l, const struct conf_key *k, const config_setting_t *s, char *out)
{
	unsigned line = config_setting_source_line(s);
	int      type = config_setting_type(s);
	int64_t  v = 0;

	if (k->form == CONF_OCTAL) {
		if (type != CONFIG_TYPE_STRING || !parse_octal(config_setting_get_string(s), &v))
			return conf_refuse(
			    l, line, "%s must be a string of octal digits, like \"0660\"", k->name);
	} else if (type != CONFIG_TYPE_INT && type != CONFIG_TYPE_INT64) {
		return conf_refuse(l, line, "%s must be an integer", k->name);
	} else {
		v = config_setting_get_int64(s);
	}
	if (v < k->min || v > k->max)
		return refuse_range(l, k, line);
	memcpy(out, &v, sizeof(v));
	return true;
}

static bool
set_bool(struct conf_loader *l, const struct conf_key *k, const config_setting_t *s, char *out)
{
	bool v = config_setting_get_bool(s) != 0;

	if (config_setting_type(s) != CONFIG_TYPE_BOOL)
		return conf_refuse(
		    l, config_setting_source_line(s), "%s must be true or false", k->name);
	memcpy(out, &v, sizeof(v));
	return true;
}

static bool
set_strings(struct conf_loader *l, const struct conf_key *k, const config_setting_t *s, char *out)
{
	unsigned       line = config_setting_source_line(s);
	struct strings list = { 0 };
	int            n = config_setting_length(s);
	int            type = config_setting_type(s);

	if (type != CONFIG_TYPE_ARRAY && type != CONFIG_TYPE_LIST)
		return conf_refuse(
		    l, line, "%s must be a list of strings, like [ \"a\", \"b\" ]", k->name);
	if (n > k->max)
		return conf_refuse(
		    l, line, "%s must have at most %lld elements", k->name, (long long)k->max);
	list.items = talloc_zero_size(l->conf, ((size_t)n + 1) * sizeof(*list.items));
	if (list.items == NULL)
		return err_memory(l->e);
	for (int i = 0; i < n; i++) {
		const config_setting_t *element = config_setting_get_elem(s, (unsigned)i);

		if (config_setting_type(element) != CONFIG_TYPE_STRING)
			return conf_refuse(l, line, "%s must have strings only", k->name);
		list.items[i] = take_text(l, k, element);
		if (list.items[i] == NULL)
			return false;
		list.n++;
	}
	memcpy(out, &list, sizeof(list));
	return true;
}

static bool
set_value(struct conf_loader *l, const struct conf_key *k, const config_setting_t *s)
{
	char *out = (char *)l->conf + k->offset;

	if (k->kind == FIELD_STR)
		return set_string(l, k, s, out);
	if (k->kind == FIELD_I64)
		return set_integer(l, k, s, out);
	if (k->kind == FIELD_BOOL)
		return set_bool(l, k, s, out);
	if (k->kind == FIELD_STRINGS)
		return set_strings(l, k, s, out);
	return err_set(l->e, ERR_INTERNAL, 0, "internal error", "%s: no such kind", k->name);
}

/* ---- the file ---- */

/* `group` is "" at the top. */
static bool
set_group(struct conf_loader *l, const char *group, const config_setting_t *s)
{
	for (int i = 0; i < config_setting_length(s); i++) {
		const config_setting_t *m = config_setting_get_elem(s, (unsigned)i);
		unsigned                line = config_setting_source_line(m);
		const struct conf_key  *k;
		char                    name[NAME_MAX_BYTES];

		snprintf(name, sizeof(name), "%s%s%s", group, group[0] != '\0' ? "." : "",
		    config_setting_name(m));
		k = key_of(name);
		if (config_setting_type(m) == CONFIG_TYPE_GROUP && is_group(name)) {
			if (!set_group(l, name, m))
				return false;
		} else if (k != NULL) {
			if (!set_value(l, k, m))
				return false;
		} else if (is_group(name)) {
			return conf_refuse(l, line, "%s must be a group: %s: { ... };", name, name);
		} else {
			return refuse_unknown(l, line, name);
		}
	}
	return true;
}

static bool
set_defaults(struct conf_loader *l)
{
	bool ok = true;

	for (const struct conf_key *k = conf_keys; ok && k->name != NULL; k++) {
		char     text[300];
		config_t c;

		snprintf(text, sizeof(text), "v = %s;", k->value);
		config_init(&c);
		ok = config_read_string(&c, text) == CONFIG_TRUE
			 ? set_value(l, k, config_lookup(&c, "v"))
			 : conf_refuse(l, 0, "default of %s: %s", k->name, config_error_text(&c));
		config_destroy(&c);
	}
	return ok;
}

static bool
read_file(struct conf_loader *l)
{
	char    *text;
	config_t c;
	bool     ok;

	if (!conf_file_text(l, &text))
		return false;
	config_init(&c);
	ok = config_read_string(&c, text) == CONFIG_TRUE
		 ? set_group(l, "", config_root_setting(&c))
		 : conf_refuse(l, (unsigned)config_error_line(&c), "%s", config_error_text(&c));
	config_destroy(&c);
	return ok;
}

/* What holds between settings. */
static bool
check_together(struct conf_loader *l)
{
	const struct conf *c = l->conf;

	if (c->session_idle_s > c->session_absolute_s)
		return conf_refuse(l, 0,
		    "session.idle_s (%lld) must not be more than "
		    "session.absolute_s (%lld)",
		    (long long)c->session_idle_s, (long long)c->session_absolute_s);
	if (c->snapshot_max < c->body_max)
		return conf_refuse(l, 0,
		    "limits.snapshot (%lld) must not be less than limits.body (%lld)",
		    (long long)c->snapshot_max, (long long)c->body_max);
	if (c->db_host[0] == '\0' && c->db_socket[0] == '\0')
		return conf_refuse(l, 0, "one of db.host and db.socket must be set");
	return true;
}

bool
conf_one_account(const struct conf *c)
{
	return strcmp(c->db_isolation, "schema") == 0;
}

struct conf *
conf_load(TALLOC_CTX *mem, const char *path, struct err *e)
{
	struct conf_loader l = { .mem = talloc_new(mem), .path = path, .e = e };

	l.conf = l.mem == NULL ? NULL : talloc_zero(l.mem, struct conf);
	if (l.conf == NULL)
		err_memory(e);
	else if (set_defaults(&l) && read_file(&l) && check_together(&l))
		talloc_reparent(l.mem, mem, l.conf);
	else
		l.conf = NULL;
	talloc_free(l.mem);
	return l.conf;
}

void
conf_log_levels(const struct conf *c, enum log_level out[static LOG_DATASET__MAX])
{
	const char *const own[LOG_DATASET__MAX] = {
		[LOG_ACCESS] = c->log_access,
		[LOG_AUTH] = c->log_auth,
		[LOG_ADMIN] = c->log_admin,
		[LOG_DRIFT] = c->log_drift,
		[LOG_SECURITY] = c->log_security,
		[LOG_SYSTEM] = c->log_system,
	};

	for (size_t i = 0; i < LOG_DATASET__MAX; i++)
		if (!log_level_parse(own[i][0] != '\0' ? own[i] : c->log_level, &out[i]))
			out[i] = LOG_LEVEL_INFO; /* conf_load lets no other text in */
}
