#!/bin/sh
# What xdomain translate reads and where its results go: names and sub-folders are kept, no result replaces a source
# or another result, pipes and standard streams serve for one picture, files and folders are read alike.
# usage: test_translate.sh XDOMAIN_TOOL
set -u

tool=$(cd "$(dirname "${1:?usage: $0 XDOMAIN_TOOL}")" && pwd)/$(basename "$1")
model=$(cd "$(dirname "$0")/../../examples/models" && pwd)/digits.xdm
. "$(dirname "$0")/../failures.sh"
. "$(dirname "$0")/words.sh"
cd "$work" || exit 1

translate() { "$tool" translate --threads 1 --model "$model" "$@" >out.log 2>log; }
# exits CODE WORD...: translate ends so.
exits() {
  wanted=$1
  shift
  translate "$@"
  got=$?
  [ $got -eq "$wanted" ] || fail "translate $*: exit code $got, not $wanted: $(cat log)"
}
same() { cmp -s "$1" "$2" || fail "$1 is not $2"; }
absent() { [ ! -e "$1" ] || fail "$1 was made"; }

# draw FILE COLUMN: a light bar of 28x28.
draw() {
  awk -v at="$2" 'BEGIN {
    printf "P5 28 28 255\n"
    for (y = 0; y < 28; y++) for (x = 0; x < 28; x++) printf "%c", (x >= at && x < at + 4 && y > 3 && y < 24) ? 126 : 1
  }' >"$1"
}
mkdir in in/b in/b/deep other
draw in/a9.pgm 6
draw in/a10.pgm 12
draw in/b/x.pgm 18
draw in/b/deep/y.pgm 9
draw in/b/.hidden.pgm 3
echo text >in/readme.txt
echo text >in/b/old.xcf
draw other/a9.pgm 14
draw lone.pgm 14

# A folder keeps its names and sub-folders, in the order of their numbers, and tells what it passed over.
exits 0 in --out out
says "passed over 2 files"
find out -type f | sort >list
printf 'out/%s.png\n' a10 a9 b/deep/y b/x | sort | cmp -s - list || fail "a folder's results are $(cat list)"
exits 0 in/a9.pgm in/a10.pgm in/b/deep/y.pgm in/b/x.pgm --out files
for name in a9 a10; do same "files/$name.png" "out/$name.png"; done
exits 0 dir:in --out spec
same spec/b/x.png out/b/x.png
exits 0 in --out in/results
absent in/results/results
exits 0 in --out in/results
says "where the results go"
rm -r in/results

# Nothing that is read is replaced, and no two results are one.
cp lone.pgm same.png
exits 2 same.png --out .
says "which is read"
same same.png lone.pgm
exits 2 same.png --out same.png
ln same.png other/hard.png
exits 2 same.png lone.pgm --sheet --out other/hard.png
same same.png lone.pgm
mkdir in/png
cp lone.pgm in/png/p.png
exits 2 in --out in
same in/png/p.png lone.pgm
cp lone.pgm in/000000.png
exits 2 'dir:in;size=28x28' --out in
says "would be one of the pictures of"
same in/000000.png lone.pgm
rm in/000000.png
rm -r in/png
exits 2 in/a9.pgm other/a9.pgm --out double
says "in/a9.pgm' and 'other/a9.pgm' would both become 'double/a9.png'"
absent double
cp lone.pgm same.pgm
exits 2 same.png same.pgm --out double
absent double

# A picture's name that is not PNG's is no folder's, nor is that of a set or an archive.
for name in result.jpg result.JPEG result.webp result.ppm result.idx.gz result.mat result.zip; do
  exits 2 lone.pgm --out $name
  says PNG
  absent $name
done
mkdir there.jpg
exits 2 lone.pgm --out there.jpg
exits 0 lone.pgm --out there.jpg/
[ -f there.jpg/lone.png ] || fail "a folder with a slash takes no result"
exits 2 lone.pgm same.pgm --out one.png
absent one.png
exits 2 lone.pgm --out lone.pgm
exits 2 lone.pgm --sheet --out folder
exits 1 lone.pgm --out nowhere/one.png
exits 1 lone.pgm --out nowhere/folder

# Standard input and output, pipes, and one result for all of them.
exits 0 lone.pgm --out one.png
translate - --out stdin.png <lone.pgm || fail "'-' is not read: $(cat log)"
same stdin.png one.png
translate /dev/stdin --out device.png <lone.pgm || fail "/dev/stdin is not read: $(cat log)"
same device.png one.png
cat lone.pgm | "$tool" translate --threads 1 --model "$model" - --out - >piped.png || fail "a pipe is not read"
same piped.png one.png
absent ./-
mkfifo pipe
cat lone.pgm >pipe &
exits 0 pipe --out fifo.png
same fifo.png one.png
cat pipe >read.png &
exits 0 lone.pgm --out pipe
wait
same read.png one.png
exits 0 lone.pgm --out /dev/stdout
same out.log one.png
exits 2 - - --out two
exits 2 lone.pgm same.pgm --out -
exits 0 in --sheet --scale 1 --out -
[ "$(head -c 4 out.log | tail -c 3)" = PNG ] || fail "a sheet does not go to standard output"
"$tool" translate --threads 1 --model "$model" lone.pgm --out - >/dev/full 2>log
[ $? -eq 1 ] || fail "a picture that is lost on a full disk is no failure"
says "standard output"

