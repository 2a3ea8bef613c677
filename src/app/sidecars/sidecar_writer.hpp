// SidecarWriter: writes captions into text files, one for each image.
#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <utility>

namespace blip::app {

/// What becomes of a text file that is there already.
enum class ExistingSidecar {
  skip,       ///< it stays; its image is not looked at
  overwrite,  ///< it is replaced
  append,     ///< the caption is added behind its text
  prepend,    ///< the caption is added before its text
};

struct SidecarOptions {
  ExistingSidecar existing = ExistingSidecar::skip;
  std::string separator = ", ";  ///< between the text that is there and the caption
};

class SidecarWriter {
 public:
  explicit SidecarWriter(SidecarOptions options) : options_(std::move(options)) {}

  /// Whether the file is there and is to stay.
  [[nodiscard]] bool is_done(const std::filesystem::path& sidecar) const;

  /// Writes a line for each caption; a file is whole at every moment. Makes the folders above it.
  /// Throws OutputError where nothing more can be written (a full disk), Error for what is wrong
  /// with this file alone.
  void write(const std::filesystem::path& sidecar, std::span<const std::string> captions) const;

 private:
  SidecarOptions options_;
};

}  // namespace blip::app
