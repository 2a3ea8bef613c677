// RecentlyUsed: what was asked for last, up to a weight.
#pragma once

#include <cstddef>
#include <list>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>

namespace blip::app {

/// Safe to call from many threads at once. Values are copied: pointers to what is shared, mostly.
template <typename Value>
class RecentlyUsed {
 public:
  /// What is kept weighs no more than this together.
  explicit RecentlyUsed(std::size_t capacity) : capacity_(capacity) {}

  [[nodiscard]] std::optional<Value> find(const std::string& key) {
    const std::lock_guard lock(mutex_);
    const auto found = places_.find(key);
    if (found == places_.end()) return std::nullopt;
    entries_.splice(entries_.begin(), entries_, found->second);
    return found->second->value;
  }

  /// In place of what has this key. Nothing happens if it alone is too heavy.
  void put(const std::string& key, Value value, std::size_t weight) {
    const std::lock_guard lock(mutex_);
    if (const auto found = places_.find(key); found != places_.end()) remove(found->second);
    if (weight > capacity_) return;
    while (weight_ + weight > capacity_) remove(std::prev(entries_.end()));
    entries_.push_front({key, std::move(value), weight});
    places_.emplace(key, entries_.begin());
    weight_ += weight;
  }

  void clear() {
    const std::lock_guard lock(mutex_);
    entries_.clear();
    places_.clear();
    weight_ = 0;
  }

 private:
  struct Entry {
    std::string key;
    Value value;
    std::size_t weight;
  };
  using Place = typename std::list<Entry>::iterator;

  void remove(Place place) {
    weight_ -= place->weight;
    places_.erase(place->key);
    entries_.erase(place);
  }

  const std::size_t capacity_;
  std::mutex mutex_;
  std::list<Entry> entries_;  // the one that was used last is the first
  std::unordered_map<std::string, Place> places_;
  std::size_t weight_ = 0;
};

}  // namespace blip::app
