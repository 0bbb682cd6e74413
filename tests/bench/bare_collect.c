/*
 * bare_collect - the reference of the benchmark of collecting: the least that reading and parsing a
 * document takes.
 *
 * usage: bare_collect URL TIMES AT_ONCE
 *
 * A bare loop of libcurl's multi handle, AT_ONCE requests under way on connections that are kept,
 * and our own JSON reader over each answer; nothing is claimed, compared, stored or logged.  Prints
 * the CPU of one, in ms.
 */
#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "core/json/json.h"

#define AT_ONCE_MAX 256

struct asked {
	CURL       *curl;
	struct buf  body;
	TALLOC_CTX *mem;
};

static size_t
take(char *p, size_t size, size_t n, void *user)
{
	buf_add(user, p, size * n);
	return size * n;
}

static void
ask(CURLM *multi, struct asked *a, const char *url)
{
	a->mem = talloc_new(NULL);
	buf_make(&a->body, a->mem);
	curl_easy_setopt(a->curl, CURLOPT_URL, url);
	curl_easy_setopt(a->curl, CURLOPT_WRITEFUNCTION, take);
	curl_easy_setopt(a->curl, CURLOPT_WRITEDATA, &a->body);
	curl_easy_setopt(a->curl, CURLOPT_PRIVATE, a);
	curl_multi_add_handle(multi, a->curl);
}

static void
parse(struct asked *a)
{
	struct err e = { 0 };

	if (json_parse(a->mem, buf_str(&a->body), &e) == NULL) {
		fprintf(stderr, "bare_collect: %s\n", e.detail);
		exit(1);
	}
	talloc_free(a->mem);
}

static double
cpu_ms(void)
{
	struct rusage u;

	getrusage(RUSAGE_SELF, &u);
	return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1000 +
	       (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1000;
}

int
main(int argc, char **argv)
{
	static struct asked all[AT_ONCE_MAX];
	long                times = argc == 4 ? strtol(argv[2], NULL, 10) : 0, begun = 0, done = 0,
	     at_once = argc == 4 ? strtol(argv[3], NULL, 10) : 0;
	CURLM *multi;
	double before;

	if (times < 1 || at_once < 1 || at_once > AT_ONCE_MAX) {
		fputs("usage: bare_collect URL TIMES AT_ONCE\n", stderr);
		return 2;
	}
	curl_global_init(CURL_GLOBAL_DEFAULT);
	multi = curl_multi_init();
	before = cpu_ms();
	for (; begun < at_once && begun < times; begun++) {
		all[begun].curl = curl_easy_init();
		ask(multi, &all[begun], argv[1]);
	}
	while (done < times) {
		struct CURLMsg *msg;
		int             n;

		curl_multi_perform(multi, &n);
		while ((msg = curl_multi_info_read(multi, &n)) != NULL) {
			struct asked *a;

			curl_easy_getinfo(msg->easy_handle, CURLINFO_PRIVATE, &a);
			curl_multi_remove_handle(multi, a->curl);
			parse(a);
			done++;
			if (begun++ < times)
				ask(multi, a, argv[1]);
		}
		if (done < times)
			curl_multi_poll(multi, NULL, 0, 1000, NULL);
	}
	printf("%.4f\n", (cpu_ms() - before) / (double)times);
	return 0;
}
