#include "tests/store/people.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/auth/user/user_admin.h"
#include "core/shm/metric.h"

static int64_t
wall(const struct clock *c)
{
	return clock_ms(&clock_system) + c->set_ms;
}

static int64_t
mono(const struct clock *c)
{
	(void)c;
	return clock_ns(&clock_system);
}

static const struct clock_ops shifted = { wall, mono };

struct segment *
people_segment(TALLOC_CTX *mem, const char *name)
{
	struct err e = { 0 };
	char      *path = talloc_asprintf(mem, "%s/%s.%d", server_folder(), name, (int)getpid());
	struct segment_options o = { path, 64 };
	struct segment        *s;

	unlink(path);
	s = segment_open(mem, &o, &e);
	if (s == NULL)
		fail_msg("segment_open: %s", e.detail);
	return s;
}

static void
make_auth(struct people *p, struct auth *a, struct env *env, struct database *d, struct segment *s)
{
	*env = (struct env) {
		.conf = &p->w->conf,
		.clock = &p->clock,
		.rand = &rand_system,
		.log = p->env.log,
		.keyring = p->w->env.keyring,
		.segment = s,
	};
	*a = (struct auth) { .env = env, .database = d };
}

struct auth *
people_other(struct people *p, TALLOC_CTX *mem, struct segment *s)
{
	struct err       e = { 0 };
	struct auth     *a = talloc_zero(mem, struct auth);
	struct env      *env = talloc_zero(a, struct env);
	struct database *d = database_make(mem, &p->w->env, &e);

	if (d == NULL)
		fail_msg("database_make: %s", e.detail);
	make_auth(p, a, env, d, s);
	return a;
}

static void
add_user(
    struct people *p, const struct tenant *t, const char *email, const char *name, const char *role)
{
	const struct user_first in = {
		.email = email,
		.display_name = name,
		.password = STR(PASSWORD),
		.role = role,
	};
	struct auth          a = { .env = &p->w->env };
	const struct deed_by by = { .auth = &a, .mem = p, .t = people_open(p, t) };
	struct err           e = { 0 };

	assert_ok(user_add_first(&by, &in, &e));
}

static void
fill(struct people *p)
{
	struct world        *w = p->w;
	const struct tenant *all[] = { &p->platform, &w->a, &w->b };
	struct err           e = { 0 };

	world_tenants(w);
	assert_ok(provision_tenant(&(struct provision) { w->prov, w->d, &w->env }, w, "platform",
	    "Platform", &p->platform, &e));
	for (size_t i = 0; i < 3; i++)
		assert_ok(access_install_roles(
		    people_open(p, all[i]), p, &rand_system, &clock_system, &e));
	add_user(p, &w->a, "ada@acme.test", "Ada \xF0\x9F\x98\x80", "admin");
	add_user(p, &w->a, "vic@acme.test", "Vic", "viewer");
	add_user(p, &w->a, "dis@acme.test", "Dis", "viewer");
	add_user(p, &w->b, "bob@globex.test", "Bob", "admin");
	add_user(p, &p->platform, "pia@platform.test", "Pia", "admin");
	server_do(w->root, "UPDATE %s.users SET status = 'disabled' WHERE email = 'dis@acme.test'",
	    w->a.schema_name);
}

int
people_set_up(void **state)
{
	struct people     *p = talloc_zero(NULL, struct people);
	struct err         e = { 0 };
	struct log_options o = { .service = "test", .clock = &clock_system };
	void              *w;

	world_set_up(&w);
	p->w = w;
	p->clock = (struct clock) { &shifted, 0 };
	p->w->conf.public_url = "http://127.0.0.1:8080";
	p->w->conf.access_s = 600;
	p->w->conf.session_idle_s = 1800;
	p->w->conf.session_absolute_s = 43200;
	p->w->conf.session_max_idle_s = 86400;
	p->w->conf.session_max_absolute_s = 2592000;
	p->w->conf.password_min = 12;
	p->w->conf.revocation_lag_ms = 2000;
	snprintf(
	    p->log_path, sizeof(p->log_path), "%s/auth.log.%d", server_folder(), (int)getpid());
	o.target = p->log_path;
	p->env.log = log_open(p, &o, &e);
	if (p->env.log == NULL)
		fail_msg("log_open: %s", e.detail);
	fill(p);
	p->segment = people_segment(p, "segment");
	make_auth(p, &p->auth, &p->env, p->w->d, p->segment);
	*state = p;
	return 0;
}

