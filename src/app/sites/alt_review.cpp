#include "app/sites/alt_review.hpp"

#include <nlohmann/json.hpp>

#include "app/records/record.hpp"
#include "blip/error.hpp"
#include "core/json_fields.hpp"
#include "core/json_text.hpp"
#include "core/unicode.hpp"

namespace blip::app {
namespace {

constexpr int kMaxLine = 100'000'000;

nlohmann::ordered_json text_or_null(const std::optional<std::string>& text) {
  if (!text) return nullptr;
  return to_utf8(*text);
}

std::string required(const JsonFields& fields, const char* key) {
  auto text = fields.string(key);
  if (!text) fields.fail(key, "is missing");
  return std::move(*text);
}

ReviewEntry entry_of(std::string_view line, const std::string& where) {
  const nlohmann::json object = parse_json_object(line, where);
  const JsonFields fields(object, where);
  const auto number = fields.integer("line", {.min = 1, .max = kMaxLine});
  if (!number) fields.fail("line", "is missing");
  ReviewEntry entry{.page = path_of_text(required(fields, "path")),
                    .line = static_cast<std::size_t>(*number),
                    .src = required(fields, "src"),
                    .alt = fields.string("alt"),
                    .suggestion = fields.string("suggestion")};
  if (entry.suggestion && entry.suggestion->size() > kMaxAltBytes) {
    fields.fail("suggestion", "has more than " + std::to_string(kMaxAltBytes) + " bytes",
                ErrorCode::limit_exceeded);
  }
  return entry;
}

}  // namespace

std::string review_line(const ReviewEntry& entry) {
  nlohmann::ordered_json object = {{"path", path_text(entry.page)},
                                   {"line", entry.line},
                                   {"src", to_utf8(entry.src)},
                                   {"alt", text_or_null(entry.alt)},
                                   {"suggestion", text_or_null(entry.suggestion)}};
  if (!entry.note.empty()) object["note"] = to_utf8(entry.note);
  return object.dump();
}

std::vector<ReviewEntry> read_review(std::string_view text, const std::string& name) {
  std::vector<ReviewEntry> entries;
  std::size_t number = 0;
  while (!text.empty()) {
    ++number;
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.find_first_not_of(" \t\r") == std::string_view::npos) continue;
    entries.push_back(entry_of(line, name + ": line " + std::to_string(number)));
  }
  return entries;
}

WrittenPage page_with_alt(std::string_view page, PageLanguage language,
                          const std::vector<ReviewEntry>& entries) {
  const PageImages found = page_images(page, language);
  // A page of HTML that is ASCII so far may declare whatever encoding.
  const bool is_ascii =
      std::ranges::all_of(page, [](char c) { return static_cast<unsigned char>(c) < 0x80; });
  const bool is_utf8 = is_valid_utf8(page) && (language == PageLanguage::markdown || !is_ascii);
  WrittenPage written;
  std::vector<const ReviewEntry*> of_image(found.images.size(), nullptr);
  for (const ReviewEntry& entry : entries) {
    std::size_t at = 0;
    const auto fits = [&](const PageImage& image) {
      return image.need == PageImage::Need::missing && image.line == entry.line &&
             to_utf8(image.src) == entry.src;
    };
    while (at < of_image.size() && (of_image[at] != nullptr || !fits(found.images[at]))) ++at;
    if (at == of_image.size()) {
      written.not_found.push_back(entry);
    } else {
      of_image[at] = &entry;
    }
  }
  std::size_t copied = 0;
  for (std::size_t i = 0; i < of_image.size(); ++i) {
    const PageImage& image = found.images[i];
    const bool is_left = of_image[i] == nullptr || !of_image[i]->suggestion ||
                         image.begin < copied ||
                         (image.in_markdown && of_image[i]->suggestion->empty());
    if (is_left) continue;
    written.bytes += page.substr(copied, image.begin - copied);
    written.bytes += alt_in_page(image, *of_image[i]->suggestion, is_utf8);
    copied = image.end;
    ++written.written;
  }
  written.bytes += page.substr(copied);
  return written;
}

}  // namespace blip::app
