#include "checkpoint/adapter.hpp"

#include <gmock/gmock.h>

#include <string>
#include <utility>
#include <vector>

#include "checkpoint/model_source.hpp"
#include "tests/checkpoint/tensor_files.hpp"
#include "tests/core/expect_error.hpp"
#include "tests/core/temporary_directory.hpp"

namespace blip {
namespace {

using ::testing::ElementsAre;
using Tensors = std::vector<std::pair<std::string, std::vector<std::int64_t>>>;

constexpr const char* kConfig =
    R"({"peft_type": "LORA", "r": 2, "target_modules": ["query", "words", "conv"],
        "modules_to_save": ["norm"]})";

class AdapterFile : public ::testing::Test {
 protected:
  // Tensors of zeros by PEFT's names.
  void write(const Tensors& tensors, DType dtype = DType::f32) {
    std::vector<SafetensorsPlace> places;
    std::size_t bytes = 0;
    for (const auto& [name, shape] : tensors) {
      places.push_back({"base_model.model." + name, dtype, shape});
      std::size_t size = size_of(dtype);
      for (const std::int64_t dimension : shape) size *= static_cast<std::size_t>(dimension);
      bytes += size;
    }
    directory_.write("adapter_config.json", kConfig);
    directory_.write("adapter_model.safetensors",
                     safetensors_header(places) + std::string(bytes, '\0'));
  }
  [[nodiscard]] Adapter open() const { return open_adapter(directory_.path()); }
  void expect_refused(ErrorCode code, const std::string& part) const {
    expect_error(code, part, [&] { static_cast<void>(open()); });
  }

  TemporaryDirectory directory_;
};

TEST_F(AdapterFile, ChangesModulesThatCanBeCounted) {
  Tensors tensors;
  for (int i = 0; i <= 10'000; ++i) {
    tensors.push_back({"m" + std::to_string(i) + ".query.lora_A.weight", {2, 1}});
  }
  write(tensors);
  expect_refused(ErrorCode::limit_exceeded,
                 "adapter_model.safetensors: changes more than 10000 modules");
}

TEST_F(AdapterFile, EveryTensorHasItsPlace) {
  write({{"a.query.lora_A.weight", {2, 5}},
         {"a.query.lora_B.weight", {3, 2}},
         {"a.query.lora_B.bias", {3}},
         {"a.query.base_layer.bias", {3}},
         {"a.words.lora_embedding_A", {2, 9}},
         {"a.words.lora_embedding_B", {4, 2}},
         {"a.conv.lora_A.weight", {2, 3, 4, 4}},
         {"a.conv.lora_B.weight", {6, 2, 1, 1}},
         {"a.norm.weight", {4}}});
  const Adapter adapter = open();
  ASSERT_EQ(adapter.updates.size(), 3U);
  EXPECT_EQ(adapter.updates[0].module, "a.conv");
  EXPECT_EQ(adapter.updates[1].module, "a.query");
  EXPECT_THAT(adapter.updates[1].a->shape, ElementsAre(2, 5));
  EXPECT_THAT(adapter.updates[1].bias->shape, ElementsAre(3));
  EXPECT_EQ(adapter.updates[1].scale, 4.0);  // alpha is 8
  EXPECT_FALSE(adapter.updates[1].is_embedding);
  EXPECT_TRUE(adapter.updates[2].is_embedding);
  ASSERT_EQ(adapter.replaced.size(), 2U);
  EXPECT_EQ(adapter.replaced[0].name, "a.norm.weight");
  EXPECT_TRUE(adapter.replaced[0].is_copy);
  EXPECT_EQ(adapter.replaced[1].name, "a.query.bias");
  EXPECT_FALSE(adapter.replaced[1].is_copy);
}

TEST_F(AdapterFile, LacksAFactor) {
  write({{"a.query.lora_A.weight", {2, 5}}});
  expect_refused(ErrorCode::missing_tensor,
                 "adapter_model.safetensors: tensor \"base_model.model.a.query.lora_A.weight\" is "
                 "there without its other factor");
  write({{"a.query.lora_B.bias", {5}}});
  expect_refused(ErrorCode::missing_tensor, "a.query.lora_B.bias\" is there without");
}

