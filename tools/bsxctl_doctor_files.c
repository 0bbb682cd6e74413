/* What this process can do with the installation's files: each is really opened. */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <libgen.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tools/bsxctl_doctor.h"

#define REPAIR "bsxctl init, run as root, repairs it"

static void
look_at_conf(struct findings *f)
{
	struct ctl  again = { .mem = f->c->mem, .conf_path = f->c->conf_path };
	struct err  e = { 0 };
	const char *path = f->c->conf_path;

	if (access(path, R_OK) != 0)
		finding(f, false,
		    "configuration %s cannot be read by %s: " REPAIR
		    ", its folders must be open to all",
		    path, f->service->name);
	else if (!ctl_conf(&again, &e))
		finding_failed(f, "configuration", &e);
	else if (!f->service->self && access(path, W_OK) == 0)
		finding(f, false, "configuration %s can be changed by %s: give it to root", path,
		    f->service->name);
	else
		finding(f, true, "configuration %s", path);
}

static void
look_at_keyring(struct findings *f)
{
	struct err      e = { 0 };
	const char     *kind = keys_kind(f->c->conf);
	struct keyring *k = keys_open(f->c->mem, f->c->conf, geteuid(), &e);

	if (k == NULL && keys_are_ours(f->c->conf))
		finding(f, false, "%s: " REPAIR, ctl_text(f->c, e.detail));
	else if (k == NULL)
		finding(f, false, "%s", ctl_text(f->c, e.detail));
	else if (keyring_is_run(k))
		finding(f, true, "keyring from %s, version %u", ctl_text(f->c, keyring_name(k)),
		    keyring_newest(k));
	else
		finding(f, true, "keyring %s%s%s, version %u",
		    keys_are_ours(f->c->conf) ? "" : kind, keys_are_ours(f->c->conf) ? "" : " ",
		    ctl_text(f->c, keyring_name(k)), keyring_newest(k));
	talloc_free(k);
}

static void
look_at_state(struct findings *f)
{
	const char *dir = f->c->conf->state_dir;
	struct stat st;

	if (stat(dir, &st) != 0 || !S_ISDIR(st.st_mode))
		finding(f, false, "state_dir %s is no folder, or out of reach: " REPAIR, dir);
	else if ((st.st_mode & 022) != 0)
		finding(f, false, "state_dir %s can be written by others: " REPAIR, dir);
	else if (access(dir, R_OK | W_OK | X_OK) != 0)
		finding(
		    f, false, "state_dir %s cannot be used by %s: " REPAIR, dir, f->service->name);
	else
		finding(f, true, "state_dir %s", dir);
}

/* What another account has left there stops the programs. */
static void
look_at_segment(struct findings *f, const char *name)
{
	char *path = talloc_asprintf(f->c->mem, "%s/%s", f->c->conf->state_dir, name);
	int   fd = path == NULL ? -1 : open(path, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	struct stat st;

	if (fd < 0 && (path == NULL || errno == ENOENT))
		return;
	if (fd < 0 || fstat(fd, &st) != 0 || st.st_uid != geteuid() || (st.st_mode & 077) != 0)
		finding(f, false, "%s is not %s's alone: " REPAIR, path, f->service->name);
	if (fd >= 0)
		close(fd);
}

static void
look_at_log(struct findings *f)
{
	const char *path = f->c->conf->log_target;
	char       *copy = talloc_strdup(f->c->mem, path);
	int         fd;

	if (*path != '/' || copy == NULL)
		return;
	fd = open(path, O_WRONLY | O_APPEND | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd >= 0)
		close(fd);
	else if (errno != ENOENT || access(dirname(copy), W_OK | X_OK) != 0)
		finding(f, false,
		    "log.target %s cannot be written by %s: " REPAIR
		    ", or name a file in a folder of that account",
		    path, f->service->name);
	if (fd >= 0 || errno == ENOENT)
		finding(f, true, "log.target %s", path);
}

/* One that is set must be readable, and for nobody else when it holds a secret. */
static void
look_at_readable(struct findings *f, const char *key, const char *path, bool secret)
{
	struct stat st;

	if (*path == '\0')
		return;
	if (access(path, R_OK) != 0)
		finding(f, false, "%s %s cannot be read by %s: %s", key, path, f->service->name,
		    secret ? REPAIR : strerror(errno));
	else if (secret && stat(path, &st) == 0 && (st.st_mode & 007) != 0)
		finding(f, false, "%s %s can be read by others: " REPAIR, key, path);
	else
		finding(f, true, "%s %s", key, path);
}

/* Whoever can connect can claim any address and any header. */
static void
look_at_socket(struct findings *f)
{
	const char         *path = f->c->conf->socket;
	const struct group *g;
	struct stat         st;

	if (strchr(path, '/') == NULL)
		finding(f, !f->c->conf->socket_remote,
		    "listen.socket %s is TCP%s: whoever reaches it can claim any client address",
		    path,
		    f->c->conf->socket_remote ? ", and listen.remote opens it to other machines"
					      : "");
	if (*path != '/')
		return;
	if (stat(path, &st) != 0 || !S_ISSOCK(st.st_mode)) {
		ctl_say("note  listen.socket %s is not there: the responder does not run", path);
		return;
	}
	g = getgrgid(st.st_gid);
	finding(f, (st.st_mode & 002) == 0,
	    "listen.socket %s: the web server must be in the group %s%s", path,
	    g == NULL ? "?" : g->gr_name,
	    (st.st_mode & 002) != 0 ? "; everybody else can connect too: chmod o-w it" : "");
}

void
doctor_files(struct findings *f)
{
	const struct conf *c = f->c->conf;

	look_at_conf(f);
	look_at_state(f);
	look_at_keyring(f);
	look_at_segment(f, "segment");
	look_at_segment(f, "segment.lock");
	look_at_segment(f, "segment.new");
	look_at_log(f);
	look_at_readable(f, "db.password_file", c->db_password_file, true);
	look_at_readable(f, "db.tls_ca", c->db_tls_ca, false);
	look_at_readable(f, "smtp.password_file", c->smtp_password_file, true);
	look_at_readable(f, "smtp.tls_ca", c->smtp_tls_ca, false);
	look_at_readable(f, "rules_dir", c->rules_dir, false);
	look_at_readable(f, "sources_dir", c->sources_dir, false);
	look_at_socket(f);
}
