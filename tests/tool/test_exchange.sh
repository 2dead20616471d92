#!/bin/sh
# Models for other frameworks and from them: what is exported as safetensors is imported as the same bytes, a graph of
# ONNX has its inputs and output, and files of weights are refused for what is wrong with them, without a trace.
# tests/exchange/ looks at both with the packages that read them.
# usage: test_exchange.sh XDOMAIN_TOOL
set -u

tool=$(cd "$(dirname "${1:?usage: $0 XDOMAIN_TOOL}")" && pwd)/$(basename "$1")
models=$(cd "$(dirname "$0")/../../examples/models" && pwd)
. "$(dirname "$0")/../failures.sh"
. "$(dirname "$0")/words.sh"
cd "$work" || exit 1

# has FILE WORD...: the bytes of each stand in the file.
has() {
  file=$1
  shift
  for word; do grep -aq -- "$word" "$file" || fail "$file has no '$word'"; done
}

# ---- There and back ----

for name in digits fashion; do
  runs 0 export "$models/$name.xdm" --safetensors "$name.safetensors" --onnx "$name.onnx"
  runs 0 import "$name.safetensors" --out "$name.xdm"
  runs 0 pack "$models/$name.xdm" --f32 --out packed.xdm
  cmp "$name.xdm" packed.xdm || fail "$name.xdm is not what it was"
  has "$name.onnx" picture noise translation batch ConvTranspose encoder1.0.conv2d.weights decoder2
  grep -aq 'encoder2\|decoder1' "$name.onnx" && fail "$name.onnx has networks of the other direction"
done
runs 0 export "$models/digits.xdm" --onnx back.onnx --direction 2to1
has back.onnx encoder2 generator2 decoder1

# ---- Weights by hand ----

