#include "tests/store/collect_world.h"
#include "tests/store/driftd_world.h"

#include <arpa/inet.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <zlib.h>

#include "core/base/hash.h"
#include "core/store/drift/source_credential.h"
#include "core/store/tx.h"

/* ---- the kind ---- */

struct pages_settings {
	struct source_settings s;
	const char            *url;
	struct raw_json        credential;
};
static const struct field pages_fields[] = {
	FIELD_AS(struct pages_settings, s.kind, "kind", .flags = FIELD_REQUIRED),
	FIELD(
	    struct pages_settings, url, .max = 200, .flags = FIELD_REQUIRED, .doc = "First page."),
	FIELD(struct pages_settings, credential, .flags = FIELD_SECRET | FIELD_NULLABLE,
	    .doc = "Shown."),
	FIELD_END,
};
extern const struct schema     source_pages_schema;
extern const struct source_ops source_pages;
const struct schema            source_pages_schema =
    SCHEMA("DriftSourcePages", struct pages_settings, pages_fields);

static bool
pages_check(TALLOC_CTX *mem, struct source *s, struct err *e)
{
	(void)mem, (void)s, (void)e;
	return true;
}

struct pages {
	const char              *next;
	struct source_header     shown;
	bool                     asked;
	int64_t                  again_ms, now_ms;
	struct resource         *items;
	size_t                   n;
	struct source_collection collection;
	struct source_progress   progress;
};

static void *
pages_begin(TALLOC_CTX *mem, const struct source_begin *b, struct err *e)
{
	struct pages      *p = talloc_zero(mem, struct pages);
	const struct json *secret = b->secret.n == 0 ? NULL : json_parse(p, b->secret, e);
	const struct json *token = secret == NULL ? NULL : json_get(secret, "token");

	p->next = ((const struct pages_settings *)b->source->settings)->url;
	p->collection.category = "rules";
	p->items = talloc_array(p, struct resource, 1);
	if (token != NULL)
		p->shown = (struct source_header) { "Authorization",
			talloc_asprintf(p, "Bearer %.*s", (int)token->text.n, token->text.p) };
	return p;
}

static enum source_step
pages_next(void *run, struct source_turn *turn, struct err *e)
{
	struct pages *p = run;

	p->now_ms = turn->now_ms;
	if (p->asked || turn->now_ms < p->again_ms) {
		turn->again_ms = p->asked ? 0 : p->again_ms;
		return SOURCE_WAITS;
	}
	if (p->next != NULL) {
		turn->request = (struct source_request) {
			.method = "GET",
			.url = p->next,
			.headers = &p->shown,
			.headers_n = p->shown.name != NULL,
			.answer_max = 2 << 20,
		};
		p->asked = true;
		p->progress.requests = ++p->collection.requests;
		return SOURCE_WANTS;
	}
	turn->collected = (struct collected) { .resources = p->items, .n = p->n };
	p->collection.over = true;
	p->progress.over = 1;
	return resources_check(p, p->items, p->n, e) ? SOURCE_DONE : SOURCE_FAILED;
}

static bool
pages_page(struct pages *p, struct str body, struct err *e)
{
	struct err         why = { 0 };
	const struct json *page = json_parse(p, str_of(str_dup(p, body)), &why);
	const struct json *items = page == NULL ? NULL : json_get(page, "items"),
			  *next = page == NULL ? NULL : json_get(page, "next");

	if (items == NULL)
		return err_set(e, ERR_UNAVAILABLE, 0, "A page is no JSON.", "a page");
	p->items = talloc_realloc(p, p->items, struct resource, (unsigned)(p->n + items->n + 1));
	for (uint32_t i = 0; i < items->n; i++)
		p->items[p->n++] = (struct resource) { STR("rules"),
			json_get(&items->items[i], "id")->text, &items->items[i] };
	p->collection.items = p->n;
	p->next = next == NULL ? NULL : str_dup(p, next->text);
	return true;
}

