/* Writing and reading checkpoints. The file is the container of models with a kind of its own
 * and these chunks:
 *
 *   FPRT              names and values of what the training is (fingerprint.c)
 *   POSN              where it is
 *   REPT              the report so far
 *   TEXT              names, classes, pairing and properties of the model
 *   NETS, TENS, DATA  the finished networks, and the best ones of the mapping in progress
 *   STAT              the state of the stage in progress
 *
 * It is for the version that wrote it. */
#include "train/checkpoint.h"

#include <string.h>

#include "base/clock.h"
#include "base/memory.h"
#include "base/sized.h"
#include "format/network_file.h"
#include "train/archive.h"
#include "train/checkpoint_model.h"
#include "train/fingerprint.h"
#include "train/ranks.h"

/* ---- Writing ---- */

static xd_status put_position(const xdi_training *training, xdi_bytes *to) {
  xdi_archive archive = {.context = training->context, .to = to};
  xdi_position at = training->at;
  const double now = xdi_clock();
  at.seconds = now - training->started;
  at.stage_seconds = now - training->stage_began;
  return xdi_archive_position(&at, &archive);
}

static xd_status put_report(const xdi_training *training, xdi_bytes *to) {
  xdi_archive archive = {.context = training->context, .to = to};
  xdi_archive_values(&archive, training->report);
  return xdi_archive_end(&archive);
}

static xd_status put_networks(const xdi_training *training, xdi_bytes bytes[XDI_CHECKPOINT_CHUNKS]) {
  xdi_role roles[XDI_NETWORK_LIMIT];
  const uint32_t count = xdi_checkpoint_roles(roles, training);
  const xdi_network_chunks networks = {.nets = &bytes[XDI_CHECKPOINT_NETWORKS],
                                       .tens = &bytes[XDI_CHECKPOINT_TENSORS],
                                       .data = &bytes[XDI_CHECKPOINT_DATA]};
  return xdi_networks_put(training->context, roles, count, XDI_ELEMENT_F32, &networks);
}

static xd_status put_state(const xdi_training *training, xdi_bytes *to) {
  const xdi_stage_state *state = &training->stage_state;
  xdi_archive archive = {.context = training->context, .to = to};
  if (state->archive)
    state->archive(state->stage, &archive);
  return xdi_archive_end(&archive);
}

static xd_status compose(const xdi_training *training, xdi_bytes bytes[XDI_CHECKPOINT_CHUNKS]) {
  const xdi_bytes *fingerprint = &training->checkpoint.fingerprint;
  xdi_put(&bytes[XDI_CHECKPOINT_FINGERPRINT], fingerprint->data, fingerprint->size);
  xd_status status = put_position(training, &bytes[XDI_CHECKPOINT_POSITION]);
  if (status == XD_OK)
    status = put_report(training, &bytes[XDI_CHECKPOINT_REPORT]);
  if (status == XD_OK)
    status = xdi_checkpoint_put_texts(training, &bytes[XDI_CHECKPOINT_TEXTS]);
  if (status == XD_OK)
    status = put_networks(training, bytes);
  return status == XD_OK ? put_state(training, &bytes[XDI_CHECKPOINT_STATE]) : status;
}

static xd_status write_checkpoint(xdi_training *training) {
  xd_context *context = training->context;
  xdi_checkpoint *checkpoint = &training->checkpoint;
  xdi_bytes bytes[XDI_CHECKPOINT_CHUNKS];
  xdi_chunk_source chunks[XDI_CHECKPOINT_CHUNKS];
  if (!checkpoint->path || context->reduce.rank > 0)
    return XD_OK;
  for (uint32_t i = 0; i < XDI_CHECKPOINT_CHUNKS; i++) {
    bytes[i] = (xdi_bytes){.allocator = &context->allocator};
    chunks[i] = (xdi_chunk_source){.tag = xdi_checkpoint_tags[i], .required = true, .bytes = &bytes[i]};
  }
  const xdi_target target = xdi_target_of_path(checkpoint->path);
  xd_status status = compose(training, bytes);
  if (status == XD_OK)
    status = xdi_container_write(context, &target, XDI_KIND_CHECKPOINT, chunks, XDI_CHECKPOINT_CHUNKS);
  for (uint32_t i = 0; i < XDI_CHECKPOINT_CHUNKS; i++)
    xdi_bytes_release(&bytes[i]);
  checkpoint->written = xdi_clock();
  checkpoint->unsaved = 0;
  return status;
}

