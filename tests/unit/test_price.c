/* What networks cost, that files whose networks cost too much, or have more parameters than numbers, are refused, that
 * no file is too large, and that a cancellation is heard within a layer. */
#include "network_support.h"

#include <pthread.h>
#include <time.h>

#include "format/network_file.h"
#include "layer/price.h"
#include "tiny_model.h"
#include "xdomain/unstable/price.h"

static xd_context *context;

static void open_context(void) {
  context = test_context("reference");
}

static void close_context(void) {
  xd_context_destroy(context);
}

static xdi_price price_of(xd_shape input, const xd_layer_spec *specs, uint32_t count) {
  xd_network *network = NULL;
  assert_ok(context, xdi_network_create(&network, context, input, specs, count));
  const xdi_price price = xdi_network_price(network);
  ck_assert_uint_eq(xd_network_work(network), price.work);
  ck_assert_uint_eq(xd_network_memory(network), price.memory);
  xdi_network_release(network);
  return price;
}

/* ---- counting ---- */

START_TEST(price__counts_each_weight_at_each_place) {
  const xd_shape input = {.width = 8, .height = 6, .channels = 2};
  const xd_layer_spec down = conv2d_spec(3, 5, 2, 2, XD_ACTIVATION_RELU);
  const xd_layer_spec up = conv_transpose2d_spec(4, 3, 2, 1, XD_ACTIVATION_RELU, 12, 16);
  const xd_layer_spec dense = dense_spec(7, XD_ACTIVATION_IDENTITY);
  ck_assert_uint_eq(price_of(input, &down, 1).work, 96 + (25 * 2 * 3) * 12 + 3 + 36);
  ck_assert_uint_eq(price_of(input, &up, 1).work, 96 + (9 * 2 * 4) * 48 + 4 + 768);
  ck_assert_uint_eq(price_of(input, &dense, 1).work, 96 + 96 * 7 + 7 + 7);
  ck_assert_uint_eq(xd_network_work(NULL), 0);
  ck_assert_uint_eq(xd_network_memory(NULL), 0);
}
END_TEST

START_TEST(price__memory_is_that_of_the_results_which_live_at_once) {
  const xd_shape input = {.width = 4, .height = 4, .channels = 1};
  const xd_layer_spec chain[] = {conv2d_spec(10, 1, 1, 0, XD_ACTIVATION_RELU), reshape_spec(1, 1, 160),
                                 dense_spec(20, XD_ACTIVATION_RELU), dense_spec(30, XD_ACTIVATION_IDENTITY)};
  const xd_layer_spec sums[] = {conv2d_spec(1, 1, 1, 0, XD_ACTIVATION_RELU),
                                conv2d_spec(1, 1, 1, 0, XD_ACTIVATION_RELU),
                                residual_add_spec(3, XD_ACTIVATION_RELU)};
  /* 16 and 20 in one region, 160 and 30 in the other */
  ck_assert_uint_eq(price_of(input, chain, 4).memory, (20 + 160) * sizeof(float));
  /* the input waits for the sum */
  ck_assert_uint_eq(price_of(input, sums, 3).memory, 3 * 16 * sizeof(float));
}
END_TEST

/* ---- limits ---- */

/* The status of loading the tiny model under limits; the message names the limit that was met. */
static xd_status load_under(const xd_source *source, uint64_t work, uint64_t memory, const char *named) {
  xd_context_options options = XD_CONTEXT_OPTIONS_INIT;
  xd_context *bounded = NULL;
  xd_model *model = NULL;
  options.backend = "reference";
  options.network_work = work;
  options.network_memory = memory;
  assert_status(xd_context_create(&bounded, &options), XD_OK);
  const xd_status status = xd_model_load_source(&model, bounded, source);
  ck_assert((status == XD_OK) == (model != NULL));
  if (named)
    assert_message_names(bounded, named);
  xd_model_release(model);
  xd_context_destroy(bounded);
  return status;
}

