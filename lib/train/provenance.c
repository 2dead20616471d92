/* How a model came about, as text: the library's version, the seed, every option that shaped it, the
 * number of pictures and the last losses. Nothing here knows a clock, a path or a number of threads: the
 * same training gives the same texts. */
#include "train/provenance.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "options/number.h"
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

static void append_number(char *value, const char *name, double number) {
  char text[XDI_NUMBER_SIZE];
  xdi_print_rounded(text, number);
  append(value, "%s%s=%s", value[0] ? " " : "", name, text);
}

/* The report's values behind a prefix, but for those of single classes. */
static void append_values(char *value, const xd_values *report, const char *prefix) {
  const size_t length = strlen(prefix);
  for (uint32_t i = 0; i < xd_values_count(report); i++) {
    const char *name = xd_values_name(report, i);
    if (strncmp(name, prefix, length) == 0 && !strchr(name + length, '.'))
      append_number(value, name + length, xd_values_number(report, i));
  }
}

static void add_circumstances(xdi_properties *properties, const xdi_training *training,
                              const char *const keys[5], const xd_dataset *const sets[2]) {
  append(add_key(properties, keys[0]), "libxdomain %s", XD_VERSION_STRING);
  append(add_key(properties, keys[1]), "%s", xd_context_backend_name(training->context));
  append(add_key(properties, keys[2]), "%llu", (unsigned long long)training->settings.seed);
  for (uint32_t domain = 0; domain < 2; domain++)
    append(add_key(properties, keys[3 + domain]), "%lu", (unsigned long)xd_dataset_count(sets[domain]));
}

void xdi_properties_of_vaes(xdi_properties *properties, const xdi_training *training) {
  static const char *const circumstances[5] = {"vae.library", "vae.backend", "vae.seed", "vae1.pictures",
                                               "vae2.pictures"};
  static const char *const options[2] = {"vae1.options", "vae2.options"};
  static const char *const losses[2] = {"vae1.losses", "vae2.losses"};
  static const char *const prefixes[2] = {"vae1.", "vae2."};
  const xd_dataset *const sets[2] = {xdi_training_pictures(training, 0), xdi_training_pictures(training, 1)};
  properties->count = 0;
  add_circumstances(properties, training, circumstances, sets);
  for (uint32_t domain = 0; domain < 2; domain++) {
    xdi_write_vae(add_key(properties, options[domain]), XDI_PROPERTY_SIZE, &training->settings.vae[domain]);
    append_values(add_key(properties, losses[domain]), training->report, prefixes[domain]);
  }
}

static void describe_validation(char *value, const xdi_training *training, uint32_t direction) {
  static const char *const kept[2] = {"kept_step1", "kept_step2"}, *const ended[2] = {"ended_step1",
                                                                                      "ended_step2"};
  append_values(value, training->report, direction == 0 ? "validation1." : "validation2.");
  append_number(value, "step", xdi_values_get(training->report, kept[direction]));
  if (xd_values_find(training->report, NULL, ended[direction]) == XD_OK)
    append_number(value, "ended", xdi_values_get(training->report, ended[direction]));
  append_number(value, "validate_every", training->settings.validate_every);
}

/* A direction that was not trained has empty values: they take the place of an older mapping's, as does that of
 * where an older one was recovered. */
void xdi_properties_of_mappings(xdi_properties *properties, const xdi_training *training) {
  static const char *const circumstances[5] = {"mapping.library", "mapping.backend", "mapping.seed",
                                               "mapping.pictures1", "mapping.pictures2"};
  static const char *const options[2] = {"mapping1.options", "mapping2.options"};
  static const char *const losses[2] = {"mapping1.losses", "mapping2.losses"};
  static const char *const validations[2] = {"mapping1.validation", "mapping2.validation"};
  static const char *const probes[2] = {"mapping.probe1", "mapping.probe2"};
  static const char *const prefixes[2] = {"mapping1.", "mapping2."};
  static const char *const probed[2] = {"probe1", "probe2"};
  properties->count = 0;
  add_circumstances(properties, training, circumstances, training->input.set);
  if (training->vaes && xd_model_property(training->vaes, XDI_PROPERTY_RECOVERED))
    add_key(properties, XDI_PROPERTY_RECOVERED);
  for (uint32_t direction = 0; direction < 2; direction++) {
    char *value = add_key(properties, options[direction]);
    if (xdi_training_has(training, direction))
      xdi_write_mapping(value, XDI_PROPERTY_SIZE, &training->settings.mapping[direction]);
    append_values(add_key(properties, losses[direction]), training->report, prefixes[direction]);
    value = add_key(properties, validations[direction]);
    if (xdi_training_validates(training, direction) && xdi_training_has(training, direction))
      describe_validation(value, training, direction);
    value = add_key(properties, probes[direction]);
    if (xd_values_find(training->report, NULL, probed[direction]) == XD_OK)
      append_number(value, "acc", xdi_values_get(training->report, probed[direction]));
  }
}
