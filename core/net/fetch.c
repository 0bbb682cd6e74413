#include "core/net/fetch.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <curl/curl.h>

#include "core/base/buf.h"
#include "core/base/clock.h"
#include "core/net/resolve.h"

#define CONNECT_MS      5000
#define HEAD_BYTES_MAX  65536 /* of the answer's header fields */
#define RETRY_AFTER_MAX (30 * 86400)

struct fetch_curl {
	struct fetch        base;
	const struct guard *guard;
	struct trust       *trust; /* NULL: libcurl reads the authorities for itself */
};

/* One request under way. */
struct run {
	struct fetch_curl          *f;
	const struct fetch_request *q;
	struct fetch_answer        *a;
	TALLOC_CTX                 *tmp;
	CURL                       *curl;
	struct curl_slist          *headers, *pins;
	struct resolved             addresses;
	struct buf                  body;
	size_t                      head_bytes;
	bool                        full;    /* the answer was longer than answer_max */
	bool                        refused; /* an address was refused when connecting */
	char                        error[CURL_ERROR_SIZE];
};

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
pin(struct run *r, const struct guard_target *t)
{
	char       text[ADDR_TEXT_MAX];
	struct buf b;

	if (t->literal)
		return true;
	buf_make(&b, r->tmp);
	buf_add(&b, t->host.p, t->host.n);
	buf_printf(&b, ":%u:", (unsigned)t->port);
	for (size_t i = 0; i < r->addresses.n; i++) {
		addr_print(&r->addresses.items[i], text);
		buf_printf(&b, addr_is_ipv4(&r->addresses.items[i]) ? "%s%s" : "%s[%s]",
		    i > 0 ? "," : "", text);
	}
	return buf_ok(&b) && append(&r->pins, buf_str(&b).p);
}

/* Whatever libcurl made of the URL: it connects to an address that was checked, or not at all. */
static curl_socket_t
open_socket(void *user, curlsocktype purpose, struct curl_sockaddr *sa)
{
	struct run *r = user;
	struct addr a;

	if (purpose == CURLSOCKTYPE_IPCXN && addr_of(&sa->addr, &a))
		for (size_t i = 0; i < r->addresses.n; i++)
			if (addr_eq(&r->addresses.items[i], &a))
				return socket(
				    sa->family, sa->socktype | SOCK_CLOEXEC, sa->protocol);
	r->refused = true;
	return CURL_SOCKET_BAD;
}

