/* Sources, sinks and blobs: whatever loads and saves by path does so by them, with the same bytes, and what
 * the host's functions answer comes back as it should. */
#include "support.h"

#include <limits.h>
#include <math.h>

#include "refusals.h"
#include "tiny_model.h"

#include "one_file.h"

/* ---- a host that reads and writes piece by piece ---- */

typedef struct tape {
  const unsigned char *data;
  size_t size, at, piece;  /* gives at most `piece` bytes at a time */
  unsigned calls, fail_at; /* the number of the call that fails; 0: none */
  int answer;
  xd_context *cancels; /* cancelled by the first call */
} tape;

static int read_tape(void *user, void *to, size_t size, size_t *got) {
  tape *t = user;
  if (++t->calls == t->fail_at)
    return t->answer;
  xd_context_cancel(t->cancels);
  *got = t->size - t->at < t->piece ? t->size - t->at : t->piece;
  *got = *got < size ? *got : size;
  if (*got)
    memcpy(to, t->data + t->at, *got);
  t->at += *got;
  return 0;
}

static int read_zeros(void *user, void *to, size_t size, size_t *got) {
  (void)user;
  memset(to, 0, size);
  *got = size;
  return 0;
}

static int read_too_much(void *user, void *to, size_t size, size_t *got) {
  (void)user, (void)to;
  *got = size + 1;
  return 0;
}

static int refuse_bytes(void *user, const void *data, size_t size) {
  (void)data, (void)size;
  return ++*(int *)user == 1 ? 28 : 0;
}

static xd_source source_of(tape *t) {
  xd_source source = XD_SOURCE_INIT;
  t->at = 0;
  t->calls = 0;
  source.name = "tape";
  source.read = read_tape;
  source.user = t;
  return source;
}

/* ---- blobs ---- */

START_TEST(blob__holds_what_its_sink_was_given) {
  xd_blob *blob = NULL;
  xd_sink sink = XD_SINK_INIT;
  xd_source source = XD_SOURCE_INIT;
  assert_ok(context, xd_blob_create(&blob, context));
  ck_assert_ptr_null(xd_blob_data(blob));
  ck_assert_uint_eq(xd_blob_size(blob), 0);
  assert_status(xd_blob_sink(blob, &sink), XD_OK);
  for (unsigned i = 0; i < 1000; i++) {
    const unsigned char two[] = {(unsigned char)i, (unsigned char)(i >> 8)};
    ck_assert_int_eq(sink.write(sink.user, two, 2), 0);
  }
  ck_assert_uint_eq(xd_blob_size(blob), 2000);
  for (unsigned i = 0; i < 1000; i++)
    ck_assert_uint_eq(((const unsigned char *)xd_blob_data(blob))[2 * i + 1], i >> 8);
  assert_status(xd_blob_source(blob, &source), XD_OK);
  ck_assert_ptr_eq(source.data, xd_blob_data(blob));
  ck_assert_uint_eq(source.size, 2000);
  ck_assert(source.read == NULL);
  ck_assert_int_ne(sink.write(sink.user, "", SIZE_MAX), 0); /* more than any memory */
  ck_assert_uint_eq(xd_blob_size(blob), 2000);
  xd_blob_clear(blob);
  ck_assert_uint_eq(xd_blob_size(blob), 0);
  ck_assert_ptr_null(xd_blob_data(blob));
  xd_blob_destroy(blob);
}
END_TEST

START_TEST(blob__misuse_is_an_invalid_argument) {
  xd_blob *blob = NULL;
  xd_sink sink = XD_SINK_INIT;
  xd_source source = XD_SOURCE_INIT;
  assert_status(xd_blob_create(NULL, context), XD_ERROR_INVALID_ARGUMENT);
  assert_status(xd_blob_create(&blob, NULL), XD_ERROR_INVALID_ARGUMENT);
  ck_assert_ptr_null(blob);
  assert_ok(context, xd_blob_create(&blob, context));
  assert_status(xd_blob_sink(NULL, &sink), XD_ERROR_INVALID_ARGUMENT);
  assert_status(xd_blob_sink(blob, NULL), XD_ERROR_INVALID_ARGUMENT);
  assert_status(xd_blob_source(NULL, &source), XD_ERROR_INVALID_ARGUMENT);
  assert_status(xd_blob_source(blob, NULL), XD_ERROR_INVALID_ARGUMENT);
  sink.struct_size = source.struct_size = 1;
  assert_status(xd_blob_sink(blob, &sink), XD_ERROR_INVALID_ARGUMENT);
  assert_status(xd_blob_source(blob, &source), XD_ERROR_INVALID_ARGUMENT);
  ck_assert_ptr_null(sink.user);
  ck_assert_uint_eq(xd_blob_size(NULL), 0);
  ck_assert_ptr_null(xd_blob_data(NULL));
  xd_blob_clear(NULL);
  xd_blob_destroy(NULL);
  xd_blob_destroy(blob);
}
END_TEST

