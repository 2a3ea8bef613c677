// The files of the page, as CMake compiled them in (embed_files.cmake).
#pragma once

#include <span>
#include <string_view>

namespace blip::serve {

struct PageFile {
  std::string_view path;  ///< "web/main.js"
  std::string_view content;
  std::string_view digest;  ///< the first digits of its SHA-256
};

/// In no order.
std::span<const PageFile> page_files();

}  // namespace blip::serve
