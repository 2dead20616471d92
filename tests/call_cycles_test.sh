#!/bin/sh
# call_cycles.sh must find a ring of three files, and must let the same files pass without it.
# usage: call_cycles_test.sh CC NM
set -u

cc=${1:?usage: call_cycles_test.sh CC NM}
nm=${2:?usage: call_cycles_test.sh CC NM}
check=$(cd "$(dirname "$0")" && pwd)/call_cycles.sh
folder=$(mktemp -d) || exit 2
trap 'rm -rf "$folder"' EXIT
cd "$folder" || exit 2

echo 'int b(void); int a(void); int a(void) { return b(); }' >a.c
echo 'extern const int c; int b(void); int b(void) { return c; }' >b.c
echo 'int c_runs(void); extern const int c; const int c = 1; int c_runs(void) { return 2; }' >c.c
for file in a b c; do "$cc" -c "$file.c" -o "$file.o" || exit 2; done
"$check" "$nm" a.o b.o c.o || { echo "refused files without a ring"; exit 1; }

echo 'int a(void); extern const int c; const int c = 1; int c_runs(void); int c_runs(void) { return a(); }' >c.c
"$cc" -c c.c -o c.o || exit 2
found=$("$check" "$nm" a.o b.o c.o) && { echo "passed a ring"; exit 1; }
for file in a b c; do
  printf '%s\n' "$found" | grep -qx "  $file" || { echo "did not name $file: $found"; exit 1; }
done
"$check" "$nm" a.o && { echo "passed a single object"; exit 1; }
exit 0
