/* xdomain translate: pictures in, translated pictures out, some at a time. */
#include <stdlib.h>
#include <string.h>

#include "translation.h"

#define STAGE "translation"
#define CHUNK_LIMIT 256
#define LANE_PICTURES 4 /* of a chunk for each thread at least */
/* Of inputs and outputs together: more cost memory, whose first touch takes longer than they save. */
#define CHUNK_FLOATS ((size_t)1 << 20)

static const char usage[] =
    "usage: xdomain translate --model MODEL.xdm IN... --out PATH [OPTION]...\n\n"
    "IN is picture files (PNG, JPEG, BMP, PNM, and, where libvips is, WebP, TIFF, GIF, HEIF and AVIF; '-' is\n"
    "standard input, and pipes are read), one folder of pictures, or one SPEC as in 'xdomain train --help'.\n"
    "Alpha is laid over black, as in training.\n\n"
    "--out ending in .png, '-' (standard output) or a pipe is one PNG, or with --sheet a contact sheet: for\n"
    "each class a row of sources, from all over the class, above a row of translations. Ending in .idx: an IDX file in input order.\n"
    "Anything else: a folder of PNG files, made if needed, with the names of the sources and, for a folder,\n"
    "its sub-folders; pictures of a SPEC are numbered. No result replaces a source or another result. A folder keeps\n"
    "what was finished before a failure or a signal.\n\n"
    "--shard I/N translates the I-th of N parts of the list: N processes, on any machines that see the folders,\n"
    "make together the files, byte for byte, that one makes of all, in any order or at once. Each is given the same\n"
    "IN, which stays as it is meanwhile, and a folder as --out, beside IN and not in it. Refused are more parts than\n"
    "pictures. A part in which --skip-bad left nothing is no failure.\n"
    "  seq 8 | parallel xdomain translate --model MODEL.xdm IN --out PATH --shard {}/8";

static xd_status prepare(translation *t) {
  xd_translator_options options = XD_TRANSLATOR_OPTIONS_INIT;
  options.direction = t->direction;
  const xd_status status = xd_translator_load(&t->translator, t->run.context, t->model_path, &options);
  if (status)
    return status;
  xd_translator_input_shape(t->translator, &t->from);
  xd_translator_output_shape(t->translator, &t->to);
  t->from_size = (size_t)t->from.height * t->from.width * t->from.channels;
  t->to_size = (size_t)t->to.height * t->to.width * t->to.channels;
  return XD_OK;
}

/* Room for as many pictures as pass through the networks together. */
static int make_chunk(translation *t) {
  const size_t fit = CHUNK_FLOATS / (t->from_size + t->to_size);
  const uint32_t most = fit < CHUNK_LIMIT ? (uint32_t)fit : CHUNK_LIMIT,
                 least = LANE_PICTURES * xd_context_threads(t->run.context),
                 room = most > least ? most : least;
  t->chunk_room = room < t->end - t->begin ? room : t->end - t->begin;
  t->numbers = calloc(t->chunk_room, sizeof *t->numbers);
  t->done = calloc(t->chunk_room, sizeof *t->done);
  t->inputs = calloc(t->chunk_room, t->from_size * sizeof *t->inputs);
  t->outputs = calloc(t->chunk_room, t->to_size * sizeof *t->outputs);
  return t->numbers && t->done && t->inputs && t->outputs ? EXIT_DONE : failure("out of memory");
}

/* A picture's noise is that of its number among all sources, so those that stand together go together. */
static xd_status run_networks(translation *t) {
  uint32_t end;
  for (uint32_t begin = 0; begin < t->chunk_count; begin = end) {
    for (end = begin + 1; end < t->chunk_count && t->numbers[end] == t->numbers[end - 1] + 1;)
      end++;
    xd_status status = xd_translator_set_noise(t->translator, t->seed, t->numbers[begin], t->temperature);
    if (!status)
      status = xd_translator_run_floats(t->translator, t->outputs + begin * t->to_size, NULL,
                                        t->inputs + begin * t->from_size, end - begin);
    if (status)
      return status;
  }
  return XD_OK;
}

static int translate_chunk(translation *t) {
  if (!t->chunk_count)
    return EXIT_DONE;
  const xd_status status = run_networks(t);
  return status ? report_failure(&t->run, status) : take_results(t);
}

/* ---- Sources ---- */

static void try_reading(void *user, xd_context *context, uint32_t i) {
  translation *t = user;
  t->done[i] = try_source(t, context, t->numbers[i], t->inputs + i * t->from_size);
}

/* Reads the chunk; what the lanes left is read in order, and leaves the chunk if it is bad. After a failure the chunk
 * is what stands before it. */
static int read_chunk(translation *t) {
  const uint32_t count = t->chunk_count;
  int code = EXIT_DONE;
  t->tried += count;
  memset(t->done, 0, count * sizeof *t->done);
  run_lanes(&t->lanes, try_reading, t, count);
  t->chunk_count = 0;
  for (uint32_t i = 0; i < count && !code; i++) {
    bool skipped = false;
    float *to = t->inputs + t->chunk_count * t->from_size;
    if (!t->done[i]) {
      progress_clear(&t->progress);
      code = read_source(t, t->numbers[i], to, &skipped);
    } else if (t->chunk_count < i)
      memcpy(to, t->inputs + i * t->from_size, t->from_size * sizeof *to);
    if (skipped)
      t->skipped++;
    else if (!code)
      t->numbers[t->chunk_count++] = t->numbers[i];
  }
  return code;
}

