/*
 * control.h - identifiers of controls that a rule may name: of CIS, SCuBA and NIST, and of nothing else.
 *
 *	CIS 5.2.2.1                 a section, behind the name of the benchmark where there is one:
 *	CIS Kubernetes 5.1.1        "CIS Microsoft 365 v4.0 5.2.2.1", "CIS Controls v8 6.3"
 *	SCuBA MS.AAD.3.1v1          a policy of a baseline: MS or GWS, product, group.number, version
 *	                            (bare too: "MS.AAD.3.1v1", "GWS.GMAIL.1.1v0.3")
 *	NIST AC-6(5)                a control of SP 800-53, with its enhancement: "NIST SP 800-53 AC-2"
 *	NIST PR.AA-05               a subcategory of the Cybersecurity Framework: "NIST CSF PR.AA-05"
 *
 * Words are parted by one blank.  Nothing says that there is a control of that number.
 */
#ifndef BSX_DRIFT_ENGINE_CONTROL_H
#define BSX_DRIFT_ENGINE_CONTROL_H

#include "core/json/json.h"

#define CONTROL_MAX  64 /* bytes of one */
#define CONTROLS_MAX 16 /* of one rule */

bool control_ok(struct str s);

/* A JSON list of them; NULL: appends nothing. */
void controls_print(struct buf *b, const struct strings *controls);

/* What many rules name, each once, by its text; of very many, the first CONTROLS_JOINED_MAX.  The texts stay where they
 * are.  `of` has those of each rule, as often as it likes, and comes out in another order. */
#define CONTROLS_JOINED_MAX 1000
MUST_USE bool controls_join(
    TALLOC_CTX *mem, const struct strings **of, size_t n, struct strings *out, struct err *e);

#endif
