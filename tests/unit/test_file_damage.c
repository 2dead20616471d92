/* Files that contradict themselves behind right checksums: each is refused with its status and its reason, by
 * loading and by verifying. */
#include "tiny_model.h"

#include <math.h>

#include "file_bytes.h"
#include "format/container.h"
#include "layer/network.h"
#include "model/model.h"

static xd_context *context;
static char *folder;
static char path[TEST_PATH_SIZE];
static unsigned char *data;
static size_t size;

/* The tiny model's bytes, to be changed. */
static void set_up(void) {
  context = test_context("reference");
  folder = make_temp_folder();
  path_in(path, folder, "tiny.xdm");
  xd_model *model = tiny_model(context, true);
  assert_ok(context, xd_model_save(model, context, path, NULL));
  xd_model_release(model);
  data = read_test_file(path, &size);
}

static void tear_down(void) {
  free(data);
  xd_context_destroy(context);
  remove_folder(folder);
}

static void assert_model_refused(size_t length, xd_status expected, const char *reason) {
  xd_model *model = (xd_model *)&context;
  assert_status(xd_model_load_source(&model, context, in_memory(data, length)), expected);
  ck_assert_ptr_null(model);
  assert_message_names(context, reason);
  assert_message_names(context, "memory: ");
  assert_status(xd_file_verify_source(context, in_memory(data, length)), expected);
  assert_message_names(context, reason);
}

static void assert_model_loads(void) {
  xd_model *model;
  assert_ok(context, xd_file_verify_source(context, in_memory(data, size)));
  assert_ok(context, xd_model_load_source(&model, context, in_memory(data, size)));
  xd_model_release(model);
}

/* One number of a chunk is another, the model refused, and the number as it was again. */
static void assert_number_refused(const char *tag, size_t at, uint32_t value, xd_status expected,
                                  const char *reason) {
  unsigned char *place = chunk_of(data, tag) + at;
  const uint32_t old = xdi_at_u32(place);
  ck_assert_uint_ne(old, value);
  xdi_set_u32(place, value);
  reseal_chunk(data, tag);
  assert_model_refused(size, expected, reason);
  xdi_set_u32(place, old);
  reseal_chunk(data, tag);
}

/* ---- Header and table ---- */

static void assert_header_refused(size_t at, uint32_t value, xd_status expected, const char *reason) {
  const uint32_t old = xdi_at_u32(data + at);
  xdi_set_u32(data + at, value);
  reseal(data);
  assert_model_refused(size, expected, reason);
  xdi_set_u32(data + at, old);
  reseal(data);
}

START_TEST(header__is_refused_for_what_is_wrong) {
  const uint32_t whole = (uint32_t)size;
  char promise[64];
  assert_header_refused(8, 0, XD_ERROR_BAD_DATA, "format version 0 does not exist");
  assert_header_refused(8, 2, XD_ERROR_VERSION_TOO_NEW,
                        "format version 2.0 is newer than this library's 1.3");
  snprintf(promise, sizeof promise, "%u bytes long, its header promises %u", whole, whole + 1);
  assert_header_refused(24, whole + 1, XD_ERROR_TRUNCATED, promise);
  snprintf(promise, sizeof promise, "%u bytes long, its header promises only %u", whole, whole - 1);
  assert_header_refused(24, whole - 1, XD_ERROR_BAD_DATA, promise);
  assert_header_refused(20, 0, XD_ERROR_BAD_DATA, "chunk count 0 is not in 1..32");
  assert_header_refused(20, 33, XD_ERROR_BAD_DATA, "chunk count 33 is not in 1..32");
  assert_header_refused(20, 32, XD_ERROR_BAD_DATA, "lies outside the file or not behind");
  data[60] ^= 1;
  assert_model_refused(size, XD_ERROR_BAD_DATA, "the header's checksum is wrong");
  data[60] ^= 1;
  assert_model_refused(7, XD_ERROR_BAD_DATA, "wrong magic");
  assert_model_refused(8, XD_ERROR_TRUNCATED, "ends within its header (8 bytes)");
  assert_model_refused(63, XD_ERROR_TRUNCATED, "ends within its header (63 bytes)");
  assert_model_refused(64, XD_ERROR_TRUNCATED, "64 bytes long, its header promises");
  assert_model_loads();
}
END_TEST

/* The lowest descriptor that is free. */
static int free_descriptor(void) {
  const int found = dup(STDERR_FILENO);
  ck_assert_int_ge(found, 0);
  close(found);
  return found;
}

START_TEST(files__are_closed_when_they_are_read_or_refused) {
  const int free_before = free_descriptor();
  xd_model *model = NULL;
  xd_file_info info = XD_FILE_INFO_INIT;
  assert_ok(context, xd_model_load(&model, context, path));
  xd_model_release(model);
  assert_ok(context, xd_file_inspect(context, &info, NULL, 0, path));
  assert_ok(context, xd_file_verify(context, path));
  ck_assert_int_eq(free_descriptor(), free_before);
  for (size_t at = 0; at < size; at += size / 3) { /* in the header, and in chunks */
    data[at] ^= 1;
    write_test_file(path, data, size);
    data[at] ^= 1;
    assert_status(xd_model_load(&model, context, path), XD_ERROR_BAD_DATA);
    assert_status(xd_file_verify(context, path), XD_ERROR_BAD_DATA);
    ck_assert_int_eq(free_descriptor(), free_before);
  }
}
END_TEST

