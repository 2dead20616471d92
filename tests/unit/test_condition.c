/* Generators from conditions that are no pictures: the model, its file, batches, and trainings. */
#include "training_support.h"

#include "tiny_model.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "base/memory.h"
#include "format/wire.h"
#include "train/condition_sampler.h"

#define CLASSES 3u
#define PICTURES 360u

static xd_context *context;
static char *folder;
static char path[TEST_PATH_SIZE];

static void set_up(void) {
  context = test_context("auto");
  folder = make_temp_folder();
  path_in(path, folder, "conditions.xdm");
}

static void tear_down(void) {
  xd_context_destroy(context);
  remove_folder(folder);
}

/* ---- The model ---- */

/* Domain 2 of the tiny model, whose G1 reads conditions of four values. */
static xd_status make_tiny(xd_model **out, xd_context *with, xd_model_parts *changed) {
  static const char *const names[] = {"cat", "dog", "", "owl"};
  xd_model *tiny = tiny_model(context, false);
  xd_latent_generator *generator =
      make_generator(context, "source_dim=4 target_dim=3 hidden_width=4 hidden_layers=1");
  xd_model_parts parts = XD_MODEL_PARTS_INIT;
  parts.encoder[1] = xd_model_encoder(tiny, 2);
  parts.decoder[1] = xd_model_decoder(tiny, 2);
  parts.generator[0] = generator;
  parts.class_names[0] = names;
  parts.class_count[0] = 4;
  if (changed) {
    changed->encoder[1] = xd_model_encoder(tiny, 2);
    changed->decoder[1] = xd_model_decoder(tiny, 2);
  }
  const xd_status status = xd_model_create(out, with, changed ? changed : &parts);
  xd_latent_generator_release(generator);
  xd_model_release(tiny);
  return status;
}

static xd_model *conditions_model(void) {
  xd_model *model = NULL;
  assert_ok(context, make_tiny(&model, context, NULL));
  return model;
}

START_TEST(condition_model__has_no_pictures_in_domain_1) {
  xd_model *model = conditions_model();
  xd_shape shape;
  xd_model_picture_shape(model, 1, &shape);
  ck_assert(shape.width == 0 && shape.height == 0 && shape.channels == 0);
  ck_assert_uint_eq(xd_model_latent_dim(model, 1), 4);
  ck_assert_uint_eq(xd_model_latent_dim(model, 2), 3);
  ck_assert_ptr_null(xd_model_encoder(model, 1));
  ck_assert_ptr_null(xd_model_decoder(model, 1));
  ck_assert_str_eq(xd_model_class_name(model, 1, 3), "owl");
  xd_model_release(model);
}
END_TEST

START_TEST(condition_model__needs_a_way_from_its_conditions_and_none_to_them) {
  xd_model *tiny = tiny_model(context, true), *model = NULL;
  for (int i = 0; i < 5; i++) {
    xd_model_parts parts = XD_MODEL_PARTS_INIT;
    parts.generator[0] = i == 0 ? NULL : xd_model_generator(tiny, XD_DIRECTION_1TO2);
    parts.generator[1] = i == 1 ? xd_model_generator(tiny, XD_DIRECTION_2TO1) : NULL;
    parts.discriminator[0] = i == 2 ? xd_model_discriminator(tiny, 1) : NULL;
    parts.encoder[0] = i == 3 ? xd_model_encoder(tiny, 1) : NULL;
    parts.decoder[0] = i == 4 ? xd_model_decoder(tiny, 1) : NULL;
    static const char *const words[] = {"G1", "G2", "D1", "decoder of domain 1", "encoder of domain 1"};
    assert_status(make_tiny(&model, context, &parts), XD_ERROR_INVALID_ARGUMENT);
    assert_message_names(context, words[i]);
    ck_assert_ptr_null(model);
  }
  xd_model_release(tiny);
}
END_TEST

START_TEST(condition_model__has_no_more_names_than_its_conditions_have_values) {
  static const char *const names[] = {"0", "1", "2"};
  xd_latent_generator *generator =
      make_generator(context, "source_dim=2 target_dim=3 hidden_width=4 hidden_layers=1");
  xd_model *model = NULL;
  xd_model_parts parts = XD_MODEL_PARTS_INIT;
  parts.generator[0] = generator;
  parts.class_names[0] = names;
  parts.class_count[0] = 3;
  assert_status(make_tiny(&model, context, &parts), XD_ERROR_SHAPE_MISMATCH);
  assert_message_names(context, "names of 3 classes, but the generator G1 takes conditions of 2 values");
  ck_assert_ptr_null(model);
  parts.class_count[0] = 2;
  assert_ok(context, make_tiny(&model, context, &parts));
  xd_model_release(model);
  xd_latent_generator_release(generator);
}
END_TEST