static size_t
take_body(char *p, size_t size, size_t count, void *user)
{
	struct run *r = user;
	size_t      n = size * count, room = r->q->answer_max - r->body.n;

	if (n > room) {
		r->full = true;
		buf_add(&r->body, p, room);
		return 0;
	}
	buf_add(&r->body, p, n);
	return buf_ok(&r->body) ? n : 0;
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

static size_t
take_header(char *p, size_t size, size_t count, void *user)
{
	struct run *r = user;
	size_t      n = size * count;
	struct str  line = { p, n }, name, value;

	r->head_bytes += n;
	if (r->head_bytes > HEAD_BYTES_MAX)
		return 0;
	while (line.n > 0 && (line.p[line.n - 1] == '\n' || line.p[line.n - 1] == '\r'))
		line.n--;
	/* A status line: what an interim answer said does not count. */
	if (str_starts(line, "HTTP/"))
		r->a->retry_after_s = -1;
	value = str_cut(line, ':', &name);
	if (value.p != NULL && str_caseeqz(name, "Retry-After") && r->body.n == 0)
		r->a->retry_after_s = retry_after(str_trim(value));
	return n;
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
add_headers(struct run *r, struct err *e)
{
	bool typed = false, ok = append(&r->headers, "Expect:");

	if (r->q->headers_n > FETCH_HEADERS_MAX)
		return invalid(e, "There are too many header fields.");
	for (size_t i = 0; ok && i < r->q->headers_n; i++) {
		const struct fetch_header *h = &r->q->headers[i];
		struct buf                 b;

		if (!is_token(h->name, TOKEN, FETCH_NAME_MAX))
			return invalid(e, "A header field's name is malformed.");
		buf_make_secret(&b, r->tmp);
		/* libcurl's way to send a field without a value is "Name;". */
		buf_puts(&b, h->name);
		buf_puts(&b, *h->value == '\0' ? ";" : ": ");
		if (!buf_header(&b, str_of(h->value)))
			return invalid(e, "A header field's value holds a line break.");
		typed = typed || str_caseeqz(str_of(h->name), "Content-Type");
		ok = buf_ok(&b) && append(&r->headers, buf_str(&b).p);
	}
	if (ok && !typed)
		ok = append(&r->headers, "Content-Type:"); /* not libcurl's idea of it */
	return ok || err_memory(e);
}

static bool
set_method(struct run *r)
{
	CURL       *c = r->curl;
	const char *method = r->q->method;

	if (strcmp(method, "HEAD") == 0)
		return curl_easy_setopt(c, CURLOPT_NOBODY, 1L) == CURLE_OK;
	if (strcmp(method, "GET") == 0 && r->q->body.n == 0)
		return curl_easy_setopt(c, CURLOPT_HTTPGET, 1L) == CURLE_OK;
	return curl_easy_setopt(c, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)r->q->body.n) ==
		   CURLE_OK &&
	       curl_easy_setopt(c, CURLOPT_POSTFIELDS, r->q->body.n > 0 ? r->q->body.p : "") ==
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
set_request(struct run *r, int64_t left_ms)
{
	CURL *c = r->curl;
	long  left = (long)left_ms, connecting = left < CONNECT_MS ? left : CONNECT_MS;

	return set_manners(c, r->f->guard) && set_method(r) &&
	       curl_easy_setopt(c, CURLOPT_URL, r->q->url) == CURLE_OK &&
	       curl_easy_setopt(c, CURLOPT_RESOLVE, r->pins) == CURLE_OK &&
	       curl_easy_setopt(c, CURLOPT_HTTPHEADER, r->headers) == CURLE_OK &&
	       curl_easy_setopt(c, CURLOPT_ERRORBUFFER, r->error) == CURLE_OK &&
	       curl_easy_setopt(c, CURLOPT_TIMEOUT_MS, left) == CURLE_OK &&
	       curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT_MS, connecting) == CURLE_OK &&
	       curl_easy_setopt(c, CURLOPT_OPENSOCKETFUNCTION, open_socket) == CURLE_OK &&
	       curl_easy_setopt(c, CURLOPT_OPENSOCKETDATA, r) == CURLE_OK &&
	       curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, take_body) == CURLE_OK &&
	       curl_easy_setopt(c, CURLOPT_WRITEDATA, r) == CURLE_OK &&
	       curl_easy_setopt(c, CURLOPT_HEADERFUNCTION, take_header) == CURLE_OK &&
	       curl_easy_setopt(c, CURLOPT_HEADERDATA, r) == CURLE_OK;
}

/* The host only: a webhook's URL is a secret. */
static bool
unavailable(
    const struct run *r, const struct guard_target *t, CURLcode rc, const char *pub, struct err *e)
{
	return err_set(e, ERR_UNAVAILABLE, (int)rc, pub, "fetch %.*s:%u: %s", (int)t->host.n,
	    t->host.p, (unsigned)t->port, r->error[0] != '\0' ? r->error : curl_easy_strerror(rc));
}

static bool
failed(const struct run *r, const struct guard_target *t, CURLcode rc, struct err *e)
{
	if (r->refused)
		return invalid(e, "The URL leads to an address that must not be connected to.");
	if (!buf_ok(&r->body))
		return err_memory(e);
	if (r->full || r->head_bytes > HEAD_BYTES_MAX)
		return unavailable(r, t, rc, "The answer was too large.", e);
	if (rc == CURLE_OPERATION_TIMEDOUT)
		return unavailable(r, t, rc, "The request timed out.", e);
	if (rc == CURLE_COULDNT_CONNECT)
		return unavailable(r, t, rc, "No connection could be made.", e);
	if (rc == CURLE_SSL_CONNECT_ERROR || rc == CURLE_PEER_FAILED_VERIFICATION)
		return unavailable(r, t, rc, "No secure connection could be made.", e);
	return unavailable(r, t, rc, "The request failed.", e);
}

/* With NOSIGNAL libcurl leaves SIGPIPE to us, and TLS writes do raise it. */
static CURLcode
perform(CURL *c)
{
	const struct sigaction ignore = { .sa_handler = SIG_IGN };
	struct sigaction       before;
	CURLcode               rc;

	sigaction(SIGPIPE, &ignore, &before);
	rc = curl_easy_perform(c);
	sigaction(SIGPIPE, &before, NULL);
	return rc;
}

