/*
 * view.h - what somebody gets to see of the values that are watched.
 *
 * Values are guarded by a permission of their own (read:snapshots), or by the word of a channel.
 * Whoever prints a change takes a view and asks it here: a printer without one does not compile, and
 * a view of zeroes shows nothing.
 *
 * Without values a change keeps where it is, what became of it, how severe it is and why; each value
 * is VIEW_WITHHELD, and so is what gives one away in other words: a step of a canonical path whose
 * label is made of a value ([#<hash>], [value="x"]), and a hash that whoever may compare documents of
 * their own could find again (value hashes, fingerprints over such a path, what shortened paths end
 * in).  Labels of the members that elements are known by (diff_identity) are names and stay, but for
 * `value` and `href`, and for what a config names as keys, which may be any member.
 */
#ifndef BSX_DRIFT_ENGINE_VIEW_H
#define BSX_DRIFT_ENGINE_VIEW_H

#include "core/base/buf.h"
#include "core/base/err.h"

#define VIEW_WITHHELD      "[withheld]"
#define VIEW_WITHHELD_JSON "\"" VIEW_WITHHELD "\""
#define VIEW_DOC           "; " VIEW_WITHHELD " without read:snapshots."

struct view {
	bool values;
	bool trail; /* and who does what in the product itself, which the audit trail guards (read:audit) */
};

/* A value as JSON text; p == NULL: there is none. */
struct str view_value(struct view v, struct str text);
/* A hash of values in hexadecimal. */
const char *view_hash(struct view v, const char *hex);

/*
 * A path or canonical path: *out is `text` itself, or a text with a NUL of `mem`'s.  *hidden (may be
 * NULL): something in it was withheld.
 */
MUST_USE bool view_path(TALLOC_CTX *mem, struct view v, struct str text, struct str *out,
    bool *hidden, struct err *e);

/* A path for people, and for what takes no U+0000: where a name in it holds one it says \u0000. */
char *view_zeros(TALLOC_CTX *mem, struct str path);

#endif
