#include "core/net/exchange.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "core/base/clock.h"
#include "core/base/secret.h"

#define CONNECT_MS      5000
#define HEAD_BYTES_MAX  65536 /* of the answer's header fields */
#define RETRY_AFTER_MAX (30 * 86400)

static bool
invalid(struct err *e, const char *pub)
{
	return err_set(e, ERR_INVALID, 0, pub, "fetch: %s", pub);
}

static bool
append(struct curl_slist **list, const char *text)
{
	struct curl_slist *more = text == NULL ? NULL : curl_slist_append(*list, text);

	if (more != NULL)
		*list = more;
	return more != NULL;
}

/* Tells libcurl the addresses, so that it asks no resolver: "host:port:address,address". */
static bool
pin(struct exchange *x)
{
	char       text[ADDR_TEXT_MAX];
	struct buf b;

	if (x->only == NULL || x->target.literal)
		return true;
	buf_make(&b, x->tmp);
	buf_add(&b, x->target.host.p, x->target.host.n);
	buf_printf(&b, ":%u:", (unsigned)x->target.port);
	for (size_t i = 0; i < x->only->n; i++) {
		addr_print(&x->only->items[i], text);
		buf_printf(&b, addr_is_ipv4(&x->only->items[i]) ? "%s%s" : "%s[%s]",
		    i > 0 ? "," : "", text);
	}
	return buf_ok(&b) && append(&x->pins, buf_str(&b).p);
}

static bool
may_connect(const struct exchange *x, const struct addr *a)
{
	if (x->only == NULL)
		return resolved_may(x->tmp, x->guard, a);
	for (size_t i = 0; i < x->only->n; i++)
		if (addr_eq(&x->only->items[i], a))
			return true;
	return false;
}

/* Whatever libcurl made of the URL: it connects to an address that was checked, or not at all. */
static curl_socket_t
open_socket(void *user, curlsocktype purpose, struct curl_sockaddr *sa)
{
	struct exchange *x = user;
	struct addr      a;

	if (purpose == CURLSOCKTYPE_IPCXN && addr_of(&sa->addr, &a) && may_connect(x, &a))
		return socket(sa->family, sa->socktype | SOCK_CLOEXEC, sa->protocol);
	x->refused = true;
	return CURL_SOCKET_BAD;
}

/* A name that leads to a good address and to a bad one is an attempt: what the good one says is not
 * listened to. */
static size_t
take_body(char *p, size_t size, size_t count, void *user)
{
	struct exchange *x = user;
	size_t           n = size * count, room = x->answer_max - x->body.n;

	if (x->refused)
		return 0;
	if (n > room) {
		x->full = true;
		buf_add(&x->body, p, room);
		return 0;
	}
	if (x->room != NULL && !x->room(x->room_arg, n))
		return CURL_WRITEFUNC_PAUSE;
	buf_add(&x->body, p, n);
	return buf_ok(&x->body) ? n : 0;
}

/* Seconds from now; -1: neither a number nor a date (RFC 9110 section 10.2.3). */
static int64_t
retry_after(struct str value)
{
	char     date[64];
	uint64_t s;
	int64_t  at;

	if (str_to_u64(value, &s))
		return s > RETRY_AFTER_MAX ? RETRY_AFTER_MAX : (int64_t)s;
	if (value.n == 0 || value.n >= sizeof(date))
		return -1;
	memcpy(date, value.p, value.n);
	date[value.n] = '\0';
	at = (int64_t)curl_getdate(date, NULL);
	if (at < 0)
		return -1;
	at -= clock_ms(&clock_system) / 1000;
	return at < 0 ? 0 : at > RETRY_AFTER_MAX ? RETRY_AFTER_MAX : at;
}

static bool
keep_field(struct exchange *x, struct str name, struct str value)
{
	struct exchange_field f;

	if (x->fields_n == EXCHANGE_FIELDS_MAX)
		return true;
	f = (struct exchange_field) { str_dup(x->fields, str_trim(name)),
		str_dup(x->fields, value) };
	if (f.name == NULL || f.value == NULL)
		return false;
	x->fields[x->fields_n++] = f;
	return true;
}

/* A status line: what an interim answer said does not count. */
static void
head_anew(struct exchange *x)
{
	x->answer.retry_after_s = -1;
	x->fields_n = 0;
	x->headed = false;
}

