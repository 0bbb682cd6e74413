#include "core/base/mailbox.h"

#include <string.h>

#include "core/base/cidr.h"
#include "core/base/unicode.h"

#define LOCAL_MAX 64
#define LABEL_MAX 63

static bool
has_any(struct str s, const char *set)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] != '\0' && strchr(set, s.p[i]) != NULL)
			return true;
	return false;
}

static bool
has_blanks(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if ((uint8_t)s.p[i] <= ' ' || s.p[i] == 0x7F)
			return true;
	return false;
}

static bool
is_domain_char(uint32_t cp)
{
	if (cp < 0x80)
		return (cp >= 'a' && cp <= 'z') || (cp >= 'A' && cp <= 'Z') ||
		       (cp >= '0' && cp <= '9') || cp == '-' || cp == '_';
	return unicode_is_letter(cp) || cp == 0xB7 || cp == 0x200C || cp == 0x200D ||
	       cp == 0x30FB; /* RFC 5892, appendix A */
}

static bool
is_label(struct str s)
{
	if (s.n == 0 || s.n > LABEL_MAX || s.p[0] == '-' || s.p[s.n - 1] == '-')
		return false;
	while (s.n > 0) {
		uint32_t cp;
		size_t   n = utf8_next(s, &cp);

		if (n == 0 || !is_domain_char(cp))
			return false;
		s.p += n;
		s.n -= n;
	}
	return true;
}

/* No top-level domain is so (RFC 3696 section 2), and a resolver may read an address of it:
 * "127.1". */
static bool
is_number(struct str s)
{
	bool hex = s.n > 1 && s.p[0] == '0' && (s.p[1] == 'x' || s.p[1] == 'X');

	for (size_t i = hex ? 2 : 0; i < s.n; i++) {
		char c = s.p[i];
		bool digit = c >= '0' && c <= '9';

		if (!digit && !(hex && ((c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'))))
			return false;
	}
	return true;
}

static struct str
last_label(struct str domain)
{
	const char *dot = memrchr(domain.p, '.', domain.n);
	size_t      n = dot == NULL ? 0 : (size_t)(dot + 1 - domain.p);

	return (struct str) { domain.p + n, domain.n - n };
}

/* Dot-string = Atom *("." Atom) */
static bool
is_dotted(struct str local)
{
	for (size_t i = 0; i < local.n; i++)
		if (local.p[i] == '.' && (i == 0 || i == local.n - 1 || local.p[i - 1] == '.'))
			return false;
	return true;
}

static const char *
domain_fault(struct str domain)
{
	struct addr a;
	struct str  label;

	if (domain.p[domain.n - 1] == '.')
		return "must not end in a dot";
	if (domain.p[0] == '[' || addr_parse(domain, &a) || is_number(last_label(domain)))
		return "must have a domain's name after the @, and no IP address";
	while (domain.p != NULL) {
		domain = str_cut(domain, '.', &label);
		if (!is_label(label))
			return "must have a domain's name after the @, of letters, digits, dots "
			       "and hyphens";
	}
	return NULL;
}

const char *
mailbox_fault(struct str s)
{
	const char *at = s.n > 0 ? memrchr(s.p, '@', s.n) : NULL;
	struct str  local;

	if (s.n < 3 || s.n > MAILBOX_MAX || at == NULL || at == s.p || at == s.p + s.n - 1)
		return "must be an e-mail address";
	if (has_any(s, "<>"))
		return "must be the address alone, without < and >";
	if (has_blanks(s))
		return "must be an e-mail address, without blanks";
	local = (struct str) { s.p, (size_t)(at - s.p) };
	if (local.n > LOCAL_MAX)
		return "must have at most 64 bytes before the @";
	if (has_any(local, "@\"(),:;[\\]"))
		return "must have none of @ \" ( ) , : ; [ \\ ] before the @";
	if (!is_dotted(local))
		return "must have dots before the @ only between other characters";
	return domain_fault((struct str) { at + 1, s.n - local.n - 1 });
}
