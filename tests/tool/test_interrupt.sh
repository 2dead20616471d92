#!/bin/sh
# A training that is interrupted stops within a step, writes what is finished, says how it goes on, and ends in the model
# of a training that was not interrupted, with the same log and report.
# usage: test_interrupt.sh XDOMAIN_TOOL
set -u

tool=$(cd "$(dirname "${1:?usage: $0 XDOMAIN_TOOL}")" && pwd)/$(basename "$1")
. "$(dirname "$0")/../failures.sh"
. "$(dirname "$0")/words.sh"
. "$(dirname "$0")/bars.sh"
cd "$work" || exit 1

draw_bars one 0 8
draw_bars two 2 8
for set in one two; do
  "$tool" judge --train dir:$set --epochs 2 --base-channels 4 --features 4 --threads 1 --out $set.xdc 2>log ||
    fail "xdomain judge: $(cat log)"
done

# start OUT WORD...: a training in the background, $process.
start() {
  out=$1
  shift
  "$tool" train --domain1 dir:one --domain2 dir:two --pairs 0:2,1:3 --epochs 1 --min-steps 40 --steps 3000 \
    --base-channels 4 --latent 4 --hidden 8 --width 16 --threads 1 --validation1 dir:one --validation2 dir:two \
    --judge1 one.xdc --judge2 two.xdc --validate-every 500 --allow-collapse --log "$out.csv" --report "$out.json" \
    --out "$out.xdm" "$@" >out 2>log &
  process=$!
}
# ends CODE: so does the training.
ends() {
  wait "$process"
  got=$?
  [ $got -eq "$1" ] || fail "exit code $got, not $1: $(cat log)"
}
# after FILE PATTERN: waits until the training has written that.
after() {
  tries=0
  until grep -q -- "$2" "$1" 2>/dev/null; do
    tries=$((tries + 1))
    { kill -0 "$process" 2>/dev/null && [ $tries -lt 3000 ]; } || return
    sleep 0.01
  done
}
# same OUT: model, log and report are those of the training that nobody stopped.
same() {
  cmp -s "$1.xdm" whole.xdm || fail "the model of $1 is another"
  cmp -s "$1.csv" whole.csv || fail "the log of $1 is another"
  for file in "$1" whole; do sed 's/"seconds": [^,]*/"seconds"/' "$file.json" >"$file.report"; done
  cmp -s "$1.report" whole.report || fail "the report of $1 is another: $(diff "$1.report" whole.report | head -4)"
  [ ! -e "$1.xdm.checkpoint" ] || fail "$1 leaves its checkpoint"
}

start whole
ends 0
[ ! -e whole.xdm.checkpoint ] || fail "a finished training leaves its checkpoint"

# In the mapping: the VAEs and the best validated step are a model; the command that is shown goes on.
start stopped
after stopped.json '"step": 500,'
kill -INT $process
ends 130
[ ! -e stopped.xdm ] || fail "an interrupted training has written its model"
"$tool" verify stopped.partial.xdm >out 2>&1 || fail "what is finished is not sound: $(cat out)"
"$tool" info stopped.partial.xdm | grep -q '^generator 1 to 2' || fail "the best validated mapping is lost"
grep -q '"status": "XD_ERROR_CANCELLED"' stopped.json || fail "the report does not tell that it was cancelled"
says 'stopped.partial.xdm'
command=$(sed -n 's/^xdomain: to go on: xdomain //p' log)
eval "\"$tool\" $command" >out 2>log || fail "'$command' does not go on: $(cat log)"
same stopped

# Whatever a path is made of, the command is one line that goes on; bash and others read it, dash does not.
if command -v bash >/dev/null; then
  odd=$(printf "a\nb\033[2J'q\\\\\302\205\342\200\256\377\303\244 .7")
  start "$odd"
  after "$odd.json" '"step": 500,'
  kill -INT $process
  ends 130
  command=$(sed -n 's/^xdomain: to go on: xdomain //p' log)
  printf '%s' "$command" | LC_ALL=C grep -q "[[:cntrl:]]" && fail "'$command' controls a terminal"
  bash -c "\"$tool\" $command" >out 2>log || fail "'$command' does not go on: $(cat log)"
  cmp -s "$odd.xdm" whole.xdm || fail "'$command' ends in another model"
