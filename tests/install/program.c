/* A C program outside the tree: the headers are found, the library links and runs. */
#include <stdio.h>
#include <string.h>

#include <xdomain/xdomain.h>

int main(void) {
  xd_context *context = NULL;
  xd_context_options options = XD_CONTEXT_OPTIONS_INIT;
  options.backend = "reference";
  xd_status status = xd_context_create(&context, &options);
  if (status != XD_OK) {
    fprintf(stderr, "xd_context_create: %s\n", xd_status_name(status));
    return 1;
  }
  int fits = xd_version_number() == XD_VERSION_NUMBER &&
             strcmp(xd_version_string(), XD_VERSION_STRING) == 0 &&
             strcmp(xd_context_backend_name(context), "reference") == 0;
  printf("C: libxdomain %s, backend %s\n", xd_version_string(), xd_context_backend_name(context));
  xd_context_destroy(context);
  return fits ? 0 : 1;
}
