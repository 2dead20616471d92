/* acc, div, ediv and FD of one direction of a model, and the ceiling beside them; what each means stands in
 * xdomain/evaluation.h. Three passes: the real target pictures (with their reconstructions), the translated
 * source pictures, and a few source pictures with many noises each. */
#include "evaluate/evaluation.h"

#include <string.h>

#include "base/memory.h"
#include "base/random.h"
#include "evaluate/diversity.h"
#include "evaluate/frechet.h"
#include "evaluate/judge_session.h"
#include "evaluate/reconstruction_session.h"
#include "tensor/shape.h"
#include "xdomain/translator.h"

#define BATCH XDI_JUDGE_BATCH
#define DIVERSITY_PICTURES 400u /* of a class */
#define NOISE_SOURCES 8u        /* of a source class */
#define NOISES 24u              /* of each */

/* The pictures of one set whose class is paired. */
typedef struct paired_set {
  const xd_dataset *set;
  uint32_t domain; /* 1 or 2 */
  uint32_t *indices;
  uint32_t count;
  float *pictures; /* [BATCH], the batch in progress */
} paired_set;

typedef struct evaluation_run {
  xd_context *context;
  const xd_model *model;
  const xd_pairing *pairing;
  xd_evaluation_options options;
  bool any; /* the pairing is "*:*": one class on each side */
  paired_set source, target;
  size_t target_size; /* floats of a picture */
  xd_translator *translator;
  xdi_judge_session judge;
  xdi_reconstruction_session reconstruction;
  float *results; /* [BATCH] generated or reconstructed pictures */
  float *real_features, *translated_features, *reconstructed_features;
  xdi_gallery real, accepted;
  xdi_real_figures *figures; /* of the real target pictures */
  xd_evaluation out;
} evaluation_run;

void xd_evaluation_options_init(xd_evaluation_options *options, size_t struct_size) {
  const xd_evaluation_options defaults = XD_EVALUATION_OPTIONS_INIT;
  xdi_hand_options(options, struct_size, &defaults, sizeof defaults);
}

/* ---- Classes ---- */

static bool is_paired(const xd_pairing *pairing, uint32_t domain, uint32_t label) {
  for (uint32_t i = 0; i < xd_pairing_count(pairing); i++) {
    const uint32_t class = xd_pairing_class(pairing, domain, i);
    if (class == label || class == XD_ANY_CLASS)
      return true;
  }
  return false;
}

/* As a mapping is trained: into all classes of the group. */
static bool is_accepted(const evaluation_run *run, uint32_t source_label, uint32_t judged) {
  return run->source.domain == 1 ? xd_pairing_links(run->pairing, source_label, judged)
                                 : xd_pairing_links(run->pairing, judged, source_label);
}

/* A label's place in galleries. */
static uint32_t class_of(const evaluation_run *run, uint32_t label) {
  return run->any ? 0 : label;
}

static xd_status list_paired(evaluation_run *run, paired_set *paired) {
  xd_context *context = run->context;
  const uint32_t count = xd_dataset_count(paired->set);
  for (uint32_t i = 0; !run->any && i < xd_pairing_count(run->pairing); i++) {
    const uint32_t label = xd_pairing_class(run->pairing, paired->domain, i);
    if (xd_dataset_class_size(paired->set, label) == 0)
      return xdi_fail(context, XD_ERROR_NOT_FOUND,
                      "class %u of domain %u is paired, but its set has no picture of it", label,
                      paired->domain);
  }
  bool wanted[XD_CLASS_LIMIT];
  for (uint32_t label = 0; label < XD_CLASS_LIMIT; label++)
    wanted[label] = is_paired(run->pairing, paired->domain, label);
  paired->indices = xdi_allocate(&context->allocator, count, sizeof *paired->indices);
  if (!paired->indices)
    return xdi_fail_memory(context, "evaluating");
  for (uint32_t i = 0; i < count; i++)
    if (wanted[xd_dataset_label(paired->set, i)])
      paired->indices[paired->count++] = i;
  return XD_OK;
}

/* ---- Checks and memory ---- */

