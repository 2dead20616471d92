/* Model and judge files: round trips, golden bytes, and files that must be refused. */
#include "tiny_model.h"

#include "file_bytes.h"

#include "one_file.h"

/* Saves the tiny model and returns its bytes. */
static unsigned char *save_tiny(bool mapping, bool half, size_t *size) {
  xd_model *model = tiny_model(context, mapping);
  xd_save_options options = XD_SAVE_OPTIONS_INIT;
  options.half = half;
  assert_ok(context, xd_model_save(model, context, path, &options));
  xd_model_release(model);
  return read_test_file(path, size);
}

static void assert_same_network(const xd_network *a, const xd_network *b) {
  ck_assert_uint_eq(xd_network_tensor_count(a), xd_network_tensor_count(b));
  for (uint32_t p = 0; p < xd_network_tensor_count(a); p++) {
    xd_tensor parameter = XD_TENSOR_INIT;
    assert_ok(context, xd_network_tensor(a, p, &parameter));
    float *x = malloc(parameter.count * sizeof *x), *y = malloc(parameter.count * sizeof *y);
    assert_ok(context, xd_network_get(a, context, x, parameter.name, parameter.count));
    assert_ok(context, xd_network_get(b, context, y, parameter.name, parameter.count));
    ck_assert_mem_eq(x, y, parameter.count * sizeof *x);
    free(x);
    free(y);
  }
}

static void assert_same_model(const xd_model *a, const xd_model *b) {
  for (uint32_t d = 1; d <= 2; d++) {
    assert_same_network(xd_encoder_network(xd_model_encoder(a, d)),
                        xd_encoder_network(xd_model_encoder(b, d)));
    assert_same_network(xd_decoder_network(xd_model_decoder(a, d)),
                        xd_decoder_network(xd_model_decoder(b, d)));
    ck_assert_str_eq(xd_model_name(a, d), xd_model_name(b, d));
    ck_assert_uint_eq(xd_model_class_count(a, d), xd_model_class_count(b, d));
  }
  ck_assert_str_eq(xd_model_pairing(a), xd_model_pairing(b));
  ck_assert_uint_eq(xd_model_property_count(a), xd_model_property_count(b));
}

START_TEST(model_save__load_gives_the_same_model) {
  for (int mapping = 0; mapping < 2; mapping++) {
    xd_model *model = tiny_model(context, mapping), *loaded;
    assert_ok(context, xd_model_save(model, context, path, NULL));
    assert_ok(context, xd_model_load(&loaded, context, path));
    assert_same_model(model, loaded);
    ck_assert_int_eq(xd_model_generator(loaded, XD_DIRECTION_1TO2) != NULL, mapping);
    ck_assert_int_eq(xd_model_discriminator(loaded, 1) != NULL, mapping);
    ck_assert_str_eq(xd_model_property(loaded, "train.seed"), "7");
    ck_assert_str_eq(xd_model_class_name(loaded, 1, 1), "one");
    ck_assert(xd_network_is_frozen(xd_encoder_network(xd_model_encoder(loaded, 1))));
    xd_model_release(model);
    xd_model_release(loaded);
  }
}
END_TEST

START_TEST(model_load__gives_mappings_and_options_their_names_of_today) {
  static const char *const properties[] = {"mapping_1to2.options", "steps=3 condition_codes=8 style=0",
                                           "mapping_2to1.losses",  "",
                                           "mapping_1to2",         "a host's condition_codes=8"};
  xd_model_parts parts = XD_MODEL_PARTS_INIT;
  xd_model *model = tiny_model(context, true), *old, *loaded;
  parts.properties = properties;
  parts.property_count = 3;
  assert_ok(context, xd_model_with_mapping(&old, context, model, &parts));
  assert_ok(context, xd_model_save(old, context, path, NULL));
  assert_ok(context, xd_model_load(&loaded, context, path));
  ck_assert_str_eq(xd_model_property(loaded, "mapping1.options"), "steps=3 anchor_codes=8 style=0");
  ck_assert_str_eq(xd_model_property(loaded, "mapping2.losses"), "");
  ck_assert_str_eq(xd_model_property(loaded, "mapping_1to2"), "a host's condition_codes=8");
  ck_assert_ptr_null(xd_model_property(loaded, "mapping_1to2.options"));
  ck_assert_uint_eq(xd_model_property_count(loaded), xd_model_property_count(old));
  xd_model_release(model);
  xd_model_release(old);
  xd_model_release(loaded);
}
END_TEST

