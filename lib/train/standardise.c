/* Standardisation folded into weights. With z = (z_raw - m) / s:
 *   encoder's last dense layer, rows [mean | log variance]:  mean' = (mean - m) / s, lv' = lv - 2 log s
 *   decoder's first dense layer:  W'[j] = s_j W[j],  bias' = bias + sum_j m_j W[j]
 * and likewise in linear skips, the encoder's without m and lv, which its dense layer has seen to,
 * so that handles compose by hand and files need no further vectors. */
#include "train/standardise.h"

#include <math.h>

#include "base/memory.h"
#include "model/part.h"
#include "train/posterior.h"

/* ---- Measuring ---- */

typedef struct code_sums {
  uint32_t latent_dim;
  double *mean, *square, *variance; /* sums over pictures, latent_dim each */
} code_sums;

static void add_posteriors(void *user, uint32_t first, uint32_t count, const float *posterior) {
  (void)first;
  code_sums *sums = user;
  for (uint32_t row = 0; row < count; row++) {
    const float *mean = posterior + (size_t)row * 2 * sums->latent_dim;
    for (uint32_t j = 0; j < sums->latent_dim; j++) {
      sums->mean[j] += (double)mean[j];
      sums->square[j] += (double)mean[j] * (double)mean[j];
      sums->variance[j] += exp((double)mean[sums->latent_dim + j]);
    }
  }
}

static xd_status conclude(xd_context *context, double *mean, double *deviation, const code_sums *sums,
                          double count) {
  for (uint32_t j = 0; j < sums->latent_dim; j++) {
    mean[j] = sums->mean[j] / count;
    const double between = fmax(sums->square[j] / count - mean[j] * mean[j], 0.0);
    deviation[j] = sqrt(between + sums->variance[j] / count);
    if (!isfinite(mean[j]) || !isfinite(deviation[j]) || !(deviation[j] > 1e-12))
      return xdi_fail(context, XD_ERROR_NUMERIC, "code dimension %u has mean %g and deviation %g", j, mean[j],
                      deviation[j]);
  }
  return XD_OK;
}

xd_status xdi_standardise_measure(xd_context *context, double *mean, double *deviation,
                                  const xd_network *encoder, const xd_dataset *set) {
  const uint32_t latent_dim = xdi_output_size(encoder) / 2;
  double *memory = xdi_allocate_zeroed(&context->allocator, (size_t)latent_dim * 3, sizeof *memory);
  if (!memory)
    return xdi_fail_memory(context, "standardising codes");
  code_sums sums = {latent_dim, memory, memory + latent_dim, memory + 2 * (size_t)latent_dim};
  const xdi_posterior_pass pass = {.encoder = encoder, .set = set, .visit = add_posteriors, .user = &sums};
  xd_status status = xdi_posterior_each(context, &pass);
  if (status == XD_OK)
    status = conclude(context, mean, deviation, &sums, (double)xd_dataset_count(set));
  xdi_release(&context->allocator, memory);
  return status;
}

/* ---- Folding ---- */

/* The last layer that does more than rename the shape, and the first. */
static uint32_t last_layer(const xd_network *network) {
  uint32_t i = network->layer_count - 1;
  while (i > 0 && !network->layers[i].table->forward)
    i--;
  return i;
}

static uint32_t first_layer(const xd_network *network) {
  uint32_t i = 0;
  while (i + 1 < network->layer_count && !network->layers[i].table->forward)
    i++;
  return i;
}

/* Weights of the means divided by the deviations, and their bias, less the mean where there is one. */
static void scale_means(const xdi_linear_part *part, const double *mean, const double *deviation) {
  const size_t latent_dim = part->outputs / 2;
  for (size_t i = 0; i < part->inputs; i++)
    for (size_t j = 0; j < latent_dim; j++) {
      float *weight = part->weights + i * part->outputs + j;
      *weight = (float)((double)*weight / deviation[j]);
    }
  for (size_t j = 0; j < latent_dim; j++)
    part->bias[j] = (float)(((double)part->bias[j] - (mean ? mean[j] : 0.0)) / deviation[j]);
}

