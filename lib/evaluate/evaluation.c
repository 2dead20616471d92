/* acc, div, ediv, FD and more of one direction of a model, and the ceiling beside them; what each means stands in
 * xdomain/evaluation.h. Three passes: the real target pictures (with their reconstructions), the translated
 * source pictures, and a few source pictures with many noises each. */
#include "evaluate/evaluation.h"

#include <string.h>

#include "base/memory.h"
#include "base/random.h"
#include "base/sized.h"
#include "base/tell.h"
#include "evaluate/evaluation_run.h"
#include "options/values.h"

void xd_evaluation_input_init(xd_evaluation_input *input, size_t struct_size) {
  const xd_evaluation_input defaults = XD_EVALUATION_INPUT_INIT;
  xdi_sized_write(input, struct_size, &defaults, sizeof defaults);
}

/* After a step: the caller hears of it, and may stop. */
static xd_status advance(xdi_evaluation_run *run) {
  run->step++;
  const xd_status status =
      xdi_tell_step(run->context, run->callback, run->user, XD_STAGE_EVALUATION, run->step, run->steps, NULL);
  return status == XD_OK ? xdi_check_cancelled(run->context) : status;
}

/* As a mapping is trained: into all classes of the group. */
static bool is_accepted(const xdi_evaluation_run *run, uint32_t source_label, uint32_t judged) {
  return run->source.domain == 1 ? xd_pairing_links(run->pairing, source_label, judged)
                                 : xd_pairing_links(run->pairing, judged, source_label);
}

/* ---- The real pictures ---- */

static xd_status reconstruct(xdi_evaluation_run *run, uint32_t first, uint32_t count) {
  float *features = run->reconstructed_features + (size_t)first * run->judge.feature_dim;
  xd_status status =
      xdi_reconstruction_session_run(&run->reconstruction, run->results, run->target.pictures, count);
  if (status == XD_OK)
    status = xdi_judge_session_run(&run->judge, features, run->results, count);
  if (status == XD_OK)
    xdi_edges_add(&run->reconstructed_edges, run->results, run->target_shape, count);
  for (uint32_t i = 0; status == XD_OK && i < count; i++)
    run->out.reconstruction_acc +=
        run->any || run->judge.labels[i] == xdi_paired_label(&run->target, first + i);
  return status;
}

static xd_status judge_real(xdi_evaluation_run *run, uint32_t first, uint32_t count) {
  float *features = run->real_features + (size_t)first * run->judge.feature_dim;
  const float *pictures = run->target.pictures;
  xd_status status = xd_dataset_read(run->target.set, run->context, run->target.pictures,
                                     run->target.indices + first, count);
  if (status == XD_OK)
    status = xdi_judge_session_run(&run->judge, features, pictures, count);
  if (status == XD_OK)
    xdi_edges_add(&run->figures->edges, pictures, run->target_shape, count);
  for (uint32_t i = 0; status == XD_OK && i < count; i++) {
    const uint32_t label = xdi_paired_label(&run->target, first + i);
    run->figures->judge_acc += run->any || run->judge.labels[i] == label;
    status = xdi_gallery_add(&run->real, run->context, xdi_gallery_class(run, label),
                             pictures + i * run->target_size);
  }
  return status;
}

static xd_status pass_over_real(xdi_evaluation_run *run) {
  xdi_real_figures *figures = run->figures;
  xd_status status = XD_OK;
  run->out.real_count = run->target.count;
  run->out.judge_acc = figures->judge_acc;
  if (figures->known && run->settings.skip_reconstruction)
    return XD_OK;
  figures->judge_acc = 0.0;
  figures->edges = (xdi_edges){0};
  for (uint32_t first = 0; status == XD_OK && first < run->target.count; first += run->batch) {
    const uint32_t count = run->target.count - first < run->batch ? run->target.count - first : run->batch;
    status = judge_real(run, first, count);
    if (status == XD_OK && !run->settings.skip_reconstruction)
      status = reconstruct(run, first, count);
    if (status == XD_OK)
      status = advance(run);
  }
  run->out.judge_acc = figures->judge_acc /= run->target.count;
  run->out.reconstruction_acc /= run->target.count;
  for (uint32_t class = 0; status == XD_OK && class < XD_CLASS_LIMIT; class ++)
    status = xdi_mean_distance(run->context, &figures->distance[class], run->real.pictures[class],
                               run->real.count[class], run->target_size);
  return status;
}

