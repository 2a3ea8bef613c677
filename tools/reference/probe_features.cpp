// Runs CLIPs, SigLIPs, ViTs, DeiTs and DINOv2s on what parity_clip.py, parity_siglip.py and
// parity_vit.py ask for.
//
//   probe_features REQUEST.json
//
// REQUEST: {"model": DIR, "class": one of `classes` below, by transformers' names,
//           "weight_type": "stored", "threads": 2, "out": DIR,
//           "pixels": [{"file": PATH of float32, "shape": [B, 3, H, W]}…], "texts": [[ID…]…]}
// OUT: results.json, a list for each quantity with a tensor for each of "pixels" (or one for all
//      texts): {"at": OFFSET, "shape": […]}, whose elements lie at that offset, counted in floats,
//      of tensors.f32.
#include <fstream>
#include <iterator>
#include <map>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>
#include <vector>

#include "blip/blip.hpp"
#include "probe_request.hpp"

namespace {

using nlohmann::json;

class Probe {
 public:
  explicit Probe(const json& request)
      : model(request.at("model")),
        options{.weight_type = blip::probe::weight_type(request.at("weight_type"))},
        context({.num_threads = request.at("threads")}),
        texts(request.at("texts").get<std::vector<std::vector<blip::TokenId>>>()) {
    for (const json& entry : request.at("pixels")) {
      blip::Tensor tensor{entry.at("shape").get<std::vector<std::int64_t>>(), {}};
      std::size_t count = 1;
      for (const std::int64_t size : tensor.shape) count *= static_cast<std::size_t>(size);
      tensor.data.resize(count);
      std::ifstream file(entry.at("file").get<std::string>(), std::ios::binary);
      file.read(reinterpret_cast<char*>(tensor.data.data()),
                static_cast<std::streamsize>(count * sizeof(float)));
      if (!file) throw std::runtime_error("cannot read " + entry.at("file").get<std::string>());
      pixels.push_back(std::move(tensor));
    }
  }

  void add(const std::string& quantity, const blip::Tensor& tensor) {
    results_[quantity].push_back({{"at", floats_.size()}, {"shape", tensor.shape}});
    floats_.insert(floats_.end(), tensor.data.begin(), tensor.data.end());
  }
  void add(const std::string& quantity, const std::vector<blip::EncodedImage>& images) {
    const auto& shape = images[0].last_hidden_state().shape;
    blip::Tensor all{{std::ssize(images), shape[0], shape[1]}, {}};
    for (const blip::EncodedImage& image : images) {
      const auto& data = image.last_hidden_state().data;
      all.data.insert(all.data.end(), data.begin(), data.end());
    }
    add(quantity, all);
  }

  void write(const std::string& out) {
    std::ofstream(out + "/results.json") << results_;
    blip::probe::write_floats(out + "/tensors.f32", floats_);
  }

  std::string model;
  blip::LoadOptions options;
  blip::Context context;
  std::vector<blip::Tensor> pixels;
  std::vector<std::vector<blip::TokenId>> texts;

 private:
  json results_ = json::object();
  std::vector<float> floats_;
};

// CLIPModel, ChineseCLIPModel or SiglipModel.
template <typename Model>
void two_towers(Probe& probe) {
  const auto model = Model::from_pretrained(probe.model, probe.options);
  const blip::Tensor texts = model.get_text_features(probe.texts, probe.context);
  probe.add("text_features", texts);
  for (const blip::Tensor& pixels : probe.pixels) {
    const auto images = model.encode_images(pixels, probe.context);
    probe.add("last_hidden_state", images);
    const blip::Tensor features = model.get_image_features(images, probe.context);
    probe.add("image_features", features);
    probe.add("logits_per_image", model.logits_per_image(features, texts));
  }
}

void clip_vision(Probe& probe) {
  const auto model =
      blip::CLIPVisionModelWithProjection::from_pretrained(probe.model, probe.options);
  for (const blip::Tensor& pixels : probe.pixels) {
    probe.add("image_embeds",
              model.image_embeds(model.encode_images(pixels, probe.context), probe.context));
  }
}

void clip_text(Probe& probe) {
  const auto model = blip::CLIPTextModelWithProjection::from_pretrained(probe.model, probe.options);
  probe.add("text_embeds", model.text_embeds(probe.texts, probe.context));
  for (const auto& text : probe.texts) {
    probe.add("last_hidden_state", model.last_hidden_state(text, probe.context));
  }
}

void clip_vision_alone(Probe& probe) {
  const auto model = blip::CLIPVisionModel::from_pretrained(probe.model, probe.options);
  for (const blip::Tensor& pixels : probe.pixels) {
    const auto images = model.encode_images(pixels, probe.context);
    probe.add("last_hidden_state", images);
    probe.add("pooler_output", model.pooler_output(images));
  }
}

void clip_text_alone(Probe& probe) {
  const auto model = blip::CLIPTextModel::from_pretrained(probe.model, probe.options);
  probe.add("pooler_output", model.pooler_output(probe.texts, probe.context));
}

void vit(Probe& probe) {
  const auto model = blip::ViTModel::from_pretrained(probe.model, probe.options);
  for (const blip::Tensor& pixels : probe.pixels) {
    const auto images = model.encode_images(pixels, probe.context);
    probe.add("last_hidden_state", images);
    probe.add("pooler_output", model.pooler_output(images, probe.context));
  }
}

// Model: a class with logits
template <typename Model>
void classifier(Probe& probe) {
  const auto model = Model::from_pretrained(probe.model, probe.options);
  for (const blip::Tensor& pixels : probe.pixels) {
    probe.add("logits", model.logits(pixels, probe.context));
  }
}

void run(const json& request) {
  Probe probe(request);
  const std::map<std::string, void (*)(Probe&)> classes = {
      {"CLIPModel", two_towers<blip::CLIPModel>},
      {"ChineseCLIPModel", two_towers<blip::ChineseCLIPModel>},
      {"SiglipModel", two_towers<blip::SiglipModel>},
      {"CLIPVisionModel", clip_vision_alone},
      {"CLIPTextModel", clip_text_alone},
      {"CLIPForImageClassification", classifier<blip::CLIPForImageClassification>},
      {"CLIPVisionModelWithProjection", clip_vision},
      {"CLIPTextModelWithProjection", clip_text},
      {"ViTModel", vit},
      {"ViTForImageClassification", classifier<blip::ViTForImageClassification>}};
  classes.at(request.at("class"))(probe);
  probe.write(request.at("out"));
}

}  // namespace

int main(int argc, char** argv) {
  return blip::probe::run_probe(argc, argv, "probe_features", run);
}