fi

# In the first VAE nothing is finished yet, but nothing is lost either.
start early --min-steps 40
after early.csv '^1,'
kill -TERM $process
wait $process
got=$?
if [ $got -eq 143 ]; then
  start early --resume
  ends 0
elif [ $got -ne 0 ]; then
  fail "SIGTERM gives exit code $got: $(cat log)"
fi
same early

# Killed without a word: the last checkpoint goes on; log and report begin again where it stands.
start killed --checkpoint-every 0 --set validate_every=500
after killed.json '"step": 1000,'
kill -KILL $process
ends 137
start killed --resume
ends 0
same killed

# Hung up, and a terminal's hang-up that nohup has told to ignore.
start hung
after hung.json '"step": 500,'
kill -HUP $process
ends 129
(
  trap '' HUP
  start ignoring
  after ignoring.json '"step": 500,'
  kill -HUP $process
  ends 0
  exit "$failures"
) || fail "an ignored hang-up ends the training"
same ignoring

# A training that begins anew keeps an earlier one's checkpoint; other options are no going on.
cp hung.json before.json
start hung --steps 3001 --resume
ends 1
says 'steps'
cmp -s before.json hung.json || fail "a command that was refused has changed the report"
grep -q 'to go on' log && fail "a command that was refused is said to go on: $(cat log)"
start hung
ends 0
says 'hung.xdm.checkpoint.old'
same hung
start hung --resume
ends 1
says 'hung.xdm.checkpoint'
start none --no-checkpoint --resume
ends 2
start none --no-checkpoint
after none.json '"step": 500,'
kill -INT $process
ends 130
[ ! -e none.xdm.checkpoint ] || fail "--no-checkpoint keeps one"

# What is refused before its first step leaves the log and the report of an earlier training, also where only the whole
# training can tell.
cp whole.json before.json
cp whole.csv before.csv
: >whole.xdm.checkpoint
start whole --resume
ends 1
start whole --set mapping.source_dim=5
ends 1
says 'mapping.source_dim is 5'
start whole --judge2 one.xdc
ends 1
for kind in json csv; do cmp -s before.$kind whole.$kind || fail "a training that was refused has changed whole.$kind"; done
rm -f whole.xdm.checkpoint*

# A resumed training takes any log: none yet, or a pipe, which nothing is read from.
start logged
after logged.json '"step": 500,'
kill -INT $process
ends 130
cp logged.xdm.checkpoint kept
start logged --resume --log new.csv
ends 0
grep -q 'cannot write' log && fail "a new log cannot be written: $(cat log)"
[ "$(head -n 1 new.csv)" = "$(head -n 1 whole.csv)" ] && [ "$(tail -n 1 new.csv)" = "$(tail -n 1 whole.csv)" ] ||
  fail "a new log of a resumed training has $(wc -l <new.csv) lines"
mv kept logged.xdm.checkpoint
mkfifo log.pipe
cat log.pipe >piped.csv &
reader=$!
start logged --resume --log log.pipe
ends 0
wait "$reader"
cmp -s piped.csv new.csv || fail "a pipe gets another log than a file"

