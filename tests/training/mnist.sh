# shellcheck shell=sh
# Sourced by the training tests: real MNIST as SPECs, a work folder in $work, and what to do with both.
# Skips the test (exit code 77) where MNIST cannot be had; the tests themselves never fetch it.

tool=${1:?usage: $0 XDOMAIN_TOOL}
here=$(cd "$(dirname "$0")" && pwd)
mnist=${XDOMAIN_MNIST:-}
if [ -z "$mnist" ] && ! mnist=$("$here/../../examples/data.sh" --offline mnist); then
  echo "SKIPPED: this test needs MNIST"
  exit 77
fi
train=idx:$mnist/train-images-idx3-ubyte,$mnist/train-labels-idx1-ubyte
test=idx:$mnist/t10k-images-idx3-ubyte,$mnist/t10k-labels-idx1-ubyte
pairs=0:5,1:6,2:7,3:8,4:9

. "$here/../failures.sh"
