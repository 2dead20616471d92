/* Checkpoints that do not fit or are damaged, files that cannot be written, and memory that is
 * refused. */
#include "checkpoint_support.h"

#include <time.h>

#include "file_bytes.h"

/* ---- refusals ---- */

/* Stops a training of `s` at an event, from 1. */
static void leave_checkpoint_at(const lab *l, const setting *s, uint32_t event) {
  heard told = {.stop_at = event};
  outcome none;
  remove(l->checkpoint);
  ck_assert(run_checkpointed(&none, l, s, &told, 1, false) == XD_ERROR_CANCELLED);
  free(told.text);
}

static void leave_checkpoint(const lab *l, const setting *s) {
  leave_checkpoint_at(l, s, 12);
}

static void assert_part_refused(part *p, xd_status expected, const char *word) {
  heard told = {0};
  listen(p, &told);
  assert_status(run_part(p), expected);
  assert_message_names(p->context, word);
  ck_assert_ptr_null(p->model);
  ck_assert_uint_eq(told.events, 0);
}

static void refuse_other(const lab *l, const setting *s, const char *word) {
  part p;
  open_part(&p, l, s, 1);
  p.run.checkpoint = l->checkpoint, p.run.resume = 1;
  assert_part_refused(&p, XD_ERROR_INVALID_ARGUMENT, word);
  assert_message_names(p.context, l->checkpoint);
  close_part(&p);
}

START_TEST(checkpoint__refuses_other_options) {
  static const char *const changes[][2] = {
      {"seed=6", "seed is 5 there, and 6 here"},
      {"vae1.latent_dim=5", "vae1.latent_dim is 4 there, and 5 here"},
      {"mapping2.steps=8", "mapping2.steps is 7 there, and 8 here"},
      {"mapping.lambda_reg=0.4", "mapping1.lambda_reg"},
      {"directions=1", "directions is 3 there, and 1 here"},
      {"validate_every=2", "validate_every is 4000 there, and 2 here"},
  };
  const setting plain = {.options = ""};
  lab l;
  open_lab(&l);
  leave_checkpoint(&l, &plain);
  for (size_t i = 0; i < COUNT_OF(changes); i++) {
    const setting other = {.options = changes[i][0]};
    refuse_other(&l, &other, changes[i][1]);
  }
  remove_folder(l.folder);
}
END_TEST

/* What a mapping alone does not read may be another. */
START_TEST(checkpoint__of_a_mapping_goes_on_with_other_options_of_vaes) {
  const setting mapped = {.options = "directions=1", .maps = true, .one_class = true};
  const setting other = {
      .options = "directions=1 vae.epochs=9 vae2.latent_dim=7", .maps = true, .one_class = true};
  lab l;
  outcome got = {.size = 0};
  heard told = {0};
  open_lab(&l);
  fill_lab(&l);
  leave_checkpoint_at(&l, &mapped, 3);
  ck_assert(run_checkpointed(&got, &l, &other, &told, 1, true) == XD_OK);
  free_outcome(&got);
  remove_folder(l.folder);
}
END_TEST

START_TEST(checkpoint__refuses_other_calls_and_data) {
  const setting plain = {.options = ""}, mapped = {.options = "", .maps = true};
  const setting paired = {.options = "", .pairs = "0:3,1:5,2:4"};
  const setting judged = {.options = "", .validates = true};
  const setting one = {.options = "", .one_picture = true};
  const setting elsewhere = {.options = "", .backend = "reference"};
  lab l;
  open_lab(&l);
  fill_lab(&l);
  leave_checkpoint(&l, &plain);
  refuse_other(&l, &mapped, "the call is xd_train there, and xd_map here");
  refuse_other(&l, &paired, "the pairing is 3 pairs");
  refuse_other(&l, &judged, "the validation set of domain 1 is absent there, and 30 pictures of 12x12x1");
  refuse_other(&l, &one, "the set of domain 2 is 60 pictures");
  refuse_other(&l, &elsewhere, "the backend is ");
  leave_checkpoint(&l, &mapped);
  refuse_other(&l, &plain, "the call is xd_map there, and xd_train here");
  remove_folder(l.folder);
}
END_TEST

