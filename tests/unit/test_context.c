/* The context: its options, what it chooses, what it frees, its message, log and cancellation. */
#include "support.h"

#include <locale.h>
#include <pthread.h>
#include <stddef.h>
#include <time.h>

#include "base/context.h"
#include "base/runner.h"
#include "xdomain/image.h"
#include "xdomain/sys/layer.h"
#include "xdomain/unstable/backend_detail.h"

/* ---- what a host may bring: a log, a runner, a backend, a layer ---- */

typedef struct log_book {
  int lines;
  xd_log_level level; /* of the last line */
  char last[XDI_MESSAGE_SIZE];
} log_book;

static void write_down(void *user, xd_log_level level, const char *message) {
  log_book *book = user;
  book->lines++;
  book->level = level;
  snprintf(book->last, sizeof book->last, "%s", message);
}

typedef struct host_runner {
  uint32_t calls;
} host_runner;

static int run_in_turn(void *user, xd_task task, void *argument, uint32_t count) {
  ((host_runner *)user)->calls++;
  for (uint32_t i = 0; i < count; i++)
    task(argument, i);
  return 0;
}

/* Backend "tiny": its state is a block of the context's allocator that remembers the host. */
struct xd_backend {
  const xd_backend_host *host;
};

static xd_status open_tiny(xd_backend **out, const char **detail, const xd_backend_host *host) {
  *out = host->allocator->allocate(host->allocator->user, sizeof **out, 64);
  if (!*out)
    return XD_ERROR_OUT_OF_MEMORY;
  (*out)->host = host;
  *detail = "the smallest of all";
  host->log(host->log_user, XD_LOG_DEBUG, "tiny is open");
  return XD_OK;
}

static xd_status open_never(xd_backend **out, const char **detail, const xd_backend_host *host) {
  (void)host, (void)detail;
  *out = (xd_backend *)1; /* not to be closed */
  return XD_ERROR_UNSUPPORTED;
}

static void close_tiny(xd_backend *backend) {
  const xd_allocator *allocator = backend->host->allocator;
  allocator->release(allocator->user, backend, sizeof *backend, 64);
}

static xd_status create_buffer(xd_backend *backend, xd_buffer **out, size_t count) {
  const xd_allocator *allocator = backend->host->allocator;
  *out = allocator->allocate(allocator->user, 64 + count * sizeof(float), 64);
  if (!*out)
    return XD_ERROR_OUT_OF_MEMORY;
  **out = (xd_buffer){(float *)(void *)((char *)*out + 64), count};
  memset((*out)->host, 0, count * sizeof(float));
  return XD_OK;
}

/* Memory as on a device that the host cannot see. */
static xd_status create_hidden_buffer(xd_backend *backend, xd_buffer **out, size_t count) {
  xd_status status = create_buffer(backend, out, count);
  if (status == XD_OK)
    (*out)->host = NULL;
  return status;
}

static void destroy_buffer(xd_backend *backend, xd_buffer *buffer) {
  const xd_allocator *allocator = backend->host->allocator;
  allocator->release(allocator->user, buffer, 64 + buffer->count * sizeof(float), 64);
}

static xd_status write_buffer(xd_backend *backend, xd_slice to, const float *from, size_t count) {
  (void)backend;
  memcpy(to.buffer->host + to.offset, from, count * sizeof *from);
  return XD_OK;
}

static xd_status read_buffer(xd_backend *backend, float *to, xd_slice from, size_t count) {
  (void)backend;
  memcpy(to, from.buffer->host + from.offset, count * sizeof *to);
  return XD_OK;
}

static const xd_backend_table tiny = {
    .struct_size = sizeof(xd_backend_table),
    .table_version = XD_BACKEND_TABLE_VERSION,
    .name = "tiny",
    .open = open_tiny,
    .close = close_tiny,
    .buffer_create = create_buffer,
    .buffer_destroy = destroy_buffer,
    .buffer_write = write_buffer,
    .buffer_read = read_buffer,
};

static xd_status configure_layer(void *state, xd_shape *out, const char **why, const xd_layer_spec *spec,
                                 const xd_shape *in) {
  (void)state, (void)spec, (void)why;
  *out = *in;
  return XD_OK;
}

static xd_status do_nothing(const void *state, const xd_layer_io *io) {
  (void)state, (void)io;
  return XD_OK;
}

static const xd_layer_table plain_layer = {
    .struct_size = sizeof(xd_layer_table),
    .table_version = XD_LAYER_TABLE_VERSION,
    .tag = 0x4E4C5058,
    .name = "plain",
    .configure = configure_layer,
};

