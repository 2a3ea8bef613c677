// The images of a Markdown page, by CommonMark's rules for inline images and references.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace blip::app {

struct MarkdownImage {
  std::size_t begin = 0;      ///< of its '!'
  std::size_t alt_begin = 0;  ///< what stands between its first brackets
  std::size_t alt_end = 0;
  std::string src;
};

/// `page` with blanks in the place of what is no text: front matter, code, comments, scripts; every
/// byte that is left stands where it stood.
std::string without_code(std::string_view page);

/// Of a page that went through without_code: ![alt](src "title") and ![alt][reference].
std::vector<MarkdownImage> markdown_images(std::string_view page);

}  // namespace blip::app