START_TEST(header__has_the_newest_minor_version_of_its_chunks) {
  const xdi_target target = xdi_target_of_path(path);
  for (uint32_t newest = 0; newest < 3; newest++) {
    xdi_bytes bytes[3] = {{0}, {0}, {0}};
    xdi_chunk_source chunks[3];
    xd_file_info info = XD_FILE_INFO_INIT;
    for (uint32_t i = 0; i < 3; i++) {
      bytes[i].minor = i == newest ? 2 : i % 2;
      chunks[i] = (xdi_chunk_source){XD_TAG('A', 'B', 'C', '0') + (i << 24), false, &bytes[i]};
    }
    assert_ok(context, xdi_container_write(context, &target, XDI_KIND_MODEL, chunks, 3));
    assert_ok(context, xd_file_inspect(context, &info, NULL, 0, path));
    ck_assert_uint_eq(info.minor, 2);
    ck_assert_uint_eq(info.chunk_count, 3);
  }
}
END_TEST

START_TEST(table__must_fit_the_file) {
  xdi_set_u32(data + 20, 1);
  for (uint32_t length = 64; length < 105; length++) {
    const bool fits = length == 104;
    xdi_set_u64(data + 24, length);
    reseal(data);
    assert_model_refused(length, fits ? XD_ERROR_BAD_DATA : XD_ERROR_TRUNCATED,
                         fits ? "lies outside the file" : "ends within its chunk table");
  }
}
END_TEST

START_TEST(table__is_refused_for_chunks_out_of_place) {
  unsigned char *first = data + 64, *last = data + 64 + 4 * 40;
  const uint32_t length = xdi_at_u32(last + 24);
  assert_header_refused(64 + 16, xdi_at_u32(first + 16) + 64, XD_ERROR_BAD_DATA,
                        "chunk DOMS lies outside the file or not behind chunk 0");
  assert_header_refused(64 + 40 + 16, xdi_at_u32(first + 40 + 16) - 64, XD_ERROR_BAD_DATA,
                        "chunk NETS lies outside the file or not behind chunk 1");
  assert_header_refused(64 + 4 * 40 + 24, length + 1, XD_ERROR_BAD_DATA, "chunk PROV lies outside the file");
  assert_header_refused(64 + 4 * 40 + 24, length - 3, XD_ERROR_BAD_DATA, "3 bytes follow the last chunk");
  assert_header_refused(64 + 40, XD_TAG('D', 'O', 'M', 'S'), XD_ERROR_BAD_DATA, "chunk DOMS stands twice");
  assert_header_refused(64 + 4 * 40, XD_TAG('D', 'O', 'M', 'S'), XD_ERROR_BAD_DATA,
                        "chunk DOMS stands twice");
  assert_model_loads();
}
END_TEST

START_TEST(table__demands_zeros_between_chunks) {
  const size_t from = 64 + 5 * 40, to = (size_t)xdi_at_u64(data + 64 + 16);
  ck_assert_uint_eq(to, 320);
  for (size_t at = from; at < to; at++) {
    data[at] = 0x40;
    assert_model_refused(size, XD_ERROR_BAD_DATA, "bytes before chunk DOMS are not zero");
    data[at] = 0;
  }
  chunk_of(data, "NETS")[-1] = 1;
  assert_model_refused(size, XD_ERROR_BAD_DATA, "bytes before chunk NETS are not zero");
}
END_TEST

START_TEST(chunks__are_refused_when_missing_or_too_new) {
  static const char *const needed[] = {"DOMS", "NETS", "TENS", "DATA"};
  char reason[64];
  for (int i = 0; i < 4; i++) {
    unsigned char *entry = entry_of(data, needed[i]);
    const size_t at = (size_t)(entry - data);
    snprintf(reason, sizeof reason, "chunk %s has version 2, this library knows 1", needed[i]);
    assert_header_refused(at + 4, 2, XD_ERROR_UNSUPPORTED, reason);
    assert_header_refused(at, XD_TAG('X', 'T', 'R', 'A'), XD_ERROR_UNSUPPORTED,
                          "required chunk XTRA is unknown");
    xdi_set_u32(entry + 8, 0);
    snprintf(reason, sizeof reason, "chunk %s is missing", needed[i]);
    assert_header_refused(at, XD_TAG('X', 'T', 'R', 'A'), XD_ERROR_BAD_DATA, reason);
    xdi_set_u32(entry + 8, 1);
  }
  reseal(data);
  assert_header_refused((size_t)(entry_of(data, "PROV") - data) + 4, 2, XD_ERROR_UNSUPPORTED,
                        "chunk PROV has version 2");
  assert_model_loads();
}
END_TEST

/* Any bytes can be a tag; what is no letter is told as a question mark. */
START_TEST(chunks__are_named_by_letters_alone) {
  unsigned char *entry = entry_of(data, "PROV");
  xdi_set_u32(entry + 8, 1);
  assert_header_refused((size_t)(entry - data), XD_TAG(' ', '~', 0x1f, 0x7f), XD_ERROR_UNSUPPORTED,
                        "required chunk  ~?? is unknown");
  /* Another bit of the flags is none that this version knows. */
  xdi_set_u32(entry + 8, 2);
  memcpy(entry, "XTRA", 4);
  reseal(data);
  assert_model_loads();
}
END_TEST