# In the judges that a training trains first: neither the one in work nor the one that is finished is lost.
own() {
  out=$1
  shift
  : >log
  "$tool" train --domain1 dir:one --domain2 dir:two --pairs 0:2,1:3 --epochs 1 --min-steps 40 --steps 40 \
    --base-channels 4 --latent 4 --hidden 8 --width 16 --threads 1 --validation1 dir:one --validation2 dir:two \
    --allow-collapse --no-preview --checkpoint-every 0 --out "$out.xdm" "$@" >out 2>log &
  process=$!
}
own judges
ends 0
for moment in 'judge for validation: step' 'judge of domain 1'; do
  own judged
  after log "$moment"
  kill -INT $process
  ends 130
  [ -e judged.xdm.checkpoint.judge1 ] && [ ! -e judged.xdm.checkpoint ] || fail "'$moment': judges without a checkpoint"
  grep -q 'begins anew' log && fail "'$moment': what is kept is said to be lost"
  command=$(sed -n 's/^xdomain: to go on: xdomain //p' log)
  eval "\"$tool\" $command" >out 2>log || fail "'$command' does not go on: $(cat log)"
  [ "$(grep -c 'judge for validation: step 1 ' log)" -le 1 ] || fail "'$moment': a judge began anew"
  cmp -s judged.xdm judges.xdm || fail "'$moment': the model is another"
  [ -z "$(find . -name 'judged.xdm.checkpoint*')" ] || fail "a finished training leaves a judge's checkpoint"
done
own judged
after log 'judge of domain 1'
kill -KILL $process
ends 137
own judged --judge1 nowhere.xdc
ends 1
[ -e judged.xdm.checkpoint.judge1 ] || fail "a command that is refused sets a checkpoint aside"
: >judged.xdm.checkpoint.judge1
own judged --resume
ends 0
says 'judged.xdm.checkpoint. is not there: the judges alone are taken up'
says 'judged.xdm.checkpoint.judge1. cannot be read'
cmp -s judged.xdm judges.xdm || fail "the model after a damaged checkpoint of a judge is another"
own judged
after log 'judge of domain 1'
kill -KILL $process
ends 137
own judged --set mapping.source_dim=5
ends 1
grep -q 'to go on' log && fail "what cannot go on is said to: $(cat log)"
grep -q 'judge for validation' log && fail "judges are trained for what cannot be: $(cat log)"
rm -f judged.xdm*
: >other.judge1
own judged --judge1 one.xdc --judge2 two.xdc --checkpoint other
ends 0
[ -e other.judge1 ] || fail "a file is taken for a judge that nobody trains"
own judged
after log 'judge of domain 1'
kill -KILL $process
ends 137
own judged
ends 0
says 'judged.xdm.checkpoint.old'
[ -e judged.xdm.checkpoint.old.judge1 ] || fail "an earlier training's judge is lost"
rm -f judged.xdm*

# A judge that is interrupted is kept, says how it goes on, and ends as one that was not.
judging() {
  out=$1
  shift
  : >log # the last one's words are not to be taken for this one's
  "$tool" judge --train dir:one --epochs 400 --base-channels 4 --features 4 --threads 1 --out "$out.xdc" "$@" >out 2>log &
  process=$!
}
judging judged
ends 0
for signal in INT:130 TERM:143 HUP:129; do
  judging cut --checkpoint-every 0
  after log 'judge'
  kill -"${signal%:*}" $process
  ends "${signal#*:}"
  [ ! -e cut.xdc ] && [ -e cut.xdc.checkpoint ] || fail "SIG${signal%:*}: a judge without its checkpoint"
  command=$(sed -n 's/^xdomain: to go on: xdomain //p' log)
  eval "\"$tool\" $command" >out 2>log || fail "'$command' does not go on: $(cat log)"
  cmp -s cut.xdc judged.xdc || fail "SIG${signal%:*}: the judge is another"
  [ ! -e cut.xdc.checkpoint ] || fail "a finished judge leaves its checkpoint"
  rm -f cut.xdc
done
judging cut --resume
ends 1
judging cut --resume --no-checkpoint
ends 2

