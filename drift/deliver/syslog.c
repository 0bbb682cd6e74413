/*
 * format.h: the kind "syslog", RFC 5424 with an OCSF finding (ocsf.h) as its message: over TCP and
 * TLS with octets counted (RFC 5425), or over UDP (RFC 5426).
 *
 * Neither has an answer: what was sent is "accepted", and never more.  Over TLS that means that the
 * host there has every byte (core/net/stream.h), over UDP that it left.
 */
#include <string.h>

#include "core/net/stream.h"
#include "drift/deliver/attempt.h"
#include "drift/deliver/ocsf.h"

#define TLS_SCHEME "tcp+tls://"
#define UDP_SCHEME "udp://"
#define TLS_PORT   6514
#define UDP_PORT   514
#define TLS_MOST   8192 /* bytes that a receiver should take (RFC 5425 section 4.3.1), */
#define UDP_MOST   2048 /* and over UDP (RFC 5426 section 3.2) */

#define FACILITY  16            /* local0 */
#define SD_ALERT  "alert@32473" /* the number that is nobody's (RFC 5612) */
#define PARAM_MAX 100           /* bytes of a value, before it is escaped */
#define HOST_MAX  255

/* ---- where to ---- */

struct target {
	bool        secure;
	const char *url;  /* what the guard is asked of: https or http for it */
	uint16_t    port; /* the protocol's */
};

static bool
parse_target(TALLOC_CTX *mem, const char *text, struct target *out, struct err *e)
{
	struct str rest = str_of(text), host;
	char      *end;

	out->secure = str_starts(rest, TLS_SCHEME);
	if (!out->secure && !str_starts(rest, UDP_SCHEME))
		return err_set(e, ERR_INVALID, 0,
		    "The URL must be " TLS_SCHEME "HOST:PORT or " UDP_SCHEME "HOST:PORT.",
		    "syslog url");
	out->port = out->secure ? TLS_PORT : UDP_PORT;
	rest.p += strlen(out->secure ? TLS_SCHEME : UDP_SCHEME);
	rest.n = strlen(rest.p);
	if (rest.n > 0 && rest.p[rest.n - 1] == '/')
		rest.n--;
	host = rest;
	if (rest.n == 0 || memchr(rest.p, '/', rest.n) != NULL ||
	    memchr(rest.p, '?', rest.n) != NULL)
		return err_set(e, ERR_INVALID, 0, "The URL must end with the host and its port.",
		    "syslog url");
	end = memrchr(host.p, ':', host.n);
	if (end != NULL && memchr(end, ']', (size_t)(host.p + host.n - end)) != NULL)
		end = NULL;
	out->url = talloc_asprintf(mem, end == NULL ? "%s%.*s:%u/" : "%s%.*s/",
	    out->secure ? "https://" : "http://", (int)host.n, host.p, (unsigned)out->port);
	return out->url != NULL || err_memory(e);
}

static bool
check_target(TALLOC_CTX *mem, const struct guard *g, const struct format_target *in,
    const char **target, struct err *e)
{
	struct guard  with = *g;
	struct target t;
	struct err    why = { 0 };

	if (in->to != NULL)
		return err_fault(e, mem, "/to", "a channel of this kind has a url, no address");
	if (in->url == NULL)
		return err_fault(e, mem, "/url", "is required");
	if (!parse_target(mem, in->url, &t, &why))
		return err_fault(e, mem, "/url", "%s", why.pub);
	if (!t.secure && !g->plain_http)
		return err_fault(e, mem, "/url",
		    "must begin with " TLS_SCHEME
		    ": what goes over UDP can be read on the way, and "
		    "outbound.http is off here");
	with.also = t.port;
	if (!guard_url(&with, t.url, &why))
		return err_fault(e, mem, "/url", "%s", why.pub);
	*target = in->url;
	return true;
}

/* ---- what is said ---- */

static unsigned
severity_there(const struct alert_event *ev)
{
	static const struct {
		const char *word;
		unsigned    there;
	} map[] = { { "critical", 2 }, { "high", 3 }, { "medium", 4 }, { "low", 5 } };

	for (size_t i = 0; ev->alert != NULL && !words_over(ev) && i < sizeof(map) / sizeof(map[0]);
	     i++)
		if (strcmp(ev->alert->severity, map[i].word) == 0)
			return map[i].there;
	return 6;
}

/* Printable ASCII without blanks; what is not is left out, and "-" stands for nothing. */
static void
put_name(struct buf *b, const char *text, size_t n)
{
	size_t before = b->n;

	for (size_t i = 0; i < n && b->n - before < HOST_MAX; i++)
		if (text[i] > ' ' && text[i] < 0x7f)
			buf_putc(b, text[i]);
	if (b->n == before)
		buf_putc(b, '-');
}

/* Of the URL that people open: who sends it, and the same for all programs of an installation. */
static void
put_host(struct buf *b, const char *url)
{
	const char *host = strstr(url, "://");

	host = host == NULL ? url : host + 3;
	put_name(b, host, strcspn(host, ":/"));
}

