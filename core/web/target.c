#include "core/web/target.h"

#include <string.h>

#include "core/web/pass.h"

#define SERVER "*" /* asterisk-form, RFC 9112 section 3.2.4 */

static int
hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

bool
percent_decode(TALLOC_CTX *mem, struct str in, bool plus, struct str *out)
{
	char  *p = talloc_size(mem, in.n + 1);
	size_t n = 0;

	if (p == NULL)
		return false;
	for (size_t i = 0; i < in.n; i++) {
		char c = in.p[i];

		if (c == '%') {
			int high = i + 2 < in.n ? hex_digit(in.p[i + 1]) : -1;
			int low = i + 2 < in.n ? hex_digit(in.p[i + 2]) : -1;

			if (high < 0 || low < 0)
				return false;
			c = (char)(high * 16 + low);
			i += 2;
		} else if (c == '+' && plus) {
			c = ' ';
		}
		if (c == '\0')
			return false;
		p[n++] = c;
	}
	p[n] = '\0';
	*out = (struct str) { p, n };
	return str_is_utf8(*out);
}

/* ---- refusals ---- */

static bool
refuse(struct err *e, const char *why)
{
	return err_set(e, ERR_BAD_REQUEST, 0, "The request target is malformed.", "%s", why);
}

/* What may not even be written. */
static bool
check_raw(struct str path, struct err *e)
{
	for (size_t i = 0; i < path.n; i++) {
		uint8_t c = (uint8_t)path.p[i];

		if (c <= ' ' || c == 0x7F || c == '#')
			return refuse(e, "control character, space or # in the path");
		if (c == '%' && i + 2 < path.n && path.p[i + 1] == '2' &&
		    (path.p[i + 2] == 'F' || path.p[i + 2] == 'f'))
			return refuse(e, "encoded slash");
	}
	return true;
}

static bool
is_dots(struct str segment)
{
	return str_eqz(segment, ".") || str_eqz(segment, "..");
}

static bool
check_decoded(struct str path, struct err *e)
{
	struct str rest = path, segment;

	if (path.n == 0 || path.p[0] != '/')
		return refuse(e, "does not begin with a slash");
	for (size_t i = 0; i < path.n; i++) {
		uint8_t c = (uint8_t)path.p[i];

		if (c < ' ' || c == 0x7F || c == '\\')
			return refuse(e, "control character or backslash");
		if (c == '/' && i + 1 < path.n && path.p[i + 1] == '/')
			return refuse(e, "empty segment");
	}
	while (rest.p != NULL) {
		rest = str_cut(rest, '/', &segment);
		if (is_dots(segment))
			return refuse(e, "dot segment");
	}
	return true;
}

/* ---- the parts ---- */

/* http://host/path: what a proxy sends; the host is not ours to judge here. */
static struct str
cut_authority(struct str uri)
{
	const char *slash;
	size_t      skip = str_starts(uri, "http://") ? 7 : str_starts(uri, "https://") ? 8 : 0;

	if (skip == 0)
		return uri;
	slash = memchr(uri.p + skip, '/', uri.n - skip);
	if (slash == NULL)
		return STR("/");
	return (struct str) { slash, uri.n - (size_t)(slash - uri.p) };
}

static bool
cut_base(struct str *path, const char *base_path, struct err *e)
{
	struct str base = str_of(base_path);

	if (base.n > 0 && base.p[base.n - 1] == '/')
		base.n--;
	if (base.n == 0)
		return true;
	if (path->n < base.n || memcmp(path->p, base.p, base.n) != 0 ||
	    (path->n > base.n && path->p[base.n] != '/'))
		return err_set(e, ERR_MISSING, 0, "There is nothing here.", "outside base_path");
	*path = (struct str) { path->p + base.n, path->n - base.n };
	if (path->n == 0)
		*path = STR("/");
	return true;
}

bool
target_parse(
    TALLOC_CTX *mem, struct str uri, const char *base_path, struct target *out, struct err *e)
{
	struct str path, decoded;

	*out = (struct target) { 0 };
	out->query = str_cut(cut_authority(uri), '?', &out->raw);
	path = out->raw;
	if (!check_raw(path, e) || !cut_base(&path, base_path, e))
		return false;
	if (!percent_decode(mem, path, false, &decoded))
		return refuse(e, "bad escape, NUL or no UTF-8");
	if (!check_decoded(decoded, e))
		return false;
	out->path = str_dup(mem, decoded);
	return out->path != NULL || err_memory(e);
}

bool
target_parse_decoded(
    TALLOC_CTX *mem, struct str path, const char *base_path, struct target *out, struct err *e)
{
	*out = (struct target) { .raw = path };
	if (!str_is_utf8(path))
		return refuse(e, "no UTF-8");
	if (!check_decoded(path, e) || !cut_base(&path, base_path, e))
		return false;
	out->path = str_dup(mem, path);
	return out->path != NULL || err_memory(e);
}

/* ---- the step ---- */

static bool
parse_joined(struct request *r, struct target *t, struct err *e)
{
	struct str name = request_param(r, "SCRIPT_NAME"), info = request_param(r, "PATH_INFO");
	struct buf b;

	buf_make(&b, r->mem);
	buf_add(&b, name.p, name.n);
	buf_add(&b, info.p, info.n);
	if (!buf_ok(&b))
		return err_memory(e);
	if (!target_parse_decoded(r->mem, buf_str(&b), r->app->env->conf->base_path, t, e))
		return false;
	t->query = request_param(r, "QUERY_STRING");
	return true;
}

bool
target_is_server(const char *path)
{
	return strcmp(path, SERVER) == 0;
}

/* REQUEST_URI is the one form every web server passes as it was sent. */
bool
step_target(struct request *r, struct err *e)
{
	struct str    uri = request_param(r, "REQUEST_URI");
	struct target t = { 0 };
	bool          ok;

	if (r->method == OPTIONS && str_eqz(uri, SERVER)) {
		r->raw_path = r->path = SERVER;
		return true;
	}
	ok = uri.n > 0 ? target_parse(r->mem, uri, r->app->env->conf->base_path, &t, e)
		       : parse_joined(r, &t, e);
	if (t.raw.n > 0)
		r->raw_path = str_dup(r->mem, t.raw);
	if (r->raw_path == NULL)
		r->raw_path = "";
	if (!ok)
		return false;
	r->path = t.path;
	return query_parse(r->mem, t.query, &r->query_params, &r->query_n, e);
}
