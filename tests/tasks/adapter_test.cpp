// A LoRA adapter on a small random model against PEFT (tools/reference/make_adapter_fixtures.py).
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

#include "../core/expect_error.hpp"
#include "../core/scoped_variable.hpp"
#include "../core/temporary_directory.hpp"
#include "blip/blip.hpp"
#include "golden_values.hpp"

namespace blip {
namespace {

const std::filesystem::path kBase = BLIP_TEST_DATA "/vqa";
const std::filesystem::path kAdapter = BLIP_TEST_DATA "/adapter";

std::string text_of(const std::filesystem::path& file) {
  std::ostringstream text;
  text << std::ifstream(file, std::ios::binary).rdbuf();
  return text.str();
}

// The adapter in a directory of its own, with `base` as the model that it names.
void copy_adapter(const TemporaryDirectory& directory, const std::string& base) {
  nlohmann::json config = nlohmann::json::parse(text_of(kAdapter / "adapter_config.json"));
  config["base_model_name_or_path"] = base;
  directory.write("adapter_config.json", config.dump());
  directory.write("adapter_model.safetensors", text_of(kAdapter / "adapter_model.safetensors"));
}

// That the model answers as PEFT's. Its weights are float32, as the oracle's.
void expect_answers(const BlipForQuestionAnswering& model, const BlipProcessor& processor) {
  const nlohmann::json golden = read_golden("adapter.json");
  Context context({.num_threads = 2});
  const Image photo =
      Image::open(BLIP_SOURCE_DIR "/examples/photos/" + golden.at("photo").get<std::string>());
  const auto images = model.encode_images(processor(photo).pixel_values, context);
  const Tensor& features = images.front().last_hidden_state();
  expect_values(std::span(features.data).first(golden.at("features").size()), golden.at("features"),
                2e-5, "features");
  const auto question = processor.tokenizer().encode(golden.at("question").get<std::string>());
  const Tensor states = model.question_states(images.front(), question, TextStyle::hf, context);
  expect_values(states.data, golden.at("states"), 2e-5, "states");
  const auto answer = golden.at("answer").get<std::vector<TokenId>>();
  expect_values(model.logits(states, answer, context).data, golden.at("logits"), 1e-4, "logits");
  const auto rows = model.generate_sequences(images, std::span(&question, 1), {.num_beams = 3},
                                             TextStyle::hf, context);
  EXPECT_EQ(rows.at(0).ids, golden.at("ids").get<std::vector<TokenId>>());
}

TEST(Adapter, IsMergedIntoTheModelThatIsNamedBesideIt) {
  const LoadOptions options = {.weight_type = WeightType::f32, .adapter = kAdapter};
  const auto model = BlipForQuestionAnswering::from_pretrained(kBase, options);
  expect_answers(model, BlipProcessor::from_pretrained(kBase, options));
}

TEST(Adapter, FindsItsBaseModelItself) {
  const TemporaryDirectory directory;
  copy_adapter(directory, kBase.string());
  const LoadOptions options = {.weight_type = WeightType::f32};
  expect_answers(BlipForQuestionAnswering::from_pretrained(directory.path(), options),
                 BlipProcessor::from_pretrained(directory.path()));
  // By its weights file as well, and by the name of a bundled model.
  const ScopedVariable bundles("BLIP_MODEL_PATH", BLIP_TEST_DATA);
  const auto file = directory.path() / "adapter_model.safetensors";
  expect_answers(BlipForQuestionAnswering::from_pretrained(file, options),
                 BlipProcessor::from_pretrained(file));
  expect_answers(BlipForQuestionAnswering::from_pretrained(kAdapter, options),
                 BlipProcessor::from_pretrained(kAdapter));
}

TEST(Adapter, LeavesTheBaseModelAsItIs) {
  const auto plain = BlipForQuestionAnswering::from_pretrained(kBase);
  const auto changed = BlipForQuestionAnswering::from_pretrained(kBase, {.adapter = kAdapter});
  const Tensor states{{2, 16}, std::vector<float>(32, 0.25F)};
  const std::vector<TokenId> ids = {64, 30};
  Context context({.num_threads = 1});
  EXPECT_NE(plain.logits(states, ids, context).data, changed.logits(states, ids, context).data);
  const auto again = BlipForQuestionAnswering::from_pretrained(kBase);
  EXPECT_EQ(plain.logits(states, ids, context).data, again.logits(states, ids, context).data);
}

TEST(Adapter, IsMergedBeforeWeightsBecomeInt8) {
  const auto wide = BlipForQuestionAnswering::from_pretrained(
      kBase, {.weight_type = WeightType::f32, .adapter = kAdapter});
  const auto narrow = BlipForQuestionAnswering::from_pretrained(
      kBase, {.weight_type = WeightType::i8, .adapter = kAdapter});
  const auto plain =
      BlipForQuestionAnswering::from_pretrained(kBase, {.weight_type = WeightType::i8});
  Tensor states{{3, 16}, {}};
  for (int i = 0; i < 48; ++i) states.data.push_back(0.1F * static_cast<float>(i % 7 - 3));
  const std::vector<TokenId> ids = {64, 30, 12};
  Context context({.num_threads = 1});
  const auto distance = [&](const BlipForQuestionAnswering& left,
                            const BlipForQuestionAnswering& right) {
    const Tensor a = left.logits(states, ids, context);
    const Tensor b = right.logits(states, ids, context);
    double sum = 0.0;
    for (std::size_t i = 0; i < a.data.size(); ++i) sum += std::abs(a.data[i] - b.data[i]);
    return sum / static_cast<double>(a.data.size());
  };
  EXPECT_LT(distance(wide, narrow), 0.2 * distance(wide, plain));
}

TEST(Adapter, SaysWhichBaseModelIsMissing) {
  const TemporaryDirectory directory;
  copy_adapter(directory, "/nowhere/blip-vqa");
  expect_error(ErrorCode::not_found,
               "is an adapter of /nowhere/blip-vqa: no such model directory; name its base model "
               "yourself: --model BASE --adapter " +
                   directory.path().string(),
               [&] { BlipForQuestionAnswering::from_pretrained(directory.path()); });
  copy_adapter(directory, "");
  expect_error(ErrorCode::not_found, "is an adapter that does not say of which model",
               [&] { BlipForQuestionAnswering::from_pretrained(directory.path()); });
  copy_adapter(directory, kAdapter.string());
  expect_error(ErrorCode::unsupported, "which is an adapter itself",
               [&] { BlipForQuestionAnswering::from_pretrained(directory.path()); });
  expect_error(ErrorCode::not_found, "is no adapter: it has no adapter_config.json",
               [&] { BlipForQuestionAnswering::from_pretrained(kBase, {.adapter = kBase}); });
}

TEST(Adapter, OfAnotherModelIsRefusedByItsTensor) {
  expect_error(ErrorCode::missing_tensor, "has no place in ", [&] {
    BlipForImageTextRetrieval::from_pretrained(BLIP_TEST_DATA "/itm", {.adapter = kAdapter});
  });
}

}  // namespace
}  // namespace blip
