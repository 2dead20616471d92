#!/bin/sh
# Printed letters to handwriting and back: 26 letters of 84 families of open fonts, dark on white. Installs the
# fonts, draws the pictures, trains with default options, and scores on families that no training has seen.
# Fonts of Debian's packages and of npm's @fontsource are kept in $XDOMAIN_CACHE, else ~/.cache/xdomain.
# usage: examples/letters.sh [SIDE [FOLDER]]    pictures of 32 (or 64, 128) pixels; into build/letters32
#        examples/letters.sh --draw SIDE FOLDER  only the pictures, into FOLDER/{printed,handwriting}/{train,valid,test}
set -eu

cd "$(dirname "$0")/.."
. examples/build.sh
. examples/pictures.sh

only_draw=no
if [ "${1:-}" = --draw ]; then
  only_draw=yes
  shift
fi
no_options examples/letters.sh "$@"
side=${1:-32}
out=${2:-build/letters$side}
case $side in
  *[!0-9]* | '')
    echo "usage: examples/letters.sh [--draw] [SIDE [FOLDER]]" >&2
    exit 2
    ;;
esac

say "Packages and fonts"
need_python PIL:python3-pil fontTools:python3-fonttools brotli:python3-brotli
need_npm
while read -r package file; do need_package "$package" test -e "/usr/share/$file"; done <<FONTS
fonts-dejavu-core fonts/truetype/dejavu/DejaVuSans.ttf
fonts-dejavu-extra fonts/truetype/dejavu/DejaVuSans-Oblique.ttf
fonts-liberation fonts/truetype/liberation/LiberationSans-Regular.ttf
fonts-freefont-ttf fonts/truetype/freefont/FreeSans.ttf
fonts-lato fonts/truetype/lato/Lato-Regular.ttf
fonts-open-sans fonts/truetype/open-sans/OpenSans-Regular.ttf
fonts-roboto-unhinted fonts/truetype/roboto/unhinted/RobotoTTF/Roboto-Regular.ttf
fonts-roboto-slab fonts/opentype/roboto/slab/RobotoSlab-Regular.otf
fonts-cantarell fonts/opentype/cantarell/Cantarell-Regular.otf
fonts-ebgaramond fonts/opentype/ebgaramond/EBGaramond12-Regular.otf
fonts-linuxlibertine fonts/opentype/linux-libertine/LinLibertine_R.otf
fonts-crosextra-carlito fonts/truetype/crosextra/Carlito-Regular.ttf
fonts-crosextra-caladea fonts/truetype/crosextra/Caladea-Regular.ttf
fonts-vollkorn fonts/truetype/vollkorn/Vollkorn-Regular.ttf
fonts-quattrocento fonts/opentype/quattrocento/Quattrocento-Regular.otf
fonts-play fonts/truetype/play/Play-Regular.ttf
fonts-oldstandard fonts/truetype/fonts-oldstandard/OldStandard-Regular.ttf
fonts-sil-gentium fonts/truetype/gentium/Gentium-R.ttf
fonts-sil-charis fonts/truetype/charis/CharisSIL-Regular.ttf
fonts-sil-andika fonts/truetype/andika/Andika-Regular.ttf
fonts-adf-accanthis fonts/truetype/adf/AccanthisADFStd-Regular.otf
fonts-adf-baskervald fonts/truetype/adf/BaskervaldADFStd.otf
fonts-adf-gillius fonts/truetype/adf/GilliusADF-Regular.otf
fonts-adf-libris fonts/truetype/adf/LibrisADFStd-Regular.otf
fonts-adf-universalis fonts/truetype/adf/UniversalisADFStd-Regular.otf
fonts-adf-romande fonts/truetype/adf/RomandeADFStd-Regular.otf
fonts-cabin fonts/opentype/cabin/Cabin-Regular.otf
fonts-texgyre texmf/fonts/opentype/public/tex-gyre/texgyrebonum-regular.otf
fonts-clear-sans fonts/truetype/clear-sans/ClearSans-Regular.ttf
fonts-inter fonts/opentype/inter/Inter-Regular.otf
fonts-prociono fonts/opentype/fonts-prociono/Prociono.otf
fonts-lindenhill fonts/truetype/lindenhill/LindenHill.otf
fonts-fanwood fonts/truetype/fanwood/FanwoodText.otf
fonts-breip fonts/truetype/breip/Breip.ttf
fonts-dkg-handwriting fonts/truetype/fifthhorseman/dkg.ttf
fonts-rufscript fonts/truetype/rufscript/Rufscript010.ttf
fonts-sjfonts fonts/truetype/sjfonts/SteveHand.ttf
fonts-comic-neue fonts/opentype/comic-neue/ComicNeue-Regular.otf
fonts-kaushanscript fonts/opentype/kaushanscript/KaushanScript-Regular.otf
fonts-dancingscript fonts/opentype/dancingscript/DancingScript-Regular.otf
FONTS
if [ "$only_draw" = no ]; then need_build_packages; fi
install_packages
packages=""
for name in $("$python" examples/letters.py --packages); do packages="$packages @fontsource/$name@5.3.0"; done
# shellcheck disable=SC2086 # one word a package
fetch_npm "$cache/fonts" $packages
echo "Everything is installed."

say "Draw the letters, $side x $side"
if [ "$only_draw" = yes ]; then pictures=$out; else pictures=$out/pictures; fi
"$python" examples/letters.py "$cache/fonts" "$pictures" "$side"
if [ "$only_draw" = yes ]; then exit 0; fi

say "Build"
build_release "$out/build.log" --target xdomain_tool
echo "$tool"

printed=$pictures/printed
handwriting=$pictures/handwriting

say "Train a judge of each domain (classifiers that score the translations)"
for domain in printed handwriting; do
  "$tool" judge --train "dir:$pictures/$domain/train" --test "dir:$pictures/$domain/test" --epochs 10 --shift 3 \
    --out "$out/$domain.xdc" --threads "$threads"
done

say "Train with default options"
"$tool" train --domain1 "dir:$printed/train" --domain2 "dir:$handwriting/train" --no-valid \
  --out "$out/model.xdm" --threads "$threads"

say "Score on families that no training has seen"
"$tool" eval --model "$out/model.xdm" --domain1 "dir:$printed/test" --domain2 "dir:$handwriting/test" \
  --judge1 "$out/printed.xdc" --judge2 "$out/handwriting.xdc" --threads "$threads"

say "Draw the contact sheets"
"$tool" translate --model "$out/model.xdm" --sheet --out "$out/sheet.png" --threads "$threads" "$printed/test"
"$tool" translate --model "$out/model.xdm" --direction 2to1 --sheet --out "$out/sheet-back.png" \
  --threads "$threads" "$handwriting/test"

say "Done"
echo "model   $out/model.xdm"
echo "sheets  $out/sheet.png, $out/sheet-back.png"
