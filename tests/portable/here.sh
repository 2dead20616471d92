#!/bin/sh
# Runs the program of what must hold everywhere with an empty folder to write to.
# usage: here.sh PROGRAM TREE
set -u

program=${1:?usage: here.sh PROGRAM TREE}
folder=$(mktemp -d) || exit 1
trap 'rm -rf "$folder"' EXIT
"$program" "${2:?usage: here.sh PROGRAM TREE}" "$folder"
