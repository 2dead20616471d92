// xdomain.hpp as a C++ program uses it. Built twice, with exceptions and with -fno-exceptions: take() makes
// values of both kinds of results, and failure_of() errors.
#include <xdomain/xdomain.hpp>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <stdexcept>
#include <thread>
#include <vector>

namespace {

const char *const model_path = XD_MODELS_FOLDER "/digits.xdm";
const char *const picture_path = XD_MODELS_FOLDER "/three.png";
constexpr uint32_t side = 28;
using bytes = std::vector<uint8_t>;

void require(bool holds, const char *what) {
  if (holds)
    return;
  std::fprintf(stderr, "FAILED: %s\n", what);
  std::exit(1);
}

#if XDOMAIN_THROWS
template <class T> T take(T value) {
  return value;
}
template <class F> xdomain::error failure_of(F &&action) {
  try {
    action();
  } catch (const xdomain::error &failure) {
    return failure;
  }
  return xdomain::error(XD_OK, "");
}
#define DO(call) (call)
#else
template <class T> T take(xdomain::result<T> answer) {
  if (!answer)
    require(false, answer.failure().what());
  return std::move(*answer);
}
template <class F> xdomain::error failure_of(F &&action) {
  auto answer = action();
  return answer ? xdomain::error(XD_OK, "") : answer.failure();
}
#define DO(call) \
  do { \
    if (auto answer = (call); !answer) \
      require(false, answer.failure().what()); \
  } while (0)
#endif

xdomain::context make_context() {
  return take(xdomain::context::create());
}

bytes translated_by_c(uint64_t seed, xd_direction direction) {
  xd_context *context = nullptr;
  xd_translator *translator = nullptr;
  xd_picture *picture = nullptr;
  xd_image input = XD_IMAGE_INIT, output = XD_IMAGE_INIT;
  xd_translator_options options = XD_TRANSLATOR_OPTIONS_INIT;
  options.direction = direction;
  bytes result(side * side);
  xd_image_init(&output, sizeof output, result.data(), side, side, XD_SAMPLE_U8, XD_LAYOUT_GREY);
  const bool done = xd_context_create(&context, nullptr) == XD_OK &&
                    xd_translator_load(&translator, context, model_path, &options) == XD_OK &&
                    xd_translator_set_noise(translator, seed, 0, 1) == XD_OK &&
                    xd_picture_load(&picture, context, picture_path) == XD_OK &&
                    xd_picture_view(picture, &input) == XD_OK &&
                    xd_translator_run(translator, &output, nullptr, &input, 1) == XD_OK;
  require(done, xd_context_message(context));
  xd_translator_destroy(translator);
  xd_picture_destroy(picture);
  xd_context_destroy(context);
  return result;
}

bytes translated_on_own_context(const xdomain::model &model, uint64_t seed, xd_direction direction) {
  xdomain::context context = make_context();
  xd_translator_options options = XD_TRANSLATOR_OPTIONS_INIT;
  options.direction = direction;
  xdomain::translator translator = take(xdomain::translator::create(context, model, &options));
  xdomain::picture picture = take(xdomain::picture::load(context, picture_path));
  bytes result(side * side);
  for (int round = 0; round < 3; round++) {
    DO(translator.set_noise(seed));
    DO(translator.run(xdomain::image(result.data(), side, side, XD_LAYOUT_GREY), picture.view()));
  }
  return result;
}

void two_threads_share_a_model() {
  xdomain::model model = take(xdomain::model::load(make_context(), model_path));
  bytes there, back;
  std::thread first([&] { there = translated_on_own_context(model, 1, XD_DIRECTION_1TO2); });
  std::thread second([copy = model, &back] { back = translated_on_own_context(copy, 2, XD_DIRECTION_2TO1); });
  first.join();
  second.join();
  require(there == translated_by_c(1, XD_DIRECTION_1TO2), "the first thread's picture is C's");
  require(back == translated_by_c(2, XD_DIRECTION_2TO1), "the second thread's picture is C's");
  require(there != back, "two pictures");
}

void views_fit_what_programs_have() {
  xdomain::context context = make_context();
  xdomain::translator translator = take(xdomain::translator::load(context, model_path));
  xdomain::picture picture = take(xdomain::picture::load(context, picture_path));
  const xd_shape shape = translator.input_shape();
  require(shape.width == side && shape.height == side && shape.channels == 1, "the input's shape");
  std::vector<float> input(2 * xdomain::size_of(shape)),
      output(2 * xdomain::size_of(translator.output_shape()));
  for (size_t i = 0; i < 2; i++)
    DO(xdomain::check(context, xd_image_to_floats(context.get(), input.data() + i * side * side,
                                                  &static_cast<const xd_image &>(picture.view()), 1)));
  DO(translator.set_noise(5));
  DO(translator.run_floats(output, input));

  std::array<bytes, 2> results{bytes(side * side), bytes(side * side)};
  std::array<xdomain::image, 2> outputs, inputs{picture.view(), picture.view()};
  for (size_t i = 0; i < 2; i++)
    outputs[i] = xdomain::image(results[i].data(), side, side, XD_LAYOUT_GREY);
  DO(translator.run(outputs, inputs));
  for (size_t i = 0; i < 2; i++)
    for (size_t k = 0; k < side * side; k++)
      require(int(output[i * side * side + k] * 255 + 0.5f) == results[i][k],
              "floats and bytes are one picture");
  require(results[0] != results[1], "each picture has its own noise");

  const auto few = failure_of(
      [&] { return translator.run(outputs, xdomain::view<const xdomain::image>(inputs.data(), 1)); });
  require(few.status() == XD_ERROR_SHAPE_MISMATCH, "one input for two outputs");
  const auto odd = failure_of([&] { return translator.run_floats(output, std::vector<float>(5)); });
  require(odd.status() == XD_ERROR_SHAPE_MISMATCH, "five floats are no picture");
}

void steps_make_a_translation() {
  xdomain::context context = make_context();
  xdomain::translator translator = take(xdomain::translator::load(context, model_path));
  xdomain::picture picture = take(xdomain::picture::load(context, picture_path));
  const size_t dim = translator.target_dim();
  std::vector<float> means(2 * translator.source_dim()), codes(2 * dim), noise(2 * dim), again(2 * dim);
  std::array<xdomain::image, 2> inputs{picture.view(), picture.view()}, outputs;
  std::array<bytes, 2> results{bytes(side * side), bytes(side * side)};
  for (size_t i = 0; i < 2; i++)
    outputs[i] = xdomain::image(results[i].data(), side, side, XD_LAYOUT_GREY);
  DO(translator.set_noise(1));
  DO(translator.encode(means, inputs));
  DO(translator.generate(codes, {}, means));
  DO(translator.decode(outputs, codes));
  require(results[0] == translated_by_c(1, XD_DIRECTION_1TO2), "the steps' picture is C's");
  xd_latent_noise(noise.data(), 2, uint32_t(dim), 1, 0, 1);
  DO(translator.generate(again, noise, means));
  require(again == codes, "the noise that is given");
  DO(xdomain::check(context, xd_latent_interpolate(context.get(), again.data(), codes.data(),
                                                   codes.data() + dim, uint32_t(dim), 1)));
  require(std::equal(again.data(), again.data() + dim, codes.data() + dim), "the way's end");
  const auto few = failure_of([&] { return translator.decode(outputs, std::vector<float>(dim)); });
  require(few.status() == XD_ERROR_SHAPE_MISMATCH, "one code for two outputs");
  const auto odd = failure_of([&] { return translator.generate(codes, std::vector<float>(3), means); });
  require(odd.status() == XD_ERROR_SHAPE_MISMATCH, "three numbers are no noise");
}

void failures_say_why() {
  xdomain::context context = make_context();
  const auto absent = failure_of([&] { return xdomain::model::load(context, "no-such.xdm"); });
  require(absent.status() == XD_ERROR_NOT_FOUND && std::strstr(absent.what(), "no-such.xdm"),
          "an absent model");
  xd_context_options wrong = XD_CONTEXT_OPTIONS_INIT;
  wrong.backend = "abacus";
  const auto backend = failure_of([&] { return xdomain::context::create(&wrong); });
  require(backend.status() == XD_ERROR_NOT_FOUND && std::strstr(backend.what(), "abacus"),
          "an unknown backend");
  xdomain::options options = take(xdomain::options::create(context, "train"));
  const auto name = failure_of([&] { return options.set("stepps", 5); });
  require(name.status() == XD_ERROR_NOT_FOUND && std::strstr(name.what(), "stepps"), "an unknown option");
}

void objects_die_in_any_order() {
  auto context = std::make_unique<xdomain::context>(make_context());
  auto model = std::make_unique<xdomain::model>(take(xdomain::model::load(*context, model_path)));
  xdomain::translator translator = take(xdomain::translator::create(*context, *model));
  xdomain::picture picture = take(xdomain::picture::load(*context, picture_path));
  model.reset();
  context.reset();
  bytes result(side * side);
  DO(translator.run(xdomain::image(result.data(), side, side, XD_LAYOUT_GREY), picture.view()));
  require(result == translated_by_c(0, XD_DIRECTION_1TO2), "the translator kept what it needs");
  xdomain::translator moved = std::move(translator);
  require(moved.get() && !translator.get(), "a translator moves");
}

xdomain::dataset small_set(const xdomain::context &context) {
  const uint32_t count = 16;
  bytes pixels(count * 8 * 8);
  std::vector<uint32_t> labels(count);
  for (size_t i = 0; i < pixels.size(); i++)
    pixels[i] = uint8_t(i * 37 % 251);
  for (uint32_t i = 0; i < count; i++)
    labels[i] = i % 2;
  return take(xdomain::make<xdomain::dataset>(context, xd_dataset_create, pixels.data(), labels.data(), count,
                                              8u, 8u, 1u));
}

void trainings_call_back() {
  xdomain::context context = make_context();
  const xdomain::dataset set = small_set(context);
  xdomain::pairing pairing = take(xdomain::make<xdomain::pairing>(context, xd_pairing_create, "0:0,1:1"));
  xdomain::options options = take(xdomain::options::create(context, "train"));
  DO(options.read("vae.epochs=2 vae.batch=8 vae.latent_dim=2 base_channels=2 hidden1=4 hidden_width=4"));
  DO(options.set("mapping.augment", 0));
  DO(options.set("steps", 3));
  DO(options.set("mapping.batch", "8"));
  xd_train_input input = XD_TRAIN_INPUT_INIT;
  input.set[0] = input.set[1] = set.get();
  input.pairing = pairing.get();

  uint32_t calls = 0, previews = 0;
  const auto count_them = [&](const xd_progress &progress) {
    calls++;
    if (progress.model) {
      const xdomain::model seen(xd_model_retain(progress.model)), copy = seen;
      previews += copy.latent_dim(2) == 2;
    }
    return progress.overall <= 1;
  };
  xdomain::values report = take(xdomain::values::create(context));
  xdomain::model model = take(xdomain::train(context, input, options, count_them, nullptr, &report));
  require(calls > 8 && previews > 0 && model.latent_dim(1) == 2 && report.find("vae1.elbo") &&
              !report.find("nothing"),
          "a training");
  xdomain::model again = take(xdomain::train(context, input, options, count_them, &model));
  require(again.shape(2).width == 8, "a mapping on that model");

  const auto stop = [](const xd_progress &) { return false; };
  const auto stopped = failure_of([&] { return xdomain::train(context, input, options, stop); });
  require(stopped.status() == XD_ERROR_CANCELLED, "a callback that stops");
#if XDOMAIN_THROWS
  const auto throwing = [](const xd_progress &) -> bool { throw std::runtime_error("enough"); };
  std::string thrown;
  try {
    xdomain::train(context, input, options, throwing);
  } catch (const std::runtime_error &failure) {
    thrown = failure.what();
  }
  require(thrown == "enough", "what a callback throws comes out of the training");
#endif
}

/* A VAE alone, a generator on it, and what it draws. */
void generators_draw_by_class() {
  xdomain::context context = make_context();
  const xdomain::dataset set = small_set(context);
  xdomain::options options = take(xdomain::options::create(context, "vae"));
  DO(options.read("epochs=2 min_steps=0 batch=8 latent_dim=2 base_channels=2 hidden1=4"));
  xd_encoder *made_encoder = nullptr;
  xd_decoder *made_decoder = nullptr;
  DO(xdomain::check(context, xd_train_vae(&made_encoder, &made_decoder, context.get(), nullptr, set.get(),
                                          nullptr, options.get())));
  xdomain::encoder encoder(made_encoder), other(encoder);
  const xdomain::decoder decoder(made_decoder);
  other = encoder;
  encoder = std::move(other);

  xd_generator_input input = XD_GENERATOR_INPUT_INIT;
  input.encoder = encoder.get();
  input.decoder = decoder.get();
  input.set = set.get();
  xdomain::options drawing = take(xdomain::options::create(context, "mapping"));
  DO(drawing.read("steps=4 hidden_width=16 batch=8"));
  const auto go_on = [](const xd_progress &progress) { return progress.step <= progress.steps; };
  const xdomain::model model = take(xdomain::train_generator(context, input, drawing, go_on));
  require(model.latent_dim(2) == 2 && !xd_model_encoder(model.get(), 1), "a generator from labels");

  uint32_t heard = 0;
  xd_translator_options hearing = XD_TRANSLATOR_OPTIONS_INIT;
  hearing.user = &heard;
  hearing.callback = [](void *user, const xd_progress *progress) {
    *static_cast<uint32_t *>(user) += progress->stage == XD_STAGE_TRANSLATION;
    return 0;
  };
  xdomain::translator translator = take(xdomain::translator::create(context, model, &hearing));
  const float conditions[] = {1, 0, 0, 1};
  std::array<float, 4> codes{};
  std::array<bytes, 2> results{bytes(64), bytes(64)};
  std::array<xdomain::image, 2> outputs;
  for (size_t i = 0; i < 2; i++)
    outputs[i] = xdomain::image(results[i].data(), 8, 8, XD_LAYOUT_GREY);
  DO(translator.generate(codes, {}, conditions));
  DO(translator.decode(outputs, codes));
  require(results[0] != results[1] && heard == 2, "a picture of each class");
}

} // namespace

int main() {
  two_threads_share_a_model();
  views_fit_what_programs_have();
  steps_make_a_translation();
  failures_say_why();
  objects_die_in_any_order();
  trainings_call_back();
  generators_draw_by_class();
  return 0;
}
