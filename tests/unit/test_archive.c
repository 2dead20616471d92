/* Numbers and texts as they lie in files, a training's state both ways, and the comparison of two trainings. */
#include "network_support.h"
#include "option_support.h"

#include "base/memory.h"
#include "format/wire.h"
#include "model/judge.h"
#include "tensor/device.h"
#include "train/archive.h"
#include "train/fingerprint.h"

static xd_context *context;
static xdi_bytes bytes;

static void set_up(void) {
  context = test_context("reference");
  bytes = (xdi_bytes){.allocator = &context->allocator};
}

static void tear_down(void) {
  xdi_bytes_release(&bytes);
  xd_context_destroy(context);
}

static xdi_cursor cursor_of(size_t size) {
  return (xdi_cursor){.data = bytes.data, .size = size};
}

/* ---- Bytes ---- */

START_TEST(bytes__are_little_endian) {
  static const unsigned char expected[] = {0x04, 0x03, 0x02, 0x01, 0x18, 0x17, 0x16, 0x15,
                                           0x14, 0x13, 0x12, 0x11, 2,    0,    0,    0,
                                           'a',  'b',  0,    0,    0,    0,    0,    'x'};
  xdi_put_u32(&bytes, 0x01020304);
  xdi_put_u64(&bytes, UINT64_C(0x1112131415161718));
  xdi_put_text(&bytes, "ab");
  xdi_put_text(&bytes, NULL);
  xdi_put_zeros(&bytes, 1);
  xdi_put_zeros(&bytes, 0);
  xdi_put(&bytes, "x", 1);
  xdi_put(&bytes, "yz", 0);
  ck_assert_uint_eq(bytes.size, sizeof expected);
  ck_assert_mem_eq(bytes.data, expected, sizeof expected);
  xdi_cursor from = cursor_of(bytes.size);
  ck_assert_uint_eq(xdi_get_u32(&from), 0x01020304);
  ck_assert(xdi_get_u64(&from) == UINT64_C(0x1112131415161718));
  ck_assert(!xdi_cursor_done(&from) && from.position == 12);
}
END_TEST

START_TEST(bytes__grow_to_any_size) {
  for (uint32_t i = 0; i < 5000; i++)
    xdi_put_u32(&bytes, i);
  ck_assert_uint_eq(bytes.size, 20000);
  xdi_cursor from = cursor_of(bytes.size);
  for (uint32_t i = 0; i < 5000; i++)
    if (xdi_get_u32(&from) != i)
      ck_abort_msg("number %u is another", i);
  ck_assert(xdi_cursor_done(&from));
  xdi_bytes_release(&bytes);
  ck_assert(!bytes.data && bytes.size == 0 && bytes.capacity == 0);
}
END_TEST

/* A failure sticks. */
START_TEST(bytes__fail_for_want_of_memory_or_numbers) {
  counting_allocator counter = {.fail_at = 1};
  const xd_allocator hooks = counting_allocator_hooks(&counter);
  xdi_bytes refused = {.allocator = &hooks}, full = {.allocator = &hooks, .size = SIZE_MAX - 3};
  xdi_put_u32(&refused, 1);
  ck_assert(refused.failed && refused.size == 0);
  xdi_put_u32(&refused, 1);
  xdi_put(&refused, "a", 1);
  xdi_put_zeros(&refused, 1);
  xdi_put_u64(&refused, 1);
  ck_assert(refused.failed && refused.size == 0 && counter.live_blocks == 0);
  xdi_put_u32(&full, 1);
  ck_assert(full.failed && full.size == SIZE_MAX - 3);
}
END_TEST

START_TEST(cursor__reads_zeros_past_the_end) {
  xdi_put_u32(&bytes, 7);
  xdi_put_u32(&bytes, 9);
  for (size_t size = 0; size < 8; size++) {
    xdi_cursor from = cursor_of(size);
    ck_assert(xdi_get_u64(&from) == 0 && from.failed && !xdi_cursor_done(&from));
    from = cursor_of(size);
    ck_assert_uint_eq(xdi_get_u32(&from), size < 4 ? 0 : 7);
    ck_assert_int_eq(from.failed, size < 4);
    ck_assert_int_eq(xdi_cursor_done(&from), size == 4);
    ck_assert_uint_eq(xdi_get_u32(&from), 0);
    ck_assert(from.failed && !xdi_cursor_done(&from));
  }
  xdi_cursor from = cursor_of(8);
  ck_assert(xdi_get_u64(&from) != 0 && xdi_cursor_done(&from));
}
END_TEST

