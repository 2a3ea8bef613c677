#include "boundary.hpp"

#include <memory>
#include <string_view>

#include "blip/version.hpp"
#include "handles.hpp"

namespace blip::c {
namespace {

blip_status status_of(ErrorCode code) noexcept {
  switch (code) {
    case ErrorCode::not_found:
      return BLIP_ERROR_NOT_FOUND;
    case ErrorCode::unreadable:
      return BLIP_ERROR_UNREADABLE;
    case ErrorCode::malformed:
      return BLIP_ERROR_MALFORMED;
    case ErrorCode::unsupported:
      return BLIP_ERROR_UNSUPPORTED;
    case ErrorCode::missing_tensor:
      return BLIP_ERROR_MISSING_TENSOR;
    case ErrorCode::shape_mismatch:
      return BLIP_ERROR_SHAPE_MISMATCH;
    case ErrorCode::limit_exceeded:
      return BLIP_ERROR_LIMIT_EXCEEDED;
    case ErrorCode::invalid_argument:
      return BLIP_ERROR_INVALID_ARGUMENT;
    case ErrorCode::cancelled:
      return BLIP_ERROR_CANCELLED;
    case ErrorCode::network:
      return BLIP_ERROR_NETWORK;
  }
  return BLIP_ERROR_INTERNAL;
}

// Where there is no memory for an error either.
blip_error out_of_memory() {
  return {.status = BLIP_ERROR_OUT_OF_MEMORY, .message = "not enough memory"};
}

blip_error& error_without_memory() {
  static blip_error error = out_of_memory();
  return error;
}

// Made when the library is loaded, while there is memory.
[[maybe_unused]] const blip_error& made_early = error_without_memory();

}  // namespace

blip_status fail(blip_error** error, blip_status status, const std::string& message) noexcept {
  if (error != nullptr) {
    try {
      *error = std::make_unique<blip_error>(status, message).release();
    } catch (...) {
      *error = &error_without_memory();
    }
  }
  return status;
}

blip_status fail_with_current_exception(blip_error** error) noexcept {
  try {
    try {
      throw;
    } catch (const Error& failure) {
      return fail(error, status_of(failure.code()), failure.what());
    } catch (const std::bad_alloc&) {
      if (error != nullptr) *error = &error_without_memory();
      return BLIP_ERROR_OUT_OF_MEMORY;
    } catch (const std::exception& failure) {
      return fail(error, BLIP_ERROR_INTERNAL, failure.what());
    }
  } catch (...) {
    if (error != nullptr) *error = &error_without_memory();
    return BLIP_ERROR_INTERNAL;
  }
}

std::string required_text(const char* text, const char* name) {
  return std::string(&required(text, name));
}

}  // namespace blip::c

const char* blip_version(void) {
  return blip::version().data();
}

int32_t blip_c_api_version(void) {
  return BLIP_C_API_VERSION;
}

blip_status blip_error_status(const blip_error* error) {
  return error == nullptr ? BLIP_OK : error->status;
}

const char* blip_error_message(const blip_error* error) {
  return error == nullptr ? "" : error->message.c_str();
}

void blip_error_free(blip_error* error) {
  if (error == &blip::c::error_without_memory()) return;
  const std::unique_ptr<blip_error> owner(error);
}
