# trial.sh - one private installation in one state folder: the steps of tools/up, and of the tests.
#
# trial_paths STATE comes first; the other functions use the variables it sets.
# shellcheck shell=sh
# shellcheck disable=SC2154 # $root, $quiet, $demo, $receiver_port come from the caller

. "$root/tools/lib/ports.sh"
. "$root/tools/lib/state.sh"
. "$root/tools/lib/services.sh"
. "$root/tools/lib/demo.sh"
. "$root/tools/lib/demo_source.sh"

random_text() {
	head -c 18 /dev/urandom | base64 | tr '+/' 'xy'
}

# As a host's panel gives it: one account, and schemas that it has made.
trial_hosted=bsx trial_hosted_schemas=''
trial_is_hosted() { [ "${BSX_ISOLATION-account}" = schema ]; }

trial_isolation() {
	if trial_is_hosted; then
		echo "isolation = \"schema\"; user = \"$trial_hosted\"; control = \"$trial_hosted\";"
	else
		echo "provision_user = \"$(id -un)\";"
	fi
}

trial_panel() {
	trial_is_hosted || return 0
	trial_hosted_schemas=''
	for i in $(seq "${BSX_PLACES-40}"); do trial_hosted_schemas="$trial_hosted_schemas u4711_T$i"; done
	{
		echo "CREATE USER IF NOT EXISTS '$trial_hosted'@'localhost' IDENTIFIED BY '$(cat "$conf/db-password")';"
		for schema in "$trial_hosted" $trial_hosted_schemas; do
			echo "CREATE DATABASE IF NOT EXISTS \`$schema\` CHARACTER SET latin1;"
			echo "GRANT ALL ON \`$(echo "$schema" | sed 's/_/\\_/g')\`.* TO '$trial_hosted'@'localhost';"
		done
	} | mariadb --no-defaults --socket="$sockets/db.sock" --user="$(id -un)"
}

trial_configure() {
	trial_port=$1 url=http://127.0.0.1:$1
	umask 077
	[ -s "$conf/db-password" ] || random_text >"$conf/db-password"
	cat >"$conf/my.cnf" <<-TEXT
		[mariadbd]
		datadir = "$data"
		socket = "$sockets/db.sock"
		pid-file = "$run/mariadbd.pid"
		tmpdir = "$data.tmp"
		skip-networking
		user = $(id -un)
		character-set-server = utf8mb4
		collation-server = utf8mb4_nopad_bin
		innodb-buffer-pool-size = 128M
		max-connections = 200
		max-allowed-packet = 64M
		table-definition-cache = 4000
		performance-schema = OFF
		${trial_my_more-}
	TEXT
	cat >"$conf/blindspotx.conf" <<-TEXT
		# The trial's configuration: one machine, loopback only.  An installation begins with
		# etc/blindspotx.conf.example instead: it sends only https, and asks administrators for a second factor.
		public_url = "$url";
		state_dir = "$state";
		keyring = "$state/keyring";
		user = "$(id -un)";
		rules_dir = "${trial_rules:-$root/etc/rules}";
		sources_dir = "${trial_sources:-$root/etc/sources}";
		listen: { socket = "$sockets/responder.sock"; mode = "0600"; };
		db: {
			socket = "$sockets/db.sock";
			password_file = "$conf/db-password";
			$(trial_isolation)
		};
		mfa: { required_for = []; };
		outbound: { allow = ["127.0.0.0/8", "::1"]; http = true; ${trial_outbound_more-} };
	TEXT
	[ -z "${trial_conf_more-}" ] || printf '%s\n' "$trial_conf_more" >>"$conf/blindspotx.conf"
	"configure_${trial_front:-lighttpd}" "$1"
	bsxctl config check
}

configure_lighttpd() {
	cat >"$conf/lighttpd.conf" <<-TEXT
		server.modules = ("mod_fastcgi", "mod_setenv")
		server.document-root = "$run"
		server.bind = "127.0.0.1"
		server.port = $1
		server.pid-file = "$run/lighttpd.pid"
		server.errorlog = "$log/lighttpd.log"
		server.upload-dirs = ("$run")
		server.max-request-size = 32768
		server.listen-backlog = 1024
		server.stream-response-body = 1
		fastcgi.server = ("/" => ((
			"socket" => "$sockets/responder.sock",
			"check-local" => "disable",
			"fix-root-scriptname" => "enable"
		)))
	TEXT
	sed -n '/^setenv/,/^)/p' "$root/etc/lighttpd.conf" >>"$conf/lighttpd.conf"
}

