// Answers questions, matches texts, reasons over pairs and makes features, as parity_tasks.py asks,
// and says where the models looked, as parity_explain.py asks.
//
//   probe_tasks REQUEST.json
//
// REQUEST: {"model": DIR, "task": "vqa" | "itm" | "nlvr" | "blip" | "caption", "weight_type":
// "stored",
//           "threads": 2, "image_size": 0, "out": DIR, "images": [PATH…],
//           "calls": [{"call": NAME, "images": [INDEX…], "texts": [TEXT…],
//                      "style": "hf" | "original", …}…]}
// OUT: results.json, one result per call. A tensor in it is {"at": OFFSET, "shape": […]}, and its
//      elements lie at that offset, counted in floats, of tensors.f32; so do the features of all
//      images, under "features".
// Texts go through pre_question or pre_caption where the style is "original" (always for "nlvr").
#include <fstream>
#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "../../tests/generate/options_from_json.hpp"
#include "blip/blip.hpp"
#include "probe_request.hpp"

namespace {

using nlohmann::json;
using Texts = std::vector<std::vector<blip::TokenId>>;

/// The request, and the result as it grows.
struct Probe {
  explicit Probe(const json& asked)
      : request(asked),
        model(asked.at("model")),
        context({.num_threads = asked.at("threads")}),
        processor(blip::probe::processor_of(model, asked.value("image_size", 0))) {}

  [[nodiscard]] blip::LoadOptions load_options() const {
    return {.weight_type = blip::probe::weight_type(request.at("weight_type"))};
  }

  json add(const blip::Tensor& tensor) {
    const std::size_t at = floats.size();
    floats.insert(floats.end(), tensor.data.begin(), tensor.data.end());
    return {{"at", at}, {"shape", tensor.shape}};
  }

  void write(const json& results, const std::vector<blip::EncodedImage>& images) {
    json features = json::array();
    for (const blip::EncodedImage& image : images)
      features.push_back(add(image.last_hidden_state()));
    const std::string out = request.at("out");
    std::ofstream(out + "/results.json") << json{{"features", features}, {"calls", results}};
    blip::probe::write_floats(out + "/tensors.f32", floats);
  }

