#include "serve/engine/picture_cache.hpp"

#include <iterator>
#include <utility>

#include "tasks/image_memory.hpp"

namespace blip::serve {
namespace {

std::uint64_t bytes_of_picture(const EncodedPicture& picture) {
  constexpr std::uint64_t kBookkeeping = 512;  // key, list, map
  if (const auto* image = std::get_if<EncodedImage>(&picture.value)) {
    return kBookkeeping + bytes_of(*image);
  }
  return kBookkeeping + picture.logits().data.size() * sizeof(float);
}

}  // namespace

std::optional<EncodedPicture> PictureCache::find(const PictureKey& key) {
  const auto found = by_key_.find(key);
  if (found == by_key_.end()) return std::nullopt;
  entries_.splice(entries_.begin(), entries_, found->second);
  return found->second->picture;
}

void PictureCache::add(const PictureKey& key, EncodedPicture picture) {
  if (limit_ == 0 || by_key_.contains(key)) return;
  entries_.push_front({key, std::move(picture)});
  try {
    by_key_.emplace(key, entries_.begin());
  } catch (...) {
    entries_.pop_front();
    throw;
  }
  measure(entries_.front());
  make_room();
}

void PictureCache::measure(const PictureKey& key) {
  const auto found = by_key_.find(key);
  if (found == by_key_.end()) return;
  measure(*found->second);
  make_room();
}

void PictureCache::measure(Entry& entry) {
  bytes_ -= entry.bytes;
  entry.bytes = bytes_of_picture(entry.picture);
  bytes_ += entry.bytes;
}

void PictureCache::make_room() {
  for (auto entry = entries_.rbegin(); bytes_ > limit_ && entry != entries_.rend(); ++entry) {
    const auto* image = std::get_if<EncodedImage>(&entry->picture.value);
    if (image == nullptr) continue;
    forget_readings(*image);
    measure(*entry);
  }
  while (bytes_ > limit_) erase(std::prev(entries_.end()));
}

void PictureCache::forget_model(std::size_t model) {
  for (auto entry = entries_.begin(); entry != entries_.end();) {
    const auto next = std::next(entry);
    if (entry->key.model == model) erase(entry);
    entry = next;
  }
}

void PictureCache::erase(Entries::iterator entry) {
  bytes_ -= entry->bytes;
  by_key_.erase(entry->key);
  entries_.erase(entry);
}

}  // namespace blip::serve
