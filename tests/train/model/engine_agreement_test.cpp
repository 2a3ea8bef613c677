// A saved model computes in the engine what it computed in training.
#include <gtest/gtest.h>

#include "blip/blip.hpp"
#include "small_models.hpp"
#include "tests/core/temporary_directory.hpp"
#include "train/model/load_weights.hpp"
#include "train/model/save_model.hpp"
#include "train/objectives/training_losses.hpp"

namespace blip::train {
namespace {

constexpr double kLimit = 1e-4;
constexpr bool kEvaluation = false;

std::string task_model(const std::string& name) {
  return std::string(BLIP_SOURCE_DIR "/tests/tasks/data/") + name;
}

class EngineAgreement : public testing::Test {
 protected:
  // Two images as both sides take them; the second differs from the first.
  void make_images(int size) {
    images = torch::randn({2, 3, size, size}, seeded(3), torch::kFloat32);
    engine_images = {{2, 3, size, size},
                     {images.data_ptr<float>(), images.data_ptr<float>() + images.numel()}};
  }

  static TextBatch texts(const std::vector<TokenId>& ids) {
    const std::vector<std::int64_t> wide(ids.begin(), ids.end());
    const torch::Tensor row = torch::tensor(wide, torch::kInt64).unsqueeze(0);
    return {row, torch::ones_like(row)};
  }

  static void expect_same(const Tensor& engine, const torch::Tensor& training, const char* what) {
    const torch::Tensor values = training.detach().contiguous();
    ASSERT_EQ(engine.shape, values.sizes().vec()) << what;
    const torch::Tensor other = torch::tensor(engine.data).view(values.sizes());
    EXPECT_LE((other - values).abs().max().item<double>(), kLimit) << what;
    EXPECT_GT(values.std().item<double>(), 100 * kLimit) << what << " hardly varies";
  }

