/* xdomain export: a model for other frameworks. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "onnx.h"
#include "pending.h"
#include "safetensors.h"

static const char usage[] =
    "usage: xdomain export MODEL.xdm [--onnx FILE] [--safetensors FILE] [OPTION]...\n\n"
    "--onnx writes one direction as one graph: the source's picture, or a condition, and noise in, the picture out.\n"
    "--safetensors writes all weights of the model, with its layers and texts, as 'xdomain import' takes them.\n"
    "docs/exchange.md describes both.";

typedef struct exporting {
  runtime run;
  const char *onnx, *safetensors, *direction_text;
  xd_direction direction;
  xd_model *model;
} exporting;

static int fail_writing(const char *path) {
  return failure("cannot write '%s': %s", path, strerror(errno ? errno : EIO));
}

/* A model's graph, in a file that gets its name once it is whole. */
static int write_onnx(const exporting *e) {
  protobuf bytes = {.bytes = NULL};
  pending_file file;
  if (!put_direction(&bytes, &e->run, e->model, e->direction)) {
    free(bytes.bytes);
    return EXIT_FAILED;
  }
  int code = EXIT_DONE;
  FILE *to = open_pending(&file, e->onnx);
  if (!to || !keep_pending(&file, to, fwrite(bytes.bytes, 1, bytes.size, to) == bytes.size))
    code = fail_writing(e->onnx);
  if (to)
    drop_pending(&file);
  free(bytes.bytes);
  return code;
}

static int write_weights(const exporting *e) {
  pending_file file;
  FILE *to = open_pending(&file, e->safetensors);
  if (!to)
    return fail_writing(e->safetensors);
  const xd_status status = write_safetensors(to, &e->run, e->model);
  int code = EXIT_DONE;
  if (!keep_pending(&file, to, status == XD_OK))
    code = status && status != XD_ERROR_IO ? report_failure(&e->run, status) : fail_writing(e->safetensors);
  drop_pending(&file);
  return code;
}

static int check(exporting *e, int word_count, const char *model) {
  const output outputs[] = {{.flag = "--onnx", .path = e->onnx},
                            {.flag = "--safetensors", .path = e->safetensors}};
  if (word_count != 1 || (!e->onnx && !e->safetensors))
    return usage_error("one model and --onnx or --safetensors are needed");
  if (xd_direction_from_name(&e->direction, e->direction_text))
    return usage_error("--direction is 1to2 or 2to1");
  const int code = keep_input(outputs, 2, model);
  return code ? code : prove_outputs(outputs, 2);
}

int command_export(int argc, char **argv) {
  exporting e = {.direction_text = "1to2"};
  const char *const *words;
  int word_count, code;
  const flag flags[] = {
      {"onnx", FLAG_TEXT, &e.onnx, "FILE", "the ONNX file to write"},
      {"safetensors", FLAG_TEXT, &e.safetensors, "FILE", "the safetensors file to write"},
      {"direction", FLAG_TEXT, &e.direction_text, "1to2|2to1", "which way --onnx goes (1to2)"},
      RUNTIME_FLAGS(e.run)};
  const command_line line = {.usage = usage, .flags = flags, .flag_count = sizeof flags / sizeof *flags};
  if (!read_command_line(&line, argc, argv, &words, &word_count, &code))
    return code;
  code = check(&e, word_count, words[0]);
  if (code)
    return code;
  if (!start_runtime(&e.run))
    return EXIT_FAILED;
  const xd_status status = xd_model_load(&e.model, e.run.context, words[0]);
  code = status ? report_failure(&e.run, status) : EXIT_DONE;
  if (!code && e.onnx)
    code = write_onnx(&e);
  if (!code && e.safetensors)
    code = write_weights(&e);
  xd_model_release(e.model);
  stop_runtime(&e.run);
  return code;
}