static void fold_encoder(const xdi_linear_part *part, const double *mean, const double *deviation) {
  const size_t latent_dim = part->outputs / 2;
  scale_means(part, mean, deviation);
  for (size_t j = 0; j < latent_dim; j++)
    part->bias[latent_dim + j] = (float)((double)part->bias[latent_dim + j] - 2.0 * log(deviation[j]));
}

static void fold_decoder(const xdi_linear_part *part, const double *mean, const double *deviation) {
  for (size_t n = 0; n < part->outputs; n++) {
    double bias = (double)part->bias[n];
    for (size_t j = 0; j < part->inputs; j++) {
      float *weight = part->weights + j * part->outputs + n;
      bias += mean[j] * (double)*weight;
      *weight = (float)((double)*weight * deviation[j]);
    }
    part->bias[n] = (float)bias;
  }
}

/* The layers between which codes lie. */
typedef struct code_layers {
  xdi_linear_part last, first, encoder_skip;
  bool skips; /* the encoder's skip is there */
} code_layers;

static xd_status find_layers(code_layers *found, xd_context *context, xd_network *encoder,
                             xd_network *decoder) {
  const uint32_t end = last_layer(encoder);
  found->skips = xdi_network_linear(&found->encoder_skip, encoder, end, XDI_LINEAR_OF_INPUT);
  const uint32_t dense = found->skips && end > 0 ? end - 1 : end;
  if (!xdi_network_linear(&found->last, encoder, dense, XDI_LINEAR_OF_X) ||
      encoder->layers[dense].activation != XD_ACTIVATION_IDENTITY ||
      encoder->layers[end].activation != XD_ACTIVATION_IDENTITY)
    return xdi_fail(context, XD_ERROR_UNSUPPORTED,
                    "codes cannot be standardised: the encoder does not end in a "
                    "dense layer without activation; set raw_codes");
  if (!xdi_network_linear(&found->first, decoder, first_layer(decoder), XDI_LINEAR_OF_X))
    return xdi_fail(
        context, XD_ERROR_UNSUPPORTED,
        "codes cannot be standardised: the decoder does not begin with a dense layer; set raw_codes");
  if (xdi_network_adds_input(decoder, first_layer(decoder)))
    return xdi_fail(context, XD_ERROR_UNSUPPORTED,
                    "codes cannot be standardised: a layer of the decoder adds the code itself to another's "
                    "output; set raw_codes");
  if (found->last.outputs != 2 * found->first.inputs)
    return xdi_fail(context, XD_ERROR_SHAPE_MISMATCH,
                    "an encoder of %zu code dimensions and a decoder of %zu", found->last.outputs / 2,
                    found->first.inputs);
  return XD_OK;
}

xd_status xdi_standardise_check(xd_context *context, xd_network *encoder, xd_network *decoder) {
  code_layers found;
  return find_layers(&found, context, encoder, decoder);
}

xd_status xdi_standardise_fold(xd_context *context, xd_network *encoder, xd_network *decoder,
                               const double *mean, const double *deviation) {
  code_layers found;
  xdi_linear_part decoder_skip;
  const xd_status status = find_layers(&found, context, encoder, decoder);
  if (status != XD_OK)
    return status;
  fold_encoder(&found.last, mean, deviation);
  if (found.skips)
    scale_means(&found.encoder_skip, NULL, deviation);
  fold_decoder(&found.first, mean, deviation);
  for (uint32_t i = 0; i < decoder->layer_count; i++)
    if (xdi_network_linear(&decoder_skip, decoder, i, XDI_LINEAR_OF_INPUT))
      fold_decoder(&decoder_skip, mean, deviation);
  return XD_OK;
}
