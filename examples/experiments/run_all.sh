#!/bin/sh
# Runs every experiment and writes the table of their results to $RESULTS/table.md.
# usage: [XDOMAIN_DATA=FOLDER] examples/experiments/run_all.sh    without SVHN's data its rows are left out
set -eu

cd "$(dirname "$0")/../.."
here=examples/experiments
results=${RESULTS:-build/experiments}
for experiment in digits pairing paper digits_small fashion models; do "$here/$experiment.sh"; done
if examples/data.sh --offline svhn >/dev/null; then "$here/svhn.sh"; fi
"$here/table.py" "$results" >"$results/table.md"
cat "$results/table.md"
