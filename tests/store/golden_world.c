#include "tests/store/golden_world.h"

#include <string.h>

#include "core/store/tx.h"
#include "drift/snapshot/baseline.h"

/* ---- templates ---- */

struct making {
	struct golden         g;
	struct golden_version v;
	struct content        c;
	struct content_rows   rows;
	struct golden_body    body;
	bool                  fresh;
};

static bool
make_body(struct db *db, void *arg, struct err *e)
{
	struct making *m = arg;
	bool           done = true;

	if (!(m->fresh ? golden_add(db, &m->g, e) : golden_set(db, &m->g, &done, e)))
		return false;
	assert_true(done);
	return content_add(db, &m->rows, e) && golden_version_add(db, &m->v, e) &&
	       (!m->g.shared || golden_publish(db, &m->g, &m->body, e));
}

/* The text is as golden_print makes it. A template without an id is a new one. */
bool
golden_world_set(
    struct drift_world *x, struct tenant_db *t, struct golden *g, const char *text, struct err *e)
{
	struct making   m = { .c.text = str_of(text), .fresh = uuid_is_nil(&g->id) };
	const struct tx tx = { "template", make_body, &m, NULL, NULL };
	uint8_t        *address = talloc_size(x, HASH_LEN);
	char            id[UUID_TEXT_MAX];

	if (m.fresh)
		g->id = uuid_make(&clock_system, &rand_system);
	if (m.fresh)
		g->revision = 1;
	g->version++;
	g->resources = 1;
	g->created_at.ms = g->updated_at.ms = clock_ms(&clock_system);
	content_address(t, m.c.text, m.c.address);
	memcpy(address, m.c.address, HASH_LEN);
	g->address = (struct blob) { address, HASH_LEN };
	uuid_print(&g->id, id);
	g->name = talloc_asprintf(x, "template %s", id);
	g->description = talloc_strdup(x, "");
	assert_true(content_pack(t, x, &m.c, 1, &m.rows, e));
	if (g->shared)
		assert_true(golden_seal(t, x, g, m.c.text, &m.body, e));
	m.g = *g;
	m.v = (struct golden_version) { g->id, g->version, g->address, talloc_strdup(x, "test"),
		g->created_at };
	if (!tx_run(t->db, &tx, e))
		return false;
	g->revision += !m.fresh;
	return true;
}

void
golden_world_put(struct drift_world *x, struct golden *g, const char *text)
{
	struct err e = { 0 };

	assert_ok(golden_world_set(x, x->t, g, text, &e));
}

/* ---- binding ---- */

bool
golden_world_bind(struct drift_world *x, struct tenant_db *t, const struct uuid *config,
    const struct golden *g, const char *more, struct err *e)
{
	char                     id[UUID_TEXT_MAX];
	struct drift_config      c;
	struct golden_choice     in;
	struct golden_bind       b = { .d = x->d,
		      .t = t,
		      .mem = x,
		      .config = &c,
		      .actor = "test",
		      .from = "pinned",
		      .now = { clock_ms(&clock_system) } };
	const struct tx          tx = { "bind", golden_bind_body, &b, NULL, NULL };
	const struct drift_spec *spec;
	struct json             *tree;

	uuid_print(&g->id, id);
	tree = json_parse(x, str_of(talloc_asprintf(x, "{\"id\":\"%s\"%s}", id, more)), e);
	assert_non_null(tree);
	assert_true(schema_decode_at(x, &golden_choice_schema, tree, "/golden", &in, e));
	assert_true(config_by_id(t, x, config, &c, e));
	b.spec = spec = spec_of(x->d, t, &c, NULL, e);
	assert_non_null(spec);
	return golden_bind_make(&b, &in, e) && tx_run(t->db, &tx, e);
}

void
golden_world_bind_ok(
    struct drift_world *x, const struct uuid *config, const struct golden *g, const char *more)
{
	struct err e = { 0 };

	assert_ok(golden_world_bind(x, x->t, config, g, more, &e));
}
