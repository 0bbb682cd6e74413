# demo_source.sh - the second half of the demonstration, where Node.js is there: a directory that driftd reads by itself, from a
# simulator of Microsoft Graph (tests/sim), and what was done to it found.
# shellcheck shell=sh
# shellcheck disable=SC2154 # $root, $state, $conf, $run, $url, $quiet come from the caller; api and once from demo.sh

# What is done to the directory: names of tests/sim/lib/changes.mjs.
demo_deeds="policy-disabled administrator-added any-address-trusted consent-to-mail app-secret"

demo_source_can() {
	command -v node >/dev/null 2>&1 && [ "$(node -p 'Number(process.versions.node.split(".")[0])')" -ge 18 ]
}

# A restarted simulator takes the port that it had where that is free, and has forgotten what was done.
demo_simulator() {
	had=$(demo_get simulator_port)
	at=$(port_bind "${had:-0}") || at=$(port_bind 0)
	rm -f "$run/simulator.json"
	service_start simulator "$root/tests/sim/run" --port "$at" --ready "$run/simulator.json"
	wait_until 30 test -s "$run/simulator.json" || { tail -n 5 "$log/simulator.log" && return 1; }
	jq '{name: "Entra directory", schedule: {interval_s: 600},
	     source: {kind: "entra", parameters: {tenant_id, graph_url, login_url}, credential: {client_id, client_secret}}}' \
		"$run/simulator.json" >"$run/body.json"
	if [ -z "$had" ]; then
		once directory /api/drift/configs "$run/body.json"
		demo_set '. + {directory_id: $c}' --arg c "$(jq -r .id "$conf/demo-directory.json")"
	elif [ "$at" != "$had" ]; then
		jq '{source}' "$run/body.json" >"$run/put.json"
		api PUT "/api/drift/configs/$(demo_get directory_id)" "$run/put.json"
	fi
	demo_set '. + {simulator_port: $p}' --argjson p "$at"
	rm -f "$run/body.json" "$run/put.json" "$conf/demo-directory.json"
}

demo_do() { # demo_do DEED...
	control=$(jq -r '"\(.control_url)/directories/\(.tenant_id)/changes"' "$run/simulator.json")
	for deed in "$@"; do
		curl -sS --fail-with-body --max-time 30 --data-binary "{\"name\": \"$deed\"}" "$control"
	done
}

# demo_runs_done N : so many runs have come to a report
demo_runs_done() {
	api GET "/api/drift/runs?state=done&limit=200&config_id=$(demo_get directory_id)" |
		jq -e --argjson n "$1" '.items | length >= $n'
}

demo_source() {
	umask 077
	demo_login
	demo_simulator
	if [ "$(demo_get directory_drifted)" = true ]; then
		# shellcheck disable=SC2086 # names
		demo_do $demo_deeds
		return
	fi
	wait_until 120 demo_runs_done 1
	# shellcheck disable=SC2086 # names
	demo_do $demo_deeds
	api POST "/api/drift/configs/$(demo_get directory_id)/run"
	wait_until 120 demo_runs_done 2
	demo_set '. + {directory_drifted: true}'
}

demo_source_show() {
	[ -z "$quiet" ] || return 0
	config=$(demo_get directory_id)
	run_of=$(api GET "/api/drift/runs?state=done&limit=1&config_id=$config")
	echo
	echo "Drift found in \"Entra directory\", which driftd reads by itself every ten minutes from a simulator of Microsoft Graph:"
	echo
	demo_changes "$(echo "$run_of" | jq -r '.items[0].report_id')"
	echo
	echo "$run_of" | jq -r '.items[0].progress | "  \(.done) of \(.of) collections, \(.requests) requests, \(.bytes) bytes"'
}
