#!/bin/sh
# xdomain info lists number and name of each class; names of any bytes neither control the terminal nor forge lines, and
# --json is JSON.
# usage: test_info.sh XDOMAIN_TOOL
set -u

tool=${1:?usage: $0 XDOMAIN_TOOL}
. "$(dirname "$0")/../failures.sh"
. "$(dirname "$0")/bars.sh"

draw_bars "$work/one" 0 4
draw_bars "$work/two" 2 4
escape=$(printf 'a\033[2J\nforged = line"\\')
mv "$work/one/0" "$work/one/$escape"
mv "$work/one/1" "$work/one/b é"
"$tool" train --domain1 "dir:$work/one" --domain2 "dir:$work/two" --pairs 0:2,1:3 --epochs 1 --min-steps 2 --steps 4 \
  --base-channels 4 --latent 4 --hidden 8 --width 8 --threads 1 --out "$work/model.xdm" >"$work/log" 2>&1 ||
  fail "xdomain train: $(cat "$work/log")"

"$tool" info "$work/model.xdm" >"$work/info" || fail "xdomain info"
"$tool" info --json "$work/model.xdm" >"$work/json" || fail "xdomain info --json"
# has LINE: a line of the information is so.
has() { grep -qxF -- "$1" "$work/info" || fail "no line '$1' in $(grep '^class' "$work/info")"; }
has 'class 0 of domain 1: a\x1B[2J\x0Aforged = line"\'
has 'class 1 of domain 1: b é'
has 'class 2 of domain 2: 2'
has 'class 3 of domain 2: 3'
grep -qE '^encoder 1: .*, [0-9]+ multiplications, [0-9]+ bytes of results$' "$work/info" || fail "no price in the information"
for file in info json log; do
  tr -d '\n\r' <"$work/$file" | LC_ALL=C grep -q '[[:cntrl:]]' && fail "control bytes in the $file"
done
grep -q '^forged' "$work/info" && fail "a name forges a line"
if command -v python3 >/dev/null; then
  python3 - "$work/json" "$escape" <<'END' || fail "--json is not what the file holds"
import json, sys
info = json.load(open(sys.argv[1], encoding="utf-8"))
assert info["domains"][0]["class_names"] == [sys.argv[2], "b é"], info["domains"]
assert info["domains"][1]["class_names"] == ["", "", "2", "3"], info["domains"]
assert all(chunk["intact"] for chunk in info["chunks"])
for network in info["networks"].values():
    assert network["multiplications"] >= network["weights"] and network["result_bytes"] > 0, network
END
fi

# A file whose own name is no UTF-8.
name=$(printf 'n\377.xdm')
cp "$work/model.xdm" "$work/$name"
"$tool" info --json "$work/$name" >"$work/json" || fail "a file whose name is no UTF-8"
if command -v python3 >/dev/null; then
  python3 -c 'import json, sys; json.load(open(sys.argv[1], encoding="utf-8"))' "$work/json" || fail "its --json is no JSON"
fi
"$tool" info "$work/none$escape" >"$work/log" 2>&1
[ $? -eq 1 ] || fail "a missing file is no failure"
[ "$(wc -l <"$work/log")" -eq 1 ] || fail "a missing file's name forges lines: $(cat "$work/log")"

[ "$failures" -eq 0 ] && echo "info tells the classes and nothing but text"
exit "$((failures > 0))"
