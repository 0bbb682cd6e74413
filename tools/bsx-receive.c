/*
 * bsx-receive - a small receiver of our webhooks, for trials and as an example.
 *
 * It shows what every receiver should do: read the raw body, check the signature
 * over exactly these bytes and the timestamp, answer 2xx quickly, and know a
 * message it has seen by its webhook-id.  One connection at a time, on
 * loopback; not for production.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "core/base/uuid.h"
#include "core/json/json.h"
#include "drift/deliver/webhook.h"

#define HEAD_MAX   16384
#define BODY_MAX   262144
#define TIMEOUT_MS 10000
#define SEEN_MAX   1024
#define ID_MAX     128

struct options {
	int64_t     port, count, answer;
	const char *out, *port_file;
	uint8_t     secret[WEBHOOK_SECRET_MAX];
	size_t      secret_n;
};

struct receiver {
	struct options o;
	FILE          *out;
	char           seen[SEEN_MAX][ID_MAX]; /* a ring of the last ids */
	size_t         seen_n;
	int64_t        received;
};

/* One request, as far as it matters. */
struct delivery {
	struct str  head, body;
	struct str  id, timestamp, signature;
	bool        verified, repeated;
	const char *why;
};

static const char usage[] =
    "usage: bsx-receive --port N (--secret whsec_... | --secret-file FILE)\n"
    "                   [--port-file FILE] [--out FILE] [--count N] [--answer STATUS]\n"
    "\n"
    "Receives webhooks on 127.0.0.1, checks signature and timestamp, and prints a line for each.\n"
    "\n"
    "  --port N            port; 0 takes a free one and prints it\n"
    "  --port-file FILE    keeps the port: with --port 0 the one in FILE is tried first\n"
    "  --secret, --secret-file   the channel's secret\n"
    "  --out FILE          appends one JSON object per delivery\n"
    "  --count N           ends after N verified deliveries\n"
    "  --answer STATUS     answers verified ones with this status (204)\n";

/* ---- options ---- */

static bool
read_secret_file(const char *path, char text[static 256])
{
	FILE *f = fopen(path, "re");
	bool  ok = f != NULL && fgets(text, 256, f) != NULL;

	if (f != NULL)
		fclose(f);
	if (ok)
		text[strcspn(text, "\r\n")] = '\0';
	return ok;
}

static bool
take_secret(struct options *o, const char *text)
{
	return webhook_secret_parse(str_of(text), o->secret, &o->secret_n);
}

static bool
take_option(struct options *o, int c)
{
	char text[256];

	switch (c) {
	case 'p':
		return str_to_i64(str_of(optarg), &o->port) && o->port >= 0 && o->port <= 65535;
	case 'f':
		o->port_file = optarg;
		return true;
	case 's':
		return take_secret(o, optarg);
	case 'S':
		return read_secret_file(optarg, text) && take_secret(o, text);
	case 'o':
		o->out = optarg;
		return true;
	case 'n':
		return str_to_i64(str_of(optarg), &o->count) && o->count > 0;
	case 'a':
		return str_to_i64(str_of(optarg), &o->answer) && o->answer >= 200 &&
		       o->answer <= 599;
	default:
		return false;
	}
}

static bool
parse_options(int argc, char **argv, struct options *o)
{
	static const struct option longs[] = {
		{ "port", required_argument, NULL, 'p' },
		{ "port-file", required_argument, NULL, 'f' },
		{ "secret", required_argument, NULL, 's' },
		{ "secret-file", required_argument, NULL, 'S' },
		{ "out", required_argument, NULL, 'o' },
		{ "count", required_argument, NULL, 'n' },
		{ "answer", required_argument, NULL, 'a' },
		{ 0 },
	};
	int c;

	*o = (struct options) { .port = -1, .answer = 204 };
	while ((c = getopt_long(argc, argv, "", longs, NULL)) != -1)
		if (!take_option(o, c))
			return false;
	return optind == argc && o->port >= 0 && o->secret_n > 0;
}

/* ---- reading a request ---- */

static bool
read_some(int fd, char *p, size_t room, size_t *n, int64_t until_ms)
{
	struct pollfd pfd = { .fd = fd, .events = POLLIN };
	int64_t       left = until_ms - clock_ns(&clock_system) / 1000000;
	ssize_t       got;

	if (left <= 0 || room == 0 || poll(&pfd, 1, (int)left) <= 0)
		return false;
	got = read(fd, p, room);
	if (got <= 0)
		return false;
	*n += (size_t)got;
	return true;
}

