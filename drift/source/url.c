#include "drift/source/url.h"

#include <string.h>

/* The parts of a URL, as they stand. */
struct parts {
	struct str scheme, authority, path, query; /* path with its /; query without its ? */
};

static bool
is_clean(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] <= ' ' || (unsigned char)s.p[i] >= 0x7f ||
		    strchr("\"<>\\^`{|}", s.p[i]) != NULL)
			return false;
	return true;
}

static bool
cut(struct str url, struct parts *p)
{
	struct str rest, whole;
	size_t     n = 0;

	(void)str_cut(url, '#', &whole);
	p->scheme = STR("");
	if (str_starts(whole, "https://"))
		p->scheme = STR("https");
	else if (str_starts(whole, "http://"))
		p->scheme = STR("http");
	else
		return false;
	rest = (struct str) { whole.p + p->scheme.n + 3, whole.n - p->scheme.n - 3 };
	while (n < rest.n && rest.p[n] != '/' && rest.p[n] != '?')
		n++;
	p->authority = (struct str) { rest.p, n };
	rest = (struct str) { rest.p + n, rest.n - n };
	p->query = str_cut(rest, '?', &p->path);
	return n > 0 && memchr(p->authority.p, '@', n) == NULL;
}

/* ---- steps that lead elsewhere ---- */

#define DECODINGS_MAX 8

/* A step that is . or .., whatever parameters (;) it has. */
static bool
is_dots(struct str step)
{
	(void)str_cut(step, ';', &step);
	return str_eqz(step, ".") || str_eqz(step, "..");
}

/* What no path has once it is decoded; C0 and C1 are in no UTF-8 but dots and slashes written too
 * long. */
static bool
is_stray(unsigned char c)
{
	return c < ' ' || c == 0x7f || c == 0xc0 || c == 0xc1;
}

/* As whoever takes \ for / reads it too. */
static bool
has_dots(struct str path)
{
	size_t from = 0;

	for (size_t i = 0; i <= path.n; i++) {
		if (i < path.n && is_stray((unsigned char)path.p[i]))
			return true;
		if (i < path.n && path.p[i] != '/' && path.p[i] != '\\')
			continue;
		if (is_dots((struct str) { path.p + from, i - from }))
			return true;
		from = i + 1;
	}
	return false;
}

static int
hex(char c)
{
	const char *digits = "0123456789abcdef0123456789ABCDEF", *at;

	at = c == '\0' ? NULL : strchr(digits, c);
	return at == NULL ? -1 : (int)((at - digits) % 16);
}

/* Once, in place; the length afterwards. */
static size_t
decode(char *text, size_t n)
{
	size_t out = 0;

	for (size_t i = 0; i < n; i++) {
		int high = text[i] == '%' && i + 2 < n ? hex(text[i + 1]) : -1;
		int low = high >= 0 ? hex(text[i + 2]) : -1;

		if (low >= 0)
			i += 2;
		text[out++] = low >= 0 ? (char)(high * 16 + low) : text[i];
	}
	return out;
}

bool
url_climbs(struct str path)
{
	char   text[URL_MAX];
	size_t n = path.n, was;

	if (n > sizeof text)
		return true;
	if (n > 0)
		memcpy(text, path.p, n);
	for (int i = 0; i < DECODINGS_MAX; i++) {
		if (has_dots((struct str) { text, n }))
			return true;
		was = n;
		n = decode(text, n);
		if (n == was)
			return false;
	}
	return true;
}

#define CLIMBS                                                                                     \
	"must not have steps of dots, which lead out of the base URL, or control characters, "     \
	"however they are encoded"

const char *
url_base_fault(struct str base)
{
	struct parts p;

	if (base.n > 1024)
		return "must have at most 1024 bytes";
	if (!is_clean(base) || !cut(base, &p))
		return "must be a URL with http or https, a host, and nobody's name";
	if (p.query.p != NULL || memchr(base.p, '#', base.n) != NULL)
		return "must be a URL without query and fragment";
	return url_climbs(p.path) ? CLIMBS : NULL;
}

