/* One lane for each channel and alert: what is told in which order, what is folded, and what is not
 * told at all. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/store/db_priv.h"
#include "drift/alert/message.h"
#include "drift/deliver/attempt.h"
#include "tests/store/driftd_world.h"

#define LEN(a) (sizeof(a) / sizeof((a)[0]))

/* ---- a receiver in this process ---- */

#define CHANNELS 3
#define ALERTS   4

static struct {
	bool        up, gone;
	size_t      asked; /* attempts */
	struct uuid channels[CHANNELS];
	struct uuid alerts[ALERTS];
	char        of_alert[ALERTS][CHANNELS][2048];
	size_t      alerts_n;
} receiver;

/* The texts of an alert; alerts are told apart, for each has lanes of its own. */
static size_t
alert_at(const struct uuid *id)
{
	for (size_t i = 0; i < receiver.alerts_n; i++)
		if (uuid_eq(&receiver.alerts[i], id))
			return i;
	assert_true(receiver.alerts_n < ALERTS);
	receiver.alerts[receiver.alerts_n] = *id;
	return receiver.alerts_n++;
}

static int
by_bytes(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct uuid));
}

/* What a channel took, alert by alert in the order of their opening. */
static char *
all_got(TALLOC_CTX *mem, size_t channel)
{
	struct uuid ids[ALERTS];
	char       *out = talloc_strdup(mem, "");

	memcpy(ids, receiver.alerts, sizeof(ids));
	qsort(ids, receiver.alerts_n, sizeof(ids[0]), by_bytes);
	for (size_t i = 0; i < receiver.alerts_n; i++) {
		const char *got = receiver.of_alert[alert_at(&ids[i])][channel];

		if (*got != '\0')
			out = talloc_asprintf_append(out, "[%s]", got);
	}
	return out;
}

static void
say(char *got, const struct alert_event *ev)
{
	size_t n = strlen(got);
	char   before[40] = "", folded[40] = "", ended[40] = "";

	if (ev->alert->severity_before != NULL)
		snprintf(before, sizeof(before), " after %s", ev->alert->severity_before);
	if (ev->folded > 0)
		snprintf(folded, sizeof(folded), " +%lld", (long long)ev->folded);
	if (ev->ended > 0)
		snprintf(ended, sizeof(ended), " ended %lld", (long long)ev->ended);
	snprintf(got + n, sizeof(receiver.of_alert[0][0]) - n, "%s%s %s%s%s%s%s%s%s",
	    n == 0 ? "" : ", ", ev->type + strlen("drift.alert."), ev->alert->severity, before,
	    folded, ended, ev->never_sent ? " never_sent" : "",
	    ev->below_min_severity ? " below" : "", ev->alert->escalated ? " escalated" : "");
}

static void
take(const struct attempt *a, TALLOC_CTX *mem, struct verdict *out)
{
	struct alert_event ev;
	struct err         e = { 0 };

	receiver.asked++;
	*out = (struct verdict) { .fate = receiver.gone ? FATE_DISABLED
					  : receiver.up ? FATE_DELIVERED
							: FATE_AGAIN,
		.retry_after_s = -1 };
	if (!receiver.up)
		return;
	assert_ok(message_open(a->t, mem, &a->message, &ev, &e));
	for (size_t i = 0; i < CHANNELS; i++)
		if (uuid_eq(&receiver.channels[i], &a->channel.id))
			say(receiver.of_alert[alert_at(&ev.alert->id)][i], &ev);
}

static void
forget_taken(void)
{
	receiver.alerts_n = 0;
	memset(receiver.of_alert, 0, sizeof(receiver.of_alert));
}

static const struct format_ops taken = {
	.has_channels = true,
	.action = "alert.deliver",
	.done = "alert delivered",
	.delays_s = delays_of_days,
	.send = take,
};

static bool
never(void *arg)
{
	(void)arg;
	return false;
}

/* The loop of driftd, with connections of its own. */
static struct deliver sender;
static struct env     sender_env;

static int
set_up(void **state)
{
	static const struct format formats_here[] = { { "webhook", &taken, false },
		{ NULL, NULL, false } };
	struct drift_world        *x;
	struct err                 e = { 0 };

	if (drift_set_up(state) != 0)
		return 1;
	x = *state;
	sender_env = x->w->env;
	sender_env.log = x->env.log;
	sender = (struct deliver) { .env = &sender_env, .formats = formats_here, .self = 1 };
	sender.owner = uuid_make(sender_env.clock, sender_env.rand);
	sender.slots = channel_slots_make(&e);
	sender.database = database_make(NULL, &sender_env, &e);
	sender.auth = (struct auth) { .env = &sender_env, .database = sender.database };
	forget_taken();
	return sender.database == NULL || sender.slots == NULL;
}

