/*
 * kinds.h - the kinds of channels: a row for each.
 *
 * X(name, struct format_ops, keeps both ends, a sentence for the contract).  What a kind does stands in its file
 * (drift/deliver/format.h); here is what has to be known when an alert is told.  A kind that keeps both ends never has the
 * opening and the end of one alert folded into one message: its receiver takes one for the other's counterpart.
 */
#ifndef BSX_DRIFT_ALERT_KINDS_H
#define BSX_DRIFT_ALERT_KINDS_H

/*                         kind       its row            both ends  of the contract */
#define CHANNEL_FORMATS(X) X("webhook", standard_webhooks, false, "Standard Webhooks 1.0, signed")
#define OTHER_FORMATS(X)   X("mail", user_mail, false, "to a user; no channel")

#endif
