/* How collections are read page by page, and what goes wrong there, against an API that answers
 * from a script. */
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
#define POINTER   ",\"next\":{\"pointer\":\"/next\"}"
#define LINKS     ",\"next\":{\"link_header\":true}"
#define HTML      "Content-Type: text/html; charset=utf-8"
#define A         "{\"id\":\"a\"}"
#define B         "{\"id\":\"b\"}"
#define MORE(url) "{\"v\":[" A "],\"next\":\"" url "\"}"

struct row {
	const char     *what, *source, *told;
	struct scripted script[8];
};

/* ---- the ways to the next page ---- */

static const struct row ways[] = {
	{ "one page is all without next", LIST(""), "c complete 2/1/1\n 7={\"id\":7}\n a=" A,
	    { { BASE "/c", 200, "{\"v\":[" A ",{\"id\":7}]}", NULL } } },
	{ "a link is followed as it stands, and a page may be empty", LIST(POINTER),
	    "c complete 2/3/3\n a=" A "\n b=" B,
	    { { BASE "/c", 200, MORE(BASE "/c?$skip=X%27y"), NULL },
		{ BASE "/c?$skip=X%27y", 200, "{\"v\":[],\"next\":\"/api/c?p=3\"}", NULL },
		{ BASE "/c?p=3", 200, "{\"v\":[" B "],\"next\":null}", NULL } } },
	{ "a query alone is a link too", LIST(POINTER), "c complete 2/2/2\n a=" A "\n b=" B,
	    { { BASE "/c", 200, MORE("?p=2"), NULL },
		{ BASE "/c?p=2", 200, "{\"v\":[" B "],\"next\":\"\"}", NULL } } },
	{ "a Link field has several links, of which next counts", LIST(LINKS),
	    "c complete 2/2/2\n a=" A "\n b=" B,
	    { { BASE "/c", 200, "{\"v\":[" A "]}",
		  "Link: <" BASE "/c?p=9>; rel=\"last\", <" BASE "/c?p=2>; title=\"a, b\"; "
		  "rel=\"prefetch next\"" },
		{ BASE "/c?p=2", 200, "{\"v\":[" B "]}", "Link: <" BASE "/c>; rel=first" } } },
	{ "a token becomes a member of the query",
	    LIST(",\"query\":{\"max\":50},\"next\":{\"token_pointer\":\"/t\",\"query\":\"page "
		 "token\"}"),
	    "c complete 2/2/2\n a=" A "\n b=" B,
	    { { BASE "/c?max=50", 200, "{\"v\":[" A "],\"t\":\"x/y=\"}", NULL },
		{ BASE "/c?max=50&page%20token=x%2Fy%3D", 200, "{\"v\":[" B "],\"t\":\"\"}",
		    NULL } } },
	{ "pages have numbers until one is not full",
	    LIST(",\"next\":{\"page\":\"p\",\"per_page\":\"n\",\"size\":1}"),
	    "c complete 2/3/3\n a=" A "\n b=" B,
	    { { BASE "/c?p=1&n=1", 200, "{\"v\":[" A "]}", NULL },
		{ BASE "/c?p=2&n=1", 200, "{\"v\":[" B "]}", NULL },
		{ BASE "/c?p=3&n=1", 200, "{\"v\":[]}", NULL } } },
	{ "pages begin with 0 where the pack says so",
	    LIST(",\"next\":{\"page\":\"p\",\"size\":2,\"from_zero\":true}"),
	    "c complete 1/1/1\n a=" A, { { BASE "/c?p=0", 200, "{\"v\":[" A "]}", NULL } } },
	{ "an offset counts items", LIST(",\"next\":{\"offset\":\"o\",\"limit\":\"l\",\"size\":2}"),
	    "c complete 3/2/2\n 3={\"id\":3}\n a=" A "\n b=" B,
	    { { BASE "/c?o=0&l=2", 200, "{\"v\":[" A "," B "]}", NULL },
		{ BASE "/c?o=2&l=2", 200, "{\"v\":[{\"id\":3}]}", NULL } } },
	{ "a single resource has no key, and may be a document of any type",
	    HTTP("{\"category\":\"s\",\"path\":\"/"
		 "s\",\"single\":true},{\"category\":\"t\",\"path\":\"/"
		 "s\",\"single\":true,\"items\":\"/x\"}"),
	    "s complete 1/1/1\n ={\"x\":[1]}\nt complete 1/1/1\n =[1]",
	    { { BASE "/s", 200, "{\"x\":[1]}", NULL } } },
	{ "the answer itself may be the list, with a byte order mark",
	    HTTP("{\"category\":\"c\",\"path\":\"/c\",\"key\":[\"/a/b\",\"id\"]}"),
	    "c complete 1/1/1\n 1~12/x={\"a\":{\"b\":\"1/2\"},\"id\":\"x\"}",
	    { { BASE "/c", 200, "\357\273\277[{\"a\":{\"b\":\"1/2\"},\"id\":\"x\"}]", NULL } } },
	{ "what is read over items has their keys in front, up to three deep",
	    HTTP("{\"category\":\"a\",\"path\":\"/a\",\"key\":\"id\"},"
		 "{\"category\":\"b\",\"over\":\"a\",\"path\":\"/a/{+/id}/b\",\"key\":\"id\"},"
		 "{\"category\":\"d\",\"over\":\"b\",\"path\":\"/a/{+^/id}/b/{/"
		 "id}\",\"single\":true}"),
	    "a complete 1/1/1\n x/y={\"id\":\"x/y\"}\nb complete 1/1/1\n x~1y/z={\"id\":\"z\"}\n"
	    "d complete 1/1/1\n x~1y/z=1",
	    { { BASE "/a", 200, "[{\"id\":\"x/y\"}]", NULL },
		{ BASE "/a/x%2Fy/b", 200, "[{\"id\":\"z\"}]", NULL },
		{ BASE "/a/x%2Fy/b/z", 200, "1", NULL } } },
	{ "what is asked for each item is a collection of its own",
	    HTTP("{\"category\":\"r\",\"path\":\"/"
		 "r\",\"key\":\"id\",\"each\":[{\"name\":\"members\","
		 "\"keep\":[\"t\",\"u\"],\"path\":\"/r/{/id}/m\",\"items\":\"/v\"" POINTER
		 ",\"permission\":\"Members.Read\"}]}"),
	    "r complete 3/1/1\n 1={\"id\":1,\"t\":2}\n 2={\"id\":2}\n 3={\"id\":3}\n"
	    "r/members partial 2/3/4: The source does not permit it (403). "
	    "(Members.Read)"
	    "\n 1={\"t\":2,\"members\":[" A "," B "]}\n 2={\"members\":[]}",
	    { { BASE "/r", 200, "[{\"id\":1,\"t\":2},{\"id\":2},{\"id\":3}]", NULL },
		{ BASE "/r/1/m", 200, MORE(BASE "/r/1/m?p"), NULL },
		{ BASE "/r/1/m?p", 200, "{\"v\":[" B "]}", NULL },
		{ BASE "/r/2/m", 200, "{\"v\":[]}", NULL },
		{ BASE "/r/3/m", 403, "{\"error\":{\"message\":\"no\"}}", NULL } } },
};