/* As earlier versions wrote them. */
START_TEST(texts__are_read_as_utf8) {
  bool memory = true;
  xdi_put_text(&bytes, "caf\xE9 caf\xC3\xA9 \xF0\x9F");
  xdi_cursor from = cursor_of(bytes.size);
  char *text = xdi_get_text(&from, &context->allocator, &memory);
  ck_assert_str_eq(text, "caf? caf\xC3\xA9 ??");
  xdi_release(&context->allocator, text);
}
END_TEST

START_TEST(texts__have_a_limit_and_no_zeros) {
  static char long_text[XDI_TEXT_LIMIT + 1];
  bool memory = true;
  memset(long_text, 'l', XDI_TEXT_LIMIT);
  xdi_put_text(&bytes, long_text);
  ck_assert_uint_eq(bytes.size, XDI_TEXT_LIMIT + 4);
  xdi_cursor from = cursor_of(bytes.size);
  char *text = xdi_get_text(&from, &context->allocator, &memory);
  ck_assert(text && memory && xdi_cursor_done(&from));
  ck_assert_uint_eq(strlen(text), XDI_TEXT_LIMIT);
  xdi_release(&context->allocator, text);
  from = cursor_of(bytes.size - 1);
  ck_assert(!xdi_get_text(&from, &context->allocator, &memory) && memory && from.failed);
  bytes.data[100] = 0;
  from = cursor_of(bytes.size);
  ck_assert(!xdi_get_text(&from, &context->allocator, &memory) && memory && from.failed);
  bytes.data[100] = 'l';
  xdi_put_zeros(&bytes, 1);
  xdi_set_u32(bytes.data, XDI_TEXT_LIMIT + 1); /* one more than there may be, though it is there */
  bytes.data[bytes.size - 1] = 'l';
  from = cursor_of(bytes.size);
  ck_assert(!xdi_get_text(&from, &context->allocator, &memory) && memory && from.failed);
  counting_allocator counter = {.fail_at = 1};
  const xd_allocator hooks = counting_allocator_hooks(&counter);
  xdi_set_u32(bytes.data, 3);
  from = cursor_of(bytes.size);
  ck_assert(!xdi_get_text(&from, &hooks, &memory) && !memory && !from.failed);
}
END_TEST

/* ---- A state ---- */

typedef struct state {
  uint32_t number;
  double fraction;
  xd_buffer *buffer;
  xd_values *values;
} state;

static state make_state(int filled) {
  state made = {.number = filled ? 77 : 0, .fraction = filled ? -0.125 : 0.0, .values = make_values(context)};
  const float floats[3] = {1.5f, -2.0f, 3.25f}, zeros[3] = {0.0f};
  assert_ok(context, xdi_device_create(context, &made.buffer, 3));
  assert_ok(context, xdi_device_write(context, xdi_slice(made.buffer, 0), filled ? floats : zeros, 3));
  if (filled) {
    assert_ok(context, xdi_values_set(made.values, context, "first", 0.5));
    assert_ok(context, xdi_values_set(made.values, context, "second", -4.0));
  }
  return made;
}

static void free_state(state *of) {
  xdi_device_destroy(context, of->buffer);
  xd_values_destroy(of->values);
}

static xd_status archive_state(state *of, xdi_archive *archive, size_t floats) {
  xdi_archive_u32(archive, &of->number);
  xdi_archive_f64(archive, &of->fraction);
  xdi_archive_floats(archive, xdi_slice(of->buffer, 0), floats);
  xdi_archive_floats(archive, xdi_slice(of->buffer, 0), 0);
  xdi_archive_values(archive, of->values);
  return xdi_archive_end(archive);
}

static void write_state(void) {
  state made = make_state(1);
  xdi_archive archive = {.context = context, .to = &bytes};
  assert_ok(context, archive_state(&made, &archive, 3));
  free_state(&made);
}

