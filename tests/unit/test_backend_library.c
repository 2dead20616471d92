/* Backends in shared objects: one that is whole, one for each fault it can have, and onednn. */
#include "plugin_support.h"

static xd_status open_plugin(xd_backend_library **out, const char *name, char why[300]) {
  char path[512];
  snprintf(path, sizeof path, "%s/%s.so", XD_PLUGINS_FOLDER, name);
  return xd_backend_library_open(out, why, 300, path);
}

static void assert_refused(const char *name, xd_status expected, const char *word) {
  char why[300] = "";
  xd_backend_library *library = (xd_backend_library *)why;
  assert_status(open_plugin(&library, name, why), expected);
  ck_assert_ptr_null(library);
  ck_assert_msg(strstr(why, name) && strstr(why, word), "\"%s\" names neither %s nor \"%s\"", why, name,
                word);
}

START_TEST(open__a_whole_plugin_serves_a_context) {
  char why[300] = "x";
  xd_backend_library *library = NULL;
  assert_status(open_plugin(&library, "plugin_nothing", why), XD_OK);
  ck_assert_str_eq(why, "");
  xd_context *context = context_on(xd_backend_library_table(library), 1);
  ck_assert_str_eq(xd_context_backend_name(context), "plugged");
  xd_context_destroy(context);
  xd_backend_library_close(library);
}
END_TEST

START_TEST(open__refuses_a_missing_file) {
  assert_refused("plugin_that_is_not_there", XD_ERROR_NOT_FOUND, "plugin_that_is_not_there.so");
}
END_TEST

START_TEST(open__refuses_a_missing_symbol) {
  assert_refused("plugin_no_symbol", XD_ERROR_NOT_FOUND, "xd_backend_plugin");
}
END_TEST

START_TEST(open__refuses_another_version) {
  assert_refused("plugin_newer_version", XD_ERROR_VERSION_TOO_NEW, "table_version");
  assert_refused("plugin_older_version", XD_ERROR_UNSUPPORTED, "table_version");
}
END_TEST

START_TEST(open__refuses_another_size) {
  assert_refused("plugin_wrong_size", XD_ERROR_BAD_DATA, "struct_size");
}
END_TEST

START_TEST(open__refuses_an_empty_required_slot) {
  assert_refused("plugin_no_open", XD_ERROR_BAD_DATA, "open");
  assert_refused("plugin_no_buffer_create", XD_ERROR_BAD_DATA, "buffer_create");
}
END_TEST

START_TEST(open__refuses_a_plugin_without_a_table) {
  assert_refused("plugin_no_table", XD_ERROR_UNSUPPORTED, "no table");
}
END_TEST

#ifdef XD_ONEDNN_PLUGIN

START_TEST(onednn__trains_like_the_reference) {
  xd_backend_library *library = open_built(XD_ONEDNN_PLUGIN);
  check_training(xd_backend_library_table(library), "oneDNN");
  xd_backend_library_close(library);
}
END_TEST

#endif

static Suite *make_suite(void) {
  Suite *suite = suite_create("backend_library");
  add_case(suite, open__a_whole_plugin_serves_a_context);
  add_case(suite, open__refuses_a_missing_file);
  add_case(suite, open__refuses_a_missing_symbol);
  add_case(suite, open__refuses_another_version);
  add_case(suite, open__refuses_another_size);
  add_case(suite, open__refuses_an_empty_required_slot);
  add_case(suite, open__refuses_a_plugin_without_a_table);
#ifdef XD_ONEDNN_PLUGIN
  add_case(suite, onednn__trains_like_the_reference);
#else
  puts("built without oneDNN: its plug-in was not tried");
#endif
  return suite;
}

XD_SUITE_MAIN(make_suite)