static int
tear_down(void **state)
{
	database_close_all(sender.database);
	talloc_free(sender.database);
	return drift_tear_down(state);
}

/* What waits is due, and is tried once; what follows it is due at once. */
static void
deliver(struct drift_world *x, bool up)
{
	struct err e = { 0 };
	size_t     done;

	receiver.up = up;
	server_do(x->w->root, "UPDATE testbsx.outbox_index SET next_due = NOW(3)");
	assert_ok(deliver_due(&sender, never, NULL, &done, &e));
}

/* ---- the table ---- */

/* Two findings, /a critical and /b low, as bits; three channels, told from low, high and critical
 * on, the first of ends. */
static const enum severity least[CHANNELS] = { SEVERITY_LOW, SEVERITY_HIGH, SEVERITY_CRITICAL };

static enum severity
severity_of(unsigned findings)
{
	return (findings & 1) != 0 ? SEVERITY_CRITICAL : SEVERITY_LOW;
}

/* What a channel is due by the rules of fold.h and alerting.h, said again in other words. */
struct expected {
	bool          heard, fallen; /* something was written to it; the last of it that it fell */
	int           sent;
	enum severity told; /* by what arrived last */
	struct {
		bool          there, opens, below;
		const char   *event;
		enum severity is, worst, before;
		int           folded, ended;
	} waits;
	char got[2048];
};

static void
expect_arrival(struct expected *x)
{
	size_t        n = strlen(x->got);
	char          before[40] = "", folded[40] = "", ended[40] = "";
	bool          opens = x->waits.opens && strcmp(x->waits.event, "resolved") != 0;
	enum severity was = x->sent > 0 ? x->told : x->waits.opens ? x->waits.is : x->waits.before;

	if (!x->waits.there)
		return;
	if (was != x->waits.is)
		snprintf(before, sizeof(before), " after %s", severity_name(was));
	if (x->waits.folded > 0)
		snprintf(folded, sizeof(folded), " +%d", x->waits.folded);
	if (x->waits.ended > 0)
		snprintf(ended, sizeof(ended), " ended %d", x->waits.ended);
	snprintf(x->got + n, sizeof(x->got) - n, "%s%s %s%s%s%s%s%s", n == 0 ? "" : ", ",
	    opens ? "opened" : x->waits.event, severity_name(x->waits.is), before, folded, ended,
	    x->waits.opens && !opens ? " never_sent" : "", x->waits.below ? " below" : "");
	x->told = x->waits.is;
	x->sent++;
	x->waits.there = false;
}

static void
expect_event(struct expected *x, const char *event, unsigned was, unsigned is, bool below)
{
	bool          first = strcmp(event, "opened") == 0, was_there = x->waits.there;
	enum severity now = is == 0 ? severity_of(was) : severity_of(is);
	enum severity worst = was_there && x->waits.worst > now ? x->waits.worst : now;
	bool          opens = first || (was_there && x->waits.opens);
	int           folded = was_there ? x->waits.folded + 1 : 0;

	x->heard = true;
	x->fallen = below;
	x->waits.there = !(opens && is == 0 && worst < SEVERITY_HIGH);
	x->waits.opens = opens;
	x->waits.below = below;
	x->waits.event = event;
	x->waits.is = now;
	x->waits.worst = worst;
	x->waits.before = was == 0 || is == 0 ? now : severity_of(was);
	x->waits.folded = folded;
	x->waits.ended = is != 0 && (was & ~is) != 0 ? 1 : 0;
}

static void
expect_step(struct expected *x, size_t channel, unsigned was, unsigned is)
{
	enum severity min = least[channel];
	bool          news = (is & ~was) != 0 || severity_of(was) != severity_of(is);

	if (was == is)
		return;
	if (was == 0) {
		if (severity_of(is) >= min)
			expect_event(x, "opened", was, is, false);
	} else if (is == 0) {
		if (x->heard ? !x->fallen || x->waits.there : severity_of(was) >= min)
			expect_event(x, "resolved", was, is, false);
	} else if (!news) {
		if (severity_of(is) >= min && channel == 0)
			expect_event(x, "updated", was, is, false);
	} else if (severity_of(is) >= min) {
		expect_event(x, "updated", was, is, false);
	} else if (x->heard ? !x->fallen : severity_of(was) >= min) {
		expect_event(x, "updated", was, is, true);
	}
}