static size_t
take_header(char *p, size_t size, size_t count, void *user)
{
	struct exchange *x = user;
	size_t           n = size * count;
	struct str       line = { p, n }, name, value;

	x->head_bytes += n;
	if (x->head_bytes > HEAD_BYTES_MAX || x->refused)
		return 0;
	while (line.n > 0 && (line.p[line.n - 1] == '\n' || line.p[line.n - 1] == '\r'))
		line.n--;
	if (str_starts(line, "HTTP/"))
		head_anew(x);
	x->headed = x->headed || line.n == 0;
	value = str_cut(line, ':', &name);
	if (value.p == NULL || x->headed)
		return n;
	value = str_trim(value);
	if (str_caseeqz(name, "Retry-After"))
		x->answer.retry_after_s = retry_after(value);
	return !x->keep || keep_field(x, name, value) ? n : 0;
}

static bool
is_token(const char *z, const char *letters, size_t max)
{
	size_t n = strlen(z);

	return n > 0 && n <= max && strspn(z, letters) == n;
}

#define UPPER "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define TOKEN UPPER "abcdefghijklmnopqrstuvwxyz0123456789!#$%&'*+-.^_`|~"

static bool
add_headers(struct exchange *x, const struct fetch_request *q, struct err *e)
{
	bool typed = false, ok = append(&x->headers, "Expect:");

	if (q->headers_n > FETCH_HEADERS_MAX)
		return invalid(e, "There are too many header fields.");
	for (size_t i = 0; ok && i < q->headers_n; i++) {
		const struct fetch_header *h = &q->headers[i];
		struct buf                 b;

		if (!is_token(h->name, TOKEN, FETCH_NAME_MAX))
			return invalid(e, "A header field's name is malformed.");
		buf_make_secret(&b, x->tmp);
		/* libcurl's way to send a field without a value is "Name;". */
		buf_puts(&b, h->name);
		buf_puts(&b, *h->value == '\0' ? ";" : ": ");
		if (!buf_header(&b, str_of(h->value)))
			return invalid(e, "A header field's value holds a line break.");
		typed = typed || str_caseeqz(str_of(h->name), "Content-Type");
		ok = buf_ok(&b) && append(&x->headers, buf_str(&b).p);
	}
	if (ok && !typed)
		ok = append(&x->headers, "Content-Type:"); /* not libcurl's idea of it */
	return ok || err_memory(e);
}

static bool
set_method(struct exchange *x, const struct fetch_request *q)
{
	CURL       *c = x->curl;
	const char *method = q->method;

	if (strcmp(method, "HEAD") == 0)
		return curl_easy_setopt(c, CURLOPT_NOBODY, 1L) == CURLE_OK;
	if (strcmp(method, "GET") == 0 && q->body.n == 0)
		return curl_easy_setopt(c, CURLOPT_HTTPGET, 1L) == CURLE_OK;
	return curl_easy_setopt(c, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)q->body.n) ==
		   CURLE_OK &&
	       curl_easy_setopt(c, CURLOPT_POSTFIELDS, q->body.n > 0 ? q->body.p : "") ==
		   CURLE_OK &&
	       curl_easy_setopt(c, CURLOPT_CUSTOMREQUEST, method) == CURLE_OK;
}

/* What is common to all requests: no redirects, no proxies, no other protocol, no signals. */
static bool
set_manners(CURL *c, const struct guard *g)
{
	return curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, g->plain_http ? "https,http" : "https") ==
		   CURLE_OK &&
	       curl_easy_setopt(c, CURLOPT_FOLLOWLOCATION, 0L) == CURLE_OK &&
	       curl_easy_setopt(c, CURLOPT_PROXY, "") == CURLE_OK &&
	       curl_easy_setopt(c, CURLOPT_NOPROXY, "*") == CURLE_OK &&
	       curl_easy_setopt(c, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2) == CURLE_OK &&
	       curl_easy_setopt(c, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1) == CURLE_OK &&
	       curl_easy_setopt(c, CURLOPT_DISALLOW_USERNAME_IN_URL, 1L) == CURLE_OK &&
	       curl_easy_setopt(c, CURLOPT_PATH_AS_IS, 1L) == CURLE_OK &&
	       curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
	       curl_easy_setopt(c, CURLOPT_USERAGENT, "BlindSpotX/" BSX_VERSION) == CURLE_OK;
}

/* Instead of what libcurl would read for this connection. */
static CURLcode
trust_authorities(CURL *c, void *ssl_ctx, void *user)
{
	(void)c;
	trust_give(user, ssl_ctx);
	return CURLE_OK;
}

