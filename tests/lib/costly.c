/*
 * costly - what the worst configs and documents cost the engine, or one of them as a body.
 *
 *	costly                 measures all: CPU seconds, steps, nanoseconds a step
 *	costly run NAME [N]    measures one
 *	costly body NAME [N]   prints the body of a POST /api/drift/compare
 *
 * -u in front: without a budget, so that what they would cost is seen.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/lib/costly.h"

static void
measure(const struct costly *c, unsigned n, bool budget)
{
	TALLOC_CTX         *mem = talloc_new(NULL);
	struct costly_parts p;
	struct work         work;
	struct err          e = { 0 };
	struct rusage       use;
	int64_t             ns;

	costly_make(mem, c, n, &p);
	work_begin(&work, WORK_REQUEST, &clock_system);
	if (!budget) {
		work.steps_max = UINT64_MAX;
		work.clock = NULL;
	}
	ns = clock_cpu_ns(&clock_system);
	(void)costly_compare(mem, &p, &work, &e);
	ns = clock_cpu_ns(&clock_system) - ns;
	getrusage(RUSAGE_SELF, &use);
	printf("%-16s %9u %7.2f s %5ld MB %12llu steps %7.1f ns  %s\n", c->name, n,
	    (double)ns / 1e9, use.ru_maxrss / 1024, (unsigned long long)work.spent,
	    work.spent == 0 ? 0.0 : (double)ns / (double)work.spent,
	    e.code == ERR_OK ? "done" : err_wire(e.code));
	if (e.code != ERR_OK && e.code != ERR_TOO_COSTLY)
		printf("  %s %s\n", e.pub, e.detail);
	talloc_free(mem);
}

/* In a process of its own, for its memory. */
static void
measure_apart(const struct costly *c, unsigned n, bool budget)
{
	pid_t child = fork();

	if (child == 0) {
		measure(c, n, budget);
		exit(0);
	}
	waitpid(child, NULL, 0);
}

static const struct costly *
find(const char *name)
{
	for (size_t i = 0; i < COSTLY; i++)
		if (strcmp(costly_all[i].name, name) == 0)
			return &costly_all[i];
	fprintf(stderr, "costly: no such mechanism: %s; there are\n", name);
	for (size_t i = 0; i < COSTLY; i++)
		fprintf(stderr, "  %-16s %s\n", costly_all[i].name, costly_all[i].what);
	exit(2);
}

int
main(int argc, char **argv)
{
	bool       budget = argc < 2 || strcmp(argv[1], "-u") != 0;
	struct buf body;

	argv += !budget;
	argc -= !budget;
	setvbuf(stdout, NULL, _IONBF, 0);
	if (argc >= 3) {
		const struct costly *c = find(argv[2]);
		unsigned             n = argc > 3 ? (unsigned)strtoul(argv[3], NULL, 10) : c->full;

		if (strcmp(argv[1], "run") == 0) {
			measure_apart(c, n, budget);
			return 0;
		}
		costly_body(NULL, c, n, &body);
		return fwrite(body.p, 1, body.n, stdout) == body.n ? 0 : 1;
	}
	for (size_t i = 0; i < COSTLY; i++)
		measure_apart(&costly_all[i], costly_all[i].full, budget);
	return 0;
}