START_TEST(model_save__keeps_linear_skips) {
  xd_model *model = tiny_model_with(context, true, 1), *loaded;
  assert_ok(context, xd_model_save(model, context, path, NULL));
  assert_ok(context, xd_model_load(&loaded, context, path));
  assert_same_model(model, loaded);
  for (uint32_t d = 1; d <= 2; d++) {
    const xd_network *const networks[] = {xd_encoder_network(xd_model_encoder(loaded, d)),
                                          xd_decoder_network(xd_model_decoder(loaded, d)),
                                          xd_latent_generator_network(xd_model_generator(loaded, d))};
    for (int i = 0; i < 3; i++) {
      xd_layer_spec last;
      assert_ok(context, xd_network_layer(networks[i], xd_network_layer_count(networks[i]) - 1, &last));
      ck_assert_uint_eq(last.tag, XD_TAG('L', 'S', 'K', 'P'));
    }
  }
  xd_model_release(model);
  xd_model_release(loaded);
}
END_TEST

/* Layers of version 1.1 are written and read, and alone make a file that says so. */
START_TEST(model_save__says_its_minor_version_by_its_layers) {
  const xd_layer_spec encoder_layers[] = {{XD_TAG('C', 'N', 'V', '2'), {4, 3, 1, 1}},
                                          {XD_TAG('G', 'N', 'R', 'M'), {2, XD_ACTIVATION_LEAKY_RELU, 1}},
                                          {XD_TAG('C', 'N', 'V', '2'), {4, 3, 1, 1}},
                                          {XD_TAG('R', 'A', 'D', 'D'), {3, XD_ACTIVATION_IDENTITY}},
                                          {XD_TAG('D', 'N', 'S', 'E'), {1, 1, 4}}};
  const xd_layer_spec decoder_layers[] = {{XD_TAG('D', 'N', 'S', 'E'), {4, 4, 2}},
                                          {XD_TAG('U', 'P', 'S', '2'), {8, 8}},
                                          {XD_TAG('C', 'N', 'V', '2'), {1, 3, 1, 1, XD_ACTIVATION_SIGMOID}}};
  xd_model_parts parts = XD_MODEL_PARTS_INIT;
  xd_model *model, *loaded;
  xd_encoder *encoder;
  xd_decoder *decoder;
  size_t size;
  xd_network_layers layers = XD_NETWORK_LAYERS_INIT;
  layers.input = (xd_shape){.width = 8, .height = 8, .channels = 1};
  layers.layers = encoder_layers, layers.layer_count = 5;
  assert_ok(context, xd_encoder_create_layers(&encoder, context, &layers));
  layers.input = (xd_shape){.width = 1, .height = 1, .channels = 2};
  layers.layers = decoder_layers, layers.layer_count = 3;
  assert_ok(context, xd_decoder_create_layers(&decoder, context, &layers));
  parts.encoder[0] = parts.encoder[1] = encoder;
  parts.decoder[0] = parts.decoder[1] = decoder;
  assert_ok(context, xd_model_create(&model, context, &parts));
  assert_ok(context, xd_model_save(model, context, path, NULL));
  assert_ok(context, xd_model_load(&loaded, context, path));
  assert_same_model(model, loaded);
  unsigned char *file = read_test_file(path, &size);
  ck_assert_int_eq(file[12], 1);
  free(file);
  file = save_tiny(true, false, &size);
  ck_assert_int_eq(file[12], 0);
  free(file);
  xd_encoder_release(encoder);
  xd_decoder_release(decoder);
  xd_model_release(model);
  xd_model_release(loaded);
}
END_TEST

