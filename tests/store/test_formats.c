/* drift/deliver: what becomes of a message on its way, by the real loop and against a receiver on
 * loopback. */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/base/cidr.h"
#include "core/net/fetch.h"
#include "drift/alert/message.h"
#include "core/net/multi.h"
#include "drift/deliver/deliver.h"
#include "drift/deliver/post.h"
#include "tests/store/driftd_world.h"

/* ---- a second format: all there is to it ---- */

static bool
render_plain(TALLOC_CTX *mem, const struct rendering *in, struct str *body, struct err *e)
{
	const struct alert_event  *shown = in->shown;
	const struct event_change *changes = shown->changes.p;
	struct str                 title, path;
	struct buf                 b;

	buf_make(&b, mem);
	if (!event_text(mem, &shown->alert->title, &title, e))
		return false;
	buf_printf(&b, "%lld %s ", (long long)in->template, shown->type);
	buf_add(&b, title.p, title.n);
	for (size_t i = 0; i < shown->changes.n; i++) {
		if (!event_text(mem, &changes[i].path, &path, e))
			return false;
		buf_putc(&b, '\n');
		buf_add(&b, path.p, path.n);
		buf_printf(&b, " %s -> %s", changes[i].old_value.text, changes[i].new_value.text);
	}
	*body = buf_str(&b);
	return buf_ok(&b) || err_memory(e);
}

static bool
add_plain_header(TALLOC_CTX *mem, const struct posting *p, struct fetch_header *headers, size_t *n,
    struct err *e)
{
	(void)mem;
	(void)e;
	headers[(*n)++] = (struct fetch_header) { "x-plain-number", p->id };
	return true;
}

/* Only "accepted" is taken for an answer; "found elsewhere" is the end. */
static void
judge_plain(TALLOC_CTX *mem, const struct fetch_answer *answer, struct verdict *out)
{
	*out = post_verdict(mem,
	    answer->status == 202   ? FATE_DELIVERED
	    : answer->status == 302 ? FATE_DISABLED
				    : FATE_AGAIN,
	    answer);
	out->reason = "The receiver has moved.";
}

static const struct format_ops plain = {
	.has_channels = true,
	.check_target = format_check_url,
	.action = "alert.deliver",
	.done = "alert delivered",
	.delays_s = delays_of_days,
	.send = post_send,
	.render = render_plain,
	.content_type = "text/plain; charset=utf-8",
	.sign = add_plain_header,
	.judge = judge_plain,
};

/* A judge that says next to nothing. */
static void
judge_mute(TALLOC_CTX *mem, const struct fetch_answer *answer, struct verdict *out)
{
	(void)mem;
	if (answer->status == 410)
		out->fate = FATE_DISABLED;
}

static const struct format_ops mute = {
	.has_channels = true,
	.check_target = format_check_url,
	.action = "alert.deliver",
	.done = "alert delivered",
	.delays_s = delays_of_days,
	.send = post_send,
	.render = render_plain,
	.content_type = "text/plain; charset=utf-8",
	.judge = judge_mute,
};

/* ---- the loop, in a process of its own ---- */

static bool
never(void *arg)
{
	(void)arg;
	return false;
}

/* With this program's formats and one more. */
static bool
deliver_once(struct daemon_world *y)
{
	struct world    *w = y->x->w;
	struct err       e = { 0 };
	const char      *loopback[] = { "127.0.0.0/8" };
	struct cidr_list allow = { 0 };
	struct guard     guard = { .allow = &allow, .plain_http = true };
	struct format  table[] = { *format_of(formats, "webhook"), *format_of(formats, OUTBOX_MAIL),
		 { "plain", &plain }, { "mute", &mute }, { NULL, NULL } };
	struct env     env = w->env;
	struct deliver d = { .env = &env, .formats = table, .self = 1 };
	size_t         done;

	w->conf.outbound_timeout_s = 10;
	env.log = y->x->env.log;
	d.owner = uuid_make(env.clock, env.rand);
	d.slots = channel_slots_make(&e);
	d.database = database_make(w, &env, &e);
	d.auth = (struct auth) { .env = &env, .database = d.database };
	w->conf.smtp_url = "";
	return cidr_list_parse(w, (struct strings) { loopback, 1 }, &allow, &e) &&
	       (d.fetch = fetch_make(w, &guard, &e)) != NULL &&
	       (d.multi = multi_make(w, &guard, NULL, &e)) != NULL &&
	       deliver_due(&d, never, NULL, &done, &e) && done > 0;
}

static pid_t
deliver_begin(struct daemon_world *y)
{
	pid_t pid;

	server_do(y->x->w->root, "UPDATE testbsx.outbox_index SET next_due = NOW(3)");
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0)
		_exit(deliver_once(y) ? 0 : 1);
	return pid;
}

