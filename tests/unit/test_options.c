/* The structs that callers fill: each _INIT macro and its function give the same bytes, in as much of a struct as
 * its caller knows. */
#include "support.h"

#include "sized_structs.h"

#define GUARD 0xA5

/* Made for pixels, too: without any it gives what the macro does. */
#define xd_image_init(image, size) xd_image_init(image, size, NULL, 0, 0, 0, 0)

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

#define CHECK(type, ...) \
  do { \
    static const type macro = __VA_ARGS__; \
    ck_assert_uint_eq(macro.struct_size, sizeof macro); \
    CHECK_SIZE(type, macro, sizeof(type)); \
    CHECK_SIZE(type, macro, sizeof(size_t)); \
    CHECK_SIZE(type, macro, sizeof(type) - sizeof(size_t)); \
    type##_init(NULL, sizeof(type)); \
  } while (0)

START_TEST(init__equals_the_macro_as_far_as_the_caller_knows_it) {
#define CHECK_ROW(type, macro, last, way) CHECK(type, macro);
  SIZED_STRUCTS(CHECK_ROW)
#undef CHECK_ROW
}
END_TEST

static Suite *make_suite(void) {
  Suite *suite = suite_create("options");
  add_case(suite, init__equals_the_macro_as_far_as_the_caller_knows_it);
  return suite;
}

XD_SUITE_MAIN(make_suite)
