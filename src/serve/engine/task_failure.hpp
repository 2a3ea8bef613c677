// What an exception means to a client.
#pragma once

#include <exception>

#include "serve/engine/task.hpp"

namespace blip::serve {

/// Of reading a picture.
[[nodiscard]] TaskFailure failure_of_picture(const std::exception_ptr& error);
/// Of everything that comes after.
[[nodiscard]] TaskFailure failure_of_model(const std::exception_ptr& error);

/// Of a task whose model lost its file's content meanwhile.
[[nodiscard]] TaskFailure file_was_cut();

}  // namespace blip::serve