/* What cannot be read is left to libcurl, which says what is wrong with it. */
static bool
set_trust(CURL *c, struct trust *t)
{
	if (t == NULL || !trust_read(t))
		return true;
	return curl_easy_setopt(c, CURLOPT_CAINFO, NULL) == CURLE_OK &&
	       curl_easy_setopt(c, CURLOPT_CAPATH, NULL) == CURLE_OK &&
	       curl_easy_setopt(c, CURLOPT_SSL_CTX_FUNCTION, trust_authorities) == CURLE_OK &&
	       curl_easy_setopt(c, CURLOPT_SSL_CTX_DATA, t) == CURLE_OK;
}

static bool
set_answer(struct exchange *x)
{
	CURL *c = x->curl;

	return curl_easy_setopt(c, CURLOPT_ACCEPT_ENCODING, x->decode ? "gzip" : NULL) ==
		   CURLE_OK &&
	       curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, take_body) == CURLE_OK &&
	       curl_easy_setopt(c, CURLOPT_WRITEDATA, x) == CURLE_OK &&
	       curl_easy_setopt(c, CURLOPT_HEADERFUNCTION, take_header) == CURLE_OK &&
	       curl_easy_setopt(c, CURLOPT_HEADERDATA, x) == CURLE_OK;
}

/* QUICK_EXIT: who gives a request up does not wait for the resolver. */
static bool
set_connection(struct exchange *x, const char *url, int64_t left_ms)
{
	CURL *c = x->curl;
	long  left = (long)left_ms, connecting = left < CONNECT_MS ? left : CONNECT_MS;

	return curl_easy_setopt(c, CURLOPT_URL, url) == CURLE_OK &&
	       curl_easy_setopt(c, CURLOPT_RESOLVE, x->pins) == CURLE_OK &&
	       curl_easy_setopt(c, CURLOPT_QUICK_EXIT, 1L) == CURLE_OK &&
	       curl_easy_setopt(c, CURLOPT_TIMEOUT_MS, left) == CURLE_OK &&
	       curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT_MS, connecting) == CURLE_OK &&
	       curl_easy_setopt(c, CURLOPT_OPENSOCKETFUNCTION, open_socket) == CURLE_OK &&
	       curl_easy_setopt(c, CURLOPT_OPENSOCKETDATA, x) == CURLE_OK;
}

/* Nobody is told that HTTP is to follow. */
static bool
set_connecting(CURL *c)
{
	return curl_easy_setopt(c, CURLOPT_CONNECT_ONLY, 1L) == CURLE_OK &&
	       curl_easy_setopt(c, CURLOPT_SSL_ENABLE_ALPN, 0L) == CURLE_OK;
}

static bool
set_request(struct exchange *x, const struct fetch_request *q, int64_t left_ms)
{
	return set_manners(x->curl, x->guard) && set_method(x, q) &&
	       set_connection(x, q->url, left_ms) && set_answer(x) &&
	       curl_easy_setopt(x->curl, CURLOPT_HTTPHEADER, x->headers) == CURLE_OK &&
	       curl_easy_setopt(x->curl, CURLOPT_ERRORBUFFER, x->error) == CURLE_OK &&
	       (!x->connects || set_connecting(x->curl)) &&
	       (!x->target.secure || set_trust(x->curl, x->trust));
}

/* The host only: a webhook's URL is a secret. */
static bool
unavailable(const struct exchange *x, CURLcode rc, const char *pub, struct err *e)
{
	return err_set(e, ERR_UNAVAILABLE, (int)rc, pub, "fetch %.*s:%u: %s", (int)x->target.host.n,
	    x->target.host.p, (unsigned)x->target.port,
	    x->error[0] != '\0' ? x->error : curl_easy_strerror(rc));
}

static bool
late(const struct exchange *x, struct err *e)
{
	return unavailable(x, CURLE_OPERATION_TIMEDOUT, "The request timed out.", e);
}

static const struct {
	CURLcode    rc;
	const char *pub;
} sentences[] = {
	{ CURLE_OPERATION_TIMEDOUT, "The request timed out." },
	{ CURLE_COULDNT_RESOLVE_HOST, "The host's name could not be resolved." },
	{ CURLE_COULDNT_CONNECT, "No connection could be made." },
	{ CURLE_SSL_CONNECT_ERROR, "No secure connection could be made." },
	{ CURLE_PARTIAL_FILE, "The connection ended before the answer was whole." },
	{ CURLE_GOT_NOTHING, "The connection ended before the answer was whole." },
	{ CURLE_RECV_ERROR, "The connection ended before the answer was whole." },
	{ CURLE_BAD_CONTENT_ENCODING, "The answer is compressed in a way that cannot be read." },
};

