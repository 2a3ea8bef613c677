#include "architectures/chinese_clip/tensors.hpp"

#include <string>

#include "architectures/bert_tensors.hpp"
#include "architectures/clip/towers.hpp"

namespace blip {

std::vector<ExpectedTensor> chinese_clip_tensors(const ChineseCLIPConfig& config) {
  ExpectedTensorList list;
  add_vision_transformer(list, vision_transformer_of(config.vision_config));
  list.matrix(kClipVisualProjection, config.projection_dim, config.vision_config.hidden_size);

  const ChineseCLIPTextConfig& text = config.text_config;
  const std::string prefix = kChineseClipTextPrefix;
  add_bert_embeddings(list, prefix, text.vocab_size, text.max_position_embeddings,
                      text.hidden_size);
  list.add(kChineseClipTokenTypes, {text.type_vocab_size, text.hidden_size});
  for (int i = 0; i < text.num_hidden_layers; ++i) {
    const std::string layer = bert_layer_prefix(prefix, i);
    add_bert_self_attention(list, layer, text.hidden_size);
    add_bert_feed_forward(list, layer, text.hidden_size, text.intermediate_size);
  }
  list.matrix(kClipTextProjection, config.projection_dim, text.hidden_size);
  list.add(kClipLogitScale, {});
  return list.take();
}

}  // namespace blip
