#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/store/inspect.h"
#include "core/store/keys.h"
#include "tools/bsxctl.h"

#define PACKET_LEAST (4 * 1024 * 1024)
#define EACH_WORKER  1 /* control connection, beside the tenants' */

struct findings {
	struct ctl *c;
	int         bad;
};

static void __attribute__((format(printf, 3, 4)))
finding(struct findings *f, bool ok, const char *fmt, ...)
{
	va_list ap;

	fputs(ok ? "ok    " : "WRONG ", stdout);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	putchar('\n');
	fflush(stdout);
	f->bad += !ok;
}

static void
failed(struct findings *f, const char *what, const struct err *e)
{
	finding(f, false, "%s: %s (%s)", what, e->pub, ctl_text(f->c, e->detail));
}

static void
look_at_files(struct findings *f, const struct conf *conf)
{
	struct stat st;

	if (stat(conf->state_dir, &st) != 0 || !S_ISDIR(st.st_mode))
		finding(f, false, "state_dir %s is no folder: run bsxctl init", conf->state_dir);
	else if ((st.st_mode & 022) != 0)
		finding(f, false, "state_dir %s can be written by others: chmod go-w %s",
		    conf->state_dir, conf->state_dir);
	else
		finding(f, true, "state_dir %s", conf->state_dir);
	if (*conf->db_host == '\0' && access(conf->db_socket, F_OK) != 0)
		finding(
		    f, false, "db.socket %s is not there: does the database run?", conf->db_socket);
}

static void
look_at_server(struct findings *f, const struct conf *conf)
{
	struct err         e = { 0 };
	struct server_info s;
	int64_t workers = conf->workers > 0 ? conf->workers : sysconf(_SC_NPROCESSORS_ONLN);
	int64_t            need;

	if (!server_inspect(database_control(f->c->d), f->c->mem, &s, &e)) {
		failed(f, "database", &e);
		return;
	}
	workers = workers < 2 ? 2 : workers;
	need = workers * (conf->db_tenant_connections + EACH_WORKER) + conf->driftd_senders + 2;
	finding(f, s.major > 10 || (s.major == 10 && s.minor >= 11),
	    "MariaDB %s (10.11 or newer is needed)", ctl_text(f->c, s.version));
	finding(f, s.max_connections > need, "max_connections is %lld, this host may open %lld",
	    (long long)s.max_connections, (long long)need);
	finding(f, s.max_allowed_packet >= PACKET_LEAST,
	    "max_allowed_packet is %lld, at least %d is needed", (long long)s.max_allowed_packet,
	    PACKET_LEAST);
	if (!s.flushes)
		ctl_say("note  innodb_flush_log_at_trx_commit is not 1: a power cut may lose the "
			"last second");
	if (*conf->db_host != '\0' && !s.tls)
		ctl_say("note  the connection to the database is not encrypted");
}

static void
look_at_control(struct findings *f)
{
	struct err              e = { 0 };
	const struct token_key *active;

	if (!migrate_check(database_control(f->c->d), SQL_CONTROL, migrations, &e)) {
		failed(f, "control schema", &e);
		return;
	}
	finding(f, true, "control schema: version %lld", (long long)migrate_newest(SQL_CONTROL));
	if (!db_verify(database_control(f->c->d), SQL_CONTROL, &e))
		failed(f, "control schema", &e);
	err_clear(&e);
	if (signing_keys_load(f->c->d, f->c->mem, &active, &e) == NULL)
		failed(f, "signing keys", &e);
	else
		finding(f, active != NULL, "signing key%s",
		    active == NULL ? ": none, run bsxctl init" : "");
}

static bool
look_at_tenant(struct findings *f, const struct tenant *t)
{
	struct err        e = { 0 };
	struct tenant_db *tdb;

	if (strcmp(t->status, "provisioning") == 0) {
		finding(f, false, "tenant %s was not finished: run bsxctl tenant create again",
		    t->slug);
		return false;
	}
	if (tenant_db_open(f->c->d, t, true, &tdb, &e) &&
	    migrate_check(tdb->db, SQL_TENANT, migrations, &e) &&
	    db_verify(tdb->db, SQL_TENANT, &e))
		return true;
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
			failed(f, "tenants", &e);
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

int
cmd_doctor(struct ctl *c, int argc, char **argv)
{
	struct findings f = { .c = c };
	struct err      e = { 0 };

	(void)argv;
	if (argc != 1)
		return ctl_usage("doctor", false);
	if (!ctl_conf(c, &e))
		return ctl_failed(&e);
	finding(&f, true, "configuration %s", c->conf_path);
	look_at_files(&f, c->conf);
	if (!ctl_open(c, &e)) {
		failed(&f, "keyring and database settings", &e);
		return 1;
	}
	finding(
	    &f, true, "keyring %s, version %u", c->conf->keyring, keyring_newest(c->deps.keyring));
	look_at_server(&f, c->conf);
	look_at_control(&f);
	look_at_tenants(&f);
	if (f.bad > 0)
		ctl_say("%d wrong", f.bad);
	return f.bad == 0 ? 0 : 1;
}