/* A translator generates and decodes what generator and decoder make by hand, and has nothing to encode. */
START_TEST(condition_model__is_translated_from_conditions) {
  enum { MOST = 4096 };
  xd_model *model = conditions_model();
  xd_translator *translator = NULL;
  static float conditions[2 * MOST], noise[2 * MOST], codes[2 * MOST], by_hand[2 * MOST], pictures[2 * MOST],
      drawn[2 * MOST];
  xd_shape in, out;
  assert_ok(context, xd_translator_create(&translator, context, model, NULL));
  xd_translator_input_shape(translator, &in);
  xd_translator_output_shape(translator, &out);
  const uint32_t source = xd_translator_source_dim(translator), target = xd_translator_target_dim(translator);
  const size_t cells = (size_t)out.width * out.height * out.channels;
  ck_assert(in.width == 0 && source == xd_model_latent_dim(model, 1) && source <= MOST && cells <= MOST);
  conditions[0] = conditions[2 * source - 1] = 1.0f;
  xd_latent_noise(noise, 2, target, 0, 0, 1.0f);
  assert_ok(context, xd_translator_generate(translator, codes, NULL, conditions, 2));
  assert_ok(context, xd_latent_generator_generate(xd_model_generator(model, XD_DIRECTION_1TO2), context,
                                                  by_hand, noise, conditions, 2));
  ck_assert_mem_eq(codes, by_hand, 2 * target * sizeof *codes);
  assert_ok(context, xd_translator_decode_floats(translator, pictures, codes, 2));
  assert_ok(context, xd_decoder_decode(xd_model_decoder(model, 2), context, drawn, codes, 2));
  ck_assert_mem_eq(pictures, drawn, 2 * cells * sizeof *pictures);
  assert_status(xd_translator_encode_floats(translator, codes, pictures, 1), XD_ERROR_UNSUPPORTED);
  assert_status(xd_translator_run_floats(translator, drawn, NULL, pictures, 1), XD_ERROR_UNSUPPORTED);
  assert_message_names(context, "conditions");
  xd_translator_destroy(translator);
  xd_model_release(model);
}
END_TEST

/* Mappings want pictures of both domains. */
START_TEST(condition_model__is_refused_where_pictures_are_wanted) {
  xd_model *model = conditions_model(), *mapped = NULL;
  xd_dataset *set = make_patterns(context, PATTERN_ROW, 2, 8, 1);
  xd_pairing *pairing = make_pairing(context, "0:0,1:1");
  xd_train_input input = XD_TRAIN_INPUT_INIT;
  input.set[0] = input.set[1] = set;
  input.pairing = pairing;
  assert_status(xd_map(&mapped, context, NULL, model, &input, NULL, NULL), XD_ERROR_UNSUPPORTED);
  assert_message_names(context, "conditions");
  xd_pairing_release(pairing);
  xd_dataset_release(set);
  xd_model_release(model);
}
END_TEST

/* ---- The file ---- */

static unsigned char *save_conditions(size_t *size) {
  xd_model *model = conditions_model();
  assert_ok(context, xd_model_save(model, context, path, NULL));
  xd_model_release(model);
  return read_test_file(path, size);
}

START_TEST(condition_file__comes_back_with_the_same_bytes) {
  size_t size, again;
  unsigned char *bytes = save_conditions(&size);
  xd_model *model = NULL;
  assert_ok(context, xd_model_load(&model, context, path));
  ck_assert_uint_eq(xd_model_latent_dim(model, 1), 4);
  ck_assert_uint_eq(xd_model_class_count(model, 1), 4);
  assert_ok(context, xd_model_save(model, context, path, NULL));
  unsigned char *second = read_test_file(path, &again);
  ck_assert_uint_eq(size, again);
  ck_assert_mem_eq(bytes, second, size);
  assert_ok(context, xd_file_verify(context, path));
  xd_model_release(model);
  free(bytes);
  free(second);
}
END_TEST

