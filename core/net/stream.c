#include "core/net/stream.h"

#include <errno.h>
#include <linux/sockios.h>
#include <poll.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>

#include "core/base/clock.h"
#include "core/net/datagram.h"
#include "core/net/exchange.h"

#define IDLE_MS    300000
#define POLL_MS    50
#define DISCARDS   16 /* of what the other side says, before it is asked again */
#define ACKED_NS   1000000
#define ENDED      "The connection ended before everything had arrived."
#define NO_SECONDS "The receiver took too long."

struct stream {
	struct exchange x;
	struct resolved at;
	struct guard    guard;
	char           *url, *ca; /* NULL: none */
	int64_t         used_ms;
};
struct kept {
	struct streams      base;
	const struct guard *guard;
	struct trust       *trust; /* of the system; NULL: libcurl reads them */
	struct stream      *items[STREAMS_MAX];
};

static int64_t
now_ms(void)
{
	return clock_ns(&clock_system) / 1000000;
}

static bool
failed(const struct stream *s, CURLcode rc, const char *pub, struct err *e)
{
	return err_set(e, ERR_UNAVAILABLE, (int)rc, pub, "stream %.*s:%u: %s",
	    (int)s->x.target.host.n, s->x.target.host.p, (unsigned)s->x.target.port,
	    curl_easy_strerror(rc));
}

/* ---- one connection ---- */

static int
stream_free(struct stream *s)
{
	exchange_close(&s->x);
	return 0;
}

static bool
stream_fill(struct stream *s, const struct kept *p, const struct stream_to *to, struct err *e)
{
	s->guard = *p->guard;
	s->guard.also = to->port;
	s->url = talloc_strdup(s, to->url);
	s->ca = to->ca == NULL ? NULL : talloc_strdup(s, to->ca);
	s->x = (struct exchange) { .guard = &s->guard, .connects = true, .only = &s->at };
	talloc_set_destructor(s, stream_free);
	if (s->url == NULL || (to->ca != NULL && s->ca == NULL))
		return err_memory(e);
	s->x.trust = to->ca == NULL ? p->trust : trust_make_text(s, to->ca);
	return to->ca == NULL || s->x.trust != NULL ||
	       err_set(
		   e, ERR_INVALID, 0, "The channel's ca holds no certificate.", "stream: no ca");
}

static struct stream *
stream_open(struct kept *p, const struct stream_to *to, int64_t until_ms, struct err *e)
{
	struct stream       *s = talloc_zero(p, struct stream);
	struct fetch_request q = { .method = "GET" };

	if (s == NULL) {
		err_memory(e);
		return NULL;
	}
	if (stream_fill(s, p, to, e)) {
		q.url = s->url;
		if (exchange_open(s, &s->x, &q, e) &&
		    resolve(s->x.tmp, &s->guard, &s->x.target, &s->at, e) &&
		    exchange_set(&s->x, &q, until_ms - now_ms(), e) &&
		    exchange_end(&s->x, exchange_perform(&s->x), e))
			return s;
	}
	talloc_free(s);
	return NULL;
}

/* What the other side says means nothing here; that it has gone does. */
static bool
is_alive(struct stream *s)
{
	char     text[512];
	CURLcode rc = CURLE_OK;

	for (unsigned i = 0; i < DISCARDS && rc == CURLE_OK; i++) {
		size_t n = 0;

		rc = curl_easy_recv(s->x.curl, text, sizeof(text), &n);
		if (rc == CURLE_OK && n == 0)
			return false;
	}
	return rc == CURLE_OK || rc == CURLE_AGAIN;
}

static bool
wait_for_room(struct stream *s, int fd, int64_t until_ms, struct err *e)
{
	struct pollfd p = { .fd = fd, .events = POLLOUT };

	if (now_ms() >= until_ms)
		return failed(s, CURLE_OPERATION_TIMEDOUT, NO_SECONDS, e);
	(void)poll(&p, 1, POLL_MS);
	return true;
}

