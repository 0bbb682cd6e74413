/*
 * patch < CASES
 *
 * One case a line, {"doc": ..., "patch": ...}; one answer a line, {"doc": ...} or
 * {"error": "POINTER SENTENCE"}.  suite.mjs drives it with the cases of json-patch-test-suite.
 */
#include <stdio.h>
#include <stdlib.h>

#include "drift/engine/patch.h"

static void
print_error(struct buf *out, const struct err *e)
{
	struct buf text;

	buf_make(&text, out->mem);
	if (e->faults != NULL) {
		buf_puts(&text, e->faults->pointer);
		buf_putc(&text, ' ');
		buf_puts(&text, e->faults->detail);
	} else {
		buf_puts(&text, e->pub);
	}
	buf_puts(out, "{\"error\":");
	buf_json(out, buf_str(&text));
	buf_putc(out, '}');
}

static void
answer(struct str line)
{
	TALLOC_CTX        *mem = talloc_new(NULL);
	struct err         e = { 0 };
	const struct json *in = json_parse(mem, line, &e);
	const struct json *doc = in != NULL ? json_get(in, "doc") : NULL;
	const struct json *patch = in != NULL ? json_get(in, "patch") : NULL;
	const struct json *result = NULL;
	struct buf         out;

	buf_make(&out, mem);
	if (doc != NULL && patch != NULL)
		result = patch_apply(mem, doc, patch, NULL, &e);
	if (result != NULL) {
		buf_puts(&out, "{\"doc\":");
		json_print(&out, result);
		buf_putc(&out, '}');
	} else {
		print_error(&out, &e);
	}
	printf("%s\n", buf_ok(&out) ? out.p : "{\"error\":\"memory\"}");
	talloc_free(mem);
}

int
main(void)
{
	char   *line = NULL;
	size_t  room = 0;
	ssize_t n;

	while ((n = getline(&line, &room, stdin)) > 0)
		answer((struct str) { line, (size_t)n });
	free(line);
	return 0;
}
