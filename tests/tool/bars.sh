# shellcheck shell=sh
# Sourced by test scripts: small sets of pictures that they draw themselves.

# draw_bars FOLDER FIRST_CLASS COUNT: two classes of 8x8 pictures, bars that lie (even) or stand (odd).
draw_bars() {
  for class in "$2" $(($2 + 1)); do
    mkdir -p "$1/$class"
    for i in $(seq "$3"); do
      awk -v i="$i" -v stands=$((class % 2)) 'BEGIN {
        printf "P5 8 8 255\n"
        for (y = 0; y < 8; y++) for (x = 0; x < 8; x++) printf "%c", (stands ? x : y) == i % 8 ? 126 - i : 33
      }' >"$1/$class/$i.pgm"
    done
  done
}
