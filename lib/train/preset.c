/* Presets: the numbers in which the options of a known experiment differ from the library's defaults. One
 * table each, one line a number; `paper` is the letter of arXiv 1805.10130, with sigma_x 1 where it gives
 * none. */
#include <string.h>

#include "base/memory.h"
#include "train/training.h"

/* A number somewhere in xd_preset. */
typedef struct setting {
  size_t offset;
  int is_real; /* 1: float, 0: uint32_t */
  double value;
} setting;

#define SET(field, number) \
  { \
    .offset = offsetof(xd_preset, field), \
    .is_real = _Generic(((xd_preset *)0)->field, float : 1, uint32_t : 0), .value = (number) \
  }
#define SET_BOTH(array, field, number) SET(array[0].field, number), SET(array[1].field, number)

/* ---- The tables ---- */

static const setting mnist[] = {
    SET_BOTH(architecture, base_channels, 32),
    SET_BOTH(architecture, max_channels, 64),
    SET_BOTH(vae, epochs, 14),
    SET_BOTH(vae, min_steps, 500),
    SET_BOTH(mapping, spectral_norm, 0),
    SET_BOTH(mapping, mixing, 1),
    SET_BOTH(mapping, condition_codes, 8),
    SET_BOTH(mapping, generated_mismatch, 1),
    SET_BOTH(mapping, final_lambda, 0),
    SET_BOTH(mapping, steps, 16000),
    SET(mapping[0].lambda_reg, 0.3),
    SET(mapping[0].noise_scale, 1.05),
    SET(mapping[1].lambda_reg, 0.8),
    SET(mapping[1].noise_scale, 0.9),
};

/* Domain 1: digits, domain 2: clothes. */
static const setting fashion[] = {
    SET_BOTH(architecture, base_channels, 32),
    SET_BOTH(architecture, max_channels, 64),
    SET(architecture[1].latent_dim, 64),
    SET(architecture[1].hidden[0], 512),
    SET(vae[0].epochs, 4),
    SET(vae[1].epochs, 14),
    SET(vae[1].sigma_x, 0.07),
    SET_BOTH(vae, min_steps, 500),
    SET_BOTH(mapping, spectral_norm, 0),
    SET_BOTH(mapping, mixing, 1),
    SET_BOTH(mapping, condition_codes, 8),
    SET_BOTH(mapping, linear_skip, 1),
    SET(mapping[0].lambda_reg, 2),
    SET(mapping[1].lambda_reg, 0.4),
    SET(mapping[0].generated_mismatch, 2),
    SET(mapping[1].generated_mismatch, 0.3),
    SET(mapping[0].noise_scale, 1),
    SET(mapping[1].noise_scale, 0.85),
    SET(mapping[0].steps, 4000),
};

/* Domain 1: photographs of house numbers, domain 2: written digits. */
static const setting svhn[] = {
    SET(architecture[0].base_channels, 16),
    SET(architecture[0].latent_dim, 96),
    SET(architecture[0].window, 250),
    SET(architecture[1].base_channels, 32),
    SET(architecture[1].max_channels, 64),
    SET(vae[0].epochs, 60),
    SET(vae[0].min_steps, 1500),
    SET(vae[0].sigma_x, 0.08),
    SET(vae[0].augment, 0.8),
    SET(vae[0].augment_colour, 0.7),
    SET(vae[0].augment_blur, 1),
    SET(vae[1].epochs, 14),
    SET(vae[1].min_steps, 500),
    SET_BOTH(mapping, hidden_width, 512),
    SET_BOTH(mapping, spectral_norm, 0),
    SET_BOTH(mapping, mixing, 1),
    SET_BOTH(mapping, generated_mismatch, 2),
    SET_BOTH(mapping, dropout_millionths, 200000),
    SET_BOTH(mapping, lambda_reg, 3.5),
    SET_BOTH(mapping, learning_rate, 0.0008),
    SET_BOTH(mapping, condition_codes, 8),
    SET_BOTH(mapping, noise_scale, 1),
    SET_BOTH(mapping, codes_per_picture, 10),
    SET(mapping[0].augment, 0.8),
    SET(mapping[0].augment_colour, 0.7),
    SET(mapping[0].augment_blur, 1),
};

static const setting paper[] = {
    SET_BOTH(architecture, base_channels, 0),
    SET_BOTH(architecture, hidden_count, 2),
    SET_BOTH(architecture, hidden[0], 512),
    SET_BOTH(architecture, hidden[1], 256),
    SET_BOTH(vae, lambda1, 1),
    SET_BOTH(vae, lambda2, 1),
    SET_BOTH(vae, sigma_x, 1),
    SET_BOTH(vae, raw_codes, 1),
    SET_BOTH(vae, final_rate, 1),
    SET_BOTH(vae, min_steps, 500),
    SET_BOTH(mapping, final_rate, 1),
    SET_BOTH(mapping, same_code_positive, 1),
    SET_BOTH(mapping, mismatch, 0),
    SET_BOTH(mapping, generated_mismatch, 0),
    SET_BOTH(mapping, lambda_reg, 0.1),
    SET_BOTH(mapping, spectral_norm, 0),
    SET_BOTH(mapping, ema_decay, 0),
    SET_BOTH(mapping, beta1, 0.9),
    SET_BOTH(mapping, beta2, 0.999),
    SET_BOTH(mapping, noise_scale, 1),
};

#define TABLE(name) \
  { #name, name, sizeof name / sizeof *name }

static const struct {
  const char *name;
  const setting *settings;
  size_t count;
} presets[] = {TABLE(mnist), TABLE(fashion), TABLE(svhn), TABLE(paper)};

#define PRESETS (sizeof presets / sizeof *presets)

/* ---- Filling ---- */

static void fill_defaults(xd_preset *preset) {
  for (uint32_t i = 0; i < 2; i++) {
    xd_vae_architecture_init(&preset->architecture[i], sizeof preset->architecture[i]);
    xd_vae_options_init(&preset->vae[i], sizeof preset->vae[i]);
    xd_mapping_options_init(&preset->mapping[i], sizeof preset->mapping[i]);
    preset->architecture[i].height = preset->architecture[i].width = preset->architecture[i].channels = 0;
    preset->vae[i].architecture = &preset->architecture[i];
  }
}

static void apply(xd_preset *preset, const setting *settings, size_t count) {
  for (size_t i = 0; i < count; i++) {
    unsigned char *at = (unsigned char *)preset + settings[i].offset;
    const float real = (float)settings[i].value;
    const uint32_t whole = settings[i].is_real ? 0 : (uint32_t)settings[i].value;
    if (settings[i].is_real)
      memcpy(at, &real, sizeof real);
    else
      memcpy(at, &whole, sizeof whole);
  }
}

xd_status xd_train_preset(xd_preset *out, xd_context *context, const char *name) {
  if (!out || out->struct_size != sizeof *out)
    return xdi_fail(context, XD_ERROR_INVALID_ARGUMENT,
                    "xd_train_preset: out is NULL or its struct_size wrong");
  for (size_t i = 0; i < PRESETS; i++)
    if (name && strcmp(name, presets[i].name) == 0) {
      fill_defaults(out);
      apply(out, presets[i].settings, presets[i].count);
      return XD_OK;
    }
  if (name)
    return xdi_fail(context, XD_ERROR_NOT_FOUND, "xd_train_preset: there is no preset '%s'", name);
  fill_defaults(out);
  return XD_OK;
}

const char *xd_train_preset_name(uint32_t index) {
  return index < PRESETS ? presets[index].name : NULL;
}
