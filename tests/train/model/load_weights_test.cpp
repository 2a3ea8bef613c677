#include "train/model/load_weights.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>

#include "blip/error.hpp"
#include "small_models.hpp"
#include "tests/core/temporary_directory.hpp"
#include "train/run/tensor_file.hpp"

namespace blip::train {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

// Salesforce's names, written from their list of keys.
std::string original_name(std::string name) {
  const auto replace = [&](const std::string& before, const std::string& after) {
    const std::size_t at = name.find(before);
    if (at != std::string::npos) name.replace(at, before.size(), after);
  };
  if (!name.starts_with("vision_model")) return name;
  replace("embeddings.class_embedding", "cls_token");
  replace("embeddings.position_embedding", "pos_embed");
  replace("embeddings.patch_embedding", "patch_embed.proj");
  replace("encoder.layers.", "blocks.");
  replace("layer_norm", "norm");
  replace("self_attn.projection", "attn.proj");
  replace("self_attn", "attn");
  replace("post_layernorm", "norm");
  replace("vision_model", "visual_encoder");
  return name;
}

class LoadWeights : public testing::Test {
 protected:
  TemporaryDirectory directory;
  std::filesystem::path file = directory.path() / "start.safetensors";

  // A pre-training checkpoint as Salesforce has it, some tensors changed or (undefined) left out.
  using Edit = std::function<torch::Tensor(const std::string& name, const torch::Tensor& tensor)>;
  PretrainingModel save_pretraining(const Edit& edit = {}, std::int64_t vision_width = 12) const {
    BlipConfig config = small_config();
    config.vision_config.hidden_size = static_cast<int>(vision_width);
    PretrainingModel model = make_pretraining_model(config, small_options());
    model.parameters.initialise(seeded(21));
    model.queue.pointer.fill_(4);
    NamedTensors tensors;
    for (const Parameter& parameter : model.parameters.all()) {
      for (const std::string& name : model.parameters.names_of(parameter)) {
        const torch::Tensor kept = edit ? edit(name, parameter.tensor) : parameter.tensor;
        if (kept.defined()) tensors.emplace_back(original_name(name), kept);
      }
    }
    replace_tensor_file(file, tensors);
    return model;
  }
};

TEST_F(LoadWeights, PretrainingGoesOnFromAnOriginalCheckpoint) {
  const PretrainingModel saved = save_pretraining();
  PretrainingModel model = make_pretraining_model(small_config(), small_options());
  const LoadReport report = load_weights(model.parameters, file, seeded(1));
  EXPECT_THAT(report.initialised, IsEmpty());
  EXPECT_THAT(report.borrowed, IsEmpty());
  EXPECT_THAT(report.unfitting, IsEmpty());
  EXPECT_THAT(report.untied, IsEmpty());
  EXPECT_THAT(report.unused, IsEmpty());
  for (std::size_t i = 0; i < saved.parameters.all().size(); ++i) {
    const Parameter& was = saved.parameters.all()[i];
    const Parameter& is = model.parameters.all()[i];
    if (was.name == "queue_ptr") {
      EXPECT_EQ(is.tensor.item<std::int64_t>(), 0);  // whatever batches the other training had
    } else {
      EXPECT_TRUE(is.tensor.equal(was.tensor)) << was.name;
    }
  }
}

TEST_F(LoadWeights, RetrievalTakesMomentumAndQueueButNotThePointer) {
  const PretrainingModel saved = save_pretraining();
  RetrievalModel model = make_retrieval_model(small_config(), small_options());
  const LoadReport report = load_weights(model.parameters, file, seeded(1));
  EXPECT_THAT(report.initialised, ElementsAre("idx_queue", "ptr_queue"));
  EXPECT_THAT(report.unused, Contains("text_decoder.bert.encoder.layer.0.attention.self.key.bias"));
  EXPECT_TRUE(model.queue.image.equal(saved.queue.image));
  EXPECT_TRUE(model.queue.image_id.eq(-100).all().item<bool>());
  EXPECT_TRUE(model.momentum.text.word_embedding.equal(saved.momentum.text.word_embedding));
  EXPECT_FALSE(model.momentum.text.word_embedding.equal(model.online.text.word_embedding));
}

TEST_F(LoadWeights, AnotherQueueSizeMeansANewQueue) {
  save_pretraining();
  ModelOptions options = small_options();
  options.queue_size = 20;
  RetrievalModel model = make_retrieval_model(small_config(), options);
  const LoadReport report = load_weights(model.parameters, file, seeded(1));
  EXPECT_THAT(report.unfitting, UnorderedElementsAre("image_queue", "text_queue"));
  EXPECT_TRUE(torch::allclose(model.queue.image.norm(2, 0), torch::ones({20})));
}

TEST_F(LoadWeights, WithoutMomentumCopiesTheyStartFromWhatTheyFollow) {
  save_pretraining([](const std::string& name, const torch::Tensor& tensor) {
    const bool dropped = name.find("_m.") != std::string::npos || name.starts_with("text_proj");
    return dropped ? torch::Tensor() : tensor;
  });
  PretrainingModel model = make_pretraining_model(small_config(), small_options());
  const LoadReport report = load_weights(model.parameters, file, seeded(1));
  EXPECT_THAT(report.initialised, ElementsAre("text_proj.weight", "text_proj.bias",
                                              "text_proj_m.weight", "text_proj_m.bias"));
  for (const MomentumPair& pair : model.momentum_pairs)
    EXPECT_TRUE(pair.momentum.equal(pair.trained));
}

TEST_F(LoadWeights, NlvrStartsTwiceFromTheSingleCrossAttention) {
  BlipConfig config = small_config();
  const PretrainingModel saved = save_pretraining();
  NlvrModel model = make_nlvr_model(config, small_options());
  const LoadReport report = load_weights(model.parameters, file, seeded(1));
  EXPECT_THAT(report.initialised, ElementsAre("cls_head.0.weight", "cls_head.0.bias",
                                              "cls_head.2.weight", "cls_head.2.bias"));
  const AttentionWeights& single = saved.decoder.layers[1].crossattention[0];
  for (const AttentionWeights& twin : model.encoder.layers[1].crossattention) {
    EXPECT_TRUE(twin.query.weight.equal(single.query.weight));
    EXPECT_TRUE(twin.value.bias.equal(single.value.bias));
    EXPECT_TRUE(twin.output.weight.equal(single.output.weight));
  }
  EXPECT_FALSE(model.encoder.layers[1].crossattention[0].key.weight.is_same(
      model.encoder.layers[1].crossattention[1].key.weight));
  EXPECT_TRUE(model.encoder.layers[1].attention.query.weight.equal(
      saved.online.text.layers[1].attention.query.weight));
}

TEST_F(LoadWeights, VqaDropsTheDecodersKeysAndValuesOfAnotherWidthAndNothingElse) {
  save_pretraining();  // images 12 wide, texts 8
  QuestionAnsweringModel model = make_question_answering_model(small_config(), small_options());
  const LoadReport report = load_weights(model.parameters, file, seeded(1));
  const std::string layer = "text_decoder.bert.encoder.layer.";
  EXPECT_THAT(report.unfitting, UnorderedElementsAre(layer + "0.crossattention.self.key.weight",
                                                     layer + "0.crossattention.self.value.weight",
                                                     layer + "1.crossattention.self.key.weight",
                                                     layer + "1.crossattention.self.value.weight"));
  EXPECT_THAT(report.initialised, IsEmpty());
  EXPECT_NEAR(model.decoder.layers[0].crossattention[0].key.weight.std().item<double>(),
              initial_deviation(8), 0.3 * initial_deviation(8));
}

TEST_F(LoadWeights, ACaptionersDecoderServesAsEncoder) {
  QuestionAnsweringModel model =
      make_question_answering_model(config_for_training("nano", 0), small_options());
  const LoadReport report = load_weights(model.parameters, "nano", seeded(1));
  EXPECT_THAT(report.initialised, IsEmpty());
  EXPECT_EQ(report.borrowed.size(), 4 + 4 * 26);
  EXPECT_TRUE(std::ranges::all_of(
      report.borrowed, [](const std::string& name) { return name.starts_with("text_encoder."); }));
  EXPECT_TRUE(model.encoder.word_embedding.equal(model.decoder.word_embedding));
}

TEST_F(LoadWeights, WhatMustFitMustFit) {
  save_pretraining([](const std::string& name, const torch::Tensor& tensor) {
    return name == "text_decoder.bert.encoder.layer.1.output.dense.weight" ||
                   name == "text_encoder.encoder.layer.1.output.dense.weight"
               ? torch::ones({3, 3})
               : tensor;
  });
  CaptioningModel model = make_captioning_model(small_config(), small_options());
  try {
    load_weights(model.parameters, file, seeded(1));
    FAIL() << "a matrix of another shape was taken";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::shape_mismatch);
    EXPECT_THAT(error.what(),
                HasSubstr("layer.1.output.dense.weight\" is [3, 3] instead of [8, 14]"));
  }

  save_pretraining([](const std::string& name, const torch::Tensor& tensor) {
    return name == "vision_model.post_layernorm.bias" ? torch::Tensor() : tensor;
  });
  try {
    load_weights(model.parameters, file, seeded(1));
    FAIL() << "a tensor was made up";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::missing_tensor);
    EXPECT_THAT(error.what(), HasSubstr("\"vision_model.post_layernorm.bias\" [12]"));
  }
}

TEST_F(LoadWeights, TiedTensorsThatDifferAreReported) {
  save_pretraining([](const std::string& name, const torch::Tensor& tensor) {
    return name.ends_with("predictions.decoder.weight") ? tensor + 1.0 : tensor;
  });
  CaptioningModel model = make_captioning_model(small_config(), small_options());
  const LoadReport report = load_weights(model.parameters, file, seeded(1));
  EXPECT_THAT(report.untied, ElementsAre("text_decoder.bert.embeddings.word_embeddings.weight, not "
                                         "text_decoder.cls.predictions.decoder.weight"));
}

}  // namespace
}  // namespace blip::train
