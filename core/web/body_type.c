#include "core/web/body_type.h"

#include "core/web/pass.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static bool
is_one_of(struct str s, const char *const *all, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (str_caseeqz(s, all[i]))
			return true;
	return false;
}

static struct str
unquoted(struct str s)
{
	bool quoted = s.n >= 2 && s.p[0] == '"' && s.p[s.n - 1] == '"';

	return quoted ? (struct str) { s.p + 1, s.n - 2 } : s;
}

/* Which encoding it is the bytes tell; what is said here may only not be another one. */
static bool
check_charset(struct str params, bool utf16, struct err *e)
{
	static const char *const utf8s[] = { "utf-8", "utf8" };
	static const char *const utf16s[] = { "utf-16", "utf-16le", "utf-16be" };
	struct str               one, name, value;

	while (params.p != NULL) {
		params = str_cut(params, ';', &one);
		value = unquoted(str_trim(str_cut(str_trim(one), '=', &name)));
		if (!str_caseeqz(name, "charset") || is_one_of(value, utf8s, COUNT(utf8s)) ||
		    (utf16 && is_one_of(value, utf16s, COUNT(utf16s))))
			continue;
		return err_set(e, ERR_MEDIA_TYPE, 0,
		    utf16
			? "The body must be UTF-8 or UTF-16: convert it, and name no other charset."
			: "The body must be UTF-8: convert it, and name no other charset.",
		    "another charset than utf-8");
	}
	return true;
}

bool
body_type_json(const struct request *r, struct err *e)
{
	struct str type, params = str_cut(request_param(r, "CONTENT_TYPE"), ';', &type);

	if (!str_caseeqz(str_trim(type), "application/json"))
		return err_set(e, ERR_MEDIA_TYPE, 0, "The body must be application/json.",
		    "another media type than application/json");
	return check_charset(params, false, e);
}

bool
body_type_form(const struct request *r, struct err *e)
{
	struct str type, params = str_cut(request_param(r, "CONTENT_TYPE"), ';', &type);

	if (!str_caseeqz(str_trim(type), "application/x-www-form-urlencoded"))
		return err_set(e, ERR_MEDIA_TYPE, 0,
		    "The body must be application/x-www-form-urlencoded, as a browser sends a "
		    "form.",
		    "another media type than that of a form");
	return check_charset(params, false, e);
}

bool
body_type_document(const struct request *r, struct err *e)
{
	static const char *const types[] = { "", "application/json", "text/json", "text/plain",
		"application/octet-stream", "application/x-www-form-urlencoded" };
	struct str type, params = str_cut(request_param(r, "CONTENT_TYPE"), ';', &type);

	if (!is_one_of(str_trim(type), types, COUNT(types)))
		return err_set(
		    e, ERR_MEDIA_TYPE, 0, "The body must be a JSON document.", "media type");
	return check_charset(params, true, e);
}

/* ---- codings ---- */

bool
body_is_large(const struct route *rt)
{
	return rt->in_kind == ROUTE_IN_SNAPSHOT || rt->in_kind == ROUTE_IN_DOCUMENT;
}

static bool
refuse_coding(struct request *r, bool large, struct err *e)
{
	if (!reply_header(r, "Accept-Encoding", large ? CODINGS : "identity", e))
		return false;
	return err_set(e, ERR_MEDIA_TYPE, 0,
	    large ? "Content-Encoding must be gzip or zstd, once."
		  : "This request's body must come without a Content-Encoding.",
	    "another content coding than is taken");
}

bool
body_type_coding(struct request *r, enum coding *out, struct err *e)
{
	struct str list = request_param(r, "HTTP_CONTENT_ENCODING"), one;
	bool       large = body_is_large(r->route);

	*out = CODING_NONE;
	while (list.p != NULL) {
		enum coding c = CODING_NONE;

		list = str_cut(list, ',', &one);
		one = str_trim(one);
		if (one.n > 0 && !coding_parse(one, &c))
			return refuse_coding(r, large, e);
		if (c != CODING_NONE && (!large || *out != CODING_NONE))
			return refuse_coding(r, large, e);
		if (c != CODING_NONE)
			*out = c;
	}
	return true;
}