static xd_status check_shape(const evaluation_run *run, const char *what, xd_shape got, uint32_t domain) {
  xd_shape wanted;
  xd_model_picture_shape(run->model, domain, &wanted);
  if (xdi_shape_equal(got, wanted))
    return XD_OK;
  return xdi_fail(run->context, XD_ERROR_SHAPE_MISMATCH,
                  "%s: pictures of %ux%ux%u, but domain %u of the model has %ux%ux%u", what, got.width,
                  got.height, got.channels, domain, wanted.width, wanted.height, wanted.channels);
}

static xd_shape set_shape(const xd_dataset *set) {
  return (xd_shape){
      .width = xd_dataset_width(set), .height = xd_dataset_height(set), .channels = xd_dataset_channels(set)};
}

static xd_status check_fit(const evaluation_run *run, const xd_judge *judge) {
  xd_shape judged;
  xd_judge_picture_shape(judge, &judged);
  xd_status status = check_shape(run, "source set", set_shape(run->source.set), run->source.domain);
  if (status == XD_OK)
    status = check_shape(run, "target set", set_shape(run->target.set), run->target.domain);
  if (status == XD_OK)
    status = check_shape(run, "judge", judged, run->target.domain);
  const uint32_t classes = xd_judge_class_count(judge);
  for (uint32_t i = 0; status == XD_OK && !run->any && i < xd_pairing_count(run->pairing); i++) {
    const uint32_t label = xd_pairing_class(run->pairing, run->target.domain, i);
    if (label >= classes)
      status = xdi_fail(run->context, XD_ERROR_SHAPE_MISMATCH,
                        "class %u is paired, but the judge knows classes 0 to %u", label, classes - 1);
  }
  return status;
}

static xd_status open_memory(evaluation_run *run) {
  const xd_allocator *allocator = &run->context->allocator;
  const size_t features = run->judge.feature_dim * sizeof(float);
  size_t source_size;
  if (!xdi_shape_count(set_shape(run->source.set), 1, &source_size) ||
      !xdi_shape_count(set_shape(run->target.set), 1, &run->target_size))
    return xdi_fail(run->context, XD_ERROR_TOO_LARGE, "the pictures are too large");
  run->source.pictures = xdi_allocate(allocator, BATCH, source_size * sizeof(float));
  run->target.pictures = xdi_allocate(allocator, BATCH, run->target_size * sizeof(float));
  run->results = xdi_allocate(allocator, BATCH, run->target_size * sizeof(float));
  run->real_features = xdi_allocate(allocator, run->target.count, features);
  run->translated_features = xdi_allocate(allocator, run->source.count, features);
  run->reconstructed_features =
      run->options.skip_reconstruction ? NULL : xdi_allocate(allocator, run->target.count, features);
  if (!run->source.pictures || !run->target.pictures || !run->results || !run->real_features ||
      !run->translated_features || (!run->reconstructed_features && !run->options.skip_reconstruction))
    return xdi_fail_memory(run->context, "evaluating");
  return XD_OK;
}

static xd_status open_run(evaluation_run *run, xd_direction direction, const xd_judge *judge) {
  xd_context *context = run->context;
  xd_translator_options translator = XD_TRANSLATOR_OPTIONS_INIT;
  translator.direction = direction;
  translator.max_batch = BATCH;
  xd_status status = xd_translator_create(&run->translator, context, run->model, &translator);
  if (status == XD_OK)
    status = check_fit(run, judge);
  if (status == XD_OK)
    status = list_paired(run, &run->source);
  if (status == XD_OK)
    status = list_paired(run, &run->target);
  if (status == XD_OK)
    status = xdi_judge_session_open(&run->judge, context, judge);
  if (status == XD_OK)
    status = open_memory(run);
  if (status == XD_OK && !run->options.skip_reconstruction)
    status =
        xdi_reconstruction_session_open(&run->reconstruction, context, run->model, run->target.domain, BATCH);
  if (status == XD_OK)
    status = xdi_gallery_open(&run->real, context, XD_CLASS_LIMIT, DIVERSITY_PICTURES, run->target_size);
  if (status == XD_OK)
    status = xdi_gallery_open(&run->accepted, context, XD_CLASS_LIMIT, DIVERSITY_PICTURES, run->target_size);
  return status;
}