/* Options with one backend of the host's, under the name it has. */
static xd_context_options options_with(const xd_backend_table *const *table, log_book *book) {
  xd_context_options options = XD_CONTEXT_OPTIONS_INIT;
  options.backends = table;
  options.backend_count = 1;
  options.backend = "tiny";
  options.log = write_down;
  options.log_user = book;
  return options;
}

/* A creation that must fail, with its reason in the log. */
static void check_refused(const xd_context_options *options, xd_status expected, const log_book *book,
                          const char *word) {
  xd_context *context = (xd_context *)1;
  assert_status(xd_context_create(&context, options), expected);
  ck_assert_ptr_null(context);
  ck_assert_msg(strstr(book->last, word) != NULL, "the log's \"%s\" lacks \"%s\"", book->last, word);
  ck_assert_int_eq(book->level, XD_LOG_ERROR);
}

/* ---- options ---- */

START_TEST(context_create__takes_null_options) {
  xd_context *context = NULL;
  assert_status(xd_context_create(&context, NULL), XD_OK);
  ck_assert_uint_eq(xd_context_threads(context), 1);
  ck_assert_str_eq(xd_context_message(context), "");
  xd_context_destroy(context);
}
END_TEST

START_TEST(context_create__wants_an_out_pointer_and_a_sane_size) {
  xd_context_options options = XD_CONTEXT_OPTIONS_INIT;
  xd_context *context = (xd_context *)1;
  assert_status(xd_context_create(NULL, &options), XD_ERROR_INVALID_ARGUMENT);
  options.struct_size = 0;
  assert_status(xd_context_create(&context, &options), XD_ERROR_INVALID_ARGUMENT);
  ck_assert_ptr_null(context);
  xd_context_destroy(NULL);
}
END_TEST

START_TEST(context_create__refuses_options_that_ask_for_what_it_does_not_know) {
  struct {
    xd_context_options known;
    uint64_t unknown;
  } options = {XD_CONTEXT_OPTIONS_INIT, 0};
  char message[200] = "";
  xd_context *context = NULL;
  options.known.struct_size = sizeof options;
  options.known.backend = "reference";
  options.known.message = message, options.known.message_size = sizeof message;
  assert_status(xd_context_create(&context, &options.known), XD_OK);
  ck_assert_str_eq(xd_context_backend_name(context), "reference");
  ck_assert_str_eq(message, "");
  xd_context_destroy(context);
  options.unknown = 1;
  assert_status(xd_context_create(&context, &options.known), XD_ERROR_UNSUPPORTED);
  ck_assert_ptr_null(context);
}
END_TEST

static size_t end_of_message_size(void) {
  return offsetof(xd_context_options, message_size) + sizeof(size_t);
}

/* Options that are refused as a whole are heard as far as their size reaches. */
START_TEST(context_create__says_why_it_refuses_the_options) {
  struct {
    xd_context_options known;
    uint64_t unknown;
  } options = {XD_CONTEXT_OPTIONS_INIT, 1};
  log_book book = {0};
  char message[200];
  xd_context *context = NULL;
  options.known.log = write_down, options.known.log_user = &book;
  options.known.message = message, options.known.message_size = sizeof message;
  options.known.struct_size = sizeof options;
  assert_status(xd_context_create(&context, &options.known), XD_ERROR_UNSUPPORTED);
  ck_assert_ptr_nonnull(strstr(message, "xd_context_options asks for something"));
  ck_assert_str_eq(book.last, message);
  for (size_t size = 0; size < sizeof options.known; size++) {
    options.known.struct_size = size;
    strcpy(message, "untouched");
    assert_status(xd_context_create(&context, &options.known), XD_ERROR_INVALID_ARGUMENT);
    const bool heard = size >= end_of_message_size() && size % sizeof size == 0;
    ck_assert_int_eq(strstr(message, "struct_size is") != NULL, heard);
  }
  options.known.struct_size = 4104;
  strcpy(message, "untouched");
  assert_status(xd_context_create(&context, &options.known), XD_ERROR_INVALID_ARGUMENT);
  ck_assert_str_eq(message, "untouched");
}
END_TEST

/* The message of a creation that failed, in as much room as the host gave. */
START_TEST(context_create__says_why_it_failed) {
  char message[64];
  xd_context_options options = XD_CONTEXT_OPTIONS_INIT;
  xd_context *context;
  options.backend = "abacus";
  options.message = message, options.message_size = sizeof message;
  assert_status(xd_context_create(&context, &options), XD_ERROR_NOT_FOUND);
  ck_assert_str_eq(message, "there is no backend \"abacus\"");
  options.message_size = 12;
  memset(message, 'x', sizeof message);
  assert_status(xd_context_create(&context, &options), XD_ERROR_NOT_FOUND);
  ck_assert_uint_eq(strlen(message), 11);
  ck_assert_int_eq(message[12], 'x');
  options.message_size = 0;
  memset(message, 'x', sizeof message);
  assert_status(xd_context_create(&context, &options), XD_ERROR_NOT_FOUND);
  ck_assert_int_eq(message[0], 'x');
  options.message = NULL, options.message_size = 5;
  assert_status(xd_context_create(&context, &options), XD_ERROR_NOT_FOUND);
}
END_TEST