START_TEST(model_save__half_keeps_weights_that_fit) {
  size_t whole_size, half_size;
  free(save_tiny(true, false, &whole_size));
  free(save_tiny(true, true, &half_size));
  ck_assert_uint_lt(half_size, whole_size);
  xd_model *model = tiny_model(context, true), *loaded;
  assert_ok(context, xd_model_load(&loaded, context, path));
  assert_same_model(model, loaded); /* every weight of the tiny model is exact in f16 */
  xd_model_release(model);
  xd_model_release(loaded);
}
END_TEST

START_TEST(model_save__inference_only_leaves_out_discriminators) {
  xd_model *model = tiny_model(context, true), *loaded;
  xd_save_options options = XD_SAVE_OPTIONS_INIT;
  options.inference_only = 1;
  assert_ok(context, xd_model_save(model, context, path, &options));
  assert_ok(context, xd_model_load(&loaded, context, path));
  ck_assert_ptr_nonnull(xd_model_generator(loaded, XD_DIRECTION_2TO1));
  ck_assert_ptr_null(xd_model_discriminator(loaded, 2));
  xd_model_release(model);
  xd_model_release(loaded);
}
END_TEST

START_TEST(model_save__refuses_switches_that_are_neither_0_nor_1) {
  xd_model *model = tiny_model(context, true);
  xd_save_options options = XD_SAVE_OPTIONS_INIT;
  options.half = 2;
  assert_status(xd_model_save(model, context, path, &options), XD_ERROR_INVALID_ARGUMENT);
  assert_message_names(context, "half");
  options.half = 0, options.inference_only = UINT32_MAX;
  assert_status(xd_model_save(model, context, path, &options), XD_ERROR_INVALID_ARGUMENT);
  assert_message_names(context, "inference_only");
  ck_assert_int_eq(count_entries(folder), 0);
  xd_model_release(model);
}
END_TEST

START_TEST(model_save__half_refuses_values_beyond_its_range) {
  xd_model_parts parts = XD_MODEL_PARTS_INIT;
  xd_model *model;
  xd_save_options options = XD_SAVE_OPTIONS_INIT;
  options.half = 1;
  xd_encoder *encoders[2];
  xd_decoder *decoders[2];
  for (int d = 0; d < 2; d++) {
    encoders[d] = make_encoder(context, tiny_vae(1));
    decoders[d] = make_decoder(context, tiny_vae(1));
    parts.encoder[d] = encoders[d];
    parts.decoder[d] = decoders[d];
  }
  xd_tensor first = XD_TENSOR_INIT;
  xd_network *network = xd_encoder_network_mutable(encoders[0]);
  assert_ok(context, xd_network_tensor(network, 0, &first));
  float *values = calloc(first.count, sizeof *values);
  values[1] = 70000.0f;
  assert_ok(context, xd_network_set(network, context, first.name, values, first.count));
  free(values);
  assert_ok(context, xd_model_create(&model, context, &parts));
  assert_status(xd_model_save(model, context, path, &options), XD_ERROR_NUMERIC);
  assert_message_names(context, first.name);
  ck_assert_int_eq(count_entries(folder), 0);
  xd_model_release(model);
  for (int d = 0; d < 2; d++) {
    xd_encoder_release(parts.encoder[d]);
    xd_decoder_release(parts.decoder[d]);
  }
}
END_TEST

/* The golden files were written once and never change: today's reader reads them, today's writer writes
 * the same bytes. With XDOMAIN_WRITE_GOLDEN set the test writes them instead (for a new format version). */
