// Explanations as files: pictures and arrays.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>

#include "app/explain/explanation.hpp"
#include "app/images/picture_reader.hpp"
#include "blip/image.hpp"

namespace blip::app {

/// Which files an explanation is written to.
struct ExplanationFormats {
  bool png = true;
  bool npy = false;
};

/// Writes explanation_picture(). Throws WriteError, or unsupported where libvips cannot.
void write_explanation_png(const std::filesystem::path& path, const Image& photo,
                           const Explanation& explanation);

/// Writes the maps as NumPy's float32 [1 + words, rows, columns], the mean over all tokens first,
/// and beside them NAME.names.txt: the text, then a word in each line. Throws WriteError.
void write_explanation_npy(const std::filesystem::path& path, const Explanation& explanation);

/// A folder of explanations of many pictures.
class ExplanationFolder {
 public:
  /// Makes the folder if it is not there. Throws WriteError.
  ExplanationFolder(std::filesystem::path folder, ExplanationFormats formats,
                    const PictureOptions& pictures);

  /// Writes NUMBER-NAME.png and .npy, NUMBER being the place of the picture in its list, counted
  /// from 1 in six digits, and NAME its file name without the ending. `result` is the place of the
  /// explanation among the `results` of its picture, which stands behind NAME where there are
  /// several. Reads the picture once more. Throws blip::Error.
  void write(const std::string& picture, std::size_t index, std::size_t result, std::size_t results,
             const Explanation& explanation) const;

 private:
  std::filesystem::path folder_;
  ExplanationFormats formats_;
  PictureOptions pictures_;
};

/// The NAME above: letters, digits, '.', '-' and '_' of the last part of a path or URL, '_' for all
/// else, at most 80 bytes.
std::string plain_name_of(const std::string& picture);

/// A picture as it is shown beside maps: no larger than need be. Throws blip::Error.
Image open_photo(const std::string& picture, const PictureOptions& pictures);

}  // namespace blip::app
