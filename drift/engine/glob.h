/*
 * glob.h - globs: text in which `*` stands for any run of bytes; everything else is itself.
 *
 * One glob is held against a text in time linear in the text, whatever both are: the pieces between
 * the stars are each taken at their leftmost place.  For many globs on a long text there is a
 * matcher (matcher.h).
 */
#ifndef BSX_DRIFT_ENGINE_GLOB_H
#define BSX_DRIFT_ENGINE_GLOB_H

#include "core/json/json.h"

#define GLOB_TEXT_MAX 256  /* bytes of a glob */
#define GLOBS_MAX     1000 /* of one list */

struct glob {
	struct str text;
	bool       fold;       /* ASCII case folding */
	uint32_t   stars;      /* 0: the text itself */
	uint32_t   head, tail; /* bytes before the first and behind the last `*` */
};
struct glob glob_make(struct str text, bool fold);
bool        glob_match(const struct glob *g, struct str s);
/* The ends alone: false: it does not match.  What is left between them is the pieces'. */
bool        glob_match_ends(const struct glob *g, struct str s);
/* What stands between the first and the last star, empty where there are fewer than two. */
struct str  glob_inner(const struct glob *g);

/* A list of globs, all folded or none; an empty list matches nothing. */
struct globs {
	struct glob *items;
	size_t       n;
};
/* From a JSON string or array of strings (1..1000). Faults are added at `pointer`. */
MUST_USE bool globs_compile(TALLOC_CTX *mem, const struct json *v, bool fold, const char *pointer,
    struct globs *out, struct err *e);
bool globs_match(const struct globs *g, struct str s);

/* One letter as it is compared when case is folded: ASCII only, whatever the locale. */
static inline char
glob_lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}
/* Are n bytes the same; where is the leftmost place of `what` in s (NULL: nowhere).  Linear. */
bool        text_same(bool fold, const char *a, const char *b, size_t n);
const char *text_find(bool fold, struct str s, struct str what);

#endif
