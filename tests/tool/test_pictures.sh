#!/bin/sh
# The pictures of examples/make_pictures.c: the same for the same seed, others for another, and two domains of
# 64x64 in colour with five classes each, which load as sets.
# usage: test_pictures.sh XDOMAIN_TOOL
set -u

tool=${1:?usage: $0 XDOMAIN_TOOL}
maker=$(dirname "$tool")/make_pictures
. "$(dirname "$0")/../failures.sh"

make() { "$maker" "$@" || fail "make_pictures $*"; }
make "$work/one" 3 1
make "$work/same" 3 1 1
make "$work/other" 3 1 2
diff -r "$work/one" "$work/same" || fail "the same seed gives other pictures"
total=0
for picture in "$work"/one/*/*/*/*.png; do
  total=$((total + 1))
  cmp -s "$picture" "$work/other${picture#"$work/one"}" && fail "$picture is the same with another seed"
done
[ "$total" -eq 40 ] || fail "$total pictures, not 40"

for domain in shapes glyphs; do
  "$tool" judge --train "dir:$work/one/$domain/train;channels=3|dir:$work/other/$domain/train" \
    --test "dir:$work/one/$domain/test" --epochs 1 --base-channels 4 --out "$work/judge.xdc" >"$work/log" 2>&1
  grep -q 'on 5 test pictures' "$work/log" || { cat "$work/log"; fail "$domain does not load as a set"; }
  "$tool" info "$work/judge.xdc" | grep -q '64x64x3' || fail "$domain is not of 64x64 colour pixels"
done

"$maker" "$work/none" 3 2>/dev/null
[ $? -eq 2 ] || fail "too few words are not wrong usage"
"$maker" "$work/none" 0 1 2>/dev/null
[ $? -eq 2 ] || fail "no pictures are not wrong usage"
"$maker" /dev/null/none 1 1 2>/dev/null
[ $? -eq 1 ] || fail "a folder that cannot be made is no failure"

[ "$failures" -eq 0 ] && echo "$total pictures that load as sets"
exit "$((failures > 0))"
