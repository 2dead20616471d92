/* Allocation through the host's functions, and checked sizes. */
#include "support.h"

#include "base/memory.h"

#ifdef __GLIBC__
#include <malloc.h>
#endif

START_TEST(allocate__aligns_to_64_bytes) {
  for (size_t size = 1; size < 300; size += 7) {
    unsigned char *memory = xdi_allocate(&xdi_heap, size, 1);
    ck_assert_ptr_nonnull(memory);
    ck_assert_uint_eq((uintptr_t)memory % XDI_ALIGNMENT, 0);
    memset(memory, 0xAB, size);
    xdi_release(&xdi_heap, memory);
  }
}
END_TEST

/* Large blocks begin a page, very large ones a huge page, of which they fill whole ones where that wastes little. */
START_TEST(allocate__gives_large_blocks_pages_of_their_own) {
  const size_t middling = (size_t)1 << 18, large = (size_t)3 << 19, huge = (size_t)1 << 21;
  const size_t sizes[] = {middling, middling + 1, large - 1,    large,
                          huge,     huge + 1,     2 * huge - 1, 3 * huge - 5};
  for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
    unsigned char *memory = xdi_allocate(&xdi_heap, sizes[i], 1);
    ck_assert_ptr_nonnull(memory);
    ck_assert_uint_eq((uintptr_t)memory % (sizes[i] >= large ? huge : 4096), 0);
    memory[0] = memory[sizes[i] - 1] = 1;
#ifdef __GLIBC__
    const size_t whole = (sizes[i] + huge - 1) / huge * huge;
    if (sizes[i] >= large && whole - sizes[i] <= sizes[i] / 3)
      ck_assert_uint_ge(malloc_usable_size(memory), whole);
#endif
    xdi_release(&xdi_heap, memory);
  }
}
END_TEST

START_TEST(allocate__refuses_zero_and_overflowing_sizes_unasked) {
  counting_allocator counter = {0};
  xd_allocator allocator = counting_allocator_hooks(&counter);
  ck_assert_ptr_null(xdi_allocate(&allocator, 0, 8));
  ck_assert_ptr_null(xdi_allocate(&allocator, 8, 0));
  ck_assert_ptr_null(xdi_allocate(&allocator, SIZE_MAX / 2 + 1, 2));
  ck_assert_ptr_null(xdi_allocate_zeroed(&allocator, SIZE_MAX, SIZE_MAX));
  ck_assert_ptr_null(xdi_allocate(&allocator, SIZE_MAX - 63, 1)); /* no room for its size in front */
  ck_assert_uint_eq(counter.total, 0);
}
END_TEST

START_TEST(allocate__hands_on_size_and_alignment) {
  counting_allocator counter = {0};
  xd_allocator allocator = counting_allocator_hooks(&counter);
  void *memory = xdi_allocate(&allocator, 10, 12);
  ck_assert_ptr_nonnull(memory);
  ck_assert_uint_eq(counter.live_bytes, 120 + 64); /* its size stands in front */
  ck_assert_uint_eq(counter.live_blocks, 1);
  xdi_release(&allocator, memory);
  ck_assert_uint_eq(counter.live_bytes, 0);
  ck_assert_uint_eq(counter.live_blocks, 0);
  ck_assert_uint_eq(counter.peak_bytes, 120 + 64);
}
END_TEST

START_TEST(allocate__gives_null_when_the_host_does) {
  counting_allocator counter = {0};
  xd_allocator allocator = counting_allocator_hooks(&counter);
  counter.fail_at = 2;
  void *first = xdi_allocate(&allocator, 1, 1);
  ck_assert_ptr_nonnull(first);
  ck_assert_ptr_null(xdi_allocate_zeroed(&allocator, 1, 1));
  counter.fail_at = 3;
  ck_assert_ptr_null(xdi_duplicate_text(&allocator, "text"));
  xdi_release(&allocator, first);
  ck_assert_uint_eq(counter.live_blocks, 0);
}
END_TEST

START_TEST(allocate_zeroed__clears_used_memory) {
  for (int round = 0; round < 20; round++) {
    unsigned char *memory = xdi_allocate_zeroed(&xdi_heap, 100, 10);
    ck_assert_ptr_nonnull(memory);
    ck_assert(memory[0] == 0 && memcmp(memory, memory + 1, 999) == 0);
    memset(memory, 0xFF, 1000);
    xdi_release(&xdi_heap, memory);
  }
}
END_TEST

START_TEST(release__takes_null) {
  counting_allocator counter = {0};
  xd_allocator allocator = counting_allocator_hooks(&counter);
  xdi_release(&allocator, NULL);
  xdi_release(&xdi_heap, NULL);
  ck_assert_uint_eq(counter.live_blocks, 0);
}
END_TEST

START_TEST(duplicate_text__copies_the_end_too) {
  char text[] = "a text";
  char *copy = xdi_duplicate_text(&xdi_heap, text);
  text[0] = 'A';
  ck_assert_str_eq(copy, "a text");
  xdi_release(&xdi_heap, copy);
  copy = xdi_duplicate_text(&xdi_heap, "");
  ck_assert_str_eq(copy, "");
  xdi_release(&xdi_heap, copy);
}
END_TEST

START_TEST(multiply__tells_overflow_and_leaves_out_alone) {
  size_t out = 77;
  ck_assert(xdi_multiply(6, 7, &out));
  ck_assert_uint_eq(out, 42);
  ck_assert(xdi_multiply(0, SIZE_MAX, &out));
  ck_assert_uint_eq(out, 0);
  ck_assert(xdi_multiply(SIZE_MAX, 0, &out));
  ck_assert_uint_eq(out, 0);
  ck_assert(xdi_multiply(SIZE_MAX, 1, &out));
  ck_assert_uint_eq(out, SIZE_MAX);
  ck_assert(xdi_multiply(SIZE_MAX / 3, 3, &out));
  out = 77;
  ck_assert(!xdi_multiply(SIZE_MAX / 3 + 1, 3, &out));
  ck_assert(!xdi_multiply(SIZE_MAX, 2, &out));
  ck_assert(!xdi_multiply(SIZE_MAX, SIZE_MAX, &out));
  ck_assert_uint_eq(out, 77);
}
END_TEST

START_TEST(add__tells_overflow_and_leaves_out_alone) {
  size_t out = 77;
  ck_assert(xdi_add(SIZE_MAX - 5, 5, &out));
  ck_assert_uint_eq(out, SIZE_MAX);
  out = 77;
  ck_assert(!xdi_add(SIZE_MAX - 5, 6, &out));
  ck_assert(!xdi_add(SIZE_MAX, SIZE_MAX, &out));
  ck_assert_uint_eq(out, 77);
}
END_TEST

static Suite *make_suite(void) {
  Suite *suite = suite_create("memory");
  add_case(suite, allocate__aligns_to_64_bytes);
  add_case(suite, allocate__gives_large_blocks_pages_of_their_own);
  add_case(suite, allocate__refuses_zero_and_overflowing_sizes_unasked);
  add_case(suite, allocate__hands_on_size_and_alignment);
  add_case(suite, allocate__gives_null_when_the_host_does);
  add_case(suite, allocate_zeroed__clears_used_memory);
  add_case(suite, release__takes_null);
  add_case(suite, duplicate_text__copies_the_end_too);
  add_case(suite, multiply__tells_overflow_and_leaves_out_alone);
  add_case(suite, add__tells_overflow_and_leaves_out_alone);
  return suite;
}

XD_SUITE_MAIN(make_suite)
