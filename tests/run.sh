#!/bin/sh
# From a fresh clone: installs what is missing, builds in build/, runs every test. Ends with "N passed, N failed".
#
#     tests/run.sh [unit|server|fault|kill]...   those kinds alone
#
# BUILD_DIR and CONFIGURE_FLAGS change where and how it builds. SEED: what of the samples is taken (tests/support/seed.h); the commit's own
# by default, as in .ci/run. With SEED= (empty) all is; make soak does so with more than one stream, too.
set -u
cd "$(dirname "$0")/.." || exit 1
# Without git (a tarball) it is 1: 0 is none.
SEED=${SEED-$(printf %d "0x$(git rev-parse --short=7 HEAD 2>/dev/null || echo 1)")}
export SEED
[ -n "$SEED" ] || unset SEED
source_dir=$(pwd)
build=${BUILD_DIR:-build}

give_up() {
    echo "tests/run.sh: $*" >&2
    echo "0 passed, 1 failed"
    exit 1
}

if [ -n "${SEED:-}" ]; then
    echo "SEED=$SEED: of what is killed and fails everywhere a sample; make -C $build soak takes all of it, in hours"
fi
tests/packages.sh test || give_up "what is needed could not be installed"
# What changed since is make's business: its rules remake configure and the makefiles.
if ! [ -e configure ]; then
    ./autogen.sh || give_up "autoreconf failed"
fi
mkdir -p "$build" || give_up "cannot make $build"
cd "$build" || give_up "cannot enter $build"
case $build in
/*) configure=$source_dir/configure ;;
*) configure=../configure ;;
esac
if ! [ -e Makefile ]; then
    # shellcheck disable=SC2086 # a list of flags
    "$configure" ${CONFIGURE_FLAGS:-} || give_up "configure failed"
fi
make -j"$(nproc)" || give_up "the build failed"
tests=
for kind; do
    tests="$tests $(make -s "list-$kind-tests")" || give_up "there are no $kind tests"
done
# One more than there are processors: many tests wait most of the time.
VERBOSE=1 make -j"$(($(nproc) + 1))" check ${tests:+TESTS="$tests"} ${tests:+check_PROGRAMS="$tests"}
status=$?

cd "$source_dir" || exit 1
# shellcheck disable=SC2046,SC2086 # two numbers, a list of tests
set -- $(tests/count.sh "$build" $tests)
passed=$1
failed=$2
[ "$status" -eq 0 ] || [ "$failed" -gt 0 ] || failed=1
if [ "$failed" -gt 0 ]; then
    echo "logs of what failed: $build/test-suite.log" >&2
fi
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
