/* format.h: what each kind makes of every answer, against the one table of what receivers say:
 * tests/lib/answers.tsv.
 *
 * What happens to connections, and what mail servers say, is tried by real ones: tests/http,
 * 98-formats and 98-syslog. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "drift/deliver/format.h"
#include "tests/unit/mem.h"

#define TABLE    "tests/lib/answers.tsv"
#define ROWS_MAX 200
#define COLUMNS  7
#define LARGE    65536

struct row {
	const char *columns[COLUMNS]; /* kinds, answer, holds, done, outcome, left alone, says */
	int         from, to;         /* statuses; 0: it is none of HTTP */
	size_t      met;
};
struct table {
	struct row rows[ROWS_MAX];
	size_t     n;
};

static void
read_row(struct row *row, char *line)
{
	char *rest = line;

	line[strcspn(line, "\n")] = '\0';
	for (size_t i = 0; i < COLUMNS; i++) {
		row->columns[i] = strsep(&rest, "\t");
		if (row->columns[i] == NULL)
			fail_msg("%s: a row has %d columns", row->columns[0], COLUMNS);
	}
	assert_null(rest);
	if (sscanf(row->columns[1], "%d-%d", &row->from, &row->to) == 1)
		row->to = row->from;
	if (strchr(row->columns[1], ' ') != NULL) /* of a mail server */
		row->from = 0;
}

static void
read_table(struct table *t)
{
	char  line[1024];
	FILE *f = fopen(TABLE, "re");

	assert_non_null(f);
	while (fgets(line, sizeof(line), f) != NULL) {
		if (line[0] == '#')
			continue;
		assert_true(t->n < ROWS_MAX);
		read_row(&t->rows[t->n++], talloc_strdup(mem, line));
	}
	fclose(f);
}

static bool
is_of(const struct row *row, const char *kind)
{
	struct str rest = str_of(row->columns[0]), one;

	while (rest.p != NULL) {
		rest = str_cut(rest, ',', &one);
		if (str_eqz(one, kind))
			return true;
	}
	return false;
}

static bool
fits(const struct row *row, const char *kind, const struct fetch_answer *a)
{
	const char *holds = row->columns[2];

	if (!is_of(row, kind) || row->from == 0 || a->status < row->from || a->status > row->to)
		return false;
	if (holds[0] == '=')
		return str_eqz(str_trim(a->body), holds + 1);
	return strcmp(holds, "-") == 0 ||
	       memmem(a->body.p, a->body.n, holds, strlen(holds)) != NULL;
}

static enum fate
fate_of(const char *done)
{
	static const struct {
		const char *word;
		enum fate   fate;
	} words[] = { { "delivered", FATE_DELIVERED }, { "again", FATE_AGAIN },
		{ "over", FATE_OVER }, { "disabled", FATE_DISABLED } };

	for (size_t i = 0; i < LEN(words); i++)
		if (strcmp(words[i].word, done) == 0)
			return words[i].fate;
	fail_msg("\"%s\" is nothing that is done", done);
	return FATE_AGAIN;
}

static int64_t
rest_of(const struct row *row, int64_t asked_s)
{
	long long ours = -1;

	if (strcmp(row->columns[5], "-") == 0)
		return -1;
	if (sscanf(row->columns[5], "asked %lld", &ours) == 1 && asked_s < 0)
		return ours;
	return asked_s;
}

static void
check(const struct format *f, struct table *t, const struct fetch_answer *a)
{
	struct verdict v = { 0 };
	char           said[64];
	size_t         i = 0;

	while (i < t->n && !fits(&t->rows[i], f->kind, a))
		i++;
	if (i == t->n)
		fail_msg("%s: no row for %d", f->kind, a->status);
	t->rows[i].met++;
	f->ops->judge(mem, a, &v);
	if (v.fate != fate_of(t->rows[i].columns[3]) ||
	    strcmp(v.outcome, t->rows[i].columns[4]) != 0 ||
	    v.retry_after_s != rest_of(&t->rows[i], a->retry_after_s) ||
	    (v.fate == FATE_DISABLED) != (v.reason != NULL) ||
	    (v.reason != NULL && strstr(v.reason, t->rows[i].columns[6]) == NULL))
		fail_msg("%s %d \"%.60s\" %lld: fate %d, %s, waits %lld, %s", f->kind, a->status,
		    a->body.p, (long long)a->retry_after_s, (int)v.fate, v.outcome,
		    (long long)v.retry_after_s, v.reason);
	/* Nothing of what the receiver wrote is told. */
	snprintf(said, sizeof(said), "The receiver answered %d.", a->status);
	assert_string_equal(v.detail, said);
	assert_int_equal(v.http_status, a->status);
}

