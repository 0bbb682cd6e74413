#include "tests/store/place_in_time.h"

#include "core/store/drift/finding.h"
#include "drift/run/deadline.h"

static int64_t
wall(const struct clock *c)
{
	return c->set_ms;
}

static int64_t
mono(const struct clock *c)
{
	return c->set_ms * 1000000;
}

static const struct clock_ops stepped = { wall, mono };

int
place_set_up(void **state)
{
	struct place_in_time *y;
	struct drift_world   *x;

	if (world_set_up(state) != 0)
		return -1;
	x = drift_world_make(*state);
	y = talloc_zero(x, struct place_in_time);
	y->x = x;
	y->clock = (struct clock) { &stepped, clock_ms(&clock_system) };
	x->env.clock = &y->clock;
	y->channel = drift_channel(x, "https://hook.example.org/");
	*state = y;
	return 0;
}

int
place_tear_down(void **state)
{
	void *w = ((struct place_in_time *)*state)->x->w;

	return world_tear_down(&w);
}

/* ---- steps ---- */

/* A config that tells the channel, with these members beside. */
struct uuid
place_config(struct place_in_time *y, const char *more)
{
	char id[UUID_TEXT_MAX];

	uuid_print(&y->channel, id);
	return drift_config(
	    y->x, talloc_asprintf(y,
		      "{\"source\":{\"kind\":\"push\"},\"alerts\":[{\"channel_id\":\"%s\"}]%s}", id,
		      more));
}

/* A minute later; what it tells arrives. */
static struct report
push(struct place_in_time *y, const struct uuid *c, const char *body)
{
	struct report r;

	y->clock.set_ms += 60000;
	r = drift_push(y->x, y, c, body).report;
	drift_arrive(y->x);
	return r;
}

/* A snapshot of one resource. */
struct report
place_push(struct place_in_time *y, const struct uuid *c, const char *value)
{
	return push(y, c,
	    talloc_asprintf(
		y, "{\"resources\":[{\"category\":\"c\",\"key\":\"k\",\"value\":%s}]}", value));
}

struct report
place_push_failed(struct place_in_time *y, const struct uuid *c)
{
	return push(y, c, "{\"resources\":[],\"collections\":{\"c\":\"failed\"}}");
}

/* n resources with this value. */
struct report
place_push_many(struct place_in_time *y, const struct uuid *c, int n, int value)
{
	char *text = talloc_strdup(y, "{\"resources\":[");

	for (int i = 0; i < n; i++)
		text = talloc_asprintf_append(text,
		    "%s{\"category\":\"c\",\"key\":\"k%03d\",\"value\":%d}", i == 0 ? "" : ",", i,
		    value);
	return push(y, c, talloc_asprintf(y, "%s],\"collections\":{\"c\":\"complete\"}}", text));
}

struct ingest_answer
place_push_by(struct place_in_time *y, const struct uuid *config, uint8_t who, const char *body)
{
	struct err           e = { 0 };
	struct push_in       in;
	struct push          p = { .config_id = *config,
			 .in = &in,
			 .pushed_by = "test",
			 .body = str_of(body),
			 .pusher = { { who } } };
	struct json         *tree = json_parse(y, p.body, &e);
	struct ingest_answer a;

	y->clock.set_ms += 60000;
	assert_non_null(tree);
	assert_ok(schema_decode(y, &push_schema, tree, &in, &e));
	if (!ingest_push(y->x->d, y->x->t, y, &p, &a, &e))
		fail_msg("push: %d %s | %s", (int)e.code, e.pub, e.detail);
	return a;
}

const char *
place_hex(struct place_in_time *y, const struct uuid *id)
{
	char *hex = talloc_size(y, 2 * sizeof(id->b) + 1);

	hex_print(id->b, sizeof(id->b), hex);
	return hex;
}

int64_t
place_count(struct place_in_time *y, const char *sql, const struct uuid *id)
{
	return drift_count(y->x, talloc_asprintf(y, "%s = UNHEX('%s')", sql, place_hex(y, id)));
}

char *
place_state(struct place_in_time *y, const struct uuid *config)
{
	return drift_text(y->x, y,
	    talloc_asprintf(y, "SELECT state FROM %%s.config_state WHERE config_id = UNHEX('%s')",
		place_hex(y, config)));
}

int64_t
place_open_alerts(struct place_in_time *y, const struct uuid *config, const char *kind)
{
	return place_count(y,
	    talloc_asprintf(y,
		"SELECT COUNT(*) FROM %%s.alerts WHERE resolved_at IS NULL AND kind = '%s' AND "
		"config_id",
		kind),
	    config);
}

/* What was told, oldest first: "drift opened, flapping opened". */
const char *
place_told(struct place_in_time *y)
{
	return drift_text(y->x, y,
	    "SELECT GROUP_CONCAT(CONCAT(a.kind, ' ', SUBSTRING(o.event, 13)) ORDER BY o.id"
	    " SEPARATOR ', ') FROM %s.outbox o JOIN %s.alerts a ON a.id = o.alert_id");
}

void
place_forget_told(struct place_in_time *y)
{
	drift_arrive(y->x); /* what was told was heard */
	server_do(y->x->w->root, "DELETE FROM %s.outbox", y->x->t->tenant->schema_name);
}

size_t
place_due(struct place_in_time *y)
{
	struct uuid owner = uuid_make(&clock_system, &rand_system);
	struct err  e = { 0 };
	size_t      done;

	if (!deadlines_due(y->x->d, y->x->w->d, NULL, &owner, &done, &e))
		fail_msg("%d %s", (int)e.code, e.detail);
	drift_arrive(y->x);
	return done;
}

size_t
place_look(struct place_in_time *y)
{
	server_do(
	    y->x->w->root, "UPDATE testbsx.schedules SET next_due = NOW(3) WHERE kind <> 'review'");
	return place_due(y);
}

/* As the API does it: the finding of the newest report with this state is accepted until then. */
void
place_accept(struct place_in_time *y, const struct uuid *c, const char *status, int64_t for_ms)
{
	struct err          e = { 0 };
	struct finding_list l;
	struct finding_row *rows;
	struct trip        *trip = trip_make(y, y->x->t->db);

	finding_standing_ask(trip, c, &l);
	assert_ok(trip_go(trip, &e));
	finding_standing_sort(&l);
	assert_int_equal(l.n, 1);
	rows = l.rows;
	rows[0].status = talloc_strdup(y, status);
	rows[0].owner = talloc_strdup(y, "somebody");
	rows[0].expires_at.ms = for_ms == 0 ? 0 : y->clock.set_ms + for_ms;
	assert_ok(finding_put(y->x->t->db, rows, 1, &e));
	assert_ok(config_touch(y->x->t->db, c, rows[0].expires_at, &e));
}