START_TEST(chunks__are_refused_for_a_changed_byte) {
  static const char *const tags[] = {"DOMS", "DATA", "PROV"};
  char reason[64];
  for (int i = 0; i < 3; i++) {
    unsigned char *chunk = chunk_of(data, tags[i]);
    const size_t length = (size_t)xdi_at_u64(entry_of(data, tags[i]) + 24);
    chunk[length - 1] ^= 1;
    snprintf(reason, sizeof reason, "chunk %s is damaged (checksum)", tags[i]);
    assert_model_refused(size, XD_ERROR_BAD_DATA, reason);
    chunk[length - 1] ^= 1;
  }
}
END_TEST

/* ---- Domains ---- */

/* Where the numbers of the tiny model's domains stand: "digits", 8x8x1 with 2 dimensions and the classes "zero" and
 * "one"; "", 10x9x3 with 3; "0:5,1:6". */
enum { NAME = 0, SIDES = 10, CLASSES = 26, SECOND = 45, PAIRING = 69, DOMAINS_LENGTH = 80 };

START_TEST(domains__must_have_the_networks_sizes) {
  ck_assert_uint_eq(xdi_at_u64(entry_of(data, "DOMS") + 24), DOMAINS_LENGTH);
  for (size_t i = 0; i < 4; i++) {
    const size_t places[] = {SIDES + 4 * i, SECOND + 4 + 4 * i};
    for (int domain = 0; domain < 2; domain++) {
      const uint32_t value = xdi_at_u32(chunk_of(data, "DOMS") + places[domain]);
      assert_number_refused("DOMS", places[domain], value + 1, XD_ERROR_BAD_DATA,
                            "chunk DOMS: its sizes are not the networks'");
      assert_number_refused("DOMS", places[domain], value - 1, XD_ERROR_BAD_DATA,
                            "chunk DOMS: its sizes are not the networks'");
    }
  }
  assert_model_loads();
}
END_TEST

START_TEST(domains__are_refused_for_texts_that_are_none) {
  const char *const cut = "chunk DOMS: a text is cut off, too long or has a zero byte";
  const char *const many = "chunk DOMS: too many classes", *const length = "chunk DOMS: its length is wrong";
  assert_number_refused("DOMS", NAME, XDI_TEXT_LIMIT, XD_ERROR_BAD_DATA, cut);
  assert_number_refused("DOMS", NAME, UINT32_MAX, XD_ERROR_BAD_DATA, cut);
  assert_number_refused("DOMS", NAME + 4, 0x67006964, XD_ERROR_BAD_DATA, cut); /* "di\0g" */
  assert_number_refused("DOMS", CLASSES, XD_CLASS_LIMIT + 1, XD_ERROR_BAD_DATA, many);
  assert_number_refused("DOMS", CLASSES, XD_CLASS_LIMIT, XD_ERROR_BAD_DATA, cut);
  assert_number_refused("DOMS", SECOND + 20, XD_CLASS_LIMIT + 1, XD_ERROR_BAD_DATA, many);
  assert_number_refused("DOMS", SECOND + 20, 2, XD_ERROR_BAD_DATA, cut);
  assert_number_refused("DOMS", PAIRING, 8, XD_ERROR_BAD_DATA, cut);
  assert_number_refused("DOMS", PAIRING, 6, XD_ERROR_BAD_DATA, length);
  assert_number_refused("DOMS", PAIRING, 0, XD_ERROR_BAD_DATA, length);
  assert_model_loads();
}
END_TEST

START_TEST(provenance__is_refused_for_what_is_wrong) {
  const char *const length = "chunk PROV: its length is wrong";
  assert_number_refused("PROV", 0, 0, XD_ERROR_BAD_DATA, length);
  assert_number_refused("PROV", 0, 1, XD_ERROR_BAD_DATA, length);
  assert_number_refused("PROV", 0, 3, XD_ERROR_BAD_DATA, "chunk PROV: a text is cut off");
  assert_number_refused("PROV", 0, XDI_MODEL_PROPERTY_LIMIT, XD_ERROR_BAD_DATA,
                        "chunk PROV: a text is cut off");
  assert_number_refused("PROV", 0, XDI_MODEL_PROPERTY_LIMIT + 1, XD_ERROR_BAD_DATA,
                        "chunk PROV: too many properties");
}
END_TEST

/* ---- Networks ---- */

/* NETS: how many; of each its tag, three sides and the number of its layers. */
START_TEST(networks__are_refused_for_what_is_wrong) {
  assert_number_refused("NETS", 0, 9, XD_ERROR_BAD_DATA, "chunk NETS: too many networks");
  assert_number_refused("NETS", 0, 7, XD_ERROR_BAD_DATA, "chunk NETS: bytes follow its last network");
  assert_number_refused("NETS", 20, XDI_LAYER_LIMIT + 1, XD_ERROR_BAD_DATA, "chunk NETS: too many layers");
  assert_number_refused("NETS", 20, XDI_LAYER_LIMIT, XD_ERROR_BAD_DATA,
                        "chunk NETS: it ends within a network");
  assert_number_refused("NETS", 4, XD_TAG('E', 'N', 'C', '2'), XD_ERROR_BAD_DATA,
                        "chunk TENS: a tensor is not what the layers demand");
  /* One more than there are: nothing is left of them. */
  const size_t at = (size_t)(entry_of(data, "NETS") - data);
  const uint32_t length = xdi_at_u32(data + at + 24);
  unsigned char *end = chunk_of(data, "NETS") + length;
  unsigned char kept[4];
  memcpy(kept, end - 4, 4);
  memset(end - 4, 0, 4);
  xdi_set_u32(data + at + 24, length - 4);
  reseal_chunk(data, "NETS");
  assert_model_refused(size, XD_ERROR_BAD_DATA, "chunk NETS: it ends within a network");
}
END_TEST