/* A reader of version 1.1 refuses a required chunk that it does not know; files of pictures say nothing new. */
START_TEST(condition_file__says_what_older_readers_do_not_know) {
  xd_file_info info = XD_FILE_INFO_INIT;
  xd_chunk chunks[8];
  size_t size;
  free(save_conditions(&size));
  for (int i = 0; i < 8; i++)
    xd_chunk_init(&chunks[i], sizeof *chunks);
  assert_ok(context, xd_file_inspect(context, &info, chunks, 8, path));
  ck_assert_uint_eq(info.major, 1);
  ck_assert_uint_eq(info.minor, 2);
  ck_assert_uint_eq(info.chunk_count, 6);
  ck_assert_str_eq(chunks[5].tag, "COND");
  ck_assert_uint_eq(chunks[5].required, 1);
  xd_model *tiny = tiny_model(context, true);
  assert_ok(context, xd_model_save(tiny, context, path, NULL));
  assert_ok(context, xd_file_inspect(context, &info, NULL, 0, path));
  ck_assert_uint_eq(info.minor, 0);
  ck_assert_uint_eq(info.chunk_count, 5);
  xd_model_release(tiny);
}
END_TEST

/* Makes the checksums right again of all chunks and of the header. */
static void reseal(unsigned char *bytes) {
  const size_t table = xdi_at_u32(bytes + 20) * (size_t)40;
  XXH3_state_t state;
  for (unsigned char *entry = bytes + 64; entry < bytes + 64 + table; entry += 40)
    xdi_set_u64(entry + 32, XXH3_64bits(bytes + xdi_at_u64(entry + 16), (size_t)xdi_at_u64(entry + 24)));
  XXH3_64bits_reset(&state);
  XXH3_64bits_update(&state, bytes, 56);
  XXH3_64bits_update(&state, bytes + 64, table);
  xdi_set_u64(bytes + 56, XXH3_64bits_digest(&state));
}

static void assert_refused(unsigned char *bytes, size_t size, xd_status expected, const char *word) {
  xd_model *model = NULL;
  xd_source source = XD_SOURCE_INIT;
  source.data = bytes;
  source.size = size;
  reseal(bytes);
  assert_status(xd_model_load_source(&model, context, &source), expected);
  assert_message_names(context, word);
  ck_assert_ptr_null(model);
}

/* COND stands last, in the table and in the file. */
START_TEST(condition_file__refuses_contradictions) {
  size_t size;
  unsigned char *bytes = save_conditions(&size), *entry = bytes + 64 + 40 * 5;
  xdi_set_u32(bytes + size - 4, 5);
  assert_refused(bytes, size, XD_ERROR_BAD_DATA, "sizes");
  xdi_set_u32(bytes + size - 4, 0);
  assert_refused(bytes, size, XD_ERROR_BAD_DATA, "COND");
  xdi_set_u32(bytes + size - 4, 4);
  memcpy(entry, "SAND", 4);
  assert_refused(bytes, size, XD_ERROR_UNSUPPORTED, "SAND");
  xdi_set_u32(entry + 8, 0); /* no required chunk any more: a model that lacks networks */
  assert_refused(bytes, size, XD_ERROR_BAD_DATA, "missing");
  free(bytes);
}
END_TEST

/* DOMS begins with an empty name, three sizes of 0, the values of a condition and the count of names, whose bytes
 * are enough for a fifth. */
START_TEST(condition_file__refuses_more_names_than_values) {
  size_t size;
  unsigned char *bytes = save_conditions(&size), *count = bytes + xdi_at_u64(bytes + 64 + 16) + 20;
  ck_assert_uint_eq(xdi_at_u32(count), 4);
  memset(count, 0, 4 + 4 * 4 + strlen("catdogowl"));
  xdi_set_u32(count, 5);
  xdi_set_u32(count + 4, 5);
  memcpy(count + 8, "label", 5);
  assert_refused(bytes, size, XD_ERROR_BAD_DATA, "names of 5 classes");
  free(bytes);
}
END_TEST

/* ---- Batches ---- */

/* Codes that tell where they come from: [picture, label]. */
static xdi_codes make_codes(const xd_dataset *set) {
  xdi_codes codes = {xdi_heap, xd_dataset_count(set), 2, 1, NULL};
  codes.values = xdi_allocate(&xdi_heap, (size_t)codes.count * 2, sizeof(float));
  ck_assert_ptr_nonnull(codes.values);
  for (uint32_t i = 0; i < codes.count; i++) {
    codes.values[2 * i] = (float)i;
    codes.values[2 * i + 1] = (float)xd_dataset_label(set, i);
  }
  return codes;
}

