// FeatureCache: what a backbone that stays as it is makes of pictures, kept in files.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "core/durable_file.hpp"
#include "core/open_file.hpp"

namespace blip::train {

/// Tells pictures apart: 128 bits of everything that their pixels depend on.
using FeatureKey = std::pair<std::uint64_t, std::uint64_t>;

/// Of a picture file's bytes, brought to size × size pixels and mirrored or not.
FeatureKey feature_key(std::span<const std::byte> encoded, int size, bool is_mirrored);

/// A picture's map in float16.
using Features = std::vector<std::uint16_t>;

struct FeatureCacheOptions {
  std::filesystem::path directory;
  /// Of the weights, and of all else but the picture that the features depend on.
  std::uint64_t fingerprint = 0;
  std::size_t elements = 0;     ///< numbers of a picture
  std::uint64_t max_bytes = 0;  ///< of all files of this fingerprint together
};

/// DIRECTORY/FINGERPRINT-*.features. Every run that has something new writes a file of its own, and
/// reads those that are there when it starts: runs may share a directory at the same time. A record
/// is a checksum, a key and the features; what a killed run left half-written is not seen. Any
/// number of threads may use it at once.
class FeatureCache {
 public:
  /// Throws unreadable if the directory cannot be made, or a file in it cannot be read.
  explicit FeatureCache(FeatureCacheOptions options);

  /// None if they are not there, or damaged.
  std::optional<Features> find(const FeatureKey& key) const;
  /// Nothing happens if they are there or max_bytes is reached. Throws WriteError,
  /// invalid_argument for another number of elements.
  void add(const FeatureKey& key, std::span<const std::uint16_t> features);

  [[nodiscard]] std::size_t size() const;

 private:
  struct Place {
    std::size_t file = 0;
    std::uint64_t offset = 0;
  };

  [[nodiscard]] std::size_t record_bytes() const noexcept;
  void index_file(const std::filesystem::path& path);
  void start_file();

  FeatureCacheOptions options_;
  mutable std::mutex mutex_;
  std::vector<std::shared_ptr<const OpenFile>> files_;
  std::map<FeatureKey, Place> places_;
  std::uint64_t bytes_ = 0;
  std::optional<DurableFile> own_;  // the last of files_, once there is something new
  std::size_t own_number_ = 0;
};

}  // namespace blip::train
