// Duplicates: which pictures of an index are there more than once.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "app/library/picture_filter.hpp"
#include "blip/context.hpp"
#include "search/library_index.hpp"

namespace blip::app {

struct DuplicateOptions {
  PictureFilter filter{};
  bool alike = false;    ///< groups of pictures that are merely alike, too
  float cosine = 0.95F;  ///< of vectors of pictures that are alike, at least
};

struct DuplicateFile {
  std::int64_t picture = 0;
  std::string path;
  std::int64_t size = 0;
  std::int64_t width = 0;
  std::int64_t height = 0;
};

struct DuplicateGroup {
  enum class Kind {
    copy,  ///< the same picture: the same bytes, or encoded or scaled anew, cropped or turned
    alike
  };
  Kind kind = Kind::copy;
  std::vector<DuplicateFile> files;  ///< the best first: most pixels, then most bytes
};

/// Pictures of which `alike` compares all pairs, at most.
inline constexpr std::size_t kMostAlike = 30'000;

/// Files that are no longer there are left out. Of a group of copies, only the best one is among
/// those that are alike. Copies of the same bytes are found by their SHA-256; others have nearly
/// the same difference_hash, the same shape, and vectors whose cosine is at least 0.9, or look the
/// same when one is turned, mirrored or cropped (ComparableLook::likeness); what is compared so
/// has a near hash, turned, or is among the nearest by vectors. A picture with hardly any structure
/// has no copies but those of the same bytes. Throws limit_exceeded where `alike` would compare
/// more than kMostAlike pictures, or Error.
std::vector<DuplicateGroup> find_duplicates(search::LibraryIndex& index,
                                            const DuplicateOptions& options, Context& context);

}  // namespace blip::app
