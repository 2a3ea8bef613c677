// Runs a captioning model on what parity_model.py asks for, and writes what it got.
//
//   probe_model REQUEST.json
//
// REQUEST: {"model": DIR, "weight_type": "stored", "threads": 2, "image_size": 0, "out": DIR,
//           "images": [PATH…], "texts": [[ID…]…],
//           "cases": [{"images": [INDEX…], "prompts": [TEXT…] | null, "options": {…}}…]}
// OUT: pixel_values.f32 [images, 3, H, W], features.f32 [images, N, E], logits_K.f32 [T, V] of text
//      K on image K % images, and sequences.json: per case, per row {"ids", "score", "text"}.
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "../../tests/generate/options_from_json.hpp"
#include "blip/blip.hpp"
#include "probe_request.hpp"

namespace {

using blip::probe::select;
using blip::probe::write_floats;
using nlohmann::json;

void run(const json& request) {
  const std::string out = request.at("out");
  const std::string directory = request.at("model");
  blip::Context context({.num_threads = request.at("threads")});
  const auto model = blip::BlipForConditionalGeneration::from_pretrained(
      directory, {.weight_type = blip::probe::weight_type(request.at("weight_type"))});
  const blip::BlipProcessor processor =
      blip::probe::processor_of(directory, request.value("image_size", 0));
  const std::vector<blip::Image> images = blip::probe::open_images(request.at("images"));
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
        batch.input_ids.push_back(processor.tokenizer().encode(prompt.get<std::string>()));
      }
    }
    json rows = json::array();
    for (const blip::GeneratedSequence& sequence :
         model.generate_sequences(batch, blip::options_from_json(entry.at("options")), context)) {
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
  return blip::probe::run_probe(argc, argv, "probe_model", run);
}
