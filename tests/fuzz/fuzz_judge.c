/* Judge files with right checksums: loaded, looked at and asked about one picture. */
#include "fuzz_networks.h"
#include "repair.h"

static void predict(const fuzz_surroundings *with, const xd_judge *judge) {
  const uint32_t classes = xd_judge_class_count(judge), features = xd_judge_feature_dim(judge);
  xd_shape shape;
  uint32_t label = classes;
  xd_judge_picture_shape(judge, &shape);
  look_at_network(with, xd_judge_network(judge));
  demand(classes > 0 && features > 0);
  float *picture = new_cells(cells_of(&shape)), *logits = new_cells(classes), *seen = new_cells(features);
  const xd_status status = xd_judge_predict(judge, with->context, &label, logits, seen, picture, 1);
  check_cells(status, logits, classes);
  check_cells(status, seen, features);
  demand(status != XD_OK || label < classes);
  free(picture);
  free(logits);
  free(seen);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  fuzz_surroundings with;
  xd_judge *judge = NULL;
  uint8_t *repaired = malloc(size + 1);
  demand(repaired != NULL);
  if (size)
    memcpy(repaired, data, size);
  repair_container(repaired, size);
  fuzz_begin(&with);
  const xd_source source = memory_source(repaired, size);
  check_status(&with, xd_judge_load_source(&judge, with.context, &source), &judge);
  if (judge)
    predict(&with, judge);
  xd_judge_release(judge);
  fuzz_end(&with);
  free(repaired);
  return 0;
}
