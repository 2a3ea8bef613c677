#include "serve/dialects/request_pictures.hpp"

#include "blip/error.hpp"
#include "core/json_fields.hpp"
#include "serve/dialects/base64.hpp"

namespace blip::serve {

Picture picture_of_json(const nlohmann::json& value, const std::string& field) {
  if (value.is_object()) {
    const auto url = value.find("url");
    if (url != value.end() && url->is_string()) {
      return picture_of_text(url->get_ref<const std::string&>(), field);
    }
  }
  if (!value.is_string()) {
    throw Error(ErrorCode::invalid_argument,
                field + ": must be an image in base64, not " + describe(value));
  }
  return picture_of_text(value.get_ref<const std::string&>(), field);
}

std::vector<Picture> pictures_of_json(const nlohmann::json* value, const std::string& field) {
  std::vector<Picture> pictures;
  if (value == nullptr || value->is_null()) return pictures;
  if (!value->is_array()) {
    pictures.push_back(picture_of_json(*value, field));
    return pictures;
  }
  check_number_of_pictures(value->size());
  for (std::size_t i = 0; i < value->size(); ++i) {
    pictures.push_back(picture_of_json((*value)[i], field + '[' + std::to_string(i) + ']'));
  }
  return pictures;
}

void check_number_of_pictures(std::size_t count) {
  if (count > kMaxPictures) {
    throw Error(ErrorCode::limit_exceeded, "a request may have " + std::to_string(kMaxPictures) +
                                               " images, this one has " + std::to_string(count));
  }
}

Picture picture_of_body(const HttpRequest& request) {
  if (request.body->empty()) {
    throw Error(ErrorCode::invalid_argument, "no image: the body is empty");
  }
  return PictureBytes{.owner = request.body, .bytes = *request.body};
}

}  // namespace blip::serve
