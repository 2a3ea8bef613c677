// One kind of request against one model, run whenever a line asks for it, so that tools/peers/ can
// take turns between this library and others in the same minutes.
//
//   timed_requests REQUEST.json     or     timed_requests --dtypes
//
// REQUEST: {"model": DIR, "dtype": NAME, "threads": N (0: one per core), "out": FILE,
//           "kind": "vision" | "caption" | "vqa" | "itm" | "embed_images" | "embed_texts" |
//           "labels" | "draw", "images": [PATH…], "texts": [TEXT…], "beams": N, "tokens": N,
//           "prompt": [ID…], "pictures": N}
// "caption" and "vqa" generate exactly `tokens` tokens for each image, so that everyone's work is
// the same; "itm" matches the first image with all texts. The three that follow are for every dual
// encoder, a CLIP for one: unit vectors, or the logits of images and texts. "draw" draws `pictures`
// of the prompt's token ids, always the most probable code, and gives the codes. Decoding the
// images and reading the texts is not part of what is timed. Answers, a line each: {"seconds": …,
// "peak_bytes": …} when the model is loaded and one run is done, then for every line "run" the same
// with "ids": [[…]…] or "shape": […], whose elements lie in FILE as float32. Ends with its input.
// --dtypes prints the names that "dtype" may have.
#include <chrono>
#include <cstdio>
#include <exception>
#include <fstream>
#include <functional>
#include <iostream>
#include <map>
#include <nlohmann/json.hpp>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "app/zero_shot_classifier.hpp"
#include "architectures/registry.hpp"
#include "blip/blip.hpp"
#include "tasks/dual_encoder.hpp"

namespace {

using nlohmann::json;
using Texts = std::vector<std::vector<blip::TokenId>>;

constexpr std::pair<std::string_view, blip::WeightType> kDtypes[] = {
    {"stored", blip::WeightType::stored}, {"f32", blip::WeightType::f32},
    {"f16", blip::WeightType::f16},       {"bf16", blip::WeightType::bf16},
    {"int8", blip::WeightType::i8},
};

blip::WeightType weight_type(const std::string& wanted) {
  std::string names;
  for (const auto& [name, type] : kDtypes) {
    if (name == wanted) return type;
    names.append(names.empty() ? "" : ", ").append(name);
  }
  throw std::runtime_error("no dtype '" + wanted + "' in this build: " + names);
}

/// What a request gives: token ids or a tensor.
struct Answer {
  Texts ids;
  blip::Tensor tensor;
};
using Request = std::function<Answer()>;

/// What every kind of request needs, made before the clock starts.
struct Prepared {
  explicit Prepared(const json& asked)
      : model(asked.at("model").get<std::string>()),
        load_options{.weight_type = weight_type(asked.at("dtype"))},
        context({.num_threads = asked.value("threads", 0)}) {
    std::vector<blip::Image> images;
    for (const json& path : asked.at("images")) {
      images.push_back(blip::Image::open(path.get<std::string>()));
    }
    if (!images.empty()) inputs.pixel_values = (*blip::open_image_processor(model))(images);
    const json texts = asked.value("texts", json::array());
    if (!texts.empty()) {
      const auto tokenizer = blip::open_tokenizer(model);
      for (const json& text : texts) {
        inputs.input_ids.push_back(tokenizer->encode(text.get<std::string>()));
      }
    }
    prompt = asked.value("prompt", std::vector<blip::TokenId>());
    drawing.num_images = asked.value("pictures", 1);
    drawing.top_k = 1;
    const int tokens = asked.value("tokens", 10);
    generation.num_beams = asked.value("beams", 1);
    generation.min_new_tokens = tokens;
    generation.max_new_tokens = tokens;
  }