static void open_sampler(xdi_condition_sampler *sampler, const xd_dataset *set, const xdi_codes *codes,
                         const float *vectors, uint32_t dim) {
  const xdi_condition_sampler_options options = {
      .set = set, .codes = codes, .vectors = vectors, .dim = dim, .batch = 64, .seed = 3};
  assert_ok(context, xdi_condition_sampler_open(sampler, context, &options));
}

/* Classes 1 to 3, of which the first has half of the pictures. */
static xd_dataset *uneven_set(void) {
  uint8_t pixels[40 * 64] = {0};
  uint32_t labels[40];
  xd_dataset *set = NULL;
  for (uint32_t i = 0; i < 40; i++)
    labels[i] = i % 4 < 2 ? 1 : i % 4;
  assert_ok(context, xd_dataset_create(&set, context, pixels, labels, 40, 8, 8, 1));
  return set;
}

START_TEST(condition_sampler__draws_labels_alike_often_with_their_codes) {
  xd_dataset *set = uneven_set();
  xdi_codes codes = make_codes(set);
  xdi_condition_sampler sampler;
  xd_mapping_batch batch;
  uint32_t drawn[4] = {0};
  open_sampler(&sampler, set, &codes, NULL, 4);
  ck_assert_uint_eq(sampler.group_count, 3);
  for (uint32_t step = 0; step < 20; step++) {
    xdi_condition_sampler_draw(&sampler, &batch, step);
    for (uint32_t i = 0; i < 64; i++) {
      const uint32_t label = (uint32_t)batch.positive[2 * i + 1];
      drawn[label]++;
      for (uint32_t j = 0; j < 4; j++)
        ck_assert(batch.source[4 * i + j] == (j == label ? 1.0f : 0.0f));
      ck_assert(batch.mismatched[2 * i + 1] != (float)label);
      ck_assert(memcmp(batch.anchor + 2 * i, batch.wrong_anchor + 2 * i, 2 * sizeof(float)) != 0);
    }
  }
  for (uint32_t label = 1; label < 4; label++)
    ck_assert_msg(abs((int)drawn[label] - 427) < 80, "class %u is drawn %u times of 1280", label,
                  drawn[label]);
  xdi_condition_sampler_close(&sampler);
  xdi_codes_close(&codes);
  xd_dataset_release(set);
}
END_TEST

/* Equal vectors are one condition; others are their own, and never meet their own pictures as wrong ones. */
START_TEST(condition_sampler__keeps_pictures_with_their_vectors) {
  xd_dataset *set = uneven_set();
  xdi_codes codes = make_codes(set);
  xdi_condition_sampler sampler;
  xd_mapping_batch batch;
  float vectors[40 * 2];
  for (uint32_t i = 0; i < 40; i++)
    vectors[2 * i] = i % 16 == 8 ? -0.0f : (float)(i % 8), vectors[2 * i + 1] = 0.5f;
  open_sampler(&sampler, set, &codes, vectors, 2);
  ck_assert_uint_eq(sampler.group_count, 8);
  xdi_condition_sampler_draw(&sampler, &batch, 7);
  for (uint32_t i = 0; i < 64; i++) {
    ck_assert_uint_eq((uint32_t)batch.positive[2 * i] % 8, (uint32_t)batch.source[2 * i]);
    ck_assert_uint_ne((uint32_t)batch.mismatched[2 * i] % 8, (uint32_t)batch.source[2 * i]);
    ck_assert(batch.source[2 * i + 1] == 0.5f);
  }
  xdi_condition_sampler_close(&sampler);
  for (uint32_t i = 0; i < 40; i++)
    vectors[2 * i] = 1.0f;
  open_sampler(&sampler, set, &codes, vectors, 2);
  xdi_condition_sampler_draw(&sampler, &batch, 7);
  ck_assert(batch.mismatched == NULL && batch.wrong_anchor == NULL);
  xdi_condition_sampler_close(&sampler);
  xdi_codes_close(&codes);
  xd_dataset_release(set);
}
END_TEST

/* ---- Training ---- */

typedef struct fixture {
  xd_dataset *set;
  xd_encoder *encoder;
  xd_decoder *decoder;
  xd_generator_input input;
  const xd_run *run;
} fixture;

