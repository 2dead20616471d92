/* What an evaluation checks and takes before it measures. */
#include "evaluate/evaluation_run.h"

#include "base/memory.h"
#include "tensor/shape.h"
#include "xdomain/unstable/classes.h"

#define DIVERSITY_PICTURES 400u /* of a class */

/* ---- Classes ---- */

static bool is_paired(const xd_pairing *pairing, uint32_t domain, uint32_t label) {
  for (uint32_t i = 0; i < xd_pairing_count(pairing); i++) {
    const uint32_t class = xd_pairing_class(pairing, domain, i);
    if (class == label || class == XD_ANY_CLASS)
      return true;
  }
  return false;
}

static xd_status list_paired(xdi_evaluation_run *run, xdi_paired_set *paired) {
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

static xd_status check_shape(const xdi_evaluation_run *run, const char *what, xd_shape got, uint32_t domain) {
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

static xd_status check_labels(const xdi_evaluation_run *run) {
  const uint32_t dim = xd_translator_source_dim(run->translator);
  if (xd_model_class_count(run->model, run->source.domain) == 0)
    return xdi_fail(run->context, XD_ERROR_UNSUPPORTED,
                    "domain %u of the model holds vectors, which no set of pictures gives",
                    run->source.domain);
  for (uint32_t label = dim; label < XD_CLASS_LIMIT; label++)
    if (xd_dataset_class_size(run->source.set, label) > 0 &&
        is_paired(run->pairing, run->source.domain, label))
      return xdi_fail(run->context, XD_ERROR_SHAPE_MISMATCH,
                      "the source set has label %u, but the model knows 0 to %u", label, dim - 1);
  return XD_OK;
}

static xd_status check_fit(const xdi_evaluation_run *run, const xd_judge *judge) {
  xd_shape judged;
  xd_judge_picture_shape(judge, &judged);
  xd_status status = run->conditions
                         ? check_labels(run)
                         : check_shape(run, "source set", set_shape(run->source.set), run->source.domain);
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

static xd_status open_conditions(xdi_evaluation_run *run) {
  const xd_allocator *allocator = &run->context->allocator;
  run->labels =
      xdi_allocate(allocator, run->batch, xd_translator_source_dim(run->translator) * sizeof *run->labels);
  run->codes =
      xdi_allocate(allocator, run->batch, xd_translator_target_dim(run->translator) * sizeof *run->codes);
  return run->labels && run->codes ? XD_OK : xdi_fail_memory(run->context, "evaluating");
}

static xd_status open_memory(xdi_evaluation_run *run) {
  const xd_allocator *allocator = &run->context->allocator;
  const size_t features = run->judge.feature_dim * sizeof(float);
  size_t source_size;
  run->target_shape = set_shape(run->target.set);
  if (!xdi_shape_count(set_shape(run->source.set), 1, &source_size) ||
      !xdi_shape_count(set_shape(run->target.set), 1, &run->target_size))
    return xdi_fail(run->context, XD_ERROR_TOO_LARGE, "the pictures are too large");
  run->source.pictures = xdi_allocate(allocator, run->batch, source_size * sizeof(float));
  run->target.pictures = xdi_allocate(allocator, run->batch, run->target_size * sizeof(float));
  run->results = xdi_allocate(allocator, run->batch, run->target_size * sizeof(float));
  run->real_features = xdi_allocate(allocator, run->target.count, features);
  run->translated_features = xdi_allocate(allocator, run->source.count, features);
  run->reconstructed_features =
      run->settings.skip_reconstruction ? NULL : xdi_allocate(allocator, run->target.count, features);
  if (!run->source.pictures || !run->target.pictures || !run->results || !run->real_features ||
      !run->translated_features || (!run->reconstructed_features && !run->settings.skip_reconstruction))
    return xdi_fail_memory(run->context, "evaluating");
  return XD_OK;
}

/* A batch of real or of source pictures, or a source whose noises are varied. */
static uint32_t count_steps(const xdi_evaluation_run *run) {
  uint32_t sources[XD_CLASS_LIMIT] = {0}, varied = 0;
  for (uint32_t place = 0; place < run->source.count; place++) {
    const uint32_t class = xdi_gallery_class(run, xdi_paired_label(&run->source, place));
    if (sources[class]++ < XDI_NOISE_SOURCES)
      varied++;
  }
  return (run->target.count + run->batch - 1) / run->batch +
         (run->source.count + run->batch - 1) / run->batch + varied;
}

static xd_status check_domain_names(const xdi_evaluation_run *run, const xdi_paired_set *of) {
  const char *names[XD_CLASS_LIMIT];
  for (uint32_t label = 0; label < XD_CLASS_LIMIT; label++)
    names[label] = xd_model_class_name(run->model, of->domain, label);
  return xd_dataset_check_classes(of->set, run->context, names, XD_CLASS_LIMIT, "the model");
}

/* A folder more or fewer shifts labels: names tell. */
static xd_status check_names(const xdi_evaluation_run *run) {
  if (run->any)
    return XD_OK;
  xd_status status = check_domain_names(run, &run->source);
  if (status == XD_OK)
    status = check_domain_names(run, &run->target);
  return status == XD_OK ? xdi_check_judge_names(run->context, run->judged_by, run->target.set) : status;
}

/* What all networks can take together, and the noises of a source at least. */
static uint32_t choose_batch(const xdi_evaluation_run *run) {
  const xd_network *networks[] = {xd_judge_network(run->judged_by),
                                  xd_encoder_network(xd_model_encoder(run->model, run->source.domain)),
                                  xd_encoder_network(xd_model_encoder(run->model, run->target.domain)),
                                  xd_decoder_network(xd_model_decoder(run->model, run->target.domain))};
  uint32_t batch = XDI_JUDGE_BATCH;
  for (size_t i = 0; i < sizeof networks / sizeof *networks; i++)
    if (networks[i])
      batch = xdi_session_rows(networks[i], batch);
  return batch < XDI_NOISES ? XDI_NOISES : batch;
}

xd_status xdi_evaluation_run_open(xdi_evaluation_run *run, xd_direction direction) {
  xd_context *context = run->context;
  xd_translator_options translator = XD_TRANSLATOR_OPTIONS_INIT;
  translator.direction = direction;
  run->batch = choose_batch(run);
  translator.max_batch = run->batch;
  xd_status status = xd_translator_create(&run->translator, context, run->model, &translator);
  if (status == XD_OK)
    status = check_fit(run, run->judged_by);
  if (status == XD_OK)
    status = check_names(run);
  if (status == XD_OK)
    status = list_paired(run, &run->source);
  if (status == XD_OK)
    status = list_paired(run, &run->target);
  if (status == XD_OK)
    status = xdi_judge_session_open(&run->judge, context, run->judged_by, run->batch);
  if (status == XD_OK)
    status = open_memory(run);
  if (status == XD_OK && !run->settings.skip_reconstruction)
    status = xdi_reconstruction_session_open(&run->reconstruction, context, run->model, run->target.domain,
                                             run->batch);
  if (status == XD_OK)
    status = xdi_gallery_open(&run->real, context, XD_CLASS_LIMIT, DIVERSITY_PICTURES, run->target_size);
  if (status == XD_OK)
    status = xdi_gallery_open(&run->accepted, context, XD_CLASS_LIMIT, DIVERSITY_PICTURES, run->target_size);
  if (status == XD_OK)
    status = run->conditions ? open_conditions(run)
                             : xdi_style_open(&run->style, context, run->model, run->source.domain,
                                              run->source.count, run->batch);
  if (status == XD_OK)
    run->steps = count_steps(run);
  return status;
}

xdi_evaluation_run xdi_evaluation_run_of(xd_context *context, const xd_model *model, xd_direction direction,
                                         const xd_evaluation_input *input,
                                         const xdi_evaluation_settings *settings) {
  const uint32_t domain = direction == XD_DIRECTION_1TO2 ? 1 : 2;
  return (xdi_evaluation_run){.context = context,
                              .model = model,
                              .pairing = input->pairing,
                              .judged_by = input->judge,
                              .settings = *settings,
                              .callback = input->callback,
                              .user = input->user,
                              .conditions = !xd_model_encoder(model, domain),
                              .any = xd_pairing_class(input->pairing, 1, 0) == XD_ANY_CLASS,
                              .source = {.set = input->source, .domain = domain},
                              .target = {.set = input->target, .domain = 3 - domain}};
}

void xdi_evaluation_run_close(xdi_evaluation_run *run) {
  const xd_allocator *allocator = &run->context->allocator;
  void *const memory[] = {run->source.indices,
                          run->source.pictures,
                          run->target.indices,
                          run->target.pictures,
                          run->results,
                          run->real_features,
                          run->translated_features,
                          run->reconstructed_features,
                          run->labels,
                          run->codes};
  for (size_t i = 0; i < sizeof memory / sizeof *memory; i++)
    xdi_release(allocator, memory[i]);
  xdi_gallery_close(&run->real);
  xdi_gallery_close(&run->accepted);
  xdi_reconstruction_session_close(&run->reconstruction);
  xdi_style_close(&run->style);
  xdi_judge_session_close(&run->judge);
  xd_translator_destroy(run->translator);
}