static void check_golden(const char *name, bool half) {
  char golden[TEST_PATH_SIZE];
  size_t size, golden_size;
  snprintf(golden, sizeof golden, "%s/golden/%s", XD_TESTS_FOLDER, name);
  unsigned char *written = save_tiny(true, half, &size);
  if (getenv("XDOMAIN_WRITE_GOLDEN"))
    write_test_file(golden, written, size);
  unsigned char *expected = read_test_file(golden, &golden_size);
  ck_assert_uint_eq(size, golden_size);
  ck_assert_mem_eq(written, expected, size);
  xd_model *model = tiny_model(context, true), *loaded;
  assert_ok(context, xd_model_load(&loaded, context, golden));
  assert_same_model(model, loaded);
  xd_model_release(model);
  xd_model_release(loaded);
  free(written);
  free(expected);
}

START_TEST(model_file__golden_bytes) {
  check_golden("model-1.0-f32.xdm", false);
  check_golden("model-1.0-f16.xdm", true);
}
END_TEST

/* What docs/model-format.md says of the header, checked by hand on the bytes. */
START_TEST(model_file__header_is_as_specified) {
  size_t size;
  unsigned char *data = save_tiny(true, false, &size);
  ck_assert_mem_eq(data, "\x89XDM\r\n\x1a\n", 8);
  ck_assert_uint_eq(xdi_at_u32(data + 8), 1);
  ck_assert_uint_eq(xdi_at_u32(data + 12), 0);
  ck_assert_mem_eq(data + 16, "MODL", 4);
  ck_assert_uint_eq(xdi_at_u32(data + 20), 5);
  ck_assert_uint_eq(xdi_at_u64(data + 24), size);
  ck_assert_mem_eq(data + 64, "DOMS", 4);
  ck_assert_uint_eq(xdi_at_u64(data + 64 + 16), 320); /* 64 + 5 * 40 = 264, up to a multiple of 64 */
  uint64_t domains = xdi_at_u64(data + 64 + 16);
  ck_assert_uint_eq(xdi_at_u32(data + domains), 6);
  ck_assert_mem_eq(data + domains + 4, "digits", 6);
  ck_assert_uint_eq(xdi_at_u32(data + domains + 10), 8); /* height */
  ck_assert_uint_eq(xdi_at_u32(data + domains + 22), 2); /* latent dimensions */
  free(data);
}
END_TEST

START_TEST(model_load__refuses_what_is_not_a_model) {
  xd_model *model;
  size_t size;
  assert_status(xd_model_load(&model, context, path_in(path, folder, "absent.xdm")), XD_ERROR_NOT_FOUND);
  assert_message_names(context, "absent.xdm");
  assert_file_refused(context, "", 0, XD_ERROR_BAD_DATA, "magic");
  assert_file_refused(context, "GIF89a..................................................................", 70,
                      XD_ERROR_BAD_DATA, "magic");
  path_in(path, folder, "tiny.xdm");
  unsigned char *data = save_tiny(true, false, &size);
  memcpy(data + 16, "JUDG", 4);
  reseal(data);
  assert_file_refused(context, data, size, XD_ERROR_BAD_DATA, "JUDG");
  free(data);
}
END_TEST

START_TEST(model_load__refuses_newer_major_versions_only) {
  size_t size;
  unsigned char *data = save_tiny(true, false, &size);
  xdi_set_u32(data + 8, 2);
  reseal(data);
  assert_file_refused(context, data, size, XD_ERROR_VERSION_TOO_NEW, "2.0");
  xdi_set_u32(data + 8, 1);
  xdi_set_u32(data + 12, 9);
  reseal(data);
  xd_model *model;
  assert_ok(context, xd_model_load_source(&model, context, in_memory(data, size)));
  xd_model_release(model);
  free(data);
}
END_TEST

START_TEST(model_load__refuses_every_truncation) {
  size_t size;
  unsigned char *data = save_tiny(false, false, &size);
  for (size_t length = 8; length < size; length += length < 400 ? 1 : 97) {
    /* A copy of exactly that length, so that sanitizers see reads behind its end. */
    unsigned char *part = malloc(length);
    memcpy(part, data, length);
    assert_file_refused(context, part, length, XD_ERROR_TRUNCATED, "memory");
    free(part);
  }
  free(data);
}
END_TEST

