// Requests of the native API: the same fields in a JSON body, in the parts of a form, or in the
// query of a request whose body is the picture.
#pragma once

#include <nlohmann/json.hpp>
#include <vector>

#include "blip/generation.hpp"
#include "core/json_fields.hpp"
#include "serve/engine/task.hpp"
#include "serve/http/message.hpp"

namespace blip::serve {

struct NativeRequest {
  nlohmann::json fields = nlohmann::json::object();  ///< of the types that a JSON body has
  std::vector<Picture> pictures = {};                ///< `image`, then `images`
};

/// Throws blip::Error for what cannot be read.
NativeRequest read_native_request(const HttpRequest& request);

/// Whether the body is of a type that read_native_request knows; else the status is 415.
bool is_native_content(const HttpRequest& request);

/// The generation fields, which have transformers' names.
GenerationOptions native_generation(const JsonFields& fields);

}  // namespace blip::serve
