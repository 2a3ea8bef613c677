// The boundary between C and C++: nothing is thrown across it, and structs of any age are read.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <exception>
#include <new>
#include <string>

#include "blip.h"
#include "blip/error.hpp"

namespace blip::c {

/// Sets `*error` if the caller wants it. Returns `status`.
blip_status fail(blip_error** error, blip_status status, const std::string& message) noexcept;

/// What is being thrown, as a status and a message.
blip_status fail_with_current_exception(blip_error** error) noexcept;

/// Runs `function`, and turns what it throws into an error.
template <typename Function>
blip_status guarded(blip_error** error, const Function& function) noexcept {
  try {
    function();
    return BLIP_OK;
  } catch (...) {
    return fail_with_current_exception(error);
  }
}

/// Throws invalid_argument for NULL.
template <typename T>
T& required(T* pointer, const char* name) {
  if (pointer == nullptr) {
    throw Error(ErrorCode::invalid_argument, std::string(name) + " is NULL");
  }
  return *pointer;
}

/// Text that a caller gave. Throws invalid_argument for NULL.
std::string required_text(const char* text, const char* name);

/// A caller's options over the defaults: the fields that its header knew of. Throws
/// invalid_argument for a size that is not set: zero, or less than its own field takes.
template <typename Options>
Options known_fields(const Options* given, Options defaults) {
  if (given == nullptr) return defaults;
  // The first version is as large as up to its last field. A newer caller's fields that are not
  // known here are left out.
  if (given->struct_size < sizeof(std::size_t)) {
    throw Error(ErrorCode::invalid_argument,
                "struct_size of the options is not set; start from their _default()");
  }
  const std::size_t known = std::min(given->struct_size, sizeof(Options));
  std::memcpy(static_cast<void*>(&defaults), given, known);
  defaults.struct_size = sizeof(Options);
  return defaults;
}

}  // namespace blip::c
