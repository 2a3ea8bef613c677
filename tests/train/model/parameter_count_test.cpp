// Parameter counts of the published models, without allocating any: tensors on the meta device.
#include <gtest/gtest.h>

#include "train/model/models.hpp"

namespace blip::train {
namespace {

BlipConfig base(int image_size) {
  BlipConfig config;
  config.text_config.num_attention_heads = 12;
  config.vision_config.image_size = image_size;
  return config;
}

BlipConfig large(int image_size) {
  BlipConfig config = base(image_size);
  config.vision_config.hidden_size = 1024;
  config.vision_config.intermediate_size = 4096;
  config.vision_config.num_hidden_layers = 24;
  config.vision_config.num_attention_heads = 16;
  return config;
}

ModelOptions counted() {
  ModelOptions options;
  options.device = torch::kMeta;
  return options;
}

std::int64_t vision_count(const BlipConfig& config) {
  Parameters parameters(torch::kMeta);
  add_vision_transformer(parameters, "vision_model.", config.vision_config, {}, Role::trained);
  return parameters.count(false);
}

std::int64_t text_count(const BlipConfig& config) {
  Parameters parameters(torch::kMeta);
  add_text_transformer(parameters, "text_encoder.", config.text_config,
                       config.vision_config.hidden_size, 0.1, Role::trained);
  return parameters.count(false);
}

TEST(ParameterCount, Towers) {
  EXPECT_EQ(vision_count(base(224)), 85'798'656);
  EXPECT_EQ(vision_count(base(384)), 86'090'496);
  EXPECT_EQ(vision_count(base(480)), 86'339'328);
  EXPECT_EQ(vision_count(large(224)), 303'301'632);
  EXPECT_EQ(vision_count(large(384)), 303'690'752);
  EXPECT_EQ(vision_count(large(480)), 304'022'528);
  EXPECT_EQ(text_count(base(224)), 137'258'496);
  EXPECT_EQ(text_count(large(224)), 141'977'088);
}

TEST(ParameterCount, Captioning) {
  EXPECT_EQ(make_captioning_model(base(384), counted()).parameters.count(false), 223'971'644);
  EXPECT_EQ(make_captioning_model(large(384), counted()).parameters.count(false), 446'290'492);
}

TEST(ParameterCount, QuestionAnswering) {
  EXPECT_EQ(make_question_answering_model(base(480), counted()).parameters.count(false),
            361'478'972);
  EXPECT_EQ(make_question_answering_model(large(480), counted()).parameters.count(false),
            583'880'764);
}

TEST(ParameterCount, Nlvr) {
  EXPECT_EQ(make_nlvr_model(base(384), counted()).parameters.count(false), 259'372'034);
  EXPECT_EQ(make_nlvr_model(large(384), counted()).parameters.count(false), 486'409'474);
}

TEST(ParameterCount, Retrieval) {
  const RetrievalModel model = make_retrieval_model(base(384), counted());
  // The published numbers of the ITM model leave out the temperature.
  EXPECT_EQ(model.parameters.count(false), 223'744'258 + 1);
  EXPECT_EQ(model.parameters.count(true), 447'486'979);
  const RetrievalModel with_vit_l = make_retrieval_model(large(384), counted());
  EXPECT_EQ(with_vit_l.parameters.count(false), 446'128'642 + 1);
  EXPECT_EQ(with_vit_l.parameters.count(true), 892'255'747);
}

TEST(ParameterCount, Pretraining) {
  const PretrainingModel model = make_pretraining_model(base(224), counted());
  EXPECT_EQ(model.parameters.count(false), 252'441'919);
  EXPECT_EQ(model.parameters.count(true), 475'892'799);
  const PretrainingModel with_vit_l = make_pretraining_model(large(224), counted());
  EXPECT_EQ(with_vit_l.parameters.count(false), 474'729'023);
  EXPECT_EQ(with_vit_l.parameters.count(true), 920'467'007);
}

}  // namespace
}  // namespace blip::train
