/* blindspotx.fcgi: options, the way we were started, and what runs then. */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/log.h"
#include "core/base/rand.h"
#include "core/base/secret.h"
#include "core/conf/conf.h"
#include "fcgi/cgi.h"
#include "fcgi/listen.h"
#include "fcgi/loop.h"
#include "fcgi/parent.h"
#include "fcgi/responder.h"

#define EXIT_USAGE 2

struct options {
	const char *conf_path;
	const char *socket;  /* NULL: as configured */
	int64_t     workers; /* < 0: as configured */
	bool        check;
};

struct program {
	TALLOC_CTX      *mem;
	struct options   options;
	struct responder responder;
	struct listener  listener;
};

static const char usage[] =
    "usage: blindspotx.fcgi [-c FILE] [-s PATH|HOST:PORT] [-w WORKERS]\n"
    "       blindspotx.fcgi --check [-c FILE] | --help | --version\n"
    "\n"
    "The responder of BlindSpotX: answers a web server's FastCGI or CGI requests.\n"
    "\n"
    "  -c, --config FILE     configuration (" CONF_FILE_DEFAULT ")\n"
    "  -s, --socket ADDRESS  listen there; ignored when a socket is inherited\n"
    "  -w, --workers N       worker processes; 0: none, serve in this process\n"
    "      --check           read the configuration, say what is wrong, and end\n"
    "      --help, --version\n"
    "\n"
    "Signals: TERM ends after the present requests, HUP reads the configuration again.\n";

static int
complain(const struct err *e)
{
	fprintf(stderr, "blindspotx.fcgi: %s\n", e->detail[0] != '\0' ? e->detail : e->pub);
	return EXIT_FAILURE;
}

/*
 * A descriptor that was closed at start (the FastCGI specification allows 1 and
 * 2 to be) would become a database connection, and the log would be written to it.
 */
static bool
fill_descriptors(void)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
		if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_RDWR) != fd)
			return false;
	}
	return true;
}

enum { OPT_CHECK = 256, OPT_HELP, OPT_VERSION };

static const struct option long_options[] = {
	{ "config", required_argument, NULL, 'c' },
	{ "socket", required_argument, NULL, 's' },
	{ "workers", required_argument, NULL, 'w' },
	{ "check", no_argument, NULL, OPT_CHECK },
	{ "help", no_argument, NULL, OPT_HELP },
	{ "version", no_argument, NULL, OPT_VERSION },
	{ NULL, 0, NULL, 0 },
};

static int
misused(const char *why)
{
	fprintf(stderr, "blindspotx.fcgi: %s\n%s", why, usage);
	return EXIT_USAGE;
}

/* -1: go on; else the exit status. */
static int
parse_options(int argc, char **argv, struct options *o)
{
	int c;

	while ((c = getopt_long(argc, argv, "c:s:w:", long_options, NULL)) != -1) {
		switch (c) {
		case 'c':
			o->conf_path = optarg;
			break;
		case 's':
			o->socket = optarg;
			break;
		case 'w':
			if (!str_to_i64(str_of(optarg), &o->workers) || o->workers < 0)
				return misused("the number of workers is not a number");
			break;
		case OPT_CHECK:
			o->check = true;
			break;
		case OPT_HELP:
			fputs(usage, stdout);
			return EXIT_SUCCESS;
		case OPT_VERSION:
			puts("blindspotx.fcgi " BSX_VERSION);
			return EXIT_SUCCESS;
		default:
			fputs(usage, stderr);
			return EXIT_USAGE;
		}
	}
	return optind == argc ? -1 : misused("unexpected argument");
}

static int
check_configuration(const struct options *o)
{
	struct err   e = { 0 };
	struct conf *c = conf_load(NULL, o->conf_path, &e);

	if (c == NULL)
		return complain(&e);
	printf("%s: no faults\n", o->conf_path);
	talloc_free(c);
	return EXIT_SUCCESS;
}

/* Ten per cent more or less, so that workers started together do not end together. */
static int64_t
with_jitter(int64_t n)
{
	uint32_t r;

	rand_fill(&rand_system, &r, sizeof(r));
	return n < 10 ? n : n - n / 10 + (int64_t)(r % (uint64_t)(n / 5 + 1));
}

static int
serve(struct program *p, int slot)
{
	struct err  e = { 0 };
	struct app *app = responder_app(p->mem, &p->responder, slot, &e);
	struct loop l = { .listener = &p->listener, .tidy = responder_tidy };

	l.max_requests = with_jitter(p->responder.conf->max_requests);
	if (app != NULL && loop_run(app, &l, &e)) {
		responder_ends(app);
		return EXIT_SUCCESS;
	}
	log_err(p->responder.log, LOG_SYSTEM, "a worker cannot go on", &e);
	return EXIT_FAILURE;
}

static int
work(void *arg, unsigned slot)
{
	struct program *p = arg;

	close(p->responder.road.theirs);
	return serve(p, (int)slot);
}

