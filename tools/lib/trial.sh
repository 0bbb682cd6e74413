# trial.sh - the steps of tools/up and tools/check: one private installation in one state folder.
#
# trial_paths STATE comes first; the other functions use the variables it sets.
# shellcheck shell=sh
# shellcheck disable=SC2154 # $root, $quiet, $demo, $port, $receiver_port come from the caller

trial_services="receiver web driftd responder database" # in the order of stopping

trial_paths() {
	state=$1
	mkdir -p "$state"
	chmod 700 "$state"
	state=$(cd "$state" && pwd)
	run=$state/run log=$state/log conf=$state/etc data=$state/mariadb
	build=${BUILD:-$root/build}
	mkdir -p "$run" "$log" "$conf"
	# The path of a unix socket is at most 107 bytes: a deep checkout gets its sockets elsewhere.
	sockets=$run
	if [ ${#run} -gt 80 ]; then
		sockets=${TMPDIR:-/tmp}/bsx-$(id -u)-$(printf %s "$run" | cksum | cut -d' ' -f1)
		mkdir -p "$sockets"
		chmod 700 "$sockets"
	fi
}

# ---- progress ---------------------------------------------------------------------------------------

trial_begin() {
	step_count=$1 step_now=0 step_name=start
}

# step NAME CAUSE COMMAND... : one line of progress; its output goes to STATE/log/NAME.log
step() {
	step_name=$1 step_cause=$2
	shift 2
	step_now=$((step_now + 1))
	step_log=$log/step-$(printf %s "$step_name" | tr ' ' -).log
	[ -n "$quiet" ] || printf '[%2d/%d] %-18s ' "$step_now" "$step_count" "$step_name"
	step_began=$(date +%s%N)
	"$@" >"$step_log" 2>&1
	[ -n "$quiet" ] || printf 'done  %5s s\n' "$(elapsed "$step_began")"
}

elapsed() {
	ms=$((($(date +%s%N) - $1) / 1000000))
	printf '%d.%d' $((ms / 1000)) $((ms % 1000 / 100))
}

trial_failed() {
	[ "$1" -ne 0 ] || return 0
	trap - EXIT INT TERM
	printf '\nup: the step "%s" failed: %s\n' "$step_name" "$step_cause" >&2
	if [ -s "${step_log-}" ]; then
		echo "up: the end of its log, $step_log:" >&2
		tail -n 15 "$step_log" | sed 's/^/    /' >&2
	fi
	trial_stop
	exit 1
}

trial_interrupted() {
	trap - EXIT INT TERM
	echo
	echo "up: interrupted; stopping"
	trial_stop
	exit 130
}

trial_goodbye() {
	trap - INT TERM
	echo
	echo "up: stopping"
	trial_stop
	exit 0
}

# ---- services ---------------------------------------------------------------------------------------

service_start() {
	name=$1
	shift
	setsid "$root/tools/supervise" "$name" "$run" "$log/$name.log" "$@" </dev/null >/dev/null 2>&1 &
	for _ in $(seq 100); do
		[ ! -s "$run/$name.child" ] || return 0
		sleep 0.1
	done
	echo "$name did not start"
	return 1
}

# The supervisor of a service, if it is really ours and alive.
service_pid() {
	pid=$(cat "$run/$1.pid" 2>/dev/null) || return 1
	[ -n "$pid" ] && tr '\0' ' ' <"/proc/$pid/cmdline" 2>/dev/null | grep -qF "supervise $1 $run " || return 1
	echo "$pid"
}

service_stop() {
	pid=$(service_pid "$1") || return 0
	kill -TERM "$pid" 2>/dev/null || return 0
	for _ in $(seq 300); do
		kill -0 "$pid" 2>/dev/null || return 0
		sleep 0.1
	done
	kill -KILL "$pid" "$(cat "$run/$1.child" 2>/dev/null)" 2>/dev/null || true
	rm -f "$run/$1.pid" "$run/$1.child"
}

trial_stop() {
	for service in $trial_services; do
		service_stop "$service"
	done
}

trial_running() {
	for service in web driftd responder database; do
		service_pid "$service" >/dev/null && return 0
	done
	return 1
}

trial_erase() {
	rm -rf "$run" "$log" "$conf" "$data" "$state/keyring" "$state/segment" \
		"$state/credentials.json" "$state/demo.json"
	trial_paths "$state"
}

# wait_until SECONDS COMMAND... : repeats a command until it succeeds
wait_until() {
	limit=$(($(date +%s) + $1))
	shift
	until "$@" >/dev/null 2>&1; do
		if [ "$(date +%s)" -ge "$limit" ]; then
			echo "gave up waiting for: $*"
			return 1
		fi
		sleep 0.1
	done
}

# An ordinary user's PATH has no sbin.
program() {
	command -v "$1" || echo "/usr/sbin/$1"
}

random_text() {
	head -c 18 /dev/urandom | base64 | tr '+/' 'xy'
}

# ---- steps ------------------------------------------------------------------------------------------

trial_configure() {
	url=http://127.0.0.1:$1
	umask 077
	[ -s "$conf/db-password" ] || random_text >"$conf/db-password"
	cat >"$conf/my.cnf" <<-TEXT
		[mariadbd]
		datadir = $data
		socket = $sockets/db.sock
		pid-file = $run/mariadbd.pid
		skip-networking
		user = $(id -un)
		character-set-server = utf8mb4
		collation-server = utf8mb4_nopad_bin
		innodb-buffer-pool-size = 128M
		max-connections = 200
		max-allowed-packet = 64M
		table-definition-cache = 4000
		performance-schema = OFF
	TEXT
	cat >"$conf/blindspotx.conf" <<-TEXT
		# The trial's configuration: one machine, loopback only.  An installation begins with
		# etc/blindspotx.conf.example instead: it sends only https, and asks administrators for a second factor.
		public_url = "$url";
		state_dir = "$state";
		keyring = "$state/keyring";
		user = "$(id -un)";
		rules_dir = "$root/etc/rules";
		listen: { socket = "$sockets/responder.sock"; mode = "0600"; };
		db: {
			socket = "$sockets/db.sock";
			password_file = "$conf/db-password";
			provision_user = "$(id -un)";
		};
		mfa: { required_for = []; };
		outbound: { allow = ["127.0.0.0/8", "::1"]; http = true; };
	TEXT
	[ -z "${trial_conf_more-}" ] || printf '%s\n' "$trial_conf_more" >>"$conf/blindspotx.conf"
	"configure_${trial_front:-lighttpd}" "$1"
	"$build/bsxctl" -c "$conf/blindspotx.conf" config check
	if curl -s -o /dev/null --max-time 2 "$url/" || [ $? -ne 7 ]; then
		echo "something answers on 127.0.0.1:$1 already"
		return 1
	fi
}

configure_lighttpd() {
	cat >"$conf/lighttpd.conf" <<-TEXT
		server.modules = ("mod_fastcgi")
		server.document-root = "$run"
		server.bind = "127.0.0.1"
		server.port = $1
		server.pid-file = "$run/lighttpd.pid"
		server.errorlog = "$log/lighttpd.log"
		server.upload-dirs = ("$run")
		server.max-request-size = 32768
		server.listen-backlog = 1024
		fastcgi.server = ("/" => ((
			"socket" => "$sockets/responder.sock",
			"check-local" => "disable",
			"fix-root-scriptname" => "enable"
		)))
	TEXT
}

# nginx is for the tests: the same installation behind another front.
configure_nginx() {
	cat >"$conf/nginx.conf" <<-TEXT
		daemon off;
		$([ "$(id -u)" -ne 0 ] || echo "user $(id -un) $(id -gn);")
		pid $run/nginx.pid;
		error_log $log/nginx.log;
		worker_processes 1;
		events { worker_connections 1024; }
		http {
			access_log off;
			client_body_temp_path $run/nginx-body;
			fastcgi_temp_path $run/nginx-fastcgi;
			proxy_temp_path $run/nginx-proxy;
			scgi_temp_path $run/nginx-scgi;
			uwsgi_temp_path $run/nginx-uwsgi;
			client_max_body_size 20m;
			server {
				listen 127.0.0.1:$1 backlog=1024;
				location / {
					include $conf/fastcgi_params;
					fastcgi_param HTTP_PROXY "";
					fastcgi_pass unix:$sockets/responder.sock;
				}
				${trial_nginx_more-}
			}
		}
	TEXT
	cp /etc/nginx/fastcgi_params "$conf/fastcgi_params"
}

db_ping() {
	mariadb --no-defaults --socket="$sockets/db.sock" --user="$(id -un)" -e 'SELECT 1'
}

trial_database() {
	if [ ! -d "$data/mysql" ]; then
		rm -rf "$data.new"
		mkdir -p "$data.tmp" # installations at the same time disturb each other in a shared one
		mariadb-install-db --no-defaults --datadir="$data.new" --user="$(id -un)" --tmpdir="$data.tmp" \
			--auth-root-authentication-method=socket --auth-root-socket-user="$(id -un)" --skip-test-db
		mv "$data.new" "$data"
		rm -rf "$data.tmp"
	fi
	service_start database "$(program mariadbd)" --defaults-file="$conf/my.cnf"
	wait_until 60 db_ping
}

trial_init() {
	"$build/bsxctl" -c "$conf/blindspotx.conf" init
	"$build/bsxctl" -c "$conf/blindspotx.conf" migrate
}

trial_tenants() {
	bsxctl="$build/bsxctl -c $conf/blindspotx.conf"
	[ ! -s "$state/credentials.json" ] || return 0
	umask 077
	random_text >"$conf/platform-password"
	random_text >"$conf/demo-password"
	$bsxctl tenant create platform --name Platform --admin admin@platform.example \
		--password-file "$conf/platform-password"
	$bsxctl tenant create demo --name Demo --admin admin@demo.example \
		--password-file "$conf/demo-password"
	jq -n --arg url "$url" --arg p "$(cat "$conf/platform-password")" --arg d "$(cat "$conf/demo-password")" \
		'{url: $url,
		  platform: {tenant: "platform", email: "admin@platform.example", password: $p},
		  demo: {tenant: "demo", email: "admin@demo.example", password: $d}}' >"$state/credentials.new"
	mv "$state/credentials.new" "$state/credentials.json"
	rm -f "$conf/platform-password" "$conf/demo-password"
}

trial_responder() {
	service_start responder "$build/blindspotx.fcgi" -c "$conf/blindspotx.conf"
	wait_until 60 test -S "$sockets/responder.sock"
}

trial_driftd() {
	service_start driftd "$build/driftd" -c "$conf/blindspotx.conf"
}

trial_web() {
	case ${trial_front:-lighttpd} in
	lighttpd) service_start web "$(program lighttpd)" -D -f "$conf/lighttpd.conf" ;;
	nginx) service_start web "$(program nginx)" -c "$conf/nginx.conf" -e "$log/nginx.log" ;;
	esac
	wait_until 60 curl -sf --max-time 5 "$url/api/health/ready"
	jq --arg url "$url" '.url = $url' "$state/credentials.json" >"$state/credentials.new"
	chmod 600 "$state/credentials.new"
	mv "$state/credentials.new" "$state/credentials.json"
}