static struct uuid
three_channels(struct drift_world *x)
{
	char *spec = talloc_strdup(x, "{\"source\":{\"kind\":\"push\"},\"rules\":[{\"path\":\"/"
				      "a\",\"severity\":\"critical\"},"
				      "{\"path\":\"/b\",\"severity\":\"low\"}],\"alerts\":[");

	for (size_t i = 0; i < CHANNELS; i++) {
		char id[UUID_TEXT_MAX];

		receiver.channels[i] =
		    drift_channel(x, talloc_asprintf(x, "https://hooks.example.org/%zu", i));
		uuid_print(&receiver.channels[i], id);
		spec = talloc_asprintf_append(spec,
		    "%s{\"channel_id\":\"%s\",\"min_severity\":\"%s\",\"tell_ends\":%s}",
		    i == 0 ? "" : ",", id, severity_name(least[i]), i == 0 ? "true" : "false");
	}
	return drift_config(x, talloc_strdup_append(spec, "]}"));
}

static void
push_findings(struct drift_world *x, const struct uuid *c, unsigned findings)
{
	char value[40];

	snprintf(value, sizeof(value), "{\"a\":%u,\"b\":%u}", findings & 1, findings >> 1);
	drift_push_values(x, c, VALUES(value));
}

/* `ups`: bit i: the receivers are up after step i; they are in the end. */
static void
walk(struct drift_world *x, const struct uuid *c, const unsigned *steps, unsigned ups)
{
	struct expected want[ALERTS][CHANNELS] = { 0 };
	unsigned        was = 0;
	size_t          alerts = 0;

	forget_taken();
	for (unsigned s = 0; s <= 4; s++) {
		unsigned is = s < 4 ? steps[s] : 0;
		bool     up = s == 4 || (ups >> s & 1) != 0;

		push_findings(x, c, is);
		alerts += was == 0 && is != 0;
		for (size_t i = 0; i < CHANNELS && alerts > 0; i++)
			expect_step(&want[alerts - 1][i], i, was, is);
		for (size_t i = 0; up && i < alerts * CHANNELS; i++)
			expect_arrival(&want[i / CHANNELS][i % CHANNELS]);
		deliver(x, up);
		was = is;
	}
	for (size_t i = 0; i < CHANNELS; i++) {
		char *due_there = talloc_strdup(x, "");

		for (size_t n = 0; n < alerts; n++)
			if (*want[n][i].got != '\0')
				due_there =
				    talloc_asprintf_append(due_there, "[%s]", want[n][i].got);
		if (strcmp(all_got(x, i), due_there) != 0)
			fail_msg("%u %u %u %u, up %x, from %s on:\n got %s\nwant %s", steps[0],
			    steps[1], steps[2], steps[3], ups, severity_name(least[i]),
			    all_got(x, i), due_there);
	}
	drift_check(x);
	assert_int_equal(drift_count(x, "SELECT COUNT(*) FROM testbsx.outbox_index"), 0);
	assert_int_equal(
	    drift_count(x, "SELECT COUNT(*) FROM %s.outbox WHERE state = 'pending'"), 0);
}

static void
every_sequence_arrives_as_the_newest_state_in_order(void **state)
{
	struct drift_world   *x = *state;
	struct uuid           c = three_channels(x);
	static const unsigned ups[] = { 15, 0, 4, 10, 1 };
	size_t                walks = 0;

	push_findings(x, &c, 0);
	for (unsigned s = 1; s < 256; s++) {
		const unsigned steps[] = { s & 3, s >> 2 & 3, s >> 4 & 3, s >> 6 };

		/* One pattern for each sequence, and each pattern for sequences of all kinds. */
		walk(x, &c, steps, ups[s % LEN(ups)]);
		walks++;
	}
	print_message(
	    "%zu walks of 5 steps to %d channels, %zu attempts\n", walks, CHANNELS, receiver.asked);
}

/* ---- what costs nothing more ---- */