static void
check_statuses(const struct format *f, struct table *t, struct str body)
{
	static const int64_t waits[] = { -1, 0, 30, 100000 };
	struct fetch_answer  a = { .body = body };

	for (a.status = 200; a.status <= 999; a.status++)
		for (size_t i = 0; i < LEN(waits); i++) {
			a.retry_after_s = waits[i];
			check(f, t, &a);
		}
}

static void
check_bodies(const struct format *f, struct table *t)
{
	const struct str bodies[] = { STR(""), STR("ok"), STR("\r\n ok \n"), STR("not ok"),
		STR("<html><body>Sign in</body></html>"), STR("{\"ok\":false,\"error\":\"x\"}"),
		STR("\0ok"), STR("ok\0") };
	char            *large = talloc_zero_size(mem, LARGE + 1);

	for (size_t i = 0; i < LEN(bodies); i++)
		check_statuses(f, t, bodies[i]);
	memset(large, 0xfe, LARGE);
	check_statuses(f, t, (struct str) { large, LARGE });
	for (size_t i = 0; i < t->n; i++) {
		const char *holds = t->rows[i].columns[2];

		if (!is_of(&t->rows[i], f->kind) || strcmp(holds, "-") == 0 || holds[0] == '=')
			continue;
		check_statuses(f, t, str_of(holds));
		check_statuses(
		    f, t, str_of(talloc_asprintf(mem, "{\"error\":{\"code\":\"%s\"}}", holds)));
		memcpy(large + LARGE - strlen(holds), holds, strlen(holds));
		check_statuses(f, t, (struct str) { large, LARGE });
		memset(large, 0xfe, LARGE);
	}
}

static void
every_answer_leads_where_its_receiver_documents_it(void **state)
{
	struct table *t = talloc_zero(mem, struct table);

	(void)state;
	read_table(t);
	for (const struct format *f = formats; f->kind != NULL; f++)
		if (f->ops->judge != NULL)
			check_bodies(f, t);
	for (size_t i = 0; i < t->n; i++)
		if (t->rows[i].from != 0 && t->rows[i].met == 0)
			fail_msg("%s %s %s: no answer meets it", t->rows[i].columns[0],
			    t->rows[i].columns[1], t->rows[i].columns[2]);
}

/* Whatever is spoken there: a kind that is new has to say what it makes of it. */
static void
every_kind_says_what_it_makes_of_a_connection_that_fails(void **state)
{
	struct table *t = talloc_zero(mem, struct table);

	(void)state;
	read_table(t);
	for (const struct format *f = formats; f->kind != NULL; f++) {
		size_t breaks = 0;

		for (size_t i = 0; i < t->n; i++)
			if (is_of(&t->rows[i], f->kind) && t->rows[i].from == 0) {
				(void)fate_of(t->rows[i].columns[3]);
				breaks++;
			}
		if (breaks < 3)
			fail_msg(
			    "%s: %zu rows of what happens to its connections", f->kind, breaks);
	}
	for (size_t i = 0; i < t->n; i++) {
		struct str one;

		(void)str_cut(str_of(t->rows[i].columns[0]), ',', &one);
		assert_non_null(format_of(formats, str_dup(mem, one)));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(every_answer_leads_where_its_receiver_documents_it),
		TEST(every_kind_says_what_it_makes_of_a_connection_that_fails),
	};

	return cmocka_run_group_tests_name("answers of receivers", tests, NULL, NULL);
}
