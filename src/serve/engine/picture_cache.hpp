// PictureCache: encoded pictures, as many as fit, those that were used last.
#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <map>
#include <optional>

#include "serve/engine/encoded_picture.hpp"

namespace blip::serve {

/// For one thread at a time.
class PictureCache {
 public:
  explicit PictureCache(std::uint64_t limit) : limit_(limit) {}

  [[nodiscard]] std::optional<EncodedPicture> find(const PictureKey& key);
  void add(const PictureKey& key, EncodedPicture picture);
  /// A picture grows when a text model reads it: measured again. Where there is too much, what text
  /// models read of the pictures that were not used for longest goes first, then these pictures.
  void measure(const PictureKey& key);
  /// Of an unloaded model: they keep its weights.
  void forget_model(std::size_t model);

  [[nodiscard]] std::uint64_t bytes() const noexcept { return bytes_; }

 private:
  struct Entry {
    PictureKey key;
    EncodedPicture picture;
    std::uint64_t bytes = 0;
  };
  using Entries = std::list<Entry>;  // last used first

  void measure(Entry& entry);
  void make_room();
  void erase(Entries::iterator entry);

  std::uint64_t limit_;
  std::uint64_t bytes_ = 0;
  Entries entries_;
  std::map<PictureKey, Entries::iterator> by_key_;
};

}  // namespace blip::serve
