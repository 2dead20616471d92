/* Models: assembling, refusing what does not fit, sharing VAEs, texts, owners. */
#include "network_support.h"

#include <pthread.h>

#include "model/model.h"
#include "option_support.h"

static xd_context *context;

static void open_context(void) {
  context = test_context("reference");
}

static void close_context(void) {
  xd_context_destroy(context);
}

/* Domain 1: 8x8x1, 2 latent dimensions; domain 2: 9x10x3, 3. */
static const uint32_t latent_dims[2] = {2, 3};

static const char *const vae_options[2] = {
    "width=8 height=8 channels=1 latent_dim=2 base_channels=2 hidden1=4",
    "width=10 height=9 channels=3 latent_dim=3 base_channels=2 hidden1=4"};

static xd_latent_generator *generator_of(xd_context *of, uint32_t source_dim, uint32_t target_dim) {
  char text[96];
  snprintf(text, sizeof text, "source_dim=%u target_dim=%u hidden_width=4", source_dim, target_dim);
  return make_generator(of, text);
}

static xd_pair_discriminator *discriminator_of(xd_context *of, uint32_t latent_dim) {
  char text[96];
  snprintf(text, sizeof text, "target_dim=%u hidden_width=4", latent_dim);
  return make_discriminator(of, text);
}

/* All eight networks; the caller releases them. */
static xd_model_parts make_parts(xd_context *of) {
  xd_model_parts parts = XD_MODEL_PARTS_INIT;
  for (int i = 0; i < 2; i++) {
    parts.encoder[i] = make_encoder(of, vae_options[i]);
    parts.decoder[i] = make_decoder(of, vae_options[i]);
    parts.generator[i] = generator_of(of, latent_dims[i], latent_dims[1 - i]);
    parts.discriminator[i] = discriminator_of(of, latent_dims[i]);
  }
  return parts;
}

static void release_parts(const xd_model_parts *parts) {
  for (int i = 0; i < 2; i++) {
    xd_encoder_release(parts->encoder[i]);
    xd_decoder_release(parts->decoder[i]);
    xd_latent_generator_release(parts->generator[i]);
    xd_pair_discriminator_release(parts->discriminator[i]);
  }
}

static const char *const digit_names[] = {"zero", "one", "two"};
static const char *const properties[] = {"seed", "7", "made by", "a test"};

static void add_texts(xd_model_parts *parts) {
  parts->name[0] = "digits";
  parts->pairing = "0:5,1:6";
  parts->class_names[0] = digit_names;
  parts->class_count[0] = 3;
  parts->properties = properties;
  parts->property_count = 2;
}

static xd_model *make_model(xd_context *of) {
  xd_model_parts parts = make_parts(of);
  xd_model *model = NULL;
  add_texts(&parts);
  assert_ok(of, xd_model_create(&model, of, &parts));
  release_parts(&parts);
  return model;
}

/* ---- assembling ---- */

START_TEST(model_create__shares_and_freezes_the_parts) {
  xd_model_parts parts = make_parts(context);
  xd_model *model = NULL;
  assert_ok(context, xd_model_create(&model, context, &parts));
  for (uint32_t i = 0; i < 2; i++) {
    ck_assert_ptr_eq(xd_model_encoder(model, i + 1), parts.encoder[i]);
    ck_assert_ptr_eq(xd_model_decoder(model, i + 1), parts.decoder[i]);
    ck_assert_ptr_eq(xd_model_discriminator(model, i + 1), parts.discriminator[i]);
    ck_assert(xd_network_is_frozen(xd_encoder_network(parts.encoder[i])));
    ck_assert(xd_network_is_frozen(xd_decoder_network(parts.decoder[i])));
    ck_assert(xd_network_is_frozen(xd_latent_generator_network(parts.generator[i])));
    ck_assert(xd_network_is_frozen(xd_pair_discriminator_network(parts.discriminator[i])));
  }
  ck_assert_ptr_eq(xd_model_generator(model, XD_DIRECTION_1TO2), parts.generator[0]);
  ck_assert_ptr_eq(xd_model_generator(model, XD_DIRECTION_2TO1), parts.generator[1]);
  release_parts(&parts);
  ck_assert_uint_eq(xd_model_latent_dim(model, 1), 2);
  ck_assert_uint_eq(xd_model_latent_dim(model, 2), 3);
  ck_assert_uint_eq(model_shape_of(model, 2).width, 10);
  xd_model_release(model);
}
END_TEST

