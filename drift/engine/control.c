#include "drift/engine/control.h"

#include <stdlib.h>
#include <string.h>

/* What is left to read; every function below takes its part off the front, or nothing. */

static bool
upper(char c)
{
	return c >= 'A' && c <= 'Z';
}

static bool
digit(char c)
{
	return c >= '0' && c <= '9';
}

static size_t
take_while(struct str *s, bool (*in)(char))
{
	size_t n = 0;

	while (n < s->n && in(s->p[n]))
		n++;
	*s = (struct str) { s->p + n, s->n - n };
	return n;
}

static bool
take(struct str *s, const char *text)
{
	size_t n = strlen(text);

	if (s->n < n || memcmp(s->p, text, n) != 0)
		return false;
	*s = (struct str) { s->p + n, s->n - n };
	return true;
}

static bool
take_number(struct str *s)
{
	size_t n = take_while(s, digit);

	return n >= 1 && n <= 4;
}

/* "5", "5.2.2.1" */
static bool
take_section(struct str *s)
{
	do {
		if (!take_number(s))
			return false;
	} while (take(s, "."));
	return true;
}

/* ---- the three ---- */

static bool
of_benchmark(char c)
{
	return upper(c) || digit(c) || (c >= 'a' && c <= 'z') || c == '.' || c == '-' || c == '_';
}

/* Words, the last of which is a section. */
static bool
cis(struct str s)
{
	for (;;) {
		struct str section = s;

		if (take_section(&section) && section.n == 0)
			return true;
		if (take_while(&s, of_benchmark) == 0 || !take(&s, " "))
			return false;
	}
}

/* "MS.AAD.3.1v1" */
static bool
scuba(struct str s)
{
	size_t product;

	if (!take(&s, "MS.") && !take(&s, "GWS."))
		return false;
	product = take_while(&s, upper);
	return product >= 2 && product <= 20 && take(&s, ".") && take_number(&s) && take(&s, ".") &&
	       take_number(&s) && take(&s, "v") && take_section(&s) && s.n == 0;
}

/* "AC-6(5)" */
static bool
nist_control(struct str s)
{
	if (take_while(&s, upper) != 2 || !take(&s, "-") || !take_number(&s))
		return false;
	return s.n == 0 || (take(&s, "(") && take_number(&s) && take(&s, ")") && s.n == 0);
}

/* "PR.AA-05" */
static bool
nist_framework(struct str s)
{
	return take_while(&s, upper) == 2 && take(&s, ".") && take_while(&s, upper) == 2 &&
	       take(&s, "-") && take_number(&s) && s.n == 0;
}

static bool
nist(struct str s)
{
	if (take(&s, "CSF "))
		return nist_framework(s);
	if (take(&s, "SP "))
		return take(&s, "800-53 ") && nist_control(s);
	(void)take(&s, "800-53 ");
	return nist_control(s) || nist_framework(s);
}

void
controls_print(struct buf *b, const struct strings *controls)
{
	for (size_t i = 0; controls != NULL && i < controls->n; i++) {
		buf_putc(b, i == 0 ? '[' : ',');
		buf_json(b, str_of(controls->items[i]));
	}
	if (controls != NULL)
		buf_puts(b, controls->n > 0 ? "]" : "[]");
}

static int
by_address(const void *a, const void *b)
{
	const char *const *x = a, *const *y = b;

	return (*x > *y) - (*x < *y);
}

static int
by_text(const void *a, const void *b)
{
	const char *const *x = a, *const *y = b;

	return strcmp(*x, *y);
}

/* Changes are many, and rules few: each rule is looked at once. */
bool
controls_join(
    TALLOC_CTX *mem, const struct strings **of, size_t n, struct strings *out, struct err *e)
{
	size_t all = 0, rules = 0;

	*out = (struct strings) { NULL, 0 };
	if (n > 1)
		qsort(of, n, sizeof(of[0]), by_address);
	for (size_t i = 0; i < n; i++)
		if (rules == 0 || of[i] != of[rules - 1])
			of[rules++] = of[i];
	for (size_t i = 0; i < rules; i++)
		all += of[i]->n;
	if (all == 0)
		return true;
	out->items = talloc_size(mem, all * sizeof(out->items[0]));
	if (out->items == NULL)
		return err_memory(e);
	all = 0;
	for (size_t i = 0; i < rules; i++)
		for (size_t k = 0; k < of[i]->n; k++)
			out->items[all++] = of[i]->items[k];
	qsort(out->items, all, sizeof(out->items[0]), by_text);
	for (size_t i = 0; i < all && out->n < CONTROLS_JOINED_MAX; i++)
		if (out->n == 0 || strcmp(out->items[i], out->items[out->n - 1]) != 0)
			out->items[out->n++] = out->items[i];
	return true;
}

bool
control_ok(struct str s)
{
	if (s.n > CONTROL_MAX)
		return false;
	if (take(&s, "CIS "))
		return cis(s);
	if (take(&s, "NIST "))
		return nist(s);
	(void)take(&s, "SCuBA ");
	return scuba(s);
}