/* ---- what goes wrong ---- */

#define FAILED(pages, requests, why) "c failed 0/" pages "/" requests ": " why
static const struct row faults[] = {
	{ "another host", LIST(POINTER),
	    FAILED("1", "1",
		"Paging ends here: the link to the next page leads to another host, which is not "
		"asked."),
	    { { BASE "/c", 200, MORE("https://b.example/api/c"), NULL } } },
	{ "another port", LIST(POINTER),
	    FAILED("1", "1",
		"Paging ends here: the link to the next page leads to another host, which is not "
		"asked."),
	    { { BASE "/c", 200, MORE("https://a.example:8443/api/c"), NULL } } },
	{ "without TLS", LIST(POINTER),
	    FAILED("1", "1",
		"Paging ends here: the link to the next page leads to another host, which is not "
		"asked."),
	    { { BASE "/c", 200, MORE("http://a.example/api/c"), NULL } } },
	{ "as a user of another host", LIST(POINTER),
	    FAILED("1", "1", "Paging ends here: the link to the next page is no URL."),
	    { { BASE "/c", 200, MORE("https://a.example@b.example/api/c"), NULL } } },
	{ "a host of no scheme", LIST(LINKS),
	    FAILED("1", "1", "Paging ends here: the link to the next page is no URL."),
	    { { BASE "/c", 200, "{\"v\":[" A "]}", "Link: <//b.example/api/c>; rel=next" } } },
	{ "out of the base", LIST(POINTER),
	    FAILED(
		"1", "1", "Paging ends here: the link to the next page leads out of the base URL."),
	    { { BASE "/c", 200, MORE("https://A.example:443/apis/c"), NULL } } },
	{ "out of the base by dots", LIST(POINTER),
	    FAILED(
		"1", "1", "Paging ends here: the link to the next page leads out of the base URL."),
	    { { BASE "/c", 200, MORE("/api/%2e%2E/x"), NULL } } },
	{ "out of the base by /api/..%2f..%2fx", LIST(POINTER),
	    FAILED(
		"1", "1", "Paging ends here: the link to the next page leads out of the base URL."),
	    { { BASE "/c", 200, MORE("/api/..%2f..%2fx"), NULL } } },
	{ "out of the base by /api/..;a=b/x", LIST(POINTER),
	    FAILED(
		"1", "1", "Paging ends here: the link to the next page leads out of the base URL."),
	    { { BASE "/c", 200, MORE("/api/..;a=b/x"), NULL } } },
	{ "out of the base by /api/%252e%252E/x", LIST(POINTER),
	    FAILED(
		"1", "1", "Paging ends here: the link to the next page leads out of the base URL."),
	    { { BASE "/c", 200, MORE("/api/%252e%252E/x"), NULL } } },
	{ "out of the base by /api/a%5C..%5c..%5cx", LIST(POINTER),
	    FAILED(
		"1", "1", "Paging ends here: the link to the next page leads out of the base URL."),
	    { { BASE "/c", 200, MORE("/api/a%5C..%5c..%5cx"), NULL } } },
	{ "out of the base by /api/%25%32%65./x", LIST(POINTER),
	    FAILED(
		"1", "1", "Paging ends here: the link to the next page leads out of the base URL."),
	    { { BASE "/c", 200, MORE("/api/%25%32%65./x"), NULL } } },
	{ "out of the base by /api/x%0dy", LIST(POINTER),
	    FAILED(
		"1", "1", "Paging ends here: the link to the next page leads out of the base URL."),
	    { { BASE "/c", 200, MORE("/api/x%0dy"), NULL } } },
	{ "out of the base by /api/%c0%ae%c0%ae/x", LIST(POINTER),
	    FAILED(
		"1", "1", "Paging ends here: the link to the next page leads out of the base URL."),
	    { { BASE "/c", 200, MORE("/api/%c0%ae%c0%ae/x"), NULL } } },
	{ "a circle", LIST(POINTER),
	    FAILED("2", "2", "The links to further pages lead in a circle."),
	    { { BASE "/c", 200, MORE("?p=2"), NULL },
		{ BASE "/c?p=2", 200, "{\"v\":[" B "],\"next\":\"?p=2\"}", NULL } } },
	{ "a page that came twice", LIST(POINTER), FAILED("2", "2", "A page came twice."),
	    { { BASE "/c", 200, MORE("?p=2"), NULL },
		{ BASE "/c?p=2", 200, MORE("?p=2"), NULL } } },
	{ "tokens in a circle", LIST(",\"next\":{\"token_pointer\":\"/t\",\"query\":\"t\"}"),
	    FAILED("2", "2", "The tokens of further pages lead in a circle."),
	    { { BASE "/c", 200, "{\"v\":[],\"t\":1}", NULL },
		{ BASE "/c?t=1", 200, "{\"v\":[],\"t\":1}", NULL } } },
	{ "a link that is none", LIST(POINTER),
	    FAILED("1", "1", "The link to the next page is no text."),
	    { { BASE "/c", 200, "{\"v\":[],\"next\":7}", NULL } } },
	{ "no list", LIST(""),
	    FAILED("1", "1",
		"The answer has something else where the pack looks for the list of items."),
	    { { BASE "/c", 200, "{\"v\":{}}", NULL } } },
	{ "nothing there", LIST(""),
	    FAILED("1", "1", "The answer has nothing where the pack looks for the list of items."),
	    { { BASE "/c", 200, "{}", NULL } } },
	{ "200 with an error", LIST(""),
	    FAILED(
		"0", "1", "The source answers with an error in the place of what was asked for."),
	    { { BASE "/c", 200, "{\"error\":{\"code\":\"X\",\"message\":\"too bad\"}}", NULL } } },
	{ "204", LIST(""), FAILED("0", "1", "The source answers without content (204)."),
	    { { BASE "/c", 204, "", "" } } },
	{ "200 and nothing", LIST(""),
	    FAILED("0", "1", "The source answers without content (200)."),
	    { { BASE "/c", 200, "", NULL } } },
	{ "a page for people", LIST(""),
	    FAILED("0", "1", "The source answers with a page for people instead of JSON."),
	    { { BASE "/c", 200, "<html>sign in</html>", HTML } } },
	{ "a redirection", LIST(""),
	    FAILED(
		"0", "1", "The source leads elsewhere (302), and redirections are not followed."),
	    { { BASE "/c", 302, "", "Location: https://b.example/" } } },
	{ "401", LIST(""), FAILED("0", "1", "The source does not accept the credential (401)."),
	    { { BASE "/c", 401, "", "" } } },
	{ "400", LIST(""), FAILED("0", "1", "The source refuses the request (400)."),
	    { { BASE "/c", 400, "{\"message\":\"bad\\nquery\"}", NULL } } },
	{ "404", LIST(""), FAILED("0", "1", "The source has nothing at this path (404)."),
	    { { BASE "/c", 404, "<html>", HTML } } },
	{ "404 of what may be missing", LIST(",\"when_missing\":\"empty\""), "c complete 0/0/1",
	    { { BASE "/c", 404, "", "" } } },
	{ "403", LIST(",\"permission\":\"Policy.Read.All\""),
	    "c forbidden 0/0/1: The source does not permit it (403). (Policy.Read.All)",
	    { { BASE "/c", 403, "<html>", HTML } } },
	{ "no answer", LIST(""),
	    FAILED("0", "6", "The source does not answer. The connection was reset."),
	    { { BASE "/c", 0, "The connection was reset.", NULL } } },
	{ "503 that passes", LIST(""), "c complete 1/1/3\n a=" A,
	    { { BASE "/c", 503, "<html>", HTML }, { BASE "/c", 0, "Timed out.", NULL },
		{ BASE "/c", 200, "{\"v\":[" A "]}", NULL } } },
	{ "500 that stays", LIST(""),
	    FAILED("0", "6", "The source answers with an error of its own (500)."),
	    { { BASE "/c", 500, "", "" } } },
	{ "429 that passes", LIST(""), "c complete 1/1/2\n a=" A,
	    { { BASE "/c", 429, "", "Retry-After: 7" },
		{ BASE "/c", 200, "{\"v\":[" A "]}", NULL } } },
	{ "429 that stays", LIST(""),
	    "c throttled 0/0/6: The source answers too many requests (429).",
	    { { BASE "/c", 429, "", "" } } },
	{ "429 for a day", LIST(""),
	    "c throttled 0/0/1: The source answers too many requests (429).",
	    { { BASE "/c", 429, "", "Retry-After: 86400" } } },
	{ "410 begins anew, and what was read is forgotten", LIST(POINTER),
	    "c complete 1/3/4\n b=" B,
	    { { BASE "/c", 200, MORE("?p=2"), NULL }, { BASE "/c?p=2", 410, "", "" },
		{ BASE "/c", 200, "{\"v\":[],\"next\":\"?p=3\"}", NULL },
		{ BASE "/c?p=3", 200, "{\"v\":[" B "]}", NULL } } },
	{ "an expired token of a page begins anew, five times",
	    LIST(POINTER ",\"restart_on\":[\"Expired\"]"),
	    FAILED("6", "12", "The source no longer knows the next page (400). Its code: Expired."),
	    { { BASE "/c", 200, MORE("?p=2"), NULL },
		{ BASE "/c?p=2", 400, "{\"error\":{\"code\":\"Expired\"}}", NULL } } },
	{ "fewer than promised", LIST(",\"count\":\"/n\""),
	    "c partial 1/1/1: The source says that there are 2 items, and gave 1.\n a=" A,
	    { { BASE "/c", 200, "{\"v\":[" A "],\"n\":2}", NULL } } },
	{ "an item without key", LIST(""),
	    "c partial 1/1/1: Item 0 of a page has no text or integer that could be its key at "
	    "/id.\n a=" A,
	    { { BASE "/c", 200, "{\"v\":[{\"id\":null}," A "]}", NULL } } },
	{ "an item with a key that is none", LIST(""),
	    "c partial 1/1/1: Item 1 of a page has no text or integer that could be its key at "
	    "/id.\n a=" A,
	    { { BASE "/c", 200, "{\"v\":[" A ",{\"id\":1.5}]}", NULL } } },
	{ "an item that is no object", LIST(""),
	    "c partial 1/1/1: Item 0 of a page has no text or integer that could be its key at "
	    "/id.\n a=" A,
	    { { BASE "/c", 200, "{\"v\":[3," A "]}", NULL } } },
	{ "a key twice", LIST(POINTER),
	    "c partial 2/2/2: 1 item has the key of another, and was left out.\n a=" A "\n b=" B,
	    { { BASE "/c", 200, MORE("?p=2"), NULL },
		{ BASE "/c?p=2", 200, "{\"v\":[" B "," A "]}", NULL } } },
	{ "a member twice", LIST(""),
	    FAILED("0", "1",
		"The source answers with something that is no JSON: a member name given "
		"twice at byte 9 of 15."),
	    { { BASE "/c", 200, "{\"v\":[],\"v\":[]}", NULL } } },
	{ "an item whose key leads elsewhere",
	    HTTP("{\"category\":\"a\",\"path\":\"/"
		 "a\",\"key\":\"id\"},{\"category\":\"b\",\"over\":\"a\",\"path\":\"/a/{/id}/"
		 "b\",\"single\":true}"),
	    "a complete 2/1/1\n ..={\"id\":\"..\"}\n 1={\"id\":1}\nb partial 1/1/1: Item 0 of a: "
	    "{/id} leads to "
	    "another path\n 1=true",
	    { { BASE "/a", 200, "[{\"id\":\"..\"},{\"id\":1}]", NULL },
		{ BASE "/a/1/b", 200, "true", NULL } } },
	{ "an item whose key climbs behind its own slashes",
	    HTTP("{\"category\":\"a\",\"path\":\"/"
		 "a\",\"key\":\"id\"},{\"category\":\"b\",\"over\":\"a\","
		 "\"path\":\"/a/{/id}/b\",\"single\":true}"),
	    "a complete 2/1/1\n 1={\"id\":1}\n x/../../admin={\"id\":\"x/../../admin\"}\nb partial "
	    "1/1/1: Item 1 of a: {/id} holds / \\ ; or a control character, and is no step of a "
	    "path\n 1=true",
	    { { BASE "/a", 200, "[{\"id\":1},{\"id\":\"x/../../admin\"}]", NULL },
		{ BASE "/a/1/b", 200, "true", NULL } } },
	{ "an item whose key has a backslash",
	    HTTP("{\"category\":\"a\",\"path\":\"/"
		 "a\",\"key\":\"id\"},{\"category\":\"b\",\"over\":\"a\","
		 "\"path\":\"/a/{/id}/b\",\"single\":true}"),
	    "a complete 2/1/1\n 1={\"id\":1}\n x\\y={\"id\":\"x\\\\y\"}\nb partial 1/1/1: Item 1 "
	    "of a: {/id} holds / \\ ; or a control character, and is no step of a path\n 1=true",
	    { { BASE "/a", 200, "[{\"id\":1},{\"id\":\"x\\\\y\"}]", NULL },
		{ BASE "/a/1/b", 200, "true", NULL } } },
	{ "an item whose key has a parameter",
	    HTTP("{\"category\":\"a\",\"path\":\"/"
		 "a\",\"key\":\"id\"},{\"category\":\"b\",\"over\":\"a\","
		 "\"path\":\"/a/{/id}/b\",\"single\":true}"),
	    "a complete 2/1/1\n ..;x={\"id\":\"..;x\"}\n 1={\"id\":1}\nb partial 1/1/1: Item 1 of "
	    "a: {/id} holds / \\ ; or a control character, and is no step of a path\n 1=true",
	    { { BASE "/a", 200, "[{\"id\":1},{\"id\":\"..;x\"}]", NULL },
		{ BASE "/a/1/b", 200, "true", NULL } } },
	{ "an item whose key has a control character",
	    HTTP("{\"category\":\"a\",\"path\":\"/"
		 "a\",\"key\":\"id\"},{\"category\":\"b\",\"over\":\"a\","
		 "\"path\":\"/a/{/id}/b\",\"single\":true}"),
	    "a complete 2/1/1\n 1={\"id\":1}\n x\ny={\"id\":\"x\\ny\"}\nb partial 1/1/1: Item 1 of "
	    "a: {/id} holds / \\ ; or a control character, and is no step of a path\n 1=true",
	    { { BASE "/a", 200, "[{\"id\":1},{\"id\":\"x\\ny\"}]", NULL },
		{ BASE "/a/1/b", 200, "true", NULL } } },
	{ "an item that is all that there is",
	    HTTP("{\"category\":\"a\",\"path\":\"/"
		 "a\",\"key\":\"id\"},{\"category\":\"b\",\"over\":\"a\","
		 "\"path\":\"/a/{/id}/b\",\"single\":true}"),
	    "a complete 1/1/1\n x/y={\"id\":\"x/y\"}\nb partial 0/0/0: Item 0 of a: {/id} holds / "
	    "\\ ; or a control character, and is no step of a path",
	    { { BASE "/a", 200, "[{\"id\":\"x/y\"}]", NULL } } },
	{ "an item that may have slashes climbs no more for that",
	    HTTP("{\"category\":\"a\",\"path\":\"/"
		 "a\",\"key\":\"id\"},{\"category\":\"b\",\"over\":\"a\","
		 "\"path\":\"/a/{+/id}\",\"single\":true}"),
	    "a complete 1/1/1\n x/../y={\"id\":\"x/../y\"}\nb partial 0/0/0: Item 0 of a: The path "
	    "leads out of the base URL.",
	    { { BASE "/a", 200, "[{\"id\":\"x/../y\"}]", NULL } } },
	{ "an item that is encoded itself",
	    HTTP("{\"category\":\"a\",\"path\":\"/"
		 "a\",\"key\":\"id\"},{\"category\":\"b\",\"over\":\"a\","
		 "\"path\":\"/a/{/id}\",\"single\":true}"),
	    "a complete 1/1/1\n %2E%2e={\"id\":\"%2E%2e\"}\nb partial 0/0/0: Item 0 of a: The path "
	    "leads out of the base URL.",
	    { { BASE "/a", 200, "[{\"id\":\"%2E%2e\"}]", NULL } } },
	{ "an item that is the end of what the path began",
	    HTTP("{\"category\":\"a\",\"path\":\"/"
		 "a\",\"key\":\"id\"},{\"category\":\"b\",\"over\":\"a\","
		 "\"path\":\"/a/.{/id}\",\"single\":true}"),
	    "a complete 1/1/1\n .;={\"id\":\".;\"}\nb partial 0/0/0: Item 0 of a: {/id} holds / \\ "
	    "; or a control character, and is no step of a path",
	    { { BASE "/a", 200, "[{\"id\":\".;\"}]", NULL } } },
	{ "what is read over a collection that failed",
	    HTTP("{\"category\":\"a\",\"path\":\"/"
		 "a\",\"key\":\"id\"},{\"category\":\"b\",\"over\":\"a\",\"path\":\"/a/{/id}/"
		 "b\",\"single\":true}"),
	    "a failed 0/0/1: The source refuses the request (400).\nb failed 0/0/0: What it is "
	    "read over was not read completely.",
	    { { BASE "/a", 400, "", "" } } },
};

