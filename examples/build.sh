# shellcheck shell=sh
# Sourced, from the project's root, by the scripts that build the tool and then use it: $tool, $threads (one for
# each processor, at most 8), say, no_options and build_release.
# shellcheck source=examples/packages.sh
. examples/packages.sh

# shellcheck disable=SC2034 # the scripts use it
tool=build/release/bin/xdomain
threads=$(nproc 2>/dev/null || echo 2)
if [ "$threads" -gt 8 ]; then threads=8; fi

say() { printf '\n== %s\n' "$*"; }

# no_options SCRIPT "$@": prints what stands above the script's first command and ends, where the next word is an
# option: --help by 0, others by 2.
no_options() {
  case ${2:-} in
    -*)
      sed -n '2,/^[^#]/s/^# \{0,1\}//p' "$1"
      if [ "$2" = --help ]; then exit 0; fi
      exit 2
      ;;
  esac
}

install_build_packages() {
  need_build_packages
  install_packages
}

# Builds without the tests, whatever else is in build/release: build_release LOG [WORD OF cmake --build...]
build_release() {
  build_log=$1
  shift
  build_generator=""
  if [ ! -f build/release/CMakeCache.txt ] && has_command ninja >/dev/null; then build_generator="-G Ninja"; fi
  mkdir -p "$(dirname "$build_log")"
  # shellcheck disable=SC2086 # two words or none
  if ! { cmake -S . -B build/release $build_generator -DCMAKE_BUILD_TYPE=Release -DXDOMAIN_BUILD_TESTS=OFF &&
    cmake --build build/release --parallel "$threads" "$@"; } >"$build_log" 2>&1; then
    cat "$build_log" >&2
    exit 1
  fi
}