static void replace_tags(const char *old, const char *new) {
  static const char *const chunks[] = {"NETS", "TENS"};
  for (int i = 0; i < 2; i++) {
    unsigned char *at = chunk_of(data, chunks[i]), *end = at + xdi_at_u64(entry_of(data, chunks[i]) + 24);
    for (; at + 4 <= end; at++)
      if (!memcmp(at, old, 4))
        memcpy(at, new, 4);
    reseal_chunk(data, chunks[i]);
  }
}

START_TEST(networks__have_known_roles_once_each) {
  static const char *const roles[] = {"ENC1", "DEC1", "ENC2", "DEC2", "GEN1", "GEN2", "DIS1", "DIS2"};
  for (int i = 0; i < 8; i++) {
    replace_tags(roles[i], "ENC3");
    assert_model_refused(size, XD_ERROR_BAD_DATA, "chunk NETS: a network has an unknown role");
    if (i >= 2) {
      replace_tags("ENC3", roles[i - 2]);
      assert_model_refused(size, XD_ERROR_BAD_DATA, "chunk NETS: a network stands twice");
      break;
    }
    replace_tags("ENC3", roles[i]);
  }
}
END_TEST

/* TENS: how many; of each its network's tag, name, type, rank, four sides and place. */
START_TEST(tensors__are_refused_for_each_wrong_number) {
  const char *const reason = "chunk TENS: a tensor is not what the layers demand";
  const unsigned char *tens = chunk_of(data, "TENS");
  const uint32_t count = xdi_at_u32(tens), name = xdi_at_u32(tens + 8);
  const size_t type = 12 + name, rank = type + 4, sides = rank + 4, place = sides + 16;
  const char *const others = "chunk TENS: other tensors, or more numbers, than the layers demand";
  assert_number_refused("TENS", 0, count + 1, XD_ERROR_BAD_DATA, others);
  assert_number_refused("TENS", 0, count - 1, XD_ERROR_BAD_DATA, others);
  assert_number_refused("TENS", 4, XD_TAG('E', 'N', 'C', '2'), XD_ERROR_BAD_DATA, reason);
  assert_number_refused("TENS", 12, xdi_at_u32(tens + 12) + 1, XD_ERROR_BAD_DATA, reason);
  assert_number_refused("TENS", 8, XDI_TEXT_LIMIT + 1, XD_ERROR_BAD_DATA, reason);
  assert_number_refused("TENS", type, 2, XD_ERROR_UNSUPPORTED, "has element type 2, unknown to this library");
  assert_number_refused("TENS", type, 1, XD_ERROR_BAD_DATA, reason);
  assert_number_refused("TENS", type, 3, XD_ERROR_BAD_DATA, "chunk SCAL: it has fewer scales than channels");
  assert_number_refused("TENS", rank, xdi_at_u32(tens + rank) + 1, XD_ERROR_BAD_DATA, reason);
  for (size_t axis = 0; axis < 4; axis++)
    assert_number_refused("TENS", sides + 4 * axis, xdi_at_u32(tens + sides + 4 * axis) + 1,
                          XD_ERROR_BAD_DATA, reason);
  assert_number_refused("TENS", place, 64, XD_ERROR_BAD_DATA, reason);
  assert_model_loads();
}
END_TEST

/* Changes how long a chunk is, within the zeros behind it. */
static void assert_length_refused(const char *tag, int by, const char *reason) {
  unsigned char *entry = entry_of(data, tag);
  const uint64_t offset = xdi_at_u64(entry + 16), length = xdi_at_u64(entry + 24), end = offset + length;
  unsigned char kept[16];
  ck_assert_uint_eq((end + 63) / 64, (end + (uint64_t)by + 63) / 64);
  memcpy(kept, data + end - 8, 16);
  if (by < 0)
    memset(data + end + by, 0, (size_t)-by);
  xdi_set_u64(entry + 24, length + (uint64_t)by);
  reseal_chunk(data, tag);
  assert_model_refused(size, XD_ERROR_BAD_DATA, reason);
  memcpy(data + end - 8, kept, 16);
  xdi_set_u64(entry + 24, length);
  reseal_chunk(data, tag);
}

START_TEST(chunks__have_the_length_of_what_is_in_them) {
  assert_length_refused("DATA", -1, "chunk DATA: it ends within a tensor");
  assert_length_refused("DATA", 1, "chunk TENS: other tensors, or more numbers, than the layers demand");
  assert_length_refused("DOMS", -1, "chunk DOMS: a text is cut off, too long or has a zero byte");
  assert_length_refused("DOMS", 1, "chunk DOMS: its length is wrong");
  assert_length_refused("NETS", 1, "chunk NETS: bytes follow its last network");
  assert_length_refused("TENS", 1, "chunk TENS: other tensors, or more numbers, than the layers demand");
  assert_length_refused("TENS", -1, "chunk TENS: a tensor is not what the layers demand");
  assert_model_loads();
}
END_TEST

