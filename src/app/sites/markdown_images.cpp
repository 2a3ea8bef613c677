#include "app/sites/markdown_images.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

#include "core/trimmed.hpp"

namespace blip::app {
namespace {

constexpr auto kNone = std::string_view::npos;
// Brackets within brackets, and parentheses within an address: CommonMark's implementations stop at
// 32.
constexpr int kMaxNesting = 32;
// A text between brackets or a title that is longer is none: "![![![…" would take the square of the
// page's length.
constexpr std::size_t kMaxImageText = 10'000;

void blank(std::string& page, std::size_t begin, std::size_t end) {
  for (std::size_t i = begin; i < end && i < page.size(); ++i) {
    if (page[i] != '\n' && page[i] != '\r') page[i] = ' ';
  }
}

std::size_t end_of_line(std::string_view page, std::size_t at) {
  const std::size_t end = page.find('\n', at);
  return end == kNone ? page.size() : end + 1;
}

std::size_t indentation(std::string_view line) {
  std::size_t columns = 0;
  for (const char c : line) {
    if (c == '\t') {
      columns += 4 - columns % 4;
    } else if (c == ' ') {
      ++columns;
    } else {
      break;
    }
  }
  return columns;
}

bool is_escaped_at(std::string_view page, std::size_t at) {
  std::size_t slashes = 0;
  while (slashes < at && page[at - 1 - slashes] == '\\') ++slashes;
  return slashes % 2 == 1;
}

bool begins_list_item(std::string_view text) {
  if (text.starts_with("- ") || text.starts_with("* ") || text.starts_with("+ ")) return true;
  const std::size_t digits = std::min(text.find_first_not_of("0123456789"), text.size());
  const std::string_view rest = text.substr(digits);
  return digits > 0 && digits < 10 && (rest.starts_with(". ") || rest.starts_with(") "));
}

// "```" or "~~~~" at the start of `text`: its length; 0 if there is none.
std::size_t fence_length(std::string_view text) {
  if (text.empty() || (text.front() != '`' && text.front() != '~')) return 0;
  const std::size_t length = std::min(text.find_first_not_of(text.front()), text.size());
  if (length < 3) return 0;
  const bool has_backtick = text.front() == '`' && text.find('`', length) != kNone;
  return has_backtick ? 0 : length;
}

// Fenced and indented code. What is indented below a list item belongs to it.
void blank_code_blocks(std::string& page) {
  std::string fence;
  bool after_blank = true;
  bool in_list = false;
  bool in_code = false;
  for (std::size_t at = 0; at < page.size();) {
    const std::size_t end = end_of_line(page, at);
    const std::string line = page.substr(at, end - at);
    const std::string_view text = trimmed(line);
    const std::size_t length = fence_length(text);
    if (!fence.empty()) {
      const bool closes = length >= fence.size() && text.front() == fence.front() &&
                          text.find_first_not_of(fence.front()) == kNone;
      if (closes) fence.clear();
      blank(page, at, end);
    } else if (length > 0) {
      fence = std::string(length, text.front());
      blank(page, at, end);
    } else if (text.empty()) {
      after_blank = true;
      at = end;
      continue;
    } else {
      const bool is_indented = indentation(line) >= 4;
      if (begins_list_item(text) && !(in_code && is_indented)) in_list = true;
      if (!is_indented && !begins_list_item(text) && after_blank && indentation(line) < 2) {
        in_list = false;
      }
      in_code = is_indented && !in_list && (after_blank || in_code);
      if (in_code) blank(page, at, end);
    }
    after_blank = false;
    at = end;
  }
}

void blank_between(std::string& page, std::string_view open, std::string_view close) {
  for (std::size_t at = page.find(open); at != kNone; at = page.find(open, at)) {
    const std::size_t found = page.find(close, at + open.size());
    const std::size_t end = found == kNone ? page.size() : found + close.size();
    blank(page, at, end);
    at = end;
  }
}

// Where the paragraph ends that `at` is in: behind the line before a blank one.
std::size_t end_of_paragraph(std::string_view page, std::size_t at) {
  while (at < page.size()) {
    at = end_of_line(page, at);
    if (trimmed(page.substr(at, end_of_line(page, at) - at)).empty()) break;
  }
  return at;
}

// `code`, ``co`de``: up to as many backticks again, within a paragraph.
void blank_code_spans(std::string& page) {
  std::size_t paragraph = 0;
  for (std::size_t at = page.find('`'); at != kNone; at = page.find('`', at)) {
    if (at >= paragraph) paragraph = end_of_paragraph(page, at);
    const std::size_t open_end = std::min(page.find_first_not_of('`', at), page.size());
    const std::size_t length = open_end - at;
    const bool is_escaped = is_escaped_at(page, at);
    std::size_t close = kNone;
    for (std::size_t next = page.find('`', open_end); next < paragraph;
         next = page.find('`', next)) {
      const std::size_t run_end = std::min(page.find_first_not_of('`', next), page.size());
      if (run_end - next == length) {
        close = run_end;
        break;
      }
      next = run_end;
    }
    if (close != kNone && !is_escaped) blank(page, at, close);
    at = close != kNone && !is_escaped ? close : open_end;
  }
}

void blank_front_matter(std::string& page) {
  for (const std::string_view fence : {"---", "+++"}) {
    const std::size_t first = end_of_line(page, 0);
    if (trimmed(std::string_view(page).substr(0, first)) != fence) continue;
    for (std::size_t at = first; at < page.size();) {
      const std::size_t end = end_of_line(page, at);
      if (trimmed(std::string_view(page).substr(at, end - at)) == fence) {
        blank(page, 0, end);
        return;
      }
      at = end;
    }
  }
}

// Where the bracket that opens at `at` closes; kNone if it does not.
std::size_t closing(std::string_view page, std::size_t at, char open, char close) {
  int depth = 0;
  page = page.substr(0, at + kMaxImageText);  // or each bracket would look through the whole page
  const std::size_t end = end_of_paragraph(page, at);
  for (; at < end; ++at) {
    const char c = page[at];
    if (c == '\\') {
      ++at;
    } else if (c == open) {
      if (++depth > kMaxNesting) return kNone;
    } else if (c == close && --depth == 0) {
      return at;
    }
  }
  return kNone;
}

std::string unescaped(std::string_view text) {
  constexpr std::string_view kMarks = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~";
  std::string plain;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool is_escape =
        text[i] == '\\' && i + 1 < text.size() && kMarks.find(text[i + 1]) != kNone;
    plain += is_escape ? text[++i] : text[i];
  }
  return plain;
}

// The address at the start of `text`, without blanks before it, in <> or up to a blank.
std::string address_in(std::string_view text) {
  text = trimmed(text);
  if (text.starts_with("<")) {
    const std::size_t end = text.find('>');
    return end == kNone ? std::string() : unescaped(text.substr(1, end - 1));
  }
  return unescaped(text.substr(0, std::min(text.find_first_of(" \t\r\n"), text.size())));
}

// Labels are the same whatever their case and blanks.
std::string normal_label(std::string_view label) {
  std::string normal;
  for (const char c : trimmed(label)) {
    const bool is_blank = c == ' ' || c == '\t' || c == '\r' || c == '\n';
    if (is_blank && normal.ends_with(' ')) continue;
    normal += is_blank ? ' ' : c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  }
  return normal;
}

std::map<std::string, std::string> definitions(std::string_view page) {
  std::map<std::string, std::string> found;
  for (std::size_t at = 0; at < page.size();) {
    const std::size_t end = end_of_line(page, at);
    const std::string_view line = page.substr(at, end - at);
    at = end;
    const std::string_view text = trimmed(line);
    if (!text.starts_with("[") || indentation(line) > 3) continue;
    const std::size_t close = text.find("]:");
    if (close == kNone) continue;
    found.try_emplace(normal_label(text.substr(1, close - 1)), address_in(text.substr(close + 2)));
  }
  return found;
}

}  // namespace

