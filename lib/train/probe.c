/* How much of the class the codes tell: a perceptron of one hidden layer is trained on the codes that the
 * mappings are trained on, and reads the class from the posterior means of validation pictures. It sees
 * labels, and nothing that is trained sees it. */
#include "train/probe.h"

#include <string.h>

#include "base/memory.h"
#include "base/seeds.h"
#include "layer/executor.h"
#include "model/architecture.h"
#include "model/encoder.h"
#include "tensor/device.h"
#include "train/epochs.h"
#include "train/optimiser.h"
#include "train/posterior.h"

#define BATCH 128u
#define STEPS 1500u
#define HIDDEN_WIDTH 256u
#define DROPOUT 0.2f

static const float learning_rate = 0.001f;

typedef struct class_probe {
  xd_context *context;
  const xd_dataset *set;
  const xdi_codes *codes; /* of the set */
  uint32_t classes;
  uint64_t seed;
  xd_network *network;
  xdi_executor *run;
  xdi_optimiser optimiser;
  float *rows; /* [BATCH][latent_dim], and latent_dim normals */
  uint32_t labels[BATCH];
} class_probe;

static uint32_t count_classes(const xd_dataset *set, uint32_t *seen) {
  uint32_t classes = 0;
  *seen = 0;
  for (uint32_t label = 0; label < XD_CLASS_LIMIT; label++)
    if (xd_dataset_class_size(set, label) > 0) {
      classes = label + 1;
      (*seen)++;
    }
  return classes;
}

static xd_status open_probe(class_probe *probe) {
  xd_context *context = probe->context;
  const size_t dim = probe->codes->latent_dim;
  const xdi_optimiser_settings adam = {0.9f, 0.999f, 0.01f};
  xdi_layer_list layers = {.count = 0};
  xdi_layer_list_add_perceptron(&layers, 1, HIDDEN_WIDTH, XD_ACTIVATION_RELU, DROPOUT, probe->classes);
  xd_status status = xdi_network_create(&probe->network, context,
                                        (xd_shape){.width = 1, .height = 1, .channels = (uint32_t)dim},
                                        layers.at, layers.count);
  if (status != XD_OK)
    return status;
  xdi_network_initialise(probe->network, probe->seed, 0.0f);
  probe->rows = xdi_allocate(&context->allocator, BATCH + 1, dim * sizeof *probe->rows);
  if (!probe->rows)
    return xdi_fail_memory(context, "probing codes");
  status = xdi_executor_create(&probe->run, context, probe->network, BATCH, XDI_TRAINING);
  if (status == XD_OK)
    status = xdi_optimiser_open(&probe->optimiser, context, probe->network->block_count, &adam);
  return status;
}

static void close_probe(class_probe *probe) {
  xdi_optimiser_close(&probe->optimiser);
  xdi_executor_destroy(probe->run);
  xdi_network_release(probe->network);
  xdi_release(&probe->context->allocator, probe->rows);
}

/* The rows through the network, and their loss; `drop` also leaves the loss's gradient. */
static xd_status judge(class_probe *probe, uint32_t count, bool drop, uint32_t step, uint32_t *correct) {
  xd_context *context = probe->context;
  xd_cross_entropy loss = {.rows = count,
                           .classes = probe->classes,
                           .labels = probe->labels,
                           .logits = xdi_executor_output(probe->run),
                           .dlogits = xdi_executor_output_gradient(probe->run)};
  xd_status status = xdi_device_write(context, xdi_executor_input(probe->run), probe->rows,
                                      (size_t)count * probe->codes->latent_dim);
  if (status == XD_OK)
    status = xdi_executor_forward(probe->run, count, drop, probe->seed,
                                  xdi_stream_id(XDI_STREAM_DROPOUT, step * XDI_LAYER_LIMIT));
  if (status == XD_OK)
    status =
        xdi_device_check(context, context->table.cross_entropy(context->backend, &loss), "cross_entropy");
  if (status == XD_OK)
    *correct = loss.correct;
  return status;
}

