#include "core/base/csv.h"

#include "core/base/buf.h"

/* ---- the text as a whole ---- */

static char
separator_of(struct str text)
{
	for (size_t i = 0; i < text.n && text.p[i] != '\n'; i++)
		if (text.p[i] == ',' || text.p[i] == ';' || text.p[i] == '\t')
			return text.p[i];
	return ',';
}

static bool
is_utf16(struct str s)
{
	return s.n >= 2 &&
	       ((s.p[0] == '\xff' && s.p[1] == '\xfe') || (s.p[0] == '\xfe' && s.p[1] == '\xff'));
}

bool
csv_open(struct csv *c, struct str text, struct err *e)
{
	*c = (struct csv) { .rest = str_without_bom(text), .line = 1 };
	c->separator = separator_of(c->rest);
	if (is_utf16(text))
		return err_set(
		    e, ERR_INVALID, 0, "The table is UTF-16: save it as \"CSV UTF-8\".", "UTF-16");
	return true;
}

/* ---- one field ---- */

struct reading {
	struct csv *c;
	TALLOC_CTX *mem;
	struct str  rest;
	uint64_t    line;
	bool        last; /* the record ends behind this field */
};

static bool
refuse(struct err *e, const char *why)
{
	return err_set(e, ERR_INVALID, 0, why, "a malformed record");
}

static void
skip(struct reading *r, size_t n)
{
	r->rest.p += n;
	r->rest.n -= n;
}

static bool
keep(struct reading *r, struct str s, const char **out, struct err *e)
{
	if (s.n > CSV_FIELD_MAX)
		return refuse(e, "A field is longer than 4096 bytes.");
	if (memchr(s.p, '\0', s.n) != NULL)
		return refuse(e, "A field has a zero byte.");
	if (!str_is_utf8(s))
		return refuse(e, "A field is not UTF-8: save the table as \"CSV UTF-8\".");
	*out = str_dup(r->mem, s);
	return *out != NULL || err_memory(e);
}

/* What stands behind a field. */
static bool
end_field(struct reading *r, struct err *e)
{
	const char at = r->rest.n > 0 ? r->rest.p[0] : '\n';

	if (at == r->c->separator) {
		skip(r, 1);
		return true;
	}
	r->last = true;
	if (at == '\r' && (r->rest.n == 1 || r->rest.p[1] == '\n'))
		skip(r, 1);
	else if (at != '\n')
		return refuse(e, "Behind the quote that ends a field stands more: a quote inside "
				 "a field is doubled.");
	if (r->rest.n > 0)
		skip(r, 1);
	r->line++;
	return true;
}

static size_t
plain_length(const struct reading *r)
{
	size_t n = 0;

	while (n < r->rest.n && r->rest.p[n] != '\n' && r->rest.p[n] != r->c->separator)
		n++;
	return n;
}

static bool
read_plain(struct reading *r, const char **out, struct err *e)
{
	const size_t n = plain_length(r);
	struct str   s = { r->rest.p, n };
	const bool   ends = n == r->rest.n || r->rest.p[n] == '\n';

	if (ends && n > 0 && s.p[n - 1] == '\r')
		s.n--;
	if (s.n > 0 && memchr(s.p, '"', s.n) != NULL)
		return refuse(e, "A field has a quote and does not begin with one: put all of it "
				 "into quotes, and double the one inside.");
	skip(r, s.n);
	return keep(r, s, out, e) && end_field(r, e);
}

static bool
read_quoted(struct reading *r, const char **out, struct err *e)
{
	struct buf b;
	bool       ok, open = true;

	buf_make(&b, r->mem);
	skip(r, 1);
	while (open && r->rest.n > 0 && b.n <= CSV_FIELD_MAX) {
		const char at = r->rest.p[0];
		const bool doubled = r->rest.n > 1 && r->rest.p[1] == '"';

		open = at != '"' || doubled;
		if (at == '\n')
			r->line++;
		if (open)
			buf_putc(&b, at);
		skip(r, at == '"' && doubled ? 2 : 1);
	}
	if (!buf_ok(&b))
		return err_memory(e);
	if (open && b.n <= CSV_FIELD_MAX)
		return refuse(e, "A quote that begins a field is not closed.");
	ok = keep(r, buf_str(&b), out, e);
	talloc_free(b.p);
	return ok && end_field(r, e);
}

/* ---- a record ---- */

static bool
read_record(struct reading *r, struct csv_record *out, struct err *e)
{
	for (out->n = 0; !r->last; out->n++) {
		const bool quoted = r->rest.n > 0 && r->rest.p[0] == '"';

		if (out->n == CSV_FIELDS_MAX)
			return refuse(e, "A line has more than 32 fields.");
		if (!(quoted ? read_quoted : read_plain)(r, &out->fields[out->n], e))
			return false;
	}
	return true;
}

static void
skip_empty(struct csv *c)
{
	struct str line, rest;

	while (c->rest.n > 0) {
		rest = str_cut(c->rest, '\n', &line);
		if (line.n > 1 || (line.n == 1 && line.p[0] != '\r'))
			return;
		c->rest = rest;
		c->line++;
	}
}

bool
csv_next(struct csv *c, TALLOC_CTX *mem, struct csv_record *out, struct err *e)
{
	struct reading r = { .c = c, .mem = mem };
	struct str     line;

	skip_empty(c);
	*out = (struct csv_record) { .line = c->line };
	if (c->rest.n == 0)
		return true;
	r.rest = c->rest;
	r.line = c->line;
	if (read_record(&r, out, e)) {
		c->rest = r.rest;
		c->line = r.line;
		return true;
	}
	c->rest = str_cut(c->rest, '\n', &line);
	c->line++;
	out->n = 0;
	return false;
}