START_TEST(model_load__refuses_every_flipped_byte) {
  size_t size;
  unsigned char *data = save_tiny(true, false, &size);
  for (size_t i = 0; i < size; i += i < 700 ? 1 : 13) {
    xd_model *model;
    data[i] ^= 0x10;
    xd_status status = xd_model_load_source(&model, context, in_memory(data, size));
    ck_assert_msg(status != XD_OK, "byte %zu changed and nobody noticed", i);
    data[i] ^= 0x10;
  }
  free(data);
}
END_TEST

/* Damage behind right checksums: the reader must not trust a single field. Any status but a crash will do,
 * and a model that loads must be whole. */
START_TEST(model_load__survives_hostile_fields) {
  static const char *const tags[] = {"DOMS", "NETS", "TENS", "DATA", "PROV"};
  static const uint32_t values[] = {0, 1, 0x7fffffff, 0xffffffff, 0x80000000, 65537};
  size_t size;
  unsigned char *data = save_tiny(true, false, &size), *copy = malloc(size);
  for (size_t t = 0; t < 5; t++) {
    uint64_t offset = xdi_at_u64(entry_of(data, tags[t]) + 16),
             length = xdi_at_u64(entry_of(data, tags[t]) + 24);
    for (uint64_t at = 0; at + 4 <= length && at < 1200; at += 4)
      for (size_t v = 0; v < sizeof values / sizeof *values; v++) {
        xd_model *model;
        memcpy(copy, data, size);
        xdi_set_u32(copy + offset + at, values[v]);
        reseal_chunk(copy, tags[t]);
        if (xd_model_load_source(&model, context, in_memory(copy, size)) == XD_OK) {
          ck_assert_ptr_nonnull(xd_model_decoder(model, 2));
          xd_model_release(model);
        } else {
          ck_assert_str_ne(xd_context_message(context), "");
        }
      }
  }
  free(copy);
  free(data);
}
END_TEST

START_TEST(model_load__refuses_weights_that_are_not_finite) {
  size_t size;
  unsigned char *data = save_tiny(true, false, &size);
  xdi_set_u32(data + xdi_at_u64(entry_of(data, "DATA") + 16), 0x7fc00000u); /* NaN */
  assert_file_refused(context, data, size, XD_ERROR_BAD_DATA, "checksum");  /* the better reason */
  reseal_chunk(data, "DATA");
  assert_file_refused(context, data, size, XD_ERROR_BAD_DATA, "finite");
  free(data);
}
END_TEST

START_TEST(model_load__passes_over_optional_chunks_and_refuses_required_ones) {
  size_t size;
  unsigned char *data = save_tiny(true, false, &size);
  unsigned char *entry = entry_of(data, "PROV");
  memcpy(entry, "XTRA", 4);
  reseal(data);
  xd_model *model;
  assert_ok(context, xd_model_load_source(&model, context, in_memory(data, size)));
  ck_assert_uint_eq(xd_model_property_count(model), 0);
  xd_model_release(model);
  xdi_set_u32(entry + 8, 1);
  reseal(data);
  assert_file_refused(context, data, size, XD_ERROR_UNSUPPORTED, "XTRA");
  free(data);
}
END_TEST

START_TEST(model_load__leaks_nothing_when_memory_runs_out) {
  size_t size;
  unsigned char *data = save_tiny(true, false, &size);
  for (size_t fail = 1;; fail++) {
    counting_allocator counter = {0};
    xd_context *counted = test_context_with("reference", 1, &counter);
    xd_model *model;
    atomic_store(&counter.fail_at, atomic_load(&counter.total) + fail);
    xd_status status = xd_model_load_source(&model, counted, in_memory(data, size));
    if (status == XD_OK) {
      xd_translator *translator; /* reads the networks of its direction alone */
      status = xd_translator_load_source(&translator, counted, in_memory(data, size), NULL);
      xd_translator_destroy(translator);
    }
    const bool refused = atomic_load(&counter.total) >= atomic_load(&counter.fail_at);
    atomic_store(&counter.fail_at, 0);
    assert_status(status, refused ? XD_ERROR_OUT_OF_MEMORY : XD_OK);
    xd_model_release(model);
    xd_context_destroy(counted);
    ck_assert_uint_eq(atomic_load(&counter.live_blocks), 0);
    if (status == XD_OK)
      break;
  }
  free(data);
}
END_TEST