/* The VAEs of `of`, but for one part: encoder 1, encoder 2, decoder 1, decoder 2. */
static xd_model *with_other_part(xd_context *context, const xd_model *of, const xd_model *other,
                                 uint32_t which) {
  xd_model_parts parts = XD_MODEL_PARTS_INIT;
  xd_model *model = NULL;
  for (uint32_t i = 0; i < 2; i++) {
    parts.encoder[i] = xd_model_encoder(which == i ? other : of, i + 1);
    parts.decoder[i] = xd_model_decoder(which == 2 + i ? other : of, i + 1);
    parts.name[i] = xd_model_name(of, i + 1);
  }
  assert_ok(context, xd_model_create(&model, context, &parts));
  return model;
}

/* Networks, judges and names. */
START_TEST(checkpoint__refuses_other_parts) {
  static const char *const words[] = {"the model's encoder 1 is ", "the model's encoder 2 is ",
                                      "the model's decoder 1 is ", "the model's decoder 2 is "};
  const setting s = {.options = "", .validates = true, .one_class = true};
  const setting mapped = {.options = "", .maps = true};
  lab l;
  part p;
  xd_encoder *encoder = NULL;
  open_lab(&l);
  fill_lab(&l);
  leave_checkpoint(&l, &s);
  open_part(&p, &l, &s, 1);
  p.run.checkpoint = l.checkpoint, p.run.resume = 1;
  p.input.judge[1] = NULL;
  assert_part_refused(&p, XD_ERROR_INVALID_ARGUMENT, "the judge of domain 2 is ");
  p.input.judge[1] = p.judges[1];
  p.input.name[0] = "other";
  assert_part_refused(&p, XD_ERROR_INVALID_ARGUMENT, "the name of domain 1 is solid there, and other here");
  p.input.name[0] = NULL;
  assert_part_refused(&p, XD_ERROR_INVALID_ARGUMENT, "the name of domain 1 is solid there, and absent here");
  p.input.name[0] = "solid";
  assert_ok(p.context, xd_model_load(&p.vaes, p.context, l.vaes));
  encoder = xd_encoder_retain(xd_model_encoder(p.vaes, 1));
  xd_model_release(p.vaes);
  p.vaes = NULL;
  p.input.encoder[0] = encoder;
  assert_part_refused(&p, XD_ERROR_INVALID_ARGUMENT, "encoder[0] is absent there, and ");
  xd_encoder_release(encoder);
  close_part(&p);
  leave_checkpoint(&l, &mapped);
  open_part(&p, &l, &mapped, 1);
  p.run.checkpoint = l.checkpoint;
  xd_model *own = p.vaes;
  remove(l.vaes);
  const setting vaes = {.options = "directions=0 seed=8"};
  part other;
  open_part(&other, &l, &vaes, 1);
  assert_ok(other.context, run_part(&other));
  p.run.resume = 1;
  for (uint32_t i = 0; i < COUNT_OF(words); i++) {
    p.vaes = with_other_part(p.context, own, other.model, i);
    assert_part_refused(&p, XD_ERROR_INVALID_ARGUMENT, words[i]);
    xd_model_release(p.vaes);
  }
  p.vaes = own;
  close_part(&p);
  close_part(&other);
  remove_folder(l.folder);
}
END_TEST

