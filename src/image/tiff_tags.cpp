#include "image/tiff_tags.hpp"

#include <algorithm>

#include "image/orientation.hpp"

namespace blip::image {
namespace {

using Colours = TiffLayout::Colours;

constexpr std::uint64_t kUnspecified = 0;
constexpr std::uint64_t kAssociated = 1;
constexpr std::uint64_t kUnassociated = 2;
constexpr std::uint64_t kCorelDraw = 999;

// Pillow's repairs of what writers get wrong: too many bit depths, or one for all samples.
void complete_bits(TiffTags& tags, std::uint64_t samples) {
  if (tags.bits.empty()) tags.bits = {1};
  const bool are_unspecified = std::ranges::all_of(
      tags.extra_samples, [](std::uint64_t extra) { return extra == kUnspecified; });
  if (tags.is_planar && !tags.extra_samples.empty() && are_unspecified) {
    // Extra planes at the end can be left alone.
    const std::size_t extra = tags.extra_samples.size();
    tags.bits.resize(tags.bits.size() - std::min(extra, tags.bits.size()));
    samples -= std::min<std::uint64_t>(extra, samples);
    tags.extra_samples.clear();
  }
  constexpr std::uint64_t kMostSamples = 6;
  if (samples > kMostSamples) {
    tags.bits.clear();
  } else if (samples < tags.bits.size()) {
    tags.bits.resize(samples);
  } else if (tags.bits.size() == 1) {
    tags.bits.assign(samples, tags.bits[0]);
  } else if (samples != tags.bits.size()) {
    tags.bits.clear();
  }
}

// What the samples behind the colour are: nothing, or an alpha and then nothing.
bool set_extra(TiffLayout& layout, const TiffTags& tags) {
  const std::size_t more = layout.samples - layout.colour_samples();
  const auto& extra = tags.extra_samples;
  if (more == 0) return extra.empty();
  const bool lacks_tag = extra.empty() && more == 1 && layout.colours == Colours::rgb;
  if (!lacks_tag) {
    if (extra.size() != more) return false;
    if (std::any_of(extra.begin() + 1, extra.end(),
                    [](std::uint64_t value) { return value != kUnspecified; })) {
      return false;
    }
  }
  const std::uint64_t first = lacks_tag ? kUnassociated : extra[0];
  layout.is_premultiplied = first == kAssociated;
  layout.has_alpha = first == kAssociated || first == kUnassociated ||
                     (first == kCorelDraw && more == 1 && layout.colours == Colours::rgb);
  return layout.has_alpha || first == kUnspecified;
}

bool set_grey(TiffLayout& layout, const TiffTags& tags, bool is_big_endian) {
  const bool is_unsigned = tags.sample_format == 1;
  const bool is_signed = tags.sample_format == 2;
  const bool inverted = tags.photometric == tiff_photometric::kWhiteIsZero;
  if (layout.samples > 1) {
    // Premultiplied grey Pillow opens and cannot convert.
    return layout.samples == 2 && layout.bits == 8 && is_unsigned && !inverted &&
           !tags.low_bit_first && set_extra(layout, tags) && !layout.is_premultiplied;
  }
  if (!tags.extra_samples.empty()) return false;
  switch (layout.bits) {
    case 1:
    case 2:
    case 4:
    case 8:
      layout.white_is_zero = inverted;
      return is_unsigned || (is_signed && layout.bits == 8 && !inverted && !tags.low_bit_first);
    case 12:
      layout.type = SampleType::u16;
      return is_unsigned && !inverted && !is_big_endian && !tags.low_bit_first;
    case 16:
      // Pillow does not invert these.
      layout.type = is_signed ? SampleType::s16 : SampleType::u16;
      if (is_signed) return !inverted && !tags.low_bit_first;
      return is_unsigned && !(is_big_endian && (inverted || tags.low_bit_first)) &&
             !(inverted && tags.low_bit_first);
    case 32:
      if (tags.low_bit_first) return false;
      layout.type = tags.sample_format == 3 ? SampleType::f32 : SampleType::s32;
      if (layout.type == SampleType::f32) return true;
      return !inverted && (is_signed || (is_unsigned && !is_big_endian));
    default:
      return false;
  }
}

bool set_colour(TiffLayout& layout, const TiffTags& tags) {
  const std::size_t colours = layout.colour_samples();
  if (tags.sample_format != 1 || layout.samples < colours || !set_extra(layout, tags)) return false;
  const std::size_t more = layout.samples - colours;
  const bool is_plain_rgb = layout.colours == Colours::rgb && layout.bits == 8 && more == 0;
  const bool is_plain_palette = layout.colours == Colours::palette && more == 0;
  if (tags.low_bit_first && !is_plain_rgb && !is_plain_palette) return false;
  switch (layout.colours) {
    case Colours::palette:
      if (tags.palette.empty()) return false;
      if (more == 0) return layout.bits <= 8 && layout.bits != 3;
      return layout.bits == 8 && more == 1 && !layout.is_premultiplied;
    case Colours::rgb:
      return (layout.bits == 8 && more <= 3) || (layout.bits == 16 && more <= 1);
    case Colours::cmyk:
      if (layout.has_alpha) return false;
      return (layout.bits == 8 && more <= 2) || (layout.bits == 16 && more == 0);
    default:
      return layout.bits == 8 && more == 0;
  }
}

}  // namespace

bool TiffTags::is_uncompressed() const noexcept {
  return compression == tiff_compression::kNone;
}

bool TiffTags::lacks_palette() const noexcept {
  return photometric == tiff_photometric::kPalette && palette.empty();
}

std::size_t TiffLayout::colour_samples() const noexcept {
  switch (colours) {
    case Colours::grey:
    case Colours::palette:
      return 1;
    case Colours::cmyk:
      return 4;
    default:
      return 3;
  }
}

TiffTags tiff_tags(const TiffDirectory& directory) {
  constexpr std::uint16_t kImageWidth = 256;
  constexpr std::uint16_t kImageLength = 257;
  constexpr std::uint16_t kBitsPerSample = 258;
  constexpr std::uint16_t kCompression = 259;
  constexpr std::uint16_t kPhotometric = 262;
  constexpr std::uint16_t kFillOrder = 266;
  constexpr std::uint16_t kStripOffsets = 273;
  constexpr std::uint16_t kOrientation = 274;
  constexpr std::uint16_t kSamplesPerPixel = 277;
  constexpr std::uint16_t kRowsPerStrip = 278;
  constexpr std::uint16_t kPlanarConfiguration = 284;
  constexpr std::uint16_t kColourMap = 320;
  constexpr std::uint16_t kTileWidth = 322;
  constexpr std::uint16_t kTileLength = 323;
  constexpr std::uint16_t kTileOffsets = 324;
  constexpr std::uint16_t kExtraSamples = 338;
  constexpr std::uint16_t kSampleFormat = 339;
  constexpr std::uint16_t kYcbcrSubsampling = 530;
  constexpr std::uint16_t kXmp = 700;

  TiffTags tags;
  tags.width = directory.number_or(kImageWidth, 0);
  tags.height = directory.number_or(kImageLength, 0);
  tags.compression = directory.number_or(kCompression, 1);
  tags.photometric = directory.number_or(kPhotometric, 0);
  if (tags.compression == tiff_compression::kOldJpeg) tags.photometric = tiff_photometric::kYcbcr;
  tags.is_planar = directory.number(kPlanarConfiguration) == 2U;
  tags.low_bit_first = directory.number(kFillOrder) == 2U;
  tags.extra_samples = directory.numbers(kExtraSamples);
  const auto formats = directory.numbers(kSampleFormat);
  if (!formats.empty()) {
    const bool is_one =
        std::ranges::all_of(formats, [&](auto value) { return value == formats[0]; });
    tags.sample_format = is_one ? formats[0] : 0;
  }
  tags.bits = directory.numbers(kBitsPerSample);
  complete_bits(tags, directory.number_or(kSamplesPerPixel,
                                          tags.compression == tiff_compression::kOldJpeg ? 3 : 1));

  const auto subsampling = directory.numbers(kYcbcrSubsampling);
  if (subsampling.size() >= 2) {
    tags.subsampled_width = subsampling[0];
    tags.subsampled_height = subsampling[1];
  }
  tags.palette = directory.numbers(kColourMap);
  tags.offsets = directory.numbers(kStripOffsets);
  if (!tags.offsets.empty()) {
    tags.chunk_height = std::min(directory.number_or(kRowsPerStrip, tags.height), tags.height);
  } else {
    tags.offsets = directory.numbers(kTileOffsets);
    tags.tile_width = directory.number_or(kTileWidth, 0);
    tags.chunk_height = directory.number_or(kTileLength, 0);
  }
  // The metadata's turn counts where the tag is missing.
  if (const auto orientation = directory.number(kOrientation)) {
    tags.orientation = *orientation <= 8 ? static_cast<int>(*orientation) : 1;
  } else {
    tags.orientation = xmp_orientation(directory.text(kXmp));
  }
  return tags;
}

std::optional<TiffLayout> tiff_layout(const TiffTags& tags, bool is_big_endian) {
  TiffLayout layout;
  if (tags.bits.empty() ||
      std::ranges::any_of(tags.bits, [&](std::uint64_t bits) { return bits != tags.bits[0]; })) {
    return std::nullopt;
  }
  layout.bits = tags.bits[0];
  layout.samples = tags.bits.size();
  bool is_known = false;
  switch (tags.photometric) {
    case tiff_photometric::kWhiteIsZero:
    case tiff_photometric::kBlackIsZero:
      is_known = set_grey(layout, tags, is_big_endian);
      break;
    case tiff_photometric::kRgb:
      layout.colours = Colours::rgb;
      is_known = set_colour(layout, tags);
      break;
    case tiff_photometric::kPalette:
      layout.colours = Colours::palette;
      is_known = set_colour(layout, tags);
      break;
    case tiff_photometric::kCmyk:
      layout.colours = Colours::cmyk;
      is_known = set_colour(layout, tags);
      break;
    case tiff_photometric::kYcbcr:
      // Of one sample, only the brightness is there; JPEG's are RGB when libtiff is done with them.
      layout.colours = layout.samples == 1                           ? Colours::grey
                       : tags.compression == tiff_compression::kJpeg ? Colours::rgb
                                                                     : Colours::ycbcr;
      is_known = set_colour(layout, tags) && layout.bits == 8;
      break;
    case tiff_photometric::kLab:
      layout.colours = Colours::lab;
      is_known = set_colour(layout, tags);
      break;
    default:
      break;
  }
  return is_known ? std::optional(layout) : std::nullopt;
}

std::vector<Colour> tiff_palette(const TiffTags& tags) {
  constexpr std::size_t kIndices = 256;
  std::vector<Colour> palette(kIndices);
  const std::size_t colours = tags.palette.size() / 3;
  for (std::size_t i = 0; i < std::min(colours, kIndices); ++i) {
    for (std::size_t c = 0; c < 3; ++c) {  // all reds, then all greens, then all blues
      palette[i][c] = static_cast<std::uint8_t>(tags.palette[c * colours + i] >> 8);
    }
  }
  return palette;
}

}  // namespace blip::image