/* Until the host there has all of it. */
static bool
wait_for_host(struct stream *s, int fd, int64_t until_ms, struct err *e)
{
	const struct timespec pause = { .tv_nsec = ACKED_NS };
	int                   waits = 0;

	while (ioctl(fd, SIOCOUTQ, &waits) == 0 && waits > 0) {
		if (now_ms() >= until_ms)
			return failed(s, CURLE_OPERATION_TIMEDOUT, NO_SECONDS, e);
		(void)nanosleep(&pause, NULL);
	}
	return is_alive(s) || failed(s, CURLE_SEND_ERROR, ENDED, e);
}

static bool
stream_send(struct stream *s, struct str text, int64_t until_ms, struct err *e)
{
	curl_socket_t fd = CURL_SOCKET_BAD;

	if (curl_easy_getinfo(s->x.curl, CURLINFO_ACTIVESOCKET, &fd) != CURLE_OK ||
	    fd == CURL_SOCKET_BAD)
		return failed(s, CURLE_SEND_ERROR, ENDED, e);
	while (text.n > 0) {
		size_t   n = 0;
		CURLcode rc = curl_easy_send(s->x.curl, text.p, text.n, &n);

		if (rc != CURLE_OK && rc != CURLE_AGAIN)
			return failed(s, rc, ENDED, e);
		text = (struct str) { text.p + n, text.n - n };
		if (rc == CURLE_AGAIN && !wait_for_room(s, fd, until_ms, e))
			return false;
	}
	return wait_for_host(s, fd, until_ms, e);
}

/* ---- those that are kept ---- */

static int
kept_free(struct kept *p)
{
	for (size_t i = 0; i < STREAMS_MAX; i++)
		TALLOC_FREE(p->items[i]);
	exchange_leave();
	return 0;
}

static bool
is_same(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

/* Its place, or that of the one to be closed for it. */
static struct stream **
place_of(struct kept *p, const struct stream_to *to)
{
	struct stream **oldest = &p->items[0];

	for (size_t i = 0; i < STREAMS_MAX; i++) {
		struct stream **s = &p->items[i];

		if (*s != NULL && is_same((*s)->url, to->url) && is_same((*s)->ca, to->ca))
			return s;
		if (*oldest != NULL && (*s == NULL || (*s)->used_ms < (*oldest)->used_ms))
			oldest = s;
	}
	TALLOC_FREE(*oldest);
	return oldest;
}

static bool
send_kept(struct streams *base, TALLOC_CTX *mem, const struct stream_to *to, struct str text,
    int64_t timeout_ms, struct err *e)
{
	struct kept    *p = (struct kept *)base;
	const int64_t   until_ms = now_ms() + timeout_ms;
	struct stream **s;

	if (to->datagram)
		return datagram_send(mem, p->guard, to->url, text, e);
	s = place_of(p, to);
	if (*s != NULL && !is_alive(*s))
		TALLOC_FREE(*s);
	if (*s == NULL)
		*s = stream_open(p, to, until_ms, e);
	if (*s == NULL)
		return false;
	(*s)->used_ms = now_ms();
	if (stream_send(*s, text, until_ms, e))
		return true;
	TALLOC_FREE(*s); /* who is in the middle of a message cannot begin another */
	return false;
}

static void
tidy(struct streams *base)
{
	struct kept *p = (struct kept *)base;

	for (size_t i = 0; i < STREAMS_MAX; i++)
		if (p->items[i] != NULL && now_ms() - p->items[i]->used_ms > IDLE_MS)
			TALLOC_FREE(p->items[i]);
}

static const struct streams_ops ops = {
	.send = send_kept,
	.tidy = tidy,
};

struct streams *
streams_make(TALLOC_CTX *mem, const struct guard *g, struct err *e)
{
	struct kept *p;

	if (!exchange_enter(e))
		return NULL;
	p = talloc_zero(mem, struct kept);
	if (p == NULL) {
		exchange_leave();
		err_memory(e);
		return NULL;
	}
	p->base.ops = &ops;
	p->guard = g;
	p->trust = exchange_trust(p);
	talloc_set_destructor(p, kept_free);
	return &p->base;
}