START_TEST(context_create__refuses_bad_options_and_names_them) {
  log_book book = {0};
  const xd_backend_table *const tables[] = {&tiny};
  const xd_context_options good = options_with(tables, &book);
  xd_context_options bad = good;
  bad.threads = 257;
  check_refused(&bad, XD_ERROR_INVALID_ARGUMENT, &book, "257");
  bad = good;
  bad.log_level = 4;
  check_refused(&bad, XD_ERROR_INVALID_ARGUMENT, &book, "log_level");
  bad = good;
  bad.backends = NULL;
  check_refused(&bad, XD_ERROR_INVALID_ARGUMENT, &book, "backends");
  bad = good;
  bad.layer_count = 3;
  check_refused(&bad, XD_ERROR_INVALID_ARGUMENT, &book, "layers");
  xd_runner no_run = XD_RUNNER_INIT, no_threads = XD_RUNNER_INIT;
  no_run.threads = 2;
  no_threads.run = run_in_turn, no_threads.threads = 0;
  bad = good;
  bad.runner = &no_run;
  check_refused(&bad, XD_ERROR_INVALID_ARGUMENT, &book, "run function");
  bad.runner = &no_threads;
  check_refused(&bad, XD_ERROR_INVALID_ARGUMENT, &book, "threads");
  counting_allocator counter = {0};
  xd_allocator hooks = counting_allocator_hooks(&counter);
  hooks.release = NULL;
  bad = good;
  bad.allocator = &hooks;
  check_refused(&bad, XD_ERROR_INVALID_ARGUMENT, &book, "release");
  hooks = counting_allocator_hooks(&counter);
  hooks.allocate = NULL;
  check_refused(&bad, XD_ERROR_INVALID_ARGUMENT, &book, "allocate");
}
END_TEST

/* ---- backends ---- */

START_TEST(context__names_the_builtin_backends) {
  uint32_t count = 0;
  bool has_reference = false;
  for (const char *name; (name = xd_context_builtin_backend(count)) != NULL; count++) {
    xd_context *context = test_context(name);
    ck_assert_str_eq(xd_context_backend_name(context), name);
    ck_assert_ptr_nonnull(strstr(xd_context_backend_detail(context), name));
    has_reference = has_reference || strcmp(name, "reference") == 0;
    xd_context_destroy(context);
  }
  ck_assert(has_reference);
  ck_assert_ptr_null(xd_context_builtin_backend(count + 1));
  ck_assert_ptr_null(xd_context_builtin_backend(UINT32_MAX));
}
END_TEST

START_TEST(context_create__auto_takes_a_builtin_backend_and_logs_it) {
  const char *const names[] = {NULL, "auto"};
  for (int i = 0; i < 2; i++) {
    log_book book = {0};
    xd_context_options options = XD_CONTEXT_OPTIONS_INIT;
    xd_context *context = NULL;
    options.backend = names[i];
    options.log = write_down;
    options.log_user = &book;
    assert_status(xd_context_create(&context, &options), XD_OK);
    ck_assert_ptr_nonnull(xd_backend_builtin(xd_context_backend_name(context)));
    ck_assert_int_eq(book.level, XD_LOG_INFO);
    ck_assert_ptr_nonnull(strstr(book.last, xd_context_backend_name(context)));
    ck_assert_ptr_nonnull(strstr(book.last, xd_context_backend_detail(context)));
    xd_context_destroy(context);
  }
}
END_TEST

START_TEST(context_create__knows_no_other_backend) {
  log_book book = {0};
  xd_context_options options = XD_CONTEXT_OPTIONS_INIT;
  options.log = write_down;
  options.log_user = &book;
  options.backend = "abacus";
  check_refused(&options, XD_ERROR_NOT_FOUND, &book, "abacus");
  options.backend = "";
  check_refused(&options, XD_ERROR_NOT_FOUND, &book, "backend");
}
END_TEST