static bool
pages_take(void *run, const struct source_answer *a, struct err *e)
{
	struct pages *p = run;

	p->asked = false;
	p->progress.bytes += a->body.n;
	if (a->status == 401)
		return err_set(
		    e, ERR_CREDENTIALS, 0, "The token is refused.", "the token is refused");
	if (a->status == 429) {
		p->again_ms = p->now_ms + 1;
		p->progress.throttled++;
		return true;
	}
	if (a->status != 200)
		return err_set(e, ERR_UNAVAILABLE, 0, a->why == NULL ? "No such page." : a->why,
		    "a page: %d", a->status);
	return pages_page(p, a->body, e);
}

static void
pages_progress(const void *run, struct source_progress *out)
{
	const struct pages *p = run;

	*out = p->progress;
	out->collections = &p->collection;
	out->n = 1;
}

static const struct source_collect pages_collect = { pages_begin, pages_next, pages_take,
	pages_progress };
const struct source_ops            source_pages = {
		   .secret = "credential",
		   .check = pages_check,
		   .collect = &pages_collect,
};

/* ---- the server ---- */

struct pages_server *pages_server;
static pid_t         server;

#define OK_HEAD "HTTP/1.1 200 OK\r\nConnection: close\r\n"

static void
say(int fd, const char *text)
{
	size_t n = strlen(text);

	while (n > 0) {
		ssize_t put = send(fd, text, n, MSG_NOSIGNAL);

		if (put <= 0)
			_exit(0);
		text += put;
		n -= (size_t)put;
	}
}

static void
say_items(int fd, int n)
{
	char line[400];

	say(fd, OK_HEAD "\r\n{\"items\":[");
	for (int i = 0; i < n; i++) {
		snprintf(line, sizeof(line), "%s{\"id\":\"r%d\",\"v\":%d,\"text\":\"%0200d\"}",
		    i > 0 ? "," : "", i, atomic_load(&pages_server->version), i);
		say(fd, line);
	}
	say(fd, "]}");
}

/* With a byte order mark, high byte first. */
static void
say_utf16(int fd)
{
	static const char text[] = "{\"items\":[{\"id\":\"r1\",\"text\":\"\x7e\"}]}";
	char              out[2 + 2 * sizeof(text)] = "\xFE\xFF";
	size_t            n = 2;

	for (size_t i = 0; text[i] != '\0'; i++) {
		out[n++] = '\0';
		out[n++] = text[i];
	}
	say(fd, OK_HEAD "Content-Type: application/json; charset=utf-16\r\n\r\n");
	if (send(fd, out, n, MSG_NOSIGNAL) < 0)
		_exit(0);
}

