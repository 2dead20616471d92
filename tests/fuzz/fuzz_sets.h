/* What is done to any dataset that the fuzzer's bytes gave. */
#ifndef XD_TESTS_FUZZ_SETS_H
#define XD_TESTS_FUZZ_SETS_H

#include "fuzz.h"

static inline void look_at_set(const fuzz_surroundings *with, const xd_dataset *set) {
  const uint32_t count = xd_dataset_count(set), channels = xd_dataset_channels(set);
  const size_t size = (size_t)xd_dataset_width(set) * xd_dataset_height(set) * channels;
  uint32_t labelled = 0, sum = 0;
  demand(count > 0 && size > 0 && (channels == 1 || channels == 3));
  for (uint32_t label = 0; label < XD_CLASS_LIMIT; label++) {
    const uint32_t pictures = xd_dataset_class_size(set, label);
    demand(pictures == 0 || xd_dataset_class_name(set, label)[0] != '\0');
    labelled += pictures;
  }
  demand(labelled == count);
  for (uint32_t i = 0; i < count; i++)
    sum += xd_dataset_pixels(set, i)[0] + xd_dataset_pixels(set, i)[size - 1] + xd_dataset_label(set, i);
  demand(sum <= count * 3u * 255u && xd_dataset_pixels(set, count) == NULL);
  if (size > 1u << 16)
    return;
  uint32_t *labels = malloc(count * sizeof *labels);
  demand(labels != NULL && xd_dataset_read_labels(set, with->context, labels, NULL, count) == XD_OK);
  demand(labels[count - 1] == xd_dataset_label(set, count - 1));
  demand(xd_dataset_has_labels(set) || labels[0] == 0);
  free(labels);
  float *cells = malloc(size * sizeof *cells);
  const uint32_t last = count - 1;
  demand(cells != NULL && xd_dataset_read(set, with->context, cells, &last, 1) == XD_OK);
  for (size_t i = 0; i < size; i++)
    demand(cells[i] >= 0.0f && cells[i] <= 1.0f);
  free(cells);
}

#endif
