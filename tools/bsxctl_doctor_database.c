/* What this process finds in the database: the server, the schemas, and what accounts may do. */
#include <string.h>
#include <unistd.h>

#include "core/store/identity/audit_rows.h"
#include "core/store/identity/audit_tree_rows.h"
#include "core/store/identity/keys.h"
#include "core/store/server/inspect.h"
#include "core/store/server/placement.h"
#include "core/store/server/pool.h"
#include "core/store/server/rights.h"
#include "tools/bsxctl_doctor.h"

#define PACKET_LEAST (4 * 1024 * 1024)
#define EACH_WORKER  1 /* control connection, beside the tenants' */

/* ---- accounts ---- */

static const char *
why_denied(const struct conf *c)
{
	if (*c->db_host != '\0' && strcmp(c->db_account_host, "localhost") == 0)
		return "db.host is reached by TCP, and db.account_host \"localhost\" need not fit: "
		       "set it "
		       "to \"%\" or to this network, and run bsxctl init";
	if (*c->db_password_file != '\0')
		return "the password in db.password_file is not the account's: bsxctl init sets it";
	return "is the keyring the one that bsxctl init was run with? else run it again";
}

/* The server takes the account with the host that fits best: one of another name may stand before
 * ours. */
static bool
is_account(const struct conf *c, const char *user, const char *account)
{
	size_t n = strlen(user);

	return strncmp(account, user, n) == 0 && account[n] == '@' &&
	       strcmp(account + n + 1, c->db_account_host) == 0;
}

static bool
look_at_rights(struct findings *f, struct db *db, const char *user, const struct rights_due *due,
    struct rights *r)
{
	const struct conf *c = f->c->conf;
	struct err         e = { 0 };
	int                before = f->bad;

	if (!rights_look(db, f->c->mem, due, r, &e)) {
		finding(f, false, "database account %s: %s (%s); %s", user, e.pub,
		    ctl_text(f->c, e.detail),
		    rights_refused(&e) ? why_denied(c) : "see the server's log");
		return false;
	}
	if (!is_account(c, user, r->account))
		finding(f, false,
		    "the database takes %s for %s, and not for the account at db.account_host "
		    "\"%s\": "
		    "drop the other one, or set db.account_host",
		    user, r->account, c->db_account_host);
	if (*r->missing != '\0')
		finding(f, false, "database account %s lacks %s: run bsxctl migrate", r->account,
		    r->missing);
	if (*r->excess != '\0')
		finding(f, false,
		    "database account %s may do too much: %s; bsxctl migrate takes it back, and "
		    "what comes by a role or PUBLIC must be revoked there",
		    r->account, r->excess);
	return f->bad == before;
}

static void
look_at_service_account(struct findings *f)
{
	const struct conf *c = f->c->conf;
	struct rights_due  due = { .schema = c->db_control, .execute = true };
	struct rights      r;

	if (look_at_rights(f, database_control(f->c->d), c->db_user, &due, &r))
		finding(f, true, "database account %s: what it should be able to do, and no more",
		    r.account);
}

/* Tries to enter as an account that makes accounts. */
static bool
may_enter(struct findings *f, const char *user, const char *password_file)
{
	struct conf as = *f->c->conf;
	struct err  e = { 0 };
	struct db  *db;
	bool        yes = false;
	char       *account;

	as.db_provision_user = user;
	as.db_provision_password_file = password_file;
	db = provision_db(f->c->mem, &as, &clock_system, NULL, &e);
	yes = db != NULL && rights_to_provision(db, f->c->mem, &yes, &account, &e) && yes;
	if (db != NULL)
		db_close(db);
	talloc_free(db);
	return yes;
}

