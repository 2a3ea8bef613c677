// The images of a page, in HTML or Markdown, and what is written into the page for them.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace blip::app {

enum class PageLanguage { html, markdown };

/// Pages of HTML and Markdown are at most so large.
inline constexpr std::size_t kMaxPageBytes = std::size_t{8} << 20;

struct PageImage {
  /// Why it needs no alternative text, or that it does.
  enum class Need {
    missing,     ///< it has none, or its file's name
    has_text,    ///< alt, aria-label or aria-labelledby
    decorative,  ///< alt="", role="presentation" or "none", aria-hidden="true"; 3 pixels or less
  };
  Need need = Need::missing;
  std::size_t line = 0;  ///< of its start, from 1
  std::string src;
  std::optional<std::string> alt;  ///< nothing: there is no such attribute

  /// What of the page is replaced by the alternative text.
  std::size_t begin = 0;
  std::size_t end = 0;
  bool in_markdown = false;
};

struct PageImages {
  std::vector<PageImage> images;
  std::optional<std::string> base;  ///< the address that others are relative to: <base href>
};

/// In the order of the page.
PageImages page_images(std::string_view page, PageLanguage language);

/// `text` as it stands at the place of `image`: an attribute in HTML, or what is between the
/// brackets in Markdown. Characters that the page's encoding may not have, if it is not UTF-8, are
/// written as numbers.
std::string alt_in_page(const PageImage& image, const std::string& text, bool page_is_utf8);

}  // namespace blip::app
