#include "checkpoint/safetensors_writer.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "architectures/blip/config_text.hpp"
#include "architectures/blip/config_writer.hpp"
#include "checkpoint/safetensors.hpp"
#include "tests/checkpoint/safetensors_bytes.hpp"
#include "tests/checkpoint/tensor_files.hpp"
#include "tests/core/expect_error.hpp"

namespace blip {
namespace {

TEST(SafetensorsWriter, WritesWhatTheReaderReads) {
  std::vector<SafetensorsPlace> places = {{"half", DType::f16, {3}},
                                          {"b \"é\"", DType::f32, {1, 2}},
                                          {"a", DType::f32, {}},
                                          {"empty", DType::i64, {0, 4}},
                                          {"flags", DType::boolean, {1}}};
  sort_for_alignment(places);
  const std::string header = safetensors_header(places);
  EXPECT_EQ(header.size() % 8, 0U);
  EXPECT_NE(header.find(R"("format":"pt")"), std::string::npos);
  const std::string file = header + "AAAABBBBBBBBhhhhhhf";
  const auto tensors = parse_safetensors(as_bytes(file), "file");
  ASSERT_EQ(tensors.size(), 5U);
  const char* const names[] = {"empty", "a", "b \"é\"", "half", "flags"};
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    EXPECT_EQ(tensors[i].name, names[i]);
    EXPECT_EQ(tensors[i].shape, places[i].shape);
    EXPECT_EQ(tensors[i].dtype, places[i].dtype);
  }
  EXPECT_EQ(std::to_integer<char>(tensors[3].bytes[0]), 'h');
}

TEST(ConfigWriter, WritesWhatTheReaderReads) {
  BlipConfig config = small_config("BlipForImageTextRetrieval");
  config.vision_config.layer_norm_eps = 1e-6F;
  config.tie_word_embeddings = false;
  const std::string json = config_as_json(config);
  EXPECT_NE(json.find("\"layer_norm_eps\": 1e-06"), std::string::npos) << json;
  EXPECT_NE(json.find("\"logit_scale_init_value\": 2.6592"), std::string::npos) << json;
  const BlipConfig read = parse_config(json, "config.json");
  EXPECT_EQ(read.architecture, config.architecture);
  EXPECT_EQ(read.vision_config.layer_norm_eps, config.vision_config.layer_norm_eps);
  EXPECT_EQ(read.vision_config.image_size, config.vision_config.image_size);
  EXPECT_EQ(read.text_config.layer_norm_eps, config.text_config.layer_norm_eps);
  EXPECT_EQ(read.text_config.vocab_size, config.text_config.vocab_size);
  EXPECT_EQ(read.text_config.bos_token_id, config.text_config.bos_token_id);
  EXPECT_EQ(read.image_text_hidden_size, config.image_text_hidden_size);
  EXPECT_FALSE(read.tie_word_embeddings);

  BlipImageProcessorConfig pictures;
  pictures.height = 480;
  pictures.width = 224;
  pictures.resample = Resample::bilinear;
  const auto read_pictures = parse_preprocessor_config(image_processor_as_json(pictures), "name");
  EXPECT_EQ(read_pictures.height, 480);
  EXPECT_EQ(read_pictures.width, 224);
  EXPECT_EQ(read_pictures.resample, Resample::bilinear);
  EXPECT_EQ(read_pictures.image_mean, pictures.image_mean);
  EXPECT_EQ(read_pictures.image_std, pictures.image_std);
  EXPECT_EQ(read_pictures.rescale_factor, pictures.rescale_factor);
}

TEST(ConfigWriter, ChangesOnlyWhatMustChange) {
  const std::string whole = R"({ "architectures":["BlipModel"], "torch_dtype":"float16" })";
  EXPECT_EQ(updated_config(whole, "file", "Other", "float16"), whole);
  const auto updated = nlohmann::json::parse(
      updated_config(R"({"torch_dtype":"float32","extra":[1],"model_type":"blip"})", "file",
                     "BlipModel", "bfloat16"));
  EXPECT_EQ(updated["architectures"], nlohmann::json::array({"BlipModel"}));
  EXPECT_EQ(updated["torch_dtype"], "bfloat16");
  EXPECT_EQ(updated["extra"], nlohmann::json::array({1}));
  EXPECT_FALSE(updated.contains("dtype"));
  expect_error(ErrorCode::malformed, "file: ", [] { updated_config("{", "file", "A", "float32"); });
  std::string many;
  for (int i = 0; i < 50'000; ++i) many += (i > 0 ? ",\"" : "{\"") + std::to_string(i) + "\":1";
  expect_error(ErrorCode::malformed, "file: JSON of more than 100000 values",
               [&] { updated_config(many + "}", "file", "A", "float32"); });
}

}  // namespace
}  // namespace blip