# Alpha is laid over black in files and folders alike: white ink on no ground is not a white square.
mkdir alpha
printf '%s' iVBORw0KGgoAAAANSUhEUgAAAAIAAAACCAYAAABytg0kAAAAEklEQVR42mP4//8/w38oAWYAAHyVDfNL4G1sAAAAAElFTkSuQmCC |
  base64 -d >alpha/ink.png
printf 'P5 2 2 255\n\000\377\000\377' >ink.pgm
exits 0 alpha/ink.png --resize --out alpha.png
exits 0 ink.pgm --resize --out ink.png
same alpha.png ink.png
exits 0 alpha --resize --out alphas
same alphas/ink.png ink.png

# Pictures of another size are refused or fitted: the middle of a wide one is what stood there.
awk 'BEGIN {
  printf "P5 84 28 255\n"
  for (y = 0; y < 28; y++) for (x = 0; x < 84; x++) printf "%c", (x >= 42 && x < 46 && y > 3 && y < 24) ? 126 : 1
}' >wide.pgm
exits 1 wide.pgm --out fit.png
says "84 x 28"
exits 0 wide.pgm --fit crop --out crop.png
same crop.png one.png
exits 0 wide.pgm --resize --out resize.png
same resize.png one.png
exits 0 lone.pgm --fit exact --out exact.png
same exact.png one.png
for how in stretch pad; do
  exits 0 wide.pgm --fit $how --out $how.png
  cmp -s $how.png one.png && fail "--fit $how crops"
done
cmp -s stretch.png pad.png && fail "--fit pad stretches"
exits 2 wide.pgm --fit squeeze --out fit.png

# A temperature that no translator takes is refused before anything is made.
for heat in 5 4.01 -1; do
  exits 2 in --temperature $heat --out hot
  says 'temperature is 0 to 4'
  absent hot
done
exits 0 lone.pgm --temperature 4 --out hot.png

# Bad files stop the command, and a folder keeps what stands before them; or they are passed over by name and counted;
# the others keep their noise.
mkdir some
draw some/1.pgm 6
echo 'P5 28 28 255' >some/2.pgm
draw some/3.pgm 6
exits 1 some --out bad
says 'some/2.pgm.*; --skip-bad passes over such pictures'
exits 1 some --out bad.idx
absent bad.idx
exits 1 some/2.pgm --out / # the one folder that need not be made
grep -q "folder ''" log && fail "the root is a folder without a name: $(cat log)"
exits 0 some --skip-bad --out some.out
says 'some/2.pgm'
says '1 of 3 pictures were skipped'
exits 1 some/2.pgm --out lone.png
grep -q 'skip-bad' log && fail "one picture is all there is to skip: $(cat log)"
draw some/2.pgm 6
exits 0 some --out whole.out
for i in 1 3; do same some.out/$i.png whole.out/$i.png; done
absent some.out/2.png
[ "$(ls bad)" = 1.png ] || fail "before a bad picture there are $(ls bad)"
same bad/1.png whole.out/1.png
ln -s nowhere some/4.pgm # what cannot be opened is as bad
ln -s 5.pgm some/5.pgm
echo 'P5 28 28 255' >some/2.pgm
exits 1 some --out unread
exits 0 some --skip-bad --out read.out
says 'some/4.pgm'
says 'some/5.pgm'
says '3 of 5 pictures were skipped'
for i in 1 3; do same read.out/$i.png whole.out/$i.png; done
exits 0 some/1.pgm gone.pgm --skip-bad --out read.one
says "skipped: cannot open 'gone.pgm'"
exits 1 some/1.pgm gone/2.pgm --skip-bad --out read.two # a folder that is not there is no bad picture
rm some/[45].pgm
rm some/[13].pgm
echo 'P5 28 28 255' >some/2.pgm
exits 1 some --skip-bad --out none.out
mkdir all.bad # more of them than a sheet has columns
for i in $(seq 20); do cp some/2.pgm all.bad/$i.pgm; done
exits 1 all.bad --skip-bad --sheet --out none.png
says '12 of 12 pictures were skipped'
says 'no picture was left'
absent none.png
exits 1 some --skip-bad --out none.idx
absent none.idx

# Sheets and IDX files from any source; results do not depend on how many pictures pass together.
exits 0 in --sheet --out sheet.png
exits 0 in --sheet --columns 1 --out narrow.png
cmp -s sheet.png narrow.png && fail "--columns does nothing"
exits 0 in --out in.idx
[ "$(wc -c <in.idx)" -eq $((16 + 4 * 28 * 28)) ] || fail "the IDX file has $(wc -c <in.idx) bytes"
mkdir many
i=0
while [ $i -lt 300 ]; do
  ln lone.pgm "many/$i.pgm"
  i=$((i + 1))
