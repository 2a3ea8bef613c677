#include "metadata/iptc_records.hpp"

#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include "core/unicode.hpp"

namespace blip::metadata {
namespace {

constexpr const char* kCaption = "Iptc.Application2.Caption";
constexpr const char* kKeywords = "Iptc.Application2.Keywords";
constexpr const char* kCharacterSet = "Iptc.Envelope.CharacterSet";
constexpr const char* kUtf8 = "\033%G";  // ISO 2022
constexpr std::size_t kMaxCaption = 2000;
constexpr std::size_t kMaxKeyword = 64;

std::string utf8_of_latin1(const std::string& text) {
  std::string utf8;
  for (const char c : text) append_utf8(static_cast<unsigned char>(c), utf8);
  return utf8;
}

std::vector<std::string> values_of(const Exiv2::IptcData& data, const char* key) {
  const char* set = data.detectCharset();
  const bool is_utf8 = set != nullptr && std::string_view(set) == "UTF-8";
  std::vector<std::string> values;
  const std::string name = key;
  for (const Exiv2::Iptcdatum& record : data) {
    if (record.key() != name) continue;
    std::string value = record.toString();
    if (!is_utf8) value = is_valid_utf8(value) ? value : utf8_of_latin1(value);
    value = replace_invalid_utf8(value);
    if (!value.empty()) values.push_back(std::move(value));
  }
  return values;
}

// How texts are encoded: UTF-8 from now on if nothing is lost by that.
bool takes_utf8(Exiv2::IptcData& data) {
  const char* set = data.detectCharset();
  const std::string_view name = set == nullptr ? std::string_view() : set;
  if (name == "ASCII") {
    data[kCharacterSet] = std::string(kUtf8);
    return true;
  }
  return name == "UTF-8";
}

std::string fitted(const std::string& text, std::size_t most, bool utf8) {
  std::string kept;
  for (std::string_view rest = text; !rest.empty();) {
    const DecodedCharacter character = decode_utf8(rest);
    std::string piece(rest.substr(0, character.length));
    // As values_of reads what is no UTF-8: Latin-1.
    if (!utf8 && character.code_point >= 0x80) {
      piece = character.code_point < 0x100 ? static_cast<char>(character.code_point) : '?';
    }
    if (kept.size() + piece.size() > most) break;
    kept += piece;
    rest.remove_prefix(character.length);
  }
  return kept;
}

void erase(Exiv2::IptcData& data, const char* key) {
  for (auto record = data.begin(); record != data.end();) {
    record = record->key() == key ? data.erase(record) : std::next(record);
  }
}

}  // namespace

bool is_readable_iptc(const std::string& records) {
  Exiv2::IptcData data;
  return Exiv2::IptcParser::decode(data, reinterpret_cast<const Exiv2::byte*>(records.data()),
                                   static_cast<std::uint32_t>(records.size())) == 0;
}

PictureText text_of_iptc(const Exiv2::IptcData& data) {
  const std::vector<std::string> captions = values_of(data, kCaption);
  return {.description = captions.empty() ? "" : captions.front(),
          .subjects = values_of(data, kKeywords)};
}

void merge_into_iptc(Exiv2::IptcData& data, const PictureText& text, const MergeOptions& options) {
  const PictureText there = text_of_iptc(data);
  const bool utf8 = takes_utf8(data);
  const PictureText description{.description = text.description};
  if (changes(there, description, options.existing)) {
    if (options.existing == Existing::append && !there.description.empty()) {
      // Behind the bytes that are there, whatever their encoding, unless they would have to be cut.
      const std::string bytes = data[kCaption].toString();
      const std::string added = fitted(options.separator + text.description, kMaxCaption, utf8);
      if (bytes.size() + added.size() <= kMaxCaption) data[kCaption] = bytes + added;
    } else {
      data[kCaption] = fitted(text.description, kMaxCaption, utf8);
    }
  }
  const PictureText subjects{.subjects = text.subjects};
  if (changes(there, subjects, options.existing)) {
    std::vector<std::string> keywords = there.subjects;
    std::size_t kept = keywords.size();
    if (options.existing == Existing::replace) {
      keywords.clear();
      erase(data, kKeywords);
      kept = 0;
    }
    append_subjects(keywords, text.subjects);
    for (std::size_t i = kept; i < keywords.size(); ++i) {
      Exiv2::StringValue value(fitted(keywords[i], kMaxKeyword, utf8));
      data.add(Exiv2::IptcKey(kKeywords), &value);
    }
  }
}

}  // namespace blip::metadata
