# shellcheck shell=sh
# Sourced by the tool's tests, after failures.sh: how it ends and what it says, in the folder they work in.

# runs CODE WORD...: the tool ends so; what it prints lies in `out` and `log`.
runs() {
  wanted=$1
  shift
  "$tool" "$@" --threads 1 >out 2>log
  got=$?
  [ $got -eq "$wanted" ] || fail "$*: exit code $got, not $wanted: $(cat log)"
}

# says PATTERN [FILE]: the file, or `log`, has it.
says() { grep -q -- "$1" "${2:-log}" || fail "no word of '$1', but '$(cat "${2:-log}")'"; }