static void open_fixture(fixture *f, const char *vae) {
  f->set = make_patterns(context, PATTERN_ROW, CLASSES, PICTURES, 1);
  xd_options *options = make_options(context, "vae", vae);
  assert_ok(context, xd_train_vae(&f->encoder, &f->decoder, context, NULL, f->set, NULL, options));
  xd_options_destroy(options);
  f->run = NULL;
  f->input = (xd_generator_input)XD_GENERATOR_INPUT_INIT;
  f->input.encoder = f->encoder;
  f->input.decoder = f->decoder;
  f->input.set = f->set;
}

static void close_fixture(fixture *f) {
  xd_encoder_release(f->encoder);
  xd_decoder_release(f->decoder);
  xd_dataset_release(f->set);
}

#define QUICK_VAE PATTERN_VAE " epochs=1 min_steps=4 batch=32"
#define QUICK_MAPPING "hidden_width=16 hidden_layers=1 batch=16 steps=6 seed=5"

static xd_status train(const fixture *f, xd_model **out, xd_values *report, const char *mapping) {
  xd_options *options = make_options(context, "mapping", mapping);
  const xd_status status = xd_train_generator(out, context, report, &f->input, f->run, options);
  xd_options_destroy(options);
  return status;
}

START_TEST(train_generator__gives_a_model_of_labels_on_the_same_vae) {
  fixture f;
  xd_model *model = NULL;
  xd_values *report = make_values(context);
  open_fixture(&f, QUICK_VAE);
  f.input.name = "patterns";
  assert_ok(context, train(&f, &model, report, QUICK_MAPPING " steps=0 steps_per_pair=1"));
  ck_assert_ptr_eq(xd_model_encoder(model, 2), f.encoder);
  ck_assert_ptr_eq(xd_model_decoder(model, 2), f.decoder);
  ck_assert_uint_eq(xd_model_latent_dim(model, 1), CLASSES);
  ck_assert_uint_eq(xd_model_class_count(model, 1), CLASSES);
  ck_assert_str_eq(xd_model_class_name(model, 1, 2), "2");
  ck_assert_str_eq(xd_model_name(model, 2), "patterns");
  ck_assert_str_eq(xd_model_pairing(model), "0:0,1:1,2:2");
  ck_assert_str_eq(xd_model_property(model, "mapping.pictures2"), "360");
  ck_assert(strstr(xd_model_property(model, "mapping1.options"), "hidden_width=16 ") != NULL);
  ck_assert(strstr(xd_model_property(model, "mapping1.options"), " steps=10 ") != NULL);
  ck_assert(strstr(xd_model_property(model, "mapping1.options"), " augment=0 augment_elastic=0 ") != NULL);
  ck_assert(value_of(report, "mapping1.discriminator") > 0.0);
  ck_assert(value_of(report, "seconds") >= value_of(report, "seconds.mapping1"));
  xd_values_destroy(report);
  xd_model_release(model);
  close_fixture(&f);
}
END_TEST

static unsigned char *bytes_of(const xd_model *model, size_t *size) {
  assert_ok(context, xd_model_save(model, context, path, NULL));
  return read_test_file(path, size);
}

START_TEST(train_generator__gives_the_same_bytes_for_the_same_seed) {
  static const char *const mappings[] = {QUICK_MAPPING, QUICK_MAPPING, QUICK_MAPPING " seed=6"};
  fixture f;
  unsigned char *bytes[3];
  size_t sizes[3];
  open_fixture(&f, QUICK_VAE);
  for (int i = 0; i < 3; i++) {
    xd_model *model = NULL;
    assert_ok(context, train(&f, &model, NULL, mappings[i]));
    bytes[i] = bytes_of(model, &sizes[i]);
    xd_model_release(model);
  }
  ck_assert(sizes[0] == sizes[1] && memcmp(bytes[0], bytes[1], sizes[0]) == 0);
  ck_assert(sizes[0] != sizes[2] || memcmp(bytes[0], bytes[2], sizes[0]) != 0);
  for (int i = 0; i < 3; i++)
    free(bytes[i]);
  close_fixture(&f);
}
END_TEST

static int stop_at_third(void *user, const xd_progress *progress) {
  (void)user;
  return progress->stage == XD_STAGE_MAPPING1 && progress->step == 3;
}

