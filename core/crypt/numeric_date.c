#include "core/crypt/numeric_date.h"

#include <string.h>

/* A number as its digits without the point, and where the point stands among them. */
struct digits {
	struct str whole, rest;
	int64_t    point;
};

/* The text is known to be a JSON number. */
static struct digits
take_apart(struct str text)
{
	const char   *end = text.p + text.n, *p = text.p;
	struct digits d = { 0 };

	while (p < end && *p >= '0' && *p <= '9')
		p++;
	d.whole = (struct str) { text.p, (size_t)(p - text.p) };
	d.point = (int64_t)d.whole.n;
	if (p < end && *p == '.') {
		d.rest.p = ++p;
		while (p < end && *p >= '0' && *p <= '9')
			p++;
		d.rest.n = (size_t)(p - d.rest.p);
	}
	if (p < end)
		d.point += json_number_exponent(p + 1, end);
	return d;
}

static int
digit_at(const struct digits *d, size_t i)
{
	if (i < d->whole.n)
		return d->whole.p[i] - '0';
	i -= d->whole.n;
	return i < d->rest.n ? d->rest.p[i] - '0' : 0;
}

bool
numeric_date(const struct json *v, int64_t *seconds)
{
	struct digits d;
	int64_t       s = 0;

	*seconds = 0;
	if (v == NULL || v->type != JSON_NUMBER || v->text.p[0] == '-')
		return false;
	d = take_apart(v->text);
	/* behind the last digit noughts only: of nought they make nothing, of anything else soon
	 * too much */
	for (int64_t i = 0; i < d.point && (s > 0 || (size_t)i < d.whole.n + d.rest.n); i++) {
		s = s * 10 + digit_at(&d, (size_t)i);
		if (s >= NUMERIC_DATE_END)
			return false;
	}
	*seconds = s;
	return true;
}
