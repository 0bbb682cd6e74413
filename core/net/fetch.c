#include "core/net/fetch.h"

#include <errno.h>
#include <ifaddrs.h>
#include <netdb.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <curl/curl.h>

#include "core/base/buf.h"
#include "core/base/clock.h"

#define CONNECT_MS      5000
#define ADDRESSES_MAX   16
#define HEADERS_MAX     64
#define HEAD_BYTES_MAX  65536 /* of the answer's header fields */
#define RETRY_AFTER_MAX (30 * 86400)

struct fetch_curl {
	struct fetch        base;
	const struct guard *guard;
	struct addr        *own; /* of this host's interfaces, read anew for each request */
	size_t              own_n;
};

/* One request under way. */
struct run {
	const struct guard         *guard;
	const struct fetch_request *q;
	struct fetch_answer        *a;
	TALLOC_CTX                 *tmp;
	CURL                       *curl;
	struct curl_slist          *headers, *pins;
	struct addr                 addresses[ADDRESSES_MAX]; /* checked */
	size_t                      addresses_n;
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
is_own(const struct fetch_curl *f, const struct addr *a)
{
	for (size_t i = 0; i < f->own_n; i++)
		if (addr_eq(&f->own[i], a))
			return true;
	return false;
}

/* The guard's word, and never this host itself by one of its public addresses, unless it is opened.
 */
static bool
may_connect(const struct fetch_curl *f, const struct addr *a)
{
	if (!guard_address(f->guard, a))
		return false;
	return !is_own(f, a) || (f->guard->allow != NULL && cidr_list_match(f->guard->allow, a));
}

static bool
read_own(struct fetch_curl *f, struct err *e)
{
	struct ifaddrs *list, *i;
	unsigned        n = 1;

	if (getifaddrs(&list) != 0)
		return err_set(e, ERR_UNAVAILABLE, errno, "The request could not be sent.",
		    "fetch: getifaddrs: %s", strerror(errno));
	for (i = list; i != NULL; i = i->ifa_next)
		n++;
	talloc_free(f->own);
	f->own_n = 0;
	f->own = talloc_array(f, struct addr, n);
	for (i = list; i != NULL && f->own != NULL; i = i->ifa_next)
		if (i->ifa_addr != NULL && addr_of(i->ifa_addr, &f->own[f->own_n]))
			f->own_n++;
	freeifaddrs(list);
	return f->own != NULL || err_memory(e);
}

static bool
take_address(const struct fetch_curl *f, struct run *r, const struct addr *a, struct err *e)
{
	if (!may_connect(f, a))
		return invalid(e, "The URL leads to an address that must not be connected to.");
	if (r->addresses_n < ADDRESSES_MAX)
		r->addresses[r->addresses_n++] = *a;
	return true;
}

/*
 * Resolves once; every address must pass, because a name that leads to a good
 * and a bad one is an attempt.  getaddrinfo() knows no deadline: the resolver's
 * own (resolv.conf: timeout, attempts) bounds it, and what it took is counted.
 */
static bool
resolve(const struct fetch_curl *f, struct run *r, const struct guard_target *t, struct err *e)
{
	const struct addrinfo hints = { .ai_socktype = SOCK_STREAM };
	struct addrinfo      *list = NULL, *i;
	char                 *host = str_dup(r->tmp, t->host);
	struct addr           a;
	int                   rc;
	bool                  ok = true;

	if (t->literal)
		return take_address(f, r, &t->addr, e);
	if (host == NULL)
		return err_memory(e);
	rc = getaddrinfo(host, NULL, &hints, &list);
	if (rc != 0)
		return err_set(e, ERR_UNAVAILABLE, 0, "The host's name could not be resolved.",
		    "fetch %s: %s", host, gai_strerror(rc));
	for (i = list; i != NULL && ok; i = i->ai_next)
		if (addr_of(i->ai_addr, &a))
			ok = take_address(f, r, &a, e);
	freeaddrinfo(list);
	if (ok && r->addresses_n == 0)
		return err_set(e, ERR_UNAVAILABLE, 0, "The host's name could not be resolved.",
		    "fetch %s: no address", host);
	return ok;
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
	for (size_t i = 0; i < r->addresses_n; i++) {
		addr_print(&r->addresses[i], text);
		buf_printf(
		    &b, addr_is_ipv4(&r->addresses[i]) ? "%s%s" : "%s[%s]", i > 0 ? "," : "", text);
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
		for (size_t i = 0; i < r->addresses_n; i++)
			if (addr_eq(&r->addresses[i], &a))
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

	if (r->q->headers_n > HEADERS_MAX)
		return invalid(e, "There are too many header fields.");
	for (size_t i = 0; ok && i < r->q->headers_n; i++) {
		const struct fetch_header *h = &r->q->headers[i];
		struct buf                 b;

		if (!is_token(h->name, TOKEN, 128))
			return invalid(e, "A header field's name is malformed.");
		buf_make(&b, r->tmp);
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

static bool
set_request(struct run *r, int64_t left_ms)
{
	CURL *c = r->curl;
	long  left = (long)left_ms, connecting = left < CONNECT_MS ? left : CONNECT_MS;

	return set_manners(c, r->guard) && set_method(r) &&
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
	if (!pin(r, t) || !set_request(r, left_ms))
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
	struct run          r = { .guard = f->guard, .q = q, .a = a };
	struct guard_target t;
	int64_t             start = clock_ns(&clock_system);
	bool                ok = false;

	*a = (struct fetch_answer) { .retry_after_s = -1 };
	buf_make(&r.body, mem);
	if (!is_token(q->method, UPPER, 16))
		return invalid(e, "The method is malformed.");
	if (!guard_target(f->guard, q->url, &t, e))
		return false;
	r.tmp = talloc_new(mem);
	r.curl = curl_easy_init();
	if (r.tmp == NULL || r.curl == NULL)
		err_memory(e);
	else
		ok = read_own(f, e) && add_headers(&r, e) && resolve(f, &r, &t, e) &&
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

static const struct fetch_ops ops = { run };

struct fetch *
fetch_make(TALLOC_CTX *mem, const struct guard *g, struct err *e)
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
	f->base.ops = &ops;
	f->guard = g;
	talloc_set_destructor(f, fetch_free);
	return &f->base;
}
