#!/bin/sh
# The man page and the completions: what the tool's help lists stands in them, man and the shells take them, and
# both shells complete by them.
# usage: manual.sh TOOL MAN_PAGE BASH_COMPLETION ZSH_COMPLETION
set -eu

tool=${1:?usage: manual.sh TOOL MAN_PAGE BASH_COMPLETION ZSH_COMPLETION}
page=$2
for_bash=$3
for_zsh=$4
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0

fail() {
  echo "FAILED: $*"
  failed=1
}

# expect WHAT ACTUAL EXPECTED
expect() {
  [ "$2" = "$3" ] || fail "$1 gives '$2', not '$3'"
}

has() { command -v "$1" >/dev/null 2>&1 || { echo "not checked: no $1 here"; return 1; }; }

echo "== what help lists is there"
sed 's/\\-/-/g' "$page" >"$work/page"
commands=$("$tool" --help | sed -n 's/^  \([a-z]*\)  *[a-z].*/\1/p')
[ "$(echo "$commands" | wc -l)" -ge 12 ] || fail "the tool lists fewer commands than it has: $commands"
for command in $commands; do
  grep -qx ".SS $command" "$work/page" || fail "the man page has no $command"
  for flag in $("$tool" "$command" --help | sed -n 's/^  \(--[a-z0-9-]*\).*/\1/p'); do
    sed -n "/^.SS $command\$/,/^.S[SH] /p" "$work/page" | grep -q -e "^.BR $flag\( \|\$\)" ||
      fail "the man page has no $command $flag"
    sed -n "/^    $command)/,/^      ;;/p" "$for_zsh" | grep -q -e "$flag\[" || fail "zsh has no $command $flag"
    sed -n "/^    $command)/,/^      ;;/p" "$for_bash" | grep -q -e "[\" ]$flag[\" ]" || fail "bash has no $command $flag"
  done
done
"$tool" options | sed -n 's/^  \([^ ]*\) .*/\1/p' | while read -r option; do
  grep -q "^.BR $option " "$work/page" || echo "$option"
done >"$work/missing"
[ ! -s "$work/missing" ] || fail "the man page lacks options: $(xargs <"$work/missing")"

echo "== man"
if has man; then
  LC_ALL=C.UTF-8 MANROFFSEQ='' MANWIDTH=80 man --warnings -E UTF-8 -l -Tutf8 -Z "$page" >/dev/null 2>"$work/warnings"
  [ ! -s "$work/warnings" ] || fail "man warns: $(head -5 "$work/warnings")"
fi

echo "== bash"
touch "$work/a model.xdm"
# complete WORD...: what bash would offer for the last word.
complete() {
  (cd "$work" && bash -c '. "$0"; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); word=${!#}
    set -- "${@:$#-1:1}"; _xdomain xdomain "$word" "$1"; printf "%s\n" "${COMPREPLY[@]}"' "$for_bash" "$@" | xargs -d '\n')
}
if has bash; then
  expect "xdomain tr" "$(complete xdomain tr)" "train translate"
  expect "train --pres" "$(complete xdomain train --pres)" "--preset"
  expect "train --preset" "$(complete xdomain train --preset '')" "$("$tool" options train | sed -n 's/^presets: //p' | tr -d ,)"
  expect "translate --direction" "$(complete xdomain translate --direction '')" "1to2 2to1"
  expect "map --condition" "$(complete xdomain map --condition '')" "labels none"
  expect "translate --model" "$(complete xdomain translate --model a)" "a model.xdm"
  expect "info" "$(complete xdomain info a)" "a model.xdm"
  expect "options e" "$(complete xdomain options e)" "evaluation"
  expect "train --seed" "$(complete xdomain train --seed '')" ""
fi

echo "== zsh"
if has zsh; then
  zsh -n "$for_zsh"
  cp "$for_zsh" "$work/_xdomain"
  : >"$work/seen"
  # A terminal of zsh, in which lines and tabs are typed; control-X writes down what the line has become.
  cat >"$work/terminal.zsh" <<'END'
zmodload zsh/zpty
work=$1
shift
zpty shell zsh -f -i
zpty -w shell "fpath=($work \$fpath); autoload -U compinit; compinit -u -D"
zpty -w shell "show() { print -r -- \$BUFFER >>$work/seen; BUFFER=; }; zle -N show; bindkey '^X' show"
for typed; do zpty -w -n shell "xdomain $typed"$'\t\C-X'; done
for ((i = 0; i < 600; i++)); do
  while zpty -r -t shell; do :; done >/dev/null
  [[ $(wc -l <$work/seen) -lt $# ]] || break
  sleep 0.1
done
zpty -d shell
END
  timeout 100 zsh -f "$work/terminal.zsh" "$work" interp 'train --pres' 'translate --direction 2' 'options ev' || true
  sed 's/ *$//' "$work/seen" >"$work/completed"
  printf 'xdomain %s\n' interpolate 'train --preset' 'translate --direction 2to1' 'options evaluation' >"$work/expected"
  cmp "$work/completed" "$work/expected" || fail "zsh makes of what is typed: $(cat "$work/completed")"
fi
exit $failed
