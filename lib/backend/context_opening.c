/* How a context comes to be: the options are checked, the runner and the backend chosen, and all that
 * was begun is undone when one step fails. What a context does later without a backend stands in
 * base/context.c. */
#include "base/context.h"

#include <stdio.h>
#include <string.h>

#include "backend/registry.h"
#include "base/memory.h"
#include "base/runner.h"
#include "base/sized.h"
#include "base/text.h"
#include "xdomain/sys/layer.h"
#include "xdomain/unstable/backend_detail.h"

#define WHY_SIZE 160
#define PIXELS_MOST ((uint64_t)1 << 28)

/* ---- the options ---- */

static xd_status check_surroundings(xd_context *reporter, const xd_context_options *options) {
  if (options->threads > XDI_THREADS_MOST)
    return xdi_fail(reporter, XD_ERROR_INVALID_ARGUMENT, "context options: threads is %u, more than %d",
                    (unsigned)options->threads, XDI_THREADS_MOST);
  if (options->log_level > XD_LOG_DEBUG)
    return xdi_fail(reporter, XD_ERROR_INVALID_ARGUMENT, "context options: log_level is %u, more than %d",
                    (unsigned)options->log_level, XD_LOG_DEBUG);
  if (options->runner && options->pool)
    return xdi_fail(reporter, XD_ERROR_INVALID_ARGUMENT,
                    "context options: a runner and a pool are one too many");
  return XD_OK;
}

static xd_status check_pictures(xd_context *reporter, const xd_context_options *options) {
  if (options->picture_pixels > PIXELS_MOST)
    return xdi_fail(reporter, XD_ERROR_INVALID_ARGUMENT,
                    "context options: picture_pixels is %ju, more than %ju",
                    (uintmax_t)options->picture_pixels, (uintmax_t)PIXELS_MOST);
  return XD_OK;
}

static xd_status check_backends(xd_context *reporter, const xd_context_options *options) {
  if (options->backend_count > 0 && !options->backends)
    return xdi_fail(reporter, XD_ERROR_INVALID_ARGUMENT,
                    "context options: backend_count is %u, backends NULL", (unsigned)options->backend_count);
  for (uint32_t i = 0; i < options->backend_count; i++) {
    char why[WHY_SIZE];
    xd_status status = xdi_backend_check(options->backends[i], why, sizeof why);
    if (status != XD_OK)
      return xdi_fail(reporter, status, "context options: backends[%u]: %s", (unsigned)i, why);
  }
  return XD_OK;
}

/* Size and version lead a table of every version; nothing else is read before they are known. */
static xd_status check_layer(xd_context *reporter, const xd_layer_table *table, uint32_t index) {
  if (!table)
    return xdi_fail(reporter, XD_ERROR_INVALID_ARGUMENT, "context options: layers[%u] is NULL",
                    (unsigned)index);
  if (table->table_version != XD_LAYER_TABLE_VERSION)
    return xdi_fail(reporter,
                    table->table_version > XD_LAYER_TABLE_VERSION ? XD_ERROR_VERSION_TOO_NEW
                                                                  : XD_ERROR_UNSUPPORTED,
                    "context options: layers[%u] has table_version %u; this library calls version %u",
                    (unsigned)index, (unsigned)table->table_version, XD_LAYER_TABLE_VERSION);
  if (table->struct_size != sizeof *table)
    return xdi_fail(reporter, XD_ERROR_BAD_DATA,
                    "context options: layers[%u] has struct_size %u; version %u has %zu", (unsigned)index,
                    (unsigned)table->struct_size, XD_LAYER_TABLE_VERSION, sizeof *table);
  if (!table->name || !table->configure)
    return xdi_fail(reporter, XD_ERROR_BAD_DATA, "context options: layers[%u] has no %s", (unsigned)index,
                    table->name ? "configure" : "name");
  if (table->forward && !table->backward)
    return xdi_fail(reporter, XD_ERROR_BAD_DATA, "context options: layer \"%s\" has forward but no backward",
                    table->name);
  return XD_OK;
}

static xd_status check_layers(xd_context *reporter, const xd_context_options *options) {
  if (options->layer_count > 0 && !options->layers)
    return xdi_fail(reporter, XD_ERROR_INVALID_ARGUMENT, "context options: layer_count is %u, layers NULL",
                    (unsigned)options->layer_count);
  xd_status status = XD_OK;
  for (uint32_t i = 0; i < options->layer_count && status == XD_OK; i++)
    status = check_layer(reporter, options->layers[i], i);
  return status;
}

