/* Options as the rooms that use them read them: one struct a group, one field a row. */
#ifndef XDI_OPTIONS_SETTINGS_H
#define XDI_OPTIONS_SETTINGS_H

#include "base/context.h"
#include "options/rows.h"
#include "xdomain/options.h"

#define XDI_TYPE_COUNT uint32_t
#define XDI_TYPE_SEED uint64_t
#define XDI_TYPE_REAL float
#define XDI_TYPE_SWITCH uint32_t
#define XDI_TYPE_CHOICE uint32_t
#define XDI_FIELD(kind, name, least, most, initial, unit, help) XDI_TYPE_##kind name;

typedef struct xdi_vae_settings {
  XDI_VAE_ROWS(XDI_FIELD)
} xdi_vae_settings;

typedef struct xdi_mapping_settings {
  XDI_MAPPING_ROWS(XDI_FIELD)
} xdi_mapping_settings;

typedef struct xdi_judge_settings {
  XDI_JUDGE_ROWS(XDI_FIELD)
} xdi_judge_settings;

typedef struct xdi_evaluation_settings {
  XDI_EVALUATION_ROWS(XDI_FIELD)
} xdi_evaluation_settings;

typedef struct xdi_train_settings {
  XDI_TRAIN_ROWS(XDI_FIELD)
  xdi_vae_settings vae[2];
  xdi_mapping_settings mapping[2]; /* [0] 1 to 2 */
} xdi_train_settings;

#undef XDI_FIELD

/* The values of vae.likelihood. */
enum { XDI_LIKELIHOOD_GAUSSIAN, XDI_LIKELIHOOD_BERNOULLI };

/* Fill *to from options of that group; NULL options are the defaults. XD_ERROR_INVALID_ARGUMENT: options of
 * another group. */
xd_status xdi_read_vae(xdi_vae_settings *to, xd_context *context, const xd_options *options);
xd_status xdi_read_mapping(xdi_mapping_settings *to, xd_context *context, const xd_options *options);
xd_status xdi_read_judge(xdi_judge_settings *to, xd_context *context, const xd_options *options);
xd_status xdi_read_evaluation(xdi_evaluation_settings *to, xd_context *context, const xd_options *options);
xd_status xdi_read_train(xdi_train_settings *to, xd_context *context, const xd_options *options);

/* Steps of a mapping between so many groups of paired classes. */
uint32_t xdi_mapping_steps(const xdi_mapping_settings *settings, uint32_t groups);

/* All of a VAE's or a mapping's settings but the seed as a text that xd_options_read reads, "name=value" with
 * blanks between; false where `size` has no room for it. */
bool xdi_write_vae(char *to, size_t size, const xdi_vae_settings *settings);
bool xdi_write_mapping(char *to, size_t size, const xdi_mapping_settings *settings);

/* Every option of a group's settings, by its full name ("latent_dim", of a whole training "vae1.latent_dim") and
 * its value as text. */
void xdi_each_option(const char *group, const void *settings,
                     void (*visit)(void *user, const char *name, const char *value), void *user);

#endif
