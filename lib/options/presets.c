/* Presets: the options of a known experiment, or of another effort, as texts. They state some values that are the
 * defaults, too, so that a changed default does not change the experiment. */
#include <string.h>

#include "xdomain/options.h"
#include "xdomain/unstable/presets.h"

static const char mnist[] = "light_share = 1\n"
                            "vae.latent_dim = 32\n"
                            "vae.hidden1 = 256\n"
                            "vae.smooth_start = 0\n"
                            "vae.sharpen = 0\n"
                            "vae.sigma_x = 0.1\n"
                            "vae.averaging = 0\n"
                            "vae.batch = 128\n"
                            "vae.augment = 0\n"
                            "vae.augment_share = 1\n"
                            "vae.max_channels = 64\n"
                            "vae.epochs = 14\n"
                            "vae.min_steps = 500\n"
                            "mapping.mismatch = 1\n"
                            "mapping.invariance = 0\n"
                            "mapping.augment = 0\n"
                            "mapping.augment_elastic = 0\n"
                            "mapping.spectral_norm = 0\n"
                            "mapping.mixing = 1\n"
                            "mapping.anchor_codes = 8\n"
                            "mapping.generated_mismatch = 1\n"
                            "mapping.final_lambda = 0\n"
                            "mapping.steps = 16000\n"
                            "mapping1.lambda_reg = 0.3\n"
                            "mapping1.noise_scale = 1.05\n"
                            "mapping2.lambda_reg = 0.8\n"
                            "mapping2.noise_scale = 0.9\n";

/* Domain 1: digits, domain 2: clothes. */
static const char fashion[] = "light_share = 1\n"
                              "vae.latent_dim = 32\n"
                              "vae.hidden1 = 256\n"
                              "vae.smooth_start = 0\n"
                              "vae.sharpen = 0\n"
                              "vae.sigma_x = 0.1\n"
                              "vae.averaging = 0\n"
                              "vae.batch = 128\n"
                              "vae.augment = 0\n"
                              "vae.augment_share = 1\n"
                              "vae.max_channels = 64\n"
                              "vae2.latent_dim = 64\n"
                              "vae2.hidden1 = 512\n"
                              "vae1.epochs = 4\n"
                              "vae2.epochs = 14\n"
                              "vae2.sigma_x = 0.07\n"
                              "vae.min_steps = 500\n"
                              "mapping.mismatch = 1\n"
                              "mapping.generated_mismatch = 0\n"
                              "mapping.final_lambda = 1\n"
                              "mapping.invariance = 0\n"
                              "mapping.augment = 0\n"
                              "mapping.augment_elastic = 0\n"
                              "mapping.steps = 8000\n"
                              "mapping.spectral_norm = 0\n"
                              "mapping.mixing = 1\n"
                              "mapping.anchor_codes = 8\n"
                              "mapping.linear_skip = 1\n"
                              "mapping1.lambda_reg = 2\n"
                              "mapping2.lambda_reg = 0.4\n"
                              "mapping1.generated_mismatch = 2\n"
                              "mapping2.generated_mismatch = 0.3\n"
                              "mapping1.noise_scale = 1\n"
                              "mapping2.noise_scale = 0.85\n"
                              "mapping1.steps = 4000\n";

/* Domain 1: photographs of house numbers, domain 2: written digits. The way 1 to 2 was chosen on a
 * validation split; the way back has the same numbers but for changed copies. */