/* ---- The translated pictures ---- */

/* What is drawn of the labels alone. */
static xd_status draw(xdi_evaluation_run *run, const uint32_t *indices, uint32_t count) {
  const size_t dim = xd_translator_source_dim(run->translator);
  memset(run->labels, 0, count * dim * sizeof *run->labels);
  for (uint32_t i = 0; i < count; i++)
    run->labels[i * dim + xd_dataset_label(run->source.set, indices[i])] = 1.0f;
  const xd_status status = xd_translator_generate(run->translator, run->codes, NULL, run->labels, count);
  return status == XD_OK ? xd_translator_decode_floats(run->translator, run->results, run->codes, count)
                         : status;
}

/* Results of some source pictures, with the noise of the numbers from `first` on. */
static xd_status translate(xdi_evaluation_run *run, const uint32_t *indices, uint32_t count, uint64_t first) {
  xd_status status =
      xd_translator_set_noise(run->translator, run->settings.seed, first, run->settings.temperature);
  if (status == XD_OK && run->conditions)
    return draw(run, indices, count);
  if (status == XD_OK)
    status = xd_dataset_read(run->source.set, run->context, run->source.pictures, indices, count);
  return status == XD_OK
             ? xd_translator_run_floats(run->translator, run->results, NULL, run->source.pictures, count)
             : status;
}

static xd_status add_style(xdi_evaluation_run *run, uint32_t first, uint32_t count) {
  uint32_t classes[XDI_JUDGE_BATCH];
  for (uint32_t i = 0; i < count; i++)
    classes[i] = xdi_gallery_class(run, xdi_paired_label(&run->source, first + i));
  return xdi_style_add(&run->style, run->source.pictures, run->results, classes, count);
}

static xd_status judge_translated(xdi_evaluation_run *run, uint32_t first, uint32_t count) {
  float *features = run->translated_features + (size_t)first * run->judge.feature_dim;
  xd_status status = translate(run, run->source.indices + first, count, first);
  if (status == XD_OK)
    status = xdi_judge_session_run(&run->judge, features, run->results, count);
  if (status == XD_OK)
    xdi_edges_add(&run->translated_edges, run->results, run->target_shape, count);
  if (status == XD_OK && !run->conditions)
    status = add_style(run, first, count);
  for (uint32_t i = 0; status == XD_OK && i < count; i++) {
    const uint32_t label = xdi_paired_label(&run->source, first + i), judged = run->judge.labels[i];
    run->out.class_count[label]++;
    if (!is_accepted(run, label, judged))
      continue;
    run->out.acc += 1.0;
    run->out.class_acc[label] += 1.0;
    status = xdi_gallery_add(&run->accepted, run->context, xdi_gallery_class(run, judged),
                             run->results + i * run->target_size);
  }
  return status;
}

static xd_status pass_over_translated(xdi_evaluation_run *run) {
  xd_status status = XD_OK;
  for (uint32_t first = 0; status == XD_OK && first < run->source.count; first += run->batch) {
    const uint32_t count = run->source.count - first < run->batch ? run->source.count - first : run->batch;
    status = judge_translated(run, first, count);
    if (status == XD_OK)
      status = advance(run);
  }
  run->out.count = run->source.count;
  run->out.acc /= run->source.count;
  for (uint32_t label = 0; label < XD_CLASS_LIMIT; label++)
    if (run->out.class_count[label] > 0)
      run->out.class_acc[label] /= run->out.class_count[label];
  return status;
}

