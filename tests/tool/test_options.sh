#!/bin/sh
# xdomain options lists the library's options and presets, in a form that can be read and in JSON.
# usage: test_options.sh XDOMAIN_TOOL
set -u

tool=${1:?usage: $0 XDOMAIN_TOOL}
. "$(dirname "$0")/../failures.sh"

lists() { "$tool" options "$@" >"$work/out" 2>"$work/log" || fail "options $*: $(cat "$work/log")"; }
has() { grep -q -- "$1" "$work/out" || fail "the list has no '$1'"; }

lists
for group in vae mapping judge evaluation train; do has "^$group\$"; done
lists mapping
has '^  lambda_reg  *0.3  *0..1000000  *weight'
grep -q latent_dim "$work/out" && fail "options mapping lists those of VAEs"
lists train
has '^  vae.likelihood  *gaussian  *gaussian|bernoulli '
has '^presets: mnist, '
lists --preset mnist
has '^mapping.steps = 16000$'
lists --json
if command -v python3 >/dev/null; then
  python3 -c 'import json, sys; t = json.load(open(sys.argv[1])); assert any(o["name"] == "vae.latent_dim" for o in t["train"])' \
    "$work/out" || fail "--json is no JSON"
fi
for words in 'nothing' 'vae mapping' '--preset photo' '--list' '--json=1' '-x'; do
  # shellcheck disable=SC2086 # several words
  "$tool" options $words >"$work/out" 2>&1
  [ $? -eq 2 ] || fail "options $words is not wrong usage"
done
"$tool" options >/dev/full 2>"$work/log"
[ $? -eq 1 ] || fail "a list that is lost is no failure"

[ "$failures" -eq 0 ] && echo "the options are listed"
exit "$((failures > 0))"
