#!/bin/sh
# The operation xdomain:translate in Debian's gegl tool: the pixels that the xdomain tool makes, and pictures as they
# are, with a reason, where it cannot translate. 77 without the gegl tool.
# usage: gegl.sh XDOMAIN_TOOL COMPARE PLUGIN
set -u

tool=${1:?usage: $0 XDOMAIN_TOOL COMPARE PLUGIN}
compare=$2
root=$(cd "$(dirname "$0")/../.." && pwd)
. "$root/tests/failures.sh"

command -v gegl >/dev/null 2>&1 || { echo "gegl: no gegl tool here"; exit 77; }
mkdir "$work/plugins" "$work/home"
ln -s "$3" "$work/plugins"
GEGL_PATH=$work/plugins:$(pkg-config --variable=pluginsdir gegl-0.4)
HOME=$work/home
export GEGL_PATH HOME

digits=$root/examples/models/digits.xdm
three=$root/examples/models/three.png
golden=$root/tests/golden/model-1.0-f32.xdm

# graph IN OUT OPERATION...
graph() {
  graph_in=$1
  graph_out=$2
  shift 2
  rm -f "$graph_out"
  gegl "$graph_in" -o "$graph_out" -- "$@" >"$work/log" 2>&1
  [ -f "$graph_out" ] || { cat "$work/log"; fail "gegl wrote no $graph_out: $*"; }
}
same() { "$compare" "$1" "$2" >"$work/difference" || fail "$3: $(cat "$work/difference")"; }
translate() { "$tool" translate "$@" >"$work/log" 2>&1 || { cat "$work/log"; fail "xdomain translate $*"; }; }

gegl --info xdomain:translate >"$work/info" 2>/dev/null
for property in model direction fit keep-size seed temperature; do
  grep -q "^$property " "$work/info" || fail "no property $property"
done

# ---- The tool's pixels ----
translate --model "$digits" --seed 1 --out "$work/tool_eight.png" "$three"
graph "$three" "$work/result.png" xdomain:translate "model=$digits" seed=1
same "$work/tool_eight.png" "$work/result.png" "digits 1to2"
"$compare" "$three" "$work/result.png" >/dev/null && fail "nothing was translated"

translate --model "$digits" --direction 2to1 --seed 7 --temperature 0.5 --out "$work/back.png" "$work/tool_eight.png"
graph "$work/tool_eight.png" "$work/result.png" xdomain:translate "model=$digits" direction=2to1 seed=7 temperature=0.5
same "$work/back.png" "$work/result.png" "digits 2to1"

# From grey 8x8 to colours 9x10.
{ printf 'P5\n8 8\n255\n' && head -c 64 "$0"; } >"$work/small.pgm"
translate --model "$golden" --seed 3 --out "$work/colours.png" "$work/small.pgm"
graph "$work/small.pgm" "$work/result.png" xdomain:translate "model=$golden" seed=3 keep-size=no
same "$work/colours.png" "$work/result.png" "another size and colours"
graph "$work/small.pgm" "$work/result.png" xdomain:translate "model=$golden" seed=3
"$compare" "$work/small.pgm" "$work/result.png" | grep -q '^sample' || fail "the size of the source is not kept"

# Pictures of other sizes, wider and higher.
{ printf 'P5\n50 31\n255\n' && head -c 1550 "$0"; } >"$work/wide.pgm"
"$tool" translate --model "$digits" --out "$work/none.png" "$work/wide.pgm" 2>/dev/null && fail "the tool takes any size"
for fit in stretch pad crop; do
  translate --model "$digits" --fit $fit --out "$work/fitted.png" "$work/wide.pgm"
  graph "$work/wide.pgm" "$work/result.png" xdomain:translate "model=$digits" fit=$fit keep-size=no
  same "$work/fitted.png" "$work/result.png" "--fit $fit"
  graph "$work/wide.pgm" "$work/result.png" xdomain:translate "model=$digits" fit=$fit
  "$compare" "$work/wide.pgm" "$work/result.png" | grep -q '^sample' || fail "--fit $fit does not keep the size"
done

# As docs/image-tools.md shows it.
ln -s "$root/examples" "$work/examples"
(cd "$work" && grep '^gegl ' "$root/docs/image-tools.md" | sh >"$work/log" 2>&1)
same "$work/tool_eight.png" "$work/eight.png" "the manual's line"

# ---- What cannot be translated stays as it is, and the reason is told ----
# refused WHY IN PROPERTY...
refused() {
  why=$1
  refused_in=$2
  shift 2
  graph "$refused_in" "$work/result.png" xdomain:translate "$@"
  grep -q "xdomain:translate: .*$why" "$work/log" || { cat "$work/log"; fail "no word of: $why"; }
  same "$refused_in" "$work/result.png" "after '$why'"
}
refused "cannot open '/no/such.xdm': No such file" "$three" model=/no/such.xdm
refused "no model was chosen" "$three"
refused "three.png" "$three" "model=$three"
refused "28x28" "$work/small.pgm" "model=$digits"
{ printf 'P6\n10 8\n255\n' && head -c 240 "$0"; } >"$work/coloured.ppm"
refused "28x28" "$work/coloured.ppm" "model=$digits"
refused "28x28" "$work/coloured.ppm" "model=$digits" keep-size=no
refused "8x8" "$three" "model=$golden" keep-size=no

[ "$failures" -eq 0 ] && echo "the operation gives the tool's pixels"
exit "$((failures > 0))"
