// A hybrid vision tower and the classifier on the example photos against PyTorch
// (tools/reference/make_hybrid_fixtures.py), and what their weights may be.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "../generate/options_from_json.hpp"
#include "blip/blip.hpp"
#include "checkpoint/checkpoint.hpp"
#include "checkpoint/safetensors_writer.hpp"
#include "golden_values.hpp"
#include "tests/core/expect_error.hpp"
#include "tests/core/temporary_directory.hpp"

namespace blip {
namespace {

using nlohmann::json;

const std::string kHybrid = BLIP_TEST_DATA "/hybrid";
const std::string kClassifier = BLIP_TEST_DATA "/classifier";
const std::string kPhotos = BLIP_SOURCE_DIR "/examples/photos/";

Image photo_of(const json& expected) {
  return Image::open(kPhotos + expected.at("file").get<std::string>());
}

json golden(const char* part) {
  return read_golden("hybrid.json").at(part);
}

// A copy of a model, some of whose tensors are others: `change` is given a name, a place to change
// and the values.
using Change =
    std::function<void(const std::string& name, SafetensorsPlace& place, std::string& bytes)>;

void write_changed(const std::string& model, const TemporaryDirectory& directory,
                   const Change& change) {
  for (const auto& file : std::filesystem::directory_iterator(model)) {
    std::filesystem::copy(file.path(), directory.path() / file.path().filename());
  }
  const Checkpoint checkpoint = Checkpoint::open(model);
  std::vector<SafetensorsPlace> places;
  std::string data;
  for (const CheckpointTensor& tensor : checkpoint.tensors()) {
    SafetensorsPlace place = {tensor.name, tensor.dtype, tensor.shape};
    std::string bytes(reinterpret_cast<const char*>(tensor.bytes.data()), tensor.bytes.size());
    change(tensor.name, place, bytes);
    if (place.name.empty()) continue;
    places.push_back(place);
    data += bytes;
  }
  directory.write("model.safetensors", safetensors_header(places) + data);
}

void expect_refused(const std::string& model, ErrorCode code, const std::string& part,
                    const Change& change) {
  const TemporaryDirectory directory;
  write_changed(model, directory, change);
  expect_error(code, part, [&] {
    if (model == kHybrid) {
      BlipForConditionalGeneration::from_pretrained(directory.path());
    } else {
      EfficientNetLiteForImageClassification::from_pretrained(directory.path());
    }
  });
}

TEST(HybridTower, ComputesWhatPyTorchComputes) {
  const auto model = BlipForConditionalGeneration::from_pretrained(kHybrid);
  const auto processor = BlipProcessor::from_pretrained(kHybrid);
  EXPECT_EQ(model.ignored_tensors(), std::vector<std::string>());
  Context context({.num_threads = 2});
  const json expected = golden("hybrid");
  int captions = 0;
  for (const json& photo : expected.at("photos")) {
    const auto name = photo.at("file").get<std::string>();
    const BlipInputs inputs = processor(photo_of(photo));
    const Tensor features = model.image_features(inputs.pixel_values, context);
    EXPECT_EQ(features.shape, photo.at("features").at("shape").get<std::vector<std::int64_t>>());
    expect_samples(features, photo.at("features").at("sample"), 1e-5, name);
    for (const json& entry : photo.at("cases")) {
      const auto ids = model.generate(inputs, options_from_json(entry.at("options")), context);
      EXPECT_EQ(ids.front(), entry.at("ids").get<std::vector<TokenId>>()) << name;
      ++captions;
    }
  }
  EXPECT_GE(captions, 8);
}

TEST(HybridTower, InterpolatesPositionsForOtherSizes) {
  const auto model = BlipForConditionalGeneration::from_pretrained(kHybrid);
  auto config = BlipImageProcessorConfig::from_pretrained(kHybrid);
  const json expected = golden("hybrid");
  config.width = config.height = expected.at("other_size").get<int>();
  Context context({.num_threads = 2});
  for (const json& photo : expected.at("photos")) {
    const Image image = photo_of(photo);
    const Tensor pixels = prepare_images(std::span(&image, 1), config);
    const json& wanted = photo.at("features_at_other_size");
    const Tensor features = model.image_features(pixels, context);
    EXPECT_EQ(features.shape, wanted.at("shape").get<std::vector<std::int64_t>>());
    expect_samples(features, wanted.at("sample"), 1e-5, photo.at("file").get<std::string>());
  }
}

TEST(HybridTower, DoesNotDependOnThreadsOrNeighbours) {
  const auto model = BlipForConditionalGeneration::from_pretrained(kHybrid);
  const auto config = BlipImageProcessorConfig::from_pretrained(kHybrid);
  std::vector<Image> images;
  const json expected = golden("hybrid");
  for (const json& photo : expected.at("photos")) images.push_back(photo_of(photo));
  Context one({.num_threads = 1});
  Context many({.num_threads = 17});  // whose images go through a layer together
  const Tensor together = model.image_features(prepare_images(images, config), many);
  const auto size = static_cast<std::ptrdiff_t>(together.data.size() / images.size());
  for (std::size_t i = 0; i < images.size(); ++i) {
    const Tensor alone =
        model.image_features(prepare_images(std::span(images).subspan(i, 1), config), one);
    EXPECT_TRUE(std::equal(alone.data.begin(), alone.data.end(),
                           together.data.begin() + static_cast<std::ptrdiff_t>(i) * size));
  }
}

TEST(HybridTower, RefusesWeightsThatDoNotFitByName) {
  const std::string backbone = "vision_model.embeddings.backbone.";
  const std::string variance = backbone + "encoder.top_bn.running_var";
  expect_refused(kHybrid, ErrorCode::missing_tensor, variance,
                 [&](const std::string& name, SafetensorsPlace& place, std::string&) {
                   if (name == variance) place.name.clear();
                 });
  expect_refused(kHybrid, ErrorCode::malformed, variance,
                 [&](const std::string& name, SafetensorsPlace&, std::string& bytes) {
                   const float negative = -1.0F;
                   if (name == variance) std::memcpy(bytes.data(), &negative, sizeof negative);
                 });
  const std::string pointwise = backbone + "encoder.blocks.0.projection.project_conv.weight";
  expect_refused(kHybrid, ErrorCode::shape_mismatch, pointwise,
                 [&](const std::string& name, SafetensorsPlace& place, std::string&) {
                   if (name == pointwise) std::swap(place.shape[0], place.shape[2]);
                 });
  // A depthwise convolution is no matrix.
  const std::string depthwise = backbone + "encoder.blocks.0.depthwise_conv.depthwise_conv.weight";
  expect_refused(kHybrid, ErrorCode::unsupported, depthwise,
                 [&](const std::string& name, SafetensorsPlace& place, std::string& bytes) {
                   if (name != depthwise) return;
                   place.dtype = DType::i8;
                   bytes.resize(bytes.size() / sizeof(float));
                 });
  expect_refused(kHybrid, ErrorCode::missing_tensor, pointwise + "_scale",
                 [&](const std::string& name, SafetensorsPlace& place, std::string& bytes) {
                   if (name != pointwise) return;
                   place.dtype = DType::i8;
                   bytes.resize(bytes.size() / sizeof(float));
                 });
}

TEST(ImageClassification, ComputesWhatPyTorchComputes) {
  const auto model = EfficientNetLiteForImageClassification::from_pretrained(kClassifier);
  const auto config = BlipImageProcessorConfig::from_pretrained(kClassifier);
  EXPECT_EQ(model.ignored_tensors(), std::vector<std::string>());
  Context context({.num_threads = 2});
  std::vector<Image> images;
  std::vector<double> expected;
  for (const json& photo : golden("classifier")) {
    images.push_back(photo_of(photo));
    for (const json& logit : photo.at("logits")) expected.push_back(logit.get<double>());
  }
  const Tensor logits = model.logits(prepare_images(images, config), context);
  EXPECT_EQ(logits.shape, (std::vector<std::int64_t>{std::ssize(images), 7}));
  ASSERT_EQ(logits.data.size(), expected.size());
  for (std::size_t i = 0; i < expected.size(); ++i) {
    EXPECT_NEAR(logits.data[i], expected[i], 1e-5) << i;
  }
}

TEST(ImageClassification, TakesImagesOfAnySize) {
  const auto model = EfficientNetLiteForImageClassification::from_pretrained(kClassifier);
  Context context({.num_threads = 1});
  const Tensor pixels{{1, 3, 1, 70}, std::vector<float>(210, 0.5F)};
  EXPECT_EQ(model.logits(pixels, context).shape, (std::vector<std::int64_t>{1, 7}));
  expect_error(ErrorCode::invalid_argument, "pixel_values must be", [&] {
    static_cast<void>(model.logits(Tensor{{1, 1, 4, 4}, std::vector<float>(16)}, context));
  });
}

TEST(ImageClassification, RefusesOtherModels) {
  expect_error(ErrorCode::unsupported, "model_type", [] {
    EfficientNetLiteForImageClassification::from_pretrained(BLIP_TEST_DATA "/itm");
  });
  expect_error(ErrorCode::unsupported, "is a \"efficientnet_lite\" model, not BLIP",
               [] { BlipForConditionalGeneration::from_pretrained(kClassifier); });
}

}  // namespace
}  // namespace blip
