# shellcheck shell=sh
# Sourced by the scripts that build the library for other processors and systems, with $name, what is built, and
# $folder, where.

skip() {
  echo "$name is skipped: $*"
  exit 77
}

# The headers of stb and xxHash are alike everywhere.
link_headers() {
  mkdir -p "$folder/include"
  for header in stb xxhash.h; do
    [ -e "/usr/include/$header" ] || return 1
    ln -sfn "/usr/include/$header" "$folder/include/$header" || return 1
  done
}

# configure OPTION...: what is not the library is left out, and so is what it can do without.
configure() {
  generator="Unix Makefiles"
  if command -v ninja >/dev/null 2>&1; then generator=Ninja; fi
  if [ ! -f "$folder/CMakeCache.txt" ]; then set -- -G "$generator" "$@"; fi
  cmake -S . -B "$folder" -DCMAKE_BUILD_TYPE=Release -DXDOMAIN_WERROR=ON \
    -DXDOMAIN_STB_INCLUDE="$folder/include" -DXDOMAIN_XXHASH_INCLUDE="$folder/include" \
    -DXDOMAIN_WITH_OPENBLAS=OFF -DXDOMAIN_WITH_PLUGINS=OFF -DXDOMAIN_WITH_ZLIB=OFF \
    -DXDOMAIN_BUILD_EXAMPLES=OFF -DXDOMAIN_BUILD_TESTS=OFF "$@"
}

# build TARGET...
build() {
  cmake --build "$folder" --parallel "$(nproc 2>/dev/null || echo 2)" --target "$@"
}

# logged NAME COMMAND...: its output goes into a file, and is shown if it fails.
logged() {
  log=$folder/$1.log
  shift
  "$@" >"$log" 2>&1 || { cat "$log"; exit 1; }
}

# build_portable COMPILER...: the program of what must hold everywhere, with the static library.
build_portable() {
  logged portable "$@" -std=c11 -O1 -Wall -Wextra -Wconversion -Wshadow -Werror -DXD_STATIC -Iinclude \
    tests/portable/portable.c -o "$folder/portable" "$folder/libxdomain.a" -lpthread -lm
}

# run_portable COMMAND...: runs it, by what COMMAND starts it with.
run_portable() {
  rm -rf "$folder/pictures"
  mkdir -p "$folder/pictures"
  "$@" "$PWD" "$folder/pictures"
}
