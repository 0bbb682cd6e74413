/*
 * The real driftd against a real database and receivers on loopback.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "drift/alert/webhook.h"
#include "tests/store/drift_world.h"

#define WAIT_MS 20000

struct daemon_world {
	struct drift_world *x;
	char               *folder, *conf, *program;
	pid_t               pid;   /* of driftd, leader of its own group; 0: none */
	int                 value; /* of the last push, so that each is a new finding */
};

static int64_t
now_ms(void)
{
	return clock_ns(&clock_system) / 1000000;
}

static void
pause_ms(long ms)
{
	struct timespec t = { ms / 1000, ms % 1000 * 1000000 };

	nanosleep(&t, NULL);
}

/* ---- the daemon ---- */

static char *
program_path(TALLOC_CTX *mem)
{
	char    self[400];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);

	assert_true(n > 0);
	self[n] = '\0';
	for (int i = 0; i < 3; i++)
		*strrchr(self, '/') = '\0'; /* BUILD/tests/store/test_driftd */
	return talloc_asprintf(mem, "%s/driftd", self);
}

static void
write_conf(struct daemon_world *y)
{
	FILE *f = fopen(y->conf, "we");

	assert_non_null(f);
	fprintf(f,
	    "state_dir = \"%s\";\nkeyring = \"%s/keyring\";\n"
	    "db: { socket = \"%s\"; user = \"testbsx\"; control = \"testbsx\"; };\n"
	    "outbound: { allow = [ \"127.0.0.0/8\" ]; http = true; timeout_s = 15; };\n"
	    "driftd: { senders = 2; poll_ms = 50; };\n",
	    y->folder, y->folder, server_socket());
	fclose(f);
}

static pid_t
run_driftd(struct daemon_world *y, const char *option)
{
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid != 0)
		return pid;
	char *log = talloc_asprintf(NULL, "%s/driftd.log", y->folder);
	int   fd = open(log, O_WRONLY | O_CREAT | O_APPEND, 0600);

	setsid();
	dup2(fd, 2);
	execl(y->program, "driftd", "-c", y->conf, option, (char *)NULL);
	_exit(127);
}

static void
start(struct daemon_world *y)
{
	y->pid = run_driftd(y, NULL);
}

static int
end(struct daemon_world *y, int number)
{
	int status;

	kill(number == SIGKILL ? -y->pid : y->pid, number);
	assert_int_equal(waitpid(y->pid, &status, 0), y->pid);
	if (number != SIGKILL) /* nobody is left behind */
		assert_int_equal(kill(-y->pid, 0), -1);
	y->pid = 0;
	return status;
}

static int
set_up(void **state)
{
	struct err           e = { 0 };
	struct world        *w;
	struct daemon_world *y;

	if (world_set_up(state) != 0)
		return -1;
	w = *state;
	y = talloc_zero(w, struct daemon_world);
	y->folder = talloc_asprintf(y, "%s/driftd.%d", server_folder(), (int)getpid());
	y->conf = talloc_asprintf(y, "%s/bsx.conf", y->folder);
	y->program = program_path(y);
	mkdir(y->folder, 0700);
	/* The daemon needs the keyring's file. */
	char *keyring = talloc_asprintf(y, "%s/keyring", y->folder);

	unlink(keyring);
	assert_ok(keyring_create(keyring, &rand_system, &e));
	w->deps.keyring = keyring_open(w, keyring, &e);
	assert_non_null(w->deps.keyring);
	w->d = database_make(w, &w->deps, &e);
	assert_non_null(w->d);
	write_conf(y);
	y->x = drift_world_make(w);
	*state = y;
	return 0;
}

static int
tear_down(void **state)
{
	struct daemon_world *y = *state;
	void                *w = y->x->w;

	if (y->pid != 0)
		end(y, SIGKILL);
	return world_tear_down(&w);
}

/* ---- receivers ---- */

static int
listen_on(int *port)
{
	struct sockaddr_in a = { .sin_family = AF_INET,
		.sin_port = htons((uint16_t)*port),
		.sin_addr = { htonl(INADDR_LOOPBACK) } };
	socklen_t          n = sizeof(a);
	int                on = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	assert_int_equal(bind(fd, (struct sockaddr *)&a, sizeof(a)), 0);
	assert_int_equal(listen(fd, 16), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&a, &n), 0);
	*port = ntohs(a.sin_port);
	return fd;
}

