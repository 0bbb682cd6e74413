/*
 * buf.h - growing output, and the encoders of every place text may go to.
 *
 * The error is sticky: after a failed allocation (or a text longer than `max`)
 * further calls do nothing and buf_ok() says false; only the end needs a test.
 *
 * Output is encoded by its sink, in one function each.  Text that comes from
 * outside never reaches a sink by another way.
 */
#ifndef BSX_BASE_BUF_H
#define BSX_BASE_BUF_H

#include "core/base/err.h"
#include "core/base/str.h"

struct buf {
	TALLOC_CTX *mem;  /* owner of p */
	char       *p;    /* NUL-terminated when n > 0 */
	size_t      n;    /* bytes used, without the NUL */
	size_t      cap;
	size_t      max;  /* most bytes it may hold; 0 (as made): no limit */
	bool        failed;
	bool        secret; /* what it held is wiped when it is moved or freed (secret.h) */
};

void buf_make(struct buf *b, TALLOC_CTX *mem);
/* For what must not be found again.  What buf_text() or buf_str() gave is wiped with it. */
void buf_make_secret(struct buf *b, TALLOC_CTX *mem);
bool buf_ok(const struct buf *b);
void buf_add(struct buf *b, const void *p, size_t n);
void buf_puts(struct buf *b, const char *z);
void buf_putc(struct buf *b, char c);
void buf_i64(struct buf *b, int64_t v); /* decimal */
void buf_printf(struct buf *b, const char *fmt, ...) PRINTF(2, 3); /* never with outside text for %s */
struct str buf_str(const struct buf *b);
/* The text with its NUL, a child of b->mem; NULL: something did not fit, and *e says so. */
MUST_USE char *buf_text(const struct buf *b, struct err *e);

/* JSON string with its quotes (RFC 8259): minimal escapes, and C1, bidi controls, U+2028/9 as \uXXXX;
 * bytes that are no UTF-8 as U+FFFD. */
void buf_json(struct buf *b, struct str s);
/* HTML text or quoted attribute value: & < > " ' escaped; C0 and bidi controls as U+FFFD. */
void buf_html(struct buf *b, struct str s);
/* One CSV cell (RFC 4180), defused: a cell starting with = + - @ TAB CR gets a leading '; other
 * controls and bidi as U+FFFD. */
void buf_csv(struct buf *b, struct str s);
/* Text inside a log line or a terminal: C0, C1, bidi and line separators as \uXXXX; bad UTF-8 as \xXX. */
void buf_log(struct buf *b, struct str s);
/* The same for people, of one line: at most `max` bytes, cut before a character, and then an ellipsis. */
void buf_line(struct buf *b, struct str s, size_t max);
/* A Prometheus label value without its quotes: \ " and newline escaped. */
void buf_prom(struct buf *b, struct str s);
/* Slack text: & < > escaped. */
void buf_slack(struct buf *b, struct str s);
/* A value of an HTTP or mail header: false (and nothing added) if it holds CR, LF or NUL. */
MUST_USE bool buf_header(struct buf *b, struct str s);
/* One path segment or query value, percent-encoded (RFC 3986 unreserved kept). */
void buf_url(struct buf *b, struct str s);

#endif
