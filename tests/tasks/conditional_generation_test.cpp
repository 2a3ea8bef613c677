// The bundled model on the example photos against transformers
// (tools/reference/make_model_fixtures.py), and what the API refuses.
#include "blip/conditional_generation.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "../generate/options_from_json.hpp"
#include "blip/error.hpp"
#include "golden_values.hpp"

namespace blip {
namespace {

using nlohmann::json;

const std::string kModel = BLIP_SOURCE_DIR "/tests/models/nano";
const std::string kPhotos = BLIP_SOURCE_DIR "/examples/photos/";

json golden() {
  return read_golden("nano.json");
}

class BundledModel : public ::testing::Test {
 protected:
  const BlipForConditionalGeneration model_ = BlipForConditionalGeneration::from_pretrained(kModel);
  const BlipProcessor processor_ = BlipProcessor::from_pretrained(kModel);
  Context context_{{.num_threads = 2}};
};

TEST_F(BundledModel, ComputesWhatTransformersComputes) {
  const json expected = golden();
  const auto text = expected.at("text_ids").get<std::vector<TokenId>>();
  ASSERT_GE(expected.at("photos").size(), 5U);
  for (const json& photo : expected.at("photos")) {
    const auto name = photo.at("file").get<std::string>();
    const BlipInputs inputs = processor_(Image::open(kPhotos + name));
    expect_samples(inputs.pixel_values, photo.at("pixels"), 0.0, name + " pixels");
    Tensor features = model_.image_features(inputs.pixel_values, context_);
    expect_samples(features, photo.at("features"), 2e-5, name + " features");
    features.shape.erase(features.shape.begin());
    expect_samples(model_.logits(features, text, context_), photo.at("logits"), 5e-5,
                   name + " logits");
  }
}

TEST_F(BundledModel, InterpolatesPositionsForOtherSizes) {
  BlipImageProcessorConfig config = processor_.image_processor();
  config.height = config.width = 144;
  const BlipProcessor larger(config, processor_.tokenizer());
  const json expected = golden();
  for (const json& photo : expected.at("photos")) {
    const auto name = photo.at("file").get<std::string>();
    const BlipInputs inputs = larger(Image::open(kPhotos + name));
    expect_samples(model_.image_features(inputs.pixel_values, context_),
                   photo.at("features_at_144"), 2e-5, name);
  }
}

TEST_F(BundledModel, GeneratesWhatTransformersGenerates) {
  int cases = 0;
  const json expected = golden();
  for (const json& photo : expected.at("photos")) {
    const auto image = Image::open(kPhotos + photo.at("file").get<std::string>());
    for (const json& entry : photo.at("cases")) {
      const BlipInputs inputs = entry.at("prompt").is_null()
                                    ? processor_(image)
                                    : processor_(image, entry.at("prompt").get<std::string>());
      const auto rows = model_.generate(inputs, options_from_json(entry.at("options")), context_);
      EXPECT_EQ(rows, entry.at("ids").get<std::vector<std::vector<TokenId>>>())
          << photo.at("file") << " " << entry.dump();
      for (std::size_t i = 0; i < rows.size(); ++i) {
        EXPECT_EQ(processor_.decode(rows[i], {.skip_special_tokens = true}),
                  entry.at("texts")[i].get<std::string>());
      }
      ++cases;
    }
  }
  EXPECT_GE(cases, 25);
}

// A batch with prompts of different lengths gives each row what it gets alone.
TEST_F(BundledModel, RowsOfABatchDoNotFeelEachOther) {
  const json expected = golden();
  std::vector<Image> images;
  for (const json& photo : expected.at("photos")) {
    images.push_back(Image::open(kPhotos + photo.at("file").get<std::string>()));
  }
  const std::vector<std::string> prompts = {"a", "a photo of", "the dog", "a man in a", "two", "a"};
  for (const int beams : {1, 3}) {
    const GenerationOptions options{.max_new_tokens = 10, .num_beams = beams};
    const auto together = model_.generate(processor_(images, prompts), options, context_);
    ASSERT_EQ(together.size(), images.size());
    for (std::size_t i = 0; i < images.size(); ++i) {
      const auto alone = model_.generate(processor_(images[i], prompts[i]), options, context_);
      EXPECT_EQ(together[i], alone.front()) << "row " << i << " beams " << beams;
    }
  }
}

TEST_F(BundledModel, WeightTypesAgreeOnAFloat16Checkpoint) {
  const BlipInputs inputs = processor_(Image::open(kPhotos + "cat.jpg"));
  const Tensor stored = model_.image_features(inputs.pixel_values, context_);
  const auto expanded =
      BlipForConditionalGeneration::from_pretrained(kModel, {.weight_type = WeightType::f32});
  // The same values, multiplied in the same order.
  EXPECT_EQ(expanded.image_features(inputs.pixel_values, context_).data, stored.data);
  const auto coarse =
      BlipForConditionalGeneration::from_pretrained(kModel, {.weight_type = WeightType::bf16});
  const Tensor rough = coarse.image_features(inputs.pixel_values, context_);
  double difference = 0.0;
  for (std::size_t i = 0; i < rough.data.size(); ++i) {
    difference += std::abs(rough.data[i] - stored.data[i]);
  }
  difference /= static_cast<double>(rough.data.size());
  EXPECT_GT(difference, 0.0);
  EXPECT_LT(difference, 0.05);
}

TEST_F(BundledModel, SaysTheSameInInt8) {
  const auto small =
      BlipForConditionalGeneration::from_pretrained(kModel, {.weight_type = WeightType::i8});
  EXPECT_EQ(small.ignored_tensors(), model_.ignored_tensors());
  for (const char* photo : {"cat.jpg", "motorcycle.jpg", "skateboarder.jpg"}) {
    const BlipInputs inputs = processor_(Image::open(kPhotos + photo));
    EXPECT_EQ(small.generate(inputs, {.num_beams = 3}, context_),
              model_.generate(inputs, {.num_beams = 3}, context_))
        << photo;
  }
}

// Their numbers: threads that were started anew would have others.
std::set<std::string> thread_ids() {
  std::set<std::string> ids;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/task")) {
    ids.insert(entry.path().filename().string());
  }
  return ids;
}

TEST_F(BundledModel, StartsNoThreadsForTheSecondCallWithoutAContext) {
  const BlipInputs inputs = processor_(Image::open(kPhotos + "cat.jpg"));
  const auto expected = model_.generate(inputs, {.num_beams = 2}, context_);
  EXPECT_EQ(model_.generate(inputs, {.num_beams = 2}), expected);
  const auto before = thread_ids();
  EXPECT_EQ(model_.generate(inputs, {.num_beams = 2}), expected);
  EXPECT_EQ(thread_ids(), before);
}

TEST_F(BundledModel, IsSafeToShareBetweenThreads) {
  const BlipInputs inputs = processor_(Image::open(kPhotos + "cat.jpg"));
  const auto expected = model_.generate(inputs, {.num_beams = 2}, context_);
  std::vector<std::vector<std::vector<TokenId>>> results(3);
  std::vector<std::thread> threads;
  threads.reserve(results.size());
  for (auto& result : results) {
    threads.emplace_back([&] {
      Context own({.num_threads = 2});
      result = model_.generate(inputs, {.num_beams = 2}, own);
    });
  }
  for (auto& thread : threads) thread.join();
  for (const auto& result : results) EXPECT_EQ(result, expected);
}

TEST_F(BundledModel, RefusesInputsThatDoNotFit) {
  const auto code = [&](const BlipInputs& inputs) {
    try {
      [[maybe_unused]] const auto ids = model_.generate(inputs, {}, context_);
    } catch (const Error& error) {
      return error.code();
    }
    return ErrorCode::cancelled;
  };
  const Tensor good{{1, 3, 112, 112}, std::vector<float>(3 * 112 * 112)};
  EXPECT_EQ(code({{}, {}}), ErrorCode::invalid_argument);
  EXPECT_EQ(code({{{1, 3, 112, 112}, {1.0F}}, {}}), ErrorCode::invalid_argument);
  EXPECT_EQ(code({{{std::int64_t{1} << 40, 3, std::int64_t{1} << 40, 1}, {1.0F}}, {}}),
            ErrorCode::invalid_argument);
  EXPECT_EQ(code({{{1, 3, 8, 8}, std::vector<float>(3 * 8 * 8)}, {}}),
            ErrorCode::invalid_argument);  // smaller than a patch
  EXPECT_EQ(code({good, {{2, 5, 3}, {2, 5, 3}}}), ErrorCode::invalid_argument);  // two texts
  EXPECT_EQ(code({good, {{2}}}), ErrorCode::invalid_argument);                   // no [SEP]
  EXPECT_EQ(code({good, {{2, 999'999, 3}}}), ErrorCode::invalid_argument);       // no such token
  EXPECT_EQ(code({good, {std::vector<TokenId>(500, 7)}}), ErrorCode::invalid_argument);
}

TEST(FromPretrained, NamesWhatIsWrong) {
  try {
    [[maybe_unused]] const auto model =
        BlipForConditionalGeneration::from_pretrained("no/such/model");
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::not_found);
    EXPECT_NE(std::string(error.what()).find("no/such/model"), std::string::npos);
  }
}

}  // namespace
}  // namespace blip