struct hit {
	int   fd;
	char  text[65536];
	char  id[80];
	char  signature[80];
	long  timestamp;
	char *body;
};

static void
take_header(const char *text, const char *name, char *out, size_t room)
{
	const char *at = strcasestr(text, name);
	size_t      n;

	assert_non_null(at);
	at += strlen(name);
	n = strcspn(at, "\r\n");
	assert_true(n < room);
	memcpy(out, at, n);
	out[n] = '\0';
}

/* Waits for one request and reads it; the answer is still owed. */
static bool
take(int fd, struct hit *h, int ms)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	size_t        n = 0, want = 0;
	char          number[32];

	if (poll(&p, 1, ms) != 1)
		return false;
	h->fd = accept(fd, NULL, NULL);
	assert_true(h->fd >= 0);
	h->body = NULL;
	while (h->body == NULL || n < want) {
		ssize_t got = read(h->fd, h->text + n, sizeof(h->text) - 1 - n);

		assert_true(got > 0);
		n += (size_t)got;
		h->text[n] = '\0';
		h->body = strstr(h->text, "\r\n\r\n");
		if (h->body == NULL)
			continue;
		h->body += 4;
		take_header(h->text, "content-length: ", number, sizeof(number));
		want = (size_t)(h->body - h->text) + (size_t)atol(number);
	}
	take_header(h->text, "webhook-id: ", h->id, sizeof(h->id));
	take_header(h->text, "webhook-signature: ", h->signature, sizeof(h->signature));
	take_header(h->text, "webhook-timestamp: ", number, sizeof(number));
	h->timestamp = atol(number);
	return true;
}

static void
answer(struct hit *h, const char *status, const char *header)
{
	char    text[256];
	int     n = snprintf(text, sizeof(text),
		"HTTP/1.1 %s\r\nContent-Length: 0\r\nConnection: close\r\n%s\r\n", status, header);
	ssize_t sent = write(h->fd, text, (size_t)n);

	assert_int_equal(sent, n);
	close(h->fd);
}

static bool
signature_holds(const struct hit *h)
{
	char secret[32];

	memset(secret, 's', sizeof(secret));
	return webhook_verify(NULL, (struct str) { secret, sizeof(secret) }, str_of(h->id),
	    h->timestamp, str_of(h->body), str_of(h->signature));
}

/* ---- causing messages ---- */

static struct uuid
config_to(struct daemon_world *y, int port)
{
	char        url[64], id[UUID_TEXT_MAX];
	struct uuid channel;

	snprintf(url, sizeof(url), "http://127.0.0.1:%d/hook", port);
	channel = drift_channel(y->x, url);
	uuid_print(&channel, id);
	struct uuid c = drift_config(
	    y->x, talloc_asprintf(y,
		      "{\"source\":{\"kind\":\"push\"},\"alerts\":[{\"channel_id\":\"%s\"}]}", id));

	drift_push(y->x, y, &c, "{\"resources\":[{\"category\":\"c\",\"key\":\"k\",\"value\":0}]}");
	return c;
}

/* Each push is a new value, hence a message. */
static void
cause(struct daemon_world *y, const struct uuid *c)
{
	drift_push(y->x, y, c,
	    talloc_asprintf(y, "{\"resources\":[{\"category\":\"c\",\"key\":\"k\",\"value\":%d}]}",
		++y->value));
}

static void
wait_count(struct daemon_world *y, const char *sql, int64_t want)
{
	int64_t until = now_ms() + WAIT_MS, n;

	while ((n = drift_count(y->x, sql)) != want && now_ms() < until)
		pause_ms(20);
	if (n != want)
		fail_msg("%s: %lld instead of %lld", sql, (long long)n, (long long)want);
}

#define DELIVERED "SELECT COUNT(*) FROM %s.outbox WHERE state = 'delivered'"
#define WAITING   "SELECT COUNT(*) FROM testbsx.outbox_index"

/* ---- the tests ---- */

