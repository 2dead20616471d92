#!/bin/sh
# xdomain report: the page's parts, that it stands by itself and is well-formed, that texts of files are escaped, that
# its scores are those of eval, that outputs are proved and wrong inputs refused.
# usage: test_report.sh XDOMAIN_TOOL
set -u

tool=$(cd "$(dirname "${1:?usage: $0 XDOMAIN_TOOL}")" && pwd)/$(basename "$1")
here=$(cd "$(dirname "$0")" && pwd)
models=$here/../../examples/models
. "$here/../failures.sh"
. "$here/words.sh"
. "$here/bars.sh"
command -v python3 >/dev/null || { echo "no python3 to read pages"; exit 77; }
cd "$work" || exit 1

# sound PAGE SECTION...: it is well-formed and stands by itself, and has these sections.
sound() {
  page=$1
  shift
  [ -f "$page" ] || { fail "there is no $page"; return; }
  "$here/page.py" "$page" >faults || fail "$page: $(cat faults)"
  [ "$("$here/page.py" "$page" sections)" = "$*" ] || fail "$page has the sections $("$here/page.py" "$page" sections)"
}
# holds TEXT PAGE: the page has it, byte for byte.
holds() { grep -qF -- "$1" "$2" || fail "$2 has no '$1'"; }

# ---- All that a page can have: classes and files are called so as to break one ----

draw_bars bars 0 12
mkdir one two
cp -r bars/0 'one/<b>"&lying'
cp -r bars/1 "one/standing'<td>"
cp -r bars/0 "two/$(printf 'l\342\200\256y\001ing')"
cp -r bars/1 two/standing
model='<img src=x>&.xdm'
vae="--epochs 1 --min-steps 20 --base-channels 4 --latent 4 --hidden1 8"
mapping="--mapping-steps 8 --hidden-width 8"
# shellcheck disable=SC2086 # several words, here and below
runs 0 train --domain1 one --domain2 two --pairs '*:*' $vae $mapping --allow-collapse --no-preview --no-valid --out any.xdm
"$tool" judge --train two --epochs 2 --base-channels 4 --threads 1 --out judge.xdc 2>log || fail "no judge: $(cat log)"
"$tool" judge --train one --epochs 2 --base-channels 4 --threads 1 --out judge1.xdc 2>log || fail "no judge: $(cat log)"
lying=$(cd two && echo l*)
# shellcheck disable=SC2086
runs 0 train --domain1 one --domain2 two --pairs "<b>\"&lying:$lying,standing'<td>:standing" $vae $mapping --allow-collapse \
  --validate-every 4 --valid 0.2 --judge1 judge1.xdc --judge2 judge.xdc --no-preview --report train.json --log train.csv --out "$model"

all="translations draws reconstructions interpolations codes training scores networks provenance"
report() {
  out=$1
  shift
  runs 0 report "$model" --domain1 one --domain2 two --judge1 judge1.xdc --judge2 judge.xdc --report train.json \
    --log train.csv --out "$out" "$@"
}
report page.html
# shellcheck disable=SC2086
sound page.html $all
holds '&lt;img src=x&gt;&amp;.xdm' page.html
holds '&lt;b&gt;&quot;&amp;lying' page.html
holds 'standing&#39;&lt;td&gt;' page.html
holds "$(printf 'l\357\277\275y\357\277\275ing')" page.html
holds '<title id="t1">' page.html
mv page.html first.html
report page.html
cmp -s first.html page.html || fail "the same command writes another page"

# The command that it shows, as a shell takes it, writes it again.
"$here/page.py" page.html text command >command
mkdir bin
printf '#!/bin/sh\nexec "%s" "$@"\n' "$tool" >bin/xdomain
chmod +x bin/xdomain
rm page.html
PATH=$work/bin:$PATH sh ./command 2>log || fail "its command fails: $(cat log)"
cmp -s first.html page.html || fail "its command writes another page"
if command -v bash >/dev/null; then # whatever a path is made of
  odd=$(printf 'o\ne\342\200\256\377.html')
  report "$odd"
  "$here/page.py" "$odd" text command >command
  rm "$odd"
  PATH=$work/bin:$PATH bash ./command 2>log || fail "the command of a page of an odd name fails: $(cat log)"
  [ -f "$odd" ] || fail "the command of a page of an odd name writes $(ls)"
fi

# The options that it shows are those of the training.
"$here/page.py" page.html text options >model.options
grep -q '^vae.latent_dim = 4$' model.options || fail "the options are '$(cat model.options)'"
grep -q unknown model.options && fail "options are unknown: $(cat model.options)"
runs 0 train --domain1 one --domain2 two --pairs "<b>\"&lying:$lying,standing'<td>:standing" --config model.options \
  --valid 0.2 --judge1 judge1.xdc --judge2 judge.xdc --no-preview --allow-collapse --out again.xdm
