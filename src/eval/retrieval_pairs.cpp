#include "eval/retrieval_pairs.hpp"

#include <limits>

#include "blip/error.hpp"
#include "core/json_fields.hpp"
#include "core/json_text.hpp"

namespace blip::eval {
namespace {

using nlohmann::json;

constexpr std::size_t kNone = std::numeric_limits<std::size_t>::max();

class PairParser {
 public:
  explicit PairParser(const std::string& name) : name_(name) {}

  std::vector<std::size_t> by_text(const json& list) const {
    std::vector<std::size_t> image_of_text;
    for (const json& image : list) image_of_text.push_back(number(image));
    return image_of_text;
  }

  std::vector<std::size_t> by_image(const json& lists) const {
    std::size_t num_texts = 0;
    for (const json& texts : lists) {
      if (!texts.is_array()) fail("an image has " + describe(texts) + " for a list of texts");
      num_texts += texts.size();
    }
    std::vector<std::size_t> image_of_text(num_texts, kNone);
    for (std::size_t image = 0; image < lists.size(); ++image) {
      for (const json& one : lists[image]) {
        const std::size_t text = number(one);
        // With as many places as numbers, one that is out of range leaves another place empty.
        if (text >= num_texts) {
          fail("text " + std::to_string(text) + " of " + std::to_string(num_texts) +
               ": texts count from 0, and each belongs to an image");
        }
        if (image_of_text[text] != kNone) {
          fail("text " + std::to_string(text) + " belongs to two images");
        }
        image_of_text[text] = image;
      }
    }
    return image_of_text;
  }

  [[noreturn]] void fail(const std::string& problem) const {
    throw Error(ErrorCode::malformed, name_ + ": " + problem);
  }

 private:
  [[nodiscard]] std::size_t number(const json& value) const {
    if (!value.is_number_unsigned()) fail("expected a number from 0, found " + describe(value));
    return value.get<std::size_t>();
  }

  std::string name_;
};

}  // namespace

std::vector<std::size_t> parse_image_of_text(std::string_view text, const std::string& name) {
  const PairParser parser(name);
  const json list = parse_json(text, name);
  if (!list.is_array() || list.empty())
    parser.fail("must be a list of images, or of lists of texts");
  return list.front().is_array() ? parser.by_image(list) : parser.by_text(list);
}

std::vector<std::size_t> images_in_order(std::size_t num_images, std::size_t texts_per_image) {
  std::vector<std::size_t> image_of_text;
  for (std::size_t image = 0; image < num_images; ++image) {
    image_of_text.insert(image_of_text.end(), texts_per_image, image);
  }
  return image_of_text;
}

}  // namespace blip::eval