START_TEST(archive__gives_back_what_it_was_given) {
  write_state();
  ck_assert_uint_eq(bytes.size, 4 + 8 + (8 + 12) + 8 + 4 + (4 + 5 + 8) + (4 + 6 + 8));
  state read = make_state(0);
  xdi_cursor from = cursor_of(bytes.size);
  xdi_archive archive = {.context = context, .from = &from};
  float floats[3];
  assert_ok(context, archive_state(&read, &archive, 3));
  ck_assert(xdi_cursor_done(&from));
  ck_assert(read.number == 77 && read.fraction == -0.125 && xd_values_count(read.values) == 2);
  ck_assert(value_of(read.values, "first") == 0.5 && value_of(read.values, "second") == -4.0);
  assert_ok(context, xdi_device_read(context, floats, xdi_slice(read.buffer, 0), 3));
  ck_assert(floats[0] == 1.5f && floats[1] == -2.0f && floats[2] == 3.25f);
  free_state(&read);
}
END_TEST

START_TEST(archive__tells_a_state_that_ends_too_early) {
  write_state();
  for (size_t size = 0; size < bytes.size; size++) {
    state read = make_state(0);
    xdi_cursor from = cursor_of(size);
    xdi_archive archive = {.context = context, .from = &from};
    assert_status(archive_state(&read, &archive, 3), XD_ERROR_BAD_DATA);
    assert_message_names(context, "a checkpoint's state ends too early");
    ck_assert(xd_values_count(read.values) <= 1);
    free_state(&read);
  }
}
END_TEST

/* Other numbers than there are places; what follows is passed over. */
START_TEST(archive__tells_a_state_of_another_size) {
  write_state();
  for (size_t floats = 0; floats < 3; floats++) {
    state read = make_state(0);
    xdi_cursor from = cursor_of(bytes.size);
    xdi_archive archive = {.context = context, .from = &from};
    assert_status(archive_state(&read, &archive, floats), XD_ERROR_BAD_DATA);
    ck_assert(xd_values_count(read.values) == 0 && from.position == 20);
    free_state(&read);
  }
}
END_TEST

START_TEST(archive__answers_refused_memory) {
  write_state();
  for (int writes = 0; writes < 2; writes++)
    for (size_t fail = 1;; fail++) {
      counting_allocator counter = {0};
      xd_context *own = test_context_with("reference", 1, &counter), *kept = context;
      xdi_bytes to = {.allocator = &own->allocator};
      xdi_cursor from = cursor_of(bytes.size);
      xdi_archive archive = {.context = own, .to = writes ? &to : NULL, .from = &from};
      context = own;
      state made = make_state(writes);
      atomic_store(&counter.fail_at, atomic_load(&counter.total) + fail);
      const xd_status status = archive_state(&made, &archive, 3);
      atomic_store(&counter.fail_at, 0);
      if (status != XD_OK) {
        assert_status(status, XD_ERROR_OUT_OF_MEMORY);
        ck_assert_str_ne(xd_context_message(own), "");
      }
      free_state(&made);
      xdi_bytes_release(&to);
      context = kept;
      xd_context_destroy(own);
      ck_assert_uint_eq(atomic_load(&counter.live_blocks), 0);
      if (status == XD_OK) {
        ck_assert_uint_ge(fail, 3);
        break;
      }
    }
}
END_TEST

/* ---- Two trainings ---- */

static void put_pairs(xdi_bytes *to, const char *const *texts, int count) {
  for (int i = 0; i < count; i++)
    xdi_put_text(to, texts[i]);
}

static xd_status compare(const char *const *here, int here_count, const char *const *there, int there_count) {
  xdi_bytes mine = {.allocator = &context->allocator}, other = {.allocator = &context->allocator};
  put_pairs(&mine, here, here_count);
  put_pairs(&other, there, there_count);
  xdi_cursor from = {.data = other.data, .size = other.size};
  const xd_status status = xdi_fingerprint_compare(context, "t.ckpt", &mine, &from);
  if (status == XD_OK) /* what is read stands at the end, and what is more is left */
    ck_assert_int_eq(xdi_cursor_done(&from), here_count == there_count);
  xdi_bytes_release(&mine), xdi_bytes_release(&other);
  return status;
}