/* ---- every road gives the same ---- */

static void save_picture(xd_context *with, const xd_sink *sink) {
  static unsigned char pixels[9 * 7 * 3];
  xd_image image;
  for (size_t i = 0; i < sizeof pixels; i++)
    pixels[i] = (unsigned char)(i * 31);
  xd_image_init(&image, sizeof image, pixels, 9, 7, XD_SAMPLE_U8, XD_LAYOUT_RGB);
  if (sink)
    assert_ok(with, xd_image_save_png_sink(with, sink, &image));
  else
    assert_ok(with, xd_image_save_png(with, path, &image));
}

static void save_model(xd_context *with, const xd_sink *sink) {
  xd_model *model = tiny_model(with, true);
  if (sink)
    assert_ok(with, xd_model_save_sink(model, with, sink, NULL));
  else
    assert_ok(with, xd_model_save(model, with, path, NULL));
  xd_model_release(model);
}

static void save_judge(xd_context *with, const xd_sink *sink) {
  xd_judge *judge = make_judge(with, "width=8 height=8 channels=1 classes=2 base_channels=2 feature_dim=3");
  if (sink)
    assert_ok(with, xd_judge_save_sink(judge, with, sink));
  else
    assert_ok(with, xd_judge_save(judge, with, path));
  xd_judge_release(judge);
}

/* Loads by a path or a source and says what it was by one number. */
static xd_status load_picture(xd_context *with, const xd_source *source, double *mark) {
  xd_picture *picture = NULL;
  xd_image view = XD_IMAGE_INIT;
  xd_status status =
      source ? xd_picture_load_source(&picture, with, source) : xd_picture_load(&picture, with, path);
  *mark = 0;
  if (status == XD_OK)
    assert_status(xd_picture_view(picture, &view), XD_OK);
  for (uint32_t i = 0; i < view.width * view.height * 3; i++)
    *mark += (i + 1) * ((const unsigned char *)view.pixels)[i];
  xd_picture_destroy(picture);
  return status;
}

static double sum_codes(const float *codes, size_t count) {
  double sum = 0;
  for (size_t i = 0; i < count; i++)
    sum += (double)(i + 1) * (double)codes[i];
  return sum;
}

static xd_status load_model(xd_context *with, const xd_source *source, double *mark) {
  xd_model *model = NULL;
  float picture[64], codes[2];
  xd_status status = source ? xd_model_load_source(&model, with, source) : xd_model_load(&model, with, path);
  for (unsigned i = 0; i < 64; i++)
    picture[i] = (float)i / 63.0f;
  *mark = 0;
  if (status == XD_OK)
    status = xd_encoder_encode(xd_model_encoder(model, 1), with, codes, NULL, picture, 1);
  if (status == XD_OK)
    *mark = sum_codes(codes, 2);
  xd_model_release(model);
  return status;
}

static xd_status load_translator(xd_context *with, const xd_source *source, double *mark) {
  xd_translator *translator = NULL;
  float picture[64] = {0.5f}, result[10 * 9 * 3], codes[3];
  xd_status status = source ? xd_translator_load_source(&translator, with, source, NULL)
                            : xd_translator_load(&translator, with, path, NULL);
  *mark = 0;
  if (status == XD_OK)
    status = xd_translator_run_floats(translator, result, codes, picture, 1);
  if (status == XD_OK)
    *mark = sum_codes(codes, 3);
  xd_translator_destroy(translator);
  return status;
}

static xd_status load_judge(xd_context *with, const xd_source *source, double *mark) {
  xd_judge *judge = NULL;
  float picture[64] = {1.0f, 0.5f}, logits[2];
  xd_status status = source ? xd_judge_load_source(&judge, with, source) : xd_judge_load(&judge, with, path);
  *mark = 0;
  if (status == XD_OK)
    status = xd_judge_predict(judge, with, NULL, logits, NULL, picture, 1);
  if (status == XD_OK)
    *mark = sum_codes(logits, 2);
  xd_judge_release(judge);
  return status;
}