const char *
url_path_fault(struct str path)
{
	if (path.n > 0 && path.p[0] != '/')
		return "must begin with /";
	if (path.n > 1 && path.p[1] == '/')
		return "must not begin with //";
	if (memchr(path.p, '?', path.n) != NULL || memchr(path.p, '#', path.n) != NULL)
		return "must not hold ? or #; what follows them belongs into query";
	if (memchr(path.p, '\\', path.n) != NULL)
		return "must not hold \\, which some take for /";
	return url_climbs(path) ? CLIMBS : NULL;
}

/* ---- the same place ---- */

/* Without the port that its scheme has anyway. */
static struct str
plain_authority(const struct parts *p)
{
	const char *port = str_eqz(p->scheme, "https") ? ":443" : ":80";
	size_t      n = strlen(port);
	struct str  a = p->authority;

	if (a.n > n && memcmp(a.p + a.n - n, port, n) == 0)
		a.n -= n;
	return a;
}

static bool
same_case_folded(struct str a, struct str b)
{
	for (size_t i = 0; i < a.n && i < b.n; i++) {
		char x = a.p[i], y = b.p[i];

		x = x >= 'A' && x <= 'Z' ? (char)(x + 32) : x;
		y = y >= 'A' && y <= 'Z' ? (char)(y + 32) : y;
		if (x != y)
			return false;
	}
	return a.n == b.n;
}

static bool
is_below(struct str base, struct str path)
{
	while (base.n > 0 && base.p[base.n - 1] == '/')
		base.n--;
	return path.n >= base.n && memcmp(path.p, base.p, base.n) == 0 &&
	       (path.n == base.n || path.p[base.n] == '/');
}

static char *
refuse(struct err *e, const char *what)
{
	(void)err_set(e, ERR_INVALID, 0, what, "a link to the next page is refused");
	return NULL;
}

/* The link as a URL of its own. */
static bool
resolve(struct buf *b, struct str from, struct str link)
{
	struct parts p;

	if (str_starts(link, "http://") || str_starts(link, "https://")) {
		buf_add(b, link.p, link.n);
		return true;
	}
	if (link.n == 0 || !cut(from, &p) || (link.p[0] != '/' && link.p[0] != '?') ||
	    (link.n > 1 && link.p[0] == '/' && link.p[1] == '/'))
		return false;
	buf_add(b, p.scheme.p, p.scheme.n);
	buf_puts(b, "://");
	buf_add(b, p.authority.p, p.authority.n);
	if (link.p[0] == '?')
		buf_add(b, p.path.p, p.path.n);
	buf_add(b, link.p, link.n);
	return true;
}

char *
url_follow(TALLOC_CTX *mem, struct str base, struct str from, struct str link, struct err *e)
{
	struct parts home, to;
	struct buf   b;
	struct str   url;

	buf_make(&b, mem);
	if (link.n > URL_MAX || !is_clean(link) || !resolve(&b, from, link))
		return refuse(e, "the link to the next page is no URL");
	if (!buf_ok(&b)) {
		(void)err_memory(e);
		return NULL;
	}
	url = buf_str(&b);
	(void)str_cut(url, '#', &url);
	if (!cut(url, &to) || !cut(base, &home))
		return refuse(e, "the link to the next page is no URL");
	if (!str_eq(to.scheme, home.scheme) ||
	    !same_case_folded(plain_authority(&to), plain_authority(&home)))
		return refuse(
		    e, "the link to the next page leads to another host, which is not asked");
	if (url_climbs(to.path) || !is_below(home.path, to.path))
		return refuse(e, "the link to the next page leads out of the base URL");
	b.p[url.n] = '\0';
	return b.p;
}

/* ---- queries ---- */

void
url_query(struct buf *url, struct str name, struct str value)
{
	buf_putc(url, url->n > 0 && memchr(url->p, '?', url->n) != NULL ? '&' : '?');
	buf_url(url, name);
	buf_putc(url, '=');
	buf_url(url, value);
}
