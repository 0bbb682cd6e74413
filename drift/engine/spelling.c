#include "drift/engine/spelling.h"

#include <string.h>

bool
spelling_cidr(struct str s, char out[static CIDR_TEXT_MAX])
{
	struct cidr c;

	if (!cidr_parse_around(s, &c))
		return false;
	cidr_print(&c, out);
	return true;
}

bool
spelling_boolean(struct str s, bool *out)
{
	*out = str_caseeqz(s, "true") || str_caseeqz(s, "yes") || str_caseeqz(s, "on");
	return *out || str_caseeqz(s, "false") || str_caseeqz(s, "no") || str_caseeqz(s, "off");
}

#define SECONDS_END 19 /* of "2026-01-01T00:00:00" */

bool
spelling_instant(struct str s, char out[static SPELLING_INSTANT_MAX])
{
	int64_t ms;
	size_t  n = SECONDS_END;

	if (s.n <= SECONDS_END || s.n >= SPELLING_INSTANT_MAX || s.p[4] != '-' || s.p[7] != '-' ||
	    !time_parse(s, &ms))
		return false;
	time_print(ms, out);
	if (s.p[n] == '.')
		for (n++; s.p[n] >= '0' && s.p[n] <= '9';)
			n++;
	while (n > SECONDS_END && (s.p[n - 1] == '0' || s.p[n - 1] == '.'))
		n--;
	memcpy(out + SECONDS_END, s.p + SECONDS_END, n - SECONDS_END);
	memcpy(out + n, "Z", 2);
	return true;
}

size_t
spelling_eol(struct str s, char *out)
{
	size_t n = 0;

	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '\r' && i + 1 < s.n && s.p[i + 1] == '\n')
			continue;
		out[n++] = s.p[i] == '\r' ? '\n' : s.p[i];
	}
	return n;
}

/* A byte that was decoded may end another %XX: each is looked at as the last of one. */
bool
spelling_url(struct str s, char *out, size_t *n)
{
	uint8_t byte;

	*n = 0;
	for (size_t i = 0; i < s.n; i++) {
		out[(*n)++] = s.p[i];
		while (*n >= 3 && out[*n - 3] == '%' &&
		       hex_parse((struct str) { out + *n - 2, 2 }, &byte, 1)) {
			*n -= 2;
			out[*n - 1] = (char)byte;
		}
	}
	return *n < s.n && str_is_utf8((struct str) { out, *n });
}
