#!/bin/sh
# Checks the model with spin: as the code should be (every property must hold), and broken on purpose (spin must find it).
# Prints a line for each check and ends with "N passed, N failed". Builds in a temporary folder.
#
#     tests/model/check.sh          under a minute, some 300 MB
#     tests/model/check.sh long     more crashes, recoverers and writes: some minutes, some GB
#
# SEED=N: of what is broken each other rule, the ones or the others.
set -u
cd "$(dirname "$0")" || exit 1
source_dir=$(pwd)
for program in spin gcc; do
    command -v "$program" >/dev/null || {
        echo "model: $program is not installed (Debian: apt-get install spin gcc)" >&2
        echo "model: 0 passed, 1 failed"
        exit 1
    }
done
build=$(mktemp -d) || exit 1
trap 'rm -rf "$build"' EXIT
trap 'exit 1' HUP INT TERM
cd "$build" || exit 1
passed=0
failed=0
long=${1:-short}
memory=2000
[ "$long" != long ] || memory=12000

# made NAME=VALUE... : makes ./pan
made() {
    rm -f pan* gcc.log
    defines=
    for define; do defines="$defines -D$define"; done
    # shellcheck disable=SC2086 # a list of options
    spin -a $defines "$source_dir/cutover.pml" >spin.log 2>&1 &&
        gcc -O0 -w $kind -DMEMLIM="$memory" -o pan pan.c >gcc.log 2>&1
}

# What the search of the whole state space says of a claim: holds, fails or unknown.
search() {
    rm -f pan.log
    # shellcheck disable=SC2086 # none or one option
    ./pan -N "$1" -m400000 $2 >pan.log 2>&1
    if grep -Eq 'max search depth too small|Search not completed|out of memory|memory limit|aborted' pan.log &&
        ! grep -q '^pan:[0-9]*: ' pan.log; then
        echo unknown
    elif grep -Eq '^pan:[0-9]+: (assertion violated|acceptance cycle)' pan.log; then
        echo fails
    elif grep -q 'errors: 0$' pan.log; then
        echo holds
    else
        echo unknown
    fi
}

# check WANTED CLAIM WHAT DEFINE... : `settles` looks for runs that never end well, the others for a bad state
check() {
    wanted=$1 claim=$2 what=$3
    shift 3
    if [ "$wanted" = fails ]; then
        broken=$((broken + 1))
        [ -z "${SEED:-}" ] || [ $(((broken + SEED) % 2)) -eq 0 ] || return
    fi
    kind=-DSAFETY options=
    [ "$claim" != settles ] || { kind='' options=-a; }
    found=unknown
    if [ "$built" = "$kind $*" ] || made "$@"; then
        built="$kind $*"
        found=$(search "$claim" "$options")
    fi
    states=$(sed -n 's/^ *\([0-9]*\) states, stored.*/\1 states/p' pan.log 2>/dev/null)
    if [ "$found" = "$wanted" ]; then
        passed=$((passed + 1))
        echo "passed: $what: $claim $found ($states)"
    else
        failed=$((failed + 1))
        echo "failed: $what: $claim should be \"$wanted\", is \"$found\" ($*)"
        cat spin.log gcc.log pan.log 2>/dev/null | grep -v '^ltl ' | head -20
    fi
}

built=none
broken=0

echo "# As it should be"
for claim in p2 safe; do
    check holds $claim "two promoters, a recoverer, a client that writes" PROMOTERS=2
done
for claim in p1 p4 p5; do
    check holds $claim "two promoters, a recoverer" VISITS=0 WRITES=0
done
check holds safe "two promoters of one request, a connection cut" ONE_REQUEST CUTS=1 VISITS=0 WRITES=0
check holds safe "two promoters, two recoverers, leases that run out twice" RECOVERERS=2 EXPIRIES=2 CRASHES=0 VISITS=0 \
    WRITES=0
