#include "core/net/multi.h"

#include <limits.h>
#include <string.h>

#include "core/base/clock.h"
#include "core/base/secret.h"

#define KEPT_MAX 256 /* connections that are kept */
#define FDS_MAX  8
#define HANGS_NS INT64_C(1000000000)

struct multi {
	CURLM              *curl;
	const struct guard *guard;
	struct trust       *trust;
	struct transfer    *first;
	size_t              n;
	struct multi_bound  bound;
	size_t              held, waiting;
	struct transfer    *passing; /* goes on where there is no room; NULL: none does */
	uint64_t            sent;
};

struct transfer {
	struct multi     *m;
	struct transfer  *next, **link; /* what points to it */
	struct multi_from from;
	uint64_t          number; /* in the order of sending */
	struct exchange   x;
	size_t            held; /* as it was counted last */
	int64_t           began_ns;
	bool              added, waits;
	int64_t           moved_ns; /* when something came of it last */
	int64_t until_ns, left_ns;  /* its deadline, and what is left to it while it waits */
	bool    own_time;           /* the deadline is looked after here, and not by libcurl */
};

static bool
refused(CURLMcode rc, struct err *e)
{
	return err_set(
	    e, ERR_INTERNAL, (int)rc, "internal error", "libcurl: %s", curl_multi_strerror(rc));
}

/* ---- room ---- */

static int64_t
now_ns(void)
{
	return clock_ns(&clock_system);
}

static void
count(struct transfer *t, size_t is)
{
	t->m->held += is - t->held;
	t->held = is;
}

static bool
comes_before(const struct transfer *a, const struct transfer *b)
{
	return a->from.turn != b->from.turn ? a->from.turn < b->from.turn : a->number < b->number;
}

/* Nothing has come of it for a while, though it might. */
static bool
hangs(const struct transfer *t)
{
	return now_ns() - t->moved_ns > HANGS_NS;
}

/* Whether it is the one that goes on where there is no room. */
static bool
is_passing(struct transfer *t)
{
	struct multi *m = t->m;

	if (m->passing == t)
		return true;
	if (m->passing != NULL && !hangs(m->passing))
		return false;
	for (const struct transfer *i = m->first; i != NULL; i = i->next)
		if (i->waits && comes_before(i, t))
			return false;
	m->passing = t;
	return true;
}

/* Whether it may take n bytes more. */
static bool
has_room(struct transfer *t, size_t n)
{
	const struct multi       *m = t->m;
	const struct multi_bound *b = &m->bound;
	const size_t              beside = b->beside == NULL ? 0 : *b->beside;

	return b->most == 0 || t->held + n <= MULTI_FREE ||
	       (m->held + n) * b->weight + beside <= b->most ||
	       ((b->leaving == NULL || *b->leaving == 0) && is_passing(t));
}

static void
stop(struct transfer *t, int64_t left_ns)
{
	t->waits = true;
	t->left_ns = left_ns > 0 ? left_ns : 1;
	t->m->waiting++;
}

/* Of an exchange. */
static bool
take_room(void *arg, size_t n)
{
	struct transfer *t = arg;

	count(t, t->x.body.cap);
	if (has_room(t, n)) {
		t->moved_ns = now_ns();
		count(t, t->x.body.n + n > t->held ? t->x.body.n + n : t->held);
		return true;
	}
	if (!t->waits) { /* its time is counted here from now on */
		stop(t, t->until_ns - now_ns());
		(void)curl_easy_setopt(t->x.curl, CURLOPT_TIMEOUT_MS, 0L);
		t->own_time = true;
	}
	return false;
}

/* ---- one of them ---- */

static int
transfer_free(struct transfer *t)
{
	count(t, 0);
	t->m->waiting -= t->waits;
	if (t->m->passing == t)
		t->m->passing = NULL;
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
		.number = ++m->sent,
		.began_ns = now_ns(),
		.x = { .guard = m->guard,
		    .trust = m->trust,
		    .decode = true,
		    .keep = true,
		    .room = take_room,
		    .room_arg = t },
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
	t->until_ns = t->began_ns + q->timeout_ms * 1000000;
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
	t->x.answer.took_ms = (now_ns() - t->began_ns) / 1000000;
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

/* ---- those that wait ---- */

/* The first behind `t` of those that wait; NULL: none. */
static struct transfer *
next_waiting(const struct multi *m, uint64_t turn, uint64_t number)
{
	const struct transfer behind = { .from.turn = turn, .number = number };
	struct transfer      *found = NULL;

	for (struct transfer *t = m->first; t != NULL; t = t->next)
		if (t->waits && comes_before(&behind, t) &&
		    (found == NULL || comes_before(t, found)))
			found = t;
	return found;
}

/* It may find that there is no room after all, and wait again. */
static void
go_on(struct transfer *t)
{
	CURLcode rc;

	t->waits = false;
	t->m->waiting--;
	t->until_ns = now_ns() + t->left_ns;
	rc = curl_easy_pause(t->x.curl, CURLPAUSE_CONT);
	if (rc != CURLE_OK)
		hand_over(t, rc);
}

static void
go_on_all(struct multi *m)
{
	struct transfer *t;
	uint64_t         turn = 0, number = 0;

	for (t = next_waiting(m, 0, 0); t != NULL; t = next_waiting(m, turn, number)) {
		if (!has_room(t, 1))
			return;
		turn = t->from.turn;
		number = t->number;
		go_on(t);
	}
}

/* Of those whose time is counted here: what is over ends, and *ms is no longer than the next has.
 */
static void
end_late(struct multi *m, int64_t *ms)
{
	const int64_t    now = now_ns();
	struct transfer *t = m->first;

	while (t != NULL) {
		const int64_t left_ms = (t->until_ns - now + 999999) / 1000000;

		if (!t->own_time || t->waits) {
			t = t->next;
		} else if (left_ms > 0) {
			*ms = left_ms < *ms ? left_ms : *ms;
			t = t->next;
		} else {
			hand_over(t, CURLE_OPERATION_TIMEDOUT);
			t = m->first; /* what is told of it may have dropped others */
		}
	}
}

void
multi_bind(struct multi *m, const struct multi_bound *b)
{
	m->bound = *b;
}

size_t
multi_held(const struct multi *m)
{
	return m->held;
}

size_t
multi_waiting(const struct multi *m)
{
	return m->waiting;
}

bool
multi_wait(struct multi *m, int64_t ms, const int fds[], size_t n, struct err *e)
{
	struct curl_waitfd extra[FDS_MAX] = { { 0 } };
	int                wait, running;
	CURLMcode          rc;

	end_late(m, &ms);
	if (m->waiting > 0) {
		go_on_all(m);
		ms = ms < HANGS_NS / 1000000 ? ms : HANGS_NS / 1000000;
	}
	wait = ms < 0 ? 0 : ms > INT_MAX ? INT_MAX : (int)ms;
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