int
people_tear_down(void **state)
{
	struct people *p = *state;
	void          *w;

	if (p == NULL) /* the set-up has failed */
		return -1;
	w = p->w;
	talloc_free(p);
	return world_tear_down(&w);
}

struct tenant_db *
people_open(struct people *p, const struct tenant *t)
{
	return world_open(p->w, t);
}

struct deed_by
people_stranger(struct people *p, TALLOC_CTX *mem)
{
	static const struct origin origin = { "192.0.2.7", "Test/1.0", "request-1" };
	static struct permit       permit = { -1, NULL };

	return (
	    struct deed_by) { .auth = &p->auth, .mem = mem, .origin = &origin, .permit = &permit };
}

struct deed_by
people_deed(struct people *p, TALLOC_CTX *mem, const struct caller *c)
{
	struct deed_by by = people_stranger(p, mem);

	by.t = people_open(p, &p->w->a);
	by.caller = c;
	return by;
}

enum err_code
people_login(struct people *p, TALLOC_CTX *mem, const char *tenant, const char *email,
    const char *password, struct session_grant *g)
{
	const struct login   in = { .tenant = tenant, .email = email, .password = password };
	const struct deed_by by = people_stranger(p, mem);
	struct err           e = { 0 };

	memset(g, 0, sizeof(*g));
	if (login_password(&by, &in, g, &e))
		return ERR_OK;
	if (e.code != ERR_CREDENTIALS)
		print_message("login: %s\n", e.detail);
	else
		assert_string_equal(e.pub, "Tenant, e-mail address or password is wrong.");
	return e.code;
}

void
people_grant(struct people *p, TALLOC_CTX *mem, const char *email, struct session_grant *g)
{
	assert_int_equal(people_login(p, mem, "acme", email, PASSWORD, g), ERR_OK);
}

enum err_code
people_resolve(struct auth *a, const char *text, const char *address, struct caller *out)
{
	TALLOC_CTX       *mem = talloc_new(NULL);
	bool              key = strncmp(text, "bsx_", 4) == 0;
	struct credential c = { key ? CREDENTIAL_API_KEY : CREDENTIAL_ACCESS_TOKEN, str_of(text),
		false };
	struct err        e = { 0 };
	bool              ok = caller_resolve(a, mem, &c, address, out, &e);

	talloc_free(mem);
	if (e.code == ERR_UNAUTHENTICATED)
		assert_string_equal(
		    e.pub, "The credential is not valid or has ended. Sign in again.");
	return ok ? ERR_OK : e.code;
}

long long
people_metric(struct people *p, const char *series)
{
	struct buf b;
	char      *at;
	long long  n = 0;

	buf_make(&b, NULL);
	metric_print(&b, p->segment);
	at = b.p == NULL ? NULL : strstr(b.p, series);
	if (at != NULL)
		n = atoll(at + strlen(series));
	talloc_free(b.p);
	return n;
}

struct number {
	int64_t n;
};
static const struct field number_fields[] = {
	FIELD(struct number, n, .doc = ""),
	FIELD_END,
};
static const struct schema number_schema = SCHEMA("Number", struct number, number_fields);

int64_t
people_number(struct people *p, const struct tenant *t, const char *text)
{
	struct sql    q = { "number", SQL_TENANT, text, NULL, &number_schema };
	struct err    e = { 0 };
	struct number row;
	struct db    *db = server_db(p, t->schema_name);

	assert_ok(db_one(db, p, &q, NULL, &row, &e));
	db_close(db);
	talloc_free(db);
	return row.n;
}
