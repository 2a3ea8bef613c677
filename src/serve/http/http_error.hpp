// HttpError: a request that cannot be answered as asked, with the status that says why.
#pragma once

#include <stdexcept>
#include <string>

namespace blip::serve {

class HttpError : public std::runtime_error {
 public:
  HttpError(int status, const std::string& message)
      : std::runtime_error(message), status_(status) {}
  [[nodiscard]] int status() const noexcept { return status_; }

 private:
  int status_;
};

}  // namespace blip::serve