static void
an_alert_is_delivered_signed_and_recorded(void **state)
{
	struct daemon_world *y = *state;
	int                  port = 0, fd = listen_on(&port);
	struct uuid          c = config_to(y, port);
	struct hit           h;
	int64_t              began, took[20];

	start(y);
	for (int i = 0; i < 20; i++) {
		began = now_ms();
		cause(y, &c);
		assert_true(take(fd, &h, WAIT_MS));
		took[i] = now_ms() - began;
		assert_true(signature_holds(&h));
		assert_true(labs(h.timestamp - time(NULL)) < 60);
		assert_non_null(
		    strstr(h.body, i == 0 ? "\"drift.alert.opened\"" : "\"drift.alert.updated\""));
		answer(&h, "204 No Content", "");
	}
	wait_count(y, DELIVERED, 20);
	wait_count(y, WAITING, 0);
	assert_int_equal(
	    drift_count(y->x, "SELECT COUNT(*) FROM %s.deliveries WHERE outcome = 'delivered'"
			      " AND attempt = 1 AND http_status = 204"),
	    20);
	assert_int_equal(drift_count(y->x, "SELECT COUNT(*) FROM testbsx.daemons"
					   " WHERE heartbeat_at > NOW(3) - INTERVAL 10 SECOND"),
	    1);
	for (int i = 1; i < 20; i++)
		took[0] = took[i] > took[0] ? took[i] : took[0];
	print_message(
	    "push to request at the receiver: at most %lld ms of 20\n", (long long)took[0]);
	close(fd);
}

static void
killed_between_sending_and_recording_it_is_sent_again_with_the_same_id(void **state)
{
	struct daemon_world *y = *state;
	int                  port = 0, fd = listen_on(&port);
	struct uuid          c = config_to(y, port);
	struct hit           first, again;

	start(y);
	cause(y, &c);
	assert_true(take(fd, &first, WAIT_MS));
	end(y, SIGKILL);
	answer(&first, "204 No Content", "");
	assert_int_equal(drift_count(y->x, "SELECT COUNT(*) FROM %s.deliveries"), 0);
	/* A minute later the claim has run out. */
	server_do(y->x->w->root,
	    "UPDATE testbsx.outbox_index SET lease_until = lease_until - INTERVAL 1 MINUTE");
	start(y);
	assert_true(take(fd, &again, WAIT_MS));
	assert_string_equal(first.id, again.id);
	assert_string_equal(first.body, again.body);
	assert_true(signature_holds(&again));
	answer(&again, "204 No Content", "");
	wait_count(y, DELIVERED, 1);
	wait_count(y, WAITING, 0);
	close(fd);
}

static void
kill_children(struct daemon_world *y)
{
	char command[128];

	snprintf(command, sizeof(command),
	    "for p in $(cat /proc/%d/task/%d/children); do kill -9 $p; done", (int)y->pid,
	    (int)y->pid);
	assert_int_equal(system(command), 0);
}

static void
a_sender_that_dies_is_replaced_and_its_message_sent_again(void **state)
{
	struct daemon_world *y = *state;
	int                  port = 0, fd = listen_on(&port);
	struct uuid          c = config_to(y, port);
	struct hit           first, again;

	start(y);
	cause(y, &c);
	assert_true(take(fd, &first, WAIT_MS));
	kill_children(y);
	close(first.fd);
	assert_true(take(fd, &again, WAIT_MS));
	assert_string_equal(first.id, again.id);
	answer(&again, "200 OK", "");
	wait_count(y, DELIVERED, 1);
	close(fd);
}

static void
a_receiver_that_is_down_gets_it_when_it_is_up_again(void **state)
{
	struct daemon_world *y = *state;
	int                  port = 0, fd = listen_on(&port);
	struct uuid          c = config_to(y, port);
	struct hit           h;

	close(fd);
	start(y);
	cause(y, &c);
	wait_count(y,
	    "SELECT COUNT(*) FROM %s.deliveries WHERE outcome = 'failed' AND http_status IS NULL",
	    1);
	fd = listen_on(&port);
	assert_true(take(fd, &h, WAIT_MS)); /* after the 5 seconds of the schedule */
	assert_true(signature_holds(&h));
	answer(&h, "204 No Content", "");
	wait_count(y, DELIVERED, 1);
	assert_int_equal(drift_count(y->x, "SELECT attempts FROM %s.outbox"), 2);
	assert_int_equal(
	    drift_count(y->x, "SELECT COUNT(DISTINCT outbox_id) FROM %s.deliveries"), 1);
	close(fd);
}