/* The value of a header field; p == NULL: absent. */
static struct str
header(struct str head, const char *name)
{
	struct str line, key, value;

	while (head.p != NULL) {
		head = str_cut(head, '\n', &line);
		value = str_cut(line, ':', &key);
		if (value.p == NULL || !str_caseeqz(key, name))
			continue;
		if (value.n > 0 && value.p[value.n - 1] == '\r')
			value.n--;
		return str_trim(value);
	}
	return (struct str) { NULL, 0 };
}

/* The head up to its empty line, then as many bytes as Content-Length says. */
static bool
read_request(int fd, char *p, struct delivery *d)
{
	int64_t until = clock_ns(&clock_system) / 1000000 + TIMEOUT_MS;
	int64_t length = 0;
	size_t  n = 0, head;
	char   *end = NULL;

	while (end == NULL) {
		if (n >= HEAD_MAX || !read_some(fd, p + n, HEAD_MAX - n, &n, until))
			return false;
		end = memmem(p, n, "\r\n\r\n", 4);
	}
	head = (size_t)(end - p) + 4;
	d->head = (struct str) { p, head };
	if (!str_to_i64(header(d->head, "content-length"), &length) || length < 0 ||
	    length > BODY_MAX)
		return false;
	while (n < head + (size_t)length)
		if (!read_some(fd, p + n, head + (size_t)length - n, &n, until))
			return false;
	d->body = (struct str) { p + head, (size_t)length };
	return true;
}

/* ---- checking it ---- */

static bool
seen_before(struct receiver *r, struct str id)
{
	for (size_t i = 0; i < SEEN_MAX; i++)
		if (str_eqz(id, r->seen[i]))
			return true;
	memcpy(r->seen[r->seen_n % SEEN_MAX], id.p, id.n);
	r->seen[r->seen_n++ % SEEN_MAX][id.n] = '\0';
	return false;
}

static void
check(struct receiver *r, TALLOC_CTX *mem, struct delivery *d)
{
	struct str secret = { (const char *)r->o.secret, r->o.secret_n };
	int64_t    at, now = clock_ms(&clock_system) / 1000;

	d->id = header(d->head, "webhook-id");
	d->timestamp = header(d->head, "webhook-timestamp");
	d->signature = header(d->head, "webhook-signature");
	d->why = "";
	if (!str_starts(d->head, "POST "))
		d->why = "not a POST";
	else if (d->id.n == 0 || d->id.n >= ID_MAX || d->signature.n == 0)
		d->why = "a header is missing";
	else if (!str_to_i64(d->timestamp, &at) || at < now - WEBHOOK_SKEW_S ||
		 at > now + WEBHOOK_SKEW_S)
		d->why = "the timestamp is more than 5 minutes away";
	else if (!webhook_verify(mem, secret, d->id, at, d->body, d->signature))
		d->why = "the signature is wrong";
	else
		d->verified = true;
	if (d->verified)
		d->repeated = seen_before(r, d->id);
}

/* ---- telling ---- */

static struct str
text_at(const struct json *body, const char *pointer)
{
	const struct json *v = body == NULL ? NULL : json_at(body, str_of(pointer));

	return v != NULL && v->type == JSON_STRING ? v->text : STR("");
}

static void
print_line(const struct delivery *d, const struct json *body, TALLOC_CTX *mem)
{
	struct buf b;

	buf_make(&b, mem);
	buf_puts(&b, d->verified ? d->repeated ? "again     " : "verified  " : "REFUSED   ");
	buf_log(&b, d->id);
	buf_puts(&b, "  ");
	buf_log(&b, text_at(body, "/type"));
	buf_puts(&b, "  ");
	buf_log(&b, d->verified ? text_at(body, "/data/alert/title") : str_of(d->why));
	if (buf_ok(&b))
		puts(b.p);
	fflush(stdout);
}

static void
write_record(struct receiver *r, const struct delivery *d, const struct json *body, TALLOC_CTX *mem)
{
	struct buf b;

	buf_make(&b, mem);
	buf_puts(&b, "{\"webhook_id\":");
	buf_json(&b, d->id);
	buf_puts(&b, ",\"webhook_timestamp\":");
	buf_json(&b, d->timestamp);
	buf_puts(&b, ",\"webhook_signature\":");
	buf_json(&b, d->signature);
	buf_printf(&b, ",\"verified\":%s,\"repeated\":%s,\"body\":", d->verified ? "true" : "false",
	    d->repeated ? "true" : "false");
	if (body != NULL)
		json_print(&b, body);
	else
		buf_json(&b, d->body);
	buf_puts(&b, "}\n");
	if (!buf_ok(&b) || fwrite(b.p, 1, b.n, r->out) != b.n || fflush(r->out) != 0)
		fprintf(stderr, "bsx-receive: %s: %s\n", r->o.out, strerror(errno));
}