/* A byte of DATA between the numbers of two tensors. */
static unsigned char *find_gap(unsigned char *data) {
  const unsigned char *at = data + xdi_at_u64(entry_of(data, "TENS") + 16) + 4;
  for (uint64_t end = 0;; at += 24) {
    at += 16 + xdi_at_u32(at + 4); /* tag, name, type, rank; now its sides and offset */
    if (xdi_at_u64(at + 16) > end)
      return data + xdi_at_u64(entry_of(data, "DATA") + 16) + end;
    end += 4 * (uint64_t)xdi_at_u32(at) * xdi_at_u32(at + 4) * xdi_at_u32(at + 8) * xdi_at_u32(at + 12);
  }
}

START_TEST(model_load__refuses_bytes_between_tensors) {
  size_t size;
  unsigned char *data = save_tiny(true, false, &size), *gap = find_gap(data);
  ck_assert_uint_eq(*gap, 0);
  *gap = 1;
  reseal_chunk(data, "DATA");
  assert_file_refused(context, data, size, XD_ERROR_BAD_DATA, "between tensors");
  free(data);
}
END_TEST

/* Every tag in a chunk becomes another one. */
static void replace_tags(unsigned char *data, const char *chunk, const char *old, const char *new) {
  const unsigned char *entry = entry_of(data, chunk);
  unsigned char *at = data + xdi_at_u64(entry + 16), *end = at + xdi_at_u64(entry + 24);
  for (; at + 4 <= end; at++)
    if (!memcmp(at, old, 4))
      memcpy(at, new, 4);
  reseal_chunk(data, chunk);
}

START_TEST(model_load__refuses_a_network_that_stands_twice) {
  size_t size;
  unsigned char *data = save_tiny(true, false, &size);
  replace_tags(data, "NETS", "ENC2", "ENC1");
  replace_tags(data, "TENS", "ENC2", "ENC1");
  assert_file_refused(context, data, size, XD_ERROR_BAD_DATA, "a network stands twice");
  free(data);
}
END_TEST

/* What the layers' rooms refuse is said of the file. */
START_TEST(model_load__names_the_file_whatever_refuses_it) {
  size_t size;
  unsigned char *data = save_tiny(true, false, &size);
  unsigned char *layer =
      data + xdi_at_u64(entry_of(data, "NETS") + 16) + 4 + 4 + 12 + 4; /* of the first network */
  memcpy(layer, "ABCD", 4);
  reseal_chunk(data, "NETS");
  assert_file_refused(context, data, size, XD_ERROR_UNSUPPORTED, "memory");
  assert_message_names(context, "ABCD");
  free(data);
}
END_TEST

START_TEST(file_inspect__lists_chunks_and_finds_damage) {
  size_t size;
  unsigned char *data = save_tiny(true, false, &size);
  xd_file_info info = XD_FILE_INFO_INIT;
  xd_chunk chunks[8] = {XD_CHUNK_INIT};
  assert_ok(context, xd_file_inspect(context, &info, chunks, 8, path));
  ck_assert_str_eq(info.kind, "model");
  ck_assert_uint_eq(info.size, size);
  ck_assert_uint_eq(info.chunk_count, 5);
  ck_assert_str_eq(chunks[3].tag, "DATA");
  ck_assert_uint_eq(chunks[3].intact, 1);
  assert_ok(context, xd_file_verify(context, path));
  data[chunks[4].offset + 2] ^= 1; /* PROV, which loading checks too */
  write_test_file(path, data, size);
  char before[256];
  snprintf(before, sizeof before, "%s", xd_context_message(context));
  assert_ok(context, xd_file_inspect(context, &info, chunks, 8, path));
  ck_assert_uint_eq(chunks[4].intact, 0);
  ck_assert_str_eq(xd_context_message(context), before);
  assert_status(xd_file_verify(context, path), XD_ERROR_BAD_DATA);
  assert_message_names(context, "PROV");
  free(data);
}
END_TEST