static void
each_answer_does_what_it_says(void **state)
{
	static const struct {
		const char *status, *header;
		int64_t     least_s, most_s; /* until the next attempt */
	} cases[] = {
		{ "500 No", "", 2, 6 },
		{ "302 Elsewhere", "Location: http://127.0.0.1:1/\r\n", 2, 6 },
		{ "404 No", "", 2, 6 },
		{ "503 Later", "Retry-After: 100\r\n", 90, 101 },
		{ "429 Slower", "Retry-After: 1\r\n", 2, 6 },
	};
	struct daemon_world *y = *state;
	int                  port = 0, fd = listen_on(&port);
	struct uuid          c = config_to(y, port);
	struct hit           h;
	int64_t              left;

	start(y);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		cause(y, &c);
		assert_true(take(fd, &h, WAIT_MS));
		answer(&h, cases[i].status, cases[i].header);
		wait_count(y,
		    "SELECT COUNT(*) FROM testbsx.outbox_index WHERE attempts = 1 AND lease_until "
		    "IS NULL",
		    1);
		left = drift_count(y->x,
		    "SELECT TIMESTAMPDIFF(SECOND, NOW(3), next_due) FROM testbsx.outbox_index");
		assert_in_range(left, cases[i].least_s, cases[i].most_s);
		server_do(y->x->w->root, "DELETE FROM testbsx.outbox_index");
	}
	cause(y, &c);
	assert_true(take(fd, &h, WAIT_MS));
	answer(&h, "410 Gone", "");
	wait_count(y, "SELECT COUNT(*) FROM %s.outbox WHERE state = 'dead'", 1);
	wait_count(y, WAITING, 0);
	assert_int_equal(
	    drift_count(y->x, "SELECT COUNT(*) FROM %s.channels WHERE status = 'disabled'"
			      " AND status_reason LIKE '%410%'"),
	    1);
	close(fd);
}

static void
after_the_tenth_attempt_it_is_given_up(void **state)
{
	struct daemon_world *y = *state;
	int                  port = 0, fd = listen_on(&port);
	struct uuid          c = config_to(y, port);
	struct hit           h;
	char                 id[80] = "";

	start(y);
	cause(y, &c);
	for (int i = 1; i <= 10; i++) {
		assert_true(take(fd, &h, WAIT_MS));
		if (i == 1)
			memcpy(id, h.id, sizeof(id));
		assert_string_equal(h.id, id);
		answer(&h, "500 No", "");
		wait_count(y, "SELECT COUNT(*) FROM %s.deliveries", i);
		server_do(y->x->w->root, "UPDATE testbsx.outbox_index SET next_due = NOW(3)");
	}
	wait_count(y, "SELECT COUNT(*) FROM %s.outbox WHERE state = 'dead' AND attempts = 10", 1);
	wait_count(y, WAITING, 0);
	assert_false(take(fd, &h, 500));
	close(fd);
}

static void
a_slow_receiver_holds_up_one_sender_only(void **state)
{
	struct daemon_world *y = *state;
	int                  slow_port = 0, slow = listen_on(&slow_port);
	int                  quick_port = 0, quick = listen_on(&quick_port);
	struct uuid          a = config_to(y, slow_port), b = config_to(y, quick_port);
	struct hit           held, h;

	start(y);
	for (int i = 0; i < 4; i++)
		cause(y, &a);
	assert_true(take(slow, &held, WAIT_MS));
	for (int i = 0; i < 5; i++) {
		cause(y, &b);
		assert_true(take(quick, &h, WAIT_MS));
		answer(&h, "204 No Content", "");
	}
	wait_count(y, DELIVERED, 5);
	assert_false(take(slow, &h, 100)); /* the others of that channel wait for the first */
	answer(&held, "204 No Content", "");
	for (int i = 0; i < 3; i++) {
		assert_true(take(slow, &h, WAIT_MS));
		answer(&h, "204 No Content", "");
	}
	wait_count(y, DELIVERED, 9);
	close(slow);
	close(quick);
}

