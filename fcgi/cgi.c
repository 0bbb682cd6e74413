#include "fcgi/cgi.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "core/conf/conf.h"
#include "core/web/route.h"

#define MS_NS         INT64_C(1000000)
#define LANE_WAIT_MS  2000
#define LANE_PAUSE_MS 5
#define DRAIN_MS      5000 /* for the rest of a body that nobody wants */
#define DRAIN_MAX     ((size_t)256 << 20)

struct cgi {
	struct transport    transport;
	const struct clock *clock;
	int64_t             end_ns; /* the body must be complete */
	uint64_t            left;   /* of CONTENT_LENGTH; UINT64_MAX: until end of file */
};

bool
cgi_wanted(void)
{
	return getenv("GATEWAY_INTERFACE") != NULL && getenv("REQUEST_METHOD") != NULL;
}

/* RFC 3875 section 4.2: a script must not read more than CONTENT_LENGTH, and need not see an end.
 */
static long
cgi_read(struct transport *t, void *p, size_t n)
{
	struct cgi   *c = (void *)((char *)t - offsetof(struct cgi, transport));
	struct pollfd in = { .fd = STDIN_FILENO, .events = POLLIN };
	int64_t       wait = (c->end_ns - clock_ns(c->clock)) / MS_NS;
	ssize_t       got;

	if (n > c->left)
		n = (size_t)c->left;
	if (n == 0)
		return 0;
	if (wait <= 0 || poll(&in, 1, (int)wait) <= 0)
		return -1;
	got = read(STDIN_FILENO, p, n);
	if (got > 0 && c->left != UINT64_MAX)
		c->left -= (uint64_t)got;
	return got;
}

static bool
write_all(const char *p, size_t n)
{
	while (n > 0) {
		ssize_t done = write(STDOUT_FILENO, p, n);

		if (done <= 0)
			return false;
		p += done;
		n -= (size_t)done;
	}
	return true;
}

static bool
cgi_write(struct transport *t, const void *p, size_t n)
{
	(void)t;
	return write_all(p, n);
}

static bool
cgi_gone(struct transport *t)
{
	struct pollfd out = { .fd = STDOUT_FILENO };

	(void)t;
	return poll(&out, 1, 0) > 0 && (out.revents & POLLERR) != 0;
}

static const struct transport_ops cgi_ops = { cgi_read, cgi_write, cgi_gone };

static struct str
variable(const char *name)
{
	const char *z = getenv(name);

	return str_of(z != NULL ? z : "");
}

/* This process serves nobody else: it may wait for its lane where it stands. */
static void
await_lane(struct app *app)
{
	const struct timespec pause = { .tv_nsec = LANE_PAUSE_MS * MS_NS };
	struct err            e = { 0 };

	if (!route_hashes(app, variable("REQUEST_METHOD"), variable("REQUEST_URI")))
		return;
	for (int waited = 0; waited < LANE_WAIT_MS; waited += LANE_PAUSE_MS) {
		err_clear(&e);
		if (permit_enter(app->permits, LANE_PASSWORD, &e) || e.code != ERR_BUSY)
			return;
		nanosleep(&pause, NULL);
	}
}

/*
 * Some servers (Apache's mod_cgid) write the whole body before they read, and lose the
 * answer when we end with some of it unread.
 */
static void
drain(struct cgi *c)
{
	int64_t end = clock_ns(c->clock) + DRAIN_MS * MS_NS;
	size_t  taken = 0;
	char    waste[65536];
	long    got;

	c->end_ns = end;
	while (taken < DRAIN_MAX && (got = cgi_read(&c->transport, waste, sizeof(waste))) > 0)
		taken += (size_t)got;
}

void
cgi_serve(struct app *app)
{
	struct cgi    c = { .transport = { .ops = &cgi_ops, .params = environ },
		   .clock = app->env->clock,
		   .left = UINT64_MAX };
	struct memory memory = MEMORY_NONE;
	uint64_t      length;

	c.end_ns = clock_ns(app->env->clock) + app->env->conf->body_timeout_s * 1000 * MS_NS;
	if (str_to_u64(str_of(getenv("CONTENT_LENGTH")), &length))
		c.left = length;
	app->memory = &memory;
	await_lane(app);
	pass_run(app, &c.transport);
	app->memory = NULL;
	drain(&c);
}

void
cgi_refuse(void)
{
	static const char answer[] =
	    "Status: 503 Service Unavailable\r\n"
	    "Content-Type: application/problem+json\r\n"
	    "Cache-Control: no-store\r\n"
	    "X-Content-Type-Options: nosniff\r\n"
	    "Referrer-Policy: no-referrer\r\n"
	    "Content-Security-Policy: default-src 'none'; frame-ancestors 'none'\r\n"
	    "Vary: Origin\r\n"
	    "\r\n"
	    "{\"type\":\"urn:blindspotx:problem:unavailable\",\"title\":\"Unavailable\","
	    "\"status\":503,\"code\":\"unavailable\"}\n";

	(void)write_all(answer, sizeof(answer) - 1);
}

static bool
is_inside(const char *path, const char *root)
{
	size_t n = strlen(root);

	if (strncmp(path, root, n) != 0)
		return false;
	return n == 1 || path[n] == '/' || path[n] == '\0'; /* a root of "/" holds everything */
}

static bool
check_place(const char *what, const char *path, const char *root, struct err *e)
{
	char *real = realpath(path, NULL);
	bool  inside = is_inside(real != NULL ? real : path, root);

	free(real);
	if (!inside)
		return true;
	return err_set(e, ERR_INTERNAL, 0, "installation refused",
	    "%s %s lies inside the document root %s, where a browser may fetch it: move it out",
	    what, path, root);
}

static bool
check_root(const char *variable, const char *conf_path, const struct conf *c, struct err *e)
{
	const char *root = getenv(variable);
	char       *real;
	bool        ok;

	if (root == NULL || root[0] == '\0')
		return true;
	real = realpath(root, NULL);
	if (real == NULL)
		return errno == ENOMEM ? err_memory(e) : true; /* not there: holds nothing */
	ok = check_place("the configuration", conf_path, real, e) &&
	     check_place("the keyring", c->keyring, real, e) &&
	     check_place("the state directory", c->state_dir, real, e);
	free(real);
	return ok;
}

bool
cgi_check_places(const char *conf_path, struct err *e)
{
	struct conf *c = conf_load(NULL, conf_path, e);
	bool         ok;

	if (c == NULL)
		return false;
	/* Apache names a user's own public directory in the second one. */
	ok = check_root("DOCUMENT_ROOT", conf_path, c, e) &&
	     check_root("CONTEXT_DOCUMENT_ROOT", conf_path, c, e);
	talloc_free(c);
	return ok;
}
