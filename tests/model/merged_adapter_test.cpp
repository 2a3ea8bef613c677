#include "model/merged_adapter.hpp"

#include <gmock/gmock.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <map>
#include <string>
#include <vector>

#include "tests/checkpoint/tensor_files.hpp"
#include "tests/core/expect_error.hpp"
#include "tests/core/temporary_directory.hpp"

namespace blip {
namespace {

using ::testing::ElementsAre;

struct Values {
  std::vector<std::int64_t> shape;
  std::vector<float> values;
};
using Tensors = std::map<std::string, Values>;

std::string file_of(const Tensors& tensors) {
  std::vector<SafetensorsPlace> places;
  std::string bytes;
  for (const auto& [name, tensor] : tensors) {
    places.push_back({name, DType::f32, tensor.shape});
    bytes.append(reinterpret_cast<const char*>(tensor.values.data()),
                 tensor.values.size() * sizeof(float));
  }
  return safetensors_header(places) + bytes;
}

class MergedAdapter : public ::testing::Test {
 protected:
  // rank 1, alpha 2: the scale is 2.
  [[nodiscard]] Checkpoint merge(const Tensors& model, const Tensors& adapter,
                                 std::optional<DType> type = std::nullopt,
                                 const std::string& fields = "") {
    directory_.write(
        "adapter_config.json",
        R"({"peft_type": "LORA", "r": 1, "lora_alpha": 2, "target_modules": ".*")" + fields + "}");
    directory_.write("adapter_model.safetensors", file_of(adapter));
    const auto base = Checkpoint::open(directory_.write("model.safetensors", file_of(model)));
    return merge_adapter(base, open_adapter(directory_.path()), expected_, type);
  }

  static std::vector<float> values_of(const Checkpoint& checkpoint, const std::string& name) {
    const CheckpointTensor* tensor = checkpoint.find(name);
    if (tensor == nullptr) return {};
    std::vector<float> values(tensor->bytes.size() / sizeof(float));
    std::memcpy(values.data(), tensor->bytes.data(), tensor->bytes.size());
    return values;
  }

