// blip::Error: the one exception type this library throws.
//
// The library never prints, aborts or calls exit. Every failure with a file, a model, an image or
// an argument is thrown as this type. Its message is one line that names the file (or tensor, or
// option) and the cause.
#pragma once

#include <stdexcept>
#include <string>

namespace blip {

enum class ErrorCode {
  not_found,         ///< a file, a directory or a model that does not exist
  unreadable,        ///< it exists, but the system refuses to open, map or read it
  malformed,         ///< its bytes are not what its format promises
  unsupported,       ///< well formed, but a feature this library does not have
  missing_tensor,    ///< the checkpoint lacks a tensor that the architecture needs
  shape_mismatch,    ///< a tensor's shape contradicts the configuration
  limit_exceeded,    ///< larger than a documented limit (pixels, header bytes, tokens)
  invalid_argument,  ///< the caller's option or argument is out of range
  cancelled,         ///< the caller asked to stop
  network,           ///< a server that cannot be reached, refuses, or breaks off
};

/// Thrown for every failure. `what()` is a single line without a trailing newline.
class Error : public std::runtime_error {
 public:
  Error(ErrorCode code, const std::string& message) : std::runtime_error(message), code_(code) {}
  [[nodiscard]] ErrorCode code() const noexcept { return code_; }

 private:
  ErrorCode code_;
};

}  // namespace blip
