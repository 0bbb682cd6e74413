/*
 * Properties of what reads source packs and what sources answer: whatever a pack and its answers
 * are, a run ends, asks nothing but below its base URL, keeps what is equal apart by key, and says
 * why where a collection is not complete.
 *
 * Texts (part.h): a pack, empty for the one that is built in here; then answers, each a line of
 * status and, behind a blank, the next page's Link, and the body behind that line.
 */
#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "core/base/rand.h"
#include "drift/source/rest.h"
#include "tests/fuzz/part.h"

#define BASE    "https://a.example/api"
#define TURNS   3000
#define ANSWERS 64

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static const char built_in[] =
    "{\"name\":\"p\",\"title\":\"P\",\"hosts\":[{\"name\":\"a\",\"url\":\"" BASE "\"}],"
    "\"error_code\":[\"/error/code\"],\"error_message\":[\"/error/message\"],"
    "\"limits\":[{\"bucket\":\"b\",\"per_s\":1,\"reset_header\":{\"name\":\"Link\",\"as\":"
    "\"epoch\"}}],"
    "\"errors\":[{\"code\":\"lic\",\"say\":\"No.\",\"as\":\"forbidden\",\"licence\":true},"
    "{\"code\":\"soon\",\"say\":\"Soon.\",\"as\":\"failed\",\"again_s\":30}],"
    "\"collections\":["
    "{\"category\":\"c\",\"path\":\"/c\",\"items\":\"/v\",\"key\":[\"id\",\"/n/m\"],\"count\":\"/"
    "n\","
    "\"next\":{\"pointer\":\"/next\"},"
    "\"each\":[{\"name\":\"m\",\"path\":\"/c/{/"
    "id}\",\"keep\":[\"n\"],\"next\":{\"link_header\":true}}]},"
    "{\"category\":\"d\",\"path\":\"/d\",\"method\":\"POST\",\"body\":{\"o\":{}},\"key\":\"id\","
    "\"next\":{\"token_pointer\":\"/t\",\"body_pointer\":\"/o/t\"},\"restart_on\":[410,\"old\"]},"
    "{\"category\":\"e\",\"over\":\"d\",\"path\":\"/d/{/"
    "id}\",\"single\":true,\"when_missing\":\"empty\"},"
    "{\"category\":\"f\",\"path\":\"/f\",\"key\":\"id\",\"next\":{\"page\":\"p\",\"size\":2}}]}";

static int64_t
stands(const struct clock *c)
{
	(void)c;
	return 0;
}

static void
all_ones(struct rand *r, void *out, size_t n)
{
	(void)r;
	memset(out, 1, n);
}

static const struct clock_ops clock_ops = { .wall_ms = stands, .mono_ns = stands };
static const struct clock     still = { &clock_ops, 0 };
static const struct rand_ops  rand_ops = { all_ones };
static struct rand            ones = { &rand_ops, 0 };

/* An answer of the input; there are no more: the last one. */
static struct source_answer
answer(struct str text, uint32_t id, struct source_header *link, char *room, size_t most)
{
	struct source_answer a = { .id = id, .retry_after_s = -1, .why = "Nobody answers." };
	struct str           line, status, value;
	int64_t              s;

	a.body = str_cut(text, '\n', &line);
	value = str_cut(line, ' ', &status);
	a.status = str_to_i64(status, &s) && s >= 100 && s < 600 ? (int)s : 0;
	if (value.p != NULL && value.n < most && memchr(value.p, '\0', value.n) == NULL) {
		memcpy(room, value.p, value.n);
		room[value.n] = '\0';
		*link = (struct source_header) { "Link", room };
		a.headers = link;
		a.headers_n = 1;
	}
	return a;
}

static void
check_request(const struct rest *r, const struct source_request *q)
{
	bool below = false;

	for (size_t i = 0; i < r->pack->hosts_n; i++)
		below = below || (strlen(q->url) >= r->hosts[i].n &&
				     memcmp(q->url, r->hosts[i].p, r->hosts[i].n) == 0);
	assert(below && strpbrk(q->url, " \r\n") == NULL);
	for (size_t i = 0; i < q->headers_n; i++)
		assert(strpbrk(q->headers[i].value, "\r\n") == NULL);
}

static void
check_collected(TALLOC_CTX *mem, void *run, const struct collected *got)
{
	struct source_progress p;
	struct err             e = { 0 };

	rest_collect.progress(run, &p);
	assert(got->collections_n == p.n && p.over == p.n);
	for (size_t i = 0; i < p.n; i++)
		assert(p.collections[i].how == COLLECTION_COMPLETE ? p.collections[i].why == NULL
								   : p.collections[i].why != NULL);
	assert(resources_check(mem, got->resources, got->n, &e));
}

static void
drive(TALLOC_CTX *mem, struct rest *rest, void *run, struct str rest_of_input)
{
	struct source_turn turn = { 0 };
	struct err         e = { 0 };
	struct str         last = STR("");
	uint32_t           ids[16];
	size_t             n = 0;
	static char        room[5000];

	for (int i = 0; i < TURNS; i++) {
		enum source_step s = rest_collect.next(run, &turn, &e);

		if (s == SOURCE_DONE)
			check_collected(mem, run, &turn.collected);
		if (s == SOURCE_DONE || s == SOURCE_FAILED)
			return;
		if (s == SOURCE_WANTS) {
			check_request(rest, &turn.request);
			ids[n++] = turn.request.id;
			assert(n <= 9);
			continue;
		}
		assert(n > 0 || turn.again_ms > turn.now_ms);
		turn.now_ms = turn.again_ms > turn.now_ms ? turn.again_ms : turn.now_ms;
		while (n > 0) {
			struct source_header link;
			struct source_answer a;

			if (rest_of_input.n > 0)
				last = part_next(&rest_of_input);
			a = answer(last, ids[--n], &link, room, sizeof room);
			if (!rest_collect.take(run, &a, &e))
				return;
		}
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	TALLOC_CTX            *mem = talloc_new(NULL);
	struct str             input = { (const char *)data, n }, text = part_next(&input);
	struct source_settings settings = { "p" };
	struct rest           *rest = talloc_zero(mem, struct rest);
	struct source          source = { .settings = &settings, .rest = rest };
	const struct env       env = { .clock = &still, .rand = &ones };
	struct source_session *session = talloc_zero(mem, struct source_session);
	struct source_begin    b = { .source = &source, .session = session, .env = &env };
	struct err             e = { 0 };
	struct str             compare;
	void                  *run;

	rest->pack = source_pack_parse(mem, text.n > 0 ? text : STR(built_in), NULL, &e);
	if (rest->pack == NULL) {
		assert(e.code == ERR_INVALID || e.code == ERR_MALFORMED ||
		       e.code == ERR_MEDIA_TYPE || e.code == ERR_TOO_LARGE ||
		       e.code == ERR_TOO_COSTLY);
	} else if (source_pack_compare(mem, rest->pack, &compare, &e)) {
		assert(json_parse(mem, compare, &e) != NULL);
		rest->values = talloc_zero_array(mem, struct str, SOURCE_PARAMETERS_MAX + 1);
		rest->hosts = talloc_zero_array(mem, struct str, SOURCE_HOSTS_MAX + 1);
		for (size_t i = 0; i < rest->pack->hosts_n; i++)
			rest->hosts[i] = STR(BASE);
		run = rest_collect.begin(mem, &b, &e);
		if (run != NULL)
			drive(mem, rest, run, input);
	}
	talloc_free(mem);
	return 0;
}