# Whatever was set aside before stays.
echo first >cut.xdc.checkpoint.old
echo second >cut.xdc.checkpoint.old2
echo third >cut.xdc.checkpoint
judging cut --epochs 1
ends 0
says 'cut.xdc.checkpoint.old3'
[ "$(cat cut.xdc.checkpoint.old cut.xdc.checkpoint.old2 cut.xdc.checkpoint.old3)" = "first
second
third" ] || fail "of three checkpoints that were set aside one is lost"
judging cut --checkpoint-every 0 --checkpoint state
after log 'judge'
kill -INT $process
ends 130
long=$(printf '%0253d' 0) # with four letters more it is too long
cp state "$long"
judging cut --epochs 1 --checkpoint "$long"
ends 1
says 'aside: ..*'
cmp -s state "$long" || fail "a checkpoint that cannot be set aside is lost"

# A file that is no checkpoint is not one to set aside where somebody names it: it stays.
echo kept >notes
cp one.xdc model.xdc
for file in notes model.xdc; do
  cp $file before
  judging other --checkpoint $file
  ends 1
  says "--checkpoint '$file' is there and is no checkpoint"
  start other --checkpoint $file
  ends 1
  cmp -s $file before && [ ! -e $file.old ] && [ ! -e other.csv ] || fail "--checkpoint moves '$file'"
done
judging other --epochs 1 --checkpoint state
ends 0
says 'state.old'
[ -e state.old ] && [ ! -e state ] || fail "the checkpoint that --checkpoint names is not set aside"

# Of two trainings that write the same, the second one is refused before it moves or writes anything; a lock that its
# process has left behind is no lock.
waits() {
  tries=0
  until [ -e "$1" ] || [ $tries -ge 3000 ]; do
    tries=$((tries + 1))
    sleep 0.01
  done
}
start raced --steps 200000 --checkpoint shared
waits shared
waits raced.csv
first=$process
for second in 'raced' 'raced --resume --checkpoint shared' 'raced --no-checkpoint' 'second --checkpoint shared'; do
  # shellcheck disable=SC2086 # several words
  start $second --log second.csv --report second.json
  ends 1
  says "' is what another process trains now, which holds '[a-z.]*lock'"
  [ ! -e shared.old ] && [ -z "$(find . -name 'second*')" ] ||
    fail "'$second' is refused, and has written something"
done
"$tool" judge --train dir:one --threads 1 --out raced.xdm 2>log && fail "a judge takes the place of a model in work"
says "raced.xdm.lock"
kill -KILL "$first"
wait "$first"
[ -e raced.xdm.lock ] || fail "a training in work has no lock"
start raced --resume --steps 200000 --checkpoint shared
after raced.json '"step": 500,'
kill -INT $process
ends 130
rm -f shared
start none --no-checkpoint --steps 200000
waits none.xdm.lock
first=$process
start none --no-checkpoint
ends 1
says "'none.xdm' is what another process trains now"
kill -INT "$first"
wait "$first"
echo mine >other.xdc.lock
judging other --epochs 1
ends 0
[ "$(cat other.xdc.lock)" = mine ] || fail "a file that is called as a lock is lost"
rm other.xdc.lock
[ -z "$(find . -name '*.lock')" ] || fail "locks are left behind: $(find . -name '*.lock')"

# A folder keeps the translations that are whole when a signal comes, also those that wait for others.
"$tool" train --domain1 'dir:one;size=64x64' --domain2 'dir:two;size=64x64' --pairs 0:2,1:3 --epochs 1 --min-steps 2 \
  --steps 2 --base-channels 4 --latent 4 --hidden 8 --width 8 --threads 1 --no-valid --no-preview --allow-collapse \
  --out large.xdm 2>log || fail "a model of large pictures: $(cat log)"
mkdir large
for i in $(seq 200); do cp one/0/1.pgm large/$i.pgm; done
mkfifo large/201.pgm
sleep 60 >large/201.pgm &
writer=$!
"$tool" translate --model large.xdm --fit stretch --threads 1 large --out drawn 2>log &
process=$!
tries=0
until [ "$(find drawn -type f 2>/dev/null | wc -l)" -ge 128 ] || [ $tries -gt 1000 ]; do
  tries=$((tries + 1))
  sleep 0.02
done
sleep 0.2
kill -INT $process
wait $process && fail "a translation that is interrupted is no failure"
kill $writer
[ "$(find drawn -name '*.png' | wc -l)" -eq 128 ] && [ "$(find drawn -type f | wc -l)" -eq 128 ] ||
  fail "an interrupted translation leaves $(find drawn -type f | wc -l) files"

[ "$failures" -eq 0 ] && echo "no training is lost"
exit "$((failures > 0))"