  json request;
  std::string model;
  blip::Context context;
  blip::BlipProcessor processor;
  std::vector<float> floats;
};

blip::TextStyle style_of(const json& call) {
  return call.value("style", "hf") == "original" ? blip::TextStyle::original : blip::TextStyle::hf;
}

using Preparation = std::string (*)(std::string_view, int);

Texts encode(const Probe& probe, const json& texts, bool prepared, Preparation prepare) {
  Texts ids;
  for (const json& text : texts) {
    const std::string words = text.get<std::string>();
    ids.push_back(probe.processor.tokenizer().encode(prepared ? prepare(words, 50) : words));
  }
  return ids;
}

std::vector<blip::EncodedImage> chosen(const std::vector<blip::EncodedImage>& images,
                                       const json& indices) {
  std::vector<blip::EncodedImage> result;
  for (const json& index : indices) result.push_back(images.at(index.get<std::size_t>()));
  return result;
}

template <typename Model>
std::vector<blip::EncodedImage> encode_images(const Model& model, Probe& probe) {
  const std::vector<blip::Image> images = blip::probe::open_images(probe.request.at("images"));
  return model.encode_images(probe.processor(images).pixel_values, probe.context);
}

using Call = std::function<json(const json&)>;

/// Runs every call by its name and writes what they return.
void run_calls(Probe& probe, const std::vector<blip::EncodedImage>& images,
               const std::map<std::string, Call>& calls) {
  json results = json::array();
  for (const json& call : probe.request.at("calls")) {
    const auto found = calls.find(call.at("call").get<std::string>());
    if (found == calls.end()) throw std::runtime_error("no such call: " + call.dump());
    results.push_back(found->second(call));
  }
  probe.write(results, images);
}

blip::GradCamOptions grad_cam_options(const json& call) {
  blip::GradCamOptions options;
  if (call.contains("layer")) options.layer = call.at("layer").get<int>();
  if (call.contains("head")) options.head = call.at("head").get<int>();
  return options;
}

json add(Probe& probe, const blip::GradCam& cam) {
  return {{"tokens", cam.tokens},
          {"maps", probe.add(cam.maps)},
          {"mean", probe.add(cam.mean)},
          {"score", cam.score}};
}

const blip::EncodedImage& only_image(const std::vector<blip::EncodedImage>& images,
                                     const json& call) {
  return images.at(call.at("images")[0].get<std::size_t>());
}

void answer(Probe& probe) {
  const auto model =
      blip::BlipForQuestionAnswering::from_pretrained(probe.model, probe.load_options());
  const auto images = encode_images(model, probe);
  const auto questions = [&](const json& call) {
    return encode(probe, call.at("texts"), style_of(call) == blip::TextStyle::original,
                  blip::pre_question);
  };
  const auto rows_of = [&](const std::vector<blip::GeneratedSequence>& sequences) {
    json rows = json::array();
    for (const blip::GeneratedSequence& sequence : sequences) {
      rows.push_back(
          {{"ids", sequence.ids},
           {"score", sequence.score},
           {"transitions", sequence.transition_scores},
           {"text", probe.processor.decode(sequence.ids, {.skip_special_tokens = true})}});
    }
    return rows;
  };

  run_calls(
      probe, images,
      {{"states_and_logits",
        [&](const json& call) -> json {
          const blip::Tensor states =
              model.question_states(images.at(call.at("images")[0].get<std::size_t>()),
                                    questions(call)[0], style_of(call), probe.context);
          const auto ids = call.at("answer").get<std::vector<blip::TokenId>>();
          return {{"states", probe.add(states)},
                  {"logits", probe.add(model.logits(states, ids, probe.context))}};
        }},
       {"generate",
        [&](const json& call) -> json {
          blip::GenerationOptions options = blip::options_from_json(call.at("options"));
          options.output_scores = true;
          return rows_of(model.generate_sequences(chosen(images, call.at("images")),
                                                  questions(call), options, style_of(call),
                                                  probe.context));
        }},
       {"generate_from_pixels",
        [&](const json& call) -> json {
          std::vector<blip::Image> files;
          for (const json& index : call.at("images")) {
            files.push_back(blip::Image::open(
                probe.request.at("images").at(index.get<std::size_t>()).get<std::string>()));
          }
          blip::BlipInputs inputs = probe.processor(files);
          inputs.input_ids = questions(call);
          return model.generate(inputs, blip::options_from_json(call.at("options")), probe.context);
        }},
       {"grad_cam",
        [&](const json& call) {
          return add(probe, model.grad_cam(only_image(images, call), questions(call)[0],
                                           call.at("answer").get<std::vector<blip::TokenId>>(),
                                           style_of(call), grad_cam_options(call), probe.context));
        }},
       {"rank", [&](const json& call) -> json {
          const auto ranked = model.rank_answers(
              chosen(images, call.at("images")), questions(call),
              encode(probe, call.at("answers"), false, nullptr),
              {.k = call.at("k").get<int>(), .style = style_of(call)}, probe.context);
          json rows = json::array();
          for (const std::vector<blip::RankedAnswer>& answers : ranked) {
            json row = json::array();
            for (const blip::RankedAnswer& answer : answers) {
              row.push_back({answer.answer, answer.score, answer.log_probability,
                             answer.mean_log_probability});
            }
            rows.push_back(std::move(row));
          }
          return rows;
        }}});
}

void match(Probe& probe) {
  const auto model =
      blip::BlipForImageTextRetrieval::from_pretrained(probe.model, probe.load_options());
  const auto images = encode_images(model, probe);
  const auto texts = [&](const json& call) {
    return encode(probe, call.at("texts"), style_of(call) == blip::TextStyle::original,
                  blip::pre_caption);
  };
  run_calls(
      probe, images,
      {{"image_features",
        [&](const json& call) {
          return probe.add(
              model.get_image_features(chosen(images, call.at("images")), probe.context));
        }},
       {"text_features",
        [&](const json& call) {
          return probe.add(model.get_text_features(texts(call), style_of(call), probe.context));
        }},
       {"itm_logits",
        [&](const json& call) {
          return probe.add(model.itm_logits(chosen(images, call.at("images")), texts(call),
                                            style_of(call), probe.context));
        }},
       {"grad_cam",
        [&](const json& call) {
          return add(probe, model.grad_cam(only_image(images, call), texts(call)[0], style_of(call),
                                           grad_cam_options(call), probe.context));
        }},
       {"match", [&](const json& call) {
          json rows = json::array();
          for (const blip::ImageTextMatch& pair : model.match(
                   chosen(images, call.at("images")), texts(call), style_of(call), probe.context)) {
            rows.push_back({pair.itm_logit, pair.itm_probability, pair.itc});
          }
          return rows;
        }}});
}

void caption(Probe& probe) {
  const auto model =
      blip::BlipForConditionalGeneration::from_pretrained(probe.model, probe.load_options());
  const auto images = encode_images(model, probe);
  run_calls(probe, images,
            {{"grad_cam", [&](const json& call) {
                return add(probe,
                           model.grad_cam(only_image(images, call),
                                          call.at("sequence").get<std::vector<blip::TokenId>>(),
                                          call.at("prompt").get<std::size_t>(),
                                          grad_cam_options(call), probe.context));
              }}});
}

void reason(Probe& probe) {
  const auto model = blip::BlipForNLVR::from_pretrained(probe.model, probe.load_options());
  const auto images = encode_images(model, probe);
  run_calls(probe, images,
            {{"logits", [&](const json& call) {
                return probe.add(model.logits(
                    chosen(images, call.at("left")), chosen(images, call.at("right")),
                    encode(probe, call.at("texts"), true, blip::pre_caption), probe.context));
              }}});
}

void features(Probe& probe) {
  const auto model = blip::BlipModel::from_pretrained(probe.model, probe.load_options());
  const auto images = encode_images(model, probe);
  run_calls(probe, images,
            {{"features",
              [&](const json& call) -> json {
                const auto some = chosen(images, call.at("images"));
                const Texts texts = encode(probe, call.at("texts"), false, nullptr);
                const blip::Tensor image = model.get_image_features(some, probe.context);
                const blip::Tensor text = model.get_text_features(texts, probe.context);
                return {{"image", probe.add(image)},
                        {"text", probe.add(text)},
                        {"logits_per_image", probe.add(model.logits_per_image(image, text))}};
              }},
             {"multimodal", [&](const json& call) -> json {
                return probe.add(model.get_multimodal_features(
                    chosen(images, call.at("images")),
                    encode(probe, call.at("texts"), false, nullptr), probe.context));
              }}});
}

void run(const json& request) {
  Probe probe(request);
  const std::map<std::string, void (*)(Probe&)> tasks = {
      {"vqa", answer}, {"itm", match}, {"nlvr", reason}, {"blip", features}, {"caption", caption}};
  tasks.at(request.at("task"))(probe);
}

}  // namespace

int main(int argc, char** argv) {
  return blip::probe::run_probe(argc, argv, "probe_tasks", run);
}