# ---- demonstration ----------------------------------------------------------------------------------

# api METHOD PATH [JSON-FILE] : as the demo's administrator, or with the API key in $key
api() {
	method=$1 path=$2 body=${3-}
	set -- -sS --fail-with-body --max-time 30 -X "$method"
	[ -z "$body" ] || set -- "$@" -H 'Content-Type: application/json' --data-binary "@$body"
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

demo_receiver() {
	service_start receiver "$build/bsx-receive" --port "$(jq -r .receiver_port "$state/demo.json")" \
		--secret-file "$conf/webhook-secret" --out "$state/webhooks.jsonl"
}

free_port() {
	candidate=$1
	while curl -s -o /dev/null --max-time 1 "http://127.0.0.1:$candidate/" || [ $? -ne 7 ]; do
		candidate=$((candidate + 1))
	done
	echo "$candidate"
}

trial_demo() {
	if [ -s "$state/demo.json" ]; then
		demo_receiver
		demo_login
		return 0
	fi
	umask 077
	demo_login
	: "${receiver_port:=$(free_port $((port + 1)))}"
	jq -n --arg u "http://127.0.0.1:$receiver_port/hook" \
		'{name: "Trial receiver", kind: "webhook", url: $u}' >"$run/body.json"
	api POST /api/drift/channels "$run/body.json" >"$run/channel.json"
	jq -r .secret "$run/channel.json" >"$conf/webhook-secret"
	jq -n --arg c "$(jq -r .id "$run/channel.json")" \
		'{name: "Entra conditional access", source: {kind: "push"}, rule_packs: ["entra"],
		  alerts: [{channel_id: $c, min_severity: "low"}]}' >"$run/body.json"
	api POST /api/drift/configs "$run/body.json" >"$run/config.json"
	echo '{"name": "Trial collector", "scopes": ["write:snapshots"]}' >"$run/body.json"
	api POST /api/api-keys "$run/body.json" >"$run/key.json"
	config=$(jq -r .id "$run/config.json")

	jq -n --argjson p "$receiver_port" --arg c "$config" '{receiver_port: $p, config_id: $c}' >"$run/demo.json"
	mv "$run/demo.json" "$state/demo.json"
	demo_receiver

	key=$(jq -r .key "$run/key.json")
	api POST "/api/drift/configs/$config/snapshots" "$root/tools/demo/baseline.json" >"$run/baseline.json"
	api POST "/api/drift/configs/$config/snapshots" "$root/tools/demo/drifted.json" >"$run/drifted.json"
	key=''
	rm -f "$run/body.json" "$run/key.json" "$run/channel.json"
	wait_until 60 test -s "$state/webhooks.jsonl"
}

trial_show_demo() {
	[ -z "$quiet" ] || return 0
	config=$(jq -r .config_id "$state/demo.json")
	report=$(api GET "/api/drift/reports?config_id=$config&limit=1" | jq -r '.items[0].id')
	echo
	echo "Drift found in \"Entra conditional access\" (a baseline was pushed, then a changed snapshot):"
	echo
	api GET "/api/drift/reports/$report/changes?limit=200" | jq -r \
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
