#include "tests/store/copy_world.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/auth/audit_tree.h"
#include "core/store/archive/archive_tables.h"

const struct lock copy_lock = { .kind = LOCK_PASSPHRASE,
	.passphrase = { COPY_PASSPHRASE, sizeof(COPY_PASSPHRASE) - 1 } };
const uint8_t     copy_seed[ED25519_KEY_LEN] = { 7 };

static bool
go_on(void *arg, const struct archive_at *at)
{
	(void)arg, (void)at;
	return false;
}

static bool
stops(void *arg, const struct archive_at *at)
{
	struct copying *y = arg;

	(void)at;
	return ++y->asked == y->stop_at;
}

struct copying *
copying(struct drift_world *x)
{
	struct copying *y = talloc_zero(x, struct copying);

	y->x = x;
	y->auth = (struct auth) { .env = &x->w->env, .database = x->w->d };
	y->by = (struct deed_by) { .auth = &y->auth, .mem = y, .t = x->t };
	y->p = (struct provision) { x->w->prov, x->w->d, &x->w->env };
	y->path = talloc_asprintf(y, "%s/import.%d", server_folder(), (int)getpid());
	unlink(y->path);
	return y;
}

void
copy_export(struct copying *y)
{
	const struct tenant_export in = { y->path, &copy_lock, "bsxctl:somebody", go_on, NULL };
	struct tenant_exported     out;
	struct err                 e = { 0 };

	unlink(y->path);
	assert_ok(tenant_export(&y->by, &in, &out, &e));
}

bool
copy_import(struct copying *y, const char *slug)
{
	int                  fd = open(y->path, O_RDONLY | O_CLOEXEC);
	struct tenant_import in = { .p = &y->p,
		.from = { fd, &copy_lock, NULL, stops, y },
		.slug = slug,
		.actor_name = "bsxctl:somebody" };
	bool                 ok;

	err_clear(&y->e);
	y->asked = 0;
	ok = tenant_import(&y->by, &in, &y->out, &y->e);
	y->x->t = world_open(y->x->w, &y->x->w->a); /* what it drops is closed before */
	y->by.t = y->x->t;
	close(fd);
	return ok;
}

void
copy_must(struct copying *y)
{
	if (!copy_import(y, "copy"))
		fail_msg("%s (%s)", y->e.pub, y->e.detail);
}

struct drift_world *
copy_there(struct copying *y)
{
	struct drift_world  *there = talloc_memdup(y, y->x, sizeof(*there));
	struct err           e = { 0 };
	const struct tenant *t;

	assert_ok(tenant_by_id(y->x->w->d, &y->out.id, &t, &e));
	assert_string_equal(t->status, "active");
	assert_string_equal(t->status_reason, "");
	assert_ok(tenant_db_open(y->x->w->d, t, false, &there->t, &e));
	return there;
}

void
copy_entries(struct copying *y, int n)
{
	for (int i = 0; i < n; i++) {
		struct audit_entry entry = { .action = AUDIT_SETTINGS_UPDATE,
			.actor_name = "somebody" };
		struct err         e = { 0 };

		assert_ok(audit_deed(&y->by, NULL, NULL, &entry, &e));
	}
}

struct uuid
copy_live(struct copying *y)
{
	struct drift_world *x = y->x;
	struct uuid         channel = drift_channel(x, "https://hooks.example.org/x"), c;
	char                id[UUID_TEXT_MAX];
	struct audit_point  point;
	struct err          e = { 0 };

	uuid_print(&channel, id);
	c = drift_config(
	    x, talloc_asprintf(
		   x, "{\"source\":{\"kind\":\"push\"},\"alerts\":[{\"channel_id\":\"%s\"}]}", id));
	drift_push_values(x, &c, VALUES("{\"a\":1}", "{\"b\":1}", "{\"password\":\"hidden one\"}"));
	drift_push_values(x, &c, VALUES("{\"a\":2}", "{\"b\":1}", "{\"password\":\"hidden one\"}"));
	drift_sql(x, "UPDATE %s.drift_findings SET status = 'accepted', reason = 'agreed'");
	drift_sql(
	    x, "UPDATE %s.alert_routing SET version = 7"); /* a row that comes with a schema */
	drift_push_values(x, &c, VALUES("{\"a\":2}", "{\"b\":2}", "{\"password\":\"hidden two\"}"));
	copy_entries(y, 5);
	assert_ok(audit_checkpoint_make(
	    &y->by, AUDIT_TREE_STEP, &point, &e)); /* leaves as far as this ... */
	copy_entries(y, 3);                        /* ... and none of these */
	return c;
}