START_TEST(fingerprints__are_compared_pair_by_pair) {
  static const char *const same[] = {"the library", "1.0", "seed", "7"}, *const other[] = {"the library",
                                                                                           "1.0", "seed",
                                                                                           "8"};
  static const char *const named[] = {"the library", "1.0", "batch", "9"}, *const empty[] = {"the library",
                                                                                             "1.0", "seed",
                                                                                             ""};
  static const char *const first[] = {"the library", "2.0", "seed", "7"};
  assert_ok(context, compare(same, 4, same, 4));
  assert_ok(context, compare(same, 2, same, 4));
  assert_status(compare(same, 4, other, 4), XD_ERROR_INVALID_ARGUMENT);
  assert_message_names(context, "t.ckpt cannot be resumed: seed is 8 there, and 7 here");
  assert_status(compare(first, 4, same, 4), XD_ERROR_INVALID_ARGUMENT);
  assert_message_names(context, "t.ckpt cannot be resumed: the library is 1.0 there, and 2.0 here");
  assert_status(compare(empty, 4, same, 4), XD_ERROR_INVALID_ARGUMENT);
  assert_message_names(context, "seed is 7 there, and absent here");
  assert_status(compare(same, 4, empty, 4), XD_ERROR_INVALID_ARGUMENT);
  assert_message_names(context, "seed is absent there, and 7 here");
  assert_status(compare(same, 4, named, 4), XD_ERROR_INVALID_ARGUMENT);
  assert_message_names(context, "t.ckpt: another kind of training, of 9");
  for (int count = 0; count < 4; count++) {
    assert_status(compare(same, 4, same, count), XD_ERROR_INVALID_ARGUMENT);
    assert_message_names(context, "t.ckpt: another kind of training, of another version");
  }
}
END_TEST

enum { PLAIN, FIRST_PIXEL, LAST_PIXEL, FIRST_LABEL, LAST_LABEL, FIRST_NAME, LAST_NAME, FLAT, SETS };

/* Three pictures of 2x3 pixels and the classes 0 and 1, but for one thing. */
static xd_dataset *set_but_for(int what) {
  const uint8_t pixels[18] = {what == FIRST_PIXEL, 1, 2, 3, 4, 5, 6, 7, 8, 9, 1, 2, 3, 4, 5, 6, 7,
                              what == LAST_PIXEL};
  const uint32_t labels[3] = {what == FIRST_LABEL, 1, what == LAST_LABEL};
  const char *const names[2] = {what == FIRST_NAME ? "none" : "zero", what == LAST_NAME ? "two" : "one"};
  xd_dataset *set = NULL, *named = NULL;
  assert_ok(context, xd_dataset_create(&set, context, pixels, labels, 3, what == FLAT ? 3 : 2,
                                       what == FLAT ? 2 : 3, 1));
  assert_ok(context, xd_dataset_with_class_names(&named, context, set, names, 2));
  xd_dataset_release(set);
  return named;
}

enum { FIRST_LAYER = 1, SECOND_LAYER, FIRST_WEIGHT, LAST_WEIGHT, JUDGES };

static xd_judge *judge_but_for(int what) {
  const xd_shape input = {.height = 8, .width = 8, .channels = 1};
  const xd_layer_spec specs[] = {
      conv2d_spec(2, 3, 1, 1, what == FIRST_LAYER ? XD_ACTIVATION_LEAKY_RELU : XD_ACTIVATION_RELU),
      conv2d_spec(2, 3, 1, 1, what == SECOND_LAYER ? XD_ACTIVATION_LEAKY_RELU : XD_ACTIVATION_RELU),
      dense_spec(3, XD_ACTIVATION_RELU), dense_spec(2, XD_ACTIVATION_IDENTITY)};
  xd_network *network = make_network(context, input, specs, COUNT_OF(specs));
  xd_judge *judge = NULL;
  network->block[0] += what == FIRST_WEIGHT ? 1.0f : 0.0f;
  network->block[network->block_count - 1] += what == LAST_WEIGHT ? 1.0f : 0.0f;
  assert_ok(context, xdi_judge_wrap(&judge, context, network));
  xdi_network_release(network);
  return judge;
}