/* The services need none of it; where one account does everything, that is said and left. */
static void
look_at_reach(struct findings *f)
{
	const struct conf *c = f->c->conf;
	bool               own = may_enter(f, f->service->name, "");
	bool provisioner = may_enter(f, f->provisioner, c->db_provision_password_file);

	if (!own && !provisioner)
		finding(f, true, "the account %s cannot make accounts in the database",
		    f->service->name);
	else if (f->service->self)
		ctl_say(
		    "note  the account %s can make accounts in the database: give the services one "
		    "that cannot",
		    f->service->name);
	else
		finding(f, false,
		    "the account %s can enter the database as %s and make accounts: drop that "
		    "database "
		    "account, or take db.provision_password_file out of its reach",
		    f->service->name, own ? f->service->name : f->provisioner);
}

/* ---- server and schemas ---- */

static bool
look_at_server(struct findings *f)
{
	const struct conf *conf = f->c->conf;
	struct err         e = { 0 };
	struct server_info s;
	int64_t workers = conf->workers > 0 ? conf->workers : sysconf(_SC_NPROCESSORS_ONLN);
	int64_t need, kept;

	if (!server_inspect(database_control(f->c->d), f->c->mem, &s, &e)) {
		finding(f, false, "database: %s (%s)%s%s", e.pub, ctl_text(f->c, e.detail),
		    rights_refused(&e) ? "; " : "", rights_refused(&e) ? why_denied(conf) : "");
		return false;
	}
	workers = workers < 2 ? 2 : workers;
	need = workers * (conf->db_tenant_connections + EACH_WORKER) + conf->driftd_senders + 2;
	finding(f, s.major > 10 || (s.major == 10 && s.minor >= 11),
	    "MariaDB %s (10.11 or newer is needed)", ctl_text(f->c, s.version));
	finding(f, s.max_connections > need, "max_connections is %lld, this host may open %lld",
	    (long long)s.max_connections, (long long)need);
	kept = need * conf->rate_hosts * conf->db_kept_statements;
	finding(f, kept <= s.most_kept,
	    "connections of all hosts (rate.hosts: %lld) may keep %lld statements prepared, 7 in "
	    "10 of "
	    "max_prepared_stmt_count are %lld",
	    (long long)conf->rate_hosts, (long long)kept, (long long)s.most_kept);
	finding(f, s.max_allowed_packet >= PACKET_LEAST,
	    "max_allowed_packet is %lld, at least %d is needed", (long long)s.max_allowed_packet,
	    PACKET_LEAST);
	if (!s.flushes)
		ctl_say("note  innodb_flush_log_at_trx_commit is not 1: a power cut may lose the "
			"last second");
	if (*conf->db_host != '\0' && !s.tls)
		ctl_say("note  the connection to the database is not encrypted");
	return true;
}

static void
look_at_control(struct findings *f)
{
	struct err              e = { 0 };
	const struct token_key *active;

	if (!migrate_check(database_control(f->c->d), SQL_CONTROL, migrations, &e)) {
		finding_failed(f, "control schema", &e);
		return;
	}
	finding(f, true, "control schema: version %lld", (long long)migrate_newest(SQL_CONTROL));
	if (!db_verify(database_control(f->c->d), SQL_CONTROL, &e))
		finding_failed(f, "control schema", &e);
	err_clear(&e);
	if (signing_keys_load(f->c->d, f->c->mem, &active, &e) == NULL)
		finding_failed(f, "signing keys", &e);
	else
		finding(f, active != NULL, "signing key%s",
		    active == NULL ? ": none, run bsxctl init" : "");
}

static bool
unfinished(struct findings *f, const struct tenant *t)
{
	finding(f, false, "tenant %s was not finished: " TENANT_FINISH, t->slug, t->slug);
	return false;
}

