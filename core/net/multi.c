#include "core/net/multi.h"

#include <limits.h>
#include <string.h>

#include "core/base/clock.h"
#include "core/base/secret.h"

#define KEPT_MAX 256 /* connections that are kept */
#define FDS_MAX  8

struct multi {
	CURLM              *curl;
	const struct guard *guard;
	struct trust       *trust;
	struct transfer    *first;
	size_t              n;
};

struct transfer {
	struct multi     *m;
	struct transfer  *next, **link; /* what points to it */
	struct multi_from from;
	struct exchange   x;
	int64_t           began_ns;
	bool              added;
};

static bool
refused(CURLMcode rc, struct err *e)
{
	return err_set(
	    e, ERR_INTERNAL, (int)rc, "internal error", "libcurl: %s", curl_multi_strerror(rc));
}

/* ---- one of them ---- */

static int
transfer_free(struct transfer *t)
{
	if (t->added)
		curl_multi_remove_handle(t->m->curl, t->x.curl);
	exchange_close(&t->x);
	*t->link = t->next;
	if (t->next != NULL)
		t->next->link = t->link;
	t->m->n--;
	return 0;
}

static struct transfer *
transfer_make(struct multi *m, const struct multi_from *from)
{
	struct transfer *t = talloc_zero(m, struct transfer);

	if (t == NULL)
		return NULL;
	*t = (struct transfer) {
		.m = m,
		.next = m->first,
		.link = &m->first,
		.from = *from,
		.x = { .guard = m->guard, .trust = m->trust, .decode = true, .keep = true },
		.began_ns = clock_ns(&clock_system),
	};
	if (t->next != NULL)
		t->next->link = &t->next;
	m->first = t;
	m->n++;
	talloc_set_destructor(t, transfer_free);
	return t;
}

/* libcurl copies all but the body. */
static bool
transfer_begin(struct transfer *t, const struct fetch_request *q, struct err *e)
{
	struct fetch_request mine = *q;
	char                *body = q->body.n == 0 ? NULL : secret_alloc(t, q->body.n);
	CURLMcode            rc;

	if (body != NULL)
		memcpy(body, q->body.p, q->body.n);
	else if (q->body.n > 0)
		return err_memory(e);
	mine.body.p = body;
	if (!exchange_open(t, &t->x, &mine, e) || !exchange_set(&t->x, &mine, q->timeout_ms, e))
		return false;
	if (curl_easy_setopt(t->x.curl, CURLOPT_PRIVATE, t) != CURLE_OK)
		return err_memory(e);
	rc = curl_multi_add_handle(t->m->curl, t->x.curl);
	t->added = rc == CURLM_OK;
	return t->added || refused(rc, e);
}

bool
multi_send(
    struct multi *m, const struct fetch_request *q, const struct multi_from *from, struct err *e)
{
	struct transfer *t = transfer_make(m, from);

	if (t == NULL)
		return err_memory(e);
	if (transfer_begin(t, q, e))
		return true;
	talloc_free(t);
	return false;
}

/* ---- all of them ---- */

static void
hand_over(struct transfer *t, CURLcode rc)
{
	struct err          why = { 0 };
	struct multi_answer a = { .id = t->from.id, .answer = &t->x.answer, .why = &why };
	multi_taken        *taken = t->from.taken;
	void               *owner = t->from.owner;

	a.ok = exchange_end(&t->x, rc, &why);
	a.lasting = !a.ok && exchange_lasts(&t->x, rc);
	a.fields = t->x.fields;
	a.fields_n = t->x.fields_n;
	t->x.answer.took_ms = (clock_ns(&clock_system) - t->began_ns) / 1000000;
	t->from = (struct multi_from) { 0 }; /* not to be dropped by what it tells */
	taken(owner, &a);
	talloc_free(t);
}

static void
hand_over_all(struct multi *m)
{
	struct CURLMsg *msg;
	int             left;

	while ((msg = curl_multi_info_read(m->curl, &left)) != NULL) {
		CURLcode rc = msg->data.result;
		void    *t = NULL;

		if (msg->msg != CURLMSG_DONE)
			continue;
		curl_easy_getinfo(msg->easy_handle, CURLINFO_PRIVATE, &t);
		hand_over(t, rc);
	}
}

bool
multi_wait(struct multi *m, int64_t ms, const int fds[], size_t n, struct err *e)
{
	struct curl_waitfd extra[FDS_MAX] = { { 0 } };
	int                wait = ms < 0 ? 0 : ms > INT_MAX ? INT_MAX : (int)ms;
	int                running;
	CURLMcode          rc;

	n = n > FDS_MAX ? FDS_MAX : n;
	for (size_t i = 0; i < n; i++)
		extra[i] = (struct curl_waitfd) { .fd = fds[i], .events = CURL_WAIT_POLLIN };
	rc = curl_multi_poll(m->curl, extra, (unsigned)n, wait, NULL);
	if (rc == CURLM_OK)
		rc = curl_multi_perform(m->curl, &running);
	if (rc != CURLM_OK)
		return refused(rc, e);
	hand_over_all(m);
	return true;
}

void
multi_drop(struct multi *m, const void *owner)
{
	struct transfer *next;

	for (struct transfer *t = m->first; t != NULL; t = next) {
		next = t->next;
		if (t->from.owner == owner)
			talloc_free(t);
	}
}

size_t
multi_under_way(const struct multi *m)
{
	return m->n;
}

static int
multi_free(struct multi *m)
{
	while (m->first != NULL)
		talloc_free(m->first);
	curl_multi_cleanup(m->curl);
	exchange_leave();
	return 0;
}

struct multi *
multi_make(TALLOC_CTX *mem, const struct guard *g, struct trust *trust, struct err *e)
{
	struct multi *m;

	if (!exchange_enter(e))
		return NULL;
	m = talloc_zero(mem, struct multi);
	if (m != NULL)
		m->curl = curl_multi_init();
	if (m == NULL || m->curl == NULL) {
		talloc_free(m);
		exchange_leave();
		err_memory(e);
		return NULL;
	}
	m->guard = g;
	m->trust = __extension__ talloc_steal(m, trust != NULL ? trust : exchange_trust(m));
	talloc_set_destructor(m, multi_free);
	(void)curl_multi_setopt(m->curl, CURLMOPT_MAXCONNECTS, (long)KEPT_MAX);
	return m;
}
