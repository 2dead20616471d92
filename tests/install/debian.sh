#!/bin/sh
# Debian's packages: built by cpack from a build for /usr, of the expected names and files, without lintian's errors;
# installed below a root of their own the tool runs, and purged they leave nothing.
# usage: debian.sh SOURCE_FOLDER CMAKE CC LAUNCHER
set -eu

source=${1:?usage: debian.sh SOURCE_FOLDER CMAKE CC LAUNCHER}
cmake=$2
cc=$3
launcher=$4
for command in dpkg-deb dpkg-shlibdeps dpkg; do
  command -v $command >/dev/null || { echo "skipped: no $command here"; exit 77; }
done
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
root=$work/root

fail() {
  echo "FAILED: $*"
  exit 1
}
logged() { "$@" >"$work/log" 2>&1 || { tail -30 "$work/log"; fail "$*"; }; }

echo "== cpack"
# Unoptimised: what is tested is the packages, and it should be short.
logged "$cmake" -S "$source" -B "$work/build" -DCMAKE_BUILD_TYPE=None -DCMAKE_INSTALL_PREFIX=/usr \
  -DXDOMAIN_BUILD_TESTS=OFF -DCMAKE_C_COMPILER="$cc" -DCMAKE_C_COMPILER_LAUNCHER="$launcher"
logged "$cmake" --build "$work/build" --parallel 2
cd "$work/build"
logged "${cmake%cmake}cpack" -G DEB
ls ./*.deb

# holds PACKAGE PATTERN...: a file of the package matches each pattern.
holds() {
  package=$1
  shift
  dpkg-deb -c "$package"_*.deb >"$work/contents"
  for pattern; do
    grep -q -e " \./$pattern\( ->.*\)\?\$" "$work/contents" || { cat "$work/contents"; fail "$package has no $pattern"; }
  done
}

echo "== contents"
soname=$(readelf -d libxdomain.so | sed -n 's/.*(SONAME).*\[\(.*\)\]/\1/p')
runtime=libxdomain${soname#libxdomain.so.}
holds "$runtime" "usr/lib/.*/$soname" "usr/share/doc/$runtime/copyright"
if grep -v '/$' "$work/contents" | grep -v -e "/$soname" -e /usr/share/doc/; then fail "$runtime holds the above too"; fi
holds libxdomain-dev usr/include/xdomain/xdomain.h usr/include/xdomain/xdomain.hpp 'usr/lib/.*/libxdomain\.a' \
  'usr/lib/.*/libxdomain\.so' 'usr/lib/.*/pkgconfig/xdomain\.pc' 'usr/lib/.*/xdomainConfig\.cmake'
holds xdomain usr/bin/xdomain 'usr/share/man/man1/xdomain\.1\.gz' usr/share/bash-completion/completions/xdomain \
  usr/share/zsh/vendor-completions/_xdomain
if [ -e examples/gegl/xdomain-translate.so ]; then holds gegl-xdomain 'usr/lib/.*gegl-0\.4/xdomain-translate\.so'; fi
if [ -e examples/vips/xdomain-translate.so ]; then
  holds libvips-xdomain 'usr/lib/.*vips-modules-.*/xdomain-translate\.so'
fi
for package in libxdomain-dev xdomain; do
  dpkg-deb -f "${package}"_*.deb Depends | grep -q "$runtime (= " || fail "$package depends on no $runtime of its version"
done
dpkg-deb -f xdomain_*.deb Depends | grep -q 'libc6 ' || fail "xdomain's libraries are not found"
if [ -e xdomain-opencl.so ]; then
  holds libxdomain-opencl 'usr/lib/.*/xdomain/xdomain-opencl\.so'
  linked=$(readelf -d xdomain-opencl.so | grep -c 'NEEDED.*libclblast') || true
  named=$(dpkg-deb -f libxdomain-opencl_*.deb Depends | grep -c libclblast) || true
  [ "$linked" = "$named" ] || fail "libxdomain-opencl depends on CLBlast $named times, and is linked with it $linked times"
fi

echo "== lintian"
if command -v lintian >/dev/null; then
  allow=$([ "$(id -u)" -eq 0 ] && echo --allow-root)
  # shellcheck disable=SC2086 # perhaps nothing
  lintian $allow --fail-on error --tag-display-limit 0 ./*.deb || fail "lintian"
else
  echo "not checked: no lintian here"
fi

echo "== install, run, purge"
# Into an empty system, where there is nothing that the packages depend on, nor a shell: their scripts run outside,
# without this system's ldconfig.
dpkg_there() {
  logged dpkg --root="$root" --force-not-root --force-depends --force-script-chrootless --log="$work/dpkg.log" "$@"
}
mkdir "$work/bin"
ln -s "$(command -v true)" "$work/bin/ldconfig"
PATH=$work/bin:$PATH:/usr/sbin:/sbin
mkdir -p "$root/var/lib/dpkg/info" "$root/var/lib/dpkg/updates"
: >"$root/var/lib/dpkg/status"
dpkg_there --install ./*.deb
LD_LIBRARY_PATH=$(dirname "$(find "$root/usr" -name "$soname")")
export LD_LIBRARY_PATH
"$root/usr/bin/xdomain" --version
ldd "$root/usr/bin/xdomain" | grep -q "$soname => $root" || fail "the tool finds another library"
# shellcheck disable=SC2046 # names of packages
dpkg_there --purge $(for deb in ./*.deb; do dpkg-deb -f "$deb" Package; done)
left=$(find "$root" ! -type d ! -path "$root/var/lib/dpkg/*")
[ -z "$left" ] || fail "purged packages leave $left"
