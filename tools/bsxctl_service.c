/* The account of the services: who it is, and that it owns what it needs. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/auth/keys_from.h"
#include "tools/bsxctl.h"

#define GROUPS_MAX 64

/* ---- who ---- */

static bool
take(struct ctl *c, const struct passwd *pw, struct service *s, struct err *e)
{
	*s = (struct service) { .name = talloc_strdup(c->mem, pw->pw_name),
		.uid = pw->pw_uid,
		.gid = pw->pw_gid,
		.self = pw->pw_uid == geteuid() };
	return s->name != NULL || err_memory(e);
}

/* An ordinary user has nothing to give away: the services are theirs. */
static bool
take_self(struct ctl *c, const char *asked, struct service *s, struct err *e)
{
	const struct passwd *pw = getpwuid(geteuid());

	*s = (struct service) { .name = "?", .uid = geteuid(), .gid = getegid(), .self = true };
	if (pw != NULL && !take(c, pw, s, e))
		return false;
	return asked == NULL || strcmp(asked, s->name) == 0 ||
	       err_set(e, ERR_FORBIDDEN, 0,
		   "Only root can give files to another account: run it as root.", "--owner %s",
		   ctl_text(c, asked));
}

bool
service_find(struct ctl *c, const char *asked, struct service *s, struct err *e)
{
	const char          *name = asked != NULL ? asked : c->conf->user;
	const struct passwd *pw;

	if (geteuid() != 0)
		return take_self(c, asked, s, e);
	pw = getpwnam(name);
	if (pw == NULL)
		return err_set(e, ERR_INVALID, 0,
		    "The account of the services is not on this system: systemd-sysusers makes "
		    "it, or name another one by \"user\" in the configuration.",
		    "no account %s", ctl_text(c, name));
	return take(c, pw, s, e);
}

/* ---- the state folder ---- */

static bool
is_ours(const struct conf *conf, const char *name)
{
	const char *slash = strrchr(conf->keyring, '/');
	const char *keyring = slash == NULL ? conf->keyring : slash + 1;

	return strcmp(name, ".") == 0 || strcmp(name, "..") == 0 ||
	       strcmp(name, "lost+found") == 0 || strncmp(name, "segment", 7) == 0 ||
	       strncmp(name, keyring, strlen(keyring)) == 0;
}

/* A folder that holds other things was named by mistake: "/var/lib" must not change hands. */
static bool
holds_only(int fd, const struct conf *conf)
{
	int                  copy = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR                 *d = copy >= 0 ? fdopendir(copy) : NULL;
	const struct dirent *entry;
	bool                 ours = d != NULL;

	if (d == NULL && copy >= 0)
		close(copy);
	while (ours && (entry = readdir(d)) != NULL)
		ours = conf != NULL ? is_ours(conf, entry->d_name)
				    : strspn(entry->d_name, ".") == strlen(entry->d_name);
	if (d != NULL)
		closedir(d);
	return ours;
}

static bool
is_empty(int fd)
{
	return holds_only(fd, NULL);
}

static bool
state_failed(const char *dir, const char *what, struct err *e)
{
	return err_set(e, ERR_INTERNAL, errno, what, "%s: %s", dir, strerror(errno));
}

static bool
repair_state(struct ctl *c, int fd, const struct stat *st, const struct service *s, struct err *e)
{
	const char *dir = c->conf->state_dir;
	bool        strange = st->st_uid != s->uid;
	mode_t      mode = strange ? 0700 : ((st->st_mode & 07777) | 0700) & ~(mode_t)022;

	if (!strange && mode == (st->st_mode & 07777))
		return true;
	if (strange && !holds_only(fd, c->conf))
		return err_set(e, ERR_CONFLICT, 0,
		    "The state folder (state_dir) belongs to another account and holds other "
		    "things: "
		    "give BlindSpotX a folder of its own.",
		    "%s", dir);
	if (strange && fchown(fd, s->uid, s->gid) != 0)
		return state_failed(dir,
		    "The state folder (state_dir) belongs to another account: run it as root.", e);
	if (fchmod(fd, mode) != 0)
		return state_failed(dir, "The state folder (state_dir) cannot be changed.", e);
	ctl_say("repaired: %s belongs to %s, mode %04o", dir, s->name, (unsigned)mode);
	return true;
}