static void
say_bomb(int fd)
{
	static unsigned char zeros[65536], packed[65536];
	z_stream             z = { 0 };

	say(fd, OK_HEAD "Content-Encoding: gzip\r\n\r\n");
	deflateInit2(&z, 9, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
	for (;;) {
		z.avail_in = sizeof(zeros);
		z.next_in = zeros;
		z.next_out = packed;
		z.avail_out = sizeof(packed);
		deflate(&z, Z_NO_FLUSH);
		if (send(fd, packed, sizeof(packed) - z.avail_out, MSG_NOSIGNAL) < 0)
			_exit(0);
	}
}

/* Until who asked hangs up. */
static void
hang(int fd)
{
	char c;

	atomic_fetch_add(&pages_server->hanging, 1);
	while (recv(fd, &c, 1, 0) > 0)
		;
}

static bool
is_at(const char *request, const char *path)
{
	return strncmp(request + strlen("GET "), path, strlen(path)) == 0;
}

static void
answer(int fd, const char *request)
{
	static char much[65536];
	char        line[200];

	memset(much, ' ', sizeof(much) - 1);
	atomic_fetch_add(&pages_server->asked, 1);
	if (atomic_load(&pages_server->version) < 0)
		say(fd, OK_HEAD "\r\n<html>");
	else if (is_at(request, "/hang"))
		hang(fd);
	else if (is_at(request, "/endless"))
		for (say(fd, OK_HEAD "\r\n");;)
			say(fd, much);
	else if (is_at(request, "/bomb"))
		say_bomb(fd);
	else if (is_at(request, "/utf16"))
		say_utf16(fd);
	else if (is_at(request, "/renamed") && atomic_load(&pages_server->version) > 0)
		say(fd, OK_HEAD "\r\n{\"items\":[{\"uid\":\"r0\"},{\"uid\":\"r1\"}]}");
	else if (is_at(request, "/html"))
		say(fd, OK_HEAD "\r\n<html>");
	else if (is_at(request, "/short"))
		say(fd, OK_HEAD "Content-Length: 100\r\n\r\n{\"items\":[");
	else if (is_at(request, "/big"))
		say_items(fd, 4000);
	else if (is_at(request, "/lying"))
		say(fd, OK_HEAD "\r\n{\"items\":[{\"id\":\"a\"}],"
				"\"next\":\"http://127.0.0.2:1/good\"}");
	else if (is_at(request, "/loop")) {
		snprintf(line, sizeof(line), "\"next\":\"http://127.0.0.1:%d/loop\"}",
		    atomic_load(&pages_server->port));
		say(fd, OK_HEAD "\r\n{\"items\":[{\"id\":\"a\"}],");
		say(fd, line);
	} else if (is_at(request, "/two")) {
		snprintf(line, sizeof(line), "\"next\":\"http://127.0.0.1:%d/good\"}",
		    atomic_load(&pages_server->port));
		say(fd, OK_HEAD "\r\n{\"items\":[{\"id\":\"first\"}],");
		say(fd, line);
	} else if (is_at(request, "/shown") &&
		   (atomic_load(&pages_server->refuses) || strstr(request, "Bearer good") == NULL))
		say(fd, "HTTP/1.1 401 No\r\nConnection: close\r\n\r\n");
	else if (is_at(request, "/tomorrow"))
		say(fd, "HTTP/1.1 429 Slow\r\nConnection: close\r\nRetry-After: 86400\r\n\r\n");
	else if (is_at(request, "/busy") && atomic_fetch_sub(&pages_server->throttles, 1) > 0)
		say(fd, "HTTP/1.1 429 Slow\r\nConnection: close\r\nRetry-After: 1\r\n\r\n");
	else
		say_items(fd, 3);
}

static void
hear(int fd, char *text, size_t max)
{
	size_t n = 0;

	for (text[0] = '\0'; n + 1 < max && strstr(text, "\r\n\r\n") == NULL; text[n] = '\0') {
		ssize_t got = recv(fd, text + n, max - 1 - n, 0);

		if (got <= 0)
			_exit(0);
		n += (size_t)got;
	}
}

static void
serve(int listening)
{
	char request[4096];

	signal(SIGCHLD, SIG_IGN);
	for (;;) {
		int fd = accept(listening, NULL, NULL);

		if (fd >= 0 && fork() == 0) {
			hear(fd, request, sizeof(request));
			answer(fd, request);
			_exit(0);
		}
		close(fd);
	}
}

void
pages_serve(void)
{
	struct sockaddr_in sin = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t          n = sizeof(sin);
	int                fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	pages_server = mmap(
	    NULL, sizeof(*pages_server), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&sin, n), 0);
	assert_int_equal(listen(fd, 256), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&sin, &n), 0);
	atomic_store(&pages_server->port, ntohs(sin.sin_port));
	server = fork();
	if (server == 0) {
		setpgid(0, 0);
		serve(fd);
	}
	setpgid(server, server);
	close(fd);
}

void
pages_stop(void)
{
	kill(-server, SIGKILL);
	waitpid(server, NULL, 0);
	munmap(pages_server, sizeof(*pages_server));
}

/* ---- the world ---- */

static void
set_conf(struct conf *c)
{
	static const char *open[] = { "127.0.0.0/8" };

	c->outbound_allow = (struct strings) { open, 1 };
	c->outbound_http = true;
	c->driftd_poll_ms = 20;
	c->source_max_runs = 50;
	c->source_tenant_runs = 50;
	c->source_max_run_s = 60;
	c->source_max_run_bytes = 64 << 20;
	c->source_timeout_s = 30;
}

int
collect_open(void **state)
{
	struct collect_world *y;
	struct drift_world   *x;

	if (drift_set_up(state) != 0)
		return -1;
	x = *state;
	x->env.keyring = x->w->env.keyring;
	y = talloc_zero(x, struct collect_world);
	y->x = x;
	pages_serve();
	*state = y;
	return 0;
}

int
collect_close(void **state)
{
	struct collect_world *y = *state;
	void                 *x = y->x;

	pages_stop();
	return drift_tear_down(&x);
}