  TemporaryDirectory directory;
  Context context{{.num_threads = 2}};
  torch::Tensor images;
  Tensor engine_images;
  torch::NoGradGuard no_grad;
};

TEST_F(EngineAgreement, Captioning) {
  CaptioningModel model = make_captioning_model(config_for_training("nano", 0), {});
  const LoadReport report = load_weights(model.parameters, "nano", seeded(1));
  EXPECT_TRUE(report.initialised.empty() && report.borrowed.empty() && report.unfitting.empty());
  save_model(model.parameters, model.config, "BlipForConditionalGeneration", "nano",
             directory.path());
  const auto engine = BlipForConditionalGeneration::from_pretrained(directory.path());
  EXPECT_TRUE(engine.ignored_tensors().empty());
  EXPECT_FALSE(
      BlipProcessor::from_pretrained(directory.path()).tokenizer().encode("a dog").empty());

  make_images(model.config.vision_config.image_size);
  const torch::Tensor states = model.vision.forward(images, kEvaluation);
  expect_same(engine.image_features(engine_images, context), states, "image states");
  const std::vector<TokenId> caption = {3605, 10, 20, 30, 40};
  const Tensor first_image = {
      {states.size(1), states.size(2)},
      {states.data_ptr<float>(), states.data_ptr<float>() + states[0].numel()}};
  const torch::Tensor logits = model.language_model_head.logits(
      model.decoder.decode(texts(caption), {{states.slice(0, 0, 1)}, {}}, kEvaluation));
  expect_same(engine.logits(first_image, caption, context), logits[0], "logits");
}

TEST_F(EngineAgreement, Retrieval) {
  RetrievalModel model =
      make_retrieval_model(config_for_training(task_model("itm"), 0), small_options());
  load_weights(model.parameters, task_model("itm"), seeded(1));
  save_model(model.parameters, model.config, "BlipForImageTextRetrieval", task_model("itm"),
             directory.path());
  const auto engine = BlipForImageTextRetrieval::from_pretrained(directory.path());
  EXPECT_TRUE(engine.ignored_tensors().empty());

  make_images(model.config.vision_config.image_size);
  const auto encoded = engine.encode_images(engine_images, context);
  const torch::Tensor states = model.online.vision.forward(images, kEvaluation);
  expect_same(engine.get_image_features(encoded, context), model.online.project_image(states),
              "image features");
  const std::vector<std::vector<TokenId>> text = {{2, 11, 12, 13, 3}};
  expect_same(engine.get_text_features(text, TextStyle::original, context),
              model.online.encode_text(texts(text[0]), kEvaluation), "text features");
  const TextBatch twice =
      with_first_token({texts(text[0]).ids.expand({2, -1}), texts(text[0]).mask.expand({2, -1})},
                       encoder_token(model.config.text_config));
  const torch::Tensor first =
      model.online.text.encode(twice, CrossStates{{states}, {}}, kEvaluation).select(1, 0);
  expect_same(engine.itm_logits(encoded, text, TextStyle::original, context),
              linear(model.matching_head, first), "matching logits");
}

TEST_F(EngineAgreement, QuestionAnswering) {
  QuestionAnsweringModel model =
      make_question_answering_model(config_for_training(task_model("vqa"), 0), small_options());
  load_weights(model.parameters, task_model("vqa"), seeded(1));
  save_model(model.parameters, model.config, "BlipForQuestionAnswering", task_model("vqa"),
             directory.path());
  const auto engine = BlipForQuestionAnswering::from_pretrained(directory.path());
  EXPECT_TRUE(engine.ignored_tensors().empty());

  make_images(model.config.vision_config.image_size);
  const std::vector<TokenId> question = {2, 21, 22, 23, 24, 3};
  const torch::Tensor states = model.encoder.encode(
      with_first_token(texts(question), encoder_token(model.config.text_config)),
      CrossStates{{model.vision.forward(images, kEvaluation).slice(0, 1)}, {}}, kEvaluation);
  const auto encoded = engine.encode_images(engine_images, context);
  const Tensor question_states =
      engine.question_states(encoded[1], question, TextStyle::original, context);
  expect_same(question_states, states[0], "question states");
  const std::vector<TokenId> answer = {64, 31, 32};
  const torch::Tensor logits = model.language_model_head.logits(
      model.decoder.decode(texts(answer), CrossStates{{states}, {}}, kEvaluation));
  expect_same(engine.logits(question_states, answer, context), logits[0], "answer logits");
}

TEST_F(EngineAgreement, Nlvr) {
  NlvrModel model = make_nlvr_model(config_for_training(task_model("nlvr"), 0), small_options());
  load_weights(model.parameters, task_model("nlvr"), seeded(1));
  save_model(model.parameters, model.config, "BlipForNLVR", task_model("nlvr"), directory.path());
  const auto engine = BlipForNLVR::from_pretrained(directory.path());
  EXPECT_TRUE(engine.ignored_tensors().empty());

  make_images(model.config.vision_config.image_size);
  const auto encoded = engine.encode_images(engine_images, context);
  const std::vector<std::vector<TokenId>> statement = {{2, 21, 22, 23, 3}};
  const NlvrBatch batch = {images.slice(0, 0, 1), images.slice(0, 1), texts(statement[0]), {}};
  expect_same(
      engine.logits(std::span(encoded).first(1), std::span(encoded).last(1), statement, context),
      nlvr_logits(model, batch, kEvaluation), "logits");
}

TEST_F(EngineAgreement, PretrainingSavesAsCaptionerAndAsRetriever) {
  const BlipConfig config = [] {
    BlipConfig made = config_for_training(task_model("itm"), 0);
    made.text_config.bos_token_id = made.text_config.vocab_size - 2;
    return made;
  }();
  PretrainingModel model = make_pretraining_model(config, small_options());
  model.parameters.initialise(seeded(1));
  // Larger than fresh weights are, so that logits vary.
  for (const auto& [name, tensor] : model.parameters.trained()) {
    if (tensor.dim() == 2) torch::Tensor(tensor).mul_(10.0);
  }
  save_model(model.parameters, model.config, "BlipForConditionalGeneration", task_model("itm"),
             directory.path() / "captioner");
  save_model(model.parameters, model.config, "BlipForImageTextRetrieval", task_model("itm"),
             directory.path() / "retriever");
  const auto captioner =
      BlipForConditionalGeneration::from_pretrained(directory.path() / "captioner");
  const auto retriever = BlipForImageTextRetrieval::from_pretrained(directory.path() / "retriever");

  make_images(config.vision_config.image_size);
  const torch::Tensor states = model.online.vision.forward(images, kEvaluation);
  const Tensor features = captioner.image_features(engine_images, context);
  expect_same(features, states, "image states");
  const std::vector<TokenId> caption = {config.text_config.bos_token_id, 10, 11, 12};
  const Tensor first_image = {
      {states.size(1), states.size(2)},
      {states.data_ptr<float>(), states.data_ptr<float>() + states[0].numel()}};
  expect_same(captioner.logits(first_image, caption, context),
              model.language_model_head.logits(model.decoder.decode(
                  texts(caption), CrossStates{{states.slice(0, 0, 1)}, {}}, kEvaluation))[0],
              "caption logits");
  const std::vector<std::vector<TokenId>> text = {{2, 11, 12, 13, 3}};
  expect_same(retriever.get_text_features(text, TextStyle::original, context),
              model.online.encode_text(texts(text[0]), kEvaluation), "text features");
}

TEST_F(EngineAgreement, AnotherImageSizeRegridsPositionsAsTheEngineDoes) {
  CaptioningModel model = make_captioning_model(config_for_training("nano", 160), {});
  const LoadReport report = load_weights(model.parameters, "nano", seeded(1));
  EXPECT_EQ(report.regridded,
            std::vector<std::string>{"vision_model.embeddings.position_embedding"});
  save_model(model.parameters, model.config, "BlipForConditionalGeneration", "nano",
             directory.path());
  make_images(160);
  const torch::Tensor states = model.vision.forward(images, kEvaluation);
  const std::string original = BLIP_SOURCE_DIR "/tests/models/nano";
  for (const std::string& path : {original, directory.path().string()}) {
    const auto engine = BlipForConditionalGeneration::from_pretrained(path);
    expect_same(engine.image_features(engine_images, context), states, path.c_str());
  }
  EXPECT_EQ(BlipImageProcessorConfig::from_pretrained(directory.path()).height, 160);
  EXPECT_EQ(BlipConfig::from_pretrained(directory.path()).vision_config.image_size, 160);
}

}  // namespace
}  // namespace blip::train