START_TEST(context_create__opens_the_hosts_backend) {
  log_book book = {0};
  const xd_backend_table *const tables[] = {&tiny};
  xd_context_options options = options_with(tables, &book);
  xd_context *context = NULL;
  options.log_level = XD_LOG_DEBUG;
  assert_status(xd_context_create(&context, &options), XD_OK);
  ck_assert_str_eq(xd_context_backend_name(context), "tiny");
  ck_assert_str_eq(xd_context_backend_detail(context), "tiny: the smallest of all");
  ck_assert_int_eq(book.lines, 2); /* its own, and the choice */
  ck_assert(context->table.dense_forward != NULL);
  ck_assert_ptr_eq(context->backend->host->runner, &context->guard);
  xd_backend *backend = NULL;
  const xd_backend_table *table = xd_context_backend(context, &backend);
  ck_assert_ptr_eq(backend, context->backend);
  ck_assert_ptr_eq(table, &context->table);
  ck_assert_ptr_eq(xd_context_backend(context, NULL), table);
  ck_assert_ptr_null(xd_context_backend(NULL, &backend));
  ck_assert_ptr_null(backend);
  xd_context_destroy(context);
}
END_TEST

START_TEST(context_create__prefers_the_hosts_backend_of_a_builtin_name) {
  log_book book = {0};
  xd_backend_table table = tiny;
  table.name = "reference";
  const xd_backend_table *const tables[] = {&table};
  xd_context_options options = options_with(tables, &book);
  xd_context *context = NULL;
  options.backend = "reference";
  assert_status(xd_context_create(&context, &options), XD_OK);
  ck_assert(context->table.open == open_tiny);
  xd_context_destroy(context);
}
END_TEST

START_TEST(context_create__refuses_tables_that_it_cannot_call) {
  log_book book = {0};
  xd_backend_table table = tiny;
  const xd_backend_table *const tables[] = {&table};
  const xd_context_options options = options_with(tables, &book);
  table.table_version++;
  check_refused(&options, XD_ERROR_VERSION_TOO_NEW, &book, "table_version");
  table.table_version = 0;
  check_refused(&options, XD_ERROR_UNSUPPORTED, &book, "table_version");
  table = tiny;
  table.struct_size -= 8;
  check_refused(&options, XD_ERROR_BAD_DATA, &book, "struct_size");
  table = tiny;
  table.buffer_read = NULL;
  check_refused(&options, XD_ERROR_BAD_DATA, &book, "buffer_read");
  table = tiny;
  table.open = open_never;
  check_refused(&options, XD_ERROR_UNSUPPORTED, &book, "tiny");
  table = tiny;
  table.buffer_create = create_hidden_buffer;
  check_refused(&options, XD_ERROR_BAD_DATA, &book, "tiny");
}
END_TEST

START_TEST(context_create__refuses_a_bad_table_even_if_another_is_chosen) {
  log_book book = {0};
  xd_backend_table newer = tiny;
  newer.table_version++;
  const xd_backend_table *const tables[] = {&tiny, &newer}, *const hole[] = {&tiny, NULL};
  xd_context_options options = options_with(tables, &book);
  options.backend_count = 2;
  check_refused(&options, XD_ERROR_VERSION_TOO_NEW, &book, "backends[1]");
  options.backends = hole;
  check_refused(&options, XD_ERROR_INVALID_ARGUMENT, &book, "backends[1]");
}
END_TEST

/* ---- layers ---- */

START_TEST(context_create__copies_the_list_of_layers) {
  const xd_layer_table *layers[2] = {&plain_layer, &plain_layer};
  xd_context_options options = XD_CONTEXT_OPTIONS_INIT;
  xd_context *context = NULL;
  options.backend = "reference";
  options.layers = layers;
  options.layer_count = 2;
  assert_status(xd_context_create(&context, &options), XD_OK);
  layers[0] = NULL;
  ck_assert_uint_eq(context->layer_count, 2);
  ck_assert_ptr_eq(context->layers[0], &plain_layer);
  ck_assert_ptr_eq(context->layers[1], &plain_layer);
  xd_context_destroy(context);
}
END_TEST

START_TEST(context_create__refuses_layers_that_it_cannot_call) {
  log_book book = {0};
  xd_layer_table table = plain_layer;
  const xd_layer_table *layers[2] = {&plain_layer, &table};
  xd_context_options options = XD_CONTEXT_OPTIONS_INIT;
  options.layers = layers;
  options.layer_count = 2;
  options.log = write_down;
  options.log_user = &book;
  table.table_version++;
  check_refused(&options, XD_ERROR_VERSION_TOO_NEW, &book, "layers[1]");
  table.table_version = 0;
  check_refused(&options, XD_ERROR_UNSUPPORTED, &book, "layers[1]");
  table = plain_layer;
  table.struct_size += 8;
  check_refused(&options, XD_ERROR_BAD_DATA, &book, "struct_size");
  table = plain_layer;
  table.configure = NULL;
  check_refused(&options, XD_ERROR_BAD_DATA, &book, "configure");
  table = plain_layer;
  table.name = NULL;
  check_refused(&options, XD_ERROR_BAD_DATA, &book, "name");
  table = plain_layer;
  table.forward = do_nothing;
  check_refused(&options, XD_ERROR_BAD_DATA, &book, "backward");
  layers[1] = NULL;
  check_refused(&options, XD_ERROR_INVALID_ARGUMENT, &book, "layers[1]");
}
END_TEST