/* The entries themselves are `bsxctl audit verify`'s. */
static bool
look_at_trail(struct findings *f, struct tenant_db *tdb)
{
	struct err        e = { 0 };
	struct audit_head head;
	struct audit_span before, after; /* deeds go on between the looks */
	const char       *slug = tdb->tenant->slug;
	uint64_t          proven; /* no entry behind it may be gone */
	bool              guarded;
	int               bad = f->bad;
	bool              lost = false;

	if (!audit_guarded(tdb, &guarded, &e) || !audit_span(tdb, &before, &e) ||
	    !(audit_head_read(tdb, f->c->mem, &head, &e) || (lost = err_take(&e, ERR_MISSING))) ||
	    !audit_span(tdb, &after, &e) || !audit_checkpointed(tdb, &proven, &e)) {
		finding_failed(f, slug, &e);
		return false;
	}
	if (!guarded)
		finding(f, false,
		    "tenant %s: the triggers that keep its audit trail from being changed are "
		    "missing: "
		    "find out who took them away, and run bsxctl migrate",
		    slug);
	if (lost || head.seq < before.last || head.seq > after.last || head.floor > proven)
		finding(f, false,
		    "tenant %s: its audit trail ends where its head in the control schema is not: "
		    "run bsxctl audit verify %s",
		    slug, slug);
	return f->bad == bad;
}

static bool
look_at_tenant(struct findings *f, const struct tenant *t)
{
	struct rights_due due = { .schema = t->schema_name };
	struct err        e = { 0 };
	struct tenant_db *tdb;
	struct rights     r;
	bool              has, right;

	if (strcmp(t->status, "provisioning") == 0)
		return unfinished(f, t);
	if (!tenant_stands(t)) /* it is being erased, and nothing of it is to be used */
		return true;
	if (tenant_db_open(f->c->d, t, true, &tdb, &e) &&
	    migrate_check(tdb->db, SQL_TENANT, migrations, &e) &&
	    db_verify(tdb->db, SQL_TENANT, &e) && tenant_has_users(tdb, &has, &e) &&
	    doctor_keys(f, tdb, &e)) {
		if (!has)
			return unfinished(f, t);
		right = conf_one_account(f->c->conf) ||
			look_at_rights(f, tdb->db, t->schema_name, &due, &r);
		return look_at_trail(f, tdb) && right; /* both are said */
	}
	finding(f, false, "tenant %s: %s (%s)", t->slug, e.pub, ctl_text(f->c, e.detail));
	return false;
}

static void
look_at_tenants(struct findings *f)
{
	struct err     e = { 0 };
	struct uuid    last = { 0 };
	struct tenant *list;
	size_t         n = TENANT_PAGE, good = 0, all = 0;

	while (n == TENANT_PAGE) {
		if (!tenant_list(f->c->d, f->c->mem, &last, &list, &n, &e)) {
			finding_failed(f, "tenants", &e);
			return;
		}
		for (size_t i = 0; i < n; i++) {
			good += look_at_tenant(f, &list[i]);
			last = list[i].id;
			database_tidy(f->c->d);
		}
		all += n;
	}
	finding(f, good == all, "tenants: %zu of %zu can be used", good, all);
}

/* What tenants to come can take. */
static void
look_at_places(struct findings *f)
{
	struct err             e = { 0 };
	struct placement_count now;
	struct pool_count      pool;

	if (!placement_count(f->c->d, &now, &e) || !pool_count(f->c->d, &pool, &e)) {
		finding_failed(f, "schemas", &e);
		return;
	}
	finding(f, true, "schemas: %lld ready for tenants to come, %lld empty",
	    (long long)pool.ready, (long long)now.empty);
}

void
doctor_database(struct findings *f)
{
	const struct conf *c = f->c->conf;

	if (conf_one_account(c))
		ctl_say("note  db.isolation is \"schema\": the account %s may do everything in all "
			"of its schemas, and "
			"what keeps tenants apart is this program alone",
		    c->db_user);
	if (*c->db_host == '\0' && access(c->db_socket, F_OK) != 0)
		finding(
		    f, false, "db.socket %s is not there: does the database run?", c->db_socket);
	if (!conf_one_account(c))
		look_at_reach(f);
	if (!look_at_server(f))
		return;
	if (conf_one_account(c))
		look_at_places(f);
	else
		look_at_service_account(f);
	look_at_control(f);
	look_at_tenants(f);
}