xd_status xdi_checkpoint_begin(xdi_training *training) {
  return training->run.resume ? XD_OK : write_checkpoint(training);
}

/* The training is worth more than one of its checkpoints: the next one may succeed. */
void xdi_checkpoint_keep(xdi_training *training) {
  xdi_silence(training->context);
  const xd_status status = write_checkpoint(training);
  xdi_speak(training->context);
  if (status != XD_OK)
    xdi_log(training->context, XD_LOG_WARNING, "the training goes on without a new checkpoint: %s",
            training->context->message);
}

void xdi_checkpoint_step(xdi_training *training) {
  xdi_checkpoint *checkpoint = &training->checkpoint;
  const xd_run *run = &training->run;
  if (!checkpoint->path)
    return;
  checkpoint->unsaved++;
  const bool by_steps = run->checkpoint_steps > 0 && checkpoint->unsaved >= run->checkpoint_steps;
  const bool by_time =
      run->checkpoint_seconds > 0.0 && xdi_clock() - checkpoint->written >= run->checkpoint_seconds;
  if (by_steps || by_time)
    xdi_checkpoint_keep(training);
}

/* The last one of a training that breaks off; the message says if it failed. */
static xd_status write_last(xdi_training *training, xd_status status) {
  xd_context *context = training->context;
  char why[XDI_MESSAGE_SIZE];
  memcpy(why, context->message, sizeof why);
  xdi_silence(context);
  const bool written = write_checkpoint(training) == XD_OK;
  char reason[XDI_MESSAGE_SIZE];
  memcpy(reason, context->message, sizeof reason);
  if (written)
    xdi_fail(context, status, "%s", why);
  else
    xdi_fail(context, status, "%s; its checkpoint is an older one: %s", why, reason);
  xdi_speak(context);
  if (!written && status == XD_ERROR_CANCELLED) /* whose message a host need not tell */
    xdi_log(context, XD_LOG_WARNING, "the checkpoint is an older one: %s", reason);
  return status;
}

/* ---- Stages ---- */

static xd_status restore(xdi_training *training) {
  const xdi_stage_state *state = &training->stage_state;
  xdi_archive archive = {.context = training->context, .from = &training->checkpoint.state};
  if (state->archive)
    state->archive(state->stage, &archive);
  const xd_status status = xdi_archive_end(&archive);
  if (status != XD_OK || xdi_cursor_done(archive.from))
    return status;
  return xdi_fail(training->context, XD_ERROR_BAD_DATA, "%s: its state is too long",
                  training->checkpoint.path);
}

xd_status xdi_checkpoint_enter_stage(xdi_training *training, xd_stage stage, const xdi_stage_state *state) {
  xdi_checkpoint *checkpoint = &training->checkpoint;
  training->at.stage = stage;
  training->at.trained = training->at.told = 0;
  training->stage_began = xdi_clock();
  training->stage_state = state ? *state : (xdi_stage_state){0};
  if (!checkpoint->resumed || checkpoint->at.stage != stage)
    return XD_OK;
  checkpoint->resumed = false;
  training->at.trained = checkpoint->at.trained;
  training->at.told = checkpoint->at.told;
  training->stage_began -= checkpoint->at.stage_seconds;
  return restore(training);
}

xd_status xdi_checkpoint_leave_stage(xdi_training *training, xd_status status) {
  if (training->checkpoint.path && (status == XD_ERROR_CANCELLED || status == XD_ERROR_COLLAPSED))
    status = write_last(training, status);
  training->stage_state = (xdi_stage_state){0};
  return status;
}

/* ---- Reading ---- */

typedef xd_status (*chunk_reader)(xdi_training *training, xdi_cursor *from);

static xd_status compare_fingerprint(xdi_training *training, xdi_cursor *from) {
  return xdi_fingerprint_compare(training->context, training->checkpoint.path,
                                 &training->checkpoint.fingerprint, from);
}

static xd_status get_position(xdi_training *training, xdi_cursor *from) {
  xdi_archive archive = {.context = training->context, .from = from};
  const xd_status status = xdi_archive_position(&training->at, &archive);
  training->checkpoint.at = training->at;
  training->checkpoint.resumed = status == XD_OK;
  return status;
}

static xd_status get_report(xdi_training *training, xdi_cursor *from) {
  xdi_archive archive = {.context = training->context, .from = from};
  xdi_archive_values(&archive, training->report);
  return xdi_archive_end(&archive);
}

