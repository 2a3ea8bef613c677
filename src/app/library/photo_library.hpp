// PhotoLibrary: an index as people look through it: lists of photos in an order, a page of them at
// a time, a photo's facts, its pictures, and captions that people write.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "app/library/picture_filter.hpp"
#include "blip/image.hpp"

namespace blip::app {

/// Photos of a search, at most: nobody looks further. All photos of the library are listed where
/// nothing is searched for.
inline constexpr std::size_t kMostFound = 1000;
/// Bytes of a caption that a person writes.
inline constexpr std::size_t kMostCaptionBytes = 4096;
/// Pixels of the longer side of PhotoLibrary::picture, at most: a large screen's.
inline constexpr int kShownSide = 1600;

struct PhotoLibraryOptions {
  std::filesystem::path index;
  std::string model{};  ///< whose vectors are searched, as the index calls it; empty: none are
  std::int64_t max_pixels = ImageOptions{}.max_pixels;  ///< of a picture that is shown
};

/// A text, and its vector where the library is searched by vectors.
struct SearchedText {
  std::string text;
  std::vector<float> vector{};
};

struct PhotoQuery {
  std::optional<SearchedText> text{};
  std::optional<SearchedText> unwanted{};  ///< what is not to be on the photos
  std::optional<std::int64_t> like{};      ///< the id of a photo, which is not found itself
  PictureFilter filter{};

  [[nodiscard]] bool searches() const { return text || unwanted || like; }
};

struct ListedPhoto {
  std::int64_t id = 0;
  std::string path;  ///< any bytes
  std::int64_t width = 0;
  std::int64_t height = 0;
  std::string date{};     ///< "2024-06-01T12:30:00"; may be empty
  std::string version{};  ///< another one if the file's content is another one
  std::optional<std::string> caption{};
  std::optional<float> score{};   ///< what the order follows; of a search alone
  std::optional<float> cosine{};  ///< of a search by vectors
};

struct PhotoPage {
  std::size_t total = 0;  ///< photos of the whole list
  std::string version;    ///< of the list: another one if it has other photos, or another order
  std::vector<ListedPhoto> photos;
};

struct PhotoDetails {
  ListedPhoto photo;
  std::int64_t bytes = 0;  ///< of the file
  std::optional<std::string> camera{};
  std::optional<std::pair<double, double>> place{};  ///< degrees, north and east positive
  /// Text and writer, the one that counts first.
  std::vector<std::pair<std::string, std::string>> captions{};
  bool has_caption_by_hand = false;
  std::vector<std::string> tags{};
};

/// Tells what a photo's JPEG files are made of.
struct PhotoVersion {
  std::string content;  ///< ListedPhoto::version
  std::string file;     ///< of the file now, which may have changed since it was indexed
};

/// A JPEG file.
struct PhotoFile {
  PhotoVersion version;
  std::shared_ptr<const std::vector<std::byte>> bytes;
};

struct CountedWord {
  std::string word;
  std::int64_t photos = 0;
};

struct LibrarySummary {
  std::size_t photos = 0;
  std::string oldest{};  ///< as ListedPhoto::date
  std::string newest{};
  bool has_captions = false;
  std::vector<CountedWord> tags{};  ///< the most common ones
  std::vector<CountedWord> cameras{};
};

/// Safe to call from many threads at once: each call has a connection of its own to the index. What
/// it says may be two seconds older than the index, but never older than a caption that was written
/// by it. Every function reads files, and throws Error: not_found where the index has no photo of
/// the id.
class PhotoLibrary {
 public:
  /// Throws Error for what is no index, or has no vectors of the model.
  explicit PhotoLibrary(PhotoLibraryOptions options);
  ~PhotoLibrary();
  PhotoLibrary(const PhotoLibrary&) = delete;
  PhotoLibrary& operator=(const PhotoLibrary&) = delete;

  /// Whether texts need vectors.
  [[nodiscard]] bool has_vectors() const;
  [[nodiscard]] LibrarySummary summary();
  /// The best first; where nothing is searched for, the newest first. Throws invalid_argument if a
  /// vector has another length than those of the index.
  [[nodiscard]] PhotoPage photos(const PhotoQuery& query, std::size_t offset, std::size_t limit);
  [[nodiscard]] PhotoDetails photo(std::int64_t id);

  /// Of PhotoFile without making the file.
  [[nodiscard]] PhotoVersion version(std::int64_t id);
  /// The one of the index, or one made of the photo's file.
  [[nodiscard]] PhotoFile thumbnail(std::int64_t id);
  /// Upright, at most kShownSide pixels a side.
  [[nodiscard]] PhotoFile picture(std::int64_t id);

  /// Keeps it in the index, where it counts before the captions of models; an empty one takes it
  /// away. Throws invalid_argument for a text that is too long or not UTF-8, and unreadable if
  /// another index is in the place of the one that was opened.
  void write_caption(std::int64_t id, const std::string& caption);

  // Of texts that were searched for lately. They touch no file.

  [[nodiscard]] std::optional<std::vector<float>> remembered_vector(const std::string& text);
  void remember_vector(const std::string& text, std::vector<float> vector);

 private:
  struct Implementation;
  std::unique_ptr<Implementation> implementation_;
};

/// The models whose vectors an index has, as it calls them; at least one. Throws Error.
std::vector<std::string> searchable_models(const std::filesystem::path& index);

}  // namespace blip::app