static const char svhn[] = "light_share = 1\n"
                           "vae.latent_dim = 32\n"
                           "vae.hidden1 = 256\n"
                           "vae.smooth_start = 0\n"
                           "vae.sharpen = 0\n"
                           "vae.sigma_x = 0.1\n"
                           "vae.averaging = 0\n"
                           "vae.batch = 128\n"
                           "vae.augment = 0\n"
                           "vae.augment_share = 1\n"
                           "vae1.base_channels = 16\n"
                           "vae1.latent_dim = 96\n"
                           "vae1.window = 250\n"
                           "vae2.max_channels = 64\n"
                           "vae1.epochs = 60\n"
                           "vae1.min_steps = 1500\n"
                           "vae1.sigma_x = 0.08\n"
                           "vae1.augment = 0.8\n"
                           "vae1.augment_colour = 0.7\n"
                           "vae1.augment_blur = 1\n"
                           "vae2.epochs = 14\n"
                           "vae2.min_steps = 500\n"
                           "mapping.mismatch = 1\n"
                           "mapping.final_lambda = 1\n"
                           "mapping.invariance = 0\n"
                           "mapping.augment = 0\n"
                           "mapping.augment_elastic = 0\n"
                           "mapping.steps = 8000\n"
                           "mapping.hidden_width = 512\n"
                           "mapping.spectral_norm = 0\n"
                           "mapping.mixing = 1\n"
                           "mapping.generated_mismatch = 2\n"
                           "mapping.dropout = 0.2\n"
                           "mapping.lambda_reg = 3.5\n"
                           "mapping.learning_rate = 0.0008\n"
                           "mapping.anchor_codes = 8\n"
                           "mapping.noise_scale = 1\n"
                           "mapping.codes_per_picture = 10\n"
                           "mapping1.augment = 0.8\n"
                           "mapping1.augment_colour = 0.7\n"
                           "mapping1.augment_blur = 1\n";

/* The letter of arXiv 1805.10130: plain perceptrons, a Gaussian with sigma_x 1 where the paper gives none, raw
 * codes, the real pair one code twice, no mismatches, no average. */
static const char paper[] = "light_share = 1\n"
                            "vae.latent_dim = 32\n"
                            "vae.smooth_start = 0\n"
                            "vae.sharpen = 0\n"
                            "vae.averaging = 0\n"
                            "vae.batch = 128\n"
                            "vae.augment = 0\n"
                            "vae.base_channels = 0\n"
                            "vae.hidden_count = 2\n"
                            "vae.hidden1 = 512\n"
                            "vae.hidden2 = 256\n"
                            "vae.lambda1 = 1\n"
                            "vae.lambda2 = 1\n"
                            "vae.sigma_x = 1\n"
                            "vae.raw_codes = 1\n"
                            "vae.final_rate = 1\n"
                            "vae.min_steps = 500\n"
                            "mapping.mixing = 0\n"
                            "mapping.anchor_codes = 1\n"
                            "mapping.final_lambda = 1\n"
                            "mapping.invariance = 0\n"
                            "mapping.augment = 0\n"
                            "mapping.augment_elastic = 0\n"
                            "mapping.steps = 8000\n"
                            "mapping.final_rate = 1\n"
                            "mapping.same_code_positive = 1\n"
                            "mapping.mismatch = 0\n"
                            "mapping.generated_mismatch = 0\n"
                            "mapping.lambda_reg = 0.1\n"
                            "mapping.spectral_norm = 0\n"
                            "mapping.ema_decay = 0\n"
                            "mapping.beta1 = 0.9\n"
                            "mapping.beta2 = 0.999\n"
                            "mapping.noise_scale = 1\n";

/* A third of the default's steps, and three times as many. */
static const char quick[] = "vae.epochs = 3\n"
                            "vae.min_steps = 1300\n"
                            "mapping.steps_per_pair = 270\n"
                            "validate_every = 1350\n";
static const char best[] = "vae.epochs = 27\n"
                           "vae.min_steps = 12000\n"
                           "mapping.steps_per_pair = 2400\n";

static const struct {
  const char *group, *name, *text;
} presets[] = {{"train", "mnist", mnist}, {"train", "fashion", fashion}, {"train", "svhn", svhn},
               {"train", "paper", paper}, {"train", "quick", quick},     {"train", "best", best}};

#define PRESETS (sizeof presets / sizeof *presets)

const char *xd_options_preset_name(const char *group, uint32_t index) {
  for (size_t i = 0; group && i < PRESETS; i++)
    if (strcmp(presets[i].group, group) == 0 && index-- == 0)
      return presets[i].name;
  return NULL;
}

const char *xd_options_preset_text(const char *group, const char *name) {
  for (size_t i = 0; group && name && i < PRESETS; i++)
    if (strcmp(presets[i].group, group) == 0 && strcmp(presets[i].name, name) == 0)
      return presets[i].text;
  return NULL;
}