/* Codes of pictures drawn at random. */
static void draw_batch(class_probe *probe, uint32_t step) {
  const size_t dim = probe->codes->latent_dim;
  const uint64_t pictures = xdi_stream_id(XDI_STREAM_MAPPING_BATCH, step);
  const uint64_t noise = xdi_stream_id(XDI_STREAM_CODES, step),
                 choices = xdi_stream_id(XDI_STREAM_SHUFFLE, step);
  float *normals = probe->rows + BATCH * dim;
  for (uint32_t row = 0; row < BATCH; row++) {
    const uint32_t picture = xdi_random_below(probe->seed, pictures, row, probe->codes->count);
    if (probe->codes->samples == 0)
      xdi_random_normals(normals, dim, probe->seed, noise, row * dim);
    xdi_codes_draw(probe->rows + row * dim, probe->codes, picture, normals,
                   xdi_random_uniform(probe->seed, choices, row));
    probe->labels[row] = xd_dataset_label(probe->set, picture);
  }
}

static xd_status train(class_probe *probe) {
  uint32_t correct;
  xd_status status = XD_OK;
  for (uint32_t step = 0; status == XD_OK && step < STEPS; step++) {
    status = xdi_check_cancelled(probe->context);
    draw_batch(probe, step);
    if (status == XD_OK)
      status = judge(probe, BATCH, true, step, &correct);
    if (status == XD_OK)
      status = xdi_executor_backward(probe->run, BATCH, true, false);
    if (status == XD_OK)
      status = xdi_optimiser_step(&probe->optimiser, probe->run,
                                  xdi_cosine_rate(learning_rate, 0.0f, step, STEPS));
  }
  return status;
}

/* The next pictures whose class the probe knows, as rows of their means. */
static uint32_t fill_means(class_probe *probe, const xdi_codes *codes, const xd_dataset *set,
                           uint32_t *next) {
  const size_t dim = codes->latent_dim;
  uint32_t count = 0;
  for (; *next < codes->count && count < BATCH; (*next)++) {
    const uint32_t label = xd_dataset_label(set, *next);
    if (xd_dataset_class_size(probe->set, label) == 0)
      continue;
    const float *mean = codes->values + (size_t)*next * 2 * dim;
    memcpy(probe->rows + count * dim, mean, dim * sizeof *mean);
    probe->labels[count++] = label;
  }
  return count;
}

static xd_status measure(class_probe *probe, double *accuracy, const xdi_codes *codes,
                         const xd_dataset *set) {
  uint32_t next = 0, counted = 0, right = 0, correct = 0, count;
  xd_status status = XD_OK;
  while (status == XD_OK && (count = fill_means(probe, codes, set, &next)) > 0) {
    status = judge(probe, count, false, 0, &correct);
    counted += count;
    right += correct;
  }
  *accuracy = counted > 0 ? (double)right / counted : 0.0;
  return status;
}

static xd_status probe_domain(xdi_training *training, const xdi_mapping_material *material, uint32_t domain) {
  xd_context *context = training->context;
  const xd_dataset *held_out = training->input.validation[domain];
  const xd_network *encoder = xd_encoder_network(xd_model_encoder(material->model, domain + 1));
  const xdi_codes_options plain = {.samples = 0};
  uint32_t seen;
  double accuracy = 0.0;
  class_probe probe = {
      .context = context, .set = training->input.set[domain], .codes = xdi_source_codes(material, domain)};
  probe.classes = count_classes(probe.set, &seen);
  if (seen < 2)
    return XD_OK;
  probe.seed = xdi_seed_of(training->settings.seed, XDI_SEED_PROBE) + domain;
  xdi_codes codes = {.values = NULL};
  xd_status status = xdi_codes_open(&codes, context, encoder, held_out, &plain);
  if (status == XD_OK)
    status = open_probe(&probe);
  if (status == XD_OK)
    status = train(&probe);
  if (status == XD_OK)
    status = measure(&probe, &accuracy, &codes, held_out);
  if (status == XD_OK)
    status = xdi_values_set(training->report, context, domain == 0 ? "probe1" : "probe2", accuracy);
  close_probe(&probe);
  xdi_codes_close(&codes);
  return status;
}

xd_status xdi_training_probe(xdi_training *training, const xdi_mapping_material *material) {
  xd_status status = XD_OK;
  for (uint32_t domain = 0; status == XD_OK && domain < 2; domain++)
    if (training->input.validation[domain])
      status = probe_domain(training, material, domain);
  return status;
}
