// Thumbnails: small pictures of photos, for looking through many.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "app/images/picture_reader.hpp"
#include "blip/context.hpp"
#include "search/library_index.hpp"

namespace blip::app {

/// Pixels of the longer side, at most.
inline constexpr int kThumbnailSide = 256;

/// A JPEG file, no larger than search::kMaxThumbnailBytes.
std::vector<std::byte> thumbnail_of(const Image& image);

/// The one that the index has, or one made of the file; none if that cannot be read.
std::optional<std::vector<std::byte>> find_thumbnail(search::LibraryIndex& index,
                                                     std::int64_t picture, const std::string& path);

/// Makes those that the index lacks. `on_done` hears how many are there, of how many;
/// `on_failed` of files that cannot be read. Throws Error.
void index_thumbnails(
    search::LibraryIndex& index, Context& context,
    const std::function<void(std::size_t done, std::size_t total)>& on_done,
    const std::function<void(const std::string& path, const std::string& error)>& on_failed);

}  // namespace blip::app