done
exits 0 many --out many.out
exits 0 many/0.pgm many/1.pgm --out few.out
same many.out/1.png few.out/1.png
cmp -s many.out/0.png many.out/299.png && fail "two numbers draw one noise"
[ "$(find many.out -type f | wc -l)" -eq 300 ] || fail "300 pictures have not 300 results"
translate many --out many.idx || fail "300 pictures as IDX: $(cat log)"
translate 'idx:many.idx;first=2' --out numbered || fail "an IDX set: $(cat log)"
[ "$(ls numbered)" = "000000.png
000001.png" ] || fail "a set's results are $(ls numbered)"

# On several threads all is as on one: bytes, what is said of bad pictures and in which order, and what is left of a
# chunk that one of them ends.
echo 'P5 28 28 255' >many/40.pgm.new
mv many/40.pgm.new many/40.pgm
echo 'P5 28 28 255' >many/280.pgm.new
mv many/280.pgm.new many/280.pgm
exits 0 many --skip-bad --out serial
cp log serial.log
exits 0 many --skip-bad --threads 3 --out threads
same log serial.log
diff -r serial threads >log || fail "three threads: $(cat log)"
exits 0 many --skip-bad --threads 3 --out threads.idx
exits 0 many --skip-bad --out serial.idx
same threads.idx serial.idx
exits 1 many --threads 3 --out stopped
says 'many/40.pgm'
[ "$(ls stopped | wc -l)" -eq 40 ] || fail "before the bad picture there are $(ls stopped | wc -l) results, not 40"
exits 1 many --out stopped.serial
diff -r stopped stopped.serial >log || fail "three threads that a bad picture ends: $(cat log)"
ln -f lone.pgm many/40.pgm
exits 1 many --threads 3 --out stopped
says 'many/280.pgm'
[ "$(ls stopped | wc -l)" -eq 280 ] || fail "before the bad picture there are $(ls stopped | wc -l) results, not 280"
ln -f lone.pgm many/280.pgm
mkdir -p stuck/7.png # no result can take this name
exits 1 many --threads 3 --out stuck
says "cannot write 'stuck/7.png'"
[ "$(find stuck -type f | wc -l)" -eq 299 ] || fail "beside one that cannot be written there are $(find stuck -type f | wc -l)"
[ -z "$(find stuck -name '*.png.*')" ] || fail "temporary files are left: $(find stuck -name '*.png.*')"

# Three shards at once into one folder make, byte for byte, what one process makes of files, a folder and an IDX set.
# shards FOLDER WORD...
shards() {
  into=$1
  shift
  pids=
  for i in 1 2 3; do
    "$tool" translate --threads 1 --model "$model" "$@" --seed 3 --out "$into" --shard $i/3 2>"log.$i" &
    pids="$pids $!"
  done
  for pid in $pids; do wait "$pid" || fail "a shard of $* ends so: $(cat log.?)"; done
  exits 0 "$@" --seed 3 --out "$into.uncut"
  diff -r "$into" "$into.uncut" >log || fail "shards of $*: $(cat log)"
}
shards shards.files in/a9.pgm in/a10.pgm in/b/x.pgm in/b/deep/y.pgm lone.pgm
shards shards.folder in
shards shards.set idx:many.idx
exits 0 in --out shards.one --shard 1/3
[ "$(find shards.one -type f)" = shards.one/a9.png ] || fail "one of three shards of four has $(find shards.one -type f)"
exits 0 in --out shards.last --shard 3/3
[ "$(find shards.last -type f | wc -l)" -eq 2 ] || fail "the last of three shards of four has not two"

# What is no shard, and results that other shards would read or replace.
for shard in 0/3 4/3 1/0 3 /3 1/ 1/3/3 -1/3 1/-3 ' 1/3' 1/3x 1/4294967297 ''; do
  exits 2 in --out refused --shard "$shard"
  says 'I/N'
done
exits 2 in --out refused --shard 1/5
says '4 pictures do not make 5'
exits 2 in --sheet --out refused.png --shard 1/3
exits 2 lone.pgm --out refused.png --shard 1/1
exits 2 in --out refused.idx --shard 1/3
exits 2 in --out in/refused --shard 1/3
says 'sources of other shards'
exits 2 'dir:in;size=28x28' --out in/refused/ --shard 1/3
exits 2 in/b --out in --shard 1/2
exits 2 in/a9.pgm lone.pgm other/a9.pgm --out refused --shard 2/3 # the first and the third, both not its own
says 'would both become'
for name in refused refused.png refused.idx in/refused; do absent $name; done
draw some/1.pgm 6
exits 0 some --skip-bad --out some.cut --shard 1/2
exits 0 some --skip-bad --out some.cut --shard 2/2 # it holds the bad one alone
says '1 of 1 pictures were skipped'
same some.cut/1.png whole.out/1.png
exits 1 some --out some.cut --shard 2/2

# Names that would control a terminal do not.
name=$(printf 'x\033[2Jy.pgm')
exits 1 "$name" --out z.png
says 'x.*2Jy.pgm'
grep -q "$(printf '\033')" log && fail "an escape reaches the terminal"

[ "$failures" -eq 0 ] && echo "translate reads and writes what it says"
exit "$((failures > 0))"