START_TEST(model_load__refuses_networks_beyond_the_limits) {
  xd_model *model = tiny_model(context, true);
  xd_blob *blob = NULL;
  xd_sink sink = XD_SINK_INIT;
  xd_source source = XD_SOURCE_INIT;
  uint64_t work = 0, memory = 0;
  for (uint32_t domain = 1; domain <= 2; domain++) {
    const xd_network *const networks[] = {xd_encoder_network(xd_model_encoder(model, domain)),
                                          xd_decoder_network(xd_model_decoder(model, domain))};
    for (int i = 0; i < 2; i++) {
      work = xd_network_work(networks[i]) > work ? xd_network_work(networks[i]) : work;
      memory = xd_network_memory(networks[i]) > memory ? xd_network_memory(networks[i]) : memory;
    }
  }
  assert_ok(context, xd_blob_create(&blob, context));
  assert_ok(context, xd_blob_sink(blob, &sink));
  assert_ok(context, xd_model_save_sink(model, context, &sink, NULL));
  assert_ok(context, xd_blob_source(blob, &source));
  ck_assert_int_eq(load_under(&source, work, memory, NULL), XD_OK);
  ck_assert_int_eq(load_under(&source, work - 1, memory, "multiplications"), XD_ERROR_TOO_LARGE);
  ck_assert_int_eq(load_under(&source, work, memory - 1, "bytes of memory"), XD_ERROR_TOO_LARGE);
  ck_assert_int_eq(load_under(&source, 0, 0, NULL), XD_OK);
  xd_blob_destroy(blob);
  xd_model_release(model);
}
END_TEST

/* A dense layer of 2048 weights and 32 biases, as halves in 4224 bytes. The layer of a file that asks for more than
 * halves of all bytes, and 64, is refused before there is memory for it. */
START_TEST(networks__have_as_many_parameters_as_a_file_has_halves) {
  const xd_shape input = {.width = 8, .height = 8, .channels = 1};
  const xd_layer_spec specs[] = {dense_spec(32, XD_ACTIVATION_IDENTITY)};
  xd_network *network = make_network(context, input, specs, 1);
  const xdi_role role = {XD_TAG('E', 'N', 'C', '1'), network};
  xdi_bytes bytes[3];
  xdi_chunk_source chunks[3] = {{XDI_CHUNK_NETWORKS, true, &bytes[0]},
                                {XDI_CHUNK_TENSORS, true, &bytes[1]},
                                {XDI_CHUNK_DATA, true, &bytes[2]}};
  char *folder = make_temp_folder(), path[TEST_PATH_SIZE];
  const xdi_target target = xdi_target_of_path(path_in(path, folder, "n.xdm"));
  for (int more = 0; more < 2; more++) {
    xdi_container container;
    xdi_role found[XDI_NETWORK_LIMIT];
    uint32_t count = 9;
    for (int i = 0; i < 3; i++)
      bytes[i] = (xdi_bytes){.allocator = &context->allocator};
    const xdi_network_chunks networks = {&bytes[0], &bytes[1], &bytes[2], NULL};
    assert_ok(context, xdi_networks_put(context, &role, 1, XDI_ELEMENT_F16, &networks));
    ck_assert_uint_eq(bytes[2].size, 4224);
    if (more)
      xdi_set_u32(bytes[0].data + bytes[0].size - 24, 34); /* channels of the layer */
    assert_ok(context, xdi_container_write(context, &target, XDI_KIND_MODEL, chunks, 3));
    assert_ok(context, xdi_container_open(&container, context, path));
    const xd_status status = xdi_networks_get(context, &container, NULL, found, &count);
    ck_assert_uint_eq(count, more ? 0 : 1);
    assert_status(status, more ? XD_ERROR_BAD_DATA : XD_OK);
    if (more)
      assert_message_names(context, "the network's layers have 2210 parameters, but at most 2176 are there");
    xdi_networks_release(found, count);
    xdi_container_close(&container, context);
    for (int i = 0; i < 3; i++)
      xdi_bytes_release(&bytes[i]);
  }
  xdi_network_release(network);
  remove_folder(folder);
}
END_TEST

/* As many chunks as a file may have share the same bytes. The largest file that may be is a GiB, for which this
 * context has no memory; the next is refused before it is asked for. */
START_TEST(container__is_at_most_a_gibibyte) {
  counting_allocator counter = {0};
  xd_context *own = test_context_with("reference", 1, &counter);
  const size_t part = (size_t)1 << 25, head = 64 + XDI_CHUNK_LIMIT * 40;
  unsigned char *data = calloc(part, 1);
  xdi_bytes whole = {.allocator = &own->allocator, .data = data, .size = part}, last = whole;
  xdi_chunk_source chunks[XDI_CHUNK_LIMIT + 1];
  const xdi_target target = xdi_target_of_path("/nowhere/large.xdm");
  ck_assert_ptr_nonnull(data);
  ck_assert_uint_eq(head % 64, 0);
  for (uint32_t i = 0; i <= XDI_CHUNK_LIMIT; i++)
    chunks[i] =
        (xdi_chunk_source){XD_TAG('D', 'A', 'T', 'A') + i, true, i == XDI_CHUNK_LIMIT - 1 ? &last : &whole};
  for (uint32_t more = 0; more < 2; more++) {
    last.size = part - head + more;
    atomic_store(&counter.fail_at, atomic_load(&counter.total) + 1);
    assert_status(xdi_container_write(own, &target, XDI_KIND_MODEL, chunks, XDI_CHUNK_LIMIT),
                  more ? XD_ERROR_TOO_LARGE : XD_ERROR_OUT_OF_MEMORY);
    if (more)
      assert_message_names(own, "the file would have 1073741825 bytes, over the limit of 1073741824");
  }
  assert_status(xdi_container_write(own, &target, XDI_KIND_MODEL, chunks, XDI_CHUNK_LIMIT + 1),
                XD_ERROR_OUT_OF_MEMORY);
  free(data);
  xd_context_destroy(own);
}
END_TEST

