#include "app/sites/page_images.hpp"

#include <algorithm>
#include <charconv>

#include "app/sites/html_tags.hpp"
#include "app/sites/markdown_images.hpp"
#include "core/unicode.hpp"

namespace blip::app {
namespace {

using Need = PageImage::Need;

// What is as thin separates or spaces out.
constexpr int kSpacerPixels = 3;

bool is_blank(std::string_view text) {
  return text.find_first_not_of(" \t\r\n\f") == std::string_view::npos;
}

bool is_thin(const HtmlTag& tag, std::string_view name) {
  const auto text = tag.value(name);
  if (!text) return false;
  int pixels = 0;
  const char* end = text->data() + text->size();
  const auto [stop, error] = std::from_chars(text->data(), end, pixels);
  const bool is_percent = stop != end && *stop == '%';
  return error == std::errc{} && !is_percent && pixels <= kSpacerPixels;
}

bool is_word(const std::optional<std::string>& text, std::string_view word) {
  return text && std::ranges::equal(*text, word, {}, [](char c) {
           return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
         });
}

// "IMG_1234.jpg", as some editors write it into alt.
bool is_file_name(const std::string& alt, const std::string& src) {
  const std::string path = src.substr(0, src.find_first_of("?#"));
  const std::string name = path.substr(path.rfind('/') + 1);
  return !name.empty() && (alt == name || alt == name.substr(0, name.rfind('.')));
}

Need need_of(const HtmlTag& tag, const std::optional<std::string>& alt, const std::string& src) {
  const auto role = tag.value("role");
  if (is_word(role, "presentation") || is_word(role, "none")) return Need::decorative;
  if (is_word(tag.value("aria-hidden"), "true")) return Need::decorative;
  if (alt && is_blank(*alt)) return Need::decorative;
  if (tag.find("aria-label") != nullptr || tag.find("aria-labelledby") != nullptr) {
    return Need::has_text;
  }
  if (alt && !is_file_name(*alt, src)) return Need::has_text;
  return is_thin(tag, "width") || is_thin(tag, "height") ? Need::decorative : Need::missing;
}

std::optional<PageImage> image_of(const HtmlTag& tag) {
  if (tag.name != "img") return std::nullopt;
  const auto src = tag.value("src");
  if (!src || is_blank(*src)) return std::nullopt;
  PageImage image{.src = *src, .alt = tag.value("alt"), .begin = tag.name_end, .end = tag.name_end};
  image.need = need_of(tag, image.alt, image.src);
  if (const HtmlAttribute* alt = tag.find("alt")) {
    image.begin = alt->begin;
    image.end = alt->end;
  }
  return image;
}

// Tags in Markdown: a '<' before anything else is a character.
void add_tags_in_markdown(std::string_view text, std::vector<PageImage>& images) {
  std::size_t at = text.find('<');
  for (; at != std::string_view::npos; at = text.find('<', at)) {
    const std::string_view start = text.substr(at + 1, 4);
    const bool is_image = start.size() == 4 && (start[0] | 0x20) == 'i' &&
                          (start[1] | 0x20) == 'm' && (start[2] | 0x20) == 'g' &&
                          (is_blank(start.substr(3)) || start[3] == '/');
    if (!is_image) {
      ++at;
      continue;
    }
    const auto tag = html_tag_at(text, at);
    if (!tag) return;
    at = tag->end;
    if (auto image = image_of(*tag)) images.push_back(std::move(*image));
  }
}

PageImages markdown_page(std::string_view page) {
  PageImages found;
  const std::string text = without_code(page);
  add_tags_in_markdown(text, found.images);
  for (MarkdownImage& image : markdown_images(text)) {
    // Code within the brackets is blank by now.
    std::string alt(page.substr(image.alt_begin, image.alt_end - image.alt_begin));
    const bool is_missing = is_blank(alt) || is_file_name(alt, image.src);
    found.images.push_back({.need = is_missing ? Need::missing : Need::has_text,
                            .src = std::move(image.src),
                            .alt = std::move(alt),
                            .begin = image.alt_begin,
                            .end = image.alt_end,
                            .in_markdown = true});
  }
  std::ranges::stable_sort(found.images, {}, &PageImage::begin);
  return found;
}

PageImages html_page(std::string_view page) {
  PageImages found;
  for_each_html_tag(page, [&](const HtmlTag& tag) {
    if (tag.name == "base" && !found.base) found.base = tag.value("href");
    if (auto image = image_of(tag)) found.images.push_back(std::move(*image));
  });
  return found;
}

std::string one_line(const std::string& text) {
  std::string line;
  for (const char c : replace_invalid_utf8(text)) {
    line += static_cast<unsigned char>(c) < 0x20 || c == 0x7F ? ' ' : c;
  }
  return line;
}

std::string escaped(char c, bool in_markdown) {
  if (in_markdown) {
    constexpr std::string_view kMarks = "\\`*_[]<>&~|$!";
    return (kMarks.find(c) == std::string_view::npos ? "" : "\\") + std::string(1, c);
  }
  if (c == '&') return "&amp;";
  if (c == '<') return "&lt;";
  if (c == '>') return "&gt;";
  return c == '"' ? "&quot;" : std::string(1, c);
}

}  // namespace

PageImages page_images(std::string_view page, PageLanguage language) {
  PageImages found = language == PageLanguage::html ? html_page(page) : markdown_page(page);
  std::size_t line = 1;
  std::size_t counted = 0;
  for (PageImage& image : found.images) {
    // `begin` never goes back.
    line += static_cast<std::size_t>(
        std::ranges::count(page.substr(counted, image.begin - counted), '\n'));
    counted = image.begin;
    image.line = line;
  }
  return found;
}

std::string alt_in_page(const PageImage& image, const std::string& text, bool page_is_utf8) {
  std::string value;
  const std::string line = one_line(text);
  for (std::string_view rest = line; !rest.empty();) {
    const DecodedCharacter character = decode_utf8(rest);
    if (character.code_point < 0x80) {
      value += escaped(rest.front(), image.in_markdown);
    } else if (page_is_utf8) {
      value += rest.substr(0, character.length);
    } else {
      value += "&#" + std::to_string(static_cast<std::uint32_t>(character.code_point)) + ";";
    }
    rest.remove_prefix(character.length);
  }
  if (image.in_markdown) return value;
  return (image.begin == image.end ? " alt=\"" : "alt=\"") + value + "\"";
}

}  // namespace blip::app
