/*
 * bsxctl_source.h - what the files of `bsxctl source` share.
 */
#ifndef BSX_TOOLS_BSXCTL_SOURCE_H
#define BSX_TOOLS_BSXCTL_SOURCE_H

#include "drift/collect/drive.h"
#include "drift/run/run_progress.h"
#include "tools/bsxctl.h"

/* The members of a source pack, as mdoc(7). */
void source_man(struct buf *b);

/* Says what is wrong with a pack's file; 0: nothing is. */
int source_check_file(struct ctl *c, const char *path);
/* What a pack's file must call itself. */
const char *source_name_of(struct ctl *c, const char *path);

/* ---- trying ---- */

#define SOURCE_PARAMS_MAX 30

/* `source try`, as it was typed. */
struct source_try {
	const char *what; /* a pack's name, the path of its file (it has a / or ends with .json), or a config's id */
	const char *params[SOURCE_PARAMS_MAX]; /* NAME=VALUE */
	size_t      params_n;
	const char *credential; /* the file of source.credential; -: standard input; NULL: none */
	const char *record;     /* a folder for what is answered; NULL: nothing is kept */
	const char *tenant;     /* whose config it is; NULL: it is looked for */
};

/* "NAME":VALUE of NAME=VALUE. */
void source_put_parameter(struct buf *b, const char *text);
/* source.credential as JSON, of that file; -: standard input.  ERR_INVALID: there is none, or everybody can read it. */
MUST_USE bool source_read_credential(struct ctl *c, const char *path, struct str *out, struct err *e);

/* A pack, read here and now, without a database; nothing is stored but the record.  All return the exit status. */
int source_try_pack(struct ctl *c, const struct source_try *in);
/* A config, by the collectors: the same run as of POST /api/drift/configs/{id}/try, and what came of it. */
int source_try_config(struct ctl *c, const struct source_try *in, const struct uuid *config);

/* How far it is, a line on standard error where that is another than the last. */
void source_tell(struct ctl *c, const struct run_progress *p);
/* What came of each collection, and all together.  True: all of it was read completely. */
bool source_table(struct ctl *c, const struct run_progress *p);

/*
 * What is answered, kept in a new folder as 0001.json, 0002.json ...: {method, url, status, headers, body}, as fixtures
 * of tests.  Secrets are masked: those of source.credential and of header fields wherever they stand, as they are, as JSON, URLs or base64 write them, what is one by its name or its content
 * as a config masks it, and of an answer with a token all of it.  Of a request nothing but method and URL is kept.
 */
struct source_record;
/* The folder must not be there.  `secret`: the credential as JSON; of `parameters` (NULL: none) header fields are secret too. */
MUST_USE struct source_record *source_record_make(struct ctl *c, const char *folder,
    struct str secret, const struct json *parameters, struct err *e);
struct drive_watch source_record_watch(struct source_record *r);
/* False: not all could be kept; *e says what came in between. */
MUST_USE bool source_record_end(const struct source_record *r, struct err *e);

#endif