START_TEST(model_create__makes_a_model_of_anothers_parts) {
  xd_model *first = make_model(context), *second = NULL;
  xd_model_parts parts = XD_MODEL_PARTS_INIT;
  for (uint32_t i = 0; i < 2; i++) {
    parts.encoder[i] = xd_model_encoder(first, i + 1);
    parts.decoder[i] = xd_model_decoder(first, i + 1);
    parts.generator[i] = xd_model_generator(first, i + 1);
    parts.discriminator[i] = xd_model_discriminator(first, i + 1);
  }
  assert_ok(context, xd_model_create(&second, context, &parts));
  xd_model_release(first);
  for (uint32_t i = 0; i < 2; i++) {
    ck_assert_ptr_eq(xd_model_encoder(second, i + 1), parts.encoder[i]);
    ck_assert_ptr_eq(xd_model_generator(second, i + 1), parts.generator[i]);
  }
  ck_assert_uint_eq(model_shape_of(second, 2).width, 10);
  xd_model_release(second);
}
END_TEST

START_TEST(model_create__keeps_copies_of_the_texts) {
  char name[] = "digits", key[] = "seed", value[] = "7", class_name[] = "zero", pairing[] = "0:5";
  const char *const classes[] = {class_name}, *const pairs[] = {key, value};
  xd_model_parts parts = make_parts(context);
  xd_model *model = NULL;
  parts.name[0] = name;
  parts.pairing = pairing;
  parts.class_names[0] = classes;
  parts.class_count[0] = 1;
  parts.properties = pairs;
  parts.property_count = 1;
  assert_ok(context, xd_model_create(&model, context, &parts));
  release_parts(&parts);
  name[0] = key[0] = value[0] = class_name[0] = pairing[0] = '?';
  ck_assert_str_eq(xd_model_name(model, 1), "digits");
  ck_assert_str_eq(xd_model_name(model, 2), "");
  ck_assert_str_eq(xd_model_pairing(model), "0:5");
  ck_assert_uint_eq(xd_model_class_count(model, 1), 1);
  ck_assert_uint_eq(xd_model_class_count(model, 2), 0);
  ck_assert_str_eq(xd_model_class_name(model, 1, 0), "zero");
  ck_assert_str_eq(xd_model_class_name(model, 1, 1), "");
  ck_assert_uint_eq(xd_model_property_count(model), 1);
  ck_assert_str_eq(xd_model_property_key(model, 0), "seed");
  ck_assert_ptr_null(xd_model_property_key(model, 1));
  ck_assert_str_eq(xd_model_property(model, "seed"), "7");
  ck_assert_ptr_null(xd_model_property(model, "7"));
  ck_assert_ptr_null(xd_model_property(model, NULL));
  xd_model_release(model);
}
END_TEST

START_TEST(model_create__needs_no_mapping) {
  xd_model_parts parts = make_parts(context), vaes = XD_MODEL_PARTS_INIT;
  xd_model *model = NULL;
  memcpy(vaes.encoder, parts.encoder, sizeof vaes.encoder);
  memcpy(vaes.decoder, parts.decoder, sizeof vaes.decoder);
  assert_ok(context, xd_model_create(&model, context, &vaes));
  ck_assert_ptr_null(xd_model_generator(model, XD_DIRECTION_1TO2));
  ck_assert_ptr_null(xd_model_discriminator(model, 2));
  ck_assert_str_eq(xd_model_pairing(model), "");
  ck_assert(
      !xd_network_is_frozen(xd_latent_generator_network(parts.generator[0]))); /* not a part: not frozen */
  xd_model_release(model);
  release_parts(&parts);
}
END_TEST

/* ---- refusals ---- */

