/*
 * bare_post - the reference of the benchmark of deliveries: the least that so many requests take.
 *
 * usage: bare_post URL TIMES AT_ONCE BYTES
 *
 * A bare loop of libcurl's multi handle, AT_ONCE requests under way on connections that are kept,
 * each with a body of BYTES; nothing is claimed, made, signed or recorded.  Prints the CPU of one
 * in ms, and how many there were a second.
 */
#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#define AT_ONCE_MAX 256
#define BYTES_MAX   65536

static char body[BYTES_MAX];

static double
cpu_ms(void)
{
	struct rusage u;

	getrusage(RUSAGE_SELF, &u);
	return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1000 +
	       (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1000;
}

static double
now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1000 + (double)t.tv_nsec / 1e6;
}

static void
post(CURLM *multi, CURL *c, const char *url, long bytes)
{
	curl_easy_setopt(c, CURLOPT_URL, url);
	curl_easy_setopt(c, CURLOPT_POSTFIELDSIZE, bytes);
	curl_easy_setopt(c, CURLOPT_POSTFIELDS, body);
	curl_multi_add_handle(multi, c);
}

static long
end_some(CURLM *multi, const char *url, long bytes, long *left)
{
	struct CURLMsg *msg;
	long            ended = 0;
	int             n;

	while ((msg = curl_multi_info_read(multi, &n)) != NULL) {
		CURL *c = msg->easy_handle;

		if (msg->data.result != CURLE_OK)
			exit(1);
		curl_multi_remove_handle(multi, c);
		ended++;
		if ((*left)-- > 0)
			post(multi, c, url, bytes);
	}
	return ended;
}

int
main(int argc, char **argv)
{
	long times = argc == 5 ? strtol(argv[2], NULL, 10) : 0, left, done = 0,
	     at_once = argc == 5 ? strtol(argv[3], NULL, 10) : 0,
	     bytes = argc == 5 ? strtol(argv[4], NULL, 10) : 0;
	CURLM *multi;
	double before, began;
	int    n;

	if (at_once < 1 || at_once > AT_ONCE_MAX || times < at_once || bytes < 1 ||
	    bytes > BYTES_MAX) {
		fputs("usage: bare_post URL TIMES AT_ONCE BYTES\n", stderr);
		return 2;
	}
	memset(body, ' ', sizeof(body));
	curl_global_init(CURL_GLOBAL_DEFAULT);
	multi = curl_multi_init();
	before = cpu_ms();
	began = now_ms();
	left = times - at_once;
	for (long i = 0; i < at_once; i++)
		post(multi, curl_easy_init(), argv[1], bytes);
	while (done < times) {
		curl_multi_perform(multi, &n);
		done += end_some(multi, argv[1], bytes, &left);
		if (done < times)
			curl_multi_poll(multi, NULL, 0, 1000, NULL);
	}
	printf("%.4f %.0f\n", (cpu_ms() - before) / (double)times,
	    (double)times / (now_ms() - began) * 1000);
	return 0;
}