/* ---- threads ---- */

static void mark(void *argument, uint32_t index) {
  ((int *)argument)[index]++;
}

START_TEST(context__runs_its_loops_with_the_hosts_runner) {
  log_book book = {0};
  host_runner host = {0};
  xd_runner runner = XD_RUNNER_INIT;
  const xd_backend_table *const tables[] = {&tiny};
  xd_context_options options = options_with(tables, &book);
  xd_context *context = NULL;
  int marks[9] = {0};
  runner.user = &host, runner.run = run_in_turn, runner.threads = 5;
  options.runner = &runner;
  options.threads = 3; /* the runner decides */
  assert_status(xd_context_create(&context, &options), XD_OK);
  ck_assert_uint_eq(xd_context_threads(context), 5);
  const xd_runner *given = context->backend->host->runner;
  ck_assert_int_eq(xdi_run(given, mark, marks, 9), 0);
  ck_assert_uint_eq(host.calls, 1);
  for (int i = 0; i < 9; i++)
    ck_assert_int_eq(marks[i], 1);
  ck_assert_ptr_null(context->pool);
  xd_context_destroy(context);
}
END_TEST

START_TEST(context__makes_a_pool_of_the_size_asked_for) {
  const uint32_t asked[] = {0, 1, 2, 7};
  const uint32_t got[] = {1, 1, 2, 7};
  for (int i = 0; i < 4; i++) {
    int marks[50] = {0};
    xd_context *context = test_context_with("reference", asked[i], NULL);
    ck_assert_uint_eq(xd_context_threads(context), got[i]);
    ck_assert_int_eq(xdi_run(context->host.runner, mark, marks, 50), 0);
    for (int j = 0; j < 50; j++)
      ck_assert_int_eq(marks[j], 1);
    xd_context_destroy(context);
  }
}
END_TEST

START_TEST(context__shares_a_pool_that_outlives_its_maker) {
  counting_allocator counter = {0};
  const xd_allocator allocator = counting_allocator_hooks(&counter);
  xd_pool *pool = NULL;
  xd_context *contexts[2] = {NULL, NULL};
  xd_context_options options = XD_CONTEXT_OPTIONS_INIT;
  assert_status(xd_pool_create(&pool, 3, &allocator), XD_OK);
  ck_assert_uint_eq(xd_pool_threads(pool), 3);
  options.backend = "reference";
  options.threads = 7; /* the pool decides */
  options.pool = pool;
  for (int i = 0; i < 2; i++)
    assert_status(xd_context_create(&contexts[i], &options), XD_OK);
  xd_pool_release(pool);
  for (int i = 0; i < 2; i++) {
    int marks[50] = {0};
    ck_assert_uint_eq(xd_context_threads(contexts[i]), 3);
    ck_assert_int_eq(xdi_run(contexts[i]->host.runner, mark, marks, 50), 0);
    for (int j = 0; j < 50; j++)
      ck_assert_int_eq(marks[j], 1);
    xd_context_destroy(contexts[i]);
  }
  ck_assert_uint_eq(atomic_load(&counter.live_blocks), 0);
}
END_TEST

START_TEST(context_create__takes_a_runner_or_a_pool) {
  log_book book = {0};
  const xd_backend_table *const tables[] = {&tiny};
  xd_context_options options = options_with(tables, &book);
  xd_runner runner = XD_RUNNER_INIT;
  xd_pool *pool = NULL;
  assert_status(xd_pool_create(&pool, 1, NULL), XD_OK);
  runner.run = run_in_turn;
  options.runner = &runner;
  options.pool = pool;
  check_refused(&options, XD_ERROR_INVALID_ARGUMENT, &book, "pool");
  xd_pool_release(pool);
}
END_TEST

/* ---- memory ---- */

START_TEST(context__takes_all_its_memory_from_the_hosts_allocator) {
  for (uint32_t i = 0; xd_context_builtin_backend(i); i++) {
    counting_allocator counter = {0};
    xd_context *context = test_context_with(xd_context_builtin_backend(i), 2, &counter);
    ck_assert_uint_gt(counter.live_bytes, 0);
    xd_context_destroy(context);
    ck_assert_uint_eq(counter.live_bytes, 0);
    ck_assert_uint_eq(counter.live_blocks, 0);
  }
}
END_TEST

