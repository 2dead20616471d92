/* How a model came about, as text: the library's version, the seed, every option that shaped it, the
 * number of pictures and the last losses. Nothing here knows a clock, a path or a number of threads: the
 * same training gives the same texts. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "train/training.h"
#include "train/validation.h"
#include "xdomain/version.h"

/* A new property whose value is still empty. */
static char *add_key(xdi_properties *properties, const char *key) {
  char *value = properties->values[properties->count];
  value[0] = '\0';
  properties->texts[2 * properties->count] = key;
  properties->texts[2 * properties->count + 1] = value;
  properties->count++;
  return value;
}

__attribute__((format(printf, 2, 3))) static void append(char *value, const char *format, ...) {
  const size_t length = strlen(value);
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(value + length, XDI_PROPERTY_SIZE - length, format, arguments);
  va_end(arguments);
}

/* " name=number" in so many digits; the decimal point is a point in any locale. */
static void append_number(char *value, const char *name, double number, int digits) {
  char text[40];
  snprintf(text, sizeof text, "%.*g", digits, number);
  for (char *c = text; *c; c++)
    if (!strchr("0123456789+-einfa", *c))
      *c = '.';
  append(value, "%s%s=%s", value[0] ? " " : "", name, text);
}

/* In the fewest digits that read as the same float. */
static void append_option(char *value, const char *name, float number) {
  char text[40];
  int digits = 6;
  for (; digits < 9; digits++) {
    snprintf(text, sizeof text, "%.*g", digits, (double)number);
    if (strtof(text, NULL) == number)
      break;
  }
  append_number(value, name, (double)number, digits);
}

static void append_count(char *value, const char *name, uint32_t number) {
  append(value, "%s%s=%lu", value[0] ? " " : "", name, (unsigned long)number);
}

static void add_circumstances(xdi_properties *properties, const xdi_training *training,
                              const char *const keys[5]) {
  append(add_key(properties, keys[0]), "libxdomain %s", XD_VERSION_STRING);
  append(add_key(properties, keys[1]), "%s", xd_context_backend_name(training->context));
  append(add_key(properties, keys[2]), "%llu", (unsigned long long)training->options.seed);
  for (uint32_t domain = 0; domain < 2; domain++)
    append(add_key(properties, keys[3 + domain]), "%lu",
           (unsigned long)xd_dataset_count(training->sets[domain]));
}

/* ---- VAEs ---- */

static void describe_vae(char *value, const xd_vae_options *options) {
  append(value, "likelihood=%s", options->likelihood == XD_LIKELIHOOD_GAUSSIAN ? "gaussian" : "bernoulli");
  append_option(value, "lambda1", options->lambda1);
  append_option(value, "lambda2", options->lambda2);
  append_option(value, "sigma_x", options->sigma_x);
  append_option(value, "kl_weight", options->kl_weight);
  append_option(value, "learning_rate", options->learning_rate);
  append_option(value, "final_rate", options->final_rate);
  append_count(value, "batch", options->batch);
  append_count(value, "epochs", options->epochs);
  append_count(value, "min_steps", options->min_steps);
  append_option(value, "augment", options->augment);
  append_option(value, "augment_colour", options->augment_colour);
  append_option(value, "augment_blur", options->augment_blur);
  append_count(value, "window_weight", options->window_weight);
  append_count(value, "raw_codes", options->raw_codes);
}

static void describe_architecture(char *value, const xd_vae_architecture *architecture) {
  append_count(value, "latent_dim", architecture->latent_dim);
  append_option(value, "initial_gain", architecture->initial_gain);
  if (architecture->layers) { /* they stand in the networks */
    append_count(value, "layer_count", architecture->layer_count);
    return;
  }
  append_count(value, "base_channels", architecture->base_channels);
  append_count(value, "max_channels", architecture->max_channels);
  append_count(value, "depth", architecture->depth);
  append_count(value, "hidden_count", architecture->hidden_count);
  for (uint32_t i = 0; i < architecture->hidden_count && i < 4; i++)
    append_count(value, "hidden", architecture->hidden[i]);
}

static void describe_vae_losses(char *value, const xd_vae_losses *losses) {
  append_number(value, "total", losses->total, 6);
  append_number(value, "pixel_cost", losses->pixel_cost, 6);
  append_number(value, "log_likelihood", losses->log_likelihood, 6);
  append_number(value, "kl", losses->kl, 6);
  append_number(value, "elbo", losses->elbo, 6);
}