START_TEST(tensors__may_have_zeros_alone_between_them) {
  const unsigned char *at = chunk_of(data, "TENS") + 4;
  unsigned char *numbers = chunk_of(data, "DATA");
  const uint32_t count = xdi_at_u32(at - 4);
  size_t end = 0, gaps = 0;
  for (uint32_t i = 0; i < count; i++, at += 24) {
    at += 16 + xdi_at_u32(at + 4);
    const size_t begin = (size_t)xdi_at_u64(at + 16);
    for (size_t byte = end; byte < begin; byte += begin - end - 1 ? begin - end - 1 : 1, gaps++) {
      numbers[byte] = 0x80;
      reseal_chunk(data, "DATA");
      assert_model_refused(size, XD_ERROR_BAD_DATA, "chunk DATA: bytes between tensors are not zero");
      numbers[byte] = 0;
    }
    end = begin + 4 * (size_t)xdi_at_u32(at) * xdi_at_u32(at + 4) * xdi_at_u32(at + 8) * xdi_at_u32(at + 12);
  }
  ck_assert_uint_gt(gaps, 20);
  reseal_chunk(data, "DATA");
  assert_model_loads();
}
END_TEST

/* ---- Conditions ---- */

/* A model of domain 2 alone: its file says how long a condition is, and so which readers know it. */
START_TEST(condition__is_refused_for_what_is_wrong) {
  static const char *const names[] = {"a", "b", "c", "d"};
  xd_model *tiny = tiny_model(context, false), *drawn, *loaded;
  xd_latent_generator *generator = make_generator(context, "source_dim=4 target_dim=3 hidden_width=4");
  xd_model_parts parts = XD_MODEL_PARTS_INIT;
  parts.encoder[1] = xd_model_encoder(tiny, 2), parts.decoder[1] = xd_model_decoder(tiny, 2);
  parts.generator[0] = generator;
  parts.class_names[0] = names, parts.class_count[0] = 4;
  assert_ok(context, xd_model_create(&drawn, context, &parts));
  assert_ok(context, xd_model_save(drawn, context, path, NULL));
  xd_model_release(tiny), xd_model_release(drawn);
  xd_latent_generator_release(generator);
  free(data);
  data = read_test_file(path, &size);
  ck_assert_uint_eq(xdi_at_u32(data + 12), 2);
  ck_assert_uint_eq(xdi_at_u32(data + 20), 6);
  ck_assert_uint_eq(xdi_at_u32(entry_of(data, "COND") + 8), 1);
  ck_assert_uint_eq(xdi_at_u64(entry_of(data, "COND") + 24), 4);
  ck_assert_uint_eq(xdi_at_u32(chunk_of(data, "COND")), 4);
  assert_ok(context, xd_model_load(&loaded, context, path));
  ck_assert_uint_eq(xd_model_latent_dim(loaded, 1), 4);
  xd_model_release(loaded);
  assert_number_refused("COND", 0, 0, XD_ERROR_BAD_DATA, "chunk COND: it is no vector's length");
  assert_number_refused("COND", 0, 5, XD_ERROR_BAD_DATA, "chunk DOMS: its sizes are not the networks'");
  xdi_set_u64(entry_of(data, "COND") + 24, 3);
  xdi_set_u64(data + 24, size - 1);
  reseal_chunk(data, "COND");
  assert_model_refused(size - 1, XD_ERROR_BAD_DATA, "chunk COND: it is no vector's length");
  xdi_set_u64(entry_of(data, "COND") + 24, 4);
  xdi_set_u64(data + 24, size);
  reseal_chunk(data, "COND");
  assert_model_loads();
  unsigned char *entry = entry_of(data, "COND");
  xdi_set_u32(entry + 8, 0);
  memcpy(entry, "XTRA", 4);
  reseal(data);
  assert_model_refused(size, XD_ERROR_BAD_DATA, "chunk NETS: an encoder or decoder is missing");
  memcpy(entry, "COND", 4);
  replace_tags("ENC2", "ENC1");
  reseal(data);
  assert_model_refused(size, XD_ERROR_BAD_DATA,
                       "chunk NETS: its encoders and decoders are not those of domain 2 alone");
}
END_TEST

/* ---- Judges ---- */

static void assert_judge_refused(const char *reason) {
  xd_judge *judge = (xd_judge *)&context;
  assert_status(xd_judge_load_source(&judge, context, in_memory(data, size)), XD_ERROR_BAD_DATA);
  ck_assert_ptr_null(judge);
  assert_message_names(context, reason);
  assert_message_names(context, "memory: ");
  assert_status(xd_file_verify_source(context, in_memory(data, size)), XD_ERROR_BAD_DATA);
  assert_message_names(context, reason);
}

static void assert_class_number_refused(size_t at, uint32_t value, const char *reason) {
  unsigned char *place = chunk_of(data, "CLSS") + at;
  const uint32_t old = xdi_at_u32(place);
  xdi_set_u32(place, value);
  reseal_chunk(data, "CLSS");
  assert_judge_refused(reason);
  xdi_set_u32(place, old);
  reseal_chunk(data, "CLSS");
}

