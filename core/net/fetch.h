/*
 * fetch.h - one outbound HTTP request, through the guard (libcurl).
 *
 * The name is resolved once, every address is checked, the connection goes to
 * a checked address; no redirects, no proxies from the environment, TLS 1.2+,
 * total deadline, capped answer.  Errors: ERR_INVALID (the guard refuses; the
 * text says why), ERR_UNAVAILABLE (connect, TLS, timeout, too large; detail
 * for the log, `pub` harmless).
 */
#ifndef BSX_NET_FETCH_H
#define BSX_NET_FETCH_H

#include "core/net/guard.h"
#include "core/net/trust.h"

/* What a request may have.  Values and what follows bind a request that goes to the fetch process (fetch_frame.h). */
#define FETCH_METHOD_MAX  16
#define FETCH_HEADERS_MAX 64
#define FETCH_NAME_MAX    128               /* bytes of a header field's name */
#define FETCH_VALUE_MAX   ((size_t)32 << 10) /* of its value: an access token, a client's id and secret */
#define FETCH_BODY_MAX    ((size_t)1 << 20)
#define FETCH_ANSWER_MAX  ((size_t)8 << 20) /* of an answer's body */
#define FETCH_TIMEOUT_MAX 120000            /* ms */

struct fetch_header {
	const char *name, *value; /* CR, LF and NUL are refused */
};

struct fetch_request {
	const char                *method; /* "GET", "POST" */
	const char                *url;
	const struct fetch_header *headers;
	size_t                     headers_n;
	struct str                 body;
	int64_t                    timeout_ms; /* total */
	size_t                     answer_max; /* bytes of the answer's body kept; more: cut when `cut`, else an error */
	bool                       cut;
};

struct fetch_answer {
	int        status;        /* HTTP */
	struct str body;
	int64_t    retry_after_s; /* of Retry-After in seconds or as a date; -1: none */
	int64_t    took_ms;
};

struct fetch;
struct fetch_ops {
	bool (*run)(struct fetch *f, TALLOC_CTX *mem, const struct fetch_request *q,
	    struct fetch_answer *a, struct err *e);
	void (*prepare)(struct fetch *f); /* NULL: nothing to do */
};
struct fetch {
	const struct fetch_ops *ops;
};

/* By libcurl, which believes the authorities of the system. */
MUST_USE struct fetch *fetch_make(TALLOC_CTX *mem, const struct guard *g, struct err *e);
/* The same, and whom it believes; it takes `trust` over.  NULL: whom libcurl does. */
MUST_USE struct fetch *fetch_make_trusting(
    TALLOC_CTX *mem, const struct guard *g, struct trust *trust, struct err *e);

static inline bool MUST_USE
fetch_run(struct fetch *f, TALLOC_CTX *mem, const struct fetch_request *q, struct fetch_answer *a,
    struct err *e)
{
	return f->ops->run(f, mem, q, a, e);
}

/* What does not hang on the request is read now, before a process is forked for it. */
static inline void
fetch_prepare(struct fetch *f)
{
	if (f->ops->prepare != NULL)
		f->ops->prepare(f);
}

#endif
