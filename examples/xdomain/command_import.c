/* xdomain import: a model of weights that another framework trained. */
#include "safetensors.h"

static const char usage[] =
    "usage: xdomain import WEIGHTS.safetensors --out MODEL.xdm\n\n"
    "Makes a model of weights in safetensors, whose names, layouts and metadata docs/exchange.md describes:\n"
    "what 'xdomain export --safetensors' writes, and what examples/python/train_pytorch.py trains.";

static int import(const runtime *run, const char *in, const char *out) {
  safetensors from;
  xd_model *model = read_safetensors(&from, in) ? make_model(run, &from) : NULL;
  free_safetensors(&from);
  if (!model)
    return EXIT_FAILED;
  const xd_status status = xd_model_save(model, run->context, out, NULL);
  xd_model_release(model);
  return status ? report_failure(run, status) : EXIT_DONE;
}

int command_import(int argc, char **argv) {
  runtime run = {.context = NULL};
  const char *out = NULL, *const * words;
  int word_count, code;
  const flag flags[] = {{"out", FLAG_TEXT, &out, "FILE", "the model file to write"}, RUNTIME_FLAGS(run)};
  const command_line line = {.usage = usage, .flags = flags, .flag_count = sizeof flags / sizeof *flags};
  if (!read_command_line(&line, argc, argv, &words, &word_count, &code))
    return code;
  if (word_count != 1 || !out)
    return usage_error("one file of weights and --out are needed");
  const output result = {.flag = "--out", .path = out};
  code = keep_input(&result, 1, words[0]);
  if (!code)
    code = prove_outputs(&result, 1);
  if (code)
    return code;
  if (!start_runtime(&run))
    return EXIT_FAILED;
  code = import(&run, words[0], out);
  stop_runtime(&run);
  return code;
}