START_TEST(judge__is_refused_for_what_is_wrong) {
  static const char *const names[] = {"cat", "dog", "bee"};
  xd_judge *bare = make_judge(context, "width=8 height=8 channels=1 classes=3 base_channels=2 feature_dim=4");
  xd_judge *judge;
  assert_ok(context, xd_judge_with_class_names(&judge, context, bare, names, 3));
  assert_ok(context, xd_judge_save(judge, context, path_in(path, folder, "judge.xdc")));
  xd_judge_release(bare), xd_judge_release(judge);
  free(data);
  data = read_test_file(path, &size);
  const char *const cut = "chunk CLSS: a text is cut off, too long or has a zero byte";
  assert_class_number_refused(0, 4, "chunk CLSS: too many classes");
  assert_class_number_refused(0, 2, "chunk CLSS: its length is wrong");
  assert_class_number_refused(4, 1000, cut);
  assert_class_number_refused(8, 0x74006100, cut);
  assert_class_number_refused(18, 2, "chunk CLSS: its length is wrong");
  replace_tags("JUDG", "ENC1");
  assert_judge_refused("chunk NETS: it does not hold one judge");
  replace_tags("ENC1", "JUDG");
  assert_ok(context, xd_judge_load_source(&judge, context, in_memory(data, size)));
  ck_assert_str_eq(xd_judge_class_name(judge, 2), "bee");
  xd_judge_release(judge);
}
END_TEST

/* What the model's parts refuse is a fault of the file. */
START_TEST(networks__that_are_no_parts_are_the_files_fault) {
  replace_tags("ENC1", "XXX1");
  replace_tags("DEC1", "ENC1");
  replace_tags("XXX1", "DEC1");
  assert_model_refused(size, XD_ERROR_BAD_DATA, "memory: ");
  replace_tags("DEC1", "XXX1");
  replace_tags("ENC1", "DEC1");
  replace_tags("XXX1", "ENC1");
  assert_model_loads();
  /* The first layer: no output channels; then a kernel that is larger than the picture. */
  assert_number_refused("NETS", 4 + 4 + 12 + 4 + 4, 0, XD_ERROR_BAD_DATA, "memory: ");
  assert_number_refused("NETS", 4 + 4 + 12 + 4 + 8, 1000, XD_ERROR_BAD_DATA, "memory: ");
}
END_TEST

/* Also where a message would begin with the name anyway. */
START_TEST(networks__are_named_with_the_file_whatever_its_name) {
  static const char *const names[] = {"", "l", "layer", "layer 0 (conv2d)", "caf\xE9", "tab\there"};
  static const char *const shown[] = {"", "l", "layer", "layer 0 (conv2d)", "caf\\xE9", "tab\\x09here"};
  unsigned char *channels = chunk_of(data, "NETS") + 4 + 4 + 12 + 4 + 4;
  char expected[100];
  xdi_set_u32(channels, 0);
  reseal_chunk(data, "NETS");
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    xd_model *model;
    xd_source source = XD_SOURCE_INIT;
    source.data = data;
    source.size = size;
    source.name = names[i];
    assert_status(xd_model_load_source(&model, context, &source), XD_ERROR_BAD_DATA);
    snprintf(expected, sizeof expected, "%s: layer 0 (", shown[i]);
    ck_assert_msg(strncmp(xd_context_message(context), expected, strlen(expected)) == 0, "%s",
                  xd_context_message(context));
  }
}
END_TEST

/* Once, however it is shown. */
START_TEST(chunks__are_damaged_in_a_file_that_is_named_once) {
  xd_model *model;
  xd_source source = XD_SOURCE_INIT;
  chunk_of(data, "NETS")[0] ^= 1;
  source.data = data;
  source.size = size;
  source.name = "caf\xE9\t.xdm";
  assert_status(xd_model_load_source(&model, context, &source), XD_ERROR_BAD_DATA);
  ck_assert_str_eq(xd_context_message(context), "caf\\xE9\\x09.xdm: chunk NETS is damaged (checksum)");
}
END_TEST

/* ---- Looking into a file ---- */

START_TEST(inspect__gives_every_field_of_as_many_chunks_as_asked) {
  xd_file_info info = XD_FILE_INFO_INIT;
  for (uint32_t capacity = 0; capacity < 8; capacity++) {
    xd_chunk chunks[8];
    memset(chunks, 0x5a, sizeof chunks);
    chunks[0].struct_size = sizeof *chunks;
    assert_ok(context, xd_file_inspect(context, &info, chunks, capacity, path));
    ck_assert_uint_eq(info.major, 1);
    ck_assert_uint_eq(info.minor, 0);
    ck_assert_uint_eq(info.size, size);
    ck_assert_uint_eq(info.chunk_count, 5);
    ck_assert_str_eq(info.kind, "model");
    for (uint32_t i = 0; i < 8; i++) {
      const unsigned char *entry = data + 64 + 40 * i;
      if (i >= capacity || i >= 5) {
        ck_assert_uint_eq(chunks[i].offset, UINT64_C(0x5a5a5a5a5a5a5a5a));
        continue;
      }
      ck_assert_uint_eq(chunks[i].struct_size, sizeof *chunks);
      ck_assert_mem_eq(chunks[i].tag, entry, 4);
      ck_assert_int_eq(chunks[i].tag[4], 0);
      ck_assert_uint_eq(chunks[i].version, xdi_at_u32(entry + 4));
      ck_assert_uint_eq(chunks[i].required, xdi_at_u32(entry + 8));
      ck_assert_uint_eq(chunks[i].offset, xdi_at_u64(entry + 16));
      ck_assert_uint_eq(chunks[i].length, xdi_at_u64(entry + 24));
      ck_assert_uint_eq(chunks[i].checksum, xdi_at_u64(entry + 32));
      ck_assert_uint_eq(chunks[i].intact, 1);
      ck_assert_uint_eq(chunks[i].reserved, 0);
    }
  }
}
END_TEST

