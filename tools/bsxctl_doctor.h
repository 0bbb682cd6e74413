/*
 * bsxctl_doctor.h - what doctor's two halves share.
 *
 * The installation is looked at by the account of the services: what it can
 * read, write and reach is tried, not computed.  Root starts a process for that
 * which has given up being root, and adds what only root can tell.
 */
#ifndef BSX_TOOLS_BSXCTL_DOCTOR_H
#define BSX_TOOLS_BSXCTL_DOCTOR_H

#include "core/auth/keys_from.h"
#include "tools/bsxctl.h"

struct findings {
	struct ctl           *c;
	const struct service *service;
	const char           *provisioner; /* the database account that must not be within the services' reach */
	int                   bad;
};

/* One line: "ok" or "WRONG" and what to do. */
void finding(struct findings *f, bool ok, const char *fmt, ...) PRINTF(3, 4);
/* WRONG, by an error. */
void finding_failed(struct findings *f, const char *what, const struct err *e);

/* doctor_files.c: configuration, keyring, state folder and the like, as this process can use them. */
void doctor_files(struct findings *f);
/* doctor_programs.c: the responder's programs, which are started. */
void doctor_programs(struct findings *f);
/* doctor_web.c: the web server in front, if there is one. */
void doctor_web(struct findings *f);
/* doctor_database.c: server, schemas, accounts and their rights, after ctl_open(). */
void doctor_database(struct findings *f);
/* doctor_keys.c: notes of keys that were made before there were kinds, or whose maker is gone. */
MUST_USE bool doctor_keys(struct findings *f, struct tenant_db *tdb, struct err *e);

#endif
