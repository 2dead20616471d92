/* Texts of options. The first byte chooses the group. What was read and is written reads as the same. */
#include "fuzz.h"

/* The text of what differs from the defaults; the caller frees it. */
static char *write_options(const fuzz_surroundings *with, const xd_options *options) {
  size_t length = 0;
  demand(xd_options_write(options, with->context, NULL, 0, &length) == XD_OK);
  char *text = malloc(length + 1);
  demand(text != NULL && xd_options_write(options, with->context, text, length + 1, NULL) == XD_OK);
  demand(strlen(text) == length);
  return text;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  fuzz_bytes from = {data, size};
  fuzz_surroundings with;
  xd_options *options = NULL, *again = NULL;
  uint32_t groups = 0;
  while (xd_options_group_name(groups))
    groups++;
  const char *group = xd_options_group_name(take_below(&from, groups));
  char *text = take_text(&from);
  fuzz_begin(&with);
  demand(xd_options_create(&options, with.context, group) == XD_OK);
  demand(xd_options_create(&again, with.context, group) == XD_OK);
  const xd_status status = xd_options_read(options, with.context, text);
  demand(status != XD_ERROR_INTERNAL);
  char *first = write_options(&with, options);
  demand(status == XD_OK || first[0] == '\0');
  demand(xd_options_read(again, with.context, first) == XD_OK);
  char *second = write_options(&with, again);
  demand(strcmp(first, second) == 0);
  free(first);
  free(second);
  xd_options_destroy(options);
  xd_options_destroy(again);
  fuzz_end(&with);
  free(text);
  return 0;
}
