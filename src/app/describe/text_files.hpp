// TextFiles: words into pictures and their XMP sidecars.
#pragma once

#include <filesystem>
#include <string>

#include "metadata/picture_text.hpp"

namespace blip::app {

struct TextFileOptions {
  bool embed = false;  ///< into the pictures themselves, where their format can have it
  metadata::MergeOptions merge = {};
  bool preserve_times = false;
  bool dry_run = false;  ///< everything but the writing
};

/// Where words went.
struct WrittenText {
  enum class Place { picture, sidecar, nowhere };
  Place place = Place::nowhere;  ///< nowhere: all was there already
  /// What was written: less than was found where fields keep what they have.
  metadata::PictureText text = {};
  /// Why it is the sidecar although the words were to be embedded: "is a GIF file"; else empty.
  std::string obstacle = {};
};

/// Immutable. A picture and its sidecar are whole at every moment; all that other programs have
/// written into them stays, and what Existing::replace takes away is in NAME_original. All throw
/// Error, whose messages have no name, and OutputError where nothing more can be written.
class TextFiles {
 public:
  explicit TextFiles(TextFileOptions options) : options_(std::move(options)) {}

  /// What picture and sidecar say; the one that would be written comes first.
  [[nodiscard]] metadata::PictureText read(const std::filesystem::path& picture,
                                           const std::filesystem::path& sidecar) const;

  /// Whether nothing is left to be done for a picture that is to have words in the fields that are
  /// not empty in `fields`. Reads the picture only where the sidecar does not tell.
  [[nodiscard]] bool is_done(const std::filesystem::path& picture,
                             const std::filesystem::path& sidecar,
                             const metadata::PictureText& fields) const;

  WrittenText write(const std::filesystem::path& picture, const std::filesystem::path& sidecar,
                    const metadata::PictureText& text) const;

 private:
  void write_sidecar(const std::filesystem::path& sidecar, const metadata::PictureText& embedded,
                     const metadata::PictureText& text) const;

  TextFileOptions options_;
};

}  // namespace blip::app
