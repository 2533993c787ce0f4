#!/bin/sh
# The Python package as a user has it: its wheel in an empty environment, beside an installed library. What is made of interface.json is as
# generate.py makes it now; types are checked; then the story, on a real server, and the examples.
#
#     tests/python.sh PREFIX               PYTHONS="python3.9 python3.13": with those; python3 by default
#
# PREFIX is where `make install` put it.
set -u
source_dir=$(cd "$(dirname "$0")/.." && pwd)
package=$source_dir/bindings/python
prefix=$(cd "${1:-build-installed}" && pwd) || exit 1
passed=0
failed=0
work=$(mktemp -d /tmp/cutover-python.XXXXXX) || exit 1
chmod 755 "$work"
trap 'rm -rf "$work"' EXIT

# check NAME COMMAND...: its output is shown when it fails.
check() {
    name=$1
    shift
    if "$@" >"$work/said" 2>&1; then
        passed=$((passed + 1))
    else
        echo "python: $name"
        tail -n 60 "$work/said"
        failed=$((failed + 1))
    fi
}

# What bindings/python/generate.py makes is what is in the tree.
generated() {
    mkdir "$work/generated" && python3 "$package/generate.py" "$work/generated" &&
        for file in "$work"/generated/*; do
            diff "$package/cutover/${file##*/}" "$file" || return 1
        done
}

# The one that has setuptools and wheel builds: a copy, as setuptools writes beside the source.
wheel() {
    cp -r "$package" "$work/package" && cd "$work/package" || return 1
    for python in python3 /usr/bin/python3; do
        "$python" -c 'import setuptools, wheel' 2>/dev/null || continue
        "$python" -c 'import sys; from setuptools import build_meta; build_meta.build_wheel(sys.argv[1])' "$work"
        return
    done
    echo "no python3 with setuptools and wheel"
    return 1
}

# story PYTHON
story() {
    environment=$work/environment-$(basename "$1")
    "$1" -m venv --without-pip "$environment" &&
        python3 -m pip --python "$environment/bin/python" install -q --no-index "$work"/cutover-*.whl &&
        (cd "$work" && "$environment/bin/python" "$package/tests/test_story.py")
}

check "what is generated is not as generate.py makes it: bindings/python/generate.py" generated
check "mypy --strict" mypy --strict --python-version 3.9 --cache-dir "$work/mypy" "$package/cutover" "$package/examples"
check "the wheel" wheel
LD_LIBRARY_PATH=$(dirname "$(find "$prefix" -name libcutover.so)")
export LD_LIBRARY_PATH
for python in ${PYTHONS:-python3}; do
    check "the story, with $python" story "$python"
done

echo "python: $passed passed, $failed failed"
[ "$failed" -eq 0 ]