cmp -s again.xdm "$model" || fail "its options give another model"

grep -q 'no-valid' page.html && fail "its command holds nothing out, though the training did"
runs 0 report any.xdm --out any.html
cp model.options kept.options
runs 2 report any.xdm --config kept.options --out kept.options
cmp -s model.options kept.options || fail "a file of options was replaced"
holds '--no-valid --config' any.html

# Whether its source lost its light or kept it, a training is repeated by them.
draw_bars lit 0 40 lit
for share in 0.5 1; do
  # shellcheck disable=SC2086
  runs 0 train --domain1 lit --domain2 bars --one-way --light-share $share $vae $mapping --allow-collapse --no-preview \
    --no-valid --out lit.xdm
  [ $share = 1 ] || says "domain 1 is only a source"
  [ $share = 0.5 ] || ! grep -q "only a source" log || fail "light is taken that was to stay"
  runs 0 report lit.xdm --out lit.html
  "$here/page.py" lit.html text options >lit.options
  runs 0 train --domain1 lit --domain2 bars --config lit.options --allow-collapse --no-preview --no-valid --out again.xdm
  cmp -s again.xdm lit.xdm || fail "the options of a model of --light-share $share give another"
done
# shellcheck disable=SC2086
runs 0 map --model lit.xdm --domain1 lit --domain2 bars --set directions=2 $mapping --allow-collapse --no-preview --no-valid \
  --out back.xdm
grep -q "without their light" log && fail "a VAE that kept its light is warned of"
# shellcheck disable=SC2086
runs 0 train --domain1 lit --domain2 bars --one-way $vae $mapping --allow-collapse --no-preview --no-valid --out lit.xdm
# shellcheck disable=SC2086
runs 0 map --model lit.xdm --domain1 lit --domain2 bars --set directions=2 $mapping --allow-collapse --no-preview --no-valid \
  --out back.xdm
says "without their light: it draws them so"

# The table of classes has eval's numbers, by translations of its own.
"$tool" eval --model "$model" --domain1 one --domain2 two --judge1 judge1.xdc --judge2 judge.xdc --json --threads 1 >eval.json 2>log
"$here/page.py" page.html table classes >classes
python3 - <<'PYTHON' || fail "its classes are not eval's: $(cat classes eval.json)"
import json
scores = json.load(open("eval.json"))
expected = ["%.1f\u202f%%" % (100 * scores[d]["per_class"][c]) for d in ("1to2", "2to1") for c in sorted(scores[d]["per_class"])]
found = [line.split("\t")[3] for line in open("classes", encoding="utf-8") if not line.startswith("class")]
raise SystemExit(found != expected)
PYTHON

# ---- Less ----

without="translations draws interpolations networks provenance"
for name in digits fashion; do
  runs 0 report "$models/$name.xdm" --out $name.html
  # shellcheck disable=SC2086
  sound $name.html $without
  [ "$(wc -c <$name.html)" -lt 1000000 ] || fail "$name.html is larger than 1 MB"
done
runs 0 report "$model" --domain1 one --out half.html
sound half.html translations draws reconstructions interpolations codes networks provenance
runs 0 report "$model" --domain1 one --domain2 two --no-scores --picture-seed 5 --out pictures.html
sound pictures.html translations draws reconstructions interpolations codes networks provenance
runs 0 report "$model" --report train.json --out curves.html
sound curves.html translations draws interpolations training scores networks provenance
runs 0 report any.xdm --domain1 one --domain2 two --no-scores --out any.html
sound any.html translations draws reconstructions interpolations codes networks provenance
# shellcheck disable=SC2086
runs 0 map --condition labels --domain2 two $vae $mapping --out labels.xdm
runs 0 report labels.xdm --domain2 two --judge2 judge.xdc --out labels.html
sound labels.html translations reconstructions interpolations codes scores networks provenance
runs 0 report labels.xdm --out labels.html
sound labels.html translations interpolations networks provenance
# shellcheck disable=SC2086
runs 0 train --domain1 one --domain2 two --pairs '*:*' $vae --directions 0 --no-preview --no-valid --out vaes.xdm
runs 0 report vaes.xdm --domain1 one --out vaes.html
sound vaes.html reconstructions interpolations codes networks provenance

# ---- Outputs and inputs ----

