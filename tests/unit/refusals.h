/* Every allocation of a call refused in turn. Include after support.h. */
#ifndef XD_TESTS_REFUSALS_H
#define XD_TESTS_REFUSALS_H

#include "support.h"

/* The call under test; what it makes on success it destroys itself. */
typedef xd_status (*refusable_call)(xd_context *context, void *user);

/* Refuses the call's first allocation, then its second, ... until it succeeds: before that, each try must
 * answer XD_ERROR_OUT_OF_MEMORY, and every try must leave no memory behind. */
static inline void check_refusals(refusable_call call, void *user) {
  counting_allocator counter = {0};
  xd_context *context = test_context_with("reference", 1, &counter);
  size_t blocks = atomic_load(&counter.live_blocks);
  for (size_t refused = 1;; refused++) {
    atomic_store(&counter.fail_at, atomic_load(&counter.total) + refused);
    xd_status status = call(context, user);
    size_t asked = atomic_load(&counter.total), at = atomic_load(&counter.fail_at);
    ck_assert_msg(atomic_load(&counter.live_blocks) == blocks, "refusing allocation %zu leaks", refused);
    if (status == XD_OK && asked < at) {
      ck_assert_msg(refused > 1, "the call allocates nothing");
      break;
    }
    ck_assert_msg(status == XD_ERROR_OUT_OF_MEMORY, "refusing allocation %zu gives %s: %s", refused,
                  xd_status_name(status), xd_context_message(context));
  }
  xd_context_destroy(context);
  ck_assert_uint_eq(atomic_load(&counter.live_blocks), 0);
}

#endif
