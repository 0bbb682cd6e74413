/*
 * console.h - the files of fcgi/console/, embedded at build (tools/embed-console), its modules
 * joined into few files so that a page is there after few requests (tools/join-modules).
 *
 * The page itself is asked for again each time (ETag); what it loads stands below
 * /console/<build>/ and never changes there, because <build> is a hash of all files.
 */
#ifndef BSX_FCGI_CONSOLE_CONSOLE_H
#define BSX_FCGI_CONSOLE_CONSOLE_H

#include <stddef.h>

struct console_file {
	const char          *name; /* "style.css"; NULL: the end of the table */
	const char          *type; /* media type */
	const char          *etag, *etag_gzip; /* strong, with quotes: each encoding is a representation of its own */
	const unsigned char *p;
	size_t               n;
	const unsigned char *gzip; /* the same, compressed */
	size_t               gzip_n;
};
extern const struct console_file console_files[];
extern const char                console_build[]; /* 16 hex digits */

/* What a page of ours may do: nothing but load what lies here and talk to the API. */
#define CONSOLE_POLICY \
	"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; " \
	"form-action 'self'; base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; " \
	"trusted-types 'none'"

#endif
