#include "metadata/xmp_packet.hpp"

#include <cstdint>
#include <utility>

#include "metadata/exiv2_session.hpp"

namespace blip::metadata {
namespace {

constexpr const char* kDescription = "Xmp.dc.description";
constexpr const char* kSubject = "Xmp.dc.subject";
// Exiv2 calls the namespace Iptc4xmpCore "iptc".
constexpr const char* kAlt = "Xmp.iptc.AltTextAccessibility";
constexpr const char* kDefaultLanguage = "x-default";

Exiv2::XmpData decoded(std::string_view packet) {
  Exiv2::XmpData data;
  // A sidecar of nothing, as touch makes it, is one without text.
  if (packet.find_first_not_of(std::string_view(" \t\r\n\0", 5)) == std::string_view::npos) {
    return data;
  }
  if (Exiv2::XmpParser::decode(data, std::string(packet)) != 0) {
    throw Error(ErrorCode::malformed, "its XMP cannot be read");
  }
  return data;
}

// The texts of a field by their languages. Files have a plain text in its place, too.
Exiv2::LangAltValue::ValueType languages_of(Exiv2::XmpData& data, const char* key) {
  const auto found = data.findKey(Exiv2::XmpKey(key));
  if (found == data.end()) return {};
  if (const auto* texts = dynamic_cast<const Exiv2::LangAltValue*>(&found->value())) {
    return texts->value_;
  }
  std::string text = found->toString();
  if (text.empty()) return {};
  return {{kDefaultLanguage, std::move(text)}};
}

std::string text_in(const Exiv2::LangAltValue::ValueType& texts) {
  if (const auto found = texts.find(kDefaultLanguage);
      found != texts.end() && !found->second.empty()) {
    return found->second;
  }
  for (const auto& [language, text] : texts) {
    if (!text.empty()) return text;
  }
  return {};
}

std::vector<std::string> subjects_of(Exiv2::XmpData& data) {
  std::vector<std::string> subjects;
  const auto found = data.findKey(Exiv2::XmpKey(kSubject));
  if (found == data.end()) return subjects;
  for (long i = 0; i < static_cast<long>(found->count()); ++i) {
    if (std::string subject = found->toString(i); !subject.empty()) {
      subjects.push_back(std::move(subject));
    }
  }
  return subjects;
}

void set(Exiv2::XmpData& data, const char* key, const Exiv2::Value& value) {
  const Exiv2::XmpKey xmp_key(key);
  if (const auto found = data.findKey(xmp_key); found != data.end()) data.erase(found);
  if (data.add(xmp_key, &value) != 0) {
    throw Error(ErrorCode::malformed, std::string("its XMP takes no ") + key);
  }
}

void merge(Exiv2::XmpData& data, const char* key, const std::string& text,
           const MergeOptions& options) {
  if (text.empty()) return;
  Exiv2::LangAltValue::ValueType texts = languages_of(data, key);
  const std::string there = text_in(texts);
  if (there.empty() || options.existing == Existing::replace) {
    texts = {{kDefaultLanguage, text}};
    if (!options.language.empty()) texts[options.language] = text;
  } else if (options.existing == Existing::append) {
    texts[kDefaultLanguage] = appended(there, text, options.separator);
    if (!options.language.empty()) {
      std::string& own = texts[options.language];
      own = appended(own, text, options.separator);
    }
  } else {
    return;
  }
  Exiv2::LangAltValue value;
  value.value_ = std::move(texts);
  set(data, key, value);
}

void merge_subjects(Exiv2::XmpData& data, const std::vector<std::string>& subjects,
                    const MergeOptions& options) {
  if (subjects.empty()) return;
  std::vector<std::string> all = subjects_of(data);
  if (!all.empty() && options.existing == Existing::keep) return;
  if (options.existing == Existing::replace) all.clear();
  append_subjects(all, subjects);
  Exiv2::XmpArrayValue bag(Exiv2::xmpBag);
  for (const std::string& subject : all) bag.read(subject);
  set(data, kSubject, bag);
}

}  // namespace

PictureText text_of_xmp(std::string_view packet) {
  check_xmp(packet);
  return with_exiv2("its XMP cannot be read", [&] {
    Exiv2::XmpData data = decoded(packet);
    return PictureText{.description = text_in(languages_of(data, kDescription)),
                       .subjects = subjects_of(data),
                       .alt = text_in(languages_of(data, kAlt))};
  });
}

std::string with_text(std::string_view packet, const PictureText& text, const MergeOptions& options,
                      XmpForm form) {
  check_xmp(packet);
  return with_exiv2("its XMP cannot be written", [&] {
    Exiv2::XmpData data = decoded(packet);
    merge(data, kDescription, text.description, options);
    merge(data, kAlt, text.alt, options);
    merge_subjects(data, text.subjects, options);

    // What other programs may let a packet grow by, without moving what follows it.
    constexpr std::uint32_t kPadding = 2048;
    const bool is_sidecar = form == XmpForm::sidecar;
    const std::uint16_t format =
        is_sidecar ? Exiv2::XmpParser::omitPacketWrapper | Exiv2::XmpParser::useCompactFormat
                   : Exiv2::XmpParser::useCompactFormat;
    std::string written;
    if (Exiv2::XmpParser::encode(written, data, format, is_sidecar ? 0 : kPadding) != 0) {
      throw Error(ErrorCode::malformed, "its XMP cannot be written");
    }
    if (!is_sidecar || written.empty()) return written;  // of nothing there is no packet
    return "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n" + written + "\n";
  });
}

}  // namespace blip::metadata
