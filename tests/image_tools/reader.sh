#!/bin/sh
# What the xdomain tool reads by libvips: kinds that the library does not know, sixteen bits, colour profiles, the first of
# several pictures; and that it is not even loaded for those that the library knows. 77 without the vips tool.
# usage: reader.sh XDOMAIN_TOOL COMPARE
set -u

tool=${1:?usage: $0 XDOMAIN_TOOL COMPARE}
compare=$2
root=$(cd "$(dirname "$0")/../.." && pwd)
. "$root/tests/failures.sh"

command -v vips >/dev/null 2>&1 || { echo "reader: no vips tool here"; exit 77; }
digits=$root/examples/models/digits.xdm
three=$root/examples/models/three.png
golden=$root/tests/golden/model-1.0-f32.xdm
cd "$work" || exit 1

make() { vips "$@" 2>make.log || { cat make.log; fail "vips $*"; }; }
# reads FILE PNG [OPTION...]: the tool makes the same of both.
reads() {
  reads_file=$1
  reads_png=$2
  shift 2
  rm -f got.png want.png
  "$tool" translate "$@" --out want.png "$reads_png" || fail "the tool cannot read $reads_png"
  "$tool" translate "$@" --out got.png "$reads_file" || fail "the tool cannot read $reads_file"
  "$compare" got.png want.png || fail "$reads_file is read as something else"
}
refuses() {
  "$tool" translate --model "$digits" --out none.png "$1" 2>log && fail "$1 is read"
  grep -q "$2" log || { cat log; fail "$1: no word of: $2"; }
}

# ---- Kinds: what libvips itself makes of them ----
for kind in webp tif gif avif; do
  make copy "$three" three.$kind
  make copy three.$kind $kind.png
  reads three.$kind $kind.png --model "$digits"
done

# ---- Sixteen bits, in grey and in colours; profiles; several pictures; turned ones ----
make gaussnoise noise.v 9 10 --sigma 60 --mean 128 --seed 5
make gaussnoise other.v 9 10 --sigma 60 --mean 128 --seed 6
make bandjoin "noise.v other.v noise.v" colours.v
make cast colours.v colours.png uchar
make colourspace colours.png deep.png rgb16
make copy deep.png deep.tif
reads deep.tif deep.png --model "$golden" --direction 2to1
make icc_transform colours.png wide.tif p3 --input-profile srgb
make icc_transform wide.tif narrow.png srgb --embedded
"$compare" colours.png narrow.png >/dev/null && fail "the profile changes nothing"
reads wide.tif narrow.png --model "$golden" --direction 2to1
make rot "$three" turned.png d90
make arrayjoin "$three turned.png" pages.v --across 1
make copy pages.v 'pages.gif[page_height=28]'
reads pages.gif "$three" --model "$digits"
make copy "$three" turned.tif
at=$(LC_ALL=C grep -obUaP '\x12\x01\x03\x00\x01\x00\x00\x00\x01' turned.tif | head -n 1 | cut -d : -f 1)
printf '\006' | dd of=turned.tif bs=1 seek=$((${at:?no orientation} + 8)) conv=notrunc 2>/dev/null
reads turned.tif turned.png --model "$digits"

# ---- Of other samples nobody says what is white ----
for kind in float uint int short char; do
  make cast "$three" $kind.tif $kind
  refuses $kind.tif "$kind.tif': .*samples of type $kind"
done

# ---- Folders take them ----
mkdir in
cp three.webp in/1.webp
cp three.tif in/2.TIF
cp "$three" in/3.png
echo text >in/4.txt
"$tool" translate --model "$digits" --out out/ in 2>log || { cat log; fail "a folder"; }
[ "$(find out -name '*.png' | wc -l)" -eq 3 ] || fail "a folder has $(find out -name '*.png')"
grep -q 'passed over 1 files' log || fail "what is passed over is not told: $(cat log)"
mkdir -p set/a set/b
for class in a b; do for i in 1 2 3; do cp three.webp set/$class/$i.webp; done; done
"$tool" judge --train dir:set --test dir:set --epochs 1 --base-channels 4 --out judge.xdc >log 2>&1
grep -q 'on 6 test pictures' log || { cat log; fail "a set of such files"; }

# ---- Damaged ones, others, and those that the library reads itself ----
head -c 120 three.webp >cut.webp
refuses cut.webp "cut.webp': .*webp"
head -c 900 three.tif >cut.tif
refuses cut.tif "cut.tif'"
echo '<svg xmlns="http://www.w3.org/2000/svg" width="28" height="28"/>' >drawing.svg
refuses drawing.svg "drawing.svg' is no PNG"
make copy "$three" three.jpg
make copy "$three" three.ppm
for file in "$three" three.jpg three.ppm; do
  LD_DEBUG=files "$tool" translate --model "$digits" --out own.png "$file" 2>log || fail "$file"
  grep -q 'libvips' log && fail "libvips is loaded for $file"
done

[ "$failures" -eq 0 ] && echo "what libvips reads is read"
exit "$((failures > 0))"
