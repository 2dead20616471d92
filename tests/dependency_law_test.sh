#!/bin/sh
# Proves that dependency_law.sh finds what it must find: one small tree for each kind of violation.
# usage: dependency_law_test.sh
set -u

law=$(cd "$(dirname "$0")" && pwd)/dependency_law.sh
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
failures=0

# tree NAME FILE INCLUDE...: a lawful tree with one more file that holds these includes.
tree() {
  sample=$work/$1
  mkdir -p "$sample/include/xdomain/sys"
  for room in base tensor image data backend/native backend/onednn backend/opencl layer model format translate evaluate train; do
    mkdir -p "$sample/lib/$room"
  done
  echo '#include "status.h"' >"$sample/include/xdomain/context.h"
  printf '#include "base/memory.h"\n#include <stdlib.h>\n' >"$sample/lib/tensor/shape.c"
  printf '#include "image/pixels.h"\n#include "xdomain/image.h"\n' >"$sample/lib/translate/translator.c"
  printf '#include "data/dataset.h"\n#include "format/writer.h"\n' >"$sample/lib/train/schedule.c"
  printf '#define STB_IMAGE_STATIC\n#include <stb/stb_image.h>\n' >"$sample/lib/image/load.c"
  printf '#include "backend/native/gemm.h"\n#include "model/encoder.h"\n' >"$sample/lib/model/encoder.c"
  file=$sample/$2
  shift 2
  for include in "$@"; do echo "#include $include" >>"$file"; done
}

accepts() {
  tree "$@"
  if ! output=$("$law" "$sample"); then
    echo "FAILED $1: a lawful tree was refused: $output"
    failures=$((failures + 1))
  fi
}

# The refusal must name the file and count one violation.
refuses() {
  tree "$@"
  if output=$("$law" "$sample"); then
    echo "FAILED $1: the violation was not found"
    failures=$((failures + 1))
  elif ! echo "$output" | grep -q "^$2:" || ! echo "$output" | grep -q "law: 1 violation"; then
    echo "FAILED $1: reported otherwise: $output"
    failures=$((failures + 1))
  fi
}

accepts lawful lib/base/empty.h
accepts own_room lib/layer/dense.c '"layer/layer.h"' '"backend/registry.h"' '<math.h>'
refuses upwards lib/base/memory.c '"tensor/shape.h"'
refuses across lib/backend/registry.c '"image/pixels.h"'
refuses data_outside_train lib/evaluate/accuracy.c '"data/dataset.h"'
refuses image_outside_translate lib/model/model.c '"image/pixels.h"'
refuses later_room lib/translate/session.c '  "train/schedule.h"'
refuses stb_outside_image lib/data/folder.c '<stb/stb_image.h>'
refuses stb_quoted lib/train/report.c '"stb_image_write.h"  /* no */' 
refuses zlib_elsewhere lib/format/reader.c '<zlib.h>'
refuses blas_outside_backend lib/layer/conv2d.c '<cblas.h>'
refuses onednn_outside_plugin lib/backend/native/gemm.c '<dnnl.h>'
refuses onednn_private lib/backend/onednn/onednn.c '"base/memory.h"'
accepts onednn_plugin lib/backend/onednn/onednn.c '<dnnl.h>' '"backend/onednn/onednn_state.h"'
refuses opencl_outside_plugin lib/backend/onednn/onednn.c '<CL/cl.h>'
refuses opencl_private lib/backend/opencl/opencl.c '"backend/onednn/onednn_state.h"'
accepts opencl_plugin lib/backend/opencl/opencl.c '<CL/cl.h>' '"backend/opencl/opencl_state.h"'
refuses networks lib/model/decoder.c '"model/encoder.h"'
refuses networks_public include/xdomain/pair_discriminator.h '"latent_generator.h"'
refuses public_header_of_a_later_room lib/model/judge.c '"xdomain/dataset.h"'
refuses public_header_between_headers include/xdomain/judge.h '"dataset.h"'
refuses table_above_its_home include/xdomain/sys/backend.h '"../network.h"'
accepts tables include/xdomain/sys/layer.h '"../shape.h"' '"backend.h"'
accepts evaluation_of_sets lib/evaluate/accuracy.c '"xdomain/dataset.h"'
refuses homeless_header include/xdomain/novelty.h '<stdint.h>'
refuses use_of_a_homeless_header lib/base/memory.c '"xdomain/novelty.h"'
refuses bare_name lib/model/judge.c '"model.h"'
refuses unknown_room lib/utils.c '<stdio.h>'
refuses private_in_public include/xdomain/model.h '"base/context.h"'

[ "$failures" -eq 0 ] && echo "dependency law: every kind of violation is found"
exit "$((failures > 0))"
