// model.safetensors.index.json: which file of a sharded checkpoint holds which tensor.
#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "checkpoint/checkpoint.hpp"

namespace blip {

struct Shard {
  std::string file;                  // a plain name inside the model directory
  std::vector<std::string> tensors;  // sorted
};

/// Throws not_found, unreadable, limit_exceeded or malformed, naming the index.
std::vector<Shard> read_shard_index(const std::filesystem::path& index);

/// The same from text. A shard that is anything but a plain file name is malformed: an index must
/// not reach outside its directory.
std::vector<Shard> parse_shard_index(std::string_view json, const std::string& name);

/// Throws malformed if `held`, the sorted tensors of the shard's file, lacks one that the index
/// lists.
void require_listed(const Shard& shard, std::span<const CheckpointTensor> held,
                    const std::filesystem::path& file);

}  // namespace blip
