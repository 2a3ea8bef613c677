#include "core/unicode.hpp"

#include <utf8proc.h>

#include <algorithm>
#include <array>

namespace blip {

namespace {

constexpr char32_t kCapitalIWithDot = 0x130;
constexpr std::string_view kSmallIWithDot = "i\xCC\x87";

}  // namespace

DecodedCharacter decode_utf8(std::string_view text) noexcept {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = byte(0);
  if (lead < 0x80) return {lead, 1, true};

  // Length, and the range of the second byte that excludes overlong forms, surrogates and code
  // points past U+10FFFF.
  std::size_t length = 0;
  unsigned char low = 0x80;
  unsigned char high = 0xBF;
  char32_t code_point = 0;
  if (lead >= 0xC2 && lead <= 0xDF) {
    length = 2;
    code_point = lead & 0x1FU;
  } else if (lead >= 0xE0 && lead <= 0xEF) {
    length = 3;
    code_point = lead & 0x0FU;
    if (lead == 0xE0) low = 0xA0;
    if (lead == 0xED) high = 0x9F;
  } else if (lead >= 0xF0 && lead <= 0xF4) {
    length = 4;
    code_point = lead & 0x07U;
    if (lead == 0xF0) low = 0x90;
    if (lead == 0xF4) high = 0x8F;
  } else {
    return {kReplacementCharacter, 1, false};
  }
  for (std::size_t i = 1; i < length; ++i) {
    if (i >= text.size() || byte(i) < low || byte(i) > high) {
      return {kReplacementCharacter, i, false};
    }
    code_point = (code_point << 6) | (byte(i) & 0x3FU);
    low = 0x80;
    high = 0xBF;
  }
  return {code_point, length, true};
}

void append_utf8(char32_t code_point, std::string& out) {
  const auto put = [&](char32_t byte) { out.push_back(static_cast<char>(byte)); };
  const auto put_tail = [&](int shift) { put(0x80U | ((code_point >> shift) & 0x3FU)); };
  if (code_point < 0x80) {
    put(code_point);
  } else if (code_point < 0x800) {
    put(0xC0U | (code_point >> 6));
    put_tail(0);
  } else if (code_point < 0x10000) {
    put(0xE0U | (code_point >> 12));
    put_tail(6);
    put_tail(0);
  } else {
    put(0xF0U | (code_point >> 18));
    put_tail(12);
    put_tail(6);
    put_tail(0);
  }
}

bool is_valid_utf8(std::string_view text) noexcept {
  for (std::size_t i = 0; i < text.size();) {
    if (static_cast<unsigned char>(text[i]) < 0x80) {
      ++i;
      continue;
    }
    const DecodedCharacter character = decode_utf8(text.substr(i));
    if (!character.valid) return false;
    i += character.length;
  }
  return true;
}

std::string replace_invalid_utf8(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size();) {
    const DecodedCharacter character = decode_utf8(text.substr(i));
    append_utf8(character.code_point, out);
    i += character.length;
  }
  return out;
}

std::uint16_t properties_of(char32_t code_point) noexcept {
  const auto* after = std::upper_bound(
      kPropertyRows.data(), kPropertyRows.data() + kPropertyRows.size(), code_point,
      [](char32_t c, const PropertyRow& row) { return c < row.first; });
  return (after - 1)->properties;  // the first row begins at 0
}

bool is_python_space(char32_t code_point) noexcept {
  return (code_point >= 0x1C && code_point <= 0x1F) ||
         (properties_of(code_point) & kWhitespace) != 0;
}

void append_lowercase(char32_t code_point, std::string& out) {
  if (code_point == kCapitalIWithDot) {
    out += kSmallIWithDot;
    return;
  }
  const auto* end = kLowercaseRows.data() + kLowercaseRows.size();
  const auto* row = std::lower_bound(
      kLowercaseRows.data(), end, code_point,
      [](const LowercaseRow& candidate, char32_t c) { return candidate.last < c; });
  if (row != end && code_point >= row->first && (code_point - row->first) % row->step == 0) {
    code_point = static_cast<char32_t>(static_cast<std::int32_t>(code_point) + row->delta);
  }
  append_utf8(code_point, out);
}

std::size_t decompose(char32_t code_point, std::span<char32_t, kMaxDecomposition> out) noexcept {
  std::array<utf8proc_int32_t, kMaxDecomposition> parts{};
  int boundary_class = 0;
  const utf8proc_ssize_t count = utf8proc_decompose_char(
      static_cast<utf8proc_int32_t>(code_point), parts.data(),
      static_cast<utf8proc_ssize_t>(parts.size()), UTF8PROC_DECOMPOSE, &boundary_class);
  if (count <= 0 || count > static_cast<utf8proc_ssize_t>(parts.size())) {
    out[0] = code_point;
    return 1;
  }
  for (std::size_t i = 0; i < static_cast<std::size_t>(count); ++i) {
    out[i] = static_cast<char32_t>(parts[i]);
  }
  return static_cast<std::size_t>(count);
}

int combining_class(char32_t code_point) noexcept {
  return utf8proc_get_property(static_cast<utf8proc_int32_t>(code_point))->combining_class;
}

}  // namespace blip
