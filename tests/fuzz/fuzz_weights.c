/* Weights in safetensors, as the tool imports them, with the tool's sources built in: what is a model is exported and
 * imported again, is the same model then, and has graphs of ONNX. */
#include "../../examples/xdomain/onnx.h"
#include "../../examples/xdomain/safetensors.h"
#include "fuzz.h"

/* The tool's, without its signals. */
int report_failure(const runtime *run, xd_status status) {
  demand(status != XD_OK && status != XD_ERROR_INTERNAL && xd_context_message(run->context)[0]);
  return EXIT_FAILED;
}

static FILE *nowhere;

static xd_model *import(const runtime *run, const void *bytes, size_t size) {
  safetensors from = {.file = malloc(size + 1), .size = size};
  demand(from.file != NULL);
  if (size)
    memcpy(from.file, bytes, size);
  from.file[size] = 0;
  FILE *shown = stderr;
  stderr = nowhere; /* what is wrong with most inputs */
  xd_model *model = parse_safetensors(&from, "weights") ? make_model(run, &from) : NULL;
  stderr = shown;
  free_safetensors(&from);
  return model;
}

/* The file's bytes, to be freed. */
static char *export_weights(const runtime *run, const xd_model *model, size_t *size) {
  FILE *to = fdopen(memfd_create("weights", MFD_CLOEXEC), "w+b");
  demand(to && write_safetensors(to, run, model) == XD_OK);
  *size = (size_t)ftell(to);
  char *bytes = malloc(*size);
  rewind(to);
  demand(bytes && fread(bytes, 1, *size, to) == *size);
  fclose(to);
  return bytes;
}

static void export_graphs(const runtime *run, const xd_model *model) {
  for (xd_direction direction = 1; direction <= 2; direction++) {
    protobuf graph = {.bytes = NULL};
    if (xd_model_generator(model, direction))
      demand(put_direction(&graph, run, model, direction));
    free(graph.bytes);
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  fuzz_surroundings with;
  if (!nowhere)
    demand((nowhere = fopen("/dev/null", "w")) != NULL);
  fuzz_begin(&with);
  const runtime run = {.context = with.context};
  xd_model *model = import(&run, data, size);
  if (model) {
    size_t size_out, size_again;
    export_graphs(&run, model);
    char *bytes = export_weights(&run, model, &size_out);
    xd_model *same = import(&run, bytes, size_out);
    demand(same != NULL);
    char *again = export_weights(&run, same, &size_again);
    demand(size_out == size_again && !memcmp(bytes, again, size_out));
    xd_model_release(same);
    free(bytes);
    free(again);
  }
  xd_model_release(model);
  fuzz_end(&with);
  return 0;
}
