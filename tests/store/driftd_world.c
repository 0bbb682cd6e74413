#include "tests/store/driftd_world.h"

#include <arpa/inet.h>
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

#include "drift/deliver/webhook.h"

int64_t
driftd_now_ms(void)
{
	return clock_ns(&clock_system) / 1000000;
}

void
driftd_pause_ms(long ms)
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

pid_t
driftd_run(struct daemon_world *y, const char *option)
{
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid != 0) {
		assert_true(y->started_n < DAEMONS_MAX);
		y->started[y->started_n++] = pid;
		return pid;
	}
	char *log = talloc_asprintf(NULL, "%s/driftd.log", y->folder);
	int   fd = open(log, O_WRONLY | O_CREAT | O_APPEND, 0600);

	setsid();
	dup2(fd, 2);
	execl(y->program, "driftd", "-c", y->conf, option, (char *)NULL);
	_exit(127);
}

void
driftd_start(struct daemon_world *y)
{
	y->pid = driftd_run(y, NULL);
}

int
driftd_end(struct daemon_world *y, int number)
{
	int status;

	kill(number == SIGKILL ? -y->pid : y->pid, number);
	assert_int_equal(waitpid(y->pid, &status, 0), y->pid);
	if (number != SIGKILL) /* nobody is left behind */
		assert_int_equal(kill(-y->pid, 0), -1);
	y->pid = 0;
	return status;
}

int
driftd_set_up(void **state)
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
	w->env.keyring = keyring_open(w, keyring, &e);
	assert_non_null(w->env.keyring);
	w->d = database_make(w, &w->env, &e);
	assert_non_null(w->d);
	write_conf(y);
	y->x = drift_world_make(w);
	*state = y;
	return 0;
}

int
driftd_tear_down(void **state)
{
	struct daemon_world *y = *state;
	void                *w = y->x->w;

	for (unsigned i = 0; i < y->started_n; i++)
		if (kill(-y->started[i], SIGKILL) == 0)
			waitpid(y->started[i], NULL, 0);
	return world_tear_down(&w);
}

/* ---- receivers ---- */

int
receiver_listen(int *port)
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

/* "" for one that is not there. */
static void
take_header(const char *text, const char *name, char *out, size_t room)
{
	const char *at = strcasestr(text, name);
	size_t      n;

	at = at == NULL ? "" : at + strlen(name);
	n = strcspn(at, "\r\n");
	assert_true(n < room);
	memcpy(out, at, n);
	out[n] = '\0';
}

bool
receiver_take(int fd, struct hit *h, int ms)
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

void
receiver_answer(struct hit *h, const char *status, const char *header)
{
	char    text[256];
	int     n = snprintf(text, sizeof(text),
		"HTTP/1.1 %s\r\nContent-Length: 0\r\nConnection: close\r\n%s\r\n", status, header);
	ssize_t sent = write(h->fd, text, (size_t)n);

	assert_int_equal(sent, n);
	close(h->fd);
}

bool
receiver_signature_holds(const struct hit *h)
{
	char secret[32];

	memset(secret, 's', sizeof(secret));
	return webhook_verify(NULL, (struct str) { secret, sizeof(secret) }, str_of(h->id),
	    h->timestamp, str_of(h->body), str_of(h->signature));
}

/* ---- causing messages ---- */

struct uuid
driftd_config(struct daemon_world *y, int port)
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

void
driftd_cause(struct daemon_world *y, const struct uuid *c)
{
	drift_push(y->x, y, c,
	    talloc_asprintf(y, "{\"resources\":[{\"category\":\"c\",\"key\":\"k\",\"value\":%d}]}",
		++y->value));
}

void
driftd_wait_count(struct daemon_world *y, const char *sql, int64_t want)
{
	int64_t until = driftd_now_ms() + WAIT_MS, n;

	while ((n = drift_count(y->x, sql)) != want && driftd_now_ms() < until)
		driftd_pause_ms(20);
	if (n != want)
		fail_msg("%s: %lld instead of %lld", sql, (long long)n, (long long)want);
}