static void
a_thousand_events_for_a_receiver_that_is_down_are_one_message(void **state)
{
	struct drift_world *x = *state;
	struct uuid         c = three_channels(x);
	unsigned            early = 0, late = 0;

	push_findings(x, &c, 0);
	for (int i = 1; i <= 1000; i++) {
		char value[40];

		snprintf(value, sizeof(value), "{\"a\":%d,\"b\":0}", i);
		db_stats_reset(x->t->db);
		drift_push_values(x, &c, VALUES(value));
		if (i == 130)
			early = (unsigned)db_stats(x->t->db).count;
		late = (unsigned)db_stats(x->t->db).count;
		if (i % 125 == 0)
			deliver(x, false);
	}
	assert_int_equal(late, early);
	assert_int_equal(drift_count(x, "SELECT COUNT(*) FROM %s.outbox"), CHANNELS);
	assert_int_equal(drift_count(x, "SELECT COUNT(*) FROM testbsx.outbox_index"), CHANNELS);
	assert_int_equal(drift_count(x, "SELECT COUNT(*) FROM %s.deliveries"), 8 * CHANNELS);
	forget_taken();
	deliver(x, true);
	for (size_t i = 0; i < CHANNELS; i++)
		assert_string_equal(all_got(x, i), "[opened critical +999]");
	assert_int_equal(drift_count(x, "SELECT MIN(attempts) FROM %s.outbox"), 9);
	print_message("%u statements of a push, whether 130 or 1000 events wait\n", late);
}

static void
what_was_over_before_it_was_sent_is_counted_on_its_alert(void **state)
{
	struct drift_world *x = *state;
	struct uuid         c = three_channels(x);

	forget_taken();
	push_findings(x, &c, 0);
	push_findings(x, &c, 2);
	push_findings(x, &c, 0);
	deliver(x, true);
	assert_string_equal(all_got(x, 0), "");
	assert_int_equal(
	    drift_count(x, "SELECT COUNT(*) FROM %s.alert_lanes WHERE untold AND sent = 0"), 1);
	assert_int_equal(drift_count(x, "SELECT COUNT(*) FROM %s.deliveries"), 0);
}

/* ---- what somebody works on ---- */

static void
what_gets_worse_is_open_anew(void **state)
{
	struct drift_world *x = *state;
	struct uuid         c = three_channels(x);

	forget_taken();
	push_findings(x, &c, 0);
	push_findings(x, &c, 2);
	deliver(x, true);
	drift_sql(x, "UPDATE %s.alerts SET status = 'acknowledged', acknowledged_by = 'somebody',"
		     " acknowledged_at = NOW(3)");
	push_findings(x, &c, 3);
	deliver(x, true);
	assert_string_equal(drift_text(x, x,
				"SELECT CONCAT(status, ' ', severity, ' ',"
				" COALESCE(acknowledged_by, 'nobody')) FROM %s.alerts"),
	    "open critical nobody");
	push_findings(x, &c, 2);
	deliver(x, true);
	assert_string_equal(all_got(x, 0), "[opened low, updated critical after low escalated, "
					   "updated low after critical ended 1]");
	assert_string_equal(all_got(x, 1),
	    "[updated critical after low escalated, updated low after critical ended 1 below]");
	assert_string_equal(drift_text(x, x,
				"SELECT GROUP_CONCAT(CONCAT(from_status, '>', to_status, ' ', note)"
				" ORDER BY id) FROM %s.drift_history WHERE value_hash IS NULL"),
	    "acknowledged>open Its severity rose from low to critical.,"
	    "open>open Its severity fell from critical to low.");
}

/* ---- what came to nothing ---- */

/* All receivers say 410, and somebody switches the channels on again. */
static void
all_were_off(struct drift_world *x)
{
	receiver.gone = true;
	deliver(x, false);
	receiver.gone = false;
	assert_int_equal(
	    drift_count(x, "SELECT COUNT(*) FROM %s.channels WHERE status = 'active'"), 0);
	assert_int_equal(
	    drift_count(x, "SELECT COUNT(*) FROM %s.outbox WHERE state = 'dead'"), CHANNELS);
	assert_int_equal(drift_count(x, "SELECT COUNT(*) FROM testbsx.outbox_index"), 0);
	drift_sql(x, "UPDATE %s.channels SET status = 'active', status_reason = ''");
}

/* An alert that nobody has heard of. */
static struct uuid
unheard(struct drift_world *x)
{
	struct uuid c = three_channels(x);

	forget_taken();
	push_findings(x, &c, 0);
	push_findings(x, &c, 1);
	all_were_off(x);
	return c;
}