/* ---- Diversity ---- */

static xd_status measure_div(xdi_evaluation_run *run) {
  uint32_t classes = 0;
  xd_status status = XD_OK;
  for (uint32_t class = 0; status == XD_OK && class < XD_CLASS_LIMIT; class ++) {
    double distance = 0.0;
    if (run->figures->distance[class] <= 0.0)
      continue;
    status = xdi_mean_distance(run->context, &distance, run->accepted.pictures[class],
                               run->accepted.count[class], run->target_size);
    run->out.div += distance / run->figures->distance[class];
    classes++;
  }
  run->out.div = classes ? run->out.div / classes : 0.0;
  return status;
}

/* One source picture's accepted results, class by class: the distances over the real ones', weighted by the
 * pairs that were measured. */
static xd_status spread_of_source(xdi_evaluation_run *run, uint32_t label, double *spread) {
  xdi_gallery gallery;
  double pairs = 0.0;
  *spread = 0.0;
  xd_status status = xdi_gallery_open(&gallery, run->context, XD_CLASS_LIMIT, XDI_NOISES, run->target_size);
  for (uint32_t i = 0; status == XD_OK && i < XDI_NOISES; i++)
    if (is_accepted(run, label, run->judge.labels[i]))
      status = xdi_gallery_add(&gallery, run->context, xdi_gallery_class(run, run->judge.labels[i]),
                               run->results + i * run->target_size);
  for (uint32_t class = 0; status == XD_OK && class < XD_CLASS_LIMIT; class ++) {
    const uint32_t count = gallery.count[class];
    double distance = 0.0;
    if (run->figures->distance[class] <= 0.0)
      continue;
    status = xdi_mean_distance(run->context, &distance, gallery.pictures[class], count, run->target_size);
    *spread += 0.5 * count * (count - 1.0) * distance / run->figures->distance[class];
    pairs += 0.5 * count * (count - 1.0);
  }
  if (pairs > 0.0)
    *spread /= pairs;
  xdi_gallery_close(&gallery);
  return status;
}

/* Many noises on one source picture, numbered on after those of the whole set. */
static xd_status vary_source(xdi_evaluation_run *run, uint32_t place, uint32_t number, double *spread) {
  uint32_t indices[XDI_NOISES];
  for (uint32_t i = 0; i < XDI_NOISES; i++)
    indices[i] = run->source.indices[place];
  const uint64_t first = (uint64_t)run->source.count + (uint64_t)number * XDI_NOISES;
  xd_status status = translate(run, indices, XDI_NOISES, first);
  if (status == XD_OK)
    status = xdi_judge_session_run(&run->judge, NULL, run->results, XDI_NOISES);
  return status == XD_OK ? spread_of_source(run, xdi_paired_label(&run->source, place), spread) : status;
}

/* Whether real pictures of a class that a source's may become differ. */
static bool has_variety(const xdi_evaluation_run *run, uint32_t source_label) {
  for (uint32_t label = 0; label < XD_CLASS_LIMIT; label++)
    if (is_accepted(run, source_label, label) && run->figures->distance[xdi_gallery_class(run, label)] > 0.0)
      return true;
  return false;
}

/* Means over the sources of a class, then over the classes. */
static xd_status measure_ediv(xdi_evaluation_run *run) {
  uint32_t sources[XD_CLASS_LIMIT] = {0}, number = 0, classes = 0;
  double sums[XD_CLASS_LIMIT] = {0.0};
  xd_status status = XD_OK;
  bool measured[XD_CLASS_LIMIT] = {false};
  for (uint32_t place = 0; status == XD_OK && place < run->source.count; place++) {
    const uint32_t label = xdi_paired_label(&run->source, place), class = xdi_gallery_class(run, label);
    double spread;
    if (sources[class] == XDI_NOISE_SOURCES)
      continue;
    sources[class]++;
    measured[class] |= has_variety(run, label);
    status = vary_source(run, place, number++, &spread);
    if (status == XD_OK) {
      sums[class] += spread;
      status = advance(run);
    }
  }
  for (uint32_t class = 0; class < XD_CLASS_LIMIT; class ++) {
    if (!measured[class])
      continue;
    run->out.ediv += sums[class] / sources[class];
    classes++;
  }
  run->out.ediv = classes ? run->out.ediv / classes : 0.0;
  return status;
}

