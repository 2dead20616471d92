/* What the judge takes translations for. */
#include <stdlib.h>
#include <string.h>

#include "page.h"
#include "sets.h"

#define CHUNK 64u

/* A translator and room for a chunk of pictures on their way to the judge. */
typedef struct passage {
  const scoring *s;
  int source;
  xd_translator *translator;
  uint32_t indices[CHUNK], labels[CHUNK], judged[CHUNK];
  float *pictures, *codes, *results;
  double seed, temperature;
} passage;

static xd_status open_passage(passage *a, const scoring *s, int source) {
  xd_context *context = s->run.context;
  xd_translator_options options = XD_TRANSLATOR_OPTIONS_INIT;
  xd_shape from, to;
  *a = (passage){.s = s, .source = source};
  options.direction = direction_from(source);
  xd_status status = xd_options_get_number(s->options, context, &a->seed, "seed");
  if (!status)
    status = xd_options_get_number(s->options, context, &a->temperature, "temperature");
  if (!status)
    status = xd_translator_create(&a->translator, context, s->model, &options);
  if (status)
    return status;
  xd_translator_input_shape(a->translator, &from);
  xd_translator_output_shape(a->translator, &to);
  const size_t dim = xd_translator_source_dim(a->translator),
               result_dim = xd_translator_target_dim(a->translator);
  a->pictures = calloc(CHUNK, (from.width ? floats_of(from) : dim) * sizeof *a->pictures);
  a->codes = calloc(CHUNK, result_dim * sizeof *a->codes);
  a->results = calloc(CHUNK, floats_of(to) * sizeof *a->results);
  return a->pictures && a->codes && a->results ? XD_OK : XD_ERROR_OUT_OF_MEMORY;
}

static void close_passage(passage *a) {
  xd_translator_destroy(a->translator);
  free(a->pictures);
  free(a->codes);
  free(a->results);
}

/* Pictures of labels, which stand in the pictures' place. */
static xd_status draw_labels(passage *a, uint32_t count) {
  const size_t dim = xd_translator_source_dim(a->translator);
  memset(a->pictures, 0, count * dim * sizeof *a->pictures);
  for (uint32_t i = 0; i < count; i++)
    a->pictures[i * dim + a->labels[i]] = 1.0f;
  const xd_status status = xd_translator_generate(a->translator, a->codes, NULL, a->pictures, count);
  return status ? status : xd_translator_decode_floats(a->translator, a->results, a->codes, count);
}

static xd_status translate_chunk(passage *a, uint32_t count) {
  if (has_conditions(a->s))
    return draw_labels(a, count);
  const xd_status status =
      xd_dataset_read(a->s->sets[a->source], a->s->run.context, a->pictures, a->indices, count);
  return status ? status : xd_translator_run_floats(a->translator, a->results, NULL, a->pictures, count);
}

/* The noise of a picture is that of its place among the paired ones, as in xd_evaluate. */
static xd_status judge_chunk(passage *a, confusion *c, uint64_t place, uint32_t count) {
  xd_context *context = a->s->run.context;
  xd_status status = xd_translator_set_noise(a->translator, (uint64_t)a->seed, place, (float)a->temperature);
  if (!status)
    status = translate_chunk(a, count);
  if (!status)
    status = xd_judge_predict(a->s->judge[1 - a->source], context, a->judged, NULL, NULL, a->results, count);
  for (uint32_t i = 0; i < count && !status; i++)
    c->counts[a->labels[i] * XD_CLASS_LIMIT + a->judged[i]]++;
  return status;
}

static xd_status judge_all(passage *a, confusion *c) {
  const xd_dataset *set = a->s->sets[a->source];
  const uint32_t all = xd_dataset_count(set);
  uint32_t count = 0;
  uint64_t place = 0;
  xd_status status = XD_OK;
  for (uint32_t i = 0; i < all && !status; i++) {
    const uint32_t label = xd_dataset_label(set, i);
    if (is_paired(a->s->pairing, (uint32_t)a->source + 1, label)) {
      a->indices[count] = i;
      a->labels[count++] = label;
    }
    if (count == CHUNK || (count && i + 1 == all)) {
      status = judge_chunk(a, c, place, count);
      place += count;
      count = 0;
    }
  }
  return status;
}

xd_status count_confusions(confusion *c, const scoring *s, int source) {
  passage a;
  if (xd_pairing_class(s->pairing, 1, 0) == XD_ANY_CLASS)
    return XD_OK; /* all is right */
  c->counts = calloc((size_t)XD_CLASS_LIMIT * XD_CLASS_LIMIT, sizeof *c->counts);
  xd_status status = open_passage(&a, s, source);
  if (!status)
    status = c->counts ? judge_all(&a, c) : XD_ERROR_OUT_OF_MEMORY;
  close_passage(&a);
  return status;
}

void free_confusion(confusion *c) {
  free(c->counts);
}
