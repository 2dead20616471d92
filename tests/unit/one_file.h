/* For suites whose cases each have a context and the path of one file, in a folder of its own. Include it
 * last: other headers call their parameters so. */
#ifndef XD_TESTS_ONE_FILE_H
#define XD_TESTS_ONE_FILE_H

#include "support.h"

static xd_context *context;
static char *folder;
static char path[TEST_PATH_SIZE]; /* nothing is there yet */

static void set_up(void) {
  context = test_context("reference");
  folder = make_temp_folder();
  path_in(path, folder, "file");
}

static void tear_down(void) {
  xd_context_destroy(context);
  remove_folder(folder);
}

#endif
