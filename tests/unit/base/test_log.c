#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/base/buf.h"
#include "core/json/json.h"
#include "core/auth/audit.h"
#include "core/base/log.h"
#include "core/base/log_class.h"

#define MANY 100000

/* A log on an fd of ours: it is put in the place of stderr while the log opens. */
static struct log *
log_on(TALLOC_CTX *mem, int fd)
{
	const struct log_options o = {
		.target = "stderr", .service = "blindspotx", .clock = &clock_system
	};
	struct err  e = { 0 };
	int         saved = dup(STDERR_FILENO);
	struct log *l;

	assert_true(saved >= 0 && dup2(fd, STDERR_FILENO) == STDERR_FILENO);
	l = log_open(mem, &o, &e);
	assert_int_equal(dup2(saved, STDERR_FILENO), STDERR_FILENO);
	close(saved);
	if (l == NULL)
		fail_msg("%s", e.detail);
	return l;
}

static const struct json *
line_of(TALLOC_CTX *mem, struct str line)
{
	struct err   e = { 0 };
	struct json *v = json_parse(mem, line, &e);

	if (v == NULL)
		fail_msg("%s: %.*s", e.pub, (int)line.n, line.p);
	assert_int_equal(v->type, JSON_OBJECT);
	return v;
}

static void
assert_text(const struct json *line, const char *name, const char *want)
{
	const struct json *v = json_get(line, name);

	if (v == NULL || v->type != JSON_STRING || !str_eqz(v->text, want))
		fail_msg("%s is not %s", name, want);
}

/* An array of these one or two texts. */
static void
assert_list(const struct json *line, const char *name, const char *first, const char *second)
{
	const struct json *v = json_get(line, name);

	if (v == NULL || v->type != JSON_ARRAY)
		fail_msg("%s is no array", name);
	assert_int_equal(v->n, second == NULL ? 1 : 2);
	assert_true(str_eqz(v->items[0].text, first));
	if (second != NULL)
		assert_true(str_eqz(v->items[1].text, second));
}

static int64_t
number_of(const struct json *line, const char *name)
{
	const struct json *v = json_get(line, name);
	int64_t            n = -1;

	assert_true(v != NULL && v->type == JSON_NUMBER && str_to_i64(v->text, &n));
	return n;
}

/* All there is to read at the moment. */
static struct str
drain(TALLOC_CTX *mem, int fd)
{
	static char piece[1 << 16];
	struct buf  b;
	ssize_t     n;

	buf_make(&b, mem);
	assert_int_equal(fcntl(fd, F_SETFL, O_NONBLOCK), 0);
	while ((n = read(fd, piece, sizeof(piece))) > 0)
		buf_add(&b, piece, (size_t)n);
	return buf_str(&b);
}

