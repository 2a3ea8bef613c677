// Runs a DALL-E on what parity_dalle.py asks for.
//
//   probe_draw REQUEST.json
//
// REQUEST: {"model": DIR, "weight_type": "stored", "threads": 2, "out": DIR, "text": [ID…],
//           "images": N, "factor": F, "start": ID, "steps": N of which the logits are wanted,
//           "codes": [[ID…]…] to follow, or [] to draw greedily, "decode": [[ID…]…],
//           "seamless": [[ID…]…]}
// OUT: results.json, for each quantity a list of {"at": OFFSET, "shape": […]}, whose elements lie
// at
//      that offset, counted in floats, of tensors.f32; and "codes", drawn by DalleModel.
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "architectures/dalle/config.hpp"
#include "blip/dalle.hpp"
#include "checkpoint/checkpoint.hpp"
#include "generate/image_codes.hpp"
#include "generate/largest_logit.hpp"
#include "model/dalle_decoder.hpp"
#include "probe_request.hpp"

namespace {

using Codes = std::vector<std::vector<blip::TokenId>>;
using nlohmann::json;

class Results {
 public:
  void add(const std::string& quantity, const blip::Tensor& tensor) {
    json_[quantity].push_back({{"at", floats_.size()}, {"shape", tensor.shape}});
    floats_.insert(floats_.end(), tensor.data.begin(), tensor.data.end());
  }
  void set(const std::string& quantity, json value) { json_[quantity] = std::move(value); }
  void write(const std::string& out) const {
    std::ofstream(out + "/results.json") << json_;
    blip::probe::write_floats(out + "/tensors.f32", floats_);
  }

 private:
  json json_ = json::object();
  std::vector<float> floats_;
};

std::vector<blip::TokenId> joined(const Codes& codes) {
  std::vector<blip::TokenId> all;
  for (const auto& row : codes) all.insert(all.end(), row.begin(), row.end());
  return all;
}

// Every step's logits, along given codes or greedily.
void add_logits(const json& request, const blip::Tensor& states, blip::WeightType type,
                blip::Context& context, Results& results) {
  const std::string model = request.at("model");
  const auto config = blip::DalleConfig::from_pretrained(model);
  const auto checkpoint = blip::Checkpoint::open(model);
  blip::ConvertedWeights converted;
  blip::WeightLoader loader(checkpoint, type, converted);
  const blip::DalleDecoder decoder(loader, config);
  const std::vector<std::int64_t> lengths = {2, states.shape[0] - 2};
  const auto caches = decoder.read_texts(states.data.data(), lengths, context);
  const std::int64_t images = request.at("images");
  blip::DalleDecoding decoding(decoder, caches, images);
  const auto given = request.at("codes").get<Codes>();
  const float factor = request.at("factor");
  std::vector<blip::TokenId> previous(static_cast<std::size_t>(images), request.at("start"));
  const auto vocabulary = static_cast<std::size_t>(decoder.vocabulary());
  const auto book = static_cast<std::size_t>(config.vqgan_config.n_embed);
  std::vector<float> scores(book);
  const std::size_t steps = request.at("steps");
  for (std::size_t step = 0; step < steps; ++step) {
    const auto logits = decoding.step(previous, context);
    results.add("logits", {{2 * images, decoder.vocabulary()}, {logits.begin(), logits.end()}});
    blip::Tensor mixed{{images, static_cast<std::int64_t>(book)}, {}};
    for (std::size_t i = 0; i < previous.size(); ++i) {
      blip::supercondition(logits.subspan(i * vocabulary, book),
                           logits.subspan((previous.size() + i) * vocabulary, book), factor,
                           scores);
      mixed.data.insert(mixed.data.end(), scores.begin(), scores.end());
      previous[i] = given.empty() ? blip::first_maximum(scores) : given[i][step];
    }
    results.add("superconditioned", mixed);
  }
}

void run(const json& request) {
  const auto type = request.at("weight_type") == "i8"
                        ? blip::WeightType::i8
                        : blip::probe::weight_type(request.at("weight_type"));
  const auto model =
      blip::DalleModel::from_pretrained(request.at("model").get<std::string>(),
                                        {.weight_type = type}, blip::DalleStages::one_at_a_time);
  blip::Context context({.num_threads = request.at("threads")});
  Results results;
  const auto text = request.at("text").get<std::vector<blip::TokenId>>();
  const blip::Tensor states = model.encode_text(text, context);
  results.add("states", states);
  if (request.at("steps") > 0) add_logits(request, states, type, context, results);
  if (request.value("draw", false)) {
    const auto codes = model.draw_codes(states,
                                        {.num_images = request.at("images"),
                                         .top_k = 1,
                                         .supercondition_factor = request.at("factor"),
                                         .decoder_start_token_id = request.at("start")},
                                        context);
    results.set("codes", codes);
  }
  if (const auto decode = request.at("decode").get<Codes>(); !decode.empty()) {
    results.add("pixels", model.decode_codes(joined(decode), context));
  }
  if (const auto seamless = request.at("seamless").get<Codes>(); !seamless.empty()) {
    results.add("seamless", model.decode_seamless(joined(seamless), context));
  }
  results.write(request.at("out"));
}

}  // namespace

int main(int argc, char** argv) {
  return blip::probe::run_probe(argc, argv, "probe_draw", run);
}
