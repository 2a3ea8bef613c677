#include "checkpoint/adapter.hpp"

#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "blip/error.hpp"
#include "checkpoint/shape_text.hpp"
#include "core/in_quotes.hpp"
#include "core/open_file.hpp"

namespace blip {
namespace {

constexpr std::string_view kPrefix = "base_model.model.";
// BLIP large has 300 linear layers. Each is matched with the expressions of the configuration.
constexpr std::size_t kMaxModules = 10'000;

bool take_ending(std::string_view& name, std::string_view ending) {
  if (!name.ends_with(ending)) return false;
  name.remove_suffix(ending.size());
  return true;
}

bool take_beginning(std::string_view& name, std::string_view beginning) {
  if (!name.starts_with(beginning)) return false;
  name.remove_prefix(beginning.size());
  return true;
}

class AdapterReader {
 public:
  explicit AdapterReader(Adapter& adapter) : adapter_(adapter), file_(source_of(adapter.tensors)) {}

  void read() {
    for (const CheckpointTensor& tensor : adapter_.tensors.tensors()) {
      place(tensor);
      if (updates_.size() > kMaxModules) {
        throw Error(ErrorCode::limit_exceeded,
                    file_ + ": changes more than " + std::to_string(kMaxModules) + " modules");
      }
    }
    for (auto& [module, update] : updates_) {
      complete(update);
      adapter_.updates.push_back(std::move(update));
    }
    if (adapter_.updates.empty() && adapter_.replaced.empty()) {
      throw Error(ErrorCode::missing_tensor, file_ + ": has no tensors");
    }
  }

 private:
  [[noreturn]] void refuse(ErrorCode code, const CheckpointTensor& tensor,
                           const std::string& problem) const {
    throw Error(code, file_ + ": tensor " + in_quotes(tensor.name) + " " + problem);
  }

  LowRankUpdate& update_of(std::string_view module) {
    LowRankUpdate& update = updates_[std::string(module)];
    update.module = module;
    return update;
  }

  void place(const CheckpointTensor& tensor) {
    if (tensor.dtype != DType::f32 && tensor.dtype != DType::f16 && tensor.dtype != DType::bf16) {
      refuse(ErrorCode::unsupported, tensor,
             "holds " + std::string(name_of(tensor.dtype)) + ", not F32, F16 or BF16");
    }
    std::string_view name = tensor.name;
    take_beginning(name, kPrefix);
    if (take_ending(name, ".lora_A.weight")) {
      update_of(name).a = &tensor;
    } else if (take_ending(name, ".lora_B.weight")) {
      update_of(name).b = &tensor;
    } else if (take_ending(name, ".lora_B.bias")) {
      update_of(name).bias = &tensor;
    } else if (take_ending(name, ".lora_embedding_A")) {
      place_embedding(tensor, name).a = &tensor;
    } else if (take_ending(name, ".lora_embedding_B")) {
      place_embedding(tensor, name).b = &tensor;
    } else if (name.find(".lora_magnitude_vector") != std::string_view::npos) {
      refuse(ErrorCode::unsupported, tensor, "is of DoRA, which is not supported, only LoRA is");
    } else if (name.find(".lora_") != std::string_view::npos) {
      refuse(ErrorCode::unsupported, tensor, "is none of LoRA's");
    } else {
      replace(tensor, name);
    }
  }

  LowRankUpdate& place_embedding(const CheckpointTensor& tensor, std::string_view module) {
    LowRankUpdate& update = update_of(module);
    if (!update.is_embedding && (update.a != nullptr || update.b != nullptr)) {
      refuse(ErrorCode::malformed, tensor, "is an embedding's, of a module that is none");
    }
    update.is_embedding = true;
    return update;
  }

  // "….base_layer.bias" is the base model's own bias, trained (bias of the configuration).
  void replace(const CheckpointTensor& tensor, std::string_view name) {
    constexpr std::string_view kBase = ".base_layer.";
    std::string base_name(name);
    if (const std::size_t at = base_name.rfind(kBase); at != std::string::npos) {
      base_name.replace(at, kBase.size(), ".");
    }
    const bool is_copy = adapter_.config.targets.has_whole(name);
    adapter_.replaced.push_back({std::move(base_name), &tensor, is_copy});
  }

  void complete(LowRankUpdate& update) const {
    const CheckpointTensor& some = *(update.a != nullptr   ? update.a
                                     : update.b != nullptr ? update.b
                                                           : update.bias);
    if (update.a == nullptr || update.b == nullptr) {
      refuse(ErrorCode::missing_tensor, some, "is there without its other factor, A or B");
    }
    if (!adapter_.config.targets.contains(update.module)) {
      refuse(ErrorCode::unsupported, some,
             "is of a module that target_modules does not name: " +
                 adapter_.config.targets.described());
    }
    if (update.is_embedding && update.bias != nullptr) {
      refuse(ErrorCode::unsupported, *update.bias, "is a bias of an embedding, which has none");
    }
    const auto& a = update.a->shape;
    const auto& b = update.b->shape;
    const std::size_t dimensions = update.is_embedding ? 2 : a.size();
    const bool fits = a.size() == dimensions && b.size() == dimensions &&
                      (dimensions == 2 || (dimensions == 4 && b[2] == 1 && b[3] == 1));
    const int rank = adapter_.config.rank_of(update.module);
    if (!fits || a[0] != rank || b[1] != rank) {
      refuse(ErrorCode::shape_mismatch, *update.a,
             "is " + shape_text(a) + " and its B " + shape_text(b) +
                 ", which are no factors of rank " + std::to_string(rank) +
                 " as adapter_config.json has it");
    }
    update.scale = adapter_.config.scale_of(update.module);
  }

  Adapter& adapter_;
  std::string file_;
  std::map<std::string, LowRankUpdate> updates_;
};

}  // namespace

std::optional<std::filesystem::path> find_adapter_weights(const std::filesystem::path& directory) {
  for (const char* name : kAdapterWeightsFiles) {
    std::filesystem::path file = directory / name;
    if (file_exists(file)) return file;
  }
  return std::nullopt;
}

Adapter open_adapter(const std::filesystem::path& directory) {
  AdapterConfig config = read_adapter_config(directory);
  const auto weights = find_adapter_weights(directory);
  if (!weights) {
    throw Error(ErrorCode::not_found,
                directory.string() + ": an adapter without weights: neither " +
                    kAdapterWeightsFiles[0] + " nor " + kAdapterWeightsFiles[1] + " is there");
  }
  Adapter adapter = {directory, std::move(config), Checkpoint::open(*weights), {}, {}};
  AdapterReader(adapter).read();
  return adapter;
}

}  // namespace blip