static const char *
sentence(const struct exchange *x, CURLcode rc)
{
	long why = -1;

	if (rc == CURLE_PEER_FAILED_VERIFICATION) {
		(void)curl_easy_getinfo(x->curl, CURLINFO_SSL_VERIFYRESULT, &why);
		return trust_doubt(why);
	}
	for (size_t i = 0; i < sizeof(sentences) / sizeof(sentences[0]); i++)
		if (sentences[i].rc == rc)
			return sentences[i].pub;
	return "The request failed.";
}

static bool
failed(const struct exchange *x, CURLcode rc, struct err *e)
{
	if (x->refused)
		return invalid(e, "The URL leads to an address that must not be connected to.");
	if (!buf_ok(&x->body))
		return err_memory(e);
	if (x->full || x->head_bytes > HEAD_BYTES_MAX)
		return unavailable(x, rc, "The answer was too large.", e);
	return unavailable(x, rc, sentence(x, rc), e);
}

/* With NOSIGNAL libcurl leaves SIGPIPE to us, and TLS writes do raise it. */
CURLcode
exchange_perform(struct exchange *x)
{
	const struct sigaction ignore = { .sa_handler = SIG_IGN };
	struct sigaction       before;
	CURLcode               rc;

	sigaction(SIGPIPE, &ignore, &before);
	rc = curl_easy_perform(x->curl);
	sigaction(SIGPIPE, &before, NULL);
	return rc;
}

bool
exchange_end(struct exchange *x, CURLcode rc, struct err *e)
{
	long status = 0;

	if (rc != CURLE_OK && !(rc == CURLE_WRITE_ERROR && x->full && x->cut && buf_ok(&x->body)))
		return failed(x, rc, e);
	curl_easy_getinfo(x->curl, CURLINFO_RESPONSE_CODE, &status);
	x->answer.status = (int)status;
	x->answer.body = x->body.n > 0 ? buf_str(&x->body) : STR("");
	return true;
}

bool
exchange_lasts(const struct exchange *x, CURLcode rc)
{
	return x->refused || x->full || x->head_bytes > HEAD_BYTES_MAX ||
	       rc == CURLE_PEER_FAILED_VERIFICATION || rc == CURLE_BAD_CONTENT_ENCODING;
}

bool
exchange_set(struct exchange *x, const struct fetch_request *q, int64_t left_ms, struct err *e)
{
	if (left_ms <= 0)
		return late(x, e);
	return (pin(x) && set_request(x, q, left_ms)) ||
	       err_set(e, ERR_INTERNAL, 0, "internal error", "fetch: libcurl refused an option");
}

bool
exchange_open(TALLOC_CTX *mem, struct exchange *x, const struct fetch_request *q, struct err *e)
{
	x->answer = (struct fetch_answer) { .retry_after_s = -1 };
	x->answer_max = q->answer_max;
	x->cut = q->cut;
	buf_make_secret(&x->body, mem);
	if (!is_token(q->method, UPPER, FETCH_METHOD_MAX))
		return invalid(e, "The method is malformed.");
	if (!guard_target(x->guard, q->url, &x->target, e))
		return false;
	x->tmp = talloc_new(mem);
	x->curl = curl_easy_init();
	if (x->keep)
		x->fields = talloc_array(mem, struct exchange_field, EXCHANGE_FIELDS_MAX);
	if (x->tmp == NULL || x->curl == NULL || (x->keep && x->fields == NULL))
		return err_memory(e);
	return add_headers(x, q, e);
}

void
exchange_close(struct exchange *x)
{
	curl_easy_cleanup(x->curl);
	curl_slist_free_all(x->headers);
	curl_slist_free_all(x->pins);
	talloc_free(x->tmp);
	x->curl = NULL;
	x->headers = x->pins = NULL;
	x->tmp = NULL;
}

/* ---- libcurl itself ---- */

bool
exchange_enter(struct err *e)
{
	CURLcode rc = curl_global_init(CURL_GLOBAL_DEFAULT);

	return rc == CURLE_OK || err_set(e, ERR_INTERNAL, (int)rc, "internal error", "libcurl: %s",
				     curl_easy_strerror(rc));
}

void
exchange_leave(void)
{
	curl_global_cleanup();
}

struct trust *
exchange_trust(TALLOC_CTX *mem)
{
	const curl_version_info_data *v = curl_version_info(CURLVERSION_NOW);

	if (!str_starts(str_of(v->ssl_version), "OpenSSL/") || v->cainfo == NULL)
		return NULL;
	return trust_make(mem, v->cainfo, v->capath);
}