# spell NUMBER BYTES: a number's bytes, the lowest first.
spell() {
  left=$1
  for _ in $(seq "$2"); do
    # shellcheck disable=SC2059
    printf "\\$(printf %03o $((left % 256)))"
    left=$((left / 256))
  done
}
# weights HEADER BYTES: a file of that header and so many zero bytes, as in.safetensors.
weights() {
  { spell "${#1}" 8; printf %s "$1"; head -c "$2" /dev/zero; } >in.safetensors
}
# tensors BEGIN NAME:SHAPE:BYTES...: their entries, one after the other from BEGIN on; `end` is behind the last.
tensors() {
  end=$1
  shift
  for tensor; do
    rest=${tensor#*:}
    printf ',"%s":{"dtype":"F32","shape":[%s],"data_offsets":[%s,%s]}' "${tensor%%:*}" "${rest%:*}" \
      "$end" "$((end + ${rest#*:}))"
    end=$((end + ${rest#*:}))
  done
}
# refuses PATTERN HEADER [BYTES]: such a file is no model, for that reason, and leaves nothing behind.
refuses() {
  weights "$2" "${3:-0}"
  runs 1 import in.safetensors --out none.xdm
  says "$1"
  [ "$(find . -name 'none*')" = "" ] || fail "something was left behind: $(ls)"
}

# From labels 0 and 1 to pictures of 8 x 8, by zeros.
texts='"xdomain":"1","encoder2":"8 8 1; DNSE 1 1 4","decoder2":"1 1 2; DNSE 8 8 1 3"'
texts="$texts,\"generator1\":\"1 1 4; DNSE 1 1 2\",\"class1.0\":\"k\\u00e4se\",\"class1.1\":\"\\ud83e\\uDDC0\\\\/\""
encoder="encoder2.0.dense.weights:64,4:1024 encoder2.0.dense.bias:4:16"
decoder="decoder2.0.dense.weights:2,64:512 decoder2.0.dense.bias:64:256"
generator="generator1.0.dense.weights:4,2:32 generator1.0.dense.bias:2:8"
# shellcheck disable=SC2086 # a word a tensor, here and below
all=$(tensors 0 $encoder $decoder $generator)
good="{\"__metadata__\":{$texts}$all}"
weights "$good  " 1848
runs 0 import in.safetensors --out labels.xdm
runs 0 info labels.xdm
says '^class 0 of domain 1: käse$' out
says '^class 1 of domain 1: 🧀\\/$' out
runs 0 export labels.xdm --onnx labels.onnx --safetensors out.safetensors
has labels.onnx condition noise translation
has out.safetensors '"class1.0":"käse"' '"encoder2":"8 8 1; DNSE 1 1 4"'
runs 0 import out.safetensors --out again.xdm
cmp labels.xdm again.xdm || fail "a model of conditions is not what it was"
runs 0 generate --model labels.xdm --count 1 --out drawn
# Classes whose folders would be one are drawn one by one, or on a sheet.
for names in '"class1.0":"käse","class1.1":"käse"' '"class1.0":"1","class1.1":"a\/b"' '"class1.0":"0","class1.1":"0"'; do
  weights "{\"__metadata__\":{${texts%%,\"class1.0*},$names}$all}" 1848
  runs 0 import in.safetensors --out twins.xdm
  runs 2 generate --model twins.xdm --count 2 --out twins
  says "would both become the folder 'twins/"
  [ ! -e twins ] || fail "two classes of one folder were drawn"
  runs 0 generate --model twins.xdm --count 2 --class 1 --out twins
  runs 0 generate --model twins.xdm --count 2 --out twins.png
  rm -r twins
done
runs 1 export labels.xdm --onnx none.onnx --direction 2to1
says 'no mapping 2to1'

# ---- What is no such file ----

: >in.safetensors
runs 1 import in.safetensors --out none.xdm
says 'shorter than its header'
for length in 0 9 15 300 1900; do
  weights "$good" 1848
  head -c $length in.safetensors >cut
  runs 1 import cut --out none.xdm
done
for length in 4294967296 9223372036854775807; do
  { spell $length 8; printf %s "$good"; } >in.safetensors
  runs 1 import in.safetensors --out none.xdm
  says 'shorter than its header'
done
refuses 'not the JSON' ''
refuses 'not the JSON' '[]'
refuses 'not the JSON' '{"a":1}'
refuses 'not the JSON' '{"__metadata__":{"a":1}}'
refuses 'ends within a text' '{"__metadata__":{"a'
refuses 'goes on behind' '{}{}'
refuses 'no.*xdomain' '{}'
refuses 'no.*xdomain' '{"__metadata__":{"xdomain":"2"}}'
refuses 'twice' '{"__metadata__":{"a":"b","a":"c"}}'
refuses 'twice' '{"__metadata__":{},"__metadata__":{}}'
refuses 'unknown escape' '{"__metadata__":{"a":"\q"}}'
refuses 'wrong .u' '{"__metadata__":{"a":"\u12g4"}}'
refuses 'half a character' '{"__metadata__":{"a":"\ud83e"}}'
refuses 'half a character' '{"__metadata__":{"a":"\ud83e\u0041"}}'
refuses 'character that is none' '{"__metadata__":{"a":"\udc00"}}'
refuses 'character that is none' '{"__metadata__":{"a":"\u0000"}}'
refuses 'no UTF-8' "{\"__metadata__\":{\"a\":\"$(printf '\377')\"}}"
refuses 'dtype is not F32' '{"a":{"dtype":"F16","shape":[2],"data_offsets":[0,4]}}' 4
refuses 'dtype is not F32' '{"a":{"shape":[1],"data_offsets":[0,4]}}' 4
refuses 'something else' '{"a":{"dtype":"F32","dtype":"F32","shape":[1],"data_offsets":[0,4]}}' 4
refuses 'something else' '{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4],"more":1}}' 4
refuses 'no sides' '{"a":{"dtype":"F32","shape":[],"data_offsets":[0,4]}}' 4
refuses 'too large' '{"a":{"dtype":"F32","shape":[0],"data_offsets":[0,0]}}'
refuses 'too large' '{"a":{"dtype":"F32","shape":[4294967295,4294967295],"data_offsets":[0,4]}}' 4
refuses 'too large' '{"a":{"dtype":"F32","shape":[18446744073709551617],"data_offsets":[0,4]}}' 4
refuses 'too large' '{"a":{"dtype":"F32","shape":[1,1,1,1,1],"data_offsets":[0,4]}}' 4
refuses 'not the JSON' '{"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}}' 4
refuses "'a': its data_offsets" '{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}}' 4
refuses 'data_offsets' '{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,0]}}' 4
refuses 'twice' '{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}' 8
refuses 'side by side' '{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}' 8
refuses 'side by side' '{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}' 0
refuses 'side by side' '{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}' 8
refuses 'end before' "$good" 1849

# ---- What is no such model ----

# describes PATTERN NAME TEXT: the network of that name cannot be of such layers.
describes() { refuses "$1" "{\"__metadata__\":{$(printf %s "$texts" | sed "s/\"$2\":\"[^\"]*\"/\"$2\":\"$3\"/")}$all}" 1848; }
describes 'does not describe' encoder2 ''
describes 'does not describe' encoder2 '8 8'
describes 'does not describe' encoder2 '8 8 1'
describes 'does not describe' encoder2 '8 8 1; DNS 1 1 4'
describes 'does not describe' encoder2 '8 8 1; DNSE 1 1 -4'
describes 'does not describe' encoder2 '8 8 4294967296; DNSE 1 1 4'
describes 'does not describe' encoder2 '8 8 1; DNSE 1 1 4 0 0 0 0 0 0'
describes 'does not describe' encoder2 '8 8 1; DNSE 1 1 4;'
describes 'does not describe' encoder2 "8 8 1$(printf '; ACTV%.0s' $(seq 65))"
describes 'layer 0: nobody knows' encoder2 '8 8 1; XXXX 1 1 4'
describes 'layer 0: .*weights' encoder2 '65536 65536 65536; DNSE 65536 65536 65536'
describes 'layer 1: .*reaches back' encoder2 '8 8 1; DNSE 1 1 4; RADD 3'
describes 'layer 1: .*activation' encoder2 '8 8 1; DNSE 1 1 4; ACTV 9'
describes "'encoder2.0.dense.weights' has another shape" encoder2 '8 8 64; DNSE 1 1 4'
describes "no tensor 'encoder2.0.conv2d.weights'" encoder2 '8 8 1; CNV2 64 3 1'
describes 'picture' encoder2 '1 1 64; DNSE 1 1 4'
refuses "no tensor 'generator2.0.dense.weights'" "{\"__metadata__\":{\"generator2\":\"1 1 4; DNSE 1 1 2\",$texts}$all}" 1848
doubled=$(for side in 16 32 64 128 256 512 1024 2048 4096 8192; do printf '; UPS2 %s %s' $side $side; done)
large="encoder2.10.conv2d.weights:1,1,1,1:4 encoder2.10.conv2d.bias:1:4 encoder2.11.conv2d.weights:1,1,1,1:4"
large="$large encoder2.11.conv2d.bias:1:4 encoder2.12.dense.weights:4,4:64 encoder2.12.dense.bias:4:16"
# shellcheck disable=SC2086
refuses 'encoder2: .*more time or memory' \
  "{\"__metadata__\":{\"xdomain\":\"1\",\"encoder2\":\"8 8 1$doubled; CNV2 1 1 64; CNV2 1 1 64; DNSE 1 1 4\"}$(tensors 0 $large)}" 96
refuses "'more' belongs to no layer" "{\"__metadata__\":{$texts}$all$(tensors 1848 more:1:4)}" 1852
refuses 'encoder\|decoder' "{\"__metadata__\":{\"xdomain\":\"1\"}}"
printf '\377\377\377\377' >nan
weights "$good" 1844
cat nan >>in.safetensors
runs 1 import in.safetensors --out none.xdm
says 'not finite'

# ---- Words ----

runs 2 export "$models/digits.xdm"
says '--onnx or --safetensors'
runs 2 export "$models/digits.xdm" --onnx none.onnx --direction 3to1
runs 2 export "$models/digits.xdm" --onnx none --safetensors ./none
says 'are both'
runs 2 export labels.xdm --onnx labels.xdm
says 'would replace'
runs 1 export "$models/digits.xdm" --onnx nowhere/none.onnx
runs 1 export in.safetensors --onnx none.onnx
runs 2 import in.safetensors
runs 2 import out.safetensors --out out.safetensors
runs 1 import missing.safetensors --out none.xdm
says "cannot read 'missing.safetensors'"
runs 1 import . --out none.xdm
if [ -c /dev/full ]; then
  runs 1 export labels.xdm --onnx /dev/full
fi
[ "$(find . -name '*none*')" = "" ] || fail "something was left behind: $(ls)"

[ "$failures" -eq 0 ] && echo "there and back, and no further"
exit "$((failures > 0))"
