# demo.sh - the demonstration of tools/up: a config whose drift is found, and a receiver that its alert is delivered to.
# shellcheck shell=sh
# shellcheck disable=SC2154 # $root, $build, $state, $conf, $run, $url, $quiet, $receiver_port come from the caller

# api METHOD PATH [JSON-FILE] : as the demo's administrator, or with the API key in $key
api() {
	method=$1 path=$2 body=${3-}
	set -- -sS --fail-with-body --max-time 30 -X "$method"
	if [ -n "$body" ]; then
		set -- "$@" -H 'Content-Type: application/json' --data-binary "@$body"
	elif [ "$method" != GET ]; then
		set -- "$@" -H 'Content-Length: 0' # lighttpd wants to be told
	fi
	if [ -n "${key-}" ]; then
		set -- "$@" -H "X-API-Key: $key"
	elif [ -n "${token-}" ]; then
		set -- "$@" -H "Authorization: Bearer $token"
	fi
	curl "$@" "$url$path"
}

demo_login() {
	key='' token=''
	jq '.demo + {delivery: "body"}' "$state/credentials.json" >"$run/login.json"
	token=$(api POST /api/auth/login "$run/login.json" | jq -r .access_token)
	rm -f "$run/login.json"
}

# once NAME PATH JSON-FILE : posts it and keeps the answer, so that a run after an interrupted one does not post it again
once() {
	answer=$conf/demo-$1.json
	[ ! -s "$answer" ] || return 0
	api POST "$2" "$3" >"$answer.new" || { cat "$answer.new" && return 1; }
	mv "$answer.new" "$answer"
}

demo_set() { # demo_set JQ-FILTER [JQ-OPTION...] : changes demo.json
	filter=$1
	shift
	{ [ ! -s "$state/demo.json" ] && echo '{}' || cat "$state/demo.json"; } | jq "$@" "$filter" >"$run/demo.json"
	mv "$run/demo.json" "$state/demo.json"
}

demo_get() { jq -r ".$1 // empty" "$state/demo.json"; }

demo_make() {
	had=$(port_bind "${receiver_port:-0}") || { echo "$had" && return 1; }
	jq -n --arg u "http://127.0.0.1:$had/hook" '{name: "Trial receiver", kind: "webhook", url: $u, values: true}' >"$run/body.json"
	once channel /api/drift/channels "$run/body.json"
	jq -r .secret "$conf/demo-channel.json" >"$conf/webhook-secret"
	channel=$(jq -r .id "$conf/demo-channel.json")
	jq -n --arg c "$channel" \
		'{name: "Entra conditional access", source: {kind: "push"}, rule_packs: ["entra"],
		  alerts: [{channel_id: $c, min_severity: "low"}]}' >"$run/body.json"
	once config /api/drift/configs "$run/body.json"
	jq -n --arg c "$(jq -r .id "$conf/demo-config.json")" \
		'{name: "Trial collector", kind: "service", scopes: ["write:snapshots"], config_ids: [$c],
		  expires_at: (now + 399 * 86400 | todate)}' >"$run/body.json"
	once key /api/api-keys "$run/body.json"
	demo_set '{receiver_port: $p, channel_id: $h, config_id: $c, delivered: false}' \
		--argjson p "$had" --arg h "$channel" --arg c "$(jq -r .id "$conf/demo-config.json")"
}

# A restarted receiver takes the port that it had; the kernel chooses another when somebody has that meanwhile, and the
# channel is told.
demo_receiver() {
	had=$(demo_get receiver_port)
	echo "${receiver_port:-$had}" >"$run/receiver.port"
	service_start receiver "$build/bsx-receive" --port "${receiver_port:-0}" --port-file "$run/receiver.port" \
		--secret-file "$conf/webhook-secret" --out "$state/webhooks.jsonl"
	wait_until 30 receiver_listens || { tail -n 5 "$log/receiver.log" && return 1; }
	has=$(cat "$run/receiver.port")
	[ "$has" != "$had" ] || return 0
	jq -n --arg u "http://127.0.0.1:$has/hook" --rawfile s "$conf/webhook-secret" \
		'{url: $u, secret: ($s | rtrimstr("\n"))}' >"$run/body.json"
	api PUT "/api/drift/channels/$(demo_channel)" "$run/body.json"
	demo_set '.receiver_port = $p' --argjson p "$has"
}