int
collect_set_up(void **state)
{
	static const char *const of[] = { "drift_configs", "config_state", "config_collections",
		"config_snapshots", "drift_reports", "drift_changes", "runs", "run_state", "alerts",
		"source_credentials", "credential_troubles" };
	struct collect_world    *y = *state;
	int                      port = atomic_load(&pages_server->port);

	for (size_t i = 0; i < sizeof(of) / sizeof(of[0]); i++)
		drift_sql(y->x, talloc_asprintf(y, "DELETE FROM %%s.%s", of[i]));
	drift_sql(y->x, "DELETE FROM testbsx.run_index");
	memset(pages_server, 0, sizeof(*pages_server));
	atomic_store(&pages_server->port, port);
	set_conf(&y->x->w->conf);
	y->start = (struct collector_start) { y->x->env, uuid_make(&clock_system, &rand_system) };
	return 0;
}

struct showing {
	struct source_credential row;
};

static bool
show_body(struct db *db, void *arg, struct err *e)
{
	const struct showing *s = arg;

	return credential_put(db, &s->row, e);
}

static void
show(struct collect_world *y, const struct uuid *config, const char *credential)
{
	uint8_t         digest[HASH_LEN];
	struct showing  s = { .row = { .config_id = *config, .digest = { digest, HASH_LEN } } };
	const struct tx tx = { .name = "show", .body = show_body, .arg = &s };
	struct err      e = { 0 };

	hash_sha256(credential, strlen(credential), digest);
	assert_ok(tenant_seal(
	    y->x->t, y, CREDENTIAL_PLACE(config), str_of(credential), &s.row.secret, &e));
	assert_ok(tx_run(y->x->t->db, &tx, &e));
}

struct uuid
collect_http(struct collect_world *y, const char *path)
{
	return runs_config(y->x,
	    talloc_asprintf(y,
		"{\"source\":{\"kind\":\"http\",\"parameters\":{\"base_url\":"
		"\"http://127.0.0.1:%d\"},\"collections\":[{\"category\":\"rules\",\"path\":\"%s\","
		"\"items\":\"/items\",\"key\":\"id\",\"next\":{\"pointer\":\"/next\"}}]},"
		"\"schedule\":{\"interval_s\":3600}}",
		atomic_load(&pages_server->port), path));
}

struct uuid
collect_http_as(struct collect_world *y, const char *path, const char *token)
{
	struct uuid c = collect_http(y, path);

	show(y, &c, talloc_asprintf(y, "{\"kind\":\"bearer\",\"token\":\"%s\"}", token));
	return c;
}

struct uuid
collect_config(struct collect_world *y, const char *path, const char *credential)
{
	struct uuid c = runs_config(
	    y->x, talloc_asprintf(y,
		      "{\"source\":{\"kind\":\"pages\",\"url\":\"http://127.0.0.1:%d%s\"},"
		      "\"schedule\":{\"interval_s\":3600}}",
		      atomic_load(&pages_server->port), path));

	if (credential != NULL)
		show(y, &c, credential);
	return c;
}

void
collect_once(struct collect_world *y)
{
	struct err e = { 0 };

	assert_ok(collector_once(&y->start, 0, &e));
}

pid_t
collect_start(struct collect_world *y)
{
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0)
		_exit(collector_run(&y->start));
	return pid;
}

int
collect_end(pid_t pid, int number)
{
	int status = 0;

	kill(pid, number);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

const char *
collect_run_text(struct collect_world *y, const struct uuid *config)
{
	char id[UUID_TEXT_MAX];

	uuid_print(config, id);
	return drift_text(y->x, y,
	    talloc_asprintf(y,
		"SELECT CONCAT(state, ' ', attempts, ' ', COALESCE(reason, '-')) FROM %%s.runs"
		" WHERE config_id = UNHEX(REPLACE('%s', '-', '')) ORDER BY id DESC LIMIT 1",
		id));
}

void
collect_wait_for(struct collect_world *y, const char *sql, int64_t want)
{
	for (int64_t end = driftd_now_ms() + WAIT_MS; drift_count(y->x, sql) != want;) {
		assert_true(driftd_now_ms() < end);
		driftd_pause_ms(10);
	}
}