static void
check_rows(const struct row *rows, size_t n, bool backwards)
{
	for (size_t i = 0; i < n; i++) {
		struct scripted_run s = { .mem = mem,
			.source = rows[i].source,
			.script = rows[i].script,
			.backwards = backwards };
		const char         *wrong = scripted_run(&s), *told;

		if (wrong != NULL)
			fail_msg("%s: %s", rows[i].what, wrong);
		told = scripted_told(&s);
		if (strcmp(told, rows[i].told) != 0)
			fail_msg("%s:\n%s\nnot\n%s", rows[i].what, told, rows[i].told);
	}
}

static void
the_next_page_is_found_as_the_collection_says(void **state)
{
	(void)state;
	check_rows(ways, LEN(ways), false);
	check_rows(ways, LEN(ways), true);
}

static void
what_goes_wrong_is_the_completeness_of_its_collection_and_never_a_shorter_list(void **state)
{
	(void)state;
	check_rows(faults, LEN(faults), false);
}

/* A body that is cut short anywhere is no page: not by one byte, not by all. */
static void
an_answer_that_is_cut_short_is_none(void **state)
{
	static const char     whole[] = "{\"v\":[" A "," B "],\"n\":2}";
	const struct scripted script[] = { { BASE "/c", 200, whole, NULL }, { 0 } };

	(void)state;
	for (size_t cut = 1; cut < sizeof whole; cut++) {
		struct scripted_run s = {
			.mem = mem, .source = LIST(""), .script = script, .cut = cut
		};

		assert_null(scripted_run(&s));
		assert_int_equal(s.turn.collected.n, 0);
		assert_int_equal(s.turn.collected.collections[0].how, COLLECTION_FAILED);
	}
}

