/* What is made from options, for the tests: options as a text, and networks and trainers of such a text. Include
 * it after support.h. */
#ifndef XD_TESTS_OPTION_SUPPORT_H
#define XD_TESTS_OPTION_SUPPORT_H

#include "support.h"

#include "xdomain/unstable/judge_trainer.h"
#include "xdomain/unstable/mapping_trainer.h"
#include "xdomain/unstable/vae_trainer.h"
#include "xdomain/xdomain.h"

/* The options of a group, changed by a text ("" for the defaults); the caller destroys them. */
static inline xd_options *make_options(xd_context *context, const char *group, const char *text) {
  xd_options *options = NULL;
  assert_ok(context, xd_options_create(&options, context, group));
  assert_ok(context, xd_options_read(options, context, text));
  return options;
}

/* The same where memory may be refused. */
static inline xd_status try_options(xd_options **out, xd_context *context, const char *group,
                                    const char *text) {
  const xd_status status = xd_options_create(out, context, group);
  return status == XD_OK ? xd_options_read(*out, context, text) : status;
}

static inline void change_options(xd_options *options, const char *text) {
  ck_assert_msg(xd_options_read(options, NULL, text) == XD_OK, "the options '%s' are refused", text);
}

static inline double option_of(const xd_options *options, const char *name) {
  double number = -1.0;
  ck_assert_msg(xd_options_get_number(options, NULL, &number, name) == XD_OK, "no option '%s'", name);
  return number;
}

static inline xd_values *make_values(xd_context *context) {
  xd_values *values = NULL;
  assert_ok(context, xd_values_create(&values, context));
  return values;
}

/* A value that there must be. */
static inline double value_of(const xd_values *values, const char *name) {
  double number = 0.0;
  ck_assert_msg(xd_values_find(values, &number, name) == XD_OK, "there is no value '%s'", name);
  return number;
}

/* make_encoder(context, "width=8 height=8 channels=1") and the like: what a creating call makes of options. */
#define MAKE_OF_OPTIONS(type, short_name, group, call) \
  static inline type *make_##short_name(xd_context *context, const char *text) { \
    type *out = NULL; \
    xd_options *options = make_options(context, group, text); \
    assert_ok(context, call); \
    xd_options_destroy(options); \
    return out; \
  }

MAKE_OF_OPTIONS(xd_encoder, encoder, "vae", xd_encoder_create(&out, context, options))
MAKE_OF_OPTIONS(xd_decoder, decoder, "vae", xd_decoder_create(&out, context, options))
MAKE_OF_OPTIONS(xd_latent_generator, generator, "mapping", xd_latent_generator_create(&out, context, options))
MAKE_OF_OPTIONS(xd_pair_discriminator, discriminator, "mapping",
                xd_pair_discriminator_create(&out, context, options))
MAKE_OF_OPTIONS(xd_judge, judge, "judge", xd_judge_create(&out, context, options))
MAKE_OF_OPTIONS(xd_vae_trainer, vae_trainer, "vae", xd_vae_trainer_create(&out, context, NULL, NULL, options))
MAKE_OF_OPTIONS(xd_mapping_trainer, mapping_trainer, "mapping",
                xd_mapping_trainer_create(&out, context, NULL, NULL, options))
MAKE_OF_OPTIONS(xd_judge_trainer, judge_trainer, "judge",
                xd_judge_trainer_create(&out, context, NULL, options))

/* Asserts that a creating call refuses the options of a text, and that its message has a word. */
#define MAKE_REFUSAL_OF_OPTIONS(type, short_name, group, call) \
  static inline void refuse_##short_name(xd_context *context, const char *text, xd_status expected, \
                                         const char *word) { \
    type *out = NULL; \
    xd_options *options = make_options(context, group, text); \
    const xd_status got = (call); \
    ck_assert_msg(got == expected && out == NULL, "'%s' gives %s", text, xd_status_name(got)); \
    assert_message_names(context, word); \
    xd_options_destroy(options); \
  }

MAKE_REFUSAL_OF_OPTIONS(xd_encoder, encoder, "vae", xd_encoder_create(&out, context, options))
MAKE_REFUSAL_OF_OPTIONS(xd_decoder, decoder, "vae", xd_decoder_create(&out, context, options))
MAKE_REFUSAL_OF_OPTIONS(xd_latent_generator, generator, "mapping",
                        xd_latent_generator_create(&out, context, options))
MAKE_REFUSAL_OF_OPTIONS(xd_pair_discriminator, discriminator, "mapping",
                        xd_pair_discriminator_create(&out, context, options))
MAKE_REFUSAL_OF_OPTIONS(xd_judge, judge, "judge", xd_judge_create(&out, context, options))
MAKE_REFUSAL_OF_OPTIONS(xd_vae_trainer, vae_trainer, "vae",
                        xd_vae_trainer_create(&out, context, NULL, NULL, options))
MAKE_REFUSAL_OF_OPTIONS(xd_mapping_trainer, mapping_trainer, "mapping",
                        xd_mapping_trainer_create(&out, context, NULL, NULL, options))
MAKE_REFUSAL_OF_OPTIONS(xd_judge_trainer, judge_trainer, "judge",
                        xd_judge_trainer_create(&out, context, NULL, options))

#endif
