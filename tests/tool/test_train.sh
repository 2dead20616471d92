#!/bin/sh
# xdomain train, map and pack on small pictures that the test draws itself: presets and what overrides them, options
# for one domain, validation with its report, and wrong usage.
# usage: test_train.sh XDOMAIN_TOOL
set -u

tool=${1:?usage: $0 XDOMAIN_TOOL}
. "$(dirname "$0")/../failures.sh"
. "$(dirname "$0")/bars.sh"

draw_bars "$work/one" 0 24
draw_bars "$work/two" 2 24

domains="--domain1 dir:$work/one --domain2 dir:$work/two"
sets="$domains --pairs 0:2,1:3"
short="--epochs 1 --min-steps 2 --steps 8"
validation=--no-valid

# shellcheck disable=SC2086 # several words each
learn() {
  "$tool" train $sets $short $validation --out "$work/model.xdm" "$@" >"$work/log" 2>&1 || {
    cat "$work/log"
    fail "xdomain train $*"
  }
  "$tool" info "$work/model.xdm" >"$work/info"
}

told() { grep -q -- "$1" "$work/info" || fail "the model does not tell '$1'"; }

learn --latent 6 --latent2 7 --hidden 16 --steps2 9 --mismatch 0.5
told 'domain 1:.* 6 latent dimensions'
told 'domain 2:.* 7 latent dimensions'
told 'mapping1.options = .* mismatch=0.5 .* steps=8 '
told 'mapping2.options = .* mismatch=0.5 .* steps=9 '

learn --sigma-x 0.5 --preset paper --hidden 12 --spectral-norm 1
told 'vae1.options = .* lambda1=1 lambda2=1 sigma_x=0.5 .* raw_codes=1'
told 'vae2.options = .* base_channels=0 .* hidden1=12 hidden2=256 '
told 'mapping1.options = .* same_code_positive=1 mismatch=0 .* spectral_norm=1 ema_decay=0 .* beta1=0.9 beta2=0.999 '
learn --preset paper --positive-codes 2
told 'mapping2.options = .* same_code_positive=0 '

# Options by name, from files and flags: flags come last, files before them, the preset first.
printf 'lambda_reg = 0.25  # both mappings\nvae2.latent_dim = 5\nsteps = 7\n' >"$work/options"
learn --latent1 3 --config "$work/options" --steps2 6 --set mapping1.mismatch=0.75 --set 'kl_weight = 0.5' --preset paper
told 'domain 1:.* 3 latent dimensions'
told 'domain 2:.* 5 latent dimensions'
told 'mapping1.options = .* mismatch=0.75 .*lambda_reg=0.25 '
told 'mapping1.options = .* steps=8 '
told 'mapping2.options = .* steps=6 '
told 'vae1.options = .* kl_weight=0.5 '
learn --hidden1 7 --hidden2 9 --likelihood 1 --dropout 0.25 --mapping-linear-skip 1
told 'vae1.options = .* hidden1=7 '
told 'vae2.options = .* hidden1=9 .* likelihood=bernoulli '
told 'mapping2.options = .* dropout=0.25 linear_skip=1 '
learn --likelihood1 bernoulli --no-spectral-norm
told 'vae1.options = .* likelihood=bernoulli '
told 'vae2.options = .* likelihood=gaussian '
told 'mapping1.options = .* spectral_norm=0 '

"$tool" judge --train "dir:$work/two" --epochs 2 --base-channels 4 --out "$work/judge.xdc" >"$work/log" 2>&1 ||
  fail "xdomain judge"
validation=
learn --one-way --validation1 "dir:$work/one;holdout=25%;part=validation" \
  --validation2 "dir:$work/two;holdout=25%;part=validation" --judge "$work/judge.xdc" --validate-every 3 \
  --allow-collapse --report "$work/report.json"
told 'mapping1.validation = acc=.* score=.* step=.* validate_every=3'
for word in '"status": "XD_OK"' '"1to2"' '"kept_step": [368]' '"step": 3,' '"step": 6,' '"step": 8,' '"score"'; do
  grep -q "$word" "$work/report.json" || fail "the report has no $word"
done
grep -q '"2to1"' "$work/report.json" && fail "the report has a direction that was not trained"