/* ---- Distances of features ---- */

static xd_status measure_fd(xdi_evaluation_run *run) {
  xd_context *context = run->context;
  const uint32_t dim = run->judge.feature_dim;
  xdi_moments *real = &run->figures->moments, translated = {0}, reconstructed = {0};
  xd_status status = run->figures->known
                         ? XD_OK
                         : xdi_moments_open(real, context, run->real_features, run->target.count, dim);
  if (status == XD_OK)
    status = xdi_moments_open(&translated, context, run->translated_features, run->source.count, dim);
  if (status == XD_OK)
    status = xdi_frechet_distance(context, &run->out.fd, &translated, real);
  if (status == XD_OK && !run->settings.skip_reconstruction) {
    status = xdi_moments_open(&reconstructed, context, run->reconstructed_features, run->target.count, dim);
    if (status == XD_OK)
      status = xdi_frechet_distance(context, &run->out.reconstruction_fd, &reconstructed, real);
  }
  run->figures->known = status == XD_OK;
  xdi_moments_close(&translated);
  xdi_moments_close(&reconstructed);
  return status;
}

static void measure_sharpness(xdi_evaluation_run *run) {
  const xdi_edges *real = &run->figures->edges;
  run->out.sharpness = xdi_sharpness(&run->translated_edges, real);
  run->out.detail = xdi_detail(&run->translated_edges, real);
  run->out.reconstruction_sharpness = xdi_sharpness(&run->reconstructed_edges, real);
  run->out.reconstruction_detail = xdi_detail(&run->reconstructed_edges, real);
}

/* ---- The call ---- */

static xd_status evaluate(xdi_evaluation_run *run, xd_direction direction) {
  xd_status status = xdi_evaluation_run_open(run, direction);
  if (status == XD_OK)
    status = pass_over_real(run);
  if (status == XD_OK)
    status = pass_over_translated(run);
  if (status == XD_OK)
    status = measure_div(run);
  if (status == XD_OK)
    status = measure_ediv(run);
  if (status == XD_OK)
    status = measure_fd(run);
  if (status == XD_OK && !run->conditions)
    status = xdi_style_measure(&run->style, &run->out.kept);
  measure_sharpness(run);
  xdi_evaluation_run_close(run);
  return status;
}

void xdi_real_figures_close(xdi_real_figures *real) {
  xdi_moments_close(&real->moments);
}

xd_status xdi_evaluation_check(xd_context *context, const xd_model *model, xd_direction direction,
                               const xd_evaluation_input *input) {
  const xdi_evaluation_settings settings = {.temperature = 1.0f};
  xdi_evaluation_run run = xdi_evaluation_run_of(context, model, direction, input, &settings);
  const xd_status status = xdi_evaluation_run_open(&run, direction);
  xdi_evaluation_run_close(&run);
  return status;
}

xd_status xdi_evaluate(xdi_evaluation *out, xd_context *context, const xd_model *model,
                       xd_direction direction, const xd_evaluation_input *input,
                       const xdi_evaluation_settings *settings, xdi_real_figures *real) {
  xdi_evaluation_run run = xdi_evaluation_run_of(context, model, direction, input, settings);
  run.figures = real;
  run.out.has_reconstruction = !settings->skip_reconstruction;
  run.out.has_style = !run.conditions;
  const xd_status status = evaluate(&run, direction);
  *out = status == XD_OK ? run.out : (xdi_evaluation){0};
  return status;
}

