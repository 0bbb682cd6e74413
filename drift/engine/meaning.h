/*
 * meaning.h - what a scalar says, however it is spelled: the words of {"is": ...} in rules (rules.h).
 *
 *	on       true, 1, "1", and true on yes enable(d) require(d) enforce(d) enforcing mandatory
 *	         active always strict
 *	off      false, 0, "0", and false off no disable(d) none never optional inactive suspended
 *	watched  audit(ing) monitor(ing) permissive report report-only dryrun warn(ing) log(ging)
 *	         detect(ion) count evaluate simulate transparent
 *	deny     deny denied block(ed) drop reject discard disallow forbid refuse
 *	allow    allow(ed) accept permit(ted) pass grant allow-all
 *	anybody  "*" any all anyone everyone everybody anonymous world internet public 0.0.0.0 0.0.0.0/0
 *	         :: ::/0
 *
 * Upper and lower case (ASCII) are one, and so are "_", "-" and " ".
 */
#ifndef BSX_DRIFT_ENGINE_MEANING_H
#define BSX_DRIFT_ENGINE_MEANING_H

#include "core/json/json.h"

#define MEANING_NONE -1
/* The number of a word of {"is": ...}, or MEANING_NONE. */
int  meaning_by_name(struct str name);
/* Does the value say that?  Looks at no more than 16 bytes of a text. */
bool meaning_holds(int meaning, const struct json *v);

#endif