# A mapping on frozen VAEs in one command, with all of that.
# shellcheck disable=SC2086
"$tool" map --model "$work/model.xdm" $sets --preset mnist --steps 8 --steps2 5 --out "$work/mapped.xdm" \
  --valid 0.25 --judge2 "$work/judge.xdc" --validate-every 4 --allow-collapse --one-way \
  --report "$work/map.json" >"$work/log" 2>&1 || {
  cat "$work/log"
  fail "xdomain map"
}
grep -q '"step": 4,' "$work/map.json" || fail "the report of map has no step 4"

# Nothing is held out for a share of 0; a score without reconstructions tells none.
learn --valid 0 --report "$work/none.json"
grep -q '"step"' "$work/none.json" && fail "--valid 0 holds pictures out"
"$tool" eval --model "$work/mapped.xdm" $domains --judge2 "$work/judge.xdc" --set skip_reconstruction=1 >"$work/scores" 2>&1 ||
  fail "a score without reconstructions: $(cat "$work/scores")"
grep -qi 'nan' "$work/scores" && fail "what was not measured is a number: $(cat "$work/scores")"

# The VAEs first, without pairs, and a mapping on them later.
# shellcheck disable=SC2086
"$tool" train $domains $short --vaes-only --mismatch1 2 --out "$work/vaes.xdm" >"$work/log" 2>&1 ||
  fail "--vaes-only: $(cat "$work/log")"
for word in --steps --mismatch1; do
  grep -q "xdomain: $word is not used: no mapping is trained" "$work/log" || fail "--vaes-only $word: $(cat "$work/log")"
done
"$tool" info "$work/vaes.xdm" >"$work/info"
grep -q '^generator' "$work/info" && fail "--vaes-only trains a generator"
for words in "" "--pairs 0:2" "--json"; do
  # shellcheck disable=SC2086
  "$tool" eval --model "$work/vaes.xdm" $domains $words >"$work/scores" 2>"$work/log" && fail "VAEs alone are scored"
  grep -q "vaes.xdm' has no mapping to score" "$work/log" || fail "eval of VAEs alone says '$(cat "$work/log")'"
done
# shellcheck disable=SC2086
"$tool" map --model "$work/vaes.xdm" $sets $short --no-valid --out "$work/later.xdm" >"$work/log" 2>&1 ||
  fail "a mapping on VAEs alone: $(cat "$work/log")"

# More steps help; more effort is not offered where it would be refused.
"$tool" options train --preset mnist >"$work/options"
advised() {
  advice=$1
  shift
  learn --no-valid --config "$work/options" --vae-rate 0.0002 --vae-final-rate 1 --min-steps 60 "$@"
  grep -q "its error was still falling.*: more ($advice) would help" "$work/log" || fail "$*: no '$advice' in $(cat "$work/log")"
}
advised '--effort best, --min-steps'
advised '--effort best, --min-steps' --effort quick
advised '--min-steps' --effort best
advised '--min-steps' --preset mnist

# What was asked of VAEs that are given is told to be without use, however it was asked; a file may be for train too.
printf 'vae.latent_dim = 9\n' >"$work/options"
# shellcheck disable=SC2086
"$tool" map --model "$work/vaes.xdm" $sets --steps 8 --no-valid --out "$work/later.xdm" --augment 1 --latent2 9 --light-share 1 \
  --map-augment 0 --set 'mapping.mismatch = 1 # vae.none
   vae1.epochs=3 vae2.depth = 2' --config "$work/options" --preset mnist >"$work/log" 2>&1 ||
  fail "options of VAEs that are given: $(cat "$work/log")"
sed -n 's/^xdomain: \(.*\) is not used: the VAEs of the model stay as they are$/\1/p' "$work/log" | xargs >"$work/unused"
[ "$(cat "$work/unused")" = "--augment --latent2 --light-share --set vae1.epochs --set vae2.depth" ] ||
  fail "of unused options are told: $(cat "$work/unused")"
for words in vae.width=64 'vae.epochs=0 vae.min_steps=0' vae.parts=7; do
  # shellcheck disable=SC2086
  "$tool" map --model "$work/vaes.xdm" $sets --steps 8 --no-valid --out "$work/later.xdm" --set "$words" >"$work/log" 2>&1 ||
    fail "map is refused for $words, which it does not use: $(cat "$work/log")"
done
learn --one-way --no-valid --steps2 9 --mismatch1 2
[ "$(grep -c 'is not used' "$work/log")" -eq 1 ] && grep -q -- '--steps2 is not used: that mapping is not trained' "$work/log" ||
  fail "of a mapping that is not trained is told: $(cat "$work/log")"