START_TEST(checkpoint__refuses_inputs_that_make_no_sense) {
  const setting s = {.options = ""};
  lab l;
  part p;
  char path[TEST_PATH_SIZE];
  xd_model *model = NULL;
  open_lab(&l);
  open_part(&p, &l, &s, 1);
  p.run.resume = 1;
  assert_part_refused(&p, XD_ERROR_INVALID_ARGUMENT, "checkpoint is NULL");
  p.run.checkpoint = l.checkpoint;
  assert_part_refused(&p, XD_ERROR_NOT_FOUND, l.checkpoint);
  p.run.resume = 2;
  assert_part_refused(&p, XD_ERROR_INVALID_ARGUMENT, "xd_run.resume");
  p.run.resume = 0, p.run.checkpoint_seconds = -1.0;
  assert_part_refused(&p, XD_ERROR_INVALID_ARGUMENT, "checkpoint_seconds cannot be -1");
  p.run.checkpoint_seconds = NAN;
  assert_part_refused(&p, XD_ERROR_INVALID_ARGUMENT, "checkpoint_seconds");
  p.run.checkpoint_seconds = 60.0;
  ck_assert_int_eq(count_entries(l.folder), 0);
  /* A file, whatever it is, is never overwritten by a new training. */
  write_test_file(l.checkpoint, "precious", 8);
  assert_part_refused(&p, XD_ERROR_INVALID_ARGUMENT, "is there already");
  p.run.resume = 1;
  assert_part_refused(&p, XD_ERROR_BAD_DATA, l.checkpoint);
  p.run.checkpoint = path_in(path, l.folder, "none/t.ckpt"), p.run.resume = 0;
  assert_part_refused(&p, XD_ERROR_NOT_FOUND, path);
  assert_status(xd_train_recover(NULL, p.context, l.checkpoint), XD_ERROR_INVALID_ARGUMENT);
  assert_status(xd_train_recover(&model, p.context, NULL), XD_ERROR_INVALID_ARGUMENT);
  assert_status(xd_train_recover(&model, NULL, l.checkpoint), XD_ERROR_INVALID_ARGUMENT);
  assert_status(xd_train_recover(&model, p.context, l.checkpoint), XD_ERROR_BAD_DATA);
  assert_status(xd_train_recover(&model, p.context, path), XD_ERROR_NOT_FOUND);
  close_part(&p);
  remove_folder(l.folder);
}
END_TEST

/* Neither a model nor a judge is a checkpoint, and a checkpoint is neither. */
START_TEST(checkpoint__is_a_file_of_its_own_kind) {
  const setting s = {.options = ""};
  lab l;
  part p;
  xd_model *model = NULL;
  xd_judge *judge = NULL;
  xd_file_info info = XD_FILE_INFO_INIT;
  open_lab(&l);
  fill_lab(&l);
  leave_checkpoint(&l, &s);
  open_part(&p, &l, &s, 1);
  assert_status(xd_model_load(&model, p.context, l.checkpoint), XD_ERROR_BAD_DATA);
  assert_status(xd_judge_load(&judge, p.context, l.checkpoint), XD_ERROR_BAD_DATA);
  assert_status(xd_train_recover(&model, p.context, l.vaes), XD_ERROR_BAD_DATA);
  assert_ok(p.context, xd_file_inspect(p.context, &info, NULL, 0, l.checkpoint));
  ck_assert_str_eq(info.kind, "checkpoint");
  assert_ok(p.context, xd_file_verify(p.context, l.checkpoint));
  p.run.checkpoint = l.vaes, p.run.resume = 1;
  assert_part_refused(&p, XD_ERROR_BAD_DATA, l.vaes);
  close_part(&p);
  remove_folder(l.folder);
}
END_TEST

static void assert_not_recovered(const lab *l, const part *p, unsigned char *bytes, size_t size,
                                 xd_status expected, const char *reason) {
  xd_model *model = (xd_model *)&size;
  reseal(bytes);
  write_test_file(l->checkpoint, bytes, size);
  assert_status(xd_train_recover(&model, p->context, l->checkpoint), expected);
  assert_message_names(p->context, reason);
  ck_assert_ptr_null(model);
}

/* Each chunk is needed but those that only going on needs, and no other may be required. */
START_TEST(recover__refuses_other_chunks) {
  static const char *const needed[] = {"TEXT", "POSN", "NETS", "TENS", "DATA"};
  const setting s = {.options = "", .one_class = true};
  lab l;
  part p;
  size_t size;
  open_lab(&l);
  leave_checkpoint(&l, &s);
  open_part(&p, &l, &s, 1);
  unsigned char *bytes = read_test_file(l.checkpoint, &size);
  for (size_t i = 0; i < sizeof needed / sizeof *needed; i++) {
    unsigned char *entry = entry_of(bytes, needed[i]);
    memcpy(entry, "XTRA", 4);
    assert_not_recovered(&l, &p, bytes, size, XD_ERROR_UNSUPPORTED, "required chunk XTRA is unknown");
    xdi_set_u32(entry + 8, 0);
    assert_not_recovered(&l, &p, bytes, size, XD_ERROR_BAD_DATA, "is missing");
    assert_message_names(p.context, needed[i]);
    memcpy(entry, needed[i], 4);
    xdi_set_u32(entry + 8, 1);
  }
  memcpy(bytes + 64, "XTRA", 4);
  assert_not_recovered(&l, &p, bytes, size, XD_ERROR_UNSUPPORTED, "required chunk XTRA is unknown");
  free(bytes);
  close_part(&p);
  remove_folder(l.folder);
}
END_TEST