void xdi_properties_of_vaes(xdi_properties *properties, const xdi_training *training) {
  static const char *const circumstances[5] = {"vae.library", "vae.backend", "vae.seed", "vae1.pictures",
                                               "vae2.pictures"};
  static const char *const options[2] = {"vae1.options", "vae2.options"};
  static const char *const architectures[2] = {"vae1.architecture", "vae2.architecture"};
  static const char *const losses[2] = {"vae1.losses", "vae2.losses"};
  properties->count = 0;
  add_circumstances(properties, training, circumstances);
  for (uint32_t domain = 0; domain < 2; domain++) {
    describe_vae(add_key(properties, options[domain]), &training->vae[domain]);
    describe_architecture(add_key(properties, architectures[domain]), &training->architecture[domain]);
    describe_vae_losses(add_key(properties, losses[domain]), &training->report.vae[domain]);
  }
}

/* ---- Mappings ---- */

static void describe_mapping(char *value, const xd_mapping_options *options) {
  append_count(value, "hidden_width", options->hidden_width);
  append_count(value, "hidden_layers", options->hidden_layers);
  append_count(value, "dropout_millionths", options->dropout_millionths);
  append_count(value, "same_code_positive", options->same_code_positive);
  append_option(value, "mismatch", options->mismatch);
  append_option(value, "generated_mismatch", options->generated_mismatch);
  append_option(value, "lambda_reg", options->lambda_reg);
  append_option(value, "final_lambda", options->final_lambda);
  append_count(value, "spectral_norm", options->spectral_norm);
  append_option(value, "ema_decay", options->ema_decay);
  append_option(value, "learning_rate", options->learning_rate);
  append_option(value, "final_rate", options->final_rate);
  append_option(value, "beta1", options->beta1);
  append_option(value, "beta2", options->beta2);
  append_count(value, "batch", options->batch);
  append_count(value, "steps", options->steps);
  append_option(value, "mixing", options->mixing);
  append_count(value, "codes_per_picture", options->codes_per_picture);
  append_option(value, "augment", options->augment);
  append_option(value, "augment_colour", options->augment_colour);
  append_option(value, "augment_blur", options->augment_blur);
  append_option(value, "noise_scale", options->noise_scale);
  append_count(value, "linear_skip", options->linear_skip);
  append_count(value, "condition_codes", options->condition_codes);
}

static void describe_mapping_losses(char *value, const xd_mapping_losses *losses) {
  append_number(value, "discriminator", losses->discriminator, 6);
  append_number(value, "generator", losses->generator, 6);
  append_number(value, "real", losses->real, 6);
  append_number(value, "generated", losses->generated, 6);
  append_number(value, "noise", losses->noise, 6);
  append_number(value, "mismatched", losses->mismatched, 6);
  append_number(value, "adversarial", losses->adversarial, 6);
  append_number(value, "regularisation", losses->regularisation, 6);
}

static void describe_validation(char *value, const xdi_training *training, uint32_t direction) {
  const xd_evaluation *evaluation = &training->report.validation[direction];
  append_number(value, "acc", evaluation->acc, 6);
  append_number(value, "div", evaluation->div, 6);
  append_number(value, "ediv", evaluation->ediv, 6);
  append_number(value, "fd", evaluation->fd, 6);
  append_number(value, "reconstruction_acc", evaluation->reconstruction_acc, 6);
  append_number(value, "reconstruction_fd", evaluation->reconstruction_fd, 6);
  append_number(value, "judge_acc", evaluation->judge_acc, 6);
  append_number(value, "score", xdi_validation_score(evaluation), 6);
  append_count(value, "step", training->report.kept_step[direction]);
  append_count(value, "validate_every", training->options.validate_every);
}

/* A direction that was not trained has empty values: they take the place of an older mapping's. */
void xdi_properties_of_mappings(xdi_properties *properties, const xdi_training *training) {
  static const char *const circumstances[5] = {"mapping.library", "mapping.backend", "mapping.seed",
                                               "mapping.pictures1", "mapping.pictures2"};
  static const char *const options[2] = {"mapping_1to2.options", "mapping_2to1.options"};
  static const char *const losses[2] = {"mapping_1to2.losses", "mapping_2to1.losses"};
  static const char *const validations[2] = {"mapping_1to2.validation", "mapping_2to1.validation"};
  static const char *const probes[2] = {"mapping.probe1", "mapping.probe2"};
  properties->count = 0;
  add_circumstances(properties, training, circumstances);
  for (uint32_t direction = 0; direction < 2; direction++) {
    const bool trained = xdi_training_has(training, direction);
    char *value = add_key(properties, options[direction]);
    if (trained)
      describe_mapping(value, &training->mapping[direction]);
    value = add_key(properties, losses[direction]);
    if (trained)
      describe_mapping_losses(value, &training->report.mapping[direction]);
    value = add_key(properties, validations[direction]);
    if (training->report.validated[direction])
      describe_validation(value, training, direction);
    value = add_key(properties, probes[direction]);
    if (training->report.probe[direction] > 0.0)
      append_number(value, "acc", training->report.probe[direction], 6);
  }
}
