// A C++ program outside the tree: the headers are found, the library links and runs.
#include <cstring>
#include <iostream>
#include <memory>

#include <xdomain/xdomain.h>

int main() {
  xd_context_options options;
  xd_context_options_init(&options, sizeof options);
  options.backend = "reference";
  xd_context *created = nullptr;
  const xd_status status = xd_context_create(&created, &options);
  std::unique_ptr<xd_context, void (*)(xd_context *)> context(created, xd_context_destroy);
  if (status != XD_OK) {
    std::cerr << "xd_context_create: " << xd_status_name(status) << '\n';
    return 1;
  }
  std::cout << "C++: libxdomain " << xd_version_string() << ", backend "
            << xd_context_backend_name(context.get()) << '\n';
  return xd_version_number() == XD_VERSION_NUMBER && std::strcmp(xd_context_message(context.get()), "") == 0
             ? 0
             : 1;
}