/* ---- one that somebody has made otherwise ---- */

struct forging {
	int                    from, to;
	struct archive_reader *r;
	struct archive_writer *w;
	struct archive_head    h;
};

static void
forge_begin(struct copying *y, struct forging *f)
{
	struct err e = { 0 };

	f->from = open(y->path, O_RDONLY | O_CLOEXEC);
	f->to = open(
	    talloc_asprintf(y, "%s.forged", y->path), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	f->r = archive_reader_make(y, f->from, &copy_lock, &e);
	assert_non_null(f->r);
	f->h = *archive_head(f->r);
}

/* Its head is as it will be. */
static void
forge_head(struct copying *y, struct forging *f, const uint8_t *seed)
{
	const struct archive_make m = { f->to, &copy_lock, &f->h, &rand_system };
	uint8_t                   key[ED25519_KEY_LEN];
	struct err                e = { 0 };

	assert_ok(ed25519_public(seed, key, &e));
	f->h.signer = base64_print(y, key, sizeof(key));
	f->w = archive_writer_make(y, &m, &e);
	assert_non_null(f->w);
}

static void
forge_end(struct copying *y, struct forging *f, const uint8_t *seed)
{
	struct err e = { 0 };

	assert_ok(archive_end(f->w, seed, &e));
	close(f->from);
	close(f->to);
	talloc_free(f->w);
	talloc_free(f->r);
	assert_int_equal(rename(talloc_asprintf(y, "%s.forged", y->path), y->path), 0);
}

void
copy_forge(struct copying *y, void (*alter)(struct archive_head *h), const uint8_t *seed)
{
	const struct archive_table *t;
	struct forging              f;
	struct blob                *v;
	struct err                  e = { 0 };

	forge_begin(y, &f);
	alter(&f.h);
	forge_head(y, &f, seed);
	while (archive_get(f.r, y, &t, &v, &e) && t != NULL)
		assert_ok(archive_put(f.w, v, &e));
	forge_end(y, &f, seed);
}

static const struct archive_table *
table_of(const struct items *all, const char *name)
{
	const struct archive_table *t = all->p;

	for (size_t i = 0; i < all->n; i++)
		if (strcmp(t[i].name, name) == 0)
			return &t[i];
	return NULL;
}

/* Of a row of `t` those values that `due` has. */
static void
put_values(struct forging *f, const struct archive_table *t, const struct blob *v,
    const struct archive_table *due)
{
	struct blob out[ARCHIVE_COLUMNS_MAX];
	size_t      n = 0;
	struct err  e = { 0 };

	for (size_t i = 0; i < t->columns.n && n < due->columns.n; i++)
		if (strcmp(t->columns.items[i], due->columns.items[n]) == 0)
			out[n++] = v[i];
	assert_int_equal(n, due->columns.n);
	assert_ok(archive_put(f->w, out, &e));
}

void
copy_as_of(struct copying *y, int64_t version, const uint8_t *seed)
{
	const struct archive_table *t, *due;
	struct archive_table       *then;
	struct forging              f;
	struct blob                *v;
	struct err                  e = { 0 };

	forge_begin(y, &f);
	f.h.schema_version = version;
	assert_ok(archive_tables_make(y, version, &f.h.tables, &e));
	then = f.h.tables.p;
	for (size_t i = 0; i < f.h.tables.n; i++)
		then[i].rows = table_of(&archive_head(f.r)->tables, then[i].name)->rows;
	forge_head(y, &f, seed);
	while (archive_get(f.r, y, &t, &v, &e) && t != NULL)
		if ((due = table_of(&f.h.tables, t->name)) != NULL)
			put_values(&f, t, v, due);
	forge_end(y, &f, seed);
}
