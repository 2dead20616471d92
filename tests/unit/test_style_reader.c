/* Where a mapping that keeps style looks for it. */
#include "training_support.h"

#include "train/style_reader.h"

#define PICTURES 240u
#define LATENT 8u

/* One domain twice: the same VAE, hardly trained, and the same pictures. */
typedef struct fixture {
  xd_context *context;
  xd_model *model;
  xd_dataset *sets[2];
  xd_pairing *pairing;
  xdi_mapping_material material;
} fixture;

static xd_model *make_model(xd_context *context, const xd_dataset *set) {
  xd_model_parts parts = XD_MODEL_PARTS_INIT;
  xd_encoder *encoder = NULL;
  xd_decoder *decoder = NULL;
  xd_model *model = NULL;
  xd_options *options =
      make_options(context, "vae", "latent_dim=8 base_channels=8 depth=1 hidden1=64 min_steps=100 epochs=1");
  assert_ok(context, xd_train_vae(&encoder, &decoder, context, NULL, set, NULL, options));
  parts.encoder[0] = parts.encoder[1] = encoder;
  parts.decoder[0] = parts.decoder[1] = decoder;
  assert_ok(context, xd_model_create(&model, context, &parts));
  xd_encoder_release(encoder);
  xd_decoder_release(decoder);
  xd_options_destroy(options);
  return model;
}

static fixture open_fixture(const char *pairs) {
  fixture f = {.context = test_context_with("auto", 2, NULL)};
  const xdi_codes_options plain = {.samples = 0};
  f.sets[0] = make_patterns(f.context, PATTERN_ROW, 3, PICTURES, 1);
  f.sets[1] = xd_dataset_retain(f.sets[0]);
  f.model = make_model(f.context, f.sets[0]);
  f.pairing = make_pairing(f.context, pairs);
  f.material.model = f.model;
  for (uint32_t domain = 0; domain < 2; domain++) {
    const xd_network *encoder = xd_encoder_network(xd_model_encoder(f.model, domain + 1));
    assert_ok(f.context,
              xdi_pools_open(&f.material.pools[domain], f.context, f.sets[domain], f.pairing, domain + 1));
    assert_ok(f.context,
              xdi_codes_open(&f.material.codes[domain], f.context, encoder, f.sets[domain], &plain));
  }
  return f;
}

static void close_fixture(fixture *f) {
  xdi_mapping_material_close(&f->material);
  xd_dataset_release(f->sets[0]);
  xd_dataset_release(f->sets[1]);
  xd_pairing_release(f->pairing);
  xd_model_release(f->model);
  xd_context_destroy(f->context);
}

static xdi_style_reader open_reader(fixture *f) {
  const xd_dataset *const sets[2] = {f->sets[0], f->sets[1]};
  xdi_style_reader reader;
  assert_ok(f->context, xdi_style_reader_open(&reader, f->context, &f->material, sets, 0));
  return reader;
}

static const float *code_of(const fixture *f, uint32_t picture) {
  return f->material.codes[0].values + (size_t)picture * 2 * LATENT;
}

static void read_code(const xdi_style_reader *reader, double *to, const float *code) {
  for (uint32_t k = 0; k < reader->dim; k++) {
    to[k] = 0.0;
    for (uint32_t j = 0; j < LATENT; j++)
      to[k] += (double)code[j] * (double)reader->reader[j * reader->dim + k];
  }
}

/* What is read from a picture's own code is what is wanted of it, and varies by 1 on the average. */
START_TEST(style_reader__finds_a_domains_own_style_where_it_is) {
  fixture f = open_fixture("0:0,1:1,2:2");
  xdi_style_reader reader = open_reader(&f);
  double read[LATENT], apart = 0.0, varies = 0.0;
  float wanted[LATENT], other[LATENT];
  ck_assert_msg(reader.dim > 0 && reader.dim < LATENT, "%u components", reader.dim);
  for (uint32_t i = 0; i < PICTURES; i++) {
    read_code(&reader, read, code_of(&f, i));
    xdi_style_reader_want(&reader, wanted, code_of(&f, i), i % 3);
    xdi_style_reader_want(&reader, other, code_of(&f, (i + 3) % PICTURES), i % 3);
    for (uint32_t k = 0; k < reader.dim; k++) {
      apart += pow(read[k] - (double)wanted[k], 2) / (PICTURES * reader.dim);
      varies += pow((double)other[k] - (double)wanted[k], 2) / (2.0 * PICTURES * reader.dim);
    }
  }
  ck_assert_msg(apart < 0.02, "read and wanted are %g apart", apart);
  ck_assert_msg(varies > 0.7 && varies < 1.3, "what is wanted varies by %g", varies);
  xdi_style_reader_close(&reader);
  close_fixture(&f);
}
END_TEST

/* A class that becomes another one: its mean's place is taken by the other's. */
START_TEST(style_reader__puts_the_targets_class_in_the_sources_place) {
  fixture f = open_fixture("0:1,1:2,2:0");
  xdi_style_reader reader = open_reader(&f);
  double read[LATENT], of_source[LATENT] = {0.0}, of_target[LATENT] = {0.0};
  float wanted[LATENT];
  for (uint32_t i = 0; i < PICTURES; i++) {
    xdi_style_reader_want(&reader, wanted, code_of(&f, i), 0);
    read_code(&reader, read, code_of(&f, i));
    for (uint32_t k = 0; k < reader.dim; k++) {
      of_source[k] += i % 3 == 0 ? (double)wanted[k] / (PICTURES / 3) : 0.0;
      of_target[k] += i % 3 == 1 ? read[k] / (PICTURES / 3) : 0.0;
    }
  }
  for (uint32_t k = 0; k < reader.dim; k++)
    assert_near(of_source[k], of_target[k], 1e-4, "the class's mean");
  xdi_style_reader_close(&reader);
  close_fixture(&f);
}
END_TEST

/* Dark on light is seen as light on dark. */
START_TEST(style_reader__sees_pictures_on_the_sources_ground) {
  fixture f = open_fixture("0:0,1:1,2:2");
  xdi_style_reader reader = open_reader(&f);
  uint8_t *pixels = malloc(PICTURES * PATTERN_SIZE);
  uint32_t labels[PICTURES];
  ck_assert_ptr_nonnull(pixels);
  for (uint32_t i = 0; i < PICTURES; i++) {
    labels[i] = xd_dataset_label(f.sets[1], i);
    for (uint32_t j = 0; j < PATTERN_SIZE; j++)
      pixels[i * PATTERN_SIZE + j] = (uint8_t)(255 - xd_dataset_pixels(f.sets[1], i)[j]);
  }
  xd_dataset_release(f.sets[1]);
  assert_ok(f.context, xd_dataset_create(&f.sets[1], f.context, pixels, labels, PICTURES, SIDE, SIDE, 1));
  xdi_style_reader inverted = open_reader(&f);
  ck_assert_uint_eq(inverted.dim, reader.dim);
  for (uint32_t i = 0; i < LATENT * reader.dim; i++)
    assert_near((double)inverted.reader[i], (double)reader.reader[i], 1e-3, "the reader");
  xdi_style_reader_close(&inverted);
  xdi_style_reader_close(&reader);
  free(pixels);
  close_fixture(&f);
}
END_TEST

static Suite *make_suite(void) {
  Suite *suite = suite_create("style_reader");
  add_case(suite, style_reader__finds_a_domains_own_style_where_it_is);
  add_case(suite, style_reader__puts_the_targets_class_in_the_sources_place);
  add_case(suite, style_reader__sees_pictures_on_the_sources_ground);
  return suite;
}

XD_SUITE_MAIN(make_suite)