static void
a_line_has_the_ecs_names(void **state)
{
	TALLOC_CTX        *mem = talloc_new(NULL);
	const struct json *v;
	struct log        *l;
	struct str         text, line;
	int                p[2];

	(void)state;
	assert_int_equal(pipe(p), 0);
	l = log_on(mem, p[1]);
	log_event(l, LOG_AUTH, LOG_LEVEL_WARN, "sign-in failed",
	    LOGS("event.action", "session.start"), LOGS("source.ip", "192.0.2.7"),
	    LOGS("user.id", NULL), LOGI("http.response.status_code", 401));
	log_event(
	    l, LOG_SECURITY, LOG_LEVEL_ERROR, "x", LOGS("user.name", "a\r\n\"\xE2\x80\xAE\xFF"));
	text = str_cut(drain(mem, p[0]), '\n', &line);
	v = line_of(mem, line);
	assert_text(v, "log.level", "warn");
	assert_text(v, "message", "sign-in failed");
	assert_text(v, "event.kind", "event");
	assert_list(v, "event.category", "authentication", "session");
	assert_list(v, "event.type", "start", NULL);
	assert_text(v, "event.dataset", "bsx.auth");
	assert_text(v, "event.action", "session.start");
	assert_text(v, "service.name", "blindspotx");
	assert_text(v, "ecs.version", "8.11.0");
	assert_text(v, "source.ip", "192.0.2.7");
	assert_non_null(json_get(v, "service.version"));
	assert_int_equal(json_get(v, "@timestamp")->text.n, 24);
	assert_null(json_get(v, "user.id"));
	assert_int_equal(number_of(v, "http.response.status_code"), 401);
	assert_int_equal(number_of(v, "process.pid"), getpid());
	text = str_cut(text, '\n', &line);
	v = line_of(mem, line);
	assert_text(v, "event.kind", "alert");
	assert_list(v, "event.category", "intrusion_detection", NULL);
	assert_list(v, "event.type", "info", "error");
	assert_text(v, "user.name", "a\r\n\"\xE2\x80\xAE\xEF\xBF\xBD");
	assert_null(memmem(line.p, line.n, "\xE2\x80\xAE", 3));
	assert_int_equal(text.n, 0);
	talloc_free(mem);
	close(p[0]);
	close(p[1]);
}

/* ECS 8.11: the allowed event.category, each with the event.type that are expected of it. */
static const struct {
	const char *category, *types;
} ecs[] = {
	{ "authentication", "start end info" },
	{ "configuration", "access change creation deletion info" },
	{ "database", "access change info error" },
	{ "email", "info" },
	{ "iam", "admin change creation deletion group info user" },
	{ "intrusion_detection", "allowed denied info" },
	{ "network", "access allowed connection denied end info protocol start" },
	{ "process", "access change end info start" },
	{ "session", "start end info" },
	{ "web", "access error info" },
};

static bool
has_word(const char *list, struct str word)
{
	struct str rest = str_of(list), one;

	while (rest.p != NULL) {
		rest = str_cut(rest, ' ', &one);
		if (str_eq(one, word))
			return true;
	}
	return false;
}

static const char *
types_of(struct str category)
{
	for (size_t i = 0; i < sizeof(ecs) / sizeof(ecs[0]); i++)
		if (str_eqz(category, ecs[i].category))
			return ecs[i].types;
	return NULL;
}

/* Each type is expected of one of the categories, and each category has one of the types. */
static void
assert_class(const struct json *line, const char *what)
{
	const struct json *categories = json_get(line, "event.category"),
			  *types = json_get(line, "event.type");
	unsigned of_category[4] = { 0 };

	assert_true(categories != NULL && categories->type == JSON_ARRAY && categories->n > 0);
	assert_true(types != NULL && types->type == JSON_ARRAY && types->n > 0);
	for (uint32_t t = 0; t < types->n; t++) {
		bool expected = str_eqz(types->items[t].text, "error");

		for (uint32_t c = 0; c < categories->n; c++) {
			const char *list = types_of(categories->items[c].text);

			if (list == NULL)
				fail_msg("%s: no such category", what);
			if (!has_word(list, types->items[t].text))
				continue;
			expected = true;
			of_category[c]++;
		}
		if (!expected)
			fail_msg("%s: type %.*s of none of its categories", what,
			    (int)types->items[t].text.n, types->items[t].text.p);
	}
	for (uint32_t c = 0; c < categories->n; c++)
		if (of_category[c] == 0)
			fail_msg("%s: no type of category %.*s", what,
			    (int)categories->items[c].text.n, categories->items[c].text.p);
}

