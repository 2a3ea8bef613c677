#include "checkpoint/shard_index.hpp"

#include <algorithm>
#include <map>
#include <utility>

#include "blip/error.hpp"
#include "core/in_quotes.hpp"
#include "core/json_text.hpp"
#include "core/open_file.hpp"

namespace blip {
namespace {

// A hundred bytes a tensor: 40,000 tensors. BLIP has fewer than 800.
constexpr std::size_t kMaxIndexBytes = 4'000'000;

bool is_plain_file_name(std::string_view name) {
  return !name.empty() && name != "." && name != ".." &&
         std::all_of(name.begin(), name.end(), [](char character) {
           const auto byte = static_cast<unsigned char>(character);
           return character != '/' && character != '\\' && byte >= 0x20 && byte != 0x7F;
         });
}

}  // namespace

std::vector<Shard> parse_shard_index(std::string_view json, const std::string& name) {
  const nlohmann::json document = parse_json_object(json, name);
  const auto weight_map = document.find("weight_map");
  if (weight_map == document.end() || !weight_map->is_object()) {
    throw Error(ErrorCode::malformed, name + ": has no \"weight_map\" object");
  }
  if (weight_map->empty()) {
    throw Error(ErrorCode::malformed, name + ": its \"weight_map\" lists no tensors");
  }
  std::map<std::string, std::vector<std::string>> shards;
  for (const auto& [tensor, file] : weight_map->items()) {
    const std::string* file_name = file.get_ptr<const std::string*>();
    if (file_name == nullptr || !is_plain_file_name(*file_name)) {
      throw Error(ErrorCode::malformed,
                  name + ": tensor " + in_quotes(tensor) + " is mapped to " +
                      (file_name == nullptr ? "no file name"
                                            : in_quotes(*file_name) + ", not a plain file name"));
    }
    shards[*file_name].push_back(tensor);
  }
  std::vector<Shard> result;
  result.reserve(shards.size());
  for (auto& [file, tensors] : shards) {
    std::sort(tensors.begin(), tensors.end());
    result.push_back({.file = file, .tensors = std::move(tensors)});
  }
  return result;
}

std::vector<Shard> read_shard_index(const std::filesystem::path& index) {
  return parse_shard_index(read_text_file(index, kMaxIndexBytes), index.string());
}

void require_listed(const Shard& shard, std::span<const CheckpointTensor> held,
                    const std::filesystem::path& file) {
  for (const std::string& name : shard.tensors) {
    const auto found =
        std::lower_bound(held.begin(), held.end(), name,
                         [](const CheckpointTensor& tensor, const std::string& wanted) {
                           return tensor.name < wanted;
                         });
    if (found == held.end() || found->name != name) {
      throw Error(ErrorCode::malformed,
                  file.string() + ": lacks tensor " + in_quotes(name) + ", which the index lists");
    }
  }
}

}  // namespace blip