static xd_status verify(xd_context *with, const xd_source *source, double *mark) {
  *mark = 1;
  return source ? xd_file_verify_source(with, source) : xd_file_verify(with, path);
}

static xd_status inspect(xd_context *with, const xd_source *source, double *mark) {
  xd_file_info info = XD_FILE_INFO_INIT;
  xd_status status = source ? xd_file_inspect_source(with, &info, NULL, 0, source)
                            : xd_file_inspect(with, &info, NULL, 0, path);
  *mark = (double)info.size + info.chunk_count;
  return status;
}

static const struct road {
  void (*save)(xd_context *with, const xd_sink *sink);
  xd_status (*load)(xd_context *with, const xd_source *source, double *mark);
} roads[] = {{save_picture, load_picture}, {save_model, load_model}, {save_model, load_translator},
             {save_judge, load_judge},     {save_model, verify},     {save_judge, verify},
             {save_model, inspect}};
enum { ROADS = sizeof roads / sizeof *roads };

/* The bytes of a road's file; the caller destroys the blob. */
static xd_blob *save_to_blob(const struct road *road) {
  xd_blob *blob = NULL;
  xd_sink sink = XD_SINK_INIT;
  assert_ok(context, xd_blob_create(&blob, context));
  assert_status(xd_blob_sink(blob, &sink), XD_OK);
  road->save(context, &sink);
  return blob;
}

START_TEST(sinks__take_the_bytes_that_files_have) {
  for (unsigned i = 0; i < ROADS; i++) {
    xd_blob *blob = save_to_blob(&roads[i]);
    size_t size;
    roads[i].save(context, NULL);
    unsigned char *file = read_test_file(path, &size);
    ck_assert_uint_eq(xd_blob_size(blob), size);
    ck_assert_mem_eq(xd_blob_data(blob), file, size);
    free(file);
    xd_blob_destroy(blob);
  }
}
END_TEST

START_TEST(sources__give_what_files_give) {
  for (unsigned i = 0; i < ROADS; i++) {
    xd_blob *blob = save_to_blob(&roads[i]);
    xd_source memory = XD_SOURCE_INIT;
    double expected, got;
    write_test_file(path, xd_blob_data(blob), xd_blob_size(blob));
    assert_ok(context, roads[i].load(context, NULL, &expected));
    ck_assert(isfinite(expected) && expected != 0);
    assert_status(xd_blob_source(blob, &memory), XD_OK);
    assert_ok(context, roads[i].load(context, &memory, &got));
    ck_assert(got == expected);
    const size_t pieces[] = {1, 7, 4096, SIZE_MAX};
    for (unsigned k = 0; k < 4; k++) {
      tape t = {.data = memory.data, .size = memory.size, .piece = pieces[k]};
      const xd_source source = source_of(&t);
      assert_ok(context, roads[i].load(context, &source, &got));
      ck_assert(got == expected);
    }
    xd_blob_destroy(blob);
  }
}
END_TEST

/* ---- what goes wrong ---- */

START_TEST(sources__that_fail_end_the_call) {
  for (unsigned i = 0; i < ROADS; i++) {
    xd_blob *blob = save_to_blob(&roads[i]);
    double mark;
    for (unsigned fail_at = 1; fail_at <= 3; fail_at++) {
      tape t = {.data = xd_blob_data(blob), .size = xd_blob_size(blob), .piece = 50, .answer = -1234567};
      xd_source source = source_of(&t);
      t.fail_at = fail_at;
      assert_status(roads[i].load(context, &source, &mark), XD_ERROR_IO);
      assert_message_names(context, "'tape'");
      assert_message_names(context, "-1234567");
      ck_assert_uint_eq(t.calls, fail_at); /* and never again */
    }
    tape cut = {.data = xd_blob_data(blob), .size = xd_blob_size(blob) - 1, .piece = SIZE_MAX};
    xd_source source = source_of(&cut);
    const xd_status status = roads[i].load(context, &source, &mark);
    ck_assert(status == XD_ERROR_TRUNCATED || status == XD_ERROR_BAD_DATA);
    assert_message_names(context, "tape");
    tape cancelling = {
        .data = xd_blob_data(blob), .size = xd_blob_size(blob), .piece = 50, .cancels = context};
    source = source_of(&cancelling);
    assert_status(roads[i].load(context, &source, &mark), XD_ERROR_CANCELLED);
    ck_assert_uint_eq(cancelling.calls, 1);
    xd_context_clear_cancel(context);
    xd_blob_destroy(blob);
  }
}
END_TEST

