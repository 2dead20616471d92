/* xdomain pack: a model as small as translating allows. */
#include "command.h"

static const char usage[] =
    "usage: xdomain pack MODEL.xdm --out SMALL.xdm [--int8 | --f32]\n\n"
    "Writes a model without its discriminators, which only training reads, and with weights as 16-bit\n"
    "floats: half of the size or less, for shipping with a program that translates. With --int8 they are\n"
    "bytes, a quarter of the size, which is faster for single pictures and a little less exact.";

static xd_status pack(const runtime *run, const char *in, const char *out, bool f32, bool int8) {
  xd_save_options options = XD_SAVE_OPTIONS_INIT;
  xd_model *model;
  options.half = !f32 && !int8;
  options.int8 = int8;
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
  bool f32 = false, int8 = false;
  int word_count, code;
  const flag flags[] = {
      {"out", FLAG_TEXT, &out, "FILE", "the model file to write"},
      {"int8", FLAG_SWITCH, &int8, NULL, "store weights as bytes, with a scale for each channel"},
      {"f32", FLAG_SWITCH, &f32, NULL, "keep weights as 32-bit floats"},
      RUNTIME_FLAGS(run)};
  const command_line line = {.usage = usage, .flags = flags, .flag_count = sizeof flags / sizeof *flags};
  if (!read_command_line(&line, argc, argv, &words, &word_count, &code))
    return code;
  if (word_count != 1 || !out)
    return usage_error("one model and --out are needed");
  if (f32 && int8)
    return usage_error("weights are stored by --int8 or by --f32, not by both");
  const output result = {.flag = "--out", .path = out};
  code = keep_input(&result, 1, words[0]);
  if (!code)
    code = prove_outputs(&result, 1);
  if (code)
    return code;
  if (!start_runtime(&run))
    return EXIT_FAILED;
  xd_status status = pack(&run, words[0], out, f32, int8);
  code = status ? report_failure(&run, status) : EXIT_DONE;
  stop_runtime(&run);
  return code;
}
