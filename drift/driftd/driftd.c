/*
 * driftd - collects from sources by their schedules, and delivers what the tenants' transactions
 * left in the outbox.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "core/auth/keys_from.h"
#include "core/base/secret.h"
#include "core/store/tenant/tenant_db.h"
#include "drift/collect/collector.h"
#include "drift/driftd/supervise.h"

#define MAX_TIME_MAX 86400

struct options {
	const char *conf_path;
	bool        once;
	int64_t     max_time_s; /* 0: no limit */
};

static const char usage[] =
    "usage: driftd [-f] [-c CONF] [--once [--max-time SECONDS]]\n"
    "\n"
    "Collects from sources and delivers alerts. Stays in the foreground; TERM ends it, HUP loads "
    "the configuration again.\n"
    "\n"
    "  -c, --config CONF   configuration file (" CONF_FILE_DEFAULT ")\n"
    "  -f, --foreground    stay in the foreground; always so\n"
    "      --once          collect and deliver what is due, then end: for cron\n"
    "      --max-time S    with --once: end after S seconds\n"
    "      --help, --version\n";

enum { OPT_ONCE = 256, OPT_MAX_TIME, OPT_HELP, OPT_VERSION };

static int
misused(const char *what)
{
	fprintf(stderr, "driftd: %s\n%s", what, usage);
	return 2;
}

/* Below 0: go on; else the exit status. */
static int
parse_options(int argc, char **argv, struct options *o)
{
	static const struct option longs[] = {
		{ "config", required_argument, NULL, 'c' },
		{ "foreground", no_argument, NULL, 'f' },
		{ "once", no_argument, NULL, OPT_ONCE },
		{ "max-time", required_argument, NULL, OPT_MAX_TIME },
		{ "help", no_argument, NULL, OPT_HELP },
		{ "version", no_argument, NULL, OPT_VERSION },
		{ 0 },
	};
	int c;

	while ((c = getopt_long(argc, argv, "c:f", longs, NULL)) != -1) {
		switch (c) {
		case 'c':
			o->conf_path = optarg;
			break;
		case 'f':
			break;
		case OPT_ONCE:
			o->once = true;
			break;
		case OPT_MAX_TIME:
			if (!str_to_i64(str_of(optarg), &o->max_time_s) || o->max_time_s < 1 ||
			    o->max_time_s > MAX_TIME_MAX)
				return misused("--max-time takes 1 to 86400 seconds");
			break;
		case OPT_HELP:
			fputs(usage, stdout);
			return EXIT_SUCCESS;
		case OPT_VERSION:
			puts("driftd " BSX_VERSION);
			return EXIT_SUCCESS;
		default:
			fputs(usage, stderr);
			return 2;
		}
	}
	if (optind < argc)
		return misused("takes no arguments");
	if (o->max_time_s != 0 && !o->once)
		return misused("--max-time goes with --once");
	return -1;
}

static bool
open_segment(struct daemon *d, struct err *e)
{
	struct segment_options o = { .cache_entries = (uint64_t)d->conf->cache_entries };

	o.path = talloc_asprintf(d->mem, "%s/segment", d->conf->state_dir);
	if (o.path == NULL)
		return err_memory(e);
	d->segment = segment_open(d->mem, &o, e);
	return d->segment != NULL;
}

static bool
open_daemon(struct daemon *d, struct err *e)
{
	struct env env;

	d->conf = conf_load(d->mem, d->conf_path, e);
	if (d->conf == NULL || !open_segment(d, e))
		return false;
	d->log = daemon_log(d->mem, d->conf, d->segment, e);
	if (d->log == NULL)
		return false;
	d->keyring = keys_open(d->mem, d->conf, geteuid(), e);
	d->slots = d->keyring == NULL ? NULL : channel_slots_make(e);
	if (d->slots == NULL)
		return false;
	d->id = uuid_make(&clock_system, &rand_system);
	d->program = (struct program) { .id = d->id, .kind = "driftd" };
	env = daemon_env(d);
	d->database = database_make(d->mem, &env, e);
	return d->database != NULL;
}

/* For cron: leases make overlapping calls harmless.  The row of the heartbeat stays, so that its
 * age tells. */
static int
run_once(struct daemon *d, int64_t max_time_s, struct err *e)
{
	int64_t until = max_time_s == 0 ? 0 : clock_ns(&clock_system) + max_time_s * 1000000000;
	struct sender_start          s = daemon_start(d, 1, d->id);
	const struct collector_start c = { daemon_env(d), d->id };
	bool                         ok = daemon_alive(d, e);

	database_close_all(d->database);
	ok = ok && (d->conf->driftd_collectors == 0 || collector_once(&c, until, e)) &&
	     sender_once(&s, until, e);
	if (!ok)
		log_failure(
		    d->log, LOG_DRIFT, "alert.deliver", "what is due could not be delivered", e);
	return ok ? EXIT_SUCCESS : EXIT_FAILURE;
}

static int
run(struct daemon *d, const struct options *o)
{
	struct err e = { 0 };
	int        status;

	if (!open_daemon(d, &e)) {
		fprintf(stderr, "driftd: %s\n", e.detail);
		return EXIT_FAILURE;
	}
	if (o->once)
		return run_once(d, o->max_time_s, &e);
	log_event(d->log, LOG_SYSTEM, LOG_LEVEL_INFO, "started", LOGS("event.action", "start"),
	    LOGI("bsx.senders", d->conf->driftd_senders));
	status = daemon_run(d);
	log_event(d->log, LOG_SYSTEM, LOG_LEVEL_INFO, "ended", LOGS("event.action", "stop"),
	    LOGI("process.exit_code", status));
	return status;
}

int
main(int argc, char **argv)
{
	struct options o = { .conf_path = CONF_FILE_DEFAULT };
	struct daemon  d = { 0 };
	int            status = parse_options(argc, argv, &o);

	if (status >= 0)
		return status;
	secret_process();
	sender_block_signals();
	d.mem = talloc_new(NULL);
	d.conf_path = o.conf_path;
	status = d.mem == NULL ? EXIT_FAILURE : run(&d, &o);
	talloc_free(d.mem);
	return status;
}
