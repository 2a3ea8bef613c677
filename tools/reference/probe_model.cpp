// Runs a whole model on what parity_model.py asks for, and writes what it got.
//
//   probe_model REQUEST.json
//
// REQUEST: {"model": DIR, "weight_type": "stored", "threads": 2, "image_size": 0, "out": DIR,
//           "images": [PATH…], "texts": [[ID…]…],
//           "cases": [{"images": [INDEX…], "prompts": [TEXT…] | null, "options": {…}}…]}
// OUT: pixel_values.f32 [images, 3, H, W], features.f32 [images, N, E], logits_K.f32 [T, V] of text
//      K on image K % images, and sequences.json: per case, per row {"ids", "score", "text"}.
#include <algorithm>
#include <cstdio>
#include <exception>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "blip/blip.hpp"

namespace {

using nlohmann::json;

void write_floats(const std::string& path, const std::vector<float>& values) {
  std::ofstream file(path, std::ios::binary);
  file.write(reinterpret_cast<const char*>(values.data()),
             static_cast<std::streamsize>(values.size() * sizeof(float)));
  if (!file) throw std::runtime_error(path + ": cannot write");
}

template <typename T>
void set(const json& options, const char* name, std::optional<T>& out) {
  if (options.contains(name)) out = options.at(name).get<T>();
}

blip::GenerationOptions generation_options(const json& options) {
  blip::GenerationOptions result;
  set(options, "max_length", result.max_length);
  set(options, "max_new_tokens", result.max_new_tokens);
  set(options, "min_length", result.min_length);
  set(options, "min_new_tokens", result.min_new_tokens);
  set(options, "num_beams", result.num_beams);
  set(options, "length_penalty", result.length_penalty);
  set(options, "num_return_sequences", result.num_return_sequences);
  set(options, "repetition_penalty", result.repetition_penalty);
  set(options, "no_repeat_ngram_size", result.no_repeat_ngram_size);
  if (options.contains("early_stopping")) {
    const json& value = options.at("early_stopping");
    result.early_stopping = value.is_string()   ? blip::EarlyStopping::never
                            : value.get<bool>() ? blip::EarlyStopping::when_full
                                                : blip::EarlyStopping::heuristic;
  }
  return result;
}

blip::WeightType weight_type(const std::string& name) {
  if (name == "f32") return blip::WeightType::f32;
  if (name == "f16") return blip::WeightType::f16;
  if (name == "bf16") return blip::WeightType::bf16;
  return blip::WeightType::stored;
}

// Rows `indices` of inputs [images, 3, H, W].
blip::Tensor select(const blip::Tensor& all, const std::vector<std::size_t>& indices) {
  const std::size_t stride = all.data.size() / static_cast<std::size_t>(all.shape[0]);
  blip::Tensor result{all.shape, {}};
  result.shape[0] = static_cast<std::int64_t>(indices.size());
  for (const std::size_t index : indices) {
    const auto first = all.data.begin() + static_cast<std::ptrdiff_t>(index * stride);
    result.data.insert(result.data.end(), first, first + static_cast<std::ptrdiff_t>(stride));
  }
  return result;
}

void run(const json& request) {
  const std::string out = request.at("out");
  blip::Context context({.num_threads = request.at("threads")});
  const auto model = blip::BlipForConditionalGeneration::from_pretrained(
      request.at("model").get<std::string>(),
      {.weight_type = weight_type(request.at("weight_type"))});
  const auto tokenizer =
      blip::BertTokenizer::from_pretrained(request.at("model").get<std::string>());
  auto image_config =
      blip::BlipImageProcessorConfig::from_pretrained(request.at("model").get<std::string>());
  if (const int size = request.value("image_size", 0); size > 0) {
    image_config.height = image_config.width = size;
  }
  const blip::BlipProcessor processor(image_config, tokenizer);

  std::vector<blip::Image> images;
  for (const json& path : request.at("images")) {
    images.push_back(blip::Image::open(path.get<std::string>()));
  }
  const blip::BlipInputs inputs = processor(images);
  write_floats(out + "/pixel_values.f32", inputs.pixel_values.data);
  const blip::Tensor features = model.image_features(inputs.pixel_values, context);
  write_floats(out + "/features.f32", features.data);

  for (std::size_t k = 0; k < request.at("texts").size(); ++k) {
    blip::Tensor states = select(features, {k % images.size()});
    states.shape.erase(states.shape.begin());
    const auto ids = request.at("texts")[k].get<std::vector<blip::TokenId>>();
    write_floats(out + "/logits_" + std::to_string(k) + ".f32",
                 model.logits(states, ids, context).data);
  }

  json results = json::array();
  for (const json& entry : request.at("cases")) {
    blip::BlipInputs batch;
    batch.pixel_values =
        select(inputs.pixel_values, entry.at("images").get<std::vector<std::size_t>>());
    if (!entry.at("prompts").is_null()) {
      for (const json& prompt : entry.at("prompts")) {
        batch.input_ids.push_back(tokenizer.encode(prompt.get<std::string>()));
      }
    }
    json rows = json::array();
    for (const blip::GeneratedSequence& sequence :
         model.generate_sequences(batch, generation_options(entry.at("options")), context)) {
      rows.push_back({{"ids", sequence.ids},
                      {"score", sequence.score},
                      {"text", processor.decode(sequence.ids, {.skip_special_tokens = true})}});
    }
    results.push_back(std::move(rows));
  }
  std::ofstream(out + "/sequences.json") << results;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fputs("usage: probe_model REQUEST.json\n", stderr);
    return 2;
  }
  try {
    std::ifstream file(argv[1]);
    run(json::parse(file));
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "probe_model: %s\n", error.what());
    return 1;
  }
}
