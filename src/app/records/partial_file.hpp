// PartialFile: a file that appears under its name only once it is whole.
#pragma once

#include <filesystem>
#include <string_view>

#include "core/replacement_file.hpp"

namespace blip::app {

class PartialFile {
 public:
  /// Writes to a hidden name beside `target`. Throws OutputError.
  explicit PartialFile(const std::filesystem::path& target);

  /// Throws OutputError.
  void write(std::string_view bytes);
  /// Makes sure that the bytes are on the disk. Throws OutputError.
  void sync();
  /// Gives it its name, in place of what may have had it. Throws OutputError.
  void put_in_place();

 private:
  ReplacementFile replacement_;
};

}  // namespace blip::app
