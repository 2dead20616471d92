/* Memory shared by results that are not wanted at the same time. */
#include "support.h"

#include "layer/regions.h"

START_TEST(share_regions__alternates_between_two_in_a_chain) {
  xdi_tenant chain[6];
  size_t total;
  for (uint32_t i = 0; i < 6; i++)
    chain[i] = (xdi_tenant){.size = i == 3 ? 160 : 16 * (i + 1), .born = i, .dies = i + 1};
  ck_assert(xdi_share_regions(chain, 6, &total));
  ck_assert_uint_eq(total, 160 + 80);
  for (uint32_t i = 2; i < 6; i++)
    ck_assert_uint_eq(chain[i].offset, chain[i - 2].offset);
  ck_assert_uint_ne(chain[0].offset, chain[1].offset);
}
END_TEST

START_TEST(share_regions__never_lets_two_meet) {
  enum { COUNT = 40 };
  xdi_tenant tenants[COUNT];
  size_t total, all = 0;
  uint32_t number = 7;
  for (uint32_t i = 0; i < COUNT; i++) {
    number = number * 1103515245u + 12345u;
    tenants[i] = (xdi_tenant){.size = 16 * (1 + number / 65536u % 9), .born = i / 2};
    tenants[i].dies = number / 1048576u % 5 == 0 ? XDI_FOREVER : tenants[i].born + number / 4194304u % 6;
    all += tenants[i].size;
  }
  ck_assert(xdi_share_regions(tenants, COUNT, &total));
  ck_assert_uint_lt(total, all);
  for (uint32_t i = 0; i < COUNT; i++) {
    const xdi_tenant *a = &tenants[i];
    ck_assert_uint_le(a->offset + a->size, total);
    for (uint32_t k = 0; k < i; k++) {
      const xdi_tenant *b = &tenants[k];
      const bool together = a->born <= b->dies && b->born <= a->dies;
      const bool apart = a->offset + a->size <= b->offset || b->offset + b->size <= a->offset;
      ck_assert_msg(!together || apart, "tenants %u and %u meet", k, i);
    }
  }
}
END_TEST

START_TEST(share_regions__takes_the_home_that_fits_best) {
  xdi_tenant tenants[] = {{.size = 64, .born = 0, .dies = 0},  {.size = 16, .born = 0, .dies = 0},
                          {.size = 32, .born = 0, .dies = 0},  {.size = 32, .born = 1, .dies = 1},
                          {.size = 128, .born = 1, .dies = 1}, {.size = 16, .born = 1, .dies = 1}};
  size_t total;
  ck_assert(xdi_share_regions(tenants, 6, &total));
  ck_assert_uint_eq(tenants[3].offset, tenants[2].offset);
  ck_assert_uint_eq(tenants[4].offset, tenants[0].offset);
  ck_assert_uint_eq(tenants[5].offset, tenants[1].offset);
  ck_assert_uint_eq(total, 128 + 16 + 32);
}
END_TEST

START_TEST(share_regions__refuses_sizes_beyond_all_memory) {
  xdi_tenant tenants[] = {{.size = SIZE_MAX - 8, .born = 0, .dies = 1}, {.size = 16, .born = 0, .dies = 1}};
  size_t total;
  ck_assert(!xdi_share_regions(tenants, 2, &total));
}
END_TEST

static Suite *make_suite(void) {
  Suite *suite = suite_create("regions");
  add_case(suite, share_regions__alternates_between_two_in_a_chain);
  add_case(suite, share_regions__never_lets_two_meet);
  add_case(suite, share_regions__takes_the_home_that_fits_best);
  add_case(suite, share_regions__refuses_sizes_beyond_all_memory);
  return suite;
}

XD_SUITE_MAIN(make_suite)
