#include "core/net/multi.h"

#include <limits.h>
#include <string.h>

#include "core/base/clock.h"
#include "core/base/secret.h"

#define KEPT_MAX 256 /* connections that are kept */
#define TOLD_MAX 64  /* of those, by who tells */
#define FDS_MAX  8
#define LOOK_MS  100 /* between looks at who has the turn, while others wait */

#define NO_ROOM  "There was no room to read the answer in time."
#define TOO_SLOW "The answer came too slowly, and others waited."

struct multi {
	CURLM              *curl;
	const struct guard *guard;
	struct trust       *trust;
	size_t              n;
	struct room         room; /* its places are the transfers */
	uint64_t            look;
	bool                tells;
};

struct transfer {
	struct multi     *m;
	struct room_place place;
	struct multi_from from;
	struct exchange   x;
	int64_t           began_ns;
	bool              added;
	int64_t           length_ns, until_ns; /* of its deadline, and when that is */
	int64_t           left_ns;             /* what is left to it while it waits */
	bool              own_time; /* the deadline is looked after here, and not by libcurl */
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

/* Its deadline is looked after here from now on. */
static void
keep_time(struct transfer *t)
{
	(void)curl_easy_setopt(t->x.curl, CURLOPT_TIMEOUT_MS, 0L);
	t->own_time = true;
}

/* Of an exchange. */
static bool
take_room(void *arg, size_t n)
{
	struct transfer *t = arg;
	const int64_t    now = now_ns();

	if (room_take(&t->place, &t->x.body, n, now))
		return true;
	if (!t->place.waits) { /* its time is counted here from now on */
		room_stop(&t->place, now);
		t->left_ns = t->until_ns > now ? t->until_ns - now : 1;
		keep_time(t);
	}
	return false;
}

static struct transfer *
first(const struct multi *m)
{
	return m->room.first == NULL ? NULL : m->room.first->of;
}

static struct transfer *
next_of(const struct transfer *t)
{
	return t->place.next == NULL ? NULL : t->place.next->of;
}

/* ---- one of them ---- */

static int
transfer_free(struct transfer *t)
{
	room_leave(&t->place, now_ns());
	if (t->added)
		curl_multi_remove_handle(t->m->curl, t->x.curl);
	exchange_close(&t->x);
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
		.place = { .of = t },
		.from = *from,
		.began_ns = now_ns(),
		.x = { .guard = m->guard,
		    .trust = m->trust,
		    .decode = !m->tells,
		    .keep = !m->tells,
		    .room = take_room,
		    .room_arg = t },
	};
	if (!room_join(m, &m->room, &t->place, &from->party, from->turn)) {
		talloc_free(t);
		return NULL;
	}
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
	if (t->m->tells)
		keep_time(t);
	rc = curl_multi_add_handle(t->m->curl, t->x.curl);
	t->added = rc == CURLM_OK;
	t->length_ns = q->timeout_ms * 1000000;
	t->until_ns = t->began_ns + t->length_ns;
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

/* `here`: why it ends, where that is not libcurl's word; NULL: it is. */
static void
hand_over(struct transfer *t, CURLcode rc, const char *here)
{
	struct err          why = { 0 };
	struct multi_answer a = { .id = t->from.id, .answer = &t->x.answer, .why = &why };
	multi_taken        *taken = t->from.taken;
	void               *owner = t->from.owner;

	a.ok = here == NULL ? exchange_end(&t->x, rc, &why)
			    : err_set(&why, ERR_UNAVAILABLE, 0, here, "no room for an answer");
	a.lasting = !a.ok && here == NULL && exchange_lasts(&t->x, rc);
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
		hand_over(t, rc, NULL);
	}
}

/* ---- those that wait ---- */

/* It may find that there is no room after all, and wait again. */
static void
go_on(struct transfer *t)
{
	const int64_t now = now_ns();
	CURLcode      rc;

	room_go(&t->place, now);
	t->until_ns = now + t->left_ns;
	rc = curl_easy_pause(t->x.curl, CURLPAUSE_CONT);
	if (rc != CURLE_OK)
		hand_over(t, rc, NULL);
}

static void
go_on_all(struct multi *m)
{
	const uint64_t     look = ++m->look;
	struct room_place *p;

	while ((p = room_next(&m->room, look, now_ns())) != NULL)
		go_on(p->of);
}

/* What is left to it; what waits has its own length for that, and no more. */
static int64_t
left_ns(const struct transfer *t, int64_t now)
{
	return t->place.waits ? t->length_ns - room_waited(&t->place, now) : t->until_ns - now;
}

/* Of those whose time is counted here: what is over ends, and *ms is no longer than the next has.
 */
static void
end_late(struct multi *m, int64_t *ms)
{
	const int64_t    now = now_ns();
	struct transfer *t = first(m);

	while (t != NULL) {
		const int64_t left_ms = (left_ns(t, now) + 999999) / 1000000;

		if (!t->own_time) {
			t = next_of(t);
		} else if (left_ms > 0) {
			*ms = left_ms < *ms ? left_ms : *ms;
			t = next_of(t);
		} else {
			hand_over(t, CURLE_OPERATION_TIMEDOUT, t->place.waits ? NO_ROOM : NULL);
			t = first(m); /* what is told of it may have dropped others */
		}
	}
}

static void
end_slow(struct multi *m)
{
	struct room_place *p = room_judge(&m->room, now_ns());

	if (p != NULL)
		hand_over(p->of, CURLE_OPERATION_TIMEDOUT, TOO_SLOW);
}

void
multi_bind(struct multi *m, const struct multi_bound *b)
{
	m->room.bound = *b;
}

void
multi_tell(struct multi *m)
{
	m->tells = true;
	(void)curl_multi_setopt(m->curl, CURLMOPT_MAXCONNECTS, (long)TOLD_MAX);
}

size_t
multi_held(const struct multi *m)
{
	return m->room.held;
}

size_t
multi_waiting(const struct multi *m)
{
	return m->room.waiting;
}

static bool
take_answers(struct multi *m, struct err *e)
{
	int             running;
	const CURLMcode rc = curl_multi_perform(m->curl, &running);

	if (rc != CURLM_OK)
		return refused(rc, e);
	hand_over_all(m);
	return true;
}

bool
multi_wait(struct multi *m, int64_t ms, const int fds[], size_t n, struct err *e)
{
	struct curl_waitfd extra[FDS_MAX] = { { 0 } };
	int                wait;
	CURLMcode          rc;

	room_time(&m->room, now_ns());
	if (m->tells && !take_answers(m, e))
		return false;
	end_late(m, &ms);
	if (m->room.waiting > 0) {
		go_on_all(m);
		ms = ms < LOOK_MS ? ms : LOOK_MS;
	}
	wait = ms < 0 ? 0 : ms > INT_MAX ? INT_MAX : (int)ms;
	n = n > FDS_MAX ? FDS_MAX : n;
	for (size_t i = 0; i < n; i++)
		extra[i] = (struct curl_waitfd) { .fd = fds[i], .events = CURL_WAIT_POLLIN };
	rc = curl_multi_poll(m->curl, extra, (unsigned)n, wait, NULL);
	if (rc != CURLM_OK)
		return refused(rc, e);
	if (!take_answers(m, e))
		return false;
	end_slow(m);
	return true;
}

void
multi_drop(struct multi *m, const void *owner)
{
	struct transfer *next;

	for (struct transfer *t = first(m); t != NULL; t = next) {
		next = next_of(t);
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
	while (m->room.first != NULL)
		talloc_free(m->room.first->of);
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
