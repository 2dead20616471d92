# shellcheck shell=sh
# Sourced by test scripts: small sets of pictures that they draw themselves.

# draw_bars FOLDER FIRST_CLASS COUNT [lit]: two classes of 8x8 pictures, bars that lie (even) or stand (odd); lit: on
# grounds of any light.
draw_bars() {
  for class in "$2" $(($2 + 1)); do
    mkdir -p "$1/$class"
    for i in $(seq "$3"); do
      awk -v i="$i" -v stands=$((class % 2)) -v lit="${4:-}" 'BEGIN {
        ground = 33 + (lit ? (i * 37 + stands) % 64 : 0)
        printf "P5 8 8 255\n"
        for (y = 0; y < 8; y++) for (x = 0; x < 8; x++) printf "%c", (stands ? x : y) != i % 8 ? ground : lit ? ground + 30 : 126 - i
      }' >"$1/$class/$i.pgm"
    done
  done
}