/* The message must name both parts; nothing is frozen. */
static void assert_unfit(const xd_model_parts *parts, const char *one, const char *other) {
  xd_model *model = (xd_model *)(uintptr_t)parts;
  assert_status(xd_model_create(&model, context, parts), XD_ERROR_SHAPE_MISMATCH);
  ck_assert_ptr_null(model);
  assert_message_names(context, one);
  assert_message_names(context, other);
  ck_assert(!xd_network_is_frozen(xd_encoder_network(parts->encoder[0])));
}

START_TEST(model_create__names_the_two_parts_that_do_not_fit) {
  xd_model_parts parts = make_parts(context), wrong = parts;
  xd_decoder *longer =
      make_decoder(context, "width=10 height=9 channels=3 latent_dim=7 base_channels=2 hidden1=4");
  xd_latent_generator *from5 = generator_of(context, 5, 3), *to5 = generator_of(context, 3, 5);
  xd_pair_discriminator *of9 = discriminator_of(context, 9);
  wrong.decoder[0] = parts.decoder[1];
  assert_unfit(&wrong, "encoder of domain 1", "decoder of domain 1");
  assert_message_names(context, "8 x 8 x 1");
  assert_message_names(context, "9 x 10 x 3");
  wrong = parts;
  wrong.decoder[1] = longer;
  assert_unfit(&wrong, "encoder of domain 2", "decoder of domain 2");
  assert_message_names(context, "7");
  wrong = parts;
  wrong.generator[0] = from5;
  assert_unfit(&wrong, "generator G1", "encoder of domain 1");
  wrong = parts;
  wrong.generator[1] = to5;
  assert_unfit(&wrong, "generator G2", "decoder of domain 1");
  wrong = parts;
  wrong.discriminator[1] = of9;
  assert_unfit(&wrong, "discriminator D2", "encoder of domain 2");
  xd_decoder_release(longer);
  xd_latent_generator_release(from5);
  xd_latent_generator_release(to5);
  xd_pair_discriminator_release(of9);
  release_parts(&parts);
}
END_TEST

static void assert_refused(const xd_model_parts *parts, xd_status expected, const char *word) {
  xd_model *model = (xd_model *)(uintptr_t)parts;
  assert_status(xd_model_create(&model, context, parts), expected);
  ck_assert_ptr_null(model);
  assert_message_names(context, word);
}

START_TEST(model_create__refuses_what_is_missing) {
  const char *const holes[] = {"key", NULL}, *const twice[] = {"seed", "1", "seed", "2"},
                    *const gap[] = {"zero", NULL};
  xd_model_parts parts = make_parts(context), wrong = parts;
  wrong.encoder[1] = NULL;
  assert_refused(&wrong, XD_ERROR_INVALID_ARGUMENT, "encoder of domain 2 is NULL");
  wrong = parts;
  wrong.decoder[0] = NULL;
  assert_refused(&wrong, XD_ERROR_INVALID_ARGUMENT, "decoder of domain 1 is NULL");
  wrong = parts;
  wrong.class_count[1] = 2;
  assert_refused(&wrong, XD_ERROR_INVALID_ARGUMENT, "class names");
  wrong.class_names[1] = gap;
  assert_refused(&wrong, XD_ERROR_INVALID_ARGUMENT, "class names");
  wrong.class_count[1] = 257;
  assert_refused(&wrong, XD_ERROR_TOO_LARGE, "257");
  wrong = parts;
  wrong.property_count = 1;
  assert_refused(&wrong, XD_ERROR_INVALID_ARGUMENT, "properties");
  wrong.properties = holes;
  assert_refused(&wrong, XD_ERROR_INVALID_ARGUMENT, "properties");
  wrong.properties = twice;
  wrong.property_count = 2;
  assert_refused(&wrong, XD_ERROR_INVALID_ARGUMENT, "\"seed\"");
  wrong.property_count = 4097;
  assert_refused(&wrong, XD_ERROR_TOO_LARGE, "4097 properties");
  const char *const latin[] = {"caf\xE9", "1"};
  wrong = parts;
  wrong.name[0] = latin[0];
  assert_refused(&wrong, XD_ERROR_INVALID_ARGUMENT, "names is no UTF-8: 'caf\\xE9'");
  wrong = parts;
  wrong.pairing = latin[0];
  assert_refused(&wrong, XD_ERROR_INVALID_ARGUMENT, "pairing is no UTF-8");
  wrong = parts;
  wrong.class_names[1] = latin;
  wrong.class_count[1] = 2;
  assert_refused(&wrong, XD_ERROR_INVALID_ARGUMENT, "class names is no UTF-8");
  wrong = parts;
  wrong.properties = latin;
  wrong.property_count = 1;
  assert_refused(&wrong, XD_ERROR_INVALID_ARGUMENT, "properties is no UTF-8");
  char long_text[65536 + 2];
  memset(long_text, 'x', sizeof long_text - 1);
  long_text[sizeof long_text - 1] = 0;
  wrong = parts;
  wrong.name[1] = long_text;
  assert_refused(&wrong, XD_ERROR_TOO_LARGE, "names is longer");
  wrong = parts;
  wrong.pairing = long_text;
  assert_refused(&wrong, XD_ERROR_TOO_LARGE, "pairing is longer");
  const char *const long_value[] = {"key", long_text};
  wrong = parts;
  wrong.properties = long_value;
  wrong.property_count = 1;
  assert_refused(&wrong, XD_ERROR_TOO_LARGE, "properties is longer");
  wrong = parts;
  wrong.reserved = 1;
  assert_refused(&wrong, XD_ERROR_INVALID_ARGUMENT, "reserved");
  wrong = parts;
  wrong.struct_size = 0;
  assert_refused(&wrong, XD_ERROR_INVALID_ARGUMENT, "struct_size");
  release_parts(&parts);
}
END_TEST