TEST_F(AdapterFile, HasFactorsOfAnotherRank) {
  write({{"a.query.lora_A.weight", {3, 5}}, {"a.query.lora_B.weight", {3, 3}}});
  expect_refused(
      ErrorCode::shape_mismatch,
      "is [3, 5] and its B [3, 3], which are no factors of rank 2 as adapter_config.json");
  write({{"a.query.lora_A.weight", {2, 5}}, {"a.query.lora_B.weight", {2, 2, 3, 3}}});
  expect_refused(ErrorCode::shape_mismatch, "no factors of rank 2");
  write({{"a.query.lora_A.weight", {2}}, {"a.query.lora_B.weight", {2}}});
  expect_refused(ErrorCode::shape_mismatch, "no factors of rank 2");
}

TEST_F(AdapterFile, HasTensorsThatAreNoLora) {
  write({{"a.key.lora_A.weight", {2, 5}}, {"a.key.lora_B.weight", {3, 2}}});
  expect_refused(ErrorCode::unsupported,
                 "a.key.lora_A.weight\" is of a module that target_modules does not name");
  write({{"a.query.lora_magnitude_vector", {3}}});
  expect_refused(ErrorCode::unsupported, "lora_magnitude_vector\" is of DoRA");
  write({{"a.query.lora_A.default.weight", {2, 5}}});
  expect_refused(ErrorCode::unsupported, "lora_A.default.weight\" is none of LoRA's");
  write({{"a.query.lora_A.weight", {2, 5}}, {"a.query.lora_B.weight", {3, 2}}}, DType::i8);
  expect_refused(ErrorCode::unsupported, "holds I8, not F32, F16 or BF16");
  write({});
  expect_refused(ErrorCode::missing_tensor, "has no tensors");
}

TEST_F(AdapterFile, IsNotThere) {
  directory_.write("adapter_config.json", kConfig);
  expect_refused(ErrorCode::not_found,
                 "an adapter without weights: neither adapter_model.safetensors nor "
                 "adapter_model.bin is there");
}

TEST(ModelSource, ADirectoryWithAModelAndAnAdapterIsBoth) {
  const TemporaryDirectory directory;
  directory.write("config.json", "{}");
  directory.write("model.safetensors", "x");
  EXPECT_EQ(resolve_source(directory.path().string()).adapter, "");
  directory.write("adapter_config.json", kConfig);
  EXPECT_EQ(resolve_source(directory.path().string()).adapter, "");  // it has no weights
  directory.write("adapter_model.bin", "x");
  const ModelSource both = resolve_source(directory.path().string());
  EXPECT_EQ(both.model, directory.path());
  EXPECT_EQ(both.adapter, directory.path());
  // The file of the model is the model alone.
  EXPECT_EQ(resolve_source((directory.path() / "model.safetensors").string()).adapter, "");
}

TEST(ModelSource, ProcessorFilesBesideTheAdapterAreItsOwn) {
  const TemporaryDirectory model;
  const TemporaryDirectory adapter;
  adapter.write("adapter_config.json", kConfig);
  const auto source = [&] {
    return resolve_source(model.path().string(), adapter.path().string());
  };
  EXPECT_EQ(source().tokenizer(), model.path());
  EXPECT_EQ(source().image_processor(), model.path());
  adapter.write("tokenizer.json", "{}");
  EXPECT_EQ(source().tokenizer(), adapter.path());
  EXPECT_EQ(source().image_processor(), model.path());
  adapter.write("processor_config.json", "{}");
  EXPECT_EQ(source().image_processor(), adapter.path());
}

TEST(ModelSource, AnAdapterIsNoBaseModel) {
  const TemporaryDirectory adapter;
  adapter.write("adapter_config.json", kConfig);
  const std::string path = adapter.path().string();
  expect_error(ErrorCode::unsupported, "is an adapter itself, not the model of",
               [&] { resolve_source(path, path); });
}

}  // namespace
}  // namespace blip
