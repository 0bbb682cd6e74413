/* bsx-fetch: started by the responder (core/net/fetcher.h), asks strangers in its name, and keeps
 * nothing of it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/secret.h"
#include "core/net/fetcher.h"
#include "fcgi/fetch/door.h"

#define EXIT_USAGE    2
#define TRANSFERS_MAX 1024

static const char usage[] =
    "usage: bsx-fetch SPEAKS TRANSFERS https|http [RANGE...]\n"
    "       bsx-fetch --version\n"
    "\n"
    "Makes the outbound requests of blindspotx.fcgi, which starts it; people have no use for it.\n"
    "SPEAKS is the version of what they say to each other, " FETCHER_SPEAKS
    ".  RANGE is what outbound.allow opens.\n";

static bool
read_arguments(TALLOC_CTX *mem, int argc, char **argv, struct guard *g, struct door_options *o)
{
	struct cidr_list *allow = talloc_zero(mem, struct cidr_list);
	struct strings    texts = { .items = talloc_array(mem, const char *, (unsigned)argc) };
	struct err        e = { 0 };
	int64_t           n;

	if (allow == NULL || texts.items == NULL || argc < 4 || !str_to_i64(str_of(argv[2]), &n) ||
	    n < 1 || n > TRANSFERS_MAX)
		return false;
	for (int i = 4; i < argc; i++)
		texts.items[texts.n++] = argv[i];
	o->transfers = (unsigned)n;
	*g = (struct guard) { .allow = allow, .plain_http = strcmp(argv[3], "http") == 0 };
	return (g->plain_http || strcmp(argv[3], "https") == 0) &&
	       cidr_list_parse(mem, texts, allow, &e);
}

static int
run(TALLOC_CTX *mem, int argc, char **argv)
{
	struct door_options o = { .road = FETCHER_ROAD };
	struct guard        g;
	struct err          e = { 0 };

	if (argc > 1 && strcmp(argv[1], FETCHER_SPEAKS) != 0) {
		fputs("bsx-fetch: is of another version than who starts it\n", stderr);
		return FETCHER_OTHER;
	}
	if (!read_arguments(mem, argc, argv, &g, &o)) {
		fputs(usage, stderr);
		return EXIT_USAGE;
	}
	o.fetch = fetch_make(mem, &g, &e);
	if (o.fetch != NULL && door_run(&o, &e))
		return EXIT_SUCCESS;
	fprintf(stderr, "bsx-fetch: %s\n", e.detail);
	return EXIT_FAILURE;
}

int
main(int argc, char **argv)
{
	TALLOC_CTX *mem = talloc_new(NULL);
	int         status;

	secret_process();
	if (argc == 2 && strcmp(argv[1], "--version") == 0) {
		puts("bsx-fetch " BSX_VERSION);
		return EXIT_SUCCESS;
	}
	status = mem == NULL ? EXIT_FAILURE : run(mem, argc, argv);
	talloc_free(mem);
	return status;
}