static __attribute__((noreturn)) void
become_fetcher(void *arg, pid_t parent)
{
	const struct responder *r = &((const struct program *)arg)->responder;

	fetcher_become(&r->fetcher, r->road.theirs, parent);
}

static void
shut_road(void *arg, bool shut)
{
	const struct program *p = arg;

	road_shut(&p->responder.road, shut);
}

static unsigned
workers(void *arg)
{
	const struct program *p = arg;

	return p->responder.workers;
}

static struct log *
program_log(void *arg)
{
	const struct program *p = arg;

	return p->responder.log;
}

static bool
reload(void *arg)
{
	struct program *p = arg;
	struct err      e = { 0 };

	if (responder_reload(p->mem, &p->responder, &e)) {
		log_event(p->responder.log, LOG_SYSTEM, LOG_LEVEL_INFO, "configuration reloaded",
		    LOGS("event.action", "reload"), LOGS("event.outcome", "success"));
		return true;
	}
	log_err(p->responder.log, LOG_SYSTEM, "the new configuration is refused; the old one stays",
	    &e);
	return false;
}

static void
ending(void *arg)
{
	struct program *p = arg;

	listen_unlink(&p->listener);
}

static const struct parent_ops program_ops = {
	.work = work,
	.fetch = become_fetcher,
	.shut = shut_road,
	.workers = workers,
	.reload = reload,
	.ending = ending,
	.log = program_log,
};

static bool
open_program(struct program *p, struct err *e)
{
	const struct options *o = &p->options;
	struct responder     *r = &p->responder;
	const char           *where;

	/* Too many connections are told now, not by a failing request at the worst time. */
	if (!responder_open(p->mem, r, o->conf_path, o->workers, e) ||
	    !responder_check_connections(r, e) ||
	    (r->workers > 0 && !responder_open_road(p->mem, r, e)))
		return false;
	where = o->socket != NULL ? o->socket : r->conf->socket;
	return (p->listener.fd >= 0 ||
		   listen_make(&p->listener, where, (mode_t)r->conf->socket_mode, e)) &&
	       listen_check(&p->listener, r->conf->socket_remote, e);
}

static int
run_fastcgi(struct program *p)
{
	struct parent parent = { .ops = &program_ops, .arg = p, .clock = &clock_system };
	struct err    e = { 0 };
	int           status;

	loop_block_signals();
	if (!open_program(p, &e))
		return complain(&e);
	log_event(p->responder.log, LOG_SYSTEM, LOG_LEVEL_INFO, "started",
	    LOGS("event.action", "start"), LOGI("bsx.workers", p->responder.workers),
	    LOGS("bsx.socket", p->listener.own ? "own" : "inherited"));
	parent.segment = p->responder.segment;
	status = p->responder.workers == 0 ? serve(p, -1) : parent_run(&parent);
	listen_unlink(&p->listener);
	log_event(p->responder.log, LOG_SYSTEM, LOG_LEVEL_INFO, "ended",
	    LOGS("event.action", "stop"), LOGI("process.exit_code", status));
	return status;
}

static int
run_cgi(struct program *p)
{
	const char *path = getenv("BSX_CONF");
	struct err  e = { 0 };
	struct app *app = NULL;

	/* "Proxy:" of a request comes as HTTP_PROXY, which is also the name of a setting. */
	unsetenv("HTTP_PROXY");
	/* A server may send TERM once it has the answer; accounting for the request comes after
	 * that. */
	loop_block_signals();
	if (path == NULL)
		path = CONF_FILE_DEFAULT;
	if (cgi_check_places(path, &e) && responder_open(p->mem, &p->responder, path, 0, &e))
		app = responder_app(p->mem, &p->responder, -1, &e);
	if (app == NULL) {
		cgi_refuse();
		return complain(&e);
	}
	cgi_serve(app);
	database_close_all(app->database);
	return EXIT_SUCCESS;
}

static int
run(struct program *p, int argc, char **argv)
{
	struct err e = { 0 };
	int        status;

	if (!listen_inherited(&p->listener, &e))
		return complain(&e);
	/* Before the options: a CGI server may make arguments of the query string (RFC 3875, 4.4).
	 */
	if (p->listener.fd < 0 && cgi_wanted())
		return run_cgi(p);
	status = parse_options(argc, argv, &p->options);
	if (status >= 0)
		return status;
	if (p->options.check)
		return check_configuration(&p->options);
	if (getenv("FCGI_WEB_SERVER_ADDRS") != NULL)
		return misused("FCGI_WEB_SERVER_ADDRS is not heeded: listen on a unix socket");
	return run_fastcgi(p);
}

int
main(int argc, char **argv)
{
	struct program p = { .options = { .conf_path = CONF_FILE_DEFAULT, .workers = -1 },
		.listener = { .fd = -1 } };
	int            status;

	secret_process();
	if (!fill_descriptors())
		return EXIT_FAILURE;
	p.mem = talloc_new(NULL);
	if (p.mem == NULL)
		return EXIT_FAILURE;
	status = run(&p, argc, argv);
	talloc_free(p.mem);
	return status;
}