/* ---- cancelling ---- */

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SLOWNESS 10
#else
#define SLOWNESS 1
#endif

typedef struct canceller {
  xd_context *context;
  clockid_t clock; /* of the thread that computes */
  double at;       /* its time then */
} canceller;

static double read_clock(clockid_t clock) {
  struct timespec time;
  ck_assert_int_eq(clock_gettime(clock, &time), 0);
  return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

/* Cancels once the other thread has computed for a moment. */
static void *cancel_soon(void *argument) {
  canceller *of = argument;
  const struct timespec nap = {0, 1000000};
  const double begun = read_clock(of->clock);
  while (read_clock(of->clock) < begun + 0.03)
    nanosleep(&nap, NULL);
  of->at = read_clock(of->clock);
  xd_context_cancel(of->context);
  return NULL;
}

/* One layer of 13 thousand million multiplications: far more than the moment before and after. Time is that of
 * the processor, so that a busy machine changes nothing. */
START_TEST(cancel__is_heard_within_a_layer) {
  const xd_layer_spec specs[] = {
      conv2d_spec(64, 1, 1, 0, XD_ACTIVATION_RELU), conv2d_spec(64, 7, 1, 3, XD_ACTIVATION_RELU),
      conv2d_spec(1, 32, 32, 0, XD_ACTIVATION_RELU), dense_spec(4, XD_ACTIVATION_IDENTITY)};
  xd_network_layers layers = XD_NETWORK_LAYERS_INIT;
  xd_context *native = test_context("native");
  xd_encoder *encoder = NULL;
  float codes[2], *picture = new_floats(256 * 256 * 3);
  pthread_t thread;
  layers.layers = specs;
  layers.layer_count = COUNT_OF(specs);
  layers.input = (xd_shape){.width = 256, .height = 256, .channels = 3};
  assert_ok(native, xd_encoder_create_layers(&encoder, native, &layers));
  ck_assert_uint_gt(xd_network_work(xd_encoder_network(encoder)), UINT64_C(13000000000));
  canceller of = {.context = native};
  ck_assert_int_eq(pthread_getcpuclockid(pthread_self(), &of.clock), 0);
  ck_assert_int_eq(pthread_create(&thread, NULL, cancel_soon, &of), 0);
  assert_status(xd_encoder_encode(encoder, native, codes, NULL, picture, 1), XD_ERROR_CANCELLED);
  const double ended = read_clock(of.clock);
  ck_assert_int_eq(pthread_join(thread, NULL), 0);
  ck_assert_msg(ended - of.at < 0.1 * SLOWNESS, "heard after %.0f ms", 1000 * (ended - of.at));
  assert_message_names(native, "cancelled");
  xd_encoder_release(encoder);
  xd_context_destroy(native);
  free(picture);
}
END_TEST

static Suite *make_suite(void) {
  Suite *suite = suite_create("price");
  add_checked_case(suite, "price__counts_each_weight_at_each_place", price__counts_each_weight_at_each_place,
                   open_context, close_context);
  add_checked_case(suite, "price__memory_is_that_of_the_results_which_live_at_once",
                   price__memory_is_that_of_the_results_which_live_at_once, open_context, close_context);
  add_checked_case(suite, "model_load__refuses_networks_beyond_the_limits",
                   model_load__refuses_networks_beyond_the_limits, open_context, close_context);
  add_checked_case(suite, "networks__have_as_many_parameters_as_a_file_has_halves",
                   networks__have_as_many_parameters_as_a_file_has_halves, open_context, close_context);
  add_case(suite, container__is_at_most_a_gibibyte);
#ifdef XDI_WITH_NATIVE
  add_case(suite, cancel__is_heard_within_a_layer);
#endif
  return suite;
}

XD_SUITE_MAIN(make_suite)