check holds safe "two crashes, a connection cut" PROMOTERS=1 CRASHES=2 CUTS=1
check holds safe "without a fence (a rollback), a connection cut" PROMOTERS=1 CUTS=1 FENCELESS
check holds safe "the fence goes up early" EARLY PROMOTERS=1 CUTS=1
check holds p2 "clients that write until the fence, and come back" RESPECT VISITS=2 WRITES=2 PROMOTERS=1
check holds p2 "the last round has what was written until the fence, without a proof" RESPECT SWAP_WITHOUT_PROOF VISITS=2 \
    WRITES=2 PROMOTERS=1
check holds settles "one promoter" PROMOTERS=1
if [ "$long" = long ]; then
    check holds safe "long: two promoters, a connection cut, a client that writes" CUTS=1
    check holds safe "long: two promoters, a client that writes twice" WRITES=2 VISITS=2
    check holds safe "long: two recoverers" PROMOTERS=1 RECOVERERS=2 CRASHES=2 EXPIRIES=2 CUTS=1
    check holds safe "long: two promoters, two crashes" CRASHES=2
    check holds settles "long: two promoters" PROMOTERS=2
fi

echo "# Broken on purpose"
check fails p1 "the swap is two transactions" SWAP_NOT_ONE_TRANSACTION
check fails p1 "staging is not compared" SWAP_UNCHECKED
check fails p2 "no proof that nothing was written" SWAP_WITHOUT_PROOF
check fails p2 "the backup need not be verified" SWAP_UNVERIFIED
check fails p2 "the mark is younger than the snapshot" MARK_AFTER_SNAPSHOT
check fails p2 "the mark is younger than the snapshot, behind an early fence" MARK_AFTER_SNAPSHOT EARLY
check fails p2 "the fence goes up after the last round, without a proof" FENCE_AFTER_LAST_ROUND SWAP_WITHOUT_PROOF RESPECT \
    PROMOTERS=1
check fails safe "the fence goes up after the last round: the proof is in the way of who keeps to it" \
    FENCE_AFTER_LAST_ROUND RESPECT PROMOTERS=1
check fails p2 "the door stays open" DOOR_LEFT_OPEN
check fails p2 "undo on a session without the lock" UNDO_WITHOUT_LOCK
check fails p4 "no advisory lock" NO_ADVISORY_LOCK
check fails p4 "the swap on another session than the lock's" SWAP_ON_ANOTHER_SESSION
check fails p4 "a takeover without compare-and-set" NO_CAS_ON_TAKEOVER
check fails p4 "a claim that looks at nothing" CLAIM_UNCHECKED ONE_REQUEST
check fails p5 "the door is closed before the journal says so" DOOR_NOT_JOURNALED
check fails p5 "the fence is raised before the journal says so" FENCE_NOT_JOURNALED
check fails p5 "recovery asks the journal, not the server" UNDO_BY_JOURNAL FENCELESS
check fails settles "recovery asks the journal, not the server" UNDO_BY_JOURNAL PROMOTERS=1
check fails p5 "recovery asks before it has the lock" ASK_BEFORE_LOCK FENCELESS
check fails p5 "a promoter asks before it has the lock" ASK_WITHOUT_LOCK FENCELESS CUTS=1 PROMOTERS=1
check fails p5 "a database is made on a session without the lock" CREATE_WITHOUT_LOCK
check fails safe "any conflict is taken for a takeover" TAKEN_OVER_BY_STATUS
check fails safe "recovery does not look whose job it is" RECOVER_WITHOUT_OWNERSHIP RECOVERERS=2 EXPIRIES=2 CRASHES=0 \
    VISITS=0 WRITES=0
check fails settles "nobody recovers" NO_RECOVERY PROMOTERS=1
check fails settles "the lease is written before the claim" LEASE_BEFORE_CLAIM PROMOTERS=1
check fails safe "the project's state is moved without the job's id" PROJECT_WITHOUT_TOKEN
check fails settles "nobody returns the project of a job that has ended" PROJECT_LEFT PROMOTERS=1

echo "model: $passed passed, $failed failed"
[ "$failed" -eq 0 ]
