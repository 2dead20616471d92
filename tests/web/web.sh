#!/bin/sh
# Builds the page of examples/web and tries it in headless Chromium (web.py). Where MNIST is here, 20 test digits are
# drawn on it, and a judge that is trained for a moment says whether their translations are of the right classes.
# Returns 77 and says why where Emscripten, Chromium or Python are not here; nothing is installed for it.
# usage: web.sh ROOT AMALGAMATION XDOMAIN_TOOL OUT [PICTURES]    PICTURES: a folder for what the page looks like
set -u

root=${1:?usage: web.sh ROOT AMALGAMATION XDOMAIN_TOOL OUT [PICTURES]}
amalgamation=$2
tool=$3
out=$4
here=$(dirname "$0")
. "$here/../failures.sh"

chromium=$(command -v chromium || command -v chromium-browser || command -v google-chrome) ||
  { echo "SKIPPED: no Chromium here"; exit 77; }
for command in emcc python3; do
  command -v $command >/dev/null || { echo "SKIPPED: no $command here"; exit 77; }
done

"$root/examples/web/build.sh" "$out" "$amalgamation" || { fail "build.sh"; exit 1; }

mnist=${XDOMAIN_MNIST:-$("$root/examples/data.sh" --offline mnist)}
[ -n "$mnist" ] || echo "without MNIST no drawn digits are judged"
PYTHONDONTWRITEBYTECODE=1 python3 "$here/web.py" "$out" "$root" "$chromium" ${mnist:+--digits "$mnist" "$work"} ${5:+--pictures "$5"} || fail "web.py"

# The judge is right on 0.987 of all real test digits.
if [ -n "$mnist" ] && [ -s "$work/labels" ]; then
  "$tool" judge --train "idx:$mnist/train-images-idx3-ubyte,$mnist/train-labels-idx1-ubyte;first=30000" --epochs 2 \
    --base-channels 8 --shift 1 --dropout 0 --label-smoothing 0 --rate 0.003 --out "$work/judge.xdc" --test "idx:$work/images,$work/labels" >"$work/judged" || fail "xdomain judge"
  cat "$work/judged"
  grep -q '^accuracy 1.0000 on 20 ' "$work/judged" || fail "a drawn digit became another class than its pair"
fi
exit "$((failures > 0))"