static xd_status read_chunk(xdi_training *training, const xdi_container *container, uint32_t index,
                            chunk_reader read) {
  xd_context *context = training->context;
  xdi_cursor cursor = {0};
  xd_status status = xdi_container_chunk(container, context, xdi_checkpoint_tags[index], false, &cursor);
  if (status == XD_OK)
    status = read(training, &cursor);
  if (status == XD_OK && !xdi_cursor_done(&cursor))
    status = xdi_fail(context, XD_ERROR_BAD_DATA, "%s: more bytes than a checkpoint has",
                      training->checkpoint.path);
  xdi_release(&context->allocator, (void *)cursor.data);
  return status;
}

/* The state of the stage is kept until that stage begins. */
static xd_status read_chunks(xdi_training *training, const xdi_container *container) {
  xd_context *context = training->context;
  xd_status status = xdi_container_expect(container, context, XDI_KIND_CHECKPOINT, xdi_checkpoint_tags,
                                          XDI_CHECKPOINT_CHUNKS);
  if (status == XD_OK)
    status = read_chunk(training, container, XDI_CHECKPOINT_FINGERPRINT, compare_fingerprint);
  if (status == XD_OK)
    status = read_chunk(training, container, XDI_CHECKPOINT_POSITION, get_position);
  if (status == XD_OK)
    status = read_chunk(training, container, XDI_CHECKPOINT_REPORT, get_report);
  if (status == XD_OK)
    status = xdi_checkpoint_get_parts(training, container);
  return status == XD_OK ? xdi_container_chunk(container, context, xdi_checkpoint_tags[XDI_CHECKPOINT_STATE],
                                               false, &training->checkpoint.state)
                         : status;
}

static xd_status resume(xdi_training *training) {
  xd_context *context = training->context;
  xdi_container container;
  xd_status status = xdi_container_open(&container, context, training->checkpoint.path);
  if (status != XD_OK)
    return status;
  status = read_chunks(training, &container);
  xdi_container_close(&container, context);
  if (status == XD_OK && training->at.stage)
    xdi_log(context, XD_LOG_INFO, "%s goes on after step %u of %s", training->checkpoint.path,
            training->at.told, xd_stage_name(training->at.stage));
  return status;
}

/* A new training never takes the place of an old one's hours. */
static xd_status refuse_old_file(xdi_training *training) {
  const char *path = training->checkpoint.path;
  if (xdi_system_is_free(path) || training->context->reduce.rank > 0)
    return XD_OK;
  return xdi_fail(training->context, XD_ERROR_INVALID_ARGUMENT,
                  "the checkpoint %s is there already: resume it, or remove it", path);
}

static xd_status check_run(const xdi_training *training) {
  const xd_run *run = &training->run;
  if (!run->checkpoint && run->resume)
    return xdi_fail(training->context, XD_ERROR_INVALID_ARGUMENT,
                    "xd_run.resume is 1, but checkpoint is NULL");
  if (!(run->checkpoint_seconds >= 0.0 && run->checkpoint_seconds <= 1e9))
    return xdi_fail(training->context, XD_ERROR_INVALID_ARGUMENT, "xd_run.checkpoint_seconds cannot be %g",
                    run->checkpoint_seconds);
  return xdi_check_switch(training->context, "xd_run.resume", run->resume);
}

static xd_status open_file(xdi_training *training) {
  xdi_checkpoint *checkpoint = &training->checkpoint;
  checkpoint->path = training->run.checkpoint;
  checkpoint->fingerprint = (xdi_bytes){.allocator = &training->context->allocator};
  xdi_fingerprint_put(&checkpoint->fingerprint, training);
  if (checkpoint->fingerprint.failed)
    return xdi_fail_memory(training->context, "preparing checkpoints");
  const xd_status status = training->run.resume ? resume(training) : refuse_old_file(training);
  checkpoint->written = xdi_clock();
  return status;
}

xd_status xdi_checkpoint_open(xdi_training *training) {
  xd_status status = check_run(training);
  if (status == XD_OK && training->run.checkpoint)
    status = open_file(training);
  return status == XD_OK ? xdi_ranks_compare(training) : status;
}

void xdi_checkpoint_close(xdi_training *training) {
  xdi_checkpoint *checkpoint = &training->checkpoint;
  if (!checkpoint->path)
    return;
  xdi_bytes_release(&checkpoint->fingerprint);
  xdi_release(&training->context->allocator, (void *)checkpoint->state.data);
}