/* Creates with the nth allocation failing, for each n until it is not reached. */
static void check_all_failing_allocations(const char *backend) {
  const xd_backend_table *const tables[] = {&tiny};
  const xd_layer_table *const layers[] = {&plain_layer};
  for (size_t n = 1;; n++) {
    log_book book = {0};
    counting_allocator counter = {0};
    xd_allocator allocator = counting_allocator_hooks(&counter);
    xd_context_options options = options_with(tables, &book);
    xd_context *context = NULL;
    options.backend = backend;
    options.layers = layers;
    options.layer_count = 1;
    options.threads = 2;
    options.allocator = &allocator;
    counter.fail_at = n;
    xd_status status = xd_context_create(&context, &options);
    if (status == XD_OK) {
      ck_assert_uint_lt(counter.total, n);
      ck_assert_uint_ge(n, 4); /* context, layers, pool, state: all have failed before */
      xd_context_destroy(context);
      ck_assert_uint_eq(counter.live_blocks, 0);
      return;
    }
    assert_status(status, XD_ERROR_OUT_OF_MEMORY);
    ck_assert_ptr_null(context);
    ck_assert_uint_eq(counter.live_blocks, 0);
    ck_assert_int_eq(book.level, XD_LOG_ERROR);
  }
}

START_TEST(context_create__leaks_nothing_when_any_allocation_fails) {
  check_all_failing_allocations("tiny");
  for (uint32_t i = 0; xd_context_builtin_backend(i); i++)
    check_all_failing_allocations(xd_context_builtin_backend(i));
}
END_TEST

/* ---- messages and the log ---- */

START_TEST(context__answers_for_null) {
  ck_assert_str_eq(xd_context_message(NULL), "");
  ck_assert_str_eq(xd_context_backend_name(NULL), "");
  ck_assert_str_eq(xd_context_backend_detail(NULL), "");
  ck_assert_uint_eq(xd_context_threads(NULL), 1);
  xd_context_cancel(NULL);
  xd_context_clear_cancel(NULL);
}
END_TEST

START_TEST(fail__keeps_the_message_and_returns_the_status) {
  xd_context *context = test_context("reference");
  ck_assert_str_eq(xd_context_message(context), "");
  assert_status(xdi_fail(context, XD_ERROR_IO, "field %s is %d", "width", 7), XD_ERROR_IO);
  ck_assert_str_eq(xd_context_message(context), "field width is 7");
  assert_status(xdi_fail(context, XD_ERROR_BAD_DATA, "outer: %s", xd_context_message(context)),
                XD_ERROR_BAD_DATA);
  ck_assert_str_eq(xd_context_message(context), "outer: field width is 7");
  assert_status(xdi_fail_memory(context, "thinking"), XD_ERROR_OUT_OF_MEMORY);
  ck_assert_str_eq(xd_context_message(context), "out of memory while thinking");
  assert_status(xdi_fail(NULL, XD_ERROR_IO, "nobody hears %d", 1), XD_ERROR_IO);
  xd_context_destroy(context);
}
END_TEST

START_TEST(fail__keeps_the_reason_behind_a_long_path) {
  const size_t lengths[] = {400, 900, 1100, 5000, 70000};
  xd_context *context = test_context("reference");
  for (int i = 0; i < 5; i++) {
    char *path = malloc(lengths[i] + 1);
    memset(path, 'p', lengths[i]);
    path[lengths[i]] = '\0';
    xdi_fail(context, XD_ERROR_IO, "cannot open '%s': %s", path, "the reason");
    const char *message = xd_context_message(context);
    const size_t length = strlen(message);
    ck_assert_uint_lt(length, XDI_MESSAGE_SIZE);
    ck_assert_ptr_eq(strstr(message, "cannot open 'ppp"), message);
    ck_assert_str_eq(message + length - strlen("p': the reason"), "p': the reason");
    ck_assert((strstr(message, "...") != NULL) == (lengths[i] > 490));
    free(path);
  }
  xd_context_destroy(context);
}
END_TEST

/* Without memory for the whole text its start is kept, and nothing is lost but its end. */
START_TEST(fail__bears_refused_memory) {
  counting_allocator counter = {0};
  xd_context *context = test_context_with("reference", 1, &counter);
  char path[5000];
  memset(path, 'p', sizeof path);
  path[sizeof path - 1] = '\0';
  atomic_store(&counter.fail_at, atomic_load(&counter.total) + 1);
  assert_status(xdi_fail(context, XD_ERROR_IO, "'%s': gone", path), XD_ERROR_IO);
  ck_assert_ptr_eq(strstr(xd_context_message(context), "'ppp"), xd_context_message(context));
  xd_context_destroy(context);
  ck_assert_uint_eq(atomic_load(&counter.live_blocks), 0);
}
END_TEST