  std::string model;
  blip::LoadOptions load_options;
  blip::Context context;
  blip::BlipInputs inputs;
  blip::GenerationOptions generation;
  std::vector<blip::TokenId> prompt;
  blip::DrawingOptions drawing;
};

// The requests outlive these functions, and so do the models they keep; `prepared` does, too.

Request vision(Prepared& prepared) {
  const auto model =
      blip::BlipForConditionalGeneration::from_pretrained(prepared.model, prepared.load_options);
  return [model, &prepared]() -> Answer {
    return {{}, model.image_features(prepared.inputs.pixel_values, prepared.context)};
  };
}

template <typename Model>
Request generation(Prepared& prepared) {
  const auto model = Model::from_pretrained(prepared.model, prepared.load_options);
  return [model, &prepared]() -> Answer {
    return {model.generate(prepared.inputs, prepared.generation, prepared.context), {}};
  };
}

Request matching(Prepared& prepared) {
  const auto model =
      blip::BlipForImageTextRetrieval::from_pretrained(prepared.model, prepared.load_options);
  return [model, &prepared]() -> Answer {
    const auto images = model.encode_images(prepared.inputs.pixel_values, prepared.context);
    return {{},
            model.itm_logits(std::span(images).first(1), prepared.inputs.input_ids,
                             blip::TextStyle::hf, prepared.context)};
  };
}

enum class Embedded { images, texts, labels };

template <Embedded kind>
Request embedding(Prepared& prepared) {
  const auto model = blip::open_dual_encoder(prepared.model, prepared.load_options);
  return [model, &prepared]() -> Answer {
    blip::Tensor images;
    blip::Tensor texts;
    if constexpr (kind != Embedded::texts) {
      images = model->embed_images(
          model->encode_images(prepared.inputs.pixel_values, prepared.context), prepared.context);
    }
    if constexpr (kind != Embedded::images) {
      texts = model->embed_texts(prepared.inputs.input_ids, blip::TextStyle::hf, prepared.context);
    }
    if constexpr (kind == Embedded::labels) {
      return {{}, blip::app::zero_shot_logits(model->label_similarity(), images, texts)};
    }
    return {{}, kind == Embedded::images ? std::move(images) : std::move(texts)};
  };
}

Request drawing(Prepared& prepared) {
  const auto model = blip::DalleModel::from_pretrained(prepared.model, prepared.load_options);
  return [model, &prepared]() -> Answer {
    const blip::Tensor states = model.encode_text(prepared.prompt, prepared.context);
    const std::vector<blip::TokenId> codes =
        model.draw_codes(states, prepared.drawing, prepared.context);
    static_cast<void>(model.decode_codes(codes, prepared.context));
    const auto length = static_cast<std::ptrdiff_t>(model.config().image_length);
    Answer answer;
    for (auto begin = codes.begin(); begin != codes.end(); begin += length) {
      answer.ids.emplace_back(begin, begin + length);
    }
    return answer;
  };
}

Request request_of(const std::string& kind, Prepared& prepared) {
  const std::map<std::string, Request (*)(Prepared&)> kinds = {
      {"vision", vision},
      {"caption", generation<blip::BlipForConditionalGeneration>},
      {"vqa", generation<blip::BlipForQuestionAnswering>},
      {"itm", matching},
      {"embed_images", embedding<Embedded::images>},
      {"embed_texts", embedding<Embedded::texts>},
      {"labels", embedding<Embedded::labels>},
      {"draw", drawing}};
  const auto found = kinds.find(kind);
  if (found == kinds.end()) throw std::runtime_error("no kind of request is called '" + kind + "'");
  return found->second(prepared);
}

/// The most memory this process has had. Not getrusage's ru_maxrss, which a process inherits from
/// the one that started it.
std::int64_t peak_bytes() {
  std::ifstream status("/proc/self/status");
  std::string line;
  while (std::getline(status, line)) {
    if (line.starts_with("VmHWM:")) return 1024 * std::stoll(line.substr(6));
  }
  return 0;
}

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

void write_floats(const std::string& path, const std::vector<float>& values) {
  std::ofstream file(path, std::ios::binary);
  file.write(reinterpret_cast<const char*>(values.data()),
             static_cast<std::streamsize>(values.size() * sizeof(float)));
  if (!file.flush()) throw std::runtime_error(path + ": cannot write");
}

void serve(const json& asked) {
  const auto started = std::chrono::steady_clock::now();
  Prepared prepared(asked);
  const Request request = request_of(asked.at("kind"), prepared);
  request();  // first touch of the weights
  std::cout << json{{"seconds", seconds_since(started)}, {"peak_bytes", peak_bytes()}} << std::endl;

  std::string line;
  while (std::getline(std::cin, line)) {
    if (line != "run") throw std::runtime_error("'" + line + "': the only word is run");
    const auto start = std::chrono::steady_clock::now();
    const Answer answer = request();
    json reply = {{"seconds", seconds_since(start)}, {"peak_bytes", peak_bytes()}};
    if (answer.tensor.empty()) {
      reply["ids"] = answer.ids;
    } else {
      write_floats(asked.at("out"), answer.tensor.data);
      reply["shape"] = answer.tensor.shape;
    }
    std::cout << reply << std::endl;
  }
}

}  // namespace

int main(int argc, char** argv) {
  try {
    if (argc != 2) {
      std::fputs("usage: timed_requests REQUEST.json | --dtypes\n", stderr);
      return 2;
    }
    const std::string argument = argv[1];
    if (argument == "--dtypes") {
      for (const auto& [name, type] : kDtypes) std::printf("%s\n", std::string(name).c_str());
      return 0;
    }
    std::ifstream file(argument);
    if (!file) throw std::runtime_error(argument + ": cannot read");
    serve(json::parse(file));
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "timed_requests: %s\n", error.what());
    return 1;
  }
}
