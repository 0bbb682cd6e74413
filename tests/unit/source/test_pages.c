/* How collections are read page by page, against an API that answers from a script. */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/mem.h"
#include "tests/unit/scripted.h"

#define BASE "https://a.example/api"
#define HTTP(collections)                                                                          \
	"{\"kind\":\"http\",\"parameters\":{\"base_url\":\"" BASE                                  \
	"\"},\"collections\":[" collections "]}"
#define LIST(more)                                                                                 \
	HTTP("{\"category\":\"c\",\"path\":\"/c\",\"items\":\"/v\",\"key\":\"id\"" more "}")
#define POINTER ",\"next\":{\"pointer\":\"/next\"}"

struct row {
	const char     *what, *source, *told;
	struct scripted script[8];
};

static const struct row rows[] = {
	{ "one page is all without next", LIST(""),
	    "c complete 2/1/1\n a={\"id\":\"a\"}\n 7={\"id\":7}",
	    { { BASE "/c", 200, "{\"v\":[{\"id\":\"a\"},{\"id\":7}]}", NULL } } },
	{ "a link is followed as it stands, a page may be empty", LIST(POINTER),
	    "c complete 2/3/3\n a={\"id\":\"a\"}\n b={\"id\":\"b\"}",
	    { { BASE "/c", 200, "{\"v\":[{\"id\":\"a\"}],\"next\":\"" BASE "/c?$skip=X%27y\"}",
		  NULL },
		{ BASE "/c?$skip=X%27y", 200, "{\"v\":[],\"next\":\"/api/c?p=3\"}", NULL },
		{ BASE "/c?p=3", 200, "{\"v\":[{\"id\":\"b\"}],\"next\":null}", NULL } } },
};

static void
pages_are_followed(void **state)
{
	(void)state;
	for (size_t i = 0; i < LEN(rows); i++) {
		struct scripted_run s = {
			.mem = mem, .source = rows[i].source, .script = rows[i].script
		};
		const char *wrong = scripted_run(&s), *told;

		if (wrong != NULL)
			fail_msg("%s: %s", rows[i].what, wrong);
		told = scripted_told(&s);
		if (strcmp(told, rows[i].told) != 0)
			fail_msg("%s:\n%s\nnot\n%s", rows[i].what, told, rows[i].told);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = { TEST(pages_are_followed) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