static void
every_action_and_dataset_has_categories_and_types_that_ecs_allows(void **state)
{
	TALLOC_CTX *mem = talloc_new(NULL);
	struct log *l;
	int         p[2];

	(void)state;
	assert_int_equal(pipe(p), 0);
	l = log_on(mem, p[1]);
	for (const struct log_class *c = log_classes; c->action != NULL; c++) {
		log_event(
		    l, LOG_SYSTEM, LOG_LEVEL_INFO, c->action, LOGS("event.action", c->action));
		assert_class(line_of(mem, drain(mem, p[0])), c->action);
	}
	for (enum log_dataset d = 0; d < LOG_DATASET__MAX; d++) {
		log_write(l, d, LOG_LEVEL_INFO, "x", NULL, 0);
		assert_class(line_of(mem, drain(mem, p[0])), "a dataset");
	}
	talloc_free(mem);
	close(p[0]);
	close(p[1]);
}

static void
every_deed_of_the_audit_has_a_row_of_its_own(void **state)
{
	static const struct {
		const char      *text;
		enum log_dataset dataset;
	} actions[] = {
#define X(id, text, kind, dataset) { text, dataset },
		AUDIT_ACTIONS(X)
#undef X
	};

	(void)state;
	for (size_t i = 0; i < sizeof(actions) / sizeof(actions[0]); i++)
		assert_string_equal(
		    log_class_of(actions[i].dataset, actions[i].text)->action, actions[i].text);
}

static void
levels_are_each_dataset_s_own(void **state)
{
	TALLOC_CTX        *mem = talloc_new(NULL);
	struct log_options o = {
		.target = "/dev/null", .service = "driftd", .clock = &clock_system
	};
	struct err     e = { 0 };
	struct log    *l;
	enum log_level v;

	(void)state;
	o.levels[LOG_ACCESS] = LOG_LEVEL_OFF;
	o.levels[LOG_DRIFT] = LOG_LEVEL_WARN;
	l = log_open(mem, &o, &e);
	assert_non_null(l);
	assert_false(log_wants(l, LOG_ACCESS, LOG_LEVEL_ERROR));
	assert_false(log_wants(l, LOG_ACCESS, LOG_LEVEL_OFF));
	assert_false(log_wants(l, LOG_DRIFT, LOG_LEVEL_INFO));
	assert_true(log_wants(l, LOG_DRIFT, LOG_LEVEL_WARN));
	assert_true(log_wants(l, LOG_SYSTEM, LOG_LEVEL_DEBUG));
	assert_true(log_level_parse("warn", &v) && v == LOG_LEVEL_WARN);
	assert_false(log_level_parse("warning", &v));
	talloc_free(mem);
}

static void
long_values_are_cut_and_the_line_stays_json(void **state)
{
	TALLOC_CTX        *mem = talloc_new(NULL);
	char              *x = talloc_zero_size(mem, 100001);
	char              *quotes = talloc_zero_size(mem, 5001);
	char              *wide = talloc_zero_size(mem, 3001);
	const struct json *v;
	struct log        *l;
	struct str         line;
	int                p[2];

	(void)state;
	memset(x, 'x', 100000);
	memset(quotes, '\x01', 5000);
	for (size_t i = 0; i < 3000; i += 3)
		memcpy(wide + i, "\xE2\x82\xAC", 3);
	assert_int_equal(pipe(p), 0);
	l = log_on(mem, p[1]);
	log_event(l, LOG_ACCESS, LOG_LEVEL_INFO, x, LOGS("a", quotes), LOGS("b", wide),
	    LOGS("c", x), LOGS("d", x), LOGS("e", x), LOGI("f", 1));
	(void)str_cut(drain(mem, p[0]), '\n', &line);
	assert_true(line.n < LOG_LINE_MAX);
	v = line_of(mem, line);
	assert_true(json_get(v, "message")->text.n > 400);
	assert_true(json_get(v, "a")->text.n > 50);
	assert_true(str_is_utf8(json_get(v, "b")->text) && json_get(v, "b")->text.n > 400);
	talloc_free(mem);
	close(p[0]);
	close(p[1]);
}