/* What is written down of a training whose input is that. */
static xdi_bytes fingerprint_of(const char *pairing, int set, int judge) {
  xdi_training training = {.context = context, .call = "xd_train", .group = "judge"};
  xd_pairing *pairs = NULL;
  xdi_bytes to = {.allocator = &context->allocator};
  xd_dataset *of = set_but_for(set);
  xd_judge *by = judge_but_for(judge);
  assert_ok(context, xd_pairing_create(&pairs, context, pairing));
  training.options = &training.judge_settings;
  training.input.pairing = pairs;
  training.input.set[1] = of;
  training.input.judge[0] = by;
  xdi_fingerprint_put(&to, &training);
  ck_assert(!to.failed);
  xd_pairing_release(pairs);
  xd_dataset_release(of);
  xd_judge_release(by);
  return to;
}

static void assert_tells(const xdi_bytes *plain, bool same, const char *pairing, int set, int judge) {
  xdi_bytes other = fingerprint_of(pairing, set, judge);
  ck_assert_msg(same == (other.size == plain->size && memcmp(other.data, plain->data, other.size) == 0),
                "pairing %s, set %d, judge %d: %s", pairing, set, judge, same ? "not the same" : "the same");
  xdi_bytes_release(&other);
}

START_TEST(fingerprints__tell_each_input_from_others) {
  static const char *const pairings[] = {"2:1,1:0", "0:2,1:0", "0:1,2:0", "0:1,1:2", "0:1", "1:0"};
  xdi_bytes plain = fingerprint_of("0:1,1:0", PLAIN, 0);
  assert_tells(&plain, true, "0:1,1:0", PLAIN, 0);
  for (size_t i = 0; i < COUNT_OF(pairings); i++)
    assert_tells(&plain, false, pairings[i], PLAIN, 0);
  for (int set = FIRST_PIXEL; set < SETS; set++)
    assert_tells(&plain, false, "0:1,1:0", set, 0);
  for (int judge = FIRST_LAYER; judge < JUDGES; judge++)
    assert_tells(&plain, false, "0:1,1:0", PLAIN, judge);
  xdi_bytes_release(&plain);
}
END_TEST

START_TEST(fingerprints__answer_refused_memory) {
  static const char *const same[] = {"seed", "7"};
  put_pairs(&bytes, same, 2);
  for (size_t fail = 1; fail <= 5; fail++) {
    counting_allocator counter = {0};
    xd_context *own = test_context_with("reference", 1, &counter);
    xdi_cursor from = cursor_of(bytes.size);
    atomic_store(&counter.fail_at, atomic_load(&counter.total) + fail);
    assert_status(xdi_fingerprint_compare(own, "t.ckpt", &bytes, &from),
                  fail < 5 ? XD_ERROR_OUT_OF_MEMORY : XD_OK);
    atomic_store(&counter.fail_at, 0);
    xd_context_destroy(own);
    ck_assert_uint_eq(atomic_load(&counter.live_blocks), 0);
  }
}
END_TEST

#define ADD(test) add_fixture_case(suite, #test, test, set_up, tear_down)

static Suite *make_suite(void) {
  Suite *suite = suite_create("archive");
  ADD(bytes__are_little_endian);
  ADD(bytes__grow_to_any_size);
  ADD(bytes__fail_for_want_of_memory_or_numbers);
  ADD(cursor__reads_zeros_past_the_end);
  ADD(texts__are_read_as_utf8);
  ADD(texts__have_a_limit_and_no_zeros);
  ADD(archive__gives_back_what_it_was_given);
  ADD(archive__tells_a_state_that_ends_too_early);
  ADD(archive__tells_a_state_of_another_size);
  ADD(archive__answers_refused_memory);
  ADD(fingerprints__are_compared_pair_by_pair);
  ADD(fingerprints__tell_each_input_from_others);
  ADD(fingerprints__answer_refused_memory);
  return suite;
}
XD_SUITE_MAIN(make_suite)
