# ports.sh - TCP ports of 127.0.0.1, as the kernel tells of them, by what every Debian has before anything is installed.
# shellcheck shell=sh

# port_bind PORT : can a server listen there now?  Prints the port (0 takes one that nobody has), or why not.
port_bind() {
	perl -MSocket -MErrno=EACCES,EADDRINUSE -e '
		my ($port, $s) = shift;
		socket($s, PF_INET, SOCK_STREAM, 0) && setsockopt($s, SOL_SOCKET, SO_REUSEADDR, 1) or die "$!\n";
		if (bind($s, sockaddr_in($port, INADDR_LOOPBACK)) && listen($s, 1)) {
			print +(sockaddr_in(getsockname($s)))[0], "\n";
			exit 0;
		}
		print $! == EACCES ? "port $port is for root only: permission denied" :
			$! == EADDRINUSE ? "port $port of 127.0.0.1 is taken by another program" : "port $port: $!", "\n";
		exit 1' "$1"
}

# port_is_of PORT PROCESS : is it this process that listens on 127.0.0.1:PORT?
port_is_of() {
	socket=$(awk -v at="$(printf '0100007F:%04X' "$1")" '$2 == at && $4 == "0A" { print "socket:[" $10 "]" }' /proc/net/tcp)
	# shellcheck disable=SC2010 # names of links
	[ -n "$socket" ] && ls -l "/proc/$2/fd" 2>/dev/null | grep -qF "$socket"
}
