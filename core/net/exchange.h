/*
 * exchange.h - one request by libcurl, however it is driven: what it is told, and what has come of it.
 *
 * Alone (fetch.c) or one of many (multi.c): the same manners, no redirects, no proxies from the environment,
 * TLS 1.2+, a total deadline, a capped answer; and it connects to an address that was checked, or not at all.
 *
 * Errors: ERR_INVALID (the request is malformed, or an address was refused), ERR_UNAVAILABLE (the sentence in
 * `pub` is harmless; the detail names the host only, because a webhook's URL is a secret).
 */
#ifndef BSX_NET_EXCHANGE_H
#define BSX_NET_EXCHANGE_H

#include <curl/curl.h>

#include "core/base/buf.h"
#include "core/net/fetch.h"
#include "core/net/resolve.h"

/* A header field of an answer. */
struct exchange_field {
	const char *name, *value;
};
#define EXCHANGE_FIELDS_MAX 256

struct exchange {
	/* What it begins with. */
	const struct guard     *guard;
	struct trust           *trust; /* NULL: libcurl reads the authorities for itself */
	const struct resolved  *only;  /* connects to these; NULL: libcurl resolves, and each address is checked */
	bool                    decode; /* an answer may be compressed by gzip; its limit is that of what it holds */
	bool                    keep;   /* header fields of the answer are kept */
	bool                    connects; /* it connects, and no request follows: for what is no HTTP (stream.h) */
	/* Whether n bytes more of the answer's body may come now; else they wait (curl_easy_pause).  NULL: always. */
	bool                  (*room)(void *arg, size_t n);
	void                   *room_arg;

	/* What it comes to. */
	CURL                   *curl;
	struct fetch_answer     answer; /* but for took_ms */
	struct exchange_field  *fields;
	size_t                  fields_n;

	struct guard_target     target;
	TALLOC_CTX             *tmp;
	struct curl_slist      *headers, *pins;
	struct buf              body;
	size_t                  answer_max, head_bytes;
	bool                    headed;  /* the head of the answer is over */
	bool                    cut;
	bool                    full;    /* the answer was longer than answer_max */
	bool                    refused; /* an address was refused when connecting */
	char                    error[CURL_ERROR_SIZE];
};

/*
 * In order; exchange_close() after any of them, also one that has failed.  `mem` owns the answer.  A handle is ready
 * for libcurl after exchange_set(); it points to *x, which must not move, and to q->body, which stays until the end.
 */
MUST_USE bool exchange_open(TALLOC_CTX *mem, struct exchange *x, const struct fetch_request *q, struct err *e);
MUST_USE bool exchange_set(struct exchange *x, const struct fetch_request *q, int64_t left_ms, struct err *e);
/* By libcurl, to its end; SIGPIPE, which writes of TLS raise, is ignored meanwhile. */
CURLcode      exchange_perform(struct exchange *x);
/* How it has ended, in x->answer or *e. */
MUST_USE bool exchange_end(struct exchange *x, CURLcode rc, struct err *e);
/* It has failed, and would again: what is refused, is too large, or does not prove who it is. */
bool          exchange_lasts(const struct exchange *x, CURLcode rc);
void          exchange_close(struct exchange *x);

/* The authorities that libcurl would read, where it takes them from OpenSSL; else NULL. */
struct trust *exchange_trust(TALLOC_CTX *mem);
/* libcurl itself; once for each that keeps it, and exchange_leave() for each. */
MUST_USE bool exchange_enter(struct err *e);
void          exchange_leave(void);

#endif