/* The reader sleeps: no write waits for it, what is lost is counted and told. */
static void
assert_never_waits(int reader, int writer)
{
	TALLOC_CTX *mem = talloc_new(NULL);
	struct log *l = log_on(mem, writer);
	int64_t     start = clock_ns(&clock_system);
	uint64_t    told = 0, lines = 0, dropped;
	struct str  text, line;

	for (int i = 0; i < MANY; i++)
		log_event(l, LOG_ACCESS, LOG_LEVEL_INFO, "request", LOGI("n", i),
		    LOGS("url.path", "/api/drift/configs/0192f3a4-b5c6-7d8e-9fa0-b1c2d3e4f506"));
	assert_true(clock_ns(&clock_system) - start < INT64_C(30) * 1000000000); /* it came back */
	dropped = log_dropped(l);
	assert_true(dropped > 0 && dropped < MANY);
	text = drain(mem, reader);
	log_event(l, LOG_ACCESS, LOG_LEVEL_INFO, "awake", LOGI("n", MANY));
	for (int round = 0; round < 2; round++) {
		while (text.n > 0) {
			TALLOC_CTX        *tmp = talloc_new(mem);
			const struct json *v;

			text = str_cut(text, '\n', &line);
			assert_non_null(text.p); /* each line ends */
			v = line_of(tmp, line);
			if (str_eqz(json_get(v, "message")->text, "log lines dropped"))
				told += (uint64_t)number_of(v, "bsx.log.dropped");
			else if (str_eqz(json_get(v, "message")->text, "request"))
				assert_int_equal(number_of(v, "n"), lines++);
			else
				assert_true(told > 0); /* "awake" comes after the count */
			talloc_free(tmp);
		}
		text = drain(mem, reader);
	}
	assert_int_equal(told, dropped);
	assert_int_equal(lines + dropped, MANY);
	talloc_free(mem);
	close(reader);
	close(writer);
}

static void
a_pipe_that_nobody_reads_costs_lines_but_no_time(void **state)
{
	int p[2];

	(void)state;
	assert_int_equal(pipe(p), 0);
	assert_never_waits(p[0], p[1]);
}

static void
a_socket_that_nobody_reads_costs_lines_but_no_time(void **state)
{
	int p[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, p), 0);
	assert_never_waits(p[0], p[1]);
}

/* As under a server that made the pipe as another account. */
static void
write_to_pipe_that_cannot_be_opened(void)
{
	char name[32];
	int  p[2];

	if (getuid() == 0 && (setgid(65534) != 0 || setuid(65534) != 0))
		_exit(1);
	if (pipe(p) != 0 || fchmod(p[1], 0) != 0)
		_exit(2);
	snprintf(name, sizeof(name), "/proc/self/fd/%d", p[1]);
	if (open(name, O_WRONLY | O_NONBLOCK) >= 0)
		_exit(3);
	assert_never_waits(p[0], p[1]);
	_exit(0);
}