static void
to_who_was_off_the_next_news_is_the_opening(void **state)
{
	struct drift_world *x = *state;
	struct uuid         c = unheard(x);

	push_findings(x, &c, 3);
	deliver(x, true);
	for (size_t i = 0; i < CHANNELS; i++)
		assert_string_equal(all_got(x, i), "[opened critical]");
	push_findings(x, &c, 0);
	deliver(x, true);
	for (size_t i = 0; i < CHANNELS; i++)
		assert_string_equal(all_got(x, i), "[opened critical, resolved critical]");
	drift_check(x);
}

static void
to_who_was_off_an_alert_that_is_over_was_never_sent(void **state)
{
	struct drift_world *x = *state;
	struct uuid         c = unheard(x);

	push_findings(x, &c, 0);
	deliver(x, true);
	for (size_t i = 0; i < CHANNELS; i++)
		assert_string_equal(all_got(x, i), "[resolved critical never_sent]");
	drift_check(x);
}

/* An opening on its way, its end behind it, and a receiver that is down meanwhile. */
static const char *
opened_and_over(struct drift_world *x, const struct uuid *c)
{
	forget_taken();
	push_findings(x, c, 1);
	drift_sql(x, "UPDATE %s.outbox SET sending = TRUE WHERE state = 'pending'");
	push_findings(x, c, 0);
	assert_int_equal(
	    drift_count(x, "SELECT COUNT(*) FROM %s.outbox WHERE state = 'pending'"), 2 * CHANNELS);
	deliver(x, false);
	deliver(x, true);
	deliver(x, true);
	return all_got(x, 0);
}

static void
a_kind_that_keeps_both_ends_gets_both(void **state)
{
	static const struct format keeping[] = { { "webhook", &taken, true },
		{ NULL, NULL, false } };
	struct drift_world        *x = *state;
	struct uuid                c = three_channels(x);

	push_findings(x, &c, 0);
	assert_string_equal(opened_and_over(x, &c), "[resolved critical +1 never_sent]");
	sender.formats = keeping;
	assert_string_equal(opened_and_over(x, &c), "[opened critical, resolved critical]");
	drift_check(x);
}

/* ---- when ---- */

#define LATER                                                                                      \
	"SELECT COUNT(*) FROM testbsx.outbox_index WHERE next_due > NOW(3) + INTERVAL 250 SECOND"
#define NOW "SELECT COUNT(*) FROM testbsx.outbox_index WHERE next_due <= NOW(3)"

static void
the_end_of_one_of_several_waits_and_a_severity_that_rises_does_not(void **state)
{
	struct drift_world *x = *state;
	struct uuid         c = three_channels(x);

	forget_taken();
	push_findings(x, &c, 0);
	drift_push_values(x, &c, VALUES("{\"a\":0,\"b\":0,\"c\":1,\"d\":1,\"e\":1}"));
	deliver(x, true);
	drift_push_values(x, &c, VALUES("{\"a\":0,\"b\":0,\"c\":1,\"d\":1}"));
	assert_int_equal(drift_count(x, LATER), 1);
	drift_push_values(x, &c, VALUES("{\"a\":0,\"b\":0,\"c\":1}"));
	assert_int_equal(drift_count(x, LATER), 1);
	assert_int_equal(drift_count(x, NOW), 0);
	drift_push_values(x, &c, VALUES("{\"a\":1,\"b\":0,\"c\":1}"));
	assert_int_equal(drift_count(x, LATER), 0);
	assert_int_equal(drift_count(x, NOW), CHANNELS);
	deliver(x, true);
	assert_string_equal(all_got(x, 0), "[opened medium, updated critical after medium +2]");
	assert_string_equal(all_got(x, 2), "[updated critical after medium]");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_gets_worse_is_open_anew),
		TEST(what_was_over_before_it_was_sent_is_counted_on_its_alert),
		TEST(to_who_was_off_the_next_news_is_the_opening),
		TEST(to_who_was_off_an_alert_that_is_over_was_never_sent),
		TEST(a_kind_that_keeps_both_ends_gets_both),
		TEST(the_end_of_one_of_several_waits_and_a_severity_that_rises_does_not),
		TEST(every_sequence_arrives_as_the_newest_state_in_order),
		TEST(a_thousand_events_for_a_receiver_that_is_down_are_one_message),
	};

	return cmocka_run_group_tests_name("lanes", tests, NULL, NULL);
}
