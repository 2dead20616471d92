# shellcheck shell=sh
# Sourced by the scripts that build or fetch something: finds out what is missing on this machine and
# installs it from Debian's or Ubuntu's packages. Where nothing is missing, nothing is called.
#
#   need_package PACKAGE COMMAND...   notes PACKAGE as missing if COMMAND fails
#   install_packages                  installs what is noted; 1 with a message if that cannot be done

missing_packages=""

need_package() {
  need_name=$1
  shift
  "$@" >/dev/null 2>&1 || missing_packages="$missing_packages $need_name"
}

has_command() { command -v "$1"; }
has_header() { echo "#include <$1>" | cc -E -x c -; }
has_module() { pkg-config --exists "$1"; }

run_as_root() {
  if [ "$(id -u)" -eq 0 ]; then
    "$@"
  elif command -v sudo >/dev/null 2>&1; then
    sudo "$@"
  else
    echo "neither root nor sudo: cannot run $*" >&2
    return 1
  fi
}

apt_install() {
  run_as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$@"
}

# shellcheck disable=SC2086 # one word a package
install_packages() {
  [ -n "$missing_packages" ] || return 0
  if ! command -v apt-get >/dev/null 2>&1; then
    echo "Missing here, by the names of Debian's packages:$missing_packages" >&2
    echo "This system has no apt-get: install their likes and start again." >&2
    return 1
  fi
  echo "Installing what is missing:$missing_packages" >&2
  # The package lists may be old or absent: refresh them only when they have to be.
  if apt_install $missing_packages >&2 || { run_as_root apt-get update >&2 && apt_install $missing_packages >&2; }
  then
    missing_packages=""
    return 0
  fi
  echo "Could not install:$missing_packages" >&2
  return 1
}

# What building the library and its tool takes.
need_build_packages() {
  need_package build-essential has_command cc
  need_package build-essential has_command c++
  need_package cmake has_command cmake
  need_package pkg-config has_command pkg-config
  if ! has_command ninja >/dev/null 2>&1; then need_package ninja-build has_command make; fi
  need_package libopenblas-dev has_module openblas
  need_package zlib1g-dev has_header zlib.h
  need_package libstb-dev has_header stb/stb_image.h
  need_package libxxhash-dev has_header xxhash.h
}
