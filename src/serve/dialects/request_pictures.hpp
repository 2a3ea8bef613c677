// The pictures of a request: in JSON as base64, data URLs or addresses, or the body itself.
#pragma once

#include <cstddef>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "serve/engine/task.hpp"
#include "serve/http/message.hpp"

namespace blip::serve {

inline constexpr std::size_t kMaxPictures = 16;  ///< in one request

/// A text as picture_of_text() takes it, or {"url": text} as OpenAI's clients write it. Throws
/// invalid_argument with `field` in the message.
Picture picture_of_json(const nlohmann::json& value, const std::string& field);

/// One of them, or a list of up to kMaxPictures; none if the value is null (a null pointer) or an
/// empty list.
std::vector<Picture> pictures_of_json(const nlohmann::json* value, const std::string& field);

/// Throws limit_exceeded if there are more than kMaxPictures.
void check_number_of_pictures(std::size_t count);

/// The body as it is, not copied. Throws invalid_argument if it is empty.
Picture picture_of_body(const HttpRequest& request);

}  // namespace blip::serve