START_TEST(fail__makes_one_line_of_utf8) {
  xd_context *context = test_context("reference");
  xdi_fail(context, XD_ERROR_IO, "a\nb\r\tc\x7F \xE9 caf\xC3\xA9");
  ck_assert_str_eq(xd_context_message(context), "a\\x0Ab\\x0D\\x09c\\x7F \\xE9 caf\xC3\xA9");
  xd_context_destroy(context);
}
END_TEST

/* A locale with a decimal comma and its own sentences, made for the test. */
START_TEST(fail__speaks_plainly_under_any_locale) {
  char command[TEST_PATH_SIZE + 100], *folder = make_temp_folder();
  xd_context *context = test_context("reference");
  xd_model *model = NULL;
  snprintf(command, sizeof command, "localedef -i de_DE -f UTF-8 '%s/de_DE.UTF-8' >/dev/null 2>&1", folder);
  if (system(command) == 0) {
    setenv("LOCPATH", folder, 1);
    ck_assert_ptr_nonnull(setlocale(LC_ALL, "de_DE.UTF-8"));
    char number[20];
    snprintf(number, sizeof number, "%.1f", 0.5);
    ck_assert_str_eq(number, "0,5");
    xdi_fail(context, XD_ERROR_IO, "half is %.1f", 0.5);
    ck_assert_str_eq(xd_context_message(context), "half is 0.5");
    assert_status(xd_model_load(&model, context, "/nowhere/no.xdm"), XD_ERROR_NOT_FOUND);
    assert_message_names(context, "No such file or directory");
    snprintf(number, sizeof number, "%.1f", 0.5);
    ck_assert_str_eq(number, "0,5"); /* the host's locale is as it was */
    setlocale(LC_ALL, "C");
    unsetenv("LOCPATH");
  } else {
    puts("no localedef here: not tried");
  }
  xd_context_destroy(context);
  remove_folder(folder);
}
END_TEST

START_TEST(log__reports_up_to_its_level) {
  for (uint32_t level = XD_LOG_ERROR; level <= XD_LOG_DEBUG; level++) {
    log_book book = {0};
    xd_context_options options = XD_CONTEXT_OPTIONS_INIT;
    xd_context *context = NULL;
    options.backend = "reference";
    options.log = write_down;
    options.log_user = &book;
    options.log_level = level;
    assert_status(xd_context_create(&context, &options), XD_OK);
    for (uint32_t line = XD_LOG_ERROR; line <= XD_LOG_DEBUG; line++) {
      book.lines = 0;
      xdi_log(context, line, "line %u", (unsigned)line);
      ck_assert_int_eq(book.lines, line <= level);
      if (line <= level)
        ck_assert_uint_eq(book.level, line);
    }
    book.lines = 0;
    xdi_fail(context, XD_ERROR_IO, "failed");
    ck_assert_int_eq(book.lines, 1);
    ck_assert_str_eq(book.last, "failed");
    xd_context_destroy(context);
  }
  xdi_log(NULL, XD_LOG_ERROR, "nobody hears");
}
END_TEST

/* ---- cancellation ---- */

START_TEST(cancel__stays_until_it_is_cleared) {
  xd_context *context = test_context("reference");
  assert_status(xdi_check_cancelled(context), XD_OK);
  xd_context_cancel(context);
  assert_status(xdi_check_cancelled(context), XD_ERROR_CANCELLED);
  assert_status(xdi_check_cancelled(context), XD_ERROR_CANCELLED);
  assert_message_names(context, "cancelled");
  ck_assert_int_eq(xd_context_is_cancelled(context), 1);
  xd_context_clear_cancel(context);
  ck_assert_int_eq(xd_context_is_cancelled(context), 0);
  ck_assert_int_eq(xd_context_is_cancelled(NULL), 0);
  assert_status(xdi_check_cancelled(context), XD_OK);
  assert_status(xdi_check_cancelled(NULL), XD_OK);
  xd_context_destroy(context);
}
END_TEST

static void *cancel_later(void *argument) {
  struct timespec time = {0, 2000000};
  nanosleep(&time, NULL);
  xd_context_cancel(argument);
  return NULL;
}

typedef struct asker {
  pthread_t thread;
  uint32_t asked, answer_at; /* the question that is answered by nonzero; 0: none */
  bool elsewhere;
} asker;

static int stop_at(void *user) {
  asker *a = user;
  a->elsewhere = a->elsewhere || !pthread_equal(pthread_self(), a->thread);
  return ++a->asked == a->answer_at;
}