receiver_listens() { port_is_of "$(cat "$run/receiver.port")" "$(cat "$run/receiver.child")"; }

demo_channel() { # a demonstration of an earlier version did not write it down
	known=$(demo_get channel_id)
	[ -n "$known" ] || known=$(api GET '/api/drift/channels?limit=200' |
		jq -r '[.items[] | select(.name == "Trial receiver")][0].id')
	echo "$known"
}

demo_push() {
	key=$(jq -r .key "$conf/demo-key.json")
	snapshots="/api/drift/configs/$(demo_get config_id)/snapshots"
	once baseline "$snapshots" "$root/tools/demo/baseline.json"
	once drifted "$snapshots" "$root/tools/demo/drifted.json"
	key=''
	wait_until 60 test -s "$state/webhooks.jsonl"
	rm -f "$conf"/demo-*.json "$run/body.json"
	demo_set '.delivered = true'
}

trial_demo() {
	umask 077
	demo_login
	[ -s "$state/demo.json" ] || demo_make
	demo_receiver
	[ "$(jq .delivered "$state/demo.json")" != false ] || demo_push
}

# demo_changes REPORT : a table of what it found
demo_changes() {
	api GET "/api/drift/reports/$1/changes?limit=200" | jq -r \
		--slurpfile known "$root/tools/demo/baseline.json" '
		def short: tojson | if length > 34 then .[0:33] + "…" else . end;
		def rank: {critical: 0, high: 1, medium: 2, low: 3, info: 4}[.severity];
		(reduce $known[0].resources[] as $r ({}; .[$r.key] = $r.value.displayName)) as $name |
		.items | sort_by(rank) | .[] |
		[.severity, .op, ($name[.resource.key] // .resource.key), .path, (.old_value | short),
			(.new_value | short), .reason, .rule] | @tsv' |
		awk -F '\t' '
			BEGIN { printf "  %-8s  %-8s  %s\n", "SEVERITY", "CHANGE", "WHERE, BEFORE -> AFTER, WHY" }
			{
				printf "  %-8s  %-8s  %s  %s\n", $1, $2, $3, $4
				printf "  %20s%s -> %s\n", "", $5, $6
				if ($7 != "") printf "  %20s%s (rule %s)\n", "", $7, $8
			}'
}

trial_show_demo() {
	[ -z "$quiet" ] || return 0
	config=$(jq -r .config_id "$state/demo.json")
	report=$(api GET "/api/drift/reports?config_id=$config&limit=1" | jq -r '.items[0].id')
	echo
	echo "Drift found in \"Entra conditional access\" (a baseline was pushed, then a changed snapshot):"
	echo
	demo_changes "$report"
	echo
	echo "The alert, as driftd delivered it to a receiver of this trial ($state/webhooks.jsonl):"
	echo
	head -n 1 "$state/webhooks.jsonl" | jq -r '"  webhook-id         \(.webhook_id)",
		"  webhook-timestamp  \(.webhook_timestamp)", "  webhook-signature  \(.webhook_signature)",
		"  signature          \(if .verified then "verified" else "WRONG" end)",
		"  \(.body.type): \(.body.data.alert.title)"'
}

trial_show_credentials() {
	echo
	jq -r '"  \(.url)/          API at \(.url)/api/docs",
		"  operator  tenant \(.platform.tenant)  \(.platform.email)  \(.platform.password)",
		"  demo      tenant \(.demo.tenant)      \(.demo.email)      \(.demo.password)"' "$state/credentials.json"
	echo
	echo "  The same is in $state/credentials.json; logs are in $log."
}
