/* libxdomain for C++17: the C interface in classes that own what they hold.
 *
 *   auto context = xdomain::context::create();
 *   auto translator = xdomain::translator::load(context, "digits.xdm");
 *   std::vector<uint8_t> result(28 * 28);
 *   translator.run(xdomain::image(result.data(), 28, 28, XD_LAYOUT_GREY),
 *                  xdomain::image(pixels, 28, 28, XD_LAYOUT_GREY));
 *
 * Failures. What can fail gives a result<T>. With exceptions that is T itself, and a failure throws
 * an xdomain::error. Without them (-fno-exceptions) it is an expected-like class:
 *
 *   auto translator = xdomain::translator::load(*context, "digits.xdm");
 *   if (!translator) return report(translator.failure().what());
 *
 * Ownership. Objects that belong to a context keep it alive, so all go in any order. Copies of a
 * context, model, dataset and the like are further owners of the same one; other objects move only.
 * get() gives the C handle. What has no words here is made and called as in C:
 *
 *   auto set = xdomain::make<xdomain::dataset>(context, xd_dataset_load_folder, "cats", nullptr);
 *   xdomain::check(context, xd_judge_save(judge.get(), context.get(), "judge.xdc"));
 *
 * Threads are as the C headers say. What a training's callback throws passes through to its caller.
 * All is inline over C; memory beside its is a context's count of owners and errors' words. */
#ifndef XDOMAIN_XDOMAIN_HPP
#define XDOMAIN_XDOMAIN_HPP

#include <cstddef>
#include <cstdint>
#include <exception>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>

#include "xdomain.h"

/* Sources of both kinds can be parts of one program. */
#if defined(__cpp_exceptions)
#define XDOMAIN_THROWS 1
#define XDOMAIN_NAMESPACE throwing
#else
#define XDOMAIN_THROWS 0
#define XDOMAIN_NAMESPACE returning
#endif