/* A byte more in a chunk, or one less, before the zeros behind it; the file's size then. */
static size_t change_length(unsigned char *bytes, size_t size, const char *tag, int by) {
  unsigned char *entry = entry_of(bytes, tag);
  const uint64_t length = xdi_at_u64(entry + 24), end = xdi_at_u64(entry + 16) + length;
  ck_assert_msg(end == size || end % 64 != 0, "no zeros stand behind %s", tag);
  if (by < 0)
    bytes[end - 1] = 0;
  if (end == size)
    xdi_set_u64(bytes + 24, end + (uint64_t)by);
  xdi_set_u64(entry + 24, length + (uint64_t)by);
  reseal_chunk(bytes, tag);
  return end == size ? size + (size_t)by : size;
}

/* Each chunk is as long as what is read of it, whether a training goes on or a model is recovered. */
START_TEST(checkpoint__refuses_chunks_of_other_lengths) {
  static const struct {
    const char *tag;
    int by;
    xd_status resumed, recovered;
    const char *why, *why_not_recovered;
  } cases[] = {
      {"FPRT", 1, XD_ERROR_BAD_DATA, XD_OK, "more bytes than a checkpoint has", ""},
      {"FPRT", -1, XD_ERROR_INVALID_ARGUMENT, XD_OK, "another kind of training", ""},
      {"POSN", 1, XD_ERROR_BAD_DATA, XD_ERROR_BAD_DATA, "more bytes than a checkpoint has",
       "position is none"},
      {"POSN", -1, XD_ERROR_BAD_DATA, XD_ERROR_BAD_DATA, "state ends too early", "position is none"},
      {"REPT", 1, XD_ERROR_BAD_DATA, XD_OK, "more bytes than a checkpoint has", ""},
      {"REPT", -1, XD_ERROR_BAD_DATA, XD_OK, "state ends too early", ""},
      {"TEXT", 1, XD_OK, XD_ERROR_BAD_DATA, "", "texts are too long"},
      {"TEXT", -1, XD_OK, XD_ERROR_BAD_DATA, "", "texts end too early"},
      {"STAT", 1, XD_ERROR_BAD_DATA, XD_OK, "state is too long", ""},
      {"STAT", -1, XD_ERROR_BAD_DATA, XD_OK, "state ends too early", ""},
  };
  const setting s = {.options = "directions=1 vae.sharpen=0", .one_class = true};
  lab l;
  size_t size;
  open_lab(&l);
  leave_checkpoint(&l, &s);
  unsigned char *bytes = read_test_file(l.checkpoint, &size), *changed = malloc(size + 1);
  ck_assert_ptr_nonnull(changed);
  for (size_t i = 0; i < COUNT_OF(cases); i++) {
    part p;
    xd_model *model = NULL;
    memcpy(changed, bytes, size);
    changed[size] = 0;
    write_test_file(l.checkpoint, changed, change_length(changed, size, cases[i].tag, cases[i].by));
    open_part(&p, &l, &s, 1);
    p.run.checkpoint = l.checkpoint, p.run.resume = 1;
    const xd_status recovered = xd_train_recover(&model, p.context, l.checkpoint);
    ck_assert_msg(recovered == cases[i].recovered && (recovered == XD_OK) == (model != NULL), "%s %d: %s",
                  cases[i].tag, cases[i].by, xd_status_name(recovered));
    if (recovered != XD_OK)
      assert_message_names(p.context, cases[i].why_not_recovered);
    if (cases[i].resumed == XD_OK)
      assert_ok(p.context, run_part(&p));
    else
      assert_part_refused(&p, cases[i].resumed, cases[i].why);
    xd_model_release(model);
    close_part(&p);
  }
  free(bytes), free(changed);
  remove_folder(l.folder);
}
END_TEST