/* Of a folder's pictures those before one that ends the command have their results. */
static int work_on_chunk(translation *t) {
  const int code = read_chunk(t);
  if (code && (t->kind != RESULT_FOLDER || signal_received()))
    return code;
  const int translated = translate_chunk(t);
  return code ? code : translated;
}

static int translate_sources(translation *t) {
  int code = EXIT_DONE;
  progress_await(&t->progress, STAGE);
  for (uint32_t i = t->begin; i < t->end && !code;) {
    for (t->chunk_count = 0; i < t->end && t->chunk_count < t->chunk_room; i++)
      if (t->kind != RESULT_SHEET || sheet_takes(t, t->sources[i].label))
        t->numbers[t->chunk_count++] = i;
    code = work_on_chunk(t);
    progress_count(&t->progress, STAGE, i - t->begin, t->end - t->begin);
  }
  progress_end(&t->progress);
  return code;
}

static int translate(translation *t) {
  const xd_status status = prepare(t);
  if (status)
    return report_failure(&t->run, status);
  if (!t->from_size)
    return failure("'%s' holds conditions, not pictures, in that domain: xdomain generate takes them",
                   t->model_path);
  int code = gather_sources(t);
  if (!code)
    code = take_shard(t);
  if (!code)
    code = plan_results(t);
  if (!code)
    code = make_chunk(t);
  if (t->end - t->begin > 1)
    open_lanes(&t->lanes, &t->run);
  if (!code)
    code = translate_sources(t);
  if (t->skipped)
    notice("%u of %u pictures were skipped", t->skipped, t->tried);
  if (!code && t->skipped == t->tried && t->shard_count == 1) /* no shard knows that no other has one */
    code = failure("no picture was left");
  return finish_results(t, code);
}

static int choose_fit(translation *t) {
  t->fit = t->resize ? XD_FIT_CROP : XD_FIT_EXACT;
  if (t->fit_text && xd_fit_from_name(&t->fit, t->fit_text))
    return usage_error("--fit is exact, stretch, pad or crop");
  return EXIT_DONE;
}

static int check_usage(translation *t) {
  if (!t->model_path || !t->out || !t->word_count)
    return usage_error("--model, --out and an input are needed");
  if (xd_direction_from_name(&t->direction, t->direction_text))
    return usage_error("--direction is 1to2 or 2to1");
  if (!t->columns || !t->scale)
    return usage_error("--columns and --scale are at least 1");
  int code = check_temperature(t->temperature);
  if (!code)
    code = choose_fit(t);
  if (!code)
    code = choose_results(t);
  return code ? code : choose_shard(t);
}

int command_translate(int argc, char **argv) {
  translation t = {.direction_text = "1to2", .columns = 12, .scale = 2, .temperature = 1.0f};
  const flag flags[] = {
      {"model", FLAG_TEXT, &t.model_path, "FILE", "the model"},
      {"direction", FLAG_TEXT, &t.direction_text, "1to2|2to1", "which way (1to2)"},
      {"out", FLAG_TEXT, &t.out, "PATH", "where the result goes"},
      {"sheet", FLAG_SWITCH, &t.wants_sheet, NULL, "a contact sheet"},
      {"columns", FLAG_COUNT, &t.columns, "N", "columns of the sheet (12)"},
      {"scale", FLAG_COUNT, &t.scale, "N", "magnification of the sheet (2)"},
      {"fit", FLAG_TEXT, &t.fit_text, "HOW",
       "pictures of another size: exact (they are refused), stretch (the aspect ratio changes), pad (black "
       "beside the whole), crop (the middle); by default exact"},
      {"resize", FLAG_SWITCH, &t.resize, NULL, "--fit crop"},
      {"skip-bad", FLAG_SWITCH, &t.skip_bad, NULL,
       "pass over files that cannot be read or decoded, naming each"},
      {"shard", FLAG_TEXT, &t.shard_text, "I/N", "translate part I of N of the input (1/1)"},
      {"seed", FLAG_SEED, &t.seed, "N", "seed of the noise (0)"},
      {"temperature", FLAG_REAL, &t.temperature, "T", "scale of the noise, 0 to 4 (1)"},
      RUNTIME_FLAGS(t.run)};
  int code;
  const command_line line = {.usage = usage, .flags = flags, .flag_count = sizeof flags / sizeof *flags};
  if (!read_command_line(&line, argc, argv, &t.words, &t.word_count, &code))
    return code;
  code = check_usage(&t);
  if (code)
    return code;
  code = start_runtime(&t.run) ? translate(&t) : EXIT_FAILED;
  free(t.numbers);
  free(t.done);
  free(t.inputs);
  free(t.outputs);
  free_results(&t);
  close_lanes(&t.lanes);
  free_sources(&t);
  xd_translator_destroy(t.translator);
  stop_runtime(&t.run);
  return code;
}
