#!/bin/sh
# Installs what is missing, on Debian and Ubuntu; with sudo when not root. Touches nothing that is there already.
#
#     tests/packages.sh build|test|ci|bench|versions
set -eu
# Where Debian has pgbouncer, and no ordinary user looks.
PATH=$PATH:/usr/sbin
purpose=${1:-test}
missing=

# need PROGRAM PACKAGE
need() {
    command -v "$1" >/dev/null || missing="$missing $2"
}

# need_library PKG-CONFIG-NAME PACKAGE
need_library() {
    if ! command -v pkg-config >/dev/null || ! pkg-config --exists "$1"; then
        missing="$missing $2"
    fi
}

# What libpq.pc of 19 asks for, and its package does not bring.
lacks_curl() {
    case $(pkg-config --print-errors --exists libpq 2>&1) in
    *libcurl*) return 0 ;;
    esac
    return 1
}

# The server's programs are looked for where pg_config says, as the tests do.
need_server() {
    if ! command -v pg_config >/dev/null || ! [ -x "$(pg_config --bindir)/initdb" ]; then
        missing="$missing postgresql"
    fi
}

# Folders of other suites are made here, and all else is installed in them.
need_versions() {
    need debootstrap debootstrap
    [ -e /usr/share/keyrings/debian-archive-keyring.gpg ] || missing="$missing debian-archive-keyring"
    need git git
    need npm npm
    need unshare util-linux
}

need_build() {
    need autoreconf autoconf
    need automake automake
    need libtoolize libtool
    need make make
    need gcc gcc
    need pkg-config pkg-config
    need_library libpq libpq-dev
    ! lacks_curl || missing="$missing libcurl4-openssl-dev"
    need_library json-c libjson-c-dev
    need_library libcrypto libssl-dev
    need_library libxxhash libxxhash-dev
    need_library libdeflate libdeflate-dev
    need_library sqlite3 libsqlite3-dev
    need_library libcurl libcurl4-openssl-dev
    need_library libmicrohttpd libmicrohttpd-dev
    # A folder that is configured without it has no tests, ever.
    need_library cmocka libcmocka-dev
    need pg_config libpq-dev
    need_server
    need psql postgresql-client
}

case $purpose in
versions) need_versions ;;
*) need_build ;;
esac
case $purpose in
test | ci)
    need pgbouncer pgbouncer
    # What plays providers of sites.
    need python3 python3
    # What checks a backup by hand.
    need jq jq
    # A server that speaks French.
    [ -e /usr/share/i18n/locales/fr_FR ] || missing="$missing locales"
    ;;
esac
case $purpose in
bench)
    need pgcopydb pgcopydb
    need jq jq
    ;;
ci)
    need_versions
    need curl curl
    need g++ g++
    need node nodejs
    need openssl openssl
    need mandoc mandoc
    need zsh zsh
    need fish fish
    need chromium chromium
    need clang clang
    need clang-format clang-format
    need xz xz-utils
    need spin spin
    need gcovr gcovr
    need castxml castxml
    need mypy mypy
    python3 -c 'import pip' 2>/dev/null || missing="$missing python3-pip"
    for python in python3 /usr/bin/python3; do
        ! "$python" -c 'import setuptools, wheel' 2>/dev/null || break
    done || missing="$missing python3-setuptools python3-wheel"
    python3 -c 'import jsonschema' 2>/dev/null || missing="$missing python3-jsonschema"
    # libFuzzer, which clang has in a package of its own
    case $(clang -print-file-name="libclang_rt.fuzzer-$(uname -m).a" 2>/dev/null) in
    /*) ;;
    *) missing="$missing libclang-rt-dev" ;;
    esac
    ;;
esac

[ -n "$missing" ] || exit 0
# shellcheck disable=SC2086 # a list of packages
missing=$(printf '%s\n' $missing | sort -u | tr '\n' ' ')
echo "installing: $missing"
if ! command -v apt-get >/dev/null; then
    echo "this machine has no apt-get: install what these Debian packages hold, then try again: $missing" >&2
    exit 1
fi
as_root=
if [ "$(id -u)" -ne 0 ]; then
    if ! command -v sudo >/dev/null; then
        echo "run this as root first, or with sudo on the machine: apt-get install $missing" >&2
        exit 1
    fi
    as_root=sudo
fi
$as_root apt-get -q update
# shellcheck disable=SC2086 # a list of packages
$as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -y --no-install-recommends install $missing

[ "$purpose" != versions ] || exit 0
# Without pkg-config nobody could tell before.
if lacks_curl; then
    $as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -y --no-install-recommends install libcurl4-openssl-dev
fi
if ! [ -x "$(pg_config --bindir)/initdb" ]; then
    echo "no initdb in $(pg_config --bindir): install the PostgreSQL server of libpq-dev's version" >&2
    exit 1
fi