echo old >old
runs 2 report "$model"
runs 2 report --out page.html
runs 2 report "$model" more --out page.html
runs 2 report "$model" --out page.html --no-scores --judge judge.xdc
runs 1 report "$model" --out nowhere/page.html
says 'nowhere/page.html'
runs 1 report "$model" --out one
runs 1 report "$model" --out /dev/full
runs 2 report "$model" --out -
runs 2 report "$model" --out "./$model"
runs 2 report "$model" --report train.json --out train.json
runs 2 report "$model" --log train.csv --out ./train.csv
runs 2 report "$model" --judge2 judge.xdc --out judge.xdc
runs 2 report "$model" --domain1 one --out 'one/<b>"&lying/1.pgm'
runs 1 report none.xdm --out old
runs 1 report judge.xdc --out old
runs 1 report "$model" --domain1 none --out old
runs 1 report "$model" --domain1 one --domain2 two --judge none.xdc --out old
mkdir -p "colours/$lying"
awk 'BEGIN { printf "P6 8 8 255\n"; for (i = 0; i < 192; i++) printf "%c", 33 + i % 90 }' >"colours/$lying/1.ppm"
for wrong in 'one;size=16x16:16x16x1' 'one;size=4x4:4x4x1' 'one;size=8x4|one;size=8x4:8x4x1' 'colours;size=8x8:8x8x3'; do
  for domain in 1 2; do
    runs 1 report "$model" --domain$domain "${wrong%:*}" --no-scores --out old
    says "'${wrong%:*}': pictures of ${wrong##*:}, where 8x8x1 are wanted (XD_ERROR_SHAPE_MISMATCH)"
  done
done
[ "$(cat old)" = old ] || fail "an old page was touched by a report that failed"

refuses_json() {
  printf '%s' "$1" >wrong.json
  runs 1 report "$model" --report wrong.json --out old
  says "'wrong.json' is no"
}
for text in '' '[]' '1' 'null' '{' '{}x' '{"a":1,}' '{"a" 1}' '{a:1}' "{'a':1}" '{"a":01}' '{"a":1.}' '{"a":.5}' '{"a":+1}' \
  '{"a":1e}' '{"a":1e999}' '{"a":NaN}' '{"a":nul}' '{"a":"\x"}' '{"a":"\ud800"}' '{"a":"\udc00"}' '{"a":"\u0000"}' \
  '{"a":"' '{"a":[1,2}' '{"a":[1 2]}' '{"a":[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]}' '{"a":"
"}'; do
  refuses_json "$text"
done
printf '{"a":"\0"}' >wrong.json
runs 1 report "$model" --report wrong.json --out old
printf '{"a":1,\n"b":\n2,x}' >wrong.json
runs 1 report "$model" --report wrong.json --out old
says 'line 3'
runs 1 report "$model" --report one --out old
runs 1 report "$model" --report none.json --out old
runs 1 report "$model" --log train.json --out old
printf 'stage,step,kl\n1,1,2\n1,x,2\n' >wrong.csv
runs 1 report "$model" --log wrong.csv --out old
says 'line 3'
[ "$(cat old)" = old ] || fail "an old page was touched by wrong inputs"

# What is JSON, but says strange things.
cat >strange.json <<'JSON'
{"status": "</title><script>alert(\"\ud83d\ude00\")</script>\u0001", "seconds": -1e300, "1to2": {"kept_step": 1e300,
 "history": [{"step": 1e300, "acc": 1}, {"step": 0, "acc": -1e300}, {"step": 1, "acc": 1e-300}, {"step": 2, "acc": null}, 7, []],
 "validation": {"acc": 1.5, "div": 1e300, "fd": -3, "count": 1e308, "judge_acc": -7}}, "2to1": [], "x": {"x": [true, false, "\u00e9\n"]}}
JSON
runs 0 report "$model" --report strange.json --out strange.html
sound strange.html translations draws interpolations training scores networks provenance
holds '&lt;/title&gt;&lt;script&gt;' strange.html

# Damaged at random: a page or a message.
python3 - <<'PYTHON'
import random
random.seed(18)
for kind in ("json", "csv"):
    whole = open("train." + kind, "rb").read()
    for number in range(12):
        damaged = bytearray(whole[: random.randrange(len(whole))] if number % 3 == 0 else whole)
        for _ in range(number % 3 * 2):
            damaged[random.randrange(len(damaged))] = random.choice(b'"{}[],:\\e-09\0\xff')
        open("damaged%d.%s" % (number, kind), "wb").write(damaged)
PYTHON
for file in damaged*; do
  case $file in *.json) flag=--report ;; *) flag=--log ;; esac
  "$tool" report "$model" $flag "$file" --threads 1 --out damaged.html 2>log
  code=$?
  [ $code -le 1 ] || fail "$file: exit code $code"
  [ $code -eq 1 ] || "$here/page.py" damaged.html >faults || fail "$file: $(cat faults)"
done

[ "$failures" -eq 0 ] && echo "pages that stand by themselves"
exit "$((failures > 0))"
