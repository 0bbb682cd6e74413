/* What a comparison holds at once, as a multiple of its documents' bytes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/unit/engine.h"

#define BYTES ((size_t)692 << 10) /* of a document */
#define EVERY 100                 /* one element in so many is another on the new side */
#define MOST  4.0                 /* times the bytes of both documents */
#ifdef __SANITIZE_ADDRESS__
#define SLACK 4 /* what is freed is kept for a while, and all has a zone around it */
#else
#define SLACK 1
#endif

enum shape {
	KEYED,
	ALIKE,
	VERY_ALIKE,
	LARGE_ALIKE,
	SCALARS,
	NESTED,
	ALL_CHANGED,
	MEMBERS,
	TEXT,
	SHAPES
};
/* whole: with the values that the documents become, which for tokens of a byte or two are more than
 * that alone, and with all that is said of changes where everything has changed */
static const struct {
	const char *name;
	bool        whole;
} shapes[SHAPES] = {
	{ "objects with an id", true },
	{ "objects without one, few leaves in common", true },
	{ "objects without one, many leaves in common", true },
	{ "400 objects without one, every two of them alike", true },
	{ "short texts", false },
	{ "single digits", false },
	{ "50,000 objects with an id, each of them changed", false },
	{ "one object of very many members", false },
	{ "one text of 16 MiB", true },
};

static void
element(struct buf *b, enum shape shape, int i, bool new)
{
	int v = new &&i % EVERY == 0 ? i + 1000000 : i;

	switch (shape) {
	case KEYED:
		buf_printf(b,
		    "{\"id\":\"policy-%06d\",\"displayName\":\"Policy %d\",\"state\":\"%d\"}", i, i,
		    v);
		break;
	case ALIKE:
		buf_printf(b,
		    "{\"source\":\"10.%d.%d.0/24\",\"target\":\"host-%d\",\"port\":%d,\"note\":"
		    "\"opened for %d\"}",
		    i % 250, i % 199, i, i % 1000, v);
		break;
	case VERY_ALIKE:
		buf_printf(b,
		    "{\"protocol\":\"tcp\",\"action\":\"allow\",\"log\":false,\"direction\":\"in\","
		    "\"enabled\":true,\"note\":\"opened for nobody in particular, and left so by "
		    "everybody who has looked at it since, number %d\",\"port\":%d}",
		    v, i % 1000);
		break;
	case LARGE_ALIKE: /* 400 of them: each pair is a candidate */
		for (int k = 0; k < 60; k++)
			buf_printf(b, "%s\"member-of-it-%02d\":\"%d %d\"", k == 0 ? "{" : ",", k,
			    k < 20 ? v + k : k, k < 4 ? v : 0);
		buf_putc(b, '}');
		break;
	case SCALARS:
		buf_printf(b, "\"member-%d\"", v);
		break;
	case NESTED:
		buf_printf(b,
		    "{\"id\":%d,\"a\":{\"b\":{\"c\":[1,2,{\"d\":\"%d\"}]}},\"e\":[\"x\",\"y%d\"]}",
		    i, v, i);
		break;
	case ALL_CHANGED:
		buf_printf(b, "{\"id\":\"%05d\",\"name\":\"member %d\",\"state\":\"%s\"}", i, i,
		    new ? "on" : "off");
		break;
	case MEMBERS:
		buf_printf(b, "\"%x\":%d", i, v % 9);
		break;
	case TEXT:
	case SHAPES:
		break;
	}
}

#define TEXT_BYTES ((size_t)16 << 20)
#define ELEMENTS   50000 /* of those that are all changed: as many changes as a report has */

static struct str
text_document(TALLOC_CTX *in, bool new)
{
	char *text = talloc_size(in, TEXT_BYTES);

	memset(text, 'a', TEXT_BYTES);
	for (size_t i = 70; i < TEXT_BYTES - 1; i += 71)
		text[i] = ' ';
	text[TEXT_BYTES / 2] = new ? 'x' : 'y';
	text[0] = text[TEXT_BYTES - 1] = '"';
	return (struct str) { text, TEXT_BYTES };
}

static bool
is_enough(enum shape shape, size_t bytes, int i)
{
	if (shape == ALL_CHANGED)
		return i == ELEMENTS;
	return bytes >= BYTES || (shape == LARGE_ALIKE && i == 400);
}

static struct str
document(TALLOC_CTX *in, enum shape shape, bool new)
{
	struct buf b;

	if (shape == TEXT)
		return text_document(in, new);
	buf_make(&b, in);
	buf_putc(&b, shape == MEMBERS ? '{' : '[');
	for (int i = 0; !is_enough(shape, b.n, i); i++) {
		if (i > 0)
			buf_putc(&b, ',');
		element(&b, shape, i, new);
	}
	buf_putc(&b, shape == MEMBERS ? '}' : ']');
	return buf_str(&b);
}

static long
peak_kib(void)
{
	struct rusage use;

	getrusage(RUSAGE_SELF, &use);
	return use.ru_maxrss;
}

static double
times(long kib, size_t bytes)
{
	return (double)kib * 1024 / (double)bytes;
}

/* In a process of its own, in which nothing was freed before. */
static int
measure(enum shape shape)
{
	TALLOC_CTX          *all = talloc_new(NULL);
	struct str           a = document(all, shape, false), b = document(all, shape, true);
	struct err           e = { 0 };
	struct resource      old = { STR("c"), STR("k"), NULL }, new = old;
	struct compare_spec *spec = compare_compile(all, NULL, NULL, 0, key, NULL, &e);
	struct diff         *d = diff_make(all, spec, NULL, NULL, &e);
	long                 before = peak_kib(), normal, end;
	size_t               bytes = a.n + b.n;
	double               compared, whole;

	old.value = json_parse(all, a, &e);
	new.value = json_parse(all, b, &e);
	if (d == NULL || old.value == NULL || new.value == NULL ||
	    !resource_normalise(all, spec, &old, RESOURCE_SOURCE, NULL, &e) ||
	    !resource_normalise(all, spec, &new, RESOURCE_SOURCE, NULL, &e))
		return 2;
	normal = peak_kib();
	if (!diff_resource(d, &old, &new, &e) || d->n == 0)
		return 3;
	end = peak_kib();
	compared = times(end - normal, bytes);
	whole = times(end - before, bytes);
	printf("# %s: %zu changes; compared in %.2f x, read and compared in %.2f x of %zu KiB\n",
	    shapes[shape].name, d->n, compared, whole, bytes >> 10);
	fflush(stdout);
	return (shapes[shape].whole ? whole : compared) > SLACK * MOST;
}

static void
it_is_at_most_four_times_the_documents(void **state)
{
	(void)state;
	for (enum shape s = 0; s < SHAPES; s++) {
		int   status;
		pid_t child = fork();

		if (child == 0)
			_exit(measure(s));
		assert_int_equal(waitpid(child, &status, 0), child);
		if (status != 0)
			fail_msg("%s: status %d", shapes[s].name, status);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(it_is_at_most_four_times_the_documents),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
