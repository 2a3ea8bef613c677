#include "architectures/text_transformer.hpp"

namespace blip {

void add_text_transformer(ExpectedTensorList& list, const TextTransformer& tower) {
  const std::int64_t width = tower.hidden_size;
  const std::string embeddings = tower.prefix + "embeddings.";
  list.matrix(embeddings + "token_embedding.weight", tower.vocab_size, width);
  list.add(embeddings + "position_embedding.weight", {tower.max_position_embeddings, width});
  for (int i = 0; i < tower.num_hidden_layers; ++i) {
    const std::string layer = tower.prefix + "encoder.layers." + std::to_string(i) + ".";
    list.layer_norm(layer + "layer_norm1", width);
    for (const char* name : {"q_proj", "k_proj", "v_proj", "out_proj"}) {
      list.linear(layer + "self_attn." + name, width, width);
    }
    list.layer_norm(layer + "layer_norm2", width);
    list.linear(layer + "mlp.fc1", tower.intermediate_size, width);
    list.linear(layer + "mlp.fc2", width, tower.intermediate_size);
  }
  list.layer_norm(tower.prefix + "final_layer_norm", width);
}

}  // namespace blip