learn --augment 1 --no-valid
grep 'is not used' "$work/log" && fail "what train uses is told to be unused"

# A batch is shared by the parts of all pictures, not of the few that a training is timed with.
learn --no-valid --unlabelled1 "dir:$work/two;first=16" --unlabelled2 "dir:$work/one;first=16" --set 'vae.batch=64 vae.parts=32'
# shellcheck disable=SC2086
"$tool" train $sets $short --no-valid --set vae.parts=32 --out "$work/none.xdm" >"$work/log" 2>&1 &&
  fail "32 parts share 48 pictures"
grep -q '32 parts cannot share 48 rows' "$work/log" || fail "of parts that cannot share is said: $(cat "$work/log")"

# Packed, it translates as before but for rounding, and has no discriminator left.
"$tool" pack "$work/mapped.xdm" --out "$work/packed.xdm" >"$work/log" 2>&1 || fail "xdomain pack: $(cat "$work/log")"
"$tool" info "$work/packed.xdm" >"$work/info"
told 'generator 1'
grep -q '^discriminator' "$work/info" && fail "a packed model has discriminators"
[ "$(wc -c <"$work/packed.xdm")" -lt "$(($(wc -c <"$work/mapped.xdm") * 2 / 3))" ] || fail "a packed model is not small"
"$tool" translate --model "$work/packed.xdm" "$work/one/0/1.pgm" --out "$work/one.png" >"$work/log" 2>&1 ||
  fail "a packed model does not translate: $(cat "$work/log")"
"$tool" pack "$work/mapped.xdm" --int8 --out "$work/bytes.xdm" >"$work/log" 2>&1 || fail "xdomain pack --int8: $(cat "$work/log")"
"$tool" info "$work/bytes.xdm" >"$work/info"
told '^weights: bytes .*int8'
[ "$(wc -c <"$work/bytes.xdm")" -lt "$(($(wc -c <"$work/packed.xdm") * 2 / 3))" ] || fail "a model of bytes is not small"
"$tool" translate --model "$work/bytes.xdm" "$work/one/0/1.pgm" --out "$work/bytes.png" >"$work/log" 2>&1 ||
  fail "a model of bytes does not translate: $(cat "$work/log")"
"$tool" pack "$work/mapped.xdm" --int8 --f32 --out "$work/none.xdm" >"$work/log" 2>&1
[ $? -eq 2 ] || fail "xdomain pack --int8 --f32 is not wrong usage"
"$tool" pack "$work/mapped.xdm" >"$work/log" 2>&1
[ $? -eq 2 ] || fail "xdomain pack without --out is not wrong usage"

# shellcheck disable=SC2086
refused() {
  "$tool" train $sets --out "$work/none.xdm" "$@" >"$work/log" 2>&1
  [ $? -eq 2 ] || fail "xdomain train $* is not wrong usage"
}
refused --preset photo
refused --latent3 8
refused --seed1 8
refused --latent2
refused --validation1 "dir:$work/one"
refused --valid 0.1 --validation1 "dir:$work/one" --validation2 "dir:$work/two"
refused --valid 0.1 --no-valid
refused --no-valid --validation1 "dir:$work/one" --validation2 "dir:$work/two"
refused --positive-codes 3
refused --dropout 2
refused --width 64 --height 64
grep -q 'mapping.hidden_width.*vae.width=N' "$work/log" || fail "not told what --width is: $(cat "$work/log")"
refused --set latent_dim
refused --set nothing=1
refused --set learning_rate=0.1
refused --set latent_dim=1.5
refused --likelihood cauchy
refused --likelihood 7
refused --config "$work/nothing"
printf 'latent_dim = 4\nnothing = 4\n' >"$work/options"
refused --config "$work/options"
grep -q 'line 2' "$work/log" || fail "a wrong line of a file is not named: $(cat "$work/log")"
refused --allow-collapse=1
refused word

"$tool" train --help >"$work/help" || fail "xdomain train --help"
for word in '--lambda-reg X' '--latent N' '--vae-batch N' '--likelihood gaussian|bernoulli' '--set NAME=VALUE' \
  '--width N  *mapping.hidden_width: ' '--one-way  *directions=1: '; do
  grep -q -- "  $word" "$work/help" || fail "the help has no $word"
done
[ "$(grep -c -- '^  --lambda-reg ' "$work/help")" -eq 1 ] || fail "the help lists an option twice"

[ "$failures" -eq 0 ] && echo "train and map do as their options say"
exit "$((failures > 0))"