START_TEST(model__bears_null) {
  xd_model_parts parts = XD_MODEL_PARTS_INIT;
  xd_model *model = make_model(context), *none = model;
  assert_status(xd_model_create(NULL, context, &parts), XD_ERROR_INVALID_ARGUMENT);
  assert_status(xd_model_create(&none, NULL, &parts), XD_ERROR_INVALID_ARGUMENT);
  ck_assert_ptr_null(none);
  assert_status(xd_model_create(&none, context, NULL), XD_ERROR_INVALID_ARGUMENT);
  assert_status(xd_model_with_mapping(NULL, context, model, &parts), XD_ERROR_INVALID_ARGUMENT);
  assert_status(xd_model_with_mapping(&none, NULL, model, &parts), XD_ERROR_INVALID_ARGUMENT);
  assert_status(xd_model_with_mapping(&none, context, NULL, &parts), XD_ERROR_INVALID_ARGUMENT);
  assert_message_names(context, "the model is NULL");
  assert_status(xd_model_with_mapping(&none, context, model, NULL), XD_ERROR_INVALID_ARGUMENT);
  for (uint32_t domain = 0; domain <= 3; domain += 3) {
    ck_assert_ptr_null(xd_model_encoder(model, domain));
    ck_assert_ptr_null(xd_model_decoder(model, domain));
    ck_assert_ptr_null(xd_model_generator(model, domain));
    ck_assert_ptr_null(xd_model_discriminator(model, domain));
    ck_assert_uint_eq(xd_model_latent_dim(model, domain) + model_shape_of(model, domain).height, 0);
    ck_assert_uint_eq(xd_model_class_count(model, domain), 0);
    ck_assert_str_eq(xd_model_name(model, domain), "");
    ck_assert_str_eq(xd_model_class_name(model, domain, 0), "");
  }
  ck_assert_ptr_null(xd_model_encoder(NULL, 1));
  ck_assert_str_eq(xd_model_name(NULL, 1), "");
  ck_assert_str_eq(xd_model_pairing(NULL), "");
  ck_assert_uint_eq(xd_model_property_count(NULL), 0);
  ck_assert_ptr_null(xd_model_property(NULL, "seed"));
  ck_assert_ptr_null(xd_model_retain(NULL));
  xd_model_release(NULL);
  xd_model_release(model);
}
END_TEST

/* ---- another mapping ---- */

