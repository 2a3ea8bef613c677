// PickleValue: what a pickle builds, as plain data. Nothing in it can be called.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace blip {

struct PickleNone {};
/// Bytes and integers beyond 64 bits, which nothing here looks at.
struct PickleOpaque {};
/// Containers are numbers of places in a PickleHeap. So a container may hold itself, as Python's
/// may, and nothing that is freed or copied ever follows it down.
struct PickleTuple {
  std::uint32_t index;
};
struct PickleList {  // and sets, which are told from lists by nobody
  std::uint32_t index;
};
struct PickleDict {
  std::uint32_t index;
};
/// Something that only the owner of the PickleHooks knows.
struct PickleObject {
  std::uint32_t kind;
  std::uint32_t index;
};

/// Text points into the pickle's bytes and lives as long as they do.
using PickleValue = std::variant<PickleNone, bool, std::int64_t, double, std::string_view,
                                 PickleTuple, PickleList, PickleDict, PickleObject, PickleOpaque>;

/// The containers of all the pickles of one file.
class PickleHeap {
 public:
  using Items = std::vector<PickleValue>;
  /// In the order in which they were set; of a key set twice, the last counts.
  using Entries = std::vector<std::pair<PickleValue, PickleValue>>;

  PickleTuple add_tuple(Items items) { return {add_items(std::move(items))}; }
  PickleList add_list(Items items) { return {add_items(std::move(items))}; }
  PickleDict add_dict(Entries entries) {
    dicts_.push_back(std::move(entries));
    return {static_cast<std::uint32_t>(dicts_.size() - 1)};
  }

  [[nodiscard]] const Items& operator[](PickleTuple tuple) const { return items_[tuple.index]; }
  [[nodiscard]] Items& operator[](PickleList list) { return items_[list.index]; }
  [[nodiscard]] const Items& operator[](PickleList list) const { return items_[list.index]; }
  [[nodiscard]] Entries& operator[](PickleDict dict) { return dicts_[dict.index]; }
  [[nodiscard]] const Entries& operator[](PickleDict dict) const { return dicts_[dict.index]; }

 private:
  std::uint32_t add_items(Items items) {
    items_.push_back(std::move(items));
    return static_cast<std::uint32_t>(items_.size() - 1);
  }

  std::vector<Items> items_;
  std::vector<Entries> dicts_;
};

}  // namespace blip
