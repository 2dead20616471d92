/* Reading the options of a whole training: nested structs of any version, defaults, and what the sets
 * decide. */
#include <string.h>

#include "base/memory.h"
#include "train/seeds.h"
#include "train/training.h"

void xd_train_options_init(xd_train_options *options, size_t struct_size) {
  const xd_train_options defaults = XD_TRAIN_OPTIONS_INIT;
  xdi_hand_options(options, struct_size, &defaults, sizeof defaults);
}

static xd_status refuse_size(xd_context *context, const char *name) {
  return xdi_fail(context, XD_ERROR_INVALID_ARGUMENT, "%s.struct_size is wrong", name);
}

/* The pictures' shape is the set's unless the caller named one, which then must be the set's. */
static xd_status read_architecture(xdi_training *training, uint32_t domain) {
  xd_context *context = training->context;
  xd_vae_architecture *to = &training->architecture[domain];
  const xd_vae_architecture *from = training->vae[domain].architecture;
  const xd_dataset *set = training->sets[domain];
  *to = (xd_vae_architecture)XD_VAE_ARCHITECTURE_INIT;
  if (from && !xdi_read_options(to, sizeof *to, from))
    return refuse_size(context, "xd_vae_architecture");
  if (!from || (to->height == 0 && to->width == 0 && to->channels == 0)) {
    to->height = xd_dataset_height(set);
    to->width = xd_dataset_width(set);
    to->channels = xd_dataset_channels(set);
  }
  training->vae[domain].architecture = to;
  if (to->height == xd_dataset_height(set) && to->width == xd_dataset_width(set) &&
      to->channels == xd_dataset_channels(set))
    return XD_OK;
  return xdi_fail(context, XD_ERROR_SHAPE_MISMATCH,
                  "the architecture of domain %u takes pictures of %ux%ux%u, its set has %ux%ux%u",
                  domain + 1, to->width, to->height, to->channels, xd_dataset_width(set),
                  xd_dataset_height(set), xd_dataset_channels(set));
}

static xd_status read_vae(xdi_training *training, uint32_t domain, bool with_vae) {
  xd_vae_options *to = &training->vae[domain];
  *to = (xd_vae_options)XD_VAE_OPTIONS_INIT;
  if (training->options.vae[domain] && !xdi_read_options(to, sizeof *to, training->options.vae[domain]))
    return refuse_size(training->context, "xd_vae_options");
  to->seed = xdi_seed_of(training->options.seed, domain == 0 ? XDI_SEED_VAE1 : XDI_SEED_VAE2);
  if (to->batch == 0)
    return xdi_fail(training->context, XD_ERROR_INVALID_ARGUMENT, "xd_vae_options.batch cannot be 0");
  return with_vae ? read_architecture(training, domain) : XD_OK;
}

static xd_status check_augmentation(xd_context *context, const xd_mapping_options *options) {
  const struct {
    const char *name;
    float value;
  } fields[] = {{"augment", options->augment},
                {"augment_colour", options->augment_colour},
                {"augment_blur", options->augment_blur}};
  for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
    if (!(fields[i].value >= 0.0f && fields[i].value <= 4.0f))
      return xdi_fail(context, XD_ERROR_INVALID_ARGUMENT, "xd_mapping_options.%s cannot be %g",
                      fields[i].name, (double)fields[i].value);
    if (fields[i].value > 0.0f && options->codes_per_picture == 0)
      return xdi_fail(context, XD_ERROR_INVALID_ARGUMENT,
                      "xd_mapping_options.%s needs cached codes, but codes_per_picture is 0", fields[i].name);
  }
  return XD_OK;
}

static xd_status read_mapping(xdi_training *training, uint32_t direction) {
  xd_mapping_options *to = &training->mapping[direction];
  *to = (xd_mapping_options)XD_MAPPING_OPTIONS_INIT;
  if (training->options.mapping[direction] &&
      !xdi_read_options(to, sizeof *to, training->options.mapping[direction]))
    return refuse_size(training->context, "xd_mapping_options");
  to->seed =
      xdi_seed_of(training->options.seed, direction == 0 ? XDI_SEED_MAPPING_1TO2 : XDI_SEED_MAPPING_2TO1);
  if (to->steps == 0 || to->steps > UINT32_MAX / 128)
    return xdi_fail(training->context, XD_ERROR_INVALID_ARGUMENT, "xd_mapping_options.steps cannot be %u",
                    to->steps);
  if (to->codes_per_picture > 1024)
    return xdi_fail(training->context, XD_ERROR_INVALID_ARGUMENT,
                    "xd_mapping_options.codes_per_picture cannot be %u", to->codes_per_picture);
  return check_augmentation(training->context, to);
}

static xd_status check_directions(const xdi_training *training, bool with_vae) {
  const uint32_t directions = training->options.directions;
  if (directions > 3 || (directions == 0 && !with_vae))
    return xdi_fail(training->context, XD_ERROR_INVALID_ARGUMENT, "xd_train_options.directions cannot be %u",
                    directions);
  if (directions == 3 && training->mapping[0].codes_per_picture != training->mapping[1].codes_per_picture)
    return xdi_fail(training->context, XD_ERROR_INVALID_ARGUMENT,
                    "codes_per_picture is %u in one direction and %u in the other",
                    training->mapping[0].codes_per_picture, training->mapping[1].codes_per_picture);
  return XD_OK;
}

xd_status xdi_training_read(xdi_training *training, const xd_train_options *options, bool with_vae) {
  training->options = (xd_train_options)XD_TRAIN_OPTIONS_INIT;
  if (options && !xdi_read_options(&training->options, sizeof training->options, options))
    return refuse_size(training->context, "xd_train_options");
  if (training->options.reserved != 0)
    return xdi_fail(training->context, XD_ERROR_INVALID_ARGUMENT, "xd_train_options.reserved cannot be %u",
                    training->options.reserved);
  xd_status status = XD_OK;
  for (uint32_t i = 0; status == XD_OK && i < 2; i++)
    status = read_vae(training, i, with_vae);
  for (uint32_t i = 0; status == XD_OK && i < 2; i++)
    status = read_mapping(training, i);
  return status == XD_OK ? check_directions(training, with_vae) : status;
}