static void
answer(int fd, int64_t status)
{
	char    text[128];
	int     n = snprintf(text, sizeof(text),
		"HTTP/1.1 %lld -\r\nContent-Length: 0\r\nConnection: close\r\n\r\n", (long long)status);
	ssize_t sent = write(fd, text, (size_t)n);

	(void)sent; /* who went away sends it again */
}

static void
serve(struct receiver *r, int fd)
{
	TALLOC_CTX     *mem = talloc_new(NULL);
	char           *p = talloc_size(mem, HEAD_MAX + BODY_MAX);
	struct delivery d = { 0 };
	struct err      e = { 0 };
	struct json    *body;

	if (p == NULL || !read_request(fd, p, &d)) {
		answer(fd, 400);
	} else {
		check(r, mem, &d);
		body = json_parse(mem, d.body, &e);
		if (r->out != NULL)
			write_record(r, &d, body, mem);
		print_line(&d, body, mem);
		answer(fd, d.verified ? r->o.answer : 401);
		r->received += d.verified;
	}
	talloc_free(mem);
}

/* ---- listening ---- */

static int
listen_on(int64_t port, uint16_t *got)
{
	struct sockaddr_in a = { .sin_family = AF_INET,
		.sin_port = htons((uint16_t)port),
		.sin_addr = { .s_addr = htonl(INADDR_LOOPBACK) } };
	socklen_t          n = sizeof(a);
	int                on = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) != 0 ||
	    bind(fd, (struct sockaddr *)&a, sizeof(a)) != 0 || listen(fd, 64) != 0 ||
	    getsockname(fd, (struct sockaddr *)&a, &n) != 0) {
		if (fd >= 0)
			close(fd);
		return -1;
	}
	*got = ntohs(a.sin_port);
	return fd;
}

/* The port of an earlier run; 0: there was none. */
static int64_t
kept_port(const char *path)
{
	char    text[16] = "";
	int64_t port = 0;
	FILE   *f = fopen(path, "re");

	if (f == NULL)
		return 0;
	if (fgets(text, sizeof(text), f) != NULL)
		text[strcspn(text, "\n")] = '\0';
	fclose(f);
	return str_to_i64(str_of(text), &port) && port > 0 && port <= 65535 ? port : 0;
}

static bool
keep_port(const char *path, unsigned port)
{
	FILE *f = fopen(path, "we");
	bool  ok = f != NULL && fprintf(f, "%u\n", port) > 0;

	return f != NULL && fclose(f) == 0 && ok;
}

static int
open_socket(const struct options *o)
{
	int64_t  kept = o->port == 0 && o->port_file != NULL ? kept_port(o->port_file) : 0;
	uint16_t port = 0;
	int      fd = kept == 0 ? -1 : listen_on(kept, &port);

	if (fd < 0)
		fd = listen_on(o->port, &port);
	if (fd < 0)
		return -1;
	if (o->port_file != NULL && !keep_port(o->port_file, port)) {
		close(fd);
		return -1;
	}
	printf("listening on 127.0.0.1:%u\n", port);
	fflush(stdout);
	return fd;
}

int
main(int argc, char **argv)
{
	static struct receiver r; /* too large for the stack of a small example */
	int                    fd, client;

	if (!parse_options(argc, argv, &r.o)) {
		fputs(usage, stderr);
		return 2;
	}
	signal(SIGPIPE, SIG_IGN);
	if (r.o.out != NULL && (r.out = fopen(r.o.out, "ae")) == NULL) {
		fprintf(stderr, "bsx-receive: %s: %s\n", r.o.out, strerror(errno));
		return 1;
	}
	fd = open_socket(&r.o);
	if (fd < 0) {
		fprintf(
		    stderr, "bsx-receive: port %lld: %s\n", (long long)r.o.port, strerror(errno));
		return 1;
	}
	while (r.o.count == 0 || r.received < r.o.count) {
		client = accept4(fd, NULL, NULL, SOCK_CLOEXEC);
		if (client < 0)
			continue;
		serve(&r, client);
		close(client);
	}
	return 0;
}
