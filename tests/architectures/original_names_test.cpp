#include "architectures/blip/original_names.hpp"

#include <gtest/gtest.h>

namespace blip {
namespace {

TEST(OriginalNames, TheVisionTowerIsRenamed) {
  EXPECT_EQ(from_original_name("visual_encoder.cls_token"),
            "vision_model.embeddings.class_embedding");
  EXPECT_EQ(from_original_name("visual_encoder.pos_embed"),
            "vision_model.embeddings.position_embedding");
  EXPECT_EQ(from_original_name("visual_encoder.patch_embed.proj.weight"),
            "vision_model.embeddings.patch_embedding.weight");
  EXPECT_EQ(from_original_name("visual_encoder.norm.bias"), "vision_model.post_layernorm.bias");
  const std::string before = "visual_encoder.blocks.11.";
  const std::string after = "vision_model.encoder.layers.11.";
  EXPECT_EQ(from_original_name(before + "norm1.weight"), after + "layer_norm1.weight");
  EXPECT_EQ(from_original_name(before + "norm2.bias"), after + "layer_norm2.bias");
  EXPECT_EQ(from_original_name(before + "attn.qkv.weight"), after + "self_attn.qkv.weight");
  EXPECT_EQ(from_original_name(before + "attn.proj.bias"), after + "self_attn.projection.bias");
  EXPECT_EQ(from_original_name(before + "mlp.fc1.weight"), after + "mlp.fc1.weight");
}

TEST(OriginalNames, TheMomentumCopyIsRenamedAlike) {
  EXPECT_EQ(from_original_name("visual_encoder_m.blocks.3.attn.proj.bias"),
            "vision_model_m.encoder.layers.3.self_attn.projection.bias");
  EXPECT_EQ(from_original_name("visual_encoder_m.norm.bias"), "vision_model_m.post_layernorm.bias");
  EXPECT_EQ(from_original_name("visual_encoder_m.head.bias"), "visual_encoder_m.head.bias");
}

TEST(OriginalNames, EverythingElseKeepsItsName) {
  for (const char* name : {"text_decoder.bert.encoder.layer.0.crossattention.self.key.weight",
                           "text_encoder.encoder.layer.7.crossattention.output.merge_layer.weight",
                           "cls_head.2.bias", "vision_proj.weight", "visual_encoder.head.weight",
                           "visual_encoder.blocks", "blocks.0.attn.qkv.weight"}) {
    EXPECT_EQ(from_original_name(name), name);
  }
  EXPECT_TRUE(is_original_name("visual_encoder.norm.bias"));
  EXPECT_FALSE(is_original_name("visual_encoder_m.norm.bias"));
  EXPECT_FALSE(is_original_name("vision_model.post_layernorm.bias"));
}

TEST(OriginalNames, KnowsWhatOnlyTrainingNeeds) {
  for (const char* name :
       {"visual_encoder_m.norm.weight", "text_encoder_m.embeddings.word_embeddings.weight",
        "vision_proj_m.bias", "text_proj_m.weight", "image_queue", "text_queue", "idx_queue",
        "queue_ptr", "ptr_queue", "temp", "text_encoder.embeddings.position_ids"}) {
    EXPECT_TRUE(is_training_only(name)) << name;
  }
  for (const char* name : {"visual_encoder.norm.weight", "text_proj.weight", "itm_head.bias",
                           "temp.weight", "text_encoder.embeddings.position_embeddings.weight"}) {
    EXPECT_FALSE(is_training_only(name)) << name;
  }
}

}  // namespace
}  // namespace blip