static xd_status check_options(xd_context *reporter, const xd_context_options *options) {
  xd_status status = check_surroundings(reporter, options);
  if (status == XD_OK)
    status = check_pictures(reporter, options);
  if (status == XD_OK)
    status = check_backends(reporter, options);
  if (status == XD_OK)
    status = check_layers(reporter, options);
  return status;
}

/* ---- the parts ---- */

static xd_status copy_layers(xd_context *context, const xd_context_options *options) {
  if (options->layer_count == 0)
    return XD_OK;
  context->layers = xdi_allocate(&context->allocator, options->layer_count, sizeof *context->layers);
  if (!context->layers)
    return xdi_fail_memory(context, "copying the context's layers");
  memcpy(context->layers, options->layers, options->layer_count * sizeof *context->layers);
  context->layer_count = options->layer_count;
  return XD_OK;
}

static xd_status take_decoder(xd_context *context, const xd_context_options *options) {
  context->decoder = (xd_picture_decoder)XD_PICTURE_DECODER_INIT;
  context->picture_pixels = options->picture_pixels ? options->picture_pixels : XD_PICTURE_PIXELS;
  if (!options->decoder)
    return XD_OK;
  xd_status status =
      xdi_sized_read(context, &context->decoder, options->decoder, XDI_SIZED(xd_picture_decoder, reserved));
  if (status == XD_OK)
    status = xdi_check_switch(context, "xd_picture_decoder.first", context->decoder.first);
  if (status == XD_OK && (!context->decoder.decode || !context->decoder.release))
    return xdi_fail(context, XD_ERROR_INVALID_ARGUMENT, "context options: the decoder has no %s function",
                    context->decoder.decode ? "release" : "decode");
  return status == XD_OK
             ? xdi_check_reserved(context, "xd_picture_decoder.reserved", context->decoder.reserved)
             : status;
}

static xd_status make_pool(xd_context *context, uint32_t threads) {
  xd_pool *pool = NULL;
  const xd_status status = xd_pool_create(&pool, threads, &context->allocator);
  if (status != XD_OK)
    return xdi_fail(context, status, "out of memory while making a pool of %u threads", (unsigned)threads);
  context->pool = pool;
  if (xd_pool_threads(pool) < threads)
    xdi_log(context, XD_LOG_WARNING, "of %u threads that were asked for, the system starts %u",
            (unsigned)threads, (unsigned)xd_pool_threads(pool));
  return XD_OK;
}

static xd_status choose_runner(xd_context *context, const xd_context_options *options) {
  context->runner = xdi_serial_runner;
  if (options->runner)
    return xdi_runner_read(context, &context->runner, options->runner);
  if (options->pool)
    context->pool = xd_pool_retain(options->pool);
  else if (options->threads > 1) {
    const xd_status status = make_pool(context, options->threads);
    if (status != XD_OK)
      return status;
  }
  if (context->pool)
    context->runner = xdi_pool_runner(context->pool);
  return XD_OK;
}

static void forward_log(void *user, xd_log_level level, const char *message) {
  xdi_log(user, level, "%s", message);
}

static void describe_backend(xd_context *context, const char *detail, const char *why) {
  const char *between = *detail && *why ? "; " : "";
  snprintf(context->backend_detail, sizeof context->backend_detail, "%s: %s%s%s", context->table.name, detail,
           between, why);
  if (!*detail && !*why)
    snprintf(context->backend_detail, sizeof context->backend_detail, "%s", context->table.name);
}

/* Opens the backend of a table that was checked; `why` is how it was chosen. */
static xd_status open_backend(xd_context *context, const xd_backend_table *table, const char *why) {
  const char *detail = NULL;
  char problem[WHY_SIZE];
  context->guard = xdi_guard_runner(context);
  context->host = (xd_backend_host){&context->allocator, &context->guard, forward_log, context};
  xdi_backend_complete(&context->table, table);
  xd_status status = table->open(&context->backend, &detail, &context->host);
  if (status != XD_OK) {
    context->backend = NULL;
    return xdi_fail(context, status, "backend \"%s\" cannot be opened: %s%s%s", table->name,
                    xd_status_text(status), detail ? ": " : "", detail ? detail : "");
  }
  status = xdi_backend_probe(table, context->backend, problem, sizeof problem);
  if (status != XD_OK)
    return xdi_fail(context, status, "%s", problem);
  describe_backend(context, detail ? detail : "", why);
  return XD_OK;
}

