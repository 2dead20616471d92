/* The decoder's last layer: its bias as the logit of the mean colour, its weights smaller. */
#include "train/mean_start.h"

#include <math.h>

#include "layer/executor.h"
#include "model/decoder.h"
#include "model/encoder.h"
#include "tensor/shape.h"
#include "train/posterior.h"
#include "train/vae_trainer.h"

static const float contrast = 0.3f;

static void measure_colour(double colour[XDI_CHANNELS_MAX], const xd_dataset *set) {
  const uint32_t channels = xd_dataset_channels(set), count = xd_dataset_count(set);
  const size_t cells = (size_t)xd_dataset_width(set) * xd_dataset_height(set);
  for (uint32_t c = 0; c < channels; c++) {
    uint64_t sum = 0;
    for (uint32_t i = 0; i < count; i++) {
      const uint8_t *pixels = xd_dataset_pixels(set, i);
      for (size_t k = 0; k < cells; k++)
        sum += pixels[k * channels + c];
    }
    colour[c] = (double)sum / (255.0 * (double)cells * (double)count);
  }
}

static void start_last_layer(xd_network *network, const double colour[XDI_CHANNELS_MAX]) {
  for (uint32_t i = 0; i < network->parameter_count; i++) {
    const xdi_parameter *parameter = &network->parameters[i];
    float *numbers = network->block + parameter->offset;
    if (parameter->layer + 1 != network->layer_count)
      continue;
    for (size_t k = 0; k < parameter->public.count; k++) {
      const double mean = fmin(fmax(colour[k % network->output.channels], 0.02), 0.98);
      numbers[k] = parameter->public.rank > 1 ? contrast * numbers[k] : (float)log(mean / (1.0 - mean));
    }
  }
}

xd_status xdi_mean_start(xd_vae_trainer *trainer, const xd_dataset *set) {
  double colour[XDI_CHANNELS_MAX];
  xd_network *decoder = trainer->decoder->part.network;
  const xd_status status =
      xdi_check_pictures(trainer->context, trainer->encoder->part.network, set, "starting a VAE");
  if (status != XD_OK)
    return status;
  measure_colour(colour, set);
  start_last_layer(decoder, colour);
  return xdi_executor_write_parameters(trainer->decoder_run, decoder);
}
