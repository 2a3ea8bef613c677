#include "checkpoint/torch_objects.hpp"

#include <algorithm>
#include <limits>
#include <optional>
#include <utility>

#include "checkpoint/torch_names.hpp"
#include "core/in_quotes.hpp"

namespace blip {
namespace {

// PyTorch's and numpy's own limit.
constexpr std::size_t kMaxRank = 64;
// A training checkpoint of BLIP has 3,000. Few bytes of pickle can ask for many.
constexpr std::size_t kMaxTensors = 100'000;

// PickleObject::kind of what this file makes.
constexpr std::uint32_t kGlobal = 0;
constexpr std::uint32_t kStorage = 1;
constexpr std::uint32_t kTensor = 2;
constexpr std::uint32_t kScriptClass = 3;
constexpr std::uint32_t kModule = 4;

template <typename T>
std::optional<T> as(const PickleValue& value) {
  const T* const held = std::get_if<T>(&value);
  return held == nullptr ? std::nullopt : std::optional<T>(*held);
}

const PickleHeap::Items& items_of(const PickleHeap& heap, std::optional<PickleTuple> tuple) {
  static const PickleHeap::Items kNothing;
  return tuple ? heap[*tuple] : kNothing;
}

std::optional<std::uint32_t> index_of(const PickleValue& value, std::uint32_t kind) {
  const auto object = as<PickleObject>(value);
  return object && object->kind == kind ? std::optional(object->index) : std::nullopt;
}

}  // namespace

std::int64_t element_count(std::span<const std::int64_t> shape) noexcept {
  constexpr std::int64_t kMax = std::numeric_limits<std::int64_t>::max();
  std::int64_t count = 1;
  if (std::find(shape.begin(), shape.end(), 0) != shape.end()) return 0;
  for (const std::int64_t size : shape) {
    if (count > kMax / size) return -1;
    count *= size;
  }
  return count;
}

TorchObjects::TorchObjects(std::string file, TorchArchive archive)
    : file_(std::move(file)), archive_(archive) {
  hooks_.global = [this](std::string_view module, std::string_view name) {
    return global(module, name);
  };
  hooks_.call = [this](const PickleValue& callable, PickleTuple arguments) {
    return call(callable, arguments);
  };
  hooks_.persistent = [this](const PickleValue& id) { return persistent(id); };
  if (archive == TorchArchive::script) {
    hooks_.make = [this](const PickleValue& callable) { return make_module(callable); };
    hooks_.build = [this](PickleObject object, const PickleValue& state) {
      build_module(object, state);
    };
  }
}

void TorchObjects::fail(const std::string& problem, ErrorCode code) const {
  throw Error(code, file_ + ": " + problem);
}

TorchStorage* TorchObjects::find_storage(std::string_view key) {
  const auto found = storage_by_key_.find(key);
  return found == storage_by_key_.end() ? nullptr : &storages_[found->second];
}

const TorchTensor* TorchObjects::tensor(const PickleValue& value) const {
  const auto index = index_of(value, kTensor);
  return index ? &tensors_[*index] : nullptr;
}

const PickleHeap::Entries* TorchObjects::attributes(const PickleValue& value) const {
  const auto index = index_of(value, kModule);
  return index ? &heap_[modules_[*index]] : nullptr;
}

PickleValue TorchObjects::make_module(const PickleValue& callable) {
  if (!index_of(callable, kScriptClass)) {
    fail("makes an object of something that is no class of its own", ErrorCode::unsupported);
  }
  modules_.push_back(heap_.add_dict({}));
  return PickleObject{kModule, static_cast<std::uint32_t>(modules_.size() - 1)};
}

// A state that is no dict (what some class's own __getstate__ made) says nothing here.
void TorchObjects::build_module(PickleObject object, const PickleValue& state) {
  if (object.kind != kModule) fail("sets the state of something other than a module");
  if (const auto dict = as<PickleDict>(state)) modules_[object.index] = *dict;
}

PickleValue TorchObjects::global(std::string_view module, std::string_view name) const {
  if (archive_ == TorchArchive::script && module.starts_with("__torch__")) {
    return PickleObject{kScriptClass, 0};
  }
  const std::optional<std::uint32_t> known = find_torch_global(module, name);
  if (!known) {
    fail("refers to " + in_quotes(std::string(module) + "." + std::string(name)) +
             ", which is not one of the names a state dict needs; nothing in a checkpoint is "
             "executed, so it is refused",
         ErrorCode::unsupported);
  }
  return PickleObject{kGlobal, *known};
}

PickleValue TorchObjects::call(const PickleValue& callable, PickleTuple arguments) {
  const auto index = index_of(callable, kGlobal);
  if (!index) fail("calls something that cannot be called", ErrorCode::unsupported);
  const TorchGlobal& callee = torch_global(*index);
  const PickleHeap::Items& items = heap_[arguments];
  switch (callee.role) {
    case TorchRole::ordered_dict:
      return ordered_dict(items);
    case TorchRole::rebuild_tensor:
      if (items.size() != 4) fail("makes a tensor of too little or too much");
      return rebuild_tensor(items);
    case TorchRole::rebuild_tensor_v2:
      if (items.size() != 6 && items.size() != 7) fail("makes a tensor of too little or too much");
      return rebuild_tensor(items);
    case TorchRole::rebuild_parameter:  // (tensor, requires_grad, hooks[, state])
      if (items.size() < 3 || !index_of(items[0], kTensor)) {
        fail("makes a parameter of something other than a tensor");
      }
      return items[0];
    case TorchRole::container:  // torch.Size((2, 3)) is (2, 3) for us, set([1]) is [1]
      if (items.size() == 1 && (as<PickleTuple>(items[0]) || as<PickleList>(items[0]))) {
        return items[0];
      }
      break;
    case TorchRole::opaque:
      return PickleOpaque{};
    case TorchRole::storage_type:
    case TorchRole::number_type:
      break;
  }
  fail("calls " + in_quotes(std::string(callee.module) + "." + std::string(callee.name)) +
           " in a way that torch.save does not",
       ErrorCode::unsupported);
}

// OrderedDict(), whose entries are set later; Python 2 gave it a list of [key, value] lists.
PickleValue TorchObjects::ordered_dict(const PickleHeap::Items& arguments) {
  PickleHeap::Entries entries;
  if (arguments.size() > 1) fail("makes an OrderedDict of more than one thing");
  if (arguments.size() == 1) {
    const auto pairs = as<PickleList>(arguments[0]);
    if (!pairs) fail("makes an OrderedDict of something other than a list");
    // The list stays, so that a few bytes could ask for any number of copies of it.
    copied_entries_ += heap_[*pairs].size();
    if (copied_entries_ > kMaxPickleValues) {
      fail("makes an OrderedDict of too many things", ErrorCode::limit_exceeded);
    }
    for (const PickleValue& pair : heap_[*pairs]) {
      const auto list = as<PickleList>(pair);
      const PickleHeap::Items& items = list ? heap_[*list] : items_of(heap_, as<PickleTuple>(pair));
      if (items.size() != 2) fail("makes an OrderedDict of things that are no pairs");
      entries.emplace_back(items[0], items[1]);
    }
  }
  return heap_.add_dict(std::move(entries));
}

// (storage, offset, size, stride), and from version 2 on (…, requires_grad, hooks[, metadata])
PickleValue TorchObjects::rebuild_tensor(const PickleHeap::Items& arguments) {
  if (arguments.size() < 4 || arguments.size() > 7)
    fail("makes a tensor of too little or too much");
  const auto storage = index_of(arguments[0], kStorage);
  const auto offset = as<std::int64_t>(arguments[1]);
  if (!storage || !offset || *offset < 0) fail("makes a tensor without a storage or offset");
  if (arguments.size() > 4 && !as<bool>(arguments[4]))
    fail("makes a tensor with a flag that is none");
  if (arguments.size() == 7) {
    // Bits that say "negate" or "conjugate what is stored": {} or None for all that is plain.
    const auto metadata = as<PickleDict>(arguments[6]);
    if (metadata && !heap_[*metadata].empty()) {
      fail("has a tensor with metadata", ErrorCode::unsupported);
    }
  }
  TorchTensor tensor = {*storage, *offset, sizes(arguments[2]), sizes(arguments[3])};
  require_inside(tensor);
  if (tensors_.size() == kMaxTensors) {
    fail("has more than " + std::to_string(kMaxTensors) + " tensors", ErrorCode::limit_exceeded);
  }
  tensors_.push_back(std::move(tensor));
  return PickleObject{kTensor, static_cast<std::uint32_t>(tensors_.size() - 1)};
}

std::vector<std::int64_t> TorchObjects::sizes(const PickleValue& value) const {
  const auto tuple = as<PickleTuple>(value);
  if (!tuple) fail("has a tensor whose shape or strides are no tuple");
  const PickleHeap::Items& items = heap_[*tuple];
  if (items.size() > kMaxRank) {
    fail("has a tensor of more than " + std::to_string(kMaxRank) + " dimensions",
         ErrorCode::limit_exceeded);
  }
  std::vector<std::int64_t> result;
  result.reserve(items.size());
  for (const PickleValue& item : items) {
    const auto size = as<std::int64_t>(item);
    if (!size || *size < 0) fail("has a tensor with an impossible shape or stride");
    result.push_back(*size);
  }
  return result;
}

void TorchObjects::require_inside(const TorchTensor& tensor) const {
  constexpr std::int64_t kMax = std::numeric_limits<std::int64_t>::max();
  if (tensor.shape.size() != tensor.strides.size()) {
    fail("has a tensor with " + std::to_string(tensor.shape.size()) + " dimensions and " +
         std::to_string(tensor.strides.size()) + " strides");
  }
  const TorchStorage& storage = storages_[tensor.storage];
  const std::int64_t count = element_count(tensor.shape);
  if (count < 0) fail("has a tensor with a shape too large to exist");
  if (count == 0) return;
  std::int64_t last = tensor.offset;  // the furthest element
  for (std::size_t i = 0; i < tensor.shape.size(); ++i) {
    const std::int64_t steps = tensor.shape[i] - 1;
    const bool overflows = steps > 0 && tensor.strides[i] > (kMax - last) / steps;
    if (overflows || (last += steps * tensor.strides[i]) >= storage.elements) {
      last = kMax;
      break;
    }
  }
  if (last >= storage.elements) {
    fail("has a tensor that reaches beyond the " + std::to_string(storage.elements) +
         " elements of its storage " + in_quotes(storage.key));
  }
}

// ('storage', type, key, location, elements[, view]); where it once lay does not matter.
PickleValue TorchObjects::persistent(const PickleValue& id) {
  const auto tuple = as<PickleTuple>(id);
  const PickleHeap::Items& items = items_of(heap_, tuple);
  const auto what = items.empty() ? std::nullopt : as<std::string_view>(items[0]);
  if (what == "module") {
    fail("holds a whole model (a torch.nn.Module), not its state dict", ErrorCode::unsupported);
  }
  if (what != "storage" || items.size() < 5 || items.size() > 6) {
    fail("refers to something other than a storage");
  }
  const auto type = index_of(items[1], kGlobal);
  const auto key = as<std::string_view>(items[2]);
  const auto elements = as<std::int64_t>(items[4]);
  if (!type || torch_global(*type).role != TorchRole::storage_type || !key || !elements ||
      *elements < 0) {
    fail("has a storage without a type, key or size");
  }
  const TorchGlobal& storage_type = torch_global(*type);
  if (!storage_type.dtype) {
    fail("has a storage of type " + std::string(storage_type.name) + ", which is not supported",
         ErrorCode::unsupported);
  }
  std::uint32_t index = add_storage(*key, *storage_type.dtype, *elements);
  if (items.size() == 6) {
    if (const auto view = as<PickleTuple>(items[5])) index = view_of(index, *view);
  }
  return PickleObject{kStorage, index};
}

std::uint32_t TorchObjects::add_storage(std::string_view key, DType dtype, std::int64_t elements) {
  if (elements >
      std::numeric_limits<std::int64_t>::max() / static_cast<std::int64_t>(size_of(dtype))) {
    fail("has a storage too large to exist");
  }
  const auto [known, added] =
      storage_by_key_.emplace(key, static_cast<std::uint32_t>(storages_.size()));
  if (added) {
    storages_.push_back({key, dtype, elements, {}, false});
  } else if (const TorchStorage& before = storages_[known->second];
             before.dtype != dtype || before.elements != elements) {
    fail("has two types or sizes for the storage " + in_quotes(key));
  }
  return known->second;
}

// (key, offset, elements): part of a storage, as PyTorch before 0.4 saved tensors that overlap.
std::uint32_t TorchObjects::view_of(std::uint32_t root, PickleTuple view) {
  const PickleHeap::Items& items = heap_[view];
  const auto key = items.size() == 3 ? as<std::string_view>(items[0]) : std::nullopt;
  const auto offset = key ? as<std::int64_t>(items[1]) : std::nullopt;
  const auto elements = key ? as<std::int64_t>(items[2]) : std::nullopt;
  const std::int64_t whole = storages_[root].elements;
  if (!offset || !elements || *offset < 0 || *elements < 0 || *offset > whole ||
      *elements > whole - *offset) {
    fail("has a part of a storage that lies outside of it");
  }
  const std::size_t known = storages_.size();
  const std::uint32_t index = add_storage(*key, storages_[root].dtype, *elements);
  if (index == known) views_.push_back({index, root, *offset});
  return index;
}

}  // namespace blip