# nginx is for the tests: the same installation behind another front.
configure_nginx() {
	cat >"$conf/nginx.conf" <<-TEXT
		daemon off;
		$([ "$(id -u)" -ne 0 ] || echo "user $(id -un) $(id -gn);")
		pid "$run/nginx.pid";
		error_log "$log/nginx.log";
		worker_processes 1;
		events { worker_connections 1024; }
		http {
			access_log off;
			client_body_temp_path "$run/nginx-body";
			fastcgi_temp_path "$run/nginx-fastcgi";
			proxy_temp_path "$run/nginx-proxy";
			scgi_temp_path "$run/nginx-scgi";
			uwsgi_temp_path "$run/nginx-uwsgi";
			client_max_body_size 20m;
			server {
				listen 127.0.0.1:$1 backlog=1024;
				location / {
					include "$conf/fastcgi_params";
					fastcgi_param HTTP_PROXY "";
					fastcgi_pass "unix:$sockets/responder.sock";
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
	mkdir -p "$data.tmp" # a server that starts removes the temporary tables of others that share it
	if [ ! -d "$data/mysql" ]; then
		rm -rf "$data.new"
		# A script of MariaDB's that takes no blank in a path: it sees the folder through a link.
		trial_link=$(mktemp -d /tmp/bsx-link.XXXXXX)
		ln -s "$(dirname "$data")" "$trial_link/at"
		trial_new=$trial_link/at/$(basename "$data")
		mariadb-install-db --no-defaults --datadir="$trial_new.new" --user="$(id -un)" --tmpdir="$trial_new.tmp" \
			--auth-root-authentication-method=socket --auth-root-socket-user="$(id -un)" --skip-test-db
		rm -r "$trial_link"
		mv "$data.new" "$data"
	fi
	service_start database "$(program mariadbd)" --defaults-file="$conf/my.cnf"
	wait_until 60 db_ping
	trial_panel
}

bsxctl() { "$build/bsxctl" -c "$conf/blindspotx.conf" "$@"; }

trial_init() {
	bsxctl init
	bsxctl migrate
	# shellcheck disable=SC2086 # names
	[ -z "$trial_hosted_schemas" ] || bsxctl schema add $trial_hosted_schemas
}

# An earlier run may have been stopped between a tenant and the file that has its password.
tenant_once() { # tenant_once SLUG NAME
	[ -s "$conf/$1-password" ] || random_text >"$conf/$1-password"
	# one that was not finished is finished by making it again
	if ! bsxctl tenant list | awk -v slug="$1" '$1 == slug && $2 != "unfinished" { found = 1 } END { exit !found }'; then
		bsxctl tenant create "$1" --name "$2" --admin "admin@$1.example" --password-file "$conf/$1-password"
	fi
}

trial_tenants() {
	[ ! -s "$state/credentials.json" ] || return 0
	umask 077
	tenant_once platform Platform
	tenant_once demo Demo
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

# Our own web server has the port, and the responder answers through it; another's answer is not taken for ours.
web_is_ours() { port_is_of "$trial_port" "$(cat "$run/web.child")"; }
web_is_ready() { web_is_ours && curl -sf --max-time 5 "$url/api/health/ready"; }
web_is_settled() { web_is_ready || { ! port_bind "$trial_port" && ! web_is_ours; }; }

trial_web() {
	case ${trial_front:-lighttpd} in
	lighttpd) service_start web "$(program lighttpd)" -D -f "$conf/lighttpd.conf" ;;
	nginx) service_start web "$(program nginx)" -c "$conf/nginx.conf" -e "$log/nginx.log" ;;
	esac
	wait_until 60 web_is_settled
	if ! web_is_ready; then
		if web_is_ours; then
			curl -s --max-time 5 "$url/api/health/ready" || true
		else
			port_bind "$trial_port" || true
			tail -n 5 "$log/web.log"
		fi
		return 1
	fi
	jq --arg url "$url" '.url = $url' "$state/credentials.json" >"$state/credentials.new"
	chmod 600 "$state/credentials.new"
	mv "$state/credentials.new" "$state/credentials.json"
}
