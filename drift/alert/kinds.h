/*
 * kinds.h - the kinds of channels: a row for each.
 *
 * X(name, struct format_ops, keeps both ends, tells several alerts in one message, which work it is told of, a sentence for the contract).  What a kind does stands in its file
 * (drift/deliver/format.h); here is what has to be known when an alert is told.  A kind that keeps both ends never has the
 * opening and the end of one alert folded into one message: its receiver takes one for the other's counterpart.  Nor does
 * it lose in another that somebody has taken it on.  A kind that does not tell several together is told each, whatever its
 * rate and however alerts are grouped.
 */
#ifndef BSX_DRIFT_ALERT_KINDS_H
#define BSX_DRIFT_ALERT_KINDS_H

/*        kind            its row              both   many   work (work.h)  of the contract */
#define CHANNEL_FORMATS(X) \
	X("webhook",      standard_webhooks,   false, true,  WORK_ASKED, "Standard Webhooks 1.0, signed") \
	X("slack",        slack_blocks,        false, true,  WORK_ALL,   "an incoming webhook of Slack") \
	X("teams",        teams_card,          false, true,  WORK_ALL,   "a workflow of Microsoft Teams that takes webhook requests") \
	X("pagerduty",    pagerduty_events,    true,  false, WORK_TAKEN, "Events API v2; secret is the integration key") \
	X("cloudevents",  cloud_events,        false, true,  WORK_ASKED, "CloudEvents 1.0, structured, signed as webhook is") \
	X("email",        alert_email,         false, true,  WORK_ALL,   "a mail for each event, to one address; needs smtp.url") \
	X("alertmanager", alertmanager_alerts, true,  false, WORK_ASKED, "API v2 of Prometheus Alertmanager; url is where it is") \
	X("template",     templated_webhook,   true,  false, WORK_ASKED, "a JSON body of your own (template), with headers") \
	X("syslog",       syslog_lines,        true,  false, WORK_ASKED, "RFC 5424 over TLS (tcp+tls://HOST:6514) or UDP (udp://HOST:514, where the installation allows plain http), with an OCSF Detection Finding as its message")
#define OTHER_FORMATS(X) \
	X("mail", user_mail, false, false, WORK_ASKED, "to a user; no channel") \
	X("digest", digest_mail, false, false, WORK_ASKED, "a digest, to a channel of the kind email")

#endif
