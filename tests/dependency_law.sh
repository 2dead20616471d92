#!/bin/sh
# The dependency law, checked on the includes of lib/ and include/ below ROOT:
#   base < tensor < image < data
#          tensor < backend < layer < model < format < translate < evaluate < train
#   base < options < model; evaluate and train read options too
# translate alone sees image from the second line, train alone also reads data, evaluate its public header. A public
# header has a home among the rooms, and is included as what lies there is. Libraries from outside have one home each, and the
# four networks never include each other.
# usage: dependency_law.sh ROOT
set -u

root=${1:?usage: dependency_law.sh ROOT}
cd "$root" || exit 2
files=$(find lib include -type f \( -name '*.c' -o -name '*.h' \) | LC_ALL=C sort)
[ -n "$files" ] || { echo "dependency_law: no sources below $root" >&2; exit 2; }

# shellcheck disable=SC2086 # one word a file
awk '
  function allow(room, list) { allowed[room] = " " list " "; rooms[room] = 1 }
  function live(room, list,   i, count, header) {
    count = split(list, header, " ")
    for (i = 1; i <= count; i++) home[header[i]] = room
  }
  # The name of a public header as it stands below include/xdomain, without its ending.
  function public_name(path, from) {
    sub(/\.h$/, "", path)
    if (path ~ /^xdomain\//) { sub(/^xdomain\//, "", path); return path }
    if (path ~ /^\.\.\//) { sub(/^\.\.\//, "", path); return path }
    if (from ~ /\/sys\//) return "sys/" path
    return (from ~ /\/unstable\//) ? "unstable/" path : path
  }
  function check_public(target,   name) {
    name = public_name(target, FILENAME)
    if (!(name in home)) report("the public header " name ".h has no home among the rooms")
    else if (!contains(allowed[room], home[name]) && !contains(reads[room], home[name]))
      report(room "/ must not include " target ", whose home is " home[name])
  }
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
    reads["evaluate"] = " data " # by its public header alone
    allow("train", "base options tensor data backend layer model format translate evaluate train")
    networks = " encoder decoder latent_generator pair_discriminator "

    # A context holds backend tables, so that sys/backend.h is as low as context.h.
    live("base", "context export progress status stream version sys/backend unstable/reduce")
    live("options", "options unstable/presets values")
    live("tensor", "shape")
    live("image", "image unstable/sheet")
    live("data", "dataset unstable/classes unstable/mat unstable/spec")
    live("backend", "sys/layer unstable/backend_detail")
    live("layer", "network unstable/price")
    live("model", "decoder encoder judge latent_generator model pair_discriminator")
    live("translate", "translator")
    live("evaluate", "evaluation")
    live("train", "run train")
    live("train", "unstable/judge_trainer unstable/mapping_trainer unstable/plan unstable/vae_trainer unstable/validation")
    # The tour through all of them.
    allow("xdomain", "base options tensor image data backend layer model format translate evaluate train")
    live("xdomain", "xdomain")
  }

  FNR == 1 { split(FILENAME, part, "/"); top = part[1]; room = part[2]; name = base_name(FILENAME) }
  FNR == 1 && top == "include" {
    room = home[public_name(substr(FILENAME, length("include/") + 1), "")]
    if (room == "") report("a public header without a home among the rooms")
  }
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
      else if (quoted && room != "") check_public(target)
      next
    }
    if (target ~ /(^|\/)stb_/) {
      if (room != "image") report("stb is included only in image/, not in " room "/")
      next
    }
    if (target == "zlib.h" && room != "data" && room != "image") report("zlib is included only in data/ and image/, not in " room "/")
    if (target == "xxhash.h" && room != "format") report("xxHash is included only in format/, not in " room "/")
    if (target ~ /(^|\/)(cblas|openblas[a-z_]*)\.h$/ && room != "backend")
      report("BLAS is included only in backend/, not in " room "/")
    plug_in = (FILENAME ~ /^lib\/backend\/(onednn|opencl)\//) ? part[3] : ""
    if (target ~ /^(oneapi\/)?dnnl/ && plug_in != "onednn") report("oneDNN is included only in backend/onednn/")
    if (target ~ /^(CL\/|clblast)/ && plug_in != "opencl") report("OpenCL is included only in backend/opencl/")
    if (quoted && plug_in && target !~ "^(xdomain|backend/" plug_in ")/")
      report("the " plug_in " plug-in stands on the public headers and must not include " target)
    if (quoted && folder == "xdomain" && !plug_in) check_public(target)
    if (!quoted || folder == "xdomain") next
    if (!(folder in rooms)) report("\"" target "\" is not written as room/file.h")
    else if (!contains(allowed[room], folder)) report(room "/ must not include " target)
  }

  END {
    if (violations) { printf "dependency law: %d violation(s)\n", violations; exit 1 }
  }
' $files
