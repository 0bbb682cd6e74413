# memory.sh - where the databases of tests are: in memory where there is room, for they wait for the disk more than they work.
#
# database_folder : prints the folder to make one's own in
# shellcheck shell=sh

# What all of them take at once is about 4 GB; a container may have less than its machine.
database_folder() {
	left=$(sed -n 's/^MemAvailable: *\([0-9]*\) kB/\1/p' /proc/meminfo)
	room=$(df -Pk -t tmpfs /dev/shm 2>/dev/null | awk 'END { print $4 + 0 }')
	most=$(cat /sys/fs/cgroup/memory.max 2>/dev/null || true)
	case $most in '' | *[!0-9]*) most=9000000000000 ;; esac
	if [ "${left:-0}" -gt 8000000 ] && [ "$((most / 1024))" -gt 8000000 ] && [ "${room:-0}" -gt 6000000 ] && [ -w /dev/shm ]; then
		echo /dev/shm
	else
		echo "${TMPDIR:-/tmp}"
	fi
}