/* A changed byte or a shorter file is refused, or changes nothing. */
START_TEST(checkpoint__refuses_damage) {
  const setting s = {.options = "directions=1"};
  lab l;
  outcome whole;
  size_t size;
  uint32_t refused = 0, tried = 0;
  open_lab(&l);
  run_whole(&whole, &l, &s);
  leave_checkpoint(&l, &s);
  unsigned char *bytes = read_test_file(l.checkpoint, &size);
  for (size_t at = 0; at < size + 40; at += at < 600 ? 7 : size / 100) {
    const bool cut = at >= size;
    part p;
    if (!cut)
      bytes[at] ^= 0x10;
    write_test_file(l.checkpoint, bytes, cut ? (at - size) * size / 40 : size);
    if (!cut)
      bytes[at] ^= 0x10;
    open_part(&p, &l, &s, 1);
    p.run.checkpoint = l.checkpoint, p.run.resume = 1;
    const xd_status status = run_part(&p);
    tried++;
    if (status == XD_OK) {
      outcome got;
      heard none = {0};
      take_outcome(&got, &l, &p, &none);
      ck_assert_msg(!cut && got.size == whole.size && memcmp(got.bytes, whole.bytes, got.size) == 0,
                    "byte %zu of %zu changes the model", at, size);
      free_outcome(&got);
    } else {
      ck_assert_msg(
          status == XD_ERROR_BAD_DATA || status == XD_ERROR_TRUNCATED || status == XD_ERROR_UNSUPPORTED,
          "byte %zu of %zu: %s: %s", at, size, xd_status_name(status), xd_context_message(p.context));
      refused++;
    }
    close_part(&p);
  }
  ck_assert_msg(refused > tried * 3 / 4, "%u of %u refused", refused, tried);
  free(bytes);
  free_outcome(&whole);
  remove_folder(l.folder);
}
END_TEST

/* ---- writing ---- */

typedef struct log_watch {
  uint32_t warnings;
  char text[256];
} log_watch;

static void watch_log(void *user, xd_log_level level, const char *message) {
  log_watch *watch = user;
  if (level > XD_LOG_WARNING)
    return;
  watch->warnings++;
  snprintf(watch->text, sizeof watch->text, "%s", message);
}

/* Takes the folder away and gives it back. */
typedef struct remover {
  const lab *l;
  char away[TEST_PATH_SIZE + 8];
  uint32_t steps, gone_at, back_at, stop_at;
} remover;

static int move_folder(void *user, const xd_progress *progress) {
  remover *of = user;
  (void)progress;
  of->steps++;
  if (of->steps == of->gone_at)
    ck_assert_int_eq(rename(of->l->folder, of->away), 0);
  if (of->steps == of->back_at)
    ck_assert_int_eq(rename(of->away, of->l->folder), 0);
  return of->steps == of->stop_at;
}

/* The disk is gone for some steps, and there again at the end. */
START_TEST(checkpoint__goes_on_where_one_cannot_be_written) {
  const setting s = {.options = ""};
  lab l;
  part p;
  log_watch log = {0};
  xd_context_options options = XD_CONTEXT_OPTIONS_INIT;
  open_lab(&l);
  remover user = {.l = &l, .gone_at = 2, .back_at = 12, .stop_at = 15};
  snprintf(user.away, sizeof user.away, "%s-away", l.folder);
  open_part(&p, &l, &s, 1);
  xd_context_destroy(p.context);
  options.threads = 1, options.log = watch_log, options.log_user = &log;
  assert_status(xd_context_create(&p.context, &options), XD_OK);
  p.run.checkpoint = l.checkpoint, p.run.checkpoint_steps = 1;
  p.run.callback = move_folder, p.run.user = &user;
  assert_status(run_part(&p), XD_ERROR_CANCELLED);
  ck_assert_msg(log.warnings >= 10 && strstr(log.text, "goes on without a new checkpoint: "), "%u: %s",
                log.warnings, log.text);
  p.run.resume = 1;
  assert_ok(p.context, run_part(&p));
  ck_assert_uint_eq(user.steps, 22);
  /* Gone at its end, the message tells of it. */
  remove(l.checkpoint);
  xd_model_release(p.model);
  user.steps = 0, user.back_at = 0, user.stop_at = 3;
  p.run.resume = 0;
  assert_status(run_part(&p), XD_ERROR_CANCELLED);
  assert_message_names(p.context, "the callback stopped");
  assert_message_names(p.context, "its checkpoint is an older one: ");
  ck_assert_msg(strstr(log.text, "the checkpoint is an older one: ") != NULL, "%s", log.text);
  ck_assert_int_eq(rename(user.away, l.folder), 0);
  close_part(&p);
  remove_folder(l.folder);
}
END_TEST