START_TEST(inspect__names_files_of_every_kind) {
  static const struct {
    const char tag[5], *name;
  } kinds[] = {{"MODL", "model"}, {"JUDG", "judge"}, {"CKPT", "checkpoint"}, {"ABCD", "unknown"}};
  for (int i = 0; i < 4; i++) {
    xd_file_info info = XD_FILE_INFO_INIT;
    memcpy(data + 16, kinds[i].tag, 4);
    reseal(data);
    assert_ok(context, xd_file_inspect_source(context, &info, NULL, 0, in_memory(data, size)));
    ck_assert_str_eq(info.kind, kinds[i].name);
    /* Of a checkpoint the chunks alone are looked at. */
    ck_assert_int_eq(xd_file_verify_source(context, in_memory(data, size)) == XD_OK, i == 0 || i == 2);
  }
  assert_model_refused(size, XD_ERROR_BAD_DATA, "a ABCD file, not a MODL file");
}
END_TEST

START_TEST(inspect__needs_a_context_and_a_path) {
  xd_file_info info = XD_FILE_INFO_INIT;
  assert_status(xd_file_inspect(NULL, &info, NULL, 0, path), XD_ERROR_INVALID_ARGUMENT);
  assert_status(xd_file_inspect_source(NULL, &info, NULL, 0, in_memory(data, size)),
                XD_ERROR_INVALID_ARGUMENT);
  assert_status(xd_file_verify(NULL, path), XD_ERROR_INVALID_ARGUMENT);
  assert_status(xd_file_verify_source(NULL, in_memory(data, size)), XD_ERROR_INVALID_ARGUMENT);
  assert_status(xd_file_inspect(context, &info, NULL, 0, NULL), XD_ERROR_INVALID_ARGUMENT);
  assert_message_names(context, "xd_file_inspect: path is NULL");
  assert_status(xd_file_verify(context, NULL), XD_ERROR_INVALID_ARGUMENT);
  assert_message_names(context, "xd_file_verify: path is NULL");
  assert_ok(context, xd_file_verify(context, path));
}
END_TEST

/* ---- Sizes ---- */

/* Texts of the largest size, and a class of every number. */
START_TEST(texts__of_the_largest_size_come_back_whole) {
  static char longest[XDI_TEXT_LIMIT + 1];
  const char *properties[2 * XDI_MODEL_PROPERTY_LIMIT];
  static char keys[XDI_MODEL_PROPERTY_LIMIT][8];
  const char *names[XD_CLASS_LIMIT];
  xd_model_parts parts = XD_MODEL_PARTS_INIT;
  xd_model *model = tiny_model(context, false), *other, *loaded;
  memset(longest, 'a', XDI_TEXT_LIMIT);
  for (size_t i = 0; i < XDI_MODEL_PROPERTY_LIMIT; i++) {
    snprintf(keys[i], sizeof keys[i], "k%zu", i);
    properties[2 * i] = keys[i], properties[2 * i + 1] = i ? "v" : longest;
  }
  for (int i = 0; i < XD_CLASS_LIMIT; i++)
    names[i] = keys[i];
  for (uint32_t d = 0; d < 2; d++) {
    parts.encoder[d] = xd_model_encoder(model, d + 1);
    parts.decoder[d] = xd_model_decoder(model, d + 1);
    parts.class_names[d] = names, parts.class_count[d] = XD_CLASS_LIMIT;
  }
  parts.properties = properties, parts.property_count = XDI_MODEL_PROPERTY_LIMIT;
  assert_ok(context, xd_model_create(&other, context, &parts));
  assert_ok(context, xd_model_save(other, context, path, NULL));
  assert_ok(context, xd_model_load(&loaded, context, path));
  ck_assert_uint_eq(xd_model_property_count(loaded), XDI_MODEL_PROPERTY_LIMIT);
  ck_assert_str_eq(xd_model_property(loaded, "k0"), longest);
  ck_assert_str_eq(xd_model_property_key(loaded, XDI_MODEL_PROPERTY_LIMIT - 1), "k4095");
  ck_assert_uint_eq(xd_model_class_count(loaded, 2), XD_CLASS_LIMIT);
  ck_assert_str_eq(xd_model_class_name(loaded, 2, 255), "k255");
  xd_model_release(model), xd_model_release(other), xd_model_release(loaded);
}
END_TEST

