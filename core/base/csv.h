/*
 * csv.h - a table of text, record by record: RFC 4180, as spreadsheets write it.
 *
 * Lines end with LF or CRLF; a byte order mark before the first counts for nothing, and neither does a line without
 * anything.  Between fields stands what does so in the first line: a comma, a semicolon or a tab.  A field in quotes may
 * have these, line ends, and quotes that are doubled.  What is none of that is refused, a record at a time: the next call
 * goes on behind the line on which the refused one begins.
 */
#ifndef BSX_BASE_CSV_H
#define BSX_BASE_CSV_H

#include "core/base/err.h"
#include "core/base/str.h"

#define CSV_FIELDS_MAX 32
#define CSV_FIELD_MAX  4096 /* bytes */

struct csv {
	struct str rest; /* borrowed */
	char       separator;
	uint64_t   line; /* of what is read next, from 1 */
};
struct csv_record {
	uint64_t    line; /* on which it begins */
	const char *fields[CSV_FIELDS_MAX]; /* children of `mem` */
	size_t      n;    /* 0: the table is over */
};

/* ERR_INVALID: it is not UTF-8. */
MUST_USE bool csv_open(struct csv *c, struct str text, struct err *e);
/* ERR_INVALID: this record is refused, out->line is set, and the public text says why. */
MUST_USE bool csv_next(struct csv *c, TALLOC_CTX *mem, struct csv_record *out, struct err *e);

#endif