static void
deliver_end(pid_t pid)
{
	int status;

	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

/* One attempt at the one message that is due, and what the receiver got. */
static void
exchange(struct daemon_world *y, int fd, const char *answer, struct hit *h)
{
	pid_t pid = deliver_begin(y);

	assert_true(receiver_take(fd, h, WAIT_MS));
	receiver_answer(h, answer, "");
	deliver_end(pid);
}

static struct uuid
only_channel(struct daemon_world *y)
{
	char       *hex = drift_text(y->x, y, "SELECT HEX(id) FROM %s.channels");
	struct uuid id;

	assert_true(hex_parse(str_of(hex), id.b, sizeof(id.b)));
	return id;
}

/* ---- the tests ---- */

static void
a_format_is_one_file_and_one_row(void **state)
{
	struct daemon_world *y = *state;
	int                  port = 0, fd = receiver_listen(&port);
	struct uuid          c = driftd_config(y, port);
	struct hit           h;

	drift_sql(y->x, "UPDATE %s.channels SET kind = 'plain', secret = NULL, with_values = TRUE");
	driftd_cause(y, &c);
	assert_int_equal(
	    drift_count(y->x, "SELECT COUNT(*) FROM %s.outbox WHERE kind = 'plain'"), 1);
	exchange(y, fd, "200 OK", &h);
	assert_string_equal(h.body, "6 drift.alert.opened k 0 -> 1\n 0 -> 1");
	assert_string_equal(drift_text(y->x, y, "SELECT title FROM %s.alerts"), "k changed");
	assert_non_null(strstr(h.text, "\r\nContent-Type: text/plain; charset=utf-8\r\n"));
	assert_non_null(strstr(h.text, "\r\nx-plain-number: msg_"));
	assert_null(strcasestr(h.text, "webhook-"));
	/* Its own judgement: this one takes nothing but 202. */
	assert_string_equal(drift_text(y->x, y, "SELECT outcome FROM %s.deliveries"), "failed");
	exchange(y, fd, "202 Accepted", &h);
	assert_int_equal(
	    drift_count(y->x, "SELECT COUNT(*) FROM %s.outbox WHERE state = 'delivered'"), 1);
	drift_sql(y->x, "UPDATE %s.channels SET with_values = FALSE");
	driftd_cause(y, &c);
	exchange(y, fd, "302 Elsewhere", &h);
	assert_non_null(strstr(h.body, "\n \"[withheld]\" -> \"[withheld]\""));
	assert_string_equal(drift_text(y->x, y, "SELECT status_reason FROM %s.channels"),
	    "The receiver has moved.");
	close(fd);
}

static void
every_attempt_is_the_same_bytes_whatever_was_renamed_meanwhile(void **state)
{
	struct daemon_world *y = *state;
	int                  port = 0, fd = receiver_listen(&port);
	struct uuid          c = driftd_config(y, port);
	struct hit           first, again;

	driftd_cause(y, &c);
	exchange(y, fd, "500 No", &first);
	assert_true(receiver_signature_holds(&first));
	drift_sql(y->x, "UPDATE %s.drift_configs SET name = 'Renamed'");
	drift_sql(y->x, "UPDATE %s.alerts SET title = 'Renamed', severity = 'low'");
	server_do(y->x->w->root, "UPDATE testbsx.tenants SET name = 'Renamed'");
	for (int i = 0; i < 3; i++) { /* each by a process that has just begun */
		exchange(y, fd, i < 2 ? "500 No" : "204 No Content", &again);
		assert_string_equal(first.body, again.body);
		assert_string_equal(first.id, again.id);
		assert_true(receiver_signature_holds(&again));
	}
	assert_null(strstr(first.body, "Renamed"));
	assert_int_equal(drift_count(y->x, "SELECT attempts FROM %s.outbox"
					   " WHERE state = 'delivered'"),
	    4);
	close(fd);
}

/* A row as it was made before there were kinds and events. */
static void
add_finished(
    struct daemon_world *y, const struct uuid *channel, const char *event, const char *body)
{
	struct err    e = { 0 };
	struct outbox o = { .id = uuid_make(&clock_system, &rand_system),
		.channel_id = *channel,
		.kind = "webhook",
		.event = talloc_strdup(y, event),
		.state = talloc_strdup(y, "pending"),
		.created_at = { clock_ms(&clock_system) } };

	assert_ok(tenant_seal(y->x->t, y, (struct sealed_place) { "outbox", "body", &o.id },
	    str_of(body), &o.body, &e));
	assert_ok(outbox_add(y->x->t->db, &o, &e));
	drift_sql(y->x, "UPDATE %s.outbox SET kind = NULL");
}

#define FINISHED(value)                                                                            \
	"{ \"type\":\"drift.alert.opened\", "                                                      \
	"\"data\":{\"changes\":[{\"path\":\"/a\",\"old_value\":"                                   \
	"" value "}],\"changes_total\":1}}"

static void
a_message_that_was_finished_before_goes_out_as_it_stands(void **state)
{
	struct daemon_world *y = *state;
	int                  port = 0, fd = receiver_listen(&port);
	struct uuid          channel;
	struct hit           first, again;

	(void)driftd_config(y, port);
	channel = only_channel(y);
	add_finished(y, &channel, EVENT_OPENED, FINISHED("1.50e+3"));
	exchange(y, fd, "500 No", &first);
	assert_string_equal(first.body, FINISHED("1.50e+3")); /* blanks too */
	assert_non_null(strstr(first.text, "\r\nContent-Type: application/json\r\n"));
	assert_true(receiver_signature_holds(&first));
	exchange(y, fd, "500 No", &again);
	assert_string_equal(again.body, first.body);
	assert_string_equal(again.id, first.id);
	drift_sql(y->x, "UPDATE %s.channels SET with_values = FALSE");
	exchange(y, fd, "204 No Content", &again);
	assert_null(strstr(again.body, "1.50"));
	assert_non_null(strstr(again.body, "\"old_value\":\"[withheld]\""));
	assert_int_equal(drift_count(y->x, "SELECT attempts FROM %s.outbox"
					   " WHERE state = 'delivered'"),
	    3);
	close(fd);
}

static void
a_message_of_no_channel_from_before_is_a_mail(void **state)
{
	struct daemon_world *y = *state;
	const struct uuid    nobody = { 0 };

	add_finished(y, &nobody, "mail.reset", "{\"nobody\":true}");
	deliver_end(deliver_begin(y));
	assert_string_equal(drift_text(y->x, y, "SELECT detail FROM %s.deliveries"),
	    "This installation sends no mail.");
	assert_int_equal(
	    drift_count(y->x, "SELECT COUNT(*) FROM %s.outbox WHERE state = 'dead'"), 1);
}

/* Nothing is sent, no attempt is counted, and however often it comes up, it is told once. */
static void
waits(struct daemon_world *y, int fd)
{
	struct hit h;

	for (int i = 0; i < 2; i++)
		deliver_end(deliver_begin(y));
	assert_false(receiver_take(fd, &h, 0));
	assert_int_equal(drift_count(y->x, "SELECT COUNT(*) FROM %s.outbox"
					   " WHERE state = 'pending' AND attempts = 0"),
	    1);
	assert_string_equal(drift_text(y->x, y, "SELECT detail FROM %s.deliveries"),
	    "A newer version of this program has made the message; it waits until that version"
	    " runs here again.");
	assert_int_equal(drift_count(y->x, "SELECT COUNT(*) FROM testbsx.outbox_index"
					   " WHERE next_due > NOW(3) AND lease_until IS NULL"),
	    1);
}

static void
what_a_newer_version_has_made_waits_for_one(void **state)
{
	struct daemon_world *y = *state;
	int                  port = 0, fd = receiver_listen(&port);
	struct uuid          c = driftd_config(y, port);
	struct hit           h;

	driftd_cause(y, &c);
	drift_sql(y->x, "UPDATE %s.outbox SET template = template + 100");
	waits(y, fd);
	drift_sql(y->x, "UPDATE %s.outbox SET template = template - 100, kind = 'later'");
	waits(y, fd);
	drift_sql(y->x, "UPDATE %s.outbox SET kind = 'mail'"); /* no channel is of that kind */
	waits(y, fd);
	drift_sql(y->x, "UPDATE %s.outbox SET kind = 'webhook'");
	exchange(y, fd, "204 No Content", &h);
	assert_true(receiver_signature_holds(&h));
	assert_string_equal(drift_text(y->x, y,
				"SELECT GROUP_CONCAT(attempt, outcome ORDER BY id)"
				" FROM %s.deliveries"),
	    "0refused,1delivered");
	close(fd);
}

static void
what_waits_for_a_newer_version_is_dead_with_its_channel(void **state)
{
	static const char *const ends[] = { "UPDATE %s.channels SET status = 'disabled'",
		"DELETE FROM %s.channels" };
	struct daemon_world     *y = *state;
	int                      port = 0, fd = receiver_listen(&port);
	struct uuid              c = driftd_config(y, port);

	for (size_t i = 0; i < 2; i++) {
		drift_sql(y->x, "UPDATE %s.channels SET status = 'active'");
		driftd_cause(y, &c);
		drift_sql(y->x, "UPDATE %s.outbox SET kind = 'later' WHERE state = 'pending'");
		deliver_end(deliver_begin(y));
		drift_sql(y->x, ends[i]);
		deliver_end(deliver_begin(y));
		assert_int_equal(
		    drift_count(y->x, "SELECT COUNT(*) FROM %s.outbox WHERE state = 'dead'"),
		    (int64_t)i + 1);
		assert_int_equal(drift_count(y->x, "SELECT COUNT(*) FROM testbsx.outbox_index"), 0);
	}
	assert_string_equal(
	    drift_text(y->x, y, "SELECT detail FROM %s.deliveries ORDER BY id DESC LIMIT 1"),
	    "The channel was dropped.");
	close(fd);
}

static void
nothing_leaves_unsigned_or_signed_with_nothing(void **state)
{
	struct daemon_world *y = *state;
	int                  port = 0, fd = receiver_listen(&port);
	struct uuid          c = driftd_config(y, port);
	struct hit           h;
	char                *kept;

	driftd_cause(y, &c);
	kept = drift_text(y->x, y, "SELECT HEX(secret) FROM %s.channels");
	drift_sql(y->x, "UPDATE %s.channels SET secret = NULL");
	deliver_end(deliver_begin(y));
	drift_sql(y->x, talloc_asprintf(y, "UPDATE %%s.channels SET secret = UNHEX('%s')", kept));
	drift_sql(y->x, "UPDATE %s.outbox SET kind = 'plain'"); /* which has none */
	deliver_end(deliver_begin(y));
	assert_false(receiver_take(fd, &h, 0));
	assert_string_equal(drift_text(y->x, y,
				"SELECT GROUP_CONCAT(outcome, ': ', detail ORDER BY attempt"
				" SEPARATOR ' ') FROM %s.deliveries"),
	    "refused: The channel has no secret to sign with: give it one."
	    " refused: The channel has a secret, and its kind has none.");
	drift_sql(y->x, "UPDATE %s.outbox SET kind = 'webhook'");
	exchange(y, fd, "204 No Content", &h);
	assert_true(receiver_signature_holds(&h));
	close(fd);
}

static void
what_a_judge_leaves_out_is_filled_in_and_nothing_is_sent_for_ever(void **state)
{
	struct daemon_world *y = *state;
	int                  port = 0, fd = receiver_listen(&port);
	struct uuid          c = driftd_config(y, port);
	struct hit           h;

	drift_sql(y->x, "UPDATE %s.channels SET kind = 'mute', secret = NULL");
	driftd_cause(y, &c);
	exchange(y, fd, "200 OK", &h);
	exchange(y, fd, "410 Gone", &h);
	assert_string_equal(drift_text(y->x, y,
				"SELECT GROUP_CONCAT(attempt, outcome, http_status ORDER BY id)"
				" FROM %s.deliveries"),
	    "1failed200,2failed410");
	assert_string_equal(drift_text(y->x, y, "SELECT status_reason FROM %s.channels"),
	    "The receiver wants no more messages.");
	assert_int_equal(drift_count(y->x, "SELECT COUNT(*) FROM testbsx.outbox_index"), 0);
	close(fd);
}

/* A program from before there were events opens a body; what is sealed as an event is none. */
static void
an_event_is_never_taken_for_a_finished_body(void **state)
{
	struct daemon_world *y = *state;
	int                  port = 0, fd = receiver_listen(&port);
	struct uuid          c = driftd_config(y, port);
	struct hit           h;

	driftd_cause(y, &c);
	drift_sql(y->x, "UPDATE %s.outbox SET template = 0");
	deliver_end(deliver_begin(y));
	assert_false(receiver_take(fd, &h, 0));
	assert_string_equal(drift_text(y->x, y, "SELECT outcome FROM %s.deliveries"), "failed");
	close(fd);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, driftd_set_up, driftd_tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_format_is_one_file_and_one_row),
		TEST(every_attempt_is_the_same_bytes_whatever_was_renamed_meanwhile),
		TEST(a_message_that_was_finished_before_goes_out_as_it_stands),
		TEST(a_message_of_no_channel_from_before_is_a_mail),
		TEST(what_a_newer_version_has_made_waits_for_one),
		TEST(what_waits_for_a_newer_version_is_dead_with_its_channel),
		TEST(nothing_leaves_unsigned_or_signed_with_nothing),
		TEST(what_a_judge_leaves_out_is_filled_in_and_nothing_is_sent_for_ever),
		TEST(an_event_is_never_taken_for_a_finished_body),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests_name("formats of delivery", tests, NULL, NULL);
}