static void
a_wait_is_as_long_as_the_source_says(void **state)
{
	const struct scripted script[] = { { BASE "/c", 429, "", "Retry-After: 7" },
		{ BASE "/c", 200, "{\"v\":[]}", NULL }, { 0 } };
	struct scripted_run   s = { .mem = mem, .source = LIST(""), .script = script };

	(void)state;
	assert_null(scripted_run(&s));
	assert_in_range(s.took_ms, 7000, 7500);
	assert_int_equal(s.progress.throttled, 1);
}

/* Twenty are asked for one by one: those that are under way hear it, the others do not ask. */
static void
who_is_told_to_wait_for_long_asks_nothing_more(void **state)
{
	static const struct {
		int         status;
		const char *headers;
		size_t      asked_most;
		int64_t     took_most_ms;
	} rows[] = {
		{ 429, "Retry-After: 86400", 8, 0 }, { 503, "Retry-After: 86400", 8, 0 },
		{ 429, "", 120, 150000 }, /* it stays so, and does not say for how long */
	};
	const char *source =
	    HTTP("{\"category\":\"a\",\"path\":\"/a\",\"key\":\"id\"},"
		 "{\"category\":\"b\",\"over\":\"a\",\"path\":\"/b\",\"single\":true}");
	struct buf list;
	struct err e = { 0 };

	(void)state;
	buf_make(&list, mem);
	for (int i = 0; i < 20; i++)
		buf_printf(&list, "%s{\"id\":%d}", i == 0 ? "[" : ",", i);
	buf_puts(&list, "]");
	for (size_t i = 0; i < LEN(rows); i++) {
		const struct scripted script[] = { { BASE "/a", 200, buf_text(&list, &e), NULL },
			{ BASE "/b", rows[i].status, "", rows[i].headers }, { 0 } };
		struct scripted_run   s = { .mem = mem, .source = source, .script = script };

		assert_null(scripted_run(&s));
		assert_int_equal(s.end, SOURCE_DONE);
		assert_int_equal(s.progress.collections[1].how, COLLECTION_THROTTLED);
		assert_in_range(s.asked.n, 2, 1 + rows[i].asked_most);
		assert_in_range(s.took_ms, 0, rows[i].took_most_ms);
	}
}