static xd_status choose_backend(xd_context *context, const xd_context_options *options) {
  char why[WHY_SIZE] = "";
  const char *name = options->backend ? options->backend : "auto";
  const xd_backend_table *table = strcmp(name, "auto") == 0
                                      ? xd_backend_builtin(xdi_backend_auto(why, sizeof why))
                                      : xdi_backend_find(options, name);
  if (!table)
    return xdi_fail(context, XD_ERROR_NOT_FOUND, "there is no backend \"%s\"", name);
  return open_backend(context, table, why);
}

static xd_status build(xd_context *context, const xd_context_options *options) {
  xd_status status = copy_layers(context, options);
  if (status == XD_OK)
    status = take_decoder(context, options);
  if (status == XD_OK)
    status = choose_runner(context, options);
  if (status == XD_OK)
    status = choose_backend(context, options);
  if (status == XD_OK)
    xdi_log(context, XD_LOG_INFO, "backend %s; threads: %u", context->backend_detail,
            (unsigned)context->runner.threads);
  return status;
}

/* ---- the interface ---- */

static void begin(xd_context *context, const xd_context_options *options, const xd_allocator *allocator) {
  context->allocator = *allocator;
  context->log = options->log;
  context->log_user = options->log_user;
  context->log_level = options->log_level;
  context->should_stop = options->should_stop;
  context->should_stop_user = options->should_stop_user;
  context->reduce = (xd_reduce)XD_REDUCE_INIT;
  context->max_work = options->network_work ? options->network_work : XD_NETWORK_WORK;
  context->max_memory = options->network_memory ? options->network_memory : XD_NETWORK_MEMORY;
  atomic_init(&context->cancelled, false);
  xdi_owners_begin(&context->references);
}

static xd_status create(xd_context **out, xd_context *reporter, const xd_context_options *options) {
  xd_context *context = xdi_allocate_zeroed(&reporter->allocator, 1, sizeof *context);
  if (!context)
    return xdi_fail_memory(reporter, "creating a context");
  begin(context, options, &reporter->allocator);
  const xd_status status = build(context, options);
  if (status == XD_OK) {
    *out = context;
    return XD_OK;
  }
  memcpy(reporter->message, context->message, sizeof reporter->message);
  xd_context_destroy(context);
  return status;
}

/* A struct that is refused tells nevertheless who wants to hear why, as far as its size reaches. */
static void take_listeners(xd_context_options *settings, const xd_context_options *options) {
  const size_t size = xdi_sized_stated(options);
  if (size > XDI_SIZED_MOST || size % sizeof size)
    return;
  if (size >= XDI_END_OF(xd_context_options, log_user)) {
    settings->log_level = options->log_level;
    settings->log = options->log;
    settings->log_user = options->log_user;
  }
  if (size >= XDI_END_OF(xd_context_options, message_size)) {
    settings->message = options->message;
    settings->message_size = options->message_size;
  }
}

/* The message lies with a reporter as long as there is no context. */
static xd_status open_context(xd_context **out, xd_context *reporter, xd_context_options *settings,
                              const xd_context_options *options) {
  xd_allocator allocator = xdi_heap;
  if (options)
    take_listeners(settings, options);
  begin(reporter, settings, &xdi_heap);
  xd_status status =
      options ? xdi_sized_read(reporter, settings, options, XDI_SIZED(xd_context_options, should_stop_user))
              : XD_OK;
  if (status != XD_OK)
    return status;
  begin(reporter, settings, &xdi_heap);
  status = check_options(reporter, settings);
  if (status == XD_OK && settings->allocator)
    status = xdi_allocator_read(reporter, &allocator, settings->allocator);
  if (status != XD_OK)
    return status;
  reporter->allocator = allocator;
  return create(out, reporter, settings);
}

xd_status xd_context_create(xd_context **out, const xd_context_options *options) {
  xd_context_options settings = XD_CONTEXT_OPTIONS_INIT;
  xd_context reporter = {0};
  if (!out)
    return XD_ERROR_INVALID_ARGUMENT;
  *out = NULL;
  const xd_status status = open_context(out, &reporter, &settings, options);
  if (settings.message)
    xdi_text_show(settings.message, settings.message_size, reporter.message, strlen(reporter.message));
  return status;
}

const char *xd_context_backend_name(const xd_context *context) {
  return context ? context->table.name : "";
}

const char *xd_context_backend_detail(const xd_context *context) {
  return context ? context->backend_detail : "";
}

const char *xd_context_builtin_backend(uint32_t index) {
  const xd_backend_table *table = xdi_backend_at(index);
  return table ? table->name : NULL;
}

const xd_backend_table *xd_context_backend(const xd_context *context, xd_backend **backend) {
  if (backend)
    *backend = context ? context->backend : NULL;
  return context ? &context->table : NULL;
}