START_TEST(judge_save__keeps_the_names_of_classes) {
  const char *const names[] = {"cat", "", "d\xC3\xB6g"};
  xd_judge *bare = make_judge(context, "width=8 height=8 channels=1 classes=4 base_channels=2 feature_dim=4");
  xd_judge *judge = NULL, *loaded = NULL;
  path_in(path, folder, "judge.xdc");
  assert_ok(context, xd_judge_with_class_names(&judge, context, bare, names, 3));
  assert_ok(context, xd_judge_save(judge, context, path));
  assert_ok(context, xd_judge_load(&loaded, context, path));
  for (uint32_t i = 0; i < 3; i++)
    ck_assert_str_eq(xd_judge_class_name(loaded, i), names[i]);
  ck_assert_str_eq(xd_judge_class_name(loaded, 3), "");
  assert_same_network(xd_judge_network(bare), xd_judge_network(loaded));
  xd_judge_release(judge), xd_judge_release(loaded);
  assert_ok(context, xd_judge_with_class_names(&judge, context, bare, names, 1));
  assert_ok(context, xd_judge_save(judge, context, path));
  assert_ok(context, xd_judge_load(&loaded, context, path));
  ck_assert_str_eq(xd_judge_class_name(loaded, 0), "cat");
  xd_judge_release(judge), xd_judge_release(loaded);
  assert_ok(context, xd_judge_save(bare, context, path));
  assert_ok(context, xd_judge_load(&loaded, context, path));
  ck_assert_str_eq(xd_judge_class_name(loaded, 0), "");
  xd_judge_release(loaded);
  const char *const many[] = {"a", "b", "c", "d", "e"};
  assert_status(xd_judge_with_class_names(&judge, context, bare, many, 5), XD_ERROR_INVALID_ARGUMENT);
  assert_message_names(context, "4 classes");
  ck_assert_ptr_null(judge);
  const char *const latin[] = {"caf\xE9"};
  assert_status(xd_judge_with_class_names(&judge, context, bare, latin, 1), XD_ERROR_INVALID_ARGUMENT);
  assert_message_names(context, "no UTF-8: 'caf\\xE9'");
  assert_status(xd_judge_with_class_names(&judge, context, bare, NULL, 1), XD_ERROR_INVALID_ARGUMENT);
  assert_status(xd_judge_with_class_names(&judge, context, NULL, many, 1), XD_ERROR_INVALID_ARGUMENT);
  assert_status(xd_judge_with_class_names(NULL, context, bare, many, 1), XD_ERROR_INVALID_ARGUMENT);
  xd_judge_release(bare);
}
END_TEST

START_TEST(judge_load__leaks_nothing_when_memory_runs_out) {
  const char *const names[] = {"cat", "dog"};
  xd_judge *bare = make_judge(context, "width=8 height=8 channels=1 classes=2 base_channels=2 feature_dim=4");
  xd_judge *judge = NULL;
  bool refused = true;
  path_in(path, folder, "judge.xdc");
  assert_ok(context, xd_judge_with_class_names(&judge, context, bare, names, 2));
  assert_ok(context, xd_judge_save(judge, context, path));
  xd_judge_release(bare), xd_judge_release(judge);
  for (size_t fail = 1; refused; fail++) {
    counting_allocator counter = {0};
    xd_context *counted = test_context_with("reference", 1, &counter);
    atomic_store(&counter.fail_at, atomic_load(&counter.total) + fail);
    const xd_status status = xd_judge_load(&judge, counted, path);
    refused = atomic_load(&counter.total) >= atomic_load(&counter.fail_at);
    atomic_store(&counter.fail_at, 0);
    assert_status(status, refused ? XD_ERROR_OUT_OF_MEMORY : XD_OK);
    xd_judge_release(judge);
    xd_context_destroy(counted);
    ck_assert_uint_eq(atomic_load(&counter.live_blocks), 0);
  }
}
END_TEST

