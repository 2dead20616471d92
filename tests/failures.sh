# shellcheck shell=sh
# Sourced by test scripts that go on after a failure: a work folder in $work, which goes with the script, and
# `fail`, which counts into $failures.
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
failures=0

fail() {
  echo "FAILED: $*"
  failures=$((failures + 1))
}
