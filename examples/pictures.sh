# shellcheck shell=sh
# Sourced, after build.sh, by the scripts that make sets of pictures with Python: $cache, $python and
#
#   need_python MODULE:PACKAGE...    finds a Python 3 that has the modules, else notes Debian's packages as missing
#   need_npm                         notes npm as missing if it is
#   fetch_npm FOLDER NAME@VERSION... installs npm packages into FOLDER/node_modules, unless they are there

cache=${XDOMAIN_CACHE:-${XDG_CACHE_HOME:-${HOME:-/tmp}/.cache}/xdomain}
python=python3

# Debian's modules belong to Debian's Python, which need not be the first on the path.
need_python() {
  need_imports=""
  for need_pair in "$@"; do need_imports="$need_imports${need_imports:+, }${need_pair%%:*}"; done
  for python in python3 /usr/bin/python3; do
    if "$python" -c "import $need_imports" >/dev/null 2>&1; then return 0; fi
  done
  need_package python3 test -x /usr/bin/python3
  for need_pair in "$@"; do need_package "${need_pair#*:}" "$python" -c "import ${need_pair%%:*}"; done
}

need_npm() { need_package npm has_command npm; }

fetch_npm() {
  fetch_folder=$1
  shift
  if [ "$(cat "$fetch_folder/complete" 2>/dev/null)" = "$*" ]; then return 0; fi
  mkdir -p "$fetch_folder" || return 1
  echo '{"private": true}' >"$fetch_folder/package.json"
  if ! npm install --prefix "$fetch_folder" --ignore-scripts --no-audit --no-fund "$@" >"$fetch_folder/npm.log" 2>&1; then
    tail -n 5 "$fetch_folder/npm.log" >&2
    return 1
  fi
  echo "$*" >"$fetch_folder/complete"
}
