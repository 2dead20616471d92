/* The structs that callers fill: each _INIT macro and its function give the same bytes, in as much of a struct as
 * its caller knows. */
#include "support.h"

#include "xdomain/xdomain.h"

#define GUARD 0xA5

/* The function's bytes for a caller whose struct has `size` bytes, then untouched ones. */
#define CHECK_SIZE(type, macro, size) \
  do { \
    type made; \
    memset(&made, GUARD, sizeof made); \
    type##_init(&made, size); \
    ck_assert_uint_eq(made.struct_size, size); \
    ck_assert_mem_eq((char *)&made + sizeof(size_t), (const char *)&macro + sizeof(size_t), \
                     (size) - sizeof(size_t)); \
    for (size_t i = (size); i < sizeof made; i++) \
      ck_assert_uint_eq(((unsigned char *)&made)[i], GUARD); \
  } while (0)

#define CHECK(type, init) \
  do { \
    static const type macro = init; \
    ck_assert_uint_eq(macro.struct_size, sizeof macro); \
    CHECK_SIZE(type, macro, sizeof(type)); \
    CHECK_SIZE(type, macro, sizeof(size_t)); \
    CHECK_SIZE(type, macro, sizeof(type) - sizeof(size_t)); \
    type##_init(NULL, sizeof(type)); \
  } while (0)

START_TEST(init__equals_the_macro_as_far_as_the_caller_knows_it) {
  CHECK(xd_context_options, XD_CONTEXT_OPTIONS_INIT);
  CHECK(xd_dataset_selection, XD_DATASET_SELECTION_INIT);
  CHECK(xd_evaluation_input, XD_EVALUATION_INPUT_INIT);
  CHECK(xd_file_info, XD_FILE_INFO_INIT);
  CHECK(xd_mapping_batch, XD_MAPPING_BATCH_INIT);
  CHECK(xd_model_parts, XD_MODEL_PARTS_INIT);
  CHECK(xd_network_layers, XD_NETWORK_LAYERS_INIT);
  CHECK(xd_option_info, XD_OPTION_INFO_INIT);
  CHECK(xd_save_options, XD_SAVE_OPTIONS_INIT);
  CHECK(xd_train_input, XD_TRAIN_INPUT_INIT);
  CHECK(xd_translator_options, XD_TRANSLATOR_OPTIONS_INIT);
}
END_TEST

static Suite *make_suite(void) {
  Suite *suite = suite_create("options");
  add_case(suite, init__equals_the_macro_as_far_as_the_caller_knows_it);
  return suite;
}

XD_SUITE_MAIN(make_suite)
