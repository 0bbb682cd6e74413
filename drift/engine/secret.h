/*
 * secret.h - what passes for a secret by its name or by its content: for the files of this room only.
 *
 * Names are folded: lower case, without `_`, `-`, `.` and blanks.  A name is that of a secret when it
 * ends with one of a list of words ("clientSecret", "API_TOKEN", "wifi.pre-shared-key"), plurals too;
 * what ends with nexttoken, pagetoken or continuetoken leads to the next page and is none.
 *
 * Contents, wherever in a text they stand:
 *   a private key in PEM                   from BEGIN to END
 *   scheme://user:password@                the password
 *   Password=..., AccountKey=...           the value, where the name before `=` is that of a secret; a `;` ends it where
 *                                          another name or nothing follows
 *   "password": "...", 'password' => '...' the value in quotes, or a list of such, wherever they stand
 *   password: ...                          the rest of a line, of quotes or of braces that begin so, with the lines
 *                                          further in that go on with it or are its block; within a sentence nothing
 *   <password>...</password>, <x key="password" value="...">, --password ..., -Password ...     the value
 *   ?sig=..., &sig=..., &amp;sig=...       the value
 *   a JWT, a crypt(3) or Argon2 hash       all of it
 *   AKIA ghp_ github_pat_ xox[abp]- sk_live_ glpat-   with what follows
 *   Bearer ..., Basic ...                  what follows, where it is no ordinary word
 * One pass over the text, whatever it holds; of most bytes no more than one look in a table.  What is hidden is
 * rather more than less where a text can be read in two ways.
 *
 * Texts that say that there is no secret, or how it comes to be, are left alone (secret_is_none): empty
 * text, "true", "none", "required" ... and "[masked]" or "[masked:<name>]", which was one.
 */
#ifndef BSX_DRIFT_ENGINE_SECRET_H
#define BSX_DRIFT_ENGINE_SECRET_H

#include "core/base/str.h"

enum secret_name {
	SECRET_NAME_NONE,
	SECRET_NAME_WHOLE,      /* all of its value is secret */
	SECRET_NAME_CONNECTION, /* a connection string: the secrets in it are, or where there are none, all */
};
enum secret_name secret_name(struct str name);

/* A word of a command, "--password" or "-password", whose value is the next word: without `=`, and no single letter,
 * which means what the command likes. */
bool secret_option(struct str word);

bool secret_is_none(struct str text);

struct secret_part {
	size_t from, to; /* bytes of the text */
};

/* The next secret at `from` or behind it, where the last one ended; false: there is none. */
bool secret_next(struct str text, size_t from, struct secret_part *out);

#endif
