#!/bin/sh
# The models of examples/models/: intact, small, without discriminators, with their provenance; they translate a
# picture both ways without any data, and draw other pictures for other seeds.
# usage: test_models.sh XDOMAIN_TOOL
set -u

tool=${1:?usage: $0 XDOMAIN_TOOL}
models=$(dirname "$0")/../../examples/models
. "$(dirname "$0")/../failures.sh"

translate() { "$tool" translate --model "$models/$1.xdm" "$models/three.png" --out "$work/$2.png" "${3:---seed}" "${4:-1}"; }

for model in digits fashion; do
  file=$models/$model.xdm
  "$tool" verify "$file" >"$work/log" 2>&1 || { cat "$work/log"; fail "$model.xdm is damaged"; }
  [ "$(wc -c <"$file")" -le 10000000 ] || fail "$model.xdm is larger than 10 MB"
  "$tool" info "$file" >"$work/info" || fail "$model.xdm cannot be read"
  grep -q '^vae.seed = 1$' "$work/info" && grep -q '^mapping1.options = ' "$work/info" ||
    fail "$model.xdm does not say how it was made"
  grep -q '^discriminator' "$work/info" && fail "$model.xdm has a discriminator"
  translate $model "$model-1" || fail "$model.xdm does not translate"
  translate $model "$model-2" --seed 2 || fail "$model.xdm does not translate with seed 2"
  translate $model "$model-back" --direction 2to1 || fail "$model.xdm does not translate back"
  cmp -s "$work/$model-1.png" "$work/$model-2.png" && fail "$model.xdm draws the same for two seeds"
done
cmp -s "$work/digits-1.png" "$work/fashion-1.png" && fail "the two models draw the same"

[ "$failures" -eq 0 ] && echo "two models that translate"
exit "$((failures > 0))"