static void close_run(evaluation_run *run) {
  const xd_allocator *allocator = &run->context->allocator;
  void *const memory[] = {
      run->source.indices, run->source.pictures, run->target.indices,      run->target.pictures,
      run->results,        run->real_features,   run->translated_features, run->reconstructed_features};
  for (size_t i = 0; i < sizeof memory / sizeof *memory; i++)
    xdi_release(allocator, memory[i]);
  xdi_gallery_close(&run->real);
  xdi_gallery_close(&run->accepted);
  xdi_reconstruction_session_close(&run->reconstruction);
  xdi_judge_session_close(&run->judge);
  xd_translator_destroy(run->translator);
}

/* ---- The real pictures ---- */

static uint32_t label_at(const paired_set *paired, uint32_t place) {
  return xd_dataset_label(paired->set, paired->indices[place]);
}

static xd_status reconstruct(evaluation_run *run, uint32_t first, uint32_t count) {
  float *features = run->reconstructed_features + (size_t)first * run->judge.feature_dim;
  xd_status status =
      xdi_reconstruction_session_run(&run->reconstruction, run->results, run->target.pictures, count);
  if (status == XD_OK)
    status = xdi_judge_session_run(&run->judge, features, run->results, count);
  for (uint32_t i = 0; status == XD_OK && i < count; i++)
    run->out.reconstruction_acc += run->any || run->judge.labels[i] == label_at(&run->target, first + i);
  return status;
}

static xd_status judge_real(evaluation_run *run, uint32_t first, uint32_t count) {
  float *features = run->real_features + (size_t)first * run->judge.feature_dim;
  const float *pictures = run->target.pictures;
  xd_status status = xd_dataset_read(run->target.set, run->context, run->target.pictures,
                                     run->target.indices + first, count);
  if (status == XD_OK)
    status = xdi_judge_session_run(&run->judge, features, pictures, count);
  for (uint32_t i = 0; status == XD_OK && i < count; i++) {
    const uint32_t label = label_at(&run->target, first + i);
    run->figures->judge_acc += run->any || run->judge.labels[i] == label;
    status = xdi_gallery_add(&run->real, run->context, class_of(run, label), pictures + i * run->target_size);
  }
  return status;
}

static xd_status pass_over_real(evaluation_run *run) {
  xdi_real_figures *figures = run->figures;
  xd_status status = XD_OK;
  run->out.real_count = run->target.count;
  run->out.judge_acc = figures->judge_acc;
  if (figures->known && run->options.skip_reconstruction)
    return XD_OK;
  figures->judge_acc = 0.0;
  for (uint32_t first = 0; status == XD_OK && first < run->target.count; first += BATCH) {
    const uint32_t count = run->target.count - first < BATCH ? run->target.count - first : BATCH;
    status = xdi_check_cancelled(run->context);
    if (status == XD_OK)
      status = judge_real(run, first, count);
    if (status == XD_OK && !run->options.skip_reconstruction)
      status = reconstruct(run, first, count);
  }
  run->out.judge_acc = figures->judge_acc /= run->target.count;
  run->out.reconstruction_acc /= run->target.count;
  for (uint32_t class = 0; status == XD_OK && class < XD_CLASS_LIMIT; class ++)
    status = xdi_mean_distance(run->context, &figures->distance[class], run->real.pictures[class],
                               run->real.count[class], run->target_size);
  return status;
}

/* ---- The translated pictures ---- */

static xd_status judge_translated(evaluation_run *run, uint32_t first, uint32_t count) {
  float *features = run->translated_features + (size_t)first * run->judge.feature_dim;
  xd_status status = xd_dataset_read(run->source.set, run->context, run->source.pictures,
                                     run->source.indices + first, count);
  if (status == XD_OK)
    status = xd_translator_set_noise(run->translator, run->options.seed, first, run->options.temperature);
  if (status == XD_OK)
    status = xd_translator_run_floats(run->translator, run->results, NULL, run->source.pictures, count);
  if (status == XD_OK)
    status = xdi_judge_session_run(&run->judge, features, run->results, count);
  for (uint32_t i = 0; status == XD_OK && i < count; i++) {
    const uint32_t label = label_at(&run->source, first + i), judged = run->judge.labels[i];
    run->out.class_count[label]++;
    if (!is_accepted(run, label, judged))
      continue;
    run->out.acc += 1.0;
    run->out.class_acc[label] += 1.0;
    status = xdi_gallery_add(&run->accepted, run->context, class_of(run, judged),
                             run->results + i * run->target_size);
  }
  return status;
}