static double seconds_now(void) {
  struct timespec now;
  ck_assert_int_eq(clock_gettime(CLOCK_MONOTONIC, &now), 0);
  return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

/* The seconds of both parts are told, and what lies between them is not. */
START_TEST(checkpoint__goes_on_counting_seconds) {
  const setting s = {.options = "directions=1", .one_class = true};
  const struct timespec pause = {.tv_nsec = 200000000};
  lab l;
  part p;
  open_lab(&l);
  const double begun = seconds_now();
  leave_checkpoint_at(&l, &s, 5);
  const double first = seconds_now() - begun;
  nanosleep(&pause, NULL);
  open_part(&p, &l, &s, 1);
  p.run.checkpoint = l.checkpoint, p.run.resume = 1;
  const double resumed = seconds_now();
  assert_ok(p.context, run_part(&p));
  const double second = seconds_now() - resumed, told = value_of(p.report, "seconds"),
               stage = value_of(p.report, "seconds.vae2");
  ck_assert_msg(told > 0.0 && told <= first + second, "%g s are told of %g and %g", told, first, second);
  ck_assert_msg(stage > 0.0 && stage <= told, "%g s of a stage are told, and %g of all", stage, told);
  close_part(&p);
  remove_folder(l.folder);
}
END_TEST

static int count_writes(void *user, const xd_progress *progress) {
  remover *of = user;
  struct stat found;
  (void)progress;
  of->steps++;
  if (stat(of->l->checkpoint, &found) == 0) {
    of->gone_at++;
    remove(of->l->checkpoint);
  }
  return 0;
}

static uint32_t writes_of(const lab *l, double seconds, uint32_t steps) {
  const setting s = {.options = "directions=1"};
  remover user = {.l = l};
  part p;
  open_part(&p, l, &s, 1);
  p.run.checkpoint = l->checkpoint;
  p.run.checkpoint_seconds = seconds, p.run.checkpoint_steps = steps;
  p.run.callback = count_writes, p.run.user = &user;
  assert_ok(p.context, run_part(&p));
  ck_assert_uint_eq(user.steps, 15);
  close_part(&p);
  ck_assert_int_eq(remove(l->checkpoint), 0);
  return user.gone_at;
}

/* Seen by a callback before each of 15 steps: the first one, and those of three finished stages. */
START_TEST(checkpoint__is_written_as_often_as_asked) {
  lab l;
  open_lab(&l);
  ck_assert_uint_eq(writes_of(&l, 0.0, 0), 4);
  ck_assert_uint_eq(writes_of(&l, 1e9, 0), 4);
  ck_assert_uint_eq(writes_of(&l, 1e-9, 0), 15);
  ck_assert_uint_eq(writes_of(&l, 0.0, 1), 15);
  ck_assert_uint_eq(writes_of(&l, 0.0, 2), 9);
  remove_folder(l.folder);
}
END_TEST

/* ---- refused memory ---- */

static xd_status resume_finished(xd_context *context, void *user) {
  const lab *l = user;
  xd_train_input input = XD_TRAIN_INPUT_INIT;
  xd_run run = XD_RUN_INIT;
  xd_options *options = NULL;
  xd_model *model = NULL;
  xd_dataset *sets[2] = {NULL, NULL};
  xd_pairing *pairing = NULL;
  uint8_t pixels[6 * PATTERN_SIZE];
  const uint32_t labels[6] = {0, 1, 0, 1, 0, 1};
  xd_status status =
      try_options(&options, context, "train",
                  "vae.latent_dim=2 vae.base_channels=2 vae.depth=1 vae.hidden1=4 vae.batch=3 "
                  "vae.epochs=1 mapping.hidden_width=4 mapping.hidden_layers=1 mapping.batch=2 "
                  "mapping.steps=2 vae.min_steps=0 directions=1");
  memset(pixels, 7, sizeof pixels);
  for (uint32_t i = 0; status == XD_OK && i < 2; i++) {
    status = xd_dataset_create(&sets[i], context, pixels, labels, 6, SIDE, SIDE, 1);
    input.set[i] = sets[i];
  }
  if (status == XD_OK)
    status = xd_pairing_create(&pairing, context, "0:0,1:1");
  run.checkpoint = l->checkpoint, run.resume = access(l->checkpoint, F_OK) == 0;
  input.pairing = pairing;
  if (status == XD_OK)
    status = xd_train(&model, context, NULL, &input, &run, options);
  xd_model_release(model);
  xd_pairing_release(pairing);
  xd_dataset_release(sets[0]);
  xd_dataset_release(sets[1]);
  xd_options_destroy(options);
  return status;
}

static xd_status recover_finished(xd_context *context, void *user) {
  const lab *l = user;
  xd_model *model = NULL;
  const xd_status status = xd_train_recover(&model, context, l->checkpoint);
  xd_model_release(model);
  return status;
}

/* The first training in a file that is there afterwards; then what goes on from it. */
START_TEST(checkpoint__answers_refused_memory) {
  lab l;
  xd_context *context = test_context("reference");
  open_lab(&l);
  assert_ok(context, resume_finished(context, &l));
  check_refusals(resume_finished, &l);
  check_refusals(recover_finished, &l);
  xd_context_destroy(context);
  remove_folder(l.folder);
}
END_TEST

/* Wherever memory is refused while checkpoints are written, nothing leaks, and the file goes on. */
START_TEST(checkpoint__is_whole_after_refused_memory) {
  counting_allocator counter = {0};
  lab l;
  open_lab(&l);
  xd_context *context = test_context_with("reference", 1, &counter);
  const size_t blocks = atomic_load(&counter.live_blocks);
  uint32_t failed = 0;
  for (size_t refused = 1;; refused += 1 + refused / 20) {
    remove(l.checkpoint);
    atomic_store(&counter.fail_at, atomic_load(&counter.total) + refused);
    xd_status status = resume_finished(context, &l);
    const bool reached = atomic_load(&counter.total) >= atomic_load(&counter.fail_at);
    atomic_store(&counter.fail_at, 0);
    ck_assert_msg(status == XD_OK || status == XD_ERROR_OUT_OF_MEMORY, "refusing allocation %zu gives %s",
                  refused, xd_status_name(status));
    failed += status != XD_OK;
    ck_assert_msg(atomic_load(&counter.live_blocks) == blocks, "refusing allocation %zu leaks", refused);
    assert_ok(context, resume_finished(context, &l));
    if (!reached)
      break;
  }
  ck_assert(failed > 20);
  xd_context_destroy(context);
  remove_folder(l.folder);
}
END_TEST

static Suite *make_suite(void) {
  Suite *suite = suite_create("checkpoint_faults");
  add_case(suite, checkpoint__refuses_other_options);
  add_case(suite, checkpoint__of_a_mapping_goes_on_with_other_options_of_vaes);
  add_case(suite, checkpoint__refuses_other_calls_and_data);
  add_case(suite, checkpoint__refuses_other_parts);
  add_case(suite, checkpoint__refuses_inputs_that_make_no_sense);
  add_case(suite, checkpoint__is_a_file_of_its_own_kind);
  add_case(suite, recover__refuses_other_chunks);
  add_case(suite, checkpoint__refuses_chunks_of_other_lengths);
  add_case(suite, checkpoint__refuses_damage);
  add_case(suite, checkpoint__goes_on_counting_seconds);
  add_case(suite, checkpoint__goes_on_where_one_cannot_be_written);
  add_case(suite, checkpoint__is_written_as_often_as_asked);
  add_case(suite, checkpoint__answers_refused_memory);
  add_case(suite, checkpoint__is_whole_after_refused_memory);
  return suite;
}
XD_SUITE_MAIN(make_suite)