xd_status xdi_evaluation_tell(const xdi_evaluation *evaluation, xd_context *context, xd_values *to) {
  const xdi_number numbers[] = {{"acc", evaluation->acc},
                                {"div", evaluation->div},
                                {"ediv", evaluation->ediv},
                                {"fd", evaluation->fd},
                                {"sharpness", evaluation->sharpness},
                                {"detail", evaluation->detail},
                                {"judge_acc", evaluation->judge_acc},
                                {"pictures", evaluation->count},
                                {"real_pictures", evaluation->real_count},
                                {"reconstruction_acc", evaluation->reconstruction_acc},
                                {"reconstruction_fd", evaluation->reconstruction_fd},
                                {"reconstruction_sharpness", evaluation->reconstruction_sharpness},
                                {"reconstruction_detail", evaluation->reconstruction_detail}};
  const uint32_t count = sizeof numbers / sizeof *numbers;
  const xdi_number kept[] = {
      {"style", evaluation->kept.style}, {"ink", evaluation->kept.ink}, {"slant", evaluation->kept.slant}};
  xd_status status =
      xdi_values_set_all(to, context, numbers, evaluation->has_reconstruction ? count : count - 4);
  if (status == XD_OK && evaluation->has_style)
    status = xdi_values_set_all(to, context, kept, sizeof kept / sizeof *kept);
  for (uint32_t label = 0; status == XD_OK && label < XD_CLASS_LIMIT; label++) {
    if (evaluation->class_count[label] == 0)
      continue;
    status = xdi_values_set_numbered(to, context, "acc", label, evaluation->class_acc[label]);
    if (status == XD_OK)
      status = xdi_values_set_numbered(to, context, "pictures", label, evaluation->class_count[label]);
  }
  if (status != XD_OK)
    xd_values_clear(to);
  return status;
}

static const char *find_missing(const xd_evaluation_input *input) {
  if (!input->judge)
    return "judge";
  if (!input->source)
    return "source";
  if (!input->target)
    return "target";
  return input->pairing ? NULL : "pairing";
}

static xd_status check_call(xd_context *context, const xd_values *measures, const xd_model *model,
                            xd_direction direction, const xd_evaluation_input *input) {
  if (!measures || !model)
    return xdi_fail(context, XD_ERROR_INVALID_ARGUMENT, "xd_evaluate: %s is NULL",
                    measures ? "model" : "measures");
  const char *missing = find_missing(input);
  if (missing)
    return xdi_fail(context, XD_ERROR_INVALID_ARGUMENT, "xd_evaluation_input.%s is NULL", missing);
  if (direction != XD_DIRECTION_1TO2 && direction != XD_DIRECTION_2TO1)
    return xdi_fail(context, XD_ERROR_INVALID_ARGUMENT, "xd_evaluate: direction %u is neither 1 nor 2",
                    direction);
  return XD_OK;
}

xd_status xd_evaluate(xd_context *context, xd_values *measures, const xd_model *model, xd_direction direction,
                      const xd_evaluation_input *input, const xd_options *options) {
  xd_evaluation_input given = XD_EVALUATION_INPUT_INIT;
  xdi_evaluation_settings settings;
  xdi_evaluation figures;
  xdi_real_figures real = {0};
  xd_values_clear(measures);
  if (!context)
    return XD_ERROR_INVALID_ARGUMENT;
  xd_status status = xdi_sized_read(context, &given, input, XDI_SIZED(xd_evaluation_input, user));
  if (status == XD_OK)
    status = check_call(context, measures, model, direction, &given);
  if (status == XD_OK)
    status = xdi_read_evaluation(&settings, context, options);
  if (status == XD_OK)
    status = xdi_evaluate(&figures, context, model, direction, &given, &settings, &real);
  xdi_real_figures_close(&real);
  return status == XD_OK ? xdi_evaluation_tell(&figures, context, measures) : status;
}
