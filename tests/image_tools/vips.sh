#!/bin/sh
# The operation xdomain_translate in Debian's vips tool and, where the package pyvips is, from Python: the pixels that the
# xdomain tool makes, and nothing lost. 77 without the vips tool. PACKAGES holds pyvips (tests/python/packages.sh).
# usage: vips.sh XDOMAIN_TOOL COMPARE MODULE PACKAGES
set -u

tool=${1:?usage: $0 XDOMAIN_TOOL COMPARE MODULE PACKAGES}
compare=$2
packages=${XDOMAIN_PYTHON_PACKAGES:-$4}
root=$(cd "$(dirname "$0")/../.." && pwd)
. "$root/tests/failures.sh"

command -v vips >/dev/null 2>&1 || { echo "vips: no vips tool here"; exit 77; }
# libvips takes the last part of its library folder below VIPSHOME.
series=$(pkg-config --modversion vips | cut -d . -f 1,2)
modules=$(basename "$(pkg-config --variable=libdir vips)")/vips-modules-$series
mkdir -p "$work/home/$modules"
ln -s "$3" "$work/home/$modules"
VIPSHOME=$work/home
export VIPSHOME

digits=$root/examples/models/digits.xdm
three=$root/examples/models/three.png
golden=$root/tests/golden/model-1.0-f32.xdm
same() { "$compare" "$1" "$2" || fail "$3"; }
operate() { vips "$@" >"$work/log" 2>&1 || { cat "$work/log"; fail "vips $*"; }; }
translate() { "$tool" translate "$@" || fail "xdomain translate $*"; }

translate --model "$digits" --seed 1 --out "$work/tool_eight.png" "$three"
operate xdomain_translate "$three" "$work/result.png" --model "$digits" --seed 1
same "$work/tool_eight.png" "$work/result.png" "digits 1to2"

translate --model "$digits" --direction 2to1 --seed 9007199254740993 --temperature 0.5 --out "$work/back.png" \
  "$work/tool_eight.png"
operate xdomain_translate "$work/tool_eight.png" "$work/result.png" --model "$digits" --direction 2to1 \
  --seed 9007199254740993 --temperature 0.5
same "$work/back.png" "$work/result.png" "digits 2to1"

# From grey to colours, and pictures of another size.
{ printf 'P5\n50 31\n255\n' && head -c 1550 "$0"; } >"$work/wide.pgm"
for fit in stretch pad crop; do
  translate --model "$golden" --fit $fit --out "$work/fitted.png" "$work/wide.pgm"
  operate xdomain_translate "$work/wide.pgm" "$work/result.png" --model "$golden" --fit $fit
  same "$work/fitted.png" "$work/result.png" "--fit $fit"
done

# As docs/image-tools.md shows it.
ln -s "$root/examples" "$work/examples"
(cd "$work" && grep '^vips ' "$root/docs/image-tools.md" | sh)
same "$work/tool_eight.png" "$work/eight.png" "the manual's line"

vips xdomain_translate >"$work/log" 2>&1
grep -q 'allowed: 1to2, 2to1$' "$work/log" || fail "directions in the help: $(grep allowed "$work/log")"
grep -q 'allowed: exact, stretch, pad, crop$' "$work/log" || fail "fits in the help: $(grep allowed "$work/log")"

vips xdomain_translate "$three" "$work/none.png" --model /no/such.xdm 2>"$work/log" && fail "a model that is not there"
grep -q "xdomain_translate: cannot open '/no/such.xdm': No such file" "$work/log" || fail "the reason: $(cat "$work/log")"

# Sequential reading, any concurrency, and no image, file or memory of libvips' left.
for threads in 1 4; do
  operate --vips-concurrency=$threads --vips-leak xdomain_translate "$three" "$work/result.png" --model "$digits" --seed 1
  grep -qE 'alive|leak' "$work/log" && { cat "$work/log"; fail "something is left"; }
  same "$work/tool_eight.png" "$work/result.png" "$threads threads"
done

python=$work/environment/bin/python
if [ -f "$packages/pyvips-$(python3 -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null)" ] &&
  python3 -m venv "$work/environment" &&
  "$python" -m pip install --quiet --disable-pip-version-check --no-index --find-links "$packages" pyvips numpy; then
  "$python" "$root/tests/image_tools/pyvips_use.py" "$digits" "$three" "$work/tool_eight.png" || fail "pyvips"
  rm "$work/eight.png"
  (cd "$work" && awk '/^```/ { on = $0 ~ /^```python/; next } on' "$root/docs/image-tools.md" | "$python" -)
  same "$work/tool_eight.png" "$work/eight.png" "the manual's Python"
else
  echo "without pyvips"
fi

[ "$failures" -eq 0 ] && echo "the operation gives the tool's pixels"
exit "$((failures > 0))"
