#include "architectures/vit/dinov2_names.hpp"

#include <algorithm>
#include <cctype>
#include <string>

namespace blip {
namespace {

constexpr std::string_view kBlocks = "blocks.";

bool is_number(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(),
                                      [](unsigned char c) { return std::isdigit(c) != 0; });
}

// "blocks.0.3.norm1.weight" → "3.norm1.weight"; empty: the block is not in a chunk.
std::string_view after_chunk(std::string_view name) {
  if (!name.starts_with(kBlocks)) return {};
  const std::string_view chunk_on = name.substr(kBlocks.size());
  const std::size_t end = chunk_on.find('.');
  if (end == std::string_view::npos || !is_number(chunk_on.substr(0, end))) return {};
  const std::string_view block_on = chunk_on.substr(end + 1);
  return is_number(block_on.substr(0, block_on.find('.'))) ? block_on : std::string_view();
}

// The first `before` in it, which must be there, becomes `after`.
std::string replaced(std::string name, std::string_view before, std::string_view after) {
  return name.replace(name.find(before), before.size(), after);
}

bool is_dinov2_original(std::string_view name) {
  return name == "mask_token" || name == "register_tokens" || !after_chunk(name).empty();
}

std::string from_dinov2_original(std::string_view original) {
  if (original == "register_tokens") return "reg_token";
  const std::string_view in_chunk = after_chunk(original);
  std::string name(original);
  if (!in_chunk.empty()) name = std::string(kBlocks) + std::string(in_chunk);
  if (!name.starts_with(kBlocks)) return name;
  if (name.find(".mlp.w12.") != std::string::npos) return replaced(name, ".w12.", ".fc1.");
  if (name.find(".mlp.w3.") != std::string::npos) return replaced(name, ".w3.", ".fc2.");
  return name;
}

bool is_left_out_of_dinov2(std::string_view name) {
  return name == "mask_token";
}

}  // namespace

constinit const OriginalNames kDinov2OriginalNames = {.is_original = is_dinov2_original,
                                                      .translated = from_dinov2_original,
                                                      .is_training_only = is_left_out_of_dinov2};

}  // namespace blip