START_TEST(model_with_mapping__shares_the_vaes_and_outlives_the_first_model) {
  xd_model *first = make_model(context), *second = NULL;
  const char *const added[] = {"made by", "another test", "steps", "3000"};
  xd_model_parts parts = XD_MODEL_PARTS_INIT;
  parts.generator[0] = generator_of(context, 2, 3);
  parts.discriminator[1] = discriminator_of(context, 3);
  parts.pairing = "2:2";
  parts.properties = added;
  parts.property_count = 2;
  parts.name[0] = "not read";
  assert_ok(context, xd_model_with_mapping(&second, context, first, &parts));
  for (uint32_t domain = 1; domain <= 2; domain++) {
    ck_assert_ptr_eq(xd_model_encoder(second, domain), xd_model_encoder(first, domain));
    ck_assert_ptr_eq(xd_model_decoder(second, domain), xd_model_decoder(first, domain));
  }
  ck_assert_ptr_eq(xd_model_generator(second, XD_DIRECTION_1TO2), parts.generator[0]);
  ck_assert_ptr_null(xd_model_generator(second, XD_DIRECTION_2TO1));
  ck_assert_ptr_null(xd_model_discriminator(second, 1));
  ck_assert_ptr_eq(xd_model_discriminator(second, 2), parts.discriminator[1]);
  ck_assert(xd_network_is_frozen(xd_latent_generator_network(parts.generator[0])));
  ck_assert_ptr_nonnull(xd_model_generator(first, XD_DIRECTION_2TO1)); /* as it was */
  ck_assert_str_eq(xd_model_pairing(first), "0:5,1:6");
  ck_assert_str_eq(xd_model_property(first, "made by"), "a test");
  xd_model_release(first);
  release_parts(&parts);
  ck_assert_str_eq(xd_model_pairing(second), "2:2");
  ck_assert_str_eq(xd_model_name(second, 1), "digits");
  ck_assert_str_eq(xd_model_class_name(second, 1, 2), "two");
  ck_assert_uint_eq(xd_model_property_count(second), 3);
  ck_assert_str_eq(xd_model_property_key(second, 0), "seed");
  ck_assert_str_eq(xd_model_property_key(second, 1), "made by");
  ck_assert_str_eq(xd_model_property_key(second, 2), "steps");
  ck_assert_str_eq(xd_model_property(second, "seed"), "7");
  ck_assert_str_eq(xd_model_property(second, "made by"), "another test");
  float *pictures = make_pixels(64, 1), mean[2];
  assert_ok(context, xd_encoder_encode(xd_model_encoder(second, 1), context, mean, NULL, pictures, 1));
  free(pictures);
  xd_model_release(second);
}
END_TEST

START_TEST(direction_name__leads_back_to_its_direction) {
  for (xd_direction direction = XD_DIRECTION_1TO2; direction <= XD_DIRECTION_2TO1; direction++) {
    xd_direction found = 77;
    ck_assert_int_eq(xd_direction_from_name(&found, xd_direction_name(direction)), XD_OK);
    ck_assert_uint_eq(found, direction);
  }
  ck_assert_str_eq(xd_direction_name(XD_DIRECTION_2TO1), "2to1");
  ck_assert_str_eq(xd_direction_name(0), "");
  ck_assert_str_eq(xd_direction_name(3), "");
  xd_direction left = 77;
  ck_assert_int_eq(xd_direction_from_name(&left, ""), XD_ERROR_NOT_FOUND);
  ck_assert_int_eq(xd_direction_from_name(NULL, "1to2"), XD_ERROR_INVALID_ARGUMENT);
  ck_assert_uint_eq(left, 77);
}
END_TEST

START_TEST(model_with_mapping__refuses_a_mapping_that_does_not_fit) {
  xd_model *first = make_model(context), *second = first;
  xd_model_parts parts = XD_MODEL_PARTS_INIT;
  parts.generator[0] = generator_of(context, 3, 3);
  assert_status(xd_model_with_mapping(&second, context, first, &parts), XD_ERROR_SHAPE_MISMATCH);
  ck_assert_ptr_null(second);
  assert_message_names(context, "generator G1");
  assert_message_names(context, "encoder of domain 1");
  release_parts(&parts);
  xd_model_release(first);
}
END_TEST

