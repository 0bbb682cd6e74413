# turns.sh - runs of one suite side by side share its files: each runs what no other has begun.
#
# They have one folder in common, BSX_TURNS; without it a run has all to itself.
# shellcheck shell=sh

# turns_take NAME : true for the first that asks for it
turns_take() { [ -z "${BSX_TURNS-}" ] || mkdir "$BSX_TURNS/$1" 2>/dev/null; }

# turns_left NAME... : is there one that nobody has taken?
turns_left() {
	for turn; do
		[ -e "${BSX_TURNS:-/nowhere}/$turn" ] || return 0
	done
	return 1
}

# turns_none : what a run says that came too late for any
turns_none() { echo "1..0 # others have run all there was"; }
