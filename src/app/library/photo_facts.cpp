#include "app/library/photo_facts.hpp"

#include <libexif/exif-data.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <memory>
#include <string_view>

#include "app/records/record.hpp"

namespace blip::app {
namespace {

using ExifPointer = std::unique_ptr<ExifData, decltype(&exif_data_unref)>;

// The text of a tag, without what follows a NUL and without spaces around it.
std::string text_of(const ExifData& exif, ExifIfd ifd, ExifTag tag) {
  const ExifEntry* entry = exif_content_get_entry(exif.ifd[ifd], tag);
  if (entry == nullptr || entry->format != EXIF_FORMAT_ASCII || entry->data == nullptr) return {};
  std::string_view text(reinterpret_cast<const char*>(entry->data), entry->size);
  text = text.substr(0, text.find('\0'));
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  constexpr std::size_t kLongest = 200;
  return printable(to_utf8(text.substr(0, kLongest)));
}

// "2024:06:01 12:30:00" → "2024-06-01T12:30:00"
std::optional<std::string> date_of(std::string text) {
  constexpr std::string_view kForm = "dddd:dd:dd dd:dd:dd";
  if (text.size() != kForm.size()) return std::nullopt;
  for (std::size_t i = 0; i < kForm.size(); ++i) {
    const bool is_digit = text[i] >= '0' && text[i] <= '9';
    if (kForm[i] == 'd' ? !is_digit : text[i] != kForm[i]) return std::nullopt;
  }
  if (text.starts_with("0000")) return std::nullopt;  // a camera whose clock was never set
  text[4] = text[7] = '-';
  text[10] = 'T';
  return text;
}

// Degrees, minutes and seconds; negative on the side of the equator or of Greenwich that `negative`
// stands for.
std::optional<double> degrees_of(ExifData& exif, ExifTag tag, ExifTag side, char negative,
                                 double most) {
  constexpr std::size_t kRational = 8;
  const ExifEntry* entry = exif_content_get_entry(exif.ifd[EXIF_IFD_GPS], tag);
  if (entry == nullptr || entry->format != EXIF_FORMAT_RATIONAL || entry->data == nullptr ||
      entry->components != 3 || entry->size < 3 * kRational) {
    return std::nullopt;
  }
  const ExifByteOrder order = exif_data_get_byte_order(&exif);
  double degrees = 0;
  double unit = 1;
  for (std::size_t i = 0; i < 3; ++i, unit /= 60) {
    const ExifRational part = exif_get_rational(entry->data + i * kRational, order);
    if (part.denominator == 0) {
      if (i == 0) return std::nullopt;
      continue;
    }
    degrees += unit * part.numerator / part.denominator;
  }
  if (!std::isfinite(degrees) || degrees > most) return std::nullopt;
  const std::string which = text_of(exif, EXIF_IFD_GPS, side);
  return which.starts_with(negative) ? -degrees : degrees;
}

// "Canon" and "Canon EOS 80D" → "Canon EOS 80D"; "NIKON" and "D90" → "NIKON D90"
std::optional<std::string> camera_of(const ExifData& exif) {
  const std::string make = text_of(exif, EXIF_IFD_0, EXIF_TAG_MAKE);
  const std::string model = text_of(exif, EXIF_IFD_0, EXIF_TAG_MODEL);
  if (make.empty() && model.empty()) return std::nullopt;
  if (make.empty() || model.starts_with(make)) return model;
  return model.empty() ? make : make + " " + model;
}

}  // namespace

PhotoFacts photo_facts(std::span<const std::byte> file) {
  constexpr std::byte kJpeg[] = {std::byte{0xFF}, std::byte{0xD8}};
  if (file.size() < 2 || !std::equal(std::begin(kJpeg), std::end(kJpeg), file.begin())) return {};
  if (file.size() > std::numeric_limits<unsigned>::max()) return {};
  const ExifPointer exif(
      exif_data_new_from_data(reinterpret_cast<const unsigned char*>(file.data()),
                              static_cast<unsigned>(file.size())),
      &exif_data_unref);
  if (!exif) return {};
  PhotoFacts facts;
  facts.taken = date_of(text_of(*exif, EXIF_IFD_EXIF, EXIF_TAG_DATE_TIME_ORIGINAL));
  if (!facts.taken) facts.taken = date_of(text_of(*exif, EXIF_IFD_0, EXIF_TAG_DATE_TIME));
  facts.camera = camera_of(*exif);
  constexpr double kPole = 90;
  constexpr double kDateLine = 180;
  // libexif has no names for the tags of places, whose numbers other tags have elsewhere.
  facts.latitude = degrees_of(*exif, static_cast<ExifTag>(2), static_cast<ExifTag>(1), 'S', kPole);
  facts.longitude =
      degrees_of(*exif, static_cast<ExifTag>(4), static_cast<ExifTag>(3), 'W', kDateLine);
  if (!facts.latitude || !facts.longitude) facts.latitude = facts.longitude = std::nullopt;
  return facts;
}

}  // namespace blip::app