static bool
exchange(struct run *r, const struct guard_target *t, int64_t left_ms, struct err *e)
{
	long     status = 0;
	CURLcode rc;

	if (left_ms <= 0)
		return unavailable(r, t, CURLE_OPERATION_TIMEDOUT, "The request timed out.", e);
	if (!pin(r, t) || !set_request(r, left_ms) ||
	    (t->secure && !set_trust(r->curl, r->f->trust)))
		return err_set(
		    e, ERR_INTERNAL, 0, "internal error", "fetch: libcurl refused an option");
	rc = perform(r->curl);
	if (rc != CURLE_OK && !(rc == CURLE_WRITE_ERROR && r->full && r->q->cut && !r->body.failed))
		return failed(r, t, rc, e);
	curl_easy_getinfo(r->curl, CURLINFO_RESPONSE_CODE, &status);
	r->a->status = (int)status;
	r->a->body = r->body.n > 0 ? buf_str(&r->body) : STR("");
	return true;
}

static bool
run(struct fetch *base, TALLOC_CTX *mem, const struct fetch_request *q, struct fetch_answer *a,
    struct err *e)
{
	struct fetch_curl  *f = (struct fetch_curl *)base;
	struct run          r = { .f = f, .q = q, .a = a };
	struct guard_target t;
	int64_t             start = clock_ns(&clock_system);
	bool                ok = false;

	*a = (struct fetch_answer) { .retry_after_s = -1 };
	buf_make_secret(&r.body, mem);
	if (!is_token(q->method, UPPER, FETCH_METHOD_MAX))
		return invalid(e, "The method is malformed.");
	if (!guard_target(f->guard, q->url, &t, e))
		return false;
	r.tmp = talloc_new(mem);
	r.curl = curl_easy_init();
	if (r.tmp == NULL || r.curl == NULL)
		err_memory(e);
	else
		ok = add_headers(&r, e) && resolve(r.tmp, f->guard, &t, &r.addresses, e) &&
		     exchange(
			 &r, &t, q->timeout_ms - (clock_ns(&clock_system) - start) / 1000000, e);
	a->took_ms = (clock_ns(&clock_system) - start) / 1000000;
	curl_easy_cleanup(r.curl);
	curl_slist_free_all(r.headers);
	curl_slist_free_all(r.pins);
	talloc_free(r.tmp);
	return ok;
}

static int
fetch_free(struct fetch_curl *f)
{
	(void)f;
	curl_global_cleanup();
	return 0;
}

/* Whoever forks for each request reads them before. */
static void
prepare(struct fetch *base)
{
	struct fetch_curl *f = (struct fetch_curl *)base;

	if (f->trust != NULL)
		(void)trust_read(f->trust);
}

static const struct fetch_ops ops = {
	.run = run,
	.prepare = prepare,
};

struct fetch *
fetch_make_trusting(TALLOC_CTX *mem, const struct guard *g, struct trust *trust, struct err *e)
{
	struct fetch_curl *f;
	CURLcode           rc = curl_global_init(CURL_GLOBAL_DEFAULT);

	if (rc != CURLE_OK) {
		err_set(e, ERR_INTERNAL, (int)rc, "internal error", "libcurl: %s",
		    curl_easy_strerror(rc));
		return NULL;
	}
	f = talloc_zero(mem, struct fetch_curl);
	if (f == NULL) {
		curl_global_cleanup();
		err_memory(e);
		return NULL;
	}
	*f = (struct fetch_curl) {
		.base.ops = &ops,
		.guard = g,
	};
	f->trust = __extension__ talloc_steal(f, trust);
	talloc_set_destructor(f, fetch_free);
	return &f->base;
}

/* Those that libcurl would read, where it is one that takes them from OpenSSL. */
struct fetch *
fetch_make(TALLOC_CTX *mem, const struct guard *g, struct err *e)
{
	const curl_version_info_data *v = curl_version_info(CURLVERSION_NOW);
	struct trust                 *trust = NULL;

	if (str_starts(str_of(v->ssl_version), "OpenSSL/") && v->cainfo != NULL)
		trust = trust_make(mem, v->cainfo, v->capath);
	return fetch_make_trusting(mem, g, trust, e);
}
