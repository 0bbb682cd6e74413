/*
 * conf_file.h - the text of a configuration file, before libconfig sees it, and
 * how a fault of it is told.  For conf.c only.
 */
#ifndef BSX_CONF_CONF_FILE_H
#define BSX_CONF_CONF_FILE_H

#include "core/conf/conf.h"

struct conf_loader {
	TALLOC_CTX  *mem; /* until the load ends */
	const char  *path;
	struct conf *conf;
	struct err  *e;
};

/* Always false: "FILE:LINE: what", without the line when it is 0. */
bool conf_refuse(struct conf_loader *l, unsigned line, const char *fmt, ...) PRINTF(3, 4);

/* A regular file that not everybody may write to, without what libconfig would read wrong. */
MUST_USE bool conf_file_text(struct conf_loader *l, char **text);

#endif