/* A picture of many rows, resized: each looks whether to go on. */
static xd_status resize_rows(xd_context *with) {
  static uint8_t from[200 * 200], to[100 * 100];
  xd_image source, target;
  xd_image_init(&source, sizeof source, from, 200, 200, XD_SAMPLE_U8, XD_LAYOUT_GREY);
  xd_image_init(&target, sizeof target, to, 100, 100, XD_SAMPLE_U8, XD_LAYOUT_GREY);
  return xd_image_resize(with, &target, &source);
}

START_TEST(should_stop__stops_that_call_alone) {
  asker a = {.thread = pthread_self(), .answer_at = 7};
  xd_context_options options = XD_CONTEXT_OPTIONS_INIT;
  xd_context *asking = NULL;
  options.backend = "reference";
  options.threads = 3;
  options.should_stop = stop_at;
  options.should_stop_user = &a;
  assert_status(xd_context_create(&asking, &options), XD_OK);
  assert_status(resize_rows(asking), XD_ERROR_CANCELLED);
  ck_assert_uint_eq(a.asked, 7);
  ck_assert_str_eq(xd_context_message(asking), "the call was stopped by the host's should_stop");
  ck_assert_int_eq(xd_context_is_cancelled(asking), 0);
  assert_status(resize_rows(asking), XD_OK);
  ck_assert_uint_gt(a.asked, 100);
  ck_assert(!a.elsewhere);
  xd_context_destroy(asking);
}
END_TEST

START_TEST(cancel__reaches_a_loop_from_another_thread) {
  xd_context *context = test_context("reference");
  pthread_t thread;
  xd_status status = XD_OK;
  ck_assert_int_eq(pthread_create(&thread, NULL, cancel_later, context), 0);
  while (status == XD_OK)
    status = xdi_check_cancelled(context);
  assert_status(status, XD_ERROR_CANCELLED);
  ck_assert_int_eq(pthread_join(thread, NULL), 0);
  xd_context_destroy(context);
}
END_TEST

START_TEST(cancel__concerns_one_context_only) {
  xd_context *first = test_context("reference");
  xd_context *second = test_context("reference");
  xd_context_cancel(first);
  assert_status(xdi_check_cancelled(second), XD_OK);
  assert_status(xdi_check_cancelled(first), XD_ERROR_CANCELLED);
  ck_assert_str_eq(xd_context_message(second), "");
  xd_context_destroy(first);
  xd_context_destroy(second);
}
END_TEST

static Suite *make_suite(void) {
  Suite *suite = suite_create("context");
  add_case(suite, context_create__takes_null_options);
  add_case(suite, context_create__wants_an_out_pointer_and_a_sane_size);
  add_case(suite, context_create__refuses_options_that_ask_for_what_it_does_not_know);
  add_case(suite, context_create__says_why_it_refuses_the_options);
  add_case(suite, context_create__says_why_it_failed);
  add_case(suite, context_create__refuses_bad_options_and_names_them);
  add_case(suite, context__names_the_builtin_backends);
  add_case(suite, context_create__auto_takes_a_builtin_backend_and_logs_it);
  add_case(suite, context_create__knows_no_other_backend);
  add_case(suite, context_create__opens_the_hosts_backend);
  add_case(suite, context_create__prefers_the_hosts_backend_of_a_builtin_name);
  add_case(suite, context_create__refuses_tables_that_it_cannot_call);
  add_case(suite, context_create__refuses_a_bad_table_even_if_another_is_chosen);
  add_case(suite, context_create__copies_the_list_of_layers);
  add_case(suite, context_create__refuses_layers_that_it_cannot_call);
  add_case(suite, context__runs_its_loops_with_the_hosts_runner);
  add_case(suite, context__makes_a_pool_of_the_size_asked_for);
  add_case(suite, context__shares_a_pool_that_outlives_its_maker);
  add_case(suite, context_create__takes_a_runner_or_a_pool);
  add_case(suite, context__takes_all_its_memory_from_the_hosts_allocator);
  add_case(suite, context_create__leaks_nothing_when_any_allocation_fails);
  add_case(suite, context__answers_for_null);
  add_case(suite, fail__keeps_the_message_and_returns_the_status);
  add_case(suite, fail__keeps_the_reason_behind_a_long_path);
  add_case(suite, fail__bears_refused_memory);
  add_case(suite, fail__makes_one_line_of_utf8);
  add_case(suite, fail__speaks_plainly_under_any_locale);
  add_case(suite, log__reports_up_to_its_level);
  add_case(suite, cancel__stays_until_it_is_cleared);
  add_case(suite, should_stop__stops_that_call_alone);
  add_case(suite, cancel__reaches_a_loop_from_another_thread);
  add_case(suite, cancel__concerns_one_context_only);
  return suite;
}

XD_SUITE_MAIN(make_suite)