/* ", \ and ] are escaped; a value is one line. */
static void
put_param(struct buf *b, const char *name, struct str value)
{
	struct buf line;

	buf_make(&line, b->mem);
	buf_line(&line, value, PARAM_MAX);
	buf_printf(b, " %s=\"", name);
	for (size_t i = 0; i < line.n; i++) {
		if (line.p[i] == '"' || line.p[i] == '\\' || line.p[i] == ']')
			buf_putc(b, '\\');
		buf_putc(b, line.p[i]);
	}
	buf_putc(b, '"');
	b->failed = b->failed || !buf_ok(&line);
}

static bool
put_alert(struct buf *b, const struct alert_event *ev, struct err *e)
{
	char       id[UUID_TEXT_MAX];
	struct str name;

	buf_puts(b, "[" SD_ALERT);
	put_param(b, "tenant", str_of(ev->tenant->slug));
	if (ev->alert != NULL) {
		uuid_print(&ev->alert->id, id);
		put_param(b, "id", str_of(id));
		put_param(b, "kind", str_of(ev->alert->kind));
		put_param(b, "severity", str_of(ev->alert->severity));
		put_param(b, "status", str_of(ev->alert->status));
	}
	if (ev->config != NULL) {
		if (!event_text(b->mem, &ev->config->name, &name, e))
			return false;
		put_param(b, "config", name);
	}
	buf_putc(b, ']');
	return true;
}

/* Up to the message. */
static bool
put_head(struct buf *b, const struct alert_event *ev, const char *public_url, struct err *e)
{
	char at[TIME_TEXT_MAX];

	time_print(ev->at.ms, at);
	buf_printf(b, "<%u>1 %s ", FACILITY * 8 + severity_there(ev), at);
	put_host(b, public_url);
	buf_puts(b, " BlindSpotX - ");
	put_name(b, ev->type, strlen(ev->type));
	buf_puts(b, " [origin software=\"BlindSpotX\"]");
	if (!put_alert(b, ev, e))
		return false;
	buf_putc(b, ' ');
	return true;
}

static bool
render_finding(TALLOC_CTX *mem, const struct rendering *in, struct str *body, struct err *e)
{
	return ocsf_print(mem, in->shown, in->id, in->most != 0 ? in->most : TLS_MOST / 2, body, e);
}

/* As it goes out. */
static bool
write_message(const struct attempt *a, TALLOC_CTX *mem, bool secure, struct str *out, struct err *e)
{
	char               id[UUID_TEXT_MAX + 4] = "msg_";
	struct alert_event shown;
	struct rendering   in = { .shown = &shown, .template = a->message.template, .id = id };
	struct buf         b, framed;
	struct str         body;
	const size_t       most = secure ? TLS_MOST : UDP_MOST;

	uuid_print(&a->row.wire_id, id + 4);
	buf_make(&b, mem);
	buf_make(&framed, mem);
	if (!attempt_event(a, mem, &shown, e) ||
	    !put_head(&b, &shown, a->d->env->conf->public_url, e))
		return false;
	in.most = most - b.n;
	if (!render_finding(mem, &in, &body, e))
		return false;
	buf_add(&b, body.p, body.n);
	if (secure)
		buf_printf(&framed, "%zu ", b.n);
	buf_add(&framed, b.p, b.n);
	*out = buf_str(&framed);
	return (buf_ok(&b) && buf_ok(&framed)) || err_memory(e);
}

/* ---- an attempt ---- */

static bool
send_message(const struct attempt *a, TALLOC_CTX *mem, const struct target *t, struct str text,
    struct err *e)
{
	const struct stream_to to = { !t->secure, t->url, t->port, a->channel.ca };

	if (a->d->streams == NULL)
		return err_set(
		    e, ERR_UNAVAILABLE, 0, "This program sends no such messages.", "no streams");
	return streams_send(
	    a->d->streams, mem, &to, text, a->d->env->conf->outbound_timeout_s * 1000, e);
}

static void
send_syslog(const struct attempt *a, TALLOC_CTX *mem, struct verdict *out)
{
	struct target t = { 0 };
	struct str    text = { 0 };
	struct err    why = { 0 };

	*out = (struct verdict) { .retry_after_s = -1 };
	if (parse_target(mem, a->channel.target, &t, &why) &&
	    write_message(a, mem, t.secure, &text, &why) && send_message(a, mem, &t, text, &why)) {
		out->fate = FATE_DELIVERED;
		out->outcome = "accepted";
		out->detail = t.secure
				  ? "The receiver's host has it; whether it was read nobody says."
				  : "It was sent; over UDP nobody says whether it arrived.";
	} else {
		out->fate = FATE_AGAIN;
		out->outcome = why.code == ERR_INVALID ? "refused" : "failed";
		out->detail = talloc_strdup(mem, why.pub);
		if (why.code != ERR_INVALID && why.code != ERR_UNAVAILABLE)
			log_failure(a->d->env->log, LOG_DRIFT, "alert.deliver",
			    "a delivery could not be sent", &why);
	}
	out->request_bytes = (int64_t)text.n;
}

const struct format_ops syslog_lines = {
	.has_channels = true,
	.check_target = check_target,
	.takes_ca = true,
	.action = "alert.deliver",
	.done = "alert delivered",
	.delays_s = delays_of_days,
	.send = send_syslog,
	.render = render_finding,
};
