#!/bin/sh
# The dependency law, checked on the includes of lib/ and include/ below ROOT:
#   base < tensor < image < data
#          tensor < backend < layer < model < format < translate < evaluate < train
#   base < options < model; evaluate and train read options too
# translate alone sees image from the second line, train alone also reads data. Libraries from outside
# have one home each, and the four networks never include each other.
# usage: dependency_law.sh ROOT
set -u

root=${1:?usage: dependency_law.sh ROOT}
cd "$root" || exit 2
files=$(find lib include -type f \( -name '*.c' -o -name '*.h' \) | LC_ALL=C sort)
[ -n "$files" ] || { echo "dependency_law: no sources below $root" >&2; exit 2; }

# shellcheck disable=SC2086 # one word a file
awk '
  function allow(room, list) { allowed[room] = " " list " "; rooms[room] = 1 }
  function contains(list, word) { return index(list, " " word " ") > 0 }
  function report(what) { printf "%s:%d: %s\n", FILENAME, FNR, what; violations++ }
  function base_name(path) { sub(/.*\//, "", path); sub(/\.[ch]$/, "", path); return path }

  BEGIN {
    allow("base", "base")
    allow("options", "base options")
    allow("tensor", "base tensor")
    allow("image", "base tensor image")
    allow("data", "base tensor image data")
    allow("backend", "base tensor backend")
    allow("layer", "base tensor backend layer")
    allow("model", "base options tensor backend layer model")
    allow("format", "base tensor backend layer model format")
    allow("translate", "base tensor image backend layer model format translate")
    allow("evaluate", "base options tensor backend layer model format translate evaluate")
    allow("train", "base options tensor data backend layer model format translate evaluate train")
    networks = " encoder decoder latent_generator pair_discriminator "
  }

  FNR == 1 { split(FILENAME, part, "/"); top = part[1]; room = part[2]; name = base_name(FILENAME) }
  FNR == 1 && top == "lib" && !(room in rooms) { report("\"" room "\" is not a room of the library") }

  /^[ \t]*#[ \t]*include/ {
    target = $0
    sub(/^[ \t]*#[ \t]*include[ \t]*/, "", target)
    quoted = substr(target, 1, 1) == "\""
    sub(/^["<]/, "", target)
    sub(/[">].*/, "", target)
    included = base_name(target)
    folder = target; if (!sub(/\/.*/, "", folder)) folder = ""

    if (contains(networks, name) && contains(networks, included) && included != name)
      report("the network " name " includes the network " included)

    if (top == "include") {
      if (quoted ? (folder in rooms) : target ~ /^(stb|zlib|cblas|xxhash|openblas)/)
        report("a public header includes " target)
      next
    }
    if (target ~ /(^|\/)stb_/) {
      if (room != "image") report("stb is included only in image/, not in " room "/")
      next
    }
    if (target == "zlib.h" && room != "data") report("zlib is included only in data/, not in " room "/")
    if (target == "xxhash.h" && room != "format") report("xxHash is included only in format/, not in " room "/")
    if (target ~ /(^|\/)(cblas|openblas[a-z_]*)\.h$/ && room != "backend")
      report("BLAS is included only in backend/, not in " room "/")
    plug_in = FILENAME ~ /^lib\/backend\/onednn\//
    if (target ~ /^(oneapi\/)?dnnl/ && !plug_in) report("oneDNN is included only in backend/onednn/")
    if (quoted && plug_in && target !~ /^(xdomain|backend\/onednn)\//)
      report("the onednn plug-in stands on the public headers and must not include " target)
    if (!quoted || folder == "xdomain") next
    if (!(folder in rooms)) report("\"" target "\" is not written as room/file.h")
    else if (!contains(allowed[room], folder)) report(room "/ must not include " target)
  }

  END {
    if (violations) { printf "dependency law: %d violation(s)\n", violations; exit 1 }
  }
' $files
