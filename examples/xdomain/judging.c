/* What a judge is worth, found on real pictures that it was not trained on: scores by a poor one say nothing. */
#include <stdlib.h>

#include "sets.h"

#define CHUNK 64u

static const double sound_accuracy = 0.9;

typedef struct weighing {
  uint32_t right, met_count;
  bool met[XD_CLASS_LIMIT]; /* classes that the judge names */
  float *pictures;
} weighing;

static void count_labels(weighing *w, const xd_dataset *set, const uint32_t *indices, const uint32_t *labels,
                         uint32_t count) {
  for (uint32_t i = 0; i < count; i++) {
    w->right += labels[i] == xd_dataset_label(set, indices[i]);
    w->met_count += !w->met[labels[i]];
    w->met[labels[i]] = true;
  }
}

static xd_status weigh(weighing *w, const runtime *r, const xd_judge *judge, const xd_dataset *set) {
  uint32_t indices[CHUNK], labels[CHUNK];
  const uint32_t all = xd_dataset_count(set);
  xd_status status = XD_OK;
  for (uint32_t begin = 0; begin < all && !status; begin += CHUNK) {
    const uint32_t count = all - begin < CHUNK ? all - begin : CHUNK;
    for (uint32_t i = 0; i < count; i++)
      indices[i] = begin + i;
    status = xd_dataset_read(set, r->context, w->pictures, indices, count);
    if (!status)
      status = xd_judge_predict(judge, r->context, labels, NULL, NULL, w->pictures, count);
    if (!status)
      count_labels(w, set, indices, labels, count);
  }
  return status;
}

xd_status weigh_judge(judge_worth *out, const runtime *r, const xd_judge *judge, const xd_dataset *set) {
  weighing w = {.right = 0};
  const size_t picture = (size_t)xd_dataset_width(set) * xd_dataset_height(set) * xd_dataset_channels(set);
  *out = (judge_worth){.pictures = xd_dataset_count(set)};
  w.pictures = calloc(CHUNK, picture * sizeof *w.pictures);
  const xd_status status = w.pictures ? weigh(&w, r, judge, set) : XD_ERROR_OUT_OF_MEMORY;
  free(w.pictures);
  if (status)
    return status;
  out->accuracy = (double)w.right / out->pictures;
  out->one_class = w.met_count == 1 && (xd_judge_class_count(judge) == 1 || count_classes(set) > 1);
  return XD_OK;
}

bool is_sound(const judge_worth *worth) {
  return worth->accuracy >= sound_accuracy && !worth->one_class;
}

void warn_of_worth(const judge_worth *worth) {
  if (worth->one_class)
    notice(
        "that judge puts all pictures into one class: its scores say nothing, and no Frechet distance is shown");
  else if (!is_sound(worth))
    notice("that judge is poor, below %.2f: its scores say little, and no Frechet distance is shown; "
           "'xdomain judge' trains a better one with more pictures or epochs",
           sound_accuracy);
}

void say_worth(const judge_worth *worth, uint32_t domain) {
  fprintf(stderr, "judge of domain %u: right on %.3f of %u real pictures\n", domain, worth->accuracy,
          worth->pictures);
  warn_of_worth(worth);
}