  TemporaryDirectory directory_;
  std::vector<ExpectedTensor> expected_;
};

TEST_F(MergedAdapter, AddsTheScaledProductToTheWeight) {
  const Checkpoint merged =
      merge({{"a.weight", {{2, 3}, {1, 2, 3, 4, 5, 6}}}, {"b.weight", {{1}, {7}}}},
            {{"a.lora_A.weight", {{1, 3}, {1, 0, -1}}}, {"a.lora_B.weight", {{2, 1}, {10, 0.5}}}});
  EXPECT_THAT(values_of(merged, "a.weight"), ElementsAre(21, 2, -17, 5, 5, 5));
  EXPECT_THAT(values_of(merged, "b.weight"), ElementsAre(7));
  EXPECT_EQ(merged.tensors().size(), 2U);
  EXPECT_EQ(merged.files().size(), 1U);
}

TEST_F(MergedAdapter, OnlyCopiesWhatItTouches) {
  directory_.write("adapter_config.json",
                   R"({"peft_type": "LORA", "r": 1, "target_modules": ["a"]})");
  directory_.write("adapter_model.safetensors", file_of({{"a.lora_A.weight", {{1, 1}, {1}}},
                                                         {"a.lora_B.weight", {{1, 1}, {1}}},
                                                         {"c.weight", {{1}, {9}}}}));
  const auto base = Checkpoint::open(directory_.write(
      "model.safetensors",
      file_of({{"a.weight", {{1, 1}, {1}}}, {"b.weight", {{1}, {7}}}, {"c.weight", {{1}, {7}}}})));
  const Adapter adapter = open_adapter(directory_.path());
  const Checkpoint merged = merge_adapter(base, adapter, {});
  EXPECT_NE(merged.find("a.weight")->bytes.data(), base.find("a.weight")->bytes.data());
  EXPECT_EQ(merged.find("b.weight")->bytes.data(), base.find("b.weight")->bytes.data());
  EXPECT_EQ(merged.find("c.weight")->bytes.data(), adapter.tensors.find("c.weight")->bytes.data());
}

TEST_F(MergedAdapter, AddsToEmbeddingsConvolutionsAndBiases) {
  const Checkpoint merged = merge({{"e.weight", {{3, 2}, {0, 0, 0, 0, 0, 0}}},
                                   {"c.weight", {{2, 1, 1, 2}, {0, 0, 0, 0}}},
                                   {"c.bias", {{2}, {1, 1}}}},
                                  {{"e.lora_embedding_A", {{1, 3}, {1, 2, 3}}},
                                   {"e.lora_embedding_B", {{2, 1}, {10, 100}}},
                                   {"c.lora_A.weight", {{1, 1, 1, 2}, {1, 2}}},
                                   {"c.lora_B.weight", {{2, 1, 1, 1}, {1, 10}}},
                                   {"c.lora_B.bias", {{2}, {0.5, 5}}}});
  EXPECT_THAT(values_of(merged, "e.weight"), ElementsAre(20, 200, 40, 400, 60, 600));
  EXPECT_THAT(values_of(merged, "c.weight"), ElementsAre(2, 4, 20, 40));
  EXPECT_THAT(values_of(merged, "c.bias"), ElementsAre(2, 11));
}

TEST_F(MergedAdapter, ATiedMatrixThatIsNotMeantStaysAsItWas) {
  expected_ = {{.name = "head.weight", .shape = {2, 1}, .stand_in = "words.weight"},
               {.name = "head.bias", .shape = {2}, .stand_in = "bias"}};
  const Tensors model = {{"words.weight", {{2, 1}, {1, 2}}}, {"bias", {{2}, {3, 4}}}};
  const Checkpoint words = merge(model, {{"words.lora_embedding_A", {{1, 2}, {1, 1}}},
                                         {"words.lora_embedding_B", {{1, 1}, {5}}}});
  EXPECT_THAT(values_of(words, "words.weight"), ElementsAre(11, 12));
  EXPECT_THAT(values_of(words, "head.weight"), ElementsAre(1, 2));
  EXPECT_THAT(values_of(words, "head.bias"), ElementsAre(3, 4));  // as transformers looks for it

  const Checkpoint head = merge(model, {{"head.lora_A.weight", {{1, 1}, {1}}},
                                        {"head.lora_B.weight", {{2, 1}, {1, 0}}},
                                        {"head.lora_B.bias", {{2}, {1, 0}}}});
  EXPECT_THAT(values_of(head, "words.weight"), ElementsAre(1, 2));
  EXPECT_THAT(values_of(head, "head.weight"), ElementsAre(3, 2));
  EXPECT_THAT(values_of(head, "bias"), ElementsAre(5, 4));

  // Of a copy (modules_to_save) alone, of what was trained in place both.
  const Tensors fresh = {{"words.weight", {{2, 1}, {8, 9}}}};
  const std::string saved = R"(, "modules_to_save": ["words"])";
  EXPECT_THAT(values_of(merge(model, fresh, {}, saved), "head.weight"), ElementsAre(1, 2));
  const Checkpoint in_place = merge(model, fresh);
  EXPECT_EQ(in_place.find("head.weight"), nullptr);
  EXPECT_EQ(in_place.find("head.bias"), nullptr);
}

TEST_F(MergedAdapter, RoundsOnceToTheTypeThatIsAskedFor) {
  const Tensors model = {{"a.weight", {{1, 1}, {1.0F}}}};
  const Tensors adapter = {{"a.lora_A.weight", {{1, 1}, {0.0001F}}},
                           {"a.lora_B.weight", {{1, 1}, {1.0F}}}};
  EXPECT_THAT(values_of(merge(model, adapter), "a.weight"), ElementsAre(1.0002F));
  const Checkpoint half = merge(model, adapter, DType::f16);
  EXPECT_EQ(half.find("a.weight")->dtype, DType::f16);
  EXPECT_EQ(half.find("a.weight")->bytes.size(), 2U);
}

TEST_F(MergedAdapter, RefusesWhatHasNoPlaceInTheModel) {
  const Tensors model = {{"a.weight", {{2, 1}, {1, 2}}}};
  const auto refused = [&](ErrorCode code, const Tensors& adapter, const std::string& part) {
    expect_error(code, part, [&] { static_cast<void>(merge(model, adapter)); });
  };
  refused(ErrorCode::missing_tensor,
          {{"b.lora_A.weight", {{1, 1}, {1}}}, {"b.lora_B.weight", {{2, 1}, {1, 1}}}},
          "tensor \"b.lora_A.weight\" has no place in ");
  refused(ErrorCode::missing_tensor, {{"b.bias", {{1}, {1}}}}, "which lacks \"b.bias\"");
  refused(ErrorCode::shape_mismatch,
          {{"a.lora_A.weight", {{1, 2}, {1, 1}}}, {"a.lora_B.weight", {{2, 1}, {1, 1}}}},
          "is for [2, 2], but \"a.weight\" of ");
  refused(ErrorCode::shape_mismatch, {{"a.weight", {{1}, {1}}}}, "is for [1], but");
  refused(ErrorCode::malformed,
          {{"a.lora_A.weight", {{1, 1}, {std::numeric_limits<float>::quiet_NaN()}}},
           {"a.lora_B.weight", {{2, 1}, {1, 1}}}},
          "makes values that are not finite");
}

}  // namespace
}  // namespace blip