static int stop(void *user) {
  ++*(unsigned *)user;
  return 1;
}

START_TEST(sources__in_memory_hear_a_cancellation) {
  unsigned asked = 0;
  xd_context_options options = XD_CONTEXT_OPTIONS_INIT;
  xd_context *stopped = NULL;
  options.backend = "reference";
  options.should_stop = stop;
  options.should_stop_user = &asked;
  assert_status(xd_context_create(&stopped, &options), XD_OK);
  for (unsigned i = 0; i < ROADS; i++) {
    xd_blob *blob = save_to_blob(&roads[i]);
    xd_source memory = XD_SOURCE_INIT;
    double mark;
    assert_status(xd_blob_source(blob, &memory), XD_OK);
    xd_context_cancel(context);
    assert_status(roads[i].load(context, &memory, &mark), XD_ERROR_CANCELLED);
    xd_context_clear_cancel(context);
    asked = 0;
    assert_status(roads[i].load(stopped, &memory, &mark), XD_ERROR_CANCELLED);
    ck_assert_uint_eq(asked, 1);
    xd_blob_destroy(blob);
  }
  xd_context_destroy(stopped);
}
END_TEST

START_TEST(sources__that_lie_or_never_end_are_refused) {
  xd_source source = XD_SOURCE_INIT;
  double mark;
  source.read = read_too_much;
  assert_status(load_picture(context, &source, &mark), XD_ERROR_IO);
  assert_message_names(context, "'stream'");
  source.read = read_zeros;
  assert_status(load_picture(context, &source, &mark), XD_ERROR_TOO_LARGE);
  assert_message_names(context, "268435456");
}
END_TEST

START_TEST(sources__without_bytes_are_empty_files) {
  const xd_source empty = XD_SOURCE_INIT;
  tape t = {.piece = 1};
  const xd_source stream = source_of(&t);
  for (unsigned i = 0; i < ROADS; i++) {
    double mark;
    const xd_status status = roads[i].load(context, &empty, &mark);
    ck_assert(status == XD_ERROR_TRUNCATED || status == XD_ERROR_BAD_DATA);
    assert_message_names(context, "memory");
    assert_status(roads[i].load(context, &stream, &mark), status);
  }
}
END_TEST

START_TEST(sources__misuse_is_an_invalid_argument) {
  for (unsigned i = 0; i < ROADS; i++) {
    xd_source bad = XD_SOURCE_INIT;
    double mark;
    bad.size = 3;
    assert_status(roads[i].load(context, &bad, &mark), XD_ERROR_INVALID_ARGUMENT);
    assert_message_names(context, "_source");
    bad.struct_size = 1;
    assert_status(roads[i].load(context, &bad, &mark), XD_ERROR_INVALID_ARGUMENT);
  }
  xd_picture *picture;
  xd_model *model;
  xd_judge *judge;
  xd_translator *translator;
  xd_file_info info = XD_FILE_INFO_INIT;
  assert_status(xd_picture_load_source(&picture, context, NULL), XD_ERROR_INVALID_ARGUMENT);
  assert_status(xd_model_load_source(&model, context, NULL), XD_ERROR_INVALID_ARGUMENT);
  assert_status(xd_judge_load_source(&judge, context, NULL), XD_ERROR_INVALID_ARGUMENT);
  assert_status(xd_translator_load_source(&translator, context, NULL, NULL), XD_ERROR_INVALID_ARGUMENT);
  assert_status(xd_file_verify_source(context, NULL), XD_ERROR_INVALID_ARGUMENT);
  assert_status(xd_file_inspect_source(context, &info, NULL, 0, NULL), XD_ERROR_INVALID_ARGUMENT);
  const xd_source empty = XD_SOURCE_INIT;
  assert_status(xd_picture_load_source(NULL, context, &empty), XD_ERROR_INVALID_ARGUMENT);
  assert_status(xd_model_load_source(NULL, context, &empty), XD_ERROR_INVALID_ARGUMENT);
  assert_status(xd_judge_load_source(NULL, context, &empty), XD_ERROR_INVALID_ARGUMENT);
  assert_status(xd_translator_load_source(NULL, context, &empty, NULL), XD_ERROR_INVALID_ARGUMENT);
  assert_status(xd_model_load_source(&model, NULL, &empty), XD_ERROR_INVALID_ARGUMENT);
  assert_status(xd_file_verify_source(NULL, &empty), XD_ERROR_INVALID_ARGUMENT);
}
END_TEST

