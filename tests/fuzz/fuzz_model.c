/* Model files with right checksums: loaded, looked at, run, rebuilt from their parts,
 * and written so that the same bytes come back. */
#include "fuzz_networks.h"
#include "repair.h"

static void run_vae(const fuzz_surroundings *with, const xd_model *model, uint32_t domain) {
  const xd_encoder *encoder = xd_model_encoder(model, domain);
  const xd_decoder *decoder = xd_model_decoder(model, domain);
  xd_shape shape;
  if (!encoder)
    return; /* conditions */
  xd_model_picture_shape(model, domain, &shape);
  const uint32_t latent_dim = xd_model_latent_dim(model, domain);
  look_at_network(with, xd_encoder_network(encoder));
  look_at_network(with, xd_decoder_network(decoder));
  float *picture = new_cells(cells_of(&shape)), *code = new_cells(latent_dim);
  check_cells(xd_encoder_encode(encoder, with->context, code, NULL, picture, 1), code, latent_dim);
  check_cells(xd_decoder_decode(decoder, with->context, picture, code, 1), picture, cells_of(&shape));
  free(picture);
  free(code);
}

/* By the three steps it is the same: of codes that are finite, the same bytes. */
static void compare_steps(xd_translator *translator, const float *results, const float *pictures,
                          uint32_t count, size_t cells) {
  float *codes = new_cells(count * xd_translator_source_dim(translator));
  float *made = new_cells(count * xd_translator_target_dim(translator)), *again = new_cells(count * cells);
  if (xd_translator_encode_floats(translator, codes, pictures, count) == XD_OK) {
    demand(xd_translator_generate(translator, made, NULL, codes, count) == XD_OK &&
           xd_translator_decode_floats(translator, again, made, count) == XD_OK);
    demand(memcmp(results, again, count * cells * sizeof *again) == 0);
  }
  free(codes);
  free(made);
  free(again);
}

static void translate(const fuzz_surroundings *with, const xd_model *model, xd_direction direction) {
  const xd_latent_generator *generator = xd_model_generator(model, direction);
  xd_translator_options options = XD_TRANSLATOR_OPTIONS_INIT;
  xd_translator *translator = NULL;
  xd_shape in, out;
  options.direction = direction;
  options.max_batch = 2;
  const xd_status status = xd_translator_create(&translator, with->context, model, &options);
  check_status(with, status, &translator);
  demand(!generator == (status == XD_ERROR_UNSUPPORTED));
  if (!translator)
    return;
  xd_translator_input_shape(translator, &in);
  xd_translator_output_shape(translator, &out);
  float *pictures = new_cells(3 * cells_of(&in)), *results = new_cells(3 * cells_of(&out));
  const xd_status translated = xd_translator_run_floats(translator, results, NULL, pictures, 3);
  check_cells(translated, results, 3 * cells_of(&out));
  if (translated == XD_OK)
    compare_steps(translator, results, pictures, 3, cells_of(&out));
  free(pictures);
  free(results);
  xd_translator_destroy(translator);
}

static void look_at_texts(const xd_model *model) {
  for (uint32_t domain = 1; domain <= 2; domain++) {
    demand(xd_model_name(model, domain) != NULL);
    for (uint32_t label = 0; label <= xd_model_class_count(model, domain); label++)
      demand(xd_model_class_name(model, domain, label) != NULL);
  }
  demand(xd_model_pairing(model) != NULL);
  for (uint32_t i = 0; i < xd_model_property_count(model); i++)
    demand(xd_model_property(model, xd_model_property_key(model, i)) != NULL);
}

/* Written and read again it is the same model: the second file has the first one's bytes. */
static void save_twice(const fuzz_surroundings *with, const xd_model *model) {
  xd_blob *blobs[2] = {NULL, NULL};
  xd_model *again = NULL;
  for (int i = 0; i < 2; i++) {
    xd_sink sink = XD_SINK_INIT;
    xd_source source = XD_SOURCE_INIT;
    demand(xd_blob_create(&blobs[i], with->context) == XD_OK && xd_blob_sink(blobs[i], &sink) == XD_OK);
    demand(xd_model_save_sink(i ? again : model, with->context, &sink, NULL) == XD_OK);
    demand(xd_blob_source(blobs[i], &source) == XD_OK);
    if (i == 0)
      demand(xd_model_load_source(&again, with->context, &source) == XD_OK);
  }
  demand(xd_blob_size(blobs[0]) == xd_blob_size(blobs[1]) &&
         memcmp(xd_blob_data(blobs[0]), xd_blob_data(blobs[1]), xd_blob_size(blobs[0])) == 0);
  xd_model_release(again);
  xd_blob_destroy(blobs[0]);
  xd_blob_destroy(blobs[1]);
}

/* The other roads agree with that of memory: a file, and a stream that comes in pieces. */
static void load_otherwise(const fuzz_surroundings *with, const uint8_t *data, size_t size,
                           xd_status loaded) {
  xd_file_info info = XD_FILE_INFO_INIT;
  xd_chunk chunks[4] = {XD_CHUNK_INIT, XD_CHUNK_INIT, XD_CHUNK_INIT, XD_CHUNK_INIT};
  xd_translator *translator = NULL;
  xd_model *model = NULL;
  fuzz_bytes bytes = {data, size};
  const xd_source stream = stream_source(&bytes);
  fuzz_file file;
  demand(xd_model_load_source(&model, with->context, &stream) == loaded);
  xd_model_release(model);
  fuzz_file_create(&file, data, size);
  const xd_status inspected = xd_file_inspect(with->context, &info, chunks, 4, file.path);
  demand(loaded != XD_OK || inspected == XD_OK);
  const xd_status status = xd_file_verify(with->context, file.path);
  demand(loaded != XD_OK || status == XD_OK);
  if (loaded != XD_OK)
    check_status(with, xd_translator_load(&translator, with->context, file.path, NULL), &translator);
  xd_translator_destroy(translator);
  fuzz_file_destroy(&file);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  fuzz_surroundings with;
  xd_model *model = NULL;
  uint8_t *repaired = malloc(size + 1);
  demand(repaired != NULL);
  if (size)
    memcpy(repaired, data, size);
  repair_container(repaired, size);
  fuzz_begin(&with);
  const xd_source source = memory_source(repaired, size);
  const xd_status status = xd_model_load_source(&model, with.context, &source);
  check_status(&with, status, &model);
  if (model) {
    look_at_texts(model);
    run_vae(&with, model, 1);
    run_vae(&with, model, 2);
    translate(&with, model, XD_DIRECTION_1TO2);
    translate(&with, model, XD_DIRECTION_2TO1);
    save_twice(&with, model);
  }
  load_otherwise(&with, repaired, size, status);
  xd_model_release(model);
  fuzz_end(&with);
  free(repaired);
  return 0;
}