START_TEST(train_generator__refuses_what_it_cannot_train_on) {
  static float vectors[PICTURES * 2];
  static const struct {
    uint32_t dim;
    int drop; /* 1: encoder, 2: decoder, 3: set, 4: a value; 5: stops, 6: a checkpoint, 7: a resumption, 8: a long name */
    const char *options, *word;
    xd_status status;
  } cases[] = {{0, 1, "", "encoder", XD_ERROR_INVALID_ARGUMENT},
               {0, 2, "", "decoder", XD_ERROR_INVALID_ARGUMENT},
               {0, 3, "", "set", XD_ERROR_INVALID_ARGUMENT},
               {1025, 0, "", "1025", XD_ERROR_INVALID_ARGUMENT},
               {2, 4, "", "picture 7", XD_ERROR_NUMERIC},
               {2, 0, "same_code_positive=1", "same_code_positive", XD_ERROR_INVALID_ARGUMENT},
               {2, 0, "source_dim=3", "source_dim", XD_ERROR_SHAPE_MISMATCH},
               {2, 5, QUICK_MAPPING, "step 3", XD_ERROR_CANCELLED},
               {2, 6, QUICK_MAPPING, "checkpoint", XD_ERROR_UNSUPPORTED},
               {2, 7, QUICK_MAPPING, "xd_run.resume", XD_ERROR_INVALID_ARGUMENT},
               {2, 8, QUICK_MAPPING, "names", XD_ERROR_TOO_LARGE}};
  static char long_name[65538];
  memset(long_name, 'x', sizeof long_name - 1);
  fixture f;
  open_fixture(&f, QUICK_VAE);
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    xd_model *model = NULL;
    fixture with = f;
    vectors[15] = cases[i].drop == 4 ? NAN : 1.0f;
    with.input.vectors = cases[i].dim ? vectors : NULL;
    with.input.vector_dim = cases[i].dim;
    with.input.encoder = cases[i].drop == 1 ? NULL : f.encoder;
    with.input.decoder = cases[i].drop == 2 ? NULL : f.decoder;
    with.input.set = cases[i].drop == 3 ? NULL : f.set;
    xd_run run = XD_RUN_INIT;
    run.callback = cases[i].drop == 5 ? stop_at_third : NULL;
    run.checkpoint = cases[i].drop == 6 ? "nowhere" : NULL;
    run.resume = cases[i].drop == 7;
    with.input.name = cases[i].drop == 8 ? long_name : NULL;
    with.run = &run;
    assert_status(train(&with, &model, NULL, cases[i].options), cases[i].status);
    assert_message_names(context, cases[i].word);
    ck_assert_ptr_null(model);
  }
  close_fixture(&f);
}
END_TEST

/* Before the first step, not by the model that is made after the last. */
START_TEST(train_generator__refuses_another_vaes_decoder_at_once) {
  fixture f, other;
  xd_model *model = NULL;
  xd_run run = XD_RUN_INIT;
  open_fixture(&f, QUICK_VAE);
  open_fixture(&other, QUICK_VAE " latent_dim=5");
  run.callback = stop_at_third;
  f.run = &run;
  f.input.decoder = other.decoder;
  assert_status(train(&f, &model, NULL, QUICK_MAPPING), XD_ERROR_SHAPE_MISMATCH);
  assert_message_names(context, "of codes of 5");
  ck_assert_ptr_null(model);
  close_fixture(&other);
  close_fixture(&f);
}
END_TEST

static int note_steps(void *user, const xd_progress *progress) {
  *(uint32_t *)user = progress->steps;
  return progress->stage == XD_STAGE_MAPPING1;
}

/* Labels that no picture has, between others, are no classes to learn. */
START_TEST(train_generator__takes_as_many_steps_as_its_classes_need) {
  fixture f;
  xd_model *model = NULL;
  xd_dataset *sparse = NULL;
  uint32_t labels[PICTURES], steps = 0;
  uint8_t pixels[PICTURES * PATTERN_SIZE];
  xd_run run = XD_RUN_INIT;
  open_fixture(&f, QUICK_VAE);
  for (uint32_t i = 0; i < PICTURES; i++)
    labels[i] = i % 2 ? 200 : 0;
  assert_ok(context, xd_dataset_read_bytes(f.set, context, pixels, NULL, PICTURES));
  assert_ok(context, xd_dataset_create(&sparse, context, pixels, labels, PICTURES, SIDE, SIDE, 1));
  f.input.set = sparse;
  run.callback = note_steps, run.user = &steps;
  f.run = &run;
  assert_status(train(&f, &model, NULL, "hidden_width=16 hidden_layers=1 batch=16 steps_per_pair=5000"),
                XD_ERROR_CANCELLED);
  ck_assert_uint_eq(steps, 50000); /* of the 10 classes that count at least, not of 20, the most */
  xd_dataset_release(sparse);
  close_fixture(&f);
}
END_TEST