START_TEST(judge_save__load_gives_the_same_judge) {
  xd_judge *judge =
      make_judge(context, "width=8 height=8 channels=1 classes=3 base_channels=2 feature_dim=4");
  xd_judge *loaded;
  xd_model *model;
  path_in(path, folder, "judge.xdc");
  assert_ok(context, xd_judge_save(judge, context, path));
  assert_ok(context, xd_judge_load(&loaded, context, path));
  ck_assert_uint_eq(xd_judge_class_count(loaded), 3);
  ck_assert_uint_eq(xd_judge_feature_dim(loaded), 4);
  assert_same_network(xd_judge_network(judge), xd_judge_network(loaded));
  assert_ok(context, xd_file_verify(context, path));
  assert_status(xd_model_load(&model, context, path), XD_ERROR_BAD_DATA);
  xd_judge_release(judge);
  xd_judge_release(loaded);
}
END_TEST

START_TEST(model_file__misuse_is_an_invalid_argument) {
  xd_model *model;
  xd_file_info info = XD_FILE_INFO_INIT;
  assert_status(xd_model_load(NULL, context, path), XD_ERROR_INVALID_ARGUMENT);
  assert_status(xd_model_load(&model, context, NULL), XD_ERROR_INVALID_ARGUMENT);
  assert_status(xd_model_load(&model, NULL, path), XD_ERROR_INVALID_ARGUMENT);
  assert_status(xd_model_load_source(&model, context, in_memory(NULL, 3)), XD_ERROR_INVALID_ARGUMENT);
  assert_status(xd_model_save(NULL, context, path, NULL), XD_ERROR_INVALID_ARGUMENT);
  assert_status(xd_file_inspect(context, NULL, NULL, 0, path), XD_ERROR_INVALID_ARGUMENT);
  assert_status(xd_file_inspect(context, &info, NULL, 3, path), XD_ERROR_INVALID_ARGUMENT);
  assert_status(xd_judge_save(NULL, context, path), XD_ERROR_INVALID_ARGUMENT);
}
END_TEST

#define ADD(test) add_fixture_case(suite, #test, test, set_up, tear_down)

static Suite *make_suite(void) {
  Suite *suite = suite_create("model_file");
  ADD(model_save__load_gives_the_same_model);
  ADD(model_load__gives_mappings_and_options_their_names_of_today);
  ADD(model_save__keeps_linear_skips);
  ADD(model_save__says_its_minor_version_by_its_layers);
  ADD(model_save__half_keeps_weights_that_fit);
  ADD(model_save__inference_only_leaves_out_discriminators);
  ADD(model_save__refuses_switches_that_are_neither_0_nor_1);
  ADD(model_save__half_refuses_values_beyond_its_range);
  ADD(model_file__golden_bytes);
  ADD(model_file__header_is_as_specified);
  ADD(model_load__refuses_what_is_not_a_model);
  ADD(model_load__refuses_newer_major_versions_only);
  ADD(model_load__refuses_every_truncation);
  ADD(model_load__refuses_every_flipped_byte);
  ADD(model_load__survives_hostile_fields);
  ADD(model_load__refuses_weights_that_are_not_finite);
  ADD(model_load__refuses_bytes_between_tensors);
  ADD(model_load__refuses_a_network_that_stands_twice);
  ADD(model_load__names_the_file_whatever_refuses_it);
  ADD(model_load__passes_over_optional_chunks_and_refuses_required_ones);
  ADD(model_load__leaks_nothing_when_memory_runs_out);
  ADD(file_inspect__lists_chunks_and_finds_damage);
  ADD(judge_load__leaks_nothing_when_memory_runs_out);
  ADD(judge_save__load_gives_the_same_judge);
  ADD(judge_save__keeps_the_names_of_classes);
  ADD(model_file__misuse_is_an_invalid_argument);
  return suite;
}
XD_SUITE_MAIN(make_suite)
