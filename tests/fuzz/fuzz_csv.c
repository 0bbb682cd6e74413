/*
 * Properties of tables: each call goes on, a record has fields that are text within their bounds,
 * one that is refused has a sentence, and what is read is read again as the same once it is written
 * into quotes.
 *
 * Input: a table.
 */
#include <assert.h>
#include <string.h>

#include "core/base/buf.h"
#include "core/base/csv.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void
put_quoted(struct buf *b, const char *text)
{
	buf_putc(b, '"');
	for (; *text != '\0'; text++) {
		if (*text == '"')
			buf_putc(b, '"');
		buf_putc(b, *text);
	}
	buf_putc(b, '"');
}

static void
check_again(TALLOC_CTX *mem, const struct csv_record *r)
{
	struct csv        c;
	struct csv_record again;
	struct err        e = { 0 };
	struct buf        b;

	buf_make(&b, mem);
	buf_puts(&b, ",\n");
	for (size_t i = 0; i < r->n; i++) {
		buf_puts(&b, i > 0 ? "," : "");
		put_quoted(&b, r->fields[i]);
	}
	assert(csv_open(&c, buf_str(&b), &e) && csv_next(&c, mem, &again, &e));
	assert(csv_next(&c, mem, &again, &e) && again.n == r->n && again.line == 2);
	for (size_t i = 0; i < r->n; i++)
		assert(strcmp(again.fields[i], r->fields[i]) == 0);
}

static void
check_fields(const struct csv_record *r)
{
	assert(r->n <= CSV_FIELDS_MAX);
	for (size_t i = 0; i < r->n; i++)
		assert(strlen(r->fields[i]) <= CSV_FIELD_MAX && str_is_utf8(str_of(r->fields[i])));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	TALLOC_CTX       *mem = talloc_new(NULL);
	struct csv        c;
	struct csv_record r = { .n = 1 };
	struct err        e = { 0 };
	uint64_t          line = 0;

	if (!csv_open(&c, (struct str) { (const char *)data, n }, &e)) {
		talloc_free(mem);
		return 0;
	}
	for (size_t left = c.rest.n; r.n > 0; left = c.rest.n) {
		if (!csv_next(&c, mem, &r, &e)) {
			assert(e.code == ERR_INVALID && e.pub[0] != '\0' && r.n == 0);
			err_clear(&e);
			r.n = 1;
		} else if (r.n > 0) {
			check_fields(&r);
			check_again(mem, &r);
		}
		assert(r.n == 0 || (c.rest.n < left && r.line > line));
		line = r.line;
	}
	assert(c.rest.n == 0);
	talloc_free(mem);
	return 0;
}
