#!/bin/sh
# Debian's GIMP without its windows: a script opens a picture, translates its layer by plug-in-xdomain-translate and
# exports it, with the pixels that the xdomain tool makes. 77 without GIMP.
# usage: gimp.sh XDOMAIN_TOOL COMPARE OPERATION PLUGIN
set -u

tool=${1:?usage: $0 XDOMAIN_TOOL COMPARE OPERATION PLUGIN}
compare=$2
root=$(cd "$(dirname "$0")/../.." && pwd)
. "$root/tests/failures.sh"

gimp=$(command -v gimp-console-2.10 || command -v gimp) || { echo "gimp: no GIMP here"; exit 77; }
config=$work/home/.config/GIMP/2.10
mkdir -p "$work/operations" "$config/plug-ins/xdomain-translate"
ln -s "$3" "$work/operations"
cp "$4" "$config/plug-ins/xdomain-translate/xdomain-translate"
GEGL_PATH=$work/operations:$(pkg-config --variable=pluginsdir gegl-0.4)
HOME=$work/home
XDG_CONFIG_HOME=$HOME/.config
export GEGL_PATH HOME XDG_CONFIG_HOME

digits=$root/examples/models/digits.xdm
three=$root/examples/models/three.png
"$tool" translate --model "$digits" --seed 1 --out "$work/eight.png" "$three" || fail "the tool"

# Each of the two files is exported: translated, and where that fails (and says so to the script) as it was.
cat >"$work/script.scm" <<END
(define (translate in model out)
  (let* ((image (car (gimp-file-load RUN-NONINTERACTIVE in in)))
         (layer (car (gimp-image-get-active-layer image))))
    (catch (gimp-message "not translated")
      (plug-in-xdomain-translate RUN-NONINTERACTIVE image layer model 0 0 1 1.0))
    (gimp-file-save RUN-NONINTERACTIVE image layer out out)))
(translate "$three" "$digits" "$work/result.png")
(translate "$three" "/no/such.xdm" "$work/unchanged.png")
(gimp-quit 0)
END
timeout 300 "$gimp" -i -d -f --batch-interpreter plug-in-script-fu-eval -b "(load \"$work/script.scm\")" \
  >"$work/log" 2>&1
[ -f "$work/result.png" ] && [ -f "$work/unchanged.png" ] || { cat "$work/log"; fail "nothing was exported"; }
"$compare" "$work/eight.png" "$work/result.png" || fail "not the tool's pixels"
"$compare" "$three" "$work/unchanged.png" || fail "a failure changed the picture"
[ "$(grep -c 'not translated' "$work/log")" -eq 1 ] || { cat "$work/log"; fail "not one failure was told"; }

# As docs/image-tools.md shows it.
mkdir "$work/manual"
cp "$three" "$digits" "$work/manual"
(cd "$work/manual" && sed -n '/^gimp -i/,/gimp-quit/p' "$root/docs/image-tools.md" | timeout 300 sh) >"$work/log" 2>&1
"$compare" "$work/eight.png" "$work/manual/eight.png" || { cat "$work/log"; fail "the manual's script"; }

[ "$failures" -eq 0 ] && echo "GIMP gives the tool's pixels"
exit "$((failures > 0))"