START_TEST(sinks__that_refuse_bytes_end_the_call) {
  unsigned char pixel = 7;
  int calls = 0;
  xd_image image;
  xd_sink sink = XD_SINK_INIT;
  xd_model *model = tiny_model(context, true);
  xd_image_init(&image, sizeof image, &pixel, 1, 1, XD_SAMPLE_U8, XD_LAYOUT_GREY);
  sink.name = "pipe";
  sink.write = refuse_bytes;
  sink.user = &calls;
  assert_status(xd_image_save_png_sink(context, &sink, &image), XD_ERROR_IO);
  assert_message_names(context, "'pipe'");
  assert_message_names(context, "28");
  ck_assert_int_eq(calls, 1);
  calls = 0;
  assert_status(xd_model_save_sink(model, context, &sink, NULL), XD_ERROR_IO);
  ck_assert_int_eq(calls, 1);
  sink.write = NULL;
  assert_status(xd_model_save_sink(model, context, &sink, NULL), XD_ERROR_INVALID_ARGUMENT);
  assert_message_names(context, "write");
  assert_status(xd_image_save_png_sink(context, NULL, &image), XD_ERROR_INVALID_ARGUMENT);
  sink.struct_size = 0;
  assert_status(xd_model_save_sink(model, context, &sink, NULL), XD_ERROR_INVALID_ARGUMENT);
  assert_status(xd_model_save_sink(NULL, context, &sink, NULL), XD_ERROR_INVALID_ARGUMENT);
  assert_status(xd_judge_save_sink(NULL, context, &sink), XD_ERROR_INVALID_ARGUMENT);
  xd_model_release(model);
}
END_TEST

static xd_status go_round(xd_context *limited, void *user) {
  const struct road *road = user;
  xd_blob *blob = NULL;
  xd_sink sink = XD_SINK_INIT;
  xd_model *model = NULL;
  double mark;
  xd_status status = xd_blob_create(&blob, limited);
  if (status == XD_OK)
    status = xd_blob_sink(blob, &sink);
  write_test_file(path, "", 0);
  road->save(context, NULL);
  size_t size;
  unsigned char *file = read_test_file(path, &size);
  tape t = {.data = file, .size = size, .piece = 100};
  const xd_source source = source_of(&t);
  if (status == XD_OK)
    status = road->load(limited, &source, &mark);
  if (status == XD_OK && road->load == load_model) {
    status = xd_model_load_source(&model, limited, in_memory(file, size));
    if (status == XD_OK)
      status = xd_model_save_sink(model, limited, &sink, NULL);
  }
  free(file);
  xd_model_release(model);
  xd_blob_destroy(blob);
  return status;
}

START_TEST(streams__leak_nothing_when_memory_is_refused) {
  check_refusals(go_round, (void *)&roads[0]);
  check_refusals(go_round, (void *)&roads[1]);
  check_refusals(go_round, (void *)&roads[3]);
}
END_TEST

static Suite *make_suite(void) {
  Suite *suite = suite_create("stream");
  TCase *tcase = tcase_create("stream");
  tcase_add_checked_fixture(tcase, set_up, tear_down);
  tcase_add_test(tcase, blob__holds_what_its_sink_was_given);
  tcase_add_test(tcase, blob__misuse_is_an_invalid_argument);
  tcase_add_test(tcase, sinks__take_the_bytes_that_files_have);
  tcase_add_test(tcase, sources__give_what_files_give);
  tcase_add_test(tcase, sources__that_fail_end_the_call);
  tcase_add_test(tcase, sources__in_memory_hear_a_cancellation);
  tcase_add_test(tcase, sources__that_lie_or_never_end_are_refused);
  tcase_add_test(tcase, sources__without_bytes_are_empty_files);
  tcase_add_test(tcase, sources__misuse_is_an_invalid_argument);
  tcase_add_test(tcase, sinks__that_refuse_bytes_end_the_call);
  tcase_add_test(tcase, streams__leak_nothing_when_memory_is_refused);
  suite_add_tcase(suite, tcase);
  return suite;
}

XD_SUITE_MAIN(make_suite)