static void
some_collections_are_read_alone_with_what_they_are_read_over(void **state)
{
	const char           *wanted[] = { "b" };
	const struct scripted script[] = { { BASE "/a", 200, "[" A "]", NULL },
		{ BASE "/a/a", 200, "1", NULL }, { 0 } };
	struct scripted_run   s = { .mem = mem,
		  .source = HTTP(
		      "{\"category\":\"a\",\"path\":\"/a\",\"key\":\"id\"},"
			"{\"category\":\"b\",\"over\":\"a\",\"path\":\"/a/{/id}\",\"single\":true},"
			"{\"category\":\"x\",\"path\":\"/x\",\"key\":\"id\"}"),
		  .script = script,
		  .categories = { wanted, 1 } };

	(void)state;
	assert_null(scripted_run(&s));
	assert_string_equal(scripted_told(&s), "b complete 1/1/1\n a=1");
	assert_int_equal(s.progress.over, 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_next_page_is_found_as_the_collection_says),
		TEST(
		    what_goes_wrong_is_the_completeness_of_its_collection_and_never_a_shorter_list),
		TEST(an_answer_that_is_cut_short_is_none),
		TEST(a_wait_is_as_long_as_the_source_says),
		TEST(who_is_told_to_wait_for_long_asks_nothing_more),
		TEST(some_collections_are_read_alone_with_what_they_are_read_over),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