static void
term_lets_the_attempt_under_way_finish(void **state)
{
	struct daemon_world *y = *state;
	int                  port = 0, fd = listen_on(&port), status;
	struct uuid          c = config_to(y, port);
	struct hit           h;
	int64_t              began;

	start(y);
	cause(y, &c);
	assert_true(take(fd, &h, WAIT_MS));
	kill(y->pid, SIGTERM);
	pause_ms(300);
	answer(&h, "204 No Content", "");
	began = now_ms();
	status = end(y, SIGTERM);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	assert_true(now_ms() - began < 8000);
	assert_int_equal(drift_count(y->x, DELIVERED), 1);
	assert_int_equal(drift_count(y->x, "SELECT COUNT(*) FROM testbsx.daemons"), 0);
	close(fd);
}

static void
hup_replaces_the_senders_and_loses_nothing(void **state)
{
	struct daemon_world *y = *state;
	int                  port = 0, fd = listen_on(&port);
	struct uuid          c = config_to(y, port);
	struct hit           h;

	start(y);
	for (int i = 0; i < 5; i++) {
		cause(y, &c);
		assert_true(take(fd, &h, WAIT_MS));
		kill(y->pid, SIGHUP);
		answer(&h, "204 No Content", "");
	}
	wait_count(y, DELIVERED, 5);
	assert_int_equal(kill(y->pid, 0), 0);
	close(fd);
}

static void
once_delivers_what_is_due_and_ends(void **state)
{
	struct daemon_world *y = *state;
	int                  port = 0, fd = listen_on(&port), status;
	struct uuid          c = config_to(y, port);
	struct hit           h;
	pid_t                pid;

	cause(y, &c);
	cause(y, &c);
	pid = run_driftd(y, "--once");
	for (int i = 0; i < 2; i++) {
		assert_true(take(fd, &h, WAIT_MS));
		answer(&h, "204 No Content", "");
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	assert_int_equal(drift_count(y->x, DELIVERED), 2);
	close(fd);
}

/* The administrator's connection after the server was away. */
static void
root_again(struct daemon_world *y)
{
	y->x->w->root = server_db(y->x->w, NULL);
	server_do(y->x->w->root, "DO 1");
}

static void
it_waits_for_a_database_that_is_away(void **state)
{
	struct daemon_world *y = *state;
	int                  port = 0, fd = listen_on(&port);
	struct uuid          c = config_to(y, port);
	struct hit           h;

	server_shell("kill");
	start(y);
	pause_ms(1000);
	assert_int_equal(kill(y->pid, 0), 0);
	server_shell("start");
	root_again(y);
	cause(y, &c);
	assert_true(take(fd, &h, WAIT_MS));
	answer(&h, "204 No Content", "");
	wait_count(y, DELIVERED, 1);
	/* And once more while it runs. */
	server_shell("kill");
	pause_ms(500);
	server_shell("start");
	root_again(y);
	cause(y, &c);
	assert_true(take(fd, &h, WAIT_MS));
	answer(&h, "204 No Content", "");
	wait_count(y, DELIVERED, 2);
	close(fd);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(an_alert_is_delivered_signed_and_recorded),
		TEST(killed_between_sending_and_recording_it_is_sent_again_with_the_same_id),
		TEST(a_sender_that_dies_is_replaced_and_its_message_sent_again),
		TEST(a_receiver_that_is_down_gets_it_when_it_is_up_again),
		TEST(each_answer_does_what_it_says),
		TEST(after_the_tenth_attempt_it_is_given_up),
		TEST(a_slow_receiver_holds_up_one_sender_only),
		TEST(term_lets_the_attempt_under_way_finish),
		TEST(hup_replaces_the_senders_and_loses_nothing),
		TEST(once_delivers_what_is_due_and_ends),
		TEST(it_waits_for_a_database_that_is_away),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests_name("driftd", tests, NULL, NULL);
}
