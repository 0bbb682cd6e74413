#include "core/net/fetcher.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/base/clock.h"
#include "core/net/fetch_io.h"

#define MS_NS      INT64_C(1000000)
#define END_MS     2000 /* for one of our own to end by itself */
#define ENDING_MS  50   /* from hanging up to its end */
#define GRACE_MS   500  /* the fetcher keeps the deadline too, and can say more of it */
#define FAILED     127  /* exit status where the program cannot be started, as a shell's */
#define NUMBER_MAX 12

struct fetch_remote {
	struct fetch          base;
	struct road           road;
	const struct fetcher *fetcher; /* NULL: somebody else keeps it */
	pid_t                 pid;     /* of ours; 0: none */
};

static bool
make_pair(int type, int fd[static 2], struct err *e)
{
	return socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, fd) == 0 ||
	       err_set(e, ERR_UNAVAILABLE, errno, "The request could not be sent.",
		   "fetch: socketpair: %s", strerror(errno));
}

/* ---- the road ---- */

static void
close_end(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

void
road_close(struct road *r)
{
	close_end(&r->ours);
	close_end(&r->theirs);
	if (r->shut != NULL)
		munmap(r->shut, sizeof(*r->shut));
	r->shut = NULL;
}

bool
road_make(struct road *r, struct err *e)
{
	const int on = 1;
	int       fd[2];
	void     *shut;

	*r = (struct road) { -1, -1, NULL };
	if (!make_pair(SOCK_SEQPACKET, fd, e))
		return false;
	*r = (struct road) { .ours = fd[0], .theirs = fd[1] };
	shut =
	    mmap(NULL, sizeof(*r->shut), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (shut != MAP_FAILED)
		r->shut = shut;
	/* From the first message on: the kernel says who sent it. */
	if (r->shut != NULL && setsockopt(r->theirs, SOL_SOCKET, SO_PASSCRED, &on, sizeof(on)) == 0)
		return true;
	err_set(e, ERR_INTERNAL, errno, "internal error", "fetch: a road cannot be made: %s",
	    strerror(errno));
	road_close(r);
	return false;
}

/* A descriptor that is read without room for it is closed. */
void
road_shut(const struct road *r, bool shut)
{
	char byte;

	atomic_store(r->shut, shut);
	while (shut && recv(r->theirs, &byte, 1, MSG_DONTWAIT) > 0)
		;
}

/* ---- starting it ---- */

char *
fetcher_own_folder(TALLOC_CTX *mem, struct err *e)
{
	char    path[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", path, sizeof(path));
	char   *folder;

	while (n > 0 && path[n - 1] != '/')
		n--;
	if (n <= 0) {
		err_set(e, ERR_INTERNAL, errno, "internal error",
		    "/proc/self/exe does not say where this program is");
		return NULL;
	}
	folder = talloc_strndup(mem, path, (size_t)n);
	if (folder == NULL)
		err_memory(e);
	return folder;
}

char *
fetcher_beside(TALLOC_CTX *mem, struct err *e)
{
	char *path = fetcher_own_folder(mem, e);

	if (path != NULL && (path = talloc_strdup_append(path, FETCHER_PROGRAM)) == NULL)
		err_memory(e);
	return path;
}

/* Standard input and output lead nowhere: a CGI server would wait for who holds its pipe. */
static bool
keep_descriptors(int theirs)
{
	int null;

	if (theirs == FETCHER_ROAD ? fcntl(theirs, F_SETFD, 0) != 0
				   : dup2(theirs, FETCHER_ROAD) < 0)
		return false;
	null = open("/dev/null", O_RDWR | O_CLOEXEC);
	return null >= 0 && dup2(null, STDIN_FILENO) >= 0 && dup2(null, STDOUT_FILENO) >= 0 &&
	       close_range(FETCHER_ROAD + 1, ~0U, 0) == 0;
}

_Noreturn void
fetcher_become(const struct fetcher *f, int theirs, pid_t parent)
{
	char   transfers[NUMBER_MAX];
	char  *none[] = { NULL };
	size_t n = 0;
	char **argv = calloc(f->allow.n + 5, sizeof(*argv));

	if (argv == NULL || !keep_descriptors(theirs))
		_exit(FAILED);
	snprintf(transfers, sizeof(transfers), "%u", f->transfers);
	argv[n++] = strdup(FETCHER_PROGRAM);
	argv[n++] = strdup(FETCHER_SPEAKS);
	argv[n++] = transfers;
	argv[n++] = strdup(f->plain_http ? "http" : "https");
	for (size_t i = 0; i < f->allow.n; i++)
		argv[n++] = strdup(f->allow.items[i]);
	prctl(PR_SET_PDEATHSIG, FETCHER_END);
	if (getppid() != parent) /* it ended before we asked to be told */
		_exit(0);
	execve(f->program, argv, none);
	fprintf(stderr, "%s: %s\n", f->program, strerror(errno));
	_exit(FAILED);
}

static bool
start(struct fetch_remote *f, struct err *e)
{
	pid_t          self = getpid();
	struct fetcher what = *f->fetcher;

	if (what.program == NULL)
		what.program = fetcher_beside(f, e);
	if (what.program == NULL || !road_make(&f->road, e))
		return false;
	f->pid = fork();
	if (f->pid == 0)
		fetcher_become(&what, f->road.theirs, self);
	close_end(&f->road.theirs);
	if (f->pid > 0)
		return true;
	f->pid = 0;
	return err_set(e, ERR_UNAVAILABLE, errno, "The request could not be sent.",
	    "fetch: fork: %s", strerror(errno));
}

static bool
has_ended(pid_t pid, int patience_ms)
{
	struct pollfd p = { .fd = pidfd_open(pid, 0), .events = POLLIN };
	bool          yes = p.fd >= 0 && poll(&p, 1, patience_ms) == 1;

	close_end(&p.fd);
	return yes;
}

/* Killed where it does not end, stopped for example. */
static void
bury(pid_t pid)
{
	if (!has_ended(pid, END_MS))
		(void)kill(pid, SIGKILL);
	(void)waitpid(pid, NULL, 0);
}

/* It ends when it sees that nobody is left on the road. */
static void
end(struct fetch_remote *f)
{
	if (f->fetcher == NULL)
		return;
	road_close(&f->road);
	if (f->pid > 0)
		bury(f->pid);
	f->pid = 0;
}

/* ---- asking it ---- */

/* One byte, for a message without any has no descriptor. */
static bool
send_along(int road, int fd)
{
	char         byte = 0;
	struct iovec v = { &byte, 1 };
	union {
		struct cmsghdr head;
		char           room[CMSG_SPACE(sizeof(int))];
	} control = { 0 };
	struct msghdr m = {
		.msg_iov = &v,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control.room),
	};

	control.head = (struct cmsghdr) {
		.cmsg_level = SOL_SOCKET,
		.cmsg_type = SCM_RIGHTS,
		.cmsg_len = CMSG_LEN(sizeof(int)),
	};
	memcpy(CMSG_DATA(&control.head), &fd, sizeof(fd));
	return sendmsg(road, &m, MSG_DONTWAIT | MSG_NOSIGNAL) == 1;
}

static bool
is_open(const struct road *r, struct err *e)
{
	return !atomic_load(r->shut) ||
	       err_set(e, ERR_UNAVAILABLE, 0, "The request could not be sent.",
		   "fetch: the fetch process keeps ending, and the next one is not there yet; the "
		   "log has fetcher-failed or fetcher-died");
}

/* What was sent as the road was being shut nobody may have seen. */
static bool
send_open(const struct road *r, int fd, struct err *e)
{
	return is_open(r, e) && send_along(r->ours, fd) && is_open(r, e);
}

/* One of our own that has ended is started again, once. */
static bool
hand_over(struct fetch_remote *f, int fd, struct err *e)
{
	if (f->road.ours < 0 && !start(f, e))
		return false;
	if (send_open(&f->road, fd, e))
		return true;
	if (f->fetcher != NULL && (errno == EPIPE || errno == ECONNRESET)) {
		end(f);
		if (!start(f, e))
			return false;
		if (send_open(&f->road, fd, e))
			return true;
	}
	return err_set(e, ERR_UNAVAILABLE, errno, "The request could not be sent.",
	    "fetch: the fetch process takes no request: %s", strerror(errno));
}

/* One of our own may have said by its end why it did not answer. */
static void
note_end(struct fetch_remote *f, struct err *e)
{
	int status;

	if (f->pid <= 0 || !has_ended(f->pid, ENDING_MS) || waitpid(f->pid, &status, 0) != f->pid)
		return;
	f->pid = 0;
	if (WIFEXITED(status) && WEXITSTATUS(status) == FETCHER_OTHER)
		(void)err_note(e, "asking a fetch process of another version");
}

static bool
exchange(struct fetch_remote *f, TALLOC_CTX *mem, const struct fetch_request *q,
    struct fetch_answer *a, struct err *e)
{
	struct fetch_io_want want = {
		.kind = FETCH_FRAME_ANSWER,
		.max = q->answer_max + FETCH_AROUND_MAX,
		.end_ns = clock_ns(&clock_system) + (q->timeout_ms + GRACE_MS) * MS_NS,
	};
	struct buf frame;
	struct str content;
	int        fd[2];
	bool       ok;

	buf_make_secret(&frame, mem);
	if (!fetch_frame_request(&frame, q, e))
		return false;
	if (!make_pair(SOCK_STREAM, fd, e))
		return false;
	ok = hand_over(f, fd[1], e);
	close(fd[1]);
	ok = ok && fetch_io_send(fd[0], buf_str(&frame), want.end_ns, e) &&
	     fetch_io_receive(mem, fd[0], &want, &content, e);
	close(fd[0]);
	talloc_free(frame.p);
	if (!ok)
		note_end(f, e);
	return ok && fetch_frame_take_answer(content, q->answer_max, a, e);
}

static bool
run(struct fetch *base, TALLOC_CTX *mem, const struct fetch_request *q, struct fetch_answer *a,
    struct err *e)
{
	int64_t start_ns = clock_ns(&clock_system);
	bool    ok;

	*a = (struct fetch_answer) { .retry_after_s = -1 };
	ok = exchange((struct fetch_remote *)base, mem, q, a, e);
	a->took_ms = (clock_ns(&clock_system) - start_ns) / MS_NS;
	return ok;
}

static const struct fetch_ops ops = { run };

static int
remote_free(struct fetch_remote *f)
{
	end(f);
	return 0;
}

static struct fetch *
make(TALLOC_CTX *mem, struct road road, const struct fetcher *fetcher, struct err *e)
{
	struct fetch_remote *f = talloc(mem, struct fetch_remote);

	if (f == NULL) {
		err_memory(e);
		return NULL;
	}
	*f = (struct fetch_remote) { .base.ops = &ops, .road = road, .fetcher = fetcher };
	talloc_set_destructor(f, remote_free);
	return &f->base;
}

struct fetch *
fetcher_reach(TALLOC_CTX *mem, const struct road *road, struct err *e)
{
	return make(mem, *road, NULL, e);
}

struct fetch *
fetcher_on_demand(TALLOC_CTX *mem, const struct fetcher *f, struct err *e)
{
	return make(mem, (struct road) { -1, -1, NULL }, f, e);
}