/* A translator reads the weights of its direction alone, and translates as one of the whole model. */
static void check_direction(const xd_model *model, xd_direction direction) {
  counting_allocator counter = {0};
  xd_context *counted = test_context_with("reference", 1, &counter);
  xd_translator_options options = XD_TRANSLATOR_OPTIONS_INIT;
  xd_translator *whole, *alone;
  xd_model *all;
  float pictures[10 * 9 * 3], expected[10 * 9 * 3], got[10 * 9 * 3];
  xd_shape shape = model_shape_of(model, 3 - direction);
  const size_t cells = (size_t)shape.width * shape.height * shape.channels;
  options.direction = direction;
  for (size_t i = 0; i < 10 * 9 * 3; i++)
    pictures[i] = (float)(i % 7) / 7.0f;
  assert_ok(context, xd_translator_create(&whole, context, model, &options));
  assert_ok(context, xd_translator_run_floats(whole, expected, NULL, pictures, 1));
  const size_t before = atomic_load(&counter.live_bytes);
  assert_ok(counted, xd_model_load(&all, counted, path));
  const size_t with_all = atomic_load(&counter.live_bytes) - before;
  xd_model_release(all);
  ck_assert_uint_eq(atomic_load(&counter.live_bytes), before);
  assert_ok(counted, xd_translator_load(&alone, counted, path, &options));
  ck_assert_uint_lt(atomic_load(&counter.live_bytes) - before, with_all);
  assert_ok(counted, xd_translator_run_floats(alone, got, NULL, pictures, 1));
  ck_assert_mem_eq(got, expected, cells * sizeof *got);
  xd_translator_destroy(whole), xd_translator_destroy(alone);
  xd_context_destroy(counted);
}

/* Whether a weight came back: as a byte within half of the channel's scale, which is of a half at most. */
static bool is_back(float loaded, float saved, bool byte) {
  return byte ? fabsf(loaded - saved) < 0.26f / 127.0f : loaded == saved;
}

/* Weights are read in pieces of 32,768: as floats, as halves, as bytes, whose channels have different scales, and
 * passed over by who wants another direction. */
START_TEST(tensors__of_many_pieces_come_back_whole) {
  xd_model *model = tiny_model(context, false);
  for (int form = 0; form < 3; form++) {
    xd_model_parts parts = XD_MODEL_PARTS_INIT;
    xd_latent_generator *generator[2];
    xd_model *mapping, *loaded;
    xd_save_options options = XD_SAVE_OPTIONS_INIT;
    options.half = form == 1;
    options.int8 = form == 2;
    for (int d = 0; d < 2; d++) {
      generator[d] =
          make_generator(context, d ? "source_dim=3 target_dim=2 hidden_width=300 hidden_layers=2"
                                    : "source_dim=2 target_dim=3 hidden_width=300 hidden_layers=2");
      tiny_fill(context, xd_latent_generator_network_mutable(generator[d]), (size_t)d);
      parts.generator[d] = generator[d];
    }
    assert_ok(context, xd_model_with_mapping(&mapping, context, model, &parts));
    assert_ok(context, xd_model_save(mapping, context, path, &options));
    assert_ok(context, xd_model_load(&loaded, context, path));
    for (uint32_t d = 0; d < 2; d++) {
      const xd_network *network = xd_latent_generator_network(xd_model_generator(loaded, d + 1));
      size_t index = 0;
      for (uint32_t p = 0; p < xd_network_tensor_count(network); p++) {
        xd_tensor tensor = XD_TENSOR_INIT;
        assert_ok(context, xd_network_tensor(network, p, &tensor));
        float *values = malloc(tensor.count * sizeof *values);
        assert_ok(context, xd_network_get(network, context, values, tensor.name, tensor.count));
        for (size_t i = 0; i < tensor.count; i++)
          if (!is_back(values[i], tiny_weight(d, index++), form == 2))
            ck_abort_msg("weight %zu of %s is %g", i, tensor.name, (double)values[i]);
        free(values);
      }
      ck_assert_uint_gt(index, 3 * 32768 - 9000);
      xd_latent_generator_release(generator[d]);
    }
    for (uint32_t d = 1; d <= 2; d++)
      check_direction(loaded, (xd_direction)d);
    xd_model_release(mapping), xd_model_release(loaded);
  }
  xd_model_release(model);
}
END_TEST

#define ADD(test) add_fixture_case(suite, #test, test, set_up, tear_down)

static Suite *make_suite(void) {
  Suite *suite = suite_create("file_damage");
  ADD(header__is_refused_for_what_is_wrong);
  ADD(header__has_the_newest_minor_version_of_its_chunks);
  ADD(files__are_closed_when_they_are_read_or_refused);
  ADD(table__must_fit_the_file);
  ADD(table__is_refused_for_chunks_out_of_place);
  ADD(table__demands_zeros_between_chunks);
  ADD(chunks__are_refused_when_missing_or_too_new);
  ADD(chunks__are_named_by_letters_alone);
  ADD(chunks__are_refused_for_a_changed_byte);
  ADD(chunks__have_the_length_of_what_is_in_them);
  ADD(domains__must_have_the_networks_sizes);
  ADD(domains__are_refused_for_texts_that_are_none);
  ADD(provenance__is_refused_for_what_is_wrong);
  ADD(networks__are_refused_for_what_is_wrong);
  ADD(networks__have_known_roles_once_each);
  ADD(tensors__are_refused_for_each_wrong_number);
  ADD(tensors__may_have_zeros_alone_between_them);
  ADD(tensors__of_many_pieces_come_back_whole);
  ADD(texts__of_the_largest_size_come_back_whole);
  ADD(condition__is_refused_for_what_is_wrong);
  ADD(judge__is_refused_for_what_is_wrong);
  ADD(inspect__gives_every_field_of_as_many_chunks_as_asked);
  ADD(inspect__names_files_of_every_kind);
  ADD(inspect__needs_a_context_and_a_path);
  ADD(networks__that_are_no_parts_are_the_files_fault);
  ADD(networks__are_named_with_the_file_whatever_its_name);
  ADD(chunks__are_damaged_in_a_file_that_is_named_once);
  return suite;
}
XD_SUITE_MAIN(make_suite)