bool
service_state(struct ctl *c, const struct service *s, struct err *e)
{
	const char *dir = c->conf->state_dir;
	bool        made = mkdir(dir, 0700) == 0;
	int         fd = made || errno == EEXIST
			     ? open(dir, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
			     : -1;
	struct stat st;
	bool        ok;

	if (fd < 0)
		return state_failed(
		    dir, "The state folder (state_dir) can be neither made nor opened.", e);
	if (fstat(fd, &st) != 0)
		ok = state_failed(dir, "The state folder (state_dir) cannot be examined.", e);
	else if (made)
		ok = fchown(fd, s->uid, s->gid) == 0 ||
		     state_failed(dir, "The state folder (state_dir) cannot be given away.", e);
	else
		ok = repair_state(c, fd, &st, s, e);
	close(fd);
	return ok;
}

/* ---- files ---- */

enum keep {
	KEEP_SECRET, /* the service's alone */
	KEEP_LOG,    /* the service writes it; its group is for those who read logs */
	KEEP_TOLD,   /* a secret that the operator wrote: the service may read, others nothing */
	KEEP_READ,   /* the service may read */
};

struct rights_of_file {
	uid_t  uid;
	gid_t  gid;
	mode_t mode;
};

static bool
is_member(const struct service *s, gid_t gid)
{
	gid_t groups[GROUPS_MAX];
	int   n = GROUPS_MAX;

	if (getgrouplist(s->name, s->gid, groups, &n) < 0)
		n = GROUPS_MAX;
	for (int i = 0; i < n; i++)
		if (groups[i] == gid)
			return true;
	return false;
}

static bool
can_read(const struct service *s, const struct stat *st)
{
	if (st->st_uid == s->uid)
		return (st->st_mode & 0400) != 0;
	if (is_member(s, st->st_gid))
		return (st->st_mode & 0040) != 0;
	return (st->st_mode & 0004) != 0 || s->uid == 0;
}

static struct rights_of_file
rights_wanted(const struct service *s, enum keep how, const struct stat *st)
{
	struct rights_of_file is = { st->st_uid, st->st_gid, st->st_mode & 07777 };
	bool                  told = (st->st_mode & 007) == 0 || how == KEEP_READ;

	if (how == KEEP_SECRET)
		return (struct rights_of_file) { s->uid, s->gid, 0600 };
	if (how == KEEP_LOG)
		return (struct rights_of_file) { s->uid, st->st_gid, (is.mode | 0600) & 0664 };
	if (can_read(s, st) && told)
		return is;
	return (struct rights_of_file) { st->st_uid, s->gid, 0640 };
}

static bool
set_rights(const char *path, int fd, const struct service *s, enum keep how, struct err *e)
{
	struct rights_of_file want;
	struct stat           st;

	if (fstat(fd, &st) != 0)
		return err_set(e, ERR_INTERNAL, errno, "A file cannot be examined.", "%s: %s", path,
		    strerror(errno));
	want = rights_wanted(s, how, &st);
	if (S_ISREG(st.st_mode) && st.st_uid == want.uid && st.st_gid == want.gid &&
	    (st.st_mode & 07777) == want.mode)
		return true;
	if (!S_ISREG(st.st_mode) && how != KEEP_SECRET)
		return true; /* a log may be a terminal */
	/* The folder is the service's: what stands there under our name need not be our file. */
	if (!S_ISREG(st.st_mode) || st.st_nlink != 1)
		return err_set(e, ERR_CONFLICT, 0,
		    "A file of the installation is no plain file, or has a second name: "
		    "look what it is, and remove it.",
		    "%s", path);
	if (fchmod(fd, st.st_mode & want.mode) != 0 || fchown(fd, want.uid, want.gid) != 0 ||
	    fchmod(fd, want.mode) != 0)
		return err_set(e, ERR_FORBIDDEN, errno,
		    "A file belongs to another account: run it as root.", "%s: %s", path,
		    strerror(errno));
	ctl_say("repaired: %s is for %s, mode %04o (was %04o)", path, s->name, (unsigned)want.mode,
	    (unsigned)st.st_mode & 07777);
	if (how == KEEP_SECRET && (st.st_mode & 0044) != 0)
		ctl_say("note  others could read %s until now", path);
	return true;
}

static bool
keep_file(const char *path, const struct service *s, enum keep how, struct err *e)
{
	int  fd;
	bool ok;

	if (path == NULL)
		return err_memory(e);
	if (*path != '/')
		return true;
	fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT || how != KEEP_SECRET ||
		       err_set(e, ERR_INTERNAL, errno, "A file cannot be opened.", "%s: %s", path,
			   strerror(errno));
	ok = set_rights(path, fd, s, how, e);
	close(fd);
	return ok;
}

/* The folder of a log file, that the service may make the file again after a turn. */
static bool
make_log_folder(struct ctl *c, const struct service *s, struct err *e)
{
	const char *slash = strrchr(c->conf->log_target, '/');
	char       *dir;
	int         fd;
	bool        ok;

	if (slash == NULL || slash == c->conf->log_target)
		return true;
	dir = talloc_strndup(c->mem, c->conf->log_target, (size_t)(slash - c->conf->log_target));
	if (dir == NULL)
		return err_memory(e);
	if (mkdir(dir, 0750) != 0)
		return errno == EEXIST ||
		       err_set(e, ERR_INTERNAL, errno, "The folder of log.target cannot be made.",
			   "%s: %s", dir, strerror(errno));
	/* what was made, not what stands there now: the folder above it may be another account's */
	fd = open(dir, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	ok = (fd >= 0 && is_empty(fd) && fchown(fd, s->uid, s->gid) == 0) ||
	     err_set(e, ERR_INTERNAL, errno, "The folder of log.target cannot be given away.",
		 "%s: %s", dir, strerror(errno));
	if (fd >= 0)
		close(fd);
	return ok;
}

bool
service_files(struct ctl *c, const struct service *s, struct err *e)
{
	static const char *const parts[] = { "segment", "segment.lock", "segment.new" };
	const struct conf       *conf = c->conf;

	for (size_t i = 0; i < sizeof(parts) / sizeof(*parts); i++)
		if (!keep_file(talloc_asprintf(c->mem, "%s/%s", conf->state_dir, parts[i]), s,
			KEEP_SECRET, e))
			return false;
	if (keys_are_ours(conf) && !keep_file(conf->keyring, s, KEEP_SECRET, e))
		return false;
	if (geteuid() != 0)
		return true; /* what others own is theirs to give */
	return make_log_folder(c, s, e) && keep_file(conf->log_target, s, KEEP_LOG, e) &&
	       keep_file(conf->db_password_file, s, KEEP_TOLD, e) &&
	       keep_file(conf->smtp_password_file, s, KEEP_TOLD, e) &&
	       keep_file(c->conf_path, s, KEEP_READ, e);
}
