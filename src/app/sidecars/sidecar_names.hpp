// SidecarNames: which text file belongs to which image.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <unordered_map>

namespace blip::app {

/// `a.jpg` has `a.txt`. Of images that differ by their endings alone the first in the order of the
/// list has it; `a.png` then has `a.png.txt`, so that no caption gets lost or to a wrong image.
class SidecarNames {
 public:
  /// `ending` with its dot. `directory` holds the files, in folders as those of the images; empty:
  /// they lie beside the images.
  SidecarNames(std::string ending, std::filesystem::path directory);

  /// The file of `image`. `folder` is where it was found in or below; empty if it was named itself,
  /// and then its file lies right in the directory. To be called for every image of the list in
  /// order, those of other shards included. Throws invalid_argument for an image that is no file
  /// where a place beside it is wanted, and for one without any name left.
  std::filesystem::path place(const std::filesystem::path& image,
                              const std::filesystem::path& folder);

  /// Images that have the longer name.
  [[nodiscard]] std::size_t renamed() const noexcept { return renamed_; }
  /// The first of them, and the one that it shares its name with.
  [[nodiscard]] const std::string& first_renamed() const noexcept { return first_renamed_; }
  [[nodiscard]] const std::string& first_owner() const noexcept { return first_owner_; }

 private:
  std::string ending_;
  std::filesystem::path directory_;
  std::unordered_map<std::string, std::string> owners_;  // sidecar → image
  std::size_t renamed_ = 0;
  std::string first_renamed_;
  std::string first_owner_;
};

}  // namespace blip::app