static xd_status train_refusable(xd_context *with, void *user) {
  const xd_generator_input *input = user;
  xd_model *model = NULL;
  xd_options *options = NULL;
  xd_status status = try_options(&options, with, "mapping", QUICK_MAPPING);
  if (status == XD_OK)
    status = xd_train_generator(&model, with, NULL, input, NULL, options);
  xd_options_destroy(options);
  xd_model_release(model);
  return status;
}

START_TEST(train_generator__leaves_nothing_behind_without_memory) {
  fixture f;
  open_fixture(&f, QUICK_VAE);
  check_refusals(train_refusable, &f.input);
  close_fixture(&f);
}
END_TEST

static xd_status evaluate(xd_values *measures, const xd_model *model, const fixture *f, const xd_judge *judge,
                          const xd_pairing *pairing) {
  xd_evaluation_input input = XD_EVALUATION_INPUT_INIT;
  input.judge = judge;
  input.source = input.target = f->set;
  input.pairing = pairing;
  return xd_evaluate(context, measures, model, XD_DIRECTION_1TO2, &input, NULL);
}

/* A short training on patterns: what is drawn of a class is of that class, and not one picture. */
START_TEST(train_generator__learns_to_draw_classes) {
  fixture f;
  xd_model *model = NULL;
  xd_judge *judge = NULL;
  open_fixture(&f, PATTERN_VAE " epochs=12 learning_rate=0.003 sigma_x=0.1 batch=32");
  xd_options *judging = make_options(context, "judge", "epochs=6 base_channels=8 batch=32");
  assert_ok(context, xd_judge_train(&judge, context, NULL, f.set, NULL, judging));
  assert_ok(context, train(&f, &model, NULL, "hidden_width=64 hidden_layers=2 steps=800 batch=64 seed=2"));
  xd_pairing *pairing = make_pairing(context, xd_model_pairing(model));
  xd_values *measures = make_values(context);
  assert_ok(context, evaluate(measures, model, &f, judge, pairing));
  ck_assert_msg(value_of(measures, "acc") >= 0.9, "acc is %g", value_of(measures, "acc"));
  ck_assert_msg(value_of(measures, "div") >= 0.5, "div is %g", value_of(measures, "div"));
  ck_assert(value_of(measures, "pictures") == PICTURES &&
            value_of(measures, "pictures.2") == PICTURES / CLASSES);
  assert_status(xd_values_find(measures, NULL, "style"), XD_ERROR_NOT_FOUND);
  xd_values_destroy(measures);
  xd_pairing_release(pairing);
  xd_options_destroy(judging);
  xd_judge_release(judge);
  xd_model_release(model);
  close_fixture(&f);
}
END_TEST

/* No set of pictures gives vectors. */
START_TEST(evaluate__refuses_a_model_of_vectors) {
  static float vectors[PICTURES * 2];
  fixture f;
  xd_model *model = NULL;
  xd_judge *judge = NULL;
  open_fixture(&f, QUICK_VAE);
  for (size_t i = 0; i < 2 * PICTURES; i++)
    vectors[i] = (float)(i % 5);
  f.input.vectors = vectors;
  f.input.vector_dim = 2;
  assert_ok(context, train(&f, &model, NULL, QUICK_MAPPING));
  xd_options *judging = make_options(context, "judge", "epochs=1 base_channels=2 feature_dim=4");
  assert_ok(context, xd_judge_train(&judge, context, NULL, f.set, NULL, judging));
  xd_pairing *pairing = make_pairing(context, "0:0");
  xd_values *measures = make_values(context);
  assert_status(evaluate(measures, model, &f, judge, pairing), XD_ERROR_UNSUPPORTED);
  assert_message_names(context, "vectors");
  xd_values_destroy(measures);
  xd_pairing_release(pairing);
  xd_options_destroy(judging);
  xd_judge_release(judge);
  xd_model_release(model);
  close_fixture(&f);
}
END_TEST

static xd_dataset *labelled_set(uint32_t count, const uint32_t *labels, uint32_t width, uint32_t height) {
  static uint8_t pixels[4 * 90 * 3];
  xd_dataset *set = NULL;
  for (size_t i = 0; i < sizeof pixels; i++)
    pixels[i] = (uint8_t)(i * i % 251);
  assert_ok(context, xd_dataset_create(&set, context, pixels, labels, count, width, height, 3));
  return set;
}

