/*
 * cgi.h - plain CGI (RFC 3875): one request from standard input, standard
 * output and the environment, through the same pass.
 */
#ifndef BSX_FCGI_CGI_H
#define BSX_FCGI_CGI_H

#include "core/web/request.h"

/* The environment is that of a CGI program. */
bool cgi_wanted(void);

/*
 * What must not be fetched with a browser: the configuration, the keyring and
 * the state directory.  An error names the one that lies inside the web
 * server's document root.  Before any of them is opened.
 */
MUST_USE bool cgi_check_places(const char *conf_path, struct err *e);

/* Answers the request. */
void cgi_serve(struct app *app);

/* When there is no app to answer with: a problem with status 503, and no word of why. */
void cgi_refuse(void);

#endif
