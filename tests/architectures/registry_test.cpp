#include "architectures/registry.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <string>

#include "architectures/blip/architectures.hpp"
#include "architectures/blip/family.hpp"
#include "architectures/efficientnet_lite/family.hpp"
#include "blip/config.hpp"
#include "tests/checkpoint/tensor_files.hpp"
#include "tests/core/expect_error.hpp"
#include "tests/core/temporary_directory.hpp"

namespace blip {
namespace {

using ::testing::ElementsAre;

std::filesystem::path small_model(const std::string& name) {
  return std::filesystem::path(BLIP_SOURCE_DIR) / "tests/tasks/data" / name;
}

TEST(Registry, EveryFamilyHasEveryPart) {
  std::set<std::string> model_types;
  for (const ModelFamily* family : model_families()) {
    const std::string type = family->model_type;
    EXPECT_TRUE(model_types.insert(type).second) << type;
    EXPECT_EQ(find_family(type), family);
    EXPECT_FALSE(family->architectures.empty()) << type;
    EXPECT_EQ(family->tokenizer_files.empty(), family->open_tokenizer == nullptr) << type;
    EXPECT_NE(family->architecture_of, nullptr) << type;
    EXPECT_NE(family->expected_tensors, nullptr) << type;
    EXPECT_NE(family->has_made, nullptr) << type;
    EXPECT_EQ(family->open_image_processor == nullptr, family->image_processor_config == nullptr)
        << type;
    EXPECT_NE(family->describe, nullptr) << type;
    EXPECT_NE(family->tensors_of_all_classes, nullptr) << type;
    EXPECT_NE(family->infer_architecture, nullptr) << type;
    if (family->original_names == nullptr) continue;
    EXPECT_NE(family->original_names->is_original, nullptr) << type;
    EXPECT_NE(family->original_names->translated, nullptr) << type;
    EXPECT_NE(family->original_names->is_training_only, nullptr) << type;
  }
}

TEST(Registry, NoImageProcessorIsReadOfAPlaceThatIsNotThere) {
  const auto nowhere = small_model("no such model");
  expect_error(ErrorCode::not_found, "no such model",
               [&] { static_cast<void>(open_image_processor(nowhere)); });
  expect_error(ErrorCode::not_found, "no such model", [&] {
    static_cast<void>(open_image_processor(small_model("classifier"), nowhere));
  });
}

TEST(Registry, EveryArchitectureHasEveryPart) {
  for (const ModelFamily* family : model_families()) {
    std::set<std::string> names;  // CLIP's classes are of three families: the whole and each tower
    for (const Architecture* architecture : family->architectures) {
      const std::string name = architecture->name;
      EXPECT_TRUE(names.insert(name).second) << name;
      EXPECT_EQ(find_architecture(name), architecture);
      EXPECT_FALSE(std::string(architecture->purpose).empty()) << name;
      EXPECT_FALSE(architecture->tasks.empty()) << name;
      EXPECT_FALSE(std::string(architecture->marker).empty()) << name;
    }
  }
  EXPECT_EQ(find_architecture("Blip2Model"), nullptr);
}

TEST(Registry, TheMarkersAreTensorsOfTheirArchitectures) {
  EXPECT_EQ(kBlipFamily.architectures.size(), blip_architectures().size());
  for (const BlipArchitecture* architecture : blip_architectures()) {
    const auto tensors = expected_tensors(small_config(architecture->name));
    EXPECT_TRUE(std::any_of(tensors.begin(), tensors.end(), [&](const ExpectedTensor& tensor) {
      return tensor.name == architecture->marker;
    })) << architecture->name;
  }
}

TEST(Registry, FindsAFamilyByConfigOrByTensors) {
  EXPECT_EQ(&family_of(small_model("itm")), &kBlipFamily);
  EXPECT_EQ(&family_of(small_model("itm") / "model.safetensors"), &kBlipFamily);
  EXPECT_STREQ(kBlipFamily.architecture_of(small_model("itm")).name, "BlipForImageTextRetrieval");
  EXPECT_EQ(kBlipFamily.expected_tensors(small_model("itm")).size(),
            expected_tensors(BlipConfig::from_pretrained(small_model("itm"))).size());
  EXPECT_THAT(kBlipFamily.architecture_of(small_model("itm")).tasks,
              ElementsAre(Task::match, Task::embed, Task::rank));
}

TEST(Registry, AFamilyWithoutTextsHasNoTokenizer) {
  EXPECT_EQ(&family_of(small_model("classifier")), &kEfficientNetLiteFamily);
  expect_error(ErrorCode::unsupported,
               "classifier: EfficientNetLiteForImageClassification reads no texts",
               [] { open_tokenizer(small_model("classifier")); });
}

TEST(Registry, RefusesWhatIsOfNoFamilyByName) {
  const TemporaryDirectory directory;
  directory.write("config.json", R"({"model_type": "flava"})");
  expect_error(ErrorCode::unsupported, "config.json: is a \"flava\" model",
               [&] { family_of(directory.path()); });
  directory.write("config.json", "{}");
  expect_error(ErrorCode::unsupported, "config.json: has no model_type, so it is not BLIP",
               [&] { family_of(directory.path()); });
  directory.write("config.json", R"({"model_type": "blip", "architectures": ["Blip2Model"]})");
  EXPECT_EQ(&family_of(directory.path()), &kBlipFamily);
  expect_error(ErrorCode::unsupported, "\"Blip2Model\" is not an architecture of BLIP",
               [&] { kBlipFamily.architecture_of(directory.path()); });
}

TEST(Registry, OpensTokenizers) {
  const auto tokenizer = open_tokenizer(small_model("itm"));
  const BertTokenizer bert = BertTokenizer::from_pretrained(small_model("itm"));
  const std::string text = "a dog [SEP] it's";
  EXPECT_EQ(tokenizer->encode(text), bert.encode(text));
  EXPECT_EQ(tokenizer->encode(text, {.parse_special_tokens = false}),
            bert.encode(text, {.parse_special_tokens = false}));
  const auto ids = bert.encode(text);
  EXPECT_EQ(tokenizer->decode(ids, {.skip_special_tokens = true}),
            bert.decode(ids, {.skip_special_tokens = true}));
  EXPECT_EQ(tokenizer->vocab_size(), bert.vocab_size());
  const SpecialTokens special = tokenizer->special_tokens();
  EXPECT_EQ(special.cls, bert.cls_token_id());
  EXPECT_EQ(special.sep, bert.sep_token_id());
  EXPECT_EQ(special.pad, bert.pad_token_id());
  EXPECT_EQ(special.unk, bert.unk_token_id());
  EXPECT_EQ(special.mask, bert.mask_token_id());
  EXPECT_EQ(special.bos, -1);
  EXPECT_EQ(special.eos, -1);
}

TEST(Registry, OpensImageProcessors) {
  const auto processor = open_image_processor(small_model("itm"));
  const auto config = BlipImageProcessorConfig::from_pretrained(small_model("itm"));
  EXPECT_EQ(processor->resized_side(), config.width);
  const Image picture(2, 1, {255, 0, 0, 0, 0, 255});
  const Tensor pixels = (*processor)(std::span(&picture, 1));
  EXPECT_EQ(pixels.shape, (std::vector<std::int64_t>{1, 3, config.height, config.width}));
  const auto smaller = processor->with_size(5);
  EXPECT_EQ(smaller->resized_side(), 5);
  EXPECT_EQ((*smaller)(std::span(&picture, 1)).shape, (std::vector<std::int64_t>{1, 3, 5, 5}));
}

TEST(Registry, AProcessorThatDoesNotResizeDoesSoForAnotherSize) {
  const TemporaryDirectory directory;
  directory.write("preprocessor_config.json", R"({"do_resize": false})");
  const auto processor = open_image_processor(directory.path());
  EXPECT_EQ(processor->resized_side(), 0);
  const Image picture(2, 1, {255, 0, 0, 0, 0, 255});
  EXPECT_EQ((*processor)(std::span(&picture, 1)).shape, (std::vector<std::int64_t>{1, 3, 1, 2}));
  EXPECT_EQ(processor->with_size(4)->resized_side(), 4);
}

// A directory that has nothing but a tokenizer, and files that are broken: the readers of the files
// themselves say so, not the registry.
TEST(Registry, FallsBackOnTheFilesThatAreThere) {
  const TemporaryDirectory directory;
  std::filesystem::copy(small_model("itm") / "vocab.txt", directory.path() / "vocab.txt");
  EXPECT_GT(open_tokenizer(directory.path())->vocab_size(), 5U);
  EXPECT_EQ(open_image_processor(directory.path())->resized_side(), 384);
  directory.write("config.json", "broken");
  EXPECT_GT(open_tokenizer(directory.path())->vocab_size(), 5U);
  std::filesystem::remove(directory.path() / "vocab.txt");
  expect_error(ErrorCode::not_found, "neither tokenizer.json nor vocab.txt is there",
               [&] { static_cast<void>(open_tokenizer(directory.path())); });
}

}  // namespace
}  // namespace blip
