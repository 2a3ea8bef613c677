// The small random models of tests/tasks/data, with the example photos as they take them.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "blip/blip.hpp"
#include "golden_values.hpp"

namespace blip {

/// `Model` is the class, `name` its directory and its part of expected.json.
template <typename Model>
class SmallModel {
 public:
  explicit SmallModel(const std::string& name)
      : golden(read_golden("expected.json").at(name)),
        processor(BlipProcessor::from_pretrained(directory(name))),
        model(Model::from_pretrained(directory(name))) {
    for (const auto& photo : golden.at("photos")) {
      const std::string path = BLIP_SOURCE_DIR "/examples/photos/" + photo.get<std::string>();
      const BlipInputs inputs = processor(Image::open(path));
      images.push_back(model.encode_images(inputs.pixel_values, context).front());
    }
  }

  [[nodiscard]] std::vector<TokenId> encode(const std::string& text) const {
    return processor.tokenizer().encode(text);
  }

  static std::string directory(const std::string& name) { return BLIP_TEST_DATA "/" + name; }

  nlohmann::json golden;
  BlipProcessor processor;
  Model model;
  Context context{{.num_threads = 2}};
  std::vector<EncodedImage> images;
};

inline TextStyle style_of(const nlohmann::json& entry) {
  return entry.at("style") == "hf" ? TextStyle::hf : TextStyle::original;
}

}  // namespace blip
