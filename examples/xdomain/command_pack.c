/* xdomain pack: a model as small as translating allows. */
#include "command.h"

static const char usage[] =
    "usage: xdomain pack MODEL.xdm --out SMALL.xdm [--f32]\n\n"
    "Writes a model without its discriminators, which only training reads, and with weights as 16-bit\n"
    "floats: half of the size or less, for shipping with a program that translates.";

static xd_status pack(const runtime *run, const char *in, const char *out, bool f32) {
  xd_save_options options = XD_SAVE_OPTIONS_INIT;
  xd_model *model;
  options.half = !f32;
  options.inference_only = 1;
  xd_status status = xd_model_load(&model, run->context, in);
  if (!status)
    status = xd_model_save(model, run->context, out, &options);
  xd_model_release(model);
  return status;
}

int command_pack(int argc, char **argv) {
  runtime run = {.context = NULL};
  const char *out = NULL, *const * words;
  bool f32 = false;
  int word_count, code;
  const flag flags[] = {{"out", FLAG_TEXT, &out, "FILE", "the model file to write"},
                        {"f32", FLAG_SWITCH, &f32, NULL, "keep weights as 32-bit floats"},
                        RUNTIME_FLAGS(run)};
  const command_line line = {.usage = usage, .flags = flags, .flag_count = sizeof flags / sizeof *flags};
  if (!read_command_line(&line, argc, argv, &words, &word_count, &code))
    return code;
  if (word_count != 1 || !out)
    return usage_error("one model and --out are needed");
  const output result = {.flag = "--out", .path = out};
  code = keep_input(&result, 1, words[0]);
  if (!code)
    code = prove_outputs(&result, 1);
  if (code)
    return code;
  if (!start_runtime(&run))
    return EXIT_FAILED;
  xd_status status = pack(&run, words[0], out, f32);
  code = status ? report_failure(&run, status) : EXIT_DONE;
  stop_runtime(&run);
  return code;
}
