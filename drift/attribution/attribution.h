/*
 * attribution.h - who has made a change: entries of a log, held against changes.  Pure: no clock, no database.
 *
 *	entries   made of what a log has (attribution_entries) or of a trail of our own (drift/self/self_trail.h)
 *	match     which of them are about a change, and how sure that is
 *	print     what is kept of it, and shown
 *
 * An entry is about a change where the ids of the resource's key stand among its targets: all of them where the key has
 * several; or where its activity is about the category (source_attribution.h).  Of these, those count that have an id of
 * the changed element too, if any do; and of those the ones that set this property to this value, if any do: then it is
 * known exactly.  Ids are compared in any case, and nothing else is: names are what whoever makes a thing calls it.
 * Values are compared as the config's normalisers leave both, texts in any case, lists in any order; a value that is
 * masked or cut short is never known exactly.
 *
 * All texts of an entry are somebody else's: they are cleaned (unicode_clean) and cut, and every sink escapes them.
 */
#ifndef BSX_DRIFT_ATTRIBUTION_ATTRIBUTION_H
#define BSX_DRIFT_ATTRIBUTION_ATTRIBUTION_H

#include "drift/engine/diff.h"
#include "drift/engine/view.h"
#include "drift/source/source_attribution.h"

#define ATTRIBUTION_ACTORS_MAX  10
#define ATTRIBUTION_TARGETS_MAX 64  /* of an entry; further ones are not looked at */
#define ATTRIBUTION_VALUES_MAX  64  /* properties of an entry */
#define ATTRIBUTION_CHANGES_MAX 1000 /* of a report are asked about */
#define ATTRIBUTION_NODES_MAX   4000 /* values of a property; one of more is not known exactly */
#define ATTRIBUTION_UNFOLD_MAX  65536 /* bytes of a text that is looked into */
#define ATTRIBUTION_LOG_NODES   2000000 /* values that stand in such texts of a log; further ones are not looked into */
#define ATTRIBUTION_TEXT_MAX    8192 /* bytes of what is kept of a change */

/* How sure it is, the least first. */
#define CONFIDENCES(X)                                                                             \
	X(CONFIDENCE_NONE, "none")                                                                 \
	X(CONFIDENCE_PENDING, "pending") /* nobody is known yet */                                 \
	X(CONFIDENCE_OBJECT, "object")                                                             \
	X(CONFIDENCE_EXACT, "exact")
#define X(id, wire) id,
enum confidence { CONFIDENCES(X) CONFIDENCE__MAX };
#undef X
const char *confidence_name(enum confidence c);

struct attribution_actor_row {
	const char *kind; /* "user", "app", "api_key", "system" */
	const char *id, *name, *address; /* NULL: not known */
	instant     at;
	const char *activity, *correlation_id;
};

struct attribution_property {
	const char        *name;
	const struct json *old_value, *new_value; /* NULL: not told */
};
struct attribution_entry {
	struct attribution_actor_row who;
	struct str                   id; /* of the document it was made of; n 0: it has none */
	struct str                  *targets; /* folded, by their bytes */
	size_t                       targets_n;
	struct attribution_property *properties;
	size_t                       properties_n;
	const struct attribution_activity *about; /* NULL: it does not say so by its name */
	struct str                        *keys;  /* then: what stands at its targets, folded */
	size_t                             keys_n;
};
struct attribution_log {
	struct attribution_entry *entries; /* the newest first */
	size_t                    n;
	bool                      own; /* it is our own trail: who reads of it needs read:audit */
};

/* Entries of a log as it was read, children of `mem`; the documents outlive them.  What is no entry is left out. */
MUST_USE bool attribution_entries(TALLOC_CTX *mem, const struct source_attribution *a,
    const struct resource *documents, size_t n, struct attribution_log *out, struct err *e);
/* By their time. */
void attribution_sort(struct attribution_log *log);
/* What ids are compared as; NULL: memory. */
char *attribution_fold(TALLOC_CTX *mem, struct str id);

/* What is asked about; the values are JSON texts as people see them. */
struct attribution_change {
	struct str     category, key, path, canonical_path;
	enum change_op op;
	struct str     old_text, new_text; /* p NULL: none */
	bool           cut;                /* one of them is too long */
	instant        since, until;       /* entries from then to then count */
};
struct attribution {
	enum confidence               confidence;
	struct attribution_actor_row *actors; /* the newest first; each who has a part in it before a second time of one */
	size_t                        n;
	int64_t                       more; /* further ones, that are not among them */
	bool                          own;  /* of our own trail */
	bool                          quotes; /* one of their texts stands in the values */
};
/* `spec`: how the config compares. */
struct attribution_by {
	const struct attribution_log *log;
	const struct compare_spec    *spec;
	struct work                  *work;
};
/* ERR_TOO_COSTLY: the budget is spent, which is by->work's own and nobody else's: nothing more is known. */
MUST_USE bool attribution_match(TALLOC_CTX *mem, const struct attribution_by *by,
    const struct attribution_change *c, struct attribution *out, struct err *e);

/* Does the entry set the property of the change to its value? */
MUST_USE bool attribution_sets(const struct attribution_by *by, const struct attribution_entry *x,
    const struct attribution_change *c, bool *yes, struct err *e);

/* ---- attribution_text.c: as it is kept ---- */

/* {confidence, actors, more?, quotes?, own?}, at most ATTRIBUTION_TEXT_MAX bytes; a child of `mem`. */
MUST_USE bool attribution_print(
    TALLOC_CTX *mem, const struct attribution *a, const char **out, struct err *e);
/* Of one that has no actor. */
const char *attribution_bare(enum confidence c);
/* How sure a kept one is; one that is of another form (a push names its actor) is none. */
enum confidence attribution_confidence(TALLOC_CTX *mem, const char *kept);
/*
 * Who has made several changes, as one: `n` texts as they are kept, `before` what was said of others.  Each actor once,
 * with what it did last, the newest first.  As sure as the least sure of these that has an actor; where none has, as
 * `before` where that has one, else pending where one is.  *out NULL: nobody was asked.
 */
struct attribution_texts {
	const char *const *items; /* NULL among them: nobody was asked */
	size_t             n;
};
MUST_USE bool attribution_merge(TALLOC_CTX *mem, const char *before,
    const struct attribution_texts *of, const char **out, struct err *e);
/* What is kept, again; of another form: none, without actors.  Its texts are children of `mem`. */
void attribution_read(TALLOC_CTX *mem, const char *kept, struct attribution *out);
/* One more, of as many places as ATTRIBUTION_ACTORS_MAX: who has done the same already has no second one, and what has no
 * place is counted. */
void attribution_add(struct attribution *to, const struct attribution_actor_row *who);
/* Has it an actor? */
bool attribution_is_known(TALLOC_CTX *mem, const char *kept);
/* As one line for people, "a@example.org, app Deploy" with `more` behind them; *out NULL: nobody is known, or all are withheld. */
#define ATTRIBUTION_LINE_ACTORS 3
MUST_USE bool attribution_line(
    TALLOC_CTX *mem, const char *shown, const char **out, struct err *e);
/* What whoever has that view gets to see of it: who quotes a value is withheld with the values, who stands in our own trail with that.  *out is NULL where kept is. */
MUST_USE bool attribution_view(
    TALLOC_CTX *mem, struct view v, const char *kept, const char **out, struct err *e);

#endif
