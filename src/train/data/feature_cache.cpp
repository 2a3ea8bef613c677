#include "train/data/feature_cache.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <cstring>
#include <string>
#include <string_view>
#include <system_error>

#include "blip/error.hpp"
#include "train/data/byte_hash.hpp"

namespace blip::train {
namespace {

constexpr std::string_view kMagic = "blip features 1\n";
constexpr std::string_view kEnding = ".features";
// The magic, the fingerprint, the elements of a record.
constexpr std::size_t kHeaderBytes = kMagic.size() + 2 * sizeof(std::uint64_t);
// Checksum and key, before the features.
constexpr std::size_t kKeyOffset = sizeof(std::uint64_t);
constexpr std::size_t kFeaturesOffset = 3 * sizeof(std::uint64_t);

std::string hexadecimal(std::uint64_t number) {
  std::array<char, 16> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number, 16).ptr;
  const std::string text(digits.data(), end);
  return std::string(digits.size() - text.size(), '0') + text;
}

std::uint64_t number_at(std::span<const std::byte> bytes, std::size_t offset) {
  std::uint64_t number = 0;
  std::memcpy(&number, bytes.data() + offset, sizeof(number));
  return number;
}

void put_number(std::span<std::byte> bytes, std::size_t offset, std::uint64_t number) {
  std::memcpy(bytes.data() + offset, &number, sizeof(number));
}

std::array<std::byte, kHeaderBytes> header_of(const FeatureCacheOptions& options) {
  std::array<std::byte, kHeaderBytes> header{};
  std::memcpy(header.data(), kMagic.data(), kMagic.size());
  put_number(header, kMagic.size(), options.fingerprint);
  put_number(header, kMagic.size() + sizeof(std::uint64_t), options.elements);
  return header;
}

// Of a record without its own place.
std::uint64_t checksum_of(std::span<const std::byte> record) {
  return hash_of(record.subspan(kKeyOffset)).first;
}

}  // namespace

FeatureKey feature_key(std::span<const std::byte> encoded, int size, bool is_mirrored) {
  FeatureKey key = hash_of(encoded);
  // A mirrored picture is another, and so is one of another size.
  key.first += 2 * static_cast<std::uint64_t>(size) + (is_mirrored ? 1 : 0);
  return key;
}

FeatureCache::FeatureCache(FeatureCacheOptions options) : options_(std::move(options)) {
  std::error_code error;
  std::filesystem::create_directories(options_.directory, error);
  if (error) {
    throw Error(ErrorCode::unreadable,
                options_.directory.string() + ": cannot be made: " + error.message());
  }
  std::vector<std::filesystem::path> paths;
  const std::string beginning = hexadecimal(options_.fingerprint) + "-";
  for (const auto& entry : std::filesystem::directory_iterator(options_.directory, error)) {
    const std::string name = entry.path().filename().string();
    if (name.starts_with(beginning) && name.ends_with(kEnding)) paths.push_back(entry.path());
  }
  if (error) {
    throw Error(ErrorCode::unreadable,
                options_.directory.string() + ": cannot be read: " + error.message());
  }
  std::sort(paths.begin(), paths.end());
  for (const std::filesystem::path& path : paths) index_file(path);
}

std::size_t FeatureCache::record_bytes() const noexcept {
  return kFeaturesOffset + options_.elements * sizeof(std::uint16_t);
}

void FeatureCache::index_file(const std::filesystem::path& path) {
  auto file = std::make_shared<const OpenFile>(path);
  bytes_ += file->size();
  std::array<std::byte, kHeaderBytes> header{};
  if (file->size() < header.size()) return;
  file->read_at(0, header);
  if (header != header_of(options_)) return;
  std::array<std::byte, kFeaturesOffset> start{};
  for (std::uint64_t at = header.size(); at + record_bytes() <= file->size();
       at += record_bytes()) {
    file->read_at(at, start);
    places_[{number_at(start, kKeyOffset), number_at(start, kKeyOffset + sizeof(std::uint64_t))}] =
        {files_.size(), at};
  }
  files_.push_back(std::move(file));
}

std::optional<Features> FeatureCache::find(const FeatureKey& key) const {
  std::shared_ptr<const OpenFile> file;
  std::uint64_t offset = 0;
  {
    const std::lock_guard lock(mutex_);
    const auto found = places_.find(key);
    if (found == places_.end()) return std::nullopt;
    file = files_[found->second.file];
    offset = found->second.offset;
  }
  std::vector<std::byte> record(record_bytes());
  file->read_at(offset, record);
  if (number_at(record, 0) != checksum_of(record)) return std::nullopt;
  Features features(options_.elements);
  std::memcpy(features.data(), record.data() + kFeaturesOffset, record.size() - kFeaturesOffset);
  return features;
}

void FeatureCache::start_file() {
  // Other processes add to the same directory, perhaps with the same number in another container.
  std::filesystem::path path;
  for (int number = 0; !own_; ++number) {
    path =
        options_.directory / (hexadecimal(options_.fingerprint) + "-" + std::to_string(::getpid()) +
                              "-" + std::to_string(number) + std::string(kEnding));
    try {
      own_.emplace(path, DurableFile::Mode::create_new);
    } catch (const WriteError& error) {
      if (error.error_number() != EEXIST) throw;
    }
  }
  own_->write(header_of(options_));
  bytes_ += own_->size();
  own_number_ = files_.size();
  files_.push_back(std::make_shared<const OpenFile>(path));
}

void FeatureCache::add(const FeatureKey& key, std::span<const std::uint16_t> features) {
  if (features.size() != options_.elements) {
    throw Error(ErrorCode::invalid_argument, "features of " + std::to_string(features.size()) +
                                                 " numbers for a cache of " +
                                                 std::to_string(options_.elements));
  }
  std::vector<std::byte> record(record_bytes());
  put_number(record, kKeyOffset, key.first);
  put_number(record, kKeyOffset + sizeof(std::uint64_t), key.second);
  std::memcpy(record.data() + kFeaturesOffset, features.data(), features.size_bytes());
  put_number(record, 0, checksum_of(record));

  const std::lock_guard lock(mutex_);
  if (places_.contains(key) || bytes_ + record.size() > options_.max_bytes) return;
  if (!own_) start_file();
  const std::uint64_t offset = own_->size();
  own_->write(std::span<const std::byte>(record));
  places_[key] = {own_number_, offset};
  bytes_ += record.size();
}

std::size_t FeatureCache::size() const {
  const std::lock_guard lock(mutex_);
  return places_.size();
}

}  // namespace blip::train