namespace xdomain {
inline namespace XDOMAIN_NAMESPACE {

/* A status other than XD_OK, and the sentence behind it. */
class error : public std::exception {
public:
  error(xd_status status, const char *message)
      : status_(status), message_(message && *message ? message : xd_status_text(status)) {}
  xd_status status() const noexcept { return status_; }
  const char *what() const noexcept override { return message_.c_str(); }

private:
  xd_status status_;
  std::string message_;
};

#if XDOMAIN_THROWS
template <class T> using result = T;
#else
/* A value, or why there is none. The value may be asked for only where there is one. */
template <class T> class [[nodiscard]] result {
  using value = std::conditional_t<std::is_void_v<T>, std::monostate, T>;

public:
  result(value given = {}) : held_(std::in_place_index<0>, std::move(given)) {}
  result(error failure) : held_(std::in_place_index<1>, std::move(failure)) {}
  explicit operator bool() const noexcept { return held_.index() == 0; }
  value &operator*() noexcept { return *std::get_if<0>(&held_); }
  value *operator->() noexcept { return std::get_if<0>(&held_); }
  const error &failure() const noexcept { return *std::get_if<1>(&held_); }

private:
  std::variant<value, error> held_;
};
#endif

/* Elements that lie one after another in memory of someone else's, as std::span shows them: from a
 * pointer and a count, or from whatever std::data and std::size know. */
template <class T> class view {
public:
  constexpr view() noexcept = default;
  constexpr view(T *data, size_t size) noexcept : data_(data), size_(size) {}
  template <class C, class E = std::remove_pointer_t<decltype(std::data(std::declval<C &>()))>,
            class = std::enable_if_t<std::is_convertible_v<E (*)[], T (*)[]>>>
  constexpr view(C &&from) noexcept : data_(std::data(from)), size_(std::size(from)) {}
  constexpr T *data() const noexcept { return data_; }
  constexpr size_t size() const noexcept { return size_; }
  constexpr T *begin() const noexcept { return data_; }
  constexpr T *end() const noexcept { return data_ + size_; }

private:
  T *data_ = nullptr;
  size_t size_ = 0;
};

inline size_t size_of(const xd_shape &one) noexcept {
  return size_t(one.width) * one.height * one.channels;
}
/* What ask(arguments..., &shape) tells. */
template <class Ask, class... Arguments>
xd_shape shape_of(Ask ask, Arguments... arguments) noexcept {
  xd_shape shape;
  ask(arguments..., &shape);
  return shape;
}

/* An xd_image: interleaved pixels in tight rows, whose further fields may be set by hand. Of const
 * pixels it must serve as input alone, which nothing checks: a view has one kind of pointer. */
struct image : xd_image {
  image() noexcept : xd_image XD_IMAGE_INIT {}
  image(const xd_image &other) noexcept : xd_image(other) {}
  /* Samples are uint8_t, uint16_t or float. */
  template <class S>
  image(const S *samples, uint32_t columns, uint32_t rows, xd_layout order) noexcept {
    constexpr xd_sample kinds[] = {0, XD_SAMPLE_U8, XD_SAMPLE_U16, 0, XD_SAMPLE_F32};
    static_assert(std::is_same_v<S, float> || (std::is_unsigned_v<S> && sizeof(S) <= 2));
    xd_image_init(this, sizeof(xd_image), const_cast<S *>(samples), columns, rows, kinds[sizeof(S)],
                  order);
  }
};
static_assert(sizeof(image) == sizeof(xd_image), "arrays of them are passed on");

/* What one object owns: it can be moved. */
template <class T, void (*destroy)(T *)> class owned {
public:
  using made = std::remove_const_t<T>;
  explicit owned(T *adopted) noexcept : pointer_(adopted) {}
  T *get() const noexcept { return pointer_.get(); }

private:
  std::unique_ptr<T, std::integral_constant<void (*)(T *), destroy>> pointer_;
};

/* What may have several owners: copies are further ones. */
template <class T, T *(*retain)(const T *), void (*release)(const T *)>
struct counted : owned<const T, release> {
  using owned<const T, release>::owned;
  counted(counted &&) noexcept = default;
  counted(const counted &other) noexcept : owned<const T, release>(retain(other.get())) {}
  counted &operator=(counted &&) noexcept = default;
  counted &operator=(const counted &other) noexcept { return *this = counted(other); }
};

using encoder = counted<xd_encoder, xd_encoder_retain, xd_encoder_release>;
using decoder = counted<xd_decoder, xd_decoder_retain, xd_decoder_release>;
using dataset = counted<xd_dataset, xd_dataset_retain, xd_dataset_release>;
using pairing = counted<xd_pairing, xd_pairing_retain, xd_pairing_release>;
using judge = counted<xd_judge, xd_judge_retain, xd_judge_release>;
using pool = counted<xd_pool, xd_pool_retain, xd_pool_release>;

template <class T> result<T> fail(xd_status status, const char *message) {
#if XDOMAIN_THROWS
  throw error(status, message);
#else
  return error(status, message);
#endif
}

class context {
public:
  static result<context> create(const xd_context_options *options = nullptr) {
    char message[512] = "";
    xd_context_options told = options ? *options : xd_context_options XD_CONTEXT_OPTIONS_INIT;
    if (!told.message)
      told.message = message, told.message_size = sizeof message;
    xd_context *out = nullptr;
    const xd_status status = xd_context_create(&out, &told);
    return status == XD_OK ? result<context>(context(out)) : fail<context>(status, told.message);
  }
  xd_context *get() const noexcept { return pointer_.get(); }
  const char *message() const noexcept { return xd_context_message(get()); }
  std::string_view backend() const noexcept { return xd_context_backend_name(get()); }
  uint32_t threads() const noexcept { return xd_context_threads(get()); }
  /* From any thread, and from a signal handler. */
  void cancel() const noexcept { xd_context_cancel(get()); }
  void clear_cancel() const noexcept { xd_context_clear_cancel(get()); }

private:
  explicit context(xd_context *adopted) : pointer_(adopted, xd_context_destroy) {}
  std::shared_ptr<xd_context> pointer_;
};

/* What a status of this context's calls means. */
inline result<void> check(const context &on, xd_status status) {
  return status == XD_OK ? result<void>() : fail<void>(status, on.message());
}

/* What create(&out, context, arguments...) makes. */
template <class T, class Create, class... Arguments>
result<T> make(const context &on, Create create, Arguments... arguments) {
  typename T::made *out = nullptr;
  const xd_status status = create(&out, on.get(), arguments...);
  if (status != XD_OK)
    return fail<T>(status, on.message());
  if constexpr (std::is_constructible_v<T, const context &, typename T::made *>)
    return T(on, out);
  else
    return T(out);
}

class options : public owned<xd_options, xd_options_destroy> {
public:
  options(context on, xd_options *adopted) : owned(adopted), context_(std::move(on)) {}
  static result<options> create(const context &on, const char *group) {
    return make<options>(on, xd_options_create, group);
  }
  template <class Number, class = std::enable_if_t<std::is_convertible_v<Number, double>>>
  result<void> set(const char *name, Number number) {
    return check(context_, xd_options_set_number(get(), context_.get(), name, double(number)));
  }
  result<void> set(const char *name, const char *text) {
    return check(context_, xd_options_set_text(get(), context_.get(), name, text));
  }
  result<void> read(const char *text) { /* assignments, "steps = 4000 seed = 7" */
    return check(context_, xd_options_read(get(), context_.get(), text));
  }
  result<void> apply_preset(const char *name) {
    return check(context_, xd_options_apply_preset(get(), context_.get(), name));
  }

private:
  context context_;
};

class values : public owned<xd_values, xd_values_destroy> {
public:
  using owned::owned;
  static result<values> create(const context &on) { return make<values>(on, xd_values_create); }
  uint32_t size() const noexcept { return xd_values_count(get()); }
  const char *name(uint32_t index) const noexcept { return xd_values_name(get(), index); }
  double number(uint32_t index) const noexcept { return xd_values_number(get(), index); }
  std::optional<double> find(const char *name) const noexcept {
    double found = 0;
    const bool there = xd_values_find(get(), &found, name) == XD_OK;
    return there ? std::optional(found) : std::nullopt;
  }
};

/* Pixels that the library owns; view() shows them. */
class picture : public owned<xd_picture, xd_picture_destroy> {
public:
  using owned::owned;
  static result<picture> load(const context &on, const char *path) {
    return make<picture>(on, xd_picture_load, path);
  }
  image view() const noexcept {
    image shown;
    xd_picture_view(get(), &shown);
    return shown;
  }
};

class model : public counted<xd_model, xd_model_retain, xd_model_release> {
public:
  using counted::counted;
  static result<model> load(const context &on, const char *path) {
    return make<model>(on, xd_model_load, path);
  }
  result<void> save(const context &on, const char *path,
                    const xd_save_options *options = nullptr) const {
    return check(on, xd_model_save(get(), on.get(), path, options));
  }
  xd_shape shape(uint32_t domain) const noexcept {
    return shape_of(xd_model_picture_shape, get(), domain);
  }
  uint32_t latent_dim(uint32_t domain) const noexcept { return xd_model_latent_dim(get(), domain); }
};

class translator : public owned<xd_translator, xd_translator_destroy> {
public:
  translator(context on, xd_translator *adopted) : owned(adopted), context_(std::move(on)) {}
  static result<translator> create(const context &on, const model &of,
                                   const xd_translator_options *options = nullptr) {
    return make<translator>(on, xd_translator_create, of.get(), options);
  }
  static result<translator> load(const context &on, const char *path,
                                 const xd_translator_options *options = nullptr) {
    return make<translator>(on, xd_translator_load, path, options);
  }
  result<void> set_noise(uint64_t seed, uint64_t first = 0, float temperature = 1) {
    return check(context_, xd_translator_set_noise(get(), seed, first, temperature));
  }
  result<void> run(view<const image> outputs, view<const image> inputs) {
    return call(inputs.size(), outputs.size() == inputs.size(), xd_translator_run, outputs.data(),
                nullptr, inputs.data());
  }
  result<void> run(const image &output, const image &input) {
    return run(view(&output, 1), view(&input, 1));
  }
  /* [count][height][width][channels] in 0..1. */
  result<void> run_floats(view<float> outputs, view<const float> inputs) {
    const size_t from = size_of(input_shape()), count = from ? inputs.size() / from : 0;
    return call(count,
                inputs.size() == count * from && outputs.size() == count * size_of(output_shape()),
                xd_translator_run_floats, outputs.data(), nullptr, inputs.data());
  }
  /* The three steps. Codes are rows, [count][source_dim()] of inputs and [count][target_dim()] of
   * outputs; noise is as these, and the translator's own where it is empty. */
  result<void> encode(view<float> codes, view<const image> inputs) {
    return call(inputs.size(), codes.size() == inputs.size() * source_dim(), xd_translator_encode,
                codes.data(), inputs.data());
  }
  result<void> generate(view<float> codes, view<const float> noise,
                        view<const float> source_codes) {
    const size_t from = source_dim(), count = from ? source_codes.size() / from : 0;
    const bool fits = source_codes.size() == count * from && codes.size() == count * target_dim() &&
                      (!noise.size() || noise.size() == codes.size());
    return call(count, fits, xd_translator_generate, codes.data(),
                noise.size() ? noise.data() : nullptr, source_codes.data());
  }
  result<void> decode(view<const image> outputs, view<const float> codes) {
    return call(outputs.size(), codes.size() == outputs.size() * target_dim(), xd_translator_decode,
                outputs.data(), codes.data());
  }
  uint32_t source_dim() const noexcept { return xd_translator_source_dim(get()); }
  uint32_t target_dim() const noexcept { return xd_translator_target_dim(get()); }
  xd_shape input_shape() const noexcept { return shape_of(xd_translator_input_shape, get()); }
  xd_shape output_shape() const noexcept { return shape_of(xd_translator_output_shape, get()); }

private:
  /* A function of C's on so many pictures or codes, if all views hold as many. */
  template <class Function, class... Arguments>
  result<void> call(size_t count, bool fits, Function function, Arguments... arguments) {
    if (!fits || count > UINT32_MAX)
      return fail<void>(XD_ERROR_SHAPE_MISMATCH, "as many outputs as inputs are needed");
    return check(context_, function(get(), arguments..., uint32_t(count)));
  }
  context context_;
};

/* The callback of a training by a callable: false stops it, an exception waits for its end. */
template <class F> struct progress_hook {
  F &callable;
  std::exception_ptr thrown;

  static int call(void *user, const xd_progress *progress) {
    progress_hook &self = *static_cast<progress_hook *>(user);
#if XDOMAIN_THROWS
    try {
      return self.callable(*progress) ? 0 : 1;
    } catch (...) {
      self.thrown = std::current_exception();
      return 1;
    }
#else
    return self.callable(*progress) ? 0 : 1;
#endif
  }
};

/* A call of a training with the hook in its run, and what came of it. */
template <class F, class Call>
result<model> hooked(const context &on, xd_run run, F &progress, values *report, Call call) {
  progress_hook<F> hook{progress, nullptr};
  run.callback = progress_hook<F>::call;
  run.user = &hook;
  xd_model *out = nullptr;
  const xd_status status = call(&out, report ? report->get() : nullptr, &run);
  if (hook.thrown)
    std::rethrow_exception(hook.thrown);
  return status == XD_OK ? result<model>(model(out)) : fail<model>(status, on.message());
}

/* xd_train or, from a model, xd_map, calling progress(const xd_progress &) after each step.
 * Models, options and reports are as in C; `from` and `report` may be NULL. A run says where
 * checkpoints go; its callback is not called. */
template <class F>
result<model> train(const context &on, const xd_train_input &input, const options &with, F progress,
                    const model *from = nullptr, values *report = nullptr,
                    const xd_run &run = XD_RUN_INIT) {
  return hooked(on, run, progress, report, [&](auto out, auto told, auto hook) {
    return from ? xd_map(out, on.get(), told, from->get(), &input, hook, with.get())
                : xd_train(out, on.get(), told, &input, hook, with.get());
  });
}

/* xd_train_generator, likewise. */
template <class F>
result<model> train_generator(const context &on, const xd_generator_input &input,
                              const options &with, F progress, values *report = nullptr,
                              const xd_run &run = XD_RUN_INIT) {
  return hooked(on, run, progress, report, [&](auto out, auto told, auto hook) {
    return xd_train_generator(out, on.get(), told, &input, hook, with.get());
  });
}

} // namespace XDOMAIN_NAMESPACE
} // namespace xdomain

#endif
