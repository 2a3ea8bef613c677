#include "probe_request.hpp"

#include <cstdio>
#include <exception>
#include <fstream>
#include <stdexcept>

namespace blip::probe {
using nlohmann::json;

json read_request(const std::string& path) {
  std::ifstream file(path);
  return json::parse(file);
}

void write_floats(const std::string& path, const std::vector<float>& values) {
  std::ofstream file(path, std::ios::binary);
  file.write(reinterpret_cast<const char*>(values.data()),
             static_cast<std::streamsize>(values.size() * sizeof(float)));
  if (!file) throw std::runtime_error(path + ": cannot write");
}

WeightType weight_type(const std::string& name) {
  if (name == "f32") return WeightType::f32;
  if (name == "f16") return WeightType::f16;
  if (name == "bf16") return WeightType::bf16;
  if (name == "i8") return WeightType::i8;
  return WeightType::stored;
}

BlipProcessor processor_of(const std::string& model, int image_size) {
  const auto own = BlipProcessor::from_pretrained(model);
  BlipImageProcessorConfig config = own.image_processor();
  if (image_size > 0) config.height = config.width = image_size;
  return {config, own.tokenizer()};
}

std::vector<Image> open_images(const json& paths) {
  std::vector<Image> images;
  for (const json& path : paths) images.push_back(Image::open(path.get<std::string>()));
  return images;
}

Tensor select(const Tensor& all, const std::vector<std::size_t>& indices) {
  const std::size_t stride = all.data.size() / static_cast<std::size_t>(all.shape[0]);
  Tensor result{all.shape, {}};
  result.shape[0] = static_cast<std::int64_t>(indices.size());
  for (const std::size_t index : indices) {
    const auto first = all.data.begin() + static_cast<std::ptrdiff_t>(index * stride);
    result.data.insert(result.data.end(), first, first + static_cast<std::ptrdiff_t>(stride));
  }
  return result;
}

int run_probe(int argc, char** argv, const char* name, void (*probe)(const json&)) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: %s REQUEST.json\n", name);
    return 2;
  }
  try {
    probe(read_request(argv[1]));
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s: %s\n", name, error.what());
    return 1;
  }
}

}  // namespace blip::probe
