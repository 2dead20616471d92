/* What a training came to, as a file. */
#include <stdlib.h>
#include <unistd.h>

#include "command.h"

xd_status save_model(const runtime *r, const xd_model *model, bool half, const char *path) {
  xd_save_options save = XD_SAVE_OPTIONS_INIT;
  save.half = half;
  return xd_model_save(model, r->context, path, &save);
}

static void rescue_model(const runtime *r, const xd_model *model, bool half, const char *out) {
  const char *folder = getenv("TMPDIR");
  char name[64];
  snprintf(name, sizeof name, "/xdomain-%ld.xdm", (long)getpid());
  const char *const prefixes[] = {out, folder ? folder : "/tmp", "."}, *const suffixes[] = {".rescued", name,
                                                                                            name};
  for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++) {
    char *path = join_texts(prefixes[i], suffixes[i], "");
    const bool saved = path && save_model(r, model, half, path) == XD_OK;
    if (saved)
      notice("the model was written to '%s' instead", path);
    free(path);
    if (saved)
      break;
  }
}

int keep_model(const runtime *r, const xd_model *model, bool half, const char *out) {
  const xd_status status = save_model(r, model, half, out);
  if (!status)
    return EXIT_DONE;
  const int code = report_failure(r, status);
  rescue_model(r, model, half, out);
  return code;
}
