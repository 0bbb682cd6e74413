#include "fcgi/fetch/transfer.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/time.h>
#include <unistd.h>

#include "core/base/clock.h"
#include "core/net/fetch_io.h"

#define MS_NS    INT64_C(1000000)
#define READ_MS  2000 /* the worker writes the whole request at once */
#define GRACE_MS 1000 /* more than the worker waits, which hangs up: for one that cannot */

/* SIGALRM ends the process. */
static void
end_after(int64_t ms)
{
	const struct itimerval t = {
		.it_value = { .tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000 },
	};

	(void)setitimer(ITIMER_REAL, &t, NULL);
}

static bool
read_request(TALLOC_CTX *mem, int fd, struct fetch_request *q)
{
	const struct fetch_io_want want = {
		.kind = FETCH_FRAME_REQUEST,
		.max = FETCH_REQUEST_MAX,
		.end_ns = clock_ns(&clock_system) + READ_MS * MS_NS,
	};
	struct str content;
	struct err e = { 0 };

	return fetch_io_receive(mem, fd, &want, &content, &e) &&
	       fetch_frame_take_request(mem, content, q, &e);
}

/* SIGIO, which the kernel sends when something comes or the worker hangs up, ends the process. */
static bool
end_with_worker(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	return fcntl(fd, F_SETOWN, getpid()) == 0 && fcntl(fd, F_SETFL, O_ASYNC) == 0 &&
	       poll(&p, 1, 0) == 0; /* not before we asked to be told */
}

static bool
answer(TALLOC_CTX *mem, int fd, const struct fetch_answer *a, const struct err *failure)
{
	struct buf frame;
	struct err e = { 0 };

	buf_make_secret(&frame, mem);
	return fetch_frame_answer(&frame, a, failure, &e) &&
	       fetch_io_send(fd, buf_str(&frame), INT64_MAX, &e);
}

_Noreturn void
transfer_run(struct fetch *f, int fd)
{
	TALLOC_CTX          *mem = talloc_new(NULL);
	struct fetch_request q;
	struct fetch_answer  a = { 0 };
	struct err           failure = { 0 };

	end_after(READ_MS);
	if (mem == NULL || !read_request(mem, fd, &q))
		_exit(1);
	end_after(q.timeout_ms + GRACE_MS);
	if (!end_with_worker(fd))
		_exit(1);
	if (!fetch_run(f, mem, &q, &a, &failure))
		a = (struct fetch_answer) { .retry_after_s = -1 };
	(void)fcntl(fd, F_SETFL, 0); /* the worker taking the answer is a signal too */
	_exit(answer(mem, fd, &a, &failure) ? 0 : 1);
}