static xd_status pass_over_translated(evaluation_run *run) {
  xd_status status = XD_OK;
  for (uint32_t first = 0; status == XD_OK && first < run->source.count; first += BATCH) {
    const uint32_t count = run->source.count - first < BATCH ? run->source.count - first : BATCH;
    status = xdi_check_cancelled(run->context);
    if (status == XD_OK)
      status = judge_translated(run, first, count);
  }
  run->out.count = run->source.count;
  run->out.acc /= run->source.count;
  for (uint32_t label = 0; label < XD_CLASS_LIMIT; label++)
    if (run->out.class_count[label] > 0)
      run->out.class_acc[label] /= run->out.class_count[label];
  return status;
}

/* ---- Diversity ---- */

static xd_status measure_div(evaluation_run *run) {
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
static xd_status spread_of_source(evaluation_run *run, uint32_t label, double *spread) {
  xdi_gallery gallery;
  double pairs = 0.0;
  *spread = 0.0;
  xd_status status = xdi_gallery_open(&gallery, run->context, XD_CLASS_LIMIT, NOISES, run->target_size);
  for (uint32_t i = 0; status == XD_OK && i < NOISES; i++)
    if (is_accepted(run, label, run->judge.labels[i]))
      status = xdi_gallery_add(&gallery, run->context, class_of(run, run->judge.labels[i]),
                               run->results + i * run->target_size);
  for (uint32_t class = 0; status == XD_OK && class < XD_CLASS_LIMIT; class ++) {
    const uint32_t count = gallery.count[class];
    double distance = 0.0;
    if (count < 2 || run->figures->distance[class] <= 0.0)
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
static xd_status vary_source(evaluation_run *run, uint32_t place, uint32_t number, double *spread) {
  uint32_t indices[NOISES];
  for (uint32_t i = 0; i < NOISES; i++)
    indices[i] = run->source.indices[place];
  const uint64_t first = (uint64_t)run->source.count + (uint64_t)number * NOISES;
  xd_status status = xd_dataset_read(run->source.set, run->context, run->source.pictures, indices, NOISES);
  if (status == XD_OK)
    status = xd_translator_set_noise(run->translator, run->options.seed, first, run->options.temperature);
  if (status == XD_OK)
    status = xd_translator_run_floats(run->translator, run->results, NULL, run->source.pictures, NOISES);
  if (status == XD_OK)
    status = xdi_judge_session_run(&run->judge, NULL, run->results, NOISES);
  return status == XD_OK ? spread_of_source(run, label_at(&run->source, place), spread) : status;
}

/* Means over the sources of a class, then over the classes. */
static xd_status measure_ediv(evaluation_run *run) {
  uint32_t sources[XD_CLASS_LIMIT] = {0}, number = 0, classes = 0;
  double sums[XD_CLASS_LIMIT] = {0.0};
  xd_status status = XD_OK;
  for (uint32_t place = 0; status == XD_OK && place < run->source.count; place++) {
    const uint32_t class = class_of(run, label_at(&run->source, place));
    double spread = 0.0;
    if (sources[class] == NOISE_SOURCES)
      continue;
    sources[class]++;
    status = vary_source(run, place, number++, &spread);
    sums[class] += spread;
  }
  for (uint32_t class = 0; class < XD_CLASS_LIMIT; class ++) {
    if (sources[class] == 0)
      continue;
    run->out.ediv += sums[class] / sources[class];
    classes++;
  }
  run->out.ediv = classes ? run->out.ediv / classes : 0.0;
  return status;
}

/* ---- Distances of features ---- */

static xd_status measure_fd(evaluation_run *run) {
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
  if (status == XD_OK && !run->options.skip_reconstruction) {
    status = xdi_moments_open(&reconstructed, context, run->reconstructed_features, run->target.count, dim);
    if (status == XD_OK)
      status = xdi_frechet_distance(context, &run->out.reconstruction_fd, &reconstructed, real);
  }
  run->figures->known = status == XD_OK;
  xdi_moments_close(&translated);
  xdi_moments_close(&reconstructed);
  return status;
}

/* ---- The call ---- */

static xd_status evaluate(evaluation_run *run, xd_direction direction, const xd_judge *judge) {
  xd_status status = open_run(run, direction, judge);
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
  close_run(run);
  return status;
}

/* As much as the caller's version of the struct has room for; nothing but zeros after a failure. */
static void hand_out(xd_evaluation *out, const xd_evaluation *from, xd_status status) {
  const xd_evaluation none = {0};
  xdi_hand_options(out, out->struct_size, status == XD_OK ? from : &none, sizeof none);
}

void xdi_real_figures_close(xdi_real_figures *real) {
  xdi_moments_close(&real->moments);
}

static evaluation_run make_run(xd_context *context, const xd_model *model, xd_direction direction,
                               const xd_dataset *source, const xd_dataset *target,
                               const xd_pairing *pairing) {
  const uint32_t domain = direction == XD_DIRECTION_1TO2 ? 1 : 2;
  return (evaluation_run){.context = context,
                          .model = model,
                          .pairing = pairing,
                          .any = xd_pairing_class(pairing, 1, 0) == XD_ANY_CLASS,
                          .source = {.set = source, .domain = domain},
                          .target = {.set = target, .domain = 3 - domain},
                          .options = XD_EVALUATION_OPTIONS_INIT};
}

xd_status xdi_evaluation_check(xd_context *context, const xd_model *model, xd_direction direction,
                               const xd_judge *judge, const xd_dataset *source, const xd_dataset *target,
                               const xd_pairing *pairing) {
  evaluation_run run = make_run(context, model, direction, source, target, pairing);
  const xd_status status = open_run(&run, direction, judge);
  close_run(&run);
  return status;
}

xd_status xdi_evaluate(xd_evaluation *out, xd_context *context, const xd_model *model, xd_direction direction,
                       const xd_judge *judge, const xd_dataset *source, const xd_dataset *target,
                       const xd_pairing *pairing, const xd_evaluation_options *options,
                       xdi_real_figures *real) {
  if (!context)
    return XD_ERROR_INVALID_ARGUMENT;
  if (!out || !model || !judge || !source || !target || !pairing)
    return xdi_fail(context, XD_ERROR_INVALID_ARGUMENT,
                    "xd_evaluate: out, model, judge, source, target or pairing is NULL");
  if (direction != XD_DIRECTION_1TO2 && direction != XD_DIRECTION_2TO1)
    return xdi_fail(context, XD_ERROR_INVALID_ARGUMENT, "xd_evaluate: direction %d is neither 1 nor 2",
                    (int)direction);
  evaluation_run run = make_run(context, model, direction, source, target, pairing);
  if (!xdi_read_options(&run.out, sizeof run.out, out))
    return xdi_fail(context, XD_ERROR_INVALID_ARGUMENT, "xd_evaluation.struct_size is wrong");
  if (options && !xdi_read_options(&run.options, sizeof run.options, options))
    return xdi_fail(context, XD_ERROR_INVALID_ARGUMENT, "xd_evaluation_options.struct_size is wrong");
  run.out = (xd_evaluation){.struct_size = sizeof run.out};
  run.figures = real;
  const xd_status status = evaluate(&run, direction, judge);
  hand_out(out, &run.out, status);
  return status;
}

xd_status xd_evaluate(xd_evaluation *out, xd_context *context, const xd_model *model, xd_direction direction,
                      const xd_judge *judge, const xd_dataset *source, const xd_dataset *target,
                      const xd_pairing *pairing, const xd_evaluation_options *options) {
  xdi_real_figures real = {0};
  const xd_status status =
      xdi_evaluate(out, context, model, direction, judge, source, target, pairing, options, &real);
  xdi_real_figures_close(&real);
  return status;
}
