#include "app/sites/html_tags.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>

#include "core/unicode.hpp"

namespace blip::app {
namespace {

constexpr auto kNowhere = std::string_view::npos;
constexpr std::string_view kHtmlSpace = " \t\n\f\r";

bool is_html_space(char c) {
  return kHtmlSpace.find(c) != kNowhere;
}

bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

std::string lower_ascii(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return lower;
}

// Whether `word`, in lower case, stands at `at`, whatever its case there.
bool stands_at(std::string_view page, std::size_t at, std::string_view word) {
  return page.size() - at >= word.size() && lower_ascii(page.substr(at, word.size())) == word;
}

// Behind the next `mark`; the end of the page if there is none.
std::size_t behind_mark(std::string_view page, std::size_t at, std::string_view mark) {
  const std::size_t found = page.find(mark, std::min(at, page.size()));
  return found == kNowhere ? page.size() : found + mark.size();
}

// Behind the comment whose "<!--" stands at `at`.
std::size_t behind_comment(std::string_view page, std::size_t at) {
  const std::string_view inside = page.substr(at + 4);
  if (inside.starts_with(">")) return at + 5;
  if (inside.starts_with("->")) return at + 6;
  const std::size_t end = behind_mark(page, at + 4, "-->");
  return behind_mark(page.substr(0, end), at + 4, "--!>");
}

// Where the end tag of a raw text element stands, "</script" before a blank, '/' or '>'.
std::size_t end_of_raw_text(std::string_view page, std::size_t at, const std::string& name) {
  const bool is_script = name == "script";
  bool is_escaped = false;         // "<!--" in a script …
  bool is_doubly_escaped = false;  // … and "<script" in that: its end is not the end
  const auto names_element = [&](std::size_t place) {
    if (!stands_at(page, place, name)) return false;
    const std::size_t behind = place + name.size();
    return behind < page.size() &&
           (is_html_space(page[behind]) || page[behind] == '/' || page[behind] == '>');
  };
  for (; at < page.size(); ++at) {
    const char c = page[at];
    if (c == '-' && is_escaped && page.substr(at).starts_with("-->")) {
      is_escaped = is_doubly_escaped = false;
    } else if (c != '<') {
      continue;
    } else if (page.substr(at).starts_with("</") && names_element(at + 2)) {
      if (!std::exchange(is_doubly_escaped, false)) return at;
    } else if (is_script && page.substr(at).starts_with("<!--")) {
      is_escaped = true;
    } else if (is_escaped && names_element(at + 1)) {
      is_doubly_escaped = true;
    }
  }
  return page.size();
}

bool has_raw_text(const std::string& name) {
  constexpr std::array<std::string_view, 8> kElements = {"iframe", "noembed", "noframes", "script",
                                                         "style",  "title",   "textarea", "xmp"};
  return std::ranges::find(kElements, name) != kElements.end();
}

// "&#x41;" or "&#65;" at the start of `text`: its character, and how long it is with its ';'.
std::optional<std::pair<char32_t, std::size_t>> number_reference(std::string_view text) {
  if (!text.starts_with("&#")) return std::nullopt;
  std::size_t at = 2;
  const bool is_hex = at < text.size() && (text[at] == 'x' || text[at] == 'X');
  if (is_hex) ++at;
  const std::size_t first = at;
  std::uint32_t value = 0;
  for (; at < text.size(); ++at) {
    const char c = text[at];
    const char letter = static_cast<char>(c | 0x20);
    std::uint32_t digit = 16;
    if (c >= '0' && c <= '9') digit = static_cast<std::uint32_t>(c - '0');
    if (is_hex && letter >= 'a' && letter <= 'f')
      digit = static_cast<std::uint32_t>(letter - 'a' + 10);
    if (digit == 16) break;
    value = std::min<std::uint32_t>(value * (is_hex ? 16 : 10) + digit, 0x110000);
  }
  if (at == first) return std::nullopt;
  if (at < text.size() && text[at] == ';') ++at;
  const bool is_character = value != 0 && value < 0x110000 && (value < 0xD800 || value > 0xDFFF);
  return std::pair{is_character ? static_cast<char32_t>(value) : kReplacementCharacter, at};
}

// An attribute at `at`, where its name begins; `at` goes behind it.
HtmlAttribute take_attribute(std::string_view page, std::size_t& at) {
  HtmlAttribute attribute{.name = {}, .begin = at, .end = at, .raw = {}};
  const auto ends_name = [&] {
    const char c = page[at];
    return is_html_space(c) || c == '/' || c == '>' || (c == '=' && at > attribute.begin);
  };
  while (at < page.size() && !ends_name()) ++at;
  attribute.name = lower_ascii(page.substr(attribute.begin, at - attribute.begin));
  attribute.end = at;
  std::size_t next = at;
  while (next < page.size() && is_html_space(page[next])) ++next;
  if (next >= page.size() || page[next] != '=') return attribute;
  at = next + 1;
  while (at < page.size() && is_html_space(page[at])) ++at;
  if (at >= page.size()) return attribute;
  std::size_t first = at;
  if (page[at] == '"' || page[at] == '\'') {
    ++first;
    at = std::min(page.find(page[at], first), page.size());
    attribute.raw = page.substr(first, at - first);
    if (at < page.size()) ++at;
  } else {
    while (at < page.size() && !is_html_space(page[at]) && page[at] != '>') ++at;
    attribute.raw = page.substr(first, at - first);
  }
  attribute.end = at;
  return attribute;
}

}  // namespace

const HtmlAttribute* HtmlTag::find(std::string_view wanted) const {
  const auto found = std::ranges::find(attributes, wanted, &HtmlAttribute::name);
  return found == attributes.end() ? nullptr : &*found;
}

std::optional<std::string> HtmlTag::value(std::string_view wanted) const {
  const HtmlAttribute* attribute = find(wanted);
  if (attribute == nullptr) return std::nullopt;
  return without_references(attribute->raw);
}

std::optional<HtmlTag> html_tag_at(std::string_view page, std::size_t at) {
  HtmlTag tag{.name = {}, .begin = at, .attributes = {}};
  for (++at; at < page.size() && !is_html_space(page[at]) && page[at] != '/' && page[at] != '>';) {
    ++at;
  }
  tag.name_end = at;
  tag.name = lower_ascii(page.substr(tag.begin + 1, at - tag.begin - 1));
  while (at < page.size()) {
    const char c = page[at];
    if (c == '>') {
      tag.end = at + 1;
      return tag;
    }
    tag.closes_itself = c == '/';
    if (is_html_space(c) || c == '/') {
      ++at;
    } else {
      tag.attributes.push_back(take_attribute(page, at));
    }
  }
  return std::nullopt;
}

void for_each_html_tag(std::string_view page, const std::function<void(const HtmlTag&)>& visit) {
  int foreign = 0;  // elements of SVG and MathML that are open: there all is markup
  std::size_t at = page.find('<');
  for (; at < page.size(); at = page.find('<', at)) {
    const std::string_view here = page.substr(at);
    if (here.size() < 2) return;
    const bool is_end = here[1] == '/';
    if (here.starts_with("<!--")) {
      at = behind_comment(page, at);
    } else if (foreign > 0 && here.starts_with("<![CDATA[")) {
      at = behind_mark(page, at, "]]>");
    } else if (here[1] == '!' || here[1] == '?' ||
               (is_end && here.size() > 2 && !is_letter(here[2]))) {
      at = behind_mark(page, at, ">");
    } else if (is_letter(here[1]) || (is_end && here.size() > 2)) {
      const auto tag = html_tag_at(page, is_end ? at + 1 : at);
      if (!tag) return;
      at = tag->end;
      const bool is_foreign = tag->name == "svg" || tag->name == "math";
      if (is_end) {
        if (is_foreign && foreign > 0) --foreign;
        continue;
      }
      visit(*tag);
      if (is_foreign && !tag->closes_itself) ++foreign;
      if (foreign > 0) continue;
      if (tag->name == "plaintext") return;
      if (has_raw_text(tag->name)) at = end_of_raw_text(page, at, tag->name);
    } else {
      ++at;
    }
  }
}

std::string without_references(std::string_view text) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 6> kNames = {
      {{"&amp;", "&"},
       {"&lt;", "<"},
       {"&gt;", ">"},
       {"&quot;", "\""},
       {"&apos;", "'"},
       {"&nbsp;", "\xC2\xA0"}}};
  std::string plain;
  while (!text.empty()) {
    if (const auto number = number_reference(text)) {
      append_utf8(number->first, plain);
      text.remove_prefix(number->second);
      continue;
    }
    const auto named = std::ranges::find_if(
        kNames, [&](const auto& name) { return text.starts_with(name.first); });
    plain += named != kNames.end() ? named->second : text.substr(0, 1);
    text.remove_prefix(named != kNames.end() ? named->first.size() : 1);
  }
  return plain;
}

}  // namespace blip::app
