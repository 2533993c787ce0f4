#!/bin/sh
# Makes ./configure out of configure.ac; for a checkout, not for a release tarball.
set -eu
cd "$(dirname "$0")"
mkdir -p m4
exec autoreconf --install "$@"
