#include <algorithm>
#include <cstring>
#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "checkpoint/torch_file.hpp"
#include "core/in_quotes.hpp"

namespace blip {
namespace {

// What may be copied beyond the size of the file: a tensor can repeat one element any number of
// times (torch.expand). BLIP's own repeated tensors are tables of positions of 4 kB.
constexpr std::size_t kMaxRepeatedBytes = std::size_t{64} << 20;

bool is_contiguous(const TorchTensor& tensor) {
  std::int64_t due = 1;
  for (std::size_t i = tensor.shape.size(); i > 0; --i) {
    const std::int64_t size = tensor.shape[i - 1];
    if (size != 1 && tensor.strides[i - 1] != due) return false;
    due *= size;
  }
  return true;
}

// Elements in the order of the shape. source: [storage], out: [product(shape)]
void gather(const TorchTensor& tensor, const std::byte* source, std::size_t element,
            std::int64_t count, std::byte* out) {
  struct Dimension {
    std::int64_t size;
    std::int64_t stride;
    std::int64_t at = 0;
  };
  // Innermost first. One of size 1 is never stepped along, so its stride may be anything.
  std::vector<Dimension> dimensions;
  for (std::size_t i = tensor.shape.size(); i > 0; --i) {
    if (tensor.shape[i - 1] != 1) {
      dimensions.push_back({tensor.shape[i - 1], tensor.strides[i - 1]});
    }
  }
  std::int64_t offset = tensor.offset;
  for (std::int64_t i = 0; i < count; ++i) {
    std::memcpy(out, source + static_cast<std::size_t>(offset) * element, element);
    out += element;
    for (Dimension& dimension : dimensions) {
      offset += dimension.stride;
      if (++dimension.at < dimension.size) break;
      offset -= dimension.size * dimension.stride;
      dimension.at = 0;
    }
  }
}

class Collector {
 public:
  Collector(const TorchObjects& objects, std::size_t file_bytes, const std::string& name)
      : objects_(objects), copy_budget_(file_bytes + kMaxRepeatedBytes), name_(name) {}

  TorchFile collect(const PickleValue& root) {
    if (objects_.attributes(root) != nullptr) {
      add_module(root, "", 0);
      for (const auto& [key, tensor] : script_tensors_) place(key, *tensor);
      return std::move(file_);
    }
    const PickleHeap::Entries* dict = find_dict(root);
    if (dict == nullptr) {
      throw Error(ErrorCode::malformed,
                  name_ +
                      ": holds no state dict: no tensors by name, neither at its top nor under "
                      "\"model\" or \"state_dict\"");
    }
    std::map<std::string_view, const TorchTensor*> tensors;  // the last of a name counts
    for (const auto& [key, value] : *dict) {
      const auto* const text = std::get_if<std::string_view>(&key);
      if (text == nullptr) continue;
      const TorchTensor* tensor = objects_.tensor(value);
      if (tensor == nullptr) {
        tensors.erase(*text);
      } else {
        tensors.insert_or_assign(*text, tensor);
      }
    }
    for (const auto& [key, tensor] : tensors) place(key, *tensor);
    return std::move(file_);
  }

 private:
  // Modules may be reached by many paths, or hold themselves: the depth and the number of steps are
  // limited.
  void add_module(const PickleValue& module, const std::string& path, int depth) {
    constexpr int kMaxModuleDepth = 64;
    constexpr std::size_t kMaxAttributes = 100'000;
    constexpr std::size_t kMaxPathBytes = 1'000;
    for (const auto& [key, value] : *objects_.attributes(module)) {
      // Those that are skipped are steps too.
      if (depth > kMaxModuleDepth || ++attributes_ > kMaxAttributes) {
        throw Error(ErrorCode::limit_exceeded, name_ + ": has modules within modules without end");
      }
      const auto* const text = std::get_if<std::string_view>(&key);
      if (text == nullptr) continue;
      if (path.size() + text->size() > kMaxPathBytes) {
        throw Error(ErrorCode::limit_exceeded, name_ + ": has a module with an endless name");
      }
      const std::string name = path + std::string(*text);
      if (const TorchTensor* tensor = objects_.tensor(value)) {
        script_tensors_.insert_or_assign(name, tensor);
      } else if (objects_.attributes(value) != nullptr) {
        add_module(value, name + ".", depth + 1);
      }
    }
  }

  [[nodiscard]] bool has_tensors(const PickleHeap::Entries& dict) const {
    return std::any_of(dict.begin(), dict.end(), [&](const auto& entry) {
      return std::holds_alternative<std::string_view>(entry.first) &&
             objects_.tensor(entry.second) != nullptr;
    });
  }

  // The dict that has the model's tensors; null if there is none.
  [[nodiscard]] const PickleHeap::Entries* find_dict(const PickleValue& root) const {
    const auto* const dict = std::get_if<PickleDict>(&root);
    if (dict == nullptr) return nullptr;
    const PickleHeap::Entries& entries = objects_.heap()[*dict];
    for (const std::string_view wanted : {"model", "state_dict"}) {
      const PickleHeap::Entries* inner = nullptr;  // the last of a name counts
      for (const auto& [key, value] : entries) {
        const auto* const text = std::get_if<std::string_view>(&key);
        if (text == nullptr || *text != wanted) continue;
        const auto* const held = std::get_if<PickleDict>(&value);
        inner = held == nullptr ? nullptr : &objects_.heap()[*held];
      }
      if (inner != nullptr && has_tensors(*inner)) return inner;
    }
    return has_tensors(entries) ? &entries : nullptr;
  }

  void place(std::string_view key, const TorchTensor& view) {
    const TorchStorage& storage = objects_.storages()[view.storage];
    const std::size_t element = size_of(storage.dtype);
    const std::int64_t count = element_count(view.shape);
    const auto size = static_cast<std::uint64_t>(count);  // at most int64: the machine checked
    CheckpointTensor tensor;
    tensor.name = key;
    tensor.dtype = storage.dtype;
    tensor.shape = view.shape;
    if (count == 0) {
      // No bytes, wherever they would be.
    } else if (is_contiguous(view)) {
      tensor.bytes =
          storage.bytes.subspan(static_cast<std::size_t>(view.offset) * element, size * element);
    } else {
      if (size > copy_budget_ / element) {
        throw Error(ErrorCode::limit_exceeded,
                    name_ + ": tensor " + in_quotes(key) + " repeats its elements to a size of " +
                        std::to_string(size) + ", far beyond the file's");
      }
      copy_budget_ -= size * element;
      file_.copies.push_back(allocate_aligned(size * element));
      gather(view, storage.bytes.data(), element, count, file_.copies.back().get());
      tensor.bytes = {file_.copies.back().get(), size * element};
    }
    file_.tensors.push_back(std::move(tensor));
  }

  const TorchObjects& objects_;
  std::size_t copy_budget_;
  const std::string& name_;
  std::map<std::string, const TorchTensor*> script_tensors_;
  std::size_t attributes_ = 0;
  TorchFile file_;
};

}  // namespace

TorchFile collect_state_dict(const TorchObjects& objects, const PickleValue& root,
                             std::size_t file_bytes, const std::string& name) {
  return Collector(objects, file_bytes, name).collect(root);
}

}  // namespace blip