static void
a_pipe_that_may_not_be_opened_again_is_written_all_the_same(void **state)
{
	pid_t pid = fork();
	int   status = -1;

	(void)state;
	assert_true(pid >= 0);
	if (pid == 0)
		write_to_pipe_that_cannot_be_opened();
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

static void
the_inherited_pipe_stays_blocking_for_others(void **state)
{
	TALLOC_CTX *mem = talloc_new(NULL);
	struct log *l;
	int         p[2];

	(void)state;
	assert_int_equal(pipe(p), 0);
	l = log_on(mem, p[1]);
	log_write(l, LOG_SYSTEM, LOG_LEVEL_INFO, "hello", NULL, 0);
	assert_int_equal(fcntl(p[1], F_GETFL) & O_NONBLOCK, 0);
	talloc_free(mem);
	close(p[0]);
	close(p[1]);
}

static void
a_reader_that_is_gone_costs_lines_only(void **state)
{
	TALLOC_CTX *mem = talloc_new(NULL);
	struct log *l;
	int         p[2];

	(void)state;
	assert_int_equal(pipe(p), 0);
	l = log_on(mem, p[1]);
	close(p[0]);
	for (int i = 0; i < 10; i++)
		log_write(l, LOG_SYSTEM, LOG_LEVEL_INFO, "hello", NULL, 0);
	assert_int_equal(log_dropped(l), 10);
	talloc_free(mem);
	close(p[1]);
}

static void
a_file_is_appended_to_and_opened_again(void **state)
{
	TALLOC_CTX        *mem = talloc_new(NULL);
	char               path[] = "/tmp/bsx-test-log-XXXXXX";
	char               moved[] = "/tmp/bsx-test-log-XXXXXX.1";
	struct log_options o = { .target = path, .service = "bsxctl", .clock = &clock_system };
	struct err         e = { 0 };
	struct log        *l;
	struct str         line;
	int                fd = mkstemp(path);

	(void)state;
	assert_true(fd >= 0 && write(fd, "old\n", 4) == 4);
	close(fd);
	l = log_open(mem, &o, &e);
	assert_non_null(l);
	log_write(l, LOG_SYSTEM, LOG_LEVEL_INFO, "first", NULL, 0);
	snprintf(moved, sizeof(moved), "%s.1", path);
	assert_int_equal(rename(path, moved), 0);
	assert_true(log_reopen(l, &e));
	log_write(l, LOG_SYSTEM, LOG_LEVEL_INFO, "second", NULL, 0);
	fd = open(moved, O_RDONLY);
	line = str_cut(drain(mem, fd), '\n', &(struct str) { NULL, 0 });
	assert_text(line_of(mem, line), "message", "first");
	close(fd);
	fd = open(path, O_RDONLY);
	assert_text(line_of(mem, drain(mem, fd)), "message", "second");
	close(fd);
	unlink(path);
	unlink(moved);
	talloc_free(mem);
}

static void
when_a_file_cannot_be_opened_again_the_old_one_stays(void **state)
{
	TALLOC_CTX        *mem = talloc_new(NULL);
	char               dir[] = "/tmp/bsx-test-log-XXXXXX";
	char              *path, *moved;
	struct log_options o = { .service = "bsxctl", .clock = &clock_system };
	struct err         e = { 0 };
	struct log        *l;
	int                fd;

	(void)state;
	assert_non_null(mkdtemp(dir));
	path = talloc_asprintf(mem, "%s/log", dir);
	moved = talloc_asprintf(mem, "%s.moved", dir);
	o.target = path;
	l = log_open(mem, &o, &e);
	assert_non_null(l);
	assert_int_equal(rename(dir, moved), 0);
	assert_false(log_reopen(l, &e));
	assert_non_null(strstr(e.detail, path));
	log_write(l, LOG_SYSTEM, LOG_LEVEL_INFO, "still here", NULL, 0);
	path = talloc_asprintf(mem, "%s/log", moved);
	fd = open(path, O_RDONLY);
	assert_text(line_of(mem, drain(mem, fd)), "message", "still here");
	close(fd);
	unlink(path);
	rmdir(moved);
	talloc_free(mem);
}

/* Lines of at most that many bytes in all: what goes beyond is taken in part, as on a full disk. */
static void
limit_file(rlim_t bytes)
{
	struct rlimit r = { bytes, RLIM_INFINITY };

	assert_int_equal(setrlimit(RLIMIT_FSIZE, &r), 0);
}

static void
a_line_that_a_full_disk_cuts_does_not_swallow_the_next_one(void **state)
{
	TALLOC_CTX        *mem = talloc_new(NULL);
	char               path[] = "/tmp/bsx-test-log-XXXXXX";
	struct log_options o = { .target = path, .service = "bsxctl", .clock = &clock_system };
	struct err         e = { 0 };
	struct str         text, line;
	struct log        *mine, *other; /* of two processes that append to one file */
	int                fd = mkstemp(path), next = 0;

	(void)state;
	assert_true(signal(SIGXFSZ, SIG_IGN) != SIG_ERR);
	assert_true(fd >= 0);
	mine = log_open(mem, &o, &e);
	other = log_open(mem, &o, &e);
	assert_true(mine != NULL && other != NULL);
	for (rlim_t cut = 1; cut < 253; cut += 7) { /* 36 times, each shorter than a line */
		off_t size = lseek(fd, 0, SEEK_END);

		limit_file((rlim_t)size + cut);
		log_event(mine, LOG_SYSTEM, LOG_LEVEL_INFO, "cut", LOGI("n", (int64_t)cut));
		log_event(mine, LOG_SYSTEM, LOG_LEVEL_INFO, "lost", LOGI("n", (int64_t)cut));
		limit_file(RLIM_INFINITY);
		log_event(cut % 2 ? other : mine, LOG_SYSTEM, LOG_LEVEL_INFO, "next",
		    LOGI("n", (int64_t)cut));
	}
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	for (text = drain(mem, fd); text.n > 0;) {
		text = str_cut(text, '\n', &line);
		if (line.n > 0 && line.p[line.n - 1] == '}') /* not one of the cut ones */
			next += str_eqz(json_get(line_of(mem, line), "message")->text, "next");
	}
	assert_int_equal(next, 36);
	assert_int_equal(log_dropped(mine), 2 * 36);
	close(fd);
	unlink(path);
	talloc_free(mem);
}

static void
an_error_is_logged_with_its_place(void **state)
{
	TALLOC_CTX        *mem = talloc_new(NULL);
	struct err         e = { 0 };
	const struct json *v;
	struct log        *l;
	int                p[2];

	(void)state;
	assert_int_equal(pipe(p), 0);
	l = log_on(mem, p[1]);
	err_set(&e, ERR_BUSY, 1205, "try again", "lock wait on %s", "users");
	err_note(&e, "adding a user");
	log_err(l, LOG_SYSTEM, "request failed", &e);
	v = line_of(mem, drain(mem, p[0]));
	assert_text(v, "log.level", "error");
	assert_text(v, "error.code", "busy");
	assert_text(v, "error.message", "lock wait on users; while adding a user");
	assert_non_null(strstr(json_get(v, "log.origin.file.name")->text.p, "test_log.c"));
	assert_int_equal(number_of(v, "bsx.error.number"), 1205);
	assert_true(number_of(v, "log.origin.file.line") > 0);
	talloc_free(mem);
	close(p[0]);
	close(p[1]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_line_has_the_ecs_names),
		cmocka_unit_test(every_action_and_dataset_has_categories_and_types_that_ecs_allows),
		cmocka_unit_test(every_deed_of_the_audit_has_a_row_of_its_own),
		cmocka_unit_test(levels_are_each_dataset_s_own),
		cmocka_unit_test(a_line_that_a_full_disk_cuts_does_not_swallow_the_next_one),
		cmocka_unit_test(long_values_are_cut_and_the_line_stays_json),
		cmocka_unit_test(a_pipe_that_nobody_reads_costs_lines_but_no_time),
		cmocka_unit_test(a_socket_that_nobody_reads_costs_lines_but_no_time),
		cmocka_unit_test(a_pipe_that_may_not_be_opened_again_is_written_all_the_same),
		cmocka_unit_test(the_inherited_pipe_stays_blocking_for_others),
		cmocka_unit_test(a_reader_that_is_gone_costs_lines_only),
		cmocka_unit_test(a_file_is_appended_to_and_opened_again),
		cmocka_unit_test(when_a_file_cannot_be_opened_again_the_old_one_stays),
		cmocka_unit_test(an_error_is_logged_with_its_place),
	};

	signal(SIGPIPE, SIG_IGN); /* as every program does */
	return cmocka_run_group_tests_name("log", tests, NULL, NULL);
}