std::string without_code(std::string_view page) {
  std::string text(page);
  blank_front_matter(text);
  blank_code_blocks(text);
  blank_code_spans(text);
  blank_between(text, "<!--", "-->");
  blank_between(text, "<script", "</script");
  blank_between(text, "<style", "</style");
  blank_between(text, "<textarea", "</textarea");
  return text;
}

std::vector<MarkdownImage> markdown_images(std::string_view page) {
  std::vector<MarkdownImage> images;
  const auto references = definitions(page);
  for (std::size_t at = page.find("!["); at != kNone; at = page.find("![", at + 2)) {
    if (is_escaped_at(page, at)) continue;
    const std::size_t close = closing(page, at + 1, '[', ']');
    if (close == kNone || close + 1 >= page.size()) continue;
    MarkdownImage image{.begin = at, .alt_begin = at + 2, .alt_end = close, .src = {}};
    if (page[close + 1] == '(') {
      const std::size_t end = closing(page, close + 1, '(', ')');
      if (end == kNone) continue;
      image.src = address_in(page.substr(close + 2, end - close - 2));
    } else if (page[close + 1] == '[') {
      const std::size_t end = closing(page, close + 1, '[', ']');
      if (end == kNone) continue;
      const auto found = references.find(normal_label(page.substr(close + 2, end - close - 2)));
      if (found == references.end()) continue;
      image.src = found->second;
    }
    if (!image.src.empty()) images.push_back(std::move(image));
  }
  return images;
}

}  // namespace blip::app