/* The model knows the labels 0 to 3; a source set may have others where they are not paired. */
START_TEST(evaluate__of_conditions_refuses_labels_that_are_paired_and_unknown) {
  static const uint32_t labels[] = {0, 3, 4, 0};
  static const struct {
    const char *pairing;
    uint32_t count; /* of the source's pictures */
    xd_status expected;
    const char *word;
  } cases[] = {
      {"0:0", 4, XD_OK, ""},
      {"3:0", 4, XD_OK, ""},
      {"*:*", 2, XD_OK, ""},
      {"*:*", 3, XD_ERROR_SHAPE_MISMATCH, "the source set has label 4, but the model knows 0 to 3"},
      {"4:0", 4, XD_ERROR_SHAPE_MISMATCH, "the source set has label 4, but the model knows 0 to 3"},
      {"4:0", 2, XD_ERROR_NOT_FOUND, "class 4 of domain 1 is paired, but its set has no picture of it"},
  };
  xd_model *model = conditions_model();
  xd_judge *judge =
      make_judge(context, "width=9 height=10 channels=3 classes=2 base_channels=1 feature_dim=4");
  xd_dataset *target = labelled_set(3, NULL, 9, 10);
  xd_values *measures = make_values(context);
  for (size_t i = 0; i < COUNT_OF(cases); i++) {
    xd_evaluation_input input = XD_EVALUATION_INPUT_INIT;
    xd_pairing *pairing = make_pairing(context, cases[i].pairing);
    xd_dataset *source = labelled_set(cases[i].count, labels, 5, 5);
    input.judge = judge;
    input.source = source;
    input.target = target;
    input.pairing = pairing;
    const xd_status status = xd_evaluate(context, measures, model, XD_DIRECTION_1TO2, &input, NULL);
    ck_assert_msg(status == cases[i].expected, "case %zu: %s", i, xd_status_name(status));
    if (status != XD_OK)
      assert_message_names(context, cases[i].word);
    xd_dataset_release(source);
    xd_pairing_release(pairing);
  }
  xd_values_destroy(measures);
  xd_dataset_release(target);
  xd_judge_release(judge);
  xd_model_release(model);
}
END_TEST

static Suite *make_suite(void) {
  Suite *suite = suite_create("condition");
  TCase *tcase = tcase_create("condition");
  tcase_add_checked_fixture(tcase, set_up, tear_down);
  tcase_add_test(tcase, condition_model__has_no_pictures_in_domain_1);
  tcase_add_test(tcase, condition_model__needs_a_way_from_its_conditions_and_none_to_them);
  tcase_add_test(tcase, condition_model__has_no_more_names_than_its_conditions_have_values);
  tcase_add_test(tcase, condition_model__is_translated_from_conditions);
  tcase_add_test(tcase, condition_model__is_refused_where_pictures_are_wanted);
  tcase_add_test(tcase, condition_file__comes_back_with_the_same_bytes);
  tcase_add_test(tcase, condition_file__says_what_older_readers_do_not_know);
  tcase_add_test(tcase, condition_file__refuses_contradictions);
  tcase_add_test(tcase, condition_file__refuses_more_names_than_values);
  tcase_add_test(tcase, condition_sampler__draws_labels_alike_often_with_their_codes);
  tcase_add_test(tcase, condition_sampler__keeps_pictures_with_their_vectors);
  tcase_add_test(tcase, train_generator__gives_a_model_of_labels_on_the_same_vae);
  tcase_add_test(tcase, train_generator__gives_the_same_bytes_for_the_same_seed);
  tcase_add_test(tcase, train_generator__refuses_what_it_cannot_train_on);
  tcase_add_test(tcase, train_generator__refuses_another_vaes_decoder_at_once);
  tcase_add_test(tcase, train_generator__takes_as_many_steps_as_its_classes_need);
  tcase_add_test(tcase, train_generator__leaves_nothing_behind_without_memory);
  tcase_add_test(tcase, train_generator__learns_to_draw_classes);
  tcase_add_test(tcase, evaluate__refuses_a_model_of_vectors);
  tcase_add_test(tcase, evaluate__of_conditions_refuses_labels_that_are_paired_and_unknown);
  suite_add_tcase(suite, tcase);
  return suite;
}

XD_SUITE_MAIN(make_suite)