/* ---- owners and memory ---- */

static void *use_from_a_thread(void *shared) {
  xd_model_parts parts = XD_MODEL_PARTS_INIT; /* no mapping */
  xd_context *own = test_context("reference");
  xd_model *model = shared, *other = NULL;
  for (int i = 0; i < 200; i++) {
    xd_model *mine = xd_model_retain(model);
    if (xd_model_with_mapping(&other, own, mine, &parts) != XD_OK || xd_model_latent_dim(other, 2) != 3)
      return shared;
    xd_encoder *kept = xd_encoder_retain(xd_model_encoder(other, 1));
    xd_model_release(mine);
    xd_model_release(other);
    xd_encoder_release(kept);
  }
  xd_model_release(model);
  xd_context_destroy(own);
  return NULL;
}

START_TEST(model_retain__counts_owners_from_any_thread) {
  counting_allocator counter = {0};
  xd_context *counted = test_context_with("reference", 1, &counter), *kept = context;
  pthread_t threads[4];
  context = counted;
  xd_model *model = make_model(counted);
  context = kept;
  xd_context_destroy(counted); /* models outlive their context */
  for (size_t i = 0; i < COUNT_OF(threads); i++)
    ck_assert_int_eq(pthread_create(&threads[i], NULL, use_from_a_thread, xd_model_retain(model)), 0);
  xd_model_release(model);
  for (size_t i = 0; i < COUNT_OF(threads); i++) {
    void *wrong;
    ck_assert_int_eq(pthread_join(threads[i], &wrong), 0);
    ck_assert_ptr_null(wrong);
  }
  ck_assert_uint_eq(atomic_load(&counter.live_blocks), 0);
}
END_TEST

static xd_status assemble_both(xd_context *of, void *user) {
  const xd_model_parts *parts = user;
  xd_model *first, *second = NULL;
  xd_status status = xd_model_create(&first, of, parts);
  ck_assert((status == XD_OK) == (first != NULL));
  if (status == XD_OK)
    status = xd_model_with_mapping(&second, of, first, parts);
  xd_model_release(first);
  xd_model_release(second);
  return status;
}

START_TEST(model__survives_refused_memory) {
  xd_model_parts parts = make_parts(context);
  add_texts(&parts);
  check_refusals(assemble_both, &parts);
  ck_assert_uint_eq(atomic_load(&parts.encoder[0]->part.references), 1);
  ck_assert_uint_eq(atomic_load(&parts.discriminator[1]->part.references), 1);
  release_parts(&parts);
}
END_TEST

START_TEST(model_create__freezes_nothing_when_memory_is_refused) {
  counting_allocator counter = {0};
  xd_context *counted = test_context_with("reference", 1, &counter);
  xd_model_parts parts = make_parts(context);
  xd_model *model;
  add_texts(&parts);
  atomic_store(&counter.fail_at, atomic_load(&counter.total) + 6);
  assert_status(xd_model_create(&model, counted, &parts), XD_ERROR_OUT_OF_MEMORY);
  ck_assert(!xd_network_is_frozen(xd_encoder_network(parts.encoder[0])));
  release_parts(&parts);
  xd_context_destroy(counted);
}
END_TEST

static Suite *make_suite(void) {
  Suite *suite = suite_create("model");
#define add(test) add_checked_case(suite, #test, test, open_context, close_context)
  add(model_create__shares_and_freezes_the_parts);
  add(model_create__makes_a_model_of_anothers_parts);
  add(model_create__keeps_copies_of_the_texts);
  add(model_create__needs_no_mapping);
  add(model_create__names_the_two_parts_that_do_not_fit);
  add(model_create__refuses_what_is_missing);
  add(model__bears_null);
  add(model_with_mapping__shares_the_vaes_and_outlives_the_first_model);
  add(direction_name__leads_back_to_its_direction);
  add(model_with_mapping__refuses_a_mapping_that_does_not_fit);
  add(model_retain__counts_owners_from_any_thread);
  add(model__survives_refused_memory);
  add(model_create__freezes_nothing_when_memory_is_refused);
#undef add
  return suite;
}

XD_SUITE_MAIN(make_suite)
